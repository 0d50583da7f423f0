/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_AES_H
#define ORRERY_CORE_UTIL_AES_H
/* MixColumns of AES (FIPS 197, 5.1.3 and 5.3.3) on one column, row 0 first: more than one ISA has it. */
#include <stdint.h>

/* Multiplication by x in GF(2^8). */
static inline uint8_t aes_xtime(uint8_t v)
{
    return (uint8_t)(v << 1 ^ (v & 0x80 ? 0x1b : 0));
}

static inline void aes_mix_column(uint8_t s[4])
{
    uint8_t all = s[0] ^ s[1] ^ s[2] ^ s[3], first = s[0];
    for (unsigned r = 0; r < 4; r++)
        s[r] ^= all ^ aes_xtime(s[r] ^ (r < 3 ? s[r + 1] : first));
}

/* The inverse matrix is the matrix itself times circ(5, 0, 4, 0). */
static inline void aes_mix_column_back(uint8_t s[4])
{
    uint8_t even = aes_xtime(aes_xtime(s[0] ^ s[2])), odd = aes_xtime(aes_xtime(s[1] ^ s[3]));
    s[0] ^= even, s[1] ^= odd, s[2] ^= even, s[3] ^= odd;
    aes_mix_column(s);
}

#endif
