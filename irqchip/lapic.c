/* SPDX-License-Identifier: Apache-2.0 */
/* The local APIC's registers and what it does with interrupts: SDM volume
 * 3, 12.4, 12.5, 12.8, 12.12. */
#include "core/util/bits.h"
#include "irqchip/lapic_impl.h"
#include <stdio.h>

/* ---- sets of vectors ---- */
static int highest(const uint32_t set[8])
{
    for (unsigned i = 8; i-- > 0;)
        if (set[i] != 0)
            return (int)(i * 32 + 31 - (unsigned)__builtin_clz(set[i]));
    return -1;
}

static void put(uint32_t set[8], unsigned vector, bool on)
{
    uint32_t bit = 1u << (vector & 31);
    set[vector / 32] = on ? set[vector / 32] | bit : set[vector / 32] & ~bit;
}

/* PPR (12.8.3.1) */
static uint32_t processor_priority(const struct lapic *p)
{
    int isr = highest(p->isr);
    uint32_t serving = isr < 0 ? 0 : (uint32_t)isr & 0xf0;
    return (p->tpr & 0xf0) >= serving ? p->tpr : serving;
}

/* AMD's interrupt enable registers hold vectors back in IRR (APM volume 2, 16.4). */
static int highest_enabled(const struct lapic *p)
{
    uint32_t set[8];
    if (!(p->ext_control & EXT_IER))
        return highest(p->irr);
    for (unsigned i = 0; i < 8; i++)
        set[i] = p->irr[i] & p->ier[i];
    return highest(set);
}

/* The vector that may interrupt now, or -1. */
static int deliverable(const struct lapic *p)
{
    int v = lapic_is_on(p) ? highest_enabled(p) : -1;
    return v >= 0 && ((uint32_t)v & 0xf0) > (processor_priority(p) & 0xf0) ? v : -1;
}

/* LINT0 as ExtINT, or the APIC switched off: the 8259 drives INTR. */
static bool takes_extint(const struct lapic *p)
{
    if (!lapic_is_enabled(p))
        return true;
    uint32_t lvt = p->lvt[LAPIC_LVT_LINT0];
    return !(lvt & LVT_MASK) && (lvt >> 8 & 7) == DELIVER_EXTINT;
}

void lapic_update(struct lapic *p)
{
    p->extint = p->lint[0] && takes_extint(p);
    const struct lapic_cpu *c = &p->config.cpu;
    c->input(c->cpu, c->intr, p->extint || deliverable(p) >= 0);
}

int lapic_acknowledge(void *lapic)
{
    struct lapic *p = lapic;
    int v = deliverable(p);
    if (v < 0) {
        if (p->extint && p->bus->extint != NULL)
            return p->bus->extint(p->bus->extint_arg);
        lapic_update(p);
        return -1;
    }
    put(p->irr, (unsigned)v, false);
    put(p->isr, (unsigned)v, true);
    lapic_update(p);
    return v;
}

/* ---- accepting ---- */
void lapic_error(struct lapic *p, uint32_t bit)
{
    uint32_t lvt = p->lvt[LAPIC_LVT_ERROR];
    p->esr_pending |= bit;
    if (!(lvt & LVT_MASK) && (lvt & 0xff) >= 16)
        lapic_accept(p, DELIVER_FIXED, (uint8_t)lvt, false);
}

void lapic_accept(struct lapic *p, enum delivery mode, uint8_t vector, bool level)
{
    const struct lapic_cpu *c = &p->config.cpu;
    switch (mode) {
    case DELIVER_FIXED:
    case DELIVER_LOWEST:
        if (!lapic_is_on(p))
            return;
        if (vector < 16) { /* the error's own vector is none of these */
            lapic_error(p, ESR_ILLEGAL_RECV);
            return;
        }
        put(p->tmr, vector, level);
        put(p->irr, vector, true);
        lapic_update(p);
        return;
    case DELIVER_SMI:
        c->input(c->cpu, c->smi, true);
        return;
    case DELIVER_NMI:
        c->input(c->cpu, c->nmi, true);
        return;
    case DELIVER_INIT:
        c->input(c->cpu, c->init, true);
        return;
    case DELIVER_STARTUP:
        c->start(c->cpu, vector);
        return;
    default:
        return; /* ExtINT as a message, remote read: not on these buses */
    }
}

void lapic_local(struct lapic *p, enum lapic_lvt which)
{
    uint32_t lvt = p->lvt[which];
    if ((lvt & LVT_MASK) || !lapic_is_enabled(p))
        return;
    if (which == LAPIC_LVT_PMC)
        p->lvt[which] |= LVT_MASK; /* 12.5.1: the handler unmasks it */
    lapic_accept(p, (enum delivery)(lvt >> 8 & 7), (uint8_t)lvt, false);
}

void lapic_extended(struct lapic *p, unsigned n)
{
    uint32_t lvt = p->ext_lvt[n];
    if (!(lvt & LVT_MASK) && lapic_is_enabled(p))
        lapic_accept(p, (enum delivery)(lvt >> 8 & 7), (uint8_t)lvt, false);
}

void lapic_set_lint(void *lapic, uint32_t number, bool level)
{
    struct lapic *p = lapic;
    bool rose = level && !p->lint[number & 1];
    uint32_t lvt = p->lvt[LAPIC_LVT_LINT0 + (number & 1)];
    enum delivery mode = (enum delivery)(lvt >> 8 & 7);
    p->lint[number & 1] = level;
    bool masked = (lvt & LVT_MASK) || !lapic_is_enabled(p);
    if (number == 1 && !lapic_is_enabled(p) && rose) { /* LINT1 is the NMI pin then */
        lapic_accept(p, DELIVER_NMI, 0, false);
    } else if (rose && !masked && mode != DELIVER_EXTINT) {
        bool is_level = mode == DELIVER_FIXED && (lvt & LVT_LEVEL);
        if (!is_level || !(lvt & LVT_IRR)) {
            if (is_level)
                p->lvt[LAPIC_LVT_LINT0 + (number & 1)] |= LVT_IRR;
            lapic_accept(p, mode, (uint8_t)lvt, is_level);
        }
    }
    lapic_update(p);
}

/* Local level-triggered interrupts are there again after EOI while their pin is asserted. */
static void end_local(struct lapic *p, uint8_t vector)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t *lvt = &p->lvt[LAPIC_LVT_LINT0 + i];
        if (!(*lvt & LVT_IRR) || (uint8_t)*lvt != vector)
            continue;
        *lvt &= ~LVT_IRR;
        if (p->lint[i] && !(*lvt & LVT_MASK)) {
            *lvt |= LVT_IRR;
            lapic_accept(p, DELIVER_FIXED, vector, true);
        }
    }
}

static void end_vector(struct lapic *p, uint8_t v)
{
    put(p->isr, v, false);
    bool level = p->tmr[v / 32] >> (v & 31) & 1;
    if (level) {
        end_local(p, v);
        for (uint32_t i = 0; i < p->bus->n_eoi && !(p->svr & SVR_NO_EOI); i++)
            p->bus->eoi[i](p->bus->eoi_arg[i], v);
    }
    lapic_update(p);
}

void lapic_end(struct lapic *p)
{
    int v = highest(p->isr);
    if (v >= 0)
        end_vector(p, (uint8_t)v);
}

/* ---- registers ---- */
static const uint32_t lvt_writable[LAPIC_LVTS] = {
    [LAPIC_LVT_CMCI] = 0x107ff,  [LAPIC_LVT_TIMER] = 0x700ff, [LAPIC_LVT_THERMAL] = 0x107ff,
    [LAPIC_LVT_PMC] = 0x107ff,   [LAPIC_LVT_LINT0] = 0x1a7ff, [LAPIC_LVT_LINT1] = 0x1a7ff,
    [LAPIC_LVT_ERROR] = 0x100ff,
};

static void write_lvt(struct lapic *p, unsigned n, uint32_t v)
{
    uint32_t mask = lvt_writable[n];
    if (n == LAPIC_LVT_TIMER && !p->config.deadline)
        mask &= ~(1u << 18);
    uint32_t old = p->lvt[n];
    p->lvt[n] = (v & mask) | (old & LVT_IRR);
    if (!(p->svr & SVR_ENABLE)) /* 12.4.7.2 */
        p->lvt[n] |= LVT_MASK;
    if (n == LAPIC_LVT_TIMER) {
        if ((old ^ p->lvt[n]) & 1u << 18) { /* to or from deadline mode: disarmed */
            p->initial = 0;
            p->deadline = 0;
        }
        lapic_timer_changed(p);
    }
    lapic_update(p);
}

static void write_svr(struct lapic *p, uint32_t v)
{
    p->svr = v & 0x13ff;
    if (!(v & SVR_ENABLE))
        for (unsigned i = 0; i < LAPIC_LVTS; i++)
            p->lvt[i] |= LVT_MASK;
    lapic_update(p);
}

static uint64_t read_id(const void *dev, uint32_t i)
{
    const struct lapic *p = dev;
    (void)i;
    return lapic_is_x2(p) ? p->config.id : (uint64_t)p->id << 24;
}
static void wrote_id(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct lapic *p = dev;
    (void)i, (void)old;
    if (!p->config.id_writable)
        return;
    p->id = (p->config.id & ~0xffu) | (uint32_t)(now >> 24);
    lapic_renamed(p->bus);
}
static uint64_t read_version(const void *dev, uint32_t i)
{
    const struct lapic *p = dev;
    (void)i; /* 6 entries (no CMCI), EOI broadcasts may be suppressed */
    return 0x14 | (LAPIC_LVTS - 2u) << 16 | 1u << 24 | (uint32_t)p->config.extended << 31;
}
static uint64_t read_ppr(const void *dev, uint32_t i)
{
    (void)i;
    return processor_priority(dev);
}
static uint64_t read_ldr(const void *dev, uint32_t i)
{
    const struct lapic *p = dev;
    (void)i;
    return lapic_is_x2(p) ? (p->config.id >> 4) << 16 | 1u << (p->config.id & 15) : p->ldr;
}
static uint64_t read_count(const void *dev, uint32_t i)
{
    (void)i;
    return lapic_timer_count(dev);
}
static void wrote_tpr(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old, (void)now;
    lapic_update(dev);
}
static void wrote_eoi(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old, (void)now;
    lapic_end(dev);
}
static void wrote_dfr(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old;
    ((struct lapic *)dev)->dfr = (uint32_t)now | 0x0fffffff;
}
static uint64_t read_svr(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct lapic *)dev)->svr;
}
static void wrote_svr(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old;
    write_svr(dev, (uint32_t)now);
}
static uint64_t read_esr(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct lapic *)dev)->esr;
}
/* Errors since the last write are shown by the next one (12.5.3). */
static void wrote_esr(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct lapic *p = dev;
    (void)i, (void)old, (void)now;
    p->esr = p->esr_pending;
    p->esr_pending = 0;
}
static void wrote_icr(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct lapic *p = dev;
    (void)i, (void)old, (void)now;
    lapic_send(p);
}
static uint64_t read_lvt(const void *dev, uint32_t i)
{
    return ((const struct lapic *)dev)->lvt[LAPIC_LVT_TIMER + i];
}
static void wrote_lvt(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)old;
    write_lvt(dev, LAPIC_LVT_TIMER + i, (uint32_t)now);
}
static uint64_t read_initial(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct lapic *)dev)->initial;
}
static void wrote_initial(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct lapic *p = dev;
    (void)i, (void)old;
    if ((p->lvt[LAPIC_LVT_TIMER] >> 17 & 3) == 2)
        return; /* ignored in deadline mode */
    p->initial = (uint32_t)now;
    p->started = device_now(&p->dev);
    lapic_timer_changed(p);
}
static uint64_t read_divide(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct lapic *)dev)->divide;
}
/* The count goes on from where it is, at the new rate. */
static void wrote_divide(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct lapic *p = dev;
    (void)i, (void)old;
    p->divide = (uint32_t)now & 0xb;
    if (p->started != LAPIC_RUN_DOWN)
        p->started = device_now(&p->dev);
    lapic_timer_changed(p);
}
static void wrote_self(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old;
    lapic_accept(dev, DELIVER_FIXED, (uint8_t)now, false);
}

/* ---- AMD's extended space ---- */
static void wrote_enables(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old, (void)now;
    lapic_update(dev);
}
/* Ends the vector it names, not the highest. */
static void wrote_seoi(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct lapic *p = dev;
    uint8_t v = (uint8_t)now;
    (void)i, (void)old;
    if ((p->ext_control & EXT_SEOI) && (p->isr[v / 32] >> (v & 31) & 1))
        end_vector(p, v);
}

#define AT(m) REG_AT(lapic, m)
/* 12.4.1, table 12-1. Each register is 32 bits at a multiple of 16. */
static const struct reg_desc regs[] = {
    REG32(0x020, "ID", .read = read_id, .rw = 0xff000000, .wrote = wrote_id),
    REG32(0x030, "VERSION", .read = read_version),
    REG32(0x080, "TPR", AT(tpr), .rw = 0xff, .wrote = wrote_tpr),
    REG32(0x090, "APR"),
    REG32(0x0a0, "PPR", .read = read_ppr),
    REG32(0x0b0, "EOI", .rw = UINT32_MAX, .wrote = wrote_eoi),
    REG32(0x0c0, "RRD"),
    REG32(0x0d0, "LDR", AT(ldr), .rw = 0xff000000, .read = read_ldr),
    REG32(0x0e0, "DFR", AT(dfr), .rw = 0xf0000000, .reset = UINT32_MAX, .wrote = wrote_dfr),
    REG32(0x0f0, "SVR", .read = read_svr, .rw = UINT32_MAX, .wrote = wrote_svr),
    REG32(0x100, "ISR", AT(isr), .count = 8, .stride = 16),
    REG32(0x180, "TMR", AT(tmr), .count = 8, .stride = 16),
    REG32(0x200, "IRR", AT(irr), .count = 8, .stride = 16),
    REG32(0x280, "ESR", .read = read_esr, .rw = UINT32_MAX, .wrote = wrote_esr),
    REG32(0x300, "ICR_LOW", AT(icr[0]), .rw = 0x000ccfff, .wrote = wrote_icr),
    REG32(0x310, "ICR_HIGH", AT(icr[1]), .rw = 0xff000000),
    REG32(0x320, "LVT", .count = 6, .stride = 16, .read = read_lvt, .rw = UINT32_MAX,
          .wrote = wrote_lvt),
    REG32(0x380, "TIMER_INITIAL", .read = read_initial, .rw = UINT32_MAX, .wrote = wrote_initial),
    REG32(0x390, "TIMER_CURRENT", .read = read_count),
    REG32(0x3e0, "TIMER_DIVIDE", .read = read_divide, .rw = 0xb, .wrote = wrote_divide),
    REG32(0x3f0, "SELF_IPI", .rw = 0xff, .wrote = wrote_self),
    /* From here on AMD's (APM volume 2, 16.3.5): specific EOI, enable registers, 8-bit ids; number of local vectors */
    REG32(0x400, "EXT_FEATURE", .reset = 0x7 | LAPIC_EXT_LVTS << 16),
    REG32(0x410, "EXT_CONTROL", AT(ext_control), .rw = 0x7, .wrote = wrote_enables),
    REG32(0x420, "SEOI", AT(seoi), .rw = 0xff, .wrote = wrote_seoi),
    REG32(0x480, "IER", AT(ier), .count = 8, .stride = 16, .rw = UINT32_MAX, .reset = UINT32_MAX, .wrote = wrote_enables),
    REG32(0x500, "EXT_LVT", AT(ext_lvt), .count = LAPIC_EXT_LVTS, .stride = 16, .rw = 0x107ff, .reset = LVT_MASK),
};
enum { EXTENDED_REGS = 5 };

/* ---- MSRs ---- */
uint64_t lapic_get_tpr(void *lapic)
{
    return ((struct lapic *)lapic)->tpr >> 4;
}

void lapic_set_tpr(void *lapic, uint64_t cr8)
{
    struct lapic *p = lapic;
    uint32_t tpr = (uint32_t)(cr8 & 15) << 4;
    if (p->tpr == tpr)
        return;
    p->tpr = tpr;
    lapic_update(p);
}

bool lapic_read_msr(void *lapic, uint32_t msr, uint64_t *value)
{
    struct lapic *p = lapic;
    uint32_t index;
    if (msr == 0x6e0) {
        *value = p->deadline;
        return p->config.deadline;
    }
    if (!lapic_is_x2(p))
        return false;
    if (msr == 0x830) {
        *value = (uint64_t)p->icr[1] << 32 | p->icr[0];
        return true;
    }
    const struct reg_desc *r = reg_find(&p->dev, (msr - 0x800) * 16u, &index);
    bool absent = r == NULL || r->offset == 0x0b0 || r->offset == 0x0e0 || r->offset == 0x310 ||
                  r->offset == 0x3f0 || r->offset == 0x090 || r->offset == 0x0c0;
    if (absent)
        return false;
    *value = reg_peek(&p->dev, r, index);
    return true;
}

bool lapic_write_msr(void *lapic, uint32_t msr, uint64_t v)
{
    struct lapic *p = lapic;
    uint32_t index;
    if (msr == 0x6e0) {
        if (p->config.deadline)
            lapic_timer_set_deadline(p, v);
        return p->config.deadline;
    }
    if (!lapic_is_x2(p))
        return false;
    if (msr == 0x830) {
        if (v & 0xfff32000)
            return false;
        p->icr[0] = (uint32_t)v & 0xccfff;
        p->icr[1] = (uint32_t)(v >> 32);
        lapic_send(p);
        return true;
    }
    /* Reserved bits are #GP here, where MMIO ignores them (12.12.1.3) */
    static const struct {
        uint16_t msr;
        uint32_t writable;
    } rules[] = { { 0x808, 0xff },    { 0x80b, 0 },       { 0x80f, 0x11ff },     { 0x828, 0 },
                  { 0x832, 0x710ff }, { 0x833, 0x117ff }, { 0x834, 0x117ff },    { 0x835, 0x1f7ff },
                  { 0x836, 0x1f7ff }, { 0x837, 0x110ff }, { 0x838, UINT32_MAX }, { 0x83e, 0xb },
                  { 0x83f, 0xff },    { 0x841, 0x7 },     { 0x842, 0xff },       { 0x848, UINT32_MAX },
                  { 0x850, 0x107ff } };
    uint32_t first = msr >= 0x848 && msr < 0x850 ? 0x848 : msr >= 0x850 && msr < 0x850 + LAPIC_EXT_LVTS ? 0x850 : msr;
    for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
        if (rules[i].msr != first)
            continue;
        const struct reg_desc *r = reg_find(&p->dev, (msr - 0x800) * 16u, &index);
        if ((v & ~(uint64_t)rules[i].writable) || r == NULL)
            return false;
        const struct mem_attrs own = { .requester = MEM_REQUESTER_CPU };
        return reg_mmio_ops.write(&p->dev, (msr - 0x800) * 16u, 4, v, &own) == MEM_OK;
    }
    return false;
}

void lapic_set_base(void *lapic, uint64_t base)
{
    struct lapic *p = lapic;
    bool was_on = lapic_is_enabled(p);
    p->base = base;
    if (lapic_is_x2(p) || !lapic_is_enabled(p)) /* what was written is lost there */
        p->id = p->config.id;
    lapic_renamed(p->bus);
    lapic_place(p);
    if (was_on && !lapic_is_enabled(p))
        lapic_init(p);
    lapic_update(p);
}

/* ---- life ---- */
/* 12.4.7.1, 12.4.7.3: INIT is power-up but for the id and the base. */
void lapic_init(void *lapic)
{
    struct lapic *p = lapic;
    for (unsigned i = 0; i < 8; i++)
        p->irr[i] = p->isr[i] = p->tmr[i] = 0;
    for (unsigned i = 0; i < LAPIC_LVTS; i++)
        p->lvt[i] = LVT_MASK;
    p->tpr = p->ldr = p->esr = p->esr_pending = p->icr[0] = p->icr[1] = p->initial = p->divide = 0;
    p->dfr = UINT32_MAX;
    p->svr = 0xff;
    p->ext_control = p->seoi = 0;
    for (unsigned i = 0; i < 8; i++)
        p->ier[i] = UINT32_MAX;
    for (unsigned i = 0; i < LAPIC_EXT_LVTS; i++)
        p->ext_lvt[i] = LVT_MASK;
    p->deadline = 0;
    p->started = 0;
    ev_cancel(&p->timer_due);
    lapic_update(p);
}

static void lapic_reset(void *dev)
{
    struct lapic *p = dev;
    p->base = LAPIC_BASE | APIC_BASE_EN | (p->config.bootstrap ? 1u << 8 : 0);
    p->id = p->config.id;
    lapic_renamed(p->bus);
    lapic_place(p);
    lapic_init(p);
}

static void lapic_loaded(void *dev)
{
    lapic_place(dev);
    lapic_renamed(((struct lapic *)dev)->bus);
    lapic_update(dev);
}

static const struct state_field lapic_state[] = { STATE_TIMER(lapic, timer_due),
                                                  STATE(lapic, base),
                                                  STATE(lapic, irr),
                                                  STATE(lapic, isr),
                                                  STATE(lapic, tmr),
                                                  STATE(lapic, lvt),
                                                  STATE(lapic, tpr),
                                                  STATE(lapic, ldr),
                                                  STATE(lapic, dfr),
                                                  STATE(lapic, svr),
                                                  STATE(lapic, esr),
                                                  STATE(lapic, esr_pending),
                                                  STATE(lapic, icr),
                                                  STATE(lapic, initial),
                                                  STATE(lapic, divide),
                                                  STATE(lapic, deadline),
                                                  STATE(lapic, started),
                                                  STATE(lapic, lint),
                                                  STATE(lapic, id),
                                                  STATE(lapic, ext_control),
                                                  STATE(lapic, seoi),
                                                  STATE(lapic, ier),
                                                  STATE(lapic, ext_lvt),
                                                  STATE_END };

#define LAPIC_OPS(count)                                                                      \
    {                                                                                         \
        .name = "lapic", .spec = "Intel SDM volume 3, chapter 12; AMD APM volume 2, 16.3.5",  \
        .size = sizeof(struct lapic), .regs = regs, .n_regs = (count), .mmio_size = LAPIC_SIZE, \
        .state = lapic_state, .version = 2, .reset = lapic_reset, .loaded = lapic_loaded,     \
    }
static const struct device_ops lapic_ops = LAPIC_OPS(ARRAY_LEN(regs) - EXTENDED_REGS);
static const struct device_ops lapic_extended_ops = LAPIC_OPS(ARRAY_LEN(regs));

struct lapic *lapic_create(struct machine *m, struct lapic_bus *bus,
                           const struct lapic_config *config, uint32_t index, struct err *e)
{
    char id[24];
    snprintf(id, sizeof(id), "lapic%u", index);
    if (index != bus->n || index >= bus->max) {
        err_set(e, ERR_ARG, "%s: local APICs join in order, %u at most", id, bus->max);
        return NULL;
    }
    if (index != 0 && config->id <= bus->lapics[index - 1]->config.id) {
        err_set(e, ERR_ARG, "%s: id %u does not follow %u", id, config->id,
                bus->lapics[index - 1]->config.id);
        return NULL;
    }
    struct lapic *p = device_create(m, config->extended ? &lapic_extended_ops : &lapic_ops, id, e);
    if (p == NULL)
        return NULL;
    p->config = *config;
    p->bus = bus;
    if (lapic_timer_create(p, e) < 0)
        return NULL;
    bus->lapics[bus->n++] = p;
    return p;
}
