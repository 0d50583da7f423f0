/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/loongarch/float_value.h"

static const struct layout {
    uint8_t bits, frac;
    int bias;
} layouts[] = { [FP_F32] = { 32, 23, 127 }, [FP_F64] = { 64, 52, 1023 } };

static int exponent_of(enum fp_format f, uint64_t v)
{
    return (int)zext(v >> layouts[f].frac, layouts[f].bits - 1u - layouts[f].frac);
}

static bool is_nan(enum fp_format f, uint64_t v)
{
    return exponent_of(f, v) == 2 * layouts[f].bias + 1 && zext(v, layouts[f].frac) != 0;
}

static uint64_t magnitude(enum fp_format f, uint64_t v)
{
    return zext(v, layouts[f].bits - 1u);
}

static uint64_t infinity(enum fp_format f, bool sign)
{
    const struct layout *l = &layouts[f];
    return (uint64_t)sign << (l->bits - 1) | (uint64_t)(2 * l->bias + 1) << l->frac;
}

static uint64_t one(enum fp_format f)
{
    return (uint64_t)layouts[f].bias << layouts[f].frac;
}

/* Signalling NaN, quiet NaN; then of negative numbers infinite, normal, subnormal, zero; of positive ones. */
uint64_t la_fp_class(enum fp_format f, uint64_t v)
{
    int e = exponent_of(f, v);
    uint64_t frac = zext(v, layouts[f].frac);
    if (is_nan(f, v))
        return frac >> (layouts[f].frac - 1u) ? 2 : 1;
    unsigned kind = e == 2 * layouts[f].bias + 1 ? 0 : e != 0 ? 1 : frac != 0 ? 2 : 3;
    return 4ull << kind << (v >> (layouts[f].bits - 1) & 1 ? 0 : 4);
}

uint64_t la_fp_logb(struct fp_env *env, enum fp_format f, uint64_t v)
{
    int e = exponent_of(f, v);
    uint64_t frac = zext(v, layouts[f].frac);
    if (is_nan(f, v))
        return fp_round(env, f, v, false);
    if (magnitude(f, v) == infinity(f, false))
        return infinity(f, false);
    if (magnitude(f, v) == 0) {
        env->flags |= CPU_FP_DIVZERO;
        return infinity(f, true);
    }
    if (e == 0) /* subnormal */
        e = 1 - (int)(clz64(frac) - (63u - layouts[f].frac));
    return fp_from_int(env, f, 32, false, (uint32_t)(e - layouts[f].bias));
}

/* Magnitudes of numbers compare as integers; equal ones and NaNs are FMAX's and FMIN's. */
uint64_t la_fp_extreme_magnitude(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool max)
{
    uint64_t x = magnitude(f, a), y = magnitude(f, b);
    if (x != y && !is_nan(f, a) && !is_nan(f, b))
        return (x > y) == max ? a : b;
    return max ? fp_max(env, f, a, b, false) : fp_min(env, f, a, b, false);
}

uint64_t la_fp_recip(struct fp_env *env, enum fp_format f, uint64_t v)
{
    return fp_div(env, f, one(f), v);
}

uint64_t la_fp_rsqrt(struct fp_env *env, enum fp_format f, uint64_t v)
{
    return fp_div(env, f, one(f), fp_sqrt(env, f, v));
}

/* FCSR: inexact, underflow, overflow, division by zero, invalid; Enables from bit 0 on, Cause from bit 24. */
bool la_fp_traps(struct la_cpu *la, uint32_t flags, enum la_ecode code)
{
    static const uint32_t order[] = { CPU_FP_INEXACT, CPU_FP_UNDERFLOW, CPU_FP_OVERFLOW, CPU_FP_DIVZERO,
                                      CPU_FP_INVALID };
    uint64_t cause = 0;
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        cause |= flags & order[i] ? BIT(i) : 0;
    la->fcsr = (la->fcsr & ~(0x1full << 24)) | cause << 24;
    if (la->fcsr & cause) {
        la_raise(la, code, 0);
        return true;
    }
    la->cpu.fp_flags |= flags;
    return false;
}
