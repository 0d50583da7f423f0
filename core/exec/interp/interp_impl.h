/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_INTERP_INTERP_IMPL_H
#define ORRERY_CORE_EXEC_INTERP_INTERP_IMPL_H
/*
 * The portable interpreter, private parts. A unit is decoded once into an array of
 * `struct op`: one function pointer and its operands per IR instruction, INSN
 * markers left out. An op returns the one to go on with, NULL to leave.
 *
 *     ... compile: IR unit -> struct code (in the block's arena)
 *     ... run:     op = op->fn(run, op) until NULL
 *
 * Values live in one array, numbered from the start of their block; vectors in another.
 */
#include "core/exec/backend.h"
#include "core/exec/hooks.h"
#include "core/ir/eval.h"
#include "core/timing/model.h"
#include <string.h>

struct run;
struct op;
typedef const struct op *op_fn(struct run *r, const struct op *o);

struct op {
    op_fn *fn;
    uint16_t dst, a, b, c;          /* places in run.v; 0 = none */
    uint8_t type, aux;
    uint16_t aux2;
    const struct cpu_site *site;    /* operations that may fault, and CALL */
    int64_t imm, imm2;
};

/* A canonical block of the unit. */
struct piece {
    const struct op *first;
    int32_t start;
    uint32_t cost;
    uint16_t n_insns;
    const struct insn_at *last;     /* its last guest instruction */
    const struct piece *next[2];    /* inside a region: where edge 0, 1 goes; else NULL */
};

struct code {
    struct piece *pieces;
    const struct ir_guest *guest;
    uint32_t hooks;                 /* enum tm_hook */
    struct exec_block *region;      /* set by `replace`: where arrivals go instead */
};

/* One call of `run`. */
struct run {
    struct cpu *cpu;
    uint64_t *v;                    /* values of the running block; v[0] = 0 */
    union ir_vec *q;                /* those that are vectors, at the same places */
    struct exec_block *block;
    const struct code *code;
    const struct piece *piece;
    enum exec_leave leave;
};

/* The handler of an instruction; NULL: the interpreter does not know it. */
op_fn *interp_int_handler(const struct ir_inst *in);
op_fn *interp_memory_handler(const struct ir_inst *in);
op_fn *interp_fp_handler(const struct ir_inst *in);
op_fn *interp_vector_handler(const struct ir_inst *in);
op_fn *interp_flow_handler(const struct ir_inst *in);

/* Run-time steps shared by the handlers. */
const struct op *interp_fault(struct run *r, const struct op *o); /* the operation was not done */
const struct op *interp_enter(struct run *r, struct exec_block *b);

static inline const struct op *interp_leave(struct run *r, enum exec_leave why, va_t pc)
{
    r->cpu->pc = pc;
    r->leave = why;
    return NULL;
}

static inline va_t interp_va(const struct run *r, int64_t at)
{
    return r->cpu->page + (va_t)at;
}

#endif
