/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of semantics against the decoder's: each instruction is in exactly one of them. */
#include "cpu/loongarch/translate_impl.h"
#include "test/check_main.h"

START_TEST(each_instruction_once)
{
    static const struct la_semantics *const chapters[] = {
        la_integer_rows, la_branch_rows, la_load_store_rows, la_atomic_rows, la_float_rows, la_system_rows,
        la_lvz_rows, la_vec_int_rows, la_vec_shift_rows, la_vec_move_rows, la_vec_memory_rows, la_vec_fp_rows,
    };
    unsigned rows[LA_INSN_COUNT] = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(chapters); i++)
        for (const struct la_semantics *row = chapters[i]; row->fn != NULL; row++)
            rows[row->id]++;
    for (unsigned id = 0; id < LA_INSN_COUNT; id++)
        ck_assert_msg(rows[id] == 1, "%s has %u rows", la_insn_descs[id].name, rows[id]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("loongarch-semantics");
    TCase *t = tcase_create("tables");
    tcase_add_test(t, each_instruction_once);
    suite_add_tcase(s, t);
    return s;
}
