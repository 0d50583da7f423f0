/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_DECODEGEN_DECODEGEN_H
#define ORRERY_TOOLS_DECODEGEN_DECODEGEN_H
/*
 * decodegen: decode tables (text, one instruction a line) -> C. docs/decode.md
 * describes the input; this is the model the parser fills in, the checks judge
 * and the emitters print.
 *
 * A row matches a set of instruction words: one cube (bits that are fixed) minus
 * cubes (values its fields may not take). Overlap, reachability and the decision
 * tree are all set algebra on these; words are up to 32 bits, a shorter row leaves
 * the upper bits free.
 *
 * Everything lives in the pool of `struct gen` and dies with it. Errors are
 * printed as file:line: text as they are found and counted; nothing is written
 * unless there are none.
 */
#include "core/util/types.h"
#include <stdio.h>

enum {
    MAX_PIECES = 16,
    MAX_ROW_FIELDS = 16,
    MAX_NOT = 64,
    MAX_OVER = 16,
    MAX_CLAUSES = 8,
    MAX_IMPLICIT = 4,
    MAX_SRC = 4,
    MAX_DST = 4,
    MAX_EXTS = 256,
    MAX_WORD_EXTS = 64, /* of a decoder of words */
    EXT_WORDS = MAX_EXTS / 64,
    MAX_TOKENS = 160
};

struct list {
    void **at;
    size_t n, cap;
};
struct pool_block {
    struct pool_block *next;
};
struct pool {
    struct pool_block *blocks;
};

struct place {
    const char *file;
    unsigned line;
};

/* Words w with (w & mask) == value. */
struct cube {
    uint32_t mask, value;
};

/* Text of values: names for registers, rounding modes, CSRs... */
struct name_entry {
    uint64_t value;
    const char *text;
};
struct names {
    const char *name;
    struct list entries;
    struct place at;
    unsigned next;
};

/* Registers of one kind are consecutive IR slots. */
struct bank {
    const char *name;
    unsigned slot; /* of register 0 */
    int zero;      /* the register that reads as zero and is no dependence; -1 = none */
    const struct names *names;
    const char *names_name;
    struct place at;
};

enum field_role { ROLE_VALUE = 0, ROLE_READ = 1, ROLE_WRITE = 2, ROLE_RW = 3 };
enum field_show { SHOW_DEC, SHOW_HEX, SHOW_TARGET, SHOW_RELATIVE, SHOW_SHIFTED };

struct field {
    const char *name, *member;
    struct {
        uint8_t hi, lo;
    } pieces[MAX_PIECES]; /* most significant bits of the value first */
    unsigned n_pieces, width;
    bool is_signed, pair;
    unsigned shift, plus;
    enum field_role role;
    const char *bank_name, *names_name;
    const struct bank *bank;
    const struct names *names;
    enum field_show show;
    int64_t rest; /* value at which an optional group of the format is left out */
    uint32_t never[MAX_NOT];
    unsigned n_never;
    bool used;
    struct place at;
};

/* A member of the decoded struct: fields of several rows share it. */
struct member {
    const char *name;
    const char *type;
    bool is_reg;
};

struct ext {
    const char *name;
    struct place at;
};

struct map {
    const char *member;
    const struct field *field;
    int64_t value;
};

struct opcode; /* opcode.h: what a row of an opcode table has besides */

struct row {
    struct opcode *opcode; /* NULL in tables of words */
    const char *name, *symbol; /* "c.addi", "C_ADDI" */
    struct place at;
    unsigned width; /* bits */
    struct cube bits, not [MAX_NOT];
    unsigned n_not;
    struct field *fields[MAX_ROW_FIELDS];
    unsigned n_fields;
    const char *feature;           /* text of if=, "" = base */
    uint64_t clauses[MAX_CLAUSES][EXT_WORDS]; /* any of: all these extension bits */
    unsigned n_clauses;
    const char *klass, *mem, *branch; /* enumerator names */
    unsigned size;
    bool has_size;
    const char *over_text, *expand_text, *format;
    struct row *over[MAX_OVER], *expand;
    unsigned n_over;
    struct map maps[MAX_ROW_FIELDS];
    unsigned n_maps;
    uint8_t reads[MAX_IMPLICIT], writes[MAX_IMPLICIT]; /* slots */
    unsigned n_reads, n_writes;
    unsigned id;            /* rows that expand come after all others */
    unsigned depth;         /* tried in falling order where rows overlap */
    uint32_t witness;       /* a word that decodes to this row */
    unsigned extract, text; /* numbers of the shared generated functions */
};

struct line {
    char *tokens[MAX_TOKENS];
    unsigned n;
    struct place at;
    struct line *with;
};

struct gen {
    struct pool pool;
    unsigned errors;
    const char *prefix, *upper; /* "rv", "RV" */
    unsigned widths[4], n_widths;
    bool opcodes; /* isa PREFIX opcodes: rows are opcode.h's */
    struct list banks, exts, names, fields, rows, members, row_lines;
};

/* pool.c */
void *pool_alloc(struct pool *pool,
                 size_t bytes); /* zeroed; ends the program if the host has none */
void pool_free(struct pool *pool);
char *pool_printf(struct pool *pool, const char *fmt, ...) PRINTF_LIKE(2, 3);
void list_push(struct pool *pool, struct list *list, void *item);
void fault(struct gen *g, struct place at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* lex.c, parse.c, row.c */
struct line *lex_line(struct gen *g, char *text, struct place at); /* NULL: nothing on it */
void parse_file(struct gen *g, const char *path); /* declarations; rows are kept for later */
void resolve_declarations(struct gen *g);
void parse_rows(struct gen *g);   /* once all files were read */
void resolve_rows(struct gen *g); /* over=, expand=, numbers */
void parse_attribute(struct gen *g, struct row *row, const char *token);
char *symbol_of(struct gen *g, const char *name);
bool parse_number(const char *text, int64_t *value);
bool parse_values(struct gen *g, struct place at, const char *text, uint32_t out[MAX_NOT],
                  unsigned *n);
struct field *find_field(const struct gen *g, const char *name);
struct row *find_row(const struct gen *g, const char *name);
const struct bank *find_bank(const struct gen *g, const char *name);
const struct names *find_names(const struct gen *g, const char *name);

/* The words in which `f` has the encoded value `v` (before shift and plus). */
struct cube field_cube(const struct field *f, uint32_t v);
/* The field behind `member` of the row, or of the row it expands to. */
const struct field *row_member(const struct row *row, const char *member);

/* cube.c */
bool cubes_meet(struct cube a, struct cube b);
struct cube cube_and(struct cube a, struct cube b); /* they meet */
/* Is anything of `c` outside all of `not`? An example goes to *witness. */
bool cube_left(struct cube c, const struct cube * not, unsigned n_not, uint32_t *witness);
/* Is anything of `c` minus `not` outside the sets of all `rows`? */
bool cube_left_by_rows(struct cube c, const struct cube * not, unsigned n_not,
                       struct row *const *rows, unsigned n_rows, uint32_t *witness);

/* check.c */
void check_rows(struct gen *g);
void check_attributes(struct gen *g, const struct row *row);
void order_rows(struct gen *g); /* gives depths */
bool is_over(const struct row *a, const struct row *b);
bool always_with(const struct row *a, const struct row *b); /* is `a` there whenever `b` is? */

/* emit_*.c: print the generated files; the model is sound by then */
void emit_notice(FILE *out);
void emit_ids(const struct gen *g, FILE *out);
void emit_exts(const struct gen *g, FILE *out);
void emit_guard(FILE *out, const char *guard);
void emit_header(struct gen *g, FILE *out, const char *guard);
void emit_extract(struct gen *g, FILE *out);
void emit_tree(struct gen *g, FILE *out);
void emit_tables(struct gen *g, FILE *out);
void emit_regs(struct gen *g, FILE *out);
void emit_text(struct gen *g, FILE *out);
void emit_random(struct gen *g, FILE *out);

#endif
