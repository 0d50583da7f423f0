/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the properties of x86 profiles mean (core/cpu/profile.h has their syntax):
 *     features = sse2 avx ...     names of features.def; each is also a switch
 *     vendor = intel | amd        (or GenuineIntel, AuthenticAMD)
 *     family, model, stepping, microcode, phys-bits     numbers
 *     model-id = text             the brand string
 *     cache1..cache6 = LEVEL data|code|unified SIZE-KIB WAYS LINE thread|core|die|socket
 *                      [wbinvd-own] [inclusive] [complex]     EDX of leaf 4
 *     tlb1..tlb12 = LEVEL data|code|unified|load|store PAGES ENTRIES WAYS|full
 *                                 PAGES: 4k, 2m, 4m, 1g joined by +
 *     descriptors = 63 03 ...     bytes of leaf 2, in the order of EAX[15:8], EAX[23:16] ...
 *     mwait = number              EDX of leaf 5
 *     clock, tsc-frequency, bus-clock    Hz
 *     pmu-version, pmu-counters, pmu-fixed    Intel's performance monitors (AMD's: perfctr-core,
 * perfmon-v2)
 *     last-branches = 0 | 32      Intel's LBR stack
 */
#include "cpu/x86/cpu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_bit(struct x86_config *c, unsigned f, bool on)
{
    uint64_t bit = 1ull << (f % 64);
    c->has[f / 64] = on ? c->has[f / 64] | bit : c->has[f / 64] & ~bit;
}

/* What hangs on another: the second must be there (SDM volume 1, chapters 5, 13 to 15). */
static const struct {
    uint8_t f, needs;
} rules[] = {
    { X86_F_SSE, X86_F_FXSR },
    { X86_F_SSE2, X86_F_SSE },
    { X86_F_SSE3, X86_F_SSE2 },
    { X86_F_SSSE3, X86_F_SSE3 },
    { X86_F_SSE4_1, X86_F_SSSE3 },
    { X86_F_SSE4_2, X86_F_SSE4_1 },
    { X86_F_AVX, X86_F_XSAVE },
    { X86_F_AVX, X86_F_SSE4_2 },
    { X86_F_AVX2, X86_F_AVX },
    { X86_F_FMA, X86_F_AVX },
    { X86_F_F16C, X86_F_AVX },
    { X86_F_AVX512F, X86_F_AVX2 },
    { X86_F_AVX512F, X86_F_FMA },
    { X86_F_AVX512BW, X86_F_AVX512F },
    { X86_F_AVX512DQ, X86_F_AVX512F },
    { X86_F_AVX512VL, X86_F_AVX512F },
    { X86_F_AVX512CD, X86_F_AVX512F },
    { X86_F_VAES, X86_F_AES },
    { X86_F_VPCLMULQDQ, X86_F_PCLMULQDQ },
    { X86_F_XSAVEC, X86_F_XSAVE },
    { X86_F_XSAVES, X86_F_XSAVEC },
    { X86_F_LM, X86_F_PAE },
    { X86_F_PCID, X86_F_LM },
    { X86_F_PKU, X86_F_LM },
    { X86_F_LA57, X86_F_LM },
    { X86_F_TSC_DEADLINE, X86_F_APIC },
    { X86_F_X2APIC, X86_F_APIC },
    { X86_F_EXTAPIC, X86_F_APIC },
    { X86_F_PERFMON_V2, X86_F_PERFCTR_CORE },
    { X86_F_KVMCLOCK, X86_F_KVM },
    { X86_F_KVM_NOPIODELAY, X86_F_KVM },
    { X86_F_KVM_PV_UNHALT, X86_F_KVM },
    { X86_F_KVM_PV_IPI, X86_F_KVM },
    { X86_F_KVM_PV_SCHED_YIELD, X86_F_KVM },
    { X86_F_KVM_MSI_EXT_DEST_ID, X86_F_KVM },
};

static const char *const names[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) name,
#include "cpu/x86/features.def"
#undef X86_FEATURE
};

static int turn_feature(void *config, uint32_t f, bool on, struct err *e)
{
    if (on && (f == X86_F_VMX || f == X86_F_SVM || f == X86_F_IBS))
        return err_set(e, ERR_UNSUPPORTED, "feature %s is not modelled yet; switch it off",
                       names[f]);
    set_bit(config, f, on);
    for (unsigned i = X86_F_KVM + 1; f == X86_F_KVM && i <= X86_F_KVM_MSI_EXT_DEST_ID; i++)
        set_bit(config, i, on);
    return 0;
}

static bool has_feature(const void *config, uint32_t f)
{
    return x86_has(config, (enum x86_feature)f);
}

/* QEMU's words about the host's CPU, other versions of the emulator and what to do without a
 * feature: it is an error. */
static int accept(void *config, const char *key, const char *v, struct err *e)
{
    bool on;
    (void)config;
    return cpu_parse_bool(v, &on) ? 0
                                  : err_set(e, ERR_ARG, "%s=%s: on and off are accepted", key, v);
}

static int refuse_hyperv(void *config, const char *key, const char *v, struct err *e)
{
    (void)config, (void)v;
    return err_set(e, ERR_UNSUPPORTED, "%s: Hyper-V's enlightenments are not modelled", key);
}

static int set_vendor(void *config, const char *key, const char *v, struct err *e)
{
    struct x86_config *c = config;
    if (strcmp(v, "intel") == 0 || strcmp(v, "GenuineIntel") == 0 || strcmp(v, "genuineintel") == 0)
        c->vendor = X86_INTEL;
    else if (strcmp(v, "amd") == 0 || strcmp(v, "AuthenticAMD") == 0 ||
             strcmp(v, "authenticamd") == 0)
        c->vendor = X86_AMD;
    else
        return err_set(e, ERR_ARG, "%s=%s: intel and amd are accepted", key, v);
    return 0;
}

static int set_brand(void *config, const char *key, const char *v, struct err *e)
{
    struct x86_config *c = config;
    if (strlen(v) >= sizeof(c->brand))
        return err_set(e, ERR_ARG, "%s=%s: at most 48 characters", key, v);
    snprintf(c->brand, sizeof(c->brand), "%s", v);
    return 0;
}

static int word_in(const char *word, const char *const *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return (int)i;
    return -1;
}

static const char *const kinds[] = { "none", "data", "code", "unified", "load", "store" };

/* EDX of leaf 4, bits 0 to 2, in that order. */
static bool cache_flags(char *words, uint8_t *flags)
{
    static const char *const names_of[] = { "wbinvd-own", "inclusive", "complex" };
    char *rest;
    *flags = 0;
    for (char *w = strtok_r(words, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest)) {
        int n = word_in(w, names_of, ARRAY_LEN(names_of));
        if (n < 0)
            return false;
        *flags |= (uint8_t)(1u << n);
    }
    return true;
}

static int set_cache(void *config, const char *key, const char *v, struct err *e)
{
    static const char *const shares[] = { "thread", "core", "die", "socket" };
    struct x86_config *c = config;
    char type[16], share[16], more[48] = "";
    unsigned level, kib, ways, line;
    uint8_t flags = 0;
    unsigned long slot = strtoul(key + strlen("cache"), NULL, 10) - 1;
    int n =
        sscanf(v, "%u %15s %u %u %u %15s %47[^\n]", &level, type, &kib, &ways, &line, share, more);
    int t = n >= 6 ? word_in(type, kinds, 4) : -1, s = n >= 6 ? word_in(share, shares, 4) : -1;
    bool good = t > 0 && s >= 0 && slot < ARRAY_LEN(c->caches) && level >= 1 && level <= 4 &&
                ways != 0 && ways <= 1024 && line != 0 && line <= 4096 && kib != 0 &&
                kib * 1024ull % ((uint64_t)ways * line) == 0 && cache_flags(more, &flags);
    if (!good)
        return err_set(e, ERR_ARG,
                       "%s=%s: LEVEL data|code|unified KIB WAYS LINE thread|core|die|socket "
                       "[wbinvd-own] [inclusive] [complex]",
                       key, v);
    c->caches[slot] = (struct x86_cache){ .level = (uint8_t)level,
                                          .type = (uint8_t)t,
                                          .line = (uint16_t)line,
                                          .ways = (uint16_t)ways,
                                          .sets = (uint32_t)(kib * 1024ull / ways / line),
                                          .shared_by = (uint8_t)s,
                                          .flags = flags };
    return 0;
}

static bool page_sizes(char *words, uint8_t *pages)
{
    static const char *const sizes[] = { "4k", "2m", "4m", "1g" };
    char *rest;
    *pages = 0;
    for (char *w = strtok_r(words, "+", &rest); w != NULL; w = strtok_r(NULL, "+", &rest)) {
        int n = word_in(w, sizes, ARRAY_LEN(sizes));
        if (n < 0)
            return false;
        *pages |= (uint8_t)(1u << n);
    }
    return *pages != 0;
}

static int set_tlb(void *config, const char *key, const char *v, struct err *e)
{
    struct x86_config *c = config;
    char type[16], pages[16], assoc[16];
    unsigned level, entries, ways = 0;
    uint8_t sizes = 0;
    unsigned long slot = strtoul(key + strlen("tlb"), NULL, 10) - 1;
    int n = sscanf(v, "%u %15s %15s %u %15s", &level, type, pages, &entries, assoc);
    int t = n == 5 ? word_in(type, kinds, ARRAY_LEN(kinds)) : -1;
    bool full = n == 5 && strcmp(assoc, "full") == 0;
    bool good = t > 0 && slot < ARRAY_LEN(c->tlbs) && level >= 1 && level <= 2 && entries >= 1 &&
                entries <= 0xffff && page_sizes(pages, &sizes) &&
                (full || (sscanf(assoc, "%u", &ways) == 1 && ways >= 1 && ways <= 254 &&
                          entries % ways == 0));
    if (!good || (full && entries > 254))
        return err_set(
            e, ERR_ARG,
            "%s=%s: LEVEL data|code|unified|load|store 4k[+2m][+4m][+1g] ENTRIES WAYS|full", key,
            v);
    c->tlbs[slot] = (struct x86_tlb){ .level = (uint8_t)level,
                                      .type = (uint8_t)t,
                                      .pages = sizes,
                                      .entries = (uint16_t)entries,
                                      .ways = (uint8_t)ways };
    return 0;
}

static int set_descriptors(void *config, const char *key, const char *v, struct err *e)
{
    struct x86_config *c = config;
    unsigned n = 0, byte;
    int used;
    memset(c->descriptors, 0, sizeof(c->descriptors));
    for (; sscanf(v, " %2x%n", &byte, &used) == 1 && n < sizeof(c->descriptors); v += used)
        c->descriptors[n++] = (uint8_t)byte;
    if (v[strspn(v, " ")] != '\0')
        return err_set(e, ERR_ARG,
                       "%s: '%s': at most 15 bytes of CPUID leaf 2 in hexadecimal are accepted",
                       key, v);
    return 0;
}

static const struct cpu_property properties[] = {
    CPU_NUMBER(x86_config, "family", family, 0, 0x10e),
    CPU_NUMBER(x86_config, "model", model, 0, 0xff),
    CPU_NUMBER(x86_config, "stepping", stepping, 0, 15),
    CPU_NUMBER(x86_config, "microcode", microcode, 0, UINT32_MAX),
    CPU_NUMBER(x86_config, "phys-bits", pa_bits, 32, 52),
    CPU_NUMBER(x86_config, "clock", hz, 1000, 100000000000ull),
    CPU_NUMBER(x86_config, "tsc-frequency", tsc_hz, 1000, 100000000000ull),
    CPU_NUMBER(x86_config, "bus-clock", bus_hz, 1000, 100000000000ull),
    CPU_NUMBER(x86_config, "level", max_leaf, 0, 0x20),
    CPU_NUMBER(x86_config, "xlevel", max_extended_leaf, 0, 0x80000028),
    CPU_NUMBER(x86_config, "pmu-version", pmu_version, 0, 2),
    CPU_NUMBER(x86_config, "pmu-counters", pmu_counters, 0, 8),
    CPU_NUMBER(x86_config, "pmu-fixed", pmu_fixed, 0, 3),
    CPU_NUMBER(x86_config, "last-branches", last_branches, 0, X86_LAST_BRANCHES),
    CPU_TEXT("vendor", set_vendor),
    CPU_TEXT("model-id", set_brand),
    CPU_TEXT("host-phys-bits", accept),
    CPU_TEXT("migratable", accept),
    CPU_TEXT("enforce", accept),
    CPU_TEXT("check", accept),
    CPU_TEXT("hv-passthrough", refuse_hyperv),
    CPU_TEXT("cache1", set_cache),
    CPU_TEXT("cache2", set_cache),
    CPU_TEXT("cache3", set_cache),
    CPU_TEXT("cache4", set_cache),
    CPU_TEXT("cache5", set_cache),
    CPU_TEXT("cache6", set_cache),
    CPU_TEXT("tlb1", set_tlb),
    CPU_TEXT("tlb2", set_tlb),
    CPU_TEXT("tlb3", set_tlb),
    CPU_TEXT("tlb4", set_tlb),
    CPU_TEXT("tlb5", set_tlb),
    CPU_TEXT("tlb6", set_tlb),
    CPU_TEXT("tlb7", set_tlb),
    CPU_TEXT("tlb8", set_tlb),
    CPU_TEXT("tlb9", set_tlb),
    CPU_TEXT("tlb10", set_tlb),
    CPU_TEXT("tlb11", set_tlb),
    CPU_TEXT("tlb12", set_tlb),
    CPU_TEXT("descriptors", set_descriptors),
    CPU_NUMBER(x86_config, "mwait", mwait, 0, UINT32_MAX),
    /* Other spellings */
    CPU_SWITCH("sse3", turn_feature, NULL, X86_F_SSE3),
    CPU_SWITCH("sse4-1", turn_feature, NULL, X86_F_SSE4_1),
    CPU_SWITCH("sse4-2", turn_feature, NULL, X86_F_SSE4_2),
    CPU_SWITCH("lzcnt", turn_feature, NULL, X86_F_ABM),
    CPU_SWITCH("tsc-adjust", turn_feature, NULL, X86_F_TSC_ADJUST),
    CPU_SWITCH("xd", turn_feature, NULL, X86_F_NX),
    CPU_SWITCH("i64", turn_feature, NULL, X86_F_LM),
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit)                                         \
    CPU_SWITCH(name, turn_feature, has_feature, X86_F_##symbol),
#include "cpu/x86/features.def"
#undef X86_FEATURE
    { .name = NULL },
};

static int settle(void *config, struct err *e)
{
    struct x86_config *c = config;
    c->va_bits = x86_has(c, X86_F_LA57) ? 57 : 48;
    if (c->last_branches != 0 && c->last_branches != X86_LAST_BRANCHES)
        return err_set(e, ERR_ARG, "last-branches=%u: 0 and %u are accepted", c->last_branches, (unsigned)X86_LAST_BRANCHES);
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (x86_has(c, (enum x86_feature)rules[i].f) &&
            !x86_has(c, (enum x86_feature)rules[i].needs))
            return err_set(e, ERR_ARG, "feature %s needs %s", names[rules[i].f],
                           names[rules[i].needs]);
    return 0;
}

static void defaults(void *config)
{
    *(struct x86_config *)config = (struct x86_config){
        .family = 6,
        .pa_bits = 40,
        .hz = 2000000000,
        .tsc_hz = 2000000000,
        .bus_hz = 1000000000,
        .topology = { 1, 1, 1, 1 },
        .bootstrap = true,
    };
}

const struct cpu_profiles x86_profiles = {
    .what = "an x86 CPU",
    .list = "features",
    .profiles = x86_profile_list,
    .properties = properties,
    .size = sizeof(struct x86_config),
    .defaults = defaults,
    .settle = settle,
};

int x86_config_parse(struct x86_config *out, const char *spec, const char *path, struct err *e)
{
    return cpu_profile_parse(&x86_profiles, out, spec, path, e);
}
