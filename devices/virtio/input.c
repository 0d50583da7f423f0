/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio input device (5.8): keyboard, mouse or tablet. What people do comes from
 * devices/backend/hid.h; a report, that is the events up to EV_SYN, goes to the driver whole or,
 * when it has not enough buffers, not at all. What the driver tells (LEDs) nobody sees.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/virtio/devices.h"

enum { EVENTS, STATUS, N_QUEUES, QUEUE_SIZE = 64, EVENT_BYTES = 8, REPORT = 16 };
/* 5.8.4: select, subsel, size, then up to 128 bytes */
enum { AT_SELECT = 0, AT_SUBSEL = 1, AT_SIZE = 2, AT_DATA = 8, DATA_BYTES = 128,
       CONFIG_BYTES = AT_DATA + DATA_BYTES };
enum { ID_NAME = 1, ID_SERIAL = 2, ID_DEVIDS = 3, PROP_BITS = 0x10, EV_BITS = 0x11, ABS_INFO = 0x12 };
enum { BUS_VIRTUAL = 6, VENDOR = 0x0627 };
/* Linux input-event-codes.h */
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 0x11, EV_REP = 0x14 };
enum { AXIS_X = 0, AXIS_Y = 1, REL_WHEEL = 8, BTN_LEFT = 0x110, LEDS = 3, REPEATS = 2 };

struct virtio_input {
    struct device dev;
    enum virtio_input_kind kind;                /* wiring */

    struct virtio v;                            /* saved from here on */
    uint8_t select, subsel;
    uint8_t buttons;                            /* as the driver knows them: enum hid_button */
    uint8_t pad[5];
};

/* Events up to EV_SYN. */
struct report {
    uint8_t event[REPORT][EVENT_BYTES];
    uint32_t n;
};

static const char *const names[] = {
    [VIRTIO_KEYBOARD] = "Orrery virtio keyboard", [VIRTIO_MOUSE] = "Orrery virtio mouse",
    [VIRTIO_TABLET] = "Orrery virtio tablet",
};
/* By the bits of enum hid_button. */
static const uint16_t button_codes[] = { BTN_LEFT, BTN_LEFT + 1, BTN_LEFT + 2, BTN_LEFT + 3, BTN_LEFT + 4 };

/* ---- configuration ---- */
static uint32_t set_bit(uint8_t *data, uint32_t bit, uint32_t size)
{
    data[bit / 8] |= (uint8_t)(1u << bit % 8);
    return MAX(size, bit / 8 + 1);
}

static uint32_t key_bits(enum virtio_input_kind kind, uint8_t *data)
{
    uint32_t size = 0;

    for (size_t i = 0; kind == VIRTIO_KEYBOARD && hid_key_name(i); i++)
        size = set_bit(data, (uint32_t)hid_key_code(hid_key_name(i)), size);
    for (size_t i = 0; kind != VIRTIO_KEYBOARD && i < ARRAY_LEN(button_codes); i++)
        size = set_bit(data, button_codes[i], size);
    return size;
}

/* Event codes of one type that the device sends or, LEDs and repetition, takes. */
static uint32_t event_bits(enum virtio_input_kind kind, uint32_t type, uint8_t *data)
{
    uint32_t size = 0, n = 0;

    if (type == EV_KEY)
        return key_bits(kind, data);
    if (type == EV_REL && kind != VIRTIO_KEYBOARD)
        size = set_bit(data, REL_WHEEL, size);
    if ((type == EV_REL && kind == VIRTIO_MOUSE) || (type == EV_ABS && kind == VIRTIO_TABLET))
        n = AXIS_Y + 1;
    else if (kind == VIRTIO_KEYBOARD)
        n = type == EV_LED ? LEDS : type == EV_REP ? REPEATS : 0;
    for (uint32_t i = 0; i < n; i++)
        size = set_bit(data, i, size);
    return size;
}

static uint32_t device_ids(enum virtio_input_kind kind, uint8_t *data)
{
    st_le16(data, BUS_VIRTUAL);
    st_le16(data + 2, VENDOR);
    st_le16(data + 4, (uint16_t)(kind + 1));
    st_le16(data + 6, 1);
    return 8;
}

static uint32_t answer(const struct virtio_input *d, uint8_t *data)
{
    const char *text = d->select == ID_NAME ? names[d->kind] : d->dev.id;

    switch (d->select) {
    case ID_NAME:
    case ID_SERIAL:
        memcpy(data, text, MIN(strlen(text), (size_t)DATA_BYTES));
        return (uint32_t)MIN(strlen(text), (size_t)DATA_BYTES);
    case ID_DEVIDS:
        return device_ids(d->kind, data);
    case EV_BITS:
        return event_bits(d->kind, d->subsel, data);
    case ABS_INFO:
        if (d->kind != VIRTIO_TABLET || d->subsel > AXIS_Y)
            return 0;
        st_le32(data + 4, HID_MAX_PLACE); /* min, max, fuzz, flat, resolution */
        return 20;
    default:
        return 0;
    }
}

static void read_config(const struct virtio *v, uint8_t *bytes)
{
    const struct virtio_input *d = CONTAINER_OF(v, const struct virtio_input, v);

    memset(bytes, 0, CONFIG_BYTES);
    bytes[AT_SELECT] = d->select;
    bytes[AT_SUBSEL] = d->subsel;
    if (d->subsel == 0 || d->select >= EV_BITS)
        bytes[AT_SIZE] = (uint8_t)answer(d, bytes + AT_DATA);
}

static void write_config(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value)
{
    struct virtio_input *d = CONTAINER_OF(v, struct virtio_input, v);

    for (uint32_t i = 0; i < n; i++, value >>= 8) {
        if (offset + i == AT_SELECT)
            d->select = (uint8_t)value;
        else if (offset + i == AT_SUBSEL)
            d->subsel = (uint8_t)value;
    }
}

/* ---- queues ---- */
static void add(struct report *r, uint32_t type, uint32_t code, int32_t value)
{
    uint8_t *p = r->event[r->n++];

    st_le16(p, (uint16_t)type);
    st_le16(p + 2, (uint16_t)code);
    st_le32(p + 4, (uint32_t)value);
}

/* All of the report or nothing: buffers are pushed only when there are enough. */
static void send_report(struct virtio_input *d, struct report *r)
{
    uint16_t mark = virtio_mark(&d->v, EVENTS);
    struct virtio_chain c;
    uint32_t heads[REPORT];

    if (r->n == 0 || !(d->v.status & VIRTIO_DRIVER_OK))
        return;
    add(r, EV_SYN, 0, 0);
    for (uint32_t i = 0; i < r->n; i++) {
        if (!virtio_pop(&d->v, EVENTS, &c)) {
            virtio_rewind(&d->v, EVENTS, mark);
            return;
        }
        heads[i] = c.head;
        (void)virtio_copy_to(&d->v, &c, 0, r->event[i], EVENT_BYTES);
    }
    for (uint32_t i = 0; i < r->n; i++)
        virtio_push(&d->v, EVENTS, heads[i], EVENT_BYTES);
    virtio_signal(&d->v, EVENTS);
}

static void key(void *arg, uint16_t code, bool down)
{
    struct report r = { .n = 0 };

    add(&r, EV_KEY, code, down);
    send_report(arg, &r);
}

static void wheel_and_buttons(struct virtio_input *d, struct report *r, int wheel, uint8_t buttons)
{
    if (wheel)
        add(r, EV_REL, REL_WHEEL, -wheel);
    for (size_t i = 0; i < ARRAY_LEN(button_codes); i++)
        if ((d->buttons ^ buttons) >> i & 1)
            add(r, EV_KEY, button_codes[i], buttons >> i & 1);
    d->buttons = buttons;
    send_report(d, r);
}

static void move(void *arg, int dx, int dy, int wheel, uint8_t buttons)
{
    struct report r = { .n = 0 };

    if (dx)
        add(&r, EV_REL, AXIS_X, dx);
    if (dy)
        add(&r, EV_REL, AXIS_Y, dy);
    wheel_and_buttons(arg, &r, wheel, buttons);
}

static void point(void *arg, uint16_t x, uint16_t y, int wheel, uint8_t buttons)
{
    struct report r = { .n = 0 };

    add(&r, EV_ABS, AXIS_X, x);
    add(&r, EV_ABS, AXIS_Y, y);
    wheel_and_buttons(arg, &r, wheel, buttons);
}

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_chain c;

    if (queue != STATUS)
        return;
    for (uint32_t i = 0; i < v->queue[STATUS].size && virtio_pop(v, STATUS, &c); i++)
        virtio_push(v, STATUS, c.head, 0);
    virtio_signal(v, STATUS);
}

static void reset(struct virtio *v)
{
    struct virtio_input *d = CONTAINER_OF(v, struct virtio_input, v);

    d->select = d->subsel = d->buttons = 0;
}

static const struct virtio_ops ops = {
    .id = 18, .n_queues = N_QUEUES, .queue_size = QUEUE_SIZE, .config_size = CONFIG_BYTES, .notify = notify,
    .read_config = read_config, .write_config = write_config, .reset = reset,
};
static const struct state_field state[] = {
    STATE_SUB(virtio_input, v, virtio_state), STATE(virtio_input, select), STATE(virtio_input, subsel),
    STATE(virtio_input, buttons), STATE(virtio_input, pad), STATE_END
};

static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_input *)dev)->v);
}

static const struct device_ops device_ops = {
    .name = "virtio-input", .spec = "OASIS virtio 1.2, 5.8", .size = sizeof(struct virtio_input),
    .state = state, .version = 1, .reset = device_reset,
};

struct virtio *virtio_input_create(struct machine *m, const char *id, enum virtio_input_kind kind,
                                   struct hid *hid, struct err *e)
{
    static const struct hid_frontend takes[] = {
        [VIRTIO_KEYBOARD] = { .key = key }, [VIRTIO_MOUSE] = { .move = move },
        [VIRTIO_TABLET] = { .point = point },
    };
    struct virtio_input *d = device_create(m, &device_ops, id, e);

    if (!d || (hid && hid_attach(hid, &takes[kind], d, e) < 0))
        return NULL;
    d->kind = kind;
    virtio_init(&d->v, &d->dev, &ops, m->memory);
    return &d->v;
}
