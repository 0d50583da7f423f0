/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree of `riscv-virt`, as Linux's bindings want it
 * (Documentation/devicetree/bindings: riscv/cpus.yaml, timer/sifive,clint.yaml,
 * interrupt-controller/sifive,plic-1.0.0.yaml, pci/host-generic-pci.yaml, ...).
 */
#include "devices/board/devicetree.h"
#include "devices/board/riscv_virt_impl.h"
#include <stdio.h>

enum { PHANDLE_PLIC = 1, PHANDLE_TEST = 2, PHANDLE_CPU = 0x100, PHANDLE_INTC = 0x1000 };
enum { IRQ_M_SOFT = 3, IRQ_M_TIMER = 7, IRQ_S_EXT = 9, IRQ_M_EXT = 11, IRQ_S_SOFT = 1 };

static void write_cpus(struct dt *t, const struct virt_tree *v)
{
    dt_node(t, "cpus");
    dt_cell(t, "#address-cells", 1);
    dt_cell(t, "#size-cells", 0);
    dt_cell(t, "timebase-frequency", VIRT_TIMEBASE);
    for (uint32_t i = 0; i < v->cpus; i++) {
        dt_node(t, "cpu@%x", i);
        dt_cell(t, "phandle", PHANDLE_CPU + i);
        dt_string(t, "device_type", "cpu");
        dt_cell(t, "reg", i);
        dt_string(t, "status", "okay");
        dt_string(t, "compatible", "riscv");
        dt_string(t, "riscv,isa", v->cpu->isa);
        dt_string(t, "riscv,isa-base", v->cpu->isa_base);
        dt_bytes(t, "riscv,isa-extensions", v->cpu->extensions, v->cpu->extensions_size);
        if (v->cpu->mmu_type)
            dt_string(t, "mmu-type", v->cpu->mmu_type);
        if (v->cpu->cbom)
            dt_cell(t, "riscv,cbom-block-size", 64);
        if (v->cpu->cboz)
            dt_cell(t, "riscv,cboz-block-size", 64);
        if (v->cpu->cbop)
            dt_cell(t, "riscv,cbop-block-size", 64);
        dt_node(t, "interrupt-controller");
        dt_cell(t, "#interrupt-cells", 1);
        dt_empty(t, "interrupt-controller");
        dt_string(t, "compatible", "riscv,cpu-intc");
        dt_cell(t, "phandle", PHANDLE_INTC + i);
        dt_end(t);
        dt_end(t);
    }
    dt_node(t, "cpu-map");
    dt_node(t, "cluster0");
    for (uint32_t i = 0; i < v->cpus; i++) {
        dt_node(t, "core%u", i);
        dt_cell(t, "cpu", PHANDLE_CPU + i);
        dt_end(t);
    }
    dt_end(t);
    dt_end(t);
    dt_end(t);
}

/* interrupts-extended of every CPU: two lines each, or one if `second` is 0. */
static void cpu_lines(struct dt *t, const struct virt_tree *v, uint32_t first, uint32_t second)
{
    uint32_t cells[BOARD_MAX_CPUS * 4], n = 0;

    for (uint32_t i = 0; i < v->cpus; i++) {
        cells[n++] = PHANDLE_INTC + i;
        cells[n++] = first;
        if (second) {
            cells[n++] = PHANDLE_INTC + i;
            cells[n++] = second;
        }
    }
    dt_cells(t, "interrupts-extended", cells, n);
}

static void open_part(struct dt *t, enum virt_part part, const char *node)
{
    const struct virt_place *p = &virt_map[part];

    dt_node(t, "%s@%llx", node, (unsigned long long)p->base);
    dt_reg(t, p->base, p->size);
}

static void part_irq(struct dt *t, uint32_t source)
{
    dt_cell(t, "interrupts", source);
    dt_cell(t, "interrupt-parent", PHANDLE_PLIC);
}

static void write_interrupt_controllers(struct dt *t, const struct virt_tree *v)
{
    open_part(t, VIRT_PLIC, "plic");
    dt_cell(t, "phandle", PHANDLE_PLIC);
    dt_strings(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    dt_cell(t, "riscv,ndev", VIRT_PLIC_SOURCES);
    cpu_lines(t, v, IRQ_M_EXT, IRQ_S_EXT);
    dt_empty(t, "interrupt-controller");
    dt_cell(t, "#interrupt-cells", 1);
    dt_cell(t, "#address-cells", 0);
    dt_end(t);

    if (!v->aclint) {
        open_part(t, VIRT_CLINT, "clint");
        dt_strings(t, "compatible", "sifive,clint0\0riscv,clint0");
        cpu_lines(t, v, IRQ_M_SOFT, IRQ_M_TIMER);
        dt_end(t);
        return;
    }
    pa_t base = virt_map[VIRT_CLINT].base;
    dt_node(t, "mswi@%llx", (unsigned long long)base);
    dt_string(t, "compatible", "riscv,aclint-mswi");
    dt_reg(t, base, 0x4000);
    cpu_lines(t, v, IRQ_M_SOFT, 0);
    dt_empty(t, "interrupt-controller");
    dt_cell(t, "#interrupt-cells", 0);
    dt_end(t);
    dt_node(t, "mtimer@%llx", (unsigned long long)base + 0x4000);
    dt_string(t, "compatible", "riscv,aclint-mtimer");
    dt_cell(t, "reg", 0, (uint32_t)base + 0xbff8, 0, 0x8, 0, (uint32_t)base + 0x4000, 0, 0x7ff8);
    cpu_lines(t, v, IRQ_M_TIMER, 0);
    dt_end(t);
    open_part(t, VIRT_SSWI, "sswi");
    dt_string(t, "compatible", "riscv,aclint-sswi");
    cpu_lines(t, v, IRQ_S_SOFT, 0);
    dt_empty(t, "interrupt-controller");
    dt_cell(t, "#interrupt-cells", 0);
    dt_end(t);
}

/* IEEE 1275 PCI binding: ranges and the swizzled interrupt-map of four slots by four pins. */
static void write_pci(struct dt *t, const struct virt_tree *v)
{
    const struct virt_place *io = &virt_map[VIRT_PCI_IO], *mem = &virt_map[VIRT_PCI_MEM32];
    uint32_t map[16 * 6], n = 0;

    open_part(t, VIRT_ECAM, "pci");
    dt_string(t, "compatible", "pci-host-ecam-generic");
    dt_string(t, "device_type", "pci");
    dt_cell(t, "#address-cells", 3);
    dt_cell(t, "#size-cells", 2);
    dt_cell(t, "#interrupt-cells", 1);
    dt_cell(t, "linux,pci-domain", 0);
    dt_cell(t, "bus-range", 0, (uint32_t)(virt_map[VIRT_ECAM].size >> 20) - 1);
    dt_empty(t, "dma-coherent");
    dt_cell(t, "ranges",
            0x01000000, 0, 0, 0, (uint32_t)io->base, 0, (uint32_t)io->size,
            0x02000000, 0, (uint32_t)mem->base, 0, (uint32_t)mem->base, 0, (uint32_t)mem->size,
            0x03000000, (uint32_t)(v->pci_mem64 >> 32), (uint32_t)v->pci_mem64,
            (uint32_t)(v->pci_mem64 >> 32), (uint32_t)v->pci_mem64,
            (uint32_t)(VIRT_PCI_MEM64_SIZE >> 32), (uint32_t)VIRT_PCI_MEM64_SIZE);
    for (uint32_t slot = 0; slot < 4; slot++) {
        for (uint32_t pin = 0; pin < 4; pin++) {
            map[n++] = slot << 11;
            map[n++] = 0;
            map[n++] = 0;
            map[n++] = pin + 1;
            map[n++] = PHANDLE_PLIC;
            map[n++] = virt_map[VIRT_ECAM].source + (slot + pin) % 4;
        }
    }
    dt_cells(t, "interrupt-map", map, n);
    dt_cell(t, "interrupt-map-mask", 0x1800, 0, 0, 7);
    dt_end(t);
}

/* Beside /soc, as on QEMU's board: software may look for the full path. */
static void write_root_parts(struct dt *t, const struct virt_tree *v)
{
    if (v->fw_cfg) {
        open_part(t, VIRT_FW_CFG, "fw-cfg");
        dt_string(t, "compatible", "qemu,fw-cfg-mmio");
        dt_empty(t, "dma-coherent");
        dt_end(t);
    }
    if (v->flash) {
        uint32_t flash = (uint32_t)virt_map[VIRT_FLASH].base;
        dt_node(t, "flash@%x", flash);
        dt_string(t, "compatible", "cfi-flash");
        dt_cell(t, "reg", 0, flash, 0, VIRT_FLASH_BANK, 0, flash + VIRT_FLASH_BANK, 0, VIRT_FLASH_BANK);
        dt_cell(t, "bank-width", 4);
        dt_end(t);
    }
}

static void write_soc(struct dt *t, const struct virt_tree *v)
{
    dt_node(t, "soc");
    dt_cell(t, "#address-cells", 2);
    dt_cell(t, "#size-cells", 2);
    dt_string(t, "compatible", "simple-bus");
    dt_empty(t, "ranges");

    write_interrupt_controllers(t, v);
    if (v->pci)
        write_pci(t, v);

    /* Highest slot first: Linux numbers disks in this order, and so does QEMU's tree. */
    for (uint32_t i = VIRT_VIRTIO_SLOTS; i-- > 0;) {
        uint64_t base = virt_map[VIRT_VIRTIO].base + i * VIRT_VIRTIO_STRIDE;
        dt_node(t, "virtio_mmio@%llx", (unsigned long long)base);
        dt_string(t, "compatible", "virtio,mmio");
        dt_reg(t, base, VIRT_VIRTIO_STRIDE);
        part_irq(t, virt_map[VIRT_VIRTIO].source + i);
        dt_end(t);
    }
    open_part(t, VIRT_TEST, "test");
    dt_cell(t, "phandle", PHANDLE_TEST);
    dt_strings(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    dt_end(t);

    open_part(t, VIRT_UART, "serial");
    dt_string(t, "compatible", "ns16550a");
    dt_cell(t, "clock-frequency", VIRT_UART_CLOCK);
    part_irq(t, virt_map[VIRT_UART].source);
    dt_end(t);

    if (v->rtc) {
        open_part(t, VIRT_RTC, "rtc");
        dt_string(t, "compatible", "google,goldfish-rtc");
        part_irq(t, virt_map[VIRT_RTC].source);
        dt_end(t);
    }
    dt_end(t);
}

static void write_syscon(struct dt *t, const char *node, const char *compatible, uint32_t value)
{
    dt_node(t, "%s", node);
    dt_string(t, "compatible", compatible);
    dt_cell(t, "regmap", PHANDLE_TEST);
    dt_cell(t, "offset", 0);
    dt_cell(t, "value", value);
    dt_end(t);
}

int virt_write_tree(const struct virt_tree *v, uint8_t **blob, uint32_t *size, struct err *e)
{
    struct dt t;
    int r = dt_begin(&t, e);

    if (r < 0)
        return r;
    dt_cell(&t, "#address-cells", 2);
    dt_cell(&t, "#size-cells", 2);
    dt_string(&t, "compatible", "riscv-virtio");
    dt_string(&t, "model", "riscv-virtio,qemu");

    dt_node(&t, "chosen");
    dt_string(&t, "stdout-path", "/soc/serial@10000000");
    dt_bytes(&t, "rng-seed", v->rng_seed, 32);
    dt_end(&t);

    dt_node(&t, "memory@%llx", (unsigned long long)virt_map[VIRT_DRAM].base);
    dt_string(&t, "device_type", "memory");
    dt_reg(&t, virt_map[VIRT_DRAM].base, v->memory);
    dt_end(&t);

    write_cpus(&t, v);
    if (v->cpu->sscofpmf) {
        /*
         * SBI PMU event map (SBI 3.0 chapter "Performance Monitoring Unit Extension"):
         * cycles and instructions on their fixed counters and on any of 3..31.
         */
        dt_node(&t, "pmu");
        dt_string(&t, "compatible", "riscv,pmu");
        dt_cell(&t, "riscv,event-to-mhpmcounters", 0x1, 0x1, 0xfffffff9, 0x2, 0x2, 0xfffffffc);
        dt_end(&t);
    }
    write_syscon(&t, "poweroff", "syscon-poweroff", 0x5555);
    write_syscon(&t, "reboot", "syscon-reboot", 0x7777);
    write_root_parts(&t, v);
    write_soc(&t, v);
    return dt_done(&t, blob, size, e);
}
