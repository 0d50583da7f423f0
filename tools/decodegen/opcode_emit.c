/* SPDX-License-Identifier: Apache-2.0 */
/* What opcode tables become: ids, descriptors, rows, candidates of each opcode. */
#include "tools/decodegen/opcode.h"
#include <string.h>

void emit_opcode_header(struct gen *g, FILE *out, const char *guard)
{
    const char *p = g->prefix, *u = g->upper;
    emit_notice(out);
    emit_guard(out, guard);
    emit_ids(g, out);
    emit_exts(g, out);
    fprintf(out, "#define %s_EXT_WORDS ((%s_EXT_COUNT + 63) / 64)\n", u, u);
    fprintf(out,
            "\nextern const struct insn_desc %s_insn_descs[%s_FORM_COUNT]; /* by id or by form */\n"
            "extern const uint64_t %s_needs[][%s_EXT_WORDS];\n",
            p, u, p, u);
    fprintf(out,
            "\n/* The report of executed encodings: a line for each form with its count, then the "
            "sum. */\n"
            "void %s_print_coverage(FILE *out, const uint64_t counts[%s_FORM_COUNT]);\n\n#endif\n",
            p, u);
}

/* Sets of extensions: equal lists of alternatives are shared. */
static unsigned find_needs(struct gen *g, struct list *needs, const struct row *row)
{
    size_t size = sizeof row->clauses[0];
    if (row->n_clauses == 0)
        return 0;
    for (size_t i = 0; i + row->n_clauses <= needs->n; i++) {
        unsigned k = 0;
        while (k < row->n_clauses && memcmp(needs->at[i + k], row->clauses[k], size) == 0)
            k++;
        if (k == row->n_clauses)
            return (unsigned)i;
    }
    for (unsigned k = 0; k < row->n_clauses; k++) {
        void *copy = pool_alloc(&g->pool, size);
        memcpy(copy, row->clauses[k], size);
        list_push(&g->pool, needs, copy);
    }
    return (unsigned)needs->n - row->n_clauses;
}

static void collect_needs(struct gen *g, struct list *needs)
{
    static const struct row none;
    struct row all = none;
    all.n_clauses = 1; /* number 0 is "no more than that" */
    find_needs(g, needs, &all);
    for (size_t i = 0; i < g->rows.n; i++) {
        struct row *row = g->rows.at[i], more = none;
        struct x86_row *out = &row->opcode->out;
        out->need = (uint16_t)find_needs(g, needs, row);
        out->n_needs = (uint8_t)row->n_clauses;
        if (row->opcode->need_256 == NULL)
            continue;
        more.name = row->name;
        more.at = row->at;
        parse_attribute(g, &more, pool_printf(&g->pool, "if=%s", row->opcode->need_256));
        if (more.n_clauses != 1)
            fault(g, row->at, "%s: if256= has no alternatives", row->name);
        out->need_256 = (uint16_t)find_needs(g, needs, &more);
    }
}

static void emit_needs(struct gen *g, FILE *out)
{
    struct list needs = { 0 };
    collect_needs(g, &needs);
    fprintf(out, "\nconst uint64_t %s_needs[][%s_EXT_WORDS] = {\n", g->prefix, g->upper);
    for (size_t i = 0; i < needs.n; i++) {
        const uint64_t *words = needs.at[i];
        fputs("    {", out);
        for (size_t k = 0; k < (g->exts.n + 63) / 64; k++)
            fprintf(out, " 0x%llx,", (unsigned long long)words[k]);
        fputs(" },\n", out);
    }
    fputs("};\n", out);
}

static void emit_row(const struct gen *g, FILE *out, const struct row *row)
{
    const struct x86_row *x = &row->opcode->out;
    fprintf(out,
            "    [%s_INSN_%s] = {\n"
            "        .accept = 0x%llx, .flags = 0x%x, .id = %u, .form = %u,\n"
            "        .need = %u, .n_needs = %u, .need_256 = %u, .reads = 0x%x, .writes = 0x%x,\n"
            "        .map = %u, .opcode = 0x%02x, .broadcast = %u, .disp8 = %u, .cond = %u,\n"
            "        .n_ops = %u, .op = {",
            g->upper, row->symbol, (unsigned long long)x->accept, x->flags,
            row->expand != NULL ? row->expand->id : row->id, row->id, x->need, x->n_needs,
            x->need_256, x->reads, x->writes, x->map, x->opcode, x->broadcast, x->disp8, x->cond,
            x->n_ops);
    for (unsigned i = 0; i < x->n_ops; i++)
        fprintf(out, " { %u, %u, %u, %u },", x->op[i].method, x->op[i].type, x->op[i].reg,
                x->op[i].access);
    fputs(x->n_ops == 0 ? " { 0, 0, 0, 0 } },\n        .names = {" : " },\n        .names = {",
          out);
    for (size_t i = 0; i < ARRAY_LEN(x->names) && x->names[i] != NULL; i++)
        fprintf(out, " \"%s\",", x->names[i]);
    fputs(" },\n    },\n", out);
}

/* Rows of one opcode in falling depth. */
static unsigned emit_candidates(const struct gen *g, FILE *out, unsigned map, unsigned opcode)
{
    unsigned n = 0, deepest = 0;
    for (size_t i = 0; i < g->rows.n; i++)
        deepest = MAX(deepest, ((const struct row *)g->rows.at[i])->depth);
    for (unsigned depth = deepest + 1; depth-- > 0;)
        for (size_t i = 0; i < g->rows.n; i++) {
            const struct row *row = g->rows.at[i];
            const struct opcode *o = row->opcode;
            if (row->depth != depth || o->out.map != map || opcode < o->out.opcode ||
                opcode >= o->out.opcode + o->span)
                continue;
            fprintf(out, " %u,", row->id);
            n++;
        }
    if (n != 0)
        fputc('\n', out);
    return n;
}

static void emit_opcodes(const struct gen *g, FILE *out)
{
    unsigned count[X86_MAPS][256], first = 0;
    fprintf(out, "\nconst uint16_t %s_candidates[] = {\n", g->prefix);
    for (unsigned map = 0; map < X86_MAPS; map++)
        for (unsigned opcode = 0; opcode < 256; opcode++)
            count[map][opcode] = emit_candidates(g, out, map, opcode);
    fprintf(out, "};\n\nconst struct %s_opcode %s_opcodes[%s_MAPS][256] = {\n", g->prefix,
            g->prefix, g->upper);
    for (unsigned map = 0; map < X86_MAPS; map++)
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            bool modrm = false;
            if (count[map][opcode] == 0)
                continue;
            for (size_t i = 0; i < g->rows.n; i++) {
                const struct opcode *o = ((const struct row *)g->rows.at[i])->opcode;
                modrm = modrm || (o->out.map == map && opcode >= o->out.opcode &&
                                  opcode < o->out.opcode + o->span && o->has_modrm);
            }
            fprintf(out, "    [%u][0x%02x] = { %u, %u, %s },\n", map, opcode, first,
                    count[map][opcode], modrm ? "true" : "false");
            first += count[map][opcode];
        }
    fputs("};\n", out);
}

void emit_opcode_source(struct gen *g, FILE *out, const char *include)
{
    emit_notice(out);
    fprintf(out, "#include \"%s\"\n#include \"cpu/x86/opcode.h\"\n#include <inttypes.h>\n",
            include);
    emit_tables(g, out);
    emit_needs(g, out);
    fprintf(out, "\nconst struct %s_row %s_rows[] = {\n", g->prefix, g->prefix);
    for (size_t i = 0; i < g->rows.n; i++)
        emit_row(g, out, g->rows.at[i]);
    fputs("};\n", out);
    emit_opcodes(g, out);
}
