/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks that are interpreted before they are compiled: the run is that of the interpreter, to the instruction. */
#include "core/util/hash.h"
#include "test/check_main.h"
#include "test/core/exec/toy.h"

#if defined(__x86_64__)

#define NS(n) ((ps_t)(n)*PS_PER_NS)

static struct rig open_first(uint32_t n)
{
    struct exec_options o = { .mode = EXEC_JIT, .verify = true, .interpret_first = n };
    return rig_open_with(1, "functional", &o);
}

static struct rig open_plain(void)
{
    return rig_open(1, "functional", 0);
}

/* r1 counts down from 10: blocks of 3 and, nine times, of 2 instructions; then another loop. */
static const uint32_t countdown[] = {
    TOY(TOY_ADDI, 1, 0, 10), TOY(TOY_ADDI, 1, 1, -1), TOY(TOY_BNE, 1, 0, -1),
    TOY(TOY_ADDI, 2, 2, 1),  TOY(TOY_BNE, 2, 0, -1),
};

START_TEST(compiles_what_comes_again)
{
    struct rig g = open_first(1);
    const struct exec_counters *n = &g.x->count;
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    rig_run(&g, PS_NEVER, 3);
    ck_assert_uint_eq(n->first, 1);
    ck_assert_uint_eq(n->guest_bytes, 12);
    rig_run(&g, PS_NEVER, 5);
    ck_assert_uint_eq(n->first, 2);
    ck_assert_uint_eq(n->translated, 0);
    rig_run(&g, PS_NEVER, 7);
    ck_assert_uint_eq(n->translated, 1);
    ck_assert_uint_eq(n->later, 1);
    ck_assert_uint_eq(n->guest_bytes, 20); /* of what is run the first time */
    rig_run(&g, PS_NEVER, 21);
    ck_assert_uint_eq(n->first, 2);
    ck_assert_uint_eq(n->translated, 1);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 21);
    exec_flush_code(g.x); /* forgets what was seen, too */
    g.cpu[0]->cpu.pc = TOY_RAM;
    rig_run(&g, PS_NEVER, 24);
    ck_assert_uint_eq(n->first, 3);
    ck_assert_uint_eq(n->translated, 1);
    rig_close(&g);
}
END_TEST

START_TEST(compiles_after_as_many_as_wanted)
{
    struct rig g = open_first((uint32_t)_i);
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    rig_run(&g, PS_NEVER, 3 + 2 * (uint64_t)_i);
    ck_assert_uint_eq(g.x->count.translated, _i == 0 ? 1 : 0);
    rig_run(&g, PS_NEVER, 5 + 2 * (uint64_t)_i);
    ck_assert_uint_eq(g.x->count.translated, _i == 0 ? 2 : 1);
    ck_assert_uint_eq(g.x->count.first, _i == 0 ? 0 : 2);
    ck_assert_uint_eq(g.x->count.guest_bytes, 20);
    rig_close(&g);
}
END_TEST

/* Of two whose notes lie in the same place one gives way. */
START_TEST(none_is_interpreted_for_ever)
{
    struct rig g = open_first(1);
    uint32_t pages[2] = { 0 }, n = 0, rounds = 0;
    for (uint32_t page = 0; n < 2; page++)
        if ((hash_mix(page) & 0xffff) == 123)
            pages[n++] = page;
    bool wanted = true;
    for (; wanted && rounds < 100; rounds++)
        for (unsigned k = 0; k < 2; k++) {
            struct exec_place p = { .page = pages[k] };
            wanted = exec_first_wanted(g.x, &g.cpu[0]->cpu, &p) && wanted;
        }
    ck_assert_uint_gt(rounds, 5);
    ck_assert_uint_lt(rounds, 20);
    rig_close(&g);
}
END_TEST

/* However the run is cut, blocks end where they do in the interpreter. */
START_TEST(cuts_change_nothing)
{
    struct rig a = open_plain(), b = open_first((uint32_t)_i);
    rig_load(&a, 0, countdown, ARRAY_LEN(countdown));
    rig_load(&b, 0, countdown, ARRAY_LEN(countdown));
    for (uint64_t n = 1; n <= 500; n++) {
        rig_run(&a, PS_NEVER, n);
        rig_run(&b, PS_NEVER, n);
        ck_assert_uint_eq(cpu_insns(&a.cpu[0]->cpu), cpu_insns(&b.cpu[0]->cpu));
        ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    }
    rig_close(&a);
    rig_close(&b);
}
END_TEST

START_TEST(faults_are_precise)
{
    static const uint32_t code[] = { TOY(TOY_ADDI, 1, 0, 5), TOY(TOY_LOAD, 2, 0, 8), TOY(TOY_ADDI, 1, 0, 6) };
    static const uint32_t handler[] = { TOY(TOY_SYS, 5, 0, TOY_CYCLES), TOY(TOY_WFI, 0, 0, 0) };
    struct rig g = open_first(1);
    g.cpu[0]->unmapped_to = 0x1000;
    g.cpu[0]->vector = TOY_RAM + 0x100;
    rig_load(&g, 0, code, ARRAY_LEN(code));
    rig_load(&g, 0x100, handler, ARRAY_LEN(handler));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEADLOCK);
    ck_assert_uint_eq(g.x->count.translated, 0);
    ck_assert_uint_eq(g.cpu[0]->r[1], 5);
    ck_assert_uint_eq(g.cpu[0]->r[2], 0);
    ck_assert_uint_eq(g.cpu[0]->r[15], TOY_RAM + 4);
    ck_assert_uint_eq(g.cpu[0]->r[5], 2); /* one instruction done, one cycle for the trap */
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 3);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 4);
    rig_close(&g);
}
END_TEST

/* A store into the running block, ahead of it and behind, and into one that was interpreted and one that is compiled. */
static const uint32_t patcher[] = {
    TOY(TOY_ADDI, 2, 0, 0x7c00), TOY(TOY_ADDI, 2, 2, 0x7c00), TOY(TOY_ADDI, 2, 2, 0xc00), /* 0x10400 */
    TOY(TOY_LOAD, 3, 2, 0), TOY(TOY_ADDI, 6, 2, -0x3c0), TOY(TOY_ADDI, 1, 0, 6), TOY(TOY_BNE, 1, 0, 10), /* to 0x40 */
};
static const uint32_t patched[] = {
    TOY(TOY_ADDI, 5, 5, 1),   /* 0x40 */
    TOY(TOY_STORE, 3, 6, 12), /* the next but one */
    TOY(TOY_ADDI, 4, 4, 1),  TOY(TOY_ADDI, 5, 5, 1000),
    TOY(TOY_STORE, 3, 6, 0),  /* the first */
    TOY(TOY_ADDI, 1, 1, -1), TOY(TOY_BNE, 1, 0, -6), TOY(TOY_WFI, 0, 0, 0),
};
static const uint32_t patch[] = { TOY(TOY_ADDI, 5, 5, 100), 0 };

static uint64_t run_patcher(struct rig *g, struct cpu_isa *isa, bool own)
{
    *isa = toy_isa;
    isa->fetches_own_stores = own;
    g->cpu[0]->cpu.isa = isa;
    rig_load(g, 0, patcher, ARRAY_LEN(patcher));
    rig_load(g, 0x40, patched, ARRAY_LEN(patched));
    rig_load(g, 0x400, patch, ARRAY_LEN(patch));
    ck_assert_int_eq(rig_run(g, PS_NEVER, UINT64_MAX), EXEC_DEADLOCK);
    return g->cpu[0]->r[5];
}

START_TEST(stores_into_code_are_seen)
{
    for (unsigned own = 0; own < 2; own++) {
        struct cpu_isa isa[2];
        struct rig a = open_plain(), b = open_first((uint32_t)_i);
        uint64_t expected = run_patcher(&a, &isa[0], own);
        ck_assert_uint_eq(a.cpu[0]->r[2], TOY_RAM + 0x400);
        ck_assert_uint_eq(expected, own ? 1 + 100 + 5 * 200 : 1 + 1000 + 5 * 200);
        ck_assert_uint_eq(run_patcher(&b, &isa[1], own), expected);
        ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
        rig_close(&a);
        rig_close(&b);
    }
}
END_TEST

/* Inside a block that was never here, and in one that was seen. */
START_TEST(stops_at_breakpoints)
{
    struct rig g = open_first(1);
    struct err e;
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 4, true, &e), 0);
    for (uint64_t k = 0; k < 4; k++) {
        ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEBUG);
        ck_assert_uint_eq(g.cpu[0]->cpu.pc, TOY_RAM + 4);
        ck_assert_uint_eq(g.cpu[0]->r[1], 10 - k);
    }
    ck_assert_uint_eq(g.x->count.first, 0);
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 4, false, &e), 0);
    rig_run(&g, PS_NEVER, 11);
    ck_assert_uint_eq(g.x->count.first, 1);
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 8, true, &e), 0);
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEBUG);
    ck_assert_uint_eq(g.cpu[0]->cpu.pc, TOY_RAM + 8);
    rig_close(&g);
}
END_TEST

/* Steps in between: those are not arrivals, and the block they end in goes on where they stopped. */
START_TEST(single_steps)
{
    struct rig a = open_plain(), b = open_first(1);
    rig_load(&a, 0, countdown, ARRAY_LEN(countdown));
    rig_load(&b, 0, countdown, ARRAY_LEN(countdown));
    for (unsigned k = 0; k < 60; k++) {
        struct rig *g[] = { &a, &b };
        for (unsigned i = 0; i < 2; i++)
            for (unsigned steps = k % 3; steps > 0; steps--)
                ck_assert_int_eq(exec_step(g[i]->x, &g[i]->cpu[0]->cpu), EXEC_DEBUG);
        rig_run(&a, NS(4 * k), UINT64_MAX);
        rig_run(&b, NS(4 * k), UINT64_MAX);
        ck_assert_uint_eq(a.cpu[0]->cpu.pc, b.cpu[0]->cpu.pc);
        ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    }
    rig_close(&a);
    rig_close(&b);
}
END_TEST

/* Where somebody looks at each block there is nothing to be gained, and models with hooks want to hear of each. */
START_TEST(is_left_to_models_without_hooks)
{
    struct exec_options o = { .mode = EXEC_JIT, .verify = true, .interpret_first = 1 };
    struct rig g = rig_open_with(1, "inorder", &o);
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    rig_run(&g, PS_NEVER, 40);
    ck_assert_uint_eq(g.x->count.first, 0);
    ck_assert_uint_gt(g.x->count.translated, 0);
    rig_close(&g);
    o.coverage = true;
    g = rig_open_with(1, "functional", &o);
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    rig_run(&g, PS_NEVER, 40);
    ck_assert_uint_eq(g.x->count.first, 0);
    rig_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.first");
    TCase *t = tcase_create("first");
    tcase_add_test(t, compiles_what_comes_again);
    tcase_add_loop_test(t, compiles_after_as_many_as_wanted, 0, 5);
    tcase_add_test(t, none_is_interpreted_for_ever);
    tcase_add_loop_test(t, cuts_change_nothing, 1, 4);
    tcase_add_test(t, faults_are_precise);
    tcase_add_loop_test(t, stores_into_code_are_seen, 0, 10);
    tcase_add_test(t, stops_at_breakpoints);
    tcase_add_test(t, single_steps);
    tcase_add_test(t, is_left_to_models_without_hooks);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core.exec.first (another host)");
}

#endif
