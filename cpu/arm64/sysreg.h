/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_SYSREG_H
#define ORRERY_CPU_ARM64_SYSREG_H
/*
 * System registers and SYS instructions as tables (Arm ARM, D24 and C5): who may, which control
 * traps it, what a write changes. Rows are found by encoding through a hash.
 */
#include "cpu/arm64/arm64_impl.h"

/* Controls that send an access to a higher level; sysreg_trap.c. */
enum a64_trap {
    TRAP_NONE,
    TRAP_VM,      /* HCR_EL2.TVM, TRVM */
    TRAP_ID1, TRAP_ID2, TRAP_ID3, TRAP_ID5,
    TRAP_ACTLR,   /* TACR */
    TRAP_CTR,     /* CTR_EL0: SCTLR_EL1.UCT, then TID2 */
    TRAP_AT, TRAP_TLBI, TRAP_TLBI_IS, TRAP_TLBI_OS,
    TRAP_SW,      /* set/way: TSW */
    TRAP_POC,     /* TPCP, SCTLR_EL1.UCI */
    TRAP_POU,     /* TPU and TOCU, SCTLR_EL1.UCI */
    TRAP_ICI,     /* IC IALLU: TPU, TOCU; IALLUIS: TICAB */
    TRAP_ZVA,     /* TDZ, SCTLR_EL1.DZE */
    TRAP_KEY,     /* APK */
    TRAP_FP, TRAP_CPACR, TRAP_CPTR2,
    TRAP_MTE,     /* ATA */
    TRAP_SCXT, TRAP_LOR, TRAP_ERR,
    TRAP_DEBUG,   /* MDCR_EL2.TDA */
    TRAP_DBG_ROM, /* TDRA */
    TRAP_DBG_OS,  /* TDOSA */
    TRAP_PMU,     /* TPM, PMUSERENR */
    TRAP_TIMER_P, TRAP_TIMER_V, TRAP_COUNT_P, TRAP_COUNT_V, TRAP_CNTFRQ, TRAP_TIMER_S,
    TRAP_TPIDR2, TRAP_TCR2, TRAP_SCTLR2, TRAP_PIE, TRAP_POE, TRAP_DAIF, TRAP_HCX, TRAP_FGT, TRAP_RESTRICT,
};

enum { A64_SYS_ENDS = 1 }; /* a write may change block key, mapping or interrupts */

struct a64_sysreg {
    const char *name;       /* as the manual spells it */
    uint32_t code;          /* A64_REG() */
    uint8_t read_el, write_el; /* lowest level that may; 4: none */
    uint8_t trap, flags;
    uint8_t feature;        /* enum a64_feature that brings it; A64_ALWAYS */
    uint16_t at;            /* uint64_t in struct a64_cpu; 0: none */
    uint32_t e2h;           /* the EL2 register this name reaches at EL2 with E2H = 1; 0: itself */
    uint8_t fgt_read, fgt_write; /* FGT() bits, 0: none */
    uint64_t mask, fixed, reset; /* stored: bits a write changes; bits that read as one (RES1) */
    uint64_t (*read)(struct a64_cpu *a, const struct a64_sysreg *r);
    void (*write)(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value);
    void (*wrote)(struct a64_cpu *a, uint64_t old); /* after a stored write */
};
#define A64_ALWAYS 0xff
extern const struct a64_sysreg a64_sysregs_el1[], a64_sysregs_el2[], a64_sysregs_debug[], a64_sysregs_ops[],
    a64_sysregs_pmu[]; /* each ends with a NULL name */

/*
 * Is the access trapped? True: the exception was raised. `redirected`: reached by an E2H name or
 * _EL12, to which guest traps do not apply.
 */
bool a64_sysreg_trapped(struct a64_cpu *a, const struct a64_sysreg *r, bool read, unsigned rt);
/* EC 0x18 with the instruction's encoding, to `target`. */
void a64_sysreg_trap_to(struct a64_cpu *a, unsigned target, uint32_t code, bool read, unsigned rt);

#endif
