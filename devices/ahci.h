/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_AHCI_H
#define ORRERY_DEVICES_AHCI_H
/*
 * Serial ATA host bus adapter: the AHCI function of Intel's ICH9 (8086:2922; I/O Controller Hub
 * 9 datasheet, chapter 14; Serial ATA AHCI 1.3.1) with six ports.
 *
 *   BAR 4  I/O     index at 10h, data at 14h: the registers of BAR 5, for firmware in real mode
 *   BAR 5  32 bit  generic host control, ports
 *
 * 32 command slots, NCQ, 64-bit addresses, FIS receive areas, one MSI or INTA. Absent, and so
 * said in CAP: port multipliers, command completion coalescing, enclosure management, staggered
 * spin-up, partial and slumber states, hot plug of whole drives. There is no legacy IDE mode. The
 * MSI capability has a mask and lies at another place than the ICH9's.
 *
 * A command is done AHCI_LATENCY after it was issued, those of a port in order of their slots,
 * one after the other; NCQ commands therefore never overtake. The link of a port with a drive is
 * up as soon as a reset ends.
 *
 * Disks stay the caller's. Lives in the machine's arena.
 */
#include "devices/ata.h"
#include "devices/pci/pci.h"

struct ahci;

#define AHCI_PORTS 6

struct ahci_options {
    int devfn;            /* -1: any */
    bool multifunction;
    const char *rom;      /* option ROM's file; NULL: none */
};
struct ahci *ahci_create(struct machine *m, const char *id, struct pci_bus *bus,
                         const struct ahci_options *o, struct err *e);

/* While building. `port` -1: the first free one. `disk` may be NULL for a CD-ROM drive: no disc. */
int ahci_attach(struct ahci *a, int port, struct block *disk, bool cdrom, const char *serial,
                struct err *e) MUST_CHECK;
/* A CD-ROM drive's disc is changed, NULL: taken out. ERR_ARG when the port has no such drive. */
int ahci_set_medium(struct ahci *a, unsigned port, struct block *disk, struct err *e) MUST_CHECK;
/* The drive at a port that is there; ata_is_present says whether there is any. */
struct ata_drive *ahci_drive(struct ahci *a, unsigned port);
struct pci_function *ahci_function(struct ahci *a);

#endif
