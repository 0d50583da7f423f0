/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables of `x86-q35`. Sections are ACPI 6.4's. Power management's ports are where SeaBIOS, OVMF and our own direct
 * start put them: at 600h.
 */
#include "core/util/bits.h"
#include "devices/board/acpi.h"
#include "devices/board/acpi/templates.gen.h"
#include "devices/board/machine_options.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/q35_mch.h"
#include <stdio.h>

/* What AML's templates leave open. */
enum { T_UID = 0xf1c0a001 };
#define T_HIGH       0xf1c0a021u
#define T_HPET       0xf1c0a031u
#define T_MEM        0xf1c0a100u
#define T_MEM_LAST   0xf1c1b2d3u
#define T_MEM2       0xf1c0a110u
#define T_MEM2_LAST  0xf1c1b2e4u
#define T_MEM_SIZE   0x000111d4u
#define T_MEM64      0xf1c0a103f1c0a103u
#define T_MEM64_LAST 0xf1c0a104f1c0a104u
#define T_MEM64_SIZE 0x0000000100000002u
#define T_ECAM       0xf1c0a105u
#define T_ECAM_SIZE  0xf1c0a106u

void pc_write_cpus(struct acpi *a, const struct board *b)
{
    char name[8];
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        uint32_t from = acpi_append(a, &x86_cpu_aml);
        snprintf(name, sizeof(name), "C%03X", i & 0xfff);
        acpi_fill_name(a, from, "C000", name);
        acpi_fill(a, from, 4, T_UID, i);
    }
}

/* Of the PCIe configuration window: where firmware has put it, if that lies between low RAM and the I/O APIC. */
static pa_t find_ecam(const struct q35 *q, uint64_t *size)
{
    pa_t base;

    if (q->kind->ecam_size != 0 && q35_mch_ecam(q->mch, &base, size) && base >= align_up(q->low, 1u << 20) &&
        base + *size <= Q35_PCI_HOLE_END)
        return base;
    *size = q->kind->ecam_size;
    return q->kind->ecam;
}

/* Memory windows of the host bridge: from the end of low RAM to the ECAM range, from there to the I/O APIC. */
static void write_dsdt(struct acpi *a, const struct board *b, const struct q35 *q)
{
    uint64_t ecam_size, ecam = find_ecam(q, &ecam_size), ecam_end = ecam + ecam_size, high_size, high = q35_high_window(q, &high_size);
    uint64_t low = MIN(align_up(MAX(q->low, 0x10000000ull), 1u << 20), ecam), size[2] = { ecam - low, Q35_PCI_HOLE_END - ecam_end };
    acpi_table(a, "DSDT", 2);
    uint32_t from = acpi_append(a, q->kind->aml);
    if (q->globals.disable_s3)
        acpi_fill_name(a, from, "_S3_", "XS3_"); /* a name that means nothing */
    if (q->globals.disable_s4)
        acpi_fill_name(a, from, "_S4_", "XS4_");
    acpi_fill(a, from, 4, T_HPET, q->hpet != NULL ? 15 : 0);
    if (q->kind->ecam_size != 0) {
        acpi_fill(a, from, 4, T_ECAM, ecam);
        acpi_fill(a, from, 4, T_ECAM_SIZE, ecam_size);
    }
    acpi_fill(a, from, 4, T_MEM, low);
    acpi_fill(a, from, 4, T_MEM_LAST, ecam - 1);
    acpi_fill(a, from, 4, T_MEM2, ecam_end);
    acpi_fill(a, from, 4, T_MEM2_LAST, Q35_PCI_HOLE_END - 1);
    acpi_fill(a, from, 4, T_MEM_SIZE, size[0]);
    acpi_fill(a, from, 4, T_MEM_SIZE + 1, size[1]);
    acpi_fill(a, from, 4, T_HIGH, high_size != 0);
    acpi_fill(a, from, 8, T_MEM64, high);
    acpi_fill(a, from, 8, T_MEM64_LAST, high + high_size - 1);
    acpi_fill(a, from, 8, T_MEM64_SIZE, high_size);
    pc_write_cpus(a, b);
    acpi_table_end(a);
}

/* A port as a Generic Address Structure. */
static void port(struct acpi *a, unsigned bits, uint16_t number)
{
    acpi_u8(a, 1);
    acpi_u8(a, (uint8_t)bits);
    acpi_u8(a, 0);
    acpi_u8(a, bits != 0 ? (uint8_t)(bits == 8 ? 1 : bits == 16 ? 2 : bits == 32 ? 3 : 0) : 0);
    acpi_u64(a, number);
}

/* 5.2.9 */
static void write_fadt(struct acpi *a, const struct q35 *q)
{
    enum { PM = Q35_PMBASE, WBINVD = 1, PROC_C1 = 1 << 2, SLP_BUTTON = 1 << 5, RTC_S4 = 1 << 7, RESET_REG = 1 << 10,
           X2APIC_OK = 1 << 18, LEGACY_DEVICES = 1, HAS_8042 = 2 };
    acpi_table(a, "FACP", 3);
    acpi_facs_pointer(a, 4);
    acpi_dsdt_pointer(a, 4);
    acpi_u8(a, 0);
    acpi_u8(a, 0);              /* preferred profile: unspecified */
    acpi_u16(a, 9);             /* SCI */
    acpi_u32(a, 0xb2);          /* SMI_CMD; 2 and 3 switch ACPI mode */
    acpi_u8(a, 2);
    acpi_u8(a, 3);
    acpi_zero(a, 2);
    acpi_u32(a, PM);            /* PM1a_EVT_BLK */
    acpi_u32(a, 0);
    acpi_u32(a, PM + 4);        /* PM1a_CNT_BLK */
    acpi_u32(a, 0);
    acpi_u32(a, 0);
    acpi_u32(a, PM + 8);        /* PM_TMR_BLK */
    acpi_u32(a, q->kind->gpe_size != 0 ? PM + (uint32_t)q->kind->gpe : 0u); /* GPE0_BLK */
    acpi_u32(a, 0);
    acpi_u8(a, 4);
    acpi_u8(a, 2);
    acpi_u8(a, 0);
    acpi_u8(a, 4);
    acpi_u8(a, (uint8_t)q->kind->gpe_size);
    acpi_zero(a, 3);
    acpi_u16(a, 0xfff);         /* no C2, */
    acpi_u16(a, 0xfff);         /* no C3 */
    acpi_zero(a, 8);
    acpi_u8(a, 0x32);           /* CENTURY */
    acpi_u16(a, LEGACY_DEVICES | HAS_8042);
    acpi_u8(a, 0);
    acpi_u32(a, WBINVD | PROC_C1 | SLP_BUTTON | RTC_S4 | RESET_REG);
    port(a, 8, 0xcf9);
    acpi_u8(a, 0x0f);           /* RESET_VALUE */
    acpi_zero(a, 3);
    acpi_facs_pointer(a, 8);
    acpi_dsdt_pointer(a, 8);
    port(a, 32, PM);
    port(a, 0, 0);
    port(a, 16, PM + 4);
    port(a, 0, 0);
    port(a, 0, 0);
    port(a, 32, PM + 8);
    port(a, 8u * q->kind->gpe_size, q->kind->gpe_size != 0 ? (uint16_t)(PM + q->kind->gpe) : 0);
    port(a, 0, 0);
    acpi_table_end(a);
}

/* 5.2.12. Ids beyond 254 need the x2APIC's structures. */
void pc_write_madt(struct acpi *a, const struct board *b, const struct q35 *q)
{
    static const uint8_t level_high[] = { 5, 9, 10, 11 };
    acpi_table(a, "APIC", 3);
    acpi_u32(a, 0xfee00000);
    acpi_u32(a, q->pic != NULL); /* PCAT_COMPAT */
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        uint32_t id = x86_cpu_config(q->cpus[i])->apic_id;
        if (id < 255) {
            acpi_u8(a, 0);
            acpi_u8(a, 8);
            acpi_u8(a, (uint8_t)i);
            acpi_u8(a, (uint8_t)id);
            acpi_u32(a, 1);
        } else {
            acpi_u8(a, 9);
            acpi_u8(a, 16);
            acpi_u16(a, 0);
            acpi_u32(a, id);
            acpi_u32(a, 1);
            acpi_u32(a, i);
        }
    }
    acpi_u8(a, 1);              /* I/O APIC */
    acpi_u8(a, 12);
    acpi_u8(a, 0);
    acpi_u8(a, 0);
    acpi_u32(a, Q35_IOAPIC);
    acpi_u32(a, 0);
    acpi_u8(a, 2);              /* source override: IRQ0 is pin 2 */
    acpi_u8(a, 10);
    acpi_u16(a, 0);
    acpi_u32(a, 2);
    acpi_u16(a, 0);
    for (unsigned i = 0; q->mch != NULL && i < sizeof(level_high); i++) { /* what PCI's lines are routed to */
        acpi_u8(a, 2);
        acpi_u8(a, 10);
        acpi_u8(a, 0);
        acpi_u8(a, level_high[i]);
        acpi_u32(a, level_high[i]);
        acpi_u16(a, 0xd);       /* active high, level */
    }
    acpi_u8(a, 4);              /* LINT1 of all is NMI */
    acpi_u8(a, 6);
    acpi_u8(a, 0xff);
    acpi_u16(a, 0);
    acpi_u8(a, 1);
    acpi_table_end(a);
}

/* IA-PC HPET specification 1.0a, 3.2.4 */
static void write_hpet(struct acpi *a)
{
    acpi_table(a, "HPET", 1);
    acpi_u32(a, 0x8086a201);
    acpi_address(a, 0, Q35_HPET);
    acpi_u8(a, 0);
    acpi_u16(a, 0);
    acpi_u8(a, 0);
    acpi_table_end(a);
}

/* PCI Firmware 3.3, 4.1.2 */
static void write_mcfg(struct acpi *a, const struct q35 *q)
{
    uint64_t size;

    acpi_table(a, "MCFG", 1);
    acpi_zero(a, 8);
    acpi_u64(a, find_ecam(q, &size));
    acpi_u16(a, 0);
    acpi_u8(a, 0);
    acpi_u8(a, (uint8_t)((size >> 20) - 1)); /* the last bus: 1 MiB each */
    acpi_u32(a, 0);
    acpi_table_end(a);
}

static void write_all(struct acpi *a, const struct board *b, const struct q35 *q)
{
    acpi_begin(a);
    acpi_want_rsdt(a);
    if (q->kind->write_acpi != NULL) {
        q->kind->write_acpi(a, b, q);
        return;
    }
    acpi_facs(a);
    write_dsdt(a, b, q);
    write_fadt(a, q);
    pc_write_madt(a, b, q);
    if (q->hpet != NULL)
        write_hpet(a);
    if (q->kind->ecam_size != 0)
        write_mcfg(a, q);
    if (q->iommu != NULL)
        q35_write_dmar(a, q);
}

static void write_again(struct acpi *a, void *board)
{
    const struct board *b = board;

    write_all(a, b, b->parts);
}

/* SeaBIOS and OVMF choose PCIEXBAR before they fetch the tables. */
int q35_add_acpi(struct board *b, struct q35 *q, struct err *e)
{
    const struct acpi_writer again = { .write = write_again, .arg = b };
    struct acpi a;
    if (q->options.acpi == MACHINE_OFF)
        return 0;
    write_all(&a, b, q);
    return acpi_hand_over(&a, b->machine, q->fw_cfg, q->kind->ecam_size != 0 ? &again : NULL, e);
}

int q35_place_acpi(struct board *b, struct q35 *q, pa_t end, pa_t *rsdp, struct err *e)
{
    struct acpi a;
    write_all(&a, b, q);
    return acpi_place(&a, b->machine->memory, end, rsdp, &q->facs, e);
}
