/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/hpet.h"
#include "core/event/clock.h"
#include "core/util/bits.h"

/* IA-PC HPET 1.0a, 2.3.4: 10^7 fs, QEMU's vendor, legacy capable, 64 bits, 3 timers, revision 1. */
#define CAPABILITIES 0x009896808086a201ull
#define CONFIG_ENABLE BIT(0)
#define CONFIG_LEGACY BIT(1)

/* 2.3.8: timer configuration. */
#define TN_INT_TYPE   BIT(1) /* level */
#define TN_INT_ENB    BIT(2)
#define TN_PERIODIC   BIT(3)
#define TN_PER_CAP    BIT(4)
#define TN_SIZE_CAP   BIT(5)
#define TN_VAL_SET    BIT(6)
#define TN_32MODE     BIT(8)
#define TN_INT_ROUTE  13, 9
#define TN_FSB_EN     BIT(14)
#define TN_FSB_CAP    BIT(15)
#define TN_WRITABLE   (TN_INT_TYPE | TN_INT_ENB | TN_PERIODIC | TN_VAL_SET | TN_32MODE | \
                       F_MASK(TN_INT_ROUTE) | TN_FSB_EN)

static const struct ev_clock clock = { .hz = 100000000 };

static bool runs(const struct hpet *h)
{
    return h->config & CONFIG_ENABLE;
}

/* CPUs take turns, so "now" may lie before the moment another one started the counter. */
static uint64_t tick_now(const struct hpet *h)
{
    return MAX(ev_ticks(clock, device_now(&h->dev)), h->started);
}

static uint64_t count(const struct hpet *h)
{
    return runs(h) ? h->base + tick_now(h) - h->started : h->base;
}

static uint64_t width_mask(const struct hpet *h, unsigned n)
{
    return h->timer_config[n] & TN_32MODE ? UINT32_MAX : UINT64_MAX;
}

/* ---- outputs ---- */

static bool is_legacy(const struct hpet *h, unsigned n)
{
    return (h->config & CONFIG_LEGACY) && n < 2;
}

static bool drives(const struct hpet *h, unsigned n)
{
    return h->level[n] && runs(h) && (h->timer_config[n] & (TN_INT_ENB | TN_FSB_EN)) == TN_INT_ENB;
}

typedef void set_fn(struct irq_line *l, bool level);

static void for_outputs(struct hpet *h, set_fn *set)
{
    uint32_t gsis = 0;

    for (unsigned n = 0; n < HPET_TIMERS; n++)
        if (!is_legacy(h, n) && drives(h, n))
            gsis |= 1u << F_GET(h->timer_config[n], TN_INT_ROUTE);
    for (unsigned i = 0; i < HPET_GSIS; i++)
        set(&h->gsi[i], gsis >> i & 1);
    set(&h->irq0, is_legacy(h, 0) ? drives(h, 0) : h->pit);
    set(&h->irq8, is_legacy(h, 1) ? drives(h, 1) : h->rtc);
}

static void drive(struct hpet *h)
{
    for_outputs(h, irq_set);
}

void hpet_set_pit(void *hpet, uint32_t number, bool level)
{
    (void)number;
    ((struct hpet *)hpet)->pit = level;
    drive(hpet);
}

void hpet_set_rtc(void *hpet, uint32_t number, bool level)
{
    (void)number;
    ((struct hpet *)hpet)->rtc = level;
    drive(hpet);
}

/* 2.3.8: level mode shows in the status and stays; messages and edges are done with. */
static void fire(struct hpet *h, unsigned n)
{
    uint64_t c = h->timer_config[n];

    if (c & TN_INT_TYPE) {
        h->status |= BIT(n);
        h->level[n] = 1;
    } else if ((c & TN_FSB_EN) && (c & TN_INT_ENB)) {
        h->wiring.deliver(h->wiring.arg, h->fsb[n] >> 32, (uint32_t)h->fsb[n]);
    } else if (c & TN_INT_ENB) {
        h->level[n] = 0;
        drive(h);
        h->level[n] = 1;
    }
    drive(h);
}

/* ---- matches ---- */

static bool wraps(const struct hpet *h, unsigned n)
{
    return (h->timer_config[n] & (TN_32MODE | TN_PERIODIC)) == TN_32MODE;
}

/* Counts until the timer fires, not now; 0: beyond all time. */
static uint64_t counts_left(const struct hpet *h, unsigned n)
{
    uint64_t mask = width_mask(h, n), now = count(h) & mask, left = (h->comparator[n] - now) & mask;

    if (left == 0)
        left = mask + 1; /* 0 with 64 bits */
    return wraps(h, n) ? MIN(left, mask + 1 - now) : left;
}

static void arm(struct hpet *h, unsigned n)
{
    uint64_t left = counts_left(h, n), tick = tick_now(h);

    if (!runs(h) || left == 0 || left > UINT64_MAX - tick)
        ev_cancel(&h->match[n]);
    else
        ev_arm(&h->match[n], ev_tick_time(clock, tick + left));
}

static void matched(void *arg, ps_t when)
{
    const struct hpet_alarm *a = arg;
    struct hpet *h = a->hpet;
    unsigned n = a->timer;
    uint64_t mask = width_mask(h, n);

    (void)when;
    if ((h->timer_config[n] & TN_PERIODIC) && ((count(h) ^ h->comparator[n]) & mask) == 0)
        h->comparator[n] = (h->comparator[n] + h->period[n]) & mask;
    arm(h, n);
    fire(h, n);
}

/* ---- registers ---- */

static void wrote_config(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct hpet *h = dev;

    (void)index;
    if ((now & ~old) & CONFIG_ENABLE)
        h->started = ev_ticks(clock, device_now(&h->dev));
    if ((old & ~now) & CONFIG_ENABLE) /* `config` says stopped by now */
        h->base += tick_now(h) - h->started;
    for (unsigned n = 0; n < HPET_TIMERS; n++)
        arm(h, n);
    drive(h);
}

/* 2.3.6: what remains of the status holds the line of a level-triggered timer. */
static void wrote_status(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct hpet *h = dev;

    (void)index, (void)old;
    for (unsigned n = 0; n < HPET_TIMERS; n++)
        if (h->timer_config[n] & TN_INT_TYPE)
            h->level[n] = now >> n & 1;
    drive(h);
}

static uint64_t read_counter(const void *dev, uint32_t index)
{
    (void)index;
    return count(dev);
}

static void wrote_counter(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct hpet *h = dev;

    (void)index, (void)old;
    if (runs(h))
        guest_error(&h->dev, "main counter written while it runs", "value %#llx",
                    (unsigned long long)now);
    else
        h->base = now;
}

/* 2.3.8: a route the timer has not does not stay; so with messages. */
static void wrote_timer(void *dev, uint32_t n, uint64_t old, uint64_t now)
{
    struct hpet *h = dev;
    uint64_t *c = &h->timer_config[n];

    if (!(h->wiring.routes >> F_GET(now, TN_INT_ROUTE) & 1))
        *c = F_PUT(*c, TN_INT_ROUTE, F_GET(old, TN_INT_ROUTE));
    if (!h->wiring.deliver)
        *c &= ~TN_FSB_EN;
    h->comparator[n] &= width_mask(h, n);
    if ((old ^ now) & TN_INT_TYPE)
        h->level[n] = (now & TN_INT_TYPE) && (h->status >> n & 1);
    if (((old & ~now) & TN_INT_ENB) && !(now & TN_INT_TYPE))
        h->level[n] = 0;
    arm(h, n);
    drive(h);
}

/* 2.3.9.2.2: of a periodic timer this is the period, and with VAL_SET the next match as well. */
static void wrote_comparator(void *dev, uint32_t n, uint64_t old, uint64_t now)
{
    struct hpet *h = dev;
    uint64_t c = h->timer_config[n], mask = width_mask(h, n), half = h->dev.written;

    if (c & TN_PERIODIC) /* a half at a time, maybe */
        h->period[n] = ((h->period[n] & ~half) | (now & half)) & mask;
    h->comparator[n] = ((c & (TN_PERIODIC | TN_VAL_SET)) != TN_PERIODIC ? now : old) & mask;
    h->timer_config[n] = c & ~TN_VAL_SET;
    arm(h, n);
    if (runs(h) && h->comparator[n] == (count(h) & mask))
        ev_arm(&h->match[n], device_now(&h->dev));
}

static void hpet_reset(void *dev)
{
    struct hpet *h = dev;

    h->base = h->started = 0;
    for (unsigned n = 0; n < HPET_TIMERS; n++) {
        h->timer_config[n] = TN_PER_CAP | TN_SIZE_CAP | (h->wiring.deliver ? TN_FSB_CAP : 0) |
                             (uint64_t)h->wiring.routes << 32;
        h->period[n] = 0;
        h->level[n] = 0;
        ev_cancel(&h->match[n]);
    }
    drive(h);
}

static void hpet_loaded(void *dev)
{
    struct hpet *h = dev;

    if (!h->wiring.deliver) /* a snapshot is not trusted */
        for (unsigned n = 0; n < HPET_TIMERS; n++)
            h->timer_config[n] &= ~TN_FSB_EN;
    for_outputs(h, irq_restore);
}

static const struct state_field hpet_state[] = {
    STATE_TIMER(hpet, match[0]), STATE_TIMER(hpet, match[1]), STATE_TIMER(hpet, match[2]),
    STATE(hpet, config), STATE(hpet, status), STATE(hpet, base), STATE(hpet, started),
    STATE(hpet, timer_config), STATE(hpet, comparator), STATE(hpet, period), STATE(hpet, fsb),
    STATE(hpet, level), STATE(hpet, pit), STATE(hpet, rtc), STATE_END
};

/* clang-format off */
#define ROW(off, nm, ...) REG64(off, nm, .sizes = 4 | 8, __VA_ARGS__)
#define BANK .count = HPET_TIMERS, .stride = 0x20
static const struct reg_desc hpet_regs[] = {
    ROW(0x000, "GCAP_ID", .reset = CAPABILITIES),
    ROW(0x010, "GEN_CONF", REG_AT(hpet, config), .rw = CONFIG_ENABLE | CONFIG_LEGACY, .wrote = wrote_config),
    ROW(0x020, "GINTR_STA", REG_AT(hpet, status), .w1c = 7, .wrote = wrote_status),
    ROW(0x0f0, "MAIN_CNT", .rw = UINT64_MAX, .read = read_counter, .wrote = wrote_counter),
    ROW(0x100, "Tn_CONF", REG_AT(hpet, timer_config), BANK, .rw = TN_WRITABLE, .wrote = wrote_timer),
    ROW(0x108, "Tn_COMPARATOR", REG_AT(hpet, comparator), BANK, .reset = UINT64_MAX, .rw = UINT64_MAX,
        .wrote = wrote_comparator),
    ROW(0x110, "Tn_FSB_ROUTE", REG_AT(hpet, fsb), BANK, .rw = UINT64_MAX),
};
/* clang-format on */

static const struct device_ops hpet_ops = {
    .name = "hpet", .spec = "IA-PC HPET 1.0a", .size = sizeof(struct hpet), .regs = hpet_regs,
    .n_regs = ARRAY_LEN(hpet_regs), .mmio_size = 0x400, .state = hpet_state, .version = 1,
    .reset = hpet_reset, .loaded = hpet_loaded,
};

struct hpet *hpet_create(struct machine *m, const char *id, const struct hpet_config *c,
                         struct err *e)
{
    struct hpet *h = device_create(m, &hpet_ops, id, e);

    if (!h)
        return NULL;
    h->wiring = *c;
    for (uint32_t n = 0; n < HPET_TIMERS; n++) {
        struct hpet_alarm *a = &h->alarm[n];
        *a = (struct hpet_alarm){ h, n };
        if (ev_timer_init(&h->match[n], m->queue, "hpet", EV_PRIO_DEVICE, matched, a) < 0) {
            (void)err_set(e, ERR_NOMEM, "%s: no memory for a timer", id);
            return NULL;
        }
    }
    return h;
}
