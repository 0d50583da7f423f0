/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector cryptography: unprivileged ISA, chapter "Cryptography Extensions: Vector Instructions". The general way applies
 * rv_group_* to each element group; the quick one puts the same together from what hosts have (enum ir_native).
 *
 * vl and vstart are in whole groups, or the instruction is illegal: RV_VF_GROUPS, `arg` says how many elements.
 */
#include "cpu/riscv/vec.h"
#include "cpu/riscv/vec_crypto_impl.h"

/* ---- general ---- */
static uint64_t each_group(struct rv_vop *o, rv_group_fn *fn, unsigned registers)
{
    const struct rv_vec_row *row = o->row;
    unsigned elements = row->arg, first = o->vstart / elements, end = o->vl / elements;
    for (unsigned i = first; i < end; i++) {
        unsigned at = i * registers, a = RV_VO_A(row) == RV_VO_1 ? 0 : at;
        union ir_vec *v = o->rv->v;
        fn(&v[o->vd + at], &v[o->vs2 + a], RV_VO_B(row) == RV_VO_S ? &v[o->vs1 + at] : NULL, o->scalar);
    }
    return 0;
}

#define WHOLE(name)                                                                                                    \
    static uint64_t name(struct rv_vop *o)                                                                             \
    {                                                                                                                  \
        return each_group(o, rv_group_##name, 1);                                                                      \
    }
#define WHOLE2(name)                                                                                                   \
    static uint64_t name(struct rv_vop *o)                                                                             \
    {                                                                                                                  \
        return each_group(o, rv_group_##name, 2);                                                                      \
    }
/* By SEW. */
#define WHOLE_SHA2(name)                                                                                               \
    static uint64_t name(struct rv_vop *o)                                                                             \
    {                                                                                                                  \
        return o->sew == 3 ? each_group(o, rv_group_##name##64, 2) : each_group(o, rv_group_##name##32, 1);            \
    }
WHOLE(vaesef)
WHOLE(vaesem)
WHOLE(vaesdf)
WHOLE(vaesdm)
WHOLE(vaesz)
WHOLE(vaeskf1)
WHOLE(vaeskf2)
WHOLE(vghsh)
WHOLE(vgmul)
WHOLE(vsm4k)
WHOLE(vsm4r)
WHOLE2(vsm3me)
WHOLE2(vsm3c)
WHOLE_SHA2(vsha2ms)
WHOLE_SHA2(vsha2ch)
WHOLE_SHA2(vsha2cl)

/* ---- what is reserved, besides overlaps ---- */
static bool not_128(const struct rv_tr *t, const struct rv_vec_row *row)
{
    (void)row;
    return rv_tr_sew(t) != 2 || rv_tr_lmul(t) < 0;
}

static bool not_sha2(const struct rv_tr *t, const struct rv_vec_row *row)
{
    if (rv_tr_sew(t) == 3)
        return !rv_has(t->rv->config, RV_X_ZVKNHB) || rv_tr_lmul(t) < 1;
    return not_128(t, row);
}

/* SM3: vd and vs2 do not overlap; vs1 may. */
static bool not_sm3(const struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned n = rv_vec_registers(RV_VO_S, rv_tr_sew(t), rv_tr_lmul(t));
    (void)row;
    return rv_tr_sew(t) != 2 || rv_tr_lmul(t) < 1 || (t->d.rd < t->d.rs2 + n && t->d.rs2 < t->d.rd + n);
}

/* ---- quick: one group of 128 bits; d, a, b: vd, vs2, vs1 ---- */
typedef ir_val_t group_fn(struct rv_tr *t, const struct rv_vec_row *row, ir_val_t d, ir_val_t a, ir_val_t b);

static bool by_groups(struct rv_tr *t, const struct rv_vec_row *row, group_fn *fn)
{
    if (!rv_tr_full(t) || rv_tr_sew(t) != 2)
        return false;
    for (unsigned k = 0; k < 1u << rv_tr_lmul(t); k++) {
        ir_val_t a = rv_v(t, t->d.rs2 + (RV_VO_A(row) == RV_VO_1 ? 0 : k));
        ir_val_t b = RV_VO_B(row) == RV_VO_S ? rv_v(t, t->d.rs1 + k) : IR_NONE;
        rv_put_v(t, t->d.rd + k, fn(t, row, rv_v(t, t->d.rd + k), a, b));
    }
    return true;
}

#define GROUP(name)                                                                                                    \
    static ir_val_t name(struct rv_tr *t, const struct rv_vec_row *row, ir_val_t d, ir_val_t a, ir_val_t b)
#define UNUSED() ((void)row, (void)d, (void)a, (void)b)

static ir_val_t vxor(struct rv_tr *t, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, IR_VXOR, 3, a, b);
}

static ir_val_t zero(struct rv_tr *t)
{
    return ir_vconst(t->u, 0, 0);
}

/* Words 1:0, 3:2, 5:4, 7:6 of `how`, all of v. */
static ir_val_t words(struct rv_tr *t, ir_val_t v, unsigned how)
{
    return ir_vop(t->u, IR_VSHUF, 2, v, v, IR_NONE, how);
}

/* 16 bytes of high:low from byte n on. */
static ir_val_t from_byte(struct rv_tr *t, ir_val_t low, ir_val_t high, unsigned n)
{
    return ir_vop(t->u, IR_VEXT, 0, low, high, IR_NONE, n);
}

static ir_val_t aes_round(struct rv_tr *t, ir_val_t state, ir_val_t key, unsigned how)
{
    return ir_callv(t->u, RV_VEC_aes_round, state, key, IR_NONE, how);
}

GROUP(group_vaesef)
{
    UNUSED();
    return aes_round(t, d, a, IR_AES_LAST);
}

GROUP(group_vaesem)
{
    UNUSED();
    return aes_round(t, d, a, 0);
}

GROUP(group_vaesdf)
{
    UNUSED();
    return aes_round(t, d, a, IR_AES_LAST | IR_AES_DECRYPT);
}

/* Hosts add the key behind InvMixColumns, which is linear. */
GROUP(group_vaesdm)
{
    UNUSED();
    return aes_round(t, d, ir_callv(t->u, RV_VEC_aes_imc, a, IR_NONE, IR_NONE, 0), IR_AES_DECRYPT);
}

GROUP(group_vaesz)
{
    UNUSED();
    return vxor(t, d, a);
}

/* Word i: the exclusive or of words 0 to i of `back`, and of `first`, which is in all lanes. */
static ir_val_t next_words(struct rv_tr *t, ir_val_t back, ir_val_t first)
{
    back = vxor(t, back, from_byte(t, zero(t), back, 12));
    back = vxor(t, back, from_byte(t, zero(t), back, 8));
    return vxor(t, back, first);
}

/* keygen's dword 2 is SubWord of the last word, dword 3 RotWord of that with the constant. */
static ir_val_t key_word(struct rv_tr *t, ir_val_t key, bool rotated, unsigned constant)
{
    ir_val_t v = ir_callv(t->u, RV_VEC_aes_keygen, key, IR_NONE, IR_NONE, constant);
    return words(t, v, rotated ? 0xff : 0xaa);
}

GROUP(group_vaeskf1)
{
    UNUSED();
    unsigned constant = rv_aes_constant(rv_aeskf1_round((uint64_t)t->d.imm));
    return next_words(t, a, key_word(t, a, true, constant));
}

GROUP(group_vaeskf2)
{
    UNUSED();
    unsigned round = rv_aeskf2_round((uint64_t)t->d.imm);
    return next_words(t, d, key_word(t, a, !(round & 1), round & 1 ? 0 : rv_aes_constant(round / 2)));
}

/* ---- GHASH ---- */
static ir_val_t product(struct rv_tr *t, ir_val_t a, ir_val_t b, unsigned halves)
{
    return ir_callv(t->u, RV_VEC_carry_less, a, b, IR_NONE, halves);
}

/* All bytes in the reverse order: bit 127 - i stands for x^i. */
static ir_val_t reflected(struct rv_tr *t, ir_val_t v)
{
    return ir_vop2(t->u, IR_VTBLM, 0, v, ir_vconst(t->u, 0x08090a0b0c0d0e0f, 0x0001020304050607));
}

/*
 * The product of reflected polynomials is short of one place to the left. Its low half, 64 bits at a time, is a multiple
 * of the modulus' reflection away from 0, whose bits below the top one are `modulus`; that multiple lies 64 bits above.
 */
static ir_val_t ghash_product(struct rv_tr *t, ir_val_t s, ir_val_t h)
{
    s = reflected(t, s);
    h = reflected(t, h);
    ir_val_t low = product(t, s, h, 0x00), high = product(t, s, h, 0x11);
    ir_val_t middle = vxor(t, product(t, s, h, 0x01), product(t, s, h, 0x10));
    low = vxor(t, low, from_byte(t, zero(t), middle, 8));
    high = vxor(t, high, from_byte(t, middle, zero(t), 8));

    ir_val_t low_carry = ir_vop1i(t->u, IR_VSHR, 3, low, 63), high_carry = ir_vop1i(t->u, IR_VSHR, 3, high, 63);
    low = vxor(t, ir_vop1i(t->u, IR_VSHL, 3, low, 1), from_byte(t, zero(t), low_carry, 8));
    high = vxor(t, ir_vop1i(t->u, IR_VSHL, 3, high, 1), from_byte(t, low_carry, high_carry, 8));

    ir_val_t modulus = ir_vconst(t->u, 0xc200000000000000, 0);
    for (unsigned i = 0; i < 2; i++)
        low = vxor(t, words(t, low, 0x4e), product(t, low, modulus, 0x00));
    return reflected(t, vxor(t, high, low));
}

GROUP(group_vghsh)
{
    UNUSED();
    return ghash_product(t, vxor(t, d, b), a);
}

GROUP(group_vgmul)
{
    UNUSED();
    return ghash_product(t, d, a);
}

/* ---- SHA-256: the pieces take the operands as they are ---- */
GROUP(group_vsha2ms)
{
    UNUSED();
    ir_val_t sum = ir_callv(t->u, RV_VEC_sha256_msg1, d, a, IR_NONE, 0);
    sum = ir_vop2(t->u, IR_VADD, 2, sum, from_byte(t, a, b, 4));
    return ir_callv(t->u, RV_VEC_sha256_msg2, sum, b, IR_NONE, 0);
}

GROUP(group_vsha2cl)
{
    UNUSED();
    return ir_callv(t->u, RV_VEC_sha256_rounds2, d, a, b, 0);
}

GROUP(group_vsha2ch)
{
    UNUSED();
    return ir_callv(t->u, RV_VEC_sha256_rounds2, d, a, words(t, b, 0xee), 0);
}

/* ---- SM4: no host's ---- */
void rv_vec_vsm4r(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b, const union ir_vec *c,
                  uint64_t imm)
{
    union ir_vec v = *a;
    (void)cpu, (void)c;
    rv_group_vsm4r(&v, b, NULL, imm);
    *dst = v;
}

void rv_vec_vsm4k(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b, const union ir_vec *c,
                  uint64_t imm)
{
    (void)cpu, (void)b, (void)c;
    rv_group_vsm4k(dst, a, NULL, imm);
}

GROUP(group_vsm4r)
{
    UNUSED();
    return ir_callv(t->u, RV_VEC_vsm4r, d, a, IR_NONE, 0);
}

GROUP(group_vsm4k)
{
    UNUSED();
    return ir_callv(t->u, RV_VEC_vsm4k, a, IR_NONE, IR_NONE, (uint64_t)t->d.imm);
}

#define EMIT(name)                                                                                                     \
    static bool emit_##name(struct rv_tr *t, const struct rv_vec_row *row)                                             \
    {                                                                                                                  \
        return by_groups(t, row, group_##name);                                                                        \
    }
/* By SEW. */
#define EMIT_SHA2(name, what)                                                                                          \
    static bool emit_##name(struct rv_tr *t, const struct rv_vec_row *row)                                             \
    {                                                                                                                  \
        return rv_tr_sew(t) == 3 ? rv_vec_sha512(t, what) : by_groups(t, row, group_##name);                           \
    }
EMIT(vaesef)
EMIT(vaesem)
EMIT(vaesdf)
EMIT(vaesdm)
EMIT(vaesz)
EMIT(vaeskf1)
EMIT(vaeskf2)
EMIT(vghsh)
EMIT(vgmul)
EMIT_SHA2(vsha2ms, RV_SHA512_SCHEDULE)
EMIT_SHA2(vsha2ch, RV_SHA512_HIGH)
EMIT_SHA2(vsha2cl, RV_SHA512_LOW)
EMIT(vsm4k)
EMIT(vsm4r)

/* clang-format off */
#define ROW(INSN, OPERANDS, FN, EMIT_FN, ELEMENTS, RESERVED, FLAGS)                                                    \
    { .id = RV_INSN_##INSN, .operands = OPERANDS, .flags = RV_VF_GROUPS | (FLAGS), .whole = FN, .emit = EMIT_FN,       \
      .arg = ELEMENTS, .reserved = RESERVED }
#define ROW4(INSN, OPERANDS, FN, FLAGS) ROW(INSN, OPERANDS, FN, emit_##FN, 4, not_128, FLAGS)
#define VV  RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_NONE)
#define VS  RV_VOPS(RV_VO_S, RV_VO_1, RV_VO_NONE)
#define VI  RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_I)
#define VVV RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_S)
const struct rv_vec_row rv_vec_crypto_rows[] = {
    ROW4(VAESEF_VV, VV, vaesef, 0), ROW4(VAESEF_VS, VS, vaesef, RV_VF_APART),
    ROW4(VAESEM_VV, VV, vaesem, 0), ROW4(VAESEM_VS, VS, vaesem, RV_VF_APART),
    ROW4(VAESDF_VV, VV, vaesdf, 0), ROW4(VAESDF_VS, VS, vaesdf, RV_VF_APART),
    ROW4(VAESDM_VV, VV, vaesdm, 0), ROW4(VAESDM_VS, VS, vaesdm, RV_VF_APART),
    ROW4(VAESZ_VS, VS, vaesz, RV_VF_APART),
    ROW4(VAESKF1_VI, VI, vaeskf1, 0), ROW4(VAESKF2_VI, VI, vaeskf2, 0),
    ROW4(VGHSH_VV, VVV, vghsh, 0), ROW4(VGMUL_VV, VV, vgmul, 0),
    ROW4(VSM4K_VI, VI, vsm4k, 0), ROW4(VSM4R_VV, VV, vsm4r, 0), ROW4(VSM4R_VS, VS, vsm4r, RV_VF_APART),
    ROW(VSHA2MS_VV, VVV, vsha2ms, emit_vsha2ms, 4, not_sha2, RV_VF_APART),
    ROW(VSHA2CH_VV, VVV, vsha2ch, emit_vsha2ch, 4, not_sha2, RV_VF_APART),
    ROW(VSHA2CL_VV, VVV, vsha2cl, emit_vsha2cl, 4, not_sha2, RV_VF_APART),
    ROW(VSM3ME_VV, VVV, vsm3me, NULL, 8, not_sm3, 0), ROW(VSM3C_VI, VI, vsm3c, NULL, 8, not_sm3, 0),
    RV_VEC_END
};
/* clang-format on */
