/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_CHAR_IMPL_H
#define ORRERY_DEVICES_BACKEND_CHAR_IMPL_H
/* What char.c (ports, multiplexer, output) and char_open.c (host objects) share. */
#include "devices/backend/char.h"
#include <poll.h>
#include <stdio.h>
#include <sys/types.h>

enum { CHAR_HELD = 4096, CHAR_MAX_PORTS = 8, CHAR_OUT_MAX = 4 << 20 };

/* One front end. Bytes read from the host wait in `held` until can_receive() allows. */
struct char_port {
    struct char_backend *backend;
    const struct char_frontend *fe;
    void *arg;
    struct host_source *source;
    uint8_t held[CHAR_HELD];
    size_t n_held;
    uint8_t events[16];       /* to be told, oldest first */
    unsigned n_events;
};

struct char_backend {
    struct host *host;
    struct host_hook hook;
    struct char_options options;
    char address[1200];

    int in_fd, out_fd, listen_fd;   /* -1: none; in and out may be equal */
    struct host_fd *in, *out, *listen;
    bool connected;                 /* somebody is there: output is kept */
    bool is_socket, is_regular;

    struct char_port *ports[CHAR_MAX_PORTS];
    unsigned n_ports, focus;
    bool escaped;                   /* the escape key came last */

    uint8_t *buffer;                /* output not yet written: [head, head + length) */
    size_t head, length, room;
    bool stuck;                     /* the reader had his second; drop until he reads */
    uint64_t dropped;
    uint32_t test_code;             /* testdev: the number read so far */
    FILE *log;
};

/* Descriptors are set: start to poll them. */
int char_start(struct char_backend *c, struct err *e) MUST_CHECK;
/* Connection came or went; tells all ports. */
void char_set_connected(struct char_backend *c, bool connected);
/* Socket: the peer is gone. Other kinds: no more input. */
void char_hang_up(struct char_backend *c);
/* Write what the reader takes without blocking. */
void char_drain(struct char_backend *c);
unsigned char_escape(struct host *h);

/* char.c: from now on the host serves and ends it. */
void char_add_hook(struct char_backend *c);

/* char_open.c */
void char_accept(struct char_backend *c);
void char_check_pty(struct char_backend *c);
void char_release(struct char_backend *c); /* descriptors, terminal mode */

/* terminal.c: the one terminal of the process, standard input. */
int terminal_enter_raw(bool signals, struct err *e) MUST_CHECK; /* 0 also if it is no terminal */
void terminal_again(void);   /* after SIGCONT */
void terminal_leave(void);
#endif
