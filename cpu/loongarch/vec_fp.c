/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX floating point. Each instruction is an operation on lanes of one size, or a conversion between two; the
 * same description serves three ways: the IR's vector operations where they have it, else a vector helper, and
 * with exceptions enabled (LA_MODE_FP_TRAP) a helper that may raise VFPE and then writes nothing.
 */
#include "core/util/bytes.h"
#include "cpu/loongarch/float_impl.h"
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

/* ---- the reference: any operation ---- */
static enum fp_format format_of(unsigned lane)
{
    return lane == HALF ? FP_F16 : lane == SINGLE ? FP_F32 : FP_F64;
}

static uint64_t one_lane(struct fp_env *env, uint64_t imm, uint64_t x, uint64_t y, uint64_t z)
{
    enum fp_format f = format_of(from_lane(imm)), to = format_of(to_lane(imm));
    switch ((enum op)(imm & OP)) {
    case ADD: return fp_add(env, f, x, y);
    case SUB: return fp_sub(env, f, x, y);
    case MUL: return fp_mul(env, f, x, y);
    case DIV: return fp_div(env, f, x, y);
    case FMA: return la_fp_fma(env, f, x, y, z, imm & NEGATE_ADDEND, imm & NEGATE_RESULT);
    case MAX: return fp_max(env, f, x, y, false);
    case MIN: return fp_min(env, f, x, y, false);
    case MAXA: return la_fp_max_mag(env, f, x, y, false);
    case MINA: return la_fp_max_mag(env, f, x, y, true);
    case SQRT: return fp_sqrt(env, f, x);
    case RECIP: return la_fp_recip(env, f, x);
    case RSQRT: return la_fp_rsqrt(env, f, x);
    case COMPARE: return la_fp_compare(env, f, with(imm), x, y) ? ~0ull : 0;
    case CLASS: return la_fp_class(f, x);
    case LOGB: return la_fp_logb(env, f, x);
    case RINT: return fp_round(env, f, x, true);
    case CVT: return fp_cvt(env, to, f, x);
    case FTOI: return fp_to_int(env, f, 8u << to_lane(imm), imm & UNSIGNED, x);
    case ITOF: return fp_from_int(env, to, 8u << from_lane(imm), imm & UNSIGNED, x);
    default: return 0;
    }
}

/* Results that may be subnormal and then underflow, exact or not, where that traps. */
static bool computes(uint64_t imm)
{
    unsigned op = imm & OP;
    return op <= FMA || op == RECIP || op == CVT;
}

/* Narrowing fills the result from b, then a; widening takes half of a. True: a result is tiny. */
static bool compute(struct fp_env *env, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                    const union ir_vec *c, uint64_t imm)
{
    unsigned from = 1u << from_lane(imm), to = 1u << to_lane(imm), count = 16 / to, half = count / 2;
    union ir_vec r;
    bool tiny = false;
    for (unsigned n = 0; n < count; n++) {
        const union ir_vec *v = to < from && n < half ? b : a;
        unsigned lane = to < from ? n % half : to > from && imm & HIGH ? count + n : n;
        uint64_t x = ld_le(v->b + lane * from, from), y = b ? ld_le(b->b + n * to, to) : 0;
        uint64_t result = one_lane(env, imm, x, y, c ? ld_le(c->b + n * to, to) : 0);
        st_le(r.b + n * to, result, to);
        tiny |= computes(imm) && la_fp_is_tiny(format_of(to_lane(imm)), result);
    }
    *dst = r;
    return tiny;
}

static enum ir_rm rounding(uint64_t imm)
{
    return (enum ir_rm)(imm / RM & 7);
}

void la_vec_fp_lanes(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    struct fp_env env;
    la_fp_env(LA_CPU(cpu), rounding(imm), &env);
    compute(&env, dst, a, b, c, imm);
    cpu->fp_flags |= env.flags;
}

enum ir_rm la_vec_fp_rounding(uint64_t what)
{
    return rounding(what);
}

void la_vec_fp_again(struct fp_env *env, uint64_t what, const union ir_vec *low, const union ir_vec *high)
{
    union ir_vec unused;
    compute(env, &unused, &low[0], &low[1], &low[2], what);
    if (what & LA_VS_X)
        compute(env, &unused, &high[0], &high[1], &high[2], what);
}

/* With exceptions enabled: all lanes first. a: imm; b: registers rd, rj, rk, ra in bytes. */
uint64_t la_helper_vec_fp(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    unsigned rd = b & 31, rj = b >> 8 & 31, rk = b >> 16 & 31, ra = b >> 24 & 31;
    union ir_vec low, high;
    struct fp_env env;
    (void)c, (void)d;
    la_fp_env(la, rounding(a), &env);
    bool tiny = compute(&env, &low, &la->v[rj][0], &la->v[rk][0], &la->v[ra][0], a);
    if (a & LA_VS_X)
        tiny |= compute(&env, &high, &la->v[rj][1], &la->v[rk][1], &la->v[ra][1], a);
    if (!la_fp_done(la, &env, tiny, LA_VFPE))
        return 0;
    la->v[rd][0] = low;
    if (a & LA_VS_X)
        la->v[rd][1] = high;
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
    enum ir_rm rm = rounding(imm);
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
    case RINT: return ir_vfop(t->u, IR_VFRINT, lane, rounding(imm), a, IR_NONE, IR_NONE, 1);
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
    if (op != CLASS)
        la_note_fp(t, LA_FP_VECTOR | arg, t->d.rj, second ? t->d.rk : -1, op == FMA ? t->d.ra : -1, la_vs_halves(arg));
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
