/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory/ram.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include <string.h>

static struct mem_ram *ram;
static struct {
    unsigned calls;
    uint64_t offset, n;
} told;

static void written(void *arg, struct mem_ram *which, uint64_t offset, uint64_t n)
{
    ck_assert_ptr_eq(arg, &told);
    ck_assert_ptr_eq(which, ram);
    told.calls++;
    told.offset = offset;
    told.n = n;
}

static void setup(void)
{
    struct err e = { 0 };
    memset(&told, 0, sizeof(told));
    ck_assert_msg(mem_ram_create(&ram, "ram", 16 * MEM_PAGE, &e) == 0, "%s", e.text);
    ram->written = written;
    ram->written_arg = &told;
}

static void teardown(void)
{
    mem_ram_destroy(ram);
}

START_TEST(creation)
{
    struct err e = { 0 };
    struct mem_ram *r = NULL;
    for (unsigned i = 0; i < 16 * MEM_PAGE; i++)
        if (ram->host[i] != 0)
            ck_abort_msg("byte %u is not zero", i);
    ck_assert_int_eq(mem_ram_create(&r, "odd", 4097, &e), ERR_ARG);
    ck_assert_int_eq(mem_ram_create(&r, "empty", 0, &e), ERR_ARG);
    ck_assert_int_eq(mem_ram_create(&r, "vast", BIT(60), &e), ERR_LIMIT);
    ck_assert_msg(strstr(e.text, "1152921504606846976") != NULL, "%s", e.text);
    ck_assert_int_eq(mem_ram_create(&r, "large", 8ull << 30, &e), 0); /* given lazily */
    r->host[(8ull << 30) - 1] = 1;
    mem_ram_destroy(r);
}
END_TEST

/* The listener hears of stores into granules that hold code, and of no others. */
static const struct {
    uint64_t offset, n;
    unsigned calls;
} stores[] = {
    { 0x10ff, 1, 0 },      /* the granule before */
    { 0x1100, 1, 1 },
    { 0x113f, 1, 1 },
    { 0x1140, 4, 0 },      /* the granule after */
    { 0x10fe, 4, 1 },      /* reaches in */
    { 0x0ff0, 0x1000, 1 }, /* crosses into the page; one call for it */
    { 0x0000, 0x4000, 1 },
    { 0x1100, 0, 0 },
    { 0x2100, 4, 0 },
};

START_TEST(code_granules)
{
    ck_assert(mem_ram_mark_code(ram, 0x1104, 4));
    ck_assert(!mem_ram_mark_code(ram, 0x1108, 4));
    ck_assert(!mem_ram_store_direct(ram, 0x1fff));
    ck_assert(mem_ram_store_direct(ram, 0x2000));
    mem_ram_written(ram, stores[_i].offset, stores[_i].n);
    ck_assert_uint_eq(told.calls, stores[_i].calls);
    if (told.calls) {
        ck_assert_uint_ge(told.offset, 0x1000); /* only the part inside the page */
        ck_assert_uint_le(told.offset + told.n, 0x2000);
    }
    mem_ram_clear_code(ram, 0x1000, MEM_PAGE, 0);
    ck_assert(mem_ram_store_direct(ram, 0x1100));
    told.calls = 0;
    mem_ram_written(ram, 0x1100, 4);
    ck_assert_uint_eq(told.calls, 0);
}
END_TEST

START_TEST(code_across_pages)
{
    ck_assert(mem_ram_mark_code(ram, 0x1ffe, 4));
    ck_assert_uint_eq(ram->code[1], BIT(63));
    ck_assert_uint_eq(ram->code[2], BIT(0));
    ck_assert(!mem_ram_mark_code(ram, 0x1000, 0x2000));
    ck_assert_uint_eq(ram->code[1], ~0ull);
    ck_assert(mem_ram_mark_code(ram, 0x2000, 0x1001)); /* page 3 had none */
}
END_TEST

START_TEST(dirty)
{
    mem_ram_clean(ram);
    ck_assert(!mem_ram_store_direct(ram, 0));
    mem_ram_written(ram, 0x1fff, 2);
    ck_assert_uint_eq(told.calls, 0); /* nobody asked */
    for (unsigned page = 0; page < 16; page++)
        ck_assert_uint_eq(ram->flags[page], page == 1 || page == 2 ? 0 : MEM_PAGE_CLEAN);
}
END_TEST

START_TEST(reserved_and_watched)
{
    ram->flags[3] = MEM_PAGE_RESERVED;
    ram->flags[4] = MEM_PAGE_WATCHED | MEM_PAGE_CLEAN;
    mem_ram_written(ram, 0x3008, 8);
    ck_assert_uint_eq(told.calls, 1);
    ck_assert_uint_eq(told.offset, 0x3008);
    ck_assert_uint_eq(told.n, 8);
    mem_ram_written(ram, 0x4000, 1);
    ck_assert_uint_eq(told.calls, 2);
    ck_assert_uint_eq(ram->flags[4], MEM_PAGE_WATCHED);
    mem_ram_written(ram, 0x3ffc, 8);
    ck_assert_uint_eq(told.calls, 4); /* once a page */
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("ram");
    TCase *c = tcase_create("ram");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, creation);
    tcase_add_loop_test(c, code_granules, 0, (int)ARRAY_LEN(stores));
    tcase_add_test(c, code_across_pages);
    tcase_add_test(c, dirty);
    tcase_add_test(c, reserved_and_watched);
    suite_add_tcase(s, c);
    return s;
}
