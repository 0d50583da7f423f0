/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_MMIO_H
#define ORRERY_DEVICES_VIRTIO_MMIO_H
/*
 * virtio over MMIO (virtio 1.2, 4.2): one slot of 512 bytes. A slot without a device
 * answers with device id 0. Version 1 (legacy, 4.2.4) unless `modern`.
 */
#include "devices/virtio/virtio.h"

struct virtio_mmio {
    struct device dev;
    struct irq_line irq;                  /* wiring */
    struct virtio *virtio;                /* NULL: empty */

    uint32_t device_features_sel, driver_features_sel, queue_sel, page_size, queue_align;
    uint32_t interrupt_status;            /* saved from device_features_sel on */
};

struct virtio_mmio *virtio_mmio_create(struct machine *m, const char *id, bool modern, struct err *e);
/* Before the machine's first reset. The slot drives the device's status and queues from then on. */
void virtio_mmio_attach(struct virtio_mmio *t, struct virtio *v);

#endif
