/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model-specific registers: SDM volume 4, chapter 2; APM volume 2, appendix A. A register is a row:
 * where its value is, which bits may be written, which feature brings it. Those with behaviour have
 * functions.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"
#include "mmu/tlb.h"
#include <string.h>

enum { ALWAYS = -1, INTEL = -2, AMD = -3, LBR_STACK = -4 };
enum kind { PLAIN, CANONICAL, CONSTANT, IGNORED };

struct row {
    uint32_t first, n;
    int16_t need;   /* enum x86_feature, or one of the above */
    uint8_t kind;   /* enum kind */
    uint16_t at;    /* offset in struct x86_cpu; 0: none, reads as `value` */
    uint64_t mask;  /* writable bits: others #GP when set */
    uint64_t value; /* CONSTANT, IGNORED: what is read */
};
#define AT(m) (uint16_t) offsetof(struct x86_cpu, m)
#define ALL   (~0ull)
/*
 * IA32_ARCH_CAPABILITIES: nothing here runs ahead of what is known, so there is no leak to
 * mitigate. RDCL_NO, IBRS_ALL, SKIP_L1DFL, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO; SBDR_SSDP_NO,
 * FBSDP_NO, PSDP_NO; BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, ITS_NO.
 */
#define ARCH_CAPS         0x400000000d10e17bull
#define HWCR_TSC_FREQ_SEL (1ull << 24) /* the TSC runs at P0's frequency: read-only */

/* clang-format off */
static const struct row rows[] = {
    { 0x17, 1, INTEL, CONSTANT, 0, 0, 0 },                              /* IA32_PLATFORM_ID */
    { 0x34, 1, INTEL, PLAIN, AT(smi_count), 0, 0 },
    { 0x3a, 1, X86_F_VMX, PLAIN, AT(feature_control), 0x7, 0 },         /* see write_msr: locked by bit 0 */
    { 0x3b, 1, X86_F_TSC_ADJUST, PLAIN, AT(tsc_adjust), ALL, 0 },
    { 0x48, 1, X86_F_SPEC_CTRL, PLAIN, AT(spec_ctrl), ALL, 0 },          /* see spec_ctrl_bits */
    { 0x48, 1, X86_F_AMD_IBRS, PLAIN, AT(spec_ctrl), ALL, 0 },
    { 0x48, 1, X86_F_AMD_STIBP, PLAIN, AT(spec_ctrl), ALL, 0 },
    { 0x48, 1, X86_F_AMD_SSBD, PLAIN, AT(spec_ctrl), ALL, 0 },
    { 0x49, 1, X86_F_SPEC_CTRL, IGNORED, 0, 1, 0 },                     /* IA32_PRED_CMD */
    { 0x49, 1, X86_F_SBPB, IGNORED, 0, 0x81, 0 },
    { 0x49, 1, X86_F_AMD_IBPB, IGNORED, 0, 1, 0 },
    { 0x79, 1, ALWAYS, IGNORED, 0, ALL, 0 },                            /* IA32_BIOS_UPDT_TRIG */
    { 0xce, 1, INTEL, CONSTANT, 0, 0, 0x80000000 },                     /* MSR_PLATFORM_INFO: CPUID faulting, */
    { 0x140, 1, INTEL, PLAIN, AT(misc_features), 1, 0 },                /* which MSR_MISC_FEATURES_ENABLES switches on */
    { 0xe2, 1, INTEL, CONSTANT, 0, 0, 0x8000 },                         /* MSR_PKG_CST_CONFIG_CONTROL: locked, none */
    { 0xfe, 1, X86_F_MTRR, CONSTANT, 0, 0, 0x508 },                     /* IA32_MTRRCAP: 8 variable, fixed, WC */
    { 0x10a, 1, X86_F_ARCH_CAPABILITIES, CONSTANT, 0, 0, ARCH_CAPS },
    { 0x10b, 1, X86_F_FLUSH_L1D, IGNORED, 0, 1, 0 },
    { 0x174, 1, X86_F_SEP, PLAIN, AT(sysenter_cs), 0xffffffff, 0 },
    { 0x175, 1, X86_F_SEP, CANONICAL, AT(sysenter_esp), ALL, 0 },
    { 0x176, 1, X86_F_SEP, CANONICAL, AT(sysenter_eip), ALL, 0 },
    { 0x17a, 1, X86_F_MCA, PLAIN, AT(mcg_status), 7, 0 },
    { 0x17b, 1, X86_F_MCA, PLAIN, AT(mcg_ctl), ALL, 0 },
    { 0x1a0, 1, INTEL, PLAIN, AT(misc_enable), ALL, 0 },                /* see write_row */
    { 0x1d9, 1, LBR_STACK, PLAIN, AT(debugctl), 0x1803, 0 },            /* LBR, BTF, freezing both on an overflow */
    { 0x1d9, 1, INTEL, PLAIN, AT(debugctl), 0x1002, 0 },                /* without LBR */
    { 0x1d9, 1, AMD, PLAIN, AT(debugctl), 0x3f, 0 },
    { 0x1c8, 1, LBR_STACK, PLAIN, AT(lbr_select), 0x3ff, 0 },
    { 0x1c9, 1, LBR_STACK, PLAIN, AT(lbr_tos), X86_LAST_BRANCHES - 1, 0 },
    { 0x680, X86_LAST_BRANCHES, LBR_STACK, CANONICAL, AT(lbr_from), ALL, 0 },
    { 0x6c0, X86_LAST_BRANCHES, LBR_STACK, CANONICAL, AT(lbr_to), ALL, 0 },
    { 0x1dd, 2, LBR_STACK, CONSTANT, AT(last_branch[2]), 0, 0 },        /* MSR_LER_FROM_LIP, TO_LIP */
    { 0x1db, 4, AMD, CONSTANT, AT(last_branch), 0, 0 },                 /* LastBranch*, LastException*: the processor's */
    { 0x1fc, 1, INTEL, IGNORED, 0, ALL, 0 },                            /* MSR_POWER_CTL: C1E is off */
    { 0x2ff, 1, X86_F_MTRR, PLAIN, AT(mtrr_def_type), 0xcff, 0 },
    { 0x6e1, 1, X86_F_PKS, PLAIN, AT(pkrs), 0xffffffff, 0 },
    { 0xda0, 1, X86_F_XSAVES, PLAIN, AT(xss), 0, 0 },
    { 0xc0000081, 1, X86_F_SYSCALL, PLAIN, AT(star), ALL, 0 },
    { 0xc0000082, 1, X86_F_LM, CANONICAL, AT(lstar), ALL, 0 },
    { 0xc0000083, 1, X86_F_LM, CANONICAL, AT(cstar), ALL, 0 },
    { 0xc0000084, 1, X86_F_LM, PLAIN, AT(fmask), 0xffffffff, 0 },
    { 0xc0000100, 1, X86_F_LM, CANONICAL, AT(seg[X86_FS].base), ALL, 0 },
    { 0xc0000101, 1, X86_F_LM, CANONICAL, AT(seg[X86_GS].base), ALL, 0 },
    { 0xc0000102, 1, X86_F_LM, CANONICAL, AT(kernel_gs_base), ALL, 0 },
    { 0xc0000103, 1, X86_F_RDTSCP, PLAIN, AT(tsc_aux), 0xffffffff, 0 },
    { 0xc0000103, 1, X86_F_RDPID, PLAIN, AT(tsc_aux), 0xffffffff, 0 },
    { 0xc0010010, 1, AMD, PLAIN, AT(syscfg), 0xffffffff, 0 },
    { 0xc0010015, 1, AMD, PLAIN, AT(hwcr), 0xffffffff, 0 },
    { 0xc0010016, 4, AMD, CONSTANT, 0, 0, 0 },                          /* IORRs */
    { 0xc001001a, 1, AMD, CONSTANT, 0, 0, 0 },                          /* TOP_MEM: firmware's, unused */
    { 0xc001001d, 1, AMD, CONSTANT, 0, 0, 0 },
    { 0xc001001f, 1, AMD, IGNORED, 0, ALL, 0 },                         /* NB_CFG */
    { 0xc0010055, 1, AMD, IGNORED, 0, ALL, 0 },                         /* interrupt pending message */
    { 0xc0010058, 1, AMD, IGNORED, 0, ALL, 0 },                         /* MMIO configuration base */
    { 0xc0010140, 2, X86_F_OSVW, CONSTANT, 0, 0, 0 },
    { 0xc0011020, 16, AMD, IGNORED, 0, ALL, 0 },                        /* LS_CFG ... DE_CFG, BU_CFG */
};
/* clang-format on */

static bool is_there(const struct x86_cpu *c, int need)
{
    if (need == INTEL)
        return c->config->vendor == X86_INTEL;
    if (need == AMD)
        return c->config->vendor == X86_AMD;
    if (need == LBR_STACK)
        return c->config->vendor == X86_INTEL && c->config->last_branches != 0;
    return need == ALWAYS || x86_cpu_has(c, (enum x86_feature)need);
}

/* The row of `msr`; those asked for lately are at hand. */
static const struct row *find(struct x86_cpu *c, uint32_t msr)
{
    uint8_t *recent = &c->msr_rows[(msr ^ msr >> 4) % ARRAY_LEN(c->msr_rows)];
    if (*recent != 0 && msr - rows[*recent - 1].first < rows[*recent - 1].n)
        return &rows[*recent - 1];
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        if (msr - rows[i].first < rows[i].n && is_there(c, rows[i].need)) {
            *recent = (uint8_t)(i + 1);
            return &rows[i];
        }
    return NULL;
}
_Static_assert(ARRAY_LEN(rows) < 255, "struct x86_cpu.msr_rows");

/* A register that is nothing but a value. */
static const struct row *find_plain(struct x86_cpu *c, uint32_t msr)
{
    const struct row *r = find(c, msr);
    return r != NULL && r->at != 0 ? r : NULL;
}

static uint64_t *place(struct x86_cpu *c, const struct row *r, uint32_t msr)
{
    return (uint64_t *)(void *)((char *)c + r->at) + (msr - r->first);
}

/*
 * IA32_SPEC_CTRL: IBRS, STIBP, SSBD, PSFD. They change nothing here, as nothing is speculated; what CPUID does not tell of
 * is reserved all the same. One of IBRS and STIBP without the other is accepted (SDM volume 4, table 2-2).
 */
static uint64_t spec_ctrl_bits(const struct x86_cpu *c)
{
    bool ssbd = x86_cpu_has(c, X86_F_SSBD) || x86_cpu_has(c, X86_F_AMD_SSBD);
    return 3 | (ssbd ? 1u << 2 : 0) | (x86_cpu_has(c, X86_F_AMD_PSFD) ? 1u << 7 : 0);
}

/* ---- MTRRs (SDM 12.11): kept, without effect, as every access is coherent ---- */
static uint64_t *mtrr(struct x86_cpu *c, uint32_t msr)
{
    static const uint16_t fixed[] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                      0x26b, 0x26c, 0x26d, 0x26e, 0x26f };
    if (!x86_cpu_has(c, X86_F_MTRR))
        return NULL;
    if (msr >= 0x200 && msr < 0x210)
        return msr & 1 ? &c->mtrr_physmask[(msr - 0x200) / 2]
                       : &c->mtrr_physbase[(msr - 0x200) / 2];
    for (unsigned i = 0; i < ARRAY_LEN(fixed); i++)
        if (msr == fixed[i])
            return &c->mtrr_fixed[i];
    return NULL;
}

static bool is_memory_type(uint64_t t)
{
    return t <= 1 || (t >= 4 && t <= 6);
}

static bool mtrr_ok(const struct x86_cpu *c, uint32_t msr, uint64_t v)
{
    uint64_t high = ~0ull << c->config->pa_bits;
    if (msr >= 0x250) {
        for (unsigned i = 0; i < 8; i++)
            if (!is_memory_type(v >> (8 * i) & 0xff))
                return false;
        return true;
    }
    return msr & 1 ? !(v & (high | 0x7ff)) : !(v & (high | 0xf00)) && is_memory_type(v & 0xff);
}

static bool pat_ok(uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t t = v >> (8 * i) & 0xff;
        if (!is_memory_type(t) && t != 7)
            return false;
    }
    return true;
}

/* ---- machine checks (SDM 16): banks that never report by themselves ---- */
#define MC_BANKS 10u

static uint64_t *bank(struct x86_cpu *c, uint32_t msr)
{
    uint32_t n = msr - 0x400;
    if (!x86_cpu_has(c, X86_F_MCA) || n >= 4 * MC_BANKS)
        return NULL;
    uint64_t *of[] = { c->mc_ctl, c->mc_status, c->mc_addr, c->mc_misc };
    return &of[n & 3][n >> 2];
}

static bool write_bank(const struct x86_cpu *c, uint32_t msr, uint64_t v)
{
    uint32_t kind = msr & 3;
    bool status_free = c->config->vendor == X86_AMD && (c->hwcr >> 18 & 1);
    if (kind == 0) /* which errors are reported: none happen. All or none (SDM 16.3.2.1, P6) */
        return v == 0 || v == ~0ull || c->config->vendor == X86_AMD;
    /* Status is cleared, never set (16.3.2.2). Processors differ about address and the rest: every bit is taken, as KVM does. */
    return kind != 1 || v == 0 || status_free;
}

/* ---- IA32_APIC_BASE (SDM 12.4.4, 12.12.5): which changes of state are allowed ---- */
static bool write_apic_base(struct x86_cpu *c, uint64_t v)
{
    uint64_t known = X86_APIC_BSP | X86_APIC_EN | (((1ull << c->config->pa_bits) - 1) & ~0xfffull);
    uint64_t old = c->apic_base;
    if (x86_cpu_has(c, X86_F_X2APIC))
        known |= X86_APIC_EXTD;
    bool en = v & X86_APIC_EN, ext = v & X86_APIC_EXTD;
    bool was_en = old & X86_APIC_EN, was_ext = old & X86_APIC_EXTD;
    if ((v & ~known) || (ext && !en) || (was_ext && en && !ext) || (ext && !was_en))
        return false;
    c->apic_base = v;
    if (c->apic.base != NULL)
        c->apic.base(c->apic.arg, v);
    return true;
}

void x86_enable_x2apic(struct cpu *cpu)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)write_apic_base(c, c->apic_base | X86_APIC_EXTD);
}

/* EFER: SCE, LME (not while paging), NXE, and what AMD adds. LMA is the processor's. */
uint64_t x86_efer_known(const struct x86_cpu *c)
{
    uint64_t known = X86_EFER_LMA;
    known |= x86_cpu_has(c, X86_F_SYSCALL) ? X86_EFER_SCE : 0;
    known |= x86_cpu_has(c, X86_F_LM) ? X86_EFER_LME : 0;
    known |= x86_cpu_has(c, X86_F_NX) && !x86_hidden(c, X86_F_NX) ? X86_EFER_NXE : 0;
    known |= x86_cpu_has(c, X86_F_SVM) ? X86_EFER_SVME : 0;
    known |= x86_cpu_has(c, X86_F_FXSR_OPT) ? X86_EFER_FFXSR : 0;
    known |= x86_cpu_has(c, X86_F_AUTO_IBRS) ? X86_EFER_AIBRSE : 0;
    return known;
}

static bool write_efer(struct x86_cpu *c, uint64_t v)
{
    uint64_t changed = v ^ c->efer;
    if ((v & ~x86_efer_known(c)) || ((changed & X86_EFER_LME) && (c->cr0 & X86_CR0_PG)))
        return false;
    c->efer = (v & ~(uint64_t)X86_EFER_LMA) | (c->efer & X86_EFER_LMA);
    if (changed & X86_EFER_NXE)
        x86_flush_tlb(c);
    x86_mode_kick(c);
    return true;
}

/* The TSC goes on from another number: who has computed with it is told; the deadline is a number of its own. */
static void move_tsc(struct x86_cpu *c, uint64_t by)
{
    uint64_t deadline;
    c->tsc_offset += by;
    c->tsc_adjust += by;
    x86_kvm_clock_changed(c);
    if (c->apic.read_msr != NULL && c->apic.read_msr(c->apic.arg, 0x6e0, &deadline) && deadline != 0)
        (void)c->apic.write_msr(c->apic.arg, 0x6e0, deadline);
}

/* IA32_MPERF and IA32_APERF: at the TSC's rate, from zero at power-on. NULL: neither. */
static uint64_t *perf_clock(struct x86_cpu *c, uint32_t msr)
{
    return msr - 0xe7 < 2 ? &c->perf_clock[msr - 0xe7] : NULL;
}

bool x86_read_msr(struct x86_cpu *c, uint32_t msr, uint64_t *v)
{
    uint64_t *p;
    switch (msr) {
    case 0x10:
        *v = x86_tsc(c);
        return true;
    case 0x1b:
        *v = c->apic_base;
        return x86_cpu_has(c, X86_F_APIC);
    case 0x8b:
        *v = c->config->vendor == X86_INTEL ? (uint64_t)c->config->microcode << 32
                                            : c->config->microcode;
        return true;
    case 0x179:
        *v = MC_BANKS | 1u << 8;
        return x86_cpu_has(c, X86_F_MCA);
    case 0x277:
        *v = c->pat;
        return x86_cpu_has(c, X86_F_PAT);
    case 0xc0000080:
        *v = c->efer;
        return true;
    default:
        break;
    }
    if ((msr >= 0x800 && msr <= 0x8ff) || msr == 0x6e0) {
        x86_enter_device(c);
        return c->apic.read_msr != NULL && c->apic.read_msr(c->apic.arg, msr, v);
    }
    const struct row *r = find_plain(c, msr);
    if (r != NULL) {
        *v = *place(c, r, msr);
        return true;
    }
    if ((p = perf_clock(c, msr)) != NULL) {
        *v = x86_tsc(c) - c->tsc_offset - *p;
        return true;
    }
    if ((p = mtrr(c, msr)) != NULL || (p = bank(c, msr)) != NULL) {
        *v = *p;
        return true;
    }
    if (x86_pmu_read(c, msr, v) || x86_kvm_read_msr(c, msr, v))
        return true;
    r = find(c, msr);
    if (r == NULL || (r->kind == IGNORED && (msr == 0x49 || msr == 0x10b)))
        return false; /* commands cannot be read */
    *v = r->value;
    return true;
}

/* Monitors and the first bits are there or not; those that hide features do so (x86_hidden). */
static bool write_misc_enable(struct x86_cpu *c, uint64_t v)
{
    uint64_t writable = X86_MISC_FAST_STRINGS | X86_MISC_TCC | X86_MISC_SPEEDSTEP |
                        X86_MISC_LIMIT_CPUID | X86_MISC_XTPR;
    writable |= x86_cpu_has(c, X86_F_SSE3) ? X86_MISC_MONITOR : 0;
    writable |= x86_cpu_has(c, X86_F_NX) ? X86_MISC_XD_DISABLE : 0;
    if ((v ^ c->misc_enable) & ~writable)
        return false;
    c->misc_enable = v;
    if ((v & X86_MISC_XD_DISABLE) && (c->efer & X86_EFER_NXE)) {
        c->efer &= ~(uint64_t)X86_EFER_NXE;
        x86_flush_tlb(c);
    }
    return true;
}

bool x86_hidden(const struct x86_cpu *c, enum x86_feature f)
{
    if (c->config->vendor != X86_INTEL)
        return f == X86_F_MONITOR && (c->hwcr & X86_HWCR_MON_MWAIT_DIS);
    return f == X86_F_EXTAPIC || (f == X86_F_MONITOR && !(c->misc_enable & X86_MISC_MONITOR)) ||
           (f == X86_F_NX && (c->misc_enable & X86_MISC_XD_DISABLE));
}

static bool write_row(struct x86_cpu *c, uint32_t msr, uint64_t v)
{
    const struct row *r = find(c, msr);
    if (r == NULL || r->kind == CONSTANT || (v & ~r->mask))
        return false;
    if (r->kind == CANONICAL && !x86_base_canonical(c, v))
        return false;
    if (msr == 0x3a && (c->feature_control & 1))
        return false;
    if (msr == 0x48 && (v & ~spec_ctrl_bits(c)))
        return false;
    if (msr == 0x2ff && !is_memory_type(v & 0xff)) /* SDM 12.11.2.1 */
        return false;
    if (msr == 0x1a0)
        return write_misc_enable(c, v);
    if (msr == 0xc0010015)
        v |= HWCR_TSC_FREQ_SEL;
    if (msr == 0x3b)
        move_tsc(c, v - c->tsc_adjust);
    if (r->at != 0)
        *place(c, r, msr) = v;
    if (msr == 0x6e1)
        x86_flush_tlb(c);
    if (msr == 0x1d9)
        x86_mode_kick(c); /* LBR */
    return true;
}

bool x86_write_msr(struct x86_cpu *c, uint32_t msr, uint64_t v)
{
    uint64_t *p;
    switch (msr) {
    case 0x10:
        move_tsc(c, v - x86_tsc(c));
        return true;
    case 0x1b:
        return x86_cpu_has(c, X86_F_APIC) && write_apic_base(c, v);
    case 0x8b:
        return v == 0; /* software clears it before it asks CPUID for the revision */
    case 0x277:
        if (!x86_cpu_has(c, X86_F_PAT) || !pat_ok(v))
            return false;
        c->pat = v;
        return true;
    case 0xc0000080:
        return write_efer(c, v);
    default:
        break;
    }
    if ((msr >= 0x800 && msr <= 0x8ff) || msr == 0x6e0)
        return c->apic.write_msr != NULL && c->apic.write_msr(c->apic.arg, msr, v);
    if (find_plain(c, msr) != NULL)
        return write_row(c, msr, v);
    if ((p = perf_clock(c, msr)) != NULL) {
        *p = x86_tsc(c) - c->tsc_offset - v;
        return true;
    }
    if ((p = mtrr(c, msr)) != NULL) {
        if (!mtrr_ok(c, msr, v))
            return false;
        *p = v;
        return true;
    }
    if ((p = bank(c, msr)) != NULL) {
        if (!write_bank(c, msr, v))
            return false;
        *p = v;
        return true;
    }
    return x86_pmu_write(c, msr, v) || x86_kvm_write_msr(c, msr, v) || write_row(c, msr, v);
}

void x86_msr_reset(struct x86_cpu *c, bool init)
{
    c->debugctl = 0;
    c->kvm_wall_clock = c->kvm_system_time = c->kvm_kicked = 0;
    if (init)
        return;
    x86_last_branch_reset(c);
    c->apic_base = 0xfee00000 | X86_APIC_EN | (c->config->bootstrap ? X86_APIC_BSP : 0);
    c->spec_ctrl = 0;
    c->pkru = c->pkrs = 0;
    c->star = c->lstar = c->cstar = c->fmask = c->kernel_gs_base = c->tsc_aux = 0;
    c->sysenter_cs = c->sysenter_esp = c->sysenter_eip = 0;
    c->tsc_offset = c->tsc_adjust = c->perf_clock[0] = c->perf_clock[1] = 0;
    c->pat = 0x0007040600070406ull;
    c->mtrr_def_type = 0;
    memset(c->mtrr_fixed, 0, sizeof(c->mtrr_fixed));
    memset(c->mtrr_physbase, 0, sizeof(c->mtrr_physbase));
    memset(c->mtrr_physmask, 0, sizeof(c->mtrr_physmask));
    /* No branch trace store, no PEBS; what CPUID says of performance monitors and MONITOR */
    c->misc_enable = X86_MISC_FAST_STRINGS | X86_MISC_NO_BTS | X86_MISC_NO_PEBS |
                     (c->config->pmu_version != 0 ? X86_MISC_PMU : 0u) |
                     (x86_cpu_has(c, X86_F_MONITOR) ? X86_MISC_MONITOR : 0u);
    c->feature_control = c->misc_features = c->virt_spec_ctrl = c->xss = 0;
    c->mcg_status = c->mcg_ctl = 0;
    memset(c->mc_ctl, 0, sizeof(c->mc_ctl));
    memset(c->mc_status, 0, sizeof(c->mc_status));
    memset(c->mc_addr, 0, sizeof(c->mc_addr));
    memset(c->mc_misc, 0, sizeof(c->mc_misc));
    c->hwcr = HWCR_TSC_FREQ_SEL;
    c->syscfg = 0;
    x86_pmu_reset(c);
}
