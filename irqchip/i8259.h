/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_I8259_H
#define ORRERY_IRQCHIP_I8259_H
/*
 * The PC's pair of 8259A interrupt controllers (Intel 231468-003) as the ICH9 has it (316972,
 * 5.8 and 13.4): the second one's INT is IR2 of the first; ELCR makes inputs level-triggered in
 * place of ICW1's LTIM.
 *
 *   IRQ0..7, 8..15 -> i8259_set_level -> [slave] -> IR2 [master] -> intr -> CPU (INTR, LINT0)
 *                                              i8259_acknowledge() <- the CPU's INTA cycle
 *
 * An edge must stay high until it is acknowledged: an input that falls before takes its request
 * back, and the CPU that comes for it gets IR7, with no bit in the ISR (231468, "Edge and Level
 * Triggered Modes"). All modes of OCW2 and OCW3 are there; not so the MCS-80 mode and buffered
 * systems (ICW4 bits 0 and 3), of which software is told by a report.
 *
 * Its table is numbered by ports: 0x20-0x21, 0xA0-0xA1, 0x4D0-0x4D1, which the board maps by
 * device_map_ports. A reset is what ICW1 to ICW4 would do, without vectors: nothing is masked.
 * It leaves alone what comes in on the lines.
 *
 * The machine owns it. Nothing here depends on anything but the accesses and levels it is given.
 */
#include "core/device/device.h"

#define I8259_SOURCES 4

/* One chip. Several drivers may pull one input. */
struct i8259_chip {
    uint8_t input[I8259_SOURCES]; /* levels by driver, a bit an IR */
    uint8_t edge;                 /* edges not yet acknowledged whose input is still high */
    uint8_t isr, imr;
    uint8_t elcr;                 /* bit set: level-triggered */
    uint8_t lowest;               /* the IR of lowest priority; 7 unless rotated */
    uint8_t vector;               /* of IR0: ICW2's bits 7:3 */
    uint8_t next_icw;             /* 0: initialised; 2 to 4: the word expected at the odd port */
    uint8_t icw1, icw4;
    uint8_t special_mask, poll, read_isr;
    uint8_t rotate_auto;          /* rotate in automatic EOI mode */
};

struct i8259 {
    struct device dev;
    struct irq_line intr;         /* wiring: INT of the master */

    struct i8259_chip chip[2];    /* saved: master, slave */
};

struct i8259 *i8259_create(struct machine *m, const char *id, struct err *e);

/*
 * irq_sink_fn. `number`: IRQ 0 to 15, plus 16 times the driver (0 to 3): the input is high while
 * any driver's is. IRQ2 is the cascade: nothing is connected there.
 */
void i8259_set_level(void *chip, uint32_t number, bool level);

/* The CPU's interrupt acknowledge cycle: the vector, and what goes with it. Always answers. */
uint8_t i8259_acknowledge(struct i8259 *p);

/* The IR of the most urgent request that may interrupt now, or -1. Changes nothing. */
int i8259_best_pending(const struct i8259_chip *c, bool master);

#endif
