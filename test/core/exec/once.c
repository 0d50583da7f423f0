/* SPDX-License-Identifier: Apache-2.0 */
/* A unit that is run straight from its IR leaves everything as the interpreter's decoded one does. */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"

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
    struct random_ir_options o = rig_options_of(seed);
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
    rig_check_seeds(10000, check_seed);
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
