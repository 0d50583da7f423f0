/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PCI_TESTDEV_H
#define ORRERY_DEVICES_PCI_TESTDEV_H
/*
 * QEMU's pci-testdev (docs/specs/pci-testdev.rst; 1b36:0005), for test suites: BAR 0 in memory and
 * BAR 1 in I/O space each begin with a header that describes the selected test: software writes `data` in
 * `width` bytes at `offset`, and `count` says how many such writes arrived.
 */
#include "devices/pci/pci.h"

struct pci_testdev;
/* Belongs to the machine's arena. devfn -1: the first free slot. NULL with `e`. */
struct pci_testdev *pci_testdev_create(struct machine *m, const char *id, struct pci_bus *bus, int devfn,
                                       struct err *e);

#endif
