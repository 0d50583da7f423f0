/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_VIRTIO_PARTS_H
#define ORRERY_DEVICES_BOARD_VIRTIO_PARTS_H
/*
 * -drive, -netdev, -chardev, -object and -device: backends first, then devices in the
 * order given, each put on its transport by the board.
 */
#include "devices/backend/block.h"
#include "devices/board/board_impl.h"
#include "devices/virtio/virtio.h"

struct part_drive; /* an open disk and who uses it */

struct parts {
    struct board *board;
    struct part_drive *drives;
    uint32_t n_drives, n_devices;
    /* Put `v` on a transport: false with `e` when there is no place left. */
    int (*plug_mmio)(void *arg, struct virtio *v, const char *id, struct err *e);
    void *arg;
};

/* What -device accepts; NULL name at the end. */
extern const struct board_device parts_devices[];

int parts_build(struct parts *p, struct err *e) MUST_CHECK;
/*
 * After parts_build: the image of flash bank `unit`, from -pflash, -drive if=pflash or, if not
 * NULL, the drive called `id`. NULL in *out if there is none. It stays the parts'.
 */
int parts_take_flash(struct parts *p, uint32_t unit, const char *id, struct block **out,
                     struct err *e) MUST_CHECK;
void parts_release(struct parts *p); /* closes disks: after the host's end */

#endif
