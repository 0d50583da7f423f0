/* SPDX-License-Identifier: Apache-2.0 */
/* How far each CPU may run in a parallel round, and what becomes of one that the others leave behind. */
#include "core/exec/parallel_impl.h"

#define OVERTIME (20 * PS_PER_US) /* for an interrupt that comes to a CPU that waits for slower ones: see parallel_on_time */

ps_t parallel_reached(const struct exec *x, uint32_t i)
{
    return ev_tick_time(x->cores[i]->cpu->clock, GET(x->cores[i]->shared.reached));
}

void parallel_note_time(struct cpu *cpu)
{
    PUT(core_of(cpu)->reached, cpu_cycles(cpu));
}

uint32_t parallel_find_laggard(struct exec_parallel *p)
{
    struct exec *x = p->x;
    ps_t least = PS_NEVER;
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        if (!parallel_runs(x, i))
            continue;
        ps_t t = parallel_reached(x, i);
        n++;
        if (t < least) {
            least = t;
            p->laggard = i;
        }
    }
    if (n != 0)
        x->sched.now = MAX(x->sched.now, least);
    return n;
}

bool parallel_within(const struct exec_parallel *p, ps_t t, bool waits)
{
    return t < p->x->sched.now + (waits ? p->window / 2 : p->window);
}

/* ---- CPUs that are left behind ---- */

/* Who is behind by more than half a window is to follow, before this CPU, at `now`, has to wait. */
static void leave_behind(struct exec_parallel *p, const struct cpu *cpu, ps_t now)
{
    struct exec *x = p->x;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        struct exec_cpu *ec = &x->cores[i]->shared;
        if (i == cpu->index || !parallel_runs(x, i) || parallel_reached(x, i) + p->window / 2 >= now)
            continue;
        ec->follow = MAX(ec->follow, now - p->window / 4);
        PUT(ec->attention, true);
    }
}

/* Events, and the end of the round, come when they would have come: what is due already is waited for. */
static ps_t next_stop(const struct exec_parallel *p, ps_t now, ps_t to)
{
    to = MIN(to, MAX(ev_next(p->x->machine->queue), now));
    return MIN(to, MAX(p->until, now));
}

void parallel_follow(struct exec_parallel *p, struct cpu *cpu)
{
    struct exec_cpu *ec = core_of(cpu);
    ps_t now = cpu_now(cpu);
    if (ec->follow <= now || ec->credit == 0) {
        ec->follow = 0;
        return;
    }
    ps_t step = MIN(next_stop(p, now, ec->follow) - now, ec->credit);
    ec->credit -= step;
    exec_advance_to(cpu, now + step);
    parallel_note_time(cpu);
    p->x->count.followed_ns += step / PS_PER_NS;
}

void parallel_earn(struct exec_parallel *p, struct cpu *cpu, ps_t since)
{
    struct exec_cpu *ec = core_of(cpu);
    ec->credit = MIN(ec->credit + (cpu_now(cpu) - since), p->window);
}

/* ---- a CPU's own time ---- */

/*
 * Has the CPU something to do? If it is too far ahead of the slowest, only an interrupt: the slow one may have
 * sent it and wait for the answer. So it is taken now, as far again beyond the window as that is long.
 */
bool parallel_on_time(struct exec_parallel *p, struct cpu *cpu)
{
    struct exec_cpu *ec = core_of(cpu);
    ps_t now = cpu_now(cpu), most = p->x->sched.now + 2 * p->window;
    bool waits = ec->waits;
    if (now > p->x->sched.now + p->window / 2)
        leave_behind(p, cpu, now);
    ec->waits = !parallel_within(p, now, waits);
    if (!ec->waits || now < ec->overtime)
        return true;
    if (now >= most || !cpu->isa->has_work(cpu))
        return false;
    ec->overtime = MIN(now + OVERTIME, most);
    return true;
}

ps_t parallel_next_look(const struct exec_parallel *p, const struct cpu *cpu, ps_t now)
{
    const struct exec *x = p->x;
    const struct exec_cpu *ec = core_of(cpu);
    ps_t next = ev_next(x->machine->queue), t = now + p->window / 4;
    if (next > now) /* or else those who are behind will run it */
        t = MIN(t, next);
    if (x->host.pace != 0 && x->sched.deadline > now)
        t = MIN(t, x->sched.deadline);
    if (p->until > now)
        t = MIN(t, p->until);
    return ec->waits ? MIN(t, ec->overtime) : t;
}

void exec_parallel_cut(struct exec *x, ps_t t)
{
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        struct cpu *cpu = x->cores[i]->cpu;
        struct exec_cpu *ec = core_of(cpu);
        if (cpu->run == CPU_RUNNING && ec->look > exec_ticks_at(cpu, t))
            PUT(ec->attention, true);
    }
}
