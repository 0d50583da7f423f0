/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/isa_debug.h"
#include "core/util/bits.h"

/* ---- isa-debugcon ---- */

enum { DEBUGCON_THERE = 0xe9 };

static void wrote_debugcon(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct isa_debugcon *d = dev;
    uint8_t byte = (uint8_t)now;

    (void)index, (void)old;
    trace(&d->dev.machine->trace, char_out, device_now(&d->dev), d->index, byte);
    char_write(d->port, &byte, 1);
}

static const struct reg_desc debugcon_regs[] = {
    REG8(0, "DEBUGCON", .reset = DEBUGCON_THERE, .rw = 0xff, .wrote = wrote_debugcon),
};
static const struct device_ops debugcon_ops = {
    .name = "isa-debugcon", .spec = "QEMU hw/char/debugcon", .size = sizeof(struct isa_debugcon),
    .regs = debugcon_regs, .n_regs = ARRAY_LEN(debugcon_regs), .mmio_size = 1,
};

/* It never receives. */
static size_t can_receive(void *arg)
{
    (void)arg;
    return 0;
}

static const struct char_frontend frontend = { .can_receive = can_receive };

struct isa_debugcon *isa_debugcon_create(struct machine *m, const char *id,
                                         struct char_backend *backend, struct err *e)
{
    struct isa_debugcon *d = device_create(m, &debugcon_ops, id, e);

    if (!d || (backend && char_attach(backend, id, &frontend, d, &d->port, e) < 0))
        return NULL;
    return d;
}

/* ---- isa-debug-exit ---- */

static void wrote_exit(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct device *d = dev;

    (void)index, (void)old;
    machine_stop(d->machine, MACHINE_POWEROFF, (int)((uint32_t)now << 1 | 1));
}

static const struct reg_desc exit_regs[] = {
    REG32(0, "EXIT", .sizes = 1 | 2 | 4, .rw = 0xffffffff, .wrote = wrote_exit),
};
static const struct device_ops exit_ops = {
    .name = "isa-debug-exit", .spec = "QEMU hw/misc/debugexit", .size = sizeof(struct device),
    .regs = exit_regs, .n_regs = ARRAY_LEN(exit_regs), .mmio_size = 4,
};

struct device *isa_debug_exit_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &exit_ops, id, e);
}
