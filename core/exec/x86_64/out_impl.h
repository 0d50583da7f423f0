/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_OUT_IMPL_H
#define ORRERY_CORE_EXEC_X86_64_OUT_IMPL_H
/*
 * The C side of calls out: out.c (the way there and back, helpers, timing hooks), out_memory.c (accesses), out_value.c (what has
 * no effect but its result).
 */
#include "core/exec/parallel.h"
#include "core/exec/x86_64/x86_impl.h"

/* The CPU stands before the site's instruction. */
static inline void x86_not_done(struct cpu *cpu, const struct cpu_site *s)
{
    cpu->budget -= s->cost_before;
    if (cpu->uniform == 0)
        cpu->insns += s->insns_before;
    cpu->pc = cpu->page + (va_t)(int64_t)s->at;
    cpu->site = NULL;
}

/* exec_go_on; the machine's lock is held for it, too. */
static inline bool x86_go_on(struct cpu *cpu, const struct exec_cpu *ec, bool locked)
{
    bool enters = UNLIKELY(ec->beside) && !locked;
    if (UNLIKELY(enters))
        (void)exec_enter_machine(cpu, false);
    bool go_on = exec_go_on(cpu);
    if (UNLIKELY(enters))
        exec_leave_machine(cpu);
    return go_on;
}

#endif
