/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Vector Reduction Operations" of integers: vd[0] = vs1[0] and all active elements of vs2 together. With vl = 0 nothing
 * is written.
 */
#include "cpu/riscv/vec.h"

typedef uint64_t combine_fn(uint64_t x, uint64_t y);
#define COMBINE(name, EXPR)                                                                        \
    static uint64_t name(uint64_t x, uint64_t y)                                                   \
    {                                                                                              \
        return (EXPR);                                                                             \
    }
COMBINE(sum, x + y)
COMBINE(and, x & y)
COMBINE(or, x | y)
COMBINE(xor, x ^ y)
COMBINE(minu, MIN(x, y))
COMBINE(maxu, MAX(x, y))
COMBINE(min, (int64_t)x < (int64_t)y ? x : y)
COMBINE(max, (int64_t)x > (int64_t)y ? x : y)

enum { SUM, AND, OR, XOR, MINU, MAXU, MIN_, MAX_ };
static combine_fn *const combines[] = { sum, and, or, xor, minu, maxu, min, max };

static uint64_t extended(uint64_t v, unsigned eew, bool is_signed)
{
    return is_signed ? sext(v, 8u << eew) : v;
}

static uint64_t reduce(struct rv_vop *o)
{
    bool is_signed = o->row->flags & RV_VF_SA;
    unsigned wide = rv_vec_eew(RV_VO_D(o->row), o->sew);
    if (o->vl == 0)
        return 0;
    uint64_t v = extended(rv_vec_get(o->rv, o->vs1, wide, 0), wide, is_signed);
    for (uint32_t i = 0; i < o->vl; i++)
        if (rv_vec_active(o, i))
            v = combines[o->row->arg](v, extended(rv_vec_get(o->rv, o->vs2, o->sew, i), o->sew, is_signed));
    rv_vec_put(o->rv, o->vd, wide, 0, v);
    return 0;
}

/* ---- quick: registers together lane by lane, then the lanes of what is left, halving it ---- */
static const uint16_t ops[] = { IR_VADD, IR_VAND, IR_VOR, IR_VXOR, IR_VMINU, IR_VMAXU, IR_VMINS, IR_VMAXS };

static bool emit(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned sew = rv_tr_sew(t), n = rv_tr_lmul(t) > 0 ? 1u << rv_tr_lmul(t) : 1;
    enum ir_op op = (enum ir_op)ops[row->arg];
    if (t->d.vm == 0 || !rv_tr_full(t) || RV_VO_D(row) != RV_VO_1)
        return false;
    ir_val_t v = rv_v(t, t->d.rs2);
    for (unsigned k = 1; k < n; k++)
        v = ir_vop2(t->u, op, sew, v, rv_v(t, t->d.rs2 + k));
    for (unsigned bytes = 8; bytes >= 1u << sew; bytes /= 2)
        v = ir_vop2(t->u, op, sew, v, ir_vop(t->u, IR_VEXT, 0, v, v, IR_NONE, bytes));
    v = ir_vop2(t->u, op, sew, v, rv_v(t, t->d.rs1));
    rv_put_v(t, t->d.rd, ir_vins(t->u, sew, rv_v(t, t->d.rd), 0, ir_vlane(t->u, IR_I64, sew, v, 0)));
    return true;
}

/* clang-format off */
#define ROW(INSN, OP, FLAGS)                                                                       \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_1, RV_VO_S, RV_VO_1), .flags = RV_VF_START0 | (FLAGS), \
      .whole = reduce, .emit = emit, .arg = OP }
#define WIDE(INSN, FLAGS)                                                                          \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_1W, RV_VO_S, RV_VO_1W), .flags = RV_VF_START0 | (FLAGS), \
      .whole = reduce, .arg = SUM }
const struct rv_vec_row rv_vec_reduce_rows[] = {
    ROW(VREDSUM_VS, SUM, 0), ROW(VREDAND_VS, AND, 0), ROW(VREDOR_VS, OR, 0), ROW(VREDXOR_VS, XOR, 0),
    ROW(VREDMINU_VS, MINU, 0), ROW(VREDMAXU_VS, MAXU, 0), ROW(VREDMIN_VS, MIN_, RV_VF_SA), ROW(VREDMAX_VS, MAX_, RV_VF_SA),
    WIDE(VWREDSUMU_VS, 0), WIDE(VWREDSUM_VS, RV_VF_SA),
    RV_VEC_END
};
/* clang-format on */
