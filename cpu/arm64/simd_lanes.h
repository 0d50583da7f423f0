/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_SIMD_LANES_H
#define ORRERY_CPU_ARM64_SIMD_LANES_H
/*
 * Frame of vector helpers that do the same to every lane. A64_LANES(name, FN) makes a64_vec_<name>, which sets lane n
 * of the result, of `lane` = imm & 15 and for as many lanes as fit imm >> 4 & 31 bytes, to FN(struct a64_lanes *);
 * what lies above becomes zero. FN is inlined once for each lane size, so all sizes in it are constants.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/simd_impl.h"

struct a64_lanes {
    struct a64_cpu *a;
    const union ir_vec *va, *vb, *vc;
    uint64_t imm;      /* the helper's */
    unsigned lane, w;  /* log2 of bytes; bits */
    unsigned n;        /* the lane in question */
    bool saturated;    /* FPSR.QC becomes 1 */
};
typedef uint64_t a64_lane_fn(struct a64_lanes *l);

#define A64_INLINE static inline __attribute__((always_inline))

A64_INLINE uint64_t a64_lane(const union ir_vec *v, unsigned lane, unsigned n)
{
    return ld_le(v->b + (n << lane), 1u << lane);
}
A64_INLINE void a64_set_lane(union ir_vec *v, unsigned lane, unsigned n, uint64_t value)
{
    st_le(v->b + (n << lane), value, 1u << lane);
}
A64_INLINE int64_t a64_slane(const union ir_vec *v, unsigned lane, unsigned n)
{
    return (int64_t)sext(a64_lane(v, lane, n), 8u << lane);
}

/* Into the range of w bits, noting that it was not. */
A64_INLINE uint64_t a64_sat_s(struct a64_lanes *l, __int128 v, unsigned w)
{
    __int128 most = ((__int128)1 << (w - 1)) - 1;
    if (v <= most && v >= -most - 1)
        return (uint64_t)v;
    l->saturated = true;
    return (uint64_t)(v > most ? most : -most - 1);
}
A64_INLINE uint64_t a64_sat_u(struct a64_lanes *l, __int128 v, unsigned w)
{
    __int128 most = ((__int128)1 << w) - 1;
    if (v <= most && v >= 0)
        return (uint64_t)v;
    l->saturated = true;
    return v < 0 ? 0 : (uint64_t)most;
}

A64_INLINE void a64_each_lane(struct a64_lanes *l, union ir_vec *r, unsigned lane, a64_lane_fn *fn)
{
    unsigned count = (unsigned)(l->imm >> 4 & 31) >> lane;
    l->lane = lane;
    l->w = 8u << lane;
    for (l->n = 0; l->n < count; l->n++)
        a64_set_lane(r, lane, l->n, fn(l));
}

A64_INLINE void a64_all_lanes(struct a64_lanes *l, union ir_vec *dst, a64_lane_fn *fn)
{
    union ir_vec r = { .d = { 0, 0 } };
    switch (l->imm & 3) {
    case 0: a64_each_lane(l, &r, 0, fn); break;
    case 1: a64_each_lane(l, &r, 1, fn); break;
    case 2: a64_each_lane(l, &r, 2, fn); break;
    default: a64_each_lane(l, &r, 3, fn); break;
    }
    if (l->saturated)
        l->a->qc = 1;
    *dst = r;
}

#define A64_LANES(name, FN)                                                                        \
    void a64_vec_##name(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va,                \
                        const union ir_vec *vb, const union ir_vec *vc, uint64_t imm)              \
    {                                                                                              \
        struct a64_lanes l = { .a = A64_CPU(cpu), .va = va, .vb = vb, .vc = vc, .imm = imm };      \
        a64_all_lanes(&l, dst, FN);                                                                \
    }

/* Operands in a lane function. */
#define A64_X(l) a64_lane((l)->va, (l)->lane, (l)->n)
#define A64_Y(l) a64_lane((l)->vb, (l)->lane, (l)->n)
#define A64_Z(l) a64_lane((l)->vc, (l)->lane, (l)->n)
#define A64_SX(l) a64_slane((l)->va, (l)->lane, (l)->n)
#define A64_SY(l) a64_slane((l)->vb, (l)->lane, (l)->n)
#define A64_SZ(l) a64_slane((l)->vc, (l)->lane, (l)->n)

#endif
