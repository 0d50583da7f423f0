/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_FLOAT_VALUE_H
#define ORRERY_CPU_LOONGARCH_FLOAT_VALUE_H
/*
 * Floating-point functions of one value that core/exec/fp.h does not have, for scalars and for lanes of vectors
 * (manual, 3.2.1); single and double precision. Values are bit images, flags go to env->flags.
 */
#include "core/exec/fp.h"
#include "cpu/loongarch/loongarch_impl.h"

/* FCLASS: one bit of ten. */
uint64_t la_fp_class(enum fp_format f, uint64_t v);
/* FLOGB: IEEE 754-2008 logB, the exponent of |v|; of zero -infinity with DIVZERO. */
uint64_t la_fp_logb(struct fp_env *env, enum fp_format f, uint64_t v);
/* FMAXA, FMINA: maxNumMag, minNumMag. */
uint64_t la_fp_extreme_magnitude(struct fp_env *env, enum fp_format f, uint64_t a, uint64_t b, bool max);
/* FRECIP; FRSQRT, a division by the rounded root. The estimates (FRECIPE, FRSQRTE) are as exact. */
uint64_t la_fp_recip(struct fp_env *env, enum fp_format f, uint64_t v);
uint64_t la_fp_rsqrt(struct fp_env *env, enum fp_format f, uint64_t v);

/*
 * An operation raised `flags` (enum cpu_fp_flag): into FCSR.Cause; if one of them is enabled `code` (LA_FPE, LA_VFPE)
 * is raised and the result is true: the destination must not be written. Else into FCSR.Flags.
 */
bool la_fp_traps(struct la_cpu *la, uint32_t flags, enum la_ecode code);

#endif
