/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_PCH_PIC_H
#define ORRERY_IRQCHIP_PCH_PIC_H
/*
 * Interrupt controller of the LS7A bridge, "PCH-PIC" (Loongson 7A1000 manual, chapter on interrupts), in front of an
 * EIOINTC: each pin drives the vector its byte of HTMSI_VECTOR names.
 *
 * Registers are 64 bits wide and take accesses of 1, 2, 4 and 8 bytes at any naturally aligned offset, reads as well as
 * writes; only the bytes addressed are seen and changed. An access that is not aligned to its size ends
 * normally, reads 0 and changes nothing (as Linux' KVM has it; the manual leaves it open), with a guest error.
 *
 *   INT_ID       id, version and number of pins, as fixed at creation
 *   INT_MASK     unmasking delivers each pin whose request (INTIRR) stands; masking takes nothing back
 *   HTMSI_EN     kept; messages are all there is, so they are always on
 *   INTEDGE      1: the request of a pin is latched by an edge; 0: it follows the level
 *   INTCLR       write 1: forgets the request of an edge pin; level pins do not notice
 *   AUTO_CTRL0/1 read 0: fixed distribution, the mode the manual recommends, is the only one there is
 *   ROUTE_ENTRY, HTMSI_VECTOR   a byte for each pin; routes are kept: there is one way out. A
 *                vector takes effect with the next delivery
 *   INTISR_0/1   read 0: nothing is routed to the bridge's interrupt pins
 *   INTIRR, INTISR   requests; delivered ones, always a part of them
 *   INT_POLARITY 1: the pin's wire counts inverted: low level, falling edge
 *
 * A vector that several pins name is driven while one of them is delivered. Registers have 64 bits
 * whatever the number of pins; bits of pins that are not there are kept and do nothing. Bytes 240h to
 * 2FFh, vectors of no pin, read 0 and ignore writes quietly: Linux writes the last of them.
 *
 * Created by the board, which maps it (device_map); freed with the machine. A reset leaves the wires alone.
 */
#include "core/device/device.h"

#define PCH_PIC_PINS 64

struct pch_pic {
    struct device dev;
    irq_sink_fn *vector;               /* wiring: eiointc_set_level or the like, */
    void *sink;                        /* called with the vector's number */
    uint64_t int_id;                   /* constant */
    uint32_t pins;

    uint64_t mask, htmsi_en, edge, polarity, irr, isr, wire; /* saved from here on */
    uint8_t route[PCH_PIC_PINS], htmsi_vector[PCH_PIC_PINS];
    uint8_t driven[PCH_PIC_PINS];      /* of delivered pins: the vector it was */
};

/* `pins` 1 to 64; `version` 0 to 255: what INT_ID says. */
struct pch_pic *pch_pic_create(struct machine *m, const char *id, uint32_t pins, uint32_t version, irq_sink_fn *vector,
                               void *sink, struct err *e);

/* irq_sink_fn: `number` is the pin. */
void pch_pic_set_level(void *pch_pic, uint32_t number, bool level);

#endif
