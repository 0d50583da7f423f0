/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_X86_H
#define ORRERY_MMU_X86_H
/*
 * x86 paging: Intel SDM volume 3, chapter 5; AMD APM volume 2, chapter 5. 32-bit (with PSE and
 * PSE-36), PAE, 4-level, 5-level; protection keys for user and supervisor pages; accessed and dirty
 * flags; the second stage (EPT, nested paging) has its place in `nested`.
 *
 * Pure with respect to the CPU: cpu/x86 fills the regime from its control registers and turns the
 * fault into #PF.
 */
#include "core/cpu/cpu.h"

enum mmu_x86_mode { MMU_X86_OFF, MMU_X86_32BIT, MMU_X86_PAE, MMU_X86_4LEVEL, MMU_X86_5LEVEL };

/*
 * Walks kept in mind. What a walk finds follows from the regime and from the entries it reads: while
 * those hold what they held, the same is found. So a second walk is a look at the entries, where
 * they lie in RAM, and whoever changes them, or flushes a TLB, has nothing to say here. Notes are of
 * whole walks, tables of all of it but the last entry, for the neighbours. 4- and 5-level paging
 * without a second stage only. Zeroed memory is an empty one; derived, never saved.
 */
#define MMU_X86_NOTES  256u
#define MMU_X86_TABLES 64u
#define MMU_X86_LEVELS 5
struct mmu_x86_note {
    uint64_t page, key, cr3; /* page: number << 2 | access */
    uint64_t generation;     /* of the memory map, which says where entries lie */
    struct cpu_map map;      /* of the page's first byte */
    uint8_t n;
    const uint8_t *at[MMU_X86_LEVELS];
    uint64_t entry[MMU_X86_LEVELS];
};
struct mmu_x86_tables {
    uint64_t area, key, cr3, generation; /* area: of 2 MiB */
    uint64_t table, allow;               /* the last one; what the entries above allow */
    uint8_t *host;                       /* its first entry, if all are of 4 KiB pages and in RAM; or NULL */
    struct mem_ram *ram;
    uint64_t offset;                     /* in it */
    uint8_t level, n;                    /* of the table; entries above it */
    bool nx;
    const uint8_t *at[MMU_X86_LEVELS - 1];
    uint64_t entry[MMU_X86_LEVELS - 1];
};
struct mmu_x86_notes {
    struct mmu_x86_note note[MMU_X86_NOTES];
    struct mmu_x86_tables tables[MMU_X86_TABLES];
};

struct mmu_x86_regime {
    struct mem_space *memory;
    struct cpu *cpu; /* for charging walk reads to the timing model; may be NULL */
    enum mmu_x86_mode mode;
    uint64_t cr3;      /* with PCID and reserved bits: the walker takes the address */
    uint64_t pdpte[4]; /* PAE: as loaded by MOV CR3 */
    bool user;         /* CPL 3 and not an implicit supervisor access (descriptor tables, TSS) */
    bool wp, nxe, smep,
        smap; /* smap: in force for this access (CR4.SMAP, and AC = 0 or implicit) */
    bool pse, pse36, pages1g; /* 4 MiB pages; with 40-bit addresses; 1 GiB pages */
    bool global;              /* CR4.PGE */
    bool smm;                 /* tables may lie in SMRAM */
    bool pke, pks;
    uint32_t pkru, pkrs;
    uint8_t pa_bits; /* address bits above must be 0 in entries */
    uint64_t a20;    /* and'ed to every physical address: ~0, or ~(1 << 20) */
    /*
     * Translates what stage 1 hands out, its tables' addresses too; NULL: none. False: it
     * raised its own exit and the walk gives up with MMU_X86_NESTED.
     */
    bool (*nested)(void *arg, uint64_t gpa, enum cpu_access access, bool on_walk,
                   struct cpu_map *map);
    void *nested_arg;
    struct mmu_x86_notes *notes; /* NULL: none */
    uint64_t key; /* with `notes`: a number for all of the regime but cr3; 0: tables alone */
};

enum mmu_x86_fault { MMU_X86_OK, MMU_X86_PAGE_FAULT, MMU_X86_NESTED };

/* Error code of #PF: bits of *error. */
enum {
    MMU_X86_P = 1,
    MMU_X86_W = 2,
    MMU_X86_U = 4,
    MMU_X86_RSVD = 8,
    MMU_X86_I = 16,
    MMU_X86_PK = 32
};

/*
 * Translate one access of `size` bytes (inside one 4 KiB page). MMU_X86_OK: *map is filled; its
 * permissions are those of the page for the regime's rights (store only if D is set already, so
 * that D is seen to be set). Accessed and dirty flags are set as the architecture says: none before
 * it is known that the access is allowed. `probe`: a debugger: no A/D update, no charge,
 * permissions do not fault. Entries in what is not RAM read as all ones.
 */
enum mmu_x86_fault mmu_x86_walk(const struct mmu_x86_regime *r, va_t va, unsigned size,
                                enum cpu_access access, bool probe, struct cpu_map *map,
                                uint32_t *error);

/*
 * What mmu_x86_walk would find for an access of regime `key` and `cr3`, if it would have no entry to
 * change; false: ask it. Nothing is charged.
 */
bool mmu_x86_recall(const struct mmu_x86_notes *notes, const struct mem_space *memory,
                    uint64_t key, uint64_t cr3, va_t va, enum cpu_access access,
                    struct cpu_map *map);

/* Are the PAE page-directory-pointer entries at `pdpte` free of reserved bits? MOV CR3 is #GP(0) if
 * not. */
bool mmu_x86_pdptes_ok(const uint64_t pdpte[4], uint8_t pa_bits);

/* Sign-extended as 4- or 5-level paging wants it? */
static inline bool mmu_x86_canonical(va_t va, bool la57)
{
    unsigned unused = la57 ? 7 : 16;
    return (va_t)((int64_t)(va << unused) >> unused) == va;
}

#endif
