/* SPDX-License-Identifier: Apache-2.0 */
/* Generic Event Device: QEMU docs/specs/acpi_hw_reduced_hotplug.rst; ACPI 6.4, 5.6.9. */
#include "devices/acpi_ged.h"
#include "test/check_main.h"
#include "test/device_generic.h"

#define AT 0x9080000ull

static struct device *make(struct machine *m, void *arg)
{
    struct err e = { 0 };

    (void)arg;
    struct acpi_ged *g = acpi_ged_create(m, "ged", &e);
    ck_assert_msg(g != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&g->dev, m->memory, AT, &e), 0);
    return &g->dev;
}

static uint32_t get(struct machine *m)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, AT, 4, &v, NULL), MEM_OK);
    return (uint32_t)v;
}

START_TEST(reading_takes_the_events)
{
    struct machine *m = device_generic_machine();
    struct acpi_ged *g = (struct acpi_ged *)make(m, NULL);

    machine_reset(m);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(m), 0);
    acpi_ged_raise(g, ACPI_GED_POWER_BUTTON);
    ck_assert(g->irq.level);
    ck_assert_int_eq(mem_store(m->memory, AT, 4, 0, NULL), MEM_OK); /* read-only */
    ck_assert_uint_eq(get(m), 2);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(m), 0);
    acpi_ged_raise(g, ACPI_GED_POWER_BUTTON);
    machine_reset(m);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(m), 0);
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
    Suite *s = suite_create("devices.acpi_ged");
    TCase *c = tcase_create("events");

    tcase_add_test(c, reading_takes_the_events);
    tcase_add_test(c, generic);
    suite_add_tcase(s, c);
    return s;
}
