/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PC_TESTDEV_H
#define ORRERY_DEVICES_PC_TESTDEV_H
/*
 * QEMU's pc-testdev, which kvm-unit-tests for x86 runs on:
 *
 *   E0h-E3h, E8h-EBh  one latch of 32 bits, seen twice
 *   E4h               a physical address whose page the host unmaps and maps again: here nothing
 *                     follows from it, as it must look to the guest
 *   2000h + n         bit 0: level of interrupt line n, 0 to 23
 *   FF000000h         64 KiB of memory
 *
 * It maps itself. Owned by the machine.
 */
#include "core/device/device.h"

#define PC_TESTDEV_LINES 24

struct pc_testdev {
    struct device dev;
    struct irq_line irq[PC_TESTDEV_LINES]; /* wiring */

    uint32_t latch;                        /* saved from here on */
    uint8_t level[PC_TESTDEV_LINES];
};

struct pc_testdev *pc_testdev_create(struct machine *m, const char *id, struct mem_space *memory,
                                     struct mem_space *io, struct err *e);

#endif
