/* SPDX-License-Identifier: Apache-2.0 */
/* The part as a whole: inputs, selection, lines, state, construction. */
#include "irqchip/gicv2.h"
#include "irqchip/gicv2_impl.h"
#include <stdio.h>
#include <string.h>

/* ---- selection ---- */

/*
 * IHI 0048B, 4.3.8, figure "Logic of the pending status of a level-sensitive interrupt": what
 * software or an edge set, or the input itself unless the interrupt is edge-triggered.
 */
uint32_t gicv2_pending_word(const struct gicv2 *g, uint32_t cpu, uint32_t word)
{
    uint32_t s = gicv2_slot(word, cpu);

    return g->latch[s] | (g->level[s] & ~g->edge[s]);
}

/* An interrupt that is active is not forwarded again before it is deactivated (3.2.4). */
static uint32_t forwarded_word(const struct gicv2 *g, uint32_t cpu, uint32_t word)
{
    uint32_t s = gicv2_slot(word, cpu);
    uint32_t groups = (g->dist_ctlr & CTLR_GRP0 ? ~g->group[s] : 0) |
                      (g->dist_ctlr & CTLR_GRP1 ? g->group[s] : 0);

    return gicv2_pending_word(g, cpu, word) & g->enable[s] & ~g->active[s] & groups;
}

/* A GIC for one CPU has no targets: all interrupts go there (4.3.12). */
static bool is_target(const struct gicv2 *g, uint32_t cpu, uint32_t irq)
{
    return irq < 32 || g->config.n_cpus == 1 ||
           (g->target[gicv2_slot(irq / 32, cpu)][irq % 32] >> cpu & 1);
}

uint32_t gicv2_best_pending(const struct gicv2 *g, uint32_t cpu)
{
    uint32_t best = INTID_SPURIOUS, best_priority = GICV2_IDLE;

    for (uint32_t w = 0; w < gicv2_n_words(g); w++) {
        uint32_t s = gicv2_slot(w, cpu), bits = (g->latch[s] | g->level[s]) == 0 ? 0 : forwarded_word(g, cpu, w);
        for (; bits; bits &= bits - 1) {
            uint32_t irq = w * 32 + ctz64(bits), priority = gicv2_priority(g, cpu, irq);
            if (priority < best_priority && is_target(g, cpu, irq)) {
                best = irq;
                best_priority = priority;
            }
        }
    }
    return best;
}

/* ---- lines ---- */

/* 4.4.1 GICC_CTLR.FIQEn: Group 0 as FIQ; Group 1 always as IRQ. */
static void levels_of(const struct gicv2 *g, uint32_t cpu, bool level[5])
{
    uint32_t irq = gicv2_signalled(g, cpu);
    bool any = irq != INTID_SPURIOUS;
    bool fiq = any && (g->ctlr[cpu] & CTLR_FIQ) && !gicv2_is_group1(g, cpu, irq);

    level[0] = any && !fiq;
    level[1] = fiq;
    level[2] = level[3] = level[4] = false;
    if (g->config.virtualization)
        gicv2_virtual_levels(g, cpu, &level[2], &level[3], &level[4]);
}

static void drive(struct gicv2 *g, void (*set)(struct irq_line *, bool))
{
    for (uint32_t c = 0; c < g->config.n_cpus; c++) {
        struct gicv2_interface *o = &g->out[c];
        bool level[5];
        levels_of(g, c, level);
        set(&o->irq, level[0]);
        set(&o->fiq, level[1]);
        set(&o->virq, level[2]);
        set(&o->vfiq, level[3]);
        set(&o->maintenance, level[4]);
    }
}

void gicv2_update(struct gicv2 *g)
{
    drive(g, irq_set);
}

static void set_input(struct gicv2 *g, uint32_t slot, uint32_t bit, bool level)
{
    if (level && !(g->level[slot] & bit) && (g->edge[slot] & bit))
        g->latch[slot] |= bit;
    g->level[slot] = level ? g->level[slot] | bit : g->level[slot] & ~bit;
    gicv2_update(g);
}

void gicv2_set_spi(void *gic, uint32_t number, bool level)
{
    struct gicv2 *g = gic;

    if (number < g->config.n_spis)
        set_input(g, gicv2_slot(1 + number / 32, 0), 1u << number % 32, level);
}

void gicv2_set_ppi(void *gic, uint32_t number, bool level)
{
    struct gicv2 *g = gic;

    if (number / 32 < g->config.n_cpus && number % 32 >= GICV2_SGIS)
        set_input(g, gicv2_slot(0, number / 32), 1u << number % 32, level);
}

void gicv2_set_sgi(struct gicv2 *g, uint32_t cpu, uint32_t n, uint8_t sources)
{
    uint32_t s = gicv2_slot(0, cpu);

    g->sgi[cpu][n] = sources;
    g->latch[s] = sources ? g->latch[s] | 1u << n : g->latch[s] & ~(1u << n);
}

/* ---- access: who it is ---- */
static void enter(struct gicv2 *g, const struct mem_attrs *attrs)
{
    uint32_t cpu = attrs->requester - MEM_REQUESTER_CPU;

    g->cpu = attrs->requester >= MEM_REQUESTER_CPU && cpu < g->config.n_cpus ? cpu : 0;
    g->nonsecure = g->config.security && !attrs->secure && !attrs->debug;
}

static void leave(struct gicv2 *g)
{
    g->cpu = 0;
    g->nonsecure = false;
}

static enum mem_result view_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    struct gicv2_view *v = arg;

    enter(v->g, attrs);
    enum mem_result rc = reg_mmio_ops.read(v->dev, offset, size, value, attrs);
    leave(v->g);
    return rc;
}

static enum mem_result view_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    struct gicv2_view *v = arg;

    enter(v->g, attrs);
    enum mem_result rc = reg_mmio_ops.write(v->dev, offset, size, value, attrs);
    leave(v->g);
    return rc;
}

static const struct mmio_ops view_ops = {
    .read = view_read, .write = view_write, .sizes = 1 | 2 | 4 | 8,
};

/* ---- life ---- */

/* What the inputs show is not the reset's: the parts behind them are reset after this one. */
void gicv2_reset(void *dev)
{
    struct gicv2 *g = dev;

    memset(g->latch, 0, sizeof(g->latch));
    memset(g->enable, 0, sizeof(g->enable));
    memset(g->active, 0, sizeof(g->active));
    memset(g->group, 0, sizeof(g->group));
    memset(g->edge, 0, sizeof(g->edge));
    memset(g->priority, 0, sizeof(g->priority));
    memset(g->target, 0, sizeof(g->target));
    memset(g->sgi, 0, sizeof(g->sgi));
    memset(g->apr, 0, sizeof(g->apr));
    memset(g->nsapr, 0, sizeof(g->nsapr));
    memset(g->ctlr, 0, sizeof(g->ctlr));
    memset(g->pmr, 0, sizeof(g->pmr));
    memset(g->bpr, 0, sizeof(g->bpr));
    g->dist_ctlr = 0;
    for (uint32_t c = 0; c < GICV2_CPUS; c++) {
        g->enable[c] = g->edge[c] = 0xffff; /* SGIs: always enabled, always edges */
        g->abpr[c] = 1;                     /* its least value */
    }
    gicv2_virtual_reset(g);
    gicv2_update(g);
}

/* A snapshot is not trusted. */
void gicv2_loaded(void *dev)
{
    struct gicv2 *g = dev;

    for (uint32_t c = 0; c < GICV2_CPUS; c++) {
        g->bpr[c] &= 7;
        g->abpr[c] = (uint8_t)MAX(g->abpr[c] & 7, 1);
        for (uint32_t n = 0; n < GICV2_SGIS; n++)
            gicv2_set_sgi(g, c, n, g->sgi[c][n]);
    }
    drive(g, irq_restore);
}

const struct state_field gicv2_state[] = {
    STATE(gicv2, enable), STATE(gicv2, latch), STATE(gicv2, level), STATE(gicv2, active),
    STATE(gicv2, group), STATE(gicv2, edge), STATE(gicv2, apr), STATE(gicv2, nsapr),
    STATE(gicv2, lr), STATE(gicv2, hcr), STATE(gicv2, vmcr), STATE(gicv2, vapr),
    STATE(gicv2, ctlr), STATE(gicv2, dist_ctlr), STATE(gicv2, priority), STATE(gicv2, target),
    STATE(gicv2, sgi), STATE(gicv2, pmr), STATE(gicv2, bpr), STATE(gicv2, abpr), STATE_END
};

static struct gicv2_frame *create_frame(struct gicv2 *g, const struct device_ops *ops,
                                        const char *suffix, struct err *e)
{
    char id[80];

    snprintf(id, sizeof(id), "%s-%s", g->dev.id, suffix);
    struct gicv2_frame *f = device_create(g->dev.machine, ops, id, e);
    if (f)
        f->g = g;
    return f;
}

static int check(const char *id, const struct gicv2_config *c, struct err *e)
{
    if (c->n_cpus == 0 || c->n_cpus > GICV2_CPUS)
        return err_set(e, ERR_ARG, "%s: %u CPUs; 1 to %d are accepted", id, c->n_cpus, GICV2_CPUS);
    if (c->n_spis > GICV2_IRQS - 32 || (c->n_spis % 32 != 0 && c->n_spis != GICV2_IRQS - 32))
        return err_set(e, ERR_ARG, "%s: %u SPIs; multiples of 32 up to 960, and 988, are accepted",
                       id, c->n_spis);
    return 0;
}

struct gicv2 *gicv2_create(struct machine *m, const char *id, const struct gicv2_config *c,
                           struct err *e)
{
    if (check(id, c, e) < 0)
        return NULL;
    struct gicv2 *g = device_create(m, &gicv2_ops, id, e);
    if (!g)
        return NULL;
    g->config = *c;
    g->cpu_frame = create_frame(g, &gicv2_cpu_ops, "cpu", e);
    if (!g->cpu_frame)
        return NULL;
    if (c->virtualization) {
        g->hyp_frame = create_frame(g, &gicv2_hyp_ops, "hyp", e);
        g->vcpu_frame = g->hyp_frame ? create_frame(g, &gicv2_vcpu_ops, "vcpu", e) : NULL;
        if (!g->vcpu_frame)
            return NULL;
    }
    return g;
}

int gicv2_map(struct gicv2 *g, struct mem_space *s, pa_t distributor, pa_t cpu_interface,
              pa_t hypervisor, pa_t virtual_cpu, struct err *e)
{
    struct { struct device *dev; pa_t base; } rows[] = {
        { &g->dev, distributor }, { &g->cpu_frame->dev, cpu_interface },
        { g->hyp_frame ? &g->hyp_frame->dev : NULL, hypervisor },
        { g->vcpu_frame ? &g->vcpu_frame->dev : NULL, virtual_cpu },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (i >= 2 && rows[i].base == 0)
            continue;
        if (!rows[i].dev)
            return err_set(e, ERR_ARG, "%s: an address for the %s interface, but it is without "
                           "Virtualization Extensions; only 0 is accepted", g->dev.id,
                           i == 2 ? "hypervisor" : "virtual CPU");
        g->view[i] = (struct gicv2_view){ .g = g, .dev = rows[i].dev };
        int rc = mem_add_mmio(s, rows[i].dev->id, rows[i].base, rows[i].dev->ops->mmio_size, 0,
                              &view_ops, &g->view[i], &rows[i].dev->region, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

struct gicv2_interface *gicv2_interface_of(struct gicv2 *g, uint32_t cpu)
{
    return cpu < g->config.n_cpus ? &g->out[cpu] : NULL;
}
