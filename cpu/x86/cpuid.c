/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID: SDM volume 2; APM volume 3, appendix E. Feature words follow from features.def; topology
 * and caches from the configuration, so that all leaves tell one story.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/cpuid_impl.h"
#include <string.h>

static const struct {
    uint32_t leaf;
    uint8_t subleaf, reg, bit;
} features[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) { leaf, subleaf, reg, bit },
#include "cpu/x86/features.def"
#undef X86_FEATURE
};

int x86_cpuid_init(struct x86_cpu *c, struct err *e)
{
    uint32_t n = 0;
    struct x86_feature_words *w =
        ARENA_ARRAY(&c->cpu.machine->arena, struct x86_feature_words, X86_F_COUNT + 1);
    if (w == NULL)
        return err_set(e, ERR_NOMEM, "%s: no memory for its CPUID leaves", c->cpu.name);
    for (unsigned f = 0; f < X86_F_COUNT; f++) {
        uint32_t k = 0;
        if (!x86_cpu_has(c, (enum x86_feature)f))
            continue;
        while (k < n && (w[k].leaf != features[f].leaf || w[k].subleaf != features[f].subleaf))
            k++;
        n += k == n;
        w[k].leaf = features[f].leaf;
        w[k].subleaf = features[f].subleaf;
        w[k].regs[features[f].reg] |= 1u << features[f].bit;
    }
    c->features = w; /* ends with a leaf 0, which has none */
    return 0;
}

static void add_features(const struct x86_cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    const struct x86_feature_words *w = c->features;
    while (w->leaf != 0 && (w->leaf != leaf || w->subleaf != subleaf))
        w++;
    for (unsigned i = 0; i < 4 && w->leaf != 0; i++)
        r[i] |= w->regs[i];
    if (leaf == 1 && x86_hidden(c, X86_F_MONITOR))
        r[2] &= ~(1u << 3);
    if (leaf == 0x80000001 && x86_hidden(c, X86_F_NX))
        r[3] &= ~(1u << 20);
    if (leaf == 0x80000001 && x86_hidden(c, X86_F_EXTAPIC))
        r[2] &= ~(1u << 3);
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
    r[0] =
        k->stepping | (k->model & 15) << 4 | family << 8 | (k->model >> 4) << 16 | extended << 20;
}

static void leaf1(const struct x86_cpu *c, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    /* Intel: ids there are room for; AMD: processors there are */
    uint32_t n = x86_cpus_per_socket(&k->topology), ids = 1u << x86_id_widths(&k->topology).die;
    signature(c, r);
    r[1] = 8u << 8 | MIN(k->vendor == X86_INTEL ? ids : n, 255) << 16 | (k->apic_id & 0xff) << 24;
    add_features(c, 1, 0, r);
    if (n > 1)
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
    case 1:
        leaf1(c, r);
        break;
    case 2:
        if (intel) {
            r[0] = 1;
            for (unsigned i = 0; i < ARRAY_LEN(k->descriptors); i++)
                r[(i + 1) / 4] |= (uint32_t)k->descriptors[i] << ((i + 1) % 4 * 8);
        }
        break;
    case 4:
        if (intel)
            x86_cache_leaf(k, sub, true, r);
        break;
    case 5:
        if (x86_cpu_has(c, X86_F_MONITOR) && !x86_hidden(c, X86_F_MONITOR)) {
            r[0] = r[1] = 64;
            r[2] = 3;
            r[3] = k->mwait;
        }
        break;
    case 6:
        add_features(c, 6, 0, r);
        break;
    case 7:
        leaf7(c, sub, r);
        break;
    case 0xa:
        x86_pmu_leaf(c, r);
        break;
    case 0xb:
        if (intel || x86_cpu_has(c, X86_F_X2APIC))
            x86_topology_leaf(k, sub, false, false, r);
        break;
    case 0x1f:
        if (intel)
            x86_topology_leaf(k, sub, true, false, r);
        break;
    case 0xd:
        xsave_leaf(c, sub, r);
        break;
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
    case 0x18:
        if (intel)
            x86_tlb_leaf(k, sub, r);
        break;
    default:
        break;
    }
}

static void extended(const struct x86_cpu *c, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    const struct x86_config *k = c->config;
    const struct x86_topology *t = &k->topology;
    bool amd = k->vendor == X86_AMD;
    struct x86_id_widths w = x86_id_widths(t);
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
        if (x86_cpus_per_socket(t) == 1)
            r[2] &= ~2u;
        break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
        memcpy(r, k->brand + 16 * (leaf - 0x80000002), 16);
        break;
    case 0x80000005:
    case 0x80000006:
    case 0x80000019:
        x86_amd_cache_leaf(k, leaf, r);
        break;
    case 0x80000007:
        add_features(c, leaf, 0, r);
        break;
    case 0x80000008:
        r[0] = k->pa_bits | k->va_bits << 8;
        add_features(c, leaf, 0, r);
        if (amd)
            r[2] = (MIN(x86_cpus_per_socket(t), 256) - 1) | (uint32_t)w.die << 12;
        break;
    case 0x8000001d:
        if (x86_cpu_has(c, X86_F_TOPOEXT))
            x86_cache_leaf(k, sub, false, r);
        break;
    case 0x8000001e:
        /* A core's number has 8 bits: beyond them nothing is said, as on QEMU's machine */
        if (x86_cpu_has(c, X86_F_TOPOEXT) && k->apic_id >> w.thread <= 0xff) {
            r[0] = k->apic_id;
            r[1] = k->apic_id >> w.thread | (t->threads - 1) << 8;
            r[2] =
                k->apic_id >> w.die & 0xff; /* one node a socket; dies share a cache, not memory */
        }
        break;
    case 0x80000021:
        add_features(c, leaf, 0, r);
        if (amd && x86_l2_tlb_in_32s(k))
            r[0] |= 1u << 14;
        break;
    case 0x80000022:
        add_features(c, leaf, 0, r);
        x86_pmu_extended_leaf(c, r);
        break;
    case 0x80000026:
        if (amd) /* whatever TOPOEXT says: that is about 8000001D and 1E */
            x86_topology_leaf(k, sub, true, true, r);
        break;
    default:
        break;
    }
}

/* The highest that has something to say. AMD's answers for what lies between them are zeros. */
uint32_t x86_max_leaf(const struct x86_cpu *c, bool is_extended)
{
    const struct x86_config *k = c->config;
    bool amd = k->vendor == X86_AMD;
    if (is_extended && k->max_extended_leaf != 0)
        return k->max_extended_leaf;
    if (is_extended)
        return amd && x86_cpu_has(c, X86_F_TOPOEXT) ? 0x80000026 : 0x80000008;
    if (!amd && (c->misc_enable & X86_MISC_LIMIT_CPUID))
        return 2;
    if (k->max_leaf != 0)
        return k->max_leaf;
    if (!amd)
        return 0x1f;
    return x86_cpu_has(c, X86_F_XSAVE) ? 0xd : x86_cpu_has(c, X86_F_X2APIC) ? 0xb : 7;
}

/* Leaves beyond the last: Intel answers as for the highest basic one, AMD with zeros. */
void x86_cpuid(const struct x86_cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    memset(r, 0, 4 * sizeof(*r));
    if (x86_kvm_leaf(c, leaf, r)) {
        if (leaf != 0x40000000)
            add_features(c, leaf, 0, r);
        return;
    }
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
