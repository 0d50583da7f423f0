/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVX512_BF16: SDM volume 2, VCVTNE2PS2BF16 and following. Rounds to nearest, denormals are zeros
 * on either side and no flag is raised, whatever MXCSR says.
 */
#include "core/exec/fp.h"
#include "cpu/x86/simd.h"

static uint16_t to_bf16(uint32_t v)
{
    uint32_t magnitude = v & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return (uint16_t)(v >> 16 | 0x40);
    if (magnitude < 0x00800000)
        return (uint16_t)(v >> 16 & 0x8000);
    return (uint16_t)((v + 0x7fff + (v >> 16 & 1)) >> 16);
}

/* Four of a in the low half, four of b (NULL: zeros) in the high one. */
void x86_vec_to_bf16(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                     const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    union ir_vec r = { .d = { 0 } };
    (void)cpu, (void)c, (void)imm;
    for (unsigned i = 0; i < 4; i++) {
        r.h[i] = to_bf16(a->w[i]);
        r.h[4 + i] = b != NULL ? to_bf16(b->w[i]) : 0;
    }
    *dst = r;
}

void x86_vec_dot_bf16(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                      const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    union ir_vec r;
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t sum = c->w[i];
        for (unsigned k = 2; k-- > 0;) {
            struct fp_env env;
            fp_env_init(&env, IR_FP_X86, FP_MODE_DAZ | FP_MODE_FTZ, IR_RNE);
            sum = fp_fma(&env, FP_F32, (uint32_t)a->h[2 * i + k] << 16,
                         (uint32_t)b->h[2 * i + k] << 16, sum, false, false);
        }
        r.w[i] = (uint32_t)sum;
    }
    *dst = r;
}

static void convert_two(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4], v[8];
    (void)arg;
    for (unsigned q = 0; q < n; q++) { /* the second source's come first */
        v[q] = simd_get(t, 2, q, SIMD_WHOLE);
        v[n + q] = x86_get_vec(t, 1, q);
    }
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_callv(t->u, X86_VEC_to_bf16, v[2 * q], v[2 * q + 1], IR_NONE, 0);
    simd_put(t, r, n, SIMD_W);
}

static void convert_one(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[2], v[4];
    (void)arg;
    for (unsigned q = 0; q < n; q++)
        v[q] = simd_get(t, 1, q, SIMD_D);
    for (unsigned q = 0; q < n; q += 2)
        r[q / 2] = ir_callv(t->u, X86_VEC_to_bf16, v[q], q + 1 < n ? v[q + 1] : (ir_val_t)IR_NONE,
                            IR_NONE, 0);
    if (n == 1)
        simd_put_short(t, r[0], 8, SIMD_W);
    else
        simd_put(t, r, n / 2, SIMD_W);
}

static void dot(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    (void)arg;
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, 2, q, SIMD_D);
        r[q] = ir_callv(t->u, X86_VEC_dot_bf16, x86_get_vec(t, 1, q), b, x86_get_vec(t, 0, q), 0);
    }
    simd_put(t, r, n, SIMD_D);
}

const struct x86_semantics x86_avx512_bf16_rows[] = { SIMD_512(CVTNE2PS2BF16, convert_two, 0),
                                                      SIMD_512(CVTNEPS2BF16, convert_one, 0),
                                                      SIMD_512(DPBF16PS, dot, 0), X86_ROWS_END };
