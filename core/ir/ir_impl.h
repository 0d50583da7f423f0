/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_IR_IMPL_H
#define ORRERY_CORE_IR_IR_IMPL_H
/* Shared by the room's verifier, printer and passes. */
#include "core/ir/ir.h"

static inline enum ir_type ir_result_type(const struct ir_inst *in)
{
    switch (ir_op_info[in->op].result) {
    case 'T': return (enum ir_type)in->type;
    case 'I': return IR_I64;
    default: return IR_VOID;
    }
}

static inline unsigned ir_type_bits(enum ir_type t)
{
    return t == IR_V256 ? 256 : t == IR_V128 ? 128 : t == IR_I32 || t == IR_F32 ? 32 : 64;
}

static inline bool ir_is_int(enum ir_type t)
{
    return t == IR_I32 || t == IR_I64;
}

static inline bool ir_is_float(enum ir_type t)
{
    return t == IR_F32 || t == IR_F64;
}

static inline bool ir_is_pure_call(const struct ir_unit *u, const struct ir_inst *in)
{
    return in->op == IR_CALL && (u->guest->helpers[in->imm].flags & IR_CALL_PURE);
}

/* What a vector helper's call is, where hosts have an instruction for it. */
static inline enum ir_native ir_native_of(const struct ir_unit *u, const struct ir_inst *in)
{
    return in->op == IR_CALLV ? u->guest->vec_helpers[in->imm].native : IR_NATIVE_NONE;
}

/* May be dropped when nobody uses its value. */
static inline bool ir_is_droppable(const struct ir_unit *u, const struct ir_inst *in)
{
    return ir_op_info[in->op].flags == 'P' || ir_is_pure_call(u, in) || ir_native_of(u, in) != IR_NATIVE_NONE;
}

/* The instruction's arguments are called by their new numbers. */
static inline void ir_renumber(struct ir_inst *in, const uint16_t *map)
{
    in->a = map[in->a];
    in->b = map[in->b];
    in->c = map[in->c];
    if (in->op == IR_CALL)
        in->imm2 = map[(uint16_t)in->imm2];
}

/* fold_vector.c: the value that it is anyway, or IR_NONE; it may become a constant. */
uint16_t ir_fold_vector(const struct ir_unit *u, struct ir_inst *in);

/* native.c, for `fold`: `in` is made cheaper; the value it is anyway, or IR_NONE. */
uint16_t ir_fold_native(const struct ir_unit *u, struct ir_inst *in);
uint16_t ir_fold_shuffle(const struct ir_unit *u, struct ir_inst *in); /* and VDUP */
uint16_t ir_fold_mask(const struct ir_unit *u, const struct ir_inst *in); /* VAND */
void ir_fold_rotation(const struct ir_unit *u, struct ir_inst *in);       /* VOR, VXOR */

#endif
