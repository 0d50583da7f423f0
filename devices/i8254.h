/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_I8254_H
#define ORRERY_DEVICES_I8254_H
/*
 * The PC's interval timer, an Intel 8254 (231164-005; ICH9 316972, 5.6, 13.3), and port 61h beside
 * it, NMI status and control (13.7.1), which gates counter 2 and shows its output.
 *
 *   1193182 Hz --> counter 0 --> irq (IRQ0)      gate 0, gate 1: always high
 *              --> counter 1 --> refresh         gate 2: port 61h bit 0
 *              --> counter 2 --> port 61h bit 5, loudspeaker
 *
 * All six modes, binary and BCD, latches and read-back. Counting follows from simulated time: the
 * clock's pulses are those of simulated time 0, and an event is spent on edges of counter 0 only.
 * A count takes effect with the clock pulse after its last byte.
 *
 * Not modelled: sound (port 61h bit 1 is kept); SERR# and IOCHK# never happen, so the enables in
 * bits 3:2 are kept and bits 7:6 read 0. The refresh bit toggles every 18 pulses (15 us) or at
 * the rate programmed into counter 1. Until a counter is programmed its output is low and it
 * reads 0; so it is after a reset.
 *
 * Its table is numbered by ports (0x40-0x43, 0x61) for device_map_ports. Owned by the machine.
 */
#include "core/device/device.h"

#define I8254_HZ 1193182

struct i8254_counter {
    uint64_t start;        /* pulse that loaded `count`: by it the counter has counted 0 */
    uint64_t next_at;      /* has_next, modes 2 and 3: pulse at which next_count takes over */
    uint32_t count;        /* 1 .. 65536 (10000 in BCD) */
    uint32_t next_count;
    uint32_t held;         /* pulses counted, or what the counter reads, while the gate holds it */
    uint16_t latch;
    uint8_t state;         /* enum counter_state */
    uint8_t mode;          /* 0 to 5 */
    uint8_t access;        /* 1: low byte, 2: high byte, 3: low, then high */
    uint8_t bcd, gate;
    uint8_t has_next;      /* a count was written that a later pulse or the gate will load */
    uint8_t next_low;      /* mode 3: it begins with the low half */
    uint8_t write_high, read_high; /* the next byte is the second of two */
    uint8_t low_written;
    uint8_t latched;       /* bytes of `latch` not yet read: 1 low, 2 high */
    uint8_t status, status_latched;
    uint8_t padding[3];
};

struct i8254 {
    struct device dev;
    struct irq_line irq;             /* wiring: OUT of counter 0 */

    struct ev_timer edge;            /* saved from here on: when OUT 0 changes next */
    struct i8254_counter counter[3];
    uint8_t port61;                  /* bits 3:0 */
};

struct i8254 *i8254_create(struct machine *m, const char *id, struct err *e);

/* OUT of counter 0 to 2 at this moment. */
bool i8254_output(const struct i8254 *t, unsigned counter);

#endif
