/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_NVME_H
#define ORRERY_DEVICES_NVME_H
/*
 * NVM Express controller (NVM Express Base 1.4) as a PCI function: identification and places
 * of QEMU's, 1b36:0010, registers, doorbells and MSI-X in BAR 0.
 *
 *   queues     admin and up to 64 I/O pairs, physically contiguous, of up to 2048 entries
 *   data       PRPs and, for I/O commands, SGLs (4.3, 4.4)
 *   commands   admin: queues, Identify, Get Log Page, Get/Set Features, Abort, Asynchronous
 *              Event Request, Format NVM; I/O: Flush, Read, Write, Compare, Write Zeroes,
 *              Dataset Management
 *   interrupts a vector for each I/O queue, or the pin with INTMS/INTMC; coalescing (8)
 *
 * Absent, and so said in CAP, Identify and the effects log: firmware download, namespace
 * management, metadata and end-to-end protection, fused and uncorrectable commands,
 * reservations, CMB, PMR, weighted arbitration, subsystem reset, power states but one.
 *
 * Commands are done NVME_LATENCY after the doorbell, those of one queue in order, the queues in
 * turn; one that was taken is done at once, so Abort finds waiting event requests only.
 *
 * Disks stay the caller's and must outlive the machine's run. Lives in the machine's arena.
 */
#include "devices/backend/block.h"
#include "devices/pci/pci.h"

struct nvme;

#define NVME_NAMESPACES 16

struct nvme_options {
    const char *serial;   /* 1 to 20 characters */
    const char *rom;      /* option ROM's file; NULL: none */
    int devfn;            /* -1: any */
    bool multifunction;
};

/* NULL with `e`: ERR_ARG for a serial number that is none, what pci_plug says. */
struct nvme *nvme_create(struct machine *m, const char *id, struct pci_bus *bus,
                         const struct nvme_options *o, struct err *e);
/*
 * While building: `disk` is namespace `nsid`, 0: the first free one. Its sectors are of 512 or
 * 4096 bytes, until software formats it anew. ERR_ARG, ERR_LIMIT.
 */
int nvme_add_namespace(struct nvme *n, uint32_t nsid, struct block *disk, uint32_t sector,
                       struct err *e) MUST_CHECK;
struct pci_function *nvme_function(struct nvme *n);

#endif
