/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree of `arm-virt`, as Linux's bindings want it (Documentation/devicetree/bindings:
 * arm/cpus.yaml, arm/psci.yaml, interrupt-controller/arm,gic-v3.yaml, timer/arm,arch_timer.yaml,
 * pci/host-generic-pci.yaml, ...). Nodes stand at the root with QEMU's names: software looks for
 * /pl011@9000000 and the like.
 */
#include "devices/board/arm_virt_impl.h"
#include "devices/board/flash_banks.h"
#include "devices/board/tree_nodes.h"

enum { PHANDLE_CLOCK = 0x8000, PHANDLE_GIC = 0x8001, PHANDLE_MSI = 0x8002, PHANDLE_GPIO = 0x8003,
       PHANDLE_SECURE_GPIO = 0x8004, PHANDLE_CPU = 0x9000 };
/* interrupt-controller/arm,gic.yaml: first and third cell */
enum { GIC_SPI = 0, GIC_PPI = 1, EDGE_RISING = 1, LEVEL_HIGH = 4 };

/* arm/secure.txt: only Secure software may use it. */
static void set_secure(struct dt *t)
{
    dt_string(t, "status", "disabled");
    dt_string(t, "secure-status", "okay");
}

/* A PPI's third cell: level, and with a GICv2 the CPUs it goes to. */
static uint32_t ppi_flags(const struct board *b, const struct arm_virt *v)
{
    return LEVEL_HIGH | (v->options.gic == ARM_GIC_2 ? ((1u << b->n_cpus) - 1) << 8 : 0);
}

static void write_cpus(struct dt *t, const struct board *b, const struct arm_virt *v)
{
    dt_node(t, "cpus");
    dt_cell(t, "#address-cells", 1);
    dt_cell(t, "#size-cells", 0);
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        uint32_t affinity = (uint32_t)v->mpidr[i] & 0xffffff;
        dt_node(t, "cpu@%x", i);
        dt_cell(t, "phandle", PHANDLE_CPU + i);
        dt_string(t, "device_type", "cpu");
        dt_string(t, "compatible", v->compatible);
        dt_cell(t, "reg", affinity);
        if (v->psci && b->n_cpus > 1)
            dt_string(t, "enable-method", "psci");
        dt_end(t);
    }
    dt_cpu_map(t, true, PHANDLE_CPU, b->n_cpus);
    dt_end(t);
}

/* arm/psci.yaml: the functions of PSCI 0.2 and later have their standard numbers; 0.1 reads them here. */
static void write_psci(struct dt *t, const struct arm_virt *v)
{
    dt_node(t, "psci");
    dt_strings(t, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
    dt_string(t, "method", v->has_el2 ? "smc" : "hvc");
    dt_cell(t, "cpu_suspend", 0xc4000001);
    dt_cell(t, "cpu_off", 0x84000002);
    dt_cell(t, "cpu_on", 0xc4000003);
    dt_cell(t, "migrate", 0xc4000005);
    dt_end(t);
}

static void write_timer(struct dt *t, const struct board *b, const struct arm_virt *v)
{
    uint32_t flags = ppi_flags(b, v), n = 0, cells[15];
    static const uint8_t ppis[] = { ARM_PPI_SEC_TIMER, ARM_PPI_PHYS_TIMER, ARM_PPI_VIRT_TIMER,
                                    ARM_PPI_HYP_TIMER, ARM_PPI_HYP_VIRT_TIMER };

    for (size_t i = 0; i < (v->has_hyp_virt_timer ? 5 : 4); i++) {
        cells[n++] = GIC_PPI;
        cells[n++] = ppis[i] - 16u;
        cells[n++] = flags;
    }
    dt_node(t, "timer");
    dt_strings(t, "compatible", "arm,armv8-timer\0arm,armv7-timer");
    dt_cells(t, "interrupts", cells, n);
    dt_empty(t, "always-on");
    dt_end(t);
    if (v->has_pmu) {
        dt_node(t, "pmu");
        dt_string(t, "compatible", "arm,armv8-pmuv3");
        dt_cell(t, "interrupts", GIC_PPI, ARM_PPI_PMU - 16, flags);
        dt_end(t);
    }
}

static void write_gic(struct dt *t, const struct board *b, const struct arm_virt *v)
{
    static const enum arm_virt_part v2[] = { ARM_VIRT_GIC_DIST, ARM_VIRT_GIC_CPU, ARM_VIRT_GIC_HYP,
                                             ARM_VIRT_GIC_VCPU },
                                    v3[] = { ARM_VIRT_GIC_DIST, ARM_VIRT_GIC_REDIST,
                                             ARM_VIRT_GIC_REDIST2 };
    bool is_v3 = v->options.gic == ARM_GIC_3;
    const enum arm_virt_part *parts = is_v3 ? v3 : v2;
    uint32_t cells[16], n = 0, regions = 0;

    for (size_t i = 0; i < (is_v3 ? ARRAY_LEN(v3) : ARRAY_LEN(v2)); i++) {
        if (v->map[parts[i]].size == 0)
            continue;
        n = dt_put_u64(cells, n, v->map[parts[i]].base);
        n = dt_put_u64(cells, n, v->map[parts[i]].size);
        regions++;
    }
    dt_node(t, "intc@%llx", (unsigned long long)v->map[ARM_VIRT_GIC_DIST].base);
    dt_cell(t, "phandle", PHANDLE_GIC);
    dt_string(t, "compatible", is_v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
    dt_cells(t, "reg", cells, n);
    if (is_v3)
        dt_cell(t, "#redistributor-regions", regions - 1);
    if (v->has_el2)
        dt_cell(t, "interrupts", GIC_PPI, ARM_PPI_MAINTENANCE - 16, ppi_flags(b, v) & 0xff);
    dt_empty(t, "interrupt-controller");
    dt_cell(t, "#interrupt-cells", 3);
    dt_cell(t, "#address-cells", 2);
    dt_cell(t, "#size-cells", 2);
    dt_empty(t, "ranges");
    if (v->options.msi == ARM_MSI_ITS) {
        dt_open_place(t, "its", &v->map[ARM_VIRT_GIC_ITS]);
        dt_cell(t, "phandle", PHANDLE_MSI);
        dt_string(t, "compatible", "arm,gic-v3-its");
        dt_empty(t, "msi-controller");
        dt_cell(t, "#msi-cells", 1);
        dt_end(t);
    } else if (v->options.msi == ARM_MSI_V2M) {
        dt_open_place(t, "v2m", &v->map[ARM_VIRT_GIC_V2M]);
        dt_cell(t, "phandle", PHANDLE_MSI);
        dt_string(t, "compatible", "arm,gic-v2m-frame");
        dt_empty(t, "msi-controller");
        dt_end(t);
    }
    dt_end(t);
}

/* A PrimeCell with its clock and interrupt; the node stays open. */
static void open_primecell(struct dt *t, const struct arm_virt *v, enum arm_virt_part part,
                           const char *node)
{
    dt_open_place(t, node, &v->map[part]);
    dt_cell(t, "interrupts", GIC_SPI, v->map[part].irq, LEVEL_HIGH);
}

static void write_uart(struct dt *t, const struct arm_virt *v, enum arm_virt_part part)
{
    open_primecell(t, v, part, "pl011");
    if (part == ARM_VIRT_UART1 && v->options.secure)
        set_secure(t);
    dt_strings(t, "compatible", "arm,pl011\0arm,primecell");
    dt_cell(t, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    dt_strings(t, "clock-names", "uartclk\0apb_pclk");
    dt_end(t);
}

static void write_gpio(struct dt *t, const struct board_place *p, uint32_t phandle)
{
    dt_open_place(t, "pl061", p);
    if (p->irq != BOARD_NO_IRQ)
        dt_cell(t, "interrupts", GIC_SPI, p->irq, LEVEL_HIGH);
    dt_cell(t, "phandle", phandle);
    dt_strings(t, "compatible", "arm,pl061\0arm,primecell");
    dt_cell(t, "#gpio-cells", 2);
    dt_empty(t, "gpio-controller");
    dt_cell(t, "clocks", PHANDLE_CLOCK);
    dt_string(t, "clock-names", "apb_pclk");
}

/* Secure software's GPIO, and what two of its pins do: power/reset/gpio-poweroff.yaml */
static void write_secure_gpio(struct dt *t, const struct arm_virt *v)
{
    write_gpio(t, &v->map[ARM_VIRT_SECURE_GPIO], PHANDLE_SECURE_GPIO);
    set_secure(t);
    dt_end(t);
    for (uint32_t pin = 0; pin < 2; pin++) {
        dt_node(t, pin == 0 ? "gpio-poweroff" : "gpio-restart");
        dt_string(t, "compatible", pin == 0 ? "gpio-poweroff" : "gpio-restart");
        dt_cell(t, "gpios", PHANDLE_SECURE_GPIO, pin, 0);
        set_secure(t);
        dt_end(t);
    }
}

static void write_primecells(struct dt *t, const struct arm_virt *v)
{
    write_uart(t, v, ARM_VIRT_UART);
    if (v->second_uart)
        write_uart(t, v, ARM_VIRT_UART1);
    open_primecell(t, v, ARM_VIRT_RTC, "pl031");
    dt_strings(t, "compatible", "arm,pl031\0arm,primecell");
    dt_cell(t, "clocks", PHANDLE_CLOCK);
    dt_string(t, "clock-names", "apb_pclk");
    dt_end(t);

    write_gpio(t, &v->map[ARM_VIRT_GPIO], PHANDLE_GPIO);
    dt_end(t);

    if (v->options.secure)
        write_secure_gpio(t, v);
    dt_node(t, "gpio-keys");
    dt_string(t, "compatible", "gpio-keys");
    dt_node(t, "poweroff");
    dt_string(t, "label", "GPIO Key Poweroff");
    dt_cell(t, "linux,code", 116); /* KEY_POWER */
    dt_cell(t, "gpios", PHANDLE_GPIO, ARM_VIRT_POWER_KEY, 0);
    dt_end(t);
    dt_end(t);
}

static void write_pci(struct dt *t, const struct arm_virt *v)
{
    const struct board_place *map = v->map;

    dt_open_pci(t, &(struct dt_pci){
        .node = "pcie", .unit = map[ARM_VIRT_PCI_MEM32].base,
        .at = { &map[ARM_VIRT_ECAM], &map[ARM_VIRT_PCI_IO], &map[ARM_VIRT_PCI_MEM32],
                &map[ARM_VIRT_PCI_MEM64] },
        .parent = { PHANDLE_GIC, 0, 0, GIC_SPI, 0, LEVEL_HIGH }, .n_parent = 6, .number = 4,
    });
    if (v->options.msi != ARM_MSI_OFF)
        dt_cell(t, "msi-map", 0, PHANDLE_MSI, 0, 0x10000);
    dt_end(t);
}

static void write_virtio(struct dt *t, const struct arm_virt *v)
{
    const struct board_place *first = &v->map[ARM_VIRT_VIRTIO];

    for (uint32_t i = 0; i < v->slots.n; i++) {
        dt_open_virtio_slot(t, first, i);
        dt_cell(t, "interrupts", GIC_SPI, first->irq + i, EDGE_RISING);
        dt_empty(t, "dma-coherent");
        dt_end(t);
    }
}

/* Of Secure software: one bank of flash, RAM, and what is left of the flash is everyone's. */
static void write_memories(struct dt *t, const struct arm_virt *v)
{
    struct board_place flash = v->map[ARM_VIRT_FLASH];
    uint32_t banks = FLASH_BANKS;

    dt_open_memory(t, "memory", &v->map[ARM_VIRT_DRAM]);
    dt_end(t);
    if (v->options.secure) {
        dt_open_flash(t, "secflash", &flash, 1);
        set_secure(t);
        dt_end(t);
        dt_open_memory(t, "secram", &v->map[ARM_VIRT_SECURE_MEM]);
        set_secure(t);
        dt_end(t);
        flash.base += flash.size;
        banks--;
    }
    dt_open_flash(t, "flash", &flash, banks);
    dt_end(t);
    dt_fw_cfg(t, &v->map[ARM_VIRT_FW_CFG]);
}

static void write_chosen(struct dt *t, const struct arm_virt *v)
{
    dt_node(t, "chosen");
    dt_string(t, "stdout-path", "/pl011@9000000");
    if (v->options.dtb_randomness) {
        dt_bytes(t, "rng-seed", v->rng_seed, sizeof(v->rng_seed));
        dt_bytes(t, "kaslr-seed", v->kaslr_seed, sizeof(v->kaslr_seed));
    }
    dt_end(t);
    if (v->options.secure) {
        dt_node(t, "secure-chosen");
        dt_string(t, "stdout-path", "/pl011@9040000");
        dt_end(t);
    }
    dt_node(t, "aliases");
    dt_string(t, "serial0", "/pl011@9000000");
    if (v->second_uart)
        dt_string(t, "serial1", "/pl011@9040000");
    dt_end(t);
    dt_node(t, "apb-pclk");
    dt_cell(t, "phandle", PHANDLE_CLOCK);
    dt_string(t, "compatible", "fixed-clock");
    dt_cell(t, "#clock-cells", 0);
    dt_cell(t, "clock-frequency", ARM_VIRT_UART_CLOCK);
    dt_string(t, "clock-output-names", "clk24mhz");
    dt_end(t);
}

int arm_virt_write_tree(const struct board *b, uint8_t **blob, uint32_t *size, struct err *e)
{
    const struct arm_virt *v = b->parts;
    struct dt t;
    int r = dt_begin_machine(&t, "linux,dummy-virt", "linux,dummy-virt", e);

    if (r < 0)
        return r;
    dt_cell(&t, "interrupt-parent", PHANDLE_GIC);
    dt_empty(&t, "dma-coherent");
    if (v->psci)
        write_psci(&t, v);
    write_memories(&t, v);
    write_virtio(&t, v);
    write_primecells(&t, v);
    write_pci(&t, v);
    write_gic(&t, b, v);
    write_cpus(&t, b, v);
    write_timer(&t, b, v);
    write_chosen(&t, v);
    return dt_done(&t, blob, size, e);
}
