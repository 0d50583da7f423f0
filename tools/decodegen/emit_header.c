/* SPDX-License-Identifier: Apache-2.0 */
/* The generated header: ids, extensions, the decoded struct, prototypes. */
#include "tools/decodegen/decodegen.h"
#include <ctype.h>

void emit_notice(FILE *out)
{
    fputs("/* SPDX-License-Identifier: Apache-2.0 */\n"
          "/* Made by decodegen from the decode tables: change those, never this. See "
          "docs/decode.md. */\n",
          out);
}

void emit_guard(FILE *out, const char *guard)
{
    fprintf(out, "#ifndef %s\n#define %s\n#include \"core/ir/insn.h\"\n", guard, guard);
}

void emit_ids(const struct gen *g, FILE *out)
{
    fprintf(out,
            "\n/* What an instruction is, for translators: rows that expand to another have its "
            "id. */\n"
            "enum %s_insn {\n",
            g->prefix);
    for (int expanded = 0; expanded < 2; expanded++) {
        for (size_t i = 0; i < g->rows.n; i++) {
            const struct row *row = g->rows.at[i];
            if ((row->expand != NULL) == (expanded != 0))
                fprintf(out, "    %s_INSN_%s = %u,\n", g->upper, row->symbol, row->id);
        }
        if (!expanded)
            fprintf(out,
                    "    %s_INSN_COUNT,\n    /* forms only: they decode as one of the above */\n",
                    g->upper);
    }
    fprintf(out, "    %s_FORM_COUNT = %zu\n};\n", g->upper, g->rows.n);
}

void emit_exts(const struct gen *g, FILE *out)
{
    fprintf(out, "\n/* Bits of `features`. */\nenum %s_ext {\n", g->prefix);
    for (size_t i = 0; i < g->exts.n; i++) {
        const struct ext *ext = g->exts.at[i];
        fprintf(out, "    %s_EXT_", g->upper);
        for (const char *p = ext->name; *p != '\0'; p++)
            fputc(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_', out);
        fputs(",\n", out);
    }
    fprintf(out, "    %s_EXT_COUNT\n};\nextern const char *const %s_ext_names[];\n", g->upper,
            g->prefix);
}

static void emit_struct(const struct gen *g, FILE *out)
{
    static const char *const order[] = { "int64_t", "uint16_t", "uint8_t" };
    fprintf(out,
            "\n/* Members that the instruction does not have are 0. Registers are numbers in their "
            "bank. */\n"
            "struct %s_decoded {\n",
            g->prefix);
    for (size_t t = 0; t < ARRAY_LEN(order); t++) {
        if (t == 1)
            fputs("    uint16_t id;      /* what to do */\n    uint16_t form;    /* the row that "
                  "matched */\n",
                  out);
        if (t == 2)
            fputs("    uint8_t length;   /* bytes */\n", out);
        for (size_t i = 0; i < g->members.n; i++) {
            const struct member *m = g->members.at[i];
            if (m->type[0] == order[t][0] && m->type[4] == order[t][4])
                fprintf(out, "    %s %s;\n", m->type, m->name);
        }
    }
    fputs("};\n", out);
}

void emit_header(struct gen *g, FILE *out, const char *guard)
{
    const char *p = g->prefix;
    emit_notice(out);
    emit_guard(out, guard);
    emit_ids(g, out);
    emit_exts(g, out);
    for (size_t i = 0; i < g->banks.n; i++) {
        const struct bank *bank = g->banks.at[i];
        fprintf(out, "%s#define %s_BANK_", i == 0 ? "\n/* IR slot of register 0. */\n" : "",
                g->upper);
        for (const char *c = bank->name; *c != '\0'; c++)
            fputc(toupper((unsigned char)*c), out);
        fprintf(out, " %u\n", bank->slot);
    }
    emit_struct(g, out);
    fprintf(
        out,
        "\nextern const struct insn_desc %s_insn_descs[%s_FORM_COUNT]; /* by id or by form */\n"
        "\n/*\n * Decode the instruction at the low end of `word` as a CPU with the extensions\n"
        " * `features` does. False: illegal there, *out is not touched.\n */\n"
        "bool %s_decode(uint32_t word, uint64_t features, struct %s_decoded *out);\n",
        p, g->upper, p, p);
    fprintf(out,
            "\n/* Registers read and written; a hardwired zero is INSN_NO_REG. */\n"
            "void %s_insn_regs(const struct %s_decoded *d, struct insn_regs *regs);\n",
            p, p);
    fprintf(
        out,
        "\n/* As text of at most `size` bytes, NUL included; pc is for branch targets. */\n"
        "void %s_disassemble(const struct %s_decoded *d, uint64_t pc, char *text, size_t size);\n",
        p, p);
    fprintf(
        out,
        "\n/*\n * A word that decodes to `form` on a CPU with all extensions: free bits are "
        "next(arg)'s.\n"
        " * 0 if no word does (another row covers this one as long as its extension is on).\n */\n"
        "uint32_t %s_random_insn(uint16_t form, uint64_t (*next)(void *arg), void *arg);\n",
        p);
    fprintf(out,
            "\n/* The report of executed encodings: a line for each form with its count, then the "
            "sum. */\n"
            "void %s_print_coverage(FILE *out, const uint64_t counts[%s_FORM_COUNT]);\n\n#endif\n",
            p, g->upper);
}
