/* SPDX-License-Identifier: Apache-2.0 */
/* Building a GICv3: its configuration is checked here, so that nothing else need doubt it. */
#include "irqchip/gicv3_impl.h"

#define AFFINITY_MASK 0xff00ffffffull /* MPIDR_EL1: Aff3, Aff2..Aff0 */

static int check(const char *id, const struct gicv3_config *c, struct err *e)
{
    if (c->n_cpus == 0 || c->n_cpus > GICV3_MAX_CPUS)
        return err_set(e, ERR_ARG, "%s: %u CPUs; 1 to %d are accepted", id, c->n_cpus,
                       GICV3_MAX_CPUS);
    if (c->n_spis < 32 || c->n_spis > GICV3_MAX_SPIS ||
        (c->n_spis % 32 != 0 && c->n_spis != GICV3_MAX_SPIS))
        return err_set(e, ERR_ARG, "%s: %u SPIs; multiples of 32 up to 960, and %d, are accepted",
                       id, c->n_spis, GICV3_MAX_SPIS);
    if (c->priority_bits < 5 || c->priority_bits > 8)
        return err_set(e, ERR_ARG, "%s: %u priority bits; 5 to 8 are accepted", id,
                       c->priority_bits);
    if (c->list_registers > 16)
        return err_set(e, ERR_ARG, "%s: %u list registers; up to 16 are accepted", id,
                       c->list_registers);
    for (uint32_t i = 0; i < c->n_cpus; i++)
        for (uint32_t k = 0; k < i; k++)
            if (((c->mpidr[i] ^ c->mpidr[k]) & AFFINITY_MASK) == 0)
                return err_set(e, ERR_ARG, "%s: CPUs %u and %u have the same affinity %#llx", id, k,
                               i, (unsigned long long)(c->mpidr[i] & AFFINITY_MASK));
    return 0;
}

static struct gicv3_cpu *create_cpu(struct machine *m, struct gicv3 *g, uint32_t index,
                                    struct err *e)
{
    char *id = arena_printf(&m->arena, "%s.redist%u", g->dev.id, index);
    struct gicv3_cpu *c = id ? device_create(m, &gicv3_redist_ops, id, e) : NULL;

    if (c == NULL)
        return NULL;
    c->gic = g;
    c->index = index;
    c->out.arg = c;
    c->lpi_bytes = g->lpis ? GICV3_N_LPIS : 0;
    c->ready = arena_alloc(&m->arena, sizeof(c->ready[0]) << g->priority_bits);
    c->ready_banks = ARENA_ARRAY(&m->arena, uint32_t, 1u << g->priority_bits);
    c->lpi = arena_alloc(&m->arena, GICV3_N_LPIS);
    c->lpi_ready = ARENA_ARRAY(&m->arena, uint64_t, GICV3_N_LPIS / 64);
    c->lpi_ready_words = ARENA_ARRAY(&m->arena, uint64_t, GICV3_N_LPIS / 4096);
    if (c->ready == NULL || c->ready_banks == NULL || c->lpi == NULL || c->lpi_ready == NULL ||
        c->lpi_ready_words == NULL) {
        (void)err_set(e, ERR_NOMEM, "%s: the host has no memory left", id);
        return NULL;
    }
    return c;
}

struct gicv3 *gicv3_create(struct machine *m, const char *id, const struct gicv3_config *config,
                           struct err *e)
{
    struct gicv3 *g = check(id, config, e) < 0 ? NULL : device_create(m, &gicv3_dist_ops, id, e);

    if (g == NULL)
        return NULL;
    g->n_banks = (config->n_spis + 63) / 32;
    g->n_irqs = config->n_spis + GICV3_FIRST_SPI;
    g->list_registers = config->list_registers;
    g->priority_bits = config->priority_bits;
    g->preemption_bits = MIN(config->priority_bits, 7u);
    g->security = config->security;
    g->lpis = config->lpis;
    g->awake = config->awake;
    g->dma = (struct dma){ .space = m->memory, .enabled = true };
    g->cpu = ARENA_ARRAY(&m->arena, struct gicv3_cpu *, config->n_cpus);
    g->affinity = ARENA_ARRAY(&m->arena, uint64_t, config->n_cpus);
    if (g->cpu == NULL || g->affinity == NULL) {
        (void)err_set(e, ERR_NOMEM, "%s: the host has no memory left", id);
        return NULL;
    }
    for (uint32_t i = 0; i < config->n_cpus; i++) {
        g->cpu[i] = create_cpu(m, g, i, e);
        if (g->cpu[i] == NULL)
            return NULL;
        g->affinity[i] = config->mpidr[i] & AFFINITY_MASK;
        g->wide_aff0 |= (g->affinity[i] & 0xf0) != 0;
    }
    g->n_cpus = config->n_cpus;
    return g;
}

int gicv3_map_distributor(struct gicv3 *g, struct mem_space *s, pa_t base, struct err *e)
{
    return mem_add_mmio(s, g->dev.id, base, GICV3_DIST_SIZE, 0, &gicv3_dist_mmio, g, &g->dev.region,
                        e);
}

int gicv3_map_redistributors(struct gicv3 *g, struct mem_space *s, pa_t base, uint32_t first,
                             uint32_t n, struct err *e)
{
    int rc = 0;

    if (n == 0 || first >= g->n_cpus || n > g->n_cpus - first)
        return err_set(e, ERR_ARG, "%s: redistributors of CPUs %u to %u; there are %u CPUs",
                       g->dev.id, first, first + n - 1, g->n_cpus);
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        struct gicv3_cpu *c = g->cpu[first + i];
        rc = mem_add_mmio(s, c->dev.id, base + (uint64_t)i * GICV3_REDIST_SIZE, GICV3_REDIST_SIZE,
                          0, &gicv3_redist_mmio, c, &c->dev.region, e);
        c->last = i == n - 1;
    }
    return rc;
}
