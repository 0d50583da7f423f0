/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions, and values that conditions choose. */
#include "core/ir/eval.h"
#include "core/ir/fold_impl.h"

static const uint8_t inverted[] = { IR_NE,  IR_EQ,  IR_GES, IR_LTS, IR_GTS,
                                    IR_LES, IR_GEU, IR_LTU, IR_GTU, IR_LEU };

/* Whether a condition does not hold, in one comparison; `zero` = a constant 0 or IR_NONE. */
bool ir_become_inverted(const struct fold *f, struct ir_inst *in, unsigned condition, unsigned zero)
{
    const struct ir_inst *x = &f->insts[condition];
    if (x->op == IR_SETCC) {
        *in = *x;
        in->aux = inverted[x->aux];
    } else if (zero != IR_NONE) {
        *in = (struct ir_inst){ .op = IR_SETCC, .type = IR_I64, .aux = IR_EQ, .a = (uint16_t)condition,
                                .b = (uint16_t)zero };
    } else {
        return false;
    }
    return true;
}

/* SETCC against 0 of something that is 0 or 1 already; unsigned against 0. */
void ir_fold_setcc_zero(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *left = &f->insts[in->a];
    if (in->aux == IR_GEU)
        become_const(in, IR_I64, 1);
    else if (in->aux == IR_LTU)
        become_const(in, IR_I64, 0);
    else if (in->type == IR_I64 && (in->aux == IR_NE || in->aux == IR_GTU) &&
             f->known[in->a].zero <= 1)
        become(f, in->a);
    else if (in->type == IR_I64 && (in->aux == IR_EQ || in->aux == IR_LEU) &&
             left->op == IR_SETCC) {
        *in = *left;
        in->aux = inverted[left->aux];
    }
}

void ir_fold_select(struct fold *f, struct ir_inst *in)
{
    bool consts = is_const(f, in->b) && is_const(f, in->c);
    if (is_const(f, in->a))
        become(f, f->insts[in->a].imm ? in->b : in->c);
    else if (in->b == in->c || (consts && f->insts[in->b].imm == f->insts[in->c].imm))
        become(f, in->b);
    else if (in->type != IR_I64 || !consts)
        return;
    else if (is_const_value(f, in->b, 0) && is_const_value(f, in->c, 1))
        (void)ir_become_inverted(f, in, in->a, in->b);
    else if (!is_const_value(f, in->b, 1) || !is_const_value(f, in->c, 0))
        return;
    else if (f->known[in->a].zero <= 1)
        become(f, in->a);
    else
        *in = (struct ir_inst){ .op = IR_SETCC, .type = IR_I64, .aux = IR_NE, .a = in->a, .b = in->c };
}

/*
 * One of two values, the other of which is 0, put together: conditional moves of ISAs that build them so (LoongArch's
 * MASKEQZ and MASKNEZ, RISC-V's Zicond).
 */
bool ir_fold_halves(const struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a], *y = &f->insts[in->b];
    if ((in->op != IR_OR && in->op != IR_ADD && in->op != IR_XOR) || x->op != IR_SELECT || y->op != IR_SELECT ||
        x->a != y->a)
        return false;
    bool first = is_const_value(f, x->c, 0) && is_const_value(f, y->b, 0);
    if (!first && !(is_const_value(f, x->b, 0) && is_const_value(f, y->c, 0)))
        return false;
    *in = (struct ir_inst){ .op = IR_SELECT, .type = in->type, .a = x->a, .b = first ? x->b : y->b,
                            .c = first ? y->c : x->c };
    return true;
}

/* A condition "x != 0" of an i64 is x itself; for BRANCH and SELECT. */
void ir_fold_condition(const struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    if (x->op == IR_SETCC && x->type == IR_I64 && x->aux == IR_NE && is_const_value(f, x->b, 0))
        in->a = x->a;
}
