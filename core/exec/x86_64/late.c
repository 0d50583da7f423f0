/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Late slots (ir_guest.late: x86's flags): written by many instructions and overwritten before anybody looks. A PUT of one
 * is not done where it stands if what comes next is another PUT of the slot, with nothing between them but
 * operations that may fault. Those find the value in a recipe of their side table; where the next PUT is in the next
 * block of the unit, the stub that leaves between the two stores it.
 *
 * Analysis goes backwards. What comes after instruction i, for each late slot:
 *     SEEN      somebody reads its memory: the PUT before stores
 *     PENDING   at most faults and stubs up to instruction `until`, then a PUT: the value is kept that long
 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"
#include <assert.h>

enum sight { SIGHT_NONE, SIGHT_FAULT, SIGHT_MEMORY };

static enum sight sight(const struct ir_unit *u, const struct ir_inst *in)
{
    if (in->op != IR_CALL)
        return ir_op_info[in->op].flags == 'F' ? SIGHT_FAULT : SIGHT_NONE;
    uint32_t flags = u->guest->helpers[in->imm].flags;
    if (flags & (IR_CALL_READS | IR_CALL_WRITES | IR_CALL_MODE))
        return SIGHT_MEMORY;
    if (flags & IR_CALL_EXITS)
        return flags & IR_CALL_LIGHT ? SIGHT_FAULT : SIGHT_MEMORY; /* it may be the block's last: no register is saved then */
    return SIGHT_NONE;
}

static uint32_t all_late(const struct x86_gen *g)
{
    return (uint32_t)BIT(g->u->guest->n_late) - 1;
}

/* ---- unit: the late slots that are seen from each block's start on, unless it writes them first ---- */

/* The block's end sees what is left: the budget may be gone there. */
static uint32_t seen_in(const struct x86_gen *g, const struct ir_block *b)
{
    uint32_t seen = all_late(g);
    for (uint32_t i = b->first; i < b->end && seen != 0; i++) {
        const struct ir_inst *in = &g->u->insts[i];
        bool late = (in->op == IR_GET || in->op == IR_PUT) && x86_is_late(g, (unsigned)in->imm);
        if (late && in->op == IR_PUT)
            seen &= ~x86_late_bit(g, (unsigned)in->imm);
        else if (late ? seen & x86_late_bit(g, (unsigned)in->imm) : sight(g->u, in) != SIGHT_NONE)
            break; /* nothing is known of those behind it */
    }
    return seen;
}

void x86_late_unit(struct x86_gen *g)
{
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        g->late_in[b] = seen_in(g, &g->u->blocks[b]);
}

/* Seen after the block, by all ways out of it. */
static uint32_t seen_after(const struct x86_gen *g)
{
    const struct ir_inst *end = &g->u->insts[g->block->end - 1];
    if (end->op != IR_JUMP && end->op != IR_BRANCH)
        return all_late(g);
    return x86_late_at(g, end->imm) & (end->op == IR_JUMP ? all_late(g) : x86_late_at(g, end->imm2));
}

uint32_t x86_late_at(const struct x86_gen *g, int64_t target)
{
    int to = x86_block_at(g, target);
    return to < 0 ? all_late(g) : g->late_in[to];
}

/* ---- block, backwards ---- */

void x86_late_begin(struct x86_gen *g)
{
    uint32_t memory = seen_after(g);
    for (unsigned k = 0; k < g->u->guest->n_late; k++) {
        g->late_seen[k] = memory >> k & 1;
        g->late_until[k] = g->block->end - 1;
        g->pending[k] = IR_NONE;
    }
}

/* Before instruction i the slots are seen as it sees them. */
void x86_late_note(struct x86_gen *g, const struct ir_inst *in, uint32_t i)
{
    if (in->op == IR_GET) {
        if (x86_is_late(g, (unsigned)in->imm))
            g->late_seen[in->imm - g->u->guest->late] = true;
        return;
    }
    enum sight s = sight(g->u, in);
    for (unsigned k = 0; s != SIGHT_NONE && k < g->u->guest->n_late; k++) {
        g->late_seen[k] |= s == SIGHT_MEMORY;
        if (g->late_until[k] < i)
            g->late_until[k] = i;
    }
}

/* PUT i of a late slot: the last operation that its value waits for; 0: it does not. */
uint32_t x86_late_put(struct x86_gen *g, const struct ir_inst *in, uint32_t i)
{
    unsigned k = (unsigned)in->imm - g->u->guest->late;
    const struct ir_inst *value = &g->u->insts[g->values[in->a].rep];
    uint32_t until = g->late_until[k];
    bool seen = g->late_seen[k];
    /* A late slot's memory is no place for values that wait: it is written out of turn. */
    bool stays = value->op != IR_GET || !x86_is_late(g, (unsigned)value->imm);
    g->late_seen[k] = false;
    g->late_until[k] = 0;
    g->values[i].late = seen || (until && !stays) ? LATE_NO : until ? LATE_WAITS : LATE_DEAD;
    return g->values[i].late == LATE_WAITS ? until : 0;
}

/* ---- emission ---- */

/* True: nothing is to be stored now. */
bool x86_late_skip(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned k = (unsigned)in->imm - g->u->guest->late;
    uint16_t before = g->pending[k];
    bool waits = g->values[g->i].late == LATE_WAITS;
    g->pending[k] = waits ? g->values[in->a].rep : IR_NONE;
    if (before != IR_NONE && before != g->values[in->a].rep)
        x86_release_if_done(g, before);
    return g->values[g->i].late != LATE_NO;
}

uint32_t x86_late_pending(const struct x86_gen *g)
{
    uint32_t slots = 0;
    for (unsigned k = 0; k < g->u->guest->n_late; k++)
        slots |= g->pending[k] != IR_NONE ? 1u << k : 0;
    return slots;
}

void x86_late_store(struct x86_gen *g, uint32_t slots)
{
    for (slots &= x86_late_pending(g); slots; slots &= slots - 1) {
        unsigned k = (unsigned)ctz64(slots), slot = g->u->guest->late + k;
        x86_store_opnd(g, x86_cpu_mem(g->u->guest->slots[slot].offset), x86_opnd(g, g->pending[k]), true);
    }
}

/* What stub `s`, a STUB_LEAVE, has to store. */
void x86_late_leave(struct x86_gen *g, struct stub *s, uint32_t slots)
{
    slots &= x86_late_pending(g);
    if (slots == 0)
        return;
    s->late = slots;
    s->edge = g->n_leaves++;
    for (; slots; slots &= slots - 1) {
        unsigned k = (unsigned)ctz64(slots);
        g->leaves[s->edge][k] = x86_opnd(g, g->pending[k]);
    }
}

void x86_late_emit_leave(struct x86_gen *g, const struct stub *s)
{
    for (uint32_t slots = s->late; slots; slots &= slots - 1) {
        unsigned k = (unsigned)ctz64(slots), slot = g->u->guest->late + k;
        x86_store_opnd(g, x86_cpu_mem(g->u->guest->slots[slot].offset), g->leaves[s->edge][k], true);
    }
}

static struct x86_late ingredient(struct x86_gen *g, unsigned k)
{
    struct x86_late l = { .offset = g->u->guest->slots[g->u->guest->late + k].offset };
    uint32_t locked[2] = { g->locked[0], g->locked[1] };
    assert(g->values[g->pending[k]].place != P_NONE);
    struct opnd o = x86_opnd(g, g->pending[k]);
    g->locked[0] = locked[0]; /* it is only looked at */
    g->locked[1] = locked[1];
    if (o.kind == O_IMM) {
        l.kind = LATE_IMM;
        l.imm = o.imm;
    } else if (o.kind == O_REG) {
        l.kind = LATE_REG;
        l.imm = SAVE_GPR + o.reg;
    } else {
        l.kind = o.reg == RBP ? LATE_SLOT : LATE_FRAME;
        l.imm = (uint64_t)(int64_t)(o.reg == RBP ? o.disp + CPU_BIAS : o.disp);
    }
    return l;
}

/* For a site that may fault here; neighbours mostly have the same. */
const struct x86_recipe *x86_late_recipe(struct x86_gen *g)
{
    struct x86_recipe r = { .n = 0 };
    for (unsigned k = 0; k < g->u->guest->n_late; k++)
        if (g->pending[k] != IR_NONE && g->values[g->pending[k]].last >= g->i) /* else nothing faults any more */
            r.late[r.n++] = ingredient(g, k);
    if (r.n == 0)
        return NULL;
    size_t bytes = offsetof(struct x86_recipe, late) + r.n * sizeof(r.late[0]);
    if (g->recipe && g->recipe->n == r.n && memcmp(g->recipe->late, r.late, r.n * sizeof(r.late[0])) == 0)
        return g->recipe;
    struct x86_recipe *kept = arena_alloc(g->arena, bytes);
    if (!kept) {
        g->rc = err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
        return NULL;
    }
    memcpy(kept, &r, bytes);
    g->recipe = kept;
    return kept;
}
