/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the properties of LoongArch profiles mean (core/cpu/profile.h has their syntax):
 *     cpucfg0 ... cpucfg6, cpucfg16 ... cpucfg20     words of CPUCFG
 *     prcfg1, prcfg2, prcfg3                         CSRs of that name
 *     asid-bits                                      1..10
 *     clock                                          Hz of the core; the stable counter's is CPUCFG's
 *     vendor, model                                  IOCSRs 10h and 20h: up to eight characters
 *     features = lsx -lasx ...                       names of features.def, each of which is also a switch
 * A feature's switch sets or clears its bit of a CPUCFG word.
 */
#include "core/util/bits.h"
#include "cpu/loongarch/cpu.h"
#include <string.h>

enum how { SWITCH, FIXED, REFUSED };
static const struct feature {
    const char *name;
    uint8_t word, bit, how;
} features[] = {
#define LA_FEATURE(symbol, name, word, bit, how) { name, word, bit, how },
#include "cpu/loongarch/features.def"
#undef LA_FEATURE
};

/* CPUCFG, PRCFG3: what is derived from fields. */
#define CFG1_ARCH      1, 0
#define CFG1_PALEN     11, 4
#define CFG1_VALEN     19, 12
#define CFG2_LVZ_VER   13, 11
#define CFG6_PMVER     3, 1
#define CFG6_PMNUM     7, 4
#define CFG6_PMBITS    13, 8
#define PRCFG1_TIMER   11, 4
#define PRCFG3_TYPE    3, 0
#define PRCFG3_MTLB    11, 4
#define PRCFG3_WAYS    19, 12
#define PRCFG3_SETS    25, 20
enum { ARCH_LA64 = 2, TLB_MTLB = 1, TLB_STLB_MTLB = 2 };

static bool is_on(const struct la_config *c, uint32_t x)
{
    return c->cpucfg[features[x].word] >> features[x].bit & 1;
}

static void set_bit(struct la_config *c, uint32_t x, bool on)
{
    uint32_t bit = 1u << features[x].bit, *word = &c->cpucfg[features[x].word];
    *word = on ? *word | bit : *word & ~bit;
}

/* ---- what follows from the words ---- */
void la_config_derive(struct la_config *c)
{
    c->has = 0;
    for (uint32_t x = 0; x < LA_F_COUNT; x++)
        if (is_on(c, x))
            c->has |= BIT(x);
    uint64_t mul = c->cpucfg[5] & 0xffff, div = c->cpucfg[5] >> 16;
    c->counter_hz = div == 0 ? 0 : c->cpucfg[4] * mul / div;
    bool stlb = F_GET(c->prcfg3, PRCFG3_TYPE) == TLB_STLB_MTLB;
    c->mmu = (struct mmu_la_features){
        .pa_bits = (uint8_t)(F_GET(c->cpucfg[1], CFG1_PALEN) + 1),
        .va_bits = (uint8_t)(F_GET(c->cpucfg[1], CFG1_VALEN) + 1),
        .ri = la_has(c, LA_F_RI),
        .ep = la_has(c, LA_F_EP),
        .rplv = la_has(c, LA_F_RPLV),
        .hptw = la_has(c, LA_F_HPTW),
        .stlb_sets = (uint16_t)(stlb ? BIT(F_GET(c->prcfg3, PRCFG3_SETS)) : 0),
        .stlb_ways = (uint8_t)(stlb ? F_GET(c->prcfg3, PRCFG3_WAYS) + 1 : 0),
        .mtlb_entries = (uint8_t)(F_GET(c->prcfg3, PRCFG3_MTLB) + 1),
    };
}

/* ---- properties ---- */
static int turn_feature(void *config, uint32_t x, bool on, struct err *e)
{
    struct la_config *c = config;
    const struct feature *f = &features[x];
    if (on && f->how == REFUSED)
        return err_set(e, ERR_UNSUPPORTED, "feature %s is not modelled; switch it off", f->name);
    if (!on && f->how == FIXED)
        return err_set(e, ERR_UNSUPPORTED, "%s=off: a core without it is not modelled", f->name);
    set_bit(c, x, on);
    if (on && x == LA_F_LASX)
        set_bit(c, LA_F_LSX, true);
    if (!on && x == LA_F_LSX)
        set_bit(c, LA_F_LASX, false);
    if (x == LA_F_LVZ)
        c->cpucfg[2] = (uint32_t)F_PUT(c->cpucfg[2], CFG2_LVZ_VER, on ? 1 : 0);
    if (x == LA_F_PMP && !on)
        c->cpucfg[6] = 0;
    if (x == LA_F_PMP && on && F_GET(c->cpucfg[6], CFG6_PMVER) == 0) { /* 3A5000's: four of 64 bits */
        uint64_t word = F_PUT(F_PUT(c->cpucfg[6], CFG6_PMVER, 1), CFG6_PMNUM, 3);
        c->cpucfg[6] = (uint32_t)F_PUT(word, CFG6_PMBITS, 63);
    }
    return 0;
}

static bool has_feature(const void *config, uint32_t x)
{
    return is_on(config, x);
}

/* QEMU's name for three. */
static int turn_lbt(void *config, uint32_t unused, bool on, struct err *e)
{
    (void)unused;
    for (uint32_t x = LA_F_LBT_X86; x <= LA_F_LBT_MIPS; x++) {
        int r = turn_feature(config, x, on, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int set_name(char out[9], const char *key, const char *value, struct err *e)
{
    if (strlen(value) > 8)
        return err_set(e, ERR_ARG, "%s=%s: at most eight characters are accepted", key, value);
    memset(out, 0, 9);
    memcpy(out, value, strlen(value));
    return 0;
}

static int set_vendor(void *config, const char *key, const char *value, struct err *e)
{
    return set_name(((struct la_config *)config)->vendor_name, key, value, e);
}

static int set_model(void *config, const char *key, const char *value, struct err *e)
{
    return set_name(((struct la_config *)config)->model_name, key, value, e);
}

#define WORD(n) CPU_NUMBER(la_config, "cpucfg" #n, cpucfg[n], 0, UINT32_MAX)
static const struct cpu_property properties[] = {
    WORD(0), WORD(1), WORD(2), WORD(3), WORD(4), WORD(5), WORD(6), WORD(16), WORD(17), WORD(18), WORD(19), WORD(20),
    CPU_NUMBER(la_config, "prcfg1", prcfg1, 0, UINT32_MAX),
    CPU_NUMBER(la_config, "prcfg2", prcfg2, 0, UINT64_MAX),
    CPU_NUMBER(la_config, "prcfg3", prcfg3, 0, UINT32_MAX),
    CPU_NUMBER(la_config, "asid-bits", asid_bits, 1, 10),
    CPU_NUMBER(la_config, "clock", hz, 1000, 100000000000ull),
    CPU_NUMBER(la_config, "reset-pc", reset_pc, 0, UINT64_MAX),
    CPU_TEXT("vendor", set_vendor),
    CPU_TEXT("model", set_model),
    CPU_SWITCH("lbt", turn_lbt, NULL, 0),
#define LA_FEATURE(symbol, name, word, bit, how) CPU_SWITCH(name, turn_feature, has_feature, LA_F_##symbol),
#include "cpu/loongarch/features.def"
#undef LA_FEATURE
    { .name = NULL },
};
#undef WORD

/* ---- what must hold, whoever wrote the words ---- */
static int check_features(const struct la_config *c, struct err *e)
{
    for (uint32_t x = 0; x < LA_F_COUNT; x++)
        if (features[x].how != SWITCH && is_on(c, x) != (features[x].how == FIXED))
            return err_set(e, ERR_UNSUPPORTED, "CPUCFG word %u = 0x%x: bit %u (%s) must be %u, the other is not modelled",
                           features[x].word, c->cpucfg[features[x].word], features[x].bit, features[x].name,
                           features[x].how == FIXED);
    if (la_has(c, LA_F_LASX) && !la_has(c, LA_F_LSX))
        return err_set(e, ERR_ARG, "lasx=on needs lsx=on: switch both on or both off");
    if (la_has(c, LA_F_PMP) && F_GET(c->cpucfg[6], CFG6_PMBITS) != 63)
        return err_set(e, ERR_UNSUPPORTED, "CPUCFG word 6 = 0x%x: counters of 64 bits only are modelled (PMBITS 63)",
                       c->cpucfg[6]);
    return 0;
}

static int settle(void *config, struct err *e)
{
    struct la_config *c = config;
    unsigned arch = (unsigned)F_GET(c->cpucfg[1], CFG1_ARCH), type = (unsigned)F_GET(c->prcfg3, PRCFG3_TYPE);
    uint64_t sets = F_GET(c->prcfg3, PRCFG3_SETS), ways = F_GET(c->prcfg3, PRCFG3_WAYS) + 1;
    if (arch != ARCH_LA64)
        return err_set(e, ERR_UNSUPPORTED, "CPUCFG word 1, ARCH = %u: LA64 (2) alone is modelled", arch);
    if (type != TLB_MTLB && type != TLB_STLB_MTLB)
        return err_set(e, ERR_UNSUPPORTED, "PRCFG3.TLBType = %u: 1 (MTLB) and 2 (STLB and MTLB) are modelled", type);
    if (F_GET(c->prcfg3, PRCFG3_MTLB) >= MMU_LA_MTLB || (type == TLB_STLB_MTLB && (sets > 11 || ways << sets > MMU_LA_STLB)))
        return err_set(e, ERR_UNSUPPORTED, "prcfg3 = 0x%llx: at most %u entries of MTLB and %u of STLB are modelled",
                       (unsigned long long)c->prcfg3, MMU_LA_MTLB, MMU_LA_STLB);
    la_config_derive(c);
    if (c->mmu.pa_bits < 32 || c->mmu.pa_bits > 48 || c->mmu.va_bits < 40 || c->mmu.va_bits > 48)
        return err_set(e, ERR_UNSUPPORTED, "CPUCFG word 1: PALEN %u, VALEN %u; PALEN 32 to 48 and VALEN 40 to 48 are modelled",
                       c->mmu.pa_bits, c->mmu.va_bits);
    if (c->counter_hz < 1000 || c->counter_hz > PS_PER_SEC)
        return err_set(e, ERR_ARG, "CPUCFG words 4 and 5 make a stable counter of %llu Hz: 1000 at least and 10^12 at most are accepted",
                       (unsigned long long)c->counter_hz);
    if (F_GET(c->prcfg1, PRCFG1_TIMER) > 63)
        return err_set(e, ERR_ARG, "prcfg1 = 0x%llx: a timer of %u bits; 64 at most (TimerBits 63) are accepted",
                       (unsigned long long)c->prcfg1, (unsigned)F_GET(c->prcfg1, PRCFG1_TIMER) + 1);
    return check_features(c, e);
}

static void defaults(void *config)
{
    *(struct la_config *)config = (struct la_config){ .hz = 2500000000, .reset_pc = 0x1c000000, .asid_bits = 10,
                                                      .vendor_name = "Loongson" };
}

const struct cpu_profiles la_profiles = {
    .what = "a LoongArch CPU",
    .list = "features",
    .profiles = la_profile_list,
    .properties = properties,
    .size = sizeof(struct la_config),
    .defaults = defaults,
    .settle = settle,
};

int la_config_parse(struct la_config *out, const char *spec, const char *path, struct err *e)
{
    return cpu_profile_parse(&la_profiles, out, spec, path, e);
}

const char *la_compatible(const struct la_config *c)
{
    return F_GET(c->cpucfg[0], 15, 12) == 0xd ? "loongson,la664" : "loongson,la464";
}
