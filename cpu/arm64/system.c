/* SPDX-License-Identifier: Apache-2.0 */
/* System instructions: Arm ARM, C4.1.93: registers, PSTATE fields, hints, barriers. */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"
#include <string.h>

/* ---- MSR, MRS, SYS, SYSL: one helper each way, and one for what takes no lock of the machine (a64_sysreg_is_own) ---- */
static uint32_t code_of(uint32_t word)
{
    return A64_REG(word >> 19 & 3, word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7);
}

enum { CTR = A64_REG(3, 3, 0, 0, 1), DCZID = A64_REG(3, 3, 0, 0, 7) };
enum { NZCV = A64_REG(3, 3, 4, 2, 0), ZVA = A64_REG(1, 3, 7, 4, 1), DAIF = A64_REG(3, 3, 4, 2, 1), RNDR = A64_REG(3, 3, 2, 4, 0), RNDRRS = A64_REG(3, 3, 2, 4, 1) };

uint64_t a64_helper_mrs(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t c, uint64_t d)
{
    uint64_t value = 0;
    (void)c, (void)d;
    a64_sysreg_access(A64_CPU(cpu), (uint32_t)code, true, (unsigned)rt, &value);
    return value;
}

uint64_t a64_helper_mrs_own(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t c, uint64_t d)
{
    return a64_helper_mrs(cpu, code, rt, c, d);
}

/* Counters: to read them may trap, but touches nothing. */
uint64_t a64_helper_mrs_count(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t c, uint64_t d)
{
    return a64_helper_mrs(cpu, code, rt, c, d);
}

static bool is_count(uint32_t code)
{
    uint32_t pct = A64_REG(3, 3, 14, 0, 1), vct = A64_REG(3, 3, 14, 0, 2);
    uint32_t pctss = A64_REG(3, 3, 14, 0, 5), vctss = A64_REG(3, 3, 14, 0, 6);
    return code == pct || code == vct || code == pctss || code == vctss;
}

uint64_t a64_helper_mrs_flags(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t c, uint64_t d)
{
    return a64_helper_mrs(cpu, code, rt, c, d);
}

uint64_t a64_helper_msr(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t value, uint64_t d)
{
    (void)d;
    a64_sysreg_access(A64_CPU(cpu), (uint32_t)code, false, (unsigned)rt, &value);
    return 0;
}

uint64_t a64_helper_msr_own(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t value, uint64_t d)
{
    return a64_helper_msr(cpu, code, rt, value, d);
}

uint64_t a64_helper_msr_mode(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t value, uint64_t d)
{
    return a64_helper_msr(cpu, code, rt, value, d);
}

uint64_t a64_helper_msr_mode_own(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t value, uint64_t d)
{
    return a64_helper_msr(cpu, code, rt, value, d);
}

/* DC ZVA in line where nothing traps it or looks at it: kernels clear pages with it. */
static bool zero_inline(struct a64_tr *t, ir_val_t va)
{
    uint64_t size = 4ull << (t->a->config->dczid & 15);
    if (size < 16 || size > 128 ||
        (t->mode & (A64_MODE_CACHE_TRAPS | A64_MODE_WATCH | A64_MODE_MTE | A64_MODE_COUNT)))
        return false;
    ir_val_t block = ir_op2i(t->u, IR_AND, IR_I64, va, ~(size - 1)), zero = ir_vconst(t->u, 0, 0);
    for (uint64_t i = 0; i < size; i += 16)
        ir_store(t->u, IR_V128, block, (int64_t)i, zero, ir_memop(16, 0));
    return true;
}

/* The same without the search for its row. */
uint64_t a64_helper_zva(struct cpu *cpu, uint64_t code, uint64_t rt, uint64_t va, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint64_t size = 4ull << (a->config->dczid & 15);
    uint8_t *host = mmu_store_hit(cpu, va & ~(size - 1), (unsigned)size);
    bool trapped = (a->hcr_el2 & A64_HCR_TDZ) || (a->hfgitr_el2 & B(11)); /* DCZVA */
    if (UNLIKELY(a->el == 0 || trapped || (a->mode & (A64_MODE_WATCH | A64_MODE_MTE)) || host == NULL))
        return a64_helper_msr(cpu, code, rt, va, d);
    memset(host, 0, size);
    return 0;
}

static ir_val_t nzcv_bits(struct a64_tr *t)
{
    struct ir_unit *u = t->u;
    ir_val_t zero = a64_const(t, 0);
    ir_val_t n = ir_op2i(u, IR_SHR, IR_I64, ir_get(u, A64_SLOT_NF), 63);
    ir_val_t z = ir_setcc(u, IR_I64, IR_EQ, ir_get(u, A64_SLOT_ZF), zero);
    ir_val_t v = ir_op2i(u, IR_SHR, IR_I64, ir_get(u, A64_SLOT_VF), 63);
    ir_val_t r = ir_op2i(u, IR_SHL, IR_I64, n, 31);
    r = ir_deposit(u, IR_I64, r, z, 30, 1);
    r = ir_deposit(u, IR_I64, r, ir_get(u, A64_SLOT_CF), 29, 1);
    return ir_deposit(u, IR_I64, r, v, 28, 1);
}

/*
 * Registers that are values, read and written without a helper where nothing traps them: `el` is the
 * least level. Those of EL1 that E2H redirects have EL2's slot beside theirs.
 */
static const struct plain_reg {
    uint32_t code;
    uint8_t el, slot, e2h_slot;
    bool read_only_at_el0, trapped, only_read;
} plain[] = {
    { A64_REG(3, 3, 13, 0, 2), 0, A64_SLOT_TPIDR_EL0, A64_SLOT_TPIDR_EL0, false, true },
    { A64_REG(3, 3, 13, 0, 3), 0, A64_SLOT_TPIDRRO, A64_SLOT_TPIDRRO, true, true },
    { A64_REG(3, 0, 13, 0, 4), 1, A64_SLOT_TPIDR_EL1, A64_SLOT_TPIDR_EL1, false, true },
    { A64_REG(3, 4, 13, 0, 2), 2, A64_SLOT_TPIDR_EL2, A64_SLOT_TPIDR_EL2, false, false },
    { A64_REG(3, 0, 4, 1, 0), 1, A64_SLOT_SP_EL0, A64_SLOT_SP_EL0, false, false },
    { A64_REG(3, 0, 4, 0, 0), 1, A64_SLOT_SPSR_EL1, A64_SLOT_SPSR_EL2, false, false },
    { A64_REG(3, 0, 4, 0, 1), 1, A64_SLOT_ELR_EL1, A64_SLOT_ELR_EL2, false, false },
    { A64_REG(3, 4, 4, 0, 0), 2, A64_SLOT_SPSR_EL2, A64_SLOT_SPSR_EL2, false, false },
    { A64_REG(3, 4, 4, 0, 1), 2, A64_SLOT_ELR_EL2, A64_SLOT_ELR_EL2, false, false },
    { A64_REG(3, 0, 5, 2, 0), 1, A64_SLOT_ESR_EL1, A64_SLOT_ESR_EL2, false, true },
    { A64_REG(3, 0, 6, 0, 0), 1, A64_SLOT_FAR_EL1, A64_SLOT_FAR_EL2, false, true },
    { A64_REG(3, 0, 2, 0, 2), 1, A64_SLOT_TCR_EL1, A64_SLOT_TCR_EL2, false, true, true },
    { A64_REG(3, 4, 5, 2, 0), 2, A64_SLOT_ESR_EL2, A64_SLOT_ESR_EL2, false, false },
    { A64_REG(3, 4, 6, 0, 0), 2, A64_SLOT_FAR_EL2, A64_SLOT_FAR_EL2, false, false },
};

/* The slot to use for it in this mode; 0: not this way. */
static unsigned plain_slot(const struct a64_tr *t, uint32_t code, bool read)
{
    unsigned el = t->mode & A64_MODE_EL;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        const struct plain_reg *p = &plain[i];
        if (p->code != code)
            continue;
        if (el < p->el || (p->trapped && (t->mode & A64_MODE_TRAPS)) ||
            (!read && (p->only_read || (el == 0 && p->read_only_at_el0))) ||
            (p->slot == A64_SLOT_SP_EL0 && (t->mode & A64_MODE_SP0)) ||
            ((code >> 11 & 7) == 4 && !a64_cpu_has(t->a, A64_F_EL2)))
            return 0;
        return el == 2 && (t->mode & A64_MODE_E2H) ? p->e2h_slot : p->slot;
    }
    return 0;
}

static void mrs(struct a64_tr *t, unsigned arg)
{
    unsigned slot;
    uint32_t code = code_of(t->word);
    unsigned rt = t->word & 31;
    (void)arg;
    if (code == NZCV) {
        a64_put_x(t, IR_I64, rt, nzcv_bits(t));
        return;
    }
    if (code == DAIF && (t->mode & A64_MODE_EL) != 0)
        slot = A64_SLOT_DAIF;
    else
        slot = plain_slot(t, code, true);
    if (slot != 0) {
        a64_put_x(t, IR_I64, rt, ir_get(t->u, slot));
        return;
    }
    if ((code == CTR || code == DCZID) && !(t->mode & A64_MODE_CACHE_TRAPS)) {
        a64_put_x(t, IR_I64, rt, a64_const(t, code == CTR ? t->a->config->ctr : t->a->config->dczid));
        return;
    }
    bool random = code == RNDR || code == RNDRRS; /* sets NZCV */
    unsigned helper = random           ? A64_HELPER_mrs_flags
                      : is_count(code) ? A64_HELPER_mrs_count
                      : a64_sysreg_is_own(t->a, code, true) ? A64_HELPER_mrs_own
                                                            : A64_HELPER_mrs;
    ir_val_t v = ir_call(t->u, IR_I64, helper, a64_const(t, code), a64_const(t, rt), IR_NONE, IR_NONE);
    if (random)
        t->flags = A64_FLAGS_SLOTS;
    a64_put_x(t, IR_I64, rt, v);
}

/*
 * Interrupts that this PSTATE.DAIF lets in: the PE leaves at the next canonical boundary. The slot
 * is written by translated code, and not read here.
 */
uint64_t a64_helper_unmasked(struct cpu *cpu, uint64_t daif, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    if (a64_interrupt_due(A64_CPU(cpu), daif))
        cpu->exit |= CPU_EXIT_RESYNC;
    return 0;
}

/* Where no debug exception depends on PSTATE.D, unmasking changes nothing in the block key. */
static void put_daif(struct a64_tr *t, ir_val_t daif)
{
    ir_put(t->u, A64_SLOT_DAIF, daif);
    ir_call(t->u, IR_VOID, A64_HELPER_unmasked, daif, IR_NONE, IR_NONE, IR_NONE);
    t->wrote = true;
}

static void msr(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    uint32_t code = code_of(t->word);
    unsigned rt = t->word & 31;
    ir_val_t value = a64_x(t, IR_I64, rt);
    (void)arg;
    if (code == NZCV) {
        a64_set_flags_bits(t, ir_extract(u, IR_I64, value, 31, 1), ir_extract(u, IR_I64, value, 30, 1),
                           ir_extract(u, IR_I64, value, 29, 1), ir_extract(u, IR_I64, value, 28, 1));
        return;
    }
    unsigned slot = plain_slot(t, code, false);
    if (slot != 0) {
        ir_put(u, slot, value);
        return;
    }
    if (code == DAIF && (t->mode & A64_MODE_EL) != 0 && !(t->mode & A64_MODE_DEBUG)) {
        put_daif(t, ir_op2i(u, IR_AND, IR_I64, value, A64_PS_DAIF));
        return;
    }
    if (code == ZVA && zero_inline(t, value))
        return;
    bool ends = a64_sysreg_ends_block(t->a, code, false);
    unsigned helper = code == ZVA ? A64_HELPER_zva : ends ? A64_HELPER_msr_mode : A64_HELPER_msr;
    if (a64_sysreg_is_own(t->a, code, false))
        helper = ends ? A64_HELPER_msr_mode_own : A64_HELPER_msr_own;
    ir_call(u, IR_VOID, helper, a64_const(t, code), a64_const(t, rt), value, IR_NONE);
    t->wrote = true;
    if (ends) {
        ir_exit(u, IR_EXIT_LOOKUP, a64_next(t));
        t->ended = true;
    }
}

/* ---- MSR (immediate) ---- */
enum { /* op1 << 3 | op2 */
       PS_UAO = 0 << 3 | 3, PS_PAN = 0 << 3 | 4, PS_SPSEL = 0 << 3 | 5,
       PS_SSBS = 3 << 3 | 1, PS_DIT = 3 << 3 | 2, PS_TCO = 3 << 3 | 4, PS_DAIFSET = 3 << 3 | 6,
       PS_DAIFCLR = 3 << 3 | 7 };

static bool has_field(const struct a64_config *c, unsigned field)
{
    switch (field) {
    case PS_UAO: return a64_has(c, A64_F_UAO);
    case PS_PAN: return a64_has(c, A64_F_PAN);
    case PS_SSBS: return a64_has(c, A64_F_SSBS2);
    case PS_DIT: return a64_has(c, A64_F_DIT);
    case PS_TCO: return a64_has(c, A64_F_MTE);
    case PS_SPSEL: case PS_DAIFSET: case PS_DAIFCLR: return true;
    default: return false;
    }
}

/* EL0 may write DIT, SSBS, TCO, and DAIF if SCTLR_EL1.UMA says so. */
static bool may_write(struct a64_cpu *a, unsigned field, unsigned imm)
{
    if (a->el != 0 || field == PS_SSBS || field == PS_DIT || field == PS_TCO)
        return true;
    if (field != PS_DAIFSET && field != PS_DAIFCLR) {
        a64_raise_undefined(a);
        return false;
    }
    if (a->sctlr[a64_regime_el(a, 0)] & A64_SCTLR_UMA)
        return true;
    uint64_t iss = (uint64_t)(field & 7) << 17 | (uint64_t)(field >> 3) << 14 | 4u << 10 | 31u << 5 | imm << 1;
    a64_raise(a, a64_target_el(a), A64_ESR(A64_EC_SYSREG, iss));
    return false;
}

uint64_t a64_helper_msr_imm(struct cpu *cpu, uint64_t field, uint64_t imm, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)c, (void)d;
    if (!may_write(a, (unsigned)field, (unsigned)imm))
        return 0;
    switch (field) {
    case PS_UAO: a->uao = imm & 1; break;
    case PS_PAN: a->pan = imm & 1; break;
    case PS_SSBS: a->ssbs = imm & 1; break;
    case PS_DIT: a->dit = imm & 1; break;
    case PS_TCO: a->tco = imm & 1; break;
    case PS_SPSEL: a64_set_el(a, (unsigned)a->el, imm & 1); break;
    case PS_DAIFSET: a->daif |= imm << 6; break;
    case PS_DAIFCLR: a->daif &= ~(imm << 6); break;
    default: break;
    }
    a64_level_changed(a);
    return 0;
}

static void msr_imm(struct a64_tr *t, unsigned arg)
{
    unsigned field = (t->word >> 16 & 7) << 3 | (t->word >> 5 & 7), imm = t->word >> 8 & 15;
    (void)arg;
    if (!has_field(t->a->config, field)) {
        a64_undefined(t);
        return;
    }
    /* Masking interrupts takes effect by itself: what is taken is decided when it is. D matters to the block key. */
    if (field == PS_DAIFSET && !(imm & 8) && (t->mode & A64_MODE_EL) != 0) {
        ir_put(t->u, A64_SLOT_DAIF, ir_op2i(t->u, IR_OR, IR_I64, ir_get(t->u, A64_SLOT_DAIF), imm << 6));
        return;
    }
    if (field == PS_DAIFCLR && (t->mode & A64_MODE_EL) != 0 && !(t->mode & A64_MODE_DEBUG)) {
        put_daif(t, ir_op2i(t->u, IR_AND, IR_I64, ir_get(t->u, A64_SLOT_DAIF), ~((uint64_t)imm << 6)));
        return;
    }
    ir_call(t->u, IR_VOID, A64_HELPER_msr_imm, a64_const(t, field), a64_const(t, imm), IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, a64_next(t));
    t->ended = true;
}

/* ---- hints ---- */
enum { WAIT_WFI = 0, WAIT_WFE = 1, WAIT_WFIT = 2, WAIT_WFET = 3 };

/* Which level a wait that would wait is trapped to; 0: none (D1.6). */
static unsigned wait_target(const struct a64_cpu *a, bool wfe)
{
    uint64_t sctlr = a->sctlr[a64_regime_el(a, 0)], hcr = a64_hcr(a);
    if (a->el == 0 && !(sctlr & (wfe ? A64_SCTLR_NTWE : A64_SCTLR_NTWI)))
        return a64_target_el(a);
    if (a->el < 2 && (hcr & (wfe ? A64_HCR_TWE : A64_HCR_TWI)))
        return 2;
    if (a->el < 3 && a64_cpu_has(a, A64_F_EL3) && (a->scr_el3 & (wfe ? A64_SCR_TWE : A64_SCR_TWI)))
        return 3;
    return 0;
}

static bool wait_trapped(struct a64_cpu *a, unsigned kind, unsigned rt)
{
    unsigned target = wait_target(a, kind & 1);
    if (target == 0)
        return false;
    uint64_t iss = 1u << 24 | 0xeu << 20 | kind;
    if (kind >= WAIT_WFIT)
        iss |= rt << 5 | 1u << 2; /* RN, RV */
    a64_raise(a, target, A64_ESR(A64_EC_WFX, iss));
    return true;
}

uint64_t a64_helper_wfi(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    if (!a64_has_work(cpu))
        wait_trapped(A64_CPU(cpu), WAIT_WFI, 0);
    return 0;
}

/* Another PE's SEV may set it at any time. */
static bool take_event(struct a64_cpu *a)
{
    return __atomic_load_n(&a->event, __ATOMIC_RELAXED) && __atomic_exchange_n(&a->event, 0, __ATOMIC_SEQ_CST);
}

/* The event register; WFET and WFIT (`kind`) also end at a count of the virtual counter. */
uint64_t a64_helper_wfe(struct cpu *cpu, uint64_t kind, uint64_t until, uint64_t rt, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)d;
    if (kind >= WAIT_WFIT && a64_count(a) - a64_virtual_offset(a) >= until)
        return 0;
    if (!((kind & 1) && take_event(a)) && !a64_has_work(cpu))
        wait_trapped(a, (unsigned)kind, (unsigned)rt);
    return 0;
}

static void wfi(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, A64_HELPER_wfi, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_IDLE, a64_next(t));
    t->ended = true;
}

/* A wait may end at any time: these end the CPU's turn, and the guest looks again. */
static void wfe(struct a64_tr *t, unsigned kind)
{
    unsigned rt = kind >= WAIT_WFIT ? t->word & 31 : 31;
    ir_call(t->u, IR_VOID, A64_HELPER_wfe, a64_const(t, kind), a64_x(t, IR_I64, rt), a64_const(t, rt),
            IR_NONE);
    ir_exit(t->u, IR_EXIT_YIELD, a64_next(t));
    t->ended = true;
}

static void yield(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_exit(t->u, IR_EXIT_YIELD, a64_next(t));
    t->ended = true;
}

uint64_t a64_helper_sev(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    for (struct cpu *p = cpu->machine->cpus; p != NULL; p = p->next)
        a64_set_event(A64_CPU(p));
    return 0;
}

uint64_t a64_helper_sevl(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    a64_set_event(A64_CPU(cpu));
    return 0;
}

static void sev(struct a64_tr *t, unsigned helper)
{
    ir_call(t->u, IR_VOID, helper, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

static void nothing(struct a64_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

/* ESB: a virtual SError that is pending and masked moves to VDISR_EL2; there are no others (interrupt.c). */
uint64_t a64_helper_esb(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint64_t hcr = a64_hcr(a);
    (void)b, (void)c, (void)d, (void)e;
    if (a->el < 2 && (a->daif & A64_PS_A) && (hcr & A64_HCR_AMO) && (hcr & A64_HCR_VSE)) {
        a->vdisr_el2 = 1ull << 31 | (a->vsesr_el2 & 0x1ffffff);
        a->hcr_el2 &= ~A64_HCR_VSE;
    }
    return 0;
}

static void esb(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    if (a64_cpu_has(t->a, A64_F_RAS))
        ir_call(t->u, IR_VOID, A64_HELPER_esb, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

/* ---- barriers ---- */
/* CRm<1:0>, in every domain: 1 is for loads before it, 2 for stores on both sides (C6.2, DMB). */
static void barrier(struct a64_tr *t, unsigned arg)
{
    static const uint8_t kinds[] = { IR_FENCE_FULL, IR_FENCE_ACQ, IR_FENCE_STORES, IR_FENCE_FULL };
    (void)arg;
    ir_fence(t->u, (enum ir_fence)kinds[t->d.crm & 3]);
}

uint64_t a64_helper_dsb(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    a64_complete_tlbi(A64_CPU(cpu));
    return 0;
}

static void dsb(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(t->u, IR_FENCE_FULL);
    if (t->a->cpu.machine->parallel)
        ir_call(t->u, IR_VOID, A64_HELPER_dsb, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

/* SB: nothing is done speculatively here. */
static void speculation(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(t->u, IR_FENCE_LOADS);
}

/*
 * Whatever changes context ends its block, and stores to code are seen at once. But an
 * interrupt that a write of PSTATE.DAIF, of the GIC's priority mask or of a timer has let in must be
 * taken here at the latest (D1.3.6.5): software masks it again right behind.
 */
static void isb(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(t->u, IR_FENCE_LOADS);
    if (t->wrote) {
        ir_exit(t->u, IR_EXIT_LOOKUP, a64_next(t));
        t->ended = true;
    }
}

uint64_t a64_helper_clrex(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    cpu->reserved = false;
    return 0;
}

static void clrex(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, A64_HELPER_clrex, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

/* clang-format off */
const struct a64_semantics a64_system_rows[] = {
    { A64_INSN_MRS, 0, mrs, 0 }, { A64_INSN_MSR, 0, msr, 0 },
    { A64_INSN_SYS, 0, msr, 0 }, { A64_INSN_SYSL, 0, mrs, 0 },
    { A64_INSN_MSR_IMM, 0, msr_imm, 0 },
    { A64_INSN_HINT, 0, nothing, 0 },  { A64_INSN_NOP, 0, nothing, 0 },
    { A64_INSN_YIELD, 0, yield, 0 },   { A64_INSN_WFE, 0, wfe, WAIT_WFE },
    { A64_INSN_WFI, 0, wfi, 0 },       { A64_INSN_SEV, 0, sev, A64_HELPER_sev },
    { A64_INSN_SEVL, 0, sev, A64_HELPER_sevl }, { A64_INSN_DGH, 0, nothing, 0 },
    { A64_INSN_ESB, 0, esb, 0 },       { A64_INSN_CSDB, 0, nothing, 0 },
    { A64_INSN_CLRBHB, 0, nothing, 0 }, { A64_INSN_CHKFEAT, 0, nothing, 0 },
    { A64_INSN_BTI, 0, nothing, 0 },
    { A64_INSN_WFET, 0, wfe, WAIT_WFET }, { A64_INSN_WFIT, 0, wfe, WAIT_WFIT },
    { A64_INSN_CLREX, 0, clrex, 0 },   { A64_INSN_SB, 0, speculation, 0 },
    { A64_INSN_DSB, 0, dsb, 0 },       { A64_INSN_DMB, 0, barrier, 0 },
    { A64_INSN_DSB_NXS, 0, dsb, 0 },
    { A64_INSN_ISB, 0, isb, 0 },
    A64_ROWS_END
};
/* clang-format on */
