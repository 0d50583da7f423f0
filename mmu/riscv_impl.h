/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_RISCV_IMPL_H
#define ORRERY_MMU_RISCV_IMPL_H
/* What riscv.c (page tables) and riscv_pmp.c share. */
#include "mmu/riscv.h"

enum { ALLOW_R = 1, ALLOW_W = 2, ALLOW_X = 4, ALLOW_ALL = 7 };
enum { PRIV_U, PRIV_S, PRIV_M = 3 };

/* By enum cpu_access: the permission it takes. */
extern const uint8_t mmu_rv_need[];

/*
 * What PMP allows for all of [pa, pa + size): the lowest entry that matches any byte decides;
 * unless it matches all of them, nothing is allowed and *split is set.
 */
unsigned mmu_rv_pmp_find(struct mmu_rv_pmp *p, uint8_t privilege, pa_t pa, uint64_t size,
                         bool *split);

#endif
