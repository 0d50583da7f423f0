/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX floating point. Each instruction is an operation on lanes of one size, or a conversion between two; the
 * same description serves three ways: the IR's vector operations where they have it, else a vector helper, and
 * with exceptions enabled (LA_MODE_FP_TRAP) a helper that may raise VFPE and then writes nothing.
 */
#include "core/util/bytes.h"
#include "core/exec/fp.h"
#include "cpu/loongarch/vec_impl.h"

/*
 * `arg` of the rows and `imm` of the helpers: an operation, log2 of bytes of the lanes read and written (0: the
 * instruction says it), rounding, and what the operation makes of `WITH`. LA_VS_X is among them.
 */
enum op {
    ADD, SUB, MUL, DIV, FMA, MAX, MIN, MAXA, MINA, SQRT, RECIP, RSQRT, COMPARE, CLASS, LOGB, RINT, CVT, FTOI, ITOF,
    OP = 31,
};
enum {
    FROM = 1 << 5, TO = 1 << 7, RM = 1 << 9,
    HIGH = 1 << 13, /* widening: of the high half */
    WITH = 1 << 14, /* five bits */
    HALF = 1, SINGLE = 2, DOUBLE = 3,
    NEGATE_ADDEND = 1 * WITH, NEGATE_RESULT = 2 * WITH, UNSIGNED = 1 * WITH,
};
#define LANES(from, to) ((from) * FROM | (to) * TO)
#define ROUND(rm)       ((rm) * RM)

static unsigned from_lane(uint64_t imm)
{
    return imm / FROM & 3;
}
static unsigned to_lane(uint64_t imm)
{
    return imm / TO & 3;
}
static unsigned with(uint64_t imm)
{
    return imm / WITH & 31;
}

/* ---- functions of one value ---- */
static const struct layout {
    uint8_t bits, frac;
    int bias;
} layouts[] = { [FP_F32] = { 32, 23, 127 }, [FP_F64] = { 64, 52, 1023 } };

static int exponent_of(enum fp_format f, uint64_t v)
{
    return (int)zext(v >> layouts[f].frac, layouts[f].bits - 1u - layouts[f].frac);
}

static bool is_nan(enum fp_format f, uint64_t v)
{
    return exponent_of(f, v) == 2 * layouts[f].bias + 1 && zext(v, layouts[f].frac) != 0;
}

static uint64_t magnitude(enum fp_format f, uint64_t v)
{
    return zext(v, layouts[f].bits - 1u);
}

static uint64_t infinity(enum fp_format f, bool sign)
{
    const struct layout *l = &layouts[f];
    return (uint64_t)sign << (l->bits - 1) | (uint64_t)(2 * l->bias + 1) << l->frac;
}

static uint64_t one(enum fp_format f)
{
    return (uint64_t)layouts[f].bias << layouts[f].frac;
}

/* Signalling NaN, quiet NaN; then of negative numbers infinite, normal, subnormal, zero; of positive ones. */
static uint64_t class_of(enum fp_format f, uint64_t v)
{
    int e = exponent_of(f, v);
    uint64_t frac = zext(v, layouts[f].frac);
    if (is_nan(f, v))
        return frac >> (layouts[f].frac - 1u) ? 2 : 1;
    unsigned kind = e == 2 * layouts[f].bias + 1 ? 0 : e != 0 ? 1 : frac != 0 ? 2 : 3;
    return 4ull << kind << (v >> (layouts[f].bits - 1) & 1 ? 0 : 4);
}

static uint64_t exponent(struct fp_env *env, enum fp_format f, uint64_t v)
{
    int e = exponent_of(f, v);
    uint64_t frac = zext(v, layouts[f].frac);
    if (is_nan(f, v))
        return fp_round(env, f, v, false);
    if (magnitude(f, v) == infinity(f, false))
        return infinity(f, false);
    if (magnitude(f, v) == 0) {
        env->flags |= CPU_FP_DIVZERO;
        return infinity(f, true);
    }
    if (e == 0) /* subnormal */
        e = 1 - (int)(clz64(frac) - (63u - layouts[f].frac));
    return fp_from_int(env, f, 32, false, (uint32_t)(e - layouts[f].bias));
}

/* Magnitudes of numbers compare as integers; equal ones and NaNs are FMAX's and FMIN's. */
static uint64_t extreme_magnitude(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool max)
{
    uint64_t x = magnitude(f, a), y = magnitude(f, b);
    if (x != y && !is_nan(f, a) && !is_nan(f, b))
        return (x > y) == max ? a : b;
    return max ? fp_max(env, f, a, b, false) : fp_min(env, f, a, b, false);
}

static uint64_t recip(struct fp_env *env, enum fp_format f, uint64_t v)
{
    return fp_div(env, f, one(f), v);
}

static uint64_t rsqrt(struct fp_env *env, enum fp_format f, uint64_t v)
{
    return fp_div(env, f, one(f), fp_sqrt(env, f, v));
}

/* FCSR: inexact, underflow, overflow, division by zero, invalid; Enables from bit 0 on, Cause from bit 24. */
static bool la_traps(struct la_cpu *la, uint32_t flags, enum la_ecode code)
{
    static const uint32_t order[] = { CPU_FP_INEXACT, CPU_FP_UNDERFLOW, CPU_FP_OVERFLOW, CPU_FP_DIVZERO,
                                      CPU_FP_INVALID };
    uint64_t cause = 0;
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        cause |= flags & order[i] ? BIT(i) : 0;
    la->fcsr = (la->fcsr & ~(0x1full << 24)) | cause << 24;
    if (la->fcsr & cause) {
        la_raise(la, code, 0);
        return true;
    }
    la->cpu.fp_flags |= flags;
    return false;
}

/* ---- the reference: any operation ---- */
static enum fp_format format_of(unsigned lane)
{
    return lane == HALF ? FP_F16 : lane == SINGLE ? FP_F32 : FP_F64;
}

/* FCMP.cond: signals if odd; above that bits for less, equal, unordered, and less or greater. */
static uint64_t compare(struct fp_env *env, enum fp_format f, unsigned cond, uint64_t x, uint64_t y)
{
    unsigned image = fp_cmp(env, f, IR_FIMAGE | (cond & 1 ? 0 : IR_FCMP_QUIET), x, y);
    unsigned relation = image == 1 ? 2 | 16 : image == 0x40 ? 4 : image == 0 ? 16 : 8;
    return relation & cond ? ~0ull : 0;
}

static uint64_t multiply_add(struct fp_env *env, enum fp_format f, uint64_t imm, uint64_t x, uint64_t y, uint64_t z)
{
    uint64_t v = fp_fma(env, f, x, y, z, false, imm & NEGATE_ADDEND);
    struct fp_env quiet = *env;
    if (!(imm & NEGATE_RESULT) || fp_cmp(&quiet, f, IR_FUNORD, v, v)) /* NaNs stay */
        return v;
    return v ^ 1ull << (f == FP_F64 ? 63 : 31);
}

static uint64_t one_lane(struct fp_env *env, uint64_t imm, uint64_t x, uint64_t y, uint64_t z)
{
    enum fp_format f = format_of(from_lane(imm)), to = format_of(to_lane(imm));
    switch ((enum op)(imm & OP)) {
    case ADD: return fp_add(env, f, x, y);
    case SUB: return fp_sub(env, f, x, y);
    case MUL: return fp_mul(env, f, x, y);
    case DIV: return fp_div(env, f, x, y);
    case FMA: return multiply_add(env, f, imm, x, y, z);
    case MAX: return fp_max(env, f, x, y, false);
    case MIN: return fp_min(env, f, x, y, false);
    case MAXA: return extreme_magnitude(env, f, x, y, true);
    case MINA: return extreme_magnitude(env, f, x, y, false);
    case SQRT: return fp_sqrt(env, f, x);
    case RECIP: return recip(env, f, x);
    case RSQRT: return rsqrt(env, f, x);
    case COMPARE: return compare(env, f, with(imm), x, y);
    case CLASS: return class_of(f, x);
    case LOGB: return exponent(env, f, x);
    case RINT: return fp_round(env, f, x, true);
    case CVT: return fp_cvt(env, to, f, x);
    case FTOI: return fp_to_int(env, f, 8u << to_lane(imm), imm & UNSIGNED, x);
    case ITOF: return fp_from_int(env, to, 8u << from_lane(imm), imm & UNSIGNED, x);
    default: return 0;
    }
}

/* Narrowing fills the result from b, then a; widening takes half of a. Returns flags. */
static uint32_t compute(const struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                        const union ir_vec *c, uint64_t imm)
{
    unsigned from = 1u << from_lane(imm), to = 1u << to_lane(imm), count = 16 / to, half = count / 2;
    struct fp_env env;
    union ir_vec r;
    fp_env_init(&env, IR_FP_LOONGARCH, cpu->fp_mode, (enum ir_rm)(imm / RM & 7));
    for (unsigned n = 0; n < count; n++) {
        const union ir_vec *v = to < from && n < half ? b : a;
        unsigned lane = to < from ? n % half : to > from && imm & HIGH ? count + n : n;
        uint64_t x = ld_le(v->b + lane * from, from), y = b ? ld_le(b->b + n * to, to) : 0;
        st_le(r.b + n * to, one_lane(&env, imm, x, y, c ? ld_le(c->b + n * to, to) : 0), to);
    }
    *dst = r;
    return env.flags;
}

void la_vec_fp_lanes(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    cpu->fp_flags |= compute(cpu, dst, a, b, c, imm);
}

/* With exceptions enabled: all lanes first. a: imm; b: registers rd, rj, rk, ra in bytes. */
uint64_t la_helper_vec_fp(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    unsigned rd = b & 31, rj = b >> 8 & 31, rk = b >> 16 & 31, ra = b >> 24 & 31;
    union ir_vec low, high;
    (void)c, (void)d;
    uint32_t flags = compute(cpu, &low, &la->v[rj], &la->v[rk], &la->v[ra], a);
    if (a & LA_VS_X)
        flags |= compute(cpu, &high, &la->xh[rj], &la->xh[rk], &la->xh[ra], a);
    if (la_traps(la, flags, LA_VFPE))
        return 0;
    la->v[rd] = low;
    if (a & LA_VS_X)
        la->xh[rd] = high;
    return 0;
}

/* ---- by the IR's operations ---- */
static ir_val_t fop(struct la_tr *t, enum ir_op op, unsigned lane, ir_val_t a, ir_val_t b)
{
    return ir_vfop(t->u, op, lane, IR_RM_DYN, a, b, IR_NONE, 0);
}

/* The sign is changed after rounding; what is above infinity is a NaN. */
static ir_val_t inline_multiply_add(struct la_tr *t, uint64_t imm, ir_val_t a, ir_val_t b, ir_val_t c)
{
    unsigned lane = from_lane(imm);
    ir_val_t v = ir_vfop(t->u, IR_VFMA, lane, IR_RM_DYN, a, b, c, imm & NEGATE_ADDEND ? 2 : 0);
    if (!(imm & NEGATE_RESULT))
        return v;
    ir_val_t sign = la_vdup(t, lane, lane == SINGLE ? 0x80000000 : 1ull << 63);
    ir_val_t inf = la_vdup(t, lane, lane == SINGLE ? 0x7f800000 : 0x7ffull << 52);
    ir_val_t nan = la_vop2(t, IR_VCGTS, lane, la_vop2(t, IR_VANDN, 0, v, sign), inf);
    return la_vop2(t, IR_VXOR, 0, v, la_vop2(t, IR_VANDN, 0, sign, nan));
}

static ir_val_t inline_reciprocal(struct la_tr *t, unsigned lane, ir_val_t v)
{
    return fop(t, IR_VFDIV, lane, la_vdup(t, lane, lane == SINGLE ? 0x3f800000 : 0x3ffull << 52), v);
}

/* Predicates of VFCMP by cond / 2; with the other rule of signals 16 more. */
static ir_val_t inline_compare(struct la_tr *t, uint64_t imm, ir_val_t a, ir_val_t b)
{
    static const uint8_t quiet[16] = { 0x0b, 0x11, 0x00, 0x12, 0x03, 0x19, 0x08, 0x1a, 0x0c, 0, 0x07, 0, 0x04 };
    unsigned predicate = quiet[with(imm) >> 1] ^ (with(imm) & 1 ? 0x10u : 0);
    return ir_vfop(t->u, IR_VFCMP, from_lane(imm), IR_RM_DYN, a, b, IR_NONE, predicate);
}

static ir_val_t of_both(struct la_tr *t, enum ir_op op, enum ir_rm rm, ir_val_t a, ir_val_t b)
{
    return la_vop2(t, IR_VZIP1, 3, ir_vfop(t->u, op, 2, rm, b, IR_NONE, IR_NONE, 0),
                   ir_vfop(t->u, op, 2, rm, a, IR_NONE, IR_NONE, 0));
}

/* IR_NONE: the IR does not have it. */
static ir_val_t inline_conversion(struct la_tr *t, uint64_t imm, ir_val_t a, ir_val_t b)
{
    unsigned from = from_lane(imm), to = to_lane(imm), op = imm & OP;
    enum ir_rm rm = (enum ir_rm)(imm / RM & 7);
    if (from == HALF || to == HALF)
        return IR_NONE;
    if (from == to)
        return ir_vfop(t->u, op == FTOI ? IR_VFTOI : IR_VITOF, from, rm, a, IR_NONE, IR_NONE, imm & UNSIGNED ? 1 : 0);
    if (from > to)
        return op == ITOF ? IR_NONE : of_both(t, op == FTOI ? IR_VFTOIN : IR_VFNARROW, rm, a, b);
    if (imm & HIGH)
        a = la_vshuf_w(t, a, a, 0xee);
    ir_val_t v = fop(t, op == ITOF ? IR_VITOFW : IR_VFWIDEN, SINGLE, a, IR_NONE);
    return op == FTOI ? ir_vfop(t->u, IR_VFTOI, DOUBLE, rm, v, IR_NONE, IR_NONE, 0) : v;
}

static ir_val_t inline_value(struct la_tr *t, uint64_t imm, ir_val_t a, ir_val_t b, ir_val_t c)
{
    static const uint8_t two[] = { [ADD] = IR_VFADD, [SUB] = IR_VFSUB, [MUL] = IR_VFMUL, [DIV] = IR_VFDIV,
                                   [MAX] = IR_VFMAX, [MIN] = IR_VFMIN };
    unsigned lane = from_lane(imm);
    switch ((enum op)(imm & OP)) {
    case ADD: case SUB: case MUL: case DIV: case MAX: case MIN:
        return fop(t, (enum ir_op)two[imm & OP], lane, a, b);
    case FMA: return inline_multiply_add(t, imm, a, b, c);
    case SQRT: return fop(t, IR_VFSQRT, lane, a, IR_NONE);
    case RECIP: return inline_reciprocal(t, lane, a);
    case RSQRT: return inline_reciprocal(t, lane, fop(t, IR_VFSQRT, lane, a, IR_NONE));
    case COMPARE: return inline_compare(t, imm, a, b);
    case RINT: return ir_vfop(t->u, IR_VFRINT, lane, (enum ir_rm)(imm / RM & 7), a, IR_NONE, IR_NONE, 1);
    case CVT: case FTOI: case ITOF: return inline_conversion(t, imm, a, b);
    default: return IR_NONE;
    }
}

static bool has_second(unsigned op, unsigned from, unsigned to)
{
    return op <= MINA || op == COMPARE || from > to;
}

static void vector_fp(struct la_tr *t, unsigned arg)
{
    unsigned op = arg & OP;
    if (from_lane(arg) == 0)
        arg |= LANES(t->d.sz + 1u, t->d.sz + 1u);
    if (op == COMPARE)
        arg |= t->d.cond * (unsigned)WITH;
    if (t->mode & LA_MODE_FP_TRAP) {
        uint64_t regs = t->d.rd | (uint64_t)t->d.rj << 8 | (uint64_t)t->d.rk << 16 | (uint64_t)t->d.ra << 24;
        ir_call(t->u, IR_VOID, LA_HELPER_vec_fp, la_const(t, arg), la_const(t, regs), IR_NONE, IR_NONE);
        return;
    }
    bool second = has_second(op, from_lane(arg), to_lane(arg));
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = second ? la_vk(t, h) : IR_NONE, c = op == FMA ? la_va(t, h) : IR_NONE;
        ir_val_t v = inline_value(t, arg, a, b, c);
        la_put_vd(t, h, v != IR_NONE ? v : ir_callv(t->u, LA_VEC_fp_lanes, a, b, c, arg));
    }
}

/* clang-format off */
#define DYN     ROUND(IR_RM_DYN)
#define VFP(INSN, ARG) LA_VEC(F##INSN, vector_fp, ARG)
#define ROUNDINGS(INSN, SUFFIX, ARG)                                                                                   \
    VFP(INSN##SUFFIX, (ARG) | DYN), VFP(INSN##RM##SUFFIX, (ARG) | ROUND(IR_RDN)),                                      \
    VFP(INSN##RP##SUFFIX, (ARG) | ROUND(IR_RUP)), VFP(INSN##RZ##SUFFIX, (ARG) | ROUND(IR_RTZ)),                        \
    VFP(INSN##RNE##SUFFIX, (ARG) | ROUND(IR_RNE))
const struct la_semantics la_vec_fp_rows[] = {
    VFP(ADD, ADD | DYN), VFP(SUB, SUB | DYN), VFP(MUL, MUL | DYN), VFP(DIV, DIV | DYN),
    VFP(MADD, FMA | DYN), VFP(MSUB, FMA | DYN | NEGATE_ADDEND),
    VFP(NMADD, FMA | DYN | NEGATE_RESULT), VFP(NMSUB, FMA | DYN | NEGATE_ADDEND | NEGATE_RESULT),
    VFP(MAX, MAX), VFP(MIN, MIN), VFP(MAXA, MAXA), VFP(MINA, MINA),
    VFP(SQRT, SQRT | DYN), VFP(RECIP, RECIP | DYN), VFP(RSQRT, RSQRT | DYN),
    VFP(RECIPE, RECIP | DYN), VFP(RSQRTE, RSQRT | DYN),
    VFP(CMP, COMPARE), VFP(CLASS, CLASS), VFP(LOGB, LOGB),
    ROUNDINGS(RINT, , RINT),
    VFP(CVT_H_S, CVT | DYN | LANES(SINGLE, HALF)), VFP(CVT_S_D, CVT | DYN | LANES(DOUBLE, SINGLE)),
    VFP(CVTL_S_H, CVT | LANES(HALF, SINGLE)), VFP(CVTH_S_H, CVT | LANES(HALF, SINGLE) | HIGH),
    VFP(CVTL_D_S, CVT | LANES(SINGLE, DOUBLE)), VFP(CVTH_D_S, CVT | LANES(SINGLE, DOUBLE) | HIGH),
    VFP(FINT_S_W, ITOF | DYN | LANES(SINGLE, SINGLE)), VFP(FINT_S_WU, ITOF | DYN | LANES(SINGLE, SINGLE) | UNSIGNED),
    VFP(FINT_D_L, ITOF | DYN | LANES(DOUBLE, DOUBLE)), VFP(FINT_D_LU, ITOF | DYN | LANES(DOUBLE, DOUBLE) | UNSIGNED),
    VFP(FINTL_D_W, ITOF | DYN | LANES(SINGLE, DOUBLE)), VFP(FINTH_D_W, ITOF | DYN | LANES(SINGLE, DOUBLE) | HIGH),
    VFP(FINT_S_L, ITOF | DYN | LANES(DOUBLE, SINGLE)),
    ROUNDINGS(TINT, _W_S, FTOI | LANES(SINGLE, SINGLE)), ROUNDINGS(TINT, _L_D, FTOI | LANES(DOUBLE, DOUBLE)),
    ROUNDINGS(TINT, _W_D, FTOI | LANES(DOUBLE, SINGLE)),
    ROUNDINGS(TINT, L_L_S, FTOI | LANES(SINGLE, DOUBLE)), ROUNDINGS(TINT, H_L_S, FTOI | LANES(SINGLE, DOUBLE) | HIGH),
    VFP(TINT_WU_S, FTOI | DYN | LANES(SINGLE, SINGLE) | UNSIGNED),
    VFP(TINTRZ_WU_S, FTOI | ROUND(IR_RTZ) | LANES(SINGLE, SINGLE) | UNSIGNED),
    VFP(TINT_LU_D, FTOI | DYN | LANES(DOUBLE, DOUBLE) | UNSIGNED),
    VFP(TINTRZ_LU_D, FTOI | ROUND(IR_RTZ) | LANES(DOUBLE, DOUBLE) | UNSIGNED),
    LA_ROWS_END
};
/* clang-format on */
