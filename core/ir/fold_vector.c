/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors that are one of their operands, or nothing: ISAs move registers so, and clear them. */
#include "core/ir/ir_impl.h"

static bool is_all(const struct ir_unit *u, uint16_t v, int64_t half)
{
    const struct ir_inst *in = &u->insts[v];
    return in->op == IR_VCONST && in->imm == half && in->imm2 == half;
}

/* The operand beside one that is all `half`; IR_NONE: neither is. */
static uint16_t beside(const struct ir_unit *u, const struct ir_inst *in, int64_t half)
{
    return is_all(u, in->b, half) ? in->a : is_all(u, in->a, half) ? in->b : (uint16_t)IR_NONE;
}

static uint16_t nothing(struct ir_inst *in)
{
    *in = (struct ir_inst){ .op = IR_VCONST, .type = IR_V128 };
    return IR_NONE;
}

uint16_t ir_fold_vector(const struct ir_unit *u, struct ir_inst *in)
{
    switch (in->op) {
    case IR_VOR: return in->a == in->b ? in->a : beside(u, in, 0);
    case IR_VAND:
        if (beside(u, in, 0) != IR_NONE)
            return nothing(in);
        return in->a == in->b ? in->a : beside(u, in, -1);
    case IR_VXOR: return in->a == in->b ? nothing(in) : beside(u, in, 0);
    case IR_VADD: return beside(u, in, 0);
    case IR_VANDN: return in->a == in->b ? nothing(in) : is_all(u, in->b, 0) ? in->a : (uint16_t)IR_NONE;
    case IR_VSUB: return in->a == in->b ? nothing(in) : is_all(u, in->b, 0) ? in->a : (uint16_t)IR_NONE;
    case IR_VSHL: case IR_VSHR: case IR_VSAR: case IR_VROL: return in->imm == 0 ? in->a : (uint16_t)IR_NONE;
    default: return IR_NONE;
    }
}
