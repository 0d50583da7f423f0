/* SPDX-License-Identifier: Apache-2.0 */
/* The board `arm-virt`: parts and lines. */
#include "devices/board/arm_virt_impl.h"
#include "core/util/bits.h"
#include "cpu/arm64/cpu.h"
#include "devices/acpi_ged.h"
#include "devices/backend/char.h"
#include "devices/board/arm_psci.h"
#include "devices/board/flash_banks.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/board/smbios.h"
#include "devices/gpio_key.h"
#include "devices/pci/ecam.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pl061.h"
#include "irqchip/gic_its.h"
#include "irqchip/gicv2.h"
#include "irqchip/gicv2m.h"
#include "irqchip/gicv3.h"

/* ID_AA64PFR0_EL1, Arm ARM D24.2.86 */
#define PFR0_EL2 11, 8
#define PFR0_EL3 15, 12
#define PFR0_GIC 27, 24
/* ID_AA64PFR1_EL1 */
#define PFR1_MTE 11, 8
#define PFR1_GIC 31, 28 /* of AArch32 */

/* ---- CPUs ---- */

/* The profile as this machine has it: what QEMU's board leaves out unless asked is not there. */
static int read_cpu(struct board *b, struct arm_virt *v, struct a64_config *c, struct err *e)
{
    int r = a64_config_parse(c, b->config.cpu, NULL, e);
    if (r < 0)
        return r;
    if (v->options.virtualization && !a64_has(c, A64_F_EL2))
        return err_set(e, ERR_ARG, "machine option virtualization=on: CPU '%s' has no EL2",
                       b->config.cpu);
    if (v->options.secure && !a64_has(c, A64_F_EL3))
        return err_set(e, ERR_ARG, "machine option secure=on: CPU '%s' has no EL3", b->config.cpu);
    if (v->options.mte && !a64_has(c, A64_F_MTE2))
        return err_set(e, ERR_ARG, "machine option mte=on: CPU '%s' has no FEAT_MTE2",
                       b->config.cpu);
    if (!v->options.mte && a64_has(c, A64_F_MTE2)) /* no memory for tags: the instructions alone */
        c->id[A64_ID_PFR1] = F_PUT(c->id[A64_ID_PFR1], PFR1_MTE, 1);
    if (!v->options.virtualization)
        c->id[A64_ID_PFR0] = F_PUT(c->id[A64_ID_PFR0], PFR0_EL2, 0);
    if (!v->options.secure)
        c->id[A64_ID_PFR0] = F_PUT(c->id[A64_ID_PFR0], PFR0_EL3, 0);
    c->id[A64_ID_PFR0] = F_PUT(c->id[A64_ID_PFR0], PFR0_GIC, v->options.gic == ARM_GIC_3 ? 1 : 0);
    c->id[A64_ID_A32_PFR1] = F_PUT(c->id[A64_ID_A32_PFR1], PFR1_GIC, v->options.gic == ARM_GIC_3 ? 1 : 0);
    if (v->options.gic != ARM_GIC_3)
        c->gic_list_registers = 0;
    a64_config_derive(c);
    v->compatible = a64_compatible(c);
    v->has_el2 = a64_has(c, A64_F_EL2);
    v->has_el3 = a64_has(c, A64_F_EL3);
    v->has_hyp_virt_timer = v->has_el2 && a64_has(c, A64_F_VHE);
    v->has_pmu = a64_has(c, A64_F_PMU);
    return 0;
}

static int build_cpus(struct board *b, struct arm_virt *v, struct a64_config *c, struct err *e)
{
    int r;

    for (uint32_t i = 0; i < b->config.cpus; i++) {
        c->mpidr = v->mpidr[i] = arm_virt_mpidr(i, v->options.gic == ARM_GIC_3);
        if ((r = a64_cpu_create(&v->pes[i], b->machine, c, i, e)) < 0 ||
            (r = board_add_cpu(b, a64_cpu_base(v->pes[i]), &a64_profiles, c->name, e)) < 0)
            return r;
    }
    return 0;
}

/* The board's own firmware, unless what starts at EL3 is some. */
static int build_psci(struct board *b, struct arm_virt *v, struct err *e)
{
    if (v->has_el3 && b->kernel && b->kernel->kind != IMAGE_ELF && !v->firmware)
        return err_set(e, ERR_UNSUPPORTED, "machine option secure=on: '%s' needs firmware that "
                       "starts at EL3 before it; give -bios or an image of flash bank 0",
                       b->kernel->path);
    if (v->has_el3)
        return 0;
    v->psci = arm_psci_create(b->machine, v->has_el2, v->mpidr, b->n_cpus, e);
    if (!v->psci)
        return e->code;
    for (uint32_t i = 0; i < b->n_cpus; i++)
        arm_psci_add_cpu(v->psci, v->pes[i], i);
    return 0;
}

/* ---- interrupts ---- */
static int build_gicv2(struct board *b, struct arm_virt *v, struct err *e)
{
    const struct board_place *map = v->map;
    const struct gicv2_config config = {
        .n_cpus = b->n_cpus, .n_spis = ARM_VIRT_SPIS, .security = v->has_el3,
        .virtualization = v->has_el2,
    };
    struct gicv2 *g = gicv2_create(b->machine, "gic", &config, e);
    int r;

    if (!g)
        return e->code;
    r = gicv2_map(g, b->machine->memory, map[ARM_VIRT_GIC_DIST].base, map[ARM_VIRT_GIC_CPU].base,
                  v->has_el2 ? map[ARM_VIRT_GIC_HYP].base : 0,
                  v->has_el2 ? map[ARM_VIRT_GIC_VCPU].base : 0, e);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        struct gicv2_interface *f = gicv2_interface_of(g, i);
        irq_connect(&f->irq, a64_cpu_set_input, b->cpus[i], A64_IRQ);
        irq_connect(&f->fiq, a64_cpu_set_input, b->cpus[i], A64_FIQ);
        irq_connect(&f->virq, a64_cpu_set_input, b->cpus[i], A64_VIRQ);
        irq_connect(&f->vfiq, a64_cpu_set_input, b->cpus[i], A64_VFIQ);
        irq_connect(&f->maintenance, gicv2_set_ppi, g, i << 5 | ARM_PPI_MAINTENANCE);
    }
    board_set_irqchip(b, gicv2_set_spi, g);
    v->set_ppi = gicv2_set_ppi;
    return 0;
}

static int map_gicv3(struct board *b, struct arm_virt *v, struct gicv3 *g, struct err *e)
{
    const struct board_place *map = v->map;
    struct mem_space *s = b->machine->memory;
    uint32_t first = (uint32_t)MIN(b->n_cpus, map[ARM_VIRT_GIC_REDIST].size / GICV3_REDIST_SIZE);
    int r = gicv3_map_distributor(g, s, map[ARM_VIRT_GIC_DIST].base, e);

    if (r == 0)
        r = gicv3_map_redistributors(g, s, map[ARM_VIRT_GIC_REDIST].base, 0, first, e);
    if (r == 0 && first < b->n_cpus)
        r = gicv3_map_redistributors(g, s, map[ARM_VIRT_GIC_REDIST2].base, first, b->n_cpus - first,
                                     e);
    return r;
}

static int build_gicv3(struct board *b, struct arm_virt *v, const struct a64_config *c,
                       struct err *e)
{
    const struct gicv3_config config = {
        .n_cpus = b->n_cpus, .n_spis = ARM_VIRT_SPIS, .mpidr = v->mpidr, .security = v->has_el3,
        .awake = !v->has_el3, .lpis = v->options.msi == ARM_MSI_ITS,
        .priority_bits = c->gic_pribits,
        .list_registers = v->has_el2 ? c->gic_list_registers : 0,
    };
    struct gicv3 *g = gicv3_create(b->machine, "gic", &config, e);
    int r;

    if (!g)
        return e->code;
    if ((r = map_gicv3(b, v, g, e)) < 0)
        return r;
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        struct gicv3_interface *f = gicv3_interface_of(g, i);
        const struct a64_gic_ops ops = { gicv3_sysreg_read, gicv3_sysreg_write, f->arg };
        irq_connect(&f->group0, a64_cpu_set_input, b->cpus[i], A64_GROUP0);
        irq_connect(&f->group1_s, a64_cpu_set_input, b->cpus[i], A64_GROUP1_S);
        irq_connect(&f->group1_ns, a64_cpu_set_input, b->cpus[i], A64_GROUP1_NS);
        irq_connect(&f->virq, a64_cpu_set_input, b->cpus[i], A64_VIRQ);
        irq_connect(&f->vfiq, a64_cpu_set_input, b->cpus[i], A64_VFIQ);
        irq_connect(&f->maintenance, gicv3_set_ppi, g, i << 5 | ARM_PPI_MAINTENANCE);
        a64_cpu_set_gic(v->pes[i], &ops);
    }
    board_set_irqchip(b, gicv3_set_spi, g);
    v->set_ppi = gicv3_set_ppi;
    if (v->options.msi != ARM_MSI_ITS)
        return 0;
    const struct board_place *its = &v->map[ARM_VIRT_GIC_ITS];
    return gic_its_create(b->machine, its->name, g, b->machine->memory, its->base, e) ? 0 : e->code;
}

/* Beside either GIC. */
static int build_gicv2m(struct board *b, const struct board_place *p, struct err *e)
{
    struct gicv2m *m = gicv2m_create(b->machine, p->name, p->irq, ARM_VIRT_V2M_SPIS, e);

    if (!m)
        return e->code;
    for (uint32_t i = 0; i < m->n; i++)
        board_connect(b, &m->spi[i], p->irq + i);
    return board_place_part(b, p, &m->dev, NULL, e);
}

static void connect_ppis(struct board *b, struct arm_virt *v)
{
    static const uint8_t ppis[A64_TIMERS] = {
        [A64_TIMER_PHYS] = ARM_PPI_PHYS_TIMER, [A64_TIMER_VIRT] = ARM_PPI_VIRT_TIMER,
        [A64_TIMER_HYP] = ARM_PPI_HYP_TIMER, [A64_TIMER_HYP_VIRT] = ARM_PPI_HYP_VIRT_TIMER,
        [A64_TIMER_SEC] = ARM_PPI_SEC_TIMER,
    };

    for (uint32_t i = 0; i < b->n_cpus; i++) {
        for (uint32_t t = 0; t < A64_TIMERS; t++)
            irq_connect(a64_timer_line(v->pes[i], (enum a64_timer)t), v->set_ppi, b->irqchip,
                        i << 5 | ppis[t]);
        irq_connect(a64_pmu_line(v->pes[i]), v->set_ppi, b->irqchip, i << 5 | ARM_PPI_PMU);
    }
}

static int build_gic(struct board *b, struct arm_virt *v, const struct a64_config *c, struct err *e)
{
    int r = v->options.gic == ARM_GIC_3 ? build_gicv3(b, v, c, e) : build_gicv2(b, v, e);

    if (r < 0)
        return r;
    connect_ppis(b, v);
    return v->options.msi == ARM_MSI_V2M ? build_gicv2m(b, &v->map[ARM_VIRT_GIC_V2M], e) : 0;
}

/* ---- devices ---- */
static int build_memory(struct board *b, struct arm_virt *v, struct err *e)
{
    int r = v->options.mte ? machine_tag_ram(b->machine, e) : 0;

    return r < 0 ? r : board_build_ram(b, &v->map[ARM_VIRT_DRAM], &v->dram, e);
}

static int build_uart(struct board *b, const struct board_place *p, uint32_t n, struct err *e)
{
    struct char_backend *backend;
    int r = board_open_serial(b, n, p->name, &backend, e);

    if (r < 0)
        return r;
    struct pl011 *u = pl011_create(b->machine, p->name, ARM_VIRT_UART_CLOCK, backend, e);
    return u ? board_place_part(b, p, &u->dev, &u->irq, e) : e->code;
}

static int build_primecells(struct board *b, struct arm_virt *v, struct err *e)
{
    const struct board_place *map = v->map;
    int r = build_uart(b, &map[ARM_VIRT_UART], 0, e);

    v->second_uart = b->config.n_serial > 1 || v->options.secure;
    if (r == 0 && v->second_uart)
        r = build_uart(b, &map[ARM_VIRT_UART1], 1, e);
    if (r < 0)
        return r;
    struct pl031 *rtc = pl031_create(b->machine, map[ARM_VIRT_RTC].name, e);
    if (!rtc)
        return e->code;
    if ((r = board_place_part(b, &map[ARM_VIRT_RTC], &rtc->dev, &rtc->irq, e)) < 0)
        return r;
    v->gpio = pl061_create(b->machine, map[ARM_VIRT_GPIO].name, e);
    v->key = v->gpio ? gpio_key_create(b->machine, "power-key", e) : NULL;
    if (!v->key)
        return e->code;
    irq_connect(&v->key->line, pl061_set_input, v->gpio, ARM_VIRT_POWER_KEY);
    return board_place_part(b, &map[ARM_VIRT_GPIO], &v->gpio->dev, &v->gpio->irq, e);
}

/* Firmware that has ACPI tables has the GED for it; others find a pin of the GPIO in the device tree. */
static void power_key(struct board *b)
{
    struct arm_virt *v = b->parts;

    if (v->ged)
        acpi_ged_raise(v->ged, ACPI_GED_POWER_BUTTON);
    else
        gpio_key_press(v->key);
}

static int build_devices(struct board *b, struct arm_virt *v, struct err *e)
{
    const struct board_place *map = v->map;
    const struct board_pci_places pci = { &map[ARM_VIRT_ECAM], &map[ARM_VIRT_PCI_IO],
                                          &map[ARM_VIRT_PCI_MEM32], &map[ARM_VIRT_PCI_MEM64] };
    int r;

    if ((r = board_build_fw_cfg(b, &map[ARM_VIRT_FW_CFG], &v->fw_cfg, e)) < 0 ||
        (r = board_build_pci(b, &pci, &v->pci, e)) < 0 ||
        (r = virtio_slots_build(&v->slots, b, &map[ARM_VIRT_VIRTIO], ARM_VIRT_VIRTIO_SLOTS, e)) < 0)
        return r;
    const struct parts_places at = { .pci = &v->pci->bus, .plug_mmio = virtio_slots_plug,
                                     .slots = &v->slots, .fw_cfg = v->fw_cfg,
                                     .pci_path = "/pci@ffffffffffffffff" }; /* as QEMU calls a bus without ports */
    return parts_create(b, &at, e);
}

static int build_flash(struct board *b, struct arm_virt *v, struct err *e)
{
    bool has_image[FLASH_BANKS] = { false };
    const struct board_place *bank = &v->map[ARM_VIRT_FLASH];
    int r = flash_banks_build(b, bank, v->flash, has_image, e);

    return r < 0 ? r : flash_banks_firmware(b, bank, has_image[0], &v->firmware, e);
}

/* What only firmware asks for: a kernel that is started without any finds the device tree. */
static int build_for_firmware(struct board *b, struct arm_virt *v, struct err *e)
{
    const struct board_place *ram = &v->map[ARM_VIRT_DRAM], *ged = &v->map[ARM_VIRT_GED];
    int r;

    if (!v->firmware)
        return 0;
    if ((r = fw_cfg_items_add_kernel(v->fw_cfg, b, e)) < 0 ||
        (r = smbios_add(b, v->fw_cfg, &ram, 1, e)) < 0 || !v->options.acpi)
        return r;
    v->ged = acpi_ged_create(b->machine, ged->name, e);
    if (!v->ged)
        return e->code;
    r = board_place_part(b, ged, &v->ged->dev, &v->ged->irq, e);
    return r < 0 ? r : arm_virt_add_acpi(b, e);
}

static int build(struct board *b, struct err *e)
{
    struct arm_virt *v = ARENA_NEW(&b->machine->arena, struct arm_virt);
    struct a64_config config;
    int r;

    if (!v)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    b->parts = v;
    if ((r = arm_virt_read_options(&v->options, b->config.board_options, b->config.cpus, e)) < 0 ||
        (r = read_cpu(b, v, &config, e)) < 0 ||
        (r = arm_virt_place_parts(v->map, &v->options, b->config.memory, b->config.cpus,
                                  config.mmu.pa_bits, e)) < 0)
        return r;
    config.reset_pc = v->map[ARM_VIRT_FLASH].base;
    board_make_seed(b, "rng-seed", v->rng_seed, sizeof(v->rng_seed));
    board_make_seed(b, "kaslr-seed", v->kaslr_seed, sizeof(v->kaslr_seed));
    if ((r = arm_virt_open_images(b, e)) < 0 || (r = build_memory(b, v, e)) < 0 ||
        (r = build_cpus(b, v, &config, e)) < 0 ||
        (r = build_gic(b, v, &config, e)) < 0)
        return r;
    if ((r = build_primecells(b, v, e)) < 0 || (r = build_devices(b, v, e)) < 0 ||
        (r = build_flash(b, v, e)) < 0 || (r = build_psci(b, v, e)) < 0 ||
        (v->options.secure && (r = arm_virt_build_secure(b, e)) < 0))
        return r;
    return build_for_firmware(b, v, e);
}

static int device_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e)
{
    return arm_virt_write_tree(b, blob, size, e);
}

/* Versions of QEMU's board: what they differ in (the map above 256 GiB, EL2's virtual timer) guests are told. */
static const char *const aliases[] = { "virt", "virt-10.2", "virt-10.1", "virt-10.0", "virt-9.2", "virt-9.1", "virt-9.0",
                                       "virt-8.2", "virt-8.1", "virt-8.0", "virt-7.2", "virt-7.1", "virt-7.0",
                                       "virt-6.2", NULL };
extern const struct board_ops board_arm_virt;
const struct board_ops board_arm_virt = {
    .name = "arm-virt", .doc = "ARM Virtual Machine (AArch64)", .aliases = aliases, .isa = &a64_isa,
    .qemu_arch = "aarch64", .default_cpu = "max", .max_cpus = BOARD_MAX_CPUS,
    .default_memory = 1ull << 30, .devices = parts_devices,
    .build = build, .load_images = arm_virt_load_images, .device_tree = device_tree,
    .power_key = power_key,
};
