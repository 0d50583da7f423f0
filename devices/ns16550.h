/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_NS16550_H
#define ORRERY_DEVICES_NS16550_H
/*
 * 16550A UART (National Semiconductor PC16550D data sheet): FIFOs of 16, all
 * interrupts, loop-back, modem lines. Transmission is instantaneous towards the
 * backend: THR is empty again at once, which the data sheet allows for an infinitely
 * fast line. So is reception; LCR and divisor only set the character time-out, and all 8
 * bits pass whatever the word length. Parity and framing errors do not occur; a break
 * comes from the backend. MSR is read-only.
 */
#include "core/device/device.h"
#include "core/event/clock.h"
#include "core/util/fifo.h"
#include "devices/backend/char.h"

struct ns16550 {
    struct device dev;
    struct irq_line irq;                  /* wiring */
    struct char_port *port;
    uint32_t index;                       /* for traces */
    struct ev_clock clock;                /* before the divisor */

    struct ev_timer timeout;              /* saved from here on: character time-out */
    struct fifo rx;
    uint32_t divisor;
    uint8_t rx_data[16], rx_status[16];
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    uint8_t thre_pending, timeout_pending;
};

/* `clock_hz`: input clock, 1 and more; 3686400 on `virt`. `backend` may be NULL. */
struct ns16550 *ns16550_create(struct machine *m, const char *id, uint32_t clock_hz,
                               struct char_backend *backend, struct err *e);

#endif
