/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_LS7A_RTC_H
#define ORRERY_DEVICES_LS7A_RTC_H
/*
 * Real-time clock of the LS7A bridge (Loongson 7A1000 manual, chapter RTC): a calendar ("TOY", a resolution of 0.1 s) with
 * three match registers, and a counter of 32768 Hz ("RTC") with three more; one interrupt line for all.
 *
 * Both run on simulated time, the calendar from the machine's rtc_base; software that sets one moves it by an offset,
 * which a reset does not touch, as a battery would keep it. What is disabled (RTCCTRL: its own bit and the
 * oscillator's) reads 0 and does not match, but goes on; it can be set. TOYREAD1 is years since 1900, as Linux and
 * firmware have it; fields out of range carry over into the next.
 *
 * A match interrupts when second or count become equal to it, and until it is written again (Linux writes 0). The year
 * of TOYMATCH is modulo 64. An RTCMATCH of 0, the reset value, never matches. Not modelled: trimming.
 *
 * Created by the board, which maps it (device_map); freed with the machine.
 */
#include "core/device/device.h"

struct ls7a_rtc {
    struct device dev;
    struct irq_line irq;             /* wiring */

    struct ev_timer toy_due, rtc_due; /* saved from here on */
    int64_t toy_offset;              /* 0.1 s, added to the machine's clock */
    int64_t toy_set;                 /* what the calendar read right after the last TOYWRITE0 */
    uint32_t toywrite0;              /* whose value waits for its year: 29 February is a day of some */
    uint32_t rtc_offset;             /* ticks, added to simulated time */
    uint32_t toytrim, rtctrim, control;
    uint32_t toymatch[3], rtcmatch[3];
    uint32_t pending;                /* matches that interrupt: TOY 0..2, RTC 3..5 */
};

struct ls7a_rtc *ls7a_rtc_create(struct machine *m, const char *id, struct err *e);

#endif
