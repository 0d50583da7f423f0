/* SPDX-License-Identifier: Apache-2.0 */
/* SMBIOS of arm-virt as firmware gets it, read by DSP0134, version 3.0. */
#include "devices/board/arm_virt_impl.h"
#include "test/devices/board/fw_cfg_file.h"
#include <stdlib.h>
#include <unistd.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct board *b;
static const uint8_t *tables, *anchor;
static uint32_t tables_size, anchor_size;

static void build(uint64_t memory, uint32_t cpus, bool firmware)
{
    char path[] = "/tmp/orrery-smbios-XXXXXX";
    int fd = mkstemp(path);
    const struct board_config config = {
        .board = "arm-virt", .timing = "functional", .cpus = cpus, .cpu = "cortex-a72", .memory = memory,
        .bios = firmware ? path : "none", .log_out = stderr, .serial = { "none" }, .n_serial = 1,
    };
    struct err e = { 0 };

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "\0\0\0\x14", 4), 4);
    close(fd);
    ck_assert_msg(board_create(&b, &config, &e) == 0, "%s", e.text);
    unlink(path);
    const struct arm_virt *v = b->parts;
    tables = fw_cfg_file(v->fw_cfg, "etc/smbios/smbios-tables", &tables_size);
    anchor = fw_cfg_file(v->fw_cfg, "etc/smbios/smbios-anchor", &anchor_size);
}

static void teardown(void)
{
    board_destroy(b);
}

/* 6.1.3: behind the formatted area, each ended by a NUL, all by another; none: two NULs. */
static const uint8_t *after(const uint8_t *s)
{
    const uint8_t *at = s + s[1];

    while (at[0] || at[1])
        ck_assert(++at < tables + tables_size - 1);
    return at + 2;
}

static const char *string(const uint8_t *s, uint8_t number)
{
    const char *at = (const char *)s + s[1];

    for (; number > 1; number--)
        at += strlen(at) + 1;
    return number ? at : "";
}

/* The n-th structure of a type, or NULL. */
static const uint8_t *find(uint8_t type, uint32_t n)
{
    for (const uint8_t *s = tables; s < tables + tables_size; s = after(s))
        if (s[0] == type && n-- == 0)
            return s;
    return NULL;
}

/* 5.2.2; chapter 6: lengths, handles that are one structure's each, the end at the end. */
START_TEST(structures_are_whole)
{
    static const struct { uint8_t type, length; } wanted[] = {
        { 1, 0x1b }, { 3, 0x16 }, { 4, 0x30 }, { 16, 0x17 }, { 17, 0x28 }, { 19, 0x1f }, { 32, 0x0b },
        { 127, 4 },
    };
    uint8_t sum = 0;

    build(256 * MIB, 1, true);
    ck_assert_uint_eq(anchor_size, 24);
    for (uint32_t i = 0; i < anchor_size; i++)
        sum = (uint8_t)(sum + anchor[i]);
    ck_assert_uint_eq(sum, 0);
    ck_assert_mem_eq(anchor, "_SM3_", 5);
    ck_assert(anchor[6] == 24 && anchor[7] == 3 && anchor[8] == 0 && anchor[10] == 1);
    ck_assert_uint_eq(ld_le32(anchor + 12), tables_size);
    const uint8_t *s = tables;
    for (uint32_t i = 0; i < ARRAY_LEN(wanted); i++, s = after(s)) {
        ck_assert_uint_eq(s[0], wanted[i].type);
        ck_assert_uint_eq(s[1], wanted[i].length);
        for (const uint8_t *o = tables; o < s; o = after(o))
            ck_assert_uint_ne(ld_le16(o + 2), ld_le16(s + 2));
    }
    ck_assert_ptr_eq(s, tables + tables_size);
    ck_assert_str_eq(string(tables, tables[4]), "Orrery");
    ck_assert_str_eq(string(tables, tables[5]), "Orrery Virtual Machine");
    ck_assert_str_eq(string(tables, tables[6]), "arm-virt");
    ck_assert_uint_eq(tables[0x18], 6); /* wake-up: power switch */
}
END_TEST

START_TEST(processor)
{
    build(256 * MIB, 5, true);
    const uint8_t *s = find(4, 0);
    ck_assert_str_eq(string(s, s[0x10]), "cortex-a72");
    ck_assert_uint_eq(s[0x18], 0x41);
    ck_assert_uint_eq(ld_le16(s + 0x16), b->cpus[0]->clock.hz / 1000000);
    ck_assert(s[0x23] == 5 && s[0x24] == 5 && s[0x25] == 5);
    ck_assert_uint_eq(ld_le16(s + 0x26), 0xc); /* 64 bits, several cores */
    ck_assert_uint_eq(ld_le16(s + 0x2a), 5);
    ck_assert_ptr_null(find(4, 1));
}
END_TEST

/* 7.17, 7.18, 7.20: KiB and MiB; RAM begins at 1 GiB. */
static const struct {
    uint64_t memory;
    uint32_t array;             /* KiB */
    uint32_t modules, last;     /* MiB, of the last one */
    uint32_t start, end;        /* KiB */
} memories[] = {
    { 64 * MIB, 65536, 1, 64, 0x100000, 0x10ffff },
    { 16 * GIB, 16 << 20, 1, 16384, 0x100000, 0x10fffff },
    { 33 * GIB, 33 << 20, 3, 1024, 0x100000, 0x21fffff },
    { 3 * MIB + 4096, 3076, 1, 4, 0x100000, 0x100c03 },
};
START_TEST(memory)
{
    build(memories[_i].memory, 1, true);
    const uint8_t *s = find(16, 0);
    ck_assert_uint_eq(ld_le32(s + 7), memories[_i].array);
    ck_assert_uint_eq(ld_le16(s + 0xd), memories[_i].modules);
    const uint8_t *d = find(17, memories[_i].modules - 1), *a = find(19, 0);
    ck_assert_ptr_null(find(17, memories[_i].modules));
    ck_assert_uint_eq(ld_le16(d + 0xc), memories[_i].last);
    ck_assert_uint_eq(ld_le16(d + 4), ld_le16(s + 2));
    ck_assert_uint_eq(ld_le32(a + 4), memories[_i].start);
    /* 7.20: the KiB that the last byte lies in */
    ck_assert_uint_eq(ld_le32(a + 8), memories[_i].end);
    ck_assert_uint_eq(ld_le16(a + 0xc), ld_le16(s + 2));
}
END_TEST

START_TEST(only_for_firmware)
{
    build(64 * MIB, 1, false);
    ck_assert(!tables && !anchor);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.board.smbios");
    TCase *t = tcase_create("smbios");

    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, structures_are_whole);
    tcase_add_test(t, processor);
    tcase_add_loop_test(t, memory, 0, (int)ARRAY_LEN(memories));
    tcase_add_test(t, only_for_firmware);
    suite_add_tcase(s, t);
    return s;
}
