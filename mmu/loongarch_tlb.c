/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STLB and MTLB: manual, "TLB Organizational Structure" and "TLB Maintenance Instructions".
 *
 * Number of an entry: way * sets + set in the STLB, then the MTLB. The set is taken from the bits above the one that
 * tells the pages of a pair apart.
 *
 * A refill handler writes an entry every few dozen instructions, so nothing here looks at all entries without need: a
 * byte per STLB entry and a bit per MTLB entry tell which may be meant.
 */
#include "core/state/state.h"
#include "core/util/bytes.h"
#include "mmu/loongarch_impl.h"
#include <assert.h>
#include <string.h>

static const struct state_field entry_state[] = {
    STATE(mmu_la_entry, vppn), STATE(mmu_la_entry, elo),   STATE(mmu_la_entry, asid),   STATE(mmu_la_entry, ps),
    STATE(mmu_la_entry, gid),  STATE(mmu_la_entry, valid), STATE(mmu_la_entry, global), STATE_END
};
const struct state_field mmu_la_tlb_state[] = { STATE_SUBS(mmu_la_tlb, entry, entry_state),
                                                STATE(mmu_la_tlb, random), STATE_END };

static unsigned stlb_size(const struct mmu_la_tlb *t)
{
    return (unsigned)t->f->stlb_sets * t->f->stlb_ways;
}

static unsigned tlb_size(const struct mmu_la_tlb *t)
{
    return stlb_size(t) + t->f->mtlb_entries;
}

/* Page sizes that make no sense are undefined in the manual; they are taken for the nearest that does. */
static unsigned page_shift(const struct mmu_la_tlb *t, uint8_t ps)
{
    return MIN(MAX(ps, 12u), t->f->va_bits - 1u);
}

static unsigned set_of(const struct mmu_la_tlb *t, va_t va, unsigned ps)
{
    return (unsigned)(va >> (ps + 1)) & (t->f->stlb_sets - 1u);
}

static uint64_t pair_of(const struct mmu_la_tlb *t, va_t va, unsigned ps)
{
    return zext(va, t->f->va_bits) >> (ps + 1) << (ps + 1);
}

static uint8_t print_of(uint64_t pair)
{
    return (uint8_t)(pair * 0x9e3779b97f4a7c15ull >> 56) | 1;
}

static bool maps(const struct mmu_la_tlb *t, const struct mmu_la_entry *e, va_t va)
{
    return e->valid && e->vppn == pair_of(t, va, e->ps);
}

static bool is_for(const struct mmu_la_entry *e, uint16_t asid, uint16_t gid)
{
    return e->gid == gid && (e->global || e->asid == asid);
}

static uint8_t *print_at(struct mmu_la_tlb *t, unsigned index)
{
    return &t->print[index % t->f->stlb_sets * t->f->stlb_ways + index / t->f->stlb_sets];
}

/* The entry whose byte is print[k]. */
static unsigned entry_of(const struct mmu_la_tlb *t, unsigned k)
{
    return k % t->f->stlb_ways * t->f->stlb_sets + k / t->f->stlb_ways;
}

/* Write it and what is derived of it. */
static void put(struct mmu_la_tlb *t, unsigned index, const struct mmu_la_entry *entry)
{
    struct mmu_la_entry *e = &t->entry[index];
    if (index < stlb_size(t)) {
        if (e->valid)
            t->stlb_pages[e->ps]--;
        if (entry->valid)
            t->stlb_pages[entry->ps]++;
        *print_at(t, index) = entry->valid ? print_of(entry->vppn) : 0;
    } else {
        uint64_t bit = BIT(index - stlb_size(t));
        t->mtlb_valid = entry->valid ? t->mtlb_valid | bit : t->mtlb_valid & ~bit;
    }
    *e = entry->valid ? *entry : (struct mmu_la_entry){ .valid = false }; /* nothing is left of it, as after loading */
}

static void take_out(struct mmu_la_tlb *t, unsigned index)
{
    put(t, index, &(struct mmu_la_entry){ .valid = false });
}

/* A half that was not valid let nothing through; one that may now be written as well lets through what it did. */
static bool half_stays(uint64_t old, uint64_t new)
{
    return !F_GET(old, LA_PTE_V) || new == old || new == (old | F_MASK(LA_PTE_D));
}

static bool stays(const struct mmu_la_entry *old, const struct mmu_la_entry *new)
{
    static const uint64_t none[2] = { 0, 0 };
    bool same = new->valid && new->vppn == old->vppn && new->ps == old->ps && new->gid == old->gid &&
                new->global == old->global && (new->asid == old->asid || new->global);
    const uint64_t *elo = same ? new->elo : none;
    return half_stays(old->elo[0], elo[0]) && half_stays(old->elo[1], elo[1]);
}

/* Some address may be mapped by either. */
static bool are_rivals(const struct mmu_la_tlb *t, const struct mmu_la_entry *a, const struct mmu_la_entry *b)
{
    unsigned ps = MAX(a->ps, b->ps);
    return b->valid && a->gid == b->gid && (a->global || b->global || a->asid == b->asid) &&
           pair_of(t, a->vppn, ps) == pair_of(t, b->vppn, ps);
}

/* In the STLB others of its set come in question, the MTLB's always; STLB entries are found before those of the MTLB. */
static bool has_rival(struct mmu_la_tlb *t, unsigned index, const struct mmu_la_entry *entry)
{
    unsigned n = stlb_size(t), sets = t->f->stlb_sets;
    for (unsigned i = index < n ? index % sets : n; i < n; i += sets)
        if (i != index && *print_at(t, i) != 0 && are_rivals(t, entry, &t->entry[i]))
            return true;
    for (uint64_t left = t->mtlb_valid; left != 0; left &= left - 1) {
        unsigned i = n + ctz64(left);
        if (i != index && are_rivals(t, entry, &t->entry[i]))
            return true;
    }
    return false;
}

/*
 * Which of two entries for an address is used is undefined; here it is the one found first, whatever was derived from the
 * other before.
 */
static void replace(struct mmu_la_tlb *t, unsigned index, const struct mmu_la_entry *entry)
{
    const struct mmu_la_entry *old = &t->entry[index];
    if (old->valid && !stays(old, entry))
        t->dropped(t->arg, MMU_LA_DROP_ENTRY, old);
    put(t, index, entry);
    if (entry->valid && UNLIKELY(has_rival(t, index, entry))) {
        struct mmu_la_entry both = *entry;
        both.elo[0] |= F_MASK(LA_PTE_V), both.elo[1] |= F_MASK(LA_PTE_V);
        t->dropped(t->arg, MMU_LA_DROP_ENTRY, &both);
    }
}

static struct mmu_la_entry cut(const struct mmu_la_tlb *t, const struct mmu_la_entry *entry)
{
    struct mmu_la_entry e = { .valid = entry->valid };
    if (!e.valid)
        return e;
    e = *entry;
    e.ps = (uint8_t)page_shift(t, entry->ps);
    e.vppn = pair_of(t, entry->vppn, e.ps);
    return e;
}

void mmu_la_tlb_write(struct mmu_la_tlb *t, unsigned index, const struct mmu_la_entry *entry)
{
    struct mmu_la_entry e = cut(t, entry);
    if (index < tlb_size(t))
        replace(t, index, &e);
}

static int search_stlb(const struct mmu_la_tlb *t, va_t va, uint16_t asid, uint16_t gid, unsigned ps)
{
    unsigned set = set_of(t, va, ps);
    uint64_t pair = pair_of(t, va, ps);
    const uint8_t *print = &t->print[set * t->f->stlb_ways], wanted = print_of(pair);
    for (unsigned way = 0; way < t->f->stlb_ways; way++) {
        if (print[way] != wanted)
            continue;
        unsigned index = way * t->f->stlb_sets + set;
        const struct mmu_la_entry *e = &t->entry[index];
        if (e->vppn == pair && e->ps == ps && is_for(e, asid, gid))
            return (int)index;
    }
    return -1;
}

static int search_mtlb(const struct mmu_la_tlb *t, va_t va, uint16_t asid, uint16_t gid)
{
    for (uint64_t left = t->mtlb_valid; left != 0; left &= left - 1) {
        unsigned index = stlb_size(t) + ctz64(left);
        if (maps(t, &t->entry[index], va) && is_for(&t->entry[index], asid, gid))
            return (int)index;
    }
    return -1;
}

int mmu_la_tlb_search(const struct mmu_la_tlb *t, va_t va, uint16_t asid, uint16_t gid, uint8_t stlbps)
{
    unsigned ps = page_shift(t, stlbps);
    int index = t->stlb_pages[ps] != 0 ? search_stlb(t, va, asid, gid, ps) : -1;
    return index >= 0 ? index : search_mtlb(t, va, asid, gid);
}

/* splitmix64: any state is as good as any other, so that one from a snapshot needs no look. */
static unsigned choose(struct mmu_la_tlb *t, unsigned n)
{
    uint64_t z = t->random += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (unsigned)((z ^ z >> 31) % n);
}

static unsigned stlb_place(struct mmu_la_tlb *t, const struct mmu_la_entry *e)
{
    unsigned set = set_of(t, e->vppn, e->ps);
    const uint8_t *print = &t->print[set * t->f->stlb_ways];
    for (unsigned way = 0; way < t->f->stlb_ways; way++)
        if (print[way] == 0)
            return way * t->f->stlb_sets + set;
    return choose(t, t->f->stlb_ways) * t->f->stlb_sets + set;
}

static unsigned mtlb_place(struct mmu_la_tlb *t)
{
    unsigned n = t->f->mtlb_entries, free = ctz64(~t->mtlb_valid);
    return stlb_size(t) + (free < n ? free : choose(t, n));
}

/* One that would match at the same time is replaced: two of them are undefined, and no use to anybody. */
static int same_page(const struct mmu_la_tlb *t, const struct mmu_la_entry *e, bool stlb)
{
    int index = stlb ? search_stlb(t, e->vppn, e->asid, e->gid, e->ps) : search_mtlb(t, e->vppn, e->asid, e->gid);
    return index >= 0 && t->entry[index].ps == e->ps ? index : -1;
}

void mmu_la_tlb_fill(struct mmu_la_tlb *t, const struct mmu_la_entry *entry, uint8_t stlbps)
{
    struct mmu_la_entry e = cut(t, entry);
    bool stlb = t->f->stlb_sets != 0 && page_shift(t, entry->ps) == page_shift(t, stlbps);
    assert(t->f->mtlb_entries != 0 && tlb_size(t) <= MMU_LA_TLB);
    int index = e.valid ? same_page(t, &e, stlb) : -1;
    e.ps = (uint8_t)page_shift(t, entry->ps);
    replace(t, index >= 0 ? (unsigned)index : stlb ? stlb_place(t, &e) : mtlb_place(t), &e);
}

/* ---- taking out ---- */

struct choice {
    bool global, local; /* which kinds */
    bool any_asid;
    uint16_t asid;      /* of local ones */
    uint16_t gid, last; /* of these guests */
};

static bool chosen(const struct mmu_la_entry *e, const struct choice *c)
{
    if (!e->valid || e->gid < c->gid || e->gid > c->last)
        return false;
    return e->global ? c->global : c->local && (c->any_asid || e->asid == c->asid);
}

/* All of them at once; the caller has what was derived dropped. */
static void take_out_chosen(struct mmu_la_tlb *t, const struct choice *c)
{
    unsigned n = stlb_size(t);
    for (unsigned at = 0; at < n; at += 8) { /* most of it is empty: eight entries at a look */
        if (ld_le64(&t->print[at]) == 0)
            continue;
        for (unsigned k = at; k < at + 8 && k < n; k++)
            if (t->print[k] != 0 && chosen(&t->entry[entry_of(t, k)], c))
                take_out(t, entry_of(t, k));
    }
    for (uint64_t left = t->mtlb_valid; left != 0; left &= left - 1)
        if (chosen(&t->entry[n + ctz64(left)], c))
            take_out(t, n + ctz64(left));
}

static void drop_if_chosen(struct mmu_la_tlb *t, unsigned index, const struct choice *c)
{
    if (chosen(&t->entry[index], c))
        replace(t, index, &(struct mmu_la_entry){ .valid = false });
}

/* Entries that map va, at their own page sizes. */
static void drop_page(struct mmu_la_tlb *t, va_t va, const struct choice *c)
{
    for (unsigned ps = 12; ps < t->f->va_bits; ps++) {
        if (t->stlb_pages[ps] == 0)
            continue;
        unsigned set = set_of(t, va, ps);
        for (unsigned way = 0; way < t->f->stlb_ways; way++) {
            unsigned index = way * t->f->stlb_sets + set;
            if (*print_at(t, index) != 0 && t->entry[index].ps == ps && maps(t, &t->entry[index], va))
                drop_if_chosen(t, index, c);
        }
    }
    for (uint64_t left = t->mtlb_valid; left != 0; left &= left - 1) {
        unsigned index = stlb_size(t) + ctz64(left);
        if (maps(t, &t->entry[index], va))
            drop_if_chosen(t, index, c);
    }
}

/* Manual, table "Operations corresponding to each op in the INVTLB instruction". */
bool mmu_la_tlb_invalidate(struct mmu_la_tlb *t, unsigned op, uint16_t asid, uint16_t gid, va_t va)
{
    static const struct choice ops[] = {
        [0] = { .global = true, .local = true, .any_asid = true },
        [1] = { .global = true, .local = true, .any_asid = true },
        [2] = { .global = true },
        [3] = { .local = true, .any_asid = true },
        [4] = { .local = true },
        [5] = { .local = true },
        [6] = { .global = true, .local = true },
    };
    if (op >= ARRAY_LEN(ops))
        return false;
    struct choice c = ops[op];
    c.asid = asid;
    c.gid = c.last = gid;
    if (op >= 5) {
        drop_page(t, va, &c);
        return true;
    }
    take_out_chosen(t, &c);
    t->dropped(t->arg, op == 4 ? MMU_LA_DROP_ASID : MMU_LA_DROP_GID,
               &(struct mmu_la_entry){ .asid = asid, .gid = gid });
    return true;
}

enum { GUEST_ADDRESS = 0xd, GUEST_ADDRESS_GLOBAL = 0xe, GUEST_BOTH = 0x15, GPA_ADDRESS = 0x16 };

bool mmu_la_tlb_invalidate_guests(struct mmu_la_tlb *t, unsigned op, uint16_t asid, uint8_t gid, va_t va)
{
    const uint16_t g = gid, gpa = (uint16_t)(MMU_LA_GPA + gid), all = MMU_LA_GPA + 255;
    const struct choice ops[] = {
        [0x09] = { .global = true, .local = true, .any_asid = true, .gid = g, .last = g },
        [0x0a] = { .global = true, .gid = g, .last = g },
        [0x0b] = { .local = true, .any_asid = true, .gid = g, .last = g },
        [0x0c] = { .local = true, .gid = g, .last = g },
        [0x0d] = { .local = true, .gid = g, .last = g },
        [0x0e] = { .global = true, .local = true, .gid = g, .last = g },
        [0x10] = { .global = true, .local = true, .any_asid = true, .gid = 1, .last = 255 },
        [0x11] = { .global = true, .local = true, .any_asid = true, .gid = MMU_LA_GPA, .last = all },
        [0x12] = { .global = true, .local = true, .any_asid = true, .gid = 1, .last = all },
        [0x13] = { .global = true, .local = true, .any_asid = true, .gid = g, .last = g },
        [0x14] = { .global = true, .local = true, .any_asid = true, .gid = gpa, .last = gpa },
        [0x15] = { .global = true, .local = true, .any_asid = true, .gid = gpa, .last = gpa }, /* and 13h */
        [0x16] = { .global = true, .local = true, .any_asid = true, .gid = gpa, .last = gpa },
    };
    if (op >= ARRAY_LEN(ops) || ops[op].last == 0)
        return false;
    struct choice c = ops[op];
    c.asid = asid;
    if (op == GUEST_ADDRESS || op == GUEST_ADDRESS_GLOBAL || op == GPA_ADDRESS) {
        drop_page(t, va, &c);
        return true;
    }
    if (op == GUEST_BOTH)
        take_out_chosen(t, &ops[0x13]);
    take_out_chosen(t, &c);
    t->dropped(t->arg, c.gid == c.last ? MMU_LA_DROP_GID : MMU_LA_DROP_ALL, &(struct mmu_la_entry){ .gid = gid });
    return true;
}

void mmu_la_tlb_clear(struct mmu_la_tlb *t, unsigned index, bool flush, uint16_t asid, uint16_t gid)
{
    struct choice c = { .global = flush, .local = true, .any_asid = flush, .asid = asid, .gid = gid, .last = gid };
    unsigned n = stlb_size(t);
    if (index < n) {
        for (unsigned i = index % t->f->stlb_sets; i < n; i += t->f->stlb_sets)
            drop_if_chosen(t, i, &c);
        return;
    }
    for (unsigned i = n; i < tlb_size(t); i++)
        drop_if_chosen(t, i, &c);
}

void mmu_la_tlb_reset(struct mmu_la_tlb *t)
{
    memset(t->entry, 0, sizeof(t->entry));
    t->random = 0;
    mmu_la_tlb_loaded(t);
}

void mmu_la_tlb_loaded(struct mmu_la_tlb *t)
{
    t->mtlb_valid = 0;
    memset(t->print, 0, sizeof(t->print));
    memset(t->stlb_pages, 0, sizeof(t->stlb_pages));
    for (unsigned i = 0; i < MMU_LA_TLB; i++) {
        struct mmu_la_entry e = { .valid = false };
        if (i < tlb_size(t))
            e = cut(t, &t->entry[i]);
        e.asid &= 0x3ff, e.gid &= MMU_LA_GPA + 255;
        t->entry[i] = (struct mmu_la_entry){ .valid = false };
        if (e.valid)
            put(t, i, &e);
    }
}
