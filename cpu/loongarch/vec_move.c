/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX: what moves lanes and bits without computing. Logic, constants, general registers to lanes and back,
 * interleaving, packing, shuffles and permutations; masks of lanes and tests into condition flags.
 */
#include "core/util/bytes.h"
#include "cpu/loongarch/vec_impl.h"

enum { SWAP = LA_VS_FLAG, SIGNED = 2 * LA_VS_FLAG, INVERT = 4 * LA_VS_FLAG };

/* ---- logic. VANDN.V and VORN.V complement one operand: the first, the second ---- */
static void logic(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t a = la_vj(t, h), b = la_vk(t, h);
        ir_val_t v = la_vop2(t, arg & LA_VS_OP, 0, arg & SWAP ? b : a, arg & SWAP ? a : b);
        la_put_vd(t, h, arg & INVERT ? la_vop1(t, IR_VNOT, 0, v) : v);
    }
}

static void logic_immediate(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vop2(t, arg & LA_VS_OP, 0, la_vj(t, h), la_vdup(t, 0, (uint64_t)t->d.imm));
        la_put_vd(t, h, arg & INVERT ? la_vop1(t, IR_VNOT, 0, v) : v);
    }
}

static void bit_select(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_vop(t->u, IR_VSELECT, 0, la_va(t, h), la_vk(t, h), la_vj(t, h), 0));
}

static void bit_select_immediate(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_vop(t->u, IR_VSELECT, 0, la_vd(t, h), la_vdup(t, 0, (uint64_t)t->d.imm), la_vj(t, h), 0));
}

/* ---- VLDI: si13 is a signed number, or a mode and eight bits from which it makes masks and floats ---- */
static uint64_t vldi_float32(uint64_t i)
{
    return (i >> 7 & 1) << 31 | (i >> 6 & 1 ? 0x1full << 25 : 1ull << 30) | (i & 63) << 19;
}

/* The constant of one 64-bit lane; false: a mode there is none of. */
static bool vldi_value(unsigned si13, uint64_t *v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    uint64_t i = si13 & 0xff;
    if (!(si13 >> 12 & 1)) {
        unsigned lane = si13 >> 10 & 3;
        *v = lane == 3 ? sext(si13, 10) : zext(sext(si13, 10), 8u << lane) * ones[lane];
        return true;
    }
    switch (si13 >> 8 & 15) {
    case 0: case 1: case 2: case 3: *v = (i << (si13 >> 8 & 3) * 8) * ones[2]; break;
    case 4: case 5: *v = (i << (si13 >> 8 & 1) * 8) * ones[1]; break;
    case 6: *v = (i << 8 | 0xff) * ones[2]; break;
    case 7: *v = (i << 16 | 0xffff) * ones[2]; break;
    case 8: *v = i * ones[0]; break;
    case 9:
        *v = 0;
        for (unsigned n = 0; n < 8; n++)
            *v |= (i >> n & 1 ? 0xffull : 0) << 8 * n;
        break;
    case 10: *v = vldi_float32(i) * ones[2]; break;
    case 11: *v = vldi_float32(i); break;
    case 12: *v = (i >> 7 & 1) << 63 | (i >> 6 & 1 ? 0xffull << 54 : 1ull << 62) | (i & 63) << 48; break;
    default: return false;
    }
    return true;
}

static void load_immediate(struct la_tr *t, unsigned arg)
{
    uint64_t v;
    if (!vldi_value((unsigned)t->d.imm & 0x1fff, &v)) {
        la_raises(t, LA_INE);
        return;
    }
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_vconst(t->u, v, v));
}

/* ---- between general registers and lanes. Lanes of LASX count through both halves ---- */
static void replicate_general(struct la_tr *t, unsigned arg)
{
    ir_val_t v = la_vop1(t, IR_VDUP, t->d.sz, la_r(t, IR_I64, t->d.rj));
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, v);
}

static void insert_general(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm, count = 16u >> lane;
    ir_val_t v = la_r(t, IR_I64, t->d.rj);
    la_put_vd(t, n / count, ir_vins(t->u, lane, la_vd(t, n / count), n % count, v));
}

static void pick_to_general(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm, count = 16u >> lane;
    ir_val_t v = ir_vlane(t->u, IR_I64, lane, la_vj(t, n / count), n % count);
    if (arg & SIGNED && lane < 3)
        v = ir_sext(t->u, IR_I64, v, 8u << lane);
    la_put_r(t, IR_I64, t->d.rd, v);
}

/* ---- lanes of two registers: even and odd ones of vk from vk, then vj ---- */
static void combine(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop2(t, arg & LA_VS_OP, t->d.sz, la_vk(t, h), la_vj(t, h)));
}

/* Doubleword `m` of a, then `n` of b. */
static ir_val_t doublewords(struct la_tr *t, ir_val_t a, unsigned m, ir_val_t b, unsigned n)
{
    return la_vshuf_w(t, a, b, (m ? 0xe : 4) | (n ? 0xeu : 4) << 4);
}

/* ---- shuffles by tables of byte numbers ---- */
ir_val_t la_vtable(struct la_tr *t, ir_val_t low, ir_val_t high, ir_val_t numbers)
{
    ir_val_t others = la_vop2(t, IR_VXOR, 0, numbers, la_vdup(t, 0, 16));
    return la_vop2(t, IR_VOR, 0, la_vop2(t, IR_VTBL, 0, low, numbers), la_vop2(t, IR_VTBL, 0, high, others));
}

/* Of each byte of lanes: the lane's first byte, or the byte's place in the lane. */
static ir_val_t byte_places(struct la_tr *t, unsigned lane, bool in_lane)
{
    union ir_vec v;
    for (unsigned n = 0; n < 16; n++)
        v.b[n] = (uint8_t)(in_lane ? n & ((1u << lane) - 1) : n >> lane << lane);
    return ir_vconst(t->u, ld_le(v.b, 8), ld_le(v.b + 8, 8));
}

/* Lane numbers, modulo `count`, to numbers of their bytes. */
static ir_val_t byte_numbers(struct la_tr *t, unsigned lane, ir_val_t lanes, unsigned count)
{
    ir_val_t v = la_vop2(t, IR_VAND, 0, lanes, la_vdup(t, lane, count - 1));
    if (lane == 0)
        return v;
    v = la_vop2(t, IR_VTBLM, 0, la_vop1i(t, IR_VSHL, lane, v, lane), byte_places(t, lane, false));
    return la_vop2(t, IR_VADD, 0, v, byte_places(t, lane, true));
}

static void shuffle_bytes(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vtable(t, la_vk(t, h), la_vj(t, h), byte_numbers(t, 0, la_va(t, h), 32)));
}

/* VSHUF.{H,W,D}: the destination holds the numbers. */
static void shuffle_lanes(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg);
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vtable(t, la_vk(t, h), la_vj(t, h), byte_numbers(t, lane, la_vd(t, h), 32u >> lane)));
}

/* XVPERM.W: any word of both halves. */
static void permute_words(struct la_tr *t, unsigned arg)
{
    ir_val_t low = la_vj(t, 0), high = la_vj(t, 1), v[2];
    (void)arg;
    for (unsigned h = 0; h < 2; h++)
        v[h] = la_vtable(t, low, high, byte_numbers(t, 2, la_vk(t, h), 8));
    la_put_vd(t, 0, v[0]);
    la_put_vd(t, 1, v[1]);
}

/* VSHUF4I.{B,H,W}: in each group of four lanes. */
static void shuffle_fours(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), imm = (unsigned)t->d.imm;
    union ir_vec places;
    for (unsigned n = 0; n < 16; n++)
        places.b[n] = (uint8_t)((n & ~3u) + (imm >> 2 * (n & 3) & 3));
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vj(t, h);
        if (lane == 2) {
            v = la_vshuf_w(t, v, v, imm);
        } else if (lane == 1) {
            v = ir_vop(t->u, IR_VSHUF, 1, v, v, IR_NONE, imm);
            v = ir_vop(t->u, IR_VSHUF, 1, v, v, IR_NONE, imm | 0x100);
        } else {
            v = la_vop2(t, IR_VTBLM, 0, v, ir_vconst(t->u, ld_le(places.b, 8), ld_le(places.b + 8, 8)));
        }
        la_put_vd(t, h, v);
    }
}

static void shuffle_doublewords(struct la_tr *t, unsigned arg)
{
    unsigned imm = (unsigned)t->d.imm;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t d = la_vd(t, h), j = la_vj(t, h);
        la_put_vd(t, h, doublewords(t, imm & 2 ? j : d, imm & 1, imm & 8 ? j : d, imm >> 2 & 1));
    }
}

static void permute_immediate(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vshuf_w(t, la_vj(t, h), la_vd(t, h), (unsigned)t->d.imm));
}

static void permute_doublewords(struct la_tr *t, unsigned arg)
{
    ir_val_t from[2] = { la_vj(t, 0), la_vj(t, 1) }, v[2];
    unsigned imm = (unsigned)t->d.imm;
    (void)arg;
    for (unsigned h = 0; h < 2; h++, imm >>= 4)
        v[h] = doublewords(t, from[imm >> 1 & 1], imm & 1, from[imm >> 3 & 1], imm >> 2 & 1);
    la_put_vd(t, 0, v[0]);
    la_put_vd(t, 1, v[1]);
}

/* XVPERMI.Q: either half of either register. */
static void permute_halves(struct la_tr *t, unsigned arg)
{
    ir_val_t from[4] = { la_vj(t, 0), la_vj(t, 1), la_vd(t, 0), la_vd(t, 1) };
    (void)arg;
    la_put_vd(t, 0, from[t->d.imm & 3]);
    la_put_vd(t, 1, from[t->d.imm >> 4 & 3]);
}

static void select_doublewords(struct la_tr *t, unsigned arg)
{
    unsigned imm = (unsigned)t->d.imm;
    (void)arg;
    for (unsigned h = 0; h < 2; h++, imm >>= 2) {
        ir_val_t v = la_vj(t, h);
        la_put_vd(t, h, doublewords(t, v, imm & 1, v, imm >> 1 & 1));
    }
}

/* ---- one lane ---- */
static ir_val_t replicated(struct la_tr *t, unsigned lane, ir_val_t v, unsigned n)
{
    if (lane == 3)
        return doublewords(t, v, n, v, n);
    if (lane == 2)
        return la_vshuf_w(t, v, v, n * 0x55);
    uint64_t places = lane == 0 ? n * 0x0101010101010101 : (2 * n) * 0x0001000100010001 + (2 * n + 1) * 0x0100010001000100;
    return la_vop2(t, IR_VTBLM, 0, v, ir_vconst(t->u, places, places));
}

static void replicate_lane(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, replicated(t, la_vs_lane(t, arg), la_vj(t, h), (unsigned)t->d.imm));
}

/* VREPLVE: a general register has the lane's number, modulo their count. */
static void replicate_numbered(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    ir_val_t n = ir_op2i(t->u, IR_AND, IR_I64, la_r(t, IR_I64, t->d.rk), (16u >> lane) - 1);
    ir_val_t first = la_vop1(t, IR_VDUP, 0, ir_op2i(t->u, IR_SHL, IR_I64, n, lane));
    ir_val_t places = la_vop2(t, IR_VADD, 0, first, byte_places(t, lane, true));
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop2(t, IR_VTBLM, 0, la_vj(t, h), places));
}

/* XVREPLVE0: of the low half, through both. */
static void replicate_first(struct la_tr *t, unsigned arg)
{
    ir_val_t v = replicated(t, la_vs_lane(t, arg), la_vj(t, 0), 0);
    la_put_vd(t, 0, v);
    la_put_vd(t, 1, v);
}

static void replicate_low_half(struct la_tr *t, unsigned arg)
{
    ir_val_t v = la_vj(t, 0);
    (void)arg;
    la_put_vd(t, 0, v);
    la_put_vd(t, 1, v);
}

static void extract_insert(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), last = (16u >> lane) - 1;
    unsigned from = (unsigned)t->d.imm & last, to = (unsigned)t->d.imm >> 4 & last;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = ir_vlane(t->u, IR_I64, lane, la_vj(t, h), from);
        la_put_vd(t, h, ir_vins(t->u, lane, la_vd(t, h), to, v));
    }
}

static void insert_first(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm, count = 16u >> lane;
    ir_val_t v = ir_vlane(t->u, IR_I64, lane, la_vj(t, 0), 0);
    la_put_vd(t, n / count, ir_vins(t->u, lane, la_vd(t, n / count), n % count, v));
}

static void pick_to_first(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), n = (unsigned)t->d.imm, count = 16u >> lane;
    ir_val_t v = ir_vlane(t->u, IR_I64, lane, la_vj(t, n / count), n % count);
    la_put_vd(t, 0, la_vop1(t, IR_VSCALAR, lane, v));
    la_put_vd(t, 1, la_vzero(t));
}

/* ---- the whole half by bytes; the count is modulo 16 ---- */
static void shift_bytes_left(struct la_tr *t, unsigned arg)
{
    unsigned n = t->d.imm & 15;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vj(t, h);
        la_put_vd(t, h, n == 0 ? v : ir_vop(t->u, IR_VEXT, 0, la_vzero(t), v, IR_NONE, 16 - n));
    }
}

static void shift_bytes_right(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_vop(t->u, IR_VEXT, 0, la_vj(t, h), la_vzero(t), IR_NONE, t->d.imm & 15));
}

/* ---- extension to twice the size ---- */
static ir_val_t quad_extended(struct la_tr *t, ir_val_t v, unsigned n, unsigned arg)
{
    ir_val_t x = ir_vlane(t->u, IR_I64, 3, v, n);
    ir_val_t low = la_vop1(t, IR_VSCALAR, 3, x);
    return arg & SIGNED ? ir_vins(t->u, 3, low, 1, ir_op2i(t->u, IR_SAR, IR_I64, x, 63)) : low;
}

static void extend_high(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vj(t, h);
        if (t->d.sz == 3)
            v = quad_extended(t, v, 1, arg);
        else
            v = la_vop1i(t, arg & SIGNED ? IR_VWIDENS : IR_VWIDENU, t->d.sz, v, 1);
        la_put_vd(t, h, v);
    }
}

static void extend_low_quad(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, quad_extended(t, la_vj(t, h), 0, arg));
}

/* VEXT2XV: the low lanes through both halves. The lane is the operand's, the number how often it doubles. */
static void extend_both(struct la_tr *t, unsigned arg)
{
    unsigned from = la_vs_lane(t, arg), to = from + (arg & LA_VS_OP), op = arg & SIGNED ? IR_VWIDENS : IR_VWIDENU;
    ir_val_t v = la_vj(t, 0);
    for (unsigned lane = from; lane + 1 < to; lane++)
        v = la_vop1i(t, op, lane, v, 0);
    la_put_vd(t, 0, la_vop1i(t, op, to - 1, v, 0));
    la_put_vd(t, 1, la_vop1i(t, op, to - 1, v, 1));
}

/* ---- VFRSTP: the number of the first negative lane goes into a lane of the destination; none: their count ---- */
enum { FIRST_BY_LANE = 1 << 8 };
void la_vec_first_negative(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                           const union ir_vec *c, uint64_t imm)
{
    unsigned size = 1u << (imm >> 12), count = 16u / size, n = 0;
    unsigned at = (unsigned)(imm & FIRST_BY_LANE ? ld_le(c->b, size) : imm & 0xff) % count;
    (void)cpu;
    while (n < count && !(a->b[(n + 1) * size - 1] & 0x80))
        n++;
    *dst = *b;
    st_le(dst->b + at * size, n, size);
}

static void first_negative(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), by_lane = arg & LA_VS_OP;
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, ir_callv(t->u, LA_VEC_first_negative, la_vj(t, h), la_vd(t, h),
                                 by_lane ? la_vk(t, h) : IR_NONE, lane << 12 | by_lane | (unsigned)t->d.imm));
}

/* ---- masks of lanes ---- */
static void mask_negative(struct la_tr *t, unsigned arg)
{
    unsigned lane = t->d.sz;
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t v = la_vj(t, h);
        if (lane == 1) /* saturation keeps signs */
            v = la_vop2(t, IR_VNARROWSS, 0, v, la_vzero(t));
        la_put_vd(t, h, la_vop1(t, IR_VSCALAR, 3, ir_vtops(t->u, lane == 1 ? 0 : lane, v)));
    }
}

static void mask_not_negative(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, la_vop1(t, IR_VSCALAR, 3, ir_vtops(t->u, 0, la_vop1(t, IR_VNOT, 0, la_vj(t, h)))));
}

static void mask_not_zero(struct la_tr *t, unsigned arg)
{
    for (unsigned h = 0; h < la_vs_halves(arg); h++) {
        ir_val_t zero = la_vop2(t, IR_VCEQ, 0, la_vj(t, h), la_vzero(t));
        la_put_vd(t, h, la_vop1(t, IR_VSCALAR, 3, ir_vtops(t->u, 0, la_vop1(t, IR_VNOT, 0, zero))));
    }
}

/* ---- tests into a condition flag ---- */
static void put_flag(struct la_tr *t, enum ir_cc cc, ir_val_t v, uint64_t with)
{
    ir_put(t->u, LA_SLOT_FCC + t->d.cd, ir_setcc(t->u, IR_I64, cc, v, la_const(t, with)));
}

/* VSETEQZ.V, VSETNEZ.V: all bits. */
static void test_whole(struct la_tr *t, unsigned cc)
{
    ir_val_t v = la_vj(t, 0);
    if (cc & LA_VS_X)
        v = la_vop2(t, IR_VOR, 0, v, la_vj(t, 1));
    ir_val_t tops = ir_vtops(t->u, 0, la_vop2(t, IR_VCEQ, 0, v, la_vzero(t)));
    put_flag(t, (enum ir_cc)(cc & LA_VS_OP), tops, 0xffff);
}

/* VSETANYEQZ (some lane is 0), VSETALLNEZ (none is). */
static void test_lanes(struct la_tr *t, unsigned cc)
{
    ir_val_t zeros = la_vop2(t, IR_VCEQ, t->d.sz, la_vj(t, 0), la_vzero(t));
    if (cc & LA_VS_X)
        zeros = la_vop2(t, IR_VOR, 0, zeros, la_vop2(t, IR_VCEQ, t->d.sz, la_vj(t, 1), la_vzero(t)));
    put_flag(t, (enum ir_cc)(cc & LA_VS_OP), ir_vtops(t->u, 0, zeros), 0);
}

/* clang-format off */
#define LSX(INSN, FN, ARG)  { LA_INSN_V##INSN, LA_SEM_LSX, FN, ARG }
#define LASX(INSN, FN, ARG) { LA_INSN_##INSN, LA_SEM_LASX, FN, (ARG) | LA_VS_X }
#define LASX_SIZES(INSN, FN)                                                                                           \
    LASX(INSN##_B, FN, LA_VS_B), LASX(INSN##_H, FN, LA_VS_H), LASX(INSN##_W, FN, LA_VS_W), LASX(INSN##_D, FN, LA_VS_D)
const struct la_semantics la_vec_move_rows[] = {
    LA_VEC(AND_V, logic, IR_VAND), LA_VEC(OR_V, logic, IR_VOR), LA_VEC(XOR_V, logic, IR_VXOR),
    LA_VEC(NOR_V, logic, IR_VOR | INVERT), LA_VEC(ANDN_V, logic, IR_VANDN | SWAP), LA_VEC(ORN_V, logic, IR_VORN),
    LA_VEC(ANDI_B, logic_immediate, IR_VAND), LA_VEC(ORI_B, logic_immediate, IR_VOR),
    LA_VEC(XORI_B, logic_immediate, IR_VXOR), LA_VEC(NORI_B, logic_immediate, IR_VOR | INVERT),
    LA_VEC(BITSEL_V, bit_select, 0), LA_VEC(BITSELI_B, bit_select_immediate, 0), LA_VEC(LDI, load_immediate, 0),
    LA_VEC(REPLGR2VR, replicate_general, 0),
    LSX(INSGR2VR_B, insert_general, LA_VS_B), LSX(INSGR2VR_H, insert_general, LA_VS_H),
    LA_VEC(INSGR2VR_W, insert_general, LA_VS_W), LA_VEC(INSGR2VR_D, insert_general, LA_VS_D),
    LSX(PICKVE2GR_B, pick_to_general, LA_VS_B | SIGNED), LSX(PICKVE2GR_H, pick_to_general, LA_VS_H | SIGNED),
    LA_VEC(PICKVE2GR_W, pick_to_general, LA_VS_W | SIGNED), LA_VEC(PICKVE2GR_D, pick_to_general, LA_VS_D),
    LSX(PICKVE2GR_BU, pick_to_general, LA_VS_B), LSX(PICKVE2GR_HU, pick_to_general, LA_VS_H),
    LA_VEC(PICKVE2GR_WU, pick_to_general, LA_VS_W), LA_VEC(PICKVE2GR_DU, pick_to_general, LA_VS_D),
    LA_VEC(PACKEV, combine, IR_VTRN1), LA_VEC(PACKOD, combine, IR_VTRN2),
    LA_VEC(ILVL, combine, IR_VZIP1), LA_VEC(ILVH, combine, IR_VZIP2),
    LA_VEC(PICKEV, combine, IR_VUZP1), LA_VEC(PICKOD, combine, IR_VUZP2),
    LA_VEC(SHUF_B, shuffle_bytes, 0), LA_VEC(SHUF_H, shuffle_lanes, LA_VS_H),
    LA_VEC(SHUF_W, shuffle_lanes, LA_VS_W), LA_VEC(SHUF_D, shuffle_lanes, LA_VS_D),
    LA_VEC(SHUF4I_B, shuffle_fours, LA_VS_B), LA_VEC(SHUF4I_H, shuffle_fours, LA_VS_H),
    LA_VEC(SHUF4I_W, shuffle_fours, LA_VS_W), LA_VEC(SHUF4I_D, shuffle_doublewords, 0),
    LA_VEC(PERMI_W, permute_immediate, 0), LASX(XVPERM_W, permute_words, 0),
    LASX(XVPERMI_D, permute_doublewords, 0), LASX(XVPERMI_Q, permute_halves, 0), LASX(XVHSELI_D, select_doublewords, 0),
    LSX(REPLVEI_B, replicate_lane, LA_VS_B), LSX(REPLVEI_H, replicate_lane, LA_VS_H),
    LSX(REPLVEI_W, replicate_lane, LA_VS_W), LSX(REPLVEI_D, replicate_lane, LA_VS_D),
    LASX_SIZES(XVREPL128VEI, replicate_lane), LASX_SIZES(XVREPLVE0, replicate_first),
    LASX(XVREPLVE0_Q, replicate_low_half, 0), LA_VEC(REPLVE, replicate_numbered, 0),
    LA_VEC_SIZES(EXTRINS, extract_insert, 0),
    LASX(XVINSVE0_W, insert_first, LA_VS_W), LASX(XVINSVE0_D, insert_first, LA_VS_D),
    LASX(XVPICKVE_W, pick_to_first, LA_VS_W), LASX(XVPICKVE_D, pick_to_first, LA_VS_D),
    LA_VEC(BSLL_V, shift_bytes_left, 0), LA_VEC(BSRL_V, shift_bytes_right, 0),
    LA_VEC(EXTH, extend_high, SIGNED), LA_VEC(EXTH_U, extend_high, 0),
    LA_VEC(EXTL_Q_D, extend_low_quad, SIGNED), LA_VEC(EXTL_QU_DU, extend_low_quad, 0),
    LASX(VEXT2XV_H_B, extend_both, LA_VS_B | SIGNED | 1), LASX(VEXT2XV_W_B, extend_both, LA_VS_B | SIGNED | 2),
    LASX(VEXT2XV_D_B, extend_both, LA_VS_B | SIGNED | 3), LASX(VEXT2XV_W_H, extend_both, LA_VS_H | SIGNED | 1),
    LASX(VEXT2XV_D_H, extend_both, LA_VS_H | SIGNED | 2), LASX(VEXT2XV_D_W, extend_both, LA_VS_W | SIGNED | 1),
    LASX(VEXT2XV_HU_BU, extend_both, LA_VS_B | 1), LASX(VEXT2XV_WU_BU, extend_both, LA_VS_B | 2),
    LASX(VEXT2XV_DU_BU, extend_both, LA_VS_B | 3), LASX(VEXT2XV_WU_HU, extend_both, LA_VS_H | 1),
    LASX(VEXT2XV_DU_HU, extend_both, LA_VS_H | 2), LASX(VEXT2XV_DU_WU, extend_both, LA_VS_W | 1),
    LA_VEC(FRSTP_B, first_negative, LA_VS_B | FIRST_BY_LANE), LA_VEC(FRSTP_H, first_negative, LA_VS_H | FIRST_BY_LANE),
    LA_VEC(FRSTPI_B, first_negative, LA_VS_B), LA_VEC(FRSTPI_H, first_negative, LA_VS_H),
    LA_VEC(MSKLTZ, mask_negative, 0), LA_VEC(MSKGEZ_B, mask_not_negative, 0), LA_VEC(MSKNZ_B, mask_not_zero, 0),
    LA_VEC(SETEQZ_V, test_whole, IR_EQ), LA_VEC(SETNEZ_V, test_whole, IR_NE),
    LA_VEC(SETANYEQZ, test_lanes, IR_NE), LA_VEC(SETALLNEZ, test_lanes, IR_EQ),
    LA_ROWS_END
};
/* clang-format on */
