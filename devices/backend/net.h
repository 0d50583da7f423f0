/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_NET_H
#define ORRERY_DEVICES_BACKEND_NET_H
/*
 * Network backends: the far end of a NIC's cable. Frames are Ethernet without
 * FCS. Options are spelt as QEMU's -netdev:
 *
 *   user    libslirp: NAT, DHCP, DNS, TFTP, port forwards. The guest needs no rights.
 *             id net host dns dhcpstart hostname domainname dnssearch restrict
 *             ipv4 ipv6 ipv6-net ipv6-host ipv6-dns tftp bootfile tftp-server-name hostfwd
 *   socket  frames to another emulator: listen= or connect= (stream: each frame with
 *             its length as a big-endian u32 in front), udp= with localaddr=
 *   none    the cable is not plugged in
 *
 * libslirp's clock is simulated time; only the arrival of packets depends on the
 * host. Each frame for the guest is an input (host.h): recorded, and in replay taken
 * from the log with no network opened at all. Frames that the NIC cannot take
 * wait (at most 256, then they are dropped and counted).
 *
 * Refused: guestfwd, smb, tap, bridge, vde, vhost: with the list above.
 * Ownership: backends hang off the host (host_destroy ends them). One NIC each.
 */
#include "devices/backend/host.h"

struct net_backend;

#define NET_MIN_FRAME 14     /* shorter ones are dropped both ways */
#define NET_MAX_FRAME 65550  /* longest frame in either direction */

/* What a NIC gives: a constant table. Called only inside host_poll() or a replayed input. */
struct net_frontend {
    bool (*can_receive)(void *arg); /* depends on the machine's state only; NULL = always */
    void (*receive)(void *arg, const uint8_t *frame, size_t n);
    void (*link_changed)(void *arg, bool up); /* may be NULL */
};

/*
 * "user,id=n0,hostfwd=tcp::2222-:22". ERR_ARG (unknown option: nearest ones), ERR_IO (port
 * taken), ERR_UNSUPPORTED.
 */
int net_open(struct net_backend **out, struct host *h, const char *spec, struct err *e) MUST_CHECK;
struct net_backend *net_find(struct host *h, const char *id);
const char *net_id(const struct net_backend *n);

/* ERR_ARG when another NIC is attached. `name` (copied): the NIC's id. */
int net_attach(struct net_backend *n, const char *name, const struct net_frontend *fe, void *arg,
               struct err *e) MUST_CHECK;
/* The NIC sends. Copied or consumed at once; answers arrive in a later host_poll(). NULL `n` = no cable. */
void net_send(struct net_backend *n, const void *frame, size_t length);
bool net_link_is_up(const struct net_backend *n);
/* Monitor's set_link; recorded as an input. */
int net_set_link(struct net_backend *n, bool up, struct err *e) MUST_CHECK;

struct net_counters {
    uint64_t sent, received, dropped; /* frames, as seen from the guest */
};
struct net_counters net_get_counters(const struct net_backend *n);

#endif
