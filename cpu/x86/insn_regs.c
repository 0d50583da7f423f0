/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of an instruction as IR slots, for timing models. A vector register stands by its
 * lowest quarter, the arithmetic flags by X86_SLOT_CC, x87 registers by the slot of their number as
 * if TOP were 0. Where the lists are full the rest is left out: operands come first.
 */
#include "cpu/x86/cpu.h"
#include "cpu/x86/decode_impl.h"
#include <string.h>

static void add(uint8_t list[4], unsigned slot)
{
    for (unsigned i = 0; i < 4; i++) {
        if (list[i] == slot)
            return;
        if (list[i] == INSN_NO_REG) {
            list[i] = (uint8_t)slot;
            return;
        }
    }
}

static unsigned slot_of(const struct x86_operand *op)
{
    switch (op->kind) {
    case X86_OP_REG:
    case X86_OP_REG8H:
        return X86_SLOT_GPR + op->reg;
    case X86_OP_SEG:
        return X86_SLOT_SEG_BASE + op->reg;
    case X86_OP_ST:
    case X86_OP_MM:
        return X86_SLOT_MM + op->reg;
    case X86_OP_VEC:
        return X86_SLOT_VEC + 4u * op->reg;
    case X86_OP_K:
        return X86_SLOT_K + op->reg;
    default:
        return INSN_NO_REG;
    }
}

static void add_operand(struct insn_regs *regs, const struct x86_decoded *d,
                        const struct x86_operand *op, unsigned access)
{
    unsigned slot = slot_of(op);
    if (op->kind == X86_OP_MEM) {
        if (d->base < X86_REG_RIP)
            add(regs->src, X86_SLOT_GPR + d->base);
        if (d->index != X86_NO_REG)
            add(regs->src, d->vsib ? X86_SLOT_VEC + 4u * d->index : X86_SLOT_GPR + d->index);
    } else if (slot != INSN_NO_REG) {
        /* less than a doubleword of a register leaves the rest as it was, so does masking */
        bool merges = (op->kind == X86_OP_REG && op->size < 4) || op->kind == X86_OP_REG8H ||
                      (d->k != 0 && !d->zeroing);
        if ((access & X86_READ) || ((access & X86_WRITE) && merges))
            add(regs->src, slot);
        if (access & X86_WRITE)
            add(regs->dst, slot);
    }
}

void x86_insn_regs(const struct x86_decoded *d, struct insn_regs *regs)
{
    const struct x86_row *row = &x86_rows[d->form];
    memset(regs, INSN_NO_REG, sizeof *regs);
    if (!(row->flags & X86_ROW_STRING))
        for (unsigned i = 0; i < d->n_ops && i < row->n_ops; i++)
            add_operand(regs, d, &d->op[i], row->op[i].access);
    if (row->flags & X86_ROW_READS_CC)
        add(regs->src, X86_SLOT_CC);
    if (row->flags & X86_ROW_WRITES_CC)
        add(regs->dst, X86_SLOT_CC);
    if (d->k != 0)
        add(regs->src, X86_SLOT_K + d->k);
    if (row->flags & X86_ROW_KMUST) /* gathers and scatters clear the mask as they go */
        add(regs->dst, X86_SLOT_K + d->k);
    for (unsigned i = 0; i < 16; i++) {
        if (row->reads >> i & 1)
            add(regs->src, X86_SLOT_GPR + i);
        if (row->writes >> i & 1)
            add(regs->dst, X86_SLOT_GPR + i);
    }
}
