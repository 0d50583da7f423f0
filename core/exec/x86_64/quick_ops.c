/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"

/* Arithmetic of the first tier: quick.h. rax, rcx and rdx are free; operands are never in them. */

static uint32_t W(bool w)
{
    return w ? OP_W : 0;
}

static void alu(struct quick *q, unsigned op, bool w, unsigned dst, struct opnd o)
{
    if (o.kind == O_REG)
        asm_rr1(q->a, op, w, dst, o.reg);
    else if (o.kind == O_IMM)
        asm_alu_ri1(q->a, op, w, dst, (int32_t)o.imm);
    else if (LIKELY(o.reg == RBP))
        asm_cpu(q->a, op, w, dst, o.disp);
    else
        asm_rm(q->a, op | W(w), dst, opnd_mem(o));
}

/* What an instruction can take as its second operand: large constants go to rcx; what is wanted again, to a register. */
static struct opnd second(struct quick *q, uint16_t v, bool w)
{
    struct opnd o = quick_opnd(q, v);
    if (o.kind == O_IMM && !imm_fits(o.imm, w)) {
        asm_mov_ri(q->a, RCX, o.imm);
        return opnd_reg(RCX);
    }
    if (o.kind == O_MEM && q->v[quick_rep(q, v)].last > q->i)
        return opnd_reg(quick_use(q, v, RCX));
    return o;
}

/* dst = a; of constants the low half for what has 32 bits */
static inline void load_value(struct quick *q, unsigned dst, uint16_t a, bool w)
{
    const struct quick_value *x = &q->v[a];
    if (x->reg != QUICK_NO_REG) {
        if (x->reg != dst)
            asm_rr1(q->a, 0x8b, w, dst, x->reg);
    } else {
        quick_load(q->a, dst, quick_opnd(q, a), w);
    }
}

void quick_alu(struct quick *q, struct ir_inst *in)
{
    static const uint8_t ops[] = { [IR_ADD] = ALU_ADD, [IR_SUB] = ALU_SUB, [IR_AND] = ALU_AND,
                                   [IR_OR] = ALU_OR, [IR_XOR] = ALU_XOR };
    unsigned op = ops[in->op];
    bool w = in->type == IR_I64;
    uint16_t va = quick_rep(q, in->a), vb = quick_rep(q, in->b);
    if (UNLIKELY(quick_is_const(q, va))) {
        if (quick_fold_all(q, in))
            return;
        if (op != ALU_SUB) {
            va = vb;
            vb = quick_rep(q, in->a);
        }
    }
    struct opnd b = second(q, vb, w);
    unsigned from = q->v[va].reg; /* seldom none */
    if (LIKELY(from != QUICK_NO_REG))
        q->locked |= 1u << from;
    unsigned dst = quick_def_over(q, va);
    bool sum = op == ALU_ADD && from != QUICK_NO_REG && from != dst;
    if (sum && w && b.kind == O_IMM) {
        asm_lea1(q->a, dst, from, (int32_t)b.imm);
    } else if (sum && b.kind == O_REG) {
        asm_lea_sum(q->a, w, dst, from, b.reg);
    } else {
        if (from == QUICK_NO_REG)
            load_value(q, dst, va, w);
        else if (from != dst)
            asm_rr1(q->a, 0x8b, w, dst, from);
        alu(q, op, w, dst, b);
    }
    q->locked = 0;
    quick_release(q, va);
    quick_release(q, vb);
}

/* a op ~b, ~(a ^ b) */
void quick_not(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    bool w = in->type == IR_I64, xnor = in->op == IR_XNOR;
    struct opnd b = quick_opnd(q, in->b), a = second(q, in->a, w);
    unsigned dst = quick_def(q);
    quick_load(q->a, dst, b, w);
    if (!xnor)
        asm_rr(q->a, 0xf7 | W(w), 2, dst); /* not */
    alu(q, in->op == IR_ANDN ? ALU_AND : in->op == IR_ORN ? ALU_OR : ALU_XOR, w, dst, a);
    if (xnor)
        asm_rr(q->a, 0xf7 | W(w), 2, dst);
    quick_end_inst(q, in, 2);
}

void quick_shift(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    static const uint8_t ext[] = { [IR_SHL] = SH_SHL, [IR_SHR] = SH_SHR, [IR_SAR] = SH_SAR,
                                   [IR_ROL] = SH_ROL, [IR_ROR] = SH_ROR };
    bool w = in->type == IR_I64;
    struct opnd a = quick_opnd(q, in->a), b = quick_opnd(q, in->b);
    if (b.kind != O_IMM) {
        quick_load(q->a, RCX, b, w);
        unsigned dst = quick_def(q);
        quick_load(q->a, dst, a, w);
        asm_rr(q->a, 0xd3 | W(w), ext[in->op], dst);
        quick_end_inst(q, in, 2);
        return;
    }
    unsigned n = (unsigned)b.imm & (w ? 63 : 31), dst = quick_def_over(q, quick_rep(q, in->a));
    quick_load(q->a, dst, a, w);
    if (n)
        asm_shift_ri1(q->a, ext[in->op], w, dst, n);
    quick_end_inst(q, in, 1);
}

void quick_mul(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    bool w = in->type == IR_I64;
    struct opnd a = quick_opnd(q, in->a), b = second(q, in->b, w);
    unsigned dst = quick_def(q);
    if (b.kind == O_IMM) {
        quick_load(q->a, dst, a, w);
        asm_rr(q->a, 0x69 | W(w), dst, dst);
        asm_32(q->a, (uint32_t)b.imm);
        quick_end_inst(q, in, 2);
        return;
    }
    quick_load(q->a, dst, a, w);
    if (b.kind == O_REG)
        asm_rr(q->a, 0xaf | OP_0F | W(w), dst, b.reg);
    else
        asm_rm(q->a, 0xaf | OP_0F | W(w), dst, opnd_mem(b));
    quick_end_inst(q, in, 2);
}

void quick_bswap(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    bool w = in->type == IR_I64;
    struct opnd o = quick_opnd(q, in->a);
    unsigned dst = quick_def_over(q, quick_rep(q, in->a));
    quick_load(q->a, dst, o, w);
    if (w || dst >= 8)
        asm_8(q->a, (w ? 0x48 : 0x40) | dst >> 3);
    asm_8(q->a, 0x0f);
    asm_8(q->a, 0xc8 | (dst & 7));
    quick_end_inst(q, in, 1);
}

/* Of memory, and what movzx of a byte or word is not. */
static void extend_other(struct quick *q, struct opnd o, unsigned dst, unsigned k, bool is_signed, bool w)
{
    static const uint32_t sext_op[3] = { 0xbe | OP_0F | OP_RM8, 0xbf | OP_0F, 0x63 };
    static const uint32_t zext_op[3] = { 0xb6 | OP_0F | OP_RM8, 0xb7 | OP_0F, 0x8b };
    uint32_t op = is_signed ? sext_op[k] | W(w) : zext_op[k];
    if (o.kind == O_MEM && o.reg == RBP && k == 2)
        asm_cpu(q->a, op & 0xff, is_signed && w, dst, o.disp);
    else
        asm_rm(q->a, op, dst, opnd_mem(o));
}

void quick_extend(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    bool w = in->type == IR_I64, is_signed = in->op == IR_SEXT;
    unsigned k = in->aux == 8 ? 0 : in->aux == 16 ? 1 : 2;
    struct opnd o = second(q, in->a, true); /* a constant was folded */
    unsigned dst = quick_def_over(q, quick_rep(q, in->a));
    if (o.kind == O_MEM)
        extend_other(q, o, dst, k, is_signed, w);
    else if (k == 2)
        asm_rr1(q->a, is_signed ? 0x63 : 0x8b, is_signed && w, dst, o.reg);
    else
        asm_rr2(q->a, (is_signed ? 0xbe : 0xb6) | k, is_signed && w, dst, o.reg, k == 0);
    quick_end_inst(q, in, 1);
}

void quick_extract(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    bool w = in->type == IR_I64;
    unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff, bits = w ? 64 : 32;
    struct opnd o = quick_opnd(q, in->a);
    unsigned dst = quick_def_over(q, quick_rep(q, in->a));
    quick_load(q->a, dst, o, w);
    if (low + n < bits && n > 31) {
        asm_shift_ri1(q->a, SH_SHL, w, dst, bits - low - n);
        asm_shift_ri1(q->a, SH_SHR, w, dst, bits - n);
        quick_end_inst(q, in, 1);
        return;
    }
    if (low)
        asm_shift_ri1(q->a, SH_SHR, w, dst, low);
    if (low + n < bits)
        asm_alu_ri1(q->a, ALU_AND, false, dst, (int32_t)(BIT(n) - 1));
    quick_end_inst(q, in, 1);
}

/* rcx = b's bits in their place, dst = a without them */
void quick_deposit(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    struct x86_asm *a = q->a;
    bool w = in->type == IR_I64;
    unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff, bits = w ? 64 : 32;
    uint64_t keep = ~((n == 64 ? UINT64_MAX : BIT(n) - 1) << low);
    struct opnd va = quick_opnd(q, in->a), vb = quick_opnd(q, in->b);
    quick_load(a, RCX, vb, w);
    if (n < bits)
        asm_shift_ri(a, SH_SHL, w, RCX, bits - n);
    if (n + low < bits)
        asm_shift_ri(a, SH_SHR, w, RCX, bits - n - low);
    unsigned dst = quick_def(q);
    quick_load(a, dst, va, w);
    if (imm_fits(keep, w)) {
        asm_alu_ri(a, ALU_AND, w, dst, (int32_t)keep);
    } else {
        asm_mov_ri(a, RDX, keep);
        asm_rr(a, ALU_AND | OP_W, dst, RDX);
    }
    asm_rr(a, ALU_OR | W(w), dst, RCX);
    quick_end_inst(q, in, 2);
}

/* ---- conditions ---- */

/* Uses rax and rcx. Returns the host's condition. */
static unsigned emit_compare(struct quick *q, const struct ir_inst *in)
{
    static const uint8_t cc[] = { CC_E, CC_NE, CC_L, CC_GE, CC_LE, CC_G, CC_B, CC_AE, CC_BE, CC_A };
    bool w = in->type == IR_I64;
    struct opnd b = second(q, in->b, w), a = quick_opnd(q, in->a);
    if (a.kind == O_IMM || (a.kind == O_MEM && b.kind == O_MEM)) {
        quick_load(q->a, RAX, a, w);
        a = opnd_reg(RAX);
    }
    if (b.kind == O_IMM && (w ? b.imm : (uint32_t)b.imm) == 0 && a.kind == O_REG)
        asm_rr1(q->a, 0x85, w, a.reg, a.reg); /* test */
    else if (a.kind == O_REG)
        alu(q, ALU_CMP, w, a.reg, b);
    else if (b.kind == O_IMM)
        asm_alu_mi(q->a, ALU_CMP, w, opnd_mem(a), (int32_t)b.imm);
    else if (LIKELY(a.reg == RBP))
        asm_cpu(q->a, 0x39, w, b.reg, a.disp);
    else
        asm_rm(q->a, 0x39 | W(w), b.reg, opnd_mem(a));
    return cc[in->aux];
}

unsigned quick_condition(struct quick *q, uint16_t v)
{
    v = quick_rep(q, v);
    if (LIKELY(q->v[v].spill == QUICK_FUSED))
        return emit_compare(q, &q->insts[v]);
    unsigned r = quick_use(q, v, RAX);
    asm_rr1(q->a, 0x85, true, r, r);
    return CC_NE;
}

void quick_setcc(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    unsigned cc = emit_compare(q, in), dst = quick_def(q);
    asm_rr2(q->a, 0x90 | cc, false, 0, RAX, false);
    asm_rr2(q->a, 0xb6, false, dst, RAX, false); /* movzx */
    quick_end_inst(q, in, 2);
}

void quick_select(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    bool w = in->type == IR_I64;
    unsigned cc = quick_condition(q, in->a);
    struct opnd b = quick_opnd(q, in->b), c = quick_opnd(q, in->c);
    unsigned dst = quick_def(q); /* spills and moves keep the flags */
    if (b.kind == O_IMM) {
        quick_load(q->a, RDX, b, w);
        b = opnd_reg(RDX);
    }
    quick_load(q->a, dst, c, w);
    if (b.kind == O_REG)
        asm_rr2(q->a, 0x40 | cc, w, dst, b.reg, false);
    else
        asm_rm(q->a, 0x40 | cc | OP_0F | W(w), dst, opnd_mem(b));
    quick_end_inst(q, in, 3);
    quick_end_condition(q, in->a);
}

void quick_pc(struct quick *q, struct ir_inst *in)
{
    unsigned dst = quick_def(q);
    asm_cpu(q->a, 0x8b, true, dst, CPU_MEM(page).disp);
    if (in->imm != (int32_t)in->imm) {
        asm_mov_ri(q->a, RCX, (uint64_t)in->imm);
        asm_rr(q->a, ALU_ADD | OP_W, dst, RCX);
    } else if (in->imm) {
        asm_alu_ri1(q->a, ALU_ADD, true, dst, (int32_t)in->imm);
    }
    quick_end_inst(q, in, 0);
}
