/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds in which CPUs run on several host threads: who works, who holds the lock, who is alone. */
#include "core/exec/exec_impl.h"
#include "core/timing/model.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define SLICE_CYCLES 16384 /* between looks at interrupts and at who wants to be alone */
#define SPINS        200u  /* looks at a lock before the thread sleeps: what is done with it is mostly short */
#define WAIT_SPINS   1000u /* the same for the end of somebody's slice, or of his being alone */
#define OVERTIME     (20 * PS_PER_US) /* for an interrupt that comes when the round is over for its CPU: see on_time */
#define PAUSE_CYCLES 512   /* of a hint: what one look around costs, lock included */
#define PAUSES_SLEEP 16u   /* after so many hints in a row the host's other threads get a chance */

/* A host thread and its CPUs: first, first + n_workers, ... Number 0 is the thread that called exec_run. */
struct worker {
    struct exec_parallel *p;
    pthread_t thread;
    pthread_cond_t wake;
    uint32_t first, next;        /* next: whose slice comes first */
    bool working;                /* has a CPU to run, or may have */
};

struct exec_parallel {
    struct exec *x;
    pthread_mutex_t lock;
    pthread_cond_t go;           /* nobody is alone any more, or who waits to be may look again */
    pthread_cond_t calm;         /* inside or mid changed */
    struct worker *workers;
    uint32_t n_workers, n_threads;
    uint32_t n_working;
    bool round, quit;
    uint32_t inside;             /* CPUs in translated code or called out of it */
    uint32_t mid;                /* called out, and waiting to be alone: not among them */
    struct cpu *alone;           /* who is, or waits for the others */
    uint32_t depth;
    uint64_t changes;            /* how often somebody was alone */
    uint32_t waiting;            /* threads that found the lock taken; changed without it */
};

/* Written with the lock, and looked at without it by those who wait. */
#define GET(member)    __atomic_load_n(&(member), __ATOMIC_RELAXED)
#define PUT(member, v) __atomic_store_n(&(member), v, __ATOMIC_RELAXED)

static void wait_for_lock(struct exec_parallel *p)
{
    bool slept = true;
    __atomic_fetch_add(&p->waiting, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < SPINS && slept; i++) {
        __builtin_ia32_pause();
        slept = pthread_mutex_trylock(&p->lock) != 0;
    }
    if (slept)
        pthread_mutex_lock(&p->lock);
    __atomic_fetch_sub(&p->waiting, 1, __ATOMIC_RELAXED);
    p->x->count.lock_waits++;
    p->x->count.lock_sleeps += slept;
}

static void take_lock(struct exec_parallel *p)
{
    if (pthread_mutex_trylock(&p->lock) != 0)
        wait_for_lock(p);
    p->x->count.locks++;
}

/* For a moment without the lock, until `done`; mostly that is sooner than a thread sleeps and wakes. */
static void look_out(struct exec_parallel *p, bool (*done)(const struct exec_parallel *p))
{
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < WAIT_SPINS && !done(p); i++)
        __builtin_ia32_pause();
    take_lock(p);
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
    if (p->alone != NULL)
        look_out(p, nobody_alone);
    while (p->alone != NULL)
        pthread_cond_wait(&p->go, &p->lock);
}

static struct exec_cpu *core_of(const struct cpu *cpu)
{
    return cpu->exec_private;
}

bool exec_is_parallel(const struct exec *x)
{
    return UNLIKELY(x->parallel != NULL) && x->parallel->round;
}

/* ---- alone ---- */

/* At a boundary, with no operation under way: those who have one are served first. */
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

static void alone_inside(struct exec_parallel *p, struct cpu *cpu)
{
    PUT(p->inside, p->inside - 1);
    p->mid++;
    pthread_cond_broadcast(&p->calm);
    wait_while_alone(p);
    PUT(p->alone, cpu);
    if (p->inside != 0)
        look_out(p, nobody_inside);
    while (p->inside != 0)
        pthread_cond_wait(&p->calm, &p->lock);
}

static void be_alone(struct exec_parallel *p, struct cpu *cpu)
{
    struct exec *x = p->x;
    if (p->alone == cpu) {
        p->depth++;
        return;
    }
    ps_t now = ev_now(x->machine->queue);
    uint64_t changes = p->changes;
    if (core_of(cpu)->inside)
        alone_inside(p, cpu);
    else
        alone_between(p, cpu);
    if (p->changes != changes) /* others were, and this CPU's mapping may be another: its block ends here */
        cpu_cut(cpu);
    p->depth = 1;
    x->running = cpu;
    x->count.alone++;
    ev_set_now(x->machine->queue, now);
}

static void be_together(struct exec_parallel *p, struct cpu *cpu)
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

/* machine_alone */
static void alone(void *arg, bool begin)
{
    struct exec *x = arg;
    struct exec_parallel *p = x->parallel;
    if (!p->round || x->running == NULL)
        return;
    if (begin)
        be_alone(p, x->running);
    else
        be_together(p, x->running);
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
    take_lock(p);
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
    take_lock(x->parallel);
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

/*
 * A loop that waits for another CPU: its time goes on as fast as the host's, so that the round does not
 * wait for it, and it keeps away from the lock for a while.
 */
bool exec_parallel_pause(struct exec *x, struct cpu *cpu)
{
    struct exec_parallel *p = x->parallel;
    struct worker *w = &p->workers[cpu->index % p->n_workers];
    cpu_pass_time(cpu, MAX(cpu->isa->pause_cycles, PAUSE_CYCLES));
    core_of(cpu)->pauses++;
    for (uint32_t i = w->first; i < x->n_cpus; i += p->n_workers)
        if (x->cores[i]->cpu != cpu && x->cores[i]->cpu->run == CPU_RUNNING)
            return false; /* perhaps the one it waits for */
    pthread_mutex_unlock(&p->lock);
    if (core_of(cpu)->pauses % PAUSES_SLEEP == 0)
        sched_yield();
    for (unsigned i = 0; i < 8; i++)
        __builtin_ia32_pause();
    take_lock(p);
    x->running = cpu;
    return true;
}

/* ---- threads ---- */

/*
 * Has the CPU something to do in this round? If the deadline is behind it, only an interrupt: another CPU may have
 * sent it and wait for the answer, all of the rest of its own round. So it is taken now, as far beyond the deadline as
 * rounds are long.
 */
static bool on_time(struct exec *x, struct cpu *cpu)
{
    ps_t *until = &core_of(cpu)->overtime, most = x->sched.deadline + x->options.quantum, now;
    if (cpu_cycles(cpu) < exec_ticks_at(cpu, MAX(x->sched.deadline, *until)))
        return true;
    if ((now = cpu_now(cpu)) >= most || !cpu->isa->has_work(cpu))
        return false;
    *until = MIN(now + OVERTIME, most);
    return cpu_cycles(cpu) < exec_ticks_at(cpu, *until);
}

/* Its CPUs' next one that has something to do; NULL: none has. */
static struct cpu *next_cpu(struct exec_parallel *p, struct worker *w)
{
    struct exec *x = p->x;
    uint32_t i = w->next;
    if (x->machine->stop != MACHINE_RUNS || x->failed)
        return NULL;
    do {
        struct cpu *cpu = x->cores[i]->cpu;
        i = i + p->n_workers < x->n_cpus ? i + p->n_workers : w->first;
        if (cpu->run != CPU_RUNNING)
            continue;
        exec_advance_to(cpu, x->sched.now);
        if (on_time(x, cpu)) {
            w->next = i;
            return cpu;
        }
    } while (i != w->next);
    return NULL;
}

static void run_slice(struct exec *x, struct cpu *cpu)
{
    x->running = cpu;
    exec_set_budget(cpu, 0);
    ev_set_now(x->machine->queue, cpu_now(cpu));
    ps_t until = MAX(x->sched.deadline, core_of(cpu)->overtime);
    int64_t left = (int64_t)(exec_ticks_at(cpu, until) - cpu_cycles(cpu));
    exec_set_budget(cpu, MIN(left, SLICE_CYCLES));
    x->count.slices++;
    if (exec_take_interrupt(cpu))
        x->count.interrupts++;
    (void)exec_execute(x, cpu);
    exec_set_budget(cpu, 0);
    cpu->exit &= ~(uint32_t)(CPU_EXIT_DEBUG | CPU_EXIT_RESYNC);
    x->running = NULL;
}

/* With the lock, and working; until it is not. */
static void work(struct exec_parallel *p, struct worker *w)
{
    struct cpu *cpu;
    while ((cpu = next_cpu(p, w)) != NULL) {
        run_slice(p->x, cpu);
        if (GET(p->waiting) != 0) { /* the lock is not fair: who waits for it has waited while this CPU ran */
            pthread_mutex_unlock(&p->lock);
            take_lock(p);
        }
    }
    w->working = false;
    if (--p->n_working == 0 && w != &p->workers[0])
        pthread_cond_signal(&p->workers[0].wake);
}

static void *thread(void *arg)
{
    struct worker *w = arg;
    struct exec_parallel *p = w->p;
    pthread_mutex_lock(&p->lock);
    while (!p->quit) {
        if (w->working)
            work(p, w);
        else
            pthread_cond_wait(&w->wake, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void set_to_work(struct exec_parallel *p, struct worker *w)
{
    if (w->working)
        return;
    w->working = true;
    p->n_working++;
    pthread_cond_signal(&w->wake);
}

void exec_parallel_woken(struct exec *x, struct cpu *cpu)
{
    struct exec_parallel *p = x->parallel;
    ps_t now = x->running != NULL ? cpu_now(x->running) : ev_now(x->machine->queue);
    x->awake[cpu->index / 64] |= 1ull << cpu->index % 64;
    if (cpu->run == CPU_IDLE && !cpu->isa->has_work(cpu))
        return;
    cpu->run = CPU_RUNNING;
    exec_advance_to(cpu, now);
    set_to_work(p, &p->workers[cpu->index % p->n_workers]);
}

/*
 * cpu->elsewhere. A thread's own CPU may ask without the lock, so exec->running does not tell; another CPU of the
 * same thread has no budget now.
 */
static bool elsewhere(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    struct exec_parallel *p = x->parallel;
    if (!p->round || pthread_equal(p->workers[cpu->index % p->n_workers].thread, pthread_self()))
        return false;
    if (cpu->run == CPU_IDLE)
        exec_parallel_woken(x, cpu);
    else if (cpu->run == CPU_RUNNING)
        set_to_work(p, &p->workers[cpu->index % p->n_workers]); /* its round may be over */
    return true;
}

/* ---- rounds ---- */

static bool start_threads(struct exec_parallel *p)
{
    for (; p->n_threads + 1 < p->n_workers; p->n_threads++) {
        struct worker *w = &p->workers[p->n_threads + 1];
        if (pthread_create(&w->thread, NULL, thread, w) != 0)
            return false;
    }
    return true;
}

static uint32_t host_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

/* Once all CPUs are there. */
static bool deal_cpus(struct exec_parallel *p)
{
    struct exec *x = p->x;
    uint32_t n = x->options.threads != 0 ? x->options.threads : host_cpus();
    if (p->workers != NULL)
        return true;
    n = MAX(MIN(n, x->n_cpus), 1);
    p->workers = calloc(n, sizeof(*p->workers));
    if (p->workers == NULL)
        return false;
    p->n_workers = n;
    for (uint32_t i = 0; i < n; i++) {
        p->workers[i] = (struct worker){ .p = p, .first = i, .next = i };
        pthread_cond_init(&p->workers[i].wake, NULL);
    }
    p->workers[0].thread = pthread_self();
    for (uint32_t i = 0; i < x->n_cpus; i++)
        x->cores[i]->cpu->elsewhere = elsewhere;
    return start_threads(p);
}

bool exec_parallel_wanted(struct exec *x)
{
    uint32_t awake = 0;
    if (x->parallel == NULL || x->n_breaks != 0 || x->n_watches != 0 || x->coverage != NULL ||
        x->insn_limit != UINT64_MAX || x->sched.turn != 0)
        return false;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        if (exec_cursor_of(x, x->cores[i]->cpu)->done != 0)
            return false;
        awake += x->cores[i]->cpu->run == CPU_RUNNING;
    }
    return awake > 1 && deal_cpus(x->parallel);
}

static void set_beside(struct exec *x, bool on)
{
    for (uint32_t i = 0; i < x->n_cpus; i++)
        core_of(x->cores[i]->cpu)->beside = on;
}

bool exec_parallel_round(struct exec *x)
{
    struct exec_parallel *p = x->parallel;
    struct worker *w = &p->workers[0];
    pthread_mutex_lock(&p->lock);
    p->round = true;
    set_beside(x, true);
    for (uint32_t i = 0; i < p->n_workers; i++)
        set_to_work(p, &p->workers[i]);
    while (p->n_working != 0) {
        if (w->working)
            work(p, w);
        else
            pthread_cond_wait(&w->wake, &p->lock);
    }
    p->round = false;
    set_beside(x, false);
    x->count.parallel_rounds++;
    x->sched.turn = x->n_cpus;
    bool goes_on = x->machine->stop == MACHINE_RUNS;
    if (!goes_on) /* the rest of it is another round, for those that are not as far */
        x->sched.in_round = 0;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

void exec_parallel_times(const struct exec *x, uint64_t *sum, uint64_t *most)
{
    const struct exec_parallel *p = x->parallel;
    *sum = *most = 0;
    for (uint32_t i = 0; p != NULL && i < p->n_workers; i++) {
        clockid_t clock;
        struct timespec t;
        if (pthread_getcpuclockid(p->workers[i].thread, &clock) != 0 || clock_gettime(clock, &t) != 0)
            continue;
        uint64_t ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
        *sum += ns;
        *most = MAX(*most, ns);
    }
}

/* ---- life ---- */

int exec_parallel_create(struct exec *x, struct err *e)
{
    if (x->options.mode != EXEC_JIT)
        return err_set(e, ERR_UNSUPPORTED, "--smp-mode parallel: with --exec jit only");
    struct exec_parallel *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return err_set(e, ERR_NOMEM, "no memory for threads");
    p->x = x;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->go, NULL);
    pthread_cond_init(&p->calm, NULL);
    x->parallel = p;
    x->machine->parallel = true;
    x->machine->alone = alone;
    x->machine->alone_arg = x;
    return 0;
}

void exec_parallel_destroy(struct exec *x)
{
    struct exec_parallel *p = x->parallel;
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    for (uint32_t i = 0; i < p->n_workers; i++)
        pthread_cond_signal(&p->workers[i].wake);
    pthread_mutex_unlock(&p->lock);
    for (uint32_t i = 0; i < p->n_threads; i++)
        pthread_join(p->workers[i + 1].thread, NULL);
    x->machine->alone = NULL;
    for (uint32_t i = 0; i < x->n_cpus; i++)
        x->cores[i]->cpu->elsewhere = NULL;
    free(p->workers);
    free(p);
    x->parallel = NULL;
}
