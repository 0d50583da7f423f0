/* SPDX-License-Identifier: Apache-2.0 */
/* Values from place to place: loads of operands into registers, stores of them to memory. */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

void gen_load(struct x86_gen *g, unsigned reg, struct opnd o, bool w)
{
    struct x86_asm *a = g->a;
    if (o.kind == O_IMM)
        asm_mov_ri(a, reg, w ? o.imm : (uint32_t)o.imm);
    else if (o.kind == O_MEM)
        asm_rm(a, 0x8b | (w ? OP_W : 0), reg, opnd_mem(o));
    else if (o.fp)
        asm_rr(a, 0x7e | OP_0F | OP_66 | (w ? OP_W : 0), o.reg, reg); /* movq */
    else
        asm_mov_rr(a, w, reg, o.reg);
}

void x86_load_fp(struct x86_gen *g, unsigned reg, struct opnd o, bool is64)
{
    struct x86_asm *a = g->a;
    if (o.kind == O_IMM) {
        if (o.imm == 0) {
            asm_rr(a, 0x57 | OP_0F, reg, reg); /* xorps */
            return;
        }
        asm_mov_ri(a, RAX, o.imm);
        o = opnd_reg(RAX);
    }
    if (o.kind == O_MEM)
        asm_rm(a, 0x10 | OP_0F | (is64 ? OP_F2 : OP_F3), reg, opnd_mem(o));
    else if (!o.fp)
        asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, reg, o.reg); /* movq */
    else if (o.reg != reg)
        asm_rr(a, 0x28 | OP_0F, reg, o.reg); /* movaps */
}

void x86_load_vec(struct x86_gen *g, unsigned reg, struct opnd o)
{
    if (o.kind == O_MEM)
        asm_rm(g->a, 0x10 | OP_0F, reg, opnd_mem(o)); /* movups: slots of guests are aligned, frames are not */
    else if (o.reg != reg)
        asm_rr(g->a, 0x28 | OP_0F, reg, o.reg);
}

void x86_clear_upper(struct x86_gen *g)
{
    if (g->uses_wide)
        asm_vzeroupper(g->a);
}

void x86_load_wide(struct x86_gen *g, unsigned reg, struct opnd o)
{
    if (o.kind == O_MEM)
        asm_evex_rm(g->a, 0x10 | OP_0F | OP_Y, reg, 0, opnd_mem(o)); /* vmovups */
    else if (o.reg != reg)
        asm_evex_rr(g->a, 0x28 | OP_0F | OP_Y, reg, 0, o.reg);
}

void x86_load_typed(struct x86_gen *g, unsigned reg, struct opnd o, unsigned type)
{
    if (is_wide(type))
        x86_load_wide(g, reg, o);
    else if (is_v(type))
        x86_load_vec(g, reg, o);
    else if (is_fp(type))
        x86_load_fp(g, reg, o, is_w(type));
    else
        gen_load(g, reg, o, is_w(type));
}

/* ---- to memory ---- */

void x86_store_opnd(struct x86_gen *g, struct x86_mem m, struct opnd o, bool w)
{
    if (o.kind == O_IMM && imm_fits(o.imm, w)) {
        asm_mov_mi(g->a, w ? 3 : 2, m, (int32_t)o.imm);
        return;
    }
    if (o.kind == O_REG && o.fp) {
        asm_rm(g->a, 0x11 | OP_0F | (w ? OP_F2 : OP_F3), o.reg, m);
        return;
    }
    if (o.kind != O_REG) {
        gen_load(g, RAX, o, w);
        o = opnd_reg(RAX);
    }
    asm_rm(g->a, 0x89 | (w ? OP_W : 0), o.reg, m);
}

void x86_store_vec(struct x86_gen *g, struct x86_mem m, struct opnd o)
{
    if (o.kind == O_MEM) {
        x86_load_vec(g, 0, o);
        o.reg = 0;
    }
    asm_rm(g->a, 0x11 | OP_0F, o.reg, m);
}

void x86_store_wide(struct x86_gen *g, struct x86_mem m, struct opnd o)
{
    if (o.kind == O_MEM) {
        x86_load_wide(g, 0, o);
        o.reg = 0;
    }
    asm_evex_rm(g->a, 0x11 | OP_0F | OP_Y, o.reg, 0, m);
}

void x86_store_typed(struct x86_gen *g, struct x86_mem m, struct opnd o, unsigned type)
{
    if (is_wide(type))
        x86_store_wide(g, m, o);
    else if (is_v(type))
        x86_store_vec(g, m, o);
    else
        x86_store_opnd(g, m, o, is_w(type));
}

void x86_store_pins(struct x86_gen *g, uint32_t pins)
{
    for (; pins; pins &= pins - 1) {
        const struct x86_pin *p = &g->code->pins[ctz64(pins)];
        struct opnd o = opnd_reg(p->reg);
        o.fp = in_xmm(p->type);
        x86_store_typed(g, x86_cpu_mem(p->offset), o, p->type);
    }
}

/* ---- from C ---- */

void x86_load_out_vec(struct x86_gen *g, unsigned reg)
{
    asm_rm(g->a, 0x8b | OP_W, RAX, CPU_MEM(exec_private));
    asm_rm(g->a, 0x10 | OP_0F, reg,
           mem_at(RAX, (int32_t)(offsetof(struct exec_cpu, scratch) + 8 * SAVE_RESULT)));
}
