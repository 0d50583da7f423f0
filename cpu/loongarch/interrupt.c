/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts: manual, "Interrupts" and "Message-Interrupts". ESTAT.IS is put together each time: levels of the inputs,
 * what software set, the timer's latch, performance counters, messages.
 *
 * The manual has CRMD.IE alone gate message interrupts; software that uses them (Linux, drivers/irqchip/
 * irq-loongarch-avec.c) sets ECFG bit 14 for them, and so do cores and QEMU: it gates here. The NMI, which the manual
 * does not describe, is taken once for each rising edge, whatever IE says, outside of refill handlers, machine error
 * handlers and debug mode.
 */
#include "cpu/loongarch/loongarch_impl.h"

#define LINES 0x1ffcull /* HWI0 to HWI7, PMI, TI, IPI */

/* The message to be offered: the highest one not below the threshold; -1: none. */
static int best_message(const struct la_bank *b)
{
    for (unsigned i = 4; i-- > 0;) {
        if (b->msgis[i] == 0)
            continue;
        unsigned n = i * 64 + log2_floor(b->msgis[i]);
        return n >= b->msgie ? (int)n : -1;
    }
    return -1;
}

static inline uint64_t messages(const struct la_bank *b)
{
    if (LIKELY((b->msgis[0] | b->msgis[1] | b->msgis[2] | b->msgis[3]) == 0))
        return 0;
    return best_message(b) >= 0 ? BIT(LA_IS_MSG) : 0;
}

/* Driven with the machine's lock; a CPU on a thread of its own looks without it, where CRMD.IE changes and now and then. */
static inline uint64_t lines(const struct la_cpu *la)
{
    return __atomic_load_n(&la->lines, __ATOMIC_RELAXED);
}

/* A guest has no lines: its hypervisor sets bits of its ESTAT, HWI by GINTC, and messages in its MSGIS. */
static uint64_t guest_sources(const struct la_cpu *la, const struct la_bank *guest)
{
    uint64_t pmi = la->guest_pmi ? BIT(LA_IS_PMI) : 0;
    return (guest->estat & 0x1fff) | (la->gintc & 0xff) << LA_IS_HWI0 | pmi | messages(guest);
}

static inline uint64_t root_sources(const struct la_cpu *la, const struct la_bank *root)
{
    return (lines(la) & LINES) | (root->estat & (3 | BIT(LA_IS_TI))) | messages(root);
}

uint64_t la_estat(const struct la_cpu *la)
{
    uint64_t codes = la->csr.estat & (F_MASK(LA_ESTAT_ECODE) | F_MASK(LA_ESTAT_ESUB));
    if (UNLIKELY(la_at_guest_bank(la)))
        return codes | guest_sources(la, &la->csr);
    uint64_t nmi = (la->csr.estat | lines(la)) & BIT(LA_IS_NMI);
    return codes | root_sources(la, &la->csr) | nmi;
}

enum { INTERRUPTS = 0x1fff | 1 << LA_IS_MSG };

static inline uint64_t wanted(const struct la_cpu *la, const struct la_bank *root)
{
    return root_sources(la, root) & root->ecfg & INTERRUPTS;
}

static inline bool takes_nmi(const struct la_cpu *la, const struct la_bank *root)
{
    return (root->estat & BIT(LA_IS_NMI)) && !(root->tlbrera & 1) && !(la->merr[LA_MERR_CTL] & 1) && !la_is_debug(la);
}

static inline int roots_interrupt(const struct la_cpu *la, const struct la_bank *root)
{
    if (UNLIKELY(takes_nmi(la, root)))
        return LA_IS_NMI;
    if (!F_GET(root->crmd, LA_CRMD_IE) || la_is_debug(la))
        return -1;
    uint64_t pending = wanted(la, root);
    return LIKELY(pending == 0) ? -1 : (int)log2_floor(pending);
}

/* While a guest runs, the root's end that first. */
static int guests_interrupt(const struct la_cpu *la)
{
    int n = roots_interrupt(la, &la->other);
    if (n >= 0)
        return LA_PENDING_EXIT | n;
    uint64_t pending = guest_sources(la, &la->csr) & la->csr.ecfg & INTERRUPTS;
    return pending == 0 || !F_GET(la->csr.crmd, LA_CRMD_IE) ? -1 : (int)log2_floor(pending);
}

/* A message goes before lines, and the higher number before the lower. Asked whenever IE changes. */
static inline int pending_interrupt(const struct la_cpu *la)
{
    return UNLIKELY(la_is_guest(la)) ? guests_interrupt(la) : roots_interrupt(la, &la->csr);
}

int la_pending_interrupt(const struct la_cpu *la)
{
    return pending_interrupt(la);
}

void la_check_interrupts(struct la_cpu *la)
{
    if (UNLIKELY(la->borrowed))
        return;
    bool wake = la->cpu.run == CPU_IDLE && la_has_work(&la->cpu);
    if (wake || pending_interrupt(la) >= 0)
        cpu_kick(&la->cpu);
}

bool la_take_interrupt(struct cpu *cpu)
{
    struct la_cpu *la = LA_CPU(cpu);
    int number = pending_interrupt(la);
    if (number < 0)
        return false;
    if (number & LA_PENDING_EXIT)
        la_leave_guest(la);
    number &= ~LA_PENDING_EXIT;
    if (number == LA_IS_NMI)
        la->csr.estat &= ~BIT(LA_IS_NMI);
    la_enter_interrupt(la, (unsigned)number);
    return true;
}

bool la_interrupt_due(const struct cpu *cpu)
{
    return la_pending_interrupt(LA_CPU_CONST(cpu)) >= 0;
}

/* IDLE ends for any interrupt that ECFG lets through, whatever CRMD.IE says. */
bool la_has_work(const struct cpu *cpu)
{
    const struct la_cpu *la = LA_CPU_CONST(cpu);
    const struct la_bank *root = la_is_guest(la) ? &la->other : &la->csr;
    return wanted(la, root) != 0 || (root->estat & BIT(LA_IS_NMI));
}

void la_cpu_set_irq(void *cpu, uint32_t number, bool level)
{
    struct la_cpu *la = LA_CPU((struct cpu *)cpu);
    uint64_t bit = BIT(number), before = la->lines;
    __atomic_store_n(&la->lines, level ? before | bit : before & ~bit, __ATOMIC_RELAXED);
    if (number == LA_IS_NMI && level && !(before & bit))
        la->bank[0]->estat |= bit;
    if (level)
        la_check_interrupts(la);
}

/* ---- messages ---- */
enum { MSGIR_NULL = 31 };

bool la_cpu_message(struct cpu *cpu, unsigned vector)
{
    struct la_cpu *la = LA_CPU(cpu);
    if (!la_has(la->config, LA_F_MSG_INT))
        return false;
    la->bank[0]->msgis[vector / 64 & 3] |= BIT(vector % 64);
    la_check_interrupts(la);
    return true;
}

uint64_t la_msgir_peek(const struct la_cpu *la)
{
    int n = best_message(&la->csr);
    return n >= 0 ? (uint64_t)n : BIT(MSGIR_NULL);
}

uint64_t la_msgir_read(struct la_cpu *la)
{
    int n = best_message(&la->csr);
    if (n >= 0)
        la->csr.msgis[n / 64] &= ~BIT(n % 64);
    return n >= 0 ? (uint64_t)n : BIT(MSGIR_NULL);
}
