/* SPDX-License-Identifier: Apache-2.0 */
/* Loongson 7A1000 manual, chapter RTC. */
#include "devices/ls7a_rtc.h"

enum { TOYTRIM = 0x20, TOYWRITE0 = 0x24, TOYWRITE1 = 0x28, TOYREAD0 = 0x2c, TOYREAD1 = 0x30, TOYMATCH0 = 0x34,
       TOYMATCH1 = 0x38, TOYMATCH2 = 0x3c, RTCCTRL = 0x40, RTCTRIM = 0x60, RTCWRITE = 0x64, RTCREAD = 0x68,
       RTCMATCH0 = 0x6c, RTCMATCH2 = 0x74 };
enum { REN = 1 << 13, TEN = 1 << 11, EO = 1 << 8, STATUS = 1 << 5 };

#define BASE 1709078400ull                  /* Wednesday 28 February 2024, 00:00:00 UTC */

#define PART_AT 0x100d0100ull
#include "test/devices/part_fixture.h"
#define rtc ((struct ls7a_rtc *)part)

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct ls7a_rtc *made = ls7a_rtc_create(machine, "rtc", e);

    machine->rtc_base = BASE;
    return made ? &made->dev : NULL;
}

/* As TOYREAD0 and TOYWRITE0 have them, and TOYMATCH. */
static uint32_t toy(uint32_t month, uint32_t day, uint32_t hour, uint32_t min, uint32_t sec, uint32_t tenth)
{
    return month << 26 | day << 21 | hour << 16 | min << 10 | sec << 4 | tenth;
}

static uint32_t match(uint32_t year, uint32_t month, uint32_t day, uint32_t hour, uint32_t min, uint32_t sec)
{
    return (year & 63) << 26 | month << 22 | day << 17 | hour << 12 | min << 6 | sec;
}

static void run(ps_t span)
{
    ev_run(m->queue, ev_now(m->queue) + span);
}

static void started(void)
{
    setup();
    put(RTCCTRL, REN | TEN | EO);
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

/* What is off reads 0; without the oscillator all is. */
static const struct { uint32_t control, reads; bool has_toy, has_rtc; } controls[] = {
    { 0, 0, false, false },
    { EO, EO | STATUS, false, false },
    { TEN | REN, TEN | REN, false, false },
    { EO | TEN, EO | TEN | STATUS, true, false },
    { EO | REN, EO | REN | STATUS, false, true },
    { 0xffffffff, EO | TEN | REN | STATUS, true, true },
};
START_TEST(control_switches)
{
    run(PS_PER_SEC);
    put(RTCCTRL, controls[_i].control);
    ck_assert_uint_eq(get(RTCCTRL), controls[_i].reads);
    ck_assert_uint_eq(get(TOYREAD0), controls[_i].has_toy ? toy(2, 28, 0, 0, 1, 0) : 0);
    ck_assert_uint_eq(get(TOYREAD1), controls[_i].has_toy ? 124 : 0);
    ck_assert_uint_eq(get(RTCREAD), controls[_i].has_rtc ? 32768 : 0);
    machine_reset(m);
    ck_assert_uint_eq(get(RTCCTRL), 0);
}
END_TEST

/* From 28 February 2024, 00:00. */
static const struct { uint64_t ms; uint32_t year, low; } dates[] = {
    { 99, 124, 2u << 26 | 28u << 21 },
    { 100, 124, 2u << 26 | 28u << 21 | 1 },
    { 59999, 124, 2u << 26 | 28u << 21 | 59u << 4 | 9 },
    { 60000, 124, 2u << 26 | 28u << 21 | 1u << 10 },
    { 86399900, 124, 2u << 26 | 28u << 21 | 23u << 16 | 59u << 10 | 59u << 4 | 9 },
    { 86400000, 124, 2u << 26 | 29u << 21 },
    { 2 * 86400000ull, 124, 3u << 26 | 1u << 21 },
    { 33 * 86400000ull, 124, 4u << 26 | 1u << 21 },
};
START_TEST(calendar_counts)
{
    run(dates[_i].ms * PS_PER_MS);
    ck_assert_uint_eq(get(TOYREAD0), dates[_i].low);
    ck_assert_uint_eq(get(TOYREAD1), dates[_i].year);
}
END_TEST

/* Low half first, as drivers do, or last. 2023 has no 29 February, 2000 and 2400 have one, 2100 has not. */
static const struct { uint32_t year, month, day, then_month, then_day; } settings[] = {
    { 100, 2, 29, 3, 1 }, { 123, 2, 28, 3, 1 }, { 124, 2, 29, 3, 1 }, { 200, 2, 28, 3, 1 }, { 500, 2, 29, 3, 1 },
    { 123, 12, 31, 1, 1 }, { 0, 1, 1, 1, 2 }, { 69, 12, 31, 1, 1 }, { 8099, 4, 30, 5, 1 },
};
START_TEST(can_be_set)
{
    uint32_t low = toy(settings[_i].month, settings[_i].day, 23, 59, 59, 9);

    run(5 * PS_PER_MS);
    put(TOYWRITE0, low);
    put(TOYWRITE1, settings[_i].year);
    ck_assert_uint_eq(get(TOYREAD0), low);
    ck_assert_uint_eq(get(TOYREAD1), settings[_i].year);
    run(100 * PS_PER_MS);
    ck_assert_uint_eq(get(TOYREAD0), toy(settings[_i].then_month, settings[_i].then_day, 0, 0, 0, 0));
    machine_reset(m); /* a battery keeps it */
    put(RTCCTRL, TEN | EO);
    ck_assert_uint_eq(get(TOYREAD0), toy(settings[_i].then_month, settings[_i].then_day, 0, 0, 0, 0));
    put(TOYWRITE1, settings[_i].year);
    put(TOYWRITE0, low);
    ck_assert_uint_eq(get(TOYREAD0), low);
    ck_assert_uint_eq(get(TOYREAD1), settings[_i].year);
}
END_TEST

/* Linux' driver sets the time first and enables then. */
START_TEST(can_be_set_while_off)
{
    put(RTCCTRL, 0);
    put(TOYWRITE0, toy(5, 6, 7, 8, 9, 0));
    put(TOYWRITE1, 130);
    put(RTCWRITE, 1000);
    put(RTCCTRL, TEN | REN | EO);
    ck_assert_uint_eq(get(TOYREAD0), toy(5, 6, 7, 8, 9, 0));
    ck_assert_uint_eq(get(TOYREAD1), 130);
    ck_assert_uint_eq(get(RTCREAD), 1000);
}
END_TEST

START_TEST(counter_counts_ticks)
{
    ck_assert_uint_eq(get(RTCREAD), 0);
    run(30517578);                              /* a tick is 30517578.125 ps */
    ck_assert_uint_eq(get(RTCREAD), 0);
    run(1);
    ck_assert_uint_eq(get(RTCREAD), 1);
    ev_run(m->queue, 244140625);                /* eight ticks, exactly */
    ck_assert_uint_eq(get(RTCREAD), 8);
    put(RTCWRITE, 0xffffffff);
    ck_assert_uint_eq(get(RTCREAD), 0xffffffff);
    ev_run(m->queue, 100 * PS_PER_SEC);
    ck_assert_uint_eq(get(RTCREAD), 3276800 - 8 - 1);
    machine_reset(m);
    put(RTCCTRL, REN | EO);
    ck_assert_uint_eq(get(RTCREAD), 3276800 - 8 - 1);
}
END_TEST

START_TEST(calendar_matches)
{
    static const uint32_t registers[] = { TOYMATCH0, TOYMATCH1, TOYMATCH2 };
    uint32_t at = registers[_i];

    put(at, match(124, 2, 29, 12, 30, 15));
    ck_assert_uint_eq(get(at), match(124, 2, 29, 12, 30, 15));
    run((86400 + 45015) * PS_PER_SEC - 1);
    ck_assert(!rtc->irq.level);
    run(1);
    ck_assert(rtc->irq.level);
    run(10 * PS_PER_SEC);
    ck_assert(rtc->irq.level);
    put(at, 0);
    ck_assert(!rtc->irq.level);
    run(PS_PER_SEC);
    ck_assert(!rtc->irq.level);
}
END_TEST

/* Whatever is no date, is over, or is more than simulated time away. */
static const struct { uint32_t year, month, day, hour, min, sec; } silent[] = {
    { 124, 2, 30, 0, 0, 0 }, { 124, 0, 1, 0, 0, 0 }, { 124, 13, 1, 0, 0, 0 }, { 124, 3, 0, 0, 0, 0 },
    { 124, 2, 28, 24, 0, 0 }, { 124, 2, 28, 1, 60, 0 }, { 124, 2, 28, 1, 0, 60 }, { 124, 2, 27, 0, 0, 0 },
    { 123, 2, 28, 0, 0, 5 }, { 125, 2, 28, 0, 0, 5 }, { 0, 0, 0, 0, 0, 0 },
};
START_TEST(some_never_match)
{
    put(TOYMATCH0, match(silent[_i].year, silent[_i].month, silent[_i].day, silent[_i].hour, silent[_i].min,
                         silent[_i].sec));
    run(40ull * 86400 * PS_PER_SEC);
    ck_assert(!rtc->irq.level);
}
END_TEST

/* Six matches, one line. */
START_TEST(matches_share_the_line)
{
    put(TOYMATCH0, match(124, 2, 28, 0, 0, 2));
    put(TOYMATCH2, match(124, 2, 28, 0, 0, 1));
    put(RTCMATCH0, 3 * 32768);
    run(PS_PER_SEC);
    ck_assert(rtc->irq.level);
    put(TOYMATCH2, 0);
    ck_assert(!rtc->irq.level);
    run(2 * PS_PER_SEC);
    ck_assert(rtc->irq.level);
    put(TOYMATCH0, 0);
    ck_assert(rtc->irq.level);
    put(RTCMATCH0, 0);
    ck_assert(!rtc->irq.level);
}
END_TEST

START_TEST(counter_matches)
{
    put(RTCMATCH2, 5);
    run(5 * 244140625ull / 8);                  /* 152587890.625 ps: not yet */
    ck_assert(!rtc->irq.level);
    run(1);
    ck_assert(rtc->irq.level);
    ck_assert_uint_eq(get(RTCREAD), 5);
    put(RTCMATCH2, 4);                          /* over: in 36 hours */
    ck_assert(!rtc->irq.level);
    run(131071 * PS_PER_SEC);
    ck_assert(!rtc->irq.level);
    run(PS_PER_SEC);
    ck_assert(rtc->irq.level);
}
END_TEST

/* Set onto the match, or switched on at it. */
START_TEST(setting_can_match)
{
    put(RTCMATCH0, 77);
    put(RTCWRITE, 77);
    ck_assert(rtc->irq.level);
    put(RTCMATCH0, 0);
    ck_assert(!rtc->irq.level);
    put(TOYMATCH1, match(130, 5, 6, 7, 8, 9));
    put(TOYWRITE1, 130);
    put(TOYWRITE0, toy(5, 6, 7, 8, 9, 5));
    ck_assert(rtc->irq.level);
    put(TOYMATCH1, match(130, 5, 6, 7, 8, 20));
    put(RTCCTRL, EO);
    run(20 * PS_PER_SEC);
    ck_assert(!rtc->irq.level);                 /* went by while off */
}
END_TEST

START_TEST(restored_in_between)
{
    put(TOYMATCH0, match(124, 2, 28, 0, 1, 0));
    put(RTCMATCH0, 90 * 32768);
    run(30 * PS_PER_SEC);
    replace_machine();
    run(30 * PS_PER_SEC);
    ck_assert(rtc->irq.level);
    replace_machine();
    ck_assert(rtc->irq.level);
    put(TOYMATCH0, 0);
    ck_assert(!rtc->irq.level);
    run(30 * PS_PER_SEC);
    ck_assert(rtc->irq.level);
    ck_assert_uint_eq(get(TOYREAD0), toy(2, 28, 0, 1, 30, 0));
}
END_TEST

START_TEST(trimming_is_not_modelled)
{
    put(TOYTRIM, 0);
    ck_assert_uint_eq(part->unmodelled_count, 0);
    put(TOYTRIM, 5);
    put(RTCTRIM, 5);
    ck_assert_uint_eq(part->unmodelled_count, 2);
    ck_assert_uint_eq(get(TOYTRIM), 5);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.ls7a_rtc");
    TCase *t = tcase_create("generic"), *u = tcase_create("control"), *v = tcase_create("running");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_loop_test(u, control_switches, 0, ARRAY_LEN(controls));
    suite_add_tcase(s, u);
    tcase_add_checked_fixture(v, started, teardown);
    tcase_add_loop_test(v, calendar_counts, 0, ARRAY_LEN(dates));
    tcase_add_loop_test(v, can_be_set, 0, ARRAY_LEN(settings));
    tcase_add_test(v, can_be_set_while_off);
    tcase_add_test(v, counter_counts_ticks);
    tcase_add_loop_test(v, calendar_matches, 0, 3);
    tcase_add_loop_test(v, some_never_match, 0, ARRAY_LEN(silent));
    tcase_add_test(v, matches_share_the_line);
    tcase_add_test(v, counter_matches);
    tcase_add_test(v, setting_can_match);
    tcase_add_test(v, restored_in_between);
    tcase_add_test(v, trimming_is_not_modelled);
    suite_add_tcase(s, v);
    return s;
}
