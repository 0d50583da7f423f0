/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of opcode tables: NAME OPERANDS ENCODING ATTRIBUTES. Operands are parted by commas; the
 * encoding starts with the first word that a manual would print there: two hexadecimal digits in
 * capitals, NP, NFx, VEX... or EVEX...
 */
#include "tools/decodegen/opcode.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DIMENSION(name) X86_KEY_##name, X86_KEY_##name##S
static uint64_t one_of(unsigned first, unsigned n)
{
    return ((1ull << n) - 1) << first;
}
static void accept_only(struct opcode *o, unsigned first, unsigned n, uint64_t values)
{
    o->out.accept = (o->out.accept & ~one_of(first, n)) | values << first;
}

/* As accept_only, but what the row has said before stays said. */
static void accept_within(struct opcode *o, unsigned first, unsigned n, uint64_t values)
{
    o->out.accept &= ~one_of(first, n) | values << first;
}

static bool is_hex_byte(const char *s)
{
    return strlen(s) >= 2 && isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1]) &&
           !islower((unsigned char)s[0]) && !islower((unsigned char)s[1]) &&
           (s[2] == '\0' || s[2] == '+');
}

static bool starts_encoding(const char *s)
{
    return is_hex_byte(s) || strcmp(s, "NP") == 0 || strcmp(s, "NFx") == 0 ||
           strncmp(s, "VEX.", 4) == 0 || strncmp(s, "EVEX.", 5) == 0;
}

static unsigned parse_operands(struct gen *g, struct row *row, const struct line *l)
{
    struct x86_row *out = &row->opcode->out;
    unsigned i = 1;
    char *format = pool_printf(&g->pool, "%s", "");
    for (; i < l->n && !starts_encoding(l->tokens[i]); i++) {
        char *text = pool_printf(&g->pool, "%s", l->tokens[i]);
        size_t length = strlen(text);
        bool more = text[length - 1] == ',';
        if (more)
            text[length - 1] = '\0';
        if (out->n_ops == X86_MAX_OPERANDS) {
            fault(g, row->at, "%s: more than %d operands", row->name, X86_MAX_OPERANDS);
            return l->n;
        }
        if (!find_operand_code(text, &out->op[out->n_ops])) {
            fault(g, row->at, "%s: '%s' is no operand code; cpu/x86/operands.def lists them",
                  row->name, text);
            return l->n;
        }
        format = pool_printf(&g->pool, "%s%s%s", format, out->n_ops == 0 ? "" : ", ", text);
        out->n_ops++;
        if (!more && i + 1 < l->n && !starts_encoding(l->tokens[i + 1])) {
            fault(g, row->at, "%s: '%s' is neither a comma nor an encoding", row->name,
                  l->tokens[i + 1]);
            return l->n;
        }
    }
    row->format = format;
    return i;
}

static bool accept_prefix(struct opcode *o, const char *word)
{
    static const struct {
        const char *word;
        unsigned values, flags;
    } prefixes[] = {
        { "NP", 1, 0 },
        { "66", 2, X86_ROW_NO_66 },
        { "F3", 4, X86_ROW_NO_REP },
        { "F2", 8, X86_ROW_NO_REP },
        { "NFx", 3, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strcmp(prefixes[i].word, word) == 0) {
            accept_only(o, DIMENSION(PP), prefixes[i].values);
            o->out.flags |= prefixes[i].flags;
            return true;
        }
    return false;
}

/* One word of VEX.128.66.0F38.W0 after the first. */
static bool accept_vex_word(struct opcode *o, const char *word, bool evex, unsigned *map)
{
    static const struct {
        const char *word;
        unsigned values;
        bool lig;
    } lengths[] = {
        { "128", 1, false }, { "256", 2, false }, { "512", 4, false }, { "L0", 1, false },
        { "LZ", 1, false },  { "L1", 2, false },  { "LIG", 7, true },
    };
    static const struct {
        const char *word;
        unsigned map;
    } maps[] = { { "0F", 1 }, { "0F38", 2 }, { "0F3A", 3 }, { "MAP5", 5 }, { "MAP6", 6 } };
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
        if (strcmp(lengths[i].word, word) == 0) {
            o->lengths |= lengths[i].lig && !evex ? 3 : lengths[i].values;
            accept_only(o, DIMENSION(L), o->lengths);
            o->out.flags |= lengths[i].lig ? X86_ROW_LIG : 0;
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        if (strcmp(maps[i].word, word) == 0) {
            *map = (evex ? X86_MAP_EVEX : X86_MAP_VEX) + maps[i].map;
            return true;
        }
    if (strcmp(word, "W0") == 0 || strcmp(word, "W1") == 0) {
        accept_only(o, DIMENSION(W), word[1] == '0' ? 1 : 2);
        return true;
    }
    return strcmp(word, "WIG") == 0 || accept_prefix(o, word);
}

static bool accept_vex(struct gen *g, struct row *row, const char *token)
{
    struct opcode *o = row->opcode;
    char *text = pool_printf(&g->pool, "%s", token), *save = NULL;
    bool evex = token[0] == 'E';
    unsigned map = 0;
    accept_only(o, DIMENSION(PP), 1);
    accept_only(o, DIMENSION(L), evex ? 7 : 3);
    strtok_r(text, ".", &save);
    for (char *word = strtok_r(NULL, ".", &save); word != NULL; word = strtok_r(NULL, ".", &save))
        if (!accept_vex_word(o, word, evex, &map)) {
            fault(g, row->at, "%s: '%s' of '%s' is not understood", row->name, word, token);
            return false;
        }
    if (map == 0)
        fault(g, row->at, "%s: '%s' names no opcode map", row->name, token);
    o->out.map = (uint8_t)map;
    return map != 0;
}

/* 50, 50+r, 80+cc */
static void parse_opcode(struct gen *g, struct row *row, const char *token)
{
    struct opcode *o = row->opcode;
    o->out.opcode = (uint8_t)strtoul(token, NULL, 16);
    o->span = 1;
    if (strcmp(token + 2, "+r") == 0) {
        o->span = 8;
        o->out.flags |= X86_ROW_PLUS_R;
    } else if (strcmp(token + 2, "+cc") == 0) {
        o->span = 16;
        o->out.flags |= X86_ROW_CC;
    } else if (token[2] != '\0') {
        fault(g, row->at, "%s: '%s': +r and +cc are known", row->name, token);
    }
    if (o->out.opcode % o->span != 0)
        fault(g, row->at, "%s: '%s' is not aligned to what it covers", row->name, token);
}

/* /r, /3, or a whole ModRM byte such as C8 or C0+i. */
static bool parse_modrm(struct gen *g, struct row *row, const char *token)
{
    struct opcode *o = row->opcode;
    if (strcmp(token, "/r") == 0) {
        o->has_modrm = true;
    } else if (token[0] == '/' && token[1] >= '0' && token[1] <= '7' && token[2] == '\0') {
        o->has_modrm = true;
        accept_only(o, DIMENSION(REG), 1u << (token[1] - '0'));
    } else if (is_hex_byte(token) && strtoul(token, NULL, 16) >= 0xc0) {
        unsigned byte = (unsigned)strtoul(token, NULL, 16);
        o->has_modrm = true;
        accept_only(o, DIMENSION(MOD), 2);
        accept_only(o, DIMENSION(REG), 1u << (byte >> 3 & 7));
        if (token[2] == '\0')
            accept_only(o, DIMENSION(RM), 1u << (byte & 7));
        else if (strcmp(token + 2, "+i") != 0 || byte % 8 != 0)
            fault(g, row->at, "%s: '%s' is no ModRM byte", row->name, token);
    } else {
        return false;
    }
    return true;
}

static unsigned parse_encoding(struct gen *g, struct row *row, const struct line *l, unsigned i)
{
    struct opcode *o = row->opcode;
    bool vex = false;
    if (i < l->n && strchr(l->tokens[i], '.') != NULL) {
        vex = true;
        if (!accept_vex(g, row, l->tokens[i++]))
            return l->n;
    } else if (i < l->n && i + 1 < l->n &&
               (is_hex_byte(l->tokens[i + 1]) || l->tokens[i][0] == 'N') &&
               accept_prefix(o, l->tokens[i])) {
        i++;
        if (i + 1 < l->n && strcmp(l->tokens[i - 1], "66") == 0 &&
            (strcmp(l->tokens[i], "F2") == 0 || strcmp(l->tokens[i], "F3") == 0))
            fault(g, row->at, "%s: of several prefixes only F2 or F3 counts", row->name);
    }
    static const struct {
        const char *first, *second;
        unsigned map;
    } escapes[] = { { "0F", "38", X86_MAP_0F38 },
                    { "0F", "3A", X86_MAP_0F3A },
                    { "0F", NULL, X86_MAP_0F } };
    for (size_t k = 0; k < ARRAY_LEN(escapes) && !vex; k++)
        if (i + 1 < l->n && strcmp(l->tokens[i], escapes[k].first) == 0 &&
            (escapes[k].second == NULL || strcmp(l->tokens[i + 1], escapes[k].second) == 0)) {
            o->out.map = (uint8_t)escapes[k].map;
            i += escapes[k].second == NULL ? 1 : 2;
            break;
        }
    if (i == l->n || !is_hex_byte(l->tokens[i])) {
        fault(g, row->at, "%s has no opcode byte", row->name);
        return l->n;
    }
    parse_opcode(g, row, l->tokens[i++]);
    if (i < l->n && parse_modrm(g, row, l->tokens[i]))
        i++;
    return i;
}

/* io=xr: what is done with each operand: r(ead), w(ritten), x (both). */
static void parse_access(struct gen *g, struct row *row, const char *text)
{
    struct x86_row *out = &row->opcode->out;
    if (text[strspn(text, "rwx-")] != '\0') {
        fault(g, row->at, "%s: io=%s wants r, w, x or - for each operand", row->name, text);
        return;
    }
    row->opcode->has_access = true;
    for (unsigned i = 0; i < out->n_ops; i++)
        out->op[i].access = text[0] == '\0' || i >= strlen(text) ? X86_READ
                            : text[i] == 'w'                     ? X86_WRITE
                            : text[i] == 'x'                     ? X86_READ_WRITE
                            : text[i] == 'r'                     ? X86_READ
                                                                 : 0;
}

static void parse_gprs(struct gen *g, struct row *row, char *text, uint16_t *mask)
{
    static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                         "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
    char *save = NULL;
    for (char *word = strtok_r(text, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
        size_t i = 0;
        while (i < ARRAY_LEN(names) && strcmp(names[i], word) != 0)
            i++;
        if (i == ARRAY_LEN(names))
            fault(g, row->at, "%s: '%s' is no general register", row->name, word);
        else
            *mask |= (uint16_t)(1u << i);
    }
}

static bool parse_flag(struct opcode *o, const char *word)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } flags[] = {
        { "lock", X86_ROW_LOCK },
        { "o64", X86_ROW_O64 },
        { "f64", X86_ROW_F64 },
        { "anymod", X86_ROW_ANY_MOD },
        { "mask", X86_ROW_MASK },
        { "zmask", X86_ROW_MASK | X86_ROW_ZMASK },
        { "kmust", X86_ROW_MASK | X86_ROW_KMUST },
        { "er", X86_ROW_ER | X86_ROW_SAE },
        { "sae", X86_ROW_SAE },
        { "distinct", X86_ROW_DISTINCT },
        { "novl", X86_ROW_NO_VL },
        { "repe", X86_ROW_REPE },
        { "cc=r", X86_ROW_READS_CC },
        { "cc=w", X86_ROW_WRITES_CC },
        { "cc=x", X86_ROW_READS_CC | X86_ROW_WRITES_CC },
    };
    static const struct {
        const char *word;
        unsigned first, n;
        unsigned values;
    } limits[] = {
        { "no64", DIMENSION(MODE), 3 },   { "only64", DIMENSION(MODE), 4 },
        { "norexb", DIMENSION(REXB), 1 }, { "mod=mem", DIMENSION(MOD), 1 },
        { "mod=reg", DIMENSION(MOD), 2 }, { "W0", DIMENSION(W), 1 },
        { "W1", DIMENSION(W), 2 },
    };
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (strcmp(flags[i].word, word) == 0) {
            o->out.flags |= flags[i].flag;
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (strcmp(limits[i].word, word) == 0) {
            accept_only(o, limits[i].first, limits[i].n, limits[i].values);
            return true;
        }
    return false;
}

static void parse_opcode_attribute(struct gen *g, struct row *row, const char *token)
{
    enum { NAMES, ANAMES, IF256, IO, READS, WRITES, BCST, N, COND, MEM, N_KEYS };
    static const char *const keys[N_KEYS] = { "names=",  "anames=", "if256=", "io=",   "reads=",
                                              "writes=", "bcst=",   "n=",     "cond=", "mem=" };
    struct opcode *o = row->opcode;
    if (parse_flag(o, token))
        return;
    size_t k = 0;
    while (k < N_KEYS && strncmp(token, keys[k], strlen(keys[k])) != 0)
        k++;
    char *value = k == N_KEYS ? NULL : pool_printf(&g->pool, "%s", token + strlen(keys[k]));
    int64_t number = 0;
    if (k >= BCST && k <= COND && (!parse_number(value, &number) || number < 0 || number > 64))
        fault(g, row->at, "%s: '%s' wants a number", row->name, token);
    switch (k) {
    case ANAMES:
        o->out.flags |= X86_ROW_ADDR_NAMES;
        /* fallthrough */
    case NAMES:
        o->names_text = value;
        return;
    case IF256:
        o->need_256 = value;
        return;
    case IO:
        parse_access(g, row, value);
        return;
    case READS:
        parse_gprs(g, row, value, &o->out.reads);
        return;
    case WRITES:
        parse_gprs(g, row, value, &o->out.writes);
        return;
    case BCST:
        o->out.broadcast = (uint8_t)number;
        return;
    case N:
        o->out.disp8 = (uint8_t)number;
        return;
    case COND:
        o->out.cond = (uint8_t)number;
        return;
    case MEM:
        o->no_implied_mem = true;
        if (strcmp(value, "none") != 0) {
            row->has_size = true;
            parse_attribute(g, row, token);
        }
        return;
    default:
        parse_attribute(g, row, token);
    }
}

/* What follows from the operands: bits of ModRM, the access to memory, flags. */
static void complete(struct gen *g, struct row *row)
{
    static const char *const mems[] = { NULL, "INSN_MEM_READ", "INSN_MEM_WRITE", "INSN_MEM_RMW" };
    struct opcode *o = row->opcode;
    for (unsigned i = 0; i < o->out.n_ops; i++) {
        struct x86_operand_code *code = &o->out.op[i];
        unsigned modrm = operand_modrm(code);
        if (!o->has_access)
            code->access = i == 0 ? X86_WRITE : X86_READ;
        if ((modrm & (X86_USES_REG | X86_USES_RM)) && !o->has_modrm)
            fault(g, row->at, "%s: operands want ModRM, but there is no /r", row->name);
        if ((modrm & X86_ONLY_REG) && !(o->out.flags & X86_ROW_ANY_MOD))
            accept_within(o, DIMENSION(MOD), 2);
        if (modrm & X86_ONLY_MEM)
            accept_within(o, DIMENSION(MOD), 1);
        if (modrm & X86_USES_VVVV)
            o->out.flags |= X86_ROW_VVVV;
        if (code->method == X86_METHOD_VMX || code->method == X86_METHOD_VMH)
            o->out.flags |= X86_ROW_VSIB;
        if (code->method == X86_METHOD_X || code->method == X86_METHOD_Y)
            o->out.flags |= X86_ROW_STRING;
        if (code->method == X86_METHOD_Z && !(o->out.flags & X86_ROW_PLUS_R))
            fault(g, row->at, "%s: a Z operand wants +r", row->name);
        if (!o->no_implied_mem && operand_is_memory(code) &&
            (o->out.accept >> X86_KEY_MOD & 1) != 0) {
            row->mem = mems[code->access];
            row->has_size = row->mem != NULL;
        }
    }
    if (o->has_modrm)
        o->out.flags |= X86_ROW_MODRM;
}

void parse_opcode_row(struct gen *g, const struct line *l)
{
    struct row *row = pool_alloc(&g->pool, sizeof *row);
    row->opcode = pool_alloc(&g->pool, sizeof *row->opcode);
    row->name = l->tokens[0];
    row->at = l->at;
    row->feature = "";
    row->symbol = symbol_of(g, row->name);
    row->opcode->out.accept = (1ull << X86_KEY_BITS) - 1;
    unsigned i = parse_operands(g, row, l);
    i = parse_encoding(g, row, l, i);
    for (unsigned k = 1; l->with != NULL && k < l->with->n; k++)
        parse_opcode_attribute(g, row, l->with->tokens[k]);
    for (; i < l->n; i++)
        parse_opcode_attribute(g, row, l->tokens[i]);
    complete(g, row);
    /* The first row of a name is the id; the others are forms of it. */
    row->expand = find_row(g, row->name);
    if (row->expand != NULL) {
        unsigned n = 2;
        for (size_t k = 0; k < g->rows.n; k++)
            n += ((struct row *)g->rows.at[k])->expand == row->expand;
        row->symbol = pool_printf(&g->pool, "%s__%u", row->symbol, n);
    }
    list_push(&g->pool, &g->rows, row);
}
