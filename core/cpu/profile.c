/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu/profile.h"
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_NAMES 1024 /* of an ISA's properties or profiles, for "did you mean" */
#define MAX_DEPTH 8    /* profiles that stand on each other by `base` */

/* ---- values ---- */
bool cpu_parse_bool(const char *value, bool *on)
{
    static const char *const yes[] = { "on", "true", "yes", "1" };
    static const char *const no[] = { "off", "false", "no", "0" };
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
            *on = strcmp(value, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

bool cpu_parse_u64(const char *value, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(value, &end, 0);
    return isdigit((unsigned char)*value) && *end == '\0' && errno == 0;
}

static int set_number(void *config, const struct cpu_property *p, const char *value, struct err *e)
{
    uint64_t n;
    if (!cpu_parse_u64(value, &n) || n < p->least || n > p->most)
        return err_set(e, ERR_ARG, "%s=%s: a number from %llu to %llu is accepted", p->name, value,
                       (unsigned long long)p->least, (unsigned long long)p->most);
    uint32_t narrow = (uint32_t)n;
    memcpy((char *)config + p->at, p->size == sizeof(n) ? (void *)&n : (void *)&narrow, p->size);
    return 0;
}

/* ---- properties ---- */
static int unknown_property(const struct cpu_profiles *all, const char *key, struct err *e)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    for (const struct cpu_property *p = all->properties; p->name != NULL && n < MAX_NAMES; p++)
        names[n++] = p->name;
    const char *near = err_nearest(key, names, n);
    return err_set(e, ERR_ARG, "%s is no property of %s%s%s%s", key, all->what,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* QEMU takes either of - and _ in most names. */
static bool same_name(const char *a, const char *b)
{
    while (*a != '\0' && (*a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-')))
        a++, b++;
    return *a == *b;
}

static int set_property(const struct cpu_profiles *all, void *config, const char *key,
                        const char *value, struct err *e)
{
    const struct cpu_property *p = all->properties;
    bool on;
    while (p->name != NULL && !same_name(p->name, key))
        p++;
    if (p->name == NULL)
        return unknown_property(all, key, e);
    if (p->set != NULL)
        return p->set(config, key, value, e);
    if (p->turn == NULL)
        return set_number(config, p, value, e);
    if (!cpu_parse_bool(value, &on))
        return err_set(e, ERR_ARG, "%s=%s: on and off are accepted", key, value);
    return p->turn(config, p->arg, on, e);
}

/* "+a", "-a", "a", "a=value"; `option` is changed. */
static int set_option(const struct cpu_profiles *all, void *config, char *option, struct err *e)
{
    const char *value = *option == '-' ? "off" : "on";
    char *equals = strchr(option, '=');
    if (*option == '+' || *option == '-') {
        option++;
    } else if (equals != NULL) {
        *equals = '\0';
        value = equals + 1;
    }
    for (char *p = option; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    return set_property(all, config, option + (strncmp(option, "x-", 2) == 0 ? 2 : 0), value, e);
}

static int set_list(const struct cpu_profiles *all, void *config, const char *value, struct err *e)
{
    char list[INI_MAX_LINE + 1], *save = NULL;
    int rc = 0;
    snprintf(list, sizeof(list), "%s", value);
    for (char *x = strtok_r(list, " \t", &save); x != NULL && rc == 0;
         x = strtok_r(NULL, " \t", &save))
        rc = set_property(all, config, x + (*x == '-'), *x == '-' ? "off" : "on", e);
    return rc;
}

/* ---- files ---- */
const struct cpu_profile *cpu_profile_find(const struct cpu_profiles *all, const char *name)
{
    for (const struct cpu_profile *p = all->profiles; p->name != NULL; p++)
        if (strcasecmp(p->name, name) == 0) /* QEMU writes Skylake-Server, and cortex-a72 */
            return p;
    return NULL;
}

static int no_profile(const struct cpu_profiles *all, const char *name, struct err *e)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    for (const struct cpu_profile *p = all->profiles; p->name != NULL && n < MAX_NAMES; p++)
        names[n++] = p->name;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ABSENT, "no CPU profile %s%s%s%s ('list cpus' names all)", name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

struct reading {
    const struct cpu_profiles *all;
    void *config;
    const char *path;
    unsigned depth;
    bool begun; /* a line was there: `base` comes too late */
    int rc;
    struct err *e;
};

static int read_profile(struct reading *r, const char *name);

static int read_base(struct reading *r, const char *name)
{
    if (r->begun)
        return err_set(r->e, ERR_FORMAT, "base = %s: it stands before all other properties", name);
    if (r->depth + 1 == MAX_DEPTH)
        return err_set(r->e, ERR_LIMIT, "base = %s: %d profiles that stand on each other; fewer are "
                       "accepted", name, MAX_DEPTH);
    struct reading base = *r;
    base.depth++;
    return read_profile(&base, name);
}

static int on_line(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;
    const struct cpu_profiles *all = r->all;
    bool ours = strcmp(section, "cpu") == 0;
    if (r->rc != 0)
        return 1;
    if (ours && strcmp(key, "base") == 0) {
        r->rc = read_base(r, value);
    } else if (ours && all->list != NULL && strcmp(key, all->list) == 0) {
        r->rc = set_list(all, r->config, value, r->e);
    } else if (ours) {
        r->rc = set_property(all, r->config, key, value, r->e);
    } else if (all->table != NULL && strcmp(section, all->table) == 0) {
        r->rc = all->row(r->config, key, value, r->e);
        if (r->rc == ERR_ABSENT)
            r->rc = err_set(r->e, ERR_ARG, "%s has no place in [%s]", key, section);
    } else {
        return 1;
    }
    r->begun = true;
    return r->rc == 0;
}

static int read_profile(struct reading *r, const char *name)
{
    char file[4096];
    int line = -1; /* inih: no such file; -2: no memory; else the first bad line */
    r->begun = false;
    if (r->path != NULL && strchr(name, '/') == NULL &&
        snprintf(file, sizeof(file), "%s/%s.ini", r->path, name) < (int)sizeof(file))
        line = ini_parse(file, on_line, r);
    if (line == -1) {
        const struct cpu_profile *p = cpu_profile_find(r->all, name);
        if (p == NULL)
            return no_profile(r->all, name, r->e);
        line = ini_parse_string(p->text, on_line, r);
    }
    if (r->rc != 0) {
        (void)err_context(r->e, "CPU profile %s, line %d", name, line);
        return r->rc;
    }
    if (line == -2)
        return err_set(r->e, ERR_NOMEM, "CPU profile %s: no memory", name);
    return line == 0 ? 0 : err_set(r->e, ERR_FORMAT, "CPU profile %s: line %d is not \"key = value\"",
                                   name, line);
}

/* Zero, defaults, name, file. */
static int start(const struct cpu_profiles *all, void *config, const char *name, const char *path,
                 struct err *e)
{
    struct reading r = { .all = all, .config = config, .path = path, .e = e };
    memset(config, 0, all->size);
    if (all->defaults != NULL)
        all->defaults(config);
    int rc = read_profile(&r, name);
    if (rc == 0 && snprintf(config, CPU_PROFILE_NAME, "%s", name) >= CPU_PROFILE_NAME)
        rc = err_set(e, ERR_LIMIT, "CPU profile %s: a name of at most %d characters is accepted",
                     name, CPU_PROFILE_NAME - 1);
    return rc;
}

int cpu_profile_parse(const struct cpu_profiles *all, void *config, const char *spec,
                      const char *path, struct err *e)
{
    char text[1024], *save = NULL;
    if (strlen(spec) >= sizeof(text))
        return err_set(e, ERR_LIMIT, "CPU option of %zu characters; %zu are accepted", strlen(spec),
                       sizeof(text) - 1);
    memcpy(text, spec, strlen(spec) + 1);
    char *name = strtok_r(text, ",", &save);
    if (name == NULL)
        return err_set(e, ERR_ARG, "the CPU option names no profile");
    int rc = start(all, config, name, path, e);
    for (char *o = NULL; rc == 0 && (o = strtok_r(NULL, ",", &save)) != NULL;)
        rc = set_option(all, config, o, e);
    if (rc == 0 && all->settle != NULL)
        rc = all->settle(config, e);
    if (rc != 0)
        (void)err_context(e, "cpu %s", spec);
    return rc;
}

/* ---- lists ---- */
/* Would turning it the other way be accepted, alone or with others, and change something? */
static bool can_turn(const struct cpu_profiles *all, void *scratch, const struct cpu_property *p,
                     bool on)
{
    for (const struct cpu_property *first = all->properties; first < p; first++)
        if (same_name(first->name, p->name))
            return false; /* never reached */
    if (p->turn(scratch, p->arg, !on, NULL) != 0)
        return false;
    int rc = all->settle != NULL ? all->settle(scratch, NULL) : 0;
    return rc == 0 ? p->is_on(scratch, p->arg) != on : rc != ERR_UNSUPPORTED;
}

int cpu_profile_switches(const struct cpu_profiles *all, const char *name,
                         void (*each)(void *arg, const char *name, bool on), void *arg,
                         struct err *e)
{
    void *config = malloc(all->size), *scratch = malloc(all->size);
    int rc = config != NULL && scratch != NULL
                 ? cpu_profile_parse(all, config, name, NULL, e)
                 : err_set(e, ERR_NOMEM, "no memory for CPU profile %s", name);
    for (const struct cpu_property *p = all->properties; rc == 0 && p->name != NULL; p++) {
        if (p->turn == NULL || p->is_on == NULL)
            continue;
        bool on = p->is_on(config, p->arg);
        memcpy(scratch, config, all->size);
        if (can_turn(all, scratch, p, on))
            each(arg, p->name, on);
    }
    free(config);
    free(scratch);
    return rc;
}

uint64_t cpu_decode_bits(const char *const *ext_names, unsigned n_ext, const char *const *names,
                         const uint64_t *has, unsigned n)
{
    uint64_t bits = 0;
    for (unsigned x = 0; x < n; x++)
        for (unsigned i = 0; (has[x / 64] >> x % 64 & 1) != 0 && i < n_ext; i++)
            if (strcmp(ext_names[i], names[x]) == 0)
                bits |= 1ull << i;
    return bits;
}
