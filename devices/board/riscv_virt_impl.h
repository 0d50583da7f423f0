/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_RISCV_VIRT_IMPL_H
#define ORRERY_DEVICES_BOARD_RISCV_VIRT_IMPL_H
/*
 * The board `riscv-virt`: where each part sits and which PLIC source it drives.
 * Register-compatible with QEMU's `virt` (hw/riscv/virt.c); one table for wiring
 * and device tree.
 */
#include "devices/board/places.h"

enum virt_part {
    VIRT_TEST, VIRT_RTC, VIRT_CLINT, VIRT_SSWI, VIRT_PCI_IO, VIRT_PLIC, VIRT_UART, VIRT_VIRTIO,
    VIRT_FW_CFG, VIRT_FLASH, VIRT_ECAM, VIRT_PCI_MEM32, VIRT_PCI_MEM64, VIRT_DRAM, VIRT_MROM,
    VIRT_PARTS,
};

/* The map but for what lies behind RAM or is as large as RAM. */
extern const struct board_place virt_map[VIRT_PARTS];

#define VIRT_VIRTIO_SLOTS   8
#define VIRT_PLIC_SOURCES   95
#define VIRT_TIMEBASE       10000000u
#define VIRT_UART_CLOCK     3686400u

/* What the tree says of the CPUs: from the profile. */
struct virt_cpu_text {
    const char *isa, *isa_base, *mmu_type;
    const char *extensions; /* NUL-separated list */
    uint32_t extensions_size;
    bool cbom, cboz, cbop, sscofpmf;
};

struct virt_tree {
    const struct virt_cpu_text *cpu;
    uint32_t cpus;
    const struct board_place *map; /* VIRT_PARTS */
    bool aclint;
    const uint8_t *rng_seed; /* 32 bytes */
};

/* What follows the machine's name, "aclint=on,acpi=off"; what the board has not is refused. */
struct virt_options {
    bool aclint, usb;
    int aia, aia_guests, acpi, iommu;
};
int virt_read_options(struct virt_options *o, const char *text, struct err *e) MUST_CHECK;

/* The tree without bootargs and initrd. *blob malloc'd. */
int virt_write_tree(const struct virt_tree *v, uint8_t **blob, uint32_t *size,
                    struct err *e) MUST_CHECK;

#endif
