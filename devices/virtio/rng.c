/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio entropy device (5.4): fills every buffer it is given, with up to RNG_MAX_REQUEST
 * bytes, as soon as the source has them.
 */
#include "devices/virtio/devices.h"

struct virtio_rng {
    struct device dev;
    struct rng *source;                 /* wiring */
    bool asking;                        /* inside ask(): an answer at once is its loop's business */

    struct virtio v;                    /* saved from here on */
    uint32_t mark, waiting;             /* where the chain was whose bytes are asked for */
};

/* One chain at a time, until the source takes its time or the driver's buffers are filled. */
static void ask(struct virtio_rng *r)
{
    struct virtio_chain c;

    r->asking = true;
    for (uint32_t i = 0; i < r->v.queue[0].size && !r->waiting; i++) {
        uint16_t mark = virtio_mark(&r->v, 0);
        if (!virtio_pop(&r->v, 0, &c))
            break;
        if (c.write_bytes == 0) { /* 5.4.6.1 forbids it; nothing to fill */
            virtio_push(&r->v, 0, c.head, 0);
            continue;
        }
        r->mark = mark;
        r->waiting = 1;
        rng_request(r->source, MIN(c.write_bytes, (uint32_t)RNG_MAX_REQUEST));
    }
    r->asking = false;
    virtio_signal(&r->v, 0);
}

/* The chain is walked again: only its place is state. */
static void ready(void *arg, const uint8_t *bytes, size_t n)
{
    struct virtio_rng *r = arg;
    struct virtio_chain c;

    if (!r->waiting)
        return;
    r->waiting = 0;
    virtio_rewind(&r->v, 0, (uint16_t)r->mark);
    if (virtio_pop(&r->v, 0, &c))
        virtio_push(&r->v, 0, c.head, virtio_copy_to(&r->v, &c, 0, bytes, (uint32_t)n));
    if (!r->asking)
        ask(r);
}

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_rng *r = CONTAINER_OF(v, struct virtio_rng, v);

    (void)queue;
    if (!r->asking)
        ask(r);
}

static void no_config(const struct virtio *v, uint8_t *bytes)
{
    (void)v;
    (void)bytes;
}

static void reset(struct virtio *v)
{
    struct virtio_rng *r = CONTAINER_OF(v, struct virtio_rng, v);

    r->waiting = 0;
    if (r->source)
        rng_cancel(r->source);
}

static void queue_reset(struct virtio *v, uint32_t queue)
{
    (void)queue;
    reset(v);
}

static const struct virtio_ops ops = {
    .id = 4, .n_queues = 1, .queue_size = 256, .notify = notify, .read_config = no_config,
    .reset = reset, .queue_reset = queue_reset,
};
static const struct state_field state[] = {
    STATE_SUB(virtio_rng, v, virtio_state), STATE(virtio_rng, mark), STATE(virtio_rng, waiting),
    STATE_END
};
static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_rng *)dev)->v);
}
static const struct device_ops device_ops = {
    .name = "virtio-rng", .spec = "OASIS virtio 1.2, 5.4", .size = sizeof(struct virtio_rng),
    .state = state, .version = 1, .reset = device_reset,
};

struct virtio *virtio_rng_create(struct machine *m, const char *id, struct rng *source,
                                 struct err *e)
{
    struct virtio_rng *r = device_create(m, &device_ops, id, e);

    if (!r || rng_attach(source, ready, r, e) < 0)
        return NULL;
    r->source = source;
    virtio_init(&r->v, &r->dev, &ops, m->memory);
    return &r->v;
}
