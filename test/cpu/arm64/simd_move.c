/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD instructions that move lanes or make constants, under both executors, against loops over lanes
 * (Arm ARM C7.2) and, for immediates, the table of AdvSIMDExpandImm(). rd = v0, rn = v1, rm = v2.
 */
#include "test/cpu/arm64/simd_rig.h"

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };

static void expect(struct simd_rig *g, const char *what, uint32_t word, const vec *e)
{
    const vec *got = &g->a->v[0];
    ck_assert_msg(memcmp(got, e, 16) == 0, "%s %08x: %016llx %016llx, not %016llx %016llx", what, word,
                  (unsigned long long)got->d[1], (unsigned long long)got->d[0], (unsigned long long)e->d[1],
                  (unsigned long long)e->d[0]);
}

static void randomize(struct simd_rig *g)
{
    for (unsigned i = 0; i < 6; i++)
        g->a->v[i] = (vec){ .d = { simd_random(g), simd_random(g) } };
    for (unsigned i = 1; i < 4; i++)
        g->a->x[i] = simd_random(g);
}

static void set(vec *v, unsigned lane, unsigned n, uint64_t value)
{
    st_le(v->b + (n << lane), value, 1u << lane);
}

START_TEST(permutes)
{
    /* Element n of rn:rm for element i of the result; `count` elements a vector. */
    static const struct { const char *name; unsigned op; } rows[] = {
        { "UZP1", 1 }, { "TRN1", 2 }, { "ZIP1", 3 }, { "UZP2", 5 }, { "TRN2", 6 }, { "ZIP2", 7 },
    };
    struct simd_rig g = simd_open(modes[_i]);
    for (unsigned k = 0; k < ARRAY_LEN(rows) * 8; k++) {
        unsigned op = rows[k / 8].op, lane = k % 8 / 2, q = k & 1, count = (q ? 16u : 8u) >> lane, part = op / 4;
        uint32_t word = 0x0e000800 | q << 30 | lane << 22 | 2 << 16 | op << 12 | 1 << 5;
        vec e = { .d = { 0, 0 } };
        if (lane == 3 && !q)
            continue;
        randomize(&g);
        for (unsigned i = 0; i < count; i++) {
            unsigned n = op % 4 == 1   ? 2 * i + part
                         : op % 4 == 2 ? (i & ~1u) + part + (i & 1) * count
                                       : i / 2 + part * count / 2 + (i & 1) * count;
            set(&e, lane, i, n < count ? lane_of(&g.a->v[1], lane, n) : lane_of(&g.a->v[2], lane, n - count));
        }
        simd_run(&g, word, 0);
        expect(&g, rows[k / 8].name, word, &e);
    }
    simd_close(&g);
}
END_TEST

START_TEST(extracts_and_looks_up)
{
    struct simd_rig g = simd_open(modes[_i]);
    for (unsigned k = 0; k < 24; k++) { /* EXT */
        unsigned q = k >= 8, index = q ? k - 8 : k, bytes = q ? 16 : 8;
        uint32_t word = 0x2e000000 | q << 30 | 2 << 16 | index << 11 | 1 << 5;
        vec e = { .d = { 0, 0 } };
        randomize(&g);
        for (unsigned i = 0; i < bytes; i++)
            e.b[i] = i + index < bytes ? g.a->v[1].b[i + index] : g.a->v[2].b[i + index - bytes];
        simd_run(&g, word, 0);
        expect(&g, "EXT", word, &e);
    }
    for (unsigned k = 0; k < 400; k++) { /* TBL, TBX of v2 .. v5 by v1 */
        unsigned q = k & 1, tbx = k >> 1 & 1, len = k >> 2 & 3;
        uint32_t word = 0x0e000000 | q << 30 | 1 << 16 | len << 13 | tbx << 12 | 2 << 5;
        vec e = { .d = { 0, 0 } };
        randomize(&g);
        for (unsigned i = 0; i < 16; i++)
            g.a->v[1].b[i] = (uint8_t)(g.a->v[1].b[i] % (i == 3 ? 256 : 80));
        for (unsigned i = 0; i < (q ? 16 : 8); i++) {
            unsigned n = g.a->v[1].b[i];
            e.b[i] = n < 16 * (len + 1) ? g.a->v[2 + n / 16].b[n % 16] : tbx ? g.a->v[0].b[i] : 0;
        }
        simd_run(&g, word, 0);
        expect(&g, tbx ? "TBX" : "TBL", word, &e);
    }
    simd_close(&g);
}
END_TEST

START_TEST(copies)
{
    struct simd_rig g = simd_open(modes[_i]);
    for (unsigned imm5 = 1; imm5 < 32; imm5++) {
        unsigned lane = (unsigned)__builtin_ctz(imm5), index = imm5 >> (lane + 1), from = 15 - index;
        uint64_t element;
        if (lane == 4)
            continue;
        uint64_t all = ~0ull >> (64 - (8u << lane));
        from &= (16u >> lane) - 1;
        for (unsigned q = lane == 3; q < 2; q++) {
            vec e = { .d = { 0, 0 } };
            randomize(&g);
            for (unsigned i = 0; i < (q ? 16u : 8u) >> lane; i++)
                set(&e, lane, i, lane_of(&g.a->v[1], lane, index));
            simd_run(&g, 0x0e000420 | q << 30 | imm5 << 16, 0);
            expect(&g, "DUP (element)", imm5, &e);
            for (unsigned i = 0; i < (q ? 16u : 8u) >> lane; i++)
                set(&e, lane, i, g.a->x[1]);
            simd_run(&g, 0x0e000c20 | q << 30 | imm5 << 16, 0);
            expect(&g, "DUP (general)", imm5, &e);
        }
        randomize(&g);
        vec e = { .d = { lane_of(&g.a->v[1], lane, index), 0 } };
        simd_run(&g, 0x5e000420 | imm5 << 16, 0);
        expect(&g, "DUP (scalar)", imm5, &e);
        e = g.a->v[0];
        set(&e, lane, index, g.a->x[1]);
        simd_run(&g, 0x4e001c20 | imm5 << 16, 0);
        expect(&g, "INS (general)", imm5, &e);
        set(&e, lane, index, lane_of(&g.a->v[1], lane, from));
        simd_run(&g, 0x6e000420 | imm5 << 16 | from << lane << 11, 0);
        expect(&g, "INS (element)", imm5, &e);
        element = lane_of(&g.a->v[1], lane, index);
        simd_run(&g, 0x0e003c22 | (lane == 3) << 30 | imm5 << 16, 0);
        ck_assert_uint_eq(g.a->x[2], element);
        element = element > all / 2 ? element | ~all : element;
        if (lane < 2) {
            simd_run(&g, 0x0e002c22 | imm5 << 16, 0);
            ck_assert_uint_eq(g.a->x[2], (uint32_t)element);
        }
        if (lane < 3) {
            simd_run(&g, 0x4e002c22 | imm5 << 16, 0);
            ck_assert_uint_eq(g.a->x[2], element);
        }
    }
    simd_close(&g);
}
END_TEST

START_TEST(immediates)
{
    /* op, cmode, imm8, o2: the 64 bits; `how` 0 replaces, 1 ORR, 2 BIC */
    static const struct { unsigned op, cmode, o2, imm8, how; uint64_t value; } rows[] = {
        { 0, 0, 0, 0xa5, 0, 0x000000a5000000a5 },  { 0, 2, 0, 0xa5, 0, 0x0000a5000000a500 },
        { 0, 4, 0, 0xa5, 0, 0x00a5000000a50000 },  { 0, 6, 0, 0xa5, 0, 0xa5000000a5000000 },
        { 0, 1, 0, 0xa5, 1, 0x000000a5000000a5 },  { 0, 7, 0, 0xa5, 1, 0xa5000000a5000000 },
        { 0, 8, 0, 0xa5, 0, 0x00a500a500a500a5 },  { 0, 10, 0, 0xa5, 0, 0xa500a500a500a500 },
        { 0, 11, 0, 0xa5, 1, 0xa500a500a500a500 }, { 0, 12, 0, 0xa5, 0, 0x0000a5ff0000a5ff },
        { 0, 13, 0, 0xa5, 0, 0x00a5ffff00a5ffff }, { 0, 14, 0, 0xa5, 0, 0xa5a5a5a5a5a5a5a5 },
        { 0, 15, 0, 0x70, 0, 0x3f8000003f800000 }, { 0, 15, 0, 0xc7, 0, 0xbe380000be380000 },
        { 0, 15, 1, 0x70, 0, 0x3c003c003c003c00 }, { 1, 0, 0, 0xa5, 0, 0xffffff5affffff5a },
        { 1, 3, 0, 0xa5, 2, 0x0000a5000000a500 },  { 1, 9, 0, 0xa5, 2, 0x00a500a500a500a5 },
        { 1, 10, 0, 0xa5, 0, 0x5aff5aff5aff5aff }, { 1, 13, 0, 0xa5, 0, 0xff5a0000ff5a0000 },
        { 1, 14, 0, 0xa5, 0, 0xff00ff0000ff00ff }, { 1, 15, 0, 0x70, 0, 0x3ff0000000000000 },
        { 1, 15, 0, 0x87, 0, 0xc007000000000000 },
    };
    struct simd_rig g = simd_open(modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned q = rows[i].op == 1 && rows[i].cmode == 15; q < 2; q++) {
            unsigned imm8 = rows[i].imm8;
            uint32_t word = 0x0f000400 | q << 30 | rows[i].op << 29 | (imm8 >> 5) << 16 | rows[i].cmode << 12 |
                            rows[i].o2 << 11 | (imm8 & 31) << 5;
            randomize(&g);
            vec e = { .d = { rows[i].value, rows[i].value } };
            for (unsigned k = 0; k < 2; k++)
                e.d[k] = rows[i].how == 1   ? g.a->v[0].d[k] | e.d[k]
                         : rows[i].how == 2 ? g.a->v[0].d[k] & ~e.d[k]
                                            : e.d[k];
            if (!q)
                e.d[1] = 0;
            simd_run(&g, word, 0);
            expect(&g, "immediate", word, &e);
        }
    simd_close(&g);
}
END_TEST

/* Logic, reversals and what goes across lanes, pairs or fours. */
START_TEST(others)
{
    struct simd_rig g = simd_open(modes[_i]);
    for (unsigned k = 0; k < 400; k++) {
        unsigned q = k & 1, bytes = q ? 16 : 8, lane = k / 2 % 3, count = bytes >> lane;
        uint32_t Q = q << 30 | 1 << 5;
        vec e = { .d = { 0, 0 } };
        const vec *v = g.a->v;
        randomize(&g);
        vec d = v[0], n = v[1], m = v[2];
        const struct { uint32_t word; uint64_t r[2]; } logic[] = {
#define BOTH(EXPR) { ({ unsigned i = 0; (EXPR); }), ({ unsigned i = 1; (EXPR); }) }
            { 0x0e201c00, BOTH(n.d[i] & m.d[i]) },  { 0x0e601c00, BOTH(n.d[i] & ~m.d[i]) },
            { 0x0ea01c00, BOTH(n.d[i] | m.d[i]) },  { 0x0ee01c00, BOTH(n.d[i] | ~m.d[i]) },
            { 0x2e201c00, BOTH(n.d[i] ^ m.d[i]) },  { 0x2e601c00, BOTH((d.d[i] & n.d[i]) | (~d.d[i] & m.d[i])) },
            { 0x2ea01c00, BOTH((m.d[i] & n.d[i]) | (~m.d[i] & d.d[i])) },
            { 0x2ee01c00, BOTH((m.d[i] & d.d[i]) | (~m.d[i] & n.d[i])) },
        };
        g.a->v[0] = d;
        simd_run(&g, logic[k / 2 % 8].word | Q | 2 << 16, 0);
        e = (vec){ .d = { logic[k / 2 % 8].r[0], q ? logic[k / 2 % 8].r[1] : 0 } };
        expect(&g, "logic", logic[k / 2 % 8].word, &e);
        for (unsigned group = lane + 1; group < 4; group++) { /* REV16, REV32, REV64 */
            static const uint32_t words[4] = { 0, 0x0e201800, 0x2e200800, 0x0e200800 };
            for (unsigned i = 0; i < 16u >> lane; i++)
                set(&e, lane, i, i < count ? lane_of(&n, lane, i ^ ((1u << (group - lane)) - 1)) : 0);
            simd_run(&g, words[group] | Q | lane << 22, 0);
            expect(&g, "REV", group, &e);
        }
        uint64_t sum = 0, long_sum = 0, most = 0;
        for (unsigned i = 0; i < count; i++) {
            uint64_t x = lane_of(&n, lane, i);
            sum += x;
            long_sum += x;
            most = MAX(most, x);
        }
        if (lane < 2 || q) {
            e = (vec){ .d = { sum & (~0ull >> (64 - (8u << lane))), 0 } };
            simd_run(&g, 0x0e31b800 | Q | lane << 22, 0);
            expect(&g, "ADDV", lane, &e);
            e.d[0] = long_sum & (~0ull >> (64 - (16u << lane)));
            simd_run(&g, 0x2e303800 | Q | lane << 22, 0);
            expect(&g, "UADDLV", lane, &e);
            e.d[0] = most;
            simd_run(&g, 0x2e30a800 | Q | lane << 22, 0);
            expect(&g, "UMAXV", lane, &e);
        }
        e.d[0] = e.d[1] = 0;
        for (unsigned i = 0; i < count; i++) {
            const vec *of = i < count / 2 ? &n : &m;
            unsigned j = 2 * (i % (count / 2));
            set(&e, lane, i, lane_of(of, lane, j) + lane_of(of, lane, j + 1));
        }
        simd_run(&g, 0x0e20bc00 | Q | 2 << 16 | lane << 22, 0);
        expect(&g, "ADDP", lane, &e);
        e.d[0] = e.d[1] = 0;
        for (unsigned i = 0; i < bytes / 4; i++) { /* SDOT */
            int32_t x = (int32_t)d.w[i];
            for (unsigned j = 4 * i; j < 4 * i + 4; j++)
                x += (int8_t)n.b[j] * (int8_t)m.b[j];
            e.w[i] = (uint32_t)x;
        }
        g.a->v[0] = d;
        simd_run(&g, 0x0e809400 | Q | 2 << 16, 0);
        expect(&g, "SDOT", 0, &e);
    }
    simd_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu.arm64.simd_move");
    TCase *c = tcase_create("values");
    tcase_set_timeout(c, 100);
    tcase_add_loop_test(c, permutes, 0, 2);
    tcase_add_loop_test(c, extracts_and_looks_up, 0, 2);
    tcase_add_loop_test(c, copies, 0, 2);
    tcase_add_loop_test(c, immediates, 0, 2);
    tcase_add_loop_test(c, others, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
