/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_CPU_HOTPLUG_H
#define ORRERY_DEVICES_CPU_HOTPLUG_H
/*
 * QEMU's registers for processors that come and go (its docs/specs/acpi_cpu_hotplug.rst, the modern interface), twelve
 * ports from CD8h on a q35 board. Firmware counts processors by them: OVMF with SMM does not start without.
 *
 *   0  r: command data 2   w: selector        4  r: status   w: control
 *   5  w: command (0 next with an event, 3 architectural id)   8  r: command data
 *
 * Here no processor ever comes or goes: all there can be are there and enabled, no event is pending, and what control would
 * clear or eject is ignored with a guest error where it asks for an ejection. The legacy bitmap that QEMU shows until the
 * first store to the selector is not there.
 *
 * For device_map into the space of ports: accesses are as wide as the registers. Owned by the machine; ids are the caller's, in the machine's arena.
 */
#include "core/device/device.h"

struct cpu_hotplug {
    struct device dev;
    const uint64_t *ids;    /* architectural id of each processor: x86: of its local APIC */
    uint32_t n;

    uint32_t selector;      /* saved from here on */
    uint8_t command;
};

struct cpu_hotplug *cpu_hotplug_create(struct machine *m, const char *id, const uint64_t *ids, uint32_t n, struct err *e);

#endif
