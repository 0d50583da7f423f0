/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_VEC_H
#define ORRERY_CORE_EXEC_VEC_H
/*
 * The vector operations of the IR in portable C: the reference of the interpreter, of
 * the code generators' tests and of what they do not do inline.
 */
#include "core/ir/ir.h"

/* What the operation is besides its operands; filled by vec_env_init. */
struct vec_env {
    const struct ir_guest *guest;
    uint32_t fp_mode;   /* cpu->fp_mode */
    uint8_t lane;       /* log2 of bytes */
    uint8_t rm;         /* enum ir_rm, IR_VF_LOW */
    int64_t imm;
    uint32_t flags;     /* enum cpu_fp_flag bits, or'ed in */
};

/* `dst` may be an operand. Operands the operation lacks are not read. */
typedef void vec_fn(struct vec_env *env, union ir_vec *dst, const union ir_vec *a,
                    const union ir_vec *b, const union ir_vec *c);

/*
 * The function of an operation whose arguments and result are v128, NULL for others
 * (VDUP, VSCALAR, VINS, VLANE, VADDV, VTOPS, VCONST, CALLV have forms of their own).
 */
vec_fn *vec_function(enum ir_op op);

/* Lane `n`, zero-extended; replacing it; the sum of all, as VADDV; top bits, as VTOPS. */
uint64_t vec_lane(const union ir_vec *v, unsigned lane, unsigned n);
void vec_set_lane(union ir_vec *v, unsigned lane, unsigned n, uint64_t value);
void vec_dup(union ir_vec *v, unsigned lane, uint64_t value);
uint64_t vec_sum(const union ir_vec *v, unsigned lane);
uint64_t vec_tops(const union ir_vec *v, unsigned lane);

#endif
