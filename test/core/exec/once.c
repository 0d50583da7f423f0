/* SPDX-License-Identifier: Apache-2.0 */
/* A unit that is run straight from its IR leaves everything as the interpreter's decoded one does. */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include <stdlib.h>

static struct random_ir_options options_of(uint64_t seed)
{
    return (struct random_ir_options){ .rule = (enum ir_fp_rule)(seed / 2 % 4), .blocks = 1, .insns = seed % 5 ? 6 : 32,
                                       .fp = seed % 4 != 0, .memory = seed % 7 != 0, .calls = seed % 3 != 1,
                                       .rmm = true, .vectors = seed % 4 != 0 && seed / 16 % 2 };
}

static enum exec_leave run_once(const struct ir_unit *u, struct rig *r, struct arena *arena, int64_t budget)
{
    struct exec_block b = { .page2 = UINT32_MAX, .start = u->blocks[0].start, .length = u->blocks[0].length,
                            .n_insns = u->blocks[0].n_insns };
    struct exec_once o = { .u = u, .b = &b, .v = ARENA_TAKE(arena, uint64_t, u->n_insts),
                           .q = ARENA_TAKE(arena, union ir_vec, u->n_insts) };
    memset(o.v, 0xa5, u->n_insts * sizeof(*o.v)); /* values of other blocks */
    r->cpu.budget = budget;
    enum exec_leave why = exec_interp_once(&r->cpu, &o);
    r->exec.block = NULL;
    return why;
}

static void check_seed(struct exec_backend *be, struct rig *a, struct rig *b, struct arena *arena, uint64_t seed)
{
    struct random_ir_options o = options_of(seed);
    int64_t budget = seed % 9 == 0 ? 3 : 4000;
    arena_reset(arena);
    struct ir_unit *u = random_ir(arena, seed, &o);
    rig_reset(a, seed);
    rig_reset(b, seed);
    enum exec_leave why = rig_run(&exec_interp, be, u, a, arena, budget), got = run_once(u, b, arena, budget);
    const char *differs = got == why ? rig_compare(a, b) : "the reason to leave";
    if (differs)
        ir_print(u, stderr);
    ck_assert_msg(!differs, "seed %lu: %s differs (leave %d, %d)", seed, differs, why, got);
}

START_TEST(once_is_as_decoded)
{
    struct arena arena;
    struct exec_backend *be;
    struct err e;
    const char *count = getenv("RANDOM_IR_UNITS");
    uint64_t n = count ? strtoull(count, NULL, 0) : 10000;
    arena_init(&arena, 0);
    ck_assert_int_eq(exec_interp.create(&be, NULL, NULL, &e), 0);
    struct rig *a = rig_create(0), *b = rig_create(0);
    for (uint64_t seed = 0; seed < n; seed++)
        check_seed(be, a, b, &arena, seed);
    rig_destroy(a);
    rig_destroy(b);
    exec_interp.destroy(be);
    arena_destroy(&arena);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.once");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 100);
    tcase_add_test(t, once_is_as_decoded);
    suite_add_tcase(s, t);
    return s;
}
