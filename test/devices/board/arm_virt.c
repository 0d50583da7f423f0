/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm-virt as software and firmware find it: identification of the parts at QEMU's addresses
 * (docs/system/arm/virt.rst), where CPUs start, the power key, and the ACPI tables by ACPI 6.5.
 */
#include "core/device/device.h"
#include "core/util/bytes.h"
#include "cpu/arm64/cpu.h"
#include "devices/board/board.h"
#include "devices/fw_cfg.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct board *build(const char *options, uint32_t cpus, const char *bios, const char *kernel)
{
    const struct board_config config = {
        .board = "arm-virt", .board_options = options, .timing = "functional", .cpus = cpus,
        .cpu = "cortex-a72", .memory = 64 << 20, .bios = bios, .kernel = kernel, .log_out = stderr,
        .log = "error,guest=off",
    };
    struct board *b = NULL;
    struct err e = { 0 };
    ck_assert_msg(board_create(&b, &config, &e) == 0, "%s", e.text);
    return b;
}

/* A file of `n` bytes that begins with `text`. */
static void make_file(char *path, const void *bytes, size_t size, long n)
{
    strcpy(path, "/tmp/arm-virt-XXXXXX");
    int fd = mkstemp(path);
    ck_assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && ftruncate(fd, n) == 0);
    close(fd);
}

static uint32_t word(struct board *b, pa_t at)
{
    uint64_t v = 0;
    ck_assert_msg(mem_load(board_machine(b)->memory, at, 4, &v, &(struct mem_attrs){ 0 }) == MEM_OK,
                  "nothing at %#lx", (unsigned long)at);
    return (uint32_t)v;
}

/* QEMU's names of the board, and of riscv64's, of which it has one. */
START_TEST(names)
{
    static const char *const known[] = { "virt", "virt-6.2", "virt-7.2", "virt-8.0", "virt-9.0", "virt-10.0", "virt-10.2" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        ck_assert_msg(board_find_for(known[i], "aarch64") == board_find("arm-virt"), "%s", known[i]);
    ck_assert_ptr_null(board_find_for("virt-5.2", "aarch64"));
    ck_assert_ptr_null(board_find_for("virt-7.2", "riscv64"));
    ck_assert(board_find_for("virt", "riscv64") == board_find("riscv-virt"));
}
END_TEST

static const struct { const char *options; pa_t at; uint32_t value; } ids[] = {
    { NULL, 0x09000fe0, 0x11 },       /* UARTPeriphID0 */
    { NULL, 0x09010fe0, 0x31 },       /* RTCPeriphID0 */
    { NULL, 0x09030fe0, 0x61 },       /* GPIOPeriphID0 */
    { NULL, 0x0a000000, 0x74726976 }, /* virtio-mmio's MagicValue, first slot */
    { NULL, 0x0a003e00, 0x74726976 }, /* and last */
    { NULL, 0x4010000000, 0x00081b36 }, /* the PCI host bridge */
    { "highmem=off", 0x3f000000, 0x00081b36 },
    { NULL, 0x08020008, 0x00500040 }, /* GICv2m: SPIs from INTID 80, 64 of them */
    { "gic-version=2", 0x08000fe8, 0x2b },  /* ICPIDR2: GICv2 */
    { "gic-version=3", 0x0800ffe8, 0x3b },  /* GICD_PIDR2: GICv3 */
    { "gic-version=3", 0x0808ffe8, 0x3b },  /* GITS_PIDR2 */
    { "gic-version=3", 0x080affe8, 0x3b },  /* GICR_PIDR2 of CPU 0 */
};
START_TEST(parts_are_at_their_places)
{
    struct board *b = build(ids[_i].options, 1, NULL, NULL);
    uint32_t mask = ids[_i].value == 0x3b || ids[_i].value == 0x2b ? 0xf0 : UINT32_MAX; /* ArchRev */
    ck_assert_uint_eq(word(b, ids[_i].at) & mask, ids[_i].value & mask);
    board_destroy(b);
}
END_TEST

/* PSCI: one CPU starts, the others wait. Without anything to run it starts in flash. */
START_TEST(one_cpu_starts)
{
    struct board *b = build("gic-version=3", 20, NULL, NULL);
    const struct cpu *c = board_machine(b)->cpus;
    ck_assert_uint_eq(c->pc, 0);
    ck_assert_int_eq(c->run, CPU_RUNNING);
    while ((c = c->next))
        ck_assert_int_eq(c->run, CPU_OFF);
    board_destroy(b);
}
END_TEST

/* Documentation/arch/arm64/booting.rst: text_offset 0 means a 2 MiB boundary; x0 is the device tree. */
START_TEST(linux_image)
{
    uint8_t header[64] = { 0 };
    char path[32];
    st_le64(header + 16, 0x300000); /* image_size */
    st_le32(header + 56, 0x644d5241);
    make_file(path, header, sizeof(header), 4096);
    struct board *b = build("virtualization=on", 2, NULL, path);
    const struct cpu *c = board_machine(b)->cpus;
    ck_assert_uint_eq(c->pc % 0x200000, 0);
    ck_assert_uint_ge(c->pc, 0x40000000);
    pa_t tree = a64_get_x(c, 0);
    ck_assert_uint_eq(tree % 8, 0);
    ck_assert_uint_eq(word(b, tree), 0xedfe0dd0);
    ck_assert(tree >= c->pc + 0x300000);
    for (unsigned i = 1; i < 4; i++)
        ck_assert_uint_eq(a64_get_x(c, i), 0);
    ck_assert_int_eq(c->next->run, CPU_OFF);
    board_destroy(b);
    unlink(path);
}
END_TEST

static void run_for(struct board *b, ps_t time)
{
    struct board_limits limits = { .exec = { .time = exec_time(board_exec(b)) + time, .insns = UINT64_MAX } };
    struct cpu *cpu = NULL;
    int code;
    (void)board_run(b, &limits, &code, &cpu);
}

/* Pin 3 of the GPIO is high for a while: GPIODATA with a mask of that pin only. */
START_TEST(power_key_without_firmware)
{
    enum { PIN3 = 0x09030000 + (8 << 2) };
    struct board *b = build(NULL, 1, NULL, NULL);
    struct err e = { 0 };
    ck_assert_uint_eq(word(b, PIN3), 0);
    ck_assert(board_power_key(b, &e) == 0);
    ck_assert_uint_eq(word(b, PIN3), 8);
    for (struct cpu *c = board_machine(b)->cpus; c; c = c->next)
        a64_power_off(c);
    run_for(b, 101 * PS_PER_MS);
    ck_assert_uint_eq(word(b, PIN3), 0);
    board_destroy(b);
}
END_TEST

/* The GED says which event came, once. */
START_TEST(power_key_with_firmware)
{
    enum { ESEL = 0x09080000 };
    static const uint32_t branch_to_itself = 0x14000000;
    char path[32];
    struct err e = { 0 };
    make_file(path, &branch_to_itself, 4, 4096);
    struct board *b = build(NULL, 1, path, NULL);
    ck_assert_uint_eq(word(b, 0), branch_to_itself); /* flash */
    ck_assert_uint_eq(word(b, ESEL), 0);
    ck_assert(board_power_key(b, &e) == 0);
    ck_assert_uint_eq(word(b, ESEL), 2);
    ck_assert_uint_eq(word(b, ESEL), 0);
    board_destroy(b);
    unlink(path);
}
END_TEST

/* ---- ACPI, as firmware puts it together ---- */
static uint8_t *fw_cfg_file(struct board *b, const char *name, uint32_t *size)
{
    struct fw_cfg *f = (struct fw_cfg *)(void *)device_find(board_machine(b), "fw_cfg");
    uint32_t n;
    const uint8_t *dir = fw_cfg_find(f, FW_CFG_FILE_DIR, &n);
    for (uint32_t i = 0; i < ld_be32(dir); i++) {
        const uint8_t *entry = dir + 4 + 64 * i;
        if (strcmp((const char *)entry + 8, name) == 0) {
            uint8_t *copy = malloc(ld_be32(entry));
            *size = ld_be32(entry);
            memcpy(copy, fw_cfg_find(f, ld_be16(entry + 4), &n), *size);
            ck_assert_uint_eq(n, *size);
            return copy;
        }
    }
    ck_abort_msg("no file %s", name);
    return NULL;
}

static uint8_t sum(const uint8_t *p, uint32_t n)
{
    uint8_t s = 0;
    while (n--)
        s = (uint8_t)(s + *p++);
    return s;
}

#define BASE 0x50000000ull
/* The loader's commands, with the tables at BASE. */
static void link_tables(const uint8_t *script, uint32_t n, uint8_t *rsdp, uint8_t *tables, uint32_t size)
{
    for (const uint8_t *c = script; c < script + n; c += 128) {
        bool in_rsdp = strcmp((const char *)c + 4, "etc/acpi/rsdp") == 0;
        uint8_t *file = in_rsdp ? rsdp : tables;
        uint32_t end = in_rsdp ? 36 : size;
        if (ld_le32(c) == 1) { /* allocate */
            ck_assert(ld_le32(c + 60) != 0 && (ld_le32(c + 60) & (ld_le32(c + 60) - 1)) == 0);
        } else if (ld_le32(c) == 2) {
            uint32_t at = ld_le32(c + 116);
            ck_assert_str_eq((const char *)c + 60, "etc/acpi/tables");
            ck_assert_uint_le(at + c[120], end);
            st_le64(file + at, ld_le64(file + at) + BASE);
        } else {
            ck_assert_uint_eq(ld_le32(c), 3);
            uint32_t at = ld_le32(c + 60), start = ld_le32(c + 64), length = ld_le32(c + 68);
            ck_assert(at < end && start + length <= end);
            file[at] = 0;
            file[at] = (uint8_t)-sum(file + start, length);
        }
    }
}

static const uint8_t *table(const uint8_t *tables, const uint8_t *xsdt, const char *signature)
{
    for (uint32_t i = 36; i < ld_le32(xsdt + 4); i += 8) {
        const uint8_t *t = tables + (ld_le64(xsdt + i) - BASE);
        if (memcmp(t, signature, 4) == 0)
            return t;
    }
    ck_abort_msg("no %s", signature);
    return NULL;
}

START_TEST(acpi_tables)
{
    static const char *const options[] = { "gic-version=2,virtualization=on", "gic-version=3" };
    static const char *const listed[] = { "FACP", "APIC", "GTDT", "MCFG", "SPCR", "DBG2", "PPTT" };
    static const uint32_t branch_to_itself = 0x14000000;
    char path[32];
    uint32_t n_tables, n_rsdp, n_script;
    make_file(path, &branch_to_itself, 4, 4096);
    struct board *b = build(options[_i], 3, path, NULL);
    uint8_t *tables = fw_cfg_file(b, "etc/acpi/tables", &n_tables);
    uint8_t *rsdp = fw_cfg_file(b, "etc/acpi/rsdp", &n_rsdp);
    uint8_t *script = fw_cfg_file(b, "etc/table-loader", &n_script);
    ck_assert_uint_eq(n_script % 128, 0);
    link_tables(script, n_script, rsdp, tables, n_tables);

    /* 5.2.5.3 */
    ck_assert(memcmp(rsdp, "RSD PTR ", 8) == 0 && rsdp[15] == 2 && sum(rsdp, 20) == 0 && sum(rsdp, 36) == 0);
    const uint8_t *xsdt = tables + (ld_le64(rsdp + 24) - BASE);
    ck_assert(memcmp(xsdt, "XSDT", 4) == 0 && sum(xsdt, ld_le32(xsdt + 4)) == 0);
    for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
        const uint8_t *t = table(tables, xsdt, listed[i]);
        ck_assert_msg(sum(t, ld_le32(t + 4)) == 0, "checksum of %s", listed[i]);
    }
    if (_i == 1) /* Arm DEN 0049: whose requester ids the ITS takes */
        ck_assert(sum(table(tables, xsdt, "IORT"), ld_le32(table(tables, xsdt, "IORT") + 4)) == 0);
    /* 5.2.9: hardware-reduced, PSCI, which by HVC where there is no EL2; X_DSDT */
    const uint8_t *fadt = table(tables, xsdt, "FACP");
    ck_assert_uint_eq(ld_le32(fadt + 4), 276);
    ck_assert_uint_eq(ld_le32(fadt + 112), 1 << 20);
    ck_assert_uint_eq(ld_le16(fadt + 129), _i == 0 ? 1 : 3);
    const uint8_t *dsdt = tables + (ld_le64(fadt + 140) - BASE);
    ck_assert(memcmp(dsdt, "DSDT", 4) == 0 && sum(dsdt, ld_le32(dsdt + 4)) == 0);
    /* 5.2.12: structures fill the MADT; one GICC a CPU */
    const uint8_t *madt = table(tables, xsdt, "APIC");
    uint32_t types[16] = { 0 };
    uint32_t at = 44;
    for (; at < ld_le32(madt + 4); at += madt[at + 1]) {
        ck_assert(madt[at] < 16 && madt[at + 1] >= 16);
        types[madt[at]]++;
    }
    ck_assert_uint_eq(at, ld_le32(madt + 4));
    ck_assert(types[0xb] == 3 && types[0xc] == 1);
    ck_assert(types[0xd] == (_i == 0) && types[0xe] == (_i == 1) && types[0xf] == (_i == 1));
    /* PCI Firmware Specification 3.3, 4.1.2 */
    ck_assert_uint_eq(ld_le64(table(tables, xsdt, "MCFG") + 44), 0x4010000000);
    free(tables);
    free(rsdp);
    free(script);
    board_destroy(b);
    unlink(path);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("arm_virt");
    TCase *t = tcase_create("board");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, names);
    tcase_add_loop_test(t, parts_are_at_their_places, 0, (int)ARRAY_LEN(ids));
    tcase_add_test(t, one_cpu_starts);
    tcase_add_test(t, linux_image);
    tcase_add_test(t, power_key_without_firmware);
    tcase_add_test(t, power_key_with_firmware);
    tcase_add_loop_test(t, acpi_tables, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
