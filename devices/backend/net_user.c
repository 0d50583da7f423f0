/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/net_impl.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libslirp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libslirp: a router, DHCP, DNS and TFTP server in this process. Its clock is the
 * machine's. Its timers are looked at when the host is polled and are no events
 * of the machine: what they send arrives as inputs like all else.
 */
struct user_timer {
    struct user_timer *next;
    struct user *user;
    SlirpTimerId id;
    void *opaque;
    int64_t when_ms; /* simulated; -1 = not armed */
};

struct user {
    struct net_backend *net;
    Slirp *slirp;
    struct user_timer *timers;
};

struct user_options {
    char id[64], net[64], host[64], dns[64], dhcpstart[64];
    char hostname[256], domainname[256], tftp[1024], bootfile[256], tftp_server_name[128];
    char ipv6_net[64], ipv6_host[64], ipv6_dns[64];
    bool restricted, ipv4, ipv6;
    struct option_list hostfwd, dnssearch;
};

static const struct option_desc user_table[] = {
    OPT_TEXT(user_options, "id", id),
    OPT_TEXT(user_options, "net", net),
    OPT_TEXT(user_options, "host", host),
    OPT_TEXT(user_options, "dns", dns),
    OPT_TEXT(user_options, "dhcpstart", dhcpstart),
    OPT_TEXT(user_options, "hostname", hostname),
    OPT_TEXT(user_options, "domainname", domainname),
    OPT_LIST(user_options, "dnssearch", dnssearch),
    OPT_BOOL(user_options, "restrict", restricted),
    OPT_BOOL(user_options, "ipv4", ipv4),
    OPT_BOOL(user_options, "ipv6", ipv6),
    OPT_TEXT(user_options, "ipv6-net", ipv6_net),
    OPT_TEXT(user_options, "ipv6-host", ipv6_host),
    OPT_TEXT(user_options, "ipv6-dns", ipv6_dns),
    OPT_TEXT(user_options, "tftp", tftp),
    OPT_TEXT(user_options, "bootfile", bootfile),
    OPT_TEXT(user_options, "tftp-server-name", tftp_server_name),
    OPT_LIST(user_options, "hostfwd", hostfwd),
    OPT_REFUSED("guestfwd", "forwarding to host commands is not modelled; use hostfwd or the host's "
                            "address in the guest's network"),
    OPT_REFUSED("smb", "an SMB server is not modelled; use tftp or virtio-9p"),
    OPT_REFUSED("smbserver", "an SMB server is not modelled; use tftp or virtio-9p"),
};

/* ---- what libslirp calls --------------------------------------------------- */

static int64_t now_ns(const struct user *u)
{
    return (int64_t)(ev_now(host_machine(u->net->host)->queue) / PS_PER_NS);
}

static ssize_t on_send_packet(const void *frame, size_t length, void *opaque)
{
    struct user *u = opaque;
    net_arrived(u->net, frame, length);
    return (ssize_t)length;
}

static void on_guest_error(const char *text, void *opaque)
{
    struct user *u = opaque;
    log_print(host_machine(u->net->host)->log, host_log_category(u->net->host), LOG_DEBUG,
              "network %s: %s", u->net->id, text);
}

static int64_t on_clock(void *opaque)
{
    return now_ns(opaque);
}

static void *on_timer_new(SlirpTimerId id, void *timer_opaque, void *opaque)
{
    struct user *u = opaque;
    struct user_timer *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    *t = (struct user_timer){ .next = u->timers, .user = u, .id = id, .opaque = timer_opaque,
                              .when_ms = -1 };
    u->timers = t;
    return t;
}

static void on_timer_free(void *timer, void *opaque)
{
    struct user *u = opaque;
    for (struct user_timer **p = &u->timers; *p; p = &(*p)->next) {
        if (*p == timer) {
            *p = (*p)->next;
            free(timer);
            return;
        }
    }
}

static void on_timer_mod(void *timer, int64_t when_ms, void *opaque)
{
    struct user_timer *t = timer;
    (void)opaque;
    if (t)
        t->when_ms = when_ms;
}

static void on_poll_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void on_notify(void *opaque)
{
    (void)opaque;
}

static const SlirpCb callbacks = {
    .send_packet = on_send_packet, .guest_error = on_guest_error, .clock_get_ns = on_clock,
    .timer_new_opaque = on_timer_new, .timer_free = on_timer_free, .timer_mod = on_timer_mod,
    .register_poll_fd = on_poll_fd, .unregister_poll_fd = on_poll_fd, .notify = on_notify,
};

/* ---- polling --------------------------------------------------------------- */

static const struct { int slirp; short host; } poll_bits[] = {
    { SLIRP_POLL_IN, POLLIN },   { SLIRP_POLL_OUT, POLLOUT }, { SLIRP_POLL_PRI, POLLPRI },
    { SLIRP_POLL_ERR, POLLERR }, { SLIRP_POLL_HUP, POLLHUP },
};

static int on_add_poll(int fd, int events, void *opaque)
{
    struct user *u = opaque;
    short host_events = 0;
    for (size_t i = 0; i < ARRAY_LEN(poll_bits); i++) {
        if (events & poll_bits[i].slirp)
            host_events |= poll_bits[i].host;
    }
    return host_poll_add(u->net->host, fd, host_events);
}

static int on_revents(int index, void *opaque)
{
    struct user *u = opaque;
    short revents = host_poll_revents(u->net->host, index);
    int events = 0;
    for (size_t i = 0; i < ARRAY_LEN(poll_bits); i++) {
        if (revents & poll_bits[i].host)
            events |= poll_bits[i].slirp;
    }
    return events;
}

static void user_before_poll(struct net_backend *n, int *timeout_ms)
{
    struct user *u = n->object;
    uint32_t timeout = *timeout_ms < 0 ? UINT32_MAX : (uint32_t)*timeout_ms;
    slirp_pollfds_fill(u->slirp, &timeout, on_add_poll, u);
    int64_t now_ms = now_ns(u) / 1000000;
    for (const struct user_timer *t = u->timers; t; t = t->next)
        if (t->when_ms >= 0 && t->when_ms <= now_ms)
            timeout = 0;
    *timeout_ms = timeout > INT32_MAX ? -1 : (int)timeout;
}

static void user_polled(struct net_backend *n)
{
    struct user *u = n->object;
    slirp_pollfds_poll(u->slirp, 0, on_revents, u);
    int64_t now_ms = now_ns(u) / 1000000;
    for (struct user_timer *t = u->timers, *next; t; t = next) {
        next = t->next;
        if (t->when_ms >= 0 && t->when_ms <= now_ms) {
            t->when_ms = -1;
            slirp_handle_timer(u->slirp, t->id, t->opaque);
        }
    }
}

static void user_send(struct net_backend *n, const uint8_t *frame, size_t length)
{
    struct user *u = n->object;
    slirp_input(u->slirp, frame, (int)length);
}

static void user_close(struct net_backend *n)
{
    struct user *u = n->object;
    if (u->slirp)
        slirp_cleanup(u->slirp);
    while (u->timers)
        on_timer_free(u->timers, u);
    free(u);
}

static const struct net_kind user_kind = {
    .name = "user", .send = user_send, .before_poll = user_before_poll, .polled = user_polled,
    .close = user_close,
};

/* ---- options --------------------------------------------------------------- */

static int parse_ipv4(const char *key, const char *text, struct in_addr *out, struct err *e)
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 0;
    return err_set(e, ERR_ARG, "%s=%s: an IPv4 address is accepted", key, text);
}

/* "10.0.2.0/24", "10.0.2.0/255.255.255.0", or an address alone: /24. */
static int parse_net(const char *text, struct in_addr *net, struct in_addr *mask, struct err *e)
{
    char address[64];
    const char *slash = strchr(text, '/');
    snprintf(address, sizeof(address), "%.*s", slash ? (int)(slash - text) : (int)strlen(text), text);
    uint32_t bits = 0xffffff00;
    if (slash && strchr(slash, '.')) {
        struct in_addr m;
        int rc = parse_ipv4("net", slash + 1, &m, e);
        if (rc < 0)
            return rc;
        bits = ntohl(m.s_addr);
        if (~bits & (~bits + 1))
            return err_set(e, ERR_ARG, "net=%s: the mask has holes", text);
    } else if (slash) {
        char *end;
        unsigned long length = strtoul(slash + 1, &end, 10);
        if (end == slash + 1 || *end || length < 4 || length > 28)
            return err_set(e, ERR_ARG, "net=%s: a length of 4 to 28 is accepted", text);
        bits = ~0u << (32 - length);
    }
    int rc = parse_ipv4("net", address, net, e);
    mask->s_addr = htonl(bits);
    net->s_addr &= mask->s_addr;
    return rc;
}

/* An address of the network: given, or the default host number in it. */
static int choose(const char *key, const char *text, const SlirpConfig *c, uint32_t number,
                  struct in_addr *out, struct err *e)
{
    out->s_addr = c->vnetwork.s_addr | htonl(number & ~ntohl(c->vnetmask.s_addr));
    if (!text[0])
        return 0;
    int rc = parse_ipv4(key, text, out, e);
    if (rc == 0 && (out->s_addr & c->vnetmask.s_addr) != c->vnetwork.s_addr)
        return err_set(e, ERR_ARG, "%s=%s: not in the network net=", key, text);
    return rc;
}

static int choose6(const char *key, const char *text, const struct in6_addr *prefix, uint8_t number,
                   struct in6_addr *out, struct err *e)
{
    *out = *prefix;
    out->s6_addr[15] |= number;
    if (text[0] && inet_pton(AF_INET6, text, out) != 1)
        return err_set(e, ERR_ARG, "%s=%s: an IPv6 address is accepted", key, text);
    return 0;
}

static int configure_ipv6(const struct user_options *o, SlirpConfig *c, struct err *e)
{
    char address[64] = "fec0::";
    c->vprefix_len = 64;
    if (o->ipv6_net[0]) {
        const char *slash = strchrnul(o->ipv6_net, '/');
        char *end = NULL;
        unsigned long length = *slash ? strtoul(slash + 1, &end, 10) : 64;
        if ((end && *end) || length > 126 || length == 0)
            return err_set(e, ERR_ARG, "ipv6-net=%s: ADDRESS/1 to ADDRESS/126 is accepted",
                           o->ipv6_net);
        c->vprefix_len = (uint8_t)length;
        snprintf(address, sizeof(address), "%.*s", (int)(slash - o->ipv6_net), o->ipv6_net);
    }
    if (inet_pton(AF_INET6, address, &c->vprefix_addr6) != 1)
        return err_set(e, ERR_ARG, "ipv6-net=%s: an IPv6 address is accepted", o->ipv6_net);
    int rc = choose6("ipv6-host", o->ipv6_host, &c->vprefix_addr6, 2, &c->vhost6, e);
    return rc < 0 ? rc : choose6("ipv6-dns", o->ipv6_dns, &c->vprefix_addr6, 3, &c->vnameserver6, e);
}

static int configure(const struct user_options *o, SlirpConfig *c, const char **search,
                     struct err *e)
{
    *c = (SlirpConfig){ .version = 4, .restricted = o->restricted, .in_enabled = o->ipv4,
                        .in6_enabled = o->ipv6 };
    int rc = parse_net(o->net[0] ? o->net : "10.0.2.0/24", &c->vnetwork, &c->vnetmask, e);
    if (rc == 0)
        rc = choose("host", o->host, c, 2, &c->vhost, e);
    if (rc == 0)
        rc = choose("dns", o->dns, c, 3, &c->vnameserver, e);
    if (rc == 0)
        rc = choose("dhcpstart", o->dhcpstart, c, 15, &c->vdhcp_start, e);
    if (rc == 0)
        rc = configure_ipv6(o, c, e);
    if (rc < 0)
        return rc;
    if (c->vhost.s_addr == c->vnameserver.s_addr)
        return err_set(e, ERR_ARG, "host= and dns= must differ");
    if (!o->ipv4 && !o->ipv6)
        return err_set(e, ERR_ARG, "ipv4=off and ipv6=off leave nothing");
    c->vhostname = o->hostname[0] ? o->hostname : NULL;
    c->vdomainname = o->domainname[0] ? o->domainname : NULL;
    c->tftp_path = o->tftp[0] ? o->tftp : NULL;
    c->bootfile = o->bootfile[0] ? o->bootfile : NULL;
    c->tftp_server_name = o->tftp_server_name[0] ? o->tftp_server_name : NULL;
    for (unsigned i = 0; i < o->dnssearch.n; i++)
        search[i] = o->dnssearch.text[i];
    c->vdnssearch = o->dnssearch.n ? search : NULL;
    return 0;
}

struct forward {
    bool udp;
    struct in_addr host, guest;
    int host_port, guest_port;
};

/* "tcp:[HOST ADDRESS]:PORT-[GUEST ADDRESS]:PORT" */
static int parse_forward(const char *text, struct forward *f, struct err *e)
{
    char protocol[8] = "", host[64] = "", guest[64] = "", rest = 0;
    const char *colon = strchr(text, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
    const char *dash = second ? strchr(second, '-') : NULL, *last = dash ? strrchr(dash, ':') : NULL;
    *f = (struct forward){ 0 };
    bool good = last && colon - text < 8 && second - colon <= 63 && last - dash <= 63;
    if (good) {
        snprintf(protocol, sizeof(protocol), "%.*s", (int)(colon - text), text);
        snprintf(host, sizeof(host), "%.*s", (int)(second - colon - 1), colon + 1);
        snprintf(guest, sizeof(guest), "%.*s", (int)(last - dash - 1), dash + 1);
        f->udp = strcmp(protocol, "udp") == 0;
        good = (f->udp || strcmp(protocol, "tcp") == 0 || !protocol[0]) &&
               sscanf(second + 1, "%d-%c", &f->host_port, &rest) >= 1 &&
               sscanf(last + 1, "%d%c", &f->guest_port, &rest) == 1 &&
               f->host_port >= 0 && f->host_port <= 65535 && f->guest_port > 0 &&
               f->guest_port <= 65535 && (!host[0] || inet_pton(AF_INET, host, &f->host) == 1) &&
               (!guest[0] || inet_pton(AF_INET, guest, &f->guest) == 1);
    }
    if (good)
        return 0;
    return err_set(e, ERR_ARG, "hostfwd=%s: accepted is tcp|udp:[HOST ADDRESS]:PORT-[GUEST ADDRESS]:PORT",
                   text);
}

static int add_forwards(Slirp *slirp, const struct option_list *list, struct err *e)
{
    for (unsigned i = 0; i < list->n; i++) {
        struct forward f;
        int rc = parse_forward(list->text[i], &f, e);
        if (rc < 0)
            return rc;
        if (slirp && slirp_add_hostfwd(slirp, f.udp, f.host, f.host_port, f.guest, f.guest_port) < 0)
            return err_set_errno(e, ERR_IO, errno, "hostfwd=%s: the host's port cannot be had",
                                 list->text[i]);
    }
    return 0;
}

int net_open_user(struct net_backend *n, const char *spec, struct err *e)
{
    SlirpConfig c;
    const char *search[OPTION_LIST_MAX + 1] = { NULL };
    struct user_options *o = calloc(1, sizeof(*o));
    struct user *u = calloc(1, sizeof(*u));
    int rc = o && u ? 0 : err_set(e, ERR_NOMEM, "no memory");
    if (rc == 0) {
        o->ipv4 = o->ipv6 = true;
        rc = option_read(user_table, ARRAY_LEN(user_table), o, spec, NULL, e);
    }
    if (rc == 0)
        rc = configure(o, &c, search, e);
    if (rc == 0)
        rc = add_forwards(NULL, &o->hostfwd, e);
    if (rc < 0 || host_is_replaying(n->host)) {
        if (rc == 0)
            memcpy(n->id, o->id, sizeof(n->id));
        free(o);
        free(u);
        return rc;
    }
    memcpy(n->id, o->id, sizeof(n->id));
    u->net = n;
    n->object = u;
    n->kind = &user_kind; /* from here on closed with the backend */
    u->slirp = slirp_new(&c, &callbacks, u);
    rc = u->slirp ? add_forwards(u->slirp, &o->hostfwd, e)
                  : err_set(e, ERR_ARG, "libslirp refuses this configuration");
    free(o);
    return rc;
}
