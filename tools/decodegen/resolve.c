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
        fault(g, row->at, "%s: '%s' is neither a number nor a field of this row", row->name,
              equals + 1);
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
    for (char *item = strtok_r(list, ", \t)", &save); item != NULL;
         item = strtok_r(NULL, ", \t)", &save))
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
            fault(g, row->at, "%s: expand=%s does not use '%s'", row->name, text,
                  row->fields[i]->name);
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

static struct member *find_member(const struct gen *g, const char *name)
{
    for (size_t i = 0; i < g->members.n; i++) {
        struct member *m = g->members.at[i];
        if (strcmp(m->name, name) == 0)
            return m;
    }
    return NULL;
}

/* The type that holds all values of a field. */
static const char *field_type(const struct field *f)
{
    if (f->is_signed || f->shift != 0 || f->width > 16)
        return "int64_t";
    return f->width > 8 ? "uint16_t" : "uint8_t";
}

static void add_member(struct gen *g, const struct field *f)
{
    static const char *const reserved[] = { "id", "form", "length" };
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (strcmp(f->member, reserved[i]) == 0)
            fault(g, f->at, "member '%s' is every instruction's; choose another with 'as'",
                  f->member);
    struct member *m = find_member(g, f->member);
    if (m == NULL) {
        m = pool_alloc(&g->pool, sizeof *m);
        m->name = f->member;
        m->type = field_type(f);
        m->is_reg = f->role != ROLE_VALUE;
        list_push(&g->pool, &g->members, m);
        return;
    }
    if (m->is_reg != (f->role != ROLE_VALUE))
        fault(g, f->at, "member '%s' holds a register in one field and a value in another",
              m->name);
    static const char *const wider[] = { "uint8_t", "uint16_t", "int64_t" };
    for (size_t i = ARRAY_LEN(wider); i-- > 0;)
        if (strcmp(wider[i], m->type) == 0 || strcmp(wider[i], field_type(f)) == 0) {
            m->type = wider[i];
            return;
        }
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
    /* Fields that only expanded rows have end in the members of their targets. */
    for (size_t i = 0; i < g->rows.n; i++) {
        const struct row *row = g->rows.at[i];
        for (unsigned k = 0; row->expand_text == NULL && k < row->n_fields; k++)
            add_member(g, row->fields[k]);
    }
}
