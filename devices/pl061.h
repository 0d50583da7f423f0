/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PL061_H
#define ORRERY_DEVICES_PL061_H
/*
 * PrimeCell general purpose I/O PL061 r1p0 (Arm DDI 0190): eight pins, each an input or an output,
 * one interrupt from levels or edges of the inputs.
 *
 * Pins nobody drives are low. Interrupt detection watches inputs only. Not modelled and reported:
 * hardware control of pins (GPIOAFSEL), the test registers.
 *
 * Created when the machine is built; lives in its arena.
 */
#include "core/device/device.h"

#define PL061_PINS 8

struct pl061 {
    struct device dev;
    struct irq_line irq;             /* wiring: GPIOINTR */
    struct irq_line out[PL061_PINS]; /* pins; one that is no output is low */

    uint32_t data, dir, is, ibe, iev, ie, afsel; /* saved from here on; data: of outputs */
    uint32_t in;                     /* levels from outside */
    uint32_t edges;                  /* seen and not cleared */
};

struct pl061 *pl061_create(struct machine *m, const char *id, struct err *e);

/* irq_sink_fn: the level outside at pin `number`, 0..7. A key drives one so. */
void pl061_set_input(void *gpio, uint32_t number, bool level);

#endif
