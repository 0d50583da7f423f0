/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU docs/specs/acpi_cpu_hotplug.rst, "Typical usecases". */
#include "devices/cpu_hotplug.h"
#include "core/util/bits.h"

#define PART_AT 0xcd8
#include "test/devices/part_suite.h"

enum { SELECTOR = 0, STATUS = 4, COMMAND = 5, DATA = 8 };

static const uint64_t ids[] = { 0, 5, 0x100000007ull };

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct cpu_hotplug *c = cpu_hotplug_create(machine, "cpus", ids, ARRAY_LEN(ids), e);

    return c ? &c->dev : NULL;
}

static uint8_t status(void)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, PART_AT + STATUS, 1, &v, NULL), MEM_OK);
    return (uint8_t)v;
}

static void put_byte(uint32_t offset, uint8_t v)
{
    ck_assert_int_eq(mem_store(m->memory, PART_AT + offset, 1, v, NULL), MEM_OK);
}

/* "Detecting", "Enumerating": data 2 is 0 for command 0; CPUs until the status has no bit 0. */
START_TEST(counts)
{
    uint32_t n = 0;
    put(SELECTOR, 0);
    put_byte(COMMAND, 0);
    ck_assert_uint_eq(get(SELECTOR), 0);
    for (; n < 10; n++) {
        put(SELECTOR, n);
        if (status() != 1)
            break;
        put_byte(COMMAND, 3);
        ck_assert_uint_eq(get(DATA), (uint32_t)ids[n]);
        ck_assert_uint_eq(get(SELECTOR), ids[n] >> 32);
        put_byte(COMMAND, 0);
        ck_assert_uint_eq(get(DATA), n); /* no event anywhere: it stays */
    }
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(status(), 0);
    ck_assert_uint_eq(get(DATA), 0);
    put(SELECTOR, 1);
    put_byte(STATUS, 8); /* it stays */
    ck_assert_uint_eq(status(), 1);
}
END_TEST

Suite *test_suite(void)
{
    return part_suite("devices.cpu_hotplug", counts);
}
