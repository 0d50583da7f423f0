/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_PCI_H
#define ORRERY_DEVICES_VIRTIO_PCI_H
/*
 * virtio over PCI (virtio 1.2, 4.1): capabilities for common, notification, ISR, device
 * and PCI-access configuration in one BAR, MSI-X with a vector for each queue and one for
 * configuration changes, INTx with the ISR byte. Modern (device id 0x1040 + n) or
 * transitional (0x1000 + .., with the legacy I/O BAR of 4.1.4.10) as asked for.
 *
 *   BAR 0  I/O     legacy registers (unless disable_legacy)
 *   BAR 1  32 bit  MSI-X table and pending bits (if there are vectors)
 *   BAR 4  64 bit  0x0000 common, 0x1000 ISR, 0x2000 device, 0x3000 notification, 4 bytes a queue
 *                  (unless disable_modern)
 *
 * The same places and identification as QEMU's, so that what a guest remembers of its
 * hardware holds here. VIRTIO_F_NOTIFICATION_DATA, VIRTIO_F_NOTIF_CONFIG_DATA and shared
 * memory regions are not offered; the option ROM is absent.
 *
 * Lives in the machine's arena; nothing to free.
 */
#include "devices/pci/pci.h"
#include "devices/virtio/virtio.h"

struct virtio_pci;

#define VIRTIO_PCI_VECTORS_AUTO (-1)

struct virtio_pci_options {
    bool disable_legacy, disable_modern; /* not both */
    bool multifunction;   /* further functions share the slot of function 0 */
    bool iommu_platform;  /* DMA through the bus's IOMMU, VIRTIO_F_ACCESS_PLATFORM offered; off: past it */
    int vectors;          /* MSI-X; 0: none; VIRTIO_PCI_VECTORS_AUTO: one a queue and one for configuration */
    int devfn;            /* -1: any */
};

/*
 * The function drives the device's status and queues from then on. Before the machine's
 * first reset. NULL with `e`: ERR_ARG for options that contradict each other or a device
 * type that has no legacy interface, ERR_LIMIT when there is no such place on the bus.
 */
struct virtio_pci *virtio_pci_create(struct machine *m, const char *id, struct virtio *v,
                                     struct pci_bus *bus, const struct virtio_pci_options *o,
                                     struct err *e);

/* Does device type `id` exist with the legacy interface, too? */
bool virtio_pci_has_legacy(uint32_t id);

/* The function, for who plugs or looks at it. */
struct pci_function *virtio_pci_function(struct virtio_pci *t);

#endif
