/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which slots have host registers for the whole unit: those that are read and written most, as long as enough registers
 * are left for the temporaries that its blocks want at once.
 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

#define MIN_TEMPORARIES 2u
#define MAX_TEMPORARIES 6u
#define MAX_SHARED      4u

struct slot_use {
    uint32_t weight;
    uint16_t gets, puts;
};

/* The slots the unit touches, each once. */
struct slot_list {
    uint32_t n;
    uint8_t slot[IR_MAX_SLOTS];
    struct slot_use use[IR_MAX_SLOTS];
};

/* A slot that is read at i for nothing but to say what a late slot holds (ir_carry). */
static bool is_carried(const struct x86_gen *g, uint32_t i)
{
    const struct ir_inst *in = &g->u->insts[i], *next = in + 1;
    return in->op == IR_GET && in->uses == 1 && next->op == IR_PUT && next->a == i && x86_is_late(g, (unsigned)next->imm);
}

static void count_slots(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS], struct slot_list *l)
{
    const struct ir_unit *u = g->u;
    for (uint32_t b = 0; b < u->n_blocks; b++) {
        uint32_t weight = weights[b];
        for (uint32_t i = u->blocks[b].first; i < u->blocks[b].end; i++) {
            const struct ir_inst *in = &u->insts[i];
            g->uses_fp |= in_xmm(in->type) || in->op == IR_CLMUL || in->op == IR_CLMULH;
            g->uses_wide |= is_wide(in->type);
            if ((in->op == IR_GET || in->op == IR_PUT) && is_wide(in->type))
                g->wide[in->imm / 64] |= BIT(in->imm % 64);
            if ((in->op != IR_GET && in->op != IR_PUT) || u->guest->slots[in->imm].cold ||
                x86_is_late(g, (unsigned)in->imm) || is_carried(g, i))
                continue;
            struct slot_use *s = &l->use[in->imm];
            if (s->weight == 0)
                l->slot[l->n++] = (uint8_t)in->imm;
            bool is_get = in->op == IR_GET; /* saves waiting for memory; a PUT saves a store, and nobody waits for that */
            s->weight += is_get ? 3 * weight : weight;
            s->gets += is_get;
            s->puts += !is_get;
        }
    }
}

/* ---- how many registers temporaries want ---- */

/* Last uses of the block's values, in g->values: what is only another name, or a comparison, reads later. */
static void find_last_uses(struct x86_gen *g, const struct ir_block *b)
{
    struct value *v = g->values;
    for (uint32_t i = b->first; i < b->end; i++)
        v[i].last = v[i].uses = 0;
    for (uint32_t i = b->end; i-- > b->first;) {
        const struct ir_inst *in = &g->u->insts[i];
        const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
        uint32_t at = in->op == IR_TRUNC || in->op == IR_SETCC ? MAX(v[i].last, i) : i;
        for (unsigned k = 0; k < ir_op_info[in->op].args; k++)
            if (args[k] != IR_NONE && v[args[k]].last < at)
                v[args[k]].last = at;
    }
}

/* Does the value of instruction i need a register of the pool until its last use? */
static bool is_temporary(const struct x86_gen *g, uint32_t i, uint32_t pool)
{
    const struct ir_inst *in = &g->u->insts[i], *next = in + 1;
    if (ir_op_info[in->op].result == 'N' || in->op == IR_CONST || in->op == IR_GET || in->op == IR_TRUNC ||
        in->op == IR_SETCC || g->values[i].last <= i)
        return false;
    bool put_at_once = next->op == IR_PUT && next->a == i; /* its slot has it */
    return x86_pool_of(ir_op_info[in->op].result == 'T' ? in->type : IR_I64) == pool && !put_at_once;
}

/* Does value i, read from a slot, have to move when the slot is overwritten? */
static bool outlives_slot(const struct x86_gen *g, uint32_t i)
{
    const struct ir_inst *in = &g->u->insts[i];
    for (uint32_t j = i + 1; in->op == IR_GET && j < g->values[i].last; j++)
        if (g->u->insts[j].op == IR_PUT && g->u->insts[j].imm == in->imm)
            return true;
    return false;
}

#define GROUP_WINDOW 48 /* instructions between accesses that are looked at here */

/* The last access near i that may share its probe; i: there is none, or it is no first one. */
static uint32_t last_of_group(const struct x86_gen *g, const struct ir_block *b, uint32_t i)
{
    const struct ir_inst *in = &g->u->insts[i];
    uint32_t last = i;
    if ((in->op != IR_LOAD && in->op != IR_STORE) || g->u->insts[in->a].op == IR_CONST)
        return i;
    for (uint32_t j = i; j-- > b->first && i - j < GROUP_WINDOW;)
        if (g->u->insts[j].op == in->op && g->u->insts[j].a == in->a)
            return i;
    for (uint32_t j = i + 1; j < b->end && j - i < GROUP_WINDOW; j++) {
        const struct ir_inst *other = &g->u->insts[j];
        if (other->op == in->op && other->a == in->a && other->imm - in->imm < PAGE_SPAN && in->imm - other->imm < PAGE_SPAN)
            last = j;
        else if (ir_op_info[other->op].flags == 'F' && other->op != IR_LOAD && other->op != IR_STORE)
            break;
    }
    return last;
}

/*
 * Most temporaries of a pool that the block wants at once. `uses` counts those that end at an instruction. `shared`:
 * with what accesses that share a probe want, its addend and the address that a slot had.
 */
static unsigned pressure_in(struct x86_gen *g, const struct ir_block *b, uint32_t pool, bool shared)
{
    unsigned live = 0, most = 0;
    find_last_uses(g, b);
    for (uint32_t i = b->first; i < b->end; i++) {
        uint32_t last = shared ? last_of_group(g, b, i) : i;
        live -= g->values[i].uses;
        if (last != i) {
            g->values[last].uses++;
            live++;
        }
        if (is_temporary(g, i, pool) || (shared && outlives_slot(g, i))) {
            g->values[g->values[i].last].uses++;
            live++;
        }
        most = MAX(most, live);
    }
    return most;
}

/* The same of all blocks that count for something. Values that cross blocks of a chain are slots', and left out. */
static unsigned pressure(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS], uint32_t pool, bool shared)
{
    uint32_t hottest = 0;
    unsigned most = 0;
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        hottest = MAX(hottest, weights[b]);
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        if (weights[b] >= hottest / 8)
            most = MAX(most, pressure_in(g, &g->u->blocks[b], pool, shared));
    return most;
}

/* General registers for temporaries. A shared probe saves more than a slot's load, as long as most slots have registers. */
static unsigned temporaries(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS])
{
    unsigned alone = MIN(pressure(g, weights, GPR_POOL, false), MAX_TEMPORARIES);
    unsigned shared = MIN(pressure(g, weights, GPR_POOL, true), MAX_SHARED);
    return MAX(MAX(alone, shared), MIN_TEMPORARIES);
}

/* ---- the choice ---- */

static void pin(struct x86_gen *g, unsigned slot, unsigned reg)
{
    struct x86_code *c = g->code;
    unsigned type = x86_slot_type(g, slot);
    bool fp = in_xmm(type);
    g->pin_of[slot] = (uint8_t)c->n_pins;
    c->pins[c->n_pins++] = (struct x86_pin){ .offset = g->u->guest->slots[slot].offset, .type = (uint8_t)type, .reg = (uint8_t)reg };
    *(fp ? &g->pins_xmm : &g->pins_gpr) |= 1u << reg;
    g->pool[fp] &= ~(1u << reg);
}

/* Pin the heaviest slots of one pool in its registers `regs`, leaving `keep` of them. */
static void pin_class(struct x86_gen *g, const struct slot_list *l, uint32_t pool, uint32_t regs, unsigned keep)
{
    const uint32_t *left = &g->pool[pool != GPR_POOL];
    while (popcount64(*left & regs) > keep && g->code->n_pins < MAX_PINS) {
        unsigned best = IR_MAX_SLOTS;
        for (unsigned k = 0; k < l->n; k++) {
            unsigned s = l->slot[k];
            const struct slot_use *use = &l->use[s];
            const struct ir_slot *slot = &g->u->guest->slots[s];
            /* Straight code gains only where a slot would be read or written twice. */
            if ((!g->loops && use->gets < 2 && use->puts < 2) || x86_pool_of(x86_slot_type(g, s)) != pool || slot->zero || is_shared(g, s) ||
                g->pin_of[s] != NO_PIN)
                continue;
            if (best == IR_MAX_SLOTS || use->weight > l->use[best].weight)
                best = s;
        }
        if (best == IR_MAX_SLOTS)
            return;
        pin(g, best, (unsigned)ctz64(*left & regs));
    }
}

void x86_choose_pins(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS])
{
    struct slot_list l = { 0 };
    memset(g->pin_of, NO_PIN, sizeof(g->pin_of));
    g->pins_gpr = g->pins_xmm = 0;
    g->uses_fp = g->uses_wide = false;
    memset(g->wide, 0, sizeof(g->wide));
    g->pool[0] = GPR_POOL;
    g->pool[1] = XMM_POOL | YMM_POOL;
    count_slots(g, weights, &l);
    if (!g->loops && ir_chain_end(g->u, 0) == g->u->n_blocks)
        l.n = 0; /* nothing is read or written twice */
    unsigned xmm = pressure(g, weights, XMM_POOL, false);
    pin_class(g, &l, GPR_POOL, GPR_POOL, temporaries(g, weights));
    pin_class(g, &l, XMM_POOL, XMM_POOL, xmm < 2 ? 2 : xmm > 5 ? 5 : xmm);
    pin_class(g, &l, XMM_POOL | YMM_POOL, YMM_POOL, 0); /* what is on the way to a slot is made in its register: slots.c */
}
