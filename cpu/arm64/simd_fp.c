/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD floating point (Arm ARM C4.1.96, C7.2) by the IR's vector operations, whose lanes follow FPCR and the
 * shared pseudocode (core/exec/fp.h). What takes no part is zero before it is computed with, so that it raises no
 * flag. Half precision takes the same ways: only the operation itself is a helper then. What else needs helpers is
 * in simd_fp_lanes.c.
 */
#include "cpu/arm64/simd_fp_impl.h"

enum { /* in arg, beside a64_shape's */
    RM_SHIFT = 16, IMM = 1 << 19, ABSOLUTE = 1 << 20, SWAP = 1 << 21, NEGATE = 1 << 22,
    DYN = IR_RM_DYN << RM_SHIFT,
};

/* ---- operations on lanes of 16, 32, 64 bits ---- */
static ir_val_t fop(struct a64_tr *t, struct a64_shape s, enum ir_op op, enum ir_rm rm, ir_val_t a, ir_val_t b,
                    ir_val_t c, unsigned imm)
{
    if (s.lane == 1)
        return ir_callv(t->u, A64_VEC_half_lanes, a, b, c,
                        A64_VEC_IMM(1, s.bytes) | A64_HALF_LANES_OP(op) | A64_SIMD_RM(rm) |
                            (imm ? A64_HALF_LANES_IMM : 0));
    return ir_vfop(t->u, op, s.lane, rm, a, b, c, imm);
}

static uint64_t sign_bit(unsigned lane)
{
    return 1ull << ((8u << lane) - 1);
}
static ir_val_t negated(struct a64_tr *t, unsigned lane, ir_val_t v)
{
    return ir_vop2(t->u, IR_VXOR, 0, v, a64_vdup_const(t, lane, sign_bit(lane)));
}
static ir_val_t absolute(struct a64_tr *t, unsigned lane, ir_val_t v)
{
    return ir_vop2(t->u, IR_VANDN, 0, v, a64_vdup_const(t, lane, sign_bit(lane)));
}

static ir_val_t first(struct a64_tr *t, struct a64_shape s)
{
    return a64_clip(t, a64_v(t, t->d.rn), s.bytes);
}
static ir_val_t second(struct a64_tr *t, struct a64_shape s, unsigned arg)
{
    return a64_clip(t, a64_second(t, arg, s.lane), s.bytes);
}
static enum ir_rm rounding(unsigned arg)
{
    return (enum ir_rm)(arg >> RM_SHIFT & 7);
}

/* ---- two and three operands ---- */
static void arithmetic(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    enum ir_op op = (enum ir_op)(arg & A64_VS_OP);
    ir_val_t a = first(t, s), b = second(t, s, arg);
    if (op == IR_VFDIV && s.bytes == 8) /* 0/0 would raise a flag: 0/1 */
        b = ir_vins(t->u, 3, b, 1, a64_const(t, 0x3f8000003f800000));
    ir_val_t v = fop(t, s, op, IR_RM_DYN, a, b, IR_NONE, arg & IMM ? 1 : 0);
    if (arg & ABSOLUTE)
        v = absolute(t, s.lane, v);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/* FMLS negates an operand, NaN or not; the IR's own negation would leave a NaN alone. */
static void multiply_add(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t a = first(t, s), b = second(t, s, arg), c = a64_clip(t, a64_v(t, t->d.rd), s.bytes);
    if (arg & NEGATE)
        a = negated(t, s.lane, a);
    a64_put_bytes(t, t->d.rd, fop(t, s, IR_VFMA, IR_RM_DYN, a, b, c, 0), s.bytes);
}

static void compare(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t a = first(t, s), b = second(t, s, arg);
    if (arg & ABSOLUTE) {
        a = absolute(t, s.lane, a);
        b = absolute(t, s.lane, b);
    }
    ir_val_t v = fop(t, s, (enum ir_op)(arg & A64_VS_OP), IR_RNE, a, b, IR_NONE, 0);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void compare_zero(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t a = first(t, s), zero = a64_vzero(t);
    ir_val_t v = fop(t, s, (enum ir_op)(arg & A64_VS_OP), IR_RNE, arg & SWAP ? zero : a, arg & SWAP ? a : zero,
                     IR_NONE, 0);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/* ---- neighbours and all lanes: even ones with odd ones; doubled lanes raise nothing twice ---- */
static ir_val_t of_neighbours(struct a64_tr *t, struct a64_shape s, unsigned arg, ir_val_t a, ir_val_t b)
{
    s.bytes = 16;
    return fop(t, s, (enum ir_op)(arg & A64_VS_OP), IR_RM_DYN, ir_vop2(t->u, IR_VUZP1, s.lane, a, b),
               ir_vop2(t->u, IR_VUZP2, s.lane, a, b), IR_NONE, arg & IMM ? 1 : 0);
}

static void pairwise(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t a = a64_v(t, t->d.rn), b = a64_v(t, t->d.rm);
    if (s.bytes == 8)
        a = b = ir_vop2(t->u, IR_VZIP1, 3, a, b);
    a64_put_bytes(t, t->d.rd, of_neighbours(t, s, arg, a, b), s.bytes);
}

/* The first two lanes. */
static void pairwise_scalar(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t a = a64_clip(t, a64_v(t, t->d.rn), 2u << s.lane);
    ir_val_t zero = a64_vzero(t);
    a64_put_bytes(t, t->d.rd, of_neighbours(t, s, arg, a, zero), s.bytes);
}

/* Reduce(): halves of halves. */
static void across(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = { .lane = (arg & A64_VS_LANE) / A64_VS_H, .bytes = a64_q_bytes(t) };
    ir_val_t v = a64_v(t, t->d.rn);
    if (s.bytes == 8)
        v = ir_vop2(t->u, IR_VZIP1, 3, v, v);
    for (unsigned lanes = s.bytes >> s.lane; lanes > 1; lanes /= 2)
        v = of_neighbours(t, s, arg, v, v);
    a64_put_bytes(t, t->d.rd, v, 1u << s.lane);
}

/* ---- one operand ---- */
static void sign(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t a = a64_v(t, t->d.rn);
    a64_put_bytes(t, t->d.rd, arg & ABSOLUTE ? absolute(t, s.lane, a) : negated(t, s.lane, a), s.bytes);
}

static void one_operand(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t v = fop(t, s, (enum ir_op)(arg & A64_VS_OP), rounding(arg), first(t, s), IR_NONE, IR_NONE,
                     arg & IMM ? 1 : 0);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

/* Between single and double, lane by lane; half precision: simd_fp_lanes.c. */
static void convert_long(struct a64_tr *t, unsigned arg)
{
    ir_val_t a = a64_v(t, t->d.rn);
    unsigned q = a64_q(t);
    if (!(t->d.arr & 2)) {
        a64_simd_half_to_single(t, arg);
        return;
    }
    ir_val_t low = ir_fcvt(t->u, IR_F64, IR_F32, IR_RNE, ir_vlane(t->u, IR_F32, 2, a, 2 * q));
    ir_val_t high = ir_fcvt(t->u, IR_F64, IR_F32, IR_RNE, ir_vlane(t->u, IR_F32, 2, a, 2 * q + 1));
    a64_put_v(t, t->d.rd, ir_vins(t->u, 3, ir_vop1(t->u, IR_VSCALAR, 3, low), 1, high));
}

static void convert_narrow(struct a64_tr *t, unsigned arg)
{
    ir_val_t a = a64_v(t, t->d.rn);
    if (!(t->d.arr & 2)) {
        a64_simd_single_to_half(t, arg);
        return;
    }
    ir_val_t low = ir_fcvt(t->u, IR_F32, IR_F64, IR_RM_DYN, ir_vlane(t->u, IR_F64, 3, a, 0));
    ir_val_t high = ir_fcvt(t->u, IR_F32, IR_F64, IR_RM_DYN, ir_vlane(t->u, IR_F64, 3, a, 1));
    a64_put_half(t, ir_vins(t->u, 2, ir_vop1(t->u, IR_VSCALAR, 2, low), 1, high));
}

/* ---- complex numbers: even lanes real, odd ones imaginary ---- */
static ir_val_t swapped_pairs(struct a64_tr *t, unsigned lane, ir_val_t v)
{
    if (lane == 3)
        return ir_vop(t->u, IR_VEXT, 0, v, v, IR_NONE, 8);
    return ir_vop1i(t->u, IR_VREV, lane, v, lane + 1);
}

/* Negate even and/or odd lanes. */
static ir_val_t negate_parts(struct a64_tr *t, unsigned lane, ir_val_t v, bool even, bool odd)
{
    uint64_t s = sign_bit(lane), low, high;
    unsigned bits = 8u << lane;
    if (!even && !odd)
        return v;
    if (lane == 3) {
        low = even ? s : 0;
        high = odd ? s : 0;
    } else {
        low = (even ? s : 0) | (odd ? s << bits : 0);
        if (lane == 1)
            low |= low << 32;
        high = low;
    }
    return ir_vop2(t->u, IR_VXOR, 0, v, ir_vconst(t->u, low, high));
}

static void complex_add(struct a64_tr *t, unsigned arg) /* rot: 0 for 90 degrees, 1 for 270 */
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t b = swapped_pairs(t, s.lane, second(t, s, 0));
    b = negate_parts(t, s.lane, b, t->d.rot == 0, t->d.rot != 0);
    ir_val_t v = fop(t, s, IR_VFADD, IR_RM_DYN, first(t, s), b, IR_NONE, 0);
    a64_put_bytes(t, t->d.rd, v, s.bytes);
}

static void complex_multiply_add(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    unsigned rot = t->d.rot;
    ir_val_t a = first(t, s), b;
    if (arg & A64_VS_ELT) { /* a pair in all pairs */
        unsigned pair = (unsigned)t->d.idx & 3;
        b = a64_v(t, t->d.rm);
        b = s.lane == 1 ? a64_vdup_lane(t, 2, t->d.rm, pair)
                        : ir_vop2(t->u, pair ? IR_VZIP2 : IR_VZIP1, 3, b, b);
        b = a64_clip(t, b, s.bytes);
    } else {
        b = second(t, s, 0);
    }
    a = ir_vop2(t->u, rot & 1 ? IR_VTRN2 : IR_VTRN1, s.lane, a, a);
    if (rot & 1)
        b = swapped_pairs(t, s.lane, b);
    b = negate_parts(t, s.lane, b, rot == 1 || rot == 2, rot >= 2);
    ir_val_t c = a64_clip(t, a64_v(t, t->d.rd), s.bytes);
    a64_put_bytes(t, t->d.rd, fop(t, s, IR_VFMA, IR_RM_DYN, a, b, c, 0), s.bytes);
}

/* BFMLALB, BFMLALT: BFloat16 is the upper half of single precision. */
static void bf16_multiply_add(struct a64_tr *t, unsigned arg)
{
    ir_val_t v[2] = { a64_v(t, t->d.rn), arg & A64_VS_ELT ? a64_vdup_lane(t, 1, t->d.rm, t->d.idx)
                                                          : a64_v(t, t->d.rm) };
    for (unsigned i = 0; i < 2; i++)
        v[i] = t->d.q ? ir_vop2(t->u, IR_VAND, 0, v[i], a64_vdup_const(t, 2, 0xffff0000))
                      : ir_vop1i(t->u, IR_VSHL, 2, v[i], 16);
    a64_put_v(t, t->d.rd, ir_vfop(t->u, IR_VFMA, 2, IR_RM_DYN, v[0], v[1], a64_v(t, t->d.rd), 0));
}

/* clang-format off */
#define FP A64_SEM_FP
#define RM(rm) ((unsigned)IR_##rm << RM_SHIFT)
/* Rows of vectors, with half precision; of scalars too. */
#define VEC(INSN, FN, ARG) { A64_INSN_##INSN##_V, FP, FN, ARG }, { A64_INSN_##INSN##_V16, FP, FN, (ARG) | A64_VS_H }
#define NUM(INSN, FN, ARG) { A64_INSN_##INSN##_N, FP, FN, (ARG) | A64_VS_N }, \
    { A64_INSN_##INSN##_N16, FP, FN, (ARG) | A64_VS_N | A64_VS_H }
#define BOTH(INSN, FN, ARG) VEC(INSN, FN, ARG), NUM(INSN, FN, ARG)
#define ZERO(INSN, ARG) { A64_INSN_##INSN##_VZ, FP, compare_zero, ARG }, \
    { A64_INSN_##INSN##_VZ16, FP, compare_zero, (ARG) | A64_VS_H }, { A64_INSN_##INSN##_NZ, FP, compare_zero, (ARG) | A64_VS_N }, \
    { A64_INSN_##INSN##_NZ16, FP, compare_zero, (ARG) | A64_VS_N | A64_VS_H }
#define ELT(INSN, FN, ARG) { A64_INSN_##INSN##_VEH, FP, FN, (ARG) | A64_VS_ELT | A64_VS_H }, \
    { A64_INSN_##INSN##_VES, FP, FN, (ARG) | A64_VS_ELT | A64_VS_S }, { A64_INSN_##INSN##_VED, FP, FN, (ARG) | A64_VS_ELT | A64_VS_D }, \
    { A64_INSN_##INSN##_NEH, FP, FN, (ARG) | A64_VS_ELT | A64_VS_N | A64_VS_H }, \
    { A64_INSN_##INSN##_NES, FP, FN, (ARG) | A64_VS_ELT | A64_VS_N | A64_VS_S }, \
    { A64_INSN_##INSN##_NED, FP, FN, (ARG) | A64_VS_ELT | A64_VS_N | A64_VS_D }
#define ACROSS(INSN, ARG) { A64_INSN_##INSN##_V, FP, across, (ARG) | A64_VS_S }, { A64_INSN_##INSN##_V16, FP, across, (ARG) | A64_VS_H }
const struct a64_semantics a64_simd_fp_rows[] = {
    VEC(FADD, arithmetic, IR_VFADD), VEC(FSUB, arithmetic, IR_VFSUB), VEC(FMUL, arithmetic, IR_VFMUL),
    VEC(FDIV, arithmetic, IR_VFDIV), VEC(FMAX, arithmetic, IR_VFMAX | IMM), VEC(FMIN, arithmetic, IR_VFMIN | IMM),
    VEC(FMAXNM, arithmetic, IR_VFMAX), VEC(FMINNM, arithmetic, IR_VFMIN),
    BOTH(FABD, arithmetic, IR_VFSUB | ABSOLUTE), ELT(FMUL, arithmetic, IR_VFMUL),
    VEC(FMLA, multiply_add, 0), VEC(FMLS, multiply_add, NEGATE), ELT(FMLA, multiply_add, 0), ELT(FMLS, multiply_add, NEGATE),
    BOTH(FCMEQ, compare, IR_VFCEQ), BOTH(FCMGE, compare, IR_VFCGE), BOTH(FCMGT, compare, IR_VFCGT),
    BOTH(FACGE, compare, IR_VFCGE | ABSOLUTE), BOTH(FACGT, compare, IR_VFCGT | ABSOLUTE),
    ZERO(FCMEQ, IR_VFCEQ), ZERO(FCMGE, IR_VFCGE), ZERO(FCMGT, IR_VFCGT),
    ZERO(FCMLE, IR_VFCGE | SWAP), ZERO(FCMLT, IR_VFCGT | SWAP),
    VEC(FADDP, pairwise, IR_VFADD), VEC(FMAXP, pairwise, IR_VFMAX | IMM), VEC(FMINP, pairwise, IR_VFMIN | IMM),
    VEC(FMAXNMP, pairwise, IR_VFMAX), VEC(FMINNMP, pairwise, IR_VFMIN),
    NUM(FADDP, pairwise_scalar, IR_VFADD), NUM(FMAXP, pairwise_scalar, IR_VFMAX | IMM),
    NUM(FMINP, pairwise_scalar, IR_VFMIN | IMM), NUM(FMAXNMP, pairwise_scalar, IR_VFMAX),
    NUM(FMINNMP, pairwise_scalar, IR_VFMIN),
    ACROSS(FMAXV, IR_VFMAX | IMM), ACROSS(FMINV, IR_VFMIN | IMM), ACROSS(FMAXNMV, IR_VFMAX), ACROSS(FMINNMV, IR_VFMIN),
    VEC(FABS, sign, ABSOLUTE), VEC(FNEG, sign, 0), VEC(FSQRT, one_operand, IR_VFSQRT | DYN),
    VEC(FRINTN, one_operand, IR_VFRINT | RM(RNE)), VEC(FRINTM, one_operand, IR_VFRINT | RM(RDN)),
    VEC(FRINTP, one_operand, IR_VFRINT | RM(RUP)), VEC(FRINTZ, one_operand, IR_VFRINT | RM(RTZ)),
    VEC(FRINTA, one_operand, IR_VFRINT | RM(RMM)), VEC(FRINTI, one_operand, IR_VFRINT | DYN),
    VEC(FRINTX, one_operand, IR_VFRINT | DYN | IMM),
    BOTH(FCVTNS, one_operand, IR_VFTOI | RM(RNE)), BOTH(FCVTNU, one_operand, IR_VFTOI | RM(RNE) | IMM),
    BOTH(FCVTMS, one_operand, IR_VFTOI | RM(RDN)), BOTH(FCVTMU, one_operand, IR_VFTOI | RM(RDN) | IMM),
    BOTH(FCVTPS, one_operand, IR_VFTOI | RM(RUP)), BOTH(FCVTPU, one_operand, IR_VFTOI | RM(RUP) | IMM),
    BOTH(FCVTZS, one_operand, IR_VFTOI | RM(RTZ)), BOTH(FCVTZU, one_operand, IR_VFTOI | RM(RTZ) | IMM),
    BOTH(FCVTAS, one_operand, IR_VFTOI | RM(RMM)), BOTH(FCVTAU, one_operand, IR_VFTOI | RM(RMM) | IMM),
    BOTH(SCVTF, one_operand, IR_VITOF | DYN), BOTH(UCVTF, one_operand, IR_VITOF | DYN | IMM),
    { A64_INSN_FCVTL_V, FP, convert_long, 0 }, { A64_INSN_FCVTN_V, FP, convert_narrow, 0 },
    VEC(FCADD, complex_add, 0), VEC(FCMLA, complex_multiply_add, 0),
    { A64_INSN_FCMLA_VEH, FP, complex_multiply_add, A64_VS_ELT | A64_VS_H },
    { A64_INSN_FCMLA_VES, FP, complex_multiply_add, A64_VS_ELT | A64_VS_S },
    { A64_INSN_BFMLAL_V, FP, bf16_multiply_add, 0 }, { A64_INSN_BFMLAL_VE, FP, bf16_multiply_add, A64_VS_ELT },
    A64_ROWS_END
};
/* clang-format on */
