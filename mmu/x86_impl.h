/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_X86_IMPL_H
#define ORRERY_MMU_X86_IMPL_H
/* What x86.c (the walk) and x86_notes.c (walks kept in mind) share. */
#include "mmu/x86.h"
#include "core/util/bytes.h"

enum {
    PTE_P = 1u << 0,
    PTE_W = 1u << 1,
    PTE_U = 1u << 2,
    PTE_A = 1u << 5,
    PTE_D = 1u << 6,
    PTE_PS = 1u << 7,
    PTE_G = 1u << 8,
};
#define PTE_NX (1ull << 63)

struct step {
    uint64_t entry;
    pa_t pa;             /* where it lies, before the second stage */
    const uint8_t *host; /* NULL: not in RAM */
};

struct walk {
    const struct mmu_x86_regime *r;
    bool probe;
    bool nested_failed;
    const struct mem_range *range; /* where the last entry was found: the next is mostly near */
    struct step steps[MMU_X86_LEVELS]; /* root first */
    unsigned n;                    /* entries read */
    unsigned level;                /* of the last: 1 maps 4 KiB */
    unsigned resumed;              /* level that an earlier walk has led to at once; 0: none */
    uint64_t allow;                /* PTE_W, PTE_U of all levels */
    bool nx;
    bool changed;                  /* by another CPU, when A or D was to be set: once more */
};

/* With them every access of a walk is to RAM, and free. */
static inline bool mmu_x86_keeps(const struct walk *w)
{
    return w->r->notes != NULL && !w->probe && w->r->mode >= MMU_X86_4LEVEL && w->r->nested == NULL;
}

static inline struct mmu_x86_tables *mmu_x86_tables_of(const struct mmu_x86_regime *r, va_t va)
{
    return &r->notes->tables[(va >> 21 ^ va >> 30) % MMU_X86_TABLES];
}

/* What entries above the last mean, beside their values. */
static inline uint64_t mmu_x86_tables_key(const struct mmu_x86_regime *r)
{
    return 1u | (uint64_t)r->mode << 1 | (uint64_t)r->nxe << 8 | (uint64_t)r->smm << 9 |
           (r->a20 & 1u << 20);
}

/* Do the entries above the table say what they said when it was noted? */
static inline bool mmu_x86_leads_there(const struct mmu_x86_regime *r, const struct mmu_x86_tables *t, va_t va)
{
    if (t->area != va >> 21 || t->key != mmu_x86_tables_key(r) || t->cr3 != r->cr3 ||
        t->generation != mem_generation(r->memory))
        return false;
    for (unsigned i = 0; i < t->n; i++)
        if (ld_le64(t->at[i]) != t->entry[i])
            return false;
    return true;
}

/* Begin at the table that ended an earlier walk: *level and *table, and in `w` the entries above it. */
static inline void mmu_x86_resume(struct walk *w, va_t va, unsigned *level, uint64_t *table)
{
    const struct mmu_x86_tables *t = mmu_x86_tables_of(w->r, va);
    if (!mmu_x86_leads_there(w->r, t, va))
        return;
    for (unsigned i = 0; i < t->n; i++) {
        w->steps[i].host = t->at[i];
        w->steps[i].entry = t->entry[i]; /* accessed: nothing to be written */
    }
    w->n = t->n;
    w->allow = t->allow;
    w->nx = t->nx;
    *level = w->resumed = t->level;
    *table = t->table;
}

/* ---- x86_notes.c ---- */
/* After a walk that found what maps `va`: the way to its last table; the translation itself. */
void mmu_x86_keep_tables(const struct walk *w, va_t va);
void mmu_x86_take_note(const struct walk *w, va_t va, enum cpu_access access, const struct cpu_map *map);

#endif
