/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PL011_H
#define ORRERY_DEVICES_PL011_H
/*
 * PrimeCell UART PL011 r1p1 (Arm DDI 0183): FIFOs of 16, all interrupts joined in UARTINTR,
 * receive time-out, loop-back, modem lines.
 *
 * Transmission is instantaneous towards the backend: the transmit FIFO is empty again at once,
 * and each write passes the trigger level downwards. So is reception; the divisors only set the
 * receive time-out, and all 8 bits pass whatever the word length. Characters pass while UARTEN,
 * TXE or RXE are clear, too: a kernel booted directly finds a UART that no firmware has enabled
 * and prints before its driver does. CTS, DSR and DCD stand. Parity and framing errors do not
 * occur; a break comes from the backend, one sent is seen in loop-back only. Hardware flow
 * control holds nothing back: the backend asks for room. Not modelled and reported: IrDA, DMA
 * requests, the integration test registers.
 */
#include "core/device/device.h"
#include "core/event/clock.h"
#include "core/util/fifo.h"
#include "devices/backend/char.h"

#define PL011_FIFO 16

struct pl011 {
    struct device dev;
    struct irq_line irq;                  /* wiring: UARTINTR */
    struct char_port *port;
    uint32_t index;                       /* for traces */
    struct ev_clock clock;                /* UARTCLK */

    struct ev_timer timeout;              /* saved from here on: receive time-out */
    struct fifo rx;
    uint32_t rsr, ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
    uint32_t divisor;                     /* in 64ths, as the last write of UARTLCR_H took it */
    uint32_t modem;                       /* UARTFR's CTS, DSR, DCD and RI */
    uint8_t rx_data[PL011_FIFO], rx_status[PL011_FIFO]; /* status: bits 11:8 of UARTDR */
    uint32_t overrun;                     /* UARTDR.OE */
};

/* `clock_hz`: UARTCLK, 1 and more; 24000000 on `virt`. `backend` may be NULL. */
struct pl011 *pl011_create(struct machine *m, const char *id, uint32_t clock_hz,
                           struct char_backend *backend, struct err *e);

#endif
