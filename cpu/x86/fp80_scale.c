/* SPDX-License-Identifier: Apache-2.0 */
/* Partial remainder, scaling, taking numbers apart, constants: SDM volume 1, 8.3.4, 8.3.5, 8.3.9.
 */
#include "cpu/x86/fp80_impl.h"

typedef unsigned __int128 u128;

/* m / 2^63 * 2^(exp - bias), m as it comes. */
static struct fp80 exact(struct fp80_env *e, bool sign, int32_t exp, uint64_t m)
{
    if (m == 0)
        return fp80_signed_zero(sign);
    unsigned shift = (unsigned)__builtin_clzll(m);
    return fp80_finish(e, sign, exp - (int32_t)shift, m << shift, 0, 64);
}

/* Both finite, neither zero; `apart` exponents lie between them, at most 63. */
static struct fp80 reduce(struct fp80_env *e, const struct fp80_parts *a,
                          const struct fp80_parts *b, int32_t apart, bool nearest,
                          unsigned *quotient)
{
    bool sign = a->sign;
    if (apart < (nearest ? -1 : 0))
        return exact(e, sign, a->exp, a->m);
    /* In units of the smaller exponent's last place. */
    u128 n = apart < 0 ? a->m : (u128)a->m << apart, divisor = apart < 0 ? (u128)b->m << 1 : b->m;
    int32_t unit = apart < 0 ? a->exp : b->exp;
    u128 q = n / divisor, rest = n % divisor;
    if (nearest && (rest > divisor - rest || (rest == divisor - rest && (q & 1)))) {
        rest = divisor - rest;
        q++;
        sign = !sign;
    }
    *quotient = (unsigned)q & 7;
    if (rest == 0)
        return fp80_signed_zero(a->sign);
    return exact(e, sign, unit, (uint64_t)rest);
}

struct fp80 fp80_remainder(struct fp80_env *e, struct fp80 a, struct fp80 b, bool nearest,
                           unsigned *quotient, bool *partial)
{
    struct fp80_parts pa = fp80_unpack(a), pb = fp80_unpack(b);
    struct fp80 r;
    *quotient = 0;
    *partial = false;
    if (fp80_nan2(e, a, &pa, b, &pb, &r))
        return r;
    if (pa.kind == FP80_K_INF || pb.kind == FP80_K_ZERO)
        return fp80_invalid(e);
    if (fp80_denormal(e, pa.denormal || pb.denormal) || pa.kind == FP80_K_ZERO)
        return a;
    if (pb.kind == FP80_K_INF)
        return exact(e, pa.sign, pa.exp, pa.m);
    int32_t apart = pa.exp - pb.exp;
    if (apart < 64)
        return reduce(e, &pa, &pb, apart, nearest, quotient);
    /* SDM volume 2, FPREM: by 32 to 63, which processors choose so that what is left to do is a
     * multiple of 32. */
    unsigned by = ((unsigned)apart & 31) | 32;
    *partial = true;
    return exact(e, pa.sign, pb.exp + apart - (int32_t)by, (uint64_t)(((u128)pa.m << by) % pb.m));
}

/* trunc(b), as far as it matters: 2^17 is beyond everything. */
static int32_t truncated(const struct fp80_parts *b)
{
    int32_t k = b->exp - FP80_BIAS, n = 0x20000;
    if (b->kind == FP80_K_ZERO || k < 0)
        return 0;
    if (k < 17)
        n = (int32_t)(b->m >> (63 - k));
    return b->sign ? -n : n;
}

/* SDM volume 2, FSCALE, table of results */
struct fp80 fp80_scale(struct fp80_env *e, struct fp80 a, struct fp80 b)
{
    struct fp80_parts pa = fp80_unpack(a), pb = fp80_unpack(b);
    struct fp80 r;
    if (fp80_nan2(e, a, &pa, b, &pb, &r))
        return r;
    bool inf = pb.kind == FP80_K_INF;
    if (inf && pa.kind == (pb.sign ? FP80_K_INF : FP80_K_ZERO))
        return fp80_invalid(e);
    if (fp80_denormal(e, pa.denormal || pb.denormal))
        return a;
    if (inf)
        return pb.sign ? fp80_signed_zero(pa.sign) : fp80_infinity(pa.sign);
    if (pa.kind != FP80_K_FINITE)
        return a;
    return fp80_finish(e, pa.sign, pa.exp + truncated(&pb), pa.m, 0, 64);
}

struct fp80 fp80_extract(struct fp80_env *e, struct fp80 a, struct fp80 *exponent)
{
    struct fp80_parts p = fp80_unpack(a);
    struct fp80 r;
    if (fp80_nan1(e, a, &p, &r)) {
        *exponent = r;
        return r;
    }
    if (p.kind == FP80_K_ZERO) {
        e->flags |= FP80_ZE;
        *exponent = fp80_infinity(true);
        return a;
    }
    if (p.kind == FP80_K_INF) {
        *exponent = fp80_infinity(false);
        return a;
    }
    if (fp80_denormal(e, p.denormal))
        return a;
    *exponent = fp80_from_int(p.exp - FP80_BIAS);
    return fp80_pack(p.sign, FP80_BIAS, p.m);
}

struct fp80 fp80_constant(const struct fp80_env *e, enum fp80_constant which)
{
    static const struct {
        uint64_t hi, lo;
        int32_t exp;
    } all[] = {
        [FP80_L2T] = { 0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4d, 1 },
        [FP80_L2E] = { 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89, 0 },
        [FP80_PI] = { 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 1 },
        [FP80_LG2] = { 0x9a209a84fbcff798, 0x8f8959ac0b7c9178, -2 },
        [FP80_LN2] = { 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, -1 },
    };
    struct fp80_env no_flags = {
        .control = e->control
    }; /* inexact, and not said so: SDM volume 1, 8.3.8 */
    return fp80_finish(&no_flags, false, all[which].exp + FP80_BIAS, all[which].hi, all[which].lo,
                       64);
}
