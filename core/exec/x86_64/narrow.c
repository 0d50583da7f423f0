/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

/*
 * Extensions from 32 bits that need no instruction. ISAs of 64 bits extend every result of 32; what reads it is often the
 * next operation of 32 bits, or logic whose upper half nobody looks at either, and an instruction of the host that
 * writes 32 bits of a register clears the others anyway. Such an extension is another name of what it extends.
 *
 * And rotations that ISAs without them, or compilers for those, put together from two shifts, mostly of 32 bits and
 * extended before they are joined.
 */

/* Does bit 32 or above of the value's arguments show in its low half? Operations of 64 bits; of 32 bits none does. */
static bool keeps_low(const struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_AND: case IR_OR: case IR_XOR: case IR_ANDN: case IR_ORN: case IR_XNOR:
        return true;
    case IR_DEPOSIT: return true;
    case IR_SHL: return g->u->insts[in->b].op == IR_CONST && (uint64_t)g->u->insts[in->b].imm < 32;
    default: return false;
    }
}

bool x86_is_mask(const struct x86_gen *g, const struct ir_inst *in)
{
    const struct ir_inst *mask = &g->u->insts[in->b];
    return in->op == IR_AND && mask->op == IR_CONST && (uint64_t)mask->imm <= UINT32_MAX;
}

static void look(struct x86_gen *g, uint16_t v)
{
    g->values[v].wide = true;
}

/* Is the upper half of i64 `in` copies of bit 31? */
static bool is_signed_word(const struct x86_gen *g, const struct ir_inst *in)
{
    const struct value *v = g->values;
    if (in->type != IR_I64)
        return false;
    switch (in->op) {
    case IR_CONST: return in->imm == (int32_t)in->imm;
    case IR_SEXT: return in->aux <= 32;
    case IR_ZEXT: return in->aux < 32;
    case IR_LOAD: return (in->aux2 & IR_MEM_SIZE) < (in->aux2 & IR_MEM_SIGNED ? 3 : 2);
    case IR_AND: case IR_OR: case IR_XOR: case IR_ANDN: case IR_ORN: case IR_XNOR:
        return v[in->a].is_signed && v[in->b].is_signed;
    case IR_SELECT: return v[in->b].is_signed && v[in->c].is_signed;
    default: return false;
    }
}

/* A PUT that waits wants the upper half only if it is done, and then can make it out of the lower. */
static bool can_extend_later(struct x86_gen *g, const struct ir_inst *put)
{
    const struct ir_inst *in = &g->u->insts[put->a];
    if (put->type != IR_I64 || in->op == IR_CONST)
        return false;
    return g->values[put->a].is_signed || (in->op == IR_ZEXT && in->aux == 32);
}

/* What instruction i looks at. Values of 32 bits have no more: to look at them wide says nothing. */
static void look_at_args(struct x86_gen *g, uint32_t i)
{
    const struct ir_inst *in = &g->u->insts[i];
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    if (in->op == IR_TRUNC || ((in->op == IR_SEXT || in->op == IR_ZEXT) && in->aux <= 32))
        return;
    if (in->op == IR_PUT && g->values[i].unseen)
        return;
    if (in->op == IR_PUT && (g->values[i].late == LATE_DEAD || (g->values[i].late == LATE_WAITS && can_extend_later(g, in)))) {
        g->values[in->a].waits = true;
        return;
    }
    if (in->op == IR_STORE && (in->aux2 & IR_MEM_SIZE) < 3) {
        look(g, in->a);
        return;
    }
    if (x86_is_mask(g, in))
        return;
    if (ir_op_info[in->op].result == 'T' && in->type == IR_I64 && keeps_low(g, in) && !g->values[i].wide)
        return;
    for (unsigned k = 0; k < ir_op_info[in->op].args; k++)
        look(g, args[k]);
}

void x86_find_wide(struct x86_gen *g)
{
    for (uint32_t i = g->first; i < g->end; i++) {
        g->values[i].wide = g->values[i].waits = false;
        g->values[i].is_signed = is_signed_word(g, &g->u->insts[i]);
    }
    for (uint32_t i = g->end; i-- > g->first;)
        look_at_args(g, i);
}

bool x86_is_narrow(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = &g->u->insts[v];
    bool has_form = in->op == IR_ADD || in->op == IR_SUB || in->op == IR_AND || in->op == IR_OR || in->op == IR_XOR ||
                    (in->op == IR_DEPOSIT && (in->imm & 0xff) + (in->imm >> 8 & 0xff) <= 32);
    return has_form && in->type == IR_I64 && !g->values[v].wide && g->values[v].rotate == 0;
}

bool x86_is_positive(const struct x86_gen *g, uint16_t v)
{
    return g->u->insts[v].op == IR_SHR && x86_is_clean(g, v);
}

bool x86_is_clean(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = &g->u->insts[v];
    if (in->type != IR_I32)
        return x86_is_narrow(g, v);
    switch (in->op) {
    case IR_ADD: case IR_SUB: case IR_AND: case IR_OR: case IR_XOR: case IR_ANDN: case IR_ORN: case IR_XNOR: case IR_MUL:
    case IR_CLZ: case IR_CTZ: case IR_POPCNT: case IR_BSWAP: case IR_SEXT: case IR_ZEXT: case IR_EXTRACT: case IR_SELECT:
    case IR_LOAD:
        return true;
    case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROL: case IR_ROR: /* by 0 nothing might be done */
        return g->u->insts[in->b].op == IR_CONST && (g->u->insts[in->b].imm & 31) != 0;
    default: return false;
    }
}

/* ---- what is read before it is extended ---- */

#define LOW_WINDOW 16 /* instructions between an extension and who reads what it extends: that has a register for so long */

/* The extension takes a cycle of the host in which the next result of 32 bits need not wait. */
static bool has_source(const struct x86_gen *g, uint32_t i, uint16_t v)
{
    v = g->values[v].rep;
    const struct ir_inst *in = &g->u->insts[v];
    if ((in->op != IR_SEXT && in->op != IR_ZEXT) || in->aux != 32 || in->type != IR_I64 || v < g->first || i - v > LOW_WINDOW)
        return false;
    unsigned op = g->u->insts[g->values[in->a].rep].op;
    return op != IR_CONST && op != IR_GET;
}

void x86_find_low(struct x86_gen *g, uint32_t i)
{
    const struct ir_inst *in = &g->u->insts[i];
    struct value *x = &g->values[i];
    if (in->type != IR_I64 || x->rotate || (!x86_is_narrow(g, (uint16_t)i) && !x86_is_mask(g, in)))
        return;
    x->low = (uint8_t)(has_source(g, i, in->a) | has_source(g, i, in->b) << 1);
}

uint16_t x86_arg(const struct x86_gen *g, uint32_t i, unsigned k)
{
    const struct ir_inst *in = &g->u->insts[i];
    uint16_t v = k ? in->b : in->a;
    return g->values[i].low >> k & 1 ? g->u->insts[g->values[v].rep].a : v;
}

/* ---- compares of bytes and words ---- */

/* Is v 8 or 16 bits that were extended, by an operation or by the load, to all that `cmp` compares? How many, else 0. */
static unsigned extended_bits(const struct x86_gen *g, const struct ir_inst *cmp, uint16_t v, bool is_signed)
{
    const struct ir_inst *in = &g->u->insts[v];
    unsigned bits = 0;
    if (is_signed && cmp->type == IR_I64 && in->type == IR_I32) /* it has zeros above its signs */
        return 0;
    if (in->op == (is_signed ? IR_SEXT : IR_ZEXT))
        bits = in->aux;
    else if (in->op == IR_LOAD && ((in->aux2 & IR_MEM_SIGNED) != 0) == is_signed)
        bits = 8u << (in->aux2 & IR_MEM_SIZE);
    return bits == 8 || bits == 16 ? bits : 0;
}

/* Numbers that were extended with their signs are ordered as they were, both ways; the others only as unsigned ones. */
unsigned x86_narrow_bits(const struct x86_gen *g, const struct ir_inst *in)
{
    bool orders_signed = in->aux == IR_LTS || in->aux == IR_GES || in->aux == IR_LES || in->aux == IR_GTS;
    uint16_t va = g->values[in->a].rep, vb = g->values[in->b].rep;
    const struct ir_inst *b = &g->u->insts[vb];
    for (unsigned is_signed = orders_signed; is_signed < 2; is_signed++) {
        unsigned bits = extended_bits(g, in, va, is_signed);
        if (bits == 0)
            continue;
        if (b->op != IR_CONST) {
            if (extended_bits(g, in, vb, is_signed) == bits)
                return bits;
            continue;
        }
        bool fits = is_signed ? (int64_t)sext((uint64_t)b->imm, bits) == (b->type == IR_I32 ? (int32_t)b->imm : b->imm)
                              : (uint64_t)b->imm >> bits == 0;
        if (fits && (bits == 8 || b->imm == 0)) /* a constant of 16 bits stalls the host's decoders */
            return bits;
    }
    return 0;
}

/* ---- rotations ---- */

/* The value behind an extension from 32 bits. */
static uint16_t inner(const struct x86_gen *g, uint16_t v)
{
    v = g->values[v].rep;
    const struct ir_inst *in = &g->u->insts[v];
    if ((in->op != IR_SEXT && in->op != IR_ZEXT) || in->aux != 32 || in->type != IR_I64)
        return v;
    uint16_t of = g->values[in->a].rep;
    return g->u->insts[of].type == IR_I32 ? of : v;
}

static bool is_shift(const struct x86_gen *g, uint16_t v, unsigned op, unsigned *n)
{
    const struct ir_inst *in = &g->u->insts[v];
    if (in->op != op || g->u->insts[in->b].op != IR_CONST)
        return false;
    *n = (unsigned)g->u->insts[in->b].imm & (in->type == IR_I64 ? 63 : 31);
    return *n != 0;
}

/* Of OR, XOR, ADD, joined without an extension, or the left shift's is that of the result. */
void x86_find_rotation(struct x86_gen *g, uint32_t i)
{
    const struct ir_inst *in = &g->u->insts[i], *insts = g->u->insts;
    for (unsigned k = 0; k < 2; k++) {
        uint16_t left = inner(g, k ? in->b : in->a), right = inner(g, k ? in->a : in->b);
        unsigned n, m;
        if (!is_shift(g, left, IR_SHL, &n) || !is_shift(g, right, IR_SHR, &m) || insts[left].type != insts[right].type ||
            n + m != (insts[left].type == IR_I64 ? 64 : 32) || (in->type == IR_I32 && insts[left].type == IR_I64))
            continue;
        if (g->values[insts[left].a].rep != g->values[insts[right].a].rep)
            continue;
        g->values[i].rotate = (uint8_t)m;
        g->values[i].turned = g->values[insts[left].a].rep;
        return;
    }
}

/* The left shift was extended with its sign: then so is what was turned. */
static bool is_signed(const struct x86_gen *g, const struct ir_inst *in)
{
    const uint16_t args[2] = { in->a, in->b };
    for (unsigned k = 0; k < 2; k++)
        if (g->u->insts[args[k]].op == IR_SEXT && g->u->insts[inner(g, args[k])].op == IR_SHL)
            return true;
    return false;
}

void x86_emit_rotation(struct x86_gen *g, const struct ir_inst *in)
{
    const struct value *v = &g->values[g->i];
    unsigned n;
    uint16_t left = inner(g, in->a);
    if (!is_shift(g, left, IR_SHL, &n))
        left = inner(g, in->b);
    bool w = g->u->insts[left].type == IR_I64, extend = !w && in->type == IR_I64 && v->wide && is_signed(g, in);
    struct opnd o = x86_opnd(g, v->turned);
    unsigned dst = x86_def(g), r = extend ? RAX : dst;
    uint32_t wide = w ? OP_W : 0;
    if (has(g, HOST_BMI2) && o.kind != O_IMM) {
        uint32_t rorx = 0xf0 | OP_0F3A | OP_F2 | wide;
        if (o.kind == O_REG)
            asm_vex_rr(g->a, rorx, r, 0, o.reg);
        else
            asm_vex_rm(g->a, rorx, r, 0, opnd_mem(o));
        asm_8(g->a, v->rotate);
    } else {
        gen_load(g, r, o, w);
        asm_shift_ri(g->a, SH_ROR, w, r, v->rotate);
    }
    if (extend)
        asm_rr(g->a, 0x63 | OP_W, dst, r); /* movsxd */
    x86_done(g, dst);
}
