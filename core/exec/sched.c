/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds: every CPU gets a turn from the common time `now` to `deadline`, in order of
 * index; then the events at the deadline run and it becomes the common time.
 *
 * With one CPU a caller's time limit cuts the round, which nothing can notice. With
 * several it must not (the order of turns would depend on it): the run stops at the
 * first end of a round at or after the limit.
 */
#include "core/exec/exec_impl.h"
#include "core/util/bits.h"
#include <string.h>
#include <time.h>

#define POLL_NS 1000000u
#define WAIT_MS 50

uint64_t exec_host_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Divisions of 128 bits: a turn asks for its deadline again and again, so the last answer is kept. */
uint64_t exec_ticks_at(const struct cpu *cpu, ps_t t)
{
    struct exec_cpu *ec = cpu->exec_private;
    if (LIKELY(ec->ticks_of == t && ec->ticks_hz == cpu->clock.hz))
        return ec->ticks;
    uint64_t n = ev_ticks(cpu->clock, t);
    ec->ticks = ev_tick_time(cpu->clock, n) < t ? n + 1 : n;
    ec->ticks_of = t;
    ec->ticks_hz = cpu->clock.hz;
    return ec->ticks;
}

uint64_t exec_insns(const struct exec *x)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < x->n_cpus; i++)
        n += cpu_insns(x->cores[i]->cpu);
    return n;
}

/* The CPU did nothing until `t`. */
void exec_advance_to(struct cpu *cpu, ps_t t)
{
    uint64_t now = cpu_cycles(cpu), then = exec_ticks_at(cpu, t);
    if (then > now)
        cpu->cycles_end += (int64_t)(then - now);
}

/* Index of the first CPU from `from` on that runs; n_cpus: none. */
static uint32_t next_running(struct exec *x, uint32_t from)
{
    while (from < x->n_cpus) {
        uint64_t set = x->awake[from / 64] >> from % 64;
        if (set == 0) {
            from = (from / 64 + 1) * 64;
            continue;
        }
        from += (uint32_t)__builtin_ctzll(set);
        if (from >= x->n_cpus)
            break;
        if (x->cores[from]->cpu->run == CPU_RUNNING)
            return from;
        x->awake[from / 64] &= ~(1ull << from % 64);
    }
    return x->n_cpus;
}

bool exec_others_run(struct exec *x, const struct cpu *cpu)
{
    uint32_t i = next_running(x, 0);
    if (cpu != NULL && i == cpu->index)
        i = next_running(x, i + 1);
    return i < x->n_cpus;
}

void exec_wake_all(struct exec *x)
{
    memset(x->awake, 0xff, sizeof(x->awake));
}

void exec_cut(struct exec *x, ps_t t)
{
    struct exec_sched *s = &x->sched;
    t = MAX(t, s->now);
    if (exec_is_parallel(x))
        exec_parallel_cut(x, t);
    if (!s->in_round || t >= s->deadline || exec_is_parallel(x))
        return;
    s->deadline = t;
    struct cpu *cpu = x->running;
    if (cpu == NULL)
        return;
    int64_t excess = cpu->cycles_end - (int64_t)exec_ticks_at(cpu, t);
    if (excess > 0)
        exec_set_budget(cpu, cpu->budget - excess);
}

/* ---- the host ---- */

/* Host moment at which simulated time `t` is due. */
static uint64_t due(const struct exec *x, ps_t t)
{
    unsigned __int128 ns = (unsigned __int128)(t - x->pace_now) * 1000 / x->host.pace;
    return x->pace_host_ns + (uint64_t)MIN(ns, (unsigned __int128)INT64_MAX);
}

void exec_poll_host(struct exec *x, int wait_ms)
{
    if (x->host.poll != NULL)
        x->host.poll(x->host.arg, wait_ms);
    x->last_poll_ns = exec_host_ns();
    x->count.polls++;
}

static bool is_idle(struct exec *x)
{
    return !exec_others_run(x, NULL);
}

/* Sleep until `t` is due on the host's clock, or input comes that changes what happens before it. */
static void pace(struct exec *x, ps_t t)
{
    if (x->host.pace == 0 || t == PS_NEVER)
        return;
    uint64_t now = exec_host_ns();
    if (x->pace_host_ns == 0 || t < x->pace_now || now > due(x, t) + 200000000u) {
        x->pace_host_ns = now; /* first time, or hopelessly late: start over from here */
        x->pace_now = t;
        return;
    }
    bool idle = is_idle(x);
    ps_t next = ev_next(x->machine->queue);
    while ((now = exec_host_ns()) + POLL_NS < due(x, t) && x->machine->stop == MACHINE_RUNS) {
        uint64_t ms = (due(x, t) - now) / 1000000u;
        if (x->host.poll != NULL) {
            exec_poll_host(x, (int)MIN(ms, WAIT_MS));
        } else {
            struct timespec nap = { .tv_nsec = (long)MIN(ms, WAIT_MS) * 1000000 };
            nanosleep(&nap, NULL);
        }
        if ((idle && !is_idle(x)) || ev_next(x->machine->queue) < next)
            return;
    }
}

static void poll_if_due(struct exec *x)
{
    if (x->host.poll != NULL && exec_host_ns() - x->last_poll_ns >= POLL_NS)
        exec_poll_host(x, 0);
}

/* ---- rounds ---- */

/* Nothing runs and no event will come: only the host can change that. */
static bool wait_for_input(struct exec *x, const struct exec_limits *limits, enum exec_reason *why)
{
    if (limits->time != PS_NEVER) {
        x->sched.now = limits->time;
        ev_set_now(x->machine->queue, x->sched.now);
        *why = EXEC_LIMIT_TIME;
        return false;
    }
    if (x->host.poll == NULL) {
        *why = EXEC_DEADLOCK;
        return false;
    }
    exec_poll_host(x, -1);
    return true;
}

/* False: the run ends, *why says how. True with in_round = 0: look again. */
static bool start_round(struct exec *x, const struct exec_limits *limits, enum exec_reason *why)
{
    struct exec_sched *s = &x->sched;
    ps_t next = ev_next(x->machine->queue);
    bool idle = is_idle(x);
    if (idle && next == PS_NEVER)
        return wait_for_input(x, limits, why);
    s->deadline = MAX(next, s->now);
    if (!idle && x->n_cpus > 1) {
        s->deadline = MIN(s->deadline, s->now + (x->options.quantum >> s->hurry));
        s->hurry -= s->hurry != 0;
        x->machine->inputs_from = s->reached = MAX(s->reached, s->deadline);
    }
    if (idle || x->n_cpus == 1)
        s->deadline = MIN(s->deadline, limits->time);
    s->turn = 0;
    s->in_round = 1;
    x->count.rounds++;
    x->count.idle_jumps += idle;
    return true;
}

static void end_round(struct exec *x)
{
    struct exec_sched *s = &x->sched;
    if (s->deadline == PS_NEVER) { /* one CPU that went idle, and nothing is due */
        s->deadline = s->now;
        for (uint32_t i = 0; i < x->n_cpus; i++)
            s->deadline = MAX(s->deadline, cpu_now(x->cores[i]->cpu));
    }
    if (x->n_cpus > 1 && !is_idle(x)) /* what comes while it sleeps comes after this round */
        ev_set_now(x->machine->queue, s->deadline);
    pace(x, s->deadline);
    ps_t next = ev_next(x->machine->queue); /* input came while it slept */
    s->deadline = MAX(s->now, MIN(s->deadline, next));
    s->in_round = 0;
    s->now = s->deadline;
    (void)ev_run(x->machine->queue, s->now);
}

/* All turns of the round. False: the run ends, *why says how and *cpu who. */
static bool run_round(struct exec *x, enum exec_reason *why, struct cpu **cpu)
{
    struct exec_sched *s = &x->sched;
    while ((s->turn = next_running(x, s->turn)) < x->n_cpus) {
        struct cpu *c = x->cores[s->turn]->cpu;
        *cpu = c;
        exec_advance_to(c, s->now);
        switch (exec_run_turn(x, c)) {
        case EXEC_TURN_DONE:
            s->turn++;
            break;
        case EXEC_TURN_POLL:
            /*
             * With several CPUs input waits for the end of the round: those that had their turn
             * are past this moment already, and a replay, which knows the input beforehand, would
             * stop them here.
             */
            if (x->n_cpus > 1)
                break;
            ev_set_now(x->machine->queue, cpu_now(c));
            poll_if_due(x);
            pace(x, cpu_now(c));
            break;
        case EXEC_TURN_LIMIT:
            *why = EXEC_LIMIT_INSNS;
            return false;
        case EXEC_TURN_STOP:
            *why = EXEC_STOPPED;
            return false;
        case EXEC_TURN_DEBUG:
            *why = EXEC_DEBUG;
            return false;
        }
    }
    return true;
}

enum exec_reason exec_run(struct exec *x, const struct exec_limits *limits, struct cpu **cpu)
{
    struct exec_sched *s = &x->sched;
    enum exec_reason why = EXEC_STOPPED;
    struct cpu *who = x->n_cpus != 0 ? x->cores[0]->cpu : NULL;
    x->insn_limit = limits->insns;
    exec_wake_all(x); /* whoever looked in between may have started one */
    for (;;) {
        if (x->machine->stop != MACHINE_RUNS || x->n_cpus == 0)
            break;
        if (!s->in_round) {
            poll_if_due(x);
            why = s->now >= limits->time ? EXEC_LIMIT_TIME
                  : limits->insns != UINT64_MAX && exec_insns(x) >= limits->insns ? EXEC_LIMIT_INSNS
                                                                                   : EXEC_STOPPED;
            if (why != EXEC_STOPPED || x->machine->stop != MACHINE_RUNS ||
                !start_round(x, limits, &why))
                break;
        } else if (x->n_cpus == 1) {
            exec_cut(x, limits->time);
        }
        if (s->in_round) {
            if (exec_parallel_wanted(x) ? !exec_parallel_round(x, limits->time) : !run_round(x, &why, &who))
                break;
            end_round(x);
        }
    }
    /* With one CPU the rest of a round that stopped is a matter of the host's events: end it here. */
    if (why == EXEC_STOPPED && x->n_cpus == 1 && s->in_round)
        s->deadline = MAX(s->now, cpu_now(who));
    x->insn_limit = UINT64_MAX;
    if (cpu != NULL)
        *cpu = who;
    return why;
}

ps_t exec_time(const struct exec *x)
{
    const struct exec_sched *s = &x->sched;
    if (!s->in_round || s->turn >= x->n_cpus)
        return s->now;
    return MAX(s->now, cpu_now(x->cores[s->turn]->cpu));
}

/* One instruction; with one CPU events run when they are due. */
enum exec_reason exec_step(struct exec *x, struct cpu *cpu)
{
    struct exec_sched *s = &x->sched;
    static const struct exec_limits none = { .time = PS_NEVER, .insns = UINT64_MAX };
    enum exec_reason why = EXEC_STOPPED;
    bool ends = false;
    if (x->machine->stop != MACHINE_RUNS)
        return EXEC_STOPPED;
    poll_if_due(x);
    if (!s->in_round && !start_round(x, &none, &why))
        return why;
    if (s->in_round && cpu->run == CPU_RUNNING) {
        exec_advance_to(cpu, s->now);
        x->running = cpu;
        exec_set_budget(cpu, 0);
        ev_set_now(x->machine->queue, cpu_now(cpu));
        exec_set_budget(cpu, 1);
        if (exec_cursor_of(x, cpu)->done == 0 && exec_take_interrupt(cpu))
            x->count.interrupts++;
        mmu_skip_watch(cpu, true);
        (void)exec_debug_insn(x, cpu, false, &ends);
        mmu_skip_watch(cpu, false);
        exec_set_budget(cpu, 0);
        cpu->exit &= ~(uint32_t)(CPU_EXIT_DEBUG | CPU_EXIT_RESYNC);
        x->running = NULL;
    }
    bool inside = exec_cursor_of(x, cpu)->done != 0;
    if (s->in_round && x->n_cpus == 1 && !inside &&
        (cpu->run != CPU_RUNNING || cpu_now(cpu) >= s->deadline))
        end_round(x);
    cpu->debug = (struct cpu_debug){ .kind = CPU_STOP_STEP, .addr = cpu->pc };
    return x->machine->stop != MACHINE_RUNS ? EXEC_STOPPED : EXEC_DEBUG;
}
