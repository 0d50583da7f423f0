/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fences. A set that is not current is not emptied by a fence of all of it; it is given up, and emptied when it is taken again.
 * So a fence costs little however many sets there are.
 */
#include "mmu/tlb_impl.h"
#include "core/util/bits.h"

void mmu_flush(struct cpu *cpu, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    p->other_regime = 0;
    mmu_drop_devices(p, asid, vmid, 0, UINT64_MAX);
    for (uint32_t i = 0; i < p->n_sets; i++) {
        if (!mmu_concerns(&p->tags[i], asid, vmid))
            continue;
        if (i == p->current)
            mmu_clear_set(p, i);
        else
            p->tags[i].last_use = 0;
    }
    cpu->exit |= CPU_EXIT_RESYNC;
}

void mmu_flush_all_cpus(struct machine *m)
{
    machine_alone(m, true);
    if (m->mmu != NULL)
        m->mmu->recount = true;
    for (struct mmu_pool *p = m->mmu ? m->mmu->pools : NULL; p != NULL; p = p->next) {
        uint32_t before = p->cpu->exit;
        mmu_flush(p->cpu, MMU_ANY, MMU_ANY);
        p->cpu->exit = before; /* an access that is done may have changed the map */
        cpu_kick(p->cpu);
    }
    machine_alone(m, false);
}

void mmu_flush_jumps(struct machine *m)
{
    for (struct mmu_pool *p = m->mmu ? m->mmu->pools : NULL; p != NULL; p = p->next)
        for (uint32_t i = 0; i < p->n_sets; i++)
            mmu_clear_jumps(p->sets[i]);
}

/* ---- what lies in a span ---- */

/* Entries of the pages that bytes [first, last] touch; `first` is the first of its page. */
static void drop_span(struct mmu_set *set, struct mmu_entry *e, uint32_t n, va_t first, va_t last)
{
    if (last - first < MEM_PAGE) {
        uint32_t i = (uint32_t)(first >> MEM_PAGE_SHIFT) & (n - 1);
        if (e[i].tag == first)
            mmu_drop_entry(set, &e[i], i);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (e[i].tag - first <= last - first)
            mmu_drop_entry(set, &e[i], i);
}

static void drop_everywhere(struct mmu_set *set, va_t first, va_t last)
{
    drop_span(set, set->load, mmu_ways(set), first, last);
    drop_span(set, set->store, mmu_ways(set), first, last);
    drop_span(set, set->fetch, MMU_FETCHES, first, last);
}

static void drop_jump(struct mmu_set *set, uint32_t i, va_t first, va_t last)
{
    if (set->jump[i].va - first <= last - first)
        set->jump[i].va = mmu_no_jump(i);
}

static void drop_jumps(struct mmu_set *set, va_t first, va_t last)
{
    for (uint32_t k = 0; k < set->n_log && set->n_log <= MMU_LOG; k++)
        if (set->log[k] >= MMU_AT_JUMP)
            drop_jump(set, set->log[k] - MMU_AT_JUMP, first, last);
    if (set->n_log <= MMU_LOG)
        return;
    uint32_t n = last - first < MEM_PAGE ? MMU_JUMPS_OF_PAGE : MMU_JUMPS;
    for (uint32_t i = mmu_jump_index(first), k = 0; k < n; i = (i + 1) % MMU_JUMPS, k++)
        drop_jump(set, i, first, last);
}

/* The address that a place leads to, if anything is entered there. */
static bool place_va(const struct mmu_set *set, uint32_t place, va_t *va)
{
    if (place >= MMU_AT_JUMP) {
        uint32_t i = place - MMU_AT_JUMP;
        *va = set->jump[i].va;
        return *va != mmu_no_jump(i);
    }
    uint32_t i = place >= MMU_AT_FETCH ? place - MMU_AT_FETCH : place % MMU_WAYS;
    const struct mmu_entry *e = place >= MMU_AT_FETCH   ? &set->fetch[i]
                                : place >= MMU_AT_STORE ? &set->store[i]
                                                        : &set->load[i];
    *va = e->tag;
    return *va != mmu_invalid_tag(i);
}

/* While it is known what was filled, a large page costs no sweep. What is empty, or stands there twice, leaves the log. */
static bool drop_logged(struct mmu_set *set, va_t first, va_t last)
{
    uint64_t seen[(MMU_AT_JUMP + MMU_JUMPS) / 64] = { 0 };
    uint32_t kept = 0;
    if (set->n_log > MMU_LOG)
        return false;
    for (uint32_t k = 0; k < set->n_log; k++) {
        uint32_t place = set->log[k];
        va_t va;
        if (!place_va(set, place, &va) || (seen[place / 64] >> place % 64 & 1))
            continue;
        if (va - first <= last - first) {
            mmu_clear_place(set, place);
            continue;
        }
        seen[place / 64] |= 1ull << place % 64;
        set->log[kept++] = (uint16_t)place;
    }
    set->n_log = kept;
    return true;
}

/* After a sweep: perhaps so little is left that it can be logged again. */
static void log_anew(struct mmu_set *set)
{
    uint32_t n = 0;
    va_t va;
    if (mmu_ways(set) != MMU_WAYS)
        return;
    for (uint32_t place = 0; place < MMU_AT_JUMP + MMU_JUMPS; place++) {
        if (!place_va(set, place, &va))
            continue;
        if (n == MMU_LOG)
            return;
        set->log[n++] = (uint16_t)place;
    }
    set->n_log = n;
}

static void drop_all(struct mmu_pool *p, uint32_t i, va_t first, va_t last)
{
    struct mmu_set *set = p->sets[i];
    if (drop_logged(set, first, last) || mmu_swept_often(p, i))
        return;
    drop_everywhere(set, first, last);
    drop_jumps(set, first, last);
    log_anew(set);
}

/* ---- pages ---- */

/*
 * Entries are 4 KiB pieces; a fence of any address of a large page takes the whole page. What
 * size was mapped there when the entries were made is not known, so whatever was entered from
 * a large page covering the address goes, for each size seen: more than asked for at times
 * (the filter errs on that side), never less.
 */
static void flush_one(struct mmu_pool *p, uint32_t i, va_t page)
{
    struct mmu_set *set = p->sets[i];
    if (mmu_filter_has(set->jump_pages, page >> MEM_PAGE_SHIFT))
        drop_jumps(set, page, page + MEM_PAGE - 1);
    drop_everywhere(set, page, page + MEM_PAGE - 1);
    for (uint64_t shifts = p->tags[i].shifts; shifts != 0; shifts &= shifts - 1) {
        unsigned shift = (unsigned)ctz64(shifts);
        if (!mmu_filter_has(p->large[i], page >> shift))
            continue;
        uint64_t within = (1ull << shift) - 1;
        drop_all(p, i, page & ~within, page | within);
    }
}

enum { FEW_PAGES = 64 };

static void flush_many(struct mmu_pool *p, uint32_t i, va_t first, va_t last)
{
    uint64_t within = (1ull << log2_floor(p->tags[i].shifts | MEM_PAGE)) - 1;
    drop_all(p, i, first & ~within, last | within);
}

void mmu_flush_page(struct cpu *cpu, va_t va, uint64_t span, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    uint64_t more = span == 0 ? 0 : span - 1;
    va_t last = more > UINT64_MAX - page ? UINT64_MAX : page + more;
    mmu_drop_devices(p, asid, vmid, page, last | (MEM_PAGE - 1));
    for (uint32_t i = 0; i < p->n_sets; i++) {
        if (!mmu_concerns(&p->tags[i], asid, vmid))
            continue;
        if (more < FEW_PAGES * MEM_PAGE) /* by index, not by sweeping */
            for (va_t at = page; at - page <= more; at += MEM_PAGE)
                flush_one(p, i, at);
        else
            flush_many(p, i, page, last);
    }
    cpu->exit |= CPU_EXIT_RESYNC;
}
