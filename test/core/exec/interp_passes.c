/* SPDX-License-Identifier: Apache-2.0 */
/* Random units run the same with and without the IR's passes, alone and together. */
#include "test/check_main.h"
#include "test/core/exec/fake_mmu.h"
#include <stdlib.h>

static unsigned widened;

/* What has type v256 is done by halves: VJOIN and VHALF are nothing but names of values. */
static void part(struct ir_unit *u, struct ir_inst *to, uint16_t (*of)[2])
{
    uint32_t n = 1;
    for (uint32_t k = 0; k < u->n_blocks; k++) {
        struct ir_block *b = &u->blocks[k];
        uint32_t first = n;
        for (uint32_t i = b->first; i < b->end; i++) {
            struct ir_inst in = u->insts[i];
            if (in.op == IR_VJOIN || in.op == IR_VHALF) {
                of[i][0] = of[in.a][in.op == IR_VHALF && in.imm];
                of[i][1] = of[in.b][0];
                continue;
            }
            bool whole = in.type == IR_V256, access = in.op == IR_GET || in.op == IR_PUT;
            for (unsigned h = 0; h < 1u + whole; h++) {
                of[i][h] = (uint16_t)n;
                to[n] = in;
                to[n].type = whole ? IR_V128 : in.type;
                to[n].a = of[in.a][h];
                to[n].b = of[in.b][h];
                to[n].c = of[in.c][h];
                to[n].imm = access && h ? u->guest->slots[in.imm].upper : in.imm;
                to[n++].imm2 = in.op == IR_CALL ? of[(uint16_t)in.imm2][0] : in.imm2;
            }
        }
        b->first = first;
        b->end = n;
    }
    u->insts = to;
    u->n_insts = n;
    ir_count_uses(u);
}

/* As no interpreter has v256, what was widened is parted again. */
static void widen(struct ir_unit *u)
{
    struct err e;
    ir_optimize(u);
    if (!ir_widen(u, NULL))
        return;
    widened++;
    ck_assert_msg(ir_verify(u, &e) == 0, "%s", e.text);
    struct ir_inst *to = ARENA_ARRAY(u->arena, struct ir_inst, 2 * u->n_insts);
    uint16_t (*of)[2] = arena_alloc(u->arena, u->n_insts * sizeof(*of));
    ck_assert(to != NULL && of != NULL);
    part(u, to, of);
}

static void (*const passes[])(struct ir_unit *) = { ir_fold, ir_cse, ir_dead, ir_optimize, widen };
static const char *const pass_names[] = { "fold", "cse", "dead", "optimize", "widen" };

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
    widened = 0;
    rig_check_seeds(4000, check_seed);
    ck_assert(widened > 0 || getenv("RANDOM_IR_UNITS") != NULL);
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
