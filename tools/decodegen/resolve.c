/* SPDX-License-Identifier: Apache-2.0 */
/* What rows say of other rows: over= and expand=; then numbers for all. */
#include "tools/decodegen/decodegen.h"
#include <string.h>

const struct field *row_member(const struct row *row, const char *member)
{
    const struct row *from = row->expand != NULL ? row->expand : row;
    for (unsigned i = 0; i < from->n_fields; i++)
        if (strcmp(from->fields[i]->member, member) == 0)
            return from->fields[i];
    return NULL;
}

static void resolve_over(struct gen *g, struct row *row)
{
    char *text = pool_printf(&g->pool, "%s", row->over_text), *save = NULL;
    for (char *name = strtok_r(text, ",", &save); name != NULL; name = strtok_r(NULL, ",", &save)) {
        struct row *other = find_row(g, name);
        if (other == NULL)
            fault(g, row->at, "%s: over=%s, but there is no such row", row->name, name);
        else if (row->n_over == MAX_OVER)
            fault(g, row->at, "%s: over more than %d rows", row->name, MAX_OVER);
        else
            row->over[row->n_over++] = other;
    }
}

/* One "member=field" or "member=number" of expand=. */
static void resolve_map(struct gen *g, struct row *row, char *text)
{
    char *equals = strchr(text, '=');
    struct map map = { 0 };
    if (equals == NULL || row->n_maps == MAX_ROW_FIELDS) {
        fault(g, row->at, "%s: '%s' should be MEMBER=FIELD or MEMBER=NUMBER", row->name, text);
        return;
    }
    *equals = '\0';
    const struct field *target = row_member(row, text);
    if (target == NULL) {
        fault(g, row->at, "%s: %s has no member '%s'", row->name, row->expand->name, text);
        return;
    }
    map.member = target->member;
    for (unsigned i = 0; i < row->n_fields; i++)
        if (strcmp(row->fields[i]->name, equals + 1) == 0)
            map.field = row->fields[i];
    if (map.field == NULL && !parse_number(equals + 1, &map.value))
        fault(g, row->at, "%s: '%s' is neither a number nor a field of this row", row->name, equals + 1);
    if (map.field != NULL && map.field->bank != target->bank)
        fault(g, row->at, "%s: '%s' names another kind of register than %s of %s", row->name,
              equals + 1, text, row->expand->name);
    row->maps[row->n_maps++] = map;
}

/* expand=NAME(member=..., ...): decodes as NAME with its members filled in */
static void resolve_expand(struct gen *g, struct row *row)
{
    char *text = pool_printf(&g->pool, "%s", row->expand_text), *save = NULL;
    size_t length = strcspn(text, "(");
    char *list = text[length] == '(' ? text + length + 1 : text + length;
    text[length] = '\0';
    row->expand = find_row(g, text);
    if (row->expand == NULL || row->expand->expand_text != NULL) {
        fault(g, row->at, "%s: '%s' is %s", row->name, text,
              row->expand == NULL ? "no row" : "itself expanded");
        row->expand = NULL;
        return;
    }
    for (char *item = strtok_r(list, ", \t)", &save); item != NULL; item = strtok_r(NULL, ", \t)", &save))
        resolve_map(g, row, item);
    for (unsigned i = 0; i < row->expand->n_fields; i++) {
        unsigned k = 0;
        while (k < row->n_maps && strcmp(row->maps[k].member, row->expand->fields[i]->member) != 0)
            k++;
        if (k == row->n_maps)
            fault(g, row->at, "%s: expand=%s leaves out '%s'", row->name, text,
                  row->expand->fields[i]->member);
    }
    for (unsigned i = 0; i < row->n_fields; i++) {
        unsigned k = 0;
        while (k < row->n_maps && row->maps[k].field != row->fields[i])
            k++;
        if (k == row->n_maps)
            fault(g, row->at, "%s: expand=%s does not use '%s'", row->name, text, row->fields[i]->name);
    }
}

/* What a row that expands does not say itself it has from its target. */
static void inherit(struct row *row)
{
    const struct row *from = row->expand;
    if (row->klass == NULL)
        row->klass = from->klass;
    if (row->mem == NULL && from->mem != NULL) {
        row->mem = from->mem;
        row->size = from->size;
        row->has_size = from->has_size;
    }
    if (row->branch == NULL)
        row->branch = from->branch;
    if (row->format == NULL)
        row->format = from->format;
}

void resolve_rows(struct gen *g)
{
    unsigned id = 0;
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *row = g->rows.at[i];
        if (row->over_text != NULL)
            resolve_over(g, row);
        if (row->expand_text != NULL)
            resolve_expand(g, row);
        else
            row->id = id++;
    }
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *row = g->rows.at[i];
        if (row->expand_text == NULL)
            continue;
        row->id = id++;
        if (row->expand != NULL)
            inherit(row);
    }
}
