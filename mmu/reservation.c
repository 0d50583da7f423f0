/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told that reserved bytes were written. LR and SC themselves are in access.c.
 *
 * A reservation costs nothing while its CPU's turn lasts, since nobody else runs. When the
 * turn ends, or a device is entered, the page is *guarded*: MEM_PAGE_RESERVED, and no store
 * entry points at it; from then on every write comes through mmu_ram_written().
 */
#include "mmu/tlb_impl.h"

static uint8_t *reserved_flags(const struct cpu *cpu, struct mem_ram **ram, uint64_t *offset)
{
    const struct mem_range *range = mem_lookup(cpu->machine->memory, cpu->reserved_pa);
    if (range == NULL || range->region->kind != MEM_RAM)
        return NULL;
    *ram = range->region->ram;
    *offset = range->region->ram_offset + (cpu->reserved_pa - range->region->base);
    return &(*ram)->flags[*offset >> MEM_PAGE_SHIFT];
}

void mmu_guard_reservation(struct cpu *cpu)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mem_ram *ram;
    uint64_t offset;
    if (!cpu->reserved || p->guarded)
        return;
    uint8_t *flags = reserved_flags(cpu, &ram, &offset);
    if (flags == NULL) { /* the map changed under it */
        cpu->reserved = false;
        return;
    }
    *flags |= MEM_PAGE_RESERVED;
    mmu_protect_page(cpu->machine, ram, offset);
    p->guarded = true;
}

void mmu_drop_reservation(struct cpu *cpu)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mem_ram *ram;
    uint64_t offset;
    cpu->reserved = false;
    if (LIKELY(!p->guarded))
        return;
    p->guarded = false;
    uint8_t *flags = reserved_flags(cpu, &ram, &offset);
    for (struct mmu_pool *q = cpu->machine->mmu->pools; q != NULL; q = q->next)
        if (q->cpu->reserved && (q->cpu->reserved_pa ^ cpu->reserved_pa) >> MEM_PAGE_SHIFT == 0)
            return;
    if (flags != NULL)
        *flags &= (uint8_t)~MEM_PAGE_RESERVED;
}

void mmu_reserve(struct cpu *cpu, pa_t pa, unsigned size)
{
    mmu_drop_reservation(cpu);
    cpu->reserved = size != 0;
    cpu->reserved_pa = pa;
    cpu->reserved_size = (uint8_t)size;
}

static void lose_reservation(struct cpu *cpu)
{
    mmu_drop_reservation(cpu);
    if (cpu->isa->unreserved != NULL)
        cpu->isa->unreserved(cpu);
}

void mmu_ram_written(struct machine *m, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    if (m->mmu == NULL || !(ram->flags[offset >> MEM_PAGE_SHIFT] & MEM_PAGE_RESERVED))
        return;
    bool held = false;
    for (struct mmu_pool *p = m->mmu->pools; p != NULL; p = p->next) {
        struct mem_ram *of;
        uint64_t at;
        if (!p->cpu->reserved || reserved_flags(p->cpu, &of, &at) == NULL || of != ram)
            continue;
        held |= (at ^ offset) >> MEM_PAGE_SHIFT == 0;
        if (p->cpu != m->mmu->storing &&
            (at - offset < n || offset - at < p->cpu->reserved_size))
            lose_reservation(p->cpu);
    }
    if (!held) /* left over from a reservation that was restored and then given up */
        ram->flags[offset >> MEM_PAGE_SHIFT] &= (uint8_t)~MEM_PAGE_RESERVED;
}
