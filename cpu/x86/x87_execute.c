/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What x87 instructions do to stack, status and registers: SDM volume 1, 8.1.2, 8.3, 8.5; volume 2. Arithmetic is fp80's;
 * comparisons are in x87_compare.c, loads, stores and moves in x87_move.c.
 */
#include "cpu/x86/x87_run.h"

/* The other operand: ST(i), or what memory held. */
struct fp80 x87_operand(struct run *r)
{
    switch (x87_source_of(r->how)) {
    case X87_F32:
        return fp80_from_f32(&r->e, (uint32_t)r->value);
    case X87_F64:
        return fp80_from_f64(&r->e, r->value);
    case X87_F80:
        return (struct fp80){ r->value, (uint16_t)(r->how >> X87_HIGH_SHIFT) };
    case X87_I16:
        return fp80_from_int((int16_t)r->value);
    case X87_I32:
        return fp80_from_int((int32_t)r->value);
    case X87_I64:
        return fp80_from_int((int64_t)r->value);
    case X87_BCD:
        return fp80_from_bcd(r->value, (uint16_t)(r->how >> X87_HIGH_SHIFT));
    default:
        return x87_get(r->c, x87_reg_of(r));
    }
}

/* ---- arithmetic with two operands ---- */
static struct fp80 compute(struct run *r, struct fp80 to, struct fp80 from)
{
    struct fp80_env *e = &r->e;
    switch (r->how & 0xff) {
    case X87_ADD:
        return fp80_add(e, to, from);
    case X87_MUL:
        return fp80_mul(e, to, from);
    case X87_SUB:
        return fp80_sub(e, to, from);
    case X87_SUBR:
        return fp80_sub(e, from, to);
    case X87_DIV:
        return fp80_div(e, to, from);
    default:
        return fp80_div(e, from, to);
    }
}

static uint64_t arithmetic(struct run *r)
{
    struct x86_cpu *c = r->c;
    unsigned to = r->how & X87_TO_I ? x87_reg_of(r) : 0;
    struct fp80 v = fp80_indefinite;
    if (x87_is_empty(c, 0) || x87_source_is_empty(r)) {
        if (!x87_stack_fault(r, false))
            return 0;
    } else if (to != 0) {
        v = compute(r, x87_get(c, to), x87_get(c, 0));
    } else {
        v = compute(r, x87_get(c, 0), x87_operand(r));
    }
    if (!fp80_stops(&r->e)) {
        x87_set(c, to, v);
        x87_pops(r);
    }
    return 0;
}

/* FPREM, FSCALE and others of ST(0) and ST(1). */
static uint64_t binary(struct run *r)
{
    struct x86_cpu *c = r->c;
    unsigned op = r->how & 0xff, quotient = 0, to = op >= X87_YL2X;
    bool partial = false, remainder = op == X87_PREM || op == X87_PREM1;
    struct fp80 v = fp80_indefinite;
    if (x87_is_empty(c, 0) || x87_is_empty(c, 1)) {
        x87_stack_fault(r, false);
    } else {
        struct fp80 a = x87_get(c, 0), b = x87_get(c, 1);
        switch (op) {
        case X87_SCALE:
            v = fp80_scale(&r->e, a, b);
            break;
        case X87_YL2X:
            v = fp80_yl2x(&r->e, b, a);
            break;
        case X87_YL2XP1:
            v = fp80_yl2xp1(&r->e, b, a);
            break;
        case X87_PATAN:
            v = fp80_atan(&r->e, b, a);
            break;
        default:
            v = fp80_remainder(&r->e, a, b, op == X87_PREM1, &quotient, &partial);
            break;
        }
    }
    if (remainder)
        x87_set_cc(r, X87_C2, partial ? X87_C2 : 0);
    if (fp80_stops(&r->e))
        return 0;
    x87_set(c, to, v);
    if (to != 0)
        x87_pop(c);
    if (remainder && !(r->e.flags & FP80_IE) && fp80_classify(v) != FP80_NAN) {
        /* C0 C3 C1 are bits 2 1 0 of the quotient */
        x87_set_cc(r, X87_C0 | X87_C3, (quotient & 4 ? X87_C0 : 0) | (quotient & 2 ? X87_C3 : 0));
        r->e.up = quotient & 1;
    }
    return 0;
}

/* ---- arithmetic with one ---- */
static uint64_t unary(struct run *r)
{
    struct x86_cpu *c = r->c;
    struct fp80 v = x87_get(c, 0);
    unsigned op = r->how & 0xff;
    bool in_range = true;
    bool angle = op == X87_SIN || op == X87_COS;
    if (x87_is_empty(c, 0)) {
        if (x87_stack_fault(r, false))
            x87_set(c, 0, fp80_indefinite);
        x87_set_cc(r, angle ? X87_C2 : 0, 0);
        return 0;
    }
    switch (op) {
    case X87_CHS:
        v.se ^= 0x8000;
        break;
    case X87_ABS:
        v.se &= 0x7fff;
        break;
    case X87_SQRT:
        v = fp80_sqrt(&r->e, v);
        break;
    case X87_RNDINT:
        v = fp80_round(&r->e, v);
        break;
    case X87_2XM1:
        v = fp80_2xm1(&r->e, v);
        break;
    case X87_SIN:
        in_range = fp80_sincos(&r->e, v, &v, NULL);
        break;
    default:
        in_range = fp80_sincos(&r->e, v, NULL, &v);
        break;
    }
    if (angle)
        x87_set_cc(r, X87_C2, in_range ? 0 : X87_C2);
    if (!fp80_stops(&r->e))
        x87_set(c, 0, v);
    return 0;
}

/* ST(0) becomes `low` and `high` is pushed: FXTRACT, FSINCOS, FPTAN. */
static uint64_t unary_push(struct run *r)
{
    struct x86_cpu *c = r->c;
    struct fp80 low = fp80_indefinite, high = fp80_indefinite, a = x87_get(c, 0);
    unsigned op = r->how & 0xff;
    bool in_range = true;
    if (x87_is_empty(c, 0) || !x87_is_empty(c, 7)) {
        x87_stack_fault(r, !x87_is_empty(c, 0));
    } else if (op == X87_XTRACT) {
        high = fp80_extract(&r->e, a, &low);
    } else if (op == X87_SINCOS) {
        in_range = fp80_sincos(&r->e, a, &low, &high);
    } else {
        in_range = fp80_tan(&r->e, a, &low);
        high = fp80_classify(low) == FP80_NAN ? low : fp80_one;
    }
    if (op != X87_XTRACT)
        x87_set_cc(r, X87_C2, in_range ? 0 : X87_C2);
    if (in_range && !fp80_stops(&r->e)) {
        x87_set(c, 0, low);
        x87_push(c, high);
    }
    return 0;
}

/* ---- all ---- */

void x87_commit(struct x86_cpu *c, const struct fp80_env *e, bool stack_fault)
{
    c->fsw =
        (c->fsw & ~(uint64_t)X87_C1) | e->flags | (e->up ? X87_C1 : 0) | (stack_fault ? X87_SF : 0);
    x87_update_pending(c);
}

uint64_t x87_execute(struct x86_cpu *c, uint64_t how, uint64_t value)
{
    uint64_t result;
    return x87_host_execute(c, how, value, &result) ? result : x87_soft_execute(c, how, value);
}

uint64_t x87_soft_execute(struct x86_cpu *c, uint64_t how, uint64_t value)
{
    /* clang-format off */
    static run_fn *const fns[X87_OPS] = {
        [X87_ADD] = arithmetic,                 [X87_MUL] = arithmetic,                 [X87_SUB] = arithmetic,
        [X87_SUBR] = arithmetic,                [X87_DIV] = arithmetic,                 [X87_DIVR] = arithmetic,
        [X87_COM] = x87_run_compare,            [X87_UCOM] = x87_run_compare,           [X87_COMI] = x87_run_compare_flags,
        [X87_UCOMI] = x87_run_compare_flags,    [X87_TST] = x87_run_test,               [X87_XAM] = x87_run_examine,
        [X87_LOAD] = x87_run_load,              [X87_LD1] = x87_run_load,               [X87_LDZ] = x87_run_load,
        [X87_LDL2T] = x87_run_load,             [X87_LDL2E] = x87_run_load,             [X87_LDPI] = x87_run_load,
        [X87_LDLG2] = x87_run_load,             [X87_LDLN2] = x87_run_load,             [X87_CHS] = unary,
        [X87_ABS] = unary,                      [X87_SQRT] = unary,                     [X87_RNDINT] = unary,
        [X87_2XM1] = unary,                     [X87_SIN] = unary,                      [X87_COS] = unary,
        [X87_XTRACT] = unary_push,              [X87_SINCOS] = unary_push,              [X87_PTAN] = unary_push,
        [X87_PREM] = binary,                    [X87_PREM1] = binary,                   [X87_SCALE] = binary,
        [X87_YL2X] = binary,                    [X87_YL2XP1] = binary,                  [X87_PATAN] = binary,
        [X87_XCH] = x87_run_exchange,           [X87_COPY] = x87_run_copy,              [X87_COPY_ANY] = x87_run_copy_any,
        [X87_CMOV] = x87_run_move_if,           [X87_FREE] = x87_run_free,              [X87_INCSTP] = x87_run_rotate,
        [X87_DECSTP] = x87_run_rotate,
    };
    /* clang-format on */
    struct run r = { .c = c, .how = how, .value = value, .e.control = (uint16_t)c->fcw };
    run_fn *fn = fns[how & 0xff];
    if (fn == NULL)
        return 0;
    uint64_t result = fn(&r);
    x87_commit(c, &r.e, r.stack_fault);
    return result;
}
