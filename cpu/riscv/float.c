/* SPDX-License-Identifier: Apache-2.0 */
/*
 * F, D and Zfa for both: unprivileged ISA, chapters "F", "D", "Zfa". A single lives
 * NaN-boxed in a 64-bit register: operands are unboxed, results boxed.
 */
#include "cpu/riscv/translate_impl.h"
#include <string.h>

enum { S = 0, D = 1 << 8 }; /* precision, in a row's argument beside the operation */
#define FTYPE(arg) ((arg)&D ? IR_F64 : IR_F32)
#define LOW(arg)   ((arg)&0xff)

static ir_val_t operand(struct rv_tr *t, unsigned n, unsigned arg)
{
    return arg & D ? rv_f(t, n) : ir_funbox(t->u, rv_f(t, n));
}

static void result(struct rv_tr *t, unsigned arg, ir_val_t v)
{
    rv_put_fd(t, arg & D ? v : ir_fbox(t->u, v));
}

/* frm = RMM is a block mode, since hosts have no such dynamic mode. */
static enum ir_rm rounding(const struct rv_tr *t)
{
    if (t->d.rm == IR_RM_DYN && (t->mode & RV_MODE_RMM))
        return IR_RMM;
    return (enum ir_rm)t->d.rm;
}

static void binary(struct rv_tr *t, unsigned arg)
{
    result(t, arg,
           ir_fop(t->u, (enum ir_op)LOW(arg), FTYPE(arg), rounding(t), operand(t, t->d.rs1, arg),
                  operand(t, t->d.rs2, arg)));
}

static void fsqrt(struct rv_tr *t, unsigned arg)
{
    result(t, arg, ir_fsqrt(t->u, FTYPE(arg), rounding(t), operand(t, t->d.rs1, arg)));
}

enum { NEG_PRODUCT = 1, NEG_ADDEND = 2 };

static void multiply_add(struct rv_tr *t, unsigned arg)
{
    result(t, arg,
           ir_fma(t->u, FTYPE(arg), rounding(t), operand(t, t->d.rs1, arg),
                  operand(t, t->d.rs2, arg), operand(t, t->d.rs3, arg), arg & NEG_PRODUCT,
                  arg & NEG_ADDEND));
}

static void fsgnj(struct rv_tr *t, unsigned arg)
{
    result(
        t, arg,
        ir_fsgnj(t->u, FTYPE(arg), operand(t, t->d.rs1, arg), operand(t, t->d.rs2, arg), LOW(arg)));
}

enum { MAXIMUM = 1, PROPAGATE = 2 };

static void minmax(struct rv_tr *t, unsigned arg)
{
    ir_val_t a = operand(t, t->d.rs1, arg), b = operand(t, t->d.rs2, arg);
    result(t, arg,
           arg & MAXIMUM ? ir_fmax(t->u, FTYPE(arg), a, b, arg & PROPAGATE)
                         : ir_fmin(t->u, FTYPE(arg), a, b, arg & PROPAGATE));
}

static void compare(struct rv_tr *t, unsigned arg)
{
    rv_put_rd(t, ir_fcmp(t->u, FTYPE(arg), LOW(arg), operand(t, t->d.rs1, arg),
                         operand(t, t->d.rs2, arg)));
}

static void fround(struct rv_tr *t, unsigned arg)
{
    result(t, arg, ir_frint(t->u, FTYPE(arg), rounding(t), operand(t, t->d.rs1, arg), arg & 1));
}

/* ---- conversions ---- */
enum { LONG = 1, UNSIGNED = 2 };

static void to_integer(struct rv_tr *t, unsigned arg)
{
    enum ir_type to = arg & LONG ? IR_I64 : IR_I32;
    ir_val_t v =
        ir_ftoi(t->u, to, FTYPE(arg), arg & UNSIGNED, rounding(t), operand(t, t->d.rs1, arg));
    rv_put_rd(t, arg & LONG ? v : ir_sext(t->u, IR_I64, v, 32)); /* also fcvt.wu: sign-extended */
}

static void from_integer(struct rv_tr *t, unsigned arg)
{
    enum ir_type from = arg & LONG ? IR_I64 : IR_I32;
    ir_val_t x = rv_x(t, t->d.rs1);
    bool exact = (arg & D) && !(arg & LONG); /* no rounding happens: any mode will do */
    result(t, arg,
           ir_itof(t->u, FTYPE(arg), from, arg & UNSIGNED, exact ? IR_RM_DYN : rounding(t),
                   arg & LONG ? x : ir_trunc(t->u, x)));
}

static void fcvt_s_d(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    result(t, S, ir_fcvt(t->u, IR_F32, IR_F64, rounding(t), operand(t, t->d.rs1, D)));
}

static void fcvt_d_s(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    result(t, D, ir_fcvt(t->u, IR_F64, IR_F32, IR_RM_DYN, operand(t, t->d.rs1, S)));
}

static void fmv_x_w(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, ir_sext(t->u, IR_I64, ir_bitcast(t->u, IR_I64, rv_f(t, t->d.rs1)), 32));
}

static void fmv_w_x(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t box = ir_op2i(t->u, IR_OR, IR_I64, rv_x(t, t->d.rs1), 0xffffffff00000000ull);
    rv_put_fd(t, ir_bitcast(t->u, IR_F64, box));
}

static void fmv_x_d(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, ir_bitcast(t->u, IR_I64, rv_f(t, t->d.rs1)));
}

static void fmv_d_x(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_fd(t, ir_bitcast(t->u, IR_F64, rv_x(t, t->d.rs1)));
}

static void call_on_image(struct rv_tr *t, unsigned helper)
{
    rv_put_rd(t, ir_call(t->u, IR_I64, helper, ir_bitcast(t->u, IR_I64, rv_f(t, t->d.rs1)), IR_NONE,
                         IR_NONE, IR_NONE));
}

/* ---- fclass: chapter "F", table "Format of result of FCLASS instruction" ---- */
static uint64_t classify(bool sign, uint64_t exponent, uint64_t ones, uint64_t fraction,
                         uint64_t quiet)
{
    if (exponent == ones && fraction != 0)
        return fraction & quiet ? BIT(9) : BIT(8);
    if (exponent == ones)
        return sign ? BIT(0) : BIT(7);
    if (exponent != 0)
        return sign ? BIT(1) : BIT(6);
    if (fraction != 0)
        return sign ? BIT(2) : BIT(5);
    return sign ? BIT(3) : BIT(4);
}

uint64_t rv_helper_fclass_s(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c, uint64_t d)
{
    (void)cpu, (void)b, (void)c, (void)d;
    if (v >> 32 != 0xffffffff)
        return BIT(9); /* not a box: the quiet NaN */
    return classify(v >> 31 & 1, v >> 23 & 0xff, 0xff, zext(v, 23), BIT(22));
}

uint64_t rv_helper_fclass_d(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c, uint64_t d)
{
    (void)cpu, (void)b, (void)c, (void)d;
    return classify(v >> 63, v >> 52 & 0x7ff, 0x7ff, zext(v, 52), BIT(51));
}

/*
 * fcvtmod.w.d (Zfa): to zero, modulo 2^32; flags as for fcvt.w.d: NV when the value does
 * not fit a signed word (also for the infinities and NaN, whose result is 0), else NX.
 */
uint64_t rv_helper_fcvtmod(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c, uint64_t d)
{
    int exponent = (int)(v >> 52 & 0x7ff) - 1075; /* of the integer significand */
    uint64_t m = zext(v, 52) | ((v >> 52 & 0x7ff) ? BIT(52) : 0), whole = 0, lost = 0;
    bool negative = v >> 63;
    (void)b, (void)c, (void)d;
    if ((v >> 52 & 0x7ff) == 0x7ff) {
        cpu->fp_flags |= CPU_FP_INVALID;
        return 0;
    }
    bool fits = exponent < -20; /* below 2^32 */
    if (exponent >= 0)
        whole = exponent < 64 ? m << exponent : 0;
    else if (exponent > -64)
        whole = m >> -exponent, lost = zext(m, (unsigned)-exponent);
    else
        lost = m;
    if (!fits || whole > 0x7fffffffull + negative)
        cpu->fp_flags |= CPU_FP_INVALID;
    else if (lost != 0)
        cpu->fp_flags |= CPU_FP_INEXACT;
    return sext(negative ? 0 - whole : whole, 32);
}

/* ---- fli: chapter "Zfa", table of the 32 values. min is the smallest normal of the format. ----
 */
static double fli_value(unsigned n)
{
    static const double values[32] = {
        -1.0,
        0,
        0x1p-16,
        0x1p-15,
        0x1p-8,
        0x1p-7,
        0x1p-4,
        0x1p-3,
        0.25,
        0.3125,
        0.375,
        0.4375,
        0.5,
        0.625,
        0.75,
        0.875,
        1.0,
        1.25,
        1.5,
        1.75,
        2.0,
        2.5,
        3.0,
        4.0,
        8.0,
        16.0,
        128.0,
        256.0,
        0x1p15,
        0x1p16,
        __builtin_inf(),
        __builtin_nan(""),
    };
    return values[n];
}

static void fli(struct rv_tr *t, unsigned arg)
{
    unsigned n = t->d.n & 31;
    double d = n == 1 ? 0x1p-1022 : fli_value(n);
    float s = n == 1 ? 0x1p-126f : (float)fli_value(n);
    uint64_t bits = 0;
    if (arg & D)
        memcpy(&bits, &d, 8);
    else
        memcpy(&bits, &s, 4);
    result(t, arg, ir_const(t->u, FTYPE(arg), bits));
}

/* clang-format off */
#define R   RV_SEM_FP                                  /* reads FP state only */
#define W   (RV_SEM_FP | RV_SEM_DIRTY)
#define WR  (RV_SEM_FP | RV_SEM_DIRTY | RV_SEM_RM)
#define FLOAT_ROWS(P, p)                                                                           \
    { RV_INSN_FADD_##P, WR, binary, IR_FADD | p }, { RV_INSN_FSUB_##P, WR, binary, IR_FSUB | p },  \
    { RV_INSN_FMUL_##P, WR, binary, IR_FMUL | p }, { RV_INSN_FDIV_##P, WR, binary, IR_FDIV | p },  \
    { RV_INSN_FSQRT_##P, WR, fsqrt, p },                                                           \
    { RV_INSN_FMADD_##P, WR, multiply_add, p },                                                             \
    { RV_INSN_FMSUB_##P, WR, multiply_add, NEG_ADDEND | p },                                                \
    { RV_INSN_FNMSUB_##P, WR, multiply_add, NEG_PRODUCT | p },                                              \
    { RV_INSN_FNMADD_##P, WR, multiply_add, NEG_PRODUCT | NEG_ADDEND | p },                                 \
    { RV_INSN_FSGNJ_##P, W, fsgnj, 0 | p }, { RV_INSN_FSGNJN_##P, W, fsgnj, 1 | p },               \
    { RV_INSN_FSGNJX_##P, W, fsgnj, 2 | p },                                                       \
    { RV_INSN_FMIN_##P, W, minmax, p }, { RV_INSN_FMAX_##P, W, minmax, MAXIMUM | p },              \
    { RV_INSN_FMINM_##P, W, minmax, PROPAGATE | p },                                               \
    { RV_INSN_FMAXM_##P, W, minmax, MAXIMUM | PROPAGATE | p },                                     \
    { RV_INSN_FEQ_##P, W, compare, IR_FEQ | p }, { RV_INSN_FLT_##P, W, compare, IR_FLT | p },      \
    { RV_INSN_FLE_##P, W, compare, IR_FLE | p },                                                   \
    { RV_INSN_FLTQ_##P, W, compare, IR_FLT | IR_FCMP_QUIET | p },                                  \
    { RV_INSN_FLEQ_##P, W, compare, IR_FLE | IR_FCMP_QUIET | p },                                  \
    { RV_INSN_FROUND_##P, WR, fround, 0 | p }, { RV_INSN_FROUNDNX_##P, WR, fround, 1 | p },        \
    { RV_INSN_FCVT_W_##P, WR, to_integer, p }, { RV_INSN_FCVT_WU_##P, WR, to_integer, UNSIGNED | p }, \
    { RV_INSN_FCVT_L_##P, WR, to_integer, LONG | p },                                              \
    { RV_INSN_FCVT_LU_##P, WR, to_integer, LONG | UNSIGNED | p },                                  \
    { RV_INSN_FCVT_##P##_W, WR, from_integer, p },                                                 \
    { RV_INSN_FCVT_##P##_WU, WR, from_integer, UNSIGNED | p },                                     \
    { RV_INSN_FCVT_##P##_L, WR, from_integer, LONG | p },                                          \
    { RV_INSN_FCVT_##P##_LU, WR, from_integer, LONG | UNSIGNED | p },                              \
    { RV_INSN_FLI_##P, W, fli, p }
const struct rv_semantics rv_float_rows[] = {
    FLOAT_ROWS(S, S), FLOAT_ROWS(D, D),
    { RV_INSN_FCVT_S_D, WR, fcvt_s_d, 0 }, { RV_INSN_FCVT_D_S, WR, fcvt_d_s, 0 },
    { RV_INSN_FMV_X_W, R, fmv_x_w, 0 },    { RV_INSN_FMV_W_X, W, fmv_w_x, 0 },
    { RV_INSN_FMV_X_D, R, fmv_x_d, 0 },    { RV_INSN_FMV_D_X, W, fmv_d_x, 0 },
    { RV_INSN_FCLASS_S, R, call_on_image, RV_HELPER_fclass_s },
    { RV_INSN_FCLASS_D, R, call_on_image, RV_HELPER_fclass_d },
    { RV_INSN_FCVTMOD_W_D, W, call_on_image, RV_HELPER_fcvtmod },
    RV_ROWS_END
};
/* clang-format on */
