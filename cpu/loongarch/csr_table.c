/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control and status registers: manual, chapter "Control and Status Registers", in the order of their numbers.
 *
 * Absent, so that they read 0: CSRs of LA32 alone, UCAWIN (implementation's own), MCSR (an image of CPUCFG that the
 * manual does not have).
 */
#include "cpu/loongarch/loongarch_impl.h"

#define LOW12 0xfffull

/* ---- basic ---- */
static void write_crmd(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la_change_crmd(la, value & 0x3ff);
}

static void write_euen(struct la_cpu *la, uint32_t i, uint64_t value)
{
    uint64_t mask = LA_EUEN_FPE | (la_has(la->config, LA_F_LSX) ? LA_EUEN_SXE : 0u) |
                    (la_has(la->config, LA_F_LASX) ? LA_EUEN_ASXE : 0u);
    (void)i;
    la->csr.euen = value & mask;
    la_update_mode(la);
}

/* ALCL is a constant 1 where misaligned accesses are not supported. */
static void write_misc(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.misc = value & 0x7feee;
    if (!la_has(la->config, LA_F_UAL))
        la->csr.misc |= LA_MISC_ALCL;
    la_update_mode(la);
}

static void write_ecfg(struct la_cpu *la, uint32_t i, uint64_t value)
{
    uint64_t lie = 0x1fff | (la_has(la->config, LA_F_MSG_INT) ? BIT(LA_IS_MSG) : 0);
    uint64_t vs = MIN(F_GET(value, LA_ECFG_VS), la->config->prcfg1 >> 12 & 7);
    (void)i;
    la->csr.ecfg = F_PUT(value & lie, LA_ECFG_VS, vs);
    la_check_interrupts(la);
}

static uint64_t read_estat(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la_estat(la);
}

/*
 * A hypervisor writes all of its guest's: that is how it injects what is not HWI, and restores. HWI come from GINTC
 * alone and PMI from counters: were they kept here, what was saved while one was up would hold it up for ever after it
 * was restored.
 */
static void write_estat(struct la_cpu *la, uint32_t i, uint64_t value)
{
    uint64_t mask = la->borrowed ? 0x7fff1803 : 3;
    (void)i;
    la->csr.estat = (la->csr.estat & ~mask) | (value & mask);
    la_check_interrupts(la);
}

/* ---- mapped addresses ---- */
static uint64_t sign_extended(const struct la_cpu *la, uint64_t va)
{
    return sext(va & ~0x1fffull, la->config->mmu.va_bits);
}

static void write_tlbehi(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.tlbehi = sign_extended(la, value);
}

static void write_tlbelo(struct la_cpu *la, uint32_t i, uint64_t value)
{
    la->csr.tlbelo[i] = value & mmu_la_elo_mask(&la->config->mmu);
}

static void write_tlbrelo(struct la_cpu *la, uint32_t i, uint64_t value)
{
    la->csr.tlbrelo[i] = value & mmu_la_elo_mask(&la->config->mmu);
}

static void write_tlbrehi(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.tlbrehi = sign_extended(la, value) | (value & 0x3f);
}

static uint64_t read_asid(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la->csr.asid | (uint64_t)la->config->asid_bits << 16;
}

static void write_asid(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.asid = zext(value, MIN(la->config->asid_bits, 10u));
    la_update_mode(la);
}

/* The upper half's for the bad address in whose handler software is. */
static uint64_t read_pgd(struct la_cpu *la, uint32_t i)
{
    uint64_t bad = la_is_tlbr(la) ? la->csr.tlbrbadv : la->csr.badv;
    (void)i;
    return bad >> (la->config->mmu.va_bits - 1) & 1 ? la->csr.pgdh : la->csr.pgdl;
}

static void write_pwch(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.pwch = value & (0xffffff | (la_has(la->config, LA_F_HPTW) ? BIT(24) : 0));
}

static void wrote_mapping(struct la_cpu *la, uint64_t old)
{
    (void)old;
    la_flush_tlb(la);
}

static void wrote_mode(struct la_cpu *la, uint64_t old)
{
    (void)old;
    la_update_mode(la);
}

static void write_tlbrentry(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.tlbrentry = zext(value & ~LOW12, la->config->mmu.pa_bits);
}

/* PGM is there with LVZ. */
static void write_tlbrprmd(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.tlbrprmd = value & (la_has(la->config, LA_F_LVZ) ? 0x1f : 0x17);
}

static void write_merrentry(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->merr[LA_MERR_ENTRY] = zext(value & ~LOW12, la->config->mmu.pa_bits);
}

/* ---- what a core is ---- */
static uint64_t read_cpuid(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la->csr.cpuid & 0x1ff;
}

static void write_cpuid(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    if (la->borrowed)
        la->csr.cpuid = value;
}

static uint64_t read_prcfg(struct la_cpu *la, uint32_t i)
{
    return la->csr.prcfg[i];
}

static void write_prcfg(struct la_cpu *la, uint32_t i, uint64_t value)
{
    if (la->borrowed)
        la->csr.prcfg[i] = value;
}

static void write_badi(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    if (la->borrowed)
        la->csr.badi = (uint32_t)value;
}

static bool has_save(const struct la_config *c, uint32_t i)
{
    return i < (c->prcfg1 & 15);
}

/* ---- timer ---- */
static void write_tcfg(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.tcfg = zext(value, (unsigned)(la->config->prcfg1 >> 4 & 0xff) + 1);
    la_tcfg_written(la);
}

static uint64_t read_tval(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la_tval(la);
}

static void write_tval(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    if (la->borrowed)
        la_tval_write(la, value);
}

static void write_ticlr(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    if (value & 1)
        la_ticlr_written(la);
}

/* ---- LLbit ---- */
static uint64_t read_llbctl(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la->csr.llbctl | (la->cpu.reserved ? LA_LLBCTL_ROLLB : 0);
}

static void write_llbctl(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.llbctl = value & LA_LLBCTL_KLO;
    if (value & LA_LLBCTL_WCLLB)
        la->cpu.reserved = false;
}

/* ---- message interrupts ---- */
static bool has_messages(const struct la_config *c, uint32_t i)
{
    (void)i;
    return la_has(c, LA_F_MSG_INT);
}

/* Messages are the hypervisor's to bring to its guest. */
static void write_msgis(struct la_cpu *la, uint32_t i, uint64_t value)
{
    if (la->borrowed)
        la->csr.msgis[i] = value;
}

static uint64_t read_msgir(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la_msgir_read(la);
}

static uint64_t peek_msgir(const struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la_msgir_peek(la);
}

static void write_msgie(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->csr.msgie = value & 0xff;
    la_check_interrupts(la);
}

/* ---- performance counters ---- */
static bool has_counter(const struct la_config *c, uint32_t i)
{
    return i < la_pmu_counters(c);
}

static uint64_t read_pmcnt(struct la_cpu *la, uint32_t i)
{
    return la_pmcnt_read(la, i);
}

/* ---- watchpoints ---- */
static bool has_mwp(const struct la_config *c, uint32_t i)
{
    (void)c;
    return i < LA_WATCHES_DATA;
}

static bool has_fwp(const struct la_config *c, uint32_t i)
{
    (void)c;
    return i < LA_WATCHES_FETCH;
}

static uint64_t read_mwpc(struct la_cpu *la, uint32_t i)
{
    (void)la, (void)i;
    return LA_WATCHES_DATA;
}

static uint64_t read_fwpc(struct la_cpu *la, uint32_t i)
{
    (void)la, (void)i;
    return LA_WATCHES_FETCH;
}

static void write_mwps(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la_watch_status_write(la, false, value);
}

static void write_fwps(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la_watch_status_write(la, true, value);
}

#define WATCH_WRITE(kind, fetch, k, bits)                                                          \
    static void write_##kind##k(struct la_cpu *la, uint32_t i, uint64_t value)                     \
    {                                                                                              \
        if (!la_watch_may_write(la, fetch, i))                                                     \
            return;                                                                                \
        la->kind[i][k - 1] = value & (bits);                                                       \
        la_watch_changed(la);                                                                      \
    }
#define DM_ONLY(la) (la_is_debug(la) ? 1u : 0u)
WATCH_WRITE(mwp, false, 1, ~0ull)
WATCH_WRITE(mwp, false, 2, ~0ull)
WATCH_WRITE(mwp, false, 3, 0xf9eull | DM_ONLY(la))
WATCH_WRITE(mwp, false, 4, 0x3ffull)
WATCH_WRITE(fwp, true, 1, ~0ull)
WATCH_WRITE(fwp, true, 2, ~0ull)
WATCH_WRITE(fwp, true, 3, 0x9eull | DM_ONLY(la))
WATCH_WRITE(fwp, true, 4, 0x3ffull)

static uint64_t read_dbg(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la->dbg | 1u << 1; /* DRev */
}

/* ---- guest mode; of the fields, those that are listed in lvz.c ---- */
enum { GSTAT_GIDBIT = 8 << 4, GCFG_MATP_ROOT = 1 << 1, GCFG_GPMP = 1 << 23 };

static bool has_lvz(const struct la_config *c, uint32_t i)
{
    (void)i;
    return la_has(c, LA_F_LVZ);
}

static uint64_t read_gstat(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la->gstat | GSTAT_GIDBIT;
}

static uint64_t read_gcfg(struct la_cpu *la, uint32_t i)
{
    (void)i;
    return la->gcfg | GCFG_MATP_ROOT | (la_pmu_counters(la->config) != 0 ? GCFG_GPMP : 0);
}

static void write_gcfg(struct la_cpu *la, uint32_t i, uint64_t value)
{
    (void)i;
    la->gcfg = value & (0x30 | (la_pmu_counters(la->config) != 0 ? F_MASK(LA_GCFG_GPERF) : 0));
}

/* clang-format off */
#define AT(member)     .stored = true, .at = offsetof(struct la_cpu, member)
#define SLOT(member, number) AT(member), .slot = (number), .wide = true, .mask = ~0ull
#define PWATCH(kind, k) .stored = true, .wide = true, .at = offsetof(struct la_cpu, kind) + 8 * ((k) - 1), .step = 8, \
                        .stride = 32, .count = LA_WATCHES, .exists = has_##kind, .write = write_##kind##k, .ends_block = true
const struct la_csr la_csrs[] = {
    { LA_CSR_CRMD, .guest = true, .name = "crmd", AT(csr.crmd), .reset = 8, .write = write_crmd, .ends_block = true, .timed = true },
    { LA_CSR_PRMD, .guest = true, .name = "prmd", AT(csr.prmd), .mask = 0xf },
    { LA_CSR_EUEN, .guest = true, .name = "euen", AT(csr.euen), .write = write_euen, .ends_block = true },
    { LA_CSR_MISC, .guest = true, .name = "misc", AT(csr.misc), .write = write_misc, .ends_block = true },
    { LA_CSR_ECFG, .guest = true, .name = "ecfg", AT(csr.ecfg), .write = write_ecfg, .timed = true },
    { LA_CSR_ESTAT, .guest = true, .name = "estat", AT(csr.estat), .read = read_estat, .write = write_estat, .timed = true },
    { LA_CSR_ERA, .guest = true, .name = "era", SLOT(csr.era, LA_SLOT_ERA) },
    { LA_CSR_BADV, .guest = true, .name = "badv", SLOT(csr.badv, LA_SLOT_BADV) },
    { LA_CSR_BADI, .guest = true, .name = "badi", AT(csr.badi), .write = write_badi },
    { LA_CSR_EENTRY, .guest = true, .name = "eentry", AT(csr.eentry), .wide = true, .mask = ~LOW12 },
    { LA_CSR_TLBIDX, .guest = true, .name = "tlbidx", AT(csr.tlbidx), .mask = 0xbf000fff },
    { LA_CSR_TLBEHI, .guest = true, .name = "tlbehi", AT(csr.tlbehi), .wide = true, .write = write_tlbehi },
    { LA_CSR_TLBELO0, .guest = true, .count = 2, .name = "tlbelo%u", AT(csr.tlbelo), .wide = true, .write = write_tlbelo },
    { LA_CSR_GTLBC, .name = "gtlbc", AT(gtlbc), .mask = 0xff1000, .exists = has_lvz },
    { LA_CSR_TRGP, .name = "trgp", AT(trgp), .mask = 0xff0001, .exists = has_lvz },
    { LA_CSR_ASID, .guest = true, .name = "asid", AT(csr.asid), .read = read_asid, .write = write_asid, .ends_block = true },
    { LA_CSR_PGDL, .guest = true, .name = "pgdl", AT(csr.pgdl), .slot = LA_SLOT_PGDL, .wide = true, .mask = ~LOW12 },
    { LA_CSR_PGDH, .guest = true, .name = "pgdh", AT(csr.pgdh), .slot = LA_SLOT_PGDH, .wide = true, .mask = ~LOW12 },
    { LA_CSR_PGD, .guest = true, .name = "pgd", .wide = true, .read = read_pgd },
    { LA_CSR_PWCL, .guest = true, .name = "pwcl", AT(csr.pwcl), .mask = 0xffffffff },
    { LA_CSR_PWCH, .guest = true, .name = "pwch", AT(csr.pwch), .write = write_pwch },
    { LA_CSR_STLBPS, .guest = true, .name = "stlbps", AT(csr.stlbps), .mask = 0x3f, .wrote = wrote_mapping, .ends_block = true },
    { LA_CSR_RVACFG, .guest = true, .name = "rvacfg", AT(csr.rvacfg), .mask = 0xf, .wrote = wrote_mode, .ends_block = true },
    { LA_CSR_CPUID, .guest = true, .name = "cpuid", .read = read_cpuid, .write = write_cpuid },
    { LA_CSR_PRCFG1, .guest = true, .count = 3, .name = "prcfg%u", .first = 1, .wide = true, .read = read_prcfg, .write = write_prcfg },
    { LA_CSR_SAVE0, .guest = true, .count = 16, .name = "save%u", SLOT(csr.save, LA_SLOT_SAVE), .exists = has_save },
    { LA_CSR_TID, .guest = true, .name = "tid", AT(csr.tid), .mask = 0xffffffff },
    { LA_CSR_TCFG, .guest = true, .name = "tcfg", AT(csr.tcfg), .wide = true, .write = write_tcfg, .timed = true },
    { LA_CSR_TVAL, .guest = true, .name = "tval", .wide = true, .read = read_tval, .write = write_tval, .timed = true },
    { LA_CSR_CNTC, .guest = true, .name = "cntc", AT(csr.cntc), .wide = true, .mask = ~0ull },
    { LA_CSR_TICLR, .guest = true, .name = "ticlr", .write = write_ticlr, .timed = true },
    { LA_CSR_GSTAT, .name = "gstat", AT(gstat), .mask = 0xff0002, .read = read_gstat, .exists = has_lvz },
    { LA_CSR_GCFG, .name = "gcfg", AT(gcfg), .read = read_gcfg, .write = write_gcfg, .exists = has_lvz },
    { LA_CSR_GINTC, .name = "gintc", AT(gintc), .mask = 0xff, .exists = has_lvz },
    { LA_CSR_GCNTC, .name = "gcntc", AT(gcntc), .wide = true, .mask = ~0ull, .exists = has_lvz },
    { LA_CSR_LLBCTL, .guest = true, .name = "llbctl", AT(csr.llbctl), .read = read_llbctl, .write = write_llbctl },
    { LA_CSR_IMPCTL1, .count = 2, .name = "impctl%u", .first = 1, AT(impctl), .mask = 0xffffffff },
    { LA_CSR_GNMI, .name = "gnmi", AT(gnmi), .mask = 0xffffffff },
    { LA_CSR_TLBRENTRY, .guest = true, .name = "tlbrentry", AT(csr.tlbrentry), .wide = true, .write = write_tlbrentry },
    { LA_CSR_TLBRBADV, .guest = true, .name = "tlbrbadv", SLOT(csr.tlbrbadv, LA_SLOT_TLBRBADV) },
    { LA_CSR_TLBRERA, .guest = true, .name = "tlbrera", AT(csr.tlbrera), .wide = true, .mask = ~2ull, .wrote = wrote_mode, .ends_block = true },
    { LA_CSR_TLBRSAVE, .guest = true, .name = "tlbrsave", SLOT(csr.tlbrsave, LA_SLOT_TLBRSAVE) },
    { LA_CSR_TLBRELO0, .guest = true, .count = 2, .name = "tlbrelo%u", AT(csr.tlbrelo), .slot = LA_SLOT_TLBRELO0, .wide = true, .write = write_tlbrelo },
    { LA_CSR_TLBREHI, .guest = true, .name = "tlbrehi", AT(csr.tlbrehi), .slot = LA_SLOT_TLBREHI, .wide = true, .write = write_tlbrehi },
    { LA_CSR_TLBRPRMD, .guest = true, .name = "tlbrprmd", AT(csr.tlbrprmd), .write = write_tlbrprmd },
    { LA_CSR_MERRCTL, .name = "merrctl", AT(merr[LA_MERR_CTL]), .mask = 0x1fdc },
    { LA_CSR_MERRINFO1, .count = 2, .name = "merrinfo%u", .first = 1, AT(merr[LA_MERR_INFO1]), .wide = true },
    { LA_CSR_MERRENTRY, .name = "merrentry", AT(merr[LA_MERR_ENTRY]), .wide = true, .write = write_merrentry },
    { LA_CSR_MERRERA, .name = "merrera", AT(merr[LA_MERR_ERA]), .wide = true, .mask = ~0ull },
    { LA_CSR_MERRSAVE, .name = "merrsave", AT(merr[LA_MERR_SAVE]), .wide = true, .mask = ~0ull },
    { LA_CSR_CTAG, .name = "ctag", AT(ctag), .wide = true, .mask = ~0ull },
    { LA_CSR_MSGIS0, .guest = true, .count = 4, .name = "msgis%u", AT(csr.msgis), .wide = true, .write = write_msgis, .exists = has_messages },
    { LA_CSR_MSGIR, .guest = true, .name = "msgir", .read = read_msgir, .peek = peek_msgir, .exists = has_messages, .timed = true },
    { LA_CSR_MSGIE, .guest = true, .name = "msgie", AT(csr.msgie), .write = write_msgie, .exists = has_messages, .timed = true },
    { LA_CSR_DMW0, .guest = true, .count = 4, .name = "dmw%u", AT(csr.dmw), .wide = true, .mask = 0xf00000000000003full, .wrote = wrote_mode, .ends_block = true },
    { LA_CSR_PMCFG0, .guest = true, .count = LA_PMU_COUNTERS, .step = 2, .name = "pmcfg%u", .read = la_pmcfg_read, .write = la_pmcfg_write, .exists = has_counter, .ends_block = true, .timed = true },
    { LA_CSR_PMCFG0 + 1, .guest = true, .count = LA_PMU_COUNTERS, .step = 2, .name = "pmcnt%u", .wide = true, .read = read_pmcnt, .write = la_pmcnt_write, .exists = has_counter, .timed = true },
    { LA_CSR_MWPC, .name = "mwpc", .read = read_mwpc },
    { LA_CSR_MWPS, .name = "mwps", AT(mwps), .write = write_mwps },
    { LA_CSR_MWP0, .name = "mwp%ucfg1", PWATCH(mwp, 1) },
    { LA_CSR_MWP0 + 1, .name = "mwp%ucfg2", PWATCH(mwp, 2) },
    { LA_CSR_MWP0 + 2, .name = "mwp%ucfg3", PWATCH(mwp, 3) },
    { LA_CSR_MWP0 + 3, .name = "mwp%ucfg4", PWATCH(mwp, 4) },
    { LA_CSR_FWPC, .name = "fwpc", .read = read_fwpc },
    { LA_CSR_FWPS, .name = "fwps", AT(fwps), .write = write_fwps },
    { LA_CSR_FWP0, .name = "fwp%ucfg1", PWATCH(fwp, 1) },
    { LA_CSR_FWP0 + 1, .name = "fwp%ucfg2", PWATCH(fwp, 2) },
    { LA_CSR_FWP0 + 2, .name = "fwp%ucfg3", PWATCH(fwp, 3) },
    { LA_CSR_FWP0 + 3, .name = "fwp%ucfg4", PWATCH(fwp, 4) },
    { LA_CSR_DBG, .name = "dbg", AT(dbg), .read = read_dbg },
    { LA_CSR_DERA, .name = "dera", AT(dera), .wide = true, .mask = ~0ull },
    { LA_CSR_DSAVE, .name = "dsave", AT(dsave), .wide = true, .mask = ~0ull },
};
/* clang-format on */
const uint32_t la_n_csrs = ARRAY_LEN(la_csrs);
