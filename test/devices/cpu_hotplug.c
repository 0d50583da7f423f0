/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU docs/specs/acpi_cpu_hotplug.rst, "Typical usecases". */
#include "devices/cpu_hotplug.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { BASE = 0xcd8, SELECTOR = BASE, STATUS = BASE + 4, COMMAND = BASE + 5, DATA = BASE + 8 };

static const uint64_t ids[] = { 0, 5, 0x100000007ull };

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct cpu_hotplug *c = cpu_hotplug_create(machine, "cpus", ids, ARRAY_LEN(ids), &e);

    (void)arg;
    ck_assert_msg(c != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&c->dev, machine->memory, BASE, &e), 0);
    return &c->dev;
}

static uint32_t in32(struct machine *m, uint16_t port)
{
    return (uint32_t)mem_port_in(m->memory, port, 4, NULL);
}

static void out32(struct machine *m, uint16_t port, uint32_t v)
{
    mem_port_out(m->memory, port, 4, v, NULL);
}

/* "Detecting", "Enumerating": data 2 is 0 for command 0; CPUs until the status has no bit 0. */
START_TEST(counts)
{
    struct machine *m = device_generic_machine();
    uint32_t n = 0;
    make(m, NULL);
    machine_reset(m);
    out32(m, SELECTOR, 0);
    outb(m->memory, COMMAND, 0);
    ck_assert_uint_eq(in32(m, SELECTOR), 0);
    for (; n < 10; n++) {
        out32(m, SELECTOR, n);
        if (inb(m->memory, STATUS) != 1)
            break;
        outb(m->memory, COMMAND, 3);
        ck_assert_uint_eq(in32(m, DATA), (uint32_t)ids[n]);
        ck_assert_uint_eq(in32(m, SELECTOR), ids[n] >> 32);
        outb(m->memory, COMMAND, 0);
        ck_assert_uint_eq(in32(m, DATA), n); /* no event anywhere: it stays */
    }
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(inb(m->memory, STATUS), 0);
    ck_assert_uint_eq(in32(m, DATA), 0);
    out32(m, SELECTOR, 1);
    outb(m->memory, STATUS, 8); /* it stays */
    ck_assert_uint_eq(inb(m->memory, STATUS), 1);
    machine_destroy(m);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.cpu_hotplug");
    TCase *t = tcase_create("registers");
    tcase_add_test(t, counts);
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}
