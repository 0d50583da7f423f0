/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_NET_IMPL_H
#define ORRERY_DEVICES_BACKEND_NET_IMPL_H
/* What net.c (the NIC's side) shares with the kinds of network. */
#include "devices/backend/net.h"
#include "devices/backend/option.h"

struct net_frame {
    struct net_frame *next;
    size_t length;
    uint8_t bytes[];
};
struct net_queue {
    struct net_frame *first, **end;
    unsigned n;
};

struct net_kind {
    const char *name;
    /* The guest sends. */
    void (*send)(struct net_backend *n, const uint8_t *frame, size_t length);
    void (*before_poll)(struct net_backend *n, int *timeout_ms);
    void (*polled)(struct net_backend *n);
    void (*close)(struct net_backend *n);
};

struct net_backend {
    struct host *host;
    struct host_hook hook;
    char id[64];
    const struct net_kind *kind;  /* NULL: no cable, or replay: no network is opened */
    void *object;                 /* the kind's */

    const struct net_frontend *fe;
    void *arg;
    struct host_source *source;
    bool link_up;                 /* derived from inputs; saved as a machine part */
    struct net_queue waiting;     /* arrived, not yet taken by the NIC */
    struct net_queue refused;     /* offered, but the NIC was full when it came to it */
    struct net_counters counters;
};

/* A frame for the guest. Copied; dropped and counted when there is no room or sense in it. */
void net_arrived(struct net_backend *n, const void *frame, size_t length);
void net_warn(struct net_backend *n, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Set `kind` and `object`. In replay the options are checked and nothing is opened. */
int net_open_user(struct net_backend *n, const char *spec, struct err *e) MUST_CHECK;
int net_open_socket(struct net_backend *n, const char *spec, struct err *e) MUST_CHECK;

#endif
