/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/virtio.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1 };

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
}

uint64_t virtio_features(const struct virtio *v)
{
    return v->ops->features | v->transport_features | BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) |
           BIT(VIRTIO_F_ANY_LAYOUT) | (v->legacy ? 0 : BIT(VIRTIO_F_VERSION_1));
}

void virtio_reset(struct virtio *v)
{
    if (v->ops->reset)
        v->ops->reset(v);
    v->driver_features = 0;
    v->status = v->broken = 0;
    for (uint32_t i = 0; i < VIRTIO_QUEUES; i++)
        v->queue[i] = (struct virtio_queue){
            .size = i < v->ops->n_queues ? v->ops->queue_size : 0, .vector = 0xffff,
        };
}

void virtio_set_status(struct virtio *v, uint8_t status)
{
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
         (v->transport_features & ~v->driver_features & BIT(VIRTIO_F_ACCESS_PLATFORM))))
        status &= (uint8_t)~VIRTIO_FEATURES_OK;
    v->status = status | (v->status & VIRTIO_NEEDS_RESET);
}

void virtio_break(struct virtio *v, const char *why)
{
    guest_error(v->dev, why, "%s", why);
    if (v->broken)
        return;
    v->broken = 1;
    v->status |= VIRTIO_NEEDS_RESET;
    v->generation++;
    if (v->transport.config_changed)
        v->transport.config_changed(v->transport.arg);
}

void virtio_set_legacy_ring(struct virtio *v, uint32_t queue, uint64_t base, uint32_t align)
{
    struct virtio_queue *q = &v->queue[queue];

    align = is_pow2(align) ? align : MEM_PAGE;
    q->desc = base;
    q->avail = base + 16ull * q->size;
    q->used = align_up(q->avail + 6 + 2ull * q->size, align);
    q->enabled = base != 0;
    q->last_avail = q->used_idx = 0;
    q->signalled_valid = 0;
}

static bool read16(struct virtio *v, uint64_t addr, uint16_t *value)
{
    uint8_t bytes[2];

    if (dma_read(&v->dma, addr, bytes, 2) != MEM_OK) {
        virtio_break(v, "virtqueue lies outside memory");
        return false;
    }
    *value = ld_le16(bytes);
    return true;
}

static bool write16(struct virtio *v, uint64_t addr, uint16_t value)
{
    uint8_t bytes[2];

    st_le16(bytes, value);
    if (dma_write(&v->dma, addr, bytes, 2) == MEM_OK)
        return true;
    virtio_break(v, "virtqueue lies outside memory");
    return false;
}

static bool usable(const struct virtio *v, uint32_t queue)
{
    const struct virtio_queue *q = &v->queue[queue];

    /* A function that is no bus master leaves its rings alone; that is no fault of the driver. */
    return queue < v->ops->n_queues && q->enabled && q->size && !v->broken && v->dma.enabled &&
           (v->status & VIRTIO_DRIVER_OK);
}

void virtio_notify(struct virtio *v, uint32_t queue)
{
    if (queue < v->ops->n_queues && usable(v, queue))
        v->ops->notify(v, queue);
}

bool virtio_has_available(struct virtio *v, uint32_t queue)
{
    struct virtio_queue *q = &v->queue[queue];
    uint16_t idx;

    return usable(v, queue) && read16(v, q->avail + 2, &idx) && idx != q->last_avail;
}

/* One descriptor into the chain. false: broken. */
static bool add_descriptor(struct virtio *v, struct virtio_chain *c, const uint8_t *d)
{
    struct virtio_segment s = { .addr = ld_le64(d), .length = ld_le32(d + 8) };
    bool write = ld_le16(d + 12) & DESC_WRITE;

    if (c->n_read + c->n_write == VIRTIO_SEGMENTS) {
        virtio_break(v, "descriptor chain is too long");
        return false;
    }
    if (!write && c->n_write) {
        virtio_break(v, "readable descriptor behind a writable one");
        return false;
    }
    uint32_t *bytes = write ? &c->write_bytes : &c->read_bytes;
    if (s.length > UINT32_MAX - *bytes) {
        virtio_break(v, "descriptor chain describes more than 4 GiB");
        return false;
    }
    *bytes += s.length;
    c->seg[c->n_read + c->n_write] = s;
    *(write ? &c->n_write : &c->n_read) += 1;
    return true;
}

/* Walk a table of `size` descriptors at `table` from `at`: 2.7.5, 2.7.5.3. */
static bool walk_chain(struct virtio *v, struct virtio_chain *c, uint64_t table, uint32_t size,
                       uint16_t at, bool indirect)
{
    uint8_t d[16];

    for (uint32_t steps = 0;; steps++) {
        if (at >= size || steps >= size) {
            virtio_break(v, at >= size ? "descriptor index is out of range" : "descriptor chain loops");
            return false;
        }
        if (dma_read(&v->dma, table + 16ull * at, d, 16) != MEM_OK) {
            virtio_break(v, "descriptor table lies outside memory");
            return false;
        }
        uint16_t flags = ld_le16(d + 12);
        if (flags & DESC_INDIRECT) {
            uint32_t length = ld_le32(d + 8);
            if (indirect || length == 0 || length % 16 || (flags & DESC_NEXT) ||
                !virtio_has(v, VIRTIO_F_INDIRECT_DESC)) {
                virtio_break(v, "indirect descriptor is malformed");
                return false;
            }
            return walk_chain(v, c, ld_le64(d), MIN(length / 16, 65536u), 0, true);
        }
        if (!add_descriptor(v, c, d))
            return false;
        if (!(flags & DESC_NEXT))
            return true;
        at = ld_le16(d + 14);
    }
}

bool virtio_pop(struct virtio *v, uint32_t queue, struct virtio_chain *c)
{
    struct virtio_queue *q = &v->queue[queue];
    uint16_t idx;

    if (!usable(v, queue) || !read16(v, q->avail + 2, &idx) || idx == q->last_avail)
        return false;
    if ((uint16_t)(idx - q->last_avail) > q->size) {
        virtio_break(v, "more buffers available than the queue holds");
        return false;
    }
    c->n_read = c->n_write = 0;
    c->read_bytes = c->write_bytes = 0;
    if (!read16(v, q->avail + 4 + 2ull * (q->last_avail % q->size), &c->head) ||
        !walk_chain(v, c, q->desc, q->size, c->head, false))
        return false;
    q->last_avail++;
    /* avail_event: tell us when the next one comes (2.7.10). */
    return !virtio_has(v, VIRTIO_F_EVENT_IDX) || write16(v, q->used + 4 + 8ull * q->size, q->last_avail);
}

void virtio_push(struct virtio *v, uint32_t queue, uint16_t head, uint32_t written)
{
    struct virtio_queue *q = &v->queue[queue];
    uint8_t entry[8];

    if (!usable(v, queue))
        return;
    st_le32(entry, head);
    st_le32(entry + 4, written);
    if (dma_write(&v->dma, q->used + 4 + 8ull * (q->used_idx % q->size), entry, 8) != MEM_OK) {
        virtio_break(v, "virtqueue lies outside memory");
        return;
    }
    (void)write16(v, q->used + 2, ++q->used_idx);
}

void virtio_signal(struct virtio *v, uint32_t queue)
{
    struct virtio_queue *q = &v->queue[queue];
    uint16_t flags, event, old = q->signalled;
    bool wanted;

    if (!usable(v, queue))
        return;
    if (virtio_has(v, VIRTIO_F_EVENT_IDX)) {
        if (!read16(v, q->avail + 4 + 2ull * q->size, &event))
            return;
        wanted = !q->signalled_valid ||
                 (uint16_t)(q->used_idx - event - 1) < (uint16_t)(q->used_idx - old);
    } else {
        if (!read16(v, q->avail, &flags))
            return;
        wanted = !(flags & AVAIL_NO_INTERRUPT);
    }
    q->signalled = q->used_idx;
    q->signalled_valid = 1;
    if (wanted && v->transport.interrupt)
        v->transport.interrupt(v->transport.arg, queue);
}

/* Move bytes between `buf` and segments [first, first + n) from byte `offset` on. */
static uint32_t copy(struct virtio *v, const struct virtio_segment *s, uint32_t n_segments,
                     uint32_t offset, uint8_t *buf, uint32_t n, bool to_guest)
{
    uint32_t done = 0;

    for (uint32_t i = 0; i < n_segments && done < n; i++) {
        if (offset >= s[i].length) {
            offset -= s[i].length;
            continue;
        }
        uint32_t part = MIN(n - done, s[i].length - offset);
        enum mem_result r = to_guest ? dma_write(&v->dma, s[i].addr + offset, buf + done, part)
                                     : dma_read(&v->dma, s[i].addr + offset, buf + done, part);
        if (r != MEM_OK) {
            virtio_break(v, "buffer lies outside memory");
            return done;
        }
        done += part;
        offset = 0;
    }
    return done;
}

uint32_t virtio_copy_from(struct virtio *v, const struct virtio_chain *c, uint32_t offset,
                          void *buf, uint32_t n)
{
    return copy(v, c->seg, c->n_read, offset, buf, n, false);
}

uint32_t virtio_copy_to(struct virtio *v, const struct virtio_chain *c, uint32_t offset,
                        const void *buf, uint32_t n)
{
    return copy(v, c->seg + c->n_read, c->n_write, offset, (uint8_t *)(uintptr_t)buf, n, true);
}
