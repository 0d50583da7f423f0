/* SPDX-License-Identifier: Apache-2.0 */
/* "Vector Integer Arithmetic Instructions" with operands and results of SEW: the widening ones are in vec_widen.c. */
#include "cpu/riscv/vec.h"
#include "core/util/bytes.h"

/* ---- elements ---- */
#define ELEMENT(name, EXPR)                                                                        \
    static uint64_t name(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)                     \
    {                                                                                              \
        (void)o, (void)a, (void)b, (void)d;                                                        \
        return (EXPR);                                                                             \
    }
#define LOW(b) ((b) & (rv_vec_bits(o) - 1)) /* of a shift amount */
ELEMENT(add, a + b)
ELEMENT(sub, a - b)
ELEMENT(rsub, b - a)
ELEMENT(and, a & b)
ELEMENT(or, a | b)
ELEMENT(xor, a ^ b)
ELEMENT(minu, MIN(a, b))
ELEMENT(maxu, MAX(a, b))
ELEMENT(min, (int64_t)a < (int64_t)b ? a : b)
ELEMENT(max, (int64_t)a > (int64_t)b ? a : b)
ELEMENT(sll, a << LOW(b))
ELEMENT(srl, a >> LOW(b))
ELEMENT(sra, (uint64_t)((int64_t)a >> LOW(b)))
ELEMENT(mul, a * b)
ELEMENT(mulh, (uint64_t)((__int128)(int64_t)a * (int64_t)b >> rv_vec_bits(o)))
ELEMENT(mulhu, (uint64_t)((unsigned __int128)a * b >> rv_vec_bits(o)))
ELEMENT(mulhsu, (uint64_t)((__int128)(int64_t)a * (unsigned __int128)b >> rv_vec_bits(o)))
ELEMENT(macc, d + a * b)
ELEMENT(nmsac, d - a * b)
ELEMENT(madd, b * d + a)
ELEMENT(nmsub, a - b * d)
ELEMENT(eq, a == b)
ELEMENT(ne, a != b)
ELEMENT(ltu, a < b)
ELEMENT(leu, a <= b)
ELEMENT(gtu, a > b)
ELEMENT(lt, (int64_t)a < (int64_t)b)
ELEMENT(le, (int64_t)a <= (int64_t)b)
ELEMENT(gt, (int64_t)a > (int64_t)b)
ELEMENT(move, b)
ELEMENT(merge, o->carry ? b : a)
ELEMENT(adc, a + b + o->carry)
ELEMENT(sbc, a - b - o->carry)
ELEMENT(madc, (uint64_t)(((unsigned __int128)a + b + o->carry) >> rv_vec_bits(o)))
ELEMENT(msbc, a < (unsigned __int128)b + o->carry)

/* No exceptions ("Vector Integer Divide Instructions"): x / 0 = -1, x % 0 = x, MIN / -1 = MIN. */
ELEMENT(divu, b == 0 ? ~0ull : a / b)
ELEMENT(remu, b == 0 ? a : a % b)
ELEMENT(div, b == 0 ? ~0ull : b == ~0ull ? 0 - a : (uint64_t)((int64_t)a / (int64_t)b))
ELEMENT(rem, b == 0 ? a : b == ~0ull ? 0 : (uint64_t)((int64_t)a % (int64_t)b))

/* ---- registers ---- */
#define QUICK(name)                                                                                \
    static ir_val_t name(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, \
                         ir_val_t b, ir_val_t d)
#define UNUSED() ((void)t, (void)row, (void)lane, (void)a, (void)b, (void)d)

QUICK(q_move)
{
    UNUSED();
    return b;
}

/* row->arg: VSHLV, VSHRV or VSARV. By a constant or by one scalar hosts shift faster. */
ir_val_t rv_vq_shift(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    unsigned bits = 8u << lane;
    UNUSED();
    if (RV_VO_B(row) == RV_VO_I) {
        enum ir_op op = row->arg == IR_VSHLV ? IR_VSHL : row->arg == IR_VSHRV ? IR_VSHR : IR_VSAR;
        return ir_vop1i(t->u, op, lane, a, t->d.imm & (bits - 1));
    }
    if (RV_VO_B(row) == RV_VO_X && lane > 0) {
        enum ir_op op = row->arg == IR_VSHLV ? IR_VSHL1 : row->arg == IR_VSHRV ? IR_VSHR1 : IR_VSAR1;
        ir_val_t n = ir_op2i(t->u, IR_AND, IR_I64, rv_x(t, t->d.rs1), bits - 1);
        return ir_vop2(t->u, op, lane, a, ir_vop1(t->u, IR_VSCALAR, 3, n));
    }
    return ir_vop2(t->u, (enum ir_op)row->arg, lane, a, ir_vop2(t->u, IR_VAND, 0, b, rv_vec_dup(t, lane, bits - 1)));
}

/* Comparisons: row->arg, its operands exchanged (SWAP), its result inverted (NOT). */
enum { SWAP = 0x10000, NOT = 0x20000, OP = 0xffff };
QUICK(q_compare)
{
    UNUSED();
    ir_val_t x = row->arg & SWAP ? b : a, y = row->arg & SWAP ? a : b;
    ir_val_t v = ir_vop2(t->u, (enum ir_op)(row->arg & OP), lane, x, y);
    return row->arg & NOT ? ir_vop1(t->u, IR_VNOT, 0, v) : v;
}

enum { HIGH_S, HIGH_U, HIGH_SU };
/* a signed, b not: as if both were not, less b where a is negative. */
QUICK(q_high)
{
    UNUSED();
    ir_val_t v = ir_vmul_high(t->u, lane, a, b, row->arg == HIGH_S);
    if (row->arg != HIGH_SU)
        return v;
    ir_val_t negative = ir_vop2(t->u, IR_VCGTS, lane, ir_vconst(t->u, 0, 0), a);
    return ir_vop2(t->u, IR_VSUB, lane, v, ir_vop2(t->u, IR_VAND, 0, b, negative));
}

enum { OF_D = 1, MINUS = 2 }; /* the product is of vd and vs1; it is subtracted */
QUICK(q_multiply_add)
{
    UNUSED();
    ir_val_t product = ir_vop2(t->u, IR_VMUL, lane, row->arg & OF_D ? d : a, b), addend = row->arg & OF_D ? a : d;
    return ir_vop2(t->u, row->arg & MINUS ? IR_VSUB : IR_VADD, lane, addend, product);
}

enum { DIVIDE_SIGNED = 4, DIVIDE_REST = 8 };
void rv_vec_divide(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                   const union ir_vec *c, uint64_t imm)
{
    unsigned size = 1u << (imm & 3), bits = 8 * size;
    rv_vec_element_fn *fn = imm & DIVIDE_SIGNED ? (imm & DIVIDE_REST ? rem : div) : imm & DIVIDE_REST ? remu : divu;
    (void)cpu, (void)c;
    for (unsigned n = 0; n < 16; n += size) {
        uint64_t x = ld_le(a->b + n, size), y = ld_le(b->b + n, size);
        if (imm & DIVIDE_SIGNED)
            x = sext(x, bits), y = sext(y, bits);
        st_le(dst->b + n, fn(NULL, x, y, 0), size);
    }
}

QUICK(q_divide)
{
    UNUSED();
    return ir_callv(t->u, RV_VEC_divide, a, b, IR_NONE, lane | row->arg);
}

/* Carries: d is v0 as lanes of -1 and 0, or there is none. */
QUICK(q_merge)
{
    UNUSED();
    return ir_vop(t->u, IR_VSELECT, 0, d, b, a, 0);
}

QUICK(q_adc)
{
    UNUSED();
    return ir_vop2(t->u, IR_VSUB, lane, ir_vop2(t->u, IR_VADD, lane, a, b), d);
}

QUICK(q_sbc)
{
    UNUSED();
    return ir_vop2(t->u, IR_VADD, lane, ir_vop2(t->u, IR_VSUB, lane, a, b), d);
}

/* x > y, or where there is a carry in x >= y */
static ir_val_t beyond(struct rv_tr *t, unsigned lane, ir_val_t x, ir_val_t y, ir_val_t carry)
{
    ir_val_t v = ir_vop2(t->u, IR_VCGTU, lane, x, y);
    return carry == IR_NONE ? v : ir_vop(t->u, IR_VSELECT, 0, carry, ir_vop2(t->u, IR_VCGEU, lane, x, y), v, 0);
}

QUICK(q_madc)
{
    UNUSED();
    ir_val_t sum = ir_vop2(t->u, IR_VADD, lane, a, b);
    if (d != IR_NONE)
        sum = ir_vop2(t->u, IR_VSUB, lane, sum, d);
    return beyond(t, lane, a, sum, d);
}

QUICK(q_msbc)
{
    UNUSED();
    return beyond(t, lane, b, a, d);
}

/* ---- sign and zero extension ---- */
QUICK(q_extend)
{
    UNUSED();
    return a;
}

/* clang-format off */
#define SS RV_VO_S, RV_VO_S
#define ROW(INSN, D, A, B, FLAGS, ELEMENT_, QUICK_, ARG)                                           \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_##D, RV_VO_##A, RV_VO_##B), .flags = FLAGS,  \
      .element = ELEMENT_, .quick = QUICK_, .arg = ARG }
#define VV(N, F, E, Q, ARG)  ROW(N##_VV, S, S, S, F, E, Q, ARG)
#define VX(N, F, E, Q, ARG)  ROW(N##_VX, S, S, X, F, E, Q, ARG)
#define VI(N, F, E, Q, ARG)  ROW(N##_VI, S, S, I, F, E, Q, ARG)
#define MVV(N, F, E, Q, ARG) ROW(N##_VV, M, S, S, F, E, Q, ARG)
#define MVX(N, F, E, Q, ARG) ROW(N##_VX, M, S, X, F, E, Q, ARG)
#define MVI(N, F, E, Q, ARG) ROW(N##_VI, M, S, I, F, E, Q, ARG)
#define SIGNED (RV_VF_SA | RV_VF_SB)
#define CARRY  RV_VF_CARRY
const struct rv_vec_row rv_vec_int_rows[] = {
    VV(VADD, 0, add, rv_vq_op, IR_VADD), VX(VADD, 0, add, rv_vq_op, IR_VADD), VI(VADD, 0, add, rv_vq_op, IR_VADD),
    VV(VSUB, 0, sub, rv_vq_op, IR_VSUB), VX(VSUB, 0, sub, rv_vq_op, IR_VSUB),
    VX(VRSUB, 0, rsub, rv_vq_reversed, IR_VSUB), VI(VRSUB, 0, rsub, rv_vq_reversed, IR_VSUB),
    VV(VAND, 0, and, rv_vq_op, IR_VAND), VX(VAND, 0, and, rv_vq_op, IR_VAND), VI(VAND, 0, and, rv_vq_op, IR_VAND),
    VV(VOR, 0, or, rv_vq_op, IR_VOR), VX(VOR, 0, or, rv_vq_op, IR_VOR), VI(VOR, 0, or, rv_vq_op, IR_VOR),
    VV(VXOR, 0, xor, rv_vq_op, IR_VXOR), VX(VXOR, 0, xor, rv_vq_op, IR_VXOR), VI(VXOR, 0, xor, rv_vq_op, IR_VXOR),
    VV(VMINU, 0, minu, rv_vq_op, IR_VMINU), VX(VMINU, 0, minu, rv_vq_op, IR_VMINU),
    VV(VMIN, SIGNED, min, rv_vq_op, IR_VMINS), VX(VMIN, SIGNED, min, rv_vq_op, IR_VMINS),
    VV(VMAXU, 0, maxu, rv_vq_op, IR_VMAXU), VX(VMAXU, 0, maxu, rv_vq_op, IR_VMAXU),
    VV(VMAX, SIGNED, max, rv_vq_op, IR_VMAXS), VX(VMAX, SIGNED, max, rv_vq_op, IR_VMAXS),
    VV(VSLL, 0, sll, rv_vq_shift, IR_VSHLV), VX(VSLL, 0, sll, rv_vq_shift, IR_VSHLV), VI(VSLL, 0, sll, rv_vq_shift, IR_VSHLV),
    VV(VSRL, 0, srl, rv_vq_shift, IR_VSHRV), VX(VSRL, 0, srl, rv_vq_shift, IR_VSHRV), VI(VSRL, 0, srl, rv_vq_shift, IR_VSHRV),
    VV(VSRA, RV_VF_SA, sra, rv_vq_shift, IR_VSARV), VX(VSRA, RV_VF_SA, sra, rv_vq_shift, IR_VSARV),
    VI(VSRA, RV_VF_SA, sra, rv_vq_shift, IR_VSARV),

    MVV(VMSEQ, 0, eq, q_compare, IR_VCEQ), MVX(VMSEQ, 0, eq, q_compare, IR_VCEQ), MVI(VMSEQ, 0, eq, q_compare, IR_VCEQ),
    MVV(VMSNE, 0, ne, q_compare, IR_VCEQ | NOT), MVX(VMSNE, 0, ne, q_compare, IR_VCEQ | NOT),
    MVI(VMSNE, 0, ne, q_compare, IR_VCEQ | NOT),
    MVV(VMSLTU, 0, ltu, q_compare, IR_VCGTU | SWAP), MVX(VMSLTU, 0, ltu, q_compare, IR_VCGTU | SWAP),
    MVV(VMSLT, SIGNED, lt, q_compare, IR_VCGTS | SWAP), MVX(VMSLT, SIGNED, lt, q_compare, IR_VCGTS | SWAP),
    MVV(VMSLEU, 0, leu, q_compare, IR_VCGEU | SWAP), MVX(VMSLEU, 0, leu, q_compare, IR_VCGEU | SWAP),
    MVI(VMSLEU, 0, leu, q_compare, IR_VCGEU | SWAP),
    MVV(VMSLE, SIGNED, le, q_compare, IR_VCGES | SWAP), MVX(VMSLE, SIGNED, le, q_compare, IR_VCGES | SWAP),
    MVI(VMSLE, SIGNED, le, q_compare, IR_VCGES | SWAP),
    MVX(VMSGTU, 0, gtu, q_compare, IR_VCGTU), MVI(VMSGTU, 0, gtu, q_compare, IR_VCGTU),
    MVX(VMSGT, SIGNED, gt, q_compare, IR_VCGTS), MVI(VMSGT, SIGNED, gt, q_compare, IR_VCGTS),

    VV(VMUL, 0, mul, rv_vq_op, IR_VMUL), VX(VMUL, 0, mul, rv_vq_op, IR_VMUL),
    VV(VMULH, SIGNED, mulh, q_high, HIGH_S), VX(VMULH, SIGNED, mulh, q_high, HIGH_S),
    VV(VMULHU, 0, mulhu, q_high, HIGH_U), VX(VMULHU, 0, mulhu, q_high, HIGH_U),
    VV(VMULHSU, RV_VF_SA, mulhsu, q_high, HIGH_SU), VX(VMULHSU, RV_VF_SA, mulhsu, q_high, HIGH_SU),
    VV(VDIVU, 0, divu, q_divide, 0), VX(VDIVU, 0, divu, q_divide, 0),
    VV(VDIV, SIGNED, div, q_divide, DIVIDE_SIGNED), VX(VDIV, SIGNED, div, q_divide, DIVIDE_SIGNED),
    VV(VREMU, 0, remu, q_divide, DIVIDE_REST), VX(VREMU, 0, remu, q_divide, DIVIDE_REST),
    VV(VREM, SIGNED, rem, q_divide, DIVIDE_SIGNED | DIVIDE_REST),
    VX(VREM, SIGNED, rem, q_divide, DIVIDE_SIGNED | DIVIDE_REST),
    VV(VMACC, RV_VF_D, macc, q_multiply_add, 0), VX(VMACC, RV_VF_D, macc, q_multiply_add, 0),
    VV(VNMSAC, RV_VF_D, nmsac, q_multiply_add, MINUS), VX(VNMSAC, RV_VF_D, nmsac, q_multiply_add, MINUS),
    VV(VMADD, RV_VF_D, madd, q_multiply_add, OF_D), VX(VMADD, RV_VF_D, madd, q_multiply_add, OF_D),
    VV(VNMSUB, RV_VF_D, nmsub, q_multiply_add, OF_D | MINUS), VX(VNMSUB, RV_VF_D, nmsub, q_multiply_add, OF_D | MINUS),

    ROW(VADC_VVM, S, S, S, CARRY, adc, q_adc, 0), ROW(VADC_VXM, S, S, X, CARRY, adc, q_adc, 0),
    ROW(VADC_VIM, S, S, I, CARRY, adc, q_adc, 0),
    ROW(VSBC_VVM, S, S, S, CARRY, sbc, q_sbc, 0), ROW(VSBC_VXM, S, S, X, CARRY, sbc, q_sbc, 0),
    ROW(VMADC_VVM, M, S, S, CARRY, madc, q_madc, 0), ROW(VMADC_VXM, M, S, X, CARRY, madc, q_madc, 0),
    ROW(VMADC_VIM, M, S, I, CARRY, madc, q_madc, 0),
    ROW(VMADC_VV, M, S, S, CARRY, madc, q_madc, 0), ROW(VMADC_VX, M, S, X, CARRY, madc, q_madc, 0),
    ROW(VMADC_VI, M, S, I, CARRY, madc, q_madc, 0),
    ROW(VMSBC_VVM, M, S, S, CARRY, msbc, q_msbc, 0), ROW(VMSBC_VXM, M, S, X, CARRY, msbc, q_msbc, 0),
    ROW(VMSBC_VV, M, S, S, CARRY, msbc, q_msbc, 0), ROW(VMSBC_VX, M, S, X, CARRY, msbc, q_msbc, 0),
    ROW(VMERGE_VVM, S, S, S, CARRY, merge, q_merge, 0), ROW(VMERGE_VXM, S, S, X, CARRY, merge, q_merge, 0),
    ROW(VMERGE_VIM, S, S, I, CARRY, merge, q_merge, 0),
    ROW(VMV_V_V, S, NONE, S, 0, move, q_move, 0), ROW(VMV_V_X, S, NONE, X, 0, move, q_move, 0),
    ROW(VMV_V_I, S, NONE, I, 0, move, q_move, 0),

    ROW(VZEXT_VF2, S, H, NONE, 0, add, q_extend, 0), ROW(VSEXT_VF2, S, H, NONE, RV_VF_SA, add, q_extend, 0),
    ROW(VZEXT_VF4, S, Q, NONE, 0, add, q_extend, 0), ROW(VSEXT_VF4, S, Q, NONE, RV_VF_SA, add, q_extend, 0),
    ROW(VZEXT_VF8, S, O, NONE, 0, add, q_extend, 0), ROW(VSEXT_VF8, S, O, NONE, RV_VF_SA, add, q_extend, 0),
    RV_VEC_END
};
/* clang-format on */
