/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_LIOINTC_H
#define ORRERY_IRQCHIP_LIOINTC_H
/*
 * Local I/O interrupt controller of Loongson 3A (3A5000 manual, "Legacy I/O Interrupts"): 32 inputs, each routed by its
 * ENTRY byte to cores of four (bits 3:0, a bitmap) and to lines of theirs (bits 7:4, a bitmap of INT0..3); at
 * 1400h of IOCSR space and, on boards that have it, as MMIO. Level and edge (INTEDGE) inputs; INTEN is changed by
 * INTENSET and INTENCLR, which also forgets an edge. INTPOL (1: active low) is of older 3A, and Linux writes it.
 *
 * Not modelled: numbers instead of bitmaps in ENTRY (MISC_FUNC's INT_ENCODE), perCore_INTISR at IOCSR 1010h.
 *
 * Created by the board, which maps it (device_map); freed with the machine. A reset leaves input levels alone.
 */
#include "core/device/device.h"

#define LIOINTC_INPUTS 32
#define LIOINTC_CORES  4
#define LIOINTC_LINES  4

struct liointc {
    struct device dev;
    struct irq_line out[LIOINTC_CORES][LIOINTC_LINES]; /* wiring */

    uint32_t level, latched, enable, edge, polarity; /* saved from here on */
    uint8_t entry[LIOINTC_INPUTS];
};

struct liointc *liointc_create(struct machine *m, const char *id, struct err *e);

/* irq_sink_fn: `number` is the input. */
void liointc_set_level(void *liointc, uint32_t number, bool level);

/* Inputs that ask a core, with any line: what COREn_INTISR reads. */
uint32_t liointc_asking(const struct liointc *p, uint32_t core);

#endif
