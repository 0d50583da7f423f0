/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD instructions that move lanes or make constants: copy, permute, extract, table lookup,
 * modified immediate (Arm ARM C4.1.96; C7.2 DUP, INS, UMOV, SMOV, ZIP1 ... TBX, MOVI, ORR, FMOV).
 * For 64-bit vectors the operands' low halves are put together first where an operation looks at both.
 */
#include "cpu/arm64/float_impl.h"
#include "cpu/arm64/simd_impl.h"

/* ---- copy: the lowest bit set in imm5 is the size, what is above it the index ---- */
static unsigned imm5_lane(const struct a64_tr *t)
{
    return (unsigned)__builtin_ctz((unsigned)t->d.imm5 & 31);
}
static unsigned imm5_index(const struct a64_tr *t)
{
    return ((unsigned)t->d.imm5 & 31) >> (imm5_lane(t) + 1);
}
static ir_val_t imm5_element(struct a64_tr *t, unsigned reg)
{
    return ir_vlane(t->u, IR_I64, imm5_lane(t), a64_v(t, reg), imm5_index(t));
}

static void dup_elt(struct a64_tr *t, unsigned scalar)
{
    unsigned lane = imm5_lane(t);
    ir_val_t v = imm5_element(t, t->d.rn);
    if (scalar)
        a64_put_v(t, t->d.rd, ir_vop1(t->u, IR_VSCALAR, lane, v));
    else
        a64_put_bytes(t, t->d.rd, ir_vop1(t->u, IR_VDUP, lane, v), a64_q_bytes(t));
}

static void dup_gen(struct a64_tr *t, unsigned x)
{
    unsigned lane = x ? 3 : imm5_lane(t);
    a64_put_bytes(t, t->d.rd, ir_vop1(t->u, IR_VDUP, lane, a64_x(t, IR_I64, t->d.rn)), a64_q_bytes(t));
}

static void ins_gen(struct a64_tr *t, unsigned x)
{
    unsigned lane = x ? 3 : imm5_lane(t), index = x ? (unsigned)t->d.idx : imm5_index(t);
    a64_put_v(t, t->d.rd, ir_vins(t->u, lane, a64_v(t, t->d.rd), index, a64_x(t, IR_I64, t->d.rn)));
}

static void ins_elt(struct a64_tr *t, unsigned arg)
{
    unsigned lane = imm5_lane(t), from = (unsigned)t->d.imm4 >> lane;
    (void)arg;
    ir_val_t v = ir_vlane(t->u, IR_I64, lane, a64_v(t, t->d.rn), from);
    a64_put_v(t, t->d.rd, ir_vins(t->u, lane, a64_v(t, t->d.rd), imm5_index(t), v));
}

static void umov(struct a64_tr *t, unsigned x)
{
    ir_val_t v = x ? ir_vlane(t->u, IR_I64, 3, a64_v(t, t->d.rn), (unsigned)t->d.idx)
                   : imm5_element(t, t->d.rn);
    a64_put_x(t, IR_I64, t->d.rd, v);
}

static void smov(struct a64_tr *t, unsigned x)
{
    unsigned bits = 8u << imm5_lane(t);
    enum ir_type type = x ? IR_I64 : IR_I32;
    a64_put_x(t, type, t->d.rd, ir_sext(t->u, type, imm5_element(t, t->d.rn), bits));
}

/* ---- permute ---- */
/* Low halves of rn and rm as one vector. */
static ir_val_t low_halves(struct a64_tr *t)
{
    return ir_vop2(t->u, IR_VZIP1, 3, a64_v(t, t->d.rn), a64_v(t, t->d.rm));
}

static void permute(struct a64_tr *t, unsigned op)
{
    unsigned lane = a64_arr_lane(t), bytes = a64_arr_bytes(t);
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm), v;
    if (bytes == 8 && (op == IR_VUZP1 || op == IR_VUZP2)) {
        a = b = low_halves(t);
    } else if (bytes == 8 && op == IR_VZIP2) { /* the upper half of what ZIP1 gives */
        v = ir_vop2(t->u, IR_VZIP1, lane, a, b);
        a64_put_bytes(t, t->d.rd, ir_vop(t->u, IR_VEXT, 0, v, v, IR_NONE, 8), 8);
        return;
    }
    v = ir_vop2(t->u, (enum ir_op)op, lane, a, b);
    a64_put_bytes(t, t->d.rd, v, bytes);
}

static void ext(struct a64_tr *t, unsigned arg)
{
    unsigned bytes = a64_q_bytes(t);
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm);
    (void)arg;
    if (bytes == 8)
        a = b = low_halves(t);
    a64_put_bytes(t, t->d.rd, ir_vop(t->u, IR_VEXT, 0, a, b, IR_NONE, t->d.imm4 & 15), bytes);
}

/* Indices count through up to four registers; each lookup drops what is not its own. */
static void table(struct a64_tr *t, unsigned extends)
{
    unsigned count = (unsigned)t->d.tbllen + 1;
    ir_val_t index = a64_v(t, t->d.rm), v = IR_NONE;
    for (unsigned i = 0; i < count; i++) {
        ir_val_t own = i == 0 ? index
                              : ir_vop2(t->u, IR_VSUB, 0, index, a64_vdup_const(t, 0, 16 * i));
        ir_val_t part = ir_vop2(t->u, IR_VTBL, 0, a64_v(t, (t->d.rn + i) & 31), own);
        v = i == 0 ? part : ir_vop2(t->u, IR_VOR, 0, v, part);
    }
    if (extends) {
        ir_val_t inside = ir_vop2(t->u, IR_VCGTU, 0, a64_vdup_const(t, 0, 16 * count), index);
        v = ir_vop(t->u, IR_VSELECT, 0, inside, v, a64_v(t, t->d.rd), 0);
    }
    a64_put_bytes(t, t->d.rd, v, a64_q_bytes(t));
}

/* ---- modified immediate: AdvSIMDExpandImm() ---- */
enum imm_kind { IMM_S, IMM_H, IMM_MSL, IMM_B, IMM_D, IMM_FS, IMM_FH, IMM_FD };
enum { IMM_KIND = 15, IMM_NOT = 16, IMM_ORR = 32 /* with IMM_NOT: BIC */ };

static uint64_t spread_bits(unsigned imm8) /* each bit to a byte */
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (imm8 >> i & 1 ? 0xffull : 0) << 8 * i;
    return v;
}

static ir_val_t modified_immediate(struct a64_tr *t, unsigned kind)
{
    unsigned imm8 = (unsigned)t->d.imm8, shift = 8 * (unsigned)t->d.cmode;
    switch (kind) {
    case IMM_S: return a64_vdup_const(t, 2, (uint64_t)imm8 << shift);
    case IMM_H: return a64_vdup_const(t, 1, (uint64_t)imm8 << shift);
    case IMM_MSL: return a64_vdup_const(t, 2, ((uint64_t)imm8 << 8 | 0xff) << shift | (shift ? 0xff : 0));
    case IMM_B: return a64_vdup_const(t, 0, imm8);
    case IMM_D: return a64_vdup_const(t, 3, spread_bits(imm8));
    case IMM_FS: return a64_vdup_const(t, 2, a64_fp_expand_imm(imm8, FP_F32));
    case IMM_FH: return a64_vdup_const(t, 1, a64_fp_expand_imm(imm8, FP_F16));
    default: return a64_vdup_const(t, 3, a64_fp_expand_imm(imm8, FP_F64));
    }
}

static void immediate(struct a64_tr *t, unsigned arg)
{
    ir_val_t v = modified_immediate(t, arg & IMM_KIND);
    if (arg & IMM_ORR)
        v = ir_vop2(t->u, arg & IMM_NOT ? IR_VANDN : IR_VOR, 0, a64_v(t, t->d.rd), v);
    else if (arg & IMM_NOT)
        v = ir_vop1(t->u, IR_VNOT, 0, v);
    a64_put_bytes(t, t->d.rd, v, a64_q_bytes(t));
}

/* clang-format off */
#define FP A64_SEM_FP
const struct a64_semantics a64_simd_move_rows[] = {
    { A64_INSN_DUP_ELT, FP, dup_elt, 0 },   { A64_INSN_DUP_N, FP, dup_elt, 1 },
    { A64_INSN_DUP_GEN_W, FP, dup_gen, 0 }, { A64_INSN_DUP_GEN_X, FP, dup_gen, 1 },
    { A64_INSN_INS_GEN_W, FP, ins_gen, 0 }, { A64_INSN_INS_GEN_X, FP, ins_gen, 1 },
    { A64_INSN_INS_ELT, FP, ins_elt, 0 },
    { A64_INSN_SMOV_W, FP, smov, 0 },       { A64_INSN_SMOV_X, FP, smov, 1 },
    { A64_INSN_UMOV_W, FP, umov, 0 },       { A64_INSN_UMOV_X, FP, umov, 1 },
    { A64_INSN_UZP1_V, FP, permute, IR_VUZP1 }, { A64_INSN_UZP2_V, FP, permute, IR_VUZP2 },
    { A64_INSN_TRN1_V, FP, permute, IR_VTRN1 }, { A64_INSN_TRN2_V, FP, permute, IR_VTRN2 },
    { A64_INSN_ZIP1_V, FP, permute, IR_VZIP1 }, { A64_INSN_ZIP2_V, FP, permute, IR_VZIP2 },
    { A64_INSN_EXT_V, FP, ext, 0 },
    { A64_INSN_TBL_V, FP, table, 0 }, { A64_INSN_TBX_V, FP, table, 1 },
    { A64_INSN_MOVI_S, FP, immediate, IMM_S },     { A64_INSN_MVNI_S, FP, immediate, IMM_S | IMM_NOT },
    { A64_INSN_MOVI_H, FP, immediate, IMM_H },     { A64_INSN_MVNI_H, FP, immediate, IMM_H | IMM_NOT },
    { A64_INSN_MOVI_MSL, FP, immediate, IMM_MSL }, { A64_INSN_MVNI_MSL, FP, immediate, IMM_MSL | IMM_NOT },
    { A64_INSN_MOVI_B, FP, immediate, IMM_B },     { A64_INSN_MOVI_D, FP, immediate, IMM_D },
    { A64_INSN_ORR_S, FP, immediate, IMM_S | IMM_ORR }, { A64_INSN_BIC_S, FP, immediate, IMM_S | IMM_ORR | IMM_NOT },
    { A64_INSN_ORR_H, FP, immediate, IMM_H | IMM_ORR }, { A64_INSN_BIC_H, FP, immediate, IMM_H | IMM_ORR | IMM_NOT },
    { A64_INSN_FMOV_VS, FP, immediate, IMM_FS }, { A64_INSN_FMOV_VH, FP, immediate, IMM_FH },
    { A64_INSN_FMOV_VD, FP, immediate, IMM_FD },
    A64_ROWS_END
};
/* clang-format on */
