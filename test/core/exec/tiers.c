/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiers of the code generator: made quickly, made again with care, grown into regions, flushed because
 * the buffer is full. The run is always that of the interpreter.
 */
#include "test/check_main.h"
#include "test/core/exec/toy.h"

#if defined(__x86_64__)

#define NS(n) ((ps_t)(n)*PS_PER_NS)

static const struct {
    uint32_t optimize, region;
} tiers[] = {
    { 1, UINT32_MAX },          /* with care at once */
    { UINT32_MAX, UINT32_MAX }, /* never */
    { UINT32_MAX, 2 },
    { 2, UINT32_MAX }, { 7, UINT32_MAX },
    { 2, 2 },          { 5, 20 },          { 50, 3 },
};

/* The second time with a thread that translates, the third and fourth time with first arrivals that are interpreted, too. */
#define ROUNDS (4 * ARRAY_LEN(tiers))
static struct rig open_tiers(uint32_t index, uint64_t code_bytes)
{
    uint32_t tier = index % ARRAY_LEN(tiers), round = index / ARRAY_LEN(tiers);
    struct exec_options o = { .mode = EXEC_JIT, .optimize_threshold = tiers[tier].optimize,
                              .region_threshold = tiers[tier].region, .code_bytes = code_bytes, .verify = true,
                              .translate_threads = round != 0, .interpret_first = round < 2 ? 0 : 2 * round - 3 };
    return rig_open_with(1, "functional", &o);
}

/*
 * Loops of several blocks, one of which jumps to itself; a jump to the second page and back, so that links of both kinds
 * lead to blocks that are made again; a store that rewrites an instruction of the inner loop.
 */
static const uint32_t first[] = {
    TOY(TOY_ADDI, 2, 0, 0x7800),  TOY(TOY_ADDI, 2, 2, 0x4800),  TOY(TOY_ADDI, 2, 2, 0x4800),
    TOY(TOY_ADDI, 9, 2, 0x800),   /* 0x11000: the second page */
    TOY(TOY_ADDI, 10, 2, -0x7dc), /* 0x10024 */
    TOY(TOY_LOAD, 11, 10, 0),     TOY(TOY_ADDI, 1, 0, 7),       TOY(TOY_ADDI, 3, 3, 1),
    TOY(TOY_ADDI, 1, 1, -1),      TOY(TOY_ADDI, 4, 4, 3), /* 0x24 */
    TOY(TOY_BNE, 1, 0, -2),
    TOY(TOY_STORE, 4, 2, 0),      TOY(TOY_ADDI, 5, 3, 0),       TOY(TOY_STORE, 11, 10, 0),
    TOY(TOY_JALR, 8, 9, 0),
    TOY(TOY_BNE, 3, 0, -9),
};
static const uint32_t second[] = { TOY(TOY_ADDI, 7, 7, 1), TOY(TOY_LOAD, 6, 2, 0), TOY(TOY_BNE, 0, 0, 2),
                                   TOY(TOY_ADDI, 7, 7, 1), TOY(TOY_JALR, 0, 8, 0) };

static void load(struct rig *g)
{
    rig_load(g, 0, first, ARRAY_LEN(first));
    rig_load(g, 0x1000, second, ARRAY_LEN(second));
}

/* The CPU's and all of memory's state after so much time, in pieces of `step` with `each` between them. */
static uint64_t run(struct rig *g, ps_t step, void (*each)(struct rig *g))
{
    for (ps_t t = step; t < 50000; t += step) {
        rig_run(g, NS(t), UINT64_MAX);
        if (each != NULL)
            each(g);
    }
    rig_run(g, NS(50000), UINT64_MAX);
    return machine_hash(g->m);
}

static uint64_t expected(void)
{
    struct rig g = rig_open(1, "functional", 0);
    load(&g);
    uint64_t hash = run(&g, 50000, NULL);
    ck_assert_uint_gt(g.cpu[0]->r[7], 1000);
    rig_close(&g);
    return hash;
}

START_TEST(tiers_change_nothing)
{
    struct rig g = open_tiers((uint32_t)_i, 0);
    load(&g);
    ck_assert_uint_eq(run(&g, 777, NULL), expected());
    ck_assert_uint_eq(g.x->count.first != 0, g.x->options.interpret_first != 0);
    if (g.x->options.translate_threads != 0) { /* what it has made until the end is not known */
        rig_close(&g);
        return;
    }
    bool improves = tiers[_i].optimize > 1 && tiers[_i].optimize != UINT32_MAX;
    ck_assert_uint_eq(g.x->count.improved != 0, improves);
    bool grows = tiers[_i].optimize != UINT32_MAX && tiers[_i].region != UINT32_MAX;
    ck_assert_uint_eq(g.x->count.regions != 0, grows);
    rig_close(&g);
}
END_TEST

static void flush(struct rig *g)
{
    exec_flush_code(g->x);
}

START_TEST(flushes_change_nothing)
{
    struct rig g = open_tiers((uint32_t)_i, 0);
    load(&g);
    ck_assert_uint_eq(run(&g, 313, flush), expected());
    ck_assert_uint_gt(g.x->count.flushes, 100);
    rig_close(&g);
}
END_TEST

/* Links lead to what a block was made into: nothing is looked up for it again and again. */
START_TEST(links_outlive_the_second_translation)
{
    struct rig g = open_tiers(3, 0);
    load(&g);
    static const uint32_t nothing[] = { TOY(TOY_ADDI, 0, 0, 0) };
    rig_load(&g, 0x34, nothing, 1); /* no store into code */
    rig_run(&g, NS(10000), UINT64_MAX);
    uint64_t lookups = g.x->count.lookups, improved = g.x->count.improved;
    ck_assert_uint_gt(improved, 0);
    rig_run(&g, NS(50000), UINT64_MAX);
    ck_assert_uint_lt(g.x->count.lookups - lookups, 100);
    ck_assert_uint_eq(g.x->count.improved, improved);
    rig_close(&g);
}
END_TEST

/* More blocks than the smallest buffer holds, again and again. */
START_TEST(full_buffer_changes_nothing)
{
    enum { WORDS = TOY_SIZE / 4 - 16 };
    struct exec_options plain = { .mode = EXEC_INTERP };
    struct rig a = rig_open_with(1, "functional", &plain), b = open_tiers((uint32_t)_i, 2u << 20);
    static uint32_t code[WORDS];
    for (uint32_t i = 0; i < WORDS; i++)
        code[i] = i % 64 == 0 ? TOY(TOY_ADDI, 1 + i / 64 % 15, 1 + i / 192 % 15, i % 100)
                              : TOY(TOY_BNE, 1 + i % 15, 1 + i / 15 % 15, 1);
    code[WORDS - 2] = TOY(TOY_ADDI, 1, 0, 0);
    code[WORDS - 1] = TOY(TOY_JALR, 0, 1, 0); /* 0: not mapped, unless the first page is */
    struct rig *rigs[] = { &a, &b };
    uint64_t translated = 0;
    for (unsigned k = 0; k < 2; k++) {
        rig_load(rigs[k], 0, code, WORDS);
        for (ps_t pass = 1; pass <= 6; pass++) {
            rig_run(rigs[k], NS(pass * WORDS), UINT64_MAX);
            rigs[k]->cpu[0]->cpu.pc = TOY_RAM;
            if (pass == 3)
                translated = rigs[k]->x->count.translated;
        }
    }
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    ck_assert_uint_gt(b.x->count.flushes, 2);
    ck_assert_uint_le(b.x->count.translated, 2 * translated + translated / 2); /* not worse from pass to pass */
    rig_close(&a);
    rig_close(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.tiers");
    TCase *t = tcase_create("tiers");
    tcase_add_loop_test(t, tiers_change_nothing, 0, ROUNDS);
    tcase_add_loop_test(t, flushes_change_nothing, 0, ROUNDS);
    tcase_add_test(t, links_outlive_the_second_translation);
    tcase_add_loop_test(t, full_buffer_changes_nothing, 0, 3 * ARRAY_LEN(tiers)); /* later hardly any is compiled */
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core.exec.tiers (another host)");
}

#endif
