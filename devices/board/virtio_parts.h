/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_VIRTIO_PARTS_H
#define ORRERY_DEVICES_BOARD_VIRTIO_PARTS_H
/*
 * -drive, -netdev, -chardev, -object and -device: backends first, then devices in the
 * order given, each put on its transport by the board.
 */
#include "devices/board/board_impl.h"
#include "devices/virtio/virtio.h"

struct pci_bus;
struct part_drive; /* an open disk and who uses it */

struct parts {
    struct board *board;
    struct part_drive *drives;
    uint32_t n_drives, n_devices;
    struct pci_bus *pci;         /* NULL: the board has none. Where there is one, it is the default */
    /* Put `v` on an MMIO slot: a negative ERR_* with `e` when there is no place left. */
    int (*plug_mmio)(void *arg, struct virtio *v, const char *id, struct err *e);
    void *arg;
};

/* What -device accepts; NULL name at the end. */
extern const struct board_device parts_devices[];

int parts_build(struct parts *p, struct err *e) MUST_CHECK;
void parts_release(struct parts *p); /* closes disks: after the host's end */

#endif
