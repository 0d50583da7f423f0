/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_INT_EMIT_H
#define ORRERY_CORE_EXEC_X86_64_INT_EMIT_H
/*
 * What the selectors of integer operations share: select_int.c (sums, logic, shifts), select_mul.c (products, quotients),
 * select_bits.c (fields, counts), select_cond.c (compares, what conditions choose). rax, rcx and rdx are free; operands are
 * never in them.
 */
#include "core/exec/x86_64/gen.h"

static inline uint32_t W(bool w)
{
    return w ? OP_W : 0;
}

/* op dst, o */
static inline void int_alu(struct x86_gen *g, unsigned op, bool w, unsigned dst, struct opnd o)
{
    if (o.kind == O_REG)
        asm_rr(g->a, op | W(w), dst, o.reg);
    else if (o.kind == O_MEM)
        asm_rm(g->a, op | W(w), dst, opnd_mem(o));
    else
        asm_alu_ri(g->a, op, w, dst, (int32_t)o.imm);
}

/* An operand that an instruction can take: large constants go to rcx. */
static inline struct opnd int_opnd(struct x86_gen *g, uint16_t v, bool w)
{
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_IMM && !imm_fits(o.imm, w)) {
        asm_mov_ri(g->a, RCX, o.imm);
        return opnd_reg(RCX);
    }
    return o;
}

static inline bool is_reg(struct opnd o, unsigned reg)
{
    return o.kind == O_REG && o.reg == reg;
}

/* The host's flags say from here on whether value v is not 0: by condition `cc`. */
static inline unsigned int_flags_are(struct x86_gen *g, uint16_t v, unsigned cc)
{
    g->a->flags_lost = false;
    g->flags_value = v;
    g->flags_cc = (uint8_t)cc;
    return cc;
}

/* One file's operations each: emit g->u->insts[g->i]. */
void x86_select_mul(struct x86_gen *g, const struct ir_inst *in);
void x86_select_bits(struct x86_gen *g, const struct ir_inst *in);
void x86_select_cond(struct x86_gen *g, const struct ir_inst *in); /* SETCC, SELECT */

#endif
