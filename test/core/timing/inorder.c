/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the in-order model against hand-worked sequences; parameters and their errors. */
#include "core/timing/inorder_impl.h"
#include "test/check_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tags: 2 sets of 2 ways, true LRU ---- */

START_TEST(lru_of_two_ways)
{
    static const struct { uint64_t tag; bool hit; } rows[] = {
        { 0, false }, { 2, false }, { 0, true }, { 2, true }, /* both ways of set 0 */
        { 4, false },                                         /* replaces 0, used before 2 */
        { 2, true }, { 0, false },                            /* replaces 4 */
        { 1, false }, { 2, true }, { 4, false }, { 1, true }, /* set 1 is apart */
    };
    struct tm_tags t;
    struct err e;
    ck_assert_int_eq(tm_tags_init(&t, "test", 4, 2, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(tm_tags_touch(&t, rows[i].tag) == rows[i].hit, "step %zu", i);
    tm_tags_free(&t);
}
END_TEST

/* A set of n ways holds exactly its n last tags, for each geometry. */
START_TEST(geometry)
{
    struct err e;
    for (uint64_t ways = 1; ways <= 16; ways++)
        for (uint64_t sets = 1; sets <= 8; sets *= 2) {
            struct tm_tags t;
            ck_assert_int_eq(tm_tags_init(&t, "test", sets * ways, ways, &e), 0);
            for (uint64_t i = 0; i < sets * ways; i++)
                ck_assert(!tm_tags_touch(&t, i));
            for (uint64_t i = 0; i < sets * ways; i++)
                ck_assert(tm_tags_touch(&t, i));
            for (uint64_t i = 0; i <= sets * ways; i += sets) /* one more than fits, in a circle */
                (void)tm_tags_touch(&t, i);
            ck_assert(!tm_tags_touch(&t, 0));
            tm_tags_free(&t);
        }
    struct tm_tags t;
    ck_assert_int_eq(tm_tags_init(&t, "test", 12, 2, &e), ERR_ARG); /* 6 sets */
}
END_TEST

/* ---- predictor ---- */

START_TEST(predictor_learns)
{
    struct tm_predictor p;
    struct err e;
    unsigned wrong = 0;
    ck_assert_int_eq(tm_predictor_init(&p, 1024, 16, 0, 4, &e), 0);
    /* Always taken: after the history of 10 bits is all ones, the counter there needs 1 step. */
    for (int i = 0; i < 1000; i++)
        wrong += tm_predictor_step(&p, 0x1000, 0x900, INSN_COND, true) == TM_WRONG;
    ck_assert_uint_le(wrong, 11);
    ck_assert_int_eq(tm_predictor_step(&p, 0x1000, 0x900, INSN_COND, true), TM_RIGHT_TAKEN);
    /* Alternating is learnt through the history. */
    wrong = 0;
    for (int i = 0; i < 1000; i++)
        wrong += tm_predictor_step(&p, 0x2000, 0x900, INSN_COND, i & 1) == TM_WRONG;
    ck_assert_uint_le(wrong, 30);
    tm_predictor_free(&p);
}
END_TEST

START_TEST(targets_and_returns)
{
    struct tm_predictor p;
    struct err e;
    ck_assert_int_eq(tm_predictor_init(&p, 1024, 16, 0, 4, &e), 0);
    ck_assert_int_eq(tm_predictor_step(&p, 0x100, 0x800, INSN_DIRECT, true), TM_LATE_TARGET);
    ck_assert_int_eq(tm_predictor_step(&p, 0x100, 0x800, INSN_DIRECT, true), TM_RIGHT_TAKEN);
    ck_assert_int_eq(tm_predictor_step(&p, 0x200, 0x800, INSN_INDIRECT, true), TM_WRONG);
    ck_assert_int_eq(tm_predictor_step(&p, 0x200, 0x800, INSN_INDIRECT, true), TM_RIGHT_TAKEN);
    ck_assert_int_eq(tm_predictor_step(&p, 0x200, 0x900, INSN_INDIRECT, true), TM_WRONG);
    /* 16 entries by address bits 4:1: 0x100 and 0x120 take the same one. */
    ck_assert_int_eq(tm_predictor_step(&p, 0x120, 0x700, INSN_DIRECT, true), TM_LATE_TARGET);
    ck_assert_int_eq(tm_predictor_step(&p, 0x100, 0x800, INSN_DIRECT, true), TM_LATE_TARGET);
    /* Calls nest to the stack's depth of 4; the fifth return has lost its entry. */
    for (uint64_t i = 0; i < 5; i++)
        (void)tm_predictor_step(&p, 0x1000 + 0x100 * i, 0x5000, INSN_CALL_DIRECT, true);
    for (uint64_t i = 5; i-- > 1;)
        ck_assert_int_eq(tm_predictor_step(&p, 0x5000, 0x1000 + 0x100 * i + (i & 1 ? 2 : 4),
                                           INSN_RETURN, true), TM_RIGHT_TAKEN);
    ck_assert_int_eq(tm_predictor_step(&p, 0x5000, 0x1004, INSN_RETURN, true), TM_WRONG);
    tm_predictor_free(&p);
}
END_TEST

/* Indirect branches beside a BTB of one entry: only they take turns in a table of their own. */
START_TEST(indirect_targets_apart)
{
    struct tm_predictor p;
    struct err e;
    ck_assert_int_eq(tm_predictor_init(&p, 1024, 1, 3, 4, &e), ERR_ARG);
    ck_assert_int_eq(tm_predictor_init(&p, 1024, 1, 4, 4, &e), 0);
    ck_assert_int_eq(tm_predictor_step(&p, 0x200, 0x800, INSN_INDIRECT, true), TM_WRONG);
    ck_assert_int_eq(tm_predictor_step(&p, 0x202, 0x900, INSN_CALL_INDIRECT, true), TM_WRONG);
    ck_assert_int_eq(tm_predictor_step(&p, 0x100, 0x800, INSN_DIRECT, true), TM_LATE_TARGET);
    ck_assert_int_eq(tm_predictor_step(&p, 0x200, 0x800, INSN_INDIRECT, true), TM_RIGHT_TAKEN);
    ck_assert_int_eq(tm_predictor_step(&p, 0x202, 0x900, INSN_CALL_INDIRECT, true), TM_RIGHT_TAKEN);
    ck_assert_int_eq(tm_predictor_step(&p, 0x100, 0x800, INSN_DIRECT, true), TM_RIGHT_TAKEN);
    tm_predictor_reset(&p);
    ck_assert_int_eq(tm_predictor_step(&p, 0x200, 0x800, INSN_INDIRECT, true), TM_WRONG);
    tm_predictor_free(&p);
}
END_TEST

/* ---- known sequences ---- */

#define NO INSN_NO_REG
static const struct insn_desc alu = { .name = "alu", .klass = INSN_int_alu },
                              ld = { .name = "ld", .klass = INSN_load, .mem = INSN_MEM_READ },
                              st = { .name = "st", .klass = INSN_store, .mem = INSN_MEM_WRITE },
                              vec = { .name = "vec", .klass = INSN_vec_int },
                              mul = { .name = "mul", .klass = INSN_int_mul },
                              dv = { .name = "div", .klass = INSN_int_div },
                              csr = { .name = "csr", .klass = INSN_csr },
                              br = { .name = "br", .klass = INSN_branch };
#define I(d, s1, s2, dst) { .desc = &d, .regs = { { s1, s2, NO, NO }, { dst, NO, NO, NO } }, .length = 4 }

#define WB(d, base, dst) { .desc = &d, .regs = { { base, NO, NO, NO }, { dst, base, NO, NO } }, .length = 4 }

static struct tm_cpu *model(const char *spec)
{
    struct tm_cpu *t = NULL;
    struct err e = { 0 };
    ck_assert_msg(tm_create(&t, spec, NULL, 0, &e) == 0, "%s", e.text);
    return t;
}

/* Costs before each instruction and of the whole, worked out by hand. */
static const struct {
    const char *spec;
    uint32_t n;
    struct insn_at insns[6];
    uint32_t cost[7];
    bool loops;
} sequences[] = {
    /* single issue, independent */
    { "inorder,issue_width=1", 3, { I(alu, 1, 2, 3), I(alu, 1, 2, 4), I(br, 1, 2, NO) },
      { 0, 1, 2, 3 } },
    /* pairs */
    { "inorder,issue_width=2", 4, { I(alu, 1, 2, 3), I(alu, 1, 2, 4), I(alu, 1, 2, 5), I(br, 1, 2, NO) },
      { 0, 0, 1, 1, 2 } },
    /* dependent: one after the other */
    { "inorder,issue_width=2", 3, { I(alu, 1, 2, 3), I(alu, 3, 2, 4), I(alu, 4, 2, 5) },
      { 0, 1, 2, 3 } },
    /* load and its user: 3 cycles */
    { "inorder,issue_width=2,load_use=3", 3, { I(ld, 1, NO, 3), I(alu, 3, 2, 4), I(br, 1, 2, NO) },
      { 0, 3, 3, 4 } },
    /* one memory port */
    { "inorder,issue_width=2", 2, { I(ld, 1, NO, 3), I(ld, 1, NO, 4) }, { 0, 1, 2 } },
    { "inorder,issue_width=2,mem_ports=2", 2, { I(ld, 1, NO, 3), I(ld, 1, NO, 4) }, { 0, 0, 1 } },
    /* the multiplier is pipelined, the divider is not */
    { "inorder,issue_width=1,mul=3", 3, { I(mul, 1, 2, 3), I(mul, 1, 2, 4), I(alu, 3, 4, 5) },
      { 0, 1, 4, 5 } },
    { "inorder,issue_width=1,div=20", 3, { I(dv, 1, 2, 3), I(dv, 1, 2, 4), I(alu, 4, 2, 5) },
      { 0, 20, 40, 41 } },
    /* a result may be `carry` cycles late for free; what is beyond is charged */
    { "inorder,issue_width=1,div=20,carry=8", 1, { I(dv, 1, 2, 3) }, { 0, 12 } },
    { "inorder,issue_width=1,div=20,carry=30", 1, { I(dv, 1, 2, 3) }, { 0, 1 } },
    /* an address is wanted earlier than an operand: but not from a load */
    { "inorder,issue_width=1,address=2", 3, { I(alu, 1, 2, 3), I(ld, 3, NO, 4), I(alu, 3, 2, 5) },
      { 0, 3, 4, 5 } },
    { "inorder,issue_width=1,address=2,load_use=3", 2, { I(ld, 1, NO, 3), I(ld, 3, NO, 4) },
      { 0, 3, 4 } },
    { "inorder,issue_width=1,address=2", 2, { I(alu, 1, 2, 3), I(st, 3, 2, NO) }, { 0, 1, 2 } },
    /* post-index: the base is there at once, what was loaded is not */
    { "inorder,issue_width=1,load_use=3", 3, { WB(ld, 1, 3), I(alu, 1, 2, 5), I(alu, 3, 2, 4) },
      { 0, 1, 3, 4 } },
    /* one vector port of two slots */
    { "inorder,issue_width=2,vec_int=4", 3, { I(vec, 40, 41, 42), I(vec, 40, 41, 43), I(vec, 42, 43, 44) },
      { 0, 1, 5, 6 } },
    { "inorder,issue_width=2,vec_int=4,vec_ports=2", 2, { I(vec, 40, 41, 42), I(vec, 40, 41, 43) },
      { 0, 0, 1 } },
    /* a block that loops: its own result of the round before, 5 cycles on */
    { "inorder,issue_width=2,mul=5", 2, { I(mul, 3, 2, 3), I(br, 1, 2, NO) }, { 0, 0, 1 }, false },
    { "inorder,issue_width=2,mul=5", 2, { I(mul, 3, 2, 3), I(br, 1, 2, NO) }, { 0, 4, 5 }, true },
    { "inorder,issue_width=2,mul=5", 2, { I(mul, 1, 2, 3), I(br, 1, 2, NO) }, { 0, 0, 1 }, true },
    { "inorder,issue_width=1,div=20", 2, { I(dv, 1, 2, 3), I(br, 1, 2, NO) }, { 0, 19, 20 }, true },
    /* a CSR access goes alone */
    { "inorder,issue_width=2,csr=4", 3, { I(alu, 1, 2, 3), I(csr, 1, NO, 4), I(alu, 1, 2, 5) },
      { 0, 1, 5, 6 } },
};

START_TEST(static_schedule)
{
    struct tm_cpu *t = model(sequences[_i].spec);
    uint32_t cost[8], n = sequences[_i].n;
    t->model->annotate(t, 0, sequences[_i].insns, n, sequences[_i].loops, cost);
    for (uint32_t i = 0; i <= n; i++)
        ck_assert_msg(cost[i] == sequences[_i].cost[i], "sequence %d, place %u: %u, not %u", _i, i,
                      cost[i], sequences[_i].cost[i]);
    tm_destroy(t);
}
END_TEST

/* L1 of 1 KiB: 16 lines of 64; L2 10 cycles, memory 100 more; TLB misses cost nothing here. */
START_TEST(data_cache)
{
    struct tm_cpu *t = model("inorder,l1d_size=1K,l1d_ways=2,l2_size=4K,l2_ways=4,l2_latency=10,"
                             "memory_latency=100,l2_tlb_latency=0,walk=0");
    uint32_t (*go)(struct tm_cpu *, uint64_t, uint64_t, uint32_t, bool) = t->model->data_access;
    ck_assert_uint_eq(go(t, 0, 0, 8, false), 110);
    ck_assert_uint_eq(go(t, 8, 8, 8, false), 0);
    ck_assert_uint_eq(go(t, 0x1000, 0x1000, 8, false), 110);
    ck_assert_uint_eq(go(t, 0x2000, 0x2000, 8, false), 110); /* third line of the set: 0 goes */
    ck_assert_uint_eq(go(t, 0, 0, 8, false), 10);            /* but the L2 has it */
    ck_assert_uint_eq(go(t, 0x7c, 0x7c, 8, false), 110 + 1 + 110); /* lines 1 and 2 */
    ck_assert_uint_eq(go(t, 0x7c, 0x7c, 8, false), 1);
    ck_assert_uint_eq(go(t, 0x3000, 0x3000, 8, true), 0); /* the store buffer hides it */
    ck_assert_uint_eq(go(t, 0x3000, 0x3000, 8, false), 0);
    tm_destroy(t);
}
END_TEST

START_TEST(data_tlb)
{
    struct tm_cpu *t = model("inorder,dtlb=2,l2_tlb=4,l2_tlb_ways=4,l2_tlb_latency=5,walk=50,"
                             "l2_latency=1,memory_latency=1");
    uint32_t (*go)(struct tm_cpu *, uint64_t, uint64_t, uint32_t, bool) = t->model->data_access;
    const uint64_t page = 0x1000;
    for (uint64_t i = 0; i < 3; i++) /* 3 pages: walks */
        ck_assert_uint_eq(go(t, i * page, i * page, 8, false), 55 + 2);
    ck_assert_uint_eq(go(t, 2 * page, 2 * page, 8, false), 0);
    ck_assert_uint_eq(go(t, 0, 0, 8, false), 5); /* out of the first level, in the second */
    ck_assert_uint_eq(go(t, 2 * page, 2 * page, 8, false), 0);
    ck_assert_uint_eq(go(t, 0, 3 * page, 8, false), 55 + 2); /* remapped: another entry */
    tm_destroy(t);
}
END_TEST

START_TEST(code_cache_and_branches)
{
    struct tm_cpu *t = model("inorder,l2_latency=10,memory_latency=100,l2_tlb_latency=0,walk=0,"
                             "mispredict=7,taken=1,late_target=3");
    ck_assert_uint_eq(t->model->fetch_line(t, 0x1000), 110);
    ck_assert_uint_eq(t->model->fetch_line(t, 0x1000), 0);
    ck_assert_uint_eq(t->model->branch(t, 0x100, 0x200, INSN_DIRECT, true), 3);
    ck_assert_uint_eq(t->model->branch(t, 0x100, 0x200, INSN_DIRECT, true), 1);
    ck_assert_uint_eq(t->model->branch(t, 0x104, 0x300, INSN_INDIRECT, true), 7);
    t->model->reset(t);
    ck_assert_uint_eq(t->model->fetch_line(t, 0x1000), 110);
    tm_destroy(t);
}
END_TEST

/* ---- parameters ---- */

static const struct { const char *spec, *core; int code; const char *says; } specs[] = {
    { "functional", NULL, 0, "" },
    { "functional,cpi=3", NULL, 0, "" },
    { "inorder,l2_size=1M,l2_ways=8", NULL, 0, "" },
    { "inorder", "[cpu]\nanything = 1\n[inorder]\nmispredict = 5\n", 0, "" },
    { "inorder", "[cpu]\nanything = 1\n", ERR_UNSUPPORTED, "models for it: functional" },
    { "functional", "[cpu]\nanything = 1\n", 0, "" },
    { "inorder,indirect=3", NULL, ERR_ARG, "powers of two" },
    { "inordre", NULL, ERR_ARG, "did you mean 'inorder'" },
    { "functional,cpl=3", NULL, ERR_ARG, "did you mean 'cpi'" },
    { "functional,cpi=0", NULL, ERR_ARG, "1 to 100" },
    { "functional,cpi=101", NULL, ERR_ARG, "1 to 100" },
    { "functional,cpi=x", NULL, ERR_ARG, "1 to 100" },
    { "functional,cpi", NULL, ERR_ARG, "parameter=value" },
    { "inorder,l2_size=3M", NULL, ERR_ARG, "power of two" },
    { "inorder,line=48", NULL, ERR_ARG, "power of two" },
    { "inorder", "[inorder]\nmispredcit = 5\n", ERR_ARG, "did you mean 'mispredict'" },
    { "inorder", "[inorder]\n\nmul = 500\n", ERR_ARG, "line 3" },
    { "inorder", "[inorder]\nnonsense\n", ERR_FORMAT, "line 2" },
};

START_TEST(parameters)
{
    struct tm_cpu *t = NULL;
    struct err e = { 0 };
    int rc = tm_create(&t, specs[_i].spec, specs[_i].core, 0, &e);
    ck_assert_msg(rc == specs[_i].code, "%s: %d %s", specs[_i].spec, rc, e.text);
    if (rc < 0)
        ck_assert_msg(strstr(e.text, specs[_i].says) != NULL, "%s: %s", specs[_i].spec, e.text);
    tm_destroy(rc == 0 ? t : NULL);
}
END_TEST

/* The command line wins over the core's text. */
START_TEST(precedence)
{
    struct tm_cpu *t = NULL;
    struct err e;
    uint32_t cost[2];
    struct insn_at one = I(alu, 1, 2, 3);
    ck_assert_int_eq(tm_create(&t, "functional,cpi=4", "[functional]\ncpi = 9\n", 0, &e), 0);
    ck_assert_uint_eq(t->uniform, 4);
    t->model->annotate(t, 0, &one, 1, false, cost);
    ck_assert_uint_eq(cost[1], 4);
    tm_destroy(t);
    ck_assert_int_eq(tm_create(&t, "functional", "[functional]\ncpi = 9\n", 0, &e), 0);
    ck_assert_uint_eq(t->uniform, 9);
    tm_destroy(t);
}
END_TEST

START_TEST(statistics_print)
{
    struct tm_cpu *t = model("inorder");
    char *text = NULL;
    size_t size;
    const uint64_t insns = 100, cycles = 200;
    (void)t->model->data_access(t, 0, 0, 8, false);
    FILE *out = open_memstream(&text, &size);
    tm_print_stats(&t, 1, &insns, &cycles, true, out);
    fclose(out);
    ck_assert_msg(strstr(text, "\"ipc\": 0.5") && strstr(text, "\"l1d_miss\": 1"), "%s", text);
    free(text);
    out = open_memstream(&text, &size);
    tm_print_stats(&t, 1, &insns, &cycles, false, out);
    fclose(out);
    ck_assert_msg(strstr(text, "l1d_miss") && strstr(text, "0.500"), "%s", text);
    free(text);
    tm_destroy(t);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.timing.inorder");
    TCase *t = tcase_create("inorder");
    tcase_add_test(t, lru_of_two_ways);
    tcase_add_test(t, geometry);
    tcase_add_test(t, predictor_learns);
    tcase_add_test(t, targets_and_returns);
    tcase_add_test(t, indirect_targets_apart);
    tcase_add_loop_test(t, static_schedule, 0, ARRAY_LEN(sequences));
    tcase_add_test(t, data_cache);
    tcase_add_test(t, data_tlb);
    tcase_add_test(t, code_cache_and_branches);
    tcase_add_loop_test(t, parameters, 0, ARRAY_LEN(specs));
    tcase_add_test(t, precedence);
    tcase_add_test(t, statistics_print);
    suite_add_tcase(s, t);
    return s;
}
