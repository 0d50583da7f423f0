/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segment registers, far branches, software interrupts: SDM volume 1, 5.1.10, 5.1.7.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"
#include "cpu/x86/translate_impl.h"

enum { RAX, RCX, RDX, R11 = 11 };

/* ---- loading and storing ---- */
/* After a load the flat modes may hold no longer, or hold again: the block ends, but in 64-bit
 * mode. */
static void load_into(struct x86_tr *t, unsigned seg, ir_val_t sel)
{
    ir_call(t->u, IR_VOID, X86_HELPER_load_segment, x86_const(t, seg), sel, IR_NONE, IR_NONE);
    if (!x86_is64(t) || seg == X86_SS)
        x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_load_segment(struct cpu *cpu, uint64_t seg, uint64_t sel, uint64_t shadow,
                                 uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)d, (void)shadow;
    if (!x86_load_segment(c, (enum x86_seg)seg, (uint16_t)sel))
        return 0;
    if (seg == X86_SS) /* MOV SS and POP SS hold interrupts off for one instruction (SDM 7.8.3) */
        c->shadow = X86_SHADOW_SS;
    if (seg == X86_SS || !x86_code64(c))
        x86_update_mode(c);
    return 0;
}

static ir_val_t selector(struct x86_tr *t, unsigned seg)
{
    return ir_call(t->u, IR_I64, X86_HELPER_selector, x86_const(t, seg), IR_NONE, IR_NONE, IR_NONE);
}

static void mov_seg(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (t->d.op[0].kind != X86_OP_SEG) {
        x86_put(t, 0, selector(t, t->d.op[1].reg));
        return;
    }
    if (t->d.op[0].reg == X86_CS || t->d.op[0].reg >= X86_SEGS)
        x86_raises(t, X86_UD);
    else
        load_into(t, t->d.op[0].reg, ir_zext(t->u, IR_I64, x86_get(t, 1), 16));
}

static void push_seg(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_push(t, selector(t, t->d.op[0].reg), t->d.op_size);
}

/* The stack pointer moves only if the load succeeds, and by the size that SS had. */
static void pop_seg(struct x86_tr *t, unsigned arg)
{
    unsigned seg = t->d.op[0].reg, bytes = t->d.op_size;
    (void)arg;
    ir_val_t sel = ir_zext(t->u, IR_I64, x86_pop(t, bytes), 16);
    ir_call(t->u, IR_VOID, X86_HELPER_load_segment, x86_const(t, seg), sel, IR_NONE, IR_NONE);
    x86_add_sp(t, bytes);
    if (!x86_is64(t) || seg == X86_SS)
        x86_leave(t, IR_EXIT_LOOKUP);
}

/* LDS and its like: offset, then selector. */
static void load_far(struct x86_tr *t, unsigned seg)
{
    unsigned bytes = t->d.op_size;
    ir_val_t at = x86_address(t, bytes + 2, INSN_MEM_READ);
    ir_val_t offset = x86_load(t, at, bytes);
    ir_val_t sel = x86_load(t, ir_op2i(t->u, IR_ADD, IR_I64, at, bytes), 2);
    ir_call(t->u, IR_VOID, X86_HELPER_load_segment, x86_const(t, seg), sel, IR_NONE, IR_NONE);
    x86_put(t, 0, offset);
    if (!x86_is64(t) || seg == X86_SS)
        x86_leave(t, IR_EXIT_LOOKUP);
}

/* ---- far branches ---- */
enum { FAR_JUMP, FAR_CALL };

static void far_to(struct x86_tr *t, unsigned what, ir_val_t sel, ir_val_t ip)
{
    ir_val_t how = x86_const(t, what | t->d.op_size << 4 | (unsigned)t->d.length << 8);
    ir_val_t pc = ir_call(t->u, IR_I64, X86_HELPER_far_branch, sel, ip, how, IR_NONE);
    x86_leave_to(t, pc);
}

static void far_direct(struct x86_tr *t, unsigned what)
{
    far_to(t, what, x86_const(t, t->d.imm2 & 0xffff), x86_const(t, t->d.imm));
}

static void far_indirect(struct x86_tr *t, unsigned what)
{
    unsigned bytes = t->d.op_size;
    ir_val_t at = x86_address(t, bytes + 2, INSN_MEM_READ);
    ir_val_t ip = x86_load(t, at, bytes);
    far_to(t, what, x86_load(t, ir_op2i(t->u, IR_ADD, IR_I64, at, bytes), 2), ip);
}

uint64_t x86_helper_far_branch(struct cpu *cpu, uint64_t sel, uint64_t ip, uint64_t how, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    va_t from = cpu_pc(cpu), next = from + (how >> 8 & 15);
    unsigned op_size = how >> 4 & 15;
    (void)d;
    cpu->pc = from;
    bool done = how & 1 ? x86_far_call(c, (uint16_t)sel, ip, op_size, next)
                        : x86_far_jump(c, (uint16_t)sel, ip, op_size, next);
    if (!done)
        return 0;
    x86_update_mode(c);
    return cpu->pc;
}

static void far_return(struct x86_tr *t, unsigned arg)
{
    uint64_t release = t->d.n_ops != 0 ? t->d.imm & 0xffff : 0;
    (void)arg;
    x86_leave_to(t, ir_call(t->u, IR_I64, X86_HELPER_far_return, x86_const(t, t->d.op_size),
                            x86_const(t, release), IR_NONE, IR_NONE));
}

uint64_t x86_helper_far_return(struct cpu *cpu, uint64_t op_size, uint64_t release, uint64_t b,
                               uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)d;
    if (!x86_far_return(c, (unsigned)op_size, (unsigned)release))
        return 0;
    x86_update_mode(c);
    return cpu->pc;
}

static void iret(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t pc = ir_call(t->u, IR_I64, X86_HELPER_iret, x86_const(t, t->d.op_size),
                          x86_const(t, t->d.length), IR_NONE, IR_NONE);
    x86_forget_cc(t);
    x86_leave_to(t, pc);
}

uint64_t x86_helper_iret(struct cpu *cpu, uint64_t op_size, uint64_t length, uint64_t b, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)d;
    cpu->pc = cpu_pc(cpu) + length; /* what a task that is left by IRET goes on with */
    if (!x86_iret(c, (unsigned)op_size))
        return 0;
    if (LIKELY(x86_long_mode(c)))
        x86_update_level(c);
    else
        x86_update_mode(c);
    return cpu->pc;
}

/* ---- software interrupts ---- */
static void software_interrupt(struct x86_tr *t, unsigned vector)
{
    if (vector == 256)
        vector = (t->d.imm & 0xff) | X86_CAUSE_INT_N;
    ir_call(t->u, IR_VOID, X86_HELPER_int, x86_const(t, vector | X86_CAUSE_SOFT),
            x86_const(t, t->d.length), IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

uint64_t x86_helper_int(struct cpu *cpu, uint64_t cause, uint64_t length, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    cpu_raise(cpu, cause, 0, 0, length);
    return 0;
}

static void int1(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_int, x86_const(t, X86_DB | X86_CAUSE_ICEBP),
            x86_const(t, t->d.length), IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

static void into(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_into, x86_condition(t, 0), x86_const(t, t->d.length), IR_NONE,
            IR_NONE);
}

uint64_t x86_helper_into(struct cpu *cpu, uint64_t of, uint64_t length, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (of)
        cpu_raise(cpu, X86_OFL | X86_CAUSE_SOFT, 0, 0, length);
    return 0;
}

static void rsm(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t pc = ir_call(t->u, IR_I64, X86_HELPER_rsm, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_forget_cc(t);
    x86_leave_to(t, pc);
}

uint64_t x86_helper_rsm(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if (!c->smm) {
        x86_raise(c, X86_UD);
        return 0;
    }
    x86_rsm(c);
    cpu_kick(cpu); /* pending SMIs and INITs are next; a halted processor goes on if anything is */
    return cpu->pc;
}

/* clang-format off */
const struct x86_semantics x86_segment_rows[] = {
    { X86_INSN_MOV_SEG, 0, mov_seg, 0 },  { X86_INSN_PUSH_SEG, 0, push_seg, 0 }, { X86_INSN_POP_SEG, 0, pop_seg, 0 },
    { X86_INSN_LDS, 0, load_far, X86_DS }, { X86_INSN_LES, 0, load_far, X86_ES }, { X86_INSN_LFS, 0, load_far, X86_FS },
    { X86_INSN_LGS, 0, load_far, X86_GS }, { X86_INSN_LSS, 0, load_far, X86_SS },
    { X86_INSN_JMP_FAR, 0, far_direct, FAR_JUMP },  { X86_INSN_JMP_FARIND, 0, far_indirect, FAR_JUMP },
    { X86_INSN_CALL_FAR, 0, far_direct, FAR_CALL }, { X86_INSN_CALL_FARIND, 0, far_indirect, FAR_CALL },
    { X86_INSN_RET_FAR, 0, far_return, 0 }, { X86_INSN_IRET, 0, iret, 0 },
    { X86_INSN_INT, 0, software_interrupt, 256 }, { X86_INSN_INT3, 0, software_interrupt, X86_BP },
    { X86_INSN_INT1, 0, int1, 0 },        { X86_INSN_INTO, 0, into, 0 },
    { X86_INSN_RSM, 0, rsm, 0 },
    X86_ROWS_END
};
/* clang-format on */
