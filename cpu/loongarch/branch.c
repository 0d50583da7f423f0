/* SPDX-License-Identifier: Apache-2.0 */
/* Branches: manual, 2.2.4 and 3.2.5. A target that is no multiple of 4 faults when it is fetched. */
#include "cpu/loongarch/translate_impl.h"

static void to(struct la_tr *t, ir_val_t taken)
{
    ir_branch(t->u, taken, t->at + t->d.imm, la_next(t));
    t->ended = true;
}

static void compare(struct la_tr *t, unsigned cc)
{
    to(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, la_r(t, IR_I64, t->d.rj), la_r(t, IR_I64, t->d.rd)));
}

static void with_zero(struct la_tr *t, unsigned cc)
{
    to(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, la_r(t, IR_I64, t->d.rj), la_const(t, 0)));
}

static void flag(struct la_tr *t, unsigned cc)
{
    to(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, ir_get(t->u, LA_SLOT_FCC + t->d.cj), la_const(t, 0)));
}

static void jump(struct la_tr *t, unsigned link)
{
    if (link)
        la_put_r(t, IR_I64, 1, ir_pc(t->u, la_next(t)));
    ir_jump(t->u, t->at + t->d.imm);
    t->ended = true;
}

/* r1 is the return address (psABI): calls write it, returns jump to it. rj is read before rd is written. */
static void jirl(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t target = ir_op2i(t->u, IR_ADD, IR_I64, la_r(t, IR_I64, t->d.rj), (uint64_t)t->d.imm);
    if (UNLIKELY(t->mode & LA_MODE_VA32))
        target = ir_zext(t->u, IR_I64, target, 32);
    enum ir_link link = t->d.rd == 1 ? IR_LINK_CALL
                        : t->d.rd == 0 && t->d.rj == 1 && t->d.imm == 0 ? IR_LINK_RETURN
                                                                        : IR_LINK_NONE;
    la_put_r(t, IR_I64, t->d.rd, ir_pc(t->u, la_next(t)));
    ir_jumpr(t->u, target, link);
    t->ended = true;
}

/* clang-format off */
const struct la_semantics la_branch_rows[] = {
    { LA_INSN_BEQ, 0, compare, IR_EQ },   { LA_INSN_BNE, 0, compare, IR_NE },
    { LA_INSN_BLT, 0, compare, IR_LTS },  { LA_INSN_BGE, 0, compare, IR_GES },
    { LA_INSN_BLTU, 0, compare, IR_LTU }, { LA_INSN_BGEU, 0, compare, IR_GEU },
    { LA_INSN_BEQZ, 0, with_zero, IR_EQ }, { LA_INSN_BNEZ, 0, with_zero, IR_NE },
    { LA_INSN_BCEQZ, LA_SEM_FP, flag, IR_EQ }, { LA_INSN_BCNEZ, LA_SEM_FP, flag, IR_NE },
    { LA_INSN_B, 0, jump, 0 }, { LA_INSN_BL, 0, jump, 1 }, { LA_INSN_JIRL, 0, jirl, 0 },
    LA_ROWS_END
};
/* clang-format on */
