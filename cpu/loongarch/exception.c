/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception entry and return: manual, chapter "Exceptions and Interrupts", and the registers it names. Four kinds, each
 * with registers of its own, so that a later one may interrupt the handler of an earlier one: general, TLB refill,
 * machine error, debug.
 *
 * Where debug mode starts is not in the manual; it is taken where QEMU has it, EENTRY + 480h.
 */
#include "core/util/bytes.h"
#include "cpu/loongarch/loongarch_impl.h"

#define PRMD_PLV 1, 0
#define PRMD_IE  2, 2
#define PRMD_WE  3, 3
#define TLBRPRMD_WE 4, 4
#define MERR_IS     0, 0
#define MERR_PLV    3, 2
#define MERR_IE     4, 4
#define MERR_WE     6, 6
#define MERR_DA     7, 7
#define MERR_PG     8, 8
#define MERR_DATF   10, 9
#define MERR_DATM   12, 11
#define DBG_ECODE   21, 16
enum { DBG_DST = 1, DBG_DEI = 1 << 8, DBG_DCL = 1 << 9, DBG_ENTRY = 0x480 };
enum { TLBRERA_IS = 1, TLBRPRMD_PGM = 1 << 3 }; /* PGM: a guest ran, and is returned to */

void la_raise(struct la_cpu *la, enum la_ecode code, uint64_t badv)
{
    cpu_raise(&la->cpu, code, badv, 0, 0);
}

/* A handler's CRMD, as far as all have it in common. */
static uint64_t handler_crmd(uint64_t crmd)
{
    return crmd & ~(F_MASK(LA_CRMD_PLV) | F_MASK(LA_CRMD_IE) | F_MASK(LA_CRMD_WE));
}

static uint64_t with_da(uint64_t crmd, bool direct)
{
    return F_PUT(F_PUT(crmd, LA_CRMD_DA, direct), LA_CRMD_PG, !direct);
}

/* In 32-bit address mode the high halves of what is recorded are 0. */
static uint64_t recorded(const struct la_cpu *la, uint64_t va)
{
    return la_is_va32(la) ? (uint32_t)va : va;
}

static uint64_t vector_of(const struct la_cpu *la, unsigned code)
{
    uint64_t vs = F_GET(la->csr.ecfg, LA_ECFG_VS);
    return la->csr.eentry | (vs == 0 ? 0 : (uint64_t)code << (vs + 2));
}

static uint64_t page_pair(const struct la_cpu *la, uint64_t va)
{
    return sext(va & ~0x1fffull, la->config->mmu.va_bits);
}

static void enter_refill(struct la_cpu *la, uint64_t badv)
{
    struct la_bank *b = &la->csr;
    uint64_t crmd = b->crmd, prmd = F_GET(crmd, LA_CRMD_PLV) | F_GET(crmd, LA_CRMD_IE) << 2;
    b->tlbrprmd = F_PUT(prmd | (b->tlbrprmd & TLBRPRMD_PGM), TLBRPRMD_WE, F_GET(crmd, LA_CRMD_WE));
    b->tlbrera = (recorded(la, la->cpu.pc) & ~3ull) | TLBRERA_IS;
    b->tlbrbadv = recorded(la, badv);
    b->tlbrehi = page_pair(la, b->tlbrbadv) | (b->tlbrehi & 0x3f);
    la->cpu.pc = b->tlbrentry;
    la_set_crmd(la, with_da(handler_crmd(crmd), true));
}

static void enter_machine_error(struct la_cpu *la)
{
    uint64_t crmd = la->csr.crmd, ctl = la->merr[LA_MERR_CTL] & ~0x1fdfull;
    ctl = F_PUT(F_PUT(ctl | 1, MERR_PLV, F_GET(crmd, LA_CRMD_PLV)), MERR_IE, F_GET(crmd, LA_CRMD_IE));
    ctl = F_PUT(F_PUT(ctl, MERR_DA, F_GET(crmd, LA_CRMD_DA)), MERR_PG, F_GET(crmd, LA_CRMD_PG));
    ctl = F_PUT(F_PUT(ctl, MERR_DATF, F_GET(crmd, LA_CRMD_DATF)), MERR_DATM, F_GET(crmd, LA_CRMD_DATM));
    la->merr[LA_MERR_CTL] = F_PUT(ctl, MERR_WE, F_GET(crmd, LA_CRMD_WE));
    la->merr[LA_MERR_ERA] = recorded(la, la->cpu.pc);
    la->cpu.pc = la->merr[LA_MERR_ENTRY];
    crmd = with_da(handler_crmd(crmd), true);
    la_set_crmd(la, crmd & ~(F_MASK(LA_CRMD_DATF) | F_MASK(LA_CRMD_DATM)));
}

/* DBCL; and whatever happens in debug mode, which only leaves its code in DBG. */
static void enter_debug(struct la_cpu *la, enum la_ecode code)
{
    unsigned ecode = code == LA_TLBR ? 7 : code == LA_DBCL ? 0xc : code == LA_MERR ? 0xe : (unsigned)code & 0x3f;
    la->dbg = F_PUT(la->dbg, DBG_ECODE, ecode);
    if (code == LA_DBCL)
        la->dbg |= DBG_DCL;
    if (!la_is_debug(la)) {
        bool counts = la->counting;
        if (counts)
            la_pmu_sync(la);
        la->dera = recorded(la, la->cpu.pc);
        la->dbg |= DBG_DST;
        if (counts)
            la_pmu_changed(la);
    }
    la->cpu.pc = la->csr.eentry | DBG_ENTRY;
    la_update_mode(la);
}

static void save_and_enter(struct la_cpu *la, uint64_t vector)
{
    uint64_t crmd = la->csr.crmd, prmd = F_GET(crmd, LA_CRMD_PLV) | F_GET(crmd, LA_CRMD_IE) << 2;
    la->csr.prmd = F_PUT(prmd, PRMD_WE, F_GET(crmd, LA_CRMD_WE));
    la->csr.era = recorded(la, la->cpu.pc);
    la->cpu.pc = vector;
    la_change_crmd(la, handler_crmd(crmd));
}

static void put_code(struct la_cpu *la, enum la_ecode code)
{
    uint64_t estat = F_PUT(la->csr.estat, LA_ESTAT_ECODE, (uint64_t)code & 0x3f);
    la->csr.estat = F_PUT(estat, LA_ESTAT_ESUB, (uint64_t)code >> 6);
}

/* Manual, "Bad Virtual Address": those that record one. */
static bool has_badv(enum la_ecode code)
{
    return (code >= LA_PIL && code <= LA_ADEF) || code == LA_ADEM || code == LA_ALE || code == LA_BCE;
}

void la_enter(struct la_cpu *la, enum la_ecode code, uint64_t badv, uint32_t word)
{
    if (code == LA_DBCL || UNLIKELY(la_is_debug(la))) {
        enter_debug(la, code);
        return;
    }
    if (code == LA_TLBR) {
        enter_refill(la, badv);
        return;
    }
    if (code == LA_MERR) {
        enter_machine_error(la);
        return;
    }
    put_code(la, code);
    la->csr.badi = word;
    if (has_badv(code))
        la->csr.badv = recorded(la, badv);
    if (code >= LA_PIL && code <= LA_PPI)
        la->csr.tlbehi = page_pair(la, la->csr.badv);
    save_and_enter(la, vector_of(la, code & 0x3f));
}

void la_enter_interrupt(struct la_cpu *la, unsigned number)
{
    put_code(la, LA_INT);
    save_and_enter(la, vector_of(la, 64 + number));
}

/* The word at pc. What could not be fetched is not there to be recorded: 0. */
static uint32_t word_at(struct la_cpu *la, va_t pc)
{
    uint8_t bytes[4];
    return mmu_debug_read(&la->cpu, pc, bytes, sizeof(bytes)) == 0 ? ld_le32(bytes) : 0;
}

/* Raised by the fetch of the instruction itself. */
static bool is_fetch(const struct la_cpu *la, enum la_ecode code)
{
    return code == LA_PIF || code == LA_PNX || code == LA_ADEF || code == LA_WPEF ||
           (code == LA_PPI && la->cpu.fault.value2 == LA_FAULT_FETCH);
}

/* The guest has it on, so it is the root that has not (lazily switched FP state). */
static bool is_roots_disable(const struct la_cpu *la, enum la_ecode code)
{
    return (code == LA_FPD && (la->csr.euen & LA_EUEN_FPE)) || (code == LA_SXD && (la->csr.euen & LA_EUEN_SXE)) ||
           (code == LA_ASXD && (la->csr.euen & LA_EUEN_ASXE));
}

void la_take_exception(struct cpu *cpu)
{
    struct la_cpu *la = LA_CPU(cpu);
    enum la_ecode code = (enum la_ecode)cpu->fault.cause;
    bool leaves = la_is_guest(la) && (cpu->fault.value3 == LA_FAULT_EXIT || is_roots_disable(la, code));
    uint32_t word = code < LA_TLBR && !is_fetch(la, code) ? word_at(la, cpu->pc) : 0;
    if (UNLIKELY(leaves))
        la_leave_guest(la);
    if (code == LA_TLBR)
        la->csr.tlbrprmd = leaves ? TLBRPRMD_PGM : 0; /* the rest follows */
    la_enter(la, code, cpu->fault.value, word);
}

static uint64_t back(uint64_t crmd, uint64_t plv, uint64_t ie, uint64_t we)
{
    return F_PUT(F_PUT(F_PUT(crmd, LA_CRMD_PLV, plv), LA_CRMD_IE, ie), LA_CRMD_WE, we);
}

static uint64_t machine_error_crmd(const struct la_cpu *la)
{
    uint64_t ctl = la->merr[LA_MERR_CTL], crmd = la->csr.crmd;
    crmd = F_PUT(F_PUT(crmd, LA_CRMD_DA, F_GET(ctl, MERR_DA)), LA_CRMD_PG, F_GET(ctl, MERR_PG));
    crmd = F_PUT(F_PUT(crmd, LA_CRMD_DATF, F_GET(ctl, MERR_DATF)), LA_CRMD_DATM, F_GET(ctl, MERR_DATM));
    return back(crmd, F_GET(ctl, MERR_PLV), F_GET(ctl, MERR_IE), F_GET(ctl, MERR_WE));
}

/* LLBCTL.KLO keeps the LLbit over one ERTN. */
static void let_go(struct la_cpu *la)
{
    if (!(la->csr.llbctl & LA_LLBCTL_KLO))
        la->cpu.reserved = false;
    la->csr.llbctl &= ~(uint64_t)LA_LLBCTL_KLO;
}

static void leave_debug(struct la_cpu *la)
{
    bool counts = la->counting;
    if (counts)
        la_pmu_sync(la);
    la->dbg &= ~(uint64_t)(DBG_DST | DBG_DEI | DBG_DCL);
    if (counts)
        la_pmu_changed(la);
    la->cpu.pc = la->dera;
    la_update_mode(la);
}

/* Manual, ERTN: debug, machine error, refill, general. In root mode PGM and PVM tell whether it enters a guest. */
void la_ertn(struct la_cpu *la)
{
    struct la_bank *b = &la->csr;
    uint64_t crmd;
    bool guest = false, root = la_has(la->config, LA_F_LVZ) && !la_is_guest(la);
    let_go(la);
    if (UNLIKELY(la_is_debug(la))) {
        leave_debug(la);
        return;
    }
    if (UNLIKELY(F_GET(la->merr[LA_MERR_CTL], MERR_IS))) {
        crmd = machine_error_crmd(la);
        la->merr[LA_MERR_CTL] = F_PUT(la->merr[LA_MERR_CTL], MERR_IS, 0);
        la->cpu.pc = la->merr[LA_MERR_ERA];
    } else if (la_is_tlbr(la)) {
        crmd = back(b->crmd, F_GET(b->tlbrprmd, PRMD_PLV), F_GET(b->tlbrprmd, PRMD_IE),
                    F_GET(b->tlbrprmd, TLBRPRMD_WE));
        crmd = with_da(crmd, false);
        guest = root && (b->tlbrprmd & TLBRPRMD_PGM);
        b->tlbrprmd &= ~(uint64_t)TLBRPRMD_PGM;
        b->tlbrera &= ~(uint64_t)TLBRERA_IS;
        la->cpu.pc = b->tlbrera & ~3ull;
    } else {
        crmd = back(b->crmd, F_GET(b->prmd, PRMD_PLV), F_GET(b->prmd, PRMD_IE), F_GET(b->prmd, PRMD_WE));
        guest = root && (la->gstat & LA_GSTAT_PVM);
        la->cpu.pc = b->era;
        if (LIKELY(!guest)) { /* from the kernel to itself, mostly: then only IE comes back */
            la_change_crmd(la, crmd);
            return;
        }
    }
    if (UNLIKELY(guest)) {
        b->crmd = crmd;
        la_enter_guest(la);
        crmd = b->crmd; /* the guest's */
    }
    la_set_crmd(la, crmd);
}
