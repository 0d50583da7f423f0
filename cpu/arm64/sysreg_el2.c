/* SPDX-License-Identifier: Apache-2.0 */
/* System registers of EL2 and EL3 (Arm ARM, D24.2). Bits of absent features read as zero. */
#include "core/util/bits.h"
#include "cpu/arm64/sysreg.h"

static void write_hcr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    static const struct a64_gated rows[] = {
        { A64_HCR_E2H, A64_F_VHE },
        { A64_HCR_TLOR, A64_F_LOR },
        { A64_HCR_TERR | A64_HCR_TEA | A64_HCR_MIOCNCE, A64_F_RAS },
        { A64_HCR_APK | A64_HCR_API, A64_F_PAUTH },
        { A64_HCR_FWB, A64_F_S2FWB },
        { A64_HCR_TID4 | A64_HCR_TICAB | A64_HCR_TOCU, A64_F_EVT },
        { A64_HCR_TTLBIS | A64_HCR_TTLBOS, A64_F_EVT2 },
        { A64_HCR_ENSCXT, A64_F_CSV2_2 },
        { A64_HCR_ATA | A64_HCR_DCT | A64_HCR_TID5, A64_F_MTE2 },
    };
    (void)r;
    uint64_t always = (1ull << 34) - 1;
    always &= ~(A64_HCR_HCD | A64_HCR_RW);
    if (!a64_cpu_has(a, A64_F_EL3))
        always |= A64_HCR_HCD;
    uint64_t old = a->hcr_el2;
    a->hcr_el2 = value & a64_gated_bits(a, always, rows, ARRAY_LEN(rows));
    a->hcr_el2 |= A64_HCR_RW; /* EL1 is AArch64 only */
    /* CNTPOFF_EL2 does not apply under a host (D12.2.4) */
    if (((old ^ a->hcr_el2) & (A64_HCR_E2H | A64_HCR_TGE)) && (a->cnthctl_el2 & A64_CNTHCTL_ECV))
        a64_timer_changed(a, A64_TIMER_PHYS);
}

static void write_hcrx(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    static const struct a64_gated rows[] = {
        { A64_HCRX_FNXS | A64_HCRX_FGTNXS, A64_F_XS },
        { A64_HCRX_MCE2 | A64_HCRX_MSCEN, A64_F_MOPS },
        { A64_HCRX_TCR2EN, A64_F_TCR2 },
        { A64_HCRX_SCTLR2EN, A64_F_SCTLR2 },
    };
    (void)r;
    a->hcrx_el2 = value & a64_gated_bits(a, 0, rows, ARRAY_LEN(rows));
}

static void write_scr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    static const struct a64_gated rows[] = {
        { A64_SCR_TLOR, A64_F_LOR },             { A64_SCR_TERR, A64_F_RAS },
        { A64_SCR_APK | A64_SCR_API, A64_F_PAUTH }, { A64_SCR_EEL2, A64_F_SEL2 },
        { A64_SCR_FIEN, A64_F_RAS },      { A64_SCR_ENSCXT, A64_F_CSV2_2 },
        { A64_SCR_ATA, A64_F_MTE2 },      { A64_SCR_FGTEN, A64_F_FGT },
        { A64_SCR_ECVEN, A64_F_ECV },     { 0x1full << 29, A64_F_TWED },
        { A64_SCR_HXEN, A64_F_HCX },      { A64_SCR_TCR2EN, A64_F_TCR2 },
        { A64_SCR_SCTLR2EN, A64_F_SCTLR2 }, { A64_SCR_PIEN, A64_F_S1PIE },
        { A64_SCR_FGTEN2, A64_F_FGT2 },
    };
    uint64_t always = A64_SCR_NS | A64_SCR_IRQ | A64_SCR_FIQ | A64_SCR_EA | A64_SCR_SMD | A64_SCR_HCE |
                      A64_SCR_SIF | A64_SCR_ST | A64_SCR_TWI | A64_SCR_TWE;
    (void)r;
    a->scr_el3 = (value & a64_gated_bits(a, always, rows, ARRAY_LEN(rows))) | 3u << 4 | A64_SCR_RW;
}

static void wrote_voffset(struct a64_cpu *a, uint64_t old)
{
    (void)old;
    a64_timer_changed(a, A64_TIMER_VIRT);
}

static void wrote_poffset(struct a64_cpu *a, uint64_t old)
{
    (void)old;
    a64_timer_changed(a, A64_TIMER_PHYS);
}

static uint64_t read_sp(struct a64_cpu *a, const struct a64_sysreg *r)
{
    return a64_get_sp(a, r->arg);
}

static void write_sp(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    a64_set_sp(a, r->arg, value);
}

uint64_t a64_read_rvbar(struct a64_cpu *a, const struct a64_sysreg *r)
{
    (void)r;
    return a->config->reset_pc;
}

#define EL2(name, crn, crm, op2, ...) \
    SYS(name, A64_REG(3, 4, crn, crm, op2), 2, 2, __VA_ARGS__)
#define EL3(name, crn, crm, op2, ...) \
    SYS(name, A64_REG(3, 6, crn, crm, op2), 3, 3, .feature = NEEDS(EL3), __VA_ARGS__)
#define F_EL2 .feature = NEEDS(EL2)
#define ENDS .flags = A64_SYS_ENDS
#define ENDS_OWN .flags = A64_SYS_ENDS | A64_SYS_OWN

/* clang-format off */
const struct a64_sysreg a64_sysregs_el2[] = {
    EL2("vpidr_el2", 0, 0, 0, F_EL2, .at = AT(vpidr_el2)),
    EL2("vmpidr_el2", 0, 0, 5, F_EL2, .at = AT(vmpidr_el2)),
    EL2("sctlr_el2", 1, 0, 0, F_EL2, .arg = 2, .at = AT(sctlr[2]), .reset = 0x30c50830, .write = a64_write_sctlr, ENDS_OWN),
    EL2("actlr_el2", 1, 0, 1, F_EL2, .at = AT(actlr[2]), .keeps = ~0ull),
    EL2("sctlr2_el2", 1, 0, 3, .feature = NEEDS(SCTLR2), .trap = TRAP_SCTLR2, .at = AT(sctlr2[2]), ENDS),
    EL2("hcr_el2", 1, 1, 0, F_EL2, .at = AT(hcr_el2), .reset = A64_HCR_RW, .write = write_hcr, ENDS),
    EL2("mdcr_el2", 1, 1, 1, F_EL2, .trap = TRAP_DEBUG, .arg = 2, .at = AT(mdcr_el2), .write = a64_write_mdcr, ENDS),
    EL2("cptr_el2", 1, 1, 2, F_EL2, .trap = TRAP_CPTR2, .at = AT(cptr_el2), ENDS),
    EL2("hstr_el2", 1, 1, 3, F_EL2, .at = AT(hstr_el2), ENDS),
    EL2("hfgrtr_el2", 1, 1, 4, .feature = NEEDS(FGT), .trap = TRAP_FGT_REGS, .at = AT(hfgrtr_el2), ENDS),
    EL2("hfgwtr_el2", 1, 1, 5, .feature = NEEDS(FGT), .trap = TRAP_FGT_REGS, .at = AT(hfgwtr_el2), ENDS),
    EL2("hfgitr_el2", 1, 1, 6, .feature = NEEDS(FGT), .trap = TRAP_FGT_REGS, .at = AT(hfgitr_el2), ENDS),
    EL2("hacr_el2", 1, 1, 7, F_EL2, .at = AT(hacr_el2), .keeps = ~0ull),
    EL2("hcrx_el2", 1, 2, 2, .feature = NEEDS(HCX), .trap = TRAP_HCX, .at = AT(hcrx_el2), .write = write_hcrx, ENDS),
    EL2("ttbr0_el2", 2, 0, 0, F_EL2, .at = AT(ttbr0[2]), ENDS),
    EL2("ttbr1_el2", 2, 0, 1, .feature = NEEDS(VHE), .at = AT(ttbr1[2]), ENDS),
    EL2("tcr_el2", 2, 0, 2, F_EL2, .at = AT(tcr[2]), ENDS),
    EL2("tcr2_el2", 2, 0, 3, .feature = NEEDS(TCR2), .trap = TRAP_TCR2, .at = AT(tcr2[2]), ENDS),
    EL2("vttbr_el2", 2, 1, 0, F_EL2, .at = AT(vttbr_el2), ENDS),
    EL2("vtcr_el2", 2, 1, 2, F_EL2, .at = AT(vtcr_el2), ENDS),
    EL2("vsttbr_el2", 2, 6, 0, .feature = NEEDS(SEL2), .at = AT(vsttbr_el2), ENDS),
    EL2("vstcr_el2", 2, 6, 2, .feature = NEEDS(SEL2), .at = AT(vstcr_el2), ENDS),
    EL2("dacr32_el2", 3, 0, 0, .feature = NEEDS(A32EL0), .at = AT(dacr32_el2), .keeps = ~0xffffffffull),
    EL2("hdfgrtr_el2", 3, 1, 4, .feature = NEEDS(FGT), .trap = TRAP_FGT_REGS, .at = AT(hdfgrtr_el2)),
    EL2("hdfgwtr_el2", 3, 1, 5, .feature = NEEDS(FGT), .trap = TRAP_FGT_REGS, .at = AT(hdfgwtr_el2)),
    EL2("hafgrtr_el2", 3, 1, 6, .feature = NEEDS(FGT), .trap = TRAP_FGT_REGS, .at = AT(hafgrtr_el2)),
    EL2("spsr_el2", 4, 0, 0, F_EL2, .at = AT(spsr[2])),
    EL2("elr_el2", 4, 0, 1, F_EL2, .at = AT(elr[2])),
    EL2("sp_el1", 4, 1, 0, .arg = 1, .read = read_sp, .write = write_sp),
    EL2("spsr_irq", 4, 3, 0, .feature = NEEDS(A32EL0), .at = AT(spsr_aa32[2]), .keeps = ~0xffffffffull),
    EL2("spsr_abt", 4, 3, 1, .feature = NEEDS(A32EL0), .at = AT(spsr_aa32[0]), .keeps = ~0xffffffffull),
    EL2("spsr_und", 4, 3, 2, .feature = NEEDS(A32EL0), .at = AT(spsr_aa32[1]), .keeps = ~0xffffffffull),
    EL2("spsr_fiq", 4, 3, 3, .feature = NEEDS(A32EL0), .at = AT(spsr_aa32[3]), .keeps = ~0xffffffffull),
    EL2("ifsr32_el2", 5, 0, 1, .feature = NEEDS(A32EL0), .at = AT(ifsr32_el2), .keeps = ~0xffffffffull),
    EL2("afsr0_el2", 5, 1, 0, F_EL2, .at = AT(afsr0[2]), .keeps = ~0ull),
    EL2("afsr1_el2", 5, 1, 1, F_EL2, .at = AT(afsr1[2]), .keeps = ~0ull),
    EL2("esr_el2", 5, 2, 0, F_EL2, .at = AT(esr[2])),
    EL2("vsesr_el2", 5, 2, 3, .feature = NEEDS(RAS), .at = AT(vsesr_el2)),
    EL2("fpexc32_el2", 5, 3, 0, .feature = NEEDS(A32EL0), .trap = TRAP_FP, .at = AT(fpexc32_el2), .keeps = ~0xffffffffull),
    EL2("tfsr_el2", 5, 6, 0, .feature = NEEDS(MTE2), .trap = TRAP_MTE, .at = AT(tfsr[2]), .keeps = ~3ull),
    EL2("far_el2", 6, 0, 0, F_EL2, .at = AT(far[2])),
    EL2("hpfar_el2", 6, 0, 4, F_EL2, .at = AT(hpfar_el2)),
    EL2("mair_el2", 10, 2, 0, F_EL2, .at = AT(mair[2]), ENDS),
    EL2("pire0_el2", 10, 2, 2, .feature = NEEDS(S1PIE), .trap = TRAP_PIE, .at = AT(pire0[2]), ENDS),
    EL2("pir_el2", 10, 2, 3, .feature = NEEDS(S1PIE), .trap = TRAP_PIE, .at = AT(pir[2]), ENDS),
    EL2("por_el2", 10, 2, 4, .feature = NEEDS(S1POE), .trap = TRAP_POE, .at = AT(por[2]), ENDS),
    EL2("s2pir_el2", 10, 2, 5, .feature = NEEDS(S2PIE), .trap = TRAP_PIE, .at = AT(s2pir_el2), ENDS),
    EL2("amair_el2", 10, 3, 0, F_EL2, .at = AT(amair[2]), .keeps = ~0ull),
    EL2("vbar_el2", 12, 0, 0, F_EL2, .at = AT(vbar[2]), .keeps = 0x7ff),
    SYS("rvbar_el2", A64_REG(3, 4, 12, 0, 1), 2, A64_SYS_RO, .read = a64_read_rvbar),
    EL2("vdisr_el2", 12, 1, 1, .feature = NEEDS(RAS), .at = AT(vdisr_el2)),
    EL2("contextidr_el2", 13, 0, 1, .feature = NEEDS(VHE), .at = AT(contextidr[2]), .keeps = ~0xffffffffull),
    EL2("tpidr_el2", 13, 0, 2, F_EL2, .at = AT(tpidr[2])),
    EL2("scxtnum_el2", 13, 0, 7, .feature = NEEDS(CSV2_2), .trap = TRAP_SCXT, .at = AT(scxtnum[2])),
    EL2("cntvoff_el2", 14, 0, 3, F_EL2, .at = AT(cntvoff_el2), .wrote = wrote_voffset),
    EL2("cntpoff_el2", 14, 0, 6, .feature = NEEDS(ECV2), .trap = TRAP_CNTPOFF, .at = AT(cntpoff_el2), .wrote = wrote_poffset),
    EL2("cnthctl_el2", 14, 1, 0, F_EL2, .at = AT(cnthctl_el2), .reset = 3, .keeps = ~0xfffffull, .wrote = wrote_poffset),
    EL2("cnthp_tval_el2", 14, 2, 0, F_EL2, A64_TIMER_ROW(HYP, 0)),
    EL2("cnthp_ctl_el2", 14, 2, 1, F_EL2, A64_TIMER_ROW(HYP, 1)),
    EL2("cnthp_cval_el2", 14, 2, 2, F_EL2, A64_TIMER_ROW(HYP, 2)),
    EL2("cnthv_tval_el2", 14, 3, 0, .feature = NEEDS(VHE), A64_TIMER_ROW(HYP_VIRT, 0)),
    EL2("cnthv_ctl_el2", 14, 3, 1, .feature = NEEDS(VHE), A64_TIMER_ROW(HYP_VIRT, 1)),
    EL2("cnthv_cval_el2", 14, 3, 2, .feature = NEEDS(VHE), A64_TIMER_ROW(HYP_VIRT, 2)),

    EL3("sctlr_el3", 1, 0, 0, .arg = 3, .at = AT(sctlr[3]), .reset = 0x30c50830, .write = a64_write_sctlr, ENDS),
    EL3("actlr_el3", 1, 0, 1, .at = AT(actlr[3]), .keeps = ~0ull),
    EL3("scr_el3", 1, 1, 0, .at = AT(scr_el3), .write = write_scr, ENDS),
    EL3("sder32_el3", 1, 1, 1, .at = AT(sder32_el3), .keeps = ~3ull),
    EL3("cptr_el3", 1, 1, 2, .at = AT(cptr_el3), ENDS),
    EL3("mdcr_el3", 1, 3, 1, .arg = 3, .at = AT(mdcr_el3), .write = a64_write_mdcr, ENDS),
    EL3("ttbr0_el3", 2, 0, 0, .at = AT(ttbr0[3]), ENDS),
    EL3("tcr_el3", 2, 0, 2, .at = AT(tcr[3]), ENDS),
    EL3("spsr_el3", 4, 0, 0, .at = AT(spsr[3])),
    EL3("elr_el3", 4, 0, 1, .at = AT(elr[3])),
    EL3("sp_el2", 4, 1, 0, .arg = 2, .read = read_sp, .write = write_sp),
    EL3("afsr0_el3", 5, 1, 0, .at = AT(afsr0[3]), .keeps = ~0ull),
    EL3("afsr1_el3", 5, 1, 1, .at = AT(afsr1[3]), .keeps = ~0ull),
    EL3("esr_el3", 5, 2, 0, .at = AT(esr[3])),
    EL3("far_el3", 6, 0, 0, .at = AT(far[3])),
    EL3("mair_el3", 10, 2, 0, .at = AT(mair[3]), ENDS),
    EL3("amair_el3", 10, 3, 0, .at = AT(amair[3]), .keeps = ~0ull),
    EL3("vbar_el3", 12, 0, 0, .at = AT(vbar[3]), .keeps = 0x7ff),
    SYS("rvbar_el3", A64_REG(3, 6, 12, 0, 1), 3, A64_SYS_RO, .read = a64_read_rvbar),
    EL3("tpidr_el3", 13, 0, 2, .at = AT(tpidr[3])),
    SYS("tfsr_el3", A64_REG(3, 6, 5, 6, 0), 3, 3, .feature = NEEDS(MTE2), .at = AT(tfsr[3]), .keeps = ~3ull),
    SYS("sctlr2_el3", A64_REG(3, 6, 1, 0, 3), 3, 3, .feature = NEEDS(SCTLR2), .at = AT(sctlr2[3]), ENDS),
    SYS("pir_el3", A64_REG(3, 6, 10, 2, 3), 3, 3, .feature = NEEDS(S1PIE), .at = AT(pir[3]), ENDS),
    SYS("por_el3", A64_REG(3, 6, 10, 2, 4), 3, 3, .feature = NEEDS(S1POE), .at = AT(por[3]), ENDS),
    SYS("scxtnum_el3", A64_REG(3, 6, 13, 0, 7), 3, 3, .feature = NEEDS(CSV2_2), .at = AT(scxtnum[3])),
    SYS_END
};
/* clang-format on */
