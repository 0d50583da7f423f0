/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BRANCH. Both sides are charged the same, so that is done first, and what is left of the budget asked before
 * the condition:
 *
 *     sub  r12, cost
 *     jle  stub                which asks the condition by itself, for where to leave to
 *     cmp  a, b
 *     jcc  one side
 *     jmp  the other           or it follows
 *
 * A side that leaves the unit, and the way to which is no jump alone, lies with the stubs if the other one follows.
 */
#include "core/exec/x86_64/gen.h"
#include "core/timing/model.h"

/* The budget is used up: to where the condition says. */
static void leave_to(struct x86_gen *g, int64_t target)
{
    x86_store_pins(g, g->dirty);
    x86_late_store(g, UINT32_MAX);
    asm_mov_ri(g->a, RAX, (uint32_t)target);
    asm_jmp(g->a, g->be->fixed.leave_at[EXEC_LEAVE_BUDGET]);
}

static void emit_leave(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    g->a = &g->be->cold;
    g->a->flags_lost = true;
    uint32_t taken = asm_jcc(g->a, gen_condition(g, in->a), 0);
    leave_to(g, in->imm2);
    asm_patch(g->a, taken, asm_offset(g->a));
    leave_to(g, in->imm);
    g->a = a;
}

static int64_t target_of(const struct ir_inst *in, unsigned side)
{
    return side ? in->imm2 : in->imm;
}

/* A jump to be linked, on condition `cc` or, CC_ALWAYS, on none. */
enum { CC_ALWAYS = 16 };
static void linked_jump(struct x86_gen *g, unsigned side, unsigned cc)
{
    asm_align_field(g->a, cc == CC_ALWAYS ? 1 : 2);
    struct stub *e = x86_stub(g, STUB_EDGE);
    e->edge = 2 * g->index + side;
    e->at[e->n_at++] = cc == CC_ALWAYS ? asm_jmp(g->a, 0) : asm_jcc(g->a, cc, 0);
    g->b->edges[e->edge].patch = e->at[0];
}

/* To block `to` of the unit. */
static void inner_jump(struct x86_gen *g, int to, unsigned cc)
{
    bool back = (uint32_t)to <= g->index;
    uint32_t target = back ? g->heads[to] : 0;
    uint32_t at = cc == CC_ALWAYS ? asm_jmp(g->a, target) : asm_jcc(g->a, cc, target);
    if (!back) {
        g->fixups[g->n_fixups].at = at;
        g->fixups[g->n_fixups++].block = (uint16_t)to;
    }
}

/* What a side has to do before its jump: slots that nobody in the unit stores. */
static bool has_work(const struct x86_gen *g, int to, int64_t target)
{
    return (to < 0 && g->dirty != 0) || (x86_late_pending(g) & x86_late_at(g, target)) != 0;
}

/* One side, here, with nothing behind it. */
static void emit_side(struct x86_gen *g, const struct ir_inst *in, unsigned side, bool falls)
{
    int64_t target = target_of(in, side);
    int to = x86_block_at(g, target);
    if (to < 0)
        x86_store_pins(g, g->dirty);
    x86_late_store(g, x86_late_at(g, target));
    if (to < 0)
        linked_jump(g, side, CC_ALWAYS);
    else if (!falls || (uint32_t)to != g->index + 1)
        inner_jump(g, to, CC_ALWAYS);
}

/* The side that is jumped to on condition `cc`. */
static void emit_first(struct x86_gen *g, const struct ir_inst *in, unsigned side, unsigned cc)
{
    struct x86_asm *a = g->a;
    int64_t target = target_of(in, side);
    int to = x86_block_at(g, target);
    if (!has_work(g, to, target)) {
        if (to < 0)
            linked_jump(g, side, cc);
        else
            inner_jump(g, to, cc);
        return;
    }
    asm_jcc(a, cc, asm_offset(&g->be->cold));
    g->a = &g->be->cold;
    emit_side(g, in, side, false);
    g->a = a;
}

void x86_emit_branch(struct x86_gen *g, const struct ir_inst *in)
{
    int to[2] = { x86_block_at(g, in->imm), x86_block_at(g, in->imm2) };
    uint32_t dirty = g->dirty;
    if (to[0] < 0 && to[1] < 0) {
        x86_store_pins(g, g->dirty);
        g->dirty = 0;
        x86_late_store(g, UINT32_MAX);
        memset(g->pending, 0, sizeof(g->pending));
    }
    x86_charge(g);
    asm_jcc(g->a, CC_LE, asm_offset(&g->be->cold));
    emit_leave(g, in);
    unsigned cc = gen_condition(g, in->a);
    bool next[2] = { to[0] == (int)g->index + 1, to[1] == (int)g->index + 1 };
    unsigned last = next[0] || (!next[1] && to[1] >= 0 && to[0] < 0) ? 0 : 1;
    emit_first(g, in, 1 - last, last ? cc : cc ^ 1);
    emit_side(g, in, last, true);
    g->dirty = dirty;
}
