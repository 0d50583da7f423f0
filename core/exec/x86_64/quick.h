/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_QUICK_H
#define ORRERY_CORE_EXEC_X86_64_QUICK_H
/*
 * The first tier: most blocks run a few times only, so their code has to be made quickly rather than well.
 *
 * A unit of one block, as the translator left it, is looked through once backwards (what is used, until where) and
 * emitted once forwards. No pass ran over it; a slot that was read or written is remembered while it is in a
 * register, constants are folded, and a comparison whose only user is a condition waits for it. PUTs store at once:
 * memory is always right, so that no call out and no exit has registers to save (dirty = 0, no pins).
 *
 * It does the integer operations that nearly all blocks are made of; some that are seldom are calls. What it does not do, it refuses before anything
 * was emitted, and the unit goes the long way (compile.c). Blocks that run often are compiled that way a
 * second time: exec_options.optimize_threshold.
 *
 *     quick.c         the two walks, values and registers, slots
 *     quick_ops.c     arithmetic, conditions
 *     quick_memory.c  loads, stores, ends
 *     quick_vec.c     vectors: moves, and what is one instruction of SSE2
 *     quick_out.c     what C does: helpers, atomic accesses, operations that are seldom
 *     quick_ends.c    entries and edges
 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

#define QUICK_INSTS 960u /* fewer than FRAME_SPILLS */
#define QUICK_NO_REG 0xffu
#define QUICK_FUSED  0xffffu

struct quick_value {
    uint16_t rep;          /* the value it is another name of, or itself */
    uint16_t last;         /* instruction of its last use; 0: none */
    uint16_t spill;        /* its place in the frame + 1; 0: none; QUICK_FUSED: a SETCC that its user emits */
    uint8_t reg;           /* or QUICK_NO_REG */
    uint8_t home;          /* slot whose memory holds it if in_slot[home] says so */
};

/* What is asked of a slot, without the rest of its description. */
struct quick_slot {
    int32_t disp;          /* from rbp */
    bool w, vec, zero;     /* 64 bits; a vector; none at all */
};

/* A probe that was emitted once: its bytes, and where the displacement of its jump lies. */
struct quick_probe {
    uint8_t length, jump, code[46];
};

struct quick {
    struct x86_gen *g;
    struct x86_asm *a, *cold;
    struct ir_inst *insts;
    const struct ir_guest *guest; /* whose slots these are */
    struct quick_slot slots[IR_MAX_SLOTS];
    uint32_t i;            /* instruction being emitted */
    /*
     * Registers of the pool: free ones hold nothing; `kept` ones a value that nobody in the block waits for but which its
     * slot still has; the others a value that is needed.
     */
    uint32_t free, kept, locked;
    uint16_t of_reg[16];
    uint16_t in_slot[IR_MAX_SLOTS]; /* value the slot's memory holds; 0: not known */
    uint16_t overwritten[IR_MAX_SLOTS];
    uint16_t n_spills;
    uint32_t n_order;      /* what is to be emitted: order[n_order .. QUICK_INSTS) */
    uint16_t order[QUICK_INSTS];
    struct quick_probe probe[2][5];
    uint32_t block_at;     /* where in the cold half the pointer to the block lies */
    struct stub stub;      /* of the load or store being emitted: where its jumps are */
    struct quick_value v[QUICK_INSTS];
};

static inline uint16_t quick_rep(const struct quick *q, uint16_t v)
{
    return q->v[v].rep;
}

static inline bool quick_is_const(const struct quick *q, uint16_t v)
{
    return q->insts[v].op == IR_CONST;
}

/* Does its slot's memory hold it? */
static inline bool quick_is_home(const struct quick *q, uint16_t v)
{
    return q->in_slot[q->v[v].home] == v;
}

static inline struct x86_mem quick_spill_mem(unsigned n)
{
    return mem_at(RSP, (int32_t)(FRAME_ARGS + FRAME_PAGES + 8 * n));
}

/* Where value v is: a register (locked until the instruction ends), a constant, or memory. */
static inline struct opnd quick_opnd(struct quick *q, uint16_t v)
{
    v = q->v[v].rep;
    const struct quick_value *x = &q->v[v];
    if (q->insts[v].op == IR_CONST)
        return (struct opnd){ .kind = O_IMM, .imm = (uint64_t)q->insts[v].imm };
    if (x->reg != QUICK_NO_REG) {
        q->locked |= 1u << x->reg;
        return opnd_reg(x->reg);
    }
    if (quick_is_home(q, v))
        return (struct opnd){ .kind = O_MEM, .reg = RBP, .disp = q->slots[x->home].disp };
    struct x86_mem m = quick_spill_mem(x->spill - 1u);
    return (struct opnd){ .kind = O_MEM, .reg = m.base, .disp = m.disp };
}

/* quick.c: no register is free. */
unsigned quick_take_other(struct quick *q);
/* A register for value v. */
static inline unsigned quick_take(struct quick *q, uint16_t v)
{
    unsigned r = LIKELY(q->free != 0) ? (unsigned)ctz64(q->free) : quick_take_other(q);
    q->free &= ~(1u << r);
    q->of_reg[r] = v;
    q->v[v].reg = (uint8_t)r;
    q->locked |= 1u << r;
    return r;
}

/* In a register: its own, or `scratch` when none is to be had. */
unsigned quick_use(struct quick *q, uint16_t v, unsigned scratch);
/* A register for the result of this instruction. */
static inline unsigned quick_def(struct quick *q)
{
    return quick_take(q, (uint16_t)q->i);
}

/* The same, which may be that of value a (a `rep`) if nobody needs a any longer. */
static inline unsigned quick_def_over(struct quick *q, uint16_t a)
{
    struct quick_value *x = &q->v[a];
    unsigned r = x->reg;
    if (r == QUICK_NO_REG || x->last > q->i || quick_is_home(q, a) || (q->free | q->kept) >> r & 1)
        return quick_take(q, (uint16_t)q->i);
    x->reg = QUICK_NO_REG;
    q->of_reg[r] = (uint16_t)q->i;
    q->v[q->i].reg = (uint8_t)r;
    return r;
}

/* Into that very register; keeps the flags. */
static inline void quick_load(struct x86_asm *a, unsigned reg, struct opnd o, bool w)
{
    if (o.kind == O_REG) {
        if (reg != o.reg)
            asm_rr1(a, 0x8b, w, reg, o.reg);
    } else if (o.kind == O_IMM) {
        asm_mov_ri(a, reg, w ? o.imm : (uint32_t)o.imm);
    } else if (LIKELY(o.reg == RBP)) {
        asm_cpu(a, 0x8b, w, reg, o.disp);
    } else {
        asm_rm(a, 0x8b | (w ? OP_W : 0), reg, opnd_mem(o));
    }
}

/* Does nobody need v, a `rep`, behind this instruction, its register is free. */
static inline void quick_release(struct quick *q, uint16_t v)
{
    struct quick_value *x = &q->v[v];
    unsigned r = x->reg;
    if (x->last > q->i || r == QUICK_NO_REG)
        return;
    if (quick_is_home(q, v)) {
        q->kept |= 1u << r;
    } else {
        q->free |= 1u << r;
        x->reg = QUICK_NO_REG;
    }
}

/* The jumps of the displacement at `at` come to the stub that is next. */
static inline void quick_come_here(struct quick *q, uint32_t at)
{
    uint32_t disp = asm_offset(q->cold) - (at + 4);
    memcpy(q->cold->start + at, &disp, 4);
}

/* Behind an instruction whose first argument is a condition. */
static inline void quick_end_condition(struct quick *q, uint16_t a)
{
    a = q->v[a].rep;
    quick_release(q, a);
    if (q->v[a].spill == QUICK_FUSED) {
        quick_release(q, q->v[q->insts[a].a].rep);
        quick_release(q, q->v[q->insts[a].b].rep);
    }
}

/* Behind an instruction with `args` arguments, none of them a condition: registers of what nobody needs any longer are free. */
static inline void quick_end_inst(struct quick *q, const struct ir_inst *in, unsigned args)
{
    q->locked = 0;
    if (args > 0)
        quick_release(q, q->v[in->a].rep);
    if (args > 1)
        quick_release(q, q->v[in->b].rep);
    if (args > 2)
        quick_release(q, q->v[in->c].rep);
    if (args > 3)
        quick_release(q, q->v[(uint16_t)in->imm2].rep);
}
/* Where calls out of this instruction say they are. */
const struct x86_site *quick_site(struct quick *q, const struct ir_inst *in, x86_out_fn *fn);
/* All operands are known: the instruction becomes a constant, in the unit itself. */
bool quick_fold_all(struct quick *q, struct ir_inst *in);
static inline bool quick_fold(struct quick *q, struct ir_inst *in)
{
    uint16_t a = quick_rep(q, in->a);
    return quick_is_const(q, a) && quick_fold_all(q, in);
}

/* Each emits one instruction, its end included. */
typedef void quick_fn(struct quick *q, struct ir_inst *in);

/* quick_ops.c */
quick_fn quick_alu, quick_not, quick_shift, quick_mul, quick_bswap, quick_extend, quick_extract, quick_deposit,
    quick_setcc, quick_select, quick_pc;
/* Compare for a (SETCC or any i64) != 0; returns the condition. Uses rax, rcx. */
unsigned quick_condition(struct quick *q, uint16_t v);

/* quick_memory.c */
quick_fn quick_access, quick_trap, quick_end;
/* Where calls out of this instruction go on. */
void quick_call_out(struct quick *q, const struct x86_site *site);
/* reg = base + disp */
void quick_load_address(struct x86_asm *a, unsigned reg, struct opnd base, int32_t disp);
/* rdx = base + disp; the addend to rax, or to the stub q->stub, where its jumps are. */
void quick_probe(struct quick *q, const struct ir_inst *in, struct opnd base);
/* Where value v is, as the base of an access: in a register if one is to be had for nothing. */
struct opnd quick_base(struct quick *q, uint16_t v);
/* op reg, [base + disp] behind the probe; uses rcx. */
void quick_access_at(struct quick *q, uint32_t op, unsigned reg, struct opnd base, int32_t disp);
/* quick_vec.c: vectors, which are in no register between instructions */
quick_fn quick_vec_const, quick_vec_2, quick_vec_tops, quick_vec_lane, quick_vec_scalar, quick_vec_insert;
void quick_vec_get_away(struct quick *q, uint16_t v); /* what its slot holds will be overwritten */
void quick_vec_put(struct quick *q, uint16_t v, unsigned slot);
void quick_vec_access(struct quick *q, const struct ir_inst *in);
bool quick_vec_can(const struct ir_inst *in);
/* quick_out.c */
quick_fn quick_call, quick_atomic, quick_fence, quick_eval;
/* quick_ends.c: as x86_emit_entry and x86_outer_edge, with their stubs */
void quick_entry(struct quick *q);
void quick_edge(struct quick *q, unsigned side);
/* quick.c: a helper may write them. */
void quick_leave_slots(struct quick *q, const struct ir_inst *in);

#endif
