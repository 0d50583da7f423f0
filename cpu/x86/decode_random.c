/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random instructions of a row, for fuzzing: prefixes, opcode and ModRM as the row accepts them,
 * random bytes behind, and the decoder says whether that is one and where it ends.
 */
#include "cpu/x86/decode_impl.h"
#include <string.h>

struct maker {
    const struct x86_row *row;
    enum x86_code mode;
    bool memory;
    uint64_t (*next)(void *arg);
    void *arg;
    uint8_t *code;
    unsigned n;
};

static unsigned random_below(struct maker *m, unsigned n)
{
    return (unsigned)(m->next(m->arg) >> 32) % n;
}

static void add(struct maker *m, unsigned byte)
{
    m->code[m->n++] = (uint8_t)byte;
}

/* One of the values that the row accepts in a dimension. */
static unsigned choose(struct maker *m, unsigned first, unsigned n)
{
    unsigned value;
    do
        value = random_below(m, n);
    while ((m->row->accept >> (first + value) & 1) == 0);
    return value;
}

static bool accepts(const struct x86_row *row, unsigned first, unsigned value)
{
    return (row->accept >> (first + value) & 1) != 0;
}

/* A prefix that the row asks for, or one that it lets pass. */
static void add_legacy_prefixes(struct maker *m, bool reg)
{
    static const uint8_t mandatory[4] = { 0, 0x66, 0xf3, 0xf2 };
    static const uint8_t segments[6] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
    const struct x86_row *row = m->row;
    bool repeats = (row->flags & X86_ROW_STRING) != 0;
    if (m->memory && random_below(m, 8) == 0)
        add(m, segments[random_below(m, 6)]);
    if (m->memory && random_below(m, 8) == 0)
        add(m, 0x67);
    if (row->map >= X86_MAP_VEX)
        return;
    if ((row->flags & X86_ROW_LOCK) && !reg && random_below(m, 4) == 0)
        add(m, 0xf0);
    if (!accepts(row, X86_KEY_PP, 0))
        add(m, mandatory[choose(m, X86_KEY_PP, X86_KEY_PPS)]);
    else if (accepts(row, X86_KEY_PP, 1) && random_below(m, 4) == 0)
        add(m, 0x66);
    if (repeats && random_below(m, 2) == 0)
        add(m, random_below(m, 2) == 0 ? 0xf3 : 0xf2);
}

static void add_legacy_opcode(struct maker *m, unsigned opcode)
{
    if (m->mode == X86_CODE64 && (random_below(m, 2) == 0 || !accepts(m->row, X86_KEY_W, 0)))
        add(m, 0x40 | choose(m, X86_KEY_W, X86_KEY_WS) << 3 | random_below(m, 4) << 1 |
                   choose(m, X86_KEY_REXB, X86_KEY_REXBS));
    if (m->row->map != X86_MAP_1BYTE)
        add(m, 0x0f);
    if (m->row->map == X86_MAP_0F38 || m->row->map == X86_MAP_0F3A)
        add(m, m->row->map == X86_MAP_0F38 ? 0x38 : 0x3a);
    add(m, opcode);
}

static void add_vex_opcode(struct maker *m, unsigned opcode)
{
    const struct x86_row *row = m->row;
    bool evex = row->map >= X86_MAP_EVEX;
    unsigned rxb = m->mode == X86_CODE64 ? random_below(m, 8) : 7;
    unsigned vvvv = row->flags & X86_ROW_VVVV ? random_below(m, 16) : 15;
    unsigned w = choose(m, X86_KEY_W, X86_KEY_WS), pp = choose(m, X86_KEY_PP, X86_KEY_PPS);
    unsigned l = choose(m, X86_KEY_L, X86_KEY_LS);
    if (m->mode != X86_CODE64)
        vvvv |= 8; /* a mask's number has three bits, a vector's top bit does not matter */
    if (!evex) {
        add(m, 0xc4);
        add(m, rxb << 5 | (row->map - X86_MAP_VEX));
        add(m, w << 7 | vvvv << 3 | l << 2 | pp);
    } else {
        unsigned high = m->mode == X86_CODE64 ? random_below(m, 2) : 1;
        unsigned v2 = m->mode == X86_CODE64 && (row->flags & (X86_ROW_VVVV | X86_ROW_VSIB))
                          ? random_below(m, 2)
                          : 1;
        unsigned k = row->flags & X86_ROW_MASK ? random_below(m, 8) : 0;
        unsigned z = row->flags & X86_ROW_ZMASK && k != 0 ? random_below(m, 2) : 0;
        unsigned b = row->broadcast != 0 || (row->flags & X86_ROW_SAE) ? random_below(m, 2) : 0;
        add(m, 0x62);
        add(m, rxb << 5 | high << 4 | (row->map - X86_MAP_EVEX));
        add(m, w << 7 | vvvv << 3 | 4 | pp);
        add(m, z << 7 | l << 5 | b << 4 | v2 << 3 | k);
    }
    add(m, opcode);
}

static bool names_memory(const struct x86_row *row)
{
    for (unsigned i = 0; i < row->n_ops; i++)
        switch (row->op[i].method) {
        case X86_METHOD_O:
        case X86_METHOD_X:
        case X86_METHOD_Y:
        case X86_METHOD_FIXED_MEM:
            return true;
        default:
            break;
        }
    return false;
}

size_t x86_random_insn(uint16_t form, enum x86_code mode, bool memory, uint64_t (*next)(void *arg),
                       void *arg, uint8_t code[X86_MAX_LENGTH])
{
    const struct x86_row *row = &x86_rows[form];
    struct maker m = { row, mode, memory, next, arg, code, 0 };
    uint64_t features[X86_EXT_WORDS];
    struct x86_decoded d;
    bool modrm = (row->flags & X86_ROW_MODRM) != 0, can_reg = accepts(row, X86_KEY_MOD, 1);
    if (!accepts(row, X86_KEY_MODE, mode) ||
        (!memory && ((modrm && !can_reg) || names_memory(row))))
        return 0;
    memset(features, 0xff, sizeof features);
    for (unsigned tries = 0; tries < 200; tries++) {
        m.n = 0;
        unsigned mod = memory ? choose(&m, X86_KEY_MOD, X86_KEY_MODS) : 1;
        unsigned opcode = row->opcode + (row->flags & X86_ROW_PLUS_R ? random_below(&m, 8)
                                         : row->flags & X86_ROW_CC   ? random_below(&m, 16)
                                                                     : 0);
        add_legacy_prefixes(&m, mod == 1);
        if (row->map >= X86_MAP_VEX)
            add_vex_opcode(&m, opcode);
        else
            add_legacy_opcode(&m, opcode);
        if (modrm)
            add(&m, (mod == 1 ? 3 : random_below(&m, 3)) << 6 |
                        choose(&m, X86_KEY_REG, X86_KEY_REGS) << 3 |
                        (mod == 1 ? choose(&m, X86_KEY_RM, X86_KEY_RMS) : random_below(&m, 8)));
        while (m.n < X86_MAX_LENGTH)
            add(&m, random_below(&m, 256));
        if (x86_decode(code, X86_MAX_LENGTH, mode, true, features, &d) == X86_DECODED &&
            d.form == form)
            return d.length;
    }
    return 0;
}
