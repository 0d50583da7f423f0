/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which accesses a higher level keeps for itself (Arm ARM, D1.4 "configurable instruction
 * controls", and each register's accessibility pseudocode in D24). The order is that of the
 * pseudocode: EL1's own controls over EL0, then EL2's, then EL3's.
 */
#include "core/util/bits.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/translate_impl.h"

void a64_sysreg_trap_to(struct a64_cpu *a, unsigned target, uint32_t code, bool read, unsigned rt)
{
    uint64_t iss = (uint64_t)(code >> 14 & 3) << 20 | (uint64_t)(code & 7) << 17 |
                   (uint64_t)(code >> 11 & 7) << 14 | (uint64_t)(code >> 7 & 15) << 10 |
                   (uint64_t)rt << 5 | (uint64_t)(code >> 3 & 15) << 1 | read;
    a64_raise(a, target, A64_ESR(A64_EC_SYSREG, iss));
}

/* ---- EL0, by what rules it: EL1, or a host at EL2 ---- */
static bool user_timer_denied(const struct a64_cpu *a, unsigned trap)
{
    bool host = a64_host(a);
    uint64_t ctl = host ? a->cnthctl_el2 : a->cntkctl_el1;
    switch (trap) {
    case TRAP_COUNT_P: return !(ctl & A64_CNTCTL_EL0PCTEN);
    case TRAP_COUNT_V: return !(ctl & A64_CNTCTL_EL0VCTEN);
    case TRAP_TIMER_V: return !(ctl & A64_CNTCTL_EL0VTEN);
    case TRAP_TIMER_P: return !(ctl & A64_CNTCTL_EL0PTEN);
    default: return !(ctl & (A64_CNTCTL_EL0PCTEN | A64_CNTCTL_EL0VCTEN));
    }
}

static bool user_pmu_denied(const struct a64_cpu *a, unsigned trap, bool read)
{
    uint64_t en = a->pmuserenr;
    if (en & 1)
        return false;
    switch (trap) {
    case TRAP_PMU_SW: return !(en & 2);
    case TRAP_PMU_CC: return !(read && (en & 4));
    case TRAP_PMU_ER: return !(read && (en & 8));
    case TRAP_PMU_SEL: return !(en & 8);
    default: return true;
    }
}

static bool user_denied(const struct a64_cpu *a, unsigned trap, bool read)
{
    uint64_t sctlr = a->sctlr[a64_regime_el(a, 0)];
    switch (trap) {
    case TRAP_CTR: return !(sctlr & A64_SCTLR_UCT);
    case TRAP_POC: case TRAP_POU: return !(sctlr & A64_SCTLR_UCI);
    case TRAP_ZVA: return !(sctlr & A64_SCTLR_DZE);
    case TRAP_DAIF: return !(sctlr & A64_SCTLR_UMA);
    case TRAP_RESTRICT: return !(sctlr & A64_SCTLR_ENRCTX);
    case TRAP_SCXT0: return sctlr & A64_SCTLR_TSCXT;
    case TRAP_DEBUG0: return a->mdscr_el1 & B(12);
    case TRAP_POE0: return !(a64_host(a) ? a->cptr_el2 & B(29) : a->cpacr_el1 & B(29));
    case TRAP_COUNT_P: case TRAP_COUNT_V: case TRAP_TIMER_P: case TRAP_TIMER_V: case TRAP_CNTFRQ:
        return user_timer_denied(a, trap);
    case TRAP_PMU_EN: case TRAP_PMU_CR: case TRAP_PMU_SW: case TRAP_PMU_CC: case TRAP_PMU_ER: case TRAP_PMU_SEL:
        return user_pmu_denied(a, trap, read);
    default: return false;
    }
}

/* ---- EL2 over EL1 and its EL0 ---- */
static bool fine_grained(const struct a64_cpu *a, const struct a64_sysreg *r, bool read)
{
    unsigned which = read ? r->fgt_read : r->fgt_write, bit = which & 63;
    if (which == 0 || !a64_cpu_has(a, A64_F_FGT) || !(a64_scr(a) & A64_SCR_FGTEN))
        return false;
    uint64_t v = which >> 6 == 2 ? a->hfgitr_el2
                 : which >> 6 == 1 ? (read ? a->hfgrtr_el2 : a->hfgwtr_el2)
                                   : (read ? a->hdfgrtr_el2 : a->hdfgwtr_el2);
    /* HCRX_EL2.FGTnXS: TLBI...NXS are not meant */
    if (which >> 6 == 2 && (r->code >> 7 & 15) == 9 && (a64_hcrx(a) & A64_HCRX_FGTNXS))
        return false;
    bool inverted = which >> 6 == 1 && bit >= 50; /* nXXX: 0 traps */
    return (v >> bit & 1) != inverted;
}

/* Controls that keep the host's own EL0 out as well: debug and performance monitors, D24.3.18 MDCR_EL2. */
static bool is_mdcr_trap(unsigned trap)
{
    switch (trap) {
    case TRAP_DEBUG: case TRAP_DEBUG0: case TRAP_DBG_ROM: case TRAP_DBG_OS: case TRAP_PMU:
    case TRAP_PMU_EN: case TRAP_PMU_CR: case TRAP_PMU_SW: case TRAP_PMU_CC: case TRAP_PMU_ER: case TRAP_PMU_SEL:
        return true;
    default:
        return false;
    }
}

/* CNTHCTL_EL2 has its EL1 controls elsewhere when E2H is 1 (D24.10.2). */
static bool guest_timer(const struct a64_cpu *a, unsigned trap)
{
    uint64_t ctl = a->cnthctl_el2;
    bool e2h = a64_e2h(a), ecv = a64_cpu_has(a, A64_F_ECV);
    switch (trap) {
    case TRAP_COUNT_P: return !(ctl & (e2h ? A64_CNTHCTL_EL1PCTEN_E2H : A64_CNTHCTL_EL1PCTEN));
    case TRAP_TIMER_P: return !(ctl & (e2h ? A64_CNTHCTL_EL1PTEN : A64_CNTHCTL_EL1PCEN));
    case TRAP_TIMER_V: return ecv && (ctl & A64_CNTHCTL_EL1TVT);
    case TRAP_COUNT_V: return ecv && (ctl & A64_CNTHCTL_EL1TVCT);
    default: return false;
    }
}

static bool guest_debug(const struct a64_cpu *a, unsigned trap)
{
    uint64_t mdcr = a->mdcr_el2;
    bool all = (mdcr & A64_MDCR_TDE) || (a->hcr_el2 & A64_HCR_TGE);
    switch (trap) {
    case TRAP_DEBUG: return all || (mdcr & A64_MDCR_TDA);
    case TRAP_DEBUG0: return all || (mdcr & A64_MDCR_TDA) || (a64_cpu_has(a, A64_F_FGT) && (mdcr & A64_MDCR_TDCC));
    case TRAP_DBG_ROM: return all || (mdcr & A64_MDCR_TDRA);
    case TRAP_DBG_OS: return all || (mdcr & A64_MDCR_TDOSA);
    case TRAP_PMU_CR: return mdcr & (A64_MDCR_TPM | A64_MDCR_TPMCR);
    default: return mdcr & A64_MDCR_TPM;
    }
}

static bool guest_cache(uint64_t hcr, unsigned trap)
{
    switch (trap) {
    case TRAP_SW: return hcr & A64_HCR_TSW;
    case TRAP_POC: return hcr & A64_HCR_TPCP;
    case TRAP_POU: case TRAP_ICI: return hcr & (A64_HCR_TPU | A64_HCR_TOCU);
    case TRAP_ICIS: return hcr & (A64_HCR_TPU | A64_HCR_TICAB);
    case TRAP_TLBI: return hcr & A64_HCR_TTLB;
    case TRAP_TLBI_IS: return hcr & (A64_HCR_TTLB | A64_HCR_TTLBIS);
    default: return hcr & (A64_HCR_TTLB | A64_HCR_TTLBOS);
    }
}

static bool guest_trapped(const struct a64_cpu *a, unsigned trap, bool read)
{
    uint64_t hcr = a64_hcr(a), hcrx = a64_hcrx(a);
    switch (trap) {
    case TRAP_VM: return hcr & (read ? A64_HCR_TRVM : A64_HCR_TVM);
    case TRAP_ID1: return hcr & A64_HCR_TID1;
    case TRAP_ID2: return hcr & A64_HCR_TID2;
    case TRAP_ID4: return hcr & (A64_HCR_TID2 | A64_HCR_TID4);
    case TRAP_CTR: return hcr & A64_HCR_TID2;
    case TRAP_ID5: return hcr & A64_HCR_TID5;
    case TRAP_ACTLR: return hcr & A64_HCR_TACR;
    case TRAP_SW: case TRAP_POC: case TRAP_POU: case TRAP_ICI: case TRAP_ICIS: case TRAP_TLBI:
    case TRAP_TLBI_IS: case TRAP_TLBI_OS:
        return guest_cache(hcr, trap);
    case TRAP_ZVA: return hcr & A64_HCR_TDZ;
    case TRAP_KEY: return !(hcr & A64_HCR_APK);
    case TRAP_CPACR: return a->cptr_el2 & A64_CPTR_TCPAC;
    case TRAP_MTE: return !(hcr & A64_HCR_ATA);
    case TRAP_SCXT: case TRAP_SCXT0: return !(hcr & A64_HCR_ENSCXT);
    case TRAP_LOR: return hcr & A64_HCR_TLOR;
    case TRAP_ERR: return hcr & A64_HCR_TERR;
    case TRAP_TIMER_P: case TRAP_TIMER_V: case TRAP_COUNT_P: case TRAP_COUNT_V:
        return guest_timer(a, trap);
    case TRAP_TCR2: return !(hcrx & A64_HCRX_TCR2EN) || (hcr & (read ? A64_HCR_TRVM : A64_HCR_TVM));
    case TRAP_SCTLR2: return !(hcrx & A64_HCRX_SCTLR2EN) || (hcr & (read ? A64_HCR_TRVM : A64_HCR_TVM));
    case TRAP_PIE: case TRAP_POE: return hcr & (read ? A64_HCR_TRVM : A64_HCR_TVM);
    default: return false;
    }
}

/* ---- EL3 over the rest ---- */
static bool monitor_trapped(const struct a64_cpu *a, unsigned trap)
{
    uint64_t scr = a->scr_el3, mdcr = a->mdcr_el3;
    switch (trap) {
    case TRAP_KEY: return !(scr & A64_SCR_APK);
    case TRAP_CPACR: case TRAP_CPTR2: return a->cptr_el3 & A64_CPTR_TCPAC;
    case TRAP_MTE: return !(scr & A64_SCR_ATA);
    case TRAP_SCXT: case TRAP_SCXT0: return !(scr & A64_SCR_ENSCXT);
    case TRAP_LOR: return scr & A64_SCR_TLOR;
    case TRAP_ERR: return scr & A64_SCR_TERR;
    case TRAP_TIMER_S: return a->el == 1 && !(scr & A64_SCR_ST);
    case TRAP_TCR2: return !(scr & A64_SCR_TCR2EN);
    case TRAP_SCTLR2: return !(scr & A64_SCR_SCTLR2EN);
    case TRAP_PIE: case TRAP_POE: case TRAP_POE0: return !(scr & A64_SCR_PIEN);
    case TRAP_HCX: return !(scr & A64_SCR_HXEN);
    case TRAP_FGT_REGS: return !(scr & A64_SCR_FGTEN);
    case TRAP_CNTPOFF: return !(scr & A64_SCR_ECVEN);
    case TRAP_DEBUG: case TRAP_DBG_ROM: return mdcr & A64_MDCR_TDA;
    case TRAP_DEBUG0: return (mdcr & A64_MDCR_TDA) || (a64_cpu_has(a, A64_F_FGT) && (mdcr & A64_MDCR_TDCC));
    case TRAP_DBG_OS: return mdcr & A64_MDCR_TDOSA;
    case TRAP_PMU: case TRAP_PMU_EN: case TRAP_PMU_CR: case TRAP_PMU_SW: case TRAP_PMU_CC:
    case TRAP_PMU_ER: case TRAP_PMU_SEL:
        return mdcr & A64_MDCR_TPM;
    default: return false;
    }
}

/* Encodings that are UNDEFINED where the level alone does not say so. */
static bool is_undefined(const struct a64_cpu *a, const struct a64_sysreg *r, bool read)
{
    switch (r->trap) {
    case TRAP_TIMER_S: return a->el == 2 || (a->el == 1 && !a64_secure_below_el3(a));
    case TRAP_CNTFRQ: return !read && a->el != a64_highest_el(a);
    case TRAP_SP_EL0: return !a->spsel;
    default: return false;
    }
}

/* The level that traps it, 0: none. */
static unsigned target_of(const struct a64_cpu *a, const struct a64_sysreg *r, bool read)
{
    unsigned trap = r->trap;
    if (a->el == 0 && user_denied(a, trap, read))
        return a64_target_el(a);
    if (a->el < 2 && a64_el2_enabled(a)) {
        if (!a64_host(a) && (guest_trapped(a, trap, read) || fine_grained(a, r, read)))
            return 2;
        if ((is_mdcr_trap(trap) && guest_debug(a, trap)) || a64_pmu_is_reserved(a, r))
            return 2;
    }
    return a->el < 3 && a64_cpu_has(a, A64_F_EL3) && monitor_trapped(a, trap) ? 3 : 0;
}

bool a64_sysreg_denied(const struct a64_cpu *a, uint32_t code, bool read)
{
    const struct a64_sysreg *r = a64_sysreg_find(a, code);
    return r != NULL && user_denied(a, r->trap, read);
}

bool a64_sysreg_trapped(struct a64_cpu *a, const struct a64_sysreg *r, uint32_t code, bool read, unsigned rt)
{
    if (r->trap == TRAP_NONE && LIKELY(r->fgt_read == 0 && r->fgt_write == 0))
        return false;
    if (r->trap == TRAP_FP) {
        if (a64_fp_trap(a, (unsigned)a->el) == 0)
            return false;
        a64_raise_fp_trap(a);
        return true;
    }
    if (is_undefined(a, r, read)) {
        a64_raise_undefined(a);
        return true;
    }
    unsigned target = target_of(a, r, read);
    if (target != 0)
        a64_sysreg_trap_to(a, target, code, read, rt);
    return target != 0;
}
