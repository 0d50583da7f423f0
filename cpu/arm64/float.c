/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalar floating point: Arm ARM, C4.1.97 and C7.2. Single and double precision are operations of the
 * IR, whose rules for NaNs, flushing and FPCR are Arm's (core/exec/fp.h); half precision and
 * rare conversions are vector helpers (float_convert.c).
 */
#include "cpu/arm64/float_impl.h"
#include "cpu/arm64/translate_impl.h"

/* Precision in the low bits of a row's argument, the rest above. */
enum { H = FP_F16, S = FP_F32, D = FP_F64, PRECISION = 3, SHIFT = 2 };
#define LANE(arg)      (((arg)&PRECISION) + 1u) /* log2 of bytes */
#define FTYPE(arg)     (((arg)&PRECISION) == D ? IR_F64 : IR_F32)
#define REST(arg)      ((arg) >> SHIFT)
#define IS_HALF(arg)   (((arg)&PRECISION) == H)

static ir_val_t operand(struct a64_tr *t, unsigned arg, unsigned n)
{
    return a64_scalar(t, FTYPE(arg), n);
}

static void result(struct a64_tr *t, unsigned arg, ir_val_t v)
{
    a64_put_scalar(t, LANE(arg), t->d.rd, v);
}

/* The image of a number of any precision as an integer. */
static ir_val_t image(struct a64_tr *t, unsigned arg, unsigned n)
{
    return ir_vlane(t->u, IR_I64, LANE(arg), a64_v(t, n), 0);
}

static ir_val_t half(struct a64_tr *t, uint64_t imm, ir_val_t a, ir_val_t b, ir_val_t c)
{
    return ir_callv(t->u, A64_VEC_fp_half, a, b, c, imm);
}

static ir_val_t dynamic(struct a64_tr *t, enum a64_half_op op, ir_val_t a, ir_val_t b, ir_val_t c)
{
    return half(t, A64_FP_OP(op) | A64_FP_RM(IR_RM_DYN), a, b, c);
}

/* ---- arithmetic; rows of half precision have an enum a64_half_op ---- */
static void half2(struct a64_tr *t, unsigned arg)
{
    a64_put_v(t, t->d.rd, dynamic(t, (enum a64_half_op)arg, a64_v(t, t->d.rn), a64_v(t, t->d.rm), IR_NONE));
}

static void half3(struct a64_tr *t, unsigned arg)
{
    a64_put_v(t, t->d.rd,
              dynamic(t, (enum a64_half_op)arg, a64_v(t, t->d.rn), a64_v(t, t->d.rm), a64_v(t, t->d.ra)));
}

static void half_sqrt(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, dynamic(t, A64_HALF_SQRT, a64_v(t, t->d.rn), IR_NONE, IR_NONE));
}

static void binary(struct a64_tr *t, unsigned arg)
{
    result(t, arg,
           ir_fop(t->u, (enum ir_op)REST(arg), FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rn),
                  operand(t, arg, t->d.rm)));
}

static void fnmul(struct a64_tr *t, unsigned arg)
{
    ir_val_t v = ir_fmul(t->u, FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rn), operand(t, arg, t->d.rm));
    result(t, arg, ir_fneg(t->u, FTYPE(arg), v));
}

enum { MAXIMUM = 1, PROPAGATE = 2 };
static void minmax(struct a64_tr *t, unsigned arg)
{
    ir_val_t a = operand(t, arg, t->d.rn), b = operand(t, arg, t->d.rm);
    bool propagate = REST(arg) & PROPAGATE;
    result(t, arg,
           REST(arg) & MAXIMUM ? ir_fmax(t->u, FTYPE(arg), a, b, propagate)
                               : ir_fmin(t->u, FTYPE(arg), a, b, propagate));
}

static void fsqrt(struct a64_tr *t, unsigned arg)
{
    result(t, arg, ir_fsqrt(t->u, FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rn)));
}

enum { NEG_PRODUCT = 1, NEG_ADDEND = 2 };
static void multiply_add(struct a64_tr *t, unsigned arg)
{
    result(t, arg,
           ir_fma(t->u, FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rn), operand(t, arg, t->d.rm),
                  operand(t, arg, t->d.ra), REST(arg) & NEG_PRODUCT, REST(arg) & NEG_ADDEND));
}

/* ---- signs and moves: bits only ---- */
enum { COPY, ABSOLUTE, NEGATE };
static void sign(struct a64_tr *t, unsigned arg)
{
    if (!IS_HALF(arg)) {
        ir_val_t v = operand(t, arg, t->d.rn);
        if (REST(arg) == ABSOLUTE)
            v = ir_fabs(t->u, FTYPE(arg), v);
        else if (REST(arg) == NEGATE)
            v = ir_fneg(t->u, FTYPE(arg), v);
        result(t, arg, v);
        return;
    }
    ir_val_t v = image(t, arg, t->d.rn);
    if (REST(arg) == ABSOLUTE)
        v = ir_op2i(t->u, IR_AND, IR_I64, v, 0x7fff);
    else if (REST(arg) == NEGATE)
        v = ir_op2i(t->u, IR_XOR, IR_I64, v, 0x8000);
    result(t, arg, v);
}

static void fmov_imm(struct a64_tr *t, unsigned arg)
{
    a64_put_v(t, t->d.rd, ir_vconst(t->u, a64_fp_expand_imm((unsigned)t->d.fpimm8, (enum fp_format)(arg & PRECISION)), 0));
}

static void to_general(struct a64_tr *t, unsigned arg)
{
    if (t->d.rd != 31)
        ir_put(t->u, t->d.rd, image(t, arg, t->d.rn));
}

static void from_general(struct a64_tr *t, unsigned arg)
{
    result(t, arg, a64_x(t, IR_I64, t->d.rn));
}

static void top_to_general(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_x(t, IR_I64, t->d.rd, ir_vlane(t->u, IR_I64, 3, a64_v(t, t->d.rn), 1));
}

static void top_from_general(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, ir_vins(t->u, 3, a64_v(t, t->d.rd), 1, a64_x(t, IR_I64, t->d.rn)));
}

static void fcsel(struct a64_tr *t, unsigned arg)
{
    ir_val_t c = a64_condition(t, t->d.cond);
    if (IS_HALF(arg))
        result(t, arg, ir_select(t->u, IR_I64, c, image(t, arg, t->d.rn), image(t, arg, t->d.rm)));
    else
        result(t, arg,
               ir_select(t->u, FTYPE(arg), c, operand(t, arg, t->d.rn), operand(t, arg, t->d.rm)));
}

/* ---- comparisons: less N, equal ZC, greater C, unordered CV ---- */
struct nzcv {
    ir_val_t n, z, c, v;
};
enum { SIGNAL = 1, WITH_ZERO = 2 };

static struct nzcv compare(struct a64_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    if (IS_HALF(arg)) {
        ir_val_t r = dynamic(t, REST(arg) & SIGNAL ? A64_HALF_CMPE : A64_HALF_CMP, a, b, IR_NONE);
        r = ir_vlane(u, IR_I64, 3, r, 0);
        return (struct nzcv){ ir_extract(u, IR_I64, r, 3, 1), ir_extract(u, IR_I64, r, 2, 1),
                              ir_extract(u, IR_I64, r, 1, 1), ir_extract(u, IR_I64, r, 0, 1) };
    }
    unsigned less = IR_FLT | (REST(arg) & SIGNAL ? 0u : (unsigned)IR_FCMP_QUIET);
    ir_val_t n = ir_fcmp(u, FTYPE(arg), less, a, b);
    return (struct nzcv){ n, ir_fcmp(u, FTYPE(arg), IR_FEQ, a, b), ir_op2i(u, IR_XOR, IR_I64, n, 1),
                          ir_fcmp(u, FTYPE(arg), IR_FUNORD, a, b) };
}

static ir_val_t zero(struct a64_tr *t, unsigned arg)
{
    return IS_HALF(arg) ? ir_vconst(t->u, 0, 0) : ir_const(t->u, FTYPE(arg), 0);
}

static ir_val_t compared(struct a64_tr *t, unsigned arg, unsigned n)
{
    return IS_HALF(arg) ? a64_v(t, n) : operand(t, arg, n);
}

static void fcmp(struct a64_tr *t, unsigned arg)
{
    ir_val_t b = REST(arg) & WITH_ZERO ? zero(t, arg) : compared(t, arg, t->d.rm);
    struct nzcv f = compare(t, arg, compared(t, arg, t->d.rn), b);
    a64_set_flags_bits(t, f.n, f.z, f.c, f.v);
}

/* Where the condition fails nothing is compared: zeros, which raise nothing, stand in. */
static void fccmp(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t c = a64_condition(t, t->d.cond), none = zero(t, arg);
    enum ir_type type = IS_HALF(arg) ? IR_V128 : FTYPE(arg);
    struct nzcv f = compare(t, arg, ir_select(u, type, c, compared(t, arg, t->d.rn), none),
                            ir_select(u, type, c, compared(t, arg, t->d.rm), none));
    unsigned other = (unsigned)t->d.nzcv;
    a64_set_flags_bits(t, ir_select(u, IR_I64, c, f.n, a64_const(t, other >> 3 & 1)),
                       ir_select(u, IR_I64, c, f.z, a64_const(t, other >> 2 & 1)),
                       ir_select(u, IR_I64, c, f.c, a64_const(t, other >> 1 & 1)),
                       ir_select(u, IR_I64, c, f.v, a64_const(t, other & 1)));
}

/* ---- to an integral value; REST: enum ir_rm, then EXACT ---- */
enum { EXACT = 8 };
static void frint(struct a64_tr *t, unsigned arg)
{
    enum ir_rm rm = (enum ir_rm)(REST(arg) & 7);
    bool exact = REST(arg) & EXACT;
    if (IS_HALF(arg))
        a64_put_v(t, t->d.rd,
                  half(t, A64_FP_OP(exact ? A64_HALF_RINTX : A64_HALF_RINT) | A64_FP_RM(rm),
                       a64_v(t, t->d.rn), IR_NONE, IR_NONE));
    else
        result(t, arg, ir_frint(t->u, FTYPE(arg), rm, operand(t, arg, t->d.rn), exact));
}

static ir_val_t convert(struct a64_tr *t, uint64_t imm, ir_val_t v128)
{
    return ir_callv(t->u, A64_VEC_fp_convert, v128, IR_NONE, IR_NONE, imm);
}

enum { LONG = 8, UNSIGNED = 16, FIXED = 32 };
static uint64_t integer_bits(unsigned rest)
{
    return (rest & LONG ? A64_FP_LONG : 0) | (rest & UNSIGNED ? A64_FP_UNSIGNED : 0);
}

static void frint_integer(struct a64_tr *t, unsigned arg) /* FRINT32X, FRINT32Z, FRINT64X, FRINT64Z */
{
    uint64_t imm = A64_FP_OP(A64_CVT_RINT) | A64_FP_RM(REST(arg) & 7) | A64_FP_FORMAT(arg & PRECISION) |
                   integer_bits(REST(arg));
    a64_put_v(t, t->d.rd, convert(t, imm, a64_v(t, t->d.rn)));
}

/* ---- between precisions; `arg`: the source, REST the destination ---- */
static void fcvt(struct a64_tr *t, unsigned arg)
{
    unsigned to = REST(arg);
    if (to != H && !IS_HALF(arg))
        result(t, to, ir_fcvt(t->u, FTYPE(to), FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rn)));
    else
        a64_put_v(t, t->d.rd,
                  convert(t, A64_FP_OP(A64_CVT) | A64_FP_RM(IR_RM_DYN) | A64_FP_FORMAT(arg & PRECISION) |
                                 A64_FP_TO(to), a64_v(t, t->d.rn)));
}

static void bfcvt(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd,
              convert(t, A64_FP_OP(A64_CVT_BF16) | A64_FP_RM(IR_RM_DYN) | A64_FP_FORMAT(S), a64_v(t, t->d.rn)));
}

/* ---- to and from integers; REST: enum ir_rm, LONG, UNSIGNED, FIXED ---- */
static unsigned fbits(const struct a64_tr *t, unsigned rest)
{
    return rest & FIXED ? 64 - (unsigned)t->d.scale : 0;
}

/* 2^n */
static uint64_t power(enum ir_type type, int n)
{
    return type == IR_F64 ? (uint64_t)(1023 + n) << 52 : (uint64_t)(127 + n) << 23;
}

static void to_integer(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned rest = REST(arg), fraction = fbits(t, rest);
    enum ir_type type = rest & LONG ? IR_I64 : IR_I32;
    enum ir_rm rm = (enum ir_rm)(rest & 7);
    if (fraction != 0 && (arg & PRECISION) == S) { /* as a double neither the scaled number nor a denormal is lost */
        ir_val_t d = ir_fcvt(u, IR_F64, IR_F32, IR_RM_DYN, operand(t, arg, t->d.rn));
        d = ir_fmul(u, IR_F64, IR_RM_DYN, d, ir_const(u, IR_F64, power(IR_F64, (int)fraction)));
        a64_put_x(t, type, t->d.rd, ir_ftoi(u, type, IR_F64, rest & UNSIGNED, rm, d));
        return;
    }
    if (IS_HALF(arg) || fraction != 0) {
        uint64_t imm = A64_FP_OP(A64_CVT_TO_INT) | A64_FP_RM(rm) | A64_FP_FORMAT(arg & PRECISION) |
                       integer_bits(rest) | A64_FP_FBITS(fraction);
        ir_val_t v = ir_vlane(u, IR_I64, 3, convert(t, imm, a64_v(t, t->d.rn)), 0);
        a64_put_x(t, IR_I64, t->d.rd, v);
        return;
    }
    a64_put_x(t, type, t->d.rd,
              ir_ftoi(u, type, FTYPE(arg), rest & UNSIGNED, rm, operand(t, arg, t->d.rn)));
}

static void from_integer(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned rest = REST(arg), fraction = fbits(t, rest);
    enum ir_type type = rest & LONG ? IR_I64 : IR_I32;
    if (IS_HALF(arg)) {
        uint64_t imm = A64_FP_OP(A64_CVT_FROM_INT) | A64_FP_RM(IR_RM_DYN) | A64_FP_FORMAT(H) |
                       integer_bits(rest) | A64_FP_FBITS(fraction);
        ir_val_t x = ir_vop1(u, IR_VSCALAR, 3, a64_x(t, IR_I64, t->d.rn));
        a64_put_v(t, t->d.rd, convert(t, imm, x));
        return;
    }
    ir_val_t v = ir_itof(u, FTYPE(arg), type, rest & UNSIGNED, IR_RM_DYN, a64_x(t, type, t->d.rn));
    if (fraction != 0) /* exact: what is not zero is 2^-64 or more */
        v = ir_fmul(u, FTYPE(arg), IR_RM_DYN, v, ir_const(u, FTYPE(arg), power(FTYPE(arg), -(int)fraction)));
    result(t, arg, v);
}

static void fjcvtzs(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    (void)arg;
    ir_val_t r = convert(t, A64_FP_OP(A64_CVT_JS), a64_v(t, t->d.rn)), none = a64_const(t, 0);
    a64_put_x(t, IR_I64, t->d.rd, ir_vlane(u, IR_I64, 3, r, 0));
    a64_set_flags_bits(t, none, ir_vlane(u, IR_I64, 3, r, 1), none, none);
}

/* clang-format off */
#define FP(name, fn, arg) { A64_INSN_##name, A64_SEM_FP, fn, arg }
#define P(precision, rest) ((unsigned)(precision) | (unsigned)(rest) << SHIFT)
/* The same function for all three precisions. */
#define ALL(name, fn, rest)                                                                        \
    FP(name##_H, fn, P(H, rest)), FP(name##_S, fn, P(S, rest)), FP(name##_D, fn, P(D, rest))
/* Half precision by a helper. */
#define TWO(name, fn, rest)                                                                        \
    FP(F##name##_H, half2, A64_HALF_##name), FP(F##name##_S, fn, P(S, rest)), FP(F##name##_D, fn, P(D, rest))
#define THREE(name, rest)                                                                          \
    FP(F##name##_H, half3, A64_HALF_##name), FP(F##name##_S, multiply_add, P(S, rest)),            \
    FP(F##name##_D, multiply_add, P(D, rest))
#define COMPARE(name, rest)                                                                        \
    ALL(name, fcmp, rest), FP(name##_HZ, fcmp, P(H, (rest) | WITH_ZERO)),                          \
    FP(name##_SZ, fcmp, P(S, (rest) | WITH_ZERO)), FP(name##_DZ, fcmp, P(D, (rest) | WITH_ZERO))
#define TO_INT(name, fn, g, suffix, rest)                                                          \
    FP(name##_##g##_H##suffix, fn, P(H, rest)), FP(name##_##g##_S##suffix, fn, P(S, rest)),        \
    FP(name##_##g##_D##suffix, fn, P(D, rest))
#define FROM_INT(name, g, suffix, rest)                                                            \
    FP(name##_H_##g##suffix, from_integer, P(H, rest)), FP(name##_S_##g##suffix, from_integer, P(S, rest)), \
    FP(name##_D_##g##suffix, from_integer, P(D, rest))
#define TO_INTS(letter, rm)                                                                        \
    TO_INT(FCVT##letter##S, to_integer, W,, rm), TO_INT(FCVT##letter##S, to_integer, X,, (rm) | LONG), \
    TO_INT(FCVT##letter##U, to_integer, W,, (rm) | UNSIGNED),                                      \
    TO_INT(FCVT##letter##U, to_integer, X,, (rm) | LONG | UNSIGNED)

const struct a64_semantics a64_float_rows[] = {
    TWO(ADD, binary, IR_FADD), TWO(SUB, binary, IR_FSUB), TWO(MUL, binary, IR_FMUL), TWO(DIV, binary, IR_FDIV),
    TWO(NMUL, fnmul, 0),
    TWO(MAX, minmax, MAXIMUM | PROPAGATE), TWO(MIN, minmax, PROPAGATE), TWO(MAXNM, minmax, MAXIMUM),
    TWO(MINNM, minmax, 0),
    FP(FSQRT_H, half_sqrt, 0), FP(FSQRT_S, fsqrt, S), FP(FSQRT_D, fsqrt, D),
    THREE(MADD, 0), THREE(MSUB, NEG_PRODUCT), THREE(NMADD, NEG_PRODUCT | NEG_ADDEND), THREE(NMSUB, NEG_ADDEND),
    ALL(FMOV, sign, COPY), ALL(FABS, sign, ABSOLUTE), ALL(FNEG, sign, NEGATE),
    FP(FMOV_H_IMM, fmov_imm, H), FP(FMOV_S_IMM, fmov_imm, S), FP(FMOV_D_IMM, fmov_imm, D),
    FP(FMOV_W_H, to_general, H), FP(FMOV_X_H, to_general, H), FP(FMOV_W_S, to_general, S),
    FP(FMOV_X_D, to_general, D), FP(FMOV_X_TOP, top_to_general, 0),
    FP(FMOV_H_W, from_general, H), FP(FMOV_H_X, from_general, H), FP(FMOV_S_W, from_general, S),
    FP(FMOV_D_X, from_general, D), FP(FMOV_TOP_X, top_from_general, 0),
    ALL(FCSEL, fcsel, 0),
    COMPARE(FCMP, 0), COMPARE(FCMPE, SIGNAL),
    ALL(FCCMP, fccmp, 0), ALL(FCCMPE, fccmp, SIGNAL),
    ALL(FRINTN, frint, IR_RNE), ALL(FRINTP, frint, IR_RUP), ALL(FRINTM, frint, IR_RDN), ALL(FRINTZ, frint, IR_RTZ),
    ALL(FRINTA, frint, IR_RMM), ALL(FRINTI, frint, IR_RM_DYN), ALL(FRINTX, frint, IR_RM_DYN | EXACT),
    FP(FRINT32Z_S, frint_integer, P(S, IR_RTZ)), FP(FRINT32Z_D, frint_integer, P(D, IR_RTZ)),
    FP(FRINT32X_S, frint_integer, P(S, IR_RM_DYN)), FP(FRINT32X_D, frint_integer, P(D, IR_RM_DYN)),
    FP(FRINT64Z_S, frint_integer, P(S, IR_RTZ | LONG)), FP(FRINT64Z_D, frint_integer, P(D, IR_RTZ | LONG)),
    FP(FRINT64X_S, frint_integer, P(S, IR_RM_DYN | LONG)), FP(FRINT64X_D, frint_integer, P(D, IR_RM_DYN | LONG)),
    FP(FCVT_H_S, fcvt, P(S, H)), FP(FCVT_H_D, fcvt, P(D, H)), FP(FCVT_S_H, fcvt, P(H, S)),
    FP(FCVT_S_D, fcvt, P(D, S)), FP(FCVT_D_H, fcvt, P(H, D)), FP(FCVT_D_S, fcvt, P(S, D)),
    FP(BFCVT, bfcvt, 0),
    TO_INTS(N, IR_RNE), TO_INTS(P, IR_RUP), TO_INTS(M, IR_RDN), TO_INTS(Z, IR_RTZ), TO_INTS(A, IR_RMM),
    FROM_INT(SCVTF, W,, 0), FROM_INT(SCVTF, X,, LONG),
    FROM_INT(UCVTF, W,, UNSIGNED), FROM_INT(UCVTF, X,, LONG | UNSIGNED),
    TO_INT(FCVTZS, to_integer, W, _FIX, IR_RTZ | FIXED), TO_INT(FCVTZS, to_integer, X, _FIX, IR_RTZ | FIXED | LONG),
    TO_INT(FCVTZU, to_integer, W, _FIX, IR_RTZ | FIXED | UNSIGNED),
    TO_INT(FCVTZU, to_integer, X, _FIX, IR_RTZ | FIXED | LONG | UNSIGNED),
    FROM_INT(SCVTF, W, _FIX, FIXED), FROM_INT(SCVTF, X, _FIX, FIXED | LONG),
    FROM_INT(UCVTF, W, _FIX, FIXED | UNSIGNED), FROM_INT(UCVTF, X, _FIX, FIXED | LONG | UNSIGNED),
    FP(FJCVTZS, fjcvtzs, 0),
    A64_ROWS_END
};
/* clang-format on */
