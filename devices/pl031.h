/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PL031_H
#define ORRERY_DEVICES_PL031_H
/*
 * PrimeCell real-time clock PL031 r1p3 (Arm DDI 0224): a 32-bit count of seconds with a match
 * interrupt.
 *
 * The count runs on simulated time from the machine's rtc_base; software that loads it moves it
 * by an offset, which a reset does not touch. A second begins where simulated time is a whole
 * number of seconds, so a value loaded gets its first increment within one. It runs from power on
 * (RTCCR reads 1): the clock of a board has its own battery and whoever set it also started it.
 * The test registers are not modelled and reported.
 *
 * Created when the machine is built; lives in its arena.
 */
#include "core/device/device.h"

struct pl031 {
    struct device dev;
    struct irq_line irq;      /* wiring */

    struct ev_timer match_timer; /* saved from here on */
    uint32_t offset;          /* s, added to the machine's clock; modulo 2^32, as the count */
    uint32_t match, load;     /* s */
    uint32_t control, mask, raw;
};

struct pl031 *pl031_create(struct machine *m, const char *id, struct err *e);

#endif
