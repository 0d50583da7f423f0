/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder: a tree of switches. At each node the run of bits that tells most of the rows left
 * apart is switched on; a row in which some of these bits are free goes down several branches. At a
 * leaf the few rows left are compared in falling depth, so that a row stands before those it is
 * over.
 */
#include "tools/decodegen/decodegen.h"
#include <stdlib.h>
#include <string.h>

/* `field` of the word w as a C expression. */
static char *field_value(struct gen *g, const struct field *f)
{
    char *text = NULL;
    unsigned left = f->width;
    for (unsigned i = 0; i < f->n_pieces; i++) {
        unsigned lo = f->pieces[i].lo, n = f->pieces[i].hi - lo + 1u;
        uint32_t ones = (uint32_t)((1ull << n) - 1);
        left -= n;
        const char *bits = lo == 0 ? "w" : pool_printf(&g->pool, "w >> %u", lo);
        char *piece = left == 0 ? pool_printf(&g->pool, "(%s & 0x%xu)", bits, ones)
                                : pool_printf(&g->pool, "(%s & 0x%xu) << %u", bits, ones, left);
        text = text == NULL ? piece : pool_printf(&g->pool, "%s | %s", text, piece);
    }
    if (f->is_signed)
        text = pool_printf(&g->pool, "(int64_t)(sext(%s, %u) << %u)", text, f->width, f->shift);
    else if (f->shift != 0)
        text = pool_printf(&g->pool, "(int64_t)((uint64_t)(%s) << %u)", text, f->shift);
    if (f->plus != 0)
        text = pool_printf(&g->pool, "(%s) + %u", text, f->plus);
    return text;
}

static char *extract_body(struct gen *g, const struct row *row)
{
    char *body = pool_printf(&g->pool, "%s", "");
    for (unsigned i = 0; row->expand == NULL && i < row->n_fields; i++)
        body = pool_printf(&g->pool, "%s        .%s = %s,\n", body, row->fields[i]->member,
                           field_value(g, row->fields[i]));
    for (unsigned i = 0; i < row->n_maps; i++) {
        const struct map *map = &row->maps[i];
        if (map->field != NULL)
            body = pool_printf(&g->pool, "%s        .%s = %s,\n", body, map->member,
                               field_value(g, map->field));
        else if (map->value != 0)
            body = pool_printf(&g->pool, "%s        .%s = %lld,\n", body, map->member,
                               (long long)map->value);
    }
    return body;
}

/*
 * One function for all rows whose members come from the same bits. Inside the tree compilers take each for rare and clear
 * the members by REP STOS, which takes longer than all the rest.
 */
void emit_extract(struct gen *g, FILE *out)
{
    struct list bodies = { 0 };
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *row = g->rows.at[i];
        char *body = extract_body(g, row);
        size_t k = 0;
        while (k < bodies.n && strcmp(bodies.at[k], body) != 0)
            k++;
        row->extract = (unsigned)k;
        if (k < bodies.n)
            continue;
        list_push(&g->pool, &bodies, body);
        fprintf(
            out,
            "\nstatic __attribute__((noinline)) bool extract_%zu(uint32_t w, uint16_t id, uint16_t form, uint8_t length,\n"
            "                       struct %s_decoded *out)\n{\n    (void)w;\n"
            "    *out = (struct %s_decoded){\n"
            "        .id = id, .form = form, .length = length,\n%s    };\n    return true;\n}\n",
            k, g->prefix, g->prefix, body);
    }
}

static int by_depth(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void emit_indent(FILE *out, unsigned level)
{
    for (unsigned i = 0; i < level; i++)
        fputs("    ", out);
}

/* The conditions on top of the bits tested so far. */
static void emit_row_test(const struct gen *g, FILE *out, const struct row *row, uint32_t tested,
                          unsigned level)
{
    const char *glue = "if (";
    emit_indent(out, level);
    uint32_t mask = row->bits.mask & ~tested;
    if (mask != 0) {
        fprintf(out, "%s(w & 0x%xu) == 0x%xu", glue, mask, row->bits.value & mask);
        glue = " && ";
    }
    for (unsigned i = 0; i < row->n_not; i++) {
        const struct cube *not = &row->not [i];
        if (!cubes_meet(row->bits, *not ))
            continue;
        fprintf(out, "%s(w & 0x%xu) != 0x%xu", glue, not ->mask, not ->value);
        glue = " && ";
    }
    if (row->n_clauses != 0) {
        fprintf(out, "%s(", glue);
        for (unsigned i = 0; i < row->n_clauses; i++)
            fprintf(out, "%s(features & 0x%llxu) == 0x%llxu", i == 0 ? "" : " || ",
                    (unsigned long long)row->clauses[i][0], (unsigned long long)row->clauses[i][0]);
        fputc(')', out);
        glue = " && ";
    }
    if (strcmp(glue, " && ") == 0)
        fputs(") ", out);
    fprintf(out, "return extract_%u(w, %s_INSN_%s, %s_INSN_%s, %u, out);\n", row->extract, g->upper,
            row->expand != NULL ? row->expand->symbol : row->symbol, g->upper, row->symbol,
            row->width / 8);
}

struct run {
    unsigned lo, n, score;
};

/* How well bits lo..lo+n-1 tell rows apart: rows get 2 if fixed there, the values seen break ties.
 */
static unsigned score_run(struct row *const *rows, size_t n_rows, unsigned lo, unsigned n)
{
    uint32_t mask = (uint32_t)(((1ull << n) - 1) << lo);
    bool seen[256] = { false };
    unsigned fixed = 0, values = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if ((rows[i]->bits.mask & mask) != mask)
            continue;
        uint32_t v = (rows[i]->bits.value & mask) >> lo;
        fixed++;
        values += !seen[v];
        seen[v] = true;
    }
    return values < 2 && fixed == n_rows ? 0
           : values == 0                 ? 0
           : fixed == n_rows             ? 10000 + values
                                         : fixed;
}

static struct run best_run(struct row *const *rows, size_t n_rows, uint32_t tested)
{
    struct run best = { 0, 0, 0 };
    for (unsigned lo = 0; lo < 32; lo++)
        for (unsigned n = 1; n <= 8 && lo + n <= 32 && !(tested >> (lo + n - 1) & 1); n++) {
            unsigned score = score_run(rows, n_rows, lo, n);
            if (score > best.score)
                best = (struct run){ lo, n, score };
        }
    return best;
}

struct tree {
    const struct gen *g;
    FILE *out;
};

static void emit_node(const struct tree *t, struct row **rows, size_t n_rows, uint32_t tested,
                      unsigned level)
{
    struct run run = n_rows > 2 ? best_run(rows, n_rows, tested) : (struct run){ 0 };
    if (run.score == 0) {
        qsort(rows, n_rows, sizeof *rows, by_depth);
        for (size_t i = 0; i < n_rows; i++)
            emit_row_test(t->g, t->out, rows[i], tested, level);
        emit_indent(t->out, level);
        fputs("return false;\n", t->out);
        return;
    }
    uint32_t mask = (uint32_t)(((1ull << run.n) - 1) << run.lo);
    struct row **left = malloc(n_rows * sizeof *left);
    if (left == NULL)
        exit(EXIT_FAILURE);
    emit_indent(t->out, level);
    fprintf(t->out, "switch (w >> %u & 0x%x) {\n", run.lo, mask >> run.lo);
    for (uint32_t v = 0; v <= mask >> run.lo; v++) {
        struct cube branch = { mask, v << run.lo };
        bool decided = false;
        size_t n = 0;
        for (size_t i = 0; i < n_rows; i++) {
            if (!cubes_meet(rows[i]->bits, branch))
                continue;
            decided |= (rows[i]->bits.mask & mask) != 0;
            left[n++] = rows[i];
        }
        if (!decided)
            continue; /* the default's */
        emit_indent(t->out, level);
        fprintf(t->out, "case 0x%x:\n", v);
        emit_node(t, left, n, tested | mask, level + 1);
    }
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++)
        if ((rows[i]->bits.mask & mask) == 0)
            left[n++] = rows[i];
    emit_indent(t->out, level);
    fputs("default:\n", t->out);
    emit_node(t, left, n, tested, level + 1);
    emit_indent(t->out, level);
    fputs("}\n", t->out);
    free(left);
}

void emit_tree(struct gen *g, FILE *out)
{
    fprintf(out, "\nbool %s_decode(uint32_t w, uint64_t features, struct %s_decoded *out)\n{\n",
            g->prefix, g->prefix);
    struct row **rows = pool_alloc(&g->pool, g->rows.n * sizeof *rows);
    for (size_t i = 0; i < g->rows.n; i++)
        rows[i] = g->rows.at[i];
    struct tree t = { g, out };
    emit_node(&t, rows, g->rows.n, 0, 1);
    fputs("}\n", out);
}
