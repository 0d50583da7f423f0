/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watchpoints: manual, "Control and Status Registers Related to Watchpoints".
 *
 * Fetch watchpoints are looked at by translated code, in modes in which one may match (LA_MODE_WATCH_FETCH). Data
 * watchpoints keep their pages out of the software TLB: the pages that may match are handed to mmu, which asks here
 * about each access that touches them. They may cover more than is meant (masks with holes, more watchpoints than mmu
 * takes).
 *
 * The manual compares the whole address and then bytes within eight. Read to the letter, the second comparison could
 * not fail: here the first one leaves the low three bits to it.
 */
#include "cpu/loongarch/translate_impl.h"

enum { CFG_ADDRESS, CFG_MASK, CFG_CONTROL, CFG_ASID };
enum { DM_ONLY = 1, PLV = 1, LCL = 1 << 7, LOAD_EN = 1 << 8, STORE_EN = 1 << 9, LEVELS = 0x1e };
#define CONTROL_SIZE 11, 10
enum { SKIP = 1 << 16 };

static bool armed(const struct la_cpu *la, const uint64_t cfg[4])
{
    uint64_t control = cfg[CFG_CONTROL];
    if (!F_GET(la->csr.crmd, LA_CRMD_WE) || !(control >> (PLV + la_plv(la)) & 1))
        return false;
    if ((control & DM_ONLY) && !la_is_debug(la))
        return false;
    return !(control & LCL) || cfg[CFG_ASID] == la->csr.asid;
}

bool la_watch_may_write(const struct la_cpu *la, bool fetch, uint32_t n)
{
    const uint64_t *cfg = fetch ? la->fwp[n] : la->mwp[n];
    return la_is_debug(la) || !(cfg[CFG_CONTROL] & DM_ONLY);
}

/* Status is cleared by ones; Skip is set and cleared. */
void la_watch_status_write(struct la_cpu *la, bool fetch, uint64_t value)
{
    uint64_t *status = fetch ? &la->fwps : &la->mwps;
    *status = (*status & 0xffff & ~value) | (value & SKIP);
}

/* A hit of watchpoint n. False: it is skipped, this once. */
static bool note_hit(uint64_t *status, unsigned n)
{
    if (*status & SKIP) {
        *status &= ~(uint64_t)SKIP;
        return false;
    }
    *status |= BIT(n);
    return true;
}

/* ---- fetch ---- */
uint64_t la_helper_watch_fetch(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    (void)b, (void)c, (void)d;
    for (unsigned i = 0; i < LA_WATCHES_FETCH; i++) {
        const uint64_t *cfg = la->fwp[i];
        if (!armed(la, cfg) || ((pc ^ cfg[CFG_ADDRESS]) & ~cfg[CFG_MASK]) != 0 || !note_hit(&la->fwps, i))
            continue;
        la_raise(la, LA_WPEF, pc);
        break;
    }
    return 0;
}

uint32_t la_watch_mode(const struct la_cpu *la)
{
    for (unsigned i = 0; i < LA_WATCHES_FETCH; i++)
        if (armed(la, la->fwp[i]))
            return LA_MODE_WATCH_FETCH;
    return 0;
}

/* ---- loads and stores ---- */
/* Bytes of the eight that the watchpoint means. */
static unsigned watched_bytes(const uint64_t cfg[4])
{
    unsigned bytes = 8u >> F_GET(cfg[CFG_CONTROL], CONTROL_SIZE), first = cfg[CFG_ADDRESS] & 7 & ~(bytes - 1);
    return ((1u << bytes) - 1) << first;
}

/* Bytes of the eight at `at` that the access touches. */
static unsigned touched_bytes(va_t at, va_t va, unsigned size)
{
    unsigned bytes = 0;
    for (unsigned i = 0; i < 8; i++)
        if (at + i - va < size)
            bytes |= 1u << i;
    return bytes;
}

static bool matches(const uint64_t cfg[4], va_t va, unsigned size)
{
    va_t first = va & ~7ull, last = (va + size - 1) & ~7ull;
    for (va_t at = first;; at += 8) {
        if (((at ^ cfg[CFG_ADDRESS]) & ~cfg[CFG_MASK] & ~7ull) == 0 &&
            (watched_bytes(cfg) & touched_bytes(at, va, size)) != 0)
            return true;
        if (at == last)
            return false;
    }
}

bool la_watched(struct cpu *cpu, va_t va, unsigned size, bool store)
{
    struct la_cpu *la = LA_CPU(cpu);
    for (unsigned i = 0; i < LA_WATCHES_DATA; i++) {
        const uint64_t *cfg = la->mwp[i];
        bool kind = cfg[CFG_CONTROL] & (store ? STORE_EN : LOAD_EN);
        if (!kind || !armed(la, cfg) || !matches(cfg, va, MAX(size, 1u)) || !note_hit(&la->mwps, i))
            continue;
        la_raise(la, LA_WPEM, va);
        return false;
    }
    return true;
}

static struct mmu_watch span_of(const uint64_t cfg[4])
{
    va_t first = cfg[CFG_ADDRESS] & ~cfg[CFG_MASK] & ~7ull, last = cfg[CFG_ADDRESS] | cfg[CFG_MASK] | 7;
    uint64_t more = last - first;
    return (struct mmu_watch){ .addr = first, .size = more == UINT64_MAX ? more : more + 1,
                               .load = cfg[CFG_CONTROL] & LOAD_EN, .store = cfg[CFG_CONTROL] & STORE_EN };
}

/* One that covers both. */
static struct mmu_watch joined(const struct mmu_watch *a, const struct mmu_watch *b)
{
    va_t first = MIN(a->addr, b->addr), last = MAX(a->addr + (a->size - 1), b->addr + (b->size - 1));
    uint64_t more = last - first;
    return (struct mmu_watch){ .addr = first, .size = more == UINT64_MAX ? more : more + 1,
                               .load = a->load || b->load, .store = a->store || b->store };
}

void la_watch_update(struct la_cpu *la)
{
    struct mmu_watch w[MMU_CPU_WATCHES];
    uint32_t n = 0, before = la->cpu.exit;
    if (la->cpu.mmu_private == NULL)
        return;
    for (unsigned i = 0; i < LA_WATCHES_DATA; i++) {
        if (!(la->mwp[i][CFG_CONTROL] & (LOAD_EN | STORE_EN)) || !armed(la, la->mwp[i]))
            continue;
        struct mmu_watch more = span_of(la->mwp[i]);
        if (n < ARRAY_LEN(w))
            w[n++] = more;
        else
            w[n - 1] = joined(&w[n - 1], &more);
    }
    mmu_set_cpu_watches(&la->cpu, w, n);
    la->cpu.exit = before; /* whatever changes them ends its block */
}

void la_watch_changed(struct la_cpu *la)
{
    bool before = la->watching;
    uint64_t levels = 0;
    for (unsigned i = 0; i < LA_WATCHES_DATA; i++)
        levels |= la->mwp[i][CFG_CONTROL] & LEVELS;
    for (unsigned i = 0; i < LA_WATCHES_FETCH; i++)
        levels |= la->fwp[i][CFG_CONTROL] & LEVELS;
    la->watching = levels != 0;
    if (before && !la->watching)
        la_watch_update(la);
    la_update_mode(la);
}
