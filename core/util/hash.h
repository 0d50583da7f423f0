/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_HASH_H
#define ORRERY_CORE_UTIL_HASH_H
/* Mixing of 64-bit words (tables, determinism hash). Not for adversaries; CRCs come from zlib. */
#include "core/util/types.h"

/* A bijection whose output bits each depend on all input bits (two multiply-xorshift rounds). */
static inline uint64_t hash_mix(uint64_t v)
{
    v ^= v >> 32;
    v *= 0xe9846af9b1a615dull;
    v ^= v >> 32;
    v *= 0xe9846af9b1a615dull;
    v ^= v >> 28;
    return v;
}

static inline uint64_t hash_add(uint64_t h, uint64_t v)
{
    return hash_mix(h * 0x9e3779b97f4a7c15ull + v + 1);
}

/* Hash of `n` bytes, chained from `h`. */
uint64_t hash_bytes(uint64_t h, const void *data, size_t n);

#endif
