/* SPDX-License-Identifier: Apache-2.0 */
/* Products and quotients. */
#include "core/exec/x86_64/int_emit.h"
#include "core/util/bits.h"

static void emit_mul(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    uint16_t va = in->a, vb = in->b;
    if (x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
    }
    struct opnd a = x86_opnd(g, va), b = int_opnd(g, vb, w);
    if (b.kind == O_IMM && a.kind != O_IMM) {
        unsigned dst = x86_def(g);
        if (a.kind == O_REG)
            asm_rr(g->a, 0x69 | W(w), dst, a.reg);
        else
            asm_rm(g->a, 0x69 | W(w), dst, opnd_mem(a));
        asm_32(g->a, (uint32_t)b.imm);
        x86_done(g, dst);
        return;
    }
    if (b.kind == O_IMM) {
        asm_mov_ri(g->a, RCX, b.imm);
        b = opnd_reg(RCX);
    }
    unsigned dst = x86_def(g);
    if (is_reg(b, dst)) {
        struct opnd t = a;
        a = b;
        b = t;
    }
    if (b.kind == O_IMM) { /* only as the swapped one */
        asm_mov_ri(g->a, RAX, b.imm);
        b = opnd_reg(RAX);
    }
    gen_load(g, dst, a, w);
    if (b.kind == O_REG)
        asm_rr(g->a, 0xaf | OP_0F | W(w), dst, b.reg);
    else
        asm_rm(g->a, 0xaf | OP_0F | W(w), dst, opnd_mem(b));
    x86_done(g, dst);
}

/* rax or rcx = a 32-bit operand extended to 64 bits */
static void load_extended(struct x86_gen *g, unsigned reg, uint16_t v, bool is_signed)
{
    gen_load(g, reg, x86_opnd(g, v), false);
    if (is_signed)
        asm_rr(g->a, 0x63 | OP_W, reg, reg); /* movsxd */
    else
        asm_rr(g->a, 0x8b, reg, reg);
}

static void emit_mulh(struct x86_gen *g, const struct ir_inst *in)
{
    if (in->type == IR_I32) {
        load_extended(g, RAX, in->a, in->op != IR_MULHU);
        load_extended(g, RCX, in->b, in->op == IR_MULHS);
        asm_rr(g->a, 0xaf | OP_0F | OP_W, RAX, RCX);
        asm_shift_ri(g->a, SH_SHR, true, RAX, 32);
        x86_result(g, RAX, false);
        return;
    }
    gen_load(g, RAX, x86_opnd(g, in->a), true);
    unsigned b = x86_use(g, in->b, RCX, true);
    if (in->op == IR_MULHSU) /* a signed: a < 0 adds -b * 2^64 to the unsigned product */
        gen_load(g, RCX, opnd_reg(b), true);
    asm_rr(g->a, 0xf7 | OP_W, in->op == IR_MULHS ? 5 : 4, b);
    if (in->op == IR_MULHSU) {
        gen_load(g, RAX, x86_opnd(g, in->a), true);
        asm_shift_ri(g->a, SH_SAR, true, RAX, 63);
        asm_rr(g->a, ALU_AND | OP_W, RAX, RCX);
        asm_rr(g->a, ALU_SUB | OP_W, RDX, RAX);
    }
    x86_result(g, RDX, true);
}

/* Where the host would fault (rcx 0, and -1 beside it): what the IR has for quotient (rax) or remainder (rdx). rax: the dividend. */
static void emit_special_div(struct x86_asm *a, bool w, bool is_signed, bool rem)
{
    if (rem) {
        asm_mov_rr(a, w, RDX, RAX); /* divisor 0: the dividend */
        if (is_signed) {
            asm_rr(a, 0x85 | W(w), RCX, RCX);
            uint8_t *zero = asm_jcc8(a, CC_E);
            asm_rr(a, ALU_XOR, RDX, RDX);
            asm_here(a, zero);
        }
        return;
    }
    if (is_signed) {
        asm_rr(a, 0xf7 | W(w), 3, RAX); /* neg */
        asm_rr(a, 0x85 | W(w), RCX, RCX);
        uint8_t *minus_one = asm_jcc8(a, CC_NE);
        asm_alu_ri(a, ALU_OR, w, RAX, -1);
        asm_here(a, minus_one);
    } else {
        asm_alu_ri(a, ALU_OR, w, RAX, -1);
    }
}

static void emit_div(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_I64, is_signed = in->op == IR_DIVS || in->op == IR_REMS;
    bool rem = in->op == IR_REMS || in->op == IR_REMU;
    gen_load(g, RAX, x86_opnd(g, in->a), w);
    gen_load(g, RCX, x86_opnd(g, in->b), w);
    uint8_t *special, *end;
    if (is_signed) {
        asm_lea(a, w, RDX, mem_at(RCX, 1)); /* 0 and -1 become 1 and 0 */
        asm_alu_ri(a, ALU_CMP, w, RDX, 1);
        special = asm_jcc8(a, CC_BE);
        if (w)
            asm_8(a, 0x48);
        asm_8(a, 0x99); /* cdq, cqo */
    } else {
        asm_rr(a, 0x85 | W(w), RCX, RCX);
        special = asm_jcc8(a, CC_E);
        asm_rr(a, ALU_XOR, RDX, RDX);
    }
    asm_rr(a, 0xf7 | W(w), is_signed ? 7 : 6, RCX);
    end = asm_jmp8(a);
    asm_here(a, special);
    emit_special_div(a, w, is_signed, rem);
    asm_here(a, end);
    x86_result(g, rem ? RDX : RAX, w);
}

static void emit_clmul(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    if (!has(g, HOST_CLMUL)) {
        x86_select_call(g, in, x86_out_eval, 2);
        return;
    }
    unsigned ra = x86_use(g, in->a, RAX, true), rb = x86_use(g, in->b, RCX, true);
    asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, 0, ra); /* movq */
    asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, 1, rb);
    asm_rr(a, 0x44 | OP_0F3A | OP_66, 0, 1);       /* pclmulqdq */
    asm_8(a, 0);
    if (in->op == IR_CLMULH) {
        asm_rr(a, 0x73 | OP_0F | OP_66, 3, 0);     /* psrldq xmm0, 8 */
        asm_8(a, 8);
    }
    unsigned dst = x86_def(g);
    asm_rr(a, 0x7e | OP_0F | OP_66 | OP_W, 0, dst);
    x86_done(g, dst);
}

void x86_select_mul(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_MUL: emit_mul(g, in); break;
    case IR_MULHS: case IR_MULHU: case IR_MULHSU: emit_mulh(g, in); break;
    case IR_CLMUL: case IR_CLMULH: emit_clmul(g, in); break;
    default: emit_div(g, in); break; /* DIVS, DIVU, REMS, REMU */
    }
}
