/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_INTEGER_IMPL_H
#define ORRERY_CPU_ARM64_INTEGER_IMPL_H
/* What the rows of data processing on general registers share: integer.c, bit.c (within a register), flags.c (conditions). */
#include "cpu/arm64/translate_impl.h"

/* Row arguments: width, flag setting, and a family's own number from bit 8 on. */
enum { X = 1, S = 2, OP_SHIFT = 8 };
#define OP(n) ((unsigned)(n) << OP_SHIFT)
#define WX(name, fn, op) { A64_INSN_##name##_W, 0, fn, op }, { A64_INSN_##name##_X, 0, fn, (op) | X }
enum { ADD, SUB };

static inline enum ir_type a64_width(unsigned arg)
{
    return arg & X ? IR_I64 : IR_I32;
}

static inline ir_val_t konst(struct a64_tr *t, enum ir_type type, uint64_t v)
{
    return ir_const(t->u, type, v);
}

static inline ir_val_t a64_shifted(struct a64_tr *t, enum ir_type type, ir_val_t v, unsigned how, unsigned by)
{
    static const uint8_t ops[4] = { IR_SHL, IR_SHR, IR_SAR, IR_ROR };
    return by == 0 ? v : ir_op2i(t->u, (enum ir_op)ops[how & 3], type, v, by);
}

/* ---- flags: cpu.h says how NZCV is kept ---- */
static inline ir_val_t a64_wide_sign(struct a64_tr *t, enum ir_type type, ir_val_t v)
{
    return type == IR_I64 ? v : ir_sext(t->u, IR_I64, v, 32);
}

static inline void a64_put_nz(struct a64_tr *t, enum ir_type type, ir_val_t result)
{
    ir_val_t r = a64_wide_sign(t, type, result);
    ir_put(t->u, A64_SLOT_NF, r);
    ir_put(t->u, A64_SLOT_ZF, r);
}

static inline ir_val_t a64_flag(struct a64_tr *t, unsigned slot)
{
    return ir_get(t->u, slot);
}

#endif
