/* SPDX-License-Identifier: Apache-2.0 */
/* A host thread that compiles what runs often, and has memory ready, while the CPUs go on with what there is. */
#include "core/exec/exec_impl.h"
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define REGIONS 32u /* jobs in each queue: powers of two */
#define BLOCKS  128u
/*
 * To wake a thread costs who does it as much as a short block's compilation, and jobs come in bursts: so the thread looks
 * for more every now and then, ever more seldom, and goes to sleep when none came in all of LOOKS times. Each look takes
 * a host CPU away from whoever uses it, where all of them run CPUs of the guest.
 */
#define LOOKS        8u
#define LOOK_NS      250000
#define LONG_LOOK_NS 2000000

/*
 * A ring for one writer and one reader: jobs [done, put) wait or are under way, [taken, done) are done. Whoever runs CPUs
 * changes put and taken, the thread done.
 */
struct queue {
    struct exec_job *jobs;
    uint32_t size;
    uint32_t put, done, taken;
};
enum { QUEUE_REGIONS, QUEUE_BLOCKS, QUEUES };

/* Pages that are asked for ahead of need: the same with two ends, since nobody takes in what was done. */
struct pages {
    uint8_t *at;
    size_t n;
    bool read;
};
#define PAGES 64u /* requests: a power of two */

struct exec_background {
    struct exec *x;
    pthread_t thread;
    struct queue queues[QUEUES];
    struct pages pages[PAGES];
    uint64_t pages_put, pages_done;
    struct arena scratch;
    void *memo;        /* ir_unit.memo, of the thread */
    sem_t wake;
    bool asleep;       /* the thread waits, or is about to: for `wake` */
    bool busy;         /* it is at a job, or looks for one */
    bool pause, quit;  /* it is to do nothing */
    uint32_t n_done;   /* all jobs ever done, and those of them that were taken or dropped */
    uint32_t n_taken;
    uint64_t ns;
    struct exec_background_counters count;
};

#define GET(member)    __atomic_load_n(&(member), __ATOMIC_ACQUIRE)
#define PUT(member, v) __atomic_store_n(&(member), v, __ATOMIC_RELEASE)

/* ---- the thread ---- */

static struct queue *next_queue(struct exec_background *b)
{
    for (unsigned i = 0; i < QUEUES; i++)
        if (__atomic_load_n(&b->queues[i].put, __ATOMIC_SEQ_CST) != GET(b->queues[i].done))
            return &b->queues[i];
    return NULL;
}

static bool wants_pages(struct exec_background *b)
{
    return __atomic_load_n(&b->pages_put, __ATOMIC_SEQ_CST) != b->pages_done;
}

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

void exec_populate(void *at, size_t n, bool read)
{
    (void)madvise(at, n, read ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
}

/* Nothing that is there already changes, so that who asked may come before. */
static void get_pages(struct exec_background *b)
{
    const struct pages *p = &b->pages[b->pages_done % PAGES];
    exec_populate(p->at, p->n, p->read);
    PUT(b->pages_done, b->pages_done + 1);
}

/* Pages first: somebody will come to them soon. */
static void work(struct exec_background *b)
{
    uint64_t since = exec_host_ns();
    for (; wants_pages(b) && !GET(b->pause); since = exec_host_ns()) {
        get_pages(b);
        __atomic_store_n(&b->ns, b->ns + (exec_host_ns() - since), __ATOMIC_RELAXED);
    }
    struct queue *q = next_queue(b);
    if (q == NULL)
        return;
    exec_job_do(b->x, &q->jobs[q->done % q->size], &b->scratch, b->memo);
    __atomic_store_n(&b->ns, b->ns + (exec_host_ns() - since), __ATOMIC_RELAXED);
    PUT(q->done, q->done + 1);
    PUT(b->n_done, b->n_done + 1);
}

/* True: there is a job; or nothing is to be done at all, which is found out by the caller. */
static bool look_out(struct exec_background *b)
{
    struct timespec nap = { .tv_nsec = LOOK_NS };
    for (unsigned i = 0; i < LOOKS; i++) {
        if (next_queue(b) != NULL || wants_pages(b) || GET(b->quit) || GET(b->pause))
            return true;
        nanosleep(&nap, NULL);
        nap.tv_nsec = MIN(nap.tv_nsec * 2, LONG_LOOK_NS);
    }
    return false;
}

static bool has_reason(struct exec_background *b)
{
    return __atomic_load_n(&b->quit, __ATOMIC_SEQ_CST) ||
           (!__atomic_load_n(&b->pause, __ATOMIC_SEQ_CST) && (next_queue(b) != NULL || wants_pages(b)));
}

/*
 * Each side writes its own flag and then reads the other's, in one order for all (SEQ_CST): so either the thread sees that it
 * is to pause, or whoever pauses it sees that it is busy; and the same for sleeping and what is put.
 */
static void *thread(void *arg)
{
    struct exec_background *b = arg;
    while (!GET(b->quit)) {
        __atomic_store_n(&b->busy, true, __ATOMIC_SEQ_CST);
        bool pause = __atomic_load_n(&b->pause, __ATOMIC_SEQ_CST);
        if (!pause)
            work(b);
        PUT(b->busy, false);
        if (!pause && look_out(b))
            continue;
        __atomic_store_n(&b->asleep, true, __ATOMIC_SEQ_CST);
        if (has_reason(b) && __atomic_exchange_n(&b->asleep, false, __ATOMIC_SEQ_CST))
            continue;
        while (sem_wait(&b->wake) != 0) /* interrupted */
            continue;
    }
    return NULL;
}

static void wake(struct exec_background *b)
{
    if (__atomic_load_n(&b->asleep, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&b->asleep, false, __ATOMIC_SEQ_CST))
        sem_post(&b->wake);
}

/* ---- whoever runs CPUs ---- */

struct exec_job *exec_background_slot(struct exec *x, bool region)
{
    struct exec_background *b = x->background;
    struct queue *q = &b->queues[region ? QUEUE_REGIONS : QUEUE_BLOCKS];
    if (q->put - q->taken == q->size) {
        b->count.refused++;
        return NULL;
    }
    return &q->jobs[q->put % q->size];
}

void exec_background_put(struct exec *x, struct exec_job *j)
{
    struct exec_background *b = x->background;
    struct queue *q = &b->queues[j->region ? QUEUE_REGIONS : QUEUE_BLOCKS];
    __atomic_store_n(&q->put, q->put + 1, __ATOMIC_SEQ_CST);
    wake(b);
}

uint64_t exec_ask_pages(struct exec *x, void *at, size_t n, bool read)
{
    struct exec_background *b = x->background;
    if (b == NULL || b->pages_put - GET(b->pages_done) == PAGES)
        return 0;
    assert((uintptr_t)at % MEM_PAGE == 0 && n % MEM_PAGE == 0);
    b->pages[b->pages_put % PAGES] = (struct pages){ .at = at, .n = n, .read = read };
    __atomic_store_n(&b->pages_put, b->pages_put + 1, __ATOMIC_SEQ_CST);
    wake(b);
    return b->pages_put;
}

bool exec_has_pages(const struct exec *x, uint64_t ticket)
{
    const struct exec_background *b = x->background;
    return b != NULL && ticket != 0 && GET(b->pages_done) >= ticket;
}

bool exec_background_is_done(const struct exec *x)
{
    const struct exec_background *b = x->background;
    return b != NULL && __atomic_load_n(&b->n_done, __ATOMIC_RELAXED) != __atomic_load_n(&b->n_taken, __ATOMIC_RELAXED);
}

void exec_background_take(struct exec *x)
{
    struct exec_background *b = x->background;
    uint64_t since = exec_host_ns();
    __atomic_store_n(&b->n_taken, GET(b->n_done), __ATOMIC_RELAXED); /* others look without the lock */
    for (unsigned i = 0; i < QUEUES; i++) {
        struct queue *q = &b->queues[i];
        for (uint32_t done = GET(q->done); q->taken != done; q->taken++) {
            bool taken = exec_job_take(x, &q->jobs[q->taken % q->size]);
            b->count.taken += taken;
            b->count.thrown += !taken;
        }
    }
    x->count.translate_ns += exec_host_ns() - since;
}

void exec_background_hold(struct exec *x)
{
    struct exec_background *b = x->background;
    if (b == NULL)
        return;
    __atomic_store_n(&b->pause, true, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; __atomic_load_n(&b->busy, __ATOMIC_SEQ_CST); i++) {
        if (i % 1024 == 1023) /* a job may take a millisecond, and the thread may have lost its CPU */
            sched_yield();
        else
            __builtin_ia32_pause();
    }
}

void exec_background_drop(struct exec *x)
{
    struct exec_background *b = x->background;
    if (b == NULL)
        return;
    for (unsigned i = 0; i < QUEUES; i++) {
        struct queue *q = &b->queues[i];
        for (; q->taken != q->put; q->taken++) {
            exec_job_drop(x, &q->jobs[q->taken % q->size]);
            b->count.thrown++;
        }
        PUT(q->done, q->put);
    }
    __atomic_store_n(&b->n_taken, GET(b->n_done), __ATOMIC_RELAXED);
}

void exec_background_resume(struct exec *x)
{
    if (x->background == NULL)
        return;
    __atomic_store_n(&x->background->pause, false, __ATOMIC_SEQ_CST);
    wake(x->background);
}

bool exec_background_is_idle(const struct exec *x)
{
    const struct exec_background *b = x->background;
    bool idle = true;
    for (unsigned i = 0; b != NULL && i < QUEUES; i++)
        idle = idle && GET(b->queues[i].done) == b->queues[i].put;
    return idle;
}

struct exec_background_counters exec_background_count(const struct exec *x)
{
    const struct exec_background *b = x->background;
    struct exec_background_counters c = { 0 };
    if (b != NULL) {
        c = b->count;
        c.ns = __atomic_load_n(&b->ns, __ATOMIC_RELAXED);
    }
    return c;
}

/* ---- life ---- */

/* Signals are for the threads that were there before. */
static int start(struct exec_background *b)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&b->thread, NULL, thread, b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int exec_background_create(struct exec *x, struct err *e)
{
    struct exec_background *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a thread that translates");
    b->x = x;
    b->queues[QUEUE_REGIONS].size = REGIONS;
    b->queues[QUEUE_BLOCKS].size = BLOCKS;
    struct exec_job *jobs = calloc(REGIONS + BLOCKS, sizeof(*jobs));
    b->memo = calloc(1, IR_MEMO_BYTES);
    b->queues[QUEUE_REGIONS].jobs = jobs;
    b->queues[QUEUE_BLOCKS].jobs = jobs != NULL ? jobs + REGIONS : NULL;
    arena_init(&b->scratch, 0);
    sem_init(&b->wake, 0, 0);
    if (jobs == NULL || b->memo == NULL || start(b) != 0) {
        sem_destroy(&b->wake);
        free(b->memo);
        free(jobs);
        free(b);
        return err_set(e, ERR_NOMEM, "the host has no memory or thread for translating");
    }
    x->background = b;
    return 0;
}

void exec_background_destroy(struct exec *x)
{
    struct exec_background *b = x->background;
    if (b == NULL)
        return;
    __atomic_store_n(&b->quit, true, __ATOMIC_SEQ_CST);
    wake(b);
    pthread_join(b->thread, NULL);
    sem_destroy(&b->wake);
    arena_destroy(&b->scratch);
    free(b->queues[QUEUE_REGIONS].jobs);
    free(b->memo);
    free(b);
    x->background = NULL;
}
