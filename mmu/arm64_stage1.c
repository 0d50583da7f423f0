/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage 1 (D8.2 to D8.5): from the control registers to the leaf, and what it permits. The
 * order of checks is that of AArch64_S1Translate in the architecture's pseudocode.
 */
#include "mmu/arm64_impl.h"

#define SCTLR_WXN  19
#define SCTLR_EE   25
#define SCTLR_EPAN 57
#define HCR_DC     12
#define HCR_DCT    57
#define TCR2_PIE   1
#define TCR2_E0POE 2
#define TCR2_POE   3
enum { R = 1, X = 2, W = 4 };

static bool bit(uint64_t v, unsigned n)
{
    return v >> n & 1;
}

/* What the descriptors of the way down and the leaf say, for both privileges. */
struct rights {
    unsigned priv, user;        /* R, X, W */
    unsigned user_nibble;       /* PIE: the EL0 entry, for PAN */
    bool pie;
    bool clean;                 /* a write must set the dirty state first: hardware may */
    bool no_dirty;              /* PIE: not dirty, and hardware may not */
    bool overlaid;              /* an overlay took something away from the accessing privilege */
};

struct tables {
    bool no_user, no_write, no_px, no_ux;
};

/* ---- geometry ---- */

static unsigned field(const struct mmu_a64_regime *r, bool upper, unsigned low, unsigned high,
                      unsigned single, unsigned n)
{
    unsigned at = !a64_two_ranges(r) ? single : upper ? high : low;
    return (unsigned)(r->tcr >> at & ((1u << n) - 1));
}

/* False: TxSZ is out of range. */
static bool decode(const struct mmu_a64_regime *r, bool upper, struct a64_format *t, unsigned *ps)
{
    const struct mmu_a64_features *f = r->f;
    bool two = a64_two_ranges(r);
    unsigned txsz = field(r, upper, 0, 16, 0, 6);
    t->gran = a64_granule(field(r, upper, 14, 30, 14, 2), upper && two, f->gran4, f->gran16, f->gran64);
    t->stride = t->gran - 3;
    t->ds = bit(r->tcr, two ? 59 : 32) &&
            ((t->gran == 12 && f->lpa2_4) || (t->gran == 14 && f->lpa2_16));
    t->lpa = t->gran == 16 && f->lpa;
    *ps = field(r, upper, 32, 32, 16, 3);
    t->oa = a64_output_bits(f, *ps, t);
    t->ha = f->haf && field(r, upper, 39, 39, 21, 1);
    t->hd = t->ha && f->hdbs && field(r, upper, 40, 40, 22, 1);
    t->big_endian = bit(r->sctlr, SCTLR_EE);
    unsigned least = t->ds || (t->gran == 16 && f->lva) ? 12 : 16;
    unsigned most = !f->ttst ? 39 : t->gran == 16 ? 47 : 48;
    if (txsz < least || txsz > most)
        return false;
    t->ia = 64 - txsz;
    t->start = 3 - (int)((t->ia - 1 - t->gran) / t->stride);
    return true;
}

/* Everything from the top address bit down to the range's size is a copy of bit 55. */
static bool in_range(const struct mmu_a64_regime *r, va_t va, const struct a64_format *t, bool fetch)
{
    va_t v = mmu_a64_strip_tag(r, va, fetch);
    if (!a64_two_ranges(r))
        return v >> t->ia == 0;
    return sext(v, t->ia + 1) == v;
}

/* ---- permissions ---- */

static struct rights direct(const struct mmu_a64_regime *r, const struct a64_format *t,
                            uint64_t desc, const struct tables *way)
{
    bool two = a64_two_ranges(r), dbm = t->hd && bit(desc, 51), writes = !bit(desc, 7);
    bool user = two && !r->nv1 && bit(desc, 6) && !way->no_user;
    struct rights p = { .clean = !writes && dbm };
    bool can_write = (writes || dbm) && !way->no_write;
    bool pxn, uxn;
    if (r->nv1) {
        pxn = bit(desc, 54) || way->no_px;
        uxn = false;
    } else if (two) {
        pxn = bit(desc, 53) || way->no_px;
        uxn = bit(desc, 54) || way->no_ux;
    } else {
        pxn = bit(desc, 54) || way->no_ux; /* XN, XNTable */
        uxn = true;
    }
    p.priv = R | (can_write ? W : 0);
    p.user = user ? R | (can_write ? W : 0) : 0;
    if (!pxn && !(two && (p.user & W)))
        p.priv |= X;
    if (!uxn)
        p.user |= X;
    if (bit(r->sctlr, SCTLR_WXN)) {
        p.priv &= p.priv & W ? ~(unsigned)X : ~0u;
        p.user &= p.user & W ? ~(unsigned)X : ~0u;
    }
    return p;
}

/* D8.4.1.2, permission indirection: base permission of a PIR field; bit 3 of the result: overlays apply. */
enum { OVERLAY = 8, GCS = 16, IS_WXN = 32 };
static const uint8_t indirect[16] = {
    [0x0] = OVERLAY,
    [0x1] = R | OVERLAY,
    [0x2] = X | OVERLAY,
    [0x3] = R | X | OVERLAY,
    [0x4] = OVERLAY,
    [0x5] = R | W | OVERLAY,
    [0x6] = R | W | X | OVERLAY | IS_WXN,
    [0x7] = R | W | X | OVERLAY,
    [0x8] = R,
    [0x9] = R | GCS,
    [0xa] = R | X,
    [0xb] = 0,
    [0xc] = R | W,
    [0xd] = 0,
    [0xe] = R | W | X,
    [0xf] = 0,
};

/* The overlay's nibble: R, X, W as bits; 8 and above are reserved and give nothing. */
static unsigned overlay(uint64_t por, uint64_t desc)
{
    unsigned nibble = (unsigned)(por >> 4 * (desc >> 60 & 7) & 0xf);
    return nibble >= 8 ? 0 : nibble;
}

static unsigned overlaid(unsigned base, bool on, uint64_t por, uint64_t desc, bool *took)
{
    unsigned p = base & (R | W | X), keep = overlay(por, desc);
    *took = false;
    if (on && (base & OVERLAY)) {
        *took = (p & ~keep) != 0;
        p &= keep;
        if (base & IS_WXN)
            p &= keep & X ? ~(unsigned)W : ~0u;
    } else if (base & IS_WXN) {
        p &= ~(unsigned)X;
    }
    return p;
}

static struct rights indirection(const struct mmu_a64_regime *r, const struct a64_format *t,
                                 uint64_t desc)
{
    unsigned index = (unsigned)(bit(desc, 54) << 3 | bit(desc, 53) << 2 | bit(desc, 51) << 1 | bit(desc, 6));
    bool two = a64_two_ranges(r), user_took = false, priv_took;
    unsigned priv = indirect[r->pir >> 4 * index & 0xf], user = 0;
    struct rights p = { .pie = true };
    if (two && !r->nv1) {
        p.user_nibble = (unsigned)(r->pire0 >> 4 * index & 0xf);
        user = indirect[p.user_nibble];
    }
    if ((priv & (X | GCS)) && (user & (W | GCS)))
        priv = user = 0;
    p.priv = overlaid(priv, r->f->s1poe && bit(r->tcr2, TCR2_POE), r->por, desc, &priv_took);
    p.user = overlaid(user, r->f->s1poe && two && bit(r->tcr2, TCR2_E0POE), r->por_el0, desc, &user_took);
    p.overlaid = r->user ? user_took : priv_took;
    if (bit(desc, 7)) { /* nDirty */
        p.clean = t->hd;
        p.no_dirty = !t->hd;
    }
    return p;
}

/* D8.4.5: privileged data accesses to what EL0 may touch. */
static bool pan_denies(const struct mmu_a64_regime *r, const struct a64_access *a,
                       const struct rights *p)
{
    if (!r->pan || a->user || a->kind == CPU_FETCH || r->nv1)
        return false;
    if (p->pie)
        return p->user_nibble != 0;
    return (p->user & (R | W)) || (r->f->pan3 && bit(r->sctlr, SCTLR_EPAN) && (p->user & X));
}

/* ---- the walk ---- */

/* Where a descriptor's IPA lies. False: a stage-2 fault, for the stage-1 walk. */
static bool locate(const struct mmu_a64_regime *r, uint64_t ipa, const struct a64_access *a,
                   bool write, pa_t *pa, struct mmu_a64_fault *fault)
{
    *pa = ipa;
    if (!r->s2_on || r->id != MMU_A64_EL10)
        return true;
    struct a64_access walk = { .kind = write ? CPU_STORE : CPU_LOAD, .flags = a->flags & (MMU_A64_PROBE | MMU_A64_STILL),
                               .on_walk = true };
    struct a64_stage2 s2;
    if (!a64_stage2(r, ipa, &walk, &s2, fault))
        return false;
    *pa = s2.pa;
    return true;
}

static bool hierarchical(const struct mmu_a64_regime *r, bool upper, bool pie)
{
    return !(r->f->hpds && field(r, upper, 41, 42, 24, 1)) && !pie;
}

static void note_table(struct tables *way, const struct mmu_a64_regime *r, uint64_t desc)
{
    way->no_user |= bit(desc, 61) && !r->nv1;
    way->no_write |= bit(desc, 62);
    if (r->nv1) {
        way->no_px |= bit(desc, 60);
    } else {
        way->no_px |= bit(desc, 59);
        way->no_ux |= bit(desc, 60);
    }
}

/* Step 10: access flag, permissions, hardware updates. `ipa` is the descriptor's. */
static bool finish(const struct mmu_a64_regime *r, const struct a64_format *t,
                   const struct a64_access *a, struct a64_desc *d, uint64_t ipa,
                   const struct rights *p, struct mmu_a64_result *out, struct mmu_a64_fault *fault)
{
    static const uint8_t needs[] = { [CPU_LOAD] = R, [CPU_STORE] = W, [CPU_FETCH] = X };
    bool probe = a->flags & MMU_A64_PROBE, checks = !probe && !(a->flags & MMU_A64_NO_PERM);
    unsigned may = a->user ? p->user : p->priv, need = needs[a->kind];
    if (a->flags & MMU_A64_RMW)
        need |= R;
    if (!bit(d->value, 10) && (!t->ha || (a->flags & MMU_A64_STILL)) && !probe)
        return a64_fail(fault, MMU_A64_ACCESS_FLAG, d->level);
    bool denied = pan_denies(r, a, p);
    if (checks && (denied || (may & need) != need ||
                   (a->kind == CPU_STORE && p->no_dirty && !(a->flags & MMU_A64_CACHE)))) {
        fault->overlay = p->overlaid && (may & need) != need;
        fault->dirty_bit = p->no_dirty && a->kind == CPU_STORE && (may & need) == need;
        return a64_fail(fault, MMU_A64_PERMISSION, d->level);
    }
    uint64_t want = d->value;
    bool dirties = a->kind == CPU_STORE && p->clean && !(a->flags & (MMU_A64_AT | MMU_A64_CACHE));
    if (!probe && t->ha)
        want |= BIT(10);
    if (!probe && dirties)
        want &= ~BIT(7);
    if (want != d->value) {
        pa_t pa;
        if (!locate(r, ipa, a, true, &pa, fault))
            return false;
        d->pa = pa;
        if (!a64_update(r, t, d, want))
            return a64_fail(fault, d->changed ? MMU_A64_CHANGED : MMU_A64_EXTERNAL, d->level);
    }
    bool clean = p->pie ? bit(d->value, 7) : p->clean && bit(d->value, 7);
    out->load = (may & R) && !denied;
    out->store = (may & W) && !denied && !clean && !p->no_dirty;
    out->fetch = may & X;
    return true;
}

static void describe(const struct mmu_a64_regime *r, const struct a64_format *t, bool upper,
                     const struct a64_desc *d, va_t va, struct mmu_a64_result *out)
{
    unsigned shift = a64_shift(t, d->level);
    out->pa = a64_output(t, d->value, shift) | zext(va, shift);
    out->page_shift = (uint8_t)a64_mapping_shift(t, d);
    out->block_shift = (uint8_t)shift;
    out->attr = (uint8_t)(r->mair >> 8 * (d->value >> 2 & 7));
    out->sh = (uint8_t)(t->ds ? field(r, upper, 12, 28, 12, 2) : d->value >> 8 & 3);
    out->guarded = r->f->bti && bit(d->value, 50);
    out->global = !a64_two_ranges(r) || !bit(d->value, 11);
}

/* D8.2.12: what an address is without stage 1. */
static bool without_tables(const struct mmu_a64_regime *r, va_t va, const struct a64_access *a,
                           struct mmu_a64_result *out, struct mmu_a64_fault *fault)
{
    va_t v = mmu_a64_strip_tag(r, va, a->kind == CPU_FETCH);
    if (zext(v, 56) >> r->f->pa_bits != 0 || (a64_two_ranges(r) ? sext(v, 56) != v : v >> 56 != 0))
        return a64_fail(fault, MMU_A64_ADDRESS_SIZE, 0);
    bool dc = r->id == MMU_A64_EL10 && bit(r->hcr, HCR_DC);
    *out = (struct mmu_a64_result){ .pa = v, .page_shift = 12, .block_shift = 12, .load = true, .store = true,
                                    .fetch = true, .global = true, .sh = 2, .nonsecure = !r->secure };
    if (dc) {
        out->attr = bit(r->hcr, HCR_DCT) ? 0xf0 : 0xff;
        out->sh = 0;
    } else if (a->kind == CPU_FETCH) {
        out->attr = bit(r->sctlr, 12) ? 0xaa : 0x44;
    }
    return true;
}

bool a64_stage1(const struct mmu_a64_regime *r, va_t va, const struct a64_access *a,
                struct mmu_a64_result *out, struct mmu_a64_fault *fault)
{
    bool upper = bit(va, 55), two = a64_two_ranges(r), pie = r->f->s1pie && bit(r->tcr2, TCR2_PIE);
    struct a64_format t;
    struct tables way = { 0 };
    unsigned ps;
    if (!r->on)
        return without_tables(r, va, a, out, fault);
    upper &= two;
    if (!decode(r, upper, &t, &ps) || !in_range(r, va, &t, a->kind == CPU_FETCH) ||
        (two && a->user && r->f->e0pd && bit(r->tcr, upper ? 56 : 55)) ||
        (two && bit(r->tcr, upper ? 23 : 7)))
        return a64_fail(fault, MMU_A64_TRANSLATION, 0);
    unsigned index_bits = t.ia - a64_shift(&t, t.start);
    uint64_t table = a64_table_base(&t, r->ttbr[upper], ps, index_bits), ipa = 0;
    if (table >> t.oa != 0)
        return a64_fail(fault, MMU_A64_ADDRESS_SIZE, 0);
    struct a64_desc d = { .level = t.start, .nonsecure = !r->secure };
    for (;; d.level++, index_bits = t.stride) {
        ipa = table + (va >> a64_shift(&t, d.level) & ((1ull << index_bits) - 1)) * 8;
        if (!locate(r, ipa, a, false, &d.pa, fault))
            return false;
        if (!a64_read(r, &t, a->flags, &d))
            return a64_fail(fault, MMU_A64_EXTERNAL, d.level);
        enum a64_entry kind = a64_classify(&t, r->f, &d);
        if (kind == A64_INVALID)
            return a64_fail(fault, MMU_A64_TRANSLATION, d.level);
        unsigned shift = kind == A64_LEAF ? a64_shift(&t, d.level) : t.gran;
        if (a64_output(&t, d.value, shift) >> t.oa != 0)
            return a64_fail(fault, MMU_A64_ADDRESS_SIZE, d.level);
        if (kind == A64_LEAF)
            break;
        if (hierarchical(r, upper, pie))
            note_table(&way, r, d.value);
        d.nonsecure |= bit(d.value, 63); /* D8.4.2.2 NSTable, which HPD leaves alone */
        table = a64_output(&t, d.value, t.gran);
    }
    struct rights p = pie ? indirection(r, &t, d.value) : direct(r, &t, d.value, &way);
    describe(r, &t, upper, &d, va, out);
    out->nonsecure = d.nonsecure || bit(d.value, 5); /* NS, to Secure regimes */
    return finish(r, &t, a, &d, ipa, &p, out, fault);
}
