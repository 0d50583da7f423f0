/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/eval.h"
#include "core/ir/ir_impl.h"
#include <string.h>

#define DISPLACEMENT 2048 /* most that sums are made of */

/*
 * Forward over each block, or chain of blocks. Every instruction is rewritten in place to something
 * cheaper of the same value, or its value is replaced by an earlier one (`map`).
 * What becomes unused is left to `dead`.
 *
 * Of each value two widths are known: bits from `zero` up are 0; bits from
 * `sign` - 1 up are equal. Extensions within them do nothing.
 */
struct known {
    uint8_t zero, sign;
};

struct fold {
    struct ir_unit *u;
    struct ir_inst *insts;
    uint16_t *map;
    struct known *known;
    uint32_t i;                  /* the instruction looked at */
    uint16_t slot[IR_MAX_SLOTS]; /* value a slot holds at this point; 0 = not known */
};

static bool is_const(const struct fold *f, unsigned v)
{
    return f->insts[v].op == IR_CONST && v != IR_NONE;
}

static bool is_const_value(const struct fold *f, unsigned v, uint64_t value)
{
    return is_const(f, v) && (uint64_t)f->insts[v].imm == value;
}

static void become_const(struct ir_inst *in, enum ir_type type, uint64_t v)
{
    *in = (struct ir_inst){ .op = IR_CONST, .type = (uint8_t)type, .imm = (int64_t)v };
}

static void become(struct fold *f, unsigned v)
{
    f->map[f->i] = (uint16_t)v;
}

static uint64_t all_ones(const struct ir_inst *in)
{
    return ir_type_bits((enum ir_type)in->type) == 32 ? UINT32_MAX : UINT64_MAX;
}

/* All arguments constant: compute. */
static bool fold_const(struct fold *f, struct ir_inst *in)
{
    unsigned args = ir_op_info[in->op].args;
    if (!ir_can_eval((enum ir_op)in->op) || !is_const(f, in->a) ||
        (args > 1 && !is_const(f, in->b)) || (args > 2 && !is_const(f, in->c)))
        return false;
    const struct ir_inst *v = f->insts;
    uint64_t r = ir_eval((enum ir_op)in->op, (enum ir_type)in->type, in->aux, in->imm,
                         (uint64_t)v[in->a].imm, args > 1 ? (uint64_t)v[in->b].imm : 0,
                         args > 2 ? (uint64_t)v[in->c].imm : 0);
    become_const(in, ir_result_type(in), r);
    return true;
}

/* Constants to the right, so that one side needs looking at. */
static void swap_const(const struct fold *f, struct ir_inst *in)
{
    static const uint8_t mirrored[] = { IR_EQ,  IR_NE,  IR_GTS, IR_LES, IR_GES,
                                        IR_LTS, IR_GTU, IR_LEU, IR_GEU, IR_LTU };
    switch (in->op) {
    case IR_ADD:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_XNOR:
    case IR_MUL:
    case IR_MULHS:
    case IR_MULHU:
    case IR_CLMUL:
    case IR_CLMULH:
    case IR_SETCC:
        break;
    default:
        return;
    }
    if (!is_const(f, in->a) || is_const(f, in->b))
        return;
    uint16_t a = in->a;
    in->a = in->b;
    in->b = a;
    if (in->op == IR_SETCC)
        in->aux = mirrored[in->aux];
}

/* Both arguments are the same value. */
static void fold_same(struct fold *f, struct ir_inst *in)
{
    enum ir_type t = (enum ir_type)in->type;
    switch (in->op) {
    case IR_AND:
    case IR_OR:
        become(f, in->a);
        break;
    case IR_SUB:
    case IR_XOR:
    case IR_ANDN:
        become_const(in, t, 0);
        break;
    case IR_ORN:
    case IR_XNOR:
        become_const(in, t, all_ones(in));
        break;
    case IR_SETCC:
        become_const(in, IR_I64, ir_eval_cc((enum ir_cc)in->aux, 64, 0, 0));
        break;
    default:
        break;
    }
}

static const uint8_t inverted[] = { IR_NE,  IR_EQ,  IR_GES, IR_LTS, IR_GTS,
                                    IR_LES, IR_GEU, IR_LTU, IR_GTU, IR_LEU };

/* Whether a condition does not hold, in one comparison; `zero` = a constant 0 or IR_NONE. */
static bool become_inverted(const struct fold *f, struct ir_inst *in, unsigned condition, unsigned zero)
{
    const struct ir_inst *x = &f->insts[condition];
    if (x->op == IR_SETCC) {
        *in = *x;
        in->aux = inverted[x->aux];
    } else if (zero != IR_NONE) {
        *in = (struct ir_inst){ .op = IR_SETCC, .type = IR_I64, .aux = IR_EQ, .a = (uint16_t)condition,
                                .b = (uint16_t)zero };
    } else {
        return false;
    }
    return true;
}

static void fold_extension(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    struct known k = f->known[in->a];
    bool same_type = ir_result_type(x) == in->type;
    if (same_type && (in->op == IR_ZEXT ? k.zero <= in->aux : k.sign <= in->aux)) {
        become(f, in->a);
        return;
    }
    /* What an inner extension did above the bits looked at is lost anyway. */
    if ((x->op == IR_SEXT || x->op == IR_ZEXT) && x->aux >= in->aux)
        in->a = x->a;
    else if (x->op == IR_TRUNC)
        in->a = x->a;
}

/* A field cut out by two shifts: RISC-V has no other way to extend a word (SLLI, SRLI) but with Zba or Zbb. */
static void fold_shifts(struct fold *f, struct ir_inst *in, uint64_t k)
{
    const struct ir_inst *left = &f->insts[in->a];
    unsigned bits = ir_type_bits((enum ir_type)in->type), right = (unsigned)k & (bits - 1);
    if (left->type != in->type || !is_const(f, left->b))
        return;
    unsigned up = (unsigned)f->insts[left->b].imm & (bits - 1), n = bits - right;
    bool extends = up == right && (n == 8 || n == 16 || n == 32);
    if (extends && (in->op == IR_SHR || in->op == IR_SAR)) {
        *in = (struct ir_inst){ .op = in->op == IR_SHR ? IR_ZEXT : IR_SEXT, .type = in->type, .aux = (uint8_t)n,
                                .a = left->a };
        fold_extension(f, in);
    } else if (in->op == IR_SHR && right >= up) {
        *in = (struct ir_inst){ .op = IR_EXTRACT, .type = in->type, .a = left->a,
                                .imm = (int64_t)((right - up) | n << 8) };
    }
}

/* The right argument is the constant `k`. */
static void fold_right(struct fold *f, struct ir_inst *in, uint64_t k)
{
    uint64_t ones = all_ones(in);
    const struct ir_inst *left = &f->insts[in->a];
    switch (in->op) {
    case IR_ADD:
        if (k == 0)
            become(f, in->a);
        else if (left->op == IR_PC)
            *in = (struct ir_inst){ .op = IR_PC,
                                    .type = IR_I64,
                                    .imm = (int64_t)((uint64_t)left->imm + k) };
        break;
    case IR_SUB:
    case IR_XOR:
    case IR_ANDN:
        if (in->op == IR_XOR && k == 1 && left->op == IR_SETCC && in->type == IR_I64)
            (void)become_inverted(f, in, in->a, IR_NONE);
        else if (k == 0)
            become(f, in->a);
        else if (in->op == IR_ANDN && k == ones)
            become_const(in, (enum ir_type)in->type, 0);
        break;
    case IR_OR:
        if (k == 0)
            become(f, in->a);
        else if (k == ones)
            become_const(in, (enum ir_type)in->type, ones);
        break;
    case IR_ORN:
    case IR_XNOR:
        if (k == ones)
            become(f, in->a);
        break;
    case IR_AND:
        if (k == 0)
            become_const(in, (enum ir_type)in->type, 0);
        else if (((zext(ones, f->known[in->a].zero)) & ~k) == 0)
            become(f, in->a);
        break;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROL:
    case IR_ROR:
        if ((k & (ir_type_bits((enum ir_type)in->type) - 1)) == 0)
            become(f, in->a);
        else if (left->op == IR_SHL && in->op != IR_SHL)
            fold_shifts(f, in, k);
        break;
    case IR_MUL:
    case IR_MULHU:
    case IR_CLMUL:
    case IR_CLMULH:
        if (k == 0)
            become_const(in, (enum ir_type)in->type, 0);
        else if (k == 1 && (in->op == IR_MUL || in->op == IR_CLMUL))
            become(f, in->a);
        break;
    case IR_DIVU:
    case IR_DIVS:
        if (k == 1)
            become(f, in->a);
        break;
    default:
        break;
    }
}

/* SETCC against 0 of something that is 0 or 1 already; unsigned against 0. */
static void fold_setcc_zero(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *left = &f->insts[in->a];
    if (in->aux == IR_GEU)
        become_const(in, IR_I64, 1);
    else if (in->aux == IR_LTU)
        become_const(in, IR_I64, 0);
    else if (in->type == IR_I64 && (in->aux == IR_NE || in->aux == IR_GTU) &&
             f->known[in->a].zero <= 1)
        become(f, in->a);
    else if (in->type == IR_I64 && (in->aux == IR_EQ || in->aux == IR_LEU) &&
             left->op == IR_SETCC) {
        *in = *left;
        in->aux = inverted[left->aux];
    }
}

/* A lane is what was put there: FP registers are lanes of vectors, and so one scalar result feeds the next. */
static void fold_lane(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    while (x->op == IR_VINS && x->aux == in->aux && x->imm != in->imm) {
        in->a = x->a;
        x = &f->insts[in->a];
    }
    if (x->aux != in->aux || ir_type_bits((enum ir_type)in->type) != 8u << in->aux)
        return;
    unsigned v = x->op == IR_VINS ? x->b : x->op == IR_VSCALAR && in->imm == 0 ? x->a : IR_NONE;
    if (v != IR_NONE && ir_result_type(&f->insts[v]) == in->type)
        become(f, v);
}

static void fold_unary(struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    switch (in->op) {
    case IR_SEXT:
    case IR_ZEXT:
        fold_extension(f, in);
        break;
    case IR_TRUNC:
        if ((x->op == IR_SEXT || x->op == IR_ZEXT) && x->aux == 32) {
            if (ir_result_type(&f->insts[x->a]) == IR_I32)
                become(f, x->a);
            else
                in->a = x->a;
        }
        break;
    case IR_EXTRACT: {
        unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff;
        if (low == 0 && f->known[in->a].zero <= n)
            become(f, in->a);
        break;
    }
    case IR_BITCAST:
        if (x->op == IR_BITCAST)
            become(f, x->a);
        break;
    case IR_FUNBOX:
        if (x->op == IR_FBOX)
            become(f, x->a);
        break;
    case IR_FNEG:
        if (x->op == IR_FNEG)
            become(f, x->a);
        break;
    case IR_FABS:
        if (x->op == IR_FNEG || x->op == IR_FABS)
            in->a = x->a;
        break;
    default:
        break;
    }
}

static void fold_select(struct fold *f, struct ir_inst *in)
{
    bool consts = is_const(f, in->b) && is_const(f, in->c);
    if (is_const(f, in->a))
        become(f, f->insts[in->a].imm ? in->b : in->c);
    else if (in->b == in->c || (consts && f->insts[in->b].imm == f->insts[in->c].imm))
        become(f, in->b);
    else if (in->type != IR_I64 || !consts)
        return;
    else if (is_const_value(f, in->b, 0) && is_const_value(f, in->c, 1))
        (void)become_inverted(f, in, in->a, in->b);
    else if (!is_const_value(f, in->b, 1) || !is_const_value(f, in->c, 0))
        return;
    else if (f->known[in->a].zero <= 1)
        become(f, in->a);
    else
        *in = (struct ir_inst){ .op = IR_SETCC, .type = IR_I64, .aux = IR_NE, .a = in->a, .b = in->c };
}

/*
 * One of two values, the other of which is 0, put together: conditional moves of ISAs that build them so (LoongArch's
 * MASKEQZ and MASKNEZ, RISC-V's Zicond).
 */
static bool fold_halves(const struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a], *y = &f->insts[in->b];
    if ((in->op != IR_OR && in->op != IR_ADD && in->op != IR_XOR) || x->op != IR_SELECT || y->op != IR_SELECT ||
        x->a != y->a)
        return false;
    bool first = is_const_value(f, x->c, 0) && is_const_value(f, y->b, 0);
    if (!first && !(is_const_value(f, x->b, 0) && is_const_value(f, y->c, 0)))
        return false;
    *in = (struct ir_inst){ .op = IR_SELECT, .type = in->type, .a = x->a, .b = first ? x->b : y->b,
                            .c = first ? y->c : x->c };
    return true;
}

/* A condition "x != 0" of an i64 is x itself; for BRANCH and SELECT. */
static void fold_condition(const struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    if (x->op == IR_SETCC && x->type == IR_I64 && x->aux == IR_NE && is_const_value(f, x->b, 0))
        in->a = x->a;
}

/* Sums with constants, seen through while the displacement is small: pushes of one function have one base then. */
static void fold_address(const struct fold *f, struct ir_inst *in)
{
    const struct ir_inst *x = &f->insts[in->a];
    for (bool first = true; (x->op == IR_ADD || x->op == IR_SUB) && is_const(f, x->b); first = false) {
        uint64_t k = (uint64_t)f->insts[x->b].imm;
        int64_t imm = (int64_t)((uint64_t)in->imm + (x->op == IR_ADD ? k : 0 - k));
        if (imm != (int32_t)imm || (!first && (imm < -DISPLACEMENT || imm > DISPLACEMENT)))
            return;
        in->imm = imm;
        in->a = x->a;
        x = &f->insts[in->a];
    }
}

static void fold_slots(struct fold *f, struct ir_inst *in)
{
    switch (in->op) {
    case IR_GET:
        if (f->u->guest->slots[in->imm].zero)
            become_const(in, (enum ir_type)in->type, 0);
        else if (f->slot[in->imm])
            become(f, f->slot[in->imm]);
        else
            f->slot[in->imm] = (uint16_t)f->i;
        break;
    case IR_PUT:
        if (f->slot[in->imm] == in->a) /* it holds that already */
            become_const(in, IR_I64, 0);
        else
            f->slot[in->imm] = in->a;
        break;
    default: /* CALL */
        if (f->u->guest->helpers[in->imm].flags & (IR_CALL_WRITES | IR_CALL_MODE))
            memset(f->slot, 0, f->u->guest->n_slots * sizeof(f->slot[0]));
        else if (!(f->u->guest->helpers[in->imm].flags & IR_CALL_PURE) && f->u->guest->n_shared)
            memset(&f->slot[f->u->guest->shared], 0, f->u->guest->n_shared * sizeof(f->slot[0]));
        break;
    }
}

static void fold_vector(struct fold *f, struct ir_inst *in)
{
    unsigned v = in->op == IR_CALLV  ? ir_fold_native(f->u, in)
                 : in->op == IR_VAND ? ir_fold_mask(f->u, in)
                                     : ir_fold_shuffle(f->u, in);
    if (v != IR_NONE)
        become(f, v);
}

static void fold_inst(struct fold *f, struct ir_inst *in)
{
    switch (in->op) {
    case IR_GET:
    case IR_PUT:
    case IR_CALL:
        fold_slots(f, in);
        return;
    case IR_LOAD:
    case IR_STORE:
        fold_address(f, in);
        return;
    case IR_BRANCH:
        fold_condition(f, in);
        return;
    case IR_VLANE:
        fold_lane(f, in);
        return;
    case IR_CALLV:
    case IR_VSHUF:
    case IR_VDUP:
    case IR_VAND:
        fold_vector(f, in);
        return;
    default:
        break;
    }
    if (!ir_can_eval((enum ir_op)in->op) || fold_const(f, in))
        return;
    swap_const(f, in);
    if (fold_halves(f, in) || in->op == IR_SELECT) {
        fold_condition(f, in);
        fold_select(f, in);
    } else if (in->op == IR_FSGNJ) {
        if (in->a == in->b) {
            if (in->imm == 0)
                become(f, in->a);
            else
                *in = (struct ir_inst){ .op = in->imm == 1 ? IR_FNEG : IR_FABS,
                                        .type = in->type,
                                        .a = in->a };
        }
    } else if (ir_op_info[in->op].args == 1) {
        fold_unary(f, in);
    } else if (in->op != IR_DEPOSIT && in->a == in->b) {
        fold_same(f, in);
    } else if (in->op != IR_DEPOSIT && is_const(f, in->b)) {
        uint64_t k = (uint64_t)f->insts[in->b].imm;
        if (in->op == IR_SETCC && k == 0)
            fold_setcc_zero(f, in);
        else
            fold_right(f, in, k);
    }
}

static struct known known_const(uint64_t v, unsigned bits)
{
    uint64_t s = sext(v, bits);
    unsigned sign = 65 - clz64((int64_t)s < 0 ? ~s : s);
    return (struct known){ .zero = (uint8_t)(64 - clz64(v)), .sign = (uint8_t)MIN(sign, bits) };
}

/* zero-extended from `n` bits */
static struct known known_zero(unsigned n, unsigned bits)
{
    n = MIN(n, bits);
    return (struct known){ .zero = (uint8_t)n, .sign = (uint8_t)MIN(n + 1, bits) };
}

static struct known known_sign(unsigned n, unsigned bits)
{
    return (struct known){ .zero = (uint8_t)bits, .sign = (uint8_t)n };
}

static struct known known_bits(const struct fold *f, const struct ir_inst *in)
{
    const struct known *k = f->known;
    enum ir_type t = ir_result_type(in);
    unsigned bits = ir_type_bits(t);
    switch (in->op) {
    case IR_CONST:
        return ir_is_int(t) ? known_const((uint64_t)in->imm, bits) : known_zero(64, bits);
    case IR_ZEXT:
        return known_zero(MIN(in->aux, k[in->a].zero), bits);
    case IR_SEXT:
        if (k[in->a].zero < in->aux)
            return known_zero(k[in->a].zero, bits);
        return known_sign(MIN(in->aux, k[in->a].sign), bits);
    case IR_EXTRACT:
        return known_zero(in->imm >> 8 & 0xff, bits);
    case IR_AND: {
        struct known r = known_zero(MIN(k[in->a].zero, k[in->b].zero), bits);
        r.sign = MIN(r.sign, MAX(k[in->a].sign, k[in->b].sign));
        return r;
    }
    case IR_OR:
    case IR_XOR: {
        struct known r = { .zero = MAX(k[in->a].zero, k[in->b].zero),
                           .sign = MAX(k[in->a].sign, k[in->b].sign) };
        return r;
    }
    case IR_FCMP:
        return known_zero((in->aux & 7) == IR_FIMAGE ? 7 : 1, bits);
    case IR_SETCC:
    case IR_STOREC:
        return known_zero(1, bits);
    case IR_CLZ:
    case IR_CTZ:
    case IR_POPCNT:
        return known_zero(7, bits);
    case IR_SHR:
    case IR_SAR:
        if (is_const(f, in->b)) {
            unsigned n = (unsigned)f->insts[in->b].imm & (bits - 1);
            if (in->op == IR_SAR)
                return known_sign(MAX(k[in->a].sign, n + 1) - n, bits);
            return n ? known_zero(MAX(k[in->a].zero, n) - n, bits) : k[in->a];
        }
        return known_zero(bits, bits);
    case IR_SELECT: {
        struct known r = { .zero = MAX(k[in->b].zero, k[in->c].zero),
                           .sign = MAX(k[in->b].sign, k[in->c].sign) };
        return r;
    }
    case IR_LOAD:
    case IR_LOADR:
    case IR_AMO:
    case IR_CAS: {
        unsigned n = 8u << (in->aux2 & IR_MEM_SIZE);
        return in->aux2 & IR_MEM_SIGNED ? known_sign(n, bits) : known_zero(n, bits);
    }
    default:
        return known_zero(bits, bits);
    }
}

static void fold_block(struct fold *f, const struct ir_block *b)
{
    if (!b->follows)
        memset(f->slot, 0, f->u->guest->n_slots * sizeof(f->slot[0]));
    for (f->i = b->first; f->i < b->end; f->i++) {
        struct ir_inst *in = &f->insts[f->i];
        in->a = f->map[in->a];
        in->b = f->map[in->b];
        in->c = f->map[in->c];
        if (in->op == IR_CALL)
            in->imm2 = f->map[(uint16_t)in->imm2];
        f->map[f->i] = (uint16_t)f->i;
        fold_inst(f, in);
        if (f->map[f->i] == f->i)
            f->known[f->i] = known_bits(f, in);
    }
}

void ir_fold(struct ir_unit *u)
{
    struct fold f; /* its slots are cleared by each block */
    f.u = u;
    f.insts = u->insts;
    f.map = ARENA_TAKE(u->arena, uint16_t, u->n_insts);
    f.known = ARENA_TAKE(u->arena, struct known, u->n_insts);
    if (u->full || !f.map || !f.known)
        return;
    f.map[IR_NONE] = IR_NONE;
    f.known[IR_NONE] = (struct known){ 0 };
    for (uint32_t n = 0; n < u->n_blocks; n++)
        fold_block(&f, &u->blocks[n]);
}
