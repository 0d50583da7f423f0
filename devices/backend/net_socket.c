/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/net_impl.h"
#include "core/util/bytes.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Frames to another emulator over a socket. A stream carries each frame with its
 * length as a big-endian u32 in front; a datagram is a frame.
 */
enum { OUT_MAX = 1 << 20 };

struct wire {
    struct net_backend *net;
    bool datagrams;
    int fd, listen_fd;               /* -1: none */
    struct host_fd *poll, *listen;
    struct sockaddr_storage peer;    /* datagrams */
    socklen_t peer_length;
    uint8_t in[4 + NET_MAX_FRAME];
    size_t n_in;
    uint8_t *out;
    size_t n_out;
};

struct socket_options {
    char id[64], listen[256], connect[256], udp[256], localaddr[256];
};
static const struct option_desc socket_table[] = {
    OPT_TEXT(socket_options, "id", id),
    OPT_TEXT(socket_options, "listen", listen),
    OPT_TEXT(socket_options, "connect", connect),
    OPT_TEXT(socket_options, "udp", udp),
    OPT_TEXT(socket_options, "localaddr", localaddr),
    OPT_REFUSED("mcast", "multicast is not modelled; use listen and connect, or udp"),
    OPT_REFUSED("fd", "inherited sockets are not modelled; use listen, connect or udp"),
};

static int resolve(const char *key, const char *text, int type, bool passive,
                   struct sockaddr_storage *out, socklen_t *length, struct err *e)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = type,
                              .ai_flags = passive ? AI_PASSIVE : 0 };
    struct addrinfo *list;
    if (!colon || !colon[1])
        return err_set(e, ERR_ARG, "%s=%s: [HOST]:PORT is accepted", key, text);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
    int rc = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &list);
    if (rc != 0)
        return err_set(e, ERR_ARG, "%s=%s: %s", key, text, gai_strerror(rc));
    memcpy(out, list->ai_addr, list->ai_addrlen);
    *length = list->ai_addrlen;
    freeaddrinfo(list);
    return 0;
}

static void disconnect(struct wire *w)
{
    host_remove_fd(w->net->host, w->poll);
    w->poll = NULL;
    close(w->fd);
    w->fd = -1;
    w->n_in = w->n_out = 0;
}

static void write_out(struct wire *w)
{
    while (w->fd >= 0 && w->n_out != 0) {
        ssize_t done = send(w->fd, w->out, w->n_out, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (done < 0) {
            disconnect(w);
            return;
        }
        w->n_out -= (size_t)done;
        memmove(w->out, w->out + done, w->n_out);
    }
}

static void wire_send(struct net_backend *n, const uint8_t *frame, size_t length)
{
    struct wire *w = n->object;
    if (w->fd < 0)
        return;
    if (w->datagrams) {
        if (sendto(w->fd, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&w->peer,
                   w->peer_length) < 0)
            n->counters.dropped++;
        return;
    }
    if (w->n_out + 4 + length > OUT_MAX) {
        n->counters.dropped++;
        return;
    }
    st_be32(w->out + w->n_out, (uint32_t)length);
    memcpy(w->out + w->n_out + 4, frame, length);
    w->n_out += 4 + length;
    write_out(w);
}

static void take_frames(struct wire *w)
{
    while (w->n_in >= 4) {
        uint32_t length = ld_be32(w->in);
        if (length > NET_MAX_FRAME) {
            net_warn(w->net, "the other end sends a frame of %u bytes: disconnected", length);
            disconnect(w);
            return;
        }
        if (w->n_in < 4 + (size_t)length)
            return;
        net_arrived(w->net, w->in + 4, length);
        w->n_in -= 4 + (size_t)length;
        memmove(w->in, w->in + 4 + length, w->n_in);
    }
}

static short wire_wanted(void *arg)
{
    struct wire *w = arg;
    bool room = w->net->waiting.n + w->net->refused.n < 128;
    return (short)((room ? POLLIN : 0) | (w->n_out ? POLLOUT : 0));
}

static void wire_ready(void *arg, short revents)
{
    struct wire *w = arg;
    if (revents & POLLOUT)
        write_out(w);
    if (w->fd < 0 || !(revents & ~POLLOUT))
        return;
    ssize_t n = recv(w->fd, w->in + w->n_in, sizeof(w->in) - w->n_in, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR || w->datagrams))
        return;
    if (w->datagrams) {
        net_arrived(w->net, w->in, (size_t)n);
        return;
    }
    if (n <= 0) {
        disconnect(w);
        return;
    }
    w->n_in += (size_t)n;
    take_frames(w);
}

static int start(struct wire *w, int fd, struct err *e)
{
    static const struct host_fd_ops ops = { wire_wanted, wire_ready };
    int one = 1;
    w->fd = fd;
    if (!w->datagrams)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return host_add_fd(w->net->host, fd, &ops, w, &w->poll, e);
}

static short listen_wanted(void *arg)
{
    struct wire *w = arg;
    return w->fd < 0 ? POLLIN : 0;
}

static void listen_ready(void *arg, short revents)
{
    struct wire *w = arg;
    struct err e;
    (void)revents;
    int fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0 && start(w, fd, &e) < 0)
        net_warn(w->net, "%s", e.text);
}

static void wire_close(struct net_backend *n)
{
    struct wire *w = n->object;
    host_remove_fd(n->host, w->poll);
    host_remove_fd(n->host, w->listen);
    if (w->fd >= 0)
        close(w->fd);
    if (w->listen_fd >= 0)
        close(w->listen_fd);
    free(w->out);
    free(w);
}

static const struct net_kind wire_kind = { .name = "socket", .send = wire_send,
                                           .close = wire_close };

static int open_listen(struct wire *w, const char *text, struct err *e)
{
    static const struct host_fd_ops ops = { listen_wanted, listen_ready };
    struct sockaddr_storage a;
    socklen_t length;
    int one = 1, rc = resolve("listen", text, SOCK_STREAM, true, &a, &length, e);
    if (rc < 0)
        return rc;
    w->listen_fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->listen_fd >= 0)
        setsockopt(w->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (w->listen_fd < 0 || bind(w->listen_fd, (struct sockaddr *)&a, length) < 0 ||
        listen(w->listen_fd, 1) < 0)
        return err_set_errno(e, ERR_IO, errno, "listen=%s", text);
    return host_add_fd(w->net->host, w->listen_fd, &ops, w, &w->listen, e);
}

static int open_connect(struct wire *w, const char *text, struct err *e)
{
    struct sockaddr_storage a;
    socklen_t length;
    int rc = resolve("connect", text, SOCK_STREAM, false, &a, &length, e);
    if (rc < 0)
        return rc;
    w->fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&a, length) < 0)
        return err_set_errno(e, ERR_IO, errno, "connect=%s", text);
    return start(w, w->fd, e);
}

static int open_udp(struct wire *w, const struct socket_options *o, struct err *e)
{
    struct sockaddr_storage a;
    socklen_t length;
    w->datagrams = true;
    if (!o->localaddr[0])
        return err_set(e, ERR_ARG, "udp=%s: a localaddr=[HOST]:PORT is wanted, too", o->udp);
    int rc = resolve("udp", o->udp, SOCK_DGRAM, false, &w->peer, &w->peer_length, e);
    if (rc == 0)
        rc = resolve("localaddr", o->localaddr, SOCK_DGRAM, true, &a, &length, e);
    if (rc < 0)
        return rc;
    w->fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || bind(w->fd, (struct sockaddr *)&a, length) < 0)
        return err_set_errno(e, ERR_IO, errno, "localaddr=%s", o->localaddr);
    return start(w, w->fd, e);
}

int net_open_socket(struct net_backend *n, const char *spec, struct err *e)
{
    struct socket_options o = { 0 };
    int rc = option_read(socket_table, ARRAY_LEN(socket_table), &o, spec, NULL, e);
    if (rc < 0)
        return rc;
    memcpy(n->id, o.id, sizeof(n->id));
    if ((o.listen[0] != 0) + (o.connect[0] != 0) + (o.udp[0] != 0) != 1)
        return err_set(e, ERR_ARG, "exactly one of listen=, connect= and udp= is wanted");
    if (host_is_replaying(n->host))
        return 0;
    struct wire *w = calloc(1, sizeof(*w));
    if (!w)
        return err_set(e, ERR_NOMEM, "no memory");
    w->net = n;
    w->fd = w->listen_fd = -1;
    n->object = w;
    n->kind = &wire_kind;
    w->out = malloc(OUT_MAX);
    if (!w->out)
        return err_set(e, ERR_NOMEM, "no memory");
    if (o.listen[0])
        return open_listen(w, o.listen, e);
    return o.connect[0] ? open_connect(w, o.connect, e) : open_udp(w, &o, e);
}
