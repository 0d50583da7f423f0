/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_GOLDFISH_RTC_H
#define ORRERY_DEVICES_GOLDFISH_RTC_H
/*
 * Goldfish real-time clock with alarm (Android emulator, GOLDFISH-VIRTUAL-HARDWARE.TXT, "Goldfish
 * Timer"; registers 0x10 - 0x1c as Linux drivers/rtc/rtc-goldfish.c uses them).
 *
 * A 64-bit count of nanoseconds since 1970. It runs on simulated time from the machine's
 * rtc_base; a guest that sets it moves it by an offset, which a reset does not touch. The
 * alarm fires when the count has reached it, at once if that was in the past, and again
 * follows the count when software sets the clock.
 *
 * Created when the machine is built; lives in its arena.
 */
#include "core/device/device.h"

struct goldfish_rtc {
    struct device dev;
    struct irq_line irq;                /* wiring */
    struct ev_timer alarm_timer;

    uint64_t offset;                    /* saved from here on: ns added to the machine's clock */
    uint64_t alarm;                     /* ns */
    uint32_t time_high;                 /* latched by a read of TIME_LOW */
    uint32_t irq_enabled, irq_pending, alarm_running;
};

struct goldfish_rtc *goldfish_rtc_create(struct machine *m, const char *id, struct err *e);

#endif
