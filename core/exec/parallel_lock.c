/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds the machine's lock, who is in translated code beside it, who is alone. */
#include "core/exec/parallel_impl.h"
#include <sched.h>

#define SPINS        400u  /* looks at a lock before the thread sleeps, which takes as long as some 5000 hints to pause do */
#define LOOK_PAUSES  8u    /* between two looks, which take the lock's cache line away from who holds it */
#define WAIT_SPINS   1000u /* the same for the end of somebody's slice, or of his being alone */
#define PAUSE_CYCLES 512   /* of a hint: what one look around costs */
#define PAUSES_SLEEP 16u   /* after so many hints in a row the host's other threads get a chance */

/* ---- the lock ---- */

static void wait_for_lock(struct exec_parallel *p)
{
    bool slept = true;
    __atomic_fetch_add(&p->waiting, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < SPINS && slept; i++) {
        for (unsigned k = 0; k < LOOK_PAUSES; k++)
            __builtin_ia32_pause();
        slept = pthread_mutex_trylock(&p->lock) != 0;
    }
    uint64_t since = slept ? exec_host_ns() : 0;
    if (slept)
        pthread_mutex_lock(&p->lock);
    __atomic_fetch_sub(&p->waiting, 1, __ATOMIC_RELAXED);
    p->x->count.lock_waits++;
    p->x->count.lock_sleeps += slept;
    if (slept)
        p->x->count.lock_ns += exec_host_ns() - since;
}

void parallel_take_lock(struct exec_parallel *p)
{
    if (pthread_mutex_trylock(&p->lock) != 0)
        wait_for_lock(p);
    p->x->count.locks++;
}

void parallel_look_out(struct exec_parallel *p, bool (*done)(const struct exec_parallel *p))
{
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < WAIT_SPINS && !done(p); i++)
        __builtin_ia32_pause();
    parallel_take_lock(p);
}

static bool nobody_alone(const struct exec_parallel *p)
{
    return GET(p->alone) == NULL;
}

static bool nobody_inside(const struct exec_parallel *p)
{
    return GET(p->inside) == 0;
}

static void wait_while_alone(struct exec_parallel *p)
{
    if (p->alone == NULL)
        return;
    uint64_t since = exec_host_ns();
    parallel_look_out(p, nobody_alone);
    while (p->alone != NULL)
        pthread_cond_wait(&p->go, &p->lock);
    p->x->count.alone_ns += exec_host_ns() - since;
}

/* ---- alone ---- */

/* Those who have an operation under way are served first. */
static void alone_between(struct exec_parallel *p, struct cpu *cpu)
{
    for (;;) {
        while (p->alone != NULL || p->mid != 0)
            pthread_cond_wait(&p->go, &p->lock);
        PUT(p->alone, cpu);
        if (p->inside != 0 && p->mid == 0)
            parallel_look_out(p, nobody_inside);
        while (p->inside != 0 && p->mid == 0)
            pthread_cond_wait(&p->calm, &p->lock);
        if (p->mid == 0)
            return;
        PUT(p->alone, NULL);
        pthread_cond_broadcast(&p->go);
    }
}

static void alone_inside(struct exec_parallel *p, struct cpu *cpu)
{
    PUT(p->inside, p->inside - 1);
    p->mid++;
    pthread_cond_broadcast(&p->calm);
    wait_while_alone(p);
    PUT(p->alone, cpu);
    if (p->inside != 0)
        parallel_look_out(p, nobody_inside);
    while (p->inside != 0)
        pthread_cond_wait(&p->calm, &p->lock);
}

void parallel_be_alone(struct exec_parallel *p, struct cpu *cpu)
{
    struct exec *x = p->x;
    if (p->alone == cpu) {
        p->depth++;
        return;
    }
    ps_t now = ev_now(x->machine->queue);
    uint64_t changes = p->changes, since = p->inside != 0 ? exec_host_ns() : 0;
    if (core_of(cpu)->inside)
        alone_inside(p, cpu);
    else
        alone_between(p, cpu);
    if (p->changes != changes) /* others were, and this CPU's mapping may be another: its block ends here */
        cpu_cut(cpu);
    p->depth = 1;
    x->running = cpu;
    x->count.alone++;
    if (since != 0)
        x->count.alone_ns += exec_host_ns() - since;
    ev_set_now(x->machine->queue, now);
}

void parallel_be_together(struct exec_parallel *p, struct cpu *cpu)
{
    if (p->alone != cpu || --p->depth != 0)
        return;
    if (core_of(cpu)->inside) {
        p->mid--;
        PUT(p->inside, p->inside + 1);
    }
    PUT(p->alone, NULL);
    p->changes++;
    pthread_cond_broadcast(&p->go);
}

void parallel_alone(void *arg, bool begin)
{
    struct exec *x = arg;
    struct exec_parallel *p = x->parallel;
    if (!p->round || x->running == NULL)
        return;
    if (begin)
        parallel_be_alone(p, x->running);
    else
        parallel_be_together(p, x->running);
}

/* ---- translated code and the lock ---- */

bool exec_parallel_go(struct exec *x, struct cpu *cpu)
{
    struct exec_parallel *p = x->parallel;
    bool waited = p->alone != NULL;
    wait_while_alone(p);
    x->running = cpu;
    if (waited)
        return false;
    core_of(cpu)->inside = true;
    PUT(p->inside, p->inside + 1);
    pthread_mutex_unlock(&p->lock);
    return true;
}

void exec_parallel_back(struct exec *x, struct cpu *cpu)
{
    struct exec_parallel *p = x->parallel;
    parallel_take_lock(p);
    core_of(cpu)->inside = false;
    PUT(p->inside, p->inside - 1);
    x->running = cpu;
    if (UNLIKELY(p->alone != NULL))
        pthread_cond_broadcast(&p->calm);
}

bool exec_enter_machine(struct cpu *cpu, bool exact)
{
    struct exec *x = cpu->exec;
    if (!core_of(cpu)->beside || !core_of(cpu)->inside) /* not inside: what is used once is interpreted with the lock */
        return false;
    parallel_take_lock(x->parallel);
    x->running = cpu;
    if (exact)
        ev_set_now(x->machine->queue, cpu_now(cpu));
    return true;
}

void exec_leave_machine(struct cpu *cpu)
{
    pthread_mutex_unlock(&cpu->exec->parallel->lock);
}

bool exec_parallel_seal(struct exec *x, struct cpu *cpu, uint32_t page)
{
    uint64_t offset;
    struct mem_ram *ram = exec_cache_ram(x, page, &offset);
    return mmu_seal_page(cpu, ram, offset);
}

/* ---- slices that follow each other without the lock ---- */

/* Nothing has happened that this CPU, at a boundary in its own thread, would have to look at with the lock. */
static bool undisturbed(struct exec *x, struct cpu *cpu)
{
    const struct exec_cpu *ec = core_of(cpu);
    return cpu->exit == 0 && !cpu->alone && !GET(ec->attention) && GET(x->parallel->alone) == NULL &&
           GET(x->machine->stop) == MACHINE_RUNS && !GET(x->flush_wanted) && !exec_background_is_done(x) && cpu->cycles_end == ec->slice_end &&
           !cpu->isa->has_work(cpu);
}

/*
 * A loop that waits for another CPU: its time goes on as fast as the host's, so that others need not wait for it.
 * False: it has a thread with a CPU that runs, perhaps the one it waits for.
 */
static bool pause(struct cpu *cpu)
{
    struct exec_cpu *ec = core_of(cpu);
    if (ec->shares)
        return false;
    cpu_pass_time(cpu, MAX(cpu->isa->pause_cycles, PAUSE_CYCLES));
    if (++ec->pauses % PAUSES_SLEEP == 0)
        sched_yield();
    for (unsigned i = 0; i < 8; i++)
        __builtin_ia32_pause();
    return true;
}

bool exec_parallel_more(struct exec *x, struct cpu *cpu, enum exec_leave *why)
{
    struct exec_cpu *ec = core_of(cpu);
    if (*why == EXEC_LEAVE_YIELD && pause(cpu))
        *why = EXEC_LEAVE_BUDGET;
    if (*why != EXEC_LEAVE_BUDGET)
        return false;
    uint64_t now = (uint64_t)(cpu->cycles_end - cpu->budget);
    if (!undisturbed(x, cpu) || now >= ec->look) {
        cpu_cut(cpu); /* a pause may have left some */
        return false;
    }
    PUT(ec->reached, now);
    exec_set_budget(cpu, (int64_t)MIN(ec->look - now, EXEC_PARALLEL_SLICE));
    ec->slice_end = cpu->cycles_end;
    ec->slices++;
    cpu->mode_flags = cpu->isa->mode(cpu);
    return true;
}
