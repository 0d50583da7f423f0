/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the ITS (IHI 0069H, 12.19, 12.20) and the arrival of MSIs. */
#include "irqchip/gic_its_impl.h"

/* GITS_TYPER */
#define TYPER_PHYSICAL 0, 0
#define TYPER_ITT_SIZE 7, 4
#define TYPER_ID_BITS  12, 8
#define TYPER_DEV_BITS 17, 13
#define TYPER_CID_BITS 35, 32
#define TYPER_CIL      36, 36

#define CTLR_QUIESCENT 31, 31

enum { TYPE_DEVICES = 1, TYPE_COLLECTIONS = 4, PAGE_64K = 2 };
#define BASER_RW (F_MASK(GITS_BASER_VALID) | F_MASK(GITS_BASER_INDIRECT) | MASK_(61, 59) |        \
                  MASK_(55, 53) | MASK_(47, 0))
#define BASER_RESET(type)                                                                          \
    ((uint64_t)(type) << 56 | 7ull << 48 /* entries of 8 bytes */ | PAGE_64K << 8)
#define CBASER_RW (MASK_(63, 63) | MASK_(61, 59) | MASK_(55, 53) | MASK_(51, 10) | MASK_(7, 0))
#define CWRITER_RW MASK_(19, 5)

static bool enabled(const struct gic_its *s)
{
    return F_GET(s->ctlr, GITS_CTLR_ENABLED);
}

static uint64_t read_ctlr(const void *dev, uint32_t index)
{
    const struct gic_its *s = dev;

    (void)index;
    return F_PUT(s->ctlr, CTLR_QUIESCENT, !enabled(s));
}

static void wrote_ctlr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gic_its *s = dev;

    (void)index;
    (void)old;
    s->ctlr = (uint32_t)(now & F_MASK(GITS_CTLR_ENABLED));
    gic_its_run(s);
}

static uint64_t read_typer(const void *dev, uint32_t index)
{
    uint64_t v = F_MASK(TYPER_PHYSICAL) | F_MASK(TYPER_CIL);

    (void)dev;
    (void)index;
    v = F_PUT(v, TYPER_ITT_SIZE, 12 - 1);
    v = F_PUT(v, TYPER_ID_BITS, GIC_ITS_ID_BITS - 1);
    v = F_PUT(v, TYPER_DEV_BITS, GIC_ITS_ID_BITS - 1);
    return F_PUT(v, TYPER_CID_BITS, GIC_ITS_ID_BITS - 1);
}

/*
 * 12.19.2, 12.19.4: what is written while the ITS is enabled is UNPREDICTABLE; here: ignored. No
 * word about what changes nothing: halves of the register are written one after the other.
 */
static bool is_locked(struct gic_its *s, const char *name, uint64_t old, uint64_t now)
{
    if (enabled(s) && old != now)
        guest_error(&s->dev, "base register of the ITS written while GITS_CTLR.Enabled is 1",
                    "%s %#llx", name, (unsigned long long)now);
    return enabled(s);
}

static uint64_t read_cbaser(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct gic_its *)dev)->cbaser;
}

static void wrote_cbaser(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gic_its *s = dev;

    (void)index;
    (void)old;
    if (is_locked(s, "GITS_CBASER", s->cbaser, now))
        return;
    s->cbaser = now;
    s->creadr = 0;
    ev_cancel(&s->rest);
}

static uint64_t read_cwriter(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct gic_its *)dev)->cwriter;
}

static void wrote_cwriter(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gic_its *s = dev;

    (void)index;
    (void)old;
    s->cwriter = now;
    gic_its_run(s);
}

static uint64_t read_creadr(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct gic_its *)dev)->creadr;
}

static uint64_t read_baser(const void *dev, uint32_t index)
{
    return index < GIC_ITS_BASERS ? ((const struct gic_its *)dev)->baser[index] : 0;
}

static void wrote_baser(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gic_its *s = dev;

    (void)old;
    if (index >= GIC_ITS_BASERS)
        return;
    now |= s->baser[index] & ~BASER_RW;
    if (!is_locked(s, "GITS_BASER", s->baser[index], now))
        s->baser[index] = now;
}

static uint64_t read_id(const void *dev, uint32_t index)
{
    (void)dev;
    return gicv3_peripheral_id(GICV3_PART_GITS, index);
}

/* An MSI, 5.2.2: an event that leads nowhere is lost without a trace but the guest error. */
static void wrote_translater(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gic_its *s = dev;
    struct gic_its_collection c;
    struct gic_its_event ev;
    const char *fault;

    (void)index;
    (void)old;
    if (!enabled(s))
        return;
    fault = gic_its_translate(s, s->requester, (uint32_t)now, &ev, &c);
    if (fault)
        guest_error(&s->dev, fault, "GITS_TRANSLATER, DeviceID %#x, EventID %#x", s->requester,
                    (uint32_t)now);
    else
        gicv3_set_lpi(s->gic, c.cpu, ev.intid, true);
}

static void its_reset(void *dev)
{
    struct gic_its *s = dev;

    s->ctlr = 0;
    s->cbaser = s->cwriter = s->creadr = 0;
    s->baser[GIC_ITS_DEVICES] = BASER_RESET(TYPE_DEVICES);
    s->baser[GIC_ITS_COLLECTIONS] = BASER_RESET(TYPE_COLLECTIONS);
    ev_cancel(&s->rest);
}

/* A snapshot is not trusted: the queue's ends meet only if both stand at commands. */
static void its_loaded(void *dev)
{
    struct gic_its *s = dev;

    s->cwriter &= CWRITER_RW;
    s->creadr &= CWRITER_RW;
}

static const struct state_field its_state[] = {
    STATE_TIMER(gic_its, rest), STATE(gic_its, baser),  STATE(gic_its, cbaser),
    STATE(gic_its, cwriter),    STATE(gic_its, creadr), STATE(gic_its, ctlr), STATE_END
};

/* clang-format off */
#define WIDE(off, nm, mask, fn) \
    REG64(off, nm, .sizes = 4 | 8, .rw = (mask), .read = read_##fn, .wrote = wrote_##fn)
static const struct reg_desc its_regs[] = {
    REG32(0x00000, "GITS_CTLR",       .rw = F_MASK(GITS_CTLR_ENABLED), .read = read_ctlr,
          .wrote = wrote_ctlr),
    REG32(0x00004, "GITS_IIDR",       .reset = GICV3_IIDR),
    REG64(0x00008, "GITS_TYPER",      .sizes = 4 | 8, .read = read_typer),
    REG32(0x00018, "GITS_MPIDR"),
    WIDE(0x00080, "GITS_CBASER",      CBASER_RW, cbaser),
    WIDE(0x00088, "GITS_CWRITER",     CWRITER_RW, cwriter),
    REG64(0x00090, "GITS_CREADR",     .sizes = 4 | 8, .read = read_creadr),
    REG64(0x00100, "GITS_BASER",      .sizes = 4 | 8, .count = 8, .rw = BASER_RW,
          .read = read_baser, .wrote = wrote_baser),
    REG32(0x0ffd0, "GITS_ID",         .count = 12, .read = read_id),
    REG32(0x10040, "GITS_TRANSLATER", .sizes = 2 | 4, .rw = 0xffffffff, .wrote = wrote_translater),
};
/* clang-format on */

static const struct device_ops its_ops = {
    .name = "gic-its", .spec = "IHI 0069H", .size = sizeof(struct gic_its),
    .regs = its_regs, .n_regs = ARRAY_LEN(its_regs), .mmio_size = GIC_ITS_SIZE,
    .state = its_state, .version = 1, .reset = its_reset, .loaded = its_loaded,
};

static enum mem_result its_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                 const struct mem_attrs *attrs)
{
    struct gic_its *s = arg;

    s->requester = attrs->requester;
    enum mem_result rc = reg_mmio_ops.write(arg, offset, size, value, attrs);
    s->requester = 0;
    return rc;
}

static enum mem_result its_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                const struct mem_attrs *attrs)
{
    return reg_mmio_ops.read(arg, offset, size, value, attrs);
}

static const struct mmio_ops its_mmio = { its_read, its_write, 1 | 2 | 4 | 8, false };

struct gic_its *gic_its_create(struct machine *m, const char *id, struct gicv3 *gic,
                               struct mem_space *memory, pa_t base, struct err *e)
{
    struct gic_its *s;

    if (!gic->lpis) {
        (void)err_set(e, ERR_ARG, "%s: an ITS needs a GIC with LPIs", id);
        return NULL;
    }
    s = device_create(m, &its_ops, id, e);
    if (s == NULL || device_init_timer(&s->dev, &s->rest, s->dev.id, gic_its_rest, e) < 0)
        return NULL;
    s->gic = gic;
    s->memory = (struct dma){ .space = memory, .enabled = true };
    if (mem_add_mmio(memory, s->dev.id, base, GIC_ITS_SIZE, 0, &its_mmio, s, &s->dev.region, e) < 0)
        return NULL;
    return s;
}
