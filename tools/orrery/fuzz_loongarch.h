/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_LOONGARCH_H
#define ORRERY_TOOLS_ORRERY_FUZZ_LOONGARCH_H
/*
 * What fuzz_loongarch.c (machine and environment) and fuzz_loongarch_gen.c (instructions) share: the layout of RAM, and
 * encoders of the few instructions written by hand.
 *
 * RAM stands at RAM and once more at ALIAS; window DMW0 shows it to PLV0 at WINDOW above these. Offsets in it:
 *     BOOT       starts the next round: loads CSRs and registers from a table, ERTN
 *     TRAP       exceptions and interrupts: skips the instruction, or goes to BOOT; debug's at +480h
 *     REFILL     TLB refill: the four instructions of the manual
 *     ERROR      machine errors: goes to BOOT
 *     SAVE       the number of the round
 *     TABLES     what each round starts with
 *     PAGES      page tables
 *     CODE, DATA the program and what its pointers point at
 */
#include "cpu/loongarch/cpu.h"
#include "cpu/loongarch/decode.gen.h"
#include "cpu/loongarch/numbers.h"
#include "tools/orrery/fuzz_gen.h"

#define RAM       0x80000000ull
#define ALIAS     0x80100000ull
#define DEVICE    0x90000000ull
#define WINDOW    0x8000000000000000ull
#define RAM_BYTES 0x80000u

#define BOOT        0x0000u
#define TRAP        0x1000u
#define REFILL      0x2000u
#define ERROR       0x3000u
#define SAVE        0x4000u
#define TABLES      0x8000u
#define TABLE_SHIFT 11u
#define ROUNDS      8u
#define PAGES       0x10000u
#define TREE        0x8000u /* bytes of each of the two */
#define CODE        0x20000u
#define CODE_BYTES  0x4000u
#define DATA        0x40000u
#define DATA_BYTES  0x10000u

/* Where the table of a round has what, in doublewords. */
enum { TABLE_R = 0, TABLE_FCSR = 32, TABLE_FCC, TABLE_CSR = 42, TABLE_V = 96 };

/* Formats by operands; immediates are cut to their field. */
static inline uint32_t la_3r(uint32_t op, uint32_t rd, uint32_t rj, uint32_t rk)
{
    return op | rk << 10 | rj << 5 | rd;
}

static inline uint32_t la_i12(uint32_t op, uint32_t rd, uint32_t rj, uint32_t imm)
{
    return op | (imm & 0xfff) << 10 | rj << 5 | rd;
}

static inline uint32_t la_i14(uint32_t op, uint32_t rd, uint32_t rj, uint32_t imm)
{
    return op | (imm >> 2 & 0x3fff) << 10 | rj << 5 | rd;
}

static inline uint32_t la_i20(uint32_t op, uint32_t rd, uint32_t imm)
{
    return op | (imm & 0xfffff) << 5 | rd;
}

/* Distances of branches: offs16, offs21, offs26. */
static inline uint32_t la_offs16(uint32_t distance)
{
    return (distance >> 2 & 0xffff) << 10;
}

static inline uint32_t la_offs21(uint32_t distance)
{
    return (distance >> 2 & 0xffff) << 10 | (distance >> 18 & 0x1f);
}

static inline uint32_t la_offs26(uint32_t distance)
{
    return (distance >> 2 & 0xffff) << 10 | (distance >> 18 & 0x3ff);
}

static inline uint32_t la_bits(uint32_t op, uint32_t rd, uint32_t rj, uint32_t msb, uint32_t lsb)
{
    return op | msb << 16 | lsb << 10 | rj << 5 | rd;
}

#define LA_ADDI_D(rd, rj, imm)   la_i12(0x02c00000, rd, rj, imm)
#define LA_ANDI(rd, rj, imm)     la_i12(0x03400000, rd, rj, imm)
#define LA_ORI(rd, rj, imm)      la_i12(0x03800000, rd, rj, imm)
#define LA_XORI(rd, rj, imm)     la_i12(0x03c00000, rd, rj, imm)
#define LA_LU12I_W(rd, imm)      la_i20(0x14000000, rd, imm)
#define LA_LU32I_D(rd, imm)      la_i20(0x16000000, rd, imm)
#define LA_LU52I_D(rd, rj, imm)  la_i12(0x03000000, rd, rj, imm)
#define LA_PCADDI(rd, imm)       la_i20(0x18000000, rd, imm)
#define LA_PCALAU12I(rd, imm)    la_i20(0x1a000000, rd, imm)
#define LA_PCADDU12I(rd, imm)    la_i20(0x1c000000, rd, imm)
#define LA_ADD_D(rd, rj, rk)     la_3r(0x00108000, rd, rj, rk)
#define LA_OR(rd, rj, rk)        la_3r(0x00150000, rd, rj, rk)
#define LA_SLLI_D(rd, rj, n)     la_3r(0x00410000, rd, rj, n)
#define LA_LD_D(rd, rj, imm)     la_i12(0x28c00000, rd, rj, imm)
#define LA_ST_D(rd, rj, imm)     la_i12(0x29c00000, rd, rj, imm)
#define LA_ST_W(rd, rj, imm)     la_i12(0x29800000, rd, rj, imm)
#define LA_FLD_D(fd, rj, imm)    la_i12(0x2b800000, fd, rj, imm)
#define LA_VLD(vd, rj, imm)      la_i12(0x2c000000, vd, rj, imm)
#define LA_XVLD(xd, rj, imm)     la_i12(0x2c800000, xd, rj, imm)
#define LA_BSTRINS_D(rd, rj, m, l)  la_bits(0x00800000, rd, rj, m, l)
#define LA_BSTRPICK_D(rd, rj, m, l) la_bits(0x00c00000, rd, rj, m, l)
#define LA_CSRRD(rd, csr)        (0x04000000u | (uint32_t)(csr) << 10 | (rd))
#define LA_CSRWR(rd, csr)        (0x04000020u | (uint32_t)(csr) << 10 | (rd))
#define LA_CSRXCHG(rd, rj, csr)  (0x04000000u | (uint32_t)(csr) << 10 | (rj) << 5 | (rd))
#define LA_RDTIME_D(rd, rj)      (0x00006800u | (rj) << 5 | (rd))
#define LA_JIRL(rd, rj, imm)     (0x4c000000u | la_offs16(imm) | (rj) << 5 | (rd))
#define LA_BEQ(rj, rd, to)       (0x58000000u | la_offs16(to) | (rj) << 5 | (rd))
#define LA_BLTU(rj, rd, to)      (0x68000000u | la_offs16(to) | (rj) << 5 | (rd))
#define LA_BGEU(rj, rd, to)      (0x6c000000u | la_offs16(to) | (rj) << 5 | (rd))
#define LA_BEQZ(rj, to)          (0x40000000u | la_offs21(to) | (rj) << 5)
#define LA_BNEZ(rj, to)          (0x44000000u | la_offs21(to) | (rj) << 5)
#define LA_B(to)                 (0x50000000u | la_offs26(to))
#define LA_LDDIR(rd, rj, level)  la_3r(0x06400000, rd, rj, level)
#define LA_LDPTE(rj, seq)        la_3r(0x06440000, 0, rj, seq)
#define LA_MOVGR2FR_D(fd, rj)    la_3r(0x0114a800, fd, rj, 0)
#define LA_MOVGR2FCSR(n, rj)     la_3r(0x0114c000, n, rj, 0)
#define LA_MOVGR2CF(cd, rj)      la_3r(0x0114d800, cd, rj, 0)
#define LA_INVTLB(op, rj, rk)    la_3r(0x06498000, op, rj, rk)
#define LA_TLBFILL               0x06483400u
#define LA_ERTN                  0x06483800u
#define LA_IBAR                  0x38728000u
#define LA_NOP                   0x03400000u

/* A value worth trying: for general registers; for FP registers. */
uint64_t fuzz_la_integer(struct fuzz_random *r);
uint64_t fuzz_la_float(struct fuzz_random *r);

/* fuzz_loongarch_gen.c: the program into p->image; returns its length in bytes. */
uint32_t fuzz_la_code(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r);

#endif
