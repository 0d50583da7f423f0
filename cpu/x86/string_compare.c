/* SPDX-License-Identifier: Apache-2.0 */
/* PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: SDM volume 2, 4.1. */
#include "core/exec/vec.h"
#include "core/util/bits.h"
#include "cpu/x86/simd.h"

enum {
    WORDS = 1,
    SIGNED = 2,
    ANY = 0,
    RANGES = 1,
    EACH = 2,
    ORDERED = 3,
    HIGHEST = 1 << 6,
    EXPAND = 1 << 6
};
enum { EXPLICIT = 1 << 8 }; /* beside the immediate */

struct strings {
    unsigned count, length[2]; /* elements; how many are valid */
    int32_t e[2][16];
};

static unsigned implicit_length(const struct strings *s, unsigned which)
{
    unsigned n = 0;
    while (n < s->count && s->e[which][n] != 0)
        n++;
    return n;
}

static unsigned explicit_length(const struct strings *s, uint64_t v)
{
    uint64_t magnitude = v >> 63 ? 0 - v : v;
    return (unsigned)MIN(magnitude, (uint64_t)s->count);
}

static void unpack(struct strings *s, const union ir_vec *a, const union ir_vec *b,
                   const union ir_vec *lengths, uint64_t imm)
{
    unsigned lane = imm & WORDS ? SIMD_W : SIMD_B;
    s->count = 16u >> lane;
    for (unsigned i = 0; i < s->count; i++) {
        uint64_t x = vec_lane(a, lane, i), y = vec_lane(b, lane, i);
        s->e[0][i] = (int32_t)(imm & SIGNED ? sext(x, 8u << lane) : x);
        s->e[1][i] = (int32_t)(imm & SIGNED ? sext(y, 8u << lane) : y);
    }
    for (unsigned i = 0; i < 2; i++)
        s->length[i] = imm & EXPLICIT ? explicit_length(s, lengths->d[i]) : implicit_length(s, i);
}

/* One bit of the result: element j of the second string. What lies behind the ends follows 4.1.6's
 * table. */
static bool matches(const struct strings *s, unsigned how, unsigned j)
{
    unsigned la = s->length[0], lb = s->length[1];
    switch (how) {
    case ANY:
        for (unsigned i = 0; i < la && j < lb; i++)
            if (s->e[0][i] == s->e[1][j])
                return true;
        return false;
    case RANGES:
        for (unsigned i = 0; i + 1 < la && j < lb; i += 2)
            if (s->e[0][i] <= s->e[1][j] && s->e[1][j] <= s->e[0][i + 1])
                return true;
        return false;
    case EACH:
        return j < la && j < lb ? s->e[0][j] == s->e[1][j] : j >= la && j >= lb;
    default:
        for (unsigned i = 0; i < la && i + j < s->count; i++)
            if (i + j >= lb || s->e[0][i] != s->e[1][i + j])
                return false;
        return true;
    }
}

/* Low half: the result's bits; high half: flags. c: both lengths. */
void x86_vec_compare_strings(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                             const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    struct strings s;
    uint32_t r = 0;
    (void)cpu;
    unpack(&s, a, b, c, imm);
    for (unsigned j = 0; j < s.count; j++)
        r |= (uint32_t)matches(&s, imm >> 2 & 3, j) << j;
    if ((imm >> 4 & 3) == 1)
        r ^= (1u << s.count) - 1;
    else if ((imm >> 4 & 3) == 3)
        r ^= (1u << s.length[1]) - 1;
    uint64_t flags = (r != 0 ? X86_CF : 0u) | (s.length[1] < s.count ? X86_ZF : 0u) |
                     (s.length[0] < s.count ? X86_SF : 0u) | (r & 1 ? X86_OF : 0u);
    *dst = (union ir_vec){ .d = { r, flags } };
}

static ir_val_t lengths(struct x86_tr *t)
{
    struct ir_unit *u = t->u;
    ir_val_t a = ir_get(u, X86_SLOT_GPR + 0), d = ir_get(u, X86_SLOT_GPR + 2);
    if (!t->d.w) {
        a = ir_sext(u, IR_I64, a, 32);
        d = ir_sext(u, IR_I64, d, 32);
    }
    return ir_vins(u, SIMD_Q, ir_vop1(u, IR_VSCALAR, SIMD_Q, a), 1, d);
}

static ir_val_t index_of(struct x86_tr *t, ir_val_t bits)
{
    struct ir_unit *u = t->u;
    unsigned count = t->d.imm & WORDS ? 8 : 16;
    if (!(t->d.imm & HIGHEST)) /* none: the count */
        return ir_ctz(u, IR_I64, ir_op2i(u, IR_OR, IR_I64, bits, BIT(count)));
    ir_val_t highest = ir_op2(u, IR_SUB, IR_I64, x86_const(t, 63), ir_clz(u, IR_I64, bits));
    return ir_select(u, IR_I64, bits, highest, x86_const(t, count));
}

enum { INDEX = 1 << 16 };
static void compare(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    uint64_t imm = (t->d.imm & 0xff) | (arg & EXPLICIT);
    t->align = X86_ALIGN_NEVER;
    ir_val_t b = x86_get_vec(t, 1, 0);
    t->align = X86_ALIGN_USUAL;
    ir_val_t r = ir_callv(u, X86_VEC_compare_strings, x86_get_vec(t, 0, 0), b,
                          arg & EXPLICIT ? lengths(t) : (ir_val_t)IR_NONE, imm);
    ir_val_t bits = ir_vlane(u, IR_I64, SIMD_Q, r, 0);
    if (arg & INDEX) {
        x86_put_reg(t, 1, 4, index_of(t, bits));
    } else {
        t->d.op[0].reg = 0; /* XMM0 */
        ir_val_t v = ir_vop1(u, IR_VSCALAR, SIMD_Q, bits);
        if (imm & EXPAND)
            v = simd_expand(t, bits, 0, imm & WORDS ? SIMD_W : SIMD_B);
        simd_put(t, &v, 1, SIMD_B);
    }
    x86_set_flags_image(t, ir_vlane(u, IR_I64, SIMD_Q, r, 1));
}

const struct x86_semantics x86_string_compare_rows[] = {
    SIMD_2(PCMPESTRI, compare, EXPLICIT | INDEX), SIMD_2(PCMPESTRM, compare, EXPLICIT),
    SIMD_2(PCMPISTRI, compare, INDEX), SIMD_2(PCMPISTRM, compare, 0), X86_ROWS_END
};
