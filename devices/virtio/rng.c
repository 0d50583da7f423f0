/* SPDX-License-Identifier: Apache-2.0 */
/* virtio entropy device (5.4): fills every buffer it is given. */
#include "devices/virtio/devices.h"

struct virtio_rng {
    struct device dev;
    struct rng *source;                 /* wiring */

    struct virtio v;                    /* saved from here on */
    uint32_t head, waiting;             /* a request is with the source */
};

static void next(struct virtio_rng *r)
{
    struct virtio_chain c;

    if (r->waiting || !virtio_pop(&r->v, 0, &c))
        return;
    r->head = c.head;
    r->waiting = 1;
    rng_request(r->source, MIN(c.write_bytes, (uint32_t)RNG_MAX_REQUEST));
}

/* The chain is walked again: only its head is state. */
static void ready(void *arg, const uint8_t *bytes, size_t n)
{
    struct virtio_rng *r = arg;
    struct virtio_chain c;

    if (!r->waiting)
        return;
    r->waiting = 0;
    uint32_t done = 0;
    r->v.queue[0].last_avail--; /* take the same chain again */
    if (virtio_pop(&r->v, 0, &c))
        done = virtio_copy_to(&r->v, &c, 0, bytes, (uint32_t)n);
    virtio_push(&r->v, 0, (uint16_t)r->head, done);
    virtio_signal(&r->v, 0);
}

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_rng *r = CONTAINER_OF(v, struct virtio_rng, v);

    (void)queue;
    for (uint32_t i = 0; i < v->queue[0].size && !r->waiting && virtio_has_available(v, 0); i++)
        next(r);
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

static const struct virtio_ops ops = {
    .id = 4, .n_queues = 1, .queue_size = 256, .notify = notify, .read_config = no_config,
    .reset = reset,
};
static const struct state_field state[] = {
    STATE_SUB(virtio_rng, v, virtio_state), STATE(virtio_rng, head), STATE(virtio_rng, waiting),
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
