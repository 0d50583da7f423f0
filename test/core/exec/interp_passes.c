/* SPDX-License-Identifier: Apache-2.0 */
/* Random units run the same with and without the IR's passes, alone and together. */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include <stdlib.h>

static void (*const passes[])(struct ir_unit *) = { ir_fold, ir_cse, ir_dead, ir_optimize };
static const char *const pass_names[] = { "fold", "cse", "dead", "optimize" };

static struct random_ir_options options_of(uint64_t seed)
{
    return (struct random_ir_options){ .rule = (enum ir_fp_rule)(seed / 2 % 4),
                                       .blocks = seed % 3 ? 1 : 1 + (uint32_t)(seed / 3 % 6),
                                       .insns = seed % 5 ? 6 : 32, .fp = seed % 4 != 0,
                                       .memory = seed % 7 != 0, .calls = seed % 3 != 1,
                                       .rmm = true, .vectors = seed % 4 != 0 && seed / 16 % 2 };
}

static void check_seed(struct exec_backend *be, struct rig *plain, struct rig *other,
                       struct arena *arena, uint64_t seed)
{
    struct random_ir_options o = options_of(seed);
    struct err e;
    arena_reset(arena);
    struct ir_unit *u = random_ir(arena, seed, &o);
    ck_assert_msg(ir_verify(u, &e) == 0, "seed %lu: %s", seed, e.text);
    rig_reset(plain, seed);
    enum exec_leave why = rig_run(&exec_interp, be, u, plain, arena, 400);
    for (size_t p = 0; p < ARRAY_LEN(passes); p++) {
        struct ir_unit *v = random_ir(arena, seed, &o);
        passes[p](v);
        ck_assert_msg(ir_verify(v, &e) == 0, "seed %lu after %s: %s", seed, pass_names[p], e.text);
        rig_reset(other, seed);
        enum exec_leave got = rig_run(&exec_interp, be, v, other, arena, 400);
        const char *differs = got == why ? rig_compare(plain, other) : "the reason to leave";
        if (differs) {
            ir_print(u, stderr);
            ir_print(v, stderr);
        }
        ck_assert_msg(!differs, "seed %lu after %s: %s differs (leave %d, %d)", seed,
                      pass_names[p], differs, why, got);
    }
}

START_TEST(passes_keep_the_meaning)
{
    struct arena arena;
    struct exec_backend *be;
    struct err e;
    const char *count = getenv("RANDOM_IR_UNITS");
    uint64_t n = count ? strtoull(count, NULL, 0) : 4000;
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
    Suite *s = suite_create("core/exec/interp_passes");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 100);
    tcase_add_test(t, passes_keep_the_meaning);
    suite_add_tcase(s, t);
    return s;
}
