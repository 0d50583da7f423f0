/* SPDX-License-Identifier: Apache-2.0 */
#include "test/core/exec/random_ir.h"
#include "test/check_main.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct gen {
    struct ir_unit *u;
    const struct random_ir_options *o;
    uint64_t s;
    uint16_t pool[IR_TYPES][64];     /* values of this block by type, a ring */
    uint32_t n[IR_TYPES];
    uint16_t addresses[4];           /* the last ones of this block: accesses near each other share probes */
    uint32_t n_addresses;
    uint16_t asked;                  /* of this block: a condition that something asked */
};

static uint32_t below(struct gen *g, uint32_t n)
{
    return (uint32_t)((rig_random(&g->s) >> 33) % n);
}

static void keep(struct gen *g, enum ir_type t, ir_val_t v)
{
    g->pool[t][g->n[t]++ % 64] = v;
}

static ir_val_t fresh(struct gen *g, enum ir_type t)
{
    if (t == IR_V128) {
        if (below(g, 3) != 0)
            return ir_get(g->u, RIG_V + below(g, RIG_N_V));
        uint64_t low = rig_interesting(&g->s);
        return ir_vconst(g->u, low, below(g, 2) ? low : rig_interesting(&g->s));
    }
    bool constant = below(g, 3) == 0;
    if (constant || t == IR_F32) {
        if (t == IR_F32 && !constant)
            return ir_funbox(g->u, ir_get(g->u, RIG_F + below(g, RIG_N_F)));
        return ir_const(g->u, t, rig_interesting(&g->s));
    }
    switch (t) {
    case IR_I32: return ir_get(g->u, RIG_W + below(g, RIG_N_W));
    case IR_F64: return ir_get(g->u, RIG_F + below(g, RIG_N_F));
    default: return ir_get(g->u, below(g, 12) == 0 ? RIG_S + below(g, RIG_N_S) : below(g, (g->o->wide ? RIG_N_X : RIG_FEW) + 1));
    }
}

static ir_val_t pick(struct gen *g, enum ir_type t)
{
    uint32_t n = MIN(g->n[t], 64);
    if (n > 0 && below(g, 4) != 0) { /* prefer recent ones: chains for the passes to work on */
        uint32_t back = below(g, n), other = below(g, n);
        return g->pool[t][(g->n[t] - 1 - MIN(back, other)) % 64];
    }
    ir_val_t v = fresh(g, t);
    keep(g, t, v);
    return v;
}

static enum ir_type int_type(struct gen *g)
{
    return below(g, 3) ? IR_I64 : IR_I32;
}

static enum ir_type float_type(struct gen *g)
{
    return below(g, 2) ? IR_F64 : IR_F32;
}

static enum ir_rm rounding(struct gen *g)
{
    uint32_t r = below(g, g->o->rmm ? 6 : 5);
    return r == 4 ? IR_RM_DYN : r == 5 ? IR_RMM : (enum ir_rm)r;
}

/* A rotation, or nearly one, as ISAs without them have it: shifts, mostly of 32 bits and extended, that are joined. */
static void random_rotation(struct gen *g)
{
    static const enum ir_op joins[] = { IR_OR, IR_XOR, IR_ADD };
    struct ir_unit *u = g->u;
    enum ir_type t = int_type(g);
    unsigned w = t == IR_I32 ? 32 : 64, n = below(g, w), m = below(g, 8) ? w - n : below(g, w);
    ir_val_t v = pick(g, t), left = ir_op2i(u, IR_SHL, t, v, n), right = ir_op2i(u, IR_SHR, t, v, m & (w - 1));
    bool extended = below(g, 3) != 0;
    if (extended) {
        left = below(g, 2) ? ir_sext(u, IR_I64, left, 32) : ir_zext(u, IR_I64, left, 32);
        right = below(g, 2) ? ir_sext(u, IR_I64, right, 32) : ir_zext(u, IR_I64, right, 32);
        t = IR_I64;
    }
    if (below(g, 2))
        keep(g, t, below(g, 2) ? left : right);
    ir_val_t r = below(g, 2) ? ir_op2(u, joins[below(g, 3)], t, left, right) : ir_op2(u, joins[below(g, 3)], t, right, left);
    keep(g, t, r);
    if (t == IR_I64 && below(g, 2)) /* of which only half is seen */
        keep(g, IR_I32, ir_trunc(u, ir_xor(u, t, r, ir_sext(u, t, pick(g, IR_I32), 32))));
}

/* a < b, or the carry out of a = d + b, bit by bit (core/ir/less.c), or nearly so; and a sum or difference with it. */
static void random_less(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = int_type(g);
    bool extended = t == IR_I32 && below(g, 2), carry = below(g, 2);
    ir_val_t x = pick(g, t), b = pick(g, t), a = carry ? ir_add(u, t, x, b) : x, d = carry ? x : ir_op2(u, IR_SUB, t, x, b);
    ir_val_t of[3] = { a, below(g, 16) ? b : pick(g, t), below(g, 16) ? d : pick(g, t) };
    for (unsigned k = 0; extended && k < 3; k++)
        of[k] = below(g, 2) ? ir_sext(u, IR_I64, of[k], 32) : ir_zext(u, IR_I64, of[k], 32);
    enum ir_type wide = extended ? IR_I64 : t;
    ir_val_t ab = ir_xor(u, wide, of[0], of[1]), db = ir_xor(u, wide, of[1], of[2]);
    ir_val_t either = below(g, 2) ? ir_op2(u, IR_OR, wide, ab, db) : ir_op2(u, IR_OR, wide, db, ab);
    ir_val_t r = ir_xor(u, wide, either, of[0]);
    if (below(g, 8) == 0)
        keep(g, wide, r);
    r = ir_op2i(u, IR_SHR, t, extended ? ir_trunc(u, r) : r, t == IR_I32 ? 31 : 63);
    if (below(g, 2))
        keep(g, t, r);
    keep(g, t, below(g, 2) ? ir_add(u, t, pick(g, t), r) : ir_op2(u, IR_SUB, t, pick(g, t), r));
}

static void random_int(struct gen *g)
{
    if (!g->o->simple && below(g, 12) == 0) {
        if (below(g, 3))
            random_rotation(g);
        else
            random_less(g);
        return;
    }
    struct ir_unit *u = g->u;
    enum ir_type t = int_type(g), from = int_type(g);
    unsigned w = t == IR_I32 ? 32 : 64;
    uint32_t kind = below(g, 12);
    if (kind < 6) {
        enum ir_op op = (enum ir_op)(IR_ADD + below(g, IR_CLMULH - IR_ADD + 1));
        if (g->o->simple && (op > IR_MUL && op != IR_BSWAP))
            op = (enum ir_op)(IR_ADD + below(g, IR_MUL - IR_ADD + 1));
        if (op == IR_CLMUL || op == IR_CLMULH)
            t = IR_I64;
        bool unary = ir_op_info[op].args == 1;
        ir_val_t a = pick(g, t);
        keep(g, t, unary ? ir_op1(u, op, t, a) : ir_op2(u, op, t, a, pick(g, t)));
    } else if (kind < 8) {
        unsigned bits = w == 64 ? 8u << below(g, 3) : 8u << below(g, 2);
        ir_val_t a = pick(g, from);
        keep(g, t, below(g, 2) ? ir_sext(u, t, a, bits) : ir_zext(u, t, a, bits));
    } else if (kind == 8) {
        unsigned n = 1 + below(g, w), low = below(g, w - n + 1);
        if (below(g, 3) == 0) /* as ISAs have them most */
            n = 8u << below(g, w == 64 ? 3 : 2), low = below(g, 2) ? 0 : below(g, w - n + 1);
        ir_val_t a = pick(g, t);
        keep(g, t, below(g, 2) ? ir_extract(u, t, a, low, n)
                               : ir_deposit(u, t, a, pick(g, t), low, n));
    } else if (kind == 9) {
        keep(g, IR_I32, ir_trunc(u, pick(g, IR_I64)));
    } else if (kind == 10) {
        ir_val_t a = pick(g, t), b = pick(g, t);
        keep(g, IR_I64, ir_setcc(u, t, (enum ir_cc)below(g, IR_GTU + 1), a, b));
    } else {
        enum ir_type any = g->o->simple ? t : (enum ir_type)(IR_I32 + below(g, 4));
        ir_val_t c = pick(g, IR_I64), a = pick(g, any), b = pick(g, any);
        keep(g, any, ir_select(u, any, c, a, b));
    }
}

static void random_float_convert(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = float_type(g), i = int_type(g);
    switch (below(g, 8)) {
    case 0: {
        enum ir_type from = t == IR_F32 ? IR_F64 : IR_F32;
        ir_val_t a = pick(g, from);
        keep(g, t, ir_fcvt(u, t, from, rounding(g), a));
        break;
    }
    case 1: {
        ir_val_t a = pick(g, t);
        bool is_unsigned = below(g, 2);
        keep(g, i, ir_ftoi(u, i, t, is_unsigned, rounding(g), a));
        break;
    }
    case 2: {
        ir_val_t a = pick(g, i);
        bool is_unsigned = below(g, 2);
        keep(g, t, ir_itof(u, t, i, is_unsigned, rounding(g), a));
        break;
    }
    case 3: {
        ir_val_t a = pick(g, t);
        enum ir_rm rm = rounding(g);
        keep(g, t, ir_frint(u, t, rm, a, below(g, 2)));
        break;
    }
    case 4: keep(g, IR_F64, ir_fbox(u, pick(g, IR_F32))); break;
    case 5: keep(g, IR_F32, ir_funbox(u, pick(g, IR_F64))); break;
    case 6: {
        ir_val_t a = pick(g, t);
        keep(g, t == IR_F32 ? IR_I32 : IR_I64, ir_bitcast(u, t == IR_F32 ? IR_I32 : IR_I64, a));
        break;
    }
    default: {
        ir_val_t a = pick(g, i);
        keep(g, i == IR_I32 ? IR_F32 : IR_F64, ir_bitcast(u, i == IR_I32 ? IR_F32 : IR_F64, a));
        break;
    }
    }
}

static void random_float(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = float_type(g);
    uint32_t kind = below(g, 16);
    if (kind >= 11) {
        random_float_convert(g);
        return;
    }
    ir_val_t a = pick(g, t), b = pick(g, t), c = pick(g, t);
    enum ir_rm rm = rounding(g);
    switch (kind) {
    case 0: case 1: keep(g, t, ir_fadd(u, t, rm, a, b)); break;
    case 2: keep(g, t, ir_fsub(u, t, rm, a, b)); break;
    case 3: keep(g, t, ir_fmul(u, t, rm, a, b)); break;
    case 4: keep(g, t, ir_fdiv(u, t, rm, a, b)); break;
    case 5: keep(g, t, ir_fsqrt(u, t, rm, a)); break;
    case 6: {
        unsigned how = below(g, 4);
        keep(g, t, ir_fma(u, t, rm, a, b, c, how & 1, how & 2));
        break;
    }
    case 7: keep(g, t, below(g, 2) ? ir_fmin(u, t, a, b, below(g, 2))
                                   : ir_fmax(u, t, a, b, below(g, 2))); break;
    case 8: {
        unsigned cmp = below(g, 5) | (below(g, 2) ? IR_FCMP_QUIET : 0u);
        keep(g, IR_I64, ir_fcmp(u, t, cmp, a, b));
        break;
    }
    case 9: keep(g, t, ir_fsgnj(u, t, a, b, below(g, 3))); break;
    default: keep(g, t, below(g, 2) ? ir_fneg(u, t, a) : ir_fabs(u, t, a)); break;
    }
}

/* ---- vectors ---- */

static void random_vector_scalar(struct gen *g)
{
    struct ir_unit *u = g->u;
    unsigned lane = below(g, 4), n = below(g, 16u >> lane);
    enum ir_type t = lane == 3 ? IR_I64 : int_type(g);
    if (lane >= 2 && below(g, 3) == 0)
        t = lane == 2 ? IR_F32 : IR_F64;
    switch (below(g, 6)) {
    case 0: keep(g, IR_V128, ir_vop1(u, IR_VDUP, lane, pick(g, t))); break;
    case 1: keep(g, IR_V128, ir_vop1(u, IR_VSCALAR, lane, pick(g, t))); break;
    case 2: {
        ir_val_t a = pick(g, IR_V128);
        keep(g, IR_V128, ir_vins(u, lane, a, n, pick(g, t)));
        break;
    }
    case 3: keep(g, t, ir_vlane(u, t, lane, pick(g, IR_V128), n)); break;
    case 4: keep(g, IR_I64, ir_vtops(u, lane, pick(g, IR_V128))); break;
    default: keep(g, IR_I64, ir_vaddv(u, lane, pick(g, IR_V128))); break;
    }
}

/* Lane and immediate of an operation, where not all are allowed. */
static int64_t vector_shape(struct gen *g, enum ir_op op, unsigned *lane)
{
    switch (op) {
    case IR_VSHL: case IR_VSHR: case IR_VSAR: return below(g, (8u << *lane) + 1);
    case IR_VROL: return below(g, 8u << *lane);
    case IR_VEXT: return below(g, 16);
    case IR_VREV: *lane = below(g, 3); return *lane + 1 + below(g, 3 - *lane);
    case IR_VWIDENS: case IR_VWIDENU: *lane = below(g, 3); return below(g, 2);
    case IR_VMULLS: case IR_VMULLU: *lane = below(g, 3); return below(g, *lane == 2 ? 4 : 2);
    case IR_VNARROW: case IR_VNARROWSS: case IR_VNARROWSU: case IR_VNARROWUU: *lane = below(g, 3); return 0;
    case IR_VPOPCNT: case IR_VTBLM: case IR_VSAD: *lane = 0; return 0;
    case IR_VSHL1: case IR_VSHR1: case IR_VSAR1: *lane = 1 + below(g, 3); return 0;
    case IR_VSHUF: *lane = 1 + below(g, 2); return below(g, *lane == 1 ? 0x200 : 0x100);
    case IR_VMADD: case IR_VAVG: *lane = below(g, 2); return 0;
    case IR_VMULH: *lane = 1; return below(g, 3);
    case IR_VFCMP: return below(g, 32);
    case IR_VFMA: return below(g, 4);
    case IR_VFMIN: case IR_VFMAX: case IR_VFTOI: case IR_VITOF: case IR_VFRINT: return below(g, 2);
    default: return 0;
    }
}

/* An operation on both halves of registers of 256 bits, as front ends have it: one after the other, or PUTs last. */
static void random_whole(struct gen *g)
{
    struct ir_unit *u = g->u;
    struct ir_inst in;
    do {
        unsigned lane = below(g, 4), op = IR_VAND + below(g, IR_VSHUF - IR_VAND + 1);
        int64_t imm = vector_shape(g, (enum ir_op)op, &lane);
        in = (struct ir_inst){ .op = (uint8_t)op, .type = IR_V128, .aux = (uint8_t)lane, .imm = imm };
    } while (!ir_is_wide(&in));
    unsigned args = ir_op_info[in.op].args, d = RIG_V + 2 * below(g, RIG_WHOLE / 2), a = RIG_V + 2 * below(g, RIG_WHOLE / 2),
             b = in.op == IR_VSHUF ? a : RIG_V + 2 * below(g, RIG_WHOLE / 2);
    ir_val_t v[2], both = below(g, 6) == 0 ? pick(g, IR_V128) : IR_NONE;
    bool late = below(g, 2);
    for (unsigned h = 0; h < 2; h++) {
        in.a = ir_get(u, a + h);
        in.b = args < 2 ? IR_NONE : b == a ? in.a : both != IR_NONE ? both : ir_get(u, b + h);
        v[h] = ir_emit(u, in);
        if (!late)
            ir_put(u, d + h, v[h]);
    }
    for (unsigned h = 0; h < 2 && late; h++)
        ir_put(u, d + h, v[h]);
    if (below(g, 8) == 0)
        keep(g, IR_V128, v[below(g, 2)]);
}

static ir_val_t shuffled(struct gen *g, ir_val_t a, ir_val_t b, unsigned how)
{
    return ir_vop(g->u, IR_VSHUF, 2, a, b, IR_NONE, how);
}

/* Rounds as Arm has them: what passes make fewer of. */
static void random_rounds(struct gen *g)
{
    struct ir_unit *u = g->u;
    ir_val_t a = pick(g, IR_V128), b = pick(g, IR_V128);
    if (below(g, 2)) {
        unsigned back = below(g, 2) ? IR_AES_DECRYPT : 0, forth = back ^ IR_AES_DECRYPT;
        a = ir_callv(u, 1, a, IR_NONE, IR_NONE, IR_AES_LAST | back);
        if (below(g, 4) == 0)
            keep(g, IR_V128, a);
        a = back && below(g, 2) ? ir_callv(u, 2, a, IR_NONE, IR_NONE, 0)
                                : ir_callv(u, 1, ir_callv(u, 1, a, IR_NONE, IR_NONE, IR_AES_LAST | forth), IR_NONE,
                                           IR_NONE, back);
        if (below(g, 4) == 0)
            keep(g, IR_V128, a);
        keep(g, IR_V128, below(g, 2) ? ir_vop2(u, IR_VXOR, 3, a, b) : ir_vop2(u, IR_VXOR, 3, b, a));
    } else {
        ir_val_t x = shuffled(g, a, b, 0x11), y = shuffled(g, a, b, 0xbb);
        keep(g, IR_V128, x);
        keep(g, IR_V128, shuffled(g, x, y, 0x11));
        keep(g, IR_V128, shuffled(g, x, y, below(g, 2) ? 0xbb : below(g, 256)));
    }
}

/* What hosts may have instructions for. */
static void random_native(struct gen *g)
{
    unsigned helper = 1 + below(g, g->u->guest->n_vec_helpers - 1);
    enum ir_native native = g->u->guest->vec_helpers[helper].native;
    ir_val_t b = pick(g, IR_V128), c = IR_NONE;
    uint64_t imm = 0;
    switch (native) {
    case IR_NATIVE_AES:
        imm = below(g, 4);
        if (below(g, 2))
            b = IR_NONE;
        break;
    case IR_NATIVE_AES_IMC: b = IR_NONE; break;
    case IR_NATIVE_AES_KEYGEN:
        imm = below(g, 256);
        b = IR_NONE;
        break;
    case IR_NATIVE_CLMUL: imm = below(g, 2) | below(g, 2) << 4; break;
    case IR_NATIVE_SHA1_ROUNDS4: imm = below(g, 4); break;
    case IR_NATIVE_SHA256_ROUNDS2: c = pick(g, IR_V128); break;
    case IR_NATIVE_GF_AFFINE: imm = below(g, 512); break;
    default: break;
    }
    keep(g, IR_V128, ir_callv(g->u, helper, pick(g, IR_V128), b, c, imm));
}

static void random_vector(struct gen *g)
{
    struct ir_unit *u = g->u;
    if (below(g, 4) == 0) {
        random_vector_scalar(g);
        return;
    }
    if (below(g, 8) == 0) {
        below(g, 2) ? random_native(g) : random_rounds(g);
        return;
    }
    enum ir_op op = (enum ir_op)(IR_VAND + below(g, IR_VFRINT - IR_VAND + 1));
    if (op == IR_VDUP || op == IR_VSCALAR || op == IR_VINS || op == IR_VLANE || op == IR_VADDV ||
        op == IR_VTOPS)
        op = IR_VADD;
    unsigned lane = below(g, 4);
    int64_t imm = vector_shape(g, op, &lane);
    enum ir_rm rm = IR_RNE;
    ir_val_t a = pick(g, IR_V128), b = pick(g, IR_V128), c = pick(g, IR_V128);
    if (op >= IR_VFADD) {
        bool fixed = op == IR_VFWIDEN || op == IR_VFNARROW || op == IR_VFTOIN || op == IR_VITOFW;
        lane = fixed ? 2 : 2 + below(g, 2);
        rm = rounding(g);
        if (!fixed && op != IR_VFNEG && op != IR_VFABS && below(g, 3) == 0)
            rm |= IR_VF_LOW;
    }
    if (below(g, 12) == 0) {
        uint64_t value = rig_random(&g->s);
        keep(g, IR_V128, ir_callv(u, 0, below(g, 2) ? a : IR_NONE, below(g, 2) ? b : IR_NONE,
                                  below(g, 2) ? c : IR_NONE, value));
        return;
    }
    unsigned args = ir_op_info[op].args;
    keep(g, IR_V128, ir_vfop(u, op, lane, rm, a, args > 1 ? b : IR_NONE, args > 2 ? c : IR_NONE, imm));
    if (below(g, 8) == 0) {
        ir_val_t cond = pick(g, IR_I64);
        keep(g, IR_V128, ir_select(u, IR_V128, cond, a, b));
    }
}

/* An address in the data pages, mostly in the fast ones, sometimes at a page's end; or off the stack pointer. */
static ir_val_t new_address(struct gen *g, unsigned size)
{
    if (below(g, 3) == 0)
        return ir_add(g->u, IR_I64, ir_get(g->u, RIG_STACK), ir_const(g->u, IR_I64, 8 * (uint64_t)below(g, 24) - 64));
    if (g->o->wide && below(g, 3) == 0)
        return ir_get(g->u, RIG_POINTER + below(g, RIG_N_POINTERS));
    uint64_t pages = below(g, 4) ? 7 : RIG_PAGES - 1;
    if (g->o->wide && below(g, 4) == 0) { /* loaded: its addend is guessed */
        ir_val_t at = ir_and(g->u, IR_I64, pick(g, IR_I64), ir_const(g->u, IR_I64, pages << MEM_PAGE_SHIFT | (MEM_PAGE - RIG_POINTERS)));
        return ir_load(g->u, IR_I64, at, RIG_BASE, ir_memop(8, 0));
    }
    uint64_t in_page = below(g, 3) ? (MEM_PAGE - 1) & ~(uint64_t)(size - 1) : MEM_PAGE - 1;
    uint64_t mask = pages << MEM_PAGE_SHIFT | in_page;
    if (below(g, 16) == 0)
        mask = pages << MEM_PAGE_SHIFT;
    ir_val_t v = ir_and(g->u, IR_I64, pick(g, IR_I64), ir_const(g->u, IR_I64, mask));
    return ir_add(g->u, IR_I64, v, ir_const(g->u, IR_I64, RIG_BASE));
}

/* An element of an array there: the index is masked, or it is a byte. */
static ir_val_t element(struct gen *g, ir_val_t array)
{
    struct ir_unit *u = g->u;
    unsigned shift = below(g, 4);
    ir_val_t index = pick(g, IR_I64);
    if (below(g, 4) == 0)
        index = ir_zext(u, IR_I64, index, 8);
    else
        index = ir_op2i(u, IR_AND, IR_I64, index, (2u << below(g, 7)) - 1);
    if (shift != 0)
        index = ir_op2i(u, IR_SHL, IR_I64, index, shift);
    return below(g, 2) ? ir_add(u, IR_I64, array, index) : ir_add(u, IR_I64, index, array);
}

/* Of this block: the one before, an element off it, or a new one. */
static ir_val_t address(struct gen *g, unsigned size)
{
    uint32_t n = MIN(g->n_addresses, ARRAY_LEN(g->addresses)), kind = below(g, 8);
    ir_val_t v;
    if (n == 0 || kind < 3)
        v = new_address(g, size);
    else
        v = g->addresses[below(g, n)];
    if (n != 0 && kind >= 6)
        v = element(g, v);
    g->addresses[g->n_addresses++ % ARRAY_LEN(g->addresses)] = v;
    if (g->o->wide && below(g, 24) == 0)
        v = ir_op2i(g->u, IR_OR, IR_I64, v, RIG_ABOVE);
    if (g->o->wide && below(g, 6) == 0) /* of 32 bits, with anything above in what it is made of */
        v = ir_zext(g->u, IR_I64, below(g, 2) ? v : element(g, ir_op2i(g->u, IR_OR, IR_I64, v, RIG_ABOVE)), 32);
    return v;
}

/* Mostly small, so that accesses off one address are neighbours. */
static int64_t displacement(struct gen *g)
{
    switch (below(g, 6)) {
    case 0: return (int64_t)below(g, 512) - 256;
    case 1:
    case 2: return (int64_t)below(g, 64) - 32;
    default: return 0;
    }
}

static void random_memory(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = g->o->fp ? (enum ir_type)(IR_I32 + below(g, 4)) : int_type(g);
    uint32_t kind = below(g, 10);
    if (kind >= 7)
        t = int_type(g);
    if (g->o->vectors && kind < 7 && below(g, 3) == 0)
        t = IR_V128;
    if (t == IR_V128) {
        unsigned flags = (below(g, 8) ? 0u : IR_MEM_ALIGNED) | (below(g, 8) ? 0u : IR_MEM_ATOMIC);
        ir_val_t a = address(g, 16);
        int64_t disp = displacement(g);
        if (kind < 4)
            keep(g, t, ir_load(u, t, a, disp, ir_memop(16, flags)));
        else
            ir_store(u, t, a, disp, pick(g, t), ir_memop(16, flags));
        return;
    }
    bool is_float = t == IR_F32 || t == IR_F64;
    unsigned most = t == IR_I32 || t == IR_F32 ? 2 : 3;
    unsigned size = 1u << (is_float ? most : below(g, most + 1));
    unsigned flags = (below(g, 8) ? 0u : IR_MEM_BE) | (below(g, 8) ? 0u : IR_MEM_ALIGNED) |
                     (below(g, 8) ? 0u : IR_MEM_ATOMIC);
    unsigned sign = !is_float && below(g, 2) ? IR_MEM_SIGNED : 0u;
    ir_val_t a = address(g, size);
    int64_t disp = displacement(g);
    if (kind < 4) {
        if (below(g, 16) == 0)
            flags |= IR_MEM_STORE_RIGHTS;
        keep(g, t, ir_load(u, t, a, disp, ir_memop(size, flags | sign)));
        return;
    }
    ir_val_t b = pick(g, t), c = pick(g, t);
    uint16_t atomic = ir_memop(MAX(size, 4), sign);
    if (kind < 7)
        ir_store(u, t, a, disp, b, ir_memop(size, flags));
    else if (kind == 7)
        keep(g, t, ir_amo(u, t, (enum ir_amo)below(g, IR_AMO_MAXU + 1), a, b, atomic));
    else if (kind == 8)
        keep(g, t, ir_cas(u, t, a, b, c, atomic));
    else if (below(g, 2))
        keep(g, t, ir_loadr(u, t, a, atomic));
    else
        keep(g, IR_I64, ir_storec(u, t, a, b, ir_memop(MAX(size, 4), 0)));
}

static void random_call(struct gen *g)
{
    unsigned h = below(g, RIG_TRAP);
    if (h == RIG_MODE)
        h = RIG_READS;
    bool pure = h == RIG_PURE || h == RIG_LIGHT_PURE;
    enum ir_type t = (below(g, 3) == 0 && !pure) || h == RIG_QUICK ? IR_VOID : int_type(g);
    ir_val_t v[4];
    for (unsigned i = 0; i < 4; i++)
        v[i] = below(g, 3) ? pick(g, int_type(g)) : IR_NONE;
    ir_val_t r = ir_call(g->u, t, h, v[0], v[1], v[2], v[3]);
    if (t != IR_VOID)
        keep(g, t, r);
}

static void random_put(struct gen *g)
{
    unsigned slot = below(g, g->o->vectors ? RIG_Y : g->o->fp ? RIG_V : RIG_F);
    if (!g->o->wide && slot >= RIG_X + RIG_FEW && slot < RIG_X + RIG_N_X)
        slot = RIG_X + slot % RIG_FEW;
    if ((slot == RIG_STACK || slot - RIG_POINTER < RIG_N_POINTERS) && below(g, 8)) { /* mostly to where something is */
        ir_put(g->u, slot, address(g, 8));
        return;
    }
    if (g->o->whole && slot - RIG_V < RIG_WHOLE && below(g, 50)) { /* seldom a half alone */
        slot -= (slot - RIG_V) % 2;
        ir_val_t low = pick(g, IR_V128), high = below(g, 3) ? pick(g, IR_V128) : low;
        ir_put(g->u, slot, low);
        ir_put(g->u, slot + 1, high);
        return;
    }
    ir_put(g->u, slot, pick(g, (enum ir_type)rig_guest(g->o->rule)->slots[slot].type));
}

/* ---- what passes and code generators look for ---- */

/* 8 or 16 bits extended, by an operation or by a load. */
static ir_val_t extended(struct gen *g, enum ir_type t, unsigned bits)
{
    bool is_signed = below(g, 2);
    if (g->o->memory && below(g, 3) == 0)
        return ir_load(g->u, t, address(g, 1), displacement(g), ir_memop(bits / 8, is_signed ? IR_MEM_SIGNED : 0u));
    ir_val_t v = pick(g, int_type(g));
    if (t == IR_I64 && below(g, 4) == 0) { /* by way of 32 bits */
        v = is_signed ? ir_sext(g->u, IR_I32, v, bits) : ir_zext(g->u, IR_I32, v, bits);
        return below(g, 2) ? ir_zext(g->u, t, v, 32) : ir_sext(g->u, t, v, 32);
    }
    return is_signed ? ir_sext(g->u, t, v, bits) : ir_zext(g->u, t, v, bits);
}

/* A comparison: of an AND with 0, of bytes or words, or of anything; itself or the contrary. */
static ir_val_t condition(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = int_type(g);
    ir_val_t a, b;
    switch (below(g, 4)) {
    case 0: {
        ir_val_t mask = below(g, 2) ? pick(g, t) : ir_const(u, t, rig_interesting(&g->s));
        a = ir_and(u, t, pick(g, t), mask);
        if (t == IR_I64 && below(g, 3) == 0)
            a = below(g, 2) ? ir_zext(u, t, a, 32) : ir_sext(u, t, a, 32);
        b = ir_const(u, t, 0);
        break;
    }
    case 1:
    case 2: {
        unsigned bits = below(g, 3) ? 8 : 16;
        a = extended(g, t, bits);
        b = below(g, 2) ? extended(g, t, below(g, 8) ? bits : 8) : ir_const(u, t, rig_interesting(&g->s) & (below(g, 2) ? 0x7f : ~0ull));
        break;
    }
    default:
        a = pick(g, t);
        b = pick(g, t);
        break;
    }
    ir_val_t v = ir_setcc(u, t, (enum ir_cc)below(g, IR_GTU + 1), a, b);
    return below(g, 4) ? v : ir_op2i(u, IR_XOR, IR_I64, v, 1);
}

/* One of two values, put together in the ways of several ISAs; or a call that only one side asks for. */
static ir_val_t chosen(struct gen *g)
{
    struct ir_unit *u = g->u;
    static const enum ir_op joins[] = { IR_OR, IR_XOR, IR_ADD };
    enum ir_type t = below(g, 3) ? IR_I64 : IR_I32;
    ir_val_t c = below(g, 4) ? condition(g) : pick(g, IR_I64), a, b, zero = ir_const(u, t, 0);
    switch (below(g, 4)) {
    case 0:
        a = ir_select(u, t, c, pick(g, t), zero);
        b = ir_select(u, t, c, zero, pick(g, t));
        a = below(g, 2) ? ir_op2(u, joins[below(g, 3)], t, a, b) : ir_op2(u, joins[below(g, 3)], t, b, a);
        break;
    case 1:
        b = ir_const(u, t, 1);
        a = below(g, 2) ? ir_select(u, t, c, b, zero) : ir_select(u, t, c, zero, b);
        break;
    case 2:
        t = IR_I64;
        b = ir_call(u, t, RIG_LIGHT_PURE, pick(g, t), pick(g, t), pick(g, t), pick(g, t));
        a = ir_select(u, t, c, pick(g, t), b);
        break;
    default: a = ir_select(u, t, c, pick(g, t), pick(g, t)); break;
    }
    keep(g, t, a);
    return c;
}

/* Fields by two shifts, and sums with a shifted value. */
static void random_shifts(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = int_type(g);
    unsigned w = t == IR_I32 ? 32 : 64, n = below(g, 2) ? w - (8u << below(g, w == 64 ? 3 : 2)) : below(g, w);
    ir_val_t v = ir_op2i(u, IR_SHL, t, pick(g, t), below(g, 3) ? n : below(g, 5));
    if (below(g, 3) == 0)
        keep(g, t, below(g, 2) ? ir_add(u, t, v, pick(g, t)) : ir_add(u, t, pick(g, t), v));
    else
        keep(g, t, ir_op2i(u, below(g, 2) ? IR_SHR : IR_SAR, t, v, below(g, 4) ? n : below(g, w)));
}

/* Accesses of other regimes, far from their address, ordered ones. */
static void random_far_memory(struct gen *g)
{
    struct ir_unit *u = g->u;
    enum ir_type t = g->o->fp ? (enum ir_type)(IR_I32 + below(g, 4)) : int_type(g);
    bool vector = g->o->vectors && below(g, 3) == 0;
    unsigned size = vector ? 16 : t == IR_I32 || t == IR_F32 ? 4 : 8, flags = 0;
    t = vector ? IR_V128 : t;
    ir_val_t a = address(g, size);
    int64_t disp = displacement(g), far = 0;
    bool store = below(g, 2);
    if (below(g, 3) == 0)
        flags = 1u << 12;
    else if (below(g, 2))
        flags = store ? IR_MEM_RELEASE : IR_MEM_ACQUIRE;
    else
        far = below(g, 2) ? 1ll << (12 + below(g, 40)) : (int64_t)below(g, 8192);
    if (far != 0)
        a = below(g, 2) ? ir_op2i(u, IR_SUB, IR_I64, a, (uint64_t)far) : ir_op2i(u, IR_ADD, IR_I64, a, (uint64_t)-far);
    if (store)
        ir_store(u, t, a, disp + far, pick(g, t), ir_memop(size, flags));
    else
        keep(g, t, ir_load(u, t, a, disp + far, ir_memop(size, flags)));
}

/* Elements of one array, which share a probe; by addresses of 32 bits at times, whatever lies above. */
static void random_elements(struct gen *g)
{
    struct ir_unit *u = g->u;
    bool narrow = below(g, 2);
    ir_val_t array = address(g, 8);
    if (below(g, 2))
        array = ir_op2i(u, IR_OR, IR_I64, array, RIG_ABOVE);
    for (unsigned n = 2 + below(g, 3); n > 0; n--) {
        ir_val_t at = element(g, array);
        if (narrow)
            at = ir_zext(u, IR_I64, at, 32);
        if (below(g, 3))
            keep(g, IR_I64, ir_load(u, IR_I64, at, displacement(g), ir_memop(8, 0)));
        else
            ir_store(u, IR_I64, at, displacement(g), pick(g, IR_I64), ir_memop(8, 0));
    }
    keep(g, IR_I64, array);
}

/* What was put together is taken apart again. */
static void random_pairs(struct gen *g)
{
    struct ir_unit *u = g->u;
    if (!g->o->fp)
        return;
    ir_val_t v = pick(g, IR_F64);
    switch (below(g, g->o->vectors ? 5 : 3)) {
    case 0: keep(g, IR_F64, ir_bitcast(u, IR_F64, ir_bitcast(u, IR_I64, v))); break;
    case 1: keep(g, IR_F64, below(g, 2) ? ir_fneg(u, IR_F64, ir_fneg(u, IR_F64, v)) : ir_fabs(u, IR_F64, ir_fneg(u, IR_F64, v))); break;
    case 2: keep(g, IR_F32, ir_funbox(u, ir_fbox(u, pick(g, IR_F32)))); break;
    case 3: {
        ir_val_t a = ir_vins(u, 3, ir_vins(u, 3, pick(g, IR_V128), below(g, 2), v), below(g, 2), pick(g, IR_F64));
        keep(g, IR_F64, ir_vlane(u, IR_F64, 3, a, below(g, 2)));
        break;
    }
    default: keep(g, IR_F64, ir_vlane(u, IR_F64, 3, ir_vop1(u, IR_VSCALAR, 3, v), below(g, 2))); break;
    }
}

static void random_idiom(struct gen *g)
{
    switch (below(g, 8)) {
    case 0:
    case 1: (void)chosen(g); break;
    case 2: keep(g, IR_I64, condition(g)); break;
    case 3: random_shifts(g); break;
    case 4: random_pairs(g); break;
    case 5:
        if (g->o->memory)
            below(g, 2) ? random_far_memory(g) : random_elements(g);
        break;
    case 6:
        if (g->o->calls) /* seldom true */
            ir_trap(g->u, ir_op2(g->u, IR_AND, IR_I64, condition(g), condition(g)), RIG_TRAP, below(g, 99));
        break;
    default: { /* several ask the same */
        ir_val_t c = chosen(g);
        keep(g, IR_I64, ir_select(g->u, IR_I64, c, pick(g, IR_I64), pick(g, IR_I64)));
        g->asked = c;
        break;
    }
    }
}

static void random_op(struct gen *g)
{
    if (g->o->whole && below(g, 2)) {
        random_whole(g);
        return;
    }
    if (!g->o->simple && below(g, 6) == 0) {
        random_idiom(g);
        return;
    }
    uint32_t kind = below(g, 20);
    if (kind < 8)
        random_int(g);
    else if (kind < 12)
        random_put(g);
    else if (kind < 15 && g->o->vectors && below(g, 3) != 0)
        random_vector(g);
    else if (kind < 15 && g->o->fp)
        random_float(g);
    else if (kind < 18 && g->o->memory)
        random_memory(g);
    else if (kind == 18 && g->o->calls)
        random_call(g);
    else if (kind == 19)
        keep(g, IR_I64, ir_pc(g->u, (int64_t)below(g, 8192) - 2048));
    else if (!g->o->simple)
        ir_fence(g->u, (enum ir_fence)below(g, IR_FENCE_REL + 1));
}

/* A block of the unit, or an offset nothing is at. */
static int64_t random_target(struct gen *g)
{
    if (g->o->chains && below(g, 8)) /* nothing else leads into the middle of a chain */
        return below(g, 3) ? 0 : (int64_t)g->u->n_blocks * 0x80;
    if (below(g, 6) == 0)
        return (int64_t)below(g, 0x4000) * 4 - 0x8000;
    return (int64_t)below(g, g->o->blocks) * 0x80;
}

static void random_end(struct gen *g)
{
    struct ir_unit *u = g->u;
    if (g->o->chains && below(g, 4)) {
        ir_jump(u, (int64_t)u->n_blocks * 0x80);
        return;
    }
    if (g->o->wide && g->o->calls && below(g, 8) == 0) { /* a call is all that is left to do */
        unsigned h = below(g, RIG_MODE);
        ir_val_t r = ir_call(u, IR_I64, h, pick(g, IR_I64), pick(g, int_type(g)), IR_NONE, IR_NONE);
        int64_t taken = random_target(g);
        below(g, 2) ? ir_jumpr(u, r, IR_LINK_NONE) : ir_branch(u, r, taken, random_target(g));
        return;
    }
    switch (below(g, 8)) {
    case 0: case 1: ir_jump(u, random_target(g)); break;
    case 2: {
        ir_val_t va = pick(g, IR_I64);
        ir_jumpr(u, va, (enum ir_link)below(g, g->o->rule == IR_FP_ARM && g->o->wide ? 4 : 3));
        break;
    }
    case 3:
        if (g->o->calls && below(g, 2)) {
            ir_val_t a = pick(g, IR_I64), b = pick(g, IR_I64);
            ir_call(u, IR_VOID, RIG_MODE, a, b, IR_NONE, IR_NONE);
        }
        {
            enum ir_exit why = (enum ir_exit)below(g, IR_EXIT_YIELD + 1);
            ir_exit(u, why, random_target(g));
        }
        break;
    default: {
        ir_val_t c = g->asked != IR_NONE ? g->asked : below(g, 2) && !g->o->simple ? condition(g) : pick(g, IR_I64);
        int64_t taken = random_target(g);
        ir_branch(u, c, taken, random_target(g));
        break;
    }
    }
}

static const struct insn_desc desc = { .name = "random", .length = 4, .branch = INSN_COND };

struct ir_unit *random_ir(struct arena *arena, uint64_t seed, const struct random_ir_options *o)
{
    struct gen g = { .o = o, .s = seed };
    struct random_ir_options quiet = *o;
    struct insn_regs none = INSN_NO_REGS;
    struct err e;
    int rc = ir_unit_create(&g.u, arena, rig_guest(o->rule), 0, &e);
    assert(rc == 0);
    quiet.memory = quiet.calls = false;
    for (uint32_t n = 0; n < o->blocks; n++) {
        struct ir_block *b = ir_begin_block(g.u, (int32_t)n * 0x80);
        g.o = o->chains && below(&g, 3) ? &quiet : o;
        uint32_t insns = 1 + below(&g, o->insns);
        memset(g.n, 0, sizeof(g.n));
        g.n_addresses = 0;
        g.asked = IR_NONE;
        for (uint32_t i = 0; i < insns; i++) {
            ir_begin_insn(g.u, b->start + (int32_t)i * 4, 4, &desc, &none);
            g.u->insns[g.u->n_insns - 1].cost_before = i * 3;
            for (uint32_t k = 1 + below(&g, 5); k > 0; k--)
                random_op(&g);
        }
        random_end(&g);
        ir_end_block(g.u, insns * 4);
        b->cost = insns * 3;
    }
    if (o->chains || (seed & 1)) /* as regions are */
        ir_chain(g.u);
    rc = ir_finish(g.u, &e);
    assert(rc == 0);
    (void)rc;
    return g.u;
}

/* Regions are told how often their blocks ran, or not. */
static const uint32_t *heat_of(const struct ir_unit *u, struct arena *arena)
{
    uint64_t s = u->n_insts;
    uint32_t *heat = u->n_blocks > 1 && s % 4 != 0 ? ARENA_ARRAY(arena, uint32_t, u->n_blocks) : NULL;
    for (uint32_t i = 0; heat != NULL && i < u->n_blocks; i++)
        heat[i] = 1 + (uint32_t)(rig_random(&s) % 1000);
    return heat;
}

static struct exec_block *new_block(const struct ir_unit *u, const struct rig *r, struct arena *arena)
{
    struct exec_block *b = ARENA_NEW(arena, struct exec_block);
    assert(b);
    b->heat = heat_of(u, arena);
    b->page = mmu_page_id(&r->ram, 0);
    b->page2 = UINT32_MAX;
    b->start = u->blocks[0].start;
    b->length = u->blocks[0].length;
    b->region = u->n_blocks > 1;
    b->counter = UINT32_MAX;
    b->n_edges = (uint16_t)(2 * u->n_blocks);
    b->n_insns = (uint16_t)u->n_insns;
    b->edges = ARENA_ARRAY(arena, struct exec_edge, b->n_edges);
    assert(b->edges);
    for (uint32_t i = 0; i < u->n_blocks; i++) {
        const struct ir_inst *last = &u->insts[u->blocks[i].end - 1];
        b->edges[2 * i] = (struct exec_edge){ .from = b, .target = (int32_t)last->imm };
        b->edges[2 * i + 1] = (struct exec_edge){ .from = b, .target = (int32_t)last->imm2 };
    }
    return b;
}

enum exec_leave rig_run(const struct exec_backend_ops *ops, struct exec_backend *be,
                        const struct ir_unit *u, struct rig *r, struct arena *arena,
                        int64_t budget)
{
    struct exec_block *b = new_block(u, r, arena);
    struct err e;
    int rc = ops->compile(be, u, b, arena, &e);
    if (rc != 0)
        ir_print(u, stderr);
    ck_assert_msg(rc == 0, "seed %lu: %s", r->seed, e.text);
    r->cpu.budget = budget;
    return ops->run(be, &r->cpu, b);
}

bool rig_run_quick(const struct exec_backend_ops *ops, struct exec_backend *be, struct ir_unit *u, struct rig *r,
                   struct arena *arena, int64_t budget, enum exec_leave *why)
{
    struct exec_block *b = new_block(u, r, arena);
    struct err e;
    int rc = ops->compile_quick(be, u, b, arena, &e);
    assert(rc == 0 || rc == ERR_UNSUPPORTED);
    if (rc != 0)
        return false;
    r->cpu.budget = budget;
    *why = ops->run(be, &r->cpu, b);
    return true;
}

/* ---- many of them ---- */

struct random_ir_options rig_options_of(uint64_t seed)
{
    return (struct random_ir_options){ .rule = (enum ir_fp_rule)(seed / 2 % 4), .blocks = 1, .insns = seed % 5 ? 6 : 32,
                                       .fp = seed % 4 != 0, .memory = seed % 7 != 0, .calls = seed % 3 != 1,
                                       .rmm = true, .vectors = seed % 4 != 0 && seed / 16 % 2, .whole = seed % 32 == 17 };
}

void rig_check_seeds(uint64_t n, rig_check *check)
{
    struct arena arena;
    struct exec_backend *be;
    struct err e;
    const char *count = getenv("RANDOM_IR_UNITS");
    n = count ? strtoull(count, NULL, 0) : n;
    arena_init(&arena, 0);
    ck_assert_int_eq(exec_interp.create(&be, NULL, NULL, &e), 0);
    struct rig *a = rig_create(0), *b = rig_create(0);
    for (uint64_t seed = 0; seed < n; seed++)
        check(be, a, b, &arena, seed);
    rig_destroy(a);
    rig_destroy(b);
    exec_interp.destroy(be);
    arena_destroy(&arena);
}
