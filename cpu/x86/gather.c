/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers and scatters: SDM volume 2, VPGATHERDD and following. All elements are loaded before the
 * first register is written: what faults begins again from the start.
 */
#include "cpu/x86/simd.h"
#include "core/util/bits.h"

/* `arg`: lane of the data | lane of the index << 4 */
#define GATHER(data, index) ((data) | (index) << 4)

static unsigned elements_of(const struct x86_tr *t, unsigned arg)
{
    return (unsigned)t->d.vl >> MAX(arg & 15, arg >> 4);
}

/* Linear address of element i: base + index * scale + displacement in the segment. */
static ir_val_t address_of(struct x86_tr *t, unsigned arg, unsigned i, ir_val_t base,
                           unsigned write)
{
    struct ir_unit *u = t->u;
    unsigned lane = arg >> 4, per = 16u >> lane;
    ir_val_t v = ir_get(u, X86_SLOT_VEC + 4u * t->d.index + i / per);
    ir_val_t at = ir_vlane(u, IR_I64, lane, v, i % per);
    if (lane == SIMD_D)
        at = ir_sext(u, IR_I64, at, 32);
    if (t->d.scale != 0)
        at = ir_op2i(u, IR_SHL, IR_I64, at, t->d.scale);
    at = ir_add(u, IR_I64, base, at);
    if (t->d.addr_size == 4)
        at = ir_zext(u, IR_I64, at, 32);
    return x86_segment_address(t, (enum x86_seg)t->d.seg, at, t->d.addr_size, 1u << (arg & 15),
                               write);
}

static ir_val_t wanted(struct x86_tr *t, ir_val_t bits, unsigned i)
{
    return ir_extract(t->u, IR_I64, bits, i, 1);
}

static void gather(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned lane = arg & 15, n = elements_of(t, arg), per = 16u >> lane,
             quarters = (n + per - 1) / per;
    ir_val_t r[4], m[4], bits, base = x86_offset(t);
    if (t->d.evex) {
        bits = ir_get(u, X86_SLOT_K + t->d.k);
    } else {
        for (unsigned q = 0; q < quarters; q++)
            m[q] = ir_vop2(u, IR_VCGTS, lane, simd_zero(t), x86_get_vec(t, 2, q));
        bits = simd_to_mask(t, m, quarters, lane);
    }
    for (unsigned i = 0; i < n; i++) {
        ir_val_t x =
            ir_call(u, IR_I64, X86_HELPER_masked_load, address_of(t, arg, i, base, INSN_MEM_READ),
                    wanted(t, bits, i), x86_const(t, lane), IR_NONE);
        r[i / per] = i % per == 0 ? ir_vop1(u, IR_VSCALAR, lane, x)
                                  : ir_vins(u, lane, r[i / per], i % per, x);
    }
    for (unsigned q = 0; q < quarters; q++) {
        if (t->d.evex)
            m[q] = simd_expand(t, bits, q, lane);
        r[q] = ir_vop(u, IR_VSELECT, 0, m[q], r[q], x86_get_vec(t, 0, q), 0);
        if (n < per) /* two dwords: zeros above */
            r[q] = simd_join(t, r[q], simd_zero(t));
    }
    unsigned k = t->d.k;
    t->d.k = 0; /* was seen to */
    simd_put(t, r, quarters, lane);
    if (t->d.evex) {
        x86_put_slot(t, X86_SLOT_K + k, x86_const(t, 0));
        return;
    }
    unsigned mask = t->d.op[2].reg;
    for (unsigned q = 0; q < (x86_cpu_has(t->c, X86_F_AVX512F) ? 4u : 2u); q++)
        x86_put_slot(t, X86_SLOT_VEC + 4 * mask + q, simd_zero(t));
}

/* Ascending elements: where they overlap the last one stays. */
static void scatter(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned lane = arg & 15, n = elements_of(t, arg), per = 16u >> lane;
    ir_val_t bits = ir_get(u, X86_SLOT_K + t->d.k), base = x86_offset(t);
    for (unsigned i = 0; i < n; i++) {
        ir_val_t x = ir_vlane(u, IR_I64, lane, x86_get_vec(t, 1, i / per), i % per);
        ir_call(u, IR_VOID, X86_HELPER_masked_store, address_of(t, arg, i, base, INSN_MEM_WRITE), x,
                wanted(t, bits, i), (ir_val_t)x86_const(t, lane));
    }
    x86_put_slot(t, X86_SLOT_K + t->d.k, x86_const(t, 0));
}

/* clang-format off */
#define GATHERS(NAME, arg) SIMD_VEX(NAME, gather, arg), SIMD_EVEX(NAME, gather, arg)
#define SCATTERS(NAME, arg) { X86_INSN_V##NAME, X86_SEM_AVX512, scatter, arg }
const struct x86_semantics x86_gather_rows[] = {
    GATHERS(PGATHERDD, GATHER(2, 2)), GATHERS(PGATHERDQ, GATHER(3, 2)),
    GATHERS(PGATHERQD, GATHER(2, 3)), GATHERS(PGATHERQQ, GATHER(3, 3)),
    GATHERS(GATHERDPS, GATHER(2, 2)), GATHERS(GATHERDPD, GATHER(3, 2)),
    GATHERS(GATHERQPS, GATHER(2, 3)), GATHERS(GATHERQPD, GATHER(3, 3)),
    SCATTERS(PSCATTERDD, GATHER(2, 2)), SCATTERS(PSCATTERDQ, GATHER(3, 2)),
    SCATTERS(PSCATTERQD, GATHER(2, 3)), SCATTERS(PSCATTERQQ, GATHER(3, 3)),
    SCATTERS(SCATTERDPS, GATHER(2, 2)), SCATTERS(SCATTERDPD, GATHER(3, 2)),
    SCATTERS(SCATTERQPS, GATHER(2, 3)), SCATTERS(SCATTERQPD, GATHER(3, 3)),
    X86_ROWS_END
};
/* clang-format on */
