/* SPDX-License-Identifier: Apache-2.0 */
/* The code generator keeps core/exec/backend.h's contract: edges, guards, retiring, regions. */
#include "core/timing/model.h"
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include "test/core/exec/no_cpus.h"
#include <stdlib.h>

#if defined(__x86_64__)

static struct arena arena;
static struct exec_backend *be;
static struct rig *rig;
static struct err err;
static const struct insn_desc add_desc = { .name = "add", .branch = INSN_NO_BRANCH };
static const struct insn_regs no_regs = INSN_NO_REGS;

static void setup(void)
{
    arena_init(&arena, 0);
    struct exec_options o = { .code_bytes = 2 << 20 };
    ck_assert_msg(exec_x86_64.create(&be, NULL, &o, &err) == 0, "%s", err.text);
    rig = rig_create(0);
    rig->cpu.uniform = 0;
    rig->cpu.budget = 100;
    rig->x[0] = 0;
}

static void teardown(void)
{
    rig_destroy(rig);
    exec_x86_64.destroy(be);
    arena_destroy(&arena);
}

static struct ir_unit *unit(uint32_t mode)
{
    struct ir_unit *u;
    ck_assert_int_eq(ir_unit_create(&u, &arena, rig_guest(IR_FP_RISCV), mode, &err), 0);
    return u;
}

/* Guest instruction of 4 bytes and 10 cycles. */
static void insn(struct ir_unit *u, int32_t at)
{
    ir_begin_insn(u, at, 4, &add_desc, &no_regs);
    u->insns[u->n_insns - 1].cost_before = 10 * (u->n_insns - 1u -
                                                 u->blocks[u->n_blocks - 1].first_insn);
}

static void end(struct ir_unit *u)
{
    struct ir_block *b = &u->blocks[u->n_blocks - 1];
    ir_end_block(u, 0);
    b->length = 4u * b->n_insns;
    b->cost = 10u * b->n_insns;
}

static struct exec_block *block_of(struct ir_unit *u, uint32_t page, uint32_t page2, bool region)
{
    struct exec_block *b = ARENA_NEW(&arena, struct exec_block);
    ck_assert_msg(ir_verify(u, &err) == 0, "%s", err.text);
    ir_count_uses(u);
    *b = (struct exec_block){ .page = page, .page2 = page2, .mode = u->mode,
                              .start = u->blocks[0].start, .region = region, .counter = 1000,
                              .n_edges = (uint16_t)(2 * u->n_blocks) };
    b->edges = ARENA_ARRAY(&arena, struct exec_edge, b->n_edges);
    for (unsigned i = 0; i < u->n_blocks; i++) {
        const struct ir_inst *last = &u->insts[u->blocks[i].end - 1];
        b->edges[2 * i] = (struct exec_edge){ .from = b, .target = (int32_t)last->imm };
        b->edges[2 * i + 1] = (struct exec_edge){ .from = b, .target = (int32_t)last->imm2 };
    }
    ck_assert_msg(exec_x86_64.compile(be, u, b, &arena, &err) == 0, "%s", err.text);
    return b;
}

/* x1 += by at `start`, then a jump to `target`. */
static struct ir_unit *adder_unit(int32_t start, uint64_t by, int64_t target, uint32_t mode)
{
    struct ir_unit *u = unit(mode);
    ir_begin_block(u, start);
    insn(u, start);
    ir_put(u, RIG_X, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, RIG_X), by));
    ir_jump(u, target);
    end(u);
    return u;
}

static struct exec_block *adder(uint32_t page, int32_t start, uint64_t by, int64_t target)
{
    return block_of(adder_unit(start, by, target, 0), page, UINT32_MAX, false);
}

static enum exec_leave run(struct exec_block *b)
{
    rig->exec.edge = NULL;
    return exec_x86_64.run(be, &rig->cpu, b);
}

/*
 * One comparison that several choices and the branch ask, with what changes the host's flags in between; a sum that
 * has a shifted part.
 */
START_TEST(one_comparison_is_asked_often)
{
    static const uint64_t pairs[][2] = { { 1, 2 }, { 2, 1 }, { 2, 2 }, { UINT64_MAX, 1 } };
    struct ir_unit *u = unit(0);
    ir_begin_block(u, 0x40);
    insn(u, 0x40);
    ir_val_t a = ir_get(u, RIG_X), b = ir_get(u, RIG_X + 1), less = ir_setcc(u, IR_I64, IR_LTU, a, b);
    ir_val_t least = ir_select(u, IR_I64, less, a, b), most = ir_select(u, IR_I64, less, b, a);
    ir_val_t sum = ir_add(u, IR_I64, least, ir_op2i(u, IR_SHL, IR_I64, most, 3));
    ir_put(u, RIG_X + 2, ir_xor(u, IR_I64, sum, ir_mul(u, IR_I64, a, b)));
    ir_put(u, RIG_X + 3, ir_select(u, IR_I64, less, ir_const(u, IR_I64, 7), sum));
    ir_branch(u, less, 0x80, 0xc0);
    end(u);
    struct exec_block *block = block_of(u, 1, UINT32_MAX, false);
    for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
        uint64_t p = pairs[i][0], q = pairs[i][1], expected = (p < q ? p : q) + (p < q ? q : p) * 8;
        rig->x[0] = p;
        rig->x[1] = q;
        rig->cpu.budget = 100;
        ck_assert_int_eq(run(block), EXEC_LEAVE_EDGE);
        ck_assert_uint_eq(rig->x[2], expected ^ p * q);
        ck_assert_uint_eq(rig->x[3], p < q ? 7 : expected);
        ck_assert_ptr_eq(rig->exec.edge, &block->edges[p < q ? 0 : 1]);
    }
}
END_TEST

START_TEST(linked_blocks_run_until_the_budget_is_gone)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x80), *b = adder(1, 0x80, 100, 0x40);
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &a->edges[0]);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    ck_assert_int_eq(rig->cpu.budget, 90);
    ck_assert_uint_eq(rig->cpu.insns, 1);
    exec_x86_64.link(be, &a->edges[0], b);
    exec_x86_64.link(be, &b->edges[0], a);
    rig->x[0] = 0;
    rig->cpu.budget = 41; /* 10 a block: 1 left after four, -9 after five */
    ck_assert_int_eq(run(a), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->x[0], 203);
    ck_assert_int_eq(rig->cpu.budget, -9);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    ck_assert_uint_eq(rig->cpu.insns, 6);
    rig->cpu.budget = 10; /* exactly used up counts as gone */
    ck_assert_int_eq(run(b), EXEC_LEAVE_BUDGET);
    ck_assert_int_eq(rig->cpu.budget, 0);
}
END_TEST

static struct mmu_entry *fetch_of(va_t va)
{
    return &rig->set->fetch[va >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
}

/* Page ids use all 32 bits; links go backwards too. */
START_TEST(cross_page_edge_is_guarded)
{
    static const struct { int32_t start; int64_t target; int64_t delta; } rows[] = {
        { 0xffc, 0x1000, 0x1000 }, { 0x10, -0x800, -0x1000 }, { 0x10, 0x100010, 0x100000 },
    };
    struct exec_block *a = adder(1, rows[_i].start, 1, rows[_i].target);
    struct exec_block *b = adder(0xfc000007, (int32_t)(rows[_i].target & 0xfff), 100, 0x40);
    va_t next = RIG_CODE + (va_t)rows[_i].delta;
    exec_x86_64.link(be, &a->edges[0], b);
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP); /* no fetch entry */
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + (va_t)rows[_i].target);
    ck_assert_uint_eq(rig->cpu.page, RIG_CODE);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 6 }; /* another page's */
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 0xfc000007 };
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[0]);
    ck_assert_uint_eq(rig->cpu.page, next);
    ck_assert_uint_eq(rig->cpu.pc, next + 0x40);
    ck_assert_uint_eq(rig->x[0], 103);
}
END_TEST

START_TEST(second_page_is_guarded)
{
    struct exec_block *a = adder(1, 0x40, 1, 0xffe);
    struct exec_block *b = block_of(adder_unit(0xffe, 100, 0x1002, 0), 1, 9, false);
    va_t next = RIG_CODE + MEM_PAGE;
    exec_x86_64.link(be, &a->edges[0], b);
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0xffe);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 9 };
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[0]);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 8 };
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE); /* the run loop has compared it */
}
END_TEST

START_TEST(indirect_jump_probes_the_set)
{
    struct ir_unit *u = unit(0);
    ir_begin_block(u, 0);
    insn(u, 0);
    ir_jumpr(u, ir_get(u, RIG_X + 1), IR_LINK_NONE);
    end(u);
    struct exec_block *a = block_of(u, 1, UINT32_MAX, false), *b = adder(3, 0x24, 1, 0x80);
    struct exec_block *other = block_of(adder_unit(0x24, 1, 0x80, 5), 3, UINT32_MAX, false);
    va_t va = 0x7000024;
    struct mmu_jump *j = &rig->set->jump[mmu_jump_index(va)];
    rig->x[1] = va;
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, va);
    *j = (struct mmu_jump){ .va = va, .code = b->code };
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(rig->cpu.page, 0x7000000);
    ck_assert_uint_eq(rig->cpu.pc, 0x7000080);
    ck_assert_uint_eq(rig->x[0], 1);
    *j = (struct mmu_jump){ .va = va, .code = other->code }; /* of another mode */
    rig->cpu.page = RIG_CODE;
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, va);
    rig->cpu.budget = 10;
    ck_assert_int_eq(run(a), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->cpu.pc, va);
}
END_TEST

/* Whoever arrived by a link asks for its target again; `run` itself is sent to look up. */
START_TEST(retired_blocks_are_not_entered)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x80), *b = adder(1, 0x80, 100, 0x40);
    exec_x86_64.link(be, &a->edges[0], b);
    exec_x86_64.retire(be, b);
    ck_assert(b->retired);
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &a->edges[0]);
    ck_assert_ptr_null(a->edges[0].to);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    ck_assert_uint_eq(rig->x[0], 1);
    ck_assert_int_eq(run(b), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    struct exec_block *c = adder(1, 0x80, 1000, 0x44);
    exec_x86_64.link(be, &a->edges[0], c);
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &c->edges[0]);
    ck_assert_uint_eq(rig->x[0], 1002);
}
END_TEST

START_TEST(counter_runs_out_and_a_region_takes_over)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x80), *b = adder(1, 0x80, 10, 0x40);
    exec_x86_64.link(be, &a->edges[0], b);
    exec_x86_64.link(be, &b->edges[0], a);
    a->counter = 3;
    ck_assert_int_eq(run(a), EXEC_LEAVE_HOT);
    ck_assert_ptr_eq(rig->exec.block, a);
    ck_assert_uint_eq(rig->x[0], 22);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x40);
    struct exec_block *r = block_of(adder_unit(0x40, 1000, 0x44, 0), 1, UINT32_MAX, true);
    exec_x86_64.replace(be, a, r);
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE); /* b's link leads to the region too */
    ck_assert_ptr_eq(rig->exec.edge, &r->edges[0]);
    ck_assert_uint_eq(rig->x[0], 1032);
    exec_x86_64.retire(be, r); /* the first tier is back */
    rig->cpu.budget = 20;
    ck_assert_int_eq(run(a), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->x[0], 1043);
    rig->cpu.budget = 30; /* and so are the links to it */
    ck_assert_int_eq(run(b), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->x[0], 1064);
    exec_x86_64.retire(be, a);
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
}
END_TEST

/* Links that are made while a region stands lead to it, in the page and through a guard, and back to the block when it goes. */
START_TEST(links_lead_to_the_region_that_stands)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x80), *near = adder(1, 0x100, 5, 0x40), *far = adder(2, 0x100, 7, 0x1040);
    struct exec_block *r = block_of(adder_unit(0x40, 1000, 0x44, 0), 1, UINT32_MAX, true), *from[] = { near, far };
    *fetch_of(RIG_CODE + MEM_PAGE) = (struct mmu_entry){ .tag = RIG_CODE + MEM_PAGE, .addend = 1 };
    exec_x86_64.replace(be, a, r);
    for (unsigned gone = 0; gone < 2; gone++) {
        for (unsigned k = 0; k < ARRAY_LEN(from); k++) {
            if (!gone)
                exec_x86_64.link(be, &from[k]->edges[0], a);
            rig->x[0] = 0;
            rig->cpu.page = RIG_CODE;
            a->counter = 1000;
            ck_assert_int_eq(run(from[k]), EXEC_LEAVE_EDGE);
            ck_assert_ptr_eq(rig->exec.edge, gone ? &a->edges[0] : &r->edges[0]);
            ck_assert_ptr_eq(from[k]->edges[0].to, a);
            ck_assert_uint_eq(rig->x[0], (k ? 7 : 5) + (gone ? 1 : 1000));
            ck_assert_uint_eq(a->counter, gone ? 999 : 1000);
        }
        if (!gone)
            exec_x86_64.retire(be, r);
    }
    exec_x86_64.retire(be, a);
    ck_assert_int_eq(run(near), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &near->edges[0]);
}
END_TEST

/* A block that jumps to itself keeps x1 in a register, and charges each round. */
START_TEST(loop_stays_inside)
{
    struct exec_block *a = adder(1, 0x40, 3, 0x40);
    rig->cpu.budget = 9995;
    ck_assert_int_eq(run(a), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->x[0], 3000);
    ck_assert_int_eq(rig->cpu.budget, -5);
    ck_assert_uint_eq(rig->cpu.insns, 1000);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x40);
    ck_assert_uint_eq(a->counter, 999); /* arrivals, not rounds */
}
END_TEST

/* Full: refused with ERR_LIMIT; after a flush everything fits again. */
START_TEST(full_buffer_is_refused_and_flushed)
{
    struct exec_block b = { .page2 = UINT32_MAX };
    struct exec_edge edges[2] = { { .from = &b } };
    int rc = 0;
    b.edges = edges;
    uint64_t empty = exec_x86_64.code_used(be);
    for (unsigned i = 0; i < 100000 && rc == 0; i++)
        rc = exec_x86_64.compile(be, adder_unit(0x40, 1, 0x80, 0), &b, &arena, &err);
    ck_assert_int_eq(rc, ERR_LIMIT);
    exec_x86_64.flush(be);
    ck_assert_uint_eq(exec_x86_64.code_used(be), empty);
    ck_assert_int_eq(run(adder(1, 0x40, 7, 0x80)), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(rig->x[0], 7);
}
END_TEST

/* Loads off one base: the probe of the first serves all; where it fails, each probes for itself. */
START_TEST(shared_probe)
{
    static const struct { uint64_t page, offset; uint64_t slow; } rows[] = {
        { 0, 0x100, 0 }, { 0, 0xff0, 0 }, { 0, 0xff4, 1 }, { 10, 0x100, 4 },
    };
    va_t va = RIG_BASE + rows[_i].page * MEM_PAGE + rows[_i].offset;
    struct ir_unit *u = unit(0);
    ir_begin_block(u, 0);
    insn(u, 0);
    ir_val_t base = ir_get(u, RIG_X + 1), sum = ir_const(u, IR_I64, 0);
    for (int i = 0; i < 4; i++) {
        ir_val_t v = ir_load(u, IR_I64, base, 8 * i, ir_memop(8, 0));
        sum = ir_add(u, IR_I64, sum, v);
        rig_write(&rig->cpu, va + 8 * (unsigned)i, 8, 1u << i);
    }
    ir_put(u, RIG_X, sum);
    ir_jump(u, 4);
    end(u);
    rig->x[1] = va;
    rig->slow_calls = 0;
    ck_assert_int_eq(run(block_of(u, 1, UINT32_MAX, false)), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(rig->x[0], 15);
    ck_assert_uint_eq(rig->slow_calls, rows[_i].slow);
}
END_TEST

/* A page whose loads lead elsewhere than its stores, as no guest's MMU has it but by an entry that is on its way out: no copy for both. */
START_TEST(stack_copy_wants_entries_that_agree)
{
    va_t va = RIG_BASE + 0x100, other = RIG_BASE + MEM_PAGE + 0x100;
    struct mmu_entry *load = &rig->set->load[va >> MEM_PAGE_SHIFT & (MMU_WAYS - 1)];
    bool agree = _i != 0;
    if (!agree)
        load->addend = (uint64_t)(uintptr_t)rig_host(&rig->cpu, other) - va;
    struct ir_unit *u = unit(0);
    ir_begin_block(u, 0);
    insn(u, 0);
    ir_val_t sp = ir_get(u, RIG_STACK);
    ir_put(u, RIG_X, ir_load(u, IR_I64, sp, 0, ir_memop(8, 0)));
    ir_store(u, IR_I64, sp, 8, ir_const(u, IR_I64, 0x77), ir_memop(8, 0));
    ir_put(u, RIG_X + 2, ir_load(u, IR_I64, sp, 8, ir_memop(8, 0)));
    ir_jump(u, 4);
    end(u);
    rig_write(&rig->cpu, va, 8, 1);
    rig_write(&rig->cpu, va + 8, 8, 2);
    rig_write(&rig->cpu, other, 8, 3);
    rig_write(&rig->cpu, other + 8, 8, 4);
    rig->x[RIG_STACK - RIG_X] = va;
    rig->slow_calls = 0;
    ck_assert_int_eq(run(block_of(u, 1, UINT32_MAX, false)), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(rig->x[0], agree ? 1 : 3);
    ck_assert_uint_eq(rig->x[2], agree ? 0x77 : 4);
    ck_assert_uint_eq(rig_read(&rig->cpu, va + 8, 8), 0x77);
    ck_assert_uint_eq(rig_read(&rig->cpu, other + 8, 8), 4);
    ck_assert_uint_eq(rig->set->stack.limit[0] != 0, agree);
    ck_assert_uint_eq(rig->slow_calls, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/exec/x86_64_flow");
    TCase *t = tcase_create("contract");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, one_comparison_is_asked_often);
    tcase_add_test(t, linked_blocks_run_until_the_budget_is_gone);
    tcase_add_loop_test(t, cross_page_edge_is_guarded, 0, 3);
    tcase_add_test(t, second_page_is_guarded);
    tcase_add_test(t, indirect_jump_probes_the_set);
    tcase_add_test(t, retired_blocks_are_not_entered);
    tcase_add_test(t, counter_runs_out_and_a_region_takes_over);
    tcase_add_test(t, links_lead_to_the_region_that_stands);
    tcase_add_test(t, loop_stays_inside);
    tcase_add_test(t, full_buffer_is_refused_and_flushed);
    tcase_add_loop_test(t, shared_probe, 0, 4);
    tcase_add_loop_test(t, stack_copy_wants_entries_that_agree, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core/exec/x86_64_flow (another host)");
}

#endif
