/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks that run often are compiled on a thread of their own: the run is that of the interpreter, whenever what was made is
 * taken in, and whatever happened to the guest's code meanwhile.
 */
#include "test/check_main.h"
#include "test/core/exec/toy.h"
#include "test/device_generic.h"
#include <sched.h>
#include <sys/mman.h>

#if defined(__x86_64__)

#define NS(n) ((ps_t)(n)*PS_PER_NS)

/* Two nested loops over three blocks, an indirect jump into the second page and back. */
static const uint32_t first[] = {
    TOY(TOY_ADDI, 2, 0, 0x7800),  TOY(TOY_ADDI, 2, 2, 0x4800),  TOY(TOY_ADDI, 2, 2, 0x4800),
    TOY(TOY_ADDI, 9, 2, 0x800),   /* 0x11000: the second page */
    TOY(TOY_ADDI, 10, 2, 0x80),   TOY(TOY_ADDI, 0, 0, 0),       TOY(TOY_ADDI, 1, 0, 7),
    TOY(TOY_ADDI, 3, 3, 1),
    /* 0x20 */
    TOY(TOY_ADDI, 4, 4, 3),       TOY(TOY_ADDI, 1, 1, -1),      TOY(TOY_BNE, 1, 0, -2),
    TOY(TOY_STORE, 4, 10, 0),     TOY(TOY_ADDI, 5, 3, 0),       TOY(TOY_JALR, 8, 9, 0),
    TOY(TOY_BNE, 3, 0, -8),
};
static const uint32_t second[] = { TOY(TOY_ADDI, 7, 7, 1), TOY(TOY_LOAD, 6, 10, 0), TOY(TOY_JALR, 0, 8, 0) };

static struct rig open_rig(enum exec_mode mode)
{
    struct exec_options o = { .mode = mode, .optimize_threshold = 5, .region_threshold = 20, .verify = true,
                              .translate_threads = 1 };
    struct rig g = rig_open_with(1, "functional", &o);
    rig_load(&g, 0, first, ARRAY_LEN(first));
    rig_load(&g, 0x1000, second, ARRAY_LEN(second));
    return g;
}

/* What a run of that length ends with; `patch`: instructions that are written to 0x20 after half of it. */
static uint64_t expected(ps_t end, const uint32_t *patch)
{
    struct rig g = open_rig(EXEC_INTERP);
    if (patch != NULL) {
        rig_run(&g, NS(end / 2), UINT64_MAX);
        rig_load(&g, 0x20, patch, 1);
    }
    rig_run(&g, NS(end), UINT64_MAX);
    uint64_t hash = machine_hash(g.m);
    rig_close(&g);
    return hash;
}

static void finish_jobs(struct rig *g)
{
    while (!exec_background_is_idle(g->x))
        sched_yield();
}

START_TEST(what_is_made_is_taken_in)
{
    struct rig g = open_rig(EXEC_JIT);
    for (ps_t t = 500; t <= 50000; t += 500) {
        rig_run(&g, NS(t), UINT64_MAX);
        finish_jobs(&g);
    }
    ck_assert_uint_gt(g.x->count.improved, 0);
    ck_assert_uint_gt(g.x->count.regions, 0);
    ck_assert_uint_eq(exec_background_count(g.x).taken, g.x->count.improved + g.x->count.regions);
    ck_assert_uint_eq(machine_hash(g.m), expected(50000, NULL));
    rig_close(&g);
}
END_TEST

/* Without a wait: it comes when it comes. */
START_TEST(nothing_is_waited_for)
{
    struct rig g = open_rig(EXEC_JIT);
    for (ps_t t = 500; t <= 400000; t += 500)
        rig_run(&g, NS(t), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(g.m), expected(400000, NULL));
    rig_close(&g);
}
END_TEST

/* The loop's first instruction is another when the code that was made of it could be taken in. */
START_TEST(changed_code_is_thrown_away)
{
    static const uint32_t patch[] = { TOY(TOY_ADDI, 4, 4, 1000) };
    struct rig g = open_rig(EXEC_JIT);
    bool late = _i; /* written to after it was made, or before */
    exec_background_hold(g.x);
    rig_run(&g, NS(10000), UINT64_MAX);
    ck_assert(!exec_background_is_idle(g.x));
    if (late) {
        exec_background_resume(g.x);
        finish_jobs(&g);
        exec_background_hold(g.x);
    }
    rig_load(&g, 0x20, patch, 1);
    exec_background_resume(g.x);
    finish_jobs(&g);
    for (ps_t t = 10000; t <= 20000; t += 100) {
        rig_run(&g, NS(t), UINT64_MAX);
        finish_jobs(&g);
    }
    ck_assert_uint_gt(exec_background_count(g.x).thrown, 0);
    ck_assert_uint_gt(g.x->count.improved, 0);
    ck_assert_uint_gt(g.x->count.regions, 0);
    ck_assert_uint_eq(machine_hash(g.m), expected(20000, patch));
    rig_close(&g);
}
END_TEST

/* All code goes, as for a breakpoint, while jobs wait, are done, or are under way; they are made again. */
START_TEST(flushes_throw_away)
{
    struct rig g = open_rig(EXEC_JIT);
    for (ps_t t = 100; t <= 40000; t += 100) {
        unsigned what = (unsigned)(t / 100 % 7);
        if (what == 0)
            exec_background_hold(g.x);
        rig_run(&g, NS(t), UINT64_MAX);
        if (what == 3)
            exec_background_resume(g.x);
        if (what == 4)
            finish_jobs(&g);
        if (what == 1 || what == 4 || what == 6)
            exec_flush_code(g.x);
    }
    exec_background_resume(g.x);
    finish_jobs(&g);
    rig_run(&g, NS(50000), UINT64_MAX);
    ck_assert_uint_gt(exec_background_count(g.x).thrown, 0);
    ck_assert_uint_eq(machine_hash(g.m), expected(50000, NULL));
    rig_close(&g);
}
END_TEST

/* More blocks become hot than the queue holds: the others come later. */
START_TEST(full_queue_refuses)
{
    enum { BLOCKS = 200 };
    static uint32_t code[BLOCKS + 4];
    struct rig a = open_rig(EXEC_INTERP), b = open_rig(EXEC_JIT), *rigs[] = { &a, &b };
    for (uint32_t i = 0; i < BLOCKS; i++)
        code[i] = TOY(TOY_BNE, 0, 1 + i % 15, 1); /* to the next either way */
    code[BLOCKS] = TOY(TOY_ADDI, 3, 3, 1);
    code[BLOCKS + 1] = TOY(TOY_BNE, 3, 0, -(BLOCKS + 1));
    exec_background_hold(b.x);
    for (unsigned k = 0; k < 2; k++) {
        rig_load(rigs[k], 0, code, BLOCKS + 2);
        rig_run(rigs[k], NS(BLOCKS * 100), UINT64_MAX);
    }
    ck_assert_uint_gt(exec_background_count(b.x).refused, 0);
    exec_background_resume(b.x);
    for (ps_t t = 100; t <= 300; t++) {
        finish_jobs(&b);
        rig_run(&b, NS(BLOCKS * t), UINT64_MAX);
    }
    rig_run(&a, NS(BLOCKS * 300), UINT64_MAX);
    ck_assert_uint_ge(b.x->count.improved, BLOCKS);
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    rig_close(&a);
    rig_close(&b);
}
END_TEST

#define SPAN 64u /* pages */

/* Of memory in which the first page alone was written: what the thread does to the others changes none of them. */
START_TEST(pages_are_there_beforehand)
{
    struct rig g = open_rig(EXEC_JIT);
    uint8_t *at = mmap(NULL, SPAN * MEM_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char there[SPAN];
    uint64_t ticket;
    ck_assert_ptr_ne(at, MAP_FAILED);
    memset(at, 0xa5, 100);
    ck_assert_uint_ne(ticket = exec_ask_pages(g.x, at, SPAN * MEM_PAGE, false), 0);
    while (!exec_has_pages(g.x, ticket))
        sched_yield();
    bool known = madvise(at, MEM_PAGE, 23) == 0; /* MADV_POPULATE_WRITE: Linux 5.14 */
    ck_assert_int_eq(mincore(at, SPAN * MEM_PAGE, there), 0);
    for (unsigned i = 1; known && i < SPAN; i++)
        ck_assert_uint_eq(there[i] & 1, 1);
    for (unsigned i = 0; i < SPAN * MEM_PAGE; i++)
        ck_assert_uint_eq(at[i], i < 100 ? 0xa5 : 0);
    munmap(at, SPAN * MEM_PAGE);
    rig_close(&g);
}
END_TEST

/* While the thread stands still; memory that went meanwhile harms nobody. */
START_TEST(not_all_pages_are_asked_for)
{
    struct rig g = open_rig(EXEC_JIT), alone = open_rig(EXEC_INTERP);
    uint8_t *at = mmap(NULL, SPAN * MEM_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t last = 0;
    unsigned n = 0;
    ck_assert_ptr_ne(at, MAP_FAILED);
    exec_background_hold(g.x);
    for (uint64_t ticket; (ticket = exec_ask_pages(g.x, at, SPAN * MEM_PAGE, n % 2)) != 0; n++)
        last = ticket;
    ck_assert_uint_gt(n, 0);
    ck_assert(!exec_has_pages(g.x, last) && !exec_has_pages(g.x, 0));
    munmap(at, SPAN * MEM_PAGE);
    exec_background_resume(g.x);
    while (!exec_has_pages(g.x, last))
        sched_yield();
    ck_assert_ptr_null(alone.x->background);
    ck_assert_uint_eq(exec_ask_pages(alone.x, NULL, MEM_PAGE, false), 0);
    rig_close(&g);
    rig_close(&alone);
}
END_TEST

/* A debugger's breakpoint in a block that is being compiled, set and taken away while jobs wait, are under way, or are done. */
START_TEST(breakpoints_meet_jobs)
{
    struct rig g = open_rig(EXEC_JIT);
    struct err e;
    uint64_t stops = 0;
    for (ps_t t = 400; t <= 40000; t += 400) {
        unsigned what = (unsigned)(t / 400 % 5);
        va_t at = TOY_RAM + (what == 1 ? 0x24 : 0x1000);
        if (what == 0)
            exec_background_hold(g.x);
        rig_run(&g, NS(t), UINT64_MAX);
        if (what == 1 || what == 3) {
            ck_assert_int_eq(exec_set_break(g.x, at, true, &e), 0);
            for (unsigned k = 0; k < 3; k++, stops++) {
                ck_assert_int_eq(rig_run(&g, NS(50000), UINT64_MAX), EXEC_DEBUG);
                ck_assert_uint_eq(g.cpu[0]->cpu.pc, at);
                if (k == 1)
                    exec_background_resume(g.x);
            }
            ck_assert_int_eq(exec_set_break(g.x, at, false, &e), 0);
        }
        if (what == 4)
            finish_jobs(&g);
    }
    exec_background_resume(g.x);
    rig_run(&g, NS(50000), UINT64_MAX);
    ck_assert_uint_gt(stops, 100);
    ck_assert_uint_gt(exec_background_count(g.x).thrown, 0);
    ck_assert_uint_eq(machine_hash(g.m), expected(50000, NULL));
    rig_close(&g);
}
END_TEST

/* Another machine's state comes, with other code, while jobs for what was there wait (0), are under way (1) or done (2). */
START_TEST(snapshots_meet_jobs)
{
    static const uint32_t patch[] = { TOY(TOY_ADDI, 4, 4, 1000) };
    struct rig a = open_rig(EXEC_INTERP), g = open_rig(EXEC_JIT);
    rig_load(&a, 0x20, patch, 1);
    rig_run(&a, NS(7000), UINT64_MAX);
    if (_i != 1)
        exec_background_hold(g.x);
    rig_run(&g, NS(10000), UINT64_MAX);
    if (_i == 2) {
        exec_background_resume(g.x);
        finish_jobs(&g);
    }
    device_generic_copy(a.m, g.m);
    mmu_select(&g.cpu[0]->cpu, 0, 0, 0);
    exec_background_resume(g.x);
    for (ps_t t = 7000; t <= 30000; t += 1000)
        rig_run(&g, NS(t), UINT64_MAX);
    rig_run(&a, NS(30000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(g.m));
    rig_close(&a);
    rig_close(&g);
}
END_TEST

/*
 * The least code buffer, filled again and again by blocks that run often and are changed every now and then: halves are
 * reclaimed while the thread compiles what lies in them.
 */
START_TEST(little_room)
{
    enum { GROUP = 16, ROUNDS = 12, GROUPS = TOY_SIZE / 4 / GROUP - 1, PASS = GROUPS * (ROUNDS * (GROUP - 1) + 1), PASSES = 20 };
    static uint32_t code[GROUPS * GROUP];
    struct exec_options o = { .mode = EXEC_JIT, .optimize_threshold = 3, .region_threshold = 6, .code_bytes = 2u << 20,
                              .translate_threads = 1 };
    struct rig a = open_rig(EXEC_INTERP), b = rig_open_with(1, "functional", &o), *rigs[] = { &a, &b };
    for (uint32_t i = 0; i < GROUPS * GROUP; i++)
        code[i] = i % GROUP == 0           ? TOY(TOY_ADDI, 1, 0, ROUNDS)
                  : i % GROUP == GROUP - 3 ? TOY(TOY_ADDI, 4, 4, i)
                  : i % GROUP == GROUP - 2 ? TOY(TOY_ADDI, 1, 1, -1)
                  : i % GROUP == GROUP - 1 ? TOY(TOY_BNE, 1, 0, 2 - GROUP)
                                           : TOY(TOY_BNE, 1, i % 16, 1); /* to the next either way */
    for (unsigned k = 0; k < 2; k++) {
        rig_load(rigs[k], 0, code, ARRAY_LEN(code));
        for (ps_t pass = 1; pass <= PASSES; pass++) {
            for (uint32_t i = 0; i < 40; i++) { /* other groups in each pass */
                uint32_t at = (uint32_t)(pass * 977 + i * 331) % GROUPS * GROUP + GROUP - 3;
                uint32_t word = TOY(TOY_ADDI, 4, 4, pass + i);
                rig_load(rigs[k], 4 * at, &word, 1);
            }
            rig_run(rigs[k], NS(pass * PASS), UINT64_MAX);
            rigs[k]->cpu[0]->cpu.pc = TOY_RAM;
        }
    }
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    ck_assert_uint_gt(b.x->count.flushes, 1);
    ck_assert_uint_gt(b.x->count.improved, 100);
    rig_close(&a);
    rig_close(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.background");
    TCase *t = tcase_create("background");
    tcase_add_test(t, what_is_made_is_taken_in);
    tcase_add_test(t, nothing_is_waited_for);
    tcase_add_loop_test(t, changed_code_is_thrown_away, 0, 2);
    tcase_add_test(t, flushes_throw_away);
    tcase_add_test(t, full_queue_refuses);
    tcase_add_test(t, pages_are_there_beforehand);
    tcase_add_test(t, not_all_pages_are_asked_for);
    tcase_add_test(t, breakpoints_meet_jobs);
    tcase_add_loop_test(t, snapshots_meet_jobs, 0, 3);
    tcase_add_test(t, little_room);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core.exec.background");
}

#endif
