/* SPDX-License-Identifier: Apache-2.0 */
/* PCH-MSI: Loongson 7A1000 manual; vectors 32 to 255, as the board has it. */
#include "irqchip/pch_msi.h"

#define PART_AT 0x2ff00000ull
#include "test/devices/part_fixture.h"

enum { FIRST = 32, N = 224 };

static uint32_t pulses, last;

static void pulse(void *arg, uint32_t vector)
{
    (void)arg;
    pulses++;
    last = vector;
}

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct pch_msi *made = pch_msi_create(machine, "msi", FIRST, N, pulse, NULL, e);

    pulses = 0;
    return made ? &made->dev : NULL;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

static const struct { uint32_t data; bool there; } messages[] = {
    { 32, true }, { 255, true }, { 0xffffff40, true }, { 31, false }, { 0, false }, { 256, false },
};
START_TEST(message_pulses_its_vector)
{
    put(0, messages[_i].data);
    ck_assert_uint_eq(pulses, messages[_i].there);
    ck_assert_uint_eq(part->guest_errors, !messages[_i].there);
    if (messages[_i].there)
        ck_assert_uint_eq(last, messages[_i].data & 0xff);
    ck_assert_uint_eq(get(0), 0);
}
END_TEST

START_TEST(the_second_word_is_reserved)
{
    put(4, 64);
    ck_assert_uint_eq(pulses, 0);
}
END_TEST

START_TEST(bad_arguments_are_named)
{
    struct err e = { 0 };

    ck_assert_ptr_null(pch_msi_create(m, "a", 0, 0, pulse, NULL, &e));
    ck_assert_ptr_null(pch_msi_create(m, "a", 33, 224, pulse, NULL, &e));
    ck_assert_ptr_null(pch_msi_create(m, "a", ~0u, 2, pulse, NULL, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "0 to 255"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.pch_msi");
    TCase *t = tcase_create("messages");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, generic);
    tcase_add_loop_test(t, message_pulses_its_vector, 0, ARRAY_LEN(messages));
    tcase_add_test(t, the_second_word_is_reserved);
    tcase_add_test(t, bad_arguments_are_named);
    suite_add_tcase(s, t);
    return s;
}
