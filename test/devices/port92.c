/* SPDX-License-Identifier: Apache-2.0 */
/* Port 92h: ICH9 (316972), 13.7.3. */
#include "devices/port92.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

static struct machine *m;
static struct mem_space *io;
static struct line_log a20, reset_line;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct port92 *p = port92_create(machine, "port92", &e);

    (void)arg;
    ck_assert_msg(p != NULL, "%s", e.text);
    irq_connect(&p->a20, line_log_set, &a20, 0);
    irq_connect(&p->reset, line_log_set, &reset_line, 0);
    ck_assert_int_eq(device_map_ports(&p->dev, machine->memory, 0x92, 0, 1, &e), 0);
    return &p->dev;
}

START_TEST(a20_and_reset)
{
    m = device_generic_machine();
    make(m, NULL);
    io = m->memory;
    machine_reset(m);
    ck_assert_uint_eq(inb(io, 0x92), 0);
    outb(io, 0x92, 0xfe); /* bits 7:2 are not there */
    ck_assert_uint_eq(inb(io, 0x92), 2);
    ck_assert(a20.level);
    outb(io, 0x92, 3);
    ck_assert_uint_eq(reset_line.rises, 1);
    ck_assert(!reset_line.level);
    outb(io, 0x92, 3); /* a rise is what counts */
    ck_assert_uint_eq(reset_line.rises, 1);
    machine_reset(m);
    ck_assert_uint_eq(inb(io, 0x92), 2);
    ck_assert(a20.level);
    outb(io, 0x92, 1);
    ck_assert_uint_eq(reset_line.rises, 2);
    ck_assert(!a20.level);
    machine_destroy(m);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.port92");
    TCase *t = tcase_create("port92");

    tcase_add_test(t, a20_and_reset);
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}
