/* SPDX-License-Identifier: Apache-2.0 */
/* What software finds on the PC's boards beyond what the parts' own tests say: lists of ACPI tables, option ROMs. */
#include "core/memory/ports.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/pci/pci.h"
#include "devices/q35_mch.h"
#include "test/devices/board/fw_cfg_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct board *build_with(const char *board, const struct board_arg *args, uint32_t n)
{
    const struct board_config c = { .board = board, .cpu = "qemu64", .cpus = 2, .memory = 64 << 20, .bios = "none",
                                    .args = args, .n_args = n, .log_out = stderr };
    struct board *b = NULL;
    struct err e = { 0 };
    ck_assert_msg(board_create(&b, &c, &e) == 0, "%s", e.text);
    return b;
}

static struct board *build(const char *board, const char *device)
{
    const struct board_arg args[] = { { BOARD_DEVICE, device } };
    return build_with(board, args, device != NULL);
}

static const uint8_t *file(struct board *b, const char *name, uint32_t *n)
{
    return fw_cfg_file(((const struct q35 *)b->parts)->fw_cfg, name, n);
}

/* Firmware adds the tables' address there: the loader has a command for it (QEMU hw/acpi/bios-linker-loader.c). */
static bool is_pointer(struct board *b, const char *in, uint32_t at, uint8_t size)
{
    uint32_t n;
    const uint8_t *c = file(b, "etc/table-loader", &n);
    for (uint32_t i = 0; i < n; i += 128)
        if (ld_le32(c + i) == 2 && strcmp((const char *)c + i + 4, in) == 0 && ld_le32(c + i + 116) == at && c[i + 120] == size)
            return true;
    return false;
}

static const char *const boards[] = { "x86-q35", "x86-pc", "x86-microvm" };

/* ACPI 6.4, 5.2.5.3, 5.2.7, 5.2.8: the RSDT and the XSDT list the same tables. GRUB, for one, reads the RSDT only. */
START_TEST(both_lists)
{
    struct board *b = build(boards[_i], NULL);
    uint32_t n, n_rsdp;
    const uint8_t *t = file(b, "etc/acpi/tables", &n), *rsdp = file(b, "etc/acpi/rsdp", &n_rsdp);

    ck_assert(t != NULL && rsdp != NULL && n_rsdp == 36);
    ck_assert(is_pointer(b, "etc/acpi/rsdp", 16, 4) && is_pointer(b, "etc/acpi/rsdp", 24, 8));
    uint32_t old = ld_le32(rsdp + 16), new = ld_le32(rsdp + 24);
    ck_assert_mem_eq(t + old, "RSDT", 4);
    ck_assert_mem_eq(t + new, "XSDT", 4);
    uint32_t entries = (ld_le32(t + old + 4) - 36) / 4;
    ck_assert_uint_ge(entries, 2);
    ck_assert_uint_eq((ld_le32(t + new + 4) - 36) / 8, entries);
    for (uint32_t i = 0; i < entries; i++) {
        uint32_t at = old + 36 + 4 * i, wide = new + 36 + 8 * i;
        ck_assert_uint_eq(ld_le32(t + at), ld_le64(t + wide));
        ck_assert(is_pointer(b, "etc/acpi/tables", at, 4) && is_pointer(b, "etc/acpi/tables", wide, 8));
        ck_assert_mem_ne(t + ld_le32(t + at), "DSDT", 4);
    }
    board_destroy(b);
}
END_TEST

/*
 * ACPI 6.4, 5.2.12.5: interrupts that PCI's lines are routed to are levels, by a source override each; other ISA interrupts have
 * none, but IRQ0. The GED of a board without PCI asks for an edge of interrupt 9.
 */
START_TEST(overrides)
{
    struct board *b = build(boards[_i], NULL);
    uint32_t n, levels = 0;
    const uint8_t *t = file(b, "etc/acpi/tables", &n), *end = t + n;
    while (t < end - 4 && memcmp(t, "APIC", 4) != 0)
        t++;
    end = t + ld_le32(t + 4);
    for (t += 44; t < end; t += t[1])
        if (t[0] == 2 && t[3] != 0)
            levels |= 1u << t[3];
    ck_assert_uint_eq(levels, _i < 2 ? 1u << 5 | 1u << 9 | 1u << 10 | 1u << 11 : 0);
    board_destroy(b);
}
END_TEST

/* As firmware selects a file, by its key: then it is made. */
static void choose(struct board *b, const char *name)
{
    const struct q35 *q = b->parts;
    uint32_t n;
    const uint8_t *d = fw_cfg_find(q->fw_cfg, FW_CFG_FILE_DIR, &n);
    for (uint32_t i = 0; i < ld_be32(d); i++)
        if (strcmp((const char *)d + 4 + i * 64 + 8, name) == 0)
            mem_port_out(q->ports, 0x510, 2, ld_be16(d + 4 + i * 64 + 4), NULL);
}

static const uint8_t *find(const uint8_t *bytes, uint32_t n, const void *what, uint32_t size)
{
    for (uint32_t i = 0; i + size <= n; i++)
        if (memcmp(bytes + i, what, size) == 0)
            return bytes + i;
    return NULL;
}

static bool has_number(const uint8_t *bytes, uint32_t n, uint32_t number)
{
    uint8_t le[4];
    st_le32(le, number);
    return find(bytes, n, le, 4) != NULL;
}

/* Where firmware may put PCIEXBAR (316966, 5.1.17), OVMF at E0000000, and where the tables cannot follow. */
static const struct {
    uint32_t pciexbar, base, last_bus, below, behind; /* windows: end of the lower, begin of the upper */
} ecams[] = {
    { 0, 0xb0000000, 255, 0xafffffff, 0xc0000000 },
    { 0xb0000001, 0xb0000000, 255, 0xafffffff, 0xc0000000 },
    { 0xe0000001, 0xe0000000, 255, 0xdfffffff, 0xf0000000 },
    { 0xd4000005, 0xd4000000, 63, 0xd3ffffff, 0xd8000000 },
    { 0x00000001, 0xb0000000, 255, 0xafffffff, 0xc0000000 },
    { 0xf0000001, 0xb0000000, 255, 0xafffffff, 0xc0000000 },
};
/* PCI Firmware 3.3, 4.1.2; ACPI 6.4, 6.4.3.5.2: MCFG and the bridge's windows say where it is. */
START_TEST(tables_follow_ecam)
{
    struct board *b = build("x86-q35", NULL);
    struct pci_bus *bus = &((struct q35 *)b->parts)->mch->bus;
    uint32_t n;
    pci_config_write(bus, 0, 0x60, 4, ecams[_i].pciexbar);
    choose(b, "etc/acpi/tables");
    const uint8_t *t = file(b, "etc/acpi/tables", &n), *mcfg = find(t, n, "MCFG", 4);
    ck_assert(mcfg != NULL);
    ck_assert_uint_eq(ld_le64(mcfg + 44), ecams[_i].base);
    ck_assert_uint_eq(mcfg[55], ecams[_i].last_bus);
    ck_assert(has_number(t, n, ecams[_i].below) && has_number(t, n, ecams[_i].behind));
    ck_assert(!has_number(t, n, 0xf1c0a106));
    board_destroy(b);
}
END_TEST

/* PCI 3.0, 6.2.5.2: without a ROM its base address register reads 0, whatever is written. */
START_TEST(no_option_rom)
{
    struct board *b = build("x86-q35", "VGA,addr=1,romfile=");
    struct pci_bus *bus = &((struct q35 *)b->parts)->mch->bus;
    ck_assert_uint_eq(pci_config_read(bus, PCI_DEVFN(1, 0), 0, 4), 0x11111234);
    pci_config_write(bus, PCI_DEVFN(1, 0), 0x30, 4, 0xffffffff);
    ck_assert_uint_eq(pci_config_read(bus, PCI_DEVFN(1, 0), 0x30, 4), 0);
    board_destroy(b);
}
END_TEST

/* Intel ICH9 316972, 1.2: the functions of device 31 that the board has, as QEMU's. */
START_TEST(south_bridge)
{
    static const struct { uint8_t function; uint32_t ids; } rows[] = {
        { 0, 0x29188086 }, { 1, 0xffffffff }, { 2, 0x29228086 }, { 3, 0x29308086 }, { 4, 0xffffffff },
    };
    struct board *b = build("x86-q35", NULL);
    struct pci_bus *bus = &((struct q35 *)b->parts)->mch->bus;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_uint_eq(pci_config_read(bus, PCI_DEVFN(31, rows[i].function), 0, 4), rows[i].ids);
    board_destroy(b);
}
END_TEST

/* SeaBIOS, src/block.c: byte 39h has two bits for each of four drives; more than 1024 cylinders of 16 heads and 63 sectors by LBA. */
START_TEST(disk_translation)
{
    static const uint64_t sizes[] = { 1024ull * 16 * 63 * 512, 1025ull * 16 * 63 * 512 };
    char drives[2][96], path[] = "/tmp/orrery-x86-XXXXXX";
    struct board_arg args[4] = { { BOARD_DRIVE, drives[0] }, { BOARD_DRIVE, drives[1] }, { BOARD_DEVICE, "ide-hd,drive=d0" },
                                 { BOARD_DEVICE, "ide-hd,drive=d1,bus=ide.1,unit=1" } };
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)sizes[_i]), 0);
    close(fd);
    for (unsigned i = 0; i < 2; i++)
        snprintf(drives[i], sizeof(drives[i]), "file=%s,format=raw,if=none,id=d%u,snapshot=on", path, i);
    struct board *b = build_with("x86-pc", args, 4);
    const struct q35 *q = b->parts;
    unlink(path);
    mem_port_out(q->ports, 0x70, 1, 0x39, NULL);
    ck_assert_uint_eq(mem_port_in(q->ports, 0x71, 1, NULL), _i ? 0x41 : 0);
    board_destroy(b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.board.x86_q35");
    TCase *t = tcase_create("boards");
    tcase_add_loop_test(t, both_lists, 0, ARRAY_LEN(boards));
    tcase_add_loop_test(t, overrides, 0, ARRAY_LEN(boards));
    tcase_add_loop_test(t, tables_follow_ecam, 0, ARRAY_LEN(ecams));
    tcase_add_test(t, no_option_rom);
    tcase_add_test(t, south_bridge);
    tcase_add_loop_test(t, disk_translation, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
