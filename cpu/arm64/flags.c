/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NZCV: how it is set and asked (cpu.h says how it is kept), and the instructions that are about it: conditional select and
 * compare, FEAT_FlagM. Arm ARM, C4.1.95.
 */
#include "cpu/arm64/integer_impl.h"

void a64_set_flags_logic(struct a64_tr *t, enum ir_type type, ir_val_t result)
{
    a64_put_nz(t, type, result);
    ir_put(t->u, A64_SLOT_CF, a64_const(t, 0));
    ir_put(t->u, A64_SLOT_VF, a64_const(t, 0));
    t->flags = A64_FLAGS_SLOTS;
}

void a64_set_flags_add(struct a64_tr *t, enum ir_type type, ir_val_t a, ir_val_t b, ir_val_t result)
{
    struct ir_unit *u = t->u;
    ir_val_t over = ir_andn(u, type, ir_xor(u, type, a, result), ir_xor(u, type, a, b));
    a64_put_nz(t, type, result);
    ir_put(u, A64_SLOT_CF, ir_setcc(u, type, IR_LTU, result, a));
    ir_put(u, A64_SLOT_VF, a64_wide_sign(t, type, over));
    t->flags = A64_FLAGS_SLOTS;
}

void a64_set_flags_sub(struct a64_tr *t, enum ir_type type, ir_val_t a, ir_val_t b, ir_val_t result)
{
    struct ir_unit *u = t->u;
    ir_val_t over = ir_and(u, type, ir_xor(u, type, a, b), ir_xor(u, type, a, result));
    a64_put_nz(t, type, result);
    ir_put(u, A64_SLOT_CF, ir_setcc(u, type, IR_GEU, a, b));
    ir_put(u, A64_SLOT_VF, a64_wide_sign(t, type, over));
    t->flags = A64_FLAGS_SUB;
    t->flags_type = type;
    t->flags_a = a;
    t->flags_b = b;
}

/* Each of n, z, c, v is 0 or 1. */
void a64_set_flags_bits(struct a64_tr *t, ir_val_t n, ir_val_t z, ir_val_t c, ir_val_t v)
{
    struct ir_unit *u = t->u;
    ir_put(u, A64_SLOT_NF, ir_op2i(u, IR_SHL, IR_I64, n, 63));
    ir_put(u, A64_SLOT_ZF, ir_op2i(u, IR_XOR, IR_I64, z, 1));
    ir_put(u, A64_SLOT_CF, c);
    ir_put(u, A64_SLOT_VF, ir_op2i(u, IR_SHL, IR_I64, v, 63));
    t->flags = A64_FLAGS_SLOTS;
}

void a64_set_flags_const(struct a64_tr *t, unsigned nzcv)
{
    ir_put(t->u, A64_SLOT_NF, a64_const(t, (uint64_t)(nzcv >> 3 & 1) << 63));
    ir_put(t->u, A64_SLOT_ZF, a64_const(t, !(nzcv >> 2 & 1)));
    ir_put(t->u, A64_SLOT_CF, a64_const(t, nzcv >> 1 & 1));
    ir_put(t->u, A64_SLOT_VF, a64_const(t, (uint64_t)(nzcv & 1) << 63));
    t->flags = A64_FLAGS_SLOTS;
}

/* ---- conditions ---- */

static ir_val_t sign_set(struct a64_tr *t, ir_val_t v)
{
    return ir_setcc(t->u, IR_I64, IR_LTS, v, a64_const(t, 0));
}

static ir_val_t not_zero(struct a64_tr *t)
{
    return ir_setcc(t->u, IR_I64, IR_NE, a64_flag(t, A64_SLOT_ZF), a64_const(t, 0));
}

/* The even conditions, from the flags themselves. */
static ir_val_t even_condition(struct a64_tr *t, unsigned cond)
{
    struct ir_unit *u = t->u;
    ir_val_t less = IR_NONE, greater_equal = IR_NONE;
    switch (cond >> 1) {
    case 0: return ir_setcc(u, IR_I64, IR_EQ, a64_flag(t, A64_SLOT_ZF), a64_const(t, 0));
    case 1: return a64_flag(t, A64_SLOT_CF);
    case 2: return sign_set(t, a64_flag(t, A64_SLOT_NF));
    case 3: return sign_set(t, a64_flag(t, A64_SLOT_VF));
    case 4: return ir_and(u, IR_I64, a64_flag(t, A64_SLOT_CF), not_zero(t));
    case 5:
    case 6:
        less = ir_xor(u, IR_I64, a64_flag(t, A64_SLOT_NF), a64_flag(t, A64_SLOT_VF));
        greater_equal = ir_setcc(u, IR_I64, IR_GES, less, a64_const(t, 0));
        return cond >> 1 == 5 ? greater_equal : ir_and(u, IR_I64, greater_equal, not_zero(t));
    default: return a64_const(t, 1);
    }
}

ir_val_t a64_condition(struct a64_tr *t, unsigned cond)
{
    static const uint8_t after_sub[14] = {
        IR_EQ, IR_NE, IR_GEU, IR_LTU, 0, 0, 0, 0, IR_GTU, IR_LEU, IR_GES, IR_LTS, IR_GTS, IR_LES,
    };
    if (t->flags == A64_FLAGS_SUB && cond < 14 && (cond < 4 || cond >= 8))
        return ir_setcc(t->u, t->flags_type, (enum ir_cc)after_sub[cond], t->flags_a, t->flags_b);
    ir_val_t v = even_condition(t, cond);
    return cond < 14 && (cond & 1) ? ir_op2i(t->u, IR_XOR, IR_I64, v, 1) : v;
}

/* ---- conditional instructions ---- */
enum { CSEL, CSINC, CSINV, CSNEG };

static void cond_select(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = a64_width(arg);
    ir_val_t cond = a64_condition(t, t->d.cond), m = a64_x(t, type, t->d.rm);
    switch (arg >> OP_SHIFT) {
    case CSINC: m = ir_op2i(u, IR_ADD, type, m, 1); break;
    case CSINV: m = ir_op2i(u, IR_XOR, type, m, ~0ull); break;
    case CSNEG: m = ir_sub(u, type, konst(t, type, 0), m); break;
    default: break;
    }
    a64_put_x(t, type, t->d.rd, ir_select(u, type, cond, a64_x(t, type, t->d.rn), m));
}

/* The flags of a comparison where the condition holds, else the immediate ones. */
static void cond_compare(struct a64_tr *t, unsigned arg, ir_val_t b)
{
    struct ir_unit *u = t->u;
    enum ir_type type = a64_width(arg);
    unsigned nzcv = t->d.nzcv;
    ir_val_t cond = a64_condition(t, t->d.cond), a = a64_x(t, type, t->d.rn);
    bool sub = arg >> OP_SHIFT == SUB;
    ir_val_t r = ir_op2(u, sub ? IR_SUB : IR_ADD, type, a, b);
    if (sub)
        a64_set_flags_sub(t, type, a, b, r);
    else
        a64_set_flags_add(t, type, a, b, r);
    const uint64_t other[4] = { (uint64_t)(nzcv >> 3 & 1) << 63, !(nzcv >> 2 & 1), nzcv >> 1 & 1,
                                (uint64_t)(nzcv & 1) << 63 };
    for (unsigned i = 0; i < 4; i++)
        ir_put(u, A64_SLOT_NF + i,
               ir_select(u, IR_I64, cond, ir_get(u, A64_SLOT_NF + i), a64_const(t, other[i])));
    t->flags = A64_FLAGS_SLOTS;
}

static void cond_compare_reg(struct a64_tr *t, unsigned arg)
{
    cond_compare(t, arg, a64_x(t, a64_width(arg), t->d.rm));
}

static void cond_compare_imm(struct a64_tr *t, unsigned arg)
{
    cond_compare(t, arg, konst(t, a64_width(arg), (uint64_t)t->d.imm));
}

/* ---- FEAT_FlagM ---- */
static void rmif(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t v = a64_shifted(t, IR_I64, a64_x(t, IR_I64, t->d.rn), 3, (unsigned)t->d.imm);
    unsigned mask = t->d.mask;
    (void)arg;
    if (mask & 8)
        ir_put(u, A64_SLOT_NF, ir_op2i(u, IR_SHL, IR_I64, v, 60));
    if (mask & 4)
        ir_put(u, A64_SLOT_ZF, ir_op2i(u, IR_XOR, IR_I64, ir_extract(u, IR_I64, v, 2, 1), 1));
    if (mask & 2)
        ir_put(u, A64_SLOT_CF, ir_extract(u, IR_I64, v, 1, 1));
    if (mask & 1)
        ir_put(u, A64_SLOT_VF, ir_op2i(u, IR_SHL, IR_I64, v, 63));
    t->flags = A64_FLAGS_SLOTS;
}

/* N, Z, V of the low byte or half; C stays. */
static void setf(struct a64_tr *t, unsigned bits)
{
    struct ir_unit *u = t->u;
    ir_val_t v = a64_x(t, IR_I64, t->d.rn), top = ir_op2i(u, IR_SHL, IR_I64, v, 64 - bits);
    ir_val_t above = ir_op2i(u, IR_SHL, IR_I64, v, 63 - bits);
    ir_put(u, A64_SLOT_NF, top);
    ir_put(u, A64_SLOT_ZF, top);
    ir_put(u, A64_SLOT_VF, ir_xor(u, IR_I64, top, above));
    t->flags = A64_FLAGS_SLOTS;
}

static void cfinv(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_put(t->u, A64_SLOT_CF, ir_op2i(t->u, IR_XOR, IR_I64, a64_flag(t, A64_SLOT_CF), 1));
    t->flags = A64_FLAGS_SLOTS;
}

/* FEAT_FlagM2, C6.2 XAFLAG and AXFLAG: between Arm's and an external form of FP comparisons. */
static void xaflag(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t c = a64_flag(t, A64_SLOT_CF), z = even_condition(t, 0);
    ir_val_t not_c = ir_op2i(u, IR_XOR, IR_I64, c, 1), not_z = ir_op2i(u, IR_XOR, IR_I64, z, 1);
    (void)arg;
    a64_set_flags_bits(t, ir_and(u, IR_I64, not_c, not_z), ir_and(u, IR_I64, c, z),
                       ir_or(u, IR_I64, c, z), ir_and(u, IR_I64, not_c, z));
}

static void axflag(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t c = a64_flag(t, A64_SLOT_CF), z = even_condition(t, 0), v = even_condition(t, 6);
    (void)arg;
    a64_set_flags_bits(t, a64_const(t, 0), ir_or(u, IR_I64, z, v), ir_andn(u, IR_I64, c, v),
                       a64_const(t, 0));
}

/* clang-format off */
const struct a64_semantics a64_flags_rows[] = {
    WX(CSEL, cond_select, OP(CSEL)), WX(CSINC, cond_select, OP(CSINC)),
    WX(CSINV, cond_select, OP(CSINV)), WX(CSNEG, cond_select, OP(CSNEG)),
    WX(CCMN_REG, cond_compare_reg, OP(ADD)), WX(CCMP_REG, cond_compare_reg, OP(SUB)),
    WX(CCMN_IMM, cond_compare_imm, OP(ADD)), WX(CCMP_IMM, cond_compare_imm, OP(SUB)),
    { A64_INSN_RMIF, 0, rmif, 0 }, { A64_INSN_SETF8, 0, setf, 8 }, { A64_INSN_SETF16, 0, setf, 16 },
    { A64_INSN_CFINV, 0, cfinv, 0 }, { A64_INSN_XAFLAG, 0, xaflag, 0 }, { A64_INSN_AXFLAG, 0, axflag, 0 },
    A64_ROWS_END
};
/* clang-format on */
