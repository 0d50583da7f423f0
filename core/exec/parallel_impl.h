/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_PARALLEL_IMPL_H
#define ORRERY_CORE_EXEC_PARALLEL_IMPL_H
/*
 * What the files of parallel rounds share.
 *     parallel.c        rounds, threads, slices: who runs, and who rests
 *     parallel_time.c   how far each may run, and who follows whom
 *     parallel_lock.c   the machine's lock, and translated code beside it
 *     parallel_alone.c  being alone; what others have to do before one goes on
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
    uint32_t mid;                /* called out, and waiting for others: not among them */
    uint32_t depth;
    uint64_t changes;            /* how often somebody was alone */
    uint32_t waiting;            /* threads that found the lock taken; changed without it */
    struct {                     /* what all others are told; fn NULL: nothing */
        machine_told *fn;
        void *arg;
        uint32_t pending;        /* how many have not answered yet; changed without the lock */
    } call;
};

/* Written with the lock, and looked at without it by those who wait. */
#define GET(member)    __atomic_load_n(&(member), __ATOMIC_RELAXED)
#define PUT(member, v) __atomic_store_n(&(member), v, __ATOMIC_RELAXED)

static inline struct exec_cpu *core_of(const struct cpu *cpu)
{
    return cpu->exec_private;
}

static inline bool parallel_runs(const struct exec *x, uint32_t i)
{
    return x->cores[i]->cpu->run == CPU_RUNNING;
}

/* ---- parallel_time.c ---- */
ps_t parallel_reached(const struct exec *x, uint32_t i);
/* The CPU stands at a boundary, or was just woken. */
void parallel_note_time(struct cpu *cpu);
/* The slowest one's time, which everybody who runs has reached; and how many do. */
uint32_t parallel_find_laggard(struct exec_parallel *p);
/* May the CPU run at `t`, once it waits for slower ones? By less, so that it does not wake for each of their steps. */
bool parallel_within(const struct exec_parallel *p, ps_t t, bool waits);
/*
 * A CPU that others have left behind follows them: time passes in which it did nothing, as for a processor whose host was
 * busy with something else. But by no more than it has run by itself, and earned by that, so that it is never slower than by half;
 * and no more than a window at once.
 */
void parallel_follow(struct exec_parallel *p, struct cpu *cpu);
void parallel_earn(struct exec_parallel *p, struct cpu *cpu, ps_t since);
bool parallel_on_time(struct exec_parallel *p, struct cpu *cpu);
/* When the CPU, at `now`, has to look around again at the latest. */
ps_t parallel_next_look(const struct exec_parallel *p, const struct cpu *cpu, ps_t now);

/* ---- parallel_lock.c ---- */
void parallel_take_lock(struct exec_parallel *p);
void parallel_give_lock(struct exec_parallel *p);

/* ---- parallel_alone.c ---- */
/* At a boundary, with no operation under way: nobody is in translated code or in the middle of anything. */
void parallel_be_alone(struct exec_parallel *p, struct cpu *cpu);
void parallel_be_together(struct exec_parallel *p, struct cpu *cpu);
void parallel_wait_while_alone(struct exec_parallel *p);
void parallel_alone(void *x, bool begin); /* machine_alone */
/*
 * cpu_tell_others(). One call at a time. Who is in translated code, or called out of it, answers at its next boundary, or before it stands
 * still in the middle of an operation: it is asked by exec_cpu.called. All others stand, and the caller, who has the
 * lock, does it for them. The caller waits without the lock: like somebody who waits to be alone, and as one of whom others may
 * want the same.
 */
void parallel_tell(void *x, machine_told *fn, void *arg);
/* What another CPU's caller wants of this one, by its own thread. */
void parallel_serve(struct exec_parallel *p, struct cpu *cpu);

#endif
