/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation: manual, "Virtual Address Space and Address Translation Mode" and "TLB-based Translation of Virtual
 * Addresses to Physical Addresses", in their order.
 */
#include "mmu/loongarch_impl.h"

#define LA_CRMD_PLV  1, 0
#define LA_CRMD_DA   3, 3
#define LA_CRMD_PG   4, 4
#define LA_CRMD_DATF 6, 5
#define LA_CRMD_DATM 8, 7
#define LA_DMW_MAT   5, 4
#define LA_DMW_VSEG  63, 60
#define LA_RVACFG    3, 0
#define LA_ASID      9, 0
#define LA_STLBPS    5, 0
enum { LA_MISC_VA32L = 0, LA_MISC_DWPL = 16 }; /* + level */

uint64_t mmu_la_elo_mask(const struct mmu_la_features *f)
{
    return LA_PTE_FLAGS | (zext(~0ull, f->pa_bits) & ~0xfffull) | (f->ri ? F_MASK(LA_PTE_NR) : 0) |
           (f->ep ? F_MASK(LA_PTE_NX) : 0) | (f->rplv ? F_MASK(LA_PTE_RPLV) : 0);
}

static unsigned plv_of(const struct mmu_la_regime *r)
{
    return (unsigned)F_GET(r->crmd, LA_CRMD_PLV);
}

static enum mmu_la_fault linear(const struct mmu_la_regime *r, va_t va, uint64_t mat, struct mmu_la_result *out)
{
    *out = (struct mmu_la_result){ .pa = zext(va, r->f->pa_bits), .page_shift = r->f->pa_bits, .mat = (uint8_t)mat,
                                   .load = true, .store = true, .fetch = true };
    return MMU_LA_OK;
}

/* "Direct Mapped Address Translation Mode": windows 0 and 1 are for all, 2 and 3 for data. */
static const uint64_t *window_of(const struct mmu_la_regime *r, va_t va, bool fetch)
{
    for (unsigned i = 0; i < (fetch ? 2 : 4); i++)
        if ((r->dmw[i] >> plv_of(r) & 1) && F_GET(r->dmw[i], LA_DMW_VSEG) == va >> 60)
            return &r->dmw[i];
    return NULL;
}

/* Below the windows: 63:VALEN are copies of VALEN-1, RBits further down in reduction mode. */
static bool is_canonical(const struct mmu_la_regime *r, va_t va)
{
    unsigned bits = r->f->va_bits - (unsigned)MIN(F_GET(r->rvacfg, LA_RVACFG), 8u);
    return sext(va, bits) == va;
}

static bool level_may(const struct mmu_la_regime *r, uint64_t elo)
{
    uint64_t level = F_GET(elo, LA_PTE_PLV);
    return F_GET(elo, LA_PTE_RPLV) ? plv_of(r) == level : plv_of(r) <= level;
}

enum mmu_la_fault mmu_la_check_rights(const struct mmu_la_regime *r, uint64_t elo, enum cpu_access access)
{
    if (access == CPU_FETCH && F_GET(elo, LA_PTE_NX))
        return MMU_LA_NO_EXEC;
    if (!level_may(r, elo))
        return MMU_LA_PRIVILEGE;
    if (access == CPU_LOAD && F_GET(elo, LA_PTE_NR))
        return MMU_LA_NO_READ;
    return MMU_LA_OK;
}

/* MISC.DWPL, of levels 0 to 2, has D not looked at. */
static bool may_write(const struct mmu_la_regime *r, uint64_t elo)
{
    unsigned plv = plv_of(r);
    return F_GET(elo, LA_PTE_D) || (plv < 3 && (r->misc >> (LA_MISC_DWPL + plv) & 1));
}

static enum mmu_la_fault check(const struct mmu_la_regime *r, uint64_t elo, enum cpu_access access)
{
    if (!F_GET(elo, LA_PTE_V))
        return MMU_LA_INVALID;
    enum mmu_la_fault fault = mmu_la_check_rights(r, elo, access);
    if (fault == MMU_LA_OK && access == CPU_STORE && !may_write(r, elo))
        return MMU_LA_MODIFY;
    return fault;
}

static void fill_result(const struct mmu_la_regime *r, const struct mmu_la_entry *e, va_t va,
                        struct mmu_la_result *out)
{
    uint64_t elo = e->elo[va >> e->ps & 1], ppn = zext(elo, r->f->pa_bits) >> e->ps << e->ps;
    bool may = F_GET(elo, LA_PTE_V) && level_may(r, elo);
    *out = (struct mmu_la_result){
        .pa = ppn | zext(va, e->ps),
        .page_shift = e->ps,
        .mat = (uint8_t)F_GET(elo, LA_PTE_MAT),
        .load = may && !F_GET(elo, LA_PTE_NR),
        .store = may && may_write(r, elo),
        .fetch = may && !F_GET(elo, LA_PTE_NX),
        .global = e->global,
        .mapped = true,
    };
}

/* A debugger sees what is mapped, and what the tables in memory would have software enter. */
static enum mmu_la_fault probe(const struct mmu_la_regime *r, va_t va, int index, struct mmu_la_result *out)
{
    struct mmu_la_regime quiet = *r;
    struct mmu_la_entry pair;
    quiet.cpu = NULL;
    if (index >= 0 && F_GET(r->tlb->entry[index].elo[va >> r->tlb->entry[index].ps & 1], LA_PTE_V)) {
        fill_result(r, &r->tlb->entry[index], va, out);
        return MMU_LA_OK;
    }
    if (mmu_la_find_pair(&quiet, va, CPU_LOAD, false, &pair) != MMU_LA_OK || pair.ps < 12)
        return MMU_LA_REFILL;
    fill_result(r, &pair, va, out);
    return F_GET(pair.elo[va >> pair.ps & 1], LA_PTE_V) ? MMU_LA_OK : MMU_LA_INVALID;
}

/* What the hardware walk may help against. */
static bool wants_walk(const struct mmu_la_regime *r, enum mmu_la_fault fault)
{
    return mmu_la_walks(r) && (fault == MMU_LA_REFILL || fault == MMU_LA_INVALID || fault == MMU_LA_MODIFY);
}

static enum mmu_la_fault walk_tables(const struct mmu_la_regime *r, va_t va, enum cpu_access access,
                                     struct mmu_la_result *out)
{
    struct mmu_la_entry pair;
    enum mmu_la_fault fault = mmu_la_find_pair(r, va, access, true, &pair);
    if (fault != MMU_LA_OK)
        return fault;
    if (pair.ps < 12 || pair.ps >= r->f->va_bits) /* geometry that makes no pages: undefined */
        return MMU_LA_INVALID;
    mmu_la_tlb_fill(r->tlb, &pair, (uint8_t)F_GET(r->stlbps, LA_STLBPS));
    fill_result(r, &pair, va, out);
    return MMU_LA_OK;
}

static enum mmu_la_fault look_up(const struct mmu_la_regime *r, va_t va, enum cpu_access access, unsigned flags,
                                 struct mmu_la_result *out)
{
    int index = mmu_la_tlb_search(r->tlb, va, (uint16_t)F_GET(r->asid, LA_ASID), r->gid,
                                  (uint8_t)F_GET(r->stlbps, LA_STLBPS));
    const struct mmu_la_entry *e = index >= 0 ? &r->tlb->entry[index] : NULL;
    if (flags & MMU_LA_PROBE)
        return probe(r, va, index, out);
    enum mmu_la_fault fault = e != NULL ? check(r, e->elo[va >> e->ps & 1], access) : MMU_LA_REFILL;
    if (UNLIKELY(wants_walk(r, fault)))
        return walk_tables(r, va, access, out);
    if (fault == MMU_LA_OK)
        fill_result(r, e, va, out);
    return fault;
}

enum mmu_la_fault mmu_la_walk(const struct mmu_la_regime *r, va_t va, unsigned size, enum cpu_access access,
                              unsigned flags, struct mmu_la_result *out)
{
    bool fetch = access == CPU_FETCH;
    (void)size; /* nothing ends inside a page */
    if (F_GET(r->crmd, LA_CRMD_DA) || !F_GET(r->crmd, LA_CRMD_PG)) /* DA = PG is undefined: as DA */
        return linear(r, va, fetch ? F_GET(r->crmd, LA_CRMD_DATF) : F_GET(r->crmd, LA_CRMD_DATM), out);
    if (plv_of(r) != 0 && (r->misc >> (LA_MISC_VA32L + plv_of(r)) & 1))
        va = (uint32_t)va;
    const uint64_t *window = window_of(r, va, fetch);
    if (window != NULL)
        return linear(r, va, F_GET(*window, LA_DMW_MAT), out);
    if (!is_canonical(r, va))
        return MMU_LA_ADDRESS;
    return look_up(r, va, access, flags, out);
}

enum mmu_la_fault mmu_la_walk_below(const struct mmu_la_regime *r, pa_t gpa, enum cpu_access access, unsigned flags,
                                    struct mmu_la_result *out)
{
    return look_up(r, gpa, access, flags, out);
}
