/* SPDX-License-Identifier: Apache-2.0 */
/*
 * -device and -drive on riscv-virt: what ends up where. Identification as QEMU 7.2's virt shows
 * it (info qtree, xp /64wx 0x30008000).
 */
#include "core/device/device.h"
#include "devices/board/board.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ECAM 0x30000000ull
enum { MMIO_TOP = 0x10008000, MMIO_STRIDE = 0x1000, DEVICE_ID = 8 };

static int try_build(struct board **b, const struct board_arg *args, uint32_t n, struct err *e)
{
    const struct board_config config = {
        .board = "riscv-virt", .timing = "functional", .cpus = 1, .cpu = "rv64", .memory = 16 << 20,
        .bios = "none", .args = args, .n_args = n, .log_out = stderr,
    };
    return board_create(b, &config, e);
}

static struct board *build(const struct board_arg *args, uint32_t n)
{
    struct board *b = NULL;
    struct err e = { 0 };
    ck_assert_msg(try_build(&b, args, n, &e) == 0, "%s", e.text);
    return b;
}

static uint32_t word(struct board *b, pa_t at)
{
    uint64_t v = 0;
    ck_assert(mem_load(board_machine(b)->memory, at, 4, &v, &(struct mem_attrs){ 0 }) == MEM_OK);
    return (uint32_t)v;
}
static uint32_t config(struct board *b, unsigned slot, uint32_t offset)
{
    return word(b, ECAM + (slot << 15) + offset);
}

/* vendor and device, class and revision, subsystem */
static const struct { const char *device; uint32_t id, class_code, subsystem; } pci[] = {
    { "virtio-rng-pci", 0x10051af4, 0x00ff0000, 0x00041af4 },
    { "virtio-rng", 0x10051af4, 0x00ff0000, 0x00041af4 }, /* an alias of the first */
    { "virtio-rng-pci-transitional", 0x10051af4, 0x00ff0000, 0x00041af4 },
    { "virtio-rng-pci-non-transitional", 0x10441af4, 0x00ff0001, 0x11001af4 },
    { "virtio-rng-pci,disable-legacy=on", 0x10441af4, 0x00ff0001, 0x11001af4 },
    { "virtio-rng-pci,disable-legacy=auto", 0x10051af4, 0x00ff0000, 0x00041af4 },
    { "virtio-rng-pci,disable-modern=on", 0x10051af4, 0x00ff0000, 0x00041af4 },
    { "virtio-net-pci,romfile=", 0x10001af4, 0x02000000, 0x00011af4 },
    { "virtio-serial-pci", 0x10031af4, 0x07800000, 0x00031af4 },
    { "virtio-net-pci,bus=pcie.0,addr=1.0,vectors=0", 0x10001af4, 0x02000000, 0x00011af4 },
    { "nvme,serial=s", 0x00101b36, 0x01080202, 0x11001af4 },
    { "ahci", 0x29228086, 0x01060102, 0x11001af4 },
    { "ich9-ahci,addr=1,id=sata", 0x29228086, 0x01060102, 0x11001af4 },
    { "e1000e,mac=02:00:00:00:00:01,romfile=", 0x10d38086, 0x02000000, 0x00008086 },
};
START_TEST(on_pci)
{
    const struct board_arg args[] = { { BOARD_DEVICE, pci[_i].device } };
    struct board *b = build(args, 1);
    ck_assert_uint_eq(config(b, 0, 0), 0x00081b36); /* QEMU's host bridge */
    ck_assert_uint_eq(config(b, 1, 0x00), pci[_i].id);
    ck_assert_uint_eq(config(b, 1, 0x08), pci[_i].class_code);
    ck_assert_uint_eq(config(b, 1, 0x2c), pci[_i].subsystem);
    ck_assert_uint_eq(config(b, 1, 0x3c) >> 8 & 0xff, 1); /* INTA */
    ck_assert_uint_eq(config(b, 2, 0), 0xffffffff);
    ck_assert_uint_eq(word(b, MMIO_TOP + DEVICE_ID), 0);
    board_destroy(b);
}
END_TEST

START_TEST(on_mmio)
{
    const struct board_arg args[] = { { BOARD_DEVICE, "virtio-rng-device" },
                                      { BOARD_DEVICE, "virtio-net-device,bus=virtio-mmio-bus.2" },
                                      { BOARD_DEVICE, "virtio-serial-device" } };
    struct board *b = build(args, ARRAY_LEN(args));
    ck_assert_uint_eq(word(b, MMIO_TOP + DEVICE_ID), 4);
    ck_assert_uint_eq(word(b, MMIO_TOP - 1 * MMIO_STRIDE + DEVICE_ID), 3);
    ck_assert_uint_eq(word(b, MMIO_TOP - 5 * MMIO_STRIDE + DEVICE_ID), 1);
    ck_assert_uint_eq(config(b, 1, 0), 0xffffffff);
    board_destroy(b);
}
END_TEST

START_TEST(places)
{
    const struct board_arg args[] = { { BOARD_DEVICE, "virtio-rng-pci,addr=1f" },
                                      { BOARD_DEVICE, "virtio-net-pci" },
                                      { BOARD_DEVICE, "virtio-rng-pci,addr=2.0,multifunction=on" },
                                      { BOARD_DEVICE, "virtio-net-pci,addr=2.3" },
                                      { BOARD_DEVICE, "virtio-serial-pci" } };
    struct board *b = build(args, ARRAY_LEN(args));
    ck_assert_uint_eq(config(b, 0x1f, 0), 0x10051af4);
    ck_assert_uint_eq(config(b, 1, 0), 0x10001af4);
    ck_assert_uint_eq(config(b, 2, 0), 0x10051af4);
    ck_assert_uint_eq(config(b, 2, 0x0c) >> 16 & 0xff, 0x80); /* header type: several functions */
    ck_assert_uint_eq(word(b, ECAM + (2 << 15 | 3 << 12)), 0x10001af4);
    ck_assert_uint_eq(config(b, 3, 0), 0x10031af4);
    board_destroy(b);
}
END_TEST

/* Drives bring a device of their own behind those of -device: on PCI, as on QEMU's board. */
START_TEST(drives)
{
    char path[] = "/tmp/orrery-disk-XXXXXX", drive[2][80];
    int fd = mkstemp(path);
    ck_assert(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    close(fd);
    snprintf(drive[0], sizeof(drive[0]), "file=%s,format=raw,if=virtio,readonly=on", path);
    snprintf(drive[1], sizeof(drive[1]), "file=%s,format=raw,readonly=on", path);
    const struct board_arg args[] = { { BOARD_DRIVE, drive[_i] }, { BOARD_DEVICE, "virtio-rng-pci" } };
    struct board *b = build(args, 2);
    ck_assert_uint_eq(config(b, 1, 0), 0x10051af4);
    ck_assert_uint_eq(config(b, 2, 0), 0x10011af4);
    ck_assert_uint_eq(config(b, 2, 8), 0x01000000);
    board_destroy(b);
    ck_assert(unlink(path) == 0);
}
END_TEST

static const struct { const char *device; const char *says; } refused[] = {
    { "virtio-rng-pci,addr=20", "1f.7" },
    { "virtio-rng-pci,addr=3.8", "1f.7" },
    { "virtio-rng-pci,addr=3.", "1f.7" },
    { "virtio-rng-pci,addr=x", "1f.7" },
    { "virtio-rng-pci,addr=0.0", "" }, /* the host bridge is there */
    { "virtio-rng-pci,bus=pci.7", "'pcie.0'" },
    { "virtio-rng-pci,vectors=257", "256" },
    { "virtio-rng-pci,disable-legacy=on,disable-modern=on", "disable-modern" },
    { "virtio-rng-pci,disable-legacy=perhaps", "auto, on, off" },
    { "virtio-rng-pci-transitional,disable-modern=on", "virtio-rng-pci" },
    { "virtio-rng-pci,packed=on,disable-modern=on", "packed" },
    { "virtio-rng-pci,iommu_platform=on,disable-modern=on", "iommu_platform" },
    { "virtio-rng-device,addr=1", "addr" },
    { "virtio-rng-device,vectors=2", "vectors" },
    { "virtio-rng-device,bus=pcie.0", "virtio-mmio-bus" },
    { "virtio-rng-device,bus=virtio-mmio-bus.8", "0 to 7" },
    { "virtio-rng-pcie", "virtio-rng-pci" },
    { "nvme", "serial" },
    { "nvme,serial=123456789012345678901", "1 to 20" },
    { "nvme,serial=s,drive=none", "-drive file=F,if=none,id=none" },
    { "nvme,serial=s,queues=2", "logical_block_size" },
    { "nvme-ns,drive=d", "-device nvme" },
    { "ahci,bus=pci.7", "'pcie.0'" },
    { "ahci,addr=1f.8", "1f.7" },
    { "ide-hd,drive=d", "if=none,id=d" },
    { "ide-cd", "-device ahci" },
    { "e1000e,netdev=n", "-netdev user,id=n" },
    { "e1000e,mac=01:00:00:00:00:00", "unicast" },
    { "e1000e,romfile=/nowhere/rom", "/nowhere/rom" },
    { "virtio-rng-device,romfile=x", "romfile" },
};
START_TEST(refusals)
{
    const struct board_arg args[] = { { BOARD_DEVICE, refused[_i].device } };
    struct board *b = NULL;
    struct err e = { 0 };
    ck_assert_msg(try_build(&b, args, 1, &e) < 0, "%s was accepted", refused[_i].device);
    ck_assert_msg(strstr(e.text, refused[_i].says), "%s: %s", refused[_i].device, e.text);
}
END_TEST

/* Port N of adapter ID is the bus ID.N; namespaces and drives share their controllers. */
static const struct { const char *device, *says; } behind[] = {
    { "ide-cd", NULL },
    { "ide-cd,bus=b.3", NULL },
    { "ide-cd,bus=a.5,serial=12345678901234567890", NULL },
    { "ide-cd,bus=a.6", "0 to 5" },
    { "ide-cd,bus=a.1", "has a drive already" },
    { "ide-cd,bus=a", "'ID.0' to 'ID.5'" },
    { "ide-cd,bus=c.0", "c.0" },
    { "ide-cd,serial=123456789012345678901", "20" },
    { "ide-hd", "drive" },
    { "ide-hd,drive=d", "read-only" },
    { "nvme-ns,drive=d", NULL },
    { "nvme-ns,drive=d,bus=n,nsid=16,logical_block_size=4096", NULL },
    { "nvme-ns,drive=d,nsid=17", "1 to 16" },
    { "nvme-ns,drive=d,logical_block_size=520", "512 and 4096" },
    { "nvme-ns,drive=d,bus=m", "m" },
};
START_TEST(behind_controllers)
{
    char path[] = "/tmp/orrery-disk-XXXXXX", drive[80];
    int fd = mkstemp(path);
    ck_assert(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    close(fd);
    snprintf(drive, sizeof(drive), "file=%s,format=raw,if=none,id=d,readonly=on", path);
    const struct board_arg args[] = { { BOARD_DRIVE, drive },           { BOARD_DEVICE, "ahci,id=a" },
                                      { BOARD_DEVICE, "ide-cd,bus=a.1" }, { BOARD_DEVICE, "ahci,id=b" },
                                      { BOARD_DEVICE, "nvme,id=n,serial=s" }, { BOARD_DEVICE, behind[_i].device } };
    struct board *b = NULL;
    struct err e = { 0 };
    int r = try_build(&b, args, ARRAY_LEN(args), &e);
    ck_assert_msg((r == 0) == (behind[_i].says == NULL), "%s: %s", behind[_i].device, e.text);
    ck_assert_msg(r == 0 || strstr(e.text, behind[_i].says), "%s: %s", behind[_i].device, e.text);
    board_destroy(b);
    ck_assert(unlink(path) == 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio on a board");
    TCase *t = tcase_create("devices");
    tcase_add_loop_test(t, on_pci, 0, ARRAY_LEN(pci));
    tcase_add_test(t, on_mmio);
    tcase_add_test(t, places);
    tcase_add_loop_test(t, drives, 0, 2);
    tcase_add_loop_test(t, refusals, 0, ARRAY_LEN(refused));
    tcase_add_loop_test(t, behind_controllers, 0, ARRAY_LEN(behind));
    suite_add_tcase(s, t);
    return s;
}
