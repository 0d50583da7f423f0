/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PORT92_H
#define ORRERY_DEVICES_PORT92_H
/*
 * Port 92h, "fast A20 and INIT" (ICH9 316972, 13.7.3): bit 1 is A20's other switch beside the
 * 8042's (the board ors them), and a rise of bit 0 makes a pulse on `reset`. A reset clears bit 0
 * and leaves A20 alone.
 *
 * One byte of table, for device_map_ports. Owned by the machine.
 */
#include "core/device/device.h"

struct port92 {
    struct device dev;
    struct irq_line a20, reset; /* wiring */

    uint8_t value;              /* saved */
};

struct port92 *port92_create(struct machine *m, const char *id, struct err *e);

#endif
