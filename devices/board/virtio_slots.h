/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_VIRTIO_SLOTS_H
#define ORRERY_DEVICES_BOARD_VIRTIO_SLOTS_H
/* The row of virtio MMIO slots of QEMU's `virt` boards, empty ones among them. */
#include "devices/board/places.h"
#include "devices/board/virtio_parts.h"
#include "devices/virtio/mmio.h"

#define VIRTIO_SLOTS_MAX 32

struct virtio_slots {
    struct virtio_mmio *slot[VIRTIO_SLOTS_MAX];
    uint32_t n;
    pa_t base;                   /* of slot 0, */
    uint64_t size;               /* and how far apart they are */
};

/* `n` slots from place `first` on: first->size bytes apart, one input of the irqchip each. */
int virtio_slots_build(struct virtio_slots *s, struct board *b, const struct board_place *first,
                       uint32_t n, struct err *e) MUST_CHECK;

/* parts_plug_fn, `slots` being the struct virtio_slots. Slots fill from the highest address down. */
int virtio_slots_plug(void *slots, struct virtio *v, const char *id, int slot,
                      pa_t *at, struct err *e) MUST_CHECK;

#endif
