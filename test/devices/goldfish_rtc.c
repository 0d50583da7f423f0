/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/goldfish_rtc.h"

enum { TIME_LOW, TIME_HIGH = 4, ALARM_LOW = 8, ALARM_HIGH = 12, IRQ_ENABLED = 16, CLEAR_ALARM = 20,
       ALARM_STATUS = 24, CLEAR_INTERRUPT = 28 };

#define BASE     1767225600ull              /* 2026-01-01 00:00:00 UTC, seconds */
#define BASE_NS  (BASE * 1000000000ull)

#define PART_AT 0x101000
#include "test/devices/part_fixture.h"
#define rtc ((struct goldfish_rtc *)part)

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct goldfish_rtc *made = goldfish_rtc_create(machine, "rtc", e);

    machine->rtc_base = BASE;
    return made ? &made->dev : NULL;
}

static uint64_t get_time(void)
{
    uint32_t low = get(TIME_LOW);

    return (uint64_t)get(TIME_HIGH) << 32 | low;
}

static void set_alarm(uint64_t ns)
{
    put(ALARM_HIGH, (uint32_t)(ns >> 32));
    put(ALARM_LOW, (uint32_t)ns);
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

START_TEST(counts_nanoseconds_from_the_base)
{
    ck_assert_uint_eq(get_time(), BASE_NS);
    ev_run(m->queue, 1500);                 /* 1.5 ns: the half is not seen */
    ck_assert_uint_eq(get_time(), BASE_NS + 1);
    ev_run(m->queue, 86400 * PS_PER_SEC);
    ck_assert_uint_eq(get_time(), BASE_NS + 86400ull * 1000000000);
}
END_TEST

START_TEST(low_latches_high)
{
    /* 2^32 ns = 4.294967296 s: the high half changes between the two reads. */
    uint64_t to_carry = (1ull << 32) - (BASE_NS & 0xffffffff);

    ev_run(m->queue, (to_carry - 1) * 1000);
    ck_assert_uint_eq(get(TIME_LOW), 0xffffffff);
    ev_run(m->queue, to_carry * 1000);
    ck_assert_uint_eq(get(TIME_HIGH), BASE_NS >> 32);
    ck_assert_uint_eq(get(TIME_LOW), 0);
    ck_assert_uint_eq(get(TIME_HIGH), (BASE_NS >> 32) + 1);
}
END_TEST

START_TEST(debugger_does_not_latch)
{
    struct mem_attrs debug = { .debug = 1 };
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, PART_AT, 4, &v, &debug), MEM_OK);
    ck_assert_uint_eq(v, BASE_NS & 0xffffffff);
    ck_assert_uint_eq(get(TIME_HIGH), 0);
}
END_TEST

START_TEST(can_be_set)
{
    uint64_t wanted = 0x1122334455667788;

    ev_run(m->queue, 5 * PS_PER_MS);
    put(TIME_HIGH, (uint32_t)(wanted >> 32));
    put(TIME_LOW, (uint32_t)wanted);
    ck_assert_uint_eq(get_time(), wanted);
    ev_run(m->queue, 7 * PS_PER_MS);
    ck_assert_uint_eq(get_time(), wanted + 2000000);
    machine_reset(m); /* the clock is not reset */
    ck_assert_uint_eq(get_time(), wanted + 2000000);
}
END_TEST

START_TEST(alarm_raises_the_line)
{
    put(IRQ_ENABLED, 0xffffffff);
    ck_assert_uint_eq(get(IRQ_ENABLED), 1);
    set_alarm(BASE_NS + 1000);
    ck_assert_uint_eq(get(ALARM_LOW), (BASE_NS + 1000) & 0xffffffff);
    ck_assert_uint_eq(get(ALARM_HIGH), BASE_NS >> 32);
    ck_assert_uint_eq(get(ALARM_STATUS), 1);
    ev_run(m->queue, 1000 * PS_PER_NS - 1);
    ck_assert(!rtc->irq.level);
    ev_run(m->queue, 1000 * PS_PER_NS);
    ck_assert(rtc->irq.level);
    ck_assert_uint_eq(get(ALARM_STATUS), 0);
    put(IRQ_ENABLED, 0);
    ck_assert(!rtc->irq.level);
    put(IRQ_ENABLED, 1);
    ck_assert(rtc->irq.level);
    put(CLEAR_INTERRUPT, 1);
    ck_assert(!rtc->irq.level);
}
END_TEST

START_TEST(past_alarm_fires_at_once)
{
    put(IRQ_ENABLED, 1);
    set_alarm(BASE_NS);
    ck_assert(rtc->irq.level);
    ck_assert_uint_eq(get(ALARM_STATUS), 0);
}
END_TEST

START_TEST(cleared_alarm_does_not_come)
{
    put(IRQ_ENABLED, 1);
    set_alarm(BASE_NS + 1000);
    put(CLEAR_ALARM, 0);
    ck_assert_uint_eq(get(ALARM_STATUS), 0);
    ev_run(m->queue, PS_PER_SEC);
    ck_assert(!rtc->irq.level);
}
END_TEST

START_TEST(alarm_follows_the_clock)
{
    put(IRQ_ENABLED, 1);
    set_alarm(UINT64_MAX);                  /* further than simulated time reaches */
    ck_assert_uint_eq(get(ALARM_STATUS), 1);
    ev_run(m->queue, PS_PER_SEC);
    ck_assert(!rtc->irq.level);
    put(TIME_HIGH, 0xffffffff);
    put(TIME_LOW, 0xffffff00);              /* 255 ns to go */
    ck_assert(!rtc->irq.level);
    ev_run(m->queue, PS_PER_SEC + 255 * PS_PER_NS);
    ck_assert(rtc->irq.level);
}
END_TEST

START_TEST(words_only)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, PART_AT, 8, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_load(m->memory, 0x101004, 2, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_store(m->memory, 0x101010, 1, 1, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_load(m->memory, 0x101024, 4, &v, NULL), MEM_NOTHING);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.goldfish_rtc");
    TCase *t = tcase_create("generic"), *u = tcase_create("rtc");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, counts_nanoseconds_from_the_base);
    tcase_add_test(u, low_latches_high);
    tcase_add_test(u, debugger_does_not_latch);
    tcase_add_test(u, can_be_set);
    tcase_add_test(u, alarm_raises_the_line);
    tcase_add_test(u, past_alarm_fires_at_once);
    tcase_add_test(u, cleared_alarm_does_not_come);
    tcase_add_test(u, alarm_follows_the_clock);
    tcase_add_test(u, words_only);
    suite_add_tcase(s, u);
    return s;
}
