/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a PC together, wired as a board wires them: interrupts from device to vector, and
 * any access to any port with a restore now and then.
 *
 *   PIT, RTC -> HPET -> IRQ0, IRQ8 -+-> 8259, driver 0 -> INTR
 *   8042, UART ---------------------+-> I/O APIC, driver 0 (IRQ0 at pin 2) -> messages
 *   LPC: PIRQA..H, SCI -------------+-> both, driver 1        HPET -> I/O APIC, driver 2
 */
#include "core/util/bits.h"
#include "core/util/hash.h"
#include "devices/hpet.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/ich9_lpc.h"
#include "devices/ich9_smbus.h"
#include "devices/isa_debug.h"
#include "devices/mc146818.h"
#include "devices/ns16550.h"
#include "devices/pc_testdev.h"
#include "devices/pci/ports.h"
#include "devices/port92.h"
#include "devices/q35_mch.h"
#include "irqchip/i8259.h"
#include "irqchip/ioapic.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

#define LOW_RAM (4ull << 20)

struct pc {
    struct machine *m;
    struct mem_space *io;
    struct i8259 *pic;
    struct ioapic *ioapic;
    struct i8254 *pit;
    struct mc146818 *rtc;
    struct hpet *hpet;
    struct i8042 *i8042;
    struct ns16550 *uart;
    struct q35_mch *mch;
    struct ich9_pm *pm;
    struct ich9_lpc *lpc;
    struct ich9_smbus *smbus;
    unsigned messages, smis, sleeps, resets;
    uint64_t address;
    uint32_t data;
};

static struct err e;

static void deliver(void *arg, uint64_t address, uint32_t data)
{
    struct pc *p = arg;

    p->messages++;
    p->address = address;
    p->data = data;
}

static void count_smi(void *arg, bool all)
{
    (void)all;
    ((struct pc *)arg)->smis++;
}

static void count_sleep(void *arg, unsigned type)
{
    (void)type;
    ((struct pc *)arg)->sleeps++;
}

static void count_reset(void *arg)
{
    ((struct pc *)arg)->resets++;
}

/* An ISA interrupt: to both chips, the timer's at pin 2. */
static void isa_irq(void *arg, uint32_t n, bool level)
{
    struct pc *p = arg;

    i8259_set_level(p->pic, n, level);
    ioapic_set_level(p->ioapic, n == 0 ? 2 : n, level);
}

static void rtc_irq(void *arg, uint32_t n, bool level)
{
    struct pc *p = arg;

    ich9_pm_set_rtc(p->pm, n, level);
    hpet_set_rtc(p->hpet, n, level);
}

static void map(struct pc *p, struct device *dev, uint16_t port, uint32_t offset, uint32_t n)
{
    ck_assert_msg(device_map_ports(dev, p->io, port, offset, n, &e) == 0, "%s", e.text);
}

static void make_isa(struct pc *p)
{
    struct machine *m = p->m;
    struct port92 *port92 = port92_create(m, "port92", &e);

    ck_assert_ptr_nonnull(p->pit = i8254_create(m, "pit", &e));
    ck_assert_ptr_nonnull(p->rtc = mc146818_create(m, "rtc", &e));
    ck_assert_ptr_nonnull(p->i8042 = i8042_create(m, "i8042", NULL, &e));
    ck_assert_ptr_nonnull(p->uart = ns16550_create(m, "serial0", 1843200, NULL, &e));
    ck_assert_ptr_nonnull(port92);
    map(p, &p->pit->dev, 0x40, 0x40, 4);
    map(p, &p->pit->dev, 0x61, 0x61, 1);
    map(p, &p->rtc->dev, 0x70, 0x70, 4);
    map(p, &p->i8042->dev, 0x60, 0x60, 1);
    map(p, &p->i8042->dev, 0x64, 0x64, 1);
    map(p, &p->uart->dev, 0x3f8, 0, 8);
    map(p, &port92->dev, 0x92, 0, 1);
    irq_connect(&p->pit->irq, hpet_set_pit, p->hpet, 0);
    irq_connect(&p->rtc->irq, rtc_irq, p, 8);
    irq_connect(&p->i8042->irq1, isa_irq, p, 1);
    irq_connect(&p->i8042->irq12, isa_irq, p, 12);
    irq_connect(&p->uart->irq, isa_irq, p, 4);
    irq_connect(&p->hpet->irq0, isa_irq, p, 0);
    irq_connect(&p->hpet->irq8, isa_irq, p, 8);
    for (uint32_t i = 0; i < IOAPIC_PINS; i++)
        irq_connect(&p->hpet->gsi[i], ioapic_set_level, p->ioapic, 2 * 32 + i);
}

static void make_chipset(struct pc *p)
{
    struct machine *m = p->m;
    struct q35_mch_config mch = { .memory = m->memory, .io = p->io, .low_ram = LOW_RAM };
    struct ich9_pm_config pm = { .io = p->io, .smm = true, .smi = count_smi, .sleep = count_sleep, .wake = count_reset,
                                 .reset = count_reset, .arg = p };
    struct ich9_lpc_config lpc = { .memory = m->memory };

    ck_assert_int_eq(machine_add_ram(m, "ram", LOW_RAM, &mch.ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(m->memory, "low", 0, mch.ram, 0, LOW_RAM, 0, NULL, &e), 0);
    ck_assert_msg((p->mch = q35_mch_create(m, "mch", &mch, &e)) != NULL, "%s", e.text);
    ck_assert_ptr_nonnull(pci_ports_create(m, "pci-ports", p->io, &p->mch->bus, &e));
    ck_assert_ptr_nonnull(p->pm = ich9_pm_create(m, "pm", &pm, &e));
    lpc.bus = &p->mch->bus;
    lpc.pm = p->pm;
    ck_assert_ptr_nonnull(p->lpc = ich9_lpc_create(m, "lpc", &lpc, &e));
    ck_assert_ptr_nonnull(p->smbus = ich9_smbus_create(m, "smbus", lpc.bus, NULL, &e));
    for (uint32_t i = 0; i < ARRAY_LEN(p->lpc->pic); i++)
        irq_connect(&p->lpc->pic[i], i8259_set_level, p->pic, 1 * 16 + i);
    for (uint32_t i = 0; i < ARRAY_LEN(p->lpc->ioapic); i++)
        irq_connect(&p->lpc->ioapic[i], ioapic_set_level, p->ioapic, 1 * 32 + i);
}

static struct pc *pc_create(void)
{
    const struct hpet_config hpet = { .routes = 0x00ff0104 };
    struct machine *m = device_generic_machine();
    struct pc *p = ARENA_NEW(&m->arena, struct pc);

    ck_assert_ptr_nonnull(p);
    *p = (struct pc){ .m = m, .io = mem_space_create("io") };
    ck_assert_ptr_nonnull(p->pic = i8259_create(m, "pic", &e));
    ck_assert_ptr_nonnull(p->ioapic = ioapic_create(m, "ioapic", deliver, p, &e));
    ck_assert_ptr_nonnull(p->hpet = hpet_create(m, "hpet", &hpet, &e));
    map(p, &p->pic->dev, 0x20, 0x20, 2);
    map(p, &p->pic->dev, 0xa0, 0xa0, 2);
    map(p, &p->pic->dev, 0x4d0, 0x4d0, 2);
    ck_assert_int_eq(device_map(&p->ioapic->dev, m->memory, 0xfec00000, &e), 0);
    ck_assert_int_eq(device_map(&p->hpet->dev, m->memory, 0xfed00000, &e), 0);
    make_isa(p);
    make_chipset(p);
    ck_assert_ptr_nonnull(pc_testdev_create(m, "testdev", m->memory, p->io, &e));
    machine_reset(m);
    return p;
}

static void pc_destroy(struct pc *p)
{
    mem_space_destroy(p->io);
    machine_destroy(p->m);
}

static struct pc *pc_replace(struct pc *p)
{
    struct pc *fresh = pc_create();

    device_generic_copy(p->m, fresh->m);
    ck_assert_int_eq(fresh->pic->intr.level, p->pic->intr.level);
    pc_destroy(p);
    return fresh;
}

static void outl(struct pc *p, uint16_t port, uint32_t v)
{
    mem_port_out(p->io, port, 4, v, NULL);
}

/* A BIOS's set-up: vectors 8 and 70h; PIRQs to 10 and 11, level; PM at 600h. */
static void set_up(struct pc *p)
{
    static const uint8_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x08 }, { 0x21, 0x04 }, { 0x21, 0x01 },
                                        { 0xa0, 0x11 }, { 0xa1, 0x70 }, { 0xa1, 0x02 }, { 0xa1, 0x01 } };

    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        outb(p->io, words[i][0], words[i][1]);
    mem_port_out(p->io, 0x4d0, 2, 0x0e00, NULL); /* 9, 10, 11 */
    outl(p, 0xcf8, 0x8000f860);
    outl(p, 0xcfc, 0x0b0b0a0a);
    outl(p, 0xcf8, 0x8000f868);
    outl(p, 0xcfc, 0x0b0b0a0a);
    outl(p, 0xcf8, 0x8000f840);
    outl(p, 0xcfc, 0x601);
    outl(p, 0xcf8, 0x8000f844);
    outb(p->io, 0xcfc, 0x80);
}

static void set_entry(struct pc *p, unsigned pin, uint32_t low)
{
    ck_assert_int_eq(mem_store(p->m->memory, 0xfec00000, 4, 0x10 + 2 * pin, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(p->m->memory, 0xfec00010, 4, low, NULL), MEM_OK);
}

static void end(struct pc *p, bool slave)
{
    if (slave)
        outb(p->io, 0xa0, 0x20);
    outb(p->io, 0x20, 0x20);
}

START_TEST(timer)
{
    struct pc *p = pc_create();

    set_up(p);
    outb(p->io, 0x43, 0x34);
    outb(p->io, 0x40, 0x9c); /* 11932: 10 ms */
    outb(p->io, 0x40, 0x2e);
    for (unsigned i = 1; i <= 3; i++) {
        ev_run(p->m->queue, i * 10 * PS_PER_MS + PS_PER_MS);
        p = pc_replace(p);
        ck_assert(p->pic->intr.level);
        ck_assert_uint_eq(i8259_acknowledge(p->pic), 0x08);
        ck_assert(!p->pic->intr.level);
        end(p, false);
    }
    /* With the HPET in its place the PIT is heard no more. */
    ck_assert_int_eq(mem_store(p->m->memory, 0xfed00010, 4, 2, NULL), MEM_OK);
    ev_run(p->m->queue, 100 * PS_PER_MS);
    ck_assert(!p->pic->intr.level);
    set_entry(p, 2, 0x30);
    ck_assert_int_eq(mem_store(p->m->memory, 0xfed00100, 4, 4, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(p->m->memory, 0xfed00108, 8, 1000, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(p->m->memory, 0xfed00010, 4, 3, NULL), MEM_OK);
    ev_run(p->m->queue, 101 * PS_PER_MS);
    ck_assert_uint_eq(i8259_acknowledge(p->pic), 0x08);
    ck_assert_uint_eq(p->messages, 1);
    ck_assert_uint_eq(p->data, 0x30);
    pc_destroy(p);
}
END_TEST

START_TEST(keyboard_and_clock)
{
    struct pc *p = pc_create();

    set_up(p);
    outb(p->io, 0x60, 0xf2); /* read id: three bytes, three interrupts */
    for (unsigned i = 0; i < 3; i++) {
        static const uint8_t id[] = { 0xfa, 0xab, 0x83 };
        ck_assert(p->pic->intr.level);
        ck_assert_uint_eq(i8259_acknowledge(p->pic), 0x09);
        ck_assert_uint_eq(inb(p->io, 0x60), id[i]);
        end(p, false);
    }
    ck_assert(!p->pic->intr.level);
    outb(p->io, 0x70, 0x0b);
    outb(p->io, 0x71, 0x12); /* update-ended interrupt */
    ev_run(p->m->queue, PS_PER_SEC);
    p = pc_replace(p);
    ck_assert_uint_eq(i8259_acknowledge(p->pic), 0x70);
    ck_assert_uint_eq(mem_port_in(p->io, 0x600, 2, NULL) & 0x400, 0x400); /* RTC_STS */
    outb(p->io, 0x70, 0x0c);
    ck_assert_uint_eq(inb(p->io, 0x71) & 0x90, 0x90);
    end(p, true);
    ck_assert(!p->pic->intr.level);
    pc_destroy(p);
}
END_TEST

/* SMBus pulls INTA of 1f.3: D31IR's first nibble, PIRQA, IRQ 10 and pin 16. */
START_TEST(pci_interrupt)
{
    struct pc *p = pc_create();

    set_up(p);
    set_entry(p, 16, 0x80b0);
    pci_set_intx(&p->smbus->pci, true);
    p = pc_replace(p);
    ck_assert_uint_eq(i8259_acknowledge(p->pic), 0x72);
    end(p, true);
    ck_assert(p->pic->intr.level); /* level: still there */
    ioapic_end_of_interrupt(p->ioapic, 0xb0);
    ck_assert_uint_eq(p->messages, 1);
    ck_assert_uint_eq(p->data, 0xc0b0);
    pci_set_intx(&p->smbus->pci, false);
    ck_assert(!p->pic->intr.level);
    ioapic_end_of_interrupt(p->ioapic, 0xb0);
    ck_assert_uint_eq(p->messages, 1);
    pc_destroy(p);
}
END_TEST

START_TEST(power_button)
{
    struct pc *p = pc_create();

    set_up(p);
    outb(p->io, 0xb2, 0x02); /* ACPI on */
    mem_port_out(p->io, 0x602, 2, 0x100, NULL);
    ich9_pm_raise(p->pm, ICH9_PM1_PWRBTN);
    ck_assert_uint_eq(i8259_acknowledge(p->pic), 0x71); /* SCI: IRQ 9 */
    mem_port_out(p->io, 0x600, 2, 0x100, NULL);
    end(p, true);
    ck_assert(!p->pic->intr.level);
    mem_port_out(p->io, 0x604, 2, 0x2001, NULL);
    ck_assert_uint_eq(p->sleeps, 1);
    pc_destroy(p);
}
END_TEST

static uint64_t next(uint64_t *x)
{
    return hash_mix(*x += 0x9e3779b97f4a7c15ull);
}

/* Ports that are somebody's, more often than others. */
static uint16_t some_port(uint64_t *x)
{
    static const uint16_t ranges[][2] = {
        { 0x20, 2 }, { 0xa0, 2 }, { 0x4d0, 2 }, { 0x40, 4 }, { 0x60, 5 }, { 0x70, 4 }, { 0x92, 1 },
        { 0xb2, 2 }, { 0x3f8, 8 }, { 0xcf8, 8 }, { 0xcfc, 4 }, { 0x600, 0x80 }, { 0xe0, 12 },
    };
    uint64_t v = next(x);

    if (v % 32 == 0)
        return (uint16_t)(v >> 16);
    const uint16_t *r = ranges[(v >> 8) % ARRAY_LEN(ranges)];
    return (uint16_t)(r[0] + (v >> 16) % r[1]);
}

/* Configuration accesses mostly reach functions that are there. */
static uint32_t some_value(uint64_t *x, uint16_t port)
{
    static const uint32_t functions[] = { 0x80000000, 0x8000f800, 0x8000fb00 };
    uint64_t v = next(x);

    if (port == 0xcf8 && v % 4)
        return functions[v % 3] | ((v >> 8) & 0xfc);
    return v % 2 ? (uint32_t)(v >> 8) : (uint32_t)(v >> 8) & 0xff;
}

/* Whatever software does to the ports, a machine restored now and then is the same. */
START_TEST(any_port)
{
    struct pc *never = pc_create(), *often = pc_create();
    uint64_t x = (uint64_t)_i;

    set_up(never);
    set_up(often);
    for (unsigned i = 0; i < 4000; i++) {
        uint16_t port = some_port(&x);
        unsigned size = 1u << next(&x) % 3;
        uint32_t value = some_value(&x, port);
        if (next(&x) % 4 == 0) {
            uint32_t a = mem_port_in(never->io, port, size, NULL);
            uint32_t b = mem_port_in(often->io, port, size, NULL);
            ck_assert_msg(a == b, "port %#x, %u bytes: %#x and %#x", port, size, a, b);
        } else {
            mem_port_out(never->io, port, size, value, NULL);
            mem_port_out(often->io, port, size, value, NULL);
        }
        if (i % 8 == 0) {
            ps_t until = ev_now(never->m->queue) + value % (PS_PER_MS * 5);
            ev_run(never->m->queue, until);
            ev_run(often->m->queue, until);
        }
        if (never->pic->intr.level && next(&x) % 2)
            ck_assert_uint_eq(i8259_acknowledge(never->pic), i8259_acknowledge(often->pic));
        if (i % 256 == 255)
            often = pc_replace(often);
    }
    ck_assert_msg(machine_hash(never->m) == machine_hash(often->m), "the machines went apart");
    machine_reset(never->m);
    pc_destroy(never);
    pc_destroy(often);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pc_parts");
    TCase *t = tcase_create("parts");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, timer);
    tcase_add_test(t, keyboard_and_clock);
    tcase_add_test(t, pci_interrupt);
    tcase_add_test(t, power_button);
    tcase_add_loop_test(t, any_port, 0, 16);
    suite_add_tcase(s, t);
    return s;
}
