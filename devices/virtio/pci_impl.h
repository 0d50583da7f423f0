/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_PCI_IMPL_H
#define ORRERY_DEVICES_VIRTIO_PCI_IMPL_H
/* What the modern (pci.c) and the legacy (pci_legacy.c) register sets of one function share. */
#include "devices/virtio/pci.h"

#define VIRTIO_MSI_NO_VECTOR 0xffffu /* 4.1.5.1.2.1 */
enum virtio_pci_isr { VIRTIO_PCI_ISR_QUEUE = 1, VIRTIO_PCI_ISR_CONFIG = 2 };

struct virtio_pci_legacy;

struct virtio_pci {
    struct device dev;
    struct virtio *virtio;                /* wiring */
    struct virtio_pci_legacy *legacy;     /* NULL: modern only */
    uint16_t access_cap;                  /* the PCI configuration access capability; 0: legacy only */

    struct pci_function function;         /* its state and what follows is saved */
    uint32_t device_feature_select, driver_feature_select;
    uint16_t queue_select, config_vector;
    uint8_t isr, pad[3];
};

/* The queue that queue_select points at, or NULL. */
static inline struct virtio_queue *virtio_pci_selected(const struct virtio_pci *t)
{
    return t->queue_select < t->virtio->ops->n_queues ? &t->virtio->queue[t->queue_select] : NULL;
}

void virtio_pci_write_status(struct virtio_pci *t, uint8_t status);
void virtio_pci_read_isr(struct virtio_pci *t);   /* the read's effect: clears it */
/* The value kept: VIRTIO_MSI_NO_VECTOR for a vector the function does not have. */
uint16_t virtio_pci_vector(const struct virtio_pci *t, uint64_t vector);
uint8_t virtio_pci_config_byte(const struct virtio_pci *t, uint32_t offset);
void virtio_pci_write_config_byte(struct virtio_pci *t, uint32_t offset, uint8_t value);

/* BAR 0 of a transitional or legacy function. */
struct virtio_pci_legacy *virtio_pci_legacy_create(struct virtio_pci *t, struct err *e);
extern const struct mmio_ops virtio_pci_legacy_mmio;
/* As wide as the registers need, a power of two. */
uint64_t virtio_pci_legacy_size(const struct virtio *v);

#endif
