/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PCI_PORTS_H
#define ORRERY_DEVICES_PCI_PORTS_H
/*
 * Configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2): CONFIG_ADDRESS at port CF8h, dwords
 * only, CONFIG_DATA at CFCh, in bytes, words and dwords; and in between, at CF9h and one byte wide,
 * the ICH9's reset control (316972, 13.7.5). Both chips decode the same eight ports: one part has
 * them.
 *
 * `reset` rises and falls when software sets RST_CPU; RST_CNT then still has what was written, so
 * that the board can tell a warm reset from a cold one. Bytes at the other places of CONFIG_ADDRESS
 * are nobody's.
 *
 * Owned by the machine.
 */
#include "devices/pci/pci.h"

struct pci_ports {
    struct device dev;
    struct irq_line reset;      /* wiring */
    struct pci_bus *bus;

    uint32_t address;           /* saved from here on */
    uint8_t reset_control;      /* RST_CNT: 3 FULL_RST, 2 RST_CPU, 1 SYS_RST */
};

struct pci_ports *pci_ports_create(struct machine *m, const char *id, struct mem_space *io,
                                   struct pci_bus *bus, struct err *e);

#endif
