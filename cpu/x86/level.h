/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_LEVEL_H
#define ORRERY_CPU_X86_LEVEL_H
/*
 * Steps between levels whose block keys and TLB contexts were met before. In 64-bit code with nothing unusual about it both
 * follow from a few bits, beside what x86_cpu.control was made of, and system calls go to and fro between two or three such
 * states: x86_cpu.views has them, as x86_update_mode (mode.c) made them.
 */
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"
#include "mmu/tlb.h"

/* What a view would have to say for RFLAGS, and attributes of CS and SS, that are not there yet. */
static inline uint64_t x86_would_say(const struct x86_cpu *c, uint64_t rflags, uint16_t cs, uint16_t ss)
{
    enum { WP = 1 << 0, A20 = 1 << 1, SOME = 1 << 2, FLAGS = X86_TF | X86_VM | X86_RF | X86_AC | X86_IOPL };
    return SOME | (rflags & FLAGS) | (c->cr0 >> 16 & WP) | (x86_inputs(c) >> (X86_A20M - 1) & A20) |
           (uint64_t)cs << 32 | (uint64_t)ss << 48;
}
_Static_assert(X86_A20M > 0, "is shifted to bit 1");

static inline struct x86_view *x86_view_for(struct x86_cpu *c, uint64_t rflags, uint16_t ss)
{
    return &c->views[(ss >> 5 & 1) | (rflags >> 17 & 2) | (rflags >> 14 & 4)];
}

static inline uint32_t x86_address_space(const struct x86_cpu *c)
{
    return c->cr4 & X86_CR4_PCIDE ? (uint32_t)c->cr3 & 0xfff : 0;
}

/*
 * What x86_update_level would do once RFLAGS and the attributes of CS and SS are these, in 64-bit mode and before any of them
 * is written; for functions that take neither time nor locks (ir_helper.last). False: it takes more than a step between two
 * levels that were seen before, or something waits to be taken; nothing was done.
 */
static inline bool x86_change_level(struct x86_cpu *c, uint64_t rflags, uint16_t cs, uint16_t ss)
{
    const struct x86_view *v = x86_view_for(c, rflags, ss);
    if (UNLIKELY(c->unusual || c->pmu_active || v->says != x86_would_say(c, rflags, cs, ss) || v->pkru != c->pkru ||
                 x86_something_waits(c)))
        return false;
    uint64_t key = v->key;
    uint32_t asid = x86_address_space(c), mode = v->mode;
    if (key != c->context || asid != c->context_asid) {
        if (UNLIKELY(!mmu_select_back(&c->cpu, key, asid, 0)))
            return false;
        c->context = key;
        c->context_asid = asid;
        c->fresh = MMU_X86_NOTES;
    }
    c->mode = mode;
    return true;
}

#endif
