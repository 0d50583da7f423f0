/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half-precision arithmetic. The reference is the compiler's: a double holds sums, products
 * and (by Figueroa's bound) enough of quotients and roots of halves, and its conversion to
 * _Float16 rounds to nearest even. Directed modes, flags and edges are tables from IEEE 754
 * and the unprivileged ISA, chapters "F" and "Zfh".
 */
#include "core/cpu/cpu.h"
#include "core/util/hash.h"
#include "cpu/riscv/half_impl.h"
#include "test/check_main.h"
#include <math.h>
#include <string.h>

#define BOX(h) (0xffffffffffff0000ull | (h))
enum {
    NX = CPU_FP_INEXACT,
    UF = CPU_FP_UNDERFLOW,
    OF = CPU_FP_OVERFLOW,
    DZ = CPU_FP_DIVZERO,
    NV = CPU_FP_INVALID
};

static double value(uint16_t h)
{
    double m = h & 0x3ff;
    int e = h >> 10 & 31;
    double v = e == 31  ? (m != 0 ? NAN : INFINITY)
               : e == 0 ? ldexp(m, -24)
                        : ldexp(m + 1024, e - 25);
    return h & 0x8000 ? -v : v;
}

static uint16_t nearest(double d)
{
    _Float16 f = (_Float16)d;
    uint16_t h;
    memcpy(&h, &f, 2);
    return d != d ? 0x7e00 : h;
}

START_TEST(random_operands_against_double)
{
    uint64_t seed = 1;
    for (unsigned i = 0; i < 60000; i++) {
        seed = hash_add(seed, i);
        uint16_t a = (uint16_t)seed, b = (uint16_t)(seed >> 16), c = (uint16_t)(seed >> 32);
        double x = value(a), y = value(b);
        uint32_t f = 0;
        const struct {
            enum rv_half_op op;
            double exact;
        } rows[] = {
            { RV_HALF_ADD, x + y }, { RV_HALF_SUB, x - y },    { RV_HALF_MUL, x * y },
            { RV_HALF_DIV, x / y }, { RV_HALF_SQRT, sqrt(x) },
        };
        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            uint64_t got = rv_half_compute(rows[k].op, BOX(a), BOX(b), IR_RNE, &f);
            ck_assert_msg(got == BOX(nearest(rows[k].exact)), "op %u on %04x, %04x: %04x, not %04x",
                          rows[k].op, a, b, (unsigned)(got & 0xffff), nearest(rows[k].exact));
        }
        long double product = (long double)x * y + value(c); /* 64 bits: exact unless far apart */
        if (fabsl(product) < 65504 && fabsl(product) > 0x1p-14 && fabs(x * y) < 0x1p14) {
            uint64_t got = rv_half_fma(BOX(a), BOX(b), BOX(c), false, false, IR_RNE, &f);
            double near = (double)product;
            if ((long double)near == product)
                ck_assert_msg(got == BOX(nearest(near)), "fma %04x %04x %04x", a, b, c);
        }
    }
}
END_TEST

/* Widening and narrowing again is the identity; wider to half rounds once. */
START_TEST(conversions)
{
    uint32_t f = 0;
    for (uint32_t h = 0; h < 0x10000; h++) {
        if ((h & 0x7fff) > 0x7c00)
            continue;
        uint64_t s = rv_half_compute(RV_HALF_TO_S, BOX(h), 0, IR_RNE, &f);
        uint64_t d = rv_half_compute(RV_HALF_TO_D, BOX(h), 0, IR_RNE, &f);
        double v = value((uint16_t)h);
        float w = (float)v;
        uint64_t bits_d;
        uint32_t bits_s;
        memcpy(&bits_d, &v, 8);
        memcpy(&bits_s, &w, 4);
        ck_assert_uint_eq(d, bits_d);
        ck_assert_uint_eq(s, 0xffffffff00000000ull | bits_s);
        ck_assert_uint_eq(rv_half_compute(RV_HALF_FROM_S, s, 0, IR_RNE, &f), BOX(h));
        ck_assert_uint_eq(rv_half_compute(RV_HALF_FROM_D, d, 0, IR_RNE, &f), BOX(h));
    }
    ck_assert_uint_eq(f, 0);
    uint64_t seed = 3;
    for (unsigned i = 0; i < 50000; i++) {
        seed = hash_add(seed, i);
        double v = ldexp((double)(int64_t)seed, (int)(seed & 63) - 96);
        uint64_t bits;
        memcpy(&bits, &v, 8);
        ck_assert_uint_eq(rv_half_compute(RV_HALF_FROM_D, bits, 0, IR_RNE, &f), BOX(nearest(v)));
    }
}
END_TEST

static const struct {
    enum rv_half_op op;
    uint64_t a, b;
    enum ir_rm rm;
    uint64_t result;
    uint32_t flags;
} rows[] = {
    /* 1 + 2^-11 is half an ulp above 1: every mode differs */
    { RV_HALF_ADD, BOX(0x3c00), BOX(0x1000), IR_RNE, BOX(0x3c00), NX },
    { RV_HALF_ADD, BOX(0x3c00), BOX(0x1000), IR_RMM, BOX(0x3c01), NX },
    { RV_HALF_ADD, BOX(0x3c00), BOX(0x1000), IR_RUP, BOX(0x3c01), NX },
    { RV_HALF_ADD, BOX(0x3c00), BOX(0x1000), IR_RDN, BOX(0x3c00), NX },
    { RV_HALF_ADD, BOX(0x3c00), BOX(0x1000), IR_RTZ, BOX(0x3c00), NX },
    { RV_HALF_ADD, BOX(0xbc00), BOX(0x9000), IR_RDN, BOX(0xbc01), NX },
    /* overflow: 65504 + 65504 */
    { RV_HALF_ADD, BOX(0x7bff), BOX(0x7bff), IR_RNE, BOX(0x7c00), OF | NX },
    { RV_HALF_ADD, BOX(0x7bff), BOX(0x7bff), IR_RTZ, BOX(0x7bff), OF | NX },
    { RV_HALF_ADD, BOX(0x7bff), BOX(0x7bff), IR_RDN, BOX(0x7bff), OF | NX },
    { RV_HALF_ADD, BOX(0xfbff), BOX(0xfbff), IR_RDN, BOX(0xfc00), OF | NX },
    { RV_HALF_ADD, BOX(0xfbff), BOX(0xfbff), IR_RUP, BOX(0xfbff), OF | NX },
    /* zeros */
    { RV_HALF_SUB, BOX(0x3c00), BOX(0x3c00), IR_RNE, BOX(0x0000), 0 },
    { RV_HALF_SUB, BOX(0x3c00), BOX(0x3c00), IR_RDN, BOX(0x8000), 0 },
    { RV_HALF_ADD, BOX(0x8000), BOX(0x8000), IR_RNE, BOX(0x8000), 0 },
    /* NaNs are canonical; what is no box is a NaN; signalling raises */
    { RV_HALF_ADD, 0x3c00, BOX(0x3c00), IR_RNE, BOX(0x7e00), 0 },
    { RV_HALF_ADD, BOX(0x7d00), BOX(0x3c00), IR_RNE, BOX(0x7e00), NV },
    { RV_HALF_ADD, BOX(0xfe55), BOX(0x3c00), IR_RNE, BOX(0x7e00), 0 },
    { RV_HALF_SUB, BOX(0x7c00), BOX(0x7c00), IR_RNE, BOX(0x7e00), NV },
    { RV_HALF_MUL, BOX(0x7c00), BOX(0x0000), IR_RNE, BOX(0x7e00), NV },
    { RV_HALF_DIV, BOX(0x3c00), BOX(0x8000), IR_RNE, BOX(0xfc00), DZ },
    { RV_HALF_DIV, BOX(0x0000), BOX(0x0000), IR_RNE, BOX(0x7e00), NV },
    { RV_HALF_SQRT, BOX(0xbc00), 0, IR_RNE, BOX(0x7e00), NV },
    { RV_HALF_SQRT, BOX(0x8000), 0, IR_RNE, BOX(0x8000), 0 },
    { RV_HALF_SQRT, BOX(0x4000), 0, IR_RNE, BOX(0x3da8), NX },
    /* tininess after rounding: 2^-14 (1 - 2^-20) rounds to 2^-14 in 11 bits and so is not tiny...
     */
    { RV_HALF_MUL, BOX(0x03ff), BOX(0x3c01), IR_RNE, BOX(0x0400), NX },
    /* ...but 2^-14 (1 - 2^-11) is an 11-bit number below it, although it too becomes 2^-14 */
    { RV_HALF_FROM_D, 0x3f0ffc0000000000ull, 0, IR_RNE, BOX(0x0400), NX | UF },
    { RV_HALF_MUL, BOX(0x0001), BOX(0x3800), IR_RNE, BOX(0x0000), NX | UF },
    { RV_HALF_MUL, BOX(0x0001), BOX(0x3800), IR_RUP, BOX(0x0001), NX | UF },
    { RV_HALF_MUL, BOX(0x0001), BOX(0x3c00), IR_RNE, BOX(0x0001), 0 }, /* exact: no underflow */
    /* minimum and maximum */
    { RV_HALF_MIN, BOX(0x8000), BOX(0x0000), IR_RNE, BOX(0x8000), 0 },
    { RV_HALF_MAX, BOX(0x8000), BOX(0x0000), IR_RNE, BOX(0x0000), 0 },
    { RV_HALF_MIN, BOX(0x7e00), BOX(0x3c00), IR_RNE, BOX(0x3c00), 0 },
    { RV_HALF_MIN, BOX(0x7d00), BOX(0x3c00), IR_RNE, BOX(0x3c00), NV },
    { RV_HALF_MINM, BOX(0x7e00), BOX(0x3c00), IR_RNE, BOX(0x7e00), 0 },
    { RV_HALF_MAXM, BOX(0x3c00), BOX(0x4000), IR_RNE, BOX(0x4000), 0 },
    /* comparisons */
    { RV_HALF_EQ, BOX(0x7e00), BOX(0x7e00), IR_RNE, 0, 0 },
    { RV_HALF_LT, BOX(0x7e00), BOX(0x3c00), IR_RNE, 0, NV },
    { RV_HALF_LTQ, BOX(0x7e00), BOX(0x3c00), IR_RNE, 0, 0 },
    { RV_HALF_LE, BOX(0x8000), BOX(0x0000), IR_RNE, 1, 0 },
    { RV_HALF_LT, BOX(0xfc00), BOX(0xfbff), IR_RNE, 1, 0 },
    /* to integers: the table of clipped values */
    { RV_HALF_TO_W, BOX(0xc100), 0, IR_RTZ, (uint64_t)-2, NX }, /* -2.5 */
    { RV_HALF_TO_W, BOX(0xc100), 0, IR_RMM, (uint64_t)-3, NX },
    { RV_HALF_TO_W, BOX(0x7c00), 0, IR_RTZ, 0x7fffffff, NV },
    { RV_HALF_TO_W, BOX(0xfc00), 0, IR_RTZ, 0xffffffff80000000ull, NV },
    { RV_HALF_TO_W, BOX(0x7e00), 0, IR_RTZ, 0x7fffffff, NV },
    { RV_HALF_TO_WU, BOX(0xbc00), 0, IR_RTZ, 0, NV },
    { RV_HALF_TO_WU, BOX(0xb800), 0, IR_RTZ, 0, NX },     /* -0.5 rounds into range */
    { RV_HALF_TO_WU, BOX(0x7e00), 0, IR_RTZ, ~0ull, NV }, /* sign-extended */
    { RV_HALF_TO_L, BOX(0xfe00), 0, IR_RTZ, 0x7fffffffffffffffull, NV },
    { RV_HALF_TO_LU, BOX(0x7c00), 0, IR_RTZ, ~0ull, NV },
    { RV_HALF_FROM_W, 0xffffffffull, 0, IR_RNE, BOX(0xbc00), 0 },
    { RV_HALF_FROM_WU, 0xffffffffull, 0, IR_RNE, BOX(0x7c00), OF | NX },
    { RV_HALF_FROM_L, 2049, 0, IR_RNE, BOX(0x6800), NX },
    { RV_HALF_ROUND, BOX(0x3e00), 0, IR_RNE, BOX(0x4000), 0 }, /* 1.5 -> 2, no flag */
    { RV_HALF_ROUNDNX, BOX(0x3e00), 0, IR_RTZ, BOX(0x3c00), NX },
    { RV_HALF_ROUND, BOX(0xb400), 0, IR_RNE, BOX(0x8000), 0 },                  /* -0.25 -> -0 */
    { RV_HALF_FROM_D, 0x40effc0000000000ull, 0, IR_RNE, BOX(0x7bff), 0 },       /* 65504 */
    { RV_HALF_FROM_D, 0x40effe0000000000ull, 0, IR_RNE, BOX(0x7c00), OF | NX }, /* 65520 */
    { RV_HALF_FROM_D, 0x0000000000000001ull, 0, IR_RUP, BOX(0x0001), UF | NX },
    { RV_HALF_FROM_D, 0x0000000000000001ull, 0, IR_RNE, BOX(0x0000), UF | NX },
    { RV_HALF_FROM_S, 0x3f800000ull, 0, IR_RNE, BOX(0x7e00), 0 }, /* no box */
    { RV_HALF_CLASS, BOX(0x8001), 0, IR_RNE, 1 << 2, 0 },
    { RV_HALF_CLASS, BOX(0x7d00), 0, IR_RNE, 1 << 8, 0 },
    { RV_HALF_SGNJX, BOX(0xbc00), BOX(0x8000), IR_RNE, BOX(0x3c00), 0 },
};

START_TEST(edges)
{
    uint32_t f = 0;
    uint64_t got = rv_half_compute(rows[_i].op, rows[_i].a, rows[_i].b, rows[_i].rm, &f);
    ck_assert_msg(got == rows[_i].result && f == rows[_i].flags,
                  "row %d: %016llx flags %02x, not %016llx flags %02x", _i, (unsigned long long)got,
                  f, (unsigned long long)rows[_i].result, rows[_i].flags);
}
END_TEST

/* inf * 0 + NaN is invalid too (chapter "F"); the four sign forms. */
START_TEST(fused)
{
    uint32_t f = 0;
    ck_assert_uint_eq(rv_half_fma(BOX(0x7c00), BOX(0), BOX(0x7e00), false, false, IR_RNE, &f),
                      BOX(0x7e00));
    ck_assert_uint_eq(f, NV);
    f = 0; /* 2*3+1 = 7, 2*3-1 = 5, -(2*3)+1 = -5, -(2*3)-1 = -7 */
    static const uint16_t want[4] = { 0x4700, 0xc500, 0x4500, 0xc700 };
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(
            rv_half_fma(BOX(0x4000), BOX(0x4200), BOX(0x3c00), i & 1, i & 2, IR_RNE, &f),
            BOX(want[i]));
    ck_assert_uint_eq(f, 0);
    /* one rounding: (1 + 2^-10)^2 - (1 + 2^-9) = 2^-20, which mul then add would lose */
    ck_assert_uint_eq(rv_half_fma(BOX(0x3c01), BOX(0x3c01), BOX(0xbc02), false, false, IR_RNE, &f),
                      BOX(0x0010));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/half");
    TCase *t = tcase_create("half");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, random_operands_against_double);
    tcase_add_test(t, conversions);
    tcase_add_loop_test(t, edges, 0, ARRAY_LEN(rows));
    tcase_add_test(t, fused);
    suite_add_tcase(s, t);
    return s;
}
