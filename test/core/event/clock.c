/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/clock.h"
#include "core/util/hash.h"
#include "test/check_main.h"

static const struct {
    uint64_t hz;
    ps_t t;
    uint64_t ticks;
} rows[] = {
    { 1000000000000ull, 5, 5 },
    { 10000000, 99999, 0 }, /* 10 MHz: one tick is 100 ns */
    { 10000000, 100000, 1 },
    { 3, 333333333333ull, 0 }, /* a third of a second is not over yet */
    { 3, 333333333334ull, 1 },
    { 3, 1000000000000ull, 3 },
    { 1, UINT64_MAX, 18446744 },
};

START_TEST(ticks)
{
    struct ev_clock c = { rows[_i].hz };
    ck_assert_uint_eq(ev_ticks(c, rows[_i].t), rows[_i].ticks);
}
END_TEST

/* tick_time is the first moment with that many ticks: exact both ways at any frequency. */
START_TEST(inverse)
{
    uint64_t random = 1;
    for (unsigned i = 0; i < 100000; i++) {
        random = hash_mix(random + 1);
        struct ev_clock c = { 1 + random % 1000000000000ull };
        uint64_t n = hash_mix(random) % (c.hz * 3 + 5);
        ps_t t = ev_tick_time(c, n);
        ck_assert_uint_eq(ev_ticks(c, t), n);
        if (t > 0)
            ck_assert_uint_lt(ev_ticks(c, t - 1), n + (n == 0));
    }
    struct ev_clock slow = { 1 };
    ck_assert_uint_eq(ev_tick_time(slow, UINT64_MAX), PS_NEVER);
    ck_assert_uint_eq(ev_tick_time(slow, 18446744), 18446744000000000000ull);
    ck_assert_uint_eq(ev_tick_time(slow, 18446745), PS_NEVER);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("clock");
    TCase *c = tcase_create("clock");
    tcase_add_loop_test(c, ticks, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(c, inverse);
    suite_add_tcase(s, c);
    return s;
}
