/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX integer arithmetic and shifts under both executors against a plain model of one lane each, in 128-bit
 * arithmetic. Encodings are base words with the size where the group has it, not the decode tables'.
 */
#include "test/cpu/loongarch/vec_rig.h"

struct lane {
    uwide x, y, z;    /* lanes of vj, vk (or the immediate), old vd */
    wide sx, sy, sz;
    unsigned w, n;    /* bits of x and y; shift count, modulo w */
};
typedef uwide lane_fn(const struct lane *l);

static wide clamp(wide v, wide least, wide most)
{
    return v < least ? least : v > most ? most : v;
}
static wide top(unsigned w) /* 2^w - 1, also for 128 bits' sign */
{
    return w >= 127 ? (wide)(~(uwide)0 >> 1) : ((wide)1 << w) - 1;
}
static uwide to_s(wide v, unsigned w)
{
    return (uwide)clamp(v, -top(w - 1) - 1, top(w - 1));
}
static uwide to_u(wide v, unsigned w)
{
    return (uwide)clamp(v, 0, top(w));
}
static uwide least_u(uwide v, unsigned w) /* of numbers without sign */
{
    return v > (uwide)top(w) ? (uwide)top(w) : v;
}
/* Rounding to the nearest, halves upwards: twice the quotient plus one, halved. */
static wide near_s(wide v, unsigned n) { return n == 0 ? v : ((v >> (n - 1)) >> 1) + ((v >> (n - 1)) & 1); }
static uwide near_u(uwide v, unsigned n) { return n == 0 ? v : ((v >> (n - 1)) >> 1) + ((v >> (n - 1)) & 1); }
static uwide count_leading(uwide v, unsigned w, unsigned bit)
{
    uwide n = 0;
    while (n < w && (v >> (w - 1 - n) & 1) == bit)
        n++;
    return n;
}
static wide absolute(wide v) { return v < 0 ? -v : v; }

#define F(name, EXPR) static uwide name(const struct lane *l) { return (uwide)(EXPR); }
/* clang-format off */
F(seq, -(wide)(l->x == l->y)) F(sle, -(wide)(l->sx <= l->sy)) F(sle_u, -(wide)(l->x <= l->y))
F(slt, -(wide)(l->sx < l->sy)) F(slt_u, -(wide)(l->x < l->y))
F(add, l->x + l->y) F(sub, l->x - l->y) F(neg, -l->x) F(mul, l->x * l->y)
F(sadd, to_s(l->sx + l->sy, l->w)) F(sadd_u, to_u((wide)(l->x + l->y), l->w))
F(ssub, to_s(l->sx - l->sy, l->w)) F(ssub_u, to_u((wide)l->x - (wide)l->y, l->w))
F(adda, absolute(l->sx) + absolute(l->sy))
F(absd, absolute(l->sx - l->sy)) F(absd_u, absolute((wide)l->x - (wide)l->y))
F(avg, (l->sx + l->sy) >> 1) F(avg_u, (l->x + l->y) >> 1)
F(avgr, (l->sx + l->sy + 1) >> 1) F(avgr_u, (l->x + l->y + 1) >> 1)
F(max, l->sx > l->sy ? l->x : l->y) F(max_u, l->x > l->y ? l->x : l->y)
F(min, l->sx < l->sy ? l->x : l->y) F(min_u, l->x < l->y ? l->x : l->y)
F(muh, (l->sx * l->sy) >> l->w) F(muh_u, (l->x * l->y) >> l->w)
F(madd, l->z + l->x * l->y) F(msub, l->z - l->x * l->y)
F(div, l->y == 0 ? 0 : l->sx / l->sy) F(div_u, l->y == 0 ? 0 : l->x / l->y)
F(mod, l->y == 0 ? 0 : l->sx % l->sy) F(mod_u, l->y == 0 ? 0 : l->x % l->y)
F(signcov, l->sx < 0 ? -l->sy : l->sx == 0 ? 0 : l->sy)
F(clo, count_leading(l->x, l->w, 1)) F(clz, count_leading(l->x, l->w, 0))
static uwide pcnt(const struct lane *l)
{
    uwide n = 0;
    for (unsigned i = 0; i < l->w; i++)
        n += l->x >> i & 1;
    return n;
}
/* Widening, mixed kinds: us is unsigned by signed. */
F(add_s, l->sx + l->sy) F(add_u, l->x + l->y) F(add_us, (wide)l->x + l->sy)
F(sub_s, l->sx - l->sy) F(sub_u, l->x - l->y)
F(mul_s, (uwide)l->sx * (uwide)l->sy) F(mul_u, l->x * l->y) F(mul_us, l->x * (uwide)l->sy)
F(madd_s, l->z + mul_s(l)) F(madd_u, l->z + mul_u(l)) F(madd_us, l->z + mul_us(l))
/* Shifts */
F(sll, l->x << l->n) F(srl, l->x >> l->n) F(sra, l->sx >> l->n)
F(srlr, near_u(l->x, l->n)) F(srar, near_s(l->sx, l->n))
F(rotr, l->n == 0 ? l->x : l->x >> l->n | l->x << (l->w - l->n))
F(bitclr, l->x & ~((uwide)1 << l->n)) F(bitset, l->x | (uwide)1 << l->n) F(bitrev, l->x ^ (uwide)1 << l->n)
F(sat, to_s(l->sx, l->n + 1)) F(sat_u, least_u(l->x, l->n + 1))
F(wil, l->sx * ((wide)1 << l->n)) F(wil_u, l->x << l->n) F(ext, l->sx) F(ext_u, l->x)
/* Narrowing to w / 2 */
F(ssrln, least_u(srl(l), l->w / 2 - 1)) F(ssrln_u, least_u(srl(l), l->w / 2))
F(ssran, to_s((wide)sra(l), l->w / 2)) F(ssran_u, to_u((wide)sra(l), l->w / 2))
F(ssrlrn, least_u(srlr(l), l->w / 2 - 1)) F(ssrlrn_u, least_u(srlr(l), l->w / 2))
F(ssrarn, to_s((wide)srar(l), l->w / 2)) F(ssrarn_u, to_u((wide)srar(l), l->w / 2))

enum kind {
    THREE,        /* vd, vj, vk; size in 16:15 */
    TWO,          /* vd, vj; size in 11:10 */
    SI5, UI5,     /* an immediate for vk */
    EVEN, ODD, HORIZONTAL, /* lanes of twice the size */
    WHOLE,        /* the half as one number of 128 bits */
    SHIFT_I,      /* amount with a leading one */
    NARROW, NARROW_I, WIDEN_I,
    LOW_Q, HIGH,  /* extension of one half */
};
enum { B = 1, H = 2, W = 4, D = 8, Q = 16, HWD = H | W | D, BHW = B | H | W, ALL = 15 };
static const struct row { const char *name; uint32_t word; enum kind kind; unsigned sizes; lane_fn *fn; } rows[] = {
#define R(fn, word, kind, sizes) { #fn, word, kind, sizes, fn }
    R(seq, 0x70000000, THREE, ALL), R(sle, 0x70020000, THREE, ALL), R(sle_u, 0x70040000, THREE, ALL),
    R(slt, 0x70060000, THREE, ALL), R(slt_u, 0x70080000, THREE, ALL), R(add, 0x700a0000, THREE, ALL),
    R(sub, 0x700c0000, THREE, ALL), R(add_s, 0x701e0000, EVEN, ALL), R(sub_s, 0x70200000, EVEN, ALL),
    R(add_s, 0x70220000, ODD, ALL), R(sub_s, 0x70240000, ODD, ALL), R(add_u, 0x702e0000, EVEN, ALL),
    R(sub_u, 0x70300000, EVEN, ALL), R(add_u, 0x70320000, ODD, ALL), R(sub_u, 0x70340000, ODD, ALL),
    R(add_us, 0x703e0000, EVEN, ALL), R(add_us, 0x70400000, ODD, ALL), R(sadd, 0x70460000, THREE, ALL),
    R(ssub, 0x70480000, THREE, ALL), R(sadd_u, 0x704a0000, THREE, ALL), R(ssub_u, 0x704c0000, THREE, ALL),
    R(add_s, 0x70540000, HORIZONTAL, ALL), R(sub_s, 0x70560000, HORIZONTAL, ALL),
    R(add_u, 0x70580000, HORIZONTAL, ALL), R(sub_u, 0x705a0000, HORIZONTAL, ALL), R(adda, 0x705c0000, THREE, ALL),
    R(absd, 0x70600000, THREE, ALL), R(absd_u, 0x70620000, THREE, ALL), R(avg, 0x70640000, THREE, ALL),
    R(avg_u, 0x70660000, THREE, ALL), R(avgr, 0x70680000, THREE, ALL), R(avgr_u, 0x706a0000, THREE, ALL),
    R(max, 0x70700000, THREE, ALL), R(min, 0x70720000, THREE, ALL), R(max_u, 0x70740000, THREE, ALL),
    R(min_u, 0x70760000, THREE, ALL), R(mul, 0x70840000, THREE, ALL), R(muh, 0x70860000, THREE, ALL),
    R(muh_u, 0x70880000, THREE, ALL), R(mul_s, 0x70900000, EVEN, ALL), R(mul_s, 0x70920000, ODD, ALL),
    R(mul_u, 0x70980000, EVEN, ALL), R(mul_u, 0x709a0000, ODD, ALL), R(mul_us, 0x70a00000, EVEN, ALL),
    R(mul_us, 0x70a20000, ODD, ALL), R(madd, 0x70a80000, THREE, ALL), R(msub, 0x70aa0000, THREE, ALL),
    R(madd_s, 0x70ac0000, EVEN, ALL), R(madd_s, 0x70ae0000, ODD, ALL), R(madd_u, 0x70b40000, EVEN, ALL),
    R(madd_u, 0x70b60000, ODD, ALL), R(madd_us, 0x70bc0000, EVEN, ALL), R(madd_us, 0x70be0000, ODD, ALL),
    R(div, 0x70e00000, THREE, ALL), R(mod, 0x70e20000, THREE, ALL), R(div_u, 0x70e40000, THREE, ALL),
    R(mod_u, 0x70e60000, THREE, ALL), R(sll, 0x70e80000, THREE, ALL), R(srl, 0x70ea0000, THREE, ALL),
    R(sra, 0x70ec0000, THREE, ALL), R(rotr, 0x70ee0000, THREE, ALL), R(srlr, 0x70f00000, THREE, ALL),
    R(srar, 0x70f20000, THREE, ALL), R(srl, 0x70f40000, NARROW, HWD), R(sra, 0x70f60000, NARROW, HWD),
    R(srlr, 0x70f80000, NARROW, HWD), R(srar, 0x70fa0000, NARROW, HWD), R(ssrln, 0x70fc0000, NARROW, HWD),
    R(ssran, 0x70fe0000, NARROW, HWD), R(ssrlrn, 0x71000000, NARROW, HWD), R(ssrarn, 0x71020000, NARROW, HWD),
    R(ssrln_u, 0x71040000, NARROW, HWD), R(ssran_u, 0x71060000, NARROW, HWD), R(ssrlrn_u, 0x71080000, NARROW, HWD),
    R(ssrarn_u, 0x710a0000, NARROW, HWD), R(bitclr, 0x710c0000, THREE, ALL), R(bitset, 0x710e0000, THREE, ALL),
    R(bitrev, 0x71100000, THREE, ALL), R(add, 0x712d0000, WHOLE, Q), R(sub, 0x712d8000, WHOLE, Q),
    R(signcov, 0x712e0000, THREE, ALL),
    R(seq, 0x72800000, SI5, ALL), R(sle, 0x72820000, SI5, ALL), R(sle_u, 0x72840000, UI5, ALL),
    R(slt, 0x72860000, SI5, ALL), R(slt_u, 0x72880000, UI5, ALL), R(add, 0x728a0000, UI5, ALL),
    R(sub, 0x728c0000, UI5, ALL), R(max, 0x72900000, SI5, ALL), R(min, 0x72920000, SI5, ALL),
    R(max_u, 0x72940000, UI5, ALL), R(min_u, 0x72960000, UI5, ALL),
    R(clo, 0x729c0000, TWO, ALL), R(clz, 0x729c1000, TWO, ALL), R(pcnt, 0x729c2000, TWO, ALL),
    R(neg, 0x729c3000, TWO, ALL), R(ext, 0x729ee000, HIGH, ALL), R(ext_u, 0x729ef000, HIGH, ALL),
    R(rotr, 0x72a00000, SHIFT_I, ALL), R(srlr, 0x72a40000, SHIFT_I, ALL), R(srar, 0x72a80000, SHIFT_I, ALL),
    R(wil, 0x73080000, WIDEN_I, BHW), R(ext, 0x73090000, LOW_Q, D), R(wil_u, 0x730c0000, WIDEN_I, BHW),
    R(ext_u, 0x730d0000, LOW_Q, D), R(bitclr, 0x73100000, SHIFT_I, ALL), R(bitset, 0x73140000, SHIFT_I, ALL),
    R(bitrev, 0x73180000, SHIFT_I, ALL), R(sat, 0x73240000, SHIFT_I, ALL), R(sat_u, 0x73280000, SHIFT_I, ALL),
    R(sll, 0x732c0000, SHIFT_I, ALL), R(srl, 0x73300000, SHIFT_I, ALL), R(sra, 0x73340000, SHIFT_I, ALL),
    R(srl, 0x73400000, NARROW_I, HWD | Q), R(srlr, 0x73440000, NARROW_I, HWD | Q),
    R(ssrln, 0x73480000, NARROW_I, HWD | Q), R(ssrln_u, 0x734c0000, NARROW_I, HWD | Q),
    R(ssrlrn, 0x73500000, NARROW_I, HWD | Q), R(ssrlrn_u, 0x73540000, NARROW_I, HWD | Q),
    R(sra, 0x73580000, NARROW_I, HWD | Q), R(srar, 0x735c0000, NARROW_I, HWD | Q),
    R(ssran, 0x73600000, NARROW_I, HWD | Q), R(ssran_u, 0x73640000, NARROW_I, HWD | Q),
    R(ssrarn, 0x73680000, NARROW_I, HWD | Q), R(ssrarn_u, 0x736c0000, NARROW_I, HWD | Q),
};
/* clang-format on */

/* Half `h` of what vd becomes; src is log2 of the operands' bytes. */
static void expect_half(const struct row *r, unsigned src, unsigned imm, const union vec v[VEC_REGS], unsigned h,
                        union vec *out)
{
    bool widens = r->kind == EVEN || r->kind == ODD || r->kind == HORIZONTAL || r->kind == WIDEN_I ||
                  r->kind == LOW_Q || r->kind == HIGH;
    bool narrows = r->kind == NARROW || r->kind == NARROW_I;
    unsigned dst = src + widens - narrows, count = 16u >> dst, from = 16u >> src, w = 8u << src;
    for (unsigned i = 0; i < count; i++) {
        unsigned j = i, k = i;
        const union vec *first = &v[VEC_J];
        switch (r->kind) {
        case EVEN: j = k = 2 * i; break;
        case ODD: j = k = 2 * i + 1; break;
        case HORIZONTAL: j = 2 * i + 1, k = 2 * i; break;
        case HIGH: j = from / 2 + i; break;
        case NARROW_I: first = i < from ? &v[VEC_J] : &v[VEC_D]; j = i % from; break;
        default: break;
        }
        if (r->kind == NARROW && i >= from) {
            vec_set(out, dst, h * count + i, 0);
            continue;
        }
        struct lane l = { .x = vec_get(first, src, h * from + j), .y = vec_get(&v[VEC_K], src, h * from + k % from),
                          .z = vec_get(&v[VEC_D], dst, h * count + i), .w = w };
        if (r->kind == SI5)
            l.y = (uwide)((wide)((int32_t)(imm << 27) >> 27)) << (128 - w) >> (128 - w);
        if (r->kind == UI5)
            l.y = imm;
        l.sx = vec_signed(l.x, w);
        l.sy = vec_signed(l.y, w);
        l.n = r->kind == SHIFT_I || r->kind == NARROW_I || r->kind == WIDEN_I ? imm : (unsigned)l.y % w;
        vec_set(out, dst, h * count + i, r->fn(&l));
    }
}

static void check(struct vec_rig *g, const struct row *r, unsigned src, bool lasx)
{
    unsigned w = 8u << src, imm = (unsigned)vec_random(g) % 32;
    uint32_t word = r->word | VEC_J << 5 | (lasx ? 0x04000000u : 0);
    switch (r->kind) {
    case TWO: case HIGH: word |= src << 10; break;
    case SI5: case UI5: word |= src << 15 | imm << 10; break;
    case WHOLE: word |= VEC_K << 10; break;
    case LOW_Q: break;
    case SHIFT_I: case NARROW_I: case WIDEN_I:
        imm = (unsigned)vec_random(g) % w;
        word |= (w | imm) << 10;
        break;
    default: word |= src << 15 | VEC_K << 10; break;
    }
    union vec v[VEC_REGS], e;
    for (unsigned n = 0; n < VEC_REGS; n++)
        v[n] = vec_lanes(g, n == VEC_D && (r->kind == EVEN || r->kind == ODD) ? src + 1 : src);
    for (unsigned h = 0; h < 2; h++)
        expect_half(r, src, imm, v, h, &e);
    vec_run(g, r->name, word, lasx, v, &e);
}

START_TEST(lanes_follow_the_model)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned src = 0; src < 5; src++)
            for (unsigned k = 0; k < 60 && (rows[i].sizes >> src & 1); k++)
                check(&g, &rows[i], src, k & 1);
    vec_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("lsx_int");
    TCase *t = tcase_create("lsx_int");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, lanes_follow_the_model, 0, ARRAY_LEN(vec_modes));
    suite_add_tcase(s, t);
    return s;
}
