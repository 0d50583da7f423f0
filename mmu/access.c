/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow paths: translation by the ISA's walker, then RAM, or a device at its exact time.
 * Entered when a probe missed, so also for all that is never entered.
 */
#include "mmu/tlb_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <stdlib.h>
#include <string.h>

#define PAGE_OFFSET(va) ((va) & (MEM_PAGE - 1))

/* Where an access inside one page goes. */
struct target {
    struct cpu_map map;
    uint8_t *host;          /* NULL: a device, or nothing there */
    struct mem_ram *ram;    /* NULL with a host address: from a store entry, nobody to be told */
    uint64_t offset;        /* in ram */
    bool rom;
    bool whole;             /* the range covers the 4 KiB page */
};

static unsigned size_of(uint32_t memop)
{
    return 1u << (memop & IR_MEM_SIZE);
}

/* A number: 0 the current data regime. */
static unsigned regime_of(uint32_t memop)
{
    return (memop & IR_MEM_REGIME) >> 12;
}

static bool touches(const struct mmu_watch *w, va_t va, uint64_t size)
{
    return w->addr - va < size || va - w->addr < w->size;
}

static bool is_watched_page(const struct cpu *cpu, va_t va)
{
    const struct mmu_machine *mm = cpu->machine->mmu;
    const struct mmu_pool *p = mmu_pool_of(cpu);
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    for (uint32_t i = 0; i < mm->n_watches; i++)
        if (touches(&mm->watches[i], page, MEM_PAGE))
            return true;
    for (uint32_t i = 0; i < p->n_watches; i++)
        if (touches(&p->watches[i], page, MEM_PAGE))
            return true;
    return false;
}

static bool is_meant(const struct mmu_watch *w, va_t va, unsigned size, bool load, bool store)
{
    return ((w->load && load) || (w->store && store)) && touches(w, va, size);
}

/* One of the CPU's own. True: not now. */
static bool hits_own_watch(struct cpu *cpu, va_t va, unsigned size, bool load, bool store)
{
    const struct mmu_pool *p = mmu_pool_of(cpu);
    for (uint32_t i = 0; i < p->n_watches; i++)
        if (is_meant(&p->watches[i], va, size, load, store))
            return !cpu->isa->watched(cpu, va, size, store);
    return false;
}

/* Watchpoints stop before the access; the debugger resumes past it with mmu_skip_watch. */
static bool hits_watch(struct cpu *cpu, va_t va, unsigned size, bool load, bool store)
{
    const struct mmu_machine *mm = cpu->machine->mmu;
    if (UNLIKELY(mmu_pool_of(cpu)->n_watches != 0) && hits_own_watch(cpu, va, size, load, store))
        return true;
    if (LIKELY(mm->n_watches == 0) || mmu_pool_of(cpu)->skip_watch)
        return false;
    for (uint32_t i = 0; i < mm->n_watches; i++) {
        const struct mmu_watch *w = &mm->watches[i];
        if (is_meant(w, va, size, load, store)) {
            cpu->debug = (struct cpu_debug){ .kind = CPU_STOP_WATCH, .addr = w->addr,
                                             .access = store ? CPU_STORE : CPU_LOAD };
            cpu->exit |= CPU_EXIT_DEBUG;
            return true;
        }
    }
    return false;
}

static struct mem_attrs attrs_of(const struct cpu *cpu, const struct cpu_map *map)
{
    return (struct mem_attrs){ .requester = MEM_REQUESTER_CPU + cpu->index,
                               .secure = cpu->secure && !map->nonsecure };
}

/* An access that leaves its range has no host address: core/memory takes it apart. */
static void locate(struct cpu *cpu, unsigned size, struct target *t)
{
    struct mem_attrs attrs = attrs_of(cpu, &t->map);
    const struct mem_range *range = mem_lookup_by(cpu->machine->memory, t->map.pa, &attrs);
    t->host = NULL;
    t->ram = NULL;
    t->rom = t->whole = false;
    if (range == NULL || range->region->kind == MEM_MMIO || !mem_is_open(range->region, &attrs))
        return;
    const struct mem_region *r = range->region;
    pa_t page = t->map.pa & ~(pa_t)(MEM_PAGE - 1);
    t->ram = r->ram;
    t->offset = r->ram_offset + (t->map.pa - r->base);
    t->host = range->size - (t->map.pa - range->base) < size ? NULL : r->ram->host + t->offset;
    t->rom = r->kind == MEM_ROM;
    t->whole = page >= range->base && page - range->base + MEM_PAGE <= range->size;
}

/* 0 and *t, or 1 with the fault recorded. Fills the TLB where that is allowed. */
static int translate(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                     unsigned regime, struct target *t)
{
    t->map = (struct cpu_map){ .size = (uint8_t)size };
    if (cpu->isa->walk(cpu, va, access, regime, false, &t->map) != 0)
        return 1;
    locate(cpu, size, t);
    uint32_t set = mmu_set_of(cpu, regime);
    if (t->host == NULL || !t->whole || t->map.no_cache || set == MMU_NO_SET ||
        is_watched_page(cpu, va))
        return 0;
    if (access == CPU_LOAD && t->map.load) {
        mmu_enter(cpu, set, va, CPU_LOAD, &t->map, t->host);
    } else if (access == CPU_STORE && t->map.store && t->map.load && !t->rom && /* AMOs use it, too */
               mem_ram_store_direct(t->ram, t->offset)) {
        mmu_enter(cpu, set, va, CPU_STORE, &t->map, t->host);
        mmu_note_mapped(t->ram, t->offset, cpu->index);
    }
    return 0;
}

/*
 * The host address that a probe by the executor would find, or NULL. Which accesses are probed
 * inline is each executor's business (some probe AMOs, some one for several loads), and a guest
 * that has not fenced yet must not see it: what the TLB holds is used on this way in as well.
 */
static uint8_t *cached(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                       unsigned regime)
{
    uint32_t number = regime == 0 ? 0 : mmu_set_of(cpu, regime);
    const struct mmu_set *set = regime == 0             ? cpu->set
                                : number == MMU_NO_SET ? NULL
                                                       : mmu_pool_of(cpu)->sets[number];
    if (set == NULL)
        return NULL;
    const struct mmu_entry *e =
        &(access == CPU_STORE ? set->store : set->load)[va >> MEM_PAGE_SHIFT & (MMU_WAYS - 1)];
    if ((va ^ e->tag) > MEM_PAGE - size)
        return NULL;
    return (uint8_t *)(uintptr_t)(va + e->addend);
}

/* Likewise of an access over two pages: the host addresses of its `first` bytes and of the rest. */
static bool cached_across(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                          unsigned regime, uint8_t *part[2], unsigned *first)
{
    *first = MEM_PAGE - (unsigned)PAGE_OFFSET(va);
    part[0] = cached(cpu, va, *first, access, regime);
    part[1] = cached(cpu, va + *first, size - *first, access, regime);
    return part[0] != NULL && part[1] != NULL;
}

/* ---- one page ---- */

/* A device sees the time of this very instruction, and whatever it does sees guarded memory. */
static void enter_device(struct cpu *cpu)
{
    ev_set_now(cpu->machine->queue, cpu_now(cpu));
    if (UNLIKELY(cpu->reserved))
        mmu_guard_reservation(cpu);
}

static int load_at(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                   const struct target *t, uint64_t *value)
{
    if (LIKELY(t->host != NULL)) {
        *value = ld_le(t->host, size);
        return 0;
    }
    struct mem_attrs attrs = attrs_of(cpu, &t->map);
    enter_device(cpu);
    enum mem_result why = mem_load(cpu->machine->memory, t->map.pa, size, value, &attrs);
    *value = zext(*value, size * 8);
    if (why == MEM_OK)
        return 0;
    if (cpu->isa->open_bus) {
        *value = zext(~0ull, size * 8);
        return 0;
    }
    cpu->isa->raise_bus(cpu, va, access, why);
    return 1;
}

/* RAM was written at `t`: code, reservations and dirty pages are looked after. */
static void written(struct cpu *cpu, const struct target *t, unsigned size)
{
    cpu->machine->mmu->storing = cpu;
    mem_ram_written(t->ram, t->offset, size);
    cpu->machine->mmu->storing = NULL;
}

/* The block that runs may have lost what follows: leave it before this store, which then comes again, alone. */
static bool must_repeat(struct cpu *cpu)
{
    if (!cpu->code_gone || !cpu->isa->fetches_own_stores || cpu->alone)
        return false;
    cpu->alone = true;
    cpu->exit |= CPU_EXIT_RESYNC;
    return true;
}

static int store_at(struct cpu *cpu, va_t va, unsigned size, const struct target *t, uint64_t value)
{
    if (LIKELY(t->host != NULL && !t->rom)) {
        uint64_t old = ld_le(t->host, size);
        st_le(t->host, value, size);
        cpu->code_gone = false;
        if (t->ram != NULL)
            written(cpu, t, size);
        if (UNLIKELY(must_repeat(cpu))) {
            st_le(t->host, old, size);
            return 1;
        }
        return 0;
    }
    struct mem_attrs attrs = attrs_of(cpu, &t->map);
    enter_device(cpu);
    enum mem_result why = mem_store(cpu->machine->memory, t->map.pa, size, zext(value, size * 8),
                                    &attrs);
    if (why == MEM_OK || why == MEM_READ_ONLY || cpu->isa->open_bus) /* nothing answers a store to ROM, nothing objects */
        return 0;
    cpu->isa->raise_bus(cpu, va, CPU_STORE, why);
    return 1;
}

static uint64_t swap(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

/* Value in memory order to the register's, as the memop says. */
static uint64_t extend(uint64_t v, uint32_t memop)
{
    unsigned size = size_of(memop);
    if (memop & IR_MEM_BE)
        v = swap(v, size);
    return memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
}

static bool crosses(va_t va, unsigned size)
{
    return PAGE_OFFSET(va) + size > MEM_PAGE;
}

static enum cpu_access load_kind(uint32_t memop)
{
    return memop & IR_MEM_STORE_RIGHTS ? CPU_STORE : CPU_LOAD;
}

static bool raises_align(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access, bool ordered)
{
    unsigned size = size_of(memop);
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
    return (memop & (IR_MEM_ALIGNED | IR_MEM_ATOMIC)) && raises_align(cpu, va, memop, access, true);
}

/* ---- loads and stores ---- */

/* What single bytes at `t` will be answered, as far as the map tells. */
static enum mem_result takes_bytes(struct cpu *cpu, const struct target *t)
{
    if (t->host != NULL && !t->rom)
        return MEM_OK;
    struct mem_attrs attrs = attrs_of(cpu, &t->map);
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
                          unsigned regime, struct target t[2], unsigned *first)
{
    *first = MEM_PAGE - (unsigned)PAGE_OFFSET(va);
    if (translate(cpu, va, *first, access, regime, &t[0]) ||
        translate(cpu, va + *first, size - *first, access, regime, &t[1]))
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
    struct target t[2];
    unsigned size = size_of(memop), first;
    enum cpu_access access = load_kind(memop);
    uint8_t *part[2];
    if (cached_across(cpu, va, size, access, regime_of(memop), part, &first)) {
        *value = ld_le(part[0], first) | ld_le(part[1], size - first) << (8 * first);
        return 0;
    }
    if (translate_both(cpu, va, size, access, regime_of(memop), t, &first))
        return 1;
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        struct target *half = &t[i >= first];
        struct target byte = *half;
        uint64_t at = i >= first ? i - first : i, v;
        byte.map.pa += at;
        byte.host = byte.host != NULL ? byte.host + at : NULL;
        if (load_at(cpu, va + i, 1, access, &byte, &v))
            return 1;
        *value |= v << (8 * i);
    }
    return 0;
}

static int store_across(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value)
{
    struct target t[2];
    unsigned size = size_of(memop), first;
    uint8_t *part[2];
    if (cached_across(cpu, va, size, CPU_STORE, regime_of(memop), part, &first)) {
        st_le(part[0], value, first);
        st_le(part[1], value >> (8 * first), size - first);
        return 0;
    }
    if (translate_both(cpu, va, size, CPU_STORE, regime_of(memop), t, &first))
        return 1;
    bool alone = cpu->alone;
    int rc = 0;
    cpu->alone = true; /* in pieces it cannot be undone: code behind it in its own block is seen at the block's end */
    for (unsigned i = 0; i < size && rc == 0; i++) {
        struct target byte = t[i >= first];
        uint64_t at = i >= first ? i - first : i;
        byte.map.pa += at;
        byte.offset += at;
        byte.host = byte.host != NULL ? byte.host + at : NULL;
        rc = store_at(cpu, va + i, 1, &byte, value >> (8 * i) & 0xff);
    }
    cpu->alone = alone;
    return rc;
}

int mmu_slow_load(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    unsigned size = size_of(memop);
    enum cpu_access access = load_kind(memop);
    struct target t;
    int rc = 0;
    if (is_misaligned(cpu, va, memop, access) || hits_watch(cpu, va, size, true, false))
        return 1;
    const uint8_t *host = cached(cpu, va, size, access, regime_of(memop));
    if (host != NULL)
        *value = ld_le(host, size);
    else if (crosses(va, size))
        rc = load_across(cpu, va, memop, value);
    else
        rc = translate(cpu, va, size, access, regime_of(memop), &t) ||
             load_at(cpu, va, size, access, &t, value);
    if (rc == 0)
        *value = extend(*value, memop);
    return rc;
}

int mmu_slow_store(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value)
{
    unsigned size = size_of(memop);
    struct target t;
    if (is_misaligned(cpu, va, memop, CPU_STORE) || hits_watch(cpu, va, size, false, true))
        return 1;
    if (memop & IR_MEM_BE)
        value = swap(zext(value, size * 8), size);
    uint8_t *host = cached(cpu, va, size, CPU_STORE, regime_of(memop));
    if (host != NULL) { /* as plain memory as any store entry's */
        st_le(host, value, size);
        return 0;
    }
    if (crosses(va, size))
        return store_across(cpu, va, memop, value);
    return translate(cpu, va, size, CPU_STORE, regime_of(memop), &t) ||
           store_at(cpu, va, size, &t, value);
}

/* Both halves are translated, and something answers in both, before a byte moves. */
static int open_halves(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access)
{
    struct target t[2];
    unsigned first = 8;
    if (crosses(va, 16))
        return translate_both(cpu, va, 16, access, regime_of(memop), t, &first);
    return translate(cpu, va, 16, access, regime_of(memop), &t[0]);
}

static bool refused128(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access)
{
    return is_misaligned(cpu, va, memop, access) ||
           hits_watch(cpu, va, 16, access == CPU_LOAD, access == CPU_STORE);
}

/* The bytes' place when the TLB holds their page or pages: all in part[0], or `first` of them. */
static bool cached128(struct cpu *cpu, va_t va, uint32_t memop, enum cpu_access access,
                      uint8_t *part[2], unsigned *first)
{
    unsigned regime = regime_of(memop);
    if (crosses(va, 16))
        return cached_across(cpu, va, 16, access, regime, part, first);
    *first = 16;
    part[0] = part[1] = cached(cpu, va, 16, access, regime);
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
    if (refused128(cpu, va, memop, load_kind(memop)))
        return 1;
    if (cached128(cpu, va, memop, load_kind(memop), part, &first)) {
        memcpy(value, part[0], first);
        memcpy((uint8_t *)value + first, part[1], 16 - first);
        return 0;
    }
    if (open_halves(cpu, va, memop, load_kind(memop)) ||
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

/* ---- read-modify-write ---- */

/* Alignment, watchpoints and translation for writing, of what `reads` as well or, SC, does not. */
static int open_rmw(struct cpu *cpu, va_t va, uint32_t memop, bool reads, struct target *t)
{
    unsigned size = size_of(memop), regime = regime_of(memop);
    if (hits_watch(cpu, va, size, reads, true) || raises_align(cpu, va, memop, CPU_STORE, false))
        return 1;
    uint8_t *host = reads ? cached(cpu, va, size, CPU_STORE, regime) : NULL;
    if (host != NULL) {
        *t = (struct target){ .host = host };
        return 0;
    }
    if (translate(cpu, va, size, CPU_STORE, regime, t))
        return 1;
    if (UNLIKELY(reads && !t->map.load) && translate(cpu, va, size, CPU_LOAD, regime, t))
        return 1;
    if (t->rom && !cpu->isa->open_bus) { /* no atomicity there */
        cpu->isa->raise_bus(cpu, va, CPU_STORE, MEM_READ_ONLY);
        return 1;
    }
    return 0;
}

static uint64_t amo_result(enum ir_amo op, uint64_t old, uint64_t value, unsigned size)
{
    uint64_t a = zext(old, size * 8), b = zext(value, size * 8);
    int64_t sa = (int64_t)sext(old, size * 8), sb = (int64_t)sext(value, size * 8);
    switch (op) {
    case IR_AMO_SWAP: return value;
    case IR_AMO_ADD:  return old + value;
    case IR_AMO_AND:  return old & value;
    case IR_AMO_OR:   return old | value;
    case IR_AMO_XOR:  return old ^ value;
    case IR_AMO_MIN:  return sa < sb ? old : value;
    case IR_AMO_MAX:  return sa > sb ? old : value;
    case IR_AMO_MINU: return a < b ? old : value;
    case IR_AMO_MAXU: return a > b ? old : value;
    }
    return value;
}

/* A plain access of the same place and rights: what an atomic one across two pages is made of, where it is allowed. */
static uint32_t plain(uint32_t memop)
{
    return (memop & ~(uint32_t)(IR_MEM_ATOMIC | IR_MEM_ALIGNED | IR_MEM_SIGNED)) | IR_MEM_STORE_RIGHTS;
}

/* On one host thread nothing comes between the load and the store. */
static int cas_across(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value, uint64_t *old)
{
    unsigned size = size_of(memop);
    uint64_t v;
    if (raises_align(cpu, va, memop, CPU_STORE, false) || mmu_slow_load(cpu, va, plain(memop), &v))
        return 1;
    if (v == zext(expected, size * 8) && mmu_slow_store(cpu, va, plain(memop), value))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

static int amo_across(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value, uint64_t *old)
{
    unsigned size = size_of(memop);
    uint64_t v;
    if (raises_align(cpu, va, memop, CPU_STORE, false) || mmu_slow_load(cpu, va, plain(memop), &v) ||
        mmu_slow_store(cpu, va, plain(memop), amo_result(op, v, value, size)))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

int mmu_slow_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value,
                 uint64_t *old)
{
    unsigned size = size_of(memop);
    struct target t;
    uint64_t v;
    if (UNLIKELY(crosses(va, size)))
        return amo_across(cpu, va, memop, op, value, old);
    if (open_rmw(cpu, va, memop, true, &t) ||
        load_at(cpu, va, size, CPU_STORE, &t, &v))
        return 1;
    v = memop & IR_MEM_BE ? swap(v, size) : v;
    uint64_t result = amo_result(op, v, value, size);
    if (memop & IR_MEM_BE)
        result = swap(zext(result, size * 8), size);
    if (store_at(cpu, va, size, &t, result))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

int mmu_slow_cas(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value,
                 uint64_t *old)
{
    unsigned size = size_of(memop);
    struct target t;
    uint64_t v;
    if (UNLIKELY(crosses(va, size)))
        return cas_across(cpu, va, memop, expected, value, old);
    if (open_rmw(cpu, va, memop, true, &t) ||
        load_at(cpu, va, size, CPU_STORE, &t, &v))
        return 1;
    v = memop & IR_MEM_BE ? swap(v, size) : v;
    if (v == zext(expected, size * 8)) {
        value = memop & IR_MEM_BE ? swap(zext(value, size * 8), size) : value;
        if (store_at(cpu, va, size, &t, value))
            return 1;
    }
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

int mmu_slow_cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2],
                    uint64_t old[2])
{
    struct target t;
    if (open_rmw(cpu, va, 4 | IR_MEM_ALIGNED, true, &t))
        return 1;
    if (t.host == NULL && cpu->isa->open_bus) {
        old[0] = old[1] = ~0ull;
        return 0;
    }
    if (t.host == NULL) { /* devices take 8 bytes at most */
        cpu->isa->raise_bus(cpu, va, CPU_STORE, MEM_BAD_SIZE);
        return 1;
    }
    old[0] = ld_le64(t.host);
    old[1] = ld_le64(t.host + 8);
    if (old[0] == expected[0] && old[1] == expected[1]) {
        st_le64(t.host, value[0]);
        st_le64(t.host + 8, value[1]);
        if (t.ram != NULL)
            written(cpu, &t, 16);
    }
    return 0;
}

/* ---- reservations ---- */

int mmu_load_reserved(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    unsigned size = size_of(memop);
    enum cpu_access access = load_kind(memop);
    struct target t;
    mmu_drop_reservation(cpu);
    if (hits_watch(cpu, va, size, true, false) || raises_align(cpu, va, memop, access, false))
        return 1;
    if (translate(cpu, va, size, access, regime_of(memop), &t))
        return 1;
    if (t.host == NULL || t.rom) { /* reservability is an attribute of main memory */
        cpu->isa->raise_bus(cpu, va, access, MEM_REFUSED);
        return 1;
    }
    if (load_at(cpu, va, size, access, &t, value))
        return 1;
    *value = extend(*value, memop);
    mmu_reserve(cpu, t.map.pa, size);
    return 0;
}

int mmu_store_conditional(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value, uint64_t *failed)
{
    unsigned size = size_of(memop);
    struct target t;
    if (open_rmw(cpu, va, memop, false, &t))
        return 1;
    bool holds = cpu->reserved && t.host != NULL && cpu->reserved_pa == t.map.pa &&
                 cpu->reserved_size == size;
    mmu_drop_reservation(cpu);
    *failed = !holds;
    if (!holds)
        return 0;
    if (memop & IR_MEM_BE)
        value = swap(zext(value, size * 8), size);
    return store_at(cpu, va, size, &t, value);
}

/* ---- others ---- */

uint8_t *mmu_host(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, pa_t *pa)
{
    struct target t;
    if (hits_watch(cpu, va, size, access != CPU_STORE, access == CPU_STORE) ||
        translate(cpu, va, size, access, 0, &t))
        return NULL;
    *pa = t.map.pa;
    if (t.host == NULL || !t.whole || (t.rom && access == CPU_STORE))
        return NULL;
    return t.host;
}

int mmu_fetch(struct cpu *cpu, va_t va, struct mem_ram **ram, uint64_t *offset)
{
    struct target t = { .map = { .size = 2 } };
    if (cpu->isa->walk(cpu, va, CPU_FETCH, 0, false, &t.map) != 0)
        return 1;
    locate(cpu, 1, &t);
    if (t.host == NULL || !t.whole) {
        cpu->isa->raise_fetch(cpu, va, MEM_NOTHING);
        return 1;
    }
    *ram = t.ram;
    *offset = t.offset;
    struct mmu_pool *p = mmu_pool_of(cpu);
    if (t.map.no_cache)
        return 0;
    struct mmu_entry *e = &cpu->set->fetch[va >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)];
    e->tag = va & ~(va_t)(MEM_PAGE - 1);
    e->addend = mmu_page_id(t.ram, t.offset);
    mmu_log(cpu->set, MMU_AT_FETCH + (uint32_t)(va >> MEM_PAGE_SHIFT & (MMU_FETCHES - 1)));
    p->tags[p->current].filled = true;
    mmu_note_size(&p->tags[p->current], va, t.map.page_shift);
    return 0;
}

void mmu_fetch_rest(struct cpu *cpu, va_t va)
{
    struct mem_ram *ram;
    uint64_t offset;
    if (mmu_fetch(cpu, va, &ram, &offset) == 0)
        cpu->exit |= CPU_EXIT_RESYNC;
}

static int debug_access(struct cpu *cpu, va_t va, uint8_t *buf, size_t n, bool write)
{
    static const enum cpu_access kinds[] = { CPU_LOAD, CPU_FETCH, CPU_STORE };
    struct mem_attrs attrs = { .requester = MEM_REQUESTER_CPU + cpu->index, .secure = cpu->secure, .debug = 1 };
    while (n != 0) {
        size_t piece = MIN(n, MEM_PAGE - PAGE_OFFSET(va));
        struct cpu_map map = { 0 };
        size_t k = 0;
        while (k < ARRAY_LEN(kinds) && cpu->isa->walk(cpu, va, kinds[k], 0, true, &map) != 0)
            k++;
        if (k == ARRAY_LEN(kinds))
            return ERR_ABSENT;
        enum mem_result rc = write ? mem_write(cpu->machine->memory, map.pa, buf, piece, &attrs)
                                   : mem_read(cpu->machine->memory, map.pa, buf, piece, &attrs);
        if (rc != MEM_OK)
            return ERR_ABSENT;
        va += piece;
        buf += piece;
        n -= piece;
    }
    return 0;
}

int mmu_debug_read(struct cpu *cpu, va_t va, void *buf, size_t n)
{
    return debug_access(cpu, va, buf, n, false);
}

int mmu_debug_write(struct cpu *cpu, va_t va, const void *buf, size_t n)
{
    return debug_access(cpu, va, (uint8_t *)(uintptr_t)buf, n, true);
}

int mmu_set_watches(struct machine *m, const struct mmu_watch *w, uint32_t n, struct err *e)
{
    struct mmu_watch *copy = NULL;
    if (m->mmu == NULL)
        return err_set(e, ERR_STATE, "watchpoints need a CPU with a software TLB");
    if (n != 0 && (copy = calloc(n, sizeof(*copy))) == NULL)
        return err_set(e, ERR_NOMEM, "no memory for %u watchpoints", n);
    for (uint32_t i = 0; i < n; i++)
        copy[i] = w[i];
    free(m->mmu->watches);
    m->mmu->watches = copy;
    m->mmu->n_watches = n;
    mmu_flush_all_cpus(m);
    return 0;
}

void mmu_set_cpu_watches(struct cpu *cpu, const struct mmu_watch *w, uint32_t n)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    p->n_watches = MIN(n, MMU_CPU_WATCHES);
    for (uint32_t i = 0; i < p->n_watches; i++) {
        p->watches[i] = w[i];
        mmu_flush_page(cpu, w[i].addr, (w[i].addr & (MEM_PAGE - 1)) + w[i].size, MMU_ANY, MMU_ANY);
    }
}

void mmu_skip_watch(struct cpu *cpu, bool skip)
{
    mmu_pool_of(cpu)->skip_watch = skip;
}
