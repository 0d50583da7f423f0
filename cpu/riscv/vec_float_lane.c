/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu/cpu.h"
#include "core/util/bits.h"
#include "cpu/riscv/vec_float_impl.h"

/* Width and fraction of the formats. */
static const struct layout {
    uint8_t bits, frac;
} layouts[] = { [FP_F16] = { 16, 10 }, [FP_F32] = { 32, 23 }, [FP_F64] = { 64, 52 } };

static unsigned exponent_bits(enum fp_format f)
{
    return layouts[f].bits - 1u - layouts[f].frac;
}

static uint64_t sign_of(enum fp_format f, uint64_t v)
{
    return v & BIT(layouts[f].bits - 1u);
}

static uint64_t infinity(enum fp_format f)
{
    return (BIT(exponent_bits(f)) - 1) << layouts[f].frac;
}

/* ---- fclass: chapter "F", table of its results ---- */
static uint64_t classify(enum fp_format f, uint64_t v)
{
    uint64_t magnitude = v & ~sign_of(f, v), inf = infinity(f);
    bool negative = sign_of(f, v) != 0;
    if (magnitude > inf)
        return magnitude & BIT(layouts[f].frac - 1u) ? BIT(9) : BIT(8);
    if (magnitude == inf)
        return negative ? BIT(0) : BIT(7);
    if (magnitude >> layouts[f].frac != 0)
        return negative ? BIT(1) : BIT(6);
    if (magnitude != 0)
        return negative ? BIT(2) : BIT(5);
    return negative ? BIT(3) : BIT(4);
}

/* ---- estimates ---- */

/* A finite number that is not 0: 1.fraction * 2^(exponent - bias), normalized: of a subnormal the exponent is 0 or less. */
struct parts {
    int exponent;
    uint64_t fraction;
};

static struct parts normalized(enum fp_format f, uint64_t v)
{
    unsigned frac = layouts[f].frac;
    struct parts p = { .exponent = (int)zext(v >> frac, exponent_bits(f)), .fraction = zext(v, frac) };
    if (p.exponent == 0) {
        unsigned shift = clz64(p.fraction) - (63 - frac); /* up to the integer bit */
        p.exponent = 1 - (int)shift;
        p.fraction = zext(p.fraction << shift, frac);
    }
    return p;
}

/* What both estimates do with NaNs and with zeros, whose estimate is infinite. */
static bool estimate_special(struct fp_env *env, enum fp_format f, uint64_t v, uint64_t *result)
{
    uint64_t class = classify(f, v);
    if (class & (BIT(8) | BIT(9))) {
        env->flags |= class & BIT(8) ? CPU_FP_INVALID : 0u;
        *result = infinity(f) | BIT(layouts[f].frac - 1u);
        return true;
    }
    if (class & (BIT(3) | BIT(4))) {
        env->flags |= CPU_FP_DIVZERO;
        *result = sign_of(f, v) | infinity(f);
        return true;
    }
    return false;
}

/* Chapter "V", table of VFRSQRT7: by the exponent's low bit and six bits of the fraction. */
static const uint8_t rsqrt7_table[128] = {
    52,  51,  50,  48,  47,  46,  44,  43,  42,  41,  40,  39,  38,  36,  35,  34,
    33,  32,  31,  30,  30,  29,  28,  27,  26,  25,  24,  23,  23,  22,  21,  20,
    19,  19,  18,  17,  16,  16,  15,  14,  14,  13,  12,  12,  11,  10,  10,  9,
    9,   8,   7,   7,   6,   6,   5,   4,   4,   3,   3,   2,   2,   1,   1,   0,
    127, 125, 123, 121, 119, 118, 116, 114, 113, 111, 109, 108, 106, 105, 103, 102,
    100, 99,  97,  96,  95,  93,  92,  91,  90,  88,  87,  86,  85,  84,  83,  82,
    80,  79,  78,  77,  76,  75,  74,  73,  72,  71,  70,  70,  69,  68,  67,  66,
    65,  64,  63,  63,  62,  61,  60,  59,  59,  58,  57,  56,  56,  55,  54,  53,
};

uint64_t rv_vfp_rsqrt7(struct fp_env *env, enum fp_format f, uint64_t v)
{
    unsigned frac = layouts[f].frac;
    int bias = (int)BIT(exponent_bits(f) - 1) - 1;
    uint64_t special;
    if (estimate_special(env, f, v, &special))
        return special;
    if (sign_of(f, v) != 0) {
        env->flags |= CPU_FP_INVALID;
        return infinity(f) | BIT(frac - 1);
    }
    if (v == infinity(f))
        return 0;
    struct parts p = normalized(f, v);
    unsigned index = ((unsigned)p.exponent & 1) << 6 | (unsigned)(p.fraction >> (frac - 6));
    uint64_t exponent = (uint64_t)(3 * bias - 1 - p.exponent) / 2;
    return exponent << frac | (uint64_t)rsqrt7_table[index] << (frac - 7);
}

/* Chapter "V", table of VFREC7: by seven bits of the fraction. */
static const uint8_t rec7_table[128] = {
    127, 125, 123, 121, 119, 117, 116, 114, 112, 110, 109, 107, 105, 104, 102, 100,
    99,  97,  96,  94,  93,  91,  90,  88,  87,  85,  84,  83,  81,  80,  79,  77,
    76,  75,  74,  72,  71,  70,  69,  68,  66,  65,  64,  63,  62,  61,  60,  59,
    58,  57,  56,  55,  54,  53,  52,  51,  50,  49,  48,  47,  46,  45,  44,  43,
    42,  41,  40,  40,  39,  38,  37,  36,  35,  35,  34,  33,  32,  31,  31,  30,
    29,  28,  28,  27,  26,  25,  25,  24,  23,  23,  22,  21,  21,  20,  19,  19,
    18,  17,  17,  16,  15,  15,  14,  14,  13,  12,  12,  11,  11,  10,  9,   9,
    8,   8,   7,   7,   6,   5,   5,   4,   4,   3,   3,   2,   2,   1,   1,   0,
};

/* The reciprocal of a subnormal with two or more leading zeros overflows, as the rounding mode has it. */
static uint64_t too_large(struct fp_env *env, enum fp_format f, uint64_t sign)
{
    bool finite = env->rm == IR_RTZ || (env->rm == IR_RDN && sign == 0) || (env->rm == IR_RUP && sign != 0);
    env->flags |= CPU_FP_OVERFLOW | CPU_FP_INEXACT;
    return sign | (infinity(f) - finite);
}

uint64_t rv_vfp_rec7(struct fp_env *env, enum fp_format f, uint64_t v)
{
    unsigned frac = layouts[f].frac;
    int bias = (int)BIT(exponent_bits(f) - 1) - 1;
    uint64_t sign = sign_of(f, v), special;
    if (estimate_special(env, f, v, &special))
        return special;
    if ((v ^ sign) == infinity(f))
        return sign;
    struct parts p = normalized(f, v);
    if (p.exponent < -1)
        return too_large(env, f, sign);
    int exponent = 2 * bias - 1 - p.exponent;
    uint64_t fraction = (uint64_t)rec7_table[p.fraction >> (frac - 7)] << (frac - 7);
    if (exponent < 1) { /* subnormal: the integer bit comes in */
        fraction = (fraction | BIT(frac)) >> (1 - exponent);
        exponent = 0;
    }
    return sign | (uint64_t)exponent << frac | fraction;
}

/* ---- the rest ---- */

enum ir_rm rv_vfp_rounding(uint32_t what, uint64_t frm)
{
    return what & (RV_VFP_RTZ | RV_VFP_ROD) ? IR_RTZ : (enum ir_rm)frm;
}

static uint64_t inject_sign(uint32_t op, enum fp_format f, uint64_t a, uint64_t b)
{
    uint64_t sign = BIT(layouts[f].bits - 1u), from = op == RV_VFP_SGNJ ? b : op == RV_VFP_SGNJN ? ~b : a ^ b;
    return (a & ~sign) | (from & sign);
}

static uint64_t compare(struct fp_env *env, uint32_t op, enum fp_format f, uint64_t a, uint64_t b)
{
    switch (op) {
    case RV_VFP_EQ: return fp_cmp(env, f, IR_FEQ, a, b);
    case RV_VFP_NE: return !fp_cmp(env, f, IR_FEQ, a, b);
    case RV_VFP_LT: return fp_cmp(env, f, IR_FLT, a, b);
    case RV_VFP_LE: return fp_cmp(env, f, IR_FLE, a, b);
    case RV_VFP_GT: return fp_cmp(env, f, IR_FLT, b, a);
    default: return fp_cmp(env, f, IR_FLE, b, a);
    }
}

/* To odd: towards zero, and what was lost sets the last bit. */
static uint64_t convert(struct fp_env *env, uint32_t what, enum fp_format to, enum fp_format from, uint64_t a)
{
    uint32_t before = env->flags;
    env->flags = 0;
    uint64_t v = fp_cvt(env, to, from, a);
    if ((what & RV_VFP_ROD) && (env->flags & CPU_FP_INEXACT))
        v |= 1;
    env->flags |= before;
    return v;
}

static uint64_t arithmetic(struct fp_env *env, uint32_t what, enum fp_format f, uint64_t a, uint64_t b, uint64_t d)
{
    bool product = what & RV_VFP_NEG_PRODUCT, addend = what & RV_VFP_NEG_ADDEND;
    switch (what & RV_VFP_OP) {
    case RV_VFP_ADD: return fp_add(env, f, a, b);
    case RV_VFP_SUB: return fp_sub(env, f, a, b);
    case RV_VFP_RSUB: return fp_sub(env, f, b, a);
    case RV_VFP_MUL: return fp_mul(env, f, a, b);
    case RV_VFP_DIV: return fp_div(env, f, a, b);
    case RV_VFP_RDIV: return fp_div(env, f, b, a);
    case RV_VFP_MACC: return fp_fma(env, f, b, a, d, product, addend);
    case RV_VFP_MADD: return fp_fma(env, f, b, d, a, product, addend);
    case RV_VFP_MIN: return fp_min(env, f, a, b, false);
    case RV_VFP_MAX: return fp_max(env, f, a, b, false);
    case RV_VFP_SQRT: return fp_sqrt(env, f, a);
    case RV_VFP_RSQRT7: return rv_vfp_rsqrt7(env, f, a);
    case RV_VFP_REC7: return rv_vfp_rec7(env, f, a);
    default: return 0;
    }
}

uint64_t rv_vfp_lane(struct fp_env *env, uint32_t what, unsigned sew, uint64_t a, uint64_t b, uint64_t d)
{
    uint32_t op = what & RV_VFP_OP;
    unsigned from = sew + (what & RV_VFP_NARROW ? 1 : 0), to = sew + (what & RV_VFP_WIDEN ? 1 : 0);
    switch (op) {
    case RV_VFP_MOVE: return b;
    case RV_VFP_SGNJ: case RV_VFP_SGNJN: case RV_VFP_SGNJX: return inject_sign(op, rv_vfp_format(sew), a, b);
    case RV_VFP_EQ: case RV_VFP_NE: case RV_VFP_LT: case RV_VFP_LE: case RV_VFP_GT: case RV_VFP_GE:
        return compare(env, op, rv_vfp_format(sew), a, b);
    case RV_VFP_CLASS: return classify(rv_vfp_format(sew), a);
    case RV_VFP_FTOI: return fp_to_int(env, rv_vfp_format(from), 8u << to, what & RV_VFP_UNSIGNED, a);
    case RV_VFP_ITOF: return fp_from_int(env, rv_vfp_format(to), 8u << from, what & RV_VFP_UNSIGNED, a);
    case RV_VFP_CVT: return convert(env, what, rv_vfp_format(to), rv_vfp_format(from), a);
    default: break;
    }
    if (what & RV_VFP_WIDEN) {
        if (!(what & RV_VFP_WIDE_A))
            a = fp_cvt(env, rv_vfp_format(to), rv_vfp_format(sew), a);
        b = fp_cvt(env, rv_vfp_format(to), rv_vfp_format(sew), b);
    }
    return arithmetic(env, what, rv_vfp_format(to), a, b, d);
}
