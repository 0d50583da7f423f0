/* SPDX-License-Identifier: Apache-2.0 */
/* The run loop on the toy ISA: counts, limits, traps, idle CPUs, events, self-modifying code. */
#include "test/check_main.h"
#include "test/core/exec/toy.h"

#define NS(n) ((ps_t)(n)*PS_PER_NS)

/* r1 counts down from 10: 1 + 10 * 2 instructions, then a loop on itself. */
static const uint32_t countdown[] = {
    TOY(TOY_ADDI, 1, 0, 10),
    TOY(TOY_ADDI, 1, 1, -1),
    TOY(TOY_BNE, 1, 0, -1),
    TOY(TOY_ADDI, 2, 2, 1),
    TOY(TOY_BNE, 2, 0, -1),
};

START_TEST(counts_cycles_and_instructions)
{
    struct rig g = rig_open(1, "functional", 0);
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    /* The first block has 3 instructions, the loop's blocks 2; a limit of 20 is met at 21. */
    ck_assert_int_eq(rig_run(&g, PS_NEVER, 20), EXEC_LIMIT_INSNS);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 21);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 21);
    ck_assert_uint_eq(g.cpu[0]->r[1], 0);
    ck_assert_uint_eq(g.cpu[0]->cpu.pc, TOY_RAM + 12);
    /* 21 is reached already: nothing more runs. */
    ck_assert_int_eq(rig_run(&g, PS_NEVER, 21), EXEC_LIMIT_INSNS);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 21);
    ck_assert_int_eq(rig_run(&g, PS_NEVER, 22), EXEC_LIMIT_INSNS);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 23);
    /* 1 GHz: at 100 ns 100 cycles have passed, rounded up to the end of a block of 2. */
    ck_assert_int_eq(rig_run(&g, NS(100), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 101);
    ck_assert_uint_eq(exec_time(g.x), NS(100));
    rig_close(&g);
}
END_TEST

START_TEST(costs_follow_the_model)
{
    struct rig g = rig_open(1, "functional,cpi=3", 0);
    rig_load(&g, 0, countdown, ARRAY_LEN(countdown));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, 20), EXEC_LIMIT_INSNS);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 21);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 63);
    rig_close(&g);
}
END_TEST

/* However a run is cut, it is the same run. */
START_TEST(cuts_change_nothing)
{
    struct rig a = rig_open(1, "functional", 0), b = rig_open(1, "functional", 0);
    rig_load(&a, 0, countdown, ARRAY_LEN(countdown));
    rig_load(&b, 0, countdown, ARRAY_LEN(countdown));
    rig_run(&a, PS_NEVER, 5000);
    for (uint64_t n = 1; n <= 5000; n += 7)
        rig_run(&b, PS_NEVER, n);
    rig_run(&b, PS_NEVER, 5000);
    ck_assert_uint_eq(cpu_insns(&a.cpu[0]->cpu), cpu_insns(&b.cpu[0]->cpu));
    ck_assert_ptr_null(state_compare(toy_state, a.cpu[0], b.cpu[0]));
    rig_close(&a);
    rig_close(&b);
}
END_TEST

START_TEST(reads_its_cycle_exactly)
{
    /* The third instruction of a block sees 2 cycles before it; the one after the branch 6. */
    static const uint32_t code[] = {
        TOY(TOY_ADDI, 1, 0, 1), TOY(TOY_ADDI, 1, 1, 1), TOY(TOY_SYS, 3, 0, TOY_CYCLES),
        TOY(TOY_ADDI, 1, 1, 1), TOY(TOY_BNE, 1, 0, 1),  TOY(TOY_ADDI, 1, 1, 1),
        TOY(TOY_SYS, 4, 0, TOY_CYCLES), TOY(TOY_WFI, 0, 0, 0),
    };
    struct rig g = rig_open(1, "functional", 0);
    rig_load(&g, 0, code, ARRAY_LEN(code));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEADLOCK);
    ck_assert_uint_eq(g.cpu[0]->r[3], 2);
    ck_assert_uint_eq(g.cpu[0]->r[4], 6);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 8);
    rig_close(&g);
}
END_TEST

START_TEST(traps_are_precise_and_take_time)
{
    /* Instruction 2 faults: r1 is written, r2 is not; the handler (at 0x100) stops. */
    static const uint32_t code[] = { TOY(TOY_ADDI, 1, 0, 5), TOY(TOY_LOAD, 2, 0, 8),
                                     TOY(TOY_ADDI, 1, 0, 6) };
    static const uint32_t handler[] = { TOY(TOY_SYS, 5, 0, TOY_CYCLES), TOY(TOY_WFI, 0, 0, 0) };
    struct rig g = rig_open(1, "functional", 0);
    g.cpu[0]->unmapped_to = 0x1000;
    g.cpu[0]->vector = TOY_RAM + 0x100;
    rig_load(&g, 0, code, ARRAY_LEN(code));
    rig_load(&g, 0x100, handler, ARRAY_LEN(handler));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEADLOCK);
    ck_assert_uint_eq(g.cpu[0]->r[1], 5);
    ck_assert_uint_eq(g.cpu[0]->r[15], TOY_RAM + 4);
    ck_assert_uint_eq(g.cpu[0]->traps, 1);
    ck_assert_uint_eq(g.cpu[0]->r[5], 2); /* one instruction done, one cycle for the trap */
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 3);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 4);
    rig_close(&g);
}
END_TEST

/* A handler that cannot be fetched traps for ever, but time passes and limits hold. */
START_TEST(endless_traps_do_not_hang)
{
    static const uint32_t code[] = { TOY(TOY_TRAP, 0, 0, 0) };
    struct rig g = rig_open(1, "functional", 0);
    g.cpu[0]->unmapped_to = 0x1000;
    g.cpu[0]->vector = 0;
    rig_load(&g, 0, code, 1);
    ck_assert_int_eq(rig_run(&g, NS(1000), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert_uint_eq(g.cpu[0]->traps, 1000);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 0);
    rig_close(&g);
}
END_TEST

static void on_timer(void *arg, ps_t when)
{
    (void)when;
    toy_raise_line(arg);
}

/* Arm for 50 ns from now, wait; the handler logs the cycle and goes back to the wait. */
static const uint32_t waiter[] = {
    TOY(TOY_ADDI, 1, 0, 20000), TOY(TOY_ADDI, 1, 1, 30000), TOY(TOY_SYS, 1, 0, TOY_ARM),
    TOY(TOY_WFI, 0, 0, 0),      TOY(TOY_BNE, 14, 0, -2),
};
static const uint32_t on_irq[] = {
    TOY(TOY_SYS, 5, 0, TOY_CYCLES), TOY(TOY_SYS, 5, 0, TOY_LOG), TOY(TOY_SYS, 0, 0, TOY_ACK),
    TOY(TOY_ADDI, 6, 6, 1),         TOY(TOY_JALR, 0, 14, 0),
};

START_TEST(idle_jumps_to_the_event)
{
    struct rig g = rig_open(1, "functional", 0);
    struct ev_timer timer;
    ck_assert_int_eq(ev_timer_init(&timer, g.m->queue, "test", EV_PRIO_DEVICE, on_timer, g.cpu[0]),
                     0);
    toy_timer = &timer;
    g.cpu[0]->irq_vector = TOY_RAM + 0x100;
    rig_load(&g, 0, waiter, ARRAY_LEN(waiter));
    rig_load(&g, 0x100, on_irq, ARRAY_LEN(on_irq));
    ck_assert_int_eq(rig_run(&g, NS(1000), UINT64_MAX), EXEC_LIMIT_TIME);
    /* Armed in cycle 2 for cycle 52. The handler's 5 instructions and BNE, then ARM again at 58. */
    ck_assert_uint_eq(g.cpu[0]->log[0], 52);
    ck_assert_uint_eq(g.cpu[0]->log[1], 108);
    ck_assert_uint_eq(g.cpu[0]->log[2], 164);
    ev_timer_release(&timer);
    rig_close(&g);
}
END_TEST

/* An event armed earlier than the deadline cuts the turn at the next boundary. */
START_TEST(earlier_event_cuts_the_turn)
{
    static const uint32_t code[] = {
        TOY(TOY_ADDI, 1, 0, 20000), TOY(TOY_SYS, 1, 0, TOY_ARM), TOY(TOY_ADDI, 2, 2, 1),
        TOY(TOY_BNE, 2, 0, -1),
    };
    struct rig g = rig_open(1, "functional", 0);
    struct ev_timer timer;
    ck_assert_int_eq(ev_timer_init(&timer, g.m->queue, "test", EV_PRIO_DEVICE, on_timer, g.cpu[0]),
                     0);
    toy_timer = &timer;
    g.cpu[0]->irq_vector = TOY_RAM + 0x100;
    rig_load(&g, 0, code, ARRAY_LEN(code));
    rig_load(&g, 0x100, on_irq, ARRAY_LEN(on_irq));
    rig_run(&g, NS(200), UINT64_MAX);
    /* Armed in cycle 1 for 21 (20 ns later); blocks end at cycle 4, 6, 8 ... 22. */
    ck_assert_uint_eq(g.cpu[0]->log[0], 22);
    ck_assert_uint_eq(g.cpu[0]->irqs, 1);
    ev_timer_release(&timer);
    rig_close(&g);
}
END_TEST

START_TEST(stops_when_the_machine_does)
{
    static const uint32_t code[] = { TOY(TOY_SYS, 0, 0, TOY_STOP), TOY(TOY_ADDI, 1, 0, 1),
                                     TOY(TOY_BNE, 1, 0, -2) };
    struct rig g = rig_open(1, "functional", 0);
    rig_load(&g, 0, code, ARRAY_LEN(code));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_STOPPED);
    ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 3); /* at the end of the block that asked */
    rig_close(&g);
}
END_TEST

/* Patch the instruction at `offset` and run on: other block of the page, then the running block. */
START_TEST(self_modifying_code)
{
    /*
     * r3 = word of "addi r5, r0, 9" (loaded); loop 3 times: block at 0x40 adds to r5, then
     * the store replaces its first instruction.
     */
    static const uint32_t code[] = {
        TOY(TOY_ADDI, 2, 0, 0x400), TOY(TOY_ADDI, 2, 2, 0x7c00), TOY(TOY_ADDI, 2, 2, 0x4000),
        TOY(TOY_ADDI, 2, 2, 0x4400), TOY(TOY_LOAD, 3, 2, 0), TOY(TOY_ADDI, 6, 2, -0x3c0),
        TOY(TOY_ADDI, 1, 0, 3), TOY(TOY_BNE, 1, 0, 9), /* to 0x40 */
    };
    static const uint32_t loop[] = {
        TOY(TOY_ADDI, 5, 5, 1), TOY(TOY_STORE, 3, 6, 0), TOY(TOY_ADDI, 1, 1, -1),
        TOY(TOY_BNE, 1, 0, -3), TOY(TOY_WFI, 0, 0, 0),
    };
    static const uint32_t patch[] = { TOY(TOY_ADDI, 5, 5, 100), 0 };
    struct rig g = rig_open(1, "functional", 0);
    rig_load(&g, 0, code, ARRAY_LEN(code));
    rig_load(&g, 0x40, loop, ARRAY_LEN(loop));
    rig_load(&g, 0x400, patch, ARRAY_LEN(patch));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEADLOCK);
    ck_assert_uint_eq(g.cpu[0]->r[2], TOY_RAM + 0x400);
    ck_assert_uint_eq(g.cpu[0]->r[5], 1 + 100 + 100);
    rig_close(&g);
}
END_TEST

/* ---- what a model is told ---- */
static void loops_cost_ten(struct tm_cpu *t, uint64_t pc, const struct insn_at *insns, uint32_t n,
                           bool loops, uint32_t *cost)
{
    (void)t, (void)pc, (void)insns;
    for (uint32_t i = 0; i < n; i++)
        cost[i] = 0;
    cost[n] = loops ? 10 : 1;
}

/* Only the block that starts where its branch goes is a loop: 4 of the 5 rounds. */
START_TEST(models_hear_of_loops)
{
    static const struct tm_model model = { .name = "ten", .size = sizeof(struct tm_cpu),
                                           .annotate = loops_cost_ten };
    static const uint32_t code[] = {
        TOY(TOY_ADDI, 1, 0, 5),  TOY(TOY_ADDI, 1, 1, -1), TOY(TOY_BNE, 1, 0, -1),
        TOY(TOY_ADDI, 2, 0, 2),  TOY(TOY_BNE, 2, 0, 2),   TOY(TOY_WFI, 0, 0, 0),
        TOY(TOY_WFI, 0, 0, 0),
    };
    struct rig g = rig_open(1, "inorder", 0);
    struct tm_cpu tm = { .model = &model, .line_shift = 6 };
    g.cpu[0]->cpu.tm = &tm;
    rig_load(&g, 0, code, ARRAY_LEN(code));
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEADLOCK);
    ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), 1 + 4 * 10 + 1 + 1);
    rig_close(&g);
}
END_TEST

/* Whoever executes, and however it is cut: the same interrupts, after the block in which they came, until the machine stops. */
START_TEST(interrupts_itself)
{
    static const uint32_t code[] = { TOY(TOY_ADDI, 6, 0, 1000), TOY(TOY_ADDI, 3, 3, 1), TOY(TOY_SYS, 0, 0, TOY_RAISE),
                                     TOY(TOY_ADDI, 4, 4, 1), TOY(TOY_BNE, 3, 0, -3) };
    static const uint32_t handler[] = { TOY(TOY_SYS, 0, 0, TOY_ACK), TOY(TOY_ADDI, 2, 2, 1), TOY(TOY_BNE, 2, 6, 2),
                                        TOY(TOY_SYS, 0, 0, TOY_STOP), TOY(TOY_JALR, 5, 14, 0) };
    for (unsigned way = 0; way < 4; way++) {
        struct exec_options o = { .mode = way == 0 ? EXEC_INTERP : EXEC_JIT, .verify = true };
        struct rig g = rig_open_with(1, way == 3 ? "functional,cpi=3" : "functional", &o);
        uint64_t cpi = way == 3 ? 3 : 1;
        g.cpu[0]->irq_vector = TOY_RAM + 0x100;
        rig_load(&g, 0, code, ARRAY_LEN(code));
        rig_load(&g, 0x100, handler, ARRAY_LEN(handler));
        for (uint64_t n = 1; way == 2 && n < 5000; n += 3)
            ck_assert_int_eq(rig_run(&g, PS_NEVER, n), EXEC_LIMIT_INSNS);
        ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_STOPPED);
        ck_assert_uint_eq(g.cpu[0]->irqs, 1000);
        ck_assert_uint_eq(g.x->count.interrupts, 1000);
        ck_assert_uint_eq(g.cpu[0]->r[2], 1000);
        ck_assert_uint_eq(g.cpu[0]->r[3], 1000);
        ck_assert_uint_eq(g.cpu[0]->r[4], 1000); /* BNE's turn comes first */
        ck_assert_uint_eq(g.cpu[0]->r[14], TOY_RAM + 4);
        /* The last time SYS stands for JALR, which ends another block. */
        ck_assert_uint_eq(cpu_insns(&g.cpu[0]->cpu), 1 + 1000 * 4 + 1000 * 4 + 1);
        ck_assert_uint_eq(cpu_cycles(&g.cpu[0]->cpu), cpi * cpu_insns(&g.cpu[0]->cpu));
        rig_close(&g);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.run");
    TCase *t = tcase_create("run");
    tcase_add_test(t, counts_cycles_and_instructions);
    tcase_add_test(t, costs_follow_the_model);
    tcase_add_test(t, cuts_change_nothing);
    tcase_add_test(t, reads_its_cycle_exactly);
    tcase_add_test(t, traps_are_precise_and_take_time);
    tcase_add_test(t, endless_traps_do_not_hang);
    tcase_add_test(t, idle_jumps_to_the_event);
    tcase_add_test(t, earlier_event_cuts_the_turn);
    tcase_add_test(t, stops_when_the_machine_does);
    tcase_add_test(t, self_modifying_code);
    tcase_add_test(t, models_hear_of_loops);
    tcase_add_test(t, interrupts_itself);
    suite_add_tcase(s, t);
    return s;
}
