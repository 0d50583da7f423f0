/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVX512_IFMA: SDM volume 2, VPMADD52LUQ and VPMADD52HUQ. Of a product of 52 by 52 bits the one adds the low half and the
 * other the high half to 64 bits.
 */
#include "cpu/x86/simd.h"

struct limbs {
    ir_val_t low, high; /* bits 31:0 in the even dwords, bits 51:32 */
};

static struct limbs split52(struct x86_tr *t, ir_val_t v)
{
    ir_val_t high = ir_vop1i(t->u, IR_VSHR, SIMD_Q, ir_vop1i(t->u, IR_VSHL, SIMD_Q, v, 12), 44);
    return (struct limbs){ v, high };
}

static ir_val_t multiply_even(struct x86_tr *t, ir_val_t a, ir_val_t b)
{
    return ir_vop(t->u, IR_VMULLU, SIMD_D, a, b, IR_NONE, 2);
}

/* The products of limbs are the same for both halves of one product, so that they are made once. */
static ir_val_t half_of_product(struct x86_tr *t, struct limbs a, struct limbs b, bool high)
{
    struct ir_unit *u = t->u;
    ir_val_t low = multiply_even(t, a.low, b.low);
    ir_val_t cross = ir_vop2(u, IR_VADD, SIMD_Q, multiply_even(t, a.low, b.high), multiply_even(t, a.high, b.low));
    if (!high) {
        ir_val_t sum = ir_vop2(u, IR_VADD, SIMD_Q, low, ir_vop1i(u, IR_VSHL, SIMD_Q, cross, 32));
        return ir_vop2(u, IR_VAND, 0, sum, simd_dup_const(t, BIT(52) - 1));
    }
    cross = ir_vop2(u, IR_VADD, SIMD_Q, cross, ir_vop1i(u, IR_VSHR, SIMD_Q, low, 32)); /* bits 85:32 */
    ir_val_t top = multiply_even(t, a.high, b.high);
    return ir_vop2(u, IR_VADD, SIMD_Q, ir_vop1i(u, IR_VSHR, SIMD_Q, cross, 20), ir_vop1i(u, IR_VSHL, SIMD_Q, top, 12));
}

static void multiply_add52(struct x86_tr *t, unsigned high)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        struct limbs b = split52(t, simd_get(t, 2, q, SIMD_Q)), a = split52(t, x86_get_vec(t, 1, q));
        r[q] = ir_vop2(t->u, IR_VADD, SIMD_Q, x86_get_vec(t, 0, q), half_of_product(t, a, b, high));
    }
    simd_put(t, r, n, SIMD_Q);
}

const struct x86_semantics x86_avx512_ifma_rows[] = { SIMD_512(PMADD52LUQ, multiply_add52, 0),
                                                      SIMD_512(PMADD52HUQ, multiply_add52, 1), X86_ROWS_END };
