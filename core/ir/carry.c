/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"
#include "core/util/bits.h"
#include <string.h>

/*
 * Late slots over the edges of a region. Where all blocks that lead to one leave in a late slot the same constant, or what
 * another slot holds too (the operand of a comparison is some register, mostly), the block begins with a PUT of that: it
 * changes nothing, but who deals with late slots need not write them on the way there.
 *
 * Forwards over chains to a fixed point: what is known only becomes less.
 */
#define SOURCES 64u /* slots that are looked at as places of a copy */

struct holding {
    enum { ANYTHING, CONSTANT, COPIES, UNKNOWN } kind; /* ANYTHING: no way here is known yet */
    uint64_t value;                                    /* the constant; bits of slots that hold the same */
};

/* What a slot is at a block's end: as it came, without the copies that were overwritten, or another holding. */
struct change {
    bool written;
    struct holding is;
    uint64_t lost;
};

struct carry {
    struct ir_unit *u;
    uint32_t n;                                    /* late slots */
    struct holding in[IR_UNIT_BLOCKS][IR_MAX_LATE]; /* of blocks that begin a chain */
    struct change by[IR_UNIT_BLOCKS][IR_MAX_LATE];  /* from the chain's beginning to the block's end */
    uint8_t chain[IR_UNIT_BLOCKS];                 /* the block that begins it */
    uint32_t n_extra;
};

/* ---- one chain, by itself ---- */

struct walk {
    uint16_t holds[SOURCES];   /* value in the slot, 0: not known */
    uint16_t late[IR_MAX_LATE];
    bool written[IR_MAX_LATE];
    uint64_t lost;
};

static bool is_source(const struct ir_unit *u, uint64_t slot)
{
    const struct ir_guest *g = u->guest;
    return slot < SOURCES && slot < g->n_slots && g->slots[slot].type == IR_I64 && !g->slots[slot].zero &&
           slot - g->late >= g->n_late && slot - g->shared >= g->n_shared;
}

static bool is_late(const struct ir_unit *u, uint64_t slot)
{
    return slot - u->guest->late < u->guest->n_late;
}

static void look(const struct carry *c, struct walk *w, uint32_t i)
{
    const struct ir_inst *in = &c->u->insts[i];
    if (in->op == IR_CALL && (c->u->guest->helpers[in->imm].flags & (IR_CALL_WRITES | IR_CALL_MODE))) {
        memset(w->holds, 0, sizeof(w->holds));
        memset(w->late, 0, sizeof(w->late));
        memset(w->written, true, sizeof(w->written));
        w->lost = UINT64_MAX;
    } else if (in->op == IR_PUT && is_late(c->u, (uint64_t)in->imm)) {
        w->late[in->imm - c->u->guest->late] = in->a;
        w->written[in->imm - c->u->guest->late] = true;
    } else if (in->op == IR_PUT && is_source(c->u, (uint64_t)in->imm)) {
        w->holds[in->imm] = in->a;
        w->lost |= BIT(in->imm);
    } else if (in->op == IR_GET && is_source(c->u, (uint64_t)in->imm)) {
        w->holds[in->imm] = (uint16_t)i;
    }
}

static struct holding holding_of(const struct carry *c, const struct walk *w, uint16_t v)
{
    const struct ir_inst *in = &c->u->insts[v];
    struct holding h = { .kind = UNKNOWN };
    if (v != IR_NONE && in->op == IR_CONST)
        return (struct holding){ CONSTANT, (uint64_t)in->imm };
    for (unsigned s = 0; s < SOURCES && v != IR_NONE; s++)
        if (w->holds[s] == v) {
            h.kind = COPIES;
            h.value |= BIT(s);
        }
    return h;
}

/* Blocks [first, end). */
static void walk_chain(struct carry *c, uint32_t first, uint32_t end)
{
    struct walk w = { .lost = 0 };
    for (uint32_t b = first; b < end; b++) {
        for (uint32_t i = c->u->blocks[b].first; i < c->u->blocks[b].end; i++)
            look(c, &w, i);
        c->chain[b] = (uint8_t)first;
        for (uint32_t k = 0; k < c->n; k++) {
            struct change *by = &c->by[b][k];
            *by = (struct change){ .written = w.written[k], .lost = w.lost };
            if (by->written)
                by->is = holding_of(c, &w, w.late[k]);
        }
    }
}

/* ---- all chains ---- */

static int block_at(const struct ir_unit *u, int64_t start)
{
    for (uint32_t b = 0; b < u->n_blocks; b++)
        if (u->blocks[b].start == start)
            return (int)b;
    return -1;
}

static struct holding out_of(const struct carry *c, uint32_t b, uint32_t k)
{
    const struct change *by = &c->by[b][k];
    if (by->written)
        return by->is;
    struct holding h = c->in[c->chain[b]][k];
    if (h.kind == COPIES) {
        h.value &= ~by->lost;
        h.kind = h.value ? COPIES : UNKNOWN;
    }
    return h;
}

/* What both ways say. True: less than before. */
static bool join(struct holding *h, struct holding other)
{
    struct holding before = *h;
    if (h->kind == ANYTHING)
        *h = other;
    else if (other.kind == ANYTHING)
        return false;
    else if (h->kind == COPIES && other.kind == COPIES && (h->value & other.value))
        h->value &= other.value;
    else if (h->kind != CONSTANT || other.kind != CONSTANT || h->value != other.value)
        *h = (struct holding){ .kind = UNKNOWN };
    return h->kind != before.kind || h->value != before.value;
}

static bool go(struct carry *c, uint32_t from, int64_t target)
{
    int to = block_at(c->u, target);
    bool changed = false;
    if (to < 0 || c->u->blocks[to].follows)
        return false;
    for (uint32_t k = 0; k < c->n; k++)
        changed |= join(&c->in[to][k], out_of(c, from, k));
    return changed;
}

static void flow(struct carry *c)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t b = 0; b < c->u->n_blocks; b++) {
            const struct ir_inst *last = &c->u->insts[c->u->blocks[b].end - 1];
            if (last->op == IR_JUMP || last->op == IR_BRANCH)
                changed |= go(c, b, last->imm);
            if (last->op == IR_BRANCH)
                changed |= go(c, b, last->imm2);
        }
    }
}

/* ---- what the blocks begin with ---- */

/*
 * The chain of block b looks at late slot k before it writes it: of `sources`, the slots that hold the same until then. 0: it
 * does not, or what wants all slots in memory comes first.
 */
static uint64_t lasting(const struct carry *c, uint32_t b, uint32_t k, uint64_t sources)
{
    const struct ir_unit *u = c->u;
    uint32_t end = u->blocks[ir_chain_end(u, b) - 1].end;
    uint64_t lasts = sources;
    bool seen = false;
    for (uint32_t i = u->blocks[b].first; i < end; i++) {
        const struct ir_inst *in = &u->insts[i];
        if ((in->op == IR_GET || in->op == IR_PUT) && in->imm == (int64_t)(u->guest->late + k))
            return in->op == IR_GET ? sources : seen ? lasts : 0;
        if (in->op == IR_CALL &&
            (u->guest->helpers[in->imm].flags & (IR_CALL_READS | IR_CALL_WRITES | IR_CALL_MODE | IR_CALL_EXITS)))
            return 0;
        if (in->op == IR_PUT && in->imm < (int64_t)SOURCES) {
            sources &= ~BIT(in->imm);
        } else if (ir_op_info[in->op].flags == 'F' || ir_op_info[in->op].flags == 'E') {
            seen = true;
            lasts = sources;
        }
    }
    return u->insts[end - 1].op == IR_JUMP || u->insts[end - 1].op == IR_BRANCH ? lasts : 0;
}

/* May it wait? Constants must fit where it is said what waits. */
static bool is_wanted(struct carry *c, uint32_t b, uint32_t k)
{
    struct holding *h = &c->in[b][k];
    if (b == 0 || c->u->blocks[b].follows)
        return false;
    if (h->kind == CONSTANT)
        return (int64_t)h->value == (int32_t)h->value && lasting(c, b, k, UINT64_MAX) != 0;
    if (h->kind == COPIES)
        h->value = lasting(c, b, k, h->value);
    return h->kind == COPIES && h->value != 0;
}

static void choose(struct carry *c)
{
    for (uint32_t b = 0; b < c->u->n_blocks; b++)
        for (uint32_t k = 0; k < c->n; k++) {
            if (is_wanted(c, b, k))
                c->n_extra += 2;
            else
                c->in[b][k].kind = UNKNOWN;
        }
}

/* The values of block b, which begin at `to` now, have new numbers. */
static uint32_t copy_block(struct carry *c, struct ir_inst *insts, uint16_t *map, struct ir_block *b, uint32_t to)
{
    uint32_t n = (uint32_t)(b - c->u->blocks), first = to;
    for (uint32_t i = b->first; i < b->end; i++) {
        insts[to] = c->u->insts[i];
        ir_renumber(&insts[to], map);
        map[i] = (uint16_t)to++;
        for (uint32_t k = 0; k < c->n && i == b->first; k++) { /* behind the INSN */
            const struct holding *h = &c->in[n][k];
            if (h->kind == UNKNOWN)
                continue;
            bool copy = h->kind == COPIES;
            int64_t imm = copy ? (int64_t)ctz64(h->value) : (int64_t)h->value;
            insts[to] = (struct ir_inst){ .op = copy ? IR_GET : IR_CONST, .type = IR_I64, .imm = imm };
            insts[to + 1] = (struct ir_inst){ .op = IR_PUT, .type = IR_I64, .a = (uint16_t)to, .imm = c->u->guest->late + k };
            to += 2;
        }
    }
    b->first = first;
    b->end = to;
    return to;
}

bool ir_carry(struct ir_unit *u)
{
    if (u->n_blocks < 2 || u->guest->n_late == 0 || u->full)
        return false;
    struct carry *c = ARENA_NEW(u->arena, struct carry);
    if (c == NULL)
        return false;
    c->u = u;
    c->n = u->guest->n_late;
    for (uint32_t b = 0, end; b < u->n_blocks; b = end) {
        end = ir_chain_end(u, b);
        walk_chain(c, b, end);
    }
    for (uint32_t k = 0; k < c->n; k++)
        c->in[0][k].kind = UNKNOWN; /* entered from elsewhere */
    flow(c);
    choose(c);
    uint32_t n = u->n_insts + c->n_extra;
    if (c->n_extra == 0 || n > UINT16_MAX)
        return false;
    struct ir_inst *insts = ARENA_TAKE(u->arena, struct ir_inst, n);
    uint16_t *map = ARENA_TAKE(u->arena, uint16_t, u->n_insts);
    if (insts == NULL || map == NULL)
        return false;
    insts[IR_NONE] = u->insts[IR_NONE];
    map[IR_NONE] = IR_NONE;
    uint32_t to = 1;
    for (uint32_t b = 0; b < u->n_blocks; b++)
        to = copy_block(c, insts, map, &u->blocks[b], to);
    u->insts = insts;
    u->n_insts = to;
    u->max_insts = n;
    u->sink = n - 1;
    return true;
}
