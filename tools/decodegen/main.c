/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decodegen OUT-DIRECTORY INCLUDE-NAME TABLE...
 *
 * Writes INCLUDE-NAME (such as cpu/riscv/decode.gen.h) and beside it the same name with .c below
 * OUT-DIRECTORY. Nothing is written if a table has an error.
 */
#include "tools/decodegen/opcode.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *guard_of(struct gen *g, const char *include)
{
    char *guard = pool_printf(&g->pool, "ORRERY_GENERATED_%s", include);
    for (char *p = guard; *p != '\0'; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return guard;
}

static void emit_source(struct gen *g, FILE *out, const char *include)
{
    emit_notice(out);
    fprintf(out,
            "#include \"%s\"\n#include \"core/util/bits.h\"\n#include <inttypes.h>\n"
            "#include <stdarg.h>\n#include <string.h>\n",
            include);
    emit_tables(g, out);
    emit_extract(g, out);
    emit_tree(g, out);
    emit_regs(g, out);
    emit_text(g, out);
    emit_random(g, out);
}

/* Memory stream -> file, so that nothing half-made is left behind. */
static bool write_file(const char *path, const char *text, size_t size)
{
    FILE *out = fopen(path, "w");
    bool good = out != NULL && fwrite(text, 1, size, out) == size;
    if (out != NULL && fclose(out) != 0)
        good = false;
    if (!good)
        fprintf(stderr, "decodegen: %s cannot be written: %s\n", path, strerror(errno));
    return good;
}

static bool generate(struct gen *g, const char *directory, const char *include)
{
    char *text[2] = { NULL, NULL };
    size_t size[2];
    size_t stem = strlen(include) - 2;
    const char *paths[2] = {
        pool_printf(&g->pool, "%s/%s", directory, include),
        pool_printf(&g->pool, "%s/%.*s.c", directory, (int)stem, include),
    };
    bool good = true;
    for (int i = 0; i < 2 && good; i++) {
        FILE *out = open_memstream(&text[i], &size[i]);
        if (out == NULL)
            return false;
        if (g->opcodes && i == 0)
            emit_opcode_header(g, out, guard_of(g, include));
        else if (g->opcodes)
            emit_opcode_source(g, out, include);
        else if (i == 0)
            emit_header(g, out, guard_of(g, include));
        else
            emit_source(g, out, include);
        good = fclose(out) == 0 && g->errors == 0;
    }
    for (int i = 0; i < 2; i++) {
        good = good && write_file(paths[i], text[i], size[i]);
    }
    free(text[0]);
    free(text[1]);
    return good;
}

int main(int argc, char **argv)
{
    struct gen g = { 0 };
    if (argc < 4 || strlen(argv[2]) < 3 || strcmp(argv[2] + strlen(argv[2]) - 2, ".h") != 0) {
        fprintf(stderr, "usage: decodegen OUT-DIRECTORY INCLUDE-NAME.h TABLE...\n");
        return EXIT_FAILURE;
    }
    for (int i = 3; i < argc; i++)
        parse_file(&g, argv[i]);
    resolve_declarations(&g);
    if (g.errors == 0)
        parse_rows(&g);
    if (g.errors == 0 && g.opcodes)
        check_opcode_rows(&g);
    if (g.errors == 0 && !g.opcodes)
        resolve_rows(&g);
    if (g.errors == 0 && !g.opcodes)
        check_rows(&g);
    bool good = g.errors == 0 && generate(&g, argv[1], argv[2]);
    pool_free(&g.pool);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
