/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector floating point: unprivileged ISA, chapter "V", sections "Vector Floating-Point Instructions", "Vector Reduction
 * Operations" and "Vector Permutation Instructions"; Zvfhmin and Zvfh. A row's `arg` is a word of vec_float_impl.h, which
 * says what becomes of an element; the general way asks that. The quick one has the IR's operations on f32 and f64, and else
 * a vector helper that asks the same for each lane.
 *
 * Reductions add in the order of the elements, the unordered ones too.
 */
#include "core/util/bytes.h"
#include "cpu/riscv/vec.h"
#include "cpu/riscv/vec_float_impl.h"

/* ---- general ---- */
static uint64_t lane_now(struct rv_cpu *rv, uint32_t what, unsigned sew, uint64_t a, uint64_t b, uint64_t d)
{
    struct fp_env env;
    fp_env_init(&env, IR_FP_RISCV, 0, rv_vfp_rounding(what, rv->frm));
    uint64_t v = rv_vfp_lane(&env, what, sew, a, b, d);
    rv->cpu.fp_flags |= env.flags;
    return v;
}

static uint64_t element(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)
{
    return lane_now(o->rv, o->row->arg, o->sew, a, b, d);
}

/* All lanes of `lane` (log2 of bytes) of registers; narrower operands stand in the low bits of their lanes. imm: arg, lane. */
enum { LANE_SHIFT = 32 };
void rv_vec_fp_lanes(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    uint32_t what = (uint32_t)imm;
    unsigned lane = imm >> LANE_SHIFT & 3, size = 1u << lane, sew = lane - (what & (RV_VFP_WIDEN | RV_VFP_NARROW) ? 1 : 0);
    struct fp_env env;
    union ir_vec r;
    fp_env_init(&env, IR_FP_RISCV, 0, rv_vfp_rounding(what, rv->frm));
    for (unsigned i = 0; i < 16; i += size) {
        uint64_t x = a ? ld_le(a->b + i, size) : 0, y = b ? ld_le(b->b + i, size) : 0, z = c ? ld_le(c->b + i, size) : 0;
        uint64_t v = rv_vfp_lane(&env, what, sew, x, y, z);
        if ((what & RV_VFP_OP) >= RV_VFP_EQ && (what & RV_VFP_OP) <= RV_VFP_GE)
            v = 0 - v;
        st_le(r.b + i, v, size);
    }
    *dst = r;
    cpu->fp_flags |= env.flags;
}

/* Element 0 of vs1 and the active ones of vs2, in order; nothing is written if vl is 0. */
static uint64_t reduce(struct rv_vop *o)
{
    uint32_t what = o->row->arg;
    unsigned to = o->sew + (what & RV_VFP_WIDEN ? 1 : 0);
    if (o->vl == 0)
        return 0;
    uint64_t sum = rv_vec_get(o->rv, o->vs1, to, 0);
    for (uint32_t i = 0; i < o->vl; i++) {
        uint64_t x = rv_vec_active(o, i) ? rv_vec_get(o->rv, o->vs2, o->sew, i) : 0;
        if (!rv_vec_active(o, i))
            continue;
        if (what & RV_VFP_WIDEN)
            x = lane_now(o->rv, RV_VFP_CVT | RV_VFP_WIDEN, o->sew, x, 0, 0);
        sum = lane_now(o->rv, what & RV_VFP_OP, to, sum, x, 0);
    }
    rv_vec_put(o->rv, o->vd, to, 0, sum);
    return 0;
}

/* ---- moves ---- */
static uint64_t merge(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)
{
    (void)d;
    return o->carry ? b : a;
}

/* Whatever vl and vstart are. */
static uint64_t move_to_f(struct rv_vop *o)
{
    return (o->sew == 3 ? 0 : ~0ull << rv_vec_bits(o)) | rv_vec_get(o->rv, o->vs2, o->sew, 0);
}

static uint64_t move_to_element(struct rv_vop *o)
{
    if (o->vstart < o->vl)
        rv_vec_put(o->rv, o->vd, o->sew, 0, o->scalar);
    return 0;
}

/* ---- quick ---- */
static ir_val_t vf(struct rv_tr *t, enum ir_op op, unsigned lane, ir_val_t a, ir_val_t b)
{
    return ir_vfop(t->u, op, lane, t->mode & RV_MODE_RMM ? IR_RMM : IR_RM_DYN, a, b, IR_NONE, 0);
}

static ir_val_t v2(struct rv_tr *t, enum ir_op op, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, op, 3, a, b);
}

static ir_val_t quick_sign(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    ir_val_t sign = rv_vec_dup(t, lane, BIT((8u << lane) - 1));
    bool same = RV_VO_B(row) == RV_VO_S && t->d.rs1 == t->d.rs2; /* a is b: vfneg.v, vfabs.v */
    (void)d;
    switch (row->arg) {
    case RV_VFP_SGNJ: return same ? a : v2(t, IR_VOR, v2(t, IR_VANDN, a, sign), v2(t, IR_VAND, b, sign));
    case RV_VFP_SGNJN:
        return same ? v2(t, IR_VXOR, a, sign) : v2(t, IR_VOR, v2(t, IR_VANDN, a, sign), v2(t, IR_VANDN, sign, b));
    default: return same ? v2(t, IR_VANDN, a, sign) : v2(t, IR_VXOR, a, v2(t, IR_VAND, b, sign));
    }
}

static ir_val_t quick_move(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    (void)t, (void)row, (void)lane, (void)a, (void)d;
    return b;
}

static ir_val_t multiply_add(struct rv_tr *t, uint32_t what, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t c)
{
    int64_t signs = (what & RV_VFP_NEG_PRODUCT ? 1 : 0) | (what & RV_VFP_NEG_ADDEND ? 2 : 0);
    return ir_vfop(t->u, IR_VFMA, lane, t->mode & RV_MODE_RMM ? IR_RMM : IR_RM_DYN, a, b, c, signs);
}

static ir_val_t convert(struct rv_tr *t, uint32_t what, enum ir_op op, unsigned lane, ir_val_t a)
{
    enum ir_rm rm = what & RV_VFP_RTZ ? IR_RTZ : t->mode & RV_MODE_RMM ? IR_RMM : IR_RM_DYN;
    return ir_vfop(t->u, op, lane, rm, a, IR_NONE, IR_NONE, what & RV_VFP_UNSIGNED ? 1 : 0);
}

/* By the IR, of f32 and f64 that stay what they are; IR_NONE: it has no such operation. */
static ir_val_t by_ir(struct rv_tr *t, uint32_t what, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    if (lane < 2 || (what & (RV_VFP_WIDEN | RV_VFP_NARROW)))
        return IR_NONE;
    switch (what & RV_VFP_OP) {
    case RV_VFP_ADD: return vf(t, IR_VFADD, lane, a, b);
    case RV_VFP_SUB: return vf(t, IR_VFSUB, lane, a, b);
    case RV_VFP_RSUB: return vf(t, IR_VFSUB, lane, b, a);
    case RV_VFP_MUL: return vf(t, IR_VFMUL, lane, a, b);
    case RV_VFP_DIV: return vf(t, IR_VFDIV, lane, a, b);
    case RV_VFP_RDIV: return vf(t, IR_VFDIV, lane, b, a);
    case RV_VFP_SQRT: return vf(t, IR_VFSQRT, lane, a, IR_NONE);
    case RV_VFP_MACC: return multiply_add(t, what, lane, b, a, d);
    case RV_VFP_MADD: return multiply_add(t, what, lane, b, d, a);
    case RV_VFP_MIN: return ir_vop2(t->u, IR_VFMIN, lane, a, b);
    case RV_VFP_MAX: return ir_vop2(t->u, IR_VFMAX, lane, a, b);
    case RV_VFP_EQ: return ir_vop2(t->u, IR_VFCEQ, lane, a, b);
    case RV_VFP_NE: return ir_vop1(t->u, IR_VNOT, lane, ir_vop2(t->u, IR_VFCEQ, lane, a, b));
    case RV_VFP_LT: return ir_vop2(t->u, IR_VFCGT, lane, b, a);
    case RV_VFP_LE: return ir_vop2(t->u, IR_VFCGE, lane, b, a);
    case RV_VFP_GT: return ir_vop2(t->u, IR_VFCGT, lane, a, b);
    case RV_VFP_GE: return ir_vop2(t->u, IR_VFCGE, lane, a, b);
    case RV_VFP_FTOI: return convert(t, what, IR_VFTOI, lane, a);
    case RV_VFP_ITOF: return convert(t, what, IR_VITOF, lane, a);
    default: return IR_NONE;
    }
}

static ir_val_t quick(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    ir_val_t v = by_ir(t, row->arg, lane, a, b, d);
    return v != IR_NONE ? v : ir_callv(t->u, RV_VEC_fp_lanes, a, b, d, row->arg | (uint64_t)lane << LANE_SHIFT);
}

/* clang-format off */
#define OPS(d, a, b) RV_VOPS(RV_VO_##d, RV_VO_##a, RV_VO_##b)
#define ROW(INSN, OPERANDS, FLAGS, ARG)                                                                                \
    { .id = RV_INSN_##INSN, .operands = OPERANDS, .flags = RV_VF_FP | RV_VF_QUICK_FULL | (FLAGS), .element = element,  \
      .quick = quick, .arg = ARG }
#define VV_VF(INSN, FLAGS, ARG) ROW(INSN##_VV, OPS(S, S, S), FLAGS, ARG), ROW(INSN##_VF, OPS(S, S, F), FLAGS, ARG)
#define COMPARE(INSN, ARG)                                                                                             \
    ROW(INSN##_VV, OPS(M, S, S), 0, ARG), ROW(INSN##_VF, OPS(M, S, F), 0, ARG)
#define WIDENING(INSN, FLAGS, ARG)                                                                                     \
    ROW(INSN##_VV, OPS(W, S, S), RV_VF_WIDE_FP | (FLAGS), (ARG) | RV_VFP_WIDEN),                                       \
    ROW(INSN##_VF, OPS(W, S, F), RV_VF_WIDE_FP | (FLAGS), (ARG) | RV_VFP_WIDEN)
#define WIDE_A(INSN, ARG)                                                                                              \
    ROW(INSN##_WV, OPS(W, W, S), RV_VF_WIDE_FP, (ARG) | RV_VFP_WIDEN | RV_VFP_WIDE_A),                                 \
    ROW(INSN##_WF, OPS(W, W, F), RV_VF_WIDE_FP, (ARG) | RV_VFP_WIDEN | RV_VFP_WIDE_A)
#define SIGN(INSN, OPERANDS, ARG)                                                                                      \
    { .id = RV_INSN_##INSN, .operands = OPERANDS, .flags = RV_VF_FP, .element = element, .quick = quick_sign, .arg = ARG }
#define REDUCE(INSN, OPERANDS, FLAGS, ARG)                                                                             \
    { .id = RV_INSN_##INSN, .operands = OPERANDS, .flags = RV_VF_FP | RV_VF_START0 | (FLAGS), .whole = reduce, .arg = ARG }
#define WHOLE(INSN, OPERANDS, FLAGS, FN)                                                                               \
    { .id = RV_INSN_##INSN, .operands = OPERANDS, .flags = RV_VF_FP | (FLAGS), .whole = FN }
/* x to float, float to x, and towards zero: of one shape. */
#define CONVERSIONS(P, S_, OPERANDS, TO_INT, FROM_INT, SHAPE)                                                          \
    ROW(P##_XU_F_##S_, OPERANDS, TO_INT, RV_VFP_FTOI | RV_VFP_UNSIGNED | SHAPE),                                       \
    ROW(P##_X_F_##S_, OPERANDS, TO_INT, RV_VFP_FTOI | SHAPE),                                                          \
    ROW(P##_RTZ_XU_F_##S_, OPERANDS, TO_INT, RV_VFP_FTOI | RV_VFP_UNSIGNED | RV_VFP_RTZ | SHAPE),                      \
    ROW(P##_RTZ_X_F_##S_, OPERANDS, TO_INT, RV_VFP_FTOI | RV_VFP_RTZ | SHAPE),                                         \
    ROW(P##_F_XU_##S_, OPERANDS, FROM_INT, RV_VFP_ITOF | RV_VFP_UNSIGNED | SHAPE),                                     \
    ROW(P##_F_X_##S_, OPERANDS, FROM_INT, RV_VFP_ITOF | SHAPE)
#define NP RV_VFP_NEG_PRODUCT
#define NA RV_VFP_NEG_ADDEND
const struct rv_vec_row rv_vec_float_rows[] = {
    VV_VF(VFADD, 0, RV_VFP_ADD), VV_VF(VFSUB, 0, RV_VFP_SUB), ROW(VFRSUB_VF, OPS(S, S, F), 0, RV_VFP_RSUB),
    VV_VF(VFMUL, 0, RV_VFP_MUL), VV_VF(VFDIV, 0, RV_VFP_DIV), ROW(VFRDIV_VF, OPS(S, S, F), 0, RV_VFP_RDIV),
    VV_VF(VFMIN, 0, RV_VFP_MIN), VV_VF(VFMAX, 0, RV_VFP_MAX),
    SIGN(VFSGNJ_VV, OPS(S, S, S), RV_VFP_SGNJ),   SIGN(VFSGNJ_VF, OPS(S, S, F), RV_VFP_SGNJ),
    SIGN(VFSGNJN_VV, OPS(S, S, S), RV_VFP_SGNJN), SIGN(VFSGNJN_VF, OPS(S, S, F), RV_VFP_SGNJN),
    SIGN(VFSGNJX_VV, OPS(S, S, S), RV_VFP_SGNJX), SIGN(VFSGNJX_VF, OPS(S, S, F), RV_VFP_SGNJX),
    VV_VF(VFMACC, RV_VF_D, RV_VFP_MACC),            VV_VF(VFNMACC, RV_VF_D, RV_VFP_MACC | NP | NA),
    VV_VF(VFMSAC, RV_VF_D, RV_VFP_MACC | NA),       VV_VF(VFNMSAC, RV_VF_D, RV_VFP_MACC | NP),
    VV_VF(VFMADD, RV_VF_D, RV_VFP_MADD),            VV_VF(VFNMADD, RV_VF_D, RV_VFP_MADD | NP | NA),
    VV_VF(VFMSUB, RV_VF_D, RV_VFP_MADD | NA),       VV_VF(VFNMSUB, RV_VF_D, RV_VFP_MADD | NP),
    COMPARE(VMFEQ, RV_VFP_EQ), COMPARE(VMFNE, RV_VFP_NE), COMPARE(VMFLT, RV_VFP_LT), COMPARE(VMFLE, RV_VFP_LE),
    ROW(VMFGT_VF, OPS(M, S, F), 0, RV_VFP_GT), ROW(VMFGE_VF, OPS(M, S, F), 0, RV_VFP_GE),
    WIDENING(VFWADD, 0, RV_VFP_ADD), WIDENING(VFWSUB, 0, RV_VFP_SUB), WIDENING(VFWMUL, 0, RV_VFP_MUL),
    WIDE_A(VFWADD, RV_VFP_ADD), WIDE_A(VFWSUB, RV_VFP_SUB),
    WIDENING(VFWMACC, RV_VF_D, RV_VFP_MACC),        WIDENING(VFWNMACC, RV_VF_D, RV_VFP_MACC | NP | NA),
    WIDENING(VFWMSAC, RV_VF_D, RV_VFP_MACC | NA),   WIDENING(VFWNMSAC, RV_VF_D, RV_VFP_MACC | NP),
    ROW(VFSQRT_V, OPS(S, S, NONE), 0, RV_VFP_SQRT), ROW(VFRSQRT7_V, OPS(S, S, NONE), 0, RV_VFP_RSQRT7),
    ROW(VFREC7_V, OPS(S, S, NONE), 0, RV_VFP_REC7), ROW(VFCLASS_V, OPS(S, S, NONE), 0, RV_VFP_CLASS),
    CONVERSIONS(VFCVT, V, OPS(S, S, NONE), 0, 0, 0),
    CONVERSIONS(VFWCVT, V, OPS(W, S, NONE), RV_VF_WIDE_FP, RV_VF_FP_2SEW, RV_VFP_WIDEN),
    CONVERSIONS(VFNCVT, W, OPS(S, W, NONE), RV_VF_FP_2SEW, RV_VF_WIDE_FP, RV_VFP_NARROW),
    ROW(VFWCVT_F_F_V, OPS(W, S, NONE), RV_VF_WIDE_FP | RV_VF_FP_MIN, RV_VFP_CVT | RV_VFP_WIDEN),
    ROW(VFNCVT_F_F_W, OPS(S, W, NONE), RV_VF_WIDE_FP | RV_VF_FP_MIN, RV_VFP_CVT | RV_VFP_NARROW),
    ROW(VFNCVT_ROD_F_F_W, OPS(S, W, NONE), RV_VF_WIDE_FP, RV_VFP_CVT | RV_VFP_NARROW | RV_VFP_ROD),
    REDUCE(VFREDUSUM_VS, OPS(1, S, 1), 0, RV_VFP_ADD), REDUCE(VFREDOSUM_VS, OPS(1, S, 1), 0, RV_VFP_ADD),
    REDUCE(VFREDMIN_VS, OPS(1, S, 1), 0, RV_VFP_MIN),  REDUCE(VFREDMAX_VS, OPS(1, S, 1), 0, RV_VFP_MAX),
    REDUCE(VFWREDUSUM_VS, OPS(1W, S, 1W), RV_VF_WIDE_FP, RV_VFP_ADD | RV_VFP_WIDEN),
    REDUCE(VFWREDOSUM_VS, OPS(1W, S, 1W), RV_VF_WIDE_FP, RV_VFP_ADD | RV_VFP_WIDEN),
    { .id = RV_INSN_VFMERGE_VFM, .operands = OPS(S, S, F), .flags = RV_VF_FP | RV_VF_CARRY, .element = merge },
    { .id = RV_INSN_VFMV_V_F, .operands = OPS(S, NONE, F), .flags = RV_VF_FP, .element = element, .quick = quick_move,
      .arg = RV_VFP_MOVE },
    WHOLE(VFMV_F_S, OPS(NONE, 1, NONE), RV_VF_FD, move_to_f), WHOLE(VFMV_S_F, OPS(1, NONE, F), 0, move_to_element),
    WHOLE(VFSLIDE1UP_VF, OPS(S, S, F), RV_VF_APART, rv_vec_slide1up), WHOLE(VFSLIDE1DOWN_VF, OPS(S, S, F), 0, rv_vec_slide1down),
    RV_VEC_END
};
/* clang-format on */
