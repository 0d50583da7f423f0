/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from PSTATE and the control registers: Security state and effective
 * controls, the block key, the host's FP control word, the TLB context. Everything
 * here is derived; a64_update_mode() is called after every change of what it reads.
 *
 * Control registers change rarely and levels often, so what a level contributes is kept
 * (a64_cpu.level) until a control register is written.
 */
#include "core/exec/fp.h"
#include "core/util/bits.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"
#include "mmu/tlb.h"

/* ---- conditions ---- */
uint64_t a64_scr(const struct a64_cpu *a)
{
    if (a64_cpu_has(a, A64_F_EL3))
        return a->scr_el3;
    /* D1.3: without EL3 nothing it could forbid is forbidden, and the state is Non-secure */
    return A64_SCR_NS | A64_SCR_HCE | A64_SCR_RW | A64_SCR_APK | A64_SCR_API | A64_SCR_FIEN |
           A64_SCR_ENSCXT | A64_SCR_ATA | A64_SCR_FGTEN | A64_SCR_ECVEN | A64_SCR_HXEN |
           A64_SCR_ENTP2 | A64_SCR_TCR2EN | A64_SCR_SCTLR2EN | A64_SCR_PIEN | A64_SCR_AIEN |
           A64_SCR_FGTEN2;
}

bool a64_secure_below_el3(const struct a64_cpu *a)
{
    return !(a64_scr(a) & A64_SCR_NS);
}

bool a64_is_secure(const struct a64_cpu *a)
{
    return a->el == 3 || a64_secure_below_el3(a);
}

bool a64_el2_enabled(const struct a64_cpu *a)
{
    if (!a64_cpu_has(a, A64_F_EL2))
        return false;
    return !a64_secure_below_el3(a) || (a64_cpu_has(a, A64_F_SEL2) && (a64_scr(a) & A64_SCR_EEL2));
}

/*
 * HCR_EL2, D24.2.53: which bits do nothing under TGE. With E2H as well the host's own
 * EL0 runs, and no control of a guest applies to it.
 */
uint64_t a64_hcr(const struct a64_cpu *a)
{
    if (!a64_el2_enabled(a))
        return 0;
    uint64_t hcr = a->hcr_el2;
    if (LIKELY(!(hcr & A64_HCR_TGE)))
        return hcr;
    hcr &= ~(A64_HCR_SWIO | A64_HCR_PTW | A64_HCR_VF | A64_HCR_VI | A64_HCR_VSE | A64_HCR_FB |
             A64_HCR_TID1 | A64_HCR_TID3 | A64_HCR_TSC | A64_HCR_TACR | A64_HCR_TSW | A64_HCR_TTLB |
             A64_HCR_TVM | A64_HCR_HCD | A64_HCR_TRVM | A64_HCR_TLOR);
    if (hcr & A64_HCR_E2H)
        hcr &= ~(A64_HCR_VM | A64_HCR_FMO | A64_HCR_IMO | A64_HCR_AMO | 3ull << 10 | A64_HCR_DC |
                 A64_HCR_TWI | A64_HCR_TWE | A64_HCR_TID0 | A64_HCR_TID2 | A64_HCR_TPCP | A64_HCR_TPU |
                 A64_HCR_TDZ | A64_HCR_CD | A64_HCR_ID | A64_HCR_MIOCNCE | A64_HCR_TID4 |
                 A64_HCR_TICAB | A64_HCR_TOCU | A64_HCR_ENSCXT | A64_HCR_TTLBIS | A64_HCR_TTLBOS |
                 A64_HCR_TID5);
    else
        hcr |= A64_HCR_FMO | A64_HCR_IMO | A64_HCR_AMO;
    return hcr;
}

uint64_t a64_hcrx(const struct a64_cpu *a)
{
    bool there = a64_cpu_has(a, A64_F_HCX);
    if (!there || !a64_el2_enabled(a) || !(a64_scr(a) & A64_SCR_HXEN))
        return 0;
    return a->hcrx_el2;
}

bool a64_e2h(const struct a64_cpu *a)
{
    return (a->hcr_el2 & A64_HCR_E2H) && a64_el2_enabled(a);
}

bool a64_host(const struct a64_cpu *a)
{
    return (a->hcr_el2 & A64_HCR_E2H) && (a->hcr_el2 & A64_HCR_TGE) && a64_el2_enabled(a);
}

unsigned a64_regime_el(const struct a64_cpu *a, unsigned el)
{
    return el != 0 ? el : a64_host(a) ? 2 : 1;
}

/* ---- NZCV, PSTATE ---- */
uint64_t a64_get_nzcv(const struct a64_cpu *a)
{
    return (a->nf >> 63) << 31 | (uint64_t)(a->zf == 0) << 30 | (a->cf & 1) << 29 |
           (a->vf >> 63) << 28;
}

void a64_set_nzcv(struct a64_cpu *a, uint64_t bits)
{
    a->nf = A64_BIT(bits, 31) << 63;
    a->zf = !A64_BIT(bits, 30);
    a->cf = A64_BIT(bits, 29);
    a->vf = A64_BIT(bits, 28) << 63;
}

/* AArch32 at EL0: what PSTATE has beside NZCV, in its places of an SPSR (D1.7, G8.2 CPSR). */
#define A32_BITS (0xfull | 1ull << 5 | 1ull << 9)

static uint64_t a32_bits(const struct a64_cpu *a)
{
    return a->a32 | (a->it & 0xfc) << 8 | (a->it & 3) << 25 | a->ge << 16 | a->q << 27;
}

static bool a32_itd(const struct a64_cpu *a)
{
    return a->sctlr[a64_regime_el(a, 0)] & A64_SCTLR_ITD;
}

/* RestoredITBits(): what an IT instruction could not have left behind is 0. */
static uint64_t restored_it(const struct a64_cpu *a, uint64_t spsr)
{
    uint64_t it = (spsr >> 8 & 0xfc) | (spsr >> 25 & 3);
    bool thumb = spsr & 1u << 5, reserved = (it & 0xf) == 0;
    return !thumb || reserved || (a32_itd(a) && (it & 7) != 0) ? 0 : it;
}

void a64_set_a32(struct a64_cpu *a, uint64_t spsr)
{
    a->a32 = spsr & A32_BITS;
    a->it = restored_it(a, spsr);
    a->ge = spsr >> 16 & 15;
    a->q = A64_BIT(spsr, 27);
}

uint64_t a64_get_spsr(const struct a64_cpu *a)
{
    uint64_t s = a64_get_nzcv(a) | a->il << 20 | a->ss << 21;
    if (a->nrw)
        return s | a32_bits(a) | (a->daif & (A64_PS_A | A64_PS_I | A64_PS_F)) | A64_PS_NRW |
               a->ssbs << 23 | a->dit << 24 | a->pan << 22;
    return s | a->daif | a->el << 2 | a->spsel | a->pan << 22 | a->uao << 23 | a->dit << 24 |
           a->tco << 25 | a->ssbs << 12 | a->btype << A64_PS_BTYPE_SHIFT;
}

uint64_t a64_get_sp(const struct a64_cpu *a, unsigned el)
{
    bool current = a->spsel ? el == a->el : el == 0;
    return current ? a->x[31] : a->sp_el[el];
}

void a64_set_sp(struct a64_cpu *a, unsigned el, uint64_t v)
{
    bool current = a->spsel ? el == a->el : el == 0;
    *(current ? &a->x[31] : &a->sp_el[el]) = v;
}

void a64_set_el(struct a64_cpu *a, unsigned el, unsigned spsel)
{
    a->sp_el[a->spsel ? a->el : 0] = a->x[31];
    a->el = el;
    a->spsel = el == 0 ? 0 : spsel;
    a->x[31] = a->sp_el[a->spsel ? a->el : 0];
}

/* D1.4.2, IllegalExceptionReturn(). */
static bool illegal_return(const struct a64_cpu *a, uint64_t spsr)
{
    unsigned target = spsr >> 2 & 3;
    if (spsr & A64_PS_NRW) {
        bool user = (spsr & 0xf) == 0;
        return !user || !a64_cpu_has(a, A64_F_A32EL0);
    }
    if ((spsr & 2) || (target == 0 && (spsr & 1)) || target > a->el)
        return true;
    if (target == 3)
        return !a64_cpu_has(a, A64_F_EL3);
    if (target == 2)
        return !(a->el == 2 || a64_el2_enabled(a));
    return target == 1 && a64_el2_enabled(a) && (a->hcr_el2 & A64_HCR_TGE);
}

static void pstate_from_spsr(struct a64_cpu *a, uint64_t spsr)
{
    const struct a64_config *c = a->config;
    a64_set_nzcv(a, spsr);
    a->il = A64_BIT(spsr, 20);
    a->pan = a64_has(c, A64_F_PAN) ? A64_BIT(spsr, 22) : 0;
    a->dit = a64_has(c, A64_F_DIT) ? A64_BIT(spsr, 24) : 0;
    if (spsr & A64_PS_NRW) {
        a->ssbs = a64_has(c, A64_F_SSBS) ? A64_BIT(spsr, 23) : 0;
        a->daif = (spsr & (A64_PS_A | A64_PS_I | A64_PS_F)) | A64_PS_D;
        a64_set_a32(a, spsr);
        a->btype = a->uao = a->tco = 0;
        return;
    }
    a->daif = spsr & A64_PS_DAIF;
    a->uao = a64_has(c, A64_F_UAO) ? A64_BIT(spsr, 23) : 0;
    a->tco = a64_has(c, A64_F_MTE) ? A64_BIT(spsr, 25) : 0;
    a->ssbs = a64_has(c, A64_F_SSBS) ? A64_BIT(spsr, 12) : 0;
    a->btype = a64_has(c, A64_F_BTI) ? spsr >> A64_PS_BTYPE_SHIFT & 3 : 0;
}

/* BranchAddr(): what TBI leaves of an address that becomes the PC. */
static va_t branch_address(const struct a64_cpu *a, va_t pc)
{
    if (!a64_mode_two_ranges(a->mode))
        return a->mode & A64_MODE_TBI0 ? zext(pc, 56) : pc;
    if ((a->mode & A64_MODE_TBI0) && !(pc >> 55 & 1))
        return zext(pc, 56);
    if ((a->mode & A64_MODE_TBI1) && (pc >> 55 & 1))
        return sext(pc, 56);
    return pc;
}

void a64_exception_return(struct a64_cpu *a, uint64_t spsr, va_t pc)
{
    bool illegal = illegal_return(a, spsr);
    uint64_t ss = a64_debug_return_ss(a, spsr, illegal);
    if (!illegal) {
        unsigned el = spsr & A64_PS_NRW ? 0 : spsr >> 2 & 3;
        if (a->pmu != NULL && el != a->el)
            a64_pmu_level_changed(a);
        a64_set_el(a, el, spsr & A64_PS_NRW ? 0 : spsr & 1);
        a->nrw = A64_BIT(spsr, 4);
    }
    pstate_from_spsr(a, illegal ? spsr & ~(uint64_t)A64_PS_NRW : spsr);
    if (illegal)
        a->il = 1;
    a->ss = ss;
    a->cpu.reserved = false;
    a64_set_event(a);
    a64_level_changed(a);
    a->cpu.pc = a->nrw ? pc & (a->a32 & 1u << 5 ? ~1ull : ~3ull) & UINT32_MAX : branch_address(a, pc);
}

/* ---- FPCR, FPSR ---- */
static const struct {
    uint8_t guest, host;
} fp_bits[] = {
    { 0, CPU_FP_INVALID },   { 1, CPU_FP_DIVZERO }, { 2, CPU_FP_OVERFLOW },
    { 3, CPU_FP_UNDERFLOW }, { 4, CPU_FP_INEXACT }, { 7, CPU_FP_DENORMAL },
};

void a64_set_fpcr(struct a64_cpu *a, uint64_t value)
{
    uint64_t there = A64_FPCR_AHP | A64_FPCR_DN | A64_FPCR_FZ | A64_FPCR_RMODE;
    if (a64_cpu_has(a, A64_F_FP16))
        there |= A64_FPCR_FZ16;
    a->fpcr = value & there; /* no trapped exceptions: their enables are RAZ/WI */
}

uint64_t a64_get_fpsr(const struct a64_cpu *a)
{
    uint64_t v = a->qc << 27 | a->fpnzcv;
    for (size_t i = 0; i < ARRAY_LEN(fp_bits); i++)
        if (a->cpu.fp_flags & fp_bits[i].host)
            v |= 1ull << fp_bits[i].guest;
    return v;
}

void a64_set_fpsr(struct a64_cpu *a, uint64_t value)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < ARRAY_LEN(fp_bits); i++)
        if (value >> fp_bits[i].guest & 1)
            flags |= fp_bits[i].host;
    a->cpu.fp_flags = flags;
    a->qc = A64_BIT(value, 27);
    a->fpnzcv = a64_cpu_has(a, A64_F_A32EL0) ? value & 0xf0000000 : 0; /* AArch32's flags; else RES0 */
}

/* RMode 23:22: 0 nearest, 1 up, 2 down, 3 zero; MXCSR 14:13: 0 nearest, 1 down, 2 up, 3 zero. */
uint32_t a64_host_fp_mode(const struct a64_cpu *a)
{
    static const uint8_t rounding[4] = { 0, 2, 1, 3 };
    uint32_t mode = 0x1f80u | (uint32_t)rounding[a->fpcr >> 22 & 3] << 13;
    if (a->fpcr & A64_FPCR_FZ)
        mode |= FP_MODE_DAZ | FP_MODE_FTZ;
    if (a->fpcr & A64_FPCR_DN)
        mode |= FP_MODE_DN;
    return mode;
}

/* ---- what each level contributes ---- */
bool a64_has_two_ranges(const struct a64_cpu *a, unsigned regime)
{
    return regime == 1 || (regime == 2 && a64_e2h(a));
}

bool a64_tbi(const struct a64_cpu *a, unsigned regime, bool upper)
{
    return a->tcr[regime] >> (!a64_has_two_ranges(a, regime) ? 20 : upper ? 38 : 37) & 1;
}

/* Of instruction addresses: TBID keeps their tags with FEAT_PAuth. */
static uint32_t tbi_bits(const struct a64_cpu *a, unsigned regime)
{
    bool two = a64_has_two_ranges(a, regime), tbid = a->config->pauth != A64_PAUTH_NONE;
    uint64_t tcr = a->tcr[regime];
    uint32_t bits = 0;
    if (a64_tbi(a, regime, false) && !(tbid && (tcr >> (two ? 51 : 29) & 1)))
        bits |= A64_MODE_TBI0;
    if (two && a64_tbi(a, regime, true) && !(tbid && (tcr >> 52 & 1)))
        bits |= A64_MODE_TBI1;
    return bits;
}

static bool stage1_on(const struct a64_cpu *a, unsigned regime)
{
    if (regime == 1 && (a64_hcr(a) & (A64_HCR_DC | A64_HCR_TGE)))
        return false;
    return a->sctlr[regime] & A64_SCTLR_M;
}

/* CTR_EL0, DCZID_EL0, DC ZVA: SCTLR.UCT and DZE over EL0; HCR_EL2.TID2, TDZ and their fine-grained traps. */
static bool cache_traps(const struct a64_cpu *a, unsigned el, uint64_t sctlr)
{
    if (el == 0 && (sctlr & (A64_SCTLR_UCT | A64_SCTLR_DZE)) != (A64_SCTLR_UCT | A64_SCTLR_DZE))
        return true;
    return el < 2 && a64_el2_enabled(a) &&
           ((a64_hcr(a) & (A64_HCR_TID2 | A64_HCR_TDZ)) || (a->hfgrtr_el2 & (B(14) | B(15))) || (a->hfgitr_el2 & B(11)));
}

static uint32_t level_mode(const struct a64_cpu *a, unsigned el)
{
    unsigned regime = a64_regime_el(a, el);
    uint64_t sctlr = a->sctlr[regime];
    uint32_t mode = el | tbi_bits(a, regime) | a->config->code_class << A64_MODE_CLASS_SHIFT;
    bool off = !stage1_on(a, regime) && !(regime == 1 && (a64_hcr(a) & A64_HCR_DC));
    if (a64_fp_trap(a, el) != 0)
        mode |= A64_MODE_FP_OFF;
    if ((sctlr & A64_SCTLR_A) || off)
        mode |= A64_MODE_ALIGN;
    if (sctlr & (el == 0 ? A64_SCTLR_E0E : A64_SCTLR_EE))
        mode |= A64_MODE_BE;
    if (a64_cpu_has(a, A64_F_BTI) && (a->guarded >> el & 1))
        mode |= A64_MODE_BTI;
    if (el == 2 && (a->hcr_el2 & A64_HCR_E2H))
        mode |= A64_MODE_E2H;
    /* ESR, FAR, TCR (TVM, TRVM), the TPIDRs (fine-grained, and HSTR_EL2.T13 of AArch32) */
    uint64_t fine = B(16) | B(17) | B(32) | B(33) | B(34) | B(35);
    if (el < 2 && a64_el2_enabled(a) && !a64_host(a) &&
        ((a->hcr_el2 & (A64_HCR_TVM | A64_HCR_TRVM)) || ((a->hfgrtr_el2 | a->hfgwtr_el2) & fine) ||
         (a->hstr_el2 & B(13))))
        mode |= A64_MODE_TRAPS;
    if (cache_traps(a, el, sctlr))
        mode |= A64_MODE_CACHE_TRAPS;
    return mode;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15ull;
    return h ^ h >> 29;
}

/*
 * All that decides what an address means or permits in a regime, but for ASID, VMID and the table
 * bases those stand for (D8.16.4: changes of the rest may be cached until a TLBI; here they take
 * effect at once, by leading to another set of the TLB).
 */
static uint64_t regime_key(const struct a64_cpu *a, unsigned el)
{
    unsigned regime = a64_regime_el(a, el);
    uint64_t h = mix(regime, a->tcr[regime]);
    h = mix(h, a->sctlr[regime] & (A64_SCTLR_M | A64_SCTLR_WXN | A64_SCTLR_EE | A64_SCTLR_C |
                                   A64_SCTLR_EPAN));
    h = mix(h, a->tcr2[regime]);
    h = mix(h, a->pir[regime]);
    h = mix(h, a->pire0[regime]);
    h = mix(h, a->por[regime]);
    h = mix(h, a->por[0]);
    h = mix(h, a->mair[regime]);
    h = mix(h, a64_scr(a) & (A64_SCR_NS | A64_SCR_SIF | A64_SCR_TCR2EN | A64_SCR_PIEN));
    if (regime == 1) {
        h = mix(h, a64_hcr(a) & (A64_HCR_VM | A64_HCR_PTW | A64_HCR_DC | A64_HCR_CD | A64_HCR_ID |
                                 A64_HCR_TGE | A64_HCR_FWB | A64_HCR_NV | A64_HCR_NV1));
        h = mix(h, a64_hcrx(a));
        h = mix(h, a->vtcr_el2);
        h = mix(h, a->s2pir_el2);
    } else {
        h = mix(h, a->hcr_el2 & A64_HCR_E2H);
    }
    return h << 8;
}

enum { TAG_EL2 = 0x10000, TAG_EL20 = 0x20000, TAG_EL3 = 0x30000, TAG_SECURE = 0x40000 };

static uint32_t asid_of(const struct a64_cpu *a, unsigned regime)
{
    uint64_t tcr = a->tcr[regime];
    uint64_t asid = (tcr >> 22 & 1 ? a->ttbr1[regime] : a->ttbr0[regime]) >> 48;
    return (uint32_t)(a->config->mmu.asid16 && (tcr >> 36 & 1) ? asid : asid & 0xff);
}

uint32_t a64_vmid(const struct a64_cpu *a)
{
    if (!a64_el2_enabled(a))
        return a64_secure_below_el3(a) ? TAG_SECURE : 0;
    uint64_t vmid = a->vttbr_el2 >> 48;
    if (!(a->config->mmu.vmid16 && (a->vtcr_el2 >> 19 & 1)))
        vmid &= 0xff;
    return (uint32_t)vmid | (a64_secure_below_el3(a) ? TAG_SECURE : 0u);
}

uint32_t a64_regime_tag(const struct a64_cpu *a, unsigned regime)
{
    uint32_t secure = regime != 3 && a64_secure_below_el3(a) ? TAG_SECURE : 0u;
    if (regime == 3)
        return TAG_EL3;
    if (regime == 2)
        return (a64_e2h(a) ? TAG_EL20 : TAG_EL2) | secure;
    return a64_vmid(a);
}

static void derive_levels(struct a64_cpu *a)
{
    for (unsigned el = 0; el < 4; el++) {
        unsigned regime = a64_regime_el(a, el);
        struct a64_level *l = &a->level[el];
        l->mode = level_mode(a, el);
        l->key = regime_key(a, el) | el;
        l->vmid = a64_regime_tag(a, regime);
        l->asid = a64_has_two_ranges(a, regime) ? asid_of(a, regime) : 0;
        l->pac = a64_pac_of(a, el);
    }
}

/* ---- the current level ---- */
static bool unprivileged_acts(const struct a64_cpu *a)
{
    if (a->uao)
        return false;
    return a->el == 1 || (a->el == 2 && a64_host(a));
}

static void select_context(struct a64_cpu *a)
{
    const struct a64_level *l = &a->level[a->el];
    uint64_t key = l->key | (a->el != 0 ? a->pan << 2 : 0);
    if (a->cpu.mmu_private == NULL || (a->context == key && a->context_asid == l->asid &&
                                       a->context_vmid == l->vmid && a->cpu.set != NULL))
        return;
    a->context = key;
    a->context_asid = l->asid;
    a->context_vmid = l->vmid;
    a->bti_context = mix(key, (uint64_t)l->vmid << 32 | l->asid) << 1; /* not odd: no address is */
    mmu_select(&a->cpu, key, l->asid, l->vmid);
}

/* LDTR and STTR act as EL0 of this regime: they share its set. */
bool a64_regime_context(const struct cpu *cpu, unsigned regime, uint64_t *key, uint32_t *asid, uint32_t *vmid)
{
    const struct a64_level *l = &A64_CPU_CONST(cpu)->level[0];
    (void)regime;
    *key = l->key;
    *asid = l->asid;
    *vmid = l->vmid;
    return true;
}

/*
 * The key of AArch32: what has no meaning there makes room for what AArch64 has not, and what lies where ITSTATE
 * does moves. ITSTATE itself, PASS and FAIL are added where the key is asked for, see guest.c.
 */
static uint32_t a32_mode(const struct a64_cpu *a, uint32_t mode)
{
    uint32_t gone = A64_MODE_TBI0 | A64_MODE_TBI1 | A64_MODE_BTYPE | A64_MODE_BTI | A64_MODE_BE | A64_MODE_SP_CHECK |
                    ~0u << A64_MODE_IT_SHIFT;
    uint32_t own = A64_MODE_A32 | (a->a32 & 1u << 5 ? A64_MODE_T32 : 0u) | (a->a32 & 1u << 9 ? A64_MODE_BE : 0u) |
                   (a32_itd(a) ? A64_MODE_ITD : 0u);
    return (mode & ~gone) | own | (mode & A64_MODE_TRAPS ? A64_MODE_A32_TRAPS : 0u) |
           (mode & A64_MODE_COUNT ? A64_MODE_A32_COUNT : 0u);
}

void a64_level_changed(struct a64_cpu *a)
{
    uint32_t mode = a->level[a->el].mode | (uint32_t)a->btype << 5 | a64_debug_mode(a);
    if (unprivileged_acts(a))
        mode |= A64_MODE_UNPRIV;
    if (UNLIKELY(a->il))
        mode |= A64_MODE_IL;
    if (UNLIKELY(a->mdscr_el1 & (B(0) | B(15))))
        mode |= A64_MODE_DEBUG;
    if (UNLIKELY(a->el != 0 && !a->spsel))
        mode |= A64_MODE_SP0;
    if (UNLIKELY(a64_pmu_counts_accesses(a)))
        mode |= A64_MODE_COUNT;
    if (UNLIKELY(a->nrw)) {
        mode = a32_mode(a, mode);
    } else if (UNLIKELY(a->x[31] & 15)) {
        uint64_t sctlr = a->sctlr[a64_regime_el(a, (unsigned)a->el)];
        if (sctlr & (a->el == 0 ? A64_SCTLR_SA0 : A64_SCTLR_SA))
            mode |= A64_MODE_SP_CHECK;
    }
    a->cpu.secure = a64_cpu_has(a, A64_F_EL3) && a64_is_secure(a);
    a64_set_mode(a, a->nrw ? mode : mode | a64_mte_mode(a));
    select_context(a);
    a64_check_interrupts(a);
}

void a64_update_mode(struct a64_cpu *a)
{
    derive_levels(a);
    a->cpu.fp_mode = a64_host_fp_mode(a);
    a64_level_changed(a);
}
