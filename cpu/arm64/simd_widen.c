/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD operations whose operands and results differ in lane size (Arm ARM C4.1.96: three different, long and
 * narrow shifts, pairwise long, across lanes long, dot products). The long forms take the lower or, with Q = 1, the
 * upper half of their sources; the narrow ones write that half of the destination.
 */
#include "cpu/arm64/simd_impl.h"

enum { ACC = A64_VS_FLAG, SUB = 2 * A64_VS_FLAG, SIGNED = 4 * A64_VS_FLAG, ROUND = 8 * A64_VS_FLAG };

static ir_val_t op2(struct a64_tr *t, unsigned op, unsigned lane, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, (enum ir_op)op, lane, a, b);
}
static ir_val_t widen(struct a64_tr *t, bool is_signed, unsigned lane, ir_val_t v, unsigned half)
{
    return ir_vop1i(t->u, is_signed ? IR_VWIDENS : IR_VWIDENU, lane, v, half);
}
/* The narrow lane of the row. */
static unsigned narrow_lane(const struct a64_tr *t, unsigned arg)
{
    unsigned lane = (arg & A64_VS_LANE) / A64_VS_H;
    return lane != 0 ? lane : a64_arr_lane(t);
}

/* ---- long and wide ---- */
/* SADDL..., SADDW... (first operand wide): VADD or VSUB. */
static void add_long(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t), q = a64_q(t);
    ir_val_t a = a64_v(t, t->d.rn), b = widen(t, arg & SIGNED, lane, a64_v(t, t->d.rm), q);
    if (!(arg & ACC)) /* here: wide */
        a = widen(t, arg & SIGNED, lane, a, q);
    a64_put_v(t, t->d.rd, op2(t, arg & A64_VS_OP, lane + 1, a, b));
}

static void difference_long(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t), q = a64_q(t);
    ir_val_t a = widen(t, arg & SIGNED, lane, a64_v(t, t->d.rn), q);
    ir_val_t b = widen(t, arg & SIGNED, lane, a64_v(t, t->d.rm), q);
    ir_val_t v = ir_vop1(t->u, IR_VABS, lane + 1, op2(t, IR_VSUB, lane + 1, a, b));
    if (arg & ACC)
        v = op2(t, IR_VADD, lane + 1, a64_v(t, t->d.rd), v);
    a64_put_v(t, t->d.rd, v);
}

static void multiply_long(struct a64_tr *t, unsigned arg)
{
    unsigned lane = narrow_lane(t, arg);
    ir_val_t v = ir_vop(t->u, arg & SIGNED ? IR_VMULLS : IR_VMULLU, lane, a64_v(t, t->d.rn),
                        a64_second(t, arg, lane), IR_NONE, a64_q(t));
    if (arg & ACC)
        v = op2(t, arg & SUB ? IR_VSUB : IR_VADD, lane + 1, a64_v(t, t->d.rd), v);
    a64_put_v(t, t->d.rd, v);
}

static void shift_long(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_shift_shape(t, arg).lane, n = a64_shift_left(t, lane);
    ir_val_t v = widen(t, arg & SIGNED, lane, a64_v(t, t->d.rn), a64_q(t));
    a64_put_v(t, t->d.rd, ir_vop1i(t->u, IR_VSHL, lane + 1, v, n));
}

static void shll(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t);
    (void)arg;
    ir_val_t v = widen(t, false, lane, a64_v(t, t->d.rn), a64_q(t));
    a64_put_v(t, t->d.rd, ir_vop1i(t->u, IR_VSHL, lane + 1, v, 8 << lane));
}

/* ---- narrow ---- */
/* The low halves of `v`'s lanes into the half of rd that Q names. */
static void put_narrow(struct a64_tr *t, unsigned lane, ir_val_t v)
{
    a64_put_half(t, op2(t, IR_VNARROW, lane, v, v));
}

static void extract_narrow(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    put_narrow(t, a64_arr_lane(t), a64_v(t, t->d.rn));
}

static void shift_narrow(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_shift_shape(t, arg).lane, n = a64_shift_right(t, lane);
    ir_val_t v = a64_v(t, t->d.rn);
    if (arg & ROUND) /* what is carried out above the narrow lane does not matter */
        v = op2(t, IR_VADD, lane + 1, v, a64_vdup_const(t, lane + 1, 1ull << (n - 1)));
    put_narrow(t, lane, ir_vop1i(t->u, IR_VSHR, lane + 1, v, n));
}

/* ADDHN...: the high halves of sums or differences. */
static void high_narrow(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t), bits = 8u << lane;
    ir_val_t v = op2(t, arg & A64_VS_OP, lane + 1, a64_v(t, t->d.rn), a64_v(t, t->d.rm));
    if (arg & ROUND)
        v = op2(t, IR_VADD, lane + 1, v, a64_vdup_const(t, lane + 1, 1ull << (bits - 1)));
    put_narrow(t, lane, ir_vop1i(t->u, IR_VSHR, lane + 1, v, bits));
}

/* ---- neighbours ---- */
/* Sums of neighbours of `lane`, twice as wide: odd lanes and even ones at their place, extended. */
static ir_val_t neighbours(struct a64_tr *t, bool is_signed, unsigned lane, ir_val_t v)
{
    enum ir_op right = is_signed ? IR_VSAR : IR_VSHR;
    unsigned bits = 8u << lane;
    ir_val_t odd = ir_vop1i(t->u, right, lane + 1, v, bits);
    ir_val_t even = ir_vop1i(t->u, right, lane + 1, ir_vop1i(t->u, IR_VSHL, lane + 1, v, bits), bits);
    return op2(t, IR_VADD, lane + 1, odd, even);
}

static void add_pairwise_long(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t);
    ir_val_t v = neighbours(t, arg & SIGNED, lane, a64_v(t, t->d.rn));
    if (arg & ACC)
        v = op2(t, IR_VADD, lane + 1, a64_v(t, t->d.rd), v);
    a64_put_bytes(t, t->d.rd, v, a64_arr_bytes(t));
}

static void add_across_long(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t);
    ir_val_t v = neighbours(t, arg & SIGNED, lane, a64_clip(t, a64_v(t, t->d.rn), a64_arr_bytes(t)));
    a64_put_v(t, t->d.rd, ir_vop1(t->u, IR_VSCALAR, lane + 1, ir_vaddv(t->u, lane + 1, v)));
}

/* ---- dot products: products of bytes as 16 bits, sums of neighbours as 32, again neighbours ---- */
enum { A_SIGNED = 16 * A64_VS_FLAG, B_SIGNED = 32 * A64_VS_FLAG };

static ir_val_t byte_products(struct a64_tr *t, unsigned arg, ir_val_t a, ir_val_t b, unsigned half)
{
    bool sa = arg & A_SIGNED, sb = arg & B_SIGNED;
    ir_val_t v;
    if (sa == sb)
        v = ir_vop(t->u, sa ? IR_VMULLS : IR_VMULLU, 0, a, b, IR_NONE, half);
    else
        v = op2(t, IR_VMUL, 1, widen(t, sa, 0, a, half), widen(t, sb, 0, b, half));
    return neighbours(t, sa || sb, 1, v);
}

static void dot(struct a64_tr *t, unsigned arg)
{
    ir_val_t a = a64_v(t, t->d.rn), b = a64_second(t, arg, 2);
    ir_val_t v = op2(t, IR_VADDP, 2, byte_products(t, arg, a, b, 0), byte_products(t, arg, a, b, 1));
    a64_put_bytes(t, t->d.rd, op2(t, IR_VADD, 2, a64_v(t, t->d.rd), v), a64_q_bytes(t));
}

/* SMMLA...: 2 x 8 times 8 x 2, rows of both in the halves: elements 0, 3 are dot products of like halves, 1, 2 crosswise. */
static void matrix(struct a64_tr *t, unsigned arg)
{
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm);
    ir_val_t a0 = op2(t, IR_VZIP1, 3, a, a), a1 = op2(t, IR_VZIP2, 3, a, a), row[2];
    for (unsigned i = 0; i < 2; i++) {
        ir_val_t of = i == 0 ? a0 : a1;
        row[i] = op2(t, IR_VADDP, 2, byte_products(t, arg, of, b, 0), byte_products(t, arg, of, b, 1));
    }
    ir_val_t v = op2(t, IR_VADDP, 2, row[0], row[1]);
    a64_put_v(t, t->d.rd, op2(t, IR_VADD, 2, a64_v(t, t->d.rd), v));
}

/* clang-format off */
#define FP A64_SEM_FP
#define WIDE ACC
#define ELT_H (A64_VS_H | A64_VS_ELT)
#define ELT_S (A64_VS_S | A64_VS_ELT)
#define LONG(INSN, ARG) { A64_INSN_##INSN##_V, FP, multiply_long, ARG }, \
    { A64_INSN_##INSN##_VEH, FP, multiply_long, (ARG) | ELT_H }, { A64_INSN_##INSN##_VES, FP, multiply_long, (ARG) | ELT_S }
const struct a64_semantics a64_simd_widen_rows[] = {
    { A64_INSN_SADDL_V, FP, add_long, IR_VADD | SIGNED }, { A64_INSN_UADDL_V, FP, add_long, IR_VADD },
    { A64_INSN_SSUBL_V, FP, add_long, IR_VSUB | SIGNED }, { A64_INSN_USUBL_V, FP, add_long, IR_VSUB },
    { A64_INSN_SADDW_V, FP, add_long, IR_VADD | SIGNED | WIDE }, { A64_INSN_UADDW_V, FP, add_long, IR_VADD | WIDE },
    { A64_INSN_SSUBW_V, FP, add_long, IR_VSUB | SIGNED | WIDE }, { A64_INSN_USUBW_V, FP, add_long, IR_VSUB | WIDE },
    { A64_INSN_SABDL_V, FP, difference_long, SIGNED }, { A64_INSN_UABDL_V, FP, difference_long, 0 },
    { A64_INSN_SABAL_V, FP, difference_long, SIGNED | ACC }, { A64_INSN_UABAL_V, FP, difference_long, ACC },
    LONG(SMULL, SIGNED), LONG(UMULL, 0), LONG(SMLAL, SIGNED | ACC), LONG(UMLAL, ACC),
    LONG(SMLSL, SIGNED | ACC | SUB), LONG(UMLSL, ACC | SUB),
    { A64_INSN_SSHLL_VI, FP, shift_long, SIGNED }, { A64_INSN_USHLL_VI, FP, shift_long, 0 },
    { A64_INSN_SHLL_V, FP, shll, 0 },
    { A64_INSN_XTN_V, FP, extract_narrow, 0 },
    { A64_INSN_SHRN_VI, FP, shift_narrow, 0 }, { A64_INSN_RSHRN_VI, FP, shift_narrow, ROUND },
    { A64_INSN_ADDHN_V, FP, high_narrow, IR_VADD }, { A64_INSN_RADDHN_V, FP, high_narrow, IR_VADD | ROUND },
    { A64_INSN_SUBHN_V, FP, high_narrow, IR_VSUB }, { A64_INSN_RSUBHN_V, FP, high_narrow, IR_VSUB | ROUND },
    { A64_INSN_SADDLP_V, FP, add_pairwise_long, SIGNED }, { A64_INSN_UADDLP_V, FP, add_pairwise_long, 0 },
    { A64_INSN_SADALP_V, FP, add_pairwise_long, SIGNED | ACC }, { A64_INSN_UADALP_V, FP, add_pairwise_long, ACC },
    { A64_INSN_SADDLV_V, FP, add_across_long, SIGNED }, { A64_INSN_UADDLV_V, FP, add_across_long, 0 },
    { A64_INSN_SDOT_V, FP, dot, A_SIGNED | B_SIGNED }, { A64_INSN_UDOT_V, FP, dot, 0 },
    { A64_INSN_USDOT_V, FP, dot, B_SIGNED },
    { A64_INSN_SDOT_VE, FP, dot, A_SIGNED | B_SIGNED | ELT_S }, { A64_INSN_UDOT_VE, FP, dot, ELT_S },
    { A64_INSN_USDOT_VE, FP, dot, B_SIGNED | ELT_S }, { A64_INSN_SUDOT_VE, FP, dot, A_SIGNED | ELT_S },
    { A64_INSN_SMMLA_V, FP, matrix, A_SIGNED | B_SIGNED }, { A64_INSN_UMMLA_V, FP, matrix, 0 },
    { A64_INSN_USMMLA_V, FP, matrix, B_SIGNED },
    A64_ROWS_END
};
/* clang-format on */
