/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_ARM64_H
#define ORRERY_TOOLS_ORRERY_FUZZ_ARM64_H
/*
 * What the files fuzz_arm64*.c share: the layout of RAM, and encoders of the few
 * instructions written by hand.
 *
 * RAM stands at RAM and once more at ALIAS. Offsets in it, in pages of 64 KiB:
 *     BOOT         starts the next round: system registers, registers, ERET from EL3
 *     VECTORS      of EL1, EL2 and EL3; handlers touch no memory
 *     TABLES       what each round starts with; ROUND counts them
 *     PAGES        three trees of tables: stage 1 for EL0, stage 1 for one level, stage 2
 *     CODE, DATA   the program and what its pointers point at
 */
#include "core/util/bits.h"
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/decode.gen.h"
#include "tools/orrery/fuzz_gen.h"

#define RAM       0x80000000ull
#define ALIAS     0x80200000ull
#define BLOCK     0x80400000ull /* virtual only: RAM as one block (4 KiB granule) */
#define DEVICE    0x90000000ull
#define RAM_BYTES 0x100000u

#define BOOT        0x0000u
#define VECTORS     0x1000u /* + 0x800 * (level - 1) */
#define HANDLERS    0x3000u
#define TABLES      0x10000u
#define TABLE_BYTES 0x800u
#define ROUNDS      8u
#define ROUND       0x18000u
#define PAGES       0x20000u
#define TREE_BYTES  0x20000u
#define CODE        0x80000u
#define CODE_BYTES  0x4000u
#define DATA        0x90000u
#define DATA_BYTES  0x40000u

/* Where the table of a round has what, in 8 bytes. */
enum { TABLE_X = 0, TABLE_SP = 31, TABLE_V = 32, TABLE_DELAY = 96, TABLE_SYS = 98 };

/* Encoding of a system register as MSR has it at 20:5. */
#define FA_REG(op0, op1, crn, crm, op2) \
    ((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))
#define FA_SCTLR(el)    FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 1, 0, 0)
#define FA_TTBR0(el)    FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 2, 0, 0)
#define FA_TTBR1(el)    FA_REG(3, (el) == 1 ? 0 : 4, 2, 0, 1)
#define FA_TCR(el)      FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 2, 0, 2)
#define FA_SPSR(el)     FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 4, 0, 0)
#define FA_ELR(el)      FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 4, 0, 1)
#define FA_ESR(el)      FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 5, 2, 0)
#define FA_FAR(el)      FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 6, 0, 0)
#define FA_MAIR(el)     FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 10, 2, 0)
#define FA_VBAR(el)     FA_REG(3, (el) == 1 ? 0 : (el) == 2 ? 4 : 6, 12, 0, 0)
#define FA_TPIDR(el)    ((el) == 1 ? FA_REG(3, 0, 13, 0, 4) : FA_REG(3, (el) == 2 ? 4 : 6, 13, 0, 2))
#define FA_CPACR_EL1    FA_REG(3, 0, 1, 0, 2)
#define FA_CPTR_EL2     FA_REG(3, 4, 1, 1, 2)
#define FA_CPTR_EL3     FA_REG(3, 6, 1, 1, 2)
#define FA_HCR_EL2      FA_REG(3, 4, 1, 1, 0)
#define FA_HCRX_EL2     FA_REG(3, 4, 1, 2, 2)
#define FA_HFGRTR_EL2   FA_REG(3, 4, 1, 1, 4)
#define FA_HFGWTR_EL2   FA_REG(3, 4, 1, 1, 5)
#define FA_HFGITR_EL2   FA_REG(3, 4, 1, 1, 6)
#define FA_HDFGRTR_EL2  FA_REG(3, 4, 3, 1, 4)
#define FA_HDFGWTR_EL2  FA_REG(3, 4, 3, 1, 5)
#define FA_MDCR_EL2     FA_REG(3, 4, 1, 1, 1)
#define FA_MDCR_EL3     FA_REG(3, 6, 1, 3, 1)
#define FA_SCR_EL3      FA_REG(3, 6, 1, 1, 0)
#define FA_VTTBR_EL2    FA_REG(3, 4, 2, 1, 0)
#define FA_VTCR_EL2     FA_REG(3, 4, 2, 1, 2)
#define FA_CNTKCTL_EL1  FA_REG(3, 0, 14, 1, 0)
#define FA_CNTHCTL_EL2  FA_REG(3, 4, 14, 1, 0)
#define FA_CNTPCT_EL0   FA_REG(3, 3, 14, 0, 1)
#define FA_CNTP_CTL     FA_REG(3, 3, 14, 2, 1)
#define FA_CNTP_CVAL    FA_REG(3, 3, 14, 2, 2)
#define FA_CNTV_CTL     FA_REG(3, 3, 14, 3, 1)
#define FA_CNTV_CVAL    FA_REG(3, 3, 14, 3, 2)
#define FA_MDSCR_EL1    FA_REG(2, 0, 0, 2, 2)
#define FA_OSLAR_EL1    FA_REG(2, 0, 1, 0, 4)
#define FA_DBG(n, kind) FA_REG(2, 0, 0, n, kind) /* BVR 4, BCR 5, WVR 6, WCR 7 */
#define FA_PMCR_EL0     FA_REG(3, 3, 9, 12, 0)
#define FA_PMCNTENSET   FA_REG(3, 3, 9, 12, 1)
#define FA_PMUSERENR    FA_REG(3, 3, 9, 14, 0)
#define FA_FPCR         FA_REG(3, 3, 4, 4, 0)
#define FA_FPSR         FA_REG(3, 3, 4, 4, 1)
#define FA_SP_EL(n)     ((n) == 0 ? FA_REG(3, 0, 4, 1, 0) : FA_REG(3, (n) == 1 ? 4 : 6, 4, 1, 0))
#define FA_SPSEL        FA_REG(3, 0, 4, 2, 0)
#define FA_KEY(n) \
    FA_REG(3, 0, 2, 1 + (n) / 4, (n) % 4) /* 0..9: APIA, APIB, APDA, APDB, APGA; Lo, Hi */
#define FA_RGSR_EL1     FA_REG(3, 0, 1, 0, 5)
#define FA_GCR_EL1      FA_REG(3, 0, 1, 0, 6)

#define FA_MSR(reg, rt)          (0xd5000000u | (reg) << 5 | (uint32_t)(rt))
#define FA_MRS(rt, reg)          (0xd5200000u | (reg) << 5 | (uint32_t)(rt))
#define FA_MOVZ(rd, imm, hw) \
    (0xd2800000u | (uint32_t)(hw) << 21 | ((uint32_t)(imm) & 0xffff) << 5 | (uint32_t)(rd))
#define FA_MOVN(rd, imm, hw) \
    (0x92800000u | (uint32_t)(hw) << 21 | ((uint32_t)(imm) & 0xffff) << 5 | (uint32_t)(rd))
#define FA_MOVK(rd, imm, hw) \
    (0xf2800000u | (uint32_t)(hw) << 21 | ((uint32_t)(imm) & 0xffff) << 5 | (uint32_t)(rd))
#define FA_ADD(rd, rn, imm) \
    (0x91000000u | ((uint32_t)(imm) & 0xfff) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_ADD12(rd, rn, imm)    (FA_ADD(rd, rn, imm) | 1u << 22)
#define FA_SUB12(rd, rn, imm)    (FA_ADD12(rd, rn, imm) | 1u << 30)
#define FA_SUBS(rd, rn, imm) \
    (0xf1000000u | ((uint32_t)(imm) & 0xfff) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_SUBS_R(rd, rn, rm) \
    (0xeb000000u | (uint32_t)(rm) << 16 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_ADD_R(rd, rn, rm, sh) \
    (0x8b000000u | (uint32_t)(rm) << 16 | (uint32_t)(sh) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_ORR_R(rd, rn, rm, sh) \
    (0xaa000000u | (uint32_t)(rm) << 16 | (uint32_t)(sh) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_EOR_R(rd, rn, rm) \
    (0xca000000u | (uint32_t)(rm) << 16 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_UBFX(rd, rn, lsb, n) \
    (0xd3400000u | (uint32_t)(lsb) << 16 | (uint32_t)((lsb) + (n) - 1) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_BFI0(rd, rn, n) \
    (0xb3400000u | (uint32_t)((n) - 1) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd)) /* lsb 0 */
/* Bits lsb..lsb+n-1 := 0; := 1. */
#define FA_CLEAR(rd, rn, lsb, n) \
    (0x92400000u | (uint32_t)((64 - (lsb) - (n)) & 63) << 16 | (uint32_t)(63 - (n)) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_SET(rd, rn, lsb, n) \
    (0xb2400000u | (uint32_t)((64 - (lsb)) & 63) << 16 | (uint32_t)((n) - 1) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_EOR_BIT(rd, rn, bit) \
    (0xd2400000u | (uint32_t)((64 - (bit)) & 63) << 16 | (uint32_t)(rn) << 5 | (uint32_t)(rd))
#define FA_LDR(rt, rn, imm) \
    (0xf9400000u | (uint32_t)((imm) / 8) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rt))
#define FA_STR(rt, rn, imm) \
    (0xf9000000u | (uint32_t)((imm) / 8) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rt))
#define FA_STR_W(rt, rn, imm) \
    (0xb9000000u | (uint32_t)((imm) / 4) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rt))
#define FA_LDR_Q(rt, rn, imm) \
    (0x3dc00000u | (uint32_t)((imm) / 16) << 10 | (uint32_t)(rn) << 5 | (uint32_t)(rt))
#define FA_B(distance)           (0x14000000u | ((uint32_t)(distance) >> 2 & 0x3ffffff))
#define FA_B_COND(cond, distance) \
    (0x54000000u | ((uint32_t)(distance) >> 2 & 0x7ffff) << 5 | (uint32_t)(cond))
#define FA_CBZ(rt, distance) \
    (0xb4000000u | ((uint32_t)(distance) >> 2 & 0x7ffff) << 5 | (uint32_t)(rt))
#define FA_TBZ(rt, bit, distance) \
    (0x36000000u | (uint32_t)(bit) << 19 | ((uint32_t)(distance) >> 2 & 0x3fff) << 5 | (uint32_t)(rt))
#define FA_ADR(rd, distance) \
    (0x10000000u | ((uint32_t)(distance) & 3) << 29 | ((uint32_t)(distance) >> 2 & 0x7ffff) << 5 | (uint32_t)(rd))
#define FA_ADRP(rd, pages)       (FA_ADR(rd, pages) | 1u << 31)
#define FA_BR(rn)                (0xd61f0000u | (uint32_t)(rn) << 5)
#define FA_SMC(imm)              (0xd4000003u | (uint32_t)(imm) << 5)
#define FA_ERET                  0xd69f03e0u
#define FA_NOP                   0xd503201fu
#define FA_ISB                   0xd5033fdfu
#define FA_DSB                   0xd5033f9fu
#define FA_CLREX                 0xd5033f5fu
enum { FA_EQ, FA_NE, FA_HS, FA_LO };

/* TLBI, IC, DC: FA_MSR of these (op0 = 1). */
#define FA_TLBI_ALLE1   FA_REG(1, 4, 8, 7, 4)
#define FA_TLBI_ALLE2   FA_REG(1, 4, 8, 7, 0)
#define FA_TLBI_ALLE3   FA_REG(1, 6, 8, 7, 0)
#define FA_TLBI_VMALLE1 FA_REG(1, 0, 8, 7, 0)
#define FA_TLBI_VAE1    FA_REG(1, 0, 8, 7, 1)
#define FA_DC_CVAU      FA_REG(1, 3, 7, 11, 1)
#define FA_IC_IVAU      FA_REG(1, 3, 7, 5, 1)

/* Trees of translation tables in PAGES. */
enum { TREE_USER, TREE_PRIVILEGED, TREE_STAGE2, TREES };
struct fuzz_a64_tree {
    uint32_t granule; /* log2: 12, 14, 16 */
    uint32_t bits;    /* of input addresses */
    int start;        /* level */
    bool ds;          /* LPA2 format */
    uint64_t root;    /* offset in RAM */
};

uint64_t fuzz_a64_integer(struct fuzz_random *r);
void fuzz_a64_vector(struct fuzz_random *r, uint64_t v[2]);

/* fuzz_arm64_round.c: trees, tables of rounds. `entry`: offset in RAM of the instruction to start at. */
extern const uint32_t fuzz_a64_first[], fuzz_a64_last[]; /* registers of a table, in order; end with 0 */
void fuzz_a64_pages(uint8_t *image, struct fuzz_a64_tree *tree, unsigned which, struct fuzz_random *r);
void fuzz_a64_round(uint8_t *table, uint32_t round, uint32_t entry, const struct fuzz_a64_tree trees[TREES],
                    struct fuzz_random *r);

/* Offset in RAM of the last level's descriptor for `offset`. */
uint32_t fuzz_a64_descriptor(const struct fuzz_a64_tree *t, unsigned which, uint32_t offset);

/* fuzz_arm64_gen.c: the program into p->image; returns its length in bytes. */
uint32_t fuzz_a64_code(const struct cpu *cpu, struct fuzz_program *p, const struct fuzz_a64_tree trees[TREES],
                       struct fuzz_random *r);

#endif
