/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector helpers of float.c: what is in lane 0 alone. Half precision, and conversions that no
 * operation of the IR does.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/float_impl.h"
#include "cpu/arm64/translate_impl.h"

static uint64_t half(struct fp_env *env, enum a64_half_op op, uint64_t x, uint64_t y, uint64_t z)
{
    switch (op) {
    case A64_HALF_ADD: return fp_add(env, FP_F16, x, y);
    case A64_HALF_SUB: return fp_sub(env, FP_F16, x, y);
    case A64_HALF_MUL: return fp_mul(env, FP_F16, x, y);
    case A64_HALF_NMUL: return fp_mul(env, FP_F16, x, y) ^ 0x8000;
    case A64_HALF_DIV: return fp_div(env, FP_F16, x, y);
    case A64_HALF_MAX: return fp_max(env, FP_F16, x, y, true);
    case A64_HALF_MIN: return fp_min(env, FP_F16, x, y, true);
    case A64_HALF_MAXNM: return fp_max(env, FP_F16, x, y, false);
    case A64_HALF_MINNM: return fp_min(env, FP_F16, x, y, false);
    case A64_HALF_SQRT: return fp_sqrt(env, FP_F16, x);
    case A64_HALF_MADD: return fp_fma(env, FP_F16, x, y, z, false, false);
    case A64_HALF_MSUB: return fp_fma(env, FP_F16, x, y, z, true, false);
    case A64_HALF_NMADD: return fp_fma(env, FP_F16, x, y, z, true, true);
    case A64_HALF_NMSUB: return fp_fma(env, FP_F16, x, y, z, false, true);
    case A64_HALF_CMP: return a64_fp_compare(env, FP_F16, false, x, y);
    case A64_HALF_CMPE: return a64_fp_compare(env, FP_F16, true, x, y);
    case A64_HALF_RINT: return fp_round(env, FP_F16, x, false);
    case A64_HALF_RINTX: return fp_round(env, FP_F16, x, true);
    }
    return 0;
}

void a64_vec_fp_half(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                     const union ir_vec *vc, uint64_t imm)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct fp_env env;
    a64_fp_env(a, (enum ir_rm)F_GET(imm, 11, 8), &env);
    uint64_t y = vb != NULL ? ld_le16(vb->b) : 0, z = vc != NULL ? ld_le16(vc->b) : 0;
    uint64_t r = half(&env, (enum a64_half_op)F_GET(imm, 7, 0), ld_le16(va->b), y, z);
    *dst = (union ir_vec){ .d = { r, 0 } };
    a64_fp_done(a, &env);
}

void a64_vec_fp_convert(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va,
                        const union ir_vec *vb, const union ir_vec *vc, uint64_t imm)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct fp_env env;
    enum fp_format f = (enum fp_format)F_GET(imm, 13, 12), to = (enum fp_format)F_GET(imm, 15, 14);
    unsigned bits = imm & A64_FP_LONG ? 64 : 32, fbits = (unsigned)F_GET(imm, 26, 20);
    bool is_unsigned = imm & A64_FP_UNSIGNED, exact = false;
    uint64_t v = va->d[0], number = zext(v, 16u << f), r = 0;
    (void)vb, (void)vc;
    a64_fp_env(a, (enum ir_rm)F_GET(imm, 11, 8), &env);
    switch ((enum a64_convert_op)F_GET(imm, 7, 0)) {
    case A64_CVT: r = a64_fp_cvt(a, &env, to, f, number); break;
    case A64_CVT_BF16: r = a64_fp_to_bf16(&env, number); break;
    case A64_CVT_TO_INT: r = a64_fp_to_fixed(&env, f, bits, is_unsigned, fbits, number); break;
    case A64_CVT_FROM_INT: r = a64_fp_from_fixed(&env, f, bits, is_unsigned, fbits, v); break;
    case A64_CVT_RINT: r = a64_fp_round_int(&env, f, bits, number); break;
    case A64_CVT_JS: r = a64_fp_to_js(&env, v, &exact); break;
    }
    *dst = (union ir_vec){ .d = { r, exact } };
    a64_fp_done(a, &env);
}
