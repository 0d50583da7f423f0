/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSRs, counters, identification, random numbers, protection keys, segment bases: functions over
 * the general registers. SDM volume 1, 5.15 to 5.21.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"

enum { RAX, RCX, RDX, RBX };

static uint64_t edx_eax(const struct x86_cpu *c)
{
    return c->gpr[RDX] << 32 | (uint32_t)c->gpr[RAX];
}

static void set_edx_eax(struct x86_cpu *c, uint64_t v)
{
    c->gpr[RAX] = (uint32_t)v;
    c->gpr[RDX] = v >> 32;
}

/* ---- MSRs, counters, identification ---- */
uint64_t x86_helper_rdmsr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t v;
    (void)a, (void)b, (void)c0, (void)d;
    if (x86_read_msr(c, (uint32_t)c->gpr[RCX], &v))
        set_edx_eax(c, v);
    else
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

static void wrmsr(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_whole(t, X86_HELPER_wrmsr);
    x86_go_on(t);
}

uint64_t x86_helper_wrmsr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    x86_enter_device(c); /* many arm timers or signal other CPUs */
    if (!x86_write_msr(c, (uint32_t)c->gpr[RCX], edx_eax(c)))
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

/* RDTSC, RDTSCP (`aux`): IA32_TSC_AUX in RCX. */
static void rdtsc(struct x86_tr *t, unsigned aux)
{
    ir_val_t v = ir_call(t->u, IR_I64, X86_HELPER_rdtsc, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    if (aux)
        x86_put_slot(t, RCX,
                     ir_call(t->u, IR_I64, X86_HELPER_rdpid, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    x86_put_slot(t, RAX, ir_zext(t->u, IR_I64, v, 32));
    x86_put_slot(t, RDX, ir_op2i(t->u, IR_SHR, IR_I64, v, 32));
}

uint64_t x86_helper_rdtsc(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if (LIKELY(!(c->cr4 & X86_CR4_TSD) || x86_cpl(c) == 0))
        return x86_tsc(c);
    x86_raise_error(c, X86_GP, 0);
    return 0;
}

static void rdpid(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, ir_call(t->u, IR_I64, X86_HELPER_rdpid, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
}

uint64_t x86_helper_rdpid(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return (uint32_t)X86_CPU(cpu)->tsc_aux;
}

/* MPERF, APERF; other registers read 0 (APM volume 3, RDPRU). */
uint64_t x86_helper_rdpru(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t n = (uint32_t)c->gpr[RCX];
    uint64_t v = 0;
    (void)a, (void)b, (void)c0, (void)d;
    if ((c->cr4 & X86_CR4_TSD) && x86_cpl(c) != 0) {
        x86_raise(c, X86_UD);
        return 0;
    }
    if (n <= 1)
        (void)x86_read_msr(c, 0xe7 + n, &v);
    set_edx_eax(c, v);
    return 0;
}

uint64_t x86_helper_cpuid(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    static const uint8_t to[] = { RAX, RBX, RCX, RDX };
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t regs[4];
    (void)a, (void)b, (void)c0, (void)d;
    if ((c->misc_features & X86_CPUID_FAULTING) && x86_cpl(c) != 0 && !c->smm) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    x86_cpuid(c, (uint32_t)c->gpr[RAX], (uint32_t)c->gpr[RCX], regs);
    for (unsigned i = 0; i < 4; i++)
        c->gpr[to[i]] = regs[i];
    return 0;
}

/* RDRAND, RDSEED: a stream that follows from the machine's seed. */
static void random_number(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, ir_call(t->u, IR_I64, X86_HELPER_random, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    x86_set_flags_image(t, x86_const(t, X86_CF));
}

uint64_t x86_helper_random(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    struct machine_random r = { .state = c->random };
    (void)a, (void)b, (void)c0, (void)d;
    if (r.state == 0)
        machine_random_init(&r, cpu->machine, cpu->name);
    uint64_t v = machine_random_next(&r);
    c->random = r.state;
    return v;
}

/* ---- protection keys, segment bases ---- */
uint64_t x86_helper_pkru(struct cpu *cpu, uint64_t length, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)length, (void)b, (void)c0, (void)d;
    if (!(c->cr4 & X86_CR4_PKE))
        x86_raise(c, X86_UD);
    else if ((uint32_t)c->gpr[RCX] != 0)
        x86_raise_error(c, X86_GP, 0);
    else
        set_edx_eax(c, (uint32_t)c->pkru);
    return 0;
}

uint64_t x86_helper_write_pkru(struct cpu *cpu, uint64_t length, uint64_t b, uint64_t c0,
                               uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)length, (void)b, (void)c0, (void)d;
    if (!(c->cr4 & X86_CR4_PKE)) {
        x86_raise(c, X86_UD);
    } else if ((uint32_t)c->gpr[RCX] != 0 || (uint32_t)c->gpr[RDX] != 0) {
        x86_raise_error(c, X86_GP, 0);
    } else {
        c->pkru = (uint32_t)c->gpr[RAX];
        x86_update_mode(c);
    }
    return 0;
}

enum { READ_BASE, WRITE_BASE = 8 };

static void segment_base(struct x86_tr *t, unsigned arg)
{
    unsigned seg = arg & 7, bytes = t->d.op[0].size;
    ir_call(t->u, IR_VOID, X86_HELPER_fsgsbase, arg & WRITE_BASE ? x86_get(t, 0) : x86_const(t, 0),
            IR_NONE, IR_NONE, IR_NONE);
    ir_val_t slot = ir_get(t->u, X86_SLOT_SEG_BASE + seg);
    if (arg & WRITE_BASE)
        x86_put_slot(t, X86_SLOT_SEG_BASE + seg, x86_get(t, 0));
    else
        x86_put(t, 0, bytes == 8 ? slot : ir_zext(t->u, IR_I64, slot, 32));
}

uint64_t x86_helper_fsgsbase(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if (!(c->cr4 & X86_CR4_FSGSBASE))
        x86_raise(c, X86_UD);
    else if (!x86_base_canonical(c, v))
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

/* The base is a slot, IA32_KERNEL_GS_BASE is not. */
static void swapgs(struct x86_tr *t, unsigned arg)
{
    ir_val_t base = ir_get(t->u, X86_SLOT_SEG_BASE + X86_GS);
    (void)arg;
    x86_put_slot(t, X86_SLOT_SEG_BASE + X86_GS,
                 ir_call(t->u, IR_I64, X86_HELPER_swapgs, base, IR_NONE, IR_NONE, IR_NONE));
}

uint64_t x86_helper_swapgs(struct cpu *cpu, uint64_t base, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t other = c->kernel_gs_base;
    (void)b, (void)c0, (void)d;
    c->kernel_gs_base = base;
    return other;
}

/* clang-format off */
const struct x86_semantics x86_msr_rows[] = {
    { X86_INSN_RDMSR, X86_SEM_CPL0, x86_whole, X86_HELPER_rdmsr },
    { X86_INSN_WRMSR, X86_SEM_CPL0, wrmsr, 0 },
    { X86_INSN_RDTSC, 0, rdtsc, 0 },
    { X86_INSN_RDTSCP, 0, rdtsc, 1 },
    { X86_INSN_RDPMC, 0, x86_whole, X86_HELPER_rdpmc },
    { X86_INSN_RDPRU, 0, x86_whole, X86_HELPER_rdpru },
    { X86_INSN_RDPID, 0, rdpid, 0 },
    { X86_INSN_CPUID, 0, x86_whole, X86_HELPER_cpuid },
    { X86_INSN_RDRAND, 0, random_number, 0 },
    { X86_INSN_RDSEED, 0, random_number, 0 },
    { X86_INSN_RDPKRU, 0, x86_whole, X86_HELPER_pkru },
    { X86_INSN_WRPKRU, 0, x86_whole, X86_HELPER_write_pkru | X86_LEAVES },
    { X86_INSN_RDFSBASE, 0, segment_base, READ_BASE | X86_FS },
    { X86_INSN_RDGSBASE, 0, segment_base, READ_BASE | X86_GS },
    { X86_INSN_WRFSBASE, 0, segment_base, WRITE_BASE | X86_FS },
    { X86_INSN_WRGSBASE, 0, segment_base, WRITE_BASE | X86_GS },
    { X86_INSN_SWAPGS, X86_SEM_CPL0, swapgs, 0 },
    X86_ROWS_END
};
/* clang-format on */
