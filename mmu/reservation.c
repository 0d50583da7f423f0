/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told that reserved bytes were written. LR and SC themselves are in atomic.c.
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

/* After the map changed or CPUs were restored: pages that are marked are those of guarded reservations. */
static void recount(struct mmu_machine *m)
{
    m->recount = false;
    for (struct mmu_pool *p = m->pools; p != NULL; p = p->next) {
        struct mem_ram *ram;
        uint64_t offset;
        const uint8_t *flags = p->cpu->reserved ? reserved_flags(p->cpu, &ram, &offset) : NULL;
        bool marked = flags != NULL && (*flags & MEM_PAGE_RESERVED);
        m->guarded[p->cpu->index] = marked ? flags : NULL;
        p->guarded = marked;
    }
}

void mmu_guard_reservation(struct cpu *cpu)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mmu_machine *m = cpu->machine->mmu;
    struct mem_ram *ram;
    uint64_t offset;
    if (UNLIKELY(m->recount))
        recount(m);
    if (!cpu->reserved || p->guarded || p->link.line != NULL)
        return;
    uint8_t *flags = reserved_flags(cpu, &ram, &offset);
    if (flags == NULL) { /* the map changed under it */
        cpu->reserved = false;
        return;
    }
    if (mem_ram_set_flags(ram, offset, MEM_PAGE_RESERVED) & MEM_PAGE_MAPPED) {
        machine_alone(cpu->machine, true);
        mmu_protect_page(cpu->machine, ram, offset);
        machine_alone(cpu->machine, false);
    }
    m->guarded[cpu->index] = flags;
    p->guarded = true;
}

/* The first CPU from `from` on with a guarded reservation in that page; MMU_MAX_CPUS: none. */
static uint32_t next_guarded(const struct mmu_machine *m, const uint8_t *flags, uint32_t from)
{
    for (uint32_t i = from; i < m->n_indices; i++)
        if (m->guarded[i] == flags)
            return i;
    return MMU_MAX_CPUS;
}

void mmu_drop_reservation(struct cpu *cpu)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mmu_machine *m = cpu->machine->mmu;
    if (UNLIKELY(p->guarded && m->recount))
        recount(m);
    cpu->reserved = false;
    if (LIKELY(!p->guarded))
        return;
    p->guarded = false;
    uint8_t *flags = (uint8_t *)(uintptr_t)m->guarded[cpu->index];
    m->guarded[cpu->index] = NULL;
    if (flags != NULL && next_guarded(m, flags, 0) == MMU_MAX_CPUS)
        __atomic_fetch_and(flags, (uint8_t)~MEM_PAGE_RESERVED, __ATOMIC_SEQ_CST);
}

void mmu_reserve(struct cpu *cpu, pa_t pa, unsigned size)
{
    mmu_drop_reservation(cpu);
    cpu->reserved = size != 0;
    cpu->reserved_pa = pa;
    cpu->reserved_size = (uint8_t)size;
    mmu_pool_of(cpu)->link.line = NULL;
    if (cpu->machine->parallel)
        mmu_guard_reservation(cpu); /* others run already */
}

static void lose_reservation(struct cpu *cpu)
{
    mmu_drop_reservation(cpu);
    if (cpu->isa->unreserved != NULL)
        cpu->isa->unreserved(cpu);
}

void mmu_ram_written(struct machine *m, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    uint8_t *flags = &ram->flags[offset >> MEM_PAGE_SHIFT];
    if (m->mmu == NULL || !(*flags & MEM_PAGE_RESERVED))
        return;
    if (UNLIKELY(m->mmu->recount))
        recount(m->mmu);
    bool held = false;
    for (uint32_t i = next_guarded(m->mmu, flags, 0); i != MMU_MAX_CPUS; i = next_guarded(m->mmu, flags, i + 1)) {
        struct cpu *cpu = m->mmu->pool[i]->cpu;
        struct mem_ram *of;
        uint64_t at;
        if (reserved_flags(cpu, &of, &at) != flags)
            continue;
        held = true;
        if (cpu != m->mmu->storing && (at - offset < n || offset - at < cpu->reserved_size))
            lose_reservation(cpu);
    }
    if (!held) /* left over from a reservation that was restored and then given up */
        *flags &= (uint8_t)~MEM_PAGE_RESERVED;
}
