/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_EDU_H
#define ORRERY_DEVICES_EDU_H
/*
 * QEMU's device for teaching drivers (docs/specs/edu): PCI 1234:11e8 with a register that inverts, one
 * that computes factorials, an interrupt (INTA, or MSI) and a DMA engine with a buffer of 4 KiB. What
 * kvm-unit-tests' IOMMU tests drive.
 *
 * A transfer takes 100 us and a factorial 10 us of simulated time. Transfers that would leave the buffer move
 * nothing and end; address bits outside of the DMA mask are dropped, as there.
 *
 * Made while the machine is built, and owned by it.
 */
#include "devices/pci/pci.h"

#define EDU_BUFFER   4096u
#define EDU_DMA_MASK 0x0fffffffull

struct edu;
/* devfn -1: any place. */
struct edu *edu_create(struct machine *m, const char *id, struct pci_bus *bus, int devfn, uint64_t dma_mask,
                       struct err *e);

#endif
