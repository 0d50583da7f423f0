/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a unit before it is emitted: which of its blocks lead to which, how much each counts, which slots its
 * entry loads and which its registers have changed where.
 */
#include "core/exec/x86_64/gen.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

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

/* ---- how much blocks count ---- */

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
    return g->b->heat ? exec_weight(g->b->heat, g->u->n_blocks, b) : 1u << (3 * depth[b]);
}

/* ---- what is loaded at the entry, what is dirty where ---- */

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

void x86_analyze_unit(struct x86_gen *g)
{
    uint8_t depth[IR_UNIT_BLOCKS] = { 0 };
    uint32_t weights[IR_UNIT_BLOCKS];
    g->loops = find_depths(g, depth);
    x86_find_loaded(g);
    for (uint32_t b = 0; b < g->u->n_blocks; b++)
        weights[b] = weight_of(g, b, depth);
    x86_choose_pins(g, weights);
    flow_dirty(g);
    find_entry_loads(g);
    x86_find_unasked(g);
    x86_late_unit(g);
    g->n_pages = 0;
    if (g->loops && !(g->u->hooks & TM_DATA))
        x86_choose_pages(g, depth);
}
