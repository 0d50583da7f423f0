/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operands in translated code: registers of every width, addresses through segments, accesses, the
 * stack. In 64-bit mode, and with the flat segments that 32-bit systems use, an address costs what
 * its components cost; any other segment is checked by a function.
 */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"
#include "mmu/tlb.h"

/* An address: base + disp. */
struct place {
    ir_val_t base;
    int32_t disp;
};
static struct place place_of(struct x86_tr *t, unsigned bytes, unsigned write);

/* ---- general registers ---- */
ir_val_t x86_get_reg(struct x86_tr *t, unsigned reg, unsigned bytes)
{
    ir_val_t v = ir_get(t->u, X86_SLOT_GPR + reg);
    return bytes == 8 ? v : ir_zext(t->u, IR_I64, v, bytes * 8);
}

/* Is its upper half 0 by what it is? */
static bool is_cut(const struct x86_tr *t, ir_val_t v)
{
    const struct ir_inst *in = &t->u->insts[v];
    return in->op == IR_ZEXT && in->type == IR_I64 && in->aux <= 32;
}

void x86_put_reg(struct x86_tr *t, unsigned reg, unsigned bytes, ir_val_t v)
{
    if (bytes == 4)
        v = is_cut(t, v) ? v : ir_zext(t->u, IR_I64, v, 32);
    else if (bytes < 4)
        v = ir_deposit(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR + reg), v, 0, bytes * 8);
    x86_put_slot(t, X86_SLOT_GPR + reg, v);
}

uint16_t x86_memop(const struct x86_tr *t, unsigned bytes, unsigned flags)
{
    if ((t->mode & X86_MODE_ALIGN) && bytes <= 8)
        flags |= IR_MEM_ALIGNED;
    return ir_memop(bytes, flags);
}

ir_val_t x86_op2(struct x86_tr *t, enum ir_op op, unsigned bytes, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    if (bytes == 8)
        return ir_op2(u, op, IR_I64, a, b);
    return ir_zext(u, IR_I64, ir_op2(u, op, IR_I32, ir_trunc(u, a), ir_trunc(u, b)), bytes * 8);
}

ir_val_t x86_sext(struct x86_tr *t, ir_val_t v, unsigned bytes)
{
    return bytes == 8 ? v : ir_sext(t->u, IR_I64, v, bytes * 8);
}

bool x86_is_mem(const struct x86_tr *t, unsigned n)
{
    return t->d.op[n].kind == X86_OP_MEM;
}

ir_val_t x86_get(struct x86_tr *t, unsigned n)
{
    const struct x86_operand *o = &t->d.op[n];
    switch (o->kind) {
    case X86_OP_REG:
        return x86_get_reg(t, o->reg, o->size);
    case X86_OP_REG8H:
        return ir_extract(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR + o->reg), 8, 8);
    case X86_OP_MEM: {
        struct place p = place_of(t, o->size, INSN_MEM_READ);
        return ir_load(t->u, IR_I64, p.base, p.disp, x86_memop(t, o->size, 0));
    }
    case X86_OP_IMM2:
        return x86_const(t, t->d.imm2);
    default:
        break;
    }
    unsigned bytes = o->size != 0
                         ? o->size
                         : t->d.op_size; /* immediates: those of the operation they are part of */
    if (n != 0 && t->d.op[0].size > bytes && t->d.op[0].kind != X86_OP_VEC)
        bytes = t->d.op[0].size;
    return x86_const(t, bytes >= 8 ? t->d.imm : zext(t->d.imm, bytes * 8));
}

ir_val_t x86_get_uncut(struct x86_tr *t, unsigned n)
{
    const struct x86_operand *o = &t->d.op[n];
    return o->kind == X86_OP_REG && o->size == 4 ? ir_get(t->u, X86_SLOT_GPR + o->reg) : x86_get(t, n);
}

ir_val_t x86_get_rmw(struct x86_tr *t, unsigned n)
{
    unsigned bytes = t->d.op[n].size;
    if (!x86_is_mem(t, n))
        return x86_get(t, n);
    struct place p = place_of(t, bytes, INSN_MEM_RMW);
    t->rmw_base = p.base;
    t->rmw_disp = p.disp;
    t->rmw = ir_load(t->u, IR_I64, p.base, p.disp, x86_memop(t, bytes, IR_MEM_STORE_RIGHTS));
    return t->rmw;
}

/* The operand's place once more: where x86_get_rmw found it, if nothing was written since that it could depend on. */
static struct place place_again(struct x86_tr *t, unsigned bytes)
{
    for (uint32_t i = t->rmw + 1u; t->rmw != IR_NONE && i < t->u->n_insts; i++) {
        unsigned op = t->u->insts[i].op;
        if (op == IR_INSN || op == IR_PUT || op == IR_CALL)
            t->rmw = IR_NONE;
    }
    if (t->rmw == IR_NONE)
        return place_of(t, bytes, INSN_MEM_WRITE);
    return (struct place){ t->rmw_base, t->rmw_disp };
}

void x86_put(struct x86_tr *t, unsigned n, ir_val_t v)
{
    const struct x86_operand *o = &t->d.op[n];
    if (o->kind == X86_OP_REG)
        x86_put_reg(t, o->reg, o->size, v);
    else if (o->kind == X86_OP_REG8H)
        x86_put_slot(t, X86_SLOT_GPR + o->reg,
                     ir_deposit(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR + o->reg), v, 8, 8));
    else {
        struct place p = place_again(t, o->size);
        ir_store(t->u, IR_I64, p.base, p.disp, v, x86_memop(t, o->size, 0));
    }
}

/* ---- addresses ---- */
static ir_val_t cut(struct x86_tr *t, ir_val_t v, unsigned bytes)
{
    return bytes == 8 ? v : ir_zext(t->u, IR_I64, v, bytes * 8);
}

/* Base and index; IR_NONE: neither. */
static ir_val_t sum_of(struct x86_tr *t)
{
    const struct x86_decoded *d = &t->d;
    struct ir_unit *u = t->u;
    ir_val_t v = IR_NONE;
    if (d->base != X86_NO_REG)
        v = ir_get(u, X86_SLOT_GPR + d->base);
    if (d->index != X86_NO_REG && !d->vsib) {
        ir_val_t i = ir_get(u, X86_SLOT_GPR + d->index);
        if (d->scale != 0)
            i = ir_op2i(u, IR_SHL, IR_I64, i, d->scale);
        v = v == IR_NONE ? i : ir_add(u, IR_I64, v, i);
    }
    return v;
}

ir_val_t x86_offset(struct x86_tr *t)
{
    const struct x86_decoded *d = &t->d;
    struct ir_unit *u = t->u;
    if (d->base == X86_REG_RIP)
        return cut(t, ir_pc(u, t->next + d->disp), d->addr_size);
    ir_val_t v = sum_of(t);
    if (v == IR_NONE)
        return x86_const(t, d->addr_size == 8 ? (uint64_t)d->disp
                                              : zext((uint64_t)d->disp, d->addr_size * 8u));
    if (d->disp != 0)
        v = ir_op2i(u, IR_ADD, IR_I64, v, (uint64_t)d->disp);
    return cut(t, v, d->addr_size);
}

/* Does the mode promise that nothing of the segment has to be looked at? */
static bool is_flat(const struct x86_tr *t, enum x86_seg seg, unsigned write)
{
    if (seg == X86_CS)
        return (t->mode & X86_MODE_CS_FLAT) &&
               !((write & INSN_MEM_WRITE) && (t->mode & X86_MODE_PE));
    return (t->mode & X86_MODE_FLAT) && seg != X86_FS && seg != X86_GS;
}

ir_val_t x86_segment_address(struct x86_tr *t, enum x86_seg seg, ir_val_t offset,
                             unsigned addr_size, unsigned bytes, unsigned write)
{
    struct ir_unit *u = t->u;
    if (x86_is64(t)) {
        if (seg != X86_FS && seg != X86_GS)
            return offset;
        return ir_add(u, IR_I64, ir_get(u, X86_SLOT_SEG_BASE + seg), offset);
    }
    (void)addr_size;
    if (is_flat(t, seg, write))
        return offset; /* 32 bits at most already */
    return ir_call(u, IR_I64, X86_HELPER_seg_check, offset, x86_const(t, seg), x86_const(t, bytes),
                   x86_const(t, (write & INSN_MEM_WRITE) != 0));
}

uint64_t x86_helper_seg_check(struct cpu *cpu, uint64_t offset, uint64_t seg, uint64_t bytes,
                              uint64_t write)
{
    va_t va = 0;
    x86_linear(X86_CPU(cpu), (enum x86_seg)seg, offset, (unsigned)bytes, write != 0, &va);
    return va;
}

ir_val_t x86_address(struct x86_tr *t, unsigned bytes, unsigned write)
{
    return x86_segment_address(t, (enum x86_seg)t->d.seg, x86_offset(t), t->d.addr_size, bytes,
                               write);
}

/* As x86_address, with what the access itself may add. */
static struct place place_of(struct x86_tr *t, unsigned bytes, unsigned write)
{
    const struct x86_decoded *d = &t->d;
    bool sum = x86_is64(t) && d->addr_size == 8 && (d->base < X86_REG_RIP || (d->index != X86_NO_REG && !d->vsib));
    if (!sum || d->base == X86_REG_RIP || d->disp != (int32_t)d->disp)
        return (struct place){ x86_address(t, bytes, write), 0 };
    return (struct place){ x86_segment_address(t, (enum x86_seg)d->seg, sum_of(t), 8, bytes, write), (int32_t)d->disp };
}

/* ---- accesses ---- */
ir_val_t x86_load(struct x86_tr *t, ir_val_t linear, unsigned bytes)
{
    return ir_load(t->u, IR_I64, linear, 0, x86_memop(t, bytes, 0));
}

void x86_store(struct x86_tr *t, ir_val_t linear, unsigned bytes, ir_val_t v)
{
    ir_store(t->u, IR_I64, linear, 0, v, x86_memop(t, bytes, 0));
}

ir_val_t x86_locked(struct x86_tr *t, unsigned n, enum ir_amo kind, ir_val_t v)
{
    unsigned bytes = t->d.op[n].size;
    ir_val_t linear = x86_address(t, bytes, INSN_MEM_RMW);
    return ir_amo(t->u, IR_I64, kind, linear, v,
                  x86_memop(t, bytes, IR_MEM_ATOMIC | IR_MEM_ACQUIRE | IR_MEM_RELEASE));
}

/* NEG, ADC, SBB: no exchange of their own. Old value; the loop ends because somebody else's
 * exchange succeeded. */
ir_val_t x86_locked_arith(struct x86_tr *t, unsigned n, enum x86_arith what, ir_val_t v)
{
    unsigned bytes = t->d.op[n].size;
    ir_val_t linear = x86_address(t, bytes, INSN_MEM_RMW);
    return ir_call(t->u, IR_I64, X86_HELPER_locked_arith, linear, x86_const(t, bytes),
                   x86_const(t, what), v);
}

uint64_t x86_helper_locked_arith(struct cpu *cpu, uint64_t va, uint64_t bytes, uint64_t what,
                                 uint64_t v)
{
    uint32_t aligned = X86_CPU(cpu)->mode & X86_MODE_ALIGN ? IR_MEM_ALIGNED : 0;
    uint32_t op = ir_memop((unsigned)bytes, IR_MEM_STORE_RIGHTS | IR_MEM_ATOMIC | aligned);
    uint64_t old, seen;
    if (mmu_slow_load(cpu, va, op, &old) != 0)
        return 0;
    for (;;) {
        uint64_t value = what == X86_ARITH_NEG   ? 0 - old
                         : what == X86_ARITH_ADD ? old + v
                                                 : old - v;
        if (mmu_slow_cas(cpu, va, op, old, zext(value, (unsigned)bytes * 8), &seen) != 0)
            return x86_put_off(X86_CPU(cpu));
        if (seen == old)
            return old;
        old = seen;
    }
}

/* ---- stack ---- */
/* Bytes of a stack address: 8 in 64-bit mode, else SS.B says. */
static unsigned stack_size(const struct x86_tr *t)
{
    return x86_is64(t) ? 8 : t->mode & X86_MODE_SS32 ? 4 : 2;
}

void x86_push(struct x86_tr *t, ir_val_t v, unsigned bytes)
{
    unsigned size = stack_size(t);
    if (size == 8) { /* the new RSP last: it can be computed where it is to be */
        ir_val_t old = ir_get(t->u, X86_SLOT_GPR + 4);
        ir_store(t->u, IR_I64, old, -(int64_t)bytes, v, x86_memop(t, bytes, 0));
        x86_put_slot(t, X86_SLOT_GPR + 4, ir_op2i(t->u, IR_ADD, IR_I64, old, (uint64_t)-(int64_t)bytes));
        return;
    }
    ir_val_t sp =
        cut(t, ir_op2i(t->u, IR_SUB, IR_I64, ir_get(t->u, X86_SLOT_GPR + 4), bytes), size);
    x86_store(t, x86_segment_address(t, X86_SS, sp, size, bytes, INSN_MEM_WRITE), bytes, v);
    x86_put_reg(t, 4, size, sp);
}

ir_val_t x86_pop(struct x86_tr *t, unsigned bytes)
{
    unsigned size = stack_size(t);
    ir_val_t sp = x86_get_reg(t, 4, size);
    return x86_load(t, x86_segment_address(t, X86_SS, sp, size, bytes, INSN_MEM_READ), bytes);
}

void x86_add_sp(struct x86_tr *t, int64_t n)
{
    ir_val_t sp = ir_op2i(t->u, IR_ADD, IR_I64, ir_get(t->u, X86_SLOT_GPR + 4), (uint64_t)n);
    x86_put_reg(t, 4, stack_size(t), sp);
}

/* ---- vectors ---- */
static unsigned vec_slot(unsigned reg, unsigned q)
{
    return X86_SLOT_VEC + 4 * reg + q;
}

/*
 * Of 16 bytes. Alignment is the access's own affair: what it raises then is #GP(0), see guest.c;
 * but not where the same would be #AC.
 */
static uint16_t vec_memop(struct x86_tr *t, unsigned n, unsigned q)
{
    if (t->align == X86_ALIGN_WHOLE) /* the first part says it for all */
        return ir_memop(16, q == 0 ? IR_MEM_ALIGNED | IR_MEM_WIDER_BY(x86_log2(t->d.op[n].size) - 4)
                                   : 0);
    bool usual = t->align == X86_ALIGN_USUAL && !(t->mode & X86_MODE_MM);
    bool aligned = t->d.vl == 0 && (usual || t->align == X86_ALIGN_ALWAYS);
    if (aligned && (t->mode & X86_MODE_ALIGN))
        x86_check_aligned(t, n);
    return ir_memop(16, aligned && !(t->mode & X86_MODE_ALIGN) ? IR_MEM_ALIGNED : 0);
}

/* Up to eight bytes on their way to or from a vector: those of a float stay out of general registers. */
static enum ir_type part_type(unsigned bytes)
{
    return bytes == 8 ? IR_F64 : bytes == 4 ? IR_F32 : IR_I64;
}

static ir_val_t load_part(struct x86_tr *t, ir_val_t linear, unsigned bytes)
{
    return ir_load(t->u, part_type(bytes), linear, 0, x86_memop(t, bytes, 0));
}

static ir_val_t vec_load(struct x86_tr *t, unsigned n, unsigned q)
{
    unsigned size = t->d.op[n].size;
    ir_val_t linear = x86_address(t, size, INSN_MEM_READ);
    if (size < 16)
        return ir_vop1(t->u, IR_VSCALAR, x86_log2(size), load_part(t, linear, size));
    return ir_load(t->u, IR_V128, linear, 16 * q, vec_memop(t, n, q));
}

ir_val_t x86_get_vec(struct x86_tr *t, unsigned n, unsigned q)
{
    const struct x86_operand *o = &t->d.op[n];
    if (o->kind == X86_OP_VEC)
        return ir_get(t->u, vec_slot(o->reg, q));
    if (!t->d.broadcast)
        return vec_load(t, n, q);
    ir_val_t v = load_part(t, x86_address(t, o->size, INSN_MEM_READ), o->size);
    return ir_vop1(t->u, IR_VDUP, x86_log2(o->size), v);
}

ir_val_t x86_get_vec_part(struct x86_tr *t, unsigned n, unsigned bytes)
{
    if (t->d.op[n].kind == X86_OP_VEC)
        return ir_get(t->u, vec_slot(t->d.op[n].reg, 0));
    ir_val_t v = load_part(t, x86_address(t, bytes, INSN_MEM_READ), bytes);
    return ir_vop1(t->u, IR_VSCALAR, x86_log2(bytes), v);
}

void x86_check_aligned(struct x86_tr *t, unsigned n)
{
    if (x86_is_mem(t, n))
        ir_call(t->u, IR_VOID, X86_HELPER_misaligned,
                x86_address(t, t->d.op[n].size, INSN_MEM_READ), x86_const(t, t->d.op[n].size),
                IR_NONE, IR_NONE);
}

uint64_t x86_helper_misaligned(struct cpu *cpu, uint64_t va, uint64_t bytes, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (va & (bytes - 1))
        x86_raise_error(X86_CPU(cpu), X86_GP, 0);
    return 0;
}

void x86_put_vec(struct x86_tr *t, unsigned n, unsigned q, ir_val_t v128)
{
    const struct x86_operand *o = &t->d.op[n];
    if (o->kind == X86_OP_VEC) {
        x86_put_slot(t, vec_slot(o->reg, q), v128);
        return;
    }
    ir_val_t linear = x86_address(t, o->size, INSN_MEM_WRITE);
    if (o->size < 16) {
        enum ir_type type = part_type(o->size);
        ir_store(t->u, type, linear, 0, ir_vlane(t->u, type, x86_log2(o->size), v128, 0),
                 x86_memop(t, o->size, 0));
        return;
    }
    ir_store(t->u, IR_V128, linear, 16 * q, v128, vec_memop(t, n, q));
}

void x86_zero_upper(struct x86_tr *t, unsigned n)
{
    const struct x86_operand *o = &t->d.op[n];
    if (t->d.vl == 0 || o->kind != X86_OP_VEC)
        return;
    /* What the CPU does not have stays zero: nothing but EVEX and XRSTOR reach it. */
    unsigned quarters = x86_cpu_has(t->c, X86_F_AVX512F) ? 4 : 2;
    for (unsigned q = t->d.vl / 16; q < quarters; q++)
        x86_put_slot(t, vec_slot(o->reg, q), ir_vconst(t->u, 0, 0));
}
