/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/vec_native.h"
#include "core/ir/eval.h"
#include "core/util/aes.h"
#include "core/util/bits.h"
#include "core/util/sbox.h"

#define VEC(name)                                                                                  \
    void vec_##name(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b, \
                    const union ir_vec *c, uint64_t imm)
#define UNUSED() ((void)cpu, (void)a, (void)b, (void)c, (void)imm)

/* ---- AES (FIPS 197): byte 4 * column + row ---- */
VEC(aes_round)
{
    union ir_vec r;
    bool back = imm & IR_AES_DECRYPT;
    UNUSED();
    for (unsigned i = 0; i < 16; i++) /* row i % 4 moves by as many columns */
        r.b[i] = (back ? sbox_aes_inverse : sbox_aes)[a->b[(i + (back ? 12 : 4) * (i % 4)) % 16]];
    for (unsigned i = 0; i < 16 && !(imm & IR_AES_LAST); i += 4)
        back ? aes_mix_column_back(r.b + i) : aes_mix_column(r.b + i);
    dst->d[0] = r.d[0] ^ (b ? b->d[0] : 0);
    dst->d[1] = r.d[1] ^ (b ? b->d[1] : 0);
}

VEC(aes_imc)
{
    union ir_vec r = *a;
    UNUSED();
    for (unsigned i = 0; i < 16; i += 4)
        aes_mix_column_back(r.b + i);
    *dst = r;
}

VEC(aes_keygen)
{
    union ir_vec r;
    UNUSED();
    for (unsigned i = 0; i < 2; i++) { /* of dwords 1 and 3 */
        uint32_t x = a->w[2 * i + 1], s = 0;
        for (unsigned k = 0; k < 32; k += 8)
            s |= (uint32_t)sbox_aes[x >> k & 0xff] << k;
        r.w[2 * i] = s;
        r.w[2 * i + 1] = (s >> 8 | s << 24) ^ (uint32_t)imm;
    }
    *dst = r;
}

/* ---- PCLMULQDQ: imm8 bits 0 and 4 select halves ---- */
VEC(carry_less)
{
    uint64_t x = a->d[imm & 1], y = b->d[imm >> 4 & 1];
    UNUSED();
    dst->d[0] = ir_clmul_lo(x, y);
    dst->d[1] = ir_clmul_hi(x, y);
}

/* ---- SHA (FIPS 180-4): dword 3 is the first of four ---- */
static uint32_t rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

VEC(sha1_next_e)
{
    union ir_vec r = *b;
    UNUSED();
    r.w[3] += rotl(a->w[3], 30);
    *dst = r;
}

VEC(sha1_msg1)
{
    UNUSED();
    *dst = (union ir_vec){ .w = { b->w[2] ^ a->w[0], b->w[3] ^ a->w[1], a->w[0] ^ a->w[2],
                                  a->w[1] ^ a->w[3] } };
}

VEC(sha1_msg2)
{
    union ir_vec r;
    UNUSED();
    r.w[3] = rotl(a->w[3] ^ b->w[2], 1);
    r.w[2] = rotl(a->w[2] ^ b->w[1], 1);
    r.w[1] = rotl(a->w[1] ^ b->w[0], 1);
    r.w[0] = rotl(a->w[0] ^ r.w[3], 1);
    *dst = r;
}

VEC(sha1_rounds4)
{
    static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    uint32_t s[5] = { a->w[3], a->w[2], a->w[1], a->w[0], 0 }; /* a to e; e comes with the words */
    UNUSED();
    for (unsigned i = 0; i < 4; i++) {
        uint32_t f = (imm & 3) == 0   ? (s[1] & s[2]) ^ (~s[1] & s[3])
                     : (imm & 3) == 2 ? (s[1] & s[2]) ^ (s[1] & s[3]) ^ (s[2] & s[3])
                                      : s[1] ^ s[2] ^ s[3];
        uint32_t next = f + rotl(s[0], 5) + b->w[3 - i] + s[4] + k[imm & 3];
        s[4] = s[3], s[3] = s[2], s[2] = rotl(s[1], 30), s[1] = s[0], s[0] = next;
    }
    *dst = (union ir_vec){ .w = { s[3], s[2], s[1], s[0] } };
}

static uint32_t sigma(uint32_t v, unsigned a, unsigned b, unsigned shift)
{
    return rotl(v, 32 - a) ^ rotl(v, 32 - b) ^ v >> shift;
}

VEC(sha256_msg1)
{
    union ir_vec r;
    UNUSED();
    for (unsigned i = 0; i < 4; i++)
        r.w[i] = a->w[i] + sigma(i < 3 ? a->w[i + 1] : b->w[0], 7, 18, 3);
    *dst = r;
}

VEC(sha256_msg2)
{
    union ir_vec r;
    UNUSED();
    r.w[0] = a->w[0] + sigma(b->w[2], 17, 19, 10);
    r.w[1] = a->w[1] + sigma(b->w[3], 17, 19, 10);
    r.w[2] = a->w[2] + sigma(r.w[0], 17, 19, 10);
    r.w[3] = a->w[3] + sigma(r.w[1], 17, 19, 10);
    *dst = r;
}

/* Two rounds: CDGH in a, ABEF in b, words with their constants in c. */
VEC(sha256_rounds2)
{
    uint32_t s[8] = { b->w[3], b->w[2], a->w[3], a->w[2], b->w[1], b->w[0], a->w[1], a->w[0] };
    UNUSED();
    for (unsigned i = 0; i < 2; i++) {
        uint32_t e = s[4], x = s[0];
        uint32_t t1 =
            s[7] + (rotl(e, 26) ^ rotl(e, 21) ^ rotl(e, 7)) + ((e & s[5]) ^ (~e & s[6])) + c->w[i];
        uint32_t t2 =
            (rotl(x, 30) ^ rotl(x, 19) ^ rotl(x, 10)) + ((x & s[1]) ^ (x & s[2]) ^ (s[1] & s[2]));
        for (unsigned k = 7; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += t1;
        s[0] = t1 + t2;
    }
    *dst = (union ir_vec){ .w = { s[5], s[4], s[1], s[0] } };
}

/* ---- GFNI: bytes as elements of GF(2^8) with x^8 + x^4 + x^3 + x + 1 ---- */
static uint8_t gf_multiply(uint8_t a, uint8_t b)
{
    uint8_t r = 0;
    for (unsigned i = 0; i < 8; i++, a = aes_xtime(a))
        r ^= b >> i & 1 ? a : 0;
    return r;
}

static uint8_t gf_inverse(uint8_t a) /* a^254; of 0: 0 */
{
    uint8_t r = 1;
    for (unsigned i = 0; i < 7; i++) {
        a = gf_multiply(a, a);
        r = gf_multiply(r, a);
    }
    return r;
}

VEC(gf_multiply)
{
    UNUSED();
    for (unsigned i = 0; i < 16; i++)
        dst->b[i] = gf_multiply(a->b[i], b->b[i]);
}

/* A matrix of bits in each 64 of b, row 0 in its last byte; imm 7:0 is added, bit 8: of the
 * inverse. */
VEC(gf_affine)
{
    union ir_vec r;
    UNUSED();
    for (unsigned i = 0; i < 16; i++) {
        uint8_t x = imm & 0x100 ? gf_inverse(a->b[i]) : a->b[i], y = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            y |= (uint8_t)((popcount64(b->b[(i & 8) + 7 - bit] & x) & 1) << bit);
        r.b[i] = y ^ (uint8_t)imm;
    }
    *dst = r;
}
