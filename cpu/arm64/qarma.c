/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QARMA-64. The state is 16 cells of 4 bits; cell 0 of the paper is the most significant. On x86
 * hosts with SSSE3 each cell lies in a byte of its own, so that substitution, permutation
 * and rotation of cells are one PSHUFB each; the portable form works on the 64 bits.
 */
#include "cpu/arm64/qarma.h"

#define ALPHA 0xc0ac29b7c97c50ddull
static const uint64_t round_constants[5] = {
    0, 0x13198a2e03707344ull, 0xa4093822299f31d0ull, 0x082efa98ec4e6c89ull, 0x452821e638d01377ull,
};

/* Substitution and its inverse (section 2.4 of the paper). sigma 0 and 1 are involutions. */
static const uint8_t sigma[3][2][16] = {
    { { 0, 14, 2, 10, 9, 15, 8, 11, 6, 4, 3, 7, 13, 12, 1, 5 },
      { 0, 14, 2, 10, 9, 15, 8, 11, 6, 4, 3, 7, 13, 12, 1, 5 } },
    { { 10, 13, 14, 6, 15, 7, 3, 5, 9, 8, 0, 12, 11, 1, 2, 4 },
      { 10, 13, 14, 6, 15, 7, 3, 5, 9, 8, 0, 12, 11, 1, 2, 4 } },
    { { 11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10 },
      { 5, 14, 13, 8, 10, 11, 1, 9, 2, 6, 15, 0, 4, 12, 7, 3 } },
};

/*
 * Permutations as nibbles: entry n says which nibble of the input (0 = least significant) comes
 * to nibble n. tau: PACCellShuffle; h: of the tweak.
 */
static const uint8_t tau[16] = { 13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15 };
static const uint8_t tau_inverse[16] = { 3, 6, 12, 9, 14, 11, 1, 4, 8, 13, 7, 2, 5, 0, 10, 15 };
static const uint8_t h[16] = { 4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9 };
static const uint8_t h_inverse[16] = { 12, 13, 5, 6, 0, 1, 2, 3, 7, 15, 14, 4, 8, 9, 10, 11 };
/* Nibbles of the tweak the LFSR steps in each round: cells 0, 1, 3, 4, 8, 11, 13. */
#define LFSR_CELLS 0xff0ff000f00f0f00ull
#define BIT0 0x1111111111111111ull

static uint64_t last_whitening(uint64_t w0)
{
    return (w0 >> 1 | w0 << 63) ^ w0 >> 63;
}

/* ---- portable ---- */
static uint64_t permute(uint64_t x, const uint8_t from[16])
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 16; n++)
        r |= (x >> 4 * from[n] & 15) << 4 * n;
    return r;
}

static uint64_t substitute(uint64_t x, const uint8_t box[16])
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 16; n++)
        r |= (uint64_t)box[x >> 4 * n & 15] << 4 * n;
    return r;
}

/* Each cell rotated left by one bit. */
static uint64_t rotate1(uint64_t x)
{
    return (x << 1 & ~BIT0) | (x >> 3 & BIT0);
}

static uint64_t rows_up(uint64_t x, unsigned rows)
{
    return x << 16 * rows | x >> (64 - 16 * rows);
}

/* M = circ(0, rho, rho^2, rho) on columns; a row is 16 bits. */
static uint64_t mix(uint64_t x)
{
    uint64_t r1 = rotate1(x);
    return rows_up(r1, 1) ^ rows_up(rotate1(r1), 2) ^ rows_up(r1, 3);
}

static uint64_t next_tweak(uint64_t t)
{
    t = permute(t, h);
    uint64_t stepped = (t >> 1 & ~(BIT0 << 3)) | ((t ^ t >> 1) & BIT0) << 3;
    return (t & ~LFSR_CELLS) | (stepped & LFSR_CELLS);
}

static uint64_t previous_tweak(uint64_t t)
{
    uint64_t stepped = (t << 1 & ~BIT0) | ((t >> 3 ^ t) & BIT0);
    return permute((t & ~LFSR_CELLS) | (stepped & LFSR_CELLS), h_inverse);
}

uint64_t qarma64_portable(uint64_t text, uint64_t tweak, uint64_t w0, uint64_t k0,
                          enum qarma_sbox sbox, unsigned rounds)
{
    const uint8_t *box = sigma[sbox][0], *inverse = sigma[sbox][1];
    uint64_t w1 = last_whitening(w0), x = text ^ w0, t = tweak;
    for (unsigned i = 0; i < rounds; i++) {
        x ^= k0 ^ t ^ round_constants[i];
        if (i > 0)
            x = mix(permute(x, tau));
        x = substitute(x, box);
        t = next_tweak(t);
    }
    x = substitute(mix(permute(x ^ w1 ^ t, tau)), box);
    x = permute(mix(permute(x, tau)) ^ k0, tau_inverse); /* the reflector */
    x = permute(mix(substitute(x, inverse)), tau_inverse) ^ w0 ^ t;
    for (unsigned i = 0; i < rounds; i++) {
        x = substitute(x, inverse);
        if (i < rounds - 1)
            x = permute(mix(x), tau_inverse);
        t = previous_tweak(t);
        x ^= k0 ^ t ^ round_constants[rounds - 1 - i] ^ ALPHA;
    }
    return x ^ w1;
}

/* ---- a cell in each byte, nibble 0 in byte 0 ---- */
#ifdef __x86_64__
#include <immintrin.h>
#define SSSE3 __attribute__((target("ssse3")))

static const uint8_t lfsr[16] = { 0, 8, 9, 1, 2, 10, 11, 3, 4, 12, 13, 5, 6, 14, 15, 7 };
static const uint8_t lfsr_inverse[16] = { 0, 3, 4, 7, 8, 11, 12, 15, 1, 2, 5, 6, 9, 10, 13, 14 };
static const uint8_t lfsr_bytes[16] = { 0, 0, 255, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 0, 255, 255 };
static const uint8_t rho1[16] = { 0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15 };
static const uint8_t rho2[16] = { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 };

SSSE3 static inline __m128i table(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

SSSE3 static inline __m128i spread(uint64_t x)
{
    __m128i v = _mm_cvtsi64_si128((long long)x), mask = _mm_set1_epi8(15);
    return _mm_unpacklo_epi8(_mm_and_si128(v, mask), _mm_and_si128(_mm_srli_epi64(v, 4), mask));
}

SSSE3 static inline uint64_t gather(__m128i v)
{
    __m128i pairs = _mm_maddubs_epi16(v, _mm_set1_epi16(0x1001)); /* even + 16 * odd */
    return (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs));
}

SSSE3 static inline __m128i mix_cells(__m128i x)
{
    __m128i r1 = _mm_shuffle_epi8(table(rho1), x), r2 = _mm_shuffle_epi8(table(rho2), x);
    return _mm_xor_si128(_mm_xor_si128(_mm_alignr_epi8(r1, r1, 12), _mm_alignr_epi8(r1, r1, 4)),
                         _mm_alignr_epi8(r2, r2, 8));
}

SSSE3 static inline __m128i step_cells(__m128i t, const uint8_t *step)
{
    __m128i mask = table(lfsr_bytes), stepped = _mm_shuffle_epi8(table(step), t);
    return _mm_or_si128(_mm_andnot_si128(mask, t), _mm_and_si128(mask, stepped));
}

SSSE3 static uint64_t qarma64_ssse3(uint64_t text, uint64_t tweak, uint64_t w0, uint64_t k0,
                                    enum qarma_sbox sbox, unsigned rounds)
{
    uint64_t w1 = last_whitening(w0);
    __m128i box = table(sigma[sbox][0]), inverse = table(sigma[sbox][1]);
    __m128i shuffle = table(tau), unshuffle = table(tau_inverse), key = spread(k0);
    __m128i x = spread(text ^ w0), t = spread(tweak);
    for (unsigned i = 0; i < rounds; i++) {
        x = _mm_xor_si128(_mm_xor_si128(x, t), _mm_xor_si128(key, spread(round_constants[i])));
        if (i > 0)
            x = mix_cells(_mm_shuffle_epi8(x, shuffle));
        x = _mm_shuffle_epi8(box, x);
        t = step_cells(_mm_shuffle_epi8(t, table(h)), lfsr);
    }
    x = _mm_xor_si128(x, _mm_xor_si128(spread(w1), t));
    x = _mm_shuffle_epi8(box, mix_cells(_mm_shuffle_epi8(x, shuffle)));
    x = _mm_xor_si128(mix_cells(_mm_shuffle_epi8(x, shuffle)), key);
    x = mix_cells(_mm_shuffle_epi8(inverse, _mm_shuffle_epi8(x, unshuffle)));
    x = _mm_xor_si128(_mm_shuffle_epi8(x, unshuffle), _mm_xor_si128(spread(w0), t));
    for (unsigned i = 0; i < rounds; i++) {
        x = _mm_shuffle_epi8(inverse, x);
        if (i < rounds - 1)
            x = _mm_shuffle_epi8(mix_cells(x), unshuffle);
        t = _mm_shuffle_epi8(step_cells(t, lfsr_inverse), table(h_inverse));
        x = _mm_xor_si128(_mm_xor_si128(x, t), key);
        x = _mm_xor_si128(x, spread(round_constants[rounds - 1 - i] ^ ALPHA));
    }
    return gather(x) ^ w1;
}
#endif

uint64_t qarma64(uint64_t text, uint64_t tweak, uint64_t w0, uint64_t k0, enum qarma_sbox sbox,
                 unsigned rounds)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("ssse3"))
        return qarma64_ssse3(text, tweak, w0, k0, sbox, rounds);
#endif
    return qarma64_portable(text, tweak, w0, k0, sbox, rounds);
}
