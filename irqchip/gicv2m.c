/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/gicv2m.h"
#include "core/util/bits.h"

/* MSI_TYPER: 25:16 the first INTID, 9:0 how many. */
static uint64_t read_typer(const void *dev, uint32_t index)
{
    const struct gicv2m *v = dev;

    (void)index;
    return (uint64_t)(v->first_spi + 32) << 16 | v->n;
}

static void wrote_setspi(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2m *v = dev;
    uint32_t intid = (uint32_t)F_GET(now, 9, 0), spi = intid - 32;

    (void)index;
    (void)old;
    if (spi < v->first_spi || spi - v->first_spi >= v->n) {
        guest_error(&v->dev, "MSI_SETSPI_NS", "interrupt %u is none of this frame's", intid);
        return;
    }
    irq_set(&v->spi[spi - v->first_spi], true);
    irq_set(&v->spi[spi - v->first_spi], false);
}

static const struct reg_desc gicv2m_regs[] = {
    REG32(0x008, "MSI_TYPER",     .read = read_typer),
    REG32(0x040, "MSI_SETSPI_NS", .sizes = 2 | 4, .rw = 0x3ff, .wrote = wrote_setspi),
    REG32(0xfcc, "MSI_IIDR",      .reset = 0x05100000),
    REG32(0xfd0, "MSI_PIDR",      .count = 12),
};

static const struct device_ops gicv2m_ops = {
    .name = "gicv2m", .spec = "Arm SBSA, GICv2m", .size = sizeof(struct gicv2m),
    .regs = gicv2m_regs, .n_regs = ARRAY_LEN(gicv2m_regs), .mmio_size = 0x1000,
};

struct gicv2m *gicv2m_create(struct machine *m, const char *id, uint32_t first_spi, uint32_t n,
                             struct err *e)
{
    if (n == 0 || n > GICV2M_SPIS || first_spi > GICV2M_SPIS - n) {
        (void)err_set(e, ERR_ARG,
                      "%s: %u SPIs from %u on; 1 and more are accepted, of the %d that a "
                      "GIC may have",
                      id, n, first_spi, GICV2M_SPIS);
        return NULL;
    }
    struct gicv2m *v = device_create(m, &gicv2m_ops, id, e);
    if (!v)
        return NULL;
    v->spi = ARENA_ARRAY(&m->arena, struct irq_line, n);
    if (!v->spi) {
        (void)err_set(e, ERR_NOMEM, "%s: the host has no memory left", id);
        return NULL;
    }
    v->first_spi = first_spi;
    v->n = n;
    return v;
}
