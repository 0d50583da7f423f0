/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of one set: made, emptied; and how many there are room for. */
#include "mmu/tlb_impl.h"
#include <string.h>

static void clear_entries(struct mmu_entry *e, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        e[i].tag = mmu_invalid_tag(i);
}

void mmu_clear_jumps(struct mmu_set *set)
{
    for (uint32_t i = 0; i < MMU_JUMPS; i++)
        set->jump[i].va = mmu_no_jump(i);
    memset(set->jump_pages, 0, sizeof(set->jump_pages));
}

void mmu_clear_place(struct mmu_set *set, uint32_t place)
{
    if (place >= MMU_AT_JUMP)
        set->jump[place - MMU_AT_JUMP].va = mmu_no_jump(place - MMU_AT_JUMP);
    else if (place >= MMU_AT_FETCH)
        set->fetch[place - MMU_AT_FETCH].tag = mmu_invalid_tag(place - MMU_AT_FETCH);
    else if (place >= MMU_AT_STORE)
        mmu_drop_entry(set, &set->store[place - MMU_AT_STORE], place - MMU_AT_STORE);
    else
        mmu_drop_entry(set, &set->load[place], place);
}

/* What lies behind the first MMU_WAYS entries of a table is not emptied: they are not used until it grows. */
void mmu_clear_set(struct mmu_pool *p, uint32_t i)
{
    struct mmu_set *set = p->sets[i];
    mmu_set_ways(set, MMU_WAYS);
    mmu_forget_stack(set);
    p->tags[i].evicted = p->tags[i].sweeps = 0;
    if (LIKELY(set->n_log <= MMU_LOG)) {
        for (uint32_t k = 0; k < set->n_log; k++)
            mmu_clear_place(set, set->log[k]);
        if (set->n_log != 0)
            memset(set->jump_pages, 0, sizeof(set->jump_pages));
    } else {
        clear_entries(set->load, MMU_WAYS);
        clear_entries(set->store, MMU_WAYS);
        clear_entries(set->fetch, MMU_FETCHES);
        mmu_clear_jumps(set);
    }
    set->n_log = 0;
    p->tags[i].filled = false;
    mmu_drop_devices_of(p, i);
    if (p->tags[i].shifts != 0)
        memset(p->large[i], 0, sizeof(p->large[i]));
    p->tags[i].shifts = 0;
}

/* ---- sizes ---- */

enum {
    GROWTH = 4,
    BUSY_CYCLES = 4096, /* an entry lost in less than that, on the average: walks take some hundredths of the time */
    MAX_SWEEPS = 32,    /* of a set that has grown: then filling a small one anew is cheaper */
    MAX_GROWING = 16,   /* pools; with more of them sets stay small */
};

/* From `ways` to `more` entries: each stays, or goes up by a multiple of `ways`. */
static void spread(struct mmu_entry *e, uint32_t ways, uint32_t more)
{
    for (uint32_t i = ways; i < more; i++)
        e[i].tag = mmu_invalid_tag(i);
    for (uint32_t i = 0; i < ways; i++) {
        uint32_t to = (uint32_t)(e[i].tag >> MEM_PAGE_SHIFT) & (more - 1);
        if (to == i || e[i].tag == mmu_invalid_tag(i))
            continue;
        e[to] = e[i];
        e[i].tag = mmu_invalid_tag(i);
    }
}

static void grow(struct mmu_set *set)
{
    uint32_t ways = mmu_ways(set);
    spread(set->load, ways, ways * GROWTH);
    spread(set->store, ways, ways * GROWTH);
    mmu_set_ways(set, ways * GROWTH);
    set->n_log = MMU_LOG + 1;
}

/* As many entries were lost as the set has. */
static COLD void lost_many(struct mmu_pool *p, uint32_t i)
{
    struct mmu_tag *t = &p->tags[i];
    uint64_t now = cpu_cycles(p->cpu);
    uint32_t ways = mmu_ways(p->sets[i]);
    if (now - t->since < (uint64_t)ways * BUSY_CYCLES && ways < MMU_MAX_WAYS &&
        p->cpu->machine->mmu->n_pools <= MAX_GROWING) {
        grow(p->sets[i]);
        t->sweeps = 0;
    }
    t->evicted = 0;
    t->since = now;
}

bool mmu_swept_often(struct mmu_pool *p, uint32_t i)
{
    if (LIKELY(mmu_ways(p->sets[i]) == MMU_WAYS) || ++p->tags[i].sweeps <= MAX_SWEEPS)
        return false;
    mmu_clear_set(p, i);
    return true;
}

/* ---- entering ---- */

void mmu_enter(struct cpu *cpu, uint32_t set, va_t va, enum cpu_access access, const struct cpu_map *map,
               const uint8_t *host)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mmu_tag *t = &p->tags[set];
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    uint32_t i = mmu_way(p->sets[set], va);
    struct mmu_entry *e = access == CPU_STORE ? &p->sets[set]->store[i] : &p->sets[set]->load[i];
    t->evicted += e->tag != page && e->tag != mmu_invalid_tag(i);
    mmu_drop_copy(p->sets[set], e);
    e->tag = page;
    e->addend = (uint64_t)(uintptr_t)host - va;
    mmu_log(p->sets[set], (access == CPU_STORE ? MMU_AT_STORE : MMU_AT_LOAD) + i);
    t->filled = true;
    mmu_note_size(p, set, va, map->page_shift);
    if (UNLIKELY(t->evicted >= mmu_ways(p->sets[set])))
        lost_many(p, set);
}
