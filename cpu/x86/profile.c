/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the properties of x86 profiles mean (core/cpu/profile.h has their syntax):
 *     features = sse2 avx ...     names of features.def; each is also a switch
 *     vendor = intel | amd        (or GenuineIntel, AuthenticAMD)
 *     family, model, stepping, microcode, phys-bits     numbers
 *     model-id = text             the brand string
 *     cache1..cache6 = LEVEL data|code|unified SIZE-KIB WAYS LINE core|die|socket [inclusive]
 *     clock, tsc-frequency, bus-clock    Hz
 *     pmu-version, pmu-counters, pmu-fixed    Intel's performance monitors (AMD's: perfctr-core, perfmon-v2)
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
    { X86_F_SSE, X86_F_FXSR },          { X86_F_SSE2, X86_F_SSE },           { X86_F_SSE3, X86_F_SSE2 },
    { X86_F_SSSE3, X86_F_SSE3 },        { X86_F_SSE4_1, X86_F_SSSE3 },       { X86_F_SSE4_2, X86_F_SSE4_1 },
    { X86_F_AVX, X86_F_XSAVE },         { X86_F_AVX, X86_F_SSE4_2 },         { X86_F_AVX2, X86_F_AVX },
    { X86_F_FMA, X86_F_AVX },           { X86_F_F16C, X86_F_AVX },           { X86_F_AVX512F, X86_F_AVX2 },
    { X86_F_AVX512F, X86_F_FMA },       { X86_F_AVX512BW, X86_F_AVX512F },   { X86_F_AVX512DQ, X86_F_AVX512F },
    { X86_F_AVX512VL, X86_F_AVX512F },  { X86_F_AVX512CD, X86_F_AVX512F },   { X86_F_VAES, X86_F_AES },
    { X86_F_VPCLMULQDQ, X86_F_PCLMULQDQ }, { X86_F_XSAVEC, X86_F_XSAVE },    { X86_F_XSAVES, X86_F_XSAVEC },
    { X86_F_LM, X86_F_PAE },            { X86_F_PCID, X86_F_LM },            { X86_F_PKU, X86_F_LM },
    { X86_F_LA57, X86_F_LM },           { X86_F_TSC_DEADLINE, X86_F_APIC },  { X86_F_X2APIC, X86_F_APIC },
    { X86_F_PERFMON_V2, X86_F_PERFCTR_CORE },
};

static const char *const names[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) name,
#include "cpu/x86/features.def"
#undef X86_FEATURE
};

static int turn_feature(void *config, uint32_t f, bool on, struct err *e)
{
    if (on && (f == X86_F_VMX || f == X86_F_SVM || f == X86_F_IBS))
        return err_set(e, ERR_UNSUPPORTED, "feature %s is not modelled yet; switch it off", names[f]);
    set_bit(config, f, on);
    return 0;
}

static bool has_feature(const void *config, uint32_t f)
{
    return x86_has(config, (enum x86_feature)f);
}

static int set_vendor(void *config, const char *key, const char *v, struct err *e)
{
    struct x86_config *c = config;
    if (strcmp(v, "intel") == 0 || strcmp(v, "GenuineIntel") == 0 || strcmp(v, "genuineintel") == 0)
        c->vendor = X86_INTEL;
    else if (strcmp(v, "amd") == 0 || strcmp(v, "AuthenticAMD") == 0 || strcmp(v, "authenticamd") == 0)
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

static int set_cache(void *config, const char *key, const char *v, struct err *e)
{
    static const char *const types[] = { "data", "code", "unified" };
    static const char *const shares[] = { "thread", "core", "die", "socket" };
    struct x86_config *c = config;
    char type[16], share[16], more[16] = "";
    unsigned level, kib, ways, line;
    unsigned long slot = strtoul(key + strlen("cache"), NULL, 10) - 1;
    int n = sscanf(v, "%u %15s %u %u %u %15s %15s", &level, type, &kib, &ways, &line, share, more);
    int t = n >= 6 ? word_in(type, types, 3) : -1, s = n >= 6 ? word_in(share, shares, 4) : -1;
    bool good = t >= 0 && s >= 0 && slot < ARRAY_LEN(c->caches) && level >= 1 && level <= 4 && ways != 0 && line != 0 &&
                kib != 0 && kib * 1024ull % ((uint64_t)ways * line) == 0 && (n < 7 || strcmp(more, "inclusive") == 0);
    if (!good)
        return err_set(e, ERR_ARG, "%s=%s: LEVEL data|code|unified KIB WAYS LINE thread|core|die|socket [inclusive]", key, v);
    c->caches[slot] = (struct x86_cache){ .level = (uint8_t)level, .type = (uint8_t)(t + 1), .line = (uint16_t)line,
                                          .ways = (uint16_t)ways, .sets = (uint32_t)(kib * 1024ull / ways / line),
                                          .shared_by = (uint8_t)s, .inclusive = n == 7 };
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
    CPU_NUMBER(x86_config, "level", max_leaf, 0, 0x1f),
    CPU_NUMBER(x86_config, "xlevel", max_extended_leaf, 0, 0x80000026),
    CPU_NUMBER(x86_config, "pmu-version", pmu_version, 0, 2),
    CPU_NUMBER(x86_config, "pmu-counters", pmu_counters, 0, 8),
    CPU_NUMBER(x86_config, "pmu-fixed", pmu_fixed, 0, 3),
    CPU_TEXT("vendor", set_vendor),
    CPU_TEXT("model-id", set_brand),
    CPU_TEXT("cache1", set_cache), CPU_TEXT("cache2", set_cache), CPU_TEXT("cache3", set_cache),
    CPU_TEXT("cache4", set_cache), CPU_TEXT("cache5", set_cache), CPU_TEXT("cache6", set_cache),
    /* Other spellings */
    CPU_SWITCH("sse3", turn_feature, NULL, X86_F_SSE3),
    CPU_SWITCH("sse4-1", turn_feature, NULL, X86_F_SSE4_1),
    CPU_SWITCH("sse4-2", turn_feature, NULL, X86_F_SSE4_2),
    CPU_SWITCH("lzcnt", turn_feature, NULL, X86_F_ABM),
    CPU_SWITCH("tsc-adjust", turn_feature, NULL, X86_F_TSC_ADJUST),
    CPU_SWITCH("xd", turn_feature, NULL, X86_F_NX),
    CPU_SWITCH("i64", turn_feature, NULL, X86_F_LM),
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) CPU_SWITCH(name, turn_feature, has_feature, X86_F_##symbol),
#include "cpu/x86/features.def"
#undef X86_FEATURE
    { .name = NULL },
};

static int settle(void *config, struct err *e)
{
    struct x86_config *c = config;
    c->va_bits = x86_has(c, X86_F_LA57) ? 57 : 48;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (x86_has(c, (enum x86_feature)rules[i].f) && !x86_has(c, (enum x86_feature)rules[i].needs))
            return err_set(e, ERR_ARG, "feature %s needs %s", names[rules[i].f], names[rules[i].needs]);
    return 0;
}

static void defaults(void *config)
{
    *(struct x86_config *)config = (struct x86_config){
        .family = 6, .pa_bits = 40, .hz = 2000000000, .tsc_hz = 2000000000, .bus_hz = 1000000000,
        .topology = { 1, 1, 1, 1 }, .bootstrap = true,
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
