/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PUTs that wait (core/exec/x86_64/late.c): whoever leaves, and wherever, sees each slot as the operations before left it.
 * Each case says what it expects, and the interpreter has to agree.
 */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include "test/core/exec/no_cpus.h"

#if defined(__x86_64__)

#define GOOD (RIG_BASE + 64)                  /* plain memory */
#define SLOW (RIG_BASE + 10 * MEM_PAGE + 64)  /* the same by a call */
#define BAD  (RIG_BASE + 15 * MEM_PAGE + 64)  /* faults */
#define EDGE (RIG_BASE + 15 * MEM_PAGE)       /* from here on all faults; before it, stores */
enum { X = RIG_X, AT = RIG_X + 7, F = RIG_F, V = RIG_V };

static const struct insn_desc desc = { .name = "late", .length = 4, .branch = INSN_COND };
static struct arena arena;
static struct exec_backend *interp, *jit;
static struct rig *a, *b;

static void setup(void)
{
    struct exec_options o = { .code_bytes = 2 << 20, .region_threshold = UINT32_MAX };
    struct err e;
    arena_init(&arena, 0);
    ck_assert_int_eq(exec_interp.create(&interp, NULL, NULL, &e), 0);
    ck_assert_msg(exec_x86_64.create(&jit, NULL, &o, &e) == 0, "%s", e.text);
    a = rig_create(0);
    b = rig_create(0);
}

static void teardown(void)
{
    rig_destroy(a);
    rig_destroy(b);
    exec_interp.destroy(interp);
    exec_x86_64.destroy(jit);
    arena_destroy(&arena);
}

/* ---- units ---- */

static void insn(struct ir_unit *u)
{
    const struct insn_regs none = INSN_NO_REGS;
    struct ir_block *blk = &u->blocks[u->n_blocks - 1];
    uint32_t n = u->n_insns - blk->first_insn;
    ir_begin_insn(u, blk->start + 4 * (int32_t)n, 4, &desc, &none);
    u->insns[u->n_insns - 1].cost_before = n;
}

static void end(struct ir_unit *u)
{
    struct ir_block *blk = &u->blocks[u->n_blocks - 1];
    uint32_t n = u->n_insns - blk->first_insn;
    ir_end_block(u, 4 * n);
    blk->cost = n;
}

/* What may fault: at the address in AT, which the case chooses. */
static void touch(struct ir_unit *u)
{
    insn(u);
    ir_put(u, X + 6, ir_load(u, IR_I64, ir_get(u, AT), 0, ir_memop(8, 0)));
}

static void put_sum(struct ir_unit *u, unsigned slot, unsigned from, uint64_t n)
{
    insn(u);
    ir_put(u, slot, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, from), n));
}

/* The page 4 GiB above the first has the entry for loads that both share. */
static bool mapped_above;
static void map_above(struct rig *r)
{
    va_t page = RIG_BASE | 1ull << 32;
    r->set->load[page >> MEM_PAGE_SHIFT & (MMU_WAYS - 1)] =
        (struct mmu_entry){ .tag = page, .addend = (uint64_t)(uintptr_t)r->ram.host - page };
}

typedef void make_fn(struct ir_unit *u);

/* Both ways of running what `make` makes, with AT = va; why the code generator's left. The results are in *b. */
static enum exec_leave run(make_fn *make, enum ir_fp_rule rule, va_t va, int64_t budget, bool optimized)
{
    struct ir_unit *u;
    struct err e;
    struct rig *rigs[2] = { a, b };
    arena_reset(&arena);
    exec_x86_64.flush(jit);
    ck_assert_int_eq(ir_unit_create(&u, &arena, rig_guest(rule), 0, &e), 0);
    make(u);
    ir_chain(u);
    ck_assert_int_eq(ir_finish(u, &e), 0);
    if (optimized)
        ir_optimize(u);
    ck_assert_msg(ir_verify(u, &e) == 0, "%s", e.text);
    ir_count_uses(u);
    for (unsigned k = 0; k < 2; k++) {
        rig_reset(rigs[k], 7);
        for (unsigned i = 0; i < 7; i++)
            rigs[k]->x[i] = 100 * (i + 1);
        rigs[k]->x[7] = va;
        if (mapped_above)
            map_above(rigs[k]);
    }
    enum exec_leave why = rig_run(&exec_interp, interp, u, a, &arena, budget);
    enum exec_leave got = rig_run(&exec_x86_64, jit, u, b, &arena, budget);
    ck_assert_int_eq(got, why);
    const char *what = rig_compare(a, b);
    ck_assert_msg(what == NULL, "%s differs", what);
    return got;
}

#define WAYS 4 /* of _i: plain and slow memory, optimized or not */
static va_t fine(int i)
{
    return i & 2 ? SLOW : GOOD;
}

/* ---- one block ---- */

/* x0 waits over the load, and is dropped between two additions. */
static void twice(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    put_sum(u, X, X + 1, 1);
    put_sum(u, X, X + 1, 2);
    touch(u);
    put_sum(u, X, X + 1, 3);
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(a_fault_sees_what_waits)
{
    ck_assert_int_eq(run(twice, IR_FP_RISCV, BAD, 400, _i & 1), EXEC_LEAVE_EXIT);
    ck_assert_uint_eq(b->x[0], 202);
    ck_assert_int_eq(run(twice, IR_FP_RISCV, fine(_i), 400, _i & 1), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(b->x[0], 203);
}
END_TEST

/* Constants: one that side tables have room for, one they have not; one value for three slots. */
static void constants(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_put(u, X, ir_const(u, IR_I64, (uint64_t)-5));
    ir_put(u, X + 1, ir_const(u, IR_I64, 0x123456789abcdef0));
    ir_val_t sum = ir_add(u, IR_I64, ir_get(u, X + 4), ir_get(u, X + 5));
    ir_put(u, X + 2, sum);
    ir_put(u, X + 3, sum);
    ir_put(u, X + 4, sum);
    touch(u);
    insn(u);
    for (unsigned i = 0; i < 5; i++)
        ir_put(u, X + i, ir_const(u, IR_I64, i));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(constants_and_many_slots)
{
    static const uint64_t want[] = { (uint64_t)-5, 0x123456789abcdef0, 1100, 1100, 1100 };
    (void)run(constants, IR_FP_RISCV, BAD, 400, _i & 1);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(b->x[i], want[i]);
    (void)run(constants, IR_FP_RISCV, fine(_i), 400, _i & 1);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(b->x[i], i);
}
END_TEST

/* 32 bits that wait without being extended: with and without a sign, of one value for both. */
static void extensions(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t sum = ir_op2i(u, IR_ADD, IR_I64, ir_get(u, X + 1), 0x7fffffff80000000);
    ir_put(u, X, ir_sext(u, IR_I64, sum, 32));
    ir_put(u, X + 1, ir_zext(u, IR_I64, sum, 32));
    ir_val_t w = ir_add(u, IR_I32, ir_get(u, RIG_W), ir_const(u, IR_I32, 0x80000000));
    ir_put(u, X + 2, ir_sext(u, IR_I64, w, 32));
    ir_put(u, RIG_W + 1, w);
    touch(u);
    insn(u);
    for (unsigned i = 0; i < 3; i++)
        ir_put(u, X + i, ir_const(u, IR_I64, i));
    ir_put(u, RIG_W + 1, ir_const(u, IR_I32, 9));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(what_is_narrow_is_extended)
{
    (void)run(extensions, IR_FP_RISCV, BAD, 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 0xffffffff80000000 + 200);
    ck_assert_uint_eq(b->x[1], 0x80000000 + 200);
    ck_assert_uint_eq(b->w[1], b->w[0] + 0x80000000u);
    ck_assert_uint_eq(b->x[2], sext(b->w[1], 32));
    (void)run(extensions, IR_FP_RISCV, fine(_i), 400, _i & 1);
    ck_assert_uint_eq(b->x[2], 2);
    ck_assert_uint_eq(b->w[1], 9);
}
END_TEST

/* More values than there are registers, while some wait; numbers and vectors among them. */
static void many(struct ir_unit *u)
{
    ir_val_t v[24], sum;
    ir_begin_block(u, 0);
    insn(u);
    ir_put(u, X, ir_op2i(u, IR_XOR, IR_I64, ir_get(u, X + 1), 0x55));
    ir_put(u, F, ir_vlane(u, IR_F64, 3, ir_vop2(u, IR_VADD, 3, ir_get(u, V + 1), ir_get(u, V + 2)), 0));
    ir_put(u, V, ir_vop2(u, IR_VXOR, 0, ir_get(u, V + 1), ir_get(u, V + 2)));
    for (unsigned i = 0; i < 24; i++)
        v[i] = ir_op2i(u, IR_MUL, IR_I64, ir_get(u, X + 1 + i % 5), 3 + i);
    insn(u);
    ir_val_t loaded = ir_load(u, IR_I64, ir_get(u, AT), 0, ir_memop(8, 0));
    sum = loaded;
    for (unsigned i = 0; i < 24; i++)
        sum = ir_xor(u, IR_I64, sum, v[i]);
    ir_put(u, X + 2, sum);
    insn(u);
    ir_store(u, IR_I64, ir_get(u, AT), 8, sum, ir_memop(8, 0));
    ir_put(u, X, ir_const(u, IR_I64, 1));
    ir_put(u, F, ir_vlane(u, IR_F64, 3, ir_get(u, V + 3), 0));
    ir_put(u, V, ir_get(u, V + 3));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(registers_run_out)
{
    (void)run(many, IR_FP_RISCV, BAD, 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 200 ^ 0x55);
    ck_assert_uint_eq(b->f[0], b->v[1].d[0] + b->v[2].d[0]);
    ck_assert_uint_eq(b->v[0].d[1], b->v[1].d[1] ^ b->v[2].d[1]);
    ck_assert_uint_eq(b->x[2], 300);
    (void)run(many, IR_FP_RISCV, fine(_i), 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 1);
    ck_assert_uint_eq(b->v[0].d[1], b->v[3].d[1]);
}
END_TEST

/* The same of what is not extended: it goes on waiting in its slot, is read there, and comes back into a register. */
static void many_narrow(struct ir_unit *u)
{
    ir_val_t v[24], sum;
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t wide = ir_op2i(u, IR_ADD, IR_I64, ir_get(u, X + 1), 0x7fffffff80000000);
    ir_val_t narrow = ir_add(u, IR_I32, ir_get(u, RIG_W), ir_const(u, IR_I32, 0x80000000));
    ir_put(u, X, ir_sext(u, IR_I64, wide, 32));
    ir_put(u, X + 3, ir_zext(u, IR_I64, wide, 32));
    ir_put(u, X + 4, ir_sext(u, IR_I64, narrow, 32));
    for (unsigned i = 0; i < 24; i++)
        v[i] = ir_op2i(u, IR_MUL, IR_I64, ir_get(u, X + 1 + i % 2), 3 + i);
    insn(u);
    sum = ir_load(u, IR_I64, ir_get(u, AT), 0, ir_memop(8, 0));
    for (unsigned i = 0; i < 24; i++)
        sum = ir_xor(u, IR_I64, sum, v[i]);
    ir_put(u, X + 2, ir_sext(u, IR_I64, ir_add(u, IR_I64, sum, wide), 32));
    ir_val_t w = ir_xor(u, IR_I32, narrow, ir_trunc(u, sum));
    insn(u);
    ir_store(u, IR_I64, ir_get(u, AT), 8, sum, ir_memop(8, 0));
    insn(u);
    ir_store(u, IR_I32, ir_get(u, AT), 16, w, ir_memop(4, 0));
    for (unsigned i = 0; i < 5; i++)
        if (i != 1 && i != 2)
            ir_put(u, X + i, ir_const(u, IR_I64, i));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(registers_of_narrow_ones_run_out)
{
    (void)run(many_narrow, IR_FP_RISCV, BAD, 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 0xffffffff80000000 + 200);
    ck_assert_uint_eq(b->x[3], 0x80000000 + 200);
    ck_assert_uint_eq(b->x[4], sext(b->w[0] + 0x80000000u, 32));
    (void)run(many_narrow, IR_FP_RISCV, EDGE - 8, 400, _i & 1); /* the first store faults */
    ck_assert_uint_eq(b->x[0], 0xffffffff80000000 + 200);
    ck_assert_uint_eq(b->x[4], sext(b->w[0] + 0x80000000u, 32));
    (void)run(many_narrow, IR_FP_RISCV, fine(_i), 400, _i & 1);
    ck_assert_uint_eq(b->x[4], 4);
}
END_TEST

/*
 * A field of which both parts are in the two registers that a loop leaves for temporaries, and wanted again: there is none for
 * the result.
 */
static void field_of_many(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    for (unsigned i = 0; i < 7; i++)
        ir_put(u, X + i, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, X + i), i));
    insn(u);
    for (unsigned i = 0; i < 7; i++)
        ir_put(u, X + i, ir_op2i(u, IR_XOR, IR_I64, ir_get(u, X + i), 3 * i));
    ir_val_t part = ir_get(u, X + 15), rest = ir_op2(u, IR_MULHU, IR_I64, ir_get(u, X + 1), ir_get(u, X + 14));
    ir_val_t field = ir_deposit(u, IR_I64, rest, part, 0, 33);
    insn(u);
    ir_put(u, X + 10, field);
    ir_put(u, X + 11, rest);
    ir_put(u, X + 12, ir_xor(u, IR_I64, part, ir_get(u, X + 2)));
    ir_branch(u, ir_get(u, X + 3), 0, 0x200);
    end(u);
}

START_TEST(registers_for_results_run_out)
{
    (void)run(field_of_many, IR_FP_RISCV, GOOD, 1, _i & 1);
    uint64_t low = ((uint64_t)1 << 33) - 1;
    ck_assert_uint_eq(b->x[10], (b->x[11] & ~low) | (b->x[15] & low));
}
END_TEST

/* A value of 32 bits whose extension needs no instruction, but a slot of 32 bits, which has its neighbour above. */
static void many_words(struct ir_unit *u)
{
    ir_val_t v[24], sum;
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t narrow = ir_add(u, IR_I32, ir_get(u, RIG_W), ir_const(u, IR_I32, 5));
    ir_val_t other = ir_add(u, IR_I32, ir_get(u, RIG_W), ir_const(u, IR_I32, 6));
    ir_put(u, RIG_W + 1, narrow);
    ir_put(u, RIG_W + 2, other);
    for (unsigned i = 0; i < 24; i++)
        v[i] = ir_op2i(u, IR_MUL, IR_I64, ir_get(u, X + 1 + i % 2), 3 + i);
    sum = ir_get(u, X);
    for (unsigned i = 0; i < 24; i++)
        sum = ir_xor(u, IR_I64, sum, v[i]);
    ir_put(u, X + 2, ir_add(u, IR_I64, sum, ir_zext(u, IR_I64, narrow, 32)));
    ir_put(u, X + 3, ir_add(u, IR_I64, sum, ir_zext(u, IR_I64, other, 32)));
    touch(u);
    insn(u);
    ir_put(u, RIG_W + 2, ir_const(u, IR_I32, 9));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(words_do_not_bring_their_neighbours)
{
    (void)run(many_words, IR_FP_RISCV, BAD, 400, _i & 1);
    (void)run(many_words, IR_FP_RISCV, fine(_i), 400, _i & 1);
}
END_TEST

/* Groups of accesses, each with a probe, whose addends find no register; between them all registers are wanted. */
static void groups(struct ir_unit *u)
{
    ir_val_t v[24], sum;
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t at = ir_get(u, AT);
    for (unsigned i = 0; i < 24; i++)
        v[i] = ir_op2i(u, IR_MUL, IR_I64, ir_get(u, X + 1 + i % 5), 3 + i);
    sum = ir_get(u, X + 1);
    for (unsigned j = 0; j < 3; j++) {
        for (unsigned k = 0; k < 4; k++) {
            insn(u);
            sum = ir_add(u, IR_I64, sum, ir_load(u, IR_I64, at, 512 * (int32_t)k + 8 * (int32_t)j, ir_memop(8, 0)));
        }
        for (unsigned i = 0; i < 24; i++)
            sum = ir_xor(u, IR_I64, sum, v[i]);
        insn(u);
        ir_store(u, IR_I64, at, 256 + 8 * (int32_t)j, sum, ir_memop(8, 0));
    }
    ir_put(u, X + 2, sum);
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(groups_without_registers)
{
    static const int32_t before[] = { 0, 8, 264, 520, 1032, 1040, 1544 }; /* bytes of it in the page before */
    (void)run(groups, IR_FP_RISCV, fine(_i), 400, _i & 1);
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        (void)run(groups, IR_FP_RISCV, RIG_BASE + MEM_PAGE - (va_t)before[i], 400, _i & 1);
        (void)run(groups, IR_FP_RISCV, RIG_BASE + 10 * MEM_PAGE - (va_t)before[i], 400, _i & 1);
        (void)run(groups, IR_FP_RISCV, EDGE - (va_t)before[i], 400, _i & 1);
    }
}
END_TEST

/* An array and what lies before it share a probe; its address is wanted for the last time by the first access. */
static void array_behind(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t at = ir_get(u, AT), index = ir_op2i(u, IR_AND, IR_I64, ir_get(u, X + 1), 15);
    ir_val_t sum = ir_add(u, IR_I64, at, index);
    ir_put(u, X + 2, ir_load(u, IR_I64, at, 8, ir_memop(8, 0)));
    insn(u);
    ir_put(u, X + 3, ir_load(u, IR_I64, sum, 104, ir_memop(1, 0)));
    ir_jump(u, 0x200);
    end(u);
}

/* Two elements of an array, whose address is nowhere any more: its slot was overwritten. */
static void array_gone(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t at = ir_get(u, AT), first = ir_op2i(u, IR_AND, IR_I64, ir_get(u, X + 1), 15);
    ir_val_t second = ir_op2i(u, IR_AND, IR_I64, ir_get(u, X + 2), 31);
    first = ir_add(u, IR_I64, at, first);
    second = ir_add(u, IR_I64, at, second);
    ir_put(u, AT, ir_op2i(u, IR_ADD, IR_I64, at, 3 * MEM_PAGE));
    insn(u);
    ir_put(u, X + 3, ir_load(u, IR_I64, first, 0, ir_memop(8, 0)));
    insn(u);
    ir_put(u, X + 4, ir_load(u, IR_I64, second, 16, ir_memop(8, 0)));
    ir_jump(u, 0x200);
    end(u);
}

/* Addresses of 32 bits: what lies above in the array's is none of theirs, whatever is mapped there. */
static void array_of_words(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t at = ir_get(u, AT), first = ir_op2i(u, IR_AND, IR_I64, ir_get(u, X + 1), 15);
    ir_val_t second = ir_op2i(u, IR_AND, IR_I64, ir_get(u, X + 2), 31);
    first = ir_zext(u, IR_I64, ir_add(u, IR_I64, at, first), 32);
    second = ir_zext(u, IR_I64, ir_add(u, IR_I64, at, second), 32);
    ir_put(u, X + 3, ir_load(u, IR_I64, first, 0, ir_memop(8, 0)));
    insn(u);
    ir_put(u, X + 4, ir_load(u, IR_I64, second, 16, ir_memop(8, 0)));
    insn(u);
    ir_put(u, X + 5, at);
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(arrays_of_narrow_addresses)
{
    mapped_above = true;
    (void)run(array_of_words, IR_FP_RISCV, GOOD | 1ull << 32, 400, _i & 1);
    mapped_above = false;
    (void)run(array_of_words, IR_FP_RISCV, fine(_i), 400, _i & 1);
}
END_TEST

START_TEST(arrays_share_probes)
{
    static make_fn *const units[] = { array_behind, array_gone };
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        (void)run(units[i], IR_FP_RISCV, fine(_i), 400, _i & 1);
        for (unsigned before = 0; before < 140; before += 7) {
            (void)run(units[i], IR_FP_RISCV, RIG_BASE + MEM_PAGE - before, 400, _i & 1);
            (void)run(units[i], IR_FP_RISCV, RIG_BASE + 10 * MEM_PAGE - before, 400, _i & 1);
            (void)run(units[i], IR_FP_RISCV, EDGE - before, 400, _i & 1);
        }
    }
}
END_TEST

/* A sum of 32 bits whose extension is wanted, too. Of that only the low half is read by logic, a field's rest, a mask. */
static void sum_of_words(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t high = ir_op2i(u, IR_SHL, IR_I64, ir_get(u, X + 1), 40);
    ir_val_t sum = ir_add(u, IR_I32, ir_trunc(u, ir_get(u, X + 2)), ir_const(u, IR_I32, 0x80000003));
    ir_val_t wide = ir_sext(u, IR_I64, sum, 32);
    ir_put(u, X, wide);
    insn(u);
    ir_val_t mixed = ir_xor(u, IR_I64, wide, ir_op2i(u, IR_OR, IR_I64, high, 0x10000003));
    ir_put(u, X + 3, ir_sext(u, IR_I64, ir_trunc(u, mixed), 32));
    insn(u);
    ir_val_t rest = ir_deposit(u, IR_I64, wide, ir_const(u, IR_I64, 0), 0, 2);
    ir_put(u, X + 4, ir_zext(u, IR_I64, ir_trunc(u, rest), 32));
    insn(u);
    ir_put(u, X + 5, ir_op2i(u, IR_AND, IR_I64, wide, 0x80000007));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(low_halves_are_read_unextended)
{
    (void)run(sum_of_words, IR_FP_RISCV, GOOD, 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 0xffffffff8000012f);
    ck_assert_uint_eq(b->x[3], 0xffffffff9000012c);
    ck_assert_uint_eq(b->x[4], 0x8000012c);
    ck_assert_uint_eq(b->x[5], 0x80000007);
}
END_TEST

/* AND of 64 bits whose low half alone is compared with 0: what is above is nobody's, and bit 31 is no sign. */
static ir_val_t low_half(struct ir_unit *u, uint64_t m, uint64_t n)
{
    for (unsigned k = 0; k < 2; k++) {
        ir_val_t high = ir_op2i(u, IR_SHL, IR_I64, ir_get(u, X + 1 + k), 40);
        ir_put(u, X + 5 + k, ir_op2i(u, IR_OR, IR_I64, high, k ? n : m)); /* all of it is somebody's */
    }
    return ir_zext(u, IR_I64, ir_and(u, IR_I64, ir_get(u, X + 5), ir_get(u, X + 6)), 32);
}

static void low_half_compared(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t zero = ir_const(u, IR_I64, 0);
    ir_put(u, X + 3, ir_setcc(u, IR_I64, IR_EQ, low_half(u, 1, 2), zero));
    insn(u);
    ir_put(u, X + 4, ir_setcc(u, IR_I64, IR_LTS, low_half(u, 0x80000001, 0x80000002), zero));
    insn(u);
    ir_branch(u, ir_setcc(u, IR_I64, IR_EQ, low_half(u, 4, 3), zero), 0x200, 0x300);
    end(u);
}

START_TEST(low_halves_are_compared)
{
    ck_assert_int_eq(run(low_half_compared, IR_FP_RISCV, fine(_i), 400, _i & 1), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(b->x[3], 1);
    ck_assert_uint_eq(b->x[4], 0);
    ck_assert_uint_eq(b->cpu.pc % MEM_PAGE, 0x200);
}
END_TEST

/* Bytes with their signs in 32 bits, which are none in 64: -1 is neither less than 0 there nor -1. */
static void signed_bytes(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_val_t zero = ir_const(u, IR_I64, 0), minus = ir_const(u, IR_I64, ~0ull);
    for (unsigned k = 0; k < 3; k++) {
        ir_val_t any = ir_op2i(u, IR_OR, IR_I64, ir_get(u, X + k), 0xff); /* 255 of it */
        ir_val_t byte = ir_sext(u, IR_I32, ir_trunc(u, any), 8);
        ir_val_t v = ir_zext(u, IR_I64, byte, 32);
        insn(u);
        ir_put(u, X + 3 + k, ir_setcc(u, IR_I64, k == 0 ? IR_LTS : k == 1 ? IR_EQ : IR_GTS, v, k == 1 ? minus : zero));
    }
    insn(u);
    ir_val_t other = ir_sext(u, IR_I64, ir_get(u, X + 2), 8);
    ir_val_t word = ir_zext(u, IR_I64, ir_sext(u, IR_I32, ir_trunc(u, ir_get(u, X + 1)), 16), 32);
    ir_put(u, X + 6, ir_setcc(u, IR_I64, IR_GES, word, ir_sext(u, IR_I64, other, 16)));
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(bytes_are_compared_at_their_width)
{
    (void)run(signed_bytes, IR_FP_RISCV, fine(_i), 400, _i & 1);
    ck_assert_uint_eq(b->x[3], 0);
    ck_assert_uint_eq(b->x[4], 0);
    ck_assert_uint_eq(b->x[5], 1);
}
END_TEST

/* A helper that reads slots is told everything. */
static void calls(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    put_sum(u, X, X + 1, 1);
    insn(u);
    ir_put(u, X + 3, ir_call(u, IR_I64, RIG_READS, ir_get(u, X + 1), IR_NONE, IR_NONE, IR_NONE));
    put_sum(u, X, X + 1, 5);
    touch(u);
    put_sum(u, X, X + 1, 9);
    ir_jump(u, 0x200);
    end(u);
}

START_TEST(helpers_see_what_waits)
{
    (void)run(calls, IR_FP_RISCV, BAD, 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 205);
    (void)run(calls, IR_FP_RISCV, fine(_i), 400, _i & 1);
    ck_assert_uint_eq(b->x[0], 209);
}
END_TEST

/* ---- chains: the second block is entered from the first one alone ---- */

static void chain(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    put_sum(u, X, X + 1, 1);
    put_sum(u, X + 2, X + 1, 7);
    insn(u);
    ir_branch(u, ir_get(u, X + 5), 0x80, 0x200);
    end(u);
    ir_begin_block(u, 0x80);
    touch(u);
    put_sum(u, X, X + 1, 2);
    insn(u);
    ir_put(u, X + 2, ir_const(u, IR_I64, 0));
    ir_jump(u, 0x300);
    end(u);
}

static void chain_out(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    put_sum(u, X, X + 1, 1);
    put_sum(u, X + 2, X + 1, 7);
    insn(u);
    ir_branch(u, ir_setcc(u, IR_I64, IR_EQ, ir_get(u, X + 5), ir_const(u, IR_I64, 0)), 0x80, 0x200);
    end(u);
    ir_begin_block(u, 0x80);
    put_sum(u, X, X + 1, 2);
    insn(u);
    ir_put(u, X + 2, ir_const(u, IR_I64, 0));
    ir_jump(u, 0x300);
    end(u);
}

START_TEST(ways_out_of_a_chain_store)
{
    /* to its end; by a fault in the second block; by the budget between the two; by the branch */
    ck_assert_int_eq(run(chain, IR_FP_RISCV, fine(_i), 400, _i & 1), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(b->x[0], 202);
    ck_assert_uint_eq(b->x[2], 0);
    ck_assert_int_eq(run(chain, IR_FP_RISCV, BAD, 400, _i & 1), EXEC_LEAVE_EXIT);
    ck_assert_uint_eq(b->x[0], 201);
    ck_assert_uint_eq(b->x[2], 207);
    ck_assert_int_eq(run(chain, IR_FP_RISCV, fine(_i), 2, _i & 1), EXEC_LEAVE_BUDGET);
    ck_assert_uint_eq(b->x[0], 201);
    ck_assert_uint_eq(b->x[2], 207);
    ck_assert_int_eq(run(chain_out, IR_FP_RISCV, fine(_i), 400, _i & 1), EXEC_LEAVE_EDGE);
    ck_assert_uint_eq(b->x[0], 201);
    ck_assert_uint_eq(b->x[2], 207);
}
END_TEST

/* ---- slots of ir_guest.late (here x4 and on) wait beyond the end, where the next block writes them first ---- */

static void late_slots(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    put_sum(u, X + 4, X + 1, 1);
    put_sum(u, X + 5, X + 1, 2); /* which the other block reads */
    insn(u);
    ir_branch(u, ir_get(u, X + 2), 0x80, 0x200);
    end(u);
    ir_begin_block(u, 0x80);
    put_sum(u, X + 4, X + 5, 10);
    put_sum(u, X + 2, X + 2, (uint64_t)-100);
    insn(u);
    ir_jump(u, 0); /* round again: no chain */
    end(u);
}

START_TEST(late_slots_are_seen_by_who_leaves)
{
    (void)run(late_slots, IR_FP_X86, GOOD, 400, _i & 1); /* three rounds */
    ck_assert_uint_eq(b->x[4], 201);
    ck_assert_uint_eq(b->x[5], 202);
    ck_assert_uint_eq(b->x[2], 0);
    for (int64_t budget = 1; budget < 20; budget++) /* wherever it is cut */
        (void)run(late_slots, IR_FP_X86, GOOD, budget, _i & 1);
}
END_TEST

/*
 * What all ways to a block leave in late slots (ir_carry): x4 a constant, x5 what x0 has, too; x6 another constant on each way.
 * The loop reads further in each round, and faults.
 */
static void carried(struct ir_unit *u)
{
    ir_begin_block(u, 0);
    insn(u);
    ir_put(u, X + 4, ir_const(u, IR_I64, 7));
    ir_put(u, X + 5, ir_get(u, X));
    ir_put(u, X + 6, ir_const(u, IR_I64, 1));
    ir_put(u, X + 3, ir_get(u, AT));
    insn(u);
    ir_jump(u, 0x80);
    end(u);
    ir_begin_block(u, 0x80);
    insn(u);
    ir_put(u, X + 1, ir_load(u, IR_I64, ir_get(u, X + 3), 0, ir_memop(8, 0)));
    put_sum(u, X, X, 1);
    insn(u);
    ir_put(u, X + 1, ir_load(u, IR_I64, ir_get(u, X + 3), 8, ir_memop(8, 0)));
    put_sum(u, X + 3, X + 3, 16);
    insn(u);
    ir_put(u, X + 4, ir_const(u, IR_I64, 7));
    ir_put(u, X + 5, ir_get(u, X));
    ir_put(u, X + 6, ir_const(u, IR_I64, 2));
    put_sum(u, X + 2, X + 2, (uint64_t)-100);
    insn(u);
    ir_branch(u, ir_get(u, X + 2), 0x80, 0x200);
    end(u);
}

START_TEST(late_slots_are_carried_over_edges)
{
    for (unsigned loads = 0; loads <= 6; loads++) { /* so many are done; then one faults, or all three rounds are */
        enum exec_leave why = run(carried, IR_FP_X86, EDGE - 8 * (va_t)loads, 400, _i & 1);
        ck_assert_int_eq(why, loads < 6 ? EXEC_LEAVE_EXIT : EXEC_LEAVE_EDGE);
        ck_assert_uint_eq(b->x[4], 7);
        ck_assert_uint_eq(b->x[5], 100 + loads / 2);
        ck_assert_uint_eq(b->x[6], loads < 2 ? 1 : 2);
        for (int64_t budget = 1; budget < 24; budget++)
            (void)run(carried, IR_FP_X86, EDGE - 8 * (va_t)loads, budget, _i & 1);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.late");
    TCase *t = tcase_create("late");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_fault_sees_what_waits, 0, WAYS);
    tcase_add_loop_test(t, constants_and_many_slots, 0, WAYS);
    tcase_add_loop_test(t, what_is_narrow_is_extended, 0, WAYS);
    tcase_add_loop_test(t, registers_run_out, 0, WAYS);
    tcase_add_loop_test(t, registers_of_narrow_ones_run_out, 0, WAYS);
    tcase_add_loop_test(t, registers_for_results_run_out, 0, 2);
    tcase_add_loop_test(t, words_do_not_bring_their_neighbours, 0, WAYS);
    tcase_add_loop_test(t, groups_without_registers, 0, WAYS);
    tcase_add_loop_test(t, arrays_share_probes, 0, WAYS);
    tcase_add_loop_test(t, arrays_of_narrow_addresses, 0, WAYS);
    tcase_add_loop_test(t, low_halves_are_read_unextended, 0, 2);
    tcase_add_loop_test(t, low_halves_are_compared, 0, WAYS);
    tcase_add_loop_test(t, bytes_are_compared_at_their_width, 0, WAYS);
    tcase_add_loop_test(t, helpers_see_what_waits, 0, WAYS);
    tcase_add_loop_test(t, ways_out_of_a_chain_store, 0, WAYS);
    tcase_add_loop_test(t, late_slots_are_seen_by_who_leaves, 0, 2);
    tcase_add_loop_test(t, late_slots_are_carried_over_edges, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core.exec.late");
}

#endif
