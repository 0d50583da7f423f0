/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Late PUTs. Most slots are overwritten before anybody looks: x86's flags by nearly each instruction, other registers by one
 * of the next few. A PUT is not done where it stands if what comes next in its chain is another PUT of the slot, with nothing
 * between them but operations that may fault and ways out. Until then the value *waits* where it is, or goes to its slot when
 * its register is wanted. What may fault names it in a recipe of its side table; ways out of the chain store it. A value of
 * 64 bits that extends one of 32 waits without being extended.
 *
 * Pinned slots are not late, nor those that helpers share. Those of ir_guest.late may wait beyond the end of their chain,
 * where the next block overwrites them. PUTs of pinned slots that would not be done are done, but without extending what is
 * put: nobody sees the upper half (struct value.unseen).
 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"
#include <assert.h>
#include <stdlib.h>

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

static uint32_t late_at(const struct x86_gen *g, int64_t target)
{
    int to = x86_block_at(g, target);
    return to < 0 ? all_late(g) : g->late_in[to];
}

/* Seen after the chain, by all ways out of it. */
static uint32_t seen_after(const struct x86_gen *g)
{
    const struct ir_inst *end = &g->u->insts[g->end - 1];
    if (end->op != IR_JUMP && end->op != IR_BRANCH)
        return all_late(g);
    return late_at(g, end->imm) & (end->op == IR_JUMP ? all_late(g) : late_at(g, end->imm2));
}

/* ---- chain, backwards ---- */

/* The next PUT of each slot, if it comes before all that sees memory. */
struct overwritten {
    uint32_t epoch[IR_MAX_SLOTS]; /* as it is now */
    uint32_t by[IR_MAX_SLOTS];
    uint32_t now;                 /* counts up at everything that sees memory */
};

/* Constants that a recipe has room for; no names of values of other types, but for extensions. */
static bool can_wait(const struct x86_gen *g, const struct ir_inst *put)
{
    const struct ir_inst *v = &g->u->insts[put->a];
    unsigned slot = (unsigned)put->imm;
    if (is_shared(g, slot) || g->u->guest->slots[slot].zero)
        return false;
    return v->op == IR_CONST ? v->imm == (int32_t)v->imm : v->op != IR_TRUNC && v->op != IR_FUNBOX;
}

/* `fault_before` of what overwrites it: the last operation that may fault or leave before that. */
static void classify(struct x86_gen *g, struct overwritten *o, const struct ir_inst *in, uint32_t i)
{
    struct value *v = &g->values[i];
    bool late = o->epoch[in->imm] == o->now && can_wait(g, in);
    uint32_t until = late ? o->by[in->imm] : 0;
    bool pinned = g->pin_of[in->imm] != NO_PIN;
    v->late = !late || pinned ? LATE_NO : until > i ? LATE_WAITS : LATE_DEAD;
    v->unseen = late && pinned && until <= i;
    v->put = pinned ? 0 : until;
    o->epoch[in->imm] = o->now;
    o->by[in->imm] = v->next;
}

void x86_late_chain(struct x86_gen *g)
{
    struct overwritten o = { .now = 1 };
    uint32_t fault = 0, seen = seen_after(g);
    for (uint32_t i = g->first; i < g->end; i++) {
        const struct ir_inst *in = &g->u->insts[i];
        g->values[i].next = fault;
        if (x86_is_way_out(g, i) || sight(g->u, in) == SIGHT_FAULT)
            fault = i;
    }
    for (unsigned k = 0; k < g->u->guest->n_late; k++) {
        o.epoch[g->u->guest->late + k] = seen >> k & 1 ? 0 : o.now;
        o.by[g->u->guest->late + k] = g->end - 1;
    }
    for (uint32_t i = g->end; i-- > g->first;) {
        const struct ir_inst *in = &g->u->insts[i];
        if (in->op == IR_PUT)
            classify(g, &o, in, i);
        else if (in->op == IR_GET)
            o.epoch[in->imm] = 0;
        else if (sight(g->u, in) == SIGHT_MEMORY)
            o.now++;
    }
}

/* ---- emission ---- */

void x86_late_begin(struct x86_gen *g)
{
    memset(g->pending, 0, sizeof(g->pending));
    memset(g->waiting, 0, sizeof(g->waiting));
}

/* The next waiting slot from `slot` on, or IR_MAX_SLOTS. */
static unsigned next_waiting(const struct x86_gen *g, unsigned slot)
{
    for (unsigned w = slot / 64; w < ARRAY_LEN(g->waiting); w++) {
        uint64_t bits = g->waiting[w];
        if (w == slot / 64)
            bits &= ~0ull << slot % 64;
        if (bits)
            return 64 * w + (unsigned)ctz64(bits);
    }
    return IR_MAX_SLOTS;
}

static void set_waiting(struct x86_gen *g, unsigned slot, uint16_t v, enum extension x)
{
    g->pending[slot] = v;
    g->extension[slot] = (uint8_t)x;
    if (v != IR_NONE)
        g->waiting[slot / 64] |= BIT(slot % 64);
    else
        g->waiting[slot / 64] &= ~BIT(slot % 64);
}

/* What has yet to be done to the value that stands for what is PUT. */
static enum extension extension_of(const struct x86_gen *g, const struct ir_inst *put)
{
    uint16_t v = g->values[put->a].rep;
    if (put->type != IR_I64)
        return EXTEND_NOT;
    if (v == put->a) {
        unsigned op = g->u->insts[v].op;
        bool done = op == IR_LOAD || op == IR_SEXT || op == IR_ZEXT;
        return done || g->values[v].wide || !g->values[v].is_signed ? EXTEND_NOT : EXTEND_SIGN;
    }
    if (g->u->insts[put->a].op == IR_ZEXT)
        return x86_is_clean(g, v) ? EXTEND_NOT : EXTEND_ZERO;
    return g->u->insts[put->a].op == IR_SEXT ? EXTEND_SIGN : EXTEND_NOT;
}

/* The slot gets another value. */
void x86_late_drop(struct x86_gen *g, unsigned slot)
{
    uint16_t before = g->pending[slot];
    set_waiting(g, slot, IR_NONE, EXTEND_NOT);
    if (before != IR_NONE && before != g->values[g->u->insts[g->i].a].rep)
        x86_release_if_done(g, before);
}

/* True: the value is not to be stored now. */
bool x86_late_put(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned slot = (unsigned)in->imm;
    struct value *v = &g->values[g->values[in->a].rep];
    if (g->values[g->i].late == LATE_WAITS) {
        set_waiting(g, slot, g->values[in->a].rep, extension_of(g, in));
        if (g->slot_home[v->home] != g->values[in->a].rep)
            v->home = (uint16_t)slot;
    }
    return g->values[g->i].late != LATE_NO;
}

/* reg = o, extended; keeps the flags */
static void extend(struct x86_gen *g, unsigned reg, struct opnd o, enum extension x)
{
    uint32_t op = x == EXTEND_SIGN ? 0x63 | OP_W : 0x8b;
    if (o.kind == O_REG)
        asm_rr(g->a, op, reg, o.reg);
    else
        asm_rm(g->a, op, reg, opnd_mem(o));
}

static void store_waiting(struct x86_gen *g, unsigned slot, struct opnd o, enum extension x)
{
    if (x != EXTEND_NOT && o.kind != O_IMM) {
        extend(g, RAX, o, x);
        o = opnd_reg(RAX);
    }
    x86_store_typed(g, x86_cpu_mem(g->u->guest->slots[slot].offset), o, x86_slot_type(g, slot));
}

/*
 * The register of v is wanted, and v waits for a slot: it is stored there. The slot, or -1 if there is none. What is not
 * extended yet goes on waiting, in the slot itself: whoever reads v looks at its low half.
 */
int x86_late_home(struct x86_gen *g, uint16_t v)
{
    unsigned slot = g->values[v].home;
    struct opnd o = opnd_reg(g->values[v].reg);
    if (g->pending[slot] != v)
        for (slot = next_waiting(g, 0); slot < IR_MAX_SLOTS && g->pending[slot] != v;)
            slot = next_waiting(g, slot + 1);
    if (slot == IR_MAX_SLOTS || (x86_slot_type(g, slot) == IR_I32 && x86_is_clean(g, v))) /* slots.c, x86_set_home */
        return -1;
    o.fp = in_xmm(value_type(g, v));
    x86_store_typed(g, x86_cpu_mem(g->u->guest->slots[slot].offset), o, x86_slot_type(g, slot));
    if (g->extension[slot] == EXTEND_NOT)
        set_waiting(g, slot, IR_NONE, EXTEND_NOT);
    return (int)slot;
}

/* Does the slot's value wait on, where the block goes to `target`? */
static bool waits_on(const struct x86_gen *g, unsigned slot, int64_t target, bool inside)
{
    return inside || (x86_is_late(g, slot) && !(late_at(g, target) & x86_late_bit(g, slot)));
}

/* On the way to `target`; `inside`: of the chain. */
void x86_late_store(struct x86_gen *g, int64_t target, bool inside)
{
    for (unsigned s = next_waiting(g, 0); s < IR_MAX_SLOTS; s = next_waiting(g, s + 1))
        if (!waits_on(g, s, target, inside))
            store_waiting(g, s, x86_opnd(g, g->pending[s]), (enum extension)g->extension[s]);
}

static struct leave *new_leave(struct x86_gen *g)
{
    if (g->n_leaves == g->max_leaves) {
        uint32_t n = g->max_leaves ? 2 * g->max_leaves : 256;
        struct leave *leaves = realloc(g->leaves, n * sizeof(*leaves));
        if (!leaves) {
            g->rc = err_set(g->e, ERR_NOMEM, "code generator: the host has no memory left");
            return NULL;
        }
        g->leaves = leaves;
        g->max_leaves = n;
    }
    return &g->leaves[g->n_leaves++];
}

/* What stub `s`, a STUB_LEAVE on that way, has to store: what x86_late_store did not. */
void x86_late_leave(struct x86_gen *g, struct stub *s, int64_t target, bool inside)
{
    s->edge = g->n_leaves;
    for (unsigned k = next_waiting(g, 0); k < IR_MAX_SLOTS; k = next_waiting(g, k + 1)) {
        struct leave *l = waits_on(g, k, target, inside) ? new_leave(g) : NULL;
        if (l)
            *l = (struct leave){ .value = x86_opnd(g, g->pending[k]), .slot = (uint16_t)k, .extension = g->extension[k] };
    }
    s->late = g->n_leaves - s->edge;
}

void x86_late_emit_leave(struct x86_gen *g, const struct stub *s)
{
    for (uint32_t k = s->edge; k < s->edge + s->late; k++)
        store_waiting(g, g->leaves[k].slot, g->leaves[k].value, (enum extension)g->leaves[k].extension);
}

/* ---- recipes ---- */

static struct x86_late ingredient(struct x86_gen *g, unsigned slot)
{
    unsigned type = x86_slot_type(g, slot);
    struct x86_late l = { .offset = g->u->guest->slots[slot].offset, .type = (uint8_t)type, .extension = g->extension[slot] };
    uint32_t locked[2] = { g->locked[0], g->locked[1] };
    assert(g->values[g->pending[slot]].place != P_NONE);
    struct opnd o = x86_opnd(g, g->pending[slot]);
    g->locked[0] = locked[0]; /* it is only looked at */
    g->locked[1] = locked[1];
    if (o.kind == O_IMM) {
        l.kind = LATE_IMM;
        l.at = (int32_t)o.imm;
    } else if (o.kind == O_REG) {
        l.kind = LATE_REG;
        l.at = (int32_t)x86_saved(!o.fp ? IR_I64 : is_wide(type) ? IR_V256 : IR_V128, o.reg);
    } else {
        l.kind = o.reg == RBP ? LATE_SLOT : LATE_FRAME;
        l.at = o.reg == RBP ? o.disp + CPU_BIAS : o.disp;
    }
    return l;
}

/* For a site that may fault here; neighbours mostly have the same. */
const struct x86_recipe *x86_late_recipe(struct x86_gen *g)
{
    struct x86_recipe *r = &g->draft;
    r->n = 0;
    for (unsigned s = next_waiting(g, 0); s < IR_MAX_SLOTS; s = next_waiting(g, s + 1))
        if (g->values[g->pending[s]].last >= g->i) /* else nothing faults any more */
            r->late[r->n++] = ingredient(g, s);
    if (r->n == 0)
        return NULL;
    if (g->recipe && g->recipe->n == r->n && memcmp(g->recipe->late, r->late, r->n * sizeof(r->late[0])) == 0)
        return g->recipe;
    size_t bytes = offsetof(struct x86_recipe, late) + r->n * sizeof(r->late[0]);
    struct x86_recipe *kept = arena_alloc(g->arena, bytes);
    if (!kept) {
        g->rc = err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
        return NULL;
    }
    memcpy(kept, r, bytes);
    g->recipe = kept;
    return kept;
}
