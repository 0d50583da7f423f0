/* SPDX-License-Identifier: Apache-2.0 */
/* Generic Event Device: QEMU docs/specs/acpi_hw_reduced_hotplug.rst; ACPI 6.4, 5.6.9. */
#include "devices/acpi_ged.h"

#define PART_AT 0x9080000ull
#include "test/devices/part_suite.h"

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct acpi_ged *g = acpi_ged_create(machine, "ged", e);

    return g ? &g->dev : NULL;
}

START_TEST(reading_takes_the_events)
{
    struct acpi_ged *g = (struct acpi_ged *)part;

    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(0), 0);
    acpi_ged_raise(g, ACPI_GED_POWER_BUTTON);
    ck_assert(g->irq.level);
    put(0, 0); /* read-only */
    ck_assert_uint_eq(get(0), 2);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(0), 0);
    acpi_ged_raise(g, ACPI_GED_POWER_BUTTON);
    machine_reset(m);
    ck_assert(!g->irq.level);
    ck_assert_uint_eq(get(0), 0);
}
END_TEST

Suite *test_suite(void)
{
    return part_suite("devices.acpi_ged", reading_takes_the_events);
}
