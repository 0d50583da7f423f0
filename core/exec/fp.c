/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/fp.h"
#include "core/exec/fp_impl.h"

typedef unsigned __int128 u128;

const struct fp_layout fp_layouts[] = {
    [FP_F16] = { 16, 10, 15 },
    [FP_F32] = { 32, 23, 127 },
    [FP_F64] = { 64, 52, 1023 },
};

void fp_env_init(struct fp_env *env, enum ir_fp_rule rule, uint32_t mode, enum ir_rm rm)
{
    static const enum ir_rm host[4] = { IR_RNE, IR_RDN, IR_RUP, IR_RTZ }; /* MXCSR.RC */
    *env = (struct fp_env){ .rule = rule,
                            .rm = rm == IR_RM_DYN ? host[F_GET(mode, 14, 13)] : rm,
                            .daz = mode >> 6 & 1,
                            .ftz = mode >> 15 & 1,
                            .default_nan = rule == IR_FP_ARM && (mode & FP_MODE_DN) };
}

/* ---- packing ---- */

struct fp_num fp_unpack(struct fp_env *env, enum fp_format f, uint64_t v)
{
    const struct fp_layout *l = &fp_layouts[f];
    unsigned e = (unsigned)zext(v >> l->frac, l->bits - 1u - l->frac);
    uint64_t frac = zext(v, l->frac);
    struct fp_num n = { .sign = v >> (l->bits - 1) & 1 };
    if (e == (unsigned)(2 * l->bias + 1)) {
        n.kind = frac == 0 ? FP_INF : frac >> (l->frac - 1) ? FP_QNAN : FP_SNAN;
        n.sig = frac << (63 - l->frac);
    } else if (e != 0) {
        n.kind = FP_FINITE;
        n.exp = (int)e - l->bias;
        n.sig = BIT(63) | frac << (63 - l->frac);
    } else if (frac == 0) {
        n.kind = FP_ZERO;
    } else if (f == FP_F16 ? env->flush16 : env->daz) {
        n.kind = FP_ZERO;
        if (env->rule == IR_FP_ARM && f != FP_F16)
            env->flags |= CPU_FP_DENORMAL;
    } else {
        unsigned shift = clz64(frac);
        n.kind = FP_FINITE;
        n.denormal = true;
        n.sig = frac << shift;
        n.exp = 1 - l->bias + (63 - l->frac) - (int)shift;
    }
    return n;
}

static uint64_t overflow(struct fp_env *env, enum fp_format f, bool sign)
{
    env->flags |= CPU_FP_OVERFLOW | CPU_FP_INEXACT;
    bool to_inf = env->rm == IR_RNE || env->rm == IR_RMM || (env->rm == IR_RDN && sign) ||
                  (env->rm == IR_RUP && !sign);
    return to_inf ? fp_inf(f, sign) : fp_inf(f, sign) - 1; /* else the largest finite number */
}

/* `exp` is below the least normal one. Is the result tiny in the guest's sense? */
static bool is_tiny(const struct fp_env *env, const struct fp_layout *l, bool sign, int exp,
                    uint64_t sig)
{
    if (env->rule == IR_FP_ARM || exp < -l->bias)
        return true;
    /* After rounding as if the exponent were unbounded: only a carry out reaches the least normal.
     */
    unsigned drop = 63u - l->frac;
    uint64_t rest = zext(sig, drop);
    return !(sig >> drop == BIT(l->frac + 1u) - 1 &&
             fp_rounds_up(env->rm, sign, rest, BIT(drop - 1), true));
}

uint64_t fp_pack(struct fp_env *env, enum fp_format f, bool sign, int exp, uint64_t sig)
{
    const struct fp_layout *l = &fp_layouts[f];
    unsigned drop = 63u - l->frac, norm = clz64(sig);
    bool tiny = false;
    sig <<= norm;
    exp -= (int)norm;
    int least = 1 - l->bias;
    if (exp < least) {
        tiny = is_tiny(env, l, sign, exp, sig);
        if (tiny && (f == FP_F16 ? env->flush16 : env->ftz)) {
            env->flags |=
                env->rule == IR_FP_ARM ? CPU_FP_UNDERFLOW : CPU_FP_UNDERFLOW | CPU_FP_INEXACT;
            return fp_zero(f, sign);
        }
        sig = fp_shift_jam(sig, (unsigned)(least - exp));
        exp = least;
    }
    uint64_t rest = zext(sig, drop);
    sig >>= drop;
    if (rest != 0) {
        env->flags |= CPU_FP_INEXACT | (tiny ? CPU_FP_UNDERFLOW : 0u);
        sig += fp_rounds_up(env->rm, sign, rest, BIT(drop - 1), sig & 1);
    }
    /* The integer bit adds to the exponent field: 0 for a denormal, a carry makes it the next one.
     */
    uint64_t field = (uint64_t)(exp - least);
    if (field + (sig >> l->frac) > (uint64_t)(2 * l->bias))
        return overflow(env, f, sign);
    return fp_zero(f, sign) | ((field << l->frac) + sig);
}

/* ---- NaN ---- */

uint64_t fp_default_nan(const struct fp_env *env, enum fp_format f)
{
    return fp_inf(f, env->rule == IR_FP_X86) | BIT(fp_layouts[f].frac - 1u);
}

uint64_t fp_invalid(struct fp_env *env, enum fp_format f)
{
    env->flags |= CPU_FP_INVALID;
    return fp_default_nan(env, f);
}

uint64_t fp_quiet(const struct fp_env *env, enum fp_format f, const struct fp_num *n)
{
    const struct fp_layout *l = &fp_layouts[f];
    if (env->rule == IR_FP_RISCV || env->default_nan)
        return fp_default_nan(env, f);
    return fp_inf(f, n->sign) | BIT(l->frac - 1u) | n->sig >> (63 - l->frac);
}

void fp_note_denormal(struct fp_env *env, bool denormal)
{
    if (denormal && env->rule == IR_FP_X86)
        env->flags |= CPU_FP_DENORMAL;
}

/* Some of the `n` operands, given in order of preference, is a NaN: the result. */
static uint64_t pick_nan(struct fp_env *env, enum fp_format f, const struct fp_num *const *v,
                         unsigned n)
{
    const struct fp_num *quiet = NULL, *signalling = NULL;
    for (unsigned i = n; i-- > 0;) {
        if (v[i]->kind == FP_SNAN)
            signalling = v[i];
        if (fp_is_nan(v[i]) && (v[i]->kind == FP_QNAN || env->rule == IR_FP_X86))
            quiet = v[i];
    }
    if (signalling)
        env->flags |= CPU_FP_INVALID;
    if (env->rule == IR_FP_X86)
        return fp_quiet(env, f, quiet); /* the first of either kind */
    return fp_quiet(env, f, signalling ? signalling : quiet);
}

static uint64_t pick_nan2(struct fp_env *env, enum fp_format f, const struct fp_num *a,
                          const struct fp_num *b)
{
    return pick_nan(env, f, (const struct fp_num *const[]){ a, b }, 2);
}

/* ---- addition ---- */

static u128 shift_jam128(u128 v, unsigned n)
{
    if (n == 0)
        return v;
    return n > 127 ? v != 0 : v >> n | ((v << (128 - n)) != 0);
}

static uint64_t pack128(struct fp_env *env, enum fp_format f, bool sign, int exp, u128 sig)
{
    /* sig / 2^126 * 2^exp, at most bit 127 set */
    unsigned norm = sig >> 64 ? clz64((uint64_t)(sig >> 64)) : 64 + clz64((uint64_t)sig);
    sig <<= norm;
    return fp_pack(env, f, sign, exp + 1 - (int)norm, (uint64_t)(sig >> 64) | ((uint64_t)sig != 0));
}

/* x + y of signed magnitudes with bit 126 or less set; exact zeros follow 754, 6.3. */
static uint64_t add_magnitudes(struct fp_env *env, enum fp_format f, bool sx, int ex, u128 x,
                               bool sy, int ey, u128 y)
{
    int exp = MAX(ex, ey);
    x = shift_jam128(x, (unsigned)(exp - ex));
    y = shift_jam128(y, (unsigned)(exp - ey));
    if (sx == sy)
        return pack128(env, f, sx, exp, x + y);
    if (x == y)
        return fp_zero(f, env->rm == IR_RDN);
    return x > y ? pack128(env, f, sx, exp, x - y) : pack128(env, f, sy, exp, y - x);
}

static uint64_t add(struct fp_env *env, enum fp_format f, uint64_t av, uint64_t bv, bool negate)
{
    struct fp_num a = fp_unpack(env, f, av), b = fp_unpack(env, f, bv);
    if (fp_is_nan(&a) || fp_is_nan(&b))
        return pick_nan2(env, f, &a, &b);
    b.sign ^= negate;
    if (a.kind == FP_INF && b.kind == FP_INF && a.sign != b.sign)
        return fp_invalid(env, f);
    fp_note_denormal(env, a.denormal || b.denormal);
    if (a.kind == FP_INF)
        return fp_inf(f, a.sign);
    if (b.kind == FP_INF)
        return fp_inf(f, b.sign);
    if (a.kind == FP_ZERO && b.kind == FP_ZERO)
        return fp_zero(f, a.sign == b.sign ? a.sign : env->rm == IR_RDN);
    if (a.kind == FP_ZERO)
        return fp_pack(env, f, b.sign, b.exp, b.sig);
    if (b.kind == FP_ZERO)
        return fp_pack(env, f, a.sign, a.exp, a.sig);
    return add_magnitudes(env, f, a.sign, a.exp, (u128)a.sig << 63, b.sign, b.exp,
                          (u128)b.sig << 63);
}

uint64_t fp_add(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b)
{
    return add(env, f, a, b, false);
}

uint64_t fp_sub(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b)
{
    return add(env, f, a, b, true);
}

/* ---- multiplication, division, square root ---- */

uint64_t fp_mul(struct fp_env *env, enum fp_format f, uint64_t av, uint64_t bv)
{
    struct fp_num a = fp_unpack(env, f, av), b = fp_unpack(env, f, bv);
    bool sign = a.sign != b.sign;
    if (fp_is_nan(&a) || fp_is_nan(&b))
        return pick_nan2(env, f, &a, &b);
    if ((a.kind == FP_INF && b.kind == FP_ZERO) || (a.kind == FP_ZERO && b.kind == FP_INF))
        return fp_invalid(env, f);
    fp_note_denormal(env, a.denormal || b.denormal);
    if (a.kind == FP_INF || b.kind == FP_INF)
        return fp_inf(f, sign);
    if (a.kind == FP_ZERO || b.kind == FP_ZERO)
        return fp_zero(f, sign);
    return pack128(env, f, sign, a.exp + b.exp, (u128)a.sig * b.sig);
}

uint64_t fp_div(struct fp_env *env, enum fp_format f, uint64_t av, uint64_t bv)
{
    struct fp_num a = fp_unpack(env, f, av), b = fp_unpack(env, f, bv);
    bool sign = a.sign != b.sign;
    if (fp_is_nan(&a) || fp_is_nan(&b))
        return pick_nan2(env, f, &a, &b);
    if (a.kind == b.kind && a.kind != FP_FINITE)
        return fp_invalid(env, f); /* 0/0, inf/inf */
    if (b.kind == FP_ZERO && a.kind == FP_FINITE) {
        env->flags |= CPU_FP_DIVZERO;
        return fp_inf(f, sign);
    }
    fp_note_denormal(env, a.denormal || b.denormal);
    if (a.kind == FP_INF || b.kind == FP_ZERO)
        return fp_inf(f, sign);
    if (a.kind == FP_ZERO || b.kind == FP_INF)
        return fp_zero(f, sign);
    /* The quotient of significands, in [1/2, 2), brought to 64 bits. */
    bool less = a.sig < b.sig;
    u128 n = (u128)a.sig << (less ? 64 : 63);
    uint64_t q = (uint64_t)(n / b.sig);
    return fp_pack(env, f, sign, a.exp - b.exp - less, q | (n % b.sig != 0));
}

/* Integer square root of n >= 2^126, digit by digit; bit 0 of the result is sticky as well. */
static uint64_t root_of(u128 n)
{
    uint64_t r = 0;
    for (uint64_t bit = BIT(63); bit != 0; bit >>= 1) {
        uint64_t t = r | bit;
        if ((u128)t * t <= n)
            r = t;
    }
    return r | ((u128)r * r != n);
}

uint64_t fp_sqrt(struct fp_env *env, enum fp_format f, uint64_t av)
{
    struct fp_num a = fp_unpack(env, f, av);
    if (fp_is_nan(&a))
        return pick_nan2(env, f, &a, &a);
    if (a.kind == FP_ZERO)
        return fp_zero(f, a.sign);
    if (a.sign)
        return fp_invalid(env, f);
    fp_note_denormal(env, a.denormal);
    if (a.kind == FP_INF)
        return fp_inf(f, false);
    bool odd = a.exp & 1;
    return fp_pack(env, f, false, (a.exp - odd) / 2, root_of((u128)a.sig << (odd ? 64 : 63)));
}

/* ---- fused multiply-add ---- */

/* An operand is a NaN. */
static uint64_t fma_nan(struct fp_env *env, enum fp_format f, const struct fp_num *a,
                        const struct fp_num *b, const struct fp_num *c)
{
    bool zero_inf =
        (a->kind == FP_ZERO && b->kind == FP_INF) || (a->kind == FP_INF && b->kind == FP_ZERO);
    if (zero_inf && c->kind == FP_QNAN && env->rule != IR_FP_X86) {
        env->flags |= CPU_FP_INVALID;
        return env->rule == IR_FP_LOONGARCH ? fp_quiet(env, f, c) : fp_default_nan(env, f);
    }
    if (env->rule == IR_FP_X86)
        return pick_nan(env, f, (const struct fp_num *const[]){ a, b, c }, 3);
    return pick_nan(env, f, (const struct fp_num *const[]){ c, a, b }, 3);
}

uint64_t fp_fma(struct fp_env *env, enum fp_format f, uint64_t av, uint64_t bv, uint64_t cv,
                bool negate_product, bool negate_addend)
{
    struct fp_num a = fp_unpack(env, f, av), b = fp_unpack(env, f, bv), c = fp_unpack(env, f, cv);
    if (env->rule == IR_FP_ARM) { /* Arm negates operands, NaNs included; others do not touch NaNs */
        a.sign ^= negate_product;
        c.sign ^= negate_addend;
    }
    if (fp_is_nan(&a) || fp_is_nan(&b) || fp_is_nan(&c))
        return fma_nan(env, f, &a, &b, &c);
    if (env->rule != IR_FP_ARM) {
        a.sign ^= negate_product;
        c.sign ^= negate_addend;
    }
    bool sign = a.sign != b.sign, inf = a.kind == FP_INF || b.kind == FP_INF;
    bool zero = a.kind == FP_ZERO || b.kind == FP_ZERO;
    if (inf && (zero || (c.kind == FP_INF && c.sign != sign)))
        return fp_invalid(env, f);
    fp_note_denormal(env, a.denormal || b.denormal || c.denormal);
    if (inf)
        return fp_inf(f, sign);
    if (c.kind == FP_INF)
        return fp_inf(f, c.sign);
    if (zero && c.kind == FP_ZERO)
        return fp_zero(f, sign == c.sign ? sign : env->rm == IR_RDN);
    if (zero)
        return fp_pack(env, f, c.sign, c.exp, c.sig);
    /*
     * The product of two 53-bit significands ends at least 21 bits above bit 0 even after
     * the shift: an alignment by 1, the most that can cancel many bits, loses nothing.
     */
    u128 p = (u128)a.sig * b.sig;
    int exp = a.exp + b.exp + 1;
    if (c.kind == FP_ZERO)
        return pack128(env, f, sign, exp, p >> 1);
    return add_magnitudes(env, f, sign, exp, p >> 1, c.sign, c.exp, (u128)c.sig << 63);
}

/* ---- comparison, minimum, maximum ---- */

/* Neither is a NaN: a < b. -0 counts as below +0 if `signed_zero`. */
static bool is_less(const struct fp_num *a, const struct fp_num *b, bool signed_zero)
{
    if (a->kind == FP_ZERO && b->kind == FP_ZERO)
        return signed_zero && a->sign && !b->sign;
    bool sa = a->sign && a->kind != FP_ZERO, sb = b->sign && b->kind != FP_ZERO;
    if (sa != sb)
        return sa;
    if (sa) { /* both negative: the larger magnitude is less */
        const struct fp_num *t = a;
        a = b;
        b = t;
    }
    if (a->kind != b->kind)
        return a->kind < b->kind; /* 0 < finite < infinite */
    if (a->kind != FP_FINITE)
        return false;
    return a->exp != b->exp ? a->exp < b->exp : a->sig < b->sig;
}

unsigned fp_cmp(struct fp_env *env, enum fp_format f, unsigned cmp, uint64_t av, uint64_t bv)
{
    struct fp_num a = fp_unpack(env, f, av), b = fp_unpack(env, f, bv);
    unsigned kind = cmp & ~(unsigned)IR_FCMP_QUIET;
    if (fp_is_nan(&a) || fp_is_nan(&b)) {
        bool quiet = kind == IR_FEQ || kind == IR_FUNORD || (cmp & IR_FCMP_QUIET);
        if (!quiet || a.kind == FP_SNAN || b.kind == FP_SNAN)
            env->flags |= CPU_FP_INVALID;
        return kind == IR_FIMAGE ? 0x45 : kind == IR_FUNORD;
    }
    fp_note_denormal(env, a.denormal || b.denormal);
    switch (kind) {
    case IR_FEQ:
        return !is_less(&a, &b, false) && !is_less(&b, &a, false);
    case IR_FLT:
        return is_less(&a, &b, false);
    case IR_FLE:
        return !is_less(&b, &a, false);
    case IR_FIMAGE:
        return is_less(&a, &b, false) ? 1 : is_less(&b, &a, false) ? 0 : 0x40;
    default:
        return 0;
    }
}

static uint64_t flushed(enum fp_format f, const struct fp_num *n, uint64_t v)
{
    return n->kind == FP_ZERO ? fp_zero(f, n->sign) : v;
}

static uint64_t min_max(struct fp_env *env, enum fp_format f, uint64_t av, uint64_t bv,
                        bool propagate, bool max)
{
    struct fp_num a = fp_unpack(env, f, av), b = fp_unpack(env, f, bv);
    bool nan_a = fp_is_nan(&a), nan_b = fp_is_nan(&b);
    if (env->rule == IR_FP_X86) { /* SDM, MINSD: the second operand if either is a NaN or both 0 */
        if (nan_a || nan_b) {
            env->flags |= CPU_FP_INVALID;
            return flushed(f, &b, bv);
        }
        fp_note_denormal(env, a.denormal || b.denormal);
        bool first = max ? is_less(&b, &a, false) : is_less(&a, &b, false);
        return first ? flushed(f, &a, av) : flushed(f, &b, bv);
    }
    if (nan_a || nan_b) {
        bool signalling = a.kind == FP_SNAN || b.kind == FP_SNAN;
        /* The number wins; against a signalling NaN under RISC-V's rule only. */
        if (propagate || (nan_a && nan_b) || (signalling && env->rule != IR_FP_RISCV))
            return pick_nan2(env, f, &a, &b);
        if (signalling)
            env->flags |= CPU_FP_INVALID;
        return nan_a ? flushed(f, &b, bv) : flushed(f, &a, av);
    }
    bool first = max ? is_less(&b, &a, true) : is_less(&a, &b, true);
    return first ? flushed(f, &a, av) : flushed(f, &b, bv);
}

uint64_t fp_min(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool propagate)
{
    return min_max(env, f, a, b, propagate, false);
}

uint64_t fp_max(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool propagate)
{
    return min_max(env, f, a, b, propagate, true);
}
