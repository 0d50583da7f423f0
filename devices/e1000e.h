/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_E1000E_H
#define ORRERY_DEVICES_E1000E_H
/*
 * Intel 82574L Gigabit Ethernet controller (8086:10d3; Intel 82574 GbE Controller Family
 * datasheet, revision 3.4; chapters in comments are its).
 *
 *   BAR 0  32 bit  128 KiB of registers      BAR 2  I/O     IOADDR, IODATA
 *   BAR 1  32 bit  flash: reads as 0         BAR 3  32 bit  MSI-X, 5 vectors
 *
 *   transmit   two rings, legacy, context and data descriptors, checksum and TCP/UDP segmentation
 *              offload, VLAN insertion, interrupt delays
 *   receive    two rings, legacy, extended and packet-split descriptors, RSS, checksums, address,
 *              multicast and VLAN filters, VLAN removal, CRC kept or stripped, loopback
 *   rest       INTx, MSI, MSI-X with IVAR, EIAC, auto-masking and throttling, EEPROM through
 *              EERD and EEWR, PHY through MDIC with auto-negotiation, statistics
 *
 * Not modelled: wake-up and manageability (reported when software asks for them), the EEPROM's
 * serial lines (EECD never grants them), flash, time stamps (TSYNC* cannot be enabled; SYSTIM
 * counts), flow control frames, ACK detection.
 *
 * Frames leave E1000E_LATENCY after the tail was written. Lives in the machine's arena.
 */
#include "devices/backend/net.h"
#include "devices/pci/pci.h"

struct e1000e;

struct e1000e_options {
    uint8_t mac[6];
    int devfn;            /* -1: any */
    bool multifunction;
    const char *rom;      /* option ROM's file; NULL: none */
};

/* `net` NULL: no cable. */
struct e1000e *e1000e_create(struct machine *m, const char *id, struct pci_bus *bus,
                             struct net_backend *net, const struct e1000e_options *o,
                             struct err *e);
struct pci_function *e1000e_function(struct e1000e *d);

#endif
