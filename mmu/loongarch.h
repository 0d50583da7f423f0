/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_LOONGARCH_H
#define ORRERY_MMU_LOONGARCH_H
/*
 * LoongArch address translation: manual, chapter "Memory Management" (direct and mapped addresses, direct map
 * windows, STLB and MTLB, software and hardware page walk).
 *
 * The architected TLB is state that software sees (TLBSRCH, TLBRD) and what misses it raises an exception, so it
 * lives here as it is in silicon and is saved. The software TLB of mmu/tlb.h must hold a subset of it at all times:
 * whoever replaces, changes or drops an entry flushes what was derived from it (mmu_la_dropped_fn), or a run would
 * differ from one restored from a snapshot.
 *
 * Pure with respect to the CPU: cpu/loongarch fills the regime from its CSRs, which are handed over as the
 * manual lays them out, and turns the fault into Ecode, BADV and TLBEHI.
 */
#include "core/cpu/cpu.h"

struct mmu_la_features {
    uint8_t pa_bits, va_bits;  /* PALEN, VALEN */
    bool ri, ep, rplv;         /* NR, NX, RPLV of entries */
    bool hptw;
    uint16_t stlb_sets;        /* a power of two; 0: no STLB */
    uint8_t stlb_ways, mtlb_entries;
};

/* The bits a TLBELO has. */
uint64_t mmu_la_elo_mask(const struct mmu_la_features *f);

#define MMU_LA_STLB 2048u
#define MMU_LA_MTLB 64u
#define MMU_LA_TLB  (MMU_LA_STLB + MMU_LA_MTLB)

/* An entry: a pair of pages of 2^ps bytes. elo as in TLBELO0/1, G of both halves the same. */
struct mmu_la_entry {
    uint64_t vppn;             /* VA bits VALEN-1:13 in place, those within the pair 0 */
    uint64_t elo[2];
    uint16_t asid;
    uint16_t gid;              /* LVZ. 0: the root's own; 1..255: a guest's, to its physical addresses; ... */
    uint8_t ps;
    bool valid, global;
};
#define MMU_LA_GPA 0x100u      /* ... + gid: its physical addresses to the machine's; these have no ASID */

/* What is not mapped any more: that by `entry`, that of its asid (not global, of its gid), of its gid, or any entry. */
enum mmu_la_drop { MMU_LA_DROP_ENTRY, MMU_LA_DROP_ASID, MMU_LA_DROP_GID, MMU_LA_DROP_ALL };
typedef void mmu_la_dropped_fn(void *arg, enum mmu_la_drop what, const struct mmu_la_entry *entry);

struct mmu_la_tlb {
    const struct mmu_la_features *f;
    mmu_la_dropped_fn *dropped;
    void *arg;
    struct mmu_la_entry entry[MMU_LA_TLB]; /* numbered as by TLBIDX: way * sets + set, then MTLB; saved */
    uint64_t random;                       /* state of the choice of ways; saved */
    /* Rebuilt; they save looking at entries. */
    uint64_t mtlb_valid;                   /* bit n: MTLB entry n is there */
    uint8_t print[MMU_LA_STLB];            /* by set * ways + way: hash of the page, 0: not there */
    uint16_t stlb_pages[64];               /* STLB entries of each page size */
};
extern const struct state_field mmu_la_tlb_state[];

enum mmu_la_fault {
    MMU_LA_OK,
    MMU_LA_REFILL,             /* no entry: TLBR */
    MMU_LA_INVALID,            /* PIL, PIS, PIF */
    MMU_LA_MODIFY,             /* PME */
    MMU_LA_NO_READ,            /* PNR */
    MMU_LA_NO_EXEC,            /* PNX */
    MMU_LA_PRIVILEGE,          /* PPI */
    MMU_LA_ADDRESS,            /* ADEF, ADEM: not canonical */
    MMU_LA_BUS,                /* a walk's read was refused */
    MMU_LA_STAGE2,             /* an address of a guest's tables is not mapped: see mmu_la_below */
};

/* Where a guest's physical addresses lead. A refusal is noted here, and what was asked for. */
struct mmu_la_regime;
struct mmu_la_below {
    const struct mmu_la_regime *r; /* of the root */
    enum mmu_la_fault fault;
    pa_t gpa;
    bool write;
};

struct mmu_la_regime {
    struct mem_space *memory;
    struct mmu_la_below *below; /* of a guest; else NULL */
    const struct mmu_la_features *f;
    struct mmu_la_tlb *tlb;
    struct cpu *cpu;           /* for charging walk reads to the timing model; may be NULL */
    uint64_t crmd;             /* PLV, DA, PG */
    uint64_t dmw[4];
    uint64_t asid, stlbps, rvacfg, misc;
    uint64_t pwcl, pwch, pgdl, pgdh;
    uint16_t gid;
};

struct mmu_la_result {
    pa_t pa;
    uint8_t page_shift;        /* of the half; PALEN and more for direct and window addresses */
    uint8_t mat;               /* memory access type */
    bool load, store, fetch;   /* rights of the current privilege level */
    bool global;
    bool mapped;               /* through the TLB, else a direct address or a window */
};

enum { MMU_LA_PROBE = 1 };     /* a debugger: nothing changes, nothing is charged, rights do not fault */

/*
 * Translate one access of `size` bytes inside a 4 KiB page: direct, windows (2 and 3 are for data alone), then TLB, and
 * the hardware walk where PWCH.HPTW_En lets it. Checks in the manual's order: V, NX, PLV, NR, D.
 */
enum mmu_la_fault mmu_la_walk(const struct mmu_la_regime *r, va_t va, unsigned size, enum cpu_access access,
                              unsigned flags, struct mmu_la_result *out);

/* A guest's physical address, by the root's regime whose gid is MMU_LA_GPA + its own: TLB and hardware walk alone. */
enum mmu_la_fault mmu_la_walk_below(const struct mmu_la_regime *r, pa_t gpa, enum cpu_access access, unsigned flags,
                                    struct mmu_la_result *out);

/* ---- what the TLB instructions are made of (manual, "TLB maintenance") ---- */
/* Number of the entry that maps va for (asid, gid), or -1. */
int mmu_la_tlb_search(const struct mmu_la_tlb *t, va_t va, uint16_t asid, uint16_t gid, uint8_t stlbps);
/* Overwrite entry `index`; out of range: ignored. vppn is cut to the pair. */
void mmu_la_tlb_write(struct mmu_la_tlb *t, unsigned index, const struct mmu_la_entry *entry);
/* TLBFILL: STLB when entry->ps is stlbps, else MTLB. An entry for the same page is replaced; else a way at random. */
void mmu_la_tlb_fill(struct mmu_la_tlb *t, const struct mmu_la_entry *entry, uint8_t stlbps);
/* INVTLB: `op` as encoded, 0..6. False: undefined op (INE). */
bool mmu_la_tlb_invalidate(struct mmu_la_tlb *t, unsigned op, uint16_t asid, uint16_t gid, va_t va);
/* INVTLB on guests' entries, 9..16h; numbers as Linux has them (arch/loongarch/include/asm/tlb.h). */
bool mmu_la_tlb_invalidate_guests(struct mmu_la_tlb *t, unsigned op, uint16_t asid, uint8_t gid, va_t va);
/* TLBCLR (`flush` false: not global, of `asid` alone) and TLBFLUSH, of the set or MTLB that `index` is in. */
void mmu_la_tlb_clear(struct mmu_la_tlb *t, unsigned index, bool flush, uint16_t asid, uint16_t gid);
/* Nothing is in it and nothing is told to be dropped. `loaded`: `entry` may hold anything. */
void mmu_la_tlb_reset(struct mmu_la_tlb *t);
void mmu_la_tlb_loaded(struct mmu_la_tlb *t);

/* ---- LDDIR and LDPTE ---- */
/* The value `rd` gets; *bus: the read was refused. Levels 1..4; `badv` is TLBRBADV. */
uint64_t mmu_la_lddir(const struct mmu_la_regime *r, uint64_t base, unsigned level, va_t badv, bool *bus);
/* TLBRELO[seq] and *ps, the page size for TLBREHI. */
uint64_t mmu_la_ldpte(const struct mmu_la_regime *r, uint64_t base, unsigned seq, va_t badv, uint8_t *ps, bool *bus);

#endif
