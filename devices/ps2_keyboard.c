/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ps2.h"
#include "core/util/bits.h"
#include <string.h>

enum { ACK = 0xfa, RESEND = 0xfe, ECHO = 0xee, SELF_TEST_OK = 0xaa };
enum { EXTENDED = 0xe0, BREAK = 0xf0 };
/* Keyboards (101- and 102-Key), "Commands from the System". */
enum { SET_LEDS = 0xed, SELECT_SET = 0xf0, READ_ID = 0xf2, SET_RATE = 0xf3, ENABLE = 0xf4,
       DISABLE = 0xf5, SET_DEFAULTS = 0xf6, ALL_REPEAT = 0xf7, ALL_MAKE_BREAK = 0xf8,
       ALL_MAKE = 0xf9, ALL_REPEAT_MAKE_BREAK = 0xfa, KEY_REPEAT = 0xfb, KEY_MAKE_BREAK = 0xfc, KEY_MAKE = 0xfd,
       SEND_AGAIN = 0xfe, RESET = 0xff };
enum { REPEATS = 1, BREAKS = 2 };
enum { DEFAULT_RATE = 0x2b }; /* 10.9 characters a second after half a second */

/* "Scan Codes": sets 2 and 3 of a key; X: with prefix E0 in sets 1 and 2. Set 3 begins with ... */
#define X 0x100
struct key {
    uint16_t set2;
    uint8_t set3;
    uint8_t mode; /* ... this */
};
/* clang-format off */
#define T REPEATS
#define M 0
#define B BREAKS
static const struct key keys[] = {
    [1] = { 0x76, 0x08, M }, [2] = { 0x16, 0x16, T }, [3] = { 0x1e, 0x1e, T }, [4] = { 0x26, 0x26, T },
    [5] = { 0x25, 0x25, T }, [6] = { 0x2e, 0x2e, T }, [7] = { 0x36, 0x36, T }, [8] = { 0x3d, 0x3d, T },
    [9] = { 0x3e, 0x3e, T }, [10] = { 0x46, 0x46, T }, [11] = { 0x45, 0x45, T }, [12] = { 0x4e, 0x4e, T },
    [13] = { 0x55, 0x55, T }, [14] = { 0x66, 0x66, T }, [15] = { 0x0d, 0x0d, T }, [16] = { 0x15, 0x15, T },
    [17] = { 0x1d, 0x1d, T }, [18] = { 0x24, 0x24, T }, [19] = { 0x2d, 0x2d, T }, [20] = { 0x2c, 0x2c, T },
    [21] = { 0x35, 0x35, T }, [22] = { 0x3c, 0x3c, T }, [23] = { 0x43, 0x43, T }, [24] = { 0x44, 0x44, T },
    [25] = { 0x4d, 0x4d, T }, [26] = { 0x54, 0x54, T }, [27] = { 0x5b, 0x5b, T }, [28] = { 0x5a, 0x5a, T },
    [29] = { 0x14, 0x11, B }, [30] = { 0x1c, 0x1c, T }, [31] = { 0x1b, 0x1b, T }, [32] = { 0x23, 0x23, T },
    [33] = { 0x2b, 0x2b, T }, [34] = { 0x34, 0x34, T }, [35] = { 0x33, 0x33, T }, [36] = { 0x3b, 0x3b, T },
    [37] = { 0x42, 0x42, T }, [38] = { 0x4b, 0x4b, T }, [39] = { 0x4c, 0x4c, T }, [40] = { 0x52, 0x52, T },
    [41] = { 0x0e, 0x0e, T }, [42] = { 0x12, 0x12, B }, [43] = { 0x5d, 0x5c, T }, [44] = { 0x1a, 0x1a, T },
    [45] = { 0x22, 0x22, T }, [46] = { 0x21, 0x21, T }, [47] = { 0x2a, 0x2a, T }, [48] = { 0x32, 0x32, T },
    [49] = { 0x31, 0x31, T }, [50] = { 0x3a, 0x3a, T }, [51] = { 0x41, 0x41, T }, [52] = { 0x49, 0x49, T },
    [53] = { 0x4a, 0x4a, T }, [54] = { 0x59, 0x59, B }, [55] = { 0x7c, 0x7e, M }, [56] = { 0x11, 0x19, B },
    [57] = { 0x29, 0x29, T }, [58] = { 0x58, 0x14, B }, [59] = { 0x05, 0x07, M }, [60] = { 0x06, 0x0f, M },
    [61] = { 0x04, 0x17, M }, [62] = { 0x0c, 0x1f, M }, [63] = { 0x03, 0x27, M }, [64] = { 0x0b, 0x2f, M },
    [65] = { 0x83, 0x37, M }, [66] = { 0x0a, 0x3f, M }, [67] = { 0x01, 0x47, M }, [68] = { 0x09, 0x4f, M },
    [69] = { 0x77, 0x76, M }, [70] = { 0x7e, 0x5f, M }, [71] = { 0x6c, 0x6c, M }, [72] = { 0x75, 0x75, M },
    [73] = { 0x7d, 0x7d, M }, [74] = { 0x7b, 0x84, M }, [75] = { 0x6b, 0x6b, M }, [76] = { 0x73, 0x73, M },
    [77] = { 0x74, 0x74, M }, [78] = { 0x79, 0x7c, T }, [79] = { 0x69, 0x69, M }, [80] = { 0x72, 0x72, M },
    [81] = { 0x7a, 0x7a, M }, [82] = { 0x70, 0x70, M }, [83] = { 0x71, 0x71, M }, [86] = { 0x61, 0x13, T },
    [87] = { 0x78, 0x56, M }, [88] = { 0x07, 0x5e, M },
    [96] = { X | 0x5a, 0x79, M },  /* keypad enter, right control, keypad slash */
    [97] = { X | 0x14, 0x58, M }, [98] = { X | 0x4a, 0x77, M },
    [99] = { X | 0x7c, 0x57, M },  /* print screen: see strokes() */
    [100] = { X | 0x11, 0x39, M }, [102] = { X | 0x6c, 0x6e, M }, [103] = { X | 0x75, 0x63, T },
    [104] = { X | 0x7d, 0x6f, M }, [105] = { X | 0x6b, 0x61, T }, [106] = { X | 0x74, 0x6a, T },
    [107] = { X | 0x69, 0x65, M }, [108] = { X | 0x72, 0x60, T }, [109] = { X | 0x7a, 0x6d, M },
    [110] = { X | 0x70, 0x67, M }, [111] = { X | 0x71, 0x64, T },
    [119] = { 0xe1, 0x62, M },     /* pause: see strokes() */
    [125] = { X | 0x1f, 0x8b, B }, [126] = { X | 0x27, 0x8c, B }, [127] = { X | 0x2f, 0x8d, B },
};
#undef T
#undef M
#undef B
enum { KEY_LEFT_ALT = 56, KEY_PRINT_SCREEN = 99, KEY_RIGHT_ALT = 100, KEY_PAUSE = 119 };

/* Keyboard and Auxiliary Device Controller, "Scan Code Translation". */
static const uint8_t translation[0x85] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41, 0x54,
};
/* clang-format on */

uint8_t ps2_translate(uint8_t code)
{
    return code < sizeof(translation) ? translation[code] : code;
}

/* ---- the line ---- */

static const struct state_field line_state[] = {
    STATE(ps2_line, data), STATE(ps2_line, replies), STATE(ps2_line, data_bytes),
    STATE(ps2_line, reply_bytes), STATE(ps2_line, last), STATE(ps2_line, argument_of),
    STATE(ps2_line, padding), STATE_END
};
const struct state_field ps2_keyboard_state[] = {
    STATE_SUB(ps2_keyboard, line, line_state), STATE(ps2_keyboard, enabled),
    STATE(ps2_keyboard, set), STATE(ps2_keyboard, leds), STATE(ps2_keyboard, rate),
    STATE(ps2_keyboard, keys), STATE(ps2_keyboard, down), STATE_END
};
const struct state_field ps2_mouse_state[] = {
    STATE_SUB(ps2_mouse, line, line_state), STATE(ps2_mouse, dx), STATE(ps2_mouse, dy),
    STATE(ps2_mouse, wheel), STATE(ps2_mouse, buttons), STATE(ps2_mouse, told),
    STATE(ps2_mouse, enabled), STATE(ps2_mouse, remote), STATE(ps2_mouse, wrap),
    STATE(ps2_mouse, double_scale), STATE(ps2_mouse, resolution), STATE(ps2_mouse, rate),
    STATE(ps2_mouse, id), STATE(ps2_mouse, rates), STATE_END
};

uint8_t ps2_take(struct ps2_line *l)
{
    l->last = l->replies.count ? fifo_pop(&l->replies, l->reply_bytes, PS2_REPLIES)
                               : fifo_pop(&l->data, l->data_bytes, PS2_DATA);
    return l->last;
}

void ps2_reply(struct ps2_line *l, uint8_t byte)
{
    (void)fifo_push(&l->replies, l->reply_bytes, PS2_REPLIES, byte);
}

/* A snapshot is not trusted. */
void ps2_line_loaded(struct ps2_line *l)
{
    l->data.head %= PS2_DATA;
    l->data.count = MIN(l->data.count, (uint32_t)PS2_DATA);
    l->replies.head %= PS2_REPLIES;
    l->replies.count = MIN(l->replies.count, (uint32_t)PS2_REPLIES);
}

/* ---- scan codes ---- */

struct stroke {
    uint8_t n, bytes[8];
};

static void add(struct stroke *s, uint8_t byte)
{
    s->bytes[s->n++] = byte;
}

/* A code of set 2 as sets 1 and 2 send it. */
static void add_code(struct stroke *s, unsigned set, uint16_t code, bool down)
{
    if (code & X)
        add(s, EXTENDED);
    if (set == 1) {
        add(s, ps2_translate((uint8_t)code) | (down ? 0 : 0x80));
        return;
    }
    if (!down)
        add(s, BREAK);
    add(s, (uint8_t)code);
}

static bool is_down(const struct ps2_keyboard *k, uint16_t code)
{
    return k->down[code / 8] >> code % 8 & 1;
}

/*
 * Print Screen brings a shift of its own (E0 12) and is SysRq (84) with Alt; Pause is a control
 * key and Num Lock after E1, all at once, and sends nothing when it is let go.
 */
static struct stroke strokes(const struct ps2_keyboard *k, uint16_t code, bool down)
{
    const struct key *key = &keys[code];
    bool alt = is_down(k, KEY_LEFT_ALT) || is_down(k, KEY_RIGHT_ALT);
    struct stroke s = { 0 };

    if (k->set == 3) {
        if (!down && (k->keys[key->set3] & BREAKS))
            add(&s, BREAK);
        if (down || (k->keys[key->set3] & BREAKS))
            add(&s, key->set3);
    } else if (code == KEY_PAUSE) {
        for (unsigned i = 0; down && i < 2; i++) {
            add(&s, 0xe1);
            add_code(&s, k->set, 0x14, i == 0);
            add_code(&s, k->set, 0x77, i == 0);
        }
    } else if (code == KEY_PRINT_SCREEN && alt) {
        add_code(&s, k->set, 0x84, down);
    } else if (code == KEY_PRINT_SCREEN) {
        add_code(&s, k->set, down ? X | 0x12 : X | 0x7c, down);
        add_code(&s, k->set, down ? X | 0x7c : X | 0x12, down);
    } else {
        add_code(&s, k->set, key->set2, down);
    }
    return s;
}

static void send(struct ps2_keyboard *k, const struct stroke *s)
{
    struct ps2_line *l = &k->line;

    if (l->data.count + s->n <= PS2_DATA) {
        for (unsigned i = 0; i < s->n; i++)
            (void)fifo_push(&l->data, l->data_bytes, PS2_DATA, s->bytes[i]);
    } else { /* "Buffer Overrun": the last byte says so */
        uint32_t at = (l->data.head + PS2_DATA - 1) % PS2_DATA;
        if (l->data.count < PS2_DATA)
            (void)fifo_push(&l->data, l->data_bytes, PS2_DATA, k->set == 1 ? 0xff : 0x00);
        else
            l->data_bytes[at] = k->set == 1 ? 0xff : 0x00;
    }
}

void ps2_keyboard_key(struct ps2_keyboard *k, uint16_t code, bool down)
{
    bool known = code < ARRAY_LEN(keys) && keys[code].set2 != 0, held = known && is_down(k, code);
    uint8_t bit = (uint8_t)(1u << code % 8);
    struct stroke s;

    if (!known || (!down && !held))
        return;
    if (k->enabled && (!held || !down || code != KEY_PAUSE) &&
        (!held || !down || k->set != 3 || (k->keys[keys[code].set3] & REPEATS))) {
        s = strokes(k, code, down);
        send(k, &s);
    }
    k->down[code / 8] = (uint8_t)(down ? k->down[code / 8] | bit : k->down[code / 8] & ~bit);
}

/* ---- commands ---- */

static void set_all(struct ps2_keyboard *k, uint8_t mode)
{
    memset(k->keys, mode, sizeof(k->keys));
}

/* "Set Default": scanning goes on or not as before. */
static void set_defaults(struct ps2_keyboard *k)
{
    k->rate = DEFAULT_RATE;
    k->line.data = (struct fifo){ 0 };
    set_all(k, 0);
    for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i].set2)
            k->keys[keys[i].set3] = keys[i].mode;
}

void ps2_keyboard_reset(struct ps2_keyboard *k)
{
    k->line = (struct ps2_line){ 0 };
    k->enabled = 1;
    k->set = 2;
    k->leds = 0;
    set_defaults(k);
}

static void argument(struct ps2_keyboard *k, uint8_t command, uint8_t v)
{
    ps2_reply(&k->line, ACK);
    switch (command) {
    case SET_LEDS:
        k->leds = v & 7;
        break;
    case SET_RATE:
        k->rate = v & 0x7f;
        break;
    case SELECT_SET:
        if (v == 0)
            ps2_reply(&k->line, k->set);
        else if (v <= 3)
            k->set = v;
        break;
    default: /* a list of keys, until the next command */
        if (v < PS2_SET3)
            k->keys[v] = command == KEY_REPEAT ? REPEATS : command == KEY_MAKE_BREAK ? BREAKS : 0;
        k->line.argument_of = command;
    }
}

static void command(struct ps2_keyboard *k, uint8_t v)
{
    struct ps2_line *l = &k->line;

    if (v == ECHO) {
        ps2_reply(l, ECHO);
        return;
    }
    if (v < SET_LEDS || v == 0xef || v == 0xf1) { /* "Invalid Command" */
        ps2_reply(l, RESEND);
        return;
    }
    if (v == SEND_AGAIN) {
        ps2_reply(l, l->last);
        return;
    }
    ps2_reply(l, ACK);
    switch (v) {
    case SET_LEDS:
    case SET_RATE:
    case SELECT_SET:
    case KEY_REPEAT:
    case KEY_MAKE_BREAK:
    case KEY_MAKE:
        l->argument_of = v;
        break;
    case READ_ID:
        ps2_reply(l, 0xab);
        ps2_reply(l, 0x83);
        break;
    case ENABLE:
        l->data = (struct fifo){ 0 };
        k->enabled = 1;
        break;
    case DISABLE:
        set_defaults(k);
        k->enabled = 0;
        break;
    case SET_DEFAULTS:
        set_defaults(k);
        break;
    case RESET:
        ps2_keyboard_reset(k);
        ps2_reply(l, ACK);
        ps2_reply(l, SELF_TEST_OK);
        break;
    default: {
        static const uint8_t modes[] = { REPEATS, BREAKS, 0, REPEATS | BREAKS };
        set_all(k, modes[v - ALL_REPEAT]);
    }
    }
}

void ps2_keyboard_write(struct ps2_keyboard *k, uint8_t byte)
{
    uint8_t awaited = k->line.argument_of;

    k->line.argument_of = 0;
    k->line.replies = (struct fifo){ 0 };
    if (awaited && byte < SET_LEDS) /* a command in place of the argument is a command */
        argument(k, awaited, byte);
    else
        command(k, byte);
}

void ps2_keyboard_loaded(struct ps2_keyboard *k)
{
    ps2_line_loaded(&k->line);
}
