/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MCR, MRC, MCRR, MRRC of coprocessors 14 and 15 at EL0: Arm ARM, F4.1.15, G8. What EL0 may reach are views of A64's
 * registers, so A64's tables check and do it; only the syndrome of a trap is AArch32's. Everything else is
 * UNDEFINED.
 */
#include "core/util/bits.h"
#include "cpu/arm64/a32/a32_impl.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/sysreg.h"

enum { READ = 1, PAIR = 2, CP14 = 4 }; /* what an access is; its ISS from bit 8 on, the register from bit 40 */

/* ISS of a trapped access, CV = 1 and COND = 14 (D24.2.40). The target is that of A64's trap. */
static void trap_syndrome(struct cpu *cpu, uint64_t what)
{
    static const uint8_t ec[8] = { 3, 3, 4, 4, 5, 5, 0xc, 0xc };
    uint64_t iss = (what >> 8 & 0xfffff) | 0xeu << 20 | 1u << 24;
    if ((cpu->exit & CPU_EXIT_EXCEPTION) && cpu->fault.value >> 26 == A64_EC_SYSREG)
        cpu->fault.value = A64_ESR(ec[what & 7], iss);
}

/* HSTR_EL2.T<n>: CRn (of pairs CRm) of coprocessor 15, for EL0 of a guest that EL1 lets through. */
static bool hstr_trapped(struct a64_cpu *a, uint64_t what)
{
    unsigned n = what >> 8 >> (what & PAIR ? 1 : 10) & 15;
    if ((what & CP14) || !a64_el2_enabled(a) || a64_host(a) || n == 4 || n == 14 || !(a->hstr_el2 >> n & 1) ||
        a64_sysreg_denied(a, (uint32_t)(what >> 40), what & READ))
        return false;
    a64_raise(a, 2, A64_ESR(A64_EC_SYSREG, 0));
    trap_syndrome(&a->cpu, what);
    return true;
}

uint64_t a64_helper_a32_read(struct cpu *cpu, uint64_t what, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t value = 0;
    (void)b, (void)c, (void)d;
    if (hstr_trapped(A64_CPU(cpu), what))
        return 0;
    a64_sysreg_access(A64_CPU(cpu), (uint32_t)(what >> 40), true, 31, &value);
    trap_syndrome(cpu, what);
    return value;
}

uint64_t a64_helper_a32_write(struct cpu *cpu, uint64_t what, uint64_t value, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (hstr_trapped(A64_CPU(cpu), what))
        return 0;
    a64_sysreg_access(A64_CPU(cpu), (uint32_t)(what >> 40), false, 31, &value);
    trap_syndrome(cpu, what);
    return 0;
}

/* CP15DMB, CP15DSB, CP15ISB: SCTLR.CP15BEN, then HSTR_EL2.T7. */
uint64_t a64_helper_a32_barrier(struct cpu *cpu, uint64_t what, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (!(a->sctlr[a64_regime_el(a, 0)] & A64_SCTLR_CP15BEN))
        a64_raise_undefined(a);
    else
        hstr_trapped(a, what);
    return 0;
}

static uint64_t iss_of(const struct a32_tr *t, bool read)
{
    const struct a32_op *o = &t->o;
    return (uint64_t)o->opc2 << 17 | (uint64_t)o->opc1 << 14 | (uint64_t)o->crn << 10 | (uint64_t)o->rt << 5 |
           (uint64_t)o->crm << 1 | read;
}

/* A64's register with the same CRn, CRm and opc2, where both have it; 0: none. */
static uint32_t register_of(const struct a32_tr *t)
{
    unsigned crn = t->o.crn, crm = t->o.crm, op2 = t->o.opc2;
    if (t->o.opc1 != 0)
        return 0;
    if (!t->o.cp) /* DBGDSCRint, DBGDTRRXint and DBGDTRTXint */
        return crn == 0 && op2 == 0 && (crm == 1 || crm == 5) ? A64_REG(2, 3, 0, crm, 0) : 0;
    bool there = (crn == 13 && crm == 0 && (op2 == 2 || op2 == 3)) ||           /* TPIDRURW, TPIDRURO */
                 (crn == 14 && crm == 0 && op2 == 0) ||                         /* CNTFRQ */
                 (crn == 14 && (crm == 2 || crm == 3) && op2 < 2) ||            /* CNTP_, CNTV_TVAL and CTL */
                 (crn == 14 && crm >= 8) || (crn == 9 && crm >= 12 && crm < 15); /* performance monitors */
    return there ? A64_REG(3, 3, crn, crm, op2) : 0;
}

static uint64_t packed(uint32_t reg, uint64_t iss, unsigned what)
{
    return (uint64_t)reg << 40 | iss << 8 | what;
}

static bool cp15_barrier(struct a32_tr *t)
{
    struct ir_unit *u = a32_u(t);
    unsigned crm = t->o.crm, op2 = t->o.opc2;
    bool is_isb = crm == 5 && op2 == 4;
    if (!t->o.cp || t->o.opc1 != 0 || t->o.crn != 7 || !(is_isb || (crm == 10 && (op2 == 4 || op2 == 5))))
        return false;
    ir_call(u, IR_VOID, A64_HELPER_a32_barrier, ir_const(u, IR_I64, packed(0, iss_of(t, false), 0)), IR_NONE,
            IR_NONE, IR_NONE);
    ir_fence(u, IR_FENCE_FULL);
    if (is_isb)
        a32_exit(t, IR_EXIT_LOOKUP, a32_next(t));
    return true;
}

/* Without traps about, the thread registers are plain slots. */
static unsigned thread_slot(const struct a32_tr *t, uint32_t reg, bool read)
{
    if (t->b.mode & A64_MODE_TRAPS)
        return 0;
    if (reg == A64_REG(3, 3, 13, 0, 2))
        return A64_SLOT_TPIDR_EL0;
    return reg == A64_REG(3, 3, 13, 0, 3) && read ? A64_SLOT_TPIDRRO : 0;
}

static void write_reg(struct a32_tr *t, uint64_t what, ir_val_t value)
{
    struct ir_unit *u = a32_u(t);
    a32_settle_it(t);
    ir_call(u, IR_VOID, A64_HELPER_a32_write, ir_const(u, IR_I64, what), value, IR_NONE, IR_NONE);
    a32_exit(t, IR_EXIT_LOOKUP, a32_next(t));
}

static void mcr(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    uint32_t reg = register_of(t);
    (void)arg;
    if (cp15_barrier(t))
        return;
    if (reg == 0 || t->o.rt == 15) {
        a32_undefined(t);
        return;
    }
    ir_val_t v = ir_zext(u, IR_I64, ir_get(u, t->o.rt), 32);
    unsigned slot = thread_slot(t, reg, false);
    if (slot != 0) /* the upper half is A64's alone */
        ir_put(u, slot, ir_deposit(u, IR_I64, ir_get(u, slot), v, 0, 32));
    else
        write_reg(t, packed(reg, iss_of(t, false), t->o.cp ? 0 : CP14), v);
}

/* Rt = 15 of DBGDSCRint writes the flags. */
static void mrc(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    uint32_t reg = register_of(t);
    (void)arg;
    if (reg == 0 || (t->o.rt == 15 && reg != A64_REG(2, 3, 0, 1, 0))) {
        a32_undefined(t);
        return;
    }
    unsigned slot = thread_slot(t, reg, true);
    uint64_t what = packed(reg, iss_of(t, true), READ | (t->o.cp ? 0u : CP14));
    ir_val_t v = slot != 0 ? ir_get(u, slot)
                           : ir_call(u, IR_I64, A64_HELPER_a32_read, ir_const(u, IR_I64, what), IR_NONE, IR_NONE,
                                     IR_NONE);
    if (t->o.rt == 15)
        a64_set_flags_bits(&t->b, ir_extract(u, IR_I64, v, 31, 1), ir_extract(u, IR_I64, v, 30, 1),
                           ir_extract(u, IR_I64, v, 29, 1), ir_extract(u, IR_I64, v, 28, 1));
    else
        a32_put(t, t->o.rt, ir_trunc(u, v));
}

/* Registers of 64 bits: PMCCNTR, CNTPCT, CNTVCT, the compare values, the self-synchronized counts. */
static uint32_t pair_register(const struct a32_tr *t)
{
    static const struct {
        uint8_t crm, opc1;
        uint32_t reg;
    } pairs[] = {
        { 9, 0, A64_REG(3, 3, 9, 13, 0) },  { 14, 0, A64_REG(3, 3, 14, 0, 1) }, { 14, 1, A64_REG(3, 3, 14, 0, 2) },
        { 14, 2, A64_REG(3, 3, 14, 2, 2) }, { 14, 3, A64_REG(3, 3, 14, 3, 2) }, { 14, 8, A64_REG(3, 3, 14, 0, 5) },
        { 14, 9, A64_REG(3, 3, 14, 0, 6) },
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs) && t->o.cp; i++)
        if (pairs[i].crm == t->o.crm && pairs[i].opc1 == t->o.opc1)
            return pairs[i].reg;
    return 0;
}

static void pair(struct a32_tr *t, unsigned read)
{
    struct ir_unit *u = a32_u(t);
    const struct a32_op *o = &t->o;
    uint32_t reg = pair_register(t);
    uint64_t iss = (uint64_t)o->opc1 << 16 | (uint64_t)o->rt2 << 10 | (uint64_t)o->rt << 5 |
                   (uint64_t)o->crm << 1 | read;
    if (reg == 0 || o->rt == 15 || o->rt2 == 15 || (read && o->rt == o->rt2)) {
        a32_undefined(t);
        return;
    }
    if (!read) {
        write_reg(t, packed(reg, iss, PAIR),
                  ir_deposit(u, IR_I64, ir_get(u, o->rt), ir_get(u, o->rt2), 32, 32));
        return;
    }
    ir_val_t v = ir_call(u, IR_I64, A64_HELPER_a32_read, ir_const(u, IR_I64, packed(reg, iss, PAIR | READ)),
                         IR_NONE, IR_NONE, IR_NONE);
    a32_put(t, o->rt, ir_trunc(u, v));
    a32_put(t, o->rt2, ir_trunc(u, ir_op2i(u, IR_SHR, IR_I64, v, 32)));
}

const struct a32_semantics a32_coprocessor_rows[] = {
    { A32_INSN_MCR, 0, mcr, 0 },
    { A32_INSN_MRC, 0, mrc, 0 },
    { A32_INSN_MCRR, 0, pair, 0 },
    { A32_INSN_MRRC, 0, pair, READ },
    A32_ROWS_END
};
const struct a32_semantics t32_coprocessor_rows[] = {
    { T32_INSN_MCR, 0, mcr, 0 },
    { T32_INSN_MRC, 0, mrc, 0 },
    { T32_INSN_MCRR, 0, pair, 0 },
    { T32_INSN_MRRC, 0, pair, READ },
    A32_ROWS_END
};
