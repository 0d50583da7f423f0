/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_BOOT_ORDER_H
#define ORRERY_DEVICES_BOARD_BOOT_ORDER_H
/*
 * What firmware is told about booting: -boot, and bootindex= of devices. Both go through fw_cfg as on QEMU's boards:
 * the menu's items (SeaBIOS, EDK2's BdsDxe) and the file "bootorder", a device a line, as an OpenFirmware path. A PC's
 * letters go to its CMOS as well (x86_q35.c); other boards' firmware has no use for them.
 */
#include "devices/board/board_impl.h"

struct fw_cfg;
struct pci_function;

/* QEMU's man page, -boot */
struct boot_options {
    char order[32], once[32]; /* letters, each once; once: until the first reset */
    char splash[1024];
    bool menu, strict;
    int splash_time, reboot_timeout; /* ms; -1: not given, or never */
};
/* `text`: config.boot, or NULL for the defaults. */
int boot_options_read(struct boot_options *o, const char *text, struct err *e) MUST_CHECK;
/* All but "bootorder". */
int boot_options_publish(const struct boot_options *o, struct board *b, struct fw_cfg *f,
                         struct err *e) MUST_CHECK;

#define BOOT_ORDER_MOST 32
#define BOOT_PATH_SIZE  112

struct boot_order {
    struct {
        int index;
        char path[BOOT_PATH_SIZE];
    } entries[BOOT_ORDER_MOST]; /* by index */
    uint32_t n;
};

/* `index` -1: nothing is added. `unit` is the disk or port behind the device. ERR_ARG: the index is taken. */
int boot_order_add(struct boot_order *o, int index, const char *device, const char *unit,
                   struct err *e) MUST_CHECK;
/* "/pci@i0cf8/scsi@4" for a function of the root bus called `root` (PCI Bus Binding to IEEE 1275, 2.2.1). */
void boot_order_pci_path(char path[BOOT_PATH_SIZE], const char *root, const struct pci_function *f);
/* The file, if something is to be said. `first` comes before all others; may be NULL. */
int boot_order_publish(const struct boot_order *o, struct machine *m, struct fw_cfg *f,
                       const char *first, bool strict, struct err *e) MUST_CHECK;

#endif
