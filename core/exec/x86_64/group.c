/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses that share a probe: struct group. */
#include "core/exec/x86_64/access.h"
#include "core/util/bits.h"

void x86_free_group(struct x86_gen *g, uint32_t k)
{
    if (!g->groups[k].framed)
        g->free[0] |= 1u << g->groups[k].reg;
    g->groups[k] = g->groups[--g->n_groups];
}

void x86_drop_groups(struct x86_gen *g)
{
    while (g->n_groups)
        x86_free_group(g, g->n_groups - 1);
}

/* An access that has to be aligned is, if the group's first one was. */
static bool is_aligned(const struct group *p, const struct ir_inst *in)
{
    unsigned align = x86_alignment(in);
    return (align & ~(unsigned)p->align) == 0 && ((in->imm - p->at) & align) == 0;
}

/* Of an access: the value its address is reckoned from, and the displacements from that between which it lies. */
struct reach {
    uint16_t base;
    int64_t low, high;
};

/* The most that value v can be, if that is little; else UINT32_MAX. */
static uint32_t most(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = &g->u->insts[v], *b = &g->u->insts[in->b];
    uint64_t k = b->op == IR_CONST ? (uint64_t)b->imm : UINT64_MAX;
    switch (in->op) {
    case IR_AND: return k <= PAGE_SPAN ? (uint32_t)k : UINT32_MAX;
    case IR_SHL: return k < 8 && most(g, in->a) <= PAGE_SPAN ? most(g, in->a) << k : UINT32_MAX;
    case IR_ZEXT: return in->aux == 8 ? UINT8_MAX : UINT32_MAX;
    case IR_EXTRACT: return (in->imm >> 8 & 0xff) <= 8 ? (1u << (in->imm >> 8 & 0xff)) - 1 : UINT32_MAX;
    case IR_LOAD: return (in->aux2 & (IR_MEM_SIZE | IR_MEM_SIGNED)) == 0 ? UINT8_MAX : UINT32_MAX;
    default: return UINT32_MAX;
    }
}

static struct reach reach_of(const struct x86_gen *g, const struct ir_inst *in)
{
    int64_t end = in->imm + (1 << (in->aux2 & IR_MEM_SIZE));
    return (struct reach){ .base = g->values[in->a].rep, .low = in->imm, .high = end };
}

/* The same from the array that a small index was added to. Not if only the sum's low half is the address, by another name. */
static struct reach array_of(const struct x86_gen *g, const struct ir_inst *in)
{
    const struct ir_inst *sum = &g->u->insts[in->a];
    struct reach r = reach_of(g, in);
    if (sum->op != IR_ADD || sum->type != IR_I64 || x86_alignment(in))
        return r;
    uint32_t a = most(g, sum->a), b = most(g, sum->b);
    if (MIN(a, b) <= PAGE_SPAN - 16) {
        r.base = g->values[b <= a ? sum->a : sum->b].rep;
        r.high += MIN(a, b);
    }
    return r;
}

static bool is_within(const struct group *p, struct reach r)
{
    return p->base == r.base && r.low >= p->low && r.high <= p->high;
}

struct group *x86_find_group(struct x86_gen *g, const struct access *x)
{
    for (uint32_t k = 0; k < g->n_groups; k++) {
        struct group *p = &g->groups[k];
        bool same = p->stack || (p->store == x->store && !(x->in->aux2 & IR_MEM_STORE_RIGHTS));
        if (same && is_aligned(p, x->in) &&
            (is_within(p, reach_of(g, x->in)) || is_within(p, array_of(g, x->in))))
            return p;
    }
    return NULL;
}

static bool ends_groups(const struct ir_inst *in)
{
    return ir_op_info[in->op].flags == 'F' && in->op != IR_LOAD && in->op != IR_STORE;
}

bool x86_can_share(const struct ir_inst *in)
{
    return !(in->aux2 & IR_MEM_REGIME) && in->imm >= -2048 && in->imm <= 2048;
}

/* Might instruction `in` share group n's probe? Widens it then. */
static bool joins(const struct x86_gen *g, struct group *n, const struct ir_inst *in)
{
    struct reach r = reach_of(g, in);
    bool same = n->stack ? in->op == IR_LOAD || in->op == IR_STORE
                         : in->op == (n->store ? IR_STORE : IR_LOAD) && !(in->aux2 & IR_MEM_STORE_RIGHTS);
    if (!same || !x86_can_share(in) || !is_aligned(n, in))
        return false;
    if (r.base != n->base)
        r = array_of(g, in);
    if (r.base != n->base || (r.low < n->at && ((r.low - n->at) & n->align))) /* the probe looks at the lowest's alignment */
        return false;
    int64_t low = MIN(r.low, n->low), high = MAX(r.high, n->high);
    if (high - low > PAGE_SPAN)
        return false;
    n->low = low;
    n->high = high;
    return true;
}

/* The group that later accesses of the same kind off base make with this one; how many they are. */
static unsigned gather(const struct x86_gen *g, const struct access *x, struct reach r, struct group *n)
{
    unsigned uses = 0;
    *n = (struct group){ .base = r.base, .store = x->store, .low = r.low, .at = x->disp, .high = r.high,
                         .align = (uint8_t)x86_alignment(x->in), .stack = x86_is_stack(g, r.base) };
    for (uint32_t j = g->i + 1; j < g->end && !ends_groups(&g->u->insts[j]); j++) {
        if (joins(g, n, &g->u->insts[j])) {
            n->last = j;
            uses++;
        }
    }
    return uses;
}

/* So many later accesses pay for an addend in the frame: a second one alone may begin earlier by a probe of its own. */
#define FRAMED 3

static uint8_t free_place(const struct x86_gen *g)
{
    uint32_t taken = 0;
    for (uint32_t k = 0; k < g->n_groups; k++)
        taken |= 1u << g->groups[k].place;
    return (uint8_t)ctz64(~taken);
}

/* One probe for all of them. */
struct group *x86_new_group(struct x86_gen *g, const struct access *x)
{
    struct group n, m;
    if (g->n_groups == MAX_GROUPS || x->base.kind != O_REG || !x86_can_share(x->in) ||
        ((x->in->aux2 & IR_MEM_STORE_RIGHTS) && !x86_is_stack(g, x->base_value)))
        return NULL;
    struct reach array = array_of(g, x->in);
    unsigned uses = gather(g, x, reach_of(g, x->in), &n);
    /* Only of a value that is wanted again is it sure that what it was found in still has it. */
    if (array.base != n.base && g->values[array.base].last > g->i && g->u->insts[array.base].op != IR_CONST) {
        unsigned more = gather(g, x, array, &m);
        if (more > uses) {
            uses = more;
            n = m;
        }
    }
    if (uses == 0)
        return NULL;
    int reg = x86_take_reg(g, uses + 1);
    if (reg < 0 && uses < FRAMED)
        return NULL;
    n.framed = reg < 0;
    n.reg = n.framed ? RAX : (uint8_t)reg;
    n.place = free_place(g);
    g->groups[g->n_groups] = n;
    return &g->groups[g->n_groups++];
}

uint32_t x86_addend_bit(const struct group *p)
{
    return p->framed ? 0x10000u << p->place : 1u << p->reg;
}

uint32_t x86_all_addends(const struct x86_gen *g)
{
    uint32_t all = 0;
    for (uint32_t k = 0; k < g->n_groups; k++)
        all |= x86_addend_bit(&g->groups[k]);
    return all;
}

void x86_forget_addends(struct x86_gen *g, uint32_t zero)
{
    for (unsigned r = 0; r < 16; r++)
        if (zero >> r & 1)
            asm_rr(g->a, ALU_XOR, r, r);
    for (unsigned k = 0; k < MAX_GROUPS; k++)
        if (zero >> (16 + k) & 1)
            asm_mov_mi(g->a, 3, group_mem(k), 0);
}
