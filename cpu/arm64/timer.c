/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generic timers (Arm ARM, D12): a count of simulated time at CNTFRQ's rate, offsets of the
 * virtual and physical views, five comparators with level outputs. Event streams (CNTKCTL_EL1.EVNTEN) need nothing: WFE never
 * waits longer than a turn of its CPU.
 */
#include "core/event/clock.h"
#include "core/util/bits.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"

enum { CTL_ENABLE = 1, CTL_IMASK = 2, CTL_ISTATUS = 4 };

static struct ev_clock counter_clock(const struct a64_cpu *a)
{
    return (struct ev_clock){ a->config->counter_hz };
}

uint64_t a64_count(const struct a64_cpu *a)
{
    return ev_ticks(counter_clock(a), cpu_now(&a->cpu));
}

/* CNTPOFF_EL2 works for the EL1 view: CNTHCTL_EL2.ECV and SCR_EL3.ECVEn (D12.2.4). */
static uint64_t physical_offset(const struct a64_cpu *a)
{
    bool on = a64_cpu_has(a, A64_F_ECV2) && a64_el2_enabled(a) && (a->cnthctl_el2 >> 12 & 1) &&
              (a64_scr(a) & A64_SCR_ECVEN) && !a64_host(a);
    return on ? a->cntpoff_el2 : 0;
}

uint64_t a64_physical_offset(const struct a64_cpu *a)
{
    return a->el < 2 ? physical_offset(a) : 0;
}

/* CNTVCT_EL0 (D24.10.30): the offset does not apply at EL2 with E2H, nor at the host's EL0. */
uint64_t a64_virtual_offset(const struct a64_cpu *a)
{
    if (!a64_cpu_has(a, A64_F_EL2) || (a->el == 2 && a64_e2h(a)) || (a->el == 0 && a64_host(a)))
        return 0;
    return a->cntvoff_el2;
}

/* What is subtracted from the count before it is compared with this timer's CVAL. */
uint64_t a64_timer_offset(const struct a64_cpu *a, enum a64_timer t)
{
    if (t == A64_TIMER_VIRT)
        return a64_cpu_has(a, A64_F_EL2) ? a->cntvoff_el2 : 0;
    return t == A64_TIMER_PHYS ? physical_offset(a) : 0;
}

static bool condition_met(const struct a64_cpu *a, enum a64_timer t)
{
    return a64_count(a) - a64_timer_offset(a, t) >= a->cnt_cval[t];
}

uint64_t a64_timer_ctl(const struct a64_cpu *a, enum a64_timer t)
{
    uint64_t ctl = a->cnt_ctl[t] & (CTL_ENABLE | CTL_IMASK);
    return (ctl & CTL_ENABLE) && condition_met(a, t) ? ctl | CTL_ISTATUS : ctl;
}

/* CNTHCTL_EL2.CNTVMASK, CNTPMASK (FEAT_RME) are not there: the output is ENABLE, ISTATUS and not IMASK. */
void a64_timer_changed(struct a64_cpu *a, enum a64_timer t)
{
    struct a64_timer_unit *u = &a->timer[t];
    bool enabled = a->cnt_ctl[t] & CTL_ENABLE, met = enabled && condition_met(a, t);
    irq_set(&u->out, met && !(a->cnt_ctl[t] & CTL_IMASK));
    if (!enabled || met) {
        ev_cancel(&u->due);
        return;
    }
    /* First count at which count - offset >= cval, if the difference has not wrapped before. */
    uint64_t when = a->cnt_cval[t] + a64_timer_offset(a, t), count = a64_count(a);
    ev_arm(&u->due, when >= count ? ev_tick_time(counter_clock(a), when) : PS_NEVER);
}

static void due(void *arg, ps_t when)
{
    struct a64_timer_unit *u = arg;
    (void)when; /* armed for the first moment at which the condition is met */
    irq_set(&u->out, !(u->a->cnt_ctl[u->which] & CTL_IMASK));
}

int a64_timers_init(struct a64_cpu *a, struct err *e)
{
    static const char *const names[A64_TIMERS] = { "cntp", "cntv", "cnthp", "cnthv", "cntps" };
    struct machine *m = a->cpu.machine;
    for (unsigned t = 0; t < A64_TIMERS; t++) {
        struct a64_timer_unit *u = &a->timer[t];
        u->a = a;
        u->which = (enum a64_timer)t;
        int r = ev_timer_init(&u->due, m->queue, names[t], EV_PRIO_CLOCK, due, u);
        if (r < 0)
            return err_set(e, r, "cpu%u: no memory for its timers", a->cpu.index);
        u->due.beside = true;
    }
    return 0;
}

struct irq_line *a64_timer_line(struct a64_cpu *a, enum a64_timer t)
{
    return &a->timer[t].out;
}

void a64_timers_reset(struct a64_cpu *a)
{
    for (unsigned t = 0; t < A64_TIMERS; t++) {
        a->cnt_ctl[t] = 0;
        a64_timer_changed(a, (enum a64_timer)t);
    }
}

/* The lines' levels follow from what was loaded; their sinks saved their own view. */
void a64_timers_loaded(struct a64_cpu *a)
{
    for (unsigned t = 0; t < A64_TIMERS; t++)
        irq_restore(&a->timer[t].out, (a64_timer_ctl(a, (enum a64_timer)t) & 7) == (CTL_ENABLE | CTL_ISTATUS));
}
