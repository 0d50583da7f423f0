/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of device registers that were walked: see struct mmu_device. */
#include "mmu/tlb_impl.h"
#include "core/util/bits.h"

static uint32_t place_of(uint32_t set, va_t va)
{
    uint64_t page = (va >> MEM_PAGE_SHIFT) + set; /* parts often lie at the same distances: mixed */
    return (uint32_t)(page * 0x9e3779b97f4a7c15ull >> 32) & (MMU_DEVICES - 1);
}

void mmu_enter_device(struct mmu_pool *p, uint32_t set, va_t va, const struct cpu_map *map, unsigned from, unsigned to)
{
    if (p->n_devices == 0)
        for (uint32_t i = 0; i < MMU_DEVICES; i++)
            p->devices[i].set = MMU_NO_SET;
    p->n_devices = 1;
    p->devices[place_of(set, va)] = (struct mmu_device){
        .page = align_down(va, MEM_PAGE),
        .pa = align_down(map->pa, MEM_PAGE),
        .set = set,
        .from = (uint16_t)from,
        .to = (uint16_t)to,
        .shift = (uint8_t)MIN(MAX(map->page_shift, MEM_PAGE_SHIFT), 63u),
        .load = map->load,
        .store = map->store,
        .nonsecure = map->nonsecure,
    };
}

const struct mmu_device *mmu_find_device(const struct mmu_pool *p, uint32_t set, va_t va, unsigned size,
                                         enum cpu_access access)
{
    const struct mmu_device *d = &p->devices[place_of(set, va)];
    unsigned at = (unsigned)(va % MEM_PAGE);
    if (p->n_devices == 0 || d->set != set || d->page != va - at || (at & (size - 1)) != 0 || at < d->from ||
        at + size > d->to)
        return NULL;
    return (access == CPU_STORE ? d->store : d->load) ? d : NULL;
}

void mmu_drop_devices_of(struct mmu_pool *p, uint32_t set)
{
    for (uint32_t i = 0; i < MMU_DEVICES && p->n_devices != 0; i++)
        if (p->devices[i].set == set)
            p->devices[i].set = MMU_NO_SET;
}

/* Large mappings go as a whole, whichever of their bytes is meant. */
static bool touches(const struct mmu_device *d, va_t first, va_t last)
{
    uint64_t within = BIT(d->shift) - 1;
    return (d->page & ~within) <= last && (d->page | within) >= first;
}

void mmu_drop_devices(struct mmu_pool *p, uint32_t asid, uint32_t vmid, va_t first, va_t last)
{
    uint32_t left = 0;
    if (p->n_devices == 0)
        return;
    for (uint32_t i = 0; i < MMU_DEVICES; i++) {
        struct mmu_device *d = &p->devices[i];
        if (d->set != MMU_NO_SET && mmu_concerns(&p->tags[d->set], asid, vmid) && touches(d, first, last))
            d->set = MMU_NO_SET;
        left += d->set != MMU_NO_SET;
    }
    p->n_devices = left;
}
