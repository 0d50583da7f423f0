/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_DEVICES_H
#define ORRERY_DEVICES_VIRTIO_DEVICES_H
/*
 * virtio devices: block (5.2), network (5.1), entropy (5.4), console (5.3), input (5.8). Each _create
 * returns the common part, to be attached to a transport; NULL with `e` filled in.
 * Requests of disks, networks and consoles complete a fixed simulated time after the
 * notification.
 */
#include "devices/backend/block.h"
#include "devices/backend/char.h"
#include "devices/backend/hid.h"
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
/* While building: pairs of queues, 1 (as created) to VIRTIO_NET_PAIRS. ERR_ARG. */
#define VIRTIO_NET_PAIRS 31
int virtio_net_set_pairs(struct virtio *v, uint32_t n, struct err *e) MUST_CHECK;
struct virtio *virtio_rng_create(struct machine *m, const char *id, struct rng *source,
                                 struct err *e);

/* `hid` NULL: nobody is at it. */
enum virtio_input_kind { VIRTIO_KEYBOARD, VIRTIO_MOUSE, VIRTIO_TABLET };
struct virtio *virtio_input_create(struct machine *m, const char *id, enum virtio_input_kind kind,
                                   struct hid *hid, struct err *e);

/*
 * Ports 0 .. max_ports - 1 (1 to VIRTIO_CONSOLE_PORTS), with more than one under control of
 * the control queues (MULTIPORT). A driver without MULTIPORT sees port 0 alone. `cols` and
 * `rows`: the size of every console, 0 = not told.
 */
#define VIRTIO_CONSOLE_PORTS 31
struct virtio_console_options {
    uint32_t max_ports;
    uint16_t cols, rows;
    bool emergency_write;
};
struct virtio *virtio_console_create(struct machine *m, const char *id,
                                     const struct virtio_console_options *o, struct err *e);

/* While building. `name`, `id` are copied. */
struct virtio_console_port {
    const char *id;               /* of the port as front end of `backend` */
    const char *name;             /* what the guest may find it by; NULL or "": none */
    struct char_backend *backend; /* NULL: nobody is there */
    int number;                   /* -1: the next free one; 0 is for consoles only */
    bool console;                 /* a terminal (hvc), or a plain byte channel */
};
/* ERR_ARG: the number is taken or out of range; ERR_LIMIT: no port is left. */
int virtio_console_add_port(struct virtio *v, const struct virtio_console_port *port,
                            struct err *e) MUST_CHECK;

#endif
