/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_HALF_IMPL_H
#define ORRERY_CPU_RISCV_HALF_IMPL_H
/*
 * Half-precision arithmetic on register images (64 bits, NaN-boxed), in integers
 * only: any rounding mode, exact flags, tininess after rounding (chapter "F").
 */
#include "core/ir/ir.h"

enum rv_half_op {
    RV_HALF_ADD,
    RV_HALF_SUB,
    RV_HALF_MUL,
    RV_HALF_DIV,
    RV_HALF_SQRT,
    RV_HALF_SGNJ,
    RV_HALF_SGNJN,
    RV_HALF_SGNJX,
    RV_HALF_MIN,
    RV_HALF_MAX,
    RV_HALF_MINM,
    RV_HALF_MAXM,
    RV_HALF_EQ,
    RV_HALF_LT,
    RV_HALF_LE,
    RV_HALF_LTQ,
    RV_HALF_LEQ,
    RV_HALF_CLASS,
    RV_HALF_ROUND,
    RV_HALF_ROUNDNX,
    RV_HALF_TO_S,
    RV_HALF_TO_D,
    RV_HALF_FROM_S,
    RV_HALF_FROM_D,
    RV_HALF_TO_W,
    RV_HALF_TO_WU,
    RV_HALF_TO_L,
    RV_HALF_TO_LU,
    RV_HALF_FROM_W,
    RV_HALF_FROM_WU,
    RV_HALF_FROM_L,
    RV_HALF_FROM_LU,
};

/* `flags` collects enum cpu_fp_flag bits. Operands that are not half images count as the default
 * NaN. */
uint64_t rv_half_compute(enum rv_half_op op, uint64_t a, uint64_t b, enum ir_rm rm,
                         uint32_t *flags);
uint64_t rv_half_fma(uint64_t a, uint64_t b, uint64_t c, bool negate_product, bool negate_addend,
                     enum ir_rm rm, uint32_t *flags);

#endif
