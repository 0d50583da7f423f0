/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU profiles: text files (profiles/<name>.ini, built in) and QEMU's property syntax. In a
 * file, section [cpu]:
 *     id_aa64pfr0_el1 and its like          the identification registers (id_registers.def)
 *     midr, revidr, ctr, dczid, clidr       the others
 *     ccsidr0-data, ccsidr0-code ... 6      CCSIDR_EL1 of each level
 *     pmu-counters = 0..31                  event counters
 *     gic-priority-bits, gic-list-registers the GICv3 CPU interface's
 *     clock, counter                        Hz: of the core, of the generic timers
 * A property is the name of a feature (features.def) with on or off, which moves its field
 * of an ID register, or one of those keys. Other sections are timing models'.
 */
#include "cpu/arm64/cpu.h"
#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
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
static const char *const id_names[] = {
#define A64_ID(symbol, name, crm, op2) name,
#include "cpu/arm64/id_registers.def"
#undef A64_ID
};

/* Defined by the architecture and refused here. */
static const enum a64_feature refused[] = { A64_F_SVE, A64_F_SME, A64_F_AMU, A64_F_RME, A64_F_SEL2, A64_F_NMI,
                                            A64_F_NV, A64_F_NV2, A64_F_FGT2, A64_F_DEBUGV8P8, A64_F_SCTLR2,
                                            A64_F_DOUBLELOCK, A64_F_DF2, A64_F_HAFT, A64_F_CCIDX, A64_F_TWED,
                                            A64_F_AFP };

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
static bool parse_bool(const char *v, bool *on)
{
    static const char *const yes[] = { "on", "true", "yes", "1" }, *const no[] = { "off", "false", "no", "0" };
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(v, yes[i]) == 0 || strcmp(v, no[i]) == 0) {
            *on = strcmp(v, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool parse_u64(const char *v, uint64_t *out)
{
    char *end;
    *out = strtoull(v, &end, 0);
    return *v != '\0' && *v != '-' && *end == '\0';
}

static const struct number {
    const char *name;
    uint32_t at;
    bool wide;
    uint64_t least, most;
} numbers[] = {
    { "midr", offsetof(struct a64_config, midr), true, 0, UINT32_MAX },
    { "revidr", offsetof(struct a64_config, revidr), true, 0, UINT64_MAX },
    { "ctr", offsetof(struct a64_config, ctr), true, 0, UINT64_MAX },
    { "dczid", offsetof(struct a64_config, dczid), true, 0, 9 },
    { "clidr", offsetof(struct a64_config, clidr), true, 0, UINT64_MAX },
    { "pmu-counters", offsetof(struct a64_config, pmu_counters), false, 0, 31 },
    { "gic-priority-bits", offsetof(struct a64_config, gic_pribits), false, 4, 8 },
    { "gic-list-registers", offsetof(struct a64_config, gic_list_registers), false, 0, 16 },
    { "clock", offsetof(struct a64_config, hz), true, 1000, 100000000000ull },
    { "counter", offsetof(struct a64_config, counter_hz), true, 1000, UINT32_MAX },
    { "cntfrq", offsetof(struct a64_config, counter_hz), true, 1000, UINT32_MAX }, /* QEMU's name */
    { "rvbar", offsetof(struct a64_config, reset_pc), true, 0, UINT64_MAX },
};

static int set_number(struct a64_config *c, const struct number *row, const char *v, struct err *e)
{
    uint64_t n;
    if (!parse_u64(v, &n) || n < row->least || n > row->most)
        return err_set(e, ERR_ARG, "%s=%s: a number from %llu to %llu is accepted", row->name, v,
                       (unsigned long long)row->least, (unsigned long long)row->most);
    void *at = (char *)c + row->at;
    if (row->wide)
        *(uint64_t *)at = n;
    else
        *(uint32_t *)at = (uint32_t)n;
    return 0;
}

static int set_raw(struct a64_config *c, const char *key, const char *v, struct err *e)
{
    uint64_t *at = NULL;
    for (size_t i = 0; i < ARRAY_LEN(id_names); i++)
        if (strcmp(key, id_names[i]) == 0)
            at = &c->id[i];
    if (strncmp(key, "ccsidr", 6) == 0 && key[6] >= '0' && key[6] <= '6') {
        if (strcmp(key + 7, "-data") == 0)
            at = &c->ccsidr[key[6] - '0'][0];
        else if (strcmp(key + 7, "-code") == 0)
            at = &c->ccsidr[key[6] - '0'][1];
    }
    if (at == NULL)
        return ERR_ABSENT;
    return parse_u64(v, at) ? 0 : err_set(e, ERR_ARG, "%s=%s: a number of 64 bits is accepted", key, v);
}

/* Which algorithm; each at the level the profile has, or the highest. */
static int set_pauth(struct a64_config *c, enum a64_pauth kind, bool on)
{
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

static void set_lpa2(struct a64_config *c, bool on)
{
    set_field(c, A64_ID_MMFR0, 28, on ? 1 : 0);
    set_field(c, A64_ID_MMFR0, 20, on ? 2 : field(c, A64_ID_MMFR0, 20) != 0);
    set_field(c, A64_ID_MMFR0, 40, on ? 3 : 2);
    set_field(c, A64_ID_MMFR0, 32, on ? 3 : field(c, A64_ID_MMFR0, 20) != 0 ? 2 : 1);
    if (on)
        set_field(c, A64_ID_MMFR0, 0, 6);
}

static int set_feature(struct a64_config *c, const char *name, bool on, struct err *e)
{
    for (unsigned x = 0; x < ARRAY_LEN(features); x++) {
        const struct feature *f = &features[x];
        if (strcmp(name, f->name) != 0)
            continue;
        for (size_t i = 0; on && i < ARRAY_LEN(refused); i++)
            if (refused[i] == (enum a64_feature)x)
                return err_set(e, ERR_UNSUPPORTED, "feature %s is not modelled; switch it off", name);
        if (on != is_there(c, f))
            set_field(c, (enum a64_id)f->id, f->bit, on ? f->least : f->least != 0 ? f->least - 1u : 15u);
        return 0;
    }
    return ERR_ABSENT;
}

static const char *const switches[] = { "pauth", "pauth-qarma5", "pauth-qarma3", "pauth-impdef", "lpa2", "aarch64" };

static int set_switch(struct a64_config *c, const char *key, bool on, struct err *e)
{
    static const enum a64_pauth kinds[] = { A64_PAUTH_NONE, A64_PAUTH_QARMA5, A64_PAUTH_QARMA3, A64_PAUTH_IMPDEF };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(key, switches[i]) == 0)
            return set_pauth(c, kinds[i], on);
    if (strcmp(key, "lpa2") == 0) {
        set_lpa2(c, on);
        return 0;
    }
    if (strcmp(key, "aarch64") == 0)
        return on ? 0 : err_set(e, ERR_UNSUPPORTED, "aarch64=off: AArch32 at EL1 and above is not modelled");
    return set_feature(c, key, on, e);
}

static int set_key(struct a64_config *c, const char *key, const char *v, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (strcmp(key, numbers[i].name) == 0)
            return set_number(c, &numbers[i], v, e);
    int r = set_raw(c, key, v, e);
    if (r != ERR_ABSENT)
        return r;
    bool on;
    struct a64_config scratch = *c;
    if (parse_bool(v, &on))
        return set_switch(c, key, on, e);
    if (set_switch(&scratch, key, false, NULL) != ERR_ABSENT)
        return err_set(e, ERR_ARG, "%s=%s: on and off are accepted", key, v);
    return ERR_ABSENT;
}

static int unknown_key(const char *key, struct err *e)
{
    const char *names[ARRAY_LEN(features) + ARRAY_LEN(numbers) + ARRAY_LEN(switches)];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        names[n++] = features[i].name;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        names[n++] = numbers[i].name;
    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        names[n++] = switches[i];
    const char *near = err_nearest(key, names, n);
    return err_set(e, ERR_ARG, "%s is no property of an Arm CPU%s%s%s", key, near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

/* ---- files ---- */
struct reading {
    struct a64_config *config;
    struct err *e;
    int rc;
};

static int on_line(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;
    if (strcmp(section, "cpu") != 0)
        return 1;
    r->rc = set_key(r->config, key, value, r->e);
    if (r->rc == ERR_ABSENT)
        r->rc = unknown_key(key, r->e);
    return r->rc == 0;
}

const struct a64_profile *a64_profile_find(const char *name)
{
    for (const struct a64_profile *p = a64_profiles; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static int no_profile(const char *name, struct err *e)
{
    const char *names[64];
    size_t n = 0;
    for (const struct a64_profile *p = a64_profiles; p->name != NULL && n < ARRAY_LEN(names); p++)
        names[n++] = p->name;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ABSENT, "no CPU profile %s%s%s%s ('list cpus' names all)", name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int read_profile(struct a64_config *c, const char *name, const char *path, struct err *e)
{
    struct reading r = { c, e, 0 };
    char file[4096];
    int line = -1;
    if (path != NULL && strchr(name, '/') == NULL) {
        snprintf(file, sizeof(file), "%s/%s.ini", path, name);
        line = ini_parse(file, on_line, &r);
    }
    if (line == -1) {
        const struct a64_profile *p = a64_profile_find(name);
        if (p == NULL)
            return no_profile(name, e);
        line = ini_parse_string(p->text, on_line, &r);
    }
    if (r.rc != 0)
        return err_context(e, "CPU profile %s", name);
    return line == 0 ? 0 : err_set(e, ERR_FORMAT, "CPU profile %s: line %d is not \"key = value\"", name, line);
}

static int apply_option(struct a64_config *c, char *option, struct err *e)
{
    for (char *p = option; *p != '\0' && *p != '='; p++)
        *p = (char)tolower((unsigned char)*p);
    if (strncmp(option, "x-", 2) == 0)
        option += 2;
    char *value = strchr(option, '=');
    const char *key = option, *v = "on";
    if (value != NULL)
        *value = '\0', v = value + 1;
    else if (*option == '+' || *option == '-')
        key = option + 1, v = *option == '+' ? "on" : "off";
    int r = set_key(c, key, v, e);
    return r == ERR_ABSENT ? unknown_key(key, e) : r;
}

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

int a64_config_parse(struct a64_config *out, const char *spec, const char *path, struct err *e)
{
    char text[1024], *save = NULL;
    if (strlen(spec) >= sizeof(text))
        return err_set(e, ERR_LIMIT, "CPU option of %zu characters; 1023 are accepted", strlen(spec));
    memcpy(text, spec, strlen(spec) + 1);
    char *name = strtok_r(text, ",", &save);
    if (name == NULL)
        return err_set(e, ERR_ARG, "the CPU option names no profile");
    *out = (struct a64_config){ .hz = 1000000000, .counter_hz = 62500000, .dczid = 4, .gic_pribits = 5 };
    snprintf(out->name, sizeof(out->name), "%s", name);
    int r = read_profile(out, name, path, e);
    for (char *o = NULL; r == 0 && (o = strtok_r(NULL, ",", &save)) != NULL;)
        r = apply_option(out, o, e);
    if (r == 0 && field(out, A64_ID_PFR0, 4) != 1)
        r = err_set(e, ERR_UNSUPPORTED, "ID_AA64PFR0_EL1.EL1 = %u: EL1 in AArch64 only is modelled",
                    field(out, A64_ID_PFR0, 4));
    if (r == 0) {
        a64_config_derive(out);
        r = check_requirements(out, e);
    }
    return r == 0 ? 0 : err_context(e, "cpu %s", spec);
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
