/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 comparisons and tests into opmasks, and opmasks as vectors: SDM volume 1, chapter 15; volume 2, chapter 5. */
#include "cpu/x86/simd.h"

/* `predicate` as VPCMPB's immediate: EQ, LT, LE, false, their complements. */
static ir_val_t compare1(struct x86_tr *t, unsigned predicate, bool is_unsigned, unsigned lane,
                         ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    ir_val_t v;
    switch (predicate & 3) {
    case 0:
        v = ir_vop2(u, IR_VCEQ, lane, a, b);
        break;
    case 1:
        v = ir_vop2(u, is_unsigned ? IR_VCGTU : IR_VCGTS, lane, b, a);
        break;
    case 2:
        v = ir_vop2(u, is_unsigned ? IR_VCGEU : IR_VCGES, lane, b, a);
        break;
    default:
        v = simd_zero(t);
        break;
    }
    return predicate & 4 ? ir_vop1(u, IR_VNOT, 0, v) : v;
}

/* `arg`: lane | UNSIGNED | (predicate + 1) << 8, 0: the immediate's */
enum { UNSIGNED = 1 << 4 };
#define WITH(predicate) (((predicate) + 1) << 8)
static void compare(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg & 3,
             predicate = arg >> 8 ? (arg >> 8) - 1 : (unsigned)t->d.imm & 7;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, 2, q, lane);
        r[q] = compare1(t, predicate, arg & UNSIGNED, lane, simd_get(t, 1, q, lane), b);
    }
    simd_put_mask(t, simd_to_mask(t, r, n, lane));
}

enum { NONE_SET = 1 << 4 };
static void test(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg & 3;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t v = ir_vop2(t->u, IR_VAND, 0, simd_get(t, 1, q, lane), simd_get(t, 2, q, lane));
        v = ir_vop2(t->u, IR_VCEQ, lane, v, simd_zero(t));
        r[q] = arg & NONE_SET ? v : ir_vop1(t->u, IR_VNOT, 0, v);
    }
    simd_put_mask(t, simd_to_mask(t, r, n, lane));
}

/* ---- opmask and vector ---- */

static void from_mask(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = simd_expand(t, ir_get(t->u, X86_SLOT_K + t->d.op[1].reg), q, lane);
    simd_put(t, r, n, lane);
}

static void to_mask(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t v[4];
    for (unsigned q = 0; q < n; q++)
        v[q] = x86_get_vec(t, 1, q);
    simd_put_mask(t, simd_to_mask(t, v, n, lane));
}

/* clang-format off */
const struct x86_semantics x86_avx512_compare_rows[] = {
    SIMD_512_BWDQ(PCMP, compare, 0), SIMD_512_BWDQ(PCMPU, compare, UNSIGNED),
    SIMD_EVEX(PCMPEQB, compare, SIMD_B | WITH(0)), SIMD_EVEX(PCMPEQW, compare, SIMD_W | WITH(0)),
    SIMD_EVEX(PCMPEQD, compare, SIMD_D | WITH(0)), SIMD_EVEX(PCMPEQQ, compare, SIMD_Q | WITH(0)),
    SIMD_EVEX(PCMPGTB, compare, SIMD_B | WITH(6)), SIMD_EVEX(PCMPGTW, compare, SIMD_W | WITH(6)),
    SIMD_EVEX(PCMPGTD, compare, SIMD_D | WITH(6)), SIMD_EVEX(PCMPGTQ, compare, SIMD_Q | WITH(6)),
    SIMD_512_BWDQ(PTESTM, test, 0), SIMD_512_BWDQ(PTESTNM, test, NONE_SET), SIMD_512_BWDQ(PMOVM2, from_mask, 0),
    SIMD_512(PMOVB2M, to_mask, SIMD_B), SIMD_512(PMOVW2M, to_mask, SIMD_W), SIMD_512(PMOVD2M, to_mask, SIMD_D),
    SIMD_512(PMOVQ2M, to_mask, SIMD_Q),
    X86_ROWS_END
};
/* clang-format on */
