/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiplies and divisions: Arm ARM, F4.1.4, F4.1.7 (A32), F3.1 (T32). rd (and ra above it) is written; products are
 * made in 64 bits. Q is sticky.
 */
#include "cpu/arm64/a32/a32_impl.h"

static ir_val_t wide(struct a32_tr *t, unsigned n, bool sign)
{
    ir_val_t v = a32_r(t, n);
    return sign ? ir_sext(a32_u(t), IR_I64, v, 32) : ir_zext(a32_u(t), IR_I64, v, 32);
}

/* Half `top` of Rn as a signed i64. */
static ir_val_t half(struct a32_tr *t, unsigned n, unsigned top)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = a32_r(t, n);
    return ir_sext(u, IR_I64, top ? ir_op2i(u, IR_SHR, IR_I32, v, 16) : v, 16);
}

static ir_val_t both(struct a32_tr *t) /* RdHi:RdLo */
{
    struct ir_unit *u = a32_u(t);
    return ir_deposit(u, IR_I64, wide(t, t->o.rd, false), wide(t, t->o.ra, false), 32, 32);
}

static void put_both(struct a32_tr *t, ir_val_t v)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t low = ir_trunc(u, v), high = ir_trunc(u, ir_op2i(u, IR_SHR, IR_I64, v, 32));
    a32_put(t, t->o.rd, low);
    a32_put(t, t->o.ra, high);
}

/* Rd = low half; Q if the value (i64) has no room there. */
static void put_q(struct a32_tr *t, ir_val_t v)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t r = ir_trunc(u, v);
    ir_val_t lost = ir_setcc(u, IR_I64, IR_NE, ir_sext(u, IR_I64, r, 32), v);
    a32_put_slot(t, A64_SLOT_Q, ir_or(u, IR_I64, ir_get(u, A64_SLOT_Q), lost));
    a32_put(t, t->o.rd, r);
}

enum { MUL, MLA, MLS };

static void mul(struct a32_tr *t, unsigned op)
{
    struct ir_unit *u = a32_u(t);
    struct a32_flags old;
    ir_val_t v = ir_mul(u, IR_I32, a32_r(t, t->o.rn), a32_r(t, t->o.rm));
    if (op == MLA)
        v = ir_add(u, IR_I32, a32_r(t, t->o.ra), v);
    else if (op == MLS)
        v = ir_sub(u, IR_I32, a32_r(t, t->o.ra), v);
    if (t->o.s) {
        a32_flags_begin(t, &old);
        a32_set_nz(t, v);
        a32_flags_end(t, &old);
    }
    a32_put(t, t->o.rd, v);
}

static void mul16(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    t->o.rm = t->o.rd;
    t->o.s = !a32_in_it(t);
    mul(t, MUL);
}

enum { LONG_SIGNED = 1, LONG_ADD = 2 };

static void mul_long(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    struct a32_flags old;
    if (t->o.rd == t->o.ra) {
        a32_undefined(t);
        return;
    }
    bool sign = arg & LONG_SIGNED;
    ir_val_t v = ir_mul(u, IR_I64, wide(t, t->o.rn, sign), wide(t, t->o.rm, sign));
    if (arg & LONG_ADD)
        v = ir_add(u, IR_I64, both(t), v);
    if (t->o.s) {
        a32_flags_begin(t, &old);
        ir_put(u, A64_SLOT_NF, v);
        ir_put(u, A64_SLOT_ZF, v);
        t->b.flags = A64_FLAGS_SLOTS;
        a32_flags_end(t, &old);
    }
    put_both(t, v);
}

static void umaal(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    if (t->o.rd == t->o.ra) {
        a32_undefined(t);
        return;
    }
    ir_val_t v = ir_mul(u, IR_I64, wide(t, t->o.rn, false), wide(t, t->o.rm, false));
    v = ir_add(u, IR_I64, v, wide(t, t->o.rd, false));
    put_both(t, ir_add(u, IR_I64, v, wide(t, t->o.ra, false)));
}

/* ---- halfwords: x chooses Rn's, y Rm's ---- */
enum { HALF_MUL, HALF_MLA, HALF_LONG };

static void halves(struct a32_tr *t, unsigned op)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = ir_mul(u, IR_I64, half(t, t->o.rn, t->o.x), half(t, t->o.rm, t->o.y));
    if (op == HALF_MUL)
        a32_put(t, t->o.rd, ir_trunc(u, v));
    else if (op == HALF_MLA)
        put_q(t, ir_add(u, IR_I64, v, wide(t, t->o.ra, true)));
    else if (t->o.rd == t->o.ra)
        a32_undefined(t);
    else
        put_both(t, ir_add(u, IR_I64, both(t), v));
}

static void word_half(struct a32_tr *t, unsigned add)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = ir_mul(u, IR_I64, wide(t, t->o.rn, true), half(t, t->o.rm, t->o.y));
    v = ir_op2i(u, IR_SAR, IR_I64, v, 16);
    if (add)
        put_q(t, ir_add(u, IR_I64, v, wide(t, t->o.ra, true)));
    else
        a32_put(t, t->o.rd, ir_trunc(u, v));
}

/* Two products, added or subtracted; m exchanges the halves of Rm. */
enum { DUAL_SUB = 1, DUAL_ADD = 2, DUAL_LONG = 4 };

static void dual(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t low = ir_mul(u, IR_I64, half(t, t->o.rn, 0), half(t, t->o.rm, t->o.m));
    ir_val_t high = ir_mul(u, IR_I64, half(t, t->o.rn, 1), half(t, t->o.rm, !t->o.m));
    ir_val_t v = ir_op2(u, arg & DUAL_SUB ? IR_SUB : IR_ADD, IR_I64, low, high);
    if (arg & DUAL_LONG) {
        if (t->o.rd == t->o.ra)
            a32_undefined(t);
        else
            put_both(t, ir_add(u, IR_I64, both(t), v));
        return;
    }
    if (arg & DUAL_ADD)
        v = ir_add(u, IR_I64, v, wide(t, t->o.ra, true));
    if ((arg & DUAL_SUB) && !(arg & DUAL_ADD))
        a32_put(t, t->o.rd, ir_trunc(u, v));
    else
        put_q(t, v);
}

/* The most significant word; r: rounded. */
static void most(struct a32_tr *t, unsigned op)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = ir_mul(u, IR_I64, wide(t, t->o.rn, true), wide(t, t->o.rm, true));
    if (op != MUL) {
        ir_val_t acc = ir_op2i(u, IR_SHL, IR_I64, wide(t, t->o.ra, false), 32);
        v = ir_op2(u, op == MLS ? IR_SUB : IR_ADD, IR_I64, acc, v);
    }
    if (t->o.r)
        v = ir_op2i(u, IR_ADD, IR_I64, v, 0x80000000);
    a32_put(t, t->o.rd, ir_trunc(u, ir_op2i(u, IR_SHR, IR_I64, v, 32)));
}

/* By zero: zero. */
static void divide(struct a32_tr *t, unsigned sign)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t a = a32_r(t, t->o.rn), b = a32_r(t, t->o.rm), zero = a32_const(t, 0);
    ir_val_t q = ir_op2(u, sign ? IR_DIVS : IR_DIVU, IR_I32, a, b);
    a32_put(t, t->o.rd, ir_select(u, IR_I32, ir_setcc(u, IR_I32, IR_EQ, b, zero), zero, q));
}

/* clang-format off */
#define ROWS                                                                                       \
    ROW(MUL, mul, MUL) ROW(MLA, mul, MLA) ROW(MLS, mul, MLS) ROW(UMAAL, umaal, 0)                  \
    ROW(UMULL, mul_long, 0) ROW(UMLAL, mul_long, LONG_ADD) ROW(SMULL, mul_long, LONG_SIGNED)       \
    ROW(SMLAL, mul_long, LONG_SIGNED | LONG_ADD)                                                   \
    ROW(SMUL__, halves, HALF_MUL) ROW(SMLA__, halves, HALF_MLA) ROW(SMLAL__, halves, HALF_LONG)    \
    ROW(SMULW_, word_half, 0) ROW(SMLAW_, word_half, 1)                                            \
    ROW(SMUAD, dual, 0) ROW(SMUSD, dual, DUAL_SUB) ROW(SMLAD, dual, DUAL_ADD)                      \
    ROW(SMLSD, dual, DUAL_ADD | DUAL_SUB) ROW(SMLALD, dual, DUAL_LONG)                             \
    ROW(SMLSLD, dual, DUAL_LONG | DUAL_SUB)                                                        \
    ROW(SMMUL, most, MUL) ROW(SMMLA, most, MLA) ROW(SMMLS, most, MLS)                              \
    ROW(SDIV, divide, 1) ROW(UDIV, divide, 0)
enum { FLAGS = A32_SEM_SELECT | A32_SEM_NO_PC };
const struct a32_semantics a32_multiply_rows[] = {
#define ROW(name, fn, arg) { A32_INSN_##name, FLAGS, fn, arg },
    ROWS
#undef ROW
    A32_ROWS_END
};
const struct a32_semantics t32_multiply_rows[] = {
#define ROW(name, fn, arg) { T32_INSN_##name, FLAGS, fn, arg },
    ROWS
#undef ROW
    A32_ROWS_END
};
const struct a32_semantics t16_multiply_rows[] = {
    { T16_INSN_MUL, FLAGS, mul16, 0 },
    A32_ROWS_END
};
/* clang-format on */
