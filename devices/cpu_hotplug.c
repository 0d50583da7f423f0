/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/cpu_hotplug.h"

enum { STATUS_ENABLED = 1 };
enum { CONTROL_EJECT = 1 << 3, CONTROL_FIRMWARE_EJECTS = 1 << 4 };
enum { NEXT_WITH_EVENT = 0, GET_ID = 3 };

static const struct cpu_hotplug *self(const void *dev)
{
    return dev;
}

static uint64_t id_of(const struct cpu_hotplug *c)
{
    return c->command == GET_ID && c->selector < c->n ? c->ids[c->selector] : 0;
}

/* 0 for the first command, too: so software knows this interface. */
static uint64_t read_data2(const void *dev, uint32_t index)
{
    (void)index;
    return id_of(self(dev)) >> 32;
}

static void wrote_selector(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old;
    ((struct cpu_hotplug *)dev)->selector = (uint32_t)now;
}

static uint64_t read_status(const void *dev, uint32_t index)
{
    (void)index;
    return self(dev)->selector < self(dev)->n ? STATUS_ENABLED : 0;
}

static void wrote_control(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old;
    if (now & (CONTROL_EJECT | CONTROL_FIRMWARE_EJECTS))
        guest_error(&((struct cpu_hotplug *)dev)->dev, "ejecting a processor", "control %#x: none can go", (unsigned)now);
}

static uint64_t read_nothing(const void *dev, uint32_t index)
{
    (void)dev, (void)index;
    return 0;
}

/* The selector stays where it is when no processor has an event. 0 behind the last one: so software counts them. */
static uint64_t read_data(const void *dev, uint32_t index)
{
    const struct cpu_hotplug *c = self(dev);
    (void)index;
    if (c->selector >= c->n)
        return 0;
    return c->command == NEXT_WITH_EVENT ? c->selector : (uint32_t)id_of(c);
}

static void cpu_hotplug_reset(void *dev)
{
    struct cpu_hotplug *c = dev;
    c->selector = 0;
    c->command = NEXT_WITH_EVENT;
}

static const struct state_field cpu_hotplug_state[] = { STATE(cpu_hotplug, selector), STATE(cpu_hotplug, command), STATE_END };
static const struct reg_desc cpu_hotplug_regs[] = {
    REG32(0, "CMD_DATA2", .rw = 0xffffffff, .read = read_data2, .wrote = wrote_selector),
    REG8(4, "STATUS", .rw = 0xff, .read = read_status, .wrote = wrote_control),
    REG8(5, "COMMAND", REG_AT(cpu_hotplug, command), .rw = 0xff, .read = read_nothing),
    REG32(8, "CMD_DATA", .rw = 0, .read = read_data),
};
static const struct device_ops cpu_hotplug_ops = {
    .name = "cpu-hotplug", .spec = "QEMU docs/specs/acpi_cpu_hotplug.rst", .size = sizeof(struct cpu_hotplug),
    .regs = cpu_hotplug_regs, .n_regs = ARRAY_LEN(cpu_hotplug_regs), .mmio_size = 12,
    .state = cpu_hotplug_state, .version = 1, .reset = cpu_hotplug_reset,
};

struct cpu_hotplug *cpu_hotplug_create(struct machine *m, const char *id, const uint64_t *ids, uint32_t n, struct err *e)
{
    struct cpu_hotplug *c = device_create(m, &cpu_hotplug_ops, id, e);
    if (c != NULL) {
        c->ids = ids;
        c->n = n;
    }
    return c;
}
