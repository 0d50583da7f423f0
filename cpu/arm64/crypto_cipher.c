/* SPDX-License-Identifier: Apache-2.0 */
/* SM4: Arm ARM, C7.2 (SM4E, SM4EKEY); GB/T 32907-2016. */
#include "core/util/sbox.h"
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"

/* ---- SM4: four rounds; lane 3 is the newest word ---- */
static uint32_t sm4_substitute(uint32_t v)
{
    return (uint32_t)sbox_sm4[v & 0xff] | (uint32_t)sbox_sm4[v >> 8 & 0xff] << 8 |
           (uint32_t)sbox_sm4[v >> 16 & 0xff] << 16 | (uint32_t)sbox_sm4[v >> 24] << 24;
}

static void sm4_rounds(union ir_vec *dst, union ir_vec s, union ir_vec keys, bool key_schedule)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = sm4_substitute(s.w[3] ^ s.w[2] ^ s.w[1] ^ keys.w[i]);
        if (key_schedule)
            v ^= a64_rol32(v, 13) ^ a64_rol32(v, 23);
        else
            v ^= a64_rol32(v, 2) ^ a64_rol32(v, 10) ^ a64_rol32(v, 18) ^ a64_rol32(v, 24);
        v ^= s.w[0];
        s = (union ir_vec){ .w = { s.w[1], s.w[2], s.w[3], v } };
    }
    *dst = s;
}

void a64_vec_sm4e(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                  const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c, (void)imm;
    sm4_rounds(dst, *a, *b, false);
}

void a64_vec_sm4ekey(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c, (void)imm;
    sm4_rounds(dst, *a, *b, true);
}
