/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX integer arithmetic: comparison, addition, multiplication, averages, extremes; widening operations
 * on even and odd lanes; division.
 */
#include "core/util/bytes.h"
#include "cpu/loongarch/vec_impl.h"

enum {
    SWAP = LA_VS_FLAG, SUBTRACT = 2 * LA_VS_FLAG, SIGNED = 4 * LA_VS_FLAG, ROUND = 8 * LA_VS_FLAG,
    /* Widening: which lanes, and how they are extended. */
    ODD_A = 16 * LA_VS_FLAG, ODD_B = 32 * LA_VS_FLAG, SIGNED_A = 64 * LA_VS_FLAG, SIGNED_B = 128 * LA_VS_FLAG,
    ADDS = 256 * LA_VS_FLAG,
    ODD = ODD_A | ODD_B, SIGNED_AB = SIGNED_A | SIGNED_B,
};

/* ---- lane by lane ---- */
static void three_same(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg);
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = la_vk(t, h);
        la_put_vd(t, h, la_vop2(t, arg & LA_VS_OP, lane, arg & SWAP ? b : a, arg & SWAP ? a : b));
    }
}

static void with_immediate(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg);
    ir_val_t b = la_vdup(t, lane, (uint64_t)t->d.imm);
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h);
        la_put_vd(t, h, la_vop2(t, arg & LA_VS_OP, lane, arg & SWAP ? b : a, arg & SWAP ? a : b));
    }
}

static void negate(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop1(t, IR_VNEG, t->d.sz, la_vj(t, h)));
}

/* |a - b|, of numbers of either kind */
static void difference(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = la_vk(t, h);
        ir_val_t most = la_vop2(t, arg & SIGNED ? IR_VMAXS : IR_VMAXU, lane, a, b);
        ir_val_t least = la_vop2(t, arg & SIGNED ? IR_VMINS : IR_VMINU, lane, a, b);
        la_put_vd(t, h, la_vop2(t, IR_VSUB, lane, most, least));
    }
}

static void add_absolute(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop2(t, IR_VADD, t->d.sz, la_vop1(t, IR_VABS, t->d.sz, la_vj(t, h)),
                                la_vop1(t, IR_VABS, t->d.sz, la_vk(t, h))));
}

/* Half the sum without a carry bit: a + b = 2 (a & b) + (a ^ b) = 2 (a | b) - (a ^ b); shifts round downwards. */
static void average(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = la_vk(t, h), v;
        ir_val_t half = la_vop1i(t, arg & SIGNED ? IR_VSAR : IR_VSHR, lane, la_vop2(t, IR_VXOR, 0, a, b), 1);
        if ((arg & (ROUND | SIGNED)) == ROUND && lane < 2)
            v = la_vop2(t, IR_VAVG, lane, a, b);
        else if (arg & ROUND)
            v = la_vop2(t, IR_VSUB, lane, la_vop2(t, IR_VOR, 0, a, b), half);
        else
            v = la_vop2(t, IR_VADD, lane, la_vop2(t, IR_VAND, 0, a, b), half);
        la_put_vd(t, h, v);
    }
}

/* VSIGNCOV: b with the sign of a, 0 where a is 0. -b = (b ^ ~0) - ~0. */
static void sign_cover(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), zero = la_vzero(t), negative = la_vop2(t, IR_VCGTS, lane, zero, a);
        ir_val_t v = la_vop2(t, IR_VSUB, lane, la_vop2(t, IR_VXOR, 0, la_vk(t, h), negative), negative);
        la_put_vd(t, h, la_vop2(t, IR_VANDN, 0, v, la_vop2(t, IR_VCEQ, lane, a, zero)));
    }
}

/* ---- multiplication and division ---- */
static void multiply_add(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t product = la_vop2(t, IR_VMUL, lane, la_vj(t, h), la_vk(t, h));
        la_put_vd(t, h, la_vop2(t, arg & SUBTRACT ? IR_VSUB : IR_VADD, lane, la_vd(t, h), product));
    }
}

static void multiply_high(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_vmul_high(t->u, t->d.sz, la_vj(t, h), la_vk(t, h), arg & SIGNED));
}

enum { DIVIDE_SIGNED = 4, DIVIDE_REST = 8 };
void la_vec_divide(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                   const union ir_vec *c, uint64_t imm)
{
    unsigned size = 1u << (imm & 3), bits = 8 * size;
    union ir_vec r;
    (void)cpu, (void)c;
    for (unsigned n = 0; n < 16; n += size) {
        uint64_t x = ld_le(a->b + n, size), y = ld_le(b->b + n, size), v;
        if (y == 0) {
            v = 0;
        } else if (!(imm & DIVIDE_SIGNED)) {
            v = imm & DIVIDE_REST ? x % y : x / y;
        } else {
            int64_t sx = (int64_t)sext(x, bits), sy = (int64_t)sext(y, bits);
            if (sy == -1) /* the host traps on MIN / -1 */
                v = imm & DIVIDE_REST ? 0 : 0 - x;
            else
                v = (uint64_t)(imm & DIVIDE_REST ? sx % sy : sx / sy);
        }
        st_le(r.b + n, v, size);
    }
    *dst = r;
}

static void divide(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_callv(t->u, LA_VEC_divide, la_vj(t, h), la_vk(t, h), IR_NONE,
                                 t->d.sz | (arg & LA_VS_OP)));
}

/* ---- even and odd lanes, to twice their size ---- */
ir_val_t la_vwidened(struct la_tr *t, unsigned lane, ir_val_t v, bool odd, bool is_signed)
{
    unsigned bits = 8u << lane, wide = lane + 1;
    if (is_signed && lane == 2) /* hosts shift lanes of 64 bits arithmetically only by detours */
        return la_vop1i(t, IR_VWIDENS, 2, la_vshuf_w(t, v, v, odd ? 0xdd : 0x88), 0);
    if (odd)
        return la_vop1i(t, is_signed ? IR_VSAR : IR_VSHR, wide, v, bits);
    if (!is_signed)
        return la_vop2(t, IR_VAND, 0, v, la_vdup(t, wide, (1ull << bits) - 1));
    return la_vop1i(t, IR_VSAR, wide, la_vop1i(t, IR_VSHL, wide, v, bits), bits);
}

/* The same of doublewords: the result is one number of 128 bits. imm: an operation and flags as `arg`. */
enum { QUAD_ADD, QUAD_SUB, QUAD_MUL };
static unsigned __int128 quad_operand(const union ir_vec *v, bool odd, bool is_signed)
{
    uint64_t x = v->d[odd];
    return (unsigned __int128)(is_signed ? 0 - (x >> 63) : 0) << 64 | x;
}
static unsigned __int128 quad_load(const union ir_vec *v)
{
    return (unsigned __int128)v->d[1] << 64 | v->d[0];
}
static void quad_store(union ir_vec *v, unsigned __int128 x)
{
    *v = (union ir_vec){ .d = { (uint64_t)x, (uint64_t)(x >> 64) } };
}

void la_vec_quad(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                 const union ir_vec *c, uint64_t imm)
{
    unsigned __int128 x = quad_operand(a, imm & ODD_A, imm & SIGNED_A), y = quad_operand(b, imm & ODD_B, imm & SIGNED_B);
    unsigned __int128 v = (imm & LA_VS_OP) == QUAD_ADD ? x + y : (imm & LA_VS_OP) == QUAD_SUB ? x - y : x * y;
    (void)cpu;
    quad_store(dst, imm & ADDS ? quad_load(c) + v : v);
}

/* VADD.Q, VSUB.Q */
void la_vec_quad_sum(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    unsigned __int128 x = quad_load(a), y = quad_load(b);
    (void)cpu, (void)c;
    quad_store(dst, imm == QUAD_ADD ? x + y : x - y);
}

static void quad_sum(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_callv(t->u, LA_VEC_quad_sum, la_vj(t, h), la_vk(t, h), IR_NONE, arg & LA_VS_OP));
}

/* Products of words of one kind: hosts multiply every other word faster than extended lanes of 64 bits. */
static ir_val_t word_products(struct la_tr *t, ir_val_t a, ir_val_t b, unsigned arg)
{
    return ir_vop(t->u, arg & SIGNED_A ? IR_VMULLS : IR_VMULLU, 2, a, b, IR_NONE, arg & ODD ? 3 : 2);
}

static void widening(struct la_tr *t, unsigned arg)
{
    static const uint16_t ops[] = { [QUAD_ADD] = IR_VADD, [QUAD_SUB] = IR_VSUB, [QUAD_MUL] = IR_VMUL };
    unsigned lane = t->d.sz, op = arg & LA_VS_OP;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = la_vk(t, h), v;
        if (lane == 3) {
            la_put_vd(t, h, ir_callv(t->u, LA_VEC_quad, a, b, arg & ADDS ? la_vd(t, h) : IR_NONE, arg));
            continue;
        }
        bool one_kind = !(arg & SIGNED_A) == !(arg & SIGNED_B);
        if (op == QUAD_MUL && lane == 2 && one_kind)
            v = word_products(t, a, b, arg);
        else
            v = la_vop2(t, ops[op], lane + 1, la_vwidened(t, lane, a, arg & ODD_A, arg & SIGNED_A),
                        la_vwidened(t, lane, b, arg & ODD_B, arg & SIGNED_B));
        la_put_vd(t, h, arg & ADDS ? la_vop2(t, IR_VADD, lane + 1, la_vd(t, h), v) : v);
    }
}

/* ---- counting bits ---- */
/* Leading zeros; of the complement: leading ones. */
void la_vec_leading(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                    const union ir_vec *c, uint64_t imm)
{
    unsigned size = 1u << imm;
    (void)cpu, (void)b, (void)c;
    for (unsigned n = 0; n < 16; n += size)
        st_le(dst->b + n, clz64(ld_le(a->b + n, size)) - (64 - 8 * size), size);
}

static void leading(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h);
        if ((arg & LA_VS_OP) != 0)
            a = la_vop1(t, IR_VNOT, 0, a);
        la_put_vd(t, h, ir_callv(t->u, LA_VEC_leading, a, IR_NONE, IR_NONE, t->d.sz));
    }
}

/* Bytes' counts are added: eight of them at once, others in steps of twice the distance; a count fits a byte. */
static void population(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vop1(t, IR_VPOPCNT, 0, la_vj(t, h));
        if (lane == 3) {
            la_put_vd(t, h, la_vop2(t, IR_VSAD, 0, v, la_vzero(t)));
            continue;
        }
        for (unsigned step = 8; step < 8u << lane; step *= 2)
            v = la_vop2(t, IR_VADD, 0, v, la_vop1i(t, IR_VSHR, lane, v, step));
        la_put_vd(t, h, lane == 0 ? v : la_vop2(t, IR_VAND, 0, v, la_vdup(t, lane, 0xff)));
    }
}

/* clang-format off */
const struct la_semantics la_vec_int_rows[] = {
    LA_VEC(SEQ, three_same, IR_VCEQ),
    LA_VEC(SLE, three_same, IR_VCGES | SWAP), LA_VEC(SLE_U, three_same, IR_VCGEU | SWAP),
    LA_VEC(SLT, three_same, IR_VCGTS | SWAP), LA_VEC(SLT_U, three_same, IR_VCGTU | SWAP),
    LA_VEC(ADD, three_same, IR_VADD), LA_VEC(SUB, three_same, IR_VSUB), LA_VEC(NEG, negate, 0),
    LA_VEC(SADD, three_same, IR_VADDSS), LA_VEC(SADD_U, three_same, IR_VADDUS),
    LA_VEC(SSUB, three_same, IR_VSUBSS), LA_VEC(SSUB_U, three_same, IR_VSUBUS),
    LA_VEC(MAX, three_same, IR_VMAXS), LA_VEC(MAX_U, three_same, IR_VMAXU),
    LA_VEC(MIN, three_same, IR_VMINS), LA_VEC(MIN_U, three_same, IR_VMINU),
    LA_VEC(SEQI, with_immediate, IR_VCEQ),
    LA_VEC(SLEI, with_immediate, IR_VCGES | SWAP), LA_VEC(SLEI_U, with_immediate, IR_VCGEU | SWAP),
    LA_VEC(SLTI, with_immediate, IR_VCGTS | SWAP), LA_VEC(SLTI_U, with_immediate, IR_VCGTU | SWAP),
    LA_VEC(ADDI_U, with_immediate, IR_VADD), LA_VEC(SUBI_U, with_immediate, IR_VSUB),
    LA_VEC(MAXI, with_immediate, IR_VMAXS), LA_VEC(MAXI_U, with_immediate, IR_VMAXU),
    LA_VEC(MINI, with_immediate, IR_VMINS), LA_VEC(MINI_U, with_immediate, IR_VMINU),
    LA_VEC(ABSD, difference, SIGNED), LA_VEC(ABSD_U, difference, 0), LA_VEC(ADDA, add_absolute, 0),
    LA_VEC(AVG, average, SIGNED), LA_VEC(AVG_U, average, 0),
    LA_VEC(AVGR, average, SIGNED | ROUND), LA_VEC(AVGR_U, average, ROUND),
    LA_VEC(SIGNCOV, sign_cover, 0),
    LA_VEC(MUL, three_same, IR_VMUL), LA_VEC(MUH, multiply_high, SIGNED), LA_VEC(MUH_U, multiply_high, 0),
    LA_VEC(MADD, multiply_add, 0), LA_VEC(MSUB, multiply_add, SUBTRACT),
    LA_VEC(DIV, divide, DIVIDE_SIGNED), LA_VEC(DIV_U, divide, 0),
    LA_VEC(MOD, divide, DIVIDE_SIGNED | DIVIDE_REST), LA_VEC(MOD_U, divide, DIVIDE_REST),
    LA_VEC(ADDWEV, widening, QUAD_ADD | SIGNED_AB), LA_VEC(ADDWOD, widening, QUAD_ADD | SIGNED_AB | ODD),
    LA_VEC(ADDWEV_U, widening, QUAD_ADD), LA_VEC(ADDWOD_U, widening, QUAD_ADD | ODD),
    LA_VEC(ADDWEV_US, widening, QUAD_ADD | SIGNED_B), LA_VEC(ADDWOD_US, widening, QUAD_ADD | SIGNED_B | ODD),
    LA_VEC(SUBWEV, widening, QUAD_SUB | SIGNED_AB), LA_VEC(SUBWOD, widening, QUAD_SUB | SIGNED_AB | ODD),
    LA_VEC(SUBWEV_U, widening, QUAD_SUB), LA_VEC(SUBWOD_U, widening, QUAD_SUB | ODD),
    LA_VEC(MULWEV, widening, QUAD_MUL | SIGNED_AB), LA_VEC(MULWOD, widening, QUAD_MUL | SIGNED_AB | ODD),
    LA_VEC(MULWEV_U, widening, QUAD_MUL), LA_VEC(MULWOD_U, widening, QUAD_MUL | ODD),
    LA_VEC(MULWEV_US, widening, QUAD_MUL | SIGNED_B), LA_VEC(MULWOD_US, widening, QUAD_MUL | SIGNED_B | ODD),
    LA_VEC(MADDWEV, widening, QUAD_MUL | SIGNED_AB | ADDS), LA_VEC(MADDWOD, widening, QUAD_MUL | SIGNED_AB | ODD | ADDS),
    LA_VEC(MADDWEV_U, widening, QUAD_MUL | ADDS), LA_VEC(MADDWOD_U, widening, QUAD_MUL | ODD | ADDS),
    LA_VEC(MADDWEV_US, widening, QUAD_MUL | SIGNED_B | ADDS),
    LA_VEC(MADDWOD_US, widening, QUAD_MUL | SIGNED_B | ODD | ADDS),
    LA_VEC(HADDW, widening, QUAD_ADD | SIGNED_AB | ODD_A), LA_VEC(HADDW_U, widening, QUAD_ADD | ODD_A),
    LA_VEC(HSUBW, widening, QUAD_SUB | SIGNED_AB | ODD_A), LA_VEC(HSUBW_U, widening, QUAD_SUB | ODD_A),
    LA_VEC(ADD_Q, quad_sum, QUAD_ADD), LA_VEC(SUB_Q, quad_sum, QUAD_SUB),
    LA_VEC(CLZ, leading, 0), LA_VEC(CLO, leading, 1), LA_VEC(PCNT, population, 0),
    LA_ROWS_END
};
/* clang-format on */
