/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX shifts: by lanes (their numbers count modulo the lane's bits) and by immediates, rounding, rotating,
 * widening, narrowing with and without saturation; single bits; saturation to a number of bits.
 */
#include "cpu/loongarch/vec_impl.h"

enum {
    ARITHMETIC = LA_VS_FLAG, ROUND = 2 * LA_VS_FLAG,
    /* Narrowing: saturation to signed or unsigned lanes. */
    TO_SIGNED = 4 * LA_VS_FLAG, TO_UNSIGNED = 8 * LA_VS_FLAG,
    SIGNED = 16 * LA_VS_FLAG,
};

/* ---- by lanes ---- */
static ir_val_t counts(struct la_tr *t, unsigned lane, ir_val_t b)
{
    return la_vop2(t, IR_VAND, 0, b, la_vdup(t, lane, (8u << lane) - 1));
}

/*
 * (x >> n) + bit n - 1 of x is (x + 2^(n - 1)) >> n without the carry. For n = 0 the lesser count is a huge number,
 * which shifts everything out.
 */
static ir_val_t shifted_by_lanes(struct la_tr *t, unsigned lane, ir_val_t a, ir_val_t b, unsigned arg)
{
    ir_val_t n = counts(t, lane, b), v = la_vop2(t, arg & ARITHMETIC ? IR_VSARV : IR_VSHRV, lane, a, n);
    if (!(arg & ROUND))
        return v;
    ir_val_t one = la_vdup(t, lane, 1), last = la_vop2(t, IR_VSHRV, lane, a, la_vop2(t, IR_VSUB, lane, n, one));
    return la_vop2(t, IR_VADD, lane, v, la_vop2(t, IR_VAND, 0, last, one));
}

static void shift_right(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, shifted_by_lanes(t, t->d.sz, la_vj(t, h), la_vk(t, h), arg));
}

static void shift_left(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop2(t, IR_VSHLV, t->d.sz, la_vj(t, h), counts(t, t->d.sz, la_vk(t, h))));
}

static void rotate(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = la_vk(t, h);
        ir_val_t right = la_vop2(t, IR_VSHRV, lane, a, counts(t, lane, b));
        ir_val_t left = la_vop2(t, IR_VSHLV, lane, a, counts(t, lane, la_vop1(t, IR_VNEG, lane, b)));
        la_put_vd(t, h, la_vop2(t, IR_VOR, 0, right, left));
    }
}

/* ---- by immediates ---- */
static ir_val_t shifted(struct la_tr *t, unsigned lane, ir_val_t a, unsigned n, unsigned arg)
{
    ir_val_t v = la_vop1i(t, arg & ARITHMETIC ? IR_VSAR : IR_VSHR, lane, a, n);
    if (!(arg & ROUND) || n == 0)
        return v;
    ir_val_t last = la_vop2(t, IR_VAND, 0, la_vop1i(t, IR_VSHR, lane, a, n - 1), la_vdup(t, lane, 1));
    return la_vop2(t, IR_VADD, lane, v, last);
}

static void shift_right_immediate(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, shifted(t, la_vs_lane(t, arg), la_vj(t, h), (unsigned)t->d.imm, arg));
}

static void shift_left_immediate(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop1i(t, IR_VSHL, la_vs_lane(t, arg), la_vj(t, h), t->d.imm));
}

static void rotate_immediate(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), right = la_vop1i(t, IR_VSHR, lane, a, n);
        la_put_vd(t, h, la_vop2(t, IR_VOR, 0, right, la_vop1i(t, IR_VSHL, lane, a, (8u << lane) - n)));
    }
}

/* VSLLWIL: the low half's lanes widened, then shifted. The lane is the operand's. */
static void shift_left_widening(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg);
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vop1i(t, arg & SIGNED ? IR_VWIDENS : IR_VWIDENU, lane, la_vj(t, h), 0);
        la_put_vd(t, h, la_vop1i(t, IR_VSHL, lane + 1, v, t->d.imm));
    }
}

/* ---- narrowing ---- */
/* Lanes of `lane` to half their size: a's, then b's. What was shifted logically is not negative, whatever its top bit. */
static ir_val_t narrowed(struct la_tr *t, unsigned lane, ir_val_t a, ir_val_t b, unsigned arg)
{
    unsigned op = IR_VNARROW, bits = 4u << lane;
    if (arg & ARITHMETIC) {
        op = arg & TO_SIGNED ? IR_VNARROWSS : arg & TO_UNSIGNED ? IR_VNARROWSU : IR_VNARROW;
    } else if (arg & TO_SIGNED) {
        ir_val_t most = la_vdup(t, lane, (1ull << (bits - 1)) - 1);
        a = la_vop2(t, IR_VMINU, lane, a, most);
        b = la_vop2(t, IR_VMINU, lane, b, most);
    } else if (arg & TO_UNSIGNED) {
        op = IR_VNARROWUU;
    }
    return la_vop2(t, op, lane - 1, a, b);
}

/* By lanes: into the low half, above it zeros. */
static void narrow_by_lanes(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = shifted_by_lanes(t, lane, la_vj(t, h), la_vk(t, h), arg);
        la_put_vd(t, h, narrowed(t, lane, v, la_vzero(t), arg));
    }
}

/* By an immediate: vj's lanes into the low half, the destination's own into the high one. */
static void narrow_immediate(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t low = shifted(t, lane, la_vj(t, h), n, arg), high = shifted(t, lane, la_vd(t, h), n, arg);
        la_put_vd(t, h, narrowed(t, lane, low, high, arg));
    }
}

/* From 128 bits, each register one number. imm: the number of places and flags as `arg`. */
static uint64_t narrow_quad(const union ir_vec *v, uint64_t imm)
{
    unsigned n = imm & LA_VS_OP;
    unsigned __int128 x = (unsigned __int128)v->d[1] << 64 | v->d[0], last = n == 0 ? 0 : x >> (n - 1) & 1;
    x = imm & ARITHMETIC ? (unsigned __int128)((__int128)x >> n) : x >> n;
    x += imm & ROUND ? last : 0;
    if (!(imm & (TO_SIGNED | TO_UNSIGNED)))
        return (uint64_t)x;
    uint64_t most = imm & TO_SIGNED ? INT64_MAX : UINT64_MAX;
    if (!(imm & ARITHMETIC) || (__int128)x >= 0)
        return x > most ? most : (uint64_t)x;
    if (imm & TO_UNSIGNED)
        return 0;
    return (__int128)x < INT64_MIN ? (uint64_t)INT64_MIN : (uint64_t)x;
}

void la_vec_narrow_quad(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                        const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c;
    *dst = (union ir_vec){ .d = { narrow_quad(a, imm), narrow_quad(b, imm) } };
}

static void narrow_quads(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_callv(t->u, LA_VEC_narrow_quad, la_vj(t, h), la_vd(t, h), IR_NONE,
                                 (arg & ~(unsigned)LA_VS_OP) | (unsigned)t->d.imm));
}

/* ---- VSAT: into the range of imm + 1 bits ---- */
static void saturate(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), v;
        if (arg & SIGNED) {
            v = la_vop2(t, IR_VMINS, lane, a, la_vdup(t, lane, (1ull << n) - 1));
            v = la_vop2(t, IR_VMAXS, lane, v, la_vdup(t, lane, ~0ull << n));
        } else {
            v = la_vop2(t, IR_VMINU, lane, a, la_vdup(t, lane, (2ull << n) - 1));
        }
        la_put_vd(t, h, v);
    }
}

/* ---- single bits. The operation combines the vector with a bit: VANDN clears, VOR sets, VXOR reverses it ---- */
static void bit_by_lanes(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t bit = la_vop2(t, IR_VSHLV, lane, la_vdup(t, lane, 1), counts(t, lane, la_vk(t, h)));
        la_put_vd(t, h, la_vop2(t, arg & LA_VS_OP, 0, la_vj(t, h), bit));
    }
}

static void bit_immediate(struct la_tr *t, unsigned arg)
{
    ir_val_t bit = la_vdup(t, la_vs_lane(t, arg), 1ull << t->d.imm);
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop2(t, arg & LA_VS_OP, 0, la_vj(t, h), bit));
}

/* clang-format off */
#define NARROWS(INSN, ARG)                                                                                             \
    LA_VEC(INSN##_B_H, narrow_immediate, (ARG) | LA_VS_H), LA_VEC(INSN##_H_W, narrow_immediate, (ARG) | LA_VS_W),      \
    LA_VEC(INSN##_W_D, narrow_immediate, (ARG) | LA_VS_D), LA_VEC(INSN##_D_Q, narrow_quads, ARG)
#define NARROWS_U(INSN, ARG)                                                                                           \
    LA_VEC(INSN##_BU_H, narrow_immediate, (ARG) | LA_VS_H), LA_VEC(INSN##_HU_W, narrow_immediate, (ARG) | LA_VS_W),    \
    LA_VEC(INSN##_WU_D, narrow_immediate, (ARG) | LA_VS_D), LA_VEC(INSN##_DU_Q, narrow_quads, ARG)
const struct la_semantics la_vec_shift_rows[] = {
    LA_VEC(SLL, shift_left, 0), LA_VEC(SRL, shift_right, 0), LA_VEC(SRA, shift_right, ARITHMETIC),
    LA_VEC(SRLR, shift_right, ROUND), LA_VEC(SRAR, shift_right, ARITHMETIC | ROUND), LA_VEC(ROTR, rotate, 0),
    LA_VEC_SIZES(SLLI, shift_left_immediate, 0), LA_VEC_SIZES(SRLI, shift_right_immediate, 0),
    LA_VEC_SIZES(SRAI, shift_right_immediate, ARITHMETIC), LA_VEC_SIZES(SRLRI, shift_right_immediate, ROUND),
    LA_VEC_SIZES(SRARI, shift_right_immediate, ARITHMETIC | ROUND), LA_VEC_SIZES(ROTRI, rotate_immediate, 0),
    LA_VEC(SLLWIL_H_B, shift_left_widening, SIGNED | LA_VS_B), LA_VEC(SLLWIL_W_H, shift_left_widening, SIGNED | LA_VS_H),
    LA_VEC(SLLWIL_D_W, shift_left_widening, SIGNED | LA_VS_W), LA_VEC(SLLWIL_HU_BU, shift_left_widening, LA_VS_B),
    LA_VEC(SLLWIL_WU_HU, shift_left_widening, LA_VS_H), LA_VEC(SLLWIL_DU_WU, shift_left_widening, LA_VS_W),
    LA_VEC(SRLN, narrow_by_lanes, 0), LA_VEC(SRAN, narrow_by_lanes, ARITHMETIC),
    LA_VEC(SRLRN, narrow_by_lanes, ROUND), LA_VEC(SRARN, narrow_by_lanes, ARITHMETIC | ROUND),
    LA_VEC(SSRLN, narrow_by_lanes, TO_SIGNED), LA_VEC(SSRAN, narrow_by_lanes, ARITHMETIC | TO_SIGNED),
    LA_VEC(SSRLRN, narrow_by_lanes, ROUND | TO_SIGNED), LA_VEC(SSRARN, narrow_by_lanes, ARITHMETIC | ROUND | TO_SIGNED),
    LA_VEC(SSRLN_U, narrow_by_lanes, TO_UNSIGNED), LA_VEC(SSRAN_U, narrow_by_lanes, ARITHMETIC | TO_UNSIGNED),
    LA_VEC(SSRLRN_U, narrow_by_lanes, ROUND | TO_UNSIGNED),
    LA_VEC(SSRARN_U, narrow_by_lanes, ARITHMETIC | ROUND | TO_UNSIGNED),
    NARROWS(SRLNI, 0), NARROWS(SRLRNI, ROUND), NARROWS(SRANI, ARITHMETIC), NARROWS(SRARNI, ARITHMETIC | ROUND),
    NARROWS(SSRLNI, TO_SIGNED), NARROWS_U(SSRLNI, TO_UNSIGNED),
    NARROWS(SSRLRNI, ROUND | TO_SIGNED), NARROWS_U(SSRLRNI, ROUND | TO_UNSIGNED),
    NARROWS(SSRANI, ARITHMETIC | TO_SIGNED), NARROWS_U(SSRANI, ARITHMETIC | TO_UNSIGNED),
    NARROWS(SSRARNI, ARITHMETIC | ROUND | TO_SIGNED), NARROWS_U(SSRARNI, ARITHMETIC | ROUND | TO_UNSIGNED),
    LA_VEC_SIZES(SAT, saturate, SIGNED), LA_VEC(SAT_BU, saturate, LA_VS_B), LA_VEC(SAT_HU, saturate, LA_VS_H),
    LA_VEC(SAT_WU, saturate, LA_VS_W), LA_VEC(SAT_DU, saturate, LA_VS_D),
    LA_VEC(BITCLR, bit_by_lanes, IR_VANDN), LA_VEC(BITSET, bit_by_lanes, IR_VOR), LA_VEC(BITREV, bit_by_lanes, IR_VXOR),
    LA_VEC_SIZES(BITCLRI, bit_immediate, IR_VANDN), LA_VEC_SIZES(BITSETI, bit_immediate, IR_VOR),
    LA_VEC_SIZES(BITREVI, bit_immediate, IR_VXOR),
    LA_ROWS_END
};
/* clang-format on */
