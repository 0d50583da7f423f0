/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_SIMD_IMPL_H
#define ORRERY_CPU_ARM64_SIMD_IMPL_H
/*
 * Short forms of the AdvSIMD translators (simd_*.c). The arrangement of an instruction is `lane`, log2 of a
 * lane's bytes, and `bytes`, how much of the register takes part: 16, 8, or one lane. What lies above
 * becomes zero. Where an operation has no side effects garbage above is computed and dropped; where it
 * may set FPSR, operands are clipped first.
 */
#include "cpu/arm64/translate_impl.h"

/* Bytes above `bytes` (1, 2, 4, 8, 16) become zero. */
static inline ir_val_t a64_clip(struct a64_tr *t, ir_val_t v, unsigned bytes)
{
    unsigned lane = (unsigned)__builtin_ctz(bytes);
    if (bytes == 16)
        return v;
    return ir_vop1(t->u, IR_VSCALAR, lane, ir_vlane(t->u, IR_I64, lane, v, 0));
}

static inline void a64_put_bytes(struct a64_tr *t, unsigned n, ir_val_t v, unsigned bytes)
{
    a64_put_v(t, n, a64_clip(t, v, bytes));
}

/* Lane and bytes of rows with `arr` = size:Q, with `q` alone, and of scalars with `size`. */
static inline unsigned a64_arr_lane(const struct a64_tr *t)
{
    return (unsigned)t->d.arr >> 1;
}
static inline unsigned a64_arr_bytes(const struct a64_tr *t)
{
    return t->d.arr & 1 ? 16 : 8;
}
static inline unsigned a64_q(const struct a64_tr *t)
{
    return t->word >> 30 & 1;
}
static inline unsigned a64_q_bytes(const struct a64_tr *t)
{
    return a64_q(t) ? 16 : 8;
}

/*
 * `arg` of the functions that serve whole families: an IR operation or the number of a vector helper,
 * and where the arrangement is said. A64_VS_H, S, D: the lane's size is the row's (by element when a64_second
 * takes it so, Q says the rest); A64_VS_N: a scalar; else `arr`.
 */
enum {
    A64_VS_OP = 0xfff, A64_VS_N = 0x1000,
    A64_VS_H = 0x2000, A64_VS_S = 0x4000, A64_VS_D = 0x6000, A64_VS_LANE = 0x6000,
    A64_VS_ELT = 0x8000,
    A64_VS_FLAG = 0x10000, /* from here on: what the function makes of it */
};
struct a64_shape {
    unsigned lane, bytes;
};
static inline struct a64_shape a64_shape(const struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = { .lane = (arg & A64_VS_LANE) / A64_VS_H };
    if (s.lane != 0) {
        s.bytes = arg & A64_VS_N ? 1u << s.lane : a64_q_bytes(t);
    } else if (arg & A64_VS_N) {
        s.lane = t->d.size;
        s.bytes = 1u << s.lane;
    } else {
        s.lane = a64_arr_lane(t);
        s.bytes = a64_arr_bytes(t);
    }
    return s;
}

/* Shifts by an immediate: immh's highest bit is the lane's size, immh:immb holds the count. */
static inline struct a64_shape a64_shift_shape(const struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = { .lane = 31u - (unsigned)__builtin_clz((unsigned)t->d.immh & 15) };
    s.bytes = arg & A64_VS_N ? 1u << s.lane : a64_q_bytes(t);
    return s;
}
static inline unsigned a64_shift_right(const struct a64_tr *t, unsigned lane)
{
    return (16u << lane) - (((unsigned)t->d.immh & 15) << 3 | (unsigned)t->d.immb);
}
static inline unsigned a64_shift_left(const struct a64_tr *t, unsigned lane)
{
    return (((unsigned)t->d.immh & 15) << 3 | (unsigned)t->d.immb) - (8u << lane);
}

/* The low half of `v` into the half of rd that Q names; with Q = 0 the other becomes zero. */
static inline void a64_put_half(struct a64_tr *t, ir_val_t v)
{
    if (a64_q(t))
        a64_put_v(t, t->d.rd, ir_vop2(t->u, IR_VZIP1, 3, a64_v(t, t->d.rd), v));
    else
        a64_put_bytes(t, t->d.rd, v, 8);
}

/* The value in all lanes. */
static inline ir_val_t a64_vdup_const(struct a64_tr *t, unsigned lane, uint64_t v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    uint64_t low = lane == 3 ? v : (v & ((1ull << (8u << lane)) - 1)) * ones[lane];
    return ir_vconst(t->u, low, low);
}
static inline ir_val_t a64_vzero(struct a64_tr *t)
{
    return ir_vconst(t->u, 0, 0);
}

/* Lane `n` of a register in all lanes: the second operand of instructions by element. */
static inline ir_val_t a64_vdup_lane(struct a64_tr *t, unsigned lane, unsigned reg, unsigned n)
{
    return ir_vop1(t->u, IR_VDUP, lane, ir_vlane(t->u, IR_I64, lane, a64_v(t, reg), n));
}
static inline ir_val_t a64_second(struct a64_tr *t, unsigned arg, unsigned lane)
{
    return arg & A64_VS_ELT ? a64_vdup_lane(t, lane, t->d.rm, t->d.idx) : a64_v(t, t->d.rm);
}

/* `imm` of a vector helper: lane, and in bytes how much takes part; what lies above is zero in the result. */
#define A64_VEC_IMM(lane, bytes) ((uint64_t)(lane) | (uint64_t)(bytes) << 4)
/* simd_saturate.c: estimates of 9 bits. */
unsigned a64_recip_estimate(unsigned x);
unsigned a64_recip_sqrt_estimate(unsigned x);

#endif
