/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for rows of opcode tables, and what makes a set of them wrong. */
#include "tools/decodegen/opcode.h"
#include <string.h>

static const struct {
    unsigned first, n;
} dimensions[] = {
    { X86_KEY_MODE, X86_KEY_MODES }, { X86_KEY_PP, X86_KEY_PPS },     { X86_KEY_MOD, X86_KEY_MODS },
    { X86_KEY_REG, X86_KEY_REGS },   { X86_KEY_RM, X86_KEY_RMS },     { X86_KEY_W, X86_KEY_WS },
    { X86_KEY_L, X86_KEY_LS },       { X86_KEY_REXB, X86_KEY_REXBS },
};

static bool is_empty(uint64_t accept)
{
    for (size_t i = 0; i < ARRAY_LEN(dimensions); i++)
        if ((accept >> dimensions[i].first & ((1u << dimensions[i].n) - 1)) == 0)
            return true;
    return false;
}

static bool meet(const struct opcode *a, const struct opcode *b)
{
    return a->out.map == b->out.map && a->out.opcode < b->out.opcode + b->span &&
           b->out.opcode < a->out.opcode + a->span && !is_empty(a->out.accept & b->out.accept);
}

/*
 * Is anything of `accept` outside rows above[0..n)? What the first leaves is cut into boxes, one
 * for each dimension, and each is held against the rest.
 */
static bool is_left(uint64_t accept, const uint64_t *above, unsigned n)
{
    if (is_empty(accept))
        return false;
    if (n == 0)
        return true;
    if (is_empty(accept & above[0]))
        return is_left(accept, above + 1, n - 1);
    for (size_t i = 0; i < ARRAY_LEN(dimensions); i++) {
        uint64_t ones = ((1ull << dimensions[i].n) - 1) << dimensions[i].first;
        if (is_left(accept & ~(above[0] & ones), above + 1, n - 1))
            return true;
        accept &= above[0] | ~ones;
    }
    return false;
}

/* over=NAME: all rows of that name which this one meets. */
static void resolve_over(struct gen *g, struct row *row)
{
    char *text = pool_printf(&g->pool, "%s", row->over_text), *save = NULL;
    for (char *name = strtok_r(text, ",", &save); name != NULL; name = strtok_r(NULL, ",", &save)) {
        unsigned before = row->n_over;
        if (find_row(g, name) == NULL)
            fault(g, row->at, "%s: over=%s, but there is no such row", row->name, name);
        for (size_t i = 0; i < g->rows.n; i++) {
            struct row *other = g->rows.at[i];
            if (other == row || strcmp(other->name, name) != 0 || !meet(row->opcode, other->opcode))
                continue;
            if (row->n_over == MAX_OVER)
                fault(g, row->at, "%s: over more than %d rows", row->name, MAX_OVER);
            else
                row->over[row->n_over++] = other;
        }
        if (row->n_over == before)
            fault(g, row->at, "%s: over=%s, but nothing matches both", row->name, name);
    }
}

static void check_overlaps(struct gen *g)
{
    for (size_t i = 0; i < g->rows.n; i++)
        for (size_t k = i + 1; k < g->rows.n; k++) {
            const struct row *a = g->rows.at[i], *b = g->rows.at[k];
            if (!meet(a->opcode, b->opcode))
                continue;
            if (!is_over(a, b) && !is_over(b, a))
                fault(g, b->at,
                      "%s overlaps %s (%s:%u): both match opcode %02X of map %u; one "
                      "needs over=",
                      b->name, a->name, a->at.file, a->at.line, b->opcode->out.opcode,
                      b->opcode->out.map);
        }
}

/* With ModRM or without is known before the row is: all rows of an opcode agree. */
static void check_modrm(struct gen *g)
{
    for (size_t i = 0; i < g->rows.n; i++)
        for (size_t k = i + 1; k < g->rows.n; k++) {
            const struct row *a = g->rows.at[i], *b = g->rows.at[k];
            if (a->opcode->out.map == b->opcode->out.map &&
                a->opcode->out.opcode < b->opcode->out.opcode + b->opcode->span &&
                b->opcode->out.opcode < a->opcode->out.opcode + a->opcode->span &&
                a->opcode->has_modrm != b->opcode->has_modrm)
                fault(g, b->at, "%s and %s (%s:%u) have one opcode, but only one has ModRM",
                      b->name, a->name, a->at.file, a->at.line);
        }
}

static void check_reachable(struct gen *g, const struct row *row)
{
    uint64_t above[256];
    unsigned n = 0;
    for (size_t i = 0; i < g->rows.n && n < ARRAY_LEN(above); i++) {
        const struct row *other = g->rows.at[i];
        if (is_over(other, row) && always_with(other, row) &&
            other->opcode->span >= row->opcode->span)
            above[n++] = other->opcode->out.accept;
    }
    if (!is_left(row->opcode->out.accept, above, n))
        fault(g, row->at, "%s can never be reached", row->name);
}

static void number_rows(struct gen *g)
{
    unsigned id = 0;
    for (int forms = 0; forms < 2; forms++)
        for (size_t i = 0; i < g->rows.n; i++) {
            struct row *row = g->rows.at[i];
            if ((row->expand != NULL) == (forms != 0))
                row->id = id++;
        }
}

static void split_names(struct gen *g, struct row *row)
{
    struct opcode *o = row->opcode;
    size_t at = strcspn(row->name, "@");
    if (o->names_text == NULL) {
        o->out.names[0] = pool_printf(&g->pool, "%.*s", (int)at, row->name);
        return;
    }
    char *text = pool_printf(&g->pool, "%s", o->names_text), *save = NULL;
    unsigned n = 0;
    for (char *name = strtok_r(text, ",", &save); name != NULL; name = strtok_r(NULL, ",", &save)) {
        if (n == ARRAY_LEN(o->out.names)) {
            fault(g, row->at, "%s: more than 4 names, of sizes 1, 2, 4 and 8", row->name);
            return;
        }
        o->out.names[n++] = name;
    }
    if (n != 1 && n != ARRAY_LEN(o->out.names))
        fault(g, row->at, "%s: names= wants one, or four for sizes 1, 2, 4 and 8", row->name);
}

void check_opcode_rows(struct gen *g)
{
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *row = g->rows.at[i];
        if (row->expand != NULL && row->klass == NULL)
            row->klass = row->expand->klass;
        if (row->over_text != NULL)
            resolve_over(g, row);
        split_names(g, row);
        check_attributes(g, row);
        if (is_empty(row->opcode->out.accept))
            fault(g, row->at, "%s matches nothing: its operands and its encoding disagree",
                  row->name);
    }
    if (g->rows.n == 0)
        fault(g, (struct place){ "decodegen", 0 }, "the tables have no rows");
    if (g->errors != 0)
        return;
    order_rows(g);
    check_overlaps(g);
    check_modrm(g);
    for (size_t i = 0; i < g->rows.n; i++)
        check_reachable(g, g->rows.at[i]);
    number_rows(g);
}
