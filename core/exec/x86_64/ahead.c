/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets are asked for at the end of every canonical block. In a chain, a block without accesses and calls, which goes on to
 * the next one alone, cannot change what is left: the last question before it asks for its cycles, too. Nobody looks at slots at
 * its end then, so that PUTs in front of it are overwritten unseen by those of the next block (late.c). If less is left than
 * was asked for, the run loop finds the block by itself, which asks for its own.
 */
#include "core/exec/x86_64/gen.h"

#define MOST_AHEAD 256 /* cycles: short slices, of parallel rounds, are not to end one by one for long */

/* Only computes: whatever it calls reads neither budget nor time. */
static bool is_quiet(const struct ir_inst *in)
{
    unsigned flags = (unsigned char)ir_op_info[in->op].flags;
    return flags == 'P' || flags == 'S' || in->op == IR_INSN || in->op == IR_PUT;
}

static bool is_unasked(const struct x86_gen *g, uint32_t n)
{
    const struct ir_block *b = &g->u->blocks[n];
    const struct ir_inst *end = &g->u->insts[b->end - 1];
    if (!b->follows || end->op != IR_JUMP || x86_block_at(g, end->imm) != (int)n + 1 || !b[1].follows)
        return false;
    for (uint32_t i = b->first; i + 1 < b->end; i++)
        if (!is_quiet(&g->u->insts[i]))
            return false;
    return true;
}

/* Units that no run loop compiles stay whole: there is nobody who would find the block. */
void x86_find_unasked(struct x86_gen *g)
{
    bool asks = g->be->x == NULL || g->u->hooks != 0;
    for (uint32_t b = g->u->n_blocks; b-- > 0;) {
        g->unasked[b] = 0;
        if (!asks && is_unasked(g, b) && g->u->blocks[b].cost + g->unasked[b + 1] <= MOST_AHEAD)
            g->unasked[b] = g->u->blocks[b].cost + g->unasked[b + 1];
    }
}

bool x86_is_way_out(const struct x86_gen *g, uint32_t i)
{
    uint32_t b = g->index;
    if (ir_op_info[g->u->insts[i].op].flags != 'E')
        return false;
    while (i >= g->u->blocks[b].end)
        b++;
    return g->unasked[b] == 0;
}
