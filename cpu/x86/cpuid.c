/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID: SDM volume 2; APM volume 3, appendix E. Feature words follow from features.def; topology and caches from the
 * configuration, so that all leaves tell one story.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"
#include <string.h>

static const struct {
    uint32_t leaf;
    uint8_t subleaf, reg, bit;
} features[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) { leaf, subleaf, reg, bit },
#include "cpu/x86/features.def"
#undef X86_FEATURE
};

static void add_features(const struct x86_cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    for (unsigned f = 0; f < X86_F_COUNT; f++)
        if (features[f].leaf == leaf && features[f].subleaf == subleaf && x86_cpu_has(c, (enum x86_feature)f))
            r[features[f].reg] |= 1u << features[f].bit;
}

/* ---- topology ---- */
static unsigned width(uint32_t n)
{
    return n <= 1 ? 0 : 32u - (unsigned)__builtin_clz(n - 1);
}

struct widths {
    unsigned thread, core, die; /* first bit above each in an APIC id */
};

static struct widths widths(const struct x86_topology *t)
{
    struct widths w;
    w.thread = width(t->threads);
    w.core = w.thread + width(t->cores);
    w.die = w.core + width(t->dies);
    return w;
}

uint32_t x86_apic_id(const struct x86_topology *t, uint32_t index)
{
    struct widths w = widths(t);
    uint32_t thread = index % t->threads, core = index / t->threads % t->cores;
    uint32_t die = index / t->threads / t->cores % t->dies, socket = index / t->threads / t->cores / t->dies;
    return thread | core << w.thread | die << w.core | socket << w.die;
}

static uint32_t per_socket(const struct x86_topology *t)
{
    return t->threads * t->cores * t->dies;
}

/* Logical processors that share something, as the number of APIC ids in its group. */
static uint32_t sharing_ids(const struct x86_config *k, unsigned shared_by)
{
    struct widths w = widths(&k->topology);
    const unsigned shift[] = { 0, w.thread, w.core, w.die };
    return 1u << shift[shared_by];
}

/* Leaves B, 1F and 80000026: one subleaf a level. */
struct level {
    uint8_t type, shift;
    uint32_t cpus;
};

static unsigned levels(const struct x86_config *k, bool dies, bool amd, struct level out[4])
{
    const struct x86_topology *t = &k->topology;
    struct widths w = widths(t);
    unsigned n = 0;
    out[n++] = (struct level){ 1, (uint8_t)w.thread, t->threads };
    if (amd) { /* core, complex (a die here), die, socket */
        out[0] = (struct level){ 1, (uint8_t)w.thread, t->threads };
        out[n++] = (struct level){ 2, (uint8_t)w.core, t->threads * t->cores };
        out[n++] = (struct level){ 3, (uint8_t)w.core, t->threads * t->cores };
        out[n++] = (struct level){ 4, (uint8_t)w.die, per_socket(t) };
        return n;
    }
    if (!dies || t->dies == 1) {
        out[n++] = (struct level){ 2, (uint8_t)w.die, per_socket(t) };
        return n;
    }
    out[n++] = (struct level){ 2, (uint8_t)w.core, t->threads * t->cores };
    out[n++] = (struct level){ 5, (uint8_t)w.die, per_socket(t) };
    return n;
}

static void topology_leaf(const struct x86_config *k, uint32_t subleaf, bool dies, bool amd, uint32_t r[4])
{
    struct level l[4];
    unsigned n = levels(k, dies, amd, l);
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
static void cache_leaf(const struct x86_config *k, uint32_t n, bool intel, uint32_t r[4])
{
    const struct x86_cache *h = cache(k, n);
    struct widths w = widths(&k->topology);
    if (h == NULL)
        return;
    uint32_t ids = sharing_ids(k, h->shared_by);
    r[0] = h->type | (uint32_t)h->level << 5 | 1u << 8 | (MIN(ids, 4096) - 1) << 14;
    if (intel)
        r[0] |= (MIN(1u << (w.die - w.thread), 64) - 1) << 26;
    r[1] = (h->line - 1u) | (h->ways - 1u) << 22;
    r[2] = h->sets - 1;
    r[3] = h->inclusive ? 2 : 0;
}

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

/* APM E.4.5: associativity of L2 and L3 in 4 bits. */
static uint32_t ways_code(unsigned ways)
{
    static const struct {
        uint8_t ways, code;
    } rows[] = { { 1, 1 }, { 2, 2 }, { 4, 4 }, { 8, 6 }, { 16, 8 }, { 32, 10 }, { 48, 11 }, { 64, 12 }, { 96, 13 }, { 128, 14 } };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].ways == ways)
            return rows[i].code;
    return 9; /* see leaf 8000001D */
}

/* ---- extended state ---- */
static void xsave_leaf(const struct x86_cpu *c, uint32_t sub, uint32_t r[4])
{
    uint64_t all = x86_xcr0_supported(c);
    if (!x86_cpu_has(c, X86_F_XSAVE))
        return;
    if (sub == 0) {
        r[0] = (uint32_t)all;
        r[1] = x86_xsave_size(c->xcr0[0], false);
        r[2] = x86_xsave_size(all, false);
        return;
    }
    if (sub == 1) {
        add_features(c, 0xd, 1, r);
        if (x86_cpu_has(c, X86_F_XSAVEC))
            r[1] = x86_xsave_size(c->xcr0[0] | c->xss, true);
        return;
    }
    if (sub < 64 && (all >> sub & 1))
        x86_xsave_component(sub, &r[1], &r[0]);
}

/* ---- leaves ---- */
static void signature(const struct x86_cpu *c, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    uint32_t family = MIN(k->family, 15), extended = k->family > 15 ? k->family - 15 : 0;
    r[0] = k->stepping | (k->model & 15) << 4 | family << 8 | (k->model >> 4) << 16 | extended << 20;
}

static void leaf1(const struct x86_cpu *c, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    uint32_t ids = 1u << widths(&k->topology).die;
    signature(c, r);
    r[1] = 8u << 8 | MIN(ids, 255) << 16 | (k->apic_id & 0xff) << 24;
    add_features(c, 1, 0, r);
    if (per_socket(&k->topology) > 1)
        r[3] |= 1u << 28; /* HTT: the count above means something */
    if (c->cr4 & X86_CR4_OSXSAVE)
        r[2] |= 1u << 27;
    if (!(c->apic_base & X86_APIC_EN))
        r[3] &= ~(1u << 9);
}

static void vendor(const struct x86_cpu *c, uint32_t r[4])
{
    const char *name = c->config->vendor == X86_INTEL ? "GenuineIntel" : "AuthenticAMD";
    memcpy(&r[1], name, 4);
    memcpy(&r[3], name + 4, 4);
    memcpy(&r[2], name + 8, 4);
}

static void leaf7(const struct x86_cpu *c, uint32_t sub, uint32_t r[4])
{
    if (sub == 0)
        r[0] = 1;
    if (sub <= 1)
        add_features(c, 7, sub, r);
    if (sub == 0 && (c->cr4 & X86_CR4_PKE))
        r[2] |= 1u << 4; /* OSPKE */
}

static void basic(const struct x86_cpu *c, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    bool intel = k->vendor == X86_INTEL;
    switch (leaf) {
    case 0:
        r[0] = x86_max_leaf(c, false);
        vendor(c, r);
        break;
    case 1: leaf1(c, r); break;
    case 2:
        if (intel)
            r[0] = 0x00feff01; /* caches: leaf 4; TLBs: leaf 18H */
        break;
    case 4:
        if (intel)
            cache_leaf(k, sub, true, r);
        break;
    case 5:
        if (x86_cpu_has(c, X86_F_MONITOR)) {
            r[0] = r[1] = 64;
            r[2] = 3;
        }
        break;
    case 6: add_features(c, 6, 0, r); break;
    case 7: leaf7(c, sub, r); break;
    case 0xa: x86_pmu_leaf(c, r); break;
    case 0xb: topology_leaf(k, sub, false, false, r); break;
    case 0x1f: topology_leaf(k, sub, true, false, r); break;
    case 0xd: xsave_leaf(c, sub, r); break;
    case 0x15:
        if (intel) {
            r[0] = 1;
            r[1] = (uint32_t)(k->tsc_hz / 25000000);
            r[2] = 25000000;
        }
        break;
    case 0x16:
        if (intel) {
            r[0] = r[1] = (uint32_t)(k->hz / 1000000);
            r[2] = (uint32_t)(k->bus_hz / 10000000);
        }
        break;
    default: break;
    }
}

static void amd_caches(const struct x86_cpu *c, uint32_t leaf, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    const struct x86_cache *d = cache_of(k, 1, 1), *i = cache_of(k, 1, 2), *l2 = cache_of(k, 2, 3), *l3 = cache_of(k, 3, 3);
    if (leaf == 0x80000005) {
        r[0] = r[1] = 0xff40ff40; /* 64 entries, fully associative, of each kind */
        r[2] = d != NULL ? kib(d) << 24 | (uint32_t)(d->ways & 0xff) << 16 | 1u << 8 | d->line : 0;
        r[3] = i != NULL ? kib(i) << 24 | (uint32_t)(i->ways & 0xff) << 16 | 1u << 8 | i->line : 0;
        return;
    }
    r[0] = r[1] = 0x62006200; /* 512 entries, 8 ways */
    r[2] = l2 != NULL ? kib(l2) << 16 | ways_code(l2->ways) << 12 | 1u << 8 | l2->line : 0;
    r[3] = l3 != NULL ? kib(l3) / 512 << 18 | ways_code(l3->ways) << 12 | 1u << 8 | l3->line : 0;
}

static void extended(const struct x86_cpu *c, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    const struct x86_topology *t = &k->topology;
    bool amd = k->vendor == X86_AMD;
    struct widths w = widths(t);
    switch (leaf) {
    case 0x80000000:
        r[0] = x86_max_leaf(c, true);
        if (amd)
            vendor(c, r);
        break;
    case 0x80000001:
        if (amd) {
            uint32_t same[4] = { 0 };
            leaf1(c, same);
            signature(c, r);
            r[3] = same[3] & 0x0183f3ff; /* AMD repeats these of leaf 1 */
        }
        add_features(c, leaf, 0, r);
        if (!amd && !x86_code64(c))
            r[3] &= ~(1u << 11); /* Intel shows SYSCALL to 64-bit code only */
        if (per_socket(t) == 1)
            r[2] &= ~2u;
        break;
    case 0x80000002: case 0x80000003: case 0x80000004:
        memcpy(r, k->brand + 16 * (leaf - 0x80000002), 16);
        break;
    case 0x80000005:
        if (amd)
            amd_caches(c, leaf, r);
        break;
    case 0x80000006: amd_caches(c, leaf, r); break;
    case 0x80000007: add_features(c, leaf, 0, r); break;
    case 0x80000008:
        r[0] = k->pa_bits | k->va_bits << 8;
        add_features(c, leaf, 0, r);
        if (amd)
            r[2] = (MIN(per_socket(t), 256) - 1) | (uint32_t)w.die << 12;
        break;
    case 0x8000001d:
        if (x86_cpu_has(c, X86_F_TOPOEXT))
            cache_leaf(k, sub, false, r);
        break;
    case 0x8000001e:
        if (x86_cpu_has(c, X86_F_TOPOEXT)) {
            r[0] = k->apic_id;
            r[1] = (k->apic_id >> w.thread & 0xff) | (t->threads - 1) << 8;
            r[2] = (k->apic_id >> w.core & 0xff) | (t->dies - 1) << 8;
        }
        break;
    case 0x80000021:
        if (amd)
            r[0] = 1u << 2 | 1u << 6; /* LFENCE is serializing; null selectors clear the base */
        break;
    case 0x80000022:
        add_features(c, leaf, 0, r);
        x86_pmu_extended_leaf(c, r);
        break;
    case 0x80000026:
        if (x86_cpu_has(c, X86_F_TOPOEXT))
            topology_leaf(k, sub, true, true, r);
        break;
    default: break;
    }
}

uint32_t x86_max_leaf(const struct x86_cpu *c, bool is_extended)
{
    const struct x86_config *k = c->config;
    bool amd = k->vendor == X86_AMD;
    if (is_extended) {
        if (k->max_extended_leaf != 0)
            return k->max_extended_leaf;
        return amd ? (x86_cpu_has(c, X86_F_TOPOEXT) ? 0x80000026 : 0x80000008) : 0x80000008;
    }
    if (k->max_leaf != 0)
        return k->max_leaf;
    if (!amd || (x86_cpu_has(c, X86_F_X2APIC) && k->topology.dies > 1))
        return 0x1f;
    return x86_cpu_has(c, X86_F_XSAVE) ? 0xd : x86_cpu_has(c, X86_F_X2APIC) ? 0xb : 7;
}

/* Leaves beyond the last: Intel answers as for the highest basic one, AMD with zeros. */
void x86_cpuid(const struct x86_cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    memset(r, 0, 4 * sizeof(*r));
    bool high = leaf >= 0x80000000;
    uint32_t last = x86_max_leaf(c, high);
    if (leaf > last || (leaf >= 0x40000000 && !high)) {
        if (c->config->vendor == X86_AMD)
            return;
        leaf = x86_max_leaf(c, false);
        high = false;
    }
    if (high)
        extended(c, leaf, subleaf, r);
    else
        basic(c, leaf, subleaf, r);
}
