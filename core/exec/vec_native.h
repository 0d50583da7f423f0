/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_VEC_NATIVE_H
#define ORRERY_CORE_EXEC_VEC_NATIVE_H
/*
 * The vector helpers of enum ir_native in portable C, for the tables of all ISAs (vec_native.def): FIPS 197, FIPS 180-4
 * in the pieces of Intel's SHA extensions (SDM volume 1, 5.12), carry-less products, GF(2^8). They read nothing but their
 * operands. ISAs that cut rounds otherwise put them together from these; core/ir/native.c takes apart again what that
 * does twice.
 */
#include "core/ir/ir.h"

#define VEC_NATIVE(name, native) ir_vec_fn vec_##name;
#include "core/exec/vec_native.def"
#undef VEC_NATIVE

#endif
