/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT: SDM volume 2; volume 3, 6.8.7, 6.8.8; for AMD's processors APM volume 3.
 *
 * The first two between levels of 64-bit mode are done by a function that translated code calls as it stands
 * (ir_helper.last): nothing but registers changes then, and to which block key and TLB context is known from the
 * times before (mode.c). The functions that know every case are the reference, and what the interpreter calls.
 */
#include "core/util/bits.h"
#include "cpu/x86/level.h"
#include "cpu/x86/translate_impl.h"
#include <string.h>

enum { RCX = 1, RDX = 2, RSP = 4, R11 = 11 };
enum {
    CODE64 = 0xb | X86_ATTR_L | X86_ATTR_G,
    CODE32 = 0xb | X86_ATTR_DB | X86_ATTR_G,
    DATA = 3 | X86_ATTR_DB | X86_ATTR_G
};
#define SYSRET_FLAGS 0x3c7fd7u /* bits of R11 that SYSRET takes */

static inline uint16_t at_level(unsigned attr, unsigned dpl)
{
    return (uint16_t)(attr | dpl << 5 | X86_ATTR_P | X86_ATTR_S);
}

/* Base 0, 4 GiB. In two words, as wide as anybody reads of it. */
static inline void put_flat(struct x86_cpu *c, unsigned seg, uint16_t sel, uint16_t attr)
{
    const uint64_t rest = UINT32_MAX | (uint64_t)sel << 32 | (uint64_t)attr << 48;
    struct x86_segment *s = &c->seg[seg];
    s->base = 0;
    memcpy(&s->limit, &rest, sizeof(rest));
}
_Static_assert(offsetof(struct x86_segment, sel) == offsetof(struct x86_segment, limit) + 4 &&
                   offsetof(struct x86_segment, attr) == offsetof(struct x86_segment, limit) + 6,
               "put_flat writes all three at once");

static void flat(struct x86_cpu *c, unsigned seg, uint16_t sel, unsigned dpl, unsigned attr)
{
    put_flat(c, seg, sel, at_level(attr, dpl));
}

static void to_helper(struct x86_tr *t, unsigned helper)
{
    ir_val_t pc = ir_call(t->u, IR_I64, helper, ir_pc(t->u, t->next), x86_const(t, t->d.op_size), IR_NONE, IR_NONE);
    x86_forget_cc(t);
    x86_leave_to(t, pc);
}

/* The level changed and pc is c->cpu.pc. */
static uint64_t arrive(struct x86_cpu *c)
{
    x86_update_level(c);
    return c->cpu.pc;
}

/* ---- SYSCALL ---- */

static inline void enter_kernel(struct x86_cpu *c, uint64_t next, uint64_t flags, uint64_t now)
{
    uint16_t cs = c->star >> 32 & 0xfffc;
    c->gpr[RCX] = next;
    c->gpr[R11] = flags & ~(uint64_t)X86_RF;
    x86_set_rflags(c, now);
    flat(c, X86_CS, cs, 0, CODE64);
    flat(c, X86_SS, (uint16_t)(cs + 8), 0, DATA);
}

/* Where LSTAR is 0 is left to the other: 0 says that nothing was done. */
uint64_t x86_last_syscall(struct cpu *cpu, uint64_t next, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    uint64_t flags = x86_get_rflags(c), now = flags & ~(c->fmask | X86_RF);
    bool usual = (c->efer & X86_EFER_SCE) && x86_code64(c) && !(now & X86_TF) && c->lstar != 0;
    if (UNLIKELY(!usual) || !x86_change_level(c, now, at_level(CODE64, 0), at_level(DATA, 0)))
        return 0;
    enter_kernel(c, next, flags, now);
    return c->lstar;
}

uint64_t x86_helper_syscall(struct cpu *cpu, uint64_t next, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    uint64_t flags = x86_get_rflags(c);
    uint16_t cs = c->star >> 32 & 0xfffc;
    bool protected = (c->cr0 & X86_CR0_PE) && !x86_v86(c);
    bool legacy = !x86_long_mode(c) && c->config->vendor == X86_AMD && protected;
    if (!(c->efer & X86_EFER_SCE) || (!x86_long_mode(c) && !legacy) ||
        (x86_long_mode(c) && !x86_code64(c) && c->config->vendor == X86_INTEL)) {
        x86_raise(c, X86_UD);
        return 0;
    }
    if (legacy) { /* APM volume 3, SYSCALL: to STAR[31:0], with VM, IF and RF cleared */
        c->gpr[RCX] = x86_ip(c, next);
        flat(c, X86_CS, cs, 0, CODE32);
        flat(c, X86_SS, (uint16_t)(cs + 8), 0, DATA);
        c->rflags &= ~(uint64_t)(X86_VM | X86_IF | X86_RF);
        cpu->pc = (uint32_t)c->star;
        return arrive(c);
    }
    cpu->pc = x86_code64(c) ? c->lstar : c->cstar;
    enter_kernel(c, x86_ip(c, next), flags, flags & ~(c->fmask | X86_RF));
    if (!(c->rflags & X86_TF)) /* single steps are sampled behind the mask (APM volume 3, SYSCALL) */
        c->pending_db &= ~(uint64_t)X86_DR6_BS;
    return arrive(c);
}

/* ---- SYSRET ---- */

/* Is RCX refused? AMD's processors go there, and fault at level 3. */
static inline bool leads_nowhere(const struct x86_cpu *c)
{
    return c->config->vendor == X86_INTEL && !mmu_x86_canonical(c->gpr[RCX], c->cr4 & X86_CR4_LA57);
}

static inline void leave_kernel(struct x86_cpu *c, bool wide)
{
    uint16_t base = c->star >> 48 & 0xffff;
    flat(c, X86_CS, (uint16_t)((wide ? base + 16 : base) | 3), 3, wide ? CODE64 : CODE32);
    flat(c, X86_SS, (uint16_t)((base + 8) | 3), 3, DATA);
}

uint64_t x86_last_sysret(struct cpu *cpu, uint64_t next, uint64_t op_size, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t to = c->gpr[RCX], now = c->gpr[R11] & SYSRET_FLAGS;
    (void)next, (void)c0, (void)d;
    bool usual = op_size == 8 && (c->efer & X86_EFER_SCE) && (c->mode & (X86_MODE_CODE | X86_MODE_CPL)) == X86_CODE64 &&
                 to != 0 && !(now & X86_TF) && !leads_nowhere(c);
    if (UNLIKELY(!usual) || !x86_change_level(c, now, at_level(CODE64, 3), at_level(DATA, 3)))
        return 0;
    x86_set_rflags(c, now);
    leave_kernel(c, true);
    return to;
}

uint64_t x86_helper_sysret(struct cpu *cpu, uint64_t next, uint64_t op_size, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    bool wide = op_size == 8, protected = (c->cr0 & X86_CR0_PE) && !x86_v86(c);
    (void)next, (void)c0, (void)d;
    if (!(c->efer & X86_EFER_SCE) || !protected ||
        (!x86_code64(c) && c->config->vendor == X86_INTEL)) {
        x86_raise(c, X86_UD);
        return 0;
    }
    if (x86_cpl(c) != 0 || (wide && leads_nowhere(c))) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    if (x86_code64(c)) {
        x86_set_rflags(c, c->gpr[R11] & SYSRET_FLAGS);
        if (c->rflags & X86_TF) /* sampled at the end, as SYSCALL's is */
            c->pending_db |= X86_DR6_BS;
    } else {
        c->rflags |= X86_IF;
    }
    leave_kernel(c, wide);
    cpu->pc = wide ? c->gpr[RCX] : (uint32_t)c->gpr[RCX];
    return arrive(c);
}

/* ---- SYSENTER, SYSEXIT ---- */
uint64_t x86_helper_sysenter(struct cpu *cpu, uint64_t next, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    bool wide = x86_long_mode(c);
    uint16_t cs = c->sysenter_cs & 0xfffc;
    (void)next, (void)b, (void)c0, (void)d;
    if (wide && c->config->vendor == X86_AMD) { /* not in long mode there */
        x86_raise(c, X86_UD);
        return 0;
    }
    if (x86_real_mode(c) || cs == 0) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    c->rflags &= ~(uint64_t)(X86_VM | X86_IF | X86_RF);
    flat(c, X86_CS, cs, 0, wide ? CODE64 : CODE32);
    flat(c, X86_SS, (uint16_t)(cs + 8), 0, DATA);
    c->gpr[RSP] = wide ? c->sysenter_esp : (uint32_t)c->sysenter_esp;
    cpu->pc = wide ? c->sysenter_eip : (uint32_t)c->sysenter_eip;
    return arrive(c);
}

uint64_t x86_helper_sysexit(struct cpu *cpu, uint64_t next, uint64_t op_size, uint64_t c0,
                            uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    bool wide = op_size == 8;
    uint16_t cs = c->sysenter_cs & 0xfffc;
    (void)next, (void)c0, (void)d;
    if (x86_long_mode(c) && c->config->vendor == X86_AMD) {
        x86_raise(c, X86_UD);
        return 0;
    }
    bool bad = cs == 0 || x86_real_mode(c) || x86_cpl(c) != 0 ||
               (wide && (!mmu_x86_canonical(c->gpr[RCX], c->cr4 & X86_CR4_LA57) ||
                         !mmu_x86_canonical(c->gpr[RDX], c->cr4 & X86_CR4_LA57)));
    if (bad) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    flat(c, X86_CS, (uint16_t)((cs + (wide ? 32 : 16)) | 3), 3, wide ? CODE64 : CODE32);
    flat(c, X86_SS, (uint16_t)((cs + (wide ? 40 : 24)) | 3), 3, DATA);
    c->gpr[RSP] = wide ? c->gpr[RCX] : (uint32_t)c->gpr[RCX];
    cpu->pc = wide ? c->gpr[RDX] : (uint32_t)c->gpr[RDX];
    return arrive(c);
}

/* clang-format off */
const struct x86_semantics x86_fast_call_rows[] = {
    { X86_INSN_SYSCALL, 0, to_helper, X86_HELPER_syscall },
    { X86_INSN_SYSRET, 0, to_helper, X86_HELPER_sysret },
    { X86_INSN_SYSENTER, 0, to_helper, X86_HELPER_sysenter },
    { X86_INSN_SYSEXIT, 0, to_helper, X86_HELPER_sysexit },
    X86_ROWS_END
};
/* clang-format on */
