/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page walk of mmu/x86.h: SDM volume 3, 5.3 to 5.8. One loop serves the four formats; what
 * tells them apart is how many levels there are, how wide an entry is and which levels may map.
 */
#include "mmu/x86_impl.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

static unsigned levels(enum mmu_x86_mode mode)
{
    static const uint8_t n[] = {
        [MMU_X86_32BIT] = 2, [MMU_X86_PAE] = 3, [MMU_X86_4LEVEL] = 4, [MMU_X86_5LEVEL] = 5
    };
    return n[mode];
}

static bool is_wide(const struct mmu_x86_regime *r)
{
    return r->mode != MMU_X86_32BIT;
}

/* Where a table's entry lies for the memory bus; false: the second stage said no. */
static bool locate(struct walk *w, pa_t *pa, bool write)
{
    const struct mmu_x86_regime *r = w->r;
    struct cpu_map map = { .size = 8 };
    *pa &= r->a20;
    if (r->nested == NULL)
        return true;
    if (!r->nested(r->nested_arg, *pa, write ? CPU_STORE : CPU_LOAD, true, &map)) {
        w->nested_failed = true;
        return false;
    }
    *pa = map.pa;
    return true;
}

static void charge(const struct walk *w, pa_t pa, bool write)
{
    struct cpu *cpu = w->r->cpu;
    if (cpu != NULL && cpu->tm != NULL && (cpu->tm->model->hooks & TM_WALK))
        cpu->budget -= cpu->tm->model->walk_access(cpu->tm, pa, write);
}

static bool read_entry(struct walk *w, struct step *s)
{
    const struct mem_attrs attrs = { .secure = w->r->smm };
    uint64_t v = ~0ull;
    unsigned size = is_wide(w->r) ? 8 : 4;
    pa_t pa = s->pa;
    if (!locate(w, &pa, false))
        return false;
    if (!w->probe)
        charge(w, pa, false);
    if (w->range == NULL || pa - w->range->base >= w->range->size)
        w->range = mem_lookup_by(w->r->memory, pa, &attrs);
    const struct mem_region *region = w->range != NULL ? w->range->region : NULL;
    s->host = NULL;
    if (LIKELY(region != NULL && region->kind == MEM_RAM &&
               mem_is_open(region, &attrs))) { /* all of it */
        s->host = region->ram->host + region->ram_offset + (pa - region->base);
        v = ld_le(s->host, size);
    } else if (region == NULL || region->kind == MEM_MMIO ||
               mem_load(w->r->memory, pa, size, &v, &attrs) != MEM_OK) {
        v = ~0ull; /* an empty bus */
    }
    s->entry = zext(v, size * 8);
    return true;
}

/* Bits that must be 0 in an entry of `level` (5.4.2 table 5-6, 5.3 for PSE-36). */
static uint64_t reserved(const struct mmu_x86_regime *r, unsigned level, uint64_t e)
{
    bool maps = level == 1 || ((e & PTE_PS) && level <= 3);
    if (!is_wide(r)) {
        if (level != 2 || !maps)
            return 0;
        if (!r->pse36)
            return 0x3fe000; /* bits 21:13 */
        unsigned high = r->pa_bits < 40 ? r->pa_bits : 40;
        return 1u << 21 | ((0xffu << 13) & ~((1u << (high - 32 + 13)) - 1) & 0x1fe000);
    }
    uint64_t rsvd = (~0ull << r->pa_bits) & 0x000fffffffffffffull;
    if (r->mode == MMU_X86_PAE)
        rsvd |= 0x7ff0000000000000ull; /* no protection keys, nothing ignored */
    if (!r->nxe)
        rsvd |= PTE_NX;
    if (level >= 4 || (level == 3 && r->mode != MMU_X86_PAE && !r->pages1g))
        rsvd |= PTE_PS;
    if (maps && level == 2)
        rsvd |= 0x1fe000;
    if (maps && level == 3)
        rsvd |= 0x3fffe000;
    return rsvd;
}

/* ---- the walk ---- */

/* Read tables down to what maps `va`. 0; or the bits of the fault. */
static uint32_t descend(struct walk *w, va_t va)
{
    const struct mmu_x86_regime *r = w->r;
    unsigned bits = is_wide(r) ? 9 : 10, entry = is_wide(r) ? 8 : 4, top = levels(r->mode);
    uint64_t table =
        r->mode == MMU_X86_32BIT ? r->cr3 & 0xfffff000 : r->cr3 & 0x000ffffffffff000ull;
    w->allow = PTE_W | PTE_U;
    if (mmu_x86_keeps(w))
        mmu_x86_resume(w, va, &top, &table);
    for (unsigned level = top; level > 0; level--) {
        struct step *s = &w->steps[w->n];
        if (level == 3 && r->mode == MMU_X86_PAE) { /* loaded with CR3, checked then */
            uint64_t pdpte = r->pdpte[va >> 30 & 3];
            if (!(pdpte & PTE_P))
                return MMU_X86_P;
            table = pdpte & 0x000ffffffffff000ull;
            continue;
        }
        unsigned shift = 12 + bits * (level - 1);
        s->pa = table + (va >> shift & ((1u << bits) - 1)) * entry;
        if (!read_entry(w, s))
            return MMU_X86_RSVD; /* not looked at */
        w->n++;
        w->level = level;
        uint64_t e = s->entry;
        if (!(e & PTE_P))
            return MMU_X86_P; /* stands for: not present */
        if (!is_wide(r) && level == 2 && !r->pse)
            e &= ~(uint64_t)PTE_PS; /* ignored, and kept */
        if (e & reserved(r, level, e))
            return MMU_X86_RSVD;
        w->allow &= e;
        w->nx |= r->nxe && (e & PTE_NX);
        if (level == 1 || (e & PTE_PS))
            return 0;
        table = e & (is_wide(r) ? 0x000ffffffffff000ull : 0xfffff000);
    }
    return 0;
}

/* The mapping's size and the physical address of `va` in it. */
static unsigned mapped(const struct walk *w, va_t va, pa_t *pa)
{
    const struct mmu_x86_regime *r = w->r;
    uint64_t e = w->steps[w->n - 1].entry;
    unsigned shift = 12 + (is_wide(r) ? 9 : 10) * (w->level - 1);
    uint64_t base;
    if (is_wide(r)) {
        base = e & 0x000ffffffffff000ull & (~0ull << shift);
    } else {
        base = e & 0xfffff000 & (UINT32_MAX << shift);
        if (w->level == 2 && r->pse36)
            base |= (e >> 13 & 0xff) << 32;
    }
    *pa = base | (va & ((1ull << shift) - 1));
    return shift;
}

/* Access and write disable bits of the page's protection key (5.6.2). */
static unsigned key_disables(const struct mmu_x86_regime *r, uint64_t entry, bool user_page)
{
    unsigned key = entry >> 59 & 15;
    if (r->mode < MMU_X86_4LEVEL || !(user_page ? r->pke : r->pks))
        return 0;
    return (user_page ? r->pkru : r->pkrs) >> (2 * key) & 3;
}

/*
 * What the regime's rights allow where `entry` maps and all levels together give `allow` and `nx` (5.6.1); and may this
 * access be done? If not, the rest of *error: the key's flag if it refuses data, whatever else does (5.7, PK flag).
 */
static inline bool allows(const struct mmu_x86_regime *r, uint64_t allow, bool nx, uint64_t entry, enum cpu_access access,
                          struct cpu_map *map, uint32_t *error)
{
    bool user_page = allow & PTE_U, writable = allow & PTE_W;
    if (r->user) {
        map->load = user_page;
        map->store = user_page && writable;
        map->fetch = user_page && !nx;
    } else {
        bool barred = user_page && r->smap;
        map->load = !barred;
        map->store = !barred && (writable || !r->wp);
        map->fetch = !(user_page && r->smep) && !nx;
    }
    unsigned key = key_disables(r, entry, user_page);
    bool no_write = (key & 1) || ((key & 2) && (r->user || r->wp));
    map->load &= !(key & 1);
    map->store &= !no_write;
    if (LIKELY(access == CPU_LOAD ? map->load : access == CPU_STORE ? map->store : map->fetch))
        return true;
    bool by_key = access == CPU_LOAD ? key & 1 : access == CPU_STORE && no_write;
    *error |= MMU_X86_P | (by_key ? MMU_X86_PK : 0);
    return false;
}

/* Accessed in every level, dirty in the last (5.8). False: the second stage refused. */
static bool update(struct walk *w, bool dirty)
{
    const struct mem_attrs attrs = { .secure = w->r->smm };
    unsigned size = is_wide(w->r) ? 8 : 4;
    for (unsigned i = 0; i < w->n; i++) {
        struct step *s = &w->steps[i];
        uint64_t want = s->entry | PTE_A | (dirty && i + 1 == w->n ? PTE_D : 0);
        if (want == s->entry)
            continue;
        pa_t pa = s->pa;
        if (UNLIKELY(w->r->cpu != NULL && w->r->cpu->still))
            return false;
        if (!locate(w, &pa, true))
            return false;
        charge(w, pa, true);
        enum mem_result why; /* into ROM or nothing: lost, as on a bus */
        if (!mem_replace(w->r->memory, pa, size, s->entry, want, &attrs, &why)) {
            w->changed = true;
            return true;
        }
        s->entry = want;
    }
    return true;
}

static enum mmu_x86_fault finish(const struct mmu_x86_regime *r, struct cpu_map *map,
                                 enum cpu_access access)
{
    map->pa &= r->a20;
    if (r->nested == NULL)
        return MMU_X86_OK;
    struct cpu_map outer = { .size = map->size };
    if (!r->nested(r->nested_arg, map->pa, access, false, &outer))
        return MMU_X86_NESTED;
    map->pa = outer.pa;
    map->page_shift = MIN(map->page_shift, outer.page_shift);
    map->load &= outer.load;
    map->store &= outer.store;
    map->fetch &= outer.fetch;
    map->no_cache |= outer.no_cache;
    return MMU_X86_OK;
}

static uint32_t error_of(const struct mmu_x86_regime *r, enum cpu_access access)
{
    return (access == CPU_STORE ? MMU_X86_W : 0) | (r->user ? MMU_X86_U : 0) |
           (access == CPU_FETCH && (r->nxe || r->smep) ? MMU_X86_I : 0);
}

/* False: by the long way, another CPU has changed the entry, or its table may not be written now. */
static bool mark(const struct mmu_x86_regime *r, const struct mmu_x86_tables *t, unsigned at, uint64_t from, uint64_t to)
{
    if (UNLIKELY(r->cpu != NULL && r->cpu->still))
        return false;
    if (!__atomic_compare_exchange_n((uint64_t *)(void *)(t->host + at), &from, to, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return false;
    mem_ram_written(t->ram, t->offset + at, 8);
    return true;
}

/*
 * Where an earlier walk led to the last table there is one entry to be read: most walks of a guest that maps page by page,
 * and those for a page that was just missing. False: the long way finds the same, or what is wrong.
 */
static bool walk_last(const struct mmu_x86_regime *r, va_t va, enum cpu_access access, struct cpu_map *map, uint32_t *error,
                      enum mmu_x86_fault *fault)
{
    const struct mmu_x86_tables *t = mmu_x86_tables_of(r, va);
    if (t->host == NULL || !mmu_x86_leads_there(r, t, va))
        return false;
    unsigned at = (va >> 12 & 511) * 8;
    uint64_t e = ld_le64(t->host + at);
    *error = error_of(r, access);
    *fault = MMU_X86_PAGE_FAULT;
    if (!(e & PTE_P))
        return true;
    if (UNLIKELY(e & reserved(r, 1, e)))
        return false;
    if (!allows(r, t->allow & e, t->nx || (r->nxe && (e & PTE_NX)), e, access, map, error))
        return true;
    uint64_t want = e | PTE_A | (access == CPU_STORE ? PTE_D : 0);
    if (want != e && !mark(r, t, at, e, want))
        return false;
    map->page_shift = 12;
    map->global = r->global && (e & PTE_G);
    map->pa = ((e & 0x000ffffffffff000ull) | (va & 0xfff)) & r->a20;
    map->store &= (want & PTE_D) != 0; /* the first store must come here, to set it */
    *fault = MMU_X86_OK;
    return true;
}

static enum mmu_x86_fault walk_all(const struct mmu_x86_regime *r, va_t va, enum cpu_access access, bool probe,
                                   struct cpu_map *map, uint32_t *error)
{
    struct walk w;
again:
    w = (struct walk){ .r = r, .probe = probe };
    uint32_t fault = descend(&w, va);
    if (w.nested_failed)
        return MMU_X86_NESTED;
    *error = error_of(r, access);
    if (fault != 0) {
        *error |= fault == MMU_X86_RSVD ? MMU_X86_RSVD | MMU_X86_P : 0;
        return MMU_X86_PAGE_FAULT;
    }
    uint64_t entry = w.steps[w.n - 1].entry;
    map->page_shift = (uint8_t)mapped(&w, va, &map->pa);
    map->global = r->global && (entry & PTE_G);
    if (!allows(r, w.allow, w.nx, entry, access, map, error) && !probe)
        return MMU_X86_PAGE_FAULT;
    if (!probe && !update(&w, access == CPU_STORE))
        return MMU_X86_NESTED;
    if (UNLIKELY(w.changed))
        goto again;
    if (!(w.steps[w.n - 1].entry & PTE_D))
        map->store = false; /* the first store must come here, to set it */
    enum mmu_x86_fault second = finish(r, map, access);
    if (second == MMU_X86_OK && mmu_x86_keeps(&w)) {
        if (w.level != w.resumed)
            mmu_x86_keep_tables(&w, va);
        if (r->key != 0)
            mmu_x86_take_note(&w, va, access, map);
    }
    return second;
}

enum mmu_x86_fault mmu_x86_walk(const struct mmu_x86_regime *r, va_t va, unsigned size,
                                enum cpu_access access, bool probe, struct cpu_map *map,
                                uint32_t *error)
{
    enum mmu_x86_fault fault;
    (void)size;
    if (r->mode == MMU_X86_OFF) {
        map->pa = va;
        map->page_shift = 12;
        map->load = map->store = map->fetch = true;
        map->global = false;
        return finish(r, map, access);
    }
    bool short_way = r->notes != NULL && r->key == 0 && !probe && r->mode >= MMU_X86_4LEVEL && r->nested == NULL;
    if (short_way && walk_last(r, va, access, map, error, &fault))
        return fault;
    return walk_all(r, va, access, probe, map, error);
}

bool mmu_x86_pdptes_ok(const uint64_t pdpte[4], uint8_t pa_bits)
{
    uint64_t rsvd = 0x1e6 | (~0ull << pa_bits); /* bits 2:1, 8:5 and what lies above the address */
    for (unsigned i = 0; i < 4; i++)
        if ((pdpte[i] & PTE_P) && (pdpte[i] & rsvd))
            return false;
    return true;
}
