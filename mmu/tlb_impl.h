/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_TLB_IMPL_H
#define ORRERY_MMU_TLB_IMPL_H
/*
 * What tlb.c (a CPU's sets), set.c (the entries of one), flush.c (fences), protect.c (pages that are not stored to any more),
 * device_pages.c and the slow paths (access_impl.h) share.
 */
#include "mmu/shared.h"

/* What decides which set is which: kept apart from the sets, which are large, and close together, since it is searched. */
struct mmu_tag {
    uint64_t key;
    uint32_t asid, vmid;
    uint64_t last_use;      /* 0: free */
    uint64_t shifts;        /* page_shifts above 12 that entries came from, as a mask */
    uint64_t since;         /* cycles of the CPU when `evicted` was 0 */
    uint32_t evicted;       /* entries that others took the place of */
    uint32_t sweeps;        /* through all of a set that has grown */
    bool filled;            /* anything valid in load, store, fetch */
};

/*
 * A page of a device's registers that was walked: which translation an access of it has, so that only the device is left
 * to be asked. Of one set, and flushed with it. Few are in use at a time, so they are the CPU's and not each set's. Not
 * used with models that charge each walk.
 */
#define MMU_DEVICES 16u     /* a power of two */
struct mmu_device {
    va_t page;
    pa_t pa;                /* of the page */
    uint32_t set;           /* MMU_NO_SET: empty */
    uint16_t from, to;      /* the device's bytes of the page: [from, to) */
    uint8_t shift;          /* of the mapping */
    bool load, store, nonsecure;
};

struct mmu_pool {
    struct cpu *cpu;
    struct mmu_pool *next;
    struct mmu_set *sets[MMU_SETS];
    struct mmu_tag tags[MMU_SETS];
    uint64_t large[MMU_SETS][MMU_FILTER]; /* filters of va >> page_shift of entries from large pages */
    uint32_t n_sets, current, previous; /* contexts are mostly changed to and fro */
    uint32_t other, other_regime; /* the set of accesses with a regime of their own; other_regime 0: not known */
    uint64_t uses;
    uint32_t n_devices;     /* entered since there was none */
    struct mmu_device devices[MMU_DEVICES];
    bool guarded;           /* the page of the CPU's reservation is MEM_PAGE_RESERVED */
    bool skip_watch;
    uint32_t n_watches;     /* the CPU's own */
    struct mmu_watch watches[MMU_CPU_WATCHES];
    struct mmu_link link;   /* of LR, while cpu->reserved: where memory is shared (machine.parallel) */
};

#define MMU_MAX_CPUS 1024u /* with an index of their own in what follows */

#define MMU_NO_SET UINT32_MAX

struct mmu_machine {
    struct machine *machine;
    struct mmu_pool *pools; /* in order of attachment */
    struct mmu_pool *pool[MMU_MAX_CPUS]; /* by CPU; NULL: none */
    /*
     * By CPU: the flags of the page its guarded reservation lies in, or NULL. Hundreds of CPUs that sleep in
     * MWAIT hold one each, and a write must not look them all up.
     */
    const uint8_t *guarded[MMU_MAX_CPUS];
    bool recount;           /* the map or the CPUs' state changed: `guarded` is to be made again */
    struct mmu_watch *watches;
    uint32_t n_watches, n_pools, n_indices; /* n_indices: the highest CPU's + 1 */
    struct cpu *storing;    /* whose store is being reported */
    struct mmu_stripe *stripes; /* MMU_STRIPES; NULL: memory is not shared */
    bool listening;
    bool sealing;           /* a CPU waits until no other has a store entry for its page */
};

static inline struct mmu_pool *mmu_pool_of(const struct cpu *cpu)
{
    return cpu->mmu_private;
}

static inline bool mmu_concerns(const struct mmu_tag *t, uint32_t asid, uint32_t vmid)
{
    return t->last_use != 0 && (asid == MMU_ANY || t->asid == asid) &&
           (vmid == MMU_ANY || t->vmid == vmid);
}

static inline void mmu_note_size(struct mmu_pool *p, uint32_t set, va_t va, unsigned page_shift)
{
    if (page_shift > MEM_PAGE_SHIFT) {
        p->tags[set].shifts |= 1ull << page_shift;
        mmu_filter_put(p->large[set], va >> page_shift);
    }
}

static inline bool mmu_is_mapper(uint16_t mapper, uint32_t index)
{
    return mapper == index + 1 || mapper == MEM_MAPPED_BY_MANY;
}

/*
 * May a store entry of CPU `index` point at the page? Then it is noted that one does, before it does.
 *
 * This runs beside whoever holds the machine's lock and wants to see all stores to the page from now on. That one sets a
 * flag, then looks at MEM_PAGE_MAPPED and, if it is set, at the mapper; here the mapper is written and then, by one exchange
 * that fails if there is a flag, MEM_PAGE_MAPPED. So either the flag is seen here, or the mapping there. What
 * mmu_protect_page() clears meanwhile is found by looking at the mapper again: it is not this CPU, or the page has a flag.
 */
static inline bool mmu_note_mapped(struct mem_ram *ram, uint64_t offset, uint32_t index)
{
    uint64_t page = offset >> MEM_PAGE_SHIFT;
    uint16_t mapper = __atomic_load_n(&ram->mapper[page], __ATOMIC_ACQUIRE);
    uint8_t flags = mem_ram_flags(ram, offset);
    if (LIKELY(flags == MEM_PAGE_MAPPED && mmu_is_mapper(mapper, index)))
        return true;
    do {
        while (!mmu_is_mapper(mapper, index) &&
               !__atomic_compare_exchange_n(&ram->mapper[page], &mapper,
                                            mapper == 0 ? (uint16_t)(index + 1) : MEM_MAPPED_BY_MANY, false,
                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            ;
        do {
            if (flags & ~MEM_PAGE_MAPPED)
                return false;
        } while (!__atomic_compare_exchange_n(&ram->flags[page], &flags, MEM_PAGE_MAPPED, false, __ATOMIC_SEQ_CST,
                                              __ATOMIC_SEQ_CST));
        mapper = __atomic_load_n(&ram->mapper[page], __ATOMIC_SEQ_CST);
        flags = MEM_PAGE_MAPPED;
    } while (UNLIKELY(!mmu_is_mapper(mapper, index)));
    return true;
}

/* ---- set.c ---- */
/* The tag of an empty entry `i` of a table: a page that is looked for elsewhere. */
static inline uint64_t mmu_invalid_tag(uint32_t i)
{
    return (uint64_t)(i ^ 1) << MEM_PAGE_SHIFT;
}

static inline void mmu_forget_stack(struct mmu_set *set)
{
    set->stack = (struct mmu_stack){ 0 };
}

/* A load or store entry is about to change, or to go: what was copied from it goes first. */
static inline void mmu_drop_copy(struct mmu_set *set, const struct mmu_entry *e)
{
    if (UNLIKELY(e->tag == set->stack.tag))
        mmu_forget_stack(set);
}

static inline void mmu_drop_entry(struct mmu_set *set, struct mmu_entry *e, uint32_t i)
{
    mmu_drop_copy(set, e);
    e->tag = mmu_invalid_tag(i);
}

/* Empty one place, numbered as in mmu_set.log. */
void mmu_clear_place(struct mmu_set *set, uint32_t place);
/* Empty set number i, and make it small again. */
void mmu_clear_set(struct mmu_pool *p, uint32_t i);
/* Set number i is about to be swept. True: it was emptied instead, as one that has grown and was swept often. */
bool mmu_swept_often(struct mmu_pool *p, uint32_t i);
/* Enter `va` into set number `set`. `host` is of the byte at va. */
void mmu_enter(struct cpu *cpu, uint32_t set, va_t va, enum cpu_access access, const struct cpu_map *map,
               const uint8_t *host);

/* ---- device_pages.c ---- */
/* `va` of set number `set` leads to a device's page: `from` and `to` are its bytes there. */
void mmu_enter_device(struct mmu_pool *p, uint32_t set, va_t va, const struct cpu_map *map, unsigned from, unsigned to);
/* What was entered for all of an aligned access, if its kind is allowed; or NULL. */
const struct mmu_device *mmu_find_device(const struct mmu_pool *p, uint32_t set, va_t va, unsigned size,
                                         enum cpu_access access);
/* Those of one set, or of the sets concerned, whose mapping has any of the bytes [first, last]. */
void mmu_drop_devices_of(struct mmu_pool *p, uint32_t set);
void mmu_drop_devices(struct mmu_pool *p, uint32_t asid, uint32_t vmid, va_t first, va_t last);

/* ---- tlb.c ---- */
/* Number of the set for accesses with `regime`: the current one for 0; MMU_NO_SET: none. */
uint32_t mmu_set_of(struct cpu *cpu, unsigned regime);

#endif
