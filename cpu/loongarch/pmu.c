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
 *
 * Guest mode has a set of its own, of which GCFG.GPERF gives as many to the guest (Linux, arch/loongarch/kvm/vcpu.c): they
 * count while it runs, at the levels of its own, and the root's of the same numbers do not. What else counts in the root
 * counts a guest's as well.
 */
#include "core/event/clock.h"
#include "core/timing/model.h"
#include "cpu/loongarch/translate_impl.h"
#include <string.h>

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

uint32_t la_guest_counters(const struct la_cpu *la)
{
    return MIN((uint32_t)F_GET(la->gcfg, LA_GCFG_GPERF), la_pmu_counters(la->config));
}

static uint64_t event_of(const struct la_counter *c)
{
    return F_GET(c->cfg, CFG_EVENT);
}

/* One after the other: the root's, then its guest's, where there is guest mode; NULL behind the last. */
static struct la_counter *next_counter(const struct la_cpu *la, uint32_t *i)
{
    uint32_t n = la_pmu_counters(la->config), at = (*i)++;
    if (n == 0 || at >= (la_has(la->config, LA_F_LVZ) ? 2 * n : n))
        return NULL;
    return (struct la_counter *)(uintptr_t)&la->counter[at / n][at % n];
}

static bool is_guests(const struct la_cpu *la, const struct la_counter *c)
{
    return c >= la->counter[1];
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

static uint64_t source(const struct la_cpu *la, const struct la_counter *c)
{
    uint64_t event = event_of(c), count;
    if (event == EVENT_CYCLES)
        return cpu_cycles_in_event(&la->cpu);
    if (event == EVENT_INSNS)
        return cpu_insns(&la->cpu);
    if (model_count(la, event, &count))
        return count;
    return event == EVENT_BRANCHES ? la->branches : event == EVENT_DTLB || event == EVENT_L1D ? la->accesses : 0;
}

static bool is_enabled(const struct la_counter *c)
{
    return c->cfg >> CFG_LEVELS & 15;
}

/* Those a guest has are the root's no more while it runs. */
static bool should_run(const struct la_cpu *la, const struct la_counter *c)
{
    bool guest = la_is_guest(la), own = is_guests(la, c);
    unsigned plv = la_is_debug(la) ? 0 : (unsigned)F_GET(la->bank[guest]->crmd, LA_CRMD_PLV);
    if (own != (guest && (uint32_t)(c - la->counter[own]) < la_guest_counters(la)))
        return false;
    return c->cfg >> (CFG_LEVELS + plv) & 1;
}

static uint64_t value_of(const struct la_cpu *la, const struct la_counter *c)
{
    return c->running ? c->base + (source(la, c) - c->since) : c->base;
}

uint64_t la_pmcnt_read(struct la_cpu *la, uint32_t n)
{
    return value_of(la, &la->counter[la_at_guest_bank(la)][n]);
}

uint64_t la_pmcfg_read(struct la_cpu *la, uint32_t n)
{
    return la->counter[la_at_guest_bank(la)][n].cfg;
}

void la_pmu_sync(struct la_cpu *la)
{
    struct la_counter *c;
    for (uint32_t i = 0; (c = next_counter(la, &i)) != NULL;)
        c->base = value_of(la, c), c->since = source(la, c);
}

/* Cycles until bit 63 of the counter may be 1. */
static uint64_t distance(const struct la_counter *c)
{
    if (!c->running || !F_GET(c->cfg, CFG_PMI) || c->base >> 63) /* a change of level asks again */
        return UINT64_MAX;
    uint64_t left = BIT(63) - c->base;
    return event_of(c) == EVENT_CYCLES ? left : MAX(left / 4, OVERFLOW_STEP);
}

static void arm(struct la_cpu *la)
{
    uint64_t least = UINT64_MAX, now = cpu_cycles_in_event(&la->cpu);
    struct la_counter *c;
    for (uint32_t i = 0; (c = next_counter(la, &i)) != NULL;)
        least = MIN(least, distance(c));
    if (least > 1ull << 48)
        ev_cancel(&la->pmu_due);
    else
        ev_arm(&la->pmu_due, ev_tick_time(la->cpu.clock, now + least));
}

static void set_lines(struct la_cpu *la)
{
    bool on[2] = { false, false };
    struct la_counter *c;
    for (uint32_t i = 0; (c = next_counter(la, &i)) != NULL;)
        on[is_guests(la, c)] |= c->base >> 63 && F_GET(c->cfg, CFG_PMI);
    uint64_t others = la->lines & ~BIT(LA_IS_PMI);
    __atomic_store_n(&la->lines, others | (on[0] ? BIT(LA_IS_PMI) : 0), __ATOMIC_RELAXED);
    la->guest_pmi = on[1];
}

static void find_enabled(struct la_cpu *la)
{
    struct la_counter *c;
    uint64_t count;
    la->counting = la->counts_code = false;
    for (uint32_t i = 0; (c = next_counter(la, &i)) != NULL;) {
        uint64_t e = event_of(c);
        bool code = e == EVENT_BRANCHES || e == EVENT_DTLB || e == EVENT_L1D;
        la->counting |= is_enabled(c);
        la->counts_code |= is_enabled(c) && code && !model_count(la, e, &count);
    }
}

/* Counters are up to date: who goes on from here, when one may overflow. */
void la_pmu_changed(struct la_cpu *la)
{
    struct la_counter *c;
    for (uint32_t i = 0; (c = next_counter(la, &i)) != NULL;) {
        c->running = should_run(la, c);
        c->since = source(la, c);
    }
    find_enabled(la);
    set_lines(la);
    arm(la);
}

void la_pmcfg_write(struct la_cpu *la, uint32_t n, uint64_t value)
{
    la_pmu_sync(la);
    la->counter[la_at_guest_bank(la)][n].cfg = value & 0x1f03ff;
    la_pmu_changed(la);
    la_update_mode(la);
}

void la_pmcnt_write(struct la_cpu *la, uint32_t n, uint64_t value)
{
    la_pmu_sync(la);
    la->counter[la_at_guest_bank(la)][n].base = value;
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
    memset(la->counter, 0, sizeof(la->counter));
    la->accesses = la->branches = 0;
    la_pmu_changed(la);
}

void la_pmu_loaded(struct la_cpu *la)
{
    find_enabled(la);
    set_lines(la);
}

int la_pmu_init(struct la_cpu *la, struct err *e)
{
    if (ev_timer_init(&la->pmu_due, la->cpu.machine->queue, "pmu", EV_PRIO_CLOCK, due, la) < 0)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its performance counters", la->cpu.index);
    return 0;
}
