/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers of EL1 and EL0 (Arm ARM, D24.2): control, identification of this PE, PSTATE
 * fields as registers, keys, timers (D24.10).
 */
#include "core/util/bits.h"
#include "cpu/arm64/sysreg.h"

#define READ(name)  static uint64_t name(struct a64_cpu *a, const struct a64_sysreg *r)
#define WRITE(name) static void name(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)

/* ---- identification: a guest of EL2 sees what its hypervisor wrote ---- */
READ(midr)
{
    (void)r;
    return a->el == 1 && a64_el2_enabled(a) ? a->vpidr_el2 : a->config->midr;
}

READ(mpidr)
{
    (void)r;
    return a->el == 1 && a64_el2_enabled(a) ? a->vmpidr_el2 : a->config->mpidr;
}

READ(revidr)
{
    (void)r;
    return a->config->revidr;
}

READ(ccsidr)
{
    unsigned level = a->csselr_el1 >> 1 & 7, kind = a->csselr_el1 & 1;
    (void)r;
    return level < ARRAY_LEN(a->config->ccsidr) ? a->config->ccsidr[level][kind] : 0;
}

READ(clidr)
{
    (void)r;
    return a->config->clidr;
}

READ(ctr)
{
    (void)r;
    return a->config->ctr;
}

READ(dczid)
{
    bool denied = a->el == 0 && !(a->sctlr[a64_regime_el(a, 0)] & A64_SCTLR_DZE);
    (void)r;
    if (a->el < 2 && (a64_hcr(a) & A64_HCR_TDZ))
        denied = true;
    return a->config->dczid | (denied ? 1u << 4 : 0u);
}

READ(gmid) /* tags of 256 bytes at once */
{
    (void)a, (void)r;
    return 6;
}

/* ---- PSTATE ---- */
READ(current_el)
{
    (void)r;
    return a->el << 2;
}

READ(spsel)
{
    (void)r;
    return a->spsel;
}

WRITE(set_spsel)
{
    (void)r;
    a64_set_el(a, (unsigned)a->el, value & 1);
}

READ(sp_el0)
{
    (void)r;
    return a64_get_sp(a, 0);
}

WRITE(set_sp_el0)
{
    (void)r;
    a64_set_sp(a, 0, value);
}

WRITE(set_daif)
{
    (void)r;
    a->daif = value & A64_PS_DAIF;
}

/* One bit, number `arg` of the register, kept as 0 or 1 at `at`. */
static uint64_t *bit_at(struct a64_cpu *a, const struct a64_sysreg *r)
{
    return (uint64_t *)(void *)((uint8_t *)a + r->at);
}

READ(pstate_bit)
{
    return *bit_at(a, r) << r->arg;
}

WRITE(set_pstate_bit)
{
    *bit_at(a, r) = value >> r->arg & 1;
}
#define PSTATE_BIT(field, bit) \
    .at = AT(field), .arg = bit, .read = pstate_bit, .write = set_pstate_bit, .flags = A64_SYS_ENDS | A64_SYS_OWN

READ(nzcv)
{
    (void)r;
    return a64_get_nzcv(a);
}

WRITE(set_nzcv)
{
    (void)r;
    a64_set_nzcv(a, value);
}

/* ---- FP ---- */
WRITE(set_fpcr)
{
    (void)r;
    a64_set_fpcr(a, value);
}

READ(fpsr)
{
    (void)r;
    return a64_get_fpsr(a);
}

WRITE(set_fpsr)
{
    (void)r;
    a64_set_fpsr(a, value);
}

/* ---- control ---- */
uint64_t a64_gated_bits(const struct a64_cpu *a, uint64_t always, const struct a64_gated *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a64_cpu_has(a, rows[i].feature))
            always |= rows[i].bits;
    return always;
}

/*
 * SCTLR_EL1, and SCTLR_EL2 as it is with E2H. A control without its feature is RES1 where that is how
 * the rest behaves, else RES0 (D24.2.145).
 */
static const struct a64_gated sctlr_res0[] = {
    { A64_SCTLR_CP15BEN, A64_F_A32EL0 },
    { A64_SCTLR_NAA, A64_F_LSE2 },
    { A64_SCTLR_ENRCTX, A64_F_SPECRES },
    { A64_SCTLR_ENIA | A64_SCTLR_ENIB | A64_SCTLR_ENDA | A64_SCTLR_ENDB, A64_F_PAUTH },
    { A64_SCTLR_IESB, A64_F_IESB },
    { A64_SCTLR_MSCEN, A64_F_MOPS },
    { A64_SCTLR_BT0 | A64_SCTLR_BT1, A64_F_BTI },
    { A64_SCTLR_ITFSB | A64_SCTLR_TCF0 | A64_SCTLR_TCF | A64_SCTLR_ATA0 | A64_SCTLR_ATA, A64_F_MTE2 },
    { A64_SCTLR_DSSBS, A64_F_SSBS },
    { A64_SCTLR_EPAN, A64_F_PAN3 },
};
static const struct a64_gated sctlr_res1[] = {
    { A64_SCTLR_ITD | A64_SCTLR_SED, A64_F_A32EL0 },
    { A64_SCTLR_EOS | A64_SCTLR_EIS, A64_F_EXS },
    { A64_SCTLR_TSCXT, A64_F_CSV2_2 },
    { A64_SCTLR_SPAN, A64_F_PAN },
    { A64_SCTLR_NTLSMD | A64_SCTLR_LSMAOE, A64_F_LSMAOC },
};
#define SCTLR_ALWAYS                                                                               \
    (A64_SCTLR_M | A64_SCTLR_A | A64_SCTLR_C | A64_SCTLR_SA | A64_SCTLR_SA0 | A64_SCTLR_UMA |      \
     A64_SCTLR_I | A64_SCTLR_DZE | A64_SCTLR_UCT | A64_SCTLR_NTWI | A64_SCTLR_NTWE |               \
     A64_SCTLR_WXN | A64_SCTLR_E0E | A64_SCTLR_EE | A64_SCTLR_UCI)
/* Of SCTLR_EL3, and of SCTLR_EL2 where there is no E2H. */
#define SCTLR_ONE_RANGE_RES1 (B(4) | B(5) | B(16) | B(18) | B(23) | B(28) | B(29))

void a64_write_sctlr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    uint64_t all = 0;
    for (size_t i = 0; i < ARRAY_LEN(sctlr_res1); i++)
        all |= sctlr_res1[i].bits;
    uint64_t there = a64_gated_bits(a, 0, sctlr_res1, ARRAY_LEN(sctlr_res1)), ones = all & ~there;
    value &= a64_gated_bits(a, SCTLR_ALWAYS, sctlr_res0, ARRAY_LEN(sctlr_res0)) | there;
    if (r->arg == 3 || (r->arg == 2 && !a64_cpu_has(a, A64_F_VHE)))
        ones = (ones & (A64_SCTLR_EOS | A64_SCTLR_EIS)) | SCTLR_ONE_RANGE_RES1;
    a->sctlr[r->arg] = value | ones;
}

READ(isr)
{
    (void)r;
    return a64_isr(a);
}

/* DISR_EL1 is VDISR_EL2 for a guest whose SErrors are EL2's; below EL3 RAZ/WI when they are EL3's. */
static uint64_t *deferred(struct a64_cpu *a)
{
    if (a->el == 1 && (a64_hcr(a) & A64_HCR_AMO))
        return &a->vdisr_el2;
    return a->el < 3 && a64_cpu_has(a, A64_F_EL3) && (a->scr_el3 & A64_SCR_EA) ? NULL : &a->disr_el1;
}

READ(disr)
{
    const uint64_t *at = deferred(a);
    (void)r;
    return at != NULL ? *at : 0;
}

WRITE(set_disr)
{
    uint64_t *at = deferred(a);
    (void)r;
    if (at != NULL)
        *at = value;
}

READ(key)
{
    return r->arg & 1 ? a->key_hi[r->arg >> 1] : a->key_lo[r->arg >> 1];
}

WRITE(set_key)
{
    *(r->arg & 1 ? &a->key_hi[r->arg >> 1] : &a->key_lo[r->arg >> 1]) = value;
}
#define OWN .flags = A64_SYS_OWN
#define ENDS_OWN .flags = A64_SYS_ENDS | A64_SYS_OWN
#define KEY(name, crm, op2, number, bit)                                                              \
    SYS(name "lo_el1", A64_REG(3, 0, 2, crm, op2), 1, 1, .trap = TRAP_KEY, .arg = (number) * 2,       \
        .feature = NEEDS(PAUTH), .read = key, .write = set_key, OWN, FGT_RW(bit)),                         \
    SYS(name "hi_el1", A64_REG(3, 0, 2, crm, (op2) + 1), 1, 1, .trap = TRAP_KEY, .arg = (number) * 2 + 1, \
        .feature = NEEDS(PAUTH), .read = key, .write = set_key, OWN, FGT_RW(bit))

/* RNDR, RNDRRS: always succeed. The stream is the machine's, so that runs repeat. */
READ(random_number)
{
    (void)r;
    a64_set_nzcv(a, 0);
    return a64_random(a);
}

/* ---- timers ---- */
READ(cntpct)
{
    (void)r;
    return a64_count(a) - a64_physical_offset(a);
}

READ(cntvct)
{
    (void)r;
    return a64_count(a) - a64_virtual_offset(a);
}

uint64_t a64_read_timer(struct a64_cpu *a, const struct a64_sysreg *r)
{
    enum a64_timer t = (enum a64_timer)(r->arg >> 2);
    switch (r->arg & 3) {
    case 0: return (uint32_t)(a->cnt_cval[t] - (a64_count(a) - a64_timer_offset(a, t)));
    case 1: return a64_timer_ctl(a, t);
    default: return a->cnt_cval[t];
    }
}

void a64_write_timer(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    enum a64_timer t = (enum a64_timer)(r->arg >> 2);
    switch (r->arg & 3) {
    case 0: a->cnt_cval[t] = a64_count(a) - a64_timer_offset(a, t) + sext(value, 32); break;
    case 1: a->cnt_ctl[t] = value & 3; break;
    default: a->cnt_cval[t] = value;
    }
    a64_timer_changed(a, t);
}

#define EL1(name, crn, crm, op2, ...) SYS(name, A64_REG(3, 0, crn, crm, op2), 1, 1, __VA_ARGS__)
#define EL1R(name, crn, crm, op2, ...) SYS(name, A64_REG(3, 0, crn, crm, op2), 1, A64_SYS_RO, __VA_ARGS__)
#define EL0(name, crn, crm, op2, ...) SYS(name, A64_REG(3, 3, crn, crm, op2), 0, 0, __VA_ARGS__)
#define EL0R(name, crn, crm, op2, ...) SYS(name, A64_REG(3, 3, crn, crm, op2), 0, A64_SYS_RO, __VA_ARGS__)
#define E2H(crn, crm, op2) .e2h = A64_REG(3, 4, crn, crm, op2)
#define VM(bit) .trap = TRAP_VM, FGT_RW(bit)

/* clang-format off */
const struct a64_sysreg a64_sysregs_el1[] = {
    EL1R("midr_el1", 0, 0, 0, .read = midr, OWN, .fgt_read = FGT_R(25)),
    EL1R("mpidr_el1", 0, 0, 5, .read = mpidr, OWN, .fgt_read = FGT_R(26)),
    EL1R("revidr_el1", 0, 0, 6, .trap = TRAP_ID1, .read = revidr, .fgt_read = FGT_R(28)),
    SYS("ccsidr_el1", A64_REG(3, 1, 0, 0, 0), 1, A64_SYS_RO, .trap = TRAP_ID4, .read = ccsidr, .fgt_read = FGT_R(9)),
    SYS("clidr_el1", A64_REG(3, 1, 0, 0, 1), 1, A64_SYS_RO, .trap = TRAP_ID4, .read = clidr, .fgt_read = FGT_R(10)),
    SYS("gmid_el1", A64_REG(3, 1, 0, 0, 4), 1, A64_SYS_RO, .trap = TRAP_ID5, .feature = NEEDS(MTE2), .read = gmid),
    SYS("aidr_el1", A64_REG(3, 1, 0, 0, 7), 1, A64_SYS_RO, .trap = TRAP_ID1, .fgt_read = FGT_R(2)),
    SYS("csselr_el1", A64_REG(3, 2, 0, 0, 0), 1, 1, .trap = TRAP_ID4, .at = AT(csselr_el1), .keeps = ~0x1full, FGT_RW(13)),
    EL0R("ctr_el0", 0, 0, 1, .trap = TRAP_CTR, .read = ctr, .fgt_read = FGT_R(14)),
    EL0R("dczid_el0", 0, 0, 7, .read = dczid, .fgt_read = FGT_R(15)),
    EL1R("rvbar_el1", 12, 0, 1, .read = a64_read_rvbar),

    EL1("sctlr_el1", 1, 0, 0, VM(29), .arg = 1, .at = AT(sctlr[1]), .reset = 0x30d00800, .write = a64_write_sctlr, E2H(1, 0, 0), ENDS_OWN),
    EL1("actlr_el1", 1, 0, 1, .trap = TRAP_ACTLR, .at = AT(actlr[1]), .keeps = ~0ull),
    EL1("cpacr_el1", 1, 0, 2, .trap = TRAP_CPACR, .at = AT(cpacr_el1), .keeps = ~0x73730000ull, FGT_RW(12), E2H(1, 1, 2), .flags = A64_SYS_ENDS),
    EL1("sctlr2_el1", 1, 0, 3, .trap = TRAP_SCTLR2, .feature = NEEDS(SCTLR2), .at = AT(sctlr2[1]), FGT_RW(29), E2H(1, 0, 3), .flags = A64_SYS_ENDS),
    EL1("rgsr_el1", 1, 0, 5, .trap = TRAP_MTE, .feature = NEEDS(MTE2), .at = AT(rgsr_el1), .keeps = ~0xffff0full),
    EL1("gcr_el1", 1, 0, 6, .trap = TRAP_MTE, .feature = NEEDS(MTE2), .at = AT(gcr_el1), .keeps = ~0x1ffffull),
    EL1("ttbr0_el1", 2, 0, 0, VM(36), .at = AT(ttbr0[1]), E2H(2, 0, 0), .flags = A64_SYS_ENDS),
    EL1("ttbr1_el1", 2, 0, 1, VM(37), .at = AT(ttbr1[1]), E2H(2, 0, 1), .flags = A64_SYS_ENDS),
    EL1("tcr_el1", 2, 0, 2, VM(32), .at = AT(tcr[1]), E2H(2, 0, 2), .flags = A64_SYS_ENDS),
    EL1("tcr2_el1", 2, 0, 3, .trap = TRAP_TCR2, .feature = NEEDS(TCR2), .at = AT(tcr2[1]), FGT_RW(32), E2H(2, 0, 3), .flags = A64_SYS_ENDS),
    KEY("apiakey", 1, 0, A64_KEY_IA, 7), KEY("apibkey", 1, 2, A64_KEY_IB, 8),
    KEY("apdakey", 2, 0, A64_KEY_DA, 4), KEY("apdbkey", 2, 2, A64_KEY_DB, 5),
    KEY("apgakey", 3, 0, A64_KEY_GA, 6),
    EL1("afsr0_el1", 5, 1, 0, VM(0), .at = AT(afsr0[1]), .keeps = ~0ull, E2H(5, 1, 0)),
    EL1("afsr1_el1", 5, 1, 1, VM(1), .at = AT(afsr1[1]), .keeps = ~0ull, E2H(5, 1, 1)),
    EL1("esr_el1", 5, 2, 0, VM(16), .at = AT(esr[1]), E2H(5, 2, 0)),
    EL1R("erridr_el1", 5, 3, 0, .trap = TRAP_ERR, .feature = NEEDS(RAS), .fgt_read = FGT_R(40)),
    EL1("errselr_el1", 5, 3, 1, .trap = TRAP_ERR, .feature = NEEDS(RAS), FGT_RW(41)),
    EL1R("erxfr_el1", 5, 4, 0, .trap = TRAP_ERR, .feature = NEEDS(RAS), .fgt_read = FGT_R(42)),
    EL1("erxctlr_el1", 5, 4, 1, .trap = TRAP_ERR, .feature = NEEDS(RAS), FGT_RW(43)),
    EL1("erxstatus_el1", 5, 4, 2, .trap = TRAP_ERR, .feature = NEEDS(RAS), FGT_RW(44)),
    EL1("erxaddr_el1", 5, 4, 3, .trap = TRAP_ERR, .feature = NEEDS(RAS), FGT_RW(49)),
    EL1("erxmisc0_el1", 5, 5, 0, .trap = TRAP_ERR, .feature = NEEDS(RAS), FGT_RW(45)),
    EL1("erxmisc1_el1", 5, 5, 1, .trap = TRAP_ERR, .feature = NEEDS(RAS), FGT_RW(45)),
    EL1("tfsr_el1", 5, 6, 0, .trap = TRAP_MTE, .feature = NEEDS(MTE2), .at = AT(tfsr[1]), .keeps = ~3ull, E2H(5, 6, 0)),
    EL1("tfsre0_el1", 5, 6, 1, .trap = TRAP_MTE, .feature = NEEDS(MTE2), .at = AT(tfsr[0]), .keeps = ~3ull),
    EL1("far_el1", 6, 0, 0, VM(17), .at = AT(far[1]), E2H(6, 0, 0)),
    EL1("par_el1", 7, 4, 0, .at = AT(par_el1), FGT_RW(27)),
    EL1("mair_el1", 10, 2, 0, VM(24), .at = AT(mair[1]), E2H(10, 2, 0), .flags = A64_SYS_ENDS),
    EL1("pire0_el1", 10, 2, 2, .trap = TRAP_PIE, .feature = NEEDS(S1PIE), .at = AT(pire0[1]), E2H(10, 2, 2), FGT_RW(57), .flags = A64_SYS_ENDS),
    EL1("pir_el1", 10, 2, 3, .trap = TRAP_PIE, .feature = NEEDS(S1PIE), .at = AT(pir[1]), E2H(10, 2, 3), FGT_RW(58), .flags = A64_SYS_ENDS),
    EL1("por_el1", 10, 2, 4, .trap = TRAP_POE, .feature = NEEDS(S1POE), .at = AT(por[1]), E2H(10, 2, 4), FGT_RW(60), .flags = A64_SYS_ENDS),
    EL1("amair_el1", 10, 3, 0, VM(3), .at = AT(amair[1]), .keeps = ~0ull, E2H(10, 3, 0)),
    EL1("lorsa_el1", 10, 4, 0, .trap = TRAP_LOR, .feature = NEEDS(LOR), FGT_RW(23)),
    EL1("lorea_el1", 10, 4, 1, .trap = TRAP_LOR, .feature = NEEDS(LOR), FGT_RW(20)),
    EL1("lorn_el1", 10, 4, 2, .trap = TRAP_LOR, .feature = NEEDS(LOR), FGT_RW(22)),
    EL1("lorc_el1", 10, 4, 3, .trap = TRAP_LOR, .feature = NEEDS(LOR), FGT_RW(19)),
    EL1R("lorid_el1", 10, 4, 7, .trap = TRAP_LOR, .feature = NEEDS(LOR), .fgt_read = FGT_R(21)),
    EL1("vbar_el1", 12, 0, 0, .at = AT(vbar[1]), .keeps = 0x7ff, FGT_RW(38), E2H(12, 0, 0)),
    EL1R("isr_el1", 12, 1, 0, .read = isr, OWN, .fgt_read = FGT_R(18)),
    EL1("disr_el1", 12, 1, 1, .feature = NEEDS(RAS), .read = disr, .write = set_disr),
    EL1("contextidr_el1", 13, 0, 1, VM(11), .at = AT(contextidr[1]), .keeps = ~0xffffffffull, E2H(13, 0, 1)),
    EL1("tpidr_el1", 13, 0, 4, .at = AT(tpidr[1]), FGT_RW(33)),
    EL1("scxtnum_el1", 13, 0, 7, .trap = TRAP_SCXT, .feature = NEEDS(CSV2_2), .at = AT(scxtnum[1]), FGT_RW(30), E2H(13, 0, 7)),
    EL1("cntkctl_el1", 14, 1, 0, .at = AT(cntkctl_el1), .keeps = ~0x3ffffull, E2H(14, 1, 0)),

    EL1("spsr_el1", 4, 0, 0, .at = AT(spsr[1]), E2H(4, 0, 0)),
    EL1("elr_el1", 4, 0, 1, .at = AT(elr[1]), E2H(4, 0, 1)),
    EL1("sp_el0", 4, 1, 0, .trap = TRAP_SP_EL0, .read = sp_el0, .write = set_sp_el0, OWN),
    EL1("spsel", 4, 2, 0, .read = spsel, .write = set_spsel, ENDS_OWN),
    EL1R("currentel", 4, 2, 2, .read = current_el, OWN),
    EL1("pan", 4, 2, 3, .feature = NEEDS(PAN), PSTATE_BIT(pan, 22)),
    EL1("uao", 4, 2, 4, .feature = NEEDS(UAO), PSTATE_BIT(uao, 23)),
    EL0("nzcv", 4, 2, 0, .read = nzcv, .write = set_nzcv),
    EL0("daif", 4, 2, 1, .trap = TRAP_DAIF, .at = AT(daif), .write = set_daif, .reset = A64_PS_DAIF, ENDS_OWN),
    EL0("dit", 4, 2, 5, .feature = NEEDS(DIT), PSTATE_BIT(dit, 24)),
    EL0("ssbs", 4, 2, 6, .feature = NEEDS(SSBS2), PSTATE_BIT(ssbs, 12)),
    EL0("tco", 4, 2, 7, .feature = NEEDS(MTE), PSTATE_BIT(tco, 25)),
    EL0("fpcr", 4, 4, 0, .trap = TRAP_FP, .at = AT(fpcr), .write = set_fpcr, ENDS_OWN),
    EL0("fpsr", 4, 4, 1, .trap = TRAP_FP, .read = fpsr, .write = set_fpsr, OWN),
    EL0R("rndr", 2, 4, 0, .feature = NEEDS(RNG), .read = random_number),
    EL0R("rndrrs", 2, 4, 1, .feature = NEEDS(RNG), .read = random_number),
    EL0("por_el0", 10, 2, 4, .trap = TRAP_POE0, .feature = NEEDS(S1POE), .at = AT(por[0]), FGT_RW(59), ENDS_OWN),
    EL0("tpidr_el0", 13, 0, 2, .at = AT(tpidr[0]), FGT_RW(35)),
    SYS("tpidrro_el0", A64_REG(3, 3, 13, 0, 3), 0, 1, .at = AT(tpidrro_el0), FGT_RW(34)),
    EL0("scxtnum_el0", 13, 0, 7, .trap = TRAP_SCXT0, .feature = NEEDS(CSV2_2), .at = AT(scxtnum_el0), FGT_RW(31)),

    SYS("cntfrq_el0", A64_REG(3, 3, 14, 0, 0), 0, 1, .trap = TRAP_CNTFRQ, .at = AT(cntfrq_el0), .keeps = ~0xffffffffull),
    EL0R("cntpct_el0", 14, 0, 1, .trap = TRAP_COUNT_P, .read = cntpct),
    EL0R("cntvct_el0", 14, 0, 2, .trap = TRAP_COUNT_V, .read = cntvct),
    EL0R("cntpctss_el0", 14, 0, 5, .trap = TRAP_COUNT_P, .feature = NEEDS(ECV), .read = cntpct),
    EL0R("cntvctss_el0", 14, 0, 6, .trap = TRAP_COUNT_V, .feature = NEEDS(ECV), .read = cntvct),
    EL0("cntp_tval_el0", 14, 2, 0, A64_TIMER_ROW(PHYS, 0), .trap = TRAP_TIMER_P, E2H(14, 2, 0)),
    EL0("cntp_ctl_el0", 14, 2, 1, A64_TIMER_ROW(PHYS, 1), .trap = TRAP_TIMER_P, E2H(14, 2, 1)),
    EL0("cntp_cval_el0", 14, 2, 2, A64_TIMER_ROW(PHYS, 2), .trap = TRAP_TIMER_P, E2H(14, 2, 2)),
    EL0("cntv_tval_el0", 14, 3, 0, A64_TIMER_ROW(VIRT, 0), .trap = TRAP_TIMER_V, E2H(14, 3, 0)),
    EL0("cntv_ctl_el0", 14, 3, 1, A64_TIMER_ROW(VIRT, 1), .trap = TRAP_TIMER_V, E2H(14, 3, 1)),
    EL0("cntv_cval_el0", 14, 3, 2, A64_TIMER_ROW(VIRT, 2), .trap = TRAP_TIMER_V, E2H(14, 3, 2)),
    SYS("cntps_tval_el1", A64_REG(3, 7, 14, 2, 0), 1, 1, .feature = NEEDS(EL3), .trap = TRAP_TIMER_S, A64_TIMER_ROW(SEC, 0)),
    SYS("cntps_ctl_el1", A64_REG(3, 7, 14, 2, 1), 1, 1, .feature = NEEDS(EL3), .trap = TRAP_TIMER_S, A64_TIMER_ROW(SEC, 1)),
    SYS("cntps_cval_el1", A64_REG(3, 7, 14, 2, 2), 1, 1, .feature = NEEDS(EL3), .trap = TRAP_TIMER_S, A64_TIMER_ROW(SEC, 2)),
    SYS_END
};
/* clang-format on */
