/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_SIMD_FP_IMPL_H
#define ORRERY_CPU_ARM64_SIMD_FP_IMPL_H
/* What simd_fp.c, which emits the IR's operations, and simd_fp_lanes.c, the helpers, share. */
#include "cpu/arm64/float_impl.h"
#include "cpu/arm64/simd_impl.h"

/* Beside lane and bytes (A64_VEC_IMM) in the helpers' imm. */
#define A64_SIMD_RM(rm)       ((uint64_t)(rm) << 16)
#define A64_HALF_LANES_IMM    (1ull << 20)          /* the IR operation's imm & 1 */
#define A64_HALF_LANES_OP(op) ((uint64_t)(op) << 32) /* enum ir_op of a vector operation, done with halves */

/* Single or double by sz, wherever the row has it, unless `arg` says the lane. */
static inline struct a64_shape a64_fp_shape(const struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = { .lane = (arg & A64_VS_LANE) / A64_VS_H };
    if (s.lane == 0)
        s.lane = 2u + (arg & A64_VS_N ? t->d.size : t->d.arr >> 1);
    s.bytes = arg & A64_VS_N ? 1u << s.lane : a64_q_bytes(t);
    return s;
}

/* simd_fp_lanes.c: FCVTL, FCVTN of half precision. */
void a64_simd_half_to_single(struct a64_tr *t, unsigned arg);
void a64_simd_single_to_half(struct a64_tr *t, unsigned arg);

#endif
