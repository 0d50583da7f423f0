/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow paths of loads and stores: translation by the ISA's walker, then RAM, or a device at its exact time.
 * Entered when a probe missed, so also for all that is never entered.
 */
#include "mmu/access_impl.h"
#include "core/util/bytes.h"
#include <string.h>

/* mmu_cached of an access over two pages: the host addresses of its `first` bytes and of the rest. */
static bool cached_across(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                          unsigned regime, uint8_t *part[2], unsigned *first)
{
    *first = MEM_PAGE - (unsigned)PAGE_OFFSET(va);
    part[0] = mmu_cached(cpu, va, *first, access, regime);
    part[1] = mmu_cached(cpu, va + *first, size - *first, access, regime);
    return part[0] != NULL && part[1] != NULL;
}

bool mmu_raises_align(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access, bool ordered)
{
    unsigned size = mmu_size_of(memop);
    if ((va & ir_mem_alignment(memop)) == 0)
        return false;
    if (!(memop & IR_MEM_ALIGNED) && cpu->isa->allows_misaligned != NULL &&
        cpu->isa->allows_misaligned(cpu, va, size, ordered))
        return false;
    cpu->isa->raise_align(cpu, va, access);
    return true;
}

static bool is_misaligned(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access)
{
    return (memop & (IR_MEM_ALIGNED | IR_MEM_ATOMIC)) && mmu_raises_align(cpu, va, memop, access, true);
}

/* ---- loads and stores ---- */

/* What single bytes at `t` will be answered, as far as the map tells. */
static enum mem_result takes_bytes(struct cpu *cpu, const struct mmu_target *t)
{
    if (t->host != NULL && !t->rom)
        return MEM_OK;
    struct mem_attrs attrs = mmu_attrs_of(cpu, &t->map);
    const struct mem_range *range = mem_lookup_by(cpu->machine->memory, t->map.pa, &attrs);
    if (range == NULL || !mem_is_open(range->region, &attrs))
        return MEM_NOTHING;
    const struct mmio_ops *ops = range->region->ops;
    return range->region->kind != MEM_MMIO || (ops->sizes & 1) ? MEM_OK : MEM_BAD_SIZE;
}

/*
 * Both pages are translated, and something answers in both, before a byte moves; the fault
 * address is where the second begins.
 */
static int translate_both(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                          unsigned regime, struct mmu_target t[2], unsigned *first)
{
    *first = MEM_PAGE - (unsigned)PAGE_OFFSET(va);
    if (mmu_translate(cpu, va, *first, access, regime, &t[0]) ||
        mmu_translate(cpu, va + *first, size - *first, access, regime, &t[1]))
        return 1;
    for (unsigned i = 0; i < 2 && !cpu->isa->open_bus; i++) {
        enum mem_result why = takes_bytes(cpu, &t[i]);
        if (why != MEM_OK) {
            cpu->isa->raise_bus(cpu, i == 0 ? va : va + *first, access, why);
            return 1;
        }
    }
    return 0;
}

static int load_across(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    struct mmu_target t[2];
    unsigned size = mmu_size_of(memop), first;
    enum cpu_access access = mmu_load_kind(memop);
    uint8_t *part[2];
    if (cached_across(cpu, va, size, access, mmu_regime_of(memop), part, &first)) {
        *value = ld_le(part[0], first) | ld_le(part[1], size - first) << (8 * first);
        return 0;
    }
    if (translate_both(cpu, va, size, access, mmu_regime_of(memop), t, &first))
        return 1;
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        struct mmu_target *half = &t[i >= first];
        struct mmu_target byte = *half;
        uint64_t at = i >= first ? i - first : i, v;
        byte.map.pa += at;
        byte.host = byte.host != NULL ? byte.host + at : NULL;
        if (mmu_load_at(cpu, va + i, 1, access, &byte, &v))
            return 1;
        *value |= v << (8 * i);
    }
    return 0;
}

static int store_across(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value)
{
    struct mmu_target t[2];
    unsigned size = mmu_size_of(memop), first;
    uint8_t *part[2];
    if (cached_across(cpu, va, size, CPU_STORE, mmu_regime_of(memop), part, &first)) {
        st_le(part[0], value, first);
        st_le(part[1], value >> (8 * first), size - first);
        return 0;
    }
    if (translate_both(cpu, va, size, CPU_STORE, mmu_regime_of(memop), t, &first))
        return 1;
    bool alone = cpu->alone;
    int rc = 0;
    cpu->alone = true; /* in pieces it cannot be undone: code behind it in its own block is seen at the block's end */
    for (unsigned i = 0; i < size && rc == 0; i++) {
        struct mmu_target byte = t[i >= first];
        uint64_t at = i >= first ? i - first : i;
        byte.map.pa += at;
        byte.offset += at;
        byte.host = byte.host != NULL ? byte.host + at : NULL;
        rc = mmu_store_at(cpu, va + i, 1, &byte, value >> (8 * i) & 0xff);
    }
    cpu->alone = alone;
    return rc;
}

int mmu_slow_load(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    unsigned size = mmu_size_of(memop);
    enum cpu_access access = mmu_load_kind(memop);
    struct mmu_target t;
    int rc = 0;
    if (is_misaligned(cpu, va, memop, access) || mmu_hits_watch(cpu, va, size, true, false))
        return 1;
    const uint8_t *host = mmu_cached(cpu, va, size, access, mmu_regime_of(memop));
    if (host != NULL)
        *value = ld_le(host, size);
    else if (mmu_crosses(va, size))
        rc = load_across(cpu, va, memop, value);
    else
        rc = (!mmu_known_device(cpu, va, size, access, mmu_regime_of(memop), &t) &&
              mmu_translate(cpu, va, size, access, mmu_regime_of(memop), &t)) ||
             mmu_load_at(cpu, va, size, access, &t, value);
    if (rc == 0)
        *value = mmu_extend(*value, memop);
    return rc;
}

int mmu_slow_store(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value)
{
    unsigned size = mmu_size_of(memop);
    struct mmu_target t;
    if (is_misaligned(cpu, va, memop, CPU_STORE) || mmu_hits_watch(cpu, va, size, false, true))
        return 1;
    if (memop & IR_MEM_BE)
        value = mmu_swap(zext(value, size * 8), size);
    uint8_t *host = mmu_cached(cpu, va, size, CPU_STORE, mmu_regime_of(memop));
    if (host != NULL) { /* as plain memory as any store entry's */
        st_le(host, value, size);
        return 0;
    }
    if (mmu_crosses(va, size))
        return store_across(cpu, va, memop, value);
    return (!mmu_known_device(cpu, va, size, CPU_STORE, mmu_regime_of(memop), &t) &&
            mmu_translate(cpu, va, size, CPU_STORE, mmu_regime_of(memop), &t)) ||
           mmu_store_at(cpu, va, size, &t, value);
}

/* Both halves are translated, and something answers in both, before a byte moves. */
static int open_halves(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access)
{
    struct mmu_target t[2];
    unsigned first = 8;
    if (mmu_crosses(va, 16))
        return translate_both(cpu, va, 16, access, mmu_regime_of(memop), t, &first);
    return mmu_translate(cpu, va, 16, access, mmu_regime_of(memop), &t[0]);
}

static bool refused128(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access)
{
    return is_misaligned(cpu, va, memop, access) ||
           mmu_hits_watch(cpu, va, 16, access == CPU_LOAD, access == CPU_STORE);
}

/* The bytes' place when the TLB holds their page or pages: all in part[0], or `first` of them. */
static bool cached128(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access,
                      uint8_t *part[2], unsigned *first)
{
    unsigned regime = mmu_regime_of(memop);
    if (mmu_crosses(va, 16))
        return cached_across(cpu, va, 16, access, regime, part, first);
    *first = 16;
    part[0] = part[1] = mmu_cached(cpu, va, 16, access, regime);
    return part[0] != NULL;
}

/* The halves, without what was asked of the whole. */
static uint32_t half_of(uint32_t memop)
{
    return (memop & ~(uint32_t)(IR_MEM_SIZE | IR_MEM_ALIGNED | IR_MEM_WIDER | IR_MEM_ATOMIC)) | 3;
}

int mmu_slow_load128(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value[2])
{
    uint64_t half[2];
    uint8_t *part[2];
    unsigned first;
    if (refused128(cpu, va, memop, mmu_load_kind(memop)))
        return 1;
    if (cached128(cpu, va, memop, mmu_load_kind(memop), part, &first)) {
        memcpy(value, part[0], first);
        memcpy((uint8_t *)value + first, part[1], 16 - first);
        return 0;
    }
    if (open_halves(cpu, va, memop, mmu_load_kind(memop)) ||
        mmu_slow_load(cpu, va, half_of(memop), &half[0]) ||
        mmu_slow_load(cpu, va + 8, half_of(memop), &half[1]))
        return 1;
    value[0] = half[0];
    value[1] = half[1];
    return 0;
}

int mmu_slow_store128(struct cpu *cpu, va_t va, uint32_t memop, const uint64_t value[2])
{
    uint8_t *part[2];
    unsigned first;
    if (refused128(cpu, va, memop, CPU_STORE))
        return 1;
    if (cached128(cpu, va, memop, CPU_STORE, part, &first)) {
        memcpy(part[0], value, first);
        memcpy(part[1], (const uint8_t *)value + first, 16 - first);
        return 0;
    }
    return open_halves(cpu, va, memop, CPU_STORE) ||
           mmu_slow_store(cpu, va, half_of(memop), value[0]) ||
           mmu_slow_store(cpu, va + 8, half_of(memop), value[1]);
}
