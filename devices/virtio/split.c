/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Split virtqueues (2.7): a table of descriptors, an available ring {flags, idx, ring[],
 * used_event} and a used ring {flags, idx, {id, len}[], avail_event}.
 */
#include "devices/virtio/virtio_impl.h"
#include "core/util/bytes.h"

enum { AVAIL_NO_INTERRUPT = 1 };
enum { IDX = 2, RING = 4, AVAIL_ENTRY = 2, USED_ENTRY = 8 };

static bool read16(struct virtio *v, uint64_t addr, uint16_t *value)
{
    uint8_t bytes[2];

    if (!virtio_ring_read(v, addr, bytes, 2))
        return false;
    *value = ld_le16(bytes);
    return true;
}

static bool write16(struct virtio *v, uint64_t addr, uint16_t value)
{
    uint8_t bytes[2];

    st_le16(bytes, value);
    return virtio_ring_write(v, addr, bytes, 2);
}

bool virtio_split_available(struct virtio *v, const struct virtio_queue *q)
{
    uint8_t idx[2];

    return virtio_ring_peek(v, q->avail + IDX, idx, 2) && ld_le16(idx) != q->last_avail;
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
        if (!virtio_ring_read(v, table + 16ull * at, d, 16))
            return false;
        uint16_t flags = ld_le16(d + 12);
        uint32_t length = ld_le32(d + 8);
        if (flags & VIRTIO_DESC_INDIRECT) {
            if (indirect) {
                virtio_break(v, "indirect table holds an indirect descriptor");
                return false;
            }
            return virtio_check_indirect(v, length, flags) &&
                   walk_chain(v, c, ld_le64(d), MIN(length / 16, 65536u), 0, true);
        }
        if (!virtio_add_descriptor(v, c, ld_le64(d), length, flags & VIRTIO_DESC_WRITE))
            return false;
        if (!(flags & VIRTIO_DESC_NEXT))
            return true;
        at = ld_le16(d + 14);
    }
}

bool virtio_split_pop(struct virtio *v, struct virtio_queue *q, struct virtio_chain *c)
{
    uint16_t idx, head;

    if (!read16(v, q->avail + IDX, &idx) || idx == q->last_avail)
        return false;
    if ((uint16_t)(idx - q->last_avail) > q->size) {
        virtio_break(v, "more buffers available than the queue holds");
        return false;
    }
    if (!read16(v, q->avail + RING + AVAIL_ENTRY * (q->last_avail % q->size), &head) ||
        !walk_chain(v, c, q->desc, q->size, head, false))
        return false;
    c->head = head;
    q->last_avail++;
    /* avail_event: tell us when the next one comes (2.7.10). */
    return !virtio_has(v, VIRTIO_F_EVENT_IDX) ||
           write16(v, q->used + RING + USED_ENTRY * (uint64_t)q->size, q->last_avail);
}

void virtio_split_push(struct virtio *v, struct virtio_queue *q, uint32_t head, uint32_t written)
{
    uint64_t at = q->used + RING + USED_ENTRY * (q->used_idx % q->size);
    uint8_t entry[USED_ENTRY];

    st_le32(entry, head);
    st_le32(entry + 4, written);
    if (virtio_ring_write(v, at, entry, sizeof(entry)))
        (void)write16(v, q->used + IDX, ++q->used_idx);
}

/* 2.7.7, 2.7.10 */
bool virtio_split_wants_signal(struct virtio *v, const struct virtio_queue *q, uint16_t old)
{
    uint16_t flags, event;

    if (!virtio_has(v, VIRTIO_F_EVENT_IDX))
        return read16(v, q->avail, &flags) && !(flags & AVAIL_NO_INTERRUPT);
    return read16(v, q->avail + RING + AVAIL_ENTRY * (uint64_t)q->size, &event) &&
           (uint16_t)(q->used_idx - event - 1) < (uint16_t)(q->used_idx - old);
}
