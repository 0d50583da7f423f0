/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PS2_H
#define ORRERY_DEVICES_PS2_H
/*
 * A PS/2 keyboard and mouse (IBM PS/2 Hardware Interface Technical Reference: Keyboard and
 * Auxiliary Device Controller, Keyboards (101- and 102-Key), Mouse): what is at the far end of the
 * two serial lines of an 8042, which embeds them.
 *
 *   host -> ps2_*_write -> device -> replies, then data -> ps2_take -> host
 *
 * A byte takes no time on the line. Replies to commands go ahead of key strokes and movements,
 * which wait in a buffer of 16 bytes; a key stroke that does not fit is lost and an overrun code
 * says so; movements add up until there is room. A command discards a reply not yet fetched.
 *
 * Keys repeat as the user's keyboard does (hid.h): typematic rate and delay are taken and have no
 * effect of their own, as a key held for a second of the user's time may be held for a minute of
 * the machine's. Of the mouse, resolution and sampling rate are taken and shown; movement is in
 * counts as it comes.
 */
#include "core/state/state.h"
#include "core/util/fifo.h"

#define PS2_DATA    16
#define PS2_REPLIES 5 /* an acknowledge and a packet */
#define PS2_SET3    0x90 /* scan codes of set 3 are below */

struct ps2_line {
    struct fifo data, replies;
    uint8_t data_bytes[PS2_DATA], reply_bytes[PS2_REPLIES];
    uint8_t last;            /* sent, for "resend" */
    uint8_t argument_of;     /* the command whose next byte is awaited; 0: none */
    uint8_t padding;
};

struct ps2_keyboard {
    struct ps2_line line;
    uint8_t enabled, set, leds, rate;
    uint8_t keys[PS2_SET3];  /* set 3: 1 repeats, 2 sends a break code */
    uint8_t down[16];        /* keys held, a bit each */
};

struct ps2_mouse {
    struct ps2_line line;
    int32_t dx, dy, wheel;   /* moved and not yet told; dy upwards */
    uint8_t buttons, told;
    uint8_t enabled, remote, wrap, double_scale, resolution, rate;
    uint8_t id;              /* 0, 3: with wheel, 4: with five buttons */
    uint8_t rates[3];        /* the last ones set: the way to a wheel */
};

extern const struct state_field ps2_keyboard_state[], ps2_mouse_state[];

static inline bool ps2_has_data(const struct ps2_line *l)
{
    return l->replies.count || l->data.count;
}
uint8_t ps2_take(struct ps2_line *l); /* ps2_has_data() */
void ps2_reply(struct ps2_line *l, uint8_t byte);
void ps2_line_loaded(struct ps2_line *l);

/* As after power-on, without the AAh that a self-test reports. */
void ps2_keyboard_reset(struct ps2_keyboard *k);
void ps2_keyboard_write(struct ps2_keyboard *k, uint8_t byte);
/* A key by its number in hid.h; those a PC keyboard has not do nothing. */
void ps2_keyboard_key(struct ps2_keyboard *k, uint16_t code, bool down);
void ps2_keyboard_loaded(struct ps2_keyboard *k);

void ps2_mouse_reset(struct ps2_mouse *p);
void ps2_mouse_write(struct ps2_mouse *p, uint8_t byte);
/* To the right, down, wheel towards the user; enum hid_button. */
void ps2_mouse_move(struct ps2_mouse *p, int dx, int dy, int wheel, uint8_t buttons);
/* There is room again: tell what has added up. */
void ps2_mouse_continue(struct ps2_mouse *p);
void ps2_mouse_loaded(struct ps2_mouse *p);

/* The 8042's translation of set 2 to set 1 (command byte, bit 6), but for F0h, the break prefix. */
uint8_t ps2_translate(uint8_t code);

#endif
