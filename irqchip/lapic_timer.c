/* SPDX-License-Identifier: Apache-2.0 */
/* The local APIC's timer: SDM volume 3, 12.5.4. Its count is computed from when it was started,
 * never stepped. */
#include "core/util/bits.h"
#include "irqchip/lapic_impl.h"

enum { ONE_SHOT, PERIODIC, DEADLINE };

static unsigned mode(const struct lapic *p)
{
    return p->lvt[LAPIC_LVT_TIMER] >> 17 & 3;
}

/* Picoseconds in `ticks`, rounded up. */
static ps_t span(const struct lapic *p, uint64_t ticks)
{
    static const uint8_t divisors[] = { 2, 4, 8, 16, 32, 64, 128, 1 };
    uint64_t divide = divisors[(p->divide & 3) | (p->divide >> 1 & 4)];
    unsigned __int128 ps = (unsigned __int128)ticks * divide * PS_PER_SEC + p->config.bus_hz - 1;
    return (ps_t)(ps / p->config.bus_hz);
}

/* Ticks since it was started. */
static uint64_t elapsed(const struct lapic *p, ps_t now)
{
    ps_t one = span(p, 1u << 30);
    return now < p->started ? 0
                            : (uint64_t)((unsigned __int128)(now - p->started) * (1u << 30) / one);
}

uint32_t lapic_timer_count(const struct lapic *p)
{
    if (mode(p) == DEADLINE || p->initial == 0 || p->started == LAPIC_RUN_DOWN)
        return 0;
    uint64_t gone = elapsed(p, device_now(&p->dev));
    if (mode(p) == PERIODIC)
        return (uint32_t)(p->initial - gone % p->initial);
    return gone >= p->initial ? 0 : (uint32_t)(p->initial - gone);
}

static void arm(struct lapic *p)
{
    ps_t now = device_now(&p->dev), due = PS_NEVER;
    if (mode(p) == DEADLINE) {
        if (p->deadline != 0)
            due = p->config.cpu.tsc_time(p->config.cpu.cpu, p->deadline);
    } else if (p->initial != 0 && p->started != LAPIC_RUN_DOWN) {
        uint64_t gone = elapsed(p, now), n = mode(p) == PERIODIC ? gone / p->initial + 1 : 1;
        if (mode(p) == PERIODIC || gone < p->initial)
            due = p->started + span(p, n * p->initial);
    }
    ev_arm(&p->timer_due, due);
}

static void fired(void *arg, ps_t when)
{
    struct lapic *p = arg;
    uint32_t lvt = p->lvt[LAPIC_LVT_TIMER];
    if (mode(p) == DEADLINE)
        p->deadline = 0;
    if (!(lvt & LVT_MASK) && lapic_is_enabled(p))
        lapic_accept(p, DELIVER_FIXED, (uint8_t)lvt, false);
    if (mode(p) == ONE_SHOT)
        p->started = LAPIC_RUN_DOWN;
    if (mode(p) == PERIODIC && p->initial != 0) { /* counted from here, so that nothing piles up */
        p->started = when;
        ev_arm(&p->timer_due, when + MAX(span(p, p->initial), (ps_t)1000));
    }
}

void lapic_timer_changed(struct lapic *p)
{
    arm(p);
}

void lapic_timer_set_deadline(struct lapic *p, uint64_t tsc)
{
    if (mode(p) != DEADLINE)
        return;
    p->deadline = tsc;
    arm(p);
}

int lapic_timer_create(struct lapic *p, struct err *e)
{
    if (ev_timer_init(&p->timer_due, p->dev.machine->queue, "lapic-timer", EV_PRIO_CLOCK, fired,
                      p) < 0)
        return err_set(e, ERR_NOMEM, "%s: no memory for its timer", p->dev.id);
    p->timer_due.beside = true;
    return 0;
}
