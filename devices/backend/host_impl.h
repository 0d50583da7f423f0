/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_HOST_IMPL_H
#define ORRERY_DEVICES_BACKEND_HOST_IMPL_H
/* What host.c (poll loop) and input.c (the gate of inputs) share. */
#include "devices/backend/host.h"
#include <poll.h>
#include <signal.h>

struct host_input {
    struct host_input *next;
    struct host_source *source;
    size_t length;
    uint8_t bytes[];
};

struct host_source {
    struct host *host;
    struct host_source *next;
    char *name;
    uint32_t number;
    bool live;
    host_input_fn *fn;
    void *arg;
};

struct host_fd {
    struct host_fd *next;
    const struct host_fd_ops *ops;
    void *arg;
    int fd, index; /* index: in host.polled, -1 = not polled */
    bool removed;  /* freed before the next poll */
};

struct host_entry {
    struct host_entry *next;
    char *kind, *id;
    void *object;
};

struct host {
    struct machine *machine;
    log_cat_t log;

    struct host_fd *fds;
    struct host_hook *hooks;
    struct host_entry *entries;
    struct pollfd *polled;
    int n_polled, polled_room;
    uint64_t last_poll_ms;
    bool in_poll;

    struct host_fd *signals;
    int signal_fd;
    sigset_t old_mask;
    char quit_reason[256];

    struct host_source *sources;
    uint32_t n_sources;
    struct host_input *pending, **pending_end;
    unsigned delivered;
    struct ev_timer timer;       /* derived: host_input_arm */
    struct record_log *record;
    bool replaying, replay_over;
    struct err replay_error;
    uint64_t base;               /* `sequence` of the log's first input */
    ps_t furthest;               /* recording: until here the past is known */

    uint64_t sequence;           /* saved: inputs since power-on */
};

int host_input_init(struct host *h, struct err *e) MUST_CHECK;
void host_input_release(struct host *h);
/* At the start of host_poll: the machine has come so far. */
void host_input_note_time(struct host *h);
/* At the end of host_poll: make pending inputs events of now. */
void host_input_flush(struct host *h);

#endif
