/* SPDX-License-Identifier: Apache-2.0 */
/* PL061: Arm DDI 0190, chapters 2 and 3. */
#include "devices/pl061.h"

enum { DATA = 0x000, ALL = 0x3fc, DIR = 0x400, IS = 0x404, IBE = 0x408, IEV = 0x40c, IE = 0x410,
       RIS = 0x414, MIS = 0x418, IC = 0x41c, AFSEL = 0x420 };

#define PART_AT 0x9030000ull
#include "test/devices/part_fixture.h"
#define g ((struct pl061 *)part)

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct pl061 *made = pl061_create(machine, "gpio", e);

    return made ? &made->dev : NULL;
}

/* Table 3-1: reset values, and what stays of all ones. */
static const struct { uint32_t offset, reset, ones; } registers[] = {
    { ALL, 0, 0 }, { DIR, 0, 0xff }, { IS, 0, 0xff }, { IBE, 0, 0xff }, { IEV, 0, 0xff },
    { IE, 0, 0xff }, { RIS, 0, 0 }, { MIS, 0, 0 }, { IC, 0, 0 }, { AFSEL, 0, 0xff },
    { 0xfe0, 0x61, 0x61 }, { 0xfe4, 0x10, 0x10 }, { 0xfe8, 0x04, 0x04 }, { 0xfec, 0, 0 },
    { 0xff0, 0x0d, 0x0d }, { 0xff4, 0xf0, 0xf0 }, { 0xff8, 0x05, 0x05 }, { 0xffc, 0xb1, 0xb1 },
};
START_TEST(registers_after_reset)
{
    ck_assert_uint_eq(get(registers[_i].offset), registers[_i].reset);
    put(registers[_i].offset, 0xffffffff);
    ck_assert_uint_eq(get(registers[_i].offset), registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(get(registers[_i].offset), registers[_i].reset);
}
END_TEST

/* Figure "Example of read/write masking": address bits 9:2 choose the bits. */
START_TEST(address_masks_data)
{
    put(DIR, 0xff);
    put(0x098, 0xfb);                       /* mask 0x26 */
    ck_assert_uint_eq(get(ALL), 0x22);
    put(ALL, 0xfe);
    ck_assert_uint_eq(get(0x0c4), 0x30);    /* mask 0x31 */
    put(DATA, 0x00);                        /* no bit at all */
    ck_assert_uint_eq(get(ALL), 0xfe);
    ck_assert_uint_eq(get(DATA), 0);
}
END_TEST

START_TEST(outputs_drive_pins)
{
    put(ALL, 0x0f); /* all are inputs: nothing is kept */
    put(DIR, 0x05);
    ck_assert_uint_eq(get(ALL), 0);
    put(ALL, 0x0f);
    ck_assert(g->out[0].level && !g->out[1].level && g->out[2].level && !g->out[3].level);
    ck_assert_uint_eq(get(ALL), 0x05);
    pl061_set_input(g, 2, false);
    pl061_set_input(g, 1, true);
    ck_assert_uint_eq(get(ALL), 0x07);
    replace_machine();
    ck_assert(g->out[0].level && !g->out[1].level && g->out[2].level);
    put(DIR, 0);
    ck_assert(!g->out[0].level && !g->out[2].level);
    ck_assert_uint_eq(get(ALL), 0x02);
}
END_TEST

/* Sense, both edges, event: what a rise, a high level, a fall and a low level then raise. */
static const struct { bool is, ibe, iev, low, rise, high, fall; } senses[] = {
    /* IS IBE IEV   low    rise   then cleared  fall */
    { 0, 0, 0, false, false, false, true },
    { 0, 0, 1, false, true, false, false },
    { 0, 1, 0, false, true, false, true },
    { 0, 1, 1, false, true, false, true },
    { 1, 0, 0, true, false, false, true },
    { 1, 0, 1, false, true, true, false },
    { 1, 1, 0, true, false, false, true },
    { 1, 1, 1, false, true, true, false },
};
START_TEST(interrupt_senses)
{
    put(IS, senses[_i].is << 3);
    put(IBE, senses[_i].ibe << 3);
    put(IEV, senses[_i].iev << 3);
    put(IE, 1u << 3);
    ck_assert_int_eq(g->irq.level, senses[_i].low);
    ck_assert_uint_eq(get(RIS), senses[_i].low << 3);
    pl061_set_input(g, 3, true);
    ck_assert_int_eq(g->irq.level, senses[_i].rise);
    ck_assert_uint_eq(get(MIS), senses[_i].rise << 3);
    replace_machine();
    put(IC, 0xff);
    ck_assert_int_eq(g->irq.level, senses[_i].high);
    pl061_set_input(g, 3, true); /* no change */
    ck_assert_int_eq(g->irq.level, senses[_i].high);
    pl061_set_input(g, 3, false);
    ck_assert_int_eq(g->irq.level, senses[_i].fall);
}
END_TEST

START_TEST(mask_hides_raw)
{
    put(IBE, 0xff);
    pl061_set_input(g, 7, true);
    pl061_set_input(g, 0, true);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(RIS), 0x81);
    ck_assert_uint_eq(get(MIS), 0);
    put(IE, 0x80);
    ck_assert(g->irq.level);
    ck_assert_uint_eq(get(MIS), 0x80);
    put(IC, 0x80);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(RIS), 0x01);
}
END_TEST

START_TEST(outputs_do_not_interrupt)
{
    put(DIR, 0x01);
    put(IBE, 0x01);
    put(IE, 0x01);
    put(ALL, 0x01);
    pl061_set_input(g, 0, true);
    ck_assert_uint_eq(get(RIS), 0);
    put(IS, 0x01);
    put(IEV, 0x01);
    ck_assert_uint_eq(get(RIS), 0);
    pl061_set_input(g, PL061_PINS, true); /* no such pin */
    ck_assert_uint_eq(get(RIS), 0);
}
END_TEST

/* Linux uses bytes. */
START_TEST(narrow_accesses)
{
    uint64_t v = 0;

    ck_assert_int_eq(mem_store(m->memory, PART_AT + DIR, 1, 0x12, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, PART_AT + 0x3fc, 2, 0xffff, NULL), MEM_OK);
    ck_assert_int_eq(mem_load(m->memory, PART_AT + 0x3fc, 1, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0x12);
    ck_assert_int_eq(mem_load(m->memory, PART_AT, 8, &v, NULL), MEM_BAD_SIZE);
}
END_TEST

static struct device *make_busy(struct machine *machine, void *arg)
{
    struct device *dev = make(machine, arg);

    for (uint32_t i = 0; i < PL061_PINS; i += 2)
        pl061_set_input(dev, i, true);
    return dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make_busy, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pl061");
    TCase *t = tcase_create("generic"), *u = tcase_create("gpio");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_loop_test(u, registers_after_reset, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(u, address_masks_data);
    tcase_add_test(u, outputs_drive_pins);
    tcase_add_loop_test(u, interrupt_senses, 0, (int)ARRAY_LEN(senses));
    tcase_add_test(u, mask_hides_raw);
    tcase_add_test(u, outputs_do_not_interrupt);
    tcase_add_test(u, narrow_accesses);
    suite_add_tcase(s, u);
    return s;
}
