/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest slots: values that need no place of their own because a slot has them (aliases), what becomes of those when it is
 * overwritten, and results that are computed straight in a slot's register.
 */
#include "core/exec/x86_64/places.h"
#include "core/util/bits.h"

#define COALESCE_WINDOW 12 /* instructions between an operation and the PUT of its result */
#define COALESCE_STEPS  3  /* results on the way to that of the PUT */
#define WIDE_WINDOW     160 /* the same of v256: a block's */
#define WIDE_STEPS      16

/* ---- aliases and homes ---- */

void x86_add_alias(struct x86_gen *g, uint16_t v, unsigned slot, uint8_t place)
{
    struct value *x = &g->values[v];
    x->place = place;
    x->slot = (uint16_t)slot;
    if (place == P_PIN)
        x->reg = g->code->pins[g->pin_of[slot]].reg;
    x->next_alias = g->slot_alias[slot];
    g->slot_alias[slot] = v;
}

void x86_remove_alias(struct x86_gen *g, uint16_t v)
{
    uint16_t *at = &g->slot_alias[g->values[v].slot];
    while (*at != IR_NONE && *at != v)
        at = &g->values[*at].next_alias;
    *at = g->values[v].next_alias;
}

static bool is_alias(const struct value *x, unsigned slot)
{
    return (x->place == P_PIN || x->place == P_SLOT) && x->slot == slot;
}

void x86_set_home(struct x86_gen *g, uint16_t v, unsigned slot)
{
    unsigned type = x86_slot_type(g, slot);
    bool clean = x86_is_clean(g, v); /* its extension may be another name of it: 32 bits of memory have no zeros above */
    bool holds = clean ? type == IR_I64 : value_type(g, v) == type;
    g->slot_home[slot] = holds ? v : IR_NONE;
    g->values[v].home = (uint16_t)slot;
}

/* The pin of another slot that holds value v, an alias of `slot`, too; or NO_PIN. */
static unsigned other_pin(const struct x86_gen *g, uint16_t v, unsigned slot)
{
    for (unsigned p = 0; p < g->code->n_pins; p++)
        if (g->pin_copy[p].value == v && g->pin_copy[p].slot != slot)
            return p;
    return NO_PIN;
}

static void forget_copy(struct x86_gen *g, unsigned slot)
{
    if (g->pin_of[slot] != NO_PIN)
        g->pin_copy[g->pin_of[slot]].value = IR_NONE;
}

/* Value v, an alias of `slot` that is wanted yet, goes where it outlives the slot: another pin, a register, the frame. */
static void move_alias(struct x86_gen *g, uint16_t v, unsigned slot)
{
    struct value *x = &g->values[v];
    unsigned pin = other_pin(g, v, slot);
    if (pin != NO_PIN) {
        x86_add_alias(g, v, g->pin_copy[pin].slot, P_PIN);
        return;
    }
    unsigned type = value_type(g, v);
    bool fp = in_xmm(type), w = x->place == P_PIN || is_w(x86_slot_type(g, slot));
    struct opnd o = x86_opnd(g, v);
    int r = x86_take(g, v, fp);
    if (r < 0) {
        x86_spill(g, v, o, w);
        return;
    }
    if (type >= IR_V128)
        x86_load_typed(g, (unsigned)r, o, type);
    else if (fp)
        x86_load_fp(g, (unsigned)r, o, w);
    else
        gen_load(g, (unsigned)r, o, w);
    x->place = P_REG;
    x->reg = (uint8_t)r;
    g->locked[fp] |= 1u << r;
}

void x86_save_aliases(struct x86_gen *g, unsigned slot, uint16_t except)
{
    uint16_t next;
    g->slot_home[slot] = IR_NONE; /* first: what is evicted here must not find its home there */
    forget_copy(g, slot);
    for (uint16_t v = g->slot_alias[slot]; v; v = next) {
        const struct value *x = &g->values[v];
        next = x->next_alias;
        if (v != except && is_alias(x, slot) && x->last > g->i)
            move_alias(g, v, slot);
    }
    g->slot_alias[slot] = 0;
    if (except && is_alias(&g->values[except], slot)) {
        g->values[except].next_alias = 0;
        g->slot_alias[slot] = except;
    }
}

void x86_save_shared_aliases(struct x86_gen *g)
{
    unsigned first = g->u->guest->shared, n = g->u->guest->n_shared;
    memset(&g->slot_home[first], 0, n * sizeof(g->slot_home[0]));
    for (unsigned s = first; s < first + n; s++)
        if (g->slot_alias[s])
            x86_save_aliases(g, s, IR_NONE);
}

void x86_save_all_aliases(struct x86_gen *g)
{
    memset(g->slot_home, 0, sizeof(g->slot_home));
    memset(g->pin_copy, 0, sizeof(g->pin_copy));
    for (unsigned s = 0; s < g->u->guest->n_slots; s++)
        if (g->slot_alias[s])
            x86_save_aliases(g, s, IR_NONE);
}

/* A register or a place of the one type is one of the other, too: vectors are apart from what is as long or shorter. */
static bool may_share(unsigned a, unsigned b)
{
    return a == b || (a < IR_V128 && b < IR_V128);
}

/* ---- GET and PUT ---- */

void gen_get(struct x86_gen *g, const struct ir_inst *in)
{
    uint16_t v = (uint16_t)g->i;
    struct value *x = &g->values[v];
    unsigned slot = (unsigned)in->imm;
    const struct ir_slot *s = &g->u->guest->slots[slot];
    unsigned type = x86_slot_type(g, slot);
    bool is_free = g->free[in_xmm(type)] & x86_pool_of(type);
    if (s->zero) {
        x->place = P_CONST;
    } else if (g->pin_of[slot] != NO_PIN) {
        x86_add_alias(g, v, slot, P_PIN);
    } else if (x->uses - x->waiting <= 1 || (!is_free && !x86_is_soon(g, x86_next_use(g, v), type))) {
        x86_add_alias(g, v, slot, P_SLOT);
    } else {
        int r = x86_take(g, v, in_xmm(type));
        if (r < 0) {
            x86_add_alias(g, v, slot, P_SLOT);
            return;
        }
        struct opnd o = opnd_cpu(s->offset);
        x86_load_typed(g, (unsigned)r, o, type);
        x->place = P_REG;
        x->reg = (uint8_t)r;
        x86_set_home(g, v, slot);
    }
}

void gen_put(struct x86_gen *g, const struct ir_inst *in)
{
    uint16_t v = g->values[in->a].rep;
    struct value *x = &g->values[v];
    unsigned slot = (unsigned)in->imm;
    const struct ir_slot *s = &g->u->guest->slots[slot];
    unsigned type = x86_slot_type(g, slot);
    bool same = is_alias(x, slot); /* computed in place, or the old value again */
    bool seen = g->values[g->i].late != LATE_DEAD; /* else the value may be nowhere any more */
    struct opnd o = seen ? x86_opnd(g, v) : (struct opnd){ 0 };
    if (s->zero)
        return;
    x86_late_drop(g, slot);
    x86_save_aliases(g, slot, same ? v : IR_NONE);
    if (x86_late_put(g, in))
        return;
    if (g->pin_of[slot] == NO_PIN) {
        if (!same) {
            x86_store_typed(g, x86_cpu_mem(s->offset), o, type);
            x86_set_home(g, v, slot);
        }
        return;
    }
    g->dirty |= 1u << g->pin_of[slot];
    if (same)
        return;
    const struct x86_pin *p = &g->code->pins[g->pin_of[slot]];
    bool fp = in_xmm(type);
    x86_load_typed(g, p->reg, o, type);
    if ((x->place == P_PIN || x->place == P_SLOT) && value_type(g, v) == type && type == IR_I64) {
        g->pin_copy[g->pin_of[slot]].value = v;
        g->pin_copy[g->pin_of[slot]].slot = (uint16_t)slot;
    }
    if (x->place == P_REG && value_is_fp(g, v) == fp && may_share(value_type(g, v), type) && x86_fills(g, v, is_w(type))) {
        x86_release(g, x, fp);
        x86_add_alias(g, v, slot, P_PIN);
    }
}

/* ---- results in place ---- */

/*
 * The PUT of what the instruction's result is for: of itself, or of the next result of which it is the first operand, and
 * nothing else (SHR, XOR and PUT of one register). 0: none near.
 */
static uint32_t put_of(const struct x86_gen *g, const struct value *x)
{
    uint32_t put = x->put;
    for (unsigned steps = 0; put == 0 && x->uses == 1 && x->last > g->i && steps < COALESCE_STEPS; steps++) {
        const struct ir_inst *next = &g->u->insts[x->last];
        bool commutes = next->op == IR_ADD || next->op == IR_AND || next->op == IR_OR || next->op == IR_XOR ||
                        next->op == IR_MUL;
        bool first = commutes || next->op == IR_SUB || next->op == IR_SHL || next->op == IR_SHR || next->op == IR_SAR;
        if (!first || (!commutes && g->values[next->a].rep != x - g->values) || !x86_fills(g, (uint16_t)x->last, true))
            return 0;
        x = &g->values[x->last];
        put = x->put;
        if (x->rep != x - g->values || x->fused || x->rotate)
            return 0;
    }
    return put - g->i <= COALESCE_WINDOW ? put : 0;
}

/*
 * Of v256: the PUT of what the last user of it makes, and so on (sums and rotations of a cipher's round go back to where they
 * came from). Registers for those are either pinned, and free between the last use of the slot and that PUT, or there are none.
 */
static uint32_t wide_put_of(const struct x86_gen *g, const struct value *x)
{
    for (unsigned steps = 0; x->put == 0 && steps < WIDE_STEPS; steps++) {
        if (x->last <= g->i || !is_wide(g->u->insts[x->last].type) || g->u->insts[x->last].op == IR_PUT)
            return 0;
        x = &g->values[x->last];
    }
    return x->put - g->i <= WIDE_WINDOW ? x->put : 0;
}

/* May instruction i compute its result straight in the slot that a later PUT, at `put`, gives it? */
static bool may_coalesce(const struct x86_gen *g, uint32_t put, bool fp)
{
    if (put == 0)
        return false;
    unsigned slot = (unsigned)g->u->insts[put].imm;
    unsigned type = x86_slot_type(g, slot);
    if (g->pin_of[slot] == NO_PIN || in_xmm(type) != fp || !x86_fills(g, (uint16_t)g->i, is_w(type)) ||
        !may_share(value_type(g, (uint16_t)g->i), type))
        return false;
    for (uint16_t v = g->slot_alias[slot]; v; v = g->values[v].next_alias)
        if (is_alias(&g->values[v], slot) && g->values[v].last > g->i && other_pin(g, v, slot) == NO_PIN)
            return false;
    for (uint32_t j = g->i + 1; j < put; j++) {
        const struct ir_inst *in = &g->u->insts[j];
        unsigned flags = (unsigned char)ir_op_info[in->op].flags;
        if (flags == 'F' || x86_is_way_out(g, j) ||
            ((in->op == IR_GET || in->op == IR_PUT) && in->imm == (int64_t)slot))
            return false;
    }
    return true;
}

bool x86_def_in_slot(struct x86_gen *g)
{
    uint16_t v = (uint16_t)g->i;
    uint32_t put = is_wide(value_type(g, v)) ? wide_put_of(g, &g->values[v]) : put_of(g, &g->values[v]);
    if (!may_coalesce(g, put, value_is_fp(g, v)))
        return false;
    x86_save_aliases(g, (unsigned)g->u->insts[put].imm, IR_NONE); /* other pins have them */
    x86_add_alias(g, v, (unsigned)g->u->insts[put].imm, P_PIN);
    return true;
}
