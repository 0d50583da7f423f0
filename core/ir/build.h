/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_BUILD_H
#define ORRERY_CORE_IR_BUILD_H
/*
 * Short typed forms by which translators emit IR. One call, one instruction, in
 * program order; the result is the value's number, good until the block's end.
 *
 *     ir_begin_block(u, start);
 *     ir_begin_insn(u, at, 4, desc, &regs);
 *     ir_val_t sum = ir_add(u, IR_I64, ir_get(u, RS1), ir_const(u, IR_I64, imm));
 *     ir_put(u, RD, sum);
 *     ...
 *     ir_branch(u, cond, taken, not_taken);
 *     ir_end_block(u, bytes);
 *
 * Nothing here allocates or fails: when the unit is full, emission is ignored and
 * ir_finish() says so at the end. Equal constants and GETs may be emitted as
 * often as is convenient; passes merge them.
 *
 * Type rules are docs/ir.md's and are checked by ir_verify, not here.
 */
#include "core/ir/ir.h"

typedef uint16_t ir_val_t; /* a value number; IR_NONE = no value */

/* ---- sources of values ---- */

/* A constant; of an i32 or f32 the low 32 bits of `v` count. */
static inline ir_val_t ir_const(struct ir_unit *u, enum ir_type t, uint64_t v)
{
    if (t == IR_I32 || t == IR_F32)
        v = (uint32_t)v;
    return ir_emit(u, (struct ir_inst){ .op = IR_CONST, .type = (uint8_t)t, .imm = (int64_t)v });
}

/* Read a slot (of the slot's type). A zero slot is the constant 0. */
static inline ir_val_t ir_get(struct ir_unit *u, unsigned slot)
{
    const struct ir_slot *s = &u->guest->slots[slot];
    if (s->zero)
        return ir_emit(u, (struct ir_inst){ .op = IR_CONST, .type = s->type });
    return ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = s->type, .imm = slot });
}

/* Write a slot; `v` has the slot's type. Writing a zero slot does nothing. */
static inline void ir_put(struct ir_unit *u, unsigned slot, ir_val_t v)
{
    const struct ir_slot *s = &u->guest->slots[slot];
    if (!s->zero)
        ir_emit(u, (struct ir_inst){ .op = IR_PUT, .type = s->type, .a = v, .imm = slot });
}

/* Virtual address of the unit's first page + `at`: auipc, link addresses (i64). */
static inline ir_val_t ir_pc(struct ir_unit *u, int64_t at)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_PC, .type = IR_I64, .imm = at });
}

/* ---- plain operations: ir_add(u, type, a, b), ir_clz(u, type, a) ... ---- */

static inline ir_val_t ir_op1(struct ir_unit *u, enum ir_op op, enum ir_type t, ir_val_t a)
{
    return ir_emit(u, (struct ir_inst){ .op = (uint8_t)op, .type = (uint8_t)t, .a = a });
}

static inline ir_val_t ir_op2(struct ir_unit *u, enum ir_op op, enum ir_type t, ir_val_t a,
                              ir_val_t b)
{
    return ir_emit(u, (struct ir_inst){ .op = (uint8_t)op, .type = (uint8_t)t, .a = a, .b = b });
}

#define IR_BUILD_OP2(fn, OP)                                                                       \
    static inline ir_val_t fn(struct ir_unit *u, enum ir_type t, ir_val_t a, ir_val_t b)           \
    {                                                                                              \
        return ir_op2(u, OP, t, a, b);                                                             \
    }
IR_BUILD_OP2(ir_add, IR_ADD)
IR_BUILD_OP2(ir_sub, IR_SUB)
IR_BUILD_OP2(ir_and, IR_AND)
IR_BUILD_OP2(ir_or, IR_OR)
IR_BUILD_OP2(ir_xor, IR_XOR)
IR_BUILD_OP2(ir_andn, IR_ANDN)
IR_BUILD_OP2(ir_orn, IR_ORN)
IR_BUILD_OP2(ir_xnor, IR_XNOR)
IR_BUILD_OP2(ir_shl, IR_SHL)
IR_BUILD_OP2(ir_shr, IR_SHR)
IR_BUILD_OP2(ir_sar, IR_SAR)
IR_BUILD_OP2(ir_rol, IR_ROL)
IR_BUILD_OP2(ir_ror, IR_ROR)
IR_BUILD_OP2(ir_mul, IR_MUL)
IR_BUILD_OP2(ir_mulhs, IR_MULHS)
IR_BUILD_OP2(ir_mulhu, IR_MULHU)
IR_BUILD_OP2(ir_mulhsu, IR_MULHSU)
IR_BUILD_OP2(ir_divs, IR_DIVS)
IR_BUILD_OP2(ir_divu, IR_DIVU)
IR_BUILD_OP2(ir_rems, IR_REMS)
IR_BUILD_OP2(ir_remu, IR_REMU)
IR_BUILD_OP2(ir_clmul, IR_CLMUL)
IR_BUILD_OP2(ir_clmulh, IR_CLMULH)
#undef IR_BUILD_OP2

#define IR_BUILD_OP1(fn, OP)                                                                       \
    static inline ir_val_t fn(struct ir_unit *u, enum ir_type t, ir_val_t a)                       \
    {                                                                                              \
        return ir_op1(u, OP, t, a);                                                                \
    }
IR_BUILD_OP1(ir_clz, IR_CLZ)
IR_BUILD_OP1(ir_ctz, IR_CTZ)
IR_BUILD_OP1(ir_popcnt, IR_POPCNT)
IR_BUILD_OP1(ir_bswap, IR_BSWAP)
IR_BUILD_OP1(ir_fneg, IR_FNEG)
IR_BUILD_OP1(ir_fabs, IR_FABS)
IR_BUILD_OP1(ir_bitcast, IR_BITCAST) /* `t`: result type; the argument is its other half */
#undef IR_BUILD_OP1

/* With a constant right operand: addi, slli ... */
static inline ir_val_t ir_op2i(struct ir_unit *u, enum ir_op op, enum ir_type t, ir_val_t a,
                               uint64_t imm)
{
    return ir_op2(u, op, t, a, ir_const(u, t, imm));
}

/* Extend the low `bits` (8, 16, 32) of `a` (i32 or i64) to `t`. */
static inline ir_val_t ir_sext(struct ir_unit *u, enum ir_type t, ir_val_t a, unsigned bits)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_SEXT, .type = (uint8_t)t, .a = a,
                                        .aux = (uint8_t)bits });
}

static inline ir_val_t ir_zext(struct ir_unit *u, enum ir_type t, ir_val_t a, unsigned bits)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_ZEXT, .type = (uint8_t)t, .a = a,
                                        .aux = (uint8_t)bits });
}

/* i64 -> i32: the low half. */
static inline ir_val_t ir_trunc(struct ir_unit *u, ir_val_t a)
{
    return ir_op1(u, IR_TRUNC, IR_I32, a);
}

/* Bits [low, low + count), zero-extended. */
static inline ir_val_t ir_extract(struct ir_unit *u, enum ir_type t, ir_val_t a, unsigned low,
                                  unsigned count)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_EXTRACT, .type = (uint8_t)t, .a = a,
                                        .imm = low | count << 8 });
}

/* `a` with bits [low, low + count) replaced by the low bits of `b`. */
static inline ir_val_t ir_deposit(struct ir_unit *u, enum ir_type t, ir_val_t a, ir_val_t b,
                                  unsigned low, unsigned count)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_DEPOSIT, .type = (uint8_t)t, .a = a, .b = b,
                                        .imm = low | count << 8 });
}

/* a cc b ? 1 : 0, as i64. `t` is the type of a and b. */
static inline ir_val_t ir_setcc(struct ir_unit *u, enum ir_type t, enum ir_cc cc, ir_val_t a,
                                ir_val_t b)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_SETCC, .type = (uint8_t)t, .aux = (uint8_t)cc,
                                        .a = a, .b = b });
}

/* cond (i64) != 0 ? b : c; `t` is the type of b, c and the result. */
static inline ir_val_t ir_select(struct ir_unit *u, enum ir_type t, ir_val_t cond, ir_val_t b,
                                 ir_val_t c)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_SELECT, .type = (uint8_t)t, .a = cond, .b = b,
                                        .c = c });
}

/* ---- memory; addresses are i64 ---- */

/* The memop of an access of `bytes` (1, 2, 4, 8) with IR_MEM_* `flags`. */
static inline uint16_t ir_memop(unsigned bytes, unsigned flags)
{
    return (uint16_t)((unsigned)__builtin_ctz(bytes) | flags);
}

static inline ir_val_t ir_load(struct ir_unit *u, enum ir_type t, ir_val_t addr, int64_t disp,
                               uint16_t memop)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_LOAD, .type = (uint8_t)t, .aux2 = memop, .a = addr,
                                        .imm = disp });
}

/* `t` is the type of `value`; its low bytes are stored. */
static inline void ir_store(struct ir_unit *u, enum ir_type t, ir_val_t addr, int64_t disp,
                            ir_val_t value, uint16_t memop)
{
    ir_emit(u, (struct ir_inst){ .op = IR_STORE, .type = (uint8_t)t, .aux2 = memop, .a = addr,
                                 .b = value, .imm = disp });
}

/* Returns the old value, extended to `t` as the memop says. */
static inline ir_val_t ir_amo(struct ir_unit *u, enum ir_type t, enum ir_amo kind, ir_val_t addr,
                              ir_val_t value, uint16_t memop)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_AMO, .type = (uint8_t)t, .aux = (uint8_t)kind,
                                        .aux2 = memop, .a = addr, .b = value });
}

static inline ir_val_t ir_cas(struct ir_unit *u, enum ir_type t, ir_val_t addr, ir_val_t expected,
                              ir_val_t value, uint16_t memop)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_CAS, .type = (uint8_t)t, .aux2 = memop, .a = addr,
                                        .b = expected, .c = value });
}

static inline ir_val_t ir_loadr(struct ir_unit *u, enum ir_type t, ir_val_t addr, uint16_t memop)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_LOADR, .type = (uint8_t)t, .aux2 = memop,
                                        .a = addr });
}

/* i64: 0 stored, 1 failed. `t` is the type of `value`. */
static inline ir_val_t ir_storec(struct ir_unit *u, enum ir_type t, ir_val_t addr, ir_val_t value,
                                 uint16_t memop)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_STOREC, .type = (uint8_t)t, .aux2 = memop,
                                        .a = addr, .b = value });
}

static inline void ir_fence(struct ir_unit *u, enum ir_fence kind)
{
    ir_emit(u, (struct ir_inst){ .op = IR_FENCE, .aux = (uint8_t)kind });
}

/* ---- scalar floating point; `t` is f32 or f64 ---- */

static inline ir_val_t ir_fop(struct ir_unit *u, enum ir_op op, enum ir_type t, enum ir_rm rm,
                              ir_val_t a, ir_val_t b)
{
    return ir_emit(u, (struct ir_inst){ .op = (uint8_t)op, .type = (uint8_t)t, .aux = (uint8_t)rm,
                                        .a = a, .b = b });
}

#define IR_BUILD_FOP2(fn, OP)                                                                      \
    static inline ir_val_t fn(struct ir_unit *u, enum ir_type t, enum ir_rm rm, ir_val_t a,        \
                              ir_val_t b)                                                          \
    {                                                                                              \
        return ir_fop(u, OP, t, rm, a, b);                                                         \
    }
IR_BUILD_FOP2(ir_fadd, IR_FADD)
IR_BUILD_FOP2(ir_fsub, IR_FSUB)
IR_BUILD_FOP2(ir_fmul, IR_FMUL)
IR_BUILD_FOP2(ir_fdiv, IR_FDIV)
#undef IR_BUILD_FOP2

static inline ir_val_t ir_fsqrt(struct ir_unit *u, enum ir_type t, enum ir_rm rm, ir_val_t a)
{
    return ir_fop(u, IR_FSQRT, t, rm, a, IR_NONE);
}

/* (neg_product ? -a : a) * b + (neg_addend ? -c : c), one rounding. */
static inline ir_val_t ir_fma(struct ir_unit *u, enum ir_type t, enum ir_rm rm, ir_val_t a,
                              ir_val_t b, ir_val_t c, bool neg_product, bool neg_addend)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FMA, .type = (uint8_t)t, .aux = (uint8_t)rm,
                                        .a = a, .b = b, .c = c,
                                        .imm = (neg_product ? 1 : 0) | (neg_addend ? 2 : 0) });
}

/* `propagate`: a NaN operand gives NaN (fminm, FMIN); else the number wins (fmin, FMINNM). */
static inline ir_val_t ir_fmin(struct ir_unit *u, enum ir_type t, ir_val_t a, ir_val_t b,
                               bool propagate)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FMIN, .type = (uint8_t)t, .a = a, .b = b,
                                        .imm = propagate });
}

static inline ir_val_t ir_fmax(struct ir_unit *u, enum ir_type t, ir_val_t a, ir_val_t b,
                               bool propagate)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FMAX, .type = (uint8_t)t, .a = a, .b = b,
                                        .imm = propagate });
}

/* i64 0 or 1; `cmp` is enum ir_fcmp, IR_FCMP_QUIET or'ed in where wanted; `t` of a and b. */
static inline ir_val_t ir_fcmp(struct ir_unit *u, enum ir_type t, unsigned cmp, ir_val_t a,
                               ir_val_t b)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FCMP, .type = (uint8_t)t, .aux = (uint8_t)cmp,
                                        .a = a, .b = b });
}

/* f32 <-> f64 by value. */
static inline ir_val_t ir_fcvt(struct ir_unit *u, enum ir_type to, enum ir_type from,
                               enum ir_rm rm, ir_val_t a)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FCVT, .type = (uint8_t)to, .aux = (uint8_t)rm,
                                        .a = a, .imm = from });
}

static inline ir_val_t ir_ftoi(struct ir_unit *u, enum ir_type to, enum ir_type from, bool is_unsigned,
                               enum ir_rm rm, ir_val_t a)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FTOI, .type = (uint8_t)to, .aux = (uint8_t)rm,
                                        .a = a, .imm = (int64_t)from | (is_unsigned ? 0x100 : 0) });
}

static inline ir_val_t ir_itof(struct ir_unit *u, enum ir_type to, enum ir_type from, bool is_unsigned,
                               enum ir_rm rm, ir_val_t a)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_ITOF, .type = (uint8_t)to, .aux = (uint8_t)rm,
                                        .a = a, .imm = (int64_t)from | (is_unsigned ? 0x100 : 0) });
}

static inline ir_val_t ir_frint(struct ir_unit *u, enum ir_type t, enum ir_rm rm, ir_val_t a,
                                bool raise_inexact)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FRINT, .type = (uint8_t)t, .aux = (uint8_t)rm,
                                        .a = a, .imm = raise_inexact });
}

/* `a` with the sign of b (how = 0), its complement (1), or both signs xor'ed (2). */
static inline ir_val_t ir_fsgnj(struct ir_unit *u, enum ir_type t, ir_val_t a, ir_val_t b,
                                unsigned how)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_FSGNJ, .type = (uint8_t)t, .a = a, .b = b,
                                        .imm = how });
}

/* f32 <-> its NaN-boxed image in an f64 register. */
static inline ir_val_t ir_fbox(struct ir_unit *u, ir_val_t a)
{
    return ir_op1(u, IR_FBOX, IR_F64, a);
}

static inline ir_val_t ir_funbox(struct ir_unit *u, ir_val_t a)
{
    return ir_op1(u, IR_FUNBOX, IR_F32, a);
}

/* ---- calls; ends of a block ---- */

/* Helper `helper` of the guest's table; `t` IR_VOID, IR_I32 or IR_I64. Arguments: integers or IR_NONE. */
static inline ir_val_t ir_call(struct ir_unit *u, enum ir_type t, unsigned helper, ir_val_t a,
                               ir_val_t b, ir_val_t c, ir_val_t d)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_CALL, .type = (uint8_t)t, .a = a, .b = b, .c = c,
                                        .imm = helper, .imm2 = d });
}

/* Targets are offsets from the unit's first page; they may lie outside of it. */
static inline void ir_jump(struct ir_unit *u, int64_t target)
{
    ir_emit(u, (struct ir_inst){ .op = IR_JUMP, .imm = target });
}

/* cond (i64) != 0: to `taken`. */
static inline void ir_branch(struct ir_unit *u, ir_val_t cond, int64_t taken, int64_t not_taken)
{
    ir_emit(u, (struct ir_inst){ .op = IR_BRANCH, .a = cond, .imm = taken, .imm2 = not_taken });
}

/* cond (i64) != 0: `helper` (flags: IR_CALL_EXITS) raises, told `arg`. */
static inline void ir_trap(struct ir_unit *u, ir_val_t cond, unsigned helper, uint64_t arg)
{
    ir_emit(u, (struct ir_inst){ .op = IR_TRAP, .a = cond, .imm = helper, .imm2 = (int64_t)arg });
}

static inline void ir_jumpr(struct ir_unit *u, ir_val_t va, enum ir_link link)
{
    ir_emit(u, (struct ir_inst){ .op = IR_JUMPR, .aux = (uint8_t)link, .a = va });
}

/* Leave to the dispatcher with pc = first page + `next`. */
static inline void ir_exit(struct ir_unit *u, enum ir_exit why, int64_t next)
{
    ir_emit(u, (struct ir_inst){ .op = IR_EXIT, .aux = (uint8_t)why, .imm = next });
}

#endif
