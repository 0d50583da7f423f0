/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_BYTES_H
#define ORRERY_CORE_UTIL_BYTES_H
/*
 * Integers in guest memory, images and packets: ld_le32(p), st_be16(p, v).
 * `p` may be unaligned. The host is little-endian (asserted at build time).
 */
#include "core/util/types.h"
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the host must be little-endian");

#define BYTES_PAIR(w, T, SWAP)                                                                     \
    static inline T ld_le##w(const void *p)                                                        \
    {                                                                                              \
        T v;                                                                                       \
        memcpy(&v, p, sizeof(v));                                                                  \
        return v;                                                                                  \
    }                                                                                              \
    static inline void st_le##w(void *p, T v)                                                      \
    {                                                                                              \
        memcpy(p, &v, sizeof(v));                                                                  \
    }                                                                                              \
    static inline T ld_be##w(const void *p)                                                        \
    {                                                                                              \
        return SWAP(ld_le##w(p));                                                                  \
    }                                                                                              \
    static inline void st_be##w(void *p, T v)                                                      \
    {                                                                                              \
        st_le##w(p, SWAP(v));                                                                      \
    }
BYTES_PAIR(16, uint16_t, __builtin_bswap16)
BYTES_PAIR(32, uint32_t, __builtin_bswap32)
BYTES_PAIR(64, uint64_t, __builtin_bswap64)
#undef BYTES_PAIR

/*
 * An integer of `size` bytes, little-endian, zero-extended. 1, 2, 4, 8 are one access of the host's: a library's memcpy may
 * store bytes twice, and another thread's store between the two would be lost.
 */
static inline uint64_t ld_le(const void *p, unsigned size)
{
    uint64_t v = 0;
    switch (size) {
    case 1: return *(const uint8_t *)p;
    case 2: return ld_le16(p);
    case 4: return ld_le32(p);
    case 8: return ld_le64(p);
    default: memcpy(&v, p, size & 7); return v; /* never more: for the compiler to see */
    }
}

static inline void st_le(void *p, uint64_t v, unsigned size)
{
    switch (size) {
    case 1: *(uint8_t *)p = (uint8_t)v; break;
    case 2: st_le16(p, (uint16_t)v); break;
    case 4: st_le32(p, (uint32_t)v); break;
    case 8: st_le64(p, v); break;
    default: memcpy(p, &v, size & 7); break;
    }
}

#endif
