/* SPDX-License-Identifier: Apache-2.0 */
/* "Vector Fixed-Point Arithmetic Instructions": saturation into vxsat, rounding as vxrm says. */
#include "cpu/riscv/vec.h"

enum { RNU, RNE, RDN, ROD };

/* roundoff(v, n) of "Vector Fixed-Point Rounding Mode Register vxrm": v >> n, and what is added to it. */
static __int128 roundoff(const struct rv_vop *o, __int128 v, unsigned n)
{
    if (n == 0)
        return v;
    __int128 q = v >> n;
    bool half = v >> (n - 1) & 1, below = (v & (((__int128)1 << (n - 1)) - 1)) != 0, odd = q & 1, up = false;
    switch (o->rv->vxrm) {
    case RNU: up = half; break;
    case RNE: up = half && (below || odd); break;
    case RDN: break;
    default: up = !odd && (half || below); break;
    }
    return q + up;
}

static uint64_t saturated(struct rv_vop *o, __int128 v, __int128 least, __int128 most)
{
    if (v >= least && v <= most)
        return (uint64_t)v;
    o->rv->vxsat = 1;
    return (uint64_t)(v < least ? least : most);
}

static uint64_t into_signed(struct rv_vop *o, __int128 v)
{
    __int128 most = ((__int128)1 << (rv_vec_bits(o) - 1)) - 1;
    return saturated(o, v, -most - 1, most);
}

static uint64_t into_unsigned(struct rv_vop *o, __int128 v)
{
    return saturated(o, v, 0, ((__int128)1 << rv_vec_bits(o)) - 1);
}

#define ELEMENT(name, EXPR)                                                                        \
    static uint64_t name(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)                     \
    {                                                                                              \
        __int128 ua = a, ub = b, sa = (int64_t)a, sb = (int64_t)b;                                 \
        (void)ua, (void)ub, (void)sa, (void)sb, (void)d;                                           \
        return (uint64_t)(EXPR);                                                                   \
    }
#define LOW(b, bits) ((unsigned)((b) & ((bits) - 1)))
ELEMENT(saddu, into_unsigned(o, ua + ub))
ELEMENT(sadd, into_signed(o, sa + sb))
ELEMENT(ssubu, into_unsigned(o, ua - ub))
ELEMENT(ssub, into_signed(o, sa - sb))
ELEMENT(aaddu, roundoff(o, ua + ub, 1))
ELEMENT(aadd, roundoff(o, sa + sb, 1))
ELEMENT(asubu, roundoff(o, ua - ub, 1))
ELEMENT(asub, roundoff(o, sa - sb, 1))
ELEMENT(smul, into_signed(o, roundoff(o, sa * sb, rv_vec_bits(o) - 1)))
ELEMENT(ssrl, roundoff(o, ua, LOW(b, rv_vec_bits(o))))
ELEMENT(ssra, roundoff(o, sa, LOW(b, rv_vec_bits(o))))
ELEMENT(nclipu, into_unsigned(o, roundoff(o, ua, LOW(b, 2 * rv_vec_bits(o)))))
ELEMENT(nclip, into_signed(o, roundoff(o, sa, LOW(b, 2 * rv_vec_bits(o)))))

/*
 * Saturating additions and subtractions: row->arg is the operation that saturates, `plain` the one that does not; where they
 * differ, vxsat is set. Lanes that are not active must not set it.
 */
static ir_val_t q_saturating(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    bool adds = row->arg == IR_VADDSS || row->arg == IR_VADDUS;
    ir_val_t v = ir_vop2(t->u, (enum ir_op)row->arg, lane, a, b);
    ir_val_t plain = ir_vop2(t->u, adds ? IR_VADD : IR_VSUB, lane, a, b), bits = ir_vop2(t->u, IR_VXOR, 0, v, plain);
    (void)d;
    ir_val_t some = ir_or(t->u, IR_I64, ir_vlane(t->u, IR_I64, 3, bits, 0), ir_vlane(t->u, IR_I64, 3, bits, 1));
    ir_val_t sat = ir_setcc(t->u, IR_I64, IR_NE, some, rv_const(t, 0));
    ir_put(t->u, RV_SLOT_VXSAT, ir_or(t->u, IR_I64, ir_get(t->u, RV_SLOT_VXSAT), sat));
    return v;
}

/* clang-format off */
#define ROW(INSN, D, A, B, FLAGS, ELEMENT_, QUICK_, ARG)                                           \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_##D, RV_VO_##A, RV_VO_##B), .flags = FLAGS,  \
      .element = ELEMENT_, .quick = QUICK_, .arg = ARG }
#define VV(N, F, E, Q, ARG) ROW(N##_VV, S, S, S, F, E, Q, ARG)
#define VX(N, F, E, Q, ARG) ROW(N##_VX, S, S, X, F, E, Q, ARG)
#define VI(N, F, E, Q, ARG) ROW(N##_VI, S, S, I, F, E, Q, ARG)
#define CLIP(N, F, E) ROW(N##_WV, S, W, S, F, E, NULL, 0), ROW(N##_WX, S, W, X, F, E, NULL, 0), ROW(N##_WI, S, W, I, F, E, NULL, 0)
#define SIGNED (RV_VF_SA | RV_VF_SB)
#define FULL   RV_VF_QUICK_FULL
const struct rv_vec_row rv_vec_fixed_rows[] = {
    VV(VSADDU, FULL, saddu, q_saturating, IR_VADDUS), VX(VSADDU, FULL, saddu, q_saturating, IR_VADDUS),
    VI(VSADDU, FULL, saddu, q_saturating, IR_VADDUS),
    VV(VSADD, FULL | SIGNED, sadd, q_saturating, IR_VADDSS), VX(VSADD, FULL | SIGNED, sadd, q_saturating, IR_VADDSS),
    VI(VSADD, FULL | SIGNED, sadd, q_saturating, IR_VADDSS),
    VV(VSSUBU, FULL, ssubu, q_saturating, IR_VSUBUS), VX(VSSUBU, FULL, ssubu, q_saturating, IR_VSUBUS),
    VV(VSSUB, FULL | SIGNED, ssub, q_saturating, IR_VSUBSS), VX(VSSUB, FULL | SIGNED, ssub, q_saturating, IR_VSUBSS),
    VV(VAADDU, 0, aaddu, NULL, 0), VX(VAADDU, 0, aaddu, NULL, 0),
    VV(VAADD, SIGNED, aadd, NULL, 0), VX(VAADD, SIGNED, aadd, NULL, 0),
    VV(VASUBU, 0, asubu, NULL, 0), VX(VASUBU, 0, asubu, NULL, 0),
    VV(VASUB, SIGNED, asub, NULL, 0), VX(VASUB, SIGNED, asub, NULL, 0),
    VV(VSMUL, SIGNED, smul, NULL, 0), VX(VSMUL, SIGNED, smul, NULL, 0),
    VV(VSSRL, 0, ssrl, NULL, 0), VX(VSSRL, 0, ssrl, NULL, 0), VI(VSSRL, 0, ssrl, NULL, 0),
    VV(VSSRA, RV_VF_SA, ssra, NULL, 0), VX(VSSRA, RV_VF_SA, ssra, NULL, 0), VI(VSSRA, RV_VF_SA, ssra, NULL, 0),
    CLIP(VNCLIPU, 0, nclipu), CLIP(VNCLIP, RV_VF_SA, nclip),
    RV_VEC_END
};
/* clang-format on */
