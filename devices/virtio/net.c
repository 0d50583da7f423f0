/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio network device (5.1): pairs of queues and a control queue, mergeable receive
 * buffers, MAC, link status, receive filter; no offloads, so frames pass as they are.
 * Transmission and commands complete NET_LATENCY after the notification.
 */
#include "devices/virtio/devices.h"
#include "devices/virtio/net_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

#define NET_LATENCY (10 * PS_PER_US)
#define QUEUE_SIZE  256
/*
 * Queue 2k receives, 2k + 1 transmits for pair k; the control queue comes behind all pairs
 * that there are, or behind the first if the driver knows no others (5.1.2).
 */
enum { Q_RX, Q_TX, Q_CONTROL };

struct virtio_net {
    struct device dev;
    struct net_backend *net;            /* wiring */
    struct virtio_ops ops;
    uint8_t *frame;

    uint8_t permanent_mac[6];

    struct ev_timer transmit;           /* saved from here on */
    struct virtio v;
    struct net_filter filter;
    uint64_t pending;                   /* queues to serve, a bit each */
    uint64_t link_up;
};

/* 5.1.6: 12 bytes; legacy without mergeable buffers lacks num_buffers. */
static uint32_t header_bytes(const struct virtio_net *n)
{
    return virtio_has(&n->v, VIRTIO_F_VERSION_1) || virtio_has(&n->v, NET_F_MRG_RXBUF) ? 12 : 10;
}

static uint32_t control_queue(const struct virtio_net *n)
{
    return virtio_has(&n->v, NET_F_MQ) ? 2u * n->filter.max_pairs : Q_CONTROL;
}

/* A frame in one piece goes out from where it lies. */
static void send_frame(struct virtio_net *n, uint32_t queue, const struct virtio_chain *c,
                       uint32_t header)
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
    if (n->filter.pairs > 1)
        n->filter.flow[net_flow(s.host, length)] = (uint8_t)(queue / 2 + 1);
    net_send(n->net, s.host, length);
}

static void send_all(struct virtio_net *n, uint32_t queue)
{
    struct virtio_chain c;
    uint32_t header = header_bytes(n);

    for (uint32_t i = 0; i < n->v.queue[queue].size && virtio_pop(&n->v, queue, &c); i++) {
        if (c.read_bytes < header || c.read_bytes - header > NET_MAX_FRAME) {
            virtio_break(&n->v, "frame is shorter than its header or longer than 64 KiB");
            return;
        }
        send_frame(n, queue, &c, header);
        virtio_push(&n->v, queue, c.head, 0);
    }
    virtio_signal(&n->v, queue);
}

static void serve(void *arg, ps_t when)
{
    struct virtio_net *n = arg;
    uint32_t control = control_queue(n);

    (void)when;
    for (uint32_t queue = 0; queue < n->ops.n_queues; queue++) {
        if (!(n->pending & BIT(queue)))
            continue;
        if (queue == control)
            net_control(&n->v, &n->filter, queue);
        else if (queue & 1)
            send_all(n, queue);
        if ((queue != control && !(queue & 1)) || !virtio_has_available(&n->v, queue))
            n->pending &= ~BIT(queue);
    }
    n->pending &= BIT(n->ops.n_queues) - 1; /* a snapshot may say anything */
    if (n->pending)
        ev_arm(&n->transmit, device_now(&n->dev) + NET_LATENCY);
}

/* The pair that the flow was sent on, while it is in use; others spread over all that are. */
static uint32_t preferred_pair(const struct virtio_net *n, const uint8_t *frame, size_t length)
{
    uint32_t flow = net_flow(frame, length), pair = n->filter.flow[flow];

    return pair && pair <= n->filter.pairs ? pair - 1 : flow % n->filter.pairs;
}

/* The receive queue with a buffer, from pair `first` on; n_queues if there is none. */
static uint32_t receive_queue(struct virtio_net *n, uint32_t first)
{
    for (uint32_t i = 0; i < n->filter.pairs; i++) {
        uint32_t queue = 2 * ((first + i) % n->filter.pairs);
        if (virtio_has_available(&n->v, queue))
            return queue;
    }
    return n->ops.n_queues;
}

static bool can_receive(void *arg)
{
    struct virtio_net *n = arg;

    return receive_queue(n, 0) < n->ops.n_queues;
}

/* What of a frame went into which buffer: given back when all of it has its place. */
struct taken {
    uint32_t head, bytes;
};

/* Spread the frame over buffers; their number, or 0 if it does not fit or the driver is at fault. */
static uint32_t fill(struct virtio_net *n, uint32_t queue, const uint8_t *frame, uint32_t length,
                     struct taken taken[QUEUE_SIZE], struct virtio_chain *first)
{
    uint32_t header = header_bytes(n), done = 0, buffers = 0;
    struct virtio_chain more, *c = first;

    while (done < length) {
        if (buffers == QUEUE_SIZE || (buffers && !virtio_has(&n->v, NET_F_MRG_RXBUF)) ||
            !virtio_pop(&n->v, queue, c))
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
    uint32_t header = header_bytes(n), queue, buffers;
    struct taken taken[QUEUE_SIZE];
    struct virtio_chain first;
    uint8_t bytes[12] = { 0 };

    if (!net_filter_passes(&n->v, &n->filter, frame, length))
        return;
    queue = receive_queue(n, n->filter.pairs > 1 ? preferred_pair(n, frame, length) : 0);
    if (queue >= n->ops.n_queues)
        return;
    uint16_t mark = virtio_mark(&n->v, queue);
    buffers = fill(n, queue, frame, (uint32_t)length, taken, &first);
    if (buffers == 0) { /* the frame is dropped, the buffers stay */
        virtio_rewind(&n->v, queue, mark);
        return;
    }
    st_le16(bytes + 10, (uint16_t)buffers); /* 5.1.6.4.1: 1 without MRG_RXBUF */
    if (virtio_copy_to(&n->v, &first, 0, bytes, header) != header)
        return;
    for (uint32_t i = 0; i < buffers; i++)
        virtio_push(&n->v, queue, taken[i].head, taken[i].bytes);
    virtio_signal(&n->v, queue);
}

static void link_changed(void *arg, bool up)
{
    struct virtio_net *n = arg;

    n->link_up = up;
    if (virtio_has(&n->v, NET_F_STATUS))
        virtio_config_changed(&n->v);
}

static const struct net_frontend frontend = {
    .can_receive = can_receive, .receive = receive, .link_changed = link_changed,
};

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    if (!(queue & 1) && queue != control_queue(n))
        return;
    n->pending |= BIT(queue);
    if (!ev_is_armed(&n->transmit))
        ev_arm(&n->transmit, device_now(&n->dev) + NET_LATENCY);
}

static void read_config(const struct virtio *v, uint8_t *bytes)
{
    const struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    memcpy(bytes, n->filter.mac, 6);
    st_le16(bytes + 6, (uint16_t)n->link_up);
    st_le16(bytes + 8, n->filter.max_pairs);
}

/* 5.1.4: only a legacy driver may write its address, and only if it has no command for that. */
static void write_config(struct virtio *v, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    if (virtio_has(v, VIRTIO_F_VERSION_1) || virtio_has(v, NET_F_CTRL_MAC_ADDR))
        return;
    for (uint32_t i = offset; i < MIN(offset + bytes, 6u); i++)
        n->filter.mac[i] = (uint8_t)(value >> 8 * (i - offset));
}

static void reset(struct virtio *v)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    ev_cancel(&n->transmit);
    n->pending = 0;
    net_filter_reset(&n->filter, n->permanent_mac);
}

static void queue_reset(struct virtio *v, uint32_t queue)
{
    struct virtio_net *n = CONTAINER_OF(v, struct virtio_net, v);

    n->pending &= ~BIT(queue);
}

static const struct state_field state[] = {
    STATE_TIMER(virtio_net, transmit), STATE_SUB(virtio_net, v, virtio_state),
    STATE_SUB(virtio_net, filter, net_filter_state), STATE(virtio_net, pending),
    STATE(virtio_net, link_up), STATE_END
};
/* What a snapshot says is not trusted. */
static void loaded(void *dev)
{
    struct virtio_net *n = dev;

    n->filter.max_pairs = (uint8_t)(n->ops.n_queues / 2);
    n->filter.pairs = MAX(1, MIN(n->filter.pairs, n->filter.max_pairs));
}

static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_net *)dev)->v);
}
static const struct device_ops device_ops = {
    .name = "virtio-net", .spec = "OASIS virtio 1.2, 5.1", .size = sizeof(struct virtio_net),
    .state = state, .version = 1, .reset = device_reset, .loaded = loaded,
};

struct virtio *virtio_net_create(struct machine *m, const char *id, struct net_backend *net,
                                 const uint8_t mac[6], struct err *e)
{
    struct virtio_net *n = device_create(m, &device_ops, id, e);

    if (!n)
        return NULL;
    n->frame = arena_alloc(&m->arena, NET_MAX_FRAME);
    if (!n->frame || ev_timer_init(&n->transmit, m->queue, "virtio-net", EV_PRIO_DEVICE, serve, n)) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory", id);
        return NULL;
    }
    memcpy(n->permanent_mac, mac, 6);
    n->filter.max_pairs = 1;
    net_filter_reset(&n->filter, mac);
    n->net = net;
    n->link_up = net && net_link_is_up(net);
    if (net && net_attach(net, id, &frontend, n, e) < 0)
        return NULL;
    n->ops = (struct virtio_ops){
        .id = 1, .n_queues = 3, .queue_size = QUEUE_SIZE, .config_size = 10, .notify = notify,
        .read_config = read_config, .write_config = write_config, .reset = reset,
        .queue_reset = queue_reset,
        .features = BIT(NET_F_MAC) | BIT(NET_F_MRG_RXBUF) | BIT(NET_F_STATUS) | BIT(NET_F_CTRL_VQ) |
                    BIT(NET_F_CTRL_RX) | BIT(NET_F_CTRL_RX_EXTRA) | BIT(NET_F_CTRL_VLAN) |
                    BIT(NET_F_CTRL_MAC_ADDR),
    };
    virtio_init(&n->v, &n->dev, &n->ops, m->memory);
    return &n->v;
}

int virtio_net_set_pairs(struct virtio *v, uint32_t n, struct err *e)
{
    struct virtio_net *net = CONTAINER_OF(v, struct virtio_net, v);

    if (n < 1 || n > VIRTIO_NET_PAIRS)
        return err_set(e, ERR_ARG, "%s: queues=%u; 1 to %d are accepted", net->dev.id, n,
                       VIRTIO_NET_PAIRS);
    net->ops.n_queues = 2 * n + 1;
    net->filter.max_pairs = (uint8_t)n;
    virtio_offer(v, NET_F_MQ, n > 1);
    return 0;
}
