/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_X87_RUN_H
#define ORRERY_CPU_X86_X87_RUN_H
/*
 * An x87 instruction that is executed by fp80's integers, and the register stack: what x87_execute.c (arithmetic), x87_compare.c
 * and x87_move.c (loads, stores, the stack itself) share.
 *
 * An unmasked invalid operation, division by zero or denormal operand leaves operands and stack as they were; other unmasked
 * exceptions are seen after the result is in its register (SDM volume 1, 8.6).
 */
#include "cpu/x86/x87_op.h"

/* One instruction under way. */
struct run {
    struct x86_cpu *c;
    uint64_t how, value;
    struct fp80_env e;
    bool stack_fault;
};
typedef uint64_t run_fn(struct run *r);

/* ---- stack ---- */
static inline bool x87_is_empty(const struct x86_cpu *c, unsigned i)
{
    return !(c->ftw >> x87_phys(c, i) & 1);
}

static inline struct fp80 x87_get(const struct x86_cpu *c, unsigned i)
{
    unsigned n = x87_phys(c, i);
    return (struct fp80){ c->st[n].m, (uint16_t)c->st[n].se };
}

static inline void x87_set(struct x86_cpu *c, unsigned i, struct fp80 v)
{
    unsigned n = x87_phys(c, i);
    c->st[n].m = v.m;
    c->st[n].se = v.se;
    c->ftw |= 1u << n;
}

static inline void x87_set_empty(struct x86_cpu *c, unsigned i)
{
    c->ftw &= ~(1ull << x87_phys(c, i));
}

static inline void x87_pop(struct x86_cpu *c)
{
    x87_set_empty(c, 0);
    x87_set_top(c, x87_top(c) + 1);
}

static inline void x87_push(struct x86_cpu *c, struct fp80 v)
{
    x87_set_top(c, x87_top(c) - 1);
    x87_set(c, 0, v);
}

/* SDM volume 1, 8.5.1.1. True: masked, and the result is the indefinite. C1 says overflow. */
static inline bool x87_stack_fault(struct run *r, bool overflow)
{
    r->e.flags |= FP80_IE;
    r->e.up = overflow;
    r->stack_fault = true;
    return r->e.control & FP80_IE;
}

static inline unsigned x87_reg_of(const struct run *r)
{
    return (unsigned)(r->how >> X87_I_SHIFT) & 7;
}

static inline enum x87_source x87_source_of(uint64_t how)
{
    return (enum x87_source)(how >> X87_SOURCE_SHIFT & 15);
}

static inline void x87_pops(struct run *r)
{
    if (r->how & (X87_POP | X87_POP2))
        x87_pop(r->c);
    if (r->how & X87_POP2)
        x87_pop(r->c);
}

static inline void x87_set_cc(struct run *r, uint64_t mask, uint64_t bits)
{
    r->c->fsw = (r->c->fsw & ~mask) | bits;
}

static inline bool x87_is_amd(const struct run *r)
{
    return r->c->config->vendor == X86_AMD;
}

/* C1 stays as it is, where no stack fault says otherwise. */
static inline void x87_keep_c1(struct run *r)
{
    r->e.up = r->c->fsw & X87_C1;
}

static inline bool x87_source_is_empty(const struct run *r)
{
    return x87_source_of(r->how) == X87_FROM_ST && x87_is_empty(r->c, x87_reg_of(r));
}

/* ---- x87_execute.c ---- */
/* The other operand: ST(i), or what memory held. */
struct fp80 x87_operand(struct run *r);
/* Status after an instruction whose arithmetic left *e. */
void x87_commit(struct x86_cpu *c, const struct fp80_env *e, bool stack_fault);

/* ---- x87_compare.c: the result of compare_flags (FCOMI, FUCOMI) is the arithmetic flags; of the others nobody asks ---- */
uint64_t x87_run_compare(struct run *r);
uint64_t x87_run_compare_flags(struct run *r);
uint64_t x87_run_test(struct run *r);
uint64_t x87_run_examine(struct run *r);

/* ---- x87_move.c ---- */
uint64_t x87_run_load(struct run *r); /* constants, too */
uint64_t x87_run_exchange(struct run *r);
uint64_t x87_run_copy(struct run *r);
uint64_t x87_run_copy_any(struct run *r);
uint64_t x87_run_move_if(struct run *r);
uint64_t x87_run_free(struct run *r);
uint64_t x87_run_rotate(struct run *r);

#endif
