/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of 256 bits (ir_widen) by EVEX forms, each of which does what the VEX form of 128 bits does, to both halves. SDM
 * volume 2, 2.7 and the instructions' pages.
 */
#include "core/exec/x86_64/vec_emit.h"

#define Y66 (P66 | OP_Y)
#define Y38 (P38 | OP_Y)
#define Y3A (P3A | OP_Y)

static unsigned wide_reg(struct x86_gen *g, struct opnd o, unsigned scratch)
{
    if (o.kind == O_REG)
        return o.reg;
    x86_load_wide(g, scratch, o);
    return scratch;
}

static void wide3o(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a, struct opnd b)
{
    if (b.kind == O_MEM)
        asm_evex_rm(g->a, op, dst, a, opnd_mem(b));
    else
        asm_evex_rr(g->a, op, dst, a, b.reg);
}

/* Of 64-bit lanes EVEX.W is set: that of operations without lanes, which may have any. */
static void emit_binary(struct x86_gen *g, const struct ir_inst *in, uint32_t op)
{
    struct opnd a = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    if (gen_vec_commutes(in->op))
        swap_memory(&a, &b);
    unsigned first = wide_reg(g, a, 1), dst = x86_def(g);
    wide3o(g, op | OP_Y | (in->aux == 3 ? OP_W : 0), dst, first, b);
    x86_done(g, dst);
}

/* ~a & b, as the instruction has it; of the IR's the second operand is inverted. */
static void emit_andn(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd a = x86_opnd(g, in->a);
    unsigned inverted = wide_reg(g, x86_opnd(g, in->b), 1), dst = x86_def(g);
    wide3o(g, 0xdf | Y66, dst, inverted, a);
    x86_done(g, dst);
}

/* With an immediate; `digit`: of those that have it in place of a register, the destination is EVEX.vvvv. */
static void emit_unary(struct x86_gen *g, uint16_t v, uint32_t op, int digit, unsigned imm)
{
    struct opnd a = x86_opnd(g, v);
    unsigned dst = x86_def(g);
    wide3o(g, op, digit < 0 ? dst : (unsigned)digit, digit < 0 ? 0 : dst, a);
    asm_8(g->a, imm);
    x86_done(g, dst);
}

static void emit_shift(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t opcode[] = { 0, 0x71, 0x72, 0x73 };
    unsigned op = in->op == IR_VSAR && in->aux == 3 ? 0x72 : opcode[in->aux]; /* vpsraq */
    int digit = in->op == IR_VSHL ? 6 : in->op == IR_VSHR ? 2 : 4;
    emit_unary(g, in->a, op | Y66 | (in->aux == 3 ? OP_W : 0), digit, (unsigned)in->imm);
}

/* Products of every other dword: even ones, which is where the instruction looks, or odd ones moved there. */
static void emit_mull(struct x86_gen *g, const struct ir_inst *in)
{
    uint32_t op = in->op == IR_VMULLS ? 0x28 | Y38 | OP_W : 0xf4 | Y66 | OP_W;
    struct opnd a = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    swap_memory(&a, &b);
    unsigned x = wide_reg(g, a, 1);
    if (in->imm & 1) {
        asm_evex_rr(g->a, 0x70 | Y66, 1, 0, x); /* vpshufd */
        asm_8(g->a, 0xf5);
        wide3o(g, 0x70 | Y66, 2, 0, b);
        asm_8(g->a, 0xf5);
        x = 1;
        b = (struct opnd){ .kind = O_REG, .reg = 2 };
    }
    unsigned dst = x86_def(g);
    wide3o(g, op, dst, x, b);
    x86_done(g, dst);
}

static void emit_const(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned dst = x86_def(g);
    if (in->imm == 0 && in->imm2 == 0) {
        asm_evex_rr(g->a, 0xef | Y66, dst, dst, dst);
    } else {
        struct x86_mem m = gen_pooled(g, (uint64_t)in->imm, (uint64_t)in->imm2);
        uint32_t op = in->imm == in->imm2 ? 0x59 | Y38 | OP_W : 0x5a | Y38; /* vpbroadcastq, vbroadcasti32x4 */
        asm_evex_rm(g->a, op, dst, 0, m);
    }
    x86_done(g, dst);
}

/* ---- between them and v128 ---- */

static void emit_join(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned low = x86_use_vec(g, in->a, 1);
    struct opnd high = x86_opnd(g, in->b);
    unsigned dst = x86_def(g);
    wide3o(g, 0x38 | Y3A, dst, low, high); /* vinserti32x4 */
    asm_8(g->a, 1);
    x86_done(g, dst);
}

static void emit_half(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd a = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    if (a.kind == O_MEM) {
        a.disp += 16 * (int32_t)in->imm;
        x86_load_vec(g, dst, a);
    } else if (in->imm) {
        asm_evex_rr(g->a, 0x39 | Y3A, a.reg, 0, dst); /* vextracti32x4: reg is the source */
        asm_8(g->a, 1);
    } else {
        asm_evex_rr(g->a, 0x28 | OP_0F, dst, 0, a.reg); /* vmovaps */
    }
    x86_done(g, dst);
}

void x86_select_wide(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VCONST: emit_const(g, in); break;
    case IR_VJOIN: emit_join(g, in); break;
    case IR_VHALF: emit_half(g, in); break;
    case IR_VANDN: emit_andn(g, in); break;
    case IR_VSHL: case IR_VSHR: case IR_VSAR: emit_shift(g, in); break;
    case IR_VROL: emit_unary(g, in->a, 0x72 | Y66 | (in->aux == 3 ? OP_W : 0), 1, (unsigned)in->imm); break;
    case IR_VSHUF: emit_unary(g, in->a, 0x70 | Y66, -1, (unsigned)in->imm); break;
    case IR_VMULLS: case IR_VMULLU: emit_mull(g, in); break;
    default: emit_binary(g, in, gen_vec_opcode(in->op, in->aux)); break;
    }
}
