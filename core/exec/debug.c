/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpoints, watchpoints and single steps. Where somebody looks at every
 * instruction, the canonical block is run by the interpreter one instruction at a
 * time; a cursor remembers how far it got. Costs, hooks and the points where turns
 * end and interrupts are taken stay those of the whole block.
 */
#include "core/exec/exec_impl.h"
#include <stdlib.h>
#include <string.h>

static bool is_break(const struct exec *x, va_t pc)
{
    for (uint32_t i = 0; i < x->n_breaks; i++)
        if (x->breaks[i] == pc)
            return true;
    return false;
}

bool exec_is_debugged(const struct exec *x, const struct cpu *cpu)
{
    if (LIKELY(x->n_breaks == 0 && exec_cursor_of(x, cpu)->done == 0))
        return false;
    if (exec_cursor_of(x, cpu)->done != 0)
        return true;
    for (uint32_t i = 0; i < x->n_breaks; i++)
        if ((x->breaks[i] ^ cpu->pc) >> MEM_PAGE_SHIFT == 0)
            return true;
    return false;
}

/* The block at the cursor, or at pc. NULL: a fault is recorded (or the run failed). */
static struct exec_cached *next_insn(struct exec *x, struct cpu *cpu, struct exec_cursor *at,
                                     uint32_t *n)
{
    struct exec_place p;
    bool once;
    va_t start = at->done != 0 ? at->start : cpu->pc;
    if (!exec_find_place(x, cpu, start, &p, &once))
        return NULL;
    cpu->page = start & ~(va_t)(MEM_PAGE - 1);
    cpu->mode_flags = p.mode;
    struct exec_cached *c = exec_translate_once(x, cpu, &p, at->done, n);
    if (c != NULL && at->done >= *n && at->done != 0) {
        *at = (struct exec_cursor){ 0 }; /* the code changed: a new block starts at pc */
        return next_insn(x, cpu, at, n);
    }
    return c;
}

enum exec_turn exec_debug_insn(struct exec *x, struct cpu *cpu, bool check_break, bool *ends)
{
    struct exec_cursor *at = exec_cursor_of(x, cpu);
    bool resumes = (cpu->debug.kind == CPU_STOP_BREAK || cpu->debug.kind == CPU_STOP_STEP) &&
                   cpu->debug.addr == cpu->pc;
    uint32_t n = 0;
    *ends = false;
    if (check_break && is_break(x, cpu->pc) && !resumes) {
        cpu->debug = (struct cpu_debug){ .kind = CPU_STOP_BREAK, .addr = cpu->pc };
        return EXEC_TURN_DEBUG;
    }
    cpu->debug.kind = CPU_STOP_NONE;
    va_t pc = cpu->pc;
    bool alone = cpu->alone; /* the block is left behind this one */
    struct exec_cached *c = next_insn(x, cpu, at, &n);
    if (c == NULL) {
        cpu->alone = false;
        *at = (struct exec_cursor){ 0 };
        *ends = x->failed || !exec_left(x, cpu, EXEC_LEAVE_EXIT);
        return EXEC_TURN_DONE;
    }
    enum exec_leave why = exec_interp.run(x->interp, cpu, &c->b);
    if (why == EXEC_LEAVE_EXIT && (cpu->exit & CPU_EXIT_DEBUG))
        return EXEC_TURN_DEBUG;
    if (alone)
        cpu->alone = false;
    if (why != EXEC_LEAVE_EXIT && at->done + 1 < n && !alone) {
        if (at->done++ == 0)
            at->start = pc;
        return EXEC_TURN_DONE;
    }
    *at = (struct exec_cursor){ 0 };
    *ends = !exec_left(x, cpu, why);
    return EXEC_TURN_DONE;
}

/* Chains and regions made before know nothing of it. */
static void start_over(struct exec *x)
{
    x->flush_wanted = true;
}

int exec_set_break(struct exec *x, va_t addr, bool on, struct err *e)
{
    uint32_t i = 0;
    while (i < x->n_breaks && x->breaks[i] != addr)
        i++;
    if (!on) {
        if (i == x->n_breaks)
            return err_set(e, ERR_ABSENT, "there is no breakpoint at %#llx",
                           (unsigned long long)addr);
        x->breaks[i] = x->breaks[--x->n_breaks];
        start_over(x);
        return 0;
    }
    if (i < x->n_breaks)
        return 0;
    va_t *more = realloc(x->breaks, (x->n_breaks + 1) * sizeof(*more));
    if (more == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a breakpoint");
    x->breaks = more;
    x->breaks[x->n_breaks++] = addr;
    start_over(x);
    return 0;
}

int exec_set_watch(struct exec *x, va_t addr, uint64_t size, bool load, bool store, bool on,
                   struct err *e)
{
    uint32_t i = 0;
    if (size == 0 || addr + size - 1 < addr)
        return err_set(e, ERR_ARG, "a watchpoint of %llu bytes at %#llx; it needs at least one "
                       "byte and may not wrap", (unsigned long long)size, (unsigned long long)addr);
    while (i < x->n_watches &&
           (x->watches[i].addr != addr || x->watches[i].size != size ||
            x->watches[i].load != load || x->watches[i].store != store))
        i++;
    if (!on && i == x->n_watches)
        return err_set(e, ERR_ABSENT, "there is no such watchpoint at %#llx",
                       (unsigned long long)addr);
    if (on && i == x->n_watches) {
        struct mmu_watch *more = realloc(x->watches, (i + 1) * sizeof(*more));
        if (more == NULL)
            return err_set(e, ERR_NOMEM, "no memory for a watchpoint");
        x->watches = more;
        x->watches[x->n_watches++] =
            (struct mmu_watch){ .addr = addr, .size = size, .load = load, .store = store };
    } else if (!on) {
        x->watches[i] = x->watches[--x->n_watches];
    }
    start_over(x);
    return mmu_set_watches(x->machine, x->watches, x->n_watches, e);
}

void exec_flush_code(struct exec *x)
{
    start_over(x);
    if (x->running != NULL)
        cpu_kick(x->running);
}
