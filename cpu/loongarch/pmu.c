/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performance counters: manual, "Control and Status Registers Related to Performance Monitoring"; events by the numbers
 * Linux uses for these cores (arch/loongarch/kernel/perf_event.c), which no manual lists.
 *
 * A counter is a difference against a count that goes on anyway: cycles and instructions of the core, or statistics of
 * its timing model. Branches and accesses, which every model should know, are counted by translated code (LA_MODE_COUNT)
 * where the model keeps none. It is brought up to date when what gates counting is about to change. That bit 63 came
 * to be 1 is noticed by a timer set to the earliest moment it can, and set again until it did: the interrupt may be
 * late by some instructions.
 */
#include "core/event/clock.h"
#include "core/timing/model.h"
#include "cpu/loongarch/translate_impl.h"

#define CFG_EVENT 9, 0
#define CFG_PMI   20, 20
enum { CFG_LEVELS = 16 };
enum { EVENT_CYCLES = 0, EVENT_INSNS = 1, EVENT_BRANCHES = 2, EVENT_DTLB = 4, EVENT_L1D = 8 };
#define OVERFLOW_STEP 1000u /* cycles between looks at a count whose rate is not known, at least */

/* Events that statistics of a timing model are; two are added up. */
static const struct {
    uint16_t event;
    const char *stat, *more;
} model_events[] = {
    { EVENT_BRANCHES, "branch", NULL },  { 0x03, "mispredict", NULL }, { EVENT_DTLB, "load", "store" },
    { 0x06, "fetch", NULL },             { 0x07, "l1i_miss", NULL },   { EVENT_L1D, "load", "store" },
    { 0x09, "l1d_miss", NULL },          { 0x0c, "l1i_miss", "l1d_miss" }, { 0x0d, "l2_miss", NULL },
    { 0x3b, "itlb_miss", NULL },         { 0x3c, "dtlb_miss", NULL },
};

uint32_t la_pmu_counters(const struct la_config *c)
{
    return la_has(c, LA_F_PMP) ? MIN((c->cpucfg[6] >> 4 & 15) + 1, LA_PMU_COUNTERS) : 0;
}

static uint64_t event_of(const struct la_cpu *la, uint32_t n)
{
    return F_GET(la->counter[n].cfg, CFG_EVENT);
}

static bool model_count(const struct la_cpu *la, uint64_t event, uint64_t *count)
{
    const struct tm_cpu *tm = la->cpu.tm;
    for (size_t i = 0; tm != NULL && i < ARRAY_LEN(model_events); i++) {
        if (model_events[i].event != event)
            continue;
        const uint64_t *a = tm_find_stat(tm, model_events[i].stat);
        const uint64_t *b = model_events[i].more != NULL ? tm_find_stat(tm, model_events[i].more) : NULL;
        *count = (a != NULL ? *a : 0) + (b != NULL ? *b : 0);
        return a != NULL;
    }
    return false;
}

static uint64_t source(const struct la_cpu *la, uint32_t n)
{
    uint64_t event = event_of(la, n), count;
    if (event == EVENT_CYCLES)
        return cpu_cycles_in_event(&la->cpu);
    if (event == EVENT_INSNS)
        return cpu_insns(&la->cpu);
    if (model_count(la, event, &count))
        return count;
    return event == EVENT_BRANCHES ? la->branches : event == EVENT_DTLB || event == EVENT_L1D ? la->accesses : 0;
}

static bool enabled(const struct la_cpu *la, uint32_t n)
{
    return la->counter[n].cfg >> CFG_LEVELS & 15;
}

static bool should_run(const struct la_cpu *la, uint32_t n)
{
    return la->counter[n].cfg >> (CFG_LEVELS + la_plv(la)) & 1;
}

uint64_t la_pmcnt_read(struct la_cpu *la, uint32_t n)
{
    const struct la_counter *c = &la->counter[n];
    return c->running ? c->base + (source(la, n) - c->since) : c->base;
}

void la_pmu_sync(struct la_cpu *la)
{
    for (uint32_t n = 0; n < la_pmu_counters(la->config); n++)
        la->counter[n].base = la_pmcnt_read(la, n), la->counter[n].since = source(la, n);
}

/* Cycles until bit 63 of the counter may be 1. */
static uint64_t distance(const struct la_cpu *la, uint32_t n)
{
    const struct la_counter *c = &la->counter[n];
    if (!c->running || !F_GET(c->cfg, CFG_PMI) || c->base >> 63) /* a change of level asks again */
        return UINT64_MAX;
    uint64_t left = BIT(63) - c->base;
    return event_of(la, n) == EVENT_CYCLES ? left : MAX(left / 4, OVERFLOW_STEP);
}

static void arm(struct la_cpu *la)
{
    uint64_t least = UINT64_MAX, now = cpu_cycles_in_event(&la->cpu);
    for (uint32_t n = 0; n < la_pmu_counters(la->config); n++) {
        uint64_t d = distance(la, n);
        least = MIN(least, d);
    }
    if (least > 1ull << 48)
        ev_cancel(&la->pmu_due);
    else
        ev_arm(&la->pmu_due, ev_tick_time(la->cpu.clock, now + least));
}

static void set_line(struct la_cpu *la)
{
    bool on = false;
    for (uint32_t n = 0; n < la_pmu_counters(la->config); n++)
        on |= la->counter[n].base >> 63 && F_GET(la->counter[n].cfg, CFG_PMI);
    la->lines = on ? la->lines | BIT(LA_IS_PMI) : la->lines & ~BIT(LA_IS_PMI);
}

static void find_enabled(struct la_cpu *la)
{
    uint64_t count;
    la->counting = la->counts_code = false;
    for (uint32_t n = 0; n < la_pmu_counters(la->config); n++) {
        uint64_t e = event_of(la, n);
        bool code = e == EVENT_BRANCHES || e == EVENT_DTLB || e == EVENT_L1D;
        la->counting |= enabled(la, n);
        la->counts_code |= enabled(la, n) && code && !model_count(la, e, &count);
    }
}

/* Counters are up to date: who goes on from here, when one may overflow. */
void la_pmu_changed(struct la_cpu *la)
{
    for (uint32_t n = 0; n < la_pmu_counters(la->config); n++) {
        la->counter[n].running = should_run(la, n);
        la->counter[n].since = source(la, n);
    }
    find_enabled(la);
    set_line(la);
    arm(la);
}

void la_pmcfg_write(struct la_cpu *la, uint32_t n, uint64_t value)
{
    la_pmu_sync(la);
    la->counter[n].cfg = value & 0x1f03ff;
    la_pmu_changed(la);
    la_update_mode(la);
}

void la_pmcnt_write(struct la_cpu *la, uint32_t n, uint64_t value)
{
    la_pmu_sync(la);
    la->counter[n].base = value;
    la_pmu_changed(la);
    la_check_interrupts(la);
}

static void due(void *arg, ps_t when)
{
    struct la_cpu *la = arg;
    (void)when;
    la_pmu_sync(la);
    la_pmu_changed(la);
    la_check_interrupts(la);
}

/* Before an instruction that accesses memory (enum insn_mem) or branches (LA_COUNT_BRANCH). */
uint64_t la_helper_count_access(struct cpu *cpu, uint64_t kind, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    LA_CPU(cpu)->accesses += (kind & (INSN_MEM_READ | INSN_MEM_WRITE)) != 0;
    LA_CPU(cpu)->branches += (kind & LA_COUNT_BRANCH) != 0;
    return 0;
}

void la_pmu_reset(struct la_cpu *la)
{
    for (uint32_t n = 0; n < LA_PMU_COUNTERS; n++)
        la->counter[n] = (struct la_counter){ .cfg = 0 };
    la->accesses = la->branches = 0;
    la_pmu_changed(la);
}

void la_pmu_loaded(struct la_cpu *la)
{
    find_enabled(la);
}

int la_pmu_init(struct la_cpu *la, struct err *e)
{
    if (ev_timer_init(&la->pmu_due, la->cpu.machine->queue, "pmu", EV_PRIO_CLOCK, due, la) < 0)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its performance counters", la->cpu.index);
    return 0;
}
