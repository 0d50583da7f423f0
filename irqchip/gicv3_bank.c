/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers that distributor (SPIs) and redistributor (SGIs, PPIs) have in common, with what
 * Non-secure accesses see of them while there are two Security states (IHI 0069H, 4.8.1, 12.9).
 */
#include "irqchip/gicv3_impl.h"

const struct state_field gicv3_bank_state[] = {
    STATE(gicv3_bank, group),  STATE(gicv3_bank, modifier), STATE(gicv3_bank, enable),
    STATE(gicv3_bank, latch),  STATE(gicv3_bank, level),    STATE(gicv3_bank, active),
    STATE(gicv3_bank, edge),   STATE(gicv3_bank, nsacr),    STATE(gicv3_bank, priority),
    STATE_END
};

uint32_t gicv3_nsacr(const struct gicv3_bank *b, uint32_t bit)
{
    return b->nsacr[bit / 16] >> bit % 16 * 2 & 3;
}

static bool restricted(const struct gicv3 *g)
{
    return g->nonsecure && !gicv3_ds(g);
}

/* Interrupts that this access may touch: of Non-secure Group 1, or given to it by NSACR >= least. */
static uint32_t allowed(const struct gicv3 *g, const struct gicv3_bank *b, uint32_t least)
{
    uint32_t mask = b->group;

    if (!restricted(g))
        return ~0u;
    for (uint32_t i = 0; i < 32 && least; i++)
        if (gicv3_nsacr(b, i) >= least)
            mask |= 1u << i;
    return mask;
}

/* 12.9.28 GICD_NSACR: 1 gives the pending bits to set, 2 to clear too and the active ones to read. */
static uint32_t least_nsacr(enum gicv3_field f, enum gicv3_change how, bool write)
{
    if (f == GICV3_PENDING)
        return how == GICV3_SET ? 1 : 2;
    return f == GICV3_ACTIVE && !write ? 2 : 0;
}

uint32_t gicv3_bank_get(const struct gicv3 *g, const struct gicv3_bank *b, enum gicv3_field f,
                        enum gicv3_change how)
{
    uint32_t mask = allowed(g, b, least_nsacr(f, how, false));

    switch (f) {
    case GICV3_GROUP:
        return restricted(g) ? 0 : b->group;
    case GICV3_MODIFIER:
        return restricted(g) || gicv3_ds(g) ? 0 : b->modifier;
    case GICV3_ENABLE:
        return b->enable & mask;
    case GICV3_PENDING:
        return gicv3_pending(b) & mask;
    default:
        return b->active & mask;
    }
}

uint32_t gicv3_bank_set(const struct gicv3 *g, struct gicv3_bank *b, enum gicv3_field f,
                        enum gicv3_change how, uint32_t value)
{
    uint32_t *fields[] = { &b->group, &b->modifier, &b->enable, &b->latch, &b->active };
    uint32_t mask = allowed(g, b, least_nsacr(f, how, true)), *to = fields[f], old = *to;

    if ((f == GICV3_GROUP || f == GICV3_MODIFIER) && restricted(g))
        return 0;
    if (f == GICV3_MODIFIER && gicv3_ds(g)) /* 12.9.10: RES0 */
        return 0;
    if (how == GICV3_SET)
        *to |= value & mask;
    else if (how == GICV3_CLEAR)
        *to &= ~(value & mask);
    else
        *to = value;
    return old ^ *to;
}

/* 4.8.1: a Non-secure access sees the lower half of the range as all of it, other groups as 0. */
uint8_t gicv3_priority_get(const struct gicv3 *g, const struct gicv3_bank *b, uint32_t bit)
{
    if (!restricted(g))
        return b->priority[bit];
    return b->group >> bit & 1 ? (uint8_t)(b->priority[bit] << 1) : 0;
}

uint32_t gicv3_priority_set(const struct gicv3 *g, struct gicv3_bank *b, uint32_t bit,
                            uint8_t value)
{
    if (restricted(g)) {
        if (!(b->group >> bit & 1))
            return 0;
        value = (uint8_t)(0x80 | value >> 1);
    }
    value &= (uint8_t)(0xff << (8 - g->priority_bits));
    if (b->priority[bit] == value)
        return 0;
    b->priority[bit] = value;
    return 1u << bit;
}

/* 12.9.9 GICD_ICFGR: two bits an interrupt, of which the upper one says edge. `half`: 16 of the bank. */
uint32_t gicv3_config_get(const struct gicv3 *g, const struct gicv3_bank *b, uint32_t half)
{
    uint32_t edge = (b->edge & allowed(g, b, 0)) >> half * 16, v = 0;

    for (uint32_t i = 0; i < 16; i++)
        v |= (edge >> i & 1) << (2 * i + 1);
    return v;
}

uint32_t gicv3_config_set(const struct gicv3 *g, struct gicv3_bank *b, uint32_t half,
                          uint32_t value, uint32_t fixed)
{
    uint32_t mask = 0xffffu << half * 16 & allowed(g, b, 0) & ~fixed, edge = 0, old = b->edge;

    for (uint32_t i = 0; i < 16; i++)
        edge |= (value >> (2 * i + 1) & 1) << (half * 16 + i);
    b->edge = (b->edge & ~mask) | (edge & mask);
    return old ^ b->edge;
}

/* 12.9.x, identification: PIDR4..7, PIDR0..3, CIDR0..3 as Arm's own GICs number themselves; GICv3. */
uint64_t gicv3_peripheral_id(uint32_t part, uint32_t index)
{
    static const uint8_t id[12] = { 0x44, 0, 0, 0, 0, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1 };

    return index == 4 ? part : id[index];
}

/* ---- dispatch ---- */
static void enter(struct gicv3 *g, const struct mem_attrs *attrs)
{
    g->nonsecure = g->security && !attrs->secure && !attrs->debug;
}

static enum mem_result access_read(struct device *dev, struct gicv3 *g, uint64_t offset,
                                   unsigned size, uint64_t *value, const struct mem_attrs *attrs)
{
    enter(g, attrs);
    enum mem_result rc = reg_mmio_ops.read(dev, offset, size, value, attrs);
    g->nonsecure = false;
    return rc;
}

static enum mem_result access_write(struct device *dev, struct gicv3 *g, uint64_t offset,
                                    unsigned size, uint64_t value, const struct mem_attrs *attrs)
{
    enter(g, attrs);
    enum mem_result rc = reg_mmio_ops.write(dev, offset, size, value, attrs);
    g->nonsecure = false;
    return rc;
}

static enum mem_result dist_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    return access_read(arg, arg, offset, size, value, attrs);
}

static enum mem_result dist_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    return access_write(arg, arg, offset, size, value, attrs);
}

static enum mem_result redist_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    return access_read(arg, ((struct gicv3_cpu *)arg)->gic, offset, size, value, attrs);
}

static enum mem_result redist_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    return access_write(arg, ((struct gicv3_cpu *)arg)->gic, offset, size, value, attrs);
}

const struct mmio_ops gicv3_dist_mmio = { dist_read, dist_write, 1 | 2 | 4 | 8, false };
const struct mmio_ops gicv3_redist_mmio = { redist_read, redist_write, 1 | 2 | 4 | 8, false };
