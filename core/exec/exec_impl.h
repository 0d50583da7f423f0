/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_EXEC_IMPL_H
#define ORRERY_CORE_EXEC_EXEC_IMPL_H
/*
 * What the files of core/exec share.
 *     exec.c      life, options, counters
 *     sched.c     rounds and turns in simulated time, limits, host polls, pace
 *     run.c       one CPU's turn: look up, execute, what each way of leaving means
 *     cache*.c    blocks by (page, offset, mode), by page, dropping, flushing
 *     translate.c guest bytes to a compiled block
 *     first.c     blocks that are interpreted before they are worth that
 *     hot.c       second translations and regions
 *     background.c  a thread for them
 *     debug.c     breakpoints, watchpoints, single steps
 *     lockstep.c  two machines
 *     parallel*.c rounds of several host threads: see parallel_impl.h
 *
 * Rules. (1) A turn may be cut at any canonical boundary and taken up again: nothing the
 * guest sees depends on it. (2) Blocks are dropped at any time, forgotten only between
 * calls of an executor. (3) Between turns budget is 0 and the ends are exact.
 */
#include "core/exec/backend.h"
#include "core/exec/parallel.h"
#include "core/util/arena.h"

#define EXEC_FLUSH_ALL   1u              /* flush_wanted: everything is to be forgotten */
#define EXEC_FLUSH_FIRST 2u              /* room for first translations is wanted, for others */
#define EXEC_FLUSH_ANNEX 4u
#define EXEC_MAX_CPUS    1024u
#define EXEC_HASH_BITS   18
#define EXEC_NO_PAGE     UINT32_MAX
#define EXEC_MAX_RAMS    64u
#define EXEC_PARALLEL_SLICE 4096 /* cycles between a CPU's looks at what others want of it, in parallel rounds */
#define EXEC_PART_BYTES  (256ull << 20) /* of blocks in one half before the other one's are forgotten */
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
    struct exec_cached *next_in_part;
    struct exec_cached *partner; /* regions: the first-tier block that was replaced; else what replaced it */
    uint8_t *bytes;              /* what it was made of; NULL: a region, or one that is not kept when dropped */
};

/* Where indirect jumps to a block of the hash lead: to its region, if it has one. */
static inline const void *exec_code_of(const struct exec_cached *c)
{
    return c->partner != NULL ? c->partner->b.code : c->b.code;
}

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

/* What lies in one half of what the back end, or its annex, fills: all blocks ever made there, and what belongs to them. */
struct exec_part {
    struct arena arena;
    struct exec_cached *blocks;  /* next_in_part */
};
enum { EXEC_FIRST, EXEC_ANNEX }; /* the back end and its annex */

/* How far the host was asked for pages of the arena that first translations are put into. */
struct exec_ahead {
    const void *of;              /* its chunk that is filled */
    uint8_t *asked, *look;       /* up to where; and where to ask for more */
};

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
    struct exec_cached first;    /* its block that is not compiled yet: no more than what names it */
    struct exec_once once;       /* of that */
    struct arena units;          /* what follows: made once */
    struct ir_unit *unit;        /* of `once` */
    uint32_t room;               /* values that there is room for in `once` */
    bool timed;                  /* its pass is timed */
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
    uint64_t first, later;                 /* blocks interpreted for the first time; compiled after that */
    uint64_t passes, interpret_ns;         /* of first.c, all of them */
    uint64_t translated, improved, regions, dropped, revived, flushes, guest_bytes, translate_ns;
    uint64_t lookups, links, exceptions, interrupts, rounds, polls, idle_jumps;
    uint64_t parallel_rounds, slices, looks, alone, tells, locks, lock_waits, lock_sleeps;
    uint64_t held_ns, alone_ns, tell_ns, lock_ns; /* of all threads of a parallel round: waiting */
    uint64_t followed_ns;                  /* simulated: of CPUs that were left behind */
};

/* When the host's clock was looked at in a turn: most turns are one piece, and most pieces short. */
struct exec_look {
    uint64_t since;  /* when the first piece was done; 0: not known */
    uint64_t cycles; /* of the CPU, at the last look */
    uint32_t pieces; /* since then */
};

struct exec {
    struct machine *machine;
    struct exec_options options;
    const struct exec_backend_ops *ops;
    struct exec_backend *be;
    struct exec_backend *annex;            /* of what is compiled with care; NULL in EXEC_INTERP */
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
    struct exec_look look;
    uint64_t insn_limit;                   /* all CPUs together */
    bool failed;                           /* a host error stopped the run */

    /* Cache */
    struct exec_cached **hash, **dormant; /* dormant: dropped ones, whose bytes may come back */
    struct exec_front *front;
    uint32_t *seen;                        /* first.c; NULL: all is compiled at once */
    bool was_seen;                         /* the place asked for last */
    struct exec_page **pages[EXEC_MAX_RAMS]; /* by page of each RAM block; NULL: no code in it since the last flush */
    struct mem_ram *rams[EXEC_MAX_RAMS];
    uint32_t n_rams;                       /* of the machine's, known so far */
    struct exec_part parts[2][2];          /* of either, by half */
    uint32_t part[2];                      /* the half of either that is filled */
    struct exec_ahead ahead;
    struct arena pages_arena, scratch;
    struct exec_job *job;                  /* of those that are done at once */
    void *memo;                            /* ir_unit.memo */
    uint8_t flush_wanted;                  /* EXEC_FLUSH_* */
    bool too_large;                        /* a block was, for the code buffer: it is to be interpreted */
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
    struct exec_background *background;    /* NULL: hot blocks are compiled at once */
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

/* ---- cache.c, cache_written.c, cache_room.c ---- */
struct exec_cached *exec_cache_find(struct exec *x, uint32_t page, uint32_t page2, int32_t start,
                                    uint32_t mode);
/* The code of the block that lies in `page` alone; NULL: there is none. */
const void *exec_cache_code(struct exec *x, uint32_t page, uint32_t start, uint32_t mode);
/* What is in front of the hash for the block's place is forgotten: looked for anew. */
void exec_cache_forget_front(struct exec *x, const struct exec_block *b);
/* The same if it was looked up lately; without the machine's lock. */
const void *exec_cache_front(struct exec *x, uint32_t page, uint32_t start, uint32_t mode);
bool exec_cache_add(struct exec *x, struct exec_cached *c); /* its bytes become code; false: no memory */
/* The bytes of `b`, which is no region, are code: stores to them are noticed. */
void exec_cache_mark(struct exec *x, const struct exec_block *b);
/*
 * The dropped block for `p` whose bytes are what memory holds now, in the cache again; or NULL. Code that
 * modifies itself, and pages that are loaded with the same program again, so cost no translation.
 */
struct exec_cached *exec_cache_revive(struct exec *x, const struct exec_place *p);
void exec_cache_drop(struct exec *x, struct exec_cached *c);
/* `c` takes the place of `old`, whose bytes it was made of, too. */
void exec_cache_supersede(struct exec *x, struct exec_cached *old, struct exec_cached *c);
/* Only between calls of an executor: */
void exec_cache_flush(struct exec *x);          /* everything */
void exec_cache_make_room(struct exec *x);      /* what flush_wanted says */
static inline struct exec_part *exec_part(struct exec *x, unsigned which)
{
    return &x->parts[which][x->part[which]];
}
/* A block of the half that is filled. */
static inline void exec_own(struct exec_part *p, struct exec_cached *c)
{
    c->next_in_part = p->blocks;
    p->blocks = c;
}
void exec_cache_written(void *x, struct mem_ram *ram, uint64_t offset, uint64_t n);
int exec_cache_adopt_rams(struct exec *x, struct err *e);
struct mem_ram *exec_cache_ram(const struct exec *x, uint32_t page, uint64_t *offset);

static inline struct exec_core *exec_core_of(const struct cpu *cpu)
{
    return CONTAINER_OF((struct exec_cpu *)cpu->exec_private, struct exec_core, shared);
}

/* ---- translate.c ---- */
/* Where the unit's first block is, as of the place it was translated at. */
void exec_name_block(struct exec_block *b, const struct ir_unit *u, const struct exec_place *p);
/* NULL after a host error (reported, machine stopped), or when flush_wanted is set: flush, then try again. */
struct exec_cached *exec_translate(struct exec *x, struct cpu *cpu, const struct exec_place *p);
/*
 * A block that is used once, by the interpreter: up to `limit` instructions of the canonical
 * block at `p`, from instruction `from` on. *n = instructions of the canonical block.
 */
struct exec_cached *exec_translate_once(struct exec *x, struct cpu *cpu, const struct exec_place *p,
                                        uint32_t from, uint32_t *n);
#define EXEC_TIMED 8u /* one block in so many is timed, for all of them: the clock takes as long as an instruction's translation */
/* What the entry counter of a block starts from. */
uint32_t exec_entries(const struct exec *x, const struct exec_block *b);
void exec_fail(struct exec *x, const struct err *e);
/* An empty unit in `scratch`, which is emptied. */
int exec_new_unit(struct arena *scratch, void *memo, const struct cpu *cpu, uint32_t mode, struct ir_unit **u, struct err *e);
uint32_t exec_hint(const struct cpu *cpu);
/* Costs and checks of what was translated. */
int exec_check_unit(struct exec *x, const struct cpu *cpu, struct ir_unit *u, const struct exec_place *p, struct err *e);
/* All there is between translation and compilation: costs, checks, passes. */
int exec_prepare(struct exec *x, const struct cpu *cpu, struct ir_unit *u, const struct exec_place *p, struct err *e);
/* A block for the unit, with all but what the back end adds. Its edges lie behind it, and room for the bytes of a first block. */
struct exec_cached *exec_new_block(const struct exec *x, const struct ir_unit *u, const struct exec_place *p,
                                   struct arena *arena);
/*
 * Its bytes, those in its first page at `code`, for the day when they are overwritten and come back. A block of which they
 * are not all known is not kept then.
 */
void exec_keep_bytes(struct exec_cached *c, const uint8_t *code, const uint8_t *next);

/* ---- first.c ---- */
int exec_first_create(struct exec *x, struct err *e) MUST_CHECK;
void exec_first_forget(struct exec *x);
/* Is the block at `p`, which is not in the cache, to be interpreted this time? Then this was an arrival. */
bool exec_first_wanted(struct exec *x, const struct cpu *cpu, const struct exec_place *p);
/* That block, for exec_run_once. NULL after a host error. */
struct exec_cached *exec_first_translate(struct exec *x, struct cpu *cpu, const struct exec_place *p);
/* What exec_first_translate or exec_translate_once returned. */
enum exec_leave exec_run_once(struct exec *x, struct cpu *cpu, struct exec_cached *c);

/* ---- hot.c ---- */
/*
 * A block to be compiled with care: by itself, in place of its first translation, or as the first of a region. It is
 * planned and taken in by threads that run CPUs, and done by any: that needs nothing that changes.
 */
#define EXEC_JOB_BLOCKS 32u
struct exec_job {
    struct cpu *cpu;             /* what it is counts, not its state */
    va_t va;                     /* where it ran hot */
    bool region, full;           /* full: it was not done since there was no room for it */
    uint32_t hint, n;
    struct exec_place place;     /* of the first block */
    struct exec_cached *blocks[EXEC_JOB_BLOCKS];
    int32_t starts[EXEC_JOB_BLOCKS];
    uint32_t heat[EXEC_JOB_BLOCKS]; /* of a region: how often each ran */
    struct exec_cached *made;    /* NULL: nothing */
    uint8_t code[MEM_PAGE], rest[16]; /* bytes of the page, and of the next one's beginning, when it was planned */
};
/* Its entry counter ran out. */
void exec_block_hot(struct exec *x, struct cpu *cpu, struct exec_cached *c);
void exec_job_do(struct exec *x, struct exec_job *j, struct arena *scratch, void *memo);
/* False: it was thrown away, as it was made of what is not there any more, or not made for lack of room. */
bool exec_job_take(struct exec *x, struct exec_job *j);
/* It is not to be done: its block counts anew. */
void exec_job_drop(struct exec *x, struct exec_job *j);

/* ---- background.c ---- */
/*
 * Jobs done by a thread of their own. Whoever runs CPUs (with the machine's lock, if there is one) puts them into queues and
 * takes them in again at the run loop's next turn, without a lock or a wait: between the two they belong to the thread, as do
 * the annex and its arena. Regions come first, and otherwise who ran hot first.
 */
struct exec_background;
int exec_background_create(struct exec *x, struct err *e) MUST_CHECK;
void exec_background_destroy(struct exec *x);
/* Where to plan the next job; NULL: the queue is full. */
struct exec_job *exec_background_slot(struct exec *x, bool region);
void exec_background_put(struct exec *x, struct exec_job *j);
/* Those that are done. */
void exec_background_take(struct exec *x);
bool exec_background_is_done(const struct exec *x); /* some are */
/*
 * Waits until the thread has left what it does, and gives annex and arena back to the caller, until it resumes; jobs wait, or
 * are dropped while it is held. These may be called without a background.
 */
void exec_background_hold(struct exec *x);
void exec_background_drop(struct exec *x);
void exec_background_resume(struct exec *x);
bool exec_background_is_idle(const struct exec *x); /* no job waits or is under way */
struct exec_background_counters {
    uint64_t taken, thrown, refused, ns; /* blocks and regions; ns: of the thread's work */
};
struct exec_background_counters exec_background_count(const struct exec *x);

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

/* ---- parallel_alone.c ---- */
/* Between two blocks in the middle of a slice, without the lock: what others wait for to be done (cpu_tell_others). */
void exec_parallel_answer(struct exec *x, struct cpu *cpu);

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
