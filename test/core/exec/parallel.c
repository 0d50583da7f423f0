/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of several host threads: how far CPUs may be apart, when events run, who wakes whom. */
#include "test/check_main.h"
#include "test/core/exec/toy.h"
#include <pthread.h>
#include <string.h>

#define NS(n) ((ps_t)(n)*PS_PER_NS)
#define WINDOW NS(20000)

/* r2 = `at`, a word of RAM; then on from there. */
#define POINT_AT(at) TOY(TOY_ADDI, 2, 0, 0x7800), TOY(TOY_ADDI, 2, 2, 0x4800), TOY(TOY_ADDI, 2, 2, 0x4000 + (at))
static const uint32_t counter[] = { POINT_AT(0x800), TOY(TOY_ADDI, 6, 6, 1), TOY(TOY_BNE, 6, 0, -1) };

static struct rig on_threads(uint32_t n, uint32_t n_threads)
{
    const struct exec_options o = { .mode = EXEC_JIT, .parallel = true, .threads = n_threads, .quantum = WINDOW, .verify = true };
    return rig_open_with(n, "functional", &o);
}

static struct rig threads(uint32_t n)
{
    return on_threads(n, 2);
}

static uint64_t stat_of(const struct rig *g, const char *name)
{
    struct exec_stat s[64];
    uint32_t n = exec_stats(g->x, s, ARRAY_LEN(s));
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(s[i].name, name) == 0)
            return s[i].value;
    ck_abort_msg("no counter %s", name);
    return 0;
}

/* An event that comes again and again: what it sees of the CPUs. */
static struct watcher {
    struct rig *g;
    struct ev_timer timer;
    ps_t period, last;
    uint32_t times, behind, ahead, inside;
} watcher;

static void look(void *arg, ps_t when)
{
    struct watcher *w = arg;
    for (uint32_t i = 0; i < w->g->n; i++) {
        const struct cpu *cpu = &w->g->cpu[i]->cpu;
        if (cpu->run != CPU_RUNNING)
            continue;
        w->behind += cpu_now(cpu) < when;
        w->ahead += cpu_now(cpu) > when + 2 * WINDOW + NS(EXEC_PARALLEL_SLICE);
        w->inside += ((struct exec_cpu *)cpu->exec_private)->inside;
    }
    ck_assert_uint_eq(when, w->last + w->period);
    w->last = when;
    w->times++;
    ev_arm(&w->timer, when + w->period);
}

static void watch(struct rig *g, ps_t period)
{
    watcher = (struct watcher){ .g = g, .period = period };
    ck_assert_int_eq(ev_timer_init(&watcher.timer, g->m->queue, "test", EV_PRIO_DEVICE, look, &watcher), 0);
    ev_arm(&watcher.timer, period);
}

/* With as many CPUs as threads, and with more. */
START_TEST(nobody_runs_away)
{
    struct rig g = threads(_i == 0 ? 2 : 4);
    rig_load(&g, 0, counter, ARRAY_LEN(counter));
    watch(&g, NS(7001));
    ck_assert_int_eq(rig_run(&g, NS(20000000), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert_uint_eq(watcher.times, 20000000 / 7001);
    ck_assert_uint_eq(watcher.behind, 0);
    ck_assert_uint_eq(watcher.ahead, 0);
    ck_assert_uint_eq(watcher.inside, 0);
    for (uint32_t i = 0; i < g.n; i++) {
        ck_assert_uint_ge(cpu_cycles(&g.cpu[i]->cpu), 20000000);
        ck_assert_uint_lt(cpu_cycles(&g.cpu[i]->cpu), 20000000 + 2 * 20000 + 2 * EXEC_PARALLEL_SLICE);
    }
    ck_assert_uint_ge(stat_of(&g, "parallel_rounds"), 1);
    ev_timer_release(&watcher.timer);
    rig_close(&g);
}
END_TEST

/* Without events a CPU has the lock only now and then. */
START_TEST(slices_need_no_lock)
{
    struct rig g = threads(2);
    rig_load(&g, 0, counter, ARRAY_LEN(counter));
    ck_assert_int_eq(rig_run(&g, NS(50000000), UINT64_MAX), EXEC_LIMIT_TIME);
    uint64_t slices = stat_of(&g, "parallel_slices"), looks = stat_of(&g, "parallel_looks");
    uint64_t followed = stat_of(&g, "parallel_followed_time"); /* in which a CPU that was behind did nothing */
    ck_assert_uint_le(followed, 50000000);
    ck_assert_uint_ge(slices, (2 * 50000000 - followed) / EXEC_PARALLEL_SLICE);
    ck_assert_uint_ge(looks, (2 * 50000000 - followed) / 5000); /* a quarter of the window each */
    ck_assert_uint_lt(looks, slices + 2 * 50000000 / 2500);
    rig_close(&g);
}
END_TEST

static void raise_line(void *arg, ps_t when)
{
    (void)when;
    toy_raise_line(arg);
}

/*
 * CPU 1 sleeps until its line is raised, while CPU 0 runs on: twenty times, each at its time or soon after; with timers for which
 * everybody stops, and with those for which nobody has to.
 */
START_TEST(sleeper_wakes)
{
    static const uint32_t sleeper[] = { TOY(TOY_WFI, 0, 0, 0), TOY(TOY_SYS, 5, 0, TOY_CYCLES), TOY(TOY_SYS, 5, 0, TOY_LOG),
                                        TOY(TOY_SYS, 5, 0, TOY_ACK), TOY(TOY_BNE, 2, 0, -4) };
    struct rig g = threads(2);
    struct ev_timer timer[20];
    rig_load(&g, 0, counter, ARRAY_LEN(counter));
    rig_load(&g, 0x100, sleeper, ARRAY_LEN(sleeper));
    g.cpu[1]->cpu.pc = TOY_RAM + 0x100;
    g.cpu[1]->r[2] = 1;
    g.cpu[1]->irq_vector = TOY_RAM + 0x104;
    for (uint32_t i = 0; i < ARRAY_LEN(timer); i++) {
        ck_assert_int_eq(ev_timer_init(&timer[i], g.m->queue, "test", EV_PRIO_DEVICE, raise_line, g.cpu[1]), 0);
        timer[i].beside = _i == 1;
        ev_arm(&timer[i], NS(100000) * (i + 1));
    }
    ck_assert_int_eq(rig_run(&g, NS(3000000), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert_uint_eq(g.cpu[1]->n_log, ARRAY_LEN(timer));
    for (uint32_t i = 0; i < ARRAY_LEN(timer); i++) {
        ck_assert_uint_ge(g.cpu[1]->log[i], 100000 * (i + 1));
        ck_assert_uint_lt(g.cpu[1]->log[i], 100000 * (i + 1) + 2 * 20000 + 2 * EXEC_PARALLEL_SLICE);
        ev_timer_release(&timer[i]);
    }
    if (_i == 1)
        ck_assert_uint_eq(stat_of(&g, "parallel_stops"), 0);
    rig_close(&g);
}
END_TEST

/* CPU 0 pauses until CPU 1 has stored, which does so late; the same with both on one thread (CPUs 0 and 2). */
START_TEST(who_pauses_sees_the_store)
{
    static const uint32_t waiter[] = { POINT_AT(0x800), TOY(TOY_LOAD, 3, 2, 0), TOY(TOY_SYS, 0, 0, TOY_YIELD),
                                       TOY(TOY_BNE, 3, 4, -2), TOY(TOY_SYS, 0, 0, TOY_STOP) };
    static const uint32_t storer[] = { POINT_AT(0x800), TOY(TOY_ADDI, 6, 6, 1), TOY(TOY_BNE, 6, 7, -1),
                                       TOY(TOY_STORE, 4, 2, 0), TOY(TOY_WFI, 0, 0, 0) };
    static const uint32_t sleeps[] = { TOY(TOY_WFI, 0, 0, 0) };
    struct rig g = threads(_i == 0 ? 2 : 3);
    struct toy *last = g.cpu[g.n - 1];
    rig_load(&g, 0, waiter, ARRAY_LEN(waiter));
    rig_load(&g, 0x100, storer, ARRAY_LEN(storer));
    rig_load(&g, 0x200, sleeps, ARRAY_LEN(sleeps));
    for (uint32_t i = 1; i < g.n; i++)
        g.cpu[i]->cpu.pc = TOY_RAM + 0x200;
    last->cpu.pc = TOY_RAM + 0x100;
    last->r[7] = 3000000;
    g.cpu[0]->r[4] = last->r[4] = 4711;
    ck_assert_int_eq(rig_run(&g, NS(1000000000), UINT64_MAX), EXEC_STOPPED);
    ck_assert_uint_eq(g.cpu[0]->r[3], 4711);
    rig_close(&g);
}
END_TEST

/* The host is asked once in a millisecond, by its own thread; CPUs stop for it only when something is there. */
static struct polls {
    uint32_t asked, done;
    bool there, elsewhere;
    pthread_t thread;
} polls;

static bool is_ready(void *arg)
{
    struct polls *p = arg;
    p->asked++;
    p->elsewhere |= !pthread_equal(p->thread, pthread_self());
    return p->there;
}

static void poll_host(void *arg, int wait_ms)
{
    struct polls *p = arg;
    (void)wait_ms;
    p->done++;
    p->elsewhere |= !pthread_equal(p->thread, pthread_self());
}

START_TEST(host_is_asked)
{
    struct rig g = threads(2);
    const struct exec_host_ops ops = { .poll = poll_host, .ready = is_ready, .arg = &polls };
    rig_load(&g, 0, counter, ARRAY_LEN(counter));
    polls = (struct polls){ .there = _i == 1, .thread = pthread_self() };
    exec_set_host(g.x, &ops);
    ck_assert_int_eq(rig_run(&g, NS(100000000), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert(!polls.elsewhere);
    ck_assert_uint_ge(polls.asked, 2);
    if (_i == 0)
        ck_assert_uint_le(polls.done, 3); /* between rounds */
    else
        ck_assert_uint_ge(polls.done, 2);
    rig_close(&g);
}
END_TEST

/*
 * Each CPU writes an instruction into a page of its own, runs it, and counts in the next one's page. So pages become code again and
 * again while others store to them, and everybody tells everybody: CPUs that share a thread, that have one each, on fewer and on
 * more threads than the host has CPUs.
 */
START_TEST(all_tell_all)
{
    enum { SLOTS = MEM_PAGE, ROUNDS = 5000 };
    static const uint32_t patcher[] = { TOY(TOY_STORE, 3, 2, 0), TOY(TOY_ADDI, 10, 0, 0), TOY(TOY_ADDI, 10, 10, 1),
                                        TOY(TOY_BNE, 10, 11, -1), TOY(TOY_JALR, 8, 2, 0), TOY(TOY_STORE, 4, 2, 0),
                                        TOY(TOY_JALR, 8, 2, 0), TOY(TOY_ADDI, 5, 5, 1), TOY(TOY_STORE, 5, 1, 0),
                                        TOY(TOY_BNE, 5, 7, -9), TOY(TOY_WFI, 0, 0, 0) };
    static const uint32_t slot[] = { TOY(TOY_TRAP, 0, 0, 0), TOY(TOY_JALR, 9, 8, 0) };
    struct rig g = on_threads(4, (uint32_t)_i);
    rig_load(&g, 0, patcher, ARRAY_LEN(patcher));
    for (uint32_t i = 0; i < g.n; i++) {
        rig_load(&g, SLOTS + MEM_PAGE * i, slot, ARRAY_LEN(slot));
        g.cpu[i]->r[1] = TOY_RAM + SLOTS + MEM_PAGE * ((i + 1) % g.n) + 0x800;
        g.cpu[i]->r[2] = TOY_RAM + SLOTS + MEM_PAGE * i;
        g.cpu[i]->r[3] = TOY(TOY_ADDI, 6, 6, 1);
        g.cpu[i]->r[4] = TOY(TOY_ADDI, 6, 6, 3);
        g.cpu[i]->r[7] = ROUNDS;
        g.cpu[i]->r[11] = 500; /* meanwhile the page holds no code, and another may map it */
    }
    ck_assert_int_eq(rig_run(&g, NS(100000000), UINT64_MAX), EXEC_LIMIT_TIME);
    for (uint32_t i = 0; i < g.n; i++) {
        ck_assert_int_eq(g.cpu[i]->cpu.run, CPU_IDLE);
        ck_assert_uint_eq(g.cpu[i]->traps, 0);
        ck_assert_uint_eq(g.cpu[i]->r[6], ROUNDS * (1 + 3));
        ck_assert_uint_eq(ld_le32(g.ram->host + SLOTS + MEM_PAGE * i + 0x800), ROUNDS);
    }
    ck_assert_uint_ge(stat_of(&g, "parallel_tells"), 1);
    rig_close(&g);
}
END_TEST

/* Breakpoints are for serial rounds. */
START_TEST(breakpoint_ends_it)
{
    struct rig g = threads(2);
    struct err e = { 0 };
    rig_load(&g, 0, counter, ARRAY_LEN(counter));
    ck_assert_int_eq(rig_run(&g, NS(1000000), UINT64_MAX), EXEC_LIMIT_TIME);
    ck_assert_int_eq(exec_set_break(g.x, TOY_RAM + 12, true, &e), 0);
    uint64_t rounds = stat_of(&g, "parallel_rounds");
    ck_assert_int_eq(rig_run(&g, PS_NEVER, UINT64_MAX), EXEC_DEBUG);
    ck_assert_uint_eq(stat_of(&g, "parallel_rounds"), rounds);
    rig_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.parallel");
    TCase *t = tcase_create("parallel");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, nobody_runs_away, 0, 2);
    tcase_add_test(t, slices_need_no_lock);
    tcase_add_loop_test(t, sleeper_wakes, 0, 2);
    tcase_add_loop_test(t, who_pauses_sees_the_store, 0, 2);
    tcase_add_loop_test(t, host_is_asked, 0, 2);
    tcase_add_loop_test(t, all_tell_all, 1, 5);
    tcase_add_test(t, breakpoint_ends_it);
    suite_add_tcase(s, t);
    return s;
}
