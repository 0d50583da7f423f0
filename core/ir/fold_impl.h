/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_FOLD_IMPL_H
#define ORRERY_CORE_IR_FOLD_IMPL_H
/*
 * What the files of pass `fold` share: fold.c (the walk), fold_value.c (identities of integers and scalars), fold_select.c
 * (conditions, and what they choose), fold_known.c (what is known of values), native.c (vectors). Each function makes `in`,
 * which is f->insts[f->i] with its arguments replaced already, cheaper in place, or has it replaced by an earlier value.
 */
#include "core/ir/ir_impl.h"

/* Of each value two widths: bits from `zero` up are 0; bits from `sign` - 1 up are equal. Extensions within them do nothing. */
struct known {
    uint8_t zero, sign;
};

struct fold {
    struct ir_unit *u;
    struct ir_inst *insts;
    uint16_t *map;
    struct known *known;
    uint32_t i;                  /* the instruction looked at */
    uint16_t slot[IR_MAX_SLOTS]; /* value a slot holds at this point; 0 = not known */
};

static inline bool is_const(const struct fold *f, unsigned v)
{
    return f->insts[v].op == IR_CONST && v != IR_NONE;
}

static inline bool is_const_value(const struct fold *f, unsigned v, uint64_t value)
{
    return is_const(f, v) && (uint64_t)f->insts[v].imm == value;
}

static inline void become_const(struct ir_inst *in, enum ir_type type, uint64_t v)
{
    *in = (struct ir_inst){ .op = IR_CONST, .type = (uint8_t)type, .imm = (int64_t)v };
}

static inline void become(struct fold *f, unsigned v)
{
    f->map[f->i] = (uint16_t)v;
}

static inline uint64_t all_ones(const struct ir_inst *in)
{
    return ir_type_bits((enum ir_type)in->type) == 32 ? UINT32_MAX : UINT64_MAX;
}

/* fold_value.c: of operations on one argument; whose arguments are the same value; whose right one is the constant k. */
void ir_fold_unary(struct fold *f, struct ir_inst *in);
void ir_fold_same(struct fold *f, struct ir_inst *in);
void ir_fold_right(struct fold *f, struct ir_inst *in, uint64_t k);

/* fold_select.c */
/* `in` becomes whether `condition`, a SETCC, does not hold; of other values only with `zero`, a constant 0, else IR_NONE. */
bool ir_become_inverted(const struct fold *f, struct ir_inst *in, unsigned condition, unsigned zero);
/* SETCC against 0. */
void ir_fold_setcc_zero(struct fold *f, struct ir_inst *in);
void ir_fold_select(struct fold *f, struct ir_inst *in);
/* OR, ADD or XOR of two SELECTs that are one: then `in` is that. */
bool ir_fold_halves(const struct fold *f, struct ir_inst *in);
/* Of BRANCH and SELECT. */
void ir_fold_condition(const struct fold *f, struct ir_inst *in);

/* fold_known.c: of the result of `in`, by what is known of its arguments. */
struct known ir_known_bits(const struct fold *f, const struct ir_inst *in);

#endif
