/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PIIX_H
#define ORRERY_DEVICES_PIIX_H
/*
 * The south bridge of QEMU's machine `pc`: a PIIX3 (Intel 82371SB, 290550) with the power management of a PIIX4 (Intel
 * 82371AB, 290562) as its function 3.
 *
 *   .0  ISA bridge  PIRQRC[A:D] route PCI's four lines to interrupts of the 8259s (2.2.6)
 *   .1  IDE         two channels in their legacy places, 1F0/3F6 and 170/376, on interrupts 14 and 15; bus master (2.3)
 *   .3  power       PMBASE with PM1 and the PM timer, APM ports, global control; SCI on interrupt 9 (290562, 7.1)
 *
 * A line that is routed reaches the I/O APIC's pin of the same number, too, as on QEMU's board. The line of a function
 * is (device - 1 + pin) mod 4. A channel answers while IDETIM bit 15 and I/O space are on. SMI comes of APM_CNT while
 * DEVACTB.APMC_EN and GLBCTL.SMI_EN are set.
 *
 * Registers of power management's are ich9_pm.h's where the two chips agree; what an ICH9 has beyond is not mapped.
 * Not modelled: USB, the SMBus host (SMBBA reads 0), general purpose events, device monitors, IDE timing (kept, without
 * effect), distributed DMA.
 *
 * Owned by the machine. Created after the host bridge whose bus it takes.
 */
#include "devices/ich9_pm.h"
#include "devices/ide.h"
#include "devices/pci/pci.h"

enum { PIIX_SLOT = 1, PIIX_CHANNELS = 2, PIIX_ISA_LINES = 16 };

struct piix_config {
    struct pci_bus *bus;
    struct mem_space *io;
    struct ich9_pm *pm;                  /* made with pm1_only */
    bool smm;                            /* false: firmware shall not set it up */
};

struct piix;
struct piix_ide {
    struct device dev;
    struct piix *owner;

    struct pci_function pci;             /* saved from here on */
};
struct piix_power {
    struct device dev;
    struct piix *owner;
    struct mem_region *control;          /* PMBASE's from 10h on */

    struct pci_function pci;             /* saved from here on */
    uint32_t global_control;             /* GLBCTL */
};
struct piix {
    struct device dev;
    struct piix_config config;
    struct irq_line pic[PIIX_ISA_LINES]; /* wiring */
    struct ide_channel *channel[PIIX_CHANNELS];
    struct piix_ide *ide;
    struct piix_power *power;

    struct pci_function isa;             /* saved from here on */
    uint8_t pirq;                        /* levels of PIRQ A to D */
    uint8_t sci;
};

struct piix *piix_create(struct machine *m, const char *id, const struct piix_config *c, struct err *e);

#endif
