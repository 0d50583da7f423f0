/* SPDX-License-Identifier: Apache-2.0 */
/* Element group operations: FIPS 197 (AES), NIST SP 800-38D (GHASH), FIPS 180-4 (SHA-2), GB/T 32907 and 32905 (SM4, SM3). */
#include "core/util/aes.h"
#include "core/util/bits.h"
#include "core/util/sbox.h"
#include "cpu/riscv/vec_crypto_impl.h"

#define GROUP(name)                                                                                                    \
    void rv_group_##name(union ir_vec *vd, const union ir_vec *vs2, const union ir_vec *vs1, uint64_t imm)
#define UNUSED() ((void)vs2, (void)vs1, (void)imm)

static uint32_t rol32(uint32_t v, unsigned n)
{
    return n % 32 == 0 ? v : v << n % 32 | v >> (32 - n % 32);
}

static uint64_t ror64(uint64_t v, unsigned n)
{
    return v >> n | v << (64 - n);
}

static uint32_t swapped(uint32_t v)
{
    return __builtin_bswap32(v);
}

static union ir_vec xor_of(union ir_vec a, union ir_vec b)
{
    return (union ir_vec){ .d = { a.d[0] ^ b.d[0], a.d[1] ^ b.d[1] } };
}

/* ---- Zvkned: byte 4 * column + row of the state ---- */
static union ir_vec shift_and_sub(union ir_vec s, bool back)
{
    union ir_vec r;
    for (unsigned i = 0; i < 16; i++) /* row i % 4 moves by as many columns */
        r.b[i] = (back ? sbox_aes_inverse : sbox_aes)[s.b[(i + (back ? 12 : 4) * (i % 4)) % 16]];
    return r;
}

static union ir_vec mixed(union ir_vec s, bool back)
{
    for (unsigned i = 0; i < 16; i += 4)
        back ? aes_mix_column_back(s.b + i) : aes_mix_column(s.b + i);
    return s;
}

GROUP(vaesef)
{
    UNUSED();
    *vd = xor_of(shift_and_sub(*vd, false), *vs2);
}

GROUP(vaesem)
{
    UNUSED();
    *vd = xor_of(mixed(shift_and_sub(*vd, false), false), *vs2);
}

GROUP(vaesdf)
{
    UNUSED();
    *vd = xor_of(shift_and_sub(*vd, true), *vs2);
}

GROUP(vaesdm) /* the key comes before InvMixColumns */
{
    UNUSED();
    *vd = mixed(xor_of(shift_and_sub(*vd, true), *vs2), true);
}

GROUP(vaesz)
{
    UNUSED();
    *vd = xor_of(*vd, *vs2);
}

static uint32_t sub_word(const uint8_t *sbox, uint32_t v)
{
    uint32_t r = 0;
    for (unsigned i = 0; i < 32; i += 8)
        r |= (uint32_t)sbox[v >> i & 0xff] << i;
    return r;
}

/* Immediates out of range count with bit 3 inverted. */
unsigned rv_aeskf1_round(uint64_t imm)
{
    unsigned round = imm & 15;
    return round == 0 || round > 10 ? round ^ 8 : round;
}

unsigned rv_aeskf2_round(uint64_t imm)
{
    unsigned round = imm & 15;
    return round < 2 || round > 14 ? round ^ 8 : round;
}

uint32_t rv_aes_constant(unsigned round)
{
    uint8_t v = 1;
    while (--round > 0)
        v = aes_xtime(v);
    return v;
}

/* Four words of a schedule from the four `back` positions before and what the first gets besides. */
static union ir_vec next_words(union ir_vec back, uint32_t first)
{
    back.w[0] ^= first;
    for (unsigned i = 1; i < 4; i++)
        back.w[i] ^= back.w[i - 1];
    return back;
}

GROUP(vaeskf1)
{
    UNUSED();
    uint32_t word = rol32(sub_word(sbox_aes, vs2->w[3]), 24);
    *vd = next_words(*vs2, word ^ rv_aes_constant(rv_aeskf1_round(imm)));
}

GROUP(vaeskf2)
{
    UNUSED();
    unsigned round = rv_aeskf2_round(imm);
    uint32_t word = sub_word(sbox_aes, vs2->w[3]);
    *vd = next_words(*vd, round & 1 ? word : rol32(word, 24) ^ rv_aes_constant(round / 2));
}

/* ---- Zvkg: bits of bytes are reversed, so that bit i of the group stands for x^i ---- */
static union ir_vec reversed(union ir_vec v)
{
    for (unsigned i = 0; i < 16; i++) {
        uint8_t r = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            r |= (uint8_t)((v.b[i] >> bit & 1) << (7 - bit));
        v.b[i] = r;
    }
    return v;
}

/* Modulo x^128 + x^7 + x^2 + x + 1. */
static union ir_vec ghash_product(union ir_vec s, union ir_vec h)
{
    union ir_vec z = { .d = { 0, 0 } };
    s = reversed(s);
    h = reversed(h);
    for (unsigned i = 0; i < 128; i++) {
        if (s.d[i / 64] >> (i % 64) & 1)
            z = xor_of(z, h);
        uint64_t carry = h.d[1] >> 63;
        h.d[1] = h.d[1] << 1 | h.d[0] >> 63;
        h.d[0] = h.d[0] << 1 ^ (carry ? 0x87 : 0);
    }
    return reversed(z);
}

GROUP(vghsh)
{
    UNUSED();
    *vd = ghash_product(xor_of(*vd, *vs1), *vs2);
}

GROUP(vgmul)
{
    UNUSED();
    *vd = ghash_product(*vd, *vs2);
}

/* ---- Zvknha, Zvknhb: element 3 is the first letter of {a, b, e, f} and the last word ---- */
static uint32_t sigma32(uint32_t v, unsigned r1, unsigned r2, unsigned shift)
{
    return rol32(v, 32 - r1) ^ rol32(v, 32 - r2) ^ v >> shift;
}

static uint32_t sum32(uint32_t v, unsigned r1, unsigned r2, unsigned r3)
{
    return rol32(v, 32 - r1) ^ rol32(v, 32 - r2) ^ rol32(v, 32 - r3);
}

/* W0..W3 in vd; W4, W9, W10, W11 in vs2; W12, -, W14, W15 in vs1: W16..W19 */
GROUP(vsha2ms32)
{
    const uint32_t *a = vd->w, *b = vs2->w, *c = vs1->w;
    uint32_t w[4];
    UNUSED();
    w[0] = a[0] + sigma32(a[1], 7, 18, 3) + b[1] + sigma32(c[2], 17, 19, 10);
    w[1] = a[1] + sigma32(a[2], 7, 18, 3) + b[2] + sigma32(c[3], 17, 19, 10);
    w[2] = a[2] + sigma32(a[3], 7, 18, 3) + b[3] + sigma32(w[0], 17, 19, 10);
    w[3] = a[3] + sigma32(b[0], 7, 18, 3) + c[0] + sigma32(w[1], 17, 19, 10);
    *vd = (union ir_vec){ .w = { w[0], w[1], w[2], w[3] } };
}

/* Two rounds: {c, d, g, h} in vd, {a, b, e, f} in vs2. */
static void compress32(union ir_vec *vd, const union ir_vec *vs2, const uint32_t words[2])
{
    uint32_t a = vs2->w[3], b = vs2->w[2], e = vs2->w[1], f = vs2->w[0];
    uint32_t c = vd->w[3], d = vd->w[2], g = vd->w[1], h = vd->w[0];
    for (unsigned i = 0; i < 2; i++) {
        uint32_t t1 = h + sum32(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + words[i];
        uint32_t t2 = sum32(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    *vd = (union ir_vec){ .w = { f, e, b, a } };
}

GROUP(vsha2cl32)
{
    const uint32_t words[2] = { vs1->w[0], vs1->w[1] };
    UNUSED();
    compress32(vd, vs2, words);
}

GROUP(vsha2ch32)
{
    const uint32_t words[2] = { vs1->w[2], vs1->w[3] };
    UNUSED();
    compress32(vd, vs2, words);
}

static uint64_t sigma64(uint64_t v, unsigned r1, unsigned r2, unsigned shift)
{
    return ror64(v, r1) ^ ror64(v, r2) ^ v >> shift;
}

static uint64_t sum64(uint64_t v, unsigned r1, unsigned r2, unsigned r3)
{
    return ror64(v, r1) ^ ror64(v, r2) ^ ror64(v, r3);
}

static uint64_t element(const union ir_vec *v, unsigned n)
{
    return v[n / 2].d[n % 2];
}

static void put_elements(union ir_vec *v, uint64_t e0, uint64_t e1, uint64_t e2, uint64_t e3)
{
    v[0] = (union ir_vec){ .d = { e0, e1 } };
    v[1] = (union ir_vec){ .d = { e2, e3 } };
}

GROUP(vsha2ms64)
{
    uint64_t a[4], b[4], c[4], w[4];
    UNUSED();
    for (unsigned i = 0; i < 4; i++)
        a[i] = element(vd, i), b[i] = element(vs2, i), c[i] = element(vs1, i);
    w[0] = a[0] + sigma64(a[1], 1, 8, 7) + b[1] + sigma64(c[2], 19, 61, 6);
    w[1] = a[1] + sigma64(a[2], 1, 8, 7) + b[2] + sigma64(c[3], 19, 61, 6);
    w[2] = a[2] + sigma64(a[3], 1, 8, 7) + b[3] + sigma64(w[0], 19, 61, 6);
    w[3] = a[3] + sigma64(b[0], 1, 8, 7) + c[0] + sigma64(w[1], 19, 61, 6);
    put_elements(vd, w[0], w[1], w[2], w[3]);
}

static void compress64(union ir_vec *vd, const union ir_vec *vs2, const union ir_vec *words)
{
    uint64_t a = element(vs2, 3), b = element(vs2, 2), e = element(vs2, 1), f = element(vs2, 0);
    uint64_t c = element(vd, 3), d = element(vd, 2), g = element(vd, 1), h = element(vd, 0);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t t1 = h + sum64(e, 14, 18, 41) + ((e & f) ^ (~e & g)) + words->d[i];
        uint64_t t2 = sum64(a, 28, 34, 39) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    put_elements(vd, f, e, b, a);
}

GROUP(vsha2cl64)
{
    UNUSED();
    compress64(vd, vs2, &vs1[0]);
}

GROUP(vsha2ch64)
{
    UNUSED();
    compress64(vd, vs2, &vs1[1]);
}

/* ---- Zvksed: four words, element 3 the newest ---- */
GROUP(vsm4r)
{
    uint32_t x[8];
    UNUSED();
    for (unsigned i = 0; i < 4; i++)
        x[i] = vd->w[i];
    for (unsigned i = 0; i < 4; i++) {
        uint32_t s = sub_word(sbox_sm4, x[i + 1] ^ x[i + 2] ^ x[i + 3] ^ vs2->w[i]);
        x[i + 4] = x[i] ^ s ^ rol32(s, 2) ^ rol32(s, 10) ^ rol32(s, 18) ^ rol32(s, 24);
    }
    *vd = (union ir_vec){ .w = { x[4], x[5], x[6], x[7] } };
}

/* GB/T 32907, 7.3: byte j of CK(i) is 7 * (4 * i + j), the first one highest. */
static uint32_t sm4_constant(unsigned i)
{
    uint32_t v = 0;
    for (unsigned j = 0; j < 4; j++)
        v = v << 8 | ((4 * i + j) * 7 & 0xff);
    return v;
}

GROUP(vsm4k)
{
    uint32_t k[8];
    UNUSED();
    for (unsigned i = 0; i < 4; i++)
        k[i] = vs2->w[i];
    for (unsigned i = 0; i < 4; i++) {
        uint32_t s = sub_word(sbox_sm4, k[i + 1] ^ k[i + 2] ^ k[i + 3] ^ sm4_constant(4 * (imm & 7) + i));
        k[i + 4] = k[i] ^ s ^ rol32(s, 13) ^ rol32(s, 23);
    }
    *vd = (union ir_vec){ .w = { k[4], k[5], k[6], k[7] } };
}

/* ---- Zvksh: words are big-endian ---- */
static uint32_t word(const union ir_vec *v, unsigned n)
{
    return swapped(v[n / 4].w[n % 4]);
}

static void put_word(union ir_vec *v, unsigned n, uint32_t x)
{
    v[n / 4].w[n % 4] = swapped(x);
}

/* W0..W7 in vs1, W8..W15 in vs2: W16..W23 */
GROUP(vsm3me)
{
    uint32_t w[24];
    UNUSED();
    for (unsigned i = 0; i < 8; i++)
        w[i] = word(vs1, i), w[i + 8] = word(vs2, i);
    for (unsigned i = 16; i < 24; i++) {
        uint32_t x = w[i - 16] ^ w[i - 9] ^ rol32(w[i - 3], 15);
        w[i] = x ^ rol32(x, 15) ^ rol32(x, 23) ^ rol32(w[i - 13], 7) ^ w[i - 6];
    }
    for (unsigned i = 0; i < 8; i++)
        put_word(vd, i, w[i + 16]);
}

/* Rounds 2 * imm and the next: state A..H in vd; words 0, 1, 4, 5 after those rounds' in vs2. */
GROUP(vsm3c)
{
    uint32_t a = word(vd, 0), b = word(vd, 1), c = word(vd, 2), d = word(vd, 3);
    uint32_t e = word(vd, 4), f = word(vd, 5), g = word(vd, 6), h = word(vd, 7);
    const uint32_t w[2] = { word(vs2, 0), word(vs2, 1) }, later[2] = { word(vs2, 4), word(vs2, 5) };
    UNUSED();
    for (unsigned i = 0; i < 2; i++) {
        unsigned j = 2 * (unsigned)(imm & 31) + i;
        uint32_t t = rol32(j < 16 ? 0x79cc4519 : 0x7a879d8a, j);
        uint32_t ss1 = rol32(rol32(a, 12) + e + t, 7), ss2 = ss1 ^ rol32(a, 12);
        uint32_t ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
        uint32_t gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
        uint32_t tt1 = ff + d + ss2 + (w[i] ^ later[i]), tt2 = gg + h + ss1 + w[i];
        d = c, c = rol32(b, 9), b = a, a = tt1;
        h = g, g = rol32(f, 19), f = e, e = tt2 ^ rol32(tt2, 9) ^ rol32(tt2, 17);
    }
    const uint32_t out[8] = { a, b, c, d, e, f, g, h };
    for (unsigned i = 0; i < 8; i++)
        put_word(vd, i, out[i]);
}
