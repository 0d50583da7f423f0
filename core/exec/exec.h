/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_EXEC_H
#define ORRERY_CORE_EXEC_EXEC_H
/*
 * Running CPUs in simulated time.
 *
 * The scheduler gives CPUs turns: from the common time T to a deadline D = min(next
 * event, T + quantum, caller's limit). Then events at D run and T becomes D. A
 * device access or a helper that makes an event earlier, or wakes another CPU,
 * cuts the running turn at the next canonical boundary. When every CPU is idle, T
 * jumps to the next event; when there is none, the host is asked for input.
 * One host thread, a fixed order of CPUs: the run is a function of the machine
 * and its inputs. (Unless options.parallel: parallel.h.)
 *
 * Blocks are looked up by (RAM page, offset, mode), translated once for all
 * CPUs, chained directly inside a page and with a guard across pages, and dropped
 * when a byte they were made from is written. Hot blocks grow into regions.
 * Executors (`exec_backend`) are the portable interpreter, which is the oracle,
 * and the x86-64 code generator. All charge the same cycles at the same points.
 *
 * Lockstep runs two machines built alike, one per executor, over the same turns,
 * compares every declared field and all dirtied RAM after each, and on the first
 * difference restores the last agreeing state and repeats it block by block to name
 * the block and print both states.
 */
#include "core/cpu/cpu.h"

enum exec_mode { EXEC_INTERP, EXEC_JIT };
#define EXEC_MOST_FIRST 15u /* of exec_options.interpret_first */

/*
 * With options.coverage: after each pass through a block. `ids` (instruction ids, UINT16_MAX =
 * undecodable) of its `n` instructions; the first `retired` retired; if `trapped`, the next one raised
 * the exception in cpu->fault, which was not taken yet. n = 0: fetching from `start` raised it.
 */
typedef void exec_ran_fn(void *arg, const struct cpu *cpu, va_t start, const uint16_t *ids, uint32_t n,
                         uint32_t retired, bool trapped);

struct exec_options {
    enum exec_mode mode;
    uint64_t code_bytes;        /* size of the code buffer; 0 = 256 MiB */
    ps_t quantum;               /* 0 = 10 us (functional), parallel 4 ms; ignored with one CPU */
    bool parallel;              /* CPUs on host threads, with EXEC_JIT and models without hooks: parallel.h */
    uint32_t threads;           /* at most so many; 0: as many as the host has CPUs for this process */
    uint32_t region_threshold;  /* executions before a block grows into a region; 0 = 10000, UINT32_MAX never */
    /*
     * Executions before a block, first compiled as quickly as possible, is compiled again as well as possible;
     * 0 = 200, 1 = at once, UINT32_MAX never.
     */
    uint32_t optimize_threshold;
    /*
     * Arrivals at a block that are interpreted, straight from its IR, before it is compiled, up to EXEC_MOST_FIRST; 0 = none.
     * Of EXEC_JIT, with models without hooks, while nobody looks at each block (coverage, breakpoints, watchpoints, dump).
     */
    uint32_t interpret_first;
    uint32_t translate_threads; /* 1: blocks that run often are compiled on a host thread of their own; 0: at once */
    uint32_t host_features;     /* mask of enum exec_host to hide from the code generator (tests) */
    uint32_t dump;              /* enum exec_dump: print to stderr while translating */
    bool verify;                /* IR verifier after every pass */
    bool plain;                 /* no passes over the IR: what they do is compared with (tests) */
    bool coverage;              /* count retired instructions by id; blocks are not joined then */
    exec_ran_fn *ran;           /* with coverage; may be NULL */
    void *ran_arg;
    bool perf_map;              /* write /tmp/perf-PID.map */
};
enum exec_host { EXEC_HOST_AVX = 1, EXEC_HOST_AVX2 = 2, EXEC_HOST_BMI2 = 4, EXEC_HOST_FMA = 8,
                 EXEC_HOST_AVX512 = 16, EXEC_HOST_LZCNT = 32, EXEC_HOST_CRYPTO = 64 }; /* AES, SHA, PCLMULQDQ, GFNI */
enum exec_dump { EXEC_DUMP_DECODE = 1, EXEC_DUMP_IR = 2, EXEC_DUMP_OPT = 4, EXEC_DUMP_ASM = 8 };

/* Host side of a run: called between turns, never more often than every ~1 ms of host time. */
struct exec_host_ops {
    /* Deliver pending host input. `wait_ms`: may block that long (-1 = until input). */
    void (*poll)(void *arg, int wait_ms);
    /*
     * Would poll(arg, 0) do anything? It changes nothing that CPUs may look at meanwhile, while with several on host threads
     * all stop for `poll`. NULL: perhaps.
     */
    bool (*ready)(void *arg);
    void *arg;
    /* Pace: 0 = as fast as possible; else simulated ps per host ns * 1000 (1000000 = real time). */
    uint64_t pace;
};

enum exec_reason {
    EXEC_STOPPED,    /* machine->stop is set */
    EXEC_LIMIT_TIME, EXEC_LIMIT_INSNS,
    EXEC_DEBUG,      /* a CPU hit a breakpoint, watchpoint or finished a step: *cpu */
    EXEC_DEADLOCK,   /* all CPUs idle or off, no event, no host input possible */
};

struct exec_limits {
    ps_t time;         /* PS_NEVER = none */
    uint64_t insns;    /* retired by all CPUs together, stop at the first boundary at or after; UINT64_MAX */
    uint64_t compare;  /* lockstep: instructions between two comparisons; 0 = 100000 */
};

struct exec;
int exec_create(struct exec **out, struct machine *m, const struct exec_options *o,
                struct err *e) MUST_CHECK;
void exec_destroy(struct exec *x);
/* In order of index; timing model already in cpu->tm. Attaches the software TLB. */
int exec_add_cpu(struct exec *x, struct cpu *cpu, struct err *e) MUST_CHECK;
void exec_set_host(struct exec *x, const struct exec_host_ops *ops);

enum exec_reason exec_run(struct exec *x, const struct exec_limits *limits, struct cpu **cpu);

/* One instruction of one CPU (others stand still), without changing where blocks are cut. */
enum exec_reason exec_step(struct exec *x, struct cpu *cpu);

/* Breakpoints are by virtual address, all CPUs, checked before the instruction. */
int exec_set_break(struct exec *x, va_t addr, bool on, struct err *e) MUST_CHECK;
int exec_set_watch(struct exec *x, va_t addr, uint64_t size, bool load, bool store, bool on,
                   struct err *e) MUST_CHECK;

/* Guest instructions were made visible (fence.i, IC IALLU) or all translations must go. */
void exec_flush_code(struct exec *x);

uint32_t exec_n_cpus(const struct exec *x);
struct cpu *exec_cpu(const struct exec *x, uint32_t index);
/* The CPU whose instruction is under way, for parts that answer the one that asks; NULL: none. */
struct cpu *exec_running(const struct exec *x);
ps_t exec_time(const struct exec *x);

/* Counters for people: guest instructions, blocks, regions, bytes, host ns spent translating... */
struct exec_stat {
    const char *name, *unit;
    uint64_t value;
};
uint32_t exec_stats(const struct exec *x, struct exec_stat *out, uint32_t max);
/* Instructions retired by id, when options.coverage: array of `n` or NULL. */
const uint64_t *exec_coverage(const struct exec *x, uint32_t *n);

/*
 * Lockstep: `a` and `b` were built alike and differ in exec_options.mode. The report goes to `out`;
 * with NULL nobody looks for the block either: only *differ is found out.
 */
enum exec_reason exec_lockstep(struct exec *a, struct exec *b, const struct exec_limits *limits,
                               FILE *out, bool *differ);

#endif
