/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-512 and SM3: Arm ARM, C7.2 (SHA512*, SM3*); FIPS 180-4; GB/T 32905-2016. Operands: a = Vd where it is
 * read, then Vn, Vm (, Va).
 */
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return ((y ^ z) & x) ^ z;
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | ((x | y) & z);
}

/* ---- SHA-512 ---- */
static uint64_t xor3(uint64_t v, unsigned r1, unsigned r2, unsigned r3)
{
    return a64_ror64(v, r1) ^ a64_ror64(v, r2) ^ a64_ror64(v, r3);
}

static uint64_t choose64(uint64_t x, uint64_t y, uint64_t z)
{
    return ((y ^ z) & x) ^ z;
}

static uint64_t majority64(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | ((x | y) & z);
}

void a64_vec_sha512h(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    uint64_t y0 = c->d[0], y1 = c->d[1], x0 = b->d[0], x1 = b->d[1];
    uint64_t high = choose64(y1, x0, x1) + xor3(y1, 14, 18, 41) + a->d[1], t = high + y0;
    uint64_t low = choose64(t, y1, x0) + xor3(t, 14, 18, 41) + a->d[0];
    (void)cpu, (void)imm;
    *dst = (union ir_vec){ .d = { low, high } };
}

void a64_vec_sha512h2(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                      const union ir_vec *c, uint64_t imm)
{
    uint64_t y0 = c->d[0], y1 = c->d[1];
    uint64_t high = majority64(b->d[0], y1, y0) + xor3(y0, 28, 34, 39) + a->d[1];
    uint64_t low = majority64(high, y0, y1) + xor3(high, 28, 34, 39) + a->d[0];
    (void)cpu, (void)imm;
    *dst = (union ir_vec){ .d = { low, high } };
}

void a64_vec_sha512su0(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    uint64_t next[2] = { a->d[1], b->d[0] };
    (void)cpu, (void)c, (void)imm;
    for (unsigned i = 0; i < 2; i++)
        dst->d[i] = a->d[i] + (a64_ror64(next[i], 1) ^ a64_ror64(next[i], 8) ^ next[i] >> 7);
}

void a64_vec_sha512su1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = b->d[i];
        dst->d[i] = a->d[i] + (a64_ror64(x, 19) ^ a64_ror64(x, 61) ^ x >> 6) + c->d[i];
    }
}

/* ---- SM3 ---- */
void a64_vec_sm3ss1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                    const union ir_vec *c, uint64_t imm)
{
    uint32_t v = a64_rol32(a64_rol32(a->w[3], 12) + b->w[3] + c->w[3], 7);
    (void)cpu, (void)imm;
    *dst = (union ir_vec){ .w = { 0, 0, 0, v } };
}

void a64_vec_sm3tt(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                   const union ir_vec *c, uint64_t imm)
{
    union ir_vec s = *a;
    bool second = imm & 2, variant_b = imm & 1;
    uint32_t v = s.w[1] ^ s.w[2] ^ s.w[3], add = b->w[3];
    (void)cpu;
    if (variant_b)
        v = second ? choose(s.w[3], s.w[2], s.w[1]) : majority(s.w[3], s.w[1], s.w[2]);
    if (!second)
        add ^= a64_rol32(s.w[3], 12);
    v += s.w[0] + add + c->w[imm >> 2 & 3];
    if (second)
        v ^= a64_rol32(v, 9) ^ a64_rol32(v, 17);
    *dst = (union ir_vec){ .w = { s.w[1], a64_rol32(s.w[2], second ? 19 : 9), s.w[3], v } };
}

/* P1() of the standard */
static uint32_t sm3_expand(uint32_t v)
{
    return v ^ a64_rol32(v, 15) ^ a64_rol32(v, 23);
}

void a64_vec_sm3partw1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    union ir_vec m = *c, r;
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 4; i++)
        r.w[i] = a->w[i] ^ b->w[i];
    for (unsigned i = 0; i < 3; i++)
        r.w[i] = sm3_expand(r.w[i] ^ a64_rol32(m.w[i + 1], 15));
    r.w[3] = sm3_expand(r.w[3] ^ a64_rol32(r.w[0], 15));
    *dst = r;
}

void a64_vec_sm3partw2(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    union ir_vec r;
    (void)cpu, (void)imm;
    uint32_t first = b->w[0] ^ a64_rol32(c->w[0], 7);
    for (unsigned i = 0; i < 4; i++)
        r.w[i] = a->w[i] ^ b->w[i] ^ a64_rol32(c->w[i], 7);
    r.w[3] ^= sm3_expand(a64_rol32(first, 15));
    *dst = r;
}
