/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/port92.h"
#include "core/util/bits.h"

enum { INIT_NOW = 1, ALT_A20_GATE = 2 };

static uint64_t read_port(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct port92 *)dev)->value;
}

static void wrote_port(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct port92 *p = dev;
    bool rises = now & ~p->value & INIT_NOW;

    (void)index, (void)old;
    p->value = (uint8_t)now;
    irq_set(&p->a20, p->value & ALT_A20_GATE);
    if (rises) {
        irq_set(&p->reset, true);
        irq_set(&p->reset, false);
    }
}

static void port92_reset(void *dev)
{
    ((struct port92 *)dev)->value &= ALT_A20_GATE;
}

static void port92_loaded(void *dev)
{
    struct port92 *p = dev;

    irq_restore(&p->a20, p->value & ALT_A20_GATE);
}

static const struct state_field port92_state[] = { STATE(port92, value), STATE_END };
static const struct reg_desc port92_regs[] = {
    REG8(0, "PORT92", .rw = INIT_NOW | ALT_A20_GATE, .read = read_port, .wrote = wrote_port),
};
static const struct device_ops port92_ops = {
    .name = "port92", .spec = "ICH9 316972, 13.7.3", .size = sizeof(struct port92),
    .regs = port92_regs, .n_regs = ARRAY_LEN(port92_regs), .mmio_size = 1,
    .state = port92_state, .version = 1, .reset = port92_reset, .loaded = port92_loaded,
};

struct port92 *port92_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &port92_ops, id, e);
}
