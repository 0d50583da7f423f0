/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_FLOAT_IMPL_H
#define ORRERY_CPU_LOONGARCH_FLOAT_IMPL_H
/*
 * Floating point on bit images as core/exec/fp.h has them: what that header lacks of the manual's chapter 3, and
 * what becomes of an operation's exceptions. float_value.c; for scalar and vector helpers alike.
 *
 * Translated code does arithmetic inline while no exception is enabled (LA_MODE_FP_TRAP clear): Flags accumulate in
 * cpu.fp_flags; for Cause, which every operation replaces, it only notes what it does (la_note_fp). With an
 * exception enabled every operation is a helper's, which sets Cause.
 */
#include "core/exec/fp.h"
#include "cpu/loongarch/loongarch_impl.h"

/*
 * la_cpu.fp_last: the first argument of LA_HELPER_fp, or `imm` of the vector operations, and which of the two. Emitted
 * before the operation writes its result. `a`, `b`, `c`: registers, -1 for none.
 */
#define LA_FP_SCALAR BIT(62)
#define LA_FP_VECTOR BIT(63)
struct la_tr;
void la_note_fp(struct la_tr *t, uint64_t what, int a, int b, int c, unsigned halves);
/* Exceptions of an operation done again: float.c, vec_fp.c. */
void la_fp_again(struct fp_env *env, uint64_t what, const union ir_vec *operands);
void la_vec_fp_again(struct fp_env *env, uint64_t what, const union ir_vec *low, const union ir_vec *high);
enum ir_rm la_fp_rounding(uint64_t what);
enum ir_rm la_vec_fp_rounding(uint64_t what);

/* The environment of an operation under FCSR; `rm` may be IR_RM_DYN. */
static inline void la_fp_env(const struct la_cpu *la, enum ir_rm rm, struct fp_env *env)
{
    fp_env_init(env, IR_FP_LOONGARCH, la->cpu.fp_mode, rm);
}

/*
 * The operation is done: its Cause, its Flags. False: an enabled exception was raised as `code` (LA_FPE, LA_VFPE) and
 * the destination must stay as it is. `tiny`: a result is subnormal (la_fp_is_tiny), which with U enabled is an
 * exception even where it is exact (3.1.4, Underflow).
 */
bool la_fp_done(struct la_cpu *la, const struct fp_env *env, bool tiny, enum la_ecode code);
bool la_fp_is_tiny(enum fp_format f, uint64_t v);

uint64_t la_fp_scaleb(struct fp_env *env, enum fp_format f, uint64_t a, int64_t n);
uint64_t la_fp_logb(struct fp_env *env, enum fp_format f, uint64_t a);
uint64_t la_fp_class(enum fp_format f, uint64_t a);
/* FRECIPE and FRSQRTE give the same: a correctly rounded result is within 2^-14, and raises what 3.2.1.9 wants. */
uint64_t la_fp_recip(struct fp_env *env, enum fp_format f, uint64_t a);
uint64_t la_fp_rsqrt(struct fp_env *env, enum fp_format f, uint64_t a);
/* maxNumMag, minNumMag */
uint64_t la_fp_max_mag(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool min);
/* Fused multiply-add; `negate`: the rounded result is negated, but not a NaN (FNMADD, FNMSUB). */
uint64_t la_fp_fma(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, uint64_t c, bool subtract,
                   bool negate);
/* Condition `cond` of FCMP.cond, as encoded. */
bool la_fp_compare(struct fp_env *env, enum fp_format f, unsigned cond, uint64_t a, uint64_t b);

#endif
