/* SPDX-License-Identifier: Apache-2.0 */
/*
 * -boot and bootindex=: fw_cfg's files as QEMU 10.0 fills them for the same options (read from its boards by fw_cfg's
 * registers, the machine paused), and a PC's CMOS bytes 3Dh and 38h.
 */
#include "core/device/device.h"
#include "devices/board/board.h"
#include "devices/mc146818.h"
#include "test/devices/board/fw_cfg_file.h"
#include <stdlib.h>
#include <unistd.h>

static char disk[] = "/tmp/orrery-boot-XXXXXX";

static int try_build(struct board **b, const char *board, const char *boot, const char *const *devices, struct err *e)
{
    static char drives[4][96];
    struct board_arg args[12];
    uint32_t n = 0;
    for (; n < 4; n++) {
        snprintf(drives[n], sizeof(drives[n]), "file=%s,format=raw,if=none,id=d%u,readonly=on", disk, n);
        args[n] = (struct board_arg){ BOARD_DRIVE, drives[n] };
    }
    for (; devices && *devices; devices++)
        args[n++] = (struct board_arg){ BOARD_DEVICE, *devices };
    const struct board_config config = {
        .board = board, .timing = "functional", .cpus = 1, .memory = 16 << 20, .bios = "none", .boot = boot,
        .args = args, .n_args = n, .log_out = stderr,
    };
    return board_create(b, &config, e);
}

static struct board *build(const char *board, const char *boot, const char *const *devices)
{
    struct board *b = NULL;
    struct err e = { 0 };
    ck_assert_msg(try_build(&b, board, boot, devices, &e) == 0, "%s", e.text);
    return b;
}

static const uint8_t *file(struct board *b, const char *name, uint32_t *n)
{
    return fw_cfg_file((struct fw_cfg *)(void *)device_find(board_machine(b), "fw_cfg"), name, n);
}

static const struct {
    const char *board, *boot, *devices[7], *order;
} orders[] = {
    { "x86-q35", "strict=on",
      { "virtio-blk-pci,drive=d0,bootindex=1,addr=1", "nvme,serial=1,drive=d1,bootindex=2,addr=2",
        "ide-cd,bus=ide.2,drive=d2,bootindex=3", "e1000e,bootindex=0,addr=3", "virtio-net-pci,bootindex=7,addr=6.1",
        "virtio-rng-pci,addr=6.0,multifunction=on" },
      "/pci@i0cf8/ethernet@3/ethernet-phy@0\n/pci@i0cf8/scsi@1/disk@0,0\n/pci@i0cf8/pci1b36,0010@2/namespace@1,0\n"
      "/pci@i0cf8/pci8086,2922@1f,2/drive@2/disk@0\n/pci@i0cf8/ethernet@6,1/ethernet-phy@0\nHALT" },
    { "arm-virt", NULL,
      { "virtio-blk-pci,drive=d0,bootindex=1", "nvme,serial=1,drive=d1,bootindex=2", "e1000e,bootindex=0",
        "virtio-net-device,bootindex=7", "virtio-blk-device,drive=d2,bootindex=9", "ahci,id=a" },
      "/pci@ffffffffffffffff/ethernet@3/ethernet-phy@0\n/pci@ffffffffffffffff/scsi@1/disk@0,0\n"
      "/pci@ffffffffffffffff/pci1b36,0010@2/namespace@1,0\n/virtio-mmio@000000000a003e00/ethernet-phy@0\n"
      "/virtio-mmio@000000000a003c00/disk@0,0" },
    { "riscv-virt", NULL, { "virtio-blk-pci,drive=d0,bootindex=1", "virtio-net-device,bootindex=7" },
      "/pci@ffffffffffffffff/scsi@1/disk@0,0\n/virtio-mmio@0000000010008000/ethernet-phy@0" },
    { "x86-q35", NULL, { "virtio-blk-pci,drive=d0" }, NULL },
};
START_TEST(by_index)
{
    struct board *b = build(orders[_i].board, orders[_i].boot, orders[_i].devices);
    uint32_t n = 0;
    const uint8_t *order = file(b, "bootorder", &n);
    ck_assert((order == NULL) == (orders[_i].order == NULL));
    if (order) {
        ck_assert_str_eq((const char *)order, orders[_i].order);
        ck_assert_uint_eq(n, strlen(orders[_i].order) + 1);
    }
    board_destroy(b);
}
END_TEST

START_TEST(menu)
{
    struct board *b = build("x86-q35", "menu=on,splash-time=5000,reboot-timeout=3000", NULL);
    uint32_t n = 0;
    const uint8_t *at = file(b, "etc/boot-menu-wait", &n);
    ck_assert(at && n == 2 && ld_le16(at) == 5000);
    at = file(b, "etc/boot-fail-wait", &n);
    ck_assert(at && n == 4 && ld_le32(at) == 3000);
    at = fw_cfg_find((struct fw_cfg *)(void *)device_find(board_machine(b), "fw_cfg"), FW_CFG_BOOT_MENU, &n);
    ck_assert(at && n == 2 && ld_le16(at) == 1);
    board_destroy(b);
    b = build("x86-q35", NULL, NULL);
    ck_assert_ptr_null(file(b, "etc/boot-menu-wait", &n));
    at = file(b, "etc/boot-fail-wait", &n);
    ck_assert(at && ld_le32(at) == UINT32_MAX); /* stay */
    board_destroy(b);
}
END_TEST

/* SeaBIOS's nibbles: 1 floppy, 2 disk, 3 CD, 4 network; "cad" where nothing is said. `once` is over with the first reset. */
static const struct { const char *boot; uint8_t first[2], later[2]; } letters[] = {
    { NULL, { 0x12, 0x30 }, { 0x12, 0x30 } },
    { "d", { 0x03, 0x00 }, { 0x03, 0x00 } },
    { "order=nc", { 0x24, 0x00 }, { 0x24, 0x00 } },
    { "once=d", { 0x03, 0x00 }, { 0x12, 0x30 } },
    { "order=n,once=dc", { 0x23, 0x00 }, { 0x04, 0x00 } },
};
START_TEST(cmos)
{
    struct board *b = build("x86-q35", letters[_i].boot, NULL);
    struct err e = { 0 };
    const struct mc146818 *rtc = (const struct mc146818 *)(void *)device_find(board_machine(b), "rtc");
    ck_assert_uint_eq(rtc->memory[0x3d], letters[_i].first[0]);
    ck_assert_uint_eq(rtc->memory[0x38], letters[_i].first[1]);
    ck_assert_int_eq(board_reset(b, &e), 0);
    ck_assert_uint_eq(rtc->memory[0x3d], letters[_i].later[0]);
    ck_assert_uint_eq(rtc->memory[0x38], letters[_i].later[1]);
    board_destroy(b);
}
END_TEST

static const struct { const char *boot, *device, *says; } refused[] = {
    { "cc", NULL, "each once" },
    { "order=xyz", NULL, "a to p" },
    { "order=acdn", NULL, "at most three" },
    { "e", NULL, "n (network)" },
    { "menu=perhaps", NULL, "on or off" },
    { "splash-time=70000", NULL, "65535" },
    { "splash=/nowhere/picture", NULL, "/nowhere/picture" },
    { "bananas=1", NULL, "bananas" },
    { NULL, "virtio-blk-pci,drive=d0,bootindex=1", "bootindex=1 is taken" },
    { NULL, "virtio-rng-pci,bootindex=2", "no 'bootindex'" },
    { NULL, "e1000e,bootindex=x", "bootindex" },
};
START_TEST(refusals)
{
    const char *const devices[] = { "virtio-net-pci,bootindex=1", refused[_i].device, NULL };
    struct board *b = NULL;
    struct err e = { 0 };
    ck_assert(try_build(&b, "x86-q35", refused[_i].boot, devices, &e) < 0);
    ck_assert_msg(strstr(e.text, refused[_i].says), "%s", e.text);
}
END_TEST

static void make_disk(void)
{
    strcpy(disk, "/tmp/orrery-boot-XXXXXX");
    int fd = mkstemp(disk);
    ck_assert(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    close(fd);
}
static void remove_disk(void)
{
    (void)unlink(disk);
}

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.board.boot_order");
    TCase *t = tcase_create("boot");
    tcase_add_checked_fixture(t, make_disk, remove_disk);
    tcase_add_loop_test(t, by_index, 0, ARRAY_LEN(orders));
    tcase_add_test(t, menu);
    tcase_add_loop_test(t, cmos, 0, ARRAY_LEN(letters));
    tcase_add_loop_test(t, refusals, 0, ARRAY_LEN(refused));
    suite_add_tcase(s, t);
    return s;
}
