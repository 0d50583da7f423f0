/* SPDX-License-Identifier: Apache-2.0 */
/* VT-d 4.0, legacy mode: capabilities, DMA remapping and its faults (chapters 3, 7, 9). */
#include "test/iommu/vtd_fixture.h"
#include <string.h>

static struct unit u;

static void teardown(void)
{
    unit_destroy(&u);
}

static struct device *make(struct machine *m, void *arg)
{
    (void)arg;
    memset(&u, 0, sizeof(u));
    unit_attach(&u, m, unit_config(48));
    return &u.v->dev;
}
START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

/* 11.4.2, 11.4.3. ND 6, ZLR, FRO 22h, SLLPS 3, PSI, NFR 7, MAMV 18 always; C, QI, PT, IRO Fh */
static const struct {
    struct vtd_config c;
    uint64_t cap, ecap;
} offers[] = {
    { { .aw_bits = 39, .translates = true }, 0x0012078c22660206, 0xf03 },
    { { .aw_bits = 48, .translates = true, .dma_drain = true, .pass_through = true }, 0x00d2078c226f0606, 0xf43 },
    { { .aw_bits = 57, .translates = true, .caching_mode = true, .snoop_control = true }, 0x0012078c22780e86, 0xf83 },
    { { .aw_bits = 48, .intremap = true, .extended = true }, 0x0012078c226f0006, 0xf00f1b },
    { { .aw_bits = 48, .translates = true, .intremap = true }, 0x0012078c226f0606, 0xf00f0b },
};
START_TEST(capabilities)
{
    unit_create(&u, offers[_i].c);
    ck_assert_uint_eq(get(&u, VER, 4), 0x10);
    ck_assert_uint_eq(get(&u, CAP, 8), offers[_i].cap);
    ck_assert_uint_eq(get(&u, CAP + 4, 4), offers[_i].cap >> 32);
    ck_assert_uint_eq(get(&u, ECAP, 8), offers[_i].ecap);
    command(&u, IRE);
    ck_assert_uint_eq(get(&u, GSTS, 4), offers[_i].c.intremap ? IRE : 0);
    u.commands = 0;
    command(&u, TE);
    ck_assert_uint_eq(get(&u, GSTS, 4), offers[_i].c.translates ? TE : 0);
}
END_TEST

START_TEST(what_is_no_unit)
{
    unit_create(&u, unit_config(48));
    struct err e = { 0 };
    struct vtd_config c = unit_config(40);
    ck_assert_ptr_null(vtd_create(u.m, "other", &c, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "39, 48 and 57"));
    c = unit_config(48);
    c.intremap = false;
    e = (struct err){ 0 };
    ck_assert_ptr_null(vtd_create(u.m, "other", &c, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "intremap"));
}
END_TEST

/* 3.7: widths and page sizes; the address is that of the page and what the page leaves */
static const struct {
    unsigned levels, level;
    uint64_t iova, page, pa;
} pages[] = {
    { 3, 1, 0x0000000000, 0x200000, 0x200000 },
    { 3, 1, 0x7fffffe000, 0x205000, 0x205000 },
    { 3, 2, 0x0012a05000, 0x400000, 0x405000 },
    { 3, 3, 0x40c03000, 0, 0xc03000 },
    { 4, 1, 0xff8000345000, 0x201000, 0x201000 },
    { 4, 2, 0xabcdef005000, 0x600000, 0x605000 },
    { 4, 3, 0x123440a09000, 0, 0xa09000 },
    { 5, 1, 0x1fffffffffff000, 0x202000, 0x202000 },
    { 5, 2, 0x123456789a03000, 0x800000, 0x803000 },
};
START_TEST(walks)
{
    unit_create(&u, unit_config(57));
    number_ram(&u);
    start_translation(&u, pages[_i].levels);
    ck_assert_uint_eq(dma_word(&u, pages[_i].iova), ~0ull);
    poke(&u, entry_at(&u, pages[_i].levels, pages[_i].iova, pages[_i].level), pages[_i].page | 3 | (pages[_i].level > 1 ? 0x80 : 0));
    ck_assert_uint_eq(dma_word(&u, pages[_i].iova), pages[_i].pa);
    ck_assert_uint_eq(dma_word(&u, pages[_i].iova), pages[_i].pa); /* from the cache */
    uint32_t v = 0x12345678;
    ck_assert_int_eq(dma_write(&u.dma, pages[_i].iova + 8, &v, 4), MEM_OK);
    ck_assert_uint_eq(ld_le32(u.ram->host + pages[_i].pa + 8), v);
}
END_TEST

/* An access over two pages goes to both. */
START_TEST(crosses_pages)
{
    unit_create(&u, unit_config(48));
    start_translation(&u, 4);
    poke(&u, entry_at(&u, 4, 0x1000, 1), 0x300000 | 3);
    poke(&u, entry_at(&u, 4, 0x2000, 1), 0x500000 | 3);
    ck_assert_int_eq(dma_write(&u.dma, 0x1ffc, "abcdefgh", 8), MEM_OK);
    ck_assert_int_eq(memcmp(u.ram->host + 0x300ffc, "abcd", 4), 0);
    ck_assert_int_eq(memcmp(u.ram->host + 0x500000, "efgh", 4), 0);
    uint64_t n = 0x2000;
    ck_assert_ptr_eq(dma_map(&u.dma, 0x1800, &n, false), u.ram->host + 0x300800);
    ck_assert_uint_eq(n, 0x800);
}
END_TEST

/* 3.4.2, TT 10b; and with translation off all goes through */
START_TEST(passes)
{
    unit_create(&u, unit_config(48));
    number_ram(&u);
    ck_assert_uint_eq(dma_word(&u, 0x300000), 0x300000);
    start_translation(&u, 4);
    ck_assert_uint_eq(dma_word(&u, 0x300000), ~0ull);
    set_context(&u, SOURCE, 0, 2, 2, 5);
    put(&u, CCMD, BIT(63) | 1ull << 61, 8);
    ck_assert_uint_eq(dma_word(&u, 0x300000), 0x300000);
    u.commands &= ~TE;
    command(&u, 0);
    u.dma.requester = 0x20;
    ck_assert_uint_eq(dma_word(&u, 0x300000), 0x300000);
}
END_TEST

/* Rights of all levels count together (3.7.1), and software may add some without invalidating. */
START_TEST(rights)
{
    unit_create(&u, unit_config(48));
    number_ram(&u);
    start_translation(&u, 4);
    uint64_t leaf = entry_at(&u, 4, 0, 1), above = entry_at(&u, 4, 0, 2);
    uint64_t table = peek(&u, above) & ~0xfffull;
    uint32_t v = 1;
    poke(&u, leaf, 0x300000 | 3);
    poke(&u, above, table | 1);
    ck_assert_uint_eq(dma_word(&u, 0), 0x300000);
    ck_assert_int_eq(dma_write(&u.dma, 4, &v, 4), MEM_REFUSED);
    poke(&u, above, table | 2);
    ck_assert_uint_eq(dma_word(&u, 0), 0x300000); /* it is in the cache */
    ck_assert_int_eq(dma_write(&u.dma, 4, &v, 4), MEM_OK);
    ck_assert_uint_eq(dma_word(&u, 0), ~0ull); /* what replaced it cannot be read */
}
END_TEST

/* ---- 7.1.3: each reason, what is recorded, and whether FPD keeps it quiet ---- */
enum breaking {
    NO_ROOT, NO_CONTEXT, BAD_AW, BAD_TT, WIDE, NO_WRITE, NO_READ, TABLE_GONE, ROOT_GONE, CONTEXT_GONE, ROOT_RSVD, ROOT_HIGH,
    CONTEXT_RSVD, CONTEXT_HIGH, TABLE_RSVD, LARGE_RSVD, HUGE, SNOOP
};
static const struct {
    enum breaking what;
    unsigned reason;
    bool write, qualified;
} faults[] = {
    { NO_ROOT, 0x1, false, false },     { NO_CONTEXT, 0x2, true, true },   { BAD_AW, 0x3, false, true },
    { BAD_TT, 0x3, false, true },       { WIDE, 0x4, true, true },         { NO_WRITE, 0x5, true, true },
    { NO_READ, 0x6, false, true },      { TABLE_GONE, 0x7, false, true },  { ROOT_GONE, 0x8, true, false },
    { CONTEXT_GONE, 0x9, false, false }, { ROOT_RSVD, 0xa, false, false }, { ROOT_HIGH, 0xa, false, false },
    { CONTEXT_RSVD, 0xb, false, true }, { CONTEXT_HIGH, 0xb, false, true }, { TABLE_RSVD, 0xc, false, true },
    { LARGE_RSVD, 0xc, true, true },    { HUGE, 0xc, false, true },        { SNOOP, 0xc, false, true },
};
#define AWAY 0x100000000ull /* where there is no RAM */

static uint64_t break_it(enum breaking what, uint64_t fpd)
{
    uint64_t context = CONTEXTS + SOURCE * 16, iova = 0x5000, leaf = entry_at(&u, 4, iova, 1);
    poke(&u, leaf, 0x300000 | 3);
    poke(&u, context, peek(&u, context) | fpd);
    switch (what) {
    case NO_ROOT: poke(&u, ROOT, 0); break;
    case NO_CONTEXT: poke(&u, context, peek(&u, context) & ~1ull); break;
    case BAD_AW: poke(&u, context + 8, 3 | 5 << 8); break;
    case BAD_TT: poke(&u, context, peek(&u, context) | 1 << 2); break;
    case WIDE: iova |= BIT(48); break;
    case NO_WRITE: poke(&u, leaf, 0x300000 | 1); break;
    case NO_READ: poke(&u, leaf, 0x300000 | 2); break;
    case TABLE_GONE: poke(&u, entry_at(&u, 4, iova, 2), AWAY | 3); break;
    case ROOT_GONE: put(&u, RTADDR, AWAY, 8); command(&u, SRTP); break;
    case CONTEXT_GONE: poke(&u, ROOT, AWAY | 1); break;
    case ROOT_RSVD: poke(&u, ROOT, CONTEXTS | 0x11); break;
    case ROOT_HIGH: poke(&u, ROOT + 8, 1); break;
    case CONTEXT_RSVD: poke(&u, context, peek(&u, context) | 0x800); break;
    case CONTEXT_HIGH: poke(&u, context + 8, BIT(24) | 5 << 8 | 2); break;
    case TABLE_RSVD: poke(&u, leaf, BIT(48) | 0x300000 | 3); break;
    case LARGE_RSVD: poke(&u, entry_at(&u, 4, iova, 2), 0x201000 | 0x83); break;
    case HUGE: poke(&u, entry_at(&u, 4, iova, 4), 0x83); break;
    case SNOOP: poke(&u, leaf, 0x300000 | BIT(11) | 3); break;
    }
    return iova;
}

START_TEST(fault_reasons)
{
    for (unsigned quiet = 0; quiet < 2; quiet++) {
        unit_create(&u, unit_config(48));
        start_translation(&u, 4);
        uint64_t iova = break_it(faults[_i].what, quiet << 1);
        uint32_t v = 0;
        enum mem_result r = faults[_i].write ? dma_write(&u.dma, iova + 4, &v, 4) : dma_read(&u.dma, iova + 4, &v, 4);
        ck_assert_int_eq(r, MEM_REFUSED);
        bool recorded = !quiet || !faults[_i].qualified;
        ck_assert_uint_eq(get(&u, FSTS, 4), recorded ? 2 : 0);
        uint64_t high = BIT(63) | (faults[_i].write ? 0 : BIT(62)) | (uint64_t)faults[_i].reason << 32 | SOURCE;
        ck_assert_uint_eq(get(&u, FRCD, 8), recorded ? iova : 0);
        ck_assert_uint_eq(get(&u, FRCD + 8, 8), recorded ? high : 0);
        if (quiet == 0)
            unit_destroy(&u);
    }
}
END_TEST

/* 7.2.1, 7.3: eight records, then overflow; the message goes out once, masked it waits */
START_TEST(records_and_events)
{
    unit_create(&u, unit_config(48));
    start_translation(&u, 4);
    put(&u, FEDATA, 0x4041, 4);
    put(&u, FEADDR, 0xfee01000, 4);
    ck_assert_uint_eq(get(&u, FECTL, 4), BIT(31));
    dma_word(&u, 0x1000);
    ck_assert_uint_eq(u.messages, 0);
    ck_assert_uint_eq(get(&u, FECTL, 4), BIT(31) | BIT(30));
    put(&u, FECTL, 0, 4);
    ck_assert_uint_eq(u.messages, 1);
    ck_assert_uint_eq(u.address, 0xfee01000);
    ck_assert_uint_eq(u.data, 0x4041);
    ck_assert_uint_eq(get(&u, FECTL, 4), 0);
    for (uint64_t i = 2; i <= 8; i++)
        dma_word(&u, i << 12);
    ck_assert_uint_eq(get(&u, FSTS, 4), 2); /* the first is index 0 */
    ck_assert_uint_eq(get(&u, FRCD + 7 * 16, 8), 0x8000);
    dma_word(&u, 0x9000);
    ck_assert_uint_eq(get(&u, FSTS, 4), 3);
    ck_assert_uint_eq(u.messages, 1); /* nothing new while there is something */
    put(&u, FRCD + 12, BIT(31), 4);
    put(&u, FSTS, 1, 4);
    dma_word(&u, 0xa000); /* into the one that is free: records go round */
    ck_assert_uint_eq(get(&u, FRCD, 8), 0xa000);
    ck_assert_uint_eq(u.messages, 1);
    for (unsigned i = 0; i < 8; i++)
        put(&u, FRCD + i * 16 + 8, BIT(63), 8);
    ck_assert_uint_eq(get(&u, FSTS, 4) & 0xff, 0);
    dma_word(&u, 0xb000);
    ck_assert_uint_eq(u.messages, 2);
    ck_assert_uint_eq(get(&u, FSTS, 4), 0x102); /* FRI 1 */
}
END_TEST

/* 11.4.7.5: with an upper address the event goes to an x2APIC; elsewhere than the interrupt range to nobody */
START_TEST(event_destinations)
{
    unit_create(&u, unit_config(48));
    start_translation(&u, 4);
    put(&u, FEDATA, 0x31, 4);
    put(&u, FEADDR, 0xfee2c000, 4);
    put(&u, FEUADDR, 0x100, 4);
    put(&u, FECTL, 0, 4);
    dma_word(&u, 0x1000);
    ck_assert_uint_eq(u.remapped, 1);
    ck_assert_uint_eq(u.last.dest, 0x12c);
    ck_assert_uint_eq(u.last.vector, 0x31);
    put(&u, FRCD + 8, BIT(63), 8);
    put(&u, FEADDR, VTD_AT + IQT, 4);
    dma_word(&u, 0x1000);
    ck_assert_uint_eq(u.remapped + u.messages, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("iommu/vtd");
    TCase *g = tcase_create("generic"), *c = tcase_create("vtd");
    tcase_add_test(g, generic);
    suite_add_tcase(s, g);
    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_loop_test(c, capabilities, 0, ARRAY_LEN(offers));
    tcase_add_test(c, what_is_no_unit);
    tcase_add_loop_test(c, walks, 0, ARRAY_LEN(pages));
    tcase_add_test(c, crosses_pages);
    tcase_add_test(c, passes);
    tcase_add_test(c, rights);
    tcase_add_loop_test(c, fault_reasons, 0, ARRAY_LEN(faults));
    tcase_add_test(c, records_and_events);
    tcase_add_test(c, event_destinations);
    suite_add_tcase(s, c);
    return s;
}
