/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD integer instructions under both executors against a plain model of one lane each, written after Arm ARM C7.2
 * in 128-bit arithmetic. Encodings are put together from C4.1.96's fields, not from the decode tables. Operands
 * are v1 and v2 (rn, rm), the destination v0 holds garbage, which accumulating instructions add to.
 */
#include "test/cpu/arm64/simd_rig.h"

typedef __int128 wide;

struct lane {
    uint64_t x, y, z; /* rn, rm, old rd */
    wide sx, sy, sz;
    unsigned w, n;    /* bits, shift count */
    bool qc;
};
typedef uint64_t lane_fn(struct lane *l);

static uint64_t sat_s(struct lane *l, wide v, unsigned w)
{
    wide top = ((wide)1 << (w - 1)) - 1, r = v > top ? top : v < -top - 1 ? -top - 1 : v;
    l->qc |= r != v;
    return (uint64_t)r;
}
static uint64_t sat_u(struct lane *l, wide v, unsigned w)
{
    wide top = ((wide)1 << w) - 1, r = v > top ? top : v < 0 ? 0 : v;
    l->qc |= r != v;
    return (uint64_t)r;
}
static wide floor_shift(wide v, unsigned n, bool round) /* v / 2^n, downwards or to the nearest */
{
    return n == 0 ? v : (v + (round ? (wide)1 << (n - 1) : 0)) >> n;
}
/* SSHL and its like: by the low byte of y; more than 65 places right are as good as 65. */
static wide shifted(const struct lane *l, wide v, bool round)
{
    int n = (int8_t)l->y;
    if (n < 0)
        return floor_shift(v, -n > 65 ? 65 : (unsigned)-n, round);
    if (v == 0 || n >= 64)
        return v == 0 ? 0 : v > 0 ? (wide)1 << 126 : -((wide)1 << 126);
    return v * ((wide)1 << n);
}
static uint64_t cut(const struct lane *l, wide v) /* without saturation what is pushed out is lost */
{
    return (int8_t)l->y >= (int)l->w ? 0 : (uint64_t)v;
}
static uint64_t leading(uint64_t v, unsigned w)
{
    uint64_t n = 0;
    while (n < w && !(v >> (w - 1 - n) & 1))
        n++;
    return n;
}
#define F(name, EXPR) static uint64_t name(struct lane *l) { (void)l; return (uint64_t)(EXPR); }
/* clang-format off */
F(add, l->x + l->y)            F(sub, l->x - l->y)            F(mul, l->x * l->y)
F(mla, l->z + l->x * l->y)     F(mls, l->z - l->x * l->y)
F(cmeq, -(l->x == l->y))       F(cmgt, -(l->sx > l->sy))      F(cmge, -(l->sx >= l->sy))
F(cmhi, -(l->x > l->y))        F(cmhs, -(l->x >= l->y))       F(cmtst, -((l->x & l->y) != 0))
F(cmeq0, -(l->x == 0))         F(cmgt0, -(l->sx > 0))         F(cmge0, -(l->sx >= 0))
F(cmlt0, -(l->sx < 0))         F(cmle0, -(l->sx <= 0))
F(smax, l->sx > l->sy ? l->x : l->y) F(smin, l->sx < l->sy ? l->x : l->y)
F(umax, l->x > l->y ? l->x : l->y)   F(umin, l->x < l->y ? l->x : l->y)
F(sabd, l->sx > l->sy ? l->sx - l->sy : l->sy - l->sx) F(uabd, l->x > l->y ? l->x - l->y : l->y - l->x)
F(saba, l->z + sabd(l))        F(uaba, l->z + uabd(l))
F(shadd, (l->sx + l->sy) >> 1) F(uhadd, ((wide)l->x + l->y) >> 1)
F(srhadd, (l->sx + l->sy + 1) >> 1) F(urhadd, ((wide)l->x + l->y + 1) >> 1)
F(shsub, (l->sx - l->sy) >> 1) F(uhsub, ((wide)l->x - l->y) >> 1)
F(sqadd, sat_s(l, l->sx + l->sy, l->w)) F(uqadd, sat_u(l, (wide)l->x + l->y, l->w))
F(sqsub, sat_s(l, l->sx - l->sy, l->w)) F(uqsub, sat_u(l, (wide)l->x - l->y, l->w))
F(suqadd, sat_s(l, l->sz + l->x, l->w)) F(usqadd, sat_u(l, l->z + l->sx, l->w))
F(sqabs, sat_s(l, l->sx < 0 ? -l->sx : l->sx, l->w)) F(sqneg, sat_s(l, -l->sx, l->w))
F(abs_, l->sx < 0 ? -l->sx : l->sx) F(neg, -l->sx)
F(clz, leading(l->x, l->w))    F(cls, leading(l->sx < 0 ? ~l->x : l->x, l->w) - 1)
F(cnt, __builtin_popcountll(l->x))
F(sshl, cut(l, shifted(l, l->sx, false)))  F(ushl, cut(l, shifted(l, l->x, false)))
F(srshl, cut(l, shifted(l, l->sx, true)))  F(urshl, cut(l, shifted(l, l->x, true)))
F(sqshl, sat_s(l, shifted(l, l->sx, false), l->w))  F(uqshl, sat_u(l, shifted(l, l->x, false), l->w))
F(sqrshl, sat_s(l, shifted(l, l->sx, true), l->w))  F(uqrshl, sat_u(l, shifted(l, l->x, true), l->w))
F(sqdmulh, sat_s(l, (2 * l->sx * l->sy) >> l->w, l->w))
F(sqrdmulh, sat_s(l, floor_shift(2 * l->sx * l->sy, l->w, true), l->w))
F(sqrdmlah, sat_s(l, floor_shift((l->sz << l->w) + 2 * l->sx * l->sy, l->w, true), l->w))
F(sqrdmlsh, sat_s(l, floor_shift((l->sz << l->w) - 2 * l->sx * l->sy, l->w, true), l->w))
F(sshr, l->sx >> l->n)         F(ushr, (wide)l->x >> l->n)
F(ssra, l->z + sshr(l))        F(usra, l->z + ushr(l))
F(srshr, floor_shift(l->sx, l->n, true)) F(urshr, floor_shift(l->x, l->n, true))
F(srsra, l->z + srshr(l))      F(ursra, l->z + urshr(l))
F(sri, (l->z & ~(uint64_t)((((wide)1 << l->w) - 1) >> l->n)) | ushr(l))
F(shl, l->x << l->n)           F(sli, (l->z & (((uint64_t)1 << l->n) - 1)) | l->x << l->n)
F(sqshli, sat_s(l, l->sx * ((wide)1 << l->n), l->w)) F(uqshli, sat_u(l, l->x * ((wide)1 << l->n), l->w))
F(sqshlu, sat_u(l, l->sx * ((wide)1 << l->n), l->w))
static uint64_t pmul(struct lane *l)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 8; i++)
        if (l->y >> i & 1)
            r ^= l->x << i;
    return r;
}
/* Long: x, y narrow, z wide. Narrow: x, y wide; w is the narrow width. */
F(addl, l->sx + l->sy) F(uaddl, l->x + l->y) F(subl, l->sx - l->sy) F(usubl, l->x - l->y)
F(mull, l->sx * l->sy) F(umull, l->x * l->y) F(mlal, l->z + mull(l)) F(umlal, l->z + umull(l))
F(mlsl, l->z - mull(l)) F(umlsl, l->z - umull(l)) F(sabal, l->z + sabd(l)) F(uabal, l->z + uabd(l))
F(sqdmull, sat_s(l, 2 * l->sx * l->sy, 2 * l->w))
static wide as_signed(uint64_t v, unsigned w) { return (int64_t)(v << (64 - w)) >> (64 - w); }
F(sqdmlal, sat_s(l, l->sz + as_signed(sqdmull(l), 2 * l->w), 2 * l->w))
F(sqdmlsl, sat_s(l, l->sz - as_signed(sqdmull(l), 2 * l->w), 2 * l->w))
F(sshll, l->sx * ((wide)1 << l->n)) F(ushll, l->x << l->n)
F(xtn, l->x) F(sqxtn, sat_s(l, l->sx, l->w)) F(sqxtun, sat_u(l, l->sx, l->w)) F(uqxtn, sat_u(l, l->x, l->w))
F(addhn, (l->x + l->y) >> l->w) F(subhn, (l->x - l->y) >> l->w)
F(raddhn, (l->x + l->y + (1ull << (l->w - 1))) >> l->w) F(rsubhn, (l->x - l->y + (1ull << (l->w - 1))) >> l->w)
F(shrn, l->x >> l->n) F(rshrn, floor_shift(l->x, l->n, true))
F(sqshrn, sat_s(l, l->sx >> l->n, l->w)) F(sqrshrn, sat_s(l, floor_shift(l->sx, l->n, true), l->w))
F(sqshrun, sat_u(l, l->sx >> l->n, l->w)) F(sqrshrun, sat_u(l, floor_shift(l->sx, l->n, true), l->w))
F(uqshrn, sat_u(l, l->x >> l->n, l->w)) F(uqrshrn, sat_u(l, floor_shift(l->x, l->n, true), l->w))

enum kind { SAME, LONG, NARROW };
enum { B = 1, H = 2, S = 4, D = 8, BHS = B | H | S, ALL = 15, N_D = 16 /* also a scalar of 64 bits */,
       N_ALL = 32 /* a scalar of every size listed */, LEFT = 64, RIGHT = 128 /* shifts by an immediate */ };
#define T3(u, op) (0x0e200400u | (u) << 29 | (op) << 11) /* three same */
#define X3(u, op) (0x0e008400u | (u) << 29 | (op) << 11) /* three same extra */
#define M2(u, op) (0x0e200800u | (u) << 29 | (op) << 12) /* two-register miscellaneous */
#define TD(u, op) (0x0e200000u | (u) << 29 | (op) << 12) /* three different */
#define SI(u, op) (0x0f000400u | (u) << 29 | (op) << 11) /* shift by immediate */
static const struct row { const char *name; uint32_t word; enum kind kind; unsigned forms; lane_fn *fn; } rows[] = {
#define R(name, word, kind, forms) { #name, word, kind, forms, name }
    R(shadd, T3(0, 0u), SAME, BHS), R(sqadd, T3(0, 1u), SAME, ALL | N_ALL), R(srhadd, T3(0, 2u), SAME, BHS),
    R(shsub, T3(0, 4u), SAME, BHS), R(sqsub, T3(0, 5u), SAME, ALL | N_ALL), R(cmgt, T3(0, 6u), SAME, ALL | N_D),
    R(cmge, T3(0, 7u), SAME, ALL | N_D), R(sshl, T3(0, 8u), SAME, ALL | N_D), R(sqshl, T3(0, 9u), SAME, ALL | N_ALL),
    R(srshl, T3(0, 10u), SAME, ALL | N_D), R(sqrshl, T3(0, 11u), SAME, ALL | N_ALL), R(smax, T3(0, 12u), SAME, BHS),
    R(smin, T3(0, 13u), SAME, BHS), R(sabd, T3(0, 14u), SAME, BHS), R(saba, T3(0, 15u), SAME, BHS),
    R(add, T3(0, 16u), SAME, ALL | N_D), R(cmtst, T3(0, 17u), SAME, ALL | N_D), R(mla, T3(0, 18u), SAME, BHS),
    R(mul, T3(0, 19u), SAME, BHS), R(sqdmulh, T3(0, 22u), SAME, H | S | N_ALL),
    R(uhadd, T3(1u, 0u), SAME, BHS), R(uqadd, T3(1u, 1u), SAME, ALL | N_ALL), R(urhadd, T3(1u, 2u), SAME, BHS),
    R(uhsub, T3(1u, 4u), SAME, BHS), R(uqsub, T3(1u, 5u), SAME, ALL | N_ALL), R(cmhi, T3(1u, 6u), SAME, ALL | N_D),
    R(cmhs, T3(1u, 7u), SAME, ALL | N_D), R(ushl, T3(1u, 8u), SAME, ALL | N_D), R(uqshl, T3(1u, 9u), SAME, ALL | N_ALL),
    R(urshl, T3(1u, 10u), SAME, ALL | N_D), R(uqrshl, T3(1u, 11u), SAME, ALL | N_ALL), R(umax, T3(1u, 12u), SAME, BHS),
    R(umin, T3(1u, 13u), SAME, BHS), R(uabd, T3(1u, 14u), SAME, BHS), R(uaba, T3(1u, 15u), SAME, BHS),
    R(sub, T3(1u, 16u), SAME, ALL | N_D), R(cmeq, T3(1u, 17u), SAME, ALL | N_D), R(mls, T3(1u, 18u), SAME, BHS),
    R(pmul, T3(1u, 19u), SAME, B), R(sqrdmulh, T3(1u, 22u), SAME, H | S | N_ALL),
    R(sqrdmlah, X3(1u, 0u), SAME, H | S | N_ALL), R(sqrdmlsh, X3(1u, 1u), SAME, H | S | N_ALL),
    R(suqadd, M2(0, 3u), SAME, ALL | N_ALL), R(cls, M2(0, 4u), SAME, BHS), R(cnt, M2(0, 5u), SAME, B),
    R(sqabs, M2(0, 7u), SAME, ALL | N_ALL), R(cmgt0, M2(0, 8u), SAME, ALL | N_D), R(cmeq0, M2(0, 9u), SAME, ALL | N_D),
    R(cmlt0, M2(0, 10u), SAME, ALL | N_D), R(abs_, M2(0, 11u), SAME, ALL | N_D), R(usqadd, M2(1u, 3u), SAME, ALL | N_ALL),
    R(clz, M2(1u, 4u), SAME, BHS), R(sqneg, M2(1u, 7u), SAME, ALL | N_ALL), R(cmge0, M2(1u, 8u), SAME, ALL | N_D),
    R(cmle0, M2(1u, 9u), SAME, ALL | N_D), R(neg, M2(1u, 11u), SAME, ALL | N_D),
    R(sshr, SI(0, 0u), SAME, ALL | N_D | RIGHT), R(ssra, SI(0, 2u), SAME, ALL | N_D | RIGHT),
    R(srshr, SI(0, 4u), SAME, ALL | N_D | RIGHT), R(srsra, SI(0, 6u), SAME, ALL | N_D | RIGHT),
    R(shl, SI(0, 10u), SAME, ALL | N_D | LEFT), R(sqshli, SI(0, 14u), SAME, ALL | N_ALL | LEFT),
    R(ushr, SI(1u, 0u), SAME, ALL | N_D | RIGHT), R(usra, SI(1u, 2u), SAME, ALL | N_D | RIGHT),
    R(urshr, SI(1u, 4u), SAME, ALL | N_D | RIGHT), R(ursra, SI(1u, 6u), SAME, ALL | N_D | RIGHT),
    R(sri, SI(1u, 8u), SAME, ALL | N_D | RIGHT), R(sli, SI(1u, 10u), SAME, ALL | N_D | LEFT),
    R(sqshlu, SI(1u, 12u), SAME, ALL | N_ALL | LEFT), R(uqshli, SI(1u, 14u), SAME, ALL | N_ALL | LEFT),
    R(addl, TD(0, 0u), LONG, BHS), R(subl, TD(0, 2u), LONG, BHS), R(sabal, TD(0, 5u), LONG, BHS),
    R(sabd, TD(0, 7u), LONG, BHS), R(mlal, TD(0, 8u), LONG, BHS), R(sqdmlal, TD(0, 9u), LONG, H | S | N_ALL),
    R(mlsl, TD(0, 10u), LONG, BHS), R(sqdmlsl, TD(0, 11u), LONG, H | S | N_ALL), R(mull, TD(0, 12u), LONG, BHS),
    R(sqdmull, TD(0, 13u), LONG, H | S | N_ALL), R(pmul, TD(0, 14u), LONG, B),
    R(uaddl, TD(1u, 0u), LONG, BHS), R(usubl, TD(1u, 2u), LONG, BHS), R(uabal, TD(1u, 5u), LONG, BHS),
    R(uabd, TD(1u, 7u), LONG, BHS), R(umlal, TD(1u, 8u), LONG, BHS), R(umlsl, TD(1u, 10u), LONG, BHS),
    R(umull, TD(1u, 12u), LONG, BHS), R(sshll, SI(0, 20u), LONG, BHS | LEFT), R(ushll, SI(1u, 20u), LONG, BHS | LEFT),
    R(addhn, TD(0, 4u), NARROW, BHS), R(subhn, TD(0, 6u), NARROW, BHS), R(raddhn, TD(1u, 4u), NARROW, BHS),
    R(rsubhn, TD(1u, 6u), NARROW, BHS), R(xtn, M2(0, 18u), NARROW, BHS), R(sqxtn, M2(0, 20u), NARROW, BHS | N_ALL),
    R(sqxtun, M2(1u, 18u), NARROW, BHS | N_ALL), R(uqxtn, M2(1u, 20u), NARROW, BHS | N_ALL),
    R(shrn, SI(0, 16u), NARROW, BHS | RIGHT), R(rshrn, SI(0, 17u), NARROW, BHS | RIGHT),
    R(sqshrn, SI(0, 18u), NARROW, BHS | N_ALL | RIGHT), R(sqrshrn, SI(0, 19u), NARROW, BHS | N_ALL | RIGHT),
    R(sqshrun, SI(1u, 16u), NARROW, BHS | N_ALL | RIGHT), R(sqrshrun, SI(1u, 17u), NARROW, BHS | N_ALL | RIGHT),
    R(uqshrn, SI(1u, 18u), NARROW, BHS | N_ALL | RIGHT), R(uqrshrn, SI(1u, 19u), NARROW, BHS | N_ALL | RIGHT),
};
/* clang-format on */

/* What the manual says v0 becomes. */
static vec expected(const struct row *r, unsigned lane, bool scalar, bool q, unsigned n, const vec v[3], bool *qc)
{
    unsigned src = lane + (r->kind == NARROW), dst = lane + (r->kind == LONG);
    unsigned bytes = scalar ? 1u << dst : r->kind == LONG || q ? 16 : 8, count = bytes >> dst, from = 0, to = 0;
    vec out = { .d = { 0, 0 } };
    if (r->kind == LONG && q && !scalar)
        from = count;
    if (r->kind == NARROW && !scalar) {
        count = 8u >> lane;
        to = q ? count : 0;
        if (q)
            out.d[0] = v[0].d[0];
    }
    for (unsigned i = 0; i < count; i++) {
        struct lane l = { .x = lane_of(&v[1], src, from + i), .y = lane_of(&v[2], src, from + i),
                          .z = lane_of(&v[0], dst, i), .w = 8u << lane, .n = n };
        l.sx = as_signed(l.x, 8u << src);
        l.sy = as_signed(l.y, 8u << src);
        l.sz = as_signed(l.z, 8u << dst);
        st_le(out.b + ((to + i) << dst), r->fn(&l), 1u << dst);
        *qc |= l.qc;
    }
    return out;
}

static void check(struct simd_rig *g, const struct row *r, unsigned lane, bool scalar, bool q)
{
    unsigned w = 8u << lane, n = (unsigned)(simd_random(g) % w), dst = lane + (r->kind == LONG);
    uint32_t word = r->word | 2u << 16 | 1u << 5 | (uint32_t)q << 30 | (scalar ? 0x50000000u : 0);
    if (r->forms & (LEFT | RIGHT)) {
        n += r->forms & RIGHT ? 1 : 0;
        word = (word & ~0x1f0000u) | (r->forms & RIGHT ? 2 * w - n : w + n) << 16;
    } else if ((r->word & 0xc00) == 0x800) {
        word = (word & ~(2u << 16)) | lane << 22; /* two-register miscellaneous has no rm */
    } else {
        word |= lane << 22;
    }
    vec v[3] = { simd_lanes(g, dst), simd_lanes(g, lane + (r->kind == NARROW)), simd_lanes(g, lane + (r->kind == NARROW)) };
    bool qc = false;
    vec e = expected(r, lane, scalar, q, n, v, &qc);
    memcpy(g->a->v, v, sizeof(v));
    simd_run(g, word, 0);
    const vec *got = &g->a->v[0];
    ck_assert_msg(got->d[0] == e.d[0] && got->d[1] == e.d[1],
                  "%s %08x, lanes of %u: %016llx %016llx and %016llx %016llx give %016llx %016llx, not %016llx %016llx",
                  r->name, word, w, (unsigned long long)v[1].d[1], (unsigned long long)v[1].d[0],
                  (unsigned long long)v[2].d[1], (unsigned long long)v[2].d[0], (unsigned long long)got->d[1],
                  (unsigned long long)got->d[0], (unsigned long long)e.d[1], (unsigned long long)e.d[0]);
    ck_assert_msg(a64_get_fpsr(g->a) == (uint64_t)qc << 27, "%s %08x: FPSR is %llx", r->name, word,
                  (unsigned long long)a64_get_fpsr(g->a));
}

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };

START_TEST(lanes_follow_the_model)
{
    struct simd_rig g = simd_open(modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned lane = 0; lane < 4; lane++)
            for (unsigned k = 0; k < 60; k++) {
                const struct row *r = &rows[i];
                bool q = k & 1;
                if (r->forms >> lane & 1 && (lane < 3 || q))
                    check(&g, r, lane, false, q);
                if ((r->forms & N_ALL && r->forms >> lane & 1) || (r->forms & N_D && lane == 3))
                    check(&g, r, lane, true, true);
            }
    simd_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu.arm64.simd_int");
    TCase *c = tcase_create("lanes");
    tcase_set_timeout(c, 100);
    tcase_add_loop_test(c, lanes_follow_the_model, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
