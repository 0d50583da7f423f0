/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_VIRTIO_IMPL_H
#define ORRERY_DEVICES_VIRTIO_VIRTIO_IMPL_H
/* The two ring formats (split.c, packed.c) behind virtio_pop and virtio_push. */
#include "devices/virtio/virtio.h"

enum { VIRTIO_DESC_NEXT = 1, VIRTIO_DESC_WRITE = 2, VIRTIO_DESC_INDIRECT = 4 };

/* The driver's structures, through host pointers. false: not RAM, and the device is broken. */
bool virtio_ring_read(struct virtio *v, uint64_t addr, void *buf, uint32_t n);
bool virtio_ring_write(struct virtio *v, uint64_t addr, const void *buf, uint32_t n);
/* Without the consequences: false if it is not RAM. */
bool virtio_ring_peek(struct virtio *v, uint64_t addr, void *buf, uint32_t n);

/* One descriptor into the chain. false: broken. */
bool virtio_add_descriptor(struct virtio *v, struct virtio_chain *c, uint64_t addr,
                           uint32_t length, bool write);
/* Is an indirect descriptor of `length` bytes well-formed? false: broken. */
bool virtio_check_indirect(struct virtio *v, uint32_t length, uint16_t flags);

bool virtio_split_available(struct virtio *v, const struct virtio_queue *q);
bool virtio_split_pop(struct virtio *v, struct virtio_queue *q, struct virtio_chain *c);
void virtio_split_push(struct virtio *v, struct virtio_queue *q, uint32_t head, uint32_t written);
bool virtio_split_wants_signal(struct virtio *v, const struct virtio_queue *q, uint16_t old);

bool virtio_packed_available(struct virtio *v, const struct virtio_queue *q);
bool virtio_packed_pop(struct virtio *v, struct virtio_queue *q, struct virtio_chain *c);
void virtio_packed_push(struct virtio *v, struct virtio_queue *q, uint32_t head, uint32_t written);
bool virtio_packed_wants_signal(struct virtio *v, const struct virtio_queue *q, uint16_t old);

#endif
