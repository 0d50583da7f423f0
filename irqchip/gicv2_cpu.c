/* SPDX-License-Identifier: Apache-2.0 */
/* IHI 0048B, 4.4: CPU interface register descriptions; 3.3: prioritization. */
#include "irqchip/gicv2_impl.h"

/* ---- priorities ---- */

/*
 * 3.3.3 and 8.3.3, tables of the binary point: Group 0 splits above GICC_BPR, Group 1 at GICC_ABPR
 * unless CBPR makes it follow the other.
 */
static uint32_t group_priority(const struct gicv2 *g, uint32_t cpu, uint32_t irq)
{
    uint32_t priority = gicv2_priority(g, cpu, irq), point = g->bpr[cpu] + 1u;

    if (gicv2_is_group1(g, cpu, irq) && !(g->ctlr[cpu] & CTLR_CBPR))
        point = g->abpr[cpu];
    return priority & (0xffu << point);
}

/* Place of the highest active priority in a set of registers; past the end if none is. */
static uint32_t first_active(const uint32_t apr[GICV2_APRS])
{
    uint32_t i = 0;

    while (i < GICV2_APRS && apr[i] == 0)
        i++;
    return i < GICV2_APRS ? i * 32 + ctz64(apr[i]) : GICV2_APRS * 32;
}

/* The running priority, GICV2_IDLE if nothing is handled. */
static uint32_t running_priority(const struct gicv2 *g, uint32_t cpu)
{
    return MIN(first_active(g->apr[cpu]), first_active(g->nsapr[cpu])) << 1;
}

static bool is_enabled(const struct gicv2 *g, uint32_t cpu, uint32_t irq)
{
    return g->ctlr[cpu] & (gicv2_is_group1(g, cpu, irq) ? CTLR_GRP1 : CTLR_GRP0);
}

uint32_t gicv2_signalled(const struct gicv2 *g, uint32_t cpu)
{
    uint32_t irq = gicv2_best_pending(g, cpu);

    if (irq == INTID_SPURIOUS || !is_enabled(g, cpu, irq) ||
        gicv2_priority(g, cpu, irq) >= g->pmr[cpu] ||
        group_priority(g, cpu, irq) >= running_priority(g, cpu))
        return INTID_SPURIOUS;
    return irq;
}

/* ---- acknowledge, end, deactivate ---- */

/* What an access is told of `irq`: 4.4.4, table "effect of GICC_CTLR.AckCtl", and 3.4.2. */
static uint32_t told(const struct gicv2 *g, uint32_t irq, bool nonsecure)
{
    uint32_t cpu = g->cpu;

    if (irq == INTID_SPURIOUS)
        return irq;
    if (nonsecure)
        return gicv2_is_group1(g, cpu, irq) ? irq : INTID_SPURIOUS;
    if (gicv2_is_group1(g, cpu, irq) && !(g->ctlr[cpu] & CTLR_ACK))
        return INTID_GROUP1;
    return irq;
}

/* With the CPU that sent it, if it is an SGI; of several the lowest. */
static uint32_t with_source(const struct gicv2 *g, uint32_t irq)
{
    if (irq >= GICV2_SGIS || g->sgi[g->cpu][irq] == 0)
        return irq;
    return ctz64(g->sgi[g->cpu][irq]) << 10 | irq;
}

static void acknowledge(struct gicv2 *g, uint32_t irq)
{
    uint32_t cpu = g->cpu, s = gicv2_slot(irq / 32, cpu), bit = 1u << irq % 32;
    uint32_t level = group_priority(g, cpu, irq) >> 1;
    uint32_t *apr = gicv2_is_group1(g, cpu, irq) ? g->nsapr[cpu] : g->apr[cpu];

    g->active[s] |= bit;
    apr[level / 32] |= 1u << level % 32;
    if (irq < GICV2_SGIS)
        gicv2_set_sgi(g, cpu, irq, (uint8_t)(g->sgi[cpu][irq] & (g->sgi[cpu][irq] - 1)));
    else
        g->latch[s] &= ~bit;
    gicv2_update(g);
}

void gicv2_deactivate(struct gicv2 *g, uint32_t cpu, uint32_t irq)
{
    if (irq < gicv2_n_irqs(g))
        g->active[gicv2_slot(irq / 32, cpu)] &= ~(1u << irq % 32);
    gicv2_update(g);
}

/* Non-secure software has its own EOImode (4.4.1); the aliased registers work as it does. */
static bool is_eoi_split(const struct gicv2 *g, bool nonsecure)
{
    return g->ctlr[g->cpu] & (g->config.security && nonsecure ? CTLR_EOI_NS : CTLR_EOI);
}

/*
 * 4.4.5: the end drops the priority and, unless EOImode splits them, deactivates. Identifiers of
 * what is not there or not to be touched are ignored, and so is an end when nothing is handled.
 */
static void end(struct gicv2 *g, uint32_t irq, bool nonsecure)
{
    uint32_t cpu = g->cpu;

    if (irq >= gicv2_n_irqs(g) || running_priority(g, cpu) == GICV2_IDLE)
        return;
    bool group1 = gicv2_is_group1(g, cpu, irq);
    if (nonsecure && !group1)
        return;
    uint32_t *apr = group1 ? g->nsapr[cpu] : g->apr[cpu], first = first_active(apr);
    if (first < GICV2_APRS * 32)
        apr[first / 32] &= apr[first / 32] - 1;
    if (is_eoi_split(g, nonsecure))
        gicv2_update(g);
    else
        gicv2_deactivate(g, cpu, irq);
}

/* ---- registers; `dev` is the frame ---- */
static struct gicv2 *gic(const void *dev)
{
    return ((const struct gicv2_frame *)dev)->g;
}

static uint64_t read_ctlr(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);
    uint32_t v = g->ctlr[g->cpu];

    (void)index;
    return g->nonsecure ? (v >> 1 & 1) | (v & CTLR_EOI_NS ? CTLR_EOI : 0) : v;
}

static void wrote_ctlr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);
    uint32_t *v = &g->ctlr[g->cpu], mine = CTLR_GRP1 | CTLR_EOI_NS;

    (void)index;
    (void)old;
    if (g->nonsecure)
        *v = (*v & ~mine) | ((uint32_t)now & 1) << 1 | (now & CTLR_EOI ? CTLR_EOI_NS : 0);
    else
        *v = (uint32_t)now & (g->config.security ? 0x61f : 0x21f);
    gicv2_update(g);
}

/* 4.4.2: Non-secure software sees the lower half of the priorities, shifted. */
static uint32_t nonsecure_priority(uint32_t priority)
{
    return priority & 0x80 ? priority << 1 & 0xff : 0;
}

static uint64_t read_pmr(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return g->nonsecure ? nonsecure_priority(g->pmr[g->cpu]) : g->pmr[g->cpu];
}

/* A mask that Secure software holds in the upper half is not Non-secure software's to lower. */
static void wrote_pmr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);
    uint8_t *pmr = &g->pmr[g->cpu];

    (void)index;
    (void)old;
    if (!g->nonsecure)
        *pmr = (uint8_t)now;
    else if (*pmr & 0x80)
        *pmr = (uint8_t)(0x80 | now >> 1);
    gicv2_update(g);
}

/* 4.4.3: the Non-secure copy is GICC_ABPR, or with CBPR a view of the other. */
static uint64_t read_bpr(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    if (!g->nonsecure)
        return g->bpr[g->cpu];
    return g->ctlr[g->cpu] & CTLR_CBPR ? MIN(g->bpr[g->cpu] + 1u, 7u) : g->abpr[g->cpu];
}

static void wrote_bpr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    if (!g->nonsecure)
        g->bpr[g->cpu] = (uint8_t)now;
    else if (!(g->ctlr[g->cpu] & CTLR_CBPR))
        g->abpr[g->cpu] = (uint8_t)MAX(now, 1);
    gicv2_update(g);
}

static uint64_t read_abpr(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return g->nonsecure ? 0 : g->abpr[g->cpu];
}

static void wrote_abpr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    if (!g->nonsecure)
        g->abpr[g->cpu] = (uint8_t)MAX(now, 1);
    gicv2_update(g);
}

static uint64_t read_iar(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return with_source(g, told(g, gicv2_signalled(g, g->cpu), g->nonsecure));
}

static void after_iar(void *dev, uint32_t index, uint64_t value)
{
    (void)index;
    if ((value & INTID_MASK) < GICV2_IRQS)
        acknowledge(gic(dev), value & INTID_MASK);
}

/* GICC_AIAR, AEOIR, AHPPIR: what Non-secure software has, for Secure software; RAZ/WI to others. */
static uint64_t read_aiar(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return g->nonsecure ? 0 : with_source(g, told(g, gicv2_signalled(g, g->cpu), true));
}

static void after_aiar(void *dev, uint32_t index, uint64_t value)
{
    if (!gic(dev)->nonsecure)
        after_iar(dev, index, value);
}

static void wrote_eoir(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    end(g, now & INTID_MASK, g->nonsecure);
}

static void wrote_aeoir(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    if (!g->nonsecure)
        end(g, now & INTID_MASK, true);
}

static uint64_t read_rpr(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);
    uint32_t running = running_priority(g, g->cpu);

    (void)index;
    if (running == GICV2_IDLE)
        return 0xff;
    return g->nonsecure ? nonsecure_priority(running) : running;
}

/* 4.4.7: what is pending, whatever mask and running priority say. */
static uint32_t pending(const struct gicv2 *g)
{
    uint32_t irq = gicv2_best_pending(g, g->cpu);

    return irq != INTID_SPURIOUS && is_enabled(g, g->cpu, irq) ? irq : INTID_SPURIOUS;
}

static uint64_t read_hppir(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return with_source(g, told(g, pending(g), g->nonsecure));
}

static uint64_t read_ahppir(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return g->nonsecure ? 0 : with_source(g, told(g, pending(g), true));
}

/*
 * 4.4.11: Group 0's active priorities. Non-secure software finds Group 1's there as far as it
 * sees them: the lower half of the levels, from the first register on.
 */
static uint32_t *active_priorities(const void *dev, uint32_t n)
{
    struct gicv2 *g = gic(dev);

    if (!g->nonsecure)
        return &g->apr[g->cpu][n];
    return n < GICV2_APRS / 2 ? &g->nsapr[g->cpu][n + GICV2_APRS / 2] : NULL;
}

static uint64_t read_apr(const void *dev, uint32_t n)
{
    const uint32_t *apr = active_priorities(dev, n);

    return apr ? *apr : 0;
}

static void wrote_apr(void *dev, uint32_t n, uint64_t old, uint64_t now)
{
    uint32_t *apr = active_priorities(dev, n);

    (void)old;
    if (apr)
        *apr = (uint32_t)now;
    gicv2_update(gic(dev));
}

static uint64_t read_nsapr(const void *dev, uint32_t n)
{
    const struct gicv2 *g = gic(dev);

    return g->nonsecure ? 0 : g->nsapr[g->cpu][n];
}

static void wrote_nsapr(void *dev, uint32_t n, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)old;
    if (!g->nonsecure)
        g->nsapr[g->cpu][n] = (uint32_t)now;
    gicv2_update(g);
}

/* 4.4.15: meant for EOImode only. */
static void wrote_dir(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);
    uint32_t irq = now & INTID_MASK;

    (void)index;
    (void)old;
    if (!is_eoi_split(g, g->nonsecure)) {
        guest_error(&g->dev, "GICC_DIR", "%u is written while EOImode is 0", irq);
        return;
    }
    if (irq < gicv2_n_irqs(g) && (!g->nonsecure || gicv2_is_group1(g, g->cpu, irq)))
        gicv2_deactivate(g, g->cpu, irq);
}

#define ALL 0xffffffff
static const struct reg_desc cpu_regs[] = {
    REG32(0x00, "GICC_CTLR",   .rw = 0x61f, .read = read_ctlr, .wrote = wrote_ctlr),
    REG32(0x04, "GICC_PMR",    .rw = 0xff, .read = read_pmr, .wrote = wrote_pmr),
    REG32(0x08, "GICC_BPR",    .rw = 7, .read = read_bpr, .wrote = wrote_bpr),
    REG32(0x0c, "GICC_IAR",    .read = read_iar, .after_read = after_iar),
    REG32(0x10, "GICC_EOIR",   .rw = ALL, .wrote = wrote_eoir),
    REG32(0x14, "GICC_RPR",    .read = read_rpr),
    REG32(0x18, "GICC_HPPIR",  .read = read_hppir),
    REG32(0x1c, "GICC_ABPR",   .rw = 7, .read = read_abpr, .wrote = wrote_abpr),
    REG32(0x20, "GICC_AIAR",   .read = read_aiar, .after_read = after_aiar),
    REG32(0x24, "GICC_AEOIR",  .rw = ALL, .wrote = wrote_aeoir),
    REG32(0x28, "GICC_AHPPIR", .read = read_ahppir),
    REG32(0xd0, "GICC_APR",    .count = GICV2_APRS, .rw = ALL, .read = read_apr, .wrote = wrote_apr),
    REG32(0xe0, "GICC_NSAPR",  .count = GICV2_APRS, .rw = ALL, .read = read_nsapr,
          .wrote = wrote_nsapr),
    REG32(0xfc, "GICC_IIDR",   .reset = 0x0002043b), /* GICv2, Arm */
    REG32(0x1000, "GICC_DIR",  .rw = ALL, .wrote = wrote_dir),
};

const struct device_ops gicv2_cpu_ops = {
    .name = "gicv2-cpu", .spec = "Arm IHI 0048B", .size = sizeof(struct gicv2_frame),
    .regs = cpu_regs, .n_regs = ARRAY_LEN(cpu_regs), .mmio_size = 0x2000,
};
