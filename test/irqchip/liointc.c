/* SPDX-License-Identifier: Apache-2.0 */
/* LIOINTC: Loongson 3A5000 manual, "Legacy I/O Interrupts"; offsets from 1400h. */
#include "irqchip/liointc.h"
#include "core/util/bits.h"

#define PART_AT 0x1400ull
#include "test/devices/part_fixture.h"
#define chip ((struct liointc *)part)

enum { ENTRY = 0x00, INTISR = 0x20, INTEN = 0x24, INTENSET = 0x28, INTENCLR = 0x2c, INTPOL = 0x30, INTEDGE = 0x34,
       CORE0_INTISR = 0x40 };

static uint32_t lines; /* core * 4 + line */

static void sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    lines = (lines & ~(1u << number)) | (uint32_t)level << number;
}

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct liointc *made = liointc_create(machine, "liointc", e);

    for (uint32_t i = 0; made && i < LIOINTC_CORES * LIOINTC_LINES; i++)
        irq_connect(&made->out[i / LIOINTC_LINES][i % LIOINTC_LINES], sink, NULL, i);
    return made ? &made->dev : NULL;
}

static void start(void)
{
    lines = 0;
    setup();
}

static void route(uint32_t input, uint8_t entry)
{
    ck_assert_int_eq(mem_store(m->memory, PART_AT + ENTRY + input, 1, entry, NULL), MEM_OK);
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

START_TEST(enables_are_set_and_cleared)
{
    put(INTENSET, 0xf0f0f0f0);
    put(INTENSET, 0x0f000000);
    ck_assert_uint_eq(get(INTEN), 0xfff0f0f0);
    put(INTEN, 0);
    ck_assert_uint_eq(get(INTEN), 0xfff0f0f0);
    replace_machine();
    put(INTENCLR, 0xf0f0ffff);
    ck_assert_uint_eq(get(INTEN), 0x0f000000);
    ck_assert_uint_eq(get(INTENSET) | get(INTENCLR), 0);
}
END_TEST

/* "0x48 indicates routing to INT2 of processor 3"; several bits, several targets. */
static const struct { uint8_t entry; uint32_t lines; } routes[] = {
    { 0x48, BIT(3 * 4 + 2) }, { 0x11, BIT(0) }, { 0x82, BIT(1 * 4 + 3) }, { 0x33, BIT(0) | BIT(1) | BIT(4) | BIT(5) },
    { 0x00, 0 }, { 0x0f, 0 }, { 0xf0, 0 }, { 0xff, 0xffff },
};
START_TEST(entries_route)
{
    uint32_t cores = 0;

    route(10, routes[_i].entry);
    liointc_set_level(chip, 10, true);
    ck_assert_uint_eq(lines | get(INTISR), 0);
    put(INTENSET, BIT(10));
    ck_assert_uint_eq(lines, routes[_i].lines);
    ck_assert_uint_eq(get(INTISR), BIT(10));
    for (uint32_t c = 0; c < LIOINTC_CORES; c++) {
        cores |= (get(CORE0_INTISR + 8 * c) ? 1u : 0) << c;
        ck_assert_uint_eq(get(CORE0_INTISR + 8 * c), routes[_i].lines >> 4 * c & 0xf ? BIT(10) : 0);
    }
    ck_assert_uint_eq(cores, routes[_i].lines ? routes[_i].entry & 0xf : 0);
    replace_machine();
    route(10, 0x21);
    ck_assert_uint_eq(lines, BIT(1));
    liointc_set_level(chip, 10, false);
    ck_assert_uint_eq(lines | get(INTISR), 0);
}
END_TEST

/* "Clearing the interrupt will also clear the interrupt enable", and the other way round. */
START_TEST(edges_are_latched)
{
    route(31, 0x11);
    put(INTEDGE, BIT(31));
    liointc_set_level(chip, 31, true);
    liointc_set_level(chip, 31, false);
    ck_assert_uint_eq(lines, 0);
    put(INTENSET, BIT(31));
    ck_assert_uint_eq(lines, 1);
    replace_machine();
    put(INTENCLR, BIT(31));
    ck_assert_uint_eq(lines, 0);
    put(INTENSET, BIT(31));
    ck_assert_uint_eq(lines, 0);
    liointc_set_level(chip, 31, true);
    ck_assert_uint_eq(lines, 1);
    put(INTEDGE, 0);
    ck_assert_uint_eq(lines, 1);  /* the level is up */
    liointc_set_level(chip, 31, false);
    put(INTEDGE, BIT(31));
    ck_assert_uint_eq(lines, 0);  /* and the old edge gone */
}
END_TEST

START_TEST(polarity_turns_the_sense)
{
    route(5, 0x11);
    put(INTENSET, BIT(5));
    put(INTPOL, BIT(5));
    ck_assert_uint_eq(lines, 1);
    liointc_set_level(chip, 5, true);
    ck_assert_uint_eq(lines, 0);
    put(INTEDGE, BIT(5));
    liointc_set_level(chip, 5, false); /* a falling edge */
    liointc_set_level(chip, 5, true);
    ck_assert_uint_eq(lines, 1);
}
END_TEST

START_TEST(inputs_outlive_a_reset)
{
    liointc_set_level(chip, 1, true);
    liointc_set_level(chip, 32, true);
    machine_reset(m);
    ck_assert_uint_eq(get(INTEN), 0);
    put(INTENSET, ~0u);
    ck_assert_uint_eq(get(INTISR), BIT(1));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.liointc");
    TCase *t = tcase_create("liointc");

    tcase_add_checked_fixture(t, start, teardown);
    tcase_add_test(t, generic);
    tcase_add_test(t, enables_are_set_and_cleared);
    tcase_add_loop_test(t, entries_route, 0, ARRAY_LEN(routes));
    tcase_add_test(t, edges_are_latched);
    tcase_add_test(t, polarity_turns_the_sense);
    tcase_add_test(t, inputs_outlive_a_reset);
    suite_add_tcase(s, t);
    return s;
}
