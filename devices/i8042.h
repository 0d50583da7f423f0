/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_I8042_H
#define ORRERY_DEVICES_I8042_H
/*
 * Keyboard and auxiliary device controller: an Intel 8042 as in the IBM PS/2 (Hardware Interface
 * Technical Reference, "Keyboard and Auxiliary Device Controller"), with a keyboard and a mouse.
 *
 *   hid.h -> keyboard, mouse (ps2.h) -> output buffer, port 60h -> irq1, irq12
 *   port 64h: commands              -> a20, reset (pulses of the output port)
 *
 * The output buffer holds one byte; the next one, of the controller first, then the keyboard, then
 * the mouse, comes as soon as it was read, with a fall and a rise of the interrupt. Commands take
 * no time (IBF reads 0). After a reset both interrupts are enabled and translation is off, as on
 * QEMU's boards.
 *
 * Not modelled: password security (A4h to A6h), test inputs (E0h), and C1h and C2h: reported.
 *
 * `a20` is the level of output port bit 1. `reset` goes high while bit 0 is low: a pulse command
 * makes a rise and a fall. What a reset of the processor is to do is the board's matter.
 *
 * Its table is numbered by ports (60h, 64h) for device_map_ports. Owned by the machine.
 */
#include "core/device/device.h"
#include "devices/backend/hid.h"
#include "devices/ps2.h"

struct i8042 {
    struct device dev;
    struct irq_line irq1, irq12, a20, reset; /* wiring */

    struct ps2_keyboard keyboard;   /* saved from here on */
    struct ps2_mouse mouse;
    uint8_t ram[32];                /* byte 0: the command byte */
    uint8_t output_port;            /* without bits 5:4, the interrupts */
    uint8_t buffer, full;           /* output buffer; who filled it */
    uint8_t own[2], own_count;      /* bytes of the controller that wait for it */
    uint8_t own_aux;                /* bit i: own[i] is in the mouse's name */
    uint8_t command;                /* whose data byte comes at port 60h, or 0 */
    uint8_t self_tested;            /* status bit 2 */
    uint8_t last_was_command;       /* status bit 3 */
    uint8_t translating_break;      /* F0h was translated away: the next code gets bit 7 */
};

/* `hid` NULL: no user's input. */
struct i8042 *i8042_create(struct machine *m, const char *id, struct hid *hid, struct err *e);

#endif
