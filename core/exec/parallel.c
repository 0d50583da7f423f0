/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds in which CPUs run on several host threads: how far each may run, and what happens meanwhile. */
#include "core/exec/parallel_impl.h"
#include "core/timing/model.h"
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define TURN_CYCLES 16384           /* of CPUs that share a thread */
#define REST_SPINS  1000u           /* looks for work before a thread sleeps: waking it takes as long */
#define POLL_NS     1000000u
#define MIN_PAUSE   512             /* cycles of a hint: what one look around costs */

bool exec_is_parallel(const struct exec *x)
{
    return UNLIKELY(x->parallel != NULL) && x->parallel->round;
}

/* Does nobody count or look at every instruction? */
static bool may_run_beside(const struct exec *x)
{
    return x->n_breaks == 0 && x->n_watches == 0 && x->coverage == NULL && x->insn_limit == UINT64_MAX;
}

/* ---- who works ---- */

/* Everybody looks, with the lock, at the end of his slice. */
static void call_all(struct exec_parallel *p)
{
    for (uint32_t i = 0; i < p->x->n_cpus; i++)
        PUT(p->x->cores[i]->shared.attention, true);
}

static void end_round(struct exec_parallel *p)
{
    p->over = true;
    call_all(p);
}

static void set_to_work(struct exec_parallel *p, struct worker *w)
{
    if (w->working)
        return;
    PUT(w->working, true);
    PUT(p->n_working, p->n_working + 1);
    if (w->asleep)
        pthread_cond_signal(&w->wake);
}

static struct worker *worker_of(const struct exec_parallel *p, const struct cpu *cpu)
{
    return &p->workers[cpu->index % p->n_workers];
}

/* Those who waited for slower ones and need not any more. */
static void release(struct exec_parallel *p)
{
    struct exec *x = p->x;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        struct worker *w = worker_of(p, x->cores[i]->cpu);
        if (!w->working && parallel_runs(x, i) && parallel_within(p, parallel_reached(x, i), true))
            set_to_work(p, w);
    }
}

/* With everybody at a boundary, as between rounds; but for those that need not have that: CPUs' timers. */
static void run_events(struct exec_parallel *p, struct worker *w)
{
    struct exec *x = p->x;
    struct cpu *cpu = x->cores[w->first]->cpu;
    x->running = NULL;
    (void)ev_run_beside(x->machine->queue, x->sched.now);
    if (ev_next(x->machine->queue) > x->sched.now)
        return;
    parallel_be_alone(p, cpu);
    x->running = NULL;
    (void)ev_run(x->machine->queue, x->sched.now); /* none, if another thread was here first */
    parallel_be_together(p, cpu);
}

static void poll_host(struct exec_parallel *p)
{
    struct exec *x = p->x;
    struct cpu *cpu = x->cores[0]->cpu;
    uint64_t now = x->host.poll != NULL ? exec_host_ns() : 0;
    if (x->host.poll == NULL || now - x->last_poll_ns < POLL_NS)
        return;
    if (x->host.ready != NULL && !x->host.ready(x->host.arg)) {
        x->last_poll_ns = now;
        return;
    }
    parallel_be_alone(p, cpu);
    x->running = NULL;
    x->machine->inputs_from = x->sched.reached = MAX(x->sched.reached, x->sched.now);
    ev_set_now(x->machine->queue, x->sched.now);
    exec_poll_host(x, 0);
    parallel_be_together(p, cpu);
    if (!may_run_beside(x)) /* somebody debugs now */
        end_round(p);
}

/* What follows from the slowest one's time. */
static void look_around(struct exec_parallel *p, struct worker *w)
{
    struct exec *x = p->x;
    if (w == &p->workers[0])
        poll_host(p);
    if (parallel_runs(x, p->laggard) && parallel_reached(x, p->laggard) <= x->sched.now && ev_next(x->machine->queue) > x->sched.now)
        return;
    uint32_t n = parallel_find_laggard(p);
    if (ev_next(x->machine->queue) <= x->sched.now) {
        run_events(p, w);
        n = parallel_find_laggard(p);
    }
    if (n > 1)
        p->lone_since = PS_NEVER;
    else
        p->lone_since = MIN(p->lone_since, x->sched.now);
    if (x->sched.now >= p->until || (x->host.pace != 0 && x->sched.now >= x->sched.deadline) ||
        (p->lone_since != PS_NEVER && x->sched.now - p->lone_since > p->window))
        end_round(p);
    release(p);
}

/* ---- slices ---- */

/* Its CPUs' next one that has something to do; NULL: none has. */
static struct cpu *next_cpu(struct exec_parallel *p, struct worker *w)
{
    struct exec *x = p->x;
    uint32_t i = w->next;
    if (p->over || x->machine->stop != MACHINE_RUNS || x->failed)
        return NULL;
    do {
        struct cpu *cpu = x->cores[i]->cpu;
        i = i + p->n_workers < x->n_cpus ? i + p->n_workers : w->first;
        if (cpu->run != CPU_RUNNING)
            continue;
        exec_advance_to(cpu, x->sched.now);
        parallel_note_time(cpu);
        if (parallel_on_time(p, cpu)) {
            w->next = i;
            return cpu;
        }
    } while (i != w->next);
    return NULL;
}

static bool shares_thread(const struct exec_parallel *p, const struct cpu *cpu)
{
    for (uint32_t i = cpu->index % p->n_workers; i < p->x->n_cpus; i += p->n_workers)
        if (i != cpu->index && parallel_runs(p->x, i))
            return true;
    return false;
}

static void run_slice(struct exec_parallel *p, struct cpu *cpu)
{
    struct exec *x = p->x;
    struct exec_cpu *ec = core_of(cpu);
    x->running = cpu;
    exec_set_budget(cpu, 0);
    ps_t now = cpu_now(cpu);
    ev_set_now(x->machine->queue, now);
    PUT(ec->attention, false);
    ec->shares = shares_thread(p, cpu);
    uint64_t at = cpu_cycles(cpu);
    ec->look = MAX(exec_ticks_at(cpu, parallel_next_look(p, cpu, now)), at + 1);
    if (ec->shares)
        ec->look = MIN(ec->look, at + TURN_CYCLES);
    exec_set_budget(cpu, (int64_t)MIN(ec->look - at, EXEC_PARALLEL_SLICE));
    ec->slice_end = cpu->cycles_end;
    if (exec_take_interrupt(cpu))
        x->count.interrupts++;
    (void)exec_execute(x, cpu);
    exec_set_budget(cpu, 0);
    parallel_note_time(cpu);
    parallel_earn(p, cpu, now);
    x->count.slices += ec->slices + 1;
    x->count.looks++;
    ec->slices = 0;
    cpu->exit &= ~(uint32_t)(CPU_EXIT_DEBUG | CPU_EXIT_RESYNC);
    x->running = NULL;
}

bool exec_parallel_pause(struct exec *x, struct cpu *cpu)
{
    (void)x;
    cpu_pass_time(cpu, MAX(cpu->isa->pause_cycles, MIN_PAUSE));
    return false;
}

/* ---- threads ---- */

/* Its CPUs that others have left behind, before anybody is held up by the time they have reached. */
static void follow(struct exec_parallel *p, struct worker *w)
{
    for (uint32_t i = w->first; i < p->x->n_cpus; i += p->n_workers)
        if (parallel_runs(p->x, i))
            parallel_follow(p, p->x->cores[i]->cpu);
}

/* With the lock, and working; until it is not. */
static void work(struct exec_parallel *p, struct worker *w)
{
    struct cpu *cpu;
    for (;;) {
        follow(p, w);
        look_around(p, w);
        if ((cpu = next_cpu(p, w)) == NULL)
            break;
        run_slice(p, cpu);
        if (GET(p->waiting) != 0) { /* the lock is not fair: who waits for it has waited while this CPU ran */
            pthread_mutex_unlock(&p->lock);
            parallel_take_lock(p);
        }
    }
    PUT(w->working, false);
    PUT(p->n_working, p->n_working - 1);
    if (p->n_working == 0 && p->workers[0].asleep)
        pthread_cond_signal(&p->workers[0].wake);
}

/* Until there is work, for a millisecond at most if the host has to be asked for input. `spin`: it may come soon. */
static void rest(struct exec_parallel *p, struct worker *w, bool spin)
{
    const bool first = w == &p->workers[0];
    uint64_t since = exec_host_ns();
    bool held = false;
    for (uint32_t i = w->first; i < p->x->n_cpus; i += p->n_workers)
        held |= parallel_runs(p->x, i);
    if (spin) {
        pthread_mutex_unlock(&p->lock);
        for (unsigned i = 0; i < REST_SPINS && !GET(w->working) && !GET(p->quit) && !(first && GET(p->n_working) == 0); i++)
            __builtin_ia32_pause();
        parallel_take_lock(p);
    }
    if (!w->working && !p->quit && !(first && p->n_working == 0)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += POLL_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        w->asleep = true;
        if (first && p->x->host.poll != NULL)
            (void)pthread_cond_timedwait(&w->wake, &p->lock, &until);
        else
            pthread_cond_wait(&w->wake, &p->lock);
        w->asleep = false;
    }
    if (held)
        p->x->count.held_ns += exec_host_ns() - since;
}

static void *thread(void *arg)
{
    struct worker *w = arg;
    struct exec_parallel *p = w->p;
    pthread_mutex_lock(&p->lock);
    while (!p->quit) {
        bool works = w->working;
        if (works)
            work(p, w);
        rest(p, w, works);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

void exec_parallel_woken(struct exec *x, struct cpu *cpu)
{
    struct exec_parallel *p = x->parallel;
    ps_t now = x->running != NULL ? cpu_now(x->running) : ev_now(x->machine->queue);
    x->awake[cpu->index / 64] |= 1ull << cpu->index % 64;
    if (cpu->run == CPU_IDLE && !cpu->isa->has_work(cpu))
        return;
    cpu->run = CPU_RUNNING;
    exec_advance_to(cpu, MAX(now, x->sched.now));
    parallel_note_time(cpu);
    for (uint32_t i = cpu->index % p->n_workers; i < x->n_cpus; i += p->n_workers)
        PUT(x->cores[i]->shared.attention, true); /* who has the thread shares it now */
    set_to_work(p, worker_of(p, cpu));
}

/*
 * cpu->elsewhere. A thread's own CPU may ask without the lock, so exec->running does not tell; another CPU of the
 * same thread has no budget now.
 */
static bool elsewhere(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    struct exec_parallel *p = x->parallel;
    if (!p->round || pthread_equal(worker_of(p, cpu)->thread, pthread_self()))
        return false;
    if (cpu->run == CPU_IDLE) {
        exec_parallel_woken(x, cpu);
    } else if (cpu->run == CPU_RUNNING) {
        PUT(core_of(cpu)->attention, true);
        set_to_work(p, worker_of(p, cpu)); /* it may wait for slower ones */
    }
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
        return p->n_threads + 1 == p->n_workers; /* else the host had not as many: rounds stay serial */
    n = MAX(MIN(n, x->n_cpus), 1);
    p->workers = calloc(n, sizeof(*p->workers));
    if (p->workers == NULL)
        return false;
    p->n_workers = n;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < n; i++) {
        p->workers[i] = (struct worker){ .p = p, .first = i, .next = i, .counts = calloc(EXEC_COUNTS, 1) };
        pthread_cond_init(&p->workers[i].wake, &clock);
    }
    pthread_condattr_destroy(&clock);
    p->workers[0].thread = pthread_self();
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        struct cpu *cpu = x->cores[i]->cpu;
        cpu->elsewhere = elsewhere;
        if (worker_of(p, cpu)->counts != NULL)
            cpu->counts = worker_of(p, cpu)->counts;
    }
    return start_threads(p);
}

bool exec_parallel_wanted(struct exec *x)
{
    uint32_t awake = 0;
    if (x->parallel == NULL || !may_run_beside(x) || x->sched.turn != 0)
        return false;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        if (exec_cursor_of(x, x->cores[i]->cpu)->done != 0)
            return false;
        awake += parallel_runs(x, i);
    }
    return awake > 1 && deal_cpus(x->parallel);
}

static void begin_round(struct exec_parallel *p, ps_t until)
{
    struct exec *x = p->x;
    p->round = true;
    p->over = false;
    p->until = until;
    p->window = x->options.quantum;
    p->lone_since = PS_NEVER;
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        struct cpu *cpu = x->cores[i]->cpu;
        struct exec_cpu *ec = core_of(cpu);
        if (parallel_runs(x, i))
            exec_advance_to(cpu, x->sched.now);
        parallel_note_time(cpu);
        ec->waits = false;
        ec->overtime = ec->follow = ec->credit = 0;
        ec->beside = true;
    }
    (void)parallel_find_laggard(p);
    for (uint32_t i = 0; i < p->n_workers; i++)
        set_to_work(p, &p->workers[i]);
}

bool exec_parallel_round(struct exec *x, ps_t until)
{
    struct exec_parallel *p = x->parallel;
    struct worker *w = &p->workers[0];
    pthread_mutex_lock(&p->lock);
    begin_round(p, until);
    for (bool works = true; p->n_working != 0;) {
        if (w->working)
            work(p, w);
        else
            poll_host(p);
        if (p->n_working != 0 && !w->working)
            rest(p, w, works);
        works = w->working;
    }
    p->round = false;
    for (uint32_t i = 0; i < x->n_cpus; i++)
        x->cores[i]->shared.beside = false;
    x->count.parallel_rounds++;
    x->sched.turn = x->n_cpus;
    x->sched.deadline = x->sched.now;
    bool goes_on = x->machine->stop == MACHINE_RUNS;
    if (!goes_on) /* the rest of it is another round, for those that are not as far */
        x->sched.in_round = 0;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

void exec_parallel_add(struct exec *x, struct cpu *cpu)
{
    if (x->parallel != NULL)
        cpu->counts = x->parallel->counts;
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
    p->counts = calloc(EXEC_COUNTS, 1);
    if (p->counts == NULL) {
        free(p);
        return err_set(e, ERR_NOMEM, "no memory for threads");
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->go, NULL);
    pthread_cond_init(&p->calm, NULL);
    x->parallel = p;
    x->machine->parallel = true;
    x->machine->alone = parallel_alone;
    x->machine->tell = parallel_tell;
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
    x->machine->tell = NULL;
    for (uint32_t i = 0; i < x->n_cpus; i++)
        x->cores[i]->cpu->elsewhere = NULL;
    for (uint32_t i = 0; i < p->n_workers; i++)
        free(p->workers[i].counts);
    free(p->counts);
    free(p->workers);
    free(p);
    x->parallel = NULL;
}
