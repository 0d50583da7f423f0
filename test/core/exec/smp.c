/* SPDX-License-Identifier: Apache-2.0 */
/* Several CPUs in one order, breakpoints and steps that change nothing, lockstep. */
#include "test/check_main.h"
#include "test/core/exec/toy.h"
#include "test/device_generic.h"

#define NS(n) ((ps_t)(n)*PS_PER_NS)

/*
 * Every CPU adds 1 to the word at RAM + 0x800 (r2 points there), counts its rounds in
 * r6 and keeps the last value it saw in r3. The increment is not atomic.
 */
static const uint32_t adder[] = {
    TOY(TOY_ADDI, 2, 0, 0x7800), TOY(TOY_ADDI, 2, 2, 0x4800), TOY(TOY_ADDI, 2, 2, 0x4800),
    TOY(TOY_LOAD, 3, 2, 0),      TOY(TOY_ADDI, 3, 3, 1),      TOY(TOY_STORE, 3, 2, 0),
    TOY(TOY_ADDI, 6, 6, 1),      TOY(TOY_BNE, 6, 0, -4),
};

static struct rig adders(uint32_t n)
{
    struct rig g = rig_open(n, "functional", 0);
    rig_load(&g, 0, adder, ARRAY_LEN(adder));
    return g;
}

START_TEST(same_run_twice_and_in_pieces)
{
    struct rig a = adders(3), b = adders(3);
    ck_assert_int_eq(rig_run(&a, NS(100000), UINT64_MAX), EXEC_LIMIT_TIME);
    for (uint64_t n = 0; n < 300000; n += 997)
        ck_assert_int_eq(rig_run(&b, NS(100000), n), EXEC_LIMIT_INSNS);
    ck_assert_int_eq(rig_run(&b, NS(100000), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert_uint_eq(exec_time(a.x), exec_time(b.x));
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    /* Each ran about 100000 cycles: within a block of the end. */
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_ge(cpu_cycles(&a.cpu[i]->cpu), 100000);
        ck_assert_uint_lt(cpu_cycles(&a.cpu[i]->cpu), 100008);
    }
    rig_close(&a);
    rig_close(&b);
}
END_TEST

/* Saved anywhere, also in the middle of a round, and restored: the same run. */
START_TEST(snapshot_goes_on_alike)
{
    struct rig a = adders(2), b = adders(2);
    rig_run(&a, PS_NEVER, 12345);
    device_generic_copy(a.m, b.m);
    for (uint32_t i = 0; i < 2; i++)
        mmu_select(&b.cpu[i]->cpu, 0, 0, 0);
    rig_run(&a, NS(50000), UINT64_MAX);
    rig_run(&b, NS(50000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    rig_close(&a);
    rig_close(&b);
}
END_TEST

/* CPU 1 waits; CPU 0's event at 30 ns wakes it: it runs from then on. */
static void wake(void *arg, ps_t when)
{
    (void)when;
    toy_raise_line(arg);
}

START_TEST(idle_cpu_wakes_at_the_time)
{
    static const uint32_t waits[] = { TOY(TOY_WFI, 0, 0, 0), TOY(TOY_SYS, 5, 0, TOY_CYCLES),
                                      TOY(TOY_WFI, 0, 0, 0) };
    struct rig g = rig_open(2, "functional", 0);
    struct ev_timer timer;
    rig_load(&g, 0, adder, ARRAY_LEN(adder));
    rig_load(&g, 0x100, waits, ARRAY_LEN(waits));
    g.cpu[1]->cpu.pc = TOY_RAM + 0x100;
    g.cpu[1]->enabled = 0; /* wakes, but takes no interrupt */
    ck_assert_int_eq(ev_timer_init(&timer, g.m->queue, "test", EV_PRIO_DEVICE, wake, g.cpu[1]), 0);
    ev_arm(&timer, NS(30));
    rig_run(&g, NS(40), UINT64_MAX);
    ck_assert_uint_eq(g.cpu[1]->r[5], 30);
    ck_assert_int_eq(g.cpu[1]->cpu.run, CPU_RUNNING);
    ev_timer_release(&timer);
    rig_close(&g);
}
END_TEST

/* A pause hint gives the rest of the quantum away, but only to somebody; else it takes 64 cycles. */
START_TEST(yield_ends_the_turn)
{
    static const uint32_t spin[] = { TOY(TOY_SYS, 0, 0, TOY_YIELD), TOY(TOY_ADDI, 7, 7, 1),
                                     TOY(TOY_BNE, 7, 0, -2) };
    struct rig g = rig_open(2, "functional", 0), alone = rig_open(1, "functional", 0);
    rig_load(&g, 0, adder, ARRAY_LEN(adder));
    rig_load(&g, 0x100, spin, ARRAY_LEN(spin));
    rig_load(&alone, 0x100, spin, ARRAY_LEN(spin));
    g.cpu[1]->cpu.pc = alone.cpu[0]->cpu.pc = TOY_RAM + 0x100;
    rig_run(&g, NS(100000), UINT64_MAX); /* 10 quanta of 10 us */
    rig_run(&alone, NS(300), UINT64_MAX);
    ck_assert_uint_ge(g.cpu[1]->r[7], 9);
    ck_assert_uint_le(g.cpu[1]->r[7], 10);
    ck_assert_uint_ge(cpu_cycles(&g.cpu[1]->cpu), 100000);
    ck_assert_uint_ge(alone.cpu[0]->r[7], 300 / 67);
    ck_assert_uint_le(alone.cpu[0]->r[7], 300 / 67 + 1);
    rig_close(&g);
    rig_close(&alone);
}
END_TEST

/* CPUs that disturb each other get short turns: 10 us / 16, / 8, / 4, / 2 before they are whole again. */
START_TEST(kicked_while_it_runs)
{
    static const uint32_t spin[] = { TOY(TOY_ADDI, 7, 7, 1), TOY(TOY_BNE, 7, 0, -1) };
    static const uint32_t kick[] = { TOY(TOY_SYS, 0, 0, TOY_KICK), TOY(TOY_ADDI, 7, 7, 1),
                                     TOY(TOY_BNE, 7, 0, -1) };
    for (unsigned kicks = 0; kicks < 2; kicks++) {
        struct rig g = rig_open(2, "functional", 0);
        rig_load(&g, 0, spin, ARRAY_LEN(spin));
        rig_load(&g, 0x100, kicks ? kick : spin, kicks ? ARRAY_LEN(kick) : ARRAY_LEN(spin));
        g.cpu[0]->cpu.pc = TOY_RAM + 0x100;
        rig_run(&g, NS(19000), UINT64_MAX);
        ck_assert_uint_eq(g.x->count.rounds, kicks ? 6 : 2); /* the one that was cut, four short ones, a whole one */
        ck_assert_uint_eq(g.x->sched.hurry, 0);
        rig_close(&g);
    }
}
END_TEST

/* ---- debugging ---- */

static enum exec_reason go(struct rig *g, struct cpu **cpu)
{
    struct exec_limits l = { .time = PS_NEVER, .insns = UINT64_MAX };
    return exec_run(g->x, &l, cpu);
}

START_TEST(breakpoint_stops_before_and_goes_on)
{
    struct rig g = adders(1);
    struct err e;
    struct cpu *cpu;
    rig_run(&g, PS_NEVER, 100); /* blocks exist and are chained */
    uint64_t r6 = g.cpu[0]->r[6];
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 0x14, true, &e), 0);
    for (uint64_t i = 0; i < 5; i++) {
        ck_assert_int_eq(go(&g, &cpu), EXEC_DEBUG);
        ck_assert_ptr_eq(cpu, &g.cpu[0]->cpu);
        ck_assert_int_eq(cpu->debug.kind, CPU_STOP_BREAK);
        ck_assert_uint_eq(cpu->pc, TOY_RAM + 0x14);
        ck_assert_uint_eq(g.cpu[0]->r[6], r6 + i);
        ck_assert_uint_eq(g.cpu[0]->r[3], r6 + i + 1); /* added, not stored yet */
    }
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 0x14, false, &e), 0);
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 0x14, false, &e), ERR_ABSENT);
    rig_close(&g);
}
END_TEST

/* Stops and steps leave no trace: neither in time nor in where turns end. */
START_TEST(debugging_changes_nothing)
{
    struct rig a = adders(2), b = adders(2);
    struct err e;
    struct cpu *cpu;
    rig_run(&a, NS(20000), UINT64_MAX);
    ck_assert_int_eq(exec_set_break(b.x, TOY_RAM + 0x18, true, &e), 0);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(go(&b, &cpu), EXEC_DEBUG);
        for (int k = 0; k < i % 4; k++) {
            ck_assert_int_eq(exec_step(b.x, cpu), EXEC_DEBUG);
            ck_assert_int_eq(cpu->debug.kind, CPU_STOP_STEP);
        }
    }
    ck_assert_int_eq(exec_set_break(b.x, TOY_RAM + 0x18, false, &e), 0);
    rig_run(&b, NS(20000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(b.m));
    rig_close(&a);
    rig_close(&b);
}
END_TEST

START_TEST(step_is_one_instruction)
{
    struct rig g = adders(1);
    struct cpu *cpu = &g.cpu[0]->cpu;
    for (uint64_t i = 1; i <= 8; i++) {
        ck_assert_int_eq(exec_step(g.x, cpu), EXEC_DEBUG);
        ck_assert_uint_eq(cpu_insns(cpu), i);
        ck_assert_uint_eq(cpu_cycles(cpu), i);
        ck_assert_uint_eq(cpu->pc, i < 8 ? TOY_RAM + 4 * i : TOY_RAM + 0xc);
    }
    rig_close(&g);
}
END_TEST

START_TEST(watchpoint_stops_before_the_access)
{
    struct rig a = adders(1), g = adders(1);
    struct err e;
    struct cpu *cpu;
    ck_assert_int_eq(exec_set_watch(g.x, TOY_RAM + 0x802, 1, false, true, true, &e), 0);
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_int_eq(go(&g, &cpu), EXEC_DEBUG);
        ck_assert_int_eq(cpu->debug.kind, CPU_STOP_WATCH);
        ck_assert_uint_eq(cpu->debug.addr, TOY_RAM + 0x802);
        ck_assert_int_eq(cpu->debug.access, CPU_STORE);
        ck_assert_uint_eq(cpu->pc, TOY_RAM + 0x14);
        ck_assert_uint_eq(ld_le32(g.ram->host + 0x800), i);
    }
    ck_assert_int_eq(exec_set_watch(g.x, TOY_RAM + 0x802, 1, false, true, false, &e), 0);
    rig_run(&a, NS(5000), UINT64_MAX);
    rig_run(&g, NS(5000), UINT64_MAX);
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(g.m));
    rig_close(&a);
    rig_close(&g);
}
END_TEST

/* ---- lockstep ---- */

START_TEST(lockstep_agrees)
{
    struct rig a = adders(2), b = adders(2);
    struct exec_limits l = { .time = PS_NEVER, .insns = 1000000 };
    bool differ = true;
    ck_assert_int_eq(exec_lockstep(a.x, b.x, &l, stderr, &differ), EXEC_LIMIT_INSNS);
    ck_assert(!differ);
    rig_close(&a);
    rig_close(&b);
}
END_TEST

/*
 * The bug is planted in one machine only: what it translates at a page that the other has
 * translated before. The report must name the block it lies in.
 */
START_TEST(lockstep_finds_the_block)
{
    /* 1000 rounds, then once through a block at 0x200 with the instruction that differs. */
    static const uint32_t code[] = { TOY(TOY_ADDI, 1, 0, 1000), TOY(TOY_ADDI, 1, 1, -1),
                                     TOY(TOY_BNE, 1, 0, -1), TOY(TOY_ADDI, 2, 0, 1),
                                     TOY(TOY_BNE, 2, 0, 0x7c) };
    static const uint32_t far[] = { TOY(TOY_ADDI, 4, 0, 5), TOY(TOY_ADDI, 4, 4, 77),
                                    TOY(TOY_BNE, 4, 0, -2) };
    struct rig a = rig_open(1, "functional", 0), b = rig_open(1, "functional", 0);
    struct exec_limits l = { .time = PS_NEVER, .insns = 1000000 };
    bool differ = false;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    rig_load(&a, 0, code, ARRAY_LEN(code));
    rig_load(&a, 0x200, far, ARRAY_LEN(far));
    rig_load(&b, 0, code, ARRAY_LEN(code));
    rig_load(&b, 0x200, far, ARRAY_LEN(far));
    b.cpu[0]->planted = true;
    exec_lockstep(a.x, b.x, &l, out, &differ);
    fclose(out);
    ck_assert(differ);
    ck_assert_msg(strstr(text, "block at 0x10200") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "part cpu0, field r") != NULL, "%s", text);
    free(text);
    rig_close(&a);
    rig_close(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.smp");
    TCase *t = tcase_create("smp");
    tcase_add_test(t, same_run_twice_and_in_pieces);
    tcase_add_test(t, snapshot_goes_on_alike);
    tcase_add_test(t, idle_cpu_wakes_at_the_time);
    tcase_add_test(t, yield_ends_the_turn);
    tcase_add_test(t, kicked_while_it_runs);
    tcase_add_test(t, breakpoint_stops_before_and_goes_on);
    tcase_add_test(t, debugging_changes_nothing);
    tcase_add_test(t, step_is_one_instruction);
    tcase_add_test(t, watchpoint_stops_before_the_access);
    tcase_add_test(t, lockstep_agrees);
    tcase_add_test(t, lockstep_finds_the_block);
    suite_add_tcase(s, t);
    return s;
}
