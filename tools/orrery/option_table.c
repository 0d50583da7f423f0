/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a command line by its tables. */
#include "tools/orrery/option_table.h"
#include <string.h>

static const struct run_option *row(const struct run_command_line *l, size_t i)
{
    return i < l->n_own ? &l->own[i] : &run_shared_options[i - l->n_own];
}

static const struct run_option *find(const struct run_command_line *l, const char *name, size_t n)
{
    for (size_t i = 0; i < l->n_own + run_n_shared_options; i++)
        if (strncmp(row(l, i)->name, name, n) == 0 && row(l, i)->name[n] == 0)
            return row(l, i);
    return NULL;
}

static int no_option(const struct run_command_line *l, const char *word, size_t n, struct err *e)
{
    const char *names[256];
    size_t n_names = 0;
    char bare[64];

    for (size_t i = 0; i < l->n_own + run_n_shared_options && n_names < ARRAY_LEN(names); i++)
        names[n_names++] = row(l, i)->name;
    size_t dashes = strspn(word, "-");
    snprintf(bare, sizeof(bare), "%.*s", (int)(n - MIN(n, dashes)), word + MIN(n, dashes));
    const char *near = err_nearest(bare, names, n_names);
    return err_set(e, ERR_ARG, "%s: there is no option '%.*s'%s%s%s%s; %shelp lists all", l->program,
                   (int)n, word, near ? "; did you mean '" : "", near ? l->dashes : "",
                   near ? near : "", near ? "'" : "", l->dashes);
}

static int apply(struct run_options *o, const struct run_option *r, const char *value, struct err *e)
{
    void *member = (uint8_t *)o + r->at;

    switch (r->kind) {
    case RUN_CALL:
        return r->set(o, value, e);
    case RUN_TEXT:
        *(const char **)member = value;
        return 0;
    case RUN_FLAG:
        *(bool *)member = true;
        return 0;
    case RUN_ARG:
        return run_add_arg(o, (enum board_arg_kind)r->at, value, e);
    case RUN_IGNORED:
        break;
    }
    return 0;
}

int run_parse(struct run_options *o, const struct run_command_line *l, int argc, char **argv,
              struct err *e)
{
    for (int i = 0, r; i < argc; i++) {
        const char *word = argv[i], *value = NULL;

        if (word[0] != '-' || word[1] == 0) {
            if ((r = l->positional(o, word, e)) != 0)
                return r;
            continue;
        }
        size_t dashes = word[1] == '-' ? 2 : 1;
        size_t n = l->equals ? strcspn(word, "=") : strlen(word);
        const struct run_option *option = find(l, word + dashes, n - dashes);
        if (!option)
            return no_option(l, word, n, e);
        if (option->value) {
            value = word[n] ? word + n + 1 : i + 1 < argc ? argv[++i] : NULL;
            if (!value)
                return err_set(e, ERR_ARG, "%s: option %s%s requires an argument: %s", l->program,
                               l->dashes, option->name, option->value);
        } else if (word[n]) {
            return err_set(e, ERR_ARG, "%s: option %s%s takes no argument", l->program, l->dashes,
                           option->name);
        }
        if ((r = apply(o, option, value, e)) < 0)
            (void)err_context(e, "%s %s%s", l->program, l->dashes, option->name);
        if (r != 0)
            return r;
    }
    return 0;
}

void run_print_options(const struct run_command_line *l, FILE *out)
{
    for (size_t i = 0; i < l->n_own + run_n_shared_options; i++) {
        /* The shared ones first: the machine, its images and devices. */
        const struct run_option *r = row(l, (i + l->n_own) % (l->n_own + run_n_shared_options));
        char head[64];
        if (!r->help)
            continue;
        snprintf(head, sizeof(head), "%s%s%s%s", l->dashes, r->name, r->value ? " " : "",
                 r->value ? r->value : "");
        fprintf(out, "  %-28s %s\n", head, r->help);
    }
}
