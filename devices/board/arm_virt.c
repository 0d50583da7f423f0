/* SPDX-License-Identifier: Apache-2.0 */
/* The board `arm-virt`: parts and lines. */
#include "devices/board/arm_virt_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/cpu.h"
#include "devices/acpi_ged.h"
#include "devices/board/arm_psci.h"
#include "devices/board/flash_banks.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/gpio_key.h"
#include "devices/pci/ecam.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pl061.h"
#include "irqchip/gic_its.h"
#include "irqchip/gicv2m.h"
#include "irqchip/gicv3.h"
#include <inttypes.h>
#include <stdio.h>

/* ID_AA64PFR0_EL1, Arm ARM D24.2.86 */
#define PFR0_EL2 11, 8
#define PFR0_EL3 15, 12
#define PFR0_GIC 27, 24
/* ID_AA64PFR1_EL1 */
#define PFR1_MTE 11, 8

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
        return err_set(e, ERR_ARG, "machine option mte=on: CPU '%s' has no FEAT_MTE2", b->config.cpu);
    if (!v->options.mte && a64_has(c, A64_F_MTE2)) /* no memory for tags: the instructions alone */
        c->id[A64_ID_PFR1] = F_PUT(c->id[A64_ID_PFR1], PFR1_MTE, 1);
    if (!v->options.virtualization)
        c->id[A64_ID_PFR0] = F_PUT(c->id[A64_ID_PFR0], PFR0_EL2, 0);
    if (!v->options.secure)
        c->id[A64_ID_PFR0] = F_PUT(c->id[A64_ID_PFR0], PFR0_EL3, 0);
    c->id[A64_ID_PFR0] = F_PUT(c->id[A64_ID_PFR0], PFR0_GIC, v->options.gic == ARM_GIC_3 ? 1 : 0);
    if (v->options.gic != ARM_GIC_3)
        c->gic_list_registers = 0;
    a64_config_derive(c);
    v->compatible = a64_compatible(c);
    v->has_el2 = a64_has(c, A64_F_EL2);
    v->has_el3 = a64_has(c, A64_F_EL3);
    v->has_pmu = a64_has(c, A64_F_PMU);
    return 0;
}

static int build_cpus(struct board *b, struct arm_virt *v, struct a64_config *c, struct err *e)
{
    int r;

    for (uint32_t i = 0; i < b->config.cpus; i++) {
        c->mpidr = v->mpidr[i] = arm_virt_mpidr(i, v->options.gic == ARM_GIC_3);
        if ((r = a64_cpu_create(&v->pes[i], b->machine, c, i, e)) < 0)
            return r;
        b->cpus[i] = a64_cpu_base(v->pes[i]);
        b->n_cpus = i + 1;
        if ((r = board_add_timing(b, i, &a64_profiles, c->name, e)) < 0)
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
    const struct arm_virt_place *map = v->map;
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
    v->gic = g;
    v->set_spi = gicv2_set_spi;
    v->set_ppi = gicv2_set_ppi;
    if (v->options.msi != ARM_MSI_V2M)
        return 0;
    struct gicv2m *m = gicv2m_create(b->machine, map[ARM_VIRT_GIC_V2M].name, g, ARM_VIRT_V2M_FIRST,
                                     ARM_VIRT_V2M_SPIS, e);
    return m ? device_map(&m->dev, b->machine->memory, map[ARM_VIRT_GIC_V2M].base, e) : e->code;
}

static int map_gicv3(struct board *b, struct arm_virt *v, struct gicv3 *g, struct err *e)
{
    const struct arm_virt_place *map = v->map;
    struct mem_space *s = b->machine->memory;
    uint32_t first = (uint32_t)MIN(b->n_cpus, map[ARM_VIRT_GIC_REDIST].size / GICV3_REDIST_SIZE);
    int r = gicv3_map_distributor(g, s, map[ARM_VIRT_GIC_DIST].base, e);

    if (r == 0)
        r = gicv3_map_redistributors(g, s, map[ARM_VIRT_GIC_REDIST].base, 0, first, e);
    if (r == 0 && first < b->n_cpus)
        r = gicv3_map_redistributors(g, s, map[ARM_VIRT_GIC_REDIST2].base, first, b->n_cpus - first, e);
    return r;
}

static int build_gicv3(struct board *b, struct arm_virt *v, const struct a64_config *c, struct err *e)
{
    const struct gicv3_config config = {
        .n_cpus = b->n_cpus, .n_spis = ARM_VIRT_SPIS, .mpidr = v->mpidr, .security = v->has_el3,
        .awake = !v->has_el3, .lpis = v->options.msi == ARM_MSI_ITS, .priority_bits = c->gic_pribits,
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
    v->gic = g;
    v->set_spi = gicv3_set_spi;
    v->set_ppi = gicv3_set_ppi;
    if (v->options.msi != ARM_MSI_ITS)
        return 0;
    const struct arm_virt_place *its = &v->map[ARM_VIRT_GIC_ITS];
    return gic_its_create(b->machine, its->name, g, b->machine->memory, its->base, e) ? 0 : e->code;
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
            irq_connect(a64_timer_line(v->pes[i], (enum a64_timer)t), v->set_ppi, v->gic,
                        i << 5 | ppis[t]);
        irq_connect(a64_pmu_line(v->pes[i]), v->set_ppi, v->gic, i << 5 | ARM_PPI_PMU);
    }
}

/* ---- devices ---- */
static int build_memory(struct board *b, struct arm_virt *v, struct err *e)
{
    struct machine *m = b->machine;
    uint64_t size = b->config.memory;
    int r;

    if (size < 1 << 20 || size % MEM_PAGE || size > 1ull << 40)
        return err_set(e, ERR_ARG, "memory of %" PRIu64 " bytes; a multiple of 4K from 1M to 1T is "
                       "accepted", size);
    if ((v->options.mte && (r = machine_tag_ram(m, e)) < 0) ||
        (r = machine_add_ram(m, "dram", size, &v->dram, e)) < 0)
        return r;
    return mem_add_ram(m->memory, "dram", v->map[ARM_VIRT_DRAM].base, v->dram, 0, size, 0, NULL, e);
}

/* Map a part where the table says and connect its interrupt; `irq` may be NULL. */
static int place(struct board *b, struct arm_virt *v, enum arm_virt_part part, struct device *dev,
                 struct irq_line *irq, struct err *e)
{
    if (irq)
        irq_connect(irq, v->set_spi, v->gic, v->map[part].spi);
    return device_map(dev, b->machine->memory, v->map[part].base, e);
}

/* UART `n` as the n-th -serial: "none" leaves it without a backend. */
static int build_uart(struct board *b, struct arm_virt *v, enum arm_virt_part part, uint32_t n,
                      struct err *e)
{
    struct char_options options;
    struct char_backend *backend = NULL;
    const char *id = v->map[part].name;
    int r;

    if (n < b->config.n_serial &&
        ((r = char_parse_serial(&options, id, b->config.serial[n], e)) < 0 ||
         (r = char_open(&backend, b->host, &options, e)) < 0))
        return r;
    struct pl011 *u = pl011_create(b->machine, id, ARM_VIRT_UART_CLOCK, backend, e);
    return u ? place(b, v, part, &u->dev, &u->irq, e) : e->code;
}

static int build_primecells(struct board *b, struct arm_virt *v, struct err *e)
{
    int r = build_uart(b, v, ARM_VIRT_UART, 0, e);

    v->second_uart = b->config.n_serial > 1 || v->options.secure;
    if (r == 0 && v->second_uart)
        r = build_uart(b, v, ARM_VIRT_UART1, 1, e);
    if (r < 0)
        return r;
    struct pl031 *rtc = pl031_create(b->machine, v->map[ARM_VIRT_RTC].name, e);
    if (!rtc)
        return e->code;
    if ((r = place(b, v, ARM_VIRT_RTC, &rtc->dev, &rtc->irq, e)) < 0)
        return r;
    v->gpio = pl061_create(b->machine, v->map[ARM_VIRT_GPIO].name, e);
    v->key = gpio_key_create(b->machine, "power-key", e);
    if (!v->gpio || !v->key)
        return e->code;
    irq_connect(&v->key->line, pl061_set_input, v->gpio, ARM_VIRT_POWER_KEY);
    return place(b, v, ARM_VIRT_GPIO, &v->gpio->dev, &v->gpio->irq, e);
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

static int build_fw_cfg(struct board *b, struct arm_virt *v, struct err *e)
{
    v->fw_cfg = fw_cfg_create(b->machine, v->map[ARM_VIRT_FW_CFG].name, e);
    if (!v->fw_cfg)
        return e->code;
    int r = fw_cfg_items_add(v->fw_cfg, b, e);
    return r < 0 ? r : place(b, v, ARM_VIRT_FW_CFG, fw_cfg_device(v->fw_cfg), NULL, e);
}

/* The root bus of QEMU's gpex: ECAM, one I/O window, INTA..INTD on four SPIs. */
static int build_pci(struct board *b, struct arm_virt *v, struct err *e)
{
    const struct arm_virt_place *at = v->map;
    struct pci_ecam_map map = {
        .config = at[ARM_VIRT_ECAM].base, .config_size = at[ARM_VIRT_ECAM].size,
        .io = at[ARM_VIRT_PCI_IO].base, .io_size = at[ARM_VIRT_PCI_IO].size,
        .range = { { at[ARM_VIRT_PCI_MEM32].base, at[ARM_VIRT_PCI_MEM32].size } },
        .n_ranges = 1,
    };

    if (at[ARM_VIRT_PCI_MEM64].size != 0)
        map.range[map.n_ranges++] =
            (struct pci_range){ at[ARM_VIRT_PCI_MEM64].base, at[ARM_VIRT_PCI_MEM64].size };
    v->pci = pci_ecam_create(b->machine, "pci", b->machine->memory, &map, e);
    if (!v->pci)
        return e->code;
    for (uint32_t i = 0; i < ARRAY_LEN(v->pci->intx); i++)
        irq_connect(&v->pci->intx[i], v->set_spi, v->gic, at[ARM_VIRT_ECAM].spi + i);
    return 0;
}

/* Devices take slots from the highest address down, as on QEMU's board. */
static int plug_mmio(void *arg, struct virtio *dev, const char *id, int slot, struct err *e)
{
    struct arm_virt *v = arg;

    if (v->slots[0]->dev.ops->version == 1 && (dev->offered & BIT(VIRTIO_F_RING_PACKED)))
        return err_set(e, ERR_ARG, "device %s: packed=on needs slots of version 2; give "
                       "-global virtio-mmio.force-legacy=off, too", id);
    for (int i = ARM_VIRT_VIRTIO_SLOTS - 1; i >= 0; i--) {
        if (!v->slots[i]->virtio && (slot == -1 || slot == i)) {
            virtio_mmio_attach(v->slots[i], dev);
            return 0;
        }
    }
    if (slot >= 0)
        return err_set(e, ERR_LIMIT, "device %s: virtio MMIO slot %d is taken or not there; 0 to %d are",
                       id, slot, ARM_VIRT_VIRTIO_SLOTS - 1);
    return err_set(e, ERR_LIMIT, "device %s: all %d virtio MMIO slots are taken", id,
                   ARM_VIRT_VIRTIO_SLOTS);
}

static int build_virtio(struct board *b, struct arm_virt *v, struct err *e)
{
    const struct arm_virt_place *p = &v->map[ARM_VIRT_VIRTIO];
    struct parts_globals globals;
    int r = parts_read_globals(&globals, &b->config, e);

    for (uint32_t i = 0; i < ARM_VIRT_VIRTIO_SLOTS && r == 0; i++) {
        char id[32];
        snprintf(id, sizeof(id), "virtio-mmio%u", i);
        v->slots[i] = virtio_mmio_create(b->machine, id, !globals.force_legacy, e);
        if (!v->slots[i])
            return e->code;
        irq_connect(&v->slots[i]->irq, v->set_spi, v->gic, p->spi + i);
        r = device_map(&v->slots[i]->dev, b->machine->memory, p->base + i * ARM_VIRT_VIRTIO_STRIDE, e);
    }
    v->parts = (struct parts){ .board = b, .pci = &v->pci->bus, .plug_mmio = plug_mmio, .arg = v };
    return r < 0 ? r : parts_build(&v->parts, e);
}

/* Bank 0 holds the firmware: -bios FILE or an image of the bank, not both. */
static int build_flash(struct board *b, struct arm_virt *v, struct err *e)
{
    bool has_image[FLASH_BANKS] = { false };
    int r = flash_banks_build(b, &v->parts, v->map[ARM_VIRT_FLASH].base, ARM_VIRT_FLASH_BANK,
                              ARM_VIRT_FLASH_SECTOR, v->flash, has_image, e);

    if (r < 0)
        return r;
    if (b->bios && has_image[0])
        return err_set(e, ERR_ARG, "'%s' and an image of flash bank 0: firmware comes from one of "
                       "them", b->bios->path);
    if (b->bios && b->bios->size > ARM_VIRT_FLASH_BANK)
        return err_set(e, ERR_LIMIT, "firmware '%s' has %" PRIu64 " bytes; a flash bank holds %u",
                       b->bios->path, b->bios->size, ARM_VIRT_FLASH_BANK);
    v->firmware = b->bios || has_image[0];
    return v->firmware ? fw_cfg_items_add_kernel(v->fw_cfg, b, e) : 0;
}

/* For firmware alone: a kernel that is started without any finds the device tree. */
static int build_acpi(struct board *b, struct arm_virt *v, struct err *e)
{
    if (!v->firmware || !v->options.acpi)
        return 0;
    v->ged = acpi_ged_create(b->machine, v->map[ARM_VIRT_GED].name, e);
    if (!v->ged)
        return e->code;
    int r = place(b, v, ARM_VIRT_GED, &v->ged->dev, &v->ged->irq, e);
    return r < 0 ? r : arm_virt_add_acpi(b, e);
}

static void seed(struct board *b, struct arm_virt *v)
{
    struct machine_random random;

    machine_random_init(&random, b->machine, "rng-seed");
    for (size_t i = 0; i < sizeof(v->rng_seed); i += 8)
        st_le64(v->rng_seed + i, machine_random_next(&random));
    machine_random_init(&random, b->machine, "kaslr-seed");
    st_le64(v->kaslr_seed, machine_random_next(&random));
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
    seed(b, v);
    if ((r = arm_virt_open_images(b, e)) < 0 || (r = build_memory(b, v, e)) < 0 ||
        (r = build_cpus(b, v, &config, e)) < 0 ||
        (r = v->options.gic == ARM_GIC_3 ? build_gicv3(b, v, &config, e) : build_gicv2(b, v, e)) < 0)
        return r;
    connect_ppis(b, v);
    if ((r = build_primecells(b, v, e)) < 0 || (r = build_fw_cfg(b, v, e)) < 0 ||
        (r = build_pci(b, v, e)) < 0 || (r = build_virtio(b, v, e)) < 0)
        return r;
    if ((r = build_flash(b, v, e)) < 0 || (r = build_psci(b, v, e)) < 0 ||
        (v->options.secure && (r = arm_virt_build_secure(b, e)) < 0))
        return r;
    return build_acpi(b, v, e);
}

static int device_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e)
{
    return arm_virt_write_tree(b, blob, size, e);
}

static void release(struct board *b)
{
    struct arm_virt *v = b->parts;

    if (v)
        parts_release(&v->parts);
}

/* Machine versions that differ in nothing that is modelled. */
static const char *const aliases[] = { "virt", "virt-10.0", "virt-9.2", "virt-9.1", "virt-9.0", NULL };
extern const struct board_ops board_arm_virt;
const struct board_ops board_arm_virt = {
    .name = "arm-virt", .doc = "ARM Virtual Machine (AArch64)", .aliases = aliases, .isa = &a64_isa,
    .qemu_arch = "aarch64", .default_cpu = "max", .max_cpus = BOARD_MAX_CPUS,
    .default_memory = 1ull << 30, .devices = parts_devices,
    .build = build, .load_images = arm_virt_load_images, .device_tree = device_tree,
    .release = release, .power_key = power_key,
};
