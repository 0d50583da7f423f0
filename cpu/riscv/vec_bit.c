/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zvbb, Zvkb, Zvbc: unprivileged ISA, chapter "Cryptography Extensions: Vector Instructions". One element at a time, or a
 * register's lanes by the IR; the latter has tables of four bits where hosts have no instruction.
 */
#include "core/ir/eval.h"
#include "core/util/bits.h"
#include "cpu/riscv/vec.h"

/* ---- general ---- */
#define ELEMENT(name)                                                                                                  \
    static uint64_t name(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)
#define UNUSED() ((void)o, (void)a, (void)b, (void)d)

ELEMENT(andn)
{
    UNUSED();
    return a & ~b;
}

/* The bits of v in the reverse order, `width` of them. */
static uint64_t reversed(uint64_t v, unsigned width)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < width; i++)
        r |= (v >> i & 1) << (width - 1 - i);
    return r;
}

ELEMENT(brev)
{
    UNUSED();
    return reversed(a, rv_vec_bits(o));
}

ELEMENT(brev8)
{
    uint64_t r = 0;
    UNUSED();
    for (unsigned i = 0; i < 64; i += 8)
        r |= reversed(a >> i & 0xff, 8) << i;
    return r;
}

ELEMENT(rev8)
{
    UNUSED();
    return __builtin_bswap64(a) >> (64 - rv_vec_bits(o));
}

ELEMENT(clz)
{
    UNUSED();
    return a == 0 ? rv_vec_bits(o) : clz64(a) - (64 - rv_vec_bits(o));
}

ELEMENT(ctz)
{
    UNUSED();
    return a == 0 ? rv_vec_bits(o) : ctz64(a);
}

ELEMENT(cpop)
{
    UNUSED();
    return popcount64(a);
}

ELEMENT(rol)
{
    unsigned bits = rv_vec_bits(o), n = b & (bits - 1);
    UNUSED();
    return n == 0 ? a : a << n | a >> (bits - n);
}

ELEMENT(ror)
{
    unsigned bits = rv_vec_bits(o), n = b & (bits - 1);
    UNUSED();
    return n == 0 ? a : a >> n | a << (bits - n);
}

ELEMENT(wsll)
{
    UNUSED();
    return a << (b & (2 * rv_vec_bits(o) - 1));
}

ELEMENT(clmul)
{
    UNUSED();
    return ir_clmul_lo(a, b);
}

ELEMENT(clmulh)
{
    UNUSED();
    return ir_clmul_hi(a, b);
}

/* SEW = 64 only. */
static bool not_64(const struct rv_tr *t, const struct rv_vec_row *row)
{
    (void)row;
    return rv_tr_sew(t) != 3;
}

/* ---- quick ---- */
#define QUICK(name)                                                                                                    \
    static ir_val_t name(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
#define QUICK_UNUSED() ((void)row, (void)lane, (void)b, (void)d)

static ir_val_t vor(struct rv_tr *t, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, IR_VOR, 3, a, b);
}

static ir_val_t vand(struct rv_tr *t, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, IR_VAND, 3, a, b);
}

static ir_val_t shift(struct rv_tr *t, enum ir_op op, unsigned lane, ir_val_t a, unsigned n)
{
    return ir_vop1i(t->u, op, lane, a, n);
}

static ir_val_t bytes_reversed(struct rv_tr *t, unsigned lane, ir_val_t a)
{
    return lane == 0 ? a : ir_vop1i(t->u, IR_VREV, 0, a, lane);
}

/* Entry n of the table: n's four bits reversed; shifted left by four for the low ones. */
static ir_val_t nibbles_reversed(struct rv_tr *t, ir_val_t a)
{
    ir_val_t nibbles = rv_vec_dup(t, 0, 0x0f), low = vand(t, a, nibbles);
    ir_val_t high = vand(t, shift(t, IR_VSHR, 1, a, 4), nibbles);
    low = ir_vop2(t->u, IR_VTBLM, 0, ir_vconst(t->u, 0xe060a020c0408000, 0xf070b030d0509010), low);
    high = ir_vop2(t->u, IR_VTBLM, 0, ir_vconst(t->u, 0x0e060a020c040800, 0x0f070b030d050901), high);
    return vor(t, low, high);
}

QUICK(quick_brev8)
{
    QUICK_UNUSED();
    return nibbles_reversed(t, a);
}

QUICK(quick_rev8)
{
    QUICK_UNUSED();
    return bytes_reversed(t, lane, a);
}

QUICK(quick_brev)
{
    QUICK_UNUSED();
    return nibbles_reversed(t, bytes_reversed(t, lane, a));
}

/* Counts of bytes, added up: 64 at most, so that no sum leaves its byte. */
static ir_val_t population(struct rv_tr *t, unsigned lane, ir_val_t a)
{
    ir_val_t v = ir_vop1(t->u, IR_VPOPCNT, 0, a);
    for (unsigned n = 0; n < lane; n++)
        v = ir_vop2(t->u, IR_VADD, lane, v, shift(t, IR_VSHR, lane, v, 8u << n));
    return lane == 0 ? v : vand(t, v, rv_vec_dup(t, lane, 0x7f));
}

QUICK(quick_cpop)
{
    QUICK_UNUSED();
    return population(t, lane, a);
}

/* The zeros below the lowest one: ~a & (a - 1). */
QUICK(quick_ctz)
{
    QUICK_UNUSED();
    ir_val_t less = ir_vop2(t->u, IR_VADD, lane, a, rv_vec_dup(t, lane, ~0ull));
    return population(t, lane, ir_vop2(t->u, IR_VANDN, 3, less, a));
}

/* Ones from the highest on; what is left is counted. */
QUICK(quick_clz)
{
    QUICK_UNUSED();
    for (unsigned n = 1; n < 8u << lane; n *= 2)
        a = vor(t, a, shift(t, IR_VSHR, lane, a, n));
    return population(t, lane, ir_vop1(t->u, IR_VNOT, 3, a));
}

/* To the right by whole bytes: byte i of a lane comes from n bytes above. */
static ir_val_t bytes_rotated(struct rv_tr *t, unsigned lane, ir_val_t a, unsigned n)
{
    uint64_t from[2] = { 0, 0 };
    for (unsigned i = 0; i < 16; i++) {
        unsigned mask = (1u << lane) - 1;
        from[i / 8] |= (uint64_t)((i & ~mask) | ((i + n) & mask)) << (8 * (i % 8));
    }
    return ir_vop2(t->u, IR_VTBLM, 0, a, ir_vconst(t->u, from[0], from[1]));
}

static ir_val_t rotated_by(struct rv_tr *t, unsigned lane, ir_val_t a, unsigned n)
{
    unsigned bits = 8u << lane;
    if (n == 0)
        return a;
    if (n % 8 == 0)
        return bytes_rotated(t, lane, a, n / 8);
    return vor(t, shift(t, IR_VSHR, lane, a, n), shift(t, IR_VSHL, lane, a, bits - n));
}

/* By lanes: shifts by a lane's whole width give 0. */
static ir_val_t rotated(struct rv_tr *t, unsigned lane, ir_val_t a, ir_val_t b, bool left)
{
    unsigned bits = 8u << lane;
    b = vand(t, b, rv_vec_dup(t, lane, bits - 1));
    ir_val_t rest = ir_vop2(t->u, IR_VSUB, lane, rv_vec_dup(t, lane, bits), b);
    return vor(t, ir_vop2(t->u, left ? IR_VSHLV : IR_VSHRV, lane, a, b),
               ir_vop2(t->u, left ? IR_VSHRV : IR_VSHLV, lane, a, rest));
}

QUICK(quick_rol)
{
    QUICK_UNUSED();
    return rotated(t, lane, a, b, true);
}

QUICK(quick_ror)
{
    QUICK_UNUSED();
    if (RV_VO_B(row) == RV_VO_I)
        return rotated_by(t, lane, a, (unsigned)t->d.imm & ((8u << lane) - 1));
    return rotated(t, lane, a, b, false);
}

QUICK(quick_wsll)
{
    QUICK_UNUSED();
    if (RV_VO_B(row) == RV_VO_I)
        return shift(t, IR_VSHL, lane, a, (unsigned)t->d.imm & ((8u << lane) - 1));
    return ir_vop2(t->u, IR_VSHLV, lane, a, vand(t, b, rv_vec_dup(t, lane, (8u << lane) - 1)));
}

static ir_val_t product(struct rv_tr *t, ir_val_t a, ir_val_t b, unsigned half)
{
    return ir_callv(t->u, RV_VEC_carry_less, a, b, IR_NONE, half * 0x11);
}

QUICK(quick_clmul)
{
    QUICK_UNUSED();
    return ir_vop2(t->u, (enum ir_op)row->arg, 3, product(t, a, b, 0), product(t, a, b, 1));
}

/* clang-format off */
#define ROW(INSN, OPERANDS, FN, QUICK_FN, ...)                                                                         \
    { .id = RV_INSN_##INSN, .operands = OPERANDS, .element = FN, .quick = QUICK_FN, __VA_ARGS__ }
#define VV RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_S)
#define VX RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_X)
#define VI RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_I)
#define V1 RV_VOPS(RV_VO_S, RV_VO_S, RV_VO_NONE)
#define WV RV_VOPS(RV_VO_W, RV_VO_S, RV_VO_S)
#define WX RV_VOPS(RV_VO_W, RV_VO_S, RV_VO_X)
#define WI RV_VOPS(RV_VO_W, RV_VO_S, RV_VO_I)
const struct rv_vec_row rv_vec_bit_rows[] = {
    ROW(VANDN_VV, VV, andn, rv_vq_op, .arg = IR_VANDN), ROW(VANDN_VX, VX, andn, rv_vq_op, .arg = IR_VANDN),
    ROW(VBREV_V, V1, brev, quick_brev),   ROW(VBREV8_V, V1, brev8, quick_brev8), ROW(VREV8_V, V1, rev8, quick_rev8),
    ROW(VCLZ_V, V1, clz, quick_clz),      ROW(VCTZ_V, V1, ctz, quick_ctz),       ROW(VCPOP_V, V1, cpop, quick_cpop),
    ROW(VROL_VV, VV, rol, quick_rol),     ROW(VROL_VX, VX, rol, quick_rol),
    ROW(VROR_VV, VV, ror, quick_ror),     ROW(VROR_VX, VX, ror, quick_ror),      ROW(VROR_VI, VI, ror, quick_ror),
    ROW(VWSLL_VV, WV, wsll, quick_wsll),  ROW(VWSLL_VX, WX, wsll, quick_wsll),   ROW(VWSLL_VI, WI, wsll, quick_wsll),
    ROW(VCLMUL_VV, VV, clmul, quick_clmul, .arg = IR_VZIP1, .reserved = not_64),
    ROW(VCLMUL_VX, VX, clmul, quick_clmul, .arg = IR_VZIP1, .reserved = not_64),
    ROW(VCLMULH_VV, VV, clmulh, quick_clmul, .arg = IR_VZIP2, .reserved = not_64),
    ROW(VCLMULH_VX, VX, clmulh, quick_clmul, .arg = IR_VZIP2, .reserved = not_64),
    RV_VEC_END
};
/* clang-format on */
