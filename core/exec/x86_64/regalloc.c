/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers and places in the frame: which value has which while code is emitted, and which gives its register away when all
 * are taken.
 */
#include "core/exec/x86_64/places.h"
#include "core/util/bits.h"

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

/* ---- registers and spill places ---- */

static struct x86_mem spill_mem(unsigned n)
{
    return mem_at(RSP, (int32_t)(FRAME_ARGS + FRAME_PAGES + 8 * n));
}

/* One place of 8 bytes, or as many side by side as a vector has: those are not used again in the block. */
static uint16_t take_spill(struct x86_gen *g, uint16_t v)
{
    unsigned type = value_type(g, v), n = is_wide(type) ? 4 : is_v(type) ? 2 : 1;
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

static void store_spilled(struct x86_gen *g, uint16_t v, struct opnd o, bool w)
{
    struct x86_mem m = spill_mem(g->values[v].spill);
    if (value_type(g, v) >= IR_V128)
        x86_store_typed(g, m, o, value_type(g, v));
    else
        x86_store_opnd(g, m, o, w);
}

void x86_spill(struct x86_gen *g, uint16_t v, struct opnd o, bool w)
{
    g->values[v].spill = take_spill(g, v);
    store_spilled(g, v, o, w);
    g->values[v].place = P_SPILL;
}

void x86_release(struct x86_gen *g, struct value *v, bool fp)
{
    bool vec = value_type(g, (uint16_t)(v - g->values)) >= IR_V128;
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
        x86_release(g, &g->values[v], value_is_fp(g, v));
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
        x86_add_alias(g, n, v->home, P_SLOT);
        return;
    }
    int slot = x86_late_home(g, n);
    if (slot >= 0) {
        x86_add_alias(g, n, (unsigned)slot, P_SLOT);
        return;
    }
    o.fp = fp;
    x86_spill(g, n, o, true);
}

/* The register of the pool, a class's, whose value is wanted latest, or -1. That of a result is none. */
static int latest(const struct x86_gen *g, bool fp, uint32_t pool)
{
    uint32_t groups = 0, latest = 0;
    int best = -1;
    for (uint32_t k = 0; k < g->n_groups && !fp; k++)
        groups |= g->groups[k].framed ? 0 : 1u << g->groups[k].reg;
    for (pool &= g->pool[fp] & ~(g->free[fp] | g->locked[fp] | groups); pool != 0; pool &= pool - 1) {
        unsigned r = (unsigned)ctz64(pool);
        if (g->reg_value[fp][r] == g->i)
            continue;
        uint32_t next = x86_next_use(g, g->reg_value[fp][r]);
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

static int evict(struct x86_gen *g, bool fp, uint32_t pool)
{
    unsigned n;
    struct group *group = last_group(g, &n);
    int best = !fp && n > 1 ? -1 : latest(g, fp, pool);
    if (best >= 0)
        spill_value(g, g->reg_value[fp][best], fp);
    else if (!fp && group)
        return frame_group(g, group);
    return best;
}

int x86_take(struct x86_gen *g, uint16_t v, bool fp)
{
    uint32_t pool = x86_pool_of(value_type(g, v)), free = g->free[fp] & pool;
    int r = free == 0 ? evict(g, fp, pool) : free >> 16 ? (int)(63 - clz64(free)) : (int)ctz64(free); /* those that narrow ones want last */
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
        int r = latest(g, false, GPR_POOL);
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

bool x86_is_soon(const struct x86_gen *g, uint32_t next, unsigned type)
{
    bool fp = in_xmm(type);
    int r = latest(g, fp, x86_pool_of(type));
    return r >= 0 && next < x86_next_use(g, g->reg_value[fp][r]);
}

void x86_bring_back(struct x86_gen *g, uint16_t v, bool evicts)
{
    v = g->values[v].rep;
    struct value *x = &g->values[v];
    unsigned type = value_type(g, v), slot = x->slot;
    bool fp = in_xmm(type), is_free = g->free[fp] & x86_pool_of(type);
    if (x->place != P_SLOT || x->last <= g->i || (!is_free && !(evicts && x86_is_soon(g, use_after(g, v), type))))
        return;
    int r = x86_take(g, v, fp);
    if (r < 0)
        return;
    x86_load_typed(g, (unsigned)r, opnd_cpu(g->u->guest->slots[slot].offset), type);
    x86_remove_alias(g, v);
    x->place = P_REG;
    x->reg = (uint8_t)r;
    x86_set_home(g, v, slot);
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

unsigned x86_use_fp(struct x86_gen *g, uint16_t v, unsigned scratch)
{
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_REG && o.fp)
        return o.reg;
    x86_load_fp(g, scratch, o, is_w(value_type(g, v)));
    return scratch;
}

/* ---- definitions ---- */

/* Spilled ones only at the end: until then the operation may read them where they are. */
static void release_args(struct x86_gen *g, bool end)
{
    uint16_t args[8];
    unsigned n = x86_args(g, g->i, args);
    for (unsigned k = 0; k < n; k++) {
        struct value *x = &g->values[args[k]];
        if (x->last <= g->i && (end || x->place == P_REG))
            x86_release(g, x, value_is_fp(g, args[k]));
    }
}

unsigned x86_def(struct x86_gen *g)
{
    uint16_t v = (uint16_t)g->i;
    struct value *x = &g->values[v];
    bool fp = value_is_fp(g, v);
    if (x86_def_in_slot(g))
        return x->reg;
    release_args(g, false);
    int r = x86_take(g, v, fp);
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
    store_spilled(g, v, o, true);
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
        x86_release(g, x, value_is_fp(g, v));
    g->locked[0] = g->locked[1] = 0;
}
