/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_LOONGARCH_IMPL_H
#define ORRERY_MMU_LOONGARCH_IMPL_H
/* What loongarch.c (translation), loongarch_tlb.c (STLB, MTLB) and loongarch_walk.c (tables in memory) share. */
#include "core/util/bits.h"
#include "mmu/loongarch.h"

/* TLBELO, and page table entries; P, W, H and HG are of the latter alone. */
#define LA_PTE_V     0, 0
#define LA_PTE_D     1, 1
#define LA_PTE_PLV   3, 2
#define LA_PTE_MAT   5, 4
#define LA_PTE_G     6, 6
#define LA_PTE_H     6, 6
#define LA_PTE_P     7, 7
#define LA_PTE_W     8, 8
#define LA_PTE_HG    12, 12
#define LA_PTE_LEVEL 14, 13
#define LA_PTE_NR    61, 61
#define LA_PTE_NX    62, 62
#define LA_PTE_RPLV  63, 63

#define LA_PTE_FLAGS                                                                               \
    (F_MASK(LA_PTE_V) | F_MASK(LA_PTE_D) | F_MASK(LA_PTE_PLV) | F_MASK(LA_PTE_MAT) | F_MASK(LA_PTE_G))

/*
 * The pair of pages around va from the tables in memory (PWCL, PWCH). `update`: a hardware walk for `access`, which
 * finds P and W to be in order and sets V and D. Otherwise a look alone, which changes nothing.
 */
enum mmu_la_fault mmu_la_find_pair(const struct mmu_la_regime *r, va_t va, enum cpu_access access, bool update,
                                   struct mmu_la_entry *out);
/* The checks but V and D, and what the level may do: manual, "TLB-based Translation". */
enum mmu_la_fault mmu_la_check_rights(const struct mmu_la_regime *r, uint64_t elo, enum cpu_access access);
/* PWCH.HPTW_En, of a core that has it. */
bool mmu_la_walks(const struct mmu_la_regime *r);

#endif
