/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_RISCV_H
#define ORRERY_MMU_RISCV_H
/*
 * RISC-V address translation and protection: privileged ISA 1.13, chapter
 * "Supervisor-Level ISA" (Sv39, Sv48, Sv57, Svnapot, Svpbmt, Svade, Svadu) and
 * machine-level chapter "Physical Memory Protection" with Smepmp.
 *
 * Pure with respect to the CPU: everything it needs is in the regime struct that
 * cpu/riscv fills from its CSRs. The two-stage walk (hgatp, G-stage) adds a second
 * table pointer and GPA results here; its fields are not there yet.
 */
#include "core/cpu/cpu.h"

/* From `first` to the next span's: what privileges {U and S, M} may do there. */
struct mmu_rv_span {
    pa_t first;
    uint8_t allow[2];
};

struct mmu_rv_pmp {
    uint8_t cfg[64];        /* R 0, W 1, X 2, A 4:3, L 7 */
    uint64_t addr[64];      /* pmpaddr: address bits 55:2 */
    uint32_t count;         /* 0, 16, 64 */
    bool mml, mmwp;         /* mseccfg */

    uint32_t n_spans;       /* made by mmu_rv_pmp_compile: 0 = must be made again */
    uint32_t recent;        /* span found last: nearly always the next one too */
    struct mmu_rv_span spans[2 * 64 + 1];
};

/* After any of the fields above changed, before the next walk. */
void mmu_rv_pmp_compile(struct mmu_rv_pmp *p);

struct mmu_rv_regime {
    struct mem_space *memory;
    struct mmu_rv_pmp *pmp;
    uint64_t satp;          /* MODE 0 bare, 8, 9, 10; PPN */
    uint8_t privilege;      /* effective: 0 U, 1 S, 3 M */
    bool sum, mxr;
    bool adue;              /* Svadu: hardware sets A and D */
    bool pbmte, napot;      /* Svpbmt enabled, Svnapot present */
    struct cpu *cpu;        /* for charging walk reads to the timing model; may be NULL */
};

enum mmu_rv_fault { MMU_RV_OK, MMU_RV_PAGE_FAULT, MMU_RV_ACCESS_FAULT };

/*
 * Translate one access of `size` bytes (inside one page). On MMU_RV_OK *map is filled:
 * the permissions are those of the page under all of PTE, PMP, privilege, and D bit
 * (store only if D is set); no_cache when PMP splits the 4 KiB page. The caller turns
 * the fault into cause 12/13/15 or 1/5/7.
 * `probe` is for debuggers: no A/D update, no charge, and MMU_RV_OK whenever something is
 * mapped there; what the guest may do with it now is only reported in *map.
 */
enum mmu_rv_fault mmu_rv_walk(const struct mmu_rv_regime *r, va_t va, unsigned size,
                              enum cpu_access access, bool probe, struct cpu_map *map);

/* PMP alone, for a physical access. */
bool mmu_rv_pmp_allows(struct mmu_rv_pmp *pmp, uint8_t privilege, pa_t pa, unsigned size,
                       enum cpu_access access);

#endif
