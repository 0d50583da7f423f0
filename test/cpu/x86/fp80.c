/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 80-bit arithmetic: the SDM's tables (volume 1, 4.8, 4.9, 8.3, 8.5; volume 2 at the instructions), and functions by
 * their definition. What random operands give is x87.c's.
 */
#include "cpu/x86/fp80.h"
#include "core/util/bits.h"
#include "test/check_main.h"

/* clang-format off */
#define N(se, m) { m, se }
#define ZERO  N(0, 0)
#define NZERO N(0x8000, 0)
#define ONE   N(0x3fff, 1ull << 63)
#define MONE  N(0xbfff, 1ull << 63)
#define TWO   N(0x4000, 1ull << 63)
#define THREE N(0x4000, 3ull << 62)
#define HALF  N(0x3ffe, 1ull << 63)
#define INF   N(0x7fff, 1ull << 63)
#define NINF  N(0xffff, 1ull << 63)
#define NANQ  N(0xffff, 3ull << 62)              /* real indefinite */
#define MAXI  N(0x7ffe, ~0ull)
#define NMAX  N(0xfffe, ~0ull)
#define LEAST N(0x0001, 1ull << 63)              /* normal */
#define DENORMAL N(0, 1)
enum { IE = FP80_IE, DE = FP80_DE, ZE = FP80_ZE, OE = FP80_OE, UE = FP80_UE, PE = FP80_PE };
enum { USUAL = 0x37f, DOWN = USUAL | 0x400, UP = USUAL | 0x800, CHOP = USUAL | 0xc00, FLOAT = 0x07f, DOUBLE = 0x27f };
enum op { ADD, SUB, MUL, DIV, SQRT, ROUND, SCALE, F_2XM1, F_YL2X, F_YL2XP1, F_ATAN, F_SIN, F_COS, F_TAN };

/* Of YL2X, YL2XP1 and ATAN: a is ST(0), b ST(1). */
static const struct row {
    enum op op;
    uint16_t control;
    struct fp80 a, b, r;
    uint16_t flags;
    bool up;
} rows[] = {
    /* invalid operations: 8.5.1.2 */
    { ADD, USUAL, INF, NINF, NANQ, IE, 0 },           { SUB, USUAL, INF, INF, NANQ, IE, 0 },
    { MUL, USUAL, ZERO, NINF, NANQ, IE, 0 },          { DIV, USUAL, ZERO, NZERO, NANQ, IE, 0 },
    { DIV, USUAL, INF, INF, NANQ, IE, 0 },            { SQRT, USUAL, MONE, ZERO, NANQ, IE, 0 },
    { SQRT, USUAL, NZERO, ZERO, NZERO, 0, 0 },
    { ADD, USUAL, N(0x3fff, 1ull << 62), ONE, NANQ, IE, 0 },    /* unnormal */
    { ADD, USUAL, N(0x7fff, 0), ONE, NANQ, IE, 0 },             /* pseudo-infinity */
    { ADD, USUAL, N(0x7fff, 1ull << 62), ONE, NANQ, IE, 0 },    /* pseudo-NaN */
    /* NaNs: table 4-7 */
    { ADD, USUAL, N(0x7fff, 0xa000000000000001), N(0xffff, 0xc000000000000002), N(0xffff, 0xc000000000000002), IE, 0 },
    { ADD, USUAL, N(0x7fff, 0xa000000000000001), N(0xffff, 0x9000000000000002), N(0x7fff, 0xe000000000000001), IE, 0 },
    { ADD, USUAL, N(0x7fff, 0xc000000000000001), N(0xffff, 0xc000000000000002), N(0xffff, 0xc000000000000002), 0, 0 },
    { ADD, USUAL, N(0xffff, 0xc000000000000005), N(0x7fff, 0xc000000000000005), N(0x7fff, 0xc000000000000005), 0, 0 },
    { MUL, USUAL, N(0x7fff, 0xa000000000000001), ONE, N(0x7fff, 0xe000000000000001), IE, 0 },
    { DIV, USUAL, ONE, N(0xffff, 0xc000000000000001), N(0xffff, 0xc000000000000001), 0, 0 },
    /* division by zero: 8.5.3; its dividend's being denormal does not count */
    { DIV, USUAL, ONE, ZERO, INF, ZE, 0 },            { DIV, USUAL, MONE, ZERO, NINF, ZE, 0 },
    { DIV, USUAL, DENORMAL, NZERO, NINF, ZE, 0 },     { DIV, USUAL, INF, ZERO, INF, 0, 0 },
    /* denormals: 8.5.2 */
    { ADD, USUAL, DENORMAL, ZERO, DENORMAL, DE, 0 },
    { ADD, USUAL, N(0, 1ull << 63), ZERO, LEAST, DE, 0 },       /* pseudo-denormal */
    { MUL, USUAL, DENORMAL, ONE, DENORMAL, DE, 0 },
    { DIV, USUAL, INF, DENORMAL, INF, DE, 0 },
    /* overflow: table 4-10 */
    { ADD, USUAL, MAXI, MAXI, INF, OE | PE, 1 },      { ADD, USUAL, NMAX, NMAX, NINF, OE | PE, 1 },
    { ADD, DOWN, MAXI, MAXI, MAXI, OE | PE, 0 },      { ADD, DOWN, NMAX, NMAX, NINF, OE | PE, 1 },
    { ADD, UP, MAXI, MAXI, INF, OE | PE, 1 },         { ADD, UP, NMAX, NMAX, NMAX, OE | PE, 0 },
    { ADD, CHOP, MAXI, MAXI, MAXI, OE | PE, 0 },      { ADD, CHOP, NMAX, NMAX, NMAX, OE | PE, 0 },
    { ADD, USUAL & ~OE, MAXI, MAXI, N(0x1fff, ~0ull), OE, 0 },  /* 8.5.4: over 2^24576 */
    /* underflow: 8.5.5; exact results do not count while masked */
    { MUL, USUAL, LEAST, HALF, N(0, 1ull << 62), 0, 0 },
    { MUL, USUAL, N(1, (1ull << 63) + 1), HALF, N(0, 1ull << 62), UE | PE, 0 },
    { MUL, USUAL, N(1, (1ull << 63) + 3), HALF, N(0, (1ull << 62) + 2), UE | PE, 1 },
    { MUL, UP, N(1, (1ull << 63) + 1), HALF, N(0, (1ull << 62) + 1), UE | PE, 1 },
    { MUL, USUAL & ~UE, LEAST, HALF, N(0x6000, 1ull << 63), UE, 0 },
    { MUL, USUAL, LEAST, N(0x3ffe, ~0ull), LEAST, UE | PE, 1 },  /* tiny before the format's end rounds it */
    { MUL, FLOAT, LEAST, N(0x3ffe, ~0ull), LEAST, PE, 1 },       /* not tiny after rounding (4.9.1.5) */
    /* precision control: 8.1.5.2 */
    { ADD, FLOAT, ONE, N(0x3fe7, 1ull << 63), ONE, PE, 0 },
    { ADD, FLOAT, ONE, N(0x3fe7, (1ull << 63) + 1), N(0x3fff, 0x8000010000000000), PE, 1 },
    { ADD, DOUBLE, ONE, N(0x3fca, (1ull << 63) + 1), N(0x3fff, 0x8000000000000800), PE, 1 },
    { DIV, FLOAT, ONE, THREE, N(0x3ffd, 0xaaaaab0000000000), PE, 1 },
    { DIV, DOUBLE, ONE, THREE, N(0x3ffd, 0xaaaaaaaaaaaaa800), PE, 0 },
    { DIV, USUAL, ONE, THREE, N(0x3ffd, 0xaaaaaaaaaaaaaaab), PE, 1 },
    { DIV, CHOP, ONE, THREE, N(0x3ffd, 0xaaaaaaaaaaaaaaaa), PE, 0 },
    { SQRT, USUAL, TWO, ZERO, N(0x3fff, 0xb504f333f9de6484), PE, 0 },
    { SQRT, UP, TWO, ZERO, N(0x3fff, 0xb504f333f9de6485), PE, 1 },
    { SUB, USUAL, ONE, ONE, ZERO, 0, 0 },             { SUB, DOWN, ONE, ONE, NZERO, 0, 0 },
    /* FRNDINT */
    { ROUND, USUAL, HALF, ZERO, ZERO, PE, 0 },
    { ROUND, USUAL, N(0x3fff, 3ull << 62), ZERO, TWO, PE, 1 },
    { ROUND, USUAL, N(0x4000, 5ull << 61), ZERO, TWO, PE, 0 },
    { ROUND, UP, N(0xbffe, 1ull << 63), ZERO, NZERO, PE, 0 },
    { ROUND, DOWN, N(0xbffe, 1ull << 63), ZERO, MONE, PE, 1 },
    /* FSCALE's table */
    { SCALE, USUAL, THREE, N(0x4000, 0xb99999999999999a), N(0x4002, 3ull << 62), 0, 0 },     /* 3 * 2^trunc(2.9) */
    { SCALE, USUAL, THREE, N(0xc000, 0xb99999999999999a), N(0x3ffe, 3ull << 62), 0, 0 },
    { SCALE, USUAL, ONE, NINF, ZERO, 0, 0 },          { SCALE, USUAL, MONE, INF, NINF, 0, 0 },
    { SCALE, USUAL, ZERO, INF, NANQ, IE, 0 },         { SCALE, USUAL, INF, NINF, NANQ, IE, 0 },
    { SCALE, USUAL, NINF, ONE, NINF, 0, 0 },          { SCALE, USUAL, ONE, MAXI, INF, OE | PE, 1 },
    { SCALE, USUAL, ONE, NMAX, ZERO, UE | PE, 0 },
    /* F2XM1's table */
    { F_2XM1, USUAL, ONE, ZERO, ONE, 0, 0 },          { F_2XM1, USUAL, MONE, ZERO, N(0xbffe, 1ull << 63), 0, 0 },
    { F_2XM1, USUAL, NZERO, ZERO, NZERO, 0, 0 },
    /* FYL2X's table */
    { F_YL2X, USUAL, ZERO, ONE, NINF, ZE, 0 },        { F_YL2X, USUAL, ZERO, MONE, INF, ZE, 0 },
    { F_YL2X, USUAL, ZERO, ZERO, NANQ, IE, 0 },       { F_YL2X, USUAL, ZERO, INF, NINF, 0, 0 },
    { F_YL2X, USUAL, MONE, ONE, NANQ, IE, 0 },        { F_YL2X, USUAL, ONE, INF, NANQ, IE, 0 },
    { F_YL2X, USUAL, ONE, MONE, NZERO, 0, 0 },        { F_YL2X, USUAL, HALF, INF, NINF, 0, 0 },
    { F_YL2X, USUAL, INF, ZERO, NANQ, IE, 0 },        { F_YL2X, USUAL, INF, MONE, NINF, 0, 0 },
    { F_YL2X, USUAL, HALF, ZERO, NZERO, 0, 0 },       { F_YL2X, USUAL, HALF, THREE, N(0xc000, 3ull << 62), 0, 0 },
    /* FYL2XP1's */
    { F_YL2XP1, USUAL, ZERO, INF, NANQ, IE, 0 },      { F_YL2XP1, USUAL, NZERO, ONE, NZERO, 0, 0 },
    { F_YL2XP1, USUAL, HALF, NINF, NINF, 0, 0 },      { F_YL2XP1, USUAL, INF, ZERO, NANQ, IE, 0 },
    /* FPATAN's table: a is x, b is y */
    { F_ATAN, USUAL, INF, INF, N(0x3ffe, 0xc90fdaa22168c235), PE, 1 },
    { F_ATAN, USUAL, NINF, INF, N(0x4000, 0x96cbe3f9990e91a8), PE, 1 },
    { F_ATAN, USUAL, ONE, INF, N(0x3fff, 0xc90fdaa22168c235), PE, 1 },
    { F_ATAN, USUAL, NZERO, ZERO, N(0x4000, 0xc90fdaa22168c235), PE, 1 },
    { F_ATAN, CHOP, MONE, NZERO, N(0xc000, 0xc90fdaa22168c234), PE, 0 },
    { F_ATAN, USUAL, ZERO, NZERO, NZERO, 0, 0 },      { F_ATAN, USUAL, INF, MONE, NZERO, 0, 0 },
    { F_ATAN, USUAL, ZERO, MONE, N(0xbfff, 0xc90fdaa22168c235), PE, 1 },
    /* FSIN and its like */
    { F_SIN, USUAL, NZERO, ZERO, NZERO, 0, 0 },       { F_COS, USUAL, NZERO, ZERO, ONE, 0, 0 },
    { F_SIN, USUAL, INF, ZERO, NANQ, IE, 0 },         { F_TAN, USUAL, NINF, ZERO, NANQ, IE, 0 },
    { F_COS, USUAL, DENORMAL, ZERO, ONE, DE | PE, 1 }, { F_SIN, USUAL, DENORMAL, ZERO, DENORMAL, DE | UE | PE, 1 },
};

/* By definition in 600 bits, rounded to nearest; angles from 1 on less the nearest multiple of half the processors'
 * pi (8.3.8). a, b, result. */
static const struct {
    enum op op;
    struct fp80 a, b, r;
} functions[] = {
    { F_SIN, { 0x8000000000000000, 0x3ffe }, ZERO, { 0xf57743a2582f7f44, 0x3ffd } },
    { F_SIN, ONE, ZERO, { 0xd76aa47848677021, 0x3ffe } },
    { F_SIN, { 0xc000000000000000, 0xc000 }, ZERO, { 0x9081c36db6aada79, 0xbffc } },
    { F_SIN, { 0xc350000000000000, 0x400f }, ZERO, { 0x926d54e293f41d72, 0x3ffa } },
    { F_SIN, { 0xff59ee833b300000, 0x403d }, ZERO, { 0xea34c7ff196ceaf6, 0x3ffd } },
    { F_SIN, { 0xdbe6fecebdedd800, 0x3fdd }, ZERO, { 0xdbe6fecebdedd800, 0x3fdd } },
    { F_COS, { 0x8000000000000000, 0x3ffe }, ZERO, { 0xe0a94032dbea7cee, 0x3ffe } },
    { F_COS, ONE, ZERO, { 0x8a51407da8345c92, 0x3ffe } },
    { F_COS, { 0xc000000000000000, 0xc000 }, ZERO, { 0xfd7025f42f2e9308, 0xbffe } },
    { F_COS, { 0xc350000000000000, 0x400f }, ZERO, { 0xffd61c20d9ed3a05, 0xbffe } },
    { F_COS, { 0xff59ee833b300000, 0x403d }, ZERO, { 0xe3a5780fc41abc86, 0x3ffe } },
    { F_COS, { 0xdbe6fecebdedd800, 0x3fdd }, ZERO, ONE },
    { F_TAN, { 0x8000000000000000, 0x3ffe }, ZERO, { 0x8bda7adf9a3a5219, 0x3ffe } },
    { F_TAN, ONE, ZERO, { 0xc75922e5f71d2dc5, 0x3fff } },
    { F_TAN, { 0xc000000000000000, 0xc000 }, ZERO, { 0x91f7b892a5c37866, 0x3ffc } },
    { F_TAN, { 0xc350000000000000, 0x400f }, ZERO, { 0x92854ea819894fdf, 0xbffa } },
    { F_TAN, { 0xff59ee833b300000, 0x403d }, ZERO, { 0x83b03c8060512b30, 0x3ffe } },
    { F_TAN, { 0xdbe6fecebdedd800, 0x3fdd }, ZERO, { 0xdbe6fecebdedd800, 0x3fdd } },
    { F_2XM1, { 0x8000000000000000, 0x3ffe }, ZERO, { 0xd413cccfe7799211, 0x3ffd } },
    { F_2XM1, { 0xc000000000000000, 0xbffe }, ZERO, { 0xcf901f5ce48ead21, 0xbffd } },
    { F_2XM1, { 0x901d7cf73ab0b000, 0x3fcd }, ZERO, { 0xc7c93c0d7cedfc92, 0x3fcc } },
    { F_2XM1, { 0xffbe76c8b4395800, 0x3ffe }, ZERO, { 0xffa52de61c11f23f, 0x3ffe } },
    { F_YL2X, { 0xa000000000000000, 0x4002 }, ONE, { 0xd49a784bcd1b8afe, 0x4000 } },
    { F_YL2X, { 0xccccccccccccd000, 0x3ffb }, { 0xc000000000000000, 0x4000 }, { 0x9f73da38d9d4a72a, 0xc002 } },
    { F_YL2X, { 0xd1ba8323fe558c61, 0x73e6 }, { 0x8000000000000000, 0xc000 }, { 0xcf9ed97a064ce5bc, 0xc00d } },
    { F_YL2X, { 0x8000000000800000, 0x3fff }, ONE, { 0xb8aa3b295bbb9b9e, 0x3fd7 } },
    { F_YL2XP1, { 0x8000000000000000, 0x3ffd }, ONE, { 0xa4d3c25e68dc57f2, 0x3ffd } },
    { F_YL2XP1, { 0xccccccccccccd000, 0xbffc }, { 0xe000000000000000, 0x4001 }, { 0x90394a129bc0cf7a, 0xc000 } },
    { F_YL2XP1, { 0x9392ee8e921d6000, 0x3fc3 }, ONE, { 0xd4e77a4730979f69, 0x3fc3 } },
    { F_ATAN, ONE, ONE, { 0xc90fdaa22168c235, 0x3ffe } },
    { F_ATAN, { 0x8000000000000000, 0xbfff }, ONE, { 0x96cbe3f9990e91a8, 0x4000 } },
    { F_ATAN, { 0xc000000000000000, 0x4000 }, { 0x8000000000000000, 0xbffe }, { 0xa91cbc21e4d6eb5e, 0xbffc } },
    { F_ATAN, { 0xe000000000000000, 0xc001 }, { 0x8000000000000000, 0xc000 }, { 0xb7403142a6daf3df, 0xc000 } },
    { F_ATAN, { 0xa7c5ac471b478800, 0x3fee }, ONE, { 0xc90f86bf4b454093, 0x3fff } },
};
/* clang-format on */

static struct fp80 apply(enum op op, struct fp80_env *e, struct fp80 a, struct fp80 b)
{
    struct fp80 r = { 0, 0 };
    switch (op) {
    case ADD: return fp80_add(e, a, b);
    case SUB: return fp80_sub(e, a, b);
    case MUL: return fp80_mul(e, a, b);
    case DIV: return fp80_div(e, a, b);
    case SQRT: return fp80_sqrt(e, a);
    case ROUND: return fp80_round(e, a);
    case SCALE: return fp80_scale(e, a, b);
    case F_2XM1: return fp80_2xm1(e, a);
    case F_YL2X: return fp80_yl2x(e, b, a);
    case F_YL2XP1: return fp80_yl2xp1(e, b, a);
    case F_ATAN: return fp80_atan(e, b, a);
    case F_SIN: ck_assert(fp80_sincos(e, a, &r, NULL)); break;
    case F_COS: ck_assert(fp80_sincos(e, a, NULL, &r)); break;
    case F_TAN: ck_assert(fp80_tan(e, a, &r)); break;
    }
    return r;
}

static bool same(struct fp80 a, struct fp80 b)
{
    return a.m == b.m && a.se == b.se;
}

START_TEST(tables)
{
    const struct row *t = &rows[_i];
    struct fp80_env e = { .control = t->control };
    struct fp80 r = apply(t->op, &e, t->a, t->b);
    ck_assert_msg(same(r, t->r) && e.flags == t->flags && e.up == t->up, "row %d: %04x:%016llx flags %02x up %d", _i,
                  r.se, (unsigned long long)r.m, e.flags, e.up);
}
END_TEST

START_TEST(by_definition)
{
    struct fp80_env e = { .control = USUAL };
    struct fp80 r = apply(functions[_i].op, &e, functions[_i].a, functions[_i].b);
    ck_assert_msg(same(r, functions[_i].r) && e.flags == PE, "row %d: %04x:%016llx flags %02x", _i, r.se,
                  (unsigned long long)r.m, e.flags);
}
END_TEST

START_TEST(angles_out_of_range)
{
    struct fp80_env e = { .control = USUAL };
    struct fp80 big = N(0x3fff + 63, 1ull << 63), last = N(0xbfff + 62, ~0ull), r;
    ck_assert(!fp80_sincos(&e, big, &r, NULL));
    ck_assert(!fp80_tan(&e, big, &r));
    ck_assert_uint_eq(e.flags, 0);
    ck_assert(fp80_sincos(&e, last, &r, NULL));
}
END_TEST

/* SDM volume 2, FPREM and FPREM1 */
START_TEST(remainders)
{
    static const struct {
        int64_t a, b;
        bool nearest;
        int64_t r;
        unsigned quotient;
    } cases[] = {
        { 7, 2, false, 1, 3 },   { -7, 2, false, -1, 3 }, { 17, 5, false, 2, 3 }, { 17, 5, true, 2, 3 },
        { 18, 5, true, -2, 4 },  { 5, 2, true, 1, 2 },    { 7, 2, true, -1, 4 },  { 1, 2, true, 1, 0 },
        { 3, 4, true, -1, 1 },   { 100, -7, false, 2, 6 }, { 3, 7, false, 3, 0 },
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct fp80_env e = { .control = USUAL };
        unsigned quotient;
        bool partial;
        struct fp80 r = fp80_remainder(&e, fp80_from_int(cases[i].a), fp80_from_int(cases[i].b), cases[i].nearest,
                                       &quotient, &partial);
        ck_assert_msg(same(r, fp80_from_int(cases[i].r)) && quotient == cases[i].quotient && !partial && e.flags == 0,
                      "case %u: %04x:%016llx quotient %u", i, r.se, (unsigned long long)r.m, quotient);
    }
    /* 2^100 by 3 takes two steps; 2^n is 1 modulo 3 for even n. */
    struct fp80_env e = { .control = USUAL };
    struct fp80 v = N(0x3fff + 100, 1ull << 63), three = THREE, one = ONE;
    unsigned quotient;
    bool partial;
    v = fp80_remainder(&e, v, three, false, &quotient, &partial);
    ck_assert(partial);
    v = fp80_remainder(&e, v, three, false, &quotient, &partial);
    ck_assert(!partial && same(v, one));
}
END_TEST

START_TEST(extraction)
{
    struct fp80_env e = { .control = USUAL };
    struct fp80 exponent, zero = ZERO, minus_inf = NINF, inf = INF, twelve = N(0xc002, 3ull << 62);
    struct fp80 m = fp80_extract(&e, zero, &exponent);
    ck_assert(same(m, zero) && same(exponent, minus_inf) && e.flags == ZE);
    e.flags = 0;
    m = fp80_extract(&e, minus_inf, &exponent);
    ck_assert(same(m, minus_inf) && same(exponent, inf) && e.flags == 0);
    m = fp80_extract(&e, twelve, &exponent);
    ck_assert(m.se == 0xbfff && m.m == 3ull << 62 && same(exponent, fp80_from_int(3)));
    struct fp80 least = DENORMAL;
    m = fp80_extract(&e, least, &exponent);
    ck_assert(m.se == 0x3fff && m.m == 1ull << 63 && same(exponent, fp80_from_int(-16445)) && e.flags == DE);
}
END_TEST

/* SDM volume 2, FXAM; volume 1, tables 4-3 and 8-3 */
START_TEST(classes)
{
    static const struct {
        struct fp80 v;
        enum fp80_class class;
    } cases[] = {
        { ZERO, FP80_ZERO }, { ONE, FP80_NORMAL }, { NINF, FP80_INFINITY }, { NANQ, FP80_NAN },
        { N(0x7fff, 0x8000000000000001), FP80_NAN }, { DENORMAL, FP80_DENORMAL },
        { N(0, 1ull << 63), FP80_DENORMAL }, { N(1, 1), FP80_UNSUPPORTED }, { N(0x7fff, 1), FP80_UNSUPPORTED },
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_msg(fp80_classify(cases[i].v) == cases[i].class, "case %u", i);
}
END_TEST

START_TEST(relations)
{
    static const struct {
        struct fp80 a, b;
        enum fp80_relation r;
        uint16_t flags, quiet;
    } cases[] = {
        { ZERO, NZERO, FP80_EQUAL, 0, 0 }, { ONE, TWO, FP80_LESS, 0, 0 },
        { MONE, N(0xc000, 1ull << 63), FP80_GREATER, 0, 0 },
        { NINF, INF, FP80_LESS, 0, 0 }, { INF, INF, FP80_EQUAL, 0, 0 }, { DENORMAL, ZERO, FP80_GREATER, DE, DE },
        { NANQ, ONE, FP80_UNORDERED, IE, 0 }, { ONE, N(0x7fff, 0x8000000000000001), FP80_UNORDERED, IE, IE },
        { N(5, 5), ONE, FP80_UNORDERED, IE, IE }, { N(0, 1ull << 63), LEAST, FP80_EQUAL, DE, DE },
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct fp80_env e = { .control = USUAL }, q = e;
        ck_assert_msg(fp80_compare(&e, cases[i].a, cases[i].b, false) == cases[i].r && e.flags == cases[i].flags,
                      "case %u", i);
        ck_assert_msg(fp80_compare(&q, cases[i].a, cases[i].b, true) == cases[i].r && q.flags == cases[i].quiet,
                      "case %u, quiet", i);
    }
}
END_TEST

/* Halves: {a} / 2 to an integer of `bits`. */
START_TEST(integers)
{
    static const struct {
        uint16_t control;
        int64_t halves;
        unsigned bits;
        uint64_t r;
        uint16_t flags;
    } cases[] = {
        { USUAL, 5, 16, 2, PE }, { USUAL, 7, 16, 4, PE }, { UP, 5, 16, 3, PE }, { DOWN, -5, 16, 0xfffd, PE },
        { CHOP, -5, 32, 0xfffffffe, PE }, { USUAL, 65534, 16, 0x7fff, 0 }, { USUAL, 65535, 16, 0x8000, IE },
        { CHOP, 65535, 16, 0x7fff, PE }, { USUAL, -65537, 16, 0x8000, PE }, { USUAL, -65538, 16, 0x8000, IE },
        { USUAL, 1ll << 32, 32, 0x80000000, IE }, { USUAL, -(1ll << 32), 32, 0x80000000, 0 },
        { USUAL, 0, 64, 0, 0 }, { USUAL, -1, 64, 0, PE },
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct fp80_env e = { .control = cases[i].control };
        struct fp80 half = HALF, v = fp80_mul(&e, fp80_from_int(cases[i].halves), half);
        uint64_t r = fp80_to_int(&e, v, cases[i].bits, (enum fp80_rounding)(cases[i].control >> 10 & 3));
        ck_assert_msg(r == cases[i].r && e.flags == cases[i].flags, "case %u: %llx flags %02x", i,
                      (unsigned long long)r, e.flags);
    }
    struct fp80_env e = { .control = USUAL };
    struct fp80 nan = NANQ, inf = INF;
    ck_assert_uint_eq(fp80_to_int(&e, nan, 64, FP80_NEAREST), 1ull << 63);
    ck_assert_uint_eq(fp80_to_int(&e, inf, 16, FP80_NEAREST), 0x8000);
    ck_assert_uint_eq(e.flags, IE);
}
END_TEST

START_TEST(decimals)
{
    struct fp80_env e = { .control = USUAL };
    uint64_t low;
    struct fp80 most = fp80_from_int(999999999999999999), minus = NZERO;
    ck_assert_uint_eq(fp80_to_bcd(&e, most, &low), 0x0099);
    ck_assert_uint_eq(low, 0x9999999999999999);
    ck_assert_uint_eq(fp80_to_bcd(&e, minus, &low), 0x8000);
    ck_assert_uint_eq(low, 0);
    ck_assert_uint_eq(fp80_to_bcd(&e, fp80_from_int(-1234567890123456789 / 10), &low), 0x8012);
    ck_assert_uint_eq(low, 0x3456789012345678);
    ck_assert_uint_eq(e.flags, 0);
    /* table 4-4, packed BCD indefinite */
    ck_assert_uint_eq(fp80_to_bcd(&e, fp80_from_int(1000000000000000000), &low), 0xffff);
    ck_assert_uint_eq(low, 0xc000000000000000);
    ck_assert_uint_eq(e.flags, IE);
    ck_assert(same(fp80_from_bcd(0x9999999999999999, 0x0099), most));
    ck_assert(same(fp80_from_bcd(0, 0x8000), minus));
}
END_TEST

START_TEST(narrow_formats)
{
    static const struct {
        uint16_t control;
        struct fp80 v;
        uint32_t single;
        uint16_t flags;
    } cases[] = {
        { USUAL, ONE, 0x3f800000, 0 }, { USUAL, N(0x3fff, 0x8000008000000000), 0x3f800000, PE },
        { UP, N(0x3fff, 0x8000008000000000), 0x3f800001, PE }, { USUAL, N(0x407f, 1ull << 63), 0x7f800000, OE | PE },
        { CHOP, N(0x407f, 1ull << 63), 0x7f7fffff, OE | PE }, { USUAL, N(0x407e, ~0ull), 0x7f800000, OE | PE },
        { USUAL, N(0x3f6a, 1ull << 63), 1, 0 }, { USUAL, N(0x3f69, 1ull << 63), 0, UE | PE },
        { UP, DENORMAL, 1, UE | PE }, { USUAL, N(0x3f80, ~0ull), 0x00800000, PE },
        { USUAL, N(0x3f80, ~0ull << 40), 0x00800000, UE | PE },
        { USUAL, N(0xffff, 0xa000000000000000), 0xffe00000, IE }, { USUAL, NINF, 0xff800000, 0 },
        { USUAL, N(0x4000, 1), 0xffc00000, IE },
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct fp80_env e = { .control = cases[i].control };
        uint32_t r = fp80_to_f32(&e, cases[i].v);
        ck_assert_msg(r == cases[i].single && e.flags == cases[i].flags, "case %u: %08x flags %02x", i, r, e.flags);
    }
    struct fp80_env e = { .control = USUAL };
    struct fp80 least = fp80_from_f64(&e, 1);
    ck_assert(least.se == 0x3fff - 1074 && least.m == 1ull << 63 && e.denormal && e.flags == 0);
    fp80_load(&e, least);
    ck_assert_uint_eq(e.flags, DE);
}
END_TEST

/* SDM volume 1, 8.3.8 and volume 2, FLD1 and its like: rounded from a longer value as RC says */
START_TEST(constants)
{
    static const struct {
        enum fp80_constant which;
        uint16_t se;
        uint64_t below, nearest;
    } cases[] = {
        { FP80_L2T, 0x4000, 0xd49a784bcd1b8afe, 0xd49a784bcd1b8afe },
        { FP80_L2E, 0x3fff, 0xb8aa3b295c17f0bb, 0xb8aa3b295c17f0bc },
        { FP80_PI, 0x4000, 0xc90fdaa22168c234, 0xc90fdaa22168c235 },
        { FP80_LG2, 0x3ffd, 0x9a209a84fbcff798, 0x9a209a84fbcff799 },
        { FP80_LN2, 0x3ffe, 0xb17217f7d1cf79ab, 0xb17217f7d1cf79ac },
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct fp80 below = { cases[i].below, cases[i].se }, above = { cases[i].below + 1, cases[i].se };
        struct fp80 nearest = { cases[i].nearest, cases[i].se };
        ck_assert(same(fp80_constant(&(struct fp80_env){ .control = USUAL }, cases[i].which), nearest));
        ck_assert(same(fp80_constant(&(struct fp80_env){ .control = DOWN }, cases[i].which), below));
        ck_assert(same(fp80_constant(&(struct fp80_env){ .control = CHOP }, cases[i].which), below));
        ck_assert(same(fp80_constant(&(struct fp80_env){ .control = UP }, cases[i].which), above));
        ck_assert(same(fp80_constant(&(struct fp80_env){ .control = FLOAT }, cases[i].which), nearest));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("fp80");
    TCase *t = tcase_create("arithmetic");
    tcase_add_loop_test(t, tables, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(t, by_definition, 0, ARRAY_LEN(functions));
    tcase_add_test(t, angles_out_of_range);
    tcase_add_test(t, remainders);
    tcase_add_test(t, extraction);
    tcase_add_test(t, classes);
    tcase_add_test(t, relations);
    tcase_add_test(t, integers);
    tcase_add_test(t, decimals);
    tcase_add_test(t, narrow_formats);
    tcase_add_test(t, constants);
    suite_add_tcase(s, t);
    return s;
}
