/* SPDX-License-Identifier: Apache-2.0 */
/* Identities: operations whose value is an argument of theirs, a constant, or that of a cheaper operation. */
#include "core/ir/eval.h"
#include "core/ir/fold_impl.h"
#include "core/util/bits.h"

/* Both arguments are the same value. */
void ir_fold_same(struct fold *f, struct ir_inst *in)
{
    enum ir_type t = (enum ir_type)in->type;
    switch (in->op) {
    case IR_AND:
    case IR_OR:
        become(f, in->a);
        break;
    case IR_SUB:
    case IR_XOR:
    case IR_ANDN:
        become_const(in, t, 0);
        break;
    case IR_ORN:
    case IR_XNOR:
        become_const(in, t, all_ones(in));
        break;
    case IR_SETCC:
        become_const(in, IR_I64, ir_eval_cc((enum ir_cc)in->aux, 64, 0, 0));
        break;
    default:
        break;
    }
}

static void fold_extension(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    struct known k = f->known[in->a];
    bool same_type = ir_result_type(x) == in->type;
    if (same_type && (in->op == IR_ZEXT ? k.zero <= in->aux : k.sign <= in->aux)) {
        become(f, in->a);
        return;
    }
    /* What an inner extension did above the bits looked at is lost anyway. */
    if (((x->op == IR_SEXT || x->op == IR_ZEXT) && x->aux >= in->aux) || x->op == IR_TRUNC) {
        in->a = x->a;
        fold_extension(f, in);
    }
}

/* A field cut out by two shifts: RISC-V has no other way to extend a word (SLLI, SRLI) but with Zba or Zbb. */
static void fold_shifts(struct fold *f, struct ir_inst *in, uint64_t k)
{
    const struct ir_inst *left = &f->insts[in->a];
    unsigned bits = ir_type_bits((enum ir_type)in->type), right = (unsigned)k & (bits - 1);
    if (left->type != in->type || !is_const(f, left->b))
        return;
    unsigned up = (unsigned)f->insts[left->b].imm & (bits - 1), n = bits - right;
    bool extends = up == right && (n == 8 || n == 16 || n == 32);
    if (extends && (in->op == IR_SHR || in->op == IR_SAR)) {
        *in = (struct ir_inst){ .op = in->op == IR_SHR ? IR_ZEXT : IR_SEXT, .type = in->type, .aux = (uint8_t)n,
                                .a = left->a };
        fold_extension(f, in);
    } else if (in->op == IR_SHR && right >= up) {
        *in = (struct ir_inst){ .op = IR_EXTRACT, .type = in->type, .a = left->a,
                                .imm = (int64_t)((right - up) | n << 8) };
    }
}

/* The right argument is the constant `k`. */
void ir_fold_right(struct fold *f, struct ir_inst *in, uint64_t k)
{
    uint64_t ones = all_ones(in);
    const struct ir_inst *left = &f->insts[in->a];
    switch (in->op) {
    case IR_ADD:
        if (k == 0)
            become(f, in->a);
        else if (left->op == IR_PC)
            *in = (struct ir_inst){ .op = IR_PC,
                                    .type = IR_I64,
                                    .imm = (int64_t)((uint64_t)left->imm + k) };
        break;
    case IR_SUB:
    case IR_XOR:
    case IR_ANDN:
        if (in->op == IR_XOR && k == 1 && left->op == IR_SETCC && in->type == IR_I64)
            (void)ir_become_inverted(f, in, in->a, IR_NONE);
        else if (k == 0)
            become(f, in->a);
        else if (in->op == IR_ANDN && k == ones)
            become_const(in, (enum ir_type)in->type, 0);
        break;
    case IR_OR:
        if (k == 0)
            become(f, in->a);
        else if (k == ones)
            become_const(in, (enum ir_type)in->type, ones);
        break;
    case IR_ORN:
    case IR_XNOR:
        if (k == ones)
            become(f, in->a);
        break;
    case IR_AND:
        if (k == 0)
            become_const(in, (enum ir_type)in->type, 0);
        else if (((zext(ones, f->known[in->a].zero)) & ~k) == 0)
            become(f, in->a);
        break;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROL:
    case IR_ROR:
        if ((k & (ir_type_bits((enum ir_type)in->type) - 1)) == 0)
            become(f, in->a);
        else if (left->op == IR_SHL && in->op != IR_SHL)
            fold_shifts(f, in, k);
        break;
    case IR_MUL:
    case IR_MULHU:
    case IR_CLMUL:
    case IR_CLMULH:
        if (k == 0)
            become_const(in, (enum ir_type)in->type, 0);
        else if (k == 1 && (in->op == IR_MUL || in->op == IR_CLMUL))
            become(f, in->a);
        break;
    case IR_DIVU:
    case IR_DIVS:
        if (k == 1)
            become(f, in->a);
        break;
    default:
        break;
    }
}

void ir_fold_unary(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    switch (in->op) {
    case IR_SEXT:
    case IR_ZEXT:
        fold_extension(f, in);
        break;
    case IR_TRUNC:
        if ((x->op == IR_SEXT || x->op == IR_ZEXT) && x->aux == 32) {
            if (ir_result_type(&f->insts[x->a]) == IR_I32)
                become(f, x->a);
            else
                in->a = x->a;
        }
        break;
    case IR_EXTRACT: {
        unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff;
        if (low == 0 && f->known[in->a].zero <= n) {
            become(f, in->a);
        } else if (low == 0 && (n == 8 || n == 16 || n == 32) && n < ir_type_bits((enum ir_type)in->type)) {
            *in = (struct ir_inst){ .op = IR_ZEXT, .type = in->type, .aux = (uint8_t)n, .a = in->a };
            fold_extension(f, in);
        }
        break;
    }
    case IR_BITCAST:
        if (x->op == IR_BITCAST)
            become(f, x->a);
        break;
    case IR_FUNBOX:
        if (x->op == IR_FBOX)
            become(f, x->a);
        break;
    case IR_FNEG:
        if (x->op == IR_FNEG)
            become(f, x->a);
        break;
    case IR_FABS:
        if (x->op == IR_FNEG || x->op == IR_FABS)
            in->a = x->a;
        break;
    default:
        break;
    }
}
