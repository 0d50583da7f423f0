/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performance monitors, PMUv3 (Arm ARM, D13 and D24.5). A counter is a difference against a count
 * that goes on anyway: cycles and instructions of the PE, a statistic of its timing model, or
 * memory accesses, which translated code counts only while somebody asks
 * (A64_MODE_COUNT). It is brought up to date whenever something that gates counting is about
 * to change, by the state that held until then.
 *
 * Overflow is found by a timer set to the earliest moment at which one can happen, and set again until
 * it did: the interrupt may be late by some instructions (D13.3.1).
 */
#include "core/event/clock.h"
#include "core/timing/model.h"
#include "core/util/bits.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/translate_impl.h"
#include <string.h>

enum { CYCLE = 31, COUNTERS = 32 };
enum { PMCR_E = 1, PMCR_P = 2, PMCR_C = 4, PMCR_D = 8, PMCR_DP = 32, PMCR_LC = 64, PMCR_LP = 128 };
enum { EVENT_SW_INCR = 0, EVENT_INST_RETIRED = 8, EVENT_CPU_CYCLES = 0x11, EVENT_MEM_ACCESS = 0x13,
       EVENT_INST_SPEC = 0x1b, EVENT_BUS_CYCLES = 0x1d, EVENT_CHAIN = 0x1e, EVENT_STALL_FRONTEND = 0x23,
       EVENT_STALL_BACKEND = 0x24 };
#define OVERFLOW_STEP 1000u /* cycles between looks at a count whose rate is not known, at least */

struct a64_pmu {
    bool active;          /* some counter may run */
    bool counts_accesses; /* and one of them counts memory accesses */
};

/* Common events (D13.12) that a timing model's statistic is. */
static const struct {
    uint8_t event;
    char stat[16];
} model_events[] = {
    { 0x01, "l1i_miss" },  { 0x02, "itlb_miss" }, { 0x03, "l1d_miss" }, { 0x05, "dtlb_miss" },
    { 0x06, "load" },      { 0x07, "store" },     { 0x10, "mispredict" }, { 0x12, "branch" },
    { 0x14, "fetch" },     { 0x17, "l2_miss" },   { 0x21, "branch" },   { 0x22, "mispredict" },
};

static const uint64_t *model_stat(const struct a64_cpu *a, uint32_t event)
{
    const struct tm_cpu *tm = a->cpu.tm;
    for (size_t i = 0; tm != NULL && i < ARRAY_LEN(model_events); i++)
        if (model_events[i].event == event)
            return tm_find_stat(tm, model_events[i].stat);
    return NULL;
}

static uint32_t event_mask(const struct a64_cpu *a)
{
    return a64_cpu_has(a, A64_F_PMUV3P1) ? 0xffff : 0x3ff;
}

static uint32_t event_of(const struct a64_cpu *a, unsigned n)
{
    return n == CYCLE ? EVENT_CPU_CYCLES : a->pmevtyper[n] & event_mask(a);
}

static uint64_t source(const struct a64_cpu *a, uint32_t event)
{
    const uint64_t *stat;
    switch (event) {
    case EVENT_CPU_CYCLES: case EVENT_BUS_CYCLES: return cpu_cycles_in_event(&a->cpu);
    case EVENT_INST_RETIRED: case EVENT_INST_SPEC: return cpu_insns(&a->cpu);
    case EVENT_MEM_ACCESS: return a->pmaccess;
    default: stat = model_stat(a, event); return stat != NULL ? *stat : 0;
    }
}

/* ---- what gates a counter (D13.5 to D13.7, D24.5.11 PMEVTYPER) ---- */
static unsigned n_guest(const struct a64_cpu *a) /* counters below it are EL1's */
{
    unsigned all = a->config->pmu_counters, hpmn = a->mdcr_el2 & 31;
    return a64_cpu_has(a, A64_F_EL2) ? MIN(hpmn, all) : all;
}

static bool enabled(const struct a64_cpu *a, unsigned n)
{
    bool hyp = n != CYCLE && n >= n_guest(a);
    return (a->pmcnten >> n & 1) && (hyp ? a->mdcr_el2 & A64_MDCR_HPME : a->pmcr & PMCR_E);
}

static bool prohibited(const struct a64_cpu *a, unsigned n)
{
    bool secure = a64_is_secure(a) && a64_cpu_has(a, A64_F_EL3), hyp = n != CYCLE && n >= n_guest(a);
    bool no = secure && !(a->mdcr_el3 & A64_MDCR_SPME);
    if (a->el == 2 && !hyp && a64_cpu_has(a, A64_F_PMUV3P1) && (a->mdcr_el2 & A64_MDCR_HPMD))
        no = true;
    if (n != CYCLE)
        return no;
    if (a64_cpu_has(a, A64_F_PMUV3P5) &&
        ((a->el == 2 && (a->mdcr_el2 & A64_MDCR_HCCD)) || (secure && (a->mdcr_el3 & A64_MDCR_SCCD))))
        return true;
    return no && (a->pmcr & PMCR_DP);
}

static bool filtered(const struct a64_cpu *a, unsigned n)
{
    uint64_t t = a->pmevtyper[n];
    bool p = t >> 31 & 1, u = t >> 30 & 1, ns = !a64_is_secure(a) && a64_cpu_has(a, A64_F_EL3);
    switch (a->el) {
    case 0: return ns ? u != (t >> 28 & 1) : u;
    case 1: return ns ? p != (t >> 29 & 1) : p;
    case 2: return !(t >> 27 & 1);
    default: return p != (t >> 26 & 1);
    }
}

static bool runs(const struct a64_cpu *a, unsigned n)
{
    return enabled(a, n) && !prohibited(a, n) && !filtered(a, n);
}

/* Overflow out of 64 bits, or out of 32 (PMCR_EL0.LC, LP; MDCR_EL2.HLP). */
static bool is_wide(const struct a64_cpu *a, unsigned n)
{
    if (n == CYCLE)
        return a->pmcr & PMCR_LC;
    if (!a64_cpu_has(a, A64_F_PMUV3P5))
        return false;
    return n >= n_guest(a) ? a->mdcr_el2 & A64_MDCR_HLP : a->pmcr & PMCR_LP;
}

/* ---- counting ---- */
static void add(struct a64_cpu *a, unsigned n, uint64_t count);

static void overflowed(struct a64_cpu *a, unsigned n, uint64_t times)
{
    unsigned next = n + 1;
    a->pmovs |= B(n);
    if (!(n & 1) && !is_wide(a, n) && next < a->config->pmu_counters && event_of(a, next) == EVENT_CHAIN &&
        runs(a, next)) /* 64-bit counters are not chained (D13.5.2) */
        add(a, next, times);
}

static void add(struct a64_cpu *a, unsigned n, uint64_t count)
{
    uint64_t old = a->pmevcntr[n], now = old + count;
    if (is_wide(a, n)) {
        if (now < old)
            overflowed(a, n, 1);
    } else if ((now >> 32) != (old >> 32)) {
        overflowed(a, n, (now >> 32) - (old >> 32));
    }
    if (n != CYCLE && !a64_cpu_has(a, A64_F_PMUV3P5))
        now = (uint32_t)now;
    a->pmevcntr[n] = now;
}

static void settle(struct a64_cpu *a, unsigned n)
{
    uint32_t event = event_of(a, n);
    uint64_t now = source(a, event), counted = now - a->pmbase[n];
    if (n == CYCLE && (a->pmcr & (PMCR_D | PMCR_LC)) == PMCR_D) {
        now -= counted % 64; /* PMCR_EL0.D: every 64th cycle */
        counted /= 64;
    }
    a->pmbase[n] = now;
    if (counted != 0 && runs(a, n))
        add(a, n, counted);
}

static bool wants_interrupt(const struct a64_cpu *a)
{
    uint64_t guest = (1ull << n_guest(a)) - 1, pending = a->pmovs & a->pminten;
    return (pending & (guest | B(CYCLE)) && (a->pmcr & PMCR_E)) ||
           (pending & ~(guest | B(CYCLE)) && (a->mdcr_el2 & A64_MDCR_HPME));
}

static void set_line(struct a64_cpu *a)
{
    irq_set(&a->pmu_line, wants_interrupt(a));
}

static void settle_all(struct a64_cpu *a)
{
    for (unsigned n = 0; n < a->config->pmu_counters; n++)
        settle(a, n);
    settle(a, CYCLE);
}

/* Cycles until the first counter that runs at some level might overflow. */
static uint64_t distance(const struct a64_cpu *a, unsigned n)
{
    uint32_t event = event_of(a, n);
    if (!enabled(a, n) || (a->pmovs >> n & 1) || event == EVENT_SW_INCR || event == EVENT_CHAIN)
        return UINT64_MAX;
    uint64_t left = is_wide(a, n) ? 0 - a->pmevcntr[n] : (1ull << 32) - (uint32_t)a->pmevcntr[n];
    if (left == 0)
        return UINT64_MAX;
    if (event == EVENT_CPU_CYCLES || event == EVENT_BUS_CYCLES)
        return left;
    return MAX(left / 4, OVERFLOW_STEP);
}

/* What follows from which counters are enabled. */
static void find_enabled(struct a64_cpu *a)
{
    struct a64_pmu *p = a->pmu;
    p->active = p->counts_accesses = false;
    for (unsigned n = 0; n < COUNTERS; n++) {
        p->active |= enabled(a, n);
        p->counts_accesses |= enabled(a, n) && event_of(a, n) == EVENT_MEM_ACCESS;
    }
}

/* After a change: who runs now, when one may overflow. */
static void changed(struct a64_cpu *a)
{
    struct a64_pmu *p = a->pmu;
    uint64_t least = UINT64_MAX, wanted = a->pminten | 0x55555555; /* even ones may be chained */
    bool counted = p->counts_accesses;
    find_enabled(a);
    for (unsigned n = 0; p->active && n < COUNTERS; n++) {
        uint64_t d = wanted >> n & 1 ? distance(a, n) : UINT64_MAX;
        least = MIN(least, d);
    }
    uint64_t now = cpu_cycles_in_event(&a->cpu);
    if (least == UINT64_MAX || now + least < now || least > 1ull << 48)
        ev_cancel(&a->pmu_due);
    else
        ev_arm(&a->pmu_due, ev_tick_time(a->cpu.clock, now + least));
    set_line(a);
    if (counted != p->counts_accesses)
        a64_level_changed(a);
}

static void due(void *arg, ps_t when)
{
    struct a64_cpu *a = arg;
    (void)when;
    settle_all(a);
    changed(a);
}

void a64_pmu_level_changed(struct a64_cpu *a)
{
    if (a->pmu->active)
        settle_all(a);
}

/* MDCR_EL2 and MDCR_EL3 gate counters: what was counted before is counted under the old value. */
void a64_write_mdcr(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    static const struct a64_gated el2[] = {
        { A64_MDCR_HPMN | A64_MDCR_TPMCR | A64_MDCR_TPM | A64_MDCR_HPME, A64_F_PMU },
        { A64_MDCR_HPMD, A64_F_PMUV3P1 },
        { A64_MDCR_HCCD | A64_MDCR_HLP, A64_F_PMUV3P5 },
        { A64_MDCR_TDCC, A64_F_FGT },
    }, el3[] = {
        { A64_MDCR_TPM | A64_MDCR_SPME | A64_MDCR_EPMAD, A64_F_PMU },
        { A64_MDCR_SCCD, A64_F_PMUV3P5 },
        { A64_MDCR_TDCC, A64_F_FGT },
    };
    uint64_t always2 = A64_MDCR_TDE | A64_MDCR_TDA | A64_MDCR_TDOSA | A64_MDCR_TDRA;
    uint64_t always3 = A64_MDCR_TDA | A64_MDCR_TDOSA | A64_MDCR_SDD | A64_MDCR_EDAD;
    if (a->pmu != NULL)
        settle_all(a);
    if (r->arg == 2)
        a->mdcr_el2 = value & a64_gated_bits(a, always2, el2, ARRAY_LEN(el2));
    else
        a->mdcr_el3 = value & a64_gated_bits(a, always3, el3, ARRAY_LEN(el3));
    if (a->pmu != NULL)
        changed(a);
}

bool a64_pmu_counts_accesses(const struct a64_cpu *a)
{
    return a->pmu != NULL && a->pmu->counts_accesses;
}

uint64_t a64_helper_count_access(struct cpu *cpu, uint64_t n, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    A64_CPU(cpu)->pmaccess += n;
    return 0;
}

int a64_pmu_init(struct a64_cpu *a, struct err *e)
{
    struct a64_pmu *p = NULL;
    if (ev_timer_init(&a->pmu_due, a->cpu.machine->queue, "pmu", EV_PRIO_CLOCK, due, a) < 0 ||
        (a64_cpu_has(a, A64_F_PMU) && (p = ARENA_NEW(&a->cpu.machine->arena, struct a64_pmu)) == NULL))
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its performance monitors", a->cpu.index);
    a->pmu = p;
    return 0;
}

static uint64_t pmcr_ones(const struct a64_cpu *a)
{
    return a64_cpu_has(a, A64_F_A32EL0) ? 0 : PMCR_LC; /* RES1 without AArch32 */
}

void a64_pmu_reset(struct a64_cpu *a)
{
    if (a->pmu == NULL)
        return;
    a->pmcnten = a->pminten = a->pmovs = a->pmselr = a->pmuserenr = 0;
    memset(a->pmevtyper, 0, sizeof(a->pmevtyper));
    memset(a->pmevcntr, 0, sizeof(a->pmevcntr));
    memset(a->pmbase, 0, sizeof(a->pmbase));
    a->pmcr = pmcr_ones(a);
    a->mdcr_el2 = a->config->pmu_counters;
    changed(a);
}

void a64_pmu_loaded(struct a64_cpu *a)
{
    if (a->pmu == NULL)
        return;
    a->pmselr &= 31;
    find_enabled(a);
    irq_restore(&a->pmu_line, wants_interrupt(a));
}

/* ---- registers ---- */
static uint64_t visible(const struct a64_cpu *a) /* counters the current level may see, as a mask */
{
    unsigned n = a->el < 2 && a64_el2_enabled(a) ? n_guest(a) : a->config->pmu_counters;
    return ((1ull << n) - 1) | B(CYCLE);
}

#define READ(name)  static uint64_t name(struct a64_cpu *a, const struct a64_sysreg *r)
#define WRITE(name) static void name(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)

READ(read_pmcr)
{
    uint64_t implementer = a->config->midr >> 24 & 0xff;
    uint64_t n = a->el < 2 && a64_el2_enabled(a) ? n_guest(a) : a->config->pmu_counters;
    (void)r;
    return (implementer != 0 ? implementer : 0x41) << 24 | n << 11 | a->pmcr;
}

WRITE(write_pmcr)
{
    uint64_t keep = PMCR_E | PMCR_D | 16 | PMCR_DP | PMCR_LC | (a64_cpu_has(a, A64_F_PMUV3P5) ? PMCR_LP : 0);
    (void)r;
    settle_all(a);
    if (value & PMCR_C)
        a->pmevcntr[CYCLE] = 0;
    if (value & PMCR_P)
        for (unsigned n = 0; n < COUNTERS - 1; n++)
            if (visible(a) >> n & 1)
                a->pmevcntr[n] = 0;
    a->pmcr = (value & keep) | pmcr_ones(a);
    changed(a);
}

/* PMCNTEN, PMINTEN, PMOVS: `at` the field; arg 1: SET, 0: CLR. */
READ(read_set)
{
    return *(const uint64_t *)(const void *)((const uint8_t *)a + r->at) & visible(a);
}

WRITE(write_set)
{
    uint64_t *at = (uint64_t *)(void *)((uint8_t *)a + r->at);
    settle_all(a);
    value &= visible(a);
    *at = r->arg ? *at | value : *at & ~value;
    changed(a);
}

WRITE(write_swinc)
{
    (void)r;
    value &= visible(a) & ~B(CYCLE);
    for (unsigned n = 0; n < COUNTERS - 1; n++)
        if ((value >> n & 1) && event_of(a, n) == EVENT_SW_INCR && runs(a, n))
            add(a, n, 1);
    changed(a);
}

/* Which counter: the row's own, or (arg = 32) the one PMSELR_EL0 selects. COUNTERS: none that may be seen. */
static unsigned which(const struct a64_cpu *a, const struct a64_sysreg *r)
{
    unsigned n = r->arg == COUNTERS ? a->pmselr : r->arg;
    return visible(a) >> n & 1 ? n : COUNTERS;
}

READ(read_count)
{
    unsigned n = which(a, r);
    if (n == COUNTERS || (r->arg == COUNTERS && n == CYCLE))
        return 0;
    settle(a, n);
    if (n & 1) /* a chained one moves with its partner */
        settle(a, n - 1);
    set_line(a);
    return a->pmevcntr[n];
}

WRITE(write_count)
{
    unsigned n = which(a, r);
    if (n == COUNTERS || (r->arg == COUNTERS && n == CYCLE))
        return;
    settle_all(a);
    a->pmevcntr[n] = n == CYCLE || a64_cpu_has(a, A64_F_PMUV3P5) ? value : (uint32_t)value;
    changed(a);
}

READ(read_type)
{
    unsigned n = which(a, r);
    return n == COUNTERS ? 0 : a->pmevtyper[n];
}

WRITE(write_type)
{
    unsigned n = which(a, r);
    if (n == COUNTERS)
        return;
    settle_all(a);
    a->pmevtyper[n] = value & (0xfc000000 | (n == CYCLE ? 0 : event_mask(a)));
    if (n != CYCLE)
        a->pmbase[n] = source(a, event_of(a, n));
    changed(a);
}

static bool counted(const struct a64_cpu *a, unsigned event)
{
    return event == EVENT_SW_INCR || event == EVENT_INST_RETIRED || event == EVENT_CPU_CYCLES ||
           event == EVENT_MEM_ACCESS || event == EVENT_INST_SPEC || event == EVENT_BUS_CYCLES ||
           event == EVENT_CHAIN || model_stat(a, event) != NULL ||
           /* wanted from PMUv3p1 on; no model tells stalls apart, so there are none */
           event == EVENT_STALL_FRONTEND || event == EVENT_STALL_BACKEND;
}

READ(read_ceid) /* arg: 0 or 32, the first event */
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 32; i++)
        bits |= (uint64_t)counted(a, r->arg + i) << i;
    return bits;
}

bool a64_pmu_is_reserved(const struct a64_cpu *a, const struct a64_sysreg *r)
{
    bool counter = r->read == read_count || r->read == read_type;
    unsigned n = r->arg == COUNTERS ? (unsigned)a->pmselr : r->arg;
    return counter && a64_cpu_has(a, A64_F_FGT) && n != CYCLE && n >= n_guest(a) && n < a->config->pmu_counters;
}

#define PM .feature = NEEDS(PMU)
/* What may start or stop the counting of accesses ends its block: A64_MODE_COUNT is in the block key. */
#define PM0(name, crm, op2, trap_, ...) SYS(name, A64_REG(3, 3, 9, crm, op2), 0, 0, PM, .trap = trap_, __VA_ARGS__)
#define SETCLR(name, bank, crm, op2, set, fgt) \
    PM0(name, crm, op2, TRAP_PMU_EN, .at = AT(bank), .arg = set, .read = read_set, .write = write_set, .flags = A64_SYS_ENDS, \
        FGT_DRW(fgt))
#define COUNTER(n)                                                                                     \
    SYS("pmevcntr" #n "_el0", A64_REG(3, 3, 14, 8 + (n) / 8, (n) % 8), 0, 0, PM, .trap = TRAP_PMU_ER,  \
        .arg = n, .read = read_count, .write = write_count, FGT_DRW(12)),                              \
    SYS("pmevtyper" #n "_el0", A64_REG(3, 3, 14, 12 + (n) / 8, (n) % 8), 0, 0, PM, .trap = TRAP_PMU_EN, \
        .arg = n, .read = read_type, .write = write_type, .flags = A64_SYS_ENDS, FGT_DRW(13))

/* clang-format off */
const struct a64_sysreg a64_sysregs_pmu[] = {
    PM0("pmcr_el0", 12, 0, TRAP_PMU_CR, .flags = A64_SYS_ENDS, .read = read_pmcr, .write = write_pmcr, .fgt_write = FGT_D(21)),
    SETCLR("pmcntenset_el0", pmcnten, 12, 1, 1, 16), SETCLR("pmcntenclr_el0", pmcnten, 12, 2, 0, 16),
    SETCLR("pmovsclr_el0", pmovs, 12, 3, 0, 18), SETCLR("pmovsset_el0", pmovs, 14, 3, 1, 18),
    SYS("pmswinc_el0", A64_REG(3, 3, 9, 12, 4), A64_SYS_RO, 0, PM, .trap = TRAP_PMU_SW, .write = write_swinc, .fgt_write = FGT_D(20)),
    PM0("pmselr_el0", 12, 5, TRAP_PMU_SEL, .at = AT(pmselr), .keeps = ~31ull, FGT_DRW(19)),
    SYS("pmceid0_el0", A64_REG(3, 3, 9, 12, 6), 0, A64_SYS_RO, PM, .trap = TRAP_PMU_EN, .arg = 0, .read = read_ceid, .fgt_read = FGT_D(58)),
    SYS("pmceid1_el0", A64_REG(3, 3, 9, 12, 7), 0, A64_SYS_RO, PM, .trap = TRAP_PMU_EN, .arg = 32, .read = read_ceid, .fgt_read = FGT_D(58)),
    PM0("pmccntr_el0", 13, 0, TRAP_PMU_CC, .arg = CYCLE, .read = read_count, .write = write_count, FGT_DRW(15)),
    PM0("pmxevtyper_el0", 13, 1, TRAP_PMU_EN, .arg = COUNTERS, .read = read_type, .write = write_type, .flags = A64_SYS_ENDS, FGT_DRW(13)),
    PM0("pmxevcntr_el0", 13, 2, TRAP_PMU_ER, .arg = COUNTERS, .read = read_count, .write = write_count, FGT_DRW(12)),
    SYS("pmuserenr_el0", A64_REG(3, 3, 9, 14, 0), 0, 1, PM, .trap = TRAP_PMU, .at = AT(pmuserenr), .keeps = ~15ull, FGT_DRW(57)),
    SYS("pmintenset_el1", A64_REG(3, 0, 9, 14, 1), 1, 1, PM, .trap = TRAP_PMU, .at = AT(pminten), .arg = 1, .read = read_set, .write = write_set, FGT_DRW(17)),
    SYS("pmintenclr_el1", A64_REG(3, 0, 9, 14, 2), 1, 1, PM, .trap = TRAP_PMU, .at = AT(pminten), .arg = 0, .read = read_set, .write = write_set, FGT_DRW(17)),
    SYS("pmmir_el1", A64_REG(3, 0, 9, 14, 6), 1, A64_SYS_RO, .feature = NEEDS(PMUV3P4), .trap = TRAP_PMU, .fgt_read = FGT_D(22)),
    SYS("pmccfiltr_el0", A64_REG(3, 3, 14, 15, 7), 0, 0, PM, .trap = TRAP_PMU_EN, .arg = CYCLE, .read = read_type, .write = write_type, .flags = A64_SYS_ENDS, FGT_DRW(14)),
    COUNTER(0), COUNTER(1), COUNTER(2), COUNTER(3), COUNTER(4), COUNTER(5), COUNTER(6), COUNTER(7),
    COUNTER(8), COUNTER(9), COUNTER(10), COUNTER(11), COUNTER(12), COUNTER(13), COUNTER(14), COUNTER(15),
    COUNTER(16), COUNTER(17), COUNTER(18), COUNTER(19), COUNTER(20), COUNTER(21), COUNTER(22), COUNTER(23),
    COUNTER(24), COUNTER(25), COUNTER(26), COUNTER(27), COUNTER(28), COUNTER(29), COUNTER(30),
    SYS_END
};
/* clang-format on */
