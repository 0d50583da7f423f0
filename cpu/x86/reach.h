/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_REACH_H
#define ORRERY_CPU_X86_REACH_H
/*
 * Memory that helpers reach by the software TLB alone: all `bytes` at `va`, at most a page, lie in one page that an entry
 * leads to. So no such access can fault, and none of it is seen by a breakpoint, a device or another CPU's translator;
 * NULL: by x86_load_linear and its like, which find out.
 */
#include "cpu/x86/x86_impl.h"
#include "mmu/tlb.h"

/*
 * Are the rights of an access those of translated code now, so that what its TLB set holds serves? An implicit one has
 * those of level 0 with AC = 0 and 64-bit addresses: see x86_regime_context.
 */
static inline bool x86_is_reached(const struct x86_cpu *c, bool implicit)
{
    return !implicit || ((c->mode & (X86_MODE_CODE | X86_MODE_CPL)) == X86_CODE64 && !(c->rflags & X86_AC));
}

static inline const uint8_t *x86_load_reach(const struct x86_cpu *c, va_t va, unsigned bytes, bool implicit)
{
    return LIKELY(x86_is_reached(c, implicit)) ? mmu_load_hit(&c->cpu, va, bytes) : NULL;
}

static inline uint8_t *x86_store_reach(const struct x86_cpu *c, va_t va, unsigned bytes, bool implicit)
{
    return LIKELY(x86_is_reached(c, implicit)) ? mmu_store_hit(&c->cpu, va, bytes) : NULL;
}

#endif
