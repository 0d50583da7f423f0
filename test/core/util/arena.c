/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/arena.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <string.h>

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

START_TEST(aligned_and_zero)
{
    struct arena a;
    arena_init(&a, 0);
    for (size_t n = 0; n < 5000; n += 7) {
        uint8_t *p = arena_alloc(&a, n);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        ck_assert(is_zero(p, n));
        memset(p, 0xee, n);
    }
    arena_reset(&a);
    ck_assert_uint_eq(a.used, 0);
    uint8_t *p = arena_alloc(&a, 60000); /* used before the reset: zero again */
    ck_assert(is_zero(p, 60000));
    p = arena_alloc(&a, 20u << 20); /* larger than any chunk */
    ck_assert_ptr_nonnull(p);
    p[(20u << 20) - 1] = 1;
    arena_destroy(&a);
    ck_assert_ptr_nonnull(arena_alloc(&a, 1)); /* empty, not dead */
    arena_destroy(&a);
}
END_TEST

START_TEST(limit)
{
    struct arena a;
    arena_init(&a, 4096);
    ck_assert_ptr_nonnull(arena_alloc(&a, 4000));
    ck_assert_ptr_null(arena_alloc(&a, 97));
    ck_assert_ptr_nonnull(arena_alloc(&a, 96));
    ck_assert_ptr_null(arena_alloc(&a, 1));
    arena_reset(&a);
    ck_assert_ptr_nonnull(arena_alloc(&a, 4096));
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
    arena_destroy(&a);
}
END_TEST

START_TEST(text)
{
    struct arena a;
    arena_init(&a, 0);
    ck_assert_str_eq(arena_strdup(&a, "plic"), "plic");
    ck_assert_str_eq(arena_printf(&a, "cpu%u of %s", 3, "virt"), "cpu3 of virt");
    arena_destroy(&a);
}
END_TEST

/* Any change of a byte, of the length or of the chain value gives another hash. */
START_TEST(hash)
{
    uint8_t data[200] = { 0 };
    for (size_t n = 0; n <= sizeof(data); n++) {
        uint64_t h = hash_bytes(0, data, n);
        ck_assert_uint_ne(h, hash_bytes(1, data, n));
        if (n < sizeof(data))
            ck_assert_uint_ne(h, hash_bytes(0, data, n + 1));
        for (size_t i = 0; i < n; i += 5) {
            data[i] ^= 0x10;
            ck_assert_uint_ne(h, hash_bytes(0, data, n));
            data[i] ^= 0x10;
        }
        ck_assert_uint_eq(h, hash_bytes(0, data, n));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("arena");
    TCase *c = tcase_create("arena");
    tcase_add_test(c, aligned_and_zero);
    tcase_add_test(c, limit);
    tcase_add_test(c, text);
    tcase_add_test(c, hash);
    suite_add_tcase(s, c);
    return s;
}
