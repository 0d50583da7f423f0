/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, stimecmp (Sstc 1.0) and the counters (Zicntr, Zihpm, Sscofpmf 1.0).
 *
 * A counter that runs is a difference against a count that goes on anyway: cycles
 * and instructions of the CPU, or a statistic of its timing model. It is brought
 * up to date only when something that gates it changes. Events (mhpmeventN 31:0):
 *     0            nothing
 *     1, 2         cycles, instructions
 *     0x100 + n    statistic n of the timing model (TLB misses, mispredictions...)
 * Overflow is found by a timer set to the earliest moment it can happen and set
 * again until it did: the interrupt may be late by some instructions, as Sscofpmf
 * allows.
 */
#include "core/timing/model.h"
#include "cpu/riscv/riscv_impl.h"

enum { EVENT_NONE, EVENT_CYCLES, EVENT_INSNS, EVENT_MODEL = 0x100 };
#define OVERFLOW_STEP                                                                              \
    1000u /* cycles between looks at a count whose rate is not known, at least                     \
           */

static const struct ev_clock default_clock = { RV_TIME_HZ };

uint64_t rv_time(const struct rv_cpu *rv)
{
    ps_t now = cpu_now(&rv->cpu);
    return rv->time.read != NULL ? rv->time.read(rv->time.arg, now) : ev_ticks(default_clock, now);
}

static ps_t time_of(const struct rv_cpu *rv, uint64_t ticks)
{
    return rv->time.when != NULL ? rv->time.when(rv->time.arg, ticks)
                                 : ev_tick_time(default_clock, ticks);
}

/* STIP = time >= stimecmp while menvcfg.STCE. */
void rv_stimecmp_changed(struct rv_cpu *rv)
{
    bool on = rv_has(rv->config, RV_X_SSTC) && F_GET(rv->menvcfg, RV_ENVCFG_STCE);
    bool due = on && rv_time(rv) >= rv->stimecmp;
    rv_drive(rv, RV_IRQ_STI, due);
    if (on && !due)
        ev_arm(&rv->stimecmp_timer, time_of(rv, rv->stimecmp));
    else
        ev_cancel(&rv->stimecmp_timer);
    rv_check_interrupts(rv);
}

static void stimecmp_due(void *arg, ps_t when)
{
    struct rv_cpu *rv = arg;
    (void)when; /* armed for the first moment with time >= stimecmp */
    rv_drive(rv, RV_IRQ_STI, true);
    rv_check_interrupts(rv);
}

void rv_cpu_set_time(struct rv_cpu *rv, const struct rv_time_ops *ops)
{
    rv->time = *ops;
}

void rv_cpu_time_jumped(struct rv_cpu *rv)
{
    rv_stimecmp_changed(rv);
}

static uint64_t event_of(const struct rv_cpu *rv, uint32_t n)
{
    return n == 0 ? EVENT_CYCLES : n == 2 ? EVENT_INSNS : rv->counter[n].event & 0xffffffff;
}

static uint64_t source(const struct rv_cpu *rv, uint32_t n)
{
    uint64_t event = event_of(rv, n);
    const struct tm_cpu *tm = rv->cpu.tm;
    if (event == EVENT_CYCLES)
        return cpu_cycles_in_event(&rv->cpu);
    if (event == EVENT_INSNS)
        return cpu_insns(&rv->cpu);
    if (event >= EVENT_MODEL && tm != NULL && event - EVENT_MODEL < tm->model->n_stats) {
        const struct tm_stat *stat = &tm->model->stats[event - EVENT_MODEL];
        return *(const uint64_t *)(const void *)((const uint8_t *)tm + stat->at);
    }
    return 0;
}

static bool should_run(const struct rv_cpu *rv, uint32_t n)
{
    uint64_t e = rv->counter[n].event;
    bool filtered = rv->priv == RV_M   ? F_GET(e, RV_HPMEVENT_MINH)
                    : rv->priv == RV_S ? F_GET(e, RV_HPMEVENT_SINH)
                                       : F_GET(e, RV_HPMEVENT_UINH);
    return !(rv->mcountinhibit >> n & 1) && event_of(rv, n) != EVENT_NONE && !filtered;
}

uint64_t rv_counter_read(const struct rv_cpu *rv, uint32_t n)
{
    const struct rv_counter *c = &rv->counter[n];
    return c->running ? c->base + (source(rv, n) - c->since) : c->base;
}

/* Cycles until the fastest counter that can overflow might. */
static uint64_t overflow_distance(const struct rv_cpu *rv)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t n = 3; n < 3 + rv->config->hpm_count; n++) {
        const struct rv_counter *c = &rv->counter[n];
        if (!c->running || F_GET(c->event, RV_HPMEVENT_OF))
            continue;
        uint64_t left = 0 - rv_counter_read(rv, n);
        if (left == 0)
            continue;
        uint64_t cycles = event_of(rv, n) == EVENT_CYCLES ? left : MAX(left / 4, OVERFLOW_STEP);
        least = MIN(least, cycles);
    }
    return least;
}

static void arm_overflow(struct rv_cpu *rv)
{
    uint64_t cycles = overflow_distance(rv);
    uint64_t now = cpu_cycles_in_event(&rv->cpu);
    if (cycles == UINT64_MAX || now + cycles < now)
        ev_cancel(&rv->overflow_timer);
    else
        ev_arm(&rv->overflow_timer, ev_tick_time(rv->cpu.clock, now + cycles));
}

/* Fold what was counted into the base; note an overflow on the way. */
static void settle(struct rv_cpu *rv, uint32_t n)
{
    struct rv_counter *c = &rv->counter[n];
    uint64_t value = rv_counter_read(rv, n);
    bool wrapped = value < c->base;
    c->base = value;
    c->since = source(rv, n);
    if (wrapped && n >= 3 && rv_has(rv->config, RV_X_SSCOFPMF) &&
        !F_GET(c->event, RV_HPMEVENT_OF)) {
        c->event = F_PUT(c->event, RV_HPMEVENT_OF, 1);
        rv->mip_soft |= BIT(RV_IRQ_LCOFI);
        rv_check_interrupts(rv);
    }
}

void rv_counters_sync(struct rv_cpu *rv)
{
    bool programmable = false;
    for (uint32_t n = 0; n < 3 + rv->config->hpm_count; n++) {
        struct rv_counter *c = &rv->counter[n];
        if (n == 1 || (!c->running && !should_run(rv, n)))
            continue;
        if (n >= 3)
            programmable = true;
        else if (c->running && should_run(rv, n))
            continue; /* cycle and instret have no privilege filter */
        settle(rv, n);
        c->running = should_run(rv, n);
    }
    if (programmable && rv_has(rv->config, RV_X_SSCOFPMF))
        arm_overflow(rv);
}

/* After a reset, restore or write of an event. */
void rv_counters_derive(struct rv_cpu *rv)
{
    rv->programmed = false;
    for (uint32_t n = 3; n < RV_COUNTERS; n++)
        rv->programmed |= rv->counter[n].event != 0;
}

static void overflow_due(void *arg, ps_t when)
{
    (void)when;
    rv_counters_sync(arg);
}

void rv_counter_write(struct rv_cpu *rv, uint32_t n, uint64_t value)
{
    struct rv_counter *c = &rv->counter[n];
    c->base = value;
    /* The write takes the place of this instruction's own increment (Zicntr, "instret"). */
    c->since = source(rv, n) + (event_of(rv, n) == EVENT_INSNS ? 1 : 0);
    c->running = should_run(rv, n);
    if (n >= 3 && rv_has(rv->config, RV_X_SSCOFPMF))
        arm_overflow(rv);
}

/* mcounteren gates S and U, scounteren U. */
bool rv_may_count(const struct rv_cpu *rv, uint32_t n)
{
    if (rv->priv == RV_M)
        return true;
    if (!(rv->mcounteren >> n & 1))
        return false;
    return rv->priv == RV_S || (rv->scounteren >> n & 1);
}

int rv_timers_init(struct rv_cpu *rv, struct err *e)
{
    struct ev_queue *q = rv->cpu.machine->queue;
    int r = ev_timer_init(&rv->stimecmp_timer, q, "stimecmp", EV_PRIO_CLOCK, stimecmp_due, rv);
    rv->stimecmp_timer.beside = true;
    if (r == 0)
        r = ev_timer_init(&rv->overflow_timer, q, "hpmcounter", EV_PRIO_CLOCK, overflow_due, rv);
    return r == 0 ? 0 : err_set(e, ERR_NOMEM, "hart %u: no memory for its timers", rv->cpu.index);
}
