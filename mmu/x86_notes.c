/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks kept in mind (struct mmu_x86_notes): the tables that walks ended at, so that later ones begin there, and whole
 * translations. What was noted holds while every entry that led there still says what it said: those are read again.
 */
#include "mmu/x86_impl.h"

/* ---- tables ---- */

/* Where the table that was read last lies, if it has entries of pages only and all of it is RAM. */
static void keep_place(const struct walk *w, struct mmu_x86_tables *t)
{
    const struct mem_range *range = w->range;
    pa_t table = t->table & w->r->a20;
    t->host = NULL;
    if (w->level != 1 || w->steps[w->n - 1].host == NULL || table < range->base ||
        table - range->base + MEM_PAGE > range->size)
        return;
    t->ram = range->region->ram;
    t->offset = range->region->ram_offset + (table - range->region->base);
    t->host = t->ram->host + t->offset;
}

void mmu_x86_keep_tables(const struct walk *w, va_t va)
{
    struct mmu_x86_tables *t = mmu_x86_tables_of(w->r, va);
    t->key = 0;
    t->n = 0;
    t->allow = PTE_W | PTE_U;
    t->nx = false;
    for (unsigned i = 0; i + 1 < w->n; i++) {
        uint64_t e = w->steps[i].entry;
        if (w->steps[i].host == NULL)
            return;
        t->at[t->n] = w->steps[i].host;
        t->entry[t->n++] = e;
        t->allow &= e;
        t->nx |= w->r->nxe && (e & PTE_NX);
        t->table = e & 0x000ffffffffff000ull;
    }
    keep_place(w, t);
    t->level = (uint8_t)w->level;
    t->area = va >> 21;
    t->cr3 = w->r->cr3;
    t->generation = mem_generation(w->r->memory);
    t->key = mmu_x86_tables_key(w->r);
}

/* ---- translations ---- */

static uint64_t note_page(va_t va, enum cpu_access access)
{
    return va >> MEM_PAGE_SHIFT << 2 | access;
}

/* Neighbouring pages, the three kinds of access to one, and what a switch of paging changes lie apart. */
static unsigned note_index(uint64_t key, va_t va, enum cpu_access access)
{
    uint64_t mixed = key * 0x9e3779b97f4a7c15ull >> 56;
    return (unsigned)(va >> MEM_PAGE_SHIFT ^ va >> 20 ^ (uint64_t)access << 6 ^ mixed) %
           MMU_X86_NOTES;
}

void mmu_x86_take_note(const struct walk *w, va_t va, enum cpu_access access,
                      const struct cpu_map *map)
{
    const struct mmu_x86_regime *r = w->r;
    struct mmu_x86_note *n = &r->notes->note[note_index(r->key, va, access)];
    n->key = 0;
    for (unsigned i = 0; i < w->n; i++) {
        if (w->steps[i].host == NULL)
            return;
        n->at[i] = w->steps[i].host;
        n->entry[i] = w->steps[i].entry;
    }
    n->n = (uint8_t)w->n;
    n->page = note_page(va, access);
    n->cr3 = r->cr3;
    n->generation = mem_generation(r->memory);
    n->map = *map;
    n->map.pa &= ~(pa_t)(MEM_PAGE - 1);
    n->key = r->key;
}

bool mmu_x86_recall(const struct mmu_x86_notes *notes, const struct mem_space *memory,
                    uint64_t key, uint64_t cr3, va_t va, enum cpu_access access,
                    struct cpu_map *map)
{
    const struct mmu_x86_note *n = &notes->note[note_index(key, va, access)];
    if (n->page != note_page(va, access) || n->key != key || n->cr3 != cr3 ||
        n->generation != mem_generation(memory))
        return false;
    for (unsigned i = 0; i < n->n; i++)
        if (ld_le64(n->at[i]) != n->entry[i])
            return false;
    uint8_t size = map->size;
    *map = n->map;
    map->size = size;
    map->pa |= va & (MEM_PAGE - 1);
    return true;
}
