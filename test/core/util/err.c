/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/err.h"
#include "test/check_main.h"
#include <errno.h>
#include <string.h>

START_TEST(text_and_context)
{
    struct err e = { 0 };
    ck_assert_int_eq(err_set(&e, ERR_FORMAT, "L1 table at %#x", 0x30000), ERR_FORMAT);
    ck_assert_int_eq(err_context(&e, "drive %s", "disk.qcow2"), ERR_FORMAT);
    ck_assert_str_eq(e.text, "drive disk.qcow2: L1 table at 0x30000");
    ck_assert_int_eq(e.code, ERR_FORMAT);
    err_set(&e, ERR_ARG, "again: %s", e.text); /* its own text as an argument */
    ck_assert_str_eq(e.text, "again: drive disk.qcow2: L1 table at 0x30000");
    ck_assert_int_eq(err_set_errno(&e, ERR_IO, ENOENT, "open %s", "x"), ERR_IO);
    ck_assert_str_eq(e.text, "open x: No such file or directory");
}
END_TEST

START_TEST(nobody_listens)
{
    ck_assert_int_eq(err_set(NULL, ERR_IO, "x"), ERR_IO);
    ck_assert_int_eq(err_set_errno(NULL, ERR_IO, 1, "x"), ERR_IO);
    ck_assert_int_eq(err_context(NULL, "x"), ERR_STATE);
}
END_TEST

START_TEST(long_texts_are_cut)
{
    struct err e = { 0 };
    char text[3000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    err_set(&e, ERR_IO, "%s", text);
    ck_assert_uint_eq(strlen(e.text), sizeof(e.text) - 1);
    err_context(&e, "where");
    ck_assert_uint_eq(strlen(e.text), sizeof(e.text) - 1);
    ck_assert(strncmp(e.text, "where: aaa", 10) == 0);
    err_context(&e, "%s", text);
    ck_assert_uint_lt(strlen(e.text), sizeof(e.text));
    err_set_errno(&e, ERR_IO, ENOENT, "%s", text);
    ck_assert_uint_lt(strlen(e.text), sizeof(e.text));
}
END_TEST

static const struct {
    const char *word, *nearest;
} rows[] = {
    { "riscv-vrit", "riscv-virt" }, /* a transposition is one step */
    { "riscv-vir", "riscv-virt" },
    { "q53", "q35" },
    { "virt", "virt" },
    { "xyzzy", NULL },
    { "", NULL },
    { "q", NULL }, /* more than one step from anything */
};

START_TEST(nearest)
{
    static const char *const names[] = { "q35", "virt", "riscv-virt", "loongarch-virt" };
    const char *got = err_nearest(rows[_i].word, names, ARRAY_LEN(names));
    if (rows[_i].nearest)
        ck_assert_str_eq(got ? got : "(none)", rows[_i].nearest);
    else
        ck_assert_ptr_null(got);
}
END_TEST

START_TEST(nearest_is_bounded)
{
    char word[200];
    memset(word, 'q', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    const char *const names[] = { word, "q35" };
    ck_assert_ptr_null(err_nearest(word, names, 2));
    ck_assert_str_eq(err_nearest("q34", names, 2), "q35");
    ck_assert_ptr_null(err_nearest("q34", names, 0));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("err");
    TCase *c = tcase_create("err");
    tcase_add_test(c, text_and_context);
    tcase_add_test(c, nobody_listens);
    tcase_add_test(c, long_texts_are_cut);
    tcase_add_loop_test(c, nearest, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(c, nearest_is_bounded);
    suite_add_tcase(s, c);
    return s;
}
