/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_VEC_CRYPTO_IMPL_H
#define ORRERY_CPU_RISCV_VEC_CRYPTO_IMPL_H
/*
 * Vector cryptography on element groups: unprivileged ISA, chapter "Cryptography Extensions: Vector Instructions",
 * Zvkned, Zvknha, Zvknhb, Zvkg, Zvksed, Zvksh. With VLEN = 128 a group is one register, or two (SHA-512, SM3).
 *
 * These functions are what the instructions mean: the general way applies one to each group (vec_crypto.c), tests
 * compare the IR with them. They read and write nothing but the registers they are given.
 */
#include "core/ir/ir.h"

/* Group operation: vd is read, too; `imm` is the instruction's. vd may be one of the others: all is read before. */
typedef void rv_group_fn(union ir_vec *vd, const union ir_vec *vs2, const union ir_vec *vs1, uint64_t imm);

rv_group_fn rv_group_vaesef, rv_group_vaesem, rv_group_vaesdf, rv_group_vaesdm, rv_group_vaesz;
rv_group_fn rv_group_vaeskf1, rv_group_vaeskf2; /* any imm 0..31: what is out of range counts as the chapter says */
rv_group_fn rv_group_vghsh, rv_group_vgmul;
rv_group_fn rv_group_vsha2ms32, rv_group_vsha2ch32, rv_group_vsha2cl32;
rv_group_fn rv_group_vsha2ms64, rv_group_vsha2ch64, rv_group_vsha2cl64; /* two registers */
rv_group_fn rv_group_vsm4k, rv_group_vsm4r;
rv_group_fn rv_group_vsm3me, rv_group_vsm3c; /* two registers */

/* Quick ways of VSHA2MS, VSHA2CL and VSHA2CH with SEW = 64 (vec_sha512.c); false: vl is not VLMAX. */
enum rv_sha512 { RV_SHA512_SCHEDULE, RV_SHA512_LOW, RV_SHA512_HIGH };
struct rv_tr;
bool rv_vec_sha512(struct rv_tr *t, enum rv_sha512 what);

/* The round number that VAESKF1 and VAESKF2 make of their immediate, and its round constant (FIPS 197, 5.2). */
unsigned rv_aeskf1_round(uint64_t imm);
unsigned rv_aeskf2_round(uint64_t imm);
uint32_t rv_aes_constant(unsigned round);

#endif
