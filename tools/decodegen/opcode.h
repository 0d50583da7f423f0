/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_DECODEGEN_OPCODE_H
#define ORRERY_TOOLS_DECODEGEN_OPCODE_H
/*
 * The dialect for instructions without fixed bit positions, `isa x86 opcodes`: a row is what the
 * manual's opcode tables say of one instruction form. Rows of one name are forms of one id.
 * docs/decode.md describes the input; the generated tables are cpu/x86/opcode.h's.
 */
#include "cpu/x86/opcode.h"
#include "tools/decodegen/decodegen.h"

struct opcode {
    struct x86_row out; /* as it will be printed; names, need and form are filled in last */
    unsigned span;      /* opcodes that the row covers: 1, 8 with +r, 16 with +cc */
    unsigned lengths;   /* that VEX or EVEX words have named so far */
    const char *names_text, *need_256;
    bool has_modrm, has_access, no_implied_mem;
};

void parse_opcode_row(struct gen *g, const struct line *l);
void check_opcode_rows(struct gen *g); /* over=, overlaps, what each row can match; numbers rows */
void emit_opcode_header(struct gen *g, FILE *out, const char *guard);
void emit_opcode_source(struct gen *g, FILE *out, const char *include);

/* opcode_operand.c: the codes of cpu/x86/operands.def */
bool find_operand_code(const char *text, struct x86_operand_code *code);
unsigned operand_modrm(const struct x86_operand_code *code); /* X86_USES_REG... */
bool operand_is_memory(const struct x86_operand_code *code); /* may be, and has a size */

#endif
