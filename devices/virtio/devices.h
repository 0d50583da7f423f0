/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_DEVICES_H
#define ORRERY_DEVICES_VIRTIO_DEVICES_H
/*
 * virtio devices: block (5.2), network (5.1), entropy (5.4). Each _create returns the
 * common part, to be attached to a transport; NULL with `e` filled in. Requests of disks
 * and networks complete a fixed simulated time after the notification.
 */
#include "devices/backend/block.h"
#include "devices/backend/net.h"
#include "devices/backend/rng.h"
#include "devices/virtio/virtio.h"

/* `disk` stays the caller's. `serial` (may be NULL) answers VIRTIO_BLK_T_GET_ID. */
struct virtio *virtio_blk_create(struct machine *m, const char *id, struct block *disk,
                                 const char *serial, struct err *e);
/* While building: request queues, 1 (as created) to VIRTIO_QUEUES. ERR_ARG. */
int virtio_blk_set_queues(struct virtio *v, uint32_t n, struct err *e) MUST_CHECK;
struct virtio *virtio_net_create(struct machine *m, const char *id, struct net_backend *net,
                                 const uint8_t mac[6], struct err *e);
struct virtio *virtio_rng_create(struct machine *m, const char *id, struct rng *source,
                                 struct err *e);

#endif
