/* SPDX-License-Identifier: Apache-2.0 */
/* Zba, Zbb, Zbc, Zbs, Zbkb, Zbkc, Zbkx: unprivileged ISA, chapters "B" and "Scalar Cryptography".
 */
#include "cpu/riscv/translate_impl.h"

static ir_val_t rs1(struct rv_tr *t)
{
    return rv_x(t, t->d.rs1);
}
static ir_val_t rs2(struct rv_tr *t)
{
    return rv_x(t, t->d.rs2);
}

static void put_word(struct rv_tr *t, ir_val_t v)
{
    rv_put_rd(t, ir_sext(t->u, IR_I64, v, 32));
}

static void binary(struct rv_tr *t, unsigned op)
{
    rv_put_rd(t, ir_op2(t->u, (enum ir_op)op, IR_I64, rs1(t), rs2(t)));
}

static void binary_imm(struct rv_tr *t, unsigned op)
{
    rv_put_rd(t, ir_op2i(t->u, (enum ir_op)op, IR_I64, rs1(t), (uint64_t)t->d.imm));
}

static void rotate_word(struct rv_tr *t, unsigned op)
{
    put_word(t,
             ir_op2(t->u, (enum ir_op)op, IR_I32, ir_trunc(t->u, rs1(t)), ir_trunc(t->u, rs2(t))));
}

static void rotate_word_imm(struct rv_tr *t, unsigned op)
{
    put_word(t, ir_op2i(t->u, (enum ir_op)op, IR_I32, ir_trunc(t->u, rs1(t)), (uint64_t)t->d.imm));
}

/* ---- Zba; bit 8 of the argument: rs1 is an unsigned word ---- */
enum { UW = 0x100 };

static void shift_add(struct rv_tr *t, unsigned arg)
{
    ir_val_t index = arg & UW ? ir_zext(t->u, IR_I64, rs1(t), 32) : rs1(t);
    rv_put_rd(t, ir_add(t->u, IR_I64, ir_op2i(t->u, IR_SHL, IR_I64, index, arg & 0xff), rs2(t)));
}

static void slli_uw(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t,
              ir_op2i(t->u, IR_SHL, IR_I64, ir_zext(t->u, IR_I64, rs1(t), 32), (uint64_t)t->d.imm));
}

/* ---- Zbb ---- */
static void unary(struct rv_tr *t, unsigned op)
{
    rv_put_rd(t, ir_op1(t->u, (enum ir_op)op, IR_I64, rs1(t)));
}

static void unary_word(struct rv_tr *t, unsigned op)
{
    ir_val_t v = ir_op1(t->u, (enum ir_op)op, IR_I32, ir_trunc(t->u, rs1(t)));
    rv_put_rd(t, ir_zext(t->u, IR_I64, v, 32));
}

static void minmax(struct rv_tr *t, unsigned cc)
{
    ir_val_t a = rs1(t), b = rs2(t);
    rv_put_rd(t, ir_select(t->u, IR_I64, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, a, b), a, b));
}

static void sign_extend(struct rv_tr *t, unsigned bits)
{
    rv_put_rd(t, ir_sext(t->u, IR_I64, rs1(t), bits));
}

static void zext_h(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, ir_zext(t->u, IR_I64, rs1(t), 16));
}

/* A byte becomes all ones if any of its bits is set: its top bit first, then spread. */
static void orc_b(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    const uint64_t low7 = 0x7f7f7f7f7f7f7f7full;
    ir_val_t x = rs1(t);
    ir_val_t carry = ir_op2i(t->u, IR_ADD, IR_I64, ir_op2i(t->u, IR_AND, IR_I64, x, low7), low7);
    ir_val_t top = ir_op2i(t->u, IR_ANDN, IR_I64, ir_or(t->u, IR_I64, carry, x), low7);
    ir_val_t one = ir_op2i(t->u, IR_SHR, IR_I64, top, 7);
    rv_put_rd(t, ir_op2i(t->u, IR_MUL, IR_I64, one, 0xff));
}

/* ---- Zbs ---- */
enum { BSET, BCLR, BINV, BEXT };

static void single_bit(struct rv_tr *t, unsigned op, ir_val_t n)
{
    ir_val_t v = rs1(t);
    ir_val_t mask = op == BEXT ? IR_NONE : ir_shl(t->u, IR_I64, rv_const(t, 1), n);
    switch (op) {
    case BSET:
        v = ir_or(t->u, IR_I64, v, mask);
        break;
    case BCLR:
        v = ir_andn(t->u, IR_I64, v, mask);
        break;
    case BINV:
        v = ir_xor(t->u, IR_I64, v, mask);
        break;
    default:
        v = ir_op2i(t->u, IR_AND, IR_I64, ir_shr(t->u, IR_I64, v, n), 1);
        break;
    }
    rv_put_rd(t, v);
}

static void bit_reg(struct rv_tr *t, unsigned op)
{
    single_bit(t, op, rs2(t));
}
static void bit_imm(struct rv_tr *t, unsigned op)
{
    single_bit(t, op, rv_const(t, (uint64_t)t->d.imm));
}

/* ---- Zbc: clmulr is bits 126:63 of the product ---- */
static void clmulr(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t a = rs1(t), b = rs2(t);
    ir_val_t high = ir_op2i(t->u, IR_SHL, IR_I64, ir_clmulh(t->u, IR_I64, a, b), 1);
    ir_val_t low = ir_op2i(t->u, IR_SHR, IR_I64, ir_clmul(t->u, IR_I64, a, b), 63);
    rv_put_rd(t, ir_or(t->u, IR_I64, high, low));
}

/* ---- Zbkb, Zbkx ---- */
static void pack(struct rv_tr *t, unsigned bits)
{
    ir_val_t low = ir_zext(t->u, IR_I64, rs1(t), bits), high = ir_zext(t->u, IR_I64, rs2(t), bits);
    ir_val_t v = ir_or(t->u, IR_I64, low, ir_op2i(t->u, IR_SHL, IR_I64, high, bits));
    rv_put_rd(t, bits == 16 ? ir_sext(t->u, IR_I64, v, 32) : v);
}

static ir_val_t swap_neighbours(struct rv_tr *t, ir_val_t v, unsigned shift, uint64_t low)
{
    ir_val_t up = ir_op2i(t->u, IR_SHL, IR_I64, ir_op2i(t->u, IR_AND, IR_I64, v, low), shift);
    ir_val_t down = ir_op2i(t->u, IR_AND, IR_I64, ir_op2i(t->u, IR_SHR, IR_I64, v, shift), low);
    return ir_or(t->u, IR_I64, up, down);
}

static void brev8(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = swap_neighbours(t, rs1(t), 1, 0x5555555555555555ull);
    v = swap_neighbours(t, v, 2, 0x3333333333333333ull);
    rv_put_rd(t, swap_neighbours(t, v, 4, 0x0f0f0f0f0f0f0f0full));
}

static void xperm(struct rv_tr *t, unsigned helper)
{
    rv_put_rd(t, ir_call(t->u, IR_I64, helper, rs1(t), rs2(t), IR_NONE, IR_NONE));
}

static uint64_t permute(uint64_t table, uint64_t index, unsigned bits)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 64; i += bits) {
        uint64_t n = zext(index >> i, bits);
        if (n < 64 / bits)
            v |= zext(table >> (n * bits), bits) << i;
    }
    return v;
}

uint64_t rv_helper_xperm4(struct cpu *cpu, uint64_t table, uint64_t index, uint64_t c, uint64_t d)
{
    (void)cpu, (void)c, (void)d;
    return permute(table, index, 4);
}

uint64_t rv_helper_xperm8(struct cpu *cpu, uint64_t table, uint64_t index, uint64_t c, uint64_t d)
{
    (void)cpu, (void)c, (void)d;
    return permute(table, index, 8);
}

/* clang-format off */
const struct rv_semantics rv_bitmanip_rows[] = {
    { RV_INSN_ADD_UW, 0, shift_add, 0 | UW },
    { RV_INSN_SH1ADD, 0, shift_add, 1 }, { RV_INSN_SH1ADD_UW, 0, shift_add, 1 | UW },
    { RV_INSN_SH2ADD, 0, shift_add, 2 }, { RV_INSN_SH2ADD_UW, 0, shift_add, 2 | UW },
    { RV_INSN_SH3ADD, 0, shift_add, 3 }, { RV_INSN_SH3ADD_UW, 0, shift_add, 3 | UW },
    { RV_INSN_SLLI_UW, 0, slli_uw, 0 },
    { RV_INSN_ANDN, 0, binary, IR_ANDN }, { RV_INSN_ORN, 0, binary, IR_ORN },
    { RV_INSN_XNOR, 0, binary, IR_XNOR },
    { RV_INSN_ROL, 0, binary, IR_ROL },   { RV_INSN_ROR, 0, binary, IR_ROR },
    { RV_INSN_RORI, 0, binary_imm, IR_ROR },
    { RV_INSN_ROLW, 0, rotate_word, IR_ROL }, { RV_INSN_RORW, 0, rotate_word, IR_ROR },
    { RV_INSN_RORIW, 0, rotate_word_imm, IR_ROR },
    { RV_INSN_CLZ, 0, unary, IR_CLZ },    { RV_INSN_CLZW, 0, unary_word, IR_CLZ },
    { RV_INSN_CTZ, 0, unary, IR_CTZ },    { RV_INSN_CTZW, 0, unary_word, IR_CTZ },
    { RV_INSN_CPOP, 0, unary, IR_POPCNT }, { RV_INSN_CPOPW, 0, unary_word, IR_POPCNT },
    { RV_INSN_REV8, 0, unary, IR_BSWAP }, { RV_INSN_ORC_B, 0, orc_b, 0 },
    { RV_INSN_MIN, 0, minmax, IR_LTS },   { RV_INSN_MINU, 0, minmax, IR_LTU },
    { RV_INSN_MAX, 0, minmax, IR_GES },   { RV_INSN_MAXU, 0, minmax, IR_GEU },
    { RV_INSN_SEXT_B, 0, sign_extend, 8 }, { RV_INSN_SEXT_H, 0, sign_extend, 16 },
    { RV_INSN_ZEXT_H, 0, zext_h, 0 },
    { RV_INSN_CLMUL, 0, binary, IR_CLMUL }, { RV_INSN_CLMULH, 0, binary, IR_CLMULH },
    { RV_INSN_CLMULR, 0, clmulr, 0 },
    { RV_INSN_BSET, 0, bit_reg, BSET }, { RV_INSN_BSETI, 0, bit_imm, BSET },
    { RV_INSN_BCLR, 0, bit_reg, BCLR }, { RV_INSN_BCLRI, 0, bit_imm, BCLR },
    { RV_INSN_BINV, 0, bit_reg, BINV }, { RV_INSN_BINVI, 0, bit_imm, BINV },
    { RV_INSN_BEXT, 0, bit_reg, BEXT }, { RV_INSN_BEXTI, 0, bit_imm, BEXT },
    { RV_INSN_PACK, 0, pack, 32 }, { RV_INSN_PACKH, 0, pack, 8 }, { RV_INSN_PACKW, 0, pack, 16 },
    { RV_INSN_BREV8, 0, brev8, 0 },
    { RV_INSN_XPERM4, 0, xperm, RV_HELPER_xperm4 }, { RV_INSN_XPERM8, 0, xperm, RV_HELPER_xperm8 },
    RV_ROWS_END
};
/* clang-format on */
