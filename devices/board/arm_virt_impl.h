/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_ARM_VIRT_IMPL_H
#define ORRERY_DEVICES_BOARD_ARM_VIRT_IMPL_H
/*
 * The board `arm-virt`: where each part sits and which interrupt it drives. Register-compatible
 * with QEMU's `virt` of aarch64 (docs/system/arm/virt.rst); one table for wiring, device tree
 * and boot.
 *
 * Interrupts are shared peripheral interrupts (SPI n is INTID 32 + n), but for the private
 * ones of the CPUs (PPIs), which are given as INTIDs: Arm BSA 1.0, table 6.
 */
#include "devices/board/places.h"
#include "devices/board/virtio_slots.h"

enum arm_virt_part {
    ARM_VIRT_FLASH, ARM_VIRT_GIC_DIST, ARM_VIRT_GIC_CPU, ARM_VIRT_GIC_V2M, ARM_VIRT_GIC_HYP,
    ARM_VIRT_GIC_VCPU, ARM_VIRT_GIC_ITS, ARM_VIRT_GIC_REDIST, ARM_VIRT_UART, ARM_VIRT_RTC,
    ARM_VIRT_FW_CFG, ARM_VIRT_GPIO, ARM_VIRT_UART1, ARM_VIRT_GED, ARM_VIRT_SECURE_GPIO,
    ARM_VIRT_SECURE_MEM, ARM_VIRT_VIRTIO, ARM_VIRT_PCI_MEM32, ARM_VIRT_PCI_IO, ARM_VIRT_ECAM,
    ARM_VIRT_DRAM,
    /* Behind RAM, each at a multiple of its size: arm_virt_place_parts. */
    ARM_VIRT_GIC_REDIST2, ARM_VIRT_CXL, ARM_VIRT_HIGH_ECAM, ARM_VIRT_PCI_MEM64,
    ARM_VIRT_PARTS,
};

enum { ARM_PPI_PMU = 23, ARM_PPI_MAINTENANCE = 25, ARM_PPI_HYP_TIMER = 26, ARM_PPI_VIRT_TIMER = 27,
       ARM_PPI_HYP_VIRT_TIMER = 28, ARM_PPI_SEC_TIMER = 29, ARM_PPI_PHYS_TIMER = 30 };

#define ARM_VIRT_SPIS          256
#define ARM_VIRT_VIRTIO_SLOTS  32
#define ARM_VIRT_UART_CLOCK    24000000u
#define ARM_VIRT_V2M_FIRST     48  /* SPIs of the GICv2m frame */
#define ARM_VIRT_V2M_SPIS      64
#define ARM_VIRT_POWER_KEY     3   /* its pin of the GPIO */
#define ARM_VIRT_GICV2_CPUS    8
/* CPUs of one cluster: Aff0 of the target lists of GICD_SGIR and ICC_SGI1R_EL1. */
#define ARM_VIRT_CLUSTER_V2    8
#define ARM_VIRT_CLUSTER_V3    16

/* ---- what follows the machine's name: arm_virt_options.c ---- */
enum arm_gic { ARM_GIC_AUTO, ARM_GIC_2, ARM_GIC_3, ARM_GIC_MAX };
enum arm_msi { ARM_MSI_AUTO, ARM_MSI_ITS, ARM_MSI_V2M, ARM_MSI_OFF };
struct arm_virt_options {
    bool virtualization, secure;
    bool highmem, highmem_ecam, highmem_mmio, highmem_redists, compact_highmem;
    bool its, dtb_randomness, mte, acpi;
    int gic, msi;                    /* enum arm_gic, enum arm_msi */
    uint64_t pci_mem64_size;
};
/* With what the number of CPUs decides: `gic` is 2 or 3 afterwards, `msi` no longer auto. */
int arm_virt_read_options(struct arm_virt_options *o, const char *text, uint32_t cpus,
                          struct err *e) MUST_CHECK;

/* ---- memory map: arm_virt_map.c ---- */
extern const struct board_place arm_virt_map[ARM_VIRT_PARTS];

/*
 * The map of one machine: what its options leave out has size 0, what lies behind RAM its place.
 * `pa_bits`: of the CPUs. ERR_LIMIT when RAM does not fit.
 */
int arm_virt_place_parts(struct board_place *map, const struct arm_virt_options *o, uint64_t memory,
                         uint32_t cpus, unsigned pa_bits, struct err *e) MUST_CHECK;
uint64_t arm_virt_mpidr(uint32_t cpu, bool gicv3);

/* ---- the machine ---- */
struct a64_cpu;
struct arm_psci;
struct cfi_flash;
struct arm_virt {
    struct a64_cpu *pes[BOARD_MAX_CPUS];
    uint64_t mpidr[BOARD_MAX_CPUS];
    struct arm_virt_options options;
    struct board_place map[ARM_VIRT_PARTS];
    const char *compatible;          /* of the CPUs */
    bool has_el2, has_el3, has_pmu, has_hyp_virt_timer;
    struct mem_ram *dram;
    irq_sink_fn *set_ppi;            /* its sink: the board's irqchip, a struct gicv2 or gicv3 */
    struct fw_cfg *fw_cfg;
    struct virtio_slots slots;
    struct pci_ecam *pci;
    struct pl061 *gpio;
    struct gpio_key *key;
    struct acpi_ged *ged;            /* NULL without ACPI */
    struct cfi_flash *flash[2];
    bool firmware;                   /* flash bank 0 holds some: CPUs start in it */
    bool second_uart;
    struct arm_psci *psci;           /* NULL: what runs at EL3 does it */
    uint8_t rng_seed[32], kaslr_seed[8];
};

/* ---- TrustZone: arm_virt_secure.c ---- */
/* After all parts that are made Secure. */
int arm_virt_build_secure(struct board *b, struct err *e) MUST_CHECK;

/* ---- boot: arm_virt_boot.c ---- */
int arm_virt_open_images(struct board *b, struct err *e) MUST_CHECK;
int arm_virt_load_images(struct board *b, struct err *e) MUST_CHECK;

/* ---- ACPI: arm_virt_acpi.c ---- */
/* For firmware, through fw_cfg. */
int arm_virt_add_acpi(struct board *b, struct err *e) MUST_CHECK;

/* ---- device tree: arm_virt_tree.c ---- */
int arm_virt_write_tree(const struct board *b, uint8_t **blob, uint32_t *size,
                        struct err *e) MUST_CHECK;

#endif
