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
 * What is run once is not decoded as a whole: once.c.
 */
#include "core/exec/backend.h"
#include "core/exec/hooks.h"
#include "core/ir/eval.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include <string.h>

/* clang-format off */
/* Operations of ir_eval on both widths of integers. */
#define INTERP_TYPED(X) INTERP_EVALUATED(X) X(SELECT)
#define INTERP_EVALUATED(X)                                                                        \
    X(ADD) X(SUB) X(AND) X(OR) X(XOR) X(ANDN) X(ORN) X(XNOR) X(SHL) X(SHR) X(SAR) X(ROL) X(ROR)   \
    X(MUL) X(MULHS) X(MULHU) X(MULHSU) X(DIVS) X(DIVU) X(REMS) X(REMU) X(CLZ) X(CTZ) X(POPCNT)    \
    X(BSWAP) X(SEXT) X(ZEXT) X(TRUNC) X(EXTRACT) X(DEPOSIT) X(SETCC) X(BITCAST)
/* clang-format on */

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
    bool jumps;                     /* jump entries lead to the interpreter's blocks: it runs them all */
    uint64_t *v;                    /* of the one block of a unit that is used once; else NULL, and the back end's */
    union ir_vec *q;
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

/*
 * Instruction `i` of the unit, in a chain that begins at instruction `first`. A value's place is 1 + its distance from
 * there. ERR_UNSUPPORTED: the interpreter does not know it.
 */
int interp_decode(const struct ir_unit *u, uint32_t i, uint32_t first, const struct cpu_site *site, struct op *o, struct err *e);

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

/* Host address of the access, NULL if it must take the slow path. */
static inline uint8_t *interp_probe(const struct mmu_set *set, bool store, va_t va, uint32_t memop)
{
    const struct mmu_entry *e = &(store ? set->store : set->load)[mmu_way(set, va)];
    uint64_t size = 1u << (memop & IR_MEM_SIZE);
    bool strict = memop & (IR_MEM_ALIGNED | IR_MEM_ATOMIC);
    if ((va ^ e->tag) > MEM_PAGE - size || (memop & IR_MEM_REGIME) || (strict && va & (size - 1)))
        return NULL;
    return (uint8_t *)(uintptr_t)(va + e->addend);
}

static inline uint64_t interp_swapped(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

/* As the memop says, extended to 64 bits. */
static inline uint64_t interp_load_host(const uint8_t *host, uint32_t memop)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    uint64_t v = ld_le(host, size);
    if (memop & IR_MEM_BE)
        v = interp_swapped(v, size);
    return memop & IR_MEM_SIGNED ? sext(v, 8 * size) : v;
}

static inline void interp_store_host(uint8_t *host, uint32_t memop, uint64_t v)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    st_le(host, memop & IR_MEM_BE ? interp_swapped(v, size) : v, size);
}

/* Where CPUs run on several host threads, what the host does not order by itself. */
static inline void interp_fence(unsigned kind)
{
    if (kind == IR_FENCE_FULL)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
