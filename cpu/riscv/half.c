/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zfh, Zfhmin and the half-precision part of Zfa: unprivileged ISA, chapter "Zfh".
 * Hosts have no scalar half arithmetic, so all but moves and sign operations are one
 * helper call; half_arith.c computes.
 */
#include "cpu/riscv/half_impl.h"
#include "cpu/riscv/translate_impl.h"

static ir_val_t image(struct rv_tr *t, unsigned n)
{
    return ir_bitcast(t->u, IR_I64, rv_f(t, n));
}

static unsigned rounding(const struct rv_tr *t, bool has_rm)
{
    return has_rm ? t->d.rm : IR_RNE; /* 7: the helper asks frm */
}

/* Row argument: enum rv_half_op, where operands come from and where the result goes. */
enum { TO_X = 0x100, FROM_X = 0x200, HAS_RM = 0x400, TWO = 0x800 };

static void half(struct rv_tr *t, unsigned arg)
{
    ir_val_t a = arg & FROM_X ? rv_x(t, t->d.rs1) : image(t, t->d.rs1);
    ir_val_t b = arg & TWO ? image(t, t->d.rs2) : rv_const(t, 0);
    uint64_t how = (arg & 0xff) | rounding(t, arg & HAS_RM) << 8;
    ir_val_t v = ir_call(t->u, IR_I64, RV_HELPER_half, a, b, rv_const(t, how), IR_NONE);
    if (arg & TO_X)
        rv_put_rd(t, v);
    else
        rv_put_fd(t, ir_bitcast(t->u, IR_F64, v));
}

static void multiply_add(struct rv_tr *t, unsigned signs)
{
    ir_val_t how = rv_const(t, signs | rounding(t, true) << 8);
    ir_val_t v = ir_call(t->u, IR_I64, RV_HELPER_half_fma, image(t, t->d.rs1), image(t, t->d.rs2),
                         image(t, t->d.rs3), how);
    rv_put_fd(t, ir_bitcast(t->u, IR_F64, v));
}

static void fmv_x_h(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, ir_sext(t->u, IR_I64, image(t, t->d.rs1), 16));
}

static void fmv_h_x(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t box = ir_op2i(t->u, IR_OR, IR_I64, rv_x(t, t->d.rs1), ~0xffffull);
    rv_put_fd(t, ir_bitcast(t->u, IR_F64, box));
}

/* Zfa's table; min is 2^-14; 2^-16 and 2^-15 are subnormal, 2^16 is infinity. */
static void fli(struct rv_tr *t, unsigned arg)
{
    static const uint16_t values[32] = {
        0xbc00, 0x0400, 0x0100, 0x0200, 0x1c00, 0x2000, 0x2c00, 0x3000, 0x3400, 0x3500, 0x3600,
        0x3700, 0x3800, 0x3900, 0x3a00, 0x3b00, 0x3c00, 0x3d00, 0x3e00, 0x3f00, 0x4000, 0x4100,
        0x4200, 0x4400, 0x4800, 0x4c00, 0x5800, 0x5c00, 0x7800, 0x7c00, 0x7c00, 0x7e00,
    };
    (void)arg;
    rv_put_fd(t, ir_const(t->u, IR_F64, ~0xffffull | values[t->d.n & 31]));
}

static uint64_t rounding_now(const struct cpu *cpu, uint64_t how)
{
    uint64_t rm = how >> 8 & 7;
    return rm == IR_RM_DYN ? RV_CPU_CONST(cpu)->frm : rm;
}

uint64_t rv_helper_half(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t how, uint64_t d)
{
    (void)d;
    return rv_half_compute((enum rv_half_op)(how & 0xff), a, b, (enum ir_rm)rounding_now(cpu, how),
                           &cpu->fp_flags);
}

uint64_t rv_helper_half_fma(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t how)
{
    return rv_half_fma(a, b, c, how & 1, how & 2, (enum ir_rm)rounding_now(cpu, how),
                       &cpu->fp_flags);
}

/* clang-format off */
#define R   RV_SEM_FP
#define W   (RV_SEM_FP | RV_SEM_DIRTY)
#define WR  (RV_SEM_FP | RV_SEM_DIRTY | RV_SEM_RM)
const struct rv_semantics rv_half_rows[] = {
    { RV_INSN_FADD_H, WR, half, RV_HALF_ADD | TWO | HAS_RM }, { RV_INSN_FSUB_H, WR, half, RV_HALF_SUB | TWO | HAS_RM },
    { RV_INSN_FMUL_H, WR, half, RV_HALF_MUL | TWO | HAS_RM }, { RV_INSN_FDIV_H, WR, half, RV_HALF_DIV | TWO | HAS_RM },
    { RV_INSN_FSQRT_H, WR, half, RV_HALF_SQRT | HAS_RM },
    { RV_INSN_FMADD_H, WR, multiply_add, 0 },  { RV_INSN_FMSUB_H, WR, multiply_add, 2 },
    { RV_INSN_FNMSUB_H, WR, multiply_add, 1 }, { RV_INSN_FNMADD_H, WR, multiply_add, 3 },
    { RV_INSN_FSGNJ_H, W, half, RV_HALF_SGNJ | TWO },   { RV_INSN_FSGNJN_H, W, half, RV_HALF_SGNJN | TWO },
    { RV_INSN_FSGNJX_H, W, half, RV_HALF_SGNJX | TWO },
    { RV_INSN_FMIN_H, W, half, RV_HALF_MIN | TWO },     { RV_INSN_FMAX_H, W, half, RV_HALF_MAX | TWO },
    { RV_INSN_FMINM_H, W, half, RV_HALF_MINM | TWO },   { RV_INSN_FMAXM_H, W, half, RV_HALF_MAXM | TWO },
    { RV_INSN_FEQ_H, W, half, RV_HALF_EQ | TWO | TO_X }, { RV_INSN_FLT_H, W, half, RV_HALF_LT | TWO | TO_X },
    { RV_INSN_FLE_H, W, half, RV_HALF_LE | TWO | TO_X }, { RV_INSN_FLTQ_H, W, half, RV_HALF_LTQ | TWO | TO_X },
    { RV_INSN_FLEQ_H, W, half, RV_HALF_LEQ | TWO | TO_X },
    { RV_INSN_FCLASS_H, R, half, RV_HALF_CLASS | TO_X },
    { RV_INSN_FROUND_H, WR, half, RV_HALF_ROUND | HAS_RM }, { RV_INSN_FROUNDNX_H, WR, half, RV_HALF_ROUNDNX | HAS_RM },
    { RV_INSN_FCVT_S_H, WR, half, RV_HALF_TO_S },       { RV_INSN_FCVT_D_H, WR, half, RV_HALF_TO_D },
    { RV_INSN_FCVT_H_S, WR, half, RV_HALF_FROM_S | HAS_RM }, { RV_INSN_FCVT_H_D, WR, half, RV_HALF_FROM_D | HAS_RM },
    { RV_INSN_FCVT_W_H, WR, half, RV_HALF_TO_W | TO_X | HAS_RM }, { RV_INSN_FCVT_WU_H, WR, half, RV_HALF_TO_WU | TO_X | HAS_RM },
    { RV_INSN_FCVT_L_H, WR, half, RV_HALF_TO_L | TO_X | HAS_RM }, { RV_INSN_FCVT_LU_H, WR, half, RV_HALF_TO_LU | TO_X | HAS_RM },
    { RV_INSN_FCVT_H_W, WR, half, RV_HALF_FROM_W | FROM_X | HAS_RM }, { RV_INSN_FCVT_H_WU, WR, half, RV_HALF_FROM_WU | FROM_X | HAS_RM },
    { RV_INSN_FCVT_H_L, WR, half, RV_HALF_FROM_L | FROM_X | HAS_RM }, { RV_INSN_FCVT_H_LU, WR, half, RV_HALF_FROM_LU | FROM_X | HAS_RM },
    { RV_INSN_FMV_X_H, R, fmv_x_h, 0 }, { RV_INSN_FMV_H_X, W, fmv_h_x, 0 }, { RV_INSN_FLI_H, W, fli, 0 },
    RV_ROWS_END
};
/* clang-format on */
