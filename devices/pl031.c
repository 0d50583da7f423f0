/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pl031.h"
#include "core/util/bits.h"
#include "devices/primecell.h"

static uint32_t count(const struct pl031 *t)
{
    return (uint32_t)(t->dev.machine->rtc_base + device_now(&t->dev) / PS_PER_SEC) + t->offset;
}

static void update(struct pl031 *t)
{
    irq_set(&t->irq, t->raw & t->mask);
}

static void timer_fired(void *arg, ps_t when)
{
    struct pl031 *t = arg;

    (void)when;
    t->raw = 1;
    update(t);
}

/*
 * DDI 0224, 2.2.2: the interrupt comes when count and match are equal; at once if they are so
 * when either is written. A match beyond the end of simulated time (213 days) never comes.
 */
static void rearm(struct pl031 *t)
{
    uint64_t second = device_now(&t->dev) / PS_PER_SEC + (uint32_t)(t->match - count(t));

    if (t->match == count(t))
        timer_fired(t, 0);
    ev_arm(&t->match_timer, t->match != count(t) && second < PS_NEVER / PS_PER_SEC
                                ? second * PS_PER_SEC : PS_NEVER);
}

/* ---- registers ---- */
static uint64_t read_dr(const void *dev, uint32_t index)
{
    (void)index;
    return count(dev);
}

static void wrote_mr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    rearm(dev);
}

static void wrote_lr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl031 *t = dev;

    (void)index;
    (void)old;
    t->offset += (uint32_t)now - count(t);
    rearm(t);
}

static void wrote_imsc(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    update(dev);
}

static uint64_t read_mis(const void *dev, uint32_t index)
{
    const struct pl031 *t = dev;

    (void)index;
    return t->raw & t->mask;
}

static void wrote_icr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl031 *t = dev;

    (void)index;
    (void)old;
    t->raw &= ~(uint32_t)now;
    update(t);
}

static void pl031_reset(void *dev)
{
    struct pl031 *t = dev;

    ev_cancel(&t->match_timer); /* a match is armed by writing it */
    update(t);
}

static void pl031_loaded(void *dev)
{
    struct pl031 *t = dev;

    t->raw &= 1; /* a snapshot is not trusted */
    t->mask &= 1;
    irq_restore(&t->irq, t->raw & t->mask);
}

static const struct state_field pl031_state[] = {
    STATE_TIMER(pl031, match_timer), STATE(pl031, offset), STATE(pl031, match),
    STATE(pl031, load), STATE(pl031, control), STATE(pl031, mask), STATE(pl031, raw), STATE_END
};

#define AT(m) REG_AT(pl031, m)
static const struct reg_desc pl031_regs[] = { /* DDI 0224, table 3-1 */
    PRIMECELL_REG(0x000, "RTCDR",   .read = read_dr),
    PRIMECELL_REG(0x004, "RTCMR",   AT(match), .rw = 0xffffffff, .wrote = wrote_mr),
    PRIMECELL_REG(0x008, "RTCLR",   AT(load),  .rw = 0xffffffff, .wrote = wrote_lr),
    PRIMECELL_REG(0x00c, "RTCCR",   AT(control), .reset = 1, .w1s = BIT(0)), /* started, until the next reset */
    PRIMECELL_REG(0x010, "RTCIMSC", AT(mask),  .rw = BIT(0), .wrote = wrote_imsc),
    PRIMECELL_REG(0x014, "RTCRIS",  AT(raw)),
    PRIMECELL_REG(0x018, "RTCMIS",  .read = read_mis),
    PRIMECELL_REG(0x01c, "RTCICR",  .rw = BIT(0), .wrote = wrote_icr),
    PRIMECELL_REG(0x080, "RTCITCR", .count = 4, .rw = 0xffff, .wrote = primecell_wrote_test),
    PRIMECELL_IDS("RTC", 0x031, 1),
};

static const struct device_ops pl031_ops = {
    .name = "pl031", .spec = "Arm DDI 0224, r1p3", .size = sizeof(struct pl031),
    .regs = pl031_regs, .n_regs = ARRAY_LEN(pl031_regs), .mmio_size = 0x1000,
    .state = pl031_state, .version = 1, .reset = pl031_reset, .loaded = pl031_loaded,
};

struct pl031 *pl031_create(struct machine *m, const char *id, struct err *e)
{
    struct pl031 *t = device_create(m, &pl031_ops, id, e);

    if (!t || device_init_timer(&t->dev, &t->match_timer, "rtc match", timer_fired, e) < 0)
        return NULL;
    return t;
}
