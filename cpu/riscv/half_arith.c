/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half precision in fixed point. Every finite half is a multiple of 2^-24 below 2^16, so
 * sums, products and fused products are exact multiples of 2^-48 that fit 128 bits;
 * quotients and roots get a sticky bit. One function rounds them all.
 */
#include "cpu/riscv/half_impl.h"
#include "core/cpu/cpu.h"
#include "core/util/bits.h"

typedef unsigned __int128 u128;
#define HALF_NAN 0x7e00u
#define HALF_INF 0x7c00u
#define BOX_H    0xffffffffffff0000ull
#define BOX_S    0xffffffff00000000ull

static uint16_t unbox(uint64_t image)
{
    return image >= BOX_H ? (uint16_t)image : HALF_NAN;
}

static bool is_nan(uint16_t h)
{
    return (h & 0x7fff) > HALF_INF;
}
static bool is_signalling(uint16_t h)
{
    return is_nan(h) && !(h & 0x200);
}
static bool is_inf(uint16_t h)
{
    return (h & 0x7fff) == HALF_INF;
}
static bool is_zero(uint16_t h)
{
    return (h & 0x7fff) == 0;
}
static bool sign_of(uint16_t h)
{
    return h >> 15;
}

static uint16_t invalid(uint32_t *flags)
{
    *flags |= CPU_FP_INVALID;
    return HALF_NAN;
}

/* Magnitude in units of 2^-24. */
static uint64_t magnitude(uint16_t h)
{
    unsigned e = h >> 10 & 31;
    uint64_t m = h & 0x3ff;
    return e == 0 ? m : (m | 0x400) << (e - 1);
}

/* Round up the quotient of a value cut to an integer? half: compared to one half, as -1 0 1. */
static bool round_up(enum ir_rm rm, bool negative, bool odd, int half, bool inexact)
{
    switch (rm) {
    case IR_RNE:
        return half > 0 || (half == 0 && odd);
    case IR_RMM:
        return half >= 0;
    case IR_RDN:
        return negative && inexact;
    case IR_RUP:
        return !negative && inexact;
    default:
        return false;
    }
}

/* v >> shift, rounded; *inexact says whether anything was lost. `sticky`: v is a bit too small. */
static uint64_t shift_round(u128 v, unsigned shift, bool sticky, enum ir_rm rm, bool negative,
                            bool *inexact)
{
    if (shift == 0) {
        *inexact = sticky;
        return (uint64_t)v + round_up(rm, negative, v & 1, -1, sticky);
    }
    u128 rest = v & (((u128)1 << shift) - 1), middle = (u128)1 << (shift - 1);
    int half = rest > middle || (rest == middle && sticky) ? 1 : rest == middle ? 0 : -1;
    uint64_t kept = (uint64_t)(v >> shift);
    *inexact = rest != 0 || sticky;
    return kept + round_up(rm, negative, kept & 1, half, *inexact);
}

static unsigned width(u128 v)
{
    uint64_t high = (uint64_t)(v >> 64);
    return high != 0 ? 128 - clz64(high) : 64 - clz64((uint64_t)v);
}

static uint16_t overflow(enum ir_rm rm, bool negative, uint32_t *flags)
{
    bool to_max = rm == IR_RTZ || (rm == IR_RDN && !negative) || (rm == IR_RUP && negative);
    *flags |= CPU_FP_OVERFLOW | CPU_FP_INEXACT;
    return (uint16_t)(negative << 15 | (to_max ? 0x7bffu : HALF_INF));
}

/* The half nearest to (-1)^negative * v * 2^-scale; 24 <= scale. v = 0 with sticky does not occur.
 */
static uint16_t round_half(bool negative, u128 v, unsigned scale, bool sticky, enum ir_rm rm,
                           uint32_t *flags)
{
    unsigned unit = scale - 24; /* bits below the smallest subnormal */
    bool inexact;
    if (v == 0)
        return (uint16_t)(negative << 15);
    unsigned w = width(v);
    unsigned shift = w > unit + 11 ? w - 11 : unit;
    uint64_t m = shift_round(v, shift, sticky, rm, negative, &inexact);
    if (inexact) {
        *flags |= CPU_FP_INEXACT;
        bool tiny = w < unit + 11;
        if (w == unit + 10) { /* tininess after rounding: to 11 bits with unbounded exponent */
            bool ignored;
            tiny = unit == 0 || shift_round(v, unit - 1, sticky, rm, negative, &ignored) < 0x800;
        }
        if (tiny)
            *flags |= CPU_FP_UNDERFLOW;
    }
    if (m == 0x800)
        m = 0x400, shift++;
    if (m < 0x400)
        return (uint16_t)(negative << 15 | m);
    unsigned e = shift - unit + 1;
    return e >= 31 ? overflow(rm, negative, flags)
                   : (uint16_t)(negative << 15 | e << 10 | (m & 0x3ff));
}

static uint16_t round_signed(__int128 v, unsigned scale, bool zero_sign, enum ir_rm rm,
                             uint32_t *flags)
{
    if (v == 0)
        return (uint16_t)(zero_sign << 15);
    return round_half(v < 0, v < 0 ? (u128)-v : (u128)v, scale, false, rm, flags);
}

static __int128 signed_value(uint16_t h)
{
    return sign_of(h) ? -(__int128)magnitude(h) : (__int128)magnitude(h);
}

static uint16_t nan_of(uint16_t a, uint16_t b, uint32_t *flags)
{
    if (is_signalling(a) || is_signalling(b))
        *flags |= CPU_FP_INVALID;
    return HALF_NAN;
}

static uint16_t add(uint16_t a, uint16_t b, enum ir_rm rm, uint32_t *flags)
{
    if (is_nan(a) || is_nan(b))
        return nan_of(a, b, flags);
    if (is_inf(a))
        return is_inf(b) && sign_of(a) != sign_of(b) ? invalid(flags) : a;
    if (is_inf(b))
        return b;
    bool zero_sign = sign_of(a) == sign_of(b) ? sign_of(a) : rm == IR_RDN;
    return round_signed(signed_value(a) + signed_value(b), 24, zero_sign, rm, flags);
}

static uint16_t mul(uint16_t a, uint16_t b, enum ir_rm rm, uint32_t *flags)
{
    bool negative = sign_of(a) != sign_of(b);
    if (is_nan(a) || is_nan(b))
        return nan_of(a, b, flags);
    if (is_inf(a) || is_inf(b))
        return is_zero(a) || is_zero(b) ? invalid(flags) : (uint16_t)(negative << 15 | HALF_INF);
    return round_half(negative, (u128)magnitude(a) * magnitude(b), 48, false, rm, flags);
}

static uint16_t divide(uint16_t a, uint16_t b, enum ir_rm rm, uint32_t *flags)
{
    bool negative = sign_of(a) != sign_of(b);
    if (is_nan(a) || is_nan(b))
        return nan_of(a, b, flags);
    if (is_inf(a) || is_zero(b)) {
        if ((is_inf(a) && is_inf(b)) || (is_zero(a) && is_zero(b)))
            return invalid(flags);
        if (!is_inf(a))
            *flags |= CPU_FP_DIVZERO;
        return (uint16_t)(negative << 15 | HALF_INF);
    }
    if (is_inf(b))
        return (uint16_t)(negative << 15);
    u128 n = (u128)magnitude(a) << 72, q = n / magnitude(b);
    return round_half(negative, q, 72, n % magnitude(b) != 0, rm, flags);
}

static uint16_t square_root(uint16_t a, enum ir_rm rm, uint32_t *flags)
{
    if (is_nan(a))
        return nan_of(a, a, flags);
    if (is_zero(a))
        return a;
    if (sign_of(a))
        return invalid(flags);
    if (is_inf(a))
        return a;
    u128 n = (u128)magnitude(a) << 64, root = 0; /* root of m * 2^-24 * 2^88 is in units of 2^-44 */
    for (int bit = 54; bit >= 0; bit--) {
        u128 next = root | (u128)1 << bit;
        if (next * next <= n)
            root = next;
    }
    return round_half(false, root, 44, root * root != n, rm, flags);
}

uint64_t rv_half_fma(uint64_t ia, uint64_t ib, uint64_t ic, bool negate_product, bool negate_addend,
                     enum ir_rm rm, uint32_t *flags)
{
    uint16_t a = unbox(ia), b = unbox(ib), c = unbox(ic);
    bool impossible = (is_inf(a) && is_zero(b)) || (is_zero(a) && is_inf(b));
    if (impossible)
        return BOX_H | invalid(flags); /* also with a NaN addend */
    if (is_nan(a) || is_nan(b) || is_nan(c))
        return BOX_H | (is_signalling(c) ? invalid(flags) : nan_of(a, b, flags));
    if (negate_product)
        a ^= 0x8000;
    if (negate_addend)
        c ^= 0x8000;
    bool negative = sign_of(a) != sign_of(b);
    if (is_inf(a) || is_inf(b)) {
        if (is_inf(c) && sign_of(c) != negative)
            return BOX_H | invalid(flags);
        return BOX_H | (uint16_t)(negative << 15 | HALF_INF);
    }
    if (is_inf(c))
        return BOX_H | c;
    __int128 sum = signed_value(a) * signed_value(b) + signed_value(c) * ((__int128)1 << 24);
    bool zero_sign = negative == sign_of(c) ? negative : rm == IR_RDN;
    return BOX_H | round_signed(sum, 48, zero_sign, rm, flags);
}

/* ---- comparison ---- */
static bool less(uint16_t a, uint16_t b, bool or_equal)
{
    __int128 x = is_inf(a) ? (sign_of(a) ? -1 : 1) * ((__int128)1 << 60) : signed_value(a);
    __int128 y = is_inf(b) ? (sign_of(b) ? -1 : 1) * ((__int128)1 << 60) : signed_value(b);
    return or_equal ? x <= y : x < y;
}

static uint64_t compare(enum rv_half_op op, uint16_t a, uint16_t b, uint32_t *flags)
{
    if (is_nan(a) || is_nan(b)) {
        if (op == RV_HALF_LT || op == RV_HALF_LE || is_signalling(a) || is_signalling(b))
            *flags |= CPU_FP_INVALID;
        return 0;
    }
    if (op == RV_HALF_EQ)
        return less(a, b, true) && less(b, a, true);
    return less(a, b, op == RV_HALF_LE || op == RV_HALF_LEQ);
}

/* -0 counts as less than +0; fminm and fmaxm give NaN for any NaN (Zfa). */
static uint16_t minmax(uint16_t a, uint16_t b, bool max, bool propagate, uint32_t *flags)
{
    if (is_signalling(a) || is_signalling(b))
        *flags |= CPU_FP_INVALID;
    if (is_nan(a) || is_nan(b)) {
        if (propagate || (is_nan(a) && is_nan(b)))
            return HALF_NAN;
        return is_nan(a) ? b : a;
    }
    bool a_first = less(a, b, false) || (is_zero(a) && is_zero(b) && sign_of(a));
    return a_first != max ? a : b;
}

static uint64_t classify(uint16_t h)
{
    unsigned e = h >> 10 & 31;
    if (is_nan(h))
        return is_signalling(h) ? BIT(8) : BIT(9);
    if (is_inf(h))
        return sign_of(h) ? BIT(0) : BIT(7);
    if (is_zero(h))
        return sign_of(h) ? BIT(3) : BIT(4);
    if (e == 0)
        return sign_of(h) ? BIT(2) : BIT(5);
    return sign_of(h) ? BIT(1) : BIT(6);
}

/* ---- conversions ---- */
static uint16_t round_integral(uint16_t h, bool raise, enum ir_rm rm, uint32_t *flags)
{
    bool inexact;
    if (is_nan(h))
        return nan_of(h, h, flags);
    if (is_inf(h) || is_zero(h))
        return h;
    uint64_t whole = shift_round(magnitude(h), 24, false, rm, sign_of(h), &inexact);
    uint32_t ignored = 0;
    if (inexact && raise)
        *flags |= CPU_FP_INEXACT;
    return round_half(sign_of(h), (u128)whole << 24, 24, false, rm, &ignored);
}

/* Chapter "F", table of float-to-integer domains: out of range and NaN clip, with NV. */
static uint64_t to_integer(uint16_t h, unsigned bits, bool is_unsigned, enum ir_rm rm,
                           uint32_t *flags)
{
    uint64_t most = is_unsigned ? zext(~0ull, bits) : zext(~0ull, bits - 1);
    bool inexact = false, negative = sign_of(h) && !is_nan(h);
    uint64_t whole = is_nan(h) || is_inf(h)
                         ? ~0ull
                         : shift_round(magnitude(h), 24, false, rm, negative, &inexact);
    uint64_t limit = !negative ? most : is_unsigned ? 0 : most + 1;
    if (is_nan(h) || is_inf(h) || whole > limit) {
        *flags |= CPU_FP_INVALID;
        whole = limit;
    } else if (inexact) {
        *flags |= CPU_FP_INEXACT;
    }
    uint64_t v = negative ? 0 - whole : whole;
    return bits == 32 ? sext(v, 32) : v;
}

static uint16_t from_integer(uint64_t v, bool negative, enum ir_rm rm, uint32_t *flags)
{
    return round_half(negative, (u128)(negative ? 0 - v : v) << 24, 24, false, rm, flags);
}

/* Widening is exact; a subnormal half becomes normal. */
static uint64_t widen(uint16_t h, unsigned fraction_bits, unsigned exponent_ones, uint32_t *flags)
{
    uint64_t bias = exponent_ones / 2, e, f;
    if (is_nan(h)) {
        nan_of(h, h, flags);
        return (uint64_t)exponent_ones << fraction_bits | BIT(fraction_bits - 1);
    }
    if (is_inf(h)) {
        e = exponent_ones, f = 0;
    } else if (is_zero(h)) {
        e = 0, f = 0;
    } else {
        uint64_t m = magnitude(h);
        unsigned top = log2_floor(m);
        e = bias + top - 24;
        f = top > fraction_bits ? zext(m, top) >> (top - fraction_bits)
                                : zext(m, top) << (fraction_bits - top); /* 11 bits count */
    }
    return e << fraction_bits | f;
}

/*
 * Narrow a single or double: cut the significand to 24 bits more than halves can tell
 * apart, with a sticky bit, and round once. Far too small values keep only the stickiness.
 */
static uint16_t narrow(bool negative, uint64_t e, uint64_t f, unsigned fraction_bits,
                       unsigned exponent_ones, enum ir_rm rm, uint32_t *flags)
{
    int bias = (int)exponent_ones / 2;
    if (e == exponent_ones) {
        if (f == 0)
            return (uint16_t)(negative << 15 | HALF_INF);
        if (!(f >> (fraction_bits - 1)))
            *flags |= CPU_FP_INVALID;
        return HALF_NAN;
    }
    if (e == 0 && f == 0)
        return (uint16_t)(negative << 15);
    uint64_t m = e == 0 ? f : f | BIT(fraction_bits);
    int exponent = (e == 0 ? 1 : (int)e) - bias - (int)fraction_bits; /* value = m * 2^exponent */
    int left = exponent + 80;                                         /* in units of 2^-80 */
    if (exponent > 16 - (int)fraction_bits)
        return overflow(rm, negative, flags);
    if (left >= 0)
        return round_half(negative, (u128)m << left, 80, false, rm, flags);
    uint64_t cut = left > -64 ? m >> -left : 0;
    bool sticky = left > -64 ? zext(m, (unsigned)-left) != 0 : true;
    if (cut == 0)
        cut = 1, sticky = false; /* any value this small rounds alike */
    return round_half(negative, cut, 80, sticky, rm, flags);
}

static uint64_t convert(enum rv_half_op op, uint64_t a, enum ir_rm rm, uint32_t *flags)
{
    uint16_t h = unbox(a);
    switch (op) {
    case RV_HALF_TO_S:
        return BOX_S | (is_nan(h) ? 0 : (uint64_t)sign_of(h) << 31) | widen(h, 23, 0xff, flags);
    case RV_HALF_TO_D:
        return (is_nan(h) ? 0 : (uint64_t)sign_of(h) << 63) | widen(h, 52, 0x7ff, flags);
    case RV_HALF_FROM_S:
        if (a >> 32 != 0xffffffff)
            return BOX_H | HALF_NAN;
        return BOX_H | narrow(a >> 31 & 1, a >> 23 & 0xff, zext(a, 23), 23, 0xff, rm, flags);
    case RV_HALF_FROM_D:
        return BOX_H | narrow(a >> 63, a >> 52 & 0x7ff, zext(a, 52), 52, 0x7ff, rm, flags);
    case RV_HALF_TO_W:
        return to_integer(h, 32, false, rm, flags);
    case RV_HALF_TO_WU:
        return to_integer(h, 32, true, rm, flags);
    case RV_HALF_TO_L:
        return to_integer(h, 64, false, rm, flags);
    case RV_HALF_TO_LU:
        return to_integer(h, 64, true, rm, flags);
    case RV_HALF_FROM_W:
        return BOX_H | from_integer(sext(a, 32), a >> 31 & 1, rm, flags);
    case RV_HALF_FROM_WU:
        return BOX_H | from_integer(zext(a, 32), false, rm, flags);
    case RV_HALF_FROM_L:
        return BOX_H | from_integer(a, a >> 63, rm, flags);
    default:
        return BOX_H | from_integer(a, false, rm, flags);
    }
}

uint64_t rv_half_compute(enum rv_half_op op, uint64_t ia, uint64_t ib, enum ir_rm rm,
                         uint32_t *flags)
{
    uint16_t a = unbox(ia), b = unbox(ib);
    switch (op) {
    case RV_HALF_ADD:
        return BOX_H | add(a, b, rm, flags);
    case RV_HALF_SUB:
        return BOX_H | add(a, is_nan(b) ? b : b ^ 0x8000, rm, flags);
    case RV_HALF_MUL:
        return BOX_H | mul(a, b, rm, flags);
    case RV_HALF_DIV:
        return BOX_H | divide(a, b, rm, flags);
    case RV_HALF_SQRT:
        return BOX_H | square_root(a, rm, flags);
    case RV_HALF_SGNJ:
        return BOX_H | (a & 0x7fff) | (b & 0x8000);
    case RV_HALF_SGNJN:
        return BOX_H | (a & 0x7fff) | (~b & 0x8000u);
    case RV_HALF_SGNJX:
        return BOX_H | (a ^ (b & 0x8000u));
    case RV_HALF_MIN:
    case RV_HALF_MAX:
        return BOX_H | minmax(a, b, op == RV_HALF_MAX, false, flags);
    case RV_HALF_MINM:
    case RV_HALF_MAXM:
        return BOX_H | minmax(a, b, op == RV_HALF_MAXM, true, flags);
    case RV_HALF_EQ:
    case RV_HALF_LT:
    case RV_HALF_LE:
    case RV_HALF_LTQ:
    case RV_HALF_LEQ:
        return compare(op, a, b, flags);
    case RV_HALF_CLASS:
        return classify(a);
    case RV_HALF_ROUND:
        return BOX_H | round_integral(a, false, rm, flags);
    case RV_HALF_ROUNDNX:
        return BOX_H | round_integral(a, true, rm, flags);
    default:
        return convert(op, ia, rm, flags);
    }
}
