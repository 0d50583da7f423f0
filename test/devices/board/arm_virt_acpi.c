/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI of arm-virt as firmware gets it: fw_cfg's files put in place as their commands say, then
 * read by ACPI 6.4, chapter 5.
 */
#include "devices/board/arm_virt_impl.h"
#include "test/devices/board/fw_cfg_file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLES_AT 0x7f001000ull
#define RSDP_AT   0x7f000000ull

static struct board *b;
static const uint8_t *loader;
static uint8_t *tables, rsdp[64];
static uint32_t loader_size, tables_size, rsdp_size;

static const uint8_t *file(const char *name, uint32_t *size)
{
    return fw_cfg_file(((const struct arm_virt *)b->parts)->fw_cfg, name, size);
}

static void build(const char *options, uint32_t cpus, bool firmware)
{
    static const char *const serials[] = { "none", "none" };
    char path[] = "/tmp/orrery-acpi-XXXXXX";
    int fd = mkstemp(path);
    struct board_config config = {
        .board = "arm-virt", .board_options = options, .timing = "functional", .cpus = cpus,
        .cpu = "max", .memory = 64 << 20, .bios = firmware ? path : "none", .log_out = stderr,
        .serial = { serials[0], serials[1] }, .n_serial = 2,
    };
    struct err e = { 0 };

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "\0\0\0\x14", 4), 4);
    close(fd);
    ck_assert_msg(board_create(&b, &config, &e) == 0, "%s", e.text);
    unlink(path);
}

static void teardown(void)
{
    board_destroy(b);
    free(tables);
    tables = NULL;
}

static uint8_t *in_file(const uint8_t *name, uint32_t at, uint32_t n)
{
    bool is_rsdp = strcmp((const char *)name, "etc/acpi/rsdp") == 0;

    ck_assert(is_rsdp || strcmp((const char *)name, "etc/acpi/tables") == 0);
    ck_assert_uint_le(at + n, is_rsdp ? rsdp_size : tables_size);
    return (is_rsdp ? rsdp : tables) + at;
}

static uint8_t sum(const uint8_t *p, uint32_t n)
{
    uint8_t s = 0;

    while (n--)
        s = (uint8_t)(s + *p++);
    return s;
}

/* What firmware does (QEMU hw/acpi/bios-linker-loader.c). Allocations come first, both of them. */
static void load(void)
{
    const uint8_t *original = file("etc/acpi/tables", &tables_size), *r = file("etc/acpi/rsdp", &rsdp_size);
    uint32_t allocated = 0;

    ck_assert(original && r && rsdp_size <= sizeof(rsdp));
    tables = malloc(tables_size);
    memcpy(tables, original, tables_size);
    memcpy(rsdp, r, rsdp_size);
    loader = file("etc/table-loader", &loader_size);
    ck_assert(loader && loader_size % 128 == 0);
    for (const uint8_t *c = loader; c < loader + loader_size; c += 128) {
        uint32_t at = ld_le32(c + 116), what = ld_le32(c), size = c[120];
        if (what == 1) {
            ck_assert_uint_eq(c[64], strcmp((const char *)c + 4, "etc/acpi/rsdp") == 0 ? 2 : 1);
            allocated++;
        } else if (what == 2) {
            uint8_t value[8] = { 0 }, *p = in_file(c + 4, at, size);
            ck_assert_str_eq((const char *)c + 60, "etc/acpi/tables");
            memcpy(value, p, size);
            ck_assert_uint_lt(ld_le64(value), tables_size);
            st_le64(value, ld_le64(value) + TABLES_AT);
            memcpy(p, value, size);
        } else {
            ck_assert_uint_eq(what, 3);
            uint32_t start = ld_le32(c + 64), n = ld_le32(c + 68);
            uint8_t *p = in_file(c + 4, ld_le32(c + 60), 1);
            *p = (uint8_t)(*p - sum(in_file(c + 4, start, n), n));
        }
        ck_assert_uint_eq(allocated >= 2 || what == 1, true);
    }
}

static const uint8_t *at_address(uint64_t address)
{
    ck_assert(address >= TABLES_AT && address + 36 <= TABLES_AT + tables_size);
    const uint8_t *t = tables + (address - TABLES_AT);
    ck_assert_uint_le(ld_le32(t + 4), tables_size - (uint32_t)(t - tables));
    ck_assert_msg(sum(t, ld_le32(t + 4)) == 0, "checksum of %.4s", t);
    return t;
}

/* 5.2.5.3 RSDP, 5.2.8 XSDT; the DSDT hangs off the FADT (5.2.9) */
static const uint8_t *find(const char *signature)
{
    ck_assert_mem_eq(rsdp, "RSD PTR ", 8);
    ck_assert_uint_eq(sum(rsdp, 20), 0);
    ck_assert_uint_eq(sum(rsdp, 36), 0);
    ck_assert_uint_eq(rsdp[15], 2);
    const uint8_t *xsdt = at_address(ld_le64(rsdp + 24));
    ck_assert_mem_eq(xsdt, "XSDT", 4);
    for (uint32_t i = 36; i < ld_le32(xsdt + 4); i += 8) {
        const uint8_t *t = at_address(ld_le64(xsdt + i));
        if (memcmp(t, signature, 4) == 0)
            return t;
        if (memcmp(t, "FACP", 4) == 0 && memcmp(signature, "DSDT", 4) == 0) {
            ck_assert_uint_eq(ld_le32(t + 40), ld_le64(t + 140));
            return at_address(ld_le64(t + 140));
        }
    }
    return NULL;
}

/* The n-th structure of a type in the MADT (5.2.12), or NULL. */
static const uint8_t *madt(uint8_t type, uint32_t n)
{
    const uint8_t *t = find("APIC"), *end = t + ld_le32(t + 4);

    for (t += 44; t < end; t += t[1]) {
        ck_assert(t[1] >= 2 && t + t[1] <= end);
        if (t[0] == type && n-- == 0)
            return t;
    }
    return NULL;
}

enum { GICC = 0x0b, GICD = 0x0c, MSI_FRAME = 0x0d, GICR = 0x0e, ITS = 0x0f };
static const struct {
    const char *options;
    uint32_t cpus;
    uint8_t gic;
    uint64_t gicc, gicv, gich;
    uint32_t maintenance;
    bool v2m, its, regions;
    uint16_t psci;               /* 5.2.9.4: 1 compliant, 2 HVC */
    uint32_t hyp_virt_timer;     /* 5.2.25: 0 is none */
} rows[] = {
    { "gic-version=2", 1, 2, 0x08010000, 0, 0, 0, true, false, 0, 3, 0 },
    { "gic-version=2,virtualization=on", 8, 2, 0x08010000, 0x08040000, 0x08030000, 25, true, false, 0, 1, 28 },
    { "gic-version=2,msi=off,acpi=on", 1, 2, 0x08010000, 0, 0, 0, false, false, 0, 3, 0 },
    { "gic-version=3", 4, 3, 0, 0, 0, 0, false, true, 1, 3, 0 },
    { "gic-version=3,virtualization=on,acpi=auto", 64, 3, 0, 0, 0, 25, false, true, 1, 1, 28 },
    { "gic-version=3,msi=gicv2m", 2, 3, 0, 0, 0, 0, true, false, 1, 3, 0 },
    { "gic-version=3,its=off,highmem=off", 17, 3, 0, 0, 0, 0, false, false, 1, 3, 0 },
};
START_TEST(tables_describe_the_machine)
{
    build(rows[_i].options, rows[_i].cpus, true);
    load();
    const uint8_t *d = madt(GICD, 0), *c = madt(GICC, rows[_i].cpus - 1);
    ck_assert_uint_eq(ld_le64(d + 8), 0x08000000);
    ck_assert_uint_eq(d[20], rows[_i].gic);
    ck_assert(!madt(GICC, rows[_i].cpus));
    ck_assert_uint_eq(ld_le32(c + 8), rows[_i].cpus - 1); /* _UID */
    ck_assert_uint_eq(ld_le32(c + 12), 1);
    ck_assert_uint_eq(ld_le32(c + 20), 23);
    ck_assert_uint_eq(ld_le64(c + 32), rows[_i].gicc);
    ck_assert_uint_eq(ld_le64(c + 40), rows[_i].gicv);
    ck_assert_uint_eq(ld_le64(c + 48), rows[_i].gich);
    ck_assert_uint_eq(ld_le32(c + 56), rows[_i].maintenance);
    ck_assert_uint_eq(ld_le64(c + 68), arm_virt_mpidr(rows[_i].cpus - 1, rows[_i].gic == 3) & 0xff00ffffff);
    ck_assert_int_eq(madt(GICR, 0) != NULL, rows[_i].regions);
    const uint8_t *frame = madt(MSI_FRAME, 0), *its = madt(ITS, 0);
    ck_assert_int_eq(frame != NULL, rows[_i].v2m);
    if (frame) {
        ck_assert_uint_eq(ld_le64(frame + 8), 0x08020000);
        ck_assert_uint_eq(ld_le16(frame + 20), 64);
        ck_assert_uint_eq(ld_le16(frame + 22), 80);
    }
    ck_assert_int_eq(its != NULL, rows[_i].its);
    ck_assert_int_eq(find("IORT") != NULL, rows[_i].its);
    if (its)
        ck_assert_uint_eq(ld_le64(its + 8), 0x08080000);
    const uint8_t *fadt = find("FACP");
    ck_assert_uint_eq(ld_le32(fadt + 4), 276);
    ck_assert_uint_eq(ld_le32(fadt + 112), 1 << 20);
    ck_assert_uint_eq(ld_le16(fadt + 129), rows[_i].psci);
    /* 5.2.25: PPIs of BSA 1.0, table 6 */
    const uint8_t *gtdt = find("GTDT");
    static const uint32_t timers[] = { 29, 30, 27, 26 };
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(ld_le32(gtdt + 48 + 8 * i), timers[i]);
    ck_assert_uint_eq(ld_le32(gtdt + 96), rows[_i].hyp_virt_timer);
    const uint8_t *mcfg = find("MCFG");
    bool high = !strstr(rows[_i].options, "highmem=off");
    ck_assert_uint_eq(ld_le64(mcfg + 44), high ? 0x4010000000 : 0x3f000000);
    ck_assert_uint_eq(mcfg[55], high ? 255 : 15);
    ck_assert_uint_eq(ld_le64(find("SPCR") + 44), 0x09000000);
    ck_assert_uint_eq(ld_le32(find("PPTT") + 4), 36 + 20 * (2 + rows[_i].cpus));
    ck_assert(find("DBG2") != NULL);
    /* every template has been filled in */
    const uint8_t *dsdt = find("DSDT");
    static const uint8_t left[] = { 0xa0, 0xc0, 0xf1 };
    ck_assert(!memmem(dsdt, ld_le32(dsdt + 4), left, sizeof(left)));
    ck_assert(memmem(dsdt, ld_le32(dsdt + 4), "VR1F", 4) != NULL);
    ck_assert(memmem(dsdt, ld_le32(dsdt + 4), "COM1", 4) != NULL);
}
END_TEST

/* ACPI 6.4, 5.6.9: with ACPI the power key is the event device's, bit 1 of its register. */
START_TEST(power_key)
{
    struct err e = { 0 };
    uint64_t v;

    build(NULL, 1, true);
    ck_assert_int_eq(board_power_key(b, &e), 0);
    ck_assert_int_eq(mem_load(b->machine->memory, 0x09080000, 4, &v, &(struct mem_attrs){ 0 }), MEM_OK);
    ck_assert_uint_eq(v, 2);
}
END_TEST

/* secure=on: the second UART is not the system's, and PSCI not the board's. */
START_TEST(secure_board)
{
    build("secure=on", 1, true);
    load();
    const uint8_t *dsdt = find("DSDT");
    ck_assert(!memmem(dsdt, ld_le32(dsdt + 4), "COM1", 4));
    ck_assert_uint_eq(ld_le16(find("FACP") + 129), 0);
}
END_TEST

START_TEST(only_firmware_gets_them)
{
    uint32_t n;

    build(_i ? "acpi=off" : NULL, 1, _i != 0);
    ck_assert(!file("etc/table-loader", &n));
    ck_assert(!((struct arm_virt *)b->parts)->ged);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.board.arm_virt_acpi");
    TCase *c = tcase_create("tables");

    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_loop_test(c, tables_describe_the_machine, 0, ARRAY_LEN(rows));
    tcase_add_test(c, power_key);
    tcase_add_test(c, secure_board);
    tcase_add_loop_test(c, only_firmware_gets_them, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
