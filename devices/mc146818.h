/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_MC146818_H
#define ORRERY_DEVICES_MC146818_H
/*
 * The PC's real-time clock and CMOS memory: Motorola MC146818A (ADI-1052) as the ICH9 has it
 * (316972, 5.12, 13.6): 128 bytes behind ports 70h/71h and 128 more behind 72h/73h.
 *
 * The clock starts with the machine's rtc_base at the first reset and goes on from there with
 * simulated time; a reset keeps it, the memory and the alarm, and switches interrupts off. The
 * century stands in byte 32h, which 37h repeats (as on QEMU's boards), and counts with the year.
 * Registers may be set to nonsense; then the next update makes a date of it by carrying.
 *
 * Updates take the last 2228 us of a second (tBUC + tUC at 32.768 kHz), while UIP reads 1; time
 * and flags change with its end. Alarm, periodic and update flags are made when they are looked
 * at; events are spent on enabled interrupts only.
 *
 * Not modelled: daylight saving (register B, DSE: reported), other time bases than 32.768 kHz
 * (register A, DV 000 and 001: the clock stands still, reported), the square wave, and the mask
 * of NMI (index bit 7: ignored, as no NMI passes here). Index ports read FFh.
 *
 * Its table is numbered by ports (70h-73h) for device_map_ports. Owned by the machine.
 */
#include "core/device/device.h"

struct mc146818 {
    struct device dev;
    struct irq_line irq;      /* wiring: IRQ8, high while an enabled flag is set */

    struct ev_timer event;    /* saved from here on: when an enabled flag comes next */
    ps_t origin;              /* 1 s after the divider began: so that it may begin before time 0 */
    uint64_t second, tick;    /* since then, of the divider: up to which time and flags are done */
    uint8_t memory[256];      /* with the registers, as of `second` */
    uint8_t index[2];
    uint8_t powered;          /* not before the first reset */
};

struct mc146818 *mc146818_create(struct machine *m, const char *id, struct err *e);

/* During construction: a byte of CMOS memory, what firmware shall find. 0Eh to 7Fh. */
void mc146818_put(struct mc146818 *r, uint8_t index, uint8_t value);
/*
 * The bytes that tell memory sizes on QEMU's boards: 15h-18h, 30h-31h, 34h-35h, 5Bh-5Dh, for
 * `low` bytes below 4 GiB (at least 1 MiB) and `high` above.
 */
void mc146818_put_memory(struct mc146818 *r, uint64_t low, uint64_t high);

#endif
