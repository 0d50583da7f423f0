/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of 256 bits: what is done to both halves runs as pairs of v128 in the interpreter, and in the code generator as
 * ir_widen joins it. RANDOM_IR_UNITS: how many units; RANDOM_IR_FIRST: seed of the first.
 */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include "test/core/exec/hash_model.h"
#include "test/core/exec/no_cpus.h"
#include "test/core/exec/setting.h"

#if defined(__x86_64__)

enum { BASE = RIG_X + 7, COUNT = RIG_X + 1 }; /* address of memory; turns of the loop that are left */

static const struct {
    uint8_t op, lanes; /* lanes: a bit for each size there is */
} pairs[] = {
    { IR_VAND, 15 }, { IR_VOR, 15 }, { IR_VXOR, 15 }, { IR_VANDN, 15 }, { IR_VADD, 15 }, { IR_VSUB, 15 }, { IR_VMUL, 6 },
    { IR_VMINS, 7 }, { IR_VMAXS, 7 }, { IR_VMINU, 7 }, { IR_VMAXU, 7 }, { IR_VADDSS, 3 }, { IR_VADDUS, 3 }, { IR_VSUBSS, 3 },
    { IR_VSUBUS, 3 }, { IR_VZIP1, 15 }, { IR_VZIP2, 15 }, { IR_VUZP1, 8 }, { IR_VTRN2, 8 }, { IR_VNARROWSS, 3 }, { IR_VNARROWSU, 3 },
    { IR_VCEQ, 7 }, { IR_VCGTS, 7 }, /* for which there is no form of 256 bits */
};
static const struct {
    uint8_t op, lanes;
} shifts[] = { { IR_VSHL, 14 }, { IR_VSHR, 14 }, { IR_VSAR, 14 }, { IR_VROL, 12 } };

struct gen {
    struct ir_unit *u;
    uint64_t s;
    unsigned registers; /* so many are used */
};

static unsigned below(struct gen *g, unsigned n)
{
    return (unsigned)(rig_random(&g->s) >> 8) % n;
}

static unsigned a_register(struct gen *g)
{
    return below(g, g->registers);
}

static void put(struct gen *g, unsigned n, ir_val_t low, ir_val_t high)
{
    ir_put(g->u, RIG_Y + n, low);
    ir_put(g->u, RIG_YH + n, high);
}

static unsigned a_lane(struct gen *g, unsigned lanes)
{
    unsigned lane = below(g, 4);
    while (!(lanes >> lane & 1))
        lane = (lane + 1) % 4;
    return lane;
}

static void binary(struct gen *g)
{
    unsigned k = below(g, ARRAY_LEN(pairs)), lane = a_lane(g, pairs[k].lanes), x = a_register(g), y = a_register(g);
    ir_val_t xl = ir_get(g->u, RIG_Y + x), xh = ir_get(g->u, RIG_YH + x), yl = ir_get(g->u, RIG_Y + y), yh = ir_get(g->u, RIG_YH + y);
    ir_val_t low = ir_vop2(g->u, (enum ir_op)pairs[k].op, lane, xl, yl);
    put(g, a_register(g), low, ir_vop2(g->u, (enum ir_op)pairs[k].op, lane, xh, yh));
}

static void unary(struct gen *g)
{
    unsigned k = below(g, ARRAY_LEN(shifts)), lane = a_lane(g, shifts[k].lanes), x = a_register(g), n = below(g, 8u << lane);
    ir_val_t low = ir_vop1i(g->u, (enum ir_op)shifts[k].op, lane, ir_get(g->u, RIG_Y + x), n);
    put(g, a_register(g), low, ir_vop1i(g->u, (enum ir_op)shifts[k].op, lane, ir_get(g->u, RIG_YH + x), n));
}

/* With a constant, a part of memory, or the same value in both halves. */
static void joined(struct gen *g)
{
    struct ir_unit *u = g->u;
    unsigned x = a_register(g);
    ir_val_t low, high;
    switch (below(g, 4)) {
    case 0: {
        uint64_t half = rig_random(&g->s);
        low = high = ir_vconst(u, half, below(g, 2) ? half : rig_random(&g->s));
        break;
    }
    case 1: low = high = ir_vop1(u, IR_VDUP, below(g, 4), ir_get(u, RIG_X + below(g, 7))); break;
    default: {
        ir_val_t base = ir_get(u, BASE);
        int64_t at = (int64_t)below(g, 300);
        low = ir_load(u, IR_V128, base, at, ir_memop(16, 0));
        high = ir_load(u, IR_V128, base, at + 16, ir_memop(16, 0));
        break;
    }
    }
    ir_val_t l = ir_vop2(u, IR_VADD, 2, ir_get(u, RIG_Y + x), low);
    put(g, a_register(g), l, ir_vop2(u, IR_VADD, 2, ir_get(u, RIG_YH + x), high));
}

/* What has to do with one half alone, or with other places. */
static void apart(struct gen *g)
{
    struct ir_unit *u = g->u;
    unsigned x = a_register(g), y = a_register(g), h = below(g, 2) ? RIG_Y : RIG_YH;
    switch (below(g, 9)) {
    case 0: ir_store(u, IR_V128, ir_get(u, BASE), (int64_t)below(g, 300), ir_get(u, h + x), ir_memop(16, 0)); break;
    case 1: ir_put(u, RIG_X + 2 + below(g, 5), ir_vlane(u, IR_I64, 3, ir_get(u, h + x), below(g, 2))); break;
    case 2: put(g, y, ir_get(u, RIG_YH + x), ir_get(u, RIG_Y + x)); break;
    case 3: put(g, y, ir_get(u, RIG_Y + x), ir_get(u, RIG_YH + x)); break;
    case 4: ir_put(u, RIG_V + below(g, RIG_N_V), ir_vop2(u, IR_VXOR, 0, ir_get(u, h + x), ir_get(u, RIG_V))); break;
    case 5: put(g, y, ir_vop2(u, IR_VEXT, 0, ir_get(u, RIG_Y + x), ir_get(u, RIG_YH + y)), ir_get(u, RIG_V + 1)); break;
    case 6:
        if (below(g, 4) == 0)
            ir_put(u, h + x, ir_get(u, RIG_V + below(g, RIG_N_V)));
        break;
    case 7:
        if (below(g, 2))
            (void)ir_call(u, IR_VOID, below(g, 2) ? RIG_READS : RIG_WRITES, ir_get(u, RIG_X + 2), ir_get(u, RIG_X + 3), IR_NONE, IR_NONE);
        else
            ir_put(u, RIG_X + 4, ir_call(u, IR_I64, below(g, 2) ? RIG_LIGHT : RIG_TIME, ir_get(u, RIG_X + 2), IR_NONE, IR_NONE, IR_NONE));
        break;
    default: ir_put(u, RIG_X + 2 + below(g, 5), ir_op2i(u, IR_ADD, IR_I64, ir_get(u, RIG_X + below(g, 7)), below(g, 1000))); break;
    }
}

static void make_one(struct gen *g, bool plain)
{
    unsigned kind = below(g, plain ? 12 : 16);
    if (kind < 8)
        binary(g);
    else if (kind < 12)
        unary(g);
    else if (kind < 14)
        joined(g);
    else
        apart(g);
}

/* A loop of one block or more, which falls through to a last one. Every third: nothing but what both halves have done. */
static struct ir_unit *random_unit(struct arena *arena, uint64_t seed)
{
    static const struct insn_desc desc = { .name = "random", .length = 4, .branch = INSN_COND };
    const struct insn_regs none = INSN_NO_REGS;
    struct gen g = { .s = seed };
    struct err e;
    unsigned blocks = 2 + below(&g, 3); /* of one alone the edges are left to who runs it */
    g.registers = 2 + below(&g, RIG_N_Y - 1);
    ck_assert_int_eq(ir_unit_create(&g.u, arena, rig_guest(IR_FP_RISCV), 0, &e), 0);
    for (unsigned b = 0; b < blocks; b++) {
        unsigned insns = 2 + below(&g, 29);
        ir_begin_block(g.u, (int32_t)b * 0x80);
        for (unsigned i = 0; i < insns; i++) {
            ir_begin_insn(g.u, (int32_t)(b * 0x80 + i * 4), 4, &desc, &none);
            g.u->insns[g.u->n_insns - 1].cost_before = i;
            make_one(&g, seed % 3 == 0);
        }
        int64_t next = (b + 1) * 0x80, back = below(&g, 2) ? 0 : below(&g, b + 1) * 0x80;
        if (below(&g, 3) == 0) {
            ir_jump(g.u, next);
        } else {
            ir_val_t left = ir_op2i(g.u, IR_SUB, IR_I64, ir_get(g.u, COUNT), 1);
            ir_put(g.u, COUNT, left);
            ir_branch(g.u, ir_setcc(g.u, IR_I64, IR_GTS, left, ir_const(g.u, IR_I64, 0)), back, next);
        }
        ir_end_block(g.u, 4 * insns);
        g.u->blocks[b].cost = insns;
    }
    ck_assert_int_eq(ir_finish(g.u, &e), 0);
    ck_assert_msg(ir_verify(g.u, &e) == 0, "%s", e.text);
    return g.u;
}

START_TEST(both_halves_agree_with_the_interpreter)
{
    struct exec_backend *interp, *jit;
    struct arena arena;
    struct err e;
    struct rig *a = rig_create(0), *b = rig_create(0), *rigs[2] = { a, b };
    uint64_t first = setting("RANDOM_IR_FIRST", 0), n = setting("RANDOM_IR_UNITS", 6000), wide = 0;
    struct exec_options o = { .code_bytes = 4 << 20 };
    arena_init(&arena, 0);
    ck_assert_int_eq(exec_interp.create(&interp, NULL, NULL, &e), 0);
    ck_assert_msg(exec_x86_64.create(&jit, NULL, &o, &e) == 0, "%s", e.text);
    for (uint64_t seed = first; seed < first + n; seed++) {
        uint64_t s = seed;
        arena_reset(&arena);
        exec_x86_64.flush(jit);
        struct ir_unit *u = random_unit(&arena, seed), *v = random_unit(&arena, seed);
        va_t page = RIG_BASE + rig_random(&s) % 16 * MEM_PAGE, va = page + rig_random(&s) % (seed % 2 ? MEM_PAGE : 16);
        int64_t budget = (int64_t)(rig_random(&s) % 600);
        for (unsigned k = 0; k < 2; k++) {
            rig_reset(rigs[k], seed);
            rigs[k]->x[BASE - RIG_X] = seed % 2 ? va : va - 300; /* so that some accesses are in the page, and others are not */
            rigs[k]->x[COUNT - RIG_X] = seed % 16;
        }
        struct hash_model m[2] = { HASH_MODEL, HASH_MODEL };
        if (seed % 4 == 1) {
            u->hooks = v->hooks = 1 + seed / 4 % 7; /* TM_FETCH, TM_DATA, TM_BRANCH */
            a->cpu.tm = &m[0].tm;
            b->cpu.tm = &m[1].tm;
        }
        enum exec_leave why = rig_run(&exec_interp, interp, u, a, &arena, budget);
        if (v->n_blocks > 1)
            ir_chain(v);
        if (seed % 5)
            ir_optimize(v);
        ir_count_uses(v);
        if (exec_x86_64.has_v256(jit) && ir_widen(v, NULL))
            wide++;
        ck_assert_msg(ir_verify(v, &e) == 0, "seed %lu: %s", seed, e.text);
        enum exec_leave got = rig_run(&exec_x86_64, jit, v, b, &arena, budget);
        const char *what = got == why ? rig_compare(a, b) : "the reason to leave";
        if (what == NULL && m[0].hash != m[1].hash)
            what = "what the timing model saw";
        if (what != NULL)
            ir_print(v, stderr);
        ck_assert_msg(what == NULL, "seed %lu: %s differs (leave %d, %d)", seed, what, why, got);
    }
    if (exec_x86_64.has_v256(jit))
        ck_assert_uint_ge(wide, n / 4);
    rig_destroy(a);
    rig_destroy(b);
    exec_interp.destroy(interp);
    exec_x86_64.destroy(jit);
    arena_destroy(&arena);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.wide");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 100);
    tcase_add_test(t, both_halves_agree_with_the_interpreter);
    suite_add_tcase(s, t);
    return s;
}

#else

Suite *test_suite(void)
{
    return suite_create("core.exec.wide");
}

#endif
