/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed virtqueues (2.8): one ring of descriptors {addr, len, id, flags} that driver and
 * device take turns to write. A descriptor is available when its AVAIL flag equals the wrap
 * counter and its USED flag does not; used when both do. Beside it lie two event suppression
 * structures {off_wrap, flags}, one written by each side.
 *
 * A place in the ring is kept as offset | bit 15 if the wrap counter is 0, so that a queue that
 * starts at 0 has its counter at 1 as 2.8.1 wants it.
 */
#include "devices/virtio/virtio_impl.h"
#include "core/util/bytes.h"

enum { OFFSET = 0x7fff, WRAPPED = 0x8000 };
enum { DESC_AVAIL = 1 << 7, DESC_USED = 1 << 15 };
enum { EVENT_ENABLE, EVENT_DISABLE, EVENT_DESC };

static uint16_t advance(uint16_t at, uint32_t n, uint32_t size)
{
    uint32_t offset = (at & OFFSET) + n, wrapped = at & WRAPPED;

    return (uint16_t)(offset >= size ? (offset - size) | (wrapped ^ WRAPPED) : offset | wrapped);
}

static bool is_available(uint16_t flags, uint16_t at)
{
    bool counter = !(at & WRAPPED);

    return !!(flags & DESC_AVAIL) == counter && !!(flags & DESC_USED) != counter;
}

static uint64_t address_of(const struct virtio_queue *q, uint16_t at)
{
    return q->desc + 16ull * (at & OFFSET);
}

bool virtio_packed_available(struct virtio *v, const struct virtio_queue *q)
{
    uint8_t flags[2];

    return virtio_ring_peek(v, address_of(q, q->last_avail) + 14, flags, 2) &&
           is_available(ld_le16(flags), q->last_avail);
}

/* 2.8.7: the table's descriptors are one chain in order; only WRITE means something in it. */
static bool walk_table(struct virtio *v, struct virtio_chain *c, uint64_t table, uint32_t n)
{
    uint8_t d[16];

    for (uint32_t i = 0; i < n; i++)
        if (!virtio_ring_read(v, table + 16ull * i, d, 16) ||
            !virtio_add_descriptor(v, c, ld_le64(d), ld_le32(d + 8),
                                   ld_le16(d + 14) & VIRTIO_DESC_WRITE))
            return false;
    return true;
}

bool virtio_packed_pop(struct virtio *v, struct virtio_queue *q, struct virtio_chain *c)
{
    uint16_t at = q->last_avail, flags;
    uint32_t slots = 0;
    uint8_t d[16];

    do {
        if (slots == q->size) {
            virtio_break(v, "descriptor chain is longer than the ring");
            return false;
        }
        if (!virtio_ring_read(v, address_of(q, at), d, 16))
            return false;
        flags = ld_le16(d + 14);
        if (slots == 0 && !is_available(flags, at))
            return false;
        if (flags & VIRTIO_DESC_INDIRECT) {
            if (!virtio_check_indirect(v, ld_le32(d + 8), flags) ||
                !walk_table(v, c, ld_le64(d), ld_le32(d + 8) / 16))
                return false;
        } else if (!virtio_add_descriptor(v, c, ld_le64(d), ld_le32(d + 8), flags & VIRTIO_DESC_WRITE)) {
            return false;
        }
        slots++;
        at = advance(at, 1, q->size);
    } while (flags & VIRTIO_DESC_NEXT);
    c->head = ld_le16(d + 12) | slots << 16; /* the last descriptor of a chain has the id (2.8.6) */
    q->last_avail = at;
    if (!virtio_has(v, VIRTIO_F_EVENT_IDX))
        return true;
    /* Tell us when the next one comes (2.8.10). */
    uint8_t event[4];
    st_le16(event, at ^ WRAPPED);
    st_le16(event + 2, EVENT_DESC);
    return virtio_ring_write(v, q->used, event, sizeof(event));
}

void virtio_packed_push(struct virtio *v, struct virtio_queue *q, uint32_t head, uint32_t written)
{
    uint16_t flags = (q->used_idx & WRAPPED ? 0 : DESC_AVAIL | DESC_USED) |
                     (written ? VIRTIO_DESC_WRITE : 0);
    uint8_t d[8];

    st_le32(d, written);
    st_le16(d + 4, (uint16_t)head);
    st_le16(d + 6, flags);
    if (virtio_ring_write(v, address_of(q, q->used_idx) + 8, d, sizeof(d)))
        q->used_idx = advance(q->used_idx, head >> 16, q->size);
}

/* How far `at` lies behind `now` in the ring; 0 or less: not reached yet. */
static int behind(uint16_t now, uint16_t at, uint32_t size)
{
    return (now & OFFSET) - (at & OFFSET) + ((now ^ at) & WRAPPED ? (int)size : 0);
}

/* 2.8.10, 2.8.14: off_wrap names the descriptor whose use the driver wants to hear of. */
bool virtio_packed_wants_signal(struct virtio *v, const struct virtio_queue *q, uint16_t old)
{
    uint8_t event[4];
    int distance;

    if (!virtio_ring_read(v, q->avail, event, sizeof(event)))
        return false;
    switch (ld_le16(event + 2) & 3) {
    case EVENT_ENABLE:
        return true;
    case EVENT_DESC:
        if (!virtio_has(v, VIRTIO_F_EVENT_IDX))
            return true;
        distance = behind(q->used_idx, ld_le16(event) ^ WRAPPED, q->size);
        return distance > 0 && distance <= behind(q->used_idx, old, q->size);
    default:
        return false;
    }
}
