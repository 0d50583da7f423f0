/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags in translated code. An operation that sets flags records its result and operand in slots;
 * a condition compares them directly when this block knows which operation it was, so that
 * CMP and Jcc become the host's compare and branch. Else a short pure function tells.
 */
#include "cpu/x86/translate_impl.h"

static bool uses_a(unsigned cc)
{
    return cc != X86_CC_FLAGS && cc != X86_CC_LOGIC && cc != X86_CC_POPCNT;
}

static bool uses_x(unsigned cc)
{
    return cc == X86_CC_ADC || cc == X86_CC_SBB;
}

/* Does the slot of the result hold the first operand? */
static bool shows_left(unsigned cc)
{
    return cc == X86_CC_CMP || cc == X86_CC_TEST || cc == X86_CC_PRODUCT;
}

/*
 * An operand as its slot takes it: what is above its size does not count there, so that a register's value
 * need not be cut for the flags alone.
 */
static ir_val_t uncut(const struct x86_tr *t, ir_val_t v, unsigned bytes)
{
    const struct ir_inst *in = &t->u->insts[v];
    bool cut = in->op == IR_ZEXT && in->aux == bytes * 8 && t->u->insts[in->a].op == IR_GET;
    return cut ? in->a : v;
}

static void put_cc(struct x86_tr *t, unsigned slot, ir_val_t v)
{
    if (t->may_wait) {
        t->waits[slot - X86_SLOT_CC] = v;
        t->waiting |= (uint8_t)(1u << (slot - X86_SLOT_CC));
    } else {
        x86_put_slot(t, slot, v);
    }
}

void x86_flush_cc(struct x86_tr *t)
{
    if (LIKELY(t->waiting == 0))
        return;
    if (t->waiting & 1) /* the constant is made here only */
        x86_put_slot(t, X86_SLOT_CC, x86_const(t, (unsigned)t->cc));
    for (unsigned i = 1; i < ARRAY_LEN(t->waits); i++)
        if (t->waiting >> i & 1)
            x86_put_slot(t, X86_SLOT_CC + i, t->waits[i]);
    t->waiting = 0;
}

void x86_set_cc(struct x86_tr *t, enum x86_cc cc, unsigned bytes, ir_val_t r, ir_val_t a,
                ir_val_t x, ir_val_t left)
{
    t->cc = (int)(cc + (cc == X86_CC_FLAGS ? 0 : x86_log2(bytes)));
    t->cc_r = r;
    t->cc_a = uses_a(cc) ? a : IR_NONE;
    t->cc_x = uses_x(cc) ? x : IR_NONE;
    t->cc_left = left;
    t->cc_word = IR_NONE;
    t->cc_of_before = false;
    put_cc(t, X86_SLOT_CC, t->may_wait ? IR_NONE : x86_const(t, (uint64_t)t->cc));
    put_cc(t, X86_SLOT_CC_R, shows_left(cc) ? uncut(t, left, bytes) : r);
    if (uses_a(cc))
        put_cc(t, X86_SLOT_CC_A, uncut(t, a, bytes));
    if (uses_x(cc))
        put_cc(t, X86_SLOT_CC_X, uncut(t, x, bytes));
}

void x86_forget_cc(struct x86_tr *t)
{
    t->cc = -1;
    t->cc_word = IR_NONE;
    t->cc_of_before = false;
}

/*
 * CF is bit 1 of `top`, OF bit 1 ^ bit 0, if `count` is not 0 (IR_NONE: it is not). The operation before says all else, so
 * that nothing has to be known of it.
 */
void x86_set_rotated(struct x86_tr *t, ir_val_t top, ir_val_t count)
{
    struct ir_unit *u = t->u;
    x86_flush_cc(t);
    ir_val_t before = t->cc_word != IR_NONE ? t->cc_word
                      : t->cc >= 0          ? x86_const(t, (unsigned)t->cc)
                                            : ir_get(u, X86_SLOT_CC);
    ir_val_t op = t->cc >= 0 ? x86_const(t, (unsigned)t->cc | X86_CC_ROTATED)
                             : ir_op2i(u, IR_OR, IR_I64, ir_zext(u, IR_I64, before, 8), X86_CC_ROTATED);
    ir_val_t word = ir_or(u, IR_I64, ir_op2i(u, IR_SHL, IR_I64, top, X86_CC_TOP_SHIFT), op);
    t->cc_rotated = count == IR_NONE;
    t->cc_word = t->cc_rotated ? word : ir_select(u, IR_I64, count, word, before);
    x86_put_slot(t, X86_SLOT_CC, t->cc_word);
}

void x86_set_flags_image(struct x86_tr *t, ir_val_t image)
{
    x86_set_cc(t, X86_CC_FLAGS, 1, image, IR_NONE, IR_NONE, IR_NONE);
}

/* The four arguments of the functions that know every operation. What the operation does not use is
 * 0, not a read. */
struct cc_args {
    ir_val_t cc, r, a, x;
};

static struct cc_args cc_args(struct x86_tr *t, unsigned cond)
{
    if (t->cc < 0) {
        ir_val_t cc = ir_get(t->u, X86_SLOT_CC);
        if (cond != 0)
            cc = ir_op2i(t->u, IR_OR, IR_I64, cc, cond << 8);
        return (struct cc_args){ cc, ir_get(t->u, X86_SLOT_CC_R), ir_get(t->u, X86_SLOT_CC_A),
                                 ir_get(t->u, X86_SLOT_CC_X) };
    }
    ir_val_t zero = x86_const(t, 0), word = x86_const(t, (unsigned)t->cc | cond << 8);
    if (t->cc_word != IR_NONE)
        word = cond == 0 ? t->cc_word : ir_op2i(t->u, IR_OR, IR_I64, t->cc_word, cond << 8);
    return (struct cc_args){ word,
                             shows_left((unsigned)t->cc & ~3u) ? t->cc_left : t->cc_r,
                             t->cc_a == IR_NONE ? zero : t->cc_a,
                             t->cc_x == IR_NONE ? zero : t->cc_x };
}

ir_val_t x86_flags_image(struct x86_tr *t)
{
    if (t->cc == X86_CC_FLAGS && t->cc_word == IR_NONE)
        return t->cc_r;
    struct cc_args f = cc_args(t, 0);
    return ir_call(t->u, IR_I64, X86_HELPER_flags, f.cc, f.r, f.a, f.x);
}

/*
 * Of a block of this unit that leads here: the operation whose flags it leaves; of a unit's first block the one that the
 * CPU, which is about to run it, comes with (the unit's hint); or -1. Others may lead here, too, so it is a guess.
 */
static int guess(const struct x86_tr *t)
{
    const struct ir_unit *u = t->u;
    int32_t start = u->blocks[u->n_blocks - 1].start;
    for (uint32_t b = 0; b + 1 < u->n_blocks; b++) {
        const struct ir_inst *end = &u->insts[u->blocks[b].end - 1];
        bool leads = ((end->op == IR_JUMP || end->op == IR_BRANCH) && end->imm == start) ||
                     (end->op == IR_BRANCH && end->imm2 == start);
        for (uint32_t i = u->blocks[b].end; leads && i-- > u->blocks[b].first;) {
            const struct ir_inst *in = &u->insts[i];
            if (in->op == IR_PUT && in->imm == X86_SLOT_CC)
                return u->insts[in->a].op == IR_CONST ? (int)u->insts[in->a].imm : -1;
        }
    }
    return u->n_blocks == 1 && t->cc_of_before && u->hint < X86_CC_COUNT ? (int)u->hint : -1;
}

/* May `cond` after operation `op` be told in line, by its two slots? */
static bool is_short(unsigned op, unsigned cond)
{
    if (op == X86_CC_FLAGS)
        return cond < 12;
    if (op == X86_CC_CMP || op == X86_CC_SUB)
        return (cond >= 2 && cond < 8) || cond >= 12;
    return (op == X86_CC_TEST || op == X86_CC_LOGIC) && cond != 10 && cond != 11;
}

/* The condition as it is if the flags are those of operation `cc`. */
static ir_val_t suppose(struct x86_tr *t, int cc, unsigned cond)
{
    struct ir_unit *u = t->u;
    unsigned op = (unsigned)cc & ~3u, bytes = 1u << (cc & 3);
    ir_val_t r = ir_get(u, X86_SLOT_CC_R), a = ir_get(u, X86_SLOT_CC_A);
    if (bytes < 8 && op != X86_CC_FLAGS) { /* operands may have more */
        r = ir_zext(u, IR_I64, r, bytes * 8);
        a = ir_zext(u, IR_I64, a, bytes * 8);
    }
    ir_val_t word = t->cc_word;
    t->cc_word = IR_NONE;
    t->cc = cc;
    t->cc_a = a;
    t->cc_left = op == X86_CC_SUB ? x86_op2(t, IR_ADD, bytes, r, a) : r;
    t->cc_r = op == X86_CC_CMP ? x86_op2(t, IR_SUB, bytes, r, a) : op == X86_CC_TEST ? ir_and(u, IR_I64, r, a) : r;
    ir_val_t yes = x86_condition(t, cond);
    t->cc = -1;
    t->cc_word = word;
    return yes;
}

static ir_val_t ask(struct x86_tr *t, unsigned cond)
{
    int known = t->cc < 0 ? guess(t) : -1;
    ir_val_t likely = IR_NONE, is = IR_NONE;
    if (known >= 0 && is_short((unsigned)known & ~3u, cond)) {
        is = ir_setcc(t->u, IR_I64, IR_EQ, ir_get(t->u, X86_SLOT_CC), x86_const(t, (unsigned)known));
        likely = suppose(t, known, cond);
    }
    struct cc_args f = cc_args(t, cond);
    ir_val_t answer = ir_call(t->u, IR_I64, X86_HELPER_condition, f.cc, f.r, f.a, f.x);
    return likely == IR_NONE ? answer : ir_select(t->u, IR_I64, is, likely, answer);
}

/* ---- conditions of known operations ---- */

/* a cc b of `bytes`, operands zero-extended; signed ones are compared at their own width. */
static ir_val_t compare(struct x86_tr *t, unsigned bytes, enum ir_cc cc, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    bool is_signed = cc == IR_LTS || cc == IR_GES || cc == IR_LES || cc == IR_GTS;
    if (bytes == 8)
        return ir_setcc(u, IR_I64, cc, a, b);
    if (bytes == 4)
        return ir_setcc(u, IR_I32, cc, ir_trunc(u, a), ir_trunc(u, b));
    if (!is_signed)
        return ir_setcc(u, IR_I64, cc, a, b);
    return ir_setcc(u, IR_I32, cc, ir_sext(u, IR_I32, a, bytes * 8),
                    ir_sext(u, IR_I32, b, bytes * 8));
}

static ir_val_t invert(struct x86_tr *t, ir_val_t v)
{
    return ir_op2i(t->u, IR_XOR, IR_I64, v, 1);
}

/* r == 0, negative or not, parity: of every operation but FLAGS and POPCNT. */
static ir_val_t of_result(struct x86_tr *t, unsigned bytes, unsigned cond)
{
    ir_val_t zero = x86_const(t, 0);
    switch (cond) {
    case 4:
        return compare(t, bytes, IR_EQ, t->cc_r, zero);
    case 5:
        return compare(t, bytes, IR_NE, t->cc_r, zero);
    case 8:
        return compare(t, bytes, IR_LTS, t->cc_r, zero);
    case 9:
        return compare(t, bytes, IR_GES, t->cc_r, zero);
    default:
        break; /* 10, 11: P, NP */
    }
    ir_val_t ones = ir_popcnt(t->u, IR_I64, ir_zext(t->u, IR_I64, t->cc_r, 8));
    ir_val_t odd = ir_op2i(t->u, IR_AND, IR_I64, ones, 1);
    return cond == 10 ? invert(t, odd) : odd;
}

/* What compares the operands of CMP and SUB: B NB Z NZ BE NBE .. L NL LE NLE; IR_EQ stands for
 * none. */
static const uint8_t sub_cc[16] = {
    [2] = IR_LTU, [3] = IR_GEU,  [4] = IR_EQ,   [5] = IR_NE,   [6] = IR_LEU,
    [7] = IR_GTU, [12] = IR_LTS, [13] = IR_GES, [14] = IR_LES, [15] = IR_GTS
};

/* Without carry and overflow: LOGIC. */
static ir_val_t of_logic(struct x86_tr *t, unsigned bytes, unsigned cond)
{
    static const uint8_t signed_cc[4] = { IR_LTS, IR_GES, IR_LES, IR_GTS };
    switch (cond) {
    case 0:
    case 2:
        return x86_const(t, 0);
    case 1:
    case 3:
        return x86_const(t, 1);
    case 6:
        return of_result(t, bytes, 4);
    case 7:
        return of_result(t, bytes, 5);
    case 12:
    case 13:
    case 14:
    case 15:
        return compare(t, bytes, (enum ir_cc)signed_cc[cond - 12], t->cc_r, x86_const(t, 0));
    default:
        return of_result(t, bytes, cond);
    }
}

/* Of an image of the flags: O, B, Z, BE, S, P, or their opposite. */
static ir_val_t of_image(struct x86_tr *t, unsigned cond)
{
    static const uint16_t masks[] = { X86_OF, X86_CF, X86_ZF, X86_CF | X86_ZF, X86_SF, X86_PF };
    ir_val_t bits = ir_op2i(t->u, IR_AND, IR_I64, t->cc_r, masks[cond / 2]);
    return ir_setcc(t->u, IR_I64, cond & 1 ? IR_EQ : IR_NE, bits, x86_const(t, 0));
}

ir_val_t x86_condition(struct x86_tr *t, unsigned cond)
{
    bool result_only = (cond >= 4 && cond <= 5) || (cond >= 8 && cond <= 11);
    if (t->cc == X86_CC_FLAGS && t->cc_word == IR_NONE && cond < 12)
        return of_image(t, cond);
    if (t->cc_word != IR_NONE && (cond == 2 || cond == 3)) {
        ir_val_t carry = x86_carry(t);
        return cond == 2 ? carry : invert(t, carry);
    }
    if (t->cc < 0 || t->cc == X86_CC_FLAGS || (t->cc_word != IR_NONE && !result_only))
        return ask(t, cond);
    unsigned op = (unsigned)t->cc & ~3u, bytes = 1u << (t->cc & 3);
    if ((op == X86_CC_SUB || op == X86_CC_CMP) && t->cc_left != IR_NONE && !(cond < 2 || (cond >= 8 && cond <= 11)))
        return compare(t, bytes, (enum ir_cc)sub_cc[cond], t->cc_left, t->cc_a);
    if (op == X86_CC_LOGIC || op == X86_CC_TEST)
        return of_logic(t, bytes, cond);
    if (cond == 2 || cond == 3) {
        ir_val_t carry = x86_carry(t);
        return cond == 2 ? carry : invert(t, carry);
    }
    if (result_only && op != X86_CC_POPCNT)
        return of_result(t, bytes, cond);
    return ask(t, cond);
}

ir_val_t x86_carry(struct x86_tr *t)
{
    struct ir_unit *u = t->u;
    if (t->cc_word != IR_NONE && t->cc_rotated)
        return ir_extract(u, IR_I64, t->cc_word, X86_CC_TOP_SHIFT + 1, 1);
    if (t->cc < 0 || t->cc_word != IR_NONE)
        return ask(t, 2);
    unsigned op = (unsigned)t->cc & ~3u, bytes = 1u << (t->cc & 3);
    switch (op) {
    case X86_CC_FLAGS:
        return ir_op2i(u, IR_AND, IR_I64, t->cc_r, 1);
    case X86_CC_ADD:
        return compare(t, bytes, IR_LTU, t->cc_r, t->cc_a);
    case X86_CC_SUB:
    case X86_CC_CMP:
        if (t->cc_left == IR_NONE)
            return ask(t, 2);
        return compare(t, bytes, IR_LTU, t->cc_left, t->cc_a);
    case X86_CC_LOGIC:
    case X86_CC_TEST:
    case X86_CC_POPCNT:
        return x86_const(t, 0);
    case X86_CC_INC:
    case X86_CC_DEC:
        return t->cc_a;
    case X86_CC_SHL:
        return ir_extract(u, IR_I64, t->cc_a, bytes * 8 - 1, 1);
    case X86_CC_SHR:
        return ir_op2i(u, IR_AND, IR_I64, t->cc_a, 1);
    case X86_CC_MUL:
    case X86_CC_BITS:
        return ir_setcc(u, IR_I64, IR_NE, t->cc_a, x86_const(t, 0));
    default:
        return ask(t, 2);
    }
}
