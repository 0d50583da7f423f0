/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalar cryptography: unprivileged ISA, "Scalar Cryptography" (Zknd, Zkne, Zknh, Zksed,
 * Zksh). SHA-2 and SM3 are rotations and become plain IR; AES and SM4 are helpers
 * without side effects.
 */
#include "core/util/sbox.h"
#include "cpu/riscv/translate_impl.h"

/* ---- SHA-256, SHA-512, SM3: xor of rotations and shifts ---- */
struct sigma {
    uint8_t ror1, ror2, third;
    bool shift;
}; /* third: rotate, or shift right */
enum {
    SHA256_SUM0,
    SHA256_SUM1,
    SHA256_SIG0,
    SHA256_SIG1,
    SHA512_SUM0,
    SHA512_SUM1,
    SHA512_SIG0,
    SHA512_SIG1,
    SM3_P0,
    SM3_P1
};
static const struct sigma sigmas[] = {
    [SHA256_SUM0] = { 2, 13, 22, false },     [SHA256_SUM1] = { 6, 11, 25, false },
    [SHA256_SIG0] = { 7, 18, 3, true },       [SHA256_SIG1] = { 17, 19, 10, true },
    [SHA512_SUM0] = { 28, 34, 39, false },    [SHA512_SUM1] = { 14, 18, 41, false },
    [SHA512_SIG0] = { 1, 8, 7, true },        [SHA512_SIG1] = { 19, 61, 6, true },
    [SM3_P0] = { 32 - 9, 32 - 17, 0, false }, [SM3_P1] = { 32 - 15, 32 - 23, 0, false },
};

static ir_val_t mix(struct rv_tr *t, enum ir_type type, ir_val_t v, const struct sigma *s)
{
    ir_val_t a = ir_op2i(t->u, IR_ROR, type, v, s->ror1);
    ir_val_t b = ir_op2i(t->u, IR_ROR, type, v, s->ror2);
    ir_val_t c = ir_op2i(t->u, s->shift ? IR_SHR : IR_ROR, type, v, s->third);
    return ir_xor(t->u, type, ir_xor(t->u, type, a, b), c);
}

static void sigma32(struct rv_tr *t, unsigned which)
{
    ir_val_t v = mix(t, IR_I32, ir_trunc(t->u, rv_x(t, t->d.rs1)), &sigmas[which]);
    rv_put_rd(t, ir_sext(t->u, IR_I64, v, 32));
}

static void sigma64(struct rv_tr *t, unsigned which)
{
    rv_put_rd(t, mix(t, IR_I64, rv_x(t, t->d.rs1), &sigmas[which]));
}

/* ---- AES: a register holds two columns, byte 0 in the low bits ---- */
static uint8_t times2(uint8_t v)
{
    return (uint8_t)(v << 1 ^ (v & 0x80 ? 0x1b : 0));
}

static uint8_t times(uint8_t v, unsigned n)
{
    uint8_t r = 0;
    for (; n != 0; n >>= 1, v = times2(v))
        if (n & 1)
            r ^= v;
    return r;
}

/* FIPS 197, MixColumns and its inverse: a circulant matrix on each column. */
static uint64_t mix_columns(uint64_t v, const uint8_t row[4])
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t sum = 0;
        for (unsigned k = 0; k < 4; k++)
            sum ^= times((uint8_t)(v >> (8 * ((i & 4) + (i + k) % 4))), row[k]);
        out |= (uint64_t)sum << (8 * i);
    }
    return out;
}

static const uint8_t forward_row[4] = { 2, 3, 1, 1 }, inverse_row[4] = { 14, 11, 13, 9 };

/* SubBytes(ShiftRows) of the 128-bit state (low, high), its low 64 bits. */
static uint64_t shift_and_sub(uint64_t low, uint64_t high, bool inverse)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned row = i & 3, column = i >> 2;
        unsigned from = (column + (inverse ? 4 - row : row)) % 4 * 4 + row;
        uint8_t byte = (uint8_t)((from < 8 ? low : high) >> (8 * (from & 7)));
        out |= (uint64_t)(inverse ? sbox_aes_inverse : sbox_aes)[byte] << (8 * i);
    }
    return out;
}

enum { AES_INVERSE = 1, AES_MIX = 2, AES_SUB = 4 };

uint64_t rv_helper_aes(struct cpu *cpu, uint64_t rs1, uint64_t rs2, uint64_t how, uint64_t d)
{
    (void)cpu, (void)d;
    uint64_t v = how & AES_SUB ? shift_and_sub(rs1, rs2, how & AES_INVERSE) : rs1;
    return how & AES_MIX ? mix_columns(v, how & AES_INVERSE ? inverse_row : forward_row) : v;
}

uint64_t rv_helper_aes64ks1i(struct cpu *cpu, uint64_t rs1, uint64_t rnum, uint64_t c, uint64_t d)
{
    static const uint8_t constant[10] = { 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36 };
    uint32_t v = (uint32_t)(rs1 >> 32), out = 0;
    (void)cpu, (void)c, (void)d;
    if (rnum != 10)
        v = v >> 8 | v << 24;
    for (unsigned i = 0; i < 32; i += 8)
        out |= (uint32_t)sbox_aes[v >> i & 0xff] << i;
    if (rnum < 10)
        out ^= constant[rnum];
    return (uint64_t)out << 32 | out;
}

static void aes(struct rv_tr *t, unsigned how)
{
    ir_val_t b = how & AES_SUB ? rv_x(t, t->d.rs2) : rv_const(t, 0);
    rv_put_rd(
        t, ir_call(t->u, IR_I64, RV_HELPER_aes, rv_x(t, t->d.rs1), b, rv_const(t, how), IR_NONE));
}

static void aes64ks1i(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, ir_call(t->u, IR_I64, RV_HELPER_aes64ks1i, rv_x(t, t->d.rs1),
                         rv_const(t, t->d.rnum), IR_NONE, IR_NONE));
}

static void aes64ks2(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t a = ir_op2i(t->u, IR_SHR, IR_I64, rv_x(t, t->d.rs1), 32), b = rv_x(t, t->d.rs2);
    ir_val_t w0 = ir_xor(t->u, IR_I64, a, ir_zext(t->u, IR_I64, b, 32));
    ir_val_t w1 = ir_xor(t->u, IR_I64, w0, ir_op2i(t->u, IR_SHR, IR_I64, b, 32));
    rv_put_rd(t, ir_deposit(t->u, IR_I64, w0, w1, 32, 32));
}

/* ---- SM4 ---- */
uint64_t rv_helper_sm4(struct cpu *cpu, uint64_t rs1, uint64_t rs2, uint64_t bs, uint64_t key)
{
    uint32_t x = sbox_sm4[rs2 >> (8 * bs) & 0xff], y;
    (void)cpu;
    if (key)
        y = x ^ (x & 7) << 29 ^ (x & 0xfe) << 7 ^ (x & 1) << 23 ^ (x & 0xf8) << 13;
    else
        y = x ^ x << 8 ^ x << 2 ^ x << 18 ^ (x & 0x3f) << 26 ^ (x & 0xc0) << 10;
    return sext(rotl32(y, (unsigned)(8 * bs)) ^ (uint32_t)rs1, 32);
}

static void sm4(struct rv_tr *t, unsigned key)
{
    rv_put_rd(t, ir_call(t->u, IR_I64, RV_HELPER_sm4, rv_x(t, t->d.rs1), rv_x(t, t->d.rs2),
                         rv_const(t, t->d.bs), rv_const(t, key)));
}

/* clang-format off */
const struct rv_semantics rv_crypto_rows[] = {
    { RV_INSN_SHA256SUM0, 0, sigma32, SHA256_SUM0 }, { RV_INSN_SHA256SUM1, 0, sigma32, SHA256_SUM1 },
    { RV_INSN_SHA256SIG0, 0, sigma32, SHA256_SIG0 }, { RV_INSN_SHA256SIG1, 0, sigma32, SHA256_SIG1 },
    { RV_INSN_SHA512SUM0, 0, sigma64, SHA512_SUM0 }, { RV_INSN_SHA512SUM1, 0, sigma64, SHA512_SUM1 },
    { RV_INSN_SHA512SIG0, 0, sigma64, SHA512_SIG0 }, { RV_INSN_SHA512SIG1, 0, sigma64, SHA512_SIG1 },
    { RV_INSN_SM3P0, 0, sigma32, SM3_P0 },           { RV_INSN_SM3P1, 0, sigma32, SM3_P1 },
    { RV_INSN_AES64ES, 0, aes, AES_SUB },            { RV_INSN_AES64ESM, 0, aes, AES_SUB | AES_MIX },
    { RV_INSN_AES64DS, 0, aes, AES_SUB | AES_INVERSE },
    { RV_INSN_AES64DSM, 0, aes, AES_SUB | AES_MIX | AES_INVERSE },
    { RV_INSN_AES64IM, 0, aes, AES_MIX | AES_INVERSE },
    { RV_INSN_AES64KS1I, 0, aes64ks1i, 0 },          { RV_INSN_AES64KS2, 0, aes64ks2, 0 },
    { RV_INSN_SM4ED, 0, sm4, 0 },                    { RV_INSN_SM4KS, 0, sm4, 1 },
    RV_ROWS_END
};
/* clang-format on */
