/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random units run the same under the interpreter and the code generator, whatever the
 * host offers. RANDOM_IR_UNITS: how many; RANDOM_IR_FIRST: seed of the first;
 * RANDOM_IR_HIDE: one mask of enum exec_host instead of all.
 */
#include "test/check_main.h"
#include "core/exec/fp.h"
#include "test/core/exec/fake_mmu.h"
#include "test/core/exec/hash_model.h"
#include "test/core/exec/no_cpus.h"
#include "test/core/exec/setting.h"

#if defined(__x86_64__)

static const uint32_t masks[] = {
    0, EXEC_HOST_BMI2, EXEC_HOST_LZCNT, EXEC_HOST_FMA, EXEC_HOST_CRYPTO,
    EXEC_HOST_AVX | EXEC_HOST_AVX2 | EXEC_HOST_BMI2 | EXEC_HOST_FMA | EXEC_HOST_AVX512 |
        EXEC_HOST_LZCNT,
    0, /* with memory that other threads share */
};
#define SHARED (ARRAY_LEN(masks) - 1)

static struct random_ir_options options_of(uint64_t seed)
{
    return (struct random_ir_options){ .rule = seed / 2 % 4 == 0   ? (enum ir_fp_rule)(seed / 8 % 4)
                                               : seed / 2 % 4 == 1 ? IR_FP_ARM
                                               : seed / 2 % 4 == 2 ? IR_FP_LOONGARCH
                                                                   : IR_FP_RISCV,
                                       .blocks = seed % 3 ? 1 : 1 + (uint32_t)(seed / 3 % 6),
                                       .insns = seed % 5 ? 6 : 32, .fp = seed % 4 != 0,
                                       .memory = seed % 7 != 0, .calls = seed % 3 != 1,
                                       .rmm = true, .vectors = seed % 4 != 0 && seed / 16 % 2 };
}

/* Regions, and more slots than registers; each second one of a guest with late slots. */
static struct random_ir_options wide_options_of(uint64_t seed)
{
    return (struct random_ir_options){ .rule = seed % 2 ? IR_FP_X86 : (enum ir_fp_rule)(seed / 2 % 4), .blocks = 1 + (uint32_t)(seed / 8 % 16),
                                       .insns = seed % 5 ? 6 : 32, .fp = seed % 16 == 3, .memory = seed % 7 != 0,
                                       .calls = seed % 3 != 1, .rmm = true, .vectors = seed % 32 == 3, .wide = true };
}

/* Chains of blocks that only compute, whose cycles are asked for ahead. */
static struct random_ir_options chain_options_of(uint64_t seed)
{
    struct random_ir_options o = wide_options_of(seed);
    o.blocks = 3 + (uint32_t)(seed / 8 % 8);
    o.chains = true;
    return o;
}

/* No thread makes pages ready. */
uint64_t exec_ask_pages(struct exec *x, void *at, size_t n, bool read)
{
    (void)x, (void)at, (void)n, (void)read;
    return 0;
}

struct pair {
    struct exec_backend *interp, *jit[ARRAY_LEN(masks)];
    struct rig *a, *b;
    struct arena arena;
    uint64_t ahead;  /* units that were left because too little was left for blocks asked for ahead */
};

static void end_pair(struct pair *p, size_t n_jit)
{
    rig_destroy(p->a);
    rig_destroy(p->b);
    exec_interp.destroy(p->interp);
    for (size_t k = 0; k < n_jit; k++)
        exec_x86_64.destroy(p->jit[k]);
    arena_destroy(&p->arena);
}

/* Once the budget is gone that is all that counts. */
static bool leaves_otherwise(const struct rig *r, enum exec_leave got, enum exec_leave why)
{
    return got != why && !(got == EXEC_LEAVE_BUDGET && r->cpu.budget <= 0);
}

typedef struct random_ir_options options_fn(uint64_t seed);

/* Rig b left where less was left than was asked for ahead. The interpreter, given what was used, ends there, too. */
static const char *differs_there(struct pair *p, const struct ir_unit *u, uint64_t seed, int64_t budget)
{
    struct cpu *a = &p->a->cpu;
    int64_t left = p->b->cpu.budget, insns_left;
    rig_reset(p->a, seed);
    insns_left = a->uniform ? left / a->uniform : 0;
    a->fp_mode = p->b->cpu.fp_mode;
    a->cycles_end -= left; /* it is as late then */
    a->insns_end -= insns_left;
    if (rig_run(&exec_interp, p->interp, u, p->a, &p->arena, budget - left) != EXEC_LEAVE_BUDGET)
        return "the reason to leave";
    a->budget += left;
    a->cycles_end += left;
    a->insns_end += insns_left;
    return rig_compare(p->a, p->b);
}

/* What differs after the unit of `seed`, or NULL. */
static const char *differs(struct pair *p, options_fn *options, uint64_t seed, uint32_t *size, bool print)
{
    struct random_ir_options o = options(seed);
    int64_t budget = o.wide && (o.chains || seed % 3 == 0) ? 1 + (int64_t)(seed / 3 % 200) : 400;
    struct exec_backend *jit = p->jit[seed % ARRAY_LEN(masks)];
    arena_reset(&p->arena);
    exec_x86_64.flush(jit);
    /* The interpreter runs it as it was drawn: passes over several blocks have no other judge. */
    struct ir_unit *u = random_ir(&p->arena, seed, &o), *plain = random_ir(&p->arena, seed, &o);
    *size = u->n_insts;
    if (print)
        ir_print(u, stderr);
    if (seed % 11 < 6)
        ir_optimize(u);
    ir_count_uses(u);
    if (print && seed % 11 < 6)
        ir_print(u, stderr);
    rig_reset(p->a, seed);
    rig_reset(p->b, seed);
    if (o.rule == IR_FP_ARM && seed / 32 % 4 == 0) { /* FPCR.FZ, DN, both */
        static const uint32_t modes[] = { FP_MODE_DAZ | FP_MODE_FTZ, FP_MODE_DN,
                                          FP_MODE_DAZ | FP_MODE_FTZ | FP_MODE_DN };
        p->a->cpu.fp_mode |= modes[seed / 128 % 3];
        p->b->cpu.fp_mode = p->a->cpu.fp_mode;
    }
    struct hash_model m[2] = { HASH_MODEL, HASH_MODEL };
    if (seed % 4 == 1) {
        plain->hooks = u->hooks = 1 + seed / 4 % 7; /* TM_FETCH, TM_DATA, TM_BRANCH */
        p->a->cpu.tm = &m[0].tm;
        p->b->cpu.tm = &m[1].tm;
    }
    enum exec_leave why = rig_run(&exec_interp, p->interp, plain, p->a, &p->arena, budget);
    /* A block that loops to itself stays inside in translated code. */
    const struct exec_edge *edge = p->a->exec.edge;
    while (why == EXEC_LEAVE_EDGE && u->n_blocks == 1 && edge->target == edge->from->start) {
        why = exec_interp.run(p->interp, &p->a->cpu, edge->from);
        edge = p->a->exec.edge;
    }
    enum exec_leave got = rig_run(&exec_x86_64, jit, u, p->b, &p->arena, budget);
    const char *what = leaves_otherwise(p->b, got, why) ? "the reason to leave" : rig_compare(p->a, p->b);
    if (what != NULL && got == EXEC_LEAVE_LOOKUP && p->b->cpu.budget > 0 && o.chains && u->hooks == 0) {
        p->ahead++;
        what = differs_there(p, plain, seed, budget);
    }
    if (what != NULL)
        return what;
    return m[0].hash == m[1].hash ? NULL : "what the timing model saw";
}

/* `x`: a run loop, that is one that finds blocks where translated code leaves; or NULL. */
static void check_units(options_fn *options, uint64_t units, struct exec *x)
{
    struct pair p = { .ahead = 0 };
    struct err e;
    uint64_t first = setting("RANDOM_IR_FIRST", 0), n = setting("RANDOM_IR_UNITS", units);
    arena_init(&p.arena, 0);
    ck_assert_int_eq(exec_interp.create(&p.interp, NULL, NULL, &e), 0);
    for (size_t k = 0; k < ARRAY_LEN(masks); k++) {
        struct exec_options o = { .code_bytes = 32 << 20, .region_threshold = UINT32_MAX, .parallel = k == SHARED,
                                  .optimize_threshold = k == SHARED ? UINT32_MAX : 0,
                                  .host_features = (uint32_t)setting("RANDOM_IR_HIDE", masks[k]),
                                  .dump = n == 1 ? EXEC_DUMP_ASM : 0 };
        ck_assert_msg(exec_x86_64.create(&p.jit[k], x, &o, &e) == 0, "%s", e.text);
    }
    p.a = rig_create(0);
    p.b = rig_create(0);
    uint64_t worst = 0, failed = 0; /* the smallest unit that differs is shown */
    uint32_t size, least = UINT32_MAX;
    for (uint64_t seed = first; seed < first + n; seed++) {
        if (!differs(&p, options, seed, &size, false))
            continue;
        failed++;
        if (size < least) {
            least = size;
            worst = seed;
        }
    }
    if (failed)
        ck_abort_msg("%lu of %lu units; seed %lu: %s differs", failed, n, worst,
                     differs(&p, options, worst, &size, true));
    ck_assert(x == NULL || n < 1000 || p.ahead > n / 1000);
    end_pair(&p, ARRAY_LEN(masks));
}

START_TEST(random_units_agree_with_the_interpreter)
{
    check_units(options_of, 20000, NULL);
}
END_TEST

START_TEST(random_regions_agree_with_the_interpreter)
{
    check_units(wide_options_of, 6000, NULL);
}
END_TEST

START_TEST(random_chains_agree_with_the_interpreter)
{
    char nobody; /* who is asked for nothing but what is above */
    check_units(chain_options_of, 6000, (struct exec *)(void *)&nobody);
}
END_TEST

/* NULL: no difference, or the first tier does not do the unit (*done). */
static const char *quick_differs(struct pair *p, uint64_t seed, bool print, uint32_t *size, uint64_t *done)
{
    struct random_ir_options o = { .rule = (enum ir_fp_rule)(seed % 4), .blocks = 1, .insns = seed % 5 ? 6 : 32,
                                   .memory = seed % 3 != 0, .calls = seed % 2 != 0, .simple = true };
    struct exec_backend *jit = p->jit[seed % ARRAY_LEN(masks)];
    arena_reset(&p->arena);
    exec_x86_64.flush(jit);
    struct ir_unit *u = random_ir(&p->arena, seed, &o);
    if (print)
        ir_print(u, stderr);
    *size = u->n_insts;
    rig_reset(p->a, seed);
    rig_reset(p->b, seed);
    enum exec_leave why = rig_run(&exec_interp, p->interp, u, p->a, &p->arena, 400), got;
    if (!rig_run_quick(&exec_x86_64, jit, u, p->b, &p->arena, 400, &got))
        return NULL;
    ++*done;
    return leaves_otherwise(p->b, got, why) ? "the reason to leave" : rig_compare(p->a, p->b);
}

START_TEST(first_tier_agrees_with_the_interpreter)
{
    struct pair p;
    struct err e;
    uint64_t first = setting("RANDOM_IR_FIRST", 0), n = setting("RANDOM_IR_UNITS", 20000), done = 0;
    uint64_t worst = 0, failed = 0;
    uint32_t size, least = UINT32_MAX;
    arena_init(&p.arena, 0);
    ck_assert_int_eq(exec_interp.create(&p.interp, NULL, NULL, &e), 0);
    for (size_t k = 0; k < ARRAY_LEN(masks); k++) {
        struct exec_options o = { .code_bytes = 4 << 20, .host_features = masks[k],
                                  .dump = n == 1 ? EXEC_DUMP_ASM : 0 };
        ck_assert_msg(exec_x86_64.create(&p.jit[k], NULL, &o, &e) == 0, "%s", e.text);
    }
    p.a = rig_create(0);
    p.b = rig_create(0);
    for (uint64_t seed = first; seed < first + n; seed++) {
        if (!quick_differs(&p, seed, false, &size, &done))
            continue;
        failed++;
        if (size < least) {
            least = size;
            worst = seed;
        }
    }
    if (failed)
        ck_abort_msg("%lu of %lu units; seed %lu: %s differs", failed, n, worst,
                     quick_differs(&p, worst, true, &size, &done));
    ck_assert_uint_ge(done, n == 1 ? 0 : n / 4);
    end_pair(&p, ARRAY_LEN(masks));
}
END_TEST

/*
 * Loops over memory: pointers that stand still or move by constants through pages that hit,
 * miss, refuse stores and fault, so that page registers and shared probes are refilled and
 * forgotten in every way.
 */
static struct ir_unit *walk(struct arena *arena, uint64_t seed)
{
    static const struct insn_desc desc = { .name = "walk", .length = 4, .branch = INSN_COND };
    static const struct insn_regs none;
    struct ir_unit *u;
    struct err e;
    uint64_t s = seed;
    ck_assert_int_eq(ir_unit_create(&u, arena, rig_guest(IR_FP_RISCV), 0, &e), 0);
    ir_begin_block(u, 0);
    unsigned n = 2 + (unsigned)(rig_random(&s) % 8);
    for (unsigned i = 0; i < n; i++) {
        uint64_t r = rig_random(&s);
        unsigned base = RIG_X + 1 + (unsigned)(r >> 8) % 3, size = 1u << (r >> 16) % 4;
        int64_t disp = (int64_t)(r >> 24) % 64 - ((r & 64) ? 32 : 0);
        uint16_t memop = ir_memop(size, (r & 128) && size > 1 ? IR_MEM_ALIGNED : 0);
        ir_begin_insn(u, (int32_t)(4 * i), 4, &desc, &none);
        u->insns[u->n_insns - 1].cost_before = i;
        if (r % 8 == 0 && (r & 0x1000))
            ir_put(u, RIG_X + 4, ir_call(u, IR_I64, RIG_READS, ir_get(u, base), IR_NONE, IR_NONE,
                                         IR_NONE));
        else if (r % 8 < 3)
            ir_put(u, base, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, base),
                                    (rig_random(&s) % 129 - 64) & ~7ull));
        else if (r % 8 < 6)
            ir_put(u, RIG_X, ir_add(u, IR_I64, ir_get(u, RIG_X),
                                    ir_load(u, IR_I64, ir_get(u, base), disp, memop)));
        else
            ir_store(u, IR_I64, ir_get(u, base), disp, ir_get(u, RIG_X), memop);
    }
    ir_branch(u, ir_get(u, RIG_X + 5), 0, 0x100);
    ir_end_block(u, 4 * n);
    u->blocks[0].length = 4 * n;
    u->blocks[0].cost = n;
    return u;
}

START_TEST(loops_over_memory_agree_with_the_interpreter)
{
    struct pair p;
    struct err e;
    uint64_t first = setting("RANDOM_IR_FIRST", 0), n = setting("RANDOM_IR_UNITS", 20000);
    struct exec_options o = { .code_bytes = 4 << 20, .region_threshold = UINT32_MAX,
                              .dump = n == 1 ? EXEC_DUMP_ASM : 0 };
    arena_init(&p.arena, 0);
    ck_assert_int_eq(exec_interp.create(&p.interp, NULL, NULL, &e), 0);
    ck_assert_msg(exec_x86_64.create(&p.jit[0], NULL, &o, &e) == 0, "%s", e.text);
    p.a = rig_create(0);
    p.b = rig_create(0);
    for (uint64_t seed = first; seed < first + n; seed++) {
        arena_reset(&p.arena);
        exec_x86_64.flush(p.jit[0]);
        struct ir_unit *u = walk(&p.arena, seed);
        ir_optimize(u);
        ir_count_uses(u);
        struct rig *rigs[2] = { p.a, p.b };
        for (unsigned k = 0; k < 2; k++) {
            uint64_t s = seed;
            rig_reset(rigs[k], seed);
            for (unsigned i = 1; i < 4; i++)
                rigs[k]->x[i] = RIG_BASE + rig_random(&s) % (15 * MEM_PAGE);
            rigs[k]->x[5] = 1;
        }
        enum exec_leave why = rig_run(&exec_interp, p.interp, u, p.a, &p.arena, 2000);
        const struct exec_edge *edge = p.a->exec.edge;
        while (why == EXEC_LEAVE_EDGE && edge->target == 0) {
            why = exec_interp.run(p.interp, &p.a->cpu, edge->from);
            edge = p.a->exec.edge;
        }
        enum exec_leave got = rig_run(&exec_x86_64, p.jit[0], u, p.b, &p.arena, 2000);
        const char *what = got == why ? rig_compare(p.a, p.b) : "the reason to leave";
        if (what)
            ir_print(u, stderr);
        ck_assert_msg(!what, "seed %lu: %s differs (leave %d, %d)", seed, what, why, got);
    }
    end_pair(&p, 1);
}
END_TEST

/*
 * A list through two pages, whose addends differ: each guess is wrong, until the unit guesses no more, in the middle of a loop.
 * The links are in memory at RIG_BASE and one page on, and lead to each other: addresses that were loaded (0) or are products (1).
 */
START_TEST(wrong_guesses_are_given_up)
{
    static const struct insn_desc desc = { .name = "list", .length = 4, .branch = INSN_COND };
    static const struct insn_regs none;
    struct exec_options o = { .code_bytes = 4 << 20, .region_threshold = UINT32_MAX };
    struct ir_unit *u;
    struct pair p;
    struct err e;
    arena_init(&p.arena, 0);
    ck_assert_int_eq(exec_interp.create(&p.interp, NULL, NULL, &e), 0);
    ck_assert_msg(exec_x86_64.create(&p.jit[0], NULL, &o, &e) == 0, "%s", e.text);
    p.a = rig_create(1);
    p.b = rig_create(1);
    ck_assert_int_eq(ir_unit_create(&u, &p.arena, rig_guest(IR_FP_RISCV), 0, &e), 0);
    ir_begin_block(u, 0);
    for (int32_t i = 0; i < 3; i++) { /* three places that guess */
        ir_begin_insn(u, 4 * i, 4, &desc, &none);
        ir_val_t at = ir_get(u, RIG_X);
        if (_i)
            at = ir_op2(u, IR_MUL, IR_I64, at, ir_get(u, RIG_X + 5));
        ir_put(u, RIG_X, ir_load(u, IR_I64, at, 8 * i, ir_memop(8, 0)));
        ir_put(u, RIG_X + 1, ir_op2i(u, IR_ADD, IR_I64, ir_get(u, RIG_X + 1), 1));
    }
    ir_branch(u, ir_get(u, RIG_X + 5), 0, 0x100);
    ir_end_block(u, 12);
    u->blocks[0].cost = 3;
    ir_optimize(u);
    ir_count_uses(u);
    struct rig *rigs[2] = { p.a, p.b };
    for (unsigned k = 0; k < 2; k++) {
        struct rig *r = rigs[k];
        r->x[0] = RIG_BASE;
        r->x[1] = 0;
        r->x[5] = 1;
        r->cpu.cycles_end = 1000000;
        for (unsigned i = 0; i < 4; i++)
            for (unsigned page = 0; page < 2; page++)
                rig_write(&r->cpu, RIG_BASE + page * MEM_PAGE + 8 * i, 8, RIG_BASE + (1 - page) * MEM_PAGE);
    }
    enum exec_leave why = rig_run(&exec_interp, p.interp, u, p.a, &p.arena, 30000);
    for (const struct exec_edge *edge; why == EXEC_LEAVE_EDGE;) {
        edge = p.a->exec.edge;
        why = exec_interp.run(p.interp, &p.a->cpu, edge->from);
    }
    ck_assert_int_eq(rig_run(&exec_x86_64, p.jit[0], u, p.b, &p.arena, 30000), why);
    ck_assert_uint_eq(p.b->x[1], 30000);
    const char *what = rig_compare(p.a, p.b);
    ck_assert_msg(what == NULL, "%s differs", what);
    end_pair(&p, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/exec/x86_64");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 100);
    tcase_add_test(t, random_units_agree_with_the_interpreter);
    tcase_add_test(t, random_regions_agree_with_the_interpreter);
    tcase_add_test(t, random_chains_agree_with_the_interpreter);
    tcase_add_test(t, first_tier_agrees_with_the_interpreter);
    tcase_add_test(t, loops_over_memory_agree_with_the_interpreter);
    tcase_add_loop_test(t, wrong_guesses_are_given_up, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core/exec/x86_64 (another host)");
}

#endif
