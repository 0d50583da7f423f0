/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio input device (5.8): keyboard, mouse or tablet. What people do comes from
 * devices/backend/hid.h; a report, that is the events up to EV_SYN, goes to the driver whole or,
 * when it has not enough buffers, not at all. Of what the driver tells (LEDs) nothing is shown.
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
/* Linux input-event-codes.h: types beside those of hid.h */
enum { EV_LED = 0x11, EV_REP = 0x14, LEDS = 3, REPEATS = 2 };

struct virtio_input {
    struct device dev;
    enum hid_kind kind;                         /* wiring */

    struct virtio v;                            /* saved from here on */
    uint8_t report[REPORT][EVENT_BYTES];        /* until EV_SYN comes */
    uint32_t n_report;
    uint8_t select, subsel;
    uint8_t too_long, pad;                      /* this report has more events than room */
};

static const char *const names[HID_KINDS] = {
    [HID_KEYBOARD] = "Orrery virtio keyboard", [HID_MOUSE] = "Orrery virtio mouse",
    [HID_TABLET] = "Orrery virtio tablet",
};

/* ---- configuration ---- */
static uint32_t set_bit(uint8_t *data, uint32_t bit, uint32_t size)
{
    data[bit / 8] |= (uint8_t)(1u << bit % 8);
    return MAX(size, bit / 8 + 1);
}

static uint32_t key_bits(enum hid_kind kind, uint8_t *data)
{
    uint32_t size = 0;

    for (size_t i = 0; kind == HID_KEYBOARD && hid_key_name(i); i++)
        size = set_bit(data, (uint32_t)hid_key_code(hid_key_name(i)), size);
    for (uint32_t b = HID_BUTTON_FIRST; kind != HID_KEYBOARD && b <= HID_BUTTON_MIDDLE; b++)
        size = set_bit(data, b, size);
    return size;
}

/* Event codes of one type that the device sends or, LEDs and repetition, takes. */
static uint32_t event_bits(enum hid_kind kind, uint32_t type, uint8_t *data)
{
    uint32_t size = 0;

    if (type == HID_KEY)
        return key_bits(kind, data);
    if (type == HID_REL && kind == HID_MOUSE)
        return set_bit(data, HID_REL_WHEEL, set_bit(data, HID_REL_X, set_bit(data, HID_REL_Y, 0)));
    if (type == HID_ABS && kind == HID_TABLET)
        return set_bit(data, HID_ABS_X, set_bit(data, HID_ABS_Y, 0));
    uint32_t n = kind != HID_KEYBOARD ? 0 : type == EV_LED ? LEDS : type == EV_REP ? REPEATS : 0;
    for (uint32_t i = 0; i < n; i++)
        size = set_bit(data, i, size);
    return size;
}

static uint32_t device_ids(enum hid_kind kind, uint8_t *data)
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
        if (d->kind != HID_TABLET || d->subsel > HID_ABS_Y)
            return 0;
        st_le32(data + 4, HID_ABS_MOST); /* min, max, fuzz, flat, resolution */
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
/* All of the report or nothing: buffers are pushed only when there are enough. */
static void send_report(struct virtio_input *d)
{
    uint16_t mark = virtio_mark(&d->v, EVENTS);
    struct virtio_chain c;
    uint32_t heads[REPORT];

    for (uint32_t i = 0; i < d->n_report; i++) {
        if (!virtio_pop(&d->v, EVENTS, &c)) {
            virtio_rewind(&d->v, EVENTS, mark);
            return;
        }
        heads[i] = c.head;
        (void)virtio_copy_to(&d->v, &c, 0, d->report[i], EVENT_BYTES);
    }
    for (uint32_t i = 0; i < d->n_report; i++)
        virtio_push(&d->v, EVENTS, heads[i], EVENT_BYTES);
    virtio_signal(&d->v, EVENTS);
}

static void event(void *arg, const struct hid_event *e)
{
    struct virtio_input *d = arg;

    if (!(d->v.status & VIRTIO_DRIVER_OK))
        return;
    if (e->type == HID_SYN && d->n_report == 0)
        return;
    if (d->n_report == REPORT)
        d->too_long = 1;
    if (!d->too_long) {
        uint8_t *p = d->report[d->n_report++];
        st_le16(p, e->type);
        st_le16(p + 2, e->code);
        st_le32(p + 4, (uint32_t)e->value);
    }
    if (e->type != HID_SYN)
        return;
    if (!d->too_long)
        send_report(d);
    d->n_report = 0;
    d->too_long = 0;
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

    d->n_report = 0;
    d->select = d->subsel = d->too_long = 0;
}

static const struct virtio_ops ops = {
    .id = 18, .n_queues = N_QUEUES, .queue_size = QUEUE_SIZE, .config_size = CONFIG_BYTES, .notify = notify,
    .read_config = read_config, .write_config = write_config, .reset = reset,
};
static const struct state_field state[] = {
    STATE_SUB(virtio_input, v, virtio_state), STATE(virtio_input, report), STATE(virtio_input, n_report),
    STATE(virtio_input, select), STATE(virtio_input, subsel), STATE(virtio_input, too_long),
    STATE(virtio_input, pad), STATE_END
};

static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_input *)dev)->v);
}

static void loaded(void *dev)
{
    struct virtio_input *d = dev;

    d->n_report = MIN(d->n_report, (uint32_t)REPORT);
}

static const struct device_ops device_ops = {
    .name = "virtio-input", .spec = "OASIS virtio 1.2, 5.8", .size = sizeof(struct virtio_input),
    .state = state, .version = 1, .reset = device_reset, .loaded = loaded,
};

struct virtio *virtio_input_create(struct machine *m, const char *id, enum hid_kind kind, struct host *h,
                                   struct err *e)
{
    struct virtio_input *d = device_create(m, &device_ops, id, e);

    if (!d || hid_attach(h, kind, event, d, e) < 0)
        return NULL;
    d->kind = kind;
    virtio_init(&d->v, &d->dev, &ops, m->memory);
    return &d->v;
}
