/* SPDX-License-Identifier: Apache-2.0 */
/* VT-d 4.0, chapter 6: what each invalidation takes away and what it leaves, and the queue itself. */
#include "test/iommu/vtd_fixture.h"

static struct unit u;
#define OTHER 0x0018u /* 00:03.0, in domain 6 with the same tables */
#define LARGE 0xa00000ull /* in another place of the cache than the small ones */

static void setup(void)
{
    unit_create(&u, unit_config(48));
    number_ram(&u);
    start_translation(&u, 4);
    set_context(&u, OTHER, TABLES, 0, 2, 6);
    poke(&u, entry_at(&u, 4, 0x1000, 1), 0x301000 | 3);
    poke(&u, entry_at(&u, 4, 0x2000, 1), 0x302000 | 3);
    poke(&u, entry_at(&u, 4, LARGE, 2), 0x600000 | 0x83);
    start_queue(&u);
}
static void teardown(void)
{
    unit_destroy(&u);
}

static uint64_t word_of(uint16_t source, uint64_t iova)
{
    u.dma.requester = source;
    return dma_word(&u, iova);
}

/* Which of these still come from the cache after the tables have changed under it. */
enum { PAGE1 = 1, PAGE2 = 2, BIG = 4, OTHER1 = 8, BIG_FAR = 16 };
static void fill(void)
{
    word_of(SOURCE, 0x1000), word_of(SOURCE, 0x2000), word_of(SOURCE, LARGE), word_of(SOURCE, LARGE + 0x5000);
    word_of(OTHER, 0x1000);
    poke(&u, entry_at(&u, 4, 0x1000, 1), 0x311000 | 3);
    poke(&u, entry_at(&u, 4, 0x2000, 1), 0x312000 | 3);
    poke(&u, entry_at(&u, 4, LARGE, 2), 0x800000 | 0x83);
}
static unsigned cached(void)
{
    return (word_of(SOURCE, 0x1000) == 0x301000 ? PAGE1 : 0u) | (word_of(SOURCE, 0x2000) == 0x302000 ? PAGE2 : 0u) |
           (word_of(SOURCE, LARGE) == 0x600000 ? BIG : 0u) | (word_of(OTHER, 0x1000) == 0x301000 ? OTHER1 : 0u) |
           (word_of(SOURCE, LARGE + 0x5000) == 0x605000 ? BIG_FAR : 0u);
}

/* 6.5.2.3 IOTLB invalidate, and 11.4.6 by register: IIRG or G; domain; address with mask */
static const struct {
    unsigned granularity;
    uint16_t domain;
    uint64_t address;
    unsigned stay;
} rows[] = {
    { 1, 0, 0, 0 },
    { 2, 5, 0, OTHER1 },
    { 2, 6, 0, PAGE1 | PAGE2 | BIG | BIG_FAR },
    { 2, 7, 0, PAGE1 | PAGE2 | BIG | BIG_FAR | OTHER1 },
    { 3, 5, 0x1000, PAGE2 | BIG | BIG_FAR | OTHER1 },
    { 3, 6, 0x1000, PAGE1 | PAGE2 | BIG | BIG_FAR },
    { 3, 5, 0x0000 | 1, PAGE2 | BIG | BIG_FAR | OTHER1 },  /* pages 0 and 1 */
    { 3, 5, 0x0000 | 2, BIG | BIG_FAR | OTHER1 },          /* 0 to 3 */
    { 3, 5, LARGE, PAGE1 | PAGE2 | OTHER1 },               /* a page of the large one: all of it */
    { 3, 5, LARGE + 0x1ff000, PAGE1 | PAGE2 | OTHER1 },
    { 3, 5, LARGE | 9, PAGE1 | PAGE2 | OTHER1 },
    { 3, 5, LARGE + 0x200000, PAGE1 | PAGE2 | BIG | BIG_FAR | OTHER1 },
    { 3, 5, 0 | 18, OTHER1 },                              /* 1 GiB: MAMV */
};
START_TEST(translations)
{
    fill();
    ck_assert_uint_eq(cached(), PAGE1 | PAGE2 | BIG | BIG_FAR | OTHER1);
    queue(&u, 2 | rows[_i].granularity << 4 | (uint64_t)rows[_i].domain << 16, rows[_i].address);
    ck_assert_uint_eq(get(&u, IQH, 8), u.tail);
    ck_assert_uint_eq(cached(), rows[_i].stay);
}
END_TEST
START_TEST(translations_by_register)
{
    fill();
    u.commands &= ~QIE;
    command(&u, 0);
    put(&u, IVA, rows[_i].address, 8);
    put(&u, IOTLB, BIT(63) | (uint64_t)rows[_i].granularity << 60 | (uint64_t)rows[_i].domain << 32, 8);
    uint64_t done = get(&u, IOTLB, 8);
    ck_assert_uint_eq(done >> 63, 0);
    ck_assert_uint_eq(F_GET(done, 58, 57), rows[_i].granularity);
    ck_assert_uint_eq(cached(), rows[_i].stay);
}
END_TEST
START_TEST(too_large_a_mask)
{
    put(&u, IVA, 19, 8);
    put(&u, IOTLB, BIT(63) | 3ull << 60 | 5ull << 32, 8);
    ck_assert_uint_eq(F_GET(get(&u, IOTLB, 8), 58, 57), 0);
}
END_TEST

/* 6.5.2.2, 11.4.5: context entries of devices 00:02.0 to 7, G, domain, source, FM */
static const struct {
    unsigned granularity;
    uint16_t domain, source;
    unsigned functions;
    unsigned stay; /* a bit for each function 0 to 7 of device 2 */
} contexts[] = {
    { 1, 0, 0, 0, 0x00 },        { 2, 5, 0, 0, 0xfe },  { 2, 6, 0, 0, 0x01 },  { 3, 5, 0x10, 0, 0xfe },
    { 3, 6, 0x13, 0, 0xf7 },     { 3, 6, 0x13, 1, 0x77 }, /* 3 and 7 */
    { 3, 6, 0x13, 2, 0x55 },     { 3, 6, 0x13, 3, 0x00 }, { 3, 6, 0x20, 3, 0xff },
};
static void check_contexts(int i, bool by_register)
{
    for (uint16_t f = 0; f < 8; f++) {
        set_context(&u, (uint16_t)(0x10 + f), TABLES, 0, 2, f == 0 ? 5 : 6);
        ck_assert_uint_eq(word_of((uint16_t)(0x10 + f), 0x1000), 0x301000);
    }
    for (uint16_t f = 0; f < 8; f++)
        poke(&u, CONTEXTS + (0x10u + f) * 16, 0);
    uint64_t what = (uint64_t)contexts[i].source << 16 | contexts[i].domain;
    if (by_register) {
        put(&u, CCMD, BIT(63) | (uint64_t)contexts[i].granularity << 61 | (uint64_t)contexts[i].functions << 32 | what, 8);
        ck_assert_uint_eq(get(&u, CCMD, 8) >> 63, 0);
        ck_assert_uint_eq(F_GET(get(&u, CCMD, 8), 60, 59), contexts[i].granularity);
    } else {
        queue(&u, 1 | contexts[i].granularity << 4 | what << 16 | (uint64_t)contexts[i].functions << 48, 0);
    }
    unsigned stay = 0;
    for (uint16_t f = 0; f < 8; f++)
        stay |= word_of((uint16_t)(0x10 + f), 0x1000) != ~0ull ? 1u << f : 0;
    ck_assert_uint_eq(stay, contexts[i].stay);
}
START_TEST(context_entries)
{
    check_contexts(_i, false);
}
END_TEST
START_TEST(context_entries_by_register)
{
    check_contexts(_i, true);
}
END_TEST

/* 6.5.2.8 */
START_TEST(waiting)
{
    put(&u, IEDATA, 0x42, 4);
    put(&u, IEADDR, 0xfee03000, 4);
    queue(&u, 5 | BIT(5) | 0xabcd1234ull << 32, STATUS);
    ck_assert_uint_eq(peek(&u, STATUS), 0xabcd1234);
    ck_assert_uint_eq(get(&u, ICS, 4), 0);
    queue(&u, 5 | BIT(4) | BIT(6), 0);
    ck_assert_uint_eq(get(&u, ICS, 4), 1);
    ck_assert_uint_eq(get(&u, IECTL, 4), BIT(31) | BIT(30));
    put(&u, IECTL, 0, 4);
    ck_assert_uint_eq(u.messages, 1);
    ck_assert_uint_eq(u.address, 0xfee03000);
    ck_assert_uint_eq(u.data, 0x42);
    queue(&u, 5 | BIT(4), 0);
    ck_assert_uint_eq(u.messages, 1); /* the last one has not been seen yet */
    put(&u, ICS, 1, 4);
    queue(&u, 5 | BIT(4) | BIT(5) | 7ull << 32, STATUS + 8);
    ck_assert_uint_eq(u.messages, 2);
    ck_assert_uint_eq(peek(&u, STATUS + 8), 7);
}
END_TEST

/* 6.5.2.10, 11.4.9.9: what is wrong, and that the head waits there until IQE is cleared */
static const struct {
    uint64_t low, high;
    unsigned why;
} wrong[] = {
    { 0, 0, 3 },                       { 3, 0, 3 },  /* no device TLBs */
    { 6, 0, 3 },                       { 15, 0, 3 }, { 1 | BIT(9), 0, 3 },
    { 1 | 1 << 4 | BIT(6), 0, 4 },     { 1 | 1 << 4, 1, 4 },
    { 2 | 1 << 4 | BIT(32), 0, 4 },    { 2 | 1 << 4, BIT(7), 4 },
    { 4 | BIT(5), 0, 4 },              { 4, BIT(63), 4 },
    { 5 | BIT(5) | BIT(7), STATUS, 4 }, { 5 | BIT(5), STATUS | 1, 4 },
    { 2, 0, 4 },                       { 2 | 3 << 4, 19, 4 }, { 1, 0, 4 },
};
START_TEST(errors)
{
    put(&u, FEADDR, 0xfee00000, 4);
    put(&u, FECTL, 0, 4);
    queue(&u, 5 | BIT(5) | 1ull << 32, STATUS);
    uint64_t at = u.tail;
    queue(&u, wrong[_i].low, wrong[_i].high);
    ck_assert_uint_eq(get(&u, FSTS, 4), BIT(4));
    ck_assert_uint_eq(get(&u, IQERCD, 8), wrong[_i].why);
    ck_assert_uint_eq(u.messages, 1);
    queue(&u, 5 | BIT(5) | 2ull << 32, STATUS);
    ck_assert_uint_eq(get(&u, IQH, 8), at);
    ck_assert_uint_eq(peek(&u, STATUS), 1);
    poke(&u, QUEUE + at, 2 | 1 << 4); /* repaired */
    poke(&u, QUEUE + at + 8, 0);
    put(&u, FSTS, BIT(4), 4);
    ck_assert_uint_eq(get(&u, FSTS, 4), 0);
    ck_assert_uint_eq(get(&u, IQERCD, 8), 0);
    ck_assert_uint_eq(get(&u, IQH, 8), u.tail);
    ck_assert_uint_eq(peek(&u, STATUS), 2);
}
END_TEST
START_TEST(queue_that_is_none)
{
    put(&u, IQT, 0x1000, 8); /* of 4 KiB */
    ck_assert_uint_eq(get(&u, FSTS, 4), BIT(4));
    ck_assert_uint_eq(get(&u, IQERCD, 8), 1);
    put(&u, IQT, 0, 8);
    put(&u, FSTS, BIT(4), 4);
    put(&u, IQA, 0x100000000ull, 8); /* no RAM */
    put(&u, IQT, 0x10, 8);
    ck_assert_uint_eq(get(&u, IQERCD, 8), 2);
}
END_TEST

/* 6.5.2: a ring, of 2^QS pages; off, its head goes back */
START_TEST(wraps)
{
    put(&u, IQA, QUEUE | 1, 8);
    for (unsigned i = 0; i < 1000; i++) {
        poke(&u, QUEUE + u.tail, 5 | BIT(5) | (uint64_t)(i + 1) << 32);
        poke(&u, QUEUE + u.tail + 8, 0x8000);
        u.tail = (u.tail + 16) & 0x1fff;
        put(&u, IQT, u.tail, 4);
        ck_assert_uint_eq(get(&u, IQH, 4), u.tail);
        ck_assert_uint_eq(peek(&u, 0x8000), i + 1);
    }
    u.commands &= ~QIE;
    command(&u, 0);
    ck_assert_uint_eq(get(&u, IQH, 8), 0);
    put(&u, IQT, 0x30, 8);
    ck_assert_uint_eq(get(&u, IQH, 8), 0); /* nobody looks */
}
END_TEST

/* A restored unit goes by the tables. */
START_TEST(nothing_cached_after_restore)
{
    fill();
    struct unit old = u;
    u = (struct unit){ .tail = old.tail, .commands = old.commands };
    unit_build(&u, device_generic_machine(), unit_config(48));
    machine_reset(u.m);
    u.next_table = old.next_table;
    device_generic_copy(old.m, u.m);
    unit_destroy(&old);
    ck_assert_uint_eq(cached(), 0);
    ck_assert_uint_eq(word_of(SOURCE, 0x1000), 0x311000);
}
END_TEST

/* A snapshot that no machine made: ends of the queue that would never meet. */
START_TEST(queue_of_a_forged_snapshot)
{
    for (unsigned i = 0; i < 256; i++) { /* a whole queue of invalidations that are right */
        poke(&u, QUEUE + 16 * i, 2 | 1 << 4);
        poke(&u, QUEUE + 16 * i + 8, 0);
    }
    u.v->queue_head = 0xffffffff00000008;
    u.v->queue_tail = 0x34;
    u.v->dev.ops->loaded(u.v);
    put(&u, IQT, 0x40, 8);
    ck_assert_uint_eq(get(&u, IQH, 8), 0x40);
    ck_assert_uint_eq(get(&u, FSTS, 4) & 0x10, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("iommu/vtd_invalidate");
    TCase *c = tcase_create("invalidate");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, translations, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(c, translations_by_register, 0, ARRAY_LEN(rows));
    tcase_add_test(c, too_large_a_mask);
    tcase_add_loop_test(c, context_entries, 0, ARRAY_LEN(contexts));
    tcase_add_loop_test(c, context_entries_by_register, 0, ARRAY_LEN(contexts));
    tcase_add_test(c, waiting);
    tcase_add_loop_test(c, errors, 0, ARRAY_LEN(wrong));
    tcase_add_test(c, queue_that_is_none);
    tcase_add_test(c, wraps);
    tcase_add_test(c, queue_of_a_forged_snapshot);
    tcase_add_test(c, nothing_cached_after_restore);
    suite_add_tcase(s, c);
    return s;
}
