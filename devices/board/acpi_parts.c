/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/acpi_parts.h"
#include "devices/acpi_sleep.h"
#include "devices/board/acpi/templates.gen.h"
#include <stdio.h>

/* What the host bridge's template leaves open; its windows begin and end where the compiler accepts it. */
#define T_LINK(n)    (0xf1c0a010u + (n))
#define T_CBA        0xf1c0a020f1c0a020u
#define T_HIGH       0xf1c0a021u
#define T_BUS_LAST   0xa1eeu
#define T_BUS_COUNT  0xa1efu
#define T_MEM32      0xf1c0a100u
#define T_MEM32_LAST 0xf1c1b2d3u
#define T_MEM32_SIZE 0x000111d4u
#define T_IO         0xf1c0a102u
#define T_IO_FIRST   0xf1c0a10au
#define T_IO_LAST    0xf1c1b2dfu
#define T_IO_SIZE    0x000111d6u
#define T_MEM64      0xf1c0a103f1c0a103u
#define T_MEM64_LAST 0xf1c0a104f1c0a104u
#define T_MEM64_SIZE 0x0000000100000002u
#define T_ECAM       0xf1c0a105f1c0a105u
#define T_ECAM_LAST  0xf1c0a107f1c0a107u
#define T_ECAM_SIZE  0x0000000200000003u

uint32_t acpi_append_nth(struct acpi *a, const struct acpi_template *t, const char *name, uint32_t n)
{
    uint32_t from = acpi_append(a, t);
    char numbered[16];

    snprintf(numbered, sizeof(numbered), "%.2s%02X", name, n & 0xff);
    acpi_fill_name(a, from, name, numbered);
    acpi_fill(a, from, 4, ACPI_T_UID, n);
    return from;
}

void acpi_add_fw_cfg(struct acpi *a, const struct board_place *p)
{
    uint32_t from = acpi_append(a, &virt_fw_cfg_aml);

    acpi_fill(a, from, 4, ACPI_T_BASE, p->base);
}

void acpi_add_power(struct acpi *a, const struct board_place *p, uint32_t gsi)
{
    uint32_t from = acpi_append(a, &virt_power_aml);

    acpi_fill(a, from, 4, ACPI_T_BASE, p->base);
    acpi_fill(a, from, 4, ACPI_T_INTERRUPT, gsi);
}

void acpi_add_pcie(struct acpi *a, const struct board_pci_places *at, uint32_t io_first, uint32_t gsi)
{
    const struct board_place *ecam = at->config, *mem = at->mem32, *high = at->mem64;
    uint32_t from = acpi_append(a, &virt_pcie_aml), buses = (uint32_t)(ecam->size >> 20);

    for (uint32_t i = 0; i < 4; i++)
        acpi_fill(a, from, 4, T_LINK(i), gsi + i);
    acpi_fill(a, from, 8, T_CBA, ecam->base);
    acpi_fill(a, from, 8, T_ECAM, ecam->base);
    acpi_fill(a, from, 8, T_ECAM_LAST, ecam->base + ecam->size - 1);
    acpi_fill(a, from, 8, T_ECAM_SIZE, ecam->size);
    acpi_fill(a, from, 2, T_BUS_LAST, buses - 1);
    acpi_fill(a, from, 2, T_BUS_COUNT, buses);
    acpi_fill(a, from, 4, T_MEM32, mem->base);
    acpi_fill(a, from, 4, T_MEM32_LAST, mem->base + mem->size - 1);
    acpi_fill(a, from, 4, T_MEM32_SIZE, mem->size);
    acpi_fill(a, from, 4, T_IO, at->io->base);
    acpi_fill(a, from, 4, T_IO_FIRST, io_first);
    acpi_fill(a, from, 4, T_IO_LAST, at->io->size - 1);
    acpi_fill(a, from, 4, T_IO_SIZE, at->io->size - io_first);
    acpi_fill(a, from, 4, T_HIGH, high->size != 0);
    if (high->size == 0)
        return; /* what the template has there is a window as well as any, and _CRS does not return it */
    acpi_fill(a, from, 8, T_MEM64, high->base);
    acpi_fill(a, from, 8, T_MEM64_LAST, high->base + high->size - 1);
    acpi_fill(a, from, 8, T_MEM64_SIZE, high->size);
}

/* PCI Firmware Specification 3.3, 4.1.2 */
void acpi_write_mcfg(struct acpi *a, const struct board_place *ecam)
{
    acpi_table(a, "MCFG", 1);
    acpi_u64(a, 0);
    acpi_u64(a, ecam->base);
    acpi_u16(a, 0);
    acpi_u8(a, 0);
    acpi_u8(a, (uint8_t)((ecam->size >> 20) - 1));
    acpi_u32(a, 0);
    acpi_table_end(a);
}

/* ACPI 6.4, 5.2.9 */
void acpi_write_reduced_fadt(struct acpi *a, pa_t sleep, uint16_t iapc)
{
    enum { RESET_REG = 1 << 10, HW_REDUCED_ACPI = 1 << 20 };
    acpi_table(a, "FACP", 6);
    acpi_u32(a, 0);
    acpi_dsdt_pointer(a, 4);
    acpi_zero(a, 109 - acpi_at(a)); /* IAPC_BOOT_ARCH */
    acpi_u16(a, iapc);
    acpi_u8(a, 0);
    acpi_u32(a, RESET_REG | HW_REDUCED_ACPI);
    acpi_address(a, 8, sleep + ACPI_SLEEP_RESET);
    acpi_u8(a, ACPI_SLEEP_RESET_VALUE);
    acpi_u16(a, 0);
    acpi_u8(a, 3);               /* minor version */
    acpi_u64(a, 0);
    acpi_dsdt_pointer(a, 8);
    acpi_zero(a, 244 - acpi_at(a)); /* SLEEP_CONTROL_REG */
    acpi_address(a, 8, sleep + ACPI_SLEEP_CONTROL);
    acpi_address(a, 8, sleep + ACPI_SLEEP_STATUS);
    acpi_bytes(a, "ORRERY\0", 8);
    acpi_table_end(a);
}
