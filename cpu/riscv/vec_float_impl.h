/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_VEC_FLOAT_IMPL_H
#define ORRERY_CPU_RISCV_VEC_FLOAT_IMPL_H
/*
 * What a vector floating-point instruction does to one element of each operand: unprivileged ISA, chapter "V", sections
 * "Vector Floating-Point Instructions" and "Vector Reduction Operations"; chapters "Zvfhmin" and "Zvfh". An operation is a
 * word, RV_VFP_*; the rows of vec_float.c have it as `arg`.
 */
#include "core/exec/fp.h"

enum rv_vfp_op {
    RV_VFP_ADD, RV_VFP_SUB, RV_VFP_RSUB, RV_VFP_MUL, RV_VFP_DIV, RV_VFP_RDIV, /* a op b, or b op a */
    RV_VFP_MACC, RV_VFP_MADD,                                                 /* b * a + d, b * d + a */
    RV_VFP_MIN, RV_VFP_MAX, RV_VFP_SGNJ, RV_VFP_SGNJN, RV_VFP_SGNJX,
    RV_VFP_EQ, RV_VFP_NE, RV_VFP_LT, RV_VFP_LE, RV_VFP_GT, RV_VFP_GE,         /* a cmp b: 0 or 1 */
    RV_VFP_SQRT, RV_VFP_RSQRT7, RV_VFP_REC7, RV_VFP_CLASS,
    RV_VFP_FTOI, RV_VFP_ITOF, RV_VFP_CVT,
    RV_VFP_MOVE,                                                              /* b */
    RV_VFP_OP = 31,
    /* Beside it: */
    RV_VFP_NEG_PRODUCT = 1 << 5, RV_VFP_NEG_ADDEND = 1 << 6, /* of MACC and MADD */
    RV_VFP_UNSIGNED = 1 << 7,
    RV_VFP_RTZ = 1 << 8, RV_VFP_ROD = 1 << 9, /* rounding other than frm's: towards zero; to odd */
    RV_VFP_WIDEN = 1 << 10,                   /* sources of SEW, result (and d) of 2 * SEW */
    RV_VFP_NARROW = 1 << 11,                  /* source of 2 * SEW, result of SEW */
    RV_VFP_WIDE_A = 1 << 12,                  /* with WIDEN: a is of 2 * SEW already */
};

/* `sew` is log2 of bytes; images and integers in the low bits; flags and rounding in `env`. */
uint64_t rv_vfp_lane(struct fp_env *env, uint32_t what, unsigned sew, uint64_t a, uint64_t b, uint64_t d);
/* The rounding mode of `what` under `frm` (0 to 4). */
enum ir_rm rv_vfp_rounding(uint32_t what, uint64_t frm);

/* Estimates to 7 bits: chapter "V", sections VFRSQRT7 and VFREC7. */
uint64_t rv_vfp_rsqrt7(struct fp_env *env, enum fp_format f, uint64_t v);
uint64_t rv_vfp_rec7(struct fp_env *env, enum fp_format f, uint64_t v);

static inline enum fp_format rv_vfp_format(unsigned lane) /* log2 of bytes, 1 to 3 */
{
    return lane == 1 ? FP_F16 : lane == 2 ? FP_F32 : FP_F64;
}

#endif
