/* SPDX-License-Identifier: Apache-2.0 */
/* IHI 0048B, 4.3: distributor register descriptions. */
#include "irqchip/gicv2_impl.h"

/* ---- bits by interrupt: rows of 32 words, of which word 0 is the accessing CPU's ---- */

/* Non-secure accesses see the bits of Group 1 only (4.1.5); words past the last have none. */
static uint32_t visible(const struct gicv2 *g, uint32_t word)
{
    if (word >= gicv2_n_words(g))
        return 0;
    uint32_t n = gicv2_n_irqs(g) - word * 32, there = n >= 32 ? ~0u : (1u << n) - 1;

    return there & (g->nonsecure ? g->group[gicv2_slot(word, g->cpu)] : ~0u);
}

/* SGIs have no bits here that software could change. */
static uint32_t changeable(const struct gicv2 *g, uint32_t word)
{
    return visible(g, word) & (word == 0 ? 0xffff0000 : ~0u);
}

static uint64_t read_group(const void *dev, uint32_t word)
{
    const struct gicv2 *g = dev;

    return g->nonsecure ? 0 : g->group[gicv2_slot(word, g->cpu)] & visible(g, word);
}

static void wrote_group(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;
    uint32_t s = gicv2_slot(word, g->cpu), mask = g->nonsecure ? 0 : visible(g, word);

    (void)old;
    g->group[s] = (g->group[s] & ~mask) | ((uint32_t)now & mask);
    gicv2_update(g);
}

static uint64_t read_enable(const void *dev, uint32_t word)
{
    const struct gicv2 *g = dev;

    return g->enable[gicv2_slot(word, g->cpu)] & visible(g, word);
}

static void wrote_set_enable(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    g->enable[gicv2_slot(word, g->cpu)] |= (uint32_t)now & changeable(g, word);
    gicv2_update(g);
}

static void wrote_clear_enable(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    g->enable[gicv2_slot(word, g->cpu)] &= ~((uint32_t)now & changeable(g, word));
    gicv2_update(g);
}

static uint64_t read_pending(const void *dev, uint32_t word)
{
    const struct gicv2 *g = dev;

    return gicv2_pending_word(g, g->cpu, word) & visible(g, word);
}

static void wrote_set_pending(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    g->latch[gicv2_slot(word, g->cpu)] |= (uint32_t)now & changeable(g, word);
    gicv2_update(g);
}

static void wrote_clear_pending(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    g->latch[gicv2_slot(word, g->cpu)] &= ~((uint32_t)now & changeable(g, word));
    gicv2_update(g);
}

static uint64_t read_active(const void *dev, uint32_t word)
{
    const struct gicv2 *g = dev;

    return g->active[gicv2_slot(word, g->cpu)] & visible(g, word);
}

static void wrote_set_active(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    g->active[gicv2_slot(word, g->cpu)] |= (uint32_t)now & visible(g, word);
    gicv2_update(g);
}

static void wrote_clear_active(void *dev, uint32_t word, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    g->active[gicv2_slot(word, g->cpu)] &= ~((uint32_t)now & visible(g, word));
    gicv2_update(g);
}

/* ---- bytes by interrupt ---- */
static bool is_visible(const struct gicv2 *g, uint32_t irq)
{
    return visible(g, irq / 32) >> irq % 32 & 1;
}

/* 4.1.5, "Priority in the Security Extensions": Non-secure software has the lower half, shifted. */
static uint64_t read_priority(const void *dev, uint32_t irq)
{
    const struct gicv2 *g = dev;
    uint8_t p = gicv2_priority(g, g->cpu, irq);

    if (!is_visible(g, irq))
        return 0;
    return g->nonsecure ? p << 1 & 0xff : p;
}

static void wrote_priority(void *dev, uint32_t irq, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    if (!is_visible(g, irq))
        return;
    g->priority[gicv2_slot(irq / 32, g->cpu)][irq % 32] =
        (uint8_t)(g->nonsecure ? 0x80 | now >> 1 : now);
    gicv2_update(g);
}

/* 4.3.12: those of SGIs and PPIs show who asks. */
static uint64_t read_target(const void *dev, uint32_t irq)
{
    const struct gicv2 *g = dev;

    if (!is_visible(g, irq))
        return 0;
    return irq < 32 ? 1u << g->cpu : g->target[gicv2_slot(irq / 32, 0)][irq % 32];
}

static void wrote_target(void *dev, uint32_t irq, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    if (irq < 32 || !is_visible(g, irq))
        return;
    g->target[gicv2_slot(irq / 32, 0)][irq % 32] = (uint8_t)(now & ((1u << g->config.n_cpus) - 1));
    gicv2_update(g);
}

/* ---- configuration: two bits an interrupt, of which the upper says edge ---- */
static uint64_t read_config(const void *dev, uint32_t index)
{
    const struct gicv2 *g = dev;
    uint32_t word = index / 2, bits, value = 0;

    bits = (g->edge[gicv2_slot(word, g->cpu)] & visible(g, word)) >> index % 2 * 16;
    for (uint32_t i = 0; i < 16; i++)
        value |= (bits >> i & 1) << (2 * i + 1);
    return value;
}

static void wrote_config(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;
    uint32_t word = index / 2, s = gicv2_slot(word, g->cpu), bits = 0;
    uint32_t mask = changeable(g, word) & 0xffffu << index % 2 * 16;

    (void)old;
    for (uint32_t i = 0; i < 16; i++)
        bits |= (uint32_t)(now >> (2 * i + 1) & 1) << i;
    bits <<= index % 2 * 16;
    g->edge[s] = (g->edge[s] & ~mask) | (bits & mask);
    gicv2_update(g);
}

/* ---- software-generated interrupts ---- */

/*
 * 4.3.15 NSATT: Secure software says for which group it means the SGI, Non-secure software
 * reaches Group 1 only; what the target configured otherwise is not sent.
 */
static bool sgi_permitted(const struct gicv2 *g, uint32_t cpu, uint32_t n, bool nsatt)
{
    return !g->config.security || gicv2_is_group1(g, cpu, n) == (g->nonsecure || nsatt);
}

static void wrote_sgir(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;
    uint32_t n = (uint32_t)F_GET(now, 3, 0), all = (1u << g->config.n_cpus) - 1,
             self = 1u << g->cpu;
    uint32_t list[] = { (uint32_t)F_GET(now, 23, 16), all & ~self, self, 0 };
    uint32_t filter = (uint32_t)F_GET(now, 25, 24), targets = list[filter] & all;

    (void)index;
    (void)old;
    if (filter == 3)
        guest_error(&g->dev, "GICD_SGIR", "reserved TargetListFilter 3");
    for (uint32_t c = 0; c < g->config.n_cpus; c++)
        if ((targets >> c & 1) && sgi_permitted(g, c, n, now >> 15 & 1))
            gicv2_set_sgi(g, c, n, (uint8_t)(g->sgi[c][n] | self));
    gicv2_update(g);
}

static uint64_t read_sgi_pending(const void *dev, uint32_t n)
{
    const struct gicv2 *g = dev;

    return is_visible(g, n) ? g->sgi[g->cpu][n] : 0;
}

static void change_sgi(struct gicv2 *g, uint32_t n, uint32_t sources)
{
    if (is_visible(g, n))
        gicv2_set_sgi(g, g->cpu, n, (uint8_t)sources);
    gicv2_update(g);
}

static void wrote_clear_sgi(void *dev, uint32_t n, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    change_sgi(g, n, g->sgi[g->cpu][n] & ~(uint32_t)now);
}

static void wrote_set_sgi(void *dev, uint32_t n, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)old;
    change_sgi(g, n, g->sgi[g->cpu][n] | ((uint32_t)now & ((1u << g->config.n_cpus) - 1)));
}

/* ---- control and identification ---- */

/* 4.3.1: Non-secure software has one enable, that of Group 1. */
static uint64_t read_ctlr(const void *dev, uint32_t index)
{
    const struct gicv2 *g = dev;

    (void)index;
    return g->nonsecure ? g->dist_ctlr >> 1 : g->dist_ctlr;
}

static void wrote_ctlr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = dev;

    (void)index;
    (void)old;
    if (g->nonsecure)
        g->dist_ctlr = (g->dist_ctlr & CTLR_GRP0) | ((uint32_t)now & 1) << 1;
    else
        g->dist_ctlr = (uint32_t)now & (CTLR_GRP0 | CTLR_GRP1);
    gicv2_update(g);
}

/* 4.3.2: ITLinesNumber, CPUNumber, SecurityExtn. */
static uint64_t read_typer(const void *dev, uint32_t index)
{
    const struct gicv2 *g = dev;

    (void)index;
    return (gicv2_n_words(g) - 1) | (g->config.n_cpus - 1) << 5 |
           (g->config.security ? BIT(10) : 0);
}

#define ALL 0xffffffff
/* clang-format off */
static const struct reg_desc distributor_regs[] = {
    REG32(0x000, "GICD_CTLR",      .rw = 3, .read = read_ctlr, .wrote = wrote_ctlr),
    REG32(0x004, "GICD_TYPER",     .read = read_typer),
    REG32(0x008, "GICD_IIDR",      .reset = 0x0000043b), /* Arm */
    REG32(0x080, "GICD_IGROUPR",   .count = 32,  .rw = ALL, .read = read_group, .wrote = wrote_group),
    REG32(0x100, "GICD_ISENABLER", .count = 32,  .rw = ALL, .read = read_enable, .wrote = wrote_set_enable),
    REG32(0x180, "GICD_ICENABLER", .count = 32,  .rw = ALL, .read = read_enable, .wrote = wrote_clear_enable),
    REG32(0x200, "GICD_ISPENDR",   .count = 32,  .rw = ALL, .read = read_pending, .wrote = wrote_set_pending),
    REG32(0x280, "GICD_ICPENDR",   .count = 32,  .rw = ALL, .read = read_pending, .wrote = wrote_clear_pending),
    REG32(0x300, "GICD_ISACTIVER", .count = 32,  .rw = ALL, .read = read_active, .wrote = wrote_set_active),
    REG32(0x380, "GICD_ICACTIVER", .count = 32,  .rw = ALL, .read = read_active, .wrote = wrote_clear_active),
    REG8(0x400,  "GICD_IPRIORITYR", .count = GICV2_IRQS, .sizes = 1 | 4, .rw = 0xff,
         .read = read_priority, .wrote = wrote_priority),
    REG8(0x800,  "GICD_ITARGETSR", .count = GICV2_IRQS, .sizes = 1 | 4, .rw = 0xff,
         .read = read_target, .wrote = wrote_target),
    REG32(0xc00, "GICD_ICFGR",     .count = 64,  .rw = ALL, .read = read_config, .wrote = wrote_config),
    REG32(0xe00, "GICD_NSACR",     .count = 64), /* not implemented: RAZ/WI */
    REG32(0xf00, "GICD_SGIR",      .rw = ALL, .wrote = wrote_sgir),
    REG8(0xf10,  "GICD_CPENDSGIR", .count = GICV2_SGIS, .sizes = 1 | 4, .rw = 0xff,
         .read = read_sgi_pending, .wrote = wrote_clear_sgi),
    REG8(0xf20,  "GICD_SPENDSGIR", .count = GICV2_SGIS, .sizes = 1 | 4, .rw = 0xff,
         .read = read_sgi_pending, .wrote = wrote_set_sgi),
    /* 4.3.18: CoreSight identification of an Arm GICv2, revision 2. */
    REG32(0xfd0, "GICD_PIDR4", .reset = 0x04), REG32(0xfd4, "GICD_PIDR5"),
    REG32(0xfd8, "GICD_PIDR6"),                REG32(0xfdc, "GICD_PIDR7"),
    REG32(0xfe0, "GICD_PIDR0", .reset = 0x90), REG32(0xfe4, "GICD_PIDR1", .reset = 0xb4),
    REG32(0xfe8, "GICD_PIDR2", .reset = 0x2b), REG32(0xfec, "GICD_PIDR3"),
    REG32(0xff0, "GICD_CIDR0", .reset = 0x0d), REG32(0xff4, "GICD_CIDR1", .reset = 0xf0),
    REG32(0xff8, "GICD_CIDR2", .reset = 0x05), REG32(0xffc, "GICD_CIDR3", .reset = 0xb1),
};
/* clang-format on */

const struct device_ops gicv2_ops = {
    .name = "gicv2", .spec = "Arm IHI 0048B", .size = sizeof(struct gicv2),
    .regs = distributor_regs, .n_regs = ARRAY_LEN(distributor_regs), .mmio_size = 0x1000,
    .state = gicv2_state, .version = 1, .reset = gicv2_reset, .loaded = gicv2_loaded,
};
