/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stable counter and constant timer: manual, "Timer" registers and RDTIME. The counter is simulated time at the
 * frequency that CPUCFG words 4 and 5 name, the same for all cores of a machine; CNTC is added where software reads it.
 *
 * TVAL is not counted down: timer_end is the counter's value at which it is or was 0. While the timer is not enabled
 * timer_end holds TVAL itself.
 *
 * After a one-shot timer has run out TVAL reads all ones, as in silicon: software tells by it that it has (Linux,
 * tools/testing/selftests/kvm/loongarch/arch_timer.c). The manual has it stop at 0.
 */
#include "core/event/clock.h"
#include "cpu/loongarch/loongarch_impl.h"

enum { TCFG_EN = 1, TCFG_PERIODIC = 2 };

static struct ev_clock counter_clock(const struct la_config *c)
{
    return (struct ev_clock){ c->counter_hz };
}

uint64_t la_stable_counter(const struct la_config *c, ps_t now)
{
    return ev_ticks(counter_clock(c), now);
}

uint64_t la_counter(const struct la_cpu *la)
{
    return la_stable_counter(la->config, cpu_now(&la->cpu));
}

static uint64_t initial(const struct la_cpu *la)
{
    return la->csr.tcfg & ~3ull;
}

static uint64_t all_ones(const struct la_cpu *la)
{
    return zext(~0ull, (unsigned)(la->config->prcfg1 >> 4 & 0xff) + 1);
}

/* The end of the period that the counter is in. */
static uint64_t end_after(const struct la_cpu *la, uint64_t now)
{
    uint64_t end = la->csr.timer_end, period = initial(la);
    if (now < end || !(la->csr.tcfg & TCFG_PERIODIC) || period == 0)
        return end;
    return end + ((now - end) / period + 1) * period;
}

uint64_t la_tval(const struct la_cpu *la)
{
    if (!(la->csr.tcfg & TCFG_EN))
        return la->csr.timer_end;
    uint64_t now = la_counter(la), end = end_after(la, now);
    return end > now ? end - now : all_ones(la);
}

uint64_t la_counter_offset(const struct la_cpu *la)
{
    return la->csr.cntc + (la_at_guest_bank(la) ? la->gcntc : 0);
}

static struct ev_timer *timer_of(struct la_cpu *la)
{
    return la_at_guest_bank(la) ? &la->guest_timer : &la->timer;
}

/* While TI is up nothing new can happen, so there is nothing to wait for. */
static void rearm(struct la_cpu *la)
{
    bool waits = (la->csr.tcfg & TCFG_EN) && !(la->csr.estat & BIT(LA_IS_TI));
    uint64_t now = waits ? la_counter(la) : 0;
    if (waits && la->csr.timer_end > now)
        ev_arm(timer_of(la), ev_tick_time(counter_clock(la->config), la->csr.timer_end));
    else
        ev_cancel(timer_of(la));
}

void la_tcfg_written(struct la_cpu *la)
{
    if (la->csr.tcfg & TCFG_EN) {
        uint64_t now = la_counter(la);
        la->csr.timer_end = now + initial(la);
        if (initial(la) == 0)
            la->csr.estat |= BIT(LA_IS_TI);
        la_check_interrupts(la);
    } else {
        la->csr.timer_end = initial(la);
    }
    rearm(la);
}

void la_ticlr_written(struct la_cpu *la)
{
    la->csr.estat &= ~BIT(LA_IS_TI);
    if (la->csr.tcfg & TCFG_EN)
        la->csr.timer_end = end_after(la, la_counter(la));
    rearm(la);
}

/* 0 is a timer that runs out at once: KVM has one that did while the guest was out interrupt it so. */
void la_tval_write(struct la_cpu *la, uint64_t value)
{
    uint64_t count = value & all_ones(la);
    bool runs = la->csr.tcfg & TCFG_EN;
    la->csr.timer_end = runs ? la_counter(la) + count : count;
    if (runs && count == 0)
        la->csr.estat |= BIT(LA_IS_TI);
    rearm(la);
}

static void due(void *arg, ps_t when)
{
    struct la_cpu *la = arg;
    (void)when; /* armed for the first moment at which TVAL is 0 */
    la->bank[0]->estat |= BIT(LA_IS_TI);
    la_check_interrupts(la);
}

static void guest_due(void *arg, ps_t when)
{
    struct la_cpu *la = arg;
    (void)when;
    la->bank[1]->estat |= BIT(LA_IS_TI);
    la_check_interrupts(la);
}

void la_timers_reset(struct la_cpu *la)
{
    la->csr.timer_end = 0;
    ev_cancel(&la->timer);
    ev_cancel(&la->guest_timer);
}

void la_timers_loaded(struct la_cpu *la)
{
    la->csr.tcfg &= all_ones(la);
    la->other.tcfg &= all_ones(la);
}

int la_timers_init(struct la_cpu *la, struct err *e)
{
    struct ev_queue *q = la->cpu.machine->queue;
    int r = ev_timer_init(&la->timer, q, "constant timer", EV_PRIO_CLOCK, due, la);
    if (r == 0)
        r = ev_timer_init(&la->guest_timer, q, "guest timer", EV_PRIO_CLOCK, guest_due, la);
    return r == 0 ? 0 : err_set(e, ERR_NOMEM, "cpu%u: no memory for its timers", la->cpu.index);
}
