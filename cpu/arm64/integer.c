/* SPDX-License-Identifier: Apache-2.0 */
/* Data processing on general registers: Arm ARM, C4.1.92 (immediate) and C4.1.95 (register). */
#include "core/util/bits.h"
#include "cpu/arm64/translate_impl.h"

/* Row arguments: width, flag setting, and a family's own number from bit 8 on. */
enum { X = 1, S = 2, OP_SHIFT = 8 };
#define OP(n) ((unsigned)(n) << OP_SHIFT)

static enum ir_type width(unsigned arg)
{
    return arg & X ? IR_I64 : IR_I32;
}

static ir_val_t konst(struct a64_tr *t, enum ir_type type, uint64_t v)
{
    return ir_const(t->u, type, v);
}

/* ---- flags: cpu.h says how NZCV is kept ---- */
static ir_val_t wide_sign(struct a64_tr *t, enum ir_type type, ir_val_t v)
{
    return type == IR_I64 ? v : ir_sext(t->u, IR_I64, v, 32);
}

static void put_nz(struct a64_tr *t, enum ir_type type, ir_val_t result)
{
    ir_val_t r = wide_sign(t, type, result);
    ir_put(t->u, A64_SLOT_NF, r);
    ir_put(t->u, A64_SLOT_ZF, r);
}

void a64_set_flags_logic(struct a64_tr *t, enum ir_type type, ir_val_t result)
{
    put_nz(t, type, result);
    ir_put(t->u, A64_SLOT_CF, a64_const(t, 0));
    ir_put(t->u, A64_SLOT_VF, a64_const(t, 0));
    t->flags = A64_FLAGS_SLOTS;
}

void a64_set_flags_add(struct a64_tr *t, enum ir_type type, ir_val_t a, ir_val_t b, ir_val_t result)
{
    struct ir_unit *u = t->u;
    ir_val_t over = ir_andn(u, type, ir_xor(u, type, a, result), ir_xor(u, type, a, b));
    put_nz(t, type, result);
    ir_put(u, A64_SLOT_CF, ir_setcc(u, type, IR_LTU, result, a));
    ir_put(u, A64_SLOT_VF, wide_sign(t, type, over));
    t->flags = A64_FLAGS_SLOTS;
}

void a64_set_flags_sub(struct a64_tr *t, enum ir_type type, ir_val_t a, ir_val_t b, ir_val_t result)
{
    struct ir_unit *u = t->u;
    ir_val_t over = ir_and(u, type, ir_xor(u, type, a, b), ir_xor(u, type, a, result));
    put_nz(t, type, result);
    ir_put(u, A64_SLOT_CF, ir_setcc(u, type, IR_GEU, a, b));
    ir_put(u, A64_SLOT_VF, wide_sign(t, type, over));
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

static ir_val_t flag(struct a64_tr *t, unsigned slot)
{
    return ir_get(t->u, slot);
}

static ir_val_t sign_set(struct a64_tr *t, ir_val_t v)
{
    return ir_setcc(t->u, IR_I64, IR_LTS, v, a64_const(t, 0));
}

static ir_val_t not_zero(struct a64_tr *t)
{
    return ir_setcc(t->u, IR_I64, IR_NE, flag(t, A64_SLOT_ZF), a64_const(t, 0));
}

/* The even conditions, from the flags themselves. */
static ir_val_t even_condition(struct a64_tr *t, unsigned cond)
{
    struct ir_unit *u = t->u;
    ir_val_t less = IR_NONE, greater_equal = IR_NONE;
    switch (cond >> 1) {
    case 0: return ir_setcc(u, IR_I64, IR_EQ, flag(t, A64_SLOT_ZF), a64_const(t, 0));
    case 1: return flag(t, A64_SLOT_CF);
    case 2: return sign_set(t, flag(t, A64_SLOT_NF));
    case 3: return sign_set(t, flag(t, A64_SLOT_VF));
    case 4: return ir_and(u, IR_I64, flag(t, A64_SLOT_CF), not_zero(t));
    case 5:
    case 6:
        less = ir_xor(u, IR_I64, flag(t, A64_SLOT_NF), flag(t, A64_SLOT_VF));
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
enum { ADD, SUB };

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
    enum ir_type type = width(arg);
    ir_val_t b = konst(t, type, (uint64_t)t->d.imm << (t->d.sh ? 12 : 0));
    ir_val_t r = add_sub(t, type, arg, a64_xsp(t, type, t->d.rn), b);
    if (arg & S)
        a64_put_x(t, type, t->d.rd, r);
    else if (t->d.rd == 31 && t->d.rn == 31 && type == IR_I64)
        a64_write_back(t, 31, r, t->d.sh ? 0 : t->d.imm);
    else
        a64_put_xsp(t, type, t->d.rd, r);
}

static ir_val_t shifted(struct a64_tr *t, enum ir_type type, ir_val_t v, unsigned how, unsigned by)
{
    static const uint8_t ops[4] = { IR_SHL, IR_SHR, IR_SAR, IR_ROR };
    return by == 0 ? v : ir_op2i(t->u, (enum ir_op)ops[how & 3], type, v, by);
}

static void add_shifted(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
    ir_val_t b = shifted(t, type, a64_x(t, type, t->d.rm), t->d.shift, (unsigned)t->d.imm);
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
    enum ir_type type = width(arg);
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
    enum ir_type type = width(arg);
    ir_val_t a = a64_x(t, type, t->d.rn), b = a64_x(t, type, t->d.rm);
    ir_val_t c = flag(t, A64_SLOT_CF), carry = type == IR_I32 ? ir_trunc(u, c) : c;
    if (arg >> OP_SHIFT == SUB)
        b = ir_op2i(u, IR_XOR, type, b, ~0ull);
    ir_val_t sum = ir_add(u, type, a, b), r = ir_add(u, type, sum, carry);
    if (arg & S) {
        ir_val_t over = ir_andn(u, type, ir_xor(u, type, a, r), ir_xor(u, type, a, b));
        ir_val_t out = ir_or(u, IR_I64, ir_setcc(u, type, IR_LTU, sum, a),
                             ir_setcc(u, type, IR_LTU, r, sum));
        put_nz(t, type, r);
        ir_put(u, A64_SLOT_CF, out);
        ir_put(u, A64_SLOT_VF, wide_sign(t, type, over));
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
    enum ir_type type = width(arg);
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
    enum ir_type type = width(arg);
    ir_val_t b = shifted(t, type, a64_x(t, type, t->d.rm), t->d.shift, (unsigned)t->d.imm);
    ir_val_t r = logic(t, type, arg >> OP_SHIFT, a64_x(t, type, t->d.rn), b);
    if (arg & S)
        a64_set_flags_logic(t, type, r);
    a64_put_x(t, type, t->d.rd, r);
}

/* ---- moves, bit fields ---- */
enum { MOVN, MOVZ, MOVK };

static void move_wide(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
    unsigned low = 16u * t->d.hw;
    uint64_t imm = (uint64_t)t->d.imm << low;
    if (arg >> OP_SHIFT == MOVK)
        a64_put_x(t, type, t->d.rd,
                  ir_deposit(t->u, type, a64_x(t, type, t->d.rd), konst(t, type, (uint64_t)t->d.imm), low, 16));
    else
        a64_put_x(t, type, t->d.rd, konst(t, type, arg >> OP_SHIFT == MOVN ? ~imm : imm));
}

enum { SBFM, BFM, UBFM };

/* imms >= immr: a field of Rn to the bottom; else the low bits of Rn upward (C6.2, BFM). */
static void bitfield(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = width(arg);
    unsigned bits = type == IR_I64 ? 64 : 32, r = t->d.immr, s = t->d.imms;
    ir_val_t n = a64_x(t, type, t->d.rn), v;
    bool down = s >= r;
    unsigned count = down ? s - r + 1 : s + 1, low = down ? 0 : bits - r;
    switch (arg >> OP_SHIFT) {
    case UBFM:
        v = down ? (count == bits ? n : ir_extract(u, type, n, r, count))
                 : ir_op2i(u, IR_SHL, type, ir_extract(u, type, n, 0, count), low);
        break;
    case SBFM: /* the field's top bit to the register's, then down to its place */
        v = s == bits - 1 ? n : ir_op2i(u, IR_SHL, type, n, bits - 1 - s);
        v = down ? ir_op2i(u, IR_SAR, type, v, bits - count)
                 : ir_op2i(u, IR_SAR, type, v, bits - count - low);
        break;
    default:
        v = down && r != 0 ? ir_op2i(u, IR_SHR, type, n, r) : n;
        v = count == bits ? v : ir_deposit(u, type, a64_x(t, type, t->d.rd), v, low, count);
    }
    a64_put_x(t, type, t->d.rd, v);
}

static void extr(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = width(arg);
    unsigned bits = type == IR_I64 ? 64 : 32, lsb = t->d.imms;
    ir_val_t hi = a64_x(t, type, t->d.rn), lo = a64_x(t, type, t->d.rm), v = lo;
    if (t->d.rn == t->d.rm)
        v = shifted(t, type, lo, 3, lsb);
    else if (lsb != 0)
        v = ir_or(u, type, ir_op2i(u, IR_SHR, type, lo, lsb), ir_op2i(u, IR_SHL, type, hi, bits - lsb));
    a64_put_x(t, type, t->d.rd, v);
}

/* ---- two sources, one source, three sources ---- */
static void shift_var(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
    a64_put_x(t, type, t->d.rd,
              ir_op2(t->u, (enum ir_op)(arg >> OP_SHIFT), type, a64_x(t, type, t->d.rn), a64_x(t, type, t->d.rm)));
}

/* Division by zero gives 0; the least number by -1 itself, as the IR's does. */
static void divide(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
    ir_val_t b = a64_x(t, type, t->d.rm), zero = konst(t, type, 0);
    ir_val_t q = ir_op2(t->u, (enum ir_op)(arg >> OP_SHIFT), type, a64_x(t, type, t->d.rn), b);
    a64_put_x(t, type, t->d.rd,
              ir_select(t->u, type, ir_setcc(t->u, type, IR_EQ, b, zero), zero, q));
}

static void multiply_add(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
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

enum { RBIT, REV, REV16, REV32, CLZ, CLS, CTZ, CNT, ABS };

/* Swap groups of `by` bits inside each pair of them. */
static ir_val_t swap_groups(struct a64_tr *t, enum ir_type type, ir_val_t v, unsigned by, uint64_t low)
{
    struct ir_unit *u = t->u;
    ir_val_t up = ir_op2i(u, IR_SHL, type, ir_op2i(u, IR_AND, type, v, low), by);
    ir_val_t down = ir_op2i(u, IR_AND, type, ir_op2i(u, IR_SHR, type, v, by), low);
    return ir_or(u, type, up, down);
}

static void one_source(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = width(arg);
    unsigned bits = type == IR_I64 ? 64 : 32;
    ir_val_t v = a64_x(t, type, t->d.rn), r;
    switch (arg >> OP_SHIFT) {
    case RBIT:
        r = swap_groups(t, type, v, 1, 0x5555555555555555ull);
        r = swap_groups(t, type, r, 2, 0x3333333333333333ull);
        r = swap_groups(t, type, r, 4, 0x0f0f0f0f0f0f0f0full);
        r = ir_bswap(u, type, r);
        break;
    case REV: r = ir_bswap(u, type, v); break;
    case REV16: r = swap_groups(t, type, v, 8, 0x00ff00ff00ff00ffull); break;
    case REV32: r = ir_op2i(u, IR_ROR, type, ir_bswap(u, type, v), 32); break;
    case CLZ: r = ir_clz(u, type, v); break;
    case CLS: /* leading bits like the sign, without it: zeros of v ^ (v >> 1) below the top */
        r = ir_xor(u, type, v, ir_op2i(u, IR_SAR, type, v, bits - 1));
        r = ir_op2i(u, IR_SUB, type, ir_clz(u, type, r), 1);
        break;
    case CTZ: r = ir_ctz(u, type, v); break;
    case CNT: r = ir_popcnt(u, type, v); break;
    default: { /* ABS: of the least number itself */
        ir_val_t sign = ir_op2i(u, IR_SAR, type, v, bits - 1);
        r = ir_sub(u, type, ir_xor(u, type, v, sign), sign);
    }
    }
    a64_put_x(t, type, t->d.rd, r);
}

/* ---- FEAT_CSSC minimum, maximum ---- */
static ir_val_t min_max(struct a64_tr *t, enum ir_type type, enum ir_cc cc, ir_val_t a, ir_val_t b)
{
    return ir_select(t->u, type, ir_setcc(t->u, type, cc, a, b), a, b);
}

static void min_max_reg(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
    a64_put_x(t, type, t->d.rd, min_max(t, type, (enum ir_cc)(arg >> OP_SHIFT), a64_x(t, type, t->d.rn),
                                        a64_x(t, type, t->d.rm)));
}

static void min_max_imm(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = width(arg);
    a64_put_x(t, type, t->d.rd, min_max(t, type, (enum ir_cc)(arg >> OP_SHIFT), a64_x(t, type, t->d.rn),
                                        konst(t, type, (uint64_t)t->d.imm)));
}

/* ---- conditions ---- */
enum { CSEL, CSINC, CSINV, CSNEG };

static void cond_select(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = width(arg);
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
    enum ir_type type = width(arg);
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
    cond_compare(t, arg, a64_x(t, width(arg), t->d.rm));
}

static void cond_compare_imm(struct a64_tr *t, unsigned arg)
{
    cond_compare(t, arg, konst(t, width(arg), (uint64_t)t->d.imm));
}

/* ---- FEAT_FlagM ---- */
static void rmif(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t v = shifted(t, IR_I64, a64_x(t, IR_I64, t->d.rn), 3, (unsigned)t->d.imm);
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
    ir_put(t->u, A64_SLOT_CF, ir_op2i(t->u, IR_XOR, IR_I64, flag(t, A64_SLOT_CF), 1));
    t->flags = A64_FLAGS_SLOTS;
}

/* FEAT_FlagM2, C6.2 XAFLAG and AXFLAG: between Arm's and an external form of FP comparisons. */
static void xaflag(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t c = flag(t, A64_SLOT_CF), z = even_condition(t, 0);
    ir_val_t not_c = ir_op2i(u, IR_XOR, IR_I64, c, 1), not_z = ir_op2i(u, IR_XOR, IR_I64, z, 1);
    (void)arg;
    a64_set_flags_bits(t, ir_and(u, IR_I64, not_c, not_z), ir_and(u, IR_I64, c, z),
                       ir_or(u, IR_I64, c, z), ir_and(u, IR_I64, not_c, z));
}

static void axflag(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t c = flag(t, A64_SLOT_CF), z = even_condition(t, 0), v = even_condition(t, 6);
    (void)arg;
    a64_set_flags_bits(t, a64_const(t, 0), ir_or(u, IR_I64, z, v), ir_andn(u, IR_I64, c, v),
                       a64_const(t, 0));
}

/* ---- CRC32 (C6.2): polynomials 0x04c11db7 and 0x1edc6f41, bits reflected ---- */
static uint32_t crc32_of(uint32_t crc, uint64_t data, unsigned bits, uint32_t reflected)
{
    crc ^= (uint32_t)zext(data, MIN(bits, 32u));
    for (unsigned i = 0; i < bits; i++) {
        if (i == 32)
            crc ^= (uint32_t)(data >> 32);
        crc = crc >> 1 ^ (crc & 1 ? reflected : 0);
    }
    return crc;
}

uint64_t a64_helper_crc32(struct cpu *cpu, uint64_t crc, uint64_t data, uint64_t how, uint64_t d)
{
    (void)cpu, (void)d;
    return crc32_of((uint32_t)crc, data, (unsigned)(how & 0x7f), how & 0x80 ? 0x82f63b78u : 0xedb88320u);
}

static void crc32(struct a64_tr *t, unsigned how)
{
    ir_val_t r = ir_call(t->u, IR_I64, A64_HELPER_crc32, a64_x(t, IR_I64, t->d.rn),
                         a64_x(t, IR_I64, t->d.rm), a64_const(t, how), IR_NONE);
    a64_put_x(t, IR_I64, t->d.rd, r);
}

/* clang-format off */
#define WX(name, fn, op)      { A64_INSN_##name##_W, 0, fn, op }, { A64_INSN_##name##_X, 0, fn, (op) | X }
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
    WX(SBFM, bitfield, OP(SBFM)), WX(BFM, bitfield, OP(BFM)), WX(UBFM, bitfield, OP(UBFM)),
    WX(EXTR, extr, 0),
    WX(LSLV, shift_var, OP(IR_SHL)), WX(LSRV, shift_var, OP(IR_SHR)),
    WX(ASRV, shift_var, OP(IR_SAR)), WX(RORV, shift_var, OP(IR_ROR)),
    WX(UDIV, divide, OP(IR_DIVU)), WX(SDIV, divide, OP(IR_DIVS)),
    WX(MADD, multiply_add, OP(ADD)), WX(MSUB, multiply_add, OP(SUB)),
    { A64_INSN_SMADDL, 0, multiply_long, OP(0) }, { A64_INSN_SMSUBL, 0, multiply_long, OP(1) },
    { A64_INSN_UMADDL, 0, multiply_long, OP(2) }, { A64_INSN_UMSUBL, 0, multiply_long, OP(3) },
    { A64_INSN_SMULH, 0, multiply_high, IR_MULHS }, { A64_INSN_UMULH, 0, multiply_high, IR_MULHU },
    WX(RBIT, one_source, OP(RBIT)), WX(REV, one_source, OP(REV)), WX(REV16, one_source, OP(REV16)),
    { A64_INSN_REV32_X, 0, one_source, OP(REV32) | X },
    WX(CLZ, one_source, OP(CLZ)), WX(CLS, one_source, OP(CLS)), WX(CTZ, one_source, OP(CTZ)),
    WX(CNT, one_source, OP(CNT)), WX(ABS, one_source, OP(ABS)),
    WX(SMAX_REG, min_max_reg, OP(IR_GTS)), WX(SMIN_REG, min_max_reg, OP(IR_LTS)),
    WX(UMAX_REG, min_max_reg, OP(IR_GTU)), WX(UMIN_REG, min_max_reg, OP(IR_LTU)),
    WX(SMAX_IMM, min_max_imm, OP(IR_GTS)), WX(SMIN_IMM, min_max_imm, OP(IR_LTS)),
    WX(UMAX_IMM, min_max_imm, OP(IR_GTU)), WX(UMIN_IMM, min_max_imm, OP(IR_LTU)),
    WX(CSEL, cond_select, OP(CSEL)), WX(CSINC, cond_select, OP(CSINC)),
    WX(CSINV, cond_select, OP(CSINV)), WX(CSNEG, cond_select, OP(CSNEG)),
    WX(CCMN_REG, cond_compare_reg, OP(ADD)), WX(CCMP_REG, cond_compare_reg, OP(SUB)),
    WX(CCMN_IMM, cond_compare_imm, OP(ADD)), WX(CCMP_IMM, cond_compare_imm, OP(SUB)),
    { A64_INSN_RMIF, 0, rmif, 0 }, { A64_INSN_SETF8, 0, setf, 8 }, { A64_INSN_SETF16, 0, setf, 16 },
    { A64_INSN_CFINV, 0, cfinv, 0 }, { A64_INSN_XAFLAG, 0, xaflag, 0 }, { A64_INSN_AXFLAG, 0, axflag, 0 },
    { A64_INSN_CRC32B, 0, crc32, 8 },   { A64_INSN_CRC32H, 0, crc32, 16 },
    { A64_INSN_CRC32W, 0, crc32, 32 },  { A64_INSN_CRC32X, 0, crc32, 64 },
    { A64_INSN_CRC32CB, 0, crc32, 0x80 | 8 },  { A64_INSN_CRC32CH, 0, crc32, 0x80 | 16 },
    { A64_INSN_CRC32CW, 0, crc32, 0x80 | 32 }, { A64_INSN_CRC32CX, 0, crc32, 0x80 | 64 },
    A64_ROWS_END
};
/* clang-format on */
