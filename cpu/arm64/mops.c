/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory copies and sets (FEAT_MOPS): Arm ARM, C6.2 CPYFP ... SETGE and the functions CPYParams, SETParams. This PE
 * implements option A: NZCV is 0000 between the three, and Xn counts towards zero. Forwards it is
 * negative and added to addresses that are ends; backwards it is positive and they are beginnings.
 *
 * The prologue moves nothing. The main instruction moves a page at most and comes again while there is more, so
 * that interrupts are taken in between; the epilogue takes what is less than a page. Registers are
 * brought up to date after each piece, so after a fault they tell exactly what was done.
 */
#include "core/exec/parallel.h"
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"
#include <string.h>

/* Row arguments, and the helpers' with registers and options above them. */
enum {
    SET = 1, SETG = 2, FORWARD = 4, /* CPYF* */
    MAIN = 8, EPILOGUE = 16,
    RD = 8, RS = 13, RN = 18, OPTIONS = 23, /* where those lie */
};
/* Options of copies; of sets the first one only. The others say "non-temporal": nothing here. */
enum { WRITE_UNPRIV = 1, READ_UNPRIV = 2 };

struct transfer {
    struct a64_cpu *a;
    uint64_t *dst, *src, *size; /* registers; src NULL: a set */
    uint8_t fill;
    unsigned read, write;       /* enum insn_mem and A64_ACCESS_* */
    unsigned read_regime, write_regime; /* IR_MEM_REGIME */
    uint64_t insn;
    bool entered;               /* the machine's lock is held for all of it */
};

static unsigned reg(uint64_t insn, unsigned at)
{
    return insn >> at & 31;
}

static struct transfer open_transfer(struct a64_cpu *a, uint64_t insn)
{
    unsigned options = insn >> OPTIONS & 15, rs = reg(insn, RS);
    bool read = !(insn & SET) && (options & READ_UNPRIV), write = options & WRITE_UNPRIV;
    unsigned regime = a->mode & A64_MODE_UNPRIV ? A64_REGIME_UNPRIV << 12 : 0;
    return (struct transfer){
        .a = a, .insn = insn,
        .dst = &a->x[reg(insn, RD)],
        .src = insn & SET ? NULL : &a->x[rs],
        .size = &a->x[reg(insn, RN)],
        .fill = (insn & SET) && rs != 31 ? (uint8_t)a->x[rs] : 0,
        .read = INSN_MEM_READ | (read ? A64_ACCESS_UNPRIV : 0u),
        .write = INSN_MEM_WRITE | (write ? A64_ACCESS_UNPRIV : 0u),
        .read_regime = read ? regime : 0,
        .write_regime = write ? regime : 0,
    };
}

/* ---- what is refused ---- */
/* CheckMOPSEnabled(): SCTLR_ELx.MSCEn for EL0, HCRX_EL2.MSCEn for a guest. */
static bool enabled(const struct a64_cpu *a)
{
    bool host = a64_host(a);
    if (a->el < 2 && a64_el2_enabled(a) && !(a->el == 0 && host) && !(a64_hcrx(a) & A64_HCRX_MSCEN))
        return false;
    return a->el != 0 || (a->sctlr[host ? 2 : 1] & A64_SCTLR_MSCEN);
}

/* MismatchedCpySetTargetEL() */
static unsigned mismatch_target(const struct a64_cpu *a)
{
    return a->el == 1 && a64_el2_enabled(a) && (a64_hcrx(a) & A64_HCRX_MCE2) ? 2 : a64_target_el(a);
}

/* D24.2.40, "ISS encoding for an exception from the Memory Copy and Memory Set instructions" */
static void raise_mismatch(struct a64_cpu *a, uint64_t insn, bool wrong_option)
{
    uint64_t iss = (insn & SET ? 1u << 24 : 0) | (insn & SETG ? 1u << 23 : 0) |
                   (insn >> OPTIONS & 15) << 19 | (insn & EPILOGUE ? 1u << 18 : 0) |
                   (wrong_option ? 1u << 17 : 0) | 1u << 16 | (uint64_t)reg(insn, RD) << 10 |
                   (uint64_t)reg(insn, RS) << 5 | reg(insn, RN);
    a64_raise(a, mismatch_target(a), A64_ESR(A64_EC_MOPS, iss));
}

/* SETG*: whole granules. */
static bool is_misaligned(struct a64_cpu *a, uint64_t insn, va_t dst, uint64_t size)
{
    bool bad = size % MEM_TAG_GRANULE != 0 || (size != 0 && dst % MEM_TAG_GRANULE != 0);
    if (!(insn & SETG) || !bad)
        return false;
    a64_raise_align(&a->cpu, dst, CPU_STORE);
    return true;
}

/* ---- prologue ---- */
static uint64_t saturated(uint64_t insn, uint64_t size)
{
    if (!(insn & (SET | FORWARD))) /* CPY*: 55 bits */
        return MIN(size, 0x007fffffffffffffull);
    uint64_t most = insn & SETG ? 0x7ffffffffffffff0ull : 0x7fffffffffffffffull;
    return MIN(size, most);
}

/* Backwards where the destination begins inside the source; by bits 55:0 of the addresses. */
static bool is_forward(const struct transfer *m, uint64_t size)
{
    if (m->src == NULL || (m->insn & FORWARD))
        return true;
    uint64_t from = zext(*m->src, 56), to = zext(*m->dst, 56);
    return !(from < to && to < zext(from + size, 56));
}

uint64_t a64_helper_mops_prologue(struct cpu *cpu, uint64_t insn, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (!enabled(a)) {
        a64_raise_undefined(a);
        return 0;
    }
    struct transfer m = open_transfer(a, insn);
    uint64_t size = saturated(insn, *m.size);
    if (is_misaligned(a, insn, *m.dst, size))
        return 0;
    if (!is_forward(&m, size)) {
        *m.size = size;
        return 0;
    }
    *m.dst += size;
    if (m.src != NULL)
        *m.src += size;
    *m.size = 0 - size;
    return 0;
}

/* ---- pieces ---- */
static bool checked(struct a64_cpu *a, va_t va, uint64_t bytes, unsigned kind, bool tagged)
{
    uint32_t mte = kind & A64_ACCESS_UNPRIV ? A64_MODE_MTE0 : A64_MODE_MTE;
    if (UNLIKELY(a->mode & A64_MODE_WATCH)) {
        a64_helper_watch(&a->cpu, va, bytes, kind | 1u << A64_ACCESS_ELEMENT, 0);
        if (a->cpu.exit & CPU_EXIT_EXCEPTION)
            return false;
    }
    return LIKELY(!(a->mode & mte)) || !tagged || a64_mte_check(a, va, bytes, kind);
}

/* Checks that may fail, and tags, go by granules. */
static bool is_fine(const struct transfer *m)
{
    return (m->a->mode & (A64_MODE_WATCH | A64_MODE_MTE | A64_MODE_MTE0)) || (m->insn & SETG);
}

/* How much of the next piece both sides can tell exactly. */
static uint64_t bounded(const struct transfer *m, va_t va, uint64_t n, bool forward)
{
    uint64_t unit = is_fine(m) ? MEM_TAG_GRANULE : MEM_PAGE;
    uint64_t room = forward ? unit - (va & (unit - 1)) : ((va - 1) & (unit - 1)) + 1;
    return MIN(n, room);
}

/* By the slow path, eight bytes where both addresses are aligned to them; 0: it faulted. */
static uint64_t by_parts(struct transfer *m, va_t dst, va_t src, uint64_t n, bool forward)
{
    struct cpu *cpu = &m->a->cpu;
    uint64_t v = 0x0101010101010101ull * m->fill;
    uint64_t at = forward ? 0 : n;
    unsigned part = n >= 8 && ((dst + at) | (m->src != NULL ? src + at : 0)) % 8 == 0 ? 8 : 1;
    at = forward ? 0 : n - part;
    bool entered = !m->entered && exec_enter_machine(cpu, false);
    if ((m->src != NULL && mmu_slow_load(cpu, src + at, ir_memop(part, m->read_regime), &v) != 0) ||
        mmu_slow_store(cpu, dst + at, ir_memop(part, m->write_regime), v) != 0)
        part = 0;
    if (entered)
        exec_leave_machine(cpu);
    return part;
}

/* Bytes [0, n) of dst and src, inside a page each, from the front or from the back. What was done; 0: it faulted. */
static uint64_t move(struct transfer *m, va_t dst, va_t src, uint64_t n, bool forward)
{
    struct cpu *cpu = &m->a->cpu;
    if (!checked(m->a, dst, n, m->write, !(m->insn & SETG)) ||
        (m->src != NULL && !checked(m->a, src, n, m->read, true)))
        return 0;
    uint8_t *to = m->write_regime == 0 ? mmu_store_hit(cpu, dst, (unsigned)n) : NULL;
    const uint8_t *from = m->src == NULL || m->read_regime != 0 ? NULL : mmu_load_hit(cpu, src, (unsigned)n);
    if (to == NULL || (m->src != NULL && from == NULL))
        return by_parts(m, dst, src, n, forward);
    if (from != NULL)
        memmove(to, from, n);
    else
        memset(to, m->fill, n);
    return n;
}

/* SETG: data in whole granules, then their tag. */
static uint64_t move_tagged(struct transfer *m, va_t dst)
{
    uint64_t done = 0;
    while (done < MEM_TAG_GRANULE) {
        uint64_t part = move(m, dst + done, 0, MEM_TAG_GRANULE - done, true);
        if (part == 0)
            return 0;
        done += part;
    }
    return a64_mte_store_tags(m->a, dst, MEM_TAG_GRANULE, dst >> 56 & 15, m->write) ? done : 0;
}

/* A page's worth at most. */
static void step(struct transfer *m)
{
    uint64_t budget = MEM_PAGE;
    while (*m->size != 0 && budget != 0) {
        bool forward = *m->size >> 63;
        uint64_t left = forward ? 0 - *m->size : *m->size;
        va_t dst = *m->dst + *m->size, src = m->src != NULL ? *m->src + *m->size : 0; /* where it stands */
        uint64_t n = bounded(m, dst, MIN(left, budget), forward);
        if (m->src != NULL)
            n = bounded(m, src, n, forward);
        if (!forward)
            dst -= n, src -= n;
        uint64_t done = m->insn & SETG ? move_tagged(m, dst) : move(m, dst, src, n, forward);
        if (done == 0)
            return;
        *m->size += forward ? done : 0 - done;
        budget -= MIN(done, budget);
    }
}

/* Result: 0 when all is done. */
uint64_t a64_helper_mops(struct cpu *cpu, uint64_t insn, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (!enabled(a)) {
        a64_raise_undefined(a);
        return 0;
    }
    struct transfer m = open_transfer(a, insn);
    uint64_t left = *m.size >> 63 ? 0 - *m.size : *m.size;
    bool sets_up = (insn & (SET | FORWARD)) && !(*m.size >> 63); /* these only count up */
    if (left == 0)
        return 0;
    if (a->cf & 1) {
        raise_mismatch(a, insn, true);
        return 0;
    }
    if (sets_up || ((insn & EPILOGUE) && left >= MEM_PAGE)) {
        raise_mismatch(a, insn, false);
        return 0;
    }
    if (is_misaligned(a, insn, *m.dst + *m.size, left))
        return *m.size;
    m.entered = is_fine(&m) && exec_enter_machine(cpu, true);
    step(&m);
    if (m.entered)
        exec_leave_machine(cpu);
    return *m.size;
}

/* ---- translation ---- */
static void mops(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned rd = t->d.rd, rs = t->d.rs, rn = t->d.rn;
    if (rd == rs || rs == rn || rd == rn) { /* CONSTRAINED UNPREDICTABLE (K1.2.17) */
        a64_undefined(t);
        return;
    }
    ir_val_t insn = a64_const(t, arg | (uint64_t)rd << RD | (uint64_t)rs << RS | (uint64_t)rn << RN |
                                     (uint64_t)t->d.options << OPTIONS);
    if (!(arg & (MAIN | EPILOGUE))) {
        ir_call(u, IR_VOID, A64_HELPER_mops_prologue, insn, IR_NONE, IR_NONE, IR_NONE);
        a64_set_flags_const(t, 0);
        return;
    }
    ir_val_t more = ir_call(u, IR_I64, A64_HELPER_mops, insn, IR_NONE, IR_NONE, IR_NONE);
    ir_branch(u, more, t->at, a64_next(t));
    t->ended = true;
}

/* clang-format off */
#define THREE(name, arg)                                                                           \
    { A64_INSN_##name##P, 0, mops, arg }, { A64_INSN_##name##M, 0, mops, (arg) | MAIN },           \
    { A64_INSN_##name##E, 0, mops, (arg) | EPILOGUE }
const struct a64_semantics a64_mops_rows[] = {
    THREE(CPYF, FORWARD), THREE(CPY, 0), THREE(SET, SET), THREE(SETG, SET | SETG),
    A64_ROWS_END
};
/* clang-format on */
