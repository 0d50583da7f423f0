/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ps2.h"
#include "core/util/bits.h"

enum { ACK = 0xfa, RESEND = 0xfe, SELF_TEST_OK = 0xaa };
/* Mouse, "Commands". */
enum { SCALE_1 = 0xe6, SCALE_2 = 0xe7, SET_RESOLUTION = 0xe8, STATUS = 0xe9, STREAM = 0xea,
       READ_DATA = 0xeb, RESET_WRAP = 0xec, WRAP = 0xee, REMOTE = 0xf0, READ_ID = 0xf2,
       SET_RATE = 0xf3, ENABLE = 0xf4, DISABLE = 0xf5, SET_DEFAULTS = 0xf6, SEND_AGAIN = 0xfe,
       RESET = 0xff };
enum { LEFT = 1, RIGHT = 2, MIDDLE = 4, /* as hid.h numbers them, and the packet */
       BUTTONS = 7, SIGN_X = 0x10, SIGN_Y = 0x20, ALWAYS = 0x08 };
enum { ID_WHEEL = 3, ID_FIVE_BUTTONS = 4, REACH = 1 << 20 };

static int32_t clip(int32_t v, int32_t least, int32_t most)
{
    return v < least ? least : v > most ? most : v;
}

/* "Scaling 2:1", in stream mode. */
static int32_t scaled(const struct ps2_mouse *p, int32_t v)
{
    static const uint8_t small[] = { 0, 1, 1, 3, 6, 9 };
    int32_t size = v < 0 ? -v : v, twice = size < 6 ? small[size] : 2 * size;

    if (!p->double_scale || p->remote)
        return v;
    return clip(v < 0 ? -twice : twice, -255, 255);
}

/* What is told and what stays for the next packet. Nine bits a direction, eight (four) of wheel. */
static unsigned packet(struct ps2_mouse *p, uint8_t out[4])
{
    int32_t dx = clip(p->dx, -255, 255), dy = clip(p->dy, -255, 255), z = 0;
    int32_t x = scaled(p, dx), y = scaled(p, dy);

    p->dx -= dx;
    p->dy -= dy;
    out[0] = (uint8_t)(ALWAYS | (p->buttons & BUTTONS) | (x < 0 ? SIGN_X : 0) |
                       (y < 0 ? SIGN_Y : 0));
    out[1] = (uint8_t)x;
    out[2] = (uint8_t)y;
    p->told = p->buttons;
    if (p->id == ID_FIVE_BUTTONS)
        z = clip(p->wheel, -8, 7);
    else if (p->id == ID_WHEEL)
        z = clip(p->wheel, -128, 127);
    p->wheel = p->id ? p->wheel - z : 0;
    out[3] = (uint8_t)(p->id == ID_FIVE_BUTTONS ? (z & 15) | (p->buttons >> 3 & 3) << 4 : z);
    return p->id ? 4 : 3;
}

void ps2_mouse_continue(struct ps2_mouse *p)
{
    struct ps2_line *l = &p->line;
    uint8_t bytes[4];

    while (p->enabled && !p->remote && !p->wrap && l->data.count + sizeof(bytes) <= PS2_DATA &&
           (p->dx || p->dy || (p->wheel && p->id) || p->buttons != p->told)) {
        unsigned n = packet(p, bytes);
        for (unsigned i = 0; i < n; i++)
            (void)fifo_push(&l->data, l->data_bytes, PS2_DATA, bytes[i]);
    }
}

/* Movement beyond any table is no more than REACH. */
void ps2_mouse_move(struct ps2_mouse *p, int dx, int dy, int wheel, uint8_t buttons)
{
    p->buttons = buttons & 0x1f;
    p->dx = clip(p->dx + clip(dx, -REACH, REACH), -REACH, REACH);
    p->dy = clip(p->dy - clip(dy, -REACH, REACH), -REACH, REACH);
    p->wheel = clip(p->wheel + clip(wheel, -REACH, REACH), -REACH, REACH);
    ps2_mouse_continue(p);
}

static void forget(struct ps2_mouse *p)
{
    p->line.data = (struct fifo){ 0 };
    p->dx = p->dy = p->wheel = 0;
    p->told = p->buttons;
}

/* "Set Default": stream mode, disabled, 100 samples a second, 4 counts a millimetre. */
static void set_defaults(struct ps2_mouse *p)
{
    p->enabled = p->remote = p->wrap = p->double_scale = 0;
    p->resolution = 2;
    p->rate = 100;
    forget(p);
}

void ps2_mouse_reset(struct ps2_mouse *p)
{
    p->line = (struct ps2_line){ 0 };
    p->id = p->buttons = 0;
    p->rates[0] = p->rates[1] = p->rates[2] = 0;
    set_defaults(p);
}

/* Microsoft's way to ask for a wheel: rates 200, 100, 80; then five buttons: 200, 200, 80. */
static void set_rate(struct ps2_mouse *p, uint8_t rate)
{
    uint8_t *r = p->rates;

    p->rate = rate;
    r[0] = r[1];
    r[1] = r[2];
    r[2] = rate;
    if (r[0] == 200 && r[1] == 100 && r[2] == 80)
        p->id = ID_WHEEL;
    else if (r[0] == 200 && r[1] == 200 && r[2] == 80 && p->id == ID_WHEEL)
        p->id = ID_FIVE_BUTTONS;
}

static void reply_status(struct ps2_mouse *p)
{
    uint8_t b = p->buttons;

    ps2_reply(&p->line, (uint8_t)(p->remote << 6 | p->enabled << 5 | p->double_scale << 4 |
                                  (b & LEFT ? 4 : 0) | (b & MIDDLE ? 2 : 0) | (b & RIGHT ? 1 : 0)));
    ps2_reply(&p->line, p->resolution);
    ps2_reply(&p->line, p->rate);
}

static void read_data(struct ps2_mouse *p)
{
    uint8_t bytes[4];
    unsigned n = packet(p, bytes);

    for (unsigned i = 0; i < n; i++)
        ps2_reply(&p->line, bytes[i]);
}

static void command(struct ps2_mouse *p, uint8_t v)
{
    struct ps2_line *l = &p->line;

    if (v == SEND_AGAIN) {
        ps2_reply(l, l->last);
        return;
    }
    ps2_reply(l, ACK);
    switch (v) {
    case SCALE_1:
    case SCALE_2:
        p->double_scale = v == SCALE_2;
        break;
    case SET_RESOLUTION:
    case SET_RATE:
        l->argument_of = v;
        break;
    case STATUS:
        reply_status(p);
        break;
    case STREAM:
    case REMOTE:
        p->remote = v == REMOTE;
        forget(p);
        break;
    case READ_DATA:
        read_data(p);
        break;
    case WRAP:
        p->wrap = 1;
        break;
    case RESET_WRAP:
        break;
    case READ_ID:
        ps2_reply(l, p->id);
        break;
    case ENABLE:
        p->enabled = 1;
        forget(p);
        break;
    case DISABLE:
        p->enabled = 0;
        break;
    case SET_DEFAULTS:
        set_defaults(p);
        break;
    case RESET:
        ps2_mouse_reset(p);
        ps2_reply(l, ACK);
        ps2_reply(l, SELF_TEST_OK);
        ps2_reply(l, p->id);
        break;
    default: /* "Invalid Command" */
        l->replies = (struct fifo){ 0 };
        ps2_reply(l, RESEND);
    }
}

void ps2_mouse_write(struct ps2_mouse *p, uint8_t byte)
{
    uint8_t awaited = p->line.argument_of;

    p->line.argument_of = 0;
    p->line.replies = (struct fifo){ 0 };
    if (p->wrap && byte != RESET && byte != RESET_WRAP) { /* "Set Wrap Mode": an echo */
        ps2_reply(&p->line, byte);
        return;
    }
    p->wrap = 0;
    if (!awaited) {
        command(p, byte);
        return;
    }
    if (awaited == SET_RESOLUTION)
        p->resolution = byte & 3;
    else
        set_rate(p, byte);
    ps2_reply(&p->line, ACK);
}

void ps2_mouse_loaded(struct ps2_mouse *p)
{
    ps2_line_loaded(&p->line);
    p->dx = clip(p->dx, -REACH, REACH);
    p->dy = clip(p->dy, -REACH, REACH);
    p->wheel = clip(p->wheel, -REACH, REACH);
}
