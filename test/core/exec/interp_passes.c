/* SPDX-License-Identifier: Apache-2.0 */
/* Random units run the same with and without the IR's passes, alone and together. */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"

static void (*const passes[])(struct ir_unit *) = { ir_fold, ir_cse, ir_dead, ir_optimize };
static const char *const pass_names[] = { "fold", "cse", "dead", "optimize" };

static void check_seed(struct exec_backend *be, struct rig *plain, struct rig *other,
                       struct arena *arena, uint64_t seed)
{
    struct random_ir_options o = rig_options_of(seed);
    o.blocks = seed % 3 ? 1 : 1 + (uint32_t)(seed / 3 % 6);
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
    rig_check_seeds(4000, check_seed);
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
