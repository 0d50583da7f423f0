/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a chain's values before they are emitted: which are only other names of others, which their users emit
 * themselves (fused), and where each is used next and last.
 */
#include "core/exec/x86_64/gen.h"

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

/* The values instruction i reads, seen through other names and fused compares. */
unsigned x86_args(const struct x86_gen *g, uint32_t i, uint16_t out[8])
{
    const struct ir_inst *in = &g->u->insts[i];
    uint16_t args[4] = { x86_arg(g, i, 0), x86_arg(g, i, 1), in->c, (uint16_t)in->imm2 };
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

/* ---- other names ---- */

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

static bool asks(const struct ir_inst *in)
{
    return in->op == IR_BRANCH || in->op == IR_SELECT || in->op == IR_TRAP;
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
        x86_find_low(g, i);
    }
}

/* ---- what is emitted by its users ---- */

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
    if (g->u->insts[v].op == IR_AND && is_used_once(g, cmp->a) && zero->op == IR_CONST && zero->imm == 0 &&
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
        g->values[in->c].fused = true;
}

/* ---- the chain, backwards ---- */

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
