/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD integer operations that saturate (and so may set FPSR.QC), shift by lanes of either sign, count bits or
 * multiply polynomials of 8 bits: vector helpers and the rows that call them (Arm ARM C7.2; J1.3 SatQ(), RecipEstimate()).
 */
#include "cpu/arm64/simd_lanes.h"

/* imm of the helpers above lane and bytes. */
enum {
    COUNT_SHIFT = 16,        /* of right shifts that narrow: 0 .. 64 */
    ROUND = 1u << 24, SATURATE = 1u << 25, HALF = 1u << 26 /* sources are the upper half */, SUB = 1u << 27,
    ACC = 1u << 28,
};

/* ---- one or two lanes of one size ---- */
A64_INLINE uint64_t sqadd(struct a64_lanes *l) { return a64_sat_s(l, (__int128)A64_SX(l) + A64_SY(l), l->w); }
A64_INLINE uint64_t sqsub(struct a64_lanes *l) { return a64_sat_s(l, (__int128)A64_SX(l) - A64_SY(l), l->w); }
A64_INLINE uint64_t uqadd(struct a64_lanes *l) { return a64_sat_u(l, (__int128)A64_X(l) + A64_Y(l), l->w); }
A64_INLINE uint64_t uqsub(struct a64_lanes *l) { return a64_sat_u(l, (__int128)A64_X(l) - A64_Y(l), l->w); }
/* The destination is the second operand. */
A64_INLINE uint64_t suqadd(struct a64_lanes *l) { return a64_sat_s(l, (__int128)A64_X(l) + A64_SY(l), l->w); }
A64_INLINE uint64_t usqadd(struct a64_lanes *l) { return a64_sat_u(l, (__int128)A64_SX(l) + A64_Y(l), l->w); }
A64_INLINE uint64_t sqneg(struct a64_lanes *l) { return a64_sat_s(l, -(__int128)A64_SX(l), l->w); }
A64_INLINE uint64_t sqabs(struct a64_lanes *l)
{
    return A64_SX(l) < 0 ? sqneg(l) : A64_X(l);
}
A64_LANES(sqadd, sqadd)
A64_LANES(sqsub, sqsub)
A64_LANES(uqadd, uqadd)
A64_LANES(uqsub, uqsub)
A64_LANES(suqadd, suqadd)
A64_LANES(usqadd, usqadd)
A64_LANES(sqneg, sqneg)
A64_LANES(sqabs, sqabs)

A64_INLINE uint64_t clz(struct a64_lanes *l) { return clz64(A64_X(l)) - (64 - l->w); }
A64_INLINE uint64_t cls(struct a64_lanes *l)
{
    return clz64(zext(A64_X(l) ^ (uint64_t)(A64_SX(l) >> 1), l->w)) - (64 - l->w) - 1;
}
A64_LANES(clz, clz)
A64_LANES(cls, cls)

/* ---- shifts by the lowest byte of each lane, as a signed number ---- */
/* Right by 1 .. 128; what rounding adds is half of the last place. */
A64_INLINE __int128 right(const struct a64_lanes *l, __int128 x, unsigned n)
{
    if (n > l->w)
        return l->imm & ROUND ? 0 : x < 0 ? -1 : 0;
    return (x + (l->imm & ROUND ? (__int128)1 << (n - 1) : 0)) >> n;
}

A64_INLINE uint64_t shl_s(struct a64_lanes *l)
{
    int8_t n = (int8_t)A64_Y(l);
    int64_t x = A64_SX(l);
    if (n < 0)
        return (uint64_t)right(l, x, (unsigned)-n);
    if (!(l->imm & SATURATE))
        return (unsigned)n >= l->w ? 0 : (uint64_t)x << n;
    /* so many places are as good as more */
    return a64_sat_s(l, (__int128)((unsigned __int128)x << MIN((unsigned)n, l->w)), l->w);
}

A64_INLINE uint64_t shl_u(struct a64_lanes *l)
{
    int8_t n = (int8_t)A64_Y(l);
    uint64_t x = A64_X(l);
    if (n < 0)
        return (uint64_t)right(l, x, (unsigned)-n);
    if (!(l->imm & SATURATE))
        return (unsigned)n >= l->w ? 0 : x << n;
    unsigned count = MIN((unsigned)n, l->w);
    if (count != 0 && x >> (l->w - count) != 0) {
        l->saturated = true;
        return ~0ull;
    }
    return count == l->w ? 0 : x << count;
}

A64_INLINE uint64_t sqshlu(struct a64_lanes *l) /* counts are 0 .. w - 1 */
{
    unsigned n = (unsigned)A64_Y(l);
    return a64_sat_u(l, (__int128)((unsigned __int128)A64_SX(l) << n), l->w);
}
A64_LANES(shl_s, shl_s)
A64_LANES(shl_u, shl_u)
A64_LANES(sqshlu, sqshlu)

/* ---- narrowing: lane n of twice the size, shifted right ---- */
A64_INLINE __int128 narrow_source(const struct a64_lanes *l, bool is_signed)
{
    unsigned n = l->imm >> COUNT_SHIFT & 0x7f;
    __int128 x = is_signed ? (__int128)a64_slane(l->va, l->lane + 1, l->n)
                           : (__int128)a64_lane(l->va, l->lane + 1, l->n);
    return (x + (l->imm & ROUND ? (__int128)1 << (n - 1) : 0)) >> n;
}
A64_INLINE uint64_t narrow_ss(struct a64_lanes *l) { return a64_sat_s(l, narrow_source(l, true), l->w); }
A64_INLINE uint64_t narrow_su(struct a64_lanes *l) { return a64_sat_u(l, narrow_source(l, true), l->w); }
A64_INLINE uint64_t narrow_uu(struct a64_lanes *l) { return a64_sat_u(l, narrow_source(l, false), l->w); }
#define A64_NARROW(name, FN)                                                                       \
    void a64_vec_##name(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va,                \
                        const union ir_vec *vb, const union ir_vec *vc, uint64_t imm)              \
    {                                                                                              \
        struct a64_lanes l = { .a = A64_CPU(cpu), .va = va, .vb = vb, .vc = vc, .imm = imm };      \
        union ir_vec r = { .d = { 0, 0 } };                                                        \
        switch (imm & 3) {                                                                         \
        case 0: a64_each_lane(&l, &r, 0, FN); break;                                               \
        case 1: a64_each_lane(&l, &r, 1, FN); break;                                               \
        default: a64_each_lane(&l, &r, 2, FN); break;                                              \
        }                                                                                          \
        if (l.saturated)                                                                           \
            l.a->qc = 1;                                                                           \
        *dst = r;                                                                                  \
    }
A64_NARROW(narrow_ss, narrow_ss)
A64_NARROW(narrow_su, narrow_su)
A64_NARROW(narrow_uu, narrow_uu)

/* ---- doubling multiplies ---- */
A64_INLINE uint64_t sqdmulh(struct a64_lanes *l)
{
    __int128 product = 2 * (__int128)A64_SX(l) * A64_SY(l);
    return a64_sat_s(l, (product + (l->imm & ROUND ? (__int128)1 << (l->w - 1) : 0)) >> l->w, l->w);
}
A64_INLINE uint64_t sqrdmlah(struct a64_lanes *l)
{
    __int128 product = 2 * (__int128)A64_SX(l) * A64_SY(l);
    __int128 sum = ((__int128)A64_SZ(l) << l->w) + (l->imm & SUB ? -product : product);
    return a64_sat_s(l, (sum + ((__int128)1 << (l->w - 1))) >> l->w, l->w);
}
/* `lane` is the result's; sources are half as long. */
A64_INLINE uint64_t sqdmull(struct a64_lanes *l)
{
    unsigned n = l->n + (l->imm & HALF ? 16u >> l->lane : 0);
    __int128 product = 2 * (__int128)a64_slane(l->va, l->lane - 1, n) * a64_slane(l->vb, l->lane - 1, n);
    int64_t v = (int64_t)sext(a64_sat_s(l, product, l->w), l->w);
    if (!(l->imm & ACC))
        return (uint64_t)v;
    return a64_sat_s(l, l->imm & SUB ? (__int128)A64_SZ(l) - v : (__int128)A64_SZ(l) + v, l->w);
}
A64_LANES(sqdmulh, sqdmulh)
A64_LANES(sqrdmlah, sqrdmlah)
A64_LANES(sqdmull, sqdmull)

/* ---- polynomials over {0, 1} ---- */
static uint64_t polynomial_product(uint64_t x, uint64_t y)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v ^= y >> i & 1 ? x << i : 0;
    return v;
}
A64_INLINE uint64_t pmul(struct a64_lanes *l) { return polynomial_product(A64_X(l), A64_Y(l)); }
A64_LANES(pmul, pmul)

void a64_vec_pmull8(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                    const union ir_vec *vc, uint64_t imm)
{
    union ir_vec r;
    (void)cpu, (void)vc;
    for (unsigned n = 0; n < 8; n++) {
        unsigned from = n + (imm & HALF ? 8 : 0);
        r.h[n] = (uint16_t)polynomial_product(va->b[from], vb->b[from]);
    }
    *dst = r;
}

/* ---- estimates of 9 bits: RecipEstimate(), RecipSqrtEstimate() ---- */
unsigned a64_recip_estimate(unsigned x) /* 256 .. 511 for 0.5 .. 1.0 */
{
    return ((1u << 19) / (2 * x + 1) + 1) / 2;
}

unsigned a64_recip_sqrt_estimate(unsigned x) /* 128 .. 511 for 0.25 .. 1.0 */
{
    uint64_t a = x < 256 ? 2u * x + 1 : ((x & ~1u) + 1) * 2, b = 512;
    while (a * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (unsigned)(b + 1) / 2;
}

A64_INLINE uint64_t urecpe(struct a64_lanes *l)
{
    uint64_t x = A64_X(l);
    return x >> 31 ? (uint64_t)a64_recip_estimate((unsigned)(x >> 23)) << 23 : ~0ull;
}
A64_INLINE uint64_t ursqrte(struct a64_lanes *l)
{
    uint64_t x = A64_X(l);
    return x >> 30 ? (uint64_t)a64_recip_sqrt_estimate((unsigned)(x >> 23)) << 23 : ~0ull;
}
A64_LANES(urecpe, urecpe)
A64_LANES(ursqrte, ursqrte)

/* ---- rows ---- */
enum { /* in arg */
    R_ROUND = A64_VS_FLAG, R_SATURATE = 2 * A64_VS_FLAG, R_SUB = 4 * A64_VS_FLAG, R_ACC = 8 * A64_VS_FLAG,
};
static uint64_t helper_flags(unsigned arg)
{
    return (arg & R_ROUND ? ROUND : 0u) | (arg & R_SATURATE ? SATURATE : 0u) | (arg & R_SUB ? SUB : 0u) |
           (arg & R_ACC ? ACC : 0u);
}
static uint64_t helper_imm(struct a64_shape s, unsigned arg)
{
    return A64_VEC_IMM(s.lane, s.bytes) | helper_flags(arg);
}

/* Helpers put zeros above what takes part: nothing is left to clip. */
static void one(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    a64_put_v(t, t->d.rd, ir_callv(t->u, arg & A64_VS_OP, a64_v(t, t->d.rn), IR_NONE, IR_NONE, helper_imm(s, arg)));
}

static void two(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t b = a64_second(t, arg, s.lane);
    a64_put_v(t, t->d.rd, ir_callv(t->u, arg & A64_VS_OP, a64_v(t, t->d.rn), b, IR_NONE, helper_imm(s, arg)));
}

static void accumulate(struct a64_tr *t, unsigned arg) /* rn, then rd */
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t b = a64_v(t, t->d.rd);
    a64_put_v(t, t->d.rd, ir_callv(t->u, arg & A64_VS_OP, a64_v(t, t->d.rn), b, IR_NONE, helper_imm(s, arg)));
}

static void three(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg);
    ir_val_t b = a64_second(t, arg, s.lane), c = a64_v(t, t->d.rd);
    a64_put_v(t, t->d.rd, ir_callv(t->u, arg & A64_VS_OP, a64_v(t, t->d.rn), b, c, helper_imm(s, arg)));
}

static void multiply_long(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shape(t, arg); /* of the sources */
    bool scalar = arg & A64_VS_N;
    uint64_t imm = A64_VEC_IMM(s.lane + 1, scalar ? 2u << s.lane : 16) | helper_flags(arg);
    if (!scalar && a64_q(t))
        imm |= HALF;
    ir_val_t b = a64_second(t, arg, s.lane), c = arg & R_ACC ? a64_v(t, t->d.rd) : IR_NONE;
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_sqdmull, a64_v(t, t->d.rn), b, c, imm));
}

static void pmull(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_pmull8, a64_v(t, t->d.rn), a64_v(t, t->d.rm), IR_NONE,
                                   a64_q(t) ? HALF : 0));
}

/* Left by the immediate: the count in all lanes. */
static void shift_left(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shift_shape(t, arg);
    ir_val_t count = a64_vdup_const(t, s.lane, a64_shift_left(t, s.lane));
    a64_put_v(t, t->d.rd, ir_callv(t->u, arg & A64_VS_OP, a64_v(t, t->d.rn), count, IR_NONE, helper_imm(s, arg)));
}

static void narrow(struct a64_tr *t, unsigned arg, unsigned lane, unsigned n)
{
    unsigned bytes = arg & A64_VS_N ? 1u << lane : 8;
    uint64_t imm = A64_VEC_IMM(lane, bytes) | helper_flags(arg) | (uint64_t)n << COUNT_SHIFT;
    ir_val_t v = ir_callv(t->u, arg & A64_VS_OP, a64_v(t, t->d.rn), IR_NONE, IR_NONE, imm);
    if (arg & A64_VS_N)
        a64_put_v(t, t->d.rd, v);
    else
        a64_put_half(t, v);
}

static void extract_narrow(struct a64_tr *t, unsigned arg)
{
    narrow(t, arg, a64_shape(t, arg).lane, 0);
}

static void shift_narrow(struct a64_tr *t, unsigned arg)
{
    unsigned lane = a64_shift_shape(t, arg).lane;
    narrow(t, arg, lane, a64_shift_right(t, lane));
}

/* clang-format off */
#define FP A64_SEM_FP
#define ELT_H (A64_VS_H | A64_VS_ELT)
#define ELT_S (A64_VS_S | A64_VS_ELT)
#define BOTH(INSN, FN, ARG) { A64_INSN_##INSN##_V, FP, FN, ARG }, { A64_INSN_##INSN##_N, FP, FN, (ARG) | A64_VS_N }
#define BOTHI(INSN, FN, ARG) { A64_INSN_##INSN##_VI, FP, FN, ARG }, { A64_INSN_##INSN##_NI, FP, FN, (ARG) | A64_VS_N }
#define ELTS(INSN, FN, ARG) BOTH(INSN, FN, ARG), \
    { A64_INSN_##INSN##_VEH, FP, FN, (ARG) | ELT_H }, { A64_INSN_##INSN##_VES, FP, FN, (ARG) | ELT_S }, \
    { A64_INSN_##INSN##_NEH, FP, FN, (ARG) | ELT_H | A64_VS_N }, { A64_INSN_##INSN##_NES, FP, FN, (ARG) | ELT_S | A64_VS_N }
const struct a64_semantics a64_simd_saturate_rows[] = {
    BOTH(SQADD, two, A64_VEC_sqadd), BOTH(UQADD, two, A64_VEC_uqadd),
    BOTH(SQSUB, two, A64_VEC_sqsub), BOTH(UQSUB, two, A64_VEC_uqsub),
    BOTH(SUQADD, accumulate, A64_VEC_suqadd), BOTH(USQADD, accumulate, A64_VEC_usqadd),
    BOTH(SQABS, one, A64_VEC_sqabs), BOTH(SQNEG, one, A64_VEC_sqneg),
    { A64_INSN_CLZ_V, FP, one, A64_VEC_clz }, { A64_INSN_CLS_V, FP, one, A64_VEC_cls },
    BOTH(SSHL, two, A64_VEC_shl_s), BOTH(USHL, two, A64_VEC_shl_u),
    BOTH(SRSHL, two, A64_VEC_shl_s | R_ROUND), BOTH(URSHL, two, A64_VEC_shl_u | R_ROUND),
    BOTH(SQSHL, two, A64_VEC_shl_s | R_SATURATE), BOTH(UQSHL, two, A64_VEC_shl_u | R_SATURATE),
    BOTH(SQRSHL, two, A64_VEC_shl_s | R_SATURATE | R_ROUND), BOTH(UQRSHL, two, A64_VEC_shl_u | R_SATURATE | R_ROUND),
    BOTHI(SQSHL, shift_left, A64_VEC_shl_s | R_SATURATE), BOTHI(UQSHL, shift_left, A64_VEC_shl_u | R_SATURATE),
    BOTHI(SQSHLU, shift_left, A64_VEC_sqshlu),
    BOTH(SQXTN, extract_narrow, A64_VEC_narrow_ss), BOTH(SQXTUN, extract_narrow, A64_VEC_narrow_su),
    BOTH(UQXTN, extract_narrow, A64_VEC_narrow_uu),
    BOTHI(SQSHRN, shift_narrow, A64_VEC_narrow_ss), BOTHI(SQRSHRN, shift_narrow, A64_VEC_narrow_ss | R_ROUND),
    BOTHI(SQSHRUN, shift_narrow, A64_VEC_narrow_su), BOTHI(SQRSHRUN, shift_narrow, A64_VEC_narrow_su | R_ROUND),
    BOTHI(UQSHRN, shift_narrow, A64_VEC_narrow_uu), BOTHI(UQRSHRN, shift_narrow, A64_VEC_narrow_uu | R_ROUND),
    ELTS(SQDMULH, two, A64_VEC_sqdmulh), ELTS(SQRDMULH, two, A64_VEC_sqdmulh | R_ROUND),
    ELTS(SQRDMLAH, three, A64_VEC_sqrdmlah), ELTS(SQRDMLSH, three, A64_VEC_sqrdmlah | R_SUB),
    ELTS(SQDMULL, multiply_long, 0), ELTS(SQDMLAL, multiply_long, R_ACC), ELTS(SQDMLSL, multiply_long, R_ACC | R_SUB),
    { A64_INSN_PMUL_V, FP, two, A64_VEC_pmul }, { A64_INSN_PMULL_V, FP, pmull, 0 },
    { A64_INSN_URECPE_V, FP, one, A64_VEC_urecpe | A64_VS_S }, { A64_INSN_URSQRTE_V, FP, one, A64_VEC_ursqrte | A64_VS_S },
    A64_ROWS_END
};
/* clang-format on */
