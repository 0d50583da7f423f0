/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/option.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool option_next(const char **spec, char *item, size_t size, bool *fits)
{
    const char *p = *spec;
    size_t n = 0;
    *fits = true;
    if (*p == 0)
        return false;
    for (; *p; p++) {
        if (*p == ',') {
            p++;
            if (*p != ',')
                break;
        }
        if (n + 1 < size)
            item[n++] = *p;
        else
            *fits = false;
    }
    item[n] = 0;
    *spec = p;
    return true;
}

static int read_bool(const struct option_desc *d, bool *out, const char *value, struct err *e)
{
    static const char *const yes[] = { "on", "yes", "true", "y" };
    static const char *const no[] = { "off", "no", "false", "n" };
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(value, yes[i]) == 0) {
            *out = true;
            return 0;
        }
        if (strcmp(value, no[i]) == 0) {
            *out = false;
            return 0;
        }
    }
    return err_set(e, ERR_ARG, "%s=%s: on or off is accepted", d->key, value);
}

static int read_number(const struct option_desc *d, int *out, const char *value, struct err *e)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(value, &end, 0);
    if (*value < '0' || *value > '9' || *end || errno || v > INT32_MAX)
        return err_set(e, ERR_ARG, "%s=%s: a number from 0 to %d is accepted", d->key, value,
                       INT32_MAX);
    *out = (int)v;
    return 0;
}

static int read_choice(const struct option_desc *d, int *out, const char *value, struct err *e)
{
    char all[300] = "";
    size_t n = 0;
    for (int i = 0; d->choices[i]; i++) {
        if (strcmp(d->choices[i], value) == 0) {
            *out = i;
            return 0;
        }
        if (d->choices[i][0] && n < sizeof(all))
            n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "", d->choices[i]);
    }
    return err_set(e, ERR_ARG, "%s=%s: accepted are %s", d->key, value, all);
}

static int store(const struct option_desc *d, void *target, const char *value, struct err *e)
{
    void *at = (char *)target + d->at;
    struct option_list *list = at;
    switch (d->kind) {
    case OPTION_TEXT:
        if (strlen(value) >= d->size)
            return err_set(e, ERR_LIMIT, "%s: %zu characters, at most %u are accepted", d->key,
                           strlen(value), d->size - 1);
        memcpy(at, value, strlen(value) + 1);
        return 0;
    case OPTION_BOOL:
        return read_bool(d, at, value, e);
    case OPTION_NUMBER:
        return read_number(d, at, value, e);
    case OPTION_CHOICE:
        return read_choice(d, at, value, e);
    case OPTION_LIST:
        if (list->n == OPTION_LIST_MAX || strlen(value) >= sizeof(list->text[0]))
            return err_set(e, ERR_LIMIT, "%s=%s: at most %d values of %zu characters", d->key,
                           value, OPTION_LIST_MAX, sizeof(list->text[0]) - 1);
        memcpy(list->text[list->n++], value, strlen(value) + 1);
        return 0;
    case OPTION_REFUSED:
        return err_set(e, ERR_UNSUPPORTED, "%s: %s", d->key, d->reason);
    default:
        return 0;
    }
}

static const struct option_desc *find(const struct option_desc *table, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].key, key) == 0)
            return &table[i];
    }
    return NULL;
}

static int unknown(const struct option_desc *table, size_t n, const char *key, struct err *e)
{
    const char *names[64];
    char all[700] = "";
    size_t used = 0, n_names = 0;
    for (size_t i = 0; i < n && n_names < ARRAY_LEN(names); i++) {
        if (table[i].kind == OPTION_REFUSED || table[i].kind == OPTION_IGNORED)
            continue;
        names[n_names++] = table[i].key;
        if (used < sizeof(all))
            used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", used ? " " : "",
                                     table[i].key);
    }
    const char *near = err_nearest(key, names, n_names);
    return err_set(e, ERR_ARG, "unknown option \"%.80s\"%s%s%s; accepted are: %s", key,
                   near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "", all);
}

int option_read(const struct option_desc *table, size_t n, void *target, const char *spec,
                const char *first, struct err *e)
{
    char item[2048];
    bool fits;
    for (bool is_first = true; option_next(&spec, item, sizeof(item), &fits); is_first = false) {
        if (!fits)
            return err_set(e, ERR_LIMIT, "option \"%.60s...\" is longer than %zu characters", item,
                           sizeof(item) - 1);
        char *equals = strchr(item, '=');
        const char *key = item, *value;
        if (equals) {
            *equals = 0;
            value = equals + 1;
        } else if (is_first && first) {
            key = first;
            value = item;
        } else {
            value = "on";
            if (!find(table, n, key) && strncmp(key, "no", 2) == 0) {
                const struct option_desc *d = find(table, n, key + 2);
                if (d && d->kind == OPTION_BOOL) {
                    key += 2;
                    value = "off";
                }
            }
        }
        const struct option_desc *d = find(table, n, key);
        if (!d)
            return unknown(table, n, key, e);
        if (!equals && key == item && d->kind != OPTION_BOOL && d->kind != OPTION_IGNORED &&
            d->kind != OPTION_REFUSED)
            return err_set(e, ERR_ARG, "option \"%s\" wants a value: %s=...", key, key);
        int rc = store(d, target, value, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}
