/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"
#include "core/ir/eval.h"
#include <stdlib.h>
#include <string.h>

static quick_fn *const quick_emitters[IR_OPS];

#define QUICK_VEC_OPS(X)                                                                                               \
    X(IR_VCONST, quick_vec_const) X(IR_VAND, quick_vec_2) X(IR_VOR, quick_vec_2) X(IR_VXOR, quick_vec_2)               \
    X(IR_VANDN, quick_vec_2) X(IR_VADD, quick_vec_2) X(IR_VSUB, quick_vec_2) X(IR_VCEQ, quick_vec_2)                   \
    X(IR_VCGTS, quick_vec_2) X(IR_VMINU, quick_vec_2) X(IR_VMAXU, quick_vec_2) X(IR_VZIP1, quick_vec_2)                \
    X(IR_VZIP2, quick_vec_2) X(IR_VTOPS, quick_vec_tops) X(IR_VLANE, quick_vec_lane) X(IR_VSCALAR, quick_vec_scalar)   \
    X(IR_VDUP, quick_vec_scalar) X(IR_VINS, quick_vec_insert)

/* ---- backwards: what can be done, who is needed, and until where ---- */

/*
 * What the walk backwards asks of an operation. From LOOK_PLAIN on: arguments a and b, one of them or none; done only if
 * somebody needs it, unless it has an effect; LOOK_BREAK: and it ends what is known of later PUTs, too.
 */
enum look {
    LOOK_REFUSED, LOOK_NOTHING, LOOK_GET, LOOK_PUT, LOOK_ACCESS, LOOK_CALL, LOOK_CONDITION, LOOK_NAME, LOOK_SELECT, LOOK_VEC,
    LOOK_PLAIN = 16, LOOK_EFFECT = 32, LOOK_BREAK = 64,
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

static inline bool is_usual(const struct ir_inst *in)
{
    return !(in->aux2 & (IR_MEM_REGIME | IR_MEM_BE)) && in->imm == (int32_t)in->imm;
}

enum seen { REFUSED, SKIPPED, NEEDED };

/* What is not said by a word of `looks`. */
static enum seen look_at(struct quick *q, const struct ir_inst *in, const struct quick_value *v, bool many, uint16_t *epoch)
{
    struct quick_value *values = q->v;
    uint32_t i = (uint32_t)(in - q->insts);
    unsigned look = looks[in->op];
    if (look >= LOOK_NAME && (v->last == 0 || v->spill == QUICK_FUSED))
        return SKIPPED;
    switch (look) {
    case LOOK_ACCESS:
        ++*epoch;
        use(values, in->a, i);
        use(values, in->b, i);
        use(values, in->c, i);
        return is_usual(in) && !(many && in->type == IR_V128) ? NEEDED : REFUSED;
    case LOOK_CALL:
        if (v->last == 0 && (q->guest->helpers[in->imm].flags & IR_CALL_PURE))
            return SKIPPED;
        *epoch = note_call(q, in, *epoch);
        use(values, in->a, i);
        use(values, in->b, i);
        use(values, in->c, i);
        use(values, (uint16_t)in->imm2, i);
        return in->type <= IR_I64 ? NEEDED : REFUSED;
    case LOOK_CONDITION:
        ++*epoch;
        use_condition(values, q->insts, in->a, i);
        return NEEDED;
    case LOOK_NAME:
        values[in->a].last = MAX(values[in->a].last, v->last);
        values[in->a].spill = 0;
        return NEEDED;
    case LOOK_SELECT:
        use_condition(values, q->insts, in->a, i);
        use(values, in->b, i);
        use(values, in->c, i);
        return in->type <= IR_I64 ? NEEDED : REFUSED;
    case LOOK_VEC:
        use(values, in->a, i);
        use(values, in->b, i);
        return !many && quick_vec_can(in) ? NEEDED : REFUSED;
    default:
        return REFUSED;
    }
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
    const bool many = in - insts > FRAME_SPILLS / 2; /* vectors may take two places each */
    memset(values, 0, (size_t)(in - insts) * sizeof(*values));
    memset(q->overwritten, 0, q->guest->n_slots * sizeof(q->overwritten[0]));
    values[IR_NONE].reg = QUICK_NO_REG;
    for (uint32_t i = (uint32_t)(in - insts) - 1; in != first; i--) {
        unsigned look = looks[(--in)->op];
        v--;
        v->reg = QUICK_NO_REG;
        v->rep = (uint16_t)i;
        if (LIKELY(look >= LOOK_PLAIN)) { /* arguments that are not there are IR_NONE */
            if (look == LOOK_PLAIN && (v->last == 0 || v->spill == QUICK_FUSED))
                continue;
            use(values, in->a, i);
            use(values, in->b, i);
            epoch = (uint16_t)(epoch + look / LOOK_BREAK);
        } else if (look == LOOK_NOTHING) {
            continue;
        } else if (look == LOOK_GET) {
            if (UNLIKELY(q->slots[in->imm].zero || (many && q->slots[in->imm].vec)))
                return false;
            if (v->last == 0)
                continue;
            q->overwritten[in->imm] = 0;
        } else if (look == LOOK_PUT) {
            if (UNLIKELY(q->slots[in->imm].zero))
                return false;
            if (q->overwritten[in->imm] == epoch)
                continue;
            q->overwritten[in->imm] = epoch;
            use(values, in->a, i);
        } else {
            enum seen seen = look_at(q, in, v, many, &epoch);
            if (seen == SKIPPED)
                continue;
            if (UNLIKELY(seen == REFUSED))
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
    if (UNLIKELY(q->insts[v].type == IR_V128)) {
        if (x->last >= q->i)
            quick_vec_get_away(q, v);
    } else if (x->reg == QUICK_NO_REG && x->last >= q->i) {
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
    if (UNLIKELY(s->vec)) {
        leave_slot(q, slot);
        quick_vec_put(q, v, slot);
        return;
    }
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
    if (UNLIKELY((is_w(def->type) || def->op == IR_SETCC || def->op == IR_STOREC) != s->w))
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
    [IR_STORE] = quick_access, [IR_AMO] = quick_atomic, [IR_CAS] = quick_atomic, [IR_LOADR] = quick_atomic,
    [IR_STOREC] = quick_atomic, [IR_FENCE] = quick_fence, [IR_MULHS] = quick_eval, [IR_MULHU] = quick_eval,
    [IR_MULHSU] = quick_eval, [IR_DIVS] = quick_eval, [IR_DIVU] = quick_eval, [IR_REMS] = quick_eval,
    [IR_REMU] = quick_eval, [IR_CLZ] = quick_eval, [IR_CTZ] = quick_eval, [IR_POPCNT] = quick_eval,
    [IR_CLMUL] = quick_eval, [IR_CLMULH] = quick_eval, [IR_FNEG] = quick_eval, [IR_FABS] = quick_eval,
    [IR_FSGNJ] = quick_eval, [IR_FBOX] = quick_eval, [IR_FUNBOX] = quick_eval,
#define VEC(op, emitter) [op] = emitter,
    QUICK_VEC_OPS(VEC)
#undef VEC
    [IR_CALL] = quick_call, [IR_TRAP] = quick_trap, [IR_JUMP] = quick_end,
    [IR_BRANCH] = quick_end, [IR_JUMPR] = quick_end, [IR_EXIT] = quick_end,
};

static const uint8_t looks[IR_OPS] = {
    [IR_INSN] = LOOK_NOTHING, [IR_CONST] = LOOK_NOTHING, [IR_GET] = LOOK_GET, [IR_PUT] = LOOK_PUT, [IR_PC] = LOOK_PLAIN,
    [IR_ADD] = LOOK_PLAIN, [IR_SUB] = LOOK_PLAIN, [IR_AND] = LOOK_PLAIN, [IR_OR] = LOOK_PLAIN, [IR_XOR] = LOOK_PLAIN,
    [IR_ANDN] = LOOK_PLAIN, [IR_ORN] = LOOK_PLAIN, [IR_XNOR] = LOOK_PLAIN, [IR_SHL] = LOOK_PLAIN, [IR_SHR] = LOOK_PLAIN, [IR_SAR] = LOOK_PLAIN,
    [IR_ROL] = LOOK_PLAIN, [IR_ROR] = LOOK_PLAIN, [IR_MUL] = LOOK_PLAIN, [IR_DEPOSIT] = LOOK_PLAIN, [IR_SETCC] = LOOK_PLAIN,
    [IR_BSWAP] = LOOK_PLAIN, [IR_SEXT] = LOOK_PLAIN, [IR_ZEXT] = LOOK_PLAIN, [IR_EXTRACT] = LOOK_PLAIN,
    [IR_TRUNC] = LOOK_NAME, [IR_BITCAST] = LOOK_NAME, [IR_SELECT] = LOOK_SELECT, [IR_LOAD] = LOOK_ACCESS,
    [IR_STORE] = LOOK_ACCESS, [IR_CALL] = LOOK_CALL, [IR_TRAP] = LOOK_CONDITION, [IR_BRANCH] = LOOK_CONDITION,
    [IR_AMO] = LOOK_ACCESS, [IR_CAS] = LOOK_ACCESS, [IR_LOADR] = LOOK_ACCESS, [IR_STOREC] = LOOK_ACCESS, [IR_FENCE] = LOOK_EFFECT,
    [IR_MULHS] = LOOK_PLAIN, [IR_MULHU] = LOOK_PLAIN, [IR_MULHSU] = LOOK_PLAIN, [IR_DIVS] = LOOK_PLAIN, [IR_DIVU] = LOOK_PLAIN,
    [IR_REMS] = LOOK_PLAIN, [IR_REMU] = LOOK_PLAIN, [IR_CLZ] = LOOK_PLAIN, [IR_CTZ] = LOOK_PLAIN, [IR_POPCNT] = LOOK_PLAIN,
    [IR_CLMUL] = LOOK_PLAIN, [IR_CLMULH] = LOOK_PLAIN, [IR_FNEG] = LOOK_PLAIN, [IR_FABS] = LOOK_PLAIN, [IR_FSGNJ] = LOOK_PLAIN,
    [IR_FBOX] = LOOK_PLAIN, [IR_FUNBOX] = LOOK_PLAIN,
#define VEC(op, emitter) [op] = LOOK_VEC,
    QUICK_VEC_OPS(VEC)
#undef VEC
    [IR_JUMPR] = LOOK_BREAK, [IR_JUMP] = LOOK_BREAK, [IR_EXIT] = LOOK_BREAK,
};

static void set_guest(struct quick *q, const struct ir_guest *guest)
{
    q->guest = guest;
    for (uint32_t i = 0; i < guest->n_slots; i++) {
        const struct ir_slot *s = &guest->slots[i];
        q->slots[i] = (struct quick_slot){ .disp = s->offset - CPU_BIAS, .w = is_w(s->type),
                                           .vec = s->type == IR_V128, .zero = s->zero };
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
    struct x86_code *c = &code->c; /* member by member: as a whole compilers clear it by REP STOS */
    c->block = g->b;
    c->guest = g->u->guest;
    c->pins = NULL;
    c->n_pins = 0;
    c->edge_stubs = code->edge_stubs;
    c->incoming = NULL;
    c->replaces = c->next_replaced = c->replaced_by = NULL;
    g->code = c;
    g->rc = 0;
    g->recipe = NULL;
    memset(g->waiting, 0, sizeof(g->waiting));
    g->pins_gpr = g->pins_xmm = 0;
    g->uses_fp = g->uses_wide = false;
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
    for (unsigned k = 0; k < 5; k++) /* what is about to be written: the host's stores are done in order */
        __builtin_prefetch(start + 64 * k, 1);
    for (unsigned k = 0; k < 3; k++)
        __builtin_prefetch(cold_start + 64 * k, 1);
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
    if (UNLIKELY(!be->count_entries)) /* else quick_entry knows them: what was just stored elsewhere is read slowly */
        memcpy(g->code->entry_bytes, be->rw + g->code->entry, sizeof(g->code->entry_bytes));
    b->backend_private = g->code;
    if (UNLIKELY(be->dump != 0 || be->perf_map != NULL))
        x86_dump(be, b, (uint32_t)(start - be->rw), (uint32_t)(cold_start - be->rw));
    x86_buffer_trim(be);
    return 0;
}
