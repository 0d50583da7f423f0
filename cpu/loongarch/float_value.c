/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/loongarch/float_impl.h"
#include "core/util/bits.h"

static const struct layout {
    uint8_t bits, frac;
    int bias;
} layouts[] = { [FP_F16] = { 16, 10, 15 }, [FP_F32] = { 32, 23, 127 }, [FP_F64] = { 64, 52, 1023 } };

/* ---- numbers ---- */
static unsigned exponent_field(enum fp_format f, uint64_t v)
{
    const struct layout *l = &layouts[f];
    return (unsigned)zext(v >> l->frac, l->bits - 1u - l->frac);
}

static uint64_t fraction(enum fp_format f, uint64_t v)
{
    return zext(v, layouts[f].frac);
}

static bool is_special(enum fp_format f, uint64_t v) /* infinity, NaN */
{
    return exponent_field(f, v) == 2u * (unsigned)layouts[f].bias + 1;
}

static bool is_nan(enum fp_format f, uint64_t v)
{
    return is_special(f, v) && fraction(f, v) != 0;
}

static bool is_zero(enum fp_format f, uint64_t v)
{
    return zext(v, layouts[f].bits - 1u) == 0;
}

static uint64_t sign_of(enum fp_format f, uint64_t v)
{
    return v & BIT(layouts[f].bits - 1u);
}

static uint64_t infinity(enum fp_format f)
{
    return (2ull * (unsigned)layouts[f].bias + 1) << layouts[f].frac;
}

/* 2^n, normal */
static uint64_t power(enum fp_format f, int n)
{
    return (uint64_t)(layouts[f].bias + n) << layouts[f].frac;
}

bool la_fp_is_tiny(enum fp_format f, uint64_t v)
{
    return exponent_field(f, v) == 0 && fraction(f, v) != 0;
}

/* A finite number but 0 as m * 2^n, 1 <= |m| < 2. */
static int split(enum fp_format f, uint64_t v, uint64_t *m)
{
    const struct layout *l = &layouts[f];
    unsigned e = exponent_field(f, v);
    uint64_t frac = fraction(f, v);
    int n = (int)e - l->bias;
    if (e == 0) {
        unsigned up = clz64(frac) - (63u - l->frac); /* to the place above the fraction */
        frac = zext(frac << up, l->frac);
        n = 1 - l->bias - (int)up;
    }
    *m = sign_of(f, v) | power(f, 0) | frac;
    return n;
}

/* ---- exceptions ---- */
static uint64_t cause_of(const struct fp_env *env)
{
    static const struct {
        uint8_t host, guest; /* VZOUI */
    } bits[] = { { CPU_FP_INVALID, 16 }, { CPU_FP_DIVZERO, 8 }, { CPU_FP_OVERFLOW, 4 }, { CPU_FP_UNDERFLOW, 2 },
                 { CPU_FP_INEXACT, 1 } };
    uint64_t cause = 0;
    for (size_t i = 0; i < ARRAY_LEN(bits); i++)
        if (env->flags & bits[i].host)
            cause |= bits[i].guest;
    return cause;
}

/* Writing FCSR ends what was noted, so rounding is as it was. */
uint64_t la_last_cause(const struct la_cpu *la)
{
    bool vector = la->fp_last & LA_FP_VECTOR;
    struct fp_env env;
    la_fp_env(la, vector ? la_vec_fp_rounding(la->fp_last) : la_fp_rounding(la->fp_last), &env);
    if (vector)
        la_vec_fp_again(&env, la->fp_last, la->fp_a, la->fp_xa);
    else
        la_fp_again(&env, la->fp_last, la->fp_a);
    return cause_of(&env);
}

bool la_fp_done(struct la_cpu *la, const struct fp_env *env, bool tiny, enum la_ecode code)
{
    uint64_t cause = cause_of(env), enables = la->fcsr & 0x1f;
    if (tiny && (enables & 2))
        cause |= 2;
    if ((cause & 4) && (enables & 4)) /* 3.1.4, Inexact: of an overflow only where that does not trap */
        cause &= ~1ull;
    la->fcsr = F_PUT(la->fcsr, 28, 24, cause);
    if (cause & enables) {
        la_raise(la, code, 0);
        return false;
    }
    la->cpu.fp_flags |= env->flags;
    return true;
}

/* ---- operations ---- */
/*
 * One rounding: m * 2^n is exact unless it is beyond the range; there the last multiplication, by a power of two,
 * rounds and raises as the format does. Far outside, more of the same changes nothing.
 */
uint64_t la_fp_scaleb(struct fp_env *env, enum fp_format f, uint64_t a, int64_t n)
{
    int most = layouts[f].bias, least = 1 - layouts[f].bias;
    uint64_t m;
    if (is_special(f, a))
        return fp_round(env, f, a, false); /* quietens */
    if (is_zero(f, a))
        return a;
    int from = split(f, a, &m);
    int64_t to = MAX(MIN(n, 8192), -8192) + from;
    if (to > most)
        return fp_mul(env, f, fp_mul(env, f, m, power(f, most)), power(f, 1));
    if (to < least)
        return fp_mul(env, f, fp_mul(env, f, m, power(f, least)), power(f, (int)MAX(to - least, least)));
    return fp_mul(env, f, m, power(f, (int)to));
}

/* The exponent; of 0 -infinity with Z, of numbers below 0 invalid, as a logarithm is. */
uint64_t la_fp_logb(struct fp_env *env, enum fp_format f, uint64_t a)
{
    uint64_t m;
    if (is_nan(f, a))
        return fp_round(env, f, a, false);
    if (is_zero(f, a)) {
        env->flags |= CPU_FP_DIVZERO;
        return BIT(layouts[f].bits - 1u) | infinity(f);
    }
    if (sign_of(f, a))
        return fp_sqrt(env, f, a); /* invalid, too */
    if (is_special(f, a))
        return infinity(f);
    return fp_from_int(env, f, 64, false, (uint64_t)(int64_t)split(f, a, &m));
}

/* Table of FCLASS: sNaN, qNaN, then infinite, normal, subnormal, 0, first of negative, then of positive numbers. */
uint64_t la_fp_class(enum fp_format f, uint64_t a)
{
    unsigned kind = is_zero(f, a) ? 3 : la_fp_is_tiny(f, a) ? 2 : is_special(f, a) ? 0 : 1;
    if (is_nan(f, a))
        return fraction(f, a) >> (layouts[f].frac - 1) ? 2 : 1;
    return 1ull << (kind + (sign_of(f, a) ? 2 : 6));
}

uint64_t la_fp_recip(struct fp_env *env, enum fp_format f, uint64_t a)
{
    return fp_div(env, f, power(f, 0), a);
}

uint64_t la_fp_rsqrt(struct fp_env *env, enum fp_format f, uint64_t a)
{
    return fp_div(env, f, power(f, 0), fp_sqrt(env, f, a));
}

uint64_t la_fp_max_mag(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool min)
{
    uint64_t x = zext(a, layouts[f].bits - 1u), y = zext(b, layouts[f].bits - 1u); /* ordered as the numbers are */
    if (x == y || is_nan(f, a) || is_nan(f, b))
        return min ? fp_min(env, f, a, b, false) : fp_max(env, f, a, b, false);
    return (x > y) != min ? a : b;
}

uint64_t la_fp_fma(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, uint64_t c, bool subtract,
                   bool negate)
{
    uint64_t r = fp_fma(env, f, a, b, c, false, subtract);
    return negate && !is_nan(f, r) ? r ^ BIT(layouts[f].bits - 1u) : r;
}

/* Bits of the code: 0 signals for any NaN; true if 1 less, 2 equal, 3 unordered, 4 less or greater. */
bool la_fp_compare(struct fp_env *env, enum fp_format f, unsigned cond, uint64_t a, uint64_t b)
{
    bool less = fp_cmp(env, f, IR_FLT | (cond & 1 ? 0u : (unsigned)IR_FCMP_QUIET), a, b);
    bool equal = fp_cmp(env, f, IR_FEQ, a, b);
    bool unordered = is_nan(f, a) || is_nan(f, b), greater = !less && !equal && !unordered;
    return ((cond & 2) && less) || ((cond & 4) && equal) || ((cond & 8) && unordered) ||
           ((cond & 16) && (less || greater));
}
