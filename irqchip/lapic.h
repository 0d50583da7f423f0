/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_LAPIC_H
#define ORRERY_IRQCHIP_LAPIC_H
/*
 * Local APICs: Intel SDM volume 3, chapter 12; AMD APM volume 2, chapter 16. xAPIC and x2APIC
 * modes, one a CPU, and the bus between them: interprocessor interrupts, messages of devices (MSIs
 * and those of the I/O APIC), broadcasts of EOI.
 *
 *   CPU  -- register accesses (by requester), MSRs, acknowledge, CR8 -->  lapic
 *   lapic -- lines INTR NMI SMI INIT, start-up -->  CPU
 *   MSI write to FEExxxxxh  -- lapic_bus_deliver -->  lapics  -- EOI -->  I/O APICs
 *
 * All local APICs answer at FEE00000h: a CPU reaches its own, anything else that writes there sends
 * a message. There is one more window, at the other base that CPUs moved theirs to; moved to several,
 * the last one counts. It hides what lies there from all.
 *
 * The timer counts `bus_hz` divided as its register says, or waits for the time-stamp counter,
 * about which it asks the CPU. Not modelled: CMCI, focus processors, arbitration; delivery status
 * always reads 0.
 *
 * AMD's extended space (APM volume 2, 16.3.5): specific EOI, interrupt enable registers, four more local vectors for sources
 * that call lapic_extended.
 *
 * The machine owns all of it. A reset is the power-on state; lapic_init what INIT leaves.
 */
#include "core/device/device.h"
#include "core/event/clock.h"

#define LAPIC_BASE     0xfee00000u
#define LAPIC_SIZE     0x1000u
#define LAPIC_BUS_SIZE 0x100000u

enum lapic_lvt {
    LAPIC_LVT_CMCI,
    LAPIC_LVT_TIMER,
    LAPIC_LVT_THERMAL,
    LAPIC_LVT_PMC,
    LAPIC_LVT_LINT0,
    LAPIC_LVT_LINT1,
    LAPIC_LVT_ERROR,
    LAPIC_LVTS
};

enum { LAPIC_EXT_LVTS = 4 };

/* The CPU as its local APIC reaches it. */
struct lapic_cpu {
    irq_sink_fn *input; /* of `cpu`: levels and edges of the numbers below */
    uint32_t intr, nmi, smi, init;
    void (*start)(void *cpu, uint8_t vector);
    uint64_t (*tsc)(void *cpu);
    ps_t (*tsc_time)(void *cpu, uint64_t tsc); /* when the counter will show that */
    void *cpu;
};

struct lapic_config {
    uint32_t id;           /* x2APIC id; its low 8 bits are the xAPIC id */
    bool x2apic, deadline; /* modes the CPU has */
    bool bootstrap;
    bool id_writable;      /* in xAPIC mode: AMD's, and Intel's before Nehalem */
    bool extended;         /* AMD's extended space */
    uint64_t bus_hz;
    struct lapic_cpu cpu;
};

struct lapic_bus;
/* Who hears of the end of level-triggered interrupts: I/O APICs. */
typedef void lapic_eoi_fn(void *arg, uint8_t vector);

struct lapic {
    struct device dev;
    struct lapic_config config;
    struct lapic_bus *bus;
    bool extint; /* INTR is driven for the 8259; derived */

    struct ev_timer timer_due; /* saved from here on */
    uint64_t base;             /* IA32_APIC_BASE */
    uint32_t irr[8], isr[8], tmr[8];
    uint32_t lvt[LAPIC_LVTS];
    uint32_t tpr, ldr, dfr, svr, esr, esr_pending;
    uint32_t icr[2], initial, divide;
    uint64_t deadline;
    ps_t started; /* the running count began at `initial` then; 0 with initial = 0: stopped; LAPIC_RUN_DOWN */
    bool lint[2]; /* levels at the pins */
    uint32_t id;  /* the config's, or what was written over its low 8 bits */
    uint32_t ext_control, seoi, ier[8], ext_lvt[LAPIC_EXT_LVTS];
};

/* Registers of all local APICs, mapped at LAPIC_BASE of `space`. At most `max` will join. */
struct lapic_bus *lapic_bus_create(struct machine *m, struct mem_space *space, uint32_t max,
                                   struct err *e);
/* The local APIC of CPU `index` (its requester number). Ids rise with the index. */
struct lapic *lapic_create(struct machine *m, struct lapic_bus *bus,
                           const struct lapic_config *config, uint32_t index, struct err *e);
void lapic_bus_on_eoi(struct lapic_bus *bus, lapic_eoi_fn *fn, void *arg);
/* The 8259's interrupt acknowledge cycle, for LINT0 in ExtINT mode: its vector. */
void lapic_bus_set_extint(struct lapic_bus *bus, int (*acknowledge)(void *arg), void *arg);

/*
 * What reaches the bus, whatever its form outside. `wide`: the destination has 32 bits (an x2APIC's ICR,
 * interrupt remapping in extended mode), else 8. `mode` as in ICR bits 10:8. Messages to nobody are lost.
 */
struct lapic_message {
    uint32_t dest;
    bool logical, wide, level;
    uint8_t mode, vector;
};
void lapic_bus_send(struct lapic_bus *bus, const struct lapic_message *message);
/* A message in MSI format (SDM 12.11): ioapic_deliver_fn. */
void lapic_bus_deliver(void *bus, uint64_t address, uint32_t data);

/* irq_sink_fn: `number` 0 LINT0, 1 LINT1. */
void lapic_set_lint(void *lapic, uint32_t number, bool level);
/* A local interrupt: performance counters (LAPIC_LVT_PMC), thermal. */
void lapic_local(struct lapic *p, enum lapic_lvt which);
/* The same by extended vector `n` < LAPIC_EXT_LVTS. */
void lapic_extended(struct lapic *p, unsigned n);

/* ---- what the CPU calls: shaped as its ops want them ---- */
int lapic_acknowledge(void *lapic);  /* vector to deliver, -1: none any more */
uint64_t lapic_get_tpr(void *lapic); /* CR8 */
void lapic_set_tpr(void *lapic, uint64_t cr8);
bool lapic_read_msr(void *lapic, uint32_t msr, uint64_t *value);
bool lapic_write_msr(void *lapic, uint32_t msr, uint64_t value);
void lapic_set_base(void *lapic, uint64_t base); /* IA32_APIC_BASE was written */
void lapic_init(void *lapic);
/* An interrupt as the low half of an ICR says, to the one with that x2APIC id; false: there is none. */
bool lapic_send_to(void *lapic, uint32_t id, uint32_t icr);

#endif
