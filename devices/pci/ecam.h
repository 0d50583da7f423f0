/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PCI_ECAM_H
#define ORRERY_DEVICES_PCI_ECAM_H
/*
 * Generic PCI Express host bridge: configuration space by ECAM (PCI Express Base 5.0,
 * 7.2.2; device tree binding pci-host-ecam-generic), memory windows shown one to one, an
 * I/O window, four level interrupts for INTA..INTD swizzled over the slots, and function
 * 0 of device 0 as a host bridge of its own.
 */
#include "devices/pci/pci.h"

struct pci_ecam_map {
    pa_t config;                     /* base; 1 MiB a bus */
    uint64_t config_size;
    pa_t io;                         /* window onto I/O addresses 0 .. io_size */
    uint64_t io_size;
    struct pci_range range[2];       /* memory windows: 32 bits and, behind RAM, 64 */
    uint32_t n_ranges;
};

struct pci_ecam {
    struct device dev;
    struct irq_line intx[4];         /* wiring */
    struct pci_bus bus;
    struct mem_space *io;
    struct pci_function host;        /* 00:00.0 */
};

/*
 * Regions go into `memory` at the places of `map`. BARs decode inside the memory windows
 * only; what no BAR answers there reads as all ones and ignores writes.
 */
struct pci_ecam *pci_ecam_create(struct machine *m, const char *id, struct mem_space *memory,
                                 const struct pci_ecam_map *map, struct err *e);

#endif
