/* SPDX-License-Identifier: Apache-2.0 */
/* Days and dates of the Gregorian calendar. */
#include "devices/calendar.h"
#include "test/check_main.h"

static const struct { int64_t year, month, day, from_1970; } rows[] = {
    { 1970, 1, 1, 0 },          { 1969, 12, 31, -1 },       { 2000, 2, 29, 11016 },   { 2000, 3, 1, 11017 },
    { 2024, 2, 28, 19781 },     { 2100, 2, 28, 47540 },     { 2100, 3, 1, 47541 },    { 1900, 1, 1, -25567 },
    { 1, 1, 1, -719162 },       { 9999, 12, 31, 2932896 },
    { 2023, 2, 29, 19417 },     /* 1 March */
    { 2023, 13, 1, 19723 },     /* January after */
    { 2024, 0, 31, 19722 },     /* December before */
    { 2024, 1, 0, 19722 },
};
START_TEST(known_days)
{
    ck_assert_int_eq(calendar_days(rows[_i].year, rows[_i].month, rows[_i].day), rows[_i].from_1970 + CALENDAR_1970);
}
END_TEST

/* Each day is the next of the one before, through two cycles of 400 years. */
START_TEST(days_follow_each_other)
{
    static const unsigned length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned year = 1600, month = 1, day = 1;

    for (int64_t n = calendar_days(1600, 1, 1); year < 2400; n++) {
        unsigned y, m, d, leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        calendar_date(n, &y, &m, &d);
        ck_assert(y == year && m == month && d == day);
        ck_assert_int_eq(calendar_days(year, month, day), n);
        if (++day > length[month - 1] + leap) {
            day = 1;
            year += month == 12;
            month = month % 12 + 1;
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.calendar");
    TCase *t = tcase_create("calendar");

    tcase_add_loop_test(t, known_days, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(t, days_follow_each_other);
    suite_add_tcase(s, t);
    return s;
}
