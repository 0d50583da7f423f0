/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD integer arithmetic (Arm ARM C4.1.96, C7.2): what the IR's vector operations can say, alone or a few of
 * them together. What saturates, and so may set FPSR.QC, or shifts by lanes of either sign, is a vector helper of
 * simd_saturate.c; simd_widen.c has the operations whose operands and results differ in lane size.
 */
#include "cpu/arm64/simd_impl.h"

enum { ACC = A64_VS_FLAG, SUB = 2 * A64_VS_FLAG, SIGNED = 4 * A64_VS_FLAG, SWAP = 8 * A64_VS_FLAG };

static ir_val_t op2(struct a64_tr *t, unsigned op, unsigned lane, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, (enum ir_op)op, lane, a, b);
}

/* ---- three registers ---- */
static void three_same(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t v = op2(t, arg & A64_VS_OP, s.lane, a64_v(t, t->d.rn), a64_second(t, arg, s.lane));
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/* Logic looks at no lanes. BIC and ORN complement the second operand, as the IR does. */
static void logic(struct a64_tr *t, unsigned op)
{
    a64_put_bytes(t, t->d.rd, op2(t, op, 0, a64_v(t, t->d.rn), a64_v(t, t->d.rm)), a64_q_bytes(t));
}

enum select { SELECT_BSL, SELECT_BIT, SELECT_BIF };
static void bit_select(struct a64_tr *t, unsigned which)
{
    ir_val_t d = a64_v(t, t->d.rd), n = a64_v(t, t->d.rn), m = a64_v(t, t->d.rm), v;
    switch (which) {
    case SELECT_BSL: v = ir_vop(t->u, IR_VSELECT, 0, d, n, m, 0); break;
    case SELECT_BIT: v = ir_vop(t->u, IR_VSELECT, 0, m, n, d, 0); break;
    default: v = ir_vop(t->u, IR_VSELECT, 0, m, d, n, 0); break;
    }
    a64_put_bytes(t, t->d.rd, v, a64_q_bytes(t));
}

static void multiply_add(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t product = op2(t, IR_VMUL, s.lane, a64_v(t, t->d.rn), a64_second(t, arg, s.lane));
    ir_val_t v = op2(t, arg & SUB ? IR_VSUB : IR_VADD, s.lane, a64_v(t, t->d.rd), product);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void difference(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm);
    ir_val_t v = op2(t, IR_VSUB, s.lane, op2(t, arg & SIGNED ? IR_VMAXS : IR_VMAXU, s.lane, a, b),
                     op2(t, arg & SIGNED ? IR_VMINS : IR_VMINU, s.lane, a, b));
    if (arg & ACC)
        v = op2(t, IR_VADD, s.lane, a64_v(t, t->d.rd), v);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/*
 * Halves without a carry bit: a + b = 2 (a & b) + (a ^ b) = 2 (a | b) - (a ^ b), a - b = (a ^ b) - 2 (~a & b);
 * the shift of a ^ b rounds down. VANDN complements its second operand.
 */
enum half { HALF_ADD, HALF_ROUND, HALF_SUB };
static void halving(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm), v;
    ir_val_t half = ir_vop1i(t->u, arg & SIGNED ? IR_VSAR : IR_VSHR, s.lane, op2(t, IR_VXOR, 0, a, b), 1);
    switch (arg & A64_VS_OP) {
    case HALF_ADD: v = op2(t, IR_VADD, s.lane, op2(t, IR_VAND, 0, a, b), half); break;
    case HALF_ROUND: v = op2(t, IR_VSUB, s.lane, op2(t, IR_VOR, 0, a, b), half); break;
    default: v = op2(t, IR_VSUB, s.lane, half, op2(t, IR_VANDN, 0, b, a)); break;
    }
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void test_bits(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t both = op2(t, IR_VAND, 0, a64_v(t, t->d.rn), a64_v(t, t->d.rm));
    ir_val_t v = ir_vop1(t->u, IR_VNOT, 0, op2(t, IR_VCEQ, s.lane, both, a64_vzero(t)));
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/* Neighbours of rn, then of rm. */
static void pairwise(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm), v;
    if (s.bytes == 8)
        a = b = op2(t, IR_VZIP1, 3, a, b);
    if ((arg & A64_VS_OP) == IR_VADD)
        v = op2(t, IR_VADDP, s.lane, a, b);
    else
        v = op2(t, arg & A64_VS_OP, s.lane, op2(t, IR_VUZP1, s.lane, a, b), op2(t, IR_VUZP2, s.lane, a, b));
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void addp_scalar(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, ir_vop1(t->u, IR_VSCALAR, 3, ir_vaddv(t->u, 3, a64_v(t, t->d.rn))));
}

/* ---- one register ---- */
static void two_register(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    a64_put_bytes(t, t->d.rd, ir_vop1(t->u, (enum ir_op)(arg & A64_VS_OP), s.lane, a64_v(t, t->d.rn)), s.bytes);
}

static void compare_zero(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t a = a64_v(t, t->d.rn), zero = a64_vzero(t);
    ir_val_t v = arg & SWAP ? op2(t, arg & A64_VS_OP, s.lane, zero, a) : op2(t, arg & A64_VS_OP, s.lane, a, zero);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void complement(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_bytes(t, t->d.rd, ir_vop1(t->u, IR_VNOT, 0, a64_v(t, t->d.rn)), a64_q_bytes(t));
}

static void reverse(struct a64_tr *t, unsigned log2_group)
{
    ir_val_t v = ir_vop1i(t->u, IR_VREV, a64_arr_lane(t), a64_v(t, t->d.rn), log2_group);
    a64_put_bytes(t, t->d.rd, v, a64_arr_bytes(t));
}

/* The halves of each byte by a table of reversed ones, swapped. */
static void reverse_bits(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t a = a64_v(t, t->d.rn), of = ir_vconst(t->u, 0x0e060a020c040800, 0x0f070b030d050901);
    ir_val_t low = op2(t, IR_VAND, 0, a, a64_vdup_const(t, 0, 15));
    ir_val_t high = ir_vop1i(t->u, IR_VSHR, 0, a, 4);
    ir_val_t v = op2(t, IR_VOR, 0, ir_vop1i(t->u, IR_VSHL, 0, op2(t, IR_VTBL, 0, of, low), 4),
                     op2(t, IR_VTBL, 0, of, high));
    a64_put_bytes(t, t->d.rd, v, a64_q_bytes(t));
}

/* ---- across lanes ---- */
static void add_across(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_arr_lane(t);
    (void)arg;
    ir_val_t sum = ir_vaddv(t->u, lane, a64_clip(t, a64_v(t, t->d.rn), a64_arr_bytes(t)));
    a64_put_v(t, t->d.rd, ir_vop1(t->u, IR_VSCALAR, lane, sum));
}

/* Each step halves what is left; of a 64-bit vector the first step would see the same half twice. */
static void across(struct a64_tr *t, unsigned op)
{
    unsigned lane = a64_arr_lane(t), bytes = a64_arr_bytes(t);
    ir_val_t v = a64_v(t, t->d.rn);
    for (unsigned step = bytes / 2; step >= 1u << lane; step /= 2)
        v = op2(t, op, lane, v, ir_vop(t->u, IR_VEXT, 0, v, v, IR_NONE, step));
    a64_put_bytes(t, t->d.rd, v, 1u << lane);
}

/* ---- shifts by an immediate ---- */
enum { ROUND = 16 * A64_VS_FLAG };
/* (x >> n) + bit n - 1 of x is (x + 2^(n - 1)) >> n without the carry. */
static ir_val_t shifted_right(struct a64_tr *t, unsigned op, unsigned lane, ir_val_t a, unsigned n, bool round)
{
    ir_val_t v = ir_vop1i(t->u, (enum ir_op)op, lane, a, n);
    if (!round)
        return v;
    ir_val_t last = ir_vop1i(t->u, IR_VSHR, lane, a, n - 1);
    return op2(t, IR_VADD, lane, v, op2(t, IR_VAND, 0, last, a64_vdup_const(t, lane, 1)));
}

static void shift_right(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shift_shape(t, arg);
    ir_val_t v = shifted_right(t, arg & A64_VS_OP, s.lane, a64_v(t, t->d.rn), a64_shift_right(t, s.lane),
                               arg & ROUND);
    if (arg & ACC)
        v = op2(t, IR_VADD, s.lane, a64_v(t, t->d.rd), v);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void shift_left(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shift_shape(t, arg);
    a64_put_bytes(t, t->d.rd, ir_vop1i(t->u, IR_VSHL, s.lane, a64_v(t, t->d.rn), a64_shift_left(t, s.lane)),
                  s.bytes);
}

/* SRI, SLI: where zeros would come in the destination stays. */
static void shift_insert(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shift_shape(t, arg);
    bool left = (arg & A64_VS_OP) == IR_VSHL;
    unsigned n = left ? a64_shift_left(t, s.lane) : a64_shift_right(t, s.lane), bits = 8u << s.lane;
    uint64_t all = ~0ull >> (64 - bits);
    uint64_t keep = left ? (1ull << n) - 1 : n == bits ? all : ~(all >> n) & all;
    ir_val_t v = ir_vop1i(t->u, left ? IR_VSHL : IR_VSHR, s.lane, a64_v(t, t->d.rn), n);
    v = op2(t, IR_VOR, 0, v, op2(t, IR_VAND, 0, a64_v(t, t->d.rd), a64_vdup_const(t, s.lane, keep)));
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/* clang-format off */
#define FP A64_SEM_FP
#define BOTH(INSN, FN, ARG) { A64_INSN_##INSN##_V, FP, FN, ARG }, { A64_INSN_##INSN##_N, FP, FN, (ARG) | A64_VS_N }
#define BOTHZ(INSN, FN, ARG) { A64_INSN_##INSN##_VZ, FP, FN, ARG }, { A64_INSN_##INSN##_NZ, FP, FN, (ARG) | A64_VS_N }
#define BOTHI(INSN, FN, ARG) { A64_INSN_##INSN##_VI, FP, FN, ARG }, { A64_INSN_##INSN##_NI, FP, FN, (ARG) | A64_VS_N }
#define ELT_H (A64_VS_H | A64_VS_ELT)
#define ELT_S (A64_VS_S | A64_VS_ELT)
const struct a64_semantics a64_simd_int_rows[] = {
    BOTH(ADD, three_same, IR_VADD), BOTH(SUB, three_same, IR_VSUB),
    BOTH(CMEQ, three_same, IR_VCEQ), BOTH(CMGT, three_same, IR_VCGTS), BOTH(CMGE, three_same, IR_VCGES),
    BOTH(CMHI, three_same, IR_VCGTU), BOTH(CMHS, three_same, IR_VCGEU), BOTH(CMTST, test_bits, 0),
    { A64_INSN_MUL_V, FP, three_same, IR_VMUL },
    { A64_INSN_MUL_VEH, FP, three_same, IR_VMUL | ELT_H }, { A64_INSN_MUL_VES, FP, three_same, IR_VMUL | ELT_S },
    { A64_INSN_SMAX_V, FP, three_same, IR_VMAXS }, { A64_INSN_SMIN_V, FP, three_same, IR_VMINS },
    { A64_INSN_UMAX_V, FP, three_same, IR_VMAXU }, { A64_INSN_UMIN_V, FP, three_same, IR_VMINU },
    { A64_INSN_AND_V, FP, logic, IR_VAND }, { A64_INSN_BIC_V, FP, logic, IR_VANDN },
    { A64_INSN_ORR_V, FP, logic, IR_VOR }, { A64_INSN_ORN_V, FP, logic, IR_VORN },
    { A64_INSN_EOR_V, FP, logic, IR_VXOR },
    { A64_INSN_BSL_V, FP, bit_select, SELECT_BSL }, { A64_INSN_BIT_V, FP, bit_select, SELECT_BIT },
    { A64_INSN_BIF_V, FP, bit_select, SELECT_BIF },
    { A64_INSN_MLA_V, FP, multiply_add, 0 }, { A64_INSN_MLS_V, FP, multiply_add, SUB },
    { A64_INSN_MLA_VEH, FP, multiply_add, ELT_H }, { A64_INSN_MLA_VES, FP, multiply_add, ELT_S },
    { A64_INSN_MLS_VEH, FP, multiply_add, SUB | ELT_H }, { A64_INSN_MLS_VES, FP, multiply_add, SUB | ELT_S },
    { A64_INSN_SABD_V, FP, difference, SIGNED }, { A64_INSN_UABD_V, FP, difference, 0 },
    { A64_INSN_SABA_V, FP, difference, SIGNED | ACC }, { A64_INSN_UABA_V, FP, difference, ACC },
    { A64_INSN_SHADD_V, FP, halving, HALF_ADD | SIGNED }, { A64_INSN_UHADD_V, FP, halving, HALF_ADD },
    { A64_INSN_SRHADD_V, FP, halving, HALF_ROUND | SIGNED }, { A64_INSN_URHADD_V, FP, halving, HALF_ROUND },
    { A64_INSN_SHSUB_V, FP, halving, HALF_SUB | SIGNED }, { A64_INSN_UHSUB_V, FP, halving, HALF_SUB },
    { A64_INSN_ADDP_V, FP, pairwise, IR_VADD }, { A64_INSN_ADDP_N, FP, addp_scalar, 0 },
    { A64_INSN_SMAXP_V, FP, pairwise, IR_VMAXS }, { A64_INSN_SMINP_V, FP, pairwise, IR_VMINS },
    { A64_INSN_UMAXP_V, FP, pairwise, IR_VMAXU }, { A64_INSN_UMINP_V, FP, pairwise, IR_VMINU },
    BOTH(ABS, two_register, IR_VABS), BOTH(NEG, two_register, IR_VNEG),
    { A64_INSN_CNT_V, FP, two_register, IR_VPOPCNT },
    { A64_INSN_NOT_V, FP, complement, 0 }, { A64_INSN_RBIT_V, FP, reverse_bits, 0 },
    { A64_INSN_REV16_V, FP, reverse, 1 }, { A64_INSN_REV32_V, FP, reverse, 2 },
    { A64_INSN_REV64_V, FP, reverse, 3 },
    BOTHZ(CMEQ, compare_zero, IR_VCEQ), BOTHZ(CMGT, compare_zero, IR_VCGTS), BOTHZ(CMGE, compare_zero, IR_VCGES),
    BOTHZ(CMLT, compare_zero, IR_VCGTS | SWAP), BOTHZ(CMLE, compare_zero, IR_VCGES | SWAP),
    { A64_INSN_ADDV_V, FP, add_across, 0 },
    { A64_INSN_SMAXV_V, FP, across, IR_VMAXS }, { A64_INSN_SMINV_V, FP, across, IR_VMINS },
    { A64_INSN_UMAXV_V, FP, across, IR_VMAXU }, { A64_INSN_UMINV_V, FP, across, IR_VMINU },
    BOTHI(SSHR, shift_right, IR_VSAR), BOTHI(USHR, shift_right, IR_VSHR),
    BOTHI(SSRA, shift_right, IR_VSAR | ACC), BOTHI(USRA, shift_right, IR_VSHR | ACC),
    BOTHI(SRSHR, shift_right, IR_VSAR | ROUND), BOTHI(URSHR, shift_right, IR_VSHR | ROUND),
    BOTHI(SRSRA, shift_right, IR_VSAR | ROUND | ACC), BOTHI(URSRA, shift_right, IR_VSHR | ROUND | ACC),
    BOTHI(SHL, shift_left, 0), BOTHI(SRI, shift_insert, IR_VSHR), BOTHI(SLI, shift_insert, IR_VSHL),
    A64_ROWS_END
};
/* clang-format on */
