/* SPDX-License-Identifier: Apache-2.0 */
/* ir_verify refuses each kind of malformed unit with the rule's name. */
#include "test/core/ir/one_block.h"
#include <stdlib.h>
#include <string.h>

static ir_val_t c64(uint64_t v)
{
    return ir_const(u, IR_I64, v);
}

static void finish(void)
{
    ir_jump(u, 4);
    ir_end_block(u, 4);
}

/* Each makes one mistake; `text` is part of what the verifier says. */
static void bad_type(void) { ir_op1(u, IR_CLMUL, IR_I32, c64(1)); }
static void bad_arg_type(void) { ir_add(u, IR_I32, c64(1), c64(2)); }
static void missing_arg(void) { ir_add(u, IR_I64, c64(1), IR_NONE); }
static void extra_arg(void) { ir_emit(u, (struct ir_inst){ .op = IR_CLZ, .type = IR_I64, .a = c64(1), .b = c64(1) }); }
static void later_arg(void) { ir_add(u, IR_I64, c64(1), (ir_val_t)(u->n_insts + 5)); }
static void no_value(void) { ir_fence(u, IR_FENCE_FULL); ir_clz(u, IR_I64, (ir_val_t)(u->n_insts - 1)); }
static void wide_const(void) { ir_emit(u, (struct ir_inst){ .op = IR_CONST, .type = IR_I32, .imm = -1 }); }
static void no_slot(void) { ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = IR_I64, .imm = 99 }); }
static void slot_type(void) { ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = IR_I32, .imm = RIG_X }); }
static void zero_slot(void) { ir_emit(u, (struct ir_inst){ .op = IR_PUT, .type = IR_I64, .a = c64(1), .imm = RIG_X0 }); }
static void put_type(void) { ir_put(u, RIG_X, ir_const(u, IR_I32, 1)); }
static void extension(void) { ir_sext(u, IR_I32, c64(1), 32); }
static void extract(void) { ir_extract(u, IR_I64, c64(1), 60, 5); }
static void condition(void) { ir_setcc(u, IR_I64, (enum ir_cc)10, c64(1), c64(1)); }
static void select_cond(void) { ir_select(u, IR_I64, ir_const(u, IR_I32, 1), c64(1), c64(1)); }
static void load_size(void) { ir_load(u, IR_I32, c64(1), 0, 3); }
static void float_size(void) { ir_load(u, IR_F64, c64(1), 0, 2); }
static void signed_store(void) { ir_store(u, IR_I64, c64(1), 0, c64(1), 2 | IR_MEM_SIGNED); }
static void store_rights(void) { ir_store(u, IR_I64, c64(1), 0, c64(1), 2 | IR_MEM_STORE_RIGHTS); }
static void amo_kind(void) { ir_amo(u, IR_I64, (enum ir_amo)9, c64(1), c64(1), 3); }
static void amo_disp(void) { ir_emit(u, (struct ir_inst){ .op = IR_AMO, .type = IR_I64, .aux2 = 3, .a = c64(1), .b = c64(1), .imm = 8 }); }
static void trap_helper(void) { ir_trap(u, c64(1), 99, 0); }
static void rounding(void) { ir_fadd(u, IR_F64, (enum ir_rm)5, ir_const(u, IR_F64, 0), ir_const(u, IR_F64, 0)); }
static void fcvt_same(void) { ir_fcvt(u, IR_F64, IR_F64, IR_RNE, ir_const(u, IR_F64, 0)); }
static void bitcast(void) { ir_bitcast(u, IR_F64, ir_const(u, IR_I32, 0)); }
static void helper(void) { ir_call(u, IR_I64, RIG_HELPERS, IR_NONE, IR_NONE, IR_NONE, IR_NONE); }
static void pure_void(void) { ir_call(u, IR_VOID, RIG_PURE, IR_NONE, IR_NONE, IR_NONE, IR_NONE); }
static void mode_call(void) { ir_call(u, IR_VOID, RIG_MODE, c64(1), IR_NONE, IR_NONE, IR_NONE); }
static void early_end(void) { ir_jump(u, 8); }
static void second_insn(void) { ir_emit(u, (struct ir_inst){ .op = IR_INSN, .imm = 4, .imm2 = 7 }); }
static void undefined(void) { ir_emit(u, (struct ir_inst){ .op = IR_OPS }); }

static const struct { void (*make)(void); const char *text; } mistakes[] = {
    { bad_type, "type 1 is not accepted" },     { bad_arg_type, "has the wrong type" },
    { missing_arg, "argument 2 is missing" },   { extra_arg, "argument 2 must be absent" },
    { later_arg, "is not defined before it" },  { no_value, "has no value" },
    { wide_const, "upper half" },               { no_slot, "slot 99" },
    { slot_type, "slot x1 has type" },          { zero_slot, "slot zero is never written" },
    { put_type, "has the wrong type" },         { extension, "extension from 32 to 32 bits" },
    { extract, "5 bits from bit 60 of 64" },    { condition, "undefined condition" },
    { select_cond, "argument 1" },              { load_size, "64 bits do not fit" },
    { float_size, "a float is accessed" },      { signed_store, "a store has no sign" },
    { store_rights, "store rights" },           { amo_kind, "undefined operation 9" },
    { trap_helper, "helper 99" },
    { amo_disp, "displacement" },               { rounding, "undefined rounding mode 5" },
    { fcvt_same, "to itself" },                 { bitcast, "has the wrong type" },
    { helper, "helper 14; there are 14" },        { pure_void, "pure, yet without result" },
    { mode_call, "an EXIT must follow" },       { early_end, "before its last instruction" },
    { second_insn, "is not of this block" },    { undefined, "undefined operation" },
};
START_TEST(refuses)
{
    mistakes[_i].make();
    finish();
    ck_assert_int_eq(ir_verify(u, &e), ERR_FORMAT);
    ck_assert_msg(strstr(e.text, mistakes[_i].text) != NULL, "\"%s\" does not say \"%s\"", e.text,
                  mistakes[_i].text);
}
END_TEST

START_TEST(accepts_and_refuses_blocks)
{
    finish();
    ck_assert_msg(ir_verify(u, &e) == 0, "%s", e.text);
    u->blocks[0].start = 8;
    ck_assert_int_eq(ir_verify(u, &e), ERR_FORMAT);
    u->blocks[0].start = 0;
    u->blocks[0].n_insns = 2;
    ck_assert_int_eq(ir_verify(u, &e), ERR_FORMAT);
    u->blocks[0].n_insns = 1;
    ir_const(u, IR_I64, 1); /* after the last block */
    ck_assert_int_eq(ir_verify(u, &e), ERR_FORMAT);
    /* a value of the first block used in the second */
    ir_begin_block(u, 4);
    u->n_blocks--;
    u->n_insts--;
    ir_begin_block(u, 4);
    ir_begin_insn(u, 4, 4, &nop, &regs);
    ir_branch(u, u->blocks[0].first, 0, 0);
    ir_end_block(u, 4);
    ck_assert_int_eq(ir_verify(u, &e), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(e.text, "not defined before it in its block"));
}
END_TEST

/* A full unit says so and never writes out of bounds. */
START_TEST(full_unit)
{
    for (uint32_t i = 0; i < 70000; i++)
        c64(i);
    finish();
    ck_assert(u->full);
    ck_assert_int_eq(ir_finish(u, &e), ERR_LIMIT);
    ck_assert_int_eq(ir_verify(u, &e), ERR_LIMIT);
    ir_optimize(u);
    for (int i = 0; i < 100; i++) {
        ir_begin_block(u, 0);
        for (int k = 0; k < 40; k++)
            ir_begin_insn(u, 0, 4, &nop, &regs);
        finish();
    }
    ck_assert_uint_eq(u->n_blocks, IR_UNIT_BLOCKS);
}
END_TEST

START_TEST(small_arena)
{
    struct arena small;
    arena_init(&small, (IR_INSN_ROOM + 1024) * sizeof(struct ir_inst));
    ck_assert_int_eq(ir_unit_create(&u, &small, rig_guest(IR_FP_RISCV), 0, &e), 0);
    ir_begin_block(u, 0);
    for (int k = 0; k < 8; k++) {
        ir_begin_insn(u, 0, 4, &nop, &regs);
        for (uint32_t i = 0; i < 600; i++)
            c64(i);
    }
    finish();
    ck_assert_int_eq(ir_finish(u, &e), ERR_LIMIT);
    arena_destroy(&small);
}
END_TEST

/* Room is made where an instruction begins: for all that it may become, and what was there before stays. */
START_TEST(room_by_instruction)
{
    const uint32_t each = IR_INSN_ROOM - 8;
    ir_val_t first[20];
    ir_begin_block(u, 0);
    for (uint32_t k = 0; k < ARRAY_LEN(first); k++) {
        ir_begin_insn(u, 4 * (int32_t)k, 4, &nop, &regs);
        first[k] = c64((uint64_t)k << 32);
        for (uint32_t i = 1; i < each; i++)
            c64((uint64_t)k << 32 | i);
    }
    finish();
    ck_assert_int_eq(ir_finish(u, &e), 0);
    for (uint32_t k = 0; k < ARRAY_LEN(first); k++)
        for (uint32_t i = 0; i < each; i++)
            ck_assert_uint_eq((uint64_t)u->insts[first[k] + i].imm, (uint64_t)k << 32 | i);
}
END_TEST

/* One that becomes more than that is seen before more room is made. */
START_TEST(too_much_of_one)
{
    ir_begin_block(u, 0);
    ir_begin_insn(u, 0, 4, &nop, &regs);
    for (uint32_t i = 0; i < 2 * IR_INSN_ROOM; i++)
        c64(i);
    ir_begin_insn(u, 4, 4, &nop, &regs);
    ck_assert(u->full);
    finish();
    ck_assert_int_eq(ir_finish(u, &e), ERR_LIMIT);
}
END_TEST

/* Uses saturate; values are counted once per operand. */
START_TEST(uses)
{
    ir_val_t a = c64(1), b = ir_add(u, IR_I64, a, a);
    for (int i = 0; i < 300; i++)
        ir_put(u, RIG_X, b);
    finish();
    ir_count_uses(u);
    ck_assert_uint_eq(u->insts[a].uses, 2);
    ck_assert_uint_eq(u->insts[b].uses, 255);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/ir/verify");
    TCase *t = tcase_create("rules");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, refuses, 0, ARRAY_LEN(mistakes));
    tcase_add_test(t, accepts_and_refuses_blocks);
    tcase_add_test(t, full_unit);
    tcase_add_test(t, small_arena);
    tcase_add_test(t, room_by_instruction);
    tcase_add_test(t, too_much_of_one);
    tcase_add_test(t, uses);
    suite_add_tcase(s, t);
    return s;
}
