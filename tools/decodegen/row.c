/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: a name, its bits, its attributes. What the attributes point to is resolved in resolve.c. */
#include "core/ir/insn.h"
#include "tools/decodegen/opcode.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct cube field_cube(const struct field *f, uint32_t v)
{
    struct cube c = { 0, 0 };
    unsigned left = f->width;
    for (unsigned i = 0; i < f->n_pieces; i++) {
        unsigned lo = f->pieces[i].lo, n = f->pieces[i].hi - lo + 1u;
        uint32_t ones = (uint32_t)((1ull << n) - 1);
        left -= n;
        c.mask |= ones << lo;
        c.value |= ((uint32_t)((uint64_t)v >> left) & ones) << lo;
    }
    return c;
}

static void add_not(struct gen *g, struct row *row, struct cube c)
{
    if (row->n_not == MAX_NOT)
        fault(g, row->at, "%s: more than %d excluded values", row->name, MAX_NOT);
    else
        row->not [row->n_not++] = c;
}

/* Where reading the bits of a row got stuck: the word, the bit it would describe, and why. */
struct stuck {
    unsigned token;
    int next;
    const char *why;
};

/* Consume the pieces of `f` from bit *next down as far as they follow each other. */
static uint32_t take_pieces(const struct field *f, int *next)
{
    uint32_t taken = 0;
    for (unsigned i = 0; i < f->n_pieces && *next >= 0; i++) {
        if (f->pieces[i].hi != *next)
            continue;
        taken |= (uint32_t)((2ull << f->pieces[i].hi) - (1ull << f->pieces[i].lo));
        *next = f->pieces[i].lo - 1;
        i = (unsigned)-1; /* the next piece down may stand anywhere in the list */
    }
    return taken;
}

static bool take_literal(struct row *row, const char *word, int *next)
{
    for (; *word != '\0' && *next >= 0; word++, (*next)--) {
        if (*word == '.')
            continue;
        row->bits.mask |= 1u << *next;
        row->bits.value |= (uint32_t)(*word == '1') << *next;
    }
    return *word == '\0';
}

static bool take_field(const struct gen *g, struct row *row, uint32_t *taken, const char *word,
                       struct stuck *stuck)
{
    struct field *f = find_field(g, word);
    if (f == NULL)
        return stuck->why = "is neither bits, a field nor an attribute", false;
    int next = stuck->next;
    uint32_t bits = take_pieces(f, &next);
    if (bits == 0)
        return stuck->why = "is a field that has no piece starting there", false;
    stuck->next = next;
    for (unsigned i = 0; i < row->n_fields; i++)
        if (row->fields[i] == f)
            return taken[i] |= bits, true;
    if (row->n_fields == MAX_ROW_FIELDS)
        return stuck->why = "is one field too many", false;
    taken[row->n_fields] = bits;
    row->fields[row->n_fields++] = f;
    return true;
}

/*
 * The bits of a row that is `width` bits wide, from tokens[1] on. True: all bits are described and
 * stuck->token is the first attribute.
 */
static bool read_bits(const struct gen *g, struct row *row, const struct line *l, unsigned width,
                      struct stuck *stuck)
{
    uint32_t taken[MAX_ROW_FIELDS] = { 0 };
    row->bits = (struct cube){ 0, 0 };
    row->n_fields = 0;
    row->width = width;
    *stuck = (struct stuck){ 1, (int)width - 1, NULL };
    for (; stuck->token < l->n; stuck->token++) {
        const char *word = l->tokens[stuck->token];
        if (word[0] == '"' || strchr(word, '=') != NULL)
            break;
        if (word[strspn(word, "01.")] != '\0') {
            if (!take_field(g, row, taken, word, stuck))
                return false;
        } else if (!take_literal(row, word, &stuck->next)) {
            return stuck->why = "goes past bit 0", false;
        }
    }
    if (stuck->next >= 0)
        return stuck->why = "comes before all bits are described", false;
    for (unsigned i = 0; i < row->n_fields; i++)
        if (field_cube(row->fields[i], 0).mask != taken[i])
            return stuck->why = row->fields[i]->name, false;
    return true;
}

static bool read_any_width(struct gen *g, struct row *row, const struct line *l,
                           struct stuck *stuck)
{
    struct stuck best = { 0, 99, NULL };
    for (unsigned i = 0; i < g->n_widths; i++) {
        if (read_bits(g, row, l, g->widths[i], stuck))
            return true;
        /* The width that fits best explains best. */
        if (stuck->token > best.token ||
            (stuck->token == best.token && abs(stuck->next) < abs(best.next)))
            best = *stuck;
    }
    if (best.next == -1 && best.token <= l->n && best.why != NULL &&
        find_field(g, best.why) != NULL)
        fault(g, l->at, "%s: not all bits of field '%s' stand in the row", row->name, best.why);
    else
        fault(g, l->at, "%s: at bit %d '%s' %s", row->name, best.next,
              best.token < l->n ? l->tokens[best.token] : "the end of the line", best.why);
    return false;
}

static const char *const class_names[] = {
#define X(n) #n,
    INSN_CLASSES(X)
#undef X
};

struct choice {
    const char *word, *symbol;
};
static const struct choice mem_kinds[] = {
    { "r", "INSN_MEM_READ" },
    { "w", "INSN_MEM_WRITE" },
    { "rw", "INSN_MEM_RMW" },
    { NULL, NULL },
};
static const struct choice branch_kinds[] = {
    { "cond", "INSN_COND" },
    { "direct", "INSN_DIRECT" },
    { "call", "INSN_CALL_DIRECT" },
    { "indirect", "INSN_INDIRECT" },
    { "icall", "INSN_CALL_INDIRECT" },
    { "ret", "INSN_RETURN" },
    { NULL, NULL },
};

static const char *choose(struct gen *g, const struct row *row, const struct choice *choices,
                          const char *word, const char *what)
{
    for (; choices->word != NULL; choices++)
        if (strcmp(choices->word, word) == 0)
            return choices->symbol;
    fault(g, row->at, "%s: unknown %s '%s'", row->name, what, word);
    return NULL;
}

static const char *choose_class(struct gen *g, const struct row *row, const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(class_names); i++)
        if (strcmp(class_names[i], word) == 0)
            return class_names[i];
    fault(g, row->at, "%s: unknown class '%s'; core/ir/insn.h lists them", row->name, word);
    return NULL;
}

/* if=a+b|c: any of the alternatives, each all of its extensions */
static void parse_if(struct gen *g, struct row *row, const char *text)
{
    row->feature = text;
    row->n_clauses = 0;
    char *copy = pool_printf(&g->pool, "%s", text), *outer = NULL;
    for (char *any = strtok_r(copy, "|", &outer); any != NULL; any = strtok_r(NULL, "|", &outer)) {
        uint64_t bits[EXT_WORDS] = { 0 };
        char *inner = NULL;
        for (char *ext = strtok_r(any, "+", &inner); ext != NULL;
             ext = strtok_r(NULL, "+", &inner)) {
            size_t i = 0;
            while (i < g->exts.n && strcmp(((struct ext *)g->exts.at[i])->name, ext) != 0)
                i++;
            if (i == g->exts.n)
                fault(g, row->at, "%s: unknown extension '%s'", row->name, ext);
            else
                bits[i / 64] |= 1ull << i % 64;
        }
        if (row->n_clauses < MAX_CLAUSES)
            memcpy(row->clauses[row->n_clauses++], bits, sizeof bits);
        else
            fault(g, row->at, "%s: more than %d alternatives in if=", row->name, MAX_CLAUSES);
    }
}

/* reads=x2 or writes=x1,x5: registers that no field names */
static void parse_implicit(struct gen *g, struct row *row, char *text, uint8_t *slots, unsigned *n)
{
    char *save = NULL;
    for (char *word = strtok_r(text, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
        size_t digits = strcspn(word, "0123456789");
        int64_t number = -1;
        const struct bank *bank = find_bank(g, pool_printf(&g->pool, "%.*s", (int)digits, word));
        if (bank == NULL || !parse_number(word + digits, &number) || *n == MAX_IMPLICIT)
            fault(g, row->at, "%s: '%s' is no register of a declared bank", row->name, word);
        else
            slots[(*n)++] = (uint8_t)(bank->slot + (unsigned)number);
    }
}

/* field!=values, field=value */
static void parse_constraint(struct gen *g, struct row *row, char *word)
{
    char *equals = strchr(word, '=');
    if (equals == word || equals[-1] != '!') {
        fault(g, row->at, "%s: attribute '%s' is not understood", row->name, word);
        return;
    }
    const char *name = pool_printf(&g->pool, "%.*s", (int)(equals - 1 - word), word);
    uint32_t values[MAX_NOT];
    unsigned n = 0;
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct field *f = row->fields[i];
        if (strcmp(f->name, name) != 0)
            continue;
        if (!parse_values(g, row->at, equals + 1, values, &n))
            return;
        for (unsigned k = 0; k < n; k++) {
            if (f->width < 32 && values[k] >> f->width != 0)
                fault(g, row->at, "%s: '%s' of %u bits is never %u anyway", row->name, name,
                      f->width, values[k]);
            add_not(g, row, field_cube(f, values[k]));
        }
        return;
    }
    fault(g, row->at, "%s: '%s' is not a field of this row", row->name, name);
}

void parse_attribute(struct gen *g, struct row *row, const char *token)
{
    enum { IF, CLASS, MEM, SIZE, BRANCH, OVER, EXPAND, READS, WRITES, N_KEYS };
    static const char *const keys[N_KEYS] = {
        "if", "class", "mem", "size", "branch", "over", "expand", "reads", "writes",
    };
    char *word = pool_printf(&g->pool, "%s", token);
    if (word[0] == '"') {
        word[strlen(word) - 1] = '\0';
        row->format = word + 1;
        return;
    }
    char *equals = strchr(word, '=');
    size_t k = 0, length = equals == NULL ? 0 : (size_t)(equals - word);
    while (k < N_KEYS && (strlen(keys[k]) != length || strncmp(word, keys[k], length) != 0))
        k++;
    if (equals == NULL) {
        fault(g, row->at, "%s: attribute '%s' is not understood", row->name, word);
        return;
    }
    char *value = equals + 1;
    int64_t number;
    switch (k) {
    case IF:
        parse_if(g, row, value);
        return;
    case CLASS:
        row->klass = choose_class(g, row, value);
        return;
    case MEM:
        row->mem = choose(g, row, mem_kinds, value, "mem");
        return;
    case SIZE:
        if (!parse_number(value, &number) || number < 0 || number > 255)
            fault(g, row->at, "%s: size wants bytes, not '%s'", row->name, value);
        else
            row->size = (unsigned)number;
        row->has_size = true;
        return;
    case BRANCH:
        row->branch = choose(g, row, branch_kinds, value, "branch");
        return;
    case OVER:
        row->over_text = value;
        return;
    case EXPAND:
        row->expand_text = value;
        return;
    case READS:
        parse_implicit(g, row, value, row->reads, &row->n_reads);
        return;
    case WRITES:
        parse_implicit(g, row, value, row->writes, &row->n_writes);
        return;
    default:
        parse_constraint(g, row, word);
        return;
    }
}

char *symbol_of(struct gen *g, const char *name)
{
    char *symbol = pool_printf(&g->pool, "%s", name);
    for (char *p = symbol; *p != '\0'; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return symbol;
}

static void parse_row(struct gen *g, const struct line *l)
{
    struct row *row = pool_alloc(&g->pool, sizeof *row);
    struct stuck stuck;
    row->name = l->tokens[0];
    row->at = l->at;
    row->feature = "";
    row->symbol = symbol_of(g, row->name);
    if (find_row(g, row->name) != NULL)
        fault(g, row->at, "a second row '%s'", row->name);
    if (!read_any_width(g, row, l, &stuck))
        return;
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct field *f = row->fields[i];
        row->fields[i]->used = true;
        for (unsigned k = 0; k < f->n_never; k++)
            add_not(g, row, field_cube(f, f->never[k]));
        if (f->pair) /* the even register names the pair */
            add_not(g, row,
                    (struct cube){ 1u << f->pieces[f->n_pieces - 1].lo,
                                   1u << f->pieces[f->n_pieces - 1].lo });
    }
    for (unsigned i = 1; l->with != NULL && i < l->with->n; i++)
        parse_attribute(g, row, l->with->tokens[i]);
    for (unsigned i = stuck.token; i < l->n; i++)
        parse_attribute(g, row, l->tokens[i]);
    list_push(&g->pool, &g->rows, row);
}

void parse_rows(struct gen *g)
{
    for (size_t i = 0; i < g->row_lines.n; i++)
        if (g->opcodes)
            parse_opcode_row(g, g->row_lines.at[i]);
        else
            parse_row(g, g->row_lines.at[i]);
}
