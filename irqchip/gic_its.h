/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GIC_ITS_H
#define ORRERY_IRQCHIP_GIC_ITS_H
/*
 * GICv3 Interrupt Translation Service (IHI 0069H, 5.2 to 5.3 and 12.18 to 12.20): command queue,
 * device, interrupt translation and collection tables in the guest's memory, flat and two-level.
 *
 * DeviceIDs, EventIDs and ICIDs of 16 bits, interrupt translation entries of 12 bytes, device
 * and collection entries of 8; collections only in memory (HCC 0), RDbase is the
 * processor number (PTA 0). Physical LPIs alone: commands of virtual ones are in error. A
 * command in error is skipped and the queue goes on, as GITS_TYPER.SEIS 0 allows. Tables and
 * commands are never trusted, and have to lie in RAM.
 *
 * The DeviceID of an MSI is its requester as the bus names it (struct dma, requester). A burst
 * of commands longer than a few hundred is worked off in simulated time, GITS_CREADR telling.
 */
#include "irqchip/gicv3.h"

#define GIC_ITS_SIZE 0x20000u

struct gic_its;
/* Registers of 64 KiB at `base`, GITS_TRANSLATER in the next 64 KiB. `memory` is where its tables lie. */
struct gic_its *gic_its_create(struct machine *m, const char *id, struct gicv3 *gic,
                               struct mem_space *memory, pa_t base, struct err *e);

#endif
