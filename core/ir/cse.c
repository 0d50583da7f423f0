/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"
#include "core/util/hash.h"
#include <string.h>

/*
 * Equal pure operations of one block, or chain, become one. Operations that raise sticky FP
 * flags may be shared too, but not across a call: the helper might change the
 * rounding mode or clear the flags. GETs are left to `fold`, which knows the slots.
 */
#define TABLE_MIN 64u

struct cse {
    struct ir_unit *u;
    uint16_t *map;   /* value -> the equal, earlier one */
    uint16_t *table; /* open addressing; 0 = empty */
    uint32_t mask;
    uint32_t call; /* the last call that is not pure */
    bool same;     /* a difference turned out to be of one value with itself */
};

static bool is_shared(const struct cse *c, const struct ir_inst *in)
{
    char f = ir_op_info[in->op].flags;
    return ((f == 'P' && in->op != IR_GET) || f == 'S' || ir_is_pure_call(c->u, in));
}

static uint32_t hash_inst(const struct ir_inst *in)
{
    uint64_t h = in->op | (uint64_t)in->type << 8 | (uint64_t)in->aux << 16 |
                 (uint64_t)in->a << 24 | (uint64_t)in->b << 40;
    h ^= ((uint64_t)in->imm ^ (uint64_t)in->imm2 << 32 ^ in->c) * 0x9e3779b97f4a7c15ull;
    h *= 0xe9846af9b1a615dull;
    return (uint32_t)(h >> 32);
}

static bool is_equal(const struct ir_inst *x, const struct ir_inst *y)
{
    return x->op == y->op && x->type == y->type && x->aux == y->aux && x->aux2 == y->aux2 &&
           x->a == y->a && x->b == y->b && x->c == y->c && x->imm == y->imm && x->imm2 == y->imm2;
}

static uint16_t find_equal(struct cse *c, uint32_t i)
{
    const struct ir_inst *insts = c->u->insts, *in = &insts[i];
    bool has_flags = ir_op_info[in->op].flags == 'S';
    uint32_t at = hash_inst(in) & c->mask;
    for (; c->table[at]; at = (at + 1) & c->mask) {
        uint32_t v = c->table[at];
        if (!is_equal(&insts[v], in))
            continue;
        if (!has_flags || v > c->call)
            return (uint16_t)v;
        break; /* out of date: take its place */
    }
    c->table[at] = (uint16_t)i;
    return (uint16_t)i;
}

/* Instructions [first, end): a chain of blocks. */
static void run_chain(struct cse *c, uint32_t first, uint32_t end)
{
    uint32_t size = TABLE_MIN;
    while (size < 2 * (end - first))
        size *= 2;
    c->mask = size - 1;
    c->call = 0;
    memset(c->table, 0, size * sizeof(*c->table));
    for (uint32_t i = first; i < end; i++) {
        struct ir_inst *in = &c->u->insts[i];
        bool differ = in->a != in->b;
        in->a = c->map[in->a];
        in->b = c->map[in->b];
        c->same |= differ && in->a == in->b && (in->op == IR_SUB || in->op == IR_XOR);
        in->c = c->map[in->c];
        if (in->op == IR_CALL)
            in->imm2 = c->map[(uint16_t)in->imm2];
        c->map[i] = (uint16_t)i;
        if (is_shared(c, in)) {
            c->map[i] = find_equal(c, i);
            /* What is shared is computed once: the copy must not raise flags nor be kept for them.
             */
            if (c->map[i] != i && ir_op_info[in->op].flags == 'S')
                *in = (struct ir_inst){ .op = IR_CONST, .type = IR_I64 };
        } else if (in->op == IR_CALL) {
            c->call = i;
        }
    }
}

void ir_cse(struct ir_unit *u)
{
    uint32_t longest = 0, size = TABLE_MIN;
    for (uint32_t n = 0; n < u->n_blocks; n = ir_chain_end(u, n))
        longest = MAX(longest, u->blocks[ir_chain_end(u, n) - 1].end - u->blocks[n].first);
    while (size < 2 * longest)
        size *= 2;
    struct cse c = { .u = u,
                     .map = ARENA_TAKE(u->arena, uint16_t, u->n_insts),
                     .table = ARENA_TAKE(u->arena, uint16_t, size) };
    if (u->full || !c.map || !c.table)
        return;
    c.map[IR_NONE] = IR_NONE;
    for (uint32_t n = 0; n < u->n_blocks; n = ir_chain_end(u, n))
        run_chain(&c, u->blocks[n].first, u->blocks[ir_chain_end(u, n) - 1].end);
    if (c.same) /* x - x, by which SBB spreads a borrow */
        ir_fold(u);
}
