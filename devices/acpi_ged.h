/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ACPI_GED_H
#define ORRERY_DEVICES_ACPI_GED_H
/*
 * A Generic Event Device as QEMU has one (docs/specs/acpi_hw_reduced_hotplug.rst; ACPI 6.4, 5.6.9):
 * one register, the events that have happened, which reading takes, and one interrupt, high
 * while there are some.
 *
 * Other than on QEMU, whose interrupt is a pulse, an event before the interrupt is enabled is not
 * lost. Not modelled: memory and NVDIMM events and their registers; there is no hot plug.
 *
 * Created when the machine is built; lives in its arena.
 */
#include "core/device/device.h"

enum acpi_ged_event { ACPI_GED_POWER_BUTTON = 1 << 1 };

struct acpi_ged {
    struct device dev;
    struct irq_line irq; /* wiring */

    uint32_t events;     /* saved from here on */
};

struct acpi_ged *acpi_ged_create(struct machine *m, const char *id, struct err *e);
void acpi_ged_raise(struct acpi_ged *g, enum acpi_ged_event event);

#endif
