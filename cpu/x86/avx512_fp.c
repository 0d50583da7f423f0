/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVX-512 floating-point instructions that take numbers apart: SDM volume 2, VFIXUPIMM, VFPCLASS,
 * VGETEXP, VGETMANT, VRANGE, VRCP14, VREDUCE, VRNDSCALE, VRSQRT14, VSCALEF. Each element is done in
 * C.
 */
#include "core/exec/fp.h"
#include "core/exec/vec.h"
#include "core/util/bits.h"
#include "cpu/x86/simd.h"

enum operation {
    GETEXP,
    GETMANT,
    RNDSCALE,
    REDUCE,
    RCP14,
    RSQRT14,
    SCALEF,
    RANGE,
    FIXUP,
    CLASSIFY
};

/* One element's format and its parts. */
struct number {
    enum fp_format f;
    unsigned bits, frac; /* widths */
    uint64_t v;
    bool sign, zero, denormal, inf, snan, qnan;
    int exp; /* of finite numbers: floor(log2 |v|) */
};

static struct number take_apart(const struct fp_env *env, unsigned lane, uint64_t v)
{
    bool wide = lane == SIMD_Q;
    struct number n = {
        .f = wide ? FP_F64 : FP_F32, .bits = wide ? 64 : 32, .frac = wide ? 52 : 23, .v = v
    };
    uint64_t fraction = zext(v, n.frac), most = BIT(n.bits - 1 - n.frac) - 1;
    uint64_t exponent = v >> n.frac & most;
    n.sign = v >> (n.bits - 1) & 1;
    if (exponent == most) {
        n.inf = fraction == 0;
        n.qnan = fraction >> (n.frac - 1) & 1;
        n.snan = !n.inf && !n.qnan;
    } else if (exponent == 0) {
        n.denormal = fraction != 0 && !env->daz;
        n.zero = !n.denormal;
        n.exp = n.denormal ? 63 - (int)clz64(fraction) - (int)n.frac + 1 - (int)(most >> 1) : 0;
        if (n.zero)
            n.v = (uint64_t)n.sign << (n.bits - 1);
    } else {
        n.exp = (int)exponent - (int)(most >> 1);
    }
    return n;
}

static bool is_nan(const struct number *n)
{
    return n->snan || n->qnan;
}

static uint64_t bias_of(const struct number *n)
{
    return BIT(n->bits - 2 - n->frac) - 1;
}

/* 2^e, a normal number. */
static uint64_t power(const struct number *n, int e)
{
    return (bias_of(n) + (uint64_t)(int64_t)e) << n->frac;
}

static uint64_t infinity(const struct number *n, bool sign)
{
    return (uint64_t)sign << (n->bits - 1) | (2 * bias_of(n) + 1) << n->frac;
}

static uint64_t signed_zero(const struct number *n, bool sign)
{
    return (uint64_t)sign << (n->bits - 1);
}

static uint64_t indefinite(const struct number *n)
{
    return infinity(n, true) | BIT(n->frac - 1);
}

static uint64_t invalid(struct fp_env *env, const struct number *n)
{
    env->flags |= CPU_FP_INVALID;
    return indefinite(n);
}

static uint64_t quieted(struct fp_env *env, const struct number *n)
{
    env->flags |= n->snan ? CPU_FP_INVALID : 0;
    return n->v | BIT(n->frac - 1);
}

/* ---- VGETEXP, VGETMANT ---- */
static uint64_t get_exponent(struct fp_env *env, const struct number *n)
{
    if (is_nan(n))
        return quieted(env, n);
    if (n->inf || n->zero)
        return infinity(n, n->zero);
    env->flags |= n->denormal ? CPU_FP_DENORMAL : 0;
    struct fp_env exact = *env;
    return fp_from_int(&exact, n->f, 32, false, (uint32_t)n->exp);
}

static uint64_t get_mantissa(struct fp_env *env, const struct number *n, unsigned imm)
{
    bool sign = n->sign && !(imm & 4);
    uint64_t signs = signed_zero(n, sign), one = power(n, 0) | signs;
    if (is_nan(n))
        return quieted(env, n);
    if (n->zero || (n->inf && !n->sign))
        return one;
    if (n->sign && (imm & 8))
        return invalid(env, n);
    if (n->inf)
        return one;
    env->flags |= n->denormal ? CPU_FP_DENORMAL : 0;
    uint64_t fraction = zext(n->v, n->frac);
    if (n->denormal)
        fraction = zext(fraction << (n->frac - 63 + clz64(fraction)), n->frac);
    static const uint8_t always[] = { false, false, true, false };
    bool half = always[imm & 3] || ((imm & 3) == 1 && (n->exp & 1)) ||
                ((imm & 3) == 3 && fraction >> (n->frac - 1));
    return power(n, half ? -1 : 0) | fraction | signs;
}

/* ---- VRNDSCALE, VREDUCE: imm 7:4 binary places stay ---- */
static uint64_t round_scaled(struct fp_env *env, const struct number *n, unsigned imm)
{
    int places = (int)(imm >> 4);
    if (is_nan(n))
        return quieted(env, n);
    if (n->inf || n->zero || n->exp + places >= (int)n->frac)
        return n->v;
    struct fp_env scratch = *env; /* for what is exact */
    scratch.ftz = false;
    uint64_t v = fp_mul(&scratch, n->f, n->v, power(n, places));
    v = fp_round(env, n->f, v, !(imm & 8));
    return fp_mul(&scratch, n->f, v, power(n, -places));
}

static uint64_t reduce(struct fp_env *env, const struct number *n, unsigned imm)
{
    if (is_nan(n))
        return quieted(env, n);
    if (n->inf)
        return 0;
    struct fp_env scratch = *env, rest = *env;
    uint64_t whole = round_scaled(&scratch, n, imm);
    uint64_t v = fp_sub(&rest, n->f, n->v, whole);
    env->flags |=
        imm & 8 ? 0 : rest.flags & CPU_FP_INEXACT; /* of the result, not of what was taken away */
    return v;
}

/* ---- VSCALEF: a * 2^floor(b) ---- */
static uint64_t scale(struct fp_env *env, const struct number *a, const struct number *b)
{
    int limit = 4 * (int)bias_of(a), by;
    if (a->snan || (a->qnan && !b->inf)) {
        env->flags |= a->snan || b->snan ? CPU_FP_INVALID : 0;
        return a->v | BIT(a->frac - 1);
    }
    if (a->qnan)
        return b->sign ? 0 : infinity(a, false);
    if (is_nan(b))
        return quieted(env, b);
    if (b->inf) {
        env->flags |= a->denormal ? CPU_FP_DENORMAL : 0;
        if (b->sign ? a->inf : a->zero)
            return invalid(env, a);
        return b->sign ? signed_zero(a, a->sign) : infinity(a, a->sign);
    }
    if (a->inf || a->zero)
        return a->v;
    struct fp_env scratch = *env;
    scratch.rm = IR_RDN;
    if (b->exp > 20)
        by = b->sign ? -limit : limit;
    else
        by = (int)(int32_t)fp_to_int(&scratch, a->f, 32, false, b->v);
    by = MAX(MIN(by, limit), -limit);
    env->flags |= a->denormal ? CPU_FP_DENORMAL : 0;
    /* Exact steps to the edge of the normal numbers, then the one that rounds. */
    uint64_t v = a->v;
    int exp = a->exp, most = (int)bias_of(a), least = 1 - most;
    scratch = *env;
    scratch.ftz = false;
    if (a->denormal) {
        v = fp_mul(&scratch, a->f, v, power(a, (int)a->frac + 1));
        by -= (int)a->frac + 1;
        exp += (int)a->frac + 1;
    }
    for (int step; by > 0 && exp < most; by -= step, exp += step) {
        step = MIN(MIN(by, most - exp), most);
        v = fp_mul(&scratch, a->f, v, power(a, step));
    }
    for (int step; by < 0 && exp > least; by += step, exp -= step) {
        step = MIN(MIN(-by, exp - least), most - 1);
        v = fp_mul(&scratch, a->f, v, power(a, -step));
    }
    return by == 0 ? v : fp_mul(env, a->f, v, power(a, MAX(MIN(by, most), least)));
}

/* ---- VRANGE: imm 1:0 minimum, maximum, of magnitudes; 3:2 whose sign ---- */
static uint64_t range(struct fp_env *env, const struct number *a, const struct number *b,
                      unsigned imm)
{
    uint64_t top = BIT(a->bits - 1), v;
    if (a->snan || (b->snan && !a->snan))
        return quieted(env, a->snan ? a : b);
    bool max = imm & 1, magnitude = imm & 2;
    if (a->qnan || b->qnan) {
        v = a->qnan && !b->qnan ? b->v : a->v;
        env->flags |= (a->denormal && !b->qnan) || (b->denormal && !a->qnan) ? CPU_FP_DENORMAL : 0;
    } else {
        /* Ordered as signed magnitudes: -0 below +0, and -x below x where magnitudes are equal. */
        uint64_t x = a->v & (top - 1), y = b->v & (top - 1);
        bool less;
        if (magnitude && x != y)
            less = x < y;
        else
            less = a->sign != b->sign ? a->sign : a->sign ? x > y : x < y;
        v = less != max ? a->v : b->v;
        env->flags |= a->denormal || b->denormal ? CPU_FP_DENORMAL : 0;
    }
    switch (imm >> 2 & 3) {
    case 0:
        return (v & (top - 1)) | (a->v & top);
    case 1:
        return v;
    case 2:
        return v & (top - 1);
    default:
        return v | top;
    }
}

/* ---- VFIXUPIMM ---- */
enum token { QNAN, SNAN, ZERO, ONE, MINUS_INF, PLUS_INF, NEGATIVE, POSITIVE };
static enum token token_of(const struct number *n)
{
    if (is_nan(n))
        return n->snan ? SNAN : QNAN;
    if (n->zero)
        return ZERO;
    if (n->inf)
        return n->sign ? MINUS_INF : PLUS_INF;
    if (n->v == power(n, 0))
        return ONE;
    return n->sign ? NEGATIVE : POSITIVE;
}

static uint64_t fix_up(struct fp_env *env, const struct number *n, uint64_t table, uint64_t old,
                       unsigned imm)
{
    enum token token = token_of(n);
    bool wide = n->f == FP_F64;
    uint64_t top = BIT(n->bits - 1);
    bool zero = token == ZERO, one = token == ONE;
    if ((zero && (imm & 1)) || (one && (imm & 4)))
        env->flags |= CPU_FP_DIVZERO;
    if ((zero && (imm & 2)) || (one && (imm & 8)) || (token == SNAN && (imm & 16)) ||
        (token == MINUS_INF && (imm & 32)) || (token == NEGATIVE && (imm & 64)) ||
        (token == PLUS_INF && (imm & 128)))
        env->flags |= CPU_FP_INVALID;
    switch (table >> 4 * token & 15) {
    case 0:
        return old;
    case 1:
        return n->v;
    case 2:
        return is_nan(n) ? n->v | BIT(n->frac - 1)
                         : infinity(n, n->sign) | BIT(n->frac - 1) | zext(n->v, n->frac);
    case 3:
        return indefinite(n);
    case 4:
        return infinity(n, true);
    case 5:
        return infinity(n, false);
    case 6:
        return infinity(n, n->sign);
    case 7:
        return top;
    case 8:
        return 0;
    case 9:
        return power(n, 0) | top;
    case 10:
        return power(n, 0);
    case 11:
        return power(n, -1);
    case 12:
        return wide ? 0x4056800000000000 : 0x42b40000; /* 90 */
    case 13:
        return wide ? 0x3ff921fb54442d18 : 0x3fc90fdb; /* pi / 2 */
    case 14:
        return infinity(n, false) - 1;
    default:
        return infinity(n, true) - 1;
    }
}

static bool is_in_class(const struct number *n, unsigned imm)
{
    return (n->qnan && (imm & 1)) || (n->zero && (imm & (n->sign ? 4u : 2u))) ||
           (n->inf && (imm & (n->sign ? 16u : 8u))) || (n->denormal && (imm & 32)) ||
           (n->sign && !n->zero && !n->inf && !is_nan(n) && (imm & 64)) || (n->snan && (imm & 128));
}

static uint64_t approximate(struct fp_env *env, const struct number *n, bool root)
{
    struct fp_env scratch = *env; /* raises nothing */
    scratch.rm = IR_RNE;
    uint64_t v = root ? fp_sqrt(&scratch, n->f, n->v) : n->v;
    return fp_div(&scratch, n->f, power(n, 0), v);
}

/* imm: operation | lane << 4 | rounding << 8 | imm8 << 16 | one element alone << 24. a, b, c as the
 * instruction names them. */
#define ENCODE(op, lane) ((op) | (lane) << 4)
enum { ONE_ELEMENT = 1 << 24 };

static uint64_t operate(struct fp_env *env, unsigned op, unsigned lane, unsigned imm8,
                        const uint64_t v[3])
{
    struct number a = take_apart(env, lane, v[0]), b = take_apart(env, lane, v[1]);
    switch (op) {
    case GETEXP:
        return get_exponent(env, &a);
    case GETMANT:
        return get_mantissa(env, &a, imm8);
    case RNDSCALE:
        return round_scaled(env, &a, imm8);
    case REDUCE:
        return reduce(env, &a, imm8);
    case RCP14:
    case RSQRT14:
        return approximate(env, &a, op == RSQRT14);
    case SCALEF:
        return scale(env, &a, &b);
    case RANGE:
        return range(env, &a, &b, imm8);
    case FIXUP:
        return fix_up(env, &a, v[1], v[2], imm8);
    default:
        return is_in_class(&a, imm8) ? ~0ull : 0;
    }
}

void x86_vec_float_parts(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                         const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    unsigned lane = imm >> 4 & 15, count = imm & ONE_ELEMENT ? 1 : 16u >> lane;
    struct fp_env env;
    union ir_vec r = *a;
    fp_env_init(&env, IR_FP_X86, cpu->fp_mode, (enum ir_rm)(imm >> 8 & 15));
    for (unsigned i = 0; i < count; i++) {
        uint64_t v[3] = { vec_lane(a, lane, i), b != NULL ? vec_lane(b, lane, i) : 0,
                          c != NULL ? vec_lane(c, lane, i) : 0 };
        vec_set_lane(&r, lane, i, operate(&env, imm & 15, lane, imm >> 16 & 0xff, v));
    }
    cpu->fp_flags |= env.flags;
    *dst = r;
}

/* ---- in translated code ---- */
static uint64_t details(const struct x86_tr *t, unsigned arg)
{
    unsigned op = arg & 15;
    enum ir_rm rm = op == RNDSCALE || op == REDUCE ? simd_rm_imm((unsigned)t->d.imm) : simd_rm(t);
    return arg | (unsigned)rm << 8 | (uint64_t)(t->d.imm & 0xff) << 16;
}

/* What the opmask leaves out becomes 2.0, which no operation here has anything to say about. */
static ir_val_t calm(struct x86_tr *t, ir_val_t v, unsigned q, unsigned lane)
{
    ir_val_t m = simd_mask(t, q, lane);
    if (m == IR_NONE)
        return v;
    ir_val_t two = simd_dup_const(t, lane == SIMD_D ? 0x4000000040000000 : 0x4000000000000000);
    return ir_vop(t->u, IR_VSELECT, 0, m, v, two, 0);
}

/* `arg`: ENCODE | ONE_ELEMENT; sources: one, two, or two and the destination. */
static void parts(struct x86_tr *t, unsigned arg, unsigned sources)
{
    bool scalar = arg & ONE_ELEMENT;
    unsigned lane = arg >> 4 & 15, n = scalar ? 1 : simd_quarters(t),
             first = sources == 1 ? (scalar ? 2u : 1u) : 1u;
    ir_val_t a[4], b[4], c[4], r[4];
    for (unsigned q = 0; q < n; q++) {
        b[q] = sources > 1 ? simd_get(t, first + 1, q, lane) : (ir_val_t)IR_NONE;
        if (sources == 2)
            b[q] = calm(t, b[q], q, lane);
        a[q] = calm(t, simd_get(t, first, q, lane), q, lane);
        c[q] = sources > 2 ? x86_get_vec(t, 0, q) : (ir_val_t)IR_NONE;
    }
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_callv(t->u, X86_VEC_float_parts, a[q], b[q], c[q], details(t, arg));
    simd_sae_end(t, sae);
    if (scalar)
        simd_put_scalar(t, r[0], x86_get_vec(t, 1, 0), lane);
    else
        simd_put(t, r, n, lane);
}

static void parts1(struct x86_tr *t, unsigned arg)
{
    parts(t, arg, 1);
}

static void parts2(struct x86_tr *t, unsigned arg)
{
    parts(t, arg, 2);
}

static void parts3(struct x86_tr *t, unsigned arg)
{
    parts(t, arg, 3);
}

static void classify(struct x86_tr *t, unsigned arg)
{
    unsigned lane = arg >> 4 & 15, n = arg & ONE_ELEMENT ? 1 : simd_quarters(t);
    ir_val_t r[4] = { IR_NONE };
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_callv(t->u, X86_VEC_float_parts, simd_get(t, 1, q, lane), IR_NONE, IR_NONE,
                        details(t, arg));
    ir_val_t bits = simd_to_mask(t, r, n, lane);
    simd_put_mask(t, arg & ONE_ELEMENT ? ir_op2i(t->u, IR_AND, IR_I64, bits, 1) : bits);
}

/* clang-format off */
#define ROW(NAME, fn, arg) { X86_INSN_V##NAME, X86_SEM_AVX512 | X86_SEM_FP, fn, arg }
#define FORMS(NAME, PACKED, SCALAR, fn, op)                                                        \
    ROW(NAME##PACKED##S, fn, ENCODE(op, SIMD_D)), ROW(NAME##PACKED##D, fn, ENCODE(op, SIMD_Q)),    \
    ROW(NAME##SCALAR##S, fn, ENCODE(op, SIMD_D) | ONE_ELEMENT), ROW(NAME##SCALAR##D, fn, ENCODE(op, SIMD_Q) | ONE_ELEMENT)
const struct x86_semantics x86_avx512_fp_rows[] = {
    FORMS(GETEXP, P, S, parts1, GETEXP), FORMS(GETMANT, P, S, parts1, GETMANT), FORMS(RNDSCALE, P, S, parts1, RNDSCALE),
    FORMS(REDUCE, P, S, parts1, REDUCE), FORMS(RCP14, P, S, parts1, RCP14), FORMS(RSQRT14, P, S, parts1, RSQRT14),
    FORMS(SCALEF, P, S, parts2, SCALEF), FORMS(RANGE, P, S, parts2, RANGE), FORMS(FIXUPIMM, P, S, parts3, FIXUP),
    FORMS(FPCLASS, P, S, classify, CLASSIFY),
    X86_ROWS_END
};
/* clang-format on */
