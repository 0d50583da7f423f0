/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/liointc.h"
#include "core/util/bits.h"

#define ENTRY_CORES 3, 0
#define ENTRY_LINES 7, 4

/* Inputs whose wire, seen through the polarity, is active. */
static uint32_t active(const struct liointc *p)
{
    return p->level ^ p->polarity;
}

static uint32_t pending(const struct liointc *p)
{
    return ((p->latched & p->edge) | (active(p) & ~p->edge)) & p->enable;
}

/* Inputs of `core` that ask with one of `lines`. */
static uint32_t asking(const struct liointc *p, uint32_t core, uint32_t lines)
{
    uint32_t inputs = 0;

    for (uint64_t bits = pending(p); bits; bits &= bits - 1) {
        unsigned i = ctz64(bits);
        if (F_GET(p->entry[i], ENTRY_CORES) >> core & 1 && (F_GET(p->entry[i], ENTRY_LINES) & lines))
            inputs |= 1u << i;
    }
    return inputs;
}

uint32_t liointc_asking(const struct liointc *p, uint32_t core)
{
    return asking(p, core, 0xf);
}

static void drive(struct liointc *p, void (*set)(struct irq_line *, bool))
{
    for (uint32_t c = 0; c < LIOINTC_CORES; c++)
        for (uint32_t l = 0; l < LIOINTC_LINES; l++)
            set(&p->out[c][l], asking(p, c, 1u << l) != 0);
}

void liointc_set_level(void *liointc, uint32_t number, bool level)
{
    struct liointc *p = liointc;

    if (number >= LIOINTC_INPUTS)
        return;
    uint32_t before = active(p), bit = 1u << number;
    p->level = level ? p->level | bit : p->level & ~bit;
    p->latched |= active(p) & ~before & p->edge;
    drive(p, irq_set);
}

/* ---- registers ---- */
static uint64_t read_isr(const void *dev, uint32_t index)
{
    (void)index;
    return pending(dev);
}

static uint64_t read_core_isr(const void *dev, uint32_t index)
{
    return liointc_asking(dev, index);
}

static void wrote_enable_set(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct liointc *p = dev;

    (void)index;
    (void)old;
    p->enable |= (uint32_t)now;
    drive(p, irq_set);
}

/* "Clearing the interrupt will also clear the interrupt enable", and the other way round. */
static void wrote_enable_clear(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct liointc *p = dev;

    (void)index;
    (void)old;
    p->enable &= ~(uint32_t)now;
    p->latched &= ~(uint32_t)now;
    drive(p, irq_set);
}

/* What was latched before is no edge of now. */
static void wrote_edge(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct liointc *p = dev;

    (void)index;
    p->latched &= (uint32_t)(old & now);
    drive(p, irq_set);
}

static void wrote_routing(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    drive(dev, irq_set);
}

static void liointc_reset(void *dev)
{
    struct liointc *p = dev;

    p->latched = p->enable = 0;
    drive(p, irq_set);
}

static void liointc_loaded(void *dev)
{
    drive(dev, irq_restore);
}

static const struct state_field liointc_state[] = {
    STATE(liointc, level), STATE(liointc, latched), STATE(liointc, enable), STATE(liointc, edge),
    STATE(liointc, polarity), STATE(liointc, entry), STATE_END
};

#define AT(m) REG_AT(liointc, m)
#define ALL   0xffffffff
static const struct reg_desc liointc_regs[] = { /* 3A5000 manual, table "I/O control register address" */
    REG8(0x00, "Entry", .sizes = 1 | 2 | 4 | 8, .count = LIOINTC_INPUTS, AT(entry), .rw = 0xff,
         .wrote = wrote_routing),
    REG32(0x20, "Intisr", .read = read_isr),
    REG32(0x24, "Inten", AT(enable)),
    REG32(0x28, "Intenset", .rw = ALL, .wrote = wrote_enable_set),
    REG32(0x2c, "Intenclr", .rw = ALL, .wrote = wrote_enable_clear),
    REG32(0x30, "Intpol", AT(polarity), .rw = ALL, .wrote = wrote_routing),
    REG32(0x34, "Intedge", AT(edge), .rw = ALL, .wrote = wrote_edge),
    REG32(0x40, "CORE_INTISR", .count = LIOINTC_CORES, .stride = 8, .read = read_core_isr),
};

static const struct device_ops liointc_ops = {
    .name = "liointc", .spec = "Loongson 3A5000 user manual, legacy I/O interrupts",
    .size = sizeof(struct liointc), .regs = liointc_regs, .n_regs = ARRAY_LEN(liointc_regs), .mmio_size = 0x60,
    .state = liointc_state, .version = 1, .reset = liointc_reset, .loaded = liointc_loaded,
};

struct liointc *liointc_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &liointc_ops, id, e);
}
