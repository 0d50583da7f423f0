/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 (D8.2.9, D8.4.2): intermediate physical addresses to physical ones. */
#include "mmu/arm64_impl.h"

#define HCR_PTW  2
#define HCR_FWB  46
enum { R = 1, X = 2, W = 4 };

static bool bit(uint64_t v, unsigned n)
{
    return v >> n & 1;
}

/* The level a start field names, or 4: reserved. */
static int start_level(const struct mmu_a64_regime *r, const struct a64_format *t)
{
    static const int8_t small[4] = { 2, 1, 0, 3 }, large[4] = { 3, 2, 1, 0 };
    unsigned sl0 = (unsigned)(r->vtcr >> 6 & 3);
    bool sl2 = t->ds && bit(r->vtcr, 33);
    if (t->gran == 12) {
        if (sl2)
            return sl0 == 0 ? -1 : 4;
        return sl0 == 3 && !r->f->ttst ? 4 : small[sl0];
    }
    if (sl0 == 3 && (t->gran == 16 || !t->ds))
        return 4;
    return large[sl0];
}

/* False: VTCR_EL2 is not consistent. */
static bool decode(const struct mmu_a64_regime *r, struct a64_format *t, unsigned *ps)
{
    const struct mmu_a64_features *f = r->f;
    unsigned tosz = (unsigned)(r->vtcr & 0x3f);
    t->gran = a64_granule((unsigned)(r->vtcr >> 14 & 3), false, f->gran4_s2, f->gran16_s2, f->gran64_s2);
    t->stride = t->gran - 3;
    t->ds = bit(r->vtcr, 32) &&
            ((t->gran == 12 && f->lpa2_4_s2) || (t->gran == 14 && f->lpa2_16_s2));
    t->lpa = t->gran == 16 && f->lpa;
    *ps = (unsigned)(r->vtcr >> 16 & 7);
    t->oa = a64_output_bits(f, *ps, t);
    t->ha = f->haf && bit(r->vtcr, 21);
    t->hd = t->ha && f->hdbs && bit(r->vtcr, 22);
    t->big_endian = r->s2_big_endian;
    unsigned most = t->ds || t->lpa ? f->pa_bits : MIN(f->pa_bits, 48);
    t->ia = 64 - tosz;
    t->start = start_level(r, t);
    if (t->start > 3 || t->ia > most || tosz > (f->ttst ? 48u : 39u))
        return false;
    unsigned shift = a64_shift(t, t->start);
    return t->ia > shift && t->ia - shift <= t->stride + 4; /* up to 16 tables side by side */
}

/* R, W and what of X applies to the accessing privilege; `clean`: W once hardware has set it. */
static unsigned permits(const struct mmu_a64_regime *r, const struct a64_format *t, uint64_t desc,
                        bool user, bool *clean)
{
    static const uint8_t indirect[16] = { [2] = R, [3] = R, [4] = W, [6] = R, [7] = R, [8] = R,
                                          [9] = R | X, [10] = R | X, [11] = R | X, [12] = R | W,
                                          [13] = R | W | X, [14] = R | W | X, [15] = R | W | X };
    static const uint8_t user_only = 1, priv_only = 2;
    unsigned p = 0;
    *clean = false;
    if (r->f->s2pie && bit(r->vtcr, 36)) {
        unsigned index = (unsigned)(bit(desc, 54) << 3 | bit(desc, 53) << 2 | bit(desc, 51) << 1 | bit(desc, 6));
        unsigned nibble = (unsigned)(r->s2pir >> 4 * index & 0xf), who = nibble & 3;
        p = indirect[nibble];
        if ((who == user_only && !user) || (who == priv_only && user))
            p &= ~(unsigned)X;
        *clean = (p & W) && bit(desc, 7); /* nDirty */
        return *clean && !t->hd ? p & ~(unsigned)W : p;
    }
    p = (bit(desc, 6) ? R : 0) | (bit(desc, 7) ? W : 0);
    if (!(p & W) && t->hd && bit(desc, 51)) {
        p |= W;
        *clean = true;
    }
    unsigned xn = (unsigned)(desc >> 53 & 3);
    bool runs = r->f->xnx ? xn == 0 || (xn == 1 && user) || (xn == 3 && !user) : !bit(desc, 54);
    return p | (runs ? X : 0);
}

static bool is_device(const struct mmu_a64_regime *r, unsigned attr)
{
    return r->f->s2fwb && bit(r->hcr, HCR_FWB) ? !(attr & 4) : (attr & 0xc) == 0;
}

static bool fail(struct mmu_a64_fault *f, const struct a64_access *a, uint64_t ipa,
                 enum mmu_a64_fault_kind kind, int level)
{
    f->stage2 = true;
    f->s1ptw = a->on_walk;
    f->ipa = ipa;
    return a64_fail(f, kind, level);
}

static bool check(const struct mmu_a64_regime *r, const struct a64_format *t, uint64_t ipa,
                  const struct a64_access *a, struct a64_desc *d, struct a64_stage2 *out,
                  struct mmu_a64_fault *fault)
{
    static const uint8_t needs[] = { [CPU_LOAD] = R, [CPU_STORE] = W, [CPU_FETCH] = X };
    bool probe = a->flags & MMU_A64_PROBE, clean;
    unsigned may = permits(r, t, d->value, a->user, &clean), need = needs[a->kind];
    if (a->flags & MMU_A64_RMW)
        need |= R;
    if (!bit(d->value, 10) && (!t->ha || (a->flags & MMU_A64_STILL)) && !probe)
        return fail(fault, a, ipa, MMU_A64_ACCESS_FLAG, d->level);
    bool refused = (may & need) != need && !(a->flags & MMU_A64_NO_PERM);
    bool device_walk = a->on_walk && bit(r->hcr, HCR_PTW) && is_device(r, out->mem_attr);
    if (!probe && (refused || device_walk))
        return fail(fault, a, ipa, MMU_A64_PERMISSION, d->level);
    uint64_t want = d->value;
    bool dirties = a->kind == CPU_STORE && clean && !(a->flags & (MMU_A64_AT | MMU_A64_CACHE));
    bool pie = r->f->s2pie && bit(r->vtcr, 36);
    if (!probe && t->ha)
        want |= BIT(10);
    if (!probe && dirties)
        want = pie ? want & ~BIT(7) : want | BIT(7);
    if (want != d->value && !a64_update(r, t, d, want))
        return fail(fault, a, ipa, d->changed ? MMU_A64_CHANGED : MMU_A64_EXTERNAL, d->level);
    out->load = may & R;
    out->store = (may & W) && (!clean || (!probe && dirties));
    out->fetch = may & X;
    return true;
}

bool a64_stage2(const struct mmu_a64_regime *r, uint64_t ipa, const struct a64_access *a,
                struct a64_stage2 *out, struct mmu_a64_fault *fault)
{
    struct a64_format t;
    unsigned ps;
    if (!decode(r, &t, &ps) || ipa >> t.ia != 0)
        return fail(fault, a, ipa, MMU_A64_TRANSLATION, 0);
    unsigned index_bits = t.ia - a64_shift(&t, t.start);
    uint64_t table = a64_table_base(&t, zext(r->vttbr, 48), ps, index_bits);
    if (table >> t.oa != 0)
        return fail(fault, a, ipa, MMU_A64_ADDRESS_SIZE, 0);
    struct a64_desc d = { .level = t.start };
    for (;; d.level++, index_bits = t.stride) {
        d.pa = table + (ipa >> a64_shift(&t, d.level) & ((1ull << index_bits) - 1)) * 8;
        d.nonsecure = !r->secure;
        if (!a64_read(r, &t, a->flags, &d))
            return fail(fault, a, ipa, MMU_A64_EXTERNAL, d.level);
        enum a64_entry kind = a64_classify(&t, r->f, &d);
        if (kind == A64_INVALID)
            return fail(fault, a, ipa, MMU_A64_TRANSLATION, d.level);
        unsigned shift = kind == A64_LEAF ? a64_shift(&t, d.level) : t.gran;
        if (a64_output(&t, d.value, shift) >> t.oa != 0)
            return fail(fault, a, ipa, MMU_A64_ADDRESS_SIZE, d.level);
        if (kind == A64_LEAF)
            break;
        table = a64_output(&t, d.value, t.gran);
    }
    unsigned shift = a64_shift(&t, d.level);
    *out = (struct a64_stage2){ .pa = a64_output(&t, d.value, shift) | zext(ipa, shift),
                                .shift = a64_mapping_shift(&t, &d),
                                .mem_attr = (uint8_t)(d.value >> 2 & 0xf),
                                .sh = (uint8_t)(t.ds ? r->vtcr >> 12 & 3 : d.value >> 8 & 3) };
    return check(r, &t, ipa, a, &d, out, fault);
}
