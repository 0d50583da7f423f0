/* SPDX-License-Identifier: Apache-2.0 */
/* Compares, and what is chosen by conditions. */
#include "core/exec/x86_64/int_emit.h"
#include "core/util/bits.h"

/* Of an AND, compared with 0 at a width of its own. */
static void emit_test(struct x86_gen *g, const struct ir_inst *in, bool w)
{
    uint16_t va = in->a, vb = in->b;
    if (x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
    }
    struct opnd a = x86_opnd(g, va), b = int_opnd(g, vb, w);
    if (a.kind == O_IMM || (a.kind == O_MEM && b.kind == O_MEM)) {
        gen_load(g, RAX, a, w);
        a = opnd_reg(RAX);
    }
    if (b.kind == O_IMM) {
        if (a.kind == O_REG)
            asm_rr(g->a, 0xf7 | W(w), 0, a.reg);
        else
            asm_rm(g->a, 0xf7 | W(w), 0, opnd_mem(a));
        asm_32(g->a, (uint32_t)b.imm);
    } else if (a.kind == O_MEM) {
        asm_rm(g->a, 0x85 | W(w), b.reg, opnd_mem(a));
    } else if (b.kind == O_MEM) {
        asm_rm(g->a, 0x85 | W(w), a.reg, opnd_mem(b));
    } else {
        asm_rr(g->a, 0x85 | W(w), b.reg, a.reg);
    }
}

/* Bytes or words by their own size: what extends them was left out (x86_narrow_bits). */
static void emit_narrow_compare(struct x86_gen *g, const struct ir_inst *in, unsigned bits)
{
    uint16_t va = g->values[in->a].rep, vb = g->values[in->b].rep;
    const struct ir_inst *a = &g->u->insts[va], *b = &g->u->insts[vb];
    bool byte = bits == 8;
    va = g->values[va].fused ? a->a : va;
    struct opnd o = x86_opnd(g, va);
    if (b->op == IR_CONST && byte && o.kind == O_MEM) {
        asm_rm(g->a, 0x80, 7, opnd_mem(o));
        asm_8(g->a, (uint8_t)b->imm);
        return;
    }
    unsigned ra = x86_use(g, va, RAX, false);
    if (b->op == IR_CONST) {
        uint8_t imm = (uint8_t)b->imm;
        if (imm == 0 || !byte) { /* words: of 0 alone */
            asm_rr(g->a, byte ? 0x84 | OP_R8 | OP_RM8 : 0x85 | OP_66, ra, ra); /* test */
        } else {
            asm_rr(g->a, 0x80 | OP_RM8, 7, ra);
            asm_8(g->a, imm);
        }
        return;
    }
    unsigned rb = x86_use(g, g->values[vb].fused ? b->a : vb, RCX, false);
    asm_rr(g->a, byte ? 0x3a | OP_R8 | OP_RM8 : 0x3b | OP_66, ra, rb);
}

/* Compare a with b for `cc`; uses rax, rcx. Returns the host's condition. */
static unsigned emit_compare(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t cc[] = { CC_E, CC_NE, CC_L, CC_GE, CC_LE, CC_G, CC_B, CC_AE, CC_BE, CC_A };
    bool w = in->type == IR_I64;
    uint16_t va = in->a, vb = in->b;
    unsigned how = in->aux;
    unsigned bits = x86_narrow_bits(g, in);
    if (bits != 0 && (g->values[g->values[va].rep].fused || g->values[g->values[vb].rep].fused)) {
        emit_narrow_compare(g, in, bits);
        return cc[how];
    }
    if (g->values[g->values[va].rep].fused) {
        emit_test(g, &g->u->insts[g->values[va].rep], w);
        return cc[how];
    }
    if (x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
        how = ir_cc_swapped((enum ir_cc)how);
    }
    struct opnd a = x86_opnd(g, va), b = int_opnd(g, vb, w);
    if (a.kind == O_IMM || (a.kind == O_MEM && b.kind == O_MEM)) {
        gen_load(g, RAX, a, w);
        a = opnd_reg(RAX);
    }
    if (b.kind == O_IMM && (w ? b.imm : (uint32_t)b.imm) == 0 && a.kind == O_REG)
        asm_rr(g->a, 0x85 | W(w), a.reg, a.reg); /* test */
    else if (a.kind == O_REG)
        int_alu(g, ALU_CMP, w, a.reg, b);
    else if (b.kind == O_IMM)
        asm_alu_mi(g->a, ALU_CMP, w, opnd_mem(a), (int32_t)b.imm);
    else
        asm_rm(g->a, 0x39 | W(w), b.reg, opnd_mem(a));
    return cc[how];
}

unsigned gen_condition(struct x86_gen *g, uint16_t v)
{
    v = g->values[v].rep;
    if (!g->a->flags_lost && g->flags_value == v)
        return g->flags_cc;
    if (g->values[v].fused)
        return int_flags_are(g, v, emit_compare(g, &g->u->insts[v]));
    unsigned r = x86_use(g, v, RAX, true);
    asm_rr(g->a, 0x85 | OP_W, r, r);
    return int_flags_are(g, v, CC_NE);
}

static void emit_setcc(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned cc = int_flags_are(g, (uint16_t)g->i, emit_compare(g, in));
    unsigned dst = x86_def(g);
    asm_rr(g->a, 0x90 | cc | OP_0F | OP_RM8, 0, RAX);
    asm_rr(g->a, 0xb6 | OP_0F | OP_RM8, dst, RAX); /* movzx */
    x86_done(g, dst);
}

/* ---- one of two values ---- */

static void emit_select_fp(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_F64;
    struct opnd b = x86_opnd(g, in->b), c = x86_opnd(g, in->c);
    unsigned cc = gen_condition(g, in->a);
    x86_load_fp(g, 0, c, w);
    uint8_t *skip = asm_jcc8(g->a, cc ^ 1);
    x86_load_fp(g, 0, b, w);
    asm_here(g->a, skip);
    x86_result_fp(g, 0);
}

/* One of a value and a call, which is made in a stub. */
static void emit_select_call(struct x86_gen *g, const struct ir_inst *in, const struct ir_inst *call)
{
    const uint16_t args[4] = { call->a, call->b, call->c, (uint16_t)call->imm2 };
    struct opnd b = x86_opnd(g, in->b);
    struct stub *s = x86_stub(g, STUB_LIGHT);
    for (unsigned k = 0; k < 4; k++)
        s->arg[k] = x86_opnd(g, args[k]);
    s->n_args = 4;
    s->site = x86_site(g, call, x86_out_light);
    unsigned cc = gen_condition(g, in->a);
    unsigned dst = x86_def(g); /* spills keep the flags */
    x86_stub_jcc(g, s, cc ^ 1);
    gen_load(g, dst, b, true);
    s->dst = (uint8_t)dst;
    s->back = asm_offset(g->a);
    g->a->flags_lost = true; /* by the stub */
    x86_done(g, dst);
}

static void emit_select(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    uint16_t last = g->values[in->c].rep;
    if (is_fp(in->type)) {
        emit_select_fp(g, in);
        return;
    }
    if (g->values[last].fused && g->u->insts[last].op == IR_CALL) {
        emit_select_call(g, in, &g->u->insts[last]);
        return;
    }
    struct opnd b = x86_opnd(g, in->b), c = x86_opnd(g, in->c);
    unsigned cc = gen_condition(g, in->a);
    unsigned dst = x86_def(g);
    if (is_reg(b, dst)) {
        struct opnd t = b;
        b = c;
        c = t;
        cc ^= 1;
    }
    if (b.kind == O_IMM) {
        gen_load(g, RDX, b, w);
        b = opnd_reg(RDX);
    }
    gen_load(g, dst, c, w);
    if (b.kind == O_REG)
        asm_rr(g->a, 0x40 | cc | OP_0F | W(w), dst, b.reg);
    else
        asm_rm(g->a, 0x40 | cc | OP_0F | W(w), dst, opnd_mem(b));
    x86_done(g, dst);
}

void x86_select_cond(struct x86_gen *g, const struct ir_inst *in)
{
    if (in->op == IR_SETCC)
        emit_setcc(g, in);
    else
        emit_select(g, in);
}
