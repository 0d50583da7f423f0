/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_SYSREG_H
#define ORRERY_CPU_ARM64_SYSREG_H
/*
 * System registers and SYS instructions as tables (Arm ARM, D24 and C5): who may, which control
 * traps it, what a write changes. Rows are found by encoding.
 */
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"
#include <stddef.h>

/* Controls that send an access to a higher level; sysreg_trap.c. */
enum a64_trap {
    TRAP_NONE,
    TRAP_VM,      /* HCR_EL2.TVM, TRVM */
    TRAP_ID1, TRAP_ID2, TRAP_ID5, /* HCR_EL2.TIDx */
    TRAP_ID4,     /* cache identification: TID2 and TID4 */
    TRAP_ACTLR,   /* TACR */
    TRAP_CTR,     /* CTR_EL0: SCTLR_EL1.UCT, then TID2 */
    TRAP_TLBI, TRAP_TLBI_IS, TRAP_TLBI_OS, /* TTLB; TTLBIS; TTLBOS */
    TRAP_SW,      /* set/way: TSW */
    TRAP_POC,     /* TPCP, SCTLR_EL1.UCI */
    TRAP_POU,     /* TPU and TOCU, SCTLR_EL1.UCI */
    TRAP_ICIS,    /* IC IALLUIS: TPU, TICAB */
    TRAP_ICI,     /* IC IALLU: TPU, TOCU */
    TRAP_ZVA,     /* TDZ, SCTLR_EL1.DZE */
    TRAP_RESTRICT, /* CFP RCTX and its like: SCTLR_EL1.EnRCTX */
    TRAP_KEY,     /* APK */
    TRAP_FP,      /* FPCR, FPSR: as FP instructions */
    TRAP_CPACR, TRAP_CPTR2, /* CPTR_EL2.TCPAC, CPTR_EL3.TCPAC */
    TRAP_MTE,     /* ATA */
    TRAP_SCXT, TRAP_SCXT0,
    TRAP_LOR, TRAP_ERR,
    TRAP_DEBUG,   /* MDCR_EL2.TDA */
    TRAP_DEBUG0,  /* the communication channel: with TDCC, and MDSCR_EL1.TDCC for EL0 */
    TRAP_DBG_ROM, /* TDRA */
    TRAP_DBG_OS,  /* TDOSA */
    TRAP_PMU,     /* TPM; never at EL0 */
    TRAP_PMU_EN, TRAP_PMU_CR, TRAP_PMU_SW, TRAP_PMU_CC, TRAP_PMU_ER, TRAP_PMU_SEL, /* PMUSERENR_EL0.EN, and SW, CR, ER beside it */
    TRAP_TIMER_P, TRAP_TIMER_V, TRAP_COUNT_P, TRAP_COUNT_V, TRAP_CNTFRQ, TRAP_TIMER_S,
    TRAP_TCR2, TRAP_SCTLR2, TRAP_PIE, TRAP_POE, TRAP_POE0,
    TRAP_DAIF,    /* SCTLR_EL1.UMA */
    TRAP_SP_EL0,  /* UNDEFINED where it is the current stack pointer */
    TRAP_HCX, TRAP_FGT_REGS, TRAP_CNTPOFF, /* EL2's own, trapped to EL3 */
};

enum {
    A64_SYS_RO = 4,   /* in place of a level: none */
    A64_SYS_ENDS = 1, /* a write may change block key, mapping or interrupts */
    A64_SYS_OWN = 2,  /* its functions, and what ENDS brings, touch nothing but this PE: see a64_sysreg_is_own */
};

struct a64_sysreg {
    const char *name;       /* as the manual spells it */
    uint32_t code;          /* A64_REG() */
    uint8_t read_el, write_el; /* lowest level that may; 4: none */
    uint8_t trap, flags;
    uint8_t feature;        /* NEEDS(x): the feature that brings it; 0: always there */
    uint8_t arg;            /* for the functions below: which timer, which key... */
    uint16_t at;            /* uint64_t in struct a64_cpu; 0: none */
    uint32_t e2h;           /* the EL2 register this name reaches at EL2 with E2H = 1; 0: itself */
    uint8_t fgt_read, fgt_write; /* FGT() bits, 0: none */
    uint64_t keeps, reset;  /* stored: bits a write leaves alone */
    uint64_t (*read)(struct a64_cpu *a, const struct a64_sysreg *r);
    void (*write)(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value);
    void (*wrote)(struct a64_cpu *a, uint64_t old); /* after a stored write */
};
#define NEEDS(x) (A64_F_##x + 1)
#define AT(field) offsetof(struct a64_cpu, field)
/* Fine-grained traps: HFGRTR and HFGWTR, HFGITR, HDFGRTR and HDFGWTR (D24.2.48 to 50). */
#define FGT_R(bit) (1 << 6 | (bit))
#define FGT_I(bit) (2 << 6 | (bit))
#define FGT_D(bit) (3 << 6 | (bit))
#define FGT_RW(bit) .fgt_read = FGT_R(bit), .fgt_write = FGT_R(bit)
#define FGT_DRW(bit) .fgt_read = FGT_D(bit), .fgt_write = FGT_D(bit)
#define SYS(name_, code_, least_read, least_write, ...) \
    { .name = name_, .code = code_, .read_el = least_read, .write_el = least_write, __VA_ARGS__ }
#define SYS_END { .name = NULL }

extern const struct a64_sysreg a64_sysregs_el1[], a64_sysregs_el2[], a64_sysregs_debug[], a64_sysregs_ops[],
    a64_sysregs_pmu[]; /* each ends with a NULL name */

/* CNT*_TVAL (0), CTL (1), CVAL (2). */
uint64_t a64_read_timer(struct a64_cpu *a, const struct a64_sysreg *r);
void a64_write_timer(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value);
#define A64_TIMER_ROW(timer, which) \
    .arg = A64_TIMER_##timer << 2 | (which), .read = a64_read_timer, .write = a64_write_timer

uint64_t a64_read_rvbar(struct a64_cpu *a, const struct a64_sysreg *r);
void a64_write_sctlr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value); /* arg: the level */

void a64_write_mdcr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value);  /* arg: 2, 3 */
/* An event counter that EL2, which is enabled, keeps for itself from the levels below, and FEAT_FGT traps there. */
bool a64_pmu_is_reserved(const struct a64_cpu *a, const struct a64_sysreg *r);

/* Bits that a register has with a feature. */
struct a64_gated {
    uint64_t bits;
    enum a64_feature feature;
};
uint64_t a64_gated_bits(const struct a64_cpu *a, uint64_t always, const struct a64_gated *rows, size_t n);

/* Is the access trapped, or UNDEFINED here? True: the exception was raised. `code` as the instruction has it. */
bool a64_sysreg_trapped(struct a64_cpu *a, const struct a64_sysreg *r, uint32_t code, bool read, unsigned rt);
/* EL1's own controls, or its host's, keep EL0 from it: they come before EL2's (D1.3.5.6). */
bool a64_sysreg_denied(const struct a64_cpu *a, uint32_t code, bool read);
/* EC 0x18 with the instruction's encoding, to `target`. */
void a64_sysreg_trap_to(struct a64_cpu *a, unsigned target, uint32_t code, bool read, unsigned rt);

#endif
