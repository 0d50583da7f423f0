/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the properties of Arm profiles mean (core/cpu/profile.h has their syntax):
 *     id_aa64pfr0_el1 and its like          the identification registers (id_registers.def)
 *     midr, revidr, ctr, dczid, clidr       the others
 *     ccsidr0-data, ccsidr0-code ... 6      CCSIDR_EL1 of each level
 *     pmu-counters = 0..31                  event counters
 *     gic-priority-bits, gic-list-registers the GICv3 CPU interface's
 *     clock, counter                        Hz: of the core, of the generic timers
 *     features = lse -sha1 ...              names of features.def, each of which is also a switch
 * A feature's switch moves its field of an ID register.
 */
#include "cpu/arm64/cpu.h"
#include <string.h>

static const struct feature {
    const char *name;
    uint8_t id, bit, least;
    bool is_signed;
} features[] = {
#define A64_FEATURE(symbol, name, reg, bit, least, is_signed) { name, A64_ID_##reg, bit, least, is_signed },
#include "cpu/arm64/features.def"
#undef A64_FEATURE
};

/* Defined by the architecture and refused here. */
static const enum a64_feature refused[] = {
    A64_F_SVE,    A64_F_SME, A64_F_AMU,  A64_F_RME,       A64_F_SEL2,   A64_F_NMI,
    A64_F_NV,     A64_F_NV2, A64_F_FGT2, A64_F_DEBUGV8P8, A64_F_SCTLR2, A64_F_PMUV3P7,
    A64_F_LSMAOC, A64_F_DF2, A64_F_HAFT, A64_F_CCIDX,     A64_F_TWED,   A64_F_AFP
};

static unsigned field(const struct a64_config *c, enum a64_id id, unsigned bit)
{
    return c->id[id] >> bit & 15;
}

static void set_field(struct a64_config *c, enum a64_id id, unsigned bit, uint64_t v)
{
    c->id[id] = (c->id[id] & ~(15ull << bit)) | v << bit;
}

static bool is_there(const struct a64_config *c, const struct feature *f)
{
    unsigned v = field(c, (enum a64_id)f->id, f->bit);
    return !(f->is_signed && v == 15) && v >= f->least;
}

/* ---- what follows from the ID registers ---- */
static void derive_pauth(struct a64_config *c)
{
    unsigned apa = field(c, A64_ID_ISAR1, 4), api = field(c, A64_ID_ISAR1, 8), apa3 = field(c, A64_ID_ISAR2, 12);
    c->pauth = apa != 0 ? A64_PAUTH_QARMA5 : apa3 != 0 ? A64_PAUTH_QARMA3 : api != 0 ? A64_PAUTH_IMPDEF
                                                                                     : A64_PAUTH_NONE;
    c->pauth_level = apa != 0 ? apa : apa3 != 0 ? apa3 : api;
    if (c->pauth != A64_PAUTH_NONE)
        c->has[A64_F_PAUTH / 64] |= 1ull << (A64_F_PAUTH % 64);
}

/* A stage-2 granule field (0: as stage 1, 1: none, 2: yes, 3: with LPA2). */
static void stage2_granule(unsigned v, bool s1, bool s1_lpa2, bool *has, bool *lpa2)
{
    *has = v == 0 ? s1 : v >= 2;
    *lpa2 = v == 0 ? s1_lpa2 : v == 3;
}

static void derive_mmu(struct a64_config *c)
{
    static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48, 52 };
    struct mmu_a64_features *m = &c->mmu;
    unsigned pa = field(c, A64_ID_MMFR0, 0), gran4 = field(c, A64_ID_MMFR0, 28), gran16 = field(c, A64_ID_MMFR0, 20);
    bool unused;
    *m = (struct mmu_a64_features){
        .pa_bits = pa_bits[MIN(pa, 6u)],
        .gran4 = gran4 != 15,
        .gran16 = gran16 != 0,
        .gran64 = field(c, A64_ID_MMFR0, 24) == 0,
        .lpa2_4 = gran4 == 1,
        .lpa2_16 = gran16 == 2,
        .lva = a64_has(c, A64_F_LVA),
        .lpa = pa >= 6,
        .ttst = a64_has(c, A64_F_TTST), .haf = a64_has(c, A64_F_HAF), .hdbs = a64_has(c, A64_F_HDBS),
        .haft = a64_has(c, A64_F_HAFT), .pan3 = a64_has(c, A64_F_PAN3), .xnx = a64_has(c, A64_F_XNX),
        .s2fwb = a64_has(c, A64_F_S2FWB), .s1pie = a64_has(c, A64_F_S1PIE), .s2pie = a64_has(c, A64_F_S2PIE),
        .s1poe = a64_has(c, A64_F_S1POE), .e0pd = a64_has(c, A64_F_E0PD), .hpds = a64_has(c, A64_F_HPDS),
        .nv = a64_has(c, A64_F_NV), .vmid16 = a64_has(c, A64_F_VMID16), .asid16 = field(c, A64_ID_MMFR0, 4) == 2,
        .ttcnp = a64_has(c, A64_F_TTCNP), .bti = a64_has(c, A64_F_BTI),
    };
    stage2_granule(field(c, A64_ID_MMFR0, 40), m->gran4, m->lpa2_4, &m->gran4_s2, &m->lpa2_4_s2);
    stage2_granule(field(c, A64_ID_MMFR0, 32), m->gran16, m->lpa2_16, &m->gran16_s2, &m->lpa2_16_s2);
    stage2_granule(field(c, A64_ID_MMFR0, 36), m->gran64, false, &m->gran64_s2, &unused);
}

void a64_config_derive(struct a64_config *c)
{
    memset(c->has, 0, sizeof(c->has));
    for (unsigned x = 0; x < ARRAY_LEN(features); x++)
        if (is_there(c, &features[x]))
            c->has[x / 64] |= 1ull << (x % 64);
    if (!a64_has(c, A64_F_PMU))
        c->pmu_counters = 0;
    derive_pauth(c);
    derive_mmu(c);
}

/* ---- properties ---- */
/* Which algorithm; each at the level the profile has, or the highest. */
static int turn_pauth(void *config, uint32_t kind, bool on, struct err *e)
{
    struct a64_config *c = config;
    (void)e;
    unsigned level = MAX(field(c, A64_ID_ISAR1, 4), MAX(field(c, A64_ID_ISAR1, 8), field(c, A64_ID_ISAR2, 12)));
    bool now = (kind == A64_PAUTH_QARMA5 && field(c, A64_ID_ISAR1, 4)) ||
               (kind == A64_PAUTH_IMPDEF && field(c, A64_ID_ISAR1, 8)) ||
               (kind == A64_PAUTH_QARMA3 && field(c, A64_ID_ISAR2, 12));
    if (!on && kind != A64_PAUTH_NONE && !now)
        return 0;
    if (on && kind == A64_PAUTH_NONE && level != 0)
        return 0;
    if (!on && kind != A64_PAUTH_NONE) /* not this one: the default takes its place */
        kind = kind == A64_PAUTH_QARMA5 ? A64_PAUTH_IMPDEF : A64_PAUTH_QARMA5, on = true;
    if (on && kind == A64_PAUTH_NONE)
        kind = A64_PAUTH_QARMA5;
    level = !on ? 0 : level != 0 ? level : 5;
    static const struct {
        enum a64_id id;
        uint8_t bit;
    } address[] = { { A64_ID_ISAR1, 4 }, { A64_ID_ISAR2, 12 }, { A64_ID_ISAR1, 8 } },
      generic[] = { { A64_ID_ISAR1, 24 }, { A64_ID_ISAR2, 8 }, { A64_ID_ISAR1, 28 } };
    for (unsigned i = 0; i < 3; i++) {
        bool this_one = on && i == (unsigned)kind - A64_PAUTH_QARMA5;
        set_field(c, address[i].id, address[i].bit, this_one ? level : 0);
        set_field(c, generic[i].id, generic[i].bit, this_one ? 1 : 0);
    }
    return 0;
}

static bool has_pauth(const void *config, uint32_t kind)
{
    const struct a64_config *c = config;
    return kind == A64_PAUTH_NONE ? c->pauth != A64_PAUTH_NONE : c->pauth == (enum a64_pauth)kind;
}

static int turn_lpa2(void *config, uint32_t unused, bool on, struct err *e)
{
    struct a64_config *c = config;
    (void)unused, (void)e;
    set_field(c, A64_ID_MMFR0, 28, on ? 1 : 0);
    set_field(c, A64_ID_MMFR0, 20, on ? 2 : field(c, A64_ID_MMFR0, 20) != 0);
    set_field(c, A64_ID_MMFR0, 40, on ? 3 : 2);
    set_field(c, A64_ID_MMFR0, 32, on ? 3 : field(c, A64_ID_MMFR0, 20) != 0 ? 2 : 1);
    if (on)
        set_field(c, A64_ID_MMFR0, 0, 6);
    return 0;
}

static bool has_lpa2(const void *config, uint32_t unused)
{
    (void)unused;
    return field(config, A64_ID_MMFR0, 28) == 1;
}

static int turn_aarch64(void *config, uint32_t unused, bool on, struct err *e)
{
    (void)config, (void)unused;
    return on ? 0 : err_set(e, ERR_UNSUPPORTED, "aarch64=off: AArch32 at EL1 and above is not modelled");
}

static int turn_feature(void *config, uint32_t x, bool on, struct err *e)
{
    const struct feature *f = &features[x];
    for (size_t i = 0; on && i < ARRAY_LEN(refused); i++)
        if (refused[i] == (enum a64_feature)x)
            return err_set(e, ERR_UNSUPPORTED, "feature %s is not modelled; switch it off", f->name);
    if (on != is_there(config, f))
        set_field(config, (enum a64_id)f->id, f->bit, on ? f->least : f->least != 0 ? f->least - 1u : 15u);
    return 0;
}

static bool has_feature(const void *config, uint32_t x)
{
    return is_there(config, &features[x]);
}

#define CCSIDR(n)                                                                                  \
    CPU_NUMBER(a64_config, "ccsidr" #n "-data", ccsidr[n][0], 0, UINT64_MAX),                      \
    CPU_NUMBER(a64_config, "ccsidr" #n "-code", ccsidr[n][1], 0, UINT64_MAX)
static const struct cpu_property properties[] = {
    CPU_NUMBER(a64_config, "midr", midr, 0, UINT32_MAX),
    CPU_NUMBER(a64_config, "revidr", revidr, 0, UINT64_MAX),
    CPU_NUMBER(a64_config, "ctr", ctr, 0, UINT64_MAX),
    CPU_NUMBER(a64_config, "dczid", dczid, 0, 9),
    CPU_NUMBER(a64_config, "clidr", clidr, 0, UINT64_MAX),
    CPU_NUMBER(a64_config, "pmu-counters", pmu_counters, 0, 31),
    CPU_NUMBER(a64_config, "gic-priority-bits", gic_pribits, 4, 8),
    CPU_NUMBER(a64_config, "gic-list-registers", gic_list_registers, 0, 16),
    CPU_NUMBER(a64_config, "clock", hz, 1000, 100000000000ull),
    CPU_NUMBER(a64_config, "counter", counter_hz, 1000, UINT32_MAX),
    CPU_NUMBER(a64_config, "cntfrq", counter_hz, 1000, UINT32_MAX), /* QEMU's name */
    CPU_NUMBER(a64_config, "rvbar", reset_pc, 0, UINT64_MAX),
    CCSIDR(0), CCSIDR(1), CCSIDR(2), CCSIDR(3), CCSIDR(4), CCSIDR(5), CCSIDR(6),
#define A64_ID(symbol, name, crm, op2) CPU_NUMBER(a64_config, name, id[A64_ID_##symbol], 0, UINT64_MAX),
#include "cpu/arm64/id_registers.def"
#undef A64_ID
    CPU_SWITCH("pauth", turn_pauth, has_pauth, A64_PAUTH_NONE),
    CPU_SWITCH("pauth-qarma5", turn_pauth, has_pauth, A64_PAUTH_QARMA5),
    CPU_SWITCH("pauth-qarma3", turn_pauth, has_pauth, A64_PAUTH_QARMA3),
    CPU_SWITCH("pauth-impdef", turn_pauth, has_pauth, A64_PAUTH_IMPDEF),
    CPU_SWITCH("lpa2", turn_lpa2, has_lpa2, 0),
    CPU_SWITCH("aarch64", turn_aarch64, NULL, 0),
#define A64_FEATURE(symbol, name, reg, bit, least, is_signed) \
    CPU_SWITCH(name, turn_feature, has_feature, A64_F_##symbol),
#include "cpu/arm64/features.def"
#undef A64_FEATURE
    { .name = NULL },
};
#undef CCSIDR

/* Features that software takes for granted with another (A2.2): the CPU would not boot Linux otherwise. */
static int check_requirements(const struct a64_config *c, struct err *e)
{
    static const struct {
        enum a64_feature feature, needs;
    } rows[] = {
        { A64_F_S1PIE, A64_F_TCR2 }, { A64_F_S1POE, A64_F_TCR2 }, { A64_F_S1POE, A64_F_ATS1A },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (a64_has(c, rows[i].feature) && !a64_has(c, rows[i].needs))
            return err_set(e, ERR_ARG, "%s=on needs %s=on: switch both off, or neither",
                           features[rows[i].feature].name, features[rows[i].needs].name);
    return 0;
}

static void defaults(void *config)
{
    *(struct a64_config *)config =
        (struct a64_config){ .hz = 1000000000, .counter_hz = 62500000, .dczid = 4, .gic_pribits = 5 };
}

static int settle(void *config, struct err *e)
{
    struct a64_config *c = config;
    if (field(c, A64_ID_PFR0, 4) != 1)
        return err_set(e, ERR_UNSUPPORTED, "ID_AA64PFR0_EL1.EL1 = %u: EL1 in AArch64 only is modelled",
                       field(c, A64_ID_PFR0, 4));
    a64_config_derive(c);
    return check_requirements(c, e);
}

const struct cpu_profiles a64_profiles = {
    .what = "an Arm CPU",
    .list = "features",
    .profiles = a64_profile_list,
    .properties = properties,
    .size = sizeof(struct a64_config),
    .defaults = defaults,
    .settle = settle,
};

int a64_config_parse(struct a64_config *out, const char *spec, const char *path, struct err *e)
{
    return cpu_profile_parse(&a64_profiles, out, spec, path, e);
}

const char *a64_compatible(const struct a64_config *c)
{
    static const char *const known[][2] = { { "cortex-a53", "arm,cortex-a53" },
                                            { "cortex-a57", "arm,cortex-a57" },
                                            { "cortex-a72", "arm,cortex-a72" },
                                            { "neoverse-n1", "arm,neoverse-n1" } };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(c->name, known[i][0]) == 0)
            return known[i][1];
    return "arm,armv8";
}
