/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables of `arm-virt`, those of QEMU's board (hw/arm/virt-acpi-build.c), from the map and
 * the options that the device tree comes from too. Sections are ACPI 6.4's.
 */
#include "devices/board/arm_virt_impl.h"
#include "devices/board/acpi/templates.gen.h"
#include "devices/board/acpi_parts.h"

#define SPI_INTID(spi) (32 + (spi))

/* ---- DSDT ---- */
static void write_uart(struct acpi *a, const struct board_place *p, const char name[4], uint32_t n)
{
    uint32_t from = acpi_append(a, &arm_virt_uart_aml);

    acpi_fill_name(a, from, "COM0", name);
    acpi_fill(a, from, 4, ACPI_T_UID, n);
    acpi_fill(a, from, 4, ACPI_T_BASE, p->base);
    acpi_fill(a, from, 4, ACPI_T_INTERRUPT, SPI_INTID(p->irq));
}

static void write_dsdt(struct acpi *a, const struct board *b, const struct arm_virt *v)
{
    const struct board_place *slots = &v->map[ARM_VIRT_VIRTIO];
    const struct board_pci_places pci = { &v->map[ARM_VIRT_ECAM], &v->map[ARM_VIRT_PCI_IO], &v->map[ARM_VIRT_PCI_MEM32],
                                          &v->map[ARM_VIRT_PCI_MEM64] };
    uint32_t from;

    acpi_table(a, "DSDT", 2);
    for (uint32_t i = 0; i < b->n_cpus; i++)
        acpi_append_nth(a, &virt_cpu_aml, "C000", i);
    write_uart(a, &v->map[ARM_VIRT_UART], "COM0", 0);
    if (v->second_uart && !v->options.secure)
        write_uart(a, &v->map[ARM_VIRT_UART1], "COM1", 1);
    acpi_add_fw_cfg(a, &v->map[ARM_VIRT_FW_CFG]);
    for (uint32_t i = 0; i < ARM_VIRT_VIRTIO_SLOTS; i++) {
        from = acpi_append_nth(a, &virt_virtio_aml, "VR00", i);
        acpi_fill(a, from, 4, ACPI_T_BASE, slots->base + i * slots->size);
        acpi_fill(a, from, 4, ACPI_T_INTERRUPT, SPI_INTID(slots->irq + i));
    }
    acpi_add_pcie(a, &pci, 0, SPI_INTID(v->map[ARM_VIRT_ECAM].irq));
    acpi_add_power(a, &v->map[ARM_VIRT_GED], SPI_INTID(v->map[ARM_VIRT_GED].irq));
    acpi_table_end(a);
}

/* ---- the fixed tables ---- */
/* 5.2.9: nothing of ACPI's own hardware; PSCI switches off and resets (5.2.9.4). */
static void write_fadt(struct acpi *a, const struct arm_virt *v)
{
    enum { HW_REDUCED_ACPI = 1 << 20, PSCI_COMPLIANT = 1, PSCI_USE_HVC = 2 };

    acpi_table(a, "FACP", 6);
    acpi_u32(a, 0);
    acpi_dsdt_pointer(a, 4);
    acpi_zero(a, 112 - acpi_at(a));
    acpi_u32(a, HW_REDUCED_ACPI);
    acpi_zero(a, 129 - acpi_at(a)); /* ARM_BOOT_ARCH */
    acpi_u16(a, !v->psci ? 0 : v->has_el2 ? PSCI_COMPLIANT : PSCI_COMPLIANT | PSCI_USE_HVC);
    acpi_u8(a, 3); /* minor version */
    acpi_u64(a, 0);
    acpi_dsdt_pointer(a, 8);
    acpi_zero(a, 268 - acpi_at(a));
    acpi_bytes(a, "ORRERY\0", 8); /* Hypervisor Vendor Identity */
    acpi_table_end(a);
}

/* 5.2.12.14, table 5.43; its _UID is the one in the DSDT */
static void write_gicc(struct acpi *a, const struct arm_virt *v, uint32_t cpu)
{
    acpi_u8(a, 0x0b);
    acpi_u8(a, 80);
    acpi_u16(a, 0);
    acpi_u32(a, cpu);
    acpi_u32(a, cpu);
    acpi_u32(a, 1); /* enabled; interrupts are levels */
    acpi_u32(a, 0);
    acpi_u32(a, v->has_pmu ? ARM_PPI_PMU : 0);
    acpi_u64(a, 0);
    acpi_u64(a, v->map[ARM_VIRT_GIC_CPU].size ? v->map[ARM_VIRT_GIC_CPU].base : 0);
    acpi_u64(a, v->map[ARM_VIRT_GIC_VCPU].size ? v->map[ARM_VIRT_GIC_VCPU].base : 0);
    acpi_u64(a, v->map[ARM_VIRT_GIC_HYP].size ? v->map[ARM_VIRT_GIC_HYP].base : 0);
    acpi_u32(a, v->has_el2 ? ARM_PPI_MAINTENANCE : 0);
    acpi_u64(a, 0); /* redistributors have their own structures */
    acpi_u64(a, v->mpidr[cpu] & 0xff00ffffff);
    acpi_u32(a, 0); /* efficiency class, no statistical profiling */
}

static void write_redistributors(struct acpi *a, const struct board_place *p)
{
    if (p->size == 0)
        return;
    acpi_u8(a, 0x0e); /* 5.2.12.17 */
    acpi_u8(a, 16);
    acpi_u16(a, 0);
    acpi_u64(a, p->base);
    acpi_u32(a, (uint32_t)p->size);
}

static void write_madt(struct acpi *a, const struct board *b, const struct arm_virt *v)
{
    acpi_table(a, "APIC", 4);
    acpi_u64(a, 0);
    acpi_u8(a, 0x0c); /* distributor: 5.2.12.15 */
    acpi_u8(a, 24);
    acpi_u16(a, 0);
    acpi_u32(a, 0);
    acpi_u64(a, v->map[ARM_VIRT_GIC_DIST].base);
    acpi_u32(a, 0);
    acpi_u32(a, v->options.gic == ARM_GIC_3 ? 3 : 2);
    for (uint32_t i = 0; i < b->n_cpus; i++)
        write_gicc(a, v, i);
    write_redistributors(a, &v->map[ARM_VIRT_GIC_REDIST]);
    write_redistributors(a, &v->map[ARM_VIRT_GIC_REDIST2]);
    if (v->options.msi == ARM_MSI_V2M) {
        acpi_u8(a, 0x0d); /* 5.2.12.16 */
        acpi_u8(a, 24);
        acpi_u16(a, 0);
        acpi_u32(a, 0);
        acpi_u64(a, v->map[ARM_VIRT_GIC_V2M].base);
        acpi_u32(a, 1); /* counts as below, not as MSI_TYPER has it */
        acpi_u16(a, ARM_VIRT_V2M_SPIS);
        acpi_u16(a, SPI_INTID(ARM_VIRT_V2M_FIRST));
    }
    if (v->options.msi == ARM_MSI_ITS) {
        acpi_u8(a, 0x0f); /* 5.2.12.18 */
        acpi_u8(a, 20);
        acpi_u16(a, 0);
        acpi_u32(a, 0);
        acpi_u64(a, v->map[ARM_VIRT_GIC_ITS].base);
        acpi_u32(a, 0);
    }
    acpi_table_end(a);
}

/*
 * 5.2.25; revision 3 has the virtual timer of EL2 behind the rest, 0 if CPUs have none. The
 * interrupts of other timers that they have not stand there all the same: Linux takes 0 for a
 * fault of the firmware.
 */
static void write_gtdt(struct acpi *a, const struct arm_virt *v)
{
    enum { LEVEL_ALWAYS_ON = 4 };
    static const uint32_t timers[] = { ARM_PPI_SEC_TIMER, ARM_PPI_PHYS_TIMER, ARM_PPI_VIRT_TIMER,
                                       ARM_PPI_HYP_TIMER };

    acpi_table(a, "GTDT", 3);
    acpi_u64(a, UINT64_MAX); /* the counter has no registers in memory */
    acpi_u32(a, 0);
    for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
        acpi_u32(a, timers[i]);
        acpi_u32(a, LEVEL_ALWAYS_ON);
    }
    acpi_u64(a, UINT64_MAX);
    acpi_u64(a, 0); /* platform timers: none */
    acpi_u32(a, v->has_hyp_virt_timer ? ARM_PPI_HYP_VIRT_TIMER : 0);
    acpi_u32(a, v->has_hyp_virt_timer ? LEVEL_ALWAYS_ON : 0);
    acpi_table_end(a);
}

/* Serial Port Console Redirection Table, revision 2 */
static void write_spcr(struct acpi *a, const struct arm_virt *v)
{
    enum { PL011 = 3, BY_GIC = 8, BAUD_9600 = 3, RTS_CTS = 2 };
    const struct board_place *uart = &v->map[ARM_VIRT_UART];

    acpi_table(a, "SPCR", 2);
    acpi_u32(a, PL011);
    acpi_address(a, 32, uart->base);
    acpi_u8(a, BY_GIC);
    acpi_u8(a, 0);
    acpi_u32(a, SPI_INTID(uart->irq));
    acpi_u8(a, BAUD_9600);
    acpi_u8(a, 0); /* no parity */
    acpi_u8(a, 1); /* one stop bit */
    acpi_u8(a, RTS_CTS);
    acpi_u16(a, 0);
    acpi_u32(a, UINT32_MAX); /* no PCI device */
    acpi_zero(a, 80 - acpi_at(a));
    acpi_table_end(a);
}

/* Microsoft Debug Port Table 2, revision 0: one port with one register block */
static void write_dbg2(struct acpi *a, const struct arm_virt *v)
{
    enum { HEADER = 22, GAS = 12, SERIAL = 0x8000, PL011 = 3 };
    static const char name[] = "COM0";
    const struct board_place *uart = &v->map[ARM_VIRT_UART];

    acpi_table(a, "DBG2", 0);
    acpi_u32(a, ACPI_HEADER + 8);
    acpi_u32(a, 1);
    acpi_u8(a, 0);
    acpi_u16(a, HEADER + GAS + 4 + sizeof(name));
    acpi_u8(a, 1);
    acpi_u16(a, sizeof(name));
    acpi_u16(a, HEADER + GAS + 4);
    acpi_u32(a, 0); /* no OEM data */
    acpi_u16(a, SERIAL);
    acpi_u16(a, PL011);
    acpi_u16(a, 0);
    acpi_u16(a, HEADER);
    acpi_u16(a, HEADER + GAS);
    acpi_address(a, 32, uart->base);
    acpi_u32(a, (uint32_t)uart->size);
    acpi_bytes(a, name, sizeof(name));
    acpi_table_end(a);
}

/* 5.2.30: one package with all CPUs, as in the device tree's cpu-map */
static void write_pptt(struct acpi *a, const struct board *b)
{
    enum { PACKAGE = 1, ID_VALID = 2, LEAF = 8, NODE = 20 };
    uint32_t package, cluster;

    acpi_table(a, "PPTT", 2);
    package = acpi_at(a);
    cluster = package + NODE;
    for (uint32_t i = 0; i < b->n_cpus + 2; i++) {
        bool leaf = i >= 2;
        acpi_u8(a, 0);
        acpi_u8(a, NODE);
        acpi_u16(a, 0);
        acpi_u32(a, leaf ? ID_VALID | LEAF : i == 0 ? PACKAGE : 0);
        acpi_u32(a, leaf ? cluster : i == 0 ? 0 : package);
        acpi_u32(a, leaf ? i - 2 : 0);
        acpi_u32(a, 0);
    }
    acpi_table_end(a);
}

/* Arm DEN 0049: requester ids of the root complex are the ITS's device ids */
static void write_iort(struct acpi *a)
{
    enum { NODES = 48, ITS_GROUP = 0, ROOT_COMPLEX = 2 };

    acpi_table(a, "IORT", 3);
    acpi_u32(a, 2);
    acpi_u32(a, NODES);
    acpi_u32(a, 0);

    acpi_u8(a, ITS_GROUP);
    acpi_u16(a, 24);
    acpi_u8(a, 1);
    acpi_u32(a, 0);
    acpi_u64(a, 0); /* no mappings */
    acpi_u32(a, 1);
    acpi_u32(a, 0); /* the MADT's id of it */

    acpi_u8(a, ROOT_COMPLEX);
    acpi_u16(a, 56);
    acpi_u8(a, 3);
    acpi_u32(a, 1);
    acpi_u32(a, 1);
    acpi_u32(a, 36);
    acpi_u32(a, 1); /* coherent */
    acpi_u32(a, 3u << 24);
    acpi_u32(a, 0); /* no address translation services */
    acpi_u32(a, 0);
    acpi_u32(a, 64); /* address bits that devices have */
    acpi_u32(a, 0); /* the mapping: ids 0 to 0xffff */
    acpi_u32(a, 0xffff);
    acpi_u32(a, 0);
    acpi_u32(a, NODES);
    acpi_u32(a, 0);
    acpi_table_end(a);
}

int arm_virt_add_acpi(struct board *b, struct err *e)
{
    const struct arm_virt *v = b->parts;
    struct acpi a;

    acpi_begin(&a);
    write_dsdt(&a, b, v);
    write_fadt(&a, v);
    write_madt(&a, b, v);
    write_pptt(&a, b);
    write_gtdt(&a, v);
    acpi_write_mcfg(&a, &v->map[ARM_VIRT_ECAM]);
    write_spcr(&a, v);
    write_dbg2(&a, v);
    if (v->options.msi == ARM_MSI_ITS)
        write_iort(&a);
    return acpi_hand_over(&a, b->machine, v->fw_cfg, NULL, e);
}
