/* SPDX-License-Identifier: Apache-2.0 */
/* I/O APIC: Intel 82093AA (290566-001), chapter 3; ICH9 (316972), 13.5. */
#include "irqchip/ioapic.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"

#define BASE 0xfec00000ull
enum { IOREGSEL = 0x00, IOWIN = 0x10, EOIR = 0x40 };

struct messages {
    unsigned n;
    uint64_t address;
    uint32_t data;
};

static struct machine *m;
static struct ioapic *p;
static struct messages sent;

static void deliver(void *arg, uint64_t address, uint32_t data)
{
    struct messages *s = arg;

    s->n++;
    s->address = address;
    s->data = data;
}

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct ioapic *made = ioapic_create(machine, "ioapic", deliver, &sent, &e);

    (void)arg;
    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&made->dev, machine->memory, BASE, &e), 0);
    return &made->dev;
}

static void setup(void)
{
    sent = (struct messages){ 0 };
    m = device_generic_machine();
    p = (struct ioapic *)make(m, NULL);
    machine_reset(m);
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct ioapic *copy = (struct ioapic *)make(fresh, NULL);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    machine_destroy(m);
    m = fresh;
    p = copy;
}

static void put(uint32_t offset, uint32_t v)
{
    ck_assert_int_eq(mem_store(m->memory, BASE + offset, 4, v, NULL), MEM_OK);
}

static uint32_t get_index(uint32_t index)
{
    uint64_t v;

    put(IOREGSEL, index);
    ck_assert_int_eq(mem_load(m->memory, BASE + IOWIN, 4, &v, NULL), MEM_OK);
    return (uint32_t)v;
}

static void put_index(uint32_t index, uint32_t v)
{
    put(IOREGSEL, index);
    put(IOWIN, v);
}

static void set_entry(unsigned pin, uint64_t entry)
{
    put_index(0x10 + 2 * pin, 0x10000);
    put_index(0x11 + 2 * pin, (uint32_t)(entry >> 32));
    put_index(0x10 + 2 * pin, (uint32_t)entry);
}

START_TEST(registers)
{
    uint64_t v;

    ck_assert_uint_eq(get_index(0x00), 0);
    ck_assert_uint_eq(get_index(0x01), 0x00170020);
    for (unsigned i = 0; i < 24; i++) {
        ck_assert_uint_eq(get_index(0x10 + 2 * i), 0x00010000);
        ck_assert_uint_eq(get_index(0x11 + 2 * i), 0);
    }
    put_index(0x00, 0xffffffff);
    ck_assert_uint_eq(get_index(0x00), 0x0f000000);
    put_index(0x02, 0);
    ck_assert_uint_eq(get_index(0x02), 0x0f000000); /* 82093AA 3.2.3: loaded by a write of the id */
    put_index(0x01, 0);
    ck_assert_uint_eq(get_index(0x01), 0x00170020);
    put_index(0x10, 0xffffffff);
    put_index(0x11, 0xffffffff);
    ck_assert_uint_eq(get_index(0x10), 0x0001afff); /* not delivery status, not Remote IRR */
    ck_assert_uint_eq(get_index(0x11), 0xffff0000);
    ck_assert_uint_eq(get_index(0x3f), 0);
    ck_assert_uint_eq(get_index(0x40), 0); /* no entry 24 */
    ck_assert_uint_eq(p->dev.guest_errors, 0);
    put_index(0x40, 1);
    ck_assert_uint_eq(p->dev.guest_errors, 1);
    ck_assert_int_eq(mem_load(m->memory, BASE + IOWIN, 1, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_store(m->memory, BASE + IOREGSEL, 1, 1, NULL), MEM_OK);
    ck_assert_int_eq(mem_load(m->memory, BASE + IOWIN, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0x00170020);
}
END_TEST

/* Compatibility format: destination 63:56; remappable: handle 63:49 and bit 11, format bit 48. */
static const struct { uint64_t entry, address; uint32_t data; } formats[] = {
    { 0x0000000000000030, 0xfee00000, 0x0030 },
    { 0x0300000000000041, 0xfee03000, 0x0041 },                     /* physical, to 3 */
    { 0xff00000000000951, 0xfeeff004, 0x0151 },                     /* logical, lowest priority */
    { 0x01000000000080a1, 0xfee01000, 0xc0a1 },                     /* level */
    { 0x0000000000000400, 0xfee00000, 0x0400 },                     /* NMI */
    { 0x0000000000000700, 0xfee00000, 0x0700 },                     /* ExtINT */
    { 0x0000000000000200, 0xfee00000, 0x0200 },                     /* SMI */
    { 0x0000000000002030, 0xfee00000, 0x0030 },                     /* active low */
    { 0x000b000000000030, 0xfee000b0, 0x0030 },                     /* handle 5, remappable */
    { 0x0003000000000830, 0xfee00034, 0x0030 },                     /* handle 0x8001 */
};
START_TEST(message_formats)
{
    uint64_t address;
    uint32_t data;

    ioapic_message(formats[_i].entry, &address, &data);
    ck_assert_uint_eq(address, formats[_i].address);
    ck_assert_uint_eq(data, formats[_i].data);
    set_entry(5, formats[_i].entry);
    ck_assert_uint_eq(sent.n, 0);
    ioapic_set_level(p, 5, true);
    ck_assert_uint_eq(sent.n, 1);
    ck_assert_uint_eq(sent.address, formats[_i].address);
    ck_assert_uint_eq(sent.data, formats[_i].data);
}
END_TEST

START_TEST(edges)
{
    set_entry(4, 0x41);
    for (unsigned i = 1; i <= 3; i++) {
        ioapic_set_level(p, 4, true);
        ioapic_set_level(p, 4, true);
        replace_machine();
        ck_assert_uint_eq(sent.n, i);
        ck_assert_uint_eq(get_index(0x10 + 8), 0x41);
        ioapic_set_level(p, 4, false);
        ck_assert_uint_eq(sent.n, i);
    }
    put_index(0x10 + 8, 0x10041);
    ioapic_set_level(p, 4, true); /* masked: lost */
    put_index(0x10 + 8, 0x41);
    ck_assert_uint_eq(sent.n, 3);
    ioapic_end_of_interrupt(p, 0x41);
    ck_assert_uint_eq(sent.n, 3);
}
END_TEST

START_TEST(levels)
{
    set_entry(16, 0x80b1);
    ioapic_set_level(p, 16, true);
    ck_assert_uint_eq(sent.n, 1);
    ck_assert_uint_eq(get_index(0x30), 0xc0b1); /* Remote IRR */
    ioapic_set_level(p, 16, false);
    ioapic_set_level(p, 16, true);
    ck_assert_uint_eq(sent.n, 1);
    replace_machine();
    ioapic_end_of_interrupt(p, 0xb2); /* another vector */
    ck_assert_uint_eq(sent.n, 1);
    ioapic_end_of_interrupt(p, 0xb1); /* still asserted */
    ck_assert_uint_eq(sent.n, 2);
    ioapic_set_level(p, 16, false);
    put(EOIR, 0xb1);
    ck_assert_uint_eq(sent.n, 2);
    ck_assert_uint_eq(get_index(0x30), 0x80b1);
    /* Masked, it waits. */
    put_index(0x30, 0x180b1);
    ioapic_set_level(p, 16, true);
    ck_assert_uint_eq(sent.n, 2);
    put_index(0x30, 0x80b1);
    ck_assert_uint_eq(sent.n, 3);
    /* Masked and unmasked before the EOI: Remote IRR holds it back. */
    put_index(0x30, 0x180b1);
    put_index(0x30, 0x80b1);
    ck_assert_uint_eq(sent.n, 3);
    /* To edge and back: Remote IRR is gone, and the pin asks again. */
    put_index(0x30, 0x100b1);
    ck_assert_uint_eq(get_index(0x30), 0x100b1);
    put_index(0x30, 0x80b1);
    ck_assert_uint_eq(sent.n, 4);
}
END_TEST

START_TEST(one_pin_of_several_drivers)
{
    set_entry(20, 0x80c0);
    ioapic_set_level(p, 20, true);
    ioapic_set_level(p, 20 + 32, true);
    ck_assert_uint_eq(sent.n, 1);
    ioapic_set_level(p, 20, false);
    ioapic_end_of_interrupt(p, 0xc0);
    ck_assert_uint_eq(sent.n, 2);
    ioapic_set_level(p, 20 + 32, false);
    ioapic_end_of_interrupt(p, 0xc0);
    ck_assert_uint_eq(sent.n, 2);
}
END_TEST

/* 3.2.4: what is no vectored interrupt is an edge, even with bit 15. */
static const unsigned modes[] = { 2, 4, 5, 7 };
START_TEST(modes_that_are_edges)
{
    set_entry(9, 0x8000u | modes[_i] << 8);
    ioapic_set_level(p, 9, true);
    ck_assert_uint_eq(sent.n, 1);
    ck_assert_uint_eq(get_index(0x10 + 18) & 0x4000, 0);
    ioapic_set_level(p, 9, false);
    ioapic_set_level(p, 9, true);
    ck_assert_uint_eq(sent.n, 2);
}
END_TEST

START_TEST(no_such_pin)
{
    for (uint32_t n = 24; n < 32; n++)
        ioapic_set_level(p, n, true);
    ck_assert_uint_eq(p->input[0], 0);
}
END_TEST

START_TEST(reset_masks)
{
    set_entry(3, 0x33);
    put_index(0, 0x05000000);
    ioapic_set_level(p, 3, true);
    machine_reset(m);
    ck_assert_uint_eq(get_index(0x16), 0x10000);
    ck_assert_uint_eq(get_index(0), 0);
    ck_assert_uint_eq(p->input[0], BIT(3)); /* its driver still pulls */
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.ioapic");
    TCase *t = tcase_create("generic"), *u = tcase_create("ioapic");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, registers);
    tcase_add_loop_test(u, message_formats, 0, (int)ARRAY_LEN(formats));
    tcase_add_test(u, edges);
    tcase_add_test(u, levels);
    tcase_add_test(u, one_pin_of_several_drivers);
    tcase_add_loop_test(u, modes_that_are_edges, 0, (int)ARRAY_LEN(modes));
    tcase_add_test(u, no_such_pin);
    tcase_add_test(u, reset_masks);
    suite_add_tcase(s, u);
    return s;
}
