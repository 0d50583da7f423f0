/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control and debug registers, interrupts on and off, waiting: SDM volume 1, 5.20, 5.21. What may
 * change mode, mapping or the interrupts taken ends its block.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

enum { RCX = 1 };

void x86_whole(struct x86_tr *t, unsigned helper)
{
    ir_call(t->u, IR_VOID, helper & 0xffff, x86_const(t, t->d.length), IR_NONE, IR_NONE, IR_NONE);
    x86_forget_cc(t);
    if (helper & X86_LEAVES)
        x86_leave(t, IR_EXIT_LOOKUP);
}

/* ---- control and debug registers ---- */
static void mov_cr(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = x86_is64(t) ? 8 : 4;
    (void)arg;
    if (t->d.op[0].kind == X86_OP_CR) {
        ir_val_t v = x86_get_reg(t, t->d.op[1].reg, bytes);
        ir_call(t->u, IR_VOID, X86_HELPER_write_cr, x86_const(t, t->d.op[0].reg), v, IR_NONE,
                IR_NONE);
        if (t->d.op[0].reg == 8)
            x86_go_on(t);
        else
            x86_leave(t, IR_EXIT_LOOKUP);
        return;
    }
    x86_put_reg(t, t->d.op[0].reg, bytes,
                ir_call(t->u, IR_I64, X86_HELPER_read_cr, x86_const(t, t->d.op[1].reg), IR_NONE,
                        IR_NONE, IR_NONE));
}

static bool is_cr(unsigned n)
{
    return n == 0 || (n >= 2 && n <= 4) || n == 8;
}

uint64_t x86_helper_write_cr(struct cpu *cpu, uint64_t n, uint64_t v, uint64_t b, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t exits = cpu->exit;
    (void)b, (void)d;
    if (!is_cr((unsigned)n))
        x86_raise(c, X86_UD);
    else if (x86_write_cr(c, (unsigned)n, v)) /* what follows is looked up anyway */
        cpu->exit = exits;
    return 0;
}

uint64_t x86_helper_read_cr(struct cpu *cpu, uint64_t n, uint64_t b, uint64_t c0, uint64_t d)
{
    (void)b, (void)c0, (void)d;
    if (is_cr((unsigned)n))
        return x86_read_cr(X86_CPU(cpu), (unsigned)n);
    x86_raise(X86_CPU(cpu), X86_UD);
    return 0;
}

static void mov_dr(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = x86_is64(t) ? 8 : 4;
    (void)arg;
    if (t->d.op[0].kind == X86_OP_DR) {
        ir_val_t v = x86_get_reg(t, t->d.op[1].reg, bytes);
        ir_call(t->u, IR_VOID, X86_HELPER_write_dr, x86_const(t, t->d.op[0].reg), v, IR_NONE,
                IR_NONE);
        x86_leave(t, IR_EXIT_LOOKUP);
        return;
    }
    x86_put_reg(t, t->d.op[0].reg, bytes,
                ir_call(t->u, IR_I64, X86_HELPER_read_dr, x86_const(t, t->d.op[1].reg), IR_NONE,
                        IR_NONE, IR_NONE));
}

uint64_t x86_helper_write_dr(struct cpu *cpu, uint64_t n, uint64_t v, uint64_t b, uint64_t d)
{
    (void)b, (void)d;
    x86_write_dr(X86_CPU(cpu), (unsigned)n, v);
    return 0;
}

uint64_t x86_helper_read_dr(struct cpu *cpu, uint64_t n, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t v = 0;
    (void)b, (void)c, (void)d;
    x86_read_dr(X86_CPU(cpu), (unsigned)n, &v);
    return v;
}

/* SMSW: to memory and 16-bit registers the low word, else all of it. */
static void smsw(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_umip, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_put(t, 0,
            ir_call(t->u, IR_I64, X86_HELPER_read_cr, x86_const(t, 0), IR_NONE, IR_NONE, IR_NONE));
}

static void lmsw(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = x86_get(t, 0);
    ir_call(t->u, IR_VOID, X86_HELPER_lmsw, v, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

/* PE can be set but not cleared. */
uint64_t x86_helper_lmsw(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if (x86_write_cr(c, 0, (c->cr0 & ~14ull) | (v & 15)))
        cpu_kick(cpu);
    return 0;
}

uint64_t x86_helper_clts(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    c->cr0 &= ~(uint64_t)X86_CR0_TS;
    x86_update_mode(c);
    return 0;
}

/* SGDT, SIDT, SLDT, STR, SMSW are for level 0 only under CR4.UMIP. */
uint64_t x86_helper_umip(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if ((c->cr4 & X86_CR4_UMIP) && x86_cpl(c) != 0)
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

/* ---- interrupts on and off ---- */
static void cli(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (!(t->mode & X86_MODE_IOPL)) { /* #GP, or VIF */
        ir_call(t->u, IR_VOID, X86_HELPER_virtual_if, x86_const(t, 0), IR_NONE, IR_NONE, IR_NONE);
        return;
    }
    x86_put_slot(t, X86_SLOT_RFLAGS,
                 ir_op2i(t->u, IR_AND, IR_I64, ir_get(t->u, X86_SLOT_RFLAGS), ~(uint64_t)X86_IF));
}

static void sti(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (!(t->mode & X86_MODE_IOPL)) {
        ir_call(t->u, IR_VOID, X86_HELPER_virtual_if, x86_const(t, 1), IR_NONE, IR_NONE, IR_NONE);
        return;
    }
    ir_val_t f = ir_get(t->u, X86_SLOT_RFLAGS);
    x86_put_slot(t, X86_SLOT_RFLAGS, ir_op2i(t->u, IR_OR, IR_I64, f, X86_IF));
    t->sti_before = f; /* translate.c ends the block behind the next instruction, or behind this */
}

void x86_end_sti(struct x86_tr *t, bool alone)
{
    if (alone)
        ir_call(t->u, IR_VOID, X86_HELPER_sti, t->sti_before, IR_NONE, IR_NONE, IR_NONE);
    else
        ir_call(t->u, IR_VOID, X86_HELPER_sti_opens, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    t->sti_before = IR_NONE;
}

/* What waits is taken at the block's end. */
uint64_t x86_helper_sti_opens(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if (x86_inputs(c) & (BIT(X86_INTR) | BIT(X86_NMI) | BIT(X86_SMI) | BIT(X86_INIT)))
        cpu->exit |= CPU_EXIT_RESYNC;
    return 0;
}

/* The shadow is there only if interrupts were off. */
uint64_t x86_helper_sti(struct cpu *cpu, uint64_t before, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if (!(before & X86_IF) && c->shadow == X86_SHADOW_NONE)
        c->shadow = X86_SHADOW_STI;
    x86_mode_kick(c);
    return 0;
}

static void hlt(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_halt, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_IDLE);
}

uint64_t x86_helper_halt(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    x86_set_halted(X86_CPU(cpu), true);
    return 0;
}

/* ---- POPF ---- */
uint64_t x86_helper_popf(struct cpu *cpu, uint64_t v, uint64_t bytes, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    unsigned cpl = x86_cpl(c), iopl = c->rflags >> 12 & 3;
    uint64_t mask = X86_ARITH | X86_TF | X86_DF | X86_NT;
    (void)c0, (void)d;
    if (x86_v86(c) && iopl != 3) { /* with VME a 16-bit POPF writes VIF instead (SDM volume 2) */
        if (!x86_v86_set_if(c, v, (unsigned)bytes))
            return 0;
    } else if (cpl <= iopl) {
        mask |= X86_IF;
    }
    if (cpl == 0)
        mask |= X86_IOPL;
    if (bytes > 2)
        mask |= X86_AC | X86_ID;
    uint64_t old = x86_get_rflags(c), now = (old & ~mask) | (v & mask);
    if (bytes > 2)
        now &= ~(uint64_t)X86_RF;
    x86_set_rflags(c, now);
    x86_mode_kick(c);
    return 0;
}

/* CLAC, STAC: data may be elsewhere from now on, the code that runs is where it was. */
static void access_control(struct x86_tr *t, unsigned on)
{
    if (X86_CPL_OF(t->mode) != 0) { /* SDM volume 2, CLAC: not #GP */
        x86_raises(t, X86_UD);
        return;
    }
    ir_val_t f = ir_get(t->u, X86_SLOT_RFLAGS);
    x86_put_slot(t, X86_SLOT_RFLAGS,
                 on ? ir_op2i(t->u, IR_OR, IR_I64, f, X86_AC)
                    : ir_op2i(t->u, IR_AND, IR_I64, f, ~(uint64_t)X86_AC));
    ir_call(t->u, IR_VOID, X86_HELPER_access_control, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

uint64_t x86_helper_access_control(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    x86_select_context(X86_CPU(cpu));
    return 0;
}

/*
 * ---- MONITOR, MWAIT (SDM volume 2) ----
 * The line is guarded as a reservation is: whoever else writes to it, device or processor, ends the
 * wait.
 */
#define MONITOR_LINE 64u /* leaf 5 */

/* IA32_MISC_ENABLE and HWCR may take both away; and they are for level 0, unless HWCR gives them to all. */
uint64_t x86_helper_monitor_there(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if (x86_hidden(c, X86_F_MONITOR) || (x86_cpl(c) != 0 && !(c->hwcr & X86_HWCR_MON_MWAIT_USER)))
        x86_raise(c, X86_UD);
    return 0;
}

static void monitor(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_monitor_there, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_val_t at = x86_address(t, 1, INSN_MEM_READ);
    x86_load(t, at, 1);
    ir_call(t->u, IR_VOID, X86_HELPER_monitor, at, IR_NONE, IR_NONE, IR_NONE);
}

uint64_t x86_helper_monitor(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    pa_t pa = 0;
    (void)b, (void)c0, (void)d;
    /* No extensions. 64-bit code: RCX with Intel's processors, ECX with AMD's */
    bool wide = x86_code64(c) && c->config->vendor == X86_INTEL;
    if ((wide ? c->gpr[RCX] : (uint32_t)c->gpr[RCX]) != 0) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    bool memory = mmu_host(cpu, va, 1, CPU_LOAD, &pa) != NULL; /* else MWAIT goes on at once */
    mmu_reserve(cpu, pa & ~(pa_t)(MONITOR_LINE - 1), memory ? MONITOR_LINE : 0);
    return 0;
}

static void mwait(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_monitor_there, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_call(t->u, IR_VOID, X86_HELPER_mwait, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_IDLE);
}

uint64_t x86_helper_mwait(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t ecx = (uint32_t)c->gpr[RCX];
    (void)a, (void)b, (void)c0, (void)d;
    if (ecx & ~1u) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    c->waiting = 1 + (ecx & 1);
    x86_set_halted(c, true);
    x86_check_interrupts(c); /* it may be over already */
    return 0;
}

/* clang-format off */
const struct x86_semantics x86_system_rows[] = {
    { X86_INSN_MOV_CR, X86_SEM_CPL0, mov_cr, 0 },
    { X86_INSN_MOV_DR, X86_SEM_CPL0, mov_dr, 0 },
    { X86_INSN_SMSW, 0, smsw, 0 },
    { X86_INSN_LMSW, X86_SEM_CPL0, lmsw, 0 },
    { X86_INSN_CLTS, X86_SEM_CPL0, x86_whole, X86_HELPER_clts | X86_LEAVES },
    { X86_INSN_CLI, 0, cli, 0 },
    { X86_INSN_STI, 0, sti, 0 },
    { X86_INSN_HLT, X86_SEM_CPL0, hlt, 0 },
    { X86_INSN_CLAC, 0, access_control, 0 },
    { X86_INSN_STAC, 0, access_control, 1 },
    { X86_INSN_MONITOR, 0, monitor, 0 },
    { X86_INSN_MWAIT, 0, mwait, 0 },
    X86_ROWS_END
};
/* clang-format on */
