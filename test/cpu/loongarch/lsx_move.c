/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX moves under both executors: a model says for each lane of the destination which lane of which register
 * it is. Encodings are base words, not the decode tables'.
 */
#include "test/cpu/loongarch/vec_rig.h"

struct op {
    union vec v[VEC_REGS];
    uint64_t r;                  /* general register 4 */
    unsigned imm, lane, n, half; /* log2 of a lane's bytes; lanes in a half; the half at hand */
};
typedef uwide lane_fn(const struct op *o, unsigned i);

/* Lane i of this half; of the whole register. */
static uwide in_half(const struct op *o, unsigned reg, unsigned i)
{
    return vec_get(&o->v[reg], o->lane, o->half * o->n + i);
}
#define D(i)   in_half(o, VEC_D, i)
#define J(i)   in_half(o, VEC_J, i)
#define K(i)   in_half(o, VEC_K, i)
#define A(i)   in_half(o, VEC_A, i)
#define JX(i)  vec_get(&o->v[VEC_J], o->lane, i)
#define DX(i)  vec_get(&o->v[VEC_D], o->lane, i)
#define ALL_I  (o->half * o->n + i)

#define F(name, EXPR)                                                                                                  \
    static uwide name(const struct op *o, unsigned i)                                                                  \
    {                                                                                                                  \
        (void)o, (void)i;                                                                                              \
        return (uwide)(EXPR);                                                                                          \
    }
/* clang-format off */
F(packev, i % 2 ? J(i - 1) : K(i)) F(packod, i % 2 ? J(i) : K(i + 1))
F(ilvl, i % 2 ? J(i / 2) : K(i / 2)) F(ilvh, i % 2 ? J((o->n + i) / 2) : K((o->n + i) / 2))
F(pickev, i < o->n / 2 ? K(2 * i) : J(2 * i - o->n)) F(pickod, i < o->n / 2 ? K(2 * i + 1) : J(2 * i + 1 - o->n))
F(replve, J(o->r % o->n)) F(replgr, o->r)
F(and_, J(i) & K(i)) F(or_, J(i) | K(i)) F(xor_, J(i) ^ K(i)) F(nor_, ~(J(i) | K(i)))
F(andn, ~J(i) & K(i)) F(orn, J(i) | ~K(i))
F(andi, J(i) & o->imm) F(ori, J(i) | o->imm) F(xori, J(i) ^ o->imm) F(nori, ~(J(i) | o->imm))
F(bitsel, (J(i) & ~A(i)) | (K(i) & A(i))) F(bitseli, (J(i) & ~D(i)) | (o->imm & D(i)))
F(shuf_b, A(i) % 32 < 16 ? K(A(i) % 16) : J(A(i) % 16))
F(shuf, D(i) / o->n % 2 ? J((unsigned)(D(i) % o->n)) : K((unsigned)(D(i) % o->n)))
F(shuf4i, J(i / 4 * 4 + (o->imm >> 2 * (i % 4)) % 4))
F(shuf4i_d, (o->imm >> 2 * i) % 4 < 2 ? D((o->imm >> 2 * i) % 2) : J((o->imm >> 2 * i) % 2))
F(permi_w, i < 2 ? J((o->imm >> 2 * i) % 4) : D((o->imm >> 2 * i) % 4))
F(perm_w, JX((unsigned)(K(i) % 8))) F(permi_d, JX((o->imm >> 2 * ALL_I) % 4))
F(permi_q, (o->imm >> 4 * o->half) % 4 < 2 ? JX((o->imm >> 4 * o->half) % 2) : DX((o->imm >> 4 * o->half) % 2))
F(hseli, J(o->imm >> ALL_I & 1))
F(replvei, J(o->imm)) F(repl0, JX(0))
F(extrins, i == (o->imm >> 4) % o->n ? J(o->imm % o->n) : D(i))
F(insve0, ALL_I == o->imm ? JX(0) : D(i)) F(pickve, ALL_I == 0 ? JX(o->imm) : 0)
F(insgr, ALL_I == o->imm ? o->r : D(i))
F(bsll, i < o->imm % 16 ? 0 : J(i - o->imm % 16)) F(bsrl, i + o->imm % 16 > 15 ? 0 : J(i + o->imm % 16))
static unsigned first_negative(const struct op *o)
{
    unsigned n = 0;
    while (n < o->n && (J(n) >> ((8u << o->lane) - 1)) == 0)
        n++;
    return n;
}
F(frstp, i == K(0) % o->n ? first_negative(o) : D(i)) F(frstpi, i == o->imm % o->n ? first_negative(o) : D(i))
/* Masks go into the first lane, which is as wide as 16 bits of them want only where lanes are not bytes. */
static uint64_t mask_of(const struct op *o, unsigned bits, bool negative, bool zero)
{
    uint64_t m = 0;
    for (unsigned n = 0; n < 128 / bits; n++) {
        uwide x = vec_get(&o->v[VEC_J], bits == 8 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : 3, o->half * (128 / bits) + n);
        m |= (uint64_t)(negative ? x >> (bits - 1) & 1 : (x == 0) == zero) << n;
    }
    return m;
}
F(mskltz_b, mask_of(o, 8, true, false)) F(mskltz_h, mask_of(o, 16, true, false))
F(mskltz_w, mask_of(o, 32, true, false)) F(mskltz_d, mask_of(o, 64, true, false))
F(mskgez, ~mask_of(o, 8, true, false) & 0xffff) F(msknz, mask_of(o, 8, false, false))
#define EXTENDS(name, from, bits)                                                                                      \
    F(name, vec_signed(vec_get(&o->v[VEC_J], from, ALL_I), bits)) F(name##_u, vec_get(&o->v[VEC_J], from, ALL_I))
EXTENDS(from_b, 0, 8) EXTENDS(from_h, 1, 16) EXTENDS(from_w, 2, 32)

enum {
    B = 1, H = 2, W = 4, D_ = 8, Q = 16, ALL = 15,
    SZ15 = 1 << 8, SZ10 = 2 << 8, RK = 4 << 8, RA = 8 << 8, LASX = 16 << 8, LSX = 32 << 8,
    GJ = 64 << 8, GK = 128 << 8, /* rj, rk are the general register */
    IMM = 1 << 16, /* its bits; from bit 10 on */
};
static const struct row { const char *name; uint32_t word; unsigned how; lane_fn *fn; } rows[] = {
#define R(fn, word, how) { #fn, word, how, fn }
    R(packev, 0x71160000, ALL | SZ15 | RK), R(packod, 0x71180000, ALL | SZ15 | RK), R(ilvl, 0x711a0000, ALL | SZ15 | RK),
    R(ilvh, 0x711c0000, ALL | SZ15 | RK), R(pickev, 0x711e0000, ALL | SZ15 | RK), R(pickod, 0x71200000, ALL | SZ15 | RK),
    R(replve, 0x71220000, ALL | SZ15 | GK), R(and_, 0x71260000, Q | RK), R(or_, 0x71268000, Q | RK),
    R(xor_, 0x71270000, Q | RK), R(nor_, 0x71278000, Q | RK), R(andn, 0x71280000, Q | RK), R(orn, 0x71288000, Q | RK),
    R(frstp, 0x712b0000, B | RK), R(frstp, 0x712b8000, H | RK), R(shuf, 0x717a8000, H | RK), R(shuf, 0x717b0000, W | RK),
    R(shuf, 0x717b8000, D_ | RK), R(perm_w, 0x757d0000, W | RK | LASX), R(bitsel, 0x0d100000, Q | RK | RA),
    R(shuf_b, 0x0d500000, B | RK | RA), R(bsll, 0x728e0000, B | 5 * IMM), R(bsrl, 0x728e8000, B | 5 * IMM),
    R(frstpi, 0x729a0000, B | 5 * IMM), R(frstpi, 0x729a8000, H | 5 * IMM), R(mskltz_b, 0x729c4000, Q),
    R(mskltz_h, 0x729c4400, Q), R(mskltz_w, 0x729c4800, Q), R(mskltz_d, 0x729c4c00, Q), R(mskgez, 0x729c5000, Q),
    R(msknz, 0x729c6000, Q), R(replgr, 0x729f0000, ALL | SZ10 | GJ),
    R(insgr, 0x72eb8000, B | GJ | 4 * IMM | LSX), R(insgr, 0x72ebc000, H | GJ | 3 * IMM | LSX),
    R(insgr, 0x72ebe000, W | GJ | 2 * IMM | LSX), R(insgr, 0x72ebf000, D_ | GJ | 1 * IMM | LSX),
    R(insgr, 0x76ebc000, W | GJ | 3 * IMM | LASX), R(insgr, 0x76ebe000, D_ | GJ | 2 * IMM | LASX),
    R(replvei, 0x72f78000, B | 4 * IMM), R(replvei, 0x72f7c000, H | 3 * IMM), R(replvei, 0x72f7e000, W | 2 * IMM),
    R(replvei, 0x72f7f000, D_ | 1 * IMM), R(extrins, 0x73800000, D_ | 8 * IMM), R(extrins, 0x73840000, W | 8 * IMM),
    R(extrins, 0x73880000, H | 8 * IMM), R(extrins, 0x738c0000, B | 8 * IMM), R(shuf4i, 0x73900000, B | 8 * IMM),
    R(shuf4i, 0x73940000, H | 8 * IMM), R(shuf4i, 0x73980000, W | 8 * IMM), R(shuf4i_d, 0x739c0000, D_ | 8 * IMM),
    R(bitseli, 0x73c40000, B | 8 * IMM), R(andi, 0x73d00000, B | 8 * IMM), R(ori, 0x73d40000, B | 8 * IMM),
    R(xori, 0x73d80000, B | 8 * IMM), R(nori, 0x73dc0000, B | 8 * IMM), R(permi_w, 0x73e40000, W | 8 * IMM),
    R(from_b, 0x769f1000, H | LASX), R(from_b, 0x769f1400, W | LASX), R(from_b, 0x769f1800, D_ | LASX),
    R(from_h, 0x769f1c00, W | LASX), R(from_h, 0x769f2000, D_ | LASX), R(from_w, 0x769f2400, D_ | LASX),
    R(from_b_u, 0x769f2800, H | LASX), R(from_b_u, 0x769f2c00, W | LASX), R(from_b_u, 0x769f3000, D_ | LASX),
    R(from_h_u, 0x769f3400, W | LASX), R(from_h_u, 0x769f3800, D_ | LASX), R(from_w_u, 0x769f3c00, D_ | LASX),
    R(hseli, 0x769f8000, D_ | 5 * IMM | LASX), R(insve0, 0x76ffc000, W | 3 * IMM | LASX),
    R(insve0, 0x76ffe000, D_ | 2 * IMM | LASX), R(pickve, 0x7703c000, W | 3 * IMM | LASX),
    R(pickve, 0x7703e000, D_ | 2 * IMM | LASX), R(repl0, 0x77070000, B | LASX), R(repl0, 0x77078000, H | LASX),
    R(repl0, 0x7707c000, W | LASX), R(repl0, 0x7707e000, D_ | LASX), R(repl0, 0x7707f000, Q | LASX),
    R(permi_d, 0x77e80000, D_ | 8 * IMM | LASX), R(permi_q, 0x77ec0000, Q | 8 * IMM | LASX),
};
/* clang-format on */

static void check(struct vec_rig *g, const struct row *r, unsigned lane, bool lasx)
{
    struct op o = { .r = vec_random(g), .lane = lane, .n = 16u >> lane };
    union vec e;
    o.imm = (unsigned)vec_random(g) & ((1u << (r->how / IMM)) - 1);
    uint32_t word = r->word | (r->how & GJ ? 4 : VEC_J) << 5 | o.imm << 10;
    word |= r->how & GK ? 4 << 10 : r->how & RK ? VEC_K << 10 : 0;
    word |= r->how & RA ? VEC_A << 15 : 0;
    word |= r->how & SZ15 ? lane << 15 : r->how & SZ10 ? lane << 10 : 0;
    if (lasx && !(r->how & LASX))
        word += r->how & RA ? 0x00100000 : 0x04000000;
    for (unsigned n = 0; n < VEC_REGS; n++)
        o.v[n] = vec_lanes(g, lane);
    for (o.half = 0; o.half < 2; o.half++)
        for (unsigned i = 0; i < o.n; i++)
            vec_set(&e, lane, o.half * o.n + i, r->fn(&o, i));
    g->la->r[4] = o.r;
    vec_run(g, r->name, word, lasx, o.v, &e);
}

START_TEST(lanes_come_from_where_the_model_says)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned lane = 0; lane < 5; lane++)
            for (unsigned k = 0; k < 60 && (rows[i].how >> lane & 1); k++)
                check(&g, &rows[i], lane, rows[i].how & LASX || (!(rows[i].how & LSX) && k & 1));
    vec_close(&g);
}
END_TEST

/* VLDI: rows of the constant's bytes, most significant first. i: the low eight bits; f, F: floats made of them. */
static uint64_t vldi(unsigned si13)
{
    static const char *const patterns[] = { "000i000i", "00i000i0", "0i000i00", "i000i000", "0i0i0i0i", "i0i0i0i0",
                                            "00i100i1", "0i110i11", "iiiiiiii", "mmmmmmmm", "ffffffff", "0000ffff",
                                            "FFFFFFFF" };
    uint8_t i = (uint8_t)si13;
    uint64_t v = 0;
    if (si13 >> 12 == 0) {
        uint64_t low = (uint64_t)((int64_t)((uint64_t)si13 << 54) >> 54);
        unsigned bits = 8u << (si13 >> 10 & 3);
        for (unsigned at = 0; at < 64; at += bits)
            v |= (bits == 64 ? low : low & ((1ull << bits) - 1)) << at;
        return v;
    }
    /* Of the bits abcdefgh: a, not b, five or eight times b, cdefgh. */
    uint32_t f = (uint32_t)(i >> 7) << 31 | (i & 0x40 ? 0x3e000000u : 0x40000000u) | (uint32_t)(i & 0x3f) << 19;
    uint64_t F = (uint64_t)(i >> 7) << 63 | (i & 0x40 ? 0x3fc0000000000000u : 0x4000000000000000u) |
                 (uint64_t)(i & 0x3f) << 48;
    const char *p = patterns[si13 >> 8 & 15];
    for (unsigned n = 0; n < 8; n++) {
        unsigned from_top = 8 * (7 - n);
        uint8_t byte = p[n] == 'i' ? i : p[n] == '1' ? 0xff : p[n] == 'm' ? (i >> (7 - n) & 1 ? 0xff : 0)
                     : p[n] == 'f' ? (uint8_t)(f >> from_top % 32) : p[n] == 'F' ? (uint8_t)(F >> from_top) : 0;
        v |= (uint64_t)byte << from_top;
    }
    return v;
}

START_TEST(constants)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    union vec v[VEC_REGS] = { 0 }, e;
    for (unsigned si13 = 0; si13 < 0x1d00; si13 += _i == 0 ? 3 : 1)
        for (unsigned lasx = 0; lasx < 2; lasx++) {
            for (unsigned n = 0; n < 32; n += 8)
                st_le64(e.b + n, vldi(si13));
            vec_run(&g, "vldi", (lasx ? 0x77e00000u : 0x73e00000u) | si13 << 5, lasx, v, &e);
        }
    vec_put_regs(&g, v);
    for (unsigned si13 = 0x1d00; si13 < 0x2000; si13 += 0xff) {
        ck_assert(!vec_try(&g, 0x73e00000u | si13 << 5, 0));
        ck_assert_uint_eq(vec_ecode(&g), LA_INE);
    }
    vec_close(&g);
}
END_TEST

/* VPICKVE2GR: base word, log2 of bytes, lanes, signed. */
START_TEST(lanes_to_general_registers)
{
    static const struct { uint32_t word; unsigned lane, lanes; bool is_signed; } picks[] = {
        { 0x72ef8000, 0, 16, true }, { 0x72efc000, 1, 8, true }, { 0x72efe000, 2, 4, true }, { 0x72eff000, 3, 2, true },
        { 0x72f38000, 0, 16, false }, { 0x72f3c000, 1, 8, false }, { 0x72f3e000, 2, 4, false },
        { 0x72f3f000, 3, 2, false }, { 0x76efc000, 2, 8, true }, { 0x76efe000, 3, 4, true },
        { 0x76f3c000, 2, 8, false }, { 0x76f3e000, 3, 4, false },
    };
    struct vec_rig g = vec_open(vec_modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(picks); i++)
        for (unsigned n = 0; n < picks[i].lanes; n++) {
            union vec v[VEC_REGS] = { [VEC_J] = vec_lanes(&g, picks[i].lane) };
            uwide x = vec_get(&v[VEC_J], picks[i].lane, n);
            vec_put_regs(&g, v);
            ck_assert(vec_try(&g, picks[i].word | n << 10 | VEC_J << 5 | 5, 0));
            ck_assert_uint_eq(g.la->r[5], picks[i].is_signed ? (uint64_t)vec_signed(x, 8u << picks[i].lane) : (uint64_t)x);
        }
    vec_close(&g);
}
END_TEST

/* Random vectors are hardly ever zero as a whole or anywhere: so few lanes are kept. */
START_TEST(tests_into_flags)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    for (unsigned k = 0; k < 600; k++) {
        union vec v[VEC_REGS] = { 0 };
        unsigned lane = k % 4, lasx = k / 4 % 2, count = (lasx ? 32u : 16u) >> lane, zeros = 0;
        v[VEC_J] = vec_lanes(&g, lane);
        for (unsigned n = 0; n < count; n++) {
            uint64_t r = vec_random(&g);
            if (k % 3 == 0 || (k % 3 == 1 && r % 8 == 0))
                vec_set(&v[VEC_J], lane, n, k % 3 == 0 && k % 9 == 0 && r % 16 == 0);
            else if (vec_get(&v[VEC_J], lane, n) == 0)
                vec_set(&v[VEC_J], lane, n, 1);
            zeros += vec_get(&v[VEC_J], lane, n) == 0;
        }
        const struct { uint32_t word; bool set; } tests[] = {
            { 0x729c9800, zeros == count }, { 0x729c9c00, zeros != count },
            { 0x729ca000 | lane << 10, zeros != 0 }, { 0x729cb000 | lane << 10, zeros == 0 },
        };
        for (unsigned i = 0; i < 4; i++) {
            unsigned cd = (k + i) % 8;
            uint32_t word = tests[i].word | VEC_J << 5 | cd | (lasx ? 0x04000000u : 0);
            vec_put_regs(&g, v);
            g.la->fcc[cd] = !tests[i].set;
            ck_assert(vec_try(&g, word, 0));
            ck_assert_msg(g.la->fcc[cd] == tests[i].set, "%08x: %u of %u lanes are 0", word, zeros, count);
        }
    }
    vec_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("lsx_move");
    TCase *t = tcase_create("lsx_move");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, lanes_come_from_where_the_model_says, 0, ARRAY_LEN(vec_modes));
    tcase_add_loop_test(t, constants, 0, ARRAY_LEN(vec_modes));
    tcase_add_loop_test(t, lanes_to_general_registers, 0, ARRAY_LEN(vec_modes));
    tcase_add_loop_test(t, tests_into_flags, 0, ARRAY_LEN(vec_modes));
    suite_add_tcase(s, t);
    return s;
}
