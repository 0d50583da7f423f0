/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GIC distributor (IHI 0069H, 12.9). Affinity routing is always on, so that what is banked in
 * older GICs (bank 0) and the target registers are RES0 here.
 */
#include "irqchip/gicv3_impl.h"
#include <string.h>

/* GICD_CTLR */
#define CTLR_ENABLE_GRP0   0, 0
#define CTLR_ENABLE_GRP1NS 1, 1
#define CTLR_ENABLE_GRP1S  2, 2
#define CTLR_ARE_S         4, 4   /* one Security state: ARE */
#define CTLR_ARE_NS        5, 5   /* Non-secure view: ARE_NS is bit 4 */

/* GICD_TYPER */
#define TYPER_LINES    4, 0
#define TYPER_SECURITY 10, 10
#define TYPER_LPIS     17, 17
#define TYPER_ID_BITS  23, 19
#define TYPER_A3V      24, 24
#define TYPER_NO_1_N   25, 25
#define TYPER_RSS      26, 26

static uint64_t read_ctlr(const void *dev, uint32_t index)
{
    const struct gicv3 *g = dev;

    (void)index;
    if (gicv3_ds(g))
        return g->ctlr | F_MASK(CTLR_ARE_S);
    if (g->nonsecure)
        return (g->ctlr & F_MASK(CTLR_ENABLE_GRP1NS)) | F_MASK(CTLR_ARE_S);
    return g->ctlr | F_MASK(CTLR_ARE_S) | F_MASK(CTLR_ARE_NS);
}

static void wrote_ctlr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3 *g = dev;
    uint32_t mask = F_MASK(CTLR_ENABLE_GRP0) | F_MASK(CTLR_ENABLE_GRP1NS);
    bool ds = gicv3_ds(g);

    (void)index;
    (void)old;
    if (g->nonsecure && !ds)
        mask = F_MASK(CTLR_ENABLE_GRP1NS);
    else if (!ds)
        mask |= F_MASK(CTLR_ENABLE_GRP1S) | F_MASK(GICD_CTLR_DS);
    g->ctlr = (g->ctlr & ~mask) | ((uint32_t)now & mask);
    if (gicv3_ds(g)) /* 12.9.4: there is no Secure group any more */
        g->ctlr &= ~(uint32_t)F_MASK(CTLR_ENABLE_GRP1S);
    for (uint32_t i = 0; i < g->n_cpus; i++) {
        if (ds != gicv3_ds(g)) /* 4.8.1: LPIs leave the lower half of the priorities */
            gicv3_lpi_rescan(g->cpu[i]);
        gicv3_rescan(g->cpu[i]);
    }
}

static uint64_t read_typer(const void *dev, uint32_t index)
{
    const struct gicv3 *g = dev;
    uint64_t v = F_MASK(TYPER_NO_1_N) | F_MASK(TYPER_A3V);

    (void)index;
    v = F_PUT(v, TYPER_ID_BITS, GICV3_ID_BITS - 1);
    v = F_PUT(v, TYPER_LINES, g->n_banks - 1);
    v = F_PUT(v, TYPER_LPIS, g->lpis);
    v = F_PUT(v, TYPER_RSS, g->wide_aff0);
    return F_PUT(v, TYPER_SECURITY, !gicv3_ds(g));
}

static uint64_t read_id(const void *dev, uint32_t index)
{
    (void)dev;
    return gicv3_peripheral_id(GICV3_PART_GICD, index);
}

/* ---- banks ---- */

/* Interrupts of a bank that exist; bank 0 is the redistributors'. */
static uint32_t existing(const struct gicv3 *g, uint32_t bank)
{
    uint32_t n = bank == 0 || bank >= g->n_banks ? 0 : MIN(g->n_irqs - bank * 32, 32u);

    return (uint32_t)zext(~0ull, n);
}

static uint64_t get(const struct gicv3 *g, uint32_t bank, enum gicv3_field f, enum gicv3_change how)
{
    return gicv3_bank_get(g, &g->bank[bank], f, how) & existing(g, bank);
}

static void set(struct gicv3 *g, uint32_t bank, enum gicv3_field f, enum gicv3_change how,
                uint64_t v)
{
    uint32_t bits = (uint32_t)v & existing(g, bank);

    gicv3_changed(g, NULL, bank, gicv3_bank_set(g, &g->bank[bank], f, how, bits));
}

#define FIELD(name, field, how)                                                                    \
    static uint64_t read_##name(const void *dev, uint32_t index)                                   \
    {                                                                                              \
        return get(dev, index, field, how);                                                        \
    }                                                                                              \
    static void wrote_##name(void *dev, uint32_t index, uint64_t old, uint64_t now)                \
    {                                                                                              \
        (void)old;                                                                                 \
        set(dev, index, field, how, now);                                                          \
    }
GICV3_FIELDS(FIELD)
#undef FIELD

static uint64_t read_priority(const void *dev, uint32_t intid)
{
    const struct gicv3 *g = dev;

    if (!(existing(g, intid / 32) >> intid % 32 & 1))
        return 0;
    return gicv3_priority_get(g, &g->bank[intid / 32], intid % 32);
}

static void wrote_priority(void *dev, uint32_t intid, uint64_t old, uint64_t now)
{
    struct gicv3 *g = dev;
    uint32_t w = intid / 32;

    (void)old;
    if (existing(g, w) >> intid % 32 & 1)
        gicv3_changed(g, NULL, w, gicv3_priority_set(g, &g->bank[w], intid % 32, (uint8_t)now));
}

static uint64_t read_config(const void *dev, uint32_t index)
{
    const struct gicv3 *g = dev;

    return existing(g, index / 2) ? gicv3_config_get(g, &g->bank[index / 2], index % 2) : 0;
}

static void wrote_config(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3 *g = dev;
    uint32_t w = index / 2, absent = ~existing(g, w);

    (void)old;
    gicv3_changed(g, NULL, w,
                  gicv3_config_set(g, &g->bank[w], index % 2, (uint32_t)now, absent));
}

/* 12.9.28: RAZ/WI to Non-secure accesses, and with one Security state. */
static uint64_t read_nsacr(const void *dev, uint32_t index)
{
    const struct gicv3 *g = dev;

    return gicv3_ds(g) || g->nonsecure ? 0 : g->bank[index / 2].nsacr[index % 2];
}

static void wrote_nsacr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3 *g = dev;
    uint32_t here = existing(g, index / 2) >> index % 2 * 16 & 0xffff, mask = 0;

    (void)old;
    if (gicv3_ds(g) || g->nonsecure)
        return;
    for (uint32_t i = 0; i < 16; i++)
        mask |= (here >> i & 1) * 3u << 2 * i;
    g->bank[index / 2].nsacr[index % 2] = (uint32_t)now & mask;
}

/* ---- routing, 12.9.22 ---- */
#define ROUTER_MASK 0xff00ffffffull /* Aff3, Aff2..Aff0; no 1-of-N: bit 31 is RES0 */

static bool may_route(const struct gicv3 *g, uint32_t intid)
{
    const struct gicv3_bank *b = &g->bank[intid / 32];

    return (existing(g, intid / 32) >> intid % 32 & 1) &&
           (!g->nonsecure || gicv3_ds(g) || (b->group >> intid % 32 & 1) ||
            gicv3_nsacr(b, intid % 32) == 3);
}

static uint64_t read_router(const void *dev, uint32_t index)
{
    const struct gicv3 *g = dev;
    uint32_t intid = index + GICV3_FIRST_SPI;

    return may_route(g, intid) ? g->router[intid] : 0;
}

static void wrote_router(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3 *g = dev;
    uint32_t intid = index + GICV3_FIRST_SPI;

    (void)old;
    if (may_route(g, intid))
        gicv3_set_router(g, intid, now);
}

/* Lines keep their levels: the parts behind them lower them in their own reset. */
static void dist_reset(void *dev)
{
    struct gicv3 *g = dev;

    for (uint32_t w = 0; w < GICV3_BANKS; w++)
        g->bank[w] = (struct gicv3_bank){ .level = g->bank[w].level };
    memset(g->router, 0, sizeof(g->router));
    g->ctlr = g->security ? 0 : F_MASK(GICD_CTLR_DS);
    gicv3_rebuild(g, false);
}

static void dist_loaded(void *dev)
{
    struct gicv3 *g = dev;

    gicv3_rebuild(g, true);
}

static const struct state_field dist_state[] = {
    STATE(gicv3, router), STATE_SUBS(gicv3, bank, gicv3_bank_state), STATE(gicv3, ctlr), STATE_END
};

/* clang-format off */
#define WORDS(off, nm, n, fn) \
    REG32(off, nm, .count = (n), .rw = 0xffffffff, .read = read_##fn, .wrote = wrote_##fn)
static const struct reg_desc dist_regs[] = {
    REG32(0x0000, "GICD_CTLR",       .rw = 0xffffffff, .read = read_ctlr, .wrote = wrote_ctlr),
    REG32(0x0004, "GICD_TYPER",      .read = read_typer),
    REG32(0x0008, "GICD_IIDR",       .reset = GICV3_IIDR),
    REG32(0x000c, "GICD_TYPER2"),
    REG32(0x0010, "GICD_STATUSR"),
    REG32(0x0040, "GICD_SETSPI_NSR"),
    REG32(0x0048, "GICD_CLRSPI_NSR"),
    REG32(0x0050, "GICD_SETSPI_SR"),
    REG32(0x0058, "GICD_CLRSPI_SR"),
    WORDS(0x0080, "GICD_IGROUPR",    32, group),
    WORDS(0x0100, "GICD_ISENABLER",  32, isenable),
    WORDS(0x0180, "GICD_ICENABLER",  32, icenable),
    WORDS(0x0200, "GICD_ISPENDR",    32, ispend),
    WORDS(0x0280, "GICD_ICPENDR",    32, icpend),
    WORDS(0x0300, "GICD_ISACTIVER",  32, isactive),
    WORDS(0x0380, "GICD_ICACTIVER",  32, icactive),
    REG8(0x0400,  "GICD_IPRIORITYR", .count = 1024, .sizes = 1 | 4, .rw = 0xff,
         .read = read_priority, .wrote = wrote_priority),
    REG8(0x0800,  "GICD_ITARGETSR",  .count = 1024, .sizes = 1 | 4),
    WORDS(0x0c00, "GICD_ICFGR",      64, config),
    WORDS(0x0d00, "GICD_IGRPMODR",   32, modifier),
    WORDS(0x0e00, "GICD_NSACR",      64, nsacr),
    REG32(0x0f00, "GICD_SGIR"),
    REG8(0x0f10,  "GICD_CPENDSGIR",  .count = 16, .sizes = 1 | 4),
    REG8(0x0f20,  "GICD_SPENDSGIR",  .count = 16, .sizes = 1 | 4),
    REG64(0x6100, "GICD_IROUTER",    .count = GICV3_MAX_SPIS, .sizes = 4 | 8, .rw = ROUTER_MASK,
          .read = read_router, .wrote = wrote_router),
    REG32(0xffd0, "GICD_ID",         .count = 12, .read = read_id),
};
/* clang-format on */

const struct device_ops gicv3_dist_ops = {
    .name = "gicv3", .spec = "IHI 0069H", .size = sizeof(struct gicv3),
    .regs = dist_regs, .n_regs = ARRAY_LEN(dist_regs), .mmio_size = GICV3_DIST_SIZE,
    .state = dist_state, .version = 1, .reset = dist_reset, .loaded = dist_loaded,
};
