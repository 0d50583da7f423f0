/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MXCSR: SDM volume 1, 10.2.3 and 11.5; AMD's MM, APM volume 1, 4.2.2.
 * Flags that operations raise collect in cpu->fp_flags; those of before are in
 * x86_cpu.mxcsr, so that what one instruction raises can be told apart where an exception is
 * unmasked.
 */
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

enum { FLAGS = 0x3f, MASKS_SHIFT = 7, DAZ = 1 << 6, RC = 3 << 13, FTZ = 1 << 15, MM = 1 << 17 };
enum { PRE_COMPUTATION = CPU_FP_INVALID | CPU_FP_DENORMAL | CPU_FP_DIVZERO };

uint32_t x86_get_mxcsr(const struct x86_cpu *c)
{
    return (uint32_t)c->mxcsr | (c->cpu.fp_flags & FLAGS);
}

uint32_t x86_mxcsr_mask(const struct x86_cpu *c)
{
    return 0xffff | (x86_cpu_has(c, X86_F_MISALIGNSSE) ? MM : 0);
}

void x86_set_mxcsr(struct x86_cpu *c, uint32_t value)
{
    c->mxcsr = value & x86_mxcsr_mask(c);
    c->cpu.fp_flags = 0;
    x86_update_mode(c);
}

uint32_t x86_host_fp_mode(const struct x86_cpu *c)
{
    return ((uint32_t)c->mxcsr & (DAZ | RC | FTZ)) | 0x1f80;
}

/* ---- LDMXCSR, STMXCSR ---- */
static void ldmxcsr(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_ldmxcsr, x86_get(t, 0), IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_ldmxcsr(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    if (v & ~(uint64_t)x86_mxcsr_mask(X86_CPU(cpu)))
        x86_raise_error(X86_CPU(cpu), X86_GP, 0);
    else
        x86_set_mxcsr(X86_CPU(cpu), (uint32_t)v);
    return 0;
}

static void stmxcsr(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, ir_call(t->u, IR_I64, X86_HELPER_stmxcsr, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
}

uint64_t x86_helper_stmxcsr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return x86_get_mxcsr(X86_CPU(cpu));
}

/* ---- unmasked exceptions (translate.c, `checked`) ---- */
uint64_t x86_helper_xm_begin(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    X86_CPU(cpu)->mxcsr = x86_get_mxcsr(X86_CPU(cpu));
    cpu->fp_flags = 0;
    return 0;
}

uint64_t x86_helper_xm_check(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct x86_cpu *x = X86_CPU(cpu);
    uint32_t unmasked = cpu->fp_flags & ~(uint32_t)(x->mxcsr >> MASKS_SHIFT) & FLAGS;
    (void)a, (void)b, (void)c, (void)d;
    if (unmasked == 0)
        return 0;
    if (unmasked & PRE_COMPUTATION) /* nothing was computed then (11.5.2, 11.5.4) */
        cpu->fp_flags &= PRE_COMPUTATION;
    x86_raise(x, x->cr4 & X86_CR4_OSXMMEXCPT ? X86_XM : X86_UD);
    return 0;
}

const struct x86_semantics x86_sse_control_rows[] = {
    { X86_INSN_LDMXCSR, X86_SEM_SSE, ldmxcsr, 0 },
    { X86_INSN_STMXCSR, X86_SEM_SSE, stmxcsr, 0 },
    { X86_INSN_VLDMXCSR, X86_SEM_AVX, ldmxcsr, 0 },
    { X86_INSN_VSTMXCSR, X86_SEM_AVX, stmxcsr, 0 },
    X86_ROWS_END
};
