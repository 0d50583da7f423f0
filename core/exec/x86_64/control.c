/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

/* ---- sites, calls out ---- */

/* Does it touch more than its CPU? What accesses memory finds out for itself. */
static bool needs_machine(const struct x86_gen *g, const struct ir_inst *in, x86_out_fn *fn)
{
    uint32_t own = IR_CALL_PURE | IR_CALL_LIGHT | IR_CALL_OWN;
    return fn == x86_out_call && !(g->u->guest->helpers[in->imm].flags & own);
}

struct x86_site *x86_site(struct x86_gen *g, const struct ir_inst *in, x86_out_fn *fn)
{
    struct x86_site *s = ARENA_TAKE(g->arena, struct x86_site, 1);
    if (!s) {
        g->rc = err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
        return &g->no_memory;
    }
    s->site = g->site;
    s->code = g->code;
    s->fn = fn;
    s->machine = needs_machine(g, in, fn);
    s->dirty = g->dirty;
    s->late = x86_late_recipe(g);
    s->inst = *in;
    return s;
}

void x86_call_out(struct x86_gen *g, const struct x86_site *site)
{
    asm_mov_ri(g->a, RAX, (uint64_t)(uintptr_t)site);
    asm_call(g->a, g->be->fixed.out[x86_fp_of(g)]);
}

/* frame[k] = value v; an i32 zero-extended */
static void store_arg(struct x86_gen *g, unsigned k, uint16_t v)
{
    struct opnd o = { .kind = O_IMM };
    bool w = true;
    if (v != IR_NONE) {
        o = x86_opnd(g, v);
        w = is_w(value_type(g, v));
    }
    struct x86_mem m = mem_at(RSP, (int32_t)(8 * k));
    if (!w && o.kind == O_REG && !o.fp) {
        asm_rr(g->a, 0x8b, RAX, o.reg); /* zero-extends */
        o = opnd_reg(RAX);
        w = true;
    } else if (!w && o.kind != O_REG) {
        gen_load(g, RAX, o, false);
        o = opnd_reg(RAX);
        w = true;
    }
    x86_store_opnd(g, m, o, w);
}

static struct opnd opnd_frame(unsigned k)
{
    return (struct opnd){ .kind = O_MEM, .reg = RSP, .disp = (int32_t)(8 * k) };
}

static void light_call(struct x86_gen *g, const struct ir_inst *in)
{
    const struct ir_helper *h = &g->u->guest->helpers[in->imm];
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    const struct x86_site *site = x86_site(g, in, x86_out_light);
    for (unsigned k = 0; k < 4; k++)
        store_arg(g, k, args[k]);
    if (h->flags & IR_CALL_TIME)
        asm_rm(g->a, 0x89 | OP_W, R12, CPU_MEM(budget));
    asm_mov_ri(g->a, RAX, (uint64_t)(uintptr_t)site);
    asm_mov_ri(g->a, RDX, (uint64_t)(uintptr_t)h->fn);
    asm_call(g->a, g->be->fixed.light[x86_fp_of(g)]);
    if (h->flags & IR_CALL_TIME) /* a timer may have been set */
        asm_rm(g->a, 0x8b | OP_W, R12, CPU_MEM(budget));
    if (h->flags & IR_CALL_EXITS) {
        asm_rm(g->a, 0x89 | OP_W, RAX, mem_at(RSP, 0));
        asm_alu_mi(g->a, ALU_CMP, false, CPU_MEM(exit), 0);
        struct stub *s = x86_stub(g, STUB_OUT);
        s->site = site;
        x86_stub_jcc(g, s, CC_NE);
        s->back = asm_offset(g->a);
    }
    if (ir_op_info[in->op].result == 'N' || value_type(g, (uint16_t)g->i) == IR_VOID)
        return;
    unsigned dst = x86_def(g);
    asm_mov_rr(g->a, true, dst, RAX);
    x86_done(g, dst);
}

bool x86_is_last_call(const struct x86_gen *g, uint32_t i)
{
    if (i + 2 != g->block->end)
        return false;
    const struct ir_inst *end = &g->u->insts[i + 1];
    if (end->op == IR_JUMP)
        return x86_block_at(g, end->imm) < 0;
    if (end->op == IR_BRANCH) /* REP: again, or on */
        return end->a == i && x86_block_at(g, end->imm) < 0 && x86_block_at(g, end->imm2) < 0;
    return end->op == IR_EXIT || (end->op == IR_JUMPR && end->a == i && !(g->u->hooks & TM_BRANCH));
}

/* Arguments from the frame, but for constants, which go there only if it was not done; rax = result. */
static void try_last(struct x86_gen *g, const struct x86_site *site, const struct opnd args[4], ir_helper_fn *fn)
{
    static const uint8_t regs[] = { RSI, RDX, RCX, R8 };
    const uint16_t given[] = { site->inst.a, site->inst.b, site->inst.c, (uint16_t)site->inst.imm2 };
    struct x86_asm *a = g->a;
    for (unsigned k = 0; k < ARRAY_LEN(regs); k++)
        if (given[k] != IR_NONE)
            gen_load(g, regs[k], args[k].kind == O_IMM ? args[k] : opnd_frame(k), true);
    asm_lea(a, true, RDI, x86_cpu_mem(0));
    asm_mov_ri(a, RAX, (uint64_t)(uintptr_t)fn);
    asm_rr(a, 0xff, 2, RAX); /* call rax */
    asm_rm(a, 0x8b | OP_W, R13, CPU_MEM(set));
    asm_rr(a, 0x85 | OP_W, RAX, RAX);
    struct stub *s = x86_stub(g, STUB_LAST);
    s->site = site;
    for (unsigned k = 0; k < ARRAY_LEN(regs); k++)
        if (args[k].kind == O_IMM)
            s->arg[k] = args[k];
    x86_stub_jcc(g, s, CC_E);
    s->back = asm_offset(a);
}

/* So no slot has to come back into a register. */
static void last_call(struct x86_gen *g, const struct ir_inst *in)
{
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    const struct ir_helper *h = &g->u->guest->helpers[in->imm];
    bool tries = h->last != NULL && g->u->insts[g->i + 1].op == IR_JUMPR;
    struct opnd now[4] = { { .kind = O_IMM }, { .kind = O_IMM }, { .kind = O_IMM }, { .kind = O_IMM } };
    x86_drop_groups(g);
    if (tries) {
        for (unsigned k = 0; k < 4; k++) {
            if (args[k] != IR_NONE)
                now[k] = x86_opnd(g, args[k]);
            if (now[k].kind != O_IMM)
                store_arg(g, k, args[k]);
        }
        x86_store_pins(g, g->dirty);
        x86_clear_upper(g);
        g->dirty = 0;
        try_last(g, x86_site(g, in, x86_out_call), now, h->last);
        unsigned to = x86_def(g);
        asm_mov_rr(g->a, true, to, RAX);
        x86_done(g, to);
        return;
    }
    for (unsigned k = 0; k < 4; k++)
        store_arg(g, k, args[k]);
    x86_store_pins(g, g->dirty);
    x86_clear_upper(g);
    g->dirty = 0;
    asm_mov_ri(g->a, RAX, (uint64_t)(uintptr_t)x86_site(g, in, x86_out_call));
    asm_call(g->a, g->be->fixed.last);
    if (ir_op_info[in->op].result == 'N' || value_type(g, (uint16_t)g->i) == IR_VOID)
        return;
    unsigned dst = x86_def(g);
    asm_mov_rr(g->a, true, dst, RAX);
    x86_done(g, dst);
}

/* First what its `quick` can do. */
static void attempt(struct x86_gen *g, const struct ir_inst *in, const struct ir_helper *h)
{
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    x86_drop_groups(g);
    for (unsigned k = 0; k < 4; k++)
        store_arg(g, k, args[k]);
    const struct x86_site *site = x86_site(g, in, x86_out_call);
    asm_mov_ri(g->a, RAX, (uint64_t)(uintptr_t)site);
    asm_mov_ri(g->a, RDX, (uint64_t)(uintptr_t)h->quick);
    asm_call(g->a, g->be->fixed.light[x86_fp_of(g)]);
    asm_rr(g->a, 0x85, RAX, RAX);
    struct stub *s = x86_stub(g, STUB_OUT); /* the arguments are in the frame */
    s->site = site;
    s->forgets = true;
    x86_stub_jcc(g, s, CC_E);
    s->back = asm_offset(g->a);
}

void x86_select_call(struct x86_gen *g, const struct ir_inst *in, x86_out_fn *fn, unsigned n)
{
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    if (in->op == IR_CALL && !(g->u->guest->helpers[in->imm].flags & IR_CALL_PURE))
        x86_save_shared_aliases(g);
    if (in->op == IR_CALL && (g->u->guest->helpers[in->imm].flags & IR_CALL_LIGHT) &&
        !is_fp(value_type(g, (uint16_t)g->i))) {
        light_call(g, in);
        return;
    }
    if (fn == x86_out_call && in->op == IR_CALL && g->u->guest->helpers[in->imm].quick) {
        attempt(g, in, &g->u->guest->helpers[in->imm]);
        return;
    }
    if (fn == x86_out_call && x86_is_last_call(g, g->i) && !is_fp(value_type(g, (uint16_t)g->i))) {
        last_call(g, in);
        return;
    }
    if (in->op == IR_CALL) {
        uint32_t flags = g->u->guest->helpers[in->imm].flags;
        if (!(flags & IR_CALL_PURE))
            x86_drop_groups(g);
        if (flags & IR_CALL_WRITES)
            x86_save_all_aliases(g);
    }
    for (unsigned k = 0; k < n; k++)
        store_arg(g, k, args[k]);
    x86_call_out(g, x86_site(g, in, fn));
    if (fn == x86_out_call)
        x86_forget_pages(g);
    enum ir_type t = value_type(g, (uint16_t)g->i);
    if (ir_op_info[in->op].result == 'N' || t == IR_VOID)
        return;
    unsigned dst = x86_def(g);
    if (is_fp(t))
        asm_rr(g->a, 0x6e | OP_0F | OP_66 | OP_W, dst, RAX);
    else
        asm_mov_rr(g->a, true, dst, RAX);
    x86_done(g, dst);
}

void x86_select_trap(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned cc = gen_condition(g, in->a);
    struct stub *s = x86_stub(g, STUB_OUT);
    s->site = x86_site(g, in, x86_out_trap);
    x86_stub_jcc(g, s, cc);
    s->back = asm_offset(g->a);
}

/* ---- entries ---- */

/* rdx = page address: to `miss` unless its fetch entry is there and names `page`. Uses ecx. */
void x86_emit_guard(struct x86_asm *a, uint32_t page, uint32_t miss)
{
    struct x86_mem m = { .base = R13, .index = RCX, .disp = offsetof(struct mmu_set, fetch) };
    asm_mov_rr(a, false, RCX, RDX);
    asm_shift_ri(a, SH_SHR, false, RCX, MEM_PAGE_SHIFT - 4);
    asm_alu_ri(a, ALU_AND, false, RCX, (int32_t)((MMU_FETCHES - 1) << 4));
    asm_rm(a, 0x39 | OP_W, RDX, m);
    asm_jcc(a, CC_NE, miss);
    m.disp += (int32_t)offsetof(struct mmu_entry, addend);
    asm_rm(a, 0x81, 7, m); /* cmp dword, imm32: page ids have 32 bits */
    asm_32(a, page);
    asm_jcc(a, CC_NE, miss);
}

static void load_pins(struct x86_gen *g, uint32_t pins)
{
    for (; pins; pins &= pins - 1) {
        const struct x86_pin *p = &g->code->pins[ctz64(pins)];
        struct opnd o = opnd_cpu(p->offset);
        x86_load_typed(g, p->reg, o, p->type);
    }
}

/*
 * Arrivals of several host threads: dec byte [rax + place]; jle. Stale or empty places only count too many once. The first
 * instruction has more than five bytes, for what `retire` stores there while others are here.
 */
void x86_emit_shared_count(struct x86_gen *g)
{
    struct x86_asm *a = g->a, *cold = &g->be->cold;
    const uint8_t load[] = { 0x48, 0x8b, 0x85 }; /* mov rax, [rbp + disp32] */
    uint32_t place = g->be->n_counts++ & (EXEC_COUNTS - 1), stub = asm_offset(cold);
    for (unsigned i = 0; i < sizeof(load); i++)
        asm_8(a, load[i]);
    asm_32(a, (uint32_t)((int32_t)offsetof(struct cpu, counts) - CPU_BIAS));
    asm_8(a, 0xfe), asm_8(a, 0x88); /* dec byte [rax + disp32] */
    asm_32(a, place);
    asm_jcc(a, CC_LE, stub);
    asm_8(cold, 0xc6), asm_8(cold, 0x80); /* mov byte [rax + disp32], imm8 */
    asm_32(cold, place);
    asm_8(cold, EXEC_COUNT_STEP);
    asm_mov_ri(cold, RAX, (uint64_t)(uintptr_t)&g->b->counter);
    asm_8(cold, 0x83), asm_8(cold, 0x28), asm_8(cold, EXEC_COUNT_STEP); /* sub dword [rax], imm8 */
    asm_jcc(cold, CC_A, asm_offset(a));
    asm_8(cold, 0xc7), asm_8(cold, 0x00); /* mov dword [rax], 0 */
    asm_32(cold, 0);
    asm_mov_ri(cold, RAX, (uint64_t)(uintptr_t)g->b);
    asm_jmp(cold, g->be->fixed.leave_hot);
}

void x86_emit_entry(struct x86_gen *g)
{
    struct x86_asm *a = g->a;
    const struct x86_fixed *f = &g->be->fixed;
    struct x86_code *c = g->code;
    c->lookup_stub = asm_offset(&g->be->cold);
    asm_mov_ri(&g->be->cold, RAX, (uint32_t)g->b->start);
    asm_jmp(&g->be->cold, f->leave_at[EXEC_LEAVE_LOOKUP]);
    asm_align(a, 16);
    g->b->code = g->be->rx + asm_offset(a);
    asm_rr(a, 0x81, 7, RDX); /* cmp edx, mode */
    asm_32(a, g->u->mode);
    asm_jcc(a, CC_NE, f->leave_pc[EXEC_LEAVE_LOOKUP]);
    asm_alu_ri(a, ALU_AND, true, RAX, -(int32_t)MEM_PAGE);
    asm_rm(a, 0x89 | OP_W, RAX, CPU_MEM(page));
    c->link_entry = asm_offset(a);
    if (g->b->page2 != UINT32_MAX) {
        asm_rm(a, 0x8b | OP_W, RDX, CPU_MEM(page));
        asm_alu_ri(a, ALU_ADD, true, RDX, MEM_PAGE);
        x86_emit_guard(a, g->b->page2, c->lookup_stub);
    }
    asm_align(a, 8);
    c->entry = asm_offset(a);
    if (g->be->count_entries && !g->b->region && g->be->shared) {
        x86_emit_shared_count(g);
    } else if (g->be->count_entries && !g->b->region) {
        asm_mov_ri(a, RAX, (uint64_t)(uintptr_t)&g->b->counter);
        asm_rm(a, 0xff, 1, mem_at(RAX, 0)); /* dec */
        x86_stub_jcc(g, x86_stub(g, STUB_HOT), CC_E);
    } else {
        asm_nop5(a); /* one instruction, which `retire` may overwrite while others are here */
    }
    c->counted = asm_offset(a);
    load_pins(g, g->load_at_entry);
    x86_forget_pages(g);
}

/* TM_FETCH, unless the line is the last one fetched. */
static void fetch_hook(struct x86_gen *g)
{
    struct x86_asm *a = g->a;
    struct ir_inst none = { .op = IR_INSN, .imm = g->block->start };
    uint64_t pa = ((uint64_t)g->b->page << MEM_PAGE_SHIFT) + (uint64_t)(int64_t)g->block->start;
    asm_rm(a, 0x8b | OP_W, RAX, CPU_MEM(tm));
    asm_rm(a, 0x8b, RCX, mem_at(RAX, offsetof(struct tm_cpu, line_shift)));
    asm_mov_ri(a, RDX, pa);
    asm_rr(a, 0xd3 | OP_W, SH_SHR, RDX);
    asm_rm(a, ALU_CMP | OP_W, RDX, mem_at(RAX, offsetof(struct tm_cpu, last_line)));
    struct stub *s = x86_stub(g, STUB_OUT);
    s->site = x86_site(g, &none, x86_out_hook_fetch);
    x86_stub_jcc(g, s, CC_NE);
    s->back = asm_offset(a);
}

void x86_begin_block_code(struct x86_gen *g)
{
    g->heads[g->index] = asm_offset(g->a);
    g->a->flags_lost = true;
    if (g->u->hooks & TM_FETCH)
        fetch_hook(g);
}

/* ---- ends of blocks ---- */

/* The canonical block is done; its branch goes to target + disp if taken. */
static void branch_hook(struct x86_gen *g, struct opnd target, int64_t disp, bool taken)
{
    const struct ir_block *blk = g->block;
    const struct insn_at *last = &g->u->insns[blk->first_insn + blk->n_insns - 1];
    if (!(g->u->hooks & TM_BRANCH) || !last->desc || last->desc->branch == INSN_NO_BRANCH)
        return;
    struct insn_at *copy = ARENA_NEW(g->arena, struct insn_at);
    struct x86_site *s = x86_site(g, &g->u->insts[g->i], x86_out_hook_branch);
    if (!copy) {
        g->rc = err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
        return;
    }
    *copy = *last;
    s->inst.imm = (int64_t)(intptr_t)copy;
    x86_load_address(g, RDX, target, disp);
    asm_mov_ri(g->a, RCX, taken);
    x86_call_out(g, s);
}

void x86_count_insns(struct x86_gen *g)
{
    struct x86_asm *a = g->a;
    struct x86_mem insns = CPU_MEM(insns);
    if (g->count == COUNT_YES) {
        asm_alu_mi(a, ALU_ADD, true, insns, g->block->n_insns);
    } else if (g->count == COUNT_ASK) {
        asm_alu_mi(a, ALU_CMP, false, CPU_MEM(uniform), 0);
        uint8_t *skip = asm_jcc8(a, CC_NE);
        asm_alu_mi(a, ALU_ADD, true, insns, g->block->n_insns);
        asm_here(a, skip);
    }
}

/* The flags say whether any budget is left, for `ahead` more, too. */
static void charge(struct x86_gen *g, uint32_t ahead)
{
    asm_alu_ri(g->a, ALU_SUB, true, R12, (int32_t)(g->block->cost + ahead));
}

static struct opnd page_opnd(void)
{
    return opnd_cpu((int32_t)offsetof(struct cpu, page));
}

/* Off the page, or to a block that is not in the unit: a jump to be linked. */
void x86_outer_edge(struct x86_gen *g, unsigned side)
{
    struct x86_asm *a = g->a;
    unsigned charge_bytes = g->block->cost <= INT8_MAX ? 4 : 7;
    x86_count_insns(g);
    asm_align_field(a, charge_bytes + 2);
    charge(g, 0);
    struct stub *e = x86_stub(g, STUB_EDGE); /* also where an exhausted budget leaves */
    e->edge = 2 * g->index + side;
    x86_stub_jcc(g, e, CC_G);
    g->b->edges[e->edge].patch = e->at[0];
    e->at[e->n_at++] = asm_jmp(a, 0);
}

/* One side of a JUMP or BRANCH. `fall`: code of the next block follows immediately. */
static void emit_edge(struct x86_gen *g, const struct ir_inst *in, unsigned side, bool fall)
{
    struct x86_asm *a = g->a;
    int64_t target = side ? in->imm2 : in->imm;
    int to = x86_block_at(g, target);
    bool inside = to == (int)g->index + 1 && g->u->blocks[to].follows;
    if (to < 0)
        x86_store_pins(g, g->dirty);
    x86_late_store(g, target, inside);
    branch_hook(g, page_opnd(), in->imm, side == 0);
    if (to < 0) {
        x86_clear_upper(g);
        x86_outer_edge(g, side);
        return;
    }
    x86_count_insns(g);
    if (g->unasked[g->index]) /* it goes on with the next one */
        return;
    uint32_t ahead = inside ? g->unasked[to] : 0;
    charge(g, ahead);
    struct stub *s = x86_stub(g, STUB_LEAVE);
    s->why = EXEC_LEAVE_BUDGET;
    s->ahead = ahead;
    s->target = (int32_t)target;
    s->dirty = g->dirty;
    x86_late_leave(g, s, target, inside);
    if (fall && (uint32_t)to == g->index + 1) {
        x86_stub_jcc(g, s, CC_LE);
        return;
    }
    bool back = (uint32_t)to <= g->index;
    uint32_t at = asm_jcc(a, CC_G, back ? g->heads[to] : 0);
    if (!back) {
        g->fixups[g->n_fixups].at = at;
        g->fixups[g->n_fixups++].block = (uint16_t)to;
    }
    s->at[s->n_at++] = asm_jmp(a, 0);
}

static void emit_branch(struct x86_gen *g, const struct ir_inst *in)
{
    int taken = x86_block_at(g, in->imm), not_taken = x86_block_at(g, in->imm2);
    uint32_t dirty = g->dirty;
    if (taken < 0 && not_taken < 0) {
        x86_store_pins(g, g->dirty);
        g->dirty = 0;
    }
    unsigned cc = gen_condition(g, in->a);
    /* First the side that loops or leaves; last the one that falls into the next block. */
    bool next = taken == (int)g->index + 1 && g->u->blocks[taken].follows;
    bool taken_first = !next && ((taken >= 0 && not_taken < 0) || not_taken == (int)g->index + 1);
    uint32_t skip = asm_jcc(g->a, taken_first ? cc ^ 1 : cc, 0);
    emit_edge(g, in, taken_first ? 0 : 1, false);
    asm_patch(g->a, skip, asm_offset(g->a));
    emit_edge(g, in, taken_first ? 1 : 0, true);
    g->dirty = dirty;
}

static struct x86_mem jump_mem(size_t member)
{
    return (struct x86_mem){ .base = R13, .index = RCX, .disp = (int32_t)(offsetof(struct mmu_set, jump) + member) };
}

static void probe_jump(struct x86_asm *a, const struct x86_fixed *f)
{
    asm_mov_rr(a, false, RCX, RAX);
    asm_shift_ri(a, SH_SHL, false, RCX, 2); /* mmu_jump_index(va) * 16 */
    asm_alu_ri(a, ALU_AND, false, RCX, (int32_t)((MMU_JUMPS - 1) << 4));
    asm_rm(a, 0x39 | OP_W, RAX, jump_mem(offsetof(struct mmu_jump, va)));
    asm_jcc(a, CC_NE, f->leave_pc[EXEC_LEAVE_LOOKUP]);
}

void x86_emit_jump(struct x86_asm *a, const struct x86_fixed *f)
{
    probe_jump(a, f);
    asm_rm(a, 0xff, 4, jump_mem(offsetof(struct mmu_jump, code))); /* jmp */
}

/* rax = va: by set->jump, as the run loop fills it (mmu/tlb.h). `mode`: it is what the CPU says, not the unit's. */
static void jump_to(struct x86_gen *g, bool mode)
{
    struct x86_asm *a = g->a;
    const struct x86_fixed *f = &g->be->fixed;
    asm_jcc(a, CC_LE, f->leave_pc[EXEC_LEAVE_BUDGET]); /* behind charge() */
    probe_jump(a, f);
    if (mode) {
        asm_alu_mi(a, ALU_CMP, false, CPU_MEM(exit), 0); /* a fence that wants stale code left */
        asm_jcc(a, CC_NE, f->leave_pc[EXEC_LEAVE_LOOKUP]);
        asm_rm(a, 0x8b, RDX, x86_cpu_mem((int32_t)g->u->guest->mode_at));
        asm_rm(a, 0x89, RDX, CPU_MEM(mode_flags));
    } else {
        asm_mov_ri(a, RDX, g->u->mode);
    }
    asm_rm(a, 0xff, 4, jump_mem(offsetof(struct mmu_jump, code))); /* jmp */
}

void x86_end_jumpr(struct x86_gen *g, const struct ir_inst *in)
{
    x86_count_insns(g);
    charge(g, 0);
    jump_to(g, in->aux == IR_LINK_MODE);
}

static void emit_jumpr(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd va = x86_opnd(g, in->a);
    x86_store_pins(g, g->dirty);
    branch_hook(g, va, 0, true);
    gen_load(g, RAX, va, true);
    x86_clear_upper(g);
    x86_end_jumpr(g, in);
}

static void emit_exit(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t reasons[] = { [IR_EXIT_LOOKUP] = EXEC_LEAVE_LOOKUP,
                                       [IR_EXIT_IDLE] = EXEC_LEAVE_IDLE,
                                       [IR_EXIT_YIELD] = EXEC_LEAVE_YIELD };
    x86_store_pins(g, g->dirty);
    x86_clear_upper(g);
    x86_count_insns(g);
    if (in->aux == IR_EXIT_LOOKUP && g->u->guest->mode_at != 0) {
        asm_rm(g->a, 0x8b | OP_W, RAX, CPU_MEM(page));
        if (in->imm != 0)
            asm_alu_ri(g->a, ALU_ADD, true, RAX, (int32_t)in->imm);
        charge(g, 0);
        jump_to(g, true);
        return;
    }
    charge(g, 0);
    asm_mov_ri(g->a, RAX, (uint32_t)in->imm);
    asm_jmp(g->a, g->be->fixed.leave_at[reasons[in->aux]]);
}

void x86_select_end(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_JUMP: emit_edge(g, in, 0, true); break;
    case IR_BRANCH: emit_branch(g, in); break;
    case IR_JUMPR: emit_jumpr(g, in); break;
    default: emit_exit(g, in); break;
    }
}
