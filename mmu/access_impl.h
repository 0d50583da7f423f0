/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_ACCESS_IMPL_H
#define ORRERY_MMU_ACCESS_IMPL_H
/*
 * What the slow paths share.
 *     target.c   one access inside one page
 *     access.c   loads and stores
 *     beside.c   loads and stores without the machine's lock
 *     atomic.c   what reads and writes; reservations
 *     watch.c    watchpoints
 *     device_pages.c  pages of devices that were walked
 */
#include "core/util/bits.h"
#include "mmu/tlb_impl.h"

#define PAGE_OFFSET(va) ((va) & (MEM_PAGE - 1))

/* Where an access inside one page goes. */
struct mmu_target {
    struct cpu_map map;
    uint8_t *host;          /* NULL: a device, or nothing there */
    struct mem_ram *ram;    /* NULL with a host address: from a store entry, nobody to be told */
    uint64_t offset;        /* in ram */
    bool rom;
    bool whole;             /* the range covers the 4 KiB page */
    const struct mem_range *device; /* a device's; else NULL */
};

static inline unsigned mmu_size_of(uint32_t memop)
{
    return 1u << (memop & IR_MEM_SIZE);
}

/* A number: 0 the current data regime. */
static inline unsigned mmu_regime_of(uint32_t memop)
{
    return (memop & IR_MEM_REGIME) >> 12;
}

static inline uint64_t mmu_swap(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

/* Value in memory order to the register's, as the memop says. */
static inline uint64_t mmu_extend(uint64_t v, uint32_t memop)
{
    unsigned size = mmu_size_of(memop);
    if (memop & IR_MEM_BE)
        v = mmu_swap(v, size);
    return memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
}

static inline bool mmu_crosses(va_t va, unsigned size)
{
    return PAGE_OFFSET(va) + size > MEM_PAGE;
}

static inline enum cpu_access mmu_load_kind(uint32_t memop)
{
    return memop & IR_MEM_STORE_RIGHTS ? CPU_STORE : CPU_LOAD;
}

/* ---- target.c ---- */
struct mem_attrs mmu_attrs_of(const struct cpu *cpu, const struct cpu_map *map);
/* 0 and *t, or 1 with the fault recorded. Fills the TLB where that is allowed. */
int mmu_translate(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime,
                  struct mmu_target *t);
/*
 * The host address that a probe by the executor would find, or NULL. Which accesses are probed
 * inline is each executor's business (some probe AMOs, some one for several loads), and a guest
 * that has not fenced yet must not see it: what the TLB holds is used on this way in as well.
 */
uint8_t *mmu_cached(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime);
int mmu_load_at(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                const struct mmu_target *t, uint64_t *value);
int mmu_store_at(struct cpu *cpu, va_t va, unsigned size, const struct mmu_target *t, uint64_t value);
/* RAM was written at `t`: code, reservations and dirty pages are looked after. */
void mmu_written(struct cpu *cpu, const struct mmu_target *t, unsigned size);
/* The block that runs may have lost what follows: leave it before this store, which then comes again, alone. */
bool mmu_must_repeat(struct cpu *cpu);

/* What is known of a page of devices, if all of the access is one's: *t as of mmu_translate. */
bool mmu_known_device(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime,
                      struct mmu_target *t);

/* ---- access.c ---- */
bool mmu_raises_align(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access, bool ordered);

/* ---- beside.c ---- */
/* Without the machine's lock: where bytes inside one page are; NULL: that is not known without it. */
uint8_t *mmu_reach(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime);

/* ---- watch.c ---- */
bool mmu_is_watched_page(const struct cpu *cpu, va_t va);
/* Watchpoints stop before the access; the debugger resumes past it with mmu_skip_watch. */
bool mmu_hits_watch(struct cpu *cpu, va_t va, unsigned size, bool load, bool store);

#endif
