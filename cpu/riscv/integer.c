/* SPDX-License-Identifier: Apache-2.0 */
/* RV64I (without memory and system), M, Zicond, Zimop: unprivileged ISA, chapters of these names.
 */
#include "cpu/riscv/translate_impl.h"

static ir_val_t imm(struct rv_tr *t)
{
    return rv_const(t, (uint64_t)t->d.imm);
}

static ir_val_t low_word(struct rv_tr *t, unsigned reg)
{
    return ir_trunc(t->u, rv_x(t, reg));
}

static void put_word(struct rv_tr *t, ir_val_t v)
{
    rv_put_rd(t, ir_sext(t->u, IR_I64, v, 32));
}

static void lui(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, imm(t));
}

static void auipc(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, ir_pc(t->u, t->at + t->d.imm));
}

static void binary(struct rv_tr *t, unsigned op)
{
    rv_put_rd(t, ir_op2(t->u, (enum ir_op)op, IR_I64, rv_x(t, t->d.rs1), rv_x(t, t->d.rs2)));
}

static void binary_imm(struct rv_tr *t, unsigned op)
{
    rv_put_rd(t, ir_op2(t->u, (enum ir_op)op, IR_I64, rv_x(t, t->d.rs1), imm(t)));
}

static void binary_word(struct rv_tr *t, unsigned op)
{
    put_word(t, ir_op2(t->u, (enum ir_op)op, IR_I32, low_word(t, t->d.rs1), low_word(t, t->d.rs2)));
}

static void binary_word_imm(struct rv_tr *t, unsigned op)
{
    put_word(t, ir_op2i(t->u, (enum ir_op)op, IR_I32, low_word(t, t->d.rs1), (uint64_t)t->d.imm));
}

static void set(struct rv_tr *t, unsigned cc)
{
    rv_put_rd(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, rv_x(t, t->d.rs1), rv_x(t, t->d.rs2)));
}

static void set_imm(struct rv_tr *t, unsigned cc)
{
    rv_put_rd(t, ir_setcc(t->u, IR_I64, (enum ir_cc)cc, rv_x(t, t->d.rs1), imm(t)));
}

static void czero(struct rv_tr *t, unsigned eqz)
{
    ir_val_t cond = rv_x(t, t->d.rs2), v = rv_x(t, t->d.rs1), zero = rv_const(t, 0);
    rv_put_rd(t, eqz ? ir_select(t->u, IR_I64, cond, v, zero)
                     : ir_select(t->u, IR_I64, cond, zero, v));
}

static void mop(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_put_rd(t, rv_const(t, 0));
}

static void nothing(struct rv_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

/* ---- control transfer ---- */
/* Without C a target must be a multiple of 4; the exception is the jump's own. */
static bool may_misalign(const struct rv_tr *t)
{
    return !rv_has(t->rv->config, RV_X_C);
}

static void check_target(struct rv_tr *t, ir_val_t taken, ir_val_t target)
{
    ir_call(t->u, IR_VOID, RV_HELPER_branch_target, taken, target, IR_NONE, IR_NONE);
}

uint64_t rv_helper_branch_target(struct cpu *cpu, uint64_t taken, uint64_t target, uint64_t c,
                                 uint64_t d)
{
    (void)c, (void)d;
    if (taken && (target & 2))
        rv_raise(RV_CPU(cpu), RV_CAUSE_FETCH_MISALIGNED, target);
    return 0;
}

static void branch(struct rv_tr *t, unsigned cc)
{
    ir_val_t taken = ir_setcc(t->u, IR_I64, (enum ir_cc)cc, rv_x(t, t->d.rs1), rv_x(t, t->d.rs2));
    if (may_misalign(t) && (t->d.imm & 2))
        check_target(t, taken, ir_pc(t->u, t->at + t->d.imm));
    rv_branch(t, taken, t->at + t->d.imm, rv_next(t));
    t->ended = true;
}

static void jal(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    if (may_misalign(t) && (t->d.imm & 2)) {
        rv_raises(t, RV_CAUSE_FETCH_MISALIGNED, ir_pc(t->u, t->at + t->d.imm));
        return;
    }
    rv_put_rd(t, ir_pc(t->u, rv_next(t)));
    rv_jump(t, t->at + t->d.imm);
    t->ended = true;
}

static bool is_link(unsigned reg)
{
    return reg == 1 || reg == 5;
}

/* Return-address stack hints: unprivileged ISA, "Unconditional Jumps". */
static void jalr(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t sum = ir_op2i(t->u, IR_ADD, IR_I64, rv_x(t, t->d.rs1), (uint64_t)t->d.imm);
    ir_val_t target = ir_op2i(t->u, IR_AND, IR_I64, sum, ~1ull);
    enum ir_link link = is_link(t->d.rd)    ? IR_LINK_CALL
                        : is_link(t->d.rs1) ? IR_LINK_RETURN
                                            : IR_LINK_NONE;
    if (may_misalign(t))
        check_target(t, rv_const(t, 1), target);
    rv_put_rd(t, ir_pc(t->u, rv_next(t)));
    ir_jumpr(t->u, target, t->mode == t->u->mode ? link : IR_LINK_MODE);
    t->ended = true;
}

/* clang-format off */
const struct rv_semantics rv_integer_rows[] = {
    { RV_INSN_LUI, 0, lui, 0 }, { RV_INSN_AUIPC, 0, auipc, 0 },
    { RV_INSN_JAL, 0, jal, 0 }, { RV_INSN_JALR, 0, jalr, 0 },
    { RV_INSN_BEQ, 0, branch, IR_EQ }, { RV_INSN_BNE, 0, branch, IR_NE },
    { RV_INSN_BLT, 0, branch, IR_LTS }, { RV_INSN_BGE, 0, branch, IR_GES },
    { RV_INSN_BLTU, 0, branch, IR_LTU }, { RV_INSN_BGEU, 0, branch, IR_GEU },

    { RV_INSN_ADDI, 0, binary_imm, IR_ADD }, { RV_INSN_XORI, 0, binary_imm, IR_XOR },
    { RV_INSN_ORI, 0, binary_imm, IR_OR },   { RV_INSN_ANDI, 0, binary_imm, IR_AND },
    { RV_INSN_SLLI, 0, binary_imm, IR_SHL }, { RV_INSN_SRLI, 0, binary_imm, IR_SHR },
    { RV_INSN_SRAI, 0, binary_imm, IR_SAR },
    { RV_INSN_SLTI, 0, set_imm, IR_LTS },    { RV_INSN_SLTIU, 0, set_imm, IR_LTU },
    { RV_INSN_ADD, 0, binary, IR_ADD },      { RV_INSN_SUB, 0, binary, IR_SUB },
    { RV_INSN_XOR, 0, binary, IR_XOR },      { RV_INSN_OR, 0, binary, IR_OR },
    { RV_INSN_AND, 0, binary, IR_AND },      { RV_INSN_SLL, 0, binary, IR_SHL },
    { RV_INSN_SRL, 0, binary, IR_SHR },      { RV_INSN_SRA, 0, binary, IR_SAR },
    { RV_INSN_SLT, 0, set, IR_LTS },         { RV_INSN_SLTU, 0, set, IR_LTU },

    { RV_INSN_ADDIW, 0, binary_word_imm, IR_ADD }, { RV_INSN_SLLIW, 0, binary_word_imm, IR_SHL },
    { RV_INSN_SRLIW, 0, binary_word_imm, IR_SHR }, { RV_INSN_SRAIW, 0, binary_word_imm, IR_SAR },
    { RV_INSN_ADDW, 0, binary_word, IR_ADD },      { RV_INSN_SUBW, 0, binary_word, IR_SUB },
    { RV_INSN_SLLW, 0, binary_word, IR_SHL },      { RV_INSN_SRLW, 0, binary_word, IR_SHR },
    { RV_INSN_SRAW, 0, binary_word, IR_SAR },

    { RV_INSN_MUL, 0, binary, IR_MUL },       { RV_INSN_MULH, 0, binary, IR_MULHS },
    { RV_INSN_MULHSU, 0, binary, IR_MULHSU }, { RV_INSN_MULHU, 0, binary, IR_MULHU },
    { RV_INSN_DIV, 0, binary, IR_DIVS },      { RV_INSN_DIVU, 0, binary, IR_DIVU },
    { RV_INSN_REM, 0, binary, IR_REMS },      { RV_INSN_REMU, 0, binary, IR_REMU },
    { RV_INSN_MULW, 0, binary_word, IR_MUL },
    { RV_INSN_DIVW, 0, binary_word, IR_DIVS }, { RV_INSN_DIVUW, 0, binary_word, IR_DIVU },
    { RV_INSN_REMW, 0, binary_word, IR_REMS }, { RV_INSN_REMUW, 0, binary_word, IR_REMU },

    { RV_INSN_CZERO_EQZ, 0, czero, 1 }, { RV_INSN_CZERO_NEZ, 0, czero, 0 },
    { RV_INSN_MOP_R, 0, mop, 0 },       { RV_INSN_MOP_RR, 0, mop, 0 },
    { RV_INSN_NTL_P1, 0, nothing, 0 },  { RV_INSN_NTL_PALL, 0, nothing, 0 },
    { RV_INSN_NTL_S1, 0, nothing, 0 },  { RV_INSN_NTL_ALL, 0, nothing, 0 },
    RV_ROWS_END
};
/* clang-format on */
