/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs from outside: Devicetree Specification 0.4, chapter 5, field by field. */
#include "devices/board/devicetree.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "test/check_main.h"
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

/* The smallest tree with a node and a property, written out. */
enum { RESERVED = 40, STRUCT = 56, STRINGS = 56 + 48, TOTAL = STRINGS + 2 };
static const uint32_t words[] = {
    0xd00dfeed, TOTAL, STRUCT, STRINGS, RESERVED, 17, 16, 0, 2, 48,
    0, 0, 0, 0,
    /* 56: */ 1, 0,                         /* the root */
    /* 64: */ 3, 4, 0, 0x12345678,          /* p = <0x12345678> */
    /* 80: */ 1, 0x6e000000,                /* n */
    /* 88: */ 2, 2,
    /* 96: */ 4, 9,
};

static uint8_t *make(void)
{
    uint8_t *blob = malloc(TOTAL);

    ck_assert_ptr_nonnull(blob);
    ck_assert_uint_eq(sizeof(words), STRINGS);
    for (uint32_t i = 0; i < ARRAY_LEN(words); i++)
        st_be32(blob + 4 * i, words[i]);
    memcpy(blob + STRINGS, "p", 2);
    return blob;
}

static const struct { uint32_t at, value, size; const char *says; } rows[] = {
    { 0, 0xd00dfeed, TOTAL, NULL },
    { 0, 0xd00dfeec, TOTAL, "d00dfeed" },
    { 0, 0xd00dfeed, 0, "d00dfeed" },
    { 0, 0xd00dfeed, 39, "40 bytes" },
    { 0, 0xd00dfeed, TOTAL - 1, "says 106 bytes, there are 105" },
    { 4, TOTAL + 1, TOTAL, "cut off" },
    { 4, TOTAL - 1, TOTAL, "outside" },     /* of totalsize: the strings block */
    { 8, 57, TOTAL, "aligned" },
    { 8, 0xfffffffc, TOTAL, "outside" },
    { 8, 0, TOTAL, "outside" },             /* over the header */
    { 12, TOTAL, TOTAL, "outside" },
    { 16, 44, TOTAL, "aligned" },
    { 16, 48, TOTAL, "reservation block has no end" },
    { 16, 0x80000000, TOTAL, "outside" },
    { 20, 16, TOTAL, "version" },
    { 20, 18, TOTAL, NULL },                /* newer, but compatible with 16 */
    { 24, 18, TOTAL, "version" },
    { 32, 3, TOTAL, "outside" },
    { 32, 1, TOTAL, "strings block" },      /* "p" has no end then */
    { 32, 0, TOTAL, "strings block" },
    { 36, 0xffffffff, TOTAL, "outside" },
    { 36, 44, TOTAL, "no end" },
    { 36, 20, TOTAL, "property is longer" },
    { 36, 12, TOTAL, "property is cut off" },
    { 56, 3, TOTAL, "token" },              /* property outside */
    { 56, 9, TOTAL, "token" },
    { 56, 4, TOTAL, "token" },              /* a NOP is passed, but not the name behind it */
    { 60, 0x61000000, TOTAL, "root has a name" },
    { 68, 0xffffffff, TOTAL, "property is longer" },
    { 68, 0x7ffffffd, TOTAL, "property is longer" },
    { 68, 3, TOTAL, NULL },                 /* padded to 4 */
    { 68, 0, TOTAL, "token" },              /* the value is a token then */
    { 72, 2, TOTAL, "strings block" },
    { 88, 4, TOTAL, "token" },              /* END with the root open */
    { 92, 4, TOTAL, "token" },
    { 100, 4, TOTAL, "no end" },
};

START_TEST(blobs)
{
    uint8_t *blob = make(), *exact, *was;
    uint32_t size = rows[_i].size;
    struct err e = { 0 };

    st_be32(blob + rows[_i].at, rows[_i].value);
    exact = was = malloc(MAX(size, 1u));
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, blob, size);
    free(blob);
    int r = dt_set_chosen(&exact, &size, "quiet", 0x1000, 0x2000, &e);
    if (rows[_i].says) {
        ck_assert_int_lt(r, 0);
        ck_assert_msg(strstr(e.text, rows[_i].says) != NULL, "'%s'", e.text);
        ck_assert_ptr_eq(exact, was);
    } else {
        ck_assert_msg(r == 0, "%s", e.text);
        int chosen = fdt_path_offset(exact, "/chosen"), n;
        ck_assert_int_ge(chosen, 0);
        ck_assert_str_eq(fdt_getprop(exact, chosen, "bootargs", &n), "quiet");
        const uint8_t *start = fdt_getprop(exact, chosen, "linux,initrd-start", &n);
        ck_assert_int_eq(n, 8);
        ck_assert_uint_eq(ld_be64(start), 0x1000);
    }
    free(exact);
}
END_TEST

START_TEST(too_large)
{
    uint32_t size = DT_BYTES + 4;
    uint8_t *blob = calloc(1, size);
    struct err e = { 0 };

    ck_assert_int_lt(dt_set_chosen(&blob, &size, NULL, 0, 0, &e), 0);
    ck_assert_ptr_nonnull(strstr(e.text, "at most"));
    free(blob);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devicetree");
    TCase *t = tcase_create("blobs");

    tcase_add_loop_test(t, blobs, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(t, too_large);
    suite_add_tcase(s, t);
    return s;
}
