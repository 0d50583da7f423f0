/* SPDX-License-Identifier: Apache-2.0 */
/* SC.Q (manual, 2.2.7.5) where a debugger watches: the instruction is not done, and finds its LLbit when it is done later. */
#include "mmu/tlb.h"
#include "test/cpu/loongarch/vec_rig.h"

enum { LL_D = 0x22000000, SC_Q = 0x38570000 };
enum { OLD = 5, LOW = 6, HIGH = 7, ADDRESS = 4 };

START_TEST(under_a_watchpoint)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    uint64_t at = VEC_RAM + VEC_DATA + 0x40;
    const struct mmu_watch watch = { .addr = at, .size = 8, .store = true };
    struct err e = { 0 };
    g.la->r[ADDRESS] = at, g.la->r[LOW] = 0x1111, g.la->r[HIGH] = 0x2222;
    ck_assert(vec_try(&g, LL_D | ADDRESS << 5 | OLD, 0));
    ck_assert(g.la->cpu.reserved);
    ck_assert_int_eq(mmu_set_watches(g.m, &watch, 1, &e), 0);
    ck_assert(!vec_try(&g, SC_Q | HIGH << 10 | ADDRESS << 5 | LOW, 0));
    ck_assert(g.la->cpu.reserved);
    ck_assert_uint_eq(g.la->r[LOW], 0x1111);
    ck_assert_int_eq(mmu_set_watches(g.m, NULL, 0, &e), 0);
    ck_assert(vec_try(&g, SC_Q | HIGH << 10 | ADDRESS << 5 | LOW, 0));
    ck_assert_uint_eq(g.la->r[LOW], 1);
    ck_assert_uint_eq(ld_le64(g.ram->host + VEC_DATA + 0x40), 0x1111);
    ck_assert_uint_eq(ld_le64(g.ram->host + VEC_DATA + 0x48), 0x2222);
    ck_assert(vec_try(&g, SC_Q | HIGH << 10 | ADDRESS << 5 | LOW, 0));
    ck_assert_uint_eq(g.la->r[LOW], 0);
    vec_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/loongarch/sc_q");
    TCase *t = tcase_create("watched");
    tcase_add_loop_test(t, under_a_watchpoint, 0, ARRAY_LEN(vec_modes));
    suite_add_tcase(s, t);
    return s;
}
