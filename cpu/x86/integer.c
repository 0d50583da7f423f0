/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and logic of general registers: SDM volume 1, 5.1.2 to 5.1.4; flag
 * instructions, 5.1.11. */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"

/* ---- two operands ---- */
enum { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST };

static const struct {
    uint8_t op; /* enum ir_op */
    uint8_t cc; /* enum x86_cc */
    int8_t amo; /* enum ir_amo; -1: none */
    bool keep;  /* the result is not written */
} binaries[] = {
    [ADD] = { IR_ADD, X86_CC_ADD, IR_AMO_ADD, false },
    [OR] = { IR_OR, X86_CC_LOGIC, IR_AMO_OR, false },
    [ADC] = { IR_ADD, X86_CC_ADC, -1, false },
    [SBB] = { IR_SUB, X86_CC_SBB, -1, false },
    [AND] = { IR_AND, X86_CC_LOGIC, IR_AMO_AND, false },
    [SUB] = { IR_SUB, X86_CC_SUB, IR_AMO_ADD, false },
    [XOR] = { IR_XOR, X86_CC_LOGIC, IR_AMO_XOR, false },
    [CMP] = { IR_SUB, X86_CC_CMP, -1, true },
    [TEST] = { IR_AND, X86_CC_TEST, -1, true },
};

static ir_val_t locked(struct x86_tr *t, unsigned what, ir_val_t b, ir_val_t carry)
{
    unsigned bytes = t->d.op[0].size;
    if (what == ADC || what == SBB)
        return x86_locked_arith(t, 0, what == ADC ? X86_ARITH_ADD : X86_ARITH_SUB,
                                ir_add(t->u, IR_I64, b, carry));
    if (what == SUB)
        b = x86_op2(t, IR_SUB, bytes, x86_const(t, 0), b);
    return x86_locked(t, 0, (enum ir_amo)binaries[what].amo, b);
}

static bool of_same(const struct x86_tr *t)
{
    const struct x86_operand *op = t->d.op;
    return op[0].kind == X86_OP_REG && op[1].kind == X86_OP_REG && op[0].reg == op[1].reg;
}

/* Of a register with itself: XOR and SUB clear it, AND, OR and TEST look at it. IR_NONE: none of these. */
static ir_val_t of_one(struct x86_tr *t, unsigned what, ir_val_t a)
{
    if (!of_same(t))
        return IR_NONE;
    switch (what) {
    case XOR:
    case SUB:
        return x86_const(t, 0);
    case AND:
    case OR:
    case TEST:
        return a;
    default:
        return IR_NONE;
    }
}

/* SBB of a register with itself spreads the carry: as if it were taken from 0, flags and all. */
static bool spread_carry(struct x86_tr *t, unsigned what)
{
    unsigned bytes = t->d.op[0].size;
    if (what != SBB || !of_same(t))
        return false;
    ir_val_t carry = x86_carry(t), zero = x86_const(t, 0), r = x86_op2(t, IR_SUB, bytes, zero, carry);
    x86_put(t, 0, r);
    x86_set_cc(t, X86_CC_SUB, bytes, r, carry, IR_NONE, zero);
    return true;
}

static void binary(struct x86_tr *t, unsigned what)
{
    unsigned bytes = t->d.op[0].size;
    if (spread_carry(t, what))
        return;
    bool carries = what == ADC || what == SBB;
    bool uncut = bytes == 4 && !carries && !t->d.lock && !of_same(t);
    ir_val_t carry = carries ? x86_carry(t) : IR_NONE, a, b = uncut ? x86_get_uncut(t, 1) : x86_get(t, 1);
    if (t->d.lock)
        a = locked(t, what, b, carry);
    else if (x86_is_mem(t, 0) && !binaries[what].keep)
        a = x86_get_rmw(t, 0);
    else
        a = uncut ? x86_get_uncut(t, 0) : x86_get(t, 0);
    enum x86_cc cc = (enum x86_cc)binaries[what].cc;
    ir_val_t r = of_one(t, what, a);
    if (r == IR_NONE)
        r = x86_op2(t, (enum ir_op)binaries[what].op, bytes, a, b);
    if (carries)
        r = x86_op2(t, (enum ir_op)binaries[what].op, bytes, r, carry);
    if (!binaries[what].keep && !t->d.lock)
        x86_put(t, 0, r);
    if (what == TEST && r == a)
        cc = X86_CC_LOGIC;
    x86_set_cc(t, cc, bytes, r, b, carry, a);
}

/* ---- one operand ---- */
static void negate(struct x86_tr *t, unsigned is_not)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t ones = x86_const(t, zext(~0ull, bytes * 8));
    if (is_not) {
        if (t->d.lock)
            x86_locked(t, 0, IR_AMO_XOR, ones);
        else
            x86_put(t, 0, ir_xor(t->u, IR_I64, x86_get_rmw(t, 0), ones));
        return;
    }
    ir_val_t zero = x86_const(t, 0);
    ir_val_t a = t->d.lock ? x86_locked_arith(t, 0, X86_ARITH_NEG, zero) : x86_get_rmw(t, 0);
    ir_val_t r = x86_op2(t, IR_SUB, bytes, zero, a);
    if (!t->d.lock)
        x86_put(t, 0, r);
    x86_set_cc(t, X86_CC_SUB, bytes, r, a, IR_NONE, zero);
}

static void step(struct x86_tr *t, unsigned down)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t carry = x86_carry(t), one = x86_const(t, 1), a;
    if (t->d.lock)
        a = x86_locked(t, 0, IR_AMO_ADD, down ? x86_const(t, zext(~0ull, bytes * 8)) : one);
    else
        a = x86_get_rmw(t, 0);
    ir_val_t r = x86_op2(t, down ? IR_SUB : IR_ADD, bytes, a, one);
    if (!t->d.lock)
        x86_put(t, 0, r);
    x86_set_cc(t, down ? X86_CC_DEC : X86_CC_INC, bytes, r, carry, IR_NONE, IR_NONE);
}

/* ---- multiplication and division ---- */
/* High and low halves of a product of `bytes`. */
static ir_val_t product(struct x86_tr *t, unsigned bytes, bool is_signed, ir_val_t a, ir_val_t b,
                        ir_val_t *high)
{
    struct ir_unit *u = t->u;
    if (bytes == 8) {
        *high = is_signed ? ir_mulhs(u, IR_I64, a, b) : ir_mulhu(u, IR_I64, a, b);
        return ir_mul(u, IR_I64, a, b);
    }
    if (is_signed)
        a = x86_sext(t, a, bytes), b = x86_sext(t, b, bytes);
    ir_val_t whole = ir_mul(u, IR_I64, a, b);
    *high = ir_extract(u, IR_I64, whole, bytes * 8, bytes * 8);
    return ir_zext(u, IR_I64, whole, bytes * 8);
}

static void multiply(struct x86_tr *t, unsigned is_signed)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t high, a = x86_get_reg(t, 0, bytes), b = x86_get(t, 0);
    ir_val_t low = product(t, bytes, is_signed, a, b, &high);
    if (bytes == 1) {
        x86_put_reg(t, 0, 2, ir_deposit(t->u, IR_I64, low, high, 8, 8));
    } else {
        x86_put_reg(t, 0, bytes, low);
        x86_put_reg(t, 2, bytes, high);
    }
    if (is_signed)
        x86_set_cc(t, X86_CC_PRODUCT, bytes, low, b, IR_NONE, a);
    else
        x86_set_cc(t, X86_CC_MUL, bytes, low, high, IR_NONE, IR_NONE);
}

static void multiply_to(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size, three = t->d.n_ops == 3;
    ir_val_t a = x86_get(t, three ? 1 : 0);
    (void)arg;
    ir_val_t b = three ? x86_const(t, zext(t->d.imm, bytes * 8)) : x86_get(t, 1);
    ir_val_t low = x86_op2(t, IR_MUL, bytes, a, b);
    x86_put(t, 0, low);
    x86_set_cc(t, X86_CC_PRODUCT, bytes, low, b, IR_NONE, a);
}

/*
 * The quotient of high:low by divisor, or #DE. Size: bytes, 0x10 signed. The remainder is what
 * multiplying back leaves, which translated code does itself.
 */
uint64_t x86_helper_divide(struct cpu *cpu, uint64_t high, uint64_t low, uint64_t divisor,
                           uint64_t how)
{
    unsigned bits = (unsigned)(how & 15) * 8;
    bool is_signed = how & 0x10;
    if (divisor == 0)
        goto error;
    if (!is_signed) {
        if (high == 0) /* mostly: and the host divides by itself */
            return low / divisor;
        unsigned __int128 n = (unsigned __int128)high << bits | low, q = n / divisor;
        if (q >> bits)
            goto error;
        return (uint64_t)q;
    }
    uint64_t sign = sext(low, bits) >> 63;
    if (high == zext(0 - sign, bits) && divisor != zext(~0ull, bits))
        return zext((uint64_t)((int64_t)sext(low, bits) / (int64_t)sext(divisor, bits)), bits);
    unsigned __int128 raw = (unsigned __int128)high << bits | low;
    __int128 n = (__int128)(raw << (128 - 2 * bits)) >> (128 - 2 * bits);
    int64_t d = (int64_t)sext(divisor, bits);
    if (d == -1 && raw << (128 - 2 * bits) == (unsigned __int128)1 << 127)
        goto error;
    __int128 q = n / d;
    if (q != (__int128)(int64_t)sext((uint64_t)q, bits))
        goto error;
    return zext((uint64_t)q, bits);
error:
    x86_raise(X86_CPU(cpu), X86_DE);
    return 0;
}

static void divide(struct x86_tr *t, unsigned is_signed)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t divisor = x86_get(t, 0), high, low;
    if (bytes == 1) {
        high = ir_extract(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR), 8, 8);
        low = x86_get_reg(t, 0, 1);
    } else {
        high = x86_get_reg(t, 2, bytes);
        low = x86_get_reg(t, 0, bytes);
    }
    ir_val_t q = ir_call(t->u, IR_I64, X86_HELPER_divide, high, low, divisor,
                         x86_const(t, bytes | (is_signed ? 0x10 : 0)));
    ir_val_t r = x86_op2(t, IR_SUB, bytes, low, x86_op2(t, IR_MUL, bytes, q, divisor));
    if (bytes == 1) {
        x86_put_reg(t, 0, 2, ir_deposit(t->u, IR_I64, q, r, 8, 8));
    } else {
        x86_put_reg(t, 0, bytes, q);
        x86_put_reg(t, 2, bytes, r);
    }
}

/* MULX: no flags. The low half is written first: both may be one register, which then has the high
 * one. */
static void mulx(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t high;
    (void)arg;
    ir_val_t low = product(t, bytes, false, x86_get_reg(t, 2, bytes), x86_get(t, 2), &high);
    x86_put(t, 1, low);
    x86_put(t, 0, high);
}

/* ---- ADCX, ADOX: a carry chain each, all other flags stay ---- */
static void add_chain(struct x86_tr *t, unsigned flag)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size, bit = (unsigned)__builtin_ctz(flag);
    ir_val_t image = x86_flags_image(t), a = x86_get(t, 0), b = x86_get(t, 1);
    ir_val_t in = ir_extract(u, IR_I64, image, bit, 1);
    ir_val_t sum = x86_op2(t, IR_ADD, bytes, a, b), r = x86_op2(t, IR_ADD, bytes, sum, in);
    ir_val_t out =
        ir_or(u, IR_I64, ir_setcc(u, IR_I64, IR_LTU, sum, a), ir_setcc(u, IR_I64, IR_LTU, r, sum));
    x86_put(t, 0, r);
    x86_set_flags_image(t, ir_deposit(u, IR_I64, image, out, bit, 1));
}

/* ---- sign extension of the accumulator ---- */
static void widen(struct x86_tr *t, unsigned to_d)
{
    unsigned bytes = t->d.op_size;
    if (to_d) { /* CWD, CDQ, CQO */
        ir_val_t v = x86_sext(t, x86_get_reg(t, 0, bytes), bytes);
        x86_put_reg(t, 2, bytes, ir_op2i(t->u, IR_SAR, IR_I64, v, 63));
    } else {
        x86_put_reg(t, 0, bytes, x86_sext(t, x86_get_reg(t, 0, bytes / 2), bytes / 2));
    }
}

/* ---- flags ---- */
static void carry_flag(struct x86_tr *t, unsigned how)
{
    ir_val_t image = x86_flags_image(t);
    if (how == 2)
        image = ir_op2i(t->u, IR_XOR, IR_I64, image, X86_CF);
    else if (how == 1)
        image = ir_op2i(t->u, IR_OR, IR_I64, image, X86_CF);
    else
        image = ir_op2i(t->u, IR_AND, IR_I64, image, ~(uint64_t)X86_CF);
    x86_set_flags_image(t, image);
}

static void direction_flag(struct x86_tr *t, unsigned down)
{
    ir_val_t f = ir_get(t->u, X86_SLOT_RFLAGS);
    x86_put_slot(t, X86_SLOT_RFLAGS,
                 down ? ir_op2i(t->u, IR_OR, IR_I64, f, X86_DF)
                      : ir_op2i(t->u, IR_AND, IR_I64, f, ~(uint64_t)X86_DF));
    x86_put_slot(t, X86_SLOT_DF, x86_const(t, down ? -1ull : 1));
}

static void load_flags_ah(struct x86_tr *t, unsigned store)
{
    enum { LOW = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF };
    ir_val_t image = x86_flags_image(t), rax = ir_get(t->u, X86_SLOT_GPR);
    if (!store) { /* LAHF: bit 1 reads as one */
        ir_val_t low = ir_op2i(t->u, IR_OR, IR_I64, ir_op2i(t->u, IR_AND, IR_I64, image, LOW), 2);
        x86_put_slot(t, X86_SLOT_GPR, ir_deposit(t->u, IR_I64, rax, low, 8, 8));
        return;
    }
    ir_val_t ah = ir_op2i(t->u, IR_AND, IR_I64, ir_extract(t->u, IR_I64, rax, 8, 8), LOW);
    x86_set_flags_image(t, ir_or(t->u, IR_I64, ir_op2i(t->u, IR_AND, IR_I64, image, X86_OF), ah));
}

static void salc(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put_reg(t, 0, 1, ir_sub(t->u, IR_I64, x86_const(t, 0), x86_carry(t)));
}

/* ---- decimal ---- */
enum { DAA, DAS, AAA, AAS };

/* In: AX and the flags; out: AX in 15:0, flags in 47:16 (SDM volume 2, "Operation" of each). */
uint64_t x86_helper_decimal(struct cpu *cpu, uint64_t what, uint64_t ax, uint64_t flags, uint64_t d)
{
    bool af = flags & X86_AF, cf = flags & X86_CF;
    uint64_t al = ax & 0xff, f;
    (void)cpu, (void)d;
    if (what == DAA || what == DAS) {
        bool low = (al & 15) > 9 || af, high = al > 0x99 || cf;
        uint64_t fix = (low ? 6 : 0) + (high ? 0x60 : 0), was = al;
        al = (what == DAA ? al + fix : al - fix) & 0xff;
        cf = high || (low && what == DAS && was < 6);
        f = x86_arith_flags(X86_CC_LOGIC, al, 0, 0) | (low ? X86_AF : 0) | (cf ? X86_CF : 0);
        return (ax & 0xff00) | al | f << 16;
    }
    bool adjust = (al & 15) > 9 || af;
    if (adjust)
        ax = what == AAA ? ax + 0x106 : ax - 0x106;
    ax &= 0xff0f;
    f = x86_arith_flags(X86_CC_LOGIC, ax & 0xff, 0, 0) | (adjust ? X86_AF | X86_CF : 0);
    return ax | f << 16;
}

static void decimal(struct x86_tr *t, unsigned what)
{
    ir_val_t v = ir_call(t->u, IR_I64, X86_HELPER_decimal, x86_const(t, what), x86_get_reg(t, 0, 2),
                         x86_flags_image(t), IR_NONE);
    x86_put_reg(t, 0, 2, v);
    x86_set_flags_image(t, ir_extract(t->u, IR_I64, v, 16, 16));
}

uint64_t x86_helper_aam(struct cpu *cpu, uint64_t al, uint64_t base, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (base == 0) {
        x86_raise(X86_CPU(cpu), X86_DE);
        return 0;
    }
    return al / base << 8 | al % base;
}

static void aam(struct x86_tr *t, unsigned is_aad)
{
    uint64_t base = t->d.imm & 0xff;
    ir_val_t v, al = x86_get_reg(t, 0, 1);
    if (is_aad) {
        ir_val_t ah = ir_extract(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR), 8, 8);
        v = ir_zext(t->u, IR_I64, ir_add(t->u, IR_I64, al, ir_op2i(t->u, IR_MUL, IR_I64, ah, base)),
                    8);
    } else {
        v = ir_call(t->u, IR_I64, X86_HELPER_aam, al, x86_const(t, base), IR_NONE, IR_NONE);
    }
    x86_put_reg(t, 0, 2, v);
    x86_set_cc(t, X86_CC_LOGIC, 1, ir_zext(t->u, IR_I64, v, 8), IR_NONE, IR_NONE, IR_NONE);
}

/* clang-format off */
const struct x86_semantics x86_integer_rows[] = {
    { X86_INSN_ADD, X86_SEM_PLAIN, binary, ADD }, { X86_INSN_OR, X86_SEM_PLAIN, binary, OR },   { X86_INSN_ADC, X86_SEM_PLAIN, binary, ADC },
    { X86_INSN_SBB, X86_SEM_PLAIN, binary, SBB }, { X86_INSN_AND, X86_SEM_PLAIN, binary, AND }, { X86_INSN_SUB, X86_SEM_PLAIN, binary, SUB },
    { X86_INSN_XOR, X86_SEM_PLAIN, binary, XOR }, { X86_INSN_CMP, X86_SEM_PLAIN, binary, CMP }, { X86_INSN_TEST, X86_SEM_PLAIN, binary, TEST },
    { X86_INSN_NEG, X86_SEM_PLAIN, negate, 0 },   { X86_INSN_NOT, X86_SEM_PLAIN, negate, 1 },
    { X86_INSN_INC, X86_SEM_PLAIN, step, 0 },     { X86_INSN_DEC, X86_SEM_PLAIN, step, 1 },
    { X86_INSN_MUL, 0, multiply, 0 }, { X86_INSN_IMUL_WIDE, 0, multiply, 1 },
    { X86_INSN_IMUL, X86_SEM_PLAIN, multiply_to, 0 }, { X86_INSN_MULX, 0, mulx, 0 },
    { X86_INSN_DIV, 0, divide, 0 },   { X86_INSN_IDIV, 0, divide, 1 },
    { X86_INSN_ADCX, 0, add_chain, X86_CF }, { X86_INSN_ADOX, 0, add_chain, X86_OF },
    { X86_INSN_CBW, X86_SEM_PLAIN, widen, 0 },    { X86_INSN_CWD, X86_SEM_PLAIN, widen, 1 },
    { X86_INSN_CLC, 0, carry_flag, 0 }, { X86_INSN_STC, 0, carry_flag, 1 }, { X86_INSN_CMC, 0, carry_flag, 2 },
    { X86_INSN_CLD, 0, direction_flag, 0 }, { X86_INSN_STD, 0, direction_flag, 1 },
    { X86_INSN_LAHF, 0, load_flags_ah, 0 }, { X86_INSN_SAHF, 0, load_flags_ah, 1 },
    { X86_INSN_SALC, 0, salc, 0 },
    { X86_INSN_DAA, 0, decimal, DAA }, { X86_INSN_DAS, 0, decimal, DAS },
    { X86_INSN_AAA, 0, decimal, AAA }, { X86_INSN_AAS, 0, decimal, AAS },
    { X86_INSN_AAM, 0, aam, 0 },      { X86_INSN_AAD, 0, aam, 1 },
    X86_ROWS_END
};
/* clang-format on */
