/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_HID_H
#define ORRERY_DEVICES_BACKEND_HID_H
/*
 * The user's keyboard and pointer, on their way to the machine's. A window, the monitor or a
 * remote display calls hid_key and hid_move; what they say is an input of the machine (host.h),
 * recorded and replayed, and reaches the devices inside host_poll().
 *
 * Keys are numbered as Linux's input-event-codes.h does (KEY_ESC = 1 ... ), which for most keys of
 * a PC is their scan code of set 1. A key that goes down while it is down is the user's repeat.
 *
 * Several devices may attach; the one that came last and takes keys gets the keys, and so with
 * the pointer. Without one the input is lost. One per host; it dies with the host.
 */
#include "devices/backend/host.h"

struct hid;

enum hid_button { HID_LEFT = 1, HID_RIGHT = 2, HID_MIDDLE = 4, HID_SIDE = 8, HID_EXTRA = 16 };
#define HID_MAX_KEY 0x2ff

/* Either may be NULL. Called only inside host_poll() or a replayed input. */
struct hid_frontend {
    void (*key)(void *arg, uint16_t code, bool down);
    /* Movement to the right, down, and of the wheel towards the user; the buttons held by now. */
    void (*move)(void *arg, int dx, int dy, int wheel, uint8_t buttons);
};

int hid_create(struct hid **out, struct host *h, struct err *e) MUST_CHECK;
struct hid *hid_find(const struct host *h); /* NULL: this host has none */

/* `fe` is a constant table. ERR_NOMEM. */
int hid_attach(struct hid *i, const struct hid_frontend *fe, void *arg, struct err *e) MUST_CHECK;

/* ERR_ARG for a key above HID_MAX_KEY; ERR_NOMEM. Distances beyond 16 bits are cut. */
int hid_key(struct hid *i, uint16_t code, bool down, struct err *e) MUST_CHECK;
int hid_move(struct hid *i, int dx, int dy, int wheel, uint8_t buttons, struct err *e) MUST_CHECK;

#endif
