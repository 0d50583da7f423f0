/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_FP80_WIDE_H
#define ORRERY_CPU_X86_FP80_WIDE_H
/*
 * Numbers of 128 bits for the x87's transcendental functions: what lies between their operands and
 * the one rounding of their result. Each operation truncates, an error below 2^-126 of its result;
 * the functions do some fifty of them, so that their results are off by little more than half a
 * unit in the last place.
 */
#include "core/util/types.h"

typedef unsigned __int128 u128;
#define U128(hi, lo) ((u128)(hi) << 64 | (lo))

/* m / 2^127 * 2^exp; m is normalized or, of zero, 0. */
struct wide {
    u128 m;
    int32_t exp;
    bool sign;
};
struct wide wide_from_int(int32_t v);
struct wide wide_normalize(bool sign, int32_t exp, u128 m);
struct wide wide_add(struct wide a, struct wide b);
struct wide wide_sub(struct wide a, struct wide b);
struct wide wide_mul(struct wide a, struct wide b);
struct wide wide_div(struct wide a, struct wide b);  /* b is not zero */
struct wide wide_div_int(struct wide a, uint32_t n); /* n is not zero */
bool wide_less(struct wide a, struct wide b);        /* |a| < |b| */
static inline struct wide wide_negate(struct wide a)
{
    a.sign = !a.sign;
    return a;
}
static inline struct wide wide_scale(struct wide a, int32_t n) /* a * 2^n */
{
    a.exp += n;
    return a;
}

#endif
