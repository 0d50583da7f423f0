/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_CPU_CPU_H
#define ORRERY_CORE_CPU_CPU_H
/*
 * What every CPU has, whatever its ISA. An ISA's CPU struct starts with `struct
 * cpu`; its guest registers are IR slots further down. Executors address all of
 * it off one host register, so the struct is at most 32 KiB + what only C touches.
 *
 * Time. A CPU's clock runs at `clock.hz`. During a slice
 *     cycle count now   = cycles_end - budget
 *     simulated time    = time of that cycle in the CPU's clock
 *     instructions      = insns_end - budget / uniform   (uniform models)
 *                       = insns                          (others)
 * `budget` counts down; translated code keeps it in a host register and leaves when
 * it is <= 0 at a canonical boundary. To make a CPU stop at the next boundary
 * (an interrupt, an earlier event), cpu_kick() moves what is left from budget to
 * the ends: the clock does not notice. Nothing else is polled.
 *
 * Faults. An operation that faults records it (cpu_raise) and returns; the
 * executor writes the guest registers back as the side table says, sets pc to
 * the faulting instruction, charges the part of the block done, and calls
 * ops->take_exception. So nothing unwinds through C frames.
 *
 * Called only from the thread that runs the machine; with several, by who holds its lock (core/exec/parallel.h).
 */
#include "core/device/line.h"
#include "core/device/machine.h"
#include "core/event/clock.h"
#include "core/ir/ir.h"

struct cpu;
struct exec;
struct mmu_set;
struct tm_cpu; /* core/timing: a model of this CPU, only passed through here */

enum cpu_run { CPU_RUNNING, CPU_IDLE, CPU_OFF }; /* idle: WFI; off: held (PSCI, HSM, reset) */

/* Reasons to leave translated code, in cpu.exit; 0 = none. */
enum cpu_exit {
    CPU_EXIT_EXCEPTION = 1u << 0, /* cpu.fault is filled in */
    CPU_EXIT_RESYNC    = 1u << 1, /* the running block was invalidated, or its mapping changed */
    CPU_EXIT_DEBUG     = 1u << 2, /* breakpoint, watchpoint: cpu.debug says which */
    CPU_EXIT_STOP      = 1u << 3, /* the machine stops */
};

enum cpu_access { CPU_LOAD, CPU_STORE, CPU_FETCH };

/* A fault in the ISA's own terms. */
struct cpu_fault {
    uint64_t cause, value, value2, value3; /* RISC-V: cause, tval, tval2, tinst; x86: vector, error, CR2 */
    bool pending;
};

/* Result of a translation for one access (4 KiB granularity, whatever the guest's page size). */
struct cpu_map {
    uint8_t size;          /* in: bytes of the access, inside one page; 0 counts as 1 */
    pa_t pa;               /* of the access itself */
    uint8_t page_shift;    /* of the mapping, for flush bookkeeping: 12.. */
    bool load, store, fetch; /* permissions in the current mode: all three may enter the TLB */
    bool no_cache;         /* never enter the TLB (a PMP boundary or watchpoint inside the page) */
    bool global;
    bool nonsecure;        /* to the Non-secure address space, although the CPU is in Secure state */
};

enum cpu_stop_kind { CPU_STOP_NONE, CPU_STOP_BREAK, CPU_STOP_WATCH, CPU_STOP_STEP };
struct cpu_debug {
    enum cpu_stop_kind kind;
    va_t addr;
    uint8_t access; /* enum cpu_access of a watchpoint */
};

struct cpu_reg; /* see regs.h: registers by name, for debuggers */

struct cpu_isa {
    const char *name;                /* "riscv64" */
    const struct ir_guest *guest;
    size_t size;                     /* of the ISA's CPU struct */
    const struct state_field *state; /* of the whole struct, cpu included through cpu_state */

    /* Block key: everything outside the bytes that decoding and semantics depend on. */
    uint32_t (*mode)(const struct cpu *cpu);
    /*
     * Append one canonical block at physical `code` (bytes up to the page's end:
     * `avail`; more through `next`, the following page's bytes or NULL when not
     * mapped) to `u`. `start` is the offset of its first instruction from the unit's
     * first page. An instruction that cannot be fetched ends the block before it;
     * if it is the first, the block raises the fetch fault itself. What comes out follows from its arguments, u->mode,
     * u->hint and what `cpu` is, not from its state; so it may be called on any thread.
     */
    void (*translate)(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                      uint32_t avail, const uint8_t *next);
    /*
     * What `translate` may guess by in a unit whose first block the CPU is about to run: it makes code better or worse, and
     * changes neither what blocks do nor where they end. NULL: nothing.
     */
    uint32_t (*hint)(const struct cpu *cpu);

    /*
     * Walk for one access. 0: *map filled. Else the fault was recorded by
     * cpu_raise unless `probe` (debugger: no faults, no A/D update, no cost).
     * `regime` is the number in IR_MEM_REGIME of the memop (0 = current data regime).
     */
    int (*walk)(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
                struct cpu_map *map);
    /* Nothing on the bus objects: what is not answered reads as ones, stores to it are lost (x86). raise_bus is not called then. */
    bool open_bus;
    /* A store is seen by the very next fetch, with nothing between them (x86): see `alone`. */
    bool fetches_own_stores;
    /* Physical access answered with an error, or misaligned where forbidden: record the fault. */
    void (*raise_bus)(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why);
    /*
     * The TLB context of accesses made with regime `regime` (not 0) now, as mmu_select's arguments; false:
     * such accesses are walked each time. NULL: always false.
     */
    bool (*regime_context)(const struct cpu *cpu, unsigned regime, uint64_t *key, uint32_t *asid,
                           uint32_t *vmid);
    void (*raise_align)(struct cpu *cpu, va_t va, enum cpu_access access);
    /*
     * May a misaligned access of IR_MEM_ATOMIC without IR_MEM_ALIGNED go on? `ordered`: it is a plain load or store
     * with acquire or release. Across two pages it is not atomic against other host threads. NULL: never.
     */
    bool (*allows_misaligned)(const struct cpu *cpu, va_t va, unsigned size, bool ordered);
    void (*raise_fetch)(struct cpu *cpu, va_t va, enum mem_result why);

    /*
     * A data access is about to touch one of the CPU's own watchpoints (mmu_set_cpu_watches). True: it may; false:
     * an exception was raised. NULL: the ISA sets none.
     */
    bool (*watched)(struct cpu *cpu, va_t va, unsigned size, bool store);

    void (*take_exception)(struct cpu *cpu);      /* cpu.fault -> trap entry; pc is the faulting one */
    bool (*take_interrupt)(struct cpu *cpu);      /* at a boundary: true if one was taken */
    bool (*interrupt_due)(const struct cpu *cpu); /* at a boundary: would take_interrupt do something? */
    bool (*has_work)(const struct cpu *cpu);      /* idle CPU: would an interrupt wake it? Whatever masks it while it runs */
    /*
     * A load that reserves does so for the aligned block of so many bytes, and a conditional store is done anywhere in
     * it. 0: for the bytes loaded, and a store of just these.
     */
    uint8_t reserves;
    void (*unreserved)(struct cpu *cpu);          /* somebody else wrote to its reserved bytes; NULL: it does not care */
    void (*reset)(struct cpu *cpu);
    void (*loaded)(struct cpu *cpu);

    const struct cpu_reg *(*regs)(const struct cpu *cpu, uint32_t *n);
    /* One instruction at `code` as text, without newline; returns its length, 0 = not enough bytes. */
    unsigned (*disassemble)(const struct cpu *cpu, va_t pc, const uint8_t *code, size_t n, char *text,
                            size_t size);
    /*
     * Bytes of an instruction at most, and at least (a whole parcel is fetched at once). One may cross into the
     * next page only if its block starts less than max_insn from the end: so what a block contains
     * never depends on whether the next page is mapped.
     */
    uint8_t max_insn, parcel;
    /*
     * What a hint to pause lasts when nobody else can run: of the order of what processors take,
     * and long enough that a loop waiting for a device does not fill the host's time. Always
     * the same, past the end of the turn if need be: turns are cut for reasons of the host's.
     */
    uint16_t pause_cycles;
    const char *gdb_arch;            /* "riscv:rv64" */
    bool watch_before;               /* watchpoints stop before the access (all but x86) */
};

struct cpu {
    /* Hot: what translated code touches. */
    struct mmu_set *set;      /* current software TLB set */
    int64_t budget;
    va_t pc;                  /* valid outside translated code */
    va_t page;                /* virtual address of the running unit's first page */
    uint32_t exit;            /* enum cpu_exit bits */
    uint32_t fp_mode;         /* host control word (MXCSR) for the guest's FP mode */
    uint64_t insns;           /* instructions retired, models that are not uniform */
    const void *site;         /* side-table entry of the operation that called out, or NULL */
    struct tm_cpu *tm;
    int8_t *counts;           /* core/exec, with several host threads: its thread's counts of arrivals at blocks */
    uint32_t fp_flags;        /* sticky flags collected: bits of enum cpu_fp_flag */
    bool secure;              /* accesses carry mem_attrs.secure: the ISA sets it when its state changes */
    /*
     * For fetches_own_stores. code_gone: a store just made overwrote what the running canonical block has still to do.
     * It is undone, the block left at its instruction, and that one run by itself (alone): what follows is
     * translated anew. Neither is saved: taken up again, the same store finds the same bytes ahead of it.
     */
    bool code_gone, alone;
    bool still;              /* a walk that is to change nothing in memory: it fails where it would (mmu/beside.c) */
    bool reserved;            /* LR/exclusive reservation held */
    uint8_t reserved_size;
    pa_t reserved_pa;
    struct cpu_fault fault;

    /* Cold. */
    const struct cpu_isa *isa;
    struct machine *machine;
    struct cpu *next;         /* of machine->cpus: what an ISA broadcasts goes to all */
    struct exec *exec;
    uint32_t index;           /* 0.. in the machine; hart id, APIC index... */
    enum cpu_run run;
    uint32_t mode_flags;      /* isa->mode() when the unit was entered: its own */
    struct ev_clock clock;
    ps_t tick;                /* of it, if that is a whole number, else 0 */
    int64_t cycles_end;       /* see Time */
    int64_t insns_end;
    uint32_t uniform;         /* cycles of every instruction (struct tm_cpu); core/exec copies it; 0: varies */
    struct cpu_debug debug;
    void (*kicked)(struct cpu *cpu); /* core/exec: an idle CPU was kicked, an off one started; NULL before it runs */
    void (*hurried)(struct cpu *cpu); /* core/exec: a running one was kicked */
    /* core/exec: is the CPU another thread's now? Then it was told, and its budget is not the caller's. NULL: never. */
    bool (*elsewhere)(struct cpu *cpu);
    void *exec_private;       /* core/exec's per-CPU data */
    void *mmu_private;        /* mmu's pool of sets */
    const char *name;
};

enum cpu_fp_flag { CPU_FP_INVALID = 1, CPU_FP_DENORMAL = 2, CPU_FP_DIVZERO = 4, CPU_FP_OVERFLOW = 8,
                   CPU_FP_UNDERFLOW = 16, CPU_FP_INEXACT = 32 }; /* = MXCSR bits 5:0 */

#define CPU_ALIGNMENT 64u /* vector registers lie in one line of the host's cache each */
/* Allocates isa->size bytes, so aligned, from the machine's arena and registers the part for reset and state. */
int cpu_create(struct cpu **out, struct machine *m, const struct cpu_isa *isa, uint32_t index,
               uint64_t hz, struct err *e) MUST_CHECK;
extern const struct state_field cpu_state[]; /* to be included by each ISA's table (STATE_SUB) */

void cpu_raise(struct cpu *cpu, uint64_t cause, uint64_t value, uint64_t value2, uint64_t value3);
void cpu_kick(struct cpu *cpu);  /* stop at the next canonical boundary; wakes the scheduler if idle */
/*
 * fn(cpu, arg) for each CPU of the machine but `self`, which runs: by its own thread between two blocks, or at once while it
 * stands. All is done when this returns, and nobody uses any more what was looked up before. It may wait, and others enter
 * the machine meanwhile. `fn` changes only what belongs to the CPU, and must not count on the machine's lock; NULL: others are let in, no more.
 */
static inline void cpu_tell_others(struct cpu *self, machine_told *fn, void *arg)
{
    struct machine *m = self->machine;
    if (UNLIKELY(m->tell != NULL)) {
        m->tell(m->alone_arg, fn, arg);
        return;
    }
    for (struct cpu *c = m->cpus; c != NULL && fn != NULL; c = c->next)
        if (c != self)
            fn(c, arg);
}
void cpu_cut(struct cpu *cpu);   /* the same for the CPU that asks: its own block ends its turn */
void cpu_start(struct cpu *cpu); /* an off CPU runs from its pc on, from now on (ev_now must be exact) */

/*
 * `cycles` pass in which nothing retires, past the deadline if need be. In helpers declared IR_CALL_TIME, and between
 * blocks.
 */
void cpu_pass_time(struct cpu *cpu, int64_t cycles);

/* Exact inside helpers declared IR_CALL_TIME, device accesses and between blocks. */
ps_t cpu_now(const struct cpu *cpu);
uint64_t cpu_cycles(const struct cpu *cpu);
/*
 * For event handlers: the cycles of a CPU that waits are brought up to date when it goes on, so that
 * cpu_cycles() stands still and a timer set again by it would lie in the past, for ever.
 */
uint64_t cpu_cycles_in_event(const struct cpu *cpu);
uint64_t cpu_insns(const struct cpu *cpu);
va_t cpu_pc(const struct cpu *cpu);

/*
 * Set by core/exec, so that lower rooms can ask: static part of the current
 * operation's site. (done, cost, pc) of the site inside its block.
 */
struct cpu_site {
    int32_t at;               /* offset of the instruction from the unit's first page */
    uint32_t cost_before;     /* static cycles before it */
    uint16_t insns_before;    /* instructions of the block completed before it */
    uint16_t rest;            /* bytes of the canonical block from the instruction on */
};

#endif
