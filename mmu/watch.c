/* SPDX-License-Identifier: Apache-2.0 */
/* Watchpoints: the debugger's, which all CPUs share, and each CPU's own. Pages that hold one are never entered. */
#include "mmu/access_impl.h"
#include <stdlib.h>

static bool touches(const struct mmu_watch *w, va_t va, uint64_t size)
{
    return w->addr - va < size || va - w->addr < w->size;
}

bool mmu_is_watched_page(const struct cpu *cpu, va_t va)
{
    const struct mmu_machine *mm = cpu->machine->mmu;
    const struct mmu_pool *p = mmu_pool_of(cpu);
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    for (uint32_t i = 0; i < mm->n_watches; i++)
        if (touches(&mm->watches[i], page, MEM_PAGE))
            return true;
    for (uint32_t i = 0; i < p->n_watches; i++)
        if (touches(&p->watches[i], page, MEM_PAGE))
            return true;
    return false;
}

static bool is_meant(const struct mmu_watch *w, va_t va, unsigned size, bool load, bool store)
{
    return ((w->load && load) || (w->store && store)) && touches(w, va, size);
}

/* One of the CPU's own. True: not now. */
static bool hits_own_watch(struct cpu *cpu, va_t va, unsigned size, bool load, bool store)
{
    const struct mmu_pool *p = mmu_pool_of(cpu);
    for (uint32_t i = 0; i < p->n_watches; i++)
        if (is_meant(&p->watches[i], va, size, load, store))
            return !cpu->isa->watched(cpu, va, size, store);
    return false;
}

bool mmu_hits_watch(struct cpu *cpu, va_t va, unsigned size, bool load, bool store)
{
    const struct mmu_machine *mm = cpu->machine->mmu;
    if (UNLIKELY(mmu_pool_of(cpu)->n_watches != 0) && hits_own_watch(cpu, va, size, load, store))
        return true;
    if (LIKELY(mm->n_watches == 0) || mmu_pool_of(cpu)->skip_watch)
        return false;
    for (uint32_t i = 0; i < mm->n_watches; i++) {
        const struct mmu_watch *w = &mm->watches[i];
        if (is_meant(w, va, size, load, store)) {
            cpu->debug = (struct cpu_debug){ .kind = CPU_STOP_WATCH, .addr = w->addr,
                                             .access = store ? CPU_STORE : CPU_LOAD };
            cpu->exit |= CPU_EXIT_DEBUG;
            return true;
        }
    }
    return false;
}

int mmu_set_watches(struct machine *m, const struct mmu_watch *w, uint32_t n, struct err *e)
{
    struct mmu_watch *copy = NULL;
    if (m->mmu == NULL)
        return err_set(e, ERR_STATE, "watchpoints need a CPU with a software TLB");
    if (n != 0 && (copy = calloc(n, sizeof(*copy))) == NULL)
        return err_set(e, ERR_NOMEM, "no memory for %u watchpoints", n);
    for (uint32_t i = 0; i < n; i++)
        copy[i] = w[i];
    free(m->mmu->watches);
    m->mmu->watches = copy;
    m->mmu->n_watches = n;
    mmu_flush_all_cpus(m);
    return 0;
}

void mmu_set_cpu_watches(struct cpu *cpu, const struct mmu_watch *w, uint32_t n)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    p->n_watches = MIN(n, MMU_CPU_WATCHES);
    for (uint32_t i = 0; i < p->n_watches; i++) {
        p->watches[i] = w[i];
        mmu_flush_page(cpu, w[i].addr, (w[i].addr & (MEM_PAGE - 1)) + w[i].size, MMU_ANY, MMU_ANY);
    }
}

void mmu_skip_watch(struct cpu *cpu, bool skip)
{
    mmu_pool_of(cpu)->skip_watch = skip;
}
