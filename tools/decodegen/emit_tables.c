/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors, registers, random words, coverage. */
#include "tools/decodegen/decodegen.h"
#include <string.h>

static void emit_descs(const struct gen *g, FILE *out)
{
    fprintf(out, "\nconst struct insn_desc %s_insn_descs[%s_FORM_COUNT] = {\n", g->prefix,
            g->upper);
    for (size_t i = 0; i < g->rows.n; i++) {
        const struct row *row = g->rows.at[i];
        fprintf(out,
                "    [%s_INSN_%s] = { \"%s\", \"%s\", %u, INSN_%s, %s, %u, %s, %u, \"%s\" },\n",
                g->upper, row->symbol, row->name, row->format, row->id, row->klass,
                row->mem != NULL ? row->mem : "INSN_NO_MEM", row->size,
                row->branch != NULL ? row->branch : "INSN_NO_BRANCH", row->width / 8, row->feature);
    }
    fputs("};\n", out);
}

void emit_tables(struct gen *g, FILE *out)
{
    fprintf(out, "\nconst char *const %s_ext_names[] = {\n", g->prefix);
    for (size_t i = 0; i < g->exts.n; i++)
        fprintf(out, "    \"%s\",\n", ((struct ext *)g->exts.at[i])->name);
    if (g->exts.n == 0)
        fputs("    \"\"\n", out);
    fputs("};\n", out);
    emit_descs(g, out);
    fprintf(out,
            "\nvoid %s_print_coverage(FILE *out, const uint64_t counts[%s_FORM_COUNT])\n{\n"
            "    unsigned seen = 0;\n"
            "    for (unsigned i = 0; i < %s_FORM_COUNT; i++) {\n"
            "        seen += counts[i] != 0;\n"
            "        fprintf(out, \"%%-20s %%-16s %%20\" PRIu64 \"\\n\", %s_insn_descs[i].name,\n"
            "                %s_insn_descs[i].feature, counts[i]);\n"
            "    }\n"
            "    fprintf(out, \"%%u of %%u encodings were executed\\n\", seen, "
            "(unsigned)%s_FORM_COUNT);\n}\n",
            g->prefix, g->upper, g->upper, g->prefix, g->prefix, g->upper);
}

/* One register of a row, as an expression of the decoded struct. */
static void add_reg(struct gen *g, char **body, const char *list, unsigned *n,
                    const struct field *f, unsigned plus)
{
    const struct bank *bank = f->bank;
    char *number = plus == 0 ? pool_printf(&g->pool, "d->%s", f->member)
                             : pool_printf(&g->pool, "d->%s + %u", f->member, plus);
    char *slot = bank->slot == 0 ? number : pool_printf(&g->pool, "%s + %u", number, bank->slot);
    if (bank->zero >= 0)
        slot = pool_printf(&g->pool, "d->%s == %d ? INSN_NO_REG : %s", f->member, bank->zero, slot);
    *body = pool_printf(&g->pool, "%s        regs->%s[%u] = (uint8_t)(%s);\n", *body, list, (*n)++,
                        slot);
}

static char *regs_body(struct gen *g, const struct row *row)
{
    char *body = pool_printf(&g->pool, "%s", "");
    unsigned src = 0, dst = 0;
    for (unsigned half = 0; half < 2; half++)
        for (unsigned i = 0; i < row->n_fields; i++) {
            const struct field *f = row->fields[i];
            if (f->role == ROLE_VALUE || (half == 1 && !f->pair))
                continue;
            if ((f->role & ROLE_READ) && src < MAX_SRC)
                add_reg(g, &body, "src", &src, f, half);
            if ((f->role & ROLE_WRITE) && dst < MAX_DST)
                add_reg(g, &body, "dst", &dst, f, half);
        }
    for (unsigned i = 0; i < row->n_reads && src < MAX_SRC; i++)
        body = pool_printf(&g->pool, "%s        regs->src[%u] = %u;\n", body, src++, row->reads[i]);
    for (unsigned i = 0; i < row->n_writes && dst < MAX_DST; i++)
        body =
            pool_printf(&g->pool, "%s        regs->dst[%u] = %u;\n", body, dst++, row->writes[i]);
    return body;
}

void emit_regs(struct gen *g, FILE *out)
{
    struct list bodies = { 0 };
    unsigned *body_of = pool_alloc(&g->pool, (g->rows.n + 1) * sizeof *body_of);
    for (size_t i = 0; i < g->rows.n; i++) {
        char *body = regs_body(g, g->rows.at[i]);
        size_t k = 0;
        while (k < bodies.n && strcmp(bodies.at[k], body) != 0)
            k++;
        if (k == bodies.n)
            list_push(&g->pool, &bodies, body);
        body_of[i] = (unsigned)k;
    }
    fprintf(out,
            "\nvoid %s_insn_regs(const struct %s_decoded *d, struct insn_regs *regs)\n{\n"
            "    memset(regs, INSN_NO_REG, sizeof *regs);\n    switch (d->id) {\n",
            g->prefix, g->prefix);
    for (size_t k = 0; k < bodies.n; k++) {
        bool any = false;
        if (((char *)bodies.at[k])[0] == '\0')
            continue;
        for (size_t i = 0; i < g->rows.n; i++) {
            const struct row *row = g->rows.at[i];
            if (body_of[i] == k && row->expand == NULL) {
                fprintf(out, "    case %s_INSN_%s:\n", g->upper, row->symbol);
                any = true;
            }
        }
        if (any)
            fprintf(out, "%s        break;\n", (char *)bodies.at[k]);
    }
    fputs("    default:\n        break;\n    }\n}\n", out);
}

void emit_random(struct gen *g, FILE *out)
{
    fputs("\n/* Fixed bits, and a word that decodes to the form. */\n"
          "static const struct { uint32_t mask, value, example; uint8_t bits; } patterns[] = {\n",
          out);
    for (size_t i = 0; i < g->rows.n; i++) {
        const struct row *row = g->rows.at[i];
        fprintf(out, "    [%s_INSN_%s] = { 0x%08x, 0x%08x, 0x%08x, %u },\n", g->upper, row->symbol,
                row->bits.mask, row->bits.value, row->witness, row->width);
    }
    fprintf(
        out,
        "};\n\nuint32_t %s_random_insn(uint16_t form, uint64_t (*next)(void *arg), void *arg)\n{\n"
        "    struct %s_decoded d;\n"
        "    uint32_t inside = (uint32_t)((1ull << patterns[form].bits) - 1), word;\n"
        "    for (unsigned tries = 0; tries < 100; tries++) {\n"
        "        word = ((uint32_t)next(arg) & ~patterns[form].mask & inside) | "
        "patterns[form].value;\n"
        "        if (%s_decode(word, ~0ull, &d) && d.form == form)\n"
        "            return word;\n"
        "    }\n"
        "    word = patterns[form].example;\n"
        "    return %s_decode(word, ~0ull, &d) && d.form == form ? word : 0;\n}\n",
        g->prefix, g->prefix, g->prefix, g->prefix);
}
