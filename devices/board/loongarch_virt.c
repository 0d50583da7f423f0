/* SPDX-License-Identifier: Apache-2.0 */
/* The board `loongarch-virt`: parts and lines. */
#include "devices/board/loongarch_virt_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/acpi_ged.h"
#include "devices/acpi_sleep.h"
#include "devices/board/flash_banks.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/board/machine_options.h"
#include "devices/board/smbios.h"
#include "devices/ls7a_rtc.h"
#include "devices/ns16550.h"
#include "devices/pci/ecam.h"
#include "irqchip/dintc.h"
#include "irqchip/eiointc.h"
#include "irqchip/loongarch_iocsr.h"
#include "irqchip/loongarch_ipi.h"
#include "irqchip/pch_msi.h"
#include "irqchip/pch_pic.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NONE BOARD_NO_IRQ

/* QEMU include/hw/loongarch/virt.h; flash and windows of the PCI bus lie where the LS7A has theirs. */
static const struct board_place la_virt_map[LA_VIRT_PARTS] = {
    [LA_VIRT_LOW_RAM] = { "low-ram", 0, 0, NONE },
    [LA_VIRT_PCH_PIC] = { "pch-pic", 0x10000000, 0x400, NONE },
    [LA_VIRT_DMA_CONFIG] = { "pci-dma-config", 0x1001041c, 4, NONE },
    [LA_VIRT_RTC] = { "rtc", 0x100d0100, 0x100, 6 },
    [LA_VIRT_GED] = { "ged", 0x100e0000, 4, 7 },
    [LA_VIRT_SLEEP] = { "sleep", 0x100e001c, ACPI_SLEEP_SIZE, NONE },
    [LA_VIRT_IO] = { "pci-io", 0x18000000, 0x10000, NONE },
    [LA_VIRT_FLASH] = { "flash", 0x1c000000, 16ull << 20, NONE },
    [LA_VIRT_FW_CFG] = { "fw_cfg", 0x1e020000, 0x18, NONE },
    [LA_VIRT_UART] = { "serial", 0x1fe001e0, 0x100, 2 },
    [LA_VIRT_ECAM] = { "pci", 0x20000000, 128ull << 20, 16 },
    [LA_VIRT_DINTC] = { "dintc", 0x2fe00000, DINTC_SIZE, NONE },
    [LA_VIRT_PCH_MSI] = { "pch-msi", 0x2ff00000, 8, NONE },
    [LA_VIRT_PCI_MEM32] = { "pci-mem32", 0x40000000, 1ull << 30, NONE },
    [LA_VIRT_HIGH_RAM] = { "high-ram", 0x80000000, 0, NONE },
    [LA_VIRT_PCI_MEM64] = { "pci-mem64", 0, 0, NONE }, /* no such window */
};

/* ---- memory ---- */
static int place_memory(struct board *b, struct la_virt *v, struct err *e)
{
    uint64_t size = b->config.memory, low = MIN(size, LA_VIRT_LOW_RAM_MOST);
    unsigned bits = v->cpu.mmu.pa_bits;
    pa_t end = v->map[LA_VIRT_HIGH_RAM].base + (size - low);

    if (bits < 64 && end > 1ull << bits)
        return err_set(e, ERR_LIMIT, "memory of %" PRIu64 " MiB ends behind the %u address bits of these CPUs", size >> 20, bits);
    v->map[LA_VIRT_LOW_RAM].size = low;
    v->map[LA_VIRT_HIGH_RAM].size = size - low;
    return 0;
}

static int build_memory(struct board *b, struct la_virt *v, struct err *e)
{
    const struct board_place *const ram[] = { &v->map[LA_VIRT_LOW_RAM], &v->map[LA_VIRT_HIGH_RAM] };
    struct mem_ram *block;

    return board_build_ram_in(b, ram, ARRAY_LEN(ram), &block, e);
}

/* ---- CPUs and interrupts ---- */
static int read_cpu(struct board *b, struct la_virt *v, struct err *e)
{
    int r = la_config_parse(&v->cpu, b->config.cpu, NULL, e);

    if (r < 0)
        return r;
    if (v->options.dmsi == MACHINE_ON && !la_has(&v->cpu, LA_F_MSG_INT))
        return err_set(e, ERR_ARG, "machine option dmsi=on: CPU '%s' has no message interrupts; msgint=on behind its name may "
                       "give it some", b->config.cpu);
    v->has_dmsi = v->options.dmsi != MACHINE_OFF && la_has(&v->cpu, LA_F_MSG_INT);
    return 0;
}

static int build_cpus(struct board *b, struct la_virt *v, struct err *e)
{
    const struct board_topology *t = &b->config.smp;
    int r;

    for (uint32_t i = 0; i < b->config.cpus; i++) {
        v->core_id[i] = la_virt_core_id(t, i);
        if (v->core_id[i] >= LA_VIRT_CPUS)
            return err_set(e, ERR_LIMIT, "topology of %u sockets, %u cores, %u threads: CPU %u would have number %u, as each level takes "
                           "a power of two; %d is the highest", t->sockets, t->cores, t->threads, i, v->core_id[i], LA_VIRT_CPUS - 1);
        if ((r = la_cpu_create(&v->cores[i], b->machine, &v->cpu, i, v->core_id[i], e)) < 0 ||
            (r = board_add_cpu(b, la_cpu_base(v->cores[i]), &la_profiles, v->cpu.name, e)) < 0)
            return r;
        la_cpu_set_iocsr(v->cores[i], v->iocsr);
    }
    return 0;
}

static void pulse_vector(void *eiointc, uint32_t vector)
{
    eiointc_pulse(eiointc, vector);
}

static bool deliver_message(void *board, uint32_t core_id, uint32_t vector)
{
    const struct board *b = board;
    const struct la_virt *v = b->parts;

    for (uint32_t i = 0; i < b->n_cpus; i++)
        if (v->core_id[i] == core_id)
            return la_cpu_message(b->cpus[i], vector);
    return false;
}

/* What is in IOCSR space. */
static int build_core_interrupts(struct board *b, struct la_virt *v, struct err *e)
{
    enum { IS_HWI0 = 2, IS_IPI = 12, VIRT_EXTENSION = 1, CPU_ENCODE = 8 };
    /* Not the option to switch it off: it would be off until software that has none of this extension switched it on. */
    uint32_t features = v->options.virt_eiointc ? VIRT_EXTENSION | CPU_ENCODE : 0;
    struct machine *m = b->machine;
    int r;

    struct loongarch_iocsr *chip = loongarch_iocsr_create(m, "iocsr", LOONGARCH_IOCSR_MSI | LOONGARCH_IOCSR_EXTIOI | LOONGARCH_IOCSR_CSRIPI |
                                                          (v->has_dmsi ? LOONGARCH_IOCSR_AVEC : 0), v->cpu.vendor_name,
                                                          v->cpu.model_name, e);
    if (!chip)
        return e->code;
    struct loongarch_ipi *ipi = loongarch_ipi_create(m, "ipi", v->core_id, b->n_cpus, e);
    v->eiointc = ipi ? eiointc_create(m, "eiointc", v->core_id, b->n_cpus, features, e) : NULL;
    if (!v->eiointc)
        return e->code;
    if ((r = loongarch_iocsr_map(chip, v->iocsr, e)) < 0 || (r = loongarch_ipi_map(ipi, v->iocsr, e)) < 0 || (r = eiointc_map(v->eiointc, v->iocsr, e)) < 0)
        return r;
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        irq_connect(&ipi->core[i].out, la_cpu_set_irq, b->cpus[i], IS_IPI);
        for (uint32_t line = 0; line < EIOINTC_HWIS; line++)
            irq_connect(&v->eiointc->core[i].hwi[line], la_cpu_set_irq, b->cpus[i], IS_HWI0 + line);
    }
    return 0;
}

/* Of the bridge: pins go to the EIOINTC's first vectors, messages to those behind. */
static int build_bridge_interrupts(struct board *b, struct la_virt *v, struct err *e)
{
    struct machine *m = b->machine;
    int r;

    struct pch_pic *pic = pch_pic_create(m, v->map[LA_VIRT_PCH_PIC].name, LA_VIRT_PINS, 1, eiointc_set_level, v->eiointc, e);
    if (!pic)
        return e->code;
    board_set_irqchip(b, pch_pic_set_level, pic);
    struct pch_msi *msi = pch_msi_create(m, v->map[LA_VIRT_PCH_MSI].name, LA_VIRT_PINS, EIOINTC_VECTORS - LA_VIRT_PINS, pulse_vector,
                                         v->eiointc, e);
    if (!msi)
        return e->code;
    if ((r = board_place_part(b, &v->map[LA_VIRT_PCH_PIC], &pic->dev, NULL, e)) < 0 ||
        (r = board_place_part(b, &v->map[LA_VIRT_PCH_MSI], &msi->dev, NULL, e)) < 0 || !v->has_dmsi)
        return r;
    struct dintc *d = dintc_create(m, v->map[LA_VIRT_DINTC].name, deliver_message, b, e);
    return d ? board_place_part(b, &v->map[LA_VIRT_DINTC], &d->dev, NULL, e) : e->code;
}

/* ---- devices ---- */
static int build_uarts(struct board *b, struct la_virt *v, struct err *e)
{
    const struct board_place *first = &v->map[LA_VIRT_UART];

    for (uint32_t i = 0; i < LA_VIRT_UARTS; i++) {
        const struct board_place p = { .base = first->base + i * first->size, .size = first->size, .irq = first->irq + i };
        struct char_backend *backend;
        char id[16];
        snprintf(id, sizeof(id), "%s%u", first->name, i);
        int r = board_open_serial(b, i, id, &backend, e);
        if (r < 0)
            return r;
        struct ns16550 *u = ns16550_create(b->machine, id, LA_VIRT_UART_CLOCK, backend, e);
        if (!u)
            return e->code;
        if ((r = board_place_part(b, &p, &u->dev, &u->irq, e)) < 0)
            return r;
    }
    return 0;
}

/* Software of the LS7A asks how wide addresses of DMA are: 0 stands for all that CPUs have. */
static enum mem_result zero_read(void *arg, uint64_t offset, unsigned size, uint64_t *value, const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0;
    return MEM_OK;
}

static enum mem_result zero_write(void *arg, uint64_t offset, unsigned size, uint64_t value, const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_OK;
}

static const struct mmio_ops zero_ops = { .read = zero_read, .write = zero_write, .sizes = 1 | 2 | 4 };

static int build_bridge(struct board *b, struct la_virt *v, struct err *e)
{
    const struct board_place *map = v->map, *dma = &map[LA_VIRT_DMA_CONFIG];
    struct ls7a_rtc *rtc = ls7a_rtc_create(b->machine, map[LA_VIRT_RTC].name, e);
    int r;

    v->ged = rtc ? acpi_ged_create(b->machine, map[LA_VIRT_GED].name, e) : NULL;
    if (!v->ged)
        return e->code;
    if ((r = board_place_part(b, &map[LA_VIRT_RTC], &rtc->dev, &rtc->irq, e)) < 0 ||
        (r = board_place_part(b, &map[LA_VIRT_GED], &v->ged->dev, &v->ged->irq, e)) < 0 ||
        (r = board_build_sleep(b, &map[LA_VIRT_SLEEP], e)) < 0)
        return r;
    return mem_add_mmio(b->machine->memory, dma->name, dma->base, dma->size, 0, &zero_ops, NULL, NULL, e);
}

static int build_devices(struct board *b, struct la_virt *v, struct err *e)
{
    const struct board_place *map = v->map;
    const struct board_pci_places pci = { &map[LA_VIRT_ECAM], &map[LA_VIRT_IO], &map[LA_VIRT_PCI_MEM32], &map[LA_VIRT_PCI_MEM64] };
    int r;

    if ((r = board_build_fw_cfg(b, &map[LA_VIRT_FW_CFG], &v->fw_cfg, e)) < 0 || (r = board_build_pci(b, &pci, &v->pci, e)) < 0)
        return r;
    v->isa.ports = v->pci->io;
    const struct parts_places at = { .pci = &v->pci->bus, .isa = &v->isa, .fw_cfg = v->fw_cfg,
                                     .pci_path = "/pci@ffffffffffffffff" }; /* as QEMU calls a bus without ports */
    return parts_create(b, &at, e);
}

/* ---- firmware ---- */
/* Bank 0 holds it: -bios FILE or an image of the bank, not both. */
static int build_flash(struct board *b, struct la_virt *v, struct err *e)
{
    bool has_image[FLASH_BANKS] = { false };
    int r = flash_banks_build(b, &v->map[LA_VIRT_FLASH], v->flash, has_image, e);

    if (r == 0)
        r = la_virt_open_firmware(b, has_image[0], e);
    return r < 0 ? r : flash_banks_firmware(b, &v->map[LA_VIRT_FLASH], has_image[0], &v->firmware, e);
}

/* QEMU hw/loongarch/virt.c: entries of a PC's E820, base, length and type 1. */
static int add_memory_map(struct board *b, struct la_virt *v, struct err *e)
{
    enum { ENTRY = 24, USABLE = 1 };
    const struct board_place *const ram[] = { &v->map[LA_VIRT_LOW_RAM], &v->map[LA_VIRT_HIGH_RAM] };
    uint32_t n = 0;
    int r;

    for (size_t i = 0; i < ARRAY_LEN(ram); i++) {
        if (ram[i]->size == 0)
            continue;
        st_le64(v->memmap + n, ram[i]->base);
        st_le64(v->memmap + n + 8, ram[i]->size);
        st_le32(v->memmap + n + 16, USABLE);
        n += ENTRY;
    }
    if ((r = fw_cfg_add_file(v->fw_cfg, "etc/memmap", v->memmap, n, e)) < 0 ||
        (r = fw_cfg_add_number(v->fw_cfg, FW_CFG_RAM_SIZE, b->config.memory, 8, e)) < 0 ||
        (r = fw_cfg_add_number(v->fw_cfg, FW_CFG_MAX_CPUS, b->config.smp.max, 2, e)) < 0)
        return r;
    return smbios_add(b, v->fw_cfg, ram, n / ENTRY, e);
}

/* What only firmware asks for: a kernel that is started without any finds the device tree. */
static int build_for_firmware(struct board *b, struct la_virt *v, struct err *e)
{
    int r;

    if (!v->firmware)
        return 0;
    if ((r = fw_cfg_items_add_kernel(v->fw_cfg, b, e)) < 0 || (r = add_memory_map(b, v, e)) < 0 || !v->options.acpi)
        return r;
    return la_virt_add_acpi(b, e);
}

static int build(struct board *b, struct err *e)
{
    struct la_virt *v = ARENA_NEW(&b->machine->arena, struct la_virt);
    int r;

    if (!v)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    b->parts = v;
    memcpy(v->map, la_virt_map, sizeof(la_virt_map));
    v->iocsr = mem_space_create("iocsr");
    if (!v->iocsr)
        return err_set(e, ERR_NOMEM, "no memory for IOCSR space");
    board_make_seed(b, "rng-seed", v->rng_seed, sizeof(v->rng_seed));
    if ((r = la_virt_read_options(&v->options, b->config.board_options, e)) < 0 || (r = read_cpu(b, v, e)) < 0 ||
        (r = la_virt_open_images(b, e)) < 0 || (r = place_memory(b, v, e)) < 0 || (r = build_memory(b, v, e)) < 0 || (r = build_cpus(b, v, e)) < 0 ||
        (r = build_core_interrupts(b, v, e)) < 0 || (r = build_bridge_interrupts(b, v, e)) < 0 ||
        (r = build_uarts(b, v, e)) < 0 || (r = build_bridge(b, v, e)) < 0 || (r = build_devices(b, v, e)) < 0 ||
        (r = build_flash(b, v, e)) < 0)
        return r;
    return build_for_firmware(b, v, e);
}

static void power_key(struct board *b)
{
    acpi_ged_raise(((struct la_virt *)b->parts)->ged, ACPI_GED_POWER_BUTTON);
}

static void release(struct board *b)
{
    struct la_virt *v = b->parts;

    if (v && v->iocsr)
        mem_space_destroy(v->iocsr);
}

static const char *const aliases[] = { "virt", NULL };
extern const struct board_ops board_loongarch_virt;
const struct board_ops board_loongarch_virt = {
    .name = "loongarch-virt", .doc = "LoongArch Virtual Machine (LoongArch64)", .aliases = aliases, .isa = &la_isa,
    .qemu_arch = "loongarch64", .default_cpu = "la464", .max_cpus = LA_VIRT_CPUS, .default_memory = 1ull << 30,
    .devices = parts_devices, .build = build, .load_images = la_virt_load_images, .device_tree = la_virt_write_tree,
    .power_key = power_key, .release = release,
};
