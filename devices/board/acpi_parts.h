/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_ACPI_PARTS_H
#define ORRERY_DEVICES_BOARD_ACPI_PARTS_H
/*
 * What the ACPI tables of boards say alike of the parts in places.h. `gsi` is a line's number as ACPI has it; the
 * places' own are those of the interrupt controller. Between acpi_table and acpi_table_end of the DSDT, but for whole tables.
 */
#include "devices/board/acpi.h"
#include "devices/board/places.h"

/* Values that templates leave open, as acpi_fill takes them. */
enum { ACPI_T_UID = 0xf1c0a001, ACPI_T_BASE = 0xf1c0a002, ACPI_T_INTERRUPT = 0xf1c0a003 };

/* The `n`-th of its kind: two hexadecimal digits in its name, and the number in its _UID. */
uint32_t acpi_append_nth(struct acpi *a, const struct acpi_template *t, const char *name, uint32_t n);

void acpi_add_fw_cfg(struct acpi *a, const struct board_place *p);
/* The power button, an event of the GED at `p`. */
void acpi_add_power(struct acpi *a, const struct board_place *p, uint32_t gsi);
/* The host bridge of board_build_pci. Ports below `io_first` are not its own; `gsi`: of the first of four lines. */
void acpi_add_pcie(struct acpi *a, const struct board_pci_places *at, uint32_t io_first, uint32_t gsi);

/* ---- whole tables ---- */
void acpi_write_mcfg(struct acpi *a, const struct board_place *ecam);
/* Hardware-reduced, with the sleep and reset registers of board_build_sleep; `iapc`: IAPC_BOOT_ARCH, a PC's. */
void acpi_write_reduced_fadt(struct acpi *a, pa_t sleep, uint16_t iapc);

#endif
