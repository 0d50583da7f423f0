/* SPDX-License-Identifier: Apache-2.0 */
/* Files and declarations: isa, bank, names, ext, field, with. Rows are kept until all files are
 * read. */
#include "tools/decodegen/decodegen.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIND(kind, list_name)                                                                      \
    for (size_t i = 0; i < g->list_name.n; i++) {                                                  \
        struct kind *item = g->list_name.at[i];                                                    \
        if (strcmp(item->name, name) == 0)                                                         \
            return item;                                                                           \
    }                                                                                              \
    return NULL

struct field *find_field(const struct gen *g, const char *name)
{
    FIND(field, fields);
}
struct row *find_row(const struct gen *g, const char *name)
{
    FIND(row, rows);
}
const struct bank *find_bank(const struct gen *g, const char *name)
{
    FIND(bank, banks);
}
static struct names *names_by(const struct gen *g, const char *name)
{
    FIND(names, names);
}
static const struct ext *find_ext(const struct gen *g, const char *name)
{
    FIND(ext, exts);
}
#undef FIND

const struct names *find_names(const struct gen *g, const char *name)
{
    return names_by(g, name);
}

static bool is_identifier(const char *s)
{
    if (!isalpha((unsigned char)s[0]))
        return false;
    for (; *s != '\0'; s++)
        if (!isalnum((unsigned char)*s) && *s != '_')
            return false;
    return true;
}

/* What CPUID flags are called: sse4.1, 3dnowprefetch, sha-ni. */
static bool is_feature(const char *s)
{
    return s[0] != '\0' && s[strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz_-.")] == '\0';
}

/* isa PREFIX WIDTH... | isa PREFIX opcodes */
static void parse_isa(struct gen *g, const struct line *l)
{
    if (g->prefix != NULL) {
        fault(g, l->at, "a second isa line; the tables of one decoder have one");
        return;
    }
    if (l->n < 3 || !is_identifier(l->tokens[1])) {
        fault(g, l->at, "isa wants a prefix and the instruction widths in bits: isa rv 16 32");
        return;
    }
    g->opcodes = l->n == 3 && strcmp(l->tokens[2], "opcodes") == 0;
    if (g->opcodes && strcmp(l->tokens[1], "x86") != 0)
        fault(g, l->at, "opcode tables are x86's: isa x86 opcodes");
    char *upper = pool_printf(&g->pool, "%s", l->tokens[1]);
    for (char *p = upper; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    g->prefix = l->tokens[1];
    g->upper = upper;
    for (unsigned i = 2; i < l->n && !g->opcodes; i++) {
        int64_t width;
        if (!parse_number(l->tokens[i], &width) || (width != 8 && width != 16 && width != 32) ||
            g->n_widths == ARRAY_LEN(g->widths)) {
            fault(g, l->at, "width '%s': 8, 16 and 32 bits are known", l->tokens[i]);
            return;
        }
        g->widths[g->n_widths++] = (unsigned)width;
    }
}

/* bank NAME FIRST-SLOT [zero N] [names NAMES] */
static void parse_bank(struct gen *g, const struct line *l)
{
    int64_t slot = 0, zero = -1;
    struct bank *bank = pool_alloc(&g->pool, sizeof *bank);
    bool good = l->n >= 3 && is_identifier(l->tokens[1]) && parse_number(l->tokens[2], &slot) &&
                slot >= 0 && slot < 255;
    for (unsigned i = 3; good && i < l->n; i += 2) {
        if (i + 1 < l->n && strcmp(l->tokens[i], "zero") == 0)
            good = parse_number(l->tokens[i + 1], &zero);
        else if (i + 1 < l->n && strcmp(l->tokens[i], "names") == 0)
            bank->names_name = l->tokens[i + 1];
        else
            good = false;
    }
    if (!good) {
        fault(g, l->at, "a bank reads: bank NAME FIRST-SLOT [zero REGISTER] [names NAMES]");
        return;
    }
    if (find_bank(g, l->tokens[1]) != NULL)
        fault(g, l->at, "bank '%s' is declared twice", l->tokens[1]);
    bank->name = l->tokens[1];
    bank->slot = (unsigned)slot;
    bank->zero = (int)zero;
    bank->at = l->at;
    list_push(&g->pool, &g->banks, bank);
}

/* names NAME TEXT... : TEXT for the next value, - to skip one, VALUE=TEXT to go on from VALUE */
static void parse_names(struct gen *g, const struct line *l)
{
    if (l->n < 3 || !is_identifier(l->tokens[1])) {
        fault(g, l->at, "names wants a name and texts: names rm rne rtz rdn rup rmm - - dyn");
        return;
    }
    struct names *names = names_by(g, l->tokens[1]);
    if (names == NULL) {
        names = pool_alloc(&g->pool, sizeof *names);
        names->name = l->tokens[1];
        names->at = l->at;
        list_push(&g->pool, &g->names, names);
    }
    for (unsigned i = 2; i < l->n; i++) {
        char *text = l->tokens[i], *equals = strchr(text, '=');
        int64_t value = names->next;
        if (equals != NULL) {
            *equals = '\0';
            if (!parse_number(text, &value) || value < 0)
                fault(g, l->at, "'%s' is not the number of a name", text);
            text = equals + 1;
        }
        names->next = (unsigned)value + 1;
        if (strcmp(text, "-") == 0)
            continue;
        for (size_t k = 0; k < names->entries.n; k++)
            if (((struct name_entry *)names->entries.at[k])->value == (uint64_t)value)
                fault(g, l->at, "names %s: value %lld has two texts", names->name,
                      (long long)value);
        struct name_entry *entry = pool_alloc(&g->pool, sizeof *entry);
        entry->value = (uint64_t)value;
        entry->text = strcmp(text, "\"\"") == 0 ? "" : text;
        list_push(&g->pool, &names->entries, entry);
    }
}

static void parse_ext(struct gen *g, const struct line *l)
{
    for (unsigned i = 1; i < l->n; i++) {
        bool named = is_identifier(l->tokens[i]) || is_feature(l->tokens[i]);
        if (!named || find_ext(g, l->tokens[i]) != NULL) {
            fault(g, l->at, "extension '%s' is %s", l->tokens[i],
                  named ? "declared twice" : "no name");
            continue;
        }
        if (g->exts.n == MAX_EXTS) {
            fault(g, l->at, "more than %d extensions", MAX_EXTS);
            return;
        }
        struct ext *ext = pool_alloc(&g->pool, sizeof *ext);
        ext->name = l->tokens[i];
        ext->at = l->at;
        list_push(&g->pool, &g->exts, ext);
    }
}

/* "12:11" or "5" */
static bool parse_piece(struct field *f, const char *text)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) || f->n_pieces == MAX_PIECES)
        return false;
    unsigned long hi = strtoul(text, &end, 10), lo = hi;
    if (*end == ':')
        lo = strtoul(end + 1, &end, 10);
    if (*end != '\0' || hi > 31 || lo > hi)
        return false;
    f->pieces[f->n_pieces].hi = (uint8_t)hi;
    f->pieces[f->n_pieces++].lo = (uint8_t)lo;
    f->width += (unsigned)(hi - lo + 1);
    return true;
}

static bool parse_role(struct field *f, const char *word)
{
    static const struct {
        const char *word;
        enum field_role role;
    } roles[] = {
        { "read", ROLE_READ },
        { "write", ROLE_WRITE },
        { "rw", ROLE_RW },
    };
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (strcmp(word, roles[i].word) == 0) {
            f->role = roles[i].role;
            return true;
        }
    return false;
}

static bool parse_show(struct field *f, const char *word)
{
    static const char *const kinds[] = {
        [SHOW_DEC] = "dec",
        [SHOW_HEX] = "hex",
        [SHOW_TARGET] = "target",
        [SHOW_RELATIVE] = "relative",
        [SHOW_SHIFTED] = "shifted",
    };
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(word, kinds[i]) == 0) {
            f->show = (enum field_show)i;
            return true;
        }
    return false;
}

/* One word of a field line and its argument. Returns the number of words used, 0 = not understood.
 */
static unsigned parse_field_word(struct gen *g, struct field *f, const char *word, const char *arg)
{
    int64_t number;
    if (strcmp(word, "signed") == 0)
        return f->is_signed = true, 1;
    if (strcmp(word, "pair") == 0)
        return f->pair = true, 1;
    if (strcmp(word, "imm") == 0)
        return 1;
    if (arg == NULL)
        return 0;
    if (parse_role(f, word))
        return f->bank_name = arg, 2;
    if (strcmp(word, "as") == 0 && is_identifier(arg))
        return f->member = arg, 2;
    if (strcmp(word, "names") == 0)
        return f->names_name = arg, 2;
    if (strcmp(word, "show") == 0)
        return parse_show(f, arg) ? 2 : 0;
    if (strcmp(word, "never") == 0)
        return parse_values(g, f->at, arg, f->never, &f->n_never) ? 2 : 0;
    if (!parse_number(arg, &number) || number < 0)
        return 0;
    if (strcmp(word, "shift") == 0 && number < 32)
        return f->shift = (unsigned)number, 2;
    if (strcmp(word, "plus") == 0 && number < 256)
        return f->plus = (unsigned)number, 2;
    if (strcmp(word, "rest") == 0)
        return f->rest = number, 2;
    return 0;
}

static void check_pieces(struct gen *g, const struct field *f)
{
    uint32_t seen = 0;
    for (unsigned i = 0; i < f->n_pieces; i++) {
        uint32_t bits = (uint32_t)((2ull << f->pieces[i].hi) - (1ull << f->pieces[i].lo));
        if (seen & bits)
            fault(g, f->at, "field '%s' has bit %u twice", f->name,
                  (unsigned)__builtin_ctz(seen & bits));
        seen |= bits;
    }
    if (f->n_pieces == 0)
        fault(g, f->at, "field '%s' has no bits", f->name);
    for (unsigned i = 0; i < f->n_never; i++)
        if (f->width < 32 && f->never[i] >> f->width != 0)
            fault(g, f->at, "field '%s' of %u bits is never %u anyway", f->name, f->width,
                  f->never[i]);
}

/* field NAME BITS... WORDS..., several on a line */
static void parse_fields(struct gen *g, const struct line *l)
{
    for (unsigned i = 0; i < l->n;) {
        if (i + 1 >= l->n || !is_identifier(l->tokens[i + 1])) {
            fault(g, l->at, "field wants a name of letters, digits and _");
            return;
        }
        struct field *f = pool_alloc(&g->pool, sizeof *f);
        f->name = f->member = l->tokens[i + 1];
        f->at = l->at;
        if (find_field(g, f->name) != NULL)
            fault(g, l->at, "field '%s' is declared twice", f->name);
        list_push(&g->pool, &g->fields, f);
        i += 2;
        while (i < l->n && parse_piece(f, l->tokens[i]))
            i++;
        check_pieces(g, f);
        while (i < l->n && strcmp(l->tokens[i], "field") != 0) {
            unsigned used =
                parse_field_word(g, f, l->tokens[i], i + 1 < l->n ? l->tokens[i + 1] : NULL);
            if (used == 0) {
                fault(g, l->at,
                      "field '%s': '%s' is not understood; accepted: bits, read|write|rw BANK, "
                      "imm, signed, pair, shift N, plus N, as MEMBER, never LIST, names NAMES, "
                      "show dec|hex|target|relative|shifted, rest N",
                      f->name, l->tokens[i]);
                return;
            }
            i += used;
        }
    }
}

void parse_file(struct gen *g, const char *path)
{
    static const struct {
        const char *word;
        void (*parse)(struct gen *, const struct line *);
    } kinds[] = {
        { "isa", parse_isa }, { "bank", parse_bank },    { "names", parse_names },
        { "ext", parse_ext }, { "field", parse_fields },
    };
    struct place at = { path, 0 };
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        fault(g, at, "cannot be read: %s", strerror(errno));
        return;
    }
    char *text = NULL;
    size_t size = 0;
    struct line *with = NULL;
    while (getline(&text, &size, in) >= 0) {
        at.line++;
        struct line *l = lex_line(g, text, at);
        if (l == NULL)
            continue;
        size_t k = 0;
        while (k < ARRAY_LEN(kinds) && strcmp(l->tokens[0], kinds[k].word) != 0)
            k++;
        if (k < ARRAY_LEN(kinds)) {
            kinds[k].parse(g, l);
        } else if (strcmp(l->tokens[0], "with") == 0) {
            with = l;
        } else {
            l->with = with;
            list_push(&g->pool, &g->row_lines, l);
        }
    }
    if (ferror(in))
        fault(g, at, "reading failed: %s", strerror(errno));
    free(text);
    fclose(in);
}

void resolve_declarations(struct gen *g)
{
    if (g->prefix == NULL)
        fault(g, (struct place){ "decodegen", 0 }, "no file has an isa line (isa PREFIX WIDTH...)");
    if (!g->opcodes && g->exts.n > MAX_WORD_EXTS)
        fault(g, ((struct ext *)g->exts.at[MAX_WORD_EXTS])->at, "more than %d extensions",
              MAX_WORD_EXTS);
    for (size_t i = 0; i < g->banks.n; i++) {
        struct bank *bank = g->banks.at[i];
        if (bank->names_name != NULL && (bank->names = find_names(g, bank->names_name)) == NULL)
            fault(g, bank->at, "bank '%s': no names '%s' are declared", bank->name,
                  bank->names_name);
    }
    for (size_t i = 0; i < g->fields.n; i++) {
        struct field *f = g->fields.at[i];
        if (f->names_name != NULL && (f->names = find_names(g, f->names_name)) == NULL)
            fault(g, f->at, "field '%s': no names '%s' are declared", f->name, f->names_name);
        if (f->bank_name != NULL && (f->bank = find_bank(g, f->bank_name)) == NULL)
            fault(g, f->at, "field '%s': no bank '%s' is declared", f->name, f->bank_name);
        if (f->pair && f->role == ROLE_VALUE)
            fault(g, f->at, "field '%s': only registers come in pairs", f->name);
    }
}
