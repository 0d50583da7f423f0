/* SPDX-License-Identifier: Apache-2.0 */
/* Status, features and queues: what transports drive and devices work on. */
#include "devices/virtio/virtio.h"
#include "devices/virtio/virtio_impl.h"
#include "core/util/bits.h"

static const struct state_field queue_state[] = {
    STATE(virtio_queue, desc), STATE(virtio_queue, avail), STATE(virtio_queue, used),
    STATE(virtio_queue, size), STATE(virtio_queue, last_avail), STATE(virtio_queue, used_idx),
    STATE(virtio_queue, signalled), STATE(virtio_queue, vector), STATE(virtio_queue, enabled),
    STATE(virtio_queue, signalled_valid), STATE_END
};
const struct state_field virtio_state[] = {
    STATE(virtio, driver_features), STATE_SUBS(virtio, queue, queue_state),
    STATE(virtio, generation), STATE(virtio, status), STATE(virtio, legacy), STATE(virtio, broken),
    STATE(virtio, pad), STATE_END
};

void virtio_init(struct virtio *v, struct device *dev, const struct virtio_ops *ops,
                 struct mem_space *memory)
{
    v->dev = dev;
    v->ops = ops;
    v->dma = (struct dma){ .space = memory, .enabled = true };
    v->offered = ops->features | BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) |
                 BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_F_VERSION_1);
}

void virtio_offer(struct virtio *v, unsigned feature, bool on)
{
    v->offered = on ? v->offered | BIT(feature) : v->offered & ~BIT(feature);
}

/* 6.3: a legacy driver sees the first 32 bits only. */
uint64_t virtio_features(const struct virtio *v)
{
    return (v->offered | v->transport.features) & (v->legacy ? 0xffffffff : ~0ull);
}

static void clear_queue(struct virtio *v, uint32_t queue)
{
    v->queue[queue] = (struct virtio_queue){
        .size = queue < v->ops->n_queues ? v->ops->queue_size : 0, .vector = 0xffff,
    };
}

void virtio_reset(struct virtio *v)
{
    if (v->ops->reset)
        v->ops->reset(v);
    v->driver_features = 0;
    v->status = v->broken = 0;
    for (uint32_t i = 0; i < VIRTIO_QUEUES; i++)
        clear_queue(v, i);
}

void virtio_set_status(struct virtio *v, uint8_t status)
{
    bool started = (status & VIRTIO_DRIVER_OK) && !(v->status & VIRTIO_DRIVER_OK);

    if (status == 0) {
        virtio_reset(v);
        return;
    }
    /*
     * 2.2.2: a set that was not offered is refused by not keeping FEATURES_OK; chapter 6: so is a
     * driver that would hand out addresses the platform does not know.
     */
    if ((status & VIRTIO_FEATURES_OK) && !(v->status & VIRTIO_FEATURES_OK) &&
        ((v->driver_features & ~virtio_features(v)) || !virtio_has(v, VIRTIO_F_VERSION_1) ||
         (v->transport.features & ~v->driver_features & BIT(VIRTIO_F_ACCESS_PLATFORM))))
        status &= (uint8_t)~VIRTIO_FEATURES_OK;
    if (started && !(status & VIRTIO_FEATURES_OK))
        v->driver_features &= virtio_features(v) & 0xffffffff;
    v->status = (status & ~VIRTIO_NEEDS_RESET) | (v->status & VIRTIO_NEEDS_RESET);
    /* Buffers may have been made available, and even announced, before DRIVER_OK (3.1.1). */
    for (uint32_t i = 0; started && i < v->ops->n_queues; i++)
        virtio_notify(v, i);
}

void virtio_config_changed(struct virtio *v)
{
    v->generation++;
    if ((v->status & VIRTIO_DRIVER_OK) && v->transport.config_changed)
        v->transport.config_changed(v->transport.arg);
}

void virtio_break(struct virtio *v, const char *why)
{
    guest_error(v->dev, why, "no request is taken until the driver resets the device");
    if (v->broken)
        return;
    v->broken = 1;
    v->status |= VIRTIO_NEEDS_RESET;
    virtio_config_changed(v);
}

/* ---- queues ---- */
bool virtio_size_accepted(const struct virtio *v, uint64_t size)
{
    return size > 0 && size <= v->ops->queue_size &&
           (is_pow2(size) || virtio_has(v, VIRTIO_F_RING_PACKED));
}

void virtio_enable_queue(struct virtio *v, uint32_t queue)
{
    struct virtio_queue *q = &v->queue[queue];

    if (q->enabled)
        return;
    q->last_avail = q->used_idx = 0;
    q->signalled_valid = 0;
    q->enabled = 1;
}

void virtio_reset_queue(struct virtio *v, uint32_t queue)
{
    uint16_t vector = v->queue[queue].vector;

    if (v->ops->queue_reset)
        v->ops->queue_reset(v, queue);
    clear_queue(v, queue);
    v->queue[queue].vector = vector;
}

void virtio_set_legacy_ring(struct virtio *v, uint32_t queue, uint64_t base, uint32_t align)
{
    struct virtio_queue *q = &v->queue[queue];

    align = is_pow2(align) ? align : MEM_PAGE;
    q->desc = base;
    q->avail = base + 16ull * q->size;
    q->used = align_up(q->avail + 6 + 2ull * q->size, align);
    q->enabled = 0;
    if (base != 0)
        virtio_enable_queue(v, queue);
}

static bool usable(const struct virtio *v, uint32_t queue)
{
    const struct virtio_queue *q = &v->queue[queue];

    /*
     * A function that is no bus master leaves its rings alone; that is no fault of the driver.
     * Drivers of the legacy interface use devices before DRIVER_OK (3.1.2).
     */
    return queue < v->ops->n_queues && q->enabled && q->size && !v->broken && v->dma.enabled &&
           ((v->status & VIRTIO_DRIVER_OK) || v->legacy);
}

void virtio_notify(struct virtio *v, uint32_t queue)
{
    if (queue < v->ops->n_queues && usable(v, queue))
        v->ops->notify(v, queue);
}

static bool is_packed(const struct virtio *v)
{
    return virtio_has(v, VIRTIO_F_RING_PACKED);
}

bool virtio_has_available(struct virtio *v, uint32_t queue)
{
    struct virtio_queue *q = &v->queue[queue];

    return usable(v, queue) && (is_packed(v) ? virtio_packed_available(v, q)
                                             : virtio_split_available(v, q));
}

bool virtio_pop(struct virtio *v, uint32_t queue, struct virtio_chain *c)
{
    struct virtio_queue *q = &v->queue[queue];

    c->n_read = c->n_write = 0;
    c->read_bytes = c->write_bytes = 0;
    return usable(v, queue) && (is_packed(v) ? virtio_packed_pop(v, q, c) : virtio_split_pop(v, q, c));
}

void virtio_rewind(struct virtio *v, uint32_t queue, uint16_t mark)
{
    v->queue[queue].last_avail = mark;
}

void virtio_push(struct virtio *v, uint32_t queue, uint32_t head, uint32_t written)
{
    struct virtio_queue *q = &v->queue[queue];

    if (!usable(v, queue))
        return;
    if (is_packed(v))
        virtio_packed_push(v, q, head, written);
    else
        virtio_split_push(v, q, head, written);
}

void virtio_signal(struct virtio *v, uint32_t queue)
{
    struct virtio_queue *q = &v->queue[queue];
    uint16_t old = q->signalled_valid ? q->signalled : 0;

    if (!usable(v, queue) || q->used_idx == old)
        return;
    bool wanted = is_packed(v) ? virtio_packed_wants_signal(v, q, old)
                               : virtio_split_wants_signal(v, q, old);
    q->signalled = q->used_idx;
    q->signalled_valid = 1;
    if (wanted && v->transport.interrupt)
        v->transport.interrupt(v->transport.arg, queue);
}
