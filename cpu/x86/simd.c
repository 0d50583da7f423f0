/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operands of vector instructions: SDM volume 1, 11.4 and 14; volume 2, 2.7 (EVEX: opmasks,
 * broadcast, embedded rounding).
 */
#include "cpu/x86/simd.h"
#include "core/util/bits.h"
#include "mmu/tlb.h"

/* ---- opmasks ---- */
static ir_val_t opmask(struct x86_tr *t)
{
    return ir_get(t->u, X86_SLOT_K + t->d.k);
}

ir_val_t simd_expand(struct x86_tr *t, ir_val_t mask, unsigned q, unsigned lane)
{
    static const uint64_t bits[4][2] = { { 0x8040201008040201, 0x8040201008040201 },
                                         { 0x0008000400020001, 0x0080004000200010 },
                                         { 0x0000000200000001, 0x0000000800000004 },
                                         { 1, 2 } };
    unsigned n = 16u >> lane;
    ir_val_t some = q == 0 ? mask : ir_op2i(t->u, IR_SHR, IR_I64, mask, q * n), all;
    if (lane == SIMD_B) { /* its low byte eight times, its high byte eight times */
        all = ir_vop1(t->u, IR_VSCALAR, SIMD_W, some);
        all = ir_vop2(t->u, IR_VTBLM, 0, all, ir_vconst(t->u, 0, 0x0101010101010101));
    } else {
        all = ir_vop1(t->u, IR_VDUP, lane, some);
    }
    ir_val_t each = ir_vconst(t->u, bits[lane][0], bits[lane][1]);
    return ir_vop2(t->u, IR_VCEQ, lane, ir_vop2(t->u, IR_VAND, 0, all, each), each);
}

ir_val_t simd_mask(struct x86_tr *t, unsigned q, unsigned lane)
{
    return t->d.evex && t->d.k != 0 ? simd_expand(t, opmask(t), q, lane) : IR_NONE;
}

ir_val_t simd_to_mask(struct x86_tr *t, const ir_val_t *v, unsigned quarters, unsigned lane)
{
    ir_val_t all = IR_NONE;
    for (unsigned q = 0; q < quarters; q++) {
        ir_val_t some = ir_vtops(t->u, lane, v[q]);
        if (q != 0)
            some = ir_op2i(t->u, IR_SHL, IR_I64, some, q * (16u >> lane));
        all = q == 0 ? some : ir_or(t->u, IR_I64, all, some);
    }
    return all;
}

void simd_put_mask(struct x86_tr *t, ir_val_t bits)
{
    if (t->d.k != 0)
        bits = ir_and(t->u, IR_I64, bits, opmask(t));
    x86_put_slot(t, X86_SLOT_K + t->d.op[0].reg, bits);
}

/* ---- sources ---- */
uint64_t x86_helper_masked_load(struct cpu *cpu, uint64_t va, uint64_t mask, uint64_t lane,
                                uint64_t d)
{
    uint64_t value = 0, part;
    unsigned bytes = 1u << lane;
    (void)d;
    for (unsigned i = 0; i < 8 / bytes; i++) {
        if (!(mask >> i & 1))
            continue;
        if (!x86_load_linear(X86_CPU(cpu), va + i * bytes, bytes, false, &part))
            return 0;
        value |= part << 8 * bytes * i;
    }
    return value;
}

uint64_t x86_helper_masked_store(struct cpu *cpu, uint64_t va, uint64_t value, uint64_t mask,
                                 uint64_t lane)
{
    unsigned bytes = 1u << lane;
    for (unsigned i = 0; i < 8 / bytes; i++) {
        uint64_t part = zext(value >> 8 * bytes * i, 8 * bytes);
        if ((mask >> i & 1) && !x86_store_linear(X86_CPU(cpu), va + i * bytes, bytes, false, part))
            return 0;
    }
    return 0;
}

/* The bits of `mask` for the eight bytes from `at` on, of an operand of `bytes`. */
static ir_val_t mask_part(struct x86_tr *t, ir_val_t mask, unsigned at, unsigned lane,
                          unsigned bytes)
{
    ir_val_t some = at == 0 ? mask : ir_op2i(t->u, IR_SHR, IR_I64, mask, at >> lane);
    return bytes - at >= 8 ? some
                           : ir_op2i(t->u, IR_AND, IR_I64, some, BIT((bytes - at) >> lane) - 1);
}

ir_val_t simd_load_masked(struct x86_tr *t, ir_val_t linear, ir_val_t mask, unsigned q,
                          unsigned lane, unsigned bytes)
{
    struct ir_unit *u = t->u;
    ir_val_t v = simd_zero(t);
    for (unsigned half = 0; half < 2; half++) {
        unsigned at = 16 * q + 8 * half;
        if (at >= bytes)
            break;
        ir_val_t some = mask_part(t, mask, at, lane, bytes);
        ir_val_t x =
            ir_call(u, IR_I64, X86_HELPER_masked_load, ir_op2i(u, IR_ADD, IR_I64, linear, at), some,
                    x86_const(t, lane), IR_NONE);
        v = half == 0 ? ir_vop1(u, IR_VSCALAR, SIMD_Q, x) : ir_vins(u, SIMD_Q, v, half, x);
    }
    return v;
}

void simd_store_masked(struct x86_tr *t, ir_val_t linear, ir_val_t mask, ir_val_t v, unsigned q,
                       unsigned lane, unsigned bytes)
{
    struct ir_unit *u = t->u;
    for (unsigned half = 0; half < 2; half++) {
        unsigned at = 16 * q + 8 * half;
        if (at >= bytes)
            break;
        ir_val_t some = mask_part(t, mask, at, lane, bytes);
        ir_call(u, IR_VOID, X86_HELPER_masked_store, ir_op2i(u, IR_ADD, IR_I64, linear, at),
                ir_vlane(u, IR_I64, SIMD_Q, v, half), some, (ir_val_t)x86_const(t, lane));
    }
}

/* One element for all of them, read if any is wanted. */
static ir_val_t load_broadcast(struct x86_tr *t, ir_val_t linear, unsigned lane)
{
    unsigned elements = t->d.vl >> lane;
    ir_val_t any =
        elements == 64 ? opmask(t) : ir_op2i(t->u, IR_AND, IR_I64, opmask(t), BIT(elements) - 1);
    any = ir_setcc(t->u, IR_I64, IR_NE, any, x86_const(t, 0));
    ir_val_t x =
        ir_call(t->u, IR_I64, X86_HELPER_masked_load, linear, any, x86_const(t, lane), IR_NONE);
    return ir_vop1(t->u, IR_VDUP, lane, x);
}

ir_val_t simd_get(struct x86_tr *t, unsigned n, unsigned q, unsigned lane)
{
    const struct x86_operand *o = &t->d.op[n];
    if (o->kind == X86_OP_MM)
        return ir_vop1(t->u, IR_VSCALAR, SIMD_Q, ir_get(t->u, X86_SLOT_MM + o->reg));
    if (o->kind != X86_OP_MEM || !t->d.evex || t->d.k == 0 || (lane & SIMD_WHOLE))
        return x86_get_vec(t, n, q);
    ir_val_t linear = x86_address(t, o->size, INSN_MEM_READ);
    if (t->d.broadcast)
        return load_broadcast(t, linear, x86_log2(o->size));
    return simd_load_masked(t, linear, opmask(t), q, lane, o->size);
}

ir_val_t simd_get_scalar(struct x86_tr *t, unsigned n, enum ir_type type)
{
    unsigned lane = type == IR_F32 || type == IR_I32 ? SIMD_D : SIMD_Q;
    ir_val_t v = simd_get(t, n, 0, lane);
    return ir_vlane(t->u, type, lane, v, 0);
}

/* ---- results ---- */
/* The exponent of a register that an MMX instruction writes is all ones (SDM volume 1, 9.5.1). */
uint64_t x86_helper_mmx_written(struct cpu *cpu, uint64_t reg, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    X86_CPU(cpu)->st[reg & 7].se = 0xffff;
    return 0;
}

void simd_put_mmx(struct x86_tr *t, unsigned reg, ir_val_t v)
{
    x86_put_slot(t, X86_SLOT_MM + reg, v);
    ir_call(t->u, IR_VOID, X86_HELPER_mmx_written, x86_const(t, reg), IR_NONE, IR_NONE, IR_NONE);
}

void simd_put(struct x86_tr *t, const ir_val_t *v, unsigned quarters, unsigned lane)
{
    const struct x86_operand *o = &t->d.op[0];
    lane &= ~(unsigned)SIMD_WHOLE;
    if (o->kind == X86_OP_MM) {
        simd_put_mmx(t, o->reg, ir_vlane(t->u, IR_I64, SIMD_Q, v[0], 0));
        return;
    }
    bool masked = t->d.evex && t->d.k != 0;
    if (o->kind == X86_OP_MEM && masked) {
        ir_val_t linear = x86_address(t, o->size, INSN_MEM_WRITE);
        for (unsigned q = 0; q < quarters; q++)
            simd_store_masked(t, linear, opmask(t), v[q], q, lane, o->size);
        return;
    }
    for (unsigned q = 0; q < quarters; q++) {
        ir_val_t r = v[q], m = simd_mask(t, q, lane);
        if (m != IR_NONE && t->d.zeroing)
            r = ir_vop2(t->u, IR_VAND, 0, r, m);
        else if (m != IR_NONE)
            r = ir_vop(t->u, IR_VSELECT, 0, m, r, x86_get_vec(t, 0, q), 0);
        x86_put_vec(t, 0, q, r);
    }
    if (t->d.vl != 0 && quarters < t->d.vl / 16u) { /* a result shorter than the vector length */
        uint8_t vl = t->d.vl;
        t->d.vl = (uint8_t)(16 * quarters);
        x86_zero_upper(t, 0);
        t->d.vl = vl;
    } else {
        x86_zero_upper(t, 0);
    }
}

void simd_put_short(struct x86_tr *t, ir_val_t v, unsigned bytes, unsigned lane)
{
    struct ir_unit *u = t->u;
    if (t->d.op[0].kind != X86_OP_MEM) {
        ir_val_t m = simd_mask(t, 0, lane);
        if (m != IR_NONE)
            v = ir_vop(u, IR_VSELECT, 0, m, v, t->d.zeroing ? simd_zero(t) : x86_get_vec(t, 0, 0),
                       0);
        v = ir_vop2(u, IR_VAND, 0, v, ir_vconst(u, bytes >= 8 ? ~0ull : BIT(8 * bytes) - 1, 0));
        t->d.k = 0; /* was seen to */
    }
    simd_put(t, &v, 1, lane);
}

void simd_put_scalar(struct x86_tr *t, ir_val_t v, ir_val_t rest, unsigned lane)
{
    struct ir_unit *u = t->u;
    enum ir_type type = lane == SIMD_D ? IR_I32 : IR_I64;
    ir_val_t r =
        ir_vins(u, lane, rest, 0, ir_vlane(u, lane == SIMD_D ? IR_F32 : IR_F64, lane, v, 0));
    if (t->d.evex && t->d.k != 0) {
        ir_val_t on = ir_op2i(u, IR_AND, IR_I64, opmask(t), 1);
        ir_val_t other =
            t->d.zeroing ? ir_const(u, type, 0) : ir_vlane(u, type, lane, x86_get_vec(t, 0, 0), 0);
        r = ir_vins(u, lane, rest, 0, ir_select(u, type, on, ir_vlane(u, type, lane, v, 0), other));
    }
    x86_put_vec(t, 0, 0, r);
    if (t->d.vl != 0) {
        uint8_t vl = t->d.vl;
        t->d.vl = 16; /* scalars have no length */
        x86_zero_upper(t, 0);
        t->d.vl = vl;
    }
}

/* ---- floating point ---- */
enum ir_rm simd_rm(const struct x86_tr *t)
{
    static const uint8_t rc[4] = { IR_RNE, IR_RDN, IR_RUP, IR_RTZ };
    return t->d.rounding ? (enum ir_rm)rc[t->d.rc & 3] : IR_RM_DYN;
}

enum ir_rm simd_rm_imm(unsigned imm)
{
    static const uint8_t rc[4] = { IR_RNE, IR_RDN, IR_RUP, IR_RTZ };
    return imm & 4 ? IR_RM_DYN : (enum ir_rm)rc[imm & 3];
}

uint64_t x86_helper_fp_flags(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return cpu->fp_flags;
}

uint64_t x86_helper_set_fp_flags(struct cpu *cpu, uint64_t flags, uint64_t b, uint64_t c,
                                 uint64_t d)
{
    (void)b, (void)c, (void)d;
    cpu->fp_flags = (uint32_t)flags;
    return 0;
}

ir_val_t simd_sae_begin(struct x86_tr *t)
{
    if (!t->d.sae && !t->d.rounding)
        return IR_NONE;
    return ir_call(t->u, IR_I64, X86_HELPER_fp_flags, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

void simd_sae_end(struct x86_tr *t, ir_val_t flags)
{
    if (flags != IR_NONE)
        ir_call(t->u, IR_VOID, X86_HELPER_set_fp_flags, flags, IR_NONE, IR_NONE, IR_NONE);
}

ir_val_t simd_quiet(struct x86_tr *t, ir_val_t v, unsigned q, unsigned lane)
{
    ir_val_t m = simd_mask(t, q, lane);
    if (m == IR_NONE)
        return v;
    ir_val_t one = simd_dup_const(t, lane == SIMD_D ? 0x3f8000003f800000 : 0x3ff0000000000000);
    return ir_vop(t->u, IR_VSELECT, 0, m, v, one, 0);
}

/* ---- common shapes ---- */
void simd_binary(struct x86_tr *t, simd_kernel *k, unsigned arg, unsigned lane)
{
    unsigned n = simd_quarters(t), first = simd_first(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, first + 1, q, lane);
        r[q] = k(t, arg | q << 24, simd_get(t, first, q, lane), b);
    }
    simd_put(t, r, n, lane);
}

void simd_unary(struct x86_tr *t, simd_kernel *k, unsigned arg, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = k(t, arg | q << 24, simd_get(t, 1, q, lane), IR_NONE);
    simd_put(t, r, n, lane);
}
