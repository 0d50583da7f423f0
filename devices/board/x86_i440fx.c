/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board `x86-pc`: Intel's 82441FX with a PIIX3 and a PIIX4's power management, as QEMU's machine `pc` has them
 * (docs/system/i386/pc.rst). All else is x86-q35's: x86_q35_impl.h.
 */
#include "core/util/bits.h"
#include "devices/board/acpi/templates.gen.h"
#include "devices/board/machine_options.h"
#include "devices/board/x86_direct.h"
#include "devices/mc146818.h"
#include "devices/piix.h"
#include "devices/q35_mch.h"
#include <stdio.h>

#define I440FX_LOW_MOST  0xe0000000u /* as on QEMU's board */
#define I440FX_LOW_SPLIT 0xc0000000u

/*
 * CMOS byte 39h, two bits a drive: how a BIOS's cylinders come of the drive's (QEMU hw/i386/pc.c, SeaBIOS src/block.c). 0: they are
 * the same; 1: by LBA, which all of more than 1024 need.
 */
static void tell_translation(struct q35 *q, unsigned number, const struct block *disk)
{
    enum { TRANSLATION = 0x39, BY_LBA = 1, SECTORS = 1024 * 16 * 63 };

    if (block_size(disk) / ATA_SECTOR > SECTORS)
        mc146818_put(q->rtc, TRANSLATION, q->rtc->memory[TRANSLATION] | (uint8_t)(BY_LBA << 2 * number));
}

static int attach_ide(void *arg, const struct parts_ide_drive *d, struct parts_ide_made *made, struct err *e)
{
    struct q35 *q = arg;
    struct piix *p = q->piix;
    int bus = d->bus, unit = d->unit, r;
    if (bus >= PIIX_CHANNELS)
        return err_set(e, ERR_LIMIT, "there is no bus ide.%d; ide.0 and ide.1 are there", bus);
    for (int i = 0; (bus < 0 || unit < 0) && i < PIIX_CHANNELS * IDE_UNITS; i++) { /* the first place that fits and is free */
        int on = i / IDE_UNITS, at = i % IDE_UNITS;
        if ((bus < 0 || bus == on) && (unit < 0 || unit == at) && !ata_is_present(&p->channel[on]->drive[at]))
            bus = on, unit = at;
    }
    if (bus < 0 || unit < 0)
        return err_set(e, ERR_LIMIT, "there is no free place%s; ide.0 and ide.1 have unit 0 and unit 1", bus < 0 ? "" : " on that bus");
    if ((r = ide_attach(p->channel[bus], unit, d->disk, d->cdrom, d->serial, e)) < 0)
        return r;
    if (!d->cdrom)
        tell_translation(q, (unsigned)(bus * IDE_UNITS + unit), d->disk);
    made->drive = &p->channel[bus]->drive[unit];
    made->controller = &p->ide->pci;
    snprintf(made->unit, sizeof(made->unit), "/drive@%d/disk@%d", bus, unit);
    return 0;
}

static int build_chipset(struct board *b, struct q35 *q, struct err *e)
{
    uint64_t high_size;
    pa_t high = q35_high_window(q, &high_size);
    const struct q35_mch_config mch = {
        .i440fx = true, .memory = b->machine->memory, .io = q->ports, .ram = q->ram, .low_ram = q->low, .bios = q->rom,
        .range = { { q->low, Q35_PCI_HOLE_END - q->low }, { high, high_size } }, .n_ranges = high_size != 0 ? 2 : 1,
    };
    const struct ich9_pm_config pm = { .io = q->ports, .pm1_only = true, .smm = q->options.smm, .smi = q35_smi, .sleep = q35_sleep,
                                       .wake = q35_wake, .reset = pc_reset_machine, .arg = b };
    if (q->options.smbus == MACHINE_ON)
        return err_set(e, ERR_UNSUPPORTED, "smbus=on: this board's SMBus is not modelled; -machine q35 has one");
    q->mch = q35_mch_create(b->machine, "i440fx", &mch, e);
    q->pm = q->mch == NULL ? NULL : ich9_pm_create(b->machine, "piix4-pm", &pm, e);
    if (q->pm == NULL)
        return e->code;
    const struct piix_config piix = { .bus = &q->mch->bus, .io = q->ports, .pm = q->pm, .smm = q->options.smm };
    q->piix = piix_create(b->machine, "piix", &piix, e);
    if (q->piix == NULL)
        return e->code;
    for (uint32_t i = 0; i < PIIX_ISA_LINES; i++)
        irq_connect(&q->piix->pic[i], pc_set_routed, q, i);
    for (uint32_t i = 0; i < PIIX_CHANNELS; i++)
        board_connect(b, &q->piix->channel[i]->irq, 14 + i);
    q->isa.irqs_taken |= 1u << 14 | 1u << 15;
    q->ide = (struct parts_ide){ .attach = attach_ide, .arg = q };
    return pc_build_ports(b, q, e);
}

static void set_up(struct q35 *q)
{
    static const struct direct_config writes[] = {
        { PCI_DEVFN(0, 0), 0x59, 1, 0x30 },                          /* PAM0: F0000-FFFFF is RAM */
        { PCI_DEVFN(PIIX_SLOT, 0), 0x60, 4, 0x0b0b0a0a },            /* PIRQA to D: IRQ10, 10, 11, 11 */
        { PCI_DEVFN(PIIX_SLOT, 1), 0x40, 4, 0x80008000 },            /* IDETIM: both channels are there */
        { PCI_DEVFN(PIIX_SLOT, 3), 0x40, 4, Q35_PMBASE | 1 },        /* PMBASE */
        { PCI_DEVFN(PIIX_SLOT, 3), 0x80, 1, 1 },                     /* PMREGMISC: on */
    };
    direct_write_config(&q->mch->bus, writes, ARRAY_LEN(writes));
}

const struct pc_kind i440fx_kind = {
    .low_most = I440FX_LOW_MOST, .low_split = I440FX_LOW_SPLIT, .ecam = I440FX_LOW_MOST, .aml = &x86_i440fx_aml,
    .hpet_routes = 0x4, .cpu_hotplug = 0xaf00, .bios = "bios-256k.bin", .pam0 = 0x59, .build_chipset = build_chipset, .set_up = set_up,
};

static int build(struct board *b, struct err *e)
{
    return pc_build(b, &i440fx_kind, e);
}

static const char *const aliases[] = { "pc", NULL };
extern const struct board_ops board_x86_i440fx;
const struct board_ops board_x86_i440fx = {
    .name = "x86-pc", .doc = "PC with Intel's 440FX chipset and a PIIX3", .aliases = aliases, .versions = "pc-i440fx-",
    .isa = &x86_isa, .qemu_arch = "x86_64", .default_cpu = "max", .max_cpus = 255, .levels = BOARD_DIES | BOARD_MODULES,
    .default_memory = 512ull << 20, .ide = { .buses = PIIX_CHANNELS, .units = IDE_UNITS }, .has_screen = true,
    .devices = parts_devices, .build = build, .load_images = pc_load_images, .resume = pc_resume,
    .power_key = pc_power_key, .wake_key = q35_wake_key, .release = pc_release,
};
