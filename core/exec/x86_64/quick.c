/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"
#include "core/ir/eval.h"
#include <stdlib.h>
#include <string.h>

static quick_fn *const quick_emitters[IR_OPS];

/* ---- backwards: what can be done, who is needed, and until where ---- */

/* What the walk backwards asks of an operation. */
enum look {
    LOOK_REFUSED, LOOK_NOTHING, LOOK_GET, LOOK_PUT, LOOK_LOAD, LOOK_STORE, LOOK_CALL, LOOK_CONDITION, LOOK_JUMPR, LOOK_LEAVE,
    LOOK_NAME, LOOK_SELECT, LOOK_NO_ARGUMENT, LOOK_1, LOOK_2, /* from LOOK_NAME on: done only if somebody needs it */
};
static const uint8_t looks[IR_OPS];

static inline void use(struct quick_value *values, uint16_t v, uint32_t i)
{
    struct quick_value *x = &values[v];
    x->last = x->last != 0 ? x->last : (uint16_t)i;
    x->spill = 0;
}

/* A condition that only instruction i uses is compared there; an earlier user, which comes yet, undoes that. */
static inline void use_condition(struct quick_value *values, const struct ir_inst *insts, uint16_t c, uint32_t i)
{
    const struct ir_inst *cmp = &insts[c];
    if (cmp->op != IR_SETCC || values[c].last != 0) {
        use(values, c, i);
        return;
    }
    use(values, cmp->a, i);
    use(values, cmp->b, i);
    values[c].last = (uint16_t)i;
    values[c].spill = QUICK_FUSED;
}

/* Of a CALL: what it sees of the slots, as in core/ir/dead.c. */
static uint16_t note_call(struct quick *q, const struct ir_inst *in, uint16_t epoch)
{
    const struct ir_guest *guest = q->guest;
    uint32_t flags = guest->helpers[in->imm].flags;
    if (flags & (IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_MODE))
        return epoch + 1;
    if (!(flags & IR_CALL_PURE))
        memset(&q->overwritten[guest->shared], 0, guest->n_shared * sizeof(q->overwritten[0]));
    return epoch;
}

enum { ODD = IR_MEM_REGIME | IR_MEM_BE | IR_MEM_ACQUIRE | IR_MEM_RELEASE };

static inline bool is_usual(const struct ir_inst *in)
{
    return in->type != IR_V128 && !(in->aux2 & ODD) && in->imm == (int32_t)in->imm;
}

/*
 * All instructions, from the last. A double in an integer register is moved, never computed with. What is not needed, and
 * what needs no code, is left out of q->order. False: something is refused. What is walked through is kept out of *q, since
 * bytes that are stored might be anything's, as far as compilers know.
 */
static bool survey(struct quick *q)
{
    const struct ir_inst *const insts = q->insts, *in = &insts[q->g->block->end];
    const struct ir_inst *const first = &insts[q->g->block->first];
    struct quick_value *const values = q->v, *v = &values[in - insts];
    uint16_t *order = &q->order[QUICK_INSTS], epoch = 1;
    memset(values, 0, (size_t)(in - insts) * sizeof(*values));
    memset(q->overwritten, 0, q->guest->n_slots * sizeof(q->overwritten[0]));
    values[IR_NONE].reg = QUICK_NO_REG;
    for (uint32_t i = (uint32_t)(in - insts) - 1; in != first; i--) {
        unsigned look = looks[(--in)->op];
        v--;
        v->reg = QUICK_NO_REG;
        v->rep = (uint16_t)i;
        if (look == LOOK_NOTHING || (look >= LOOK_NAME && (v->last == 0 || v->spill == QUICK_FUSED)))
            continue;
        switch (look) {
        case LOOK_GET:
            if (UNLIKELY(q->slots[in->imm].refused))
                return false;
            if (v->last == 0)
                continue;
            q->overwritten[in->imm] = 0;
            break;
        case LOOK_PUT:
            if (UNLIKELY(q->slots[in->imm].refused))
                return false;
            if (q->overwritten[in->imm] == epoch)
                continue;
            q->overwritten[in->imm] = epoch;
            use(values, in->a, i);
            break;
        case LOOK_STORE:
            use(values, in->b, i);
            /* fallthrough */
        case LOOK_LOAD:
            epoch++;
            use(values, in->a, i);
            if (UNLIKELY(!is_usual(in)))
                return false;
            break;
        case LOOK_CALL:
            if (v->last == 0 && (q->guest->helpers[in->imm].flags & IR_CALL_PURE))
                continue;
            epoch = note_call(q, in, epoch);
            use(values, in->a, i);
            use(values, in->b, i);
            use(values, in->c, i);
            use(values, (uint16_t)in->imm2, i);
            if (in->type > IR_I64)
                return false;
            break;
        case LOOK_CONDITION:
            epoch++;
            use_condition(values, insts, in->a, i);
            break;
        case LOOK_JUMPR:
            use(values, in->a, i);
            /* fallthrough */
        case LOOK_LEAVE:
            epoch++;
            break;
        case LOOK_NAME:
            values[in->a].last = MAX(values[in->a].last, v->last);
            values[in->a].spill = 0;
            break;
        case LOOK_SELECT:
            if (in->type > IR_I64)
                return false;
            use_condition(values, insts, in->a, i);
            use(values, in->b, i);
            use(values, in->c, i);
            break;
        case LOOK_2:
            use(values, in->b, i);
            /* fallthrough */
        case LOOK_1:
            use(values, in->a, i);
            break;
        case LOOK_NO_ARGUMENT:
            break;
        default:
            return false;
        }
        *--order = (uint16_t)i;
    }
    q->n_order = (uint32_t)(order - q->order);
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

unsigned quick_take_other(struct quick *q)
{
    unsigned r;
    uint32_t kept = q->kept & ~q->locked;
    if (kept != 0) {
        r = (unsigned)ctz64(kept);
        q->kept &= ~(1u << r);
    } else {
        r = evict(q);
    }
    forget_reg(q, r);
    return r;
}

/* The register that value v, which is in memory, comes into. */
static unsigned fetch(struct quick *q, uint16_t v, struct opnd o)
{
    bool home = quick_is_home(q, v), w = !home || q->slots[q->v[v].home].w;
    unsigned r = quick_take(q, v);
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
    quick_load(q->a, scratch, o, o.kind == O_IMM || !quick_is_home(q, v) || q->slots[q->v[v].home].w);
    return scratch;
}

/* ---- slots ---- */

/* Its memory is about to change: what is needed of v comes into a register. */
static void leave_value(struct quick *q, uint16_t v)
{
    struct quick_value *x = &q->v[v];
    if (quick_is_const(q, v))
        return;
    if (x->reg == QUICK_NO_REG && x->last >= q->i) {
        (void)fetch(q, v, quick_opnd(q, v));
    } else if (x->reg != QUICK_NO_REG && q->kept >> x->reg & 1) {
        q->kept &= ~(1u << x->reg);
        q->free |= 1u << x->reg;
        forget_reg(q, x->reg);
    }
}

static inline void leave_slot(struct quick *q, unsigned slot)
{
    uint16_t v = q->in_slot[slot];
    if (v != IR_NONE)
        leave_value(q, v);
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

static void store_other(struct quick *q, const struct quick_slot *s, struct opnd o)
{
    if (o.kind == O_IMM && imm_fits(o.imm, s->w)) {
        asm_cpu_imm(q->a, s->w, s->disp, (int32_t)o.imm);
        return;
    }
    quick_load(q->a, RAX, o, s->w);
    asm_cpu(q->a, 0x89, s->w, RAX, s->disp);
}

static void quick_put(struct quick *q, struct ir_inst *in)
{
    uint16_t v = q->v[in->a].rep;
    struct quick_value *x = &q->v[v];
    unsigned slot = (unsigned)in->imm;
    const struct quick_slot *s = &q->slots[slot];
    const struct ir_inst *def = &q->insts[v];
    if (UNLIKELY(q->in_slot[slot] == v))
        goto end;
    if (LIKELY(x->reg != QUICK_NO_REG)) {
        q->locked |= 1u << x->reg;
        leave_slot(q, slot);
        asm_cpu(q->a, 0x89, s->w, x->reg, s->disp);
    } else {
        struct opnd o = quick_opnd(q, v);
        leave_slot(q, slot);
        store_other(q, s, o);
    }
    /* A value of other width may be cut by the store. */
    if (UNLIKELY((is_w(def->type) || def->op == IR_SETCC) != s->w))
        goto end;
    if (def->op != IR_CONST) {
        if (quick_is_home(q, v))
            q->in_slot[x->home] = IR_NONE; /* one slot for each value */
        x->home = (uint8_t)slot;
    }
    q->in_slot[slot] = v;
end:
    q->locked = 0;
    quick_release(q, v);
}

void quick_leave_slots(struct quick *q, const struct ir_inst *in)
{
    const struct ir_guest *guest = q->guest;
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

static const uint8_t looks[IR_OPS] = {
    [IR_INSN] = LOOK_NOTHING, [IR_CONST] = LOOK_NOTHING, [IR_GET] = LOOK_GET, [IR_PUT] = LOOK_PUT, [IR_PC] = LOOK_NO_ARGUMENT,
    [IR_ADD] = LOOK_2, [IR_SUB] = LOOK_2, [IR_AND] = LOOK_2, [IR_OR] = LOOK_2, [IR_XOR] = LOOK_2,
    [IR_ANDN] = LOOK_2, [IR_ORN] = LOOK_2, [IR_XNOR] = LOOK_2, [IR_SHL] = LOOK_2, [IR_SHR] = LOOK_2, [IR_SAR] = LOOK_2,
    [IR_ROL] = LOOK_2, [IR_ROR] = LOOK_2, [IR_MUL] = LOOK_2, [IR_DEPOSIT] = LOOK_2, [IR_SETCC] = LOOK_2,
    [IR_BSWAP] = LOOK_1, [IR_SEXT] = LOOK_1, [IR_ZEXT] = LOOK_1, [IR_EXTRACT] = LOOK_1,
    [IR_TRUNC] = LOOK_NAME, [IR_BITCAST] = LOOK_NAME, [IR_SELECT] = LOOK_SELECT, [IR_LOAD] = LOOK_LOAD,
    [IR_STORE] = LOOK_STORE, [IR_CALL] = LOOK_CALL, [IR_TRAP] = LOOK_CONDITION, [IR_BRANCH] = LOOK_CONDITION,
    [IR_JUMPR] = LOOK_JUMPR, [IR_JUMP] = LOOK_LEAVE, [IR_EXIT] = LOOK_LEAVE,
};

static void set_guest(struct quick *q, const struct ir_guest *guest)
{
    q->guest = guest;
    for (uint32_t i = 0; i < guest->n_slots; i++) {
        const struct ir_slot *s = &guest->slots[i];
        q->slots[i] = (struct quick_slot){ .disp = s->offset - CPU_BIAS, .w = is_w(s->type),
                                           .refused = s->type == IR_V128 || s->zero };
    }
}

static bool can(struct x86_gen *g)
{
    struct quick *q = g->quick;
    if (g->u->n_blocks != 1 || g->u->hooks != 0 || g->u->n_insts > QUICK_INSTS)
        return false;
    q->g = g;
    q->insts = g->u->insts;
    if (UNLIKELY(q->guest != g->u->guest))
        set_guest(q, g->u->guest);
    return survey(q);
}

static void emit(struct quick *q)
{
    q->a = &q->g->be->a;
    q->cold = &q->g->be->cold;
    q->free = GPR_POOL;
    q->kept = q->locked = 0;
    q->n_spills = 0;
    memset(q->in_slot, 0, q->guest->n_slots * sizeof(q->in_slot[0]));
    quick_entry(q);
    for (uint32_t n = q->n_order; n < QUICK_INSTS; n++) {
        struct ir_inst *in = &q->insts[q->i = q->order[n]];
        quick_emitters[in->op](q, in);
    }
}

/* With its stubs of edges, of which a block has two at most. */
struct quick_code {
    struct x86_code c;
    uint32_t edge_stubs[2];
};

static int begin(struct x86_gen *g)
{
    int rc = x86_make_room(g, g->u);
    if (rc)
        return rc;
    struct quick_code *code = ARENA_TAKE(g->arena, struct quick_code, 1);
    if (!code)
        return err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
    code->c = (struct x86_code){ .block = g->b, .guest = g->u->guest, .edge_stubs = code->edge_stubs };
    g->code = &code->c;
    g->rc = 0;
    g->recipe = NULL;
    memset(g->pending, 0, sizeof(g->pending));
    g->pins_gpr = g->pins_xmm = 0;
    g->uses_fp = false;
    g->load_at_entry = g->dirty = g->index = g->n_pages = g->n_groups = 0;
    x86_choose_count(g);
    return 0;
}

int x86_compile_quick(struct exec_backend *be, struct ir_unit *u, struct exec_block *b, struct arena *arena,
                      struct err *e)
{
    struct x86_gen *g = be->gen;
    uint8_t *start = be->a.p, *cold_start = be->cold.p;
    x86_set_up(g, be, u, b, arena, e);
    g->block = &u->blocks[0];
    if (!can(g))
        return ERR_UNSUPPORTED;
    int rc = begin(g);
    if (rc)
        return rc;
    emit(g->quick);
    if (UNLIKELY(g->rc)) { /* nothing remains of it */
        be->a.p = start;
        be->cold.p = cold_start;
        return g->rc;
    }
    assert(asm_offset(&be->a) <= be->half && asm_offset(&be->cold) <= be->end);
    memcpy(g->code->entry_bytes, be->rw + g->code->entry, sizeof(g->code->entry_bytes));
    b->backend_private = g->code;
    if (UNLIKELY(be->dump != 0 || be->perf_map != NULL))
        x86_dump(be, b, (uint32_t)(start - be->rw), (uint32_t)(cold_start - be->rw));
    x86_buffer_trim(be);
    return 0;
}
