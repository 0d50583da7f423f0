/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSRs by number: privileged ISA 1.13, "CSR Listing". A row says which bits a
 * write changes; what does not fit a mask (WARL fields with several bits, views of
 * other registers, side effects) is a callback above the table or in
 * csr_unprivileged.c. Hypervisor, AIA and state-enable registers have no rows:
 * accessing them is an illegal instruction.
 */
#include "cpu/riscv/csr_impl.h"

/* ---- status ---- */
#define SSTATUS_BITS                                                                               \
    (F_MASK(RV_MSTATUS_SIE) | F_MASK(RV_MSTATUS_SPIE) | F_MASK(RV_MSTATUS_SPP) |                   \
     F_MASK(RV_MSTATUS_FS) | F_MASK(RV_MSTATUS_VS) | F_MASK(RV_MSTATUS_SUM) |                     \
     F_MASK(RV_MSTATUS_MXR))
#define MSTATUS_BITS                                                                               \
    (SSTATUS_BITS | F_MASK(RV_MSTATUS_MIE) | F_MASK(RV_MSTATUS_MPIE) | F_MASK(RV_MSTATUS_MPP) |    \
     F_MASK(RV_MSTATUS_MPRV) | F_MASK(RV_MSTATUS_TVM) | F_MASK(RV_MSTATUS_TW) |                    \
     F_MASK(RV_MSTATUS_TSR))

static void put_status(struct rv_cpu *rv, uint64_t mask, uint64_t value)
{
    if (!rv_has(rv->config, RV_X_F))
        mask &= ~F_MASK(RV_MSTATUS_FS);
    if (!rv_has(rv->config, RV_X_V))
        mask &= ~F_MASK(RV_MSTATUS_VS);
    if (F_GET(value, RV_MSTATUS_MPP) == 2) /* WARL: 2 is no mode */
        mask &= ~F_MASK(RV_MSTATUS_MPP);
    rv->mstatus = (rv->mstatus & ~mask) | (value & mask);
    rv_update_mode(rv);
}

static uint64_t read_mstatus(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv_sd(rv);
}

static void write_mstatus(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    put_status(rv, MSTATUS_BITS, value);
}

static uint64_t read_sstatus(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv_sd(rv) & (SSTATUS_BITS | F_MASK(RV_MSTATUS_UXL) | F_MASK(RV_MSTATUS_SD));
}

static void write_sstatus(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    put_status(rv, SSTATUS_BITS, value);
}

static uint64_t read_misa(const struct rv_cpu *rv, uint32_t index)
{
    static const struct {
        enum rv_feature x;
        char letter;
    } letters[] = {
        { RV_X_A, 'A' }, { RV_X_C, 'C' }, { RV_X_D, 'D' },
        { RV_X_F, 'F' }, { RV_X_I, 'I' }, { RV_X_M, 'M' }, { RV_X_V, 'V' },
    };
    (void)index;
    const struct rv_config *c = rv->config;
    uint64_t misa = 2ull << 62 | BIT('S' - 'A') | BIT('U' - 'A');
    for (size_t i = 0; i < ARRAY_LEN(letters); i++)
        if (rv_has(c, letters[i].x))
            misa |= BIT(letters[i].letter - 'A');
    if (rv_has(c, RV_X_ZBA) && rv_has(c, RV_X_ZBB) && rv_has(c, RV_X_ZBS))
        misa |= BIT('B' - 'A');
    return misa;
}

/* ---- identity ---- */
static uint64_t read_mvendorid(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv->config->mvendorid;
}
static uint64_t read_marchid(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv->config->marchid;
}
static uint64_t read_mimpid(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv->config->mimpid;
}
static uint64_t read_mhartid(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv->cpu.index;
}

/* ---- trap set-up ---- */
static void put_tvec(uint64_t *tvec, uint64_t value)
{
    uint64_t mode = value & 3; /* WARL: 2 and 3 are reserved */
    *tvec = (value & ~3ull) | (mode <= 1 ? mode : *tvec & 3);
}

static void write_mtvec(struct rv_cpu *rv, uint32_t i, uint64_t value)
{
    (void)i;
    put_tvec(&rv->mtvec, value);
}
static void write_stvec(struct rv_cpu *rv, uint32_t i, uint64_t value)
{
    (void)i;
    put_tvec(&rv->stvec, value);
}

static uint64_t epc_mask(const struct rv_cpu *rv)
{
    return rv_has(rv->config, RV_X_C) ? ~1ull : ~3ull; /* IALIGN */
}

static void write_mepc(struct rv_cpu *rv, uint32_t i, uint64_t value)
{
    (void)i;
    rv->mepc = value & epc_mask(rv);
}
static void write_sepc(struct rv_cpu *rv, uint32_t i, uint64_t value)
{
    (void)i;
    rv->sepc = value & epc_mask(rv);
}

/* ---- interrupts ---- */
#define S_INTERRUPTS (BIT(RV_IRQ_SSI) | BIT(RV_IRQ_STI) | BIT(RV_IRQ_SEI))
#define M_INTERRUPTS (BIT(RV_IRQ_MSI) | BIT(RV_IRQ_MTI) | BIT(RV_IRQ_MEI))

static uint64_t lcofi(const struct rv_cpu *rv)
{
    return rv_has(rv->config, RV_X_SSCOFPMF) ? BIT(RV_IRQ_LCOFI) : 0;
}

static void write_mideleg(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->mideleg = value & (S_INTERRUPTS | lcofi(rv));
    rv_check_interrupts(rv);
}

static void put_mie(struct rv_cpu *rv, uint64_t mask, uint64_t value)
{
    rv->mie = (rv->mie & ~mask) | (value & mask);
    rv_check_interrupts(rv);
}

static void write_mie(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    put_mie(rv, S_INTERRUPTS | M_INTERRUPTS | lcofi(rv), value);
}

static uint64_t read_sie(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv->mie & rv->mideleg;
}

static void write_sie(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    put_mie(rv, rv->mideleg, value);
}

static uint64_t read_mip(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv_mip(rv);
}
static uint64_t read_sip(const struct rv_cpu *rv, uint32_t i)
{
    (void)i;
    return rv_mip(rv) & rv->mideleg;
}

/* The external line does not leak into SEIP by a read-modify-write (machine level, "mip and mie").
 */
static uint64_t modify_mip(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return (rv_mip(rv) & ~BIT(RV_IRQ_SEI)) | (rv->mip_soft & BIT(RV_IRQ_SEI));
}

static void put_mip(struct rv_cpu *rv, uint64_t mask, uint64_t value)
{
    rv->mip_soft = (rv->mip_soft & ~mask) | (value & mask);
    rv_check_interrupts(rv);
}

static void write_mip(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    uint64_t mask = S_INTERRUPTS | lcofi(rv);
    if (F_GET(rv->menvcfg, RV_ENVCFG_STCE)) /* Sstc: STIP is the comparator's */
        mask &= ~BIT(RV_IRQ_STI);
    put_mip(rv, mask, value);
}

static void write_sip(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    put_mip(rv, (BIT(RV_IRQ_SSI) | lcofi(rv)) & rv->mideleg, value);
}

/* ---- environment configuration ---- */
static uint64_t envcfg_bits(const struct rv_config *c)
{
    uint64_t bits = F_MASK(RV_ENVCFG_FIOM);
    if (rv_has(c, RV_X_ZICBOM))
        bits |= F_MASK(RV_ENVCFG_CBIE) | F_MASK(RV_ENVCFG_CBCFE);
    if (rv_has(c, RV_X_ZICBOZ))
        bits |= F_MASK(RV_ENVCFG_CBZE);
    return bits;
}

static void put_envcfg(uint64_t *envcfg, uint64_t bits, uint64_t value)
{
    if (F_GET(value, RV_ENVCFG_CBIE) == 2) /* reserved */
        bits &= ~F_MASK(RV_ENVCFG_CBIE);
    *envcfg = (*envcfg & ~bits) | (value & bits);
}

static void write_menvcfg(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    uint64_t bits = envcfg_bits(rv->config), old = rv->menvcfg;
    if (rv_has(rv->config, RV_X_SSTC))
        bits |= F_MASK(RV_ENVCFG_STCE);
    if (rv_has(rv->config, RV_X_SVPBMT))
        bits |= F_MASK(RV_ENVCFG_PBMTE);
    if (rv_has(rv->config, RV_X_SVADU))
        bits |= F_MASK(RV_ENVCFG_ADUE);
    put_envcfg(&rv->menvcfg, bits, value);
    if ((old ^ rv->menvcfg) & F_MASK(RV_ENVCFG_STCE))
        rv_stimecmp_changed(rv);
    rv_update_mode(rv);
}

static void write_senvcfg(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    put_envcfg(&rv->senvcfg, envcfg_bits(rv->config), value);
}

/* ---- address translation ---- */
static bool may_satp(const struct rv_cpu *rv, uint32_t index, bool write)
{
    (void)index, (void)write;
    return !(rv->priv == RV_S && F_GET(rv->mstatus, RV_MSTATUS_TVM));
}

/* A write with a MODE that is not implemented has no effect at all. */
static void write_satp(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    const struct rv_config *c = rv->config;
    uint64_t mode = F_GET(value, RV_SATP_MODE);
    if (mode != 0 && (mode < 8 || mode > c->satp_mode))
        return;
    value = F_PUT(value, RV_SATP_ASID, zext(F_GET(value, RV_SATP_ASID), c->asid_bits));
    rv->satp = value;
    rv_update_mode(rv);
}

/* Sstc, "Supervisor Timer (stimecmp) Register": both TM and STCE, below M */
static bool may_stimecmp(const struct rv_cpu *rv, uint32_t index, bool write)
{
    (void)index, (void)write;
    return rv->priv == RV_M ||
           (F_GET(rv->mcounteren, RV_COUNTEREN_TM) && F_GET(rv->menvcfg, RV_ENVCFG_STCE));
}

static void wrote_stimecmp(struct rv_cpu *rv, uint64_t old)
{
    (void)old;
    rv_stimecmp_changed(rv);
}

static bool mseccfg_exists(const struct rv_config *c, uint32_t index)
{
    (void)index;
    return rv_has(c, RV_X_SMEPMP) && c->pmp_count != 0;
}

#define AT(member) .stored = true, .at = offsetof(struct rv_cpu, member)
#define ALL        (~0ull)
#define ENDS       .ends_block = true
/* clang-format off */
const struct rv_csr rv_csrs[] = {
    { RV_FFLAGS,        .name = "fflags", .feature = RV_X_F, .may = rv_csr_fp_on, .read = rv_csr_read_fflags, .write = rv_csr_write_fflags },
    { RV_FRM,           .name = "frm",    .feature = RV_X_F, .may = rv_csr_fp_on, AT(frm), .write = rv_csr_write_frm, ENDS },
    { RV_FCSR,          .name = "fcsr",   .feature = RV_X_F, .may = rv_csr_fp_on, .read = rv_csr_read_fcsr, .write = rv_csr_write_fcsr, ENDS },
    { RV_VSTART,        .name = "vstart", .feature = RV_X_V, .may = rv_csr_vector_on, AT(vstart), .write = rv_csr_write_vstart, ENDS },
    { RV_VXSAT,         .name = "vxsat",  .feature = RV_X_V, .may = rv_csr_vector_on, AT(vxsat), .write = rv_csr_write_vxsat, ENDS },
    { RV_VXRM,          .name = "vxrm",   .feature = RV_X_V, .may = rv_csr_vector_on, AT(vxrm), .write = rv_csr_write_vxrm, ENDS },
    { RV_VCSR,          .name = "vcsr",   .feature = RV_X_V, .may = rv_csr_vector_on, .read = rv_csr_read_vcsr, .write = rv_csr_write_vcsr, ENDS },
    { RV_SSTATUS,       .name = "sstatus", .read = read_sstatus, .write = write_sstatus, ENDS, .own = true },
    { RV_SIE,           .name = "sie",     .read = read_sie, .write = write_sie, ENDS },
    { RV_STVEC,         .name = "stvec",   AT(stvec), .write = write_stvec, .plain = true },
    { RV_SCOUNTEREN,    .name = "scounteren", AT(scounteren), .write = rv_csr_write_scounteren },
    { RV_SENVCFG,       .name = "senvcfg", AT(senvcfg), .write = write_senvcfg },
    { RV_SSCRATCH,      .name = "sscratch", AT(sscratch), .mask = ALL },
    { RV_SEPC,          .name = "sepc",    AT(sepc), .write = write_sepc, .plain = true },
    { RV_SCAUSE,        .name = "scause",  AT(scause), .mask = RV_CAUSE_INTERRUPT | 0xff },
    { RV_STVAL,         .name = "stval",   AT(stval), .mask = ALL },
    { RV_SIP,           .name = "sip",     .read = read_sip, .write = write_sip, ENDS },
    { RV_STIMECMP,      .name = "stimecmp", .feature = RV_X_SSTC, .may = may_stimecmp, AT(stimecmp), .mask = ALL,
                        .reset = ALL, .wrote = wrote_stimecmp, ENDS },
    { RV_SATP,          .name = "satp",    .may = may_satp, AT(satp), .write = write_satp, ENDS },
    /* 200-2ff, 600-6ff: hypervisor and virtual supervisor */
    { RV_MSTATUS,       .name = "mstatus", .read = read_mstatus, AT(mstatus), .write = write_mstatus, ENDS,
                        .reset = 2ull << 34 | 2ull << 32 }, /* SXL = UXL = 64 */
    { RV_MISA,          .name = "misa",    .read = read_misa },
    { RV_MEDELEG,       .name = "medeleg", AT(medeleg), .mask = 0xb3ff },
    { RV_MIDELEG,       .name = "mideleg", AT(mideleg), .write = write_mideleg, ENDS },
    { RV_MIE,           .name = "mie",     AT(mie), .write = write_mie, ENDS },
    { RV_MTVEC,         .name = "mtvec",   AT(mtvec), .write = write_mtvec, .plain = true },
    { RV_MCOUNTEREN,    .name = "mcounteren", AT(mcounteren), .write = rv_csr_write_mcounteren },
    { RV_MENVCFG,       .name = "menvcfg", AT(menvcfg), .write = write_menvcfg, ENDS },
    { RV_MCOUNTINHIBIT, .name = "mcountinhibit", AT(mcountinhibit), .write = rv_csr_write_mcountinhibit },
    { RV_MHPMEVENT3,    .name = "mhpmevent%u", .count = 29, .first = 3, .feature = RV_X_ZIHPM,
                        .read = rv_csr_read_hpmevent, .write = rv_csr_write_hpmevent },
    { RV_MSCRATCH,      .name = "mscratch", AT(mscratch), .mask = ALL },
    { RV_MEPC,          .name = "mepc",    AT(mepc), .write = write_mepc, .plain = true },
    { RV_MCAUSE,        .name = "mcause",  AT(mcause), .mask = RV_CAUSE_INTERRUPT | 0xff },
    { RV_MTVAL,         .name = "mtval",   AT(mtval), .mask = ALL },
    { RV_MIP,           .name = "mip",     .read = read_mip, .modify = modify_mip, .write = write_mip, ENDS },
    { RV_PMPCFG0,       .name = "pmpcfg%u", .count = 8, .step = 2, .exists = rv_pmpcfg_exists,
                        .read = rv_pmpcfg_read, .write = rv_pmpcfg_write, ENDS },
    { RV_PMPADDR0,      .name = "pmpaddr%u", .count = 64, .exists = rv_pmpaddr_exists,
                        .read = rv_pmpaddr_read, .write = rv_pmpaddr_write, ENDS },
    { RV_MSECCFG,       .name = "mseccfg", .exists = mseccfg_exists, AT(mseccfg), .write = rv_mseccfg_write, ENDS },
    { RV_TSELECT,       .name = "tselect", .feature = RV_X_SDTRIG, AT(tselect), .mask = RV_TRIGGERS - 1 },
    { RV_TDATA1,        .name = "tdata1",  .feature = RV_X_SDTRIG, .read = rv_tdata1_read, .write = rv_tdata1_write, ENDS },
    { RV_TDATA2,        .name = "tdata2",  .feature = RV_X_SDTRIG, .read = rv_tdata2_read, .write = rv_tdata2_write, ENDS },
    { RV_TDATA3,        .name = "tdata3",  .feature = RV_X_SDTRIG },
    { RV_TINFO,         .name = "tinfo",   .feature = RV_X_SDTRIG, .read = rv_tinfo_read },
    { RV_MCYCLE,        .name = "mcycle",  .read = rv_csr_read_cycle, .write = rv_csr_write_mcycle },
    { RV_MINSTRET,      .name = "minstret", .read = rv_csr_read_instret, .write = rv_csr_write_minstret },
    { RV_MHPMCOUNTER3,  .name = "mhpmcounter%u", .count = 29, .first = 3, .feature = RV_X_ZIHPM,
                        .read = rv_csr_read_hpm, .write = rv_csr_write_hpm },
    { RV_CYCLE,         .name = "cycle",   .feature = RV_X_ZICNTR, .may = rv_csr_may_cycle, .read = rv_csr_read_cycle },
    { RV_TIME,          .name = "time",    .feature = RV_X_ZICNTR, .may = rv_csr_may_time, .read = rv_csr_read_time },
    { RV_INSTRET,       .name = "instret", .feature = RV_X_ZICNTR, .may = rv_csr_may_instret, .read = rv_csr_read_instret },
    { RV_HPMCOUNTER3,   .name = "hpmcounter%u", .count = 29, .first = 3, .feature = RV_X_ZIHPM,
                        .may = rv_csr_may_hpm, .read = rv_csr_read_hpm },
    { RV_VL,            .name = "vl",      .feature = RV_X_V, .may = rv_csr_vector_on, AT(vl) },
    { RV_VTYPE,         .name = "vtype",   .feature = RV_X_V, .may = rv_csr_vector_on, AT(vtype), .reset = RV_VTYPE_VILL },
    { RV_VLENB,         .name = "vlenb",   .feature = RV_X_V, .may = rv_csr_vector_on, .read = rv_csr_read_vlenb },
    { RV_SCOUNTOVF,     .name = "scountovf", .feature = RV_X_SSCOFPMF, .read = rv_csr_read_scountovf },
    { RV_MVENDORID,     .name = "mvendorid", .read = read_mvendorid },
    { RV_MARCHID,       .name = "marchid", .read = read_marchid },
    { RV_MIMPID,        .name = "mimpid",  .read = read_mimpid },
    { RV_MHARTID,       .name = "mhartid", .read = read_mhartid },
    { RV_MCONFIGPTR,    .name = "mconfigptr" },
};
/* clang-format on */
const uint32_t rv_n_csrs = ARRAY_LEN(rv_csrs);
