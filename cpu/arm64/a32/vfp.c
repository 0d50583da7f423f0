/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalar floating point of AArch32: Arm ARM, F6. Most instructions are A64's on views of the registers (a32_run_a64); what
 * A64 has not, or has in another shape, is here: multiply-accumulate with two roundings, comparisons into FPSCR, conversions
 * between registers of one file, halves of S registers, transfers.
 */
#include "cpu/arm64/a32/vfp_impl.h"
#include "cpu/arm64/float_impl.h"

/* ---- operands ---- */
unsigned a32_fp_view(unsigned prec, unsigned n)
{
    /* D:Vd as decoded names a D register; S registers have that bit lowest */
    return prec == A32_DOUBLE ? A64_VIEW_D | n : A64_VIEW_S | ((n << 1 & 0x1e) | n >> 4);
}

static enum ir_type type_of(unsigned prec)
{
    return prec == A32_DOUBLE ? IR_F64 : IR_F32;
}

static ir_val_t scalar(struct a32_tr *t, unsigned prec, unsigned n)
{
    return a64_scalar(&t->b, type_of(prec), a32_fp_view(prec, n));
}

static void put(struct a32_tr *t, unsigned prec, unsigned n, ir_val_t v)
{
    a64_put_scalar(&t->b, prec == A32_DOUBLE ? 3 : 2, a32_fp_view(prec, n), v);
}

static uint32_t ftype(unsigned prec)
{
    return (prec == A32_DOUBLE ? 1u : prec == A32_HALF ? 3u : 0u) << 22;
}

static enum fp_format format(unsigned prec)
{
    return prec == A32_DOUBLE ? FP_F64 : prec == A32_HALF ? FP_F16 : FP_F32;
}

/* Half precision needs FEAT_FP16, of which the decoder knows only where whole rows have it. */
static bool no_half(struct a32_tr *t)
{
    if (t->f.prec != A32_HALF || a64_cpu_has(t->b.a, A64_F_FP16))
        return false;
    a32_undefined(t);
    return true;
}

/* ---- through A64 ---- */
static void three(struct a32_tr *t, unsigned base)
{
    unsigned p = t->f.prec;
    if (no_half(t))
        return;
    a32_run_a64(t, base | ftype(p), a32_fp_view(p, t->f.vd), a32_fp_view(p, t->f.vn), a32_fp_view(p, t->f.vm));
}

static void two(struct a32_tr *t, unsigned base)
{
    unsigned p = t->f.prec;
    if (no_half(t))
        return;
    a32_run_a64(t, base | ftype(p), a32_fp_view(p, t->f.vd), a32_fp_view(p, t->f.vm), 0);
}

static void directed(struct a32_tr *t, unsigned base)
{
    static const uint8_t a64[4] = { 4, 0, 1, 2 }; /* A, N, P, M */
    two(t, base | (uint32_t)a64[t->f.dir] << 15);
}

static void vsel(struct a32_tr *t, unsigned base)
{
    static const uint8_t cond[4] = { 0, 6, 10, 12 };
    three(t, base | (uint32_t)cond[t->f.sel] << 12);
}

static void vmov_imm(struct a32_tr *t, unsigned base)
{
    two(t, base | (uint32_t)t->f.imm8 << 13);
}

/* ---- multiply-accumulate, rounded twice ---- */
enum { NEG_PRODUCT = 1, NEG_ADDEND = 2 };

static void accumulate(struct a32_tr *t, unsigned how)
{
    struct ir_unit *u = a32_u(t);
    unsigned p = t->f.prec;
    enum ir_type type = type_of(p);
    if (no_half(t))
        return;
    if (p == A32_HALF) {
        unsigned d = a32_fp_view(p, t->f.vd);
        uint64_t rm = A64_FP_RM(IR_RM_DYN);
        ir_val_t sign = ir_vconst(u, 0x8000, 0), acc = a64_v(&t->b, d);
        ir_val_t v = ir_callv(u, A64_VEC_fp_half, a64_v(&t->b, a32_fp_view(p, t->f.vn)),
                              a64_v(&t->b, a32_fp_view(p, t->f.vm)), IR_NONE, A64_FP_OP(A64_HALF_MUL) | rm);
        if (how & NEG_PRODUCT)
            v = ir_vop2(u, IR_VXOR, 3, v, sign);
        if (how & NEG_ADDEND)
            acc = ir_vop2(u, IR_VXOR, 3, acc, sign);
        a64_put_v(&t->b, d, ir_callv(u, A64_VEC_fp_half, acc, v, IR_NONE, A64_FP_OP(A64_HALF_ADD) | rm));
        return;
    }
    ir_val_t acc = scalar(t, p, t->f.vd);
    ir_val_t v = ir_fmul(u, type, IR_RM_DYN, scalar(t, p, t->f.vn), scalar(t, p, t->f.vm));
    if (how & NEG_PRODUCT)
        v = ir_fneg(u, type, v);
    if (how & NEG_ADDEND)
        acc = ir_fneg(u, type, acc);
    put(t, p, t->f.vd, ir_fadd(u, type, IR_RM_DYN, acc, v));
}

/* ---- comparisons: FPSCR's flags, bits 31:28 of their slot ---- */
static void put_flags(struct a32_tr *t, ir_val_t n, ir_val_t z, ir_val_t c, ir_val_t v)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t r = ir_op2i(u, IR_SHL, IR_I64, n, 31);
    r = ir_deposit(u, IR_I64, r, z, 30, 1);
    r = ir_deposit(u, IR_I64, r, c, 29, 1);
    ir_put(u, A64_SLOT_FPNZCV, ir_deposit(u, IR_I64, r, v, 28, 1));
}

static void vcmp(struct a32_tr *t, unsigned with_zero)
{
    struct ir_unit *u = a32_u(t);
    unsigned p = t->f.prec;
    enum ir_type type = type_of(p);
    if (no_half(t))
        return;
    if (p == A32_HALF) {
        ir_val_t y = with_zero ? ir_vconst(u, 0, 0) : a64_v(&t->b, a32_fp_view(p, t->f.vm));
        ir_val_t r = ir_callv(u, A64_VEC_fp_half, a64_v(&t->b, a32_fp_view(p, t->f.vd)), y, IR_NONE,
                              A64_FP_OP(t->f.e ? A64_HALF_CMPE : A64_HALF_CMP) | A64_FP_RM(IR_RM_DYN));
        ir_put(u, A64_SLOT_FPNZCV, ir_op2i(u, IR_SHL, IR_I64, ir_vlane(u, IR_I64, 3, r, 0), 28));
        return;
    }
    ir_val_t x = scalar(t, p, t->f.vd), y = with_zero ? ir_const(u, type, 0) : scalar(t, p, t->f.vm);
    ir_val_t n = ir_fcmp(u, type, IR_FLT | (t->f.e ? 0u : (unsigned)IR_FCMP_QUIET), x, y);
    put_flags(t, n, ir_fcmp(u, type, IR_FEQ, x, y), ir_op2i(u, IR_XOR, IR_I64, n, 1),
              ir_fcmp(u, type, IR_FUNORD, x, y));
}

/* ---- conversions ---- */
static ir_val_t convert(struct a32_tr *t, uint64_t imm, ir_val_t v128)
{
    return ir_callv(a32_u(t), A64_VEC_fp_convert, v128, IR_NONE, IR_NONE, imm);
}

static void vcvt_precision(struct a32_tr *t, unsigned arg)
{
    unsigned from = t->f.dbl ? A32_DOUBLE : A32_SINGLE, to = t->f.dbl ? A32_SINGLE : A32_DOUBLE;
    (void)arg;
    put(t, to, t->f.vd, ir_fcvt(a32_u(t), type_of(to), type_of(from), IR_RM_DYN, scalar(t, from, t->f.vm)));
}

/* VCVTB, VCVTT: one half of an S register. */
static void vcvt_half(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned wide = t->f.dbl ? A32_DOUBLE : A32_SINGLE;
    (void)arg;
    if (t->f.tohalf) {
        unsigned d = a32_fp_view(A32_SINGLE, t->f.vd);
        ir_val_t r = convert(t, A64_FP_OP(A64_CVT) | A64_FP_RM(IR_RM_DYN) | A64_FP_FORMAT(format(wide)) |
                                    A64_FP_TO(FP_F16), a64_v(&t->b, a32_fp_view(wide, t->f.vm)));
        a64_put_v(&t->b, d, ir_vins(u, 1, a64_v(&t->b, d), t->f.top, ir_vlane(u, IR_I64, 1, r, 0)));
        return;
    }
    ir_val_t v = a64_v(&t->b, a32_fp_view(A32_SINGLE, t->f.vm));
    v = ir_vop1(u, IR_VSCALAR, 1, ir_vlane(u, IR_I64, 1, v, t->f.top));
    a64_put_v(&t->b, a32_fp_view(wide, t->f.vd),
              convert(t, A64_FP_OP(A64_CVT) | A64_FP_RM(IR_RM_DYN) | A64_FP_FORMAT(FP_F16) |
                             A64_FP_TO(format(wide)), v));
}

/* To an integer in an S register. */
static void to_integer(struct a32_tr *t, enum ir_rm rm, bool is_signed)
{
    struct ir_unit *u = a32_u(t);
    unsigned p = t->f.prec;
    if (no_half(t))
        return;
    unsigned d = a32_fp_view(A32_SINGLE, t->f.vd);
    if (p == A32_HALF) {
        uint64_t imm = A64_FP_OP(A64_CVT_TO_INT) | A64_FP_RM(rm) | A64_FP_FORMAT(FP_F16) |
                       (is_signed ? 0 : A64_FP_UNSIGNED);
        a64_put_v(&t->b, d, convert(t, imm, a64_v(&t->b, a32_fp_view(p, t->f.vm))));
        return;
    }
    a64_put_scalar(&t->b, 2, d, ir_ftoi(u, IR_I32, type_of(p), !is_signed, rm, scalar(t, p, t->f.vm)));
}

static void vcvt_to(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    to_integer(t, t->f.rz ? IR_RTZ : IR_RM_DYN, t->f.tosgn);
}

static void vcvt_directed(struct a32_tr *t, unsigned arg)
{
    static const uint8_t rm[4] = { IR_RMM, IR_RNE, IR_RUP, IR_RDN };
    (void)arg;
    to_integer(t, (enum ir_rm)rm[t->f.dir], t->f.sgn);
}

static void vcvt_from(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned p = t->f.prec, m = a32_fp_view(A32_SINGLE, t->f.vm);
    (void)arg;
    if (no_half(t))
        return;
    if (p == A32_HALF) {
        uint64_t imm = A64_FP_OP(A64_CVT_FROM_INT) | A64_FP_RM(IR_RM_DYN) | A64_FP_FORMAT(FP_F16) |
                       (t->f.sgn ? 0 : A64_FP_UNSIGNED);
        a64_put_v(&t->b, a32_fp_view(p, t->f.vd), convert(t, imm, a64_v(&t->b, m)));
        return;
    }
    put(t, p, t->f.vd, ir_itof(u, type_of(p), IR_I32, !t->f.sgn, IR_RM_DYN, a64_scalar(&t->b, IR_I32, m)));
}

/* Fixed point in place: 16 or 32 bits of the register, to nearest from it and towards zero to it. */
static void vcvt_fixed(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned p = t->f.prec, size = t->f.sx ? 32 : 16, d = a32_fp_view(p, t->f.vd);
    (void)arg;
    if (no_half(t))
        return;
    if (t->f.fixn > size) { /* a negative number of fraction bits is UNPREDICTABLE */
        a32_undefined(t);
        return;
    }
    uint64_t imm = A64_FP_FORMAT(format(p)) | A64_FP_FBITS(size - t->f.fixn) | (t->f.fixu ? A64_FP_UNSIGNED : 0);
    ir_val_t v = a64_v(&t->b, d);
    if (!t->f.tofix) {
        ir_val_t n = ir_vlane(u, IR_I64, 2, v, 0);
        n = t->f.fixu ? ir_zext(u, IR_I64, n, size) : ir_sext(u, IR_I64, n, size);
        v = convert(t, imm | A64_FP_OP(A64_CVT_FROM_INT) | A64_FP_RM(IR_RNE), ir_vop1(u, IR_VSCALAR, 3, n));
        a64_put_v(&t->b, d, v);
        return;
    }
    imm |= A64_FP_OP(A64_CVT_TO_INT) | A64_FP_RM(IR_RTZ);
    v = size == 16 ? ir_callv(u, A64_VEC_a32_to_fixed16, v, IR_NONE, IR_NONE, imm) : convert(t, imm, v);
    if (p == A32_DOUBLE && !t->f.fixu) /* sign-extended to the register's width */
        v = ir_vop1(u, IR_VSCALAR, 3, ir_sext(u, IR_I64, ir_vlane(u, IR_I64, 2, v, 0), 32));
    a64_put_v(&t->b, d, v);
}

static void vjcvt(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t r = convert(t, A64_FP_OP(A64_CVT_JS), a64_v(&t->b, a32_fp_view(A32_DOUBLE, t->f.vm)));
    ir_val_t none = ir_const(u, IR_I64, 0);
    (void)arg;
    a64_put_v(&t->b, a32_fp_view(A32_SINGLE, t->f.vd), r);
    put_flags(t, none, ir_vlane(u, IR_I64, 3, r, 1), none, none);
}

/* VMOVX: the upper half down; VINS: a lower half up. */
static void vmovx(struct a32_tr *t, unsigned insert)
{
    struct ir_unit *u = a32_u(t);
    unsigned d = a32_fp_view(A32_SINGLE, t->f.vd);
    ir_val_t m = a64_v(&t->b, a32_fp_view(A32_SINGLE, t->f.vm));
    if (insert)
        a64_put_v(&t->b, d, ir_vins(u, 1, a64_v(&t->b, d), 1, ir_vlane(u, IR_I64, 1, m, 0)));
    else
        a64_put_v(&t->b, d, ir_vop1(u, IR_VSCALAR, 1, ir_vlane(u, IR_I64, 1, m, 1)));
}

/* ---- transfers ---- */
static bool names_pc(struct a32_tr *t)
{
    if (t->f.rt != 15 && t->f.rt2 != 15)
        return false;
    a32_undefined(t);
    return true;
}

static ir_val_t image(struct a32_tr *t, unsigned n, unsigned lane)
{
    return ir_vlane(a32_u(t), IR_I64, lane, a64_v(&t->b, A64_VIEW_S | n), 0);
}

static void put_image(struct a32_tr *t, unsigned n, unsigned lane, unsigned r)
{
    a64_put_v(&t->b, A64_VIEW_S | n, ir_vop1(a32_u(t), IR_VSCALAR, lane, ir_get(a32_u(t), r)));
}

static unsigned s_number(unsigned v)
{
    return (v << 1 & 0x1e) | v >> 4;
}

enum { TO_CORE = 1, HALF_WORD = 2 };

static void move_one(struct a32_tr *t, unsigned how)
{
    unsigned lane = how & HALF_WORD ? 1 : 2, s = s_number(t->f.vn);
    if (names_pc(t))
        return;
    if (how & TO_CORE)
        ir_put(a32_u(t), t->f.rt, image(t, s, lane));
    else
        put_image(t, s, lane, t->f.rt);
}

static void move_two(struct a32_tr *t, unsigned how)
{
    unsigned s = s_number(t->f.vm);
    if (names_pc(t))
        return;
    if (s == 31 || ((how & TO_CORE) && t->f.rt == t->f.rt2)) {
        a32_undefined(t);
    } else if (how & TO_CORE) {
        ir_put(a32_u(t), t->f.rt, image(t, s, 2));
        ir_put(a32_u(t), t->f.rt2, image(t, s + 1, 2));
    } else {
        put_image(t, s, 2, t->f.rt);
        put_image(t, s + 1, 2, t->f.rt2);
    }
}

static void move_double(struct a32_tr *t, unsigned how)
{
    struct ir_unit *u = a32_u(t);
    unsigned d = A64_VIEW_D | t->f.vm;
    if (names_pc(t))
        return;
    if ((how & TO_CORE) && t->f.rt == t->f.rt2) {
        a32_undefined(t);
    } else if (how & TO_CORE) {
        ir_val_t v = a64_v(&t->b, d);
        ir_put(u, t->f.rt, ir_vlane(u, IR_I64, 2, v, 0));
        ir_put(u, t->f.rt2, ir_vlane(u, IR_I64, 2, v, 1));
    } else {
        ir_val_t v = ir_deposit(u, IR_I64, ir_get(u, t->f.rt), ir_get(u, t->f.rt2), 32, 32);
        a64_put_v(&t->b, d, ir_vop1(u, IR_VSCALAR, 3, v));
    }
}

/* opc1:opc2 says size and index: 1xxx bytes, 0xx1 halfwords, 0x00 words (F6.1, VMOV). */
static void element(unsigned code, unsigned *lane, unsigned *n)
{
    *lane = code & 8 ? 0 : code & 1 ? 1 : 2;
    *n = (code & 7) >> *lane;
}

static void move_element(struct a32_tr *t, unsigned how)
{
    struct ir_unit *u = a32_u(t);
    unsigned lane, n, code = t->f.elt, d = A64_VIEW_D | t->f.vn;
    element(code, &lane, &n);
    if (names_pc(t))
        return;
    if ((lane == 2 && ((code & 2) || ((how & TO_CORE) && t->f.u)))) {
        a32_undefined(t);
        return;
    }
    if (!(how & TO_CORE)) {
        a64_put_v(&t->b, d, ir_vins(u, lane, a64_v(&t->b, d), n, ir_get(u, t->f.rt)));
        return;
    }
    ir_val_t v = ir_trunc(u, ir_vlane(u, IR_I64, lane, a64_v(&t->b, d), n));
    if (lane != 2 && !t->f.u)
        v = ir_sext(u, IR_I32, v, 8u << lane);
    a32_put(t, t->f.rt, v);
}

static void vdup(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (names_pc(t))
        return;
    if ((t->f.dupb && t->f.dupe) || (t->f.dupq && (t->f.vn & 1))) {
        a32_undefined(t);
        return;
    }
    unsigned lane = t->f.dupb ? 0 : t->f.dupe ? 1 : 2;
    ir_val_t v = ir_vop1(a32_u(t), IR_VDUP, lane, ir_get(a32_u(t), t->f.rt));
    a64_put_v(&t->b, t->f.dupq ? t->f.vn / 2u : (unsigned)(A64_VIEW_D | t->f.vn), v);
}

/* ---- FPSCR; the other registers are UNDEFINED at EL0 ---- */
enum { FPSCR = 1, FPSCR_CONTROL = 0x07c80000 /* AHP, DN, FZ, RMode, FZ16 */, FPSCR_STATUS = 0xf800009f };

uint64_t a64_helper_a32_fpscr_read(struct cpu *cpu, uint64_t a0, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)a0, (void)b, (void)c, (void)d;
    return (a->fpcr & FPSCR_CONTROL) | (a64_get_fpsr(a) & FPSCR_STATUS);
}

uint64_t a64_helper_a32_fpscr_write(struct cpu *cpu, uint64_t value, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    a64_set_fpcr(a, value);
    a64_set_fpsr(a, value & FPSCR_STATUS);
    a64_update_mode(a);
    return 0;
}

static void vmsr(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (t->f.fpreg != FPSCR || t->f.rt == 15) {
        a32_undefined(t);
        return;
    }
    a32_settle_it(t);
    ir_call(a32_u(t), IR_VOID, A64_HELPER_a32_fpscr_write, ir_get(a32_u(t), t->f.rt), IR_NONE, IR_NONE, IR_NONE);
    a32_exit(t, IR_EXIT_LOOKUP, a32_next(t));
}

static void vmrs(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    if (t->f.fpreg != FPSCR) {
        a32_undefined(t);
    } else if (t->f.rt == 15) {
        ir_val_t v = ir_get(u, A64_SLOT_FPNZCV);
        a64_set_flags_bits(&t->b, ir_extract(u, IR_I64, v, 31, 1), ir_extract(u, IR_I64, v, 30, 1),
                           ir_extract(u, IR_I64, v, 29, 1), ir_extract(u, IR_I64, v, 28, 1));
    } else {
        ir_put(u, t->f.rt, ir_call(u, IR_I64, A64_HELPER_a32_fpscr_read, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    }
}

/* A64's instructions, without precision and registers. */
enum { A64_2SRC = 0x1e200800, A64_1SRC = 0x1e204000, A64_3SRC = 0x1f000000 };

static void fused(struct a32_tr *t, unsigned base)
{
    t->acc = a32_fp_view(t->f.prec, t->f.vd);
    three(t, base);
}

/* clang-format off */
#define FP(name, fn, arg) { A32V_INSN_##name, A32_SEM_FP, fn, arg }
const struct a32_semantics a32v_fp_rows[] = {
    FP(VADD_FP, three, A64_2SRC | 2 << 12), FP(VSUB_FP, three, A64_2SRC | 3 << 12), FP(VMUL_FP, three, A64_2SRC),
    FP(VDIV, three, A64_2SRC | 1 << 12), FP(VNMUL, three, A64_2SRC | 8 << 12),
    FP(VMAXNM_FP, three, A64_2SRC | 6 << 12), FP(VMINNM_FP, three, A64_2SRC | 7 << 12),
    FP(VSEL, vsel, 0x1e200c00),
    FP(VMLA_FP, accumulate, 0), FP(VMLS_FP, accumulate, NEG_PRODUCT),
    FP(VNMLA, accumulate, NEG_PRODUCT | NEG_ADDEND), FP(VNMLS, accumulate, NEG_ADDEND),
    FP(VFMA_FP, fused, A64_3SRC), FP(VFMS_FP, fused, A64_3SRC | 1 << 15),
    FP(VFNMA, fused, A64_3SRC | 1 << 21), FP(VFNMS, fused, A64_3SRC | 1 << 21 | 1 << 15),
    FP(VMOV_IMM, vmov_imm, 0x1e201000),
    FP(VMOV_FP, two, A64_1SRC), FP(VABS_FP, two, A64_1SRC | 1 << 15), FP(VNEG_FP, two, A64_1SRC | 2 << 15),
    FP(VSQRT, two, A64_1SRC | 3 << 15),
    FP(VRINTR, two, A64_1SRC | 15 << 15), FP(VRINTZ_FP, two, A64_1SRC | 11 << 15), FP(VRINTX_FP, two, A64_1SRC | 14 << 15),
    FP(VRINT_DIR, directed, A64_1SRC | 8 << 15),
    FP(VCMP, vcmp, 0), FP(VCMP_ZERO, vcmp, 1),
    FP(VCVT_HALF, vcvt_half, 0), FP(VCVT_FP, vcvt_precision, 0), FP(VCVT_FROM, vcvt_from, 0), FP(VCVT_TO, vcvt_to, 0),
    FP(VCVT_FIX, vcvt_fixed, 0), FP(VCVT_DIR, vcvt_directed, 0), FP(VJCVT, vjcvt, 0),
    FP(VMOVX, vmovx, 0), FP(VINS, vmovx, 1),
    FP(VMOV_S_R, move_one, 0), FP(VMOV_R_S, move_one, TO_CORE),
    FP(VMOV_H_R, move_one, HALF_WORD), FP(VMOV_R_H, move_one, HALF_WORD | TO_CORE),
    FP(VMOV_SS_RR, move_two, 0), FP(VMOV_RR_SS, move_two, TO_CORE),
    FP(VMOV_D_RR, move_double, 0), FP(VMOV_RR_D, move_double, TO_CORE),
    FP(VMOV_E_R, move_element, 0), FP(VMOV_R_E, move_element, TO_CORE), FP(VDUP_R, vdup, 0),
    FP(VMSR, vmsr, 0), FP(VMRS, vmrs, 0),
    A32_ROWS_END
};
/* clang-format on */
