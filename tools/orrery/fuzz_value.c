/* SPDX-License-Identifier: Apache-2.0 */
/* Values worth trying that are the same for all ISAs: integers, IEEE 754 formats. */
#include "core/util/bits.h"
#include "tools/orrery/fuzz.h"

uint64_t fuzz_integer(struct fuzz_random *r, const uint64_t *own, uint32_t n)
{
    static const uint64_t some[] = {
        0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, ~0ull, ~1ull, 0x7f, 0x80, 0xff, 0x7fff,
        0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xffffffff80000000,
        0xffffffff7fffffff, 0x100000000, INT64_MAX, BIT(63), BIT(63) + 1, 0x5555555555555555,
        0xaaaaaaaaaaaaaaaa, 0x0102030405060708, 0x43e0000000000000,
    };
    switch (fuzz_below(r, 8)) {
    case 0: return fuzz_next(r);
    case 1: return BIT(fuzz_below(r, 64)) + fuzz_below(r, 3) - 1;
    case 2: return sext(fuzz_next(r), 1 + fuzz_below(r, 63));
    case 3: return fuzz_below(r, 256);
    case 4: return own[fuzz_below(r, n)];
    default: return some[fuzz_below(r, ARRAY_LEN(some))];
    }
}

uint64_t fuzz_integer_edge(struct fuzz_random *r, unsigned e, unsigned m)
{
    static const uint8_t widths[] = { 0, 7, 8, 15, 16, 31, 32, 63, 64 };
    unsigned n = widths[fuzz_below(r, ARRAY_LEN(widths))], bias = (1u << (e - 1)) - 1;
    if (n > bias)
        n = bias;
    if (n == 0 || fuzz_one_in(r, 2))
        return (uint64_t)(bias + n) << m;
    unsigned ones = MIN(n - 1, m);
    return (uint64_t)(bias + n - 1) << m | (BIT(ones) - 1) << (m - ones);
}

uint64_t fuzz_float_of(struct fuzz_random *r, unsigned e, unsigned m)
{
    uint64_t sign = (uint64_t)fuzz_below(r, 2) << (e + m), one = (BIT(e - 1) - 1) << m;
    uint64_t bit = BIT(fuzz_below(r, m)); /* ties and their neighbours: few bits, or all above one */
    uint64_t fraction = fuzz_one_in(r, 2)   ? zext(fuzz_next(r), m)
                        : fuzz_one_in(r, 2) ? bit
                                            : BIT(m) - bit;
    switch (fuzz_below(r, 15)) {
    case 12: return sign;
    case 13: return sign | fuzz_integer_edge(r, e, m);
    case 14: return sign | (fuzz_integer_edge(r, e, m) + fuzz_below(r, 3) - 1);
    case 0: return sign;                                             /* zero */
    case 1: return sign | fraction;                                  /* subnormal */
    case 2: return sign | BIT(m);                                    /* smallest normal */
    case 3: return sign | (BIT(e) - 1) << m;                         /* infinity */
    case 4: return sign | (BIT(e) - 1) << m | BIT(m - 1);            /* quiet NaN */
    case 5: return sign | (BIT(e) - 1) << m | (fraction >> 1) | 1;   /* signalling NaN */
    case 6: return sign | (((BIT(e) - 1) << m) - 1);                 /* largest */
    case 7: return sign | one;
    case 8: return sign | (one + ((uint64_t)fuzz_below(r, m + 12) << m)) | fraction; /* near integers */
    case 9: return sign | (one - ((uint64_t)fuzz_below(r, 3) << m)) | fraction;
    case 10: return sign | (uint64_t)fuzz_below(r, 4) << m | fraction; /* about to underflow */
    default: return sign | zext(fuzz_next(r), e + m);
    }
}
