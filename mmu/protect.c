/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages that may not be stored to directly any more: store entries that point at them go. Which CPUs have such is known by the
 * page's mapper (mmu_note_mapped).
 */
#include "mmu/tlb_impl.h"

static void drop_store(struct mmu_set *set, uint32_t i, uint64_t host)
{
    if (set->store[i].tag + set->store[i].addend == host)
        mmu_drop_entry(set, &set->store[i], i);
}

static void drop_stores(struct mmu_pool *p, uint64_t host)
{
    for (uint32_t s = 0; s < p->n_sets; s++) {
        struct mmu_set *set = p->sets[s];
        if (p->tags[s].last_use == 0 || !p->tags[s].filled || (set->n_log > MMU_LOG && mmu_swept_often(p, s)))
            continue;
        for (uint32_t k = 0; k < set->n_log && set->n_log <= MMU_LOG; k++)
            if (set->log[k] >= MMU_AT_STORE && set->log[k] < MMU_AT_FETCH)
                drop_store(set, set->log[k] - MMU_AT_STORE, host);
        for (uint32_t i = 0; i < mmu_ways(set) && set->n_log > MMU_LOG; i++)
            drop_store(set, i, host);
    }
}

/* Nobody is the page's mapper any more; who was. */
static uint16_t unmap(struct mem_ram *ram, uint64_t offset, uint64_t *host)
{
    uint64_t page = offset >> MEM_PAGE_SHIFT;
    uint16_t mapper = __atomic_load_n(&ram->mapper[page], __ATOMIC_SEQ_CST);
    *host = (uint64_t)(uintptr_t)(ram->host + (page << MEM_PAGE_SHIFT));
    (void)mem_ram_drop_flags(ram, offset, MEM_PAGE_MAPPED);
    __atomic_store_n(&ram->mapper[page], 0, __ATOMIC_SEQ_CST);
    return mapper;
}

void mmu_protect_page(struct machine *m, struct mem_ram *ram, uint64_t offset)
{
    uint64_t host;
    if (m->mmu == NULL || !(mem_ram_flags(ram, offset) & MEM_PAGE_MAPPED))
        return;
    uint16_t mapper = unmap(ram, offset, &host);
    if (mapper != 0 && mapper != MEM_MAPPED_BY_MANY) {
        if (m->mmu->pool[mapper - 1] != NULL)
            drop_stores(m->mmu->pool[mapper - 1], host);
        return;
    }
    for (struct mmu_pool *p = m->mmu->pools; p != NULL; p = p->next)
        drop_stores(p, host);
}

/* ---- while other CPUs run ---- */

/* Its store entries of a page: by its own thread, or by whoever has it stand still. */
static void drop_stores_of(struct cpu *cpu, void *host)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    if (p != NULL)
        drop_stores(p, (uint64_t)(uintptr_t)host);
}

/*
 * The flag keeps others from making new entries; those that there are go while their CPUs run on. One page at a time: whoever comes
 * to the same page meanwhile must not take it for sealed. If a store took the flag away in between, the page may be
 * mapped anew, and stays so.
 */
bool mmu_seal_page(struct cpu *cpu, struct mem_ram *ram, uint64_t offset)
{
    struct mmu_machine *m = cpu->machine->mmu;
    uint64_t host;
    if (UNLIKELY(m->sealing)) {
        cpu_tell_others(cpu, NULL, NULL);
        return false;
    }
    if (!(mem_ram_set_flags(ram, offset, MEM_PAGE_CODE) & MEM_PAGE_MAPPED))
        return true;
    if (__atomic_load_n(&ram->mapper[offset >> MEM_PAGE_SHIFT], __ATOMIC_SEQ_CST) == cpu->index + 1) {
        (void)unmap(ram, offset, &host);
        drop_stores(mmu_pool_of(cpu), host);
        return true;
    }
    uint8_t *page = ram->host + (offset & ~(uint64_t)(MEM_PAGE - 1));
    m->sealing = true;
    drop_stores_of(cpu, page);
    cpu_tell_others(cpu, drop_stores_of, page);
    m->sealing = false;
    if (mem_ram_flags(ram, offset) & MEM_PAGE_CODE)
        (void)unmap(ram, offset, &host);
    return false;
}
