/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables in memory: manual, "Multi-level Page Table Structure Supported by Page Walking", LDDIR and LDPTE, PWCL
 * and PWCH.
 *
 *   PGDL or PGDH -> Dir4 -> Dir3 -> Dir2 -> Dir1 -> page table
 *
 * A level of width 0 is not there. Bit 6 of a directory's entry makes it the entry of a huge page, which the TLB holds
 * as a pair of halves.
 *
 * The hardware walk is not described in the manual beyond PWCH.HPTW_En; what P and W mean to it is taken from Linux,
 * which relies on it (arch/loongarch, cpu_has_ptw).
 */
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "mmu/loongarch_impl.h"

#define LA_PWCL_PTEWIDTH 31, 30
#define LA_PWCH_HPTW     24, 24

enum { LEVEL_PT = 0, LEVEL_TOP = 4 };
struct level {
    unsigned base, width;
};

static struct level level_of(const struct mmu_la_regime *r, unsigned level)
{
    switch (level) {
    case 1: return (struct level){ r->pwcl >> 10 & 31, r->pwcl >> 15 & 31 };
    case 2: return (struct level){ r->pwcl >> 20 & 31, r->pwcl >> 25 & 31 };
    case 3: return (struct level){ r->pwch & 63, r->pwch >> 6 & 63 };
    case 4: return (struct level){ r->pwch >> 12 & 63, r->pwch >> 18 & 63 };
    default: return (struct level){ r->pwcl & 31, r->pwcl >> 5 & 31 };
    }
}

/* Where a table has the entry for va. */
static pa_t entry_at(const struct mmu_la_regime *r, uint64_t table, struct level l, va_t va)
{
    uint64_t index = zext(va >> l.base, l.width);
    uint64_t bytes = 8 * (F_GET(r->pwcl, LA_PWCL_PTEWIDTH) + 1);
    return zext((table & ~7ull) + index * bytes, r->f->pa_bits);
}

static void charge(const struct mmu_la_regime *r, pa_t pa, bool write)
{
    const struct tm_cpu *tm = r->cpu != NULL ? r->cpu->tm : NULL;
    if (tm != NULL && (tm->model->hooks & TM_WALK))
        r->cpu->budget -= tm->model->walk_access(r->cpu->tm, pa, write);
}

/* A guest's tables lie at addresses of its own. */
static bool find_below(const struct mmu_la_regime *r, pa_t *pa, bool write)
{
    struct mmu_la_result out;
    if (r->below == NULL)
        return true;
    r->below->gpa = *pa;
    r->below->write = write;
    r->below->fault = mmu_la_walk_below(r->below->r, *pa, write ? CPU_STORE : CPU_LOAD, 0, &out);
    *pa = out.pa;
    return r->below->fault == MMU_LA_OK;
}

/* Tables lie in memory; registers of devices are refused. */
static bool read_entry(const struct mmu_la_regime *r, pa_t pa, uint64_t *value)
{
    uint64_t n;
    if (!find_below(r, &pa, false))
        return false;
    const uint8_t *host = mem_pointer(r->memory, pa, &n, false);
    if (host == NULL || n < 8)
        return false;
    charge(r, pa, false);
    *value = ld_le64(host);
    return true;
}

static bool write_entry(const struct mmu_la_regime *r, pa_t pa, uint64_t from, uint64_t value, bool *changed)
{
    uint64_t n;
    enum mem_result why;
    if (UNLIKELY(r->cpu != NULL && r->cpu->still))
        return false;
    if (!find_below(r, &pa, true) || mem_pointer(r->memory, pa, &n, true) == NULL)
        return false;
    charge(r, pa, true);
    *changed = !mem_replace(r->memory, pa, 8, from, value, NULL, &why);
    return why == MEM_OK;
}

uint64_t mmu_la_lddir(const struct mmu_la_regime *r, uint64_t base, unsigned level, va_t badv, bool *bus)
{
    uint64_t value = 0;
    *bus = false;
    if (F_GET(base, LA_PTE_H)) /* already at a huge page: the first level passed over says how large it is */
        return F_GET(base, LA_PTE_LEVEL) == 0 ? F_PUT(base, LA_PTE_LEVEL, level) : base;
    *bus = !read_entry(r, entry_at(r, base, level_of(r, level), badv), &value);
    return value;
}

/* A huge page's entry as one of an ordinary page: no H, no LEVEL, and G where that belongs. */
static uint64_t plain(uint64_t huge)
{
    uint64_t g = F_GET(huge, LA_PTE_HG);
    huge &= ~(F_MASK(LA_PTE_HG) | F_MASK(LA_PTE_LEVEL));
    return F_PUT(huge, LA_PTE_G, g);
}

uint64_t mmu_la_ldpte(const struct mmu_la_regime *r, uint64_t base, unsigned seq, va_t badv, uint8_t *ps, bool *bus)
{
    *bus = false;
    if (F_GET(base, LA_PTE_H)) {
        struct level below = level_of(r, (unsigned)F_GET(base, LA_PTE_LEVEL));
        unsigned shift = below.base + below.width;
        *ps = (uint8_t)(shift == 0 ? 0 : shift - 1);
        uint64_t elo = plain(base);
        if (seq & 1 && *ps < 64)
            elo |= BIT(*ps);
        return elo & mmu_la_elo_mask(r->f);
    }
    struct level pt = level_of(r, LEVEL_PT);
    uint64_t value = 0;
    va_t va = (((badv >> pt.base) & ~1ull) | (seq & 1)) << pt.base;
    *ps = (uint8_t)pt.base;
    *bus = !read_entry(r, entry_at(r, base, pt, va), &value);
    return value & mmu_la_elo_mask(r->f);
}

bool mmu_la_walks(const struct mmu_la_regime *r)
{
    return r->f->hptw && F_GET(r->pwch, LA_PWCH_HPTW);
}

/* The entry that maps va: where it is, what it says, and the size of its page, or of half of a huge one. */
struct leaf {
    pa_t at;
    uint64_t pte, raw;      /* as an ordinary page's, and as it lies there */
    unsigned ps;
    bool huge;
};

/* Why a read or write was refused. */
static enum mmu_la_fault refusal(const struct mmu_la_regime *r)
{
    return r->below != NULL && r->below->fault != MMU_LA_OK ? MMU_LA_STAGE2 : MMU_LA_BUS;
}

static bool find_leaf(const struct mmu_la_regime *r, va_t va, struct leaf *leaf)
{
    uint64_t table = va >> (r->f->va_bits - 1) & 1 ? r->pgdh : r->pgdl;
    *leaf = (struct leaf){ 0 };
    for (unsigned i = LEVEL_TOP; i > LEVEL_PT; i--) {
        struct level l = level_of(r, i);
        if (l.width == 0)
            continue;
        leaf->at = entry_at(r, table, l, va);
        if (!read_entry(r, leaf->at, &table))
            return false;
        if (F_GET(table, LA_PTE_H)) {
            leaf->huge = true;
            leaf->raw = table;
            leaf->pte = plain(table);
            leaf->ps = l.base == 0 ? 0 : l.base - 1;
            return true;
        }
    }
    struct level pt = level_of(r, LEVEL_PT);
    leaf->at = entry_at(r, table, pt, va);
    leaf->ps = pt.base;
    if (!read_entry(r, leaf->at, &leaf->raw))
        return false;
    leaf->pte = leaf->raw;
    return true;
}

/* W and P are not in the TLB: what they forbid is left out of D and V. */
static uint64_t elo_of(const struct mmu_la_regime *r, uint64_t pte)
{
    if (!F_GET(pte, LA_PTE_P))
        pte &= ~F_MASK(LA_PTE_V);
    if (!F_GET(pte, LA_PTE_W))
        pte &= ~F_MASK(LA_PTE_D);
    return pte & mmu_la_elo_mask(r->f);
}

/*
 * V stands for accessed, D for dirty. The PTE may have other fields than `plain` shows: those stay. *changed: another CPU
 * wrote it meanwhile.
 */
static enum mmu_la_fault update_entry(const struct mmu_la_regime *r, enum cpu_access access, struct leaf *leaf,
                                      bool *changed)
{
    uint64_t more = F_MASK(LA_PTE_V) | (access == CPU_STORE ? F_MASK(LA_PTE_D) : 0), raw;
    if ((leaf->pte & more) == more)
        return MMU_LA_OK;
    if (!read_entry(r, leaf->at, &raw))
        return refusal(r);
    *changed = raw != leaf->raw;
    if (!*changed && !write_entry(r, leaf->at, raw, raw | more, changed))
        return refusal(r);
    leaf->pte |= more;
    return MMU_LA_OK;
}

static enum mmu_la_fault allowed(const struct mmu_la_regime *r, enum cpu_access access, const struct leaf *leaf)
{
    if (!F_GET(leaf->pte, LA_PTE_P))
        return MMU_LA_INVALID;
    enum mmu_la_fault fault = mmu_la_check_rights(r, leaf->pte & mmu_la_elo_mask(r->f), access);
    if (fault == MMU_LA_OK && access == CPU_STORE && !F_GET(leaf->pte, LA_PTE_W))
        return MMU_LA_MODIFY;
    return fault;
}

enum mmu_la_fault mmu_la_find_pair(const struct mmu_la_regime *r, va_t va, enum cpu_access access, bool update,
                                   struct mmu_la_entry *out)
{
    struct leaf leaf, other = { 0 };
    bool changed;
again:
    changed = false;
    if (!find_leaf(r, va, &leaf))
        return refusal(r);
    if (update) {
        enum mmu_la_fault fault = allowed(r, access, &leaf);
        if (fault == MMU_LA_OK)
            fault = update_entry(r, access, &leaf, &changed);
        if (fault != MMU_LA_OK)
            return fault;
        if (UNLIKELY(changed))
            goto again;
    } else if (F_GET(leaf.pte, LA_PTE_P)) {
        leaf.pte |= F_MASK(LA_PTE_V);
    }
    unsigned odd = va >> leaf.ps & 1;
    uint64_t elo[2];
    if (leaf.huge) {
        elo[0] = elo_of(r, leaf.pte & ~BIT(leaf.ps));
        elo[1] = elo_of(r, leaf.pte | BIT(leaf.ps));
    } else {
        if (!find_leaf(r, va ^ BIT(leaf.ps), &other) || other.huge || other.ps != leaf.ps)
            other.pte = 0;
        elo[odd] = elo_of(r, leaf.pte);
        elo[!odd] = elo_of(r, other.pte);
    }
    *out = (struct mmu_la_entry){
        .vppn = va, .elo = { elo[0], elo[1] }, .asid = (uint16_t)zext(r->asid, 10), .ps = (uint8_t)leaf.ps,
        .gid = r->gid, .valid = true, .global = (elo[0] & elo[1] & F_MASK(LA_PTE_G)) || (r->gid & MMU_LA_GPA),
    };
    return MMU_LA_OK;
}
