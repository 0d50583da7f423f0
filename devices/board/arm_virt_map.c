/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map of `arm-virt`: QEMU docs/system/arm/virt.rst; its hw/arm/virt.c for the high region. */
#include "devices/board/arm_virt_impl.h"
#include "core/util/bits.h"
#include <inttypes.h>
#include <string.h>

#define NONE BOARD_NO_IRQ
#define GIB  (1ull << 30)

const struct board_place arm_virt_map[ARM_VIRT_PARTS] = {
    [ARM_VIRT_FLASH] = { "flash", 0, 0x04000000, NONE },
    [ARM_VIRT_GIC_DIST] = { "gic", 0x08000000, 0x10000, NONE },
    [ARM_VIRT_GIC_CPU] = { "gic-cpu", 0x08010000, 0x10000, NONE },
    [ARM_VIRT_GIC_V2M] = { "gicv2m", 0x08020000, 0x1000, ARM_VIRT_V2M_FIRST },
    [ARM_VIRT_GIC_HYP] = { "gic-hyp", 0x08030000, 0x10000, NONE },
    [ARM_VIRT_GIC_VCPU] = { "gic-vcpu", 0x08040000, 0x10000, NONE },
    [ARM_VIRT_GIC_ITS] = { "its", 0x08080000, 0x20000, NONE },
    [ARM_VIRT_GIC_REDIST] = { "gic-redist", 0x080a0000, 0x00f60000, NONE },
    [ARM_VIRT_UART] = { "serial0", 0x09000000, 0x1000, 1 },
    [ARM_VIRT_RTC] = { "rtc", 0x09010000, 0x1000, 2 },
    [ARM_VIRT_FW_CFG] = { "fw_cfg", 0x09020000, 0x18, NONE },
    [ARM_VIRT_GPIO] = { "gpio", 0x09030000, 0x1000, 7 },
    [ARM_VIRT_UART1] = { "serial1", 0x09040000, 0x1000, 8 },
    [ARM_VIRT_GED] = { "ged", 0x09080000, 4, 9 },
    [ARM_VIRT_SECURE_GPIO] = { "secure-gpio", 0x090b0000, 0x1000, NONE },
    [ARM_VIRT_SECURE_MEM] = { "secram", 0x0e000000, 16ull << 20, NONE },
    [ARM_VIRT_VIRTIO] = { "virtio-mmio", 0x0a000000, 0x200, 16 },
    [ARM_VIRT_PCI_MEM32] = { "pci-mem32", 0x10000000, 0x2eff0000, NONE },
    [ARM_VIRT_PCI_IO] = { "pci-io", 0x3eff0000, 0x10000, NONE },
    [ARM_VIRT_ECAM] = { "pci", 0x3f000000, 0x01000000, 3 },
    [ARM_VIRT_DRAM] = { "dram", 0x40000000, 0, NONE },
    [ARM_VIRT_GIC_REDIST2] = { "gic-redist2", 0, 64ull << 20, NONE },
    [ARM_VIRT_CXL] = { "cxl", 0, 1ull << 20, NONE },
    [ARM_VIRT_HIGH_ECAM] = { "pci-high", 0, 256ull << 20, 3 },
    [ARM_VIRT_PCI_MEM64] = { "pci-mem64", 0, 512 * GIB, NONE },
};

/* Affinity levels: MPIDR_EL1 with its RES1 bit (Arm ARM D24.2.115). */
uint64_t arm_virt_mpidr(uint32_t cpu, bool gicv3)
{
    uint32_t cluster = gicv3 ? ARM_VIRT_CLUSTER_V3 : ARM_VIRT_CLUSTER_V2;

    return BIT(31) | (cpu / cluster) << 8 | cpu % cluster;
}

/*
 * The high region begins at 256 GiB, or behind RAM where there is more. What is switched off or
 * lies beyond the CPUs' addresses is not there; by compact-highmem it takes no space either.
 */
static void place_high(struct board_place *map, const struct arm_virt_options *o, pa_t base,
                       unsigned pa_bits)
{
    const struct { enum arm_virt_part part; bool on; } rows[] = {
        { ARM_VIRT_GIC_REDIST2, o->highmem_redists }, { ARM_VIRT_CXL, true },
        { ARM_VIRT_HIGH_ECAM, o->highmem_ecam }, { ARM_VIRT_PCI_MEM64, o->highmem_mmio },
    };

    map[ARM_VIRT_PCI_MEM64].size = o->pci_mem64_size;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct board_place *p = &map[rows[i].part];
        uint64_t size = p->size;
        p->base = align_up(base, size);
        bool fits = p->base + size <= 1ull << pa_bits;
        if (!rows[i].on || !fits)
            p->size = 0;
        if (p->size != 0 || !o->compact_highmem)
            base = p->base + size;
    }
    map[ARM_VIRT_CXL].size = 0; /* its place is kept, and nothing is there */
}

int arm_virt_place_parts(struct board_place *map, const struct arm_virt_options *o,
                         uint64_t memory, uint32_t cpus, unsigned pa_bits, struct err *e)
{
    bool v3 = o->gic == ARM_GIC_3;

    memcpy(map, arm_virt_map, sizeof(arm_virt_map));
    if (!o->highmem)
        pa_bits = 32;
    map[ARM_VIRT_DRAM].size = memory;
    pa_t end = map[ARM_VIRT_DRAM].base + memory;
    if (end > 1ull << pa_bits)
        return err_set(e, ERR_LIMIT, "memory of %" PRIu64 " MiB ends behind the %u address bits of "
                       "%s; %" PRIu64 " MiB are accepted", memory >> 20, pa_bits,
                       o->highmem ? "these CPUs" : "highmem=off",
                       (uint64_t)((1ull << pa_bits) - map[ARM_VIRT_DRAM].base) >> 20);
    place_high(map, o, MAX(align_up(end, GIB), 256 * GIB), pa_bits);

    if (v3)
        map[ARM_VIRT_GIC_CPU].size = map[ARM_VIRT_GIC_HYP].size = map[ARM_VIRT_GIC_VCPU].size = 0;
    if (!v3)
        map[ARM_VIRT_GIC_REDIST].size = map[ARM_VIRT_GIC_ITS].size = 0;
    if (o->msi != ARM_MSI_ITS)
        map[ARM_VIRT_GIC_ITS].size = 0;
    if (o->msi != ARM_MSI_V2M)
        map[ARM_VIRT_GIC_V2M].size = 0;
    if (!o->virtualization)
        map[ARM_VIRT_GIC_HYP].size = map[ARM_VIRT_GIC_VCPU].size = 0;
    if (!v3 || cpus <= map[ARM_VIRT_GIC_REDIST].size / 0x20000) /* the first region holds them all */
        map[ARM_VIRT_GIC_REDIST2].size = 0;
    if (map[ARM_VIRT_HIGH_ECAM].size != 0) {
        map[ARM_VIRT_ECAM] = map[ARM_VIRT_HIGH_ECAM];
        map[ARM_VIRT_ECAM].name = "pci";
    }
    return 0;
}
