/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds the machine's lock, who is in translated code beside it. */
#include "core/exec/parallel_impl.h"
#include <sched.h>

#define SPINS        400u  /* looks at a lock before the thread sleeps, which takes as long as some 5000 hints to pause do */
#define LOOK_PAUSES  8u    /* between two looks, which take the lock's cache line away from who holds it */
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

void parallel_give_lock(struct exec_parallel *p)
{
    pthread_mutex_unlock(&p->lock);
}

/* ---- translated code and the lock ---- */

bool exec_parallel_go(struct exec *x, struct cpu *cpu)
{
    struct exec_parallel *p = x->parallel;
    bool waited = p->alone != NULL;
    parallel_wait_while_alone(p);
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
    parallel_serve(p, cpu);
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
           !cpu->isa->interrupt_due(cpu);
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
    parallel_serve(x->parallel, cpu);
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
