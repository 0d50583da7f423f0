/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_EXEC_IMPL_H
#define ORRERY_CORE_EXEC_EXEC_IMPL_H
/*
 * What the files of core/exec share.
 *     exec.c      life, options, counters
 *     sched.c     rounds and turns in simulated time, limits, host polls, pace
 *     run.c       one CPU's turn: look up, execute, what each way of leaving means
 *     cache.c     blocks by (page, offset, mode), by page, dropping, flushing
 *     translate.c guest bytes to a compiled block or region
 *     debug.c     breakpoints, watchpoints, single steps
 *     lockstep.c  two machines
 *     parallel.c, parallel_lock.c  rounds of several host threads
 *
 * Rules. (1) A turn may be cut at any canonical boundary and taken up again: nothing the
 * guest sees depends on it. (2) Blocks are dropped at any time, forgotten only between
 * calls of an executor. (3) Between turns budget is 0 and the ends are exact.
 */
#include "core/exec/backend.h"
#include "core/exec/parallel.h"
#include "core/util/arena.h"

#define EXEC_MAX_CPUS    1024u
#define EXEC_HASH_BITS   18
#define EXEC_NO_PAGE     UINT32_MAX
#define EXEC_MAX_RAMS    64u
#define EXEC_PARALLEL_SLICE 4096 /* cycles between a CPU's looks at what others want of it, in parallel rounds */
#define EXEC_ARENA_BYTES (768ull << 20) /* of blocks before everything is flushed */
/* A region's canonical blocks, for exact dropping. */
struct exec_piece {
    int32_t start;
    uint32_t length;
};

/* A block as the cache keeps it. */
struct exec_cached {
    struct exec_block b;
    uint16_t *ids;               /* instruction ids, when coverage is counted */
    struct exec_piece *pieces;   /* regions: as many as they have blocks */
    struct exec_cached *partner; /* regions: the first-tier block that was replaced; else what replaced it */
    uint8_t *bytes;              /* what it was made of; NULL: a region, or one that is not kept when dropped */
};

/*
 * In front of the hash, for blocks in one page: what is looked up most, without a look at the block itself, which is seldom
 * in the host's caches.
 */
struct exec_front {
    uint64_t at;                 /* page << 12 | start */
    uint32_t mode;
    const void *code;            /* NULL: empty */
};
#define EXEC_FRONT 65536u        /* a power of two */

/* The blocks of a page, so that a store beside code finds those that it concerns without a look at all. */
struct exec_page {
    struct exec_block *blocks[MEM_PAGE / MEM_GRANULE]; /* by the granule in which they begin; those from the page before: the first */
    struct exec_block *regions;
    uint32_t longest; /* of all that ever hung here */
    bool slept;       /* some became dormant */
};

/* A CPU between two instructions of a canonical block (debuggers only); saved. */
struct exec_cursor {
    uint64_t start;              /* virtual address of the block */
    uint32_t done;               /* instructions already executed; 0 = at a boundary */
    uint32_t pad;
};

struct exec_core {
    struct exec_cpu shared;      /* cpu->exec_private */
    struct cpu *cpu;
    struct arena transient;      /* of its block that is used once */
};

/* Saved: where in a round the machine is. */
#define EXEC_HURRY      4u
#define EXEC_HURRY_CPUS 8u
struct exec_sched {
    ps_t now, deadline;
    /*
     * With several CPUs: how far the rounds until now were meant to go. A round that was cut leaves
     * CPUs which had their turn beyond `now`; a replay, which knows an input beforehand, would have stopped
     * them at its time. So inputs take effect no earlier than this (machine.inputs_from).
     */
    ps_t reached;
    uint32_t turn;               /* index of the CPU whose turn it is */
    uint32_t in_round;           /* 0: between rounds */
    uint32_t hurry;              /* the next round has a quantum of 1 / 2^this; it gets less with each */
    uint32_t cursor_bytes;
    struct exec_cursor *cursors; /* one per CPU */
};

struct exec_counters {
    uint64_t translated, improved, regions, dropped, revived, flushes, guest_bytes, translate_ns;
    uint64_t lookups, links, exceptions, interrupts, rounds, polls, idle_jumps;
    uint64_t parallel_rounds, slices, looks, alone, locks, lock_waits, lock_sleeps;
    uint64_t held_ns, alone_ns, lock_ns;   /* of all threads of a parallel round: waiting */
};

struct exec {
    struct machine *machine;
    struct exec_options options;
    const struct exec_backend_ops *ops;
    struct exec_backend *be;
    struct exec_backend *interp;           /* for transient blocks; == be in EXEC_INTERP */
    struct exec_core *cores[EXEC_MAX_CPUS];
    /*
     * A bit for each CPU that may run: set by whatever wakes one, cleared when a look finds it waiting.
     * Of hundreds most sleep, and rounds must not ask each of them. Derived.
     */
    uint64_t awake[EXEC_MAX_CPUS / 64];
    uint32_t n_cpus;
    struct exec_sched sched;

    /* The turn in progress. */
    struct cpu *running;
    uint64_t insn_limit;                   /* all CPUs together */
    bool failed;                           /* a host error stopped the run */

    /* Cache */
    struct exec_cached **hash, **dormant; /* dormant: dropped ones, whose bytes may come back */
    struct exec_front *front;
    struct exec_page **pages[EXEC_MAX_RAMS]; /* by page of each RAM block; NULL: no code in it since the last flush */
    struct mem_ram *rams[EXEC_MAX_RAMS];
    uint32_t n_rams;                       /* of the machine's, known so far */
    struct arena arena, scratch;
    bool flush_wanted;
    uint64_t *coverage;
    uint32_t n_coverage;

    /* Host */
    struct exec_host_ops host;
    uint64_t last_poll_ns, pace_host_ns;
    ps_t pace_now;
    int64_t slice;                         /* cycles between looks at the host's clock */

    /* Debugging */
    va_t *breaks;
    uint32_t n_breaks;
    struct mmu_watch *watches;
    uint32_t n_watches;

    struct exec_counters count;
    struct exec_parallel *parallel;        /* NULL: rounds are serial */
};

/* Where a block starts, found by run.c. */
struct exec_place {
    struct mem_ram *ram;
    uint64_t offset;             /* of the first instruction in ram */
    uint32_t page, page2;        /* page2: of the next virtual page if needed and mapped */
    const uint8_t *next;         /* its bytes, or NULL */
    uint32_t mode;
    uint32_t avail;              /* bytes of code that may be used */
};

/* ---- cache.c ---- */
struct exec_cached *exec_cache_find(struct exec *x, uint32_t page, uint32_t page2, int32_t start,
                                    uint32_t mode);
/* The code of the block that lies in `page` alone; NULL: there is none. */
const void *exec_cache_code(struct exec *x, uint32_t page, uint32_t start, uint32_t mode);
/* The same if it was looked up lately; without the machine's lock. */
const void *exec_cache_front(struct exec *x, uint32_t page, uint32_t start, uint32_t mode);
bool exec_cache_add(struct exec *x, struct exec_cached *c); /* its bytes become code; false: no memory */
/*
 * The dropped block for `p` whose bytes are what memory holds now, in the cache again; or NULL. Code that
 * modifies itself, and pages that are loaded with the same program again, so cost no translation.
 */
struct exec_cached *exec_cache_revive(struct exec *x, const struct exec_place *p);
void exec_cache_drop(struct exec *x, struct exec_cached *c);
void exec_cache_flush(struct exec *x);          /* only between calls of an executor */
void exec_cache_written(void *x, struct mem_ram *ram, uint64_t offset, uint64_t n);
int exec_cache_adopt_rams(struct exec *x, struct err *e);
struct mem_ram *exec_cache_ram(const struct exec *x, uint32_t page, uint64_t *offset);

/* ---- translate.c ---- */
/* NULL after a host error (reported, machine stopped), or when flush_wanted is set: flush, then try again. */
struct exec_cached *exec_translate(struct exec *x, struct cpu *cpu, const struct exec_place *p);
/*
 * A block that is used once, by the interpreter: up to `limit` instructions of the canonical
 * block at `p`, from instruction `from` on. *n = instructions of the canonical block.
 */
struct exec_cached *exec_translate_once(struct exec *x, struct cpu *cpu, const struct exec_place *p,
                                        uint32_t from, uint32_t *n);
/* What the entry counter of a block starts from. */
uint32_t exec_entries(const struct exec *x, const struct exec_block *b);
/* Its entry counter ran out: compiled again with care, or the first of a region. */
void exec_block_hot(struct exec *x, struct cpu *cpu, struct exec_cached *c);
void exec_fail(struct exec *x, const struct err *e);

/* ---- run.c ---- */
enum exec_turn { EXEC_TURN_DONE, EXEC_TURN_POLL, EXEC_TURN_LIMIT, EXEC_TURN_STOP, EXEC_TURN_DEBUG };
enum exec_turn exec_run_turn(struct exec *x, struct cpu *cpu);
bool exec_find_place(struct exec *x, struct cpu *cpu, va_t pc, struct exec_place *p, bool *once);
/* What follows from leaving an executor, but for edges; false: the turn ends (cpu idle or yields). */
bool exec_left(struct exec *x, struct cpu *cpu, enum exec_leave why);
void exec_take_exception(struct exec *x, struct cpu *cpu);
bool exec_take_interrupt(struct cpu *cpu); /* traced */
void exec_set_budget(struct cpu *cpu, int64_t budget);
bool exec_execute(struct exec *x, struct cpu *cpu);      /* until the budget is gone; false: the turn ends */

/* ---- sched.c ---- */
uint64_t exec_ticks_at(const struct cpu *cpu, ps_t t);   /* first tick at or after t */
void exec_cut(struct exec *x, ps_t t);                   /* nothing runs past t without a look */
uint64_t exec_host_ns(void);
uint64_t exec_insns(const struct exec *x);               /* of all CPUs */
void exec_advance_to(struct cpu *cpu, ps_t t);
bool exec_others_run(struct exec *x, const struct cpu *cpu);
void exec_poll_host(struct exec *x, int wait_ms);
void exec_wake_all(struct exec *x);                      /* look at each again */

/* ---- parallel_lock.c ---- */
/*
 * After the executor left for `why`, still without the lock. True: nobody wants anything of the CPU, and it has
 * another slice, to go on with at cpu->pc. A hint to pause may have been done with then.
 */
bool exec_parallel_more(struct exec *x, struct cpu *cpu, enum exec_leave *why);

/* ---- debug.c ---- */
/* Does the turn have to go instruction by instruction here? */
bool exec_is_debugged(const struct exec *x, const struct cpu *cpu);
/* One instruction, or the block's start; false: stop (cpu->debug is set). */
enum exec_turn exec_debug_insn(struct exec *x, struct cpu *cpu, bool check_break, bool *ends);

static inline struct exec_cursor *exec_cursor_of(const struct exec *x, const struct cpu *cpu)
{
    return &x->sched.cursors[cpu->index];
}

#endif
