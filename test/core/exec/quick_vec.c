/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of the first tier (core/exec/x86_64/quick_vec.c): random blocks of what it does run as the interpreter runs them.
 * RANDOM_IR_UNITS: how many; RANDOM_IR_FIRST: seed of the first.
 */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include "test/core/exec/no_cpus.h"
#include "test/core/exec/setting.h"

#if defined(__x86_64__)

static const struct {
    uint8_t op, lanes; /* lanes: a bit for each size there is */
} pairs[] = {
    { IR_VAND, 15 }, { IR_VOR, 15 }, { IR_VXOR, 15 }, { IR_VANDN, 15 }, { IR_VADD, 15 }, { IR_VSUB, 15 }, { IR_VCEQ, 7 },
    { IR_VCGTS, 7 }, { IR_VMINU, 1 }, { IR_VMAXU, 1 }, { IR_VZIP1, 15 }, { IR_VZIP2, 15 },
};

/* What was made so far, of which operands are chosen: the last few, so that some have to wait long, and most not. */
struct gen {
    struct ir_unit *u;
    uint64_t s;
    ir_val_t v[4], x[4];
};

static unsigned below(struct gen *g, unsigned n)
{
    return (unsigned)(rig_random(&g->s) >> 8) % n;
}

static void keep_v(struct gen *g, ir_val_t v)
{
    g->v[below(g, 4)] = v;
}

static void keep_x(struct gen *g, ir_val_t x)
{
    g->x[below(g, 4)] = x;
}

static ir_val_t pick_v(struct gen *g)
{
    return below(g, 3) ? g->v[below(g, 4)] : ir_get(g->u, RIG_V + below(g, RIG_N_V));
}

static ir_val_t pick_x(struct gen *g)
{
    return below(g, 3) ? g->x[below(g, 4)] : ir_get(g->u, RIG_X + below(g, RIG_N_X - 1));
}

static void make_vector(struct gen *g)
{
    struct ir_unit *u = g->u;
    unsigned lane = below(g, 4), n = below(g, 16u >> lane), k = below(g, ARRAY_LEN(pairs));
    switch (below(g, 8)) {
    case 0: keep_v(g, ir_vconst(u, rig_random(&g->s) >> below(g, 64), rig_random(&g->s) >> below(g, 64))); break;
    case 1: keep_v(g, ir_vop1(u, below(g, 2) ? IR_VDUP : IR_VSCALAR, lane, pick_x(g))); break;
    case 2: {
        ir_val_t v = pick_v(g);
        keep_v(g, ir_vins(u, lane, v, n, pick_x(g)));
        break;
    }
    case 3: keep_x(g, ir_vlane(u, IR_I64, lane, pick_v(g), n)); break;
    case 4: keep_x(g, ir_vtops(u, lane == 1 ? 0 : lane, pick_v(g))); break;
    default: {
        ir_val_t a = pick_v(g), b = pick_v(g);
        while (!(pairs[k].lanes >> lane & 1))
            lane--;
        keep_v(g, ir_vop2(u, (enum ir_op)pairs[k].op, lane, a, b));
        break;
    }
    }
}

static void make_one(struct gen *g)
{
    struct ir_unit *u = g->u;
    ir_val_t base = ir_get(u, RIG_X + RIG_N_X - 1);
    switch (below(g, 10)) {
    case 0: case 1: ir_put(u, RIG_V + below(g, RIG_N_V), pick_v(g)); break;
    case 2: ir_put(u, RIG_X + below(g, RIG_N_X - 1), pick_x(g)); break;
    case 3: keep_x(g, ir_op2i(u, IR_ADD, IR_I64, pick_x(g), rig_random(&g->s) >> 40)); break;
    case 4: keep_v(g, ir_load(u, IR_V128, base, (int64_t)below(g, 300), ir_memop(16, 0))); break;
    case 5: ir_store(u, IR_V128, base, (int64_t)below(g, 300), pick_v(g), ir_memop(16, 0)); break;
    default: make_vector(g); break;
    }
}

static struct ir_unit *random_unit(struct arena *arena, uint64_t seed)
{
    static const struct insn_desc desc = { .name = "random", .length = 4, .branch = INSN_COND };
    const struct insn_regs none = INSN_NO_REGS;
    struct gen g = { .s = seed };
    struct err e;
    unsigned insns = 1 + below(&g, seed % 8 ? 6 : 30);
    ck_assert_int_eq(ir_unit_create(&g.u, arena, rig_guest(IR_FP_RISCV), 0, &e), 0);
    ir_begin_block(g.u, 0);
    for (unsigned i = 0; i < insns; i++) {
        ir_begin_insn(g.u, (int32_t)i * 4, 4, &desc, &none);
        g.u->insns[g.u->n_insns - 1].cost_before = i;
        for (unsigned k = 0; i == 0 && k < 4; k++) {
            g.v[k] = ir_get(g.u, RIG_V + k);
            g.x[k] = ir_get(g.u, RIG_X + k);
        }
        for (unsigned k = 1 + below(&g, 6); k > 0; k--)
            make_one(&g);
    }
    ir_branch(g.u, pick_x(&g), 0x200, 0x300);
    ir_end_block(g.u, 4 * insns);
    g.u->blocks[0].cost = insns;
    ck_assert_int_eq(ir_finish(g.u, &e), 0);
    ck_assert_msg(ir_verify(g.u, &e) == 0, "%s", e.text);
    return g.u;
}

START_TEST(vectors_agree_with_the_interpreter)
{
    static const uint32_t hidden[] = { 0, EXEC_HOST_AVX | EXEC_HOST_AVX2 | EXEC_HOST_AVX512 };
    struct exec_backend *interp, *jit[2];
    struct arena arena;
    struct err e;
    struct rig *a = rig_create(0), *b = rig_create(0), *rigs[2] = { a, b };
    uint64_t first = setting("RANDOM_IR_FIRST", 0), n = setting("RANDOM_IR_UNITS", 20000), done = 0;
    arena_init(&arena, 0);
    ck_assert_int_eq(exec_interp.create(&interp, NULL, NULL, &e), 0);
    for (unsigned k = 0; k < 2; k++) {
        struct exec_options o = { .code_bytes = 4 << 20, .host_features = hidden[k] };
        ck_assert_msg(exec_x86_64.create(&jit[k], NULL, &o, &e) == 0, "%s", e.text);
    }
    for (uint64_t seed = first; seed < first + n; seed++) {
        uint64_t s = seed;
        arena_reset(&arena);
        exec_x86_64.flush(jit[seed & 1]);
        struct ir_unit *u = random_unit(&arena, seed);
        va_t va = RIG_BASE + rig_random(&s) % (15 * MEM_PAGE);
        for (unsigned k = 0; k < 2; k++) {
            rig_reset(rigs[k], seed);
            rigs[k]->x[RIG_N_X - 1] = va; /* near a page's end now and then */
        }
        enum exec_leave why = rig_run(&exec_interp, interp, u, a, &arena, 400), got;
        if (!rig_run_quick(&exec_x86_64, jit[seed & 1], u, b, &arena, 400, &got))
            continue;
        done++;
        const char *what = got == why ? rig_compare(a, b) : "the reason to leave";
        if (what != NULL)
            ir_print(random_unit(&arena, seed), stderr);
        ck_assert_msg(what == NULL, "seed %lu: %s differs (leave %d, %d)", seed, what, why, got);
    }
    ck_assert_uint_ge(done, n - n / 10); /* all but what is too long */
    rig_destroy(a);
    rig_destroy(b);
    exec_interp.destroy(interp);
    exec_x86_64.destroy(jit[0]);
    exec_x86_64.destroy(jit[1]);
    arena_destroy(&arena);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.quick_vec");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 100);
    tcase_add_test(t, vectors_agree_with_the_interpreter);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core.exec.quick_vec");
}

#endif
