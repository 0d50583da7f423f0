/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near branches: SDM volume 1, 5.1.7 (far ones are segment_insn.c's). With CS at 0, and in 64-bit
 * mode, an instruction pointer is a linear address; elsewhere it is computed and checked against
 * CS's limit.
 */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"

/* Is IP of a jump of `bytes` the linear address itself? */
static bool is_direct(const struct x86_tr *t, unsigned bytes)
{
    return x86_is64(t) || ((t->mode & X86_MODE_CS_FLAT) && bytes == 4);
}

static ir_val_t next_ip(struct x86_tr *t, unsigned bits)
{
    ir_val_t pc = ir_pc(t->u, t->next);
    if (x86_is64(t))
        return pc;
    if (!(t->mode & X86_MODE_CS_FLAT))
        pc = ir_sub(t->u, IR_I64, pc, ir_get(t->u, X86_SLOT_SEG_BASE + X86_CS));
    return ir_zext(t->u, IR_I64, pc, bits);
}

ir_val_t x86_next_ip(struct x86_tr *t)
{
    return next_ip(t, t->d.op_size == 2 ? 16 : 32);
}

/* #GP(0) if `ip` is outside CS, or not canonical: before anything was changed. Linear address. */
static ir_val_t linear_of(struct x86_tr *t, ir_val_t ip)
{
    if (x86_is64(t)) { /* the unused bits and the one below them are alike: +1 there gives 0 or 1 */
        unsigned unused = t->mode & X86_MODE_LA57 ? 7 : 16;
        ir_val_t sum = ir_op2i(t->u, IR_ADD, IR_I64, ip, 1ull << (63 - unused));
        ir_trap(t->u, ir_op2i(t->u, IR_SHR, IR_I64, sum, 64 - unused), X86_HELPER_raise_error,
                X86_GP);
        return ip;
    }
    if (t->mode & X86_MODE_CS_FLAT)
        return ir_zext(t->u, IR_I64, ip, 32);
    return ir_call(t->u, IR_I64, X86_HELPER_code_address, ip, IR_NONE, IR_NONE, IR_NONE);
}

uint64_t x86_helper_code_address(struct cpu *cpu, uint64_t ip, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if ((uint32_t)ip > c->seg[X86_CS].limit)
        x86_raise_error(c, X86_GP, 0);
    return (uint32_t)(c->seg[X86_CS].base + ip);
}

void x86_jump_to(struct x86_tr *t, ir_val_t ip, enum ir_link link)
{
    ir_jumpr(t->u, linear_of(t, ip), link);
    t->ended = true;
}

/* IP of a relative target, cut to the operand size. */
static ir_val_t target_ip(struct x86_tr *t, int64_t displacement)
{
    ir_val_t ip = ir_op2i(t->u, IR_ADD, IR_I64, x86_next_ip(t), (uint64_t)displacement);
    return ir_zext(t->u, IR_I64, ip, t->d.op_size == 2 ? 16 : 32);
}

void x86_jump_rel(struct x86_tr *t, int64_t displacement)
{
    if (is_direct(t, t->d.op_size)) {
        ir_jump(t->u, t->next + displacement);
        t->ended = true;
    } else {
        x86_jump_to(t, target_ip(t, displacement), IR_LINK_NONE);
    }
}

static void branch_if(struct x86_tr *t, ir_val_t cond)
{
    if (is_direct(t, t->d.op_size)) {
        ir_branch(t->u, cond, t->next + (int64_t)t->d.imm, t->next);
        t->ended = true;
        return;
    }
    /* Not taken: the next instruction, also above 64 KiB, where 16-bit code of a large segment may
     * be */
    ir_val_t ip = ir_select(t->u, IR_I64, cond, target_ip(t, (int64_t)t->d.imm), next_ip(t, 32));
    x86_jump_to(t, ip, IR_LINK_NONE);
}

static void jcc(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    branch_if(t, x86_condition(t, t->d.cond));
}

enum { LOOP, LOOPE, LOOPNE };

static void loop(struct x86_tr *t, unsigned what)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.addr_size;
    ir_val_t n = ir_op2i(u, IR_SUB, IR_I64, ir_get(u, X86_SLOT_GPR + 1), 1);
    ir_val_t cut = bytes == 8 ? n : ir_zext(u, IR_I64, n, bytes * 8);
    ir_val_t go = ir_setcc(u, IR_I64, IR_NE, cut, x86_const(t, 0));
    if (what != LOOP)
        go = ir_and(u, IR_I64, go, x86_condition(t, what == LOOPE ? 4 : 5));
    if (!is_direct(t, t->d.op_size)) { /* the target's check comes first */
        ir_val_t ip = ir_select(u, IR_I64, go, target_ip(t, (int64_t)t->d.imm), next_ip(t, 32));
        ir_val_t linear = linear_of(t, ip);
        x86_put_reg(t, 1, bytes, cut);
        ir_jumpr(u, linear, IR_LINK_NONE);
        t->ended = true;
        return;
    }
    x86_put_reg(t, 1, bytes, cut);
    branch_if(t, go);
}

static void jcxz(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    branch_if(t, ir_setcc(t->u, IR_I64, IR_EQ, x86_get_reg(t, 1, t->d.addr_size), x86_const(t, 0)));
}

static void jmp(struct x86_tr *t, unsigned indirect)
{
    if (indirect)
        x86_jump_to(t, x86_get(t, 0), IR_LINK_NONE);
    else
        x86_jump_rel(t, (int64_t)t->d.imm);
}

static void call(struct x86_tr *t, unsigned indirect)
{
    bool direct = !indirect && is_direct(t, t->d.op_size);
    ir_val_t linear = IR_NONE;
    if (!direct)
        linear = linear_of(t, indirect ? x86_get(t, 0) : target_ip(t, (int64_t)t->d.imm));
    x86_push(t, x86_next_ip(t), t->d.op_size);
    if (direct)
        ir_jump(t->u, t->next + (int64_t)t->d.imm);
    else
        ir_jumpr(t->u, linear, IR_LINK_CALL);
    t->ended = true;
}

static void ret(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t linear = linear_of(t, x86_pop(t, t->d.op_size));
    x86_add_sp(t, t->d.op_size + (int64_t)(t->d.n_ops != 0 ? t->d.imm & 0xffff : 0));
    ir_jumpr(t->u, linear, IR_LINK_RETURN);
    t->ended = true;
}

static void undefined(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_raises(t, X86_UD);
}

/* clang-format off */
const struct x86_semantics x86_branch_rows[] = {
    { X86_INSN_JCC, 0, jcc, 0 },       { X86_INSN_JCXZ, 0, jcxz, 0 },
    { X86_INSN_LOOP, 0, loop, LOOP },  { X86_INSN_LOOPE, 0, loop, LOOPE }, { X86_INSN_LOOPNE, 0, loop, LOOPNE },
    { X86_INSN_JMP, 0, jmp, 0 },       { X86_INSN_JMP_IND, 0, jmp, 1 },
    { X86_INSN_CALL, 0, call, 0 },     { X86_INSN_CALL_IND, 0, call, 1 }, { X86_INSN_RET, 0, ret, 0 },
    { X86_INSN_UD0, 0, undefined, 0 }, { X86_INSN_UD1, 0, undefined, 0 }, { X86_INSN_UD2, 0, undefined, 0 },
    X86_ROWS_END
};
/* clang-format on */
