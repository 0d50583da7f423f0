/* SPDX-License-Identifier: Apache-2.0 */
/* Fused multiply-add (SDM volume 1, 14.5; numbers say which operands are multiplied), dot products
 * of integers (VNNI). */
#include "cpu/x86/simd.h"
#include "core/util/bits.h"

/* `arg`: lane | order << 4 | NEGATE_*; order 1: 132, 2: 213, 3: 231 */
enum {
    ORDER_132 = 1 << 4,
    ORDER_213 = 2 << 4,
    ORDER_231 = 3 << 4,
    NEGATE_PRODUCT = 1 << 8,
    NEGATE_ADDEND = 2 << 8,
    ALTERNATE = 4 << 8 /* NEGATE_ADDEND in the even elements, else in the odd ones */
};

struct terms {
    ir_val_t a, b, c;
};

static struct terms terms_of(struct x86_tr *t, unsigned arg, unsigned q)
{
    unsigned lane = arg & 3;
    ir_val_t v[3];
    for (unsigned i = 3; i-- > 0;) /* memory first */
        v[i] = simd_quiet(t, simd_get(t, i, q, lane), q, lane);
    switch (arg & 0x30) {
    case ORDER_132:
        return (struct terms){ v[0], v[2], v[1] };
    case ORDER_213:
        return (struct terms){ v[1], v[0], v[2] };
    default:
        return (struct terms){ v[1], v[2], v[0] };
    }
}

static ir_val_t multiply_add(struct x86_tr *t, struct terms s, unsigned arg, unsigned low,
                             unsigned negate)
{
    return ir_vfop(t->u, IR_VFMA, arg & 3, (enum ir_rm)((unsigned)simd_rm(t) | low), s.a, s.b, s.c,
                   negate);
}

/* Elements of one parity by themselves: the others are 0 * 0 + 0. */
static ir_val_t alternate(struct x86_tr *t, struct terms s, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t even = (arg & 3) == SIMD_D ? simd_dup_const(t, UINT32_MAX) : ir_vconst(u, ~0ull, 0),
             r[2];
    for (unsigned odd = 0; odd < 2; odd++) {
        enum ir_op keep = odd ? IR_VANDN : IR_VAND;
        struct terms part = { ir_vop2(u, keep, 0, s.a, even), ir_vop2(u, keep, 0, s.b, even),
                              ir_vop2(u, keep, 0, s.c, even) };
        bool subtracts = odd ? !(arg & NEGATE_ADDEND) : (arg & NEGATE_ADDEND) != 0;
        r[odd] = multiply_add(t, part, arg, 0, subtracts ? 2 : 0);
    }
    return ir_vop(u, IR_VSELECT, 0, even, r[0], r[1], 0);
}

static void fma_packed(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    struct terms s[4];
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        s[q] = terms_of(t, arg, q);
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        r[q] =
            arg & ALTERNATE ? alternate(t, s[q], arg) : multiply_add(t, s[q], arg, 0, arg >> 8 & 3);
    simd_sae_end(t, sae);
    simd_put(t, r, n, arg & 3);
}

static void fma_scalar(struct x86_tr *t, unsigned arg)
{
    struct terms s = terms_of(t, arg, 0);
    ir_val_t sae = simd_sae_begin(t);
    ir_val_t r = multiply_add(t, s, arg, IR_VF_LOW, arg >> 8 & 3);
    simd_sae_end(t, sae);
    simd_put_scalar(t, r, x86_get_vec(t, 0, 0), arg & 3);
}

/* ---- VPDPBUSD, VPDPWSSD: to each dword the products of its bytes (unsigned, signed) or words ----
 */
enum { DOT_WORDS = 1, DOT_SATURATES = 2 };
void x86_vec_dot(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                 const union ir_vec *c, uint64_t how)
{
    (void)cpu;
    for (unsigned i = 0; i < 4; i++) {
        int64_t sum = (int32_t)c->w[i];
        for (unsigned k = 0; k < (how & DOT_WORDS ? 2u : 4u); k++)
            sum += how & DOT_WORDS ? (int64_t)(int16_t)a->h[2 * i + k] * (int16_t)b->h[2 * i + k]
                                   : (int64_t)a->b[4 * i + k] * (int8_t)b->b[4 * i + k];
        if (how & DOT_SATURATES)
            sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
        dst->w[i] = (uint32_t)sum;
    }
}

static void dot(struct x86_tr *t, unsigned how)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, 2, q, SIMD_D);
        r[q] = ir_callv(t->u, X86_VEC_dot, x86_get_vec(t, 1, q), b, x86_get_vec(t, 0, q), how);
    }
    simd_put(t, r, n, SIMD_D);
}

/* clang-format off */
#define ENCODINGS(NAME, fn, arg)                                                                   \
    { X86_INSN_V##NAME, X86_SEM_AVX | X86_SEM_FP, fn, arg }, { X86_INSN_V##NAME##_EVEX, X86_SEM_AVX512 | X86_SEM_FP, fn, arg }
#define PACKED(NAME, ORDER, how)                                                                   \
    ENCODINGS(NAME##ORDER##PS, fma_packed, SIMD_D | ORDER_##ORDER | (how)),                        \
    ENCODINGS(NAME##ORDER##PD, fma_packed, SIMD_Q | ORDER_##ORDER | (how))
#define ALL(NAME, ORDER, how)                                                                      \
    PACKED(NAME, ORDER, how), ENCODINGS(NAME##ORDER##SS, fma_scalar, SIMD_D | ORDER_##ORDER | (how)), \
    ENCODINGS(NAME##ORDER##SD, fma_scalar, SIMD_Q | ORDER_##ORDER | (how))
#define ORDERS(MACRO, NAME, how) MACRO(NAME, 132, how), MACRO(NAME, 213, how), MACRO(NAME, 231, how)
#define VNNI(NAME, how) SIMD_VEX(NAME, dot, how), SIMD_EVEX(NAME, dot, how)
const struct x86_semantics x86_avx_fma_rows[] = {
    ORDERS(ALL, FMADD, 0), ORDERS(ALL, FMSUB, NEGATE_ADDEND), ORDERS(ALL, FNMADD, NEGATE_PRODUCT),
    ORDERS(ALL, FNMSUB, NEGATE_PRODUCT | NEGATE_ADDEND),
    ORDERS(PACKED, FMADDSUB, ALTERNATE | NEGATE_ADDEND), ORDERS(PACKED, FMSUBADD, ALTERNATE),
    VNNI(PDPBUSD, 0), VNNI(PDPBUSDS, DOT_SATURATES), VNNI(PDPWSSD, DOT_WORDS), VNNI(PDPWSSDS, DOT_WORDS | DOT_SATURATES),
    X86_ROWS_END
};
/* clang-format on */
