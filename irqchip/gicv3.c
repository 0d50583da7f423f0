/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core of the GICv3: what is pending for whom, and what of it is best. An interrupt belongs to at
 * most one CPU at a time, so that one bitmap per CPU holds all it could take.
 */
#include "irqchip/gicv3_impl.h"
#include <string.h>

static const struct gicv3_best nothing = { GICV3_ID_SPURIOUS, GICV3_IDLE, GICV3_G0 };

/* 4.8: the higher priority is the lower number; among equals the lower INTID, which is our choice. */
static bool beats(const struct gicv3_best *a, const struct gicv3_best *b)
{
    return a->priority < b->priority || (a->priority == b->priority && a->intid < b->intid);
}

/* Groups of which this CPU is sent interrupts: enabled in the distributor and the CPU interface. */
static uint32_t groups_on(const struct gicv3_cpu *c)
{
    uint32_t on = 0;

    if (F_GET(c->waker, GICR_WAKER_SLEEP))
        return 0;
    for (uint32_t i = 0; i < GICV3_GROUPS; i++)
        on |= (c->gic->ctlr >> i & 1 & c->igrpen[i]) << i;
    return on;
}

static struct gicv3_best candidate(struct gicv3_cpu *c, uint32_t intid)
{
    const struct gicv3_bank *b = intid < GICV3_FIRST_SPI ? &c->bank : &c->gic->bank[intid / 32];

    return (struct gicv3_best){ intid, b->priority[intid % 32],
                                (uint8_t)gicv3_group_of(c->gic, b, intid % 32) };
}

static void choose(struct gicv3_cpu *c)
{
    c->best = c->irq_best;
    if (beats(&c->lpi_best, &c->best) && groups_on(c) >> GICV3_G1NS & 1)
        c->best = c->lpi_best;
}

/* The lowest INTID of a level that is of a group that is on; GICV3_ID_SPURIOUS if there is none. */
static uint32_t first_of_level(const struct gicv3_cpu *c, uint32_t level, uint32_t on)
{
    for (uint32_t banks = c->ready_banks[level]; banks; banks &= banks - 1) {
        uint32_t w = ctz64(banks);
        const struct gicv3_bank *b = w ? &c->gic->bank[w] : &c->bank;
        for (uint32_t bits = c->ready[level][w]; bits; bits &= bits - 1)
            if (on >> gicv3_group_of(c->gic, b, ctz64(bits)) & 1)
                return w * 32 + ctz64(bits);
    }
    return GICV3_ID_SPURIOUS;
}

static void find_best(struct gicv3_cpu *c)
{
    uint32_t on = groups_on(c);

    c->irq_best = nothing;
    for (uint32_t i = 0; on && i < ARRAY_LEN(c->ready_levels); i++) {
        for (uint64_t levels = c->ready_levels[i]; levels; levels &= levels - 1) {
            uint32_t intid = first_of_level(c, i * 64 + ctz64(levels), on);
            if (intid == GICV3_ID_SPURIOUS)
                continue;
            c->irq_best = candidate(c, intid);
            return;
        }
    }
}

void gicv3_rescan(struct gicv3_cpu *c)
{
    find_best(c);
    gicv3_drive(c);
}

static void list(struct gicv3_cpu *c, uint32_t intid, bool on)
{
    uint32_t level = c->level[intid], w = intid / 32, bit = 1u << intid % 32;
    uint32_t *bits = &c->ready[level][w], *banks = &c->ready_banks[level];
    uint64_t *levels = &c->ready_levels[level / 64];

    *bits = on ? *bits | bit : *bits & ~bit;
    *banks = *bits ? *banks | 1u << w : *banks & ~(1u << w);
    *levels = *banks ? *levels | BIT(level % 64) : *levels & ~BIT(level % 64);
    c->listed[w] = on ? c->listed[w] | bit : c->listed[w] & ~bit;
}

/* One interrupt changed. True: it was the best, so that the next one has to be looked for. */
static bool note(struct gicv3_cpu *c, uint32_t intid, bool ready)
{
    struct gicv3_best x = candidate(c, intid);

    if (c->listed[intid / 32] >> intid % 32 & 1)
        list(c, intid, false);
    if (ready) {
        c->level[intid] = (uint8_t)(x.priority >> (8 - c->gic->priority_bits));
        list(c, intid, true);
    }
    if (intid == c->irq_best.intid)
        return true;
    if (ready && (groups_on(c) >> x.group & 1) && beats(&x, &c->irq_best))
        c->irq_best = x;
    return false;
}

static uint32_t ready_bits(const struct gicv3_bank *b)
{
    return gicv3_pending(b) & b->enable & ~b->active;
}

static struct gicv3_cpu *target_of(struct gicv3 *g, uint32_t intid)
{
    return g->target[intid] < g->n_cpus ? g->cpu[g->target[intid]] : NULL;
}

void gicv3_changed(struct gicv3 *g, struct gicv3_cpu *c, uint32_t bank, uint32_t bits)
{
    uint32_t ready = bits ? ready_bits(bank ? &g->bank[bank] : &c->bank) : 0;

    for (; bits; bits &= bits - 1) {
        uint32_t bit = ctz64(bits), intid = bank * 32 + bit;
        struct gicv3_cpu *to = bank ? target_of(g, intid) : c;
        if (to == NULL)
            continue;
        if (note(to, intid, ready >> bit & 1))
            gicv3_rescan(to);
        else
            gicv3_drive(to);
    }
}

/* ---- routing ---- */
static uint16_t cpu_of(const struct gicv3 *g, uint64_t affinity)
{
    for (uint32_t i = 0; i < g->n_cpus; i++)
        if (g->affinity[i] == affinity)
            return (uint16_t)i;
    return GICV3_NO_CPU;
}

/* 12.9.22: an affinity that no PE has leaves the interrupt pending and unsent. */
void gicv3_set_router(struct gicv3 *g, uint32_t intid, uint64_t value)
{
    struct gicv3_cpu *from = target_of(g, intid);

    if (from && note(from, intid, false))
        gicv3_rescan(from);
    g->router[intid] = value;
    g->target[intid] = cpu_of(g, value);
    gicv3_changed(g, NULL, intid / 32, 1u << intid % 32);
}

/* ---- life of an interrupt, 4.1.2 ---- */
void gicv3_activate(struct gicv3_cpu *c, uint32_t intid)
{
    struct gicv3_bank *b;

    if (intid >= GICV3_FIRST_LPI) {
        gicv3_lpi_taken(c, intid);
        return;
    }
    b = gicv3_bank_of(c, intid);
    b->active |= 1u << intid % 32;
    b->latch &= ~(1u << intid % 32);
    gicv3_changed(c->gic, c, intid / 32, 1u << intid % 32);
}

void gicv3_deactivate(struct gicv3_cpu *c, uint32_t intid)
{
    struct gicv3_bank *b = gicv3_bank_of(c, intid);

    if (b == NULL)
        return;
    b->active &= ~(1u << intid % 32);
    gicv3_changed(c->gic, c, intid / 32, 1u << intid % 32);
}

/*
 * 12.1.10, forwarding of SGIs: the receiver's configuration decides. A Secure Group 1 SGI may reach
 * an interrupt that is of Group 0; Non-secure senders need GICR_NSACR for Secure interrupts.
 */
void gicv3_receive_sgi(struct gicv3_cpu *c, uint32_t intid, enum gicv3_group group, bool nonsecure)
{
    enum gicv3_group is = gicv3_group_of(c->gic, &c->bank, intid);

    if (gicv3_ds(c->gic)) {
        group = group == GICV3_G0 ? GICV3_G0 : GICV3_G1NS;
        nonsecure = false;
    } else if (group == GICV3_G1S && is == GICV3_G0) {
        group = GICV3_G0;
    }
    if (group != is)
        return;
    if (nonsecure && is != GICV3_G1NS && gicv3_nsacr(&c->bank, intid) < (is == GICV3_G0 ? 1u : 2u))
        return;
    c->bank.latch |= 1u << intid;
    gicv3_changed(c->gic, c, 0, 1u << intid);
}

static void set_input(struct gicv3 *g, struct gicv3_cpu *c, uint32_t intid, bool level)
{
    struct gicv3_bank *b = c ? &c->bank : &g->bank[intid / 32];
    uint32_t bit = 1u << intid % 32;

    if (level && !(b->level & bit))
        b->latch |= b->edge & bit;
    b->level = level ? b->level | bit : b->level & ~bit;
    gicv3_changed(g, c, intid / 32, bit);
}

void gicv3_set_spi(void *gic, uint32_t number, bool level)
{
    struct gicv3 *g = gic;

    if (number < g->n_irqs - GICV3_FIRST_SPI)
        set_input(g, NULL, number + GICV3_FIRST_SPI, level);
}

void gicv3_set_ppi(void *gic, uint32_t number, bool level)
{
    struct gicv3 *g = gic;

    if (number / 32 < g->n_cpus && number % 32 >= GICV3_N_SGIS)
        set_input(g, g->cpu[number / 32], number % 32, level);
}

/* ---- lines ---- */
static void put(struct gicv3_cpu *c, void (*set)(struct irq_line *, bool))
{
    bool some = gicv3_preempts(c), virq, vfiq, maintenance = gicv3_virt_lines(c, &virq, &vfiq);

    set(&c->out.group0, some && c->best.group == GICV3_G0);
    set(&c->out.group1_s, some && c->best.group == GICV3_G1S);
    set(&c->out.group1_ns, some && c->best.group == GICV3_G1NS);
    set(&c->out.virq, virq);
    set(&c->out.vfiq, vfiq);
    set(&c->out.maintenance, maintenance); /* last: it comes back as a PPI and may drive the others */
}

void gicv3_drive(struct gicv3_cpu *c)
{
    choose(c);
    put(c, irq_set);
}

struct gicv3_interface *gicv3_interface_of(struct gicv3 *g, uint32_t cpu)
{
    return cpu < g->n_cpus ? &g->cpu[cpu]->out : NULL;
}

struct dma *gicv3_dma(struct gicv3 *g)
{
    return &g->dma;
}

uint32_t gicv3_n_cpus(const struct gicv3 *g)
{
    return g->n_cpus;
}

void gicv3_rebuild_cpu(struct gicv3_cpu *c, bool restored)
{
    struct gicv3 *g = c->gic;

    memset(c->ready, 0, sizeof(c->ready[0]) << g->priority_bits);
    memset(c->ready_banks, 0, sizeof(c->ready_banks[0]) << g->priority_bits);
    memset(c->ready_levels, 0, sizeof(c->ready_levels));
    memset(c->listed, 0, sizeof(c->listed));
    c->irq_best = nothing;
    gicv3_lpi_rebuild(c);
    for (uint32_t w = 0; w < g->n_banks; w++) {
        uint32_t bits = ready_bits(w ? &g->bank[w] : &c->bank);
        for (; bits; bits &= bits - 1) {
            uint32_t intid = w * 32 + ctz64(bits);
            if (intid < g->n_irqs && (w == 0 || g->target[intid] == c->index))
                (void)note(c, intid, true);
        }
    }
    choose(c);
    put(c, restored ? irq_restore : irq_set);
}

void gicv3_rebuild(struct gicv3 *g, bool restored)
{
    for (uint32_t i = GICV3_FIRST_SPI; i < GICV3_IRQS; i++)
        g->target[i] = cpu_of(g, g->router[i]);
    for (uint32_t i = 0; i < g->n_cpus; i++)
        gicv3_rebuild_cpu(g->cpu[i], restored);
}
