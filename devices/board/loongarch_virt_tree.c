/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree of `loongarch-virt`, as Linux's bindings want it (Documentation/devicetree/bindings:
 * interrupt-controller/loongson,*.yaml, pci/host-generic-pci.yaml, rtc/loongson,rtc.yaml, power/reset/syscon-*.yaml,
 * mfd/syscon.yaml).
 */
#include "core/util/bits.h"
#include "devices/acpi_sleep.h"
#include "devices/board/loongarch_virt_impl.h"
#include "devices/board/tree_nodes.h"
#include "irqchip/eiointc.h"

enum { PHANDLE_CPUIC = 1, PHANDLE_EIOINTC, PHANDLE_PCH_PIC, PHANDLE_PCH_MSI, PHANDLE_SLEEP, PHANDLE_CPU = 0x100 };
enum { IRQ_LEVEL_HIGH = 4 }; /* include/dt-bindings/interrupt-controller/irq.h */

/* cpu/cpu-topology.txt; `reg` is what IPIs name a core by. */
static void write_cpu_map(struct dt *t, const struct board *b)
{
    const struct board_topology *smp = &b->config.smp;
    uint32_t in_socket = smp->cores * smp->threads;

    dt_node(t, "cpu-map");
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        uint32_t thread = i % smp->threads;
        if (i % in_socket == 0)
            dt_node(t, "socket%u", i / in_socket);
        if (thread == 0)
            dt_node(t, "core%u", i / smp->threads % smp->cores);
        if (smp->threads > 1)
            dt_node(t, "thread%u", thread);
        dt_cell(t, "cpu", PHANDLE_CPU + i);
        if (smp->threads > 1)
            dt_end(t);
        if (thread + 1 == smp->threads || i + 1 == b->n_cpus)
            dt_end(t);
        if (i % in_socket + 1 == in_socket || i + 1 == b->n_cpus)
            dt_end(t);
    }
    dt_end(t);
}

static void write_cpus(struct dt *t, const struct board *b, const struct la_virt *v)
{
    dt_node(t, "cpus");
    dt_cell(t, "#address-cells", 1);
    dt_cell(t, "#size-cells", 0);
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        dt_node(t, "cpu@%x", v->core_id[i]);
        dt_cell(t, "phandle", PHANDLE_CPU + i);
        dt_string(t, "device_type", "cpu");
        dt_string(t, "compatible", la_compatible(&v->cpu));
        dt_cell(t, "reg", v->core_id[i]);
        dt_end(t);
    }
    write_cpu_map(t, b);
    dt_end(t);
}

static void open_controller(struct dt *t, uint32_t phandle, uint32_t parent, const char *compatible)
{
    dt_cell(t, "phandle", phandle);
    dt_string(t, "compatible", compatible);
    dt_empty(t, "interrupt-controller");
    if (parent)
        dt_cell(t, "interrupt-parent", parent);
}

static void write_interrupt_controllers(struct dt *t, const struct la_virt *v)
{
    dt_node(t, "cpuic");
    open_controller(t, PHANDLE_CPUIC, 0, "loongson,cpu-interrupt-controller");
    dt_cell(t, "#interrupt-cells", 1);
    dt_end(t);

    dt_node(t, "eiointc@%x", LA_IOCSR_EIOINTC);
    dt_reg(t, LA_IOCSR_EIOINTC, LA_IOCSR_EIOINTC_SIZE);
    open_controller(t, PHANDLE_EIOINTC, PHANDLE_CPUIC, "loongson,ls2k2000-eiointc");
    dt_cell(t, "#interrupt-cells", 1);
    dt_cell(t, "interrupts", LA_VIRT_EIOINTC_LINE);
    dt_end(t);

    dt_open_place(t, "platic", &v->map[LA_VIRT_PCH_PIC]);
    open_controller(t, PHANDLE_PCH_PIC, PHANDLE_EIOINTC, "loongson,pch-pic-1.0");
    dt_cell(t, "#interrupt-cells", 2);
    dt_cell(t, "loongson,pic-base-vec", 0);
    dt_end(t);

    dt_open_place(t, "msi", &v->map[LA_VIRT_PCH_MSI]);
    open_controller(t, PHANDLE_PCH_MSI, PHANDLE_EIOINTC, "loongson,pch-msi-1.0");
    dt_empty(t, "msi-controller");
    dt_cell(t, "loongson,msi-base-vec", LA_VIRT_PINS);
    dt_cell(t, "loongson,msi-num-vecs", EIOINTC_VECTORS - LA_VIRT_PINS);
    dt_end(t);
}

static void part_irq(struct dt *t, uint32_t pin)
{
    dt_cell(t, "interrupt-parent", PHANDLE_PCH_PIC);
    dt_cell(t, "interrupts", pin, IRQ_LEVEL_HIGH);
}

/* Legacy I/O ports and the bus's own share one window: IEEE 1275 ISA binding, a 1 in the first cell says I/O. */
static void write_buses(struct dt *t, const struct la_virt *v)
{
    const struct board_place *io = &v->map[LA_VIRT_IO], *config = &v->map[LA_VIRT_ECAM];
    uint32_t ranges[] = { 1, 0, 0, 0, LA_VIRT_ISA_PORTS };

    (void)dt_put_u64(ranges, 2, io->base);
    dt_node(t, "isa@%llx", (unsigned long long)io->base);
    dt_string(t, "compatible", "isa");
    dt_cell(t, "#address-cells", 2);
    dt_cell(t, "#size-cells", 1);
    dt_cells(t, "ranges", ranges, ARRAY_LEN(ranges));
    dt_end(t);

    dt_open_pci(t, &(struct dt_pci){
        .node = "pcie", .unit = config->base, .io_first = LA_VIRT_ISA_PORTS,
        .at = { config, io, &v->map[LA_VIRT_PCI_MEM32], &v->map[LA_VIRT_PCI_MEM64] },
        .parent = { PHANDLE_PCH_PIC, 0, IRQ_LEVEL_HIGH }, .n_parent = 3, .number = 1,
    });
    dt_cell(t, "msi-map", 0, PHANDLE_PCH_MSI, 0, 0x10000);
    dt_end(t);
}

/* Registers of a byte: a word of the syscon would reach the next ones. */
static void write_power(struct dt *t, const struct la_virt *v)
{
    dt_open_place(t, "ged", &v->map[LA_VIRT_SLEEP]);
    dt_cell(t, "phandle", PHANDLE_SLEEP);
    dt_string(t, "compatible", "syscon");
    dt_cell(t, "reg-shift", 0);
    dt_cell(t, "reg-io-width", 1);
    dt_end(t);
    dt_syscon_switch(t, "poweroff", PHANDLE_SLEEP, ACPI_SLEEP_CONTROL, LA_VIRT_SLEEP_S5);
    dt_syscon_switch(t, "reboot", PHANDLE_SLEEP, ACPI_SLEEP_RESET, ACPI_SLEEP_RESET_VALUE);
}

static void write_uarts(struct dt *t, const struct la_virt *v)
{
    const struct board_place *first = &v->map[LA_VIRT_UART];

    for (uint32_t i = 0; i < LA_VIRT_UARTS; i++) {
        const struct board_place p = { .base = first->base + i * first->size, .size = first->size };
        dt_open_place(t, "serial", &p);
        dt_string(t, "compatible", "ns16550a");
        dt_cell(t, "clock-frequency", LA_VIRT_UART_CLOCK);
        part_irq(t, first->irq + i);
        dt_end(t);
    }
}

int la_virt_write_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e)
{
    const struct la_virt *v = b->parts;
    char console[32];
    struct dt t;
    int r = dt_begin_machine(&t, "linux,dummy-loongson3", "loongson,virt", e);

    if (r < 0)
        return r;

    dt_node(&t, "chosen");
    snprintf(console, sizeof(console), "/serial@%llx", (unsigned long long)v->map[LA_VIRT_UART].base);
    dt_string(&t, "stdout-path", console);
    dt_bytes(&t, "rng-seed", v->rng_seed, sizeof(v->rng_seed));
    dt_end(&t);

    for (unsigned part = LA_VIRT_LOW_RAM; part <= LA_VIRT_HIGH_RAM; part += LA_VIRT_HIGH_RAM - LA_VIRT_LOW_RAM) {
        if (v->map[part].size == 0)
            continue;
        dt_open_memory(&t, "memory", &v->map[part]);
        dt_end(&t);
    }
    write_cpus(&t, b, v);
    dt_fw_cfg(&t, &v->map[LA_VIRT_FW_CFG]);
    dt_open_flash(&t, "flash", &v->map[LA_VIRT_FLASH], 2);
    dt_end(&t);
    write_interrupt_controllers(&t, v);
    write_buses(&t, v);
    write_uarts(&t, v);
    dt_open_place(&t, "rtc", &v->map[LA_VIRT_RTC]);
    dt_string(&t, "compatible", "loongson,ls7a-rtc");
    part_irq(&t, v->map[LA_VIRT_RTC].irq);
    dt_end(&t);
    write_power(&t, v);
    return dt_done(&t, blob, size, e);
}
