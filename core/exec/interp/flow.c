/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/interp/interp_impl.h"
#include "core/timing/model.h"

/* Entering and ending canonical blocks, edges, calls, faults. */

static const struct op *enter_piece(struct run *r, const struct piece *p)
{
    r->piece = p;
    if (UNLIKELY(r->code->hooks & TM_FETCH))
        exec_hook_fetch(r->cpu, r->block, p->start);
    return p->first;
}

/* Arrive at the entry of `b`, by `run` or from another block; cpu->page is its first page. */
const struct op *interp_enter(struct run *r, struct exec_block *b)
{
    const struct code *code = b->backend_private;
    if (b->retired)
        return interp_leave(r, EXEC_LEAVE_LOOKUP, interp_va(r, b->start));
    if (code->region && !code->region->retired) {
        b = code->region;
        code = b->backend_private;
    }
    r->block = b;
    r->code = code;
    ((struct exec_cpu *)r->cpu->exec_private)->block = b;
    if (!b->region && --b->counter == 0)
        return interp_leave(r, EXEC_LEAVE_HOT, interp_va(r, b->start));
    return enter_piece(r, &code->pieces[0]);
}

/*
 * From one block to another by link or jump entry. What the run loop compared when it
 * found the block must still hold: the mode, and a second page where there is one.
 */
static bool may_enter(const struct run *r, const struct exec_block *to, uint32_t mode, va_t page)
{
    if (to->mode != mode)
        return false;
    if (to->page2 == UINT32_MAX)
        return true;
    va_t second = page + MEM_PAGE;
    const struct mmu_entry *e = &r->cpu->set->fetch[second >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
    return e->tag == second && e->addend == to->page2;
}

/* The canonical block is done: its branch, its cost. True: the budget is used up. */
static bool end_block(struct run *r, bool is_branch, va_t target, bool taken)
{
    const struct piece *p = r->piece;
    struct cpu *cpu = r->cpu;
    if (UNLIKELY(r->code->hooks & TM_BRANCH) && is_branch)
        exec_hook_branch(cpu, p->last, target, taken);
    cpu->budget -= p->cost;
    if (cpu->uniform == 0)
        cpu->insns += p->n_insns;
    return cpu->budget <= 0;
}

/* Along edge `side` of the running block, to offset `target`. */
static const struct op *follow(struct run *r, unsigned side, int64_t target)
{
    struct cpu *cpu = r->cpu;
    const struct piece *p = r->piece;
    if (p->next[side])
        return enter_piece(r, p->next[side]);
    struct exec_edge *edge = &r->block->edges[2 * (p - r->code->pieces) + side];
    if (!edge->to) {
        ((struct exec_cpu *)cpu->exec_private)->edge = edge;
        return interp_leave(r, EXEC_LEAVE_EDGE, interp_va(r, target));
    }
    va_t to = interp_va(r, target), page = align_down(to, MEM_PAGE);
    if (page != cpu->page) {
        const struct mmu_entry *e = &cpu->set->fetch[page >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
        if (e->tag != page || e->addend != edge->to->page)
            return interp_leave(r, EXEC_LEAVE_LOOKUP, to);
    }
    if (!may_enter(r, edge->to, r->block->mode, page))
        return interp_leave(r, EXEC_LEAVE_LOOKUP, to);
    cpu->page = page;
    return interp_enter(r, edge->to);
}

static const struct op *do_jump(struct run *r, const struct op *o)
{
    if (end_block(r, true, interp_va(r, o->imm), true))
        return interp_leave(r, EXEC_LEAVE_BUDGET, interp_va(r, o->imm));
    return follow(r, 0, o->imm);
}

static const struct op *do_branch(struct run *r, const struct op *o)
{
    bool taken = r->v[o->a] != 0;
    int64_t target = taken ? o->imm : o->imm2;
    if (end_block(r, true, interp_va(r, o->imm), taken))
        return interp_leave(r, EXEC_LEAVE_BUDGET, interp_va(r, target));
    return follow(r, taken ? 0 : 1, target);
}

static const struct op *do_jumpr(struct run *r, const struct op *o)
{
    va_t va = r->v[o->a];
    if (end_block(r, true, va, true))
        return interp_leave(r, EXEC_LEAVE_BUDGET, va);
    const struct mmu_jump *j = &r->cpu->set->jump[mmu_jump_index(va)];
    if (!r->code->jumps || j->va != va)
        return interp_leave(r, EXEC_LEAVE_LOOKUP, va);
    struct exec_block *to = (struct exec_block *)(uintptr_t)j->code;
    va_t page = align_down(va, MEM_PAGE);
    uint32_t mode = r->block->mode;
    if (o->aux == IR_LINK_MODE)
        memcpy(&mode, (const uint8_t *)r->cpu + r->code->guest->mode_at, sizeof(mode));
    if (!may_enter(r, to, mode, page))
        return interp_leave(r, EXEC_LEAVE_LOOKUP, va);
    r->cpu->mode_flags = mode;
    r->cpu->page = page;
    return interp_enter(r, to);
}

/* The dispatcher looks at budget and interrupts itself: the reason must not get lost. */
static const struct op *do_exit(struct run *r, const struct op *o)
{
    static const enum exec_leave reasons[] = { [IR_EXIT_LOOKUP] = EXEC_LEAVE_LOOKUP,
                                               [IR_EXIT_IDLE] = EXEC_LEAVE_IDLE,
                                               [IR_EXIT_YIELD] = EXEC_LEAVE_YIELD };
    end_block(r, false, 0, false);
    return interp_leave(r, reasons[o->aux], interp_va(r, o->imm));
}

const struct op *interp_fault(struct run *r, const struct op *o)
{
    struct cpu *cpu = r->cpu;
    cpu->budget -= o->site->cost_before;
    if (cpu->uniform == 0)
        cpu->insns += o->site->insns_before;
    cpu->site = NULL;
    return interp_leave(r, EXEC_LEAVE_EXIT, interp_va(r, o->site->at));
}

/*
 * A helper that raised or hit a breakpoint was not done. One that only asks to leave (it
 * flushed the mapping, stored into code, stopped the machine) was: the block runs to
 * its end and leaves there.
 */
static const struct op *do_call(struct run *r, const struct op *o)
{
    const struct ir_helper *h = &r->code->guest->helpers[o->imm];
    struct cpu *cpu = r->cpu;
    const uint64_t *v = r->v;
    cpu->site = o->site;
    uint64_t result = h->fn(cpu, v[o->a], v[o->b], v[o->c], v[o->aux2]);
    if ((h->flags & IR_CALL_EXITS) && UNLIKELY(cpu->exit)) {
        if (cpu->exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG))
            return interp_fault(r, o);
        cpu_kick(cpu);
    }
    cpu->site = NULL;
    if (o->type != IR_VOID)
        r->v[o->dst] = o->type == IR_I32 ? (uint32_t)result : result;
    return o + 1;
}

static const struct op *do_trap(struct run *r, const struct op *o)
{
    if (LIKELY(r->v[o->a] == 0))
        return o + 1;
    r->cpu->site = o->site;
    r->code->guest->helpers[o->imm].fn(r->cpu, (uint64_t)o->imm2, 0, 0, 0);
    return interp_fault(r, o);
}

op_fn *interp_flow_handler(const struct ir_inst *in)
{
    switch (in->op) {
    case IR_JUMP:
        return do_jump;
    case IR_BRANCH:
        return do_branch;
    case IR_JUMPR:
        return do_jumpr;
    case IR_EXIT:
        return do_exit;
    case IR_CALL:
        return do_call;
    case IR_TRAP:
        return do_trap;
    default:
        return NULL;
    }
}
