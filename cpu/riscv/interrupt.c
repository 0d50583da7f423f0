/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts: privileged ISA, machine level "Machine Interrupt (mip and mie)
 * Registers" and "Machine Trap Delegation". mip is what lines and comparators
 * drive, or'ed with what software set.
 */
#include "cpu/riscv/riscv_impl.h"

/*
 * Lines are driven by whoever has the machine's lock; a CPU on a thread of its own looks at them without it (sstatus, MRET,
 * SRET, and every few thousand cycles: what it overlooks at one moment it sees at the next).
 */
void rv_drive(struct rv_cpu *rv, unsigned line, bool level)
{
    uint64_t bit = BIT(line);
    __atomic_store_n(&rv->mip_line, level ? rv->mip_line | bit : rv->mip_line & ~bit, __ATOMIC_RELAXED);
}

uint64_t rv_mip(const struct rv_cpu *rv)
{
    uint64_t soft = __atomic_load_n(&rv->mip_soft, __ATOMIC_RELAXED);
    if (F_GET(rv->menvcfg, RV_ENVCFG_STCE)) /* Sstc: the comparator alone */
        soft &= ~BIT(RV_IRQ_STI);
    return soft | __atomic_load_n(&rv->mip_line, __ATOMIC_RELAXED);
}

/* Highest first. AIA's 43 comes before, SGEI and the VS interrupts between STI and LCOFI. */
static const uint8_t priority[] = { RV_IRQ_MEI, RV_IRQ_MSI, RV_IRQ_MTI,  RV_IRQ_SEI,
                                    RV_IRQ_SSI, RV_IRQ_STI, RV_IRQ_LCOFI };

static int highest(uint64_t pending)
{
    for (size_t i = 0; i < ARRAY_LEN(priority); i++)
        if (pending & BIT(priority[i]))
            return priority[i];
    return -1;
}

int rv_pending_interrupt(const struct rv_cpu *rv)
{
    uint64_t pending = rv_mip(rv) & rv->mie;
    if (LIKELY(pending == 0))
        return -1;
    bool m_on = rv->priv < RV_M || F_GET(rv->mstatus, RV_MSTATUS_MIE);
    bool s_on = rv->priv < RV_S || (rv->priv == RV_S && F_GET(rv->mstatus, RV_MSTATUS_SIE));
    uint64_t to_m = pending & ~rv->mideleg;
    if (m_on && to_m != 0)
        return highest(to_m);
    uint64_t to_s = pending & rv->mideleg;
    return s_on && to_s != 0 ? highest(to_s) : -1;
}

/* Something changed: stop at the next boundary if an interrupt can be taken or ends an idle state.
 */
void rv_check_interrupts(struct rv_cpu *rv)
{
    bool wake = rv->cpu.run == CPU_IDLE && (rv_mip(rv) & rv->mie) != 0;
    if (wake || rv_pending_interrupt(rv) >= 0)
        cpu_kick(&rv->cpu);
}

bool rv_take_interrupt(struct cpu *cpu)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    int cause = rv_pending_interrupt(rv);
    if (cause < 0)
        return false;
    rv_enter_trap(rv, (uint64_t)cause, 0, true);
    return true;
}

bool rv_interrupt_due(const struct cpu *cpu)
{
    return rv_pending_interrupt(RV_CPU_CONST(cpu)) >= 0;
}

/* WFI resumes for any interrupt that is pending and enabled in mie, whatever mstatus says. */
bool rv_has_work(const struct cpu *cpu)
{
    const struct rv_cpu *rv = RV_CPU_CONST(cpu);
    return (rv_mip(rv) & rv->mie) != 0;
}

void rv_cpu_set_irq(void *cpu, uint32_t number, bool level)
{
    struct rv_cpu *rv = RV_CPU((struct cpu *)cpu);
    if (number == RV_IRQ_SSI) /* an edge (ACLINT SSWI): software clears SSIP, the line never does */
        __atomic_store_n(&rv->mip_soft, rv->mip_soft | (level ? BIT(number) : 0), __ATOMIC_RELAXED);
    else
        rv_drive(rv, number, level);
    rv_check_interrupts(rv);
}
