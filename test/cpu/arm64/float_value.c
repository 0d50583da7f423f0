/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What float_value.c adds to core/exec/fp.h: values worked out from the Arm ARM's pseudocode (FPRoundBase, FPConvert,
 * FPConvertBF, FPToFixed, FixedToFP, FPRoundIntN, FPToFixedJS) and A1.4.2, alternative half precision.
 */
#include "cpu/arm64/bits.h"
#include "cpu/arm64/float_impl.h"
#include "test/check_main.h"
#include <stdlib.h>

enum { NX = CPU_FP_INEXACT, UF = CPU_FP_UNDERFLOW, OF = CPU_FP_OVERFLOW, NV = CPU_FP_INVALID, ID = CPU_FP_DENORMAL };
#define RM(n) ((uint64_t)(n) << 22) /* FPCR.RMode: 1 up, 2 down, 3 to zero */

static struct a64_cpu *cpu;

static void setup(void)
{
    cpu = calloc(1, sizeof *cpu);
    ck_assert_ptr_nonnull(cpu);
}

static void teardown(void)
{
    free(cpu);
}

static struct fp_env env_of(uint64_t fpcr, enum ir_rm rm)
{
    struct fp_env env;
    cpu->fpcr = fpcr;
    cpu->cpu.fp_mode = a64_host_fp_mode(cpu);
    a64_fp_env(cpu, rm, &env);
    return env;
}

struct row {
    uint64_t fpcr, in, out;
    uint32_t flags;
};
#define CHECK(r, env, got)                                                                         \
    ck_assert_msg((got) == (r)->out && (env).flags == (r)->flags,                                  \
                  "%#lx under %#lx: %#lx, flags %#x; not %#lx, %#x", (r)->in, (r)->fpcr, (got), (env).flags, \
                  (r)->out, (r)->flags)

START_TEST(flushing_of_halves)
{
    struct fp_env env = env_of(A64_FPCR_FZ16, IR_RM_DYN);
    /* a denormal operand is zero and raises nothing */
    ck_assert_uint_eq(fp_add(&env, FP_F16, 0x03ff, 0x8000), 0x0000);
    ck_assert_uint_eq(fp_mul(&env, FP_F16, 0x83ff, 0x7bff), 0x8000);
    ck_assert_uint_eq(env.flags, 0);
    /* a tiny result is zero and underflows, exact or not: 2^-14 * 0.5 */
    ck_assert_uint_eq(fp_mul(&env, FP_F16, 0x8400, 0x3800), 0x8000);
    ck_assert_uint_eq(env.flags, UF);
    env = env_of(A64_FPCR_FZ, IR_RM_DYN); /* FZ is not for halves */
    ck_assert_uint_eq(fp_mul(&env, FP_F16, 0x8400, 0x3800), 0x8200);
    ck_assert_uint_eq(env.flags, 0);
    env = env_of(A64_FPCR_FZ16, IR_RM_DYN); /* nor FZ16 for conversions between precisions */
    ck_assert_uint_eq(a64_fp_cvt(cpu, &env, FP_F32, FP_F16, 0x0001), 0x33800000);
    ck_assert_uint_eq(a64_fp_cvt(cpu, &env, FP_F16, FP_F32, 0x33800000), 0x0001);
    ck_assert_uint_eq(env.flags, 0);
}
END_TEST

START_TEST(alternative_half)
{
    static const struct row to[] = {
        { A64_FPCR_AHP, 0x7fc00000, 0x0000, NV },          { A64_FPCR_AHP, 0xff800001, 0x8000, NV },
        { A64_FPCR_AHP, 0x7f800000, 0x7fff, NV },          { A64_FPCR_AHP, 0xff800000, 0xffff, NV },
        { A64_FPCR_AHP, 0x47800000, 0x7c00, 0 },           /* 65536 */
        { A64_FPCR_AHP, 0x47ffe000, 0x7fff, 0 },           /* 131008, the largest */
        { A64_FPCR_AHP, 0x47fff000, 0x7fff, NV },          /* half a unit above: to even, beyond */
        { A64_FPCR_AHP, 0x47ffefff, 0x7fff, NX },          { A64_FPCR_AHP | RM(3), 0x47ffffff, 0x7fff, NX },
        { A64_FPCR_AHP | RM(3), 0x48000000, 0x7fff, NV },  { A64_FPCR_AHP, 0x477fffff, 0x7c00, NX },
        { A64_FPCR_AHP, 0x33000001, 0x0001, NX | UF },     { 0, 0x47800000, 0x7c00, OF | NX },
    };
    static const struct row from[] = {
        { A64_FPCR_AHP, 0x7c00, 0x47800000, 0 },
        { A64_FPCR_AHP, 0xffff, 0xc7ffe000, 0 },
        { 0, 0x7c01, 0x7fc02000, NV },
        { A64_FPCR_DN, 0xfe01, 0x7fc00000, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(to); i++) {
        struct fp_env env = env_of(to[i].fpcr, IR_RM_DYN);
        uint64_t got = a64_fp_cvt(cpu, &env, FP_F16, FP_F32, to[i].in);
        CHECK(&to[i], env, got);
    }
    for (size_t i = 0; i < ARRAY_LEN(from); i++) {
        struct fp_env env = env_of(from[i].fpcr, IR_RM_DYN);
        uint64_t got = a64_fp_cvt(cpu, &env, FP_F32, FP_F16, from[i].in);
        CHECK(&from[i], env, got);
    }
}
END_TEST

START_TEST(bfloat16)
{
    static const struct row rows[] = {
        { 0, 0x3f800000, 0x3f80, 0 },       { 0, 0x3f808000, 0x3f80, NX },      { 0, 0x3f818000, 0x3f82, NX },
        { RM(1), 0x3f800001, 0x3f81, NX },  { RM(2), 0x3f80ffff, 0x3f80, NX },  { RM(2), 0xbf800001, 0xbf81, NX },
        { RM(3), 0x7f7fffff, 0x7f7f, NX },  { 0, 0x7f7fffff, 0x7f80, OF | NX }, { 0, 0xff800000, 0xff80, 0 },
        { 0, 0x7f800001, 0x7fc0, NV },      { 0, 0xffc12345, 0xffc1, 0 },       { A64_FPCR_DN, 0xffc12345, 0x7fc0, 0 },
        { 0, 0x00018000, 0x0002, NX | UF }, { 0, 0x00010000, 0x0001, 0 },       { A64_FPCR_FZ, 0x80010000, 0x8000, ID },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fp_env env = env_of(rows[i].fpcr, IR_RM_DYN);
        uint64_t got = a64_fp_to_bf16(&env, rows[i].in);
        CHECK(&rows[i], env, got);
    }
}
END_TEST

START_TEST(fixed_point)
{
    struct fp_env env = env_of(0, IR_RTZ);
    ck_assert_uint_eq(a64_fp_to_fixed(&env, FP_F64, 32, false, 16, 0x3ff8000000000000), 0x18000);
    ck_assert_uint_eq(a64_fp_to_fixed(&env, FP_F32, 64, true, 64, 0x3f000000), 0x8000000000000000);
    ck_assert_uint_eq(a64_fp_to_fixed(&env, FP_F16, 64, false, 40, 0x3c00), 1ull << 40);
    ck_assert_uint_eq(env.flags, 0);
    ck_assert_uint_eq(a64_fp_to_fixed(&env, FP_F64, 64, false, 64, 0x0000000000000001), 0);
    ck_assert_uint_eq(env.flags, NX);
    env.flags = 0; /* overflow is an invalid operation, not an overflow of the product */
    ck_assert_uint_eq(a64_fp_to_fixed(&env, FP_F64, 64, false, 64, 0xffefffffffffffff), 1ull << 63);
    ck_assert_uint_eq(env.flags, NV);
    env = env_of(RM(1), IR_RM_DYN);
    ck_assert_uint_eq(a64_fp_from_fixed(&env, FP_F16, 64, true, 64, 1), 0x0001); /* 2^-64, upwards */
    ck_assert_uint_eq(env.flags, NX | UF);
    env = env_of(0, IR_RM_DYN);
    ck_assert_uint_eq(a64_fp_from_fixed(&env, FP_F16, 32, false, 0, 65520), 0x7c00);
    ck_assert_uint_eq(env.flags, OF | NX);
    env.flags = 0; /* rounded once: 2^11 + 1 with a bit far below is above the tie */
    ck_assert_uint_eq(a64_fp_from_fixed(&env, FP_F16, 64, true, 52, (2049ull << 52 | 1)), 0x6801);
    ck_assert_uint_eq(a64_fp_from_fixed(&env, FP_F32, 32, false, 8, 0xffffff80), 0xbf000000);
    ck_assert_uint_eq(env.flags, NX);
}
END_TEST

START_TEST(rounding_to_integers)
{
    static const struct row rows[] = { /* FRINT32Z and FRINT32X of doubles */
        { RM(3), 0xc1dfffffffe00000, 0xc1dfffffffc00000, NX }, /* -2147483647.5 */
        { 0, 0xc1e0000000000000, 0xc1e0000000000000, 0 },      /* -2^31 fits */
        { RM(3), 0xc1e00000001fffff, 0xc1e0000000000000, NX }, /* -(2^31 + 0.99..) does, cut off */
        { 0, 0xc1e0000000180000, 0xc1e0000000000000, NV },     /* -(2^31 + 0.75) does not */
        { 0, 0x41dfffffffe00000, 0xc1e0000000000000, NV },     /* 2147483647.5, to even: 2^31 */
        { 0, 0x7ff8000000000000, 0xc1e0000000000000, NV },     { 0, 0xfff0000000000000, 0xc1e0000000000000, NV },
        { 0, 0xbfd0000000000000, 0x8000000000000000, NX },     { A64_FPCR_FZ, 0x8000000000000001, 0x8000000000000000, ID },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fp_env env = env_of(rows[i].fpcr, IR_RM_DYN);
        uint64_t got = a64_fp_round_int(&env, FP_F64, 32, rows[i].in);
        CHECK(&rows[i], env, got);
    }
    struct fp_env env = env_of(0, IR_RM_DYN);
    ck_assert_uint_eq(a64_fp_round_int(&env, FP_F32, 64, 0x5f000000), 0xdf000000); /* 2^63 */
    ck_assert_uint_eq(env.flags, NV);
}
END_TEST

START_TEST(javascript)
{
    static const struct {
        struct row row;
        bool exact;
    } rows[] = {
        { { 0, 0x0000000000000000, 0, 0 }, true },           { { 0, 0x8000000000000000, 0, 0 }, false },
        { { 0, 0x41e0000000000000, 0x80000000, NV }, false }, { { 0, 0xc1e0000000000000, 0x80000000, 0 }, true },
        { { 0, 0x41f0000000100000, 1, NV }, false },          /* 2^32 + 1 */
        { { 0, 0xc1f0000000100000, 0xffffffff, NV }, false }, { { 0, 0x3ff8000000000000, 1, NX }, false },
        { { 0, 0xbfe0000000000000, 0, NX }, false },          { { 0, 0x7ff0000000000000, 0, NV }, false },
        { { 0, 0x7ff8000000000000, 0, NV }, false },          { { 0, 0x433fffffffffffff, 0xffffffff, NV }, false },
        { { 0, 0x4530000000000001, 0, NV }, false },          { { 0, 0x0000000000000001, 0, NX }, false },
        { { A64_FPCR_FZ, 0x0000000000000001, 0, ID }, false }, { { 0, 0x4340000000000001, 2, NV }, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool exact;
        struct fp_env env = env_of(rows[i].row.fpcr, IR_RTZ);
        uint64_t got = a64_fp_to_js(&env, rows[i].row.in, &exact);
        CHECK(&rows[i].row, env, got);
        ck_assert_msg(exact == rows[i].exact, "%#lx: Z", rows[i].row.in);
    }
}
END_TEST

START_TEST(comparison)
{
    struct fp_env env = env_of(0, IR_RM_DYN);
    ck_assert_uint_eq(a64_fp_compare(&env, FP_F16, false, 0x8000, 0x0000), 6);
    ck_assert_uint_eq(a64_fp_compare(&env, FP_F16, false, 0xbc00, 0x3c00), 8);
    ck_assert_uint_eq(a64_fp_compare(&env, FP_F16, true, 0x7c00, 0x7bff), 2);
    ck_assert_uint_eq(a64_fp_compare(&env, FP_F16, false, 0x7e00, 0x0000), 3);
    ck_assert_uint_eq(env.flags, 0);
    ck_assert_uint_eq(a64_fp_compare(&env, FP_F16, true, 0x7e00, 0x0000), 3);
    ck_assert_uint_eq(env.flags, NV);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("float_value");
    TCase *tests = tcase_create("values");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, flushing_of_halves);
    tcase_add_test(tests, alternative_half);
    tcase_add_test(tests, bfloat16);
    tcase_add_test(tests, fixed_point);
    tcase_add_test(tests, rounding_to_integers);
    tcase_add_test(tests, javascript);
    tcase_add_test(tests, comparison);
    suite_add_tcase(suite, tests);
    return suite;
}
