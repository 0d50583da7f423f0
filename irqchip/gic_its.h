/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GIC_ITS_H
#define ORRERY_IRQCHIP_GIC_ITS_H
/*
 * GICv3 Interrupt Translation Service (IHI 0069H, chapter 5): command queue, device,
 * interrupt-translation and collection tables in the guest's memory (flat and two-level
 * device tables), all physical commands. Tables and commands are never trusted.
 */
#include "irqchip/gicv3.h"

struct gic_its;
/* Registers of 64 KiB at `base`, GITS_TRANSLATER in the next 64 KiB. `memory` is where its tables lie. */
struct gic_its *gic_its_create(struct machine *m, const char *id, struct gicv3 *gic,
                               struct mem_space *memory, pa_t base, struct err *e);

#endif
