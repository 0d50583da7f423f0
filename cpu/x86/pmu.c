/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performance monitors: Intel's architectural ones, version 2 (SDM volume 3, 20.2.1 and 20.2.2),
 * and AMD's core counters with PerfMonV2 (APM volume 2, 13.2). A counter is a difference against a
 * count that goes on anyway: cycles, instructions, or a statistic of the timing model. It is
 * brought up to date before anything that gates counting changes: the level, HLT, its controls.
 *
 * An event that the timing model does not count is absent from CPUID (Intel) and counts nothing, as
 * does every counter with CMASK, INV or edge detection: nothing is known about single cycles.
 *
 * Overflow is found by a timer set to the earliest moment at which one can happen, and set again
 * until it did: the interrupt may be late by some instructions, as it is on silicon.
 */
#include "core/timing/model.h"
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include <string.h>

enum { GENERAL = 8, COUNTERS = GENERAL + 4, FIXED = GENERAL, NONE = COUNTERS, WIDTH = 48 };
enum {
    SEL_USR = 1u << 16,
    SEL_OS = 1u << 17,
    SEL_INT = 1u << 20,
    SEL_EN = 1u << 22,
    SEL_CYCLES = 0xff840000u /* edge, INV, CMASK */
};
#define B(n)            (1ull << (n))
#define LOOK_AGAIN      1000u /* cycles between looks at a count whose rate is not known, at least */
#define DEBUGCTL_FREEZE_LBRS    B(11)
#define DEBUGCTL_FREEZE_PERFMON B(12)

enum source { NOTHING, CYCLES, REFERENCE, INSNS, STAT };

/* `umask` ANY: has none. `stat`, `more`: statistics that are added. */
struct perf_event {
    uint16_t event, umask;
    uint8_t source;
    const char *stat, *more;
};
enum { ANY = 0x100 };

/* SDM table 20-1, in the order of CPUID.0AH:EBX */
static const struct perf_event intel_events[] = {
    { 0x3c, 0x00, CYCLES, NULL, NULL },         { 0xc0, 0x00, INSNS, NULL, NULL },
    { 0x3c, 0x01, REFERENCE, NULL, NULL },      { 0x2e, 0x4f, STAT, "l1d_miss", "l1i_miss" },
    { 0x2e, 0x41, STAT, "l2_miss", NULL },      { 0xc4, 0x00, STAT, "branch", NULL },
    { 0xc5, 0x00, STAT, "mispredict", NULL },
};

/* Processor Programming References of families 17h, 19h and 1Ah, "Core Performance Monitor
 * Counters" */
static const struct perf_event amd_events[] = {
    { 0x76, ANY, CYCLES, NULL, NULL },
    { 0xc0, ANY, INSNS, NULL, NULL },
    { 0xc2, ANY, STAT, "branch", NULL },
    { 0xc3, ANY, STAT, "mispredict", NULL },
    { 0x29, 0x01, STAT, "load", NULL },
    { 0x29, 0x02, STAT, "store", NULL },
    { 0x60, 0xff, STAT, "l1d_miss", "l1i_miss" },
    { 0x64, 0x09, STAT, "l2_miss", NULL },
    { 0x45, 0xff, STAT, "dtlb_miss", NULL },
    { 0x120, 0x01, REFERENCE, NULL, NULL },
};

static bool is_intel(const struct x86_cpu *c)
{
    return c->config->vendor == X86_INTEL;
}

static unsigned n_general(const struct x86_cpu *c)
{
    if (is_intel(c))
        return c->config->pmu_version != 0 ? MIN(c->config->pmu_counters, (uint32_t)GENERAL) : 0;
    return x86_cpu_has(c, X86_F_PERFCTR_CORE) ? 6 : 4;
}

static unsigned n_fixed(const struct x86_cpu *c)
{
    return is_intel(c) && c->config->pmu_version >= 2 ? MIN(c->config->pmu_fixed, 3u) : 0;
}

static bool has_global(const struct x86_cpu *c)
{
    return is_intel(c) ? c->config->pmu_version >= 2 : x86_cpu_has(c, X86_F_PERFMON_V2);
}

/* GLOBAL_CTRL's bits: general counters from 0, fixed ones from 32. */
static uint64_t all_counters(const struct x86_cpu *c)
{
    return (B(n_general(c)) - 1) | (B(n_fixed(c)) - 1) << 32;
}

static uint64_t bit_of(unsigned n)
{
    return n < FIXED ? B(n) : B(32 + n - FIXED);
}

static bool is_there(const struct x86_cpu *c, unsigned n)
{
    return n < FIXED ? n < n_general(c) : n - FIXED < n_fixed(c);
}

static uint64_t *count_of(struct x86_cpu *c, unsigned n)
{
    return n < FIXED ? &c->perf_ctr[n] : &c->perf_fixed[n - FIXED];
}

/* ---- what a counter counts ---- */
static const struct perf_event *event_of(const struct x86_cpu *c, uint64_t sel)
{
    const struct perf_event *rows = is_intel(c) ? intel_events : amd_events;
    unsigned n = is_intel(c) ? ARRAY_LEN(intel_events) : ARRAY_LEN(amd_events);
    unsigned event = (sel & 0xff) | (is_intel(c) ? 0 : sel >> 24 & 0xf00), umask = sel >> 8 & 0xff;
    for (unsigned i = 0; i < n && !(sel & SEL_CYCLES); i++)
        if (rows[i].event == event && (rows[i].umask == ANY || rows[i].umask == umask))
            return &rows[i];
    return NULL;
}

static const uint64_t *stat(const struct x86_cpu *c, const char *name)
{
    return name != NULL && c->cpu.tm != NULL ? tm_find_stat(c->cpu.tm, name) : NULL;
}

static enum source source_of(const struct x86_cpu *c, unsigned n, const struct perf_event **ev)
{
    static const uint8_t fixed[] = { INSNS, CYCLES, REFERENCE }; /* SDM table 20-2 */
    if (n >= FIXED)
        return (enum source)fixed[MIN(n - FIXED, 2u)];
    *ev = event_of(c, c->perf_evtsel[n]);
    return *ev != NULL ? (enum source)(*ev)->source : NOTHING;
}

static uint64_t source(const struct x86_cpu *c, unsigned n)
{
    const struct perf_event *ev = NULL;
    const uint64_t *one, *more;
    switch (source_of(c, n, &ev)) {
    case CYCLES:
        return cpu_cycles_in_event(&c->cpu);
    case REFERENCE:
        return x86_tsc(c) - c->tsc_offset;
    case INSNS:
        return cpu_insns(&c->cpu);
    case STAT:
        one = stat(c, ev->stat);
        more = stat(c, ev->more);
        return (one != NULL ? *one : 0) + (more != NULL ? *more : 0);
    default:
        return 0;
    }
}

/* ---- what gates it ---- */
static bool enabled(const struct x86_cpu *c, unsigned n)
{
    if (!is_there(c, n) || (has_global(c) && !(c->perf_global_ctrl & bit_of(n))))
        return false;
    return n < FIXED ? c->perf_evtsel[n] & SEL_EN : c->perf_fixed_ctrl >> (4 * (n - FIXED)) & 3;
}

static bool interrupts(const struct x86_cpu *c, unsigned n)
{
    return n < FIXED ? c->perf_evtsel[n] & SEL_INT : c->perf_fixed_ctrl >> (4 * (n - FIXED)) & 8;
}

static bool runs(const struct x86_cpu *c, unsigned n)
{
    const struct perf_event *ev = NULL;
    bool user = x86_cpl(c) == 3; /* levels 1 and 2 count as the system's (SDM 20.2.1.1) */
    if (!enabled(c, n))
        return false;
    if (c->halted) { /* HLT itself retires meanwhile */
        enum source s = source_of(c, n, &ev);
        if (s == CYCLES || s == REFERENCE)
            return false;
    }
    if (n < FIXED)
        return c->perf_evtsel[n] & (user ? SEL_USR : SEL_OS);
    return c->perf_fixed_ctrl >> (4 * (n - FIXED)) & (user ? 2 : 1);
}

/* ---- counting ---- */
static void overflowed(struct x86_cpu *c, unsigned n)
{
    c->perf_global_status |= has_global(c) ? bit_of(n) : 0;
    if (!interrupts(c, n))
        return;
    if (is_intel(c) && (c->debugctl & DEBUGCTL_FREEZE_LBRS)) /* the mode follows when it is asked for next */
        c->debugctl &= ~(uint64_t)X86_DEBUGCTL_LBR;
    if (is_intel(c) && (c->debugctl & DEBUGCTL_FREEZE_PERFMON))
        c->perf_global_ctrl = 0;
    if (c->apic.pmi != NULL)
        c->apic.pmi(c->apic.arg);
}

static void settle(struct x86_cpu *c, unsigned n)
{
    uint64_t now = source(c, n), counted = now - c->perf_base[n], *count = count_of(c, n);
    if ((int64_t)counted <= 0)
        return;
    c->perf_base[n] = now;
    if (!runs(c, n))
        return;
    *count += counted;
    if (*count >> WIDTH != 0) {
        *count &= B(WIDTH) - 1;
        overflowed(c, n);
    }
}

void x86_pmu_settle(struct x86_cpu *c)
{
    for (unsigned n = 0; n < COUNTERS; n++)
        if (is_there(c, n))
            settle(c, n);
}

/* From the present moment on: its event is another one now. */
static void rebase(struct x86_cpu *c, unsigned n)
{
    c->perf_base[n] = source(c, n);
}

/* Cycles until it may overflow with an interrupt. */
static uint64_t distance(const struct x86_cpu *c, unsigned n)
{
    const struct perf_event *ev = NULL;
    uint64_t left = B(WIDTH) - (n < FIXED ? c->perf_ctr[n] : c->perf_fixed[n - FIXED]);
    if (!interrupts(c, n) || !runs(c, n) || c->halted)
        return UINT64_MAX;
    switch (source_of(c, n, &ev)) {
    case NOTHING:
        return UINT64_MAX;
    case CYCLES:
        return left;
    case REFERENCE:
        return (uint64_t)((unsigned __int128)left * c->config->hz / c->config->tsc_hz) + 1;
    case INSNS:
        if (c->cpu.uniform != 0)
            return left * c->cpu.uniform;
        break;
    case STAT:
        break;
    }
    return MAX(left / 4, LOOK_AGAIN);
}

void x86_pmu_changed(struct x86_cpu *c)
{
    uint64_t least = UINT64_MAX, now = cpu_cycles_in_event(&c->cpu);
    c->pmu_active = false;
    for (unsigned n = 0; n < COUNTERS; n++)
        c->pmu_active |= enabled(c, n);
    for (unsigned n = 0; c->pmu_active && n < COUNTERS; n++)
        least = MIN(least, is_there(c, n) ? distance(c, n) : UINT64_MAX);
    if (least > B(WIDTH))
        ev_cancel(&c->pmu_due);
    else
        ev_arm(&c->pmu_due, ev_tick_time(c->cpu.clock, now + least));
}

static void due(void *arg, ps_t when)
{
    struct x86_cpu *c = arg;
    (void)when;
    x86_pmu_settle(c);
    x86_pmu_changed(c);
}

/* ---- registers ---- */

/* The general counter whose count (or, *control: event selection) `msr` is; NONE: of none. */
static unsigned general_of(const struct x86_cpu *c, uint32_t msr, bool *control)
{
    unsigned n = n_general(c);
    bool core = x86_cpu_has(c, X86_F_PERFCTR_CORE);
    *control = false;
    if (is_intel(c)) {
        *control = msr - 0x186 < n;
        if (*control)
            return msr - 0x186;
        if (msr - 0xc1 < n)
            return msr - 0xc1;
        return x86_cpu_has(c, X86_F_PDCM) && msr - 0x4c1 < n ? msr - 0x4c1 : NONE;
    }
    if (msr - 0xc0010000 < 8) {
        *control = msr < 0xc0010004;
        return msr & 3;
    }
    if (core && msr - 0xc0010200 < 2 * n) {
        *control = !(msr & 1);
        return (msr - 0xc0010200) / 2;
    }
    return NONE;
}

enum { FIXED_CTRL, STATUS, CTRL, CLEAR, NOT_GLOBAL };

static unsigned global_of(const struct x86_cpu *c, uint32_t msr)
{
    if (!has_global(c))
        return NOT_GLOBAL;
    if (is_intel(c))
        return msr - 0x38d < 4 ? msr - 0x38d : NOT_GLOBAL;
    return msr - 0xc0000300 < 3 ? msr - 0xc0000300 + STATUS : NOT_GLOBAL;
}

bool x86_pmu_read(struct x86_cpu *c, uint32_t msr, uint64_t *v)
{
    bool control;
    unsigned n = general_of(c, msr, &control);
    if (n == NONE && msr - 0x309 < n_fixed(c))
        n = FIXED + msr - 0x309;
    if (n < FIXED && control) {
        *v = c->perf_evtsel[n];
        return true;
    }
    if (is_there(c, n)) {
        settle(c, n);
        *v = *count_of(c, n);
        return true;
    }
    if (msr == 0x345 && is_intel(c) &&
        x86_cpu_has(c, X86_F_PDCM)) { /* IA32_PERF_CAPABILITIES: full-width writes, LBR_FMT */
        *v = (n_general(c) != 0 ? B(13) : 0) | (c->config->last_branches != 0);
        return true;
    }
    switch (global_of(c, msr)) {
    case FIXED_CTRL:
        *v = c->perf_fixed_ctrl;
        return true;
    case STATUS:
        x86_pmu_settle(c);
        *v = c->perf_global_status;
        return true;
    case CTRL:
        *v = c->perf_global_ctrl;
        return true;
    case CLEAR:
        *v = 0;
        return true;
    default:
        return false;
    }
}

static bool write_control(struct x86_cpu *c, unsigned n, uint64_t v)
{
    if (is_intel(c) && (v & ~0xffdfffffull)) /* bit 21 is version 3's */
        return false;
    c->perf_evtsel[n] = is_intel(c) ? v : v & 0xfffd7ffffull;
    rebase(c, n);
    return true;
}

static bool write_count(struct x86_cpu *c, uint32_t msr, unsigned n, uint64_t v)
{
    bool narrow = is_intel(c) && msr - 0xc1 < GENERAL; /* SDM 20.2.8: bit 31 is extended */
    if (is_intel(c) && !narrow && v >> WIDTH != 0)
        return false;
    *count_of(c, n) = (narrow ? sext(v & UINT32_MAX, 32) : v) & (B(WIDTH) - 1);
    return true;
}

static bool write_global(struct x86_cpu *c, unsigned which, uint64_t v)
{
    uint64_t all = all_counters(c);
    switch (which) {
    case FIXED_CTRL:
        for (unsigned i = 0; i < 16; i++) /* bit 2 of each is version 3's */
            if (v >> (4 * i) & (i < n_fixed(c) ? 4 : 15))
                return false;
        c->perf_fixed_ctrl = v;
        return true;
    case CTRL:
        if (is_intel(c) && (v & ~all))
            return false;
        c->perf_global_ctrl = v & all;
        return true;
    case CLEAR:
        if (is_intel(c) && (v & ~(all | 3ull << 62)))
            return false;
        c->perf_global_status &= ~v;
        return true;
    default:
        return false;
    }
}

bool x86_pmu_write(struct x86_cpu *c, uint32_t msr, uint64_t v)
{
    bool control, good;
    unsigned n = general_of(c, msr, &control), which = global_of(c, msr);
    if (n == NONE && msr - 0x309 < n_fixed(c))
        n = FIXED + msr - 0x309;
    if (!is_there(c, n) && which == NOT_GLOBAL)
        return false;
    x86_pmu_settle(c);
    if (which != NOT_GLOBAL)
        good = write_global(c, which, v);
    else
        good = control ? write_control(c, n, v) : write_count(c, msr, n, v);
    x86_pmu_changed(c);
    return good;
}

/* SDM volume 2, RDPMC; APM volume 3, RDPMC */
uint64_t x86_helper_rdpmc(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t ecx = (uint32_t)c->gpr[1];
    bool fixed = is_intel(c) && (ecx >> 30) == 1;
    unsigned n = fixed ? ecx & 0x3fffffff : ecx;
    (void)a, (void)b, (void)c0, (void)d;
    if ((!(c->cr4 & X86_CR4_PCE) && x86_cpl(c) != 0) || n >= (fixed ? n_fixed(c) : n_general(c))) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    n += fixed ? FIXED : 0;
    settle(c, n);
    c->gpr[0] = (uint32_t)*count_of(c, n);
    c->gpr[2] = *count_of(c, n) >> 32;
    return 0;
}

void x86_pmu_leaf(const struct x86_cpu *c, uint32_t r[4])
{
    unsigned n = n_general(c);
    if (!is_intel(c) || n == 0)
        return;
    r[0] = c->config->pmu_version | n << 8 | WIDTH << 16 | (uint32_t)ARRAY_LEN(intel_events) << 24;
    for (unsigned i = 0; i < ARRAY_LEN(intel_events); i++)
        if (intel_events[i].source == STAT && stat(c, intel_events[i].stat) == NULL)
            r[1] |= 1u << i;
    if (n_fixed(c) != 0)
        r[3] = n_fixed(c) | WIDTH << 5;
}

void x86_pmu_extended_leaf(const struct x86_cpu *c, uint32_t r[4])
{
    if (has_global(c))
        r[1] = n_general(c);
}

/* ---- life ---- */
int x86_pmu_init(struct x86_cpu *c, struct err *e)
{
    if (ev_timer_init(&c->pmu_due, c->cpu.machine->queue, "pmu", EV_PRIO_CLOCK, due, c) < 0)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its performance monitors", c->cpu.index);
    return 0;
}

void x86_pmu_reset(struct x86_cpu *c)
{
    memset(c->perf_evtsel, 0, sizeof(c->perf_evtsel));
    memset(c->perf_ctr, 0, sizeof(c->perf_ctr));
    memset(c->perf_fixed, 0, sizeof(c->perf_fixed));
    memset(c->perf_base, 0, sizeof(c->perf_base));
    c->perf_fixed_ctrl = c->perf_global_status = 0;
    c->perf_global_ctrl = has_global(c) ? B(n_general(c)) - 1 : 0; /* SDM table 11-1 */
    c->pmu_active = false;
    ev_cancel(&c->pmu_due);
}

void x86_pmu_loaded(struct x86_cpu *c)
{
    for (unsigned n = 0; n < COUNTERS; n++) {
        c->pmu_active |= enabled(c, n);
        *count_of(c, n) &= B(WIDTH) - 1; /* a snapshot is not trusted */
    }
}
