/* SPDX-License-Identifier: Apache-2.0 */
/* PL031: Arm DDI 0224, chapters 2 and 3. */
#include "devices/pl031.h"

enum { DR = 0x00, MR = 0x04, LR = 0x08, CR = 0x0c, IMSC = 0x10, RIS = 0x14, MIS = 0x18, ICR = 0x1c };

#define BASE    1767225600u /* 2026-01-01 00:00:00 UTC */
#define PART_AT 0x9010000ull
#include "test/devices/part_fixture.h"
#define rtc ((struct pl031 *)part)

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct pl031 *made = pl031_create(machine, "rtc", e);

    machine->rtc_base = BASE;
    return made ? &made->dev : NULL;
}

/* Table 3-1: reset values, and what stays of all ones. */
static const struct { uint32_t offset, reset, ones; } registers[] = {
    { MR, 0, 0xffffffff }, { LR, 0, 0xffffffff }, { CR, 1, 1 }, { IMSC, 0, 1 }, { RIS, 0, 0 },
    { MIS, 0, 0 }, { ICR, 0, 0 },
    { 0xfe0, 0x31, 0x31 }, { 0xfe4, 0x10, 0x10 }, { 0xfe8, 0x14, 0x14 }, { 0xfec, 0, 0 },
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

START_TEST(counts_seconds_from_the_base)
{
    ck_assert_uint_eq(get(DR), BASE);
    ev_run(m->queue, PS_PER_SEC - 1);
    ck_assert_uint_eq(get(DR), BASE);
    ev_run(m->queue, PS_PER_SEC);
    ck_assert_uint_eq(get(DR), BASE + 1);
    ev_run(m->queue, 86400 * PS_PER_SEC);
    ck_assert_uint_eq(get(DR), BASE + 86400);
    put(DR, 5); /* read-only */
    ck_assert_uint_eq(get(DR), BASE + 86400);
}
END_TEST

START_TEST(can_be_loaded)
{
    ev_run(m->queue, 5 * PS_PER_SEC + PS_PER_SEC / 2);
    put(LR, 0xffffffff);
    ck_assert_uint_eq(get(DR), 0xffffffff);
    ck_assert_uint_eq(get(LR), 0xffffffff);
    replace_machine();
    ev_run(m->queue, 8 * PS_PER_SEC);
    ck_assert_uint_eq(get(DR), 2); /* it wraps */
    machine_reset(m);              /* the clock is not reset */
    ck_assert_uint_eq(get(DR), 2);
}
END_TEST

START_TEST(cannot_be_stopped)
{
    put(CR, 0);
    ck_assert_uint_eq(get(CR), 1);
    ev_run(m->queue, 3 * PS_PER_SEC);
    ck_assert_uint_eq(get(DR), BASE + 3);
}
END_TEST

START_TEST(match_interrupts)
{
    put(MR, BASE + 10);
    put(IMSC, 1);
    replace_machine();
    ev_run(m->queue, 10 * PS_PER_SEC - 1);
    ck_assert(!rtc->irq.level);
    ck_assert_uint_eq(get(RIS), 0);
    ev_run(m->queue, 10 * PS_PER_SEC);
    ck_assert(rtc->irq.level);
    ck_assert_uint_eq(get(RIS), 1);
    ck_assert_uint_eq(get(MIS), 1);
    replace_machine();
    put(IMSC, 0);
    ck_assert(!rtc->irq.level);
    ck_assert_uint_eq(get(RIS), 1);
    ck_assert_uint_eq(get(MIS), 0);
    put(IMSC, 1);
    ck_assert(rtc->irq.level);
    put(ICR, 0);
    ck_assert(rtc->irq.level);
    put(ICR, 1);
    ck_assert(!rtc->irq.level);
    ck_assert_uint_eq(get(RIS), 0);
    ev_run(m->queue, 1000 * PS_PER_SEC);
    ck_assert_uint_eq(get(RIS), 0);
}
END_TEST

/* Equal, not past: a match one second ago comes in 2^32 - 1 s, after the end of simulated time. */
static const struct { uint32_t match; bool at_once, within_a_minute; } matches[] = {
    { BASE, true, true }, { BASE + 1, false, true }, { BASE + 60, false, true },
    { BASE + 61, false, false }, { BASE - 1, false, false }, { 0, false, false },
};
START_TEST(matches_when_equal)
{
    put(IMSC, 1);
    put(MR, matches[_i].match);
    ck_assert_int_eq(rtc->irq.level, matches[_i].at_once);
    ev_run(m->queue, 60 * PS_PER_SEC);
    ck_assert_int_eq(rtc->irq.level, matches[_i].within_a_minute);
}
END_TEST

START_TEST(match_follows_the_load)
{
    put(IMSC, 1);
    put(MR, 100);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
    put(LR, 97);
    ev_run(m->queue, 2 * PS_PER_SEC);
    ck_assert(!rtc->irq.level);
    put(LR, 97);
    ev_run(m->queue, 3 * PS_PER_SEC);
    ck_assert(!rtc->irq.level);
    ev_run(m->queue, 5 * PS_PER_SEC);
    ck_assert(rtc->irq.level);
    put(ICR, 1);
    put(LR, 100); /* loaded with the match itself */
    ck_assert(rtc->irq.level);
}
END_TEST

START_TEST(narrow_accesses)
{
    uint64_t v = 0;

    ck_assert_int_eq(mem_load(m->memory, PART_AT + 0xff4, 1, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0xf0);
    ck_assert_int_eq(mem_load(m->memory, PART_AT, 8, &v, NULL), MEM_BAD_SIZE);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pl031");
    TCase *t = tcase_create("generic"), *u = tcase_create("rtc");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_loop_test(u, registers_after_reset, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(u, counts_seconds_from_the_base);
    tcase_add_test(u, can_be_loaded);
    tcase_add_test(u, cannot_be_stopped);
    tcase_add_test(u, match_interrupts);
    tcase_add_loop_test(u, matches_when_equal, 0, (int)ARRAY_LEN(matches));
    tcase_add_test(u, match_follows_the_load);
    tcase_add_test(u, narrow_accesses);
    suite_add_tcase(s, u);
    return s;
}
