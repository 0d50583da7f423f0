/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_HID_H
#define ORRERY_DEVICES_BACKEND_HID_H
/*
 * Keyboard and pointer: from whoever has them (the monitor's sendkey, a window, a VNC client) to the
 * device that the guest sees.
 *
 *   viewer, monitor --hid_send--> gate of inputs (host.h) --> queue --> keyboard, mouse, tablet
 *
 * Events are Linux's (input-event-codes.h): HID_KEY with KEY_* and BTN_*, HID_REL with REL_*,
 * HID_ABS with ABS_*, and HID_SYN behind those that belong together; a device translates
 * them to what it speaks (scan codes, HID usages).
 *
 * Everything sent is an input of the machine: recorded, replayed, in effect only inside
 * host_poll(). An event may say how long after the one before it comes, in
 * simulated time, as the release of a key does; what waits is saved ("hid"). Events take their
 * turn: what is sent while others wait comes behind them.
 *
 * Of several devices of a kind the last one attached gets the events. Keys go to the keyboard, HID_REL
 * to the mouse, HID_ABS to the tablet; buttons to the tablet or, without one, to the mouse.
 *
 * Attached during construction; it dies with the host.
 */
#include "core/util/err.h"

struct host;

enum { HID_SYN = 0, HID_KEY = 1, HID_REL = 2, HID_ABS = 3 };
enum { HID_REL_X = 0, HID_REL_Y = 1, HID_REL_WHEEL = 8, HID_ABS_X = 0, HID_ABS_Y = 1 };
enum { HID_BUTTON_FIRST = 0x110, HID_BUTTON_LEFT = 0x110, HID_BUTTON_RIGHT = 0x111, HID_BUTTON_MIDDLE = 0x112,
       HID_BUTTON_LAST = 0x117 };
#define HID_ABS_MOST 0x7fff         /* HID_ABS runs from 0 to this, over the whole picture */
#define HID_QUEUE    256            /* events that may wait; later ones are lost */

struct hid_event {
    uint16_t type, code;
    int32_t value;                  /* of a key: 1 pressed, 0 released */
    uint32_t delay_us;              /* simulated time since the event before it */
};

/* ---- devices ---- */
enum hid_kind { HID_KEYBOARD, HID_MOUSE, HID_TABLET, HID_KINDS };
/* One event of those the kind gets; HID_SYN follows. As an event of the machine's queue. */
typedef void hid_event_fn(void *arg, const struct hid_event *e);

/* `h` NULL: nobody can send anything. */
int hid_attach(struct host *h, enum hid_kind kind, hid_event_fn *fn, void *arg, struct err *e) MUST_CHECK;

/* ---- senders ---- */
bool hid_has(const struct host *h, enum hid_kind kind);
/* Up to 64 events at once. ERR_ABSENT: no device for them; ERR_LIMIT; ERR_NOMEM. */
int hid_send(struct host *h, const struct hid_event *events, size_t n, struct err *e) MUST_CHECK;

/* QEMU's names of keys joined by '-', such as "ctrl-alt-f1": pressed in order, held, released backwards. */
int hid_send_keys(struct host *h, const char *keys, uint32_t hold_ms, struct err *e) MUST_CHECK;
/* By so much to the right, down and towards the user (wheel). */
int hid_move(struct host *h, int32_t dx, int32_t dy, int32_t dz, struct err *e) MUST_CHECK;
/* Bits: 1 left, 2 middle, 4 right; all three are as the bits say. */
int hid_buttons(struct host *h, uint32_t pressed, struct err *e) MUST_CHECK;

/* KEY_* of "a", "ret", "ctrl_r" ... ; -1: there is no such key. */
int hid_key_code(const char *name);
/* The i-th key's name, NULL at the end: hid_key_name(0), hid_key_name(1) ... */
const char *hid_key_name(size_t i);

#endif
