/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU profiles: text files (profiles/<name>.ini, built in) and QEMU's property syntax. In
 * a file, section [cpu]:
 *     extensions = i m a ...      any number of lines; names of extensions.def and groups
 *     mvendorid, marchid, mimpid  numbers
 *     satp = bare | sv39 | sv48 | sv57     asid-bits = 0..16
 *     pmp = 0 | 16 | 64           hpm = 0..29
 *     misaligned = yes | no       clock = Hz
 * Other sections are parameters of timing models and not looked at here.
 */
#include "cpu/riscv/cpu.h"
#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
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
static const struct {
    const char *name;
    enum rv_feature members[12];
} groups[] = {
    { "g", { RV_X_M, RV_X_A, RV_X_F, RV_X_D, RV_X_ZICSR, RV_X_ZIFENCEI } },
    { "b", { RV_X_ZBA, RV_X_ZBB, RV_X_ZBS } },
    { "zkn", { RV_X_ZBKB, RV_X_ZBKC, RV_X_ZBKX, RV_X_ZKNE, RV_X_ZKND, RV_X_ZKNH } },
    { "zks", { RV_X_ZBKB, RV_X_ZBKC, RV_X_ZBKX, RV_X_ZKSED, RV_X_ZKSH } },
    { "counters", { RV_X_ZICNTR, RV_X_ZIHPM } }, /* QEMU's names for three */
    { "epmp", { RV_X_SMEPMP } },
    { "debug", { RV_X_SDTRIG } },
};

/* Each needs the other (chapters of the first). */
static const struct {
    enum rv_feature x, needs;
} rules[] = {
    { RV_X_D, RV_X_F },         { RV_X_F, RV_X_ZICSR },        { RV_X_ZFHMIN, RV_X_F },
    { RV_X_ZFH, RV_X_ZFHMIN },  { RV_X_ZFA, RV_X_F },          { RV_X_ZABHA, RV_X_A },
    { RV_X_ZACAS, RV_X_A },     { RV_X_ZAWRS, RV_X_A },        { RV_X_ZCB, RV_X_C },
    { RV_X_ZCMOP, RV_X_C },     { RV_X_ZCMOP, RV_X_ZIMOP },    { RV_X_ZICNTR, RV_X_ZICSR },
    { RV_X_ZIHPM, RV_X_ZICSR }, { RV_X_SSCOFPMF, RV_X_ZIHPM },
};

static void set_bit(struct rv_config *c, unsigned x, bool on)
{
    uint64_t bit = 1ull << (x % 64);
    c->ext[x / 64] = on ? c->ext[x / 64] | bit : c->ext[x / 64] & ~bit;
}

static int set_extension(struct rv_config *c, const char *name, bool on, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (strcmp(name, groups[i].name) == 0) {
            for (size_t k = 0; k < ARRAY_LEN(groups[i].members) && groups[i].members[k]; k++)
                set_bit(c, groups[i].members[k], on);
            return 0;
        }
    for (unsigned x = 0; x < ARRAY_LEN(extensions); x++) {
        if (strcmp(name, extensions[x].name) != 0)
            continue;
        if (on && extensions[x].kind == REFUSED)
            return err_set(e, ERR_UNSUPPORTED, "extension %s is not modelled; switch it off", name);
        set_bit(c, x, on);
        if (on && x == RV_X_ZFH)
            set_bit(c, RV_X_ZFHMIN, true);
        return 0;
    }
    return ERR_ABSENT;
}

static bool parse_bool(const char *v, bool *on)
{
    static const char *const yes[] = { "on", "true", "yes", "1" }, *const no[] = { "off", "false",
                                                                                   "no", "0" };
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

/* ---- properties with a value; also the keys of a profile file ---- */
static const struct {
    const char *name;
    uint32_t mode;
} satp_modes[] = {
    { "bare", 0 },
    { "sv39", 8 },
    { "sv48", 9 },
    { "sv57", 10 },
};

static int set_satp(struct rv_config *c, const char *v, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(satp_modes); i++)
        if (strcmp(v, satp_modes[i].name) == 0) {
            c->satp_mode = satp_modes[i].mode;
            return 0;
        }
    return err_set(e, ERR_ARG, "satp=%s: bare, sv39, sv48 and sv57 are accepted", v);
}

/* sv48=on raises the highest mode to at least it, =off lowers it below. */
static int limit_satp(struct rv_config *c, uint32_t mode, bool on)
{
    if (on)
        c->satp_mode = MAX(c->satp_mode, mode);
    else if (c->satp_mode >= mode)
        c->satp_mode = mode == 8 ? 0 : mode - 1;
    return 0;
}

static int set_pmp(struct rv_config *c, const char *v, struct err *e)
{
    uint64_t n;
    bool on;
    if (strcmp(v, "0") != 0 && strcmp(v, "1") != 0 && parse_u64(v, &n)) {
        if (n != 16 && n != 64)
            return err_set(e, ERR_ARG, "pmp=%s: 0, 16 or 64 entries, on (16) and off are accepted",
                           v);
        c->pmp_count = (uint32_t)n;
    } else if (parse_bool(v, &on)) {
        c->pmp_count = !on ? 0 : c->pmp_count != 0 ? c->pmp_count : 16;
    } else {
        return err_set(e, ERR_ARG, "pmp=%s: 0, 16 or 64 entries, on (16) and off are accepted", v);
    }
    return 0;
}

static const struct number {
    const char *name;
    uint32_t at;
    bool wide;
    uint64_t least, most;
} numbers[] = {
    { "mvendorid", offsetof(struct rv_config, mvendorid), true, 0, UINT32_MAX },
    { "marchid", offsetof(struct rv_config, marchid), true, 0, UINT64_MAX },
    { "mimpid", offsetof(struct rv_config, mimpid), true, 0, UINT64_MAX },
    { "asid-bits", offsetof(struct rv_config, asid_bits), false, 0, 16 },
    { "hpm", offsetof(struct rv_config, hpm_count), false, 0, 29 },
    { "pmu-num", offsetof(struct rv_config, hpm_count), false, 0, 29 }, /* QEMU's name */
    { "clock", offsetof(struct rv_config, hz), true, 1000, 100000000000ull },
    { "resetvec", offsetof(struct rv_config, reset_pc), true, 0, UINT64_MAX },
};

static int set_number(struct rv_config *c, const struct number *row, const char *v, struct err *e)
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

/* Block sizes are fixed (Zic64b); QEMU has them as properties. */
static int check_block_size(const char *key, const char *v, struct err *e)
{
    return strcmp(v, "64") == 0
               ? 0
               : err_set(e, ERR_UNSUPPORTED, "%s=%s: cache blocks are 64 bytes", key, v);
}

static int set_key(struct rv_config *c, const char *key, const char *v, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (strcmp(key, numbers[i].name) == 0)
            return set_number(c, &numbers[i], v, e);
    if (strcmp(key, "satp") == 0)
        return set_satp(c, v, e);
    if (strcmp(key, "pmp") == 0)
        return set_pmp(c, v, e);
    if (strcmp(key, "cbom_blocksize") == 0 || strcmp(key, "cboz_blocksize") == 0 ||
        strcmp(key, "cbop_blocksize") == 0)
        return check_block_size(key, v, e);
    bool on;
    int r = ERR_ABSENT;
    for (size_t i = 1; i < ARRAY_LEN(satp_modes); i++)
        if (strcmp(key, satp_modes[i].name) == 0 && parse_bool(v, &on))
            return limit_satp(c, satp_modes[i].mode, on);
    if (parse_bool(v, &on)) {
        if (strcmp(key, "misaligned") == 0) {
            c->misaligned = on;
            return 0;
        }
        if ((strcmp(key, "s") == 0 || strcmp(key, "u") == 0 || strcmp(key, "i") == 0)) {
            return on ? 0
                      : err_set(e, ERR_UNSUPPORTED, "%s=off: a hart without it is not modelled",
                                key);
        }
        if (strcmp(key, "mmu") == 0)
            return on ? 0 : limit_satp(c, 8, false);
        r = set_extension(c, key, on, e);
    } else if (set_extension(c, key, rv_has(c, RV_X_I), NULL) != ERR_ABSENT) {
        return err_set(e, ERR_ARG, "%s=%s: on and off are accepted", key, v);
    }
    return r;
}

static int unknown_key(const char *key, struct err *e)
{
    const char *names[ARRAY_LEN(extensions) + ARRAY_LEN(numbers) + ARRAY_LEN(groups) + 8];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
        names[n++] = extensions[i].name;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        names[n++] = numbers[i].name;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        names[n++] = groups[i].name;
    for (size_t i = 1; i < ARRAY_LEN(satp_modes); i++)
        names[n++] = satp_modes[i].name;
    names[n++] = "satp", names[n++] = "pmp", names[n++] = "mmu", names[n++] = "misaligned";
    const char *near = err_nearest(key, names, n);
    return err_set(e, ERR_ARG, "%s is no property of a RISC-V CPU%s%s%s", key,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* ---- files ---- */
struct reading {
    struct rv_config *config;
    struct err *e;
    int rc;
};

static int on_line(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;
    char list[256], *save = NULL;
    if (strcmp(section, "cpu") != 0)
        return 1;
    if (strcmp(key, "extensions") != 0) {
        r->rc = set_key(r->config, key, value, r->e);
        if (r->rc == ERR_ABSENT)
            r->rc = unknown_key(key, r->e);
        return r->rc == 0;
    }
    snprintf(list, sizeof(list), "%s", value);
    for (char *x = strtok_r(list, " ", &save); x != NULL && r->rc == 0;
         x = strtok_r(NULL, " ", &save)) {
        r->rc = set_extension(r->config, x, true, r->e);
        if (r->rc == ERR_ABSENT)
            r->rc = unknown_key(x, r->e);
    }
    return r->rc == 0;
}

const struct rv_profile *rv_profile_find(const char *name)
{
    for (const struct rv_profile *p = rv_profiles; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static int no_profile(const char *name, struct err *e)
{
    const char *names[64];
    size_t n = 0;
    for (const struct rv_profile *p = rv_profiles; p->name != NULL && n < ARRAY_LEN(names); p++)
        names[n++] = p->name;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ABSENT, "no CPU profile %s%s%s%s ('list cpus' names all)", name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int read_profile(struct rv_config *c, const char *name, const char *path, struct err *e)
{
    struct reading r = { c, e, 0 };
    char file[4096];
    int line = -1;
    if (path != NULL && strchr(name, '/') == NULL) {
        snprintf(file, sizeof(file), "%s/%s.ini", path, name);
        line = ini_parse(file, on_line, &r);
    }
    if (line == -1) {
        const struct rv_profile *p = rv_profile_find(name);
        if (p == NULL)
            return no_profile(name, e);
        line = ini_parse_string(p->text, on_line, &r);
    }
    if (r.rc != 0)
        return err_context(e, "CPU profile %s", name);
    return line == 0 ? 0
                     : err_set(e, ERR_FORMAT, "CPU profile %s: line %d is not \"key = value\"",
                               name, line);
}

/* QEMU spells some of its properties with a capital (Zfh) or with x- in front. */
static int apply_option(struct rv_config *c, char *option, struct err *e)
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

/* What others imply, then what must go together. */
static int settle(struct rv_config *c, struct err *e)
{
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

int rv_config_parse(struct rv_config *out, const char *spec, const char *path, struct err *e)
{
    char text[1024], *save = NULL;
    if (strlen(spec) >= sizeof(text))
        return err_set(e, ERR_LIMIT, "CPU option of %zu characters; 1023 are accepted",
                       strlen(spec));
    memcpy(text, spec, strlen(spec) + 1);
    char *name = strtok_r(text, ",", &save);
    if (name == NULL)
        return err_set(e, ERR_ARG, "the CPU option names no profile");
    *out = (struct rv_config){
        .misaligned = true, .pmp_count = 16, .hz = 1000000000, .reset_pc = 0x1000
    };
    snprintf(out->name, sizeof(out->name), "%s", name);
    int r = read_profile(out, name, path, e);
    for (char *o = NULL; r == 0 && (o = strtok_r(NULL, ",", &save)) != NULL;)
        r = apply_option(out, o, e);
    if (r == 0)
        r = settle(out, e);
    return r == 0 ? 0 : err_context(e, "cpu %s", spec);
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
