/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_HID_H
#define ORRERY_DEVICES_BACKEND_HID_H
/*
 * The user's keyboard and pointer, on their way to the machine's.
 *
 *   window, VNC client, monitor --hid_key, hid_move, ...--> gate of inputs (host.h) --> queue --> device
 *
 * What is sent is an input of the machine: recorded and replayed, in effect only inside
 * host_poll(). An event may come some simulated time after the one before it, as the release of a
 * key does that is held; what waits is saved ("hid"), and what is sent meanwhile comes behind.
 *
 * Keys are numbered as Linux's input-event-codes.h does (KEY_ESC = 1 ... ), which for most keys of
 * a PC is their scan code of set 1. A key that goes down while it is down is the user's repeat.
 *
 * Several devices may attach; the one that came last and takes keys gets the keys, and so with
 * movement and with places. Without one the input is lost. One per host; it dies with the host.
 */
#include "devices/backend/host.h"

struct hid;

enum hid_button { HID_LEFT = 1, HID_RIGHT = 2, HID_MIDDLE = 4, HID_SIDE = 8, HID_EXTRA = 16 };
#define HID_MAX_KEY   0x2ff
#define HID_MAX_PLACE 0x7fff /* of a place: right or lower edge of the picture */
#define HID_QUEUE     256    /* events that may wait; later ones are lost */
#define HID_HELD_KEYS 16     /* in one hid_send_keys */
#define HID_MAX_HOLD_MS 60000

/* What a device takes, or NULL. Called as an event of the machine's queue. */
struct hid_frontend {
    void (*key)(void *arg, uint16_t code, bool down);
    /* Movement to the right, down, and of the wheel towards the user; the buttons held by now. */
    void (*move)(void *arg, int dx, int dy, int wheel, uint8_t buttons);
    /* A tablet: the place from the left and from the top, 0 to HID_MAX_PLACE. */
    void (*point)(void *arg, uint16_t x, uint16_t y, int wheel, uint8_t buttons);
};

int hid_create(struct hid **out, struct host *h, struct err *e) MUST_CHECK;
struct hid *hid_find(const struct host *h); /* NULL: this host has none */

/* `fe` is a constant table. ERR_NOMEM. */
int hid_attach(struct hid *i, const struct hid_frontend *fe, void *arg, struct err *e) MUST_CHECK;
/* Is there somebody for keys, movements, places? */
bool hid_takes_keys(const struct hid *i);
bool hid_takes_moves(const struct hid *i);
bool hid_takes_points(const struct hid *i);

/* ERR_ARG for a key above HID_MAX_KEY; ERR_NOMEM. Distances beyond 16 bits are cut, places to the edge. */
int hid_key(struct hid *i, uint16_t code, bool down, struct err *e) MUST_CHECK;
int hid_move(struct hid *i, int dx, int dy, int wheel, uint8_t buttons, struct err *e) MUST_CHECK;
int hid_point(struct hid *i, int x, int y, int wheel, uint8_t buttons, struct err *e) MUST_CHECK;

/*
 * Names of keys as QEMU's sendkey has them, joined by '-', such as "ctrl-alt-f1": pressed in order, held
 * for so long, released backwards. ERR_ARG: there is no such key; ERR_LIMIT.
 */
int hid_send_keys(struct hid *i, const char *keys, uint32_t hold_ms, struct err *e) MUST_CHECK;

/* KEY_* of "a", "ret", "ctrl_r" ... ; -1: there is no such key. */
int hid_key_code(const char *name);
/* The n-th key's name; NULL: there are no more. */
const char *hid_key_name(size_t n);

#endif
