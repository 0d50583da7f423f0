/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"
#include "core/ir/eval.h"
#include <stdlib.h>
#include <string.h>

static quick_fn *const quick_emitters[IR_OPS];

/* ---- backwards: what can be done, who is needed, and until where ---- */

static inline void use(struct quick *q, uint16_t v, uint32_t i)
{
    struct quick_value *x = &q->v[v];
    if (x->last == 0)
        x->last = (uint16_t)i;
    x->fused = false;
}

/* A condition that only instruction i uses is compared there; an earlier user, which comes yet, undoes that. */
static void use_condition(struct quick *q, uint16_t c, uint32_t i)
{
    const struct ir_inst *cmp = &q->insts[c];
    if (cmp->op != IR_SETCC || q->v[c].last != 0) {
        use(q, c, i);
        return;
    }
    use(q, cmp->a, i);
    use(q, cmp->b, i);
    q->v[c].last = (uint16_t)i;
    q->v[c].fused = true;
}

/* Of a CALL: what it sees of the slots, as in core/ir/dead.c. */
static void note_call(struct quick *q, const struct ir_inst *in)
{
    const struct ir_guest *guest = q->g->u->guest;
    uint32_t flags = guest->helpers[in->imm].flags;
    if (flags & (IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_MODE))
        q->epoch++;
    else if (!(flags & IR_CALL_PURE))
        memset(&q->overwritten[guest->shared], 0, guest->n_shared * sizeof(q->overwritten[0]));
}

enum { ODD = IR_MEM_REGIME | IR_MEM_BE | IR_MEM_ACQUIRE | IR_MEM_RELEASE };

enum seen { REFUSED, SKIPPED, NEEDED };

/*
 * One instruction. A double in an integer register is moved, never computed with. What is not needed, and what needs no
 * code, is skipped.
 */
static inline enum seen look_at(struct quick *q, uint32_t i)
{
    const struct ir_inst *in = &q->insts[i];
    struct quick_value *v = &q->v[i];
    v->rep = (uint16_t)i;
    v->reg = QUICK_NO_REG;
    switch (in->op) {
    case IR_INSN:
        return SKIPPED;
    case IR_CONST:
        return in->type != IR_V128 ? SKIPPED : REFUSED;
    case IR_GET:
        if (in->type == IR_V128 || q->slots[in->imm].zero)
            return REFUSED;
        if (v->last == 0)
            return SKIPPED;
        q->overwritten[in->imm] = 0;
        return NEEDED;
    case IR_PUT:
        if (in->type == IR_V128 || q->slots[in->imm].zero)
            return REFUSED;
        if (q->overwritten[in->imm] == q->epoch)
            return SKIPPED;
        q->overwritten[in->imm] = q->epoch;
        use(q, in->a, i);
        return NEEDED;
    case IR_STORE:
        use(q, in->b, i);
        /* fallthrough */
    case IR_LOAD:
        q->epoch++;
        use(q, in->a, i);
        return in->type != IR_V128 && !(in->aux2 & ODD) && in->imm == (int32_t)in->imm ? NEEDED : REFUSED;
    case IR_CALL:
        if (v->last == 0 && (q->g->u->guest->helpers[in->imm].flags & IR_CALL_PURE))
            return SKIPPED;
        note_call(q, in);
        use(q, in->a, i);
        use(q, in->b, i);
        use(q, in->c, i);
        use(q, (uint16_t)in->imm2, i);
        return in->type <= IR_I64 ? NEEDED : REFUSED;
    case IR_TRAP: case IR_BRANCH:
        q->epoch++;
        use_condition(q, in->a, i);
        return NEEDED;
    case IR_JUMPR:
        use(q, in->a, i);
        /* fallthrough */
    case IR_JUMP: case IR_EXIT:
        q->epoch++;
        return NEEDED;
    default:
        break;
    }
    if (v->last == 0 || v->fused)
        return quick_emitters[in->op] != NULL ? SKIPPED : REFUSED;
    switch (in->op) {
    case IR_TRUNC: case IR_BITCAST:
        q->v[in->a].last = MAX(q->v[in->a].last, v->last);
        q->v[in->a].fused = false;
        return NEEDED;
    case IR_PC:
        return NEEDED;
    case IR_SELECT:
        use_condition(q, in->a, i);
        use(q, in->b, i);
        use(q, in->c, i);
        return in->type <= IR_I64 ? NEEDED : REFUSED;
    case IR_SEXT: case IR_ZEXT: case IR_EXTRACT: case IR_BSWAP:
        use(q, in->a, i);
        return NEEDED;
    default:
        use(q, in->a, i);
        use(q, in->b, i);
        return quick_emitters[in->op] != NULL ? NEEDED : REFUSED;
    }
}

static bool survey(struct quick *q)
{
    struct x86_gen *g = q->g;
    uint32_t n = QUICK_INSTS;
    memset(q->v, 0, g->u->n_insts * sizeof(q->v[0]));
    memset(q->overwritten, 0, g->u->guest->n_slots * sizeof(q->overwritten[0]));
    q->v[IR_NONE].reg = QUICK_NO_REG;
    q->epoch = 1;
    for (uint32_t i = g->block->end; i-- > g->block->first;) {
        enum seen seen = look_at(q, i);
        if (UNLIKELY(seen == REFUSED))
            return false;
        q->order[n - 1] = (uint16_t)i;
        n -= seen == NEEDED;
    }
    q->n_order = n;
    return true;
}

/* ---- values ---- */

/* The register will hold something else. */
static void forget_reg(struct quick *q, unsigned r)
{
    q->v[q->of_reg[r]].reg = QUICK_NO_REG;
}

/* Of those in use: the one that is used last, to its slot or to the frame. */
static unsigned evict(struct quick *q)
{
    unsigned best = 16;
    for (uint32_t m = GPR_POOL & ~q->locked; m; m &= m - 1) {
        unsigned r = (unsigned)ctz64(m);
        if (best == 16 || q->v[q->of_reg[r]].last > q->v[q->of_reg[best]].last)
            best = r;
    }
    struct quick_value *v = &q->v[q->of_reg[best]];
    if (!quick_is_home(q, q->of_reg[best]) && v->spill == 0) {
        v->spill = ++q->n_spills; /* each value has a place of its own: fewer than there are instructions */
        asm_rm(q->a, 0x89 | OP_W, best, quick_spill_mem(v->spill - 1u));
    }
    return best;
}

static unsigned take(struct quick *q, uint16_t v)
{
    unsigned r;
    uint32_t kept = q->kept & ~q->locked;
    if (LIKELY(q->free != 0)) {
        r = (unsigned)ctz64(q->free);
        q->free &= ~(1u << r);
    } else if (kept != 0) {
        r = (unsigned)ctz64(kept);
        q->kept &= ~(1u << r);
        forget_reg(q, r);
    } else {
        r = evict(q);
        forget_reg(q, r);
    }
    q->of_reg[r] = v;
    q->v[v].reg = (uint8_t)r;
    q->locked |= 1u << r;
    return r;
}

/* The register that value v, which is in memory, comes into. */
static unsigned fetch(struct quick *q, uint16_t v, struct opnd o)
{
    bool home = quick_is_home(q, v), w = !home || is_w(q->slots[q->v[v].home].type);
    unsigned r = take(q, v);
    quick_load(q->a, r, o, w);
    return r;
}

unsigned quick_use(struct quick *q, uint16_t v, unsigned scratch)
{
    struct opnd o = quick_opnd(q, v);
    if (o.kind == O_REG)
        return o.reg;
    v = q->v[v].rep;
    if (o.kind == O_MEM && (q->free | (q->kept & ~q->locked)))
        return fetch(q, v, o);
    quick_load(q->a, scratch, o, o.kind == O_IMM || !quick_is_home(q, v) ||
                                        is_w(q->slots[q->v[v].home].type));
    return scratch;
}

unsigned quick_def(struct quick *q)
{
    return take(q, (uint16_t)q->i);
}

unsigned quick_def_over(struct quick *q, uint16_t a)
{
    a = q->v[a].rep;
    struct quick_value *x = &q->v[a];
    unsigned r = x->reg;
    if (r == QUICK_NO_REG || x->last > q->i || quick_is_home(q, a) || (q->free | q->kept) >> r & 1)
        return take(q, (uint16_t)q->i);
    x->reg = QUICK_NO_REG;
    q->of_reg[r] = (uint16_t)q->i;
    q->v[q->i].reg = (uint8_t)r;
    return r;
}

/* ---- slots ---- */

/* Its memory is about to change: what is needed of it comes into a register, and it holds nothing known. */
static void leave_slot(struct quick *q, unsigned slot)
{
    uint16_t v = q->in_slot[slot];
    struct quick_value *x = &q->v[v];
    if (v == IR_NONE)
        return;
    if (!quick_is_const(q, v)) {
        if (x->reg == QUICK_NO_REG && x->last >= q->i) {
            (void)fetch(q, v, quick_opnd(q, v));
        } else if (x->reg != QUICK_NO_REG && q->kept >> x->reg & 1) {
            q->kept &= ~(1u << x->reg);
            q->free |= 1u << x->reg;
            forget_reg(q, x->reg);
        }
    }
    q->in_slot[slot] = IR_NONE;
}

static void quick_get(struct quick *q, struct ir_inst *in)
{
    uint16_t i = (uint16_t)q->i, v = q->in_slot[in->imm];
    struct quick_value *x = &q->v[i];
    if (v == IR_NONE) {
        x->home = (uint8_t)in->imm;
        q->in_slot[in->imm] = i;
        return;
    }
    x->rep = v;
    if (quick_is_const(q, v))
        return;
    struct quick_value *y = &q->v[v];
    if (y->reg != QUICK_NO_REG)
        q->kept &= ~(1u << y->reg); /* needed again */
    y->last = MAX(y->last, x->last);
}

static void store_slot(struct quick *q, const struct ir_slot *s, struct opnd o)
{
    bool w = is_w(s->type);
    if (o.kind == O_IMM && imm_fits(o.imm, w)) {
        asm_mov_mi(q->a, w ? 3 : 2, x86_cpu_mem(s->offset), (int32_t)o.imm);
        return;
    }
    unsigned r = o.reg;
    if (o.kind != O_REG)
        quick_load(q->a, r = RAX, o, w);
    asm_cpu(q->a, 0x89, w, r, s->offset - CPU_BIAS);
}

static void put(struct quick *q, const struct ir_inst *in)
{
    uint16_t v = q->v[in->a].rep;
    unsigned slot = (unsigned)in->imm;
    const struct ir_slot *s = &q->slots[slot];
    if (q->in_slot[slot] == v)
        return;
    struct opnd o = quick_opnd(q, v);
    leave_slot(q, slot);
    store_slot(q, s, o);
    /* A value of other width may be cut by the store. */
    const struct ir_inst *def = &q->insts[v];
    enum ir_type type = ir_op_info[def->op].result == 'I' ? IR_I64 : (enum ir_type)def->type;
    if (is_w(type) != is_w(s->type))
        return;
    if (!quick_is_const(q, v)) {
        if (quick_is_home(q, v))
            q->in_slot[q->v[v].home] = IR_NONE; /* one slot for each value */
        q->v[v].home = (uint8_t)slot;
    }
    q->in_slot[slot] = v;
}

static void quick_put(struct quick *q, struct ir_inst *in)
{
    put(q, in);
    quick_end_inst(q, in, 1);
}

void quick_leave_slots(struct quick *q, const struct ir_inst *in)
{
    const struct ir_guest *guest = q->g->u->guest;
    uint32_t flags = guest->helpers[in->imm].flags, first = guest->shared, n = guest->n_shared;
    if (flags & IR_CALL_PURE)
        return;
    if (flags & (IR_CALL_WRITES | IR_CALL_MODE))
        first = 0, n = guest->n_slots;
    for (uint32_t s = first; s < first + n; s++)
        leave_slot(q, s);
}

/* ---- forwards ---- */

bool quick_fold_all(struct quick *q, struct ir_inst *in)
{
    unsigned args = ir_op_info[in->op].args;
    const struct ir_inst *k[3] = { 0 };
    const uint16_t v[3] = { in->a, in->b, in->c };
    for (unsigned n = 0; n < args; n++) {
        k[n] = &q->insts[quick_rep(q, v[n])];
        if (k[n]->op != IR_CONST)
            return false;
    }
    uint64_t r = ir_eval((enum ir_op)in->op, (enum ir_type)in->type, in->aux, in->imm, (uint64_t)k[0]->imm,
                         args > 1 ? (uint64_t)k[1]->imm : 0, args > 2 ? (uint64_t)k[2]->imm : 0);
    enum ir_type t = ir_op_info[in->op].result == 'I' ? IR_I64 : (enum ir_type)in->type;
    *in = (struct ir_inst){ .op = IR_CONST, .type = (uint8_t)t, .imm = (int64_t)r };
    return true;
}

/* TRUNC, BITCAST: of a constant the upper half has to be 0 if it is not meant. */
static void quick_name(struct quick *q, struct ir_inst *in)
{
    uint16_t v = q->v[in->a].rep;
    uint64_t k = (uint64_t)q->insts[v].imm;
    if (quick_is_const(q, v))
        *in = (struct ir_inst){ .op = IR_CONST, .type = in->type, .imm = (int64_t)(is_w(in->type) ? k : (uint32_t)k) };
    else
        q->v[q->i].rep = v;
}

const struct x86_site *quick_site(struct quick *q, const struct ir_inst *in, x86_out_fn *fn)
{
    const struct ir_inst *insn = in;
    while (insn->op != IR_INSN)
        insn--;
    q->g->site = exec_site_of(q->g->u, q->g->block, insn);
    return x86_site(q->g, in, fn);
}

static quick_fn *const quick_emitters[IR_OPS] = {
    [IR_GET] = quick_get, [IR_PUT] = quick_put, [IR_PC] = quick_pc,
    [IR_ADD] = quick_alu, [IR_SUB] = quick_alu, [IR_AND] = quick_alu, [IR_OR] = quick_alu, [IR_XOR] = quick_alu,
    [IR_ANDN] = quick_not, [IR_ORN] = quick_not, [IR_XNOR] = quick_not,
    [IR_SHL] = quick_shift, [IR_SHR] = quick_shift, [IR_SAR] = quick_shift, [IR_ROL] = quick_shift,
    [IR_ROR] = quick_shift, [IR_MUL] = quick_mul, [IR_BSWAP] = quick_bswap, [IR_SEXT] = quick_extend,
    [IR_ZEXT] = quick_extend, [IR_TRUNC] = quick_name, [IR_EXTRACT] = quick_extract, [IR_DEPOSIT] = quick_deposit,
    [IR_SETCC] = quick_setcc, [IR_SELECT] = quick_select, [IR_BITCAST] = quick_name, [IR_LOAD] = quick_access,
    [IR_STORE] = quick_access, [IR_CALL] = quick_call, [IR_TRAP] = quick_trap, [IR_JUMP] = quick_end,
    [IR_BRANCH] = quick_end, [IR_JUMPR] = quick_end, [IR_EXIT] = quick_end,
};

bool x86_quick_can(struct x86_gen *g)
{
    struct quick *q = g->quick;
    if (g->u->n_blocks != 1 || g->u->hooks != 0 || g->u->n_insts > QUICK_INSTS)
        return false;
    q->g = g;
    q->insts = g->u->insts;
    q->slots = g->u->guest->slots;
    return survey(q);
}

void x86_quick_emit(struct x86_gen *g)
{
    struct quick *q = g->quick;
    q->a = g->a;
    q->cold = &g->be->cold;
    q->free = GPR_POOL;
    q->kept = q->locked = 0;
    q->n_spills = 0;
    memset(q->in_slot, 0, g->u->guest->n_slots * sizeof(q->in_slot[0]));
    quick_entry(q);
    for (uint32_t n = q->n_order; n < QUICK_INSTS; n++) {
        struct ir_inst *in = &q->insts[q->i = q->order[n]];
        quick_emitters[in->op](q, in);
    }
}
