/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES, carry-less products, SHA, GF(2^8): SDM volume 1, 5.12; volume 2, AESDEC and following. What they do is in
 * core/exec/vec_native.c.
 */
#include "cpu/x86/simd.h"

static ir_val_t aes2(struct x86_tr *t, unsigned how, ir_val_t a, ir_val_t b)
{
    return ir_callv(t->u, X86_VEC_aes_round, a, b, IR_NONE, how & 3);
}

static void aes(struct x86_tr *t, unsigned how)
{
    simd_binary(t, aes2, how, SIMD_B | SIMD_WHOLE);
}

static void aes_key(struct x86_tr *t, unsigned helper)
{
    ir_val_t v = ir_callv(t->u, helper, x86_get_vec(t, 1, 0), IR_NONE, IR_NONE,
                          helper == X86_VEC_aes_keygen ? t->d.imm & 0xff : 0);
    simd_put(t, &v, 1, SIMD_B);
}

static ir_val_t carry_less2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    (void)arg;
    return ir_callv(t->u, X86_VEC_carry_less, a, b, IR_NONE, t->d.imm & 0x11);
}

static void carry_less(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, carry_less2, arg, SIMD_Q | SIMD_WHOLE);
}

static void sha(struct x86_tr *t, unsigned helper)
{
    bool implicit = helper == X86_VEC_sha256_rounds2;
    ir_val_t b = x86_get_vec(t, 1, 0), c = implicit ? x86_get_vec(t, 2, 0) : (ir_val_t)IR_NONE;
    ir_val_t v = ir_callv(t->u, helper, x86_get_vec(t, 0, 0), b, c, implicit ? 0 : t->d.imm & 0xff);
    simd_put(t, &v, 1, SIMD_D);
}

static ir_val_t gf2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned helper = arg & 0xff;
    uint64_t imm = helper == X86_VEC_gf_affine ? (t->d.imm & 0xff) | (arg & 0x100) : 0;
    return ir_callv(t->u, helper, a, b, IR_NONE, imm);
}

static void gf(struct x86_tr *t, unsigned arg)
{
    simd_binary(
        t, gf2, arg,
        SIMD_B | (t->d.broadcast || (arg & 0xff) == X86_VEC_gf_affine ? (unsigned)SIMD_WHOLE : 0));
}

const struct x86_semantics x86_crypto_rows[] = {
    SIMD_3(AESENC, aes, 0),
    SIMD_3(AESENCLAST, aes, IR_AES_LAST),
    SIMD_3(AESDEC, aes, IR_AES_DECRYPT),
    SIMD_3(AESDECLAST, aes, IR_AES_DECRYPT | IR_AES_LAST),
    SIMD_2(AESIMC, aes_key, X86_VEC_aes_imc),
    SIMD_2(AESKEYGENASSIST, aes_key, X86_VEC_aes_keygen),
    SIMD_3(PCLMULQDQ, carry_less, 0),
    SIMD_LEGACY(SHA1NEXTE, sha, X86_VEC_sha1_next_e),
    SIMD_LEGACY(SHA1MSG1, sha, X86_VEC_sha1_msg1),
    SIMD_LEGACY(SHA1MSG2, sha, X86_VEC_sha1_msg2),
    SIMD_LEGACY(SHA1RNDS4, sha, X86_VEC_sha1_rounds4),
    SIMD_LEGACY(SHA256MSG1, sha, X86_VEC_sha256_msg1),
    SIMD_LEGACY(SHA256MSG2, sha, X86_VEC_sha256_msg2),
    SIMD_LEGACY(SHA256RNDS2, sha, X86_VEC_sha256_rounds2),
    SIMD_3(GF2P8MULB, gf, X86_VEC_gf_multiply),
    SIMD_3(GF2P8AFFINEQB, gf, X86_VEC_gf_affine),
    SIMD_3(GF2P8AFFINEINVQB, gf, X86_VEC_gf_affine | 0x100),
    X86_ROWS_END
};
