/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's side of address translation: which registers translate, which exception a fault is, and what has to leave
 * the software TLB when the architected one loses an entry.
 */
#include "cpu/loongarch/loongarch_impl.h"

/*
 * Member by member: a structure as a whole would be put together elsewhere first and copied, in larger pieces than it was
 * written in, for which the host's stores have to be waited for. That was half of what a TLB refill took.
 */
static void fill(const struct la_cpu *la, const struct la_bank *b, struct mmu_la_regime *r)
{
    la_fill_tables(la, b, r);
    r->tlb = (struct mmu_la_tlb *)(uintptr_t)&la->tlb;
    r->crmd = F_PUT(b->crmd, LA_CRMD_PLV, la_plv(la));
    for (unsigned i = 0; i < ARRAY_LEN(r->dmw); i++)
        r->dmw[i] = b->dmw[i];
    r->asid = b->asid;
    r->stlbps = b->stlbps;
    r->rvacfg = b->rvacfg;
    r->misc = b->misc;
    r->pgdl = b->pgdl;
    r->pgdh = b->pgdh;
    r->gid = 0;
}

void la_fill_tables(const struct la_cpu *la, const struct la_bank *b, struct mmu_la_regime *r)
{
    r->memory = la->cpu.machine->memory;
    r->below = NULL;
    r->f = &la->config->mmu;
    r->cpu = (struct cpu *)(uintptr_t)&la->cpu;
    r->pwcl = b->pwcl;
    r->pwch = b->pwch;
}

void la_fill_regime(const struct la_cpu *la, struct mmu_la_regime *r)
{
    fill(la, &la->csr, r);
    if (la_at_guest_bank(la))
        r->gid = (uint16_t)F_GET(la->gstat, LA_GSTAT_GID);
}

enum { CRMD_PAGING = 1 << 4 };

void la_fill_below(const struct la_cpu *la, struct mmu_la_below *below, struct mmu_la_regime *root)
{
    fill(la, &la->other, root);
    root->crmd = CRMD_PAGING; /* at PLV0, whatever the guest's level is */
    root->gid = (uint16_t)(MMU_LA_GPA + F_GET(la->gstat, LA_GSTAT_GID));
    *below = (struct mmu_la_below){ .r = root };
}

/* By kind of access: load, store, fetch. */
static const uint16_t codes[][3] = {
    [MMU_LA_REFILL] = { LA_TLBR, LA_TLBR, LA_TLBR },
    [MMU_LA_INVALID] = { LA_PIL, LA_PIS, LA_PIF },
    [MMU_LA_MODIFY] = { LA_PME, LA_PME, LA_PME },
    [MMU_LA_NO_READ] = { LA_PNR, LA_PNR, LA_PNR },
    [MMU_LA_NO_EXEC] = { LA_PNX, LA_PNX, LA_PNX },
    [MMU_LA_PRIVILEGE] = { LA_PPI, LA_PPI, LA_PPI },
    [MMU_LA_ADDRESS] = { LA_ADEM, LA_ADEM, LA_ADEF },
    [MMU_LA_BUS] = { LA_ADEM, LA_ADEM, LA_ADEF },
};

static void raise_fault(struct la_cpu *la, enum mmu_la_fault fault, va_t va, enum cpu_access access)
{
    cpu_raise(&la->cpu, codes[fault][access], va, access == CPU_FETCH ? LA_FAULT_FETCH : 0, 0);
}

void la_raise_below(struct la_cpu *la, enum mmu_la_fault fault, pa_t gpa, enum cpu_access access)
{
    cpu_raise(&la->cpu, codes[fault][access], gpa, access == CPU_FETCH ? LA_FAULT_FETCH : 0, LA_FAULT_EXIT);
}

/* A guest's address through both stages. The root's faults end guest mode; the bad address is the guest's physical one. */
static int walk_guest(struct la_cpu *la, va_t va, enum cpu_access access, bool probe, struct mmu_la_result *out)
{
    struct mmu_la_regime r, root;
    struct mmu_la_below below;
    struct mmu_la_result second;
    unsigned flags = probe ? MMU_LA_PROBE : 0;
    la_fill_regime(la, &r);
    la_fill_below(la, &below, &root);
    r.below = &below;
    if (probe)
        r.cpu = root.cpu = NULL;
    enum mmu_la_fault fault = mmu_la_walk(&r, va, 1, access, flags, out);
    if (fault != MMU_LA_OK && !probe) {
        if (fault == MMU_LA_STAGE2)
            la_raise_below(la, below.fault, below.gpa, below.write ? CPU_STORE : CPU_LOAD);
        else
            raise_fault(la, fault, va, access);
    }
    if (fault != MMU_LA_OK)
        return 1;
    fault = mmu_la_walk_below(&root, out->pa, access, flags, &second);
    if (fault != MMU_LA_OK) {
        if (!probe)
            la_raise_below(la, fault, out->pa, access);
        return 1;
    }
    out->pa = second.pa;
    out->load &= second.load;
    out->store &= second.store;
    out->fetch &= second.fetch;
    return 0;
}

static int walk_root(struct la_cpu *la, va_t va, enum cpu_access access, bool probe, struct mmu_la_result *out)
{
    struct mmu_la_regime r;
    la_fill_regime(la, &r);
    if (probe)
        r.cpu = NULL;
    enum mmu_la_fault fault = mmu_la_walk(&r, va, 1, access, probe ? MMU_LA_PROBE : 0, out);
    if (UNLIKELY(fault != MMU_LA_OK) && !probe)
        raise_fault(la, fault, va, access);
    return fault != MMU_LA_OK;
}

int la_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe, struct cpu_map *map)
{
    struct la_cpu *la = LA_CPU(cpu);
    struct mmu_la_result out;
    (void)regime; /* there is one */
    la->walking = true;
    int refused = UNLIKELY(la_is_guest(la)) ? walk_guest(la, va, access, probe, &out)
                                            : walk_root(la, va, access, probe, &out);
    la->walking = false;
    if (UNLIKELY(refused))
        return 1;
    *map = (struct cpu_map){
        .size = map->size,
        .pa = out.pa,
        .page_shift = MEM_PAGE_SHIFT, /* what a TLB entry maps is known when it goes: see dropped() */
        .load = out.load, .store = out.store, .fetch = out.fetch, .global = out.global,
    };
    return 0;
}

void la_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why)
{
    (void)why;
    raise_fault(LA_CPU(cpu), MMU_LA_BUS, va, access);
}

void la_raise_align(struct cpu *cpu, va_t va, enum cpu_access access)
{
    (void)access;
    la_raise(LA_CPU(cpu), LA_ALE, va);
}

void la_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why)
{
    la_raise_bus(cpu, va, CPU_FETCH, why);
}

/* The pages of the pair that were valid: nothing was made of the others. */
static void drop_pair(struct la_cpu *la, const struct mmu_la_entry *e)
{
    uint64_t page = BIT(e->ps), va = sext(e->vppn, la->config->mmu.va_bits);
    uint32_t asid = e->global ? MMU_ANY : e->asid;
    if (e->gid & MMU_LA_GPA) { /* whatever the guest made of it */
        mmu_flush(&la->cpu, MMU_ANY, e->gid - MMU_LA_GPA);
        return;
    }
    bool even = e->elo[0] & 1, odd = e->elo[1] & 1;
    if (even || odd)
        mmu_flush_page(&la->cpu, even ? va : va + page, even && odd ? 2 * page : page, asid, e->gid);
}

/*
 * Software that takes entries out does so by instructions that end their block where that matters. A hardware walk
 * throws one out in the midst of a block: code that is not mapped any more must be left at its end, as a run taken up
 * from a snapshot would.
 */
static void dropped(void *arg, enum mmu_la_drop what, const struct mmu_la_entry *entry)
{
    struct la_cpu *la = arg;
    uint32_t before = la->cpu.exit;
    if (la->cpu.mmu_private == NULL)
        return;
    switch (what) {
    case MMU_LA_DROP_ENTRY: drop_pair(la, entry); break;
    case MMU_LA_DROP_ASID: mmu_flush(&la->cpu, entry->asid, entry->gid); break;
    case MMU_LA_DROP_GID: mmu_flush(&la->cpu, MMU_ANY, entry->gid); break;
    default: mmu_flush(&la->cpu, MMU_ANY, MMU_ANY); break;
    }
    la->cpu.exit = before;
    if (la->walking)
        cpu_kick(&la->cpu);
}

void la_tlb_init(struct la_cpu *la)
{
    la->tlb.f = &la->config->mmu;
    la->tlb.dropped = dropped;
    la->tlb.arg = la;
}
