/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_VEC_IMPL_H
#define ORRERY_CPU_LOONGARCH_VEC_IMPL_H
/*
 * Short forms of the LSX and LASX translators (vec_*.c). One function serves an LSX instruction and its LASX twin: it
 * does the same to each half of 128 bits, of which LSX has one and leaves the other as it was.
 *
 * What real cores do and no manual promises is chosen once: division by zero gives 0 (as la464 was seen to do);
 * lane indices of shuffles count modulo twice the lanes, also where la464 gives zeros for indices of 64 and more.
 */
#include "cpu/loongarch/translate_impl.h"

/*
 * `arg` of functions that serve whole families: an IR operation or the function's own number; LASX; the lanes' size
 * where no field of the instruction says it; the function's flags.
 */
enum {
    LA_VS_OP = 0xfff,
    LA_VS_X = 0x1000, /* LASX: both halves */
    LA_VS_B = 1 << 13, LA_VS_H = 2 << 13, LA_VS_W = 3 << 13, LA_VS_D = 4 << 13, LA_VS_LANE = 7 << 13,
    LA_VS_FLAG = 0x10000, /* from here on: what the function makes of it */
};

/* log2 of a lane's bytes. */
static inline unsigned la_vs_lane(const struct la_tr *t, unsigned arg)
{
    unsigned fixed = (arg & LA_VS_LANE) / LA_VS_B;
    return fixed != 0 ? fixed - 1 : t->d.sz;
}

static inline unsigned la_vs_halves(unsigned arg)
{
    return arg & LA_VS_X ? 2 : 1;
}

static inline ir_val_t la_vd(struct la_tr *t, unsigned half)
{
    return la_v(t, t->d.rd, half);
}
static inline ir_val_t la_vj(struct la_tr *t, unsigned half)
{
    return la_v(t, t->d.rj, half);
}
static inline ir_val_t la_vk(struct la_tr *t, unsigned half)
{
    return la_v(t, t->d.rk, half);
}
static inline ir_val_t la_va(struct la_tr *t, unsigned half)
{
    return la_v(t, t->d.ra, half);
}
static inline void la_put_vd(struct la_tr *t, unsigned half, ir_val_t v)
{
    la_put_v(t, t->d.rd, half, v);
}

static inline ir_val_t la_vop1(struct la_tr *t, unsigned op, unsigned lane, ir_val_t a)
{
    return ir_vop1(t->u, (enum ir_op)op, lane, a);
}
static inline ir_val_t la_vop1i(struct la_tr *t, unsigned op, unsigned lane, ir_val_t a, int64_t imm)
{
    return ir_vop1i(t->u, (enum ir_op)op, lane, a, imm);
}
static inline ir_val_t la_vop2(struct la_tr *t, unsigned op, unsigned lane, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, (enum ir_op)op, lane, a, b);
}

static inline ir_val_t la_vzero(struct la_tr *t)
{
    return ir_vconst(t->u, 0, 0);
}
/* The low bits of `v` in all lanes. */
static inline ir_val_t la_vdup(struct la_tr *t, unsigned lane, uint64_t v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    uint64_t low = lane == 3 ? v : zext(v, 8u << lane) * ones[lane];
    return ir_vconst(t->u, low, low);
}
/* Words `imm` 1:0, 3:2 of a, then 5:4, 7:6 of b. */
static inline ir_val_t la_vshuf_w(struct la_tr *t, ir_val_t a, ir_val_t b, unsigned imm)
{
    return ir_vop(t->u, IR_VSHUF, 2, a, b, IR_NONE, imm);
}
/* Even or odd lanes, extended to twice their size; lane 0..2. */
ir_val_t la_vwidened(struct la_tr *t, unsigned lane, ir_val_t v, bool odd, bool is_signed);
/* Bytes by number, 0..15 of `low` and 16..31 of `high`; numbers above give 0. */
ir_val_t la_vtable(struct la_tr *t, ir_val_t low, ir_val_t high, ir_val_t numbers);

/* clang-format off */
/* An instruction and its LASX twin; of each size where the mnemonics have rows of their own. */
#define LA_VEC(INSN, FN, ARG)                                                                                          \
    { LA_INSN_V##INSN, LA_SEM_LSX, FN, ARG }, { LA_INSN_XV##INSN, LA_SEM_LASX, FN, (ARG) | LA_VS_X }
#define LA_VEC_SIZES(INSN, FN, ARG)                                                                                    \
    LA_VEC(INSN##_B, FN, (ARG) | LA_VS_B), LA_VEC(INSN##_H, FN, (ARG) | LA_VS_H),                                      \
    LA_VEC(INSN##_W, FN, (ARG) | LA_VS_W), LA_VEC(INSN##_D, FN, (ARG) | LA_VS_D)
/* clang-format on */

#endif
