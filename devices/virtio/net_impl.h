/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_NET_IMPL_H
#define ORRERY_DEVICES_VIRTIO_NET_IMPL_H
/* The network device's filter, steering and control queue (net_control.c); data queues are net.c's. */
#include "devices/virtio/virtio.h"

enum { NET_F_MAC = 5, NET_F_MRG_RXBUF = 15, NET_F_STATUS = 16, NET_F_CTRL_VQ = 17, NET_F_CTRL_RX = 18,
       NET_F_CTRL_VLAN = 19, NET_F_CTRL_RX_EXTRA = 20, NET_F_MQ = 22, NET_F_CTRL_MAC_ADDR = 23 };

#define NET_TABLE 64  /* addresses */
#define NET_FLOWS 256 /* flows told apart */

/* Which frames are the driver's (5.1.6.5.1 to 5.1.6.5.3). Saved. */
struct net_filter {
    uint64_t vlans[64];           /* bit per VLAN id that passes */
    uint32_t n_unicast, n_multicast; /* in table, unicast first */
    uint8_t table[NET_TABLE][6];
    uint8_t mac[6];
    uint8_t mode[6];              /* by command of class RX: PROMISC .. NOBCAST */
    uint8_t all_unicast, all_multicast; /* the driver's list did not fit */
    uint8_t max_pairs, pairs;     /* of data queues: there are, in use (5.1.6.5.5) */
    uint8_t flow[NET_FLOWS];      /* the pair that a flow was last sent on, plus 1; 0 = not yet */
};
extern const struct state_field net_filter_state[];

/* Everything passes, as without a control queue; one pair. max_pairs stays. */
void net_filter_reset(struct net_filter *f, const uint8_t mac[6]);
/* `frame` has 14 bytes at least. */
bool net_filter_passes(const struct virtio *v, const struct net_filter *f, const uint8_t *frame,
                       size_t n);
/*
 * Steering (5.1.6.5.5.1): a number below NET_FLOWS, the same for both directions of a
 * TCP or UDP connection.
 */
uint32_t net_flow(const uint8_t *frame, size_t n);
/* Serve control queue `queue`. */
void net_control(struct virtio *v, struct net_filter *f, uint32_t queue);

#endif
