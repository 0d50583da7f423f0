/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

#define MIN_TEMPORARIES 2u
#define MAX_TEMPORARIES 6u
#define MAX_SHARED      4u

/* ---- unit: which slots are pinned ---- */

/* Blocks on direct edges: in the first page, as the interpreter follows them. */
int x86_block_at(const struct x86_gen *g, int64_t target)
{
    if (target < 0 || target >= (int64_t)MEM_PAGE)
        return -1;
    for (uint32_t i = 0; i < g->u->n_blocks; i++)
        if (g->u->blocks[i].start == target)
            return (int)i;
    return -1;
}

static unsigned successors(const struct x86_gen *g, uint32_t block, int to[2])
{
    const struct ir_inst *last = &g->u->insts[g->u->blocks[block].end - 1];
    unsigned n = 0;
    if (last->op == IR_JUMP || last->op == IR_BRANCH)
        if ((to[n] = x86_block_at(g, last->imm)) >= 0)
            n++;
    if (last->op == IR_BRANCH)
        if ((to[n] = x86_block_at(g, last->imm2)) >= 0)
            n++;
    return n;
}

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

/* Loop depth by back edges: blocks between a target and a later source are inside. */
static bool find_depths(const struct x86_gen *g, uint8_t depth[IR_UNIT_BLOCKS])
{
    bool loops = false;
    for (uint32_t i = 0; i < g->u->n_blocks; i++) {
        int to[2];
        unsigned n = successors(g, i, to);
        for (unsigned k = 0; k < n; k++) {
            if ((uint32_t)to[k] > i)
                continue;
            loops = true;
            for (uint32_t j = (uint32_t)to[k]; j <= i; j++)
                depth[j] += depth[j] < 3;
        }
    }
    return loops;
}

/* How much block b counts: by how often it ran, where that is known, else by the depth of its loop. */
static uint32_t weight_of(const struct x86_gen *g, uint32_t b, const uint8_t depth[IR_UNIT_BLOCKS])
{
    uint32_t most = 1;
    if (g->b->heat == NULL)
        return 1u << (3 * depth[b]);
    for (uint32_t i = 0; i < g->u->n_blocks; i++)
        most = MAX(most, g->b->heat[i]);
    return 1 + (uint32_t)((uint64_t)g->b->heat[b] * 511 / most);
}

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

/* Does the value of instruction i need a register of the class until its last use? */
static bool is_temporary(const struct x86_gen *g, uint32_t i, bool fp)
{
    const struct ir_inst *in = &g->u->insts[i], *next = in + 1;
    if (ir_op_info[in->op].result == 'N' || in->op == IR_CONST || in->op == IR_GET || in->op == IR_TRUNC ||
        in->op == IR_SETCC || g->values[i].last <= i)
        return false;
    bool put_at_once = next->op == IR_PUT && next->a == i; /* its slot has it */
    return (ir_op_info[in->op].result == 'T' && in_xmm(in->type)) == fp && !put_at_once;
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
 * Most temporaries of a class that the block wants at once. `uses` counts those that end at an instruction. `shared`:
 * with what accesses that share a probe want, its addend and the address that a slot had.
 */
static unsigned pressure_in(struct x86_gen *g, const struct ir_block *b, bool fp, bool shared)
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
        if (is_temporary(g, i, fp) || (shared && outlives_slot(g, i))) {
            g->values[g->values[i].last].uses++;
            live++;
        }
        most = MAX(most, live);
    }
    return most;
}

/* The same of all blocks that count for something. Values that cross blocks of a chain are slots', and left out. */
static unsigned pressure(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS], bool fp, bool shared)
{
    uint32_t hottest = 0;
    unsigned most = 0;
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        hottest = MAX(hottest, weights[b]);
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        if (weights[b] >= hottest / 8)
            most = MAX(most, pressure_in(g, &g->u->blocks[b], fp, shared));
    return most;
}

/* General registers for temporaries. A shared probe saves more than a slot's load, as long as most slots have registers. */
static unsigned temporaries(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS])
{
    unsigned alone = MIN(pressure(g, weights, false, false), MAX_TEMPORARIES);
    unsigned shared = MIN(pressure(g, weights, false, true), MAX_SHARED);
    return MAX(MAX(alone, shared), MIN_TEMPORARIES);
}

static void pin(struct x86_gen *g, unsigned slot, bool fp, unsigned reg)
{
    struct x86_code *c = g->code;
    const struct ir_slot *s = &g->u->guest->slots[slot];
    g->pin_of[slot] = (uint8_t)c->n_pins;
    c->pins[c->n_pins++] = (struct x86_pin){ .offset = s->offset, .type = s->type,
                                             .reg = (uint8_t)reg };
    *(fp ? &g->pins_xmm : &g->pins_gpr) |= 1u << reg;
    g->pool[fp] &= ~(1u << reg);
}

/* Pin the heaviest slots of one class, leaving `keep` registers of its pool. */
static void pin_class(struct x86_gen *g, const struct slot_list *l, bool fp, bool loops, unsigned keep)
{
    while (popcount64(g->pool[fp]) > keep && g->code->n_pins < MAX_PINS) {
        unsigned best = IR_MAX_SLOTS;
        for (unsigned k = 0; k < l->n; k++) {
            unsigned s = l->slot[k];
            const struct slot_use *use = &l->use[s];
            const struct ir_slot *slot = &g->u->guest->slots[s];
            /* Straight code gains only where a slot would be read or written twice. */
            if ((!loops && use->gets < 2 && use->puts < 2) || in_xmm(slot->type) != fp || slot->zero || is_shared(g, s) ||
                g->pin_of[s] != NO_PIN)
                continue;
            if (best == IR_MAX_SLOTS || use->weight > l->use[best].weight)
                best = s;
        }
        if (best == IR_MAX_SLOTS)
            return;
        pin(g, best, fp, (unsigned)ctz64(g->pool[fp]));
    }
}

/* ---- unit: what is loaded at the entry, what is dirty where ---- */

static void flow_dirty(struct x86_gen *g)
{
    const struct ir_unit *u = g->u;
    for (uint32_t b = 0; b < u->n_blocks; b++) {
        g->dirty_in[b] = g->puts[b] = 0;
        for (uint32_t i = u->blocks[b].first; i < u->blocks[b].end; i++)
            if (u->insts[i].op == IR_PUT && g->pin_of[u->insts[i].imm] != NO_PIN)
                g->puts[b] |= 1u << g->pin_of[u->insts[i].imm];
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t b = 0; b < u->n_blocks; b++) {
            int to[2];
            unsigned n = successors(g, b, to);
            uint32_t out = g->dirty_in[b] | g->puts[b];
            for (unsigned k = 0; k < n; k++) {
                changed |= (out & ~g->dirty_in[to[k]]) != 0;
                g->dirty_in[to[k]] |= out;
            }
        }
    }
}

/*
 * Pins that block b reads before it writes them, as bits. What leaves stores what is dirty, so it reads that: what may fault, and
 * each block's end.
 */
static uint32_t reads_of(const struct x86_gen *g, uint32_t b)
{
    const struct ir_block *blk = &g->u->blocks[b];
    uint32_t read = g->u->hooks ? g->dirty_in[b] : 0, written = 0;
    for (uint32_t i = blk->first; i < blk->end; i++) {
        const struct ir_inst *in = &g->u->insts[i];
        if (ir_op_info[in->op].flags == 'F')
            read |= g->dirty_in[b] & ~written;
        if ((in->op != IR_GET && in->op != IR_PUT) || g->pin_of[in->imm] == NO_PIN)
            continue;
        uint32_t bit = 1u << g->pin_of[in->imm];
        if (in->op == IR_GET)
            read |= bit & ~written;
        else
            written |= bit;
    }
    return read | (g->dirty_in[b] & ~written);
}

/* Pins that some way from the entry reads before it writes them. */
static void find_entry_loads(struct x86_gen *g)
{
    const struct ir_unit *u = g->u;
    uint32_t live[IR_UNIT_BLOCKS];
    for (uint32_t b = 0; b < u->n_blocks; b++)
        live[b] = reads_of(g, b);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t b = u->n_blocks; b-- > 0;) {
            int to[2];
            unsigned n = successors(g, b, to);
            uint32_t out = 0;
            for (unsigned k = 0; k < n; k++)
                out |= live[to[k]];
            out &= ~g->puts[b];
            changed |= (out & ~live[b]) != 0;
            live[b] |= out;
        }
    }
    g->load_at_entry = live[0];
}

/* ---- unit: page registers ---- */

int x86_root_slot(const struct ir_unit *u, uint16_t v)
{
    for (unsigned steps = 0; steps < 8; steps++) {
        const struct ir_inst *in = &u->insts[v];
        if (in->op == IR_GET)
            return (int)in->imm;
        if ((in->op != IR_ADD && in->op != IR_SUB) || in->type != IR_I64 ||
            u->insts[in->b].op != IR_CONST)
            return -1;
        v = in->a;
    }
    return -1;
}

static void choose_page_regs(struct x86_gen *g, const uint8_t depth[IR_UNIT_BLOCKS])
{
    const struct ir_unit *u = g->u;
    uint32_t weight[IR_MAX_SLOTS][2] = { { 0 } };
    bool wild[IR_MAX_SLOTS] = { false };
    for (uint32_t b = 0; b < u->n_blocks; b++) {
        for (uint32_t i = u->blocks[b].first; i < u->blocks[b].end; i++) {
            const struct ir_inst *in = &u->insts[i];
            int slot;
            if (in->op == IR_PUT) {
                wild[in->imm] |= x86_root_slot(u, in->a) != (int)in->imm;
            } else if ((in->op == IR_LOAD || in->op == IR_STORE) && depth[b] &&
                       (slot = x86_root_slot(u, in->a)) >= 0) {
                weight[slot][in->op == IR_STORE] += 1u << (3 * depth[b]);
            }
        }
    }
    while (g->n_pages < MAX_PAGE_REGS) {
        uint32_t most = 0;
        struct page_reg best = { 0 };
        for (unsigned k = 0; k < 2 * u->guest->n_slots; k++) {
            if (u->guest->stack != 0 && k / 2 == u->guest->stack)
                continue; /* has one all the time: struct mmu_stack */
            if (!wild[k / 2] && weight[k / 2][k % 2] > most) {
                most = weight[k / 2][k % 2];
                best = (struct page_reg){ .slot = (uint16_t)(k / 2), .store = k % 2 };
            }
        }
        if (most == 0)
            return;
        weight[best.slot][best.store] = 0;
        g->pages[g->n_pages++] = best;
    }
}

void x86_analyze_unit(struct x86_gen *g)
{
    struct slot_list l = { 0 };
    uint8_t depth[IR_UNIT_BLOCKS] = { 0 };
    uint32_t weights[IR_UNIT_BLOCKS];
    memset(g->pin_of, NO_PIN, sizeof(g->pin_of));
    g->pins_gpr = g->pins_xmm = 0;
    g->uses_fp = false;
    g->pool[0] = GPR_POOL;
    g->pool[1] = XMM_POOL;
    bool loops = g->loops = find_depths(g, depth);
    x86_find_loaded(g);
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        weights[b] = weight_of(g, b, depth);
    count_slots(g, weights, &l);
    if (!loops && ir_chain_end(g->u, 0) == g->u->n_blocks)
        l.n = 0; /* nothing is read or written twice */
    unsigned xmm = pressure(g, weights, true, false);
    pin_class(g, &l, false, loops, temporaries(g, weights));
    pin_class(g, &l, true, loops, xmm < 2 ? 2 : xmm > 5 ? 5 : xmm);
    flow_dirty(g);
    find_entry_loads(g);
    x86_late_unit(g);
    g->n_pages = 0;
    if (loops && !(g->u->hooks & TM_DATA))
        choose_page_regs(g, depth);
}

/* ---- block: uses ---- */

/* Value v, or what its user reads where it emits it itself. */
static unsigned add_arg(const struct x86_gen *g, uint16_t v, uint16_t out[8], unsigned n)
{
    v = g->values[v].rep;
    if (!g->values[v].fused) {
        out[n++] = v;
        return n;
    }
    const struct ir_inst *in = &g->u->insts[v];
    n = add_arg(g, in->a, out, n);
    if (in->op == IR_SEXT || in->op == IR_ZEXT)
        return n;
    n = add_arg(g, in->b, out, n);
    if (in->op == IR_CALL) {
        n = add_arg(g, in->c, out, n);
        n = add_arg(g, (uint16_t)in->imm2, out, n);
    }
    return n;
}

static bool asks(const struct ir_inst *in)
{
    return in->op == IR_BRANCH || in->op == IR_SELECT || in->op == IR_TRAP;
}

/* Has value v one user, and so has each that it is another name of? */
static bool is_used_once(const struct x86_gen *g, uint16_t v)
{
    for (; g->values[v].rep != v; v = g->u->insts[v].a)
        if (g->u->insts[v].uses != 1)
            return false;
    return g->u->insts[v].uses == 1;
}

/* An argument of the sum `in`: v << 1 to 3, which an address may contain, for nothing else? */
static bool is_scaled(const struct x86_gen *g, const struct ir_inst *in, uint16_t arg)
{
    const struct ir_inst *s = &g->u->insts[g->values[arg].rep];
    uint16_t count = s->op == IR_SHL ? g->values[s->b].rep : IR_NONE;
    return s->op == IR_SHL && is_used_once(g, arg) && s->type == in->type && g->u->insts[count].op == IR_CONST &&
           g->u->insts[count].imm >= 1 && g->u->insts[count].imm <= 3;
}

/* The values instruction i reads, seen through other names and fused compares. */
unsigned x86_args(const struct x86_gen *g, uint32_t i, uint16_t out[8])
{
    const struct ir_inst *in = &g->u->insts[i];
    uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    unsigned n = 0, n_args = ir_op_info[in->op].args;
    if (g->values[i].rotate)
        return add_arg(g, g->values[i].turned, out, 0);
    for (unsigned k = 0; k < n_args; k++) {
        if (args[k] == IR_NONE)
            continue;
        n = add_arg(g, args[k], out, n);
    }
    return n;
}

/* An extension of 64 bits whose upper half is there already, or of no interest; or it `waits`, and that of its source is of none. */
static bool is_free(const struct x86_gen *g, const struct ir_inst *in, bool wide, bool waits)
{
    uint16_t v = g->values[in->a].rep;
    if ((in->op != IR_SEXT && in->op != IR_ZEXT) || in->aux != 32 || in->type != IR_I64 || g->u->insts[v].op == IR_CONST)
        return false;
    if (!wide && !(waits && g->values[v].wide && value_type(g, v) == IR_I64))
        return true;
    return in->op == IR_ZEXT ? x86_is_clean(g, v) : x86_is_positive(g, v);
}

static void name_values(struct x86_gen *g)
{
    const struct ir_unit *u = g->u;
    x86_find_wide(g);
    for (uint32_t i = g->first; i < g->end; i++) {
        const struct ir_inst *in = &u->insts[i];
        struct value *v = &g->values[i];
        bool put = in->op == IR_PUT;
        *v = (struct value){ .rep = (uint16_t)i, .wide = v->wide, .is_signed = v->is_signed, .waits = v->waits,
                             .late = put ? v->late : 0, .put = put ? v->put : 0 };
        if (asks(in) && g->values[in->a].asked < UINT8_MAX) /* by that name: others may have users that want a number */
            g->values[in->a].asked++;
        if (in->op == IR_TRUNC || is_free(g, in, v->wide, v->waits))
            v->rep = g->values[in->a].rep;
        else if (in->op == IR_CONST)
            v->place = P_CONST;
        else if (in->op == IR_OR || in->op == IR_XOR || in->op == IR_ADD)
            x86_find_rotation(g, i);
        else if (in->op == IR_FBOX)
            v->known_box = true;
        else if (in->op == IR_FUNBOX && g->values[g->values[in->a].rep].known_box)
            v->rep = g->values[in->a].rep;
    }
}

/* Extensions that nobody but compare c reads, which does without. */
static void fuse_extensions(struct x86_gen *g, uint16_t c)
{
    const struct ir_inst *cmp = &g->u->insts[c];
    if (x86_narrow_bits(g, cmp) == 0 || g->values[cmp->a].rep == g->values[cmp->b].rep)
        return;
    const uint16_t args[2] = { cmp->a, cmp->b };
    for (unsigned k = 0; k < 2; k++) {
        uint16_t v = g->values[args[k]].rep;
        const struct ir_inst *named = &g->u->insts[args[k]], *in = &g->u->insts[v];
        if ((in->op != IR_SEXT && in->op != IR_ZEXT) || in->uses != 1 || g->u->insts[in->a].op == IR_CONST)
            continue;
        if (args[k] == v || (named->uses == 1 && named->a == v))
            g->values[v].fused = true;
    }
}

/* Compare c with 0 of what nobody else reads: one TEST. */
static void fuse_and(struct x86_gen *g, uint16_t c)
{
    const struct ir_inst *cmp = &g->u->insts[c], *zero = &g->u->insts[cmp->b];
    uint16_t v = g->values[cmp->a].rep;
    fuse_extensions(g, c);
    if (g->u->insts[v].op == IR_AND && is_used_once(g, cmp->a) &&
        zero->op == IR_CONST && zero->imm == 0 &&
        !(cmp->type == IR_I64 && (g->u->insts[v].type == IR_I32 || x86_is_narrow(g, v)))) /* of 32 bits, compared as 64 */
        g->values[v].fused = true;
}

/* A short function of four integers that nobody else asks: a SELECT calls it only if it wants the answer. */
static bool can_wait(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = &g->u->insts[v];
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    if (in->op != IR_CALL || in->type != IR_I64 || in->uses != 1 ||
        g->u->guest->helpers[in->imm].flags != (IR_CALL_LIGHT | IR_CALL_PURE))
        return false;
    for (unsigned k = 0; k < 4; k++)
        if (args[k] == IR_NONE || value_type(g, args[k]) != IR_I64)
            return false;
    return true;
}

static void fuse(struct x86_gen *g, const struct ir_inst *in, uint16_t i)
{
    uint16_t a = g->values[in->a].rep;
    if (asks(in) && g->u->insts[a].op == IR_SETCC) {
        g->values[a].fused = g->u->insts[a].uses == g->values[a].asked;
        if (g->values[a].fused)
            fuse_and(g, a);
    } else if (in->op == IR_SETCC) {
        fuse_and(g, i);
    } else if (in->op == IR_ADD && !g->values[i].rotate) {
        uint16_t b = g->values[in->b].rep;
        if (is_scaled(g, in, in->b) && g->u->insts[a].op != IR_CONST)
            g->values[b].fused = true;
        else if (is_scaled(g, in, in->a) && g->u->insts[b].op != IR_CONST)
            g->values[a].fused = true;
    }
    if (in->op == IR_SELECT && in->type == IR_I64 && g->values[in->c].rep == in->c && can_wait(g, in->c))
        g->values[g->values[in->c].rep].fused = true;
}

static void note_use(struct x86_gen *g, uint16_t v, uint32_t at, uint32_t until)
{
    struct value *x = &g->values[v];
    x->uses++;
    x->waiting += g->u->insts[at].op == IR_PUT && g->values[at].late == LATE_WAITS;
    g->later[g->n_later++] = x->next;
    x->next = at;
    if (x->last < until)
        x->last = until;
}

/* Not gone when the operation that may see it last takes its result's place. */
static uint32_t last_look(const struct x86_gen *g, const struct ir_inst *in, uint32_t i)
{
    return in->op == IR_PUT && g->values[i].late == LATE_WAITS ? MAX(i, g->values[i].put + 1) : i;
}

void x86_analyze_chain(struct x86_gen *g)
{
    const struct ir_unit *u = g->u;
    x86_late_chain(g);
    name_values(g);
    g->n_later = 0;
    for (uint32_t i = g->end; i-- > g->first;) {
        const struct ir_inst *in = &u->insts[i];
        struct value *v = &g->values[i];
        if (v->rep != i || v->fused || (ir_op_info[in->op].flags == 'P' && v->uses == 0))
            continue;
        fuse(g, in, (uint16_t)i);
        uint16_t args[8];
        unsigned n = x86_args(g, i, args);
        for (unsigned k = 0; k < n && v->late != LATE_DEAD; k++)
            note_use(g, args[k], i, last_look(g, in, i));
        v->later = g->n_later;
        if (in->op == IR_PUT && v->late != LATE_DEAD)
            g->values[args[0]].put = i;
    }
}
