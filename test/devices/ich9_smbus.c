/* SPDX-License-Identifier: Apache-2.0 */
/* ICH9's SMBus controller: Intel 316972, 18; transactions of SMBus 2.0, 5.5. */
#include "devices/ich9_smbus.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { BASE = 0x700, STS = 0x700, CNT = 0x702, CMD = 0x703, ADDR = 0x704, D0 = 0x705, D1 = 0x706, DB = 0x707,
       AUX = 0x70d, START = 0x40, READ = 1 };

static struct machine *m;
static struct mem_space *io;
static struct pci_bus bus;
static struct ich9_smbus *s;
static uint8_t spd[256];
static struct line_log intx;

static void set_intx(void *bridge, unsigned line, bool level)
{
    line_log_set(bridge, line, level);
}

static struct ich9_smbus *build(struct machine *machine, struct pci_bus *b, struct mem_space *ports)
{
    static const uint8_t *const eeproms[ICH9_SMBUS_EEPROMS] = { [1] = spd };
    struct err e = { 0 };

    pci_bus_init(b, machine, &(struct pci_windows){ machine->memory, ports }, set_intx, &intx);
    struct ich9_smbus *made = ich9_smbus_create(machine, "smbus", b, eeproms, &e);
    ck_assert_msg(made != NULL, "%s", e.text);
    return made;
}

static struct device *make(struct machine *machine, void *arg)
{
    (void)arg;
    return &build(machine, ARENA_NEW(&machine->arena, struct pci_bus), machine->memory)->dev;
}

static void setup(void)
{
    for (unsigned i = 0; i < 256; i++)
        spd[i] = (uint8_t)(i ^ 0xa5);
    intx = (struct line_log){ 0 };
    m = device_generic_machine();
    io = mem_space_create("io");
    s = build(m, &bus, io);
    machine_reset(m);
    pci_config_write(&bus, PCI_DEVFN(31, 3), 0x20, 4, BASE);
    pci_config_write(&bus, PCI_DEVFN(31, 3), 0x04, 2, 1);
    pci_config_write(&bus, PCI_DEVFN(31, 3), 0x40, 1, 1);
}

static void teardown(void)
{
    mem_space_destroy(io);
    machine_destroy(m);
}

/* Status after a transaction; cleared again. */
static uint8_t run(uint8_t address, uint8_t command, unsigned kind)
{
    outb(io, ADDR, address);
    outb(io, CMD, command);
    outb(io, CNT, (uint8_t)(START | kind << 2));
    uint8_t v = inb(io, STS);
    outb(io, STS, 0xff);
    return v;
}

START_TEST(function)
{
    ck_assert_uint_eq(pci_config_read(&bus, PCI_DEVFN(31, 3), 0, 4), 0x29308086);
    ck_assert_uint_eq(pci_config_read(&bus, PCI_DEVFN(31, 3), 8, 4), 0x0c050002);
    ck_assert_uint_eq(pci_config_read(&bus, PCI_DEVFN(31, 3), 0x20, 4), BASE | 1);
    ck_assert_uint_eq(inb(io, 0x709), 0x44);
    pci_config_write(&bus, PCI_DEVFN(31, 3), 0x40, 1, 0);
    ck_assert_uint_eq(inb(io, 0x709), 0xff);
}
END_TEST

/* Address (write form), direction, command, kind: status, D0, D1. */
static const struct { uint8_t address, command, kind, status, d0, d1; } transactions[] = {
    { 0xa2, 0, 0, 0x02, 0, 0 },                              /* quick */
    { 0xa2 | READ, 0x10, 2, 0x02, 0x10 ^ 0xa5, 0 },          /* byte data */
    { 0xa2 | READ, 0xff, 3, 0x02, 0xff ^ 0xa5, 0xa5 },       /* word data, over the end */
    { 0xa2 | READ, 0x00, 1, 0x02, 0xa5, 0 },                 /* receive byte: from offset 0 */
    { 0xa2, 0x10, 2, 0x04, 0, 0 },                           /* read-only */
    { 0xa0 | READ, 0, 2, 0x04, 0, 0 },                       /* nobody */
    { 0x12 | READ, 0, 2, 0x04, 0, 0 },
    { 0xa2 | READ, 0, 4, 0x10, 0, 0 },                       /* process call: not modelled */
    { 0xa2 | READ, 0, 5, 0x10, 0, 0 },                       /* block without the buffer */
};
START_TEST(eeprom)
{
    ck_assert_uint_eq(run(transactions[_i].address, transactions[_i].command, transactions[_i].kind),
                      transactions[_i].status);
    ck_assert_uint_eq(inb(io, D0), transactions[_i].d0);
    ck_assert_uint_eq(inb(io, D1), transactions[_i].d1);
    ck_assert_uint_eq(inb(io, CNT) & START, 0);
}
END_TEST

START_TEST(sequential)
{
    ck_assert_uint_eq(run(0xa2, 0x40, 1), 0x02); /* send byte: the offset */
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(run(0xa2 | READ, 0, 1), 0x02);
        ck_assert_uint_eq(inb(io, D0), (0x40 + i) ^ 0xa5);
    }
}
END_TEST

START_TEST(blocks)
{
    outb(io, AUX, 2);
    spd[0x20] = 4;
    ck_assert_uint_eq(run(0xa2 | READ, 0x20, 5), 0x02);
    ck_assert_uint_eq(inb(io, D0), 4);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(inb(io, DB), (0x21 + i) ^ 0xa5);
    (void)inb(io, CNT); /* back to the first */
    ck_assert_uint_eq(inb(io, DB), 0x21 ^ 0xa5);
    spd[0x20] = 200;
    (void)run(0xa2 | READ, 0x20, 5);
    ck_assert_uint_eq(inb(io, D0), 32);
}
END_TEST

START_TEST(interrupt)
{
    outb(io, ADDR, 0xa2 | READ);
    outb(io, CNT, START | 2 << 2);
    ck_assert(!intx.level);
    outb(io, CNT, START | 2 << 2 | 1);
    ck_assert(intx.level);
    outb(io, STS, 2);
    ck_assert(!intx.level);
}
END_TEST

START_TEST(lock)
{
    ck_assert_uint_eq(inb(io, STS), 0);
    ck_assert_uint_eq(inb(io, STS), 0x40); /* in use */
    outb(io, STS, 0x40);
    ck_assert_uint_eq(inb(io, STS), 0);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices.ich9_smbus");
    TCase *t = tcase_create("smbus");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, function);
    tcase_add_loop_test(t, eeprom, 0, (int)ARRAY_LEN(transactions));
    tcase_add_test(t, sequential);
    tcase_add_test(t, blocks);
    tcase_add_test(t, interrupt);
    tcase_add_test(t, lock);
    tcase_add_test(t, generic);
    suite_add_tcase(suite, t);
    return suite;
}
