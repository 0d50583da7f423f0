/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data processing on general registers: Arm ARM, C4.1.92 (immediate) and C4.1.95 (register). Bits within a register: bit.c;
 * flags and conditions: flags.c.
 */
#include "core/util/bits.h"
#include "cpu/arm64/integer_impl.h"

/* ---- SP ---- */

/*
 * Whether SP is 16-byte aligned is asked at every access through it while SCTLR.SA is 1 (D1.3.5.6).
 * Rather than there it is watched where SP is written in a way that may change it: then
 * the block ends and A64_MODE_SP_CHECK is decided afresh.
 */
static void sp_written(struct a64_tr *t)
{
    ir_call(t->u, IR_VOID, A64_HELPER_sp_written, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, a64_next(t));
    t->ended = true;
}

uint64_t a64_helper_sp_written(struct cpu *cpu, uint64_t a0, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a0, (void)b, (void)c, (void)d;
    a64_level_changed(A64_CPU(cpu));
    return 0;
}

void a64_put_xsp(struct a64_tr *t, enum ir_type type, unsigned n, ir_val_t v)
{
    ir_put(t->u, n, type == IR_I32 ? ir_zext(t->u, IR_I64, v, 32) : v);
    if (n == 31)
        sp_written(t);
}

void a64_write_back(struct a64_tr *t, unsigned n, ir_val_t v, int64_t step)
{
    ir_put(t->u, n, v);
    if (n == 31 && (step & 15) != 0)
        sp_written(t);
}

/* ---- addition and subtraction ---- */

static ir_val_t add_sub(struct a64_tr *t, enum ir_type type, unsigned arg, ir_val_t a, ir_val_t b)
{
    bool sub = arg >> OP_SHIFT == SUB;
    ir_val_t r = ir_op2(t->u, sub ? IR_SUB : IR_ADD, type, a, b);
    if (arg & S) {
        if (sub)
            a64_set_flags_sub(t, type, a, b, r);
        else
            a64_set_flags_add(t, type, a, b, r);
    }
    return r;
}

static void add_imm(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    ir_val_t b = konst(t, type, (uint64_t)t->d.imm << (t->d.sh ? 12 : 0));
    ir_val_t r = add_sub(t, type, arg, a64_xsp(t, type, t->d.rn), b);
    if (arg & S)
        a64_put_x(t, type, t->d.rd, r);
    else if (t->d.rd == 31 && t->d.rn == 31 && type == IR_I64)
        a64_write_back(t, 31, r, t->d.sh ? 0 : t->d.imm);
    else
        a64_put_xsp(t, type, t->d.rd, r);
}

static void add_shifted(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    ir_val_t b = a64_shifted(t, type, a64_x(t, type, t->d.rm), t->d.shift, (unsigned)t->d.imm);
    a64_put_x(t, type, t->d.rd, add_sub(t, type, arg, a64_x(t, type, t->d.rn), b));
}

/* ExtendReg(): option 2:0 = size and sign of what is taken from Rm. The result is an i64. */
static ir_val_t extended(struct a64_tr *t, unsigned rm, unsigned option, unsigned by)
{
    ir_val_t v = a64_x(t, IR_I64, rm);
    if ((option & 3) != 3) {
        unsigned bits = 8u << (option & 3);
        v = option & 4 ? ir_sext(t->u, IR_I64, v, bits) : ir_zext(t->u, IR_I64, v, bits);
    }
    return by == 0 ? v : ir_op2i(t->u, IR_SHL, IR_I64, v, by);
}

static void add_extended(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    ir_val_t b = extended(t, t->d.rm, t->d.option, (unsigned)t->d.imm);
    if (type == IR_I32)
        b = ir_trunc(t->u, b);
    ir_val_t r = add_sub(t, type, arg, a64_xsp(t, type, t->d.rn), b);
    if (arg & S)
        a64_put_x(t, type, t->d.rd, r);
    else
        a64_put_xsp(t, type, t->d.rd, r);
}

/* a + b + C, or a + ~b + C. The carry out is that of either of the two additions. */
static void add_carry(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = a64_width(arg);
    ir_val_t a = a64_x(t, type, t->d.rn), b = a64_x(t, type, t->d.rm);
    ir_val_t c = a64_flag(t, A64_SLOT_CF), carry = type == IR_I32 ? ir_trunc(u, c) : c;
    if (arg >> OP_SHIFT == SUB)
        b = ir_op2i(u, IR_XOR, type, b, ~0ull);
    ir_val_t sum = ir_add(u, type, a, b), r = ir_add(u, type, sum, carry);
    if (arg & S) {
        ir_val_t over = ir_andn(u, type, ir_xor(u, type, a, r), ir_xor(u, type, a, b));
        ir_val_t out = ir_or(u, IR_I64, ir_setcc(u, type, IR_LTU, sum, a),
                             ir_setcc(u, type, IR_LTU, r, sum));
        a64_put_nz(t, type, r);
        ir_put(u, A64_SLOT_CF, out);
        ir_put(u, A64_SLOT_VF, a64_wide_sign(t, type, over));
        t->flags = A64_FLAGS_SLOTS;
    }
    a64_put_x(t, type, t->d.rd, r);
}

static void adr(struct a64_tr *t, unsigned page)
{
    int64_t at = page ? ((int64_t)t->d.imm << 12) : (int64_t)t->at + t->d.imm;
    /* offsets are from the unit's first page, so ADRP's base is the page `at` lies in */
    if (page)
        at += (int64_t)t->at & ~0xfffll;
    a64_put_x(t, IR_I64, t->d.rd, ir_pc(t->u, at));
}

/* ---- logic ---- */
enum { AND, ORR, EOR, BIC, ORN, EON };

/* DecodeBitMasks(): false if reserved. */
bool a64_bitmask(unsigned n, unsigned imms, unsigned immr, enum ir_type type, uint64_t *mask)
{
    unsigned both = n << 6 | (~imms & 0x3f);
    if (both == 0)
        return false;
    unsigned len = 31 - (unsigned)__builtin_clz(both), esize = 1u << len;
    if (len == 0 || (type == IR_I32 && n))
        return false;
    unsigned s = imms & (esize - 1), r = immr & (esize - 1);
    if (s == esize - 1)
        return false;
    uint64_t element = zext(~0ull, s + 1), all = zext(~0ull, esize);
    uint64_t v = r == 0 ? element : ((element >> r) | (element << (esize - r))) & all;
    for (unsigned size = esize; size < 64; size *= 2)
        v |= v << size;
    *mask = v;
    return true;
}

static ir_val_t logic(struct a64_tr *t, enum ir_type type, unsigned op, ir_val_t a, ir_val_t b)
{
    static const uint8_t ops[] = { IR_AND, IR_OR, IR_XOR, IR_ANDN, IR_ORN, IR_XNOR };
    return ir_op2(t->u, (enum ir_op)ops[op], type, a, b);
}

static void logic_imm(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    uint64_t mask;
    if (!a64_bitmask(t->d.n, t->d.imms, t->d.immr, type, &mask)) {
        a64_undefined(t);
        return;
    }
    ir_val_t r = logic(t, type, arg >> OP_SHIFT, a64_x(t, type, t->d.rn), konst(t, type, mask));
    if (arg & S) {
        a64_set_flags_logic(t, type, r);
        a64_put_x(t, type, t->d.rd, r);
    } else {
        a64_put_xsp(t, type, t->d.rd, r);
    }
}

static void logic_shifted(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    ir_val_t b = a64_shifted(t, type, a64_x(t, type, t->d.rm), t->d.shift, (unsigned)t->d.imm);
    ir_val_t r = logic(t, type, arg >> OP_SHIFT, a64_x(t, type, t->d.rn), b);
    if (arg & S)
        a64_set_flags_logic(t, type, r);
    a64_put_x(t, type, t->d.rd, r);
}

/* ---- moves ---- */
enum { MOVN, MOVZ, MOVK };

static void move_wide(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    unsigned low = 16u * t->d.hw;
    uint64_t imm = (uint64_t)t->d.imm << low;
    if (arg >> OP_SHIFT == MOVK)
        a64_put_x(t, type, t->d.rd,
                  ir_deposit(t->u, type, a64_x(t, type, t->d.rd), konst(t, type, (uint64_t)t->d.imm), low, 16));
    else
        a64_put_x(t, type, t->d.rd, konst(t, type, arg >> OP_SHIFT == MOVN ? ~imm : imm));
}

/* ---- multiplication and division ---- */

/* Division by zero gives 0; the least number by -1 itself, as the IR's does. */
static void divide(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    ir_val_t b = a64_x(t, type, t->d.rm), zero = konst(t, type, 0);
    ir_val_t q = ir_op2(t->u, (enum ir_op)(arg >> OP_SHIFT), type, a64_x(t, type, t->d.rn), b);
    a64_put_x(t, type, t->d.rd,
              ir_select(t->u, type, ir_setcc(t->u, type, IR_EQ, b, zero), zero, q));
}

static void multiply_add(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    ir_val_t p = ir_mul(t->u, type, a64_x(t, type, t->d.rn), a64_x(t, type, t->d.rm));
    a64_put_x(t, type, t->d.rd,
              ir_op2(t->u, arg >> OP_SHIFT == SUB ? IR_SUB : IR_ADD, type, a64_x(t, type, t->d.ra), p));
}

enum { LONG_UNSIGNED = OP(2) };

static void multiply_long(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    bool is_unsigned = arg & LONG_UNSIGNED;
    ir_val_t n = a64_x(t, IR_I64, t->d.rn), m = a64_x(t, IR_I64, t->d.rm);
    n = is_unsigned ? ir_zext(u, IR_I64, n, 32) : ir_sext(u, IR_I64, n, 32);
    m = is_unsigned ? ir_zext(u, IR_I64, m, 32) : ir_sext(u, IR_I64, m, 32);
    ir_val_t p = ir_mul(u, IR_I64, n, m);
    bool sub = arg & OP(1);
    a64_put_x(t, IR_I64, t->d.rd, ir_op2(u, sub ? IR_SUB : IR_ADD, IR_I64, a64_x(t, IR_I64, t->d.ra), p));
}

static void multiply_high(struct a64_tr *t, unsigned op)
{
    a64_put_x(t, IR_I64, t->d.rd,
              ir_op2(t->u, (enum ir_op)op, IR_I64, a64_x(t, IR_I64, t->d.rn), a64_x(t, IR_I64, t->d.rm)));
}

/* ---- FEAT_CSSC minimum, maximum ---- */
static ir_val_t min_max(struct a64_tr *t, enum ir_type type, enum ir_cc cc, ir_val_t a, ir_val_t b)
{
    return ir_select(t->u, type, ir_setcc(t->u, type, cc, a, b), a, b);
}

static void min_max_reg(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    a64_put_x(t, type, t->d.rd, min_max(t, type, (enum ir_cc)(arg >> OP_SHIFT), a64_x(t, type, t->d.rn),
                                        a64_x(t, type, t->d.rm)));
}

static void min_max_imm(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    a64_put_x(t, type, t->d.rd, min_max(t, type, (enum ir_cc)(arg >> OP_SHIFT), a64_x(t, type, t->d.rn),
                                        konst(t, type, (uint64_t)t->d.imm)));
}

/* clang-format off */
const struct a64_semantics a64_integer_rows[] = {
    WX(ADD_IMM, add_imm, OP(ADD)),       WX(ADDS_IMM, add_imm, OP(ADD) | S),
    WX(SUB_IMM, add_imm, OP(SUB)),       WX(SUBS_IMM, add_imm, OP(SUB) | S),
    WX(ADD_SHIFT, add_shifted, OP(ADD)), WX(ADDS_SHIFT, add_shifted, OP(ADD) | S),
    WX(SUB_SHIFT, add_shifted, OP(SUB)), WX(SUBS_SHIFT, add_shifted, OP(SUB) | S),
    WX(ADD_EXT, add_extended, OP(ADD)),  WX(ADDS_EXT, add_extended, OP(ADD) | S),
    WX(SUB_EXT, add_extended, OP(SUB)),  WX(SUBS_EXT, add_extended, OP(SUB) | S),
    WX(ADC, add_carry, OP(ADD)),         WX(ADCS, add_carry, OP(ADD) | S),
    WX(SBC, add_carry, OP(SUB)),         WX(SBCS, add_carry, OP(SUB) | S),
    { A64_INSN_ADR, 0, adr, 0 },         { A64_INSN_ADRP, 0, adr, 1 },
    WX(AND_IMM, logic_imm, OP(AND)),     WX(ORR_IMM, logic_imm, OP(ORR)),
    WX(EOR_IMM, logic_imm, OP(EOR)),     WX(ANDS_IMM, logic_imm, OP(AND) | S),
    WX(AND_SHIFT, logic_shifted, OP(AND)), WX(ORR_SHIFT, logic_shifted, OP(ORR)),
    WX(EOR_SHIFT, logic_shifted, OP(EOR)), WX(ANDS_SHIFT, logic_shifted, OP(AND) | S),
    WX(BIC_SHIFT, logic_shifted, OP(BIC)), WX(ORN_SHIFT, logic_shifted, OP(ORN)),
    WX(EON_SHIFT, logic_shifted, OP(EON)), WX(BICS_SHIFT, logic_shifted, OP(BIC) | S),
    WX(MOVN, move_wide, OP(MOVN)), WX(MOVZ, move_wide, OP(MOVZ)), WX(MOVK, move_wide, OP(MOVK)),
    WX(UDIV, divide, OP(IR_DIVU)), WX(SDIV, divide, OP(IR_DIVS)),
    WX(MADD, multiply_add, OP(ADD)), WX(MSUB, multiply_add, OP(SUB)),
    { A64_INSN_SMADDL, 0, multiply_long, OP(0) }, { A64_INSN_SMSUBL, 0, multiply_long, OP(1) },
    { A64_INSN_UMADDL, 0, multiply_long, OP(2) }, { A64_INSN_UMSUBL, 0, multiply_long, OP(3) },
    { A64_INSN_SMULH, 0, multiply_high, IR_MULHS }, { A64_INSN_UMULH, 0, multiply_high, IR_MULHU },
    WX(SMAX_REG, min_max_reg, OP(IR_GTS)), WX(SMIN_REG, min_max_reg, OP(IR_LTS)),
    WX(UMAX_REG, min_max_reg, OP(IR_GTU)), WX(UMIN_REG, min_max_reg, OP(IR_LTU)),
    WX(SMAX_IMM, min_max_imm, OP(IR_GTS)), WX(SMIN_IMM, min_max_imm, OP(IR_LTS)),
    WX(UMAX_IMM, min_max_imm, OP(IR_GTU)), WX(UMIN_IMM, min_max_imm, OP(IR_LTU)),
    A64_ROWS_END
};
/* clang-format on */
