/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_GPIO_KEY_H
#define ORRERY_DEVICES_GPIO_KEY_H
/*
 * A key at a pin (Linux gpio/gpio-keys.yaml): its line is high for 100 ms when it is pressed, so
 * that drivers that look again after the interrupt (debouncing) still find it. A reset lets go of
 * it.
 *
 * Created by the board, which connects the line; lives in the machine's arena.
 */
#include "core/device/device.h"

struct gpio_key {
    struct device dev;
    struct irq_line line;      /* wiring */

    struct ev_timer release;   /* saved from here on; armed: the key is down */
};

struct gpio_key *gpio_key_create(struct machine *m, const char *id, struct err *e);
void gpio_key_press(struct gpio_key *k); /* while it is down: for 100 ms from now */

#endif
