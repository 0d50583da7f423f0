/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_IOAPIC_H
#define ORRERY_IRQCHIP_IOAPIC_H
/*
 * I/O APIC: Intel 82093AA (290566-001) with 24 inputs, as the ICH9 has it (316972, 13.5): version
 * 0x20, with the EOI register. The arbitration id, which the ICH9 has no more, reads as the 82093AA's after a write of the
 * id (3.2.3), as on QEMU's board.
 *
 *   devices -> ioapic_set_level -> redirection table -> message -> [interrupt remapping] -> CPUs
 *              ioapic_end_of_interrupt <- EOI broadcast by a local APIC
 *
 * An interrupt leaves as a message in the terms of an MSI: entry bits 63:48 become address bits
 * 19:4, destination mode (bit 11) address bit 2; vector, delivery mode and trigger mode go into
 * the data. In the remappable format (VT-d 4.0, 5.1.5.1) the same bits are the handle, so nothing
 * here knows whether a remapping unit stands behind; who receives a level-triggered one must send
 * its EOI with the vector of the entry.
 *
 * Not modelled: the polarity bit is kept and has no effect, lines carry "asserted", whatever the
 * voltage; delivery status always reads 0, as a message is delivered at once.
 *
 * The board maps it (device_map) and the machine owns it. A reset masks all entries and leaves
 * the inputs alone.
 */
#include "core/device/device.h"

#define IOAPIC_PINS    24
#define IOAPIC_SOURCES 5

typedef void ioapic_deliver_fn(void *arg, uint64_t address, uint32_t data);

struct ioapic {
    struct device dev;
    ioapic_deliver_fn *deliver;      /* wiring */
    void *arg;

    uint64_t entry[IOAPIC_PINS];     /* saved from here on; Remote IRR is bit 14 */
    uint32_t input[IOAPIC_SOURCES];  /* levels by driver, a bit a pin */
    uint32_t id, select;
};

/* `deliver` is called while a line changes, a register is written or an EOI arrives. */
struct ioapic *ioapic_create(struct machine *m, const char *id, ioapic_deliver_fn *deliver,
                             void *arg, struct err *e);

/*
 * irq_sink_fn. `number`: pin 0 to 23, plus 32 times the driver (0 to 4): the pin is asserted
 * while any driver's is. Other pins do not exist: nothing happens.
 */
void ioapic_set_level(void *ioapic, uint32_t number, bool level);

/* A local APIC ended a level-triggered interrupt: entries of that vector may interrupt again. */
void ioapic_end_of_interrupt(struct ioapic *p, uint8_t vector);

/* The message an entry stands for. */
void ioapic_message(uint64_t entry, uint64_t *address, uint32_t *data);

#endif
