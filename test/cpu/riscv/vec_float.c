/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lane of vector floating point: unprivileged ISA, chapter "V". Arithmetic is core/exec/fp.h's, tested there; here are
 * which operand is which, widening, rounding to odd, estimates and classes. Estimates are checked by what makes their tables:
 * of all values of seven bits they have the least relative error over their interval.
 */
#include "core/cpu/cpu.h"
#include "core/util/bits.h"
#include "core/util/hash.h"
#include "cpu/riscv/vec_float_impl.h"
#include "test/check_main.h"
#include <math.h>
#include <string.h>

enum { NX = CPU_FP_INEXACT, UF = CPU_FP_UNDERFLOW, OF = CPU_FP_OVERFLOW, DZ = CPU_FP_DIVZERO, NV = CPU_FP_INVALID };
enum { H = 1, S = 2, D = 3 };

static uint32_t flags;

static uint64_t lane(uint32_t what, unsigned sew, enum ir_rm rm, uint64_t a, uint64_t b, uint64_t d)
{
    struct fp_env env;
    fp_env_init(&env, IR_FP_RISCV, 0, rv_vfp_rounding(what, rm));
    uint64_t v = rv_vfp_lane(&env, what, sew, a, b, d);
    flags = env.flags;
    return v;
}

static uint64_t image(double x)
{
    uint64_t v;
    memcpy(&v, &x, 8);
    return v;
}

static uint64_t image32(float x)
{
    uint32_t v;
    memcpy(&v, &x, 4);
    return v;
}

static double number(uint64_t v)
{
    double x;
    memcpy(&x, &v, 8);
    return x;
}

/* a = vs2 = 6, b = vs1 = 2, d = vd = 5 ("Vector Floating-Point Fused Multiply-Add Instructions" and before) */
static const struct {
    uint32_t what;
    double want;
} which[] = {
    { RV_VFP_ADD, 8 }, { RV_VFP_SUB, 4 }, { RV_VFP_RSUB, -4 }, { RV_VFP_MUL, 12 }, { RV_VFP_DIV, 3 }, { RV_VFP_RDIV, 1.0 / 3 },
    { RV_VFP_MACC, 17 },                                            /* vfmacc: vs1 * vs2 + vd */
    { RV_VFP_MACC | RV_VFP_NEG_PRODUCT | RV_VFP_NEG_ADDEND, -17 },  /* vfnmacc */
    { RV_VFP_MACC | RV_VFP_NEG_ADDEND, 7 },                         /* vfmsac */
    { RV_VFP_MACC | RV_VFP_NEG_PRODUCT, -7 },                       /* vfnmsac */
    { RV_VFP_MADD, 16 },                                            /* vfmadd: vs1 * vd + vs2 */
    { RV_VFP_MADD | RV_VFP_NEG_PRODUCT | RV_VFP_NEG_ADDEND, -16 },
    { RV_VFP_MADD | RV_VFP_NEG_ADDEND, 4 },
    { RV_VFP_MADD | RV_VFP_NEG_PRODUCT, -4 },
    { RV_VFP_MIN, 2 }, { RV_VFP_MAX, 6 }, { RV_VFP_SGNJ, 6 }, { RV_VFP_SGNJN, -6 }, { RV_VFP_SGNJX, 6 },
    { RV_VFP_SQRT, 2.449489742783178 }, { RV_VFP_MOVE, 2 },
};

START_TEST(operands)
{
    ck_assert_uint_eq(lane(which[_i].what, D, IR_RNE, image(6), image(2), image(5)), image(which[_i].want));
    ck_assert_uint_eq(lane(which[_i].what, S, IR_RNE, image32(6), image32(2), image32(5)), image32((float)which[_i].want));
}
END_TEST

START_TEST(comparisons)
{
    static const uint8_t want[6][3] = { /* 1 against 1, 2, NaN */
        [RV_VFP_EQ - RV_VFP_EQ] = { 1, 0, 0 }, [RV_VFP_NE - RV_VFP_EQ] = { 0, 1, 1 }, [RV_VFP_LT - RV_VFP_EQ] = { 0, 1, 0 },
        [RV_VFP_LE - RV_VFP_EQ] = { 1, 1, 0 }, [RV_VFP_GT - RV_VFP_EQ] = { 0, 0, 0 }, [RV_VFP_GE - RV_VFP_EQ] = { 1, 0, 0 },
    };
    const uint64_t b[3] = { image(1), image(2), 0x7ff8000000000000 };
    for (unsigned op = 0; op < 6; op++)
        for (unsigned k = 0; k < 3; k++) {
            ck_assert_uint_eq(lane(RV_VFP_EQ + op, D, IR_RNE, image(1), b[k], 0), want[op][k]);
            ck_assert_uint_eq(flags, k == 2 && op >= 2 ? NV : 0); /* VMFEQ and VMFNE are quiet */
        }
}
END_TEST

START_TEST(widening)
{
    uint64_t tiny = 1; /* 2^-149 */
    ck_assert_uint_eq(lane(RV_VFP_MUL | RV_VFP_WIDEN, S, IR_RNE, tiny, tiny, 0), image(0x1p-298));
    ck_assert_uint_eq(flags, 0);
    ck_assert_uint_eq(lane(RV_VFP_ADD | RV_VFP_WIDEN | RV_VFP_WIDE_A, S, IR_RNE, image(0.1), image32(1), 0), image(1.1));
    ck_assert_uint_eq(lane(RV_VFP_MACC | RV_VFP_WIDEN, S, IR_RNE, image32(3), image32(0.5f), image(0.1)), image(1.6));
    ck_assert_uint_eq(lane(RV_VFP_ADD | RV_VFP_WIDEN, S, IR_RNE, 0x7f800001, image32(1), 0), 0x7ff8000000000000);
    ck_assert_uint_eq(flags, NV);
    ck_assert_uint_eq(lane(RV_VFP_ADD | RV_VFP_WIDEN, H, IR_RNE, 0x7bff, 0x7bff, 0), image32(131008));
    ck_assert_uint_eq(lane(RV_VFP_CVT | RV_VFP_WIDEN, H, IR_RNE, 1, 0, 0), image32(0x1p-24f));
}
END_TEST

/* Of 2 * SEW to SEW. Odd rounding twice loses nothing: f64 to f32 by it, then to f16, is f64 to f16. */
START_TEST(to_odd)
{
    const uint32_t rod = RV_VFP_CVT | RV_VFP_NARROW | RV_VFP_ROD;
    ck_assert_uint_eq(lane(rod, S, IR_RNE, image(1 + 0x1p-52), 0, 0), 0x3f800001);
    ck_assert_uint_eq(flags, NX);
    ck_assert_uint_eq(lane(rod, S, IR_RNE, image(1 + 0x1p-23), 0, 0), 0x3f800001);
    ck_assert_uint_eq(flags, 0);
    ck_assert_uint_eq(lane(rod, S, IR_RNE, image(-1e300), 0, 0), 0xff7fffff);
    ck_assert_uint_eq(flags, OF | NX);
    ck_assert_uint_eq(lane(rod, S, IR_RNE, image(1e-300), 0, 0), 1);
    ck_assert_uint_eq(flags, UF | NX);
    uint64_t seed = 3;
    for (unsigned i = 0; i < 20000; i++) {
        seed = hash_add(seed, i);
        double x = ldexp(1 + ldexp((double)(seed >> 12), -52), (int)(seed & 31) - 16);
        uint64_t once = lane(rod, S, IR_RNE, image(x), 0, 0);
        uint64_t got = lane(RV_VFP_CVT | RV_VFP_NARROW, H, IR_RNE, once, 0, 0);
        _Float16 want = (_Float16)x;
        uint16_t bits;
        memcpy(&bits, &want, 2);
        ck_assert_msg(got == bits, "%a: %04x, not %04x", x, (unsigned)got, bits);
    }
}
END_TEST

static const struct {
    uint32_t what;
    unsigned sew;
    enum ir_rm rm;
    uint64_t a, want;
    uint32_t flags;
} integers[] = {
    { RV_VFP_FTOI, S, IR_RNE, 0x3fc00000, 2, NX },                       /* 1.5 */
    { RV_VFP_FTOI, S, IR_RUP, 0xbfc00000, 0xffffffff, NX },              /* -1.5 */
    { RV_VFP_FTOI | RV_VFP_RTZ, S, IR_RUP, 0x3fc00000, 1, NX },
    { RV_VFP_FTOI | RV_VFP_UNSIGNED, S, IR_RNE, 0xbf800000, 0, NV },
    { RV_VFP_FTOI, S, IR_RNE, 0x7fc00000, 0x7fffffff, NV },
    { RV_VFP_FTOI, H, IR_RNE, 0x7bff, 0x7fff, NV },                      /* 65504 does not fit 16 bits */
    { RV_VFP_FTOI | RV_VFP_UNSIGNED, H, IR_RNE, 0x7bff, 65504, 0 },
    { RV_VFP_FTOI | RV_VFP_WIDEN, H, IR_RNE, 0xfbff, 0xffff0020, 0 },
    { RV_VFP_FTOI | RV_VFP_NARROW, 0, IR_RNE, 0xd800, 0x80, 0 },         /* -128 of f16 to 8 bits */
    { RV_VFP_FTOI | RV_VFP_NARROW, 0, IR_RNE, 0xd804, 0x80, NX },        /* -128.5 rounds to it */
    { RV_VFP_FTOI | RV_VFP_NARROW, 0, IR_RNE, 0x5800, 0x7f, NV },
    { RV_VFP_FTOI | RV_VFP_NARROW | RV_VFP_UNSIGNED, 0, IR_RNE, 0x5bf8, 0xff, 0 },
    { RV_VFP_ITOF | RV_VFP_WIDEN, 0, IR_RNE, 0x80, 0xd800, 0 },
    { RV_VFP_ITOF | RV_VFP_WIDEN | RV_VFP_UNSIGNED, 0, IR_RNE, 0x80, 0x5800, 0 },
    { RV_VFP_ITOF | RV_VFP_NARROW, H, IR_RNE, 0x7fffffff, 0x7c00, OF | NX },
    { RV_VFP_ITOF | RV_VFP_NARROW, S, IR_RDN, 0xffffffffffffffff, 0xbf800000, 0 },
    { RV_VFP_ITOF, S, IR_RNE, 0x01000001, 0x4b800000, NX },
};

START_TEST(to_and_from_integers)
{
    ck_assert_uint_eq(lane(integers[_i].what, integers[_i].sew, integers[_i].rm, integers[_i].a, 0, 0), integers[_i].want);
    ck_assert_uint_eq(flags, integers[_i].flags);
}
END_TEST

/* "Vector Floating-Point Reciprocal [Square-Root] Estimate Instruction": the tables of special inputs; f16 and f32. */
static const struct {
    uint32_t what;
    unsigned sew;
    enum ir_rm rm;
    uint64_t a, want;
    uint32_t flags;
} estimates[] = {
    { RV_VFP_REC7, S, IR_RNE, 0xff800000, 0x80000000, 0 },
    { RV_VFP_REC7, S, IR_RNE, 0x80000000, 0xff800000, DZ },
    { RV_VFP_REC7, S, IR_RNE, 0x00000000, 0x7f800000, DZ },
    { RV_VFP_REC7, S, IR_RNE, 0x7f800000, 0x00000000, 0 },
    { RV_VFP_REC7, S, IR_RNE, 0xffc00001, 0x7fc00000, 0 },
    { RV_VFP_REC7, S, IR_RNE, 0x7f800001, 0x7fc00000, NV },
    { RV_VFP_REC7, S, IR_RNE, 0x00718abc, 0x7e900000, 0 },            /* the chapter's example: a subnormal */
    { RV_VFP_REC7, S, IR_RNE, 0x7f765432, 0x00214000, 0 },            /* and one whose estimate is subnormal */
    { RV_VFP_REC7, S, IR_RNE, 0x001fffff, 0x7f800000, OF | NX },
    { RV_VFP_REC7, S, IR_RTZ, 0x001fffff, 0x7f7fffff, OF | NX },
    { RV_VFP_REC7, S, IR_RDN, 0x001fffff, 0x7f7fffff, OF | NX },
    { RV_VFP_REC7, S, IR_RUP, 0x001fffff, 0x7f800000, OF | NX },
    { RV_VFP_REC7, S, IR_RUP, 0x801fffff, 0xff7fffff, OF | NX },
    { RV_VFP_REC7, S, IR_RMM, 0x801fffff, 0xff800000, OF | NX },
    { RV_VFP_REC7, H, IR_RNE, 0x3c00, 0x3bf8, 0 },                    /* 1: 255/256 */
    { RV_VFP_RSQRT7, S, IR_RNE, 0xff800000, 0x7fc00000, NV },
    { RV_VFP_RSQRT7, S, IR_RNE, 0xbf800000, 0x7fc00000, NV },
    { RV_VFP_RSQRT7, S, IR_RNE, 0x80000000, 0xff800000, DZ },
    { RV_VFP_RSQRT7, S, IR_RNE, 0x00000000, 0x7f800000, DZ },
    { RV_VFP_RSQRT7, S, IR_RNE, 0x7f800000, 0x00000000, 0 },
    { RV_VFP_RSQRT7, S, IR_RNE, 0x7f800001, 0x7fc00000, NV },
    { RV_VFP_RSQRT7, S, IR_RNE, 0x00718abc, 0x5f080000, 0 },          /* the chapter's example */
    { RV_VFP_RSQRT7, H, IR_RNE, 0x3c00, 0x3bf8, 0 },
    { RV_VFP_CLASS, S, IR_RNE, 0xff800000, 1 << 0, 0 }, { RV_VFP_CLASS, S, IR_RNE, 0xbf800000, 1 << 1, 0 },
    { RV_VFP_CLASS, S, IR_RNE, 0x80000001, 1 << 2, 0 }, { RV_VFP_CLASS, S, IR_RNE, 0x80000000, 1 << 3, 0 },
    { RV_VFP_CLASS, H, IR_RNE, 0x0000, 1 << 4, 0 },     { RV_VFP_CLASS, H, IR_RNE, 0x03ff, 1 << 5, 0 },
    { RV_VFP_CLASS, H, IR_RNE, 0x0400, 1 << 6, 0 },     { RV_VFP_CLASS, H, IR_RNE, 0x7c00, 1 << 7, 0 },
    { RV_VFP_CLASS, D, IR_RNE, 0x7ff0000000000001, 1 << 8, 0 },
    { RV_VFP_CLASS, D, IR_RNE, 0xfff8000000000000, 1 << 9, 0 },
};

START_TEST(special_inputs)
{
    ck_assert_uint_eq(lane(estimates[_i].what, estimates[_i].sew, estimates[_i].rm, estimates[_i].a, 0, 0),
                      estimates[_i].want);
    ck_assert_uint_eq(flags, estimates[_i].flags);
}
END_TEST

/* Of f(x) over [low, high), the worst relative error that estimate y has. */
static double worst(double y, double low, double high, bool root)
{
    double l = fabs(y * (root ? sqrt(low) : low) - 1), h = fabs(y * (root ? sqrt(high) : high) - 1);
    return l > h ? l : h;
}

START_TEST(best_of_seven_bits)
{
    for (unsigned n = 0; n < 256; n++) { /* two octaves */
        bool root = _i;
        double low = (n < 128 ? 128 + n : 2 * n) / 128.0, high = n < 128 ? low + 1 / 128.0 : low + 2 / 128.0;
        if (root && n % 2) /* six bits of the fraction */
            continue;
        if (root)
            high += high - low;
        double y = number(lane(root ? RV_VFP_RSQRT7 : RV_VFP_REC7, D, IR_RNE, image(low), 0, 0));
        double step = ldexp(1, (int)(image(y) >> 52) - 1023 - 7), error = worst(y, low, high, root);
        ck_assert_msg(error < 1.0 / 128, "%a: %a", low, y);
        if (image(y) << 12 != 0)
            ck_assert_msg(error <= worst(y - step, low, high, root), "%a: %a", low, y);
        if ((image(y) >> 45 & 0x7f) != 0x7f)
            ck_assert_msg(error <= worst(y + step, low, high, root), "%a: %a", low, y);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/vec_float");
    TCase *t = tcase_create("lanes");
    tcase_add_loop_test(t, operands, 0, ARRAY_LEN(which));
    tcase_add_test(t, comparisons);
    tcase_add_test(t, widening);
    tcase_add_test(t, to_odd);
    tcase_add_loop_test(t, to_and_from_integers, 0, ARRAY_LEN(integers));
    tcase_add_loop_test(t, special_inputs, 0, ARRAY_LEN(estimates));
    tcase_add_loop_test(t, best_of_seven_bits, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
