/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/float_impl.h"

enum { F64_BIAS = 1023, F64_FRAC = 52, F64_EXPONENTS = 2047 };

const struct a64_fp_layout a64_fp_layouts[] = {
    [FP_F16] = { 10, 16, 15 }, [FP_F32] = { 23, 32, 127 }, [FP_F64] = { 52, 64, 1023 }
};

uint64_t a64_fp_expand_imm(unsigned imm8, enum fp_format f)
{
    unsigned frac = a64_fp_layouts[f].frac, e = a64_fp_layouts[f].bits - 1u - frac;
    uint64_t b = imm8 >> 6 & 1, ones = (1ull << (e - 3)) - 1;
    uint64_t exponent = (b ^ 1) << (e - 1) | (b ? ones << 2 : 0) | (imm8 >> 4 & 3);
    return (uint64_t)(imm8 >> 7 & 1) << (e + frac) | exponent << frac | (uint64_t)(imm8 & 15) << (frac - 4);
}

void a64_fp_env(const struct a64_cpu *a, enum ir_rm rm, struct fp_env *env)
{
    fp_env_init(env, IR_FP_ARM, a->cpu.fp_mode, rm);
    env->flush16 = (a->fpcr & A64_FPCR_FZ16) != 0;
}

/* ---- half precision with 2^16 .. 2^17 in place of infinity and NaN (A1.4.2) ---- */
static int exponent_field(enum fp_format f, uint64_t v)
{
    return (int)zext(v >> a64_fp_layouts[f].frac, a64_fp_layouts[f].bits - 1u - a64_fp_layouts[f].frac);
}

static uint64_t to_alternative(struct fp_env *env, enum fp_format from, uint64_t v)
{
    int e = exponent_field(from, v), top = 2 * a64_fp_layouts[from].bias + 1;
    uint64_t sign = v >> (a64_fp_layouts[from].bits - 1) << 15;
    struct fp_env half = *env;
    if (e == top) { /* a NaN becomes zero, infinity the largest number */
        bool nan = zext(v, a64_fp_layouts[from].frac) != 0;
        env->flags |= CPU_FP_INVALID;
        return nan ? sign : sign | 0x7fff;
    }
    if (e < a64_fp_layouts[from].bias + 15)
        return fp_cvt(env, FP_F16, from, v);
    half.flags = 0;
    uint64_t r = fp_cvt(&half, FP_F16, from, v - BIT(a64_fp_layouts[from].frac)); /* of the number's half */
    if (half.flags & CPU_FP_OVERFLOW) {
        env->flags |= CPU_FP_INVALID;
        return sign | 0x7fff;
    }
    env->flags |= half.flags;
    return r + BIT(10);
}

uint64_t a64_fp_cvt(const struct a64_cpu *a, struct fp_env *env, enum fp_format to, enum fp_format from,
                    uint64_t v)
{
    bool alternative = a->fpcr & A64_FPCR_AHP;
    env->flush16 = false;
    if (alternative && to == FP_F16)
        return to_alternative(env, from, v);
    if (alternative && from == FP_F16 && exponent_field(from, v) == 31)
        return fp_cvt(env, to, from, v - BIT(10)) + BIT(a64_fp_layouts[to].frac);
    return fp_cvt(env, to, from, v);
}

/* ---- BFloat16 ---- */
static bool rounds_up(enum ir_rm rm, bool sign, uint32_t rest, uint32_t half, bool odd)
{
    switch (rm) {
    case IR_RNE: return rest > half || (rest == half && odd);
    case IR_RUP: return !sign && rest != 0;
    case IR_RDN: return sign && rest != 0;
    case IR_RMM: return rest >= half;
    default: return false;
    }
}

uint64_t a64_fp_to_bf16(struct fp_env *env, uint64_t v)
{
    uint32_t magnitude = (uint32_t)v & 0x7fffffff, sign = (uint32_t)v >> 31 << 15;
    uint32_t rest = magnitude & 0xffff, r = magnitude >> 16;
    if (magnitude > 0x7f800000) {
        env->flags |= magnitude & 1u << 22 ? 0 : CPU_FP_INVALID;
        return env->default_nan ? 0x7fc0 : sign | r | 0x40;
    }
    if (env->daz && magnitude != 0 && magnitude < 1u << 23) {
        env->flags |= CPU_FP_DENORMAL;
        return sign;
    }
    if (rest == 0)
        return sign | r;
    env->flags |= CPU_FP_INEXACT | (magnitude < 1u << 23 ? CPU_FP_UNDERFLOW : 0u);
    r += rounds_up(env->rm, sign != 0, rest, 0x8000, r & 1);
    if (r == 0x7f80)
        env->flags |= CPU_FP_OVERFLOW;
    return sign | r;
}

/* ---- fixed point ---- */

/* v * 2^n of a double: exact, or too large for any integer, or too small to matter in one. */
static uint64_t scale(uint64_t v, int n)
{
    int e = exponent_field(FP_F64, v);
    if (e == 0 || e == F64_EXPONENTS || e + n >= F64_EXPONENTS)
        return v;
    return v + ((uint64_t)(int64_t)n << F64_FRAC);
}

uint64_t a64_fp_to_fixed(struct fp_env *env, enum fp_format from, unsigned bits, bool is_unsigned,
                         unsigned fbits, uint64_t v)
{
    if (fbits == 0)
        return fp_to_int(env, from, bits, is_unsigned, v);
    if (from != FP_F64)
        v = fp_cvt(env, FP_F64, from, v);
    return fp_to_int(env, FP_F64, bits, is_unsigned, scale(v, (int)fbits));
}

uint64_t a64_fp_from_fixed(struct fp_env *env, enum fp_format to, unsigned bits, bool is_unsigned,
                           unsigned fbits, uint64_t v)
{
    struct fp_env exact = *env;
    v = is_unsigned ? zext(v, bits) : sext(v, bits);
    bool negative = !is_unsigned && v >> 63;
    uint64_t magnitude = negative ? 0 - v : v;
    if (to == FP_F64) /* rounded before it is scaled, which is exact */
        return magnitude == 0 ? 0 : scale(fp_from_int(env, FP_F64, bits, is_unsigned, v), -(int)fbits);
    /* As a double with more bits than `to` has and the rest or'ed into the last, rounded once. */
    unsigned drop = magnitude >> 40 ? 64 - clz64(magnitude) - 40 : 0;
    magnitude = magnitude >> drop | (zext(magnitude, drop) != 0);
    if (magnitude == 0)
        return 0;
    v = scale(fp_from_int(&exact, FP_F64, 64, true, magnitude), (int)drop - (int)fbits);
    return fp_cvt(env, to, FP_F64, v | (uint64_t)negative << 63);
}

/* ---- to an integral value within an integer's range ---- */
uint64_t a64_fp_round_int(struct fp_env *env, enum fp_format f, unsigned bits, uint64_t v)
{
    uint64_t least = BIT(a64_fp_layouts[f].bits - 1) | (uint64_t)(a64_fp_layouts[f].bias + (int)bits - 1)
                                                    << a64_fp_layouts[f].frac; /* -2^(bits - 1) */
    if (exponent_field(f, v) == 2 * a64_fp_layouts[f].bias + 1) {
        env->flags |= CPU_FP_INVALID;
        return least;
    }
    struct fp_env after = *env;
    uint64_t r = fp_round(&after, f, v, true);
    bool sign = r >> (a64_fp_layouts[f].bits - 1);
    if (exponent_field(f, r) >= a64_fp_layouts[f].bias + (int)bits - 1 && !(sign && r == least)) {
        env->flags |= CPU_FP_INVALID;
        return least;
    }
    *env = after;
    return r;
}

/* ---- FJCVTZS ---- */
uint64_t a64_fp_to_js(struct fp_env *env, uint64_t v, bool *exact)
{
    int e = exponent_field(FP_F64, v), shift = e - F64_BIAS - F64_FRAC;
    uint64_t sig = zext(v, F64_FRAC), whole, rest = 0;
    bool sign = v >> 63;
    *exact = false;
    if (e == F64_EXPONENTS) {
        env->flags |= CPU_FP_INVALID;
        return 0;
    }
    if (e == 0) {
        if (env->daz && sig != 0)
            env->flags |= CPU_FP_DENORMAL;
        else if (sig != 0)
            env->flags |= CPU_FP_INEXACT;
        *exact = v == 0;
        return 0;
    }
    sig |= BIT(F64_FRAC);
    if (shift >= 0) {
        whole = shift > 31 ? 0 : sig << shift; /* modulo 2^32 later */
    } else {
        whole = shift < -F64_FRAC ? 0 : sig >> -shift;
        rest = shift < -F64_FRAC ? 1 : zext(sig, (unsigned)-shift);
    }
    if (shift > 0 || whole > 0x7fffffffull + sign)
        env->flags |= CPU_FP_INVALID;
    else if (rest != 0)
        env->flags |= CPU_FP_INEXACT;
    else
        *exact = true;
    return zext(sign ? 0 - whole : whole, 32);
}

unsigned a64_fp_compare(struct fp_env *env, enum fp_format f, bool signal_all, uint64_t x, uint64_t y)
{
    unsigned quiet = signal_all ? 0 : IR_FCMP_QUIET;
    if (fp_cmp(env, f, IR_FLT | quiet, x, y))
        return 8;
    if (fp_cmp(env, f, IR_FEQ | quiet, x, y))
        return 6;
    return fp_cmp(env, f, IR_FUNORD | quiet, x, y) ? 3 : 2;
}
