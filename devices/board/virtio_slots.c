/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/virtio_slots.h"
#include "core/util/bits.h"
#include <assert.h>
#include <stdio.h>

int virtio_slots_build(struct virtio_slots *s, struct board *b, const struct board_place *first,
                       uint32_t n, struct err *e)
{
    struct parts_globals globals;
    int r = parts_read_globals(&globals, &b->config, e);

    assert(n <= VIRTIO_SLOTS_MAX);
    for (uint32_t i = 0; i < n && r == 0; i++) {
        const struct board_place p = { .base = first->base + i * first->size,
                                       .irq = first->irq + i };
        char id[32];
        snprintf(id, sizeof(id), "%s%u", first->name, i);
        struct virtio_mmio *t = s->slot[i] =
            virtio_mmio_create(b->machine, id, !globals.force_legacy, e);
        r = t ? board_place_part(b, &p, &t->dev, &t->irq, e) : e->code;
    }
    s->n = n;
    s->base = first->base;
    s->size = first->size;
    return r;
}

int virtio_slots_plug(void *slots, struct virtio *v, const char *id, int slot, pa_t *at, struct err *e)
{
    struct virtio_slots *s = slots;

    if (s->slot[0]->dev.ops->version == 1 && (v->offered & BIT(VIRTIO_F_RING_PACKED)))
        return err_set(e, ERR_ARG, "device %s: packed=on needs slots of version 2; give "
                       "-global virtio-mmio.force-legacy=off, too", id);
    for (int i = (int)s->n - 1; i >= 0; i--) {
        if (!s->slot[i]->virtio && (slot == -1 || slot == i)) {
            virtio_mmio_attach(s->slot[i], v);
            *at = s->base + (uint32_t)i * s->size;
            return 0;
        }
    }
    if (slot >= 0)
        return err_set(e, ERR_LIMIT,
                       "device %s: virtio MMIO slot %d is taken or not there; 0 to %u are", id,
                       slot, s->n - 1);
    return err_set(e, ERR_LIMIT, "device %s: all %u virtio MMIO slots are taken", id, s->n);
}
