/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pl061.h"
#include "core/util/bits.h"
#include "devices/primecell.h"

/* Outputs read as their register, inputs as the pin. */
static uint32_t pins(const struct pl061 *g)
{
    return (g->data & g->dir) | (g->in & ~g->dir);
}

/* DDI 0190, 3.3.7 GPIORIS: level-sensitive inputs follow the pin, the others keep their edge. */
static uint32_t raw(const struct pl061 *g)
{
    return ((g->edges & ~g->is) | (~(g->in ^ g->iev) & ~g->dir & g->is)) & 0xff;
}

static void update(struct pl061 *g)
{
    for (uint32_t i = 0; i < PL061_PINS; i++)
        irq_set(&g->out[i], (g->data & g->dir) >> i & 1);
    irq_set(&g->irq, (raw(g) & g->ie) != 0);
}

void pl061_set_input(void *gpio, uint32_t number, bool level)
{
    struct pl061 *g = gpio;
    uint32_t bit;

    if (number >= PL061_PINS)
        return;
    bit = 1u << number;
    if (!(g->in & bit) == !level)
        return;
    g->in ^= bit;
    /* GPIOIBE: both edges; else GPIOIEV says which. */
    if (!(g->dir & bit) && !(g->is & bit) && ((g->ibe & bit) || !(g->iev & bit) == !level))
        g->edges |= bit;
    update(g);
}

/* ---- registers ---- */

/* 3.3.1 GPIODATA: bits 9:2 of the address are the mask, of what is read and of what is written. */
static uint64_t read_data(const void *dev, uint32_t mask)
{
    return pins(dev) & mask;
}

static void wrote_data(void *dev, uint32_t mask, uint64_t old, uint64_t now)
{
    struct pl061 *g = dev;

    (void)old;
    mask &= g->dir;
    g->data = (g->data & ~mask) | ((uint32_t)now & mask);
    update(g);
}

static uint64_t read_ris(const void *dev, uint32_t index)
{
    (void)index;
    return raw(dev);
}

static uint64_t read_mis(const void *dev, uint32_t index)
{
    const struct pl061 *g = dev;

    (void)index;
    return raw(g) & g->ie;
}

static void wrote_ic(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl061 *g = dev;

    (void)index;
    (void)old;
    g->edges &= ~(uint32_t)now;
    update(g);
}

static void wrote_any(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    update(dev);
}

static void wrote_afsel(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl061 *g = dev;

    (void)index;
    (void)old;
    if (now)
        unmodelled(&g->dev, "hardware control", "GPIOAFSEL %#x: pins stay under software's control",
                   (unsigned)now);
}

/* What stands outside is not the reset's. */
static void pl061_reset(void *dev)
{
    struct pl061 *g = dev;

    g->data = g->edges = 0;
    update(g);
}

static void pl061_loaded(void *dev)
{
    struct pl061 *g = dev;

    for (uint32_t i = 0; i < PL061_PINS; i++)
        irq_restore(&g->out[i], (g->data & g->dir) >> i & 1);
    irq_restore(&g->irq, (raw(g) & g->ie) != 0);
}

static const struct state_field pl061_state[] = {
    STATE(pl061, data), STATE(pl061, dir), STATE(pl061, is), STATE(pl061, ibe),
    STATE(pl061, iev), STATE(pl061, ie), STATE(pl061, afsel), STATE(pl061, in),
    STATE(pl061, edges), STATE_END
};

#define AT(m) REG_AT(pl061, m)
static const struct reg_desc pl061_regs[] = { /* DDI 0190, table 3-1 */
    PRIMECELL_REG(0x000, "GPIODATA",  .count = 256, .rw = 0xff, .read = read_data,
                  .wrote = wrote_data),
    PRIMECELL_REG(0x400, "GPIODIR",   AT(dir),   .rw = 0xff, .wrote = wrote_any),
    PRIMECELL_REG(0x404, "GPIOIS",    AT(is),    .rw = 0xff, .wrote = wrote_any),
    PRIMECELL_REG(0x408, "GPIOIBE",   AT(ibe),   .rw = 0xff, .wrote = wrote_any),
    PRIMECELL_REG(0x40c, "GPIOIEV",   AT(iev),   .rw = 0xff, .wrote = wrote_any),
    PRIMECELL_REG(0x410, "GPIOIE",    AT(ie),    .rw = 0xff, .wrote = wrote_any),
    PRIMECELL_REG(0x414, "GPIORIS",   .read = read_ris),
    PRIMECELL_REG(0x418, "GPIOMIS",   .read = read_mis),
    PRIMECELL_REG(0x41c, "GPIOIC",    .rw = 0xff, .wrote = wrote_ic),
    PRIMECELL_REG(0x420, "GPIOAFSEL", AT(afsel), .rw = 0xff, .wrote = wrote_afsel),
    PRIMECELL_REG(0x600, "GPIOITCR",  .count = 4, .rw = 0xff, .wrote = primecell_wrote_test),
    PRIMECELL_IDS("GPIO", 0x061, 0),
};

static const struct device_ops pl061_ops = {
    .name = "pl061", .spec = "Arm DDI 0190", .size = sizeof(struct pl061),
    .regs = pl061_regs, .n_regs = ARRAY_LEN(pl061_regs), .mmio_size = 0x1000,
    .state = pl061_state, .version = 1, .reset = pl061_reset, .loaded = pl061_loaded,
};

struct pl061 *pl061_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &pl061_ops, id, e);
}
