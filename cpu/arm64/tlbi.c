/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLB maintenance: Arm ARM, D8.17 and C5.5. Entries of this emulator carry ASID and VMID; a
 * global mapping is entered under the ASID that used it, so an operation by address takes all
 * ASIDs. Levels and TTL hints are ignored, which only ever drops more. Shareable
 * forms (IS, OS) reach every PE.
 */
#include "core/exec/parallel.h"
#include "core/util/bits.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"
#include "mmu/tlb.h"

enum { OP_ALL, OP_VA, OP_ASID, OP_RANGE, OP_STAGE2, OP_ALL_GUESTS };

struct operation {
    uint8_t kind, regime;   /* regime: 1, 2, 3 */
    bool broadcast;
};

/* CRm: 1 OS, 2 and 3 IS, 5 range OS, 0 and 4 by IPA; op2 of CRm 4 tells OS from non-shareable. */
static bool is_broadcast(unsigned op1, unsigned crm, unsigned op2)
{
    if (crm == 0 || crm == 1 || crm == 2 || crm == 3 || crm == 5)
        return true;
    return op1 == 4 && crm == 4 && (op2 == 0 || op2 == 3 || op2 == 4 || op2 == 7);
}

static struct operation decode(const struct a64_cpu *a, uint32_t code)
{
    unsigned op1 = code >> 11 & 7, crm = code >> 3 & 15, op2 = code & 7;
    struct operation o = { .broadcast = is_broadcast(op1, crm, op2) };
    bool range = crm == 2 || crm == 5 || crm == 6;
    o.regime = op1 == 6 ? 3 : op1 == 4 ? 2 : a64_host(a) && a->el >= 2 ? 2 : 1;
    if (op1 == 4 && (crm == 0 || crm == 4)) {
        o.kind = OP_STAGE2;
        o.regime = 1;
    } else if (op1 == 4 && op2 == 4 && !range) {
        o.kind = OP_ALL_GUESTS; /* ALLE1 */
        o.regime = 1;
    } else if (op1 == 4 && op2 == 6 && !range) {
        o.kind = OP_ALL; /* VMALLS12E1 */
        o.regime = 1;
    } else if (op2 == 0 && !range) {
        o.kind = OP_ALL;
    } else if (op1 == 0 && op2 == 2 && !range) {
        o.kind = OP_ASID;
    } else {
        o.kind = range ? OP_RANGE : OP_VA;
    }
    if (o.regime == 1 && (a64_hcr(a) & A64_HCR_FB) && a->el == 1)
        o.broadcast = true;
    return o;
}

/* TLBIRange(): base, length in bytes; false: the granule is reserved and nothing happens. */
static bool range_of(const struct a64_cpu *a, unsigned regime, uint64_t value, va_t *base, uint64_t *span)
{
    unsigned tg = value >> 46 & 3, scale = value >> 44 & 3, num = value >> 39 & 31;
    bool ds = a->tcr[regime] >> (a64_has_two_ranges(a, regime) ? 59 : 32) & 1;
    unsigned gran = tg == 1 ? 12 : tg == 2 ? 14 : 16, shift = ds || tg == 3 ? 16 : gran;
    if (tg == 0)
        return false;
    *base = sext((value & 0x1fffffffffull) << shift, 37 + shift);
    *span = (uint64_t)(num + 1) << (5 * scale + 1 + gran);
    va_t room = 0 - *base; /* to the end of the upper half; a lower one is cut by bit 55 */
    if ((*base >> 63) && *span > room)
        *span = room;
    return true;
}

static void flush_one(struct a64_cpu *a, const struct a64_tlbi_wait *w)
{
    struct cpu *cpu = &a->cpu;
    uint32_t before = cpu->exit;
    bool by_page = (w->kind == OP_VA || w->kind == OP_RANGE) && !a->tagged;
    switch (w->kind) {
    case OP_ALL: case OP_STAGE2: mmu_flush(cpu, MMU_ANY, w->vmid); break;
    case OP_ALL_GUESTS: mmu_flush(cpu, MMU_ANY, MMU_ANY); break;
    case OP_ASID: mmu_flush(cpu, (uint32_t)(w->value >> 48), w->vmid); break;
    default:
        if (UNLIKELY(!by_page))
            mmu_flush(cpu, MMU_ANY, w->vmid);
        else
            mmu_flush_page(cpu, w->base, w->span, MMU_ANY, w->vmid);
    }
    if (by_page)
        a64_bti_forget_pages(a, w->base, w->span);
    else
        a64_bti_forget(a);
    a64_mte_forget(a);
    cpu->exit = before; /* this PE's block ends here; others look up when their turn begins */
}

static void flush_others(struct a64_cpu *a, const struct a64_tlbi_wait *w)
{
    for (struct cpu *c = a->cpu.machine->cpus; c != NULL; c = c->next)
        if (c != &a->cpu)
            flush_one(A64_CPU(c), w);
}

/*
 * With CPUs on several host threads each has to come to the end of a block for it. It is complete for other PEs when
 * a DSB behind it is (D8.17.6), so until then operations gather: those for a range of pages come in long rows.
 */
static void let_wait(struct a64_cpu *a, const struct a64_tlbi_wait *w)
{
    a->tlbi_wait[a->tlbi_waits++] = *w;
    if (a->tlbi_waits == A64_TLBI_WAITS)
        a64_complete_tlbi(a);
}

/* What `from` gathered, at another PE. */
static void flush_waiting(struct cpu *cpu, void *from)
{
    const struct a64_cpu *a = from;
    for (unsigned i = 0; i < a->tlbi_waits; i++)
        flush_one(A64_CPU(cpu), &a->tlbi_wait[i]);
}

void a64_complete_tlbi(struct a64_cpu *a)
{
    if (a->tlbi_waits == 0)
        return;
    bool entered = exec_enter_machine(&a->cpu, false);
    cpu_tell_others(&a->cpu, flush_waiting, a);
    a->tlbi_waits = 0;
    if (entered)
        exec_leave_machine(&a->cpu);
}

void a64_tlbi(struct a64_cpu *a, uint32_t code, uint64_t value)
{
    struct operation o = decode(a, code);
    uint32_t vmid = a64_regime_tag(a, o.regime);
    va_t base = sext(value << 12, 56);
    uint64_t span = MEM_PAGE;
    if (o.kind == OP_RANGE && !range_of(a, o.regime, value, &base, &span))
        return;
    if (o.kind == OP_ASID && !(a->config->mmu.asid16 && (a->tcr[o.regime] >> 36 & 1)))
        value &= 0xffull << 48;
    struct a64_tlbi_wait w = { .kind = o.kind, .vmid = vmid, .value = value, .base = base, .span = span };
    flush_one(a, &w);
    if (o.broadcast && a->cpu.machine->parallel)
        let_wait(a, &w);
    else if (o.broadcast)
        flush_others(a, &w);
}

void a64_flush_tlb(struct a64_cpu *a)
{
    uint32_t before = a->cpu.exit;
    if (a->cpu.mmu_private != NULL)
        mmu_flush(&a->cpu, MMU_ANY, MMU_ANY);
    a->cpu.exit = before;
    a64_bti_forget(a);
    a64_mte_forget(a);
    a->tagged = false;
}
