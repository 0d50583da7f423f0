/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical memory protection: privileged ISA 1.13, machine level, "Physical Memory
 * Protection", and Smepmp 1.0.
 *
 * Each page-table walk asks up to six times, so the entries are compiled into spans:
 * disjoint, sorted, covering every address, each decided by one entry or by none.
 */
#include "core/util/bits.h"
#include "mmu/riscv_impl.h"
#include <stdlib.h>

#define PMP_A 4, 3
enum { PMP_OFF, PMP_TOR, PMP_NA4, PMP_NAPOT };
#define NO_ENTRY UINT32_MAX

const uint8_t mmu_rv_need[] = { [CPU_LOAD] = ALLOW_R, [CPU_STORE] = ALLOW_W, [CPU_FETCH] = ALLOW_X };

/* Bytes [*first, *last] of entry `i`; false when it matches none. */
static bool entry_range(const struct mmu_rv_pmp *p, uint32_t i, pa_t *first, pa_t *last)
{
    uint64_t addr = p->addr[i];
    switch (F_GET(p->cfg[i], PMP_A)) {
    case PMP_TOR: {
        uint64_t low = i == 0 ? 0 : p->addr[i - 1];
        if (low >= addr)
            return false;
        *first = low << 2;
        *last = (addr << 2) - 1;
        return true;
    }
    case PMP_NA4:
        *first = addr << 2;
        *last = *first + 3;
        return true;
    case PMP_NAPOT: {
        uint64_t ones = addr ^ (addr + 1); /* yyy0111 -> 0001111 */
        *first = (addr & ~ones) << 2;
        *last = ((addr | ones) << 2) | 3;
        return true;
    }
    default:
        return false;
    }
}

/* Smepmp, table of mseccfg.MML = 1: index L R W X; {M, S and U}. */
static const uint8_t mml_allows[16][2] = {
    [0x0] = { 0, 0 },
    [0x1] = { 0, ALLOW_X },
    [0x2] = { ALLOW_R | ALLOW_W, ALLOW_R },
    [0x3] = { ALLOW_R | ALLOW_W, ALLOW_R | ALLOW_W },
    [0x4] = { 0, ALLOW_R },
    [0x5] = { 0, ALLOW_R | ALLOW_X },
    [0x6] = { 0, ALLOW_R | ALLOW_W },
    [0x7] = { 0, ALLOW_ALL },
    [0x8] = { 0, 0 },
    [0x9] = { ALLOW_X, 0 },
    [0xa] = { ALLOW_X, ALLOW_X },
    [0xb] = { ALLOW_R | ALLOW_X, ALLOW_X },
    [0xc] = { ALLOW_R, 0 },
    [0xd] = { ALLOW_R | ALLOW_X, 0 },
    [0xe] = { ALLOW_R | ALLOW_W, 0 },
    [0xf] = { ALLOW_R, ALLOW_R },
};

static unsigned entry_allows(const struct mmu_rv_pmp *p, uint32_t i, bool machine)
{
    unsigned cfg = p->cfg[i], locked = cfg >> 7;
    if (p->mml) {
        unsigned row = locked << 3 | (cfg & 1) << 2 | (cfg & 2) | (cfg >> 2 & 1);
        return mml_allows[row][!machine];
    }
    return machine && !locked ? ALLOW_ALL : cfg & ALLOW_ALL;
}

static unsigned default_allows(const struct mmu_rv_pmp *p, bool machine)
{
    if (!machine)
        return p->count == 0 ? ALLOW_ALL : 0;
    if (p->mmwp)
        return 0;
    return p->mml ? ALLOW_R | ALLOW_W : ALLOW_ALL;
}

static int by_address(const void *a, const void *b)
{
    pa_t x = *(const pa_t *)a, y = *(const pa_t *)b;
    return x < y ? -1 : x > y;
}

void mmu_rv_pmp_compile(struct mmu_rv_pmp *p)
{
    pa_t first[64], last[64], starts[2 * 64 + 1] = { 0 };
    uint32_t active[64], n = 0, n_starts = 1, before = NO_ENTRY;
    for (uint32_t i = 0; i < p->count; i++) {
        if (!entry_range(p, i, &first[n], &last[n]))
            continue;
        starts[n_starts++] = first[n];
        if (last[n] != UINT64_MAX)
            starts[n_starts++] = last[n] + 1;
        active[n++] = i;
    }
    qsort(starts, n_starts, sizeof(starts[0]), by_address);
    p->n_spans = p->recent = 0;
    for (uint32_t s = 0; s < n_starts; s++) {
        uint32_t k = 0;
        while (k < n && (starts[s] < first[k] || starts[s] > last[k]))
            k++;
        uint32_t entry = k < n ? active[k] : NO_ENTRY;
        if (s > 0 && (starts[s] == starts[s - 1] || entry == before))
            continue;
        struct mmu_rv_span *span = &p->spans[p->n_spans++];
        span->first = starts[s];
        for (unsigned m = 0; m < 2; m++)
            span->allow[m] =
                (uint8_t)(entry == NO_ENTRY ? default_allows(p, m) : entry_allows(p, entry, m));
        before = entry;
    }
}

static uint32_t find_span(const struct mmu_rv_pmp *p, pa_t pa)
{
    uint32_t low = 0, high = p->n_spans; /* the span wanted is in [low, high) */
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (p->spans[middle].first <= pa)
            low = middle;
        else
            high = middle;
    }
    return low;
}

unsigned mmu_rv_pmp_find(struct mmu_rv_pmp *p, uint8_t privilege, pa_t pa, uint64_t size,
                         bool *split)
{
    const struct mmu_rv_span *s = &p->spans[p->recent];
    bool ends = p->recent + 1 == p->n_spans;
    *split = false;
    if (UNLIKELY(pa < s[0].first || (!ends && pa + size - 1 >= s[1].first))) {
        p->recent = find_span(p, pa);
        s = &p->spans[p->recent];
        *split = p->recent + 1 < p->n_spans && pa + size - 1 >= s[1].first;
    }
    return *split ? 0 : s->allow[privilege == PRIV_M];
}

bool mmu_rv_pmp_allows(struct mmu_rv_pmp *p, uint8_t privilege, pa_t pa, unsigned size,
                       enum cpu_access access)
{
    bool split;
    return p == NULL || (mmu_rv_pmp_find(p, privilege, pa, size, &split) & mmu_rv_need[access]) != 0;
}
