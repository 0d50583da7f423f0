/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/goldfish_rtc.h"
#include "core/util/bits.h"

#define NS_PER_SEC 1000000000ull
#define F_LOW  31, 0
#define F_HIGH 63, 32

/* The count at simulated time 0; modulo 2^64, as the register wraps. */
static uint64_t origin(const struct goldfish_rtc *t)
{
    return t->dev.machine->rtc_base * NS_PER_SEC + t->offset;
}

static uint64_t count(const struct goldfish_rtc *t)
{
    return origin(t) + device_now(&t->dev) / PS_PER_NS;
}

static void update(struct goldfish_rtc *t)
{
    irq_set(&t->irq, t->irq_pending & t->irq_enabled);
}

static void fire(struct goldfish_rtc *t)
{
    t->alarm_running = 0;
    t->irq_pending = 1;
    update(t);
}

static void timer_fired(void *arg, ps_t when)
{
    (void)when;
    fire(arg);
}

/* An alarm beyond the end of simulated time (213 days) keeps running and never comes. */
static void rearm(struct goldfish_rtc *t)
{
    ev_cancel(&t->alarm_timer);
    if (t->alarm <= count(t)) {
        fire(t);
        return;
    }
    uint64_t ns = device_now(&t->dev) / PS_PER_NS + (t->alarm - count(t));

    t->alarm_running = 1;
    if (ns >= t->alarm - count(t) && ns < PS_NEVER / PS_PER_NS)
        ev_arm(&t->alarm_timer, ns * PS_PER_NS);
}

/* ---- registers ---- */
static uint64_t read_time_low(const void *dev, uint32_t index)
{
    (void)index;
    return count(dev) & 0xffffffff;
}

static void after_time_low(void *dev, uint32_t index, uint64_t value)
{
    struct goldfish_rtc *t = dev;

    (void)index;
    (void)value;
    t->time_high = (uint32_t)(count(t) >> 32);
}

static uint64_t read_time_high(const void *dev, uint32_t index)
{
    const struct goldfish_rtc *t = dev;

    (void)index;
    return t->time_high;
}

static void set_time(struct goldfish_rtc *t, uint64_t now)
{
    t->offset += now - count(t);
    if (t->alarm_running)
        rearm(t);
}

static void wrote_time_low(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    set_time(dev, F_PUT(count(dev), F_LOW, now));
}

static void wrote_time_high(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    set_time(dev, F_PUT(count(dev), F_HIGH, now));
}

static uint64_t read_alarm_low(const void *dev, uint32_t index)
{
    const struct goldfish_rtc *t = dev;

    (void)index;
    return t->alarm & 0xffffffff;
}

/* Writing the low half arms: drivers write the high half first. */
static void wrote_alarm_low(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct goldfish_rtc *t = dev;

    (void)index;
    (void)old;
    t->alarm = F_PUT(t->alarm, F_LOW, now);
    rearm(t);
}

static uint64_t read_alarm_high(const void *dev, uint32_t index)
{
    const struct goldfish_rtc *t = dev;

    (void)index;
    return t->alarm >> 32;
}

static void wrote_alarm_high(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct goldfish_rtc *t = dev;

    (void)index;
    (void)old;
    t->alarm = F_PUT(t->alarm, F_HIGH, now);
}

static void wrote_irq_enabled(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    update(dev);
}

static void wrote_clear_alarm(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct goldfish_rtc *t = dev;

    (void)index;
    (void)old;
    (void)now;
    ev_cancel(&t->alarm_timer);
    t->alarm_running = 0;
}

static void wrote_clear_interrupt(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct goldfish_rtc *t = dev;

    (void)index;
    (void)old;
    (void)now;
    t->irq_pending = 0;
    update(t);
}

static void goldfish_rtc_reset(void *dev)
{
    struct goldfish_rtc *t = dev;

    ev_cancel(&t->alarm_timer);
    t->alarm = 0;
    t->alarm_running = t->irq_pending = t->irq_enabled = 0;
    update(t);
}

static void goldfish_rtc_loaded(void *dev)
{
    struct goldfish_rtc *t = dev;

    irq_restore(&t->irq, t->irq_pending & t->irq_enabled & 1); /* a snapshot is not trusted */
}

static const struct state_field goldfish_rtc_state[] = {
    STATE_TIMER(goldfish_rtc, alarm_timer),
    STATE(goldfish_rtc, offset), STATE(goldfish_rtc, alarm), STATE(goldfish_rtc, time_high),
    STATE(goldfish_rtc, irq_enabled), STATE(goldfish_rtc, irq_pending),
    STATE(goldfish_rtc, alarm_running), STATE_END
};

#define AT(m)  REG_AT(goldfish_rtc, m)
#define ALL    0xffffffff
static const struct reg_desc goldfish_rtc_regs[] = {
    REG32(0x00, "TIME_LOW", .rw = ALL, .read = read_time_low, .after_read = after_time_low,
          .wrote = wrote_time_low),
    REG32(0x04, "TIME_HIGH", .rw = ALL, .read = read_time_high, .wrote = wrote_time_high),
    REG32(0x08, "ALARM_LOW", .rw = ALL, .read = read_alarm_low, .wrote = wrote_alarm_low),
    REG32(0x0c, "ALARM_HIGH", .rw = ALL, .read = read_alarm_high, .wrote = wrote_alarm_high),
    REG32(0x10, "IRQ_ENABLED", AT(irq_enabled), .rw = BIT(0), .wrote = wrote_irq_enabled),
    REG32(0x14, "CLEAR_ALARM", .rw = ALL, .wrote = wrote_clear_alarm),
    REG32(0x18, "ALARM_STATUS", AT(alarm_running)),
    REG32(0x1c, "CLEAR_INTERRUPT", .rw = ALL, .wrote = wrote_clear_interrupt),
};

static const struct device_ops goldfish_rtc_ops = {
    .name = "goldfish_rtc", .spec = "GOLDFISH-VIRTUAL-HARDWARE.TXT",
    .size = sizeof(struct goldfish_rtc), .regs = goldfish_rtc_regs,
    .n_regs = ARRAY_LEN(goldfish_rtc_regs), .mmio_size = 0x24, .state = goldfish_rtc_state,
    .version = 1, .reset = goldfish_rtc_reset, .loaded = goldfish_rtc_loaded,
};

struct goldfish_rtc *goldfish_rtc_create(struct machine *m, const char *id, struct err *e)
{
    struct goldfish_rtc *t = device_create(m, &goldfish_rtc_ops, id, e);

    if (!t || device_init_timer(&t->dev, &t->alarm_timer, "rtc alarm", timer_fired, e) < 0)
        return NULL;
    return t;
}
