/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/pch_pic.h"
#include "core/util/bits.h"

#define INT_ID_ID      31, 24
#define INT_ID_VERSION 39, 32
#define INT_ID_INT_NUM 55, 48 /* minus 1 */

#define ID 0x07u

static uint64_t all_pins(const struct pch_pic *p)
{
    return zext(~0ull, p->pins);
}

/* Pins whose wire, seen through the polarity, asks. */
static uint64_t asking(const struct pch_pic *p)
{
    return (p->wire ^ p->polarity) & all_pins(p);
}

/* ---- delivery ---- */

/* The pin lets go of its vector, which goes down unless another delivered pin has it too. */
static void let_go(struct pch_pic *p, unsigned pin)
{
    p->isr &= ~BIT(pin);
    for (uint64_t others = p->isr; others; others &= others - 1)
        if (p->driven[ctz64(others)] == p->driven[pin])
            return;
    p->vector(p->sink, p->driven[pin], false);
}

/* Also when the vector is up already: an interrupt that was handled and still stands comes again. */
static void deliver(struct pch_pic *p, uint64_t pins)
{
    for (pins &= p->irr & ~p->mask; pins; pins &= pins - 1) {
        unsigned pin = ctz64(pins);
        if ((p->isr & BIT(pin)) && p->driven[pin] != p->htmsi_vector[pin])
            let_go(p, pin);
        p->isr |= BIT(pin);
        p->driven[pin] = p->htmsi_vector[pin];
        p->vector(p->sink, p->driven[pin], true);
    }
}

static void request(struct pch_pic *p, uint64_t pins)
{
    p->irr |= pins;
    deliver(p, pins);
}

static void withdraw(struct pch_pic *p, uint64_t pins)
{
    p->irr &= ~pins;
    for (pins &= p->isr; pins; pins &= pins - 1)
        let_go(p, ctz64(pins));
}

/* Requests of level pins are their levels. */
static void follow_level(struct pch_pic *p, uint64_t pins)
{
    request(p, pins & asking(p) & ~p->irr);
    withdraw(p, pins & p->irr & ~asking(p));
}

void pch_pic_set_level(void *pch_pic, uint32_t number, bool level)
{
    struct pch_pic *p = pch_pic;

    if (number >= p->pins)
        return;
    uint64_t pin = BIT(number), before = asking(p);
    p->wire = level ? p->wire | pin : p->wire & ~pin;
    if (p->edge & pin)
        request(p, pin & asking(p) & ~before);
    else
        follow_level(p, pin);
}

/* ---- registers ---- */
static uint64_t read_id(const void *dev, uint32_t index)
{
    const struct pch_pic *p = dev;

    (void)index;
    return p->int_id;
}

static uint64_t read_irr(const void *dev, uint32_t index)
{
    const struct pch_pic *p = dev;

    (void)index;
    return p->irr;
}

static uint64_t read_isr(const void *dev, uint32_t index)
{
    const struct pch_pic *p = dev;

    (void)index;
    return p->isr;
}

static void wrote_mask(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    deliver(dev, old & ~now);
}

/* Back to level, a latched request counts no more. */
static void wrote_edge(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    follow_level(dev, old & ~now);
}

static void wrote_clear(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pch_pic *p = dev;

    (void)index;
    (void)old;
    withdraw(p, now & p->irr & p->edge);
}

/* Turning the sense of an edge pin is no edge on it. */
static void wrote_polarity(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pch_pic *p = dev;

    (void)index;
    follow_level(p, (old ^ now) & ~p->edge);
}

static void wrote_auto(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pch_pic *p = dev;

    (void)index;
    (void)old;
    if (now != 0)
        unmodelled(&p->dev, "AUTO_CTRL", "a distribution mode other than the fixed one for pins %#llx",
                   (unsigned long long)now);
}

/* Rows whose reset depends on the number of pins; the wires are those behind them to change. */
static void pch_pic_reset(void *dev)
{
    struct pch_pic *p = dev;

    withdraw(p, ~0ull);
    for (uint32_t i = 0; i < PCH_PIC_PINS; i++) {
        p->route[i] = i < p->pins;
        p->htmsi_vector[i] = (uint8_t)(i < p->pins ? i : 0);
        p->driven[i] = 0;
    }
    follow_level(p, ~0ull);
}

/* A snapshot is not trusted. */
static void pch_pic_loaded(void *dev)
{
    struct pch_pic *p = dev;

    p->wire &= all_pins(p);
    p->irr &= all_pins(p);
    p->isr &= p->irr;
}

static const struct state_field pch_pic_state[] = {
    STATE(pch_pic, mask), STATE(pch_pic, htmsi_en), STATE(pch_pic, edge), STATE(pch_pic, polarity),
    STATE(pch_pic, irr), STATE(pch_pic, isr), STATE(pch_pic, wire), STATE(pch_pic, route),
    STATE(pch_pic, htmsi_vector), STATE(pch_pic, driven), STATE_END
};

#define AT(m)  REG_AT(pch_pic, m)
#define ALL    UINT64_MAX
#define ANY    .sizes = 1 | 2 | 4 | 8
static const struct reg_desc pch_pic_regs[] = { /* 7A1000 manual, table "Interrupt register address distribution" */
    REG64(0x000, "INT_ID", ANY, .read = read_id),
    REG64(0x020, "INT_MASK", ANY, AT(mask), .rw = ALL, .reset = ALL, .wrote = wrote_mask),
    REG64(0x040, "HTMSI_EN", ANY, AT(htmsi_en), .rw = ALL),
    REG64(0x060, "INTEDGE", ANY, AT(edge), .rw = ALL, .wrote = wrote_edge),
    REG64(0x080, "INTCLR", ANY, .w1c = ALL, .wrote = wrote_clear),
    REG64(0x0c0, "AUTO_CTRL0", ANY, .rw = ALL, .wrote = wrote_auto),
    REG64(0x0e0, "AUTO_CTRL1", ANY, .rw = ALL, .wrote = wrote_auto),
    REG8(0x100, "ROUTE_ENTRY", ANY, .count = PCH_PIC_PINS, AT(route), .rw = 0xff),
    REG8(0x200, "HTMSI_VECTOR", ANY, .count = PCH_PIC_PINS, AT(htmsi_vector), .rw = 0xff),
    REG64(0x240, "(vectors of no pin)", ANY, .count = 24),
    REG64(0x300, "INTISR_0", ANY),
    REG64(0x320, "INTISR_1", ANY),
    REG64(0x380, "INTIRR", ANY, .read = read_irr),
    REG64(0x3a0, "INTISR", ANY, .read = read_isr),
    REG64(0x3e0, "INT_POLARITY", ANY, AT(polarity), .rw = ALL, .wrote = wrote_polarity),
};

static const struct device_ops pch_pic_ops = {
    .name = "pch_pic", .spec = "Loongson 7A1000 user manual, interrupt controller",
    .size = sizeof(struct pch_pic), .regs = pch_pic_regs, .n_regs = ARRAY_LEN(pch_pic_regs),
    .mmio_size = 0x400, .misaligned_ignored = true, .state = pch_pic_state, .version = 1,
    .reset = pch_pic_reset, .loaded = pch_pic_loaded,
};

struct pch_pic *pch_pic_create(struct machine *m, const char *id, uint32_t pins, uint32_t version,
                               irq_sink_fn *vector, void *sink, struct err *e)
{
    if (pins == 0 || pins > PCH_PIC_PINS || version > 0xff) {
        (void)err_set(e, ERR_ARG, "%s: %u pins, version %u; 1 to %d pins and versions 0 to 255 are accepted",
                      id, pins, version, PCH_PIC_PINS);
        return NULL;
    }
    struct pch_pic *p = device_create(m, &pch_pic_ops, id, e);
    if (!p)
        return NULL;
    p->vector = vector;
    p->sink = sink;
    p->pins = pins;
    p->int_id = F_PUT(F_PUT(F_PUT(0ull, INT_ID_ID, ID), INT_ID_VERSION, version), INT_ID_INT_NUM, pins - 1);
    return p;
}
