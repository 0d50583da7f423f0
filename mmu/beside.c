/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores whose probe missed, without the machine's lock: as long as they are to plain RAM, and the walk changes
 * nothing in memory. It reads what translated code of other CPUs may be writing, as a processor's walk does, and
 * enters what it finds into the CPU's own sets. What cannot be told so is forgotten, a fault too: with the lock it is done
 * once more.
 *
 * That the map stands still meanwhile, and that nobody else looks at this CPU's sets, follows from the CPU being in
 * translated code, or called out of it: whoever changes those is alone (core/exec/parallel.h).
 */
#include "core/util/bytes.h"
#include "mmu/access_impl.h"
#include <string.h>

uint8_t *mmu_reach(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime)
{
    struct mmu_target t;
    uint8_t *host = mmu_cached(cpu, va, size, access, regime);
    if (host != NULL || mmu_known_device(cpu, va, size, access, regime, &t))
        return host;
    const uint32_t exits = cpu->exit;
    const struct cpu_fault fault = cpu->fault;
    cpu->still = true;
    bool refused = mmu_translate(cpu, va, size, access, regime, &t) != 0;
    cpu->still = false;
    if (refused) {
        cpu->exit = exits;
        cpu->fault = fault;
        return NULL;
    }
    return mmu_cached(cpu, va, size, access, regime);
}

bool mmu_quick_fetch(struct cpu *cpu, va_t va)
{
    const uint32_t exits = cpu->exit;
    const struct cpu_fault fault = cpu->fault;
    struct mem_ram *ram;
    uint64_t offset;
    cpu->still = true;
    bool refused = mmu_fetch(cpu, va, &ram, &offset) != 0;
    cpu->still = false;
    if (refused) {
        cpu->exit = exits;
        cpu->fault = fault;
    }
    return !refused;
}

uint8_t *mmu_store_reach(struct cpu *cpu, va_t va, unsigned size)
{
    uint8_t *host = mmu_store_hit(cpu, va, size);
    return LIKELY(host != NULL) || !cpu->machine->parallel ? host : mmu_reach(cpu, va, size, CPU_STORE, 0);
}

/* The same of bytes that may lie in two pages: *first of them at part[0], the rest, if any, at part[1]. */
static bool reach_parts(struct cpu *cpu, va_t va, unsigned size, uint32_t memop, enum cpu_access access,
                        uint8_t *part[2], unsigned *first)
{
    unsigned regime = mmu_regime_of(memop);
    if ((memop & (IR_MEM_ALIGNED | IR_MEM_ATOMIC)) && (va & ir_mem_alignment(memop)) != 0)
        return false;
    *first = mmu_crosses(va, size) ? MEM_PAGE - (unsigned)PAGE_OFFSET(va) : size;
    part[0] = part[1] = mmu_reach(cpu, va, *first, access, regime);
    if (LIKELY(*first == size))
        return part[0] != NULL;
    part[1] = mmu_reach(cpu, va + *first, size - *first, access, regime);
    part[0] = mmu_cached(cpu, va, *first, access, regime); /* the second may have thrown it out */
    return part[0] != NULL && part[1] != NULL;
}

bool mmu_quick_load(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    unsigned size = mmu_size_of(memop), first;
    uint8_t *part[2];
    if (!reach_parts(cpu, va, size, memop, mmu_load_kind(memop), part, &first))
        return false;
    uint64_t v = ld_le(part[0], first);
    if (UNLIKELY(first != size))
        v |= ld_le(part[1], size - first) << (8 * first);
    *value = mmu_extend(v, memop);
    return true;
}

bool mmu_quick_store(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value)
{
    unsigned size = mmu_size_of(memop), first;
    uint8_t *part[2];
    if (!reach_parts(cpu, va, size, memop, CPU_STORE, part, &first))
        return false;
    if (memop & IR_MEM_BE)
        value = mmu_swap(zext(value, size * 8), size);
    st_le(part[0], value, first);
    if (UNLIKELY(first != size))
        st_le(part[1], value >> (8 * first), size - first);
    return true;
}

bool mmu_quick_load128(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value[2])
{
    uint8_t *part[2];
    unsigned first;
    if (!reach_parts(cpu, va, 16, memop, mmu_load_kind(memop), part, &first))
        return false;
    memcpy(value, part[0], first);
    memcpy((uint8_t *)value + first, part[1], 16 - first);
    return true;
}

bool mmu_quick_store128(struct cpu *cpu, va_t va, uint32_t memop, const uint64_t value[2])
{
    uint8_t *part[2];
    unsigned first;
    if (!reach_parts(cpu, va, 16, memop, CPU_STORE, part, &first))
        return false;
    memcpy(part[0], value, first);
    memcpy(part[1], (const uint8_t *)value + first, 16 - first);
    return true;
}
