/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUID says about topology, caches and TLBs: SDM volume 2, CPUID, leaves 4, B, 18 and 1F; APM
 * volume 3, appendix E, 80000005, 6, 19, 1D, 1E and 26. All follow from the numbers of threads,
 * cores and dies, and from the profile's tables, so that the leaves tell one story.
 */
#include "core/util/bits.h"
#include "cpu/x86/cpuid_impl.h"
#include <string.h>

/* ---- topology ---- */
static unsigned width(uint32_t n)
{
    return n <= 1 ? 0 : 32u - (unsigned)__builtin_clz(n - 1);
}

struct x86_id_widths x86_id_widths(const struct x86_topology *t)
{
    struct x86_id_widths w;
    w.thread = width(t->threads);
    w.core = w.thread + width(t->cores);
    w.module = w.core + width(t->modules);
    w.die = w.module + width(t->dies);
    return w;
}

static uint32_t modules(const struct x86_topology *t)
{
    return t->modules != 0 ? t->modules : 1;
}

uint32_t x86_apic_id(const struct x86_topology *t, uint32_t index)
{
    struct x86_id_widths w = x86_id_widths(t);
    uint32_t thread = index % t->threads, core = index / t->threads % t->cores;
    uint32_t whole = index / t->threads / t->cores, module = whole % modules(t);
    uint32_t die = whole / modules(t) % t->dies, socket = whole / modules(t) / t->dies;
    return thread | core << w.thread | module << w.core | die << w.module | socket << w.die;
}

uint32_t x86_cpus_per_socket(const struct x86_topology *t)
{
    return t->threads * t->cores * modules(t) * t->dies;
}

/*
 * Logical processors that share something, as the number of APIC ids in its group. What AMD's dies share
 * belongs to each of their complexes.
 */
static uint32_t sharing_ids(const struct x86_config *k, unsigned shared_by)
{
    struct x86_id_widths w = x86_id_widths(&k->topology);
    const unsigned shift[] = { 0, w.thread, k->vendor == X86_AMD ? w.core : w.module, w.die };
    return 1u << shift[shared_by];
}

/* Leaves B, 1F and 80000026: one subleaf a level. */
struct level {
    uint8_t type, shift;
    uint32_t cpus;
};

/* Leaf B knows threads and cores; 1F (SDM 10.9.1) modules and dies as well. AMD's: core, complex, die, socket. */
enum { TYPE_THREAD = 1, TYPE_CORE, TYPE_MODULE, TYPE_DIE = 5, TYPE_COMPLEX = 2, TYPE_CCD, TYPE_SOCKET };

static unsigned levels(const struct x86_config *k, bool all, bool amd, struct level out[4])
{
    const struct x86_topology *t = &k->topology;
    struct x86_id_widths w = x86_id_widths(t);
    uint32_t complex = t->threads * t->cores, die = complex * modules(t), socket = die * t->dies;
    unsigned n = 0;
    out[n++] = (struct level){ TYPE_THREAD, (uint8_t)w.thread, t->threads };
    if (amd) {
        out[n++] = (struct level){ TYPE_COMPLEX, (uint8_t)w.core, complex };
        out[n++] = (struct level){ TYPE_CCD, (uint8_t)w.module, die };
        out[n++] = (struct level){ TYPE_SOCKET, (uint8_t)w.die, socket };
        return n;
    }
    if (!all || (modules(t) == 1 && t->dies == 1)) {
        out[n++] = (struct level){ TYPE_CORE, (uint8_t)w.die, socket };
        return n;
    }
    out[n++] = (struct level){ TYPE_CORE, (uint8_t)w.core, complex };
    if (modules(t) > 1)
        out[n++] = (struct level){ TYPE_MODULE, (uint8_t)w.module, die };
    if (t->dies > 1)
        out[n++] = (struct level){ TYPE_DIE, (uint8_t)w.die, socket };
    return n;
}

void x86_topology_leaf(const struct x86_config *k, uint32_t subleaf, bool all, bool amd,
                       uint32_t r[4])
{
    struct level l[4];
    unsigned n = levels(k, all, amd, l);
    r[3] = k->apic_id;
    r[2] = subleaf & 0xff;
    if (subleaf >= n)
        return;
    r[0] = l[subleaf].shift;
    r[1] = l[subleaf].cpus & 0xffff;
    r[2] |= (uint32_t)l[subleaf].type << 8;
}

/* ---- caches ---- */
static const struct x86_cache *cache(const struct x86_config *k, uint32_t n)
{
    return n < ARRAY_LEN(k->caches) && k->caches[n].type != 0 ? &k->caches[n] : NULL;
}

/* Leaves 4 and 8000001D are alike but for the cores field, which is Intel's. */
void x86_cache_leaf(const struct x86_config *k, uint32_t n, bool intel, uint32_t r[4])
{
    const struct x86_cache *h = cache(k, n);
    struct x86_id_widths w = x86_id_widths(&k->topology);
    if (h == NULL)
        return;
    uint32_t ids = sharing_ids(k, h->shared_by);
    r[0] = h->type | (uint32_t)h->level << 5 | 1u << 8 | (MIN(ids, 4096) - 1) << 14;
    if (intel)
        r[0] |= (MIN(1u << (w.die - w.thread), 64) - 1) << 26;
    r[1] = (h->line - 1u) | (h->ways - 1u) << 22;
    r[2] = h->sets - 1;
    r[3] = h->flags;
}

/* ---- TLBs ---- */

/* Leaf 18: subleaf 0 is no TLB, it tells how many there are. */
void x86_tlb_leaf(const struct x86_config *k, uint32_t n, uint32_t r[4])
{
    unsigned last = 0;
    while (last < ARRAY_LEN(k->tlbs) && k->tlbs[last].type != 0)
        last++;
    if (n == 0)
        r[0] = last;
    if (n == 0 || n > last)
        return;
    const struct x86_tlb *h = &k->tlbs[n - 1];
    uint32_t ways = h->ways != 0 ? h->ways : h->entries;
    r[1] = h->pages | ways << 16;
    r[2] = h->entries / ways;
    r[3] = h->type | (uint32_t)h->level << 5 | (uint32_t)(h->ways == 0) << 8 |
           (sharing_ids(k, X86_SHARE_CORE) - 1) << 14;
}

/* ---- AMD's summary (APM E.4.4, E.4.5, E.4.11) ---- */
static const struct x86_cache *cache_of(const struct x86_config *k, unsigned level, unsigned type)
{
    for (unsigned i = 0; i < ARRAY_LEN(k->caches); i++)
        if (k->caches[i].level == level && k->caches[i].type == type)
            return &k->caches[i];
    return NULL;
}

static uint32_t kib(const struct x86_cache *h)
{
    return (uint32_t)((uint64_t)h->ways * h->line * h->sets / 1024);
}

/* Associativity in 4 bits. Fully: as many ways as entries. */
static uint32_t ways_code(unsigned ways)
{
    static const struct {
        uint8_t ways, code;
    } rows[] = { { 1, 1 },  { 2, 2 },   { 3, 3 },   { 4, 4 },   { 6, 5 },   { 8, 6 },
                 { 16, 8 }, { 32, 10 }, { 48, 11 }, { 64, 12 }, { 96, 13 }, { 128, 14 } };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].ways == ways)
            return rows[i].code;
    return 9; /* see leaf 8000001D */
}

static const struct x86_tlb *tlb_of(const struct x86_config *k, unsigned level, unsigned type,
                                    unsigned page)
{
    for (unsigned i = 0; i < ARRAY_LEN(k->tlbs); i++)
        if (k->tlbs[i].level == level && (k->tlbs[i].pages & page) && (k->tlbs[i].type & type) &&
            k->tlbs[i].type <= X86_UNIFIED)
            return &k->tlbs[i];
    return NULL;
}

bool x86_l2_tlb_in_32s(const struct x86_config *k)
{
    for (unsigned i = 0; i < ARRAY_LEN(k->tlbs); i++)
        if (k->tlbs[i].level == 2 && k->tlbs[i].entries > 0xfff)
            return true;
    return false;
}

/* 80000005: 8 bits of entries, 8 of ways. */
static uint32_t first_level(const struct x86_config *k, unsigned page)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct x86_tlb *h = tlb_of(k, 1, i == 0 ? X86_CODE : X86_DATA, page);
        if (h != NULL)
            v |= (MIN(h->entries, 255u) | (uint32_t)(h->ways != 0 ? h->ways & 0xff : 0xff) << 8)
                 << (16 * i);
    }
    return v;
}

/* 80000006, 80000019: 12 bits of entries, a code of 4. */
static uint32_t coded(const struct x86_config *k, unsigned level, unsigned page)
{
    uint32_t v = 0, unit = level == 2 && x86_l2_tlb_in_32s(k) ? 32 : 1;
    for (unsigned i = 0; i < 2; i++) {
        const struct x86_tlb *h = tlb_of(k, level, i == 0 ? X86_CODE : X86_DATA, page);
        if (h != NULL)
            v |= (h->entries / unit | (h->ways != 0 ? ways_code(h->ways) : 15u) << 12) << (16 * i);
    }
    return v;
}

static uint32_t first_cache(const struct x86_cache *h)
{
    return h != NULL ? kib(h) << 24 | (uint32_t)(h->ways & 0xff) << 16 | 1u << 8 | h->line : 0;
}

/* L3: of all complexes together, in units of 512 KiB; its ways are in 8000001D if it is more than one.
 */
static uint32_t third_cache(const struct x86_config *k)
{
    const struct x86_cache *h = cache_of(k, 3, X86_UNIFIED);
    uint32_t n = k->topology.dies * modules(&k->topology);
    if (h == NULL)
        return 0;
    return MIN(kib(h) / 512 * n, 0x3fffu) << 18 | (n > 1 ? 9u : ways_code(h->ways)) << 12 |
           1u << 8 | h->line;
}

void x86_amd_cache_leaf(const struct x86_config *k, uint32_t leaf, uint32_t r[4])
{
    const struct x86_cache *l2 = cache_of(k, 2, X86_UNIFIED);
    bool amd = k->vendor == X86_AMD;
    uint32_t second =
        l2 != NULL ? kib(l2) << 16 | ways_code(l2->ways) << 12 | (amd ? 1u << 8 : 0) | l2->line : 0;
    if (leaf == 0x80000005 && amd) {
        r[0] = first_level(k, X86_PAGE_2M);
        r[1] = first_level(k, X86_PAGE_4K);
        r[2] = first_cache(cache_of(k, 1, X86_DATA));
        r[3] = first_cache(cache_of(k, 1, X86_CODE));
    } else if (leaf == 0x80000006) {
        r[0] = amd ? coded(k, 2, X86_PAGE_2M) : 0;
        r[1] = amd ? coded(k, 2, X86_PAGE_4K) : 0;
        r[2] = second;
        r[3] = amd ? third_cache(k) : 0;
    } else if (leaf == 0x80000019 && amd) {
        r[0] = coded(k, 1, X86_PAGE_1G);
        r[1] = coded(k, 2, X86_PAGE_1G);
    }
}
