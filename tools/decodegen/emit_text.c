/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disassembler. A format is literal text in which the names of the row's members (or fields)
 * stand for their values; {...} is left out if all members in it have their rest value; ~ is
 * nothing and parts two names; '...' is literal although it has letters; NAME:TEXTS prints a value by
 * another table of names; a format that starts with + goes on at the mnemonic up to its first blank.
 */
#include "tools/decodegen/decodegen.h"
#include <ctype.h>
#include <string.h>

static const char helpers[] =
    "\nstruct text { char *at; size_t left; };\n"
    "\nstatic void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);\n"
    "static void put(struct text *t, const char *fmt, ...)\n{\n"
    "    va_list args;\n"
    "    va_start(args, fmt);\n"
    "    int n = vsnprintf(t->at, t->left, fmt, args);\n"
    "    va_end(args);\n"
    "    size_t used = n < 0 ? 0 : MIN((size_t)n, t->left == 0 ? 0 : t->left - 1);\n"
    "    t->at += used;\n"
    "    t->left -= used;\n}\n";

static void emit_names(const struct gen *g, FILE *out)
{
    for (size_t i = 0; i < g->names.n; i++) {
        const struct names *names = g->names.at[i];
        fprintf(out, "\nstatic const char *name_%s(uint64_t value)\n{\n    switch (value) {\n",
                names->name);
        for (size_t k = 0; k < names->entries.n; k++) {
            const struct name_entry *entry = names->entries.at[k];
            fprintf(out, "    case 0x%llx: return \"%s\";\n", (unsigned long long)entry->value,
                    entry->text);
        }
        fputs("    default: return NULL;\n    }\n}\n", out);
        fprintf(out,
                "\n__attribute__((unused)) static void put_%s(struct text *t, uint64_t value)\n{\n"
                "    const char *name = name_%s(value);\n"
                "    if (name != NULL)\n        put(t, \"%%s\", name);\n"
                "    else\n        put(t, \"0x%%\" PRIx64, value);\n}\n",
                names->name, names->name);
    }
}

static char *put_value(struct gen *g, const struct field *f)
{
    const struct names *names = f->names != NULL  ? f->names
                                : f->bank != NULL ? f->bank->names
                                                  : NULL;
    if (names != NULL)
        return pool_printf(&g->pool, "put_%s(t, (uint64_t)d->%s);", names->name, f->member);
    if (f->bank != NULL)
        return pool_printf(&g->pool, "put(t, \"%s%%u\", d->%s);", f->bank->name, f->member);
    switch (f->show) {
    case SHOW_HEX:
        return pool_printf(&g->pool, "put(t, \"0x%%\" PRIx64, (uint64_t)d->%s);", f->member);
    case SHOW_TARGET:
        return pool_printf(&g->pool, "put(t, \"0x%%\" PRIx64, pc + (uint64_t)d->%s);", f->member);
    case SHOW_RELATIVE:
        return pool_printf(&g->pool,
                           "put(t, \"%%\" PRId64 \" # 0x%%\" PRIx64, (int64_t)d->%s, pc + (uint64_t)d->%s);",
                           f->member, f->member);
    case SHOW_SHIFTED:
        return pool_printf(&g->pool, "put(t, \"0x%%\" PRIx64, (uint64_t)d->%s >> %u & 0x%llx);",
                           f->member, f->shift, (1ull << f->width) - 1);
    default:
        return pool_printf(&g->pool, "put(t, \"%%\" PRId64, (int64_t)d->%s);", f->member);
    }
}

static const struct field *named(const struct row *row, const char *name)
{
    const struct row *from = row->expand != NULL ? row->expand : row;
    for (unsigned i = 0; i < from->n_fields; i++)
        if (strcmp(from->fields[i]->name, name) == 0)
            return from->fields[i];
    return row_member(row, name);
}

struct body {
    char *text;
    char *group;
    char *condition;
    bool grouped;
};

static void add_statement(struct gen *g, struct body *b, const char *statement)
{
    char **where = b->grouped ? &b->group : &b->text;
    *where = pool_printf(&g->pool, "%s%s    %s\n", *where, b->grouped ? "    " : "", statement);
}

/* The :TEXTS after a name, if those names are declared. */
static const struct names *names_after(struct gen *g, const char **p)
{
    size_t n = 1;
    if (**p != ':')
        return NULL;
    while (isalnum((unsigned char)(*p)[n]) || (*p)[n] == '_')
        n++;
    const struct names *names = find_names(g, pool_printf(&g->pool, "%.*s", (int)n - 1, *p + 1));
    if (names != NULL)
        *p += n;
    return names;
}

/* A name in a format: its field's value. Returns the end of the name. */
static const char *add_name(struct gen *g, const struct row *row, struct body *b, const char *p)
{
    size_t n = 1;
    while (isalnum((unsigned char)p[n]) || p[n] == '_')
        n++;
    const struct field *f = named(row, pool_printf(&g->pool, "%.*s", (int)n, p));
    if (f == NULL) {
        fault(g, row->at, "%s: format \"%s\": '%.*s' is no member of it", row->name, row->format,
              (int)n, p);
        return p + n;
    }
    const char *end = p + n;
    const struct names *names = names_after(g, &end);
    add_statement(g, b,
                  names == NULL ? put_value(g, f)
                                : pool_printf(&g->pool, "put_%s(t, (uint64_t)d->%s);",
                                              names->name, f->member));
    if (b->grouped)
        b->condition =
            pool_printf(&g->pool, "%s%sd->%s != %lld", b->condition,
                        b->condition[0] != '\0' ? " || " : "", f->member, (long long)f->rest);
    return end;
}

/* Literal text: quoted, or up to the next name, brace or quote. */
static const char *add_literal(struct gen *g, struct body *b, const char *p)
{
    bool quoted = *p == '\'';
    p += quoted;
    size_t n =
        strcspn(p, quoted ? "'" : "{}~'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    add_statement(g, b, pool_printf(&g->pool, "put(t, \"%.*s\");", (int)n, p));
    return p + n + (quoted && p[n] == '\'');
}

static char *text_body(struct gen *g, const struct row *row)
{
    struct body b = { .text = "" };
    for (const char *p = row->format + (row->format[0] == '+'); *p != '\0';) {
        if (*p == '~') {
            p++;
        } else if (*p == '{') {
            b.grouped = true;
            b.group = b.condition = "";
            p++;
        } else if (*p == '}' && b.grouped) {
            b.grouped = false;
            b.text = pool_printf(&g->pool, "%s    if (%s) {\n%s    }\n", b.text,
                                 b.condition[0] != '\0' ? b.condition : "true", b.group);
            p++;
        } else if (isalpha((unsigned char)*p)) {
            p = add_name(g, row, &b, p);
        } else if (*p == '}') {
            fault(g, row->at, "%s: format \"%s\": } without {", row->name, row->format);
            return b.text;
        } else {
            p = add_literal(g, &b, p);
        }
    }
    if (b.grouped)
        fault(g, row->at, "%s: format \"%s\": { without }", row->name, row->format);
    if (row->format[0] != '\0' && row->format[0] != '+')
        b.text = pool_printf(&g->pool, "    put(t, \" \");\n%s", b.text);
    return b.text;
}

void emit_text(struct gen *g, FILE *out)
{
    struct list bodies = { 0 };
    fputs(helpers, out);
    emit_names(g, out);
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *row = g->rows.at[i];
        char *body = text_body(g, row);
        size_t k = 0;
        while (k < bodies.n && strcmp(bodies.at[k], body) != 0)
            k++;
        row->text = (unsigned)k;
        if (k < bodies.n)
            continue;
        list_push(&g->pool, &bodies, body);
        fprintf(
            out,
            "\nstatic void text_%zu(struct text *t, const struct %s_decoded *d, uint64_t pc)\n{\n"
            "    (void)t;\n    (void)d;\n    (void)pc;\n%s}\n",
            k, g->prefix, body);
    }
    fprintf(out,
            "\nvoid %s_disassemble(const struct %s_decoded *d, uint64_t pc, char *text, size_t "
            "size)\n{\n"
            "    static void (*const operands[])(struct text *, const struct %s_decoded *, "
            "uint64_t) = {\n",
            g->prefix, g->prefix, g->prefix);
    for (size_t i = 0; i < g->rows.n; i++) {
        const struct row *row = g->rows.at[i];
        fprintf(out, "        [%s_INSN_%s] = text_%u,\n", g->upper, row->symbol, row->text);
    }
    fprintf(out,
            "    };\n    struct text t = { text, size };\n"
            "    const char *name = %s_insn_descs[d->form].name;\n"
            "    put(&t, \"%%.*s\", (int)strcspn(name, \"@\"), name);\n"
            "    operands[d->form](&t, d, pc);\n}\n",
            g->prefix);
}
