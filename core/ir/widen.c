/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"
#include <string.h>

/*
 * Pairs of v128 operations as v256 ones. In this order:
 *   registers  PUTs of both halves that are pairs, in the place of the later one. That of a half alone joins it with the other
 *   pairs      backwards from those, at the place of the later of two: equal operations of which the one makes the lower, the
 *              other the upper half of what a pair wants
 *   nodes      forwards: what has a v256 value. A pair whose operands would all have to be joined first is better
 *              computed in halves and joined afterwards
 *   emission   into a new array, with each VJOIN and VHALF where it is wanted first. What is saved and what is added is summed
 *              up by part: the registers and nodes that hang together. If some part does not pay, once more without it
 *
 * Pairs are pure, or PUTs with nothing between them that looks: both may be done in the later one's place, whether in one or by
 * themselves, if nobody wants the earlier one's value before (`is_free`).
 */
#define NO_REGISTER 255u
#define FARTHEST    64 /* instructions between the two of a pair */

enum { UPPER = 1, ROUND = 8 };
/* What is saved or costs how much: an instruction of the host that computes is 2. */
enum { SAVED_OP = 2, SAVED_PUT = 1, SAVED_GET = 1, COST_JOIN = 3, COST_LOW = 1, COST_HIGH = 3, COST_LONE = COST_JOIN + COST_HIGH };

/* New numbers: both VHALFs of a node so far; of a value the last VJOIN (or VCONST) as the lower half, and the old number of the upper. */
struct halves {
    uint16_t of[2];
};
struct joined {
    uint16_t upper, number;
};

struct widen {
    struct ir_unit *u;
    uint32_t weight[IR_UNIT_BLOCKS];
    uint8_t lower[IR_MAX_SLOTS];   /* of the register that the slot is half of; NO_REGISTER: it stays as it is */
    uint16_t held[IR_MAX_SLOTS];   /* registers: an open PUT; later the node that it is known to hold */
    uint16_t *mate;                /* the other one of a pair, or 0 */
    uint16_t *node;                /* of which the value is half: where its v256 is made, or 0 */
    uint8_t *side;                 /* UPPER */
    uint32_t *part;                /* instructions, then registers: union-find */
    int64_t *gain;                 /* by a part's root */
    bool *off;                     /* likewise: it stays v128 */
    bool found;                    /* some pair is worth a try */

    /* Emission. By old number: */
    uint16_t *narrow;              /* the new number of a v128 or scalar */
    uint16_t *wide;                /* of nodes */
    struct halves *half;
    struct joined *join;
    struct ir_inst *to;
    uint32_t n, room;
    uint32_t first[IR_UNIT_BLOCKS], end[IR_UNIT_BLOCKS];
    int64_t by;                    /* weight of the block at hand */
};

bool ir_is_wide(const struct ir_inst *in)
{
    unsigned lane = in->aux;
    switch (in->op) {
    case IR_VAND: case IR_VOR: case IR_VXOR: case IR_VANDN:
    case IR_VADD: case IR_VSUB: case IR_VZIP1: case IR_VZIP2:
        return true;
    case IR_VMUL:
        return lane == 1 || lane == 2;
    case IR_VMINS: case IR_VMAXS: case IR_VMINU: case IR_VMAXU:
        return lane <= 2;
    case IR_VADDSS: case IR_VADDUS: case IR_VSUBSS: case IR_VSUBUS: case IR_VNARROWSS: case IR_VNARROWSU:
        return lane <= 1;
    case IR_VSHL: case IR_VSHR: case IR_VSAR:
        return lane >= 1;
    case IR_VROL:
        return lane >= 2;
    case IR_VUZP1: case IR_VUZP2: case IR_VTRN1: case IR_VTRN2:
        return lane == 3;
    case IR_VMULLU: case IR_VMULLS:
        return lane == 2 && (in->imm & 2) != 0;
    case IR_VSHUF:
        return lane == 2 && in->a == in->b;
    default:
        return false;
    }
}

/* ---- registers ---- */

static bool is_access(const struct ir_inst *in)
{
    return in->op == IR_GET || in->op == IR_PUT;
}

/* Half a register's PUT or GET at i: is it one of a pair? `held`: the PUT that may become the first of one. */
static bool look_at_access(struct widen *w, uint32_t i)
{
    const struct ir_inst *insts = w->u->insts, *in = &insts[i];
    unsigned reg = w->lower[in->imm];
    uint16_t before = w->held[reg];
    if (before != 0 && insts[before].imm == in->imm) /* overwritten or read before the other half is there */
        w->held[reg] = before = 0;
    if (in->op == IR_GET)
        return false;
    w->side[i] = in->imm != reg ? UPPER : 0;
    w->held[reg] = before != 0 ? 0 : (uint16_t)i;
    w->mate[i] = before;
    if (before != 0)
        w->mate[before] = (uint16_t)i;
    return before != 0;
}

/* False: there is nothing to do, or no memory. */
static bool find_registers(struct widen *w)
{
    const struct ir_unit *u = w->u;
    bool any = false, open = false;
    w->mate = ARENA_ARRAY(u->arena, uint16_t, u->n_insts);
    w->side = ARENA_ARRAY(u->arena, uint8_t, u->n_insts);
    if (w->mate == NULL || w->side == NULL)
        return false;
    memset(w->held, 0, sizeof(w->held));
    for (uint32_t i = 1; i < u->n_insts; i++) {
        const struct ir_inst *in = &u->insts[i];
        char flags = ir_op_info[in->op].flags;
        if (is_access(in) && w->lower[in->imm] != NO_REGISTER) {
            any |= look_at_access(w, i);
            open = true;
        } else if (open && (flags == 'F' || flags == 'E')) {
            memset(w->held, 0, sizeof(w->held));
            open = false;
        }
    }
    return any;
}

/* ---- pairs ---- */

static bool is_alike(const struct ir_inst *x, const struct ir_inst *y)
{
    return x->op == y->op && x->type == IR_V128 && y->type == IR_V128 && x->aux == y->aux && x->aux2 == y->aux2 && x->imm == y->imm &&
           x->imm2 == y->imm2 && ir_is_wide(x) && ir_is_wide(y);
}

/* Somebody wants `low` and `high` as one. `wanted`: by the later one of two, the earlier. */
static void want(struct widen *w, uint16_t *wanted, uint16_t low, uint16_t high)
{
    uint16_t later = MAX(low, high), earlier = MIN(low, high);
    if (low == high || later - earlier > FARTHEST || wanted[later] != 0 || w->mate[later] != 0 || w->mate[earlier] != 0 ||
        !is_alike(&w->u->insts[low], &w->u->insts[high]))
        return;
    wanted[later] = earlier;
    w->side[later] = later == high ? UPPER : 0;
}

static bool uses(const struct ir_inst *in, uint16_t v)
{
    unsigned args = ir_op_info[in->op].args;
    return (args > 0 && in->a == v) || (args > 1 && in->b == v) || (args > 2 && in->c == v);
}

/* May the earlier one wait for the later one? Whoever uses it before then waits for somebody still later. */
static bool is_free(const struct widen *w, uint32_t earlier, uint32_t later)
{
    if (w->mate[earlier] != 0)
        return false;
    for (uint32_t i = earlier + 1; i <= later; i++)
        if (w->mate[i] <= later && uses(&w->u->insts[i], (uint16_t)earlier))
            return false;
    return true;
}

static void want_operands(struct widen *w, uint16_t *wanted, uint32_t i)
{
    const struct ir_inst *x = &w->u->insts[i], *y = &w->u->insts[w->mate[i]];
    const struct ir_inst *low = w->side[i] & UPPER ? y : x, *high = low == x ? y : x;
    unsigned args = ir_op_info[x->op].args;
    if (args > 0)
        want(w, wanted, low->a, high->a);
    if (args > 1)
        want(w, wanted, low->b, high->b);
}

static void find_pairs(struct widen *w, uint16_t *wanted)
{
    for (uint32_t n = w->u->n_blocks; n-- > 0;) {
        const struct ir_block *b = &w->u->blocks[n];
        for (uint32_t i = b->end; i-- > b->first;) {
            uint16_t other = wanted[i];
            if (other >= b->first && other != 0 && w->mate[i] == 0 && is_free(w, other, i)) {
                w->mate[i] = other;
                w->mate[other] = (uint16_t)i;
                w->side[other] = w->side[i] ^ UPPER;
            }
            if (w->mate[i] != 0 && w->mate[i] < i)
                want_operands(w, wanted, i);
        }
    }
}

/* ---- nodes and parts ---- */

static uint32_t root(struct widen *w, uint32_t x)
{
    while (w->part[x] != x)
        x = w->part[x] = w->part[w->part[x]];
    return x;
}

static void unite(struct widen *w, uint32_t x, uint32_t y)
{
    w->part[root(w, x)] = root(w, y);
}

/* The number of a register among parts. */
static uint32_t part_of(const struct widen *w, unsigned reg)
{
    return w->u->n_insts + reg;
}

/* The node of which the two are the halves; or 0. */
static uint16_t node_of(const struct widen *w, uint16_t low, uint16_t high)
{
    return w->node[low] == w->node[high] && !(w->side[low] & UPPER) && (w->side[high] & UPPER) ? w->node[low] : 0;
}

static bool is_twice(const struct widen *w, uint16_t low, uint16_t high)
{
    const struct ir_inst *x = &w->u->insts[low], *y = &w->u->insts[high];
    return x->op == IR_VCONST && y->op == IR_VCONST && x->imm == y->imm && x->imm2 == y->imm2;
}

/* A pair at its place, its operands in `low` and `high`. */
static void look_at_pair(struct widen *w, uint32_t i, const struct ir_inst *low, const struct ir_inst *high)
{
    uint16_t operands[2][2] = { { low->a, high->a }, { low->b, high->b } };
    unsigned args = ir_op_info[low->op].args, joins = 0;
    if (args == 2 && low->a == low->b && high->a == high->b)
        args = 1;
    for (unsigned k = 0; k < args; k++)
        joins += node_of(w, operands[k][0], operands[k][1]) == 0 && !is_twice(w, operands[k][0], operands[k][1]);
    bool is_put = low->op == IR_PUT;
    if (joins > 1)
        return;
    if (!is_put) {
        w->node[i] = w->node[w->mate[i]] = (uint16_t)i;
        w->found = true;
    }
    for (unsigned k = 0; k < args; k++) {
        uint16_t of = node_of(w, operands[k][0], operands[k][1]);
        if (of != 0)
            unite(w, is_put ? part_of(w, (unsigned)low->imm) : i, of);
    }
}

static void look_at(struct widen *w, uint32_t i)
{
    const struct ir_inst *in = &w->u->insts[i];
    if (in->op == IR_CALL && !ir_is_pure_call(w->u, in))
        memset(w->held, 0, sizeof(w->held));
    if (is_access(in) && w->lower[in->imm] != NO_REGISTER) {
        unsigned reg = w->lower[in->imm];
        if (in->op == IR_PUT) { /* until then a GET of the other half is of the old value */
            w->held[reg] = w->mate[i] < i ? 0 : w->held[reg];
        } else {
            w->held[reg] = w->held[reg] != 0 ? w->held[reg] : (uint16_t)i;
            w->node[i] = w->held[reg];
            w->side[i] = in->imm != reg ? UPPER : 0;
            unite(w, part_of(w, reg), w->node[i]);
        }
    }
    if (w->mate[i] == 0 || w->mate[i] > i)
        return;
    const struct ir_inst *other = &w->u->insts[w->mate[i]];
    bool upper = w->side[i] & UPPER;
    look_at_pair(w, i, upper ? other : in, upper ? in : other);
}

static void find_nodes(struct widen *w)
{
    for (uint32_t n = 0; n < w->u->n_blocks; n++) {
        const struct ir_block *b = &w->u->blocks[n];
        if (!b->follows)
            memset(w->held, 0, sizeof(w->held));
        for (uint32_t i = b->first; i < b->end; i++)
            look_at(w, i);
    }
}

/* ---- emission ---- */

static void add(struct widen *w, uint32_t part, int64_t n)
{
    w->gain[root(w, part)] += n * w->by;
}

static uint16_t put_out(struct widen *w, struct ir_inst in)
{
    if (w->n == w->room)
        return 0;
    w->to[w->n] = in;
    return (uint16_t)w->n++;
}

/* The node, if its part is not off. */
static uint16_t live(struct widen *w, uint16_t node)
{
    return node != 0 && !w->off[root(w, node)] ? node : 0;
}

static uint16_t narrow(struct widen *w, uint16_t v)
{
    uint16_t node = live(w, w->node[v]);
    unsigned side = w->side[v] & UPPER;
    if (node == 0 && w->narrow[v] == 0 && w->u->insts[v].op == IR_VCONST)
        w->narrow[v] = put_out(w, w->u->insts[v]);
    if (node == 0)
        return w->narrow[v];
    if (w->half[node].of[side] == 0) {
        add(w, node, side ? -COST_HIGH : -COST_LOW);
        w->half[node].of[side] = put_out(w, (struct ir_inst){ .op = IR_VHALF, .type = IR_V128, .a = w->wide[node], .imm = side });
    }
    return w->half[node].of[side];
}

/* Both in one, for `part`. */
static uint16_t whole(struct widen *w, uint16_t low, uint16_t high, uint32_t part)
{
    uint16_t node = live(w, node_of(w, low, high));
    if (node != 0)
        return w->wide[node];
    if (w->join[low].number != 0 && w->join[low].upper == high)
        return w->join[low].number;
    struct ir_inst in = { .op = IR_VJOIN, .type = IR_V256 };
    if (is_twice(w, low, high)) {
        in.op = IR_VCONST;
        in.imm = w->u->insts[low].imm;
        in.imm2 = w->u->insts[low].imm2;
    } else {
        in.a = narrow(w, low);
        in.b = narrow(w, high);
        add(w, part, -COST_JOIN);
    }
    w->join[low].upper = high;
    return w->join[low].number = put_out(w, in);
}

static void emit_alone(struct widen *w, uint32_t i)
{
    struct ir_inst in = w->u->insts[i];
    unsigned args = ir_op_info[in.op].args;
    if (args > 0)
        in.a = narrow(w, in.a);
    if (args > 1)
        in.b = narrow(w, in.b);
    if (args > 2)
        in.c = narrow(w, in.c);
    if (args > 3)
        in.imm2 = narrow(w, (uint16_t)in.imm2);
    w->narrow[i] = put_out(w, in);
}

static void emit_pair(struct widen *w, uint32_t i, uint32_t part)
{
    const struct ir_inst *x = &w->u->insts[i], *y = &w->u->insts[w->mate[i]];
    const struct ir_inst *low = w->side[i] & UPPER ? y : x, *high = low == x ? y : x;
    struct ir_inst in = *low;
    in.type = IR_V256;
    if (ir_op_info[in.op].args > 0)
        in.a = whole(w, low->a, high->a, part);
    if (ir_op_info[in.op].args > 1)
        in.b = whole(w, low->b, high->b, part);
    add(w, part, in.op == IR_PUT ? SAVED_PUT : SAVED_OP);
    w->wide[i] = put_out(w, in);
}

static void emit_get(struct widen *w, uint32_t i)
{
    struct ir_inst in = w->u->insts[i];
    if (w->node[i] != i) {
        add(w, w->node[i], SAVED_GET);
        return;
    }
    in.imm = w->lower[in.imm];
    in.type = IR_V256;
    w->wide[i] = put_out(w, in);
}

/* A half alone, beside what the register had in the other. */
static void emit_lone_put(struct widen *w, uint32_t i)
{
    struct ir_inst in = w->u->insts[i], join = { .op = IR_VJOIN, .type = IR_V256 };
    unsigned reg = w->lower[in.imm];
    bool upper = in.imm != reg;
    uint16_t v = narrow(w, in.a), old = put_out(w, (struct ir_inst){ .op = IR_GET, .type = IR_V256, .imm = reg });
    uint16_t other = put_out(w, (struct ir_inst){ .op = IR_VHALF, .type = IR_V128, .a = old, .imm = !upper });
    join.a = upper ? other : v;
    join.b = upper ? v : other;
    in.a = put_out(w, join);
    in.imm = reg;
    in.type = IR_V256;
    (void)put_out(w, in);
    add(w, part_of(w, reg), -COST_LONE);
}

static void emit(struct widen *w, uint32_t i)
{
    const struct ir_inst *in = &w->u->insts[i];
    uint16_t mate = w->mate[i];
    if (mate > i || in->op == IR_VCONST) /* constants come where somebody wants one half of them */
        return;
    if (in->op == IR_GET && live(w, w->node[i]) != 0) {
        emit_get(w, i);
        return;
    }
    bool is_put = in->op == IR_PUT && w->lower[in->imm] != NO_REGISTER;
    uint32_t part = is_put ? part_of(w, w->lower[in->imm]) : w->node[i];
    bool is_live = part != 0 && !w->off[root(w, part)];
    if (is_live && mate != 0) {
        emit_pair(w, i, part);
    } else if (is_live && is_put) {
        emit_lone_put(w, i);
    } else {
        if (mate != 0)
            emit_alone(w, mate);
        emit_alone(w, i);
    }
}

/* False: there is no room. */
static bool emit_all(struct widen *w)
{
    uint32_t n = w->u->n_insts;
    memset(w->half, 0, n * sizeof(w->half[0]));
    memset(w->join, 0, n * sizeof(w->join[0]));
    memset(w->narrow, 0, n * sizeof(w->narrow[0]));
    w->to[IR_NONE] = (struct ir_inst){ 0 };
    w->n = 1;
    for (uint32_t k = 0; k < w->u->n_blocks; k++) {
        w->by = w->weight[k];
        w->first[k] = w->n;
        for (uint32_t i = w->u->blocks[k].first; i < w->u->blocks[k].end; i++)
            emit(w, i);
        w->end[k] = w->n;
    }
    return w->n < w->room;
}

/* Parts that do not pay are off: were there any? *all: every one. */
static bool drop_parts(struct widen *w, bool *all)
{
    bool some = false;
    *all = true;
    for (uint32_t i = 0; i < w->u->n_insts + w->u->guest->n_slots; i++)
        w->off[i] = w->part[i] == i && w->gain[i] <= 0;
    for (uint32_t i = 1; i < w->u->n_insts; i++) {
        const struct ir_inst *in = &w->u->insts[i];
        bool is_put = in->op == IR_PUT && w->lower[in->imm] != NO_REGISTER;
        if (!is_put && w->node[i] == 0)
            continue;
        bool is_off = w->off[root(w, is_put ? part_of(w, w->lower[in->imm]) : w->node[i])];
        some |= is_off;
        *all &= is_off;
    }
    return some;
}

static void commit(struct widen *w)
{
    struct ir_unit *u = w->u;
    for (uint32_t k = 0; k < u->n_blocks; k++) {
        u->blocks[k].first = w->first[k];
        u->blocks[k].end = w->end[k];
    }
    u->insts = w->to;
    u->n_insts = w->n;
    u->max_insts = w->room;
    u->sink = w->room - 1;
    ir_count_uses(u);
}

/* ---- the pass ---- */

/* By loops: blocks between a jump's target and the later block that it is in are inside one. */
static void weigh(struct widen *w)
{
    const struct ir_unit *u = w->u;
    for (uint32_t k = 0; k < u->n_blocks; k++)
        w->weight[k] = 1;
    for (uint32_t from = 0; from < u->n_blocks; from++) {
        const struct ir_inst *last = &u->insts[u->blocks[from].end - 1];
        for (uint32_t to = 0; to <= from; to++) {
            bool back = ((last->op == IR_JUMP || last->op == IR_BRANCH) && last->imm == u->blocks[to].start) ||
                        (last->op == IR_BRANCH && last->imm2 == u->blocks[to].start);
            for (uint32_t k = to; back && k <= from; k++)
                w->weight[k] = MIN(w->weight[k] * ROUND, ROUND * ROUND * ROUND);
        }
    }
}

/* Is there a register in the unit that it could be about? */
static bool has_registers(struct widen *w)
{
    const struct ir_guest *g = w->u->guest;
    bool any = false;
    memset(w->lower, NO_REGISTER, sizeof(w->lower));
    for (uint32_t s = 0; s < g->n_slots; s++) {
        if (g->slots[s].upper == 0)
            continue;
        w->lower[s] = w->lower[g->slots[s].upper] = (uint8_t)s;
        any = true;
    }
    for (uint32_t i = 1; any && i < w->u->n_insts; i++)
        if (w->u->insts[i].op == IR_PUT && w->lower[w->u->insts[i].imm] != NO_REGISTER)
            return true;
    return false;
}

static bool take_tables(struct widen *w, uint16_t **wanted)
{
    struct arena *a = w->u->arena;
    uint32_t n = w->u->n_insts, parts = n + w->u->guest->n_slots;
    w->room = MIN(2 * n + 16, UINT16_MAX + 1u);
    w->node = ARENA_ARRAY(a, uint16_t, n);
    w->part = ARENA_TAKE(a, uint32_t, parts);
    w->gain = ARENA_ARRAY(a, int64_t, parts);
    w->off = ARENA_ARRAY(a, bool, parts);
    w->narrow = ARENA_TAKE(a, uint16_t, n);
    w->wide = ARENA_TAKE(a, uint16_t, n);
    w->half = ARENA_TAKE(a, struct halves, n);
    w->join = ARENA_TAKE(a, struct joined, n);
    *wanted = ARENA_ARRAY(a, uint16_t, n);
    if (!w->node || !w->part || !w->gain || !w->off || !w->narrow || !w->wide || !w->half || !w->join || !*wanted)
        return false;
    for (uint32_t i = 0; i < parts; i++)
        w->part[i] = i;
    return true;
}

bool ir_widen(struct ir_unit *u, const uint32_t *weights)
{
    struct widen w;
    uint16_t *wanted;
    bool none;
    w.u = u;
    if (u->full || !has_registers(&w) || !find_registers(&w) || !take_tables(&w, &wanted))
        return false;
    w.found = false;
    find_pairs(&w, wanted);
    find_nodes(&w);
    if (!w.found || (w.to = ARENA_TAKE(u->arena, struct ir_inst, w.room)) == NULL)
        return false;
    if (weights != NULL)
        memcpy(w.weight, weights, u->n_blocks * sizeof(weights[0]));
    else
        weigh(&w);
    if (!emit_all(&w))
        return false;
    bool some = drop_parts(&w, &none);
    if (none || (some && !emit_all(&w)))
        return false;
    commit(&w);
    return true;
}
