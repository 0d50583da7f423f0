/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio network device (5.1): one pair of queues, mergeable receive buffers, MAC, link
 * status; no offloads, so frames pass as they are. Transmission completes NET_LATENCY
 * after the notification.
 */
#include "devices/virtio/devices.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

#define NET_LATENCY (10 * PS_PER_US)
#define QUEUE_SIZE  256
enum { F_MAC = 5, F_MRG_RXBUF = 15, F_STATUS = 16 };
enum { Q_RX, Q_TX };

struct virtio_net {
    struct device dev;
    struct net_backend *net;            /* wiring */
    struct virtio_ops ops;
    uint8_t *frame;

    uint8_t permanent_mac[6];

    struct ev_timer transmit;           /* saved from here on */
    struct virtio v;
    uint8_t mac[6], link_up, pad;
};

/* 5.1.6: 12 bytes; legacy without mergeable buffers lacks num_buffers. */
static uint32_t header_bytes(const struct virtio_net *n)
{
    return virtio_has(&n->v, VIRTIO_F_VERSION_1) || virtio_has(&n->v, F_MRG_RXBUF) ? 12 : 10;
}

/* A frame in one piece goes out from where it lies. */
static void send_frame(struct virtio_net *n, const struct virtio_chain *c, uint32_t header)
{
    uint32_t length = c->read_bytes - header;
    struct virtio_cursor at = virtio_readable(c, header);
    struct virtio_span s;

    if (length < NET_MIN_FRAME || !virtio_map(&n->v, &at, length, &s))
        return;
    if (s.length < length) {
        if (virtio_copy_from(&n->v, c, header, n->frame, length) != length)
            return;
        s.host = n->frame;
    }
    net_send(n->net, s.host, length);
}

static void send_all(void *arg, ps_t when)
{
    struct virtio_net *n = arg;
    struct virtio_chain c;
    uint32_t header = header_bytes(n);

    (void)when;
    for (uint32_t i = 0; i < n->v.queue[Q_TX].size && virtio_pop(&n->v, Q_TX, &c); i++) {
        if (c.read_bytes < header || c.read_bytes - header > NET_MAX_FRAME) {
            virtio_break(&n->v, "frame is shorter than its header or longer than 64 KiB");
            return;
        }
        send_frame(n, &c, header);
        virtio_push(&n->v, Q_TX, c.head, 0);
    }
    virtio_signal(&n->v, Q_TX);
    if (virtio_has_available(&n->v, Q_TX))
        ev_arm(&n->transmit, device_now(&n->dev) + NET_LATENCY);
}

static bool can_receive(void *arg)
{
    struct virtio_net *n = arg;

    return virtio_has_available(&n->v, Q_RX);
}

/* What of a frame went into which buffer: given back when all of it has its place. */
struct taken {
    uint32_t head, bytes;
};

/* Spread the frame over buffers; their number, or 0 if it does not fit or the driver is at fault. */
static uint32_t fill(struct virtio_net *n, const uint8_t *frame, uint32_t length,
                     struct taken taken[QUEUE_SIZE], struct virtio_chain *first)
{
    uint32_t header = header_bytes(n), done = 0, buffers = 0;
    struct virtio_chain more, *c = first;

    while (done < length) {
        if (buffers == QUEUE_SIZE || (buffers && !virtio_has(&n->v, F_MRG_RXBUF)) ||
            !virtio_pop(&n->v, Q_RX, c))
            return 0;
        uint32_t skip = buffers == 0 ? header : 0;
        if (c->write_bytes <= skip) {
            virtio_break(&n->v, "receive buffer is smaller than its header");
            return 0;
        }
        uint32_t part = MIN(c->write_bytes - skip, length - done);
        if (virtio_copy_to(&n->v, c, skip, frame + done, part) != part)
            return 0;
        taken[buffers++] = (struct taken){ c->head, part + skip };
        done += part;
        c = &more;
    }
    return buffers;
}

static void receive(void *arg, const uint8_t *frame, size_t length)
{
    struct virtio_net *n = arg;
    uint32_t header = header_bytes(n);
    uint16_t mark = virtio_mark(&n->v, Q_RX);
    struct taken taken[QUEUE_SIZE];
    struct virtio_chain first;
    uint8_t bytes[12] = { 0 };
    uint32_t buffers = fill(n, frame, (uint32_t)length, taken, &first);

    if (buffers == 0) { /* the frame is dropped, the buffers stay */
        virtio_rewind(&n->v, Q_RX, mark);
        return;
    }
    st_le16(bytes + 10, (uint16_t)buffers); /* 5.1.6.4.1: 1 without MRG_RXBUF */
    if (virtio_copy_to(&n->v, &first, 0, bytes, header) != header)
        return;
    for (uint32_t i = 0; i < buffers; i++)
        virtio_push(&n->v, Q_RX, taken[i].head, taken[i].bytes);
    virtio_signal(&n->v, Q_RX);
}

static void link_changed(void *arg, bool up)
{
    struct virtio_net *n = arg;

    n->link_up = up;
    if (virtio_has(&n->v, F_STATUS))
        virtio_config_changed(&n->v);
}

static const struct net_frontend frontend = {
    .can_receive = can_receive, .receive = receive, .link_changed = link_changed,
};

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    if (queue == Q_TX && !ev_is_armed(&n->transmit))
        ev_arm(&n->transmit, device_now(&n->dev) + NET_LATENCY);
}

static void read_config(const struct virtio *v, uint8_t *bytes)
{
    const struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    memcpy(bytes, n->mac, 6);
    st_le16(bytes + 6, n->link_up);
}

/* 5.1.4: only a legacy driver may write its address. */
static void write_config(struct virtio *v, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    for (uint32_t i = offset; i < MIN(offset + bytes, 6u) && !virtio_has(v, VIRTIO_F_VERSION_1); i++)
        n->mac[i] = (uint8_t)(value >> 8 * (i - offset));
}

static void reset(struct virtio *v)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    ev_cancel(&n->transmit);
    memcpy(n->mac, n->permanent_mac, 6);
}

static void queue_reset(struct virtio *v, uint32_t queue)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    if (queue == Q_TX)
        ev_cancel(&n->transmit);
}

static const struct state_field state[] = {
    STATE_TIMER(virtio_net, transmit), STATE_SUB(virtio_net, v, virtio_state),
    STATE(virtio_net, mac), STATE(virtio_net, link_up), STATE(virtio_net, pad), STATE_END
};
static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_net *)dev)->v);
}
static const struct device_ops device_ops = {
    .name = "virtio-net", .spec = "OASIS virtio 1.2, 5.1", .size = sizeof(struct virtio_net),
    .state = state, .version = 1, .reset = device_reset,
};

struct virtio *virtio_net_create(struct machine *m, const char *id, struct net_backend *net,
                                 const uint8_t mac[6], struct err *e)
{
    struct virtio_net *n = device_create(m, &device_ops, id, e);

    if (!n)
        return NULL;
    n->frame = arena_alloc(&m->arena, NET_MAX_FRAME);
    if (!n->frame || ev_timer_init(&n->transmit, m->queue, "virtio-net", EV_PRIO_DEVICE, send_all, n)) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory", id);
        return NULL;
    }
    memcpy(n->permanent_mac, mac, 6);
    memcpy(n->mac, mac, 6);
    n->net = net;
    n->link_up = net && net_link_is_up(net);
    if (net && net_attach(net, id, &frontend, n, e) < 0)
        return NULL;
    n->ops = (struct virtio_ops){
        .id = 1, .n_queues = 2, .queue_size = QUEUE_SIZE, .config_size = 8, .notify = notify,
        .read_config = read_config, .write_config = write_config, .reset = reset,
        .queue_reset = queue_reset,
        .features = BIT(F_MAC) | BIT(F_MRG_RXBUF) | BIT(F_STATUS),
    };
    virtio_init(&n->v, &n->dev, &n->ops, m->memory);
    return &n->v;
}
