/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_PCI_H
#define ORRERY_DEVICES_VIRTIO_PCI_H
/*
 * virtio over PCI (virtio 1.2, 4.1): capabilities for common, notification, ISR, device
 * and PCI-access configuration in one BAR, MSI-X with a vector for each queue and one for
 * configuration changes, INTx with the ISR byte. Modern (device id 0x1040 + n) or
 * transitional (0x1000 + .., with the legacy I/O BAR of 4.1.4.10) as asked for.
 */
#include "devices/pci/pci.h"
#include "devices/virtio/virtio.h"

struct virtio_pci;

struct virtio_pci_options {
    bool disable_legacy, disable_modern;
    uint32_t vectors;     /* MSI-X; 0: one a queue and one for configuration */
    int devfn;            /* -1: any */
};

/* The function drives the device's status and queues from then on. */
struct virtio_pci *virtio_pci_create(struct machine *m, const char *id, struct virtio *v,
                                     struct pci_bus *bus, const struct virtio_pci_options *o,
                                     struct err *e);

#endif
