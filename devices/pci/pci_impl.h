/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PCI_PCI_IMPL_H
#define ORRERY_DEVICES_PCI_PCI_IMPL_H
/* What pci.c (header, BARs, INTx) and caps.c (capabilities, messages) share. */
#include "core/util/bytes.h"
#include "devices/pci/pci.h"

/* PCI Local Bus 3.0, 6.1 */
enum { CONFIG_VENDOR = 0x00, CONFIG_DEVICE = 0x02, CONFIG_COMMAND = 0x04, CONFIG_STATUS = 0x06,
       CONFIG_REVISION = 0x08, CONFIG_CACHE_LINE = 0x0c, CONFIG_HEADER_TYPE = 0x0e,
       CONFIG_BAR0 = 0x10, CONFIG_SUBSYSTEM_VENDOR = 0x2c, CONFIG_SUBSYSTEM = 0x2e,
       CONFIG_ROM = 0x30, CONFIG_CAPABILITIES = 0x34, CONFIG_INTERRUPT_LINE = 0x3c,
       CONFIG_INTERRUPT_PIN = 0x3d, CONFIG_DEVICE_SPECIFIC = 0x40, CONFIG_EXTENDED = 0x100 };
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4, COMMAND_PARITY = 0x40,
       COMMAND_SERR = 0x100, COMMAND_INTX_OFF = 0x400 };
enum { STATUS_INTX = 8, STATUS_CAPABILITIES = 0x10 };
enum { EXPRESS_CONTROL = 8, EXPRESS_FLR = 0x80 /* of its upper byte */, EXPRESS_PAYLOAD = 0xe0 };
enum { POWER_CONTROL = 4, POWER_STATE = 3, POWER_D0 = 0, POWER_D3HOT = 3 };

/* BARs lie over whatever the board has there. */
#define PCI_BAR_PRIORITY 1

/*
 * A message is a store, and software chooses where to: at a doorbell that makes the function send
 * the next one, if it likes. Messages within messages end at this depth.
 */
#define PCI_MESSAGE_DEPTH 8

int pci_make_msix_regions(struct pci_function *f, struct err *e) MUST_CHECK;
void pci_reset_messages(struct pci_function *f);
/* MSI or MSI-X may have been switched on or a mask lifted: send what waits. */
void pci_messages_unmasked(struct pci_function *f);

#endif
