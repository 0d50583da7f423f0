/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

/*
 * Memory. The probe leaves the entry's addend in rax (or in a group's register), so
 * that the access is at [addend + base + displacement]:
 *
 *     lea  rdx, [base + disp]
 *     rorx ecx, edx, 8            index * 16
 *     and  ecx, [r13]             set->index_mask
 *     xor  rdx, [r13 + rcx + 64]  offset in the page, or large
 *     cmp  rdx, MMU_PAGE - size
 *     ja   stub                   misses, crosses pages
 *     mov  rax, [r13 + rcx + 72]
 *
 * Off the guest's stack pointer it is shorter: stack.c.
 */

struct access {
    const struct ir_inst *in;
    struct opnd base, value;
    uint16_t base_value;
    int32_t disp;
    unsigned size;                       /* log2 */
    bool store, hooked;
};

/* Bits of the address that have to be 0. */
static unsigned alignment(const struct ir_inst *in)
{
    return in->aux2 & (IR_MEM_ALIGNED | IR_MEM_ATOMIC) ? ir_mem_alignment(in->aux2) : 0;
}

/* reg = base + disp */
void x86_load_address(struct x86_gen *g, unsigned reg, struct opnd base, int64_t disp)
{
    if (base.kind == O_IMM) {
        asm_mov_ri(g->a, reg, base.imm + (uint64_t)disp);
        return;
    }
    if (base.kind == O_REG && disp == (int32_t)disp) {
        if (disp)
            asm_lea(g->a, true, reg, mem_at(base.reg, (int32_t)disp));
        else
            asm_mov_rr(g->a, true, reg, base.reg);
        return;
    }
    gen_load(g, reg, base, true);
    if (disp != (int32_t)disp) {
        asm_mov_ri(g->a, RAX, (uint64_t)disp);
        asm_rr(g->a, ALU_ADD | OP_W, reg, RAX);
    } else if (disp) {
        asm_alu_ri(g->a, ALU_ADD, true, reg, (int32_t)disp);
    }
}

/* ---- groups ---- */

static void free_group(struct x86_gen *g, uint32_t k)
{
    if (!g->groups[k].framed)
        g->free[0] |= 1u << g->groups[k].reg;
    g->groups[k] = g->groups[--g->n_groups];
}

void x86_drop_groups(struct x86_gen *g)
{
    while (g->n_groups)
        free_group(g, g->n_groups - 1);
}

/* An access that has to be aligned is, if the group's first one was. */
static bool is_aligned(const struct group *p, const struct ir_inst *in)
{
    unsigned align = alignment(in);
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

/* The same from the array that a small index was added to. */
static struct reach array_of(const struct x86_gen *g, const struct ir_inst *in)
{
    const struct ir_inst *sum = &g->u->insts[g->values[in->a].rep];
    struct reach r = reach_of(g, in);
    if (sum->op != IR_ADD || sum->type != IR_I64 || alignment(in))
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

static struct group *find_group(struct x86_gen *g, const struct access *x)
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

static bool can_share(const struct ir_inst *in)
{
    return !(in->aux2 & IR_MEM_REGIME) && in->imm >= -2048 && in->imm <= 2048;
}

/* Might instruction `in` share group n's probe? Widens it then. */
static bool joins(const struct x86_gen *g, struct group *n, const struct ir_inst *in)
{
    struct reach r = reach_of(g, in);
    bool same = n->stack ? in->op == IR_LOAD || in->op == IR_STORE
                         : in->op == (n->store ? IR_STORE : IR_LOAD) && !(in->aux2 & IR_MEM_STORE_RIGHTS);
    if (!same || !can_share(in) || !is_aligned(n, in))
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
                         .align = (uint8_t)alignment(x->in), .stack = x86_is_stack(g, r.base) };
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
static struct group *new_group(struct x86_gen *g, const struct access *x)
{
    struct group n, m;
    if (g->n_groups == MAX_GROUPS || x->base.kind != O_REG || !can_share(x->in) ||
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

static uint32_t addend_bit(const struct group *p)
{
    return p->framed ? 0x10000u << p->place : 1u << p->reg;
}

static uint32_t all_addends(const struct x86_gen *g)
{
    uint32_t all = 0;
    for (uint32_t k = 0; k < g->n_groups; k++)
        all |= addend_bit(&g->groups[k]);
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

/* ---- probes ---- */

void x86_emit_index(struct x86_asm *a, uint32_t host)
{
    if (host & HOST_BMI2) {
        asm_vex_rr(a, 0xf0 | OP_0F3A | OP_F2, RCX, 0, RDX); /* rorx */
        asm_8(a, 8);
    } else {
        asm_mov_rr(a, false, RCX, RDX);
        asm_shift_ri(a, SH_SHR, false, RCX, 8);
    }
    asm_rm(a, ALU_AND, RCX, mem_at(R13, (int32_t)offsetof(struct mmu_set, index_mask)));
}

/* `guessed`: the addend is one that x86_emit_home guesses. */
static void emit_probe(struct x86_gen *g, struct stub *s, bool store, int32_t bytes, unsigned align, unsigned reg,
                       bool guessed)
{
    int32_t table = store ? (int32_t)offsetof(struct mmu_set, store)
                          : (int32_t)offsetof(struct mmu_set, load);
    x86_emit_index(g->a, g->be->host);
    struct x86_mem m = { .base = R13, .index = RCX, .disp = table };
    asm_rm(g->a, ALU_XOR | OP_W, RDX, m);
    asm_alu_ri(g->a, ALU_CMP, true, RDX, (int32_t)MEM_PAGE - bytes);
    x86_stub_jcc(g, s, CC_A);
    if (align) {
        asm_rr(g->a, 0xf6, 0, RDX); /* test dl, imm8 */
        asm_8(g->a, align);
        x86_stub_jcc(g, s, CC_NE);
    }
    m.disp += 8;
    if (guessed)
        x86_emit_home(g, reg);
    else
        asm_rm(g->a, 0x8b | OP_W, reg, m);
}

void x86_emit_probe(struct x86_gen *g, struct stub *s, bool store, int32_t bytes, unsigned align, unsigned reg)
{
    emit_probe(g, s, store, bytes, align, reg, false);
}

/* ---- page registers ---- */

void x86_forget_pages(struct x86_gen *g)
{
    for (unsigned k = 0; k < g->n_pages; k++)
        asm_mov_mi(g->a, 3, page_mem(k, 16), 0);
}

static int find_page(const struct x86_gen *g, const struct access *x)
{
    if (g->n_pages == 0 || (x->in->aux2 & IR_MEM_STORE_RIGHTS))
        return -1;
    int slot = x86_root_slot(g->u, x->in->a);
    for (unsigned k = 0; k < g->n_pages; k++)
        if (g->pages[k].slot == slot && g->pages[k].store == x->store)
            return (int)k;
    return -1;
}

/* As emit_probe, by a page register; the stub after `refill` is where a probe of the set fails. */
static void emit_page_probe(struct x86_gen *g, struct stub *refill, struct stub *s, unsigned align)
{
    asm_rm(g->a, ALU_XOR | OP_W, RDX, page_mem(refill->page, 0));
    asm_rm(g->a, ALU_CMP | OP_W, RDX, page_mem(refill->page, 16));
    x86_stub_jcc(g, refill, CC_AE);
    if (align) {
        asm_rr(g->a, 0xf6, 0, RDX); /* test dl, imm8 */
        asm_8(g->a, align);
        x86_stub_jcc(g, s, CC_NE);
    }
    asm_rm(g->a, 0x8b | OP_W, refill->reg, page_mem(refill->page, 8));
    refill->back = asm_offset(g->a);
    refill->arg[0].imm = align;
}

/* Probe the set; on a hit remember the page. */
void x86_emit_refill(struct x86_gen *g, const struct stub *s, struct stub *miss)
{
    struct x86_asm *a = g->a;
    struct x86_mem m = { .base = R13, .index = RCX };
    m.disp = s->store ? (int32_t)offsetof(struct mmu_set, store)
                      : (int32_t)offsetof(struct mmu_set, load);
    x86_load_address(g, RDX, s->arg[1], s->disp);
    x86_emit_probe(g, miss, s->store, s->bytes, (unsigned)s->arg[0].imm, s->reg);
    asm_rm(a, 0x89 | OP_W, s->reg, page_mem(s->page, 8));
    asm_rm(a, 0x8b | OP_W, RCX, m);
    asm_rm(a, 0x89 | OP_W, RCX, page_mem(s->page, 0));
    asm_mov_mi(a, 3, page_mem(s->page, 16), (int32_t)MEM_PAGE - g->pages[s->page].span + 1);
    asm_jmp(a, s->back);
}

/* Where the access is, given the addend; may use `addend` itself when it is rax. */
static struct x86_mem host_mem(struct x86_gen *g, const struct access *x, unsigned addend)
{
    struct x86_asm *a = g->a;
    if (x->base.kind == O_REG)
        return (struct x86_mem){ .base = (uint8_t)addend, .index = x->base.reg, .disp = x->disp };
    if (x->base.kind == O_MEM) {
        asm_rm(a, ALU_ADD | OP_W, RAX, opnd_mem(x->base));
    } else if (imm_fits(x->base.imm, true)) {
        asm_alu_ri(a, ALU_ADD, true, RAX, (int32_t)x->base.imm);
    } else {
        asm_mov_ri(a, RCX, x->base.imm);
        asm_rr(a, ALU_ADD | OP_W, RAX, RCX);
    }
    return mem_at(RAX, x->disp);
}

/* ---- the accesses ---- */

/*
 * Stores before it are seen before loads after it are done: all that the host's order leaves open. A locked
 * operation, and XCHG is one, costs less than MFENCE and, other than most, keeps the flags.
 */
void x86_fence(struct x86_gen *g)
{
    if (g->be->shared)
        asm_rm(g->a, 0x87 | OP_W, RAX, mem_at(RSP, 0)); /* the frame's first argument: nothing is there now */
}

static void emit_swap(struct x86_gen *g, unsigned reg, unsigned size)
{
    if (size == 1) {
        asm_rr(g->a, 0xc1 | OP_66, SH_ROL, reg);
        asm_8(g->a, 8);
    } else if (size > 1) {
        if (size == 3 || reg >= 8)
            asm_8(g->a, (size == 3 ? 0x48 : 0x40) | reg >> 3);
        asm_8(g->a, 0x0f);
        asm_8(g->a, 0xc8 | (reg & 7));
    }
}

static void emit_load_access(struct x86_gen *g, const struct access *x, struct x86_mem m,
                             unsigned dst)
{
    static const uint32_t zext_op[] = { 0xb6 | OP_0F, 0xb7 | OP_0F, 0x8b, 0x8b | OP_W };
    static const uint32_t sext_op[] = { 0xbe | OP_0F, 0xbf | OP_0F, 0x63, 0x8b };
    const struct ir_inst *in = x->in;
    bool w = is_w(in->type), be = in->aux2 & IR_MEM_BE, is_signed = in->aux2 & IR_MEM_SIGNED;
    if (is_v(in->type)) {
        asm_rm(g->a, 0x10 | OP_0F, dst, m); /* movups */
        return;
    }
    if (is_fp(in->type) && !be) {
        asm_rm(g->a, 0x10 | OP_0F | (w ? OP_F2 : OP_F3), dst, m);
        return;
    }
    if (!be) {
        asm_rm(g->a, is_signed ? sext_op[x->size] | (w ? OP_W : 0) : zext_op[x->size], dst, m);
        return;
    }
    asm_rm(g->a, zext_op[x->size], RAX, m);
    emit_swap(g, RAX, x->size);
    if (is_fp(in->type)) {
        asm_rr(g->a, 0x6e | OP_0F | OP_66 | OP_W, dst, RAX);
    } else if (x->size == 3) {
        asm_mov_rr(g->a, true, dst, RAX);
    } else {
        uint32_t op = is_signed ? sext_op[x->size] | (w ? OP_W : 0) : zext_op[x->size];
        asm_rr(g->a, op, dst, RAX);
    }
}

static void emit_store_access(struct x86_gen *g, const struct access *x, struct x86_mem m)
{
    static const uint32_t ops[] = { 0x88 | OP_R8, 0x89 | OP_66, 0x89, 0x89 | OP_W };
    struct opnd v = x->value;
    bool be = x->in->aux2 & IR_MEM_BE, w = x->size == 3;
    if (is_v(x->in->type)) {
        x86_store_vec(g, m, v);
        return;
    }
    if (!be && v.kind == O_IMM && imm_fits(v.imm, w)) {
        asm_mov_mi(g->a, x->size, m, (int32_t)v.imm);
        return;
    }
    if (!be && v.kind == O_REG && v.fp) {
        asm_rm(g->a, 0x11 | OP_0F | (w ? OP_F2 : OP_F3), v.reg, m);
        return;
    }
    unsigned reg = v.reg;
    if (be || v.kind != O_REG) {
        reg = RCX;
        gen_load(g, RCX, v, w);
        if (be)
            emit_swap(g, RCX, x->size);
    }
    asm_rm(g->a, ops[x->size], reg, m);
}

static struct stub *access_stub(struct x86_gen *g, const struct access *x)
{
    struct stub *s = x86_stub(g, STUB_OUT);
    s->address = true;
    s->value = x->store;
    s->vec = is_v(x->in->type);
    s->arg[0] = x->base;
    s->arg[1] = x->value;
    s->disp = x->disp;
    s->hook_data = x->hooked;
    s->site = x86_site(g, x->in, x->store ? x86_out_store : x86_out_load);
    return s;
}

/*
 * An access of a group whose probe failed: most often the group lies over two pages, and each of
 * its accesses in one of them. `s` has what the STUB_OUT has, which is next.
 */
static struct stub *alone_stub(struct x86_gen *g, const struct access *x)
{
    struct stub *s = x86_stub(g, STUB_ALONE);
    s->store = x->store;
    s->reg = (uint8_t)x->size;
    s->arg[0] = x->base;
    s->arg[1] = x->value;
    s->disp = x->disp;
    return s;
}

void x86_emit_alone(struct x86_gen *g, const struct stub *s, struct stub *miss)
{
    struct access x = { .in = &miss->site->inst, .base = s->arg[0], .value = s->arg[1],
                        .disp = (int32_t)s->disp, .size = s->reg, .store = s->store };
    x86_forget_addends(g, s->zero);
    x86_load_address(g, RDX, x.base, x.disp);
    x86_emit_probe(g, miss, x.store || (x.in->aux2 & IR_MEM_STORE_RIGHTS), 1 << x.size, alignment(x.in), RAX);
    struct x86_mem m = host_mem(g, &x, RAX);
    if (x.store)
        emit_store_access(g, &x, m);
    else
        emit_load_access(g, &x, m, s->dst);
    asm_jmp(g->a, s->back);
}

/* frame[4] = va, frame[5] = host address, for the hook after the access */
static void prepare_hook(struct x86_gen *g, const struct access *x, struct x86_mem m)
{
    asm_lea(g->a, true, RDX, m);
    asm_rm(g->a, 0x89 | OP_W, RDX, mem_at(RSP, 40));
    x86_load_address(g, RDX, x->base, x->disp);
    asm_rm(g->a, 0x89 | OP_W, RDX, mem_at(RSP, 32));
}

static void call_hook(struct x86_gen *g, const struct ir_inst *in)
{
    x86_call_out(g, x86_site(g, in, x86_out_hook_data));
}

/* Loads and stores, `dst` already defined. */
static void emit_access(struct x86_gen *g, struct access *x, unsigned dst)
{
    const struct ir_inst *in = x->in;
    struct group *p = x->hooked ? NULL : can_share(in) ? find_group(g, x) : NULL;
    bool shared = p != NULL;
    if (!shared && !x->hooked)
        p = new_group(g, x);
    int page = shared || x->hooked ? -1 : find_page(g, x);
    int32_t low = p ? (int32_t)p->low : x->disp;
    int32_t bytes = p ? (int32_t)(p->high - p->low) : 1 << x->size;
    unsigned addend = p ? p->reg : RAX, align = alignment(in);
    bool stack = !shared && !x->hooked && (p ? p->stack : x86_is_stack(g, x->base_value));
    struct stub *r = NULL;
    /* Not asked for again: the result may have its register by now. */
    struct opnd base = p && !shared && p->base != x->base_value ? x86_opnd(g, p->base) : x->base;
    if (stack) {
        r = x86_stub(g, STUB_STACK);
        r->bytes = bytes;
    }
    if (page >= 0) {
        r = x86_stub(g, STUB_REFILL);
        r->page = (uint8_t)page;
        r->store = x->store;
        r->reg = (uint8_t)addend;
        r->arg[1] = base;
        r->disp = low;
        r->bytes = bytes;
        g->pages[page].span = MAX(g->pages[page].span, (uint16_t)bytes);
    }
    struct stub *alone = p || (stack && !x->store) ? alone_stub(g, x) : NULL; /* a page may be read without store entry */
    struct stub *s = access_stub(g, x), *failed = alone ? alone : s;
    struct x86_mem m;
    if (shared) {
        if (p->framed)
            asm_rm(g->a, 0x8b | OP_W, p->reg, group_mem(p->place));
        asm_rr(g->a, 0x85 | OP_W, p->reg, p->reg);
        x86_stub_jcc(g, failed, CC_E);
        unsigned index = RDX; /* spilled since */
        if (x->base.kind == O_REG)
            index = x->base.reg;
        else
            gen_load(g, RDX, x->base, true);
        m = (struct x86_mem){ .base = p->reg, .index = (uint8_t)index, .disp = x->disp };
    } else {
        x86_load_address(g, RDX, base, low);
        bool store_rights = x->store || (in->aux2 & IR_MEM_STORE_RIGHTS);
        if (stack)
            x86_emit_stack_probe(g, r, failed, align, addend);
        else if (page >= 0)
            emit_page_probe(g, r, failed, align);
        else
            emit_probe(g, failed, store_rights, bytes, align, addend, !store_rights && x86_can_guess(g, in->a));
        if (p && p->framed)
            asm_rm(g->a, 0x89 | OP_W, p->reg, group_mem(p->place));
        m = host_mem(g, x, addend);
    }
    if (x->hooked)
        prepare_hook(g, x, m);
    if (x->store)
        emit_store_access(g, x, m);
    else
        emit_load_access(g, x, m, dst);
    s->zero = all_addends(g);
    s->back = asm_offset(g->a);
    if (alone) {
        alone->zero = shared || !p ? 0 : addend_bit(p);
        alone->back = s->back;
        alone->dst = (uint8_t)dst;
    }
    if (!x->store) {
        s->has_dst = true;
        s->dst = (uint8_t)dst;
        s->dst_fp = is_fp(in->type);
        s->dst_vec = is_v(in->type);
        x86_done(g, dst);
    }
    if (x->store && (in->aux2 & IR_MEM_RELEASE))
        x86_fence(g); /* no acquiring load passes it (Arm: STLR and LDAR are RCsc) */
    if (x->hooked)
        call_hook(g, in);
    for (uint32_t k = g->n_groups; k-- > 0;)
        if (g->groups[k].last <= g->i)
            free_group(g, k);
}

/* Always done in C: other regimes, reservations. `n_values` of b, c are arguments. */
static void emit_out(struct x86_gen *g, const struct ir_inst *in, x86_out_fn *fn)
{
    struct opnd b = { 0 };
    bool has_value = in->op != IR_LOAD && in->op != IR_LOADR;
    x86_drop_groups(g);
    if (in->op == IR_CAS)
        x86_store_opnd(g, mem_at(RSP, 0), x86_opnd(g, in->c), true);
    if (has_value)
        b = x86_opnd(g, in->b);
    if (has_value && is_v(in->type))
        x86_store_vec(g, mem_at(RSP, 0), b);
    x86_load_address(g, RDX, x86_opnd(g, in->a), in->imm);
    if (has_value && !is_v(in->type))
        gen_load(g, RCX, b, true);
    bool hooked = (g->u->hooks & TM_DATA) != 0;
    if (hooked) {
        asm_rm(g->a, 0x89 | OP_W, RDX, mem_at(RSP, 32));
        asm_mov_mi(g->a, 3, mem_at(RSP, 40), 0);
    }
    x86_call_out(g, x86_site(g, in, fn));
    x86_forget_pages(g);
    bool result = ir_op_info[in->op].result != 'N';
    if (result) {
        unsigned dst = x86_def(g);
        if (is_v(in->type))
            x86_load_out_vec(g, dst);
        else if (is_fp(in->type))
            asm_rr(g->a, 0x6e | OP_0F | OP_66 | OP_W, dst, RAX);
        else
            asm_mov_rr(g->a, true, dst, RAX);
        x86_done(g, dst);
    }
    if (hooked && in->op == IR_STOREC) { /* only a store that was done */
        struct opnd o = x86_opnd(g, (uint16_t)g->i);
        gen_load(g, RAX, o, true);
        asm_rr(g->a, 0x85, RAX, RAX);
        struct stub *s = x86_stub(g, STUB_OUT);
        s->site = x86_site(g, in, x86_out_hook_data);
        x86_stub_jcc(g, s, CC_E);
        s->back = asm_offset(g->a);
    } else if (hooked) {
        call_hook(g, in);
    }
}

static bool inline_amo(const struct x86_gen *g, const struct ir_inst *in)
{
    unsigned size = in->aux2 & IR_MEM_SIZE;
    if (g->be->shared && g->u->guest->reserves)
        return false; /* counted: mmu/shared.h */
    return size >= 2 && !(in->aux2 & (IR_MEM_REGIME | IR_MEM_BE)) && !(g->u->hooks & TM_DATA);
}

static void lock_rm(struct x86_asm *a, uint32_t op, unsigned reg, struct x86_mem m)
{
    asm_8(a, 0xf0);
    asm_rm(a, op, reg, m);
}

/* rcx = what AMO makes of rax and its operand, which is or comes to rcx. */
static void emit_amo_result(struct x86_gen *g, const struct ir_inst *in, const struct access *x)
{
    static const uint8_t ops[] = { [IR_AMO_ADD] = ALU_ADD, [IR_AMO_AND] = ALU_AND,
                                   [IR_AMO_OR] = ALU_OR, [IR_AMO_XOR] = ALU_XOR };
    static const uint8_t cc[] = { [IR_AMO_MIN] = CC_L, [IR_AMO_MAX] = CC_G, [IR_AMO_MINU] = CC_B,
                                  [IR_AMO_MAXU] = CC_A };
    struct x86_asm *a = g->a;
    uint32_t w = x->size == 3 ? OP_W : 0;
    gen_load(g, RCX, x->value, x->size == 3);
    if (in->aux >= IR_AMO_MIN) {
        asm_rr(a, ALU_CMP | w, RAX, RCX);
        asm_rr(a, 0x40 | cc[in->aux] | OP_0F | w, RCX, RAX); /* cmovcc */
    } else if (in->aux != IR_AMO_SWAP) {
        asm_rr(a, ops[in->aux] | w, RCX, RAX);
    }
}

/* The place is [rdx]; the old value to rax. Other threads store there, too. */
static void emit_shared_amo(struct x86_gen *g, const struct ir_inst *in, const struct access *x)
{
    struct x86_asm *a = g->a;
    struct x86_mem m = mem_at(RDX, 0);
    uint32_t w = x->size == 3 ? OP_W : 0;
    if (in->aux == IR_AMO_SWAP || in->aux == IR_AMO_ADD) {
        gen_load(g, RCX, x->value, x->size == 3);
        lock_rm(a, in->aux == IR_AMO_SWAP ? 0x87 | w : 0xc1 | OP_0F | w, RCX, m); /* xchg, xadd */
        asm_mov_rr(a, x->size == 3, RAX, RCX);
        return;
    }
    asm_rm(a, 0x8b | w, RAX, m);
    uint32_t again = asm_offset(a);
    emit_amo_result(g, in, x);
    lock_rm(a, 0xb1 | OP_0F | w, RCX, m); /* cmpxchg */
    asm_jcc(a, CC_NE, again);
}

/*
 * While one thread runs all CPUs a read and a write make an AMO. A store entry implies
 * that the page may be read; reserved, watched and code pages have none.
 */
static void emit_amo(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    struct access x = { .in = in, .store = true, .size = in->aux2 & IR_MEM_SIZE };
    uint32_t w = x.size == 3 ? OP_W : 0;
    x86_drop_groups(g);
    x.base = x86_opnd(g, in->a);
    x.value = x86_opnd(g, in->b);
    unsigned dst = x86_def(g);
    struct stub *s = access_stub(g, &x);
    s->site = x86_site(g, in, x86_out_amo);
    x86_load_address(g, RDX, x.base, 0);
    x86_emit_probe(g, s, true, 1 << x.size, (1u << x.size) - 1, RAX);
    asm_lea(a, true, RDX, host_mem(g, &x, RAX));
    if (g->be->shared) {
        emit_shared_amo(g, in, &x);
    } else {
        asm_rm(a, 0x8b | w, RAX, mem_at(RDX, 0));
        emit_amo_result(g, in, &x);
        asm_rm(a, 0x89 | w, RCX, mem_at(RDX, 0));
    }
    if (x.size == 2 && (in->aux2 & IR_MEM_SIGNED))
        asm_rr(a, 0x63 | OP_W, dst, RAX); /* movsxd */
    else
        asm_mov_rr(a, true, dst, RAX);
    s->has_dst = true;
    s->dst = (uint8_t)dst;
    s->back = asm_offset(a);
    x86_done(g, dst);
}

void x86_select_mem(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_AMO:
        if (inline_amo(g, in))
            emit_amo(g, in);
        else
            emit_out(g, in, x86_out_amo);
        return;
    case IR_CAS: emit_out(g, in, x86_out_cas); return;
    case IR_LOADR: emit_out(g, in, x86_out_loadr); return;
    case IR_STOREC: emit_out(g, in, x86_out_storec); return;
    default: break;
    }
    struct access x = { .in = in, .store = in->op == IR_STORE, .size = in->aux2 & IR_MEM_SIZE,
                        .disp = (int32_t)in->imm, .hooked = (g->u->hooks & TM_DATA) != 0 };
    x.base_value = g->values[in->a].rep;
    if ((in->aux2 & IR_MEM_REGIME) || in->imm != (int32_t)in->imm) {
        emit_out(g, in, x.store ? x86_out_store : x86_out_load);
        return;
    }
    x86_bring_back(g, in->a, true);
    x.base = x86_opnd(g, in->a);
    unsigned dst = 0;
    if (x.store)
        x.value = x86_opnd(g, in->b);
    else
        dst = x86_def(g);
    emit_access(g, &x, dst);
}
