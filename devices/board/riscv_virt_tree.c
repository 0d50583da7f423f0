/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree of `riscv-virt`, as Linux's bindings want it
 * (Documentation/devicetree/bindings: riscv/cpus.yaml, timer/sifive,clint.yaml,
 * interrupt-controller/sifive,plic-1.0.0.yaml, pci/host-generic-pci.yaml, ...).
 */
#include "devices/board/riscv_virt_impl.h"
#include "devices/board/tree_nodes.h"

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
    dt_cpu_map(t, false, PHANDLE_CPU, v->cpus);
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

static void open_part(struct dt *t, const struct virt_tree *v, enum virt_part part,
                      const char *node)
{
    dt_open_place(t, node, &v->map[part]);
}

static void part_irq(struct dt *t, uint32_t source)
{
    dt_cell(t, "interrupts", source);
    dt_cell(t, "interrupt-parent", PHANDLE_PLIC);
}

static void write_interrupt_controllers(struct dt *t, const struct virt_tree *v)
{
    open_part(t, v, VIRT_PLIC, "plic");
    dt_cell(t, "phandle", PHANDLE_PLIC);
    dt_strings(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    dt_cell(t, "riscv,ndev", VIRT_PLIC_SOURCES);
    cpu_lines(t, v, IRQ_M_EXT, IRQ_S_EXT);
    dt_empty(t, "interrupt-controller");
    dt_cell(t, "#interrupt-cells", 1);
    dt_cell(t, "#address-cells", 0);
    dt_end(t);

    if (!v->aclint) {
        open_part(t, v, VIRT_CLINT, "clint");
        dt_strings(t, "compatible", "sifive,clint0\0riscv,clint0");
        cpu_lines(t, v, IRQ_M_SOFT, IRQ_M_TIMER);
        dt_end(t);
        return;
    }
    pa_t base = v->map[VIRT_CLINT].base;
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
    open_part(t, v, VIRT_SSWI, "sswi");
    dt_string(t, "compatible", "riscv,aclint-sswi");
    cpu_lines(t, v, IRQ_S_SOFT, 0);
    dt_empty(t, "interrupt-controller");
    dt_cell(t, "#interrupt-cells", 0);
    dt_end(t);
}

static void write_pci(struct dt *t, const struct virt_tree *v)
{
    const struct board_place *config = &v->map[VIRT_ECAM];

    dt_open_pci(t, &(struct dt_pci){
        .node = "pci", .unit = config->base,
        .at = { config, &v->map[VIRT_PCI_IO], &v->map[VIRT_PCI_MEM32], &v->map[VIRT_PCI_MEM64] },
        .parent = { PHANDLE_PLIC }, .n_parent = 2, .number = 1,
    });
    dt_end(t);
}

/* Beside /soc, as on QEMU's board: software may look for the full path. */
static void write_root_parts(struct dt *t, const struct virt_tree *v)
{
    dt_fw_cfg(t, &v->map[VIRT_FW_CFG]);
    dt_open_flash(t, "flash", &v->map[VIRT_FLASH], 2);
    dt_end(t);
}

static void write_soc(struct dt *t, const struct virt_tree *v)
{
    dt_node(t, "soc");
    dt_cell(t, "#address-cells", 2);
    dt_cell(t, "#size-cells", 2);
    dt_string(t, "compatible", "simple-bus");
    dt_empty(t, "ranges");

    write_interrupt_controllers(t, v);
    write_pci(t, v);

    /* Highest slot first: Linux numbers disks in this order, and so does QEMU's tree. */
    for (uint32_t i = VIRT_VIRTIO_SLOTS; i-- > 0;) {
        dt_open_virtio_slot(t, &v->map[VIRT_VIRTIO], i);
        part_irq(t, v->map[VIRT_VIRTIO].irq + i);
        dt_end(t);
    }
    open_part(t, v, VIRT_TEST, "test");
    dt_cell(t, "phandle", PHANDLE_TEST);
    dt_strings(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    dt_end(t);

    open_part(t, v, VIRT_UART, "serial");
    dt_string(t, "compatible", "ns16550a");
    dt_cell(t, "clock-frequency", VIRT_UART_CLOCK);
    part_irq(t, v->map[VIRT_UART].irq);
    dt_end(t);

    open_part(t, v, VIRT_RTC, "rtc");
    dt_string(t, "compatible", "google,goldfish-rtc");
    part_irq(t, v->map[VIRT_RTC].irq);
    dt_end(t);
    dt_end(t);
}

int virt_write_tree(const struct virt_tree *v, uint8_t **blob, uint32_t *size, struct err *e)
{
    struct dt t;
    int r = dt_begin_machine(&t, "riscv-virtio", "riscv-virtio,qemu", e);

    if (r < 0)
        return r;

    dt_node(&t, "chosen");
    dt_string(&t, "stdout-path", "/soc/serial@10000000");
    dt_bytes(&t, "rng-seed", v->rng_seed, 32);
    dt_end(&t);

    dt_open_memory(&t, "memory", &v->map[VIRT_DRAM]);
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
    dt_syscon_switch(&t, "poweroff", PHANDLE_TEST, 0, 0x5555);
    dt_syscon_switch(&t, "reboot", PHANDLE_TEST, 0, 0x7777);
    write_root_parts(&t, v);
    write_soc(&t, v);
    return dt_done(&t, blob, size, e);
}
