/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/log.h"
#include "core/util/err.h"
#include "core/util/hash.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CATEGORY_MAX 1024u
#define RULE_MAX     64u
#define NAME_MAX_    32u
#define SITE_MAX     1024u /* a power of two; half of it is used */
#define LEVEL_OFF    (-1)

struct rule {
    char category[NAME_MAX_];
    int level;
};

struct log {
    FILE *out;
    ps_t (*now)(const void *arg);
    const void *now_arg;
    uint32_t n_categories, n_rules, n_sites;
    int level; /* of categories without a rule */
    bool channel_on[LOG_CHANNELS];
    uint64_t channel_count[LOG_CHANNELS];
    struct rule rules[RULE_MAX];
    struct category {
        const char *name;
        int level;
    } categories[CATEGORY_MAX];
    uint64_t sites[SITE_MAX]; /* hashes of what was printed; 0 = free */
};

static const char *const level_names[] = { "off", "error", "warn", "info", "debug", "on" };
static const char *const channel_names[LOG_CHANNELS] = {
    [LOG_NORMAL] = "",
    [LOG_GUEST] = "guest",
    [LOG_UNMODELLED] = "unmodelled",
};

struct log *log_create(FILE *out)
{
    struct log *log = calloc(1, sizeof(*log));
    if (!log)
        return NULL;
    log->out = out;
    log->level = LOG_WARN;
    log->channel_on[LOG_GUEST] = log->channel_on[LOG_UNMODELLED] = true;
    return log;
}

void log_destroy(struct log *log)
{
    free(log);
}

void log_set_clock(struct log *log, ps_t (*now)(const void *arg), const void *arg)
{
    log->now = now;
    log->now_arg = arg;
}

static int level_of(const struct log *log, const char *name)
{
    for (uint32_t i = 0; i < log->n_rules; i++)
        if (strcmp(log->rules[i].category, name) == 0)
            return log->rules[i].level;
    return log->level;
}

log_cat_t log_add_category(struct log *log, const char *name)
{
    for (uint32_t i = 0; i < log->n_categories; i++)
        if (strcmp(log->categories[i].name, name) == 0)
            return (log_cat_t)i;
    /* One a part: a machine with more shares the last one's switch. */
    if (log->n_categories == CATEGORY_MAX)
        return CATEGORY_MAX - 1;
    struct category *c = &log->categories[log->n_categories];
    c->name = name;
    c->level = level_of(log, name);
    return (log_cat_t)log->n_categories++;
}

static int parse_level(const char *word, int *level, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++)
        if (strcmp(word, level_names[i]) == 0) {
            *level = strcmp(word, "on") == 0 ? LOG_WARN : (int)i - 1;
            return 0;
        }
    const char *near = err_nearest(word, level_names, ARRAY_LEN(level_names));
    return err_set(e, ERR_ARG,
                   "log level '%s' is unknown%s%s%s; accepted: off, error, warn, info, debug", word,
                   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* `category` is NULL for the default of all. */
static int set_rule(struct log *log, const char *category, int level, struct err *e)
{
    if (!category) {
        log->level = level;
        return 0;
    }
    for (unsigned ch = LOG_GUEST; ch < LOG_CHANNELS; ch++)
        if (strcmp(category, channel_names[ch]) == 0) {
            log->channel_on[ch] = level >= LOG_WARN;
            return 0;
        }
    uint32_t i = 0;
    while (i < log->n_rules && strcmp(log->rules[i].category, category) != 0)
        i++;
    if (i == RULE_MAX)
        return err_set(e, ERR_LIMIT, "more than %u log categories are configured", RULE_MAX);
    memcpy(log->rules[i].category, category, strlen(category) + 1);
    log->rules[i].level = level;
    if (i == log->n_rules)
        log->n_rules++;
    return 0;
}

static int configure_one(struct log *log, const char *word, size_t n, struct err *e)
{
    char text[2 * NAME_MAX_];
    if (n >= sizeof(text))
        return err_set(e, ERR_ARG, "log switch '%.*s' is too long", (int)n, word);
    memcpy(text, word, n);
    text[n] = '\0';
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    if (equals && (equals == text || strlen(text) >= NAME_MAX_))
        return err_set(e, ERR_ARG, "log switch '%.*s': a category has 1 to %u characters", (int)n,
                       word, NAME_MAX_ - 1);
    int level = LOG_WARN;
    int rc = parse_level(equals ? equals + 1 : text, &level, e);
    if (rc < 0)
        return rc;
    return set_rule(log, equals ? text : NULL, level, e);
}

int log_configure(struct log *log, const char *spec, struct err *e)
{
    for (const char *p = spec; *p;) {
        size_t n = strcspn(p, ",");
        int rc = configure_one(log, p, n, e);
        if (rc < 0)
            return rc;
        p += n + (p[n] == ',');
    }
    for (uint32_t i = 0; i < log->n_categories; i++)
        log->categories[i].level = level_of(log, log->categories[i].name);
    return 0;
}

bool log_is_on(const struct log *log, log_cat_t cat, enum log_level level)
{
    return cat < log->n_categories && (int)level <= log->categories[cat].level;
}

/* Guest text may be in a message: nothing in it may steer the terminal. */
static void print(struct log *log, log_cat_t cat, const char *kind, const char *fmt, va_list ap)
    PRINTF_LIKE(4, 0);
static void print(struct log *log, log_cat_t cat, const char *kind, const char *fmt, va_list ap)
{
    char text[1000];
    vsnprintf(text, sizeof(text), fmt, ap);
    for (char *p = text; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
            *p = '?';
    ps_t now = log->now ? log->now(log->now_arg) : 0;
    fprintf(log->out, "[%4llu.%09llu] %s: %s: %s\n", (unsigned long long)(now / PS_PER_SEC),
            (unsigned long long)(now % PS_PER_SEC / PS_PER_NS),
            cat < log->n_categories ? log->categories[cat].name : "?", kind, text);
}

void log_print(struct log *log, log_cat_t cat, enum log_level level, const char *fmt, ...)
{
    if (!log_is_on(log, cat, level))
        return;
    va_list ap;
    va_start(ap, fmt);
    print(log, cat, level_names[level + 1], fmt, ap);
    va_end(ap);
}

/* True the first time; false for a known site and when the table is half full. */
static bool is_new_site(struct log *log, enum log_channel ch, log_cat_t cat, const char *site)
{
    uint64_t h = hash_bytes(((uint64_t)ch << 16) | cat, site, strlen(site)) | 1;
    uint32_t i = (uint32_t)(h >> 32) % SITE_MAX;
    for (; log->sites[i] != 0; i = (i + 1) % SITE_MAX)
        if (log->sites[i] == h)
            return false;
    if (log->n_sites >= SITE_MAX / 2)
        return false;
    log->sites[i] = h;
    log->n_sites++;
    return true;
}

void log_channel(struct log *log, enum log_channel ch, log_cat_t cat, const char *site,
                 const char *fmt, va_list ap)
{
    assert(ch > LOG_NORMAL && ch < LOG_CHANNELS);
    log->channel_count[ch]++;
    if (!log->channel_on[ch] || !is_new_site(log, ch, cat, site))
        return;
    char kind[160];
    snprintf(kind, sizeof(kind), "%s: %s", ch == LOG_GUEST ? "guest error" : "not modelled", site);
    print(log, cat, kind, fmt, ap);
}

uint64_t log_channel_count(const struct log *log, enum log_channel ch)
{
    return log->channel_count[ch];
}
