/* SPDX-License-Identifier: Apache-2.0 */
/* Text in Intel's syntax, from the decoded operands; only names come from the row. */
#include "cpu/x86/decode_impl.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

struct text {
    char *at;
    size_t left;
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(struct text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(t->at, t->left, fmt, args);
    va_end(args);
    size_t used = n < 0 ? 0 : MIN((size_t)n, t->left == 0 ? 0 : t->left - 1);
    t->at += used;
    t->left -= used;
}

static const char *const seg_names[X86_SEGS] = { "es", "cs", "ss", "ds", "fs", "gs" };

static void put_gpr(struct text *t, unsigned reg, unsigned size)
{
    static const char *const names[8] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
    static const char *const bytes[8] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };
    if (reg == X86_REG_RIP)
        put(t, size == 8 ? "rip" : "eip");
    else if (reg >= 8)
        put(t, "r%u%s", reg, size == 8 ? "" : size == 4 ? "d" : size == 2 ? "w" : "b");
    else if (size == 1)
        put(t, "%s", bytes[reg]);
    else
        put(t, "%s%s", size == 8 ? "r" : size == 4 ? "e" : "", names[reg]);
}

static void put_vector(struct text *t, unsigned reg, unsigned size)
{
    put(t, "%cmm%u", size >= 64 ? 'z' : size >= 32 ? 'y' : 'x', reg);
}

static void put_pointed(struct text *t, unsigned size)
{
    static const struct {
        uint8_t size;
        const char *name;
    } names[] = { { 1, "byte" },     { 2, "word" },     { 4, "dword" },
                  { 6, "fword" },    { 8, "qword" },    { 10, "tbyte" },
                  { 16, "xmmword" }, { 32, "ymmword" }, { 64, "zmmword" } };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].size == size)
            put(t, "%s ptr ", names[i].name);
}

/* Bytes of the vector registers that index: of VSIB rows (SDM volume 2, 2.3.12). */
static unsigned index_size(const struct x86_decoded *d)
{
    const struct x86_row *row = &x86_rows[d->form];
    for (unsigned i = 0; i < row->n_ops; i++)
        if (row->op[i].method == X86_METHOD_VMH)
            return d->vl / 2;
    return d->vl;
}

/* Small numbers without 0x. */
static void put_number(struct text *t, uint64_t value)
{
    put(t, value < 10 ? "%" PRIx64 : "0x%" PRIx64, value);
}

static void put_address(struct text *t, const struct x86_decoded *d)
{
    uint64_t mask = d->addr_size == 8 ? ~0ull : (1ull << 8 * d->addr_size) - 1;
    bool any = d->base != X86_NO_REG || d->index != X86_NO_REG;
    put(t, "[");
    if (d->base != X86_NO_REG)
        put_gpr(t, d->base, d->addr_size);
    if (d->index != X86_NO_REG) {
        put(t, d->base != X86_NO_REG ? " + " : "");
        if (d->vsib)
            put_vector(t, d->index, index_size(d));
        else
            put_gpr(t, d->index, d->addr_size);
        if (d->addr_size != 2)
            put(t, "*%u", 1u << d->scale);
    }
    if (!any) {
        put_number(t, (uint64_t)d->disp & mask);
    } else if (d->disp != 0) {
        put(t, d->disp < 0 ? " - " : " + ");
        put_number(t, d->disp < 0 ? -(uint64_t)d->disp : (uint64_t)d->disp);
    }
    put(t, "]");
}

/* {1to8}: how many elements the whole operand would have. */
static void put_broadcast(struct text *t, const struct x86_decoded *d, enum x86_type type)
{
    const struct x86_row *row = &x86_rows[d->form];
    unsigned bytes = type == X86_TYPE_XH   ? d->vl / 2u
                     : type == X86_TYPE_XQ ? d->vl / 4u
                     : type == X86_TYPE_XE ? d->vl / 8u
                                           : d->vl;
    put(t, "{1to%u}", bytes / row->broadcast);
}

static void put_memory(struct text *t, const struct x86_decoded *d, const struct x86_operand *op,
                       enum x86_type type)
{
    put_pointed(t, op->size);
    if (d->seg_override)
        put(t, "%s:", seg_names[d->seg]);
    put_address(t, d);
    if (d->broadcast)
        put_broadcast(t, d, type);
}

static uint64_t masked(uint64_t value, unsigned size)
{
    return size == 0 || size >= 8 ? value : value & ((1ull << 8 * size) - 1);
}

static void put_operand(struct text *t, const struct x86_decoded *d, uint64_t pc, unsigned i,
                        enum x86_type type)
{
    static const char *const high[4] = { "ah", "ch", "dh", "bh" };
    const struct x86_operand *op = &d->op[i];
    switch (op->kind) {
    case X86_OP_REG:
        put_gpr(t, op->reg, op->size);
        break;
    case X86_OP_REG8H:
        put(t, "%s", high[op->reg & 3]);
        break;
    case X86_OP_MEM:
        put_memory(t, d, op, type);
        break;
    case X86_OP_IMM:
        put_number(t, masked(d->imm, op->size));
        break;
    case X86_OP_IMM2:
        put_number(t, masked(d->imm2, op->size));
        break;
    case X86_OP_REL:
        put_number(t, masked(pc + d->length + d->imm, op->size));
        break;
    case X86_OP_SEG:
        put(t, "%s", seg_names[op->reg]);
        break;
    case X86_OP_CR:
        put(t, "cr%u", op->reg);
        break;
    case X86_OP_DR:
        put(t, "dr%u", op->reg);
        break;
    case X86_OP_ST:
        put(t, "st(%u)", op->reg);
        break;
    case X86_OP_MM:
        put(t, "mm%u", op->reg);
        break;
    case X86_OP_VEC:
        put_vector(t, op->reg, op->size);
        break;
    case X86_OP_K:
        put(t, "k%u", op->reg);
        break;
    default:
        break;
    }
}

static void put_name(struct text *t, const struct x86_decoded *d, const struct x86_row *row)
{
    static const char *const conditions[16] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
                                                "s", "ns", "p", "np", "l", "ge", "le", "g" };
    unsigned size = row->flags & X86_ROW_ADDR_NAMES ? d->addr_size : d->op_size;
    const char *name = row->names[0];
    if (row->names[1] != NULL)
        name = row->names[size >= 8 ? 3 : size >> 1];
    if (row->flags & X86_ROW_CC) /* jcc, setcc, cmovcc */
        put(t, "%.*s%s", (int)strlen(name) - 2, name, conditions[d->cond & 15]);
    else
        put(t, "%s", name);
}

static void put_prefixes(struct text *t, const struct x86_decoded *d, const struct x86_row *row)
{
    if (d->lock)
        put(t, "lock ");
    if (!(row->flags & X86_ROW_STRING))
        return;
    if (d->repne)
        put(t, "repne ");
    else if (d->rep)
        put(t, row->flags & X86_ROW_REPE ? "repe " : "rep ");
}

/* The memory of string instructions: [rSI] in a segment of choice, [rDI] in ES. */
static void put_string(struct text *t, const struct x86_decoded *d, const struct x86_row *row)
{
    bool any = false;
    for (unsigned i = 0; i < row->n_ops; i++) {
        bool source = row->op[i].method == X86_METHOD_X;
        put(t, any ? ", " : " ");
        any = true;
        put_pointed(t, d->op_size);
        if (!source || d->seg_override)
            put(t, "%s:", source ? seg_names[d->seg] : "es");
        put(t, "[");
        put_gpr(t, source ? 6 : 7, d->addr_size);
        put(t, "]");
    }
}

/* {rn-sae} and {sae} stand behind the last register, before an immediate. */
static void put_rounding(struct text *t, const struct x86_decoded *d, unsigned i)
{
    static const char *const rounding[4] = { "rn", "rd", "ru", "rz" };
    if (i + 1 < d->n_ops && d->op[i + 1].kind != X86_OP_IMM)
        return;
    if (d->op[i].kind == X86_OP_IMM)
        return;
    if (d->rounding)
        put(t, "{%s-sae}", rounding[d->rc]);
    else if (d->sae)
        put(t, "{sae}");
}

void x86_disassemble(const struct x86_decoded *d, uint64_t pc, char *text, size_t size)
{
    const struct x86_row *row = &x86_rows[d->form];
    struct text t = { text, size };
    if (size != 0)
        text[0] = '\0';
    put_prefixes(&t, d, row);
    put_name(&t, d, row);
    if (row->flags & X86_ROW_STRING) {
        put_string(&t, d, row);
        return;
    }
    bool far = row->n_ops == 1 && row->op[0].method == X86_METHOD_A;
    for (unsigned i = 0; i < d->n_ops; i++) {
        put(&t, i == 0 ? " " : far ? ":" : ", ");
        put_operand(&t, d, pc, i, far ? X86_TYPE_NONE : row->op[i].type);
        if (i == 0 && d->k != 0)
            put(&t, "{k%u}%s", d->k, d->zeroing ? "{z}" : "");
        put_rounding(&t, d, i);
    }
}
