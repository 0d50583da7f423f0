/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from outside, in the order of priority of SDM volume 3, table 7-2: INIT, SMI, traps,
 * NMI, interrupts. */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"

static bool has(const struct x86_cpu *c, enum x86_input i)
{
    return x86_inputs(c) >> i & 1;
}

static bool takes_interrupts(const struct x86_cpu *c)
{
    return (c->rflags & X86_IF) && c->shadow == X86_SHADOW_NONE;
}

bool x86_is_interrupted(const struct x86_cpu *c)
{
    if (has(c, X86_INIT) && !c->smm)
        return true;
    if (has(c, X86_SMI) && !c->smm &&
        c->shadow == X86_SHADOW_NONE) /* the save map has no place for the shadow */
        return true;
    if (has(c, X86_NMI) && !c->nmi_blocked && c->shadow == X86_SHADOW_NONE)
        return true;
    return has(c, X86_INTR) && takes_interrupts(c);
}

/* Would x86_take_interrupt do something now? */
static bool is_due(const struct x86_cpu *c)
{
    if (c->wait_sipi)
        return false;
    if (c->waiting && (!c->cpu.reserved || (c->waiting == 2 && has(c, X86_INTR))))
        return true;
    if (c->halted && c->kvm_kicked)
        return true;
    if ((c->pending_db != 0 && c->shadow != X86_SHADOW_SS) || c->watch == X86_WATCH_NOTES ||
        c->branch_kind != 0)
        return true;
    return x86_is_interrupted(c);
}

void x86_kick_if_due(struct x86_cpu *c)
{
    if (is_due(c))
        cpu_kick(&c->cpu);
}

bool x86_has_work(const struct cpu *cpu)
{
    return is_due(X86_CPU_CONST(cpu));
}

static void put_input(struct x86_cpu *c, unsigned i, bool level)
{
    uint64_t others = c->inputs & ~(1ull << i);
    __atomic_store_n(&c->inputs, others | (uint64_t)level << i, __ATOMIC_RELAXED);
}

static void clear_input(struct x86_cpu *c, enum x86_input i)
{
    put_input(c, i, false);
}

/* INIT: an application processor waits for its start-up IPI then, the bootstrap processor begins at
 * the reset vector. */
static void take_init(struct x86_cpu *c)
{
    clear_input(c, X86_INIT);
    x86_reset(c, true);
    if (c->apic.init != NULL)
        c->apic.init(c->apic.arg);
    if (!(c->apic_base & X86_APIC_BSP)) {
        c->wait_sipi = 1;
        c->cpu.run = CPU_OFF;
        cpu_kick(&c->cpu);
    }
    x86_update_mode(c);
}

/* Counters stand still meanwhile. */
void x86_set_halted(struct x86_cpu *c, bool on)
{
    bool gates = c->pmu_active && on != (c->halted != 0);
    if (gates)
        x86_pmu_settle(c);
    c->halted = on;
    if (gates)
        x86_pmu_changed(c);
}

bool x86_take_interrupt(struct cpu *cpu)
{
    struct x86_cpu *c = X86_CPU(cpu);
    if (LIKELY(!is_due(c)))
        return false;
    if (UNLIKELY(c->branch_kind != 0 || c->watch == X86_WATCH_NOTES)) { /* its instruction is done */
        x86_branch_done(c);
        if (c->watch == X86_WATCH_NOTES) {
            c->watch = X86_WATCH_OFF;
            x86_update_mode(c);
        }
        if (!is_due(c))
            return false;
    }
    bool halted =
        c->halted && !c->waiting; /* after MWAIT the next instruction follows, whatever ended it */
    if (c->halted)
        c->kvm_kicked = 0;
    x86_set_halted(c, false);
    c->waiting = 0;
    if (has(c, X86_SMI) && !c->smm && c->shadow == X86_SHADOW_NONE) {
        clear_input(c, X86_SMI);
        x86_enter_smm(c, halted);
        return true;
    }
    if (has(c, X86_INIT) && !c->smm) {
        take_init(c);
        return true;
    }
    if (c->pending_db != 0 && c->shadow != X86_SHADOW_SS) {
        uint64_t bits = x86_pending_db(c);
        if (bits != 0)
            x86_deliver_trap(c, bits);
        return bits != 0;
    }
    if (has(c, X86_NMI) && !c->nmi_blocked && c->shadow == X86_SHADOW_NONE) {
        clear_input(c, X86_NMI);
        c->nmi_blocked = 1;
        x86_deliver_interrupt(c, X86_NMI_VECTOR);
        return true;
    }
    if (!has(c, X86_INTR) || !takes_interrupts(c))
        return false;
    int vector = c->apic.acknowledge(c->apic.arg);
    if (vector < 0)
        return false;
    x86_deliver_interrupt(c, (unsigned)vector);
    return true;
}

void x86_cpu_set_input(void *cpu, uint32_t number, bool level)
{
    struct x86_cpu *c = cpu;
    if (number == X86_INTR) {
        put_input(c, X86_INTR, level);
    } else if (number == X86_A20M) {
        put_input(c, X86_A20M, level);
        x86_update_mode(c);
        cpu_kick(&c->cpu); /* what runs may lie on the other side of A20 now */
        return;
    } else if (level) { /* edges stay until they are taken */
        put_input(c, number, true);
        if (number == X86_INIT && c->wait_sipi)
            clear_input(c, X86_INIT);
    }
    x86_check_interrupts(c);
}

/*
 * SDM 10.4.4.1: real mode at vector << 12. The INIT before it may still be pending, this CPU not
 * having had its turn since; it stands at an instruction boundary and takes it now, or the start-up
 * would be lost.
 */
void x86_cpu_sipi(struct x86_cpu *c, uint8_t vector)
{
    if (has(c, X86_INIT) && !c->smm) {
        x86_set_halted(c, false);
        c->waiting = 0;
        take_init(c);
    }
    if (!c->wait_sipi)
        return;
    c->wait_sipi = 0;
    x86_start_real(&c->cpu, (uint16_t)(vector << 8), 0);
    cpu_start(&c->cpu);
    x86_kvm_cpu_started(c);
}
