/* SPDX-License-Identifier: Apache-2.0 */
/* The worked example of docs/ir.md is what the builder, the passes and the printer make of it. */
#include "core/ir/build.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

enum { ZERO, A0, A1, A2, A3 };
static const struct ir_slot slots[] = {
    { .name = "zero", .type = IR_I64, .zero = true }, { .name = "a0", .offset = 8, .type = IR_I64 },
    { .name = "a1", .offset = 16, .type = IR_I64 },   { .name = "a2", .offset = 24, .type = IR_I64 },
    { .name = "a3", .offset = 32, .type = IR_I64 },
};
static const struct ir_guest guest = { .name = "riscv64", .slots = slots,
                                       .n_slots = ARRAY_LEN(slots), .fp = IR_FP_RISCV };
static const struct insn_desc lw = { .name = "lw" }, addw = { .name = "addw" },
                              addi = { .name = "addi" }, bne = { .name = "bne" };

/* loop: lw a2,0(a0); addw a1,a1,a2; addi a0,a0,4; bne a0,a3,loop */
static struct ir_unit *build(struct arena *arena)
{
    static const struct insn_regs regs = INSN_NO_REGS;
    struct ir_unit *u;
    struct err e;
    ck_assert_int_eq(ir_unit_create(&u, arena, &guest, 0, &e), 0);
    struct ir_block *b = ir_begin_block(u, 0x10);
    ir_begin_insn(u, 0x10, 4, &lw, &regs);
    ir_put(u, A2, ir_load(u, IR_I64, ir_get(u, A0), 0, ir_memop(4, IR_MEM_SIGNED)));
    ir_begin_insn(u, 0x14, 4, &addw, &regs);
    ir_val_t a1 = ir_get(u, A1), a2 = ir_get(u, A2);
    ir_put(u, A1, ir_sext(u, IR_I64, ir_add(u, IR_I64, a1, a2), 32));
    ir_begin_insn(u, 0x18, 4, &addi, &regs);
    ir_val_t a0 = ir_get(u, A0);
    ir_put(u, A0, ir_add(u, IR_I64, a0, ir_const(u, IR_I64, 4)));
    ir_begin_insn(u, 0x1c, 4, &bne, &regs);
    ir_val_t left = ir_get(u, A0), right = ir_get(u, A3);
    ir_branch(u, ir_setcc(u, IR_I64, IR_NE, left, right), 0x10, 0x20);
    ir_end_block(u, 16);
    b->cost = 4;
    return u;
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "cannot open %s", path);
    char *text = calloc(1, 100000);
    size_t n = fread(text, 1, 99999, f);
    text[n] = 0;
    fclose(f);
    return text;
}

static char *read_docs(void)
{
    return read_text(TEST_SOURCE_DIR "/docs/ir.md");
}

static void check_printed(const struct ir_unit *u, const char *docs)
{
    char *text;
    size_t n;
    struct err e;
    ck_assert_msg(ir_verify(u, &e) == 0, "%s", e.text);
    FILE *out = open_memstream(&text, &n);
    ir_print(u, out);
    fclose(out);
    ck_assert_msg(strstr(docs, text) != NULL, "docs/ir.md does not contain\n%s", text);
    free(text);
}

START_TEST(worked_example)
{
    struct arena arena;
    arena_init(&arena, 0);
    char *docs = read_docs();
    struct ir_unit *u = build(&arena);
    check_printed(u, docs);
    ir_optimize(u);
    check_printed(u, docs);
    free(docs);
    arena_destroy(&arena);
}
END_TEST

/* Every operation has its row in the reference. */
START_TEST(every_operation_is_described)
{
    char *docs = read_docs(), name[40];
    for (unsigned i = 0; i < IR_OPS; i++) {
        snprintf(name, sizeof(name), "`%s`", ir_op_info[i].name);
        ck_assert_msg(strstr(docs, name) != NULL, "docs/ir.md does not describe %s", name);
    }
    free(docs);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/ir/example");
    TCase *t = tcase_create("docs");
    tcase_add_test(t, worked_example);
    tcase_add_test(t, every_operation_is_described);
    suite_add_tcase(s, t);
    return s;
}
