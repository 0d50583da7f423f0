/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of bits: extensions, extraction, insertion; bits counted, bytes turned round. */
#include "core/exec/x86_64/int_emit.h"
#include "core/util/bits.h"

static void emit_extend(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint32_t sext_op[3] = { 0xbe | OP_0F | OP_RM8, 0xbf | OP_0F, 0x63 };
    static const uint32_t zext_op[3] = { 0xb6 | OP_0F | OP_RM8, 0xb7 | OP_0F, 0x8b };
    bool w = in->type == IR_I64, is_signed = in->op == IR_SEXT;
    unsigned k = in->aux == 8 ? 0 : in->aux == 16 ? 1 : 2;
    uint32_t op = is_signed ? sext_op[k] | W(w) : zext_op[k];
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    if (o.kind == O_IMM) {
        uint64_t v = is_signed ? sext(o.imm, in->aux) : zext(o.imm, in->aux);
        asm_mov_ri(g->a, dst, w ? v : (uint32_t)v);
    } else if (o.kind == O_MEM) {
        asm_rm(g->a, op, dst, opnd_mem(o));
    } else {
        asm_rr(g->a, op, dst, o.reg);
    }
    x86_done(g, dst);
}

static void emit_extract(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff, bits = w ? 64 : 32;
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    w = w && low + n > 32;
    bits = w ? 64 : 32;
    gen_load(g, dst, o, w);
    if (low + n == bits) {
        if (low)
            asm_shift_ri(g->a, SH_SHR, w, dst, low);
        else if (!w && is_reg(o, dst)) /* nothing was loaded: the upper half has yet to go */
            asm_rr(g->a, 0x8b, dst, dst);
    } else if (n <= 31) {
        if (low)
            asm_shift_ri(g->a, SH_SHR, w, dst, low);
        asm_alu_ri(g->a, ALU_AND, false, dst, (int32_t)(BIT(n) - 1));
    } else {
        asm_shift_ri(g->a, SH_SHL, w, dst, bits - low - n);
        asm_shift_ri(g->a, SH_SHR, w, dst, bits - n);
    }
    x86_done(g, dst);
}

/* AND or OR with a constant, of any size; rdx for those that are no immediate. */
static void alu_const(struct x86_gen *g, unsigned op, bool w, unsigned dst, uint64_t v)
{
    if (imm_fits(v, w)) {
        asm_alu_ri(g->a, op, w, dst, (int32_t)v);
    } else if (op == ALU_AND && v == UINT32_MAX) {
        asm_rr(g->a, 0x8b, dst, dst);
    } else {
        asm_mov_ri(g->a, RDX, v);
        asm_rr(g->a, op | OP_W, dst, RDX);
    }
}

/* What is put there is known (often zeros: LoongArch's BSTRINS of $zero, Arm's BFC), or comes to rcx, in its place. */
static void emit_deposit(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_I64 && !x86_is_narrow(g, (uint16_t)g->i);
    unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff, bits = w ? 64 : 32;
    uint64_t ones = (UINT64_MAX >> (64 - n)) << low;
    struct opnd va = x86_opnd(g, in->a), vb = x86_opnd(g, in->b);
    bool known = vb.kind == O_IMM;
    uint64_t put = known ? vb.imm << low & ones : 0;
    if (!known) {
        gen_load(g, RCX, vb, w);
        if (n < bits)
            asm_shift_ri(a, SH_SHL, w, RCX, bits - n);
        if (n + low < bits)
            asm_shift_ri(a, SH_SHR, w, RCX, bits - n - low);
    }
    unsigned dst = x86_def(g);
    gen_load(g, dst, va, w);
    if (put != ones)
        alu_const(g, ALU_AND, w, dst, ~ones);
    if (!known)
        asm_rr(a, ALU_OR | W(w), dst, RCX);
    else if (put != 0)
        alu_const(g, ALU_OR, w, dst, put);
    x86_done(g, dst);
}

/* Parallel count: Hacker's Delight, section 5-1. */
static void popcount_by_halves(struct x86_gen *g, bool w)
{
    static const uint64_t masks[] = { 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f };
    struct x86_asm *a = g->a;
    for (unsigned k = 0; k < 3; k++) {
        asm_mov_ri(a, RCX, w ? masks[k] : (uint32_t)masks[k]);
        asm_mov_rr(a, w, RDX, RAX);
        asm_shift_ri(a, SH_SHR, w, RDX, 1u << k);
        asm_rr(a, ALU_AND | W(w), RAX, RCX);
        asm_rr(a, ALU_AND | W(w), RDX, RCX);
        asm_rr(a, ALU_ADD | W(w), RAX, RDX);
    }
    asm_mov_ri(a, RCX, w ? 0x0101010101010101 : 0x01010101);
    asm_rr(a, 0xaf | OP_0F | W(w), RAX, RCX);
    asm_shift_ri(a, SH_SHR, w, RAX, w ? 56 : 24);
}

static void emit_count(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_I64, pop = in->op == IR_POPCNT, lead = in->op == IR_CLZ;
    gen_load(g, RAX, x86_opnd(g, in->a), w);
    if (pop && !has(g, HOST_POPCNT)) {
        popcount_by_halves(g, w);
    } else if (pop || has(g, lead ? HOST_LZCNT : HOST_BMI1)) {
        uint32_t op = (pop ? 0xb8 : lead ? 0xbd : 0xbc) | OP_0F | OP_F3;
        asm_rr(a, op | W(w), RAX, RAX);
    } else if (lead) {
        asm_mov_ri(a, RCX, w ? 127 : 63);
        asm_rr(a, 0xbd | OP_0F | W(w), RAX, RAX);        /* bsr */
        asm_rr(a, 0x44 | OP_0F | W(w), RAX, RCX);        /* cmovz */
        asm_alu_ri(a, ALU_XOR, w, RAX, w ? 63 : 31);
    } else {
        asm_mov_ri(a, RCX, w ? 64 : 32);
        asm_rr(a, 0xbc | OP_0F | W(w), RAX, RAX);        /* bsf */
        asm_rr(a, 0x44 | OP_0F | W(w), RAX, RCX);
    }
    x86_result(g, RAX, w);
}

static void emit_bswap(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    gen_load(g, dst, o, w);
    if (w || dst >= 8)
        asm_8(g->a, (w ? 0x48 : 0x40) | dst >> 3);
    asm_8(g->a, 0x0f);
    asm_8(g->a, 0xc8 | (dst & 7));
    x86_done(g, dst);
}

void x86_select_bits(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_SEXT: case IR_ZEXT: emit_extend(g, in); break;
    case IR_EXTRACT: emit_extract(g, in); break;
    case IR_DEPOSIT: emit_deposit(g, in); break;
    case IR_BSWAP: emit_bswap(g, in); break;
    default: emit_count(g, in); break; /* CLZ, CTZ, POPCNT */
    }
}
