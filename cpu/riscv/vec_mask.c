/* SPDX-License-Identifier: Apache-2.0 */
/* "Vector Mask Instructions". */
#include "cpu/riscv/vec.h"

/* ---- logic; row->arg: the four results for (vs2, vs1) = 00, 01, 10, 11, lowest bit first ---- */
static uint64_t logic(struct rv_vop *o)
{
    for (uint32_t i = o->vstart; i < o->vl; i++) {
        unsigned a = rv_vec_bit(o->rv, o->vs2, i), b = rv_vec_bit(o->rv, o->vs1, i);
        rv_vec_put_bit(o->rv, o->vd, i, o->row->arg >> (2 * a + b) & 1);
    }
    return 0;
}

static ir_val_t logic_of(struct rv_tr *t, uint32_t table, ir_val_t a, ir_val_t b)
{
    switch (table) {
    case 0x8: return ir_and(t->u, IR_I64, a, b);
    case 0x4: return ir_andn(t->u, IR_I64, a, b);
    case 0xe: return ir_or(t->u, IR_I64, a, b);
    case 0xd: return ir_orn(t->u, IR_I64, a, b);
    case 0x6: return ir_xor(t->u, IR_I64, a, b);
    case 0x9: return ir_xnor(t->u, IR_I64, a, b);
    default: return ir_xor(t->u, IR_I64, logic_of(t, table ^ 15, a, b), rv_const(t, ~0ull));
    }
}

/* How many words of 64 bits hold a mask, 0: only C knows how to write them (a partial one of 128). */
static unsigned words(const struct rv_tr *t)
{
    return rv_tr_vlmax(t) <= 64 ? 1 : t->mode & RV_MODE_VL_MAX ? 2 : 0;
}

static bool emit_logic(struct rv_tr *t, const struct rv_vec_row *row)
{
    ir_val_t v[2];
    for (unsigned w = 0; w < words(t); w++)
        v[w] = logic_of(t, row->arg, ir_vlane(t->u, IR_I64, 3, rv_v(t, t->d.rs2), w),
                        ir_vlane(t->u, IR_I64, 3, rv_v(t, t->d.rs1), w));
    for (unsigned w = 0; w < words(t); w++)
        rv_vec_put_mask(t, w, v[w], false);
    return words(t) != 0;
}

/* ---- counting and searching: vs2 as far as it is active ---- */
static bool set_in(const struct rv_vop *o, uint32_t i)
{
    return rv_vec_active(o, i) && rv_vec_bit(o->rv, o->vs2, i);
}

static uint64_t count(struct rv_vop *o)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < o->vl; i++)
        n += set_in(o, i);
    return n;
}

static uint32_t first_set(const struct rv_vop *o)
{
    for (uint32_t i = 0; i < o->vl; i++)
        if (set_in(o, i))
            return i;
    return UINT32_MAX;
}

static uint64_t first(struct rv_vop *o)
{
    uint32_t i = first_set(o);
    return i == UINT32_MAX ? ~0ull : i;
}

static ir_val_t active_bits(struct rv_tr *t, unsigned w)
{
    ir_val_t v = ir_vlane(t->u, IR_I64, 3, rv_v(t, t->d.rs2), w);
    if (t->d.vm == 0)
        v = ir_and(t->u, IR_I64, v, ir_vlane(t->u, IR_I64, 3, rv_v(t, 0), w));
    if (!(t->mode & RV_MODE_VL_MAX))
        v = ir_and(t->u, IR_I64, v, rv_vec_length_bits(t));
    else if (rv_tr_vlmax(t) < 64)
        v = ir_op2i(t->u, IR_AND, IR_I64, v, zext(~0ull, rv_tr_vlmax(t)));
    return v;
}

static bool emit_count(struct rv_tr *t, const struct rv_vec_row *row)
{
    ir_val_t n = IR_NONE;
    (void)row;
    for (unsigned w = 0; w < words(t); w++) {
        ir_val_t some = ir_popcnt(t->u, IR_I64, active_bits(t, w));
        n = n == IR_NONE ? some : ir_add(t->u, IR_I64, n, some);
    }
    if (n != IR_NONE)
        rv_put_rd(t, n);
    return n != IR_NONE;
}

static bool emit_first(struct rv_tr *t, const struct rv_vec_row *row)
{
    ir_val_t n = rv_const(t, ~0ull);
    (void)row;
    for (unsigned w = words(t); w-- > 0;) {
        ir_val_t bits = active_bits(t, w), at = ir_ctz(t->u, IR_I64, bits);
        if (w != 0)
            at = ir_op2i(t->u, IR_ADD, IR_I64, at, 64);
        n = ir_select(t->u, IR_I64, bits, at, n);
    }
    if (words(t) != 0)
        rv_put_rd(t, n);
    return words(t) != 0;
}

/* ---- vmsbf, vmsif, vmsof: what an element before, at and behind the first one set becomes ---- */
enum { BEFORE = 1, AT = 2 };
static uint64_t around_first(struct rv_vop *o)
{
    uint32_t first_one = first_set(o);
    for (uint32_t i = 0; i < o->vl; i++)
        if (rv_vec_active(o, i))
            rv_vec_put_bit(o->rv, o->vd, i, i < first_one ? o->row->arg & BEFORE : i == first_one && (o->row->arg & AT));
    return 0;
}

static bool masked_into_v0(const struct rv_tr *t, const struct rv_vec_row *row)
{
    (void)row;
    return t->d.vm == 0 && t->d.rd == 0;
}

/* ---- viota, vid ---- */
static uint64_t iota(struct rv_vop *o)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < o->vl; i++) {
        if (!rv_vec_active(o, i))
            continue;
        rv_vec_put(o->rv, o->vd, o->sew, i, n);
        n += rv_vec_bit(o->rv, o->vs2, i);
    }
    return 0;
}

static uint64_t element_number(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d)
{
    (void)a, (void)b, (void)d;
    return o->i;
}

/* clang-format off */
#define ROW(INSN, D, A, B, FLAGS, ...)                                                             \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_##D, RV_VO_##A, RV_VO_##B), .flags = FLAGS, __VA_ARGS__ }
#define LOGIC(INSN, TABLE) ROW(INSN##_MM, M, M, M, 0, .whole = logic, .emit = emit_logic, .arg = TABLE)
#define AROUND(INSN, ARG)                                                                          \
    ROW(INSN##_M, M, M, NONE, RV_VF_START0 | RV_VF_APART, .whole = around_first, .arg = ARG, .reserved = masked_into_v0)
const struct rv_vec_row rv_vec_mask_rows[] = {
    LOGIC(VMAND, 0x8), LOGIC(VMNAND, 0x7), LOGIC(VMANDN, 0x4), LOGIC(VMXOR, 0x6), LOGIC(VMOR, 0xe), LOGIC(VMNOR, 0x1),
    LOGIC(VMORN, 0xd), LOGIC(VMXNOR, 0x9),
    ROW(VCPOP_M, NONE, M, NONE, RV_VF_START0 | RV_VF_XD, .whole = count, .emit = emit_count),
    ROW(VFIRST_M, NONE, M, NONE, RV_VF_START0 | RV_VF_XD, .whole = first, .emit = emit_first),
    AROUND(VMSBF, BEFORE), AROUND(VMSIF, BEFORE | AT), AROUND(VMSOF, AT),
    ROW(VIOTA_M, S, M, NONE, RV_VF_START0 | RV_VF_APART, .whole = iota),
    ROW(VID_V, S, NONE, NONE, 0, .element = element_number, .quick = rv_vq_index),
    RV_VEC_END
};
/* clang-format on */
