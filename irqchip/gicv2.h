/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV2_H
#define ORRERY_IRQCHIP_GICV2_H
/*
 * Arm Generic Interrupt Controller, architecture 2 (IHI 0048B): distributor and memory-mapped
 * CPU interfaces, banked for each CPU by who accesses (mem_attrs.requester), with Security
 * Extensions and, when asked for, Virtualization Extensions (GICH, GICV). GICv2m frame: gicv2m.
 */
#include "core/device/device.h"

struct gicv2;
struct gicv2_config {
    uint32_t n_cpus, n_spis;      /* at most 8; a multiple of 32 */
    bool security, virtualization;
};
struct gicv2 *gicv2_create(struct machine *m, const char *id, const struct gicv2_config *c,
                           struct err *e);
int gicv2_map(struct gicv2 *g, struct mem_space *s, pa_t distributor, pa_t cpu_interface,
              pa_t hypervisor, pa_t virtual_cpu, struct err *e) MUST_CHECK; /* last two: 0 without */
void gicv2_set_spi(void *gic, uint32_t number, bool level); /* INTID - 32 */
void gicv2_set_ppi(void *gic, uint32_t number, bool level); /* cpu << 5 | INTID */

struct gicv2_interface {
    struct irq_line irq, fiq, virq, vfiq, maintenance; /* wiring */
};
struct gicv2_interface *gicv2_interface_of(struct gicv2 *g, uint32_t cpu);

/* MSI frame (Server Base System Architecture, GICv2m): SPIs first .. first + n - 1, edge. */
struct gicv2m;
struct gicv2m *gicv2m_create(struct machine *m, const char *id, struct gicv2 *gic, uint32_t first_spi,
                             uint32_t n, struct err *e);

#endif
