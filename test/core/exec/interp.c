/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter keeps the contract of core/exec/backend.h: charging, edges, guards, faults, hooks. */
#include "core/timing/model.h"
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include <stdlib.h>

static struct arena arena;
static struct exec_backend *be;
static struct rig *rig;
static struct err err;
static const struct insn_desc add_desc = { .name = "add", .branch = INSN_NO_BRANCH };
static const struct insn_desc beq_desc = { .name = "beq", .branch = INSN_COND };
static const struct insn_regs no_regs = INSN_NO_REGS;

static void setup(void)
{
    arena_init(&arena, 0);
    ck_assert_int_eq(exec_interp.create(&be, NULL, NULL, &err), 0);
    rig = rig_create(0);
    rig->cpu.uniform = 0;
    rig->cpu.budget = 100;
}

static void teardown(void)
{
    rig_destroy(rig);
    exec_interp.destroy(be);
    arena_destroy(&arena);
}

static struct ir_unit *unit(void)
{
    struct ir_unit *u;
    ck_assert_int_eq(ir_unit_create(&u, &arena, rig_guest(IR_FP_RISCV), 0, &err), 0);
    return u;
}

/* Guest instruction of 4 bytes and 10 cycles. */
static void insn(struct ir_unit *u, int32_t at, const struct insn_desc *d)
{
    ir_begin_insn(u, at, 4, d, &no_regs);
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

static struct exec_block *block_of(struct ir_unit *u, uint32_t page)
{
    struct exec_block *b = ARENA_NEW(&arena, struct exec_block);
    ck_assert_msg(ir_verify(u, &err) == 0, "%s", err.text);
    *b = (struct exec_block){ .page = page, .page2 = UINT32_MAX, .start = u->blocks[0].start,
                              .region = u->n_blocks > 1, .counter = 1000,
                              .n_edges = (uint16_t)(2 * u->n_blocks) };
    b->edges = ARENA_ARRAY(&arena, struct exec_edge, b->n_edges);
    for (unsigned i = 0; i < b->n_edges; i++)
        b->edges[i].from = b;
    ck_assert_msg(exec_interp.compile(be, u, b, &arena, &err) == 0, "%s", err.text);
    return b;
}

/* x1 += by at `start`, then a jump to `target`. */
static struct exec_block *adder(uint32_t page, int32_t start, uint64_t by, int64_t target)
{
    struct ir_unit *u = unit();
    ir_begin_block(u, start);
    insn(u, start, &add_desc);
    ir_put(u, RIG_X, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, RIG_X), by));
    ir_jump(u, target);
    end(u);
    return block_of(u, page);
}

static enum exec_leave run(struct exec_block *b)
{
    rig->exec.edge = NULL;
    return exec_interp.run(be, &rig->cpu, b);
}

START_TEST(unlinked_edge_leaves)
{
    struct exec_block *b = adder(1, 0x40, 5, 0x80);
    rig->x[0] = 1;
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[0]);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    ck_assert_uint_eq(rig->x[0], 6);
    ck_assert_int_eq(rig->cpu.budget, 90);
    ck_assert_uint_eq(rig->cpu.insns, 1);
}
END_TEST

START_TEST(linked_blocks_run_until_the_budget_is_gone)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x80), *b = adder(1, 0x80, 100, 0x40);
    exec_interp.link(be, &a->edges[0], b);
    exec_interp.link(be, &b->edges[0], a);
    rig->x[0] = 0;
    rig->cpu.budget = 41; /* 10 a block: 1 left after four, -9 after five */
    ck_assert_int_eq(run(a), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->x[0], 203);
    ck_assert_int_eq(rig->cpu.budget, -9);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    ck_assert_uint_eq(rig->cpu.insns, 5);
    rig->cpu.budget = 10; /* exactly used up counts as gone */
    ck_assert_int_eq(run(b), EXEC_LEAVE_BUDGET);
    ck_assert_int_eq(rig->cpu.budget, 0);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x40);
}
END_TEST

START_TEST(branch_takes_its_side)
{
    struct ir_unit *u = unit();
    ir_begin_block(u, 0);
    insn(u, 0, &beq_desc);
    ir_branch(u, ir_setcc(u, IR_I64, IR_EQ, ir_get(u, RIG_X), ir_get(u, RIG_X0)), 0x100, 4);
    end(u);
    struct exec_block *b = block_of(u, 1);
    rig->x[0] = 0;
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[0]);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x100);
    rig->x[0] = 3;
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[1]);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 4);
}
END_TEST

static struct mmu_entry *fetch_of(va_t va)
{
    return &rig->set->fetch[va >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
}

START_TEST(cross_page_edge_is_guarded)
{
    struct exec_block *a = adder(1, 0xffc, 1, 0x1000), *b = adder(7, 0, 100, 0x40);
    va_t next = RIG_CODE + MEM_PAGE;
    exec_interp.link(be, &a->edges[0], b);
    rig->x[0] = 0;
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP); /* no fetch entry */
    ck_assert_uint_eq(rig->cpu.pc, next);
    ck_assert_uint_eq(rig->cpu.page, RIG_CODE);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 6 }; /* another page's */
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 7 };
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[0]);
    ck_assert_uint_eq(rig->cpu.page, next);
    ck_assert_uint_eq(rig->cpu.pc, next + 0x40);
    ck_assert_uint_eq(rig->x[0], 103);
}
END_TEST

START_TEST(second_page_is_guarded)
{
    struct exec_block *a = adder(1, 0x40, 1, 0xffe), *b = adder(1, 0xffe, 100, 0x1002);
    va_t next = RIG_CODE + MEM_PAGE;
    b->page2 = 9;
    exec_interp.link(be, &a->edges[0], b);
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0xffe);
    *fetch_of(next) = (struct mmu_entry){ .tag = next, .addend = 9 };
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &b->edges[0]);
}
END_TEST

START_TEST(indirect_jump_probes_the_set)
{
    struct ir_unit *u = unit();
    ir_begin_block(u, 0);
    insn(u, 0, &add_desc);
    ir_jumpr(u, ir_get(u, RIG_X + 1), IR_LINK_NONE);
    end(u);
    struct exec_block *a = block_of(u, 1), *b = adder(3, 0x24, 1, 0x80);
    va_t va = 0x7000024;
    rig->x[0] = 0;
    rig->x[1] = va;
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, va);
    rig->set->jump[mmu_jump_index(va)] = (struct mmu_jump){ .va = va, .code = b->code };
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(rig->cpu.page, 0x7000000);
    ck_assert_uint_eq(rig->cpu.pc, 0x7000080);
    ck_assert_uint_eq(rig->x[0], 1);
    b->mode = 1; /* a block of another mode is not entered */
    rig->cpu.page = RIG_CODE;
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
}
END_TEST

START_TEST(retired_blocks_are_not_entered)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x80), *b = adder(1, 0x80, 100, 0x40);
    exec_interp.link(be, &a->edges[0], b);
    exec_interp.retire(be, b);
    rig->x[0] = 0;
    ck_assert_int_eq(run(a), EXEC_LEAVE_LOOKUP);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x80);
    ck_assert_uint_eq(rig->x[0], 1);
    ck_assert_int_eq(rig->cpu.budget, 90);
    ck_assert_int_eq(run(b), EXEC_LEAVE_LOOKUP);
}
END_TEST

START_TEST(counter_runs_out_and_a_region_takes_over)
{
    struct exec_block *a = adder(1, 0x40, 1, 0x40);
    exec_interp.link(be, &a->edges[0], a);
    a->counter = 3;
    rig->x[0] = 0;
    ck_assert_int_eq(run(a), EXEC_LEAVE_HOT);
    ck_assert_ptr_eq(rig->exec.block, a);
    ck_assert_uint_eq(rig->x[0], 2);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x40);
    struct exec_block *r = adder(1, 0x40, 1000, 0x80);
    r->region = true;
    exec_interp.replace(be, a, r);
    ck_assert_int_eq(run(a), EXEC_LEAVE_EDGE);
    ck_assert_ptr_eq(rig->exec.edge, &r->edges[0]);
    ck_assert_uint_eq(rig->x[0], 1002);
}
END_TEST

/* Region: 0x40 falls through to 0x44, which loops; both are charged each time round. */
START_TEST(region_stays_inside)
{
    struct ir_unit *u = unit();
    for (int32_t at = 0x40; at < 0x48; at += 4) {
        ir_begin_block(u, at);
        insn(u, at, &add_desc);
        ir_put(u, RIG_X, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, RIG_X), (uint64_t)at));
        ir_jump(u, at == 0x40 ? 0x44 : 0x40);
        end(u);
    }
    struct exec_block *b = block_of(u, 1);
    rig->x[0] = 0;
    rig->cpu.budget = 35;
    ck_assert_int_eq(run(b), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(rig->x[0], 2 * (0x40 + 0x44));
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 0x40);
    ck_assert_int_eq(rig->cpu.budget, -5);
}
END_TEST

START_TEST(fault_is_precise)
{
    struct ir_unit *u = unit();
    ir_begin_block(u, 0);
    insn(u, 0, &add_desc);
    ir_put(u, RIG_X, ir_const(u, IR_I64, 77));
    insn(u, 4, &add_desc);
    ir_val_t v = ir_load(u, IR_I64, ir_get(u, RIG_X + 1), 8, ir_memop(8, 0));
    ir_put(u, RIG_X, v);
    ir_jump(u, 8);
    end(u);
    struct exec_block *b = block_of(u, 1);
    rig->x[1] = RIG_BASE + RIG_PAGES * MEM_PAGE - 12; /* the last page faults */
    ck_assert_int_eq(run(b), EXEC_LEAVE_EXIT);
    ck_assert_uint_eq(rig->cpu.exit, CPU_EXIT_EXCEPTION);
    ck_assert_uint_eq(rig->cpu.fault.cause, 13);
    ck_assert_uint_eq(rig->cpu.fault.value, RIG_BASE + RIG_PAGES * MEM_PAGE - 4);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 4);
    ck_assert_uint_eq(rig->x[0], 77);
    ck_assert_int_eq(rig->cpu.budget, 90);
    ck_assert_uint_eq(rig->cpu.insns, 1);
    ck_assert_ptr_null(rig->cpu.site);
}
END_TEST

/* EXIT gives its reason even when the budget is used up. */
START_TEST(exit_reasons)
{
    static const enum exec_leave want[] = { EXEC_LEAVE_LOOKUP, EXEC_LEAVE_IDLE, EXEC_LEAVE_YIELD };
    struct ir_unit *u = unit();
    ir_begin_block(u, 0);
    insn(u, 0, &add_desc);
    ir_exit(u, (enum ir_exit)_i, 4);
    end(u);
    rig->cpu.budget = 10;
    ck_assert_int_eq(run(block_of(u, 1)), want[_i]);
    ck_assert_int_eq(rig->cpu.budget, 0);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 4);
}
END_TEST

/* Loads of every size, sign and byte order, through the TLB and through the slow path. */
START_TEST(memory_forms)
{
    static const struct { uint16_t memop; enum ir_type type; uint64_t want; } rows[] = {
        { 0, IR_I64, 0x88 },                      { IR_MEM_SIGNED, IR_I64, 0xffffffffffffff88 },
        { 1, IR_I64, 0x9988 },                    { 1 | IR_MEM_BE, IR_I64, 0x8899 },
        { 1 | IR_MEM_SIGNED, IR_I32, 0xffff9988 }, { 2, IR_I32, 0xbbaa9988 },
        { 2 | IR_MEM_SIGNED, IR_I64, 0xffffffffbbaa9988 },
        { 2 | IR_MEM_SIGNED | IR_MEM_BE, IR_I64, 0xffffffff8899aabb },
        { 3, IR_I64, 0xffeeddccbbaa9988 },        { 3 | IR_MEM_BE, IR_I64, 0x8899aabbccddeeff },
        { 2, IR_F32, 0xbbaa9988 },                { 3, IR_F64, 0xffeeddccbbaa9988 },
    };
    static const uint8_t bytes[8] = { 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
    static const uint64_t pages[] = { 0, 10 }; /* fast, slow */
    for (size_t p = 0; p < ARRAY_LEN(pages); p++) {
        va_t va = RIG_BASE + pages[p] * MEM_PAGE + 0x123;
        memcpy(rig_host(&rig->cpu, va), bytes, 8);
        memset(rig_host(&rig->cpu, va + 0x100), 0, 8);
        struct ir_unit *u = unit();
        enum ir_type t = rows[_i].type;
        ir_begin_block(u, 0);
        insn(u, 0, &add_desc);
        ir_val_t v = ir_load(u, t, ir_const(u, IR_I64, va + 3), -3, rows[_i].memop);
        ir_store(u, t, ir_const(u, IR_I64, va), 0x100, v,
                 rows[_i].memop & ~(unsigned)IR_MEM_SIGNED);
        if (t == IR_F32 || t == IR_F64)
            v = ir_bitcast(u, t == IR_F32 ? IR_I32 : IR_I64, v);
        ir_put(u, t == IR_I32 || t == IR_F32 ? RIG_W : RIG_X, v);
        ir_jump(u, 4);
        end(u);
        rig->slow_calls = 0;
        run(block_of(u, 1));
        ck_assert_uint_eq(t == IR_I32 || t == IR_F32 ? rig->w[0] : rig->x[0], rows[_i].want);
        ck_assert_uint_eq(rig->slow_calls, p * 2);
        ck_assert_mem_eq(rig_host(&rig->cpu, va + 0x100), bytes,
                         1u << (rows[_i].memop & IR_MEM_SIZE));
    }
}
END_TEST

/* ---- hooks ---- */

struct log_model {
    struct tm_cpu tm;
    char text[1000];
};

static uint32_t log_fetch(struct tm_cpu *t, uint64_t pa)
{
    struct log_model *m = (struct log_model *)t;
    sprintf(m->text + strlen(m->text), "fetch %lx; ", pa);
    return 1;
}

static uint32_t log_data(struct tm_cpu *t, uint64_t va, uint64_t pa, uint32_t size, bool write)
{
    struct log_model *m = (struct log_model *)t;
    sprintf(m->text + strlen(m->text), "%s %lx %lx %u; ", write ? "store" : "load", va, pa, size);
    return 2;
}

static uint32_t log_branch(struct tm_cpu *t, uint64_t pc, uint64_t target, uint32_t kind, bool taken)
{
    struct log_model *m = (struct log_model *)t;
    sprintf(m->text + strlen(m->text), "branch %lx %lx %u %d; ", pc, target, kind, taken);
    return 4;
}

START_TEST(hooks_in_order)
{
    static const struct tm_model model = { .name = "log", .fetch_line = log_fetch,
                                           .data_access = log_data, .branch = log_branch };
    struct log_model m = { .tm = { .model = &model, .line_shift = 6 } };
    struct ir_unit *u = unit();
    u->hooks = TM_FETCH | TM_DATA | TM_BRANCH;
    ir_begin_block(u, 0x80);
    insn(u, 0x80, &add_desc);
    ir_val_t v = ir_load(u, IR_I64, ir_const(u, IR_I64, RIG_BASE + 0x1010), 0, ir_memop(4, 0));
    ir_store(u, IR_I64, ir_const(u, IR_I64, RIG_BASE + 0xa020), 0, v, ir_memop(8, 0)); /* slow */
    insn(u, 0x84, &beq_desc);
    ir_branch(u, ir_get(u, RIG_X), 0x80, 0x88);
    end(u);
    struct exec_block *b = block_of(u, mmu_page_id(&rig->ram, 0x5000));
    exec_interp.link(be, &b->edges[0], b);
    rig->cpu.tm = &m.tm;
    rig->x[0] = 0;
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE);
    /* RAM 1: page ids 0x4000000 + page, which are where rig_host has them */
    ck_assert_str_eq(m.text, "fetch 4000005080; load 40001010 4000007010 4; "
                             "store 4000a020 4000006020 8; branch 10000084 10000080 1 0; ");
    ck_assert_int_eq(rig->cpu.budget, 100 - 1 - 2 - 2 - 4 - 20);
    m.text[0] = 0;
    rig->x[0] = 1; /* the same line is not fetched twice; 28 a round */
    rig->cpu.budget = 50;
    ck_assert_int_eq(run(b), EXEC_LEAVE_BUDGET);
    ck_assert_str_eq(m.text, "load 40001010 4000007010 4; store 4000a020 4000006020 8; "
                             "branch 10000084 10000080 1 1; load 40001010 4000007010 4; "
                             "store 4000a020 4000006020 8; branch 10000084 10000080 1 1; ");
    ck_assert_int_eq(rig->cpu.budget, 50 - 2 * 28);
}
END_TEST

/* Exact time, count and PC inside a helper; a helper that raises leaves at its instruction. */
START_TEST(helpers)
{
    struct ir_unit *u = unit();
    ir_begin_block(u, 0);
    insn(u, 0, &add_desc);
    insn(u, 4, &add_desc);
    ir_put(u, RIG_X, ir_call(u, IR_I64, RIG_TIME, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    insn(u, 8, &add_desc);
    ir_call(u, IR_VOID, RIG_RAISES, ir_get(u, RIG_X + 1), ir_const(u, IR_I64, 5), IR_NONE, IR_NONE);
    ir_jump(u, 12);
    end(u);
    struct exec_block *b = block_of(u, 1);
    rig->x[1] = 1;
    ck_assert_int_eq(run(b), EXEC_LEAVE_EDGE);
    /* cycle 1000000 - 100 + 10; 1 instruction */
    ck_assert_uint_eq(rig->x[0], 999910ull * 1000003 + 1009 + RIG_CODE + 4);
    ck_assert_int_eq(rig->cpu.budget, 70);
    rig->x[1] = 4;
    rig->cpu.insns = 0;
    ck_assert_int_eq(run(b), EXEC_LEAVE_EXIT);
    ck_assert_uint_eq(rig->cpu.fault.cause, 2);
    ck_assert_uint_eq(rig->cpu.fault.value, 5);
    ck_assert_uint_eq(rig->cpu.pc, RIG_CODE + 8);
    ck_assert_int_eq(rig->cpu.budget, 50);
    ck_assert_uint_eq(rig->cpu.insns, 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/exec/interp");
    TCase *t = tcase_create("contract");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, unlinked_edge_leaves);
    tcase_add_test(t, linked_blocks_run_until_the_budget_is_gone);
    tcase_add_test(t, branch_takes_its_side);
    tcase_add_test(t, cross_page_edge_is_guarded);
    tcase_add_test(t, second_page_is_guarded);
    tcase_add_test(t, indirect_jump_probes_the_set);
    tcase_add_test(t, retired_blocks_are_not_entered);
    tcase_add_test(t, counter_runs_out_and_a_region_takes_over);
    tcase_add_test(t, region_stays_inside);
    tcase_add_test(t, fault_is_precise);
    tcase_add_loop_test(t, exit_reasons, 0, 3);
    tcase_add_loop_test(t, memory_forms, 0, 12);
    tcase_add_test(t, hooks_in_order);
    tcase_add_test(t, helpers);
    suite_add_tcase(s, t);
    return s;
}
