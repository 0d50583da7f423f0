/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board `x86-q35`: parts and lines. Interrupts of ISA devices go to the 8259s and the I/O APIC alike, as do
 * those that the LPC bridge routes; the 8259s' INTR is LINT0 of every local APIC.
 *
 *   devices -> i8259 --INTR--> LINT0 of all     PCI -> LPC bridge -> i8259, I/O APIC
 *           -> I/O APIC --messages--> lapic bus -> CPUs
 */
#include "devices/board/x86_q35_impl.h"
#include "core/memory/dma.h"
#include "core/util/bits.h"
#include "devices/ahci.h"
#include "devices/backend/char.h"
#include "devices/board/acpi/templates.gen.h"
#include "devices/board/boot.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/board/machine_options.h"
#include "devices/board/virtio_parts.h"
#include "devices/fw_cfg.h"
#include "devices/hpet.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/ich9_lpc.h"
#include "devices/ich9_pm.h"
#include "devices/ich9_smbus.h"
#include "devices/isa_debug.h"
#include "devices/mc146818.h"
#include "devices/ns16550.h"
#include "devices/pci/ports.h"
#include "devices/port92.h"
#include "devices/q35_mch.h"
#include "irqchip/i8259.h"
#include "irqchip/ioapic.h"
#include "irqchip/lapic.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Drivers of one interrupt input (i8259.h, ioapic.h). */
enum { FROM_ISA, FROM_LPC, FROM_HPET, FROM_TEST, FROM_PIRQ };

/* ---- interrupts ---- */
/* ISA interrupt `number`: to both controllers; IRQ0 is pin 2 of the I/O APIC (MADT, interrupt source override). */
static void set_isa(void *arg, uint32_t number, bool level)
{
    struct q35 *q = arg;
    if (q->pic != NULL)
        i8259_set_level(q->pic, number + 16 * FROM_ISA, level);
    ioapic_set_level(q->ioapic, (number == 0 ? 2 : number) + 32 * FROM_ISA, level);
}

/* What the LPC bridge routes to an ISA interrupt is seen by the I/O APIC as well, as on QEMU's board. */
void pc_set_routed(void *arg, uint32_t number, bool level)
{
    struct q35 *q = arg;
    i8259_set_level(q->pic, number + 16 * FROM_LPC, level);
    ioapic_set_level(q->ioapic, number + 32 * FROM_PIRQ, level);
}

static void set_gsi_hpet(void *arg, uint32_t number, bool level)
{
    struct q35 *q = arg;
    ioapic_set_level(q->ioapic, number + 32 * FROM_HPET, level);
    if (number < 16 && number != 2)
        i8259_set_level(q->pic, number + 16 * FROM_HPET, level);
}

static void set_test(void *arg, uint32_t number, bool level)
{
    struct q35 *q = arg;
    ioapic_set_level(q->ioapic, (number == 0 ? 2 : number) + 32 * FROM_TEST, level);
    if (number < 16 && number != 2 && q->pic != NULL)
        i8259_set_level(q->pic, number + 16 * FROM_TEST, level);
}

static void set_lint0(void *arg, uint32_t number, bool level)
{
    struct board *b = arg;
    struct q35 *q = b->parts;
    for (uint32_t i = 0; i < b->n_cpus; i++)
        lapic_set_lint(q->lapics[i], number, level);
}

static int acknowledge(void *arg)
{
    return i8259_acknowledge(arg);
}

static void end_of_interrupt(void *arg, uint8_t vector)
{
    ioapic_end_of_interrupt(arg, vector);
}

/* ---- CPUs ---- */
static void shutdown(void *arg)
{
    machine_stop(((struct board *)arg)->machine, MACHINE_RESET, 0); /* the chipset answers a shutdown cycle with a reset */
}

static void ferr(void *arg, bool level)
{
    set_isa(((struct board *)arg)->parts, 13, level);
}

static bool ignne(void *arg)
{
    (void)arg;
    return false;
}

static void start_cpu(void *cpu, uint8_t vector)
{
    x86_cpu_sipi(cpu, vector);
}
static uint64_t read_tsc(void *cpu)
{
    return x86_tsc(cpu);
}
static ps_t tsc_time(void *cpu, uint64_t tsc)
{
    return x86_tsc_time(cpu, tsc);
}

static void performance_interrupt(void *lapic)
{
    lapic_local(lapic, LAPIC_LVT_PMC);
}

static int build_cpu(struct board *b, struct q35 *q, uint32_t i, struct err *e)
{
    const struct x86_wiring wiring = { .ports = q->ports, .port_time = Q35_PORT_TIME, .shutdown = shutdown, .ferr = ferr, .ignne = ignne, .arg = b };
    struct x86_config config = q->cpu;
    config.apic_id = x86_apic_id(&config.topology, i);
    config.bootstrap = i == 0;
    int r = x86_cpu_create(&q->cpus[i], b->machine, &config, &wiring, i, e);
    if (r < 0 || (r = board_add_cpu(b, x86_cpu_base(q->cpus[i]), &x86_profiles, config.name, e)) < 0)
        return r;
    const struct lapic_config lapic = {
        .id = config.apic_id, .x2apic = x86_has(&config, X86_F_X2APIC), .deadline = x86_has(&config, X86_F_TSC_DEADLINE),
        .bootstrap = i == 0, .id_writable = config.vendor == X86_AMD, .extended = config.vendor == X86_AMD && x86_has(&config, X86_F_EXTAPIC),
        .bus_hz = config.bus_hz,
        .cpu = { .input = x86_cpu_set_input, .intr = X86_INTR, .nmi = X86_NMI, .smi = X86_SMI, .init = X86_INIT,
                 .start = start_cpu, .tsc = read_tsc, .tsc_time = tsc_time, .cpu = q->cpus[i] },
    };
    q->lapics[i] = lapic_create(b->machine, q->lapic_bus, &lapic, i, e);
    if (q->lapics[i] == NULL)
        return e->code;
    const struct x86_apic_ops ops = {
        .acknowledge = lapic_acknowledge, .get_tpr = lapic_get_tpr, .set_tpr = lapic_set_tpr, .read_msr = lapic_read_msr,
        .write_msr = lapic_write_msr, .base = lapic_set_base, .init = lapic_init, .send = lapic_send_to, .pmi = performance_interrupt, .arg = q->lapics[i],
    };
    x86_cpu_set_apic(q->cpus[i], &ops);
    return 0;
}

int pc_build_cpus(struct board *b, struct q35 *q, struct err *e)
{
    int r = 0;
    q->cpu.topology = (struct x86_topology){ .sockets = b->config.smp.sockets, .dies = b->config.smp.dies, .modules = b->config.smp.modules,
                                               .cores = b->config.smp.cores, .threads = b->config.smp.threads };
    uint32_t last = x86_apic_id(&q->cpu.topology, b->config.cpus - 1);
    if (last > 254 && !x86_has(&q->cpu, X86_F_X2APIC))
        return err_set(e, ERR_ARG, "CPU %s without x2apic, and ids of local APICs up to %u: 254 is the last without", b->config.cpu, last);
    q->lapic_bus = lapic_bus_create(b->machine, b->machine->memory, b->config.cpus, e);
    if (q->lapic_bus == NULL)
        return e->code;
    for (uint32_t i = 0; r == 0 && i < b->config.cpus; i++)
        r = build_cpu(b, q, i, e);
    return r;
}

/* ---- memory ---- */
int pc_build_memory(struct board *b, struct q35 *q, struct err *e)
{
    uint64_t size = b->config.memory;
    int r;
    if (size < (1ull << 20) || size % (1u << 20) != 0 || size > (1ull << 40))
        return err_set(e, ERR_ARG, "memory of %llu bytes; a multiple of 1M from 1M to 1T is accepted", (unsigned long long)size);
    q->low = size > q->kind->low_most ? q->kind->low_split : size;
    q->high = size - q->low;
    q->ports = mem_space_create("ports");
    if (q->ports == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an address space");
    if ((r = machine_add_ram(b->machine, "pc.ram", size, &q->ram, e)) < 0 ||
        (r = mem_add_ram(b->machine->memory, "low", 0, q->ram, 0, q->low, 0, NULL, e)) < 0)
        return r;
    return q->high == 0 ? 0 : mem_add_ram(b->machine->memory, "high", Q35_HIGH, q->ram, q->low, q->high, 0, NULL, e);
}

/* ---- chipset ---- */
void pc_reset_machine(void *arg)
{
    machine_stop(((struct board *)arg)->machine, MACHINE_RESET, 0);
}

/*
 * Port CF9h, port 92h and the keyboard controller. The last two mean INIT# on real boards; software uses them to reboot, so they
 * reset the machine, as on QEMU's boards.
 */
static void reset_line(void *arg, uint32_t number, bool level)
{
    (void)number;
    if (level)
        pc_reset_machine(arg);
}

/* A20 passes if either switch says so. */
static void a20_line(void *arg, uint32_t number, bool level)
{
    struct board *b = arg;
    struct q35 *q = b->parts;
    q->a20[number & 1] = level;
    bool masked = !q->a20[0] && !q->a20[1];
    for (uint32_t i = 0; i < b->n_cpus; i++)
        x86_cpu_set_input(b->cpus[i], X86_A20M, masked);
}

static int ports(struct device *dev, struct q35 *q, uint16_t port, uint32_t offset, uint32_t n, struct err *e)
{
    return device_map_ports(dev, q->ports, port, offset, n, e);
}

int pc_build_interrupts(struct board *b, struct q35 *q, struct err *e)
{
    int r;
    q->ioapic = ioapic_create(b->machine, "ioapic", q35_ioapic_message, q, e);
    if (q->ioapic == NULL)
        return e->code;
    lapic_bus_on_eoi(q->lapic_bus, end_of_interrupt, q->ioapic);
    board_set_irqchip(b, set_isa, q);
    if (!q->options.pic)
        return device_map(&q->ioapic->dev, b->machine->memory, Q35_IOAPIC, e);
    q->pic = i8259_create(b->machine, "i8259", e);
    if (q->pic == NULL)
        return e->code;
    irq_connect(&q->pic->intr, set_lint0, b, 0);
    lapic_bus_set_extint(q->lapic_bus, acknowledge, q->pic);
    if ((r = ports(&q->pic->dev, q, 0x20, 0x20, 2, e)) < 0 || (r = ports(&q->pic->dev, q, 0xa0, 0xa0, 2, e)) < 0 ||
        (r = ports(&q->pic->dev, q, 0x4d0, 0x4d0, 2, e)) < 0)
        return r;
    return device_map(&q->ioapic->dev, b->machine->memory, Q35_IOAPIC, e);
}

/* CMOS bytes 3Dh and 38h as SeaBIOS reads them: a nibble for each of three devices, the first one lowest. */
static int put_boot_order(struct q35 *q, const char *order, struct err *e)
{
    static const char letters[] = "acdn"; /* floppy, disk, CD, network: 1 to 4 */
    uint32_t nibbles = 0, n = 0;
    for (const char *p = order; *p != 0; p++) {
        const char *found = strchr(letters, *p);
        if (found == NULL || n == 3)
            return err_set(e, ERR_ARG, "boot order '%s': at most three of a (floppy), c (disk), d (CD) and n (network) are accepted",
                           order);
        nibbles |= (uint32_t)(found - letters + 1) << (4 * n++);
    }
    mc146818_put(q->rtc, 0x3d, (uint8_t)nibbles);
    mc146818_put(q->rtc, 0x38, (uint8_t)(nibbles >> 8 << 4));
    return 0;
}

/* -boot once= holds until the first reset after power-on. */
static int put_boot_options(struct board *b, struct q35 *q, struct err *e)
{
    int r = boot_options_read(&q->boot, b->config.boot, e);
    if (r < 0)
        return r;
    if (q->boot.order[0] == 0)
        memcpy(q->boot.order, "cad", 4);
    r = put_boot_order(q, q->boot.order, e);
    return r < 0 || q->boot.once[0] == 0 ? r : put_boot_order(q, q->boot.once, e);
}

int pc_build_timers(struct board *b, struct q35 *q, struct err *e)
{
    const struct hpet_config hpet = { .routes = q->kind->hpet_routes };
    int r;
    if (q->options.pit) {
        q->pit = i8254_create(b->machine, "i8254", e);
        if (q->pit == NULL)
            return e->code;
        if ((r = ports(&q->pit->dev, q, 0x40, 0x40, 4, e)) < 0 || (r = ports(&q->pit->dev, q, 0x61, 0x61, 1, e)) < 0)
            return r;
        if (!q->options.hpet)
            board_connect(b, &q->pit->irq, 0);
    }
    if (!q->options.rtc)
        return boot_options_read(&q->boot, b->config.boot, e);
    q->rtc = mc146818_create(b->machine, "rtc", e);
    if (q->rtc == NULL)
        return e->code;
    if ((r = ports(&q->rtc->dev, q, 0x70, 0x70, 4, e)) < 0)
        return r;
    mc146818_put_memory(q->rtc, q->low, q->high);
    /* More than the byte holds: firmware has fw_cfg's number, and takes the larger one */
    mc146818_put(q->rtc, 0x5f, (uint8_t)(b->config.cpus <= 255 ? b->config.cpus - 1 : 0));
    mc146818_put(q->rtc, 0x14, 0x06);
    if ((r = put_boot_options(b, q, e)) < 0)
        return r;
    irq_connect(&q->rtc->irq, q35_set_rtc, b, 0);
    if (!q->options.hpet)
        return 0;
    q->hpet = hpet_create(b->machine, "hpet", &hpet, e);
    if (q->hpet == NULL)
        return e->code;
    if (q->pit != NULL)
        irq_connect(&q->pit->irq, hpet_set_pit, q->hpet, 0);
    board_connect(b, &q->hpet->irq0, 0);
    board_connect(b, &q->hpet->irq8, Q35_IRQ_RTC);
    for (uint32_t i = 0; i < HPET_GSIS; i++)
        if (hpet.routes >> i & 1)
            irq_connect(&q->hpet->gsi[i], set_gsi_hpet, q, i);
    return device_map(&q->hpet->dev, b->machine->memory, Q35_HPET, e);
}

int pc_build_ports(struct board *b, struct q35 *q, struct err *e)
{
    q->pci_ports = pci_ports_create(b->machine, "pci-ports", q->ports, &q->mch->bus, e);
    if (q->pci_ports == NULL)
        return e->code;
    irq_connect(&q->pci_ports->reset, reset_line, b, 0);
    return 0;
}

static int build_chipset(struct board *b, struct q35 *q, struct err *e)
{
    uint64_t high_size;
    pa_t high = q35_high_window(q, &high_size);
    const struct q35_mch_config mch = {
        .memory = b->machine->memory, .io = q->ports, .ram = q->ram, .low_ram = q->low, .bios = q->rom, .extended_tseg = 64,
        .range = { { q->low, Q35_PCI_HOLE_END - q->low }, { high, high_size } }, .n_ranges = high_size != 0 ? 2 : 1,
    };
    const struct ich9_pm_config pm = { .io = q->ports, .smm = q->options.smm, .smi = q35_smi, .sleep = q35_sleep,
                                       .wake = q35_wake, .reset = pc_reset_machine, .arg = b };
    q->mch = q35_mch_create(b->machine, "mch", &mch, e);
    q->pm = q->mch == NULL ? NULL : ich9_pm_create(b->machine, "ich9-pm", &pm, e);
    if (q->pm == NULL)
        return e->code;
    const struct ich9_lpc_config lpc = { .memory = b->machine->memory, .bus = &q->mch->bus, .pm = q->pm, .lpc_en = 0x3 };
    q->lpc = ich9_lpc_create(b->machine, "ich9-lpc", &lpc, e);
    if (q->lpc == NULL)
        return e->code;
    for (uint32_t i = 0; i < 16; i++)
        irq_connect(&q->lpc->pic[i], pc_set_routed, q, i);
    for (uint32_t i = 0; i < 24; i++)
        irq_connect(&q->lpc->ioapic[i], ioapic_set_level, q->ioapic, i + 32 * FROM_LPC);
    const struct ahci_options ahci = { .devfn = PCI_DEVFN(0x1f, 2), .multifunction = true };
    struct ahci *a = ahci_create(b->machine, "ich9-ahci", &q->mch->bus, &ahci, e);
    q->ide = (struct parts_ide){ .attach = parts_attach_sata, .arg = a };
    /* The modules of memory have no EEPROMs: nobody answers on the bus */
    if (a == NULL || (q->options.smbus != MACHINE_OFF && ich9_smbus_create(b->machine, "ich9-smbus", &q->mch->bus, NULL, e) == NULL))
        return e->code;
    return pc_build_ports(b, q, e);
}

static int build_legacy(struct board *b, struct q35 *q, struct err *e)
{
    int r;
    q->port92 = port92_create(b->machine, "port92", e);
    if (q->port92 == NULL)
        return e->code;
    irq_connect(&q->port92->a20, a20_line, b, 1);
    irq_connect(&q->port92->reset, reset_line, b, 0);
    if ((r = ports(&q->port92->dev, q, 0x92, 0, 1, e)) < 0)
        return r;
    q->keyboard = i8042_create(b->machine, "i8042", hid_find(b->host), e);
    if (q->keyboard == NULL)
        return e->code;
    board_connect(b, &q->keyboard->irq1, Q35_IRQ_KEYBOARD);
    board_connect(b, &q->keyboard->irq12, Q35_IRQ_MOUSE);
    irq_connect(&q->keyboard->a20, a20_line, b, 0);
    irq_connect(&q->keyboard->reset, reset_line, b, 0);
    if ((r = ports(&q->keyboard->dev, q, 0x60, 0x60, 1, e)) < 0 || (r = ports(&q->keyboard->dev, q, 0x64, 0x64, 1, e)) < 0)
        return r;
    return pc_build_serial(b, q, e);
}

int pc_build_serial(struct board *b, struct q35 *q, struct err *e)
{
    static const struct {
        uint16_t port;
        uint8_t irq;
    } uarts[] = { { 0x3f8, Q35_IRQ_COM1 }, { 0x2f8, Q35_IRQ_COM2 } };
    int r;
    for (uint32_t i = 0; i < ARRAY_LEN(uarts) && (i == 0 || i < b->config.n_serial); i++) {
        char id[16] = { 's', 'e', 'r', 'i', 'a', 'l', (char)('0' + i) };
        struct char_backend *backend;
        if ((r = board_open_serial(b, i, id, &backend, e)) < 0)
            return r;
        struct ns16550 *u = ns16550_create(b->machine, id, PC_UART_CLOCK, backend, e);
        if (u == NULL)
            return e->code;
        board_connect(b, &u->irq, uarts[i].irq);
        q->isa.irqs_taken |= 1u << uarts[i].irq;
        q->isa.n_uarts = i + 1;
        if ((r = ports(&u->dev, q, uarts[i].port, 0, 8, e)) < 0)
            return r;
    }
    return 0;
}

int pc_build_fw_cfg(struct board *b, struct q35 *q, struct err *e)
{
    int r;
    q->fw_cfg = fw_cfg_create(b->machine, "fw_cfg", e);
    if (q->fw_cfg == NULL)
        return e->code;
    return (r = fw_cfg_map_ports(q->fw_cfg, q->ports, 0x510, e)) < 0 ? r : fw_cfg_items_add(q->fw_cfg, b, e);
}

static int build_fw_cfg(struct board *b, struct q35 *q, struct err *e)
{
    int r;
    if ((r = pc_build_fw_cfg(b, q, e)) < 0 || (r = q35_add_kernel(b, q, e)) < 0 ||
        (r = q35_add_sleep_states(b, q, e)) < 0 || (r = q35_add_smi_features(b, q, e)) < 0 ||
        (r = q35_add_cpu_registers(b, q, e)) < 0)
        return r;
    return q35_add_acpi(b, q, e);
}

int pc_open_images(struct board *b, struct q35 *q, struct err *e)
{
    static const struct boot_isa x86 = { .name = "x86", .elf_machine = EM_X86_64, .elf_machine_32 = EM_386, .linux_image = IMAGE_RAW };
    int r = boot_open_kernel(b, &x86, e);
    if (r == 0 && b->kernel != NULL)
        r = x86_kernel_find(&q->kernel, b->kernel, e);
    if (r == 0 && b->config.dtb != NULL)
        r = err_set(e, ERR_UNSUPPORTED, "a PC is described by ACPI tables; leave out the device tree '%s'", b->config.dtb);
    if (r == 0 && b->config.initrd != NULL)
        r = q->kernel.kind == X86_BZIMAGE ? image_open_raw(&b->initrd, b->config.initrd, "initrd", e)
                                          : q35_open_modules(b, b->config.initrd, e);
    if (r == 0 && b->config.shim != NULL)
        r = b->kernel != NULL && q->kernel.kind == X86_BZIMAGE
                ? image_open_raw(&b->shim, b->config.shim, "shim", e)
                : err_set(e, ERR_ARG, "shim '%s' without a bzImage that it starts; give one with -kernel", b->config.shim);
    return r;
}

void pc_describe_isa(struct q35 *q, uint32_t irqs)
{
    q->isa.ports = q->ports;
    q->isa.test_line = set_test;
    q->isa.test_arg = q;
    q->isa.irqs_taken |= irqs | 1u << 0 | 1u << 2 | 1u << Q35_IRQ_RTC;
}

int pc_build(struct board *b, const struct pc_kind *kind, struct err *e)
{
    struct q35 *q = ARENA_NEW(&b->machine->arena, struct q35);
    int r;
    if (q == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    b->parts = q;
    q->kind = kind;
    if ((r = q35_read_options(&q->options, b->config.board_options, e)) < 0 ||
        (r = parts_read_globals(&q->globals, &b->config, e)) < 0 ||
        (r = x86_config_parse(&q->cpu, b->config.cpu, NULL, e)) < 0 || (r = pc_open_images(b, q, e)) < 0 ||
        (r = pc_build_memory(b, q, e)) < 0 || (r = q35_build_firmware(b, q, e)) < 0 || (r = pc_build_cpus(b, q, e)) < 0 ||
        (r = pc_build_interrupts(b, q, e)) < 0 || (r = pc_build_timers(b, q, e)) < 0 || (r = kind->build_chipset(b, q, e)) < 0 ||
        (kind->iommu && (r = q35_build_iommu(b, q, e)) < 0) || (r = build_legacy(b, q, e)) < 0 || (r = build_fw_cfg(b, q, e)) < 0)
        return r;
    pc_describe_isa(q, 1u << Q35_IRQ_KEYBOARD | 1u << Q35_IRQ_MOUSE | 1u << 9 /* SCI */);
    const struct parts_places at = { .pci = &q->mch->bus, .isa = &q->isa, .ide = &q->ide, .fw_cfg = q->fw_cfg, .pci_path = "/pci@i0cf8",
                                     .boot_first = q35_kernel_rom(b, q), .vga_window = b->machine->memory,
                                     .vga_priority = 2, .vga_rom = "vgabios-stdvga.bin", .built = kind->iommu ? Q35_IOMMU_DRIVER : NULL };
    return parts_create(b, &at, e);
}

int pc_load_images(struct board *b, struct err *e)
{
    struct q35 *q = b->parts;
    int r = q->was_reset && q->rtc != NULL && q->boot.once[0] != 0 ? put_boot_order(q, q->boot.order, e) : 0;
    q->was_reset = true;
    if (r < 0 || b->kernel == NULL || q->rom != NULL)
        return r;
    return q35_place_kernel(b, q, e);
}

int pc_resume(struct board *b, struct err *e)
{
    struct q35 *q = b->parts;
    if (b->kernel == NULL || q->rom != NULL)
        return 0;
    return q35_resume_direct(b, q, e);
}

void pc_power_key(struct board *b)
{
    ich9_pm_raise(((struct q35 *)b->parts)->pm, ICH9_PM1_PWRBTN);
}

void pc_release(struct board *b)
{
    struct q35 *q = b->parts;
    if (q != NULL && q->ports != NULL)
        mem_space_destroy(q->ports);
}

const struct pc_kind q35_kind = {
    .low_most = Q35_LOW_MOST, .low_split = Q35_LOW_SPLIT, .ecam = Q35_ECAM, .ecam_size = 0x10000000, .aml = &x86_q35_aml,
    .gpe = 0x20, .gpe_size = 16, .hpet_routes = 0x00ff0104, .cpu_hotplug = Q35_CPU_HOTPLUG, .bios = "bios-256k.bin", .pam0 = 0x90, .smi_broadcast = true, .iommu = true,
    .build_chipset = build_chipset, .set_up = q35_set_up_chipset,
};

static int build(struct board *b, struct err *e)
{
    return pc_build(b, &q35_kind, e);
}

static const char *const aliases[] = { "q35", NULL };
static const struct board_absent absent[] = {
    { "isapc", "a PC here is -machine q35 or pc, with PCI in place of ISA cards" },
    { NULL, NULL }
};
extern const struct board_ops board_x86_q35;
const struct board_ops board_x86_q35 = {
    .name = "x86-q35", .doc = "PC with Intel's Q35 chipset and an ICH9", .aliases = aliases,
    .versions = "pc-q35-", .absent = absent, .isa = &x86_isa, .qemu_arch = "x86_64", .default_cpu = "max",
    .max_cpus = BOARD_MAX_CPUS, .levels = BOARD_DIES | BOARD_MODULES, .default_memory = 512ull << 20,
    .ide = { .buses = AHCI_PORTS, .units = 1 }, .has_screen = true,
    .devices = parts_devices, .build = build, .load_images = pc_load_images, .resume = pc_resume,
    .power_key = pc_power_key, .wake_key = q35_wake_key, .release = pc_release,
};
