/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ACPI_SLEEP_H
#define ORRERY_DEVICES_ACPI_SLEEP_H
/*
 * The sleep and reset registers of a machine without ACPI's fixed hardware (ACPI 6.4, 4.8.3.6, 4.8.3.7; QEMU
 * hw/acpi/generic_event_device.c): a byte each.
 *
 *   0 SLEEP_CONTROL_REG   SLP_TYP in bits 4:2, SLP_EN in bit 5: `sleep` is told
 *   1 SLEEP_STATUS_REG    WAK_STS in bit 7: never set, nothing here sleeps and wakes
 *   2 RESET_REG           42h resets
 *
 * Without state. Created when the machine is built; lives in its arena.
 */
#include "core/device/device.h"

enum { ACPI_SLEEP_CONTROL, ACPI_SLEEP_STATUS, ACPI_SLEEP_RESET, ACPI_SLEEP_SIZE };
enum { ACPI_SLEEP_RESET_VALUE = 0x42 };

struct acpi_sleep_config {
    void (*sleep)(void *arg, unsigned slp_typ);
    void (*reset)(void *arg);
    void *arg;
};

struct acpi_sleep {
    struct device dev;
    struct acpi_sleep_config config; /* wiring */

    uint64_t pad;
};

struct acpi_sleep *acpi_sleep_create(struct machine *m, const char *id, const struct acpi_sleep_config *c, struct err *e);

#endif
