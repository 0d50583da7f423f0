/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_LOONGARCH_VIRT_IMPL_H
#define ORRERY_DEVICES_BOARD_LOONGARCH_VIRT_IMPL_H
/*
 * The board `loongarch-virt`: where each part sits and which pin of the PCH-PIC it drives.
 * Register-compatible with QEMU's `virt` of loongarch64 (docs/system/loongarch/virt.rst); one table for wiring,
 * device tree and ACPI. In ACPI a pin's interrupt number is LA_VIRT_GSI_FIRST higher.
 *
 * Other than on QEMU's board, all of the PCI bus's I/O space is there, its first 16 KiB as an ISA bus: what
 * nobody answers there reads as all ones, as on the LS7A, so that a kernel that probes for an i8042 finds none.
 */
#include "cpu/loongarch/cpu.h"
#include "devices/board/places.h"
#include "devices/board/virtio_parts.h"

enum la_virt_part {
    LA_VIRT_LOW_RAM, LA_VIRT_PCH_PIC, LA_VIRT_DMA_CONFIG, LA_VIRT_RTC, LA_VIRT_GED, LA_VIRT_SLEEP, LA_VIRT_IO,
    LA_VIRT_FLASH, LA_VIRT_FW_CFG, LA_VIRT_UART, LA_VIRT_ECAM, LA_VIRT_DINTC, LA_VIRT_PCH_MSI, LA_VIRT_PCI_MEM32,
    LA_VIRT_HIGH_RAM, LA_VIRT_PCI_MEM64,
    LA_VIRT_PARTS,
};

/* IOCSR space, one for all cores. */
#define LA_IOCSR_EIOINTC      0x1400
#define LA_IOCSR_EIOINTC_SIZE 0x800

#define LA_VIRT_CPUS         256
#define LA_VIRT_UARTS        4
#define LA_VIRT_UART_CLOCK   100000000u
#define LA_VIRT_PINS         32         /* of the PCH-PIC; MSIs have the EIOINTC's vectors behind */
#define LA_VIRT_GSI_FIRST    64
#define LA_VIRT_EIOINTC_LINE 3          /* bit of ESTAT.IS that the EIOINTC's first group of vectors is told to drive */
#define LA_VIRT_ISA_PORTS    0x4000     /* of the I/O space, ISA's; the PCI bus's own begin behind */
#define LA_VIRT_LOW_RAM_MOST (256ull << 20)

/* SLEEP_CONTROL_REG's value for S5 (ACPI 6.4, 4.8.3.7): SLP_TYP 5, SLP_EN. */
#define LA_VIRT_SLEEP_S5 0x34

/* ---- what follows the machine's name: loongarch_virt_options.c ---- */
struct la_virt_options {
    bool acpi, virt_eiointc;
    int dmsi;                        /* enum machine_auto */
};
int la_virt_read_options(struct la_virt_options *o, const char *text, struct err *e) MUST_CHECK;

/*
 * CSR.CPUID of CPU `index`, as QEMU counts: thread, core and socket each in as many bits as their number needs,
 * so there are gaps where it is no power of two.
 */
uint32_t la_virt_core_id(const struct board_topology *t, uint32_t index);

/* ---- the machine ---- */
struct acpi_ged;
struct cfi_flash;
struct la_virt {
    struct la_cpu *cores[LA_VIRT_CPUS];
    uint32_t core_id[LA_VIRT_CPUS];
    struct la_config cpu;
    struct la_virt_options options;
    bool has_dmsi;
    struct board_place map[LA_VIRT_PARTS];
    struct mem_space *iocsr;
    struct eiointc *eiointc;
    struct fw_cfg *fw_cfg;
    struct pci_ecam *pci;
    struct parts_isa isa;            /* ports only: its interrupts have no controller */
    struct acpi_ged *ged;
    struct cfi_flash *flash[2];
    bool firmware;                   /* flash bank 0 holds some: all CPUs start in it */
    uint8_t memmap[2 * 24];          /* fw_cfg's etc/memmap */
    uint8_t rng_seed[32];
};

/* ---- boot: loongarch_virt_boot.c ---- */
int la_virt_open_images(struct board *b, struct err *e) MUST_CHECK;
/* `in_flash`: bank 0 has an image. */
int la_virt_open_firmware(struct board *b, bool in_flash, struct err *e) MUST_CHECK;
int la_virt_load_images(struct board *b, struct err *e) MUST_CHECK;

/* ---- ACPI: loongarch_virt_acpi.c ---- */
/* For firmware, through fw_cfg. */
int la_virt_add_acpi(struct board *b, struct err *e) MUST_CHECK;
/* Into memory below `end`, for a kernel that is started without firmware. */
int la_virt_place_acpi(struct board *b, pa_t end, pa_t *rsdp, struct err *e) MUST_CHECK;

/* ---- device tree: loongarch_virt_tree.c ---- */
int la_virt_write_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e) MUST_CHECK;

#endif
