/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions to and from the formats in memory: SDM volume 1, 4.2, 4.7, 8.2; rounding to an
 * integer. */
#include "cpu/x86/fp80_impl.h"
#include "core/util/bits.h"

/* A binary format of memory: bits of the significand with the hidden one, bits of the exponent. */
struct format {
    unsigned precision, exponent;
};
static const struct format single = { 24, 8 }, real64 = { 53, 11 };

static int32_t bias_of(const struct format *f)
{
    return (1 << (f->exponent - 1)) - 1;
}

/* ---- from memory ---- */
static struct fp80 widen(struct fp80_env *e, const struct format *f, uint64_t v)
{
    unsigned fraction_bits = f->precision - 1, up = 64 - f->precision;
    uint64_t fraction = v & ((1ull << fraction_bits) - 1);
    int32_t max = (1 << f->exponent) - 1, exp = (int32_t)(v >> fraction_bits) & max;
    bool sign = v >> (fraction_bits + f->exponent) & 1;
    if (exp == max)
        return fp80_pack(sign, FP80_MAX_EXP, fraction << up | FP80_INTEGER);
    if (exp != 0)
        return fp80_pack(sign, exp - bias_of(f) + FP80_BIAS, fraction << up | FP80_INTEGER);
    if (fraction == 0)
        return fp80_signed_zero(sign);
    e->denormal = true;
    unsigned shift = (unsigned)__builtin_clzll(fraction << up);
    return fp80_pack(sign, 1 - (int32_t)shift - bias_of(f) + FP80_BIAS, fraction << up << shift);
}

struct fp80 fp80_from_f32(struct fp80_env *e, uint32_t v)
{
    return widen(e, &single, v);
}

struct fp80 fp80_from_f64(struct fp80_env *e, uint64_t v)
{
    return widen(e, &real64, v);
}

struct fp80 fp80_load(struct fp80_env *e, struct fp80 a)
{
    struct fp80_parts p = fp80_unpack(a);
    struct fp80 r;
    if (fp80_nan1(e, a, &p, &r))
        return r;
    fp80_denormal(e, false);
    return a;
}

static struct fp80 from_magnitude(bool sign, uint64_t m)
{
    if (m == 0)
        return fp80_signed_zero(sign);
    unsigned shift = (unsigned)__builtin_clzll(m);
    return fp80_pack(sign, FP80_BIAS + 63 - (int32_t)shift, m << shift);
}

struct fp80 fp80_from_int(int64_t v)
{
    return from_magnitude(v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* Digits above 9 are undefined (SDM volume 2, FBLD): they count as what they are. */
struct fp80 fp80_from_bcd(uint64_t low, uint16_t high)
{
    uint64_t v = 0;
    for (int i = 1; i >= 0; i--)
        v = v * 10 + (high >> 4 * i & 15);
    for (int i = 15; i >= 0; i--)
        v = v * 10 + (low >> 4 * i & 15);
    return from_magnitude(high >> 15, v);
}

/* ---- to memory ---- */
/* Without sign. Unmasked: nothing is stored. */
static uint64_t narrow_overflow(struct fp80_env *e, bool sign, uint64_t infinity)
{
    e->flags |= FP80_OE;
    if (!(e->control & FP80_OE))
        return 0;
    e->flags |= FP80_PE;
    e->up = fp80_overflow_is_infinite(e, sign);
    return e->up ? infinity : infinity - 1;
}

/* m without its fraction beyond `drop` bits, rounded: may carry into one bit more. */
static uint64_t cut(struct fp80_env *e, bool sign, uint64_t m, uint32_t drop)
{
    unsigned __int128 v = fp80_jam((unsigned __int128)m << 64, drop);
    uint64_t kept = (uint64_t)(v >> 64);
    return kept + fp80_goes_up(e, fp80_mode(e), sign, kept & 1, (uint64_t)v);
}

static uint64_t narrow(struct fp80_env *e, const struct format *f, struct fp80 a)
{
    struct fp80_parts p = fp80_unpack(a);
    unsigned fraction_bits = f->precision - 1, drop = 64 - f->precision;
    int32_t max = (1 << f->exponent) - 1, exp = p.exp - FP80_BIAS + bias_of(f);
    uint64_t sign = (uint64_t)p.sign << (fraction_bits + f->exponent),
             infinity = (uint64_t)max << fraction_bits;
    struct fp80 nan;
    if (fp80_nan1(e, a, &p, &nan)) {
        sign = (uint64_t)(nan.se >> 15) << (fraction_bits + f->exponent);
        return sign | infinity | (nan.m << 1 >> 1 >> drop);
    }
    if (p.kind == FP80_K_ZERO)
        return sign;
    if (p.kind == FP80_K_INF)
        return sign | infinity;
    uint16_t before = e->flags;
    uint64_t m = cut(e, p.sign, p.m, drop);
    int32_t rounded = exp + (int32_t)(m >> f->precision);
    if (rounded >= max)
        return sign | narrow_overflow(e, p.sign, infinity);
    if (rounded > 0) /* the hidden bit counts the exponent up by one, as does a carry */
        return sign | (((uint64_t)(exp - 1) << fraction_bits) + m);
    if (!(e->control & FP80_UE)) {
        e->flags |= FP80_UE;
        return 0;
    }
    e->flags = before;
    m = cut(e, p.sign, p.m, drop + (uint32_t)(1 - exp));
    if ((e->flags & FP80_PE) && !(before & FP80_PE))
        e->flags |= FP80_UE;
    return sign | m;
}

uint32_t fp80_to_f32(struct fp80_env *e, struct fp80 a)
{
    return (uint32_t)narrow(e, &single, a);
}

uint64_t fp80_to_f64(struct fp80_env *e, struct fp80 a)
{
    return narrow(e, &real64, a);
}

/* |a| rounded to an integer; false: it has more than 64 bits. */
static bool magnitude(struct fp80_env *e, const struct fp80_parts *p, enum fp80_rounding mode,
                      uint64_t *v)
{
    int32_t k = p->exp - FP80_BIAS;
    if (p->kind == FP80_K_ZERO) {
        *v = 0;
        return true;
    }
    if (p->kind != FP80_K_FINITE || k > 63)
        return false;
    unsigned __int128 n = fp80_jam((unsigned __int128)p->m << 64, (uint32_t)(63 - k));
    *v = (uint64_t)(n >> 64);
    if (!fp80_goes_up(e, mode, p->sign, *v & 1, (uint64_t)n))
        return true;
    return ++*v != 0;
}

static void not_an_integer(struct fp80_env *e, uint16_t before)
{
    e->flags = before | FP80_IE;
    e->up = false;
}

uint64_t fp80_to_int(struct fp80_env *e, struct fp80 a, unsigned bits, enum fp80_rounding rounding)
{
    struct fp80_parts p = fp80_unpack(a);
    uint64_t v, limit = 1ull << (bits - 1);
    uint16_t before = e->flags;
    if (!magnitude(e, &p, rounding, &v) || v > limit - !p.sign) {
        not_an_integer(e, before);
        return limit;
    }
    v = p.sign ? 0 - v : v;
    return bits == 64 ? v : v & ((1ull << bits) - 1);
}

uint16_t fp80_to_bcd(struct fp80_env *e, struct fp80 a, uint64_t *low)
{
    struct fp80_parts p = fp80_unpack(a);
    uint16_t before = e->flags, high = 0;
    uint64_t v;
    if (!magnitude(e, &p, fp80_mode(e), &v) || v > 999999999999999999u) {
        not_an_integer(e, before);
        *low = 3ull << 62; /* packed BCD indefinite: SDM volume 1, table 4-4 */
        return 0xffff;
    }
    *low = 0;
    for (unsigned i = 0; i < 16; i++, v /= 10)
        *low |= v % 10 << 4 * i;
    for (unsigned i = 0; i < 2; i++, v /= 10)
        high |= (uint16_t)(v % 10 << 4 * i);
    return high | (uint16_t)(p.sign ? FP80_SIGN : 0);
}

struct fp80 fp80_round(struct fp80_env *e, struct fp80 a)
{
    struct fp80_parts p = fp80_unpack(a);
    struct fp80 r;
    uint64_t v;
    if (fp80_nan1(e, a, &p, &r))
        return r;
    if (fp80_denormal(e, p.denormal) || p.kind != FP80_K_FINITE || p.exp >= FP80_BIAS + 63)
        return a;
    magnitude(e, &p, fp80_mode(e), &v);
    return from_magnitude(p.sign, v);
}
