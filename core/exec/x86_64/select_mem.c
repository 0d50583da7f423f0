/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/access.h"
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

struct x86_mem x86_host_mem(struct x86_gen *g, const struct access *x, unsigned addend)
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

struct stub *x86_access_stub(struct x86_gen *g, const struct access *x)
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
    x86_emit_probe(g, miss, x.store || (x.in->aux2 & IR_MEM_STORE_RIGHTS), 1 << x.size, x86_alignment(x.in), RAX);
    struct x86_mem m = x86_host_mem(g, &x, RAX);
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
    struct group *p = x->hooked ? NULL : x86_can_share(in) ? x86_find_group(g, x) : NULL;
    bool shared = p != NULL;
    if (!shared && !x->hooked)
        p = x86_new_group(g, x);
    int page = shared || x->hooked ? -1 : x86_find_page(g, x);
    int32_t low = p ? (int32_t)p->low : x->disp;
    int32_t bytes = p ? (int32_t)(p->high - p->low) : 1 << x->size;
    unsigned addend = p ? p->reg : RAX, align = x86_alignment(in);
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
    struct stub *s = x86_access_stub(g, x), *failed = alone ? alone : s;
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
            x86_emit_page_probe(g, r, failed, align);
        else
            emit_probe(g, failed, store_rights, bytes, align, addend, !store_rights && x86_can_guess(g, in->a));
        if (p && p->framed)
            asm_rm(g->a, 0x89 | OP_W, p->reg, group_mem(p->place));
        m = x86_host_mem(g, x, addend);
    }
    if (x->hooked)
        prepare_hook(g, x, m);
    if (x->store)
        emit_store_access(g, x, m);
    else
        emit_load_access(g, x, m, dst);
    s->zero = x86_all_addends(g);
    s->back = asm_offset(g->a);
    if (alone) {
        alone->zero = shared || !p ? 0 : x86_addend_bit(p);
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
            x86_free_group(g, k);
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

void x86_select_mem(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_AMO:
        if (x86_inline_amo(g, in))
            x86_emit_amo(g, in);
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
