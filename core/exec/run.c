/* SPDX-License-Identifier: Apache-2.0 */
/* One CPU's turn. */
#include "core/exec/exec_impl.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    if (LIKELY(b == 1))
        return a;
    return a / b - (a % b < 0);
}

/* `budget` cycles from here on, cycles and instructions so far unchanged. */
void exec_set_budget(struct cpu *cpu, int64_t budget)
{
    int64_t more = budget - cpu->budget;
    cpu->cycles_end += more;
    if (cpu->uniform != 0)
        cpu->insns_end += floor_div(budget, cpu->uniform) - floor_div(cpu->budget, cpu->uniform);
    cpu->budget = budget;
}

/*
 * Entering a trap takes the time of one instruction (and retires none): so a guest whose
 * trap handler faults at once makes time pass instead of hanging the host.
 */
void exec_take_exception(struct exec *x, struct cpu *cpu)
{
    cpu_pass_time(cpu, cpu->uniform != 0 ? cpu->uniform : 1);
    cpu->exit &= ~(uint32_t)CPU_EXIT_EXCEPTION;
    cpu->site = NULL;
    x->count.exceptions++;
    trace(&cpu->machine->trace, cpu_exception, cpu_now(cpu), cpu->index, cpu->fault.cause, cpu->pc,
          cpu->fault.value, cpu_insns(cpu));
    cpu->isa->take_exception(cpu);
}

bool exec_take_interrupt(struct cpu *cpu)
{
    va_t pc = cpu->pc;

    if (!cpu->isa->take_interrupt(cpu))
        return false;
    cpu->alone = false; /* what was to be alone comes after it, if at all */
    trace(&cpu->machine->trace, cpu_interrupt, cpu_now(cpu), cpu->index, pc, cpu->pc, cpu_insns(cpu));
    return true;
}

/* ---- finding blocks ---- */

/* The page id of the page after pc's, and its bytes; EXEC_NO_PAGE when it cannot be fetched from. */
static uint32_t second_page(struct exec *x, struct cpu *cpu, va_t va, const uint8_t **bytes)
{
    const struct mmu_entry *e = &cpu->set->fetch[va >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
    uint32_t exits = cpu->exit;
    struct cpu_fault fault = cpu->fault;
    struct mem_ram *ram;
    uint64_t offset;
    if (LIKELY(e->tag == (va & ~(va_t)(MEM_PAGE - 1)))) {
        ram = exec_cache_ram(x, (uint32_t)e->addend, &offset);
        *bytes = ram->host + offset + va % MEM_PAGE;
        return (uint32_t)e->addend;
    }
    if (mmu_fetch(cpu, va, &ram, &offset) != 0) {
        cpu->exit = exits;
        cpu->fault = fault;
        *bytes = NULL;
        return EXEC_NO_PAGE;
    }
    *bytes = ram->host + offset;
    return mmu_page_id(ram, offset);
}

/*
 * Translate pc for fetching. False: the fault is recorded. *once: the block must not be
 * kept, since permissions end inside its page; then it has one parcel of code.
 */
bool exec_find_place(struct exec *x, struct cpu *cpu, va_t pc, struct exec_place *p, bool *once)
{
    va_t page = pc & ~(va_t)(MEM_PAGE - 1);
    const struct mmu_entry *e = &cpu->set->fetch[pc >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
    *once = false;
    if (LIKELY(e->tag == page)) {
        p->page = (uint32_t)e->addend;
        p->ram = exec_cache_ram(x, p->page, &p->offset);
        p->offset += pc % MEM_PAGE;
    } else {
        if (mmu_fetch(cpu, pc, &p->ram, &p->offset) != 0)
            return false;
        p->page = mmu_page_id(p->ram, p->offset);
        *once = e->tag != page;
    }
    p->mode = cpu->isa->mode(cpu);
    p->avail = MEM_PAGE - (uint32_t)(pc % MEM_PAGE);
    p->page2 = EXEC_NO_PAGE;
    p->next = NULL;
    if (UNLIKELY(*once)) {
        p->avail = MIN(p->avail, cpu->isa->parcel);
        p->page2 = second_page(x, cpu, pc + p->avail, &p->next);
    } else if (UNLIKELY(p->avail < cpu->isa->max_insn)) {
        p->page2 = second_page(x, cpu, page + MEM_PAGE, &p->next);
    }
    return true;
}

/* Somebody looks at every block, so each has to come back to the run loop. */
static bool is_looked_at(const struct exec *x, const struct cpu *cpu)
{
    return x->coverage != NULL || x->n_watches != 0 || x->n_breaks != 0 || exec_cursor_of(x, cpu)->done != 0;
}

static struct exec_cached *find_block(struct exec *x, struct cpu *cpu, bool *once)
{
    struct exec_place p;
    struct exec_cached *c = NULL;
    uint32_t n;
    x->count.lookups++;
    if (!exec_find_place(x, cpu, cpu->pc, &p, once))
        return NULL;
    cpu->page = cpu->pc & ~(va_t)(MEM_PAGE - 1);
    cpu->mode_flags = p.mode;
    if (UNLIKELY(cpu->alone)) {
        *once = true;
        return exec_translate_once(x, cpu, &p, 0, &n);
    }
    if (LIKELY(!*once)) {
        c = exec_cache_find(x, p.page, p.page2, (int32_t)(p.offset % MEM_PAGE), p.mode);
        if (LIKELY(c != NULL))
            return c;
        if (exec_is_parallel(x) && (!exec_parallel_seal(x, cpu, p.page) ||
                                    (p.page2 != EXEC_NO_PAGE && !exec_parallel_seal(x, cpu, p.page2))))
            return find_block(x, cpu, once);
        if ((c = exec_cache_revive(x, &p)) != NULL)
            return c;
        /* A crossing instruction whose second half is missing: the block is its fault. */
        *once = p.avail < cpu->isa->max_insn && p.next == NULL;
        x->was_seen = false;
        if (!*once && !is_looked_at(x, cpu) && exec_first_wanted(x, cpu, &p)) {
            *once = true;
            return exec_first_translate(x, cpu, &p);
        }
    }
    c = *once ? NULL : exec_translate(x, cpu, &p);
    *once |= x->too_large;
    x->too_large = false;
    return *once ? exec_translate_once(x, cpu, &p, UINT32_MAX, &n) : c;
}

/* ---- executing ---- */

/* The block at `start` was run once; `before` = instructions retired until then. */
static void count_coverage(struct exec *x, struct cpu *cpu, const struct exec_cached *c, va_t start,
                           uint64_t before)
{
    cpu->site = NULL; /* what it names was charged when the executor left */
    uint32_t retired = (uint32_t)MIN(cpu_insns(cpu) - before, (uint64_t)c->b.n_insns);
    if (c->ids == NULL)
        return;
    for (uint32_t i = 0; i < retired; i++)
        if (c->ids[i] < x->n_coverage)
            x->coverage[c->ids[i]]++;
    if (x->options.ran != NULL)
        x->options.ran(x->options.ran_arg, cpu, start, c->ids, c->b.n_insns, retired,
                       (cpu->exit & CPU_EXIT_EXCEPTION) && retired < c->b.n_insns);
}

/* Blocks may only be reached through the run loop while somebody looks at each of them. */
static bool may_link(const struct exec *x, const struct exec_cached *c)
{
    return x->coverage == NULL && x->n_watches == 0 && !c->b.retired;
}

static void link_edge(struct exec *x, struct exec_edge *edge, struct exec_cached *to)
{
    if (edge == NULL || edge->from->retired || !may_link(x, to) || edge->from->mode != to->b.mode)
        return;
    if (x->n_breaks != 0 && edge->from->page != to->b.page)
        return;
    x->ops->link(x->be, edge, &to->b);
    x->count.links++;
}

static void enter_jump(struct exec *x, struct cpu *cpu, const struct exec_cached *c)
{
    if (!may_link(x, c) || x->n_breaks != 0)
        return;
    mmu_enter_jump(cpu->set, cpu->pc, exec_code_of(c));
}

bool exec_go_on(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    if (x == NULL || cpu->exit != CPU_EXIT_EXCEPTION || cpu->alone || x->failed || is_looked_at(x, cpu))
        return false;
    exec_take_exception(x, cpu);
    cpu->mode_flags = cpu->isa->mode(cpu);
    return cpu->budget > 0 && cpu->exit == 0 && !x->flush_wanted;
}

/* `front`: without the machine's lock. *elsewhere: what was not found is nothing that this looks for, with the lock or without. */
static const void *find_code(struct exec *x, struct cpu *cpu, bool front, bool *elsewhere)
{
    *elsewhere = true;
    if (cpu->budget <= 0 || cpu->exit != 0 || cpu->alone || x->flush_wanted || is_looked_at(x, cpu))
        return NULL;
    const struct mmu_entry *e = &cpu->set->fetch[cpu->pc >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
    uint32_t at = (uint32_t)(cpu->pc % MEM_PAGE);
    if (MEM_PAGE - at < cpu->isa->max_insn || (UNLIKELY(front && e->tag != cpu->pc - at) && !mmu_quick_fetch(cpu, cpu->pc)) ||
        e->tag != cpu->pc - at)
        return NULL;
    *elsewhere = false;
    uint32_t mode = cpu->isa->mode(cpu);
    const void *code = front ? exec_cache_front(x, (uint32_t)e->addend, at, mode)
                             : exec_cache_code(x, (uint32_t)e->addend, at, mode);
    if (code == NULL)
        return NULL;
    if (LIKELY(!front))
        x->count.lookups++;
    cpu->mode_flags = mode;
    mmu_enter_jump(cpu->set, cpu->pc, code);
    return code;
}

const void *exec_find_code(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    if (x == NULL)
        return NULL;
    const struct exec_cpu *ec = cpu->exec_private;
    bool elsewhere;
    if (UNLIKELY(ec->beside)) {
        exec_parallel_answer(x, cpu);
        const void *code = find_code(x, cpu, true, &elsewhere);
        if (code != NULL || elsewhere)
            return code;
    }
    bool entered = exec_enter_machine(cpu, false);
    const void *code = find_code(x, cpu, false, &elsewhere);
    if (UNLIKELY(entered))
        exec_leave_machine(cpu);
    return code;
}

/* Something other than the end of a block: an exception, or a request. False: the turn ends. */
static bool take_exits(struct exec *x, struct cpu *cpu)
{
    uint32_t why = cpu->exit;
    cpu->exit &= CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG;
    if (why & CPU_EXIT_DEBUG)
        return false;
    if (why & CPU_EXIT_EXCEPTION)
        exec_take_exception(x, cpu);
    return true;
}

bool exec_left(struct exec *x, struct cpu *cpu, enum exec_leave why)
{
    switch (why) {
    case EXEC_LEAVE_IDLE:
        if (cpu->isa->has_work(cpu))
            return true;
        cpu->run = CPU_IDLE;
        trace(&cpu->machine->trace, cpu_halt, cpu_now(cpu), cpu->index, cpu_insns(cpu));
        return false;
    case EXEC_LEAVE_YIELD: /* the rest of the quantum is waited for, if somebody else can use it */
        if (exec_is_parallel(x))
            return exec_parallel_pause(x, cpu);
        if (!exec_others_run(x, cpu)) {
            cpu_pass_time(cpu, cpu->isa->pause_cycles);
            return true;
        }
        exec_advance_to(cpu, x->sched.deadline);
        return false;
    case EXEC_LEAVE_EXIT:
        return take_exits(x, cpu);
    default:
        cpu->exit &= CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG; /* done with by leaving */
        return true;
    }
}

/*
 * With watchpoints set each block comes back here, so that one that stops in the middle is
 * known and can be finished instruction by instruction.
 */
static enum exec_leave run_watched(struct exec *x, struct cpu *cpu, struct exec_cached *c)
{
    if (LIKELY(x->n_watches == 0))
        return x->ops->run(x->be, cpu, &c->b);
    uint64_t before = cpu_insns(cpu);
    va_t start = cpu->pc;
    enum exec_leave why = x->ops->run(x->be, cpu, &c->b);
    if ((cpu->exit & CPU_EXIT_DEBUG) && cpu_insns(cpu) != before)
        *exec_cursor_of(x, cpu) =
            (struct exec_cursor){ .start = start, .done = (uint32_t)(cpu_insns(cpu) - before) };
    return why;
}

/* Reclaims all code, when nobody is in it. */
static void flush(struct exec *x)
{
    machine_alone(x->machine, true);
    if (x->flush_wanted) /* not by another CPU meanwhile */
        exec_cache_make_room(x);
    machine_alone(x->machine, false);
}

bool exec_execute(struct exec *x, struct cpu *cpu)
{
    struct exec_cpu *ec = cpu->exec_private;
    struct exec_edge *edge = NULL;
    bool once, direct = false; /* direct: by an edge, which is not to be linked */
    while (cpu->budget > 0) {
        if (UNLIKELY(exec_is_debugged(x, cpu)))
            return true;
        if (UNLIKELY(x->flush_wanted)) {
            flush(x);
            edge = NULL;
        }
        if (UNLIKELY(exec_background_is_done(x)))
            exec_background_take(x);
        uint64_t flushes = x->count.flushes;
        struct exec_cached *c = find_block(x, cpu, &once);
        if (UNLIKELY(c == NULL)) {
            if (x->coverage != NULL && x->options.ran != NULL && (cpu->exit & CPU_EXIT_EXCEPTION))
                x->options.ran(x->options.ran_arg, cpu, cpu->pc, NULL, 0, 0, true);
            edge = NULL;
            if (x->flush_wanted && !x->failed && !(cpu->exit & CPU_EXIT_EXCEPTION))
                continue;
            cpu->alone = false;
            if (x->failed || !take_exits(x, cpu))
                return false;
            continue;
        }
        enum exec_leave why;
        va_t start = cpu->pc;
        uint64_t before = UNLIKELY(x->coverage != NULL) ? cpu_insns(cpu) : 0;
        if (LIKELY(!once)) {
            if (edge != NULL && x->count.flushes == flushes)
                link_edge(x, edge, c);
            else if (edge == NULL && !direct)
                enter_jump(x, cpu, c);
            if (UNLIKELY(ec->beside) && !exec_parallel_go(x, cpu)) {
                edge = NULL;
                continue;
            }
            why = run_watched(x, cpu, c);
            if (UNLIKELY(ec->beside)) {
                while (exec_parallel_more(x, cpu, &why))
                    why = x->ops->resume(x->be, cpu);
                exec_parallel_back(x, cpu);
            }
        } else {
            bool alone = cpu->alone;
            why = exec_run_once(x, cpu, c);
            if (alone) /* or it is to be, at where it goes on */
                cpu->alone = false;
        }
        direct = once && why == EXEC_LEAVE_EDGE;
        if (UNLIKELY(x->coverage != NULL))
            count_coverage(x, cpu, c, start, before);
        edge = NULL;
        if (LIKELY(why == EXEC_LEAVE_EDGE && !once))
            edge = ec->edge;
        else if (why == EXEC_LEAVE_HOT && x->n_watches == 0 && x->coverage == NULL)
            exec_block_hot(x, cpu, (struct exec_cached *)ec->block);
        else if (!exec_left(x, cpu, why))
            return false;
    }
    return true;
}

/* Cycles this CPU may run before somebody must look, <= 0: its turn is over. */
static int64_t allowance(struct exec *x, struct cpu *cpu, bool *limited)
{
    uint64_t end = exec_ticks_at(cpu, x->sched.deadline), now = cpu_cycles(cpu);
    *limited = false;
    if (now >= end)
        return 0;
    int64_t left = (int64_t)MIN(end - now, (uint64_t)INT64_MAX / 4);
    left = MIN(left, x->slice);
    if (x->insn_limit != UINT64_MAX) {
        uint64_t done = exec_insns(x);
        if (done >= x->insn_limit) {
            *limited = true;
            return 0;
        }
        /* Models whose instructions vary retire no more than 8 a cycle. */
        uint64_t more = x->insn_limit - done;
        if (cpu->uniform == 0)
            more = MAX(more / 8, 1);
        else if (more < (uint64_t)INT64_MAX / 256)
            more *= cpu->uniform;
        left = (int64_t)MIN((uint64_t)left, more);
    }
    return left;
}

/* May another piece begin without a look at the host's clock? */
static bool is_unseen(struct exec_look *l, const struct cpu *cpu, int64_t slice)
{
    if (l->since == 0 || l->pieces + 1 >= 64 || cpu_cycles(cpu) - l->cycles >= (uint64_t)slice)
        return false;
    l->pieces++;
    return true;
}

static bool lasts_long(struct exec_look *l, const struct cpu *cpu, int64_t slice)
{
    if (is_unseen(l, cpu, slice))
        return false;
    uint64_t now = exec_host_ns();
    l->pieces = 0;
    l->cycles = cpu_cycles(cpu);
    if (l->since == 0)
        l->since = now;
    return now - l->since > 1000000;
}

/* The run loop's way from piece to piece, for where it would find nothing but an interrupt. */
const void *exec_next_piece(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    const struct exec_cpu *ec = cpu->exec_private;
    bool limited, elsewhere;
    if (ec->beside || x->running != cpu || cpu->run != CPU_RUNNING || cpu->exit != 0 || x->flush_wanted || is_looked_at(x, cpu) ||
        x->machine->stop != MACHINE_RUNS || exec_background_is_done(x))
        return NULL;
    int64_t budget = allowance(x, cpu, &limited);
    if (budget <= 0 || !is_unseen(&x->look, cpu, x->slice))
        return NULL;
    exec_set_budget(cpu, budget);
    if (exec_take_interrupt(cpu))
        x->count.interrupts++;
    return find_code(x, cpu, false, &elsewhere);
}

enum exec_turn exec_run_turn(struct exec *x, struct cpu *cpu)
{
    enum exec_turn end = EXEC_TURN_DONE;
    x->running = cpu;
    exec_set_budget(cpu, 0);
    ev_set_now(x->machine->queue, cpu_now(cpu));
    x->look = (struct exec_look){ 0 };
    for (bool first = true; cpu->run == CPU_RUNNING; first = false) {
        bool limited, ends = false, inside = exec_cursor_of(x, cpu)->done != 0;
        int64_t budget = allowance(x, cpu, &limited);
        if (inside) /* turns end at canonical boundaries only */
            budget = MAX(budget, 1), limited = false;
        if (x->machine->stop != MACHINE_RUNS)
            end = EXEC_TURN_STOP;
        else if (limited)
            end = EXEC_TURN_LIMIT;
        if (end != EXEC_TURN_DONE || budget <= 0)
            break;
        if (!first && !inside && lasts_long(&x->look, cpu, x->slice)) {
            end = EXEC_TURN_POLL;
            break;
        }
        exec_set_budget(cpu, budget);
        if (!inside && exec_take_interrupt(cpu))
            x->count.interrupts++;
        bool past_watch = cpu->debug.kind == CPU_STOP_WATCH; /* it stopped before the access */
        if (UNLIKELY(past_watch || exec_is_debugged(x, cpu))) {
            mmu_skip_watch(cpu, past_watch);
            end = exec_debug_insn(x, cpu, true, &ends);
            mmu_skip_watch(cpu, false);
            if (end != EXEC_TURN_DONE || ends)
                break;
            continue;
        }
        cpu->debug.kind = CPU_STOP_NONE;
        if (!exec_execute(x, cpu)) {
            if (cpu->exit & CPU_EXIT_DEBUG)
                end = EXEC_TURN_DEBUG;
            break;
        }
    }
    exec_set_budget(cpu, 0);
    /* Not the time of the last device access: whether the turn was cut after it depends on the host. */
    ev_set_now(x->machine->queue, cpu_now(cpu));
    cpu->exit &= ~(uint32_t)(CPU_EXIT_DEBUG | CPU_EXIT_RESYNC);
    if (cpu->reserved && !x->machine->parallel)
        mmu_guard_reservation(cpu);
    x->running = NULL;
    return end;
}
