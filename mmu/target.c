/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an access inside one page goes: the walk, RAM or a device behind it, the TLB entry that is made on the way; and
 * the accesses that want no more than that: fetches, host pointers, debuggers.
 */
#include "mmu/access_impl.h"
#include "core/util/bytes.h"

struct mem_attrs mmu_attrs_of(const struct cpu *cpu, const struct cpu_map *map)
{
    return (struct mem_attrs){ .requester = MEM_REQUESTER_CPU + cpu->index,
                               .secure = cpu->secure && !map->nonsecure };
}

/* An access that leaves its range has no host address: core/memory takes it apart. */
static void locate(struct cpu *cpu, unsigned size, struct mmu_target *t)
{
    struct mem_attrs attrs = mmu_attrs_of(cpu, &t->map);
    const struct mem_range *range = mem_lookup_by(cpu->machine->memory, t->map.pa, &attrs);
    t->host = NULL;
    t->ram = NULL;
    t->rom = t->whole = false;
    t->device = NULL;
    if (range == NULL || !mem_is_open(range->region, &attrs))
        return;
    if (range->region->kind == MEM_MMIO) {
        t->device = range;
        return;
    }
    const struct mem_region *r = range->region;
    pa_t page = t->map.pa & ~(pa_t)(MEM_PAGE - 1);
    t->ram = r->ram;
    t->offset = r->ram_offset + (t->map.pa - r->base);
    t->host = range->size - (t->map.pa - range->base) < size ? NULL : r->ram->host + t->offset;
    t->rom = r->kind == MEM_ROM;
    t->whole = page >= range->base && page - range->base + MEM_PAGE <= range->size;
}

static void enter_load(struct cpu *cpu, uint32_t set, va_t va, const struct mmu_target *t)
{
    if (t->map.load)
        mmu_enter(cpu, set, va, CPU_LOAD, &t->map, t->host);
}

static void enter_store(struct cpu *cpu, uint32_t set, va_t va, const struct mmu_target *t)
{
    if (t->map.store && t->map.load && !t->rom && /* AMOs use it, too */
        mem_ram_store_direct(t->ram, t->offset) && mmu_note_mapped(t->ram, t->offset, cpu->index))
        mmu_enter(cpu, set, va, CPU_STORE, &t->map, t->host);
}

static void enter_device_page(struct cpu *cpu, uint32_t set, va_t va, const struct mmu_target *t)
{
    const struct mem_range *r = t->device;
    pa_t page = t->map.pa & ~(pa_t)(MEM_PAGE - 1);
    uint64_t from = r->base > page ? r->base - page : 0, n = r->size - (page + from - r->base);
    mmu_enter_device(mmu_pool_of(cpu), set, va, &t->map, (unsigned)from, (unsigned)(from + MIN(n, MEM_PAGE - from)));
}

bool mmu_known_device(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime,
                      struct mmu_target *t)
{
    const struct mmu_pool *p = mmu_pool_of(cpu);
    uint32_t set = p->n_devices == 0 ? MMU_NO_SET : mmu_set_of(cpu, regime);
    const struct mmu_device *d = set == MMU_NO_SET ? NULL : mmu_find_device(p, set, va, size, access);
    if (d == NULL)
        return false;
    t->host = NULL;
    t->map.pa = d->pa | PAGE_OFFSET(va);
    t->map.nonsecure = d->nonsecure;
    return true;
}

int mmu_translate(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime,
                  struct mmu_target *t)
{
    t->map = (struct cpu_map){ .size = (uint8_t)size };
    if (cpu->isa->walk(cpu, va, access, regime, false, &t->map) != 0)
        return 1;
    locate(cpu, size, t);
    uint32_t set = mmu_set_of(cpu, regime);
    if (t->map.no_cache || set == MMU_NO_SET || mmu_is_watched_page(cpu, va))
        return 0;
    if (t->device != NULL && cpu->uniform != 0)
        enter_device_page(cpu, set, va, t);
    if (t->host == NULL || !t->whole)
        return 0;
    /*
     * What was walked for one kind of access is good for both, as in a processor's TLB: most pages are read and written.
     * A model that charges each walk sees those it always saw.
     */
    bool both = cpu->uniform != 0;
    if (access == CPU_LOAD || both)
        enter_load(cpu, set, va, t);
    if (access == CPU_STORE || both)
        enter_store(cpu, set, va, t);
    return 0;
}

uint8_t *mmu_cached(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, unsigned regime)
{
    uint32_t number = regime == 0 ? 0 : mmu_set_of(cpu, regime);
    const struct mmu_set *set = regime == 0             ? cpu->set
                                : number == MMU_NO_SET ? NULL
                                                       : mmu_pool_of(cpu)->sets[number];
    if (set == NULL)
        return NULL;
    const struct mmu_entry *e =
        &(access == CPU_STORE ? set->store : set->load)[mmu_way(set, va)];
    if ((va ^ e->tag) > MEM_PAGE - size)
        return NULL;
    return (uint8_t *)(uintptr_t)(va + e->addend);
}

/* ---- one page ---- */

/* A device sees the time of this very instruction, and whatever it does sees guarded memory. */
static void enter_device(struct cpu *cpu)
{
    ev_set_now(cpu->machine->queue, cpu_now(cpu));
    if (UNLIKELY(cpu->reserved))
        mmu_guard_reservation(cpu);
}

int mmu_load_at(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access,
                const struct mmu_target *t, uint64_t *value)
{
    if (LIKELY(t->host != NULL)) {
        *value = ld_le(t->host, size);
        return 0;
    }
    struct mem_attrs attrs = mmu_attrs_of(cpu, &t->map);
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

void mmu_written(struct cpu *cpu, const struct mmu_target *t, unsigned size)
{
    cpu->machine->mmu->storing = cpu;
    mem_ram_written(t->ram, t->offset, size);
    cpu->machine->mmu->storing = NULL;
}

bool mmu_must_repeat(struct cpu *cpu)
{
    if (!cpu->code_gone || !cpu->isa->fetches_own_stores || cpu->alone)
        return false;
    cpu->alone = true;
    cpu->exit |= CPU_EXIT_RESYNC;
    return true;
}

int mmu_store_at(struct cpu *cpu, va_t va, unsigned size, const struct mmu_target *t, uint64_t value)
{
    if (LIKELY(t->host != NULL && !t->rom)) {
        uint64_t old = ld_le(t->host, size);
        st_le(t->host, value, size);
        cpu->code_gone = false;
        if (t->ram != NULL)
            mmu_written(cpu, t, size);
        if (UNLIKELY(mmu_must_repeat(cpu))) {
            st_le(t->host, old, size);
            return 1;
        }
        return 0;
    }
    struct mem_attrs attrs = mmu_attrs_of(cpu, &t->map);
    enter_device(cpu);
    enum mem_result why = mem_store(cpu->machine->memory, t->map.pa, size, zext(value, size * 8),
                                    &attrs);
    if (why == MEM_OK || why == MEM_READ_ONLY || cpu->isa->open_bus) /* nothing answers a store to ROM, nothing objects */
        return 0;
    cpu->isa->raise_bus(cpu, va, CPU_STORE, why);
    return 1;
}

/* ---- others ---- */

static uint8_t *host_of(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, pa_t *pa)
{
    struct mmu_target t;
    if (mmu_translate(cpu, va, size, access, 0, &t))
        return NULL;
    *pa = t.map.pa;
    if (t.host == NULL || !t.whole || (t.rom && access == CPU_STORE))
        return NULL;
    return t.host;
}

uint8_t *mmu_host(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, pa_t *pa)
{
    if (mmu_hits_watch(cpu, va, size, access != CPU_STORE, access == CPU_STORE))
        return NULL;
    return host_of(cpu, va, size, access, pa);
}

const uint8_t *mmu_accessed(struct cpu *cpu, va_t va, enum cpu_access access)
{
    pa_t pa;
    return host_of(cpu, va, 1, access, &pa);
}

int mmu_fetch(struct cpu *cpu, va_t va, struct mem_ram **ram, uint64_t *offset)
{
    struct mmu_target t = { .map = { .size = 2 } };
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
    mmu_note_size(p, p->current, va, t.map.page_shift);
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
