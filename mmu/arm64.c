/* SPDX-License-Identifier: Apache-2.0 */
/* The walk as a whole, and what both stages have in common: geometry and descriptors (D8.2, D8.3). */
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "mmu/arm64_impl.h"

bool a64_fail(struct mmu_a64_fault *f, enum mmu_a64_fault_kind kind, int level)
{
    f->kind = kind;
    f->level = (int8_t)level;
    return false;
}

bool a64_two_ranges(const struct mmu_a64_regime *r)
{
    return r->id == MMU_A64_EL10 || r->id == MMU_A64_EL20;
}

/* ---- geometry ---- */

/* TG0: 4K 64K 16K; TG1: - 16K 4K 64K. What is reserved or not implemented becomes what is. */
unsigned a64_granule(unsigned tg, bool upper, bool have4, bool have16, bool have64)
{
    static const uint8_t lower[4] = { 12, 16, 14, 0 }, higher[4] = { 0, 14, 12, 16 };
    unsigned g = upper ? higher[tg & 3] : lower[tg & 3];
    if ((g == 12 && have4) || (g == 14 && have16) || (g == 16 && have64))
        return g;
    return have64 ? 16 : have4 ? 12 : 14;
}

unsigned a64_output_bits(const struct mmu_a64_features *f, unsigned ps, const struct a64_format *t)
{
    static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };
    unsigned n = MIN(bits[ps & 7], f->pa_bits);
    return t->ds || t->lpa ? n : MIN(n, 48u);
}

uint64_t a64_table_base(const struct a64_format *t, uint64_t ttbr, unsigned ps, unsigned index_bits)
{
    bool packed = t->ds || (t->lpa && ps >= 6);
    unsigned align = index_bits + 3;
    uint64_t base = ttbr & 0xfffffffffffeull; /* 47:1 */
    if (packed) {
        align = MAX(align, 6u);
        base = (ttbr & 0xffffffffffc0ull) | (ttbr >> 2 & 0xf) << 48;
    }
    return align_down(base, 1ull << align);
}

uint64_t a64_output(const struct a64_format *t, uint64_t desc, unsigned shift)
{
    uint64_t high = 0, mask = (1ull << 48) - 1;
    if (t->ds) {
        mask = (1ull << 50) - 1;
        high = (desc >> 8 & 3) << 50;
    } else if (t->lpa) {
        high = (desc >> 12 & 0xf) << 48;
    }
    return align_down(desc & mask, 1ull << shift) | high;
}

enum a64_entry a64_classify(const struct a64_format *t, const struct mmu_a64_features *f,
                            const struct a64_desc *d)
{
    if (!(d->value & 1))
        return A64_INVALID;
    if (d->level == 3)
        return d->value & 2 ? A64_LEAF : A64_INVALID;
    if (d->value & 2)
        return A64_TABLE;
    int least; /* the first level that may hold blocks */
    if (t->gran == 12)
        least = t->ds ? 0 : 1;
    else if (t->gran == 14)
        least = t->ds ? 1 : 2;
    else
        least = t->lpa && f->pa_bits >= 52 ? 1 : 2;
    return d->level >= least ? A64_LEAF : A64_INVALID;
}

unsigned a64_mapping_shift(const struct a64_format *t, const struct a64_desc *d)
{
    unsigned shift = a64_shift(t, d->level);
    if (!(d->value >> 52 & 1))
        return shift;
    if (t->gran == 12)
        return d->level >= 1 ? shift + 4 : shift;
    if (t->gran == 14)
        return d->level == 3 ? shift + 7 : d->level == 2 ? shift + 5 : shift;
    return d->level >= 2 ? shift + 5 : shift;
}

/* ---- descriptors ---- */

static void charge(const struct mmu_a64_regime *r, pa_t pa, bool write)
{
    const struct tm_cpu *tm = r->cpu != NULL ? r->cpu->tm : NULL;
    if (tm != NULL && (tm->model->hooks & TM_WALK))
        r->cpu->budget -= tm->model->walk_access(r->cpu->tm, pa, write);
}

bool a64_read(const struct mmu_a64_regime *r, const struct a64_format *t, unsigned flags,
              struct a64_desc *d)
{
    uint64_t n;
    const uint8_t *host = mem_pointer(r->memory, d->pa, &n, false);
    if (host == NULL || n < 8 || (d->nonsecure && mem_lookup(r->memory, d->pa)->region->secure))
        return false;
    if (!(flags & MMU_A64_PROBE))
        charge(r, d->pa, false);
    d->value = ld_le64(host);
    if (t->big_endian)
        d->value = __builtin_bswap64(d->value);
    return true;
}

bool a64_update(const struct mmu_a64_regime *r, const struct a64_format *t, struct a64_desc *d,
                uint64_t value)
{
    uint64_t n, image = t->big_endian ? __builtin_bswap64(value) : value;
    if (UNLIKELY(r->cpu != NULL && r->cpu->still))
        return false;
    if (mem_pointer(r->memory, d->pa, &n, true) == NULL || n < 8)
        return false;
    charge(r, d->pa, true);
    enum mem_result why;
    uint64_t before = t->big_endian ? __builtin_bswap64(d->value) : d->value;
    d->changed = !mem_replace(r->memory, d->pa, 8, before, image, NULL, &why);
    if (d->changed || why != MEM_OK)
        return false;
    d->value = value;
    return true;
}

/* ---- both stages ---- */

/* D8.6.2 and following: the weaker of two memory types wins. MAIR encoding. */
static uint8_t combine_attr(const struct mmu_a64_regime *r, uint8_t s1, uint8_t s2)
{
    if (r->f->s2fwb && (r->hcr >> 46 & 1)) {
        switch (s2 & 7) {
        case 7: return s1;                                   /* stage 1 as it is */
        case 6: return (s1 & 0xf0) == 0 || (s1 != 0xff && (s1 & 0xc0) != 0xc0) ? 0xff : s1;
        case 5: return (s1 & 0xf0) == 0 ? s1 : 0x44;
        default: return (s1 & 0xf0) == 0 ? MIN(s1, (uint8_t)((s2 & 3) << 2)) : (uint8_t)((s2 & 3) << 2);
        }
    }
    if ((s2 & 0xc) == 0) {
        uint8_t device = (uint8_t)((s2 & 3) << 2);
        return (s1 & 0xf0) == 0 ? MIN(s1, device) : device;
    }
    if ((s1 & 0xf0) == 0)
        return s1;
    if (s1 == 0xf0) /* Tagged: Write-Back, and remains so only where stage 2 leaves it that */
        return s2 == 0xf ? s1 : combine_attr(r, 0xff, s2);
    uint8_t result = 0;
    for (unsigned half = 0; half < 2; half++) { /* inner, outer */
        unsigned a = s1 >> 4 * half & 0xf, b = s2 >> 2 * half & 3, c;
        if (b == 1 || a == 4)
            c = 4;
        else if (b == 2)
            c = 8 | (a & 3);
        else
            c = a;
        result = (uint8_t)(result | c << 4 * half);
    }
    return result;
}

static uint8_t combine_sh(uint8_t a, uint8_t b)
{
    return a == 2 || b == 2 ? 2 : a == 3 || b == 3 ? 3 : 0;
}

/* What PAR_EL1 reports for Device and for memory that is not cached anywhere. */
static uint8_t reported_sh(uint8_t attr, uint8_t sh)
{
    return (attr & 0xf0) == 0 || attr == 0x44 ? 2 : sh;
}

static bool through_stage2(const struct mmu_a64_regime *r, const struct a64_access *a,
                           struct mmu_a64_result *out, struct mmu_a64_fault *fault)
{
    struct a64_stage2 s2;
    if (!a64_stage2(r, out->pa, a, &s2, fault))
        return false;
    out->pa = s2.pa;
    out->page_shift = (uint8_t)MIN(out->page_shift, s2.shift);
    out->load &= s2.load;
    out->store &= s2.store;
    out->fetch &= s2.fetch;
    out->attr = combine_attr(r, out->attr, s2.mem_attr);
    out->sh = combine_sh(out->sh, s2.sh);
    return true;
}

/* A read-modify-write is a read to a fault that a plain read would have taken as well. */
static void set_direction(const struct a64_access *a, bool readable, struct mmu_a64_fault *f)
{
    if (a->flags & MMU_A64_CACHE)
        f->wnr = true;
    else if (a->flags & MMU_A64_RMW)
        f->wnr = f->kind == MMU_A64_PERMISSION && readable;
    else
        f->wnr = a->kind == CPU_STORE;
}

static bool walk(const struct mmu_a64_regime *r, va_t va, const struct a64_access *a,
                 struct mmu_a64_result *out, struct mmu_a64_fault *fault)
{
    if (!a64_stage1(r, va, a, out, fault))
        return false;
    out->ipa = out->pa;
    out->s1_shift = out->page_shift;
    if (r->s2_on && r->id == MMU_A64_EL10 && !r->s1_only &&
        !through_stage2(r, a, out, fault))
        return false;
    out->device = (out->attr & 0xf0) == 0;
    out->normal_tagged = out->attr == 0xf0;
    out->sh = reported_sh(out->attr, out->sh);
    return true;
}

bool mmu_a64_walk(const struct mmu_a64_regime *r, va_t va, unsigned size, enum cpu_access access,
                  unsigned flags, struct mmu_a64_result *out, struct mmu_a64_fault *fault)
{
    struct a64_access a = { .kind = access, .flags = flags, .user = r->user };
    (void)size; /* inside a page of 4 KiB, as every mapping is at least */
    do {
        *out = (struct mmu_a64_result){ 0 };
        *fault = (struct mmu_a64_fault){ 0 };
        if (walk(r, va, &a, out, fault))
            return true;
    } while (UNLIKELY(fault->kind == MMU_A64_CHANGED));
    bool readable = false;
    if ((flags & MMU_A64_RMW) && fault->kind == MMU_A64_PERMISSION) {
        struct a64_access read = { .kind = CPU_LOAD, .flags = MMU_A64_PROBE, .user = r->user };
        struct mmu_a64_result unused;
        struct mmu_a64_fault other = { 0 };
        readable = walk(r, va, &read, &unused, &other) && unused.load;
    }
    set_direction(&a, readable, fault);
    return false;
}

unsigned mmu_a64_fsc(const struct mmu_a64_fault *f, bool on_walk)
{
    unsigned level = (unsigned)f->level;
    bool minus1 = f->level == -1;
    switch (f->kind) {
    case MMU_A64_ADDRESS_SIZE: return minus1 ? 0x29 : 0x00 + level;
    case MMU_A64_TRANSLATION: return minus1 ? 0x2b : 0x04 + level;
    case MMU_A64_ACCESS_FLAG: return 0x08 + level;
    case MMU_A64_PERMISSION: return 0x0c + level;
    case MMU_A64_EXTERNAL: return !on_walk ? 0x10 : minus1 ? 0x13 : 0x14 + level;
    case MMU_A64_UNSUPPORTED_UPDATE: return 0x31;
    default: return 0;
    }
}

/* TBI and TBID of the half that bit 55 chooses. */
static bool ignores_tag(const struct mmu_a64_regime *r, va_t va, bool fetch)
{
    if (a64_two_ranges(r)) {
        unsigned half = va >> 55 & 1;
        return (r->tcr >> (37 + half) & 1) && !(fetch && (r->tcr >> (51 + half) & 1));
    }
    return (r->tcr >> 20 & 1) && !(fetch && (r->tcr >> 29 & 1));
}

va_t mmu_a64_strip_tag(const struct mmu_a64_regime *r, va_t va, bool fetch)
{
    if (!ignores_tag(r, va, fetch))
        return va;
    return a64_two_ranges(r) ? sext(va, 56) : zext(va, 56);
}
