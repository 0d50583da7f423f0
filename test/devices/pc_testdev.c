/* SPDX-License-Identifier: Apache-2.0 */
/* pc-testdev: QEMU hw/misc/pc-testdev, as kvm-unit-tests for x86 use it. */
#include "devices/pc_testdev.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

static struct machine *m;
static struct mem_space *io;
static struct line_log line;

/* Ports and memory lie in one space here: they do not overlap. */
static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct pc_testdev *t = pc_testdev_create(machine, "testdev", machine->memory, machine->memory, &e);

    (void)arg;
    ck_assert_msg(t != NULL, "%s", e.text);
    for (uint32_t i = 0; i < PC_TESTDEV_LINES; i++)
        irq_connect(&t->irq[i], line_log_set, &line, i);
    return &t->dev;
}

static void setup(void)
{
    m = device_generic_machine();
    io = m->memory;
    line = (struct line_log){ 0 };
    make(m, NULL);
    machine_reset(m);
}

static void teardown(void)
{
    machine_destroy(m);
}

START_TEST(latch)
{
    mem_port_out(io, 0xe0, 4, 0x12345678, NULL);
    ck_assert_uint_eq(mem_port_in(io, 0xe0, 4, NULL), 0x12345678);
    ck_assert_uint_eq(mem_port_in(io, 0xe0, 2, NULL), 0x5678);
    ck_assert_uint_eq(mem_port_in(io, 0xe2, 2, NULL), 0x1234);
    ck_assert_uint_eq(inb(io, 0xe9), 0x56);
    ck_assert_uint_eq(mem_port_in(io, 0xe8, 4, NULL), 0x12345678);
    outb(io, 0xeb, 0xaa);
    ck_assert_uint_eq(mem_port_in(io, 0xe0, 4, NULL), 0xaa345678);
    mem_port_out(io, 0xe4, 4, 0x1000, NULL);
    ck_assert_uint_eq(mem_port_in(io, 0xe0, 4, NULL), 0xaa345678);
}
END_TEST

START_TEST(lines)
{
    for (uint32_t i = 0; i < PC_TESTDEV_LINES; i++) {
        outb(io, (uint16_t)(0x2000 + i), 1);
        ck_assert(line.level);
        ck_assert_uint_eq(line.number, i);
        outb(io, (uint16_t)(0x2000 + i), 0);
        ck_assert(!line.level);
    }
    outb(io, 0x2005, 1);
    machine_reset(m);
    ck_assert(!line.level);
    ck_assert_uint_eq(inb(io, 0x2018), 0xff);
}
END_TEST

START_TEST(scratch)
{
    uint64_t v;

    ck_assert_int_eq(mem_store(m->memory, 0xff00fff8, 8, 0x1122334455667788, NULL), MEM_OK);
    ck_assert_int_eq(mem_load(m->memory, 0xff00fffc, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0x11223344);
    ck_assert_int_eq(mem_load(m->memory, 0xff010000, 4, &v, NULL), MEM_NOTHING);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pc_testdev");
    TCase *t = tcase_create("testdev");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, latch);
    tcase_add_test(t, lines);
    tcase_add_test(t, scratch);
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}
