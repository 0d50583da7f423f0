/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_FP_H
#define ORRERY_CORE_EXEC_FP_H
/*
 * Exact scalar floating point in integer arithmetic: the reference for the code
 * generators, their rare paths, and the ISAs' helpers.
 *
 * IEEE 754-2008 binary16, binary32, binary64; all five rounding directions. Where
 * the standard leaves a choice the guest's rule decides (`enum ir_fp_rule`):
 *
 *                     RISC-V          Arm             x86             LoongArch
 *   default NaN       positive        positive        negative        positive
 *   NaN operands      default         sNaN, then qNaN first operand   sNaN, then qNaN
 *     order of FMA    -               c, a, b         a, b, c         c, a, b
 *   inf * 0 + qNaN    default, NV     default, NV     c, quiet        c, NV
 *   tininess          after rounding  before          after           after
 *   to integer: NaN   largest         0               indefinite      0
 *     out of range    saturated       saturated       indefinite      saturated
 *   min, max          number wins     number wins     second operand  number wins
 *
 * (RISC-V unprivileged ISA, chapter "F"; Arm DDI 0487, shared pseudocode FPProcessNaNs,
 * FPMulAdd, FPToFixed, FPMinNum; Intel SDM volume 1, sections 4.8.3 and 11.5; LoongArch
 * reference manual volume 1, chapter 3.) "Indefinite": only the top bit set; all ones
 * of an unsigned result.
 *
 * Values are bit images, zero-extended to 64 bits. No state is kept and the host's
 * FPU is not used.
 */
#include "core/ir/ir.h"

enum fp_format { FP_F16, FP_F32, FP_F64 };

struct fp_env {
    enum ir_fp_rule rule;
    enum ir_rm rm;       /* not IR_RM_DYN */
    bool daz;            /* denormal operands count as zero (f32, f64); Arm FZ sets both */
    bool ftz;            /* tiny results become zero (f32, f64) */
    bool default_nan;    /* Arm FPCR.DN: never propagate */
    bool flush16;        /* Arm FPCR.FZ16: both of f16, whose operands raise no DENORMAL; 0 after fp_env_init */
    uint32_t flags;      /* enum cpu_fp_flag bits, or'ed in. DENORMAL: x86 any denormal operand
                            (not under daz), Arm a flushed one; others never */
};

/*
 * The environment of one operation: `mode` is cpu->fp_mode (bits as MXCSR: 6 DAZ,
 * 14:13 rounding, 15 FTZ; and one more, Arm's FPCR.DN), `rm` the instruction's.
 */
#define FP_MODE_DAZ 0x40u
#define FP_MODE_FTZ 0x8000u
#define FP_MODE_DN  0x10000u
void fp_env_init(struct fp_env *env, enum ir_fp_rule rule, uint32_t mode, enum ir_rm rm);

uint64_t fp_add(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b);
uint64_t fp_sub(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b);
uint64_t fp_mul(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b);
uint64_t fp_div(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b);
uint64_t fp_sqrt(struct fp_env *env, enum fp_format f, uint64_t a);
/* a * b + c with one rounding. Negated forms flip signs of a or c first (NaN: of no effect). */
uint64_t fp_fma(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, uint64_t c,
                bool negate_product, bool negate_addend);
/* `propagate`: any NaN operand gives NaN. x86 has one rule and ignores it. */
uint64_t fp_min(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool propagate);
uint64_t fp_max(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool propagate);
/* `cmp` = enum ir_fcmp, IR_FCMP_QUIET or'ed in: 0, 1, or IMAGE's flags. */
unsigned fp_cmp(struct fp_env *env, enum fp_format f, unsigned cmp, uint64_t a, uint64_t b);

uint64_t fp_cvt(struct fp_env *env, enum fp_format to, enum fp_format from, uint64_t a);
/* To an integer of `bits` (8 to 64); the result is zero-extended. */
uint64_t fp_to_int(struct fp_env *env, enum fp_format from, unsigned bits, bool is_unsigned,
                   uint64_t a);
/* From an integer of `bits` (8 to 64) in the low bits of v. */
uint64_t fp_from_int(struct fp_env *env, enum fp_format to, unsigned bits, bool is_unsigned,
                     uint64_t v);
/* To an integral value of the same format. */
uint64_t fp_round(struct fp_env *env, enum fp_format f, uint64_t a, bool raise_inexact);

#endif
