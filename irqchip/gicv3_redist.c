/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GIC redistributor (IHI 0069H, 12.11): RD_base in the first 64 KiB, SGI_base in the second. Its
 * saved state holds that of its CPU interface too.
 */
#include "irqchip/gicv3_impl.h"
#include <string.h>

#define RD_CTLR_CES       1, 1

#define RD_TYPER_PLPIS    0, 0
#define RD_TYPER_LAST     4, 4
#define RD_TYPER_NUMBER   23, 8
#define RD_TYPER_COMMON   25, 24
#define RD_TYPER_AFFINITY 63, 32

#define WAKER_ASLEEP      2, 2

/* Address, shareability and cacheability; PENDBASER with PTZ. */
#define PROPBASER_MASK (MASK_(58, 56) | MASK_(51, 12) | MASK_(11, 7) | MASK_(4, 0))
#define PENDBASER_MASK (MASK_(62, 62) | MASK_(58, 56) | MASK_(51, 16) | MASK_(11, 7))

static uint64_t read_ctlr(const void *dev, uint32_t index)
{
    const struct gicv3_cpu *c = dev;

    (void)index;
    return c->ctlr | (c->gic->lpis ? F_MASK(RD_CTLR_CES) : 0);
}

static void wrote_ctlr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)index;
    (void)old;
    if (c->gic->lpis)
        gicv3_lpi_enable(c, F_GET(now, GICR_CTLR_ENABLE_LPIS));
}

/* CommonLPIAff 1: redistributors of one Aff3 share the LPI configuration table. */
static uint64_t read_typer(const void *dev, uint32_t index)
{
    const struct gicv3_cpu *c = dev;
    uint64_t a = c->gic->affinity[c->index], v = F_PUT(0, RD_TYPER_NUMBER, c->index);

    (void)index;
    v = F_PUT(v, RD_TYPER_AFFINITY, (a >> 32 & 0xff) << 24 | (a & 0xffffff));
    v = F_PUT(v, RD_TYPER_COMMON, 1);
    v = F_PUT(v, RD_TYPER_PLPIS, c->gic->lpis);
    return F_PUT(v, RD_TYPER_LAST, c->last);
}

/* 12.11.39: RAZ/WI to Non-secure accesses. The interface is quiescent as soon as it is asked to be. */
static uint64_t read_waker(const void *dev, uint32_t index)
{
    const struct gicv3_cpu *c = dev;

    (void)index;
    if (c->gic->nonsecure && !gicv3_ds(c->gic))
        return 0;
    return F_PUT(c->waker, WAKER_ASLEEP, F_GET(c->waker, GICR_WAKER_SLEEP));
}

static void wrote_waker(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)index;
    (void)old;
    if (c->gic->nonsecure && !gicv3_ds(c->gic))
        return;
    c->waker = (uint32_t)now & F_MASK(GICR_WAKER_SLEEP);
    gicv3_rescan(c);
}

/* While LPIs are on their tables stay where they are (12.11.25, 12.11.30). */
static uint64_t keep_base(struct gicv3_cpu *c, uint64_t old, uint64_t now)
{
    if (!c->gic->lpis)
        return 0;
    if (!F_GET(c->ctlr, GICR_CTLR_ENABLE_LPIS) || old == now)
        return now;
    guest_error(&c->dev, "base of an LPI table written while GICR_CTLR.EnableLPIs is 1", "%#llx",
                (unsigned long long)now);
    return old;
}

static uint64_t read_propbaser(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct gicv3_cpu *)dev)->propbaser;
}

static void wrote_propbaser(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)index;
    (void)old;
    c->propbaser = keep_base(c, c->propbaser, now);
}

static uint64_t read_pendbaser(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct gicv3_cpu *)dev)->pendbaser & ~F_MASK(GICR_PENDBASER_PTZ);
}

static void wrote_pendbaser(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)index;
    (void)old;
    c->pendbaser = keep_base(c, c->pendbaser, now);
}

static uint64_t read_id(const void *dev, uint32_t index)
{
    (void)dev;
    return gicv3_peripheral_id(GICV3_PART_GICR, index);
}

/* ---- SGI_base ---- */
#define FIELD(name, field, how)                                                                    \
    static uint64_t read_##name(const void *dev, uint32_t index)                                   \
    {                                                                                              \
        const struct gicv3_cpu *c = dev;                                                           \
        (void)index;                                                                               \
        return gicv3_bank_get(c->gic, &c->bank, field, how);                                       \
    }                                                                                              \
    static void wrote_##name(void *dev, uint32_t index, uint64_t old, uint64_t now)                \
    {                                                                                              \
        struct gicv3_cpu *c = dev;                                                                 \
        (void)index;                                                                               \
        (void)old;                                                                                 \
        gicv3_changed(c->gic, c, 0, gicv3_bank_set(c->gic, &c->bank, field, how, (uint32_t)now));  \
    }
GICV3_FIELDS(FIELD)
#undef FIELD

static uint64_t read_priority(const void *dev, uint32_t intid)
{
    const struct gicv3_cpu *c = dev;

    return gicv3_priority_get(c->gic, &c->bank, intid);
}

static void wrote_priority(void *dev, uint32_t intid, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)old;
    gicv3_changed(c->gic, c, 0, gicv3_priority_set(c->gic, &c->bank, intid, (uint8_t)now));
}

static uint64_t read_config(const void *dev, uint32_t half)
{
    const struct gicv3_cpu *c = dev;

    return gicv3_config_get(c->gic, &c->bank, half);
}

/* SGIs are edge-triggered, always. */
static void wrote_config(void *dev, uint32_t half, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)old;
    gicv3_changed(c->gic, c, 0,
                  gicv3_config_set(c->gic, &c->bank, half, (uint32_t)now, 0xffff));
}

static uint64_t read_nsacr(const void *dev, uint32_t index)
{
    const struct gicv3_cpu *c = dev;

    (void)index;
    return gicv3_ds(c->gic) || c->gic->nonsecure ? 0 : c->bank.nsacr[0];
}

static void wrote_nsacr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv3_cpu *c = dev;

    (void)index;
    (void)old;
    if (!gicv3_ds(c->gic) && !c->gic->nonsecure)
        c->bank.nsacr[0] = (uint32_t)now;
}

static void redist_reset(void *dev)
{
    struct gicv3_cpu *c = dev;

    c->bank = (struct gicv3_bank){ .level = c->bank.level, .edge = 0xffff };
    c->ctlr = 0;
    c->propbaser = c->pendbaser = 0;
    c->waker = c->gic->awake ? 0 : F_MASK(GICR_WAKER_SLEEP);
    memset(c->lpi, 0, GICV3_N_LPIS);
    gicv3_cpu_reset(c);
    gicv3_virt_reset(c);
    gicv3_rebuild_cpu(c, false);
}

static void redist_loaded(void *dev)
{
    struct gicv3_cpu *c = dev;

    c->lpi_bytes = c->gic->lpis ? GICV3_N_LPIS : 0;
    gicv3_cpu_loaded(c);
    gicv3_rebuild_cpu(c, true);
}

static const struct state_field redist_state[] = {
    STATE_PTR(gicv3_cpu, lpi, lpi_bytes, GICV3_N_LPIS),
    STATE(gicv3_cpu, propbaser),   STATE(gicv3_cpu, pendbaser), STATE(gicv3_cpu, ich_lr),
    STATE_SUB(gicv3_cpu, bank, gicv3_bank_state),
    STATE(gicv3_cpu, ctlr),        STATE(gicv3_cpu, waker),     STATE(gicv3_cpu, apr),
    STATE(gicv3_cpu, bpr),         STATE(gicv3_cpu, igrpen),    STATE(gicv3_cpu, cbpr),
    STATE(gicv3_cpu, eoimode),     STATE(gicv3_cpu, eoimode_el3), STATE(gicv3_cpu, pmr),
    STATE(gicv3_cpu, ich_hcr),     STATE(gicv3_cpu, ich_vmcr),  STATE(gicv3_cpu, ich_apr),
    STATE_END
};

/* clang-format off */
#define WORD(off, nm, fn) REG32(off, nm, .rw = 0xffffffff, .read = read_##fn, .wrote = wrote_##fn)
static const struct reg_desc redist_regs[] = {
    WORD(0x00000, "GICR_CTLR",         ctlr),
    REG32(0x00004, "GICR_IIDR",        .reset = GICV3_IIDR),
    REG64(0x00008, "GICR_TYPER",       .sizes = 4 | 8, .read = read_typer),
    REG32(0x00010, "GICR_STATUSR"),
    WORD(0x00014, "GICR_WAKER",        waker),
    REG64(0x00040, "GICR_SETLPIR",     .sizes = 4 | 8),
    REG64(0x00048, "GICR_CLRLPIR",     .sizes = 4 | 8),
    REG64(0x00070, "GICR_PROPBASER",   .sizes = 4 | 8, .rw = PROPBASER_MASK,
          .read = read_propbaser, .wrote = wrote_propbaser),
    REG64(0x00078, "GICR_PENDBASER",   .sizes = 4 | 8, .rw = PENDBASER_MASK,
          .read = read_pendbaser, .wrote = wrote_pendbaser),
    REG64(0x000a0, "GICR_INVLPIR",     .sizes = 4 | 8),
    REG64(0x000b0, "GICR_INVALLR",     .sizes = 4 | 8),
    REG32(0x000c0, "GICR_SYNCR"),
    REG32(0x0ffd0, "GICR_ID",          .count = 12, .read = read_id),
    WORD(0x10080, "GICR_IGROUPR0",     group),
    WORD(0x10100, "GICR_ISENABLER0",   isenable),
    WORD(0x10180, "GICR_ICENABLER0",   icenable),
    WORD(0x10200, "GICR_ISPENDR0",     ispend),
    WORD(0x10280, "GICR_ICPENDR0",     icpend),
    WORD(0x10300, "GICR_ISACTIVER0",   isactive),
    WORD(0x10380, "GICR_ICACTIVER0",   icactive),
    REG8(0x10400,  "GICR_IPRIORITYR",  .count = 32, .sizes = 1 | 4, .rw = 0xff,
         .read = read_priority, .wrote = wrote_priority),
    REG32(0x10c00, "GICR_ICFGR",       .count = 2, .rw = 0xffffffff,
          .read = read_config, .wrote = wrote_config),
    WORD(0x10d00, "GICR_IGRPMODR0",    modifier),
    WORD(0x10e00, "GICR_NSACR",        nsacr),
};
/* clang-format on */

const struct device_ops gicv3_redist_ops = {
    .name = "gicv3-redist", .spec = "IHI 0069H", .size = sizeof(struct gicv3_cpu),
    .regs = redist_regs, .n_regs = ARRAY_LEN(redist_regs), .mmio_size = GICV3_REDIST_SIZE,
    .state = redist_state, .version = 1, .reset = redist_reset, .loaded = redist_loaded,
};
