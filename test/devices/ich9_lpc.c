/* SPDX-License-Identifier: Apache-2.0 */
/* ICH9's LPC bridge: Intel 316972, 13.1 and 10.1. */
#include "devices/ich9_lpc.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { PMBASE = 0x40, ACPI_CNTL = 0x44, PIRQA = 0x60, PIRQE = 0x68, LPC_EN = 0x82, PMCON1 = 0xa0, RCBA = 0xf0 };
enum { D31IR = 0x3140, D30IR = 0x3142, D25IR = 0x3150, OIC = 0x31ff, GCS = 0x3410 };

#define RCRB 0xfed1c000ull

/* A function that has nothing but an interrupt pin. */
struct puller {
    struct device dev;
    struct pci_function pci;
};

static struct machine *m;
static struct mem_space *io;
static struct pci_bus bus;
static struct ich9_pm *pm;
static struct ich9_lpc *lpc;
static struct line_log pic[16], ioapic[24];

static void no_sleep(void *arg, unsigned type)
{
    (void)arg, (void)type;
}

static void no_reset(void *arg)
{
    (void)arg;
}

/* `b`: made in this bus; ports beside memory, which is all the same to them. */
static struct ich9_lpc *build(struct machine *machine, struct pci_bus *b, struct mem_space *ports)
{
    struct err e = { 0 };
    const struct ich9_pm_config p = { .io = ports, .smm = true, .sleep = no_sleep, .wake = no_reset, .reset = no_reset };
    struct ich9_lpc_config c = { .memory = machine->memory, .bus = b, .lpc_en = 0x0007 };

    pci_bus_init(b, machine, &(struct pci_windows){ machine->memory, ports }, NULL, NULL);
    c.pm = ich9_pm_create(machine, "pm", &p, &e);
    ck_assert_msg(c.pm != NULL, "%s", e.text);
    struct ich9_lpc *l = ich9_lpc_create(machine, "lpc", &c, &e);
    ck_assert_msg(l != NULL, "%s", e.text);
    return l;
}

static struct device *make(struct machine *machine, void *arg)
{
    struct pci_bus *b = ARENA_NEW(&machine->arena, struct pci_bus);

    (void)arg;
    return &build(machine, b, machine->memory)->dev;
}

static void puller_reset(void *dev)
{
    pci_reset(&((struct puller *)dev)->pci);
}

static void puller_loaded(void *dev)
{
    pci_loaded(&((struct puller *)dev)->pci);
}

static const struct state_field puller_state[] = { STATE_SUB(puller, pci, pci_function_state), STATE_END };
static const struct device_ops puller_ops = { .name = "puller", .size = sizeof(struct puller),
                                              .state = puller_state, .version = 1,
                                              .reset = puller_reset, .loaded = puller_loaded };

static void begin(void)
{
    m = device_generic_machine();
    io = mem_space_create("io");
    lpc = build(m, &bus, io);
    pm = lpc->config.pm;
    for (uint32_t i = 0; i < 16; i++)
        irq_connect(&lpc->pic[i], line_log_set, &pic[i], i);
    for (uint32_t i = 0; i < 24; i++)
        irq_connect(&lpc->ioapic[i], line_log_set, &ioapic[i], i);
}

static void setup(void)
{
    for (unsigned i = 0; i < 16; i++)
        pic[i] = (struct line_log){ 0 };
    for (unsigned i = 0; i < 24; i++)
        ioapic[i] = (struct line_log){ 0 };
    begin();
    machine_reset(m);
}

static void teardown(void)
{
    mem_space_destroy(io);
    machine_destroy(m);
}

static struct puller *plug(unsigned slot, unsigned pin)
{
    static const struct pci_ids ids = { .vendor = 0x1234, .device = 0x5678, .class_code = 0xff0000 };
    struct err e = { 0 };
    struct puller *p = device_create(m, &puller_ops, "puller", &e);

    ck_assert_ptr_nonnull(p);
    pci_init(&p->pci, &p->dev, NULL, &ids, (uint8_t)(pin + 1));
    ck_assert_msg(pci_plug(&bus, &p->pci, PCI_DEVFN(slot, slot == 31 ? 2 : 0), &e) >= 0, "%s", e.text);
    pci_reset(&p->pci);
    return p;
}

static uint32_t get(uint32_t offset, unsigned size)
{
    return pci_config_read(&bus, PCI_DEVFN(31, 0), offset, size);
}

static void put(uint32_t offset, unsigned size, uint32_t v)
{
    pci_config_write(&bus, PCI_DEVFN(31, 0), offset, size, v);
}

static uint32_t rcrb(uint32_t offset, unsigned size)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(m->memory, RCRB + offset, size, &v, NULL), MEM_OK);
    return (uint32_t)v;
}

static void put_rcrb(uint32_t offset, unsigned size, uint32_t v)
{
    ck_assert_int_eq(mem_store(m->memory, RCRB + offset, size, v, NULL), MEM_OK);
}

/* Which of them are asserted. */
static uint32_t pic_lines(void)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 16; i++)
        v |= (uint32_t)pic[i].level << i;
    return v;
}

static uint32_t ioapic_lines(void)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 24; i++)
        v |= (uint32_t)ioapic[i].level << i;
    return v;
}

static const struct { uint32_t offset; unsigned size; uint32_t value, ones; } registers[] = {
    { 0x00, 4, 0x29188086, 0x29188086 }, { 0x08, 4, 0x06010002, 0x06010002 }, { 0x0e, 1, 0x80, 0x80 },
    { 0x2c, 4, 0x11001af4, 0x11001af4 }, { PMBASE, 4, 0x00000001, 0x0000ff81 }, { ACPI_CNTL, 1, 0, 0x87 },
    { PIRQA, 4, 0x80808080, 0x8f8f8f8f }, { PIRQE, 4, 0x80808080, 0x8f8f8f8f },
    { LPC_EN, 2, 0x0007, 0x0007 }, { PMCON1, 2, 0, 0x0413 }, { RCBA, 4, 0, 0xffffc001 },
};
START_TEST(configuration)
{
    ck_assert_uint_eq(get(registers[_i].offset, registers[_i].size), registers[_i].value);
    put(registers[_i].offset, registers[_i].size, 0xffffffff);
    ck_assert_uint_eq(get(registers[_i].offset, registers[_i].size), registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(get(registers[_i].offset, registers[_i].size), registers[_i].value);
}
END_TEST

START_TEST(pm_block_moves)
{
    ck_assert_uint_eq(mem_port_in(io, 0x600, 4, NULL), 0xffffffff);
    put(PMBASE, 4, 0x601);
    ck_assert_uint_eq(mem_port_in(io, 0x600, 4, NULL), 0xffffffff); /* not without ACPI_CNTL's bit 7 */
    put(ACPI_CNTL, 1, 0x80);
    ck_assert_uint_eq(mem_port_in(io, 0x600, 4, NULL), 0);
    ck_assert_uint_eq(mem_port_in(io, 0x604, 4, NULL), 0);
    put(PMBASE, 4, 0xb001);
    ck_assert_uint_eq(mem_port_in(io, 0x604, 4, NULL), 0xffffffff);
    ck_assert_uint_eq(mem_port_in(io, 0xb004, 4, NULL), 0);
    machine_reset(m);
    ck_assert_uint_eq(mem_port_in(io, 0xb004, 4, NULL), 0xffffffff);
}
END_TEST

START_TEST(chipset_registers)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, RCRB + D31IR, 2, &v, NULL), MEM_NOTHING);
    put(RCBA, 4, RCRB | 1);
    for (uint32_t at = D31IR; at <= 0x3148; at += 2)
        ck_assert_uint_eq(rcrb(at, 2), at == D30IR ? 0 : 0x3210);
    ck_assert_uint_eq(rcrb(0x314c, 2), 0x3210);
    ck_assert_uint_eq(rcrb(D25IR, 2), 0x3210);
    ck_assert_uint_eq(rcrb(D31IR, 4), 0x3210);
    put_rcrb(D31IR, 4, 0xffffffff);
    ck_assert_uint_eq(rcrb(D31IR, 4), 0x7777);
    put_rcrb(OIC, 1, 0xff);
    ck_assert_uint_eq(rcrb(OIC, 1), 3);
    put_rcrb(GCS, 4, 0xffffffff);
    ck_assert_uint_eq(rcrb(GCS, 4), 0x20);
    ck_assert(pm->no_reboot);
}
END_TEST

/* Slot, pin (0: INTA), DxxIR where it has one: which PIRQ. */
static const struct { unsigned slot, pin; uint32_t ir, value; unsigned pirq; } routes[] = {
    { 1, 0, 0, 0, 5 }, { 2, 0, 0, 0, 6 }, { 3, 3, 0, 0, 6 }, { 4, 0, 0, 0, 4 }, { 24, 1, 0, 0, 5 },
    { 25, 0, D25IR, 0x3210, 0 }, { 26, 1, 0x314c, 0x3270, 7 }, { 27, 2, 0x3148, 0x3410, 4 },
    { 28, 3, 0x3146, 0x3210, 3 }, { 29, 0, 0x3144, 0x3215, 5 }, { 30, 0, 0, 0, 4 }, { 30, 3, 0, 0, 7 },
    { 31, 0, D31IR, 0x3210, 0 }, { 31, 1, D31IR, 0x3260, 6 },
};
START_TEST(pci_interrupts)
{
    struct puller *p = plug(routes[_i].slot, routes[_i].pin);
    unsigned pirq = routes[_i].pirq;

    put(RCBA, 4, RCRB | 1);
    if (routes[_i].ir)
        put_rcrb(routes[_i].ir, 2, routes[_i].value);
    pci_set_intx(&p->pci, true);
    ck_assert_uint_eq(ioapic_lines(), 0x10000u << pirq);
    ck_assert_uint_eq(pic_lines(), 0);
    put(pirq < 4 ? PIRQA + pirq : PIRQE + pirq - 4, 1, 10); /* while it is asserted */
    ck_assert_uint_eq(pic_lines(), 1 << 10);
    put(pirq < 4 ? PIRQA + pirq : PIRQE + pirq - 4, 1, 11);
    ck_assert_uint_eq(pic_lines(), 1 << 11);
    put(pirq < 4 ? PIRQA + pirq : PIRQE + pirq - 4, 1, 13); /* the coprocessor's: no */
    ck_assert_uint_eq(pic_lines(), 0);
    pci_set_intx(&p->pci, false);
    ck_assert_uint_eq(ioapic_lines(), 0);
}
END_TEST

/* DxxIR written while the pin is asserted. */
START_TEST(rerouted)
{
    struct puller *p = plug(31, 0);

    put(RCBA, 4, RCRB | 1);
    pci_set_intx(&p->pci, true);
    ck_assert_uint_eq(ioapic_lines(), 1 << 16);
    put_rcrb(D31IR, 2, 0x3217);
    ck_assert_uint_eq(ioapic_lines(), 1 << 23);
    pci_set_intx(&p->pci, false);
    ck_assert_uint_eq(ioapic_lines(), 0);
}
END_TEST

/* ACPI_CNTL 2:0: SCI on IRQ 9, 10, 11 of both chips, or on the I/O APIC's 20 to 23. */
static const struct { unsigned sel; uint32_t pic, ioapic; } scis[] = {
    { 0, 1 << 9, 1 << 9 }, { 1, 1 << 10, 1 << 10 }, { 2, 1 << 11, 1 << 11 }, { 4, 0, 1 << 20 },
    { 5, 0, 1 << 21 }, { 6, 0, 1 << 22 }, { 7, 0, 1 << 23 },
};
START_TEST(sci)
{
    put(ACPI_CNTL, 1, 0x80 | scis[_i].sel);
    put(PMBASE, 4, 0x601);
    mem_port_out(io, 0x604, 2, 1, NULL);
    mem_port_out(io, 0x602, 2, 0x100, NULL);
    ck_assert_uint_eq(pic_lines() | ioapic_lines(), 0);
    ich9_pm_raise(pm, ICH9_PM1_PWRBTN);
    ck_assert_uint_eq(pic_lines(), scis[_i].pic);
    ck_assert_uint_eq(ioapic_lines(), scis[_i].ioapic);
    mem_port_out(io, 0x600, 2, 0x100, NULL);
    ck_assert_uint_eq(pic_lines() | ioapic_lines(), 0);
}
END_TEST

/* The SCI and a PIRQ on one IRQ: high while either is. */
START_TEST(shared)
{
    struct puller *p = plug(1, 0);

    put(PIRQE, 4, 0x09090909);
    put(ACPI_CNTL, 1, 0x80);
    put(PMBASE, 4, 0x601);
    mem_port_out(io, 0x604, 2, 1, NULL);
    mem_port_out(io, 0x602, 2, 0x100, NULL);
    ich9_pm_raise(pm, ICH9_PM1_PWRBTN);
    pci_set_intx(&p->pci, true);
    mem_port_out(io, 0x600, 2, 0x100, NULL);
    ck_assert_uint_eq(pic_lines(), 1 << 9);
    ck_assert_uint_eq(ioapic_lines(), 1 << 21);
    pci_set_intx(&p->pci, false);
    ck_assert_uint_eq(pic_lines(), 0);
    ck_assert_uint_eq(pic[9].rises, 1);
}
END_TEST

START_TEST(smi_lock)
{
    put(PMCON1, 2, 0x10);
    put(PMCON1, 2, 0x00);
    ck_assert_uint_eq(get(PMCON1, 2), 0x10);
    ck_assert(pm->smi_lock);
    machine_reset(m);
    ck_assert(!pm->smi_lock);
    put(PMCON1, 2, 0x03);
    ck_assert_uint_eq(get(PMCON1, 2), 0x03);
}
END_TEST

START_TEST(restored)
{
    struct machine *old = m;
    struct mem_space *old_io = io;
    struct puller *p = plug(31, 0);

    put(RCBA, 4, RCRB | 1);
    put(PMBASE, 4, 0x601);
    put(ACPI_CNTL, 1, 0x80);
    put(PIRQA, 1, 5);
    pci_set_intx(&p->pci, true);
    begin();
    p = plug(31, 0);
    machine_reset(m);
    device_generic_copy(old, m);
    ck_assert(lpc->pic[5].level);
    ck_assert(lpc->ioapic[16].level);
    ck_assert_uint_eq(rcrb(D31IR, 2), 0x3210);
    ck_assert_uint_eq(mem_port_in(io, 0x604, 4, NULL), 0);
    ck_assert(pic[5].level);
    pci_set_intx(&p->pci, false);
    ck_assert(!pic[5].level);
    mem_space_destroy(old_io);
    machine_destroy(old);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .steps = 500 });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.ich9_lpc");
    TCase *t = tcase_create("generic"), *u = tcase_create("lpc");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_loop_test(u, configuration, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(u, pm_block_moves);
    tcase_add_test(u, chipset_registers);
    tcase_add_loop_test(u, pci_interrupts, 0, (int)ARRAY_LEN(routes));
    tcase_add_test(u, rerouted);
    tcase_add_loop_test(u, sci, 0, (int)ARRAY_LEN(scis));
    tcase_add_test(u, shared);
    tcase_add_test(u, smi_lock);
    tcase_add_test(u, restored);
    suite_add_tcase(s, u);
    return s;
}
