/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables of `loongarch-virt`, those of QEMU's board (hw/loongarch/virt-acpi-build.c), from the map that the device
 * tree comes from too. Sections are ACPI 6.5's, the first version with LoongArch's interrupt controllers.
 */
#include "devices/board/acpi/templates.gen.h"
#include "devices/board/acpi_parts.h"
#include "devices/board/loongarch_virt_impl.h"
#include "irqchip/eiointc.h"

enum { T_SIZE = 0xf1c0a004, T_BASE_1 = 0xf1c0a005, T_SIZE_1 = 0xf1c0a006 };

static void write_dsdt(struct acpi *a, const struct board *b, const struct la_virt *v)
{
    const struct board_place *map = v->map, *uart = &map[LA_VIRT_UART], *flash = &map[LA_VIRT_FLASH];
    const struct board_pci_places pci = { &map[LA_VIRT_ECAM], &map[LA_VIRT_IO], &map[LA_VIRT_PCI_MEM32], &map[LA_VIRT_PCI_MEM64] };

    acpi_table(a, "DSDT", 2);
    for (uint32_t i = 0; i < b->n_cpus; i++)
        acpi_append_nth(a, &virt_cpu_aml, "C000", i);
    for (uint32_t i = 0; i < LA_VIRT_UARTS; i++) {
        uint32_t from = acpi_append_nth(a, &loongarch_virt_uart_aml, "COM0", i);
        acpi_fill(a, from, 4, ACPI_T_BASE, uart->base + i * uart->size);
        acpi_fill(a, from, 4, ACPI_T_INTERRUPT, LA_VIRT_GSI_FIRST + uart->irq + i);
    }
    acpi_add_fw_cfg(a, &map[LA_VIRT_FW_CFG]);
    acpi_add_pcie(a, &pci, LA_VIRT_ISA_PORTS, LA_VIRT_GSI_FIRST + map[LA_VIRT_ECAM].irq);
    acpi_add_power(a, &map[LA_VIRT_GED], LA_VIRT_GSI_FIRST + map[LA_VIRT_GED].irq);
    uint32_t from = acpi_append(a, &loongarch_virt_aml);
    acpi_fill(a, from, 4, ACPI_T_BASE, flash->base);
    acpi_fill(a, from, 4, T_SIZE, flash->size);
    acpi_fill(a, from, 4, T_BASE_1, flash->base + flash->size);
    acpi_fill(a, from, 4, T_SIZE_1, flash->size);
    acpi_table_end(a);
}

/* 5.2.12.20 and following */
static void write_madt(struct acpi *a, const struct board *b, const struct la_virt *v)
{
    enum { CORE_PIC = 17, EIO_PIC = 20, MSI_PIC = 21, BIO_PIC = 22, VERSION = 1, ENABLED = 1, PCAT_COMPAT = 1 };

    acpi_table(a, "APIC", 6);
    acpi_u32(a, 0);
    acpi_u32(a, PCAT_COMPAT);
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        acpi_u8(a, CORE_PIC);
        acpi_u8(a, 15);
        acpi_u8(a, VERSION);
        acpi_u32(a, i); /* the _UID in the DSDT */
        acpi_u32(a, v->core_id[i]);
        acpi_u32(a, ENABLED);
    }
    acpi_u8(a, EIO_PIC);
    acpi_u8(a, 13);
    acpi_u8(a, VERSION);
    acpi_u8(a, LA_VIRT_EIOINTC_LINE);
    acpi_u8(a, 0);       /* node */
    acpi_u64(a, 0xffff); /* nodes it serves */

    acpi_u8(a, MSI_PIC);
    acpi_u8(a, 19);
    acpi_u8(a, VERSION);
    acpi_u64(a, v->map[LA_VIRT_PCH_MSI].base);
    acpi_u32(a, LA_VIRT_GSI_FIRST);
    acpi_u32(a, EIOINTC_VECTORS - LA_VIRT_GSI_FIRST);

    acpi_u8(a, BIO_PIC);
    acpi_u8(a, 17);
    acpi_u8(a, VERSION);
    acpi_u64(a, v->map[LA_VIRT_PCH_PIC].base);
    acpi_u16(a, 0x1000);
    acpi_u16(a, 0);
    acpi_u16(a, LA_VIRT_GSI_FIRST);
    acpi_table_end(a);
}

/* 5.2.16, one node; cores are given in the entries of local APICs, as Linux expects them. */
static void write_srat(struct acpi *a, const struct board *b, const struct la_virt *v)
{
    enum { APIC_AFFINITY = 0, MEMORY_AFFINITY = 1, ENABLED = 1 };
    static const enum la_virt_part ram[] = { LA_VIRT_LOW_RAM, LA_VIRT_HIGH_RAM };

    acpi_table(a, "SRAT", 3);
    acpi_u32(a, 1);
    acpi_u64(a, 0);
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        acpi_u8(a, APIC_AFFINITY);
        acpi_u8(a, 16);
        acpi_u8(a, 0);
        acpi_u8(a, (uint8_t)v->core_id[i]);
        acpi_u32(a, ENABLED);
        acpi_u64(a, 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(ram); i++) {
        const struct board_place *p = &v->map[ram[i]];
        if (p->size == 0)
            continue;
        acpi_u8(a, MEMORY_AFFINITY);
        acpi_u8(a, 40);
        acpi_u32(a, 0);
        acpi_u16(a, 0);
        acpi_u64(a, p->base);
        acpi_u64(a, p->size);
        acpi_u32(a, 0);
        acpi_u32(a, ENABLED);
        acpi_u64(a, 0);
    }
    acpi_table_end(a);
}

/* 5.2.30: sockets, in them cores, in them threads where there are several. */
static uint32_t write_node(struct acpi *a, uint32_t flags, uint32_t parent, uint32_t id)
{
    uint32_t at = acpi_at(a);

    acpi_u8(a, 0);
    acpi_u8(a, 20);
    acpi_u16(a, 0);
    acpi_u32(a, flags);
    acpi_u32(a, parent);
    acpi_u32(a, id);
    acpi_u32(a, 0);
    return at;
}

static void write_pptt(struct acpi *a, const struct board *b)
{
    enum { PACKAGE = 1, ID_VALID = 2, THREAD = 4, LEAF = 8 };
    const struct board_topology *smp = &b->config.smp;
    uint32_t in_socket = smp->cores * smp->threads, socket = 0, core = 0;

    acpi_table(a, "PPTT", 2);
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        if (i % in_socket == 0)
            socket = write_node(a, PACKAGE, 0, i / in_socket);
        if (smp->threads == 1) {
            write_node(a, ID_VALID | LEAF, socket, i);
            continue;
        }
        if (i % smp->threads == 0)
            core = write_node(a, 0, socket, i / smp->threads);
        write_node(a, ID_VALID | THREAD | LEAF, core, i);
    }
    acpi_table_end(a);
}

/* Serial Port Console Redirection Table, revision 2 */
static void write_spcr(struct acpi *a, const struct la_virt *v)
{
    enum { FULL_16550 = 0, BAUD_115200 = 7, ANSI = 3 };
    const struct board_place *uart = &v->map[LA_VIRT_UART];

    acpi_table(a, "SPCR", 2);
    acpi_u32(a, FULL_16550);
    acpi_address(a, 8, uart->base);
    acpi_u8(a, 0); /* no interrupt that this version of the table has a kind for */
    acpi_u8(a, 0);
    acpi_u32(a, LA_VIRT_GSI_FIRST + uart->irq);
    acpi_u8(a, BAUD_115200);
    acpi_u8(a, 0); /* no parity */
    acpi_u8(a, 1); /* one stop bit */
    acpi_u8(a, 0); /* no flow control */
    acpi_u16(a, ANSI);
    acpi_u32(a, UINT32_MAX); /* no PCI device */
    acpi_zero(a, 80 - acpi_at(a));
    acpi_table_end(a);
}

static void write_tables(struct acpi *a, const struct board *b, const struct la_virt *v)
{
    acpi_begin(a);
    write_dsdt(a, b, v);
    acpi_write_reduced_fadt(a, v->map[LA_VIRT_SLEEP].base, 0);
    write_madt(a, b, v);
    write_pptt(a, b);
    write_srat(a, b, v);
    write_spcr(a, v);
    acpi_write_mcfg(a, &v->map[LA_VIRT_ECAM]);
}

int la_virt_add_acpi(struct board *b, struct err *e)
{
    const struct la_virt *v = b->parts;
    struct acpi a;

    write_tables(&a, b, v);
    return acpi_hand_over(&a, b->machine, v->fw_cfg, NULL, e);
}

int la_virt_place_acpi(struct board *b, pa_t end, pa_t *rsdp, struct err *e)
{
    struct acpi a;
    pa_t facs; /* there is none */

    write_tables(&a, b, b->parts);
    return acpi_place(&a, b->machine->memory, end, rsdp, &facs, e);
}
