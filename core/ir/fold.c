/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward over each block, or chain of blocks. Every instruction is rewritten in place to something cheaper of the same value,
 * or its value is replaced by an earlier one (`map`). What becomes unused is left to `dead`.
 */
#include "core/ir/eval.h"
#include "core/ir/fold_impl.h"
#include <string.h>

#define DISPLACEMENT 2048 /* most that sums are made of */

/* All arguments constant: compute. */
static bool fold_const(struct fold *f, struct ir_inst *in)
{
    unsigned args = ir_op_info[in->op].args;
    if (!ir_can_eval((enum ir_op)in->op) || !is_const(f, in->a) ||
        (args > 1 && !is_const(f, in->b)) || (args > 2 && !is_const(f, in->c)))
        return false;
    const struct ir_inst *v = f->insts;
    uint64_t r = ir_eval((enum ir_op)in->op, (enum ir_type)in->type, in->aux, in->imm,
                         (uint64_t)v[in->a].imm, args > 1 ? (uint64_t)v[in->b].imm : 0,
                         args > 2 ? (uint64_t)v[in->c].imm : 0);
    become_const(in, ir_result_type(in), r);
    return true;
}

/* Constants to the right, so that one side needs looking at. */
static void swap_const(const struct fold *f, struct ir_inst *in)
{
    switch (in->op) {
    case IR_ADD:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_XNOR:
    case IR_MUL:
    case IR_MULHS:
    case IR_MULHU:
    case IR_CLMUL:
    case IR_CLMULH:
    case IR_SETCC:
        break;
    default:
        return;
    }
    if (!is_const(f, in->a) || is_const(f, in->b))
        return;
    uint16_t a = in->a;
    in->a = in->b;
    in->b = a;
    if (in->op == IR_SETCC)
        in->aux = (uint8_t)ir_cc_swapped((enum ir_cc)in->aux);
}

/* ---- memory, slots, lanes ---- */

/* Sums with constants, seen through while the displacement is small: pushes of one function have one base then. */
static void fold_address(const struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    for (bool first = true; (x->op == IR_ADD || x->op == IR_SUB) && is_const(f, x->b); first = false) {
        uint64_t k = (uint64_t)f->insts[x->b].imm;
        int64_t imm = (int64_t)((uint64_t)in->imm + (x->op == IR_ADD ? k : 0 - k));
        if (imm != (int32_t)imm || (!first && (imm < -DISPLACEMENT || imm > DISPLACEMENT)))
            return;
        in->imm = imm;
        in->a = x->a;
        x = &f->insts[in->a];
    }
}

static void fold_slots(struct fold *f, struct ir_inst *in)
{
    switch (in->op) {
    case IR_GET:
        if (f->u->guest->slots[in->imm].zero)
            become_const(in, (enum ir_type)in->type, 0);
        else if (f->slot[in->imm])
            become(f, f->slot[in->imm]);
        else
            f->slot[in->imm] = (uint16_t)f->i;
        break;
    case IR_PUT:
        if (f->slot[in->imm] == in->a) /* it holds that already */
            become_const(in, IR_I64, 0);
        else
            f->slot[in->imm] = in->a;
        break;
    default: /* CALL */
        if (f->u->guest->helpers[in->imm].flags & (IR_CALL_WRITES | IR_CALL_MODE))
            memset(f->slot, 0, f->u->guest->n_slots * sizeof(f->slot[0]));
        else if (!(f->u->guest->helpers[in->imm].flags & IR_CALL_PURE) && f->u->guest->n_shared)
            memset(&f->slot[f->u->guest->shared], 0, f->u->guest->n_shared * sizeof(f->slot[0]));
        break;
    }
}

/* A lane is what was put there: FP registers are lanes of vectors, and so one scalar result feeds the next. */
static void fold_lane(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    while (x->op == IR_VINS && x->aux == in->aux && x->imm != in->imm) {
        in->a = x->a;
        x = &f->insts[in->a];
    }
    if (x->aux != in->aux || ir_type_bits((enum ir_type)in->type) != 8u << in->aux)
        return;
    unsigned v = x->op == IR_VINS ? x->b : x->op == IR_VSCALAR && in->imm == 0 ? x->a : IR_NONE;
    if (v != IR_NONE && ir_result_type(&f->insts[v]) == in->type)
        become(f, v);
}

static void fold_vector(struct fold *f, struct ir_inst *in)
{
    unsigned v = ir_fold_vector(f->u, in);
    if (v == IR_NONE && in->op == IR_CALLV)
        v = ir_fold_native(f->u, in);
    else if (v == IR_NONE && in->op == IR_VAND)
        v = ir_fold_mask(f->u, in);
    else if (v == IR_NONE && (in->op == IR_VSHUF || in->op == IR_VDUP))
        v = ir_fold_shuffle(f->u, in);
    if (v != IR_NONE)
        become(f, v);
    else if (in->op == IR_VOR || in->op == IR_VXOR)
        ir_fold_rotation(f->u, in);
}

/* ---- the walk ---- */

static void fold_inst(struct fold *f, struct ir_inst *in)
{
    switch (in->op) {
    case IR_GET:
    case IR_PUT:
    case IR_CALL:
        fold_slots(f, in);
        return;
    case IR_LOAD:
    case IR_STORE:
        fold_address(f, in);
        return;
    case IR_BRANCH:
        ir_fold_condition(f, in);
        return;
    case IR_VLANE:
        fold_lane(f, in);
        return;
    case IR_CALLV:
    case IR_VSHUF:
    case IR_VDUP:
    case IR_VAND:
    case IR_VANDN:
    case IR_VOR:
    case IR_VXOR:
    case IR_VADD:
    case IR_VSUB:
    case IR_VSHL:
    case IR_VSHR:
    case IR_VSAR:
    case IR_VROL:
        fold_vector(f, in);
        return;
    default:
        break;
    }
    if (!ir_can_eval((enum ir_op)in->op) || fold_const(f, in))
        return;
    swap_const(f, in);
    if (ir_fold_halves(f, in) || in->op == IR_SELECT) {
        ir_fold_condition(f, in);
        ir_fold_select(f, in);
    } else if (in->op == IR_FSGNJ) {
        if (in->a == in->b) {
            if (in->imm == 0)
                become(f, in->a);
            else
                *in = (struct ir_inst){ .op = in->imm == 1 ? IR_FNEG : IR_FABS,
                                        .type = in->type,
                                        .a = in->a };
        }
    } else if (ir_op_info[in->op].args == 1) {
        ir_fold_unary(f, in);
    } else if (in->op != IR_DEPOSIT && in->a == in->b) {
        ir_fold_same(f, in);
    } else if (in->op != IR_DEPOSIT && is_const(f, in->b)) {
        uint64_t k = (uint64_t)f->insts[in->b].imm;
        if (in->op == IR_SETCC && k == 0)
            ir_fold_setcc_zero(f, in);
        else
            ir_fold_right(f, in, k);
    }
}

static void fold_block(struct fold *f, const struct ir_block *b)
{
    if (!b->follows)
        memset(f->slot, 0, f->u->guest->n_slots * sizeof(f->slot[0]));
    for (f->i = b->first; f->i < b->end; f->i++) {
        struct ir_inst *in = &f->insts[f->i];
        ir_renumber(in, f->map);
        f->map[f->i] = (uint16_t)f->i;
        fold_inst(f, in);
        if (f->map[f->i] == f->i)
            f->known[f->i] = ir_known_bits(f, in);
    }
}

void ir_fold(struct ir_unit *u)
{
    struct fold f; /* its slots are cleared by each block */
    f.u = u;
    f.insts = u->insts;
    f.map = ARENA_TAKE(u->arena, uint16_t, u->n_insts);
    f.known = ARENA_TAKE(u->arena, struct known, u->n_insts);
    if (u->full || !f.map || !f.known)
        return;
    f.map[IR_NONE] = IR_NONE;
    f.known[IR_NONE] = (struct known){ 0 };
    for (uint32_t n = 0; n < u->n_blocks; n++)
        fold_block(&f, &u->blocks[n]);
}
