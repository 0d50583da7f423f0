/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between local APICs and from devices: SDM volume 3, 12.6 to 12.8, 12.11, 12.12.10. */
#include "core/util/bits.h"
#include "irqchip/lapic_impl.h"
#include <stdio.h>

static const struct device_ops bus_ops = {
    .name = "lapic-bus",
    .spec = "Intel SDM volume 3, chapter 12",
    .size = sizeof(struct lapic_bus),
    .version = 1,
};

/* ---- who is meant ---- */
static bool is_logical_target(const struct lapic *p, const struct lapic_message *m)
{
    uint32_t dest = m->dest;
    if (lapic_is_x2(p)) {
        uint32_t ldr = (p->config.id >> 4) << 16 | 1u << (p->config.id & 15);
        return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
    }
    if (m->wide) /* an xAPIC has no such address */
        return false;
    uint32_t mda = dest & 0xff, ldr = p->ldr >> 24;
    if (p->dfr >> 28 == 0xf) /* flat */
        return ldr & mda;
    return (ldr >> 4 == mda >> 4) && (ldr & mda & 15);
}

/*
 * A physical destination is compared with all 32 bits of the id in either mode: one above 254 must
 * be reachable for INIT and start-up before it is in x2APIC mode, and shares its low byte with
 * another.
 */
static bool is_target(const struct lapic *p, const struct lapic_message *m)
{
    if (!lapic_is_enabled(p))
        return false;
    if (m->dest == (m->wide ? UINT32_MAX : 0xffu))
        return true;
    return m->logical ? is_logical_target(p, m) : lapic_id(p) == m->dest;
}

/* Index of the first whose id is at least `id`. */
static uint32_t first_from(const struct lapic_bus *b, uint32_t id)
{
    uint32_t low = 0, high = b->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->lapics[middle]->config.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * Those that a message may mean lie in [*from, return value): a physical destination is one unless software gave ids
 * of its own, and a logical one of 32 bits 16 neighbours.
 */
static uint32_t candidates(const struct lapic_bus *b, const struct lapic_message *m, uint32_t *from)
{
    *from = 0;
    if (m->dest == (m->wide ? UINT32_MAX : 0xffu) || (m->logical && !m->wide) || b->renamed)
        return b->n;
    uint32_t id = m->logical ? m->dest >> 16 << 4 : m->dest, to = *from = first_from(b, id);
    while (to < b->n && b->lapics[to]->config.id - id < (m->logical ? 16 : 1))
        to++;
    return to;
}

void lapic_renamed(struct lapic_bus *b)
{
    b->renamed = false;
    for (uint32_t i = 0; i < b->n; i++)
        b->renamed |= lapic_id(b->lapics[i]) != b->lapics[i]->config.id;
}

static unsigned priority(const struct lapic *p)
{
    for (unsigned i = 8; i-- > 0;)
        if (p->irr[i] | p->isr[i])
            return i * 32 + 31 - (unsigned)__builtin_clz(p->irr[i] | p->isr[i]);
    return p->tpr;
}

/* Of all that are meant the one with the least to do; the first of equals. */
static void send_lowest(struct lapic_bus *b, const struct lapic_message *m)
{
    struct lapic *best = NULL;
    uint32_t from, to = candidates(b, m, &from);
    for (uint32_t i = from; i < to; i++) {
        struct lapic *p = b->lapics[i];
        if (is_target(p, m) && (p->svr & SVR_ENABLE) &&
            (best == NULL || priority(p) < priority(best)))
            best = p;
    }
    if (best != NULL)
        lapic_accept(best, DELIVER_FIXED, m->vector, m->level);
}

void lapic_bus_send(struct lapic_bus *b, const struct lapic_message *m)
{
    uint32_t from, to;
    if (m->mode == DELIVER_LOWEST) {
        send_lowest(b, m);
        return;
    }
    to = candidates(b, m, &from);
    for (uint32_t i = from; i < to; i++)
        if (is_target(b->lapics[i], m))
            lapic_accept(b->lapics[i], (enum delivery)m->mode, m->vector, m->level);
}

void lapic_bus_deliver(void *bus, uint64_t address, uint32_t data)
{
    /* Bits 11:5 of the address extend the destination to 15 bits where the platform says so
     * (12.11.1) */
    uint32_t dest = (address >> 12 & 0xff) | (uint32_t)(address >> 5 & 0x7f) << 8;
    struct lapic_message m = { .dest = dest,
                               .logical = address & 4,
                               .wide = dest > 0xff,
                               .mode = data >> 8 & 7,
                               .vector = (uint8_t)data };
    m.level = (data & 0x8000) && (m.mode == DELIVER_FIXED || m.mode == DELIVER_LOWEST);
    if ((m.mode == DELIVER_INIT && (data & 0x8000) && !(data & 0x4000)) || m.mode == DELIVER_REMOTE)
        return;
    lapic_bus_send(bus, &m);
}

/* ---- interprocessor interrupts (12.6.1) ---- */
void lapic_send(struct lapic *p)
{
    struct lapic_bus *b = p->bus;
    uint32_t icr = p->icr[0];
    bool x2 = lapic_is_x2(p), logical = icr & 1u << 11, level = icr & 1u << 15,
         assert = icr & 1u << 14;
    enum delivery mode = (enum delivery)(icr >> 8 & 7);
    uint32_t dest = x2 ? p->icr[1] : p->icr[1] >> 24;
    if (mode == DELIVER_INIT && level && !assert)
        return; /* INIT level de-assert: nothing on processors since the Pentium 4 */
    if ((mode == DELIVER_FIXED || mode == DELIVER_LOWEST) && (icr & 0xff) < 16) {
        lapic_error(p, ESR_ILLEGAL_SEND);
        return;
    }
    switch (icr >> 18 & 3) {
    case 0: {
        const struct lapic_message m = { dest, logical, x2, false, (uint8_t)mode, (uint8_t)icr };
        lapic_bus_send(b, &m);
        return;
    }
    case 1:
        lapic_accept(p, mode, (uint8_t)icr, false);
        return;
    default:
        break;
    }
    for (uint32_t i = 0; i < b->n; i++)
        if (lapic_is_enabled(b->lapics[i]) && ((icr >> 18 & 3) == 2 || b->lapics[i] != p))
            lapic_accept(b->lapics[i], mode, (uint8_t)icr, false);
}

bool lapic_send_to(void *lapic, uint32_t id, uint32_t icr)
{
    struct lapic_bus *b = ((struct lapic *)lapic)->bus;
    enum delivery mode = (enum delivery)(icr >> 8 & 7);
    bool fixed = mode == DELIVER_FIXED || mode == DELIVER_LOWEST;
    if (mode == DELIVER_REMOTE || mode == DELIVER_EXTINT || (fixed && (icr & 0xff) < 16))
        return false;
    for (uint32_t i = 0; i < b->n; i++)
        if (b->lapics[i]->config.id == id && lapic_is_enabled(b->lapics[i])) {
            lapic_accept(b->lapics[i], fixed ? DELIVER_FIXED : mode, (uint8_t)icr, false);
            return true;
        }
    return false;
}

/* ---- registers: by requester ---- */
static struct lapic *own(const struct lapic_bus *b, const struct mem_attrs *attrs, pa_t base)
{
    uint32_t i = attrs != NULL ? attrs->requester - MEM_REQUESTER_CPU : UINT32_MAX;
    struct lapic *p = i < b->n ? b->lapics[i] : NULL;
    bool there =
        p != NULL && lapic_is_enabled(p) && !lapic_is_x2(p) && (p->base & ~0xfffull) == base;
    return there ? p : NULL;
}

static enum mem_result moved_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    struct lapic_bus *b = arg;
    struct lapic *p = own(b, attrs, b->moved->base);
    return p == NULL ? MEM_NOTHING : reg_mmio_ops.read(&p->dev, offset, size, value, attrs);
}

static enum mem_result moved_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    struct lapic_bus *b = arg;
    struct lapic *p = own(b, attrs, b->moved->base);
    return p == NULL ? MEM_NOTHING : reg_mmio_ops.write(&p->dev, offset, size, value, attrs);
}

static const struct mmio_ops moved_mmio = { .read = moved_read,
                                            .write = moved_write,
                                            .sizes = 1 | 2 | 4 | 8 };

static bool is_away(const struct lapic *p)
{
    return lapic_is_enabled(p) && (p->base & ~0xfffull) != LAPIC_BASE;
}

void lapic_place(struct lapic *p)
{
    struct lapic_bus *b = p->bus;
    const struct lapic *away = is_away(p) ? p : NULL;
    for (uint32_t i = 0; i < b->n && away == NULL; i++)
        if (is_away(b->lapics[i]))
            away = b->lapics[i];
    if (away != NULL && (!b->moved->enabled || b->moved->base != (away->base & ~0xfffull)))
        mem_place_region(b->space, b->moved, true, away->base & ~0xfffull);
    else if (away == NULL && b->moved->enabled)
        mem_enable_region(b->space, b->moved, false);
}

static enum mem_result bus_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                const struct mem_attrs *attrs)
{
    struct lapic *p = own(arg, attrs, LAPIC_BASE);
    if (p == NULL || offset >= LAPIC_SIZE)
        return MEM_NOTHING;
    return reg_mmio_ops.read(&p->dev, offset, size, value, attrs);
}

static enum mem_result bus_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                 const struct mem_attrs *attrs)
{
    struct lapic *p = own(arg, attrs, LAPIC_BASE);
    if (p != NULL && offset < LAPIC_SIZE)
        return reg_mmio_ops.write(&p->dev, offset, size, value, attrs);
    if (attrs != NULL && attrs->requester >= MEM_REQUESTER_CPU)
        return MEM_NOTHING;
    lapic_bus_deliver(arg, LAPIC_BASE + offset, (uint32_t)value);
    return MEM_OK;
}

static const struct mmio_ops bus_mmio = { .read = bus_read,
                                          .write = bus_write,
                                          .sizes = 1 | 2 | 4 | 8 };

struct lapic_bus *lapic_bus_create(struct machine *m, struct mem_space *space, uint32_t max,
                                   struct err *e)
{
    struct lapic_bus *b = device_create(m, &bus_ops, "lapic-bus", e);
    if (b == NULL)
        return NULL;
    b->max = max;
    b->lapics = ARENA_ARRAY(&m->arena, struct lapic *, max);
    if (b->lapics == NULL) {
        err_set(e, ERR_NOMEM, "no memory for %u local APICs", max);
        return NULL;
    }
    if (mem_add_mmio(space, "lapic", LAPIC_BASE, LAPIC_BUS_SIZE, 0, &bus_mmio, b, &b->dev.region,
                     e) < 0 ||
        mem_add_mmio(space, "lapic-moved", LAPIC_BASE, LAPIC_SIZE, 1, &moved_mmio, b, &b->moved,
                     e) < 0)
        return NULL;
    mem_enable_region(space, b->moved, false);
    b->space = space;
    return b;
}

void lapic_bus_on_eoi(struct lapic_bus *b, lapic_eoi_fn *fn, void *arg)
{
    if (b->n_eoi < ARRAY_LEN(b->eoi)) {
        b->eoi[b->n_eoi] = fn;
        b->eoi_arg[b->n_eoi++] = arg;
    }
}

void lapic_bus_set_extint(struct lapic_bus *b, int (*acknowledge)(void *arg), void *arg)
{
    b->extint = acknowledge;
    b->extint_arg = arg;
}
