/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_RISCV_H
#define ORRERY_TOOLS_ORRERY_FUZZ_RISCV_H
/*
 * What fuzz_riscv.c (machine and environment), fuzz_riscv_gen.c (instructions) and fuzz_riscv_vec.c (vectors') share:
 * the layout of RAM, and encoders of the few instructions written by hand.
 *
 * RAM stands at RAM and once more at ALIAS. Offsets in it:
 *     BOOT       starts the next round: loads CSRs and registers from a table, MRET
 *     M_TRAP     machine trap handler: skips the instruction, or goes to BOOT
 *     S_TRAP     the same for traps delegated to S; runs from ALIAS, where it can always be
 *     M_SAVE, S_SAVE  what the handlers save, and the number of the round
 *     TABLES     what each round starts with
 *     PAGES      page tables
 *     CODE, DATA the program and what its pointers point at
 */
#include "cpu/riscv/cpu.h"
#include "cpu/riscv/decode.gen.h"
#include "tools/orrery/fuzz_gen.h"

#define RAM       0x80000000ull
#define ALIAS     0x80100000ull
#define DEVICE    0x90000000ull
#define RAM_BYTES 0x80000u

#define BOOT        0x0000u
#define M_TRAP      0x0400u
#define S_TRAP      0x0800u
#define M_SAVE      0x2000u /* +0 x30, +8 round */
#define S_SAVE      0x3000u /* +0 x30 */
#define TABLES      0x4000u
#define TABLE_BYTES 0x400u
#define ROUNDS      8u
#define PAGES       0x10000u
#define CODE        0x20000u
#define CODE_BYTES  0x4000u
#define DATA        0x40000u
#define DATA_BYTES  0x10000u

/* Where the table of a round has what. */
enum {
    TABLE_X = 0,              /* x1..x31 at their number */
    TABLE_F = 32,             /* f0..f31 */
    TABLE_CSR = 64,
    TABLE_DELAY = 120,        /* ticks of `time` to the timer interrupt */
};

static inline uint32_t rv_r(uint32_t op, uint32_t rd, uint32_t f3, uint32_t rs1, uint32_t rs2,
                            uint32_t f7)
{
    return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}

static inline uint32_t rv_i(uint32_t op, uint32_t rd, uint32_t f3, uint32_t rs1, uint32_t imm)
{
    return (imm & 0xfff) << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}

static inline uint32_t rv_s(uint32_t f3, uint32_t rs2, uint32_t rs1, uint32_t imm)
{
    return (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (imm & 31) << 7 | 0x23;
}

static inline uint32_t rv_b(uint32_t f3, uint32_t rs1, uint32_t rs2, uint32_t imm)
{
    return (imm >> 12 & 1) << 31 | (imm >> 5 & 0x3f) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 |
           (imm >> 1 & 15) << 8 | (imm >> 11 & 1) << 7 | 0x63;
}

static inline uint32_t rv_jal(uint32_t rd, uint32_t imm)
{
    return (imm >> 20 & 1) << 31 | (imm >> 1 & 0x3ff) << 21 | (imm >> 11 & 1) << 20 |
           (imm >> 12 & 0xff) << 12 | rd << 7 | 0x6f;
}

#define RV_LUI(rd, imm20)     ((uint32_t)(imm20) << 12 | (rd) << 7 | 0x37)
#define RV_AUIPC(rd, imm20)   ((uint32_t)(imm20) << 12 | (rd) << 7 | 0x17)
#define RV_ADDI(rd, rs, imm)  rv_i(0x13, rd, 0, rs, imm)
#define RV_ANDI(rd, rs, imm)  rv_i(0x13, rd, 7, rs, imm)
#define RV_XORI(rd, rs, imm)  rv_i(0x13, rd, 4, rs, imm)
#define RV_SLTIU(rd, rs, imm) rv_i(0x13, rd, 3, rs, imm)
#define RV_SLLI(rd, rs, n)    rv_i(0x13, rd, 1, rs, n)
#define RV_SRLI(rd, rs, n)    rv_i(0x13, rd, 5, rs, n)
#define RV_ADD(rd, a, b)      rv_r(0x33, rd, 0, a, b, 0)
#define RV_SUB(rd, a, b)      rv_r(0x33, rd, 0, a, b, 0x20)
#define RV_AND(rd, a, b)      rv_r(0x33, rd, 7, a, b, 0)
#define RV_OR(rd, a, b)       rv_r(0x33, rd, 6, a, b, 0)
#define RV_LD(rd, rs, imm)    rv_i(0x03, rd, 3, rs, imm)
#define RV_LHU(rd, rs, imm)   rv_i(0x03, rd, 5, rs, imm)
#define RV_FLD(rd, rs, imm)   rv_i(0x07, rd, 3, rs, imm)
#define RV_SD(src, rs, imm)   rv_s(3, src, rs, imm)
#define RV_SW(src, rs, imm)   rv_s(2, src, rs, imm)
#define RV_CSRRW(rd, csr, rs) rv_i(0x73, rd, 1, rs, csr)
#define RV_CSRRS(rd, csr, rs) rv_i(0x73, rd, 2, rs, csr)
#define RV_CSRRC(rd, csr, rs) rv_i(0x73, rd, 3, rs, csr)
#define RV_CSRWI(csr, imm)    rv_i(0x73, 0, 5, imm, csr)
#define RV_JALR(rd, rs, imm)  rv_i(0x67, rd, 0, rs, imm)
#define RV_ECALL              0x00000073u
#define RV_MRET               0x30200073u
#define RV_SRET               0x10200073u
#define RV_SFENCE_ALL         0x12000073u
#define RV_FENCE_I            0x0000100fu

/* A value worth trying: for integer registers; for FP registers. */
uint64_t fuzz_rv_integer(struct fuzz_random *r);
uint64_t fuzz_rv_float(struct fuzz_random *r);
uint64_t fuzz_rv_satp(struct fuzz_random *r);

/* fuzz_riscv_gen.c: the program into p->image; returns its length in bytes. */
uint32_t fuzz_rv_code(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r);

/* fuzz_riscv_vec.c: a vtype; whether a row is of V or builds on it; its word, changed so that it is more often legal. */
uint32_t fuzz_rv_vtype(struct fuzz_gen *g);
bool fuzz_rv_is_vector(const struct insn_desc *d);
uint32_t fuzz_rv_vector_word(struct fuzz_gen *g, uint32_t word);
/* Places instructions: now and then another vtype, vl or value; what is to stand before `word`. */
void fuzz_rv_refresh_vectors(struct fuzz_gen *g);
void fuzz_rv_before_vector(struct fuzz_gen *g, const struct insn_desc *d, uint32_t word);

#endif
