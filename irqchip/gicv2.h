/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV2_H
#define ORRERY_IRQCHIP_GICV2_H
/*
 * Arm Generic Interrupt Controller, architecture 2 (IHI 0048B): distributor and memory-mapped
 * CPU interfaces, banked for each CPU by who accesses (mem_attrs.requester; whoever is no CPU
 * sees CPU 0's), with Security Extensions (mem_attrs.secure) and, when asked for, Virtualization
 * Extensions (GICH with four list registers, GICV). Both interrupt groups exist in any case.
 *
 * 8 bits of priority, 5 for virtual interrupts; PPIs and SPIs can be configured edge or level,
 * SGIs are always enabled. Without Security Extensions all accesses are like Secure ones, as the
 * specification has it. With one CPU all interrupts go there, yet GICD_ITARGETSRn keep what is
 * written for it instead of reading as zero (4.3.12): kvm-unit-tests reads it back. Not
 * implemented, as the specification allows: GICD_NSACRn, lockable SPIs, interrupt bypass (a
 * disabled interface signals nothing).
 *
 * Interrupt numbers: 0-15 SGI, 16-31 PPI, 32-1019 SPI. Created by the board, which connects the
 * interfaces' lines; freed with the machine. A reset leaves the levels of the inputs alone.
 */
#include "core/device/device.h"

#define GICV2_CPUS 8

struct gicv2;
struct gicv2_config {
    uint32_t n_cpus, n_spis;      /* 1 to 8; a multiple of 32, at most 960, or 988 */
    bool security, virtualization;
};
struct gicv2 *gicv2_create(struct machine *m, const char *id, const struct gicv2_config *c,
                           struct err *e);
/*
 * Sizes: distributor and hypervisor interface 4 KiB, CPU interfaces 8 KiB. The last two are not
 * mapped where they are 0; with an address and without Virtualization Extensions: ERR_ARG.
 */
int gicv2_map(struct gicv2 *g, struct mem_space *s, pa_t distributor, pa_t cpu_interface,
              pa_t hypervisor, pa_t virtual_cpu, struct err *e) MUST_CHECK;

/* irq_sink_fn. Numbers of interrupts that do not exist are ignored. */
void gicv2_set_spi(void *gic, uint32_t number, bool level); /* INTID - 32 */
void gicv2_set_ppi(void *gic, uint32_t number, bool level); /* cpu << 5 | INTID */

struct gicv2_interface {
    struct irq_line irq, fiq, virq, vfiq, maintenance; /* wiring */
};
struct gicv2_interface *gicv2_interface_of(struct gicv2 *g, uint32_t cpu);

/*
 * The highest priority pending interrupt of a CPU, of the groups the distributor forwards: lowest
 * priority value, lowest number; 1023 if none. Masks and active priorities play no part.
 */
uint32_t gicv2_best_pending(const struct gicv2 *g, uint32_t cpu);

#endif
