/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a set of tables wrong although each line reads well. */
#include "core/ir/insn.h"
#include "tools/decodegen/decodegen.h"
#include <string.h>

bool is_over(const struct row *a, const struct row *b)
{
    for (unsigned i = 0; i < a->n_over; i++)
        if (a->over[i] == b)
            return true;
    return false;
}

/* A word that both rows match. */
static bool overlap(const struct row *a, const struct row *b, uint32_t *witness)
{
    struct cube not [2 * MAX_NOT];
    if (!cubes_meet(a->bits, b->bits))
        return false;
    memcpy(not, a->not, a->n_not * sizeof *not );
    memcpy(not +a->n_not, b->not, b->n_not * sizeof *not );
    return cube_left(cube_and(a->bits, b->bits), not, a->n_not + b->n_not, witness);
}

static void check_overlaps(struct gen *g)
{
    for (size_t i = 0; i < g->rows.n; i++)
        for (size_t k = i + 1; k < g->rows.n; k++) {
            const struct row *a = g->rows.at[i], *b = g->rows.at[k];
            uint32_t word;
            if (is_over(a, b) || is_over(b, a) || !overlap(a, b, &word))
                continue;
            fault(g, b->at, "%s overlaps %s (%s:%u): both match 0x%08x; one needs over=", b->name,
                  a->name, a->at.file, a->at.line, word);
        }
}

/* Falling depth is the order in which rows that match the same word are tried. */
void order_rows(struct gen *g)
{
    bool moved = true;
    for (size_t round = 0; moved; round++) {
        moved = false;
        for (size_t i = 0; i < g->rows.n; i++) {
            struct row *row = g->rows.at[i];
            for (unsigned k = 0; k < row->n_over; k++)
                if (row->depth <= row->over[k]->depth) {
                    row->depth = row->over[k]->depth + 1;
                    moved = true;
                }
            if (round > g->rows.n && moved) {
                fault(g, row->at, "%s: over= goes round in a circle", row->name);
                return;
            }
        }
    }
}

static bool clause_within(const uint64_t a[EXT_WORDS], const uint64_t b[EXT_WORDS])
{
    for (unsigned i = 0; i < EXT_WORDS; i++)
        if ((a[i] & ~b[i]) != 0)
            return false;
    return true;
}

/* Is `a` there whenever `b` is? */
bool always_with(const struct row *a, const struct row *b)
{
    if (a->n_clauses == 0)
        return true;
    for (unsigned i = 0; i < b->n_clauses; i++) {
        unsigned k = 0;
        while (k < a->n_clauses && !clause_within(a->clauses[k], b->clauses[i]))
            k++;
        if (k == a->n_clauses)
            return false;
    }
    return b->n_clauses != 0;
}

static void check_reachable(struct gen *g, struct row *row)
{
    struct row *above[64] = { NULL };
    unsigned n = 0, n_all = 0;
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *other = g->rows.at[i];
        uint32_t word;
        if (!is_over(other, row) || n == ARRAY_LEN(above))
            continue;
        if (!overlap(other, row, &word))
            fault(g, other->at, "%s: over=%s, but no word matches both", other->name, row->name);
        above[n++] = other;
    }
    /* The example word decodes to this row with every extension on, if there is such a word. */
    if (cube_left_by_rows(row->bits, row->not, row->n_not, above, n, &row->witness))
        return;
    for (unsigned i = 0; i < n; i++)
        if (always_with(above[i], row))
            above[n_all++] = above[i];
    if (cube_left_by_rows(row->bits, row->not, row->n_not, above, n_all, &row->witness))
        return;
    fault(g, row->at, "%s can never be reached%s%s", row->name,
          n_all != 0 ? ": all it matches goes to " : "",
          n_all != 0 ? above[0]->name : ": no value of its fields is left");
}

void check_attributes(struct gen *g, const struct row *row)
{
    static const char *const with_mem[] = { "load", "store",   "amo",      "lr",
                                            "sc",   "fp_load", "fp_store", "vec_mem" };
    static const char *const with_branch[] = { "branch", "jump", "call", "ret", "indirect" };
    if (row->klass == NULL) {
        fault(g, row->at, "%s has no class", row->name);
        return;
    }
    if (row->format == NULL)
        fault(g, row->at, "%s has no operand format; \"\" if there are no operands", row->name);
    for (size_t i = 0; i < ARRAY_LEN(with_mem); i++)
        if (strcmp(row->klass, with_mem[i]) == 0 && row->mem == NULL)
            fault(g, row->at, "%s: class %s wants mem= and size=", row->name, row->klass);
    for (size_t i = 0; i < ARRAY_LEN(with_branch); i++)
        if (strcmp(row->klass, with_branch[i]) == 0 && row->branch == NULL)
            fault(g, row->at, "%s: class %s wants branch=", row->name, row->klass);
    if ((row->mem != NULL) != row->has_size)
        fault(g, row->at, "%s: mem= and size= come together (size=0: a cache block)", row->name);
    for (unsigned i = 0; i < row->n_fields; i++)
        for (unsigned k = i + 1; row->expand == NULL && k < row->n_fields; k++)
            if (strcmp(row->fields[i]->member, row->fields[k]->member) == 0)
                fault(g, row->at, "%s: fields '%s' and '%s' both fill '%s'", row->name,
                      row->fields[i]->name, row->fields[k]->name, row->fields[i]->member);
}

/* A pair's second half is left out where the list is full: it is always written with the first. */
static void check_registers(struct gen *g, const struct row *row)
{
    unsigned src = row->n_reads, dst = row->n_writes;
    for (unsigned i = 0; row->expand == NULL && i < row->n_fields; i++) {
        src += (row->fields[i]->role & ROLE_READ) != 0;
        dst += (row->fields[i]->role & ROLE_WRITE) != 0;
    }
    if (src > MAX_SRC || dst > MAX_DST)
        fault(g, row->at, "%s reads %u and writes %u registers; an insn_regs holds %d and %d",
              row->name, src, dst, MAX_SRC, MAX_DST);
}

void check_rows(struct gen *g)
{
    if (g->rows.n == 0 && g->errors == 0)
        fault(g, (struct place){ "decodegen", 0 }, "the tables have no rows");
    for (size_t i = 0; i < g->fields.n; i++) {
        const struct field *f = g->fields.at[i];
        if (!f->used)
            fault(g, f->at, "field '%s' is used by no row", f->name);
    }
    for (size_t i = 0; i < g->rows.n; i++) {
        check_attributes(g, g->rows.at[i]);
        check_registers(g, g->rows.at[i]);
    }
    order_rows(g);
    check_overlaps(g);
    for (size_t i = 0; i < g->rows.n; i++)
        check_reachable(g, g->rows.at[i]);
}
