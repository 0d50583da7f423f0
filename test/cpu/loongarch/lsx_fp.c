/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX floating point under both executors against the host's, whose rounding and flags are IEEE 754's as
 * LoongArch's are; NaNs, extremes and conversions that do not fit are worked out after the manual, 3.1 and 3.2.
 */
#include "test/cpu/loongarch/vec_rig.h"
#include <fenv.h>
#include <math.h>

enum { I = 1, U = 2, O = 4, Z = 8, V = 16 };      /* FCSR */
enum { RNE, RZ, RP, RM, DYN };                    /* FCSR.RM */
/* Called, not expanded: compilers take it that numbers are rounded to the nearest. */
static float (*const volatile host_rintf)(float) = rintf;
static double (*const volatile host_rint)(double) = rint;
static const int host_rounding[] = { FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD };

/* ---- numbers as bits; `lane` is log2 of bytes ---- */
static unsigned frac_bits(unsigned lane) { return lane == 1 ? 10 : lane == 2 ? 23 : 52; }
static uint64_t all_of(unsigned lane) { return lane == 3 ? ~0ull : (1ull << (8u << lane)) - 1; }
static uint64_t sign_of(unsigned lane) { return 1ull << ((8u << lane) - 1); }
static uint64_t infinity_of(unsigned lane) { return (all_of(lane) >> 1) & ~((1ull << frac_bits(lane)) - 1); }
static uint64_t quiet_bit(unsigned lane) { return 1ull << (frac_bits(lane) - 1); }
static uint64_t default_nan(unsigned lane) { return infinity_of(lane) | quiet_bit(lane); }
static bool is_nan(unsigned lane, uint64_t v) { return (v & ~sign_of(lane)) > infinity_of(lane); }
static bool is_snan(unsigned lane, uint64_t v) { return is_nan(lane, v) && !(v & quiet_bit(lane)); }
static bool is_zero(unsigned lane, uint64_t v) { return (v & ~sign_of(lane)) == 0; }
static bool is_inf(unsigned lane, uint64_t v) { return (v & ~sign_of(lane)) == infinity_of(lane); }
static double value(unsigned lane, uint64_t v)
{
    float f;
    double d;
    uint32_t w = (uint32_t)v;
    memcpy(&f, &w, 4);
    memcpy(&d, &v, 8);
    return lane == 2 ? f : d;
}

/* The first signalling NaN, or the first quiet one, made quiet. */
static uint64_t pick_nan(unsigned lane, const uint64_t *v, unsigned n, unsigned *flags)
{
    for (unsigned i = 0; i < n; i++)
        if (is_snan(lane, v[i])) {
            *flags |= V;
            return v[i] | quiet_bit(lane);
        }
    for (unsigned i = 0; i < n; i++)
        if (is_nan(lane, v[i]))
            return v[i];
    return 0;
}

static unsigned host_flags(void)
{
    int f = fetestexcept(FE_ALL_EXCEPT);
    return (f & FE_INEXACT ? I : 0u) | (f & FE_UNDERFLOW ? U : 0u) | (f & FE_OVERFLOW ? O : 0u) |
           (f & FE_DIVBYZERO ? Z : 0u) | (f & FE_INVALID ? V : 0u);
}

struct lane {
    uint64_t x, y, z; /* of vj, vk, va */
    unsigned from, to, rm, how, flags;
};
typedef uint64_t lane_fn(struct lane *l);

/* EXPR of a, b, c on the host, in single or double precision; operands are no NaNs. */
#define HOST(name, EXPR)                                                                                               \
    static uint64_t name##_host(struct lane *l)                                                                        \
    {                                                                                                                  \
        uint64_t bits = 0;                                                                                             \
        fesetround(host_rounding[l->rm]);                                                                              \
        feclearexcept(FE_ALL_EXCEPT);                                                                                  \
        if (l->from == 2) {                                                                                            \
            volatile float a, b, c, r;                                                                                 \
            memcpy((void *)&a, &l->x, 4), memcpy((void *)&b, &l->y, 4), memcpy((void *)&c, &l->z, 4);                  \
            r = (EXPR);                                                                                                \
            (void)b, (void)c;                                                                                          \
            memcpy(&bits, (void *)&r, 4);                                                                              \
        } else {                                                                                                       \
            volatile double a, b, c, r;                                                                                \
            memcpy((void *)&a, &l->x, 8), memcpy((void *)&b, &l->y, 8), memcpy((void *)&c, &l->z, 8);                  \
            r = (EXPR);                                                                                                \
            (void)b, (void)c;                                                                                          \
            memcpy(&bits, (void *)&r, 8);                                                                              \
        }                                                                                                              \
        l->flags |= host_flags();                                                                                      \
        fesetround(FE_TONEAREST);                                                                                      \
        return is_nan(l->from, bits) ? default_nan(l->from) : bits;                                                    \
    }
#define IS_SINGLE (sizeof(a) == sizeof(float))
HOST(add, a + b)
HOST(sub, a - b)
HOST(mul, a * b)
HOST(div, a / b)
HOST(madd, IS_SINGLE ? fmaf((float)a, (float)b, (float)c) : fma(a, b, c))
HOST(msub, IS_SINGLE ? fmaf((float)a, (float)b, -(float)c) : fma(a, b, -c))
HOST(sqrt_, IS_SINGLE ? sqrtf((float)a) : sqrt(a))
HOST(recip, 1 / a)
HOST(rint_, IS_SINGLE ? host_rintf((float)a) : host_rint(a))
HOST(logb_, a < 0 ? sqrt(a) : IS_SINGLE ? logbf((float)a) : logb(a)) /* invalid below 0 */

#define TWO(name)                                                                                                      \
    static uint64_t name(struct lane *l)                                                                               \
    {                                                                                                                  \
        if (is_nan(l->from, l->x) || is_nan(l->from, l->y))                                                            \
            return pick_nan(l->from, (uint64_t[]){ l->x, l->y }, 2, &l->flags);                                        \
        return name##_host(l);                                                                                         \
    }
TWO(add)
TWO(sub)
TWO(mul)
TWO(div)
#define ONE(name)                                                                                                      \
    static uint64_t name(struct lane *l)                                                                               \
    {                                                                                                                  \
        return is_nan(l->from, l->x) ? pick_nan(l->from, &l->x, 1, &l->flags) : name##_host(l);                        \
    }
ONE(sqrt_)
ONE(recip)
ONE(rint_)
ONE(logb_)

/* The addend comes first; infinity times zero is invalid whatever the addend. */
static uint64_t fused(struct lane *l, lane_fn *host)
{
    unsigned t = l->from;
    if (!is_nan(t, l->x) && !is_nan(t, l->y) && !is_nan(t, l->z))
        return host(l);
    if ((is_inf(t, l->x) && is_zero(t, l->y)) || (is_zero(t, l->x) && is_inf(t, l->y)))
        l->flags |= V;
    return pick_nan(t, (uint64_t[]){ l->z, l->x, l->y }, 3, &l->flags);
}
static uint64_t negated(struct lane *l, uint64_t v)
{
    return is_nan(l->from, v) ? v : v ^ sign_of(l->from);
}
static uint64_t madd(struct lane *l) { return fused(l, madd_host); }
static uint64_t msub(struct lane *l) { return fused(l, msub_host); }
static uint64_t nmadd(struct lane *l) { return negated(l, madd(l)); }
static uint64_t nmsub(struct lane *l) { return negated(l, msub(l)); }
static uint64_t rsqrt(struct lane *l)
{
    l->x = sqrt_(l);
    return recip(l);
}

/* ---- extremes: a number wins against a quiet NaN; zeros are ordered ---- */
static uint64_t extreme(struct lane *l, bool max, bool magnitude)
{
    unsigned t = l->from;
    if (is_snan(t, l->x) || is_snan(t, l->y) || (is_nan(t, l->x) && is_nan(t, l->y)))
        return pick_nan(t, (uint64_t[]){ l->x, l->y }, 2, &l->flags);
    if (is_nan(t, l->x) || is_nan(t, l->y))
        return is_nan(t, l->x) ? l->y : l->x;
    double x = value(t, l->x), y = value(t, l->y);
    if (magnitude && fabs(x) != fabs(y))
        return (fabs(x) > fabs(y)) == max ? l->x : l->y;
    if (x == y) /* zeros of both signs, if they differ */
        return (signbit(x) != 0) != max ? l->x : l->y;
    return (x > y) == max ? l->x : l->y;
}
static uint64_t max_(struct lane *l) { return extreme(l, true, false); }
static uint64_t min_(struct lane *l) { return extreme(l, false, false); }
static uint64_t maxa(struct lane *l) { return extreme(l, true, true); }
static uint64_t mina(struct lane *l) { return extreme(l, false, true); }

/* ---- comparison: relations by name ---- */
static const char *const conditions[32] = {
    "af", "lt", "eq", "le", "un", "ult", "ueq", "ule", "ne", NULL, "or", NULL, "une",
};
static uint64_t compare(struct lane *l)
{
    unsigned t = l->from;
    double x = value(t, l->x), y = value(t, l->y);
    bool un = is_nan(t, l->x) || is_nan(t, l->y), lt = x < y, eq = x == y, gt = x > y, r = false;
    const char *c = conditions[l->how >> 1];
    if (un && ((l->how & 1) || is_snan(t, l->x) || is_snan(t, l->y)))
        l->flags |= V;
    if (strcmp(c, "or") == 0)
        return un ? 0 : all_of(t);
    if (*c == 'u') {
        r = un;
        c += c[1] == 'n' ? (c[2] != '\0' ? 1 : 2) : 1;
    }
    r |= strcmp(c, "lt") == 0 ? lt : strcmp(c, "eq") == 0 ? eq : strcmp(c, "le") == 0 ? lt || eq
       : strcmp(c, "ne") == 0 ? lt || gt : false;
    return r ? all_of(t) : 0;
}

static uint64_t class_(struct lane *l)
{
    unsigned t = l->from;
    uint64_t m = l->x & ~sign_of(t);
    if (is_nan(t, l->x))
        return is_snan(t, l->x) ? 1 : 2;
    unsigned bit = m == infinity_of(t) ? 2 : m == 0 ? 5 : m >> frac_bits(t) == 0 ? 4 : 3;
    return 1ull << (bit + (l->x & sign_of(t) ? 0 : 4));
}

/* ---- conversions ---- */
static uint64_t to_int(struct lane *l, bool is_unsigned)
{
    unsigned bits = 8u << l->to;
    if (is_nan(l->from, l->x)) {
        l->flags |= V;
        return 0;
    }
    fesetround(host_rounding[l->rm]);
    volatile double x = value(l->from, l->x), r = host_rint(x);
    fesetround(FE_TONEAREST);
    double most = ldexp(1, (int)bits - !is_unsigned), least = is_unsigned ? 0 : -most;
    if (r < least || r >= most) {
        l->flags |= V;
        return r < 0 ? (is_unsigned ? 0 : sign_of(l->to)) : is_unsigned ? all_of(l->to) : all_of(l->to) >> 1;
    }
    l->flags |= x != r ? I : 0u;
    return is_unsigned ? (uint64_t)r : (uint64_t)(int64_t)r;
}
static uint64_t to_signed(struct lane *l) { return to_int(l, false); }
static uint64_t to_unsigned(struct lane *l) { return to_int(l, true); }

static uint64_t of_int(struct lane *l, bool is_unsigned)
{
    uint64_t bits = 0, x = l->from == 2 && !is_unsigned ? (uint64_t)(int64_t)(int32_t)l->x : l->x;
    volatile uint64_t u = x;
    volatile int64_t s = (int64_t)x;
    volatile float f;
    volatile double d;
    fesetround(host_rounding[l->rm]);
    feclearexcept(FE_ALL_EXCEPT);
    if (l->to == 2) {
        /* Unsigned: the host has no such conversion; round to odd at 62 bits first. */
        if (is_unsigned && u >> 63)
            f = (float)(int64_t)(u >> 2 | ((u & 3) != 0)) * 4;
        else
            f = (float)s;
        memcpy(&bits, (void *)&f, 4);
    } else {
        if (is_unsigned && u >> 63)
            d = (double)(int64_t)(u >> 2 | ((u & 3) != 0)) * 4;
        else
            d = (double)s;
        memcpy(&bits, (void *)&d, 8);
    }
    l->flags |= host_flags();
    fesetround(FE_TONEAREST);
    return bits;
}
static uint64_t of_signed(struct lane *l) { return of_int(l, false); }
static uint64_t of_unsigned(struct lane *l) { return of_int(l, true); }

/* A NaN keeps its sign and the upper bits of its fraction. */
static uint64_t convert_nan(struct lane *l)
{
    uint64_t frac = l->x & ((1ull << frac_bits(l->from)) - 1);
    int shift = (int)frac_bits(l->to) - (int)frac_bits(l->from);
    l->flags |= is_snan(l->from, l->x) ? V : 0u;
    return (l->x & sign_of(l->from) ? sign_of(l->to) : 0) | infinity_of(l->to) | quiet_bit(l->to) |
           (shift > 0 ? frac << shift : frac >> -shift);
}

/*
 * Of or to half precision: all numbers of the format next to the value are tried. Exponents reach from -24 (the
 * least subnormal) to 15.
 */
static uint64_t to_half(struct lane *l)
{
    double x = value(2, l->x), m = fabs(x);
    uint64_t sign = l->x & sign_of(2) ? 0x8000 : 0;
    if (isinf(x) || x == 0)
        return sign | (x == 0 ? 0 : 0x7c00);
    int e = ilogb(m);
    double step = ldexp(1, (e < -14 ? -14 : e) - 10), below = floor(m / step) * step, rest = m - below;
    bool up = l->rm == RNE ? rest > step / 2 || (rest == step / 2 && fmod(below / step, 2) != 0)
                           : rest != 0 && (l->rm == RP ? x > 0 : l->rm == RM && x < 0);
    double r = up ? below + step : below;
    /* Tiny after rounding: as if the exponent had no end. */
    double fine = ldexp(1, e - 10), near_ = floor(m / fine) * fine, left = m - near_;
    bool up_fine = l->rm == RNE ? left > fine / 2 || (left == fine / 2 && fmod(near_ / fine, 2) != 0)
                                : left != 0 && (l->rm == RP ? x > 0 : l->rm == RM && x < 0);
    bool tiny = (up_fine ? near_ + fine : near_) < ldexp(1, -14);
    if (r > 65504) {
        l->flags |= O | I;
        return sign | (l->rm == RNE || l->rm == (sign ? RM : RP) ? 0x7c00 : 0x7bff);
    }
    l->flags |= rest != 0 ? I | (tiny ? U : 0u) : 0u;
    if (r < ldexp(1, -14))
        return sign | (uint64_t)ldexp(r, 24);
    e = ilogb(r);
    return sign | (uint64_t)(e + 15) << 10 | ((uint64_t)ldexp(r, 10 - e) & 0x3ff);
}
static uint64_t of_half(struct lane *l)
{
    uint64_t e = l->x >> 10 & 31, frac = l->x & 0x3ff;
    float f = e == 31 ? INFINITY : (float)ldexp((double)(e != 0 ? frac | 0x400 : frac), (int)(e != 0 ? e : 1) - 25);
    uint32_t bits;
    memcpy(&bits, &f, 4);
    return bits | (l->x >> 15) << 31;
}
static uint64_t convert(struct lane *l)
{
    uint64_t bits = 0;
    if (is_nan(l->from, l->x))
        return convert_nan(l);
    if (l->to == 1)
        return to_half(l);
    if (l->from == 1)
        return of_half(l);
    fesetround(host_rounding[l->rm]);
    feclearexcept(FE_ALL_EXCEPT);
    volatile double d = value(l->from, l->x);
    volatile float f = (float)d;
    l->flags |= l->to == 2 ? host_flags() : 0;
    fesetround(FE_TONEAREST);
    if (l->to == 2)
        memcpy(&bits, (void *)&f, 4);
    else
        memcpy(&bits, (void *)&d, 8);
    return bits;
}

/* ---- instructions ---- */
enum {
    SZ15 = 1, SZ10 = 2, SZ20 = 4, K = 8, A = 16, HIGH = 32,
    COND = 64, RANDOM_INT = 128, /* operands are integers */
};
/* `from`, `to`: 0 where the size is a field (1 single, 2 double); `xbit`: what makes it LASX's. */
static const struct row {
    const char *name;
    uint32_t word, xbit;
    unsigned how, from, to, rm;
    lane_fn *fn;
} rows[] = {
#define ALU 0x04000000u
#define P(fn, word, how) { #fn, word, ALU, how, 0, 0, DYN, fn }
#define C(fn, word, how, from, to, rm) { #fn, word, ALU, how, from, to, rm, fn }
    { "madd", 0x09000000, 0x01000000, SZ20 | K | A, 0, 0, DYN, madd },
    { "msub", 0x09400000, 0x01000000, SZ20 | K | A, 0, 0, DYN, msub },
    { "nmadd", 0x09800000, 0x01000000, SZ20 | K | A, 0, 0, DYN, nmadd },
    { "nmsub", 0x09c00000, 0x01000000, SZ20 | K | A, 0, 0, DYN, nmsub },
    { "cmp", 0x0c400000, 0x00400000, SZ20 | K | COND, 0, 0, DYN, compare },
    P(add, 0x71300000, SZ15 | K), P(sub, 0x71320000, SZ15 | K), P(mul, 0x71380000, SZ15 | K), P(div, 0x713a0000, SZ15 | K),
    P(max_, 0x713c0000, SZ15 | K), P(min_, 0x713e0000, SZ15 | K), P(maxa, 0x71400000, SZ15 | K),
    P(mina, 0x71420000, SZ15 | K), P(logb_, 0x729cc000, SZ10), P(class_, 0x729cd000, SZ10), P(sqrt_, 0x729ce000, SZ10),
    P(recip, 0x729cf000, SZ10), P(rsqrt, 0x729d0000, SZ10), P(recip, 0x729d1000, SZ10), P(rsqrt, 0x729d2000, SZ10),
    P(rint_, 0x729d3000, SZ10), C(rint_, 0x729d4000, SZ10, 0, 0, RM), C(rint_, 0x729d5000, SZ10, 0, 0, RP),
    C(rint_, 0x729d6000, SZ10, 0, 0, RZ), C(rint_, 0x729d7000, SZ10, 0, 0, RNE),
    C(convert, 0x71460000, K, 2, 1, DYN), C(convert, 0x71468000, K, 3, 2, DYN), C(convert, 0x729de800, 0, 1, 2, DYN),
    C(convert, 0x729dec00, HIGH, 1, 2, DYN), C(convert, 0x729df000, 0, 2, 3, DYN), C(convert, 0x729df400, HIGH, 2, 3, DYN),
    C(of_signed, 0x729e0000, RANDOM_INT, 2, 2, DYN), C(of_unsigned, 0x729e0400, RANDOM_INT, 2, 2, DYN),
    C(of_signed, 0x729e0800, RANDOM_INT, 3, 3, DYN), C(of_unsigned, 0x729e0c00, RANDOM_INT, 3, 3, DYN),
    C(of_signed, 0x729e1000, RANDOM_INT, 2, 3, DYN), C(of_signed, 0x729e1400, RANDOM_INT | HIGH, 2, 3, DYN),
    C(of_signed, 0x71480000, RANDOM_INT | K, 3, 2, DYN), C(to_signed, 0x71498000, K, 3, 2, DYN),
    C(to_signed, 0x714a0000, K, 3, 2, RM), C(to_signed, 0x714a8000, K, 3, 2, RP), C(to_signed, 0x714b0000, K, 3, 2, RZ),
    C(to_signed, 0x714b8000, K, 3, 2, RNE), C(to_signed, 0x729e3000, 0, 2, 2, DYN), C(to_signed, 0x729e3400, 0, 3, 3, DYN),
    C(to_signed, 0x729e3800, 0, 2, 2, RM), C(to_signed, 0x729e3c00, 0, 3, 3, RM), C(to_signed, 0x729e4000, 0, 2, 2, RP),
    C(to_signed, 0x729e4400, 0, 3, 3, RP), C(to_signed, 0x729e4800, 0, 2, 2, RZ), C(to_signed, 0x729e4c00, 0, 3, 3, RZ),
    C(to_signed, 0x729e5000, 0, 2, 2, RNE), C(to_signed, 0x729e5400, 0, 3, 3, RNE),
    C(to_unsigned, 0x729e5800, 0, 2, 2, DYN), C(to_unsigned, 0x729e5c00, 0, 3, 3, DYN),
    C(to_unsigned, 0x729e7000, 0, 2, 2, RZ), C(to_unsigned, 0x729e7400, 0, 3, 3, RZ),
    C(to_signed, 0x729e8000, 0, 2, 3, DYN), C(to_signed, 0x729e8400, HIGH, 2, 3, DYN), C(to_signed, 0x729e8800, 0, 2, 3, RM),
    C(to_signed, 0x729e8c00, HIGH, 2, 3, RM), C(to_signed, 0x729e9000, 0, 2, 3, RP),
    C(to_signed, 0x729e9400, HIGH, 2, 3, RP), C(to_signed, 0x729e9800, 0, 2, 3, RZ),
    C(to_signed, 0x729e9c00, HIGH, 2, 3, RZ), C(to_signed, 0x729ea000, 0, 2, 3, RNE),
    C(to_signed, 0x729ea400, HIGH, 2, 3, RNE),
};

/* What vd becomes, and the flags of all lanes. */
static unsigned expect(const struct row *r, unsigned from, unsigned to, unsigned rm, unsigned cond, unsigned halves,
                       const union vec v[VEC_REGS], union vec *e)
{
    unsigned flags = 0, count = 16u >> to, source = 16u >> from;
    memset(e, 0, sizeof(*e));
    for (unsigned h = 0; h < halves; h++)
        for (unsigned i = 0; i < count; i++) {
            unsigned reg = VEC_J, at = i;
            if (to < from) /* vk's lanes, then vj's */
                reg = i < source ? VEC_K : VEC_J, at = i % source;
            else if (r->how & HIGH)
                at = source / 2 + i;
            struct lane l = { .x = (uint64_t)vec_get(&v[reg], from, h * source + at), .from = from, .to = to, .rm = rm,
                              .how = cond };
            if (from == to) {
                l.y = (uint64_t)vec_get(&v[VEC_K], from, h * source + i);
                l.z = (uint64_t)vec_get(&v[VEC_A], from, h * source + i);
            }
            vec_set(e, to, h * count + i, r->fn(&l));
            flags |= l.flags;
        }
    return flags;
}

/* Numbers near each other, so that sums cancel and products stay in range, and all the edges. */
static union vec floats(struct vec_rig *g, unsigned lane)
{
    union vec v;
    unsigned frac = frac_bits(lane), bias = lane == 1 ? 15 : lane == 2 ? 127 : 1023;
    for (unsigned n = 0; n < 32u >> lane; n++) {
        uint64_t r = vec_random(g), f = r & ((1ull << frac) - 1), s = r >> 63 ? sign_of(lane) : 0;
        uint64_t q = vec_random(g), e = bias + q % 9 - 4;
        const uint64_t edges[] = { 0, infinity_of(lane), infinity_of(lane) | f, default_nan(lane) | f, f, 1,
                                   1ull << frac, infinity_of(lane) - 1, (uint64_t)bias << frac, infinity_of(lane) | 1,
                                   (uint64_t)(bias + 31) << frac | f, (uint64_t)(bias + 62) << frac | f };
        if (q >> 8 & 1) /* few bits: exact results and ties */
            f &= ~((1ull << (frac - 4)) - 1);
        uint64_t x = q >> 9 & 3 ? e << frac | f : q >> 11 & 1 ? r & all_of(lane) : edges[(q >> 12) % 12];
        vec_set(&v, lane, n, (x & ~sign_of(lane)) | s);
    }
    return v;
}

struct trial {
    const struct row *r;
    uint32_t word;
    unsigned from, to, rm, cond;
    bool lasx;
    union vec v[VEC_REGS];
};

static void prepare(struct vec_rig *g, const struct row *r, unsigned k, struct trial *t)
{
    static const uint8_t conds[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 24, 25 };
    unsigned size = 1 + k % 2;
    *t = (struct trial){ .r = r, .lasx = k / 2 % 2, .rm = k / 4 % 4 };
    t->from = r->from ? r->from : size + 1;
    t->to = r->to ? r->to : size + 1;
    t->cond = r->how & COND ? conds[vec_random(g) % sizeof(conds)] : 0;
    t->word = r->word + (t->lasx ? r->xbit : 0);
    t->word |= r->how & SZ15 ? size << 15 : r->how & SZ10 ? size << 10 : r->how & SZ20 ? size << 20 : 0;
    t->word |= (r->how & K ? VEC_K << 10 : 0) | (r->how & A ? VEC_A << 15 : t->cond << 15) | VEC_J << 5;
    for (unsigned n = 0; n < VEC_REGS; n++)
        t->v[n] = r->how & RANDOM_INT ? vec_lanes(g, t->from) : floats(g, t->from);
}

START_TEST(lanes_are_as_the_host_computes)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    struct trial t;
    union vec e;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned k = 0; k < 400; k++) {
            const struct row *r = &rows[i];
            prepare(&g, r, k, &t);
            unsigned flags = expect(r, t.from, t.to, r->rm == DYN ? t.rm : r->rm, t.cond, 1 + t.lasx, t.v, &e);
            vec_put_regs(&g, t.v);
            ck_assert(vec_try(&g, t.word, t.rm << 8));
            vec_check(&g, r->name, t.word, t.lasx, t.v, &e);
            unsigned got = (unsigned)la_get_fcsr(g.la, 0) >> 16 & 31;
            ck_assert_msg(got == flags, "%s %08x rm %u: flags %x, not %x", r->name, t.word, t.rm, got, flags);
            ck_assert_uint_eq(la_get_fcsr(g.la, 0) >> 24 & 31, flags); /* Cause is the same after one operation */
        }
    vec_close(&g);
}
END_TEST

/* With V, Z, O or I enabled: what is enabled and happens is VFPE, and the destination stays. */
START_TEST(enabled_exceptions)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    struct trial t;
    union vec e;
    unsigned raised = 0, done = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned k = 0; k < 60; k++) {
            static const unsigned enables[] = { V, Z, V | Z, I, V | Z | I, O };
            const struct row *r = &rows[i];
            prepare(&g, r, k, &t);
            unsigned enable = enables[vec_random(&g) % 6];
            unsigned flags = expect(r, t.from, t.to, r->rm == DYN ? t.rm : r->rm, t.cond, 1 + t.lasx, t.v, &e);
            unsigned cause = (enable & flags & O) != 0 ? flags & ~(unsigned)I : flags;
            vec_put_regs(&g, t.v);
            bool fine = vec_try(&g, t.word, t.rm << 8 | enable);
            ck_assert_msg(fine == !(cause & enable), "%s %08x, Enables %x: flags %x", r->name, t.word, enable, flags);
            ck_assert_uint_eq(la_get_fcsr(g.la, 0) >> 24 & 31, cause);
            ck_assert_uint_eq(la_get_fcsr(g.la, 0) >> 16 & 31, fine ? flags : 0);
            if (fine) {
                vec_check(&g, r->name, t.word, t.lasx, t.v, &e);
                done++;
            } else {
                ck_assert_uint_eq(vec_ecode(&g), LA_VFPE);
                vec_check(&g, r->name, t.word, t.lasx, t.v, &t.v[VEC_D]);
                raised++;
            }
        }
    ck_assert_uint_gt(raised, 500);
    ck_assert_uint_gt(done, 500);
    vec_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("lsx_fp");
    TCase *t = tcase_create("lsx_fp");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, lanes_are_as_the_host_computes, 0, ARRAY_LEN(vec_modes));
    tcase_add_loop_test(t, enabled_exceptions, 0, ARRAY_LEN(vec_modes));
    suite_add_tcase(s, t);
    return s;
}
