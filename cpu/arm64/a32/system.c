/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception generation, status register, hints, barriers: Arm ARM, F4.1.5, F4.1.13 (A32), F3.1 (T32). What privileged
 * instructions do in User mode: CPS and SETPAN nothing, the others are UNDEFINED.
 */
#include "core/util/bits.h"
#include "cpu/arm64/a32/a32_impl.h"
#include "cpu/arm64/bits.h"

enum { ESR_IL = 1u << 25 };

/* ---- SVC, BKPT ---- */
static void call_exception(struct a32_tr *t, unsigned helper, unsigned ec, ir_val_t b)
{
    struct ir_unit *u = a32_u(t);
    uint64_t esr = A64_ESR(ec, (uint64_t)t->o.imm & 0xffff);
    if (t->thumb) /* 16 bits long */
        esr &= ~(uint64_t)ESR_IL;
    ir_call(u, IR_VOID, helper, ir_const(u, IR_I64, esr), b, IR_NONE, IR_NONE);
    ir_exit(u, IR_EXIT_LOOKUP, t->b.at);
    t->b.ended = true;
}

static void svc(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    call_exception(t, A64_HELPER_svc, A64_EC_SVC32, ir_const(a32_u(t), IR_I64, t->it_after));
}

/* Also in an IT block, whatever the condition (F5.1, BKPT). */
static void bkpt(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    call_exception(t, A64_HELPER_brk, A64_EC_BKPT32, IR_NONE);
}

/* ---- APSR, and what else of CPSR User mode may read and write ---- */
enum { CPSR_MODE_USER = 0x10, CPSR_E = 1 << 9, CPSR_DIT = 1 << 21, CPSR_SSBS = 1 << 23 };

uint64_t a64_helper_a32_cpsr_read(struct cpu *cpu, uint64_t a0, uint64_t b, uint64_t c, uint64_t d)
{
    const struct a64_cpu *a = A64_CPU(cpu);
    (void)a0, (void)b, (void)c, (void)d;
    return (a->ssbs ? CPSR_SSBS : 0u) | (a->dit ? CPSR_DIT : 0u);
}

uint64_t a64_helper_a32_cpsr_write(struct cpu *cpu, uint64_t value, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (a64_cpu_has(a, A64_F_SSBS))
        a->ssbs = (value & CPSR_SSBS) != 0;
    if (a64_cpu_has(a, A64_F_DIT))
        a->dit = (value & CPSR_DIT) != 0;
    return 0;
}

static bool has_speculation_bits(const struct a32_tr *t)
{
    return a64_cpu_has(t->b.a, A64_F_SSBS) || a64_cpu_has(t->b.a, A64_F_DIT);
}

static void mrs(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    ir_val_t n = ir_op2i(u, IR_SHR, IR_I64, ir_get(u, A64_SLOT_NF), 63);
    ir_val_t z = ir_setcc(u, IR_I64, IR_EQ, ir_get(u, A64_SLOT_ZF), ir_const(u, IR_I64, 0));
    ir_val_t v = ir_op2i(u, IR_SHR, IR_I64, ir_get(u, A64_SLOT_VF), 63);
    ir_val_t r = ir_const(u, IR_I64, CPSR_MODE_USER | (t->b.mode & A64_MODE_BE ? CPSR_E : 0u));
    r = ir_deposit(u, IR_I64, r, n, 31, 1);
    r = ir_deposit(u, IR_I64, r, z, 30, 1);
    r = ir_deposit(u, IR_I64, r, ir_get(u, A64_SLOT_CF), 29, 1);
    r = ir_deposit(u, IR_I64, r, v, 28, 1);
    r = ir_deposit(u, IR_I64, r, ir_get(u, A64_SLOT_Q), 27, 1);
    r = ir_deposit(u, IR_I64, r, ir_get(u, A64_SLOT_GE), 16, 4);
    if (has_speculation_bits(t))
        r = ir_or(u, IR_I64, r, ir_call(u, IR_I64, A64_HELPER_a32_cpsr_read, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    a32_put_slot(t, t->o.rd, r);
}

uint64_t a64_helper_a32_setend(struct cpu *cpu, uint64_t big, uint64_t checked, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)c, (void)d;
    if (checked && (a->sctlr[a64_regime_el(a, 0)] & A64_SCTLR_SED)) {
        a64_raise_undefined(a);
        return 0;
    }
    a->a32 = (a->a32 & ~(uint64_t)CPSR_E) | (big ? CPSR_E : 0u);
    a64_level_changed(a);
    return 0;
}

/* CPSRWriteByInstr() in User mode: mask 3 the flags, 2 GE, SSBS and DIT, 1 E. */
static void msr_value(struct a32_tr *t, ir_val_t v)
{
    struct ir_unit *u = a32_u(t);
    if (t->o.mask & 8) {
        a64_set_flags_bits(&t->b, ir_extract(u, IR_I64, v, 31, 1), ir_extract(u, IR_I64, v, 30, 1),
                           ir_extract(u, IR_I64, v, 29, 1), ir_extract(u, IR_I64, v, 28, 1));
        ir_put(u, A64_SLOT_Q, ir_extract(u, IR_I64, v, 27, 1));
    }
    if (t->o.mask & 4)
        ir_put(u, A64_SLOT_GE, ir_extract(u, IR_I64, v, 16, 4));
    if ((t->o.mask & 4) && has_speculation_bits(t))
        ir_call(u, IR_VOID, A64_HELPER_a32_cpsr_write, v, IR_NONE, IR_NONE, IR_NONE);
    if (t->o.mask & 2) {
        a32_settle_it(t);
        ir_call(u, IR_VOID, A64_HELPER_a32_setend, ir_extract(u, IR_I64, v, 9, 1), ir_const(u, IR_I64, 0),
                IR_NONE, IR_NONE);
        a32_exit(t, IR_EXIT_LOOKUP, a32_next(t));
    }
}

static void msr_reg(struct a32_tr *t, unsigned arg)
{
    unsigned n = t->thumb ? t->o.rn : t->o.rm;
    (void)arg;
    if (n == 15)
        a32_undefined(t);
    else
        msr_value(t, ir_zext(a32_u(t), IR_I64, a32_r(t, n), 32));
}

static void msr_imm(struct a32_tr *t, unsigned arg)
{
    uint32_t value;
    int carry;
    (void)arg;
    if (a32_expand_imm(t, &value, &carry))
        msr_value(t, ir_const(a32_u(t), IR_I64, value));
}

static void setend(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    a32_settle_it(t);
    ir_call(u, IR_VOID, A64_HELPER_a32_setend, ir_const(u, IR_I64, t->o.be), ir_const(u, IR_I64, 1), IR_NONE,
            IR_NONE);
    a32_exit(t, IR_EXIT_LOOKUP, a32_next(t));
}

/* ---- hints ---- */
enum { HINT_YIELD = 1, HINT_WFE, HINT_WFI, HINT_SEV, HINT_SEVL, HINT_ESB = 16 };

/* A64's waits; a trapped one of 16 bits says so. */
uint64_t a64_helper_a32_wait(struct cpu *cpu, uint64_t event, uint64_t narrow, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (event)
        a64_helper_wfe(cpu, 1, 0, 31, 0);
    else
        a64_helper_wfi(cpu, 0, 0, 0, 0);
    if (narrow && (cpu->exit & CPU_EXIT_EXCEPTION))
        cpu->fault.value &= ~(uint64_t)ESR_IL;
    return 0;
}

static void wait(struct a32_tr *t, bool event)
{
    struct ir_unit *u = a32_u(t);
    ir_call(u, IR_VOID, A64_HELPER_a32_wait, ir_const(u, IR_I64, event),
            ir_const(u, IR_I64, t->thumb && !t->wide), IR_NONE, IR_NONE);
    a32_exit(t, event ? IR_EXIT_YIELD : IR_EXIT_IDLE, a32_next(t));
}

static void hint(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    switch (t->o.imm) {
    case HINT_YIELD: a32_exit(t, IR_EXIT_YIELD, a32_next(t)); break;
    case HINT_WFE: wait(t, true); break;
    case HINT_WFI: wait(t, false); break;
    case HINT_SEV: case HINT_SEVL:
        ir_call(u, IR_VOID, A64_HELPER_sev, ir_const(u, IR_I64, t->o.imm == HINT_SEV), IR_NONE, IR_NONE, IR_NONE);
        break;
    case HINT_ESB:
        if (a64_cpu_has(t->b.a, A64_F_RAS))
            ir_call(u, IR_VOID, A64_HELPER_esb, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        break;
    default: break; /* NOP, CSDB, DBG, and what is not allocated */
    }
}

static void nothing(struct a32_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

/* IT: firstcond and mask are ITSTATE (F5.1, IT). AL with more than one instruction is UNPREDICTABLE. */
static void it(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (a32_in_it(t) || ((t->b.mode & A64_MODE_ITD) && t->o.mask != 8)) {
        a32_undefined(t);
        return;
    }
    t->it_after = (unsigned)t->o.cond << 4 | t->o.mask;
}

/* ---- barriers ---- */
static void barrier(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(a32_u(t), IR_FENCE_FULL);
}

static void isb(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(a32_u(t), IR_FENCE_FULL);
    a32_exit(t, IR_EXIT_LOOKUP, a32_next(t));
}

static void clrex(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(a32_u(t), IR_VOID, A64_HELPER_clrex, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

/* clang-format off */
#define ROWS                                                                                       \
    ROW(MRS, A32_SEM_NO_PC, mrs) ROW(MSR_REG, 0, msr_reg) ROW(HINT, 0, hint) ROW(CPS, 0, nothing)  \
    ROW(CLREX, 0, clrex) ROW(DSB, 0, barrier) ROW(DMB, 0, barrier) ROW(ISB, 0, isb) ROW(SB, 0, barrier)
const struct a32_semantics a32_system_rows[] = {
#define ROW(name, flags, fn) { A32_INSN_##name, flags, fn, 0 },
    ROWS
#undef ROW
    { A32_INSN_MSR_IMM, 0, msr_imm, 0 }, { A32_INSN_SETEND, 0, setend, 0 }, { A32_INSN_SETPAN, 0, nothing, 0 },
    { A32_INSN_SVC, 0, svc, 0 }, { A32_INSN_BKPT, 0, bkpt, 0 },
    A32_ROWS_END
};
const struct a32_semantics t32_system_rows[] = {
#define ROW(name, flags, fn) { T32_INSN_##name, flags, fn, 0 },
    ROWS
#undef ROW
    { T32_INSN_CPS_M, 0, nothing, 0 },
    A32_ROWS_END
};
const struct a32_semantics t16_system_rows[] = {
    { T16_INSN_HINT, 0, hint, 0 }, { T16_INSN_CPS, 0, nothing, 0 }, { T16_INSN_SETEND, 0, setend, 0 },
    { T16_INSN_SETPAN, 0, nothing, 0 }, { T16_INSN_IT, A32_SEM_COND, it, 0 },
    { T16_INSN_SVC, 0, svc, 0 }, { T16_INSN_BKPT, A32_SEM_COND, bkpt, 0 },
    A32_ROWS_END
};
/* clang-format on */
