/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the properties of RISC-V profiles mean (core/cpu/profile.h has their syntax):
 *     extensions = i m a ...      names of extensions.def and groups; each is also a switch
 *     mvendorid, marchid, mimpid  numbers
 *     satp = bare | sv39 | sv48 | sv57     asid-bits = 0..16
 *     pmp = 0 | 16 | 64           hpm = 0..29
 *     misaligned = yes | no       clock = Hz
 */
#include "cpu/riscv/cpu.h"
#include <stdio.h>
#include <string.h>

enum kind { SINGLE, MULTI, FACT, REFUSED };
static const struct extension {
    const char *name;
    enum kind kind;
} extensions[] = {
#define RV_EXT(symbol, name, kind) { name, kind },
#include "cpu/riscv/extensions.def"
#undef RV_EXT
};

/* Names that stand for several (unprivileged ISA, naming and "Scalar Cryptography"). */
enum group { GROUP_G, GROUP_B, GROUP_ZKN, GROUP_ZKS, GROUP_ZVKN, GROUP_ZVKS, GROUP_COUNTERS };
static const enum rv_feature groups[][7] = {
    [GROUP_G] = { RV_X_M, RV_X_A, RV_X_F, RV_X_D, RV_X_ZICSR, RV_X_ZIFENCEI },
    [GROUP_B] = { RV_X_ZBA, RV_X_ZBB, RV_X_ZBS },
    [GROUP_ZKN] = { RV_X_ZBKB, RV_X_ZBKC, RV_X_ZBKX, RV_X_ZKNE, RV_X_ZKND, RV_X_ZKNH },
    [GROUP_ZKS] = { RV_X_ZBKB, RV_X_ZBKC, RV_X_ZBKX, RV_X_ZKSED, RV_X_ZKSH },
    [GROUP_ZVKN] = { RV_X_ZVKNED, RV_X_ZVKNHB, RV_X_ZVKB, RV_X_ZVKT },
    [GROUP_ZVKS] = { RV_X_ZVKSED, RV_X_ZVKSH, RV_X_ZVKB, RV_X_ZVKT },
    [GROUP_COUNTERS] = { RV_X_ZICNTR, RV_X_ZIHPM },
};

/* Each needs the other (chapters of the first). */
static const struct {
    enum rv_feature x, needs;
} rules[] = {
    { RV_X_D, RV_X_F },         { RV_X_F, RV_X_ZICSR },        { RV_X_ZFHMIN, RV_X_F },
    { RV_X_ZFH, RV_X_ZFHMIN },  { RV_X_ZFA, RV_X_F },          { RV_X_ZABHA, RV_X_A },
    { RV_X_ZACAS, RV_X_A },     { RV_X_ZAWRS, RV_X_A },        { RV_X_ZCB, RV_X_C },
    { RV_X_ZCMOP, RV_X_C },     { RV_X_ZCMOP, RV_X_ZIMOP },    { RV_X_ZICNTR, RV_X_ZICSR },
    { RV_X_V, RV_X_D },         { RV_X_ZVFHMIN, RV_X_V },      { RV_X_ZVFH, RV_X_ZVFHMIN },
    { RV_X_ZVFH, RV_X_ZFHMIN }, { RV_X_ZVBB, RV_X_ZVKB },      { RV_X_ZVKB, RV_X_V },
    { RV_X_ZVBC, RV_X_V },      { RV_X_ZVKG, RV_X_V },         { RV_X_ZVKNED, RV_X_V },
    { RV_X_ZVKNHA, RV_X_V },    { RV_X_ZVKNHB, RV_X_V },       { RV_X_ZVKSED, RV_X_V },
    { RV_X_ZVKSH, RV_X_V },
    { RV_X_ZIHPM, RV_X_ZICSR }, { RV_X_SSCOFPMF, RV_X_ZIHPM },
};

/* Switching on the first switches on the second, which is a part of it. */
static const struct {
    enum rv_feature x, part;
} subsets[] = {
    { RV_X_ZFH, RV_X_ZFHMIN },
    { RV_X_ZVFH, RV_X_ZVFHMIN },
    { RV_X_ZVBB, RV_X_ZVKB },
};

static void set_bit(struct rv_config *c, unsigned x, bool on)
{
    uint64_t bit = 1ull << (x % 64);
    c->ext[x / 64] = on ? c->ext[x / 64] | bit : c->ext[x / 64] & ~bit;
}

/* ---- switches ---- */
static int turn_extension(void *config, uint32_t x, bool on, struct err *e)
{
    struct rv_config *c = config;
    if (on && extensions[x].kind == REFUSED)
        return err_set(e, ERR_UNSUPPORTED, "extension %s is not modelled; switch it off",
                       extensions[x].name);
    set_bit(c, x, on);
    for (size_t i = 0; i < ARRAY_LEN(subsets) && on; i++)
        if (x == subsets[i].x)
            set_bit(c, subsets[i].part, true);
    for (size_t i = 0; i < ARRAY_LEN(extensions) && !on && x == RV_X_V; i++)
        if (strncmp(extensions[i].name, "zv", 2) == 0) /* none of them is anything without it */
            set_bit(c, (unsigned)i, false);
    return 0;
}

static bool has_extension(const void *config, uint32_t x)
{
    return rv_has(config, (enum rv_feature)x);
}

static int turn_group(void *config, uint32_t group, bool on, struct err *e)
{
    int r = 0;
    for (size_t k = 0; r == 0 && k < ARRAY_LEN(groups[group]) && groups[group][k]; k++)
        r = turn_extension(config, groups[group][k], on, e);
    return r;
}

static int turn_misaligned(void *config, uint32_t unused, bool on, struct err *e)
{
    (void)unused, (void)e;
    ((struct rv_config *)config)->misaligned = on;
    return 0;
}

/* For tests of the two ways vector instructions are done. */
static int turn_quick(void *config, uint32_t unused, bool on, struct err *e)
{
    (void)unused, (void)e;
    ((struct rv_config *)config)->vector_general = !on;
    return 0;
}

static bool is_quick(const void *config, uint32_t unused)
{
    (void)unused;
    return !((const struct rv_config *)config)->vector_general;
}

static bool does_misaligned(const void *config, uint32_t unused)
{
    (void)unused;
    return ((const struct rv_config *)config)->misaligned;
}

/* sv48=on raises the highest mode to at least it, =off lowers it below; 8 to 10 as in satp.MODE. */
static int turn_mode(void *config, uint32_t mode, bool on, struct err *e)
{
    struct rv_config *c = config;
    (void)e;
    if (on)
        c->satp_mode = MAX(c->satp_mode, mode);
    else if (c->satp_mode >= mode)
        c->satp_mode = mode == 8 ? 0 : mode - 1;
    return 0;
}

static bool has_mode(const void *config, uint32_t mode)
{
    return ((const struct rv_config *)config)->satp_mode >= mode;
}

/* mmu=on keeps the modes there are. */
static int turn_mmu(void *config, uint32_t unused, bool on, struct err *e)
{
    (void)unused;
    return on ? 0 : turn_mode(config, 8, false, e);
}

/* What every hart here has. */
static int turn_always(void *config, uint32_t letter, bool on, struct err *e)
{
    (void)config;
    return on ? 0 : err_set(e, ERR_UNSUPPORTED, "%c=off: a hart without it is not modelled",
                            (int)letter);
}

/* ---- texts ---- */
static int set_satp(void *config, const char *key, const char *v, struct err *e)
{
    static const struct {
        const char *name;
        uint32_t mode;
    } modes[] = { { "bare", 0 }, { "sv39", 8 }, { "sv48", 9 }, { "sv57", 10 } };
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (strcmp(v, modes[i].name) == 0) {
            ((struct rv_config *)config)->satp_mode = modes[i].mode;
            return 0;
        }
    return err_set(e, ERR_ARG, "%s=%s: bare, sv39, sv48 and sv57 are accepted", key, v);
}

static int set_pmp(void *config, const char *key, const char *v, struct err *e)
{
    struct rv_config *c = config;
    uint64_t n;
    bool on;
    if (cpu_parse_bool(v, &on))
        n = !on ? 0 : c->pmp_count != 0 ? c->pmp_count : 16;
    else if (!cpu_parse_u64(v, &n))
        n = UINT64_MAX;
    if (n != 0 && n != 16 && n != 64)
        return err_set(e, ERR_ARG, "%s=%s: 0, 16 or 64 entries, on (16) and off are accepted", key, v);
    c->pmp_count = (uint32_t)n;
    return 0;
}

/* Block sizes are fixed (Zic64b); QEMU has them as properties. */
static int set_block_size(void *config, const char *key, const char *v, struct err *e)
{
    (void)config;
    return strcmp(v, "64") == 0
               ? 0
               : err_set(e, ERR_UNSUPPORTED, "%s=%s: cache blocks are 64 bytes", key, v);
}

static const struct cpu_property properties[] = {
    CPU_NUMBER(rv_config, "mvendorid", mvendorid, 0, UINT32_MAX),
    CPU_NUMBER(rv_config, "marchid", marchid, 0, UINT64_MAX),
    CPU_NUMBER(rv_config, "mimpid", mimpid, 0, UINT64_MAX),
    CPU_NUMBER(rv_config, "asid-bits", asid_bits, 0, 16),
    CPU_NUMBER(rv_config, "hpm", hpm_count, 0, 29),
    CPU_NUMBER(rv_config, "pmu-num", hpm_count, 0, 29), /* QEMU's name */
    CPU_NUMBER(rv_config, "clock", hz, 1000, 100000000000ull),
    CPU_NUMBER(rv_config, "resetvec", reset_pc, 0, UINT64_MAX),
    CPU_TEXT("satp", set_satp),
    CPU_TEXT("pmp", set_pmp),
    CPU_TEXT("cbom_blocksize", set_block_size),
    CPU_TEXT("cbop_blocksize", set_block_size),
    CPU_TEXT("cboz_blocksize", set_block_size),
    CPU_SWITCH("i", turn_always, NULL, 'i'),
    CPU_SWITCH("s", turn_always, NULL, 's'),
    CPU_SWITCH("u", turn_always, NULL, 'u'),
    CPU_SWITCH("mmu", turn_mmu, NULL, 0),
    CPU_SWITCH("sv39", turn_mode, has_mode, 8),
    CPU_SWITCH("sv48", turn_mode, has_mode, 9),
    CPU_SWITCH("sv57", turn_mode, has_mode, 10),
    CPU_SWITCH("misaligned", turn_misaligned, does_misaligned, 0),
    CPU_SWITCH("vquick", turn_quick, is_quick, 0),
    CPU_SWITCH("g", turn_group, NULL, GROUP_G),
    CPU_SWITCH("b", turn_group, NULL, GROUP_B),
    CPU_SWITCH("zkn", turn_group, NULL, GROUP_ZKN),
    CPU_SWITCH("zks", turn_group, NULL, GROUP_ZKS),
    CPU_SWITCH("zvkn", turn_group, NULL, GROUP_ZVKN),
    CPU_SWITCH("zvks", turn_group, NULL, GROUP_ZVKS),
    CPU_SWITCH("counters", turn_group, NULL, GROUP_COUNTERS), /* QEMU's names for three */
    CPU_SWITCH("epmp", turn_extension, NULL, RV_X_SMEPMP),
    CPU_SWITCH("debug", turn_extension, NULL, RV_X_SDTRIG),
#define RV_EXT(symbol, name, kind) CPU_SWITCH(name, turn_extension, has_extension, RV_X_##symbol),
#include "cpu/riscv/extensions.def"
#undef RV_EXT
    { .name = NULL },
};

/* What others imply, then what must go together. */
static int settle(void *config, struct err *e)
{
    struct rv_config *c = config;
    set_bit(c, RV_X_I, true);
    set_bit(c, RV_X_ZMMUL, rv_has(c, RV_X_M));
    set_bit(c, RV_X_ZAAMO, rv_has(c, RV_X_A));
    set_bit(c, RV_X_ZALRSC, rv_has(c, RV_X_A));
    set_bit(c, RV_X_ZCA, rv_has(c, RV_X_C));
    set_bit(c, RV_X_ZCD, rv_has(c, RV_X_C) && rv_has(c, RV_X_D));
    if (!rv_has(c, RV_X_ZICSR))
        return err_set(e, ERR_UNSUPPORTED, "zicsr=off: a hart with privilege modes needs its CSRs");
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rv_has(c, rules[i].x) && !rv_has(c, rules[i].needs))
            return err_set(e, ERR_ARG, "extension %s needs %s: switch both on or both off",
                           extensions[rules[i].x].name, extensions[rules[i].needs].name);
    return 0;
}

static void defaults(void *config)
{
    *(struct rv_config *)config = (struct rv_config){
        .misaligned = true, .pmp_count = 16, .hz = 1000000000, .reset_pc = 0x1000
    };
}

const struct cpu_profiles rv_profiles = {
    .what = "a RISC-V CPU",
    .list = "extensions",
    .profiles = rv_profile_list,
    .properties = properties,
    .size = sizeof(struct rv_config),
    .defaults = defaults,
    .settle = settle,
};

int rv_config_parse(struct rv_config *out, const char *spec, const char *path, struct err *e)
{
    return cpu_profile_parse(&rv_profiles, out, spec, path, e);
}

/* ---- device tree ---- */
int rv_isa_string(const struct rv_config *c, char *out, size_t n)
{
    size_t used = (size_t)snprintf(out, n, "rv64");
    for (unsigned x = 0; x < ARRAY_LEN(extensions) && used < n; x++) {
        if (!rv_has(c, (enum rv_feature)x))
            continue;
        const char *name = extensions[x].name;
        used += (size_t)snprintf(out + used, n - used, "%s%s", name[1] == '\0' ? "" : "_", name);
    }
    return used < n ? 0 : ERR_LIMIT;
}

int rv_isa_extensions(const struct rv_config *c, char *out, size_t n, size_t *size)
{
    size_t used = 0;
    for (unsigned x = 0; x < ARRAY_LEN(extensions); x++) {
        size_t length = strlen(extensions[x].name) + 1;
        if (!rv_has(c, (enum rv_feature)x))
            continue;
        if (used + length > n)
            return ERR_LIMIT;
        memcpy(out + used, extensions[x].name, length);
        used += length;
    }
    *size = used;
    return 0;
}

const char *rv_mmu_type(const struct rv_config *c)
{
    static const char *const names[] = { "riscv,none", "riscv,sv39", "riscv,sv48", "riscv,sv57" };
    return names[c->satp_mode < 8 ? 0 : c->satp_mode - 7];
}
