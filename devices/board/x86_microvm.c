/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board `x86-microvm`: CPUs with their APICs, an I/O APIC and virtio MMIO slots, as QEMU's machine `microvm` has them
 * (docs/system/i386/microvm.rst); what of the PC's ISA parts there is, the machine's options say. No PCI.
 *
 *   FEA00000  event register of a GED, interrupt 9   +200 sleep and reset registers     (not with acpi=off)
 *   FEB00000  8 slots of 512 bytes, interrupts 16 to 23; with acpi=off 5 to 12, and the kernel is told in its command line
 *
 * Other than on QEMU's board there is one I/O APIC, as with its ioapic2=off. Memory ends at C0000000 below 4 GiB.
 */
#include "core/util/bits.h"
#include "devices/acpi_ged.h"
#include "devices/acpi_sleep.h"
#include "devices/board/acpi/templates.gen.h"
#include "devices/board/acpi_parts.h"
#include "devices/board/machine_options.h"
#include "devices/board/virtio_slots.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/fw_cfg.h"
#include "devices/ns16550.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8, SLOT_SIZE = 0x200, IRQ_WITH_ACPI = 16, IRQ_WITHOUT = 5, IRQ_GED = 9, LOW_BIOS = 0x20000 };
#define GED_BASE   0xfea00000u
#define SLEEP_BASE (GED_BASE + 0x200)
#define SLOT_BASE  0xfeb00000u
#define LOW_MOST   0xc0000000u

struct microvm {
    struct q35 pc;               /* first: what the shared parts know */
    struct virtio_slots slots;
    struct acpi_ged *ged;        /* NULL with acpi=off */
    char *cmdline;               /* malloc'd, or NULL */
};

static const struct option_desc options[] = {
    OPT_BOOL(q35_options, "pit", pit),
    OPT_BOOL(q35_options, "pic", pic),
    OPT_BOOL(q35_options, "rtc", rtc),
    OPT_BOOL(q35_options, "isa-serial", serial),
    OPT_BOOL(q35_options, "auto-kernel-cmdline", auto_cmdline),
    OPT_CHOICE(q35_options, "acpi", acpi, machine_auto_choices),
    OPT_CHOICE(q35_options, "ioapic2", ioapic2, machine_auto_choices),
    OPT_IGNORED("x-option-roms"), /* the only one is the kernel's, which comes when there is a kernel */
    OPT_IGNORED("kernel-irqchip"),
    OPT_IGNORED("kernel_irqchip"),
    OPT_REFUSED("pcie", "this board has no PCI here; -machine q35 has"),
    OPT_REFUSED("usb", "not modelled; leave it out"),
    MACHINE_OPTIONS,
};

static int read_options(struct q35_options *o, const char *text, struct err *e)
{
    *o = (struct q35_options){ .pit = true, .pic = true, .rtc = true, .serial = true, .auto_cmdline = true };
    int r = text != NULL ? option_read(options, ARRAY_LEN(options), o, text, NULL, e) : 0;
    if (r == 0 && o->ioapic2 == MACHINE_ON)
        r = err_set(e, ERR_UNSUPPORTED, "ioapic2=on: there is one I/O APIC, with 24 inputs; ioapic2=off is accepted");
    return r < 0 ? err_context(e, "machine option") : 0;
}

static bool has_acpi(const struct q35 *q)
{
    return q->options.acpi != MACHINE_OFF;
}

/* ---- tables ---- */
static void write_dsdt(struct acpi *a, const struct board *b, const struct q35 *q)
{
    acpi_table(a, "DSDT", 2);
    (void)acpi_append(a, &x86_microvm_aml);
    acpi_add_power(a, &(struct board_place){ .base = GED_BASE }, IRQ_GED);
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t from = acpi_append_nth(a, &virt_virtio_aml, "VR00", i);
        acpi_fill(a, from, 4, ACPI_T_BASE, SLOT_BASE + i * SLOT_SIZE);
        acpi_fill(a, from, 4, ACPI_T_INTERRUPT, IRQ_WITH_ACPI + i);
    }
    if (q->options.serial)
        (void)acpi_append(a, &x86_microvm_com1_aml);
    if (q->options.rtc)
        (void)acpi_append(a, &x86_microvm_rtc_aml);
    pc_write_cpus(a, b);
    acpi_table_end(a);
}

static void write_acpi(struct acpi *a, const struct board *b, const struct q35 *q)
{
    enum { NO_VGA = 4, NO_ASPM = 16, NO_RTC = 32 }; /* ACPI 6.4, 5.2.9.3 */
    write_dsdt(a, b, q);
    acpi_write_reduced_fadt(a, SLEEP_BASE, NO_VGA | NO_ASPM | NO_RTC);
    pc_write_madt(a, b, q);
}

/* ---- parts ---- */
static int build_power(struct board *b, struct microvm *v, struct err *e)
{
    const struct board_place sleep = { .name = "sleep", .base = SLEEP_BASE, .size = ACPI_SLEEP_SIZE };
    int r = board_build_sleep(b, &sleep, e);
    if (r < 0)
        return r;
    v->ged = acpi_ged_create(b->machine, "ged", e);
    if (v->ged == NULL)
        return e->code;
    board_connect(b, &v->ged->irq, IRQ_GED);
    return device_map(&v->ged->dev, b->machine->memory, GED_BASE, e);
}

/* Without ACPI the kernel learns of the slots in use by Linux's virtio_mmio.device=SIZE@BASE:IRQ. Once they are plugged. */
static int tell_slots(struct board *b, struct microvm *v, struct err *e)
{
    char text[SLOTS * 48] = "";
    size_t at = 0;
    if (has_acpi(&v->pc) || !v->pc.options.auto_cmdline || b->kernel == NULL)
        return 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        if (v->slots.slot[i]->virtio != NULL)
            at += (size_t)snprintf(text + at, sizeof(text) - at, " virtio_mmio.device=%d@%#x:%u", SLOT_SIZE, SLOT_BASE + i * SLOT_SIZE,
                                   IRQ_WITHOUT + i);
    if (asprintf(&v->cmdline, "%s%s", b->config.append != NULL ? b->config.append : "", text) < 0) {
        v->cmdline = NULL;
        return err_set(e, ERR_NOMEM, "no memory for the command line");
    }
    b->config.append = v->cmdline;
    return 0;
}

static int build(struct board *b, struct err *e)
{
    struct microvm *v = ARENA_NEW(&b->machine->arena, struct microvm);
    int r;
    if (v == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    struct q35 *q = &v->pc;
    b->parts = q;
    q->kind = &microvm_kind;
    if ((r = read_options(&q->options, b->config.board_options, e)) < 0 || (r = parts_read_globals(&q->globals, &b->config, e)) < 0 ||
        (r = x86_config_parse(&q->cpu, b->config.cpu, NULL, e)) < 0 || (r = pc_open_images(b, q, e)) < 0 || (r = pc_build_memory(b, q, e)) < 0 || (r = q35_build_firmware(b, q, e)) < 0 ||
        (r = pc_build_cpus(b, q, e)) < 0 || (r = pc_build_interrupts(b, q, e)) < 0 || (r = pc_build_timers(b, q, e)) < 0 ||
        (q->options.serial && (r = pc_build_serial(b, q, e)) < 0) || (has_acpi(q) && (r = build_power(b, v, e)) < 0) ||
        (r = pc_build_fw_cfg(b, q, e)) < 0)
        return r;
    const struct board_place first = { .name = "virtio-mmio", .base = SLOT_BASE, .size = SLOT_SIZE,
                                       .irq = has_acpi(q) ? IRQ_WITH_ACPI : IRQ_WITHOUT };
    if ((r = virtio_slots_build(&v->slots, b, &first, SLOTS, e)) < 0)
        return r;
    pc_describe_isa(q, 1u << IRQ_GED);
    const struct parts_places at = { .plug_mmio = virtio_slots_plug, .slots = &v->slots, .isa = &q->isa, .fw_cfg = q->fw_cfg,
                                     .boot_first = q35_kernel_rom(b, q) };
    if ((r = parts_create(b, &at, e)) < 0 || (r = tell_slots(b, v, e)) < 0 || (r = q35_add_kernel(b, q, e)) < 0)
        return r;
    return q35_add_acpi(b, q, e);
}

/* After each reset: what nobody shows below 1 MiB is copied there, as firmware of this machine wants to write to it, too. */
static int load_images(struct board *b, struct err *e)
{
    struct q35 *q = b->parts;
    if (q->rom != NULL) {
        uint64_t n = MIN(q->rom->size, (uint64_t)LOW_BIOS);
        if (mem_write(b->machine->memory, 0x100000 - n, q->rom->host + q->rom->size - n, n, NULL) != MEM_OK)
            return err_set(e, ERR_LIMIT, "no RAM for firmware below 1 MiB");
    }
    return pc_load_images(b, e);
}

static void power_key(struct board *b)
{
    struct microvm *v = b->parts;
    if (v->ged != NULL)
        acpi_ged_raise(v->ged, ACPI_GED_POWER_BUTTON);
}

static void release(struct board *b)
{
    struct microvm *v = b->parts;
    if (v != NULL)
        free(v->cmdline);
    pc_release(b);
}

const struct pc_kind microvm_kind = {
    .low_most = LOW_MOST, .low_split = LOW_MOST, .ecam = LOW_MOST, .bios = "bios-microvm.bin", .write_acpi = write_acpi,
};

static const char *const aliases[] = { "microvm", NULL };
extern const struct board_ops board_x86_microvm;
const struct board_ops board_x86_microvm = {
    .name = "x86-microvm", .doc = "PC without PCI: virtio MMIO slots, QEMU's microvm", .aliases = aliases,
    .isa = &x86_isa, .qemu_arch = "x86_64", .default_cpu = "max", .max_cpus = 288, .levels = BOARD_DIES | BOARD_MODULES,
    .default_memory = 512ull << 20, .devices = parts_devices, .build = build, .load_images = load_images, .power_key = power_key,
    .release = release,
};
