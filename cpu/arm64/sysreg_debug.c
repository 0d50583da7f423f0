/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-hosted debug registers (Arm ARM, D24.3). There is no external debugger: the communication
 * channel is never full nor filled.
 */
#include "core/util/bits.h"
#include "cpu/arm64/sysreg.h"

static void write_oslar(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    (void)r;
    a->oslsr = value & 1;
}

static uint64_t read_oslsr(struct a64_cpu *a, const struct a64_sysreg *r)
{
    (void)r;
    return 1u << 3 | a->oslsr << 1; /* OSLM = 0b10: implemented */
}

enum { BAS = 15 << 5 };

/* DBGBCR<n>.BAS is for T32 of EL0, else RES1. Read as written where debug.c asks. */
static uint64_t read_dbgbcr(struct a64_cpu *a, const struct a64_sysreg *r)
{
    return a->dbgbcr[r->arg] | (a64_cpu_has(a, A64_F_A32EL0) ? 0 : BAS);
}

/* FEAT_DoubleLock: without it the register is RAZ/WI. */
static void write_osdlr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    (void)r;
    a->osdlr_el1 = a64_cpu_has(a, A64_F_DOUBLELOCK) ? value & 1 : 0;
}

/* CLAIMSET reads as all ones (which tags exist), CLAIMCLR as what is set. */
static uint64_t read_claimset(struct a64_cpu *a, const struct a64_sysreg *r)
{
    (void)a, (void)r;
    return 0xff;
}

static void write_claimset(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    (void)r;
    a->dbgclaim |= value & 0xff;
}

static void write_claimclr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    (void)r;
    a->dbgclaim &= ~value;
}

#define DBG(name, op1, crn, crm, op2, ...) SYS(name, A64_REG(2, op1, crn, crm, op2), 1, 1, .trap = TRAP_DEBUG, __VA_ARGS__)
#define PAIR(n)                                                                                       \
    DBG("dbgbvr" #n "_el1", 0, 0, n, 4, .at = AT(dbgbvr[n]), FGT_DRW(1)),                 \
    DBG("dbgbcr" #n "_el1", 0, 0, n, 5, .arg = n, .at = AT(dbgbcr[n]), .read = read_dbgbcr, .keeps = ~0xffe1e7ull, FGT_DRW(0), .flags = A64_SYS_ENDS), \
    DBG("dbgwvr" #n "_el1", 0, 0, n, 6, .at = AT(dbgwvr[n]), .keeps = 3, FGT_DRW(3)),                 \
    DBG("dbgwcr" #n "_el1", 0, 0, n, 7, .at = AT(dbgwcr[n]), .keeps = ~0x1f1fffffull, FGT_DRW(2), .flags = A64_SYS_ENDS)

/* clang-format off */
const struct a64_sysreg a64_sysregs_debug[] = {
    PAIR(0), PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6), PAIR(7),
    PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12), PAIR(13), PAIR(14), PAIR(15),
    SYS("osdtrrx_el1", A64_REG(2, 0, 0, 0, 2), 1, 1, .trap = TRAP_DEBUG0),
    SYS("mdccint_el1", A64_REG(2, 0, 0, 2, 0), 1, 1, .trap = TRAP_DEBUG0, .at = AT(mdccint_el1), .keeps = ~0x60000000ull),
    DBG("mdscr_el1", 0, 0, 2, 2, .at = AT(mdscr_el1), .keeps = ~0xf001ull, FGT_DRW(4), .flags = A64_SYS_ENDS),
    SYS("osdtrtx_el1", A64_REG(2, 0, 0, 3, 2), 1, 1, .trap = TRAP_DEBUG0),
    DBG("oseccr_el1", 0, 0, 6, 2, FGT_DRW(10)),
    SYS("mdccsr_el0", A64_REG(2, 3, 0, 1, 0), 0, A64_SYS_RO, .trap = TRAP_DEBUG0),
    SYS("dbgdtr_el0", A64_REG(2, 3, 0, 4, 0), 0, 0, .trap = TRAP_DEBUG0),
    SYS("dbgdtrrx_el0", A64_REG(2, 3, 0, 5, 0), 0, 0, .trap = TRAP_DEBUG0),
    SYS("dbgvcr32_el2", A64_REG(2, 4, 0, 7, 0), 2, 2, .trap = TRAP_DEBUG, .feature = NEEDS(A32EL0)),
    SYS("mdrar_el1", A64_REG(2, 0, 1, 0, 0), 1, A64_SYS_RO, .trap = TRAP_DBG_ROM),
    SYS("oslar_el1", A64_REG(2, 0, 1, 0, 4), A64_SYS_RO, 1, .trap = TRAP_DBG_OS, .write = write_oslar, .fgt_write = FGT_D(8), .flags = A64_SYS_ENDS),
    SYS("oslsr_el1", A64_REG(2, 0, 1, 1, 4), 1, A64_SYS_RO, .trap = TRAP_DBG_OS, .at = AT(oslsr), .reset = 1, .read = read_oslsr, .fgt_read = FGT_D(9)),
    SYS("osdlr_el1", A64_REG(2, 0, 1, 3, 4), 1, 1, .trap = TRAP_DBG_OS, .at = AT(osdlr_el1), .write = write_osdlr, FGT_DRW(11), .flags = A64_SYS_ENDS),
    SYS("dbgprcr_el1", A64_REG(2, 0, 1, 4, 4), 1, 1, .trap = TRAP_DBG_OS, .at = AT(dbgprcr_el1), .keeps = ~1ull, FGT_DRW(7), .flags = A64_SYS_ENDS),
    DBG("dbgclaimset_el1", 0, 7, 8, 6, .read = read_claimset, .write = write_claimset, FGT_DRW(5)),
    DBG("dbgclaimclr_el1", 0, 7, 9, 6, .at = AT(dbgclaim), .write = write_claimclr, FGT_DRW(5)),
    SYS("dbgauthstatus_el1", A64_REG(2, 0, 7, 14, 6), 1, A64_SYS_RO, .trap = TRAP_DEBUG, .fgt_read = FGT_D(6)),
    SYS_END
};
/* clang-format on */
