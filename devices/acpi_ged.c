/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/acpi_ged.h"
#include "core/util/bits.h"

static void update(struct acpi_ged *g)
{
    irq_set(&g->irq, g->events != 0);
}

void acpi_ged_raise(struct acpi_ged *g, enum acpi_ged_event event)
{
    g->events |= event;
    update(g);
}

static void after_events(void *dev, uint32_t index, uint64_t value)
{
    struct acpi_ged *g = dev;

    (void)index;
    (void)value;
    g->events = 0;
    update(g);
}

static void acpi_ged_reset(void *dev)
{
    struct acpi_ged *g = dev;

    g->events = 0;
    update(g);
}

static void acpi_ged_loaded(void *dev)
{
    struct acpi_ged *g = dev;

    irq_restore(&g->irq, g->events != 0);
}

static const struct state_field acpi_ged_state[] = { STATE(acpi_ged, events), STATE_END };

static const struct reg_desc acpi_ged_regs[] = {
    REG32(0, "events", REG_AT(acpi_ged, events), .after_read = after_events),
};

static const struct device_ops acpi_ged_ops = {
    .name = "acpi-ged", .spec = "ACPI 6.4, 5.6.9; QEMU acpi_hw_reduced_hotplug",
    .size = sizeof(struct acpi_ged), .regs = acpi_ged_regs, .n_regs = ARRAY_LEN(acpi_ged_regs),
    .mmio_size = 4, .state = acpi_ged_state, .version = 1, .reset = acpi_ged_reset,
    .loaded = acpi_ged_loaded,
};

struct acpi_ged *acpi_ged_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &acpi_ged_ops, id, e);
}
