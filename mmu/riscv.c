/* SPDX-License-Identifier: Apache-2.0 */
#include "mmu/riscv_impl.h"
#include "core/timing/model.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

/* PTE (Sv39, Sv48, Sv57 alike) */
#define RV_PTE_V    0, 0
#define RV_PTE_R    1, 1
#define RV_PTE_W    2, 2
#define RV_PTE_X    3, 3
#define RV_PTE_U    4, 4
#define RV_PTE_G    5, 5
#define RV_PTE_A    6, 6
#define RV_PTE_D    7, 7
#define RV_PTE_PPN  53, 10
#define RV_PTE_RSV  60, 54
#define RV_PTE_PBMT 62, 61
#define RV_PTE_N    63, 63
#define RV_SATP_MODE 63, 60
#define RV_SATP_PPN  43, 0

/* ---- page tables ---- */

struct walk {
    uint64_t pte;
    pa_t pte_pa;
    uint8_t *host;      /* of the PTE */
    unsigned level;
    bool global;
    bool changed;       /* by another CPU, when A or D was to be set: once more */
};

static void charge(const struct mmu_rv_regime *r, pa_t pa, bool write)
{
    const struct tm_cpu *tm = r->cpu != NULL ? r->cpu->tm : NULL;
    if (tm != NULL && (tm->model->hooks & TM_WALK))
        r->cpu->budget -= tm->model->walk_access(r->cpu->tm, pa, write);
}

/* PTEs are read with S privilege and must lie in memory. */
static bool read_pte(const struct mmu_rv_regime *r, struct walk *w, bool probe)
{
    uint64_t n;
    if (!probe && !mmu_rv_pmp_allows(r->pmp, PRIV_S, w->pte_pa, 8, CPU_LOAD))
        return false;
    w->host = mem_pointer(r->memory, w->pte_pa, &n, false);
    if (w->host == NULL || n < 8)
        return false;
    if (!probe)
        charge(r, w->pte_pa, false);
    w->pte = ld_le64(w->host);
    return true;
}

/* Steps 2 to 4 of "Virtual Address Translation Process": down to the leaf. */
static enum mmu_rv_fault find_leaf(const struct mmu_rv_regime *r, va_t va, unsigned levels,
                                   bool probe, struct walk *w)
{
    pa_t table = F_GET(r->satp, RV_SATP_PPN) << 12;
    w->global = false;
    for (unsigned i = levels; i-- > 0;) {
        w->level = i;
        w->pte_pa = table + (va >> (12 + 9 * i) & 0x1ff) * 8;
        if (!read_pte(r, w, probe))
            return MMU_RV_ACCESS_FAULT;
        uint64_t pte = w->pte, pbmt = F_GET(pte, RV_PTE_PBMT);
        if (!F_GET(pte, RV_PTE_V) || (!F_GET(pte, RV_PTE_R) && F_GET(pte, RV_PTE_W)) ||
            F_GET(pte, RV_PTE_RSV) != 0 || pbmt == 3 || (pbmt != 0 && !r->pbmte) ||
            (F_GET(pte, RV_PTE_N) && !r->napot))
            return MMU_RV_PAGE_FAULT;
        w->global |= F_GET(pte, RV_PTE_G);
        if (F_GET(pte, RV_PTE_R) || F_GET(pte, RV_PTE_X))
            return MMU_RV_OK;
        /* A pointer: D, A, U, PBMT and N are reserved. */
        if (F_GET(pte, RV_PTE_D) || F_GET(pte, RV_PTE_A) || F_GET(pte, RV_PTE_U) || pbmt != 0 ||
            F_GET(pte, RV_PTE_N))
            return MMU_RV_PAGE_FAULT;
        table = F_GET(pte, RV_PTE_PPN) << 12;
    }
    return MMU_RV_PAGE_FAULT;
}

/* Step 5: what the leaf allows the effective privilege. */
static unsigned leaf_allows(const struct mmu_rv_regime *r, uint64_t pte)
{
    unsigned allow = 0;
    if (F_GET(pte, RV_PTE_R) || (r->mxr && F_GET(pte, RV_PTE_X)))
        allow |= ALLOW_R;
    if (F_GET(pte, RV_PTE_W))
        allow |= ALLOW_W;
    if (F_GET(pte, RV_PTE_X))
        allow |= ALLOW_X;
    if (r->privilege == PRIV_U)
        return F_GET(pte, RV_PTE_U) ? allow : 0;
    if (F_GET(pte, RV_PTE_U)) /* S never executes U pages, and touches them only with SUM */
        return r->sum ? allow & (ALLOW_R | ALLOW_W) : 0;
    return allow;
}

/* Step 9. Svade faults; Svadu sets A, and D for a store, with a store of S privilege. */
static enum mmu_rv_fault update_ad(const struct mmu_rv_regime *r, enum cpu_access access,
                                   struct walk *w)
{
    uint64_t want = w->pte | F_MASK(RV_PTE_A) | (access == CPU_STORE ? F_MASK(RV_PTE_D) : 0);
    if (want == w->pte)
        return MMU_RV_OK;
    if (!r->adue)
        return MMU_RV_PAGE_FAULT;
    uint64_t n;
    if (UNLIKELY(r->cpu != NULL && r->cpu->still))
        return MMU_RV_ACCESS_FAULT;
    if (!mmu_rv_pmp_allows(r->pmp, PRIV_S, w->pte_pa, 8, CPU_STORE) ||
        mem_pointer(r->memory, w->pte_pa, &n, true) == NULL)
        return MMU_RV_ACCESS_FAULT;
    charge(r, w->pte_pa, true);
    enum mem_result why;
    w->changed = !mem_replace(r->memory, w->pte_pa, 8, w->pte, want, NULL, &why);
    if (why != MEM_OK)
        return MMU_RV_ACCESS_FAULT;
    w->pte = want;
    return MMU_RV_OK;
}

/* The last step: PMP over the whole 4 KiB page and, when it is split there, over the access. */
static enum mmu_rv_fault protect(const struct mmu_rv_regime *r, unsigned size,
                                 enum cpu_access access, bool probe, unsigned allow,
                                 struct cpu_map *map)
{
    if (r->pmp != NULL) {
        bool split;
        unsigned pmp = mmu_rv_pmp_find(r->pmp, r->privilege, map->pa & ~(pa_t)(MEM_PAGE - 1),
                                       MEM_PAGE, &split);
        if (split) {
            map->no_cache = true;
            pmp = mmu_rv_pmp_find(r->pmp, r->privilege, map->pa, size, &split);
        }
        if (!probe && !(pmp & mmu_rv_need[access]))
            return MMU_RV_ACCESS_FAULT;
        allow &= pmp;
    }
    map->load = allow & ALLOW_R;
    map->store = allow & ALLOW_W;
    map->fetch = allow & ALLOW_X;
    return MMU_RV_OK;
}

enum mmu_rv_fault mmu_rv_walk(const struct mmu_rv_regime *r, va_t va, unsigned size,
                              enum cpu_access access, bool probe, struct cpu_map *map)
{
    uint64_t mode = F_GET(r->satp, RV_SATP_MODE);
    *map = (struct cpu_map){ .pa = va, .page_shift = 12 };
    if (r->privilege == PRIV_M || mode == 0)
        return protect(r, size, access, probe, ALLOW_ALL, map);

    if (mode < 8 || mode > 10) /* reserved; satp holds none, but a snapshot may */
        return MMU_RV_PAGE_FAULT;
    unsigned levels = (unsigned)mode - 5; /* 8, 9, 10: Sv39, Sv48, Sv57 */
    if (sext(va, 12 + 9 * levels) != va)
        return MMU_RV_PAGE_FAULT;
    struct walk w;
again:
    w.changed = false;
    enum mmu_rv_fault fault = find_leaf(r, va, levels, probe, &w);
    if (fault != MMU_RV_OK)
        return fault;
    if (!probe && !(leaf_allows(r, w.pte) & mmu_rv_need[access]))
        return MMU_RV_PAGE_FAULT;
    uint64_t ppn = F_GET(w.pte, RV_PTE_PPN);
    unsigned shift = 12 + 9 * w.level;
    if (F_GET(w.pte, RV_PTE_N)) { /* Svnapot: only 64 KiB, encoded 1000 in the low bits */
        if (w.level != 0 || (ppn & 0xf) != 8)
            return MMU_RV_PAGE_FAULT;
        ppn &= ~0xfull;
        shift = 16;
    } else if (ppn & ((1ull << (9 * w.level)) - 1)) { /* misaligned superpage */
        return MMU_RV_PAGE_FAULT;
    }
    if (!probe && (fault = update_ad(r, access, &w)) != MMU_RV_OK)
        return fault;
    if (UNLIKELY(w.changed))
        goto again;
    map->pa = ppn << 12 | zext(va, shift);
    map->page_shift = (uint8_t)shift;
    map->global = w.global;
    unsigned allow = leaf_allows(r, w.pte);
    if (!probe || !r->adue) { /* a probe does not set them where an access would */
        if (!F_GET(w.pte, RV_PTE_A))
            allow = 0;
        if (!F_GET(w.pte, RV_PTE_D))
            allow &= ~(unsigned)ALLOW_W;
    }
    return protect(r, size, access, probe, allow, map);
}
