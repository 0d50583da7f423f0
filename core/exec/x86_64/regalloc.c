/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

#define COALESCE_WINDOW 12 /* instructions between an operation and the PUT of its result */
#define COALESCE_STEPS  3  /* results on the way to that of the PUT */

static bool value_is_fp(const struct x86_gen *g, uint16_t v)
{
    return in_xmm(value_type(g, v));
}

void x86_begin_chain_regs(struct x86_gen *g)
{
    g->free[0] = g->pool[0];
    g->free[1] = g->pool[1];
    memset(g->slot_alias, 0, sizeof(g->slot_alias));
    memset(g->slot_home, 0, sizeof(g->slot_home));
    memset(g->pin_copy, 0, sizeof(g->pin_copy));
    g->n_spills = g->n_spill_free = 0;
    g->n_groups = 0;
    g->dirty = g->dirty_in[g->index];
    x86_late_begin(g);
}

/* ---- moving values ---- */

void gen_load(struct x86_gen *g, unsigned reg, struct opnd o, bool w)
{
    struct x86_asm *a = g->a;
    if (o.kind == O_IMM)
        asm_mov_ri(a, reg, w ? o.imm : (uint32_t)o.imm);
    else if (o.kind == O_MEM)
        asm_rm(a, 0x8b | (w ? OP_W : 0), reg, opnd_mem(o));
    else if (o.fp)
        asm_rr(a, 0x7e | OP_0F | OP_66 | (w ? OP_W : 0), o.reg, reg); /* movq */
    else
        asm_mov_rr(a, w, reg, o.reg);
}

void x86_load_fp(struct x86_gen *g, unsigned reg, struct opnd o, bool is64)
{
    struct x86_asm *a = g->a;
    if (o.kind == O_IMM) {
        if (o.imm == 0) {
            asm_rr(a, 0x57 | OP_0F, reg, reg); /* xorps */
            return;
        }
        asm_mov_ri(a, RAX, o.imm);
        o = opnd_reg(RAX);
    }
    if (o.kind == O_MEM)
        asm_rm(a, 0x10 | OP_0F | (is64 ? OP_F2 : OP_F3), reg, opnd_mem(o));
    else if (!o.fp)
        asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, reg, o.reg); /* movq */
    else if (o.reg != reg)
        asm_rr(a, 0x28 | OP_0F, reg, o.reg); /* movaps */
}

void x86_store_opnd(struct x86_gen *g, struct x86_mem m, struct opnd o, bool w)
{
    if (o.kind == O_IMM && imm_fits(o.imm, w)) {
        asm_mov_mi(g->a, w ? 3 : 2, m, (int32_t)o.imm);
        return;
    }
    if (o.kind == O_REG && o.fp) {
        asm_rm(g->a, 0x11 | OP_0F | (w ? OP_F2 : OP_F3), o.reg, m);
        return;
    }
    if (o.kind != O_REG) {
        gen_load(g, RAX, o, w);
        o = opnd_reg(RAX);
    }
    asm_rm(g->a, 0x89 | (w ? OP_W : 0), o.reg, m);
}

void x86_load_vec(struct x86_gen *g, unsigned reg, struct opnd o)
{
    if (o.kind == O_MEM)
        asm_rm(g->a, 0x10 | OP_0F, reg, opnd_mem(o)); /* movups: slots of guests are aligned, frames are not */
    else if (o.reg != reg)
        asm_rr(g->a, 0x28 | OP_0F, reg, o.reg);
}

void x86_store_vec(struct x86_gen *g, struct x86_mem m, struct opnd o)
{
    if (o.kind == O_MEM) {
        x86_load_vec(g, 0, o);
        o.reg = 0;
    }
    asm_rm(g->a, 0x11 | OP_0F, o.reg, m);
}

void x86_load_typed(struct x86_gen *g, unsigned reg, struct opnd o, unsigned type)
{
    if (is_v(type))
        x86_load_vec(g, reg, o);
    else if (is_fp(type))
        x86_load_fp(g, reg, o, is_w(type));
    else
        gen_load(g, reg, o, is_w(type));
}

void x86_store_typed(struct x86_gen *g, struct x86_mem m, struct opnd o, unsigned type)
{
    if (is_v(type))
        x86_store_vec(g, m, o);
    else
        x86_store_opnd(g, m, o, is_w(type));
}

void x86_store_pins(struct x86_gen *g, uint32_t pins)
{
    for (; pins; pins &= pins - 1) {
        const struct x86_pin *p = &g->code->pins[ctz64(pins)];
        struct opnd o = opnd_reg(p->reg);
        o.fp = in_xmm(p->type);
        x86_store_typed(g, x86_cpu_mem(p->offset), o, p->type);
    }
}

/* ---- registers and spill places ---- */

static struct x86_mem spill_mem(unsigned n)
{
    return mem_at(RSP, (int32_t)(FRAME_ARGS + FRAME_PAGES + 8 * n));
}

/* One place of 8 bytes, or two side by side for a vector: those are not used again in the block. */
static uint16_t take_spill(struct x86_gen *g, uint16_t v)
{
    unsigned n = is_v(value_type(g, v)) ? 2 : 1;
    if (n == 1 && g->n_spill_free)
        return g->spill_free[--g->n_spill_free];
    if (g->n_spills + n > FRAME_SPILLS) {
        g->rc = err_set(g->e, ERR_UNSUPPORTED,
                        "code generator: more than %u values alive at once in the block at 0x%x",
                        FRAME_SPILLS, (unsigned)g->block->start);
        return 0;
    }
    g->n_spills += n;
    return (uint16_t)(g->n_spills - n);
}

static void release(struct x86_gen *g, struct value *v, bool fp)
{
    bool vec = is_v(value_type(g, (uint16_t)(v - g->values)));
    if (v->place == P_REG)
        g->free[fp] |= 1u << v->reg;
    else if (v->place == P_SPILL && !vec)
        g->spill_free[g->n_spill_free++] = v->spill;
    else if (v->place != P_SPILL)
        return;
    v->place = P_NONE;
}

void x86_release_if_done(struct x86_gen *g, uint16_t v)
{
    if (g->values[v].last <= g->i)
        release(g, &g->values[v], value_is_fp(g, v));
}

static void add_alias(struct x86_gen *g, uint16_t v, unsigned slot, uint8_t place)
{
    struct value *x = &g->values[v];
    x->place = place;
    x->slot = (uint16_t)slot;
    if (place == P_PIN)
        x->reg = g->code->pins[g->pin_of[slot]].reg;
    x->next_alias = g->slot_alias[slot];
    g->slot_alias[slot] = v;
}

/* Memory of `slot`, which is not pinned, holds v from here on. */
static void set_home(struct x86_gen *g, uint16_t v, unsigned slot)
{
    unsigned type = g->u->guest->slots[slot].type;
    bool clean = x86_is_clean(g, v); /* its extension may be another name of it: 32 bits of memory have no zeros above */
    bool holds = clean ? type == IR_I64 : value_type(g, v) == type;
    g->slot_home[slot] = holds ? v : IR_NONE;
    g->values[v].home = (uint16_t)slot;
}

static void spill_value(struct x86_gen *g, uint16_t n, bool fp)
{
    struct value *v = &g->values[n];
    struct opnd o = opnd_reg(v->reg);
    if (v->last < g->i) { /* it waited for a slot, but is not seen any more */
        v->place = P_NONE;
        return;
    }
    if (g->slot_home[v->home] == n) { /* its slot has it */
        add_alias(g, n, v->home, P_SLOT);
        return;
    }
    int slot = x86_late_home(g, n);
    if (slot >= 0) {
        add_alias(g, n, (unsigned)slot, P_SLOT);
        return;
    }
    o.fp = fp;
    v->spill = take_spill(g, n);
    if (is_v(value_type(g, n)))
        x86_store_vec(g, spill_mem(v->spill), o);
    else
        x86_store_opnd(g, spill_mem(v->spill), o, true);
    v->place = P_SPILL;
}

/* When value v is wanted next. */
static uint32_t next_use(const struct x86_gen *g, uint16_t v)
{
    const struct value *x = &g->values[v];
    return x->last < g->i ? UINT32_MAX : x->next ? x->next : x->last;
}

/* The register of the value that is wanted latest, or -1. That of a result is none. */
static int latest(const struct x86_gen *g, bool fp)
{
    uint32_t groups = 0, latest = 0;
    int best = -1;
    for (uint32_t k = 0; k < g->n_groups && !fp; k++)
        groups |= g->groups[k].framed ? 0 : 1u << g->groups[k].reg;
    for (unsigned r = 0; r < 16; r++) {
        if (!(g->pool[fp] >> r & 1) || ((g->free[fp] | g->locked[fp] | groups) >> r & 1) || g->reg_value[fp][r] == g->i)
            continue;
        uint32_t next = next_use(g, g->reg_value[fp][r]);
        if (next > latest) {
            latest = next;
            best = (int)r;
        }
    }
    return best;
}

/* The last group whose addend is in a register; how many there are of those. */
static struct group *last_group(struct x86_gen *g, unsigned *n)
{
    struct group *last = NULL;
    *n = 0;
    for (uint32_t k = 0; k < g->n_groups; k++) {
        if (g->groups[k].framed)
            continue;
        last = &g->groups[k];
        ++*n;
    }
    return last;
}

/* Its addend goes to the frame, and through rax from now on. */
static int frame_group(struct x86_gen *g, struct group *p)
{
    int reg = p->reg;
    asm_rm(g->a, 0x89 | OP_W, p->reg, group_mem(p->place));
    p->framed = true;
    p->reg = RAX;
    return reg;
}

static int evict(struct x86_gen *g, bool fp)
{
    unsigned n;
    struct group *group = last_group(g, &n);
    int best = !fp && n > 1 ? -1 : latest(g, fp);
    if (best >= 0)
        spill_value(g, g->reg_value[fp][best], fp);
    else if (!fp && group)
        return frame_group(g, group);
    return best;
}

/* A register for value v, or -1 when all belong to this instruction's operands. */
static int take(struct x86_gen *g, uint16_t v, bool fp)
{
    int r = g->free[fp] ? (int)ctz64(g->free[fp]) : evict(g, fp);
    if (r < 0)
        return -1;
    g->free[fp] &= ~(1u << r);
    g->reg_value[fp][r] = v;
    return r;
}

int x86_take_reg(struct x86_gen *g, unsigned uses)
{
    /* An operand that dies here has its register until the operation is done, though a result might take it. */
    while (popcount64(g->free[0] & ~g->locked[0]) < 2) {
        int r = latest(g, false);
        if (r < 0 || (uses < 3 && g->values[g->reg_value[0][r]].last >= g->i))
            return -1;
        spill_value(g, g->reg_value[0][r], false);
        g->free[0] |= 1u << r;
    }
    int r = (int)(63 - clz64(g->free[0] & ~g->locked[0]));
    g->free[0] &= ~(1u << r);
    return r;
}

/* ---- operands ---- */

struct opnd x86_opnd(struct x86_gen *g, uint16_t v)
{
    v = g->values[v].rep;
    const struct value *x = &g->values[v];
    const struct ir_inst *in = &g->u->insts[v];
    struct opnd o = { .kind = O_MEM };
    switch (x->place) {
    case P_CONST:
        o.kind = O_IMM;
        o.imm = in->op == IR_CONST ? (uint64_t)in->imm : 0; /* a zero slot */
        break;
    case P_REG:
    case P_PIN:
        o.kind = O_REG;
        o.reg = x->reg;
        o.fp = value_is_fp(g, v);
        g->locked[o.fp] |= 1u << x->reg;
        break;
    case P_SLOT:
        o = opnd_cpu(g->u->guest->slots[x->slot].offset);
        break;
    case P_SPILL: {
        struct x86_mem m = spill_mem(x->spill);
        o.reg = m.base;
        o.disp = m.disp;
        break;
    }
    default: /* a fault of the code generator: the block stays what it is, or is interpreted */
        g->rc = err_set(g->e, ERR_UNSUPPORTED, "code generator: value %u of the block at 0x%x is asked for after its last use",
                        (unsigned)v, (unsigned)g->block->start);
        o = (struct opnd){ .kind = O_IMM };
        break;
    }
    return o;
}

/* When argument v of this instruction is wanted again. */
static uint32_t use_after(const struct x86_gen *g, uint16_t v)
{
    uint16_t args[8];
    unsigned n = x86_args(g, g->i, args);
    uint32_t at = g->values[g->i].later;
    for (unsigned k = 0; k < n && n <= at; k++)
        if (args[k] == v && g->later[at - n + k] != g->i)
            return g->later[at - n + k] ? g->later[at - n + k] : g->values[v].last;
    return g->values[v].last;
}

/* Is `next` sooner than one of those in registers is wanted? */
static bool is_soon(const struct x86_gen *g, uint32_t next, bool fp)
{
    int r = latest(g, fp);
    return r >= 0 && next < next_use(g, g->reg_value[fp][r]);
}

static void remove_alias(struct x86_gen *g, uint16_t v)
{
    uint16_t *at = &g->slot_alias[g->values[v].slot];
    while (*at != IR_NONE && *at != v)
        at = &g->values[*at].next_alias;
    *at = g->values[v].next_alias;
}

void x86_bring_back(struct x86_gen *g, uint16_t v, bool evicts)
{
    v = g->values[v].rep;
    struct value *x = &g->values[v];
    bool fp = value_is_fp(g, v);
    if (x->place != P_SLOT || x->last <= g->i || (g->free[fp] == 0 && !(evicts && is_soon(g, use_after(g, v), fp))))
        return;
    unsigned slot = x->slot;
    int r = take(g, v, fp);
    if (r < 0)
        return;
    x86_load_typed(g, (unsigned)r, opnd_cpu(g->u->guest->slots[slot].offset), value_type(g, v));
    remove_alias(g, v);
    x->place = P_REG;
    x->reg = (uint8_t)r;
    set_home(g, v, slot);
}

unsigned x86_use(struct x86_gen *g, uint16_t v, unsigned scratch, bool w)
{
    x86_bring_back(g, v, false);
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_REG && !o.fp)
        return o.reg;
    gen_load(g, scratch, o, w);
    return scratch;
}

unsigned x86_use_vec(struct x86_gen *g, uint16_t v, unsigned scratch)
{
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_REG)
        return o.reg;
    x86_load_vec(g, scratch, o);
    return scratch;
}

void x86_load_out_vec(struct x86_gen *g, unsigned reg)
{
    asm_rm(g->a, 0x8b | OP_W, RAX, CPU_MEM(exec_private));
    asm_rm(g->a, 0x10 | OP_0F, reg,
           mem_at(RAX, (int32_t)(offsetof(struct exec_cpu, scratch) + 8 * SAVE_RESULT)));
}

unsigned x86_use_fp(struct x86_gen *g, uint16_t v, unsigned scratch)
{
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_REG && o.fp)
        return o.reg;
    x86_load_fp(g, scratch, o, is_w(value_type(g, v)));
    return scratch;
}

/* ---- slots ---- */

static bool is_alias(const struct value *x, unsigned slot)
{
    return (x->place == P_PIN || x->place == P_SLOT) && x->slot == slot;
}

/* The pin of another slot that holds value v, an alias of `slot`, too; or NO_PIN. */
static unsigned other_pin(const struct x86_gen *g, uint16_t v, unsigned slot)
{
    for (unsigned p = 0; p < g->code->n_pins; p++)
        if (g->pin_copy[p].value == v && g->pin_copy[p].slot != slot)
            return p;
    return NO_PIN;
}

static void forget_copy(struct x86_gen *g, unsigned slot)
{
    if (g->pin_of[slot] != NO_PIN)
        g->pin_copy[g->pin_of[slot]].value = IR_NONE;
}

void x86_save_aliases(struct x86_gen *g, unsigned slot, uint16_t except)
{
    uint16_t next;
    g->slot_home[slot] = IR_NONE; /* first: what is evicted here must not find its home there */
    forget_copy(g, slot);
    for (uint16_t v = g->slot_alias[slot]; v; v = next) {
        struct value *x = &g->values[v];
        next = x->next_alias;
        if (v == except || !is_alias(x, slot) || x->last <= g->i)
            continue;
        unsigned pin = other_pin(g, v, slot);
        if (pin != NO_PIN) {
            add_alias(g, v, g->pin_copy[pin].slot, P_PIN);
            continue;
        }
        bool fp = value_is_fp(g, v);
        bool w = x->place == P_PIN || is_w(g->u->guest->slots[slot].type);
        struct opnd o = x86_opnd(g, v);
        int r = take(g, v, fp);
        bool vec = is_v(value_type(g, v));
        if (r < 0) {
            x->spill = take_spill(g, v);
            if (vec)
                x86_store_vec(g, spill_mem(x->spill), o);
            else
                x86_store_opnd(g, spill_mem(x->spill), o, w);
            x->place = P_SPILL;
            continue;
        }
        if (vec)
            x86_load_vec(g, (unsigned)r, o);
        else if (fp)
            x86_load_fp(g, (unsigned)r, o, w);
        else
            gen_load(g, (unsigned)r, o, w);
        x->place = P_REG;
        x->reg = (uint8_t)r;
        g->locked[fp] |= 1u << r;
    }
    g->slot_alias[slot] = 0;
    if (except && is_alias(&g->values[except], slot)) {
        g->values[except].next_alias = 0;
        g->slot_alias[slot] = except;
    }
}

void x86_save_shared_aliases(struct x86_gen *g)
{
    unsigned first = g->u->guest->shared, n = g->u->guest->n_shared;
    memset(&g->slot_home[first], 0, n * sizeof(g->slot_home[0]));
    for (unsigned s = first; s < first + n; s++)
        if (g->slot_alias[s])
            x86_save_aliases(g, s, IR_NONE);
}

void x86_save_all_aliases(struct x86_gen *g)
{
    memset(g->slot_home, 0, sizeof(g->slot_home));
    memset(g->pin_copy, 0, sizeof(g->pin_copy));
    for (unsigned s = 0; s < g->u->guest->n_slots; s++)
        if (g->slot_alias[s])
            x86_save_aliases(g, s, IR_NONE);
}

void gen_get(struct x86_gen *g, const struct ir_inst *in)
{
    uint16_t v = (uint16_t)g->i;
    struct value *x = &g->values[v];
    unsigned slot = (unsigned)in->imm;
    const struct ir_slot *s = &g->u->guest->slots[slot];
    if (s->zero) {
        x->place = P_CONST;
    } else if (g->pin_of[slot] != NO_PIN) {
        add_alias(g, v, slot, P_PIN);
    } else if (x->uses - x->waiting <= 1 || (g->free[in_xmm(s->type)] == 0 && !is_soon(g, next_use(g, v), in_xmm(s->type)))) {
        add_alias(g, v, slot, P_SLOT);
    } else {
        bool fp = in_xmm(s->type);
        int r = take(g, v, fp);
        if (r < 0) {
            add_alias(g, v, slot, P_SLOT);
            return;
        }
        struct opnd o = opnd_cpu(s->offset);
        x86_load_typed(g, (unsigned)r, o, s->type);
        x->place = P_REG;
        x->reg = (uint8_t)r;
        set_home(g, v, slot);
    }
}

void gen_put(struct x86_gen *g, const struct ir_inst *in)
{
    uint16_t v = g->values[in->a].rep;
    struct value *x = &g->values[v];
    unsigned slot = (unsigned)in->imm;
    const struct ir_slot *s = &g->u->guest->slots[slot];
    bool same = is_alias(x, slot); /* computed in place, or the old value again */
    bool seen = g->values[g->i].late != LATE_DEAD; /* else the value may be nowhere any more */
    struct opnd o = seen ? x86_opnd(g, v) : (struct opnd){ 0 };
    if (s->zero)
        return;
    x86_late_drop(g, slot);
    x86_save_aliases(g, slot, same ? v : IR_NONE);
    if (x86_late_put(g, in))
        return;
    if (g->pin_of[slot] == NO_PIN) {
        if (!same) {
            x86_store_typed(g, x86_cpu_mem(s->offset), o, s->type);
            set_home(g, v, slot);
        }
        return;
    }
    g->dirty |= 1u << g->pin_of[slot];
    if (same)
        return;
    const struct x86_pin *p = &g->code->pins[g->pin_of[slot]];
    bool fp = in_xmm(s->type);
    x86_load_typed(g, p->reg, o, s->type);
    if ((x->place == P_PIN || x->place == P_SLOT) && value_type(g, v) == s->type && s->type == IR_I64) {
        g->pin_copy[g->pin_of[slot]].value = v;
        g->pin_copy[g->pin_of[slot]].slot = (uint16_t)slot;
    }
    if (x->place == P_REG && value_is_fp(g, v) == fp && is_v(value_type(g, v)) == is_v(s->type) &&
        x86_fills(g, v, is_w(s->type))) {
        release(g, x, fp);
        add_alias(g, v, slot, P_PIN);
    }
}

/* ---- definitions ---- */

/*
 * The PUT of what the instruction's result is for: of itself, or of the next result of which it is the first operand, and
 * nothing else (SHR, XOR and PUT of one register). 0: none near.
 */
static uint32_t put_of(const struct x86_gen *g, const struct value *x)
{
    uint32_t put = x->put;
    for (unsigned steps = 0; put == 0 && x->uses == 1 && x->last > g->i && steps < COALESCE_STEPS; steps++) {
        const struct ir_inst *next = &g->u->insts[x->last];
        bool commutes = next->op == IR_ADD || next->op == IR_AND || next->op == IR_OR || next->op == IR_XOR ||
                        next->op == IR_MUL;
        bool first = commutes || next->op == IR_SUB || next->op == IR_SHL || next->op == IR_SHR || next->op == IR_SAR;
        if (!first || (!commutes && g->values[next->a].rep != x - g->values) || !x86_fills(g, (uint16_t)x->last, true))
            return 0;
        x = &g->values[x->last];
        put = x->put;
        if (x->rep != x - g->values || x->fused || x->rotate)
            return 0;
    }
    return put - g->i <= COALESCE_WINDOW ? put : 0;
}

/* May instruction i compute its result straight in the slot that a later PUT, at `put`, gives it? */
static bool may_coalesce(const struct x86_gen *g, uint32_t put, bool fp)
{
    if (put == 0)
        return false;
    unsigned slot = (unsigned)g->u->insts[put].imm;
    const struct ir_slot *s = &g->u->guest->slots[slot];
    unsigned type = value_type(g, (uint16_t)g->i);
    if (g->pin_of[slot] == NO_PIN || in_xmm(s->type) != fp || !x86_fills(g, (uint16_t)g->i, is_w(s->type)) ||
        is_v(s->type) != is_v(type))
        return false;
    for (uint16_t v = g->slot_alias[slot]; v; v = g->values[v].next_alias)
        if (is_alias(&g->values[v], slot) && g->values[v].last > g->i && other_pin(g, v, slot) == NO_PIN)
            return false;
    for (uint32_t j = g->i + 1; j < put; j++) {
        const struct ir_inst *in = &g->u->insts[j];
        unsigned flags = (unsigned char)ir_op_info[in->op].flags;
        if (flags == 'F' || flags == 'E' || /* which may be the way out of a chain */
            ((in->op == IR_GET || in->op == IR_PUT) && in->imm == (int64_t)slot))
            return false;
    }
    return true;
}

/* Spilled ones only at the end: until then the operation may read them where they are. */
static void release_args(struct x86_gen *g, bool end)
{
    uint16_t args[8];
    unsigned n = x86_args(g, g->i, args);
    for (unsigned k = 0; k < n; k++) {
        struct value *x = &g->values[args[k]];
        if (x->last <= g->i && (end || x->place == P_REG))
            release(g, x, value_is_fp(g, args[k]));
    }
}

unsigned x86_def(struct x86_gen *g)
{
    uint16_t v = (uint16_t)g->i;
    struct value *x = &g->values[v];
    bool fp = value_is_fp(g, v);
    uint32_t put = put_of(g, x);
    if (may_coalesce(g, put, fp)) {
        x86_save_aliases(g, (unsigned)g->u->insts[put].imm, IR_NONE); /* other pins have them */
        add_alias(g, v, (unsigned)g->u->insts[put].imm, P_PIN);
        return x->reg;
    }
    release_args(g, false);
    int r = take(g, v, fp);
    if (r < 0) {
        x->place = P_SPILL;
        x->spill = take_spill(g, v);
        return fp ? 0 : RAX;
    }
    x->place = P_REG;
    x->reg = (uint8_t)r;
    return (unsigned)r;
}

/* After the join with the operation's stubs. */
void x86_done(struct x86_gen *g, unsigned reg)
{
    uint16_t v = (uint16_t)g->i;
    const struct value *x = &g->values[v];
    if (x->place != P_SPILL)
        return;
    struct opnd o = opnd_reg(reg);
    o.fp = value_is_fp(g, v);
    if (is_v(value_type(g, v)))
        x86_store_vec(g, spill_mem(x->spill), o);
    else
        x86_store_opnd(g, spill_mem(x->spill), o, true);
}

void x86_result(struct x86_gen *g, unsigned reg, bool w)
{
    unsigned dst = x86_def(g);
    asm_mov_rr(g->a, w, dst, reg);
    x86_done(g, dst);
}

void x86_result_fp(struct x86_gen *g, unsigned reg)
{
    unsigned dst = x86_def(g);
    if (dst != reg)
        asm_rr(g->a, 0x28 | OP_0F, dst, reg);
    x86_done(g, dst);
}

/* What its arguments are wanted for next. */
static void update_next(struct x86_gen *g)
{
    uint16_t args[8];
    unsigned n = g->values[g->i].late == LATE_DEAD ? 0 : x86_args(g, g->i, args);
    uint32_t at = g->values[g->i].later;
    while (n-- > 0 && at > 0)
        g->values[args[n]].next = g->later[--at];
}

void x86_end_inst(struct x86_gen *g)
{
    release_args(g, true);
    update_next(g);
    uint16_t v = (uint16_t)g->i;
    struct value *x = &g->values[v];
    if (x->rep == v && x->last <= g->i)
        release(g, x, value_is_fp(g, v));
    g->locked[0] = g->locked[1] = 0;
}
