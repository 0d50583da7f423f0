/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_FLOAT_IMPL_H
#define ORRERY_CPU_ARM64_FLOAT_IMPL_H
/*
 * Floating point under FPCR, on bit images as core/exec/fp.h has them: what that header lacks of the
 * Arm ARM's shared pseudocode. float_value.c; for scalar and vector helpers alike.
 *
 * FEAT_AFP (FPCR.AH, FIZ, NEP) is not modelled and its bits are not there.
 */
#include "core/exec/fp.h"
#include "cpu/arm64/arm64_impl.h"

/* Bits of the fraction and of the whole, bias of the exponent; by enum fp_format. */
struct a64_fp_layout {
    uint8_t frac, bits;
    int bias;
};
extern const struct a64_fp_layout a64_fp_layouts[];
/* VFPExpandImm(): sign, three bits of exponent around 0, four of fraction. */
uint64_t a64_fp_expand_imm(unsigned imm8, enum fp_format f);

/* Arithmetic under FPCR, FZ16 included; `rm` may be IR_RM_DYN: FPCR.RMode. */
void a64_fp_env(const struct a64_cpu *a, enum ir_rm rm, struct fp_env *env);
/* FPSR's bits of what was computed. */
static inline void a64_fp_done(struct a64_cpu *a, const struct fp_env *env)
{
    a->cpu.fp_flags |= env->flags;
}

/* FPConvert: without FZ16, with alternative half precision (FPCR.AHP). */
uint64_t a64_fp_cvt(const struct a64_cpu *a, struct fp_env *env, enum fp_format to, enum fp_format from,
                    uint64_t v);
/* FPConvertBF: single to BFloat16. */
uint64_t a64_fp_to_bf16(struct fp_env *env, uint64_t v);
/* FPToFixed, FixedToFP: integers of `bits` (32, 64) with `fbits` of fraction, 0..64. */
uint64_t a64_fp_to_fixed(struct fp_env *env, enum fp_format from, unsigned bits, bool is_unsigned,
                         unsigned fbits, uint64_t v);
uint64_t a64_fp_from_fixed(struct fp_env *env, enum fp_format to, unsigned bits, bool is_unsigned,
                           unsigned fbits, uint64_t v);
/* FPRoundIntN: to an integral value that fits a signed integer of `bits` (32, 64); raises inexact. */
uint64_t a64_fp_round_int(struct fp_env *env, enum fp_format f, unsigned bits, uint64_t v);
/* FPToFixedJS: 32 bits modulo 2^32; *exact is PSTATE.Z. */
uint64_t a64_fp_to_js(struct fp_env *env, uint64_t v, bool *exact);
/* FPCompare: NZCV as a number of four bits. */
unsigned a64_fp_compare(struct fp_env *env, enum fp_format f, bool signal_all, uint64_t x, uint64_t y);

/* `imm` of the helpers of float_convert.c: operation, rounding (enum ir_rm), #fbits. */
enum a64_half_op {
    A64_HALF_ADD, A64_HALF_SUB, A64_HALF_MUL, A64_HALF_NMUL, A64_HALF_DIV, A64_HALF_MAX, A64_HALF_MIN,
    A64_HALF_MAXNM, A64_HALF_MINNM, A64_HALF_SQRT, A64_HALF_MADD, A64_HALF_MSUB, A64_HALF_NMADD,
    A64_HALF_NMSUB, A64_HALF_CMP, A64_HALF_CMPE, A64_HALF_RINT, A64_HALF_RINTX
};
enum a64_convert_op {
    A64_CVT, A64_CVT_BF16, A64_CVT_TO_INT, A64_CVT_FROM_INT, A64_CVT_RINT, A64_CVT_JS
};
#define A64_FP_OP(op)        ((uint64_t)(op))
#define A64_FP_RM(rm)        ((uint64_t)(rm) << 8)
#define A64_FP_FORMAT(f)     ((uint64_t)(f) << 12) /* of the number, the source of CVT */
#define A64_FP_TO(f)         ((uint64_t)(f) << 14)
#define A64_FP_LONG          (1ull << 16)          /* the integer has 64 bits */
#define A64_FP_UNSIGNED      (1ull << 17)
#define A64_FP_FBITS(n)      ((uint64_t)(n) << 20)

#endif
