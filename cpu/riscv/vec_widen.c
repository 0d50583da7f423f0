/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer instructions with an operand or a result of 2 * SEW: "Vector Widening Integer Add/Subtract", "... Multiply",
 * "... Multiply-Add", "Vector Narrowing Integer Right Shift". Operands come extended, so that there is little to do.
 */
#include "cpu/riscv/vec.h"

#define ELEMENT(name, EXPR)                                                                        \
    static uint64_t name(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)                     \
    {                                                                                              \
        (void)o, (void)d;                                                                          \
        return (EXPR);                                                                             \
    }
ELEMENT(add, a + b)
ELEMENT(sub, a - b)
ELEMENT(mul, a * b)
ELEMENT(macc, d + a * b)
ELEMENT(nsrl, a >> (b & (2 * rv_vec_bits(o) - 1)))
ELEMENT(nsra, (uint64_t)((int64_t)a >> (b & (2 * rv_vec_bits(o) - 1))))

/* Products of lanes that are numbers of half their size. */
static ir_val_t product(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b)
{
    bool sa = row->flags & RV_VF_SA, sb = row->flags & RV_VF_SB;
    if (lane == 3 && sa == sb) /* even lanes of 32 bits hold all of them */
        return ir_vop(t->u, sa ? IR_VMULLS : IR_VMULLU, 2, a, b, IR_NONE, 2);
    return ir_vop2(t->u, IR_VMUL, lane, a, b);
}

static ir_val_t q_mul(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    (void)d;
    return product(t, row, lane, a, b);
}

static ir_val_t q_macc(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    return ir_vop2(t->u, IR_VADD, lane, d, product(t, row, lane, a, b));
}

/* clang-format off */
#define ROW(INSN, D, A, B, FLAGS, ELEMENT_, QUICK_, ARG)                                           \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_##D, RV_VO_##A, RV_VO_##B), .flags = FLAGS,  \
      .element = ELEMENT_, .quick = QUICK_, .arg = ARG }
#define ADDS(N, F, E, OP)                                                                          \
    ROW(N##_VV, W, S, S, F, E, rv_vq_op, OP), ROW(N##_VX, W, S, X, F, E, rv_vq_op, OP),            \
    ROW(N##_WV, W, W, S, F, E, rv_vq_op, OP), ROW(N##_WX, W, W, X, F, E, rv_vq_op, OP)
#define MULS(N, F) ROW(N##_VV, W, S, S, F, mul, q_mul, 0), ROW(N##_VX, W, S, X, F, mul, q_mul, 0)
#define MACC_V(N, F) ROW(N##_VV, W, S, S, RV_VF_D | (F), macc, q_macc, 0)
#define MACC_X(N, F) ROW(N##_VX, W, S, X, RV_VF_D | (F), macc, q_macc, 0)
#define SHIFTS(N, F, E, OP)                                                                        \
    ROW(N##_WV, S, W, S, F, E, rv_vq_shift, OP), ROW(N##_WX, S, W, X, F, E, rv_vq_shift, OP),      \
    ROW(N##_WI, S, W, I, F, E, rv_vq_shift, OP)
#define SIGNED (RV_VF_SA | RV_VF_SB)
const struct rv_vec_row rv_vec_widen_rows[] = {
    ADDS(VWADDU, 0, add, IR_VADD), ADDS(VWADD, SIGNED, add, IR_VADD),
    ADDS(VWSUBU, 0, sub, IR_VSUB), ADDS(VWSUB, SIGNED, sub, IR_VSUB),
    MULS(VWMULU, 0), MULS(VWMULSU, RV_VF_SA), MULS(VWMUL, SIGNED),
    MACC_V(VWMACCU, 0), MACC_X(VWMACCU, 0), MACC_V(VWMACC, SIGNED), MACC_X(VWMACC, SIGNED),
    MACC_V(VWMACCSU, RV_VF_SB), MACC_X(VWMACCSU, RV_VF_SB), /* vs1 or rs1 is the signed one; */
    MACC_X(VWMACCUS, RV_VF_SA),                             /* vs2 is */
    SHIFTS(VNSRL, 0, nsrl, IR_VSHRV), SHIFTS(VNSRA, RV_VF_SA, nsra, IR_VSARV),
    RV_VEC_END
};
/* clang-format on */
