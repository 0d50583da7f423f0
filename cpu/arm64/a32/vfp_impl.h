/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_A32_VFP_IMPL_H
#define ORRERY_CPU_ARM64_A32_VFP_IMPL_H
/*
 * Floating-point and Advanced SIMD of AArch32 on A64's translators: an instruction becomes the A64 word that
 * does the same, that word is decoded, and its registers are replaced by views (A64_VIEW_D, A64_VIEW_S) or whole
 * vector registers.
 *
 * Advanced SIMD computes under the standard FPSCR value (E1.3.5): default NaNs, flushed denormals, to nearest.
 * What A64's functions emitted is turned into calls that do so (a32_standardize).
 */
#include "cpu/arm64/a32/a32_impl.h"

enum { A32_HALF = 1, A32_SINGLE = 2, A32_DOUBLE = 3 }; /* `prec` */

unsigned a32_fp_view(unsigned prec, unsigned n);
/* The operand of a D or Q instruction of Advanced SIMD. */
static inline unsigned a32_neon_reg(unsigned n, bool q)
{
    return q ? n / 2 : A64_VIEW_D | n;
}

/* The A64 instruction `word`, registers as given (t->acc too). UNDEFINED where A64 has none. */
void a32_run_a64(struct a32_tr *t, uint32_t word, unsigned rd, unsigned rn, unsigned rm);
/* The same under the standard FPSCR. */
void a32_run_standard(struct a32_tr *t, uint32_t word, unsigned rd, unsigned rn, unsigned rm);
/* Emitted from instruction `first` of the unit on: under the standard FPSCR. */
void a32_standardize(struct a32_tr *t, uint32_t first);

/* In the helper a32_step's imm, beside lane and bytes: VRSQRTS. */
#define A32_STEP_ROOT (1ull << 16)
/* neon_misc.c: two registers. */
void a32_neon_misc(struct a32_tr *t, unsigned arg);

#endif
