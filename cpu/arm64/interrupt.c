/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts and virtual SErrors: Arm ARM, D1.3.6 (routing and masking). What a bus refuses is a synchronous
 * abort here, so there are no physical SErrors. Inputs are levels; which of IRQ
 * and FIQ an interrupt of a GICv3 group is depends on where the PE is (IHI 0069H, 4.6.2), so it
 * is decided here, each time.
 */
#include "core/util/bits.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"

enum { PEND_IRQ = 1, PEND_FIQ = 2, PEND_VIRQ = 8, PEND_VFIQ = 16, PEND_VSERROR = 32 };

/* Driven with the machine's lock; a PE on a thread of its own looks without it, where PSTATE.DAIF changes and now and then. */
static uint64_t inputs(const struct a64_cpu *a)
{
    return __atomic_load_n(&a->inputs, __ATOMIC_RELAXED);
}

static uint32_t physical(const struct a64_cpu *a)
{
    uint64_t in = inputs(a);
    uint32_t p = 0;
    if (in & BIT(A64_IRQ))
        p |= PEND_IRQ;
    if (in & (BIT(A64_FIQ) | BIT(A64_GROUP0)))
        p |= PEND_FIQ;
    bool el3 = a64_cpu_has(a, A64_F_EL3), secure = a64_secure_below_el3(a);
    if (in & BIT(A64_GROUP1_S))
        p |= el3 && (a->el == 3 || !secure) ? PEND_FIQ : PEND_IRQ;
    if (in & BIT(A64_GROUP1_NS))
        p |= el3 && (a->el == 3 || secure) ? PEND_FIQ : PEND_IRQ;
    return p;
}

/* Virtual ones exist below EL2 while HCR_EL2 routes the physical kind to EL2 and TGE is 0. */
static uint32_t virtual(const struct a64_cpu *a)
{
    uint64_t hcr = a64_hcr(a);
    uint32_t p = 0;
    if (a->el > 1 || (hcr & A64_HCR_TGE))
        return 0;
    if ((hcr & A64_HCR_IMO) && ((hcr & A64_HCR_VI) || (inputs(a) & BIT(A64_VIRQ))))
        p |= PEND_VIRQ;
    if ((hcr & A64_HCR_FMO) && ((hcr & A64_HCR_VF) || (inputs(a) & BIT(A64_VFIQ))))
        p |= PEND_VFIQ;
    if ((hcr & A64_HCR_AMO) && (hcr & A64_HCR_VSE))
        p |= PEND_VSERROR;
    return p;
}

static unsigned target_of(const struct a64_cpu *a, uint64_t scr_bit, uint64_t hcr_bit)
{
    if (a64_cpu_has(a, A64_F_EL3) && (a->scr_el3 & scr_bit))
        return 3;
    if (a64_el2_enabled(a) && (a->hcr_el2 & (hcr_bit | A64_HCR_TGE)))
        return 2;
    return 1;
}

/* Table D1-11 and the like: a level above is not masked, except EL1, and EL2 as its EL0's host. */
static bool taken(const struct a64_cpu *a, uint64_t daif, unsigned target, uint64_t mask_bit)
{
    if (target < a->el)
        return false;
    if (target > a->el && (target == 3 || (target == 2 && !a64_host(a))))
        return true;
    return !(daif & mask_bit);
}

struct choice {
    unsigned target, offset;
};

/* What to take now: FIQ, IRQ, SError is the order this PE keeps among them (it is free to). */
static bool choose(const struct a64_cpu *a, uint64_t daif, struct choice *c)
{
    uint32_t p = physical(a);
    if (p & PEND_FIQ) {
        *c = (struct choice){ target_of(a, A64_SCR_FIQ, A64_HCR_FMO), 0x100 };
        if (taken(a, daif, c->target, A64_PS_F))
            return true;
    }
    if (p & PEND_IRQ) {
        *c = (struct choice){ target_of(a, A64_SCR_IRQ, A64_HCR_IMO), 0x80 };
        if (taken(a, daif, c->target, A64_PS_I))
            return true;
    }
    uint32_t v = virtual(a);
    if (LIKELY(v == 0))
        return false;
    *c = (struct choice){ 1, 0 };
    c->offset = (v & PEND_VFIQ) && !(daif & A64_PS_F)      ? 0x100
                : (v & PEND_VIRQ) && !(daif & A64_PS_I)    ? 0x80
                : (v & PEND_VSERROR) && !(daif & A64_PS_A) ? 0x180
                                                              : 0;
    return c->offset != 0;
}

static bool nothing_pends(const struct a64_cpu *a)
{
    return inputs(a) == 0 && !(a->hcr_el2 & (A64_HCR_VI | A64_HCR_VF | A64_HCR_VSE));
}

bool a64_interrupt_due(const struct a64_cpu *a, uint64_t daif)
{
    struct choice c;
    return UNLIKELY(!nothing_pends(a)) && choose(a, daif, &c);
}

void a64_check_interrupts(struct a64_cpu *a)
{
    struct choice c;
    if (LIKELY(nothing_pends(a)))
        return;
    if ((a->cpu.run == CPU_IDLE && a64_has_work(&a->cpu)) || choose(a, a->daif, &c))
        cpu_kick(&a->cpu);
}

bool a64_take_interrupt(struct cpu *cpu)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct choice c;
    if (LIKELY(!choose(a, a->daif, &c)))
        return false;
    uint64_t esr = 0;
    if (c.offset == 0x180) {
        esr = A64_ESR(A64_EC_SERROR, a->vsesr_el2 & 0x1ffffff);
        a->hcr_el2 &= ~A64_HCR_VSE;
    }
    a64_enter(a, c.target, c.offset, esr, cpu->pc);
    return true;
}

bool a64_is_interrupted(const struct cpu *cpu)
{
    const struct a64_cpu *a = A64_CPU_CONST(cpu);
    return a64_interrupt_due(a, a->daif);
}

/* D1.6.2: WFI ends for what is pending, whatever PSTATE masks; virtual ones if they could be taken unmasked. */
bool a64_has_work(const struct cpu *cpu)
{
    const struct a64_cpu *a = A64_CPU_CONST(cpu);
    return physical(a) != 0 || virtual(a) != 0;
}

/* ISR_EL1, D24.2.72: what EL1 would take; virtual ones instead where the physical go to EL2. */
uint64_t a64_isr(const struct a64_cpu *a)
{
    uint32_t p = physical(a), v = virtual(a);
    uint64_t hcr = a->el == 1 ? a64_hcr(a) : 0, isr = 0;
    if (hcr & A64_HCR_IMO ? v & PEND_VIRQ : p & PEND_IRQ)
        isr |= A64_PS_I;
    if (hcr & A64_HCR_FMO ? v & PEND_VFIQ : p & PEND_FIQ)
        isr |= A64_PS_F;
    if ((hcr & A64_HCR_AMO) && (v & PEND_VSERROR))
        isr |= A64_PS_A;
    return isr;
}

void a64_cpu_set_input(void *cpu, uint32_t number, bool level)
{
    struct a64_cpu *a = A64_CPU((struct cpu *)cpu);
    uint64_t bit = BIT(number), before = a->inputs;
    __atomic_store_n(&a->inputs, level ? before | bit : before & ~bit, __ATOMIC_RELAXED);
    if (!(before & bit) && level)
        a64_check_interrupts(a);
}
