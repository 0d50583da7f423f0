/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio console (5.3): up to 31 ports, each a pair of queues in front of a character backend.
 *
 *   queues   0, 1            receive and transmit of port 0
 *            2, 3            control: device to driver, driver to device
 *            2n + 2, 2n + 3  receive and transmit of port n >= 1
 *
 * Input waits in a FIFO of the port until the driver gives buffers. Output leaves at
 * the notification, at most CONSOLE_BATCH bytes at one moment, the rest CONSOLE_LATENCY later; a
 * chain may take several. Control messages are not queued: a port remembers which it owes the
 * driver, and they are made from its state when there are buffers.
 */
#include "devices/virtio/devices.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/fifo.h"
#include <string.h>

#define CONSOLE_LATENCY (10 * PS_PER_US)
#define CONSOLE_BATCH   (256u << 10)
#define QUEUE_SIZE      128
#define FIFO_SIZE       1024u
#define NAME_SIZE       64

enum { F_SIZE = 0, F_MULTIPORT = 1, F_EMERG_WRITE = 2 };
enum { CONTROL_RX = 2, CONTROL_TX = 3 };
enum { CFG_MAX_PORTS = 4, CFG_EMERG_WR = 8, CFG_BYTES = 12 };

/* 5.3.6.2: struct virtio_console_control { le32 id; le16 event; le16 value; } */
enum { DEVICE_READY = 0, DEVICE_ADD = 1, PORT_READY = 3, CONSOLE_PORT = 4, RESIZE = 5, PORT_OPEN = 6,
       PORT_NAME = 7 };
#define CONTROL_BYTES 8

/* Events owed to the driver, in the order in which they are sent: a bit each of `owed`. */
static const uint8_t owed_events[] = { DEVICE_ADD, CONSOLE_PORT, PORT_NAME, RESIZE, PORT_OPEN };

struct virtio_console;
struct port {                           /* wiring */
    struct virtio_console *owner;       /* NULL: there is no such port */
    struct char_port *backend;
    bool console;
    char name[NAME_SIZE];
};
struct port_state {                     /* saved */
    struct fifo rx;
    uint32_t sent;                      /* bytes of the first transmit chain that are out */
    uint8_t owed, ready, guest_open, host_open; /* ready: the driver knows the port */
    uint8_t rx_data[FIFO_SIZE];
};
static const struct state_field fifo_state[] = { STATE(fifo, head), STATE(fifo, count), STATE_END };
static const struct state_field port_state[] = {
    STATE_SUB(port_state, rx, fifo_state), STATE(port_state, sent), STATE(port_state, owed),
    STATE(port_state, ready), STATE(port_state, guest_open), STATE(port_state, host_open),
    STATE(port_state, rx_data), STATE_END
};

struct virtio_console {
    struct device dev;
    struct virtio_ops ops;              /* wiring */
    struct virtio_console_options options;
    struct port ports[VIRTIO_CONSOLE_PORTS];

    struct ev_timer transmit;           /* saved from here on */
    struct virtio v;
    uint64_t pending;                   /* queues with something to send, one bit each */
    struct port_state state[VIRTIO_CONSOLE_PORTS];
};

static struct virtio_console *console_of(const struct virtio *v)
{
    return CONTAINER_OF(v, struct virtio_console, v);
}

static uint32_t receive_queue(uint32_t number)
{
    return number == 0 ? 0 : 2 * number + 2;
}

/* The port a data queue belongs to. */
static uint32_t number_of(uint32_t queue)
{
    return queue < 2 ? 0 : queue / 2 - 1;
}

/* ---- control messages ---- */
static void owe(struct virtio_console *s, uint32_t number, uint8_t event)
{
    for (size_t i = 0; i < ARRAY_LEN(owed_events); i++)
        if (owed_events[i] == event)
            s->state[number].owed |= (uint8_t)BIT(i);
}

static uint32_t make_message(const struct virtio_console *s, uint32_t number, uint8_t event,
                             uint8_t bytes[CONTROL_BYTES + NAME_SIZE])
{
    const struct port *p = &s->ports[number];
    uint32_t n = CONTROL_BYTES;

    st_le32(bytes, number);
    st_le16(bytes + 4, event);
    st_le16(bytes + 6, event == PORT_OPEN ? s->state[number].host_open : 1);
    if (event == PORT_NAME) { /* not terminated: its length says where it ends */
        memcpy(bytes + n, p->name, strlen(p->name));
        n += (uint32_t)strlen(p->name);
    } else if (event == RESIZE) {
        st_le16(bytes + n, s->options.cols);
        st_le16(bytes + n + 2, s->options.rows);
        n += 4;
    }
    return n;
}

/* As much of what is owed as the driver has buffers for. */
static void send_control(struct virtio_console *s)
{
    uint8_t bytes[CONTROL_BYTES + NAME_SIZE];
    struct virtio_chain c;

    for (uint32_t n = 0; n < s->options.max_ports; n++) {
        for (uint32_t i = 0; i < ARRAY_LEN(owed_events); i++) {
            if (!(s->state[n].owed & BIT(i)))
                continue;
            if (!virtio_pop(&s->v, CONTROL_RX, &c))
                goto out;
            uint32_t length = make_message(s, n, owed_events[i], bytes);
            s->state[n].owed &= (uint8_t)~BIT(i);
            virtio_push(&s->v, CONTROL_RX, c.head, virtio_copy_to(&s->v, &c, 0, bytes, length));
        }
    }
out:
    virtio_signal(&s->v, CONTROL_RX);
}

static void handle_control(struct virtio_console *s, const struct virtio_chain *c)
{
    uint8_t bytes[CONTROL_BYTES];

    if (virtio_copy_from(&s->v, c, 0, bytes, sizeof(bytes)) != sizeof(bytes)) {
        guest_error(&s->dev, "control message", "%u bytes long; 8 are needed", c->read_bytes);
        return;
    }
    uint32_t number = ld_le32(bytes);
    uint16_t event = ld_le16(bytes + 4), value = ld_le16(bytes + 6);

    if (event == DEVICE_READY) {
        for (uint32_t n = 0; n < s->options.max_ports && value == 1; n++)
            if (s->ports[n].owner)
                owe(s, n, DEVICE_ADD);
        return;
    }
    if (number >= s->options.max_ports || !s->ports[number].owner) {
        guest_error(&s->dev, "control message", "event %u for port %u, which is not there", event,
                    number);
        return;
    }
    struct port_state *p = &s->state[number];
    if (event == PORT_READY && value == 1) {
        p->ready = 1;
        if (s->ports[number].console) {
            owe(s, number, CONSOLE_PORT);
            if (virtio_has(&s->v, F_SIZE))
                owe(s, number, RESIZE);
        }
        if (s->ports[number].name[0])
            owe(s, number, PORT_NAME);
        if (p->host_open)
            owe(s, number, PORT_OPEN);
    } else if (event == PORT_OPEN) {
        p->guest_open = value != 0;
        if (!p->guest_open)
            p->rx = (struct fifo){ 0 };
    } else if (event != PORT_READY) {
        guest_error(&s->dev, "control message", "event %u is not the driver's to send", event);
    }
}

/* ---- data ---- */
/* Waiting input into the driver's buffers. */
static void drain(struct virtio_console *s, uint32_t number)
{
    struct port_state *p = &s->state[number];
    uint32_t queue = receive_queue(number), left = s->v.queue[queue].size;
    struct virtio_chain c;

    while (p->rx.count && left-- && virtio_pop(&s->v, queue, &c)) {
        uint32_t done = 0, n = MIN(c.write_bytes, p->rx.count);
        while (done < n) {
            uint32_t part = MIN(n - done, FIFO_SIZE - p->rx.head);
            if (virtio_copy_to(&s->v, &c, done, p->rx_data + p->rx.head, part) != part)
                return;
            p->rx.head = (p->rx.head + part) % FIFO_SIZE;
            p->rx.count -= part;
            done += part;
        }
        virtio_push(&s->v, queue, c.head, n);
    }
    virtio_signal(&s->v, queue);
}

/* One transmit queue; false: enough was sent for this moment. */
static bool send_data(struct virtio_console *s, uint32_t queue, uint32_t *budget)
{
    uint32_t number = number_of(queue), left = s->v.queue[queue].size;
    struct port_state *p = &s->state[number];
    struct virtio_chain c;
    struct virtio_span span;

    while (left--) {
        uint16_t mark = virtio_mark(&s->v, queue);
        if (!virtio_pop(&s->v, queue, &c))
            break;
        struct virtio_cursor at = virtio_readable(&c, p->sent);
        while (virtio_map(&s->v, &at, *budget, &span)) {
            char_write(s->ports[number].backend, span.host, span.length);
            p->sent += span.length;
            *budget -= span.length;
        }
        if (s->v.broken)
            break;
        if (p->sent < c.read_bytes) {
            virtio_rewind(&s->v, queue, mark);
            break;
        }
        p->sent = 0;
        virtio_push(&s->v, queue, c.head, 0);
    }
    virtio_signal(&s->v, queue);
    return !virtio_has_available(&s->v, queue);
}

static bool read_control(struct virtio_console *s)
{
    uint32_t left = s->v.queue[CONTROL_TX].size;
    struct virtio_chain c;

    while (left-- && virtio_pop(&s->v, CONTROL_TX, &c)) {
        handle_control(s, &c);
        virtio_push(&s->v, CONTROL_TX, c.head, 0);
    }
    virtio_signal(&s->v, CONTROL_TX);
    send_control(s);
    return !virtio_has_available(&s->v, CONTROL_TX);
}

static void transmit(void *arg, ps_t when)
{
    struct virtio_console *s = arg;
    uint32_t budget = CONSOLE_BATCH;

    (void)when;
    for (uint32_t queue = 1; queue < s->ops.n_queues; queue += 2)
        if ((s->pending & BIT(queue)) &&
            (queue == CONTROL_TX ? read_control(s) : send_data(s, queue, &budget)))
            s->pending &= ~BIT(queue);
    if (s->pending)
        ev_arm(&s->transmit, device_now(&s->dev) + CONSOLE_LATENCY);
}

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_console *s = console_of(v);

    if (queue & 1) {
        uint32_t budget = CONSOLE_BATCH;
        /*
         * Bytes leave at once, as from QEMU's: there is software that does not wait for its last
         * word to be used before it switches the machine off. What is too much for one go follows.
         */
        if (queue != CONTROL_TX && !(s->pending & BIT(queue)) && send_data(s, queue, &budget))
            return;
        s->pending |= BIT(queue);
        if (!ev_is_armed(&s->transmit))
            ev_arm(&s->transmit, device_now(&s->dev) + CONSOLE_LATENCY);
    } else if (queue == CONTROL_RX) {
        send_control(s);
    } else {
        drain(s, number_of(queue));
    }
}

/* ---- front end of the character backends ---- */
static size_t can_receive(void *arg)
{
    struct port *port = arg;
    struct virtio_console *s = port->owner;
    struct port_state *p = &s->state[port - s->ports];

    if (!(s->v.status & VIRTIO_DRIVER_OK) || s->v.broken ||
        (virtio_has(&s->v, F_MULTIPORT) && !p->guest_open))
        return 0;
    return FIFO_SIZE - p->rx.count;
}

static void receive(void *arg, const uint8_t *bytes, size_t n)
{
    struct port *port = arg;
    struct virtio_console *s = port->owner;
    uint32_t number = (uint32_t)(port - s->ports);
    struct port_state *p = &s->state[number];

    for (size_t i = 0; i < n; i++)
        (void)fifo_push(&p->rx, p->rx_data, FIFO_SIZE, bytes[i]);
    drain(s, number);
}

static void event(void *arg, enum char_event what)
{
    struct port *port = arg;
    struct virtio_console *s = port->owner;
    uint32_t number = (uint32_t)(port - s->ports);

    /* A console is always there: with a closed one the guest would wait for ever. */
    if (what == CHAR_BREAK || port->console)
        return;
    s->state[number].host_open = what == CHAR_OPENED;
    if (s->state[number].ready) {
        owe(s, number, PORT_OPEN);
        send_control(s);
    }
}

static const struct char_frontend frontend = {
    .can_receive = can_receive, .receive = receive, .event = event,
};

/* ---- configuration (5.3.4) ---- */
static void read_config(const struct virtio *v, uint8_t *bytes)
{
    const struct virtio_console *s = console_of(v);

    st_le16(bytes, s->options.cols);
    st_le16(bytes + 2, s->options.rows);
    st_le32(bytes + CFG_MAX_PORTS, s->options.max_ports);
    st_le32(bytes + CFG_EMERG_WR, 0);
}

/* 5.3.4: one byte, at any time, even before the driver is there. */
static void write_config(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value)
{
    struct virtio_console *s = console_of(v);
    uint8_t byte = (uint8_t)value;

    (void)n;
    if (offset != CFG_EMERG_WR || !s->options.emergency_write)
        return;
    for (uint32_t i = 0; i < s->options.max_ports; i++) {
        if (s->ports[i].console) {
            char_write(s->ports[i].backend, &byte, 1);
            return;
        }
    }
}

/* ---- life ---- */
static void reset(struct virtio *v)
{
    struct virtio_console *s = console_of(v);

    ev_cancel(&s->transmit);
    s->pending = 0;
    for (uint32_t i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
        s->state[i] = (struct port_state){ .host_open = s->ports[i].console || s->state[i].host_open };
}

static void queue_reset(struct virtio *v, uint32_t queue)
{
    struct virtio_console *s = console_of(v);

    s->pending &= ~BIT(queue);
    if ((queue & 1) && queue != CONTROL_TX)
        s->state[number_of(queue)].sent = 0;
}

/* What a snapshot says is not trusted. */
static void loaded(void *dev)
{
    struct virtio_console *s = dev;

    for (uint32_t i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
        struct fifo *f = &s->state[i].rx;
        f->head %= FIFO_SIZE;
        f->count = MIN(f->count, FIFO_SIZE);
    }
    s->pending &= BIT(s->ops.n_queues - 1) - 1 + BIT(s->ops.n_queues - 1);
}

static const struct state_field state[] = {
    STATE_TIMER(virtio_console, transmit), STATE_SUB(virtio_console, v, virtio_state),
    STATE(virtio_console, pending), STATE_SUBS(virtio_console, state, port_state), STATE_END
};
static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_console *)dev)->v);
}
static const struct device_ops device_ops = {
    .name = "virtio-console", .spec = "OASIS virtio 1.2, 5.3", .size = sizeof(struct virtio_console),
    .state = state, .version = 1, .reset = device_reset, .loaded = loaded,
};

struct virtio *virtio_console_create(struct machine *m, const char *id,
                                     const struct virtio_console_options *o, struct err *e)
{
    struct virtio_console *s;

    if (o->max_ports < 1 || o->max_ports > VIRTIO_CONSOLE_PORTS) {
        (void)err_set(e, ERR_ARG, "%s: max_ports=%u; 1 to %d are accepted", id, o->max_ports,
                      VIRTIO_CONSOLE_PORTS);
        return NULL;
    }
    s = device_create(m, &device_ops, id, e);
    if (!s || device_init_timer(&s->dev, &s->transmit, "virtio-console", transmit, e) < 0)
        return NULL;
    s->options = *o;
    s->ops = (struct virtio_ops){
        .id = 3, .n_queues = o->max_ports > 1 ? 2 * o->max_ports + 2 : 2, .queue_size = QUEUE_SIZE,
        .config_size = CFG_BYTES, .notify = notify, .read_config = read_config,
        .write_config = write_config, .reset = reset, .queue_reset = queue_reset,
        .features = (o->max_ports > 1 ? BIT(F_MULTIPORT) : 0) |
                    (o->cols && o->rows ? BIT(F_SIZE) : 0) |
                    (o->emergency_write ? BIT(F_EMERG_WRITE) : 0),
    };
    virtio_init(&s->v, &s->dev, &s->ops, m->memory);
    return &s->v;
}

int virtio_console_add_port(struct virtio *v, const struct virtio_console_port *o, struct err *e)
{
    struct virtio_console *s = console_of(v);
    int max = (int)s->options.max_ports, n = o->number;

    if (n < 0)
        for (n = o->console ? 0 : 1; n < max && s->ports[n].owner; n++)
            continue;
    if (o->number < 0 && n >= max)
        return err_set(e, ERR_LIMIT, "%s: all %d ports of %s are taken", o->id, max, s->dev.id);
    if (n >= max || s->ports[n].owner)
        return err_set(e, ERR_ARG, "%s: port %d of %s %s; 0 to %d can be chosen", o->id, n, s->dev.id,
                       n < max ? "is taken" : "does not exist", max - 1);
    if (n == 0 && !o->console)
        return err_set(e, ERR_ARG, "%s: port 0 of %s is for consoles; choose 1 to %d", o->id, s->dev.id,
                       max - 1);
    struct port *p = &s->ports[n];
    if (o->name && strlen(o->name) >= sizeof(p->name))
        return err_set(e, ERR_ARG, "%s: name '%s' is longer than %zu bytes", o->id, o->name,
                       sizeof(p->name) - 1);
    p->owner = s;
    p->console = o->console;
    s->state[n].host_open = o->console;
    if (o->name)
        memcpy(p->name, o->name, strlen(o->name));
    return o->backend ? char_attach(o->backend, o->id, &frontend, p, &p->backend, e) : 0;
}
