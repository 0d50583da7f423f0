/* SPDX-License-Identifier: Apache-2.0 */
/* Who is alone; and what others have to have done before one CPU goes on, which need not stand still for it. */
#include "core/exec/parallel_impl.h"
#include <sched.h>
#include <time.h>

#define WAIT_SPINS 1000u /* looks before a thread sleeps: the end of somebody's slice, or of his being alone */
#define YIELDS     16u   /* of a thread that has waited for so many looks: who is waited for was taken off its host CPU */
#define NAP_NS     20000

/* For a moment without the lock, until `done`; mostly that is sooner than a thread sleeps and wakes. */
static void look_out(struct exec_parallel *p, bool (*done)(const struct exec_parallel *p))
{
    parallel_give_lock(p);
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

void parallel_wait_while_alone(struct exec_parallel *p)
{
    if (p->alone == NULL)
        return;
    uint64_t since = exec_host_ns();
    look_out(p, nobody_alone);
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
            look_out(p, nobody_inside);
        while (p->inside != 0 && p->mid == 0)
            pthread_cond_wait(&p->calm, &p->lock);
        if (p->mid == 0)
            return;
        PUT(p->alone, NULL);
        pthread_cond_broadcast(&p->go);
    }
}

/* The CPU, called out of translated code, stands still until enter_again(): what is its own may be changed by others. */
static void stand(struct exec_parallel *p, struct cpu *cpu)
{
    parallel_serve(p, cpu);
    core_of(cpu)->mid = true;
    PUT(p->inside, p->inside - 1);
    p->mid++;
    pthread_cond_broadcast(&p->calm);
}

static void enter_again(struct exec_parallel *p, struct cpu *cpu)
{
    core_of(cpu)->mid = false;
    PUT(p->inside, p->inside + 1);
    p->mid--;
}

static void alone_inside(struct exec_parallel *p, struct cpu *cpu)
{
    stand(p, cpu);
    parallel_wait_while_alone(p);
    PUT(p->alone, cpu);
    if (p->inside != 0)
        look_out(p, nobody_inside);
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
    if (core_of(cpu)->inside)
        enter_again(p, cpu);
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

/* ---- telling others ---- */

void parallel_serve(struct exec_parallel *p, struct cpu *cpu)
{
    struct exec_cpu *ec = core_of(cpu);
    if (LIKELY(!__atomic_load_n(&ec->called, __ATOMIC_ACQUIRE)))
        return;
    PUT(ec->called, false);
    p->call.fn(cpu, p->call.arg);
    __atomic_fetch_sub(&p->call.pending, 1, __ATOMIC_RELEASE);
}

/* Code that looks for its next block every hundred instructions may take as long for a slice as other code does for ten. */
void exec_parallel_answer(struct exec *x, struct cpu *cpu)
{
    if (LIKELY(core_of(cpu)->inside))
        parallel_serve(x->parallel, cpu);
}

static bool in_code(const struct exec_cpu *ec)
{
    return ec->inside && !ec->mid;
}

/* Without the lock, which others may want before they answer. */
static void wait_for_answers(struct exec_parallel *p)
{
    parallel_give_lock(p);
    for (unsigned i = 1; __atomic_load_n(&p->call.pending, __ATOMIC_ACQUIRE) != 0; i++) {
        if (i % WAIT_SPINS != 0)
            __builtin_ia32_pause();
        else if (i / WAIT_SPINS < YIELDS)
            sched_yield();
        else
            nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
    }
    parallel_take_lock(p);
}

static void let_others_in(struct exec_parallel *p)
{
    parallel_give_lock(p);
    sched_yield();
    parallel_take_lock(p);
}

/* For those that stand it is done here; all others, which are as many as are returned, are asked. */
static uint32_t ask(struct exec_parallel *p, const struct cpu *self, machine_told *fn, void *arg)
{
    const struct exec *x = p->x;
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        struct cpu *cpu = x->cores[i]->cpu;
        if (cpu == self)
            continue;
        if (in_code(core_of(cpu))) {
            n++;
            continue;
        }
        fn(cpu, arg);
        p->changes += core_of(cpu)->mid; /* what its block has looked up may be gone: it ends when the CPU goes on */
    }
    p->call.fn = fn;
    p->call.arg = arg;
    __atomic_store_n(&p->call.pending, n, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < x->n_cpus && n != 0; i++)
        if (x->cores[i]->cpu != self && in_code(&x->cores[i]->shared))
            __atomic_store_n(&x->cores[i]->shared.called, true, __ATOMIC_RELEASE);
    return n;
}

static void call(struct exec_parallel *p, const struct cpu *self, machine_told *fn, void *arg)
{
    while (p->call.fn != NULL) /* another's */
        let_others_in(p);
    if (ask(p, self, fn, arg) != 0)
        wait_for_answers(p);
    p->call.fn = NULL;
}

static void tell_in_round(struct exec_parallel *p, struct cpu *self, machine_told *fn, void *arg)
{
    struct exec *x = p->x;
    const bool inside = in_code(core_of(self));
    const uint64_t changes = p->changes, since = exec_host_ns();
    const ps_t now = ev_now(x->machine->queue);
    if (inside)
        stand(p, self);
    if (fn == NULL)
        let_others_in(p);
    else
        call(p, self, fn, arg);
    if (inside) {
        parallel_wait_while_alone(p);
        enter_again(p, self);
        pthread_cond_broadcast(&p->go); /* for who waits until nobody is in the middle of anything */
    }
    if (p->changes != changes)
        cpu_cut(self);
    x->running = self;
    ev_set_now(x->machine->queue, now);
    x->count.tells++;
    x->count.tell_ns += exec_host_ns() - since;
}

void parallel_tell(void *arg, machine_told *fn, void *fn_arg)
{
    struct exec *x = arg;
    struct exec_parallel *p = x->parallel;
    struct cpu *self = x->running;
    if (p->round && self != NULL && p->alone != self) {
        tell_in_round(p, self, fn, fn_arg);
        return;
    }
    for (uint32_t i = 0; i < x->n_cpus && fn != NULL; i++)
        if (x->cores[i]->cpu != self)
            fn(x->cores[i]->cpu, fn_arg);
}
