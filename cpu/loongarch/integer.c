/* SPDX-License-Identifier: Apache-2.0 */
/* Integer instructions without memory and branches: manual, 2.2.1 to 2.2.3 and 2.2.9. */
#include "cpu/loongarch/translate_impl.h"

/* Row argument: an operation, WORD for .w forms. */
enum { WORD = 0x100 };
#define TYPE(arg) ((arg) & WORD ? IR_I32 : IR_I64)
#define OP(arg)   ((enum ir_op)((arg) & 0xff))

static ir_val_t rj(struct la_tr *t, enum ir_type type)
{
    return la_r(t, type, t->d.rj);
}

static ir_val_t rk(struct la_tr *t, enum ir_type type)
{
    return la_r(t, type, t->d.rk);
}

static void result(struct la_tr *t, ir_val_t v)
{
    la_put_r(t, IR_I64, t->d.rd, v);
}

/* ---- arithmetic, logic, shifts: the IR takes counts modulo the width, as 2.2.2 does ---- */
static void binary(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    la_put_r(t, type, t->d.rd, ir_op2(t->u, OP(arg), type, rj(t, type), rk(t, type)));
}

static void binary_imm(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    la_put_r(t, type, t->d.rd, ir_op2i(t->u, OP(arg), type, rj(t, type), (uint64_t)t->d.imm));
}

static void nor(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = ir_or(t->u, IR_I64, rj(t, IR_I64), rk(t, IR_I64));
    result(t, ir_op2i(t->u, IR_XOR, IR_I64, v, ~0ull));
}

static void slt(struct la_tr *t, unsigned cc)
{
    result(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, rj(t, IR_I64), rk(t, IR_I64)));
}

static void slti(struct la_tr *t, unsigned cc)
{
    result(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, rj(t, IR_I64), la_const(t, (uint64_t)t->d.imm)));
}

static void mask(struct la_tr *t, unsigned eqz)
{
    ir_val_t v = rj(t, IR_I64), zero = la_const(t, 0);
    result(t, ir_select(t->u, IR_I64, rk(t, IR_I64), eqz ? v : zero, eqz ? zero : v));
}

enum alsl { ALSL_W, ALSL_WU, ALSL_D };
static void alsl(struct la_tr *t, unsigned kind)
{
    enum ir_type type = kind == ALSL_D ? IR_I64 : IR_I32;
    ir_val_t v = ir_op2i(t->u, IR_SHL, type, rj(t, type), (uint64_t)t->d.imm);
    v = ir_add(t->u, type, v, rk(t, type));
    if (kind == ALSL_WU)
        result(t, ir_zext(t->u, IR_I64, v, 32));
    else
        la_put_r(t, type, t->d.rd, v);
}

/* ---- constants ---- */
static void addu16i(struct la_tr *t, unsigned arg)
{
    (void)arg;
    result(t, ir_op2i(t->u, IR_ADD, IR_I64, rj(t, IR_I64), (uint64_t)t->d.imm << 16));
}

static void lu12i(struct la_tr *t, unsigned arg)
{
    (void)arg;
    result(t, la_const(t, (uint64_t)t->d.imm << 12));
}

static void lu32i(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t low = ir_zext(t->u, IR_I64, la_r(t, IR_I64, t->d.rd), 32);
    result(t, ir_op2i(t->u, IR_OR, IR_I64, low, (uint64_t)t->d.imm << 32));
}

static void lu52i(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t low = ir_op2i(t->u, IR_AND, IR_I64, rj(t, IR_I64), BIT(52) - 1);
    result(t, ir_op2i(t->u, IR_OR, IR_I64, low, (uint64_t)t->d.imm << 52));
}

static void pcadd(struct la_tr *t, unsigned shift)
{
    result(t, ir_pc(t->u, t->at + (int64_t)((uint64_t)t->d.imm << shift)));
}

static void pcalau12i(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = ir_pc(t->u, t->at + (int64_t)((uint64_t)t->d.imm << 12));
    result(t, ir_op2i(t->u, IR_AND, IR_I64, v, ~0xfffull));
}

/*
 * ---- multiplication, division ----
 * By zero any result is right (2.2.1.17): the IR's. Without CPUCFG2.DIV32 operands of DIV.W that are no sign-extended
 * words give an undefined result: the low words are divided in any case.
 */
static void mulw(struct la_tr *t, unsigned is_unsigned)
{
    struct ir_unit *u = t->u;
    ir_val_t a = rj(t, IR_I64), b = rk(t, IR_I64);
    if (is_unsigned)
        a = ir_zext(u, IR_I64, a, 32), b = ir_zext(u, IR_I64, b, 32);
    else
        a = ir_sext(u, IR_I64, a, 32), b = ir_sext(u, IR_I64, b, 32);
    result(t, ir_mul(u, IR_I64, a, b));
}

/* ---- bits ---- */
static void unary(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    la_put_r(t, type, t->d.rd, ir_op1(t->u, OP(arg), type, rj(t, type)));
}

static void count_ones(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    ir_val_t v = ir_op2i(t->u, IR_XOR, type, rj(t, type), ~0ull);
    la_put_r(t, type, t->d.rd, ir_op1(t->u, OP(arg), type, v));
}

/* Neighbours of `n` bits change places; `low` has those that are the lower ones. */
static ir_val_t swap(struct la_tr *t, enum ir_type type, ir_val_t v, unsigned n, uint64_t low)
{
    struct ir_unit *u = t->u;
    ir_val_t up = ir_op2i(u, IR_SHL, type, ir_op2i(u, IR_AND, type, v, low), n);
    ir_val_t down = ir_op2i(u, IR_AND, type, ir_op2i(u, IR_SHR, type, v, n), low);
    return ir_or(u, type, up, down);
}

static void revb_halves(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    la_put_r(t, type, t->d.rd, swap(t, type, rj(t, type), 8, 0x00ff00ff00ff00ffull));
}

static void revb_2w(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = ir_bswap(t->u, IR_I64, rj(t, IR_I64));
    result(t, ir_op2i(t->u, IR_ROR, IR_I64, v, 32));
}

static void revh_2w(struct la_tr *t, unsigned arg)
{
    (void)arg;
    result(t, swap(t, IR_I64, rj(t, IR_I64), 16, 0x0000ffff0000ffffull));
}

static void revh_d(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = swap(t, IR_I64, rj(t, IR_I64), 16, 0x0000ffff0000ffffull);
    result(t, ir_op2i(t->u, IR_ROR, IR_I64, v, 32));
}

/* Bits of each byte in reverse order; `whole`: the bytes, too. */
enum { WHOLE = 1 };
static void bitrev(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    ir_val_t v = rj(t, type);
    v = swap(t, type, v, 1, 0x5555555555555555ull);
    v = swap(t, type, v, 2, 0x3333333333333333ull);
    v = swap(t, type, v, 4, 0x0f0f0f0f0f0f0f0full);
    la_put_r(t, type, t->d.rd, arg & WHOLE ? ir_bswap(t->u, type, v) : v);
}

static void ext_w(struct la_tr *t, unsigned bits)
{
    result(t, ir_sext(t->u, IR_I64, rj(t, IR_I64), bits));
}

/* Part of rk:rj that starts imm bytes below the top of rk. */
static void bytepick(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    struct ir_unit *u = t->u;
    unsigned width = type == IR_I32 ? 32 : 64, up = 8 * (unsigned)t->d.imm;
    ir_val_t v = rk(t, type);
    if (up != 0)
        v = ir_or(u, type, ir_op2i(u, IR_SHL, type, v, up), ir_op2i(u, IR_SHR, type, rj(t, type), width - up));
    la_put_r(t, type, t->d.rd, v);
}

/* msb < lsb is undefined (2.2.3.9): no such instruction. */
static bool bad_string(struct la_tr *t)
{
    if (t->d.msb >= t->d.lsb)
        return false;
    la_raises(t, LA_INE);
    return true;
}

static void bstrins(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    unsigned low = (unsigned)t->d.lsb, count = (unsigned)t->d.msb - low + 1;
    if (bad_string(t))
        return;
    ir_val_t v = rj(t, type);
    if (count < (type == IR_I32 ? 32u : 64u))
        v = ir_deposit(t->u, type, la_r(t, type, t->d.rd), v, low, count);
    la_put_r(t, type, t->d.rd, v);
}

static void bstrpick(struct la_tr *t, unsigned arg)
{
    enum ir_type type = TYPE(arg);
    unsigned low = (unsigned)t->d.lsb, count = (unsigned)t->d.msb - low + 1;
    if (bad_string(t))
        return;
    ir_val_t v = rj(t, type);
    if (count < (type == IR_I32 ? 32u : 64u))
        v = ir_extract(t->u, type, v, low, count);
    la_put_r(t, type, t->d.rd, v);
}

/* ---- CRC: reflected, without inversion (2.2.9) ---- */
enum { CRC_CASTAGNOLI = 0x10 }; /* beside the bytes */
static void crc(struct la_tr *t, unsigned arg)
{
    ir_val_t v = ir_call(t->u, IR_I64, LA_HELPER_crc, ir_zext(t->u, IR_I64, rk(t, IR_I64), 32), rj(t, IR_I64),
                         la_const(t, arg & 0xf), la_const(t, arg >> 4));
    result(t, ir_sext(t->u, IR_I64, v, 32));
}

/* By nibbles: a table of 16 words each. */
uint64_t la_helper_crc(struct cpu *cpu, uint64_t value, uint64_t data, uint64_t bytes, uint64_t castagnoli)
{
    static const uint32_t tables[2][16] = {
        { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
          0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c },
        { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
          0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 },
    };
    const uint32_t *table = tables[castagnoli];
    uint32_t v = (uint32_t)value;
    (void)cpu;
    for (unsigned i = 0; i < 2 * bytes; i++, data >>= 4)
        v = v >> 4 ^ table[(v ^ data) & 15];
    return v;
}

/* clang-format off */
#define ROW(name, fn, arg) { LA_INSN_##name, 0, fn, arg }
#define BOTH(name, fn, arg) ROW(name##_W, fn, (arg) | WORD), ROW(name##_D, fn, arg)
#define UNSIGNED(name, fn, arg) ROW(name##_WU, fn, (arg) | WORD), ROW(name##_DU, fn, arg)
const struct la_semantics la_integer_rows[] = {
    BOTH(ADD, binary, IR_ADD), BOTH(SUB, binary, IR_SUB), BOTH(ADDI, binary_imm, IR_ADD),
    ROW(AND, binary, IR_AND), ROW(OR, binary, IR_OR), ROW(XOR, binary, IR_XOR), ROW(NOR, nor, 0),
    ROW(ANDN, binary, IR_ANDN), ROW(ORN, binary, IR_ORN),
    ROW(ANDI, binary_imm, IR_AND), ROW(ORI, binary_imm, IR_OR), ROW(XORI, binary_imm, IR_XOR),
    ROW(SLT, slt, IR_LTS), ROW(SLTU, slt, IR_LTU), ROW(SLTI, slti, IR_LTS), ROW(SLTUI, slti, IR_LTU),
    ROW(MASKEQZ, mask, 1), ROW(MASKNEZ, mask, 0),
    ROW(ALSL_W, alsl, ALSL_W), ROW(ALSL_WU, alsl, ALSL_WU), ROW(ALSL_D, alsl, ALSL_D),
    ROW(ADDU16I_D, addu16i, 0), ROW(LU12I_W, lu12i, 0), ROW(LU32I_D, lu32i, 0), ROW(LU52I_D, lu52i, 0),
    ROW(PCADDI, pcadd, 2), ROW(PCADDU12I, pcadd, 12), ROW(PCADDU18I, pcadd, 18), ROW(PCALAU12I, pcalau12i, 0),

    BOTH(MUL, binary, IR_MUL), BOTH(MULH, binary, IR_MULHS), UNSIGNED(MULH, binary, IR_MULHU),
    ROW(MULW_D_W, mulw, 0), ROW(MULW_D_WU, mulw, 1),
    BOTH(DIV, binary, IR_DIVS), UNSIGNED(DIV, binary, IR_DIVU),
    BOTH(MOD, binary, IR_REMS), UNSIGNED(MOD, binary, IR_REMU),

    BOTH(SLL, binary, IR_SHL), BOTH(SRL, binary, IR_SHR), BOTH(SRA, binary, IR_SAR), BOTH(ROTR, binary, IR_ROR),
    BOTH(SLLI, binary_imm, IR_SHL), BOTH(SRLI, binary_imm, IR_SHR), BOTH(SRAI, binary_imm, IR_SAR),
    BOTH(ROTRI, binary_imm, IR_ROR),

    BOTH(CLZ, unary, IR_CLZ), BOTH(CTZ, unary, IR_CTZ), BOTH(CLO, count_ones, IR_CLZ), BOTH(CTO, count_ones, IR_CTZ),
    ROW(REVB_2H, revb_halves, WORD), ROW(REVB_4H, revb_halves, 0), ROW(REVB_2W, revb_2w, 0),
    ROW(REVB_D, unary, IR_BSWAP), ROW(REVH_2W, revh_2w, 0), ROW(REVH_D, revh_d, 0),
    ROW(BITREV_4B, bitrev, WORD), ROW(BITREV_8B, bitrev, 0), ROW(BITREV_W, bitrev, WORD | WHOLE),
    ROW(BITREV_D, bitrev, WHOLE), ROW(EXT_W_H, ext_w, 16), ROW(EXT_W_B, ext_w, 8),
    BOTH(BYTEPICK, bytepick, 0), BOTH(BSTRINS, bstrins, 0), BOTH(BSTRPICK, bstrpick, 0),

    ROW(CRC_W_B_W, crc, 1), ROW(CRC_W_H_W, crc, 2), ROW(CRC_W_W_W, crc, 4), ROW(CRC_W_D_W, crc, 8),
    ROW(CRCC_W_B_W, crc, CRC_CASTAGNOLI | 1), ROW(CRCC_W_H_W, crc, CRC_CASTAGNOLI | 2),
    ROW(CRCC_W_W_W, crc, CRC_CASTAGNOLI | 4), ROW(CRCC_W_D_W, crc, CRC_CASTAGNOLI | 8),
    LA_ROWS_END
};
/* clang-format on */
