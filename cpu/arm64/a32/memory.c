/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores: Arm ARM, F4.1.6-F4.1.11 (A32), F3.1 (T32). Single bytes, halfwords and words may be
 * misaligned while SCTLR.A allows it; pairs, lists and ordered accesses may not (E2.8.1). Results and writeback
 * are put after the last access that may fault.
 */
#include "cpu/arm64/a32/a32_impl.h"
#include "mmu/tlb.h"

/* ---- one access ---- */
uint64_t a64_helper_a32_load(struct cpu *cpu, uint64_t cond, uint64_t va, uint64_t memop, uint64_t d)
{
    uint64_t value = 0;
    (void)d;
    if (cond && mmu_slow_load(cpu, va, (uint32_t)memop, &value) != 0)
        return 0; /* faulted or to be started over: cpu->exit says so */
    return value;
}

uint64_t a64_helper_a32_store(struct cpu *cpu, uint64_t cond, uint64_t va, uint64_t memop, uint64_t value)
{
    if (cond)
        (void)!mmu_slow_store(cpu, va, (uint32_t)memop, value);
    return 0;
}

static ir_val_t access(struct a32_tr *t, ir_val_t va, int disp, unsigned bytes, unsigned kind, unsigned flags)
{
    if (flags & IR_MEM_ALIGNED)
        kind |= A64_ACCESS_ALIGNED;
    ir_val_t base = ir_zext(a32_u(t), IR_I64, va, 32);
    a64_check_access(&t->b, 0, base, disp, bytes, kind, false);
    return base;
}

static ir_val_t plus(struct a32_tr *t, ir_val_t base, int disp)
{
    return disp == 0 ? base : ir_op2i(a32_u(t), IR_ADD, IR_I64, base, (uint64_t)(int64_t)disp);
}

ir_val_t a32_load(struct a32_tr *t, ir_val_t va, int disp, unsigned bytes, unsigned flags)
{
    struct ir_unit *u = a32_u(t);
    uint16_t memop = a64_memop(&t->b, bytes, flags);
    ir_val_t base = access(t, va, disp, bytes, INSN_MEM_READ, flags);
    if (t->sel == IR_NONE)
        return ir_load(u, IR_I32, base, disp, memop);
    return ir_trunc(u, ir_call(u, IR_I64, A64_HELPER_a32_load, t->sel, plus(t, base, disp),
                               ir_const(u, IR_I64, memop), IR_NONE));
}

void a32_store(struct a32_tr *t, ir_val_t va, int disp, unsigned bytes, unsigned flags, ir_val_t v)
{
    struct ir_unit *u = a32_u(t);
    uint16_t memop = a64_memop(&t->b, bytes, flags);
    ir_val_t base = access(t, va, disp, bytes, INSN_MEM_WRITE, flags);
    if (t->sel == IR_NONE)
        ir_store(u, IR_I32, base, disp, v, memop);
    else
        ir_call(u, IR_VOID, A64_HELPER_a32_store, t->sel, plus(t, base, disp), ir_const(u, IR_I64, memop),
                ir_zext(u, IR_I64, v, 32));
}

/* ---- single registers ---- */
enum { /* row arguments: bytes, then */
       BYTES = 0xf, SIGNED = 0x10, STORE = 0x20,
       UP = 0x40,      /* [Rn, #imm] only, added */
       BY_REG = 0x80,  /* offset Rm, shifted by stype and imm */
       LITERAL = 0x100, SP_BASE = 0x200,
       LSL = 0x400,    /* T32: Rm LSL imm */
       THUMB8 = 0x800, /* T32: P = W = 0 is UNDEFINED */
       ACQ = 0x1000, REL = 0x2000,
       PLAIN = 0x4000  /* BY_REG of [Rn, Rm] without more: T16 */
};

/* What the row's fields do not say. */
static void complete(struct a32_tr *t, unsigned arg)
{
    if (arg & (UP | LITERAL | LSL | PLAIN | ACQ | REL)) {
        t->o.p = 1;
        t->o.w = 0;
    }
    if (arg & (UP | LSL | PLAIN | ACQ | REL))
        t->o.u = 1;
    if (arg & SP_BASE)
        t->o.rn = 13;
    if (arg & LITERAL)
        t->o.rn = 15;
    if (arg & (LSL | PLAIN))
        t->o.stype = 0;
    if (arg & (PLAIN | ACQ | REL))
        t->o.imm = 0;
}

static ir_val_t offset_of(struct a32_tr *t, unsigned arg)
{
    ir_val_t unused;
    if (arg & BY_REG)
        return a32_shift_imm(t, a32_r(t, t->o.rm), t->o.stype, (unsigned)t->o.imm, &unused);
    return a32_const(t, (uint32_t)t->o.imm);
}

/* What is UNPREDICTABLE and refused here: PC with writeback, as an index, or in less than a word. */
static bool single_refused(const struct a32_tr *t, unsigned arg, bool back)
{
    return (back && t->o.rn == 15) || ((arg & BY_REG) && t->o.rm == 15) ||
           (t->o.rt == 15 && ((arg & BYTES) != 4 || (arg & (ACQ | REL)) || (t->thumb && (arg & STORE)))) ||
           (t->o.rn == 15 && (arg & (ACQ | REL))) || ((arg & THUMB8) && !t->o.p && !t->o.w);
}

static void single(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned bytes = arg & BYTES, flags = arg & SIGNED ? IR_MEM_SIGNED : 0u;
    complete(t, arg);
    bool back = !t->o.p || t->o.w;
    if (single_refused(t, arg, back)) {
        a32_undefined(t);
        return;
    }
    if (arg & (ACQ | REL))
        flags |= IR_MEM_ALIGNED | IR_MEM_ATOMIC | (arg & ACQ ? IR_MEM_ACQUIRE : IR_MEM_RELEASE);
    ir_val_t base = t->o.rn == 15 ? a32_literal(t, 0) : a32_r(t, t->o.rn);
    ir_val_t moved = ir_op2(u, t->o.u ? IR_ADD : IR_SUB, IR_I32, base, offset_of(t, arg));
    ir_val_t va = t->o.p ? moved : base;
    if (arg & STORE) {
        a32_store(t, va, 0, bytes, flags, a32_r(t, t->o.rt));
        if (back)
            a32_put(t, t->o.rn, moved);
        return;
    }
    ir_val_t v = a32_load(t, va, 0, bytes, flags);
    if (back)
        a32_put(t, t->o.rn, moved);
    if (t->o.rt == 15)
        a32_bx(t, v, t->o.rn == 13 ? IR_LINK_RETURN : IR_LINK_NONE);
    else
        a32_put(t, t->o.rt, v);
}

/* A32 halfwords: [Rn, +-Rm] without a shift. */
static void by_plain_register(struct a32_tr *t, unsigned arg)
{
    t->o.imm = t->o.stype = 0;
    single(t, arg | BY_REG);
}

/* ---- pairs ---- */
static void dual(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned rt = t->o.rt, rt2 = t->thumb ? t->o.rt2 : rt + 1u;
    if (t->thumb && (arg & THUMB8)) /* the post-indexed row */
        t->o.p = 0, t->o.w = 1;
    bool back = !t->o.p || t->o.w;
    if (rt2 == 15 || rt == 15 || (back && t->o.rn == 15) || (!t->thumb && !t->o.p && t->o.w) ||
        ((arg & BY_REG) && t->o.rm == 15)) {
        a32_undefined(t);
        return;
    }
    ir_val_t base = t->o.rn == 15 ? a32_literal(t, 0) : a32_r(t, t->o.rn);
    ir_val_t by = arg & BY_REG ? a32_r(t, t->o.rm) : a32_const(t, (uint32_t)t->o.imm);
    ir_val_t moved = ir_op2(u, t->o.u ? IR_ADD : IR_SUB, IR_I32, base, by);
    ir_val_t va = t->o.p ? moved : base;
    if (arg & STORE) {
        a32_store(t, va, 0, 4, IR_MEM_ALIGNED, a32_r(t, rt));
        a32_store(t, va, 4, 4, IR_MEM_ALIGNED, a32_r(t, rt2));
        if (back)
            a32_put(t, t->o.rn, moved);
        return;
    }
    ir_val_t v = a32_load(t, va, 0, 4, IR_MEM_ALIGNED), w = a32_load(t, va, 4, 4, IR_MEM_ALIGNED);
    if (back)
        a32_put(t, t->o.rn, moved);
    a32_put(t, rt, v);
    a32_put(t, rt2, w);
}

/* ---- lists ---- */
static void store_list(struct a32_tr *t, ir_val_t va, unsigned list)
{
    int at = 0;
    for (unsigned n = 0; n < 16; n++)
        if (list >> n & 1) {
            a32_store(t, va, at, 4, IR_MEM_ALIGNED, a32_r(t, n));
            at += 4;
        }
}

/* The base is put first: a base in the list of a load keeps what was loaded. */
static void load_list(struct a32_tr *t, ir_val_t va, unsigned list, ir_val_t back)
{
    ir_val_t v[16];
    int at = 0;
    for (unsigned n = 0; n < 16; n++)
        if (list >> n & 1) {
            v[n] = a32_load(t, va, at, 4, IR_MEM_ALIGNED);
            at += 4;
        }
    if (back != IR_NONE)
        a32_put(t, t->o.rn, back);
    for (unsigned n = 0; n < 15; n++)
        if (list >> n & 1)
            a32_put(t, n, v[n]);
    if (list >> 15 & 1)
        a32_bx(t, v[15], t->o.rn == 13 ? IR_LINK_RETURN : IR_LINK_NONE);
}

/* u: upwards; p: the first address is one word on (A32's four modes, F5.1.57 ff). */
static void multiple(struct a32_tr *t, unsigned store)
{
    struct ir_unit *u = a32_u(t);
    unsigned list = (unsigned)t->o.imm & 0xffff;
    uint32_t bytes = 4u * (unsigned)__builtin_popcount(list);
    if (list == 0 || t->o.rn == 15 || (t->thumb && (list & (store ? 1u << 15 : 1u << 13)))) {
        a32_undefined(t);
        return;
    }
    ir_val_t base = a32_r(t, t->o.rn);
    uint32_t first = t->o.u ? (t->o.p ? 4u : 0u) : (t->o.p ? 0u : 4u) - bytes;
    ir_val_t va = first == 0 ? base : ir_op2i(u, IR_ADD, IR_I32, base, first);
    ir_val_t back = t->o.w ? ir_op2i(u, IR_ADD, IR_I32, base, t->o.u ? bytes : 0u - bytes) : IR_NONE;
    if (!store) {
        load_list(t, va, list, back);
        return;
    }
    store_list(t, va, list);
    if (back != IR_NONE)
        a32_put(t, t->o.rn, back);
}

enum { LIST_STORE = 1, LIST_DB = 2, LIST_PUSH = 4, LIST_16 = 8 };

/* T32's rows leave direction and more to their names. */
static void list_thumb(struct a32_tr *t, unsigned arg)
{
    bool store = arg & LIST_STORE;
    t->o.u = !(arg & LIST_DB);
    t->o.p = (arg & LIST_DB) != 0;
    if (arg & LIST_PUSH) {
        unsigned list = (unsigned)t->o.imm;
        t->o.imm = (list & 0xff) | (list & 0x100 ? 1u << (store ? 14 : 15) : 0u);
        t->o.rn = 13;
        t->o.w = 1;
    } else if (arg & LIST_16) {
        t->o.w = store || !((unsigned)t->o.imm >> t->o.rn & 1);
    } else if (store) {
        t->o.imm |= (int64_t)t->o.m << 14;
    }
    multiple(t, store);
}

static void prefetch(struct a32_tr *t, unsigned arg)
{
    (void)t, (void)arg; /* caches hold no data here, and a prefetch never faults */
}

/* clang-format off */
enum { M = A32_SEM_MEMORY };
const struct a32_semantics a32_memory_rows[] = {
#define PAIR(name, arg) { A32_INSN_##name##_IMM, M, single, arg }, { A32_INSN_##name##_REG, M, single, (arg) | BY_REG }
#define PLAIN_REG(name, arg) { A32_INSN_##name##_IMM, M, single, arg }, { A32_INSN_##name##_REG, M, by_plain_register, arg }
    PAIR(LDR, 4), PAIR(LDRB, 1), PAIR(STR, 4 | STORE), PAIR(STRB, 1 | STORE),
    PLAIN_REG(LDRH, 2), PLAIN_REG(LDRSB, 1 | SIGNED), PLAIN_REG(LDRSH, 2 | SIGNED), PLAIN_REG(STRH, 2 | STORE),
    { A32_INSN_LDRD_IMM, M, dual, 0 }, { A32_INSN_LDRD_REG, M, dual, BY_REG },
    { A32_INSN_STRD_IMM, M, dual, STORE }, { A32_INSN_STRD_REG, M, dual, STORE | BY_REG },
    { A32_INSN_LDA, M, single, 4 | ACQ }, { A32_INSN_LDAB, M, single, 1 | ACQ }, { A32_INSN_LDAH, M, single, 2 | ACQ },
    { A32_INSN_STL, M, single, 4 | STORE | REL }, { A32_INSN_STLB, M, single, 1 | STORE | REL },
    { A32_INSN_STLH, M, single, 2 | STORE | REL },
    { A32_INSN_LDM, M, multiple, 0 }, { A32_INSN_STM, M, multiple, 1 },
    { A32_INSN_PLD_IMM, 0, prefetch, 0 }, { A32_INSN_PLI_IMM, 0, prefetch, 0 },
    { A32_INSN_PLD_REG, 0, prefetch, 0 }, { A32_INSN_PLI_REG, 0, prefetch, 0 },
    A32_ROWS_END
};
#define SINGLE(name, arg)                                                                          \
    { T32_INSN_##name##_IMM12, M, single, (arg) | UP }, { T32_INSN_##name##_IMM8, M, single, (arg) | THUMB8 }, \
    { T32_INSN_##name##_REG, M, single, (arg) | BY_REG | LSL }
const struct a32_semantics t32_memory_rows[] = {
    SINGLE(LDR, 4), SINGLE(LDRB, 1), SINGLE(LDRH, 2), SINGLE(LDRSB, 1 | SIGNED), SINGLE(LDRSH, 2 | SIGNED),
    SINGLE(STR, 4 | STORE), SINGLE(STRB, 1 | STORE), SINGLE(STRH, 2 | STORE),
    { T32_INSN_LDR_LIT, M, single, 4 | LITERAL }, { T32_INSN_LDRB_LIT, M, single, 1 | LITERAL },
    { T32_INSN_LDRH_LIT, M, single, 2 | LITERAL }, { T32_INSN_LDRSB_LIT, M, single, 1 | SIGNED | LITERAL },
    { T32_INSN_LDRSH_LIT, M, single, 2 | SIGNED | LITERAL },
    { T32_INSN_LDRD_IMM, M, dual, 0 }, { T32_INSN_LDRD_POST, M, dual, THUMB8 },
    { T32_INSN_STRD_IMM, M, dual, STORE }, { T32_INSN_STRD_POST, M, dual, STORE | THUMB8 },
    { T32_INSN_LDA, M, single, 4 | ACQ }, { T32_INSN_LDAB, M, single, 1 | ACQ }, { T32_INSN_LDAH, M, single, 2 | ACQ },
    { T32_INSN_STL, M, single, 4 | STORE | REL }, { T32_INSN_STLB, M, single, 1 | STORE | REL },
    { T32_INSN_STLH, M, single, 2 | STORE | REL },
    { T32_INSN_LDM_IA, M, list_thumb, 0 }, { T32_INSN_LDM_DB, M, list_thumb, LIST_DB },
    { T32_INSN_STM_IA, M, list_thumb, LIST_STORE }, { T32_INSN_STM_DB, M, list_thumb, LIST_STORE | LIST_DB },
    { T32_INSN_PLD_IMM12, 0, prefetch, 0 }, { T32_INSN_PLD_IMM8, 0, prefetch, 0 },
    { T32_INSN_PLD_REG, 0, prefetch, 0 }, { T32_INSN_PLD_LIT, 0, prefetch, 0 },
    A32_ROWS_END
};
#define REG16(name, arg) { T16_INSN_##name##_REG, M, single, (arg) | BY_REG | PLAIN }
#define IMM16(name, arg) { T16_INSN_##name##_IMM, M, single, (arg) | UP }
const struct a32_semantics t16_memory_rows[] = {
    REG16(STR, 4 | STORE), REG16(STRH, 2 | STORE), REG16(STRB, 1 | STORE), REG16(LDRSB, 1 | SIGNED), REG16(LDR, 4),
    REG16(LDRH, 2), REG16(LDRB, 1), REG16(LDRSH, 2 | SIGNED),
    IMM16(STR, 4 | STORE), IMM16(STRB, 1 | STORE), IMM16(STRH, 2 | STORE), IMM16(LDR, 4), IMM16(LDRB, 1), IMM16(LDRH, 2),
    { T16_INSN_STR_SP, M, single, 4 | STORE | UP | SP_BASE }, { T16_INSN_LDR_SP, M, single, 4 | UP | SP_BASE },
    { T16_INSN_LDR_LIT, M, single, 4 | UP | LITERAL },
    { T16_INSN_STM, M, list_thumb, LIST_STORE | LIST_16 }, { T16_INSN_LDM, M, list_thumb, LIST_16 },
    { T16_INSN_PUSH, M, list_thumb, LIST_STORE | LIST_PUSH | LIST_DB }, { T16_INSN_POP, M, list_thumb, LIST_PUSH },
    A32_ROWS_END
};
/* clang-format on */
