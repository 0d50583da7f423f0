/* SPDX-License-Identifier: Apache-2.0 */
/* "Vector Permutation Instructions". */
#include "cpu/riscv/vec.h"
#include <string.h>

static uint64_t get(const struct rv_vop *o, uint32_t i)
{
    return rv_vec_get(o->rv, o->vs2, o->sew, i);
}

static void put(struct rv_vop *o, uint32_t i, uint64_t v)
{
    rv_vec_put(o->rv, o->vd, o->sew, i, v);
}

/* ---- one element; vmv.x.s looks neither at vl nor at vstart ---- */
static uint64_t first_to_x(struct rv_vop *o)
{
    return sext(get(o, 0), rv_vec_bits(o));
}

static uint64_t x_to_first(struct rv_vop *o)
{
    if (o->vstart < o->vl)
        put(o, 0, o->scalar);
    return 0;
}

static bool emit_first_to_x(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned sew = rv_tr_sew(t);
    ir_val_t v = ir_vlane(t->u, IR_I64, sew, rv_v(t, t->d.rs2), 0);
    (void)row;
    rv_put_rd(t, sew == 3 ? v : ir_sext(t->u, IR_I64, v, 8u << sew));
    return true;
}

static bool emit_x_to_first(struct rv_tr *t, const struct rv_vec_row *row)
{
    ir_val_t old = rv_v(t, t->d.rd), v = ir_vins(t->u, rv_tr_sew(t), old, 0, rv_x(t, t->d.rs1));
    (void)row;
    if (!(t->mode & RV_MODE_VL_MAX))
        v = ir_select(t->u, IR_V128, ir_get(t->u, RV_SLOT_VL), v, old);
    rv_put_v(t, t->d.rd, v);
    return true;
}

/* ---- slides; elements below the offset stay as they are ---- */
static uint64_t slide_up(struct rv_vop *o)
{
    for (uint64_t i = MAX(o->vstart, o->scalar); i < o->vl; i++)
        if (rv_vec_active(o, (uint32_t)i))
            put(o, (uint32_t)i, get(o, (uint32_t)(i - o->scalar)));
    return 0;
}

static uint64_t slide_down(struct rv_vop *o)
{
    for (uint32_t i = o->vstart; i < o->vl; i++) {
        bool inside = o->scalar < o->vlmax && i + o->scalar < o->vlmax;
        if (rv_vec_active(o, i))
            put(o, i, inside ? get(o, i + (uint32_t)o->scalar) : 0);
    }
    return 0;
}

uint64_t rv_vec_slide1up(struct rv_vop *o)
{
    for (uint32_t i = o->vstart; i < o->vl; i++)
        if (rv_vec_active(o, i))
            put(o, i, i == 0 ? o->scalar : get(o, i - 1));
    return 0;
}

uint64_t rv_vec_slide1down(struct rv_vop *o)
{
    for (uint32_t i = o->vstart; i < o->vl; i++)
        if (rv_vec_active(o, i))
            put(o, i, i == o->vl - 1 ? o->scalar : get(o, i + 1));
    return 0;
}

/* By a constant, of whole registers: two neighbours and EXT. Registers from above come down, in the order that lets vd be vs2. */
static bool emit_slide_down(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned n = rv_tr_lmul(t) > 0 ? 1u << rv_tr_lmul(t) : 1, by = (unsigned)t->d.imm << rv_tr_sew(t);
    (void)row;
    if (!rv_tr_full(t))
        return false;
    ir_val_t zero = ir_vconst(t->u, 0, 0);
    for (unsigned k = 0; k < n; k++) {
        unsigned from = k + by / 16;
        ir_val_t low = from < n ? rv_v(t, t->d.rs2 + from) : zero, high = from + 1 < n ? rv_v(t, t->d.rs2 + from + 1) : zero;
        ir_val_t v = by % 16 == 0 ? low : ir_vop(t->u, IR_VEXT, 0, low, high, IR_NONE, by % 16), m = IR_NONE;
        if (t->d.vm == 0)
            m = rv_vec_lanes(t, rv_tr_sew(t), k, true);
        rv_put_v(t, t->d.rd + k, m == IR_NONE ? v : ir_vop(t->u, IR_VSELECT, 0, m, v, rv_v(t, t->d.rd + k), 0));
    }
    return true;
}

static bool emit_slide_up(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned n = rv_tr_lmul(t) > 0 ? 1u << rv_tr_lmul(t) : 1, by = (unsigned)t->d.imm << rv_tr_sew(t);
    (void)row;
    if (!rv_tr_full(t) || t->d.vm == 0)
        return false;
    for (unsigned k = by / 16; k < n; k++) {
        unsigned from = k - by / 16, rest = by % 16;
        ir_val_t high = rv_v(t, t->d.rs2 + from), v = high;
        if (rest != 0 && from > 0) {
            v = ir_vop(t->u, IR_VEXT, 0, rv_v(t, t->d.rs2 + from - 1), high, IR_NONE, 16 - rest);
        } else if (rest != 0) { /* the lowest bytes are vd's own, brought to the top first */
            ir_val_t own = ir_vop(t->u, IR_VEXT, 0, rv_v(t, t->d.rd + k), rv_v(t, t->d.rd + k), IR_NONE, rest);
            v = ir_vop(t->u, IR_VEXT, 0, own, high, IR_NONE, 16 - rest);
        }
        rv_put_v(t, t->d.rd + k, v);
    }
    return true;
}

/* ---- gathers: numbers of VLMAX and more give 0 ---- */
static uint64_t gather(struct rv_vop *o)
{
    unsigned eew = rv_vec_eew(RV_VO_B(o->row), o->sew);
    bool by_vector = RV_VO_B(o->row) == RV_VO_S || RV_VO_B(o->row) == RV_VO_16;
    for (uint32_t i = o->vstart; i < o->vl; i++) {
        uint64_t from = by_vector ? rv_vec_get(o->rv, o->vs1, eew, i) : o->scalar;
        if (rv_vec_active(o, i))
            put(o, i, from < o->vlmax ? get(o, (uint32_t)from) : 0);
    }
    return 0;
}

static uint64_t compress(struct rv_vop *o)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < o->vl; i++)
        if (rv_vec_bit(o->rv, o->vs1, i))
            put(o, n++, get(o, i));
    return 0;
}

/* Bytes of one register by number: what most gathers of constants and of AES are. */
static ir_val_t byte_numbers(struct rv_tr *t, unsigned sew, ir_val_t numbers)
{
    if (sew == 0)
        return numbers;
    /* A lane's number times its bytes in each of its bytes, plus 0, 1, 2... */
    uint64_t low = 0, high = 0;
    for (unsigned j = 0; j < 16; j++) {
        uint64_t at = j & ~((1u << sew) - 1);
        if (j < 8)
            low |= at << 8 * j;
        else
            high |= at << 8 * (j - 8);
    }
    ir_val_t scaled = ir_vop1i(t->u, IR_VSHL, sew, numbers, sew);
    ir_val_t all = ir_vop2(t->u, IR_VTBLM, 0, scaled, ir_vconst(t->u, low, high));
    uint64_t steps = sew == 1 ? 0x0100010001000100 : sew == 2 ? 0x0302010003020100 : 0x0706050403020100;
    return ir_vop2(t->u, IR_VADD, 0, all, ir_vconst(t->u, steps, steps));
}

/* One register. A number of VLMAX or more: all bytes' numbers become 255, for which TBL gives 0. */
static bool emit_gather(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned sew = rv_tr_sew(t);
    (void)row;
    if (rv_tr_lmul(t) != 0)
        return false;
    ir_val_t numbers = rv_v(t, t->d.rs1);
    ir_val_t beyond = ir_vop2(t->u, IR_VCGTU, sew, numbers, rv_vec_dup(t, sew, (16u >> sew) - 1));
    ir_val_t at = ir_vop2(t->u, IR_VOR, 0, byte_numbers(t, sew, numbers), beyond);
    ir_val_t v = ir_vop2(t->u, IR_VTBL, 0, rv_v(t, t->d.rs2), at), m = rv_vec_lanes(t, sew, 0, t->d.vm == 0);
    rv_put_v(t, t->d.rd, m == IR_NONE ? v : ir_vop(t->u, IR_VSELECT, 0, m, v, rv_v(t, t->d.rd), 0));
    return true;
}

static bool emit_gather_one(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned sew = rv_tr_sew(t), n = rv_tr_lmul(t) > 0 ? 1u << rv_tr_lmul(t) : 1, per = 16u >> sew;
    uint64_t from = (uint64_t)t->d.imm;
    (void)row;
    ir_val_t v = ir_vconst(t->u, 0, 0);
    if (from < rv_tr_vlmax(t))
        v = ir_vop1(t->u, IR_VDUP, sew, ir_vlane(t->u, IR_I64, sew, rv_v(t, t->d.rs2 + (unsigned)from / per), (unsigned)from % per));
    for (unsigned k = 0; k < n; k++) {
        ir_val_t m = rv_vec_lanes(t, sew, k, t->d.vm == 0);
        rv_put_v(t, t->d.rd + k, m == IR_NONE ? v : ir_vop(t->u, IR_VSELECT, 0, m, v, rv_v(t, t->d.rd + k), 0));
    }
    return true;
}

/* ---- whole registers: row->arg of them, as elements of SEW ("Whole Vector Register Move") ---- */
static uint64_t move_registers(struct rv_vop *o)
{
    uint32_t end = o->row->arg * RV_VLENB, from = o->vstart << o->sew;
    if (from < end)
        memmove(o->rv->v[o->vd].b + from, o->rv->v[o->vs2].b + from, end - from);
    return 0;
}

static bool emit_move_registers(struct rv_tr *t, const struct rv_vec_row *row)
{
    for (unsigned k = 0; k < row->arg; k++)
        rv_put_v(t, t->d.rd + k, rv_v(t, t->d.rs2 + k));
    return true;
}

static bool unaligned_registers(const struct rv_tr *t, const struct rv_vec_row *row)
{
    return t->d.rd % row->arg != 0 || t->d.rs2 % row->arg != 0;
}

/* clang-format off */
#define ROW(INSN, D, A, B, FLAGS, ...)                                                             \
    { .id = RV_INSN_##INSN, .operands = RV_VOPS(RV_VO_##D, RV_VO_##A, RV_VO_##B), .flags = FLAGS, __VA_ARGS__ }
#define MOVE(N)                                                                                    \
    ROW(VMV##N##R_V, NONE, NONE, NONE, 0, .whole = move_registers, .emit = emit_move_registers, .arg = N,  \
        .reserved = unaligned_registers)
#define APART RV_VF_APART
const struct rv_vec_row rv_vec_permute_rows[] = {
    ROW(VMV_X_S, NONE, 1, NONE, RV_VF_XD, .whole = first_to_x, .emit = emit_first_to_x),
    ROW(VMV_S_X, 1, NONE, X, 0, .whole = x_to_first, .emit = emit_x_to_first),
    ROW(VSLIDEUP_VX, S, S, X, APART, .whole = slide_up),
    ROW(VSLIDEUP_VI, S, S, I, APART, .whole = slide_up, .emit = emit_slide_up),
    ROW(VSLIDEDOWN_VX, S, S, X, 0, .whole = slide_down),
    ROW(VSLIDEDOWN_VI, S, S, I, 0, .whole = slide_down, .emit = emit_slide_down),
    ROW(VSLIDE1UP_VX, S, S, X, APART, .whole = rv_vec_slide1up),
    ROW(VSLIDE1DOWN_VX, S, S, X, 0, .whole = rv_vec_slide1down),
    ROW(VRGATHER_VV, S, S, S, APART, .whole = gather, .emit = emit_gather),
    ROW(VRGATHER_VX, S, S, X, APART, .whole = gather),
    ROW(VRGATHER_VI, S, S, I, APART, .whole = gather, .emit = emit_gather_one),
    ROW(VRGATHEREI16_VV, S, S, 16, APART, .whole = gather),
    ROW(VCOMPRESS_VM, S, S, M, APART | RV_VF_START0, .whole = compress),
    MOVE(1), MOVE(2), MOVE(4), MOVE(8),
    RV_VEC_END
};
/* clang-format on */
