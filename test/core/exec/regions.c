/* SPDX-License-Identifier: Apache-2.0 */
/* Regions and the block cache: whatever is grown, dropped or flushed, the run stays the same. */
#include "test/check_main.h"
#include "test/core/exec/toy.h"

#define NS(n) ((ps_t)(n)*PS_PER_NS)

/*
 * Two nested loops over three blocks, an indirect jump into the second page and back, a
 * store that rewrites an instruction of the inner loop with itself each time round.
 */
static const uint32_t first[] = {
    TOY(TOY_ADDI, 2, 0, 0x7800),  TOY(TOY_ADDI, 2, 2, 0x4800),  TOY(TOY_ADDI, 2, 2, 0x4800),
    TOY(TOY_ADDI, 9, 2, 0x800),   /* 0x11000: the second page */
    TOY(TOY_ADDI, 10, 2, -0x7e0), /* 0x10020 */
    TOY(TOY_LOAD, 11, 10, 0),     TOY(TOY_ADDI, 1, 0, 7),       TOY(TOY_ADDI, 3, 3, 1),
    /* 0x20 */
    TOY(TOY_ADDI, 4, 4, 3),       TOY(TOY_ADDI, 1, 1, -1),      TOY(TOY_BNE, 1, 0, -2),
    TOY(TOY_STORE, 4, 2, 0),      TOY(TOY_ADDI, 5, 3, 0),       TOY(TOY_STORE, 11, 10, 0),
    TOY(TOY_JALR, 8, 9, 0),
    TOY(TOY_BNE, 3, 0, -9),
};
static const uint32_t second[] = { TOY(TOY_ADDI, 7, 7, 1), TOY(TOY_LOAD, 6, 2, 0),
                                   TOY(TOY_JALR, 0, 8, 0) };

static struct rig nest(uint32_t threshold)
{
    struct rig g = rig_open(1, "functional", threshold);
    rig_load(&g, 0, first, ARRAY_LEN(first));
    rig_load(&g, 0x1000, second, ARRAY_LEN(second));
    return g;
}

static const uint32_t thresholds[] = { 1, 2, 3, 50, UINT32_MAX };

START_TEST(regions_change_nothing)
{
    struct rig plain = nest(0), grown = nest(thresholds[_i]);
    rig_run(&plain, NS(50000), UINT64_MAX);
    for (ps_t t = 1; t <= 50000; t += 777)
        rig_run(&grown, NS(t), UINT64_MAX);
    rig_run(&grown, NS(50000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(plain.m), machine_hash(grown.m));
    if (thresholds[_i] < 50)
        ck_assert_uint_gt(grown.x->count.regions, 0);
    ck_assert_uint_gt(plain.cpu[0]->r[7], 1000);
    rig_close(&plain);
    rig_close(&grown);
}
END_TEST

/* All translations go at odd moments; everything is the same. */
START_TEST(flushes_change_nothing)
{
    struct rig plain = nest(0), flushed = nest(3);
    rig_run(&plain, NS(50000), UINT64_MAX);
    for (ps_t t = 1; t <= 50000; t += 313) {
        rig_run(&flushed, NS(t), UINT64_MAX);
        exec_flush_code(flushed.x);
    }
    rig_run(&flushed, NS(50000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(plain.m), machine_hash(flushed.m));
    ck_assert_uint_gt(flushed.x->count.flushes, 100);
    rig_close(&plain);
    rig_close(&flushed);
}
END_TEST

/* A region whose inside is patched by somebody else runs the new code from then on. */
START_TEST(patched_region_is_dropped)
{
    static const uint32_t patch[] = { TOY(TOY_ADDI, 4, 4, 1000) };
    struct rig g = nest(3);
    rig_run(&g, NS(10000), UINT64_MAX);
    ck_assert_uint_gt(g.x->count.regions, 0);
    uint64_t r3 = g.cpu[0]->r[3], dropped = g.x->count.dropped;
    (void)r3;
    g.cpu[0]->r[11] = (uint64_t)TOY(TOY_ADDI, 1, 1, -1) << 32 | patch[0]; /* what it stores */
    rig_load(&g, 0x20, patch, 1);
    ck_assert_uint_gt(g.x->count.dropped, dropped);
    uint64_t before = g.cpu[0]->r[4];
    rig_run(&g, NS(20000), UINT64_MAX);
    ck_assert_uint_gt(g.cpu[0]->r[4] - before, 1000 * 2000);
    rig_close(&g);
}
END_TEST

/* Two instructions take turns in one place: each is translated once, and what runs is what memory holds. */
START_TEST(bytes_that_come_back_are_not_translated_again)
{
    static const uint32_t turns[2] = { TOY(TOY_ADDI, 4, 4, 5), TOY(TOY_ADDI, 4, 4, 1000) };
    struct rig kept = nest(thresholds[_i]), flushed = nest(0);
    uint64_t translated = 0, revived = 0;
    for (uint32_t i = 0; i < 40; i++) {
        rig_run(&kept, NS(1000 * (i + 1)), UINT64_MAX);
        rig_run(&flushed, NS(1000 * (i + 1)), UINT64_MAX);
        kept.cpu[0]->r[11] = flushed.cpu[0]->r[11] = (uint64_t)TOY(TOY_ADDI, 1, 1, -1) << 32 | turns[i % 2];
        rig_load(&kept, 0x20, &turns[i % 2], 1);
        rig_load(&flushed, 0x20, &turns[i % 2], 1);
        exec_flush_code(flushed.x);
        if (i == 9)
            translated = kept.x->count.translated, revived = kept.x->count.revived;
    }
    ck_assert_uint_eq(kept.x->count.translated, translated);
    ck_assert_uint_gt(kept.x->count.revived, revived + 20);
    ck_assert_uint_eq(machine_hash(kept.m), machine_hash(flushed.m));
    rig_close(&kept);
    rig_close(&flushed);
}
END_TEST

/*
 * A loop of four canonical blocks, of which only the first accesses memory: the others' cycles are asked for before they begin.
 * Runs end at their ends all the same.
 */
START_TEST(runs_end_inside_chains)
{
    enum { LENGTH = 120 };
    uint32_t loop[LENGTH + 3] = { TOY(TOY_ADDI, 2, 0, 0x7800), TOY(TOY_ADDI, 2, 2, 0x7800), TOY(TOY_ADDI, 2, 2, 0x1020) };
    for (uint32_t i = 3; i < LENGTH + 2; i++)
        loop[i] = TOY(TOY_ADDI, 3 + i % 5, 3 + (i + 1) % 5, 3 * i);
    loop[7] = TOY(TOY_LOAD, 8, 2, 0);
    loop[LENGTH + 2] = TOY(TOY_BNE, 2, 0, 1 - LENGTH);
    const struct exec_options o = { .mode = EXEC_JIT, .optimize_threshold = 1, .region_threshold = 20, .verify = true };
    struct rig plain = rig_open(1, "functional", 0), grown = rig_open_with(1, "functional", &o);
    rig_load(&plain, 0, loop, ARRAY_LEN(loop));
    rig_load(&grown, 0, loop, ARRAY_LEN(loop));
    uint64_t stops = 0;
    rig_run(&plain, NS(5000), UINT64_MAX);
    rig_run(&grown, NS(5000), UINT64_MAX);
    for (ps_t t = 5001; t <= 30000; t += 37 + t % 150) {
        uint64_t before = plain.cpu[0]->r[3];
        rig_run(&plain, NS(t), UINT64_MAX);
        rig_run(&grown, NS(t), UINT64_MAX);
        ck_assert_uint_eq(plain.cpu[0]->cpu.pc, grown.cpu[0]->cpu.pc);
        ck_assert_uint_eq(machine_hash(plain.m), machine_hash(grown.m));
        stops += plain.cpu[0]->r[3] != before;
    }
    ck_assert_uint_gt(stops, 100);
    ck_assert_uint_gt(grown.x->count.regions, 0);
    rig_close(&plain);
    rig_close(&grown);
}
END_TEST

/* Data beside code may be written without dropping any: granules are 64 bytes, blocks exact. */
START_TEST(only_what_overlaps_is_dropped)
{
    struct rig g = nest(UINT32_MAX);
    rig_run(&g, NS(1000), UINT64_MAX);
    uint64_t dropped = g.x->count.dropped;
    static const uint32_t data[] = { 1 };
    rig_load(&g, 0x200, data, 1);  /* another granule */
    rig_load(&g, 0x40, data, 1);   /* the byte after the last block */
    ck_assert_uint_eq(g.x->count.dropped, dropped);
    rig_load(&g, 0x3c, first + 15, 1); /* the last instruction, with itself */
    ck_assert_uint_eq(g.x->count.dropped, dropped + 1);
    ck_assert_uint_eq(g.ram->code[0] & ~1ull, 0); /* one granule holds code */
    rig_close(&g);
}
END_TEST

/* Eight places that are reached by indirect jumps go on to one tail: few of their regions have a copy of it. */
static const uint32_t shared[] = {
    TOY(TOY_ADDI, 7, 0, 0x7800), TOY(TOY_ADDI, 7, 7, 0x7800), TOY(TOY_ADDI, 7, 7, 0x1020), TOY(TOY_ADDI, 1, 0, 1),
    TOY(TOY_ADDI, 5, 7, 0),      TOY(TOY_ADDI, 6, 0, 8),      TOY(TOY_JALR, 0, 5, 0),      TOY(TOY_WFI, 0, 0, 0),
#define PLACE(i) TOY(TOY_ADDI, 8, 8, 1 << (i)), TOY(TOY_BNE, 1, 0, 15 - 2 * (i))
    PLACE(0), PLACE(1), PLACE(2), PLACE(3), PLACE(4), PLACE(5), PLACE(6), PLACE(7),
#undef PLACE
    /* 0x60, the tail */
    TOY(TOY_ADDI, 4, 4, 1),      TOY(TOY_ADDI, 6, 6, -1),     TOY(TOY_BNE, 6, 0, 3),
    TOY(TOY_ADDI, 6, 0, 8),      TOY(TOY_ADDI, 5, 7, -8),
    TOY(TOY_ADDI, 5, 5, 8),      TOY(TOY_JALR, 0, 5, 0),
};

static uint32_t regions_with(const struct rig *g, int32_t start)
{
    uint32_t n = 0;
    for (struct exec_block *b = g->x->pages[g->ram->id][0]->regions; b != NULL; b = b->next_in_page)
        for (uint32_t i = 0; i < b->n_edges / 2u; i++)
            n += ((struct exec_cached *)b)->pieces[i].start == start;
    return n;
}

START_TEST(few_regions_have_the_same_tail)
{
    struct rig plain = rig_open(1, "functional", 0), grown = rig_open(1, "functional", 100);
    rig_load(&plain, 0, shared, ARRAY_LEN(shared));
    rig_load(&grown, 0, shared, ARRAY_LEN(shared));
    rig_run(&plain, NS(100000), UINT64_MAX);
    rig_run(&grown, NS(100000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(plain.m), machine_hash(grown.m));
    ck_assert_uint_gt(plain.cpu[0]->r[4], 8000);
    for (int32_t i = 0; i < 8; i++)
        ck_assert_uint_ge(regions_with(&grown, 0x20 + 8 * i), 1);
    ck_assert_uint_ge(regions_with(&grown, 0x60), 2);
    ck_assert_uint_le(regions_with(&grown, 0x60), 5);
    rig_close(&plain);
    rig_close(&grown);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.regions");
    TCase *t = tcase_create("regions");
    tcase_add_loop_test(t, regions_change_nothing, 0, ARRAY_LEN(thresholds));
    tcase_add_test(t, flushes_change_nothing);
    tcase_add_test(t, runs_end_inside_chains);
    tcase_add_test(t, patched_region_is_dropped);
    tcase_add_loop_test(t, bytes_that_come_back_are_not_translated_again, 0, ARRAY_LEN(thresholds));
    tcase_add_test(t, only_what_overlaps_is_dropped);
    tcase_add_test(t, few_regions_have_the_same_tail);
    suite_add_tcase(s, t);
    return s;
}
