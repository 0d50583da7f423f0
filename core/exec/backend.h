/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_BACKEND_H
#define ORRERY_CORE_EXEC_BACKEND_H
/*
 * What an executor of units is: the interpreter, the x86-64 code generator, and
 * whatever host comes next. Private to core/exec and its folders and tests.
 *
 * A *block* is the unit's compiled form. Control arrives at its entry with
 * cpu->page = virtual address of its first page, cpu->set current, and budget > 0.
 * It leaves the executor with cpu->pc, guest slots and cpu->budget in memory, and
 * says why (exec_leave).
 *
 * Charging, the same for every executor and tier: when a canonical block ends, its
 * static cost is subtracted; if the budget is then <= 0 the executor leaves with
 * EXEC_LEAVE_BUDGET and pc = the next block's address, otherwise it goes on. Where less
 * is left than several blocks want, the code generator may leave in front of them
 * with EXEC_LEAVE_LOOKUP, if it has a run loop: they are run one by one then. A
 * faulting operation charges the cost before its instruction. Hooks of the timing
 * model subtract what they return at once. Models that are not uniform also count
 * cpu->insns at the same points.
 *
 * Edges. Each JUMP and each side of a BRANCH is an edge. An unlinked edge leaves with
 * EXEC_LEAVE_EDGE and cpu's exec_private->edge set; the run loop finds the target
 * and calls `link`. Inside the page the link is a plain jump (the mapping cannot
 * differ); to another page it compares set->fetch[page] with the target's page id
 * first and leaves with EXEC_LEAVE_LOOKUP on mismatch, and it moves cpu->page.
 * Indirect jumps probe set->jump in emitted code.
 *
 * Dropping. `retire` makes every later arrival at the block's entry (by link,
 * jump entry or region) leave with EXEC_LEAVE_LOOKUP; its memory is reclaimed
 * with the half of the code buffer in which it lies, or when all is flushed. A block may be retired while it runs:
 * the store that did it returns "leave" to the executor (CPU_EXIT_RESYNC). `revive`,
 * between calls of `run`, undoes it when the block's bytes are there again; links to it
 * and its region are gone.
 *
 * Leaving inside a block. A memory operation that returns 1, and a call declared EXITS
 * after which cpu->exit has EXCEPTION or DEBUG, was not done: the cost before its
 * instruction is charged, pc is that instruction, EXEC_LEAVE_EXIT. (A store into the
 * running block may return 1 although it was done: it is repeated, so only what can be
 * repeated may do that.) A call after which cpu->exit asks for anything else was done:
 * the executor calls cpu_kick, and the block leaves at its end. EXIT leaves with its
 * own reason even when the budget is used up.
 *
 * What was compared when a block was found must hold when it is entered by a link or a
 * jump entry: for blocks with a second page its fetch entry is compared too.
 *
 * Side table. For each operation that may fault, call out or read time, a
 * `struct cpu_site` plus what the executor needs to rebuild guest slots. Cold
 * stubs put its address into cpu->site before calling out.
 */
#include "core/exec/exec.h"
#include "mmu/tlb.h"

enum exec_leave {
    EXEC_LEAVE_BUDGET,
    EXEC_LEAVE_LOOKUP,
    EXEC_LEAVE_EDGE,
    EXEC_LEAVE_IDLE,
    EXEC_LEAVE_YIELD,
    EXEC_LEAVE_EXIT,     /* cpu->exit holds the reasons; pc = the instruction that asked */
    EXEC_LEAVE_HOT,      /* the entry counter ran out: cpu's exec_private->block */
};

#define EXEC_COUNTS     (1u << 18) /* bytes of cpu->counts; blocks beyond share places, and are a little off */
#define EXEC_COUNT_STEP 16

struct exec_block;
struct exec_edge {
    struct exec_block *from, *to; /* `to` NULL: not linked */
    int32_t target;               /* offset from the first page of `from` */
    uint32_t patch;               /* back end: where the jump sits */
    uint32_t guard;               /* back end: the same of what a link to another page leads through; 0: nothing */
    struct exec_edge *next, **at; /* back end: of those linked to `to`; `at`: what points here */
};

struct exec_block {
    uint32_t page;               /* mmu_page_id of the first page */
    uint32_t page2;              /* second page when the last instruction crosses, else UINT32_MAX */
    uint32_t mode;
    int32_t start;               /* offset in the page */
    uint32_t length;             /* guest bytes (of all blocks: see `pieces` of a region) */
    bool region, retired;
    bool quick;                  /* made by compile_quick, and not improved since */
    uint8_t copies;              /* regions that have been planned with it */
    /*
     * Counts down to EXEC_LEAVE_HOT in what is no region. With several host threads each counts EXEC_COUNT_STEP arrivals by
     * itself (cpu->counts) before it takes them off here: this line would go from host CPU to host CPU at each.
     */
    uint32_t counter;
    const uint32_t *heat;        /* while a region is compiled: how often each of its blocks ran; else NULL */
    uint16_t n_edges, n_insns;
    /* [2i] of block i of the unit: jump or taken, [2i+1]: not taken; unused ones at the end are left out */
    struct exec_edge *edges;
    const void *code;            /* back end: entry */
    void *backend_private;       /* side tables, or the interpreter's unit */
    struct exec_block *next_hash, *next_in_page, *next_in_page2;
};

/* Per CPU, at cpu->exec_private. */
struct exec_cpu {
    struct exec_edge *edge;      /* after EXEC_LEAVE_EDGE */
    struct exec_block *block;    /* running, or after EXEC_LEAVE_HOT */
    bool beside;                 /* others run at the same time: calls out take the machine's lock (parallel.h) */
    bool inside;                 /* in translated code, or called out of it */
    bool mid;                    /* called out of it, and waiting for others */
    bool called;                 /* another CPU waits for an answer (cpu_tell_others); looked at without the lock */
    uint32_t pauses;             /* hints to pause in parallel rounds */
    /* For parallel rounds. Without the lock others read `reached` and set `attention`; all else is its thread's. */
    uint64_t reached;            /* cycles, at its last boundary */
    bool attention;              /* somebody wants it to look, with the lock */
    bool shares;                 /* its thread has another CPU that runs */
    bool waits;                  /* it is too far ahead of the slowest */
    ps_t overtime;               /* how far it may go all the same, for an interrupt */
    ps_t follow, credit;         /* others left it behind: to where it is to go on; by how much it may */
    uint64_t look;               /* cycles at which it looks in any case */
    int64_t slice_end;           /* cycles_end as long as nothing cut the slice */
    uint64_t slices;             /* since it had the lock */
    uint64_t ticks, ticks_of, ticks_hz; /* sched.c: the first tick at or after simulated time ticks_of, of a clock of so many Hz */
    uint64_t scratch[148];       /* back end: saved host registers while out in C */
};

/* How much block i of a region of n counts, 1 to 512, by how often each ran. */
static inline uint32_t exec_weight(const uint32_t *heat, uint32_t n, uint32_t i)
{
    uint32_t most = 1;
    for (uint32_t k = 0; k < n; k++)
        most = MAX(most, heat[k]);
    return 1 + (uint32_t)((uint64_t)heat[i] * 511 / most);
}

struct exec_backend;
struct exec_backend_ops {
    const char *name;
    int (*create)(struct exec_backend **out, struct exec *x, const struct exec_options *o,
                  struct err *e);
    void (*destroy)(struct exec_backend *be);
    /*
     * Compile an optimized, use-counted unit into `b` (key fields and edges[].target are
     * the caller's; patch, code and backend_private the back end's). ERR_LIMIT: the
     * code buffer is full; the caller flushes and tries again. Per-block data that
     * must live with the block comes from `arena` (emptied by flush).
     */
    int (*compile)(struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                   struct arena *arena, struct err *e);
    /*
     * May be NULL. Likewise from a unit that no pass has seen, which may be changed: quickly, rather than well.
     * ERR_UNSUPPORTED: not of this unit, which is as it was.
     */
    int (*compile_quick)(struct exec_backend *be, struct ir_unit *u, struct exec_block *b,
                         struct arena *arena, struct err *e);
    /*
     * May be NULL. A second back end beside `be`, that compiles into a part of its buffer of its own: on another thread, if
     * wanted. Of the operations it has `compile`, `flush`, `code_used` and `destroy`, which comes before that of `be`; for all
     * others its blocks are be's. To be called while nothing is compiled yet.
     */
    int (*annex)(struct exec_backend **out, struct exec_backend *be, struct err *e);
    /*
     * May be NULL: no. Does `compile`, of this back end or its annex, take units that ir_widen has seen? One answer, always the same:
     * it is asked for each unit of the second tier, on the thread that compiles it.
     */
    bool (*has_v256)(const struct exec_backend *be);
    /* `b` is another, compiled, of the same place: arrivals at `old` go on in it, links to and from `old` are its own from now on. */
    void (*supersede)(struct exec_backend *be, struct exec_block *old, struct exec_block *b);
    void (*link)(struct exec_backend *be, struct exec_edge *edge, struct exec_block *to);
    void (*retire)(struct exec_backend *be, struct exec_block *b);
    void (*revive)(struct exec_backend *be, struct exec_block *b);
    /* All later arrivals at `b` continue at `region` (same entry point). */
    void (*replace)(struct exec_backend *be, struct exec_block *b, struct exec_block *region);
    /* Arrivals at `b`, which has no region and will have none, need not be counted any more; may be NULL. */
    void (*uncount)(struct exec_backend *be, struct exec_block *b);
    void (*flush)(struct exec_backend *be); /* forget everything */
    /*
     * NULL, all or none. Code lies in two halves, of which one is filled. After ERR_LIMIT: `old` says which have to be emptied
     * for more room, bits; the caller retires their blocks and calls `forget` for each, which undoes its links; `turn`
     * begins to fill what is returned, half 0 or 1; and `sever` undoes links of a block that stays, if they led through what
     * was emptied.
     */
    uint32_t (*old)(const struct exec_backend *be);
    void (*forget)(struct exec_backend *be, struct exec_block *b);
    uint32_t (*turn)(struct exec_backend *be);
    void (*sever)(struct exec_backend *be, struct exec_block *b);
    enum exec_leave (*run)(struct exec_backend *be, struct cpu *cpu, struct exec_block *b);
    /* May be NULL: no parallel rounds. On from cpu->pc, in the mode cpu->mode_flags, as from a jump. */
    enum exec_leave (*resume)(struct exec_backend *be, struct cpu *cpu);
    uint64_t (*code_used)(const struct exec_backend *be); /* bytes */
};

/* What a side table says of the guest instruction that `in`, an INSN of `b`, begins. */
static inline struct cpu_site exec_site_of(const struct ir_unit *u, const struct ir_block *b,
                                           const struct ir_inst *in)
{
    int32_t at = (int32_t)in->imm;
    uint32_t before = (uint32_t)in->imm2 - b->first_insn;
    return (struct cpu_site){ .at = at,
                              .cost_before = u->uniform != 0 ? before * u->uniform : u->insns[in->imm2].cost_before,
                              .insns_before = (uint16_t)before,
                              .rest = (uint16_t)(b->start + (int32_t)b->length - at) };
}

/*
 * Short cuts past the run loop for executors whose jump entries hold code; all slots, pc and budget are in memory.
 * exec_go_on: an operation left (EXEC_LEAVE_EXIT). If that was for an exception it is taken here. True: go on by the
 * jump entries at cpu->pc, in the mode cpu->mode_flags; else leave with EXEC_LEAVE_EXIT all the same.
 * exec_find_code: instead of leaving for a look-up at cpu->pc. What is to be entered there in the mode cpu->mode_flags; NULL: leave.
 * exec_next_piece: likewise instead of EXEC_LEAVE_BUDGET, of a CPU that has a run loop. An interrupt that is due has been taken
 * then, and there is a new budget; if NULL, perhaps.
 */
bool exec_go_on(struct cpu *cpu);
const void *exec_find_code(struct cpu *cpu);
const void *exec_next_piece(struct cpu *cpu);

/*
 * Memory that will be written soon, in whole pages: another thread asks the host for them, which takes as long as the translation
 * of what is put there; `read`: of a view that is only read. What is there stays as it is. A ticket, or 0: nobody will do it, which
 * is no error. Not from that thread itself. exec_has_pages: it was done, or tried.
 */
uint64_t exec_ask_pages(struct exec *x, void *at, size_t n, bool read);
bool exec_has_pages(const struct exec *x, uint64_t ticket);
/* The same at once, by the caller. A host that does not know the advice has a fault for each page later, as it would have had. */
void exec_populate(void *at, size_t n, bool read);

/*
 * A unit of one block, annotated, of a model without hooks, that is run as it was decoded, by no back end. Room for as many values
 * and vectors as it has instructions. It goes on nowhere: EXEC_LEAVE_EDGE without an edge, EXEC_LEAVE_LOOKUP after
 * an indirect jump.
 */
struct exec_once {
    const struct ir_unit *u;
    struct exec_block *b;        /* its key, for who asks what runs */
    uint64_t *v;
    union ir_vec *q;
};
enum exec_leave exec_interp_once(struct cpu *cpu, const struct exec_once *o);

extern const struct exec_backend_ops exec_interp;
#if defined(__x86_64__)
extern const struct exec_backend_ops exec_x86_64;
#endif

#endif
