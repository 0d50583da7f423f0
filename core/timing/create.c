/* SPDX-License-Identifier: Apache-2.0 */
/* Making a model: its table's defaults, then the core's text file, then the command line. */
#include "core/timing/model.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct tm_model *const tm_models[] = { &tm_functional, &tm_inorder, NULL };

#define MAX_PARAMS 128

static const struct tm_model *find_model(const char *name, size_t n)
{
    for (const struct tm_model *const *m = tm_models; *m != NULL; m++)
        if (strlen((*m)->name) == n && memcmp((*m)->name, name, n) == 0)
            return *m;
    return NULL;
}

static int no_model(const char *name, int n, struct err *e)
{
    const char *names[16];
    char list[200] = "", wanted[64];
    size_t count = 0, used = 0;
    for (const struct tm_model *const *m = tm_models; *m != NULL && count < ARRAY_LEN(names); m++) {
        names[count++] = (*m)->name;
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
                                 (*m)->name);
    }
    snprintf(wanted, sizeof(wanted), "%.*s", n, name);
    const char *near = err_nearest(wanted, names, count);
    return err_set(e, ERR_ARG, "there is no timing model '%s'%s%s%s; there are: %s", wanted,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'" : "", list);
}

static int no_param(const struct tm_model *m, const char *name, struct err *e)
{
    const char *names[MAX_PARAMS];
    size_t count = 0;
    for (const struct tm_param *p = m->params; p && p->name && count < MAX_PARAMS; p++)
        names[count++] = p->name;
    const char *near = err_nearest(name, names, count);
    return err_set(e, ERR_ARG, "timing model %s has no parameter '%s'%s%s%s", m->name, name,
                   near ? "; did you mean '" : count ? "; the first of its parameters is '" : "",
                   near ? near : count ? names[0] : "", near || count ? "'" : "");
}

/* A whole number with an optional K, M or G (powers of 1024). */
static bool parse_number(const char *text, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 0);
    unsigned shift = *end == 'K' || *end == 'k' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (errno != 0 || end[shift != 0] != '\0' || v > UINT64_MAX >> shift)
        return false;
    *value = (uint64_t)v << shift;
    return true;
}

static int set_param(struct tm_cpu *t, const char *name, const char *text, struct err *e)
{
    const struct tm_model *m = t->model;
    const struct tm_param *p = m->params;
    while (p != NULL && p->name != NULL && strcmp(p->name, name) != 0)
        p++;
    if (p == NULL || p->name == NULL)
        return no_param(m, name, e);
    uint64_t v;
    if (!parse_number(text, &v) || v < p->least || v > p->most)
        return err_set(e, ERR_ARG, "timing model %s: %s=%s: %s, %llu to %llu, is accepted", m->name,
                       name, text, p->meaning, (unsigned long long)p->least,
                       (unsigned long long)p->most);
    memcpy((char *)t + p->at, &v, sizeof(v));
    return 0;
}

/* ---- core file ---- */

struct search {
    const char *section;
    bool found;
};

static int search_line(void *user, const char *section, const char *name, const char *value)
{
    struct search *s = user;
    (void)name, (void)value;
    s->found |= strcmp(section, s->section) == 0;
    return 1;
}

/* A malformed text suits: who reads it says what is wrong. */
bool tm_suits(const struct tm_model *m, const char *core)
{
    struct search s = { .section = m->name, .found = !m->of_core };
    return s.found || ini_parse_string(core, search_line, &s) != 0 || s.found;
}

static int not_for_core(const struct tm_model *m, const char *core, struct err *e)
{
    char list[200] = "";
    size_t used = 0;
    for (const struct tm_model *const *o = tm_models; *o != NULL; o++)
        if (tm_suits(*o, core) && used < sizeof(list))
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
                                     (*o)->name);
    return err_set(e, ERR_UNSUPPORTED, "its profile has no section [%s], so timing model %s would "
                   "say nothing about it; models for it: %s", m->name, m->name, list);
}

struct file {
    struct tm_cpu *t;
    struct err *e;
    int rc;
};

static int file_line(void *user, const char *section, const char *name, const char *value)
{
    struct file *f = user;
    if (f->rc != 0 || strcmp(section, f->t->model->name) != 0)
        return 1;
    f->rc = set_param(f->t, name, value, f->e);
    return f->rc == 0;
}

static int read_core(struct tm_cpu *t, const char *text, struct err *e)
{
    struct file f = { .t = t, .e = e };
    int line = ini_parse_string(text, file_line, &f);
    if (line == -2)
        return err_set(e, ERR_NOMEM, "core parameters: no memory");
    if (f.rc != 0) {
        (void)err_context(e, "core parameters, line %d", line);
        return f.rc;
    }
    if (line > 0)
        return err_set(e, ERR_FORMAT, "core parameters, line %d: neither '[section]', 'name = value' "
                       "nor a comment", line);
    return 0;
}

/* ---- command line ---- */

static int set_options(struct tm_cpu *t, const char *text, struct err *e)
{
    while (*text == ',') {
        char item[128];
        size_t n = strcspn(++text, ",");
        if (n >= sizeof(item))
            return err_set(e, ERR_ARG, "timing: parameter '%.40s...' is too long", text);
        memcpy(item, text, n);
        item[n] = '\0';
        char *value = strchr(item, '=');
        if (value == NULL)
            return err_set(e, ERR_ARG, "timing: '%s' is not of the form parameter=value", item);
        *value++ = '\0';
        int rc = set_param(t, item, value, e);
        if (rc < 0)
            return rc;
        text += n;
    }
    return 0;
}

int tm_create(struct tm_cpu **out, const char *spec, const char *core, uint32_t cpu,
              struct err *e)
{
    size_t n = strcspn(spec, ",");
    const struct tm_model *m = find_model(spec, n);
    if (m == NULL)
        return no_model(spec, (int)MIN(n, 60), e);
    if (core != NULL && !tm_suits(m, core))
        return not_for_core(m, core, e);
    struct tm_cpu *t = calloc(1, m->size);
    if (t == NULL)
        return err_set(e, ERR_NOMEM, "no memory for timing model %s", m->name);
    t->model = m;
    t->cpu = cpu;
    t->line_shift = 6;
    t->last_line = UINT64_MAX;
    for (const struct tm_param *p = m->params; p != NULL && p->name != NULL; p++)
        memcpy((char *)t + p->at, &p->def, sizeof(p->def));
    int rc = core != NULL ? read_core(t, core, e) : 0;
    if (rc == 0)
        rc = set_options(t, spec + n, e);
    if (rc == 0 && m->init != NULL)
        rc = m->init(t, e);
    if (rc < 0) {
        tm_destroy(t);
        return rc;
    }
    if (m->reset != NULL)
        m->reset(t);
    *out = t;
    return 0;
}

void tm_destroy(struct tm_cpu *t)
{
    if (t == NULL)
        return;
    if (t->model->destroy != NULL)
        t->model->destroy(t);
    free(t);
}
