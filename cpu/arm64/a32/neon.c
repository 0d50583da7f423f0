/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advanced SIMD data processing: Arm ARM, F4.1.18-F4.1.21, F6. Encodings and their opcodes are close to A64's, so each group
 * computes A64's word; operands are whole vector registers (Q) or views (D). What A64 refuses is UNDEFINED
 * here too; what it has and AArch32 has not is refused first.
 */
#include "cpu/arm64/a32/vfp_impl.h"
#include "cpu/arm64/simd_fp_impl.h"

/* Q registers have even numbers. */
static bool odd(struct a32_tr *t, bool d, bool n, bool m)
{
    return (d && (t->f.vd & 1)) || (n && (t->f.vn & 1)) || (m && (t->f.vm & 1));
}

static bool all_odd(struct a32_tr *t)
{
    return t->f.q && odd(t, true, true, true);
}

static void run(struct a32_tr *t, uint32_t word)
{
    a32_run_a64(t, word, a32_neon_reg(t->f.vd, t->f.q), a32_neon_reg(t->f.vn, t->f.q), a32_neon_reg(t->f.vm, t->f.q));
}

enum { A64_SAME = 0x0e200400, A64_SAME16 = 0x0e400400, A64_DIFFERENT = 0x0e200000,
       A64_SHIFT = 0x0f000400, A64_ELEMENT = 0x0f000000,
       A64_Q = 1 << 30, A64_U = 1 << 29, A64_SCALAR = A64_Q | 1 << 28, A64_A = 1 << 23 };

/* ---- three registers of one length ---- */
enum { OPC_QADD = 1, OPC_LOGIC = 3, OPC_QSUB = 5, OPC_SHL = 8, OPC_RQSHL = 11, OPC_ADD = 16, OPC_TST = 17,
       OPC_MUL = 19, OPC_PMAX = 20, OPC_PMIN = 21, OPC_PADD = 23 };

static bool has_64_bits(unsigned opc)
{
    return opc == OPC_QADD || opc == OPC_LOGIC || opc == OPC_QSUB || (opc >= OPC_SHL && opc <= OPC_RQSHL) ||
           opc == OPC_ADD;
}

static void same(struct a32_tr *t, unsigned arg)
{
    unsigned opc = t->f.opc, size = t->f.size;
    bool pairs = opc == OPC_PMAX || opc == OPC_PMIN || opc == OPC_PADD;
    uint32_t word = A64_SAME | opc << 11 | size << 22 | (t->f.u ? A64_U : 0u);
    (void)arg;
    if (all_odd(t) || (size == 3 && !has_64_bits(opc)) || (pairs && t->f.q) || (opc == OPC_PADD && t->f.u)) {
        a32_undefined(t);
        return;
    }
    if (size == 3 && !t->f.q && opc != OPC_LOGIC)
        word |= A64_SCALAR; /* one lane of 64 bits */
    else if (t->f.q)
        word |= A64_Q;
    if (opc >= OPC_SHL && opc <= OPC_RQSHL) /* the value is Vm, the count Vn */
        a32_run_a64(t, word, a32_neon_reg(t->f.vd, t->f.q), a32_neon_reg(t->f.vm, t->f.q), a32_neon_reg(t->f.vn, t->f.q));
    else
        run(t, word);
}

/* One operation of floating point; halves have a helper. */
static ir_val_t fp_op(struct a32_tr *t, enum ir_op op, unsigned lane, ir_val_t a, ir_val_t b)
{
    if (lane == 1)
        return ir_callv(a32_u(t), A64_VEC_half_lanes, a, b, IR_NONE,
                        A64_VEC_IMM(1, t->f.q ? 16 : 8) | A64_SIMD_RM(IR_RNE) | A64_HALF_LANES_OP(op));
    return ir_vfop(a32_u(t), op, lane, IR_RNE, a, b, IR_NONE, 0);
}

/* VMLA and VMLS of floating point round twice; the second source is given, for elements. */
static void accumulate(struct a32_tr *t, unsigned lane, bool subtract, ir_val_t m)
{
    struct ir_unit *u = a32_u(t);
    uint32_t first = u->n_insts;
    unsigned d = a32_neon_reg(t->f.vd, t->f.q);
    uint64_t signs = lane == 1 ? 0x8000800080008000 : 0x8000000080000000;
    m = a64_clip(&t->b, m, t->f.q ? 16 : 8);
    ir_val_t v = fp_op(t, IR_VFMUL, lane, a64_v(&t->b, a32_neon_reg(t->f.vn, t->f.q)), m);
    if (subtract)
        v = ir_vop2(u, IR_VXOR, 3, v, ir_vconst(u, signs, signs));
    v = fp_op(t, IR_VFADD, lane, a64_v(&t->b, d), v);
    a32_standardize(t, first);
    a64_put_v(&t->b, d, v);
}

/* VRECPS, VRSQRTS: rounded twice as well, where A64's are fused. */
static void step(struct a32_tr *t, bool half, bool root)
{
    struct ir_unit *u = a32_u(t);
    uint32_t first = u->n_insts;
    unsigned d = a32_neon_reg(t->f.vd, t->f.q), n = a32_neon_reg(t->f.vn, t->f.q), m = a32_neon_reg(t->f.vm, t->f.q);
    if (half && !a64_cpu_has(t->b.a, A64_F_FP16)) {
        a32_undefined(t);
        return;
    }
    uint64_t imm = A64_VEC_IMM(half ? 1 : 2, t->f.q ? 16 : 8) | (root ? A32_STEP_ROOT : 0);
    ir_val_t v = ir_callv(u, A64_VEC_a32_step, a64_v(&t->b, n), a64_v(&t->b, m), IR_NONE, imm);
    a32_standardize(t, first);
    a64_put_v(&t->b, d, v);
}

enum { FOPC_FMA = 1, FOPC_ADD, FOPC_MUL, FOPC_CMP, FOPC_ACMP, FOPC_MAX, FOPC_STEP };

static void same_fp(struct a32_tr *t, unsigned arg)
{
    unsigned opc = t->f.fopc, size = t->f.size;
    bool a = size & 2, half = size & 1, u = t->f.u, undefined = false, pairs = false;
    unsigned code = 24 + opc;
    (void)arg;
    switch (opc) {
    case FOPC_FMA: undefined = u; break;
    case FOPC_ADD: pairs = u && !a; break;
    case FOPC_MUL: undefined = u && a; break;
    case FOPC_CMP: undefined = !u && a; break;
    case FOPC_ACMP: undefined = !u; break;
    case FOPC_MAX: pairs = u; break;
    default: /* VMAXNM, VMINNM share an opcode with the steps */
        if (u)
            code = 24, u = false;
        break;
    }
    if (all_odd(t) || undefined || (pairs && t->f.q)) {
        a32_undefined(t);
        return;
    }
    if (opc == FOPC_MUL && !u) {
        if (half && !a64_cpu_has(t->b.a, A64_F_FP16))
            a32_undefined(t);
        else
            accumulate(t, half ? 1 : 2, a, a64_v(&t->b, a32_neon_reg(t->f.vm, t->f.q)));
        return;
    }
    if (opc == FOPC_STEP && code != 24) {
        step(t, half, a);
        return;
    }
    uint32_t word = half ? A64_SAME16 | (code & 7) << 11 : A64_SAME | code << 11;
    word |= (t->f.q ? A64_Q : 0u) | (u ? A64_U : 0u) | (a ? A64_A : 0u);
    a32_run_standard(t, word, a32_neon_reg(t->f.vd, t->f.q), a32_neon_reg(t->f.vn, t->f.q), a32_neon_reg(t->f.vm, t->f.q));
}

static void rounding_doubling(struct a32_tr *t, unsigned opcode) /* VQRDMLAH, VQRDMLSH */
{
    if (all_odd(t) || t->f.size == 0 || t->f.size == 3)
        a32_undefined(t);
    else
        run(t, 0x2e008400 | opcode << 11 | (uint32_t)t->f.size << 22 | (t->f.q ? A64_Q : 0u));
}

static void sha(struct a32_tr *t, unsigned first_opcode)
{
    if (odd(t, true, true, true))
        a32_undefined(t);
    else
        a32_run_a64(t, 0x5e000000 | (first_opcode + t->f.size) << 12, t->f.vd / 2u, t->f.vn / 2u, t->f.vm / 2u);
}

/* ---- three registers of different lengths ---- */
enum { LONG_ADDHN = 4, LONG_SUBHN = 6, LONG_QDMULL = 13, LONG_PMULL = 14 };

static void different(struct a32_tr *t, unsigned arg)
{
    unsigned opc = t->f.opc, size = t->f.size;
    bool narrow = opc == LONG_ADDHN || opc == LONG_SUBHN, wide = opc == 1 || opc == 3;
    (void)arg;
    if (odd(t, !narrow, narrow || wide, narrow) || (opc == LONG_PMULL && (t->f.u || size == 1))) {
        a32_undefined(t);
        return;
    }
    if (opc == LONG_PMULL && size == 2)
        size = 3;
    uint32_t word = A64_DIFFERENT | opc << 12 | size << 22 | (t->f.u ? A64_U : 0u);
    a32_run_a64(t, word, a32_neon_reg(t->f.vd, !narrow), a32_neon_reg(t->f.vn, narrow || wide), a32_neon_reg(t->f.vm, narrow));
}

/* ---- by element: bit 24 is Q, or U of what is long ---- */
enum { IS_LONG = 0x8000, IS_FP = 0x4000, WITH_U = 0x2000, IS_MLA = 0x1000, NOT_U = 0x800 };

static const uint16_t element_ops[16] = {
    WITH_U | 0, IS_FP | IS_MLA, IS_LONG | 2, IS_LONG | NOT_U | 3, WITH_U | 4, IS_FP | IS_MLA, IS_LONG | 6,
    IS_LONG | NOT_U | 7, 8, IS_FP | 9, IS_LONG | 10, IS_LONG | NOT_U | 11, 12, 13, WITH_U | 13, WITH_U | 15,
};

static void element(struct a32_tr *t, unsigned arg)
{
    unsigned op = element_ops[t->f.opc], size = t->f.size, m, index;
    bool is_long = op & IS_LONG, fp = op & IS_FP, bit24 = t->f.u;
    (void)arg;
    t->f.q = !is_long && bit24;
    if (size == 1) {
        m = t->f.vm & 7;
        index = (t->f.vm >> 4 & 1) << 1 | (t->f.vm >> 3 & 1);
    } else {
        m = t->f.vm & 15;
        index = t->f.vm >> 4;
    }
    if (odd(t, t->f.q || is_long, t->f.q, false) || (is_long && (op & NOT_U) && bit24) ||
        (fp && size == 1 && !a64_cpu_has(t->b.a, A64_F_FP16))) {
        a32_undefined(t);
        return;
    }
    unsigned in_q = (m & 1) * (8u >> size) + index;
    if (fp && (op & IS_MLA)) {
        accumulate(t, size, t->f.opc == 5, a64_vdup_lane(&t->b, size, m / 2, in_q));
        return;
    }
    t->by_element = true;
    t->idx = (uint8_t)in_q;
    uint32_t word = A64_ELEMENT | (op & 15) << 12 | (fp && size == 1 ? 0u : size) << 22 | (t->f.q ? A64_Q : 0u) |
                    ((op & WITH_U) || (is_long && bit24) ? A64_U : 0u);
    unsigned d = a32_neon_reg(t->f.vd, t->f.q || is_long), n = a32_neon_reg(t->f.vn, t->f.q);
    if (fp)
        a32_run_standard(t, word, d, n, m / 2);
    else
        a32_run_a64(t, word, d, n, m / 2);
    t->by_element = false;
}

/* ---- shifts by a constant: l:imm is A64's immh:immb ---- */
enum { SHIFT_SRI = 4, SHIFT_QSHLU = 6, SHIFT_SHRN = 8, SHIFT_QSHRN, SHIFT_SHLL, SHIFT_FROM16 = 12, SHIFT_TO16, SHIFT_FROM, SHIFT_TO };

static void shift(struct a32_tr *t, unsigned arg)
{
    unsigned opc = t->f.opc, imm = (unsigned)t->f.l << 6 | (unsigned)t->f.imm, code = opc << 1;
    bool narrow = opc == SHIFT_SHRN || opc == SHIFT_QSHRN, is_long = opc == SHIFT_SHLL, q = t->f.q;
    bool half = opc == SHIFT_FROM16 || opc == SHIFT_TO16, converts = opc >= SHIFT_FROM16;
    unsigned top = half ? 0x30 : 0x20; /* of 64 - fraction bits */
    (void)arg;
    if (opc == SHIFT_TO16 || opc == SHIFT_TO)
        code |= 1;
    if (narrow)
        code |= q;
    bool bad = (narrow || is_long || converts) && t->f.l;
    bad |= (opc == SHIFT_SRI || opc == SHIFT_QSHLU) && !t->f.u;
    bad |= is_long && q;
    bad |= converts && (imm & top) != top;
    bad |= half && !a64_cpu_has(t->b.a, A64_F_FP16);
    bad |= odd(t, is_long || (q && !narrow), false, narrow || (q && !is_long));
    if (bad || opc == 11) {
        a32_undefined(t);
        return;
    }
    if (half) { /* A64 has the element's size in immh and one opcode for all */
        imm &= 0x1f;
        code |= 0x1c;
    }
    uint32_t word = A64_SHIFT | imm << 16 | code << 11 | (t->f.u ? A64_U : 0u);
    if (t->f.l && !q)
        word |= A64_SCALAR;
    else if (q && !narrow)
        word |= A64_Q;
    unsigned d = a32_neon_reg(t->f.vd, is_long || (q && !narrow)), m = a32_neon_reg(t->f.vm, narrow || (q && !is_long));
    if (converts)
        a32_run_standard(t, word, d, m, 0);
    else
        a32_run_a64(t, word, d, m, 0);
}

static void immediate(struct a32_tr *t, unsigned arg)
{
    unsigned imm8 = (unsigned)t->f.u << 7 | t->f.vimm;
    (void)arg;
    if ((t->f.q && (t->f.vd & 1)) || (t->f.cmode == 15 && t->f.vop)) {
        a32_undefined(t);
        return;
    }
    uint32_t word = A64_SHIFT | (imm8 >> 5) << 16 | (uint32_t)t->f.cmode << 12 | (imm8 & 31) << 5;
    word |= (t->f.q ? A64_Q : 0u) | (t->f.vop ? A64_U : 0u);
    a32_run_a64(t, word, a32_neon_reg(t->f.vd, t->f.q), 0, 0);
}

/* ---- extraction, tables, duplication ---- */
static void vext(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (all_odd(t))
        a32_undefined(t);
    else
        run(t, 0x2e000000 | (uint32_t)t->f.imm << 11 | (t->f.q ? A64_Q : 0u));
}

/* Two D registers as one vector; the second as zeros if it is not of the list. */
static ir_val_t two_of(struct a32_tr *t, unsigned n, bool both)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t low = a64_v(&t->b, A64_VIEW_D | n);
    return both ? ir_vop2(u, IR_VZIP1, 3, low, a64_v(&t->b, A64_VIEW_D | (n + 1))) : low;
}

static void vtbl(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned n = t->f.vn, count = t->f.len + 1u, d = A64_VIEW_D | t->f.vd;
    (void)arg;
    if (n + count > 32) {
        a32_undefined(t);
        return;
    }
    ir_val_t index = a64_v(&t->b, A64_VIEW_D | t->f.vm);
    ir_val_t r = ir_vop2(u, IR_VTBL, 0, two_of(t, n, count > 1), index);
    if (count > 2) {
        ir_val_t rest = ir_vop2(u, IR_VSUB, 0, index, ir_vconst(u, 0x1010101010101010, 0x1010101010101010));
        r = ir_vop2(u, IR_VOR, 3, r, ir_vop2(u, IR_VTBL, 0, two_of(t, n + 2, count > 3), rest));
    }
    if (t->f.op) { /* VTBX keeps what no index finds */
        uint64_t end = 0x0101010101010101 * (8ull * count);
        ir_val_t outside = ir_vop2(u, IR_VCGEU, 0, index, ir_vconst(u, end, end));
        r = ir_vop(u, IR_VSELECT, 3, outside, a64_v(&t->b, d), r, 0);
    }
    a64_put_v(&t->b, d, r);
}

static void vdup(struct a32_tr *t, unsigned arg)
{
    unsigned imm = (unsigned)t->f.imm, lane = (unsigned)__builtin_ctz(imm);
    (void)arg;
    if (t->f.q && (t->f.vd & 1)) {
        a32_undefined(t);
        return;
    }
    unsigned n = (t->f.vm & 1) * (8u >> lane) + (imm >> (lane + 1));
    a64_put_v(&t->b, a32_neon_reg(t->f.vd, t->f.q), a64_vdup_lane(&t->b, lane, t->f.vm / 2u, n));
}

/* VDOT: the element form has its index in M. */
static void vdot(struct a32_tr *t, unsigned elements)
{
    unsigned m = t->f.vm;
    uint32_t word = (elements ? 0x0f80e000 : 0x0e809400) | (t->f.q ? A64_Q : 0u) | (t->f.u ? A64_U : 0u);
    if (t->f.q && odd(t, true, true, !elements)) {
        a32_undefined(t);
        return;
    }
    if (elements) {
        t->by_element = true;
        t->idx = (uint8_t)((m & 1) * 2 + (m >> 4));
        m = (m & 15) / 2;
    } else {
        m = a32_neon_reg(m, t->f.q);
    }
    a32_run_a64(t, word, a32_neon_reg(t->f.vd, t->f.q), a32_neon_reg(t->f.vn, t->f.q), m);
    t->by_element = false;
}

/* clang-format off */
#define FP(name, fn, arg) { A32V_INSN_##name, A32_SEM_FP, fn, arg }
const struct a32_semantics a32v_neon_rows[] = {
    FP(VNEON_SAME, same, 0), FP(VNEON_FP, same_fp, 0), FP(VQRDMLAH, rounding_doubling, 0),
    FP(VQRDMLSH, rounding_doubling, 1), FP(SHA1C, sha, 0), FP(SHA256H, sha, 4),
    FP(VNEON_LONG, different, 0), FP(VNEON_ELT, element, 0), FP(VNEON_SHIFT, shift, 0), FP(VNEON_IMM, immediate, 0),
    FP(VEXT, vext, 0), FP(VTBL, vtbl, 0), FP(VDUP_E, vdup, 0), FP(VNEON_MISC, a32_neon_misc, 0),
    FP(VDOT, vdot, 0), FP(VDOT_ELT, vdot, 1),
    A32_ROWS_END
};
/* clang-format on */
