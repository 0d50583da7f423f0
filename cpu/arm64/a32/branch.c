/* SPDX-License-Identifier: Apache-2.0 */
/* Branches and interworking: Arm ARM, F4.1.13 (A32), F3.1 (T32); BXWritePC, BranchWritePC in F5.1. */
#include "cpu/arm64/a32/a32_impl.h"

/* ---- indirect ---- */
/*
 * The target as a PC. Where the state changes, or the block key does otherwise (`force`), the CPU
 * is kicked: the jump's end is where the key is looked up afresh.
 */
uint64_t a64_helper_a32_bx(struct cpu *cpu, uint64_t target, uint64_t force, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    bool thumb = target & 1;
    (void)c, (void)d;
    if (thumb != ((a->a32 >> 5 & 1) != 0)) {
        a->a32 ^= 1u << 5;
        a64_level_changed(a);
        cpu_kick(cpu);
    } else if (force) {
        cpu_kick(cpu);
    }
    /* an unaligned A32 target is forced to be aligned (K1.1, BXWritePC) */
    return target & (thumb ? ~1ull : ~3ull);
}

/* Jump to a value (i64) that has the state to be in bit 0. */
static void jump_to(struct a32_tr *t, ir_val_t target, enum ir_link link)
{
    a32_settle_it(t);
    bool force = t->key != t->it_after;
    ir_val_t va = ir_call(a32_u(t), IR_I64, A64_HELPER_a32_bx, target, ir_const(a32_u(t), IR_I64, force),
                          IR_NONE, IR_NONE);
    ir_jumpr(a32_u(t), va, link);
    t->b.ended = true;
}

/* The address after this instruction, with the current state in bit 0, as an i64. */
static ir_val_t return_address(struct a32_tr *t)
{
    ir_val_t pc = ir_zext(a32_u(t), IR_I64, ir_pc(a32_u(t), a32_next(t)), 32);
    return t->thumb ? ir_op2i(a32_u(t), IR_OR, IR_I64, pc, 1) : pc;
}

static ir_val_t or_next(struct a32_tr *t, ir_val_t target)
{
    return t->sel == IR_NONE ? target : ir_select(a32_u(t), IR_I64, t->sel, target, return_address(t));
}

void a32_bx(struct a32_tr *t, ir_val_t target, enum ir_link link)
{
    jump_to(t, or_next(t, ir_zext(a32_u(t), IR_I64, target, 32)), link);
}

void a32_branch_to(struct a32_tr *t, ir_val_t target, enum ir_link link)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t va = ir_op2i(u, IR_AND, IR_I64, ir_zext(u, IR_I64, target, 32), t->thumb ? ~1ull : ~3ull);
    if (t->sel == IR_NONE && t->key == t->it_after) {
        a32_settle_it(t);
        ir_jumpr(u, va, link);
        t->b.ended = true;
        return;
    }
    jump_to(t, or_next(t, t->thumb ? ir_op2i(u, IR_OR, IR_I64, va, 1) : va), link);
}

static void bx(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    a32_bx(t, a32_r(t, t->o.rm), t->o.rm == 14 ? IR_LINK_RETURN : IR_LINK_NONE);
}

static void blx_reg(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (t->o.rm == 15) {
        a32_undefined(t);
        return;
    }
    ir_val_t target = a32_r(t, t->o.rm);
    a32_put(t, 14, ir_trunc(a32_u(t), return_address(t)));
    a32_bx(t, target, IR_LINK_CALL);
}

/* ---- direct ---- */
static void direct(struct a32_tr *t, int64_t to)
{
    if (t->cond == 14) {
        a32_jump(t, to);
        return;
    }
    a32_settle_it(t);
    ir_branch(a32_u(t), a64_condition(&t->b, t->cond), to, a32_next(t));
    t->b.ended = true;
}

static int64_t target_of(const struct a32_tr *t)
{
    return t->b.at + (t->thumb ? 4 : 8) + t->o.imm;
}

static void b(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    direct(t, target_of(t));
}

static void b_cond16(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (a32_in_it(t)) { /* not permitted in an IT block (F5.1, B) */
        a32_undefined(t);
        return;
    }
    t->cond = t->o.cond;
    direct(t, target_of(t));
}

/* J1 and J2 of B, BL and BLX are the two bits below the sign, xor'ed with its complement (F5.1, B T4). */
static int64_t far_imm(const struct a32_tr *t)
{
    uint64_t imm = (uint64_t)t->o.imm;
    return (int64_t)(imm & 1ull << 63 ? imm : imm ^ (3ull << 22));
}

static void b_far(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    t->o.imm = far_imm(t);
    direct(t, target_of(t));
}

static void link(struct a32_tr *t)
{
    ir_val_t to = return_address(t);
    if (t->cond != 14)
        to = ir_select(a32_u(t), IR_I64, a64_condition(&t->b, t->cond), to, ir_get(a32_u(t), 14));
    ir_put(a32_u(t), 14, to);
}

static void bl(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (t->thumb)
        t->o.imm = far_imm(t);
    link(t);
    direct(t, target_of(t));
}

uint64_t a64_helper_a32_exchange(struct cpu *cpu, uint64_t a0, uint64_t b0, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)a0, (void)b0, (void)c, (void)d;
    a->a32 ^= 1u << 5;
    a64_level_changed(a);
    return 0;
}

/* BLX to an address: from Align(PC, 4), always to the other state. */
static void blx_imm(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    if (t->thumb)
        t->o.imm = far_imm(t);
    int64_t to = (t->thumb ? (t->b.at + 4) & ~3 : t->b.at + 8) + t->o.imm;
    link(t);
    a32_settle_it(t);
    ir_call(a32_u(t), IR_VOID, A64_HELPER_a32_exchange, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(a32_u(t), IR_EXIT_LOOKUP, to);
    t->b.ended = true;
}

static void cbz(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    if (a32_in_it(t)) {
        a32_undefined(t);
        return;
    }
    ir_val_t c = ir_setcc(u, IR_I32, t->o.nz ? IR_NE : IR_EQ, a32_r(t, t->o.rn), a32_const(t, 0));
    a32_settle_it(t);
    ir_branch(u, c, target_of(t), a32_next(t));
    t->b.ended = true;
}

/* Table branches: a byte or halfword at Rn + Rm, in halfwords from the PC. */
static void tbb(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    ir_val_t index = a32_r(t, t->o.rm);
    if (t->o.m)
        index = ir_op2i(u, IR_SHL, IR_I32, index, 1);
    ir_val_t va = ir_add(u, IR_I32, a32_r(t, t->o.rn), index);
    ir_val_t v = ir_op2i(u, IR_SHL, IR_I32, a32_load(t, va, 0, t->o.m ? 2 : 1, 0), 1);
    a32_branch_to(t, ir_add(u, IR_I32, a32_r(t, 15), v), IR_LINK_NONE);
}

const struct a32_semantics a32_branch_rows[] = {
    { A32_INSN_B, A32_SEM_COND, b, 0 },
    { A32_INSN_BL, A32_SEM_COND, bl, 0 },
    { A32_INSN_BLX_IMM, 0, blx_imm, 0 },
    { A32_INSN_BX, A32_SEM_SELECT, bx, 0 },
    { A32_INSN_BXJ, A32_SEM_SELECT, bx, 0 },
    { A32_INSN_BLX_REG, A32_SEM_SELECT, blx_reg, 0 },
    A32_ROWS_END
};
const struct a32_semantics t32_branch_rows[] = {
    { T32_INSN_B__COND, A32_SEM_COND, b_cond16, 0 },
    { T32_INSN_B, A32_SEM_COND, b_far, 0 },
    { T32_INSN_BL, A32_SEM_COND, bl, 0 },
    { T32_INSN_BLX, 0, blx_imm, 0 },
    { T32_INSN_BXJ, A32_SEM_SELECT, bx, 0 },
    { T32_INSN_TBB, 0, tbb, 0 },
    A32_ROWS_END
};
const struct a32_semantics t16_branch_rows[] = {
    { T16_INSN_B__COND, A32_SEM_COND, b_cond16, 0 },
    { T16_INSN_B, A32_SEM_COND, b, 0 },
    { T16_INSN_BX, A32_SEM_SELECT, bx, 0 },
    { T16_INSN_BLX, A32_SEM_SELECT, blx_reg, 0 },
    { T16_INSN_CBZ, A32_SEM_COND, cbz, 0 },
    A32_ROWS_END
};
