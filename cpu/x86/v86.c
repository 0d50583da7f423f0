/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual-8086 mode's extensions (CR4.VME) and protected-mode virtual interrupts (CR4.PVI): SDM
 * volume 3, 21.3, 21.4. Below IOPL 3 programs work on VIF where they believe to work on IF, and
 * INT n may stay inside the program.
 */
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"
#include "cpu/x86/translate_impl.h"

static bool refuse(struct x86_cpu *c)
{
    x86_raise_error(c, X86_GP, 0);
    return false;
}

static bool has_iopl(const struct x86_cpu *c)
{
    return (c->rflags & X86_IOPL) == X86_IOPL;
}

/* Table 21-2. The map's 32 bytes lie just below the map of I/O ports. */
bool x86_v86_redirects(struct x86_cpu *c, unsigned vector, bool *redirects)
{
    const struct x86_segment *tr = &c->seg[X86_SEG_TR];
    uint64_t base, map;
    *redirects = false;
    if (!(c->cr4 & X86_CR4_VME))
        return has_iopl(c) || refuse(c);
    if (!(tr->attr & X86_ATTR_P) || !(tr->attr & 8) || tr->limit < 0x67)
        return refuse(c);
    if (!x86_load_linear(c, (uint32_t)(tr->base + 0x66), 2, true, &base))
        return false;
    if (base < 32 || base - 32 + vector / 8 > tr->limit)
        return refuse(c);
    uint32_t at = (uint32_t)(tr->base + base - 32 + vector / 8);
    if (!x86_load_linear(c, at, 1, true, &map))
        return false;
    *redirects = !(map >> vector % 8 & 1);
    return *redirects || has_iopl(c) || refuse(c);
}

uint64_t x86_v86_flags(const struct x86_cpu *c, uint64_t flags)
{
    if (has_iopl(c))
        return flags;
    return (flags & ~(uint64_t)X86_IF) | X86_IOPL | (flags & X86_VIF ? X86_IF : 0);
}

bool x86_v86_set_if(struct x86_cpu *c, uint64_t flags, unsigned bytes)
{
    bool on = flags & X86_IF;
    if (bytes != 2 || !(c->cr4 & X86_CR4_VME) || (flags & X86_TF) || (on && (c->rflags & X86_VIP)))
        return refuse(c);
    c->rflags = (c->rflags & ~(uint64_t)X86_VIF) | (on ? X86_VIF : 0);
    return true;
}

/* PUSHF below IOPL 3. */
uint64_t x86_helper_v86_flags(struct cpu *cpu, uint64_t v, uint64_t bytes, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)c0, (void)d;
    if (bytes != 2 || !(c->cr4 & X86_CR4_VME))
        return refuse(c);
    return x86_v86_flags(c, v);
}

/* CLI and STI above IOPL: CR4.PVI at level 3, CR4.VME in virtual-8086 mode (SDM 21.3, 21.4). */
uint64_t x86_helper_virtual_if(struct cpu *cpu, uint64_t on, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    bool virtual = x86_v86(c) ? c->cr4 & X86_CR4_VME : (c->cr4 & X86_CR4_PVI) && x86_cpl(c) == 3;
    (void)b, (void)c0, (void)d;
    if (!virtual || (on && (c->rflags & X86_VIP)))
        return refuse(c);
    c->rflags = (c->rflags & ~(uint64_t)X86_VIF) | (on ? X86_VIF : 0);
    return 0;
}
