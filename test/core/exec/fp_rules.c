/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guests' FP rules differ, and what the host cannot check: NaN choice, tininess,
 * conversion of the unrepresentable, minimum and maximum, ties away from zero, binary16.
 */
#include "core/cpu/cpu.h"
#include "core/exec/fp.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <math.h>
#include <string.h>

enum { R = IR_FP_RISCV, A = IR_FP_ARM, X = IR_FP_X86, L = IR_FP_LOONGARCH };
enum { NV = CPU_FP_INVALID, DE = CPU_FP_DENORMAL, DZ = CPU_FP_DIVZERO, OF = CPU_FP_OVERFLOW,
       UF = CPU_FP_UNDERFLOW, NX = CPU_FP_INEXACT };

#define QA 0x7fc00001u  /* quiet NaNs with payloads, signalling ones, and what those become */
#define QB 0xffc00002u
#define SA 0x7f800003u
#define SB 0xff800004u
#define SAQ 0x7fc00003u
#define SBQ 0xffc00004u
#define DN 0x7fc00000u  /* default NaN */
#define XN 0xffc00000u  /* of x86 */
#define ONE 0x3f800000u
#define INF 0x7f800000u

static struct fp_env env_of(int rule)
{
    struct fp_env e;
    fp_env_init(&e, (enum ir_fp_rule)rule, 0, IR_RNE);
    return e;
}

/* Arm DDI 0487 FPProcessNaNs; RISC-V F, "NaN Generation and Propagation"; SDM 1, table 4-7. */
static const struct { int rule; uint32_t a, b, result, flags; } nans[] = {
    { R, QA, ONE, DN, 0 },   { R, SA, ONE, DN, NV },  { R, QA, QB, DN, 0 },  { R, QA, SB, DN, NV },
    { A, QA, ONE, QA, 0 },   { A, ONE, QB, QB, 0 },   { A, QA, QB, QA, 0 },  { A, QA, SB, SBQ, NV },
    { A, SA, SB, SAQ, NV },  { A, SA, QB, SAQ, NV },
    { X, QA, QB, QA, 0 },    { X, QA, SB, QA, NV },   { X, SA, QB, SAQ, NV }, { X, ONE, SB, SBQ, NV },
    { L, QA, QB, QA, 0 },    { L, QA, SB, SBQ, NV },  { L, SA, SB, SAQ, NV },
    { R, INF, 0xff800000, DN, NV }, { A, INF, 0xff800000, DN, NV },
    { X, INF, 0xff800000, XN, NV }, { L, INF, 0xff800000, DN, NV },
};
START_TEST(nan_of_an_addition)
{
    struct fp_env e = env_of(nans[_i].rule);
    ck_assert_uint_eq(fp_add(&e, FP_F32, nans[_i].a, nans[_i].b), nans[_i].result);
    ck_assert_uint_eq(e.flags, nans[_i].flags);
}
END_TEST

/* FMA: Arm FPMulAdd (addend first); inf * 0 + qNaN of each. */
static const struct { int rule; uint32_t a, b, c, result, flags; } fmas[] = {
    { R, INF, 0, QA, DN, NV },   { A, INF, 0, QA, DN, NV },   { X, INF, 0, QA, QA, 0 },
    { L, INF, 0, QA, QA, NV },   { R, INF, 0, ONE, DN, NV },  { X, INF, 0, ONE, XN, NV },
    { A, QA, ONE, QB, QB, 0 },   { A, SA, ONE, QB, SAQ, NV }, { A, SA, SB, QB, SAQ, NV },
    { A, QA, QB, ONE, QA, 0 },   { X, QA, ONE, QB, QA, 0 },   { X, ONE, QA, QB, QA, 0 },
    { L, QA, ONE, QB, QB, 0 },   { L, SA, ONE, SB, SBQ, NV }, { A, INF, 0, SA, SAQ, NV },
};
START_TEST(nan_of_a_fused_multiply_add)
{
    struct fp_env e = env_of(fmas[_i].rule);
    ck_assert_uint_eq(fp_fma(&e, FP_F32, fmas[_i].a, fmas[_i].b, fmas[_i].c, false, false),
                      fmas[_i].result);
    ck_assert_uint_eq(e.flags, fmas[_i].flags);
}
END_TEST

/* a - c of a NaN: Arm negates the operand first (FPMulAdd's callers), others negate numbers only. */
START_TEST(nan_of_a_negated_addend)
{
    static const struct { int rule; uint32_t result; } rows[] = { { R, DN }, { A, QB ^ 0x80000000 }, { X, QB }, { L, QB } };
    struct fp_env e = env_of(rows[_i].rule);
    ck_assert_uint_eq(fp_fma(&e, FP_F32, ONE, ONE, QB, false, true), rows[_i].result);
    ck_assert_uint_eq(e.flags, 0);
}
END_TEST

/* 0x1.0000000000001p-500 * 0x1.ffffffffffffep-523 rounds up to the least normal number. */
START_TEST(tininess)
{
    static const struct { int rule; uint32_t flags; } rows[] = { { R, NX }, { A, NX | UF },
                                                                 { X, NX }, { L, NX } };
    struct fp_env e = env_of(rows[_i].rule);
    ck_assert_uint_eq(fp_mul(&e, FP_F64, 0x20b0000000000001, 0x1f4ffffffffffffe),
                      0x0010000000000000);
    ck_assert_uint_eq(e.flags, rows[_i].flags);
    /* One place less: tiny for all. 0x1p-500 * 0x1.fffffffffffffp-523 is half-way to it, to even. */
    e = env_of(rows[_i].rule);
    ck_assert_uint_eq(fp_mul(&e, FP_F64, 0x20b0000000000000, 0x1f4fffffffffffff),
                      0x0010000000000000);
    ck_assert_uint_eq(e.flags, NX | UF);
}
END_TEST

/* RISC-V F, table of FCVT; Arm FPToFixed; SDM CVTSS2SI; LoongArch FTINT. */
static const struct { int rule; uint64_t a; unsigned bits; bool is_unsigned; uint64_t result; uint32_t flags; }
ints[] = {
    { R, QA, 32, false, 0x7fffffff, NV },     { R, QA, 32, true, 0xffffffff, NV },
    { R, QB, 64, false, INT64_MAX, NV },      { R, 0xff800000, 32, false, 0x80000000, NV },
    { R, 0xbf800000, 32, true, 0, NV },       { R, 0xbe800000, 32, true, 0, NX },
    { R, 0x4f000000, 32, false, 0x7fffffff, NV }, { R, 0xcf000000, 32, false, 0x80000000, 0 },
    { R, 0x4f000000, 32, true, 0x80000000, 0 },   { R, 0x5f800000, 64, true, UINT64_MAX, NV },
    { R, 0x5f7fffff, 64, true, 0xffffff0000000000, 0 },
    { A, QA, 32, false, 0, NV },              { A, QA, 64, true, 0, NV },
    { A, 0x4f000000, 32, false, 0x7fffffff, NV }, { A, 0xff800000, 64, false, 1ull << 63, NV },
    { X, QA, 32, false, 0x80000000, NV },     { X, QA, 64, false, 1ull << 63, NV },
    { X, 0x4f000000, 32, false, 0x80000000, NV }, { X, 0xbf800000, 32, true, 0xffffffff, NV },
    { L, QA, 32, false, 0, NV },              { L, INF, 64, false, INT64_MAX, NV },
};
START_TEST(to_integer)
{
    struct fp_env e = env_of(ints[_i].rule);
    ck_assert_uint_eq(fp_to_int(&e, FP_F32, ints[_i].bits, ints[_i].is_unsigned, ints[_i].a),
                      ints[_i].result);
    ck_assert_uint_eq(e.flags, ints[_i].flags);
}
END_TEST

#define NZ 0x80000000u
static const struct { int rule; bool propagate; uint32_t a, b, min, max, flags; } mins[] = {
    { R, false, 0, NZ, NZ, 0, 0 },        { R, false, NZ, 0, NZ, 0, 0 },
    { R, false, QA, ONE, ONE, ONE, 0 },   { R, false, ONE, SA, ONE, ONE, NV },
    { R, false, QA, QB, DN, DN, 0 },      { R, true, QA, ONE, DN, DN, 0 },
    { A, false, QA, ONE, ONE, ONE, 0 },   { A, false, ONE, SB, SBQ, SBQ, NV },
    { A, true, QA, ONE, QA, QA, 0 },      { A, true, ONE, 0xc0000000, 0xc0000000, ONE, 0 },
    { X, false, QA, ONE, ONE, ONE, NV },  { X, false, ONE, QA, QA, QA, NV },
    { X, false, 0, NZ, NZ, NZ, 0 },       { X, false, NZ, 0, 0, 0, 0 },
    { L, false, ONE, QA, ONE, ONE, 0 },   { L, false, SA, QB, SAQ, SAQ, NV },
};
START_TEST(minimum_and_maximum)
{
    struct fp_env e = env_of(mins[_i].rule);
    ck_assert_uint_eq(fp_min(&e, FP_F32, mins[_i].a, mins[_i].b, mins[_i].propagate), mins[_i].min);
    ck_assert_uint_eq(fp_max(&e, FP_F32, mins[_i].a, mins[_i].b, mins[_i].propagate), mins[_i].max);
    ck_assert_uint_eq(e.flags, mins[_i].flags);
}
END_TEST

/* Arm FPCR.FZ: flushed operands raise IDC only, flushed results UFC only; x86 FTZ adds inexact. */
START_TEST(flush_to_zero)
{
    struct fp_env e = env_of(A);
    e.daz = e.ftz = true;
    ck_assert_uint_eq(fp_add(&e, FP_F32, 1, ONE), ONE);
    ck_assert_uint_eq(e.flags, DE);
    e.flags = 0;
    ck_assert_uint_eq(fp_mul(&e, FP_F32, 0x80800000, 0x3f000000), NZ);
    ck_assert_uint_eq(e.flags, UF);
    e = env_of(X);
    e.ftz = true;
    ck_assert_uint_eq(fp_mul(&e, FP_F32, 0x80800000, 0x3f000000), NZ);
    ck_assert_uint_eq(e.flags, UF | NX);
}
END_TEST

START_TEST(comparison)
{
    static const struct { unsigned cmp; uint32_t a, b, result, flags; } rows[] = {
        { IR_FEQ, QA, ONE, 0, 0 },   { IR_FEQ, SA, ONE, 0, NV },  { IR_FLT, QA, ONE, 0, NV },
        { IR_FLE, ONE, QA, 0, NV },  { IR_FLT | IR_FCMP_QUIET, QA, ONE, 0, 0 },
        { IR_FLE | IR_FCMP_QUIET, SA, ONE, 0, NV }, { IR_FUNORD, QA, ONE, 1, 0 },
        { IR_FEQ, 0, NZ, 1, 0 },     { IR_FLT, NZ, 0, 0, 0 },     { IR_FLE, 0, NZ, 1, 0 },
        { IR_FLT, 0xff800000, INF, 1, 0 }, { IR_FUNORD, ONE, INF, 0, 0 },
        { IR_FLT, 0xbf800000, 0xbf000000, 1, 0 }, { IR_FLE, 1, 0x80000001, 0, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fp_env e = env_of(R);
        ck_assert_msg(fp_cmp(&e, FP_F32, rows[i].cmp, rows[i].a, rows[i].b) == rows[i].result &&
                          e.flags == rows[i].flags, "row %zu", i);
    }
}
END_TEST

/* NaNs between formats: the leading payload bits stay; RISC-V gives the default one. */
START_TEST(conversion_of_nans)
{
    struct fp_env e = env_of(A);
    ck_assert_uint_eq(fp_cvt(&e, FP_F64, FP_F32, SB), 0xfff8000080000000);
    ck_assert_uint_eq(e.flags, NV);
    e.flags = 0;
    ck_assert_uint_eq(fp_cvt(&e, FP_F32, FP_F64, 0x7ff8000060000000), 0x7fc00003);
    ck_assert_uint_eq(fp_cvt(&e, FP_F16, FP_F32, 0xffc06000), 0xfe03);
    ck_assert_uint_eq(e.flags, 0);
    e = env_of(R);
    ck_assert_uint_eq(fp_cvt(&e, FP_F64, FP_F32, QB), 0x7ff8000000000000);
    ck_assert_uint_eq(fp_round(&e, FP_F32, QB, true), DN);
    ck_assert_uint_eq(fp_sqrt(&e, FP_F64, 0xbff0000000000000), 0x7ff8000000000000);
    ck_assert_uint_eq(e.flags, NV);
    ck_assert_uint_eq(fp_sqrt(&e, FP_F64, 1ull << 63), 1ull << 63);
}
END_TEST

/* ---- ties away from zero: RMM is the nearer of down and up, on a tie the larger magnitude ---- */

static double as_double(uint64_t v)
{
    double d;
    memcpy(&d, &v, 8);
    return d;
}

static uint64_t rounded(enum ir_rm rm, uint64_t a, uint64_t b, bool mul, uint32_t *flags)
{
    struct fp_env e = env_of(R);
    e.rm = rm;
    uint64_t r = mul ? fp_mul(&e, FP_F64, a, b) : fp_add(&e, FP_F64, a, b);
    *flags = e.flags;
    return r;
}

START_TEST(ties_away)
{
    uint64_t s = 1;
    for (uint32_t i = 0; i < 200000; i++) {
        s = hash_mix(s + i);
        bool mul = s & 1;
        /* few significant bits near the middle: ties are frequent, __float128 is exact */
        uint64_t mask = ~0ull << (s >> 1 & 31);
        uint64_t a = ((hash_mix(s) & 0x800fffffffffffff) | (1000 + (s >> 8 & 31)) << 52) & mask;
        uint64_t b = ((hash_mix(s + 1) & 0x800fffffffffffff) | (1000 + (s >> 16 & 31)) << 52) &
                     mask << (s >> 24 & 15);
        uint32_t flags;
        uint64_t down = rounded(IR_RDN, a, b, mul, &flags), up = rounded(IR_RUP, a, b, mul, &flags);
        uint64_t got = rounded(IR_RMM, a, b, mul, &flags);
        __float128 exact = mul ? (__float128)as_double(a) * as_double(b)
                               : (__float128)as_double(a) + as_double(b);
        __float128 below = exact - as_double(down), above = as_double(up) - exact;
        uint64_t want = below < above || (below == above && exact < 0) ? down : up;
        ck_assert_msg(got == want && (flags == (down != up ? NX : 0)),
                      "%lx %s %lx: %lx, not %lx, flags %x", a, mul ? "*" : "+", b, got, want, flags);
    }
}
END_TEST

START_TEST(rmm_at_the_limits)
{
    struct fp_env e = env_of(R);
    e.rm = IR_RMM;
    ck_assert_uint_eq(fp_round(&e, FP_F32, 0x3f000000, true), ONE);         /* 0.5 */
    ck_assert_uint_eq(fp_round(&e, FP_F32, 0xc0200000, true), 0xc0400000);  /* -2.5 */
    ck_assert_uint_eq(fp_to_int(&e, FP_F32, 32, false, 0x40200000), 3);
    ck_assert_uint_eq(fp_mul(&e, FP_F32, 1, 0x3f000000), 1);                /* half the least */
    ck_assert_uint_eq(fp_cvt(&e, FP_F32, FP_F64, 0x47efffffefffffff), 0x7f7fffff);
    ck_assert_uint_eq(e.flags & OF, 0);
    ck_assert_uint_eq(fp_cvt(&e, FP_F32, FP_F64, 0x47effffff0000000), INF);
    ck_assert_uint_eq(e.flags & OF, OF);
    ck_assert_uint_eq(fp_from_int(&e, FP_F32, 64, false, 0x1000001), 0x4b800001);
}
END_TEST

/* ---- binary16 against a search among all its values ---- */

static double half_value(unsigned h)
{
    double m = h & 0x3ff;
    int e = h >> 10 & 31;
    return e == 0 ? ldexp(m, -24) : ldexp(m + 1024, e - 25);
}

/* The rounding of an exact, finite x. */
static unsigned half_of(double x, enum ir_rm rm, uint32_t *flags)
{
    unsigned sign = signbit(x) ? 0x8000 : 0, lo = 0, hi = 0x7c00; /* 0x7c00 counts as 2^16 */
    double v = fabs(x);
    while (hi - lo > 1) {
        unsigned mid = (lo + hi) / 2;
        if (half_value(mid) <= v)
            lo = mid;
        else
            hi = mid;
    }
    *flags = 0;
    if (v == half_value(lo))
        return sign | lo;
    bool away = rm == IR_RUP ? !sign : rm == IR_RDN ? sign != 0 : false;
    if (rm == IR_RNE || rm == IR_RMM) {
        double below = v - half_value(lo), above = ldexp(1, 0) * half_value(hi) - v;
        away = above < below || (above == below && (rm == IR_RMM || (lo & 1)));
    }
    *flags = NX;
    unsigned r = away ? hi : lo;
    if (r == 0x7c00 || v >= 65536)
        *flags |= OF;
    if (v >= 65536) /* beyond the next value: directed modes stop at the largest */
        r = rm == IR_RTZ || (rm == IR_RUP && sign) || (rm == IR_RDN && !sign) ? 0x7bff : 0x7c00;
    if (v < 0x1p-14) { /* tiny after rounding to 11 bits as if there were no least exponent? */
        uint32_t unused;
        bool carried = v >= 0x1p-15 && (half_of(ldexp(x, 10), rm, &unused) & 0x7fff) ==
                                           (half_of(0x1p-4, rm, &unused) & 0x7fff);
        *flags |= carried ? 0 : UF;
    }
    return sign | r;
}

START_TEST(binary16)
{
    uint64_t s = 7;
    for (uint32_t i = 0; i < 300000; i++) {
        s = hash_mix(s + i);
        unsigned a = s & 0xffff, b = s >> 16 & 0xffff;
        enum ir_rm rm = (enum ir_rm)((s >> 32) % 5);
        if ((a & 0x7c00) == 0x7c00 || (b & 0x7c00) == 0x7c00)
            continue;
        double x = half_value(a & 0x7fff) * (a & 0x8000 ? -1 : 1);
        double y = half_value(b & 0x7fff) * (b & 0x8000 ? -1 : 1);
        bool mul = s >> 40 & 1;
        double exact = mul ? x * y : x + y;
        struct fp_env e = env_of(R);
        e.rm = rm;
        uint64_t got = mul ? fp_mul(&e, FP_F16, a, b) : fp_add(&e, FP_F16, a, b);
        uint32_t flags;
        if (exact == 0)
            continue; /* signs of zero: the host's formats check them */
        unsigned want = half_of(exact, rm, &flags);
        ck_assert_msg(got == want && e.flags == flags,
                      "%04x %s %04x rm %d: %04lx flags %02x, not %04x %02x", a, mul ? "*" : "+", b,
                      rm, got, e.flags, want, flags);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/exec/fp_rules");
    TCase *t = tcase_create("rules");
    tcase_add_loop_test(t, nan_of_an_addition, 0, ARRAY_LEN(nans));
    tcase_add_loop_test(t, nan_of_a_fused_multiply_add, 0, ARRAY_LEN(fmas));
    tcase_add_loop_test(t, nan_of_a_negated_addend, 0, 4);
    tcase_add_loop_test(t, tininess, 0, 4);
    tcase_add_loop_test(t, to_integer, 0, ARRAY_LEN(ints));
    tcase_add_loop_test(t, minimum_and_maximum, 0, ARRAY_LEN(mins));
    tcase_add_test(t, flush_to_zero);
    tcase_add_test(t, comparison);
    tcase_add_test(t, conversion_of_nans);
    tcase_add_test(t, ties_away);
    tcase_add_test(t, rmm_at_the_limits);
    tcase_add_test(t, binary16);
    suite_add_tcase(s, t);
    return s;
}
