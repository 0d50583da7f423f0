/* SPDX-License-Identifier: Apache-2.0 */
/* VT-d 4.0, chapter 5: interrupt remapping. */
#include "test/iommu/vtd_fixture.h"

static struct unit u;
#define FORMAT BIT(4)
#define SHV    BIT(3)
static uint64_t request(unsigned index)
{
    return 0xfee00000 | (index & 0x7fffu) << 5 | (index >> 15) << 2 | FORMAT;
}

static void start(bool extended)
{
    unit_create(&u, unit_config(48));
    put(&u, IRTA, ENTRIES | (extended ? BIT(11) : 0) | 7, 8); /* 256 entries */
    command(&u, SIRTP);
    command(&u, IRE);
}
static void teardown(void)
{
    unit_destroy(&u);
}

static void set_entry(unsigned index, uint64_t low, uint64_t high)
{
    poke(&u, ENTRIES + index * 16u, low);
    poke(&u, ENTRIES + index * 16u + 8, high);
}

/* 9.10 */
static const struct {
    bool extended;
    uint64_t low;
    struct vtd_interrupt want;
} entries[] = {
    { false, 0x0000030000510001, { .dest = 3, .vector = 0x51 } },
    { false, 0x0000ff0000520005, { .dest = 0xff, .logical = true, .vector = 0x52 } },
    { false, 0x0000010000530039, { .dest = 1, .level = true, .redirect = true, .mode = 1, .vector = 0x53 } },
    { false, 0x0000010000000081, { .dest = 1, .mode = 4 } },
    { false, 0x0000010000000f41, { .dest = 1, .mode = 2 } }, /* 11:8 are software's */
    { true, 0x000001ff00540001, { .dest = 0x1ff, .extended = true, .vector = 0x54 } },
    { true, 0x0001000400550005, { .dest = 0x10004, .extended = true, .logical = true, .vector = 0x55 } },
};
START_TEST(remapped)
{
    start(entries[_i].extended);
    set_entry(9, entries[_i].low, 0);
    ck_assert_int_eq(dma_send_msi(&u.dma, request(9), 0), MEM_OK);
    ck_assert_uint_eq(u.remapped, 1);
    const struct vtd_interrupt *w = &entries[_i].want, *i = &u.last;
    ck_assert_uint_eq(i->dest, w->dest);
    ck_assert_int_eq(i->extended, w->extended);
    ck_assert_int_eq(i->logical, w->logical);
    ck_assert_int_eq(i->level, w->level);
    ck_assert_int_eq(i->redirect, w->redirect);
    ck_assert_uint_eq(i->mode, w->mode);
    ck_assert_uint_eq(i->vector, w->vector);
    ck_assert_uint_eq(get(&u, FSTS, 4), 0);
}
END_TEST

/* 5.1.2.2: the index; 5.1.5.1 is the I/O APIC's way to write the same */
START_TEST(index_of_request)
{
    start(false);
    put(&u, IRTA, 0x100000 | 15, 8);
    command(&u, SIRTP);
    for (unsigned i = 0; i < 8; i++) {
        poke(&u, 0x100000 + (0x100 + i) * 16u, 1 | (uint64_t)(0x40 + i) << 16);
        poke(&u, 0x100000 + (0x8000 + i) * 16u, 1 | (uint64_t)(0x50 + i) << 16);
    }
    ck_assert_int_eq(dma_send_msi(&u.dma, request(0x103), 0xffff), MEM_OK); /* no SHV: data says nothing */
    ck_assert_uint_eq(u.last.vector, 0x43);
    ck_assert_int_eq(dma_send_msi(&u.dma, request(0x103) | SHV, 4), MEM_OK);
    ck_assert_uint_eq(u.last.vector, 0x47);
    vtd_message(u.v, VTD_ANY_SOURCE, request(0x8002), 0);
    ck_assert_uint_eq(u.last.vector, 0x52);
    uint32_t v = 1;
    ck_assert_int_eq(dma_write(&u.dma, request(0x8000) | SHV, &v, 4), MEM_OK); /* a store is a request like an MSI's */
    ck_assert_uint_eq(u.last.vector, 0x51);
    ck_assert_int_ne(dma_read(&u.dma, 0xfee00000, &v, 4), MEM_OK);
    ck_assert_uint_eq(u.remapped, 4);
}
END_TEST

/* 7.1.3: reasons 20h to 26h; FPD */
static const struct {
    bool extended;
    uint64_t low, high, address;
    uint32_t data;
    unsigned reason, index;
    bool qualified;
} faults[] = {
    { false, 1, 0, 0xfee00138, 0x10000, 0x20, 9, false },
    { false, 1, 0, 0xfee02010, 0, 0x21, 256, false },
    { false, 1, 0, 0xfee01ff8, 1, 0x21, 256, false },
    { false, 0, 0, 0xfee00130, 0, 0x22, 9, true },
    { false, 1 | BIT(15), 0, 0xfee00130, 0, 0x24, 9, true },  /* posted */
    { false, 1 | BIT(12), 0, 0xfee00130, 0, 0x24, 9, true },
    { false, 1 | BIT(24), 0, 0xfee00130, 0, 0x24, 9, true },
    { false, 1 | 3 << 5, 0, 0xfee00130, 0, 0x24, 9, true },   /* delivery mode */
    { false, 1 | BIT(32), 0, 0xfee00130, 0, 0x24, 9, true },  /* destination of 32 bits */
    { false, 1, BIT(20), 0xfee00130, 0, 0x24, 9, true },
    { false, 1, 3 << 18, 0xfee00130, 0, 0x24, 9, true },
    { false, 1, 1 << 18 | 0x18, 0xfee00130, 0, 0x26, 9, true },
    { false, 0, 0, 0xfee01000, 0x31, 0x25, 0, false },
    { true, 0, 0, 0xfee01000, 0x31, 0x25, 0, false },
};
START_TEST(refused)
{
    for (unsigned quiet = 0; quiet < 2; quiet++) {
        start(faults[_i].extended);
        set_entry(9, faults[_i].low | quiet << 1, faults[_i].high);
        ck_assert_int_eq(dma_send_msi(&u.dma, faults[_i].address, faults[_i].data), MEM_OK);
        ck_assert_uint_eq(u.remapped + u.messages, 0);
        bool recorded = !quiet || !faults[_i].qualified;
        ck_assert_uint_eq(get(&u, FSTS, 4), recorded ? 2 : 0);
        ck_assert_uint_eq(get(&u, FRCD, 8), recorded ? (uint64_t)faults[_i].index << 48 : 0);
        ck_assert_uint_eq(get(&u, FRCD + 8, 8), recorded ? BIT(63) | (uint64_t)faults[_i].reason << 32 | SOURCE : 0);
        if (quiet == 0)
            unit_destroy(&u);
    }
}
END_TEST
START_TEST(table_without_ram)
{
    start(false);
    put(&u, IRTA, 0x100000000ull | 7, 8);
    command(&u, SIRTP);
    dma_send_msi(&u.dma, request(9), 0);
    ck_assert_uint_eq(F_GET(get(&u, FRCD + 8, 8), 39, 32), 0x23);
}
END_TEST

/* 9.10: SVT, SQ and SID; who may use the entry */
static const struct {
    unsigned svt, sq, sid;
    uint32_t source;
    bool allowed;
} senders[] = {
    { 0, 0, 0x1234, 0x0010, true },  { 1, 0, 0x0010, 0x0010, true },  { 1, 0, 0x0010, 0x0011, false },
    { 1, 1, 0x0010, 0x0014, true },  { 1, 1, 0x0010, 0x0012, false }, { 1, 2, 0x0010, 0x0016, true },
    { 1, 2, 0x0010, 0x0011, false }, { 1, 3, 0x0010, 0x0017, true },  { 1, 3, 0x0010, 0x0018, false },
    { 2, 0, 0x0204, 0x0110, false }, { 2, 0, 0x0204, 0x0210, true },  { 2, 0, 0x0204, 0x04ff, true },
    { 2, 0, 0x0204, 0x0500, false }, { 1, 0, 0x0010, VTD_ANY_SOURCE, true },
};
START_TEST(verified)
{
    start(false);
    set_entry(9, 1 | 0x41 << 16, senders[_i].sid | senders[_i].sq << 16 | senders[_i].svt << 18);
    vtd_message(u.v, senders[_i].source, request(9), 0);
    ck_assert_uint_eq(u.remapped, senders[_i].allowed);
    ck_assert_uint_eq(get(&u, FSTS, 4), senders[_i].allowed ? 0 : 2);
}
END_TEST

/* 5.1.4 */
START_TEST(compatibility_format)
{
    start(false);
    command(&u, CFI);
    dma_send_msi(&u.dma, 0xfee05000, 0x4031);
    ck_assert_uint_eq(u.messages, 1);
    ck_assert_uint_eq(u.address, 0xfee05000);
    ck_assert_uint_eq(u.data, 0x4031);
    put(&u, IRTA, ENTRIES | BIT(11) | 7, 8);
    command(&u, SIRTP);
    dma_send_msi(&u.dma, 0xfee05000, 0x4031);
    ck_assert_uint_eq(u.messages, 1); /* never in extended mode */
    u.commands &= ~IRE;
    command(&u, 0);
    vtd_message(u.v, VTD_ANY_SOURCE, request(9), 5); /* nothing is remapped now */
    ck_assert_uint_eq(u.messages, 2);
}
END_TEST

/* 6.5.2.5: G 0 all, 1 an aligned group of 2^IM */
static const struct {
    bool selective;
    unsigned index, mask, stay; /* a bit for each of entries 8 to 15 */
} rows[] = {
    { false, 0, 0, 0 },     { true, 9, 0, 0xfd },  { true, 9, 1, 0xfc }, { true, 10, 2, 0xf0 },
    { true, 12, 3, 0x00 },  { true, 1, 0, 0xff },  { true, 0, 4, 0 },    { true, 0, 31, 0 },
    { true, 0x109, 0, 0xff },
};
START_TEST(invalidated)
{
    start(false);
    start_queue(&u);
    for (unsigned i = 8; i < 16; i++) {
        set_entry(i, 1 | i << 16, 0);
        dma_send_msi(&u.dma, request(i), 0);
        set_entry(i, 1 | (i + 0x40) << 16, 0);
    }
    queue(&u, 4 | (rows[_i].selective ? BIT(4) : 0) | rows[_i].mask << 27 | (uint64_t)rows[_i].index << 32, 0);
    ck_assert_uint_eq(get(&u, FSTS, 4), 0);
    unsigned stay = 0;
    for (unsigned i = 8; i < 16; i++) {
        dma_send_msi(&u.dma, request(i), 0);
        stay |= u.last.vector == i ? 1u << (i - 8) : 0;
    }
    ck_assert_uint_eq(stay, rows[_i].stay);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("iommu/vtd_interrupt");
    TCase *c = tcase_create("interrupt");
    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_loop_test(c, remapped, 0, ARRAY_LEN(entries));
    tcase_add_test(c, index_of_request);
    tcase_add_loop_test(c, refused, 0, ARRAY_LEN(faults));
    tcase_add_test(c, table_without_ram);
    tcase_add_loop_test(c, verified, 0, ARRAY_LEN(senders));
    tcase_add_test(c, compatibility_format);
    tcase_add_loop_test(c, invalidated, 0, ARRAY_LEN(rows));
    suite_add_tcase(s, c);
    return s;
}
