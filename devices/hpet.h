/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_HPET_H
#define ORRERY_DEVICES_HPET_H
/*
 * High Precision Event Timers (IA-PC HPET 1.0a; ICH9 316972, 20): a 64-bit counter of 10 ns and
 * three comparators, all of 64 bits and able to be periodic, as on QEMU's boards.
 *
 *   8254 OUT0 -> hpet_set_pit -+-> irq0 (IRQ0)        legacy replacement: timer 0 instead
 *   RTC IRQ   -> hpet_set_rtc -+-> irq8 (IRQ8)                             timer 1 instead
 *   timers ------------------------> gsi[route], or messages (FSB) where the board has them
 *
 * The counter follows from simulated time. A timer fires when the counter comes to be equal to its
 * comparator, in 32-bit mode every 2^32 counts anew and, not periodic, when they wrap (2.3.9.2.1).
 * An edge is made by a low and a high level; the line stays high until the timer is switched off
 * or fires again, so that an 8259A cannot miss it. While the counter runs, writes to it are
 * refused with a guest error (2.3.7 leaves them undefined).
 *
 * The board maps it (device_map, 1 KiB), wires lines; the machine owns it.
 */
#include "core/device/device.h"

#define HPET_TIMERS 3
#define HPET_GSIS   32

typedef void hpet_deliver_fn(void *arg, uint64_t address, uint32_t data);

struct hpet_config {
    uint32_t routes;               /* Tn_INT_ROUTE_CAP: a bit a GSI; 0x00ff0104 on q35 */
    hpet_deliver_fn *deliver;      /* NULL: timers are not capable of FSB delivery */
    void *arg;
};

struct hpet {
    struct device dev;
    struct hpet_config wiring;
    struct irq_line irq0, irq8, gsi[HPET_GSIS];
    struct hpet_alarm { struct hpet *hpet; uint32_t timer; } alarm[HPET_TIMERS];

    struct ev_timer match[HPET_TIMERS]; /* saved from here on */
    uint64_t config, status;
    uint64_t base;                 /* the counter when it was stopped, or at tick `started` */
    uint64_t started;              /* ticks of 10 ns since time 0 */
    uint64_t timer_config[HPET_TIMERS], comparator[HPET_TIMERS], period[HPET_TIMERS];
    uint64_t fsb[HPET_TIMERS];     /* 63:32 address, 31:0 data */
    uint8_t level[HPET_TIMERS];    /* of the timers' outputs */
    uint8_t pit, rtc;              /* inputs */
};

struct hpet *hpet_create(struct machine *m, const char *id, const struct hpet_config *c,
                         struct err *e);

/* irq_sink_fn; `number` does not matter. */
void hpet_set_pit(void *hpet, uint32_t number, bool level);
void hpet_set_rtc(void *hpet, uint32_t number, bool level);

#endif
