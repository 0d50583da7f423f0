/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ICH9_LPC_H
#define ORRERY_DEVICES_ICH9_LPC_H
/*
 * The ICH9's LPC bridge, 00:1f.0 (Intel 316972, 13.1), and its chipset configuration registers
 * (RCRB, 10.1) as far as QEMU's q35 has them: where PCI interrupts and the SCI go, and where power
 * management's I/O space is.
 *
 *   function -> intx_map -> PIRQA..H -+-> ioapic[16..23]
 *                                     +-> pic[n] by PIRQx_ROUT
 *   SCI ------> ACPI_CNTL ------------+-> pic[9..11] and ioapic[9..11], or ioapic[20..23]
 *
 * Functions of devices 0 to 24 use PIRQE to H, (device + pin) mod 4, as QEMU's ACPI tables say;
 * devices 25 to 29 and 31 what their DxxIR says; device 30 E to H by pin.
 *
 * Outputs are levels, one driver each to 8259 and I/O APIC, beside which ISA's own drive the same
 * inputs. Not modelled: GPIO, serial interrupts, decode ranges (LPC_EN is what the board says and
 * read-only), the HPET's address (fixed), general purpose I/O.
 *
 * Its table is the RCRB; it maps that itself. Owned by the machine.
 */
#include "devices/ich9_pm.h"
#include "devices/pci/pci.h"

struct ich9_lpc_config {
    struct mem_space *memory;
    struct pci_bus *bus;              /* the root bus */
    struct ich9_pm *pm;
    uint16_t lpc_en;                  /* 82h: bits 0, 1 COM1, COM2; 2 LPT; 3 floppy */
    bool no_reboot;                   /* strap: GCS.NO_REBOOT after a reset */
};

struct ich9_lpc {
    struct device dev;
    struct irq_line pic[16], ioapic[24]; /* wiring */
    struct ich9_lpc_config config;

    struct pci_function pci;          /* saved from here on */
    uint32_t gcs;
    uint16_t d31ir, d29ir, d28ir, d27ir, d26ir, d25ir;
    uint8_t oic;
    uint8_t pirq, sci;                /* levels that come in; PIRQA is bit 0 */
};

/* Connects the bus's interrupts and the PM block's `sci`. */
struct ich9_lpc *ich9_lpc_create(struct machine *m, const char *id, const struct ich9_lpc_config *c,
                                 struct err *e);

#endif
