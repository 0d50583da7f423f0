/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_PARALLEL_IMPL_H
#define ORRERY_CORE_EXEC_PARALLEL_IMPL_H
/*
 * What the two files of parallel rounds share.
 *     parallel.c       rounds, threads, slices: who runs how far, and who waits
 *     parallel_lock.c  the machine's lock, translated code beside it, being alone
 */
#include "core/exec/exec_impl.h"
#include <pthread.h>

/* A host thread and its CPUs: first, first + n_workers, ... Number 0 is the thread that called exec_run. */
struct worker {
    struct exec_parallel *p;
    pthread_t thread;
    pthread_cond_t wake;
    uint32_t first, next;        /* next: whose slice comes first */
    bool working;                /* has a CPU to run, or may have */
    bool asleep;                 /* waits for `wake` */
    int8_t *counts;              /* cpu->counts of its CPUs; NULL: they have all the same */
};

struct exec_parallel {
    struct exec *x;
    struct worker *workers;
    uint32_t n_workers, n_threads;
    int8_t *counts;              /* before CPUs are dealt to threads */
    bool round, quit;
    ps_t until;                  /* the caller's limit */
    ps_t window;                 /* how far a CPU may be ahead of the slowest */
    struct cpu *alone;           /* who is, or waits for the others: looked at, without the lock, at the end of each slice */
    uint8_t apart[64];           /* what follows is written all the time */

    pthread_mutex_t lock;
    pthread_cond_t go;           /* nobody is alone any more, or who waits to be may look again */
    pthread_cond_t calm;         /* inside or mid changed */
    uint32_t n_working;
    bool over;                   /* the round ends as soon as all stand at a boundary */
    uint32_t laggard;            /* who was the slowest at the last look */
    ps_t lone_since;             /* since then one CPU runs by itself; PS_NEVER: more do */
    uint32_t inside;             /* CPUs in translated code or called out of it */
    uint32_t mid;                /* called out, and waiting to be alone: not among them */
    uint32_t depth;
    uint64_t changes;            /* how often somebody was alone */
    uint32_t waiting;            /* threads that found the lock taken; changed without it */
};

/* Written with the lock, and looked at without it by those who wait. */
#define GET(member)    __atomic_load_n(&(member), __ATOMIC_RELAXED)
#define PUT(member, v) __atomic_store_n(&(member), v, __ATOMIC_RELAXED)

static inline struct exec_cpu *core_of(const struct cpu *cpu)
{
    return cpu->exec_private;
}

/* parallel_lock.c */
void parallel_take_lock(struct exec_parallel *p);
/* For a moment without the lock, until `done`; mostly that is sooner than a thread sleeps and wakes. */
void parallel_look_out(struct exec_parallel *p, bool (*done)(const struct exec_parallel *p));
/* At a boundary, with no operation under way: nobody is in translated code or in the middle of anything. */
void parallel_be_alone(struct exec_parallel *p, struct cpu *cpu);
void parallel_be_together(struct exec_parallel *p, struct cpu *cpu);
void parallel_alone(void *x, bool begin); /* machine_alone */

#endif
