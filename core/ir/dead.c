/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"
#include <string.h>

/*
 * Backwards over each block, or chain of blocks: a pure operation nobody reads and a PUT that is
 * overwritten before anything can see it are marked; then the unit is closed up
 * and values get new numbers.
 */
struct dead {
    struct ir_unit *u;
    uint16_t *map;                      /* 0: dropped (so far); afterwards the new number */
    uint32_t epoch;                     /* counts up at everything that sees the slots */
    uint32_t overwritten[IR_MAX_SLOTS]; /* == epoch: a later PUT comes before any observer */
};

static void need(struct dead *d, unsigned v)
{
    d->map[v] = 1;
}

static bool sees_slots(const struct ir_unit *u, const struct ir_inst *in)
{
    if (in->op == IR_CALL)
        return u->guest->helpers[in->imm].flags &
               (IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_MODE);
    return ir_op_info[in->op].flags == 'F' || ir_op_info[in->op].flags == 'E';
}

/* Must it stay? Keeps track of the slots on the way. */
static bool is_needed(struct dead *d, uint32_t i)
{
    const struct ir_inst *in = &d->u->insts[i];
    if (in->op == IR_PUT) {
        if (d->overwritten[in->imm] == d->epoch)
            return false;
        d->overwritten[in->imm] = d->epoch;
        return true;
    }
    if (ir_is_droppable(d->u, in) && !d->map[i])
        return false;
    if (in->op == IR_GET)
        d->overwritten[in->imm] = 0;
    else if (sees_slots(d->u, in))
        d->epoch++;
    else if (in->op == IR_CALL && !ir_is_droppable(d->u, in))
        memset(&d->overwritten[d->u->guest->shared], 0, d->u->guest->n_shared * sizeof(d->overwritten[0]));
    return true;
}

static void mark_block(struct dead *d, const struct ir_block *b)
{
    for (uint32_t i = b->end; i-- > b->first;) {
        const struct ir_inst *in = &d->u->insts[i];
        if (!is_needed(d, i))
            continue;
        d->map[i] = 1;
        unsigned args = ir_op_info[in->op].args;
        if (args > 0)
            need(d, in->a);
        if (args > 1)
            need(d, in->b);
        if (args > 2)
            need(d, in->c);
        if (args > 3)
            need(d, (uint16_t)in->imm2);
    }
}

/* Returns where the next block starts. */
static uint32_t close_up(struct dead *d, struct ir_block *b, uint32_t to)
{
    uint16_t *map = d->map;
    struct ir_inst *insts = d->u->insts;
    uint32_t first = to;
    for (uint32_t i = b->first; i < b->end; i++) {
        if (!map[i])
            continue;
        insts[to] = insts[i];
        ir_renumber(&insts[to], map);
        map[i] = (uint16_t)to++;
    }
    b->first = first;
    b->end = to;
    return to;
}

void ir_dead(struct ir_unit *u)
{
    struct dead d;
    d.u = u;
    d.map = ARENA_ARRAY(u->arena, uint16_t, u->n_insts);
    d.epoch = 1;
    if (u->full || !d.map)
        return;
    memset(d.overwritten, 0, u->guest->n_slots * sizeof(d.overwritten[0]));
    uint32_t to = 1;
    for (uint32_t n = 0, end; n < u->n_blocks; n = end) {
        end = ir_chain_end(u, n);
        for (uint32_t k = end; k-- > n;) {
            d.epoch++;
            mark_block(&d, &u->blocks[k]);
        }
        d.map[IR_NONE] = 0;
        for (uint32_t k = n; k < end; k++)
            to = close_up(&d, &u->blocks[k], to);
    }
    u->n_insts = to;
}

void ir_optimize(struct ir_unit *u)
{
    ir_fold(u);
    ir_cse(u);
    ir_dead(u);
    if (ir_carry(u)) {
        ir_fold(u);
        ir_cse(u);
        ir_dead(u);
    }
    bool less = ir_less(u), joined = ir_join(u);
    if (less) /* of which every extension is known */
        ir_fold(u);
    if (less || joined)
        ir_dead(u);
}
