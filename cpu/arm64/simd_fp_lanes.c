/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD floating point that the IR's operations do not have: half precision, steps and estimates of reciprocals,
 * extended multiply, fixed point, FCVTXN, FRINT32/64, products of halves and BFloat16 summed in single precision
 * (Arm ARM C7.2; J1.3 FPMulX(), FPRecipEstimate(), FPRSqrtEstimate(), FPMulAddH(), BFDotAdd()...).
 */
#include "core/util/bytes.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/simd_fp_impl.h"
#include "cpu/arm64/simd_lanes.h"

/* ---- a number taken apart ---- */
struct number {
    bool sign, nan, inf, zero;
    int exp;       /* as encoded */
    uint64_t frac; /* likewise */
};

/* FPUnpack() but for signalling NaNs: denormals are zeros where FPCR wants it. */
static struct number unpack(struct fp_env *env, enum fp_format f, uint64_t v)
{
    int top = 2 * a64_fp_layouts[f].bias + 1;
    struct number n = { .sign = v >> (a64_fp_layouts[f].bits - 1) & 1, .frac = zext(v, a64_fp_layouts[f].frac) };
    n.exp = (int)zext(v >> a64_fp_layouts[f].frac, a64_fp_layouts[f].bits - 1u - a64_fp_layouts[f].frac);
    n.nan = n.exp == top && n.frac != 0;
    n.inf = n.exp == top && n.frac == 0;
    if (n.exp == 0 && n.frac != 0 && (f == FP_F16 ? env->flush16 : env->daz)) {
        env->flags |= f == FP_F16 ? 0 : CPU_FP_DENORMAL;
        n.frac = 0;
    }
    n.zero = n.exp == 0 && n.frac == 0;
    return n;
}

static uint64_t pack(enum fp_format f, bool sign, int exp, uint64_t frac)
{
    return (uint64_t)sign << (a64_fp_layouts[f].bits - 1) | (uint64_t)exp << a64_fp_layouts[f].frac | frac;
}
static uint64_t infinity(enum fp_format f, bool sign)
{
    return pack(f, sign, 2 * a64_fp_layouts[f].bias + 1, 0);
}
/* FPProcessNaN() */
static uint64_t quiet(struct fp_env *env, enum fp_format f, uint64_t v)
{
    uint64_t bit = BIT(a64_fp_layouts[f].frac - 1u);
    if (!(v & bit))
        env->flags |= CPU_FP_INVALID;
    return env->default_nan ? infinity(f, false) | bit : v | bit;
}

/* ---- one or two operands, any format ---- */
enum lane_op { MULX, RECPS, RSQRTS, RECPE, RSQRTE, RECPX, FIXED_TO, FIXED_FROM, ROUND_32, ROUND_64 };

/* Infinity times zero: the operand's own kinds decide, FZ included. */
static bool is_inf_times_zero(struct fp_env *env, enum fp_format f, uint64_t x, uint64_t y)
{
    struct fp_env tried = *env;
    struct number a = unpack(&tried, f, x), b = unpack(&tried, f, y);
    if (!((a.inf && b.zero) || (a.zero && b.inf)))
        return false;
    env->flags = tried.flags;
    return true;
}

static uint64_t mulx(struct fp_env *env, enum fp_format f, uint64_t x, uint64_t y)
{
    if (is_inf_times_zero(env, f, x, y))
        return pack(f, (x ^ y) >> (a64_fp_layouts[f].bits - 1) & 1, a64_fp_layouts[f].bias + 1, 0);
    return fp_mul(env, f, x, y);
}

static uint64_t recip_step(struct fp_env *env, enum fp_format f, uint64_t x, uint64_t y)
{
    uint64_t two = pack(f, false, a64_fp_layouts[f].bias + 1, 0);
    x ^= BIT(a64_fp_layouts[f].bits - 1);
    return is_inf_times_zero(env, f, x, y) ? two : fp_fma(env, f, x, y, two, false, false);
}

/*
 * (3 - x y) / 2 = 1.5 - (x / 2) y, rounded once. Halving is exact for the operand that is large enough; if
 * none is, the product is so small that it only decides how 1.5 is rounded.
 */
static uint64_t rsqrt_step(struct fp_env *env, enum fp_format f, uint64_t x, uint64_t y)
{
    uint64_t three_halves = pack(f, false, a64_fp_layouts[f].bias, BIT(a64_fp_layouts[f].frac - 1u));
    int top = 2 * a64_fp_layouts[f].bias + 1;
    x ^= BIT(a64_fp_layouts[f].bits - 1);
    if (is_inf_times_zero(env, f, x, y))
        return three_halves;
    struct fp_env none = *env;
    struct number a = unpack(&none, f, x), b = unpack(&none, f, y);
    if (a.exp >= 2 && a.exp < top)
        x -= BIT(a64_fp_layouts[f].frac);
    else if (b.exp >= 2 && b.exp < top)
        y -= BIT(a64_fp_layouts[f].frac);
    return fp_fma(env, f, x, y, three_halves, false, false);
}

static uint64_t recip_overflow(struct fp_env *env, enum fp_format f, bool sign)
{
    bool to_inf = env->rm == IR_RNE || env->rm == (sign ? IR_RDN : IR_RUP);
    env->flags |= CPU_FP_OVERFLOW | CPU_FP_INEXACT;
    return infinity(f, sign) - !to_inf;
}

static uint64_t recip_estimate(struct fp_env *env, enum fp_format f, uint64_t v)
{
    struct number n = unpack(env, f, v);
    int bias = a64_fp_layouts[f].bias;
    unsigned frac = a64_fp_layouts[f].frac;
    if (n.nan)
        return quiet(env, f, v);
    if (n.inf)
        return pack(f, n.sign, 0, 0);
    if (n.zero) {
        env->flags |= CPU_FP_DIVZERO;
        return infinity(f, n.sign);
    }
    if (n.exp == 0 && n.frac < BIT(frac - 2)) /* below 2^-(bias + 1) */
        return recip_overflow(env, f, n.sign);
    if ((f == FP_F16 ? env->flush16 : env->ftz) && n.exp >= 2 * bias - 1) {
        env->flags |= CPU_FP_UNDERFLOW;
        return pack(f, n.sign, 0, 0);
    }
    if (n.exp == 0) { /* normalized; one or two places */
        unsigned shift = n.frac >> (frac - 1) ? 1 : 2;
        n.exp = 1 - (int)shift;
        n.frac = zext(n.frac << shift, frac);
    }
    uint64_t r = zext(a64_recip_estimate(256u | (unsigned)(n.frac >> (frac - 8))), 8) << (frac - 8);
    int exp = 2 * bias - 1 - n.exp;
    if (exp <= 0) { /* denormal */
        r = (BIT(frac) | r) >> (1 - exp);
        exp = 0;
    }
    return pack(f, n.sign, exp, r);
}

static uint64_t rsqrt_estimate(struct fp_env *env, enum fp_format f, uint64_t v)
{
    struct number n = unpack(env, f, v);
    unsigned frac = a64_fp_layouts[f].frac;
    if (n.nan)
        return quiet(env, f, v);
    if (n.zero) {
        env->flags |= CPU_FP_DIVZERO;
        return infinity(f, n.sign);
    }
    if (n.sign) {
        env->flags |= CPU_FP_INVALID;
        return infinity(f, false) | BIT(frac - 1);
    }
    if (n.inf)
        return 0;
    if (n.exp == 0) {
        unsigned shift = clz64(n.frac) - (63 - frac);
        n.exp = 1 - (int)shift;
        n.frac = zext(n.frac << shift, frac);
    }
    unsigned scaled = n.exp & 1 ? 128u | (unsigned)(n.frac >> (frac - 7)) : 256u | (unsigned)(n.frac >> (frac - 8));
    int exp = (3 * a64_fp_layouts[f].bias - 1 - n.exp) / 2;
    return pack(f, false, exp, zext(a64_recip_sqrt_estimate(scaled), 8) << (frac - 8));
}

static uint64_t recip_exponent(struct fp_env *env, enum fp_format f, uint64_t v)
{
    struct number n = unpack(env, f, v);
    int top = 2 * a64_fp_layouts[f].bias + 1;
    if (n.nan)
        return quiet(env, f, v);
    return pack(f, n.sign, n.exp == 0 ? top - 1 : top - n.exp, 0);
}

/* To integers of the lane's own size; of halves 16 bits, saturated. */
static uint64_t to_fixed(struct fp_env *env, enum fp_format f, bool is_unsigned, unsigned fbits, uint64_t v)
{
    if (f != FP_F16)
        return a64_fp_to_fixed(env, f, a64_fp_layouts[f].bits, is_unsigned, fbits, v);
    struct fp_env wide = *env;
    uint64_t r = a64_fp_to_fixed(&wide, f, 32, is_unsigned, fbits, v);
    int64_t s = is_unsigned ? (int64_t)r : (int64_t)sext(r, 32), most = is_unsigned ? 65535 : 32767;
    int64_t least = is_unsigned ? 0 : -32768;
    if (s > most || s < least) {
        env->flags |= CPU_FP_INVALID | (wide.flags & CPU_FP_DENORMAL);
        return (uint64_t)(s > most ? most : least);
    }
    env->flags = wide.flags;
    return r;
}

static uint64_t from_fixed(struct fp_env *env, enum fp_format f, bool is_unsigned, unsigned fbits, uint64_t v)
{
    unsigned bits = f == FP_F64 ? 64 : 32;
    if (f == FP_F16 && !is_unsigned)
        v = sext(v, 16);
    return a64_fp_from_fixed(env, f, bits, is_unsigned, fbits, zext(v, bits));
}

enum { FBITS = 20, OP = 32, UNSIGNED = 1 << 27 };
static uint64_t lane_op(struct fp_env *env, enum fp_format f, uint64_t x, uint64_t y, uint64_t imm)
{
    unsigned fbits = imm >> FBITS & 0x7f;
    switch ((enum lane_op)(imm >> OP)) {
    case MULX: return mulx(env, f, x, y);
    case RECPS: return recip_step(env, f, x, y);
    case RSQRTS: return rsqrt_step(env, f, x, y);
    case RECPE: return recip_estimate(env, f, x);
    case RSQRTE: return rsqrt_estimate(env, f, x);
    case RECPX: return recip_exponent(env, f, x);
    case FIXED_TO: return to_fixed(env, f, imm & UNSIGNED, fbits, x);
    case FIXED_FROM: return from_fixed(env, f, imm & UNSIGNED, fbits, x);
    case ROUND_32: return a64_fp_round_int(env, f, 32, x);
    case ROUND_64: return a64_fp_round_int(env, f, 64, x);
    }
    return 0;
}

void a64_vec_fp_lanes(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                      const union ir_vec *vc, uint64_t imm)
{
    unsigned lane = imm & 3, count = (unsigned)(imm >> 4 & 31) >> lane;
    union ir_vec r = { .d = { 0, 0 } };
    struct fp_env env;
    (void)vc;
    a64_fp_env(A64_CPU(cpu), (enum ir_rm)(imm >> 16 & 7), &env);
    for (unsigned n = 0; n < count; n++)
        a64_set_lane(&r, lane, n,
                     lane_op(&env, (enum fp_format)(lane - 1), a64_lane(va, lane, n),
                             vb != NULL ? a64_lane(vb, lane, n) : 0, imm));
    a64_fp_done(A64_CPU(cpu), &env);
    *dst = r;
}

/* ---- operations of the IR on halves ---- */
static uint64_t half_lane(struct fp_env *env, enum ir_op op, bool flag, uint64_t x, uint64_t y, uint64_t z)
{
    switch (op) {
    case IR_VFADD: return fp_add(env, FP_F16, x, y);
    case IR_VFSUB: return fp_sub(env, FP_F16, x, y);
    case IR_VFMUL: return fp_mul(env, FP_F16, x, y);
    case IR_VFDIV: return fp_div(env, FP_F16, x, y);
    case IR_VFSQRT: return fp_sqrt(env, FP_F16, x);
    case IR_VFMA: return fp_fma(env, FP_F16, x, y, z, false, false);
    case IR_VFMIN: return fp_min(env, FP_F16, x, y, flag);
    case IR_VFMAX: return fp_max(env, FP_F16, x, y, flag);
    case IR_VFCEQ: return fp_cmp(env, FP_F16, IR_FEQ, x, y) ? 0xffff : 0;
    case IR_VFCGE: return fp_cmp(env, FP_F16, IR_FLE, y, x) ? 0xffff : 0;
    case IR_VFCGT: return fp_cmp(env, FP_F16, IR_FLT, y, x) ? 0xffff : 0;
    case IR_VFTOI: return to_fixed(env, FP_F16, flag, 0, x);
    case IR_VITOF: return from_fixed(env, FP_F16, flag, 0, x);
    default: return fp_round(env, FP_F16, x, flag); /* VFRINT */
    }
}

void a64_vec_half_lanes(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                        const union ir_vec *vc, uint64_t imm)
{
    unsigned count = (unsigned)(imm >> 4 & 31) / 2;
    union ir_vec r = { .d = { 0, 0 } };
    struct fp_env env;
    a64_fp_env(A64_CPU(cpu), (enum ir_rm)(imm >> 16 & 7), &env);
    for (unsigned n = 0; n < count; n++)
        r.h[n] = (uint16_t)half_lane(&env, (enum ir_op)(imm >> 32), imm & A64_HALF_LANES_IMM, va->h[n],
                                     vb != NULL ? vb->h[n] : 0, vc != NULL ? vc->h[n] : 0);
    a64_fp_done(A64_CPU(cpu), &env);
    *dst = r;
}

/* ---- conversions that change the size; results in the low half ---- */
enum narrowing { HALF_FROM_SINGLE, SINGLE_FROM_HALF, BF16_FROM_SINGLE, SINGLE_ODD };
enum { UPPER = 1 << 20 }; /* SINGLE_FROM_HALF: of the upper half */

/* FPRounding_ODD: towards zero, and what was lost is or'ed into the last place. */
static uint64_t round_odd(struct fp_env *env, uint64_t v)
{
    struct fp_env one = *env;
    one.flags = 0;
    uint64_t r = fp_cvt(&one, FP_F32, FP_F64, v);
    env->flags |= one.flags;
    return r | (one.flags & CPU_FP_INEXACT ? 1 : 0);
}

void a64_vec_fp_resize(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                       const union ir_vec *vc, uint64_t imm)
{
    struct a64_cpu *a = A64_CPU(cpu);
    enum narrowing op = (enum narrowing)(imm >> 32);
    unsigned count = op == SINGLE_ODD ? (unsigned)(imm >> 4 & 31) / 8 : 4;
    union ir_vec r = { .d = { 0, 0 } };
    struct fp_env env;
    (void)vb, (void)vc;
    a64_fp_env(a, op == SINGLE_ODD ? IR_RTZ : IR_RM_DYN, &env);
    for (unsigned n = 0; n < count; n++)
        switch (op) {
        case HALF_FROM_SINGLE: r.h[n] = (uint16_t)a64_fp_cvt(a, &env, FP_F16, FP_F32, va->w[n]); break;
        case SINGLE_FROM_HALF:
            r.w[n] = (uint32_t)a64_fp_cvt(a, &env, FP_F32, FP_F16, va->h[n + (imm & UPPER ? 4 : 0)]);
            break;
        case BF16_FROM_SINGLE: r.h[n] = (uint16_t)a64_fp_to_bf16(&env, va->w[n]); break;
        case SINGLE_ODD: r.w[n] = (uint32_t)round_odd(&env, va->d[n]); break;
        }
    a64_fp_done(a, &env);
    *dst = r;
}

/* ---- FMLAL: products of halves, exact, added in single precision ---- */
static uint64_t half_as_single(const struct fp_env *env, uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, frac = h & 0x3ff, exp = h >> 10 & 31;
    if (exp == 31)
        return sign | 0x7f800000 | frac << 13;
    if (exp != 0)
        return sign | (exp + 112) << 23 | frac << 13;
    if (frac == 0 || env->flush16)
        return sign;
    unsigned shift = clz64(frac) - 53; /* up to bit 10 */
    return sign | (113 - shift) << 23 | (frac << shift & 0x3ff) << 13;
}

enum { FML_SECOND = 1 << 20, FML_NEGATE = 1 << 21, FML_ELEMENT = 1 << 22 };
void a64_vec_fmlal(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                   const union ir_vec *vc, uint64_t imm)
{
    unsigned count = (unsigned)(imm >> 4 & 31) / 4, from = imm & FML_SECOND ? count : 0;
    union ir_vec r = { .d = { 0, 0 } };
    struct fp_env env;
    a64_fp_env(A64_CPU(cpu), IR_RM_DYN, &env);
    for (unsigned n = 0; n < count; n++) {
        uint64_t x = half_as_single(&env, va->h[from + n]);
        uint64_t y = half_as_single(&env, vb->h[imm & FML_ELEMENT ? 0 : from + n]);
        r.w[n] = (uint32_t)fp_fma(&env, FP_F32, imm & FML_NEGATE ? x ^ 0x80000000 : x, y, vc->w[n], false, false);
    }
    a64_fp_done(A64_CPU(cpu), &env);
    *dst = r;
}

/* ---- BFDOT, BFMMLA without FEAT_EBF16: round to odd, denormals are zeros, no flags, default NaN ---- */
static const struct fp_env bf16_env = {
    .rule = IR_FP_ARM, .rm = IR_RTZ, .daz = true, .ftz = true, .default_nan = true
};

static uint64_t bf16_odd(const struct fp_env *env, uint64_t r)
{
    if (env->flags & CPU_FP_OVERFLOW)
        return (r & 0x80000000) | 0x7f800000;
    return r | (env->flags & CPU_FP_INEXACT ? 1 : 0);
}
static uint64_t bf16_mul(uint16_t x, uint16_t y)
{
    struct fp_env env = bf16_env;
    uint64_t r = fp_mul(&env, FP_F32, (uint64_t)x << 16, (uint64_t)y << 16);
    return bf16_odd(&env, r);
}
static uint64_t bf16_add(uint64_t x, uint64_t y)
{
    struct fp_env env = bf16_env;
    uint64_t r = fp_add(&env, FP_F32, x, y);
    return bf16_odd(&env, r);
}
static uint64_t bf16_dot(uint64_t sum, const uint16_t *x, const uint16_t *y)
{
    return bf16_add(sum, bf16_add(bf16_mul(x[0], y[0]), bf16_mul(x[1], y[1])));
}

void a64_vec_bfdot(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                   const union ir_vec *vc, uint64_t imm)
{
    union ir_vec r = { .d = { 0, 0 } };
    (void)cpu;
    for (unsigned n = 0; n < (imm >> 4 & 31) / 4; n++)
        r.w[n] = (uint32_t)bf16_dot(vc->w[n], va->h + 2 * n, vb->h + 2 * n);
    *dst = r;
}

void a64_vec_bfmmla(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                    const union ir_vec *vc, uint64_t imm)
{
    union ir_vec r;
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned j = 0; j < 2; j++) {
            uint64_t sum = bf16_dot(vc->w[2 * i + j], va->h + 4 * i, vb->h + 4 * j);
            r.w[2 * i + j] = (uint32_t)bf16_dot(sum, va->h + 4 * i + 2, vb->h + 4 * j + 2);
        }
    *dst = r;
}

/* ---- rows ---- */
enum { R_TWO = A64_VS_FLAG, R_UNSIGNED = 2 * A64_VS_FLAG, R_RTZ = 4 * A64_VS_FLAG };

static uint64_t lanes_imm(struct a64_shape s, unsigned arg)
{
    return A64_VEC_IMM(s.lane, s.bytes) | A64_SIMD_RM(arg & R_RTZ ? IR_RTZ : IR_RM_DYN) |
           (arg & R_UNSIGNED ? (uint64_t)UNSIGNED : 0) | (uint64_t)(arg & A64_VS_OP) << OP;
}

static void lanes(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_fp_shape(t, arg);
    ir_val_t b = arg & R_TWO ? a64_second(t, arg, s.lane) : IR_NONE;
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_fp_lanes, a64_v(t, t->d.rn), b, IR_NONE, lanes_imm(s, arg)));
}

/* #fbits is encoded as a shift to the right. */
static void fixed_point(struct a64_tr *t, unsigned arg)
{
    struct a64_shape s = a64_shift_shape(t, arg);
    uint64_t fbits = a64_shift_right(t, s.lane);
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_fp_lanes, a64_v(t, t->d.rn), IR_NONE, IR_NONE,
                                   lanes_imm(s, arg) | fbits << FBITS));
}

static ir_val_t resized(struct a64_tr *t, enum narrowing op, uint64_t imm)
{
    return ir_callv(t->u, A64_VEC_fp_resize, a64_v(t, t->d.rn), IR_NONE, IR_NONE, imm | (uint64_t)op << 32);
}

void a64_simd_half_to_single(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, resized(t, SINGLE_FROM_HALF, a64_q(t) ? UPPER : 0));
}
void a64_simd_single_to_half(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_half(t, resized(t, HALF_FROM_SINGLE, 0));
}
static void bfcvtn(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_half(t, resized(t, BF16_FROM_SINGLE, 0));
}
static void fcvtxn(struct a64_tr *t, unsigned arg)
{
    ir_val_t v = resized(t, SINGLE_ODD, A64_VEC_IMM(3, arg & A64_VS_N ? 8 : 16));
    if (arg & A64_VS_N)
        a64_put_v(t, t->d.rd, v);
    else
        a64_put_half(t, v);
}

static void fmlal(struct a64_tr *t, unsigned flags)
{
    ir_val_t b = flags & FML_ELEMENT ? a64_vdup_lane(t, 1, t->d.rm, t->d.idx) : a64_v(t, t->d.rm);
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_fmlal, a64_v(t, t->d.rn), b, a64_v(t, t->d.rd),
                                   A64_VEC_IMM(2, a64_q_bytes(t)) | flags));
}

static void bfdot(struct a64_tr *t, unsigned arg)
{
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_bfdot, a64_v(t, t->d.rn), a64_second(t, arg, 2),
                                   a64_v(t, t->d.rd), A64_VEC_IMM(2, a64_q_bytes(t))));
}
static void bfmmla(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_bfmmla, a64_v(t, t->d.rn), a64_v(t, t->d.rm), a64_v(t, t->d.rd), 0));
}

/* clang-format off */
#define FP A64_SEM_FP
#define VEC(INSN, ARG) { A64_INSN_##INSN##_V, FP, lanes, ARG }, { A64_INSN_##INSN##_V16, FP, lanes, (ARG) | A64_VS_H }
#define NUM(INSN, ARG) { A64_INSN_##INSN##_N, FP, lanes, (ARG) | A64_VS_N }, \
    { A64_INSN_##INSN##_N16, FP, lanes, (ARG) | A64_VS_N | A64_VS_H }
#define BOTH(INSN, ARG) VEC(INSN, ARG), NUM(INSN, ARG)
#define FIXED(INSN, ARG) { A64_INSN_##INSN##_VI, FP, fixed_point, ARG }, { A64_INSN_##INSN##_VI16, FP, fixed_point, ARG }, \
    { A64_INSN_##INSN##_NI, FP, fixed_point, (ARG) | A64_VS_N }, { A64_INSN_##INSN##_NI16, FP, fixed_point, (ARG) | A64_VS_N }
#define MULX_ELT (MULX | R_TWO | A64_VS_ELT)
#define FML(INSN, FLAGS) { A64_INSN_##INSN##_V, FP, fmlal, FLAGS }, { A64_INSN_##INSN##_VE, FP, fmlal, (FLAGS) | FML_ELEMENT }
const struct a64_semantics a64_simd_fp_lanes_rows[] = {
    BOTH(FMULX, MULX | R_TWO), BOTH(FRECPS, RECPS | R_TWO), BOTH(FRSQRTS, RSQRTS | R_TWO),
    { A64_INSN_FMULX_VEH, FP, lanes, MULX_ELT | A64_VS_H }, { A64_INSN_FMULX_NEH, FP, lanes, MULX_ELT | A64_VS_N | A64_VS_H },
    { A64_INSN_FMULX_VES, FP, lanes, MULX_ELT | A64_VS_S }, { A64_INSN_FMULX_NES, FP, lanes, MULX_ELT | A64_VS_N | A64_VS_S },
    { A64_INSN_FMULX_VED, FP, lanes, MULX_ELT | A64_VS_D }, { A64_INSN_FMULX_NED, FP, lanes, MULX_ELT | A64_VS_N | A64_VS_D },
    BOTH(FRECPE, RECPE), BOTH(FRSQRTE, RSQRTE), NUM(FRECPX, RECPX),
    FIXED(SCVTF, FIXED_FROM), FIXED(UCVTF, FIXED_FROM | R_UNSIGNED),
    FIXED(FCVTZS, FIXED_TO | R_RTZ), FIXED(FCVTZU, FIXED_TO | R_RTZ | R_UNSIGNED),
    { A64_INSN_FRINT32Z_V, FP, lanes, ROUND_32 | R_RTZ }, { A64_INSN_FRINT64Z_V, FP, lanes, ROUND_64 | R_RTZ },
    { A64_INSN_FRINT32X_V, FP, lanes, ROUND_32 }, { A64_INSN_FRINT64X_V, FP, lanes, ROUND_64 },
    { A64_INSN_FCVTXN_V, FP, fcvtxn, 0 }, { A64_INSN_FCVTXN_N, FP, fcvtxn, A64_VS_N },
    { A64_INSN_BFCVTN_V, FP, bfcvtn, 0 },
    FML(FMLAL, 0), FML(FMLSL, FML_NEGATE), FML(FMLAL2, FML_SECOND), FML(FMLSL2, FML_SECOND | FML_NEGATE),
    { A64_INSN_BFDOT_V, FP, bfdot, 0 }, { A64_INSN_BFDOT_VE, FP, bfdot, A64_VS_S | A64_VS_ELT },
    { A64_INSN_BFMMLA_V, FP, bfmmla, 0 },
    A64_ROWS_END
};
/* clang-format on */
