/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick way: IR operations on whole registers. Lanes that are not active keep what they had: they are selected by v0,
 * by vl, or by what LMUL leaves of a register.
 */
#include "cpu/riscv/vec.h"

ir_val_t rv_vec_dup(struct rv_tr *t, unsigned lane, uint64_t v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    uint64_t low = lane == 3 ? v : zext(v, 8u << lane) * ones[lane];
    return ir_vconst(t->u, low, low);
}

ir_val_t rv_vq_op(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    (void)d;
    return ir_vop2(t->u, (enum ir_op)row->arg, lane, a, b);
}

ir_val_t rv_vq_reversed(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    (void)d;
    return ir_vop2(t->u, (enum ir_op)row->arg, lane, b, a);
}

/* Operands that have none: a is the elements' numbers. */
ir_val_t rv_vq_index(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b, ir_val_t d)
{
    (void)t, (void)row, (void)lane, (void)b, (void)d;
    return a;
}

/* ---- which lanes ---- */
/* A constant of 16 bytes. */
static ir_val_t bytes(struct rv_tr *t, const uint8_t b[16])
{
    uint64_t half[2] = { 0, 0 };
    for (unsigned i = 0; i < 16; i++)
        half[i / 8] |= (uint64_t)b[i] << 8 * (i % 8);
    return ir_vconst(t->u, half[0], half[1]);
}

/* Element e of register k has bit e of v0: each lane gets that byte, then the bit is looked at. */
static ir_val_t by_mask(struct rv_tr *t, unsigned lane, unsigned k)
{
    uint8_t at[16], bit[16];
    for (unsigned j = 0; j < 16; j++) {
        unsigned e = (16 * k + j) >> lane;
        at[j] = (uint8_t)(e / 8);
        bit[j] = j % (1u << lane) == 0 ? (uint8_t)(1u << e % 8) : 0;
    }
    ir_val_t v = ir_vop2(t->u, IR_VTBLM, 0, rv_v(t, 0), bytes(t, at)), b = bytes(t, bit);
    return ir_vop2(t->u, IR_VCEQ, lane, ir_vop2(t->u, IR_VAND, 0, v, b), b);
}

/* The numbers of the elements in register k. */
static ir_val_t element_numbers(struct rv_tr *t, unsigned lane, unsigned k)
{
    uint8_t v[16];
    for (unsigned j = 0; j < 16; j++)
        v[j] = j % (1u << lane) == 0 ? (uint8_t)((16 * k + j) >> lane) : 0;
    return bytes(t, v);
}

static ir_val_t by_length(struct rv_tr *t, unsigned lane, unsigned k)
{
    uint8_t v[16];
    if (t->mode & RV_MODE_VL_MAX) {
        for (unsigned j = 0; j < 16; j++)
            v[j] = (16 * k + j) >> lane < rv_tr_vlmax(t) ? 0xff : 0;
        return bytes(t, v);
    }
    ir_val_t vl = ir_vop1(t->u, IR_VDUP, lane, ir_get(t->u, RV_SLOT_VL));
    return ir_vop2(t->u, lane == 0 ? IR_VCGTU : IR_VCGTS, lane, vl, element_numbers(t, lane, k));
}

ir_val_t rv_vec_lanes(struct rv_tr *t, unsigned lane, unsigned k, bool masked)
{
    bool whole = (t->mode & RV_MODE_VL_MAX) && rv_tr_lmul(t) + (int)lane - (int)rv_tr_sew(t) >= 0;
    ir_val_t m = masked ? by_mask(t, lane, k) : IR_NONE;
    if (whole)
        return m;
    ir_val_t l = by_length(t, lane, k);
    return m != IR_NONE ? ir_vop2(t->u, IR_VAND, 0, m, l) : l;
}

/* ---- operands ---- */
static bool has_registers(unsigned operand)
{
    return operand >= RV_VO_S && operand <= RV_VO_16;
}

/* Register k of a group as if its elements had `lane`: widened, of a source whose elements are smaller. */
static ir_val_t widened(struct rv_tr *t, unsigned operand, unsigned reg, unsigned lane, unsigned k, bool is_signed)
{
    unsigned eew = rv_vec_eew(operand, rv_tr_sew(t)), by = lane - eew;
    ir_val_t v = rv_v(t, reg + (k >> by));
    while (eew < lane) {
        by--;
        v = ir_vop1i(t->u, is_signed ? IR_VWIDENS : IR_VWIDENU, eew++, v, k >> by & 1);
    }
    return v;
}

/* x, f or immediate in all lanes; its low SEW bits count. */
static ir_val_t scalar(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane)
{
    bool is_signed = row->flags & RV_VF_SB;
    unsigned sew = rv_tr_sew(t), bits = 8u << sew;
    switch (RV_VO_B(row)) {
    case RV_VO_I:
        return rv_vec_dup(t, lane, is_signed ? sext((uint64_t)t->d.imm, bits) : zext((uint64_t)t->d.imm, bits));
    case RV_VO_X: {
        ir_val_t x = rv_x(t, t->d.rs1);
        if (lane > sew)
            x = is_signed ? ir_sext(t->u, IR_I64, x, bits) : ir_zext(t->u, IR_I64, x, bits);
        return ir_vop1(t->u, IR_VDUP, lane, x);
    }
    case RV_VO_F:
        if (sew == 3)
            return ir_vop1(t->u, IR_VDUP, lane, rv_f(t, t->d.rs1));
        if (sew == 2)
            return ir_vop1(t->u, IR_VDUP, sew, ir_funbox(t->u, rv_f(t, t->d.rs1)));
        return IR_NONE;
    default:
        return IR_NONE;
    }
}

struct sources {
    const struct rv_vec_row *row;
    unsigned lane; /* the largest of all operands' */
    ir_val_t fixed; /* b where it is no vector */
};

static ir_val_t one_register(struct rv_tr *t, const struct sources *s, unsigned k)
{
    const struct rv_vec_row *row = s->row;
    ir_val_t a = IR_NONE, b = s->fixed, d = IR_NONE;
    if (RV_VO_A(row) == RV_VO_NONE && RV_VO_B(row) == RV_VO_NONE)
        a = element_numbers(t, s->lane, k);
    if (has_registers(RV_VO_A(row)))
        a = widened(t, RV_VO_A(row), t->d.rs2, s->lane, k, row->flags & RV_VF_SA);
    if (has_registers(RV_VO_B(row)))
        b = widened(t, RV_VO_B(row), t->d.rs1, s->lane, k, row->flags & RV_VF_SB);
    if (row->flags & RV_VF_D)
        d = rv_v(t, t->d.rd + k);
    else if ((row->flags & RV_VF_CARRY) && t->d.vm == 0)
        d = by_mask(t, s->lane, k);
    return row->quick(t, row, s->lane, a, b, d);
}

/* ---- results ---- */
static bool is_masked(const struct rv_tr *t, const struct rv_vec_row *row)
{
    return t->d.vm == 0 && !(row->flags & RV_VF_CARRY);
}

static void put_active(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, unsigned k, ir_val_t v)
{
    ir_val_t m = rv_vec_lanes(t, lane, k, is_masked(t, row));
    unsigned reg = t->d.rd + k;
    rv_put_v(t, reg, m == IR_NONE ? v : ir_vop(t->u, IR_VSELECT, 0, m, v, rv_v(t, reg), 0));
}

/* Bits [0, VLMAX) of a mask from what comparisons gave; 64 of them at a time. */
static ir_val_t gathered(struct rv_tr *t, unsigned lane, const ir_val_t *v, unsigned n)
{
    ir_val_t bits = IR_NONE;
    unsigned step = lane == 1 ? 2 : 1, per = lane == 1 ? 16 : 16u >> lane;
    for (unsigned k = 0; k < n; k += step) {
        ir_val_t pair = lane == 1 ? ir_vop2(t->u, IR_VNARROWSS, 0, v[k], v[k + 1 < n ? k + 1 : k]) : v[k];
        ir_val_t some = ir_vtops(t->u, lane == 1 ? 0 : lane, pair);
        if (k != 0)
            some = ir_op2i(t->u, IR_SHL, IR_I64, some, per * (k / step));
        bits = bits == IR_NONE ? some : ir_or(t->u, IR_I64, bits, some);
    }
    return bits;
}

/* ~0 >> (64 - vl) */
ir_val_t rv_vec_length_bits(struct rv_tr *t)
{
    ir_val_t vl = ir_get(t->u, RV_SLOT_VL), zero = rv_const(t, 0);
    ir_val_t ones = ir_op2(t->u, IR_SHR, IR_I64, rv_const(t, ~0ull), ir_sub(t->u, IR_I64, zero, vl));
    return ir_select(t->u, IR_I64, vl, ones, zero);
}

void rv_vec_put_mask(struct rv_tr *t, unsigned half, ir_val_t bits, bool masked)
{
    uint32_t n = MIN(rv_tr_vlmax(t), 64);
    ir_val_t old = rv_v(t, t->d.rd), which;
    if (!(t->mode & RV_MODE_VL_MAX))
        which = rv_vec_length_bits(t);
    else
        which = n == 64 ? IR_NONE : rv_const(t, zext(~0ull, n));
    if (masked) {
        ir_val_t v0 = ir_vlane(t->u, IR_I64, 3, rv_v(t, 0), half);
        which = which == IR_NONE ? v0 : ir_and(t->u, IR_I64, which, v0);
    }
    if (which != IR_NONE) {
        ir_val_t was = ir_vlane(t->u, IR_I64, 3, old, half);
        bits = ir_or(t->u, IR_I64, ir_and(t->u, IR_I64, bits, which), ir_andn(t->u, IR_I64, was, which));
    }
    rv_put_v(t, t->d.rd, ir_vins(t->u, 3, old, half, bits));
}

static bool quick_mask(struct rv_tr *t, const struct sources *s, unsigned n)
{
    ir_val_t v[8];
    uint32_t vlmax = rv_tr_vlmax(t);
    if (vlmax > 64 && !(t->mode & RV_MODE_VL_MAX))
        return false;
    for (unsigned k = 0; k < n; k++)
        v[k] = one_register(t, s, k);
    ir_val_t low = gathered(t, s->lane, v, vlmax > 64 ? n / 2 : n);
    ir_val_t high = vlmax > 64 ? gathered(t, s->lane, v + n / 2, n / 2) : IR_NONE;
    /* v0 may be vd: its upper half is still the old one when it is asked. */
    rv_vec_put_mask(t, 0, low, is_masked(t, s->row));
    if (high != IR_NONE)
        rv_vec_put_mask(t, 1, high, is_masked(t, s->row));
    return true;
}

bool rv_vec_quick(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned d = RV_VO_D(row), a = RV_VO_A(row), b = RV_VO_B(row), sew = rv_tr_sew(t), lane = sew;
    unsigned eew_d = rv_vec_eew(d, sew);
    ir_val_t v[8];
    if ((row->flags & RV_VF_QUICK_FULL) && (t->d.vm == 0 || !rv_tr_full(t)))
        return false;
    if (d == RV_VO_W || a == RV_VO_W)
        lane++;
    struct sources s = { row, lane, scalar(t, row, lane) };
    if (b == RV_VO_F && s.fixed == IR_NONE)
        return false;
    int emul = rv_tr_lmul(t) + (int)lane - (int)sew;
    unsigned n = emul > 0 ? 1u << emul : 1;
    if (d == RV_VO_M)
        return quick_mask(t, &s, n);
    bool same = eew_d == lane && (!has_registers(a) || rv_vec_eew(a, sew) == lane) &&
                (!has_registers(b) || rv_vec_eew(b, sew) == lane);
    for (unsigned k = 0; k < n; k++) {
        v[k] = one_register(t, &s, k);
        if (same)
            put_active(t, row, lane, k, v[k]);
    }
    if (eew_d < lane) { /* narrowing */
        for (unsigned k = 0; k < n; k += 2)
            v[k / 2] = ir_vop2(t->u, IR_VNARROW, eew_d, v[k], v[k + 1 < n ? k + 1 : k]);
        n = (n + 1) / 2;
    }
    for (unsigned k = 0; k < n && !same; k++)
        put_active(t, row, eew_d, k, v[k]);
    return true;
}
