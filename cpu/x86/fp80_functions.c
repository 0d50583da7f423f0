/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x87's transcendental functions: SDM volume 1, 8.3.6 to 8.3.10; tables of special operands:
 * volume 2, at each instruction. Series in 128 bits; angles are reduced with the 66 bits of pi that
 * the processors have.
 */
#include "cpu/x86/fp80_impl.h"
#include "cpu/x86/fp80_wide.h"

static const struct wide one = { .m = U128(FP80_INTEGER, 0) };
static const struct wide ln2 = { .exp = -1, .m = U128(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af) };
static const struct wide two_log2e = { .exp = 1,
                                       .m = U128(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89) };
static const struct wide pi = { .exp = 1, .m = U128(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1) };

static struct wide widen(const struct fp80_parts *p)
{
    return (struct wide){ (u128)p->m << 64, p->exp - FP80_BIAS, p->sign };
}

static struct fp80 finish(struct fp80_env *e, struct wide v, bool exact)
{
    if (v.m == 0)
        return fp80_signed_zero(v.sign);
    return fp80_finish(e, v.sign, v.exp + FP80_BIAS, (uint64_t)(v.m >> 64), (uint64_t)v.m | !exact,
                       64);
}

static struct wide square(struct wide a)
{
    return wide_mul(a, a);
}

/* ---- 2^x - 1 ---- */
struct fp80 fp80_2xm1(struct fp80_env *e, struct fp80 a)
{
    enum { TERMS = 33 }; /* ln(2)^33 / 33! is below 2^-132 */
    struct fp80_parts p = fp80_unpack(a);
    struct fp80 r;
    if (fp80_nan1(e, a, &p, &r))
        return r;
    if (p.kind == FP80_K_INF)
        return p.sign ? fp80_pack(true, FP80_BIAS, FP80_INTEGER) : a;
    if (fp80_denormal(e, p.denormal) || p.kind == FP80_K_ZERO)
        return a;
    if (p.exp >= FP80_BIAS) { /* beyond -1 and 1 the result is undefined: the operand */
        if (p.exp == FP80_BIAS && p.m == FP80_INTEGER && p.sign)
            return fp80_pack(true, FP80_BIAS - 1, FP80_INTEGER);
        return a;
    }
    struct wide t = wide_mul(widen(&p), ln2), s = one;
    for (uint32_t k = TERMS; k > 1; k--)
        s = wide_add(one, wide_div_int(wide_mul(t, s), k));
    return finish(e, wide_mul(t, s), false);
}

/* ---- logarithms ---- */
/* log2((1 + z) / (1 - z)), |z| at most 3 - 2 sqrt(2): 2 / ln(2) * (z + z^3 / 3 + ...) */
static struct wide log2_ratio(struct wide z)
{
    enum { TERMS = 26 }; /* z^52 is below 2^-132 */
    struct wide zz = square(z), s = wide_div_int(one, 2 * TERMS + 1);
    for (uint32_t k = TERMS; k > 0; k--)
        s = wide_add(wide_div_int(one, 2 * k - 1), wide_mul(zz, s));
    return wide_mul(wide_mul(z, two_log2e), s);
}

/* Of a positive number. */
static struct wide log2_of(struct wide x)
{
    int32_t k = x.exp;
    x.exp = 0;
    if (x.m >
        U128(0xb504f333f9de6484, 0)) { /* sqrt(2): the logarithm of what is left lies about 0 */
        x.exp = -1;
        k++;
    }
    struct wide f = wide_sub(x, one), n = wide_from_int(k);
    if (f.m == 0)
        return n;
    return wide_add(n, log2_ratio(wide_div(f, wide_add(x, one))));
}

/* y * log, where log is infinite or zero or y is: nothing is left to compute. */
static struct fp80 times_special(struct fp80_env *e, const struct fp80_parts *y, bool log_sign,
                                 bool log_inf, bool log_zero)
{
    bool sign = y->sign != log_sign, inf = log_inf || y->kind == FP80_K_INF;
    if (inf && (log_zero || y->kind == FP80_K_ZERO))
        return fp80_invalid(e);
    return inf ? fp80_infinity(sign) : fp80_signed_zero(sign);
}

struct fp80 fp80_yl2x(struct fp80_env *e, struct fp80 y, struct fp80 x)
{
    struct fp80_parts py = fp80_unpack(y), px = fp80_unpack(x);
    struct fp80 r;
    if (fp80_nan2(e, y, &py, x, &px, &r))
        return r;
    if (px.sign && px.kind != FP80_K_ZERO)
        return fp80_invalid(e);
    bool is_one = px.kind == FP80_K_FINITE && px.m == FP80_INTEGER && px.exp == FP80_BIAS;
    bool below_one = px.kind == FP80_K_ZERO || px.exp < FP80_BIAS;
    if (px.kind == FP80_K_ZERO && py.kind == FP80_K_FINITE) {
        e->flags |= FP80_ZE;
        return fp80_infinity(!py.sign);
    }
    if (px.kind != FP80_K_FINITE || py.kind != FP80_K_FINITE || is_one) {
        r = times_special(e, &py, below_one, px.kind != FP80_K_FINITE, is_one);
        if (!(e->flags & FP80_IE))
            fp80_denormal(e, px.denormal || py.denormal);
        return r;
    }
    if (fp80_denormal(e, px.denormal || py.denormal))
        return y;
    bool exact = px.m == FP80_INTEGER;
    return finish(e, wide_mul(widen(&py), log2_of(widen(&px))), exact);
}

/* Beyond the manual's range the result is undefined: as good as in it above -1, below it the
 * operand. */
struct fp80 fp80_yl2xp1(struct fp80_env *e, struct fp80 y, struct fp80 x)
{
    struct fp80_parts py = fp80_unpack(y), px = fp80_unpack(x);
    struct fp80 r;
    if (fp80_nan2(e, y, &py, x, &px, &r))
        return r;
    if (px.sign && px.kind == FP80_K_INF)
        return fp80_invalid(e);
    bool undefined = px.sign && px.kind == FP80_K_FINITE && px.exp >= FP80_BIAS;
    if (undefined && py.kind == FP80_K_FINITE && !fp80_denormal(e, py.denormal)) {
        e->flags |= FP80_PE;
        return x;
    }
    if (px.kind != FP80_K_FINITE || py.kind != FP80_K_FINITE) {
        r = times_special(e, &py, px.sign, px.kind == FP80_K_INF, px.kind == FP80_K_ZERO);
        if (!(e->flags & FP80_IE))
            fp80_denormal(e, px.denormal || py.denormal);
        return r;
    }
    if (fp80_denormal(e, px.denormal || py.denormal))
        return y;
    struct wide v = widen(&px), log;
    if (px.exp < FP80_BIAS - 2)
        log = log2_ratio(wide_div(v, wide_add(wide_scale(one, 1), v)));
    else
        log = log2_of(wide_add(one, v));
    return finish(e, wide_mul(widen(&py), log), false);
}

/* ---- arcus tangent ---- */
/* Of n / d, both positive, n <= d: that of the nearest eighth and of what is between. */
static struct wide atan_of(struct wide n, struct wide d)
{
    static const struct wide eighths[9] = {
        { .m = 0 },
        { .exp = -4, .m = U128(0xfeadd4d5617b6e32, 0xc897989f3e888ef8) },
        { .exp = -3, .m = U128(0xfadbafc96406eb15, 0x6dc79ef5f7a217e6) },
        { .exp = -2, .m = U128(0xb7b0ca0f26f78473, 0x8aa32122dcfe4483) },
        { .exp = -2, .m = U128(0xed63382b0dda7b45, 0x6fe445ecbc3a8d03) },
        { .exp = -1, .m = U128(0x8f005d5ef7f59f9b, 0x5c835e1665c43748) },
        { .exp = -1, .m = U128(0xa4bc7d1934f70924, 0x19a87f2a457dac9f) },
        { .exp = -1, .m = U128(0xb8053e2bc2319e73, 0xcb2da55210a4443d) },
        { .exp = -1, .m = U128(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1) },
    };
    enum { TERMS = 17 }; /* the rest is at most 1/16: its 34th power is 2^-136 */
    uint32_t i = 0;
    struct wide q = wide_div(n, d);
    if (q.exp >= -4)
        i = (uint32_t)(q.m >> (127 - 4 - q.exp)) + 1; /* sixteenths, rounded to eighths */
    i /= 2;
    struct wide eighth = wide_from_int((int32_t)i);
    struct wide z = i == 0 ? q
                           : wide_div(wide_sub(wide_scale(n, 3), wide_mul(d, eighth)),
                                      wide_add(wide_scale(d, 3), wide_mul(n, eighth)));
    struct wide zz = square(z), s = wide_div_int(one, 2 * TERMS + 1);
    for (uint32_t k = TERMS; k > 0; k--)
        s = wide_sub(wide_div_int(one, 2 * k - 1), wide_mul(zz, s));
    return wide_add(eighths[i], wide_mul(z, s));
}

/* SDM volume 2, FPATAN, table of results: multiples of pi / 4. */
static struct fp80 quarter_turns(struct fp80_env *e, bool sign, int32_t n)
{
    struct wide v = n == 0 ? (struct wide){ 0 } : wide_scale(wide_mul(pi, wide_from_int(n)), -2);
    v.sign = sign;
    return finish(e, v, false);
}

struct fp80 fp80_atan(struct fp80_env *e, struct fp80 y, struct fp80 x)
{
    struct fp80_parts py = fp80_unpack(y), px = fp80_unpack(x);
    struct fp80 r;
    if (fp80_nan2(e, y, &py, x, &px, &r))
        return r;
    if (fp80_denormal(e, py.denormal || px.denormal))
        return y;
    bool y_inf = py.kind == FP80_K_INF, x_inf = px.kind == FP80_K_INF;
    if (y_inf)
        return quarter_turns(e, py.sign, !x_inf ? 2 : px.sign ? 3 : 1);
    if (py.kind == FP80_K_ZERO || x_inf)
        return quarter_turns(e, py.sign, px.sign ? 4 : 0);
    if (px.kind == FP80_K_ZERO)
        return quarter_turns(e, py.sign, 2);
    struct wide wy = widen(&py), wx = widen(&px), v;
    wy.sign = wx.sign = false;
    bool steep = wide_less(wx, wy);
    if (steep) {
        v = wide_sub(wide_scale(pi, -1),
                     wide_mul(atan_of(wx, wy), px.sign ? wide_negate(one) : one));
    } else {
        v = atan_of(wy, wx);
        if (px.sign)
            v = wide_sub(pi, v);
    }
    v.sign = py.sign;
    return finish(e, v, false);
}

/* ---- sine, cosine, tangent ---- */
/* |r| at most pi / 4. */
static struct wide sine_of(struct wide r)
{
    enum { TERMS = 16 }; /* (pi / 4)^33 / 33! is below 2^-133 */
    struct wide rr = square(r), s = one;
    for (uint32_t k = TERMS; k > 0; k--)
        s = wide_sub(one, wide_div_int(wide_mul(rr, s), 2 * k * (2 * k + 1)));
    return wide_mul(r, s);
}

static struct wide cosine_of(struct wide r)
{
    enum { TERMS = 17 };
    struct wide rr = square(r), s = one;
    for (uint32_t k = TERMS; k > 0; k--)
        s = wide_sub(one, wide_div_int(wide_mul(rr, s), 2 * k * (2 * k - 1)));
    return s;
}

/*
 * |a| < 2^63: what is left of it after quarter turns, whose number (its low two bits) is returned.
 * SDM volume 1, 8.3.8: pi is 0.c90fdaa2_2168c234_c * 2^2, exactly; operands from pi / 4 on are
 * multiples of 2^-64.
 */
static unsigned reduce(const struct fp80_parts *p, struct wide *r)
{
    const u128 quarter_turn = U128(3, 0x243f6a8885a308d3);
    int32_t e = p->exp - FP80_BIAS;
    *r = widen(p);
    r->sign = false;
    if (e < -1 || (e == -1 && p->m < 0xc90fdaa22168c235))
        return 0;
    u128 n = (u128)p->m << (e + 2), rest = n % quarter_turn;
    unsigned turns = (unsigned)(n / quarter_turn);
    bool back = rest > quarter_turn - rest;
    if (back)
        rest = quarter_turn - rest;
    *r = wide_normalize(back, 127 - 65, rest);
    return (turns + back) & 3;
}

struct angle {
    struct wide sine, cosine;
};

static struct angle angle_of(const struct fp80_parts *p)
{
    struct wide r;
    unsigned turns = reduce(p, &r);
    struct wide s = sine_of(r), c = cosine_of(r);
    struct angle a = { s, c };
    if (turns & 1)
        a = (struct angle){ c, wide_negate(s) };
    if (turns & 2)
        a = (struct angle){ wide_negate(a.sine), wide_negate(a.cosine) };
    if (p->sign)
        a.sine = wide_negate(a.sine);
    return a;
}

/* True: there is nothing to compute, and *r stands for all results. */
static bool is_special(struct fp80_env *e, struct fp80 a, const struct fp80_parts *p,
                       struct fp80 *r)
{
    if (fp80_nan1(e, a, p, r))
        return true;
    if (p->kind != FP80_K_INF)
        return false;
    *r = fp80_invalid(e);
    return true;
}

static bool out_of_range(const struct fp80_parts *p)
{
    return p->kind == FP80_K_FINITE && p->exp >= FP80_BIAS + 63;
}

bool fp80_sincos(struct fp80_env *e, struct fp80 a, struct fp80 *sine, struct fp80 *cosine)
{
    struct fp80_parts p = fp80_unpack(a);
    struct fp80 s = a, c = fp80_one;
    if (out_of_range(&p))
        return false;
    if (is_special(e, a, &p, &s)) {
        c = s;
    } else if (p.kind == FP80_K_FINITE && !fp80_denormal(e, p.denormal)) {
        struct angle v = angle_of(&p);
        if (sine != NULL)
            s = finish(e, v.sine, false);
        if (cosine != NULL)
            c = finish(e, v.cosine, false);
    }
    if (sine != NULL)
        *sine = s;
    if (cosine != NULL)
        *cosine = c;
    return true;
}

bool fp80_tan(struct fp80_env *e, struct fp80 a, struct fp80 *tangent)
{
    struct fp80_parts p = fp80_unpack(a);
    *tangent = a;
    if (out_of_range(&p))
        return false;
    if (is_special(e, a, &p, tangent) || p.kind != FP80_K_FINITE || fp80_denormal(e, p.denormal))
        return true;
    if (p.exp < FP80_BIAS - 64) { /* a little more than the angle */
        *tangent = finish(e, widen(&p), false);
        return true;
    }
    struct angle v = angle_of(&p);
    *tangent = finish(e, wide_div(v.sine, v.cosine), false);
    return true;
}
