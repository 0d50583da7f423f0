/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_BUILD_VEC_H
#define ORRERY_CORE_IR_BUILD_VEC_H
/*
 * Short forms of the vector operations, as build.h has them for the others. `lane` is
 * log2 of a lane's bytes. ops.def says what each operation does.
 */
#include "core/ir/build.h"

/* Any operation: what it lacks is IR_NONE and 0. */
static inline ir_val_t ir_vop(struct ir_unit *u, enum ir_op op, unsigned lane, ir_val_t a, ir_val_t b,
                              ir_val_t c, int64_t imm)
{
    return ir_emit(u, (struct ir_inst){ .op = (uint8_t)op, .type = IR_V128, .aux = (uint8_t)lane, .a = a,
                                        .b = b, .c = c, .imm = imm });
}

static inline ir_val_t ir_vop1(struct ir_unit *u, enum ir_op op, unsigned lane, ir_val_t a)
{
    return ir_vop(u, op, lane, a, IR_NONE, IR_NONE, 0);
}

static inline ir_val_t ir_vop2(struct ir_unit *u, enum ir_op op, unsigned lane, ir_val_t a, ir_val_t b)
{
    return ir_vop(u, op, lane, a, b, IR_NONE, 0);
}

/* Shifts by a constant, VREV, VWIDENS, VWIDENU. */
static inline ir_val_t ir_vop1i(struct ir_unit *u, enum ir_op op, unsigned lane, ir_val_t a, int64_t imm)
{
    return ir_vop(u, op, lane, a, IR_NONE, IR_NONE, imm);
}

/* Floating point: rounding in aux2. */
static inline ir_val_t ir_vfop(struct ir_unit *u, enum ir_op op, unsigned lane, enum ir_rm rm,
                               ir_val_t a, ir_val_t b, ir_val_t c, int64_t imm)
{
    return ir_emit(u, (struct ir_inst){ .op = (uint8_t)op, .type = IR_V128, .aux = (uint8_t)lane,
                                        .aux2 = (uint16_t)rm, .a = a, .b = b, .c = c, .imm = imm });
}

static inline ir_val_t ir_vconst(struct ir_unit *u, uint64_t low, uint64_t high)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_VCONST, .type = IR_V128, .imm = (int64_t)low,
                                        .imm2 = (int64_t)high });
}

/* Lane `n` as a scalar of type `t`: integers zero-extended, floats of the lane's own size. */
static inline ir_val_t ir_vlane(struct ir_unit *u, enum ir_type t, unsigned lane, ir_val_t a, unsigned n)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_VLANE, .type = (uint8_t)t, .aux = (uint8_t)lane, .a = a,
                                        .imm = n });
}

static inline ir_val_t ir_vins(struct ir_unit *u, unsigned lane, ir_val_t a, unsigned n, ir_val_t scalar)
{
    return ir_vop(u, IR_VINS, lane, a, scalar, IR_NONE, n);
}

/* High halves of products: of 64 bits by scalars, which hosts have them for. */
static inline ir_val_t ir_vmul_high(struct ir_unit *u, unsigned lane, ir_val_t a, ir_val_t b, bool is_signed)
{
    enum ir_op op = is_signed ? IR_VMULLS : IR_VMULLU;
    if (lane == 1)
        return ir_vop(u, IR_VMULH, 1, a, b, IR_NONE, !is_signed);
    if (lane == 3) {
        ir_val_t v = a;
        for (unsigned n = 0; n < 2; n++) {
            ir_val_t x = ir_vlane(u, IR_I64, 3, a, n), y = ir_vlane(u, IR_I64, 3, b, n);
            v = ir_vins(u, 3, v, n, ir_op2(u, is_signed ? IR_MULHS : IR_MULHU, IR_I64, x, y));
        }
        return v;
    }
    return ir_vop2(u, IR_VUZP2, lane, ir_vop(u, op, lane, a, b, IR_NONE, 0), ir_vop(u, op, lane, a, b, IR_NONE, 1));
}

/* Sum across, as i64. */
static inline ir_val_t ir_vaddv(struct ir_unit *u, unsigned lane, ir_val_t a)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_VADDV, .type = IR_I64, .aux = (uint8_t)lane, .a = a });
}

/* Top bits of the lanes, as i64. */
static inline ir_val_t ir_vtops(struct ir_unit *u, unsigned lane, ir_val_t a)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_VTOPS, .type = IR_I64, .aux = (uint8_t)lane, .a = a });
}

/* Helper of the guest's table of vector helpers; arguments v128 or IR_NONE. */
static inline ir_val_t ir_callv(struct ir_unit *u, unsigned helper, ir_val_t a, ir_val_t b, ir_val_t c,
                                uint64_t imm)
{
    return ir_emit(u, (struct ir_inst){ .op = IR_CALLV, .type = IR_V128, .a = a, .b = b, .c = c,
                                        .imm = helper, .imm2 = (int64_t)imm });
}

#endif
