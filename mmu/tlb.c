/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets: selection, fences, and what takes entries away from outside (map changes, code,
 * reservations). The slow paths: access_impl.h.
 *
 * A set that is not current is not emptied by a fence; it is given up, and emptied when
 * it is taken again. So a fence costs little however many sets there are.
 */
#include "mmu/tlb_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>

static inline uint64_t invalid_tag(uint32_t i)
{
    return (uint64_t)(i ^ 1) << MEM_PAGE_SHIFT;
}

static inline void forget_stack(struct mmu_set *set)
{
    set->stack = (struct mmu_stack){ 0 };
}

/* A load or store entry is about to change, or to go: what was copied from it goes first. */
static inline void drop_copy(struct mmu_set *set, const struct mmu_entry *e)
{
    if (UNLIKELY(e->tag == set->stack.tag))
        forget_stack(set);
}

static inline void drop_entry(struct mmu_set *set, struct mmu_entry *e, uint32_t i)
{
    drop_copy(set, e);
    e->tag = invalid_tag(i);
}

static void clear_entries(struct mmu_entry *e, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        e[i].tag = invalid_tag(i);
}

void mmu_clear_jumps(struct mmu_set *set)
{
    for (uint32_t i = 0; i < MMU_JUMPS; i++)
        set->jump[i].va = mmu_no_jump(i);
    memset(set->jump_pages, 0, sizeof(set->jump_pages));
}

static void clear_place(struct mmu_set *set, uint32_t place)
{
    if (place >= MMU_AT_JUMP)
        set->jump[place - MMU_AT_JUMP].va = mmu_no_jump(place - MMU_AT_JUMP);
    else if (place >= MMU_AT_FETCH)
        set->fetch[place - MMU_AT_FETCH].tag = invalid_tag(place - MMU_AT_FETCH);
    else if (place >= MMU_AT_STORE)
        drop_entry(set, &set->store[place - MMU_AT_STORE], place - MMU_AT_STORE);
    else
        drop_entry(set, &set->load[place], place);
}

/* What lies behind the first MMU_WAYS entries of a table is not emptied: they are not used until it grows. */
static void clear_set(struct mmu_pool *p, uint32_t i)
{
    struct mmu_set *set = p->sets[i];
    mmu_set_ways(set, MMU_WAYS);
    forget_stack(set);
    p->tags[i].evicted = p->tags[i].sweeps = 0;
    if (LIKELY(set->n_log <= MMU_LOG)) {
        for (uint32_t k = 0; k < set->n_log; k++)
            clear_place(set, set->log[k]);
        if (set->n_log != 0)
            memset(set->jump_pages, 0, sizeof(set->jump_pages));
    } else {
        clear_entries(set->load, MMU_WAYS);
        clear_entries(set->store, MMU_WAYS);
        clear_entries(set->fetch, MMU_FETCHES);
        mmu_clear_jumps(set);
    }
    set->n_log = 0;
    p->tags[i].filled = false;
    mmu_drop_devices_of(p, i);
    if (p->tags[i].shifts != 0)
        memset(p->large[i], 0, sizeof(p->large[i]));
    p->tags[i].shifts = 0;
}

/* ---- sizes ---- */

enum {
    GROWTH = 4,
    BUSY_CYCLES = 4096, /* an entry lost in less than that, on the average: walks take some hundredths of the time */
    MAX_SWEEPS = 32,    /* of a set that has grown: then filling a small one anew is cheaper */
    MAX_GROWING = 16,   /* pools; with more of them sets stay small */
};

/* From `ways` to `more` entries: each stays, or goes up by a multiple of `ways`. */
static void spread(struct mmu_entry *e, uint32_t ways, uint32_t more)
{
    for (uint32_t i = ways; i < more; i++)
        e[i].tag = invalid_tag(i);
    for (uint32_t i = 0; i < ways; i++) {
        uint32_t to = (uint32_t)(e[i].tag >> MEM_PAGE_SHIFT) & (more - 1);
        if (to == i || e[i].tag == invalid_tag(i))
            continue;
        e[to] = e[i];
        e[i].tag = invalid_tag(i);
    }
}

static void grow(struct mmu_set *set)
{
    uint32_t ways = mmu_ways(set);
    spread(set->load, ways, ways * GROWTH);
    spread(set->store, ways, ways * GROWTH);
    mmu_set_ways(set, ways * GROWTH);
    set->n_log = MMU_LOG + 1;
}

/* As many entries were lost as the set has. */
static COLD void lost_many(struct mmu_pool *p, uint32_t i)
{
    struct mmu_tag *t = &p->tags[i];
    uint64_t now = cpu_cycles(p->cpu);
    uint32_t ways = mmu_ways(p->sets[i]);
    if (now - t->since < (uint64_t)ways * BUSY_CYCLES && ways < MMU_MAX_WAYS &&
        p->cpu->machine->mmu->n_pools <= MAX_GROWING) {
        grow(p->sets[i]);
        t->sweeps = 0;
    }
    t->evicted = 0;
    t->since = now;
}

/* A set is about to be swept. True: it was emptied instead. */
static bool swept_often(struct mmu_pool *p, uint32_t i)
{
    if (LIKELY(mmu_ways(p->sets[i]) == MMU_WAYS) || ++p->tags[i].sweeps <= MAX_SWEEPS)
        return false;
    clear_set(p, i);
    return true;
}

/* ---- life ---- */

static struct mmu_set *add_set(struct mmu_pool *p)
{
    if (p->n_sets != 0 && p->n_sets >= MIN(MMU_ALL_SETS / p->cpu->machine->mmu->n_pools, MMU_SETS))
        return NULL;
    struct mmu_set *set = aligned_alloc(64, (sizeof(*set) + 63) & ~(size_t)63);
    if (set == NULL)
        return NULL;
    memset(set->homes, 0, sizeof(set->homes));
    p->sets[p->n_sets] = set;
    p->tags[p->n_sets] = (struct mmu_tag){ .filled = false };
    set->n_log = MMU_LOG + 1; /* all of it is to be emptied */
    clear_set(p, p->n_sets++);
    return set;
}

static void map_changed(void *arg)
{
    mmu_flush_all_cpus(((struct mmu_machine *)arg)->machine);
}

static void alone(void *arg, bool begin)
{
    machine_alone(arg, begin);
}

static int machine_part_of(struct machine *m, struct err *e)
{
    if (m->mmu == NULL) {
        m->mmu = ARENA_NEW(&m->arena, struct mmu_machine);
        if (m->mmu == NULL)
            return err_set(e, ERR_NOMEM, "no memory for the software TLB");
        m->mmu->machine = m;
    }
    if (!m->mmu->listening && mem_add_listener(m->memory, map_changed, m->mmu) < 0)
        return err_set(e, ERR_NOMEM, "no memory for the software TLB");
    m->mmu->listening = true;
    if (m->parallel && m->mmu->stripes == NULL) {
        size_t bytes = MMU_STRIPES * sizeof(*m->mmu->stripes);
        m->mmu->stripes = aligned_alloc(sizeof(*m->mmu->stripes), bytes);
        if (m->mmu->stripes == NULL)
            return err_set(e, ERR_NOMEM, "no memory for the software TLB");
        memset(m->mmu->stripes, 0, bytes);
        mem_share(m->memory, alone, m);
    }
    return 0;
}

int mmu_attach(struct cpu *cpu, struct err *e)
{
    int rc = machine_part_of(cpu->machine, e);
    if (rc < 0)
        return rc;
    if (cpu->index >= MMU_MAX_CPUS)
        return err_set(e, ERR_LIMIT, "%s: more than %u CPUs", cpu->name, MMU_MAX_CPUS);
    struct mmu_pool *p = calloc(1, sizeof(*p));
    if (p == NULL || add_set(p) == NULL) {
        free(p);
        return err_set(e, ERR_NOMEM, "%s: no memory for the software TLB", cpu->name);
    }
    struct mmu_pool **end = &cpu->machine->mmu->pools;
    while (*end != NULL)
        end = &(*end)->next;
    *end = p;
    cpu->machine->mmu->pool[cpu->index] = p;
    cpu->machine->mmu->n_pools++;
    cpu->machine->mmu->n_indices = MAX(cpu->machine->mmu->n_indices, cpu->index + 1);
    p->cpu = cpu;
    p->uses = p->tags[0].last_use = 1;
    cpu->mmu_private = p;
    cpu->set = p->sets[0];
    return 0;
}

void mmu_detach(struct cpu *cpu)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    if (p == NULL)
        return;
    cpu->machine->mmu->pool[cpu->index] = NULL;
    cpu->machine->mmu->guarded[cpu->index] = NULL;
    for (struct mmu_pool **at = &cpu->machine->mmu->pools; *at != NULL; at = &(*at)->next) {
        if (*at == p) {
            *at = p->next;
            cpu->machine->mmu->n_pools--;
            break;
        }
    }
    if (cpu->machine->mmu->pools == NULL) {
        free(cpu->machine->mmu->watches);
        cpu->machine->mmu->watches = NULL;
        cpu->machine->mmu->n_watches = 0;
        free(cpu->machine->mmu->stripes);
        cpu->machine->mmu->stripes = NULL;
    }
    for (uint32_t i = 0; i < p->n_sets; i++)
        free(p->sets[i]);
    free(p);
    cpu->mmu_private = NULL;
    cpu->set = NULL;
}

/* ---- contexts ---- */

/* A free set, a new one, or the one not used for longest. */
static uint32_t victim(struct mmu_pool *p)
{
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < p->n_sets; i++) {
        if (p->tags[i].last_use == 0)
            return i;
        if (p->tags[i].last_use < p->tags[oldest].last_use)
            oldest = i;
    }
    return add_set(p) != NULL ? p->n_sets - 1 : oldest;
}

static bool is_of(const struct mmu_tag *t, uint64_t key, uint32_t asid, uint32_t vmid)
{
    return t->key == key && t->asid == asid && t->vmid == vmid && t->last_use != 0;
}

/* The set of that context, emptied if it was another's. Never the current one's place. */
static uint32_t find_set(struct mmu_pool *p, uint64_t key, uint32_t asid, uint32_t vmid)
{
    uint32_t i = p->previous;
    if (!is_of(&p->tags[i], key, asid, vmid)) {
        for (i = 0; i < p->n_sets && !is_of(&p->tags[i], key, asid, vmid);)
            i++;
        if (i == p->n_sets) {
            i = victim(p);
            clear_set(p, i);
            p->tags[i].key = key;
            p->tags[i].asid = asid;
            p->tags[i].vmid = vmid;
        }
    }
    p->tags[i].last_use = ++p->uses;
    return i;
}

static void make_current(struct mmu_pool *p, uint32_t i)
{
    p->previous = p->current;
    p->current = i;
    p->other_regime = 0;
    p->cpu->set = p->sets[i];
}

bool mmu_select_back(struct cpu *cpu, uint64_t key, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mmu_tag *t = &p->tags[p->previous];
    if (UNLIKELY(!is_of(t, key, asid, vmid)))
        return false;
    t->last_use = ++p->uses;
    make_current(p, p->previous);
    return true;
}

void mmu_select(struct cpu *cpu, uint64_t key, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    if (UNLIKELY(!mmu_select_back(cpu, key, asid, vmid)))
        make_current(p, find_set(p, key, asid, vmid));
}

uint32_t mmu_set_of(struct cpu *cpu, unsigned regime)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    uint64_t key;
    uint32_t asid, vmid;
    if (regime == 0)
        return p->current;
    if (LIKELY(p->other_regime == regime))
        return p->other;
    if (cpu->isa->regime_context == NULL || !cpu->isa->regime_context(cpu, regime, &key, &asid, &vmid))
        return MMU_NO_SET;
    p->tags[p->current].last_use = ++p->uses;
    p->other = find_set(p, key, asid, vmid);
    p->other_regime = regime;
    return p->other;
}

void mmu_flush(struct cpu *cpu, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    p->other_regime = 0;
    mmu_drop_devices(p, asid, vmid, 0, UINT64_MAX);
    for (uint32_t i = 0; i < p->n_sets; i++) {
        if (!mmu_concerns(&p->tags[i], asid, vmid))
            continue;
        if (i == p->current)
            clear_set(p, i);
        else
            p->tags[i].last_use = 0;
    }
    cpu->exit |= CPU_EXIT_RESYNC;
}

/* Entries of the pages that bytes [first, last] touch; `first` is the first of its page. */
static void drop_span(struct mmu_set *set, struct mmu_entry *e, uint32_t n, va_t first, va_t last)
{
    if (last - first < MEM_PAGE) {
        uint32_t i = (uint32_t)(first >> MEM_PAGE_SHIFT) & (n - 1);
        if (e[i].tag == first)
            drop_entry(set, &e[i], i);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (e[i].tag - first <= last - first)
            drop_entry(set, &e[i], i);
}

static void drop_everywhere(struct mmu_set *set, va_t first, va_t last)
{
    drop_span(set, set->load, mmu_ways(set), first, last);
    drop_span(set, set->store, mmu_ways(set), first, last);
    drop_span(set, set->fetch, MMU_FETCHES, first, last);
}

static void drop_jump(struct mmu_set *set, uint32_t i, va_t first, va_t last)
{
    if (set->jump[i].va - first <= last - first)
        set->jump[i].va = mmu_no_jump(i);
}

static void drop_jumps(struct mmu_set *set, va_t first, va_t last)
{
    for (uint32_t k = 0; k < set->n_log && set->n_log <= MMU_LOG; k++)
        if (set->log[k] >= MMU_AT_JUMP)
            drop_jump(set, set->log[k] - MMU_AT_JUMP, first, last);
    if (set->n_log <= MMU_LOG)
        return;
    uint32_t n = last - first < MEM_PAGE ? MMU_JUMPS_OF_PAGE : MMU_JUMPS;
    for (uint32_t i = mmu_jump_index(first), k = 0; k < n; i = (i + 1) % MMU_JUMPS, k++)
        drop_jump(set, i, first, last);
}

/* The address that a place leads to, if anything is entered there. */
static bool place_va(const struct mmu_set *set, uint32_t place, va_t *va)
{
    if (place >= MMU_AT_JUMP) {
        uint32_t i = place - MMU_AT_JUMP;
        *va = set->jump[i].va;
        return *va != mmu_no_jump(i);
    }
    uint32_t i = place >= MMU_AT_FETCH ? place - MMU_AT_FETCH : place % MMU_WAYS;
    const struct mmu_entry *e = place >= MMU_AT_FETCH   ? &set->fetch[i]
                                : place >= MMU_AT_STORE ? &set->store[i]
                                                        : &set->load[i];
    *va = e->tag;
    return *va != invalid_tag(i);
}

/* While it is known what was filled, a large page costs no sweep. What is empty, or stands there twice, leaves the log. */
static bool drop_logged(struct mmu_set *set, va_t first, va_t last)
{
    uint64_t seen[(MMU_AT_JUMP + MMU_JUMPS) / 64] = { 0 };
    uint32_t kept = 0;
    if (set->n_log > MMU_LOG)
        return false;
    for (uint32_t k = 0; k < set->n_log; k++) {
        uint32_t place = set->log[k];
        va_t va;
        if (!place_va(set, place, &va) || (seen[place / 64] >> place % 64 & 1))
            continue;
        if (va - first <= last - first) {
            clear_place(set, place);
            continue;
        }
        seen[place / 64] |= 1ull << place % 64;
        set->log[kept++] = (uint16_t)place;
    }
    set->n_log = kept;
    return true;
}

/* After a sweep: perhaps so little is left that it can be logged again. */
static void log_anew(struct mmu_set *set)
{
    uint32_t n = 0;
    va_t va;
    if (mmu_ways(set) != MMU_WAYS)
        return;
    for (uint32_t place = 0; place < MMU_AT_JUMP + MMU_JUMPS; place++) {
        if (!place_va(set, place, &va))
            continue;
        if (n == MMU_LOG)
            return;
        set->log[n++] = (uint16_t)place;
    }
    set->n_log = n;
}

static void drop_all(struct mmu_pool *p, uint32_t i, va_t first, va_t last)
{
    struct mmu_set *set = p->sets[i];
    if (drop_logged(set, first, last) || swept_often(p, i))
        return;
    drop_everywhere(set, first, last);
    drop_jumps(set, first, last);
    log_anew(set);
}

/*
 * Entries are 4 KiB pieces; a fence of any address of a large page takes the whole page. What
 * size was mapped there when the entries were made is not known, so whatever was entered from
 * a large page covering the address goes, for each size seen: more than asked for at times
 * (the filter errs on that side), never less.
 */
static void flush_one(struct mmu_pool *p, uint32_t i, va_t page)
{
    struct mmu_set *set = p->sets[i];
    if (mmu_filter_has(set->jump_pages, page >> MEM_PAGE_SHIFT))
        drop_jumps(set, page, page + MEM_PAGE - 1);
    drop_everywhere(set, page, page + MEM_PAGE - 1);
    for (uint64_t shifts = p->tags[i].shifts; shifts != 0; shifts &= shifts - 1) {
        unsigned shift = (unsigned)ctz64(shifts);
        if (!mmu_filter_has(p->large[i], page >> shift))
            continue;
        uint64_t within = (1ull << shift) - 1;
        drop_all(p, i, page & ~within, page | within);
    }
}

enum { FEW_PAGES = 64 };

static void flush_many(struct mmu_pool *p, uint32_t i, va_t first, va_t last)
{
    uint64_t within = (1ull << log2_floor(p->tags[i].shifts | MEM_PAGE)) - 1;
    drop_all(p, i, first & ~within, last | within);
}

void mmu_flush_page(struct cpu *cpu, va_t va, uint64_t span, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    uint64_t more = span == 0 ? 0 : span - 1;
    va_t last = more > UINT64_MAX - page ? UINT64_MAX : page + more;
    mmu_drop_devices(p, asid, vmid, page, last | (MEM_PAGE - 1));
    for (uint32_t i = 0; i < p->n_sets; i++) {
        if (!mmu_concerns(&p->tags[i], asid, vmid))
            continue;
        if (more < FEW_PAGES * MEM_PAGE) /* by index, not by sweeping */
            for (va_t at = page; at - page <= more; at += MEM_PAGE)
                flush_one(p, i, at);
        else
            flush_many(p, i, page, last);
    }
    cpu->exit |= CPU_EXIT_RESYNC;
}

void mmu_flush_all_cpus(struct machine *m)
{
    machine_alone(m, true);
    if (m->mmu != NULL)
        m->mmu->recount = true;
    for (struct mmu_pool *p = m->mmu ? m->mmu->pools : NULL; p != NULL; p = p->next) {
        uint32_t before = p->cpu->exit;
        mmu_flush(p->cpu, MMU_ANY, MMU_ANY);
        p->cpu->exit = before; /* an access that is done may have changed the map */
        cpu_kick(p->cpu);
    }
    machine_alone(m, false);
}

void mmu_flush_jumps(struct machine *m)
{
    for (struct mmu_pool *p = m->mmu ? m->mmu->pools : NULL; p != NULL; p = p->next)
        for (uint32_t i = 0; i < p->n_sets; i++)
            mmu_clear_jumps(p->sets[i]);
}

void mmu_enter(struct cpu *cpu, uint32_t set, va_t va, enum cpu_access access, const struct cpu_map *map,
               const uint8_t *host)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mmu_tag *t = &p->tags[set];
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    uint32_t i = mmu_way(p->sets[set], va);
    struct mmu_entry *e = access == CPU_STORE ? &p->sets[set]->store[i] : &p->sets[set]->load[i];
    t->evicted += e->tag != page && e->tag != invalid_tag(i);
    drop_copy(p->sets[set], e);
    e->tag = page;
    e->addend = (uint64_t)(uintptr_t)host - va;
    mmu_log(p->sets[set], (access == CPU_STORE ? MMU_AT_STORE : MMU_AT_LOAD) + i);
    t->filled = true;
    mmu_note_size(p, set, va, map->page_shift);
    if (UNLIKELY(t->evicted >= mmu_ways(p->sets[set])))
        lost_many(p, set);
}

static void drop_store(struct mmu_set *set, uint32_t i, uint64_t host)
{
    if (set->store[i].tag + set->store[i].addend == host)
        drop_entry(set, &set->store[i], i);
}

static void drop_stores(struct mmu_pool *p, uint64_t host)
{
    for (uint32_t s = 0; s < p->n_sets; s++) {
        struct mmu_set *set = p->sets[s];
        if (p->tags[s].last_use == 0 || !p->tags[s].filled || (set->n_log > MMU_LOG && swept_often(p, s)))
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
