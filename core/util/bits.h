/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_BITS_H
#define ORRERY_CORE_UTIL_BITS_H
/*
 * Bits and fields. A field is written as the manual prints it, high bit first:
 *     #define RV_SATP_MODE 63, 60
 *     mode = F_GET(satp, RV_SATP_MODE);   satp = F_PUT(satp, RV_SATP_MODE, 9);
 * All arithmetic is on uint64_t; a field may be 64 bits wide.
 */
#include "core/util/types.h"

#define BIT(n)            (1ull << (n))
#define MASK_(h, l)       ((~0ull >> (63 - ((h) - (l)))) << (l))
#define F_MASK(...)       MASK_(__VA_ARGS__)
#define F_GET(v, ...)     f_get_((v), __VA_ARGS__)
#define F_PUT(v, f, ...)  F_PUT_X_((v), f, __VA_ARGS__)
#define F_PUT_X_(v, ...)  f_put_((v), __VA_ARGS__)

static inline uint64_t f_get_(uint64_t v, unsigned h, unsigned l)
{
    return (v >> l) & (~0ull >> (63 - (h - l)));
}

/* The value `v` with bits h..l replaced by the low bits of `x`. */
static inline uint64_t f_put_(uint64_t v, unsigned h, unsigned l, uint64_t x)
{
    uint64_t m = MASK_(h, l);
    return (v & ~m) | ((x << l) & m);
}

/* The low `n` bits of `v` (1..64), sign-extended from bit n-1. */
static inline uint64_t sext(uint64_t v, unsigned n)
{
    return (uint64_t)((int64_t)(v << (64 - n)) >> (64 - n));
}

/* The low `n` bits of `v` (0..64). */
static inline uint64_t zext(uint64_t v, unsigned n)
{
    return n == 0 ? 0 : v & (~0ull >> (64 - n));
}

static inline bool is_pow2(uint64_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

/* `a` is a power of two. align_up wraps to 0 past the top: callers bound `v` first. */
static inline uint64_t align_down(uint64_t v, uint64_t a)
{
    return v & ~(a - 1);
}

static inline uint64_t align_up(uint64_t v, uint64_t a)
{
    return (v + a - 1) & ~(a - 1);
}

/* Count of leading/trailing zeros; 64 for 0. */
static inline unsigned clz64(uint64_t v)
{
    return v == 0 ? 64 : (unsigned)__builtin_clzll(v);
}

static inline unsigned ctz64(uint64_t v)
{
    return v == 0 ? 64 : (unsigned)__builtin_ctzll(v);
}

static inline unsigned popcount64(uint64_t v)
{
    return (unsigned)__builtin_popcountll(v);
}

/* floor(log2(v)); v != 0 */
static inline unsigned log2_floor(uint64_t v)
{
    return 63 - clz64(v);
}

static inline uint64_t rotl64(uint64_t v, unsigned n)
{
    n &= 63;
    return n == 0 ? v : (v << n) | (v >> (64 - n));
}

static inline uint32_t rotl32(uint32_t v, unsigned n)
{
    n &= 31;
    return n == 0 ? v : (v << n) | (v >> (32 - n));
}

#endif
