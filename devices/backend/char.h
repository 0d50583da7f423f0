/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_CHAR_H
#define ORRERY_DEVICES_BACKEND_CHAR_H
/*
 * Character backends: where a UART, a virtio console or the monitor reads and
 * writes bytes. Options are spelt as QEMU's -serial and -chardev.
 *
 *   null            swallows output
 *   stdio           the terminal, raw while the backend lives (restored on exit and on signals)
 *   file:PATH       output only
 *   pipe:PATH       PATH.in and PATH.out, else PATH for both
 *   pty             a new pseudo terminal; its name is logged
 *   unix:PATH[,server[=on|off]][,wait=on|off|nowait]
 *   tcp:HOST:PORT[,server[=on|off]][,wait=on|off|nowait][,nodelay[=on|off]]
 *   fd:N            an inherited descriptor
 *   testdev         -chardev only: "Nq" written to it ends the machine with exit code 2 * N + 1
 *   mon:SPEC        SPEC shared by several front ends, the monitor among them
 *
 * A multiplexed backend (mon:, mux=on) has one front end in focus that gets the
 * input; all write. After the escape key (Ctrl-A unless char_set_escape):
 *   h help, x quit, c next front end, b break, escape key = itself.
 *
 * Front ends attach through a port. Input is an input of the machine (host.h):
 * recorded, replayed, delivered inside host_poll() only, never more bytes than
 * can_receive() promised there. Output is buffered, so that it never blocks the
 * machine: up to 4 MiB, then the machine waits for the reader, at most one
 * second of host time once, after which bytes are dropped and counted until he reads
 * again. With nobody connected output is dropped. host_destroy flushes within a second.
 *
 * Not done: telnet, vc, udp, TLS, reconnect: refused with the list above.
 * Ownership: backends hang off the host; ports off their backend. Nothing to free.
 */
#include "devices/backend/host.h"

struct char_backend;
struct char_port;

enum char_event {
    CHAR_OPENED = 1, /* somebody is at the other end; also told at once by host_poll after attach */
    CHAR_CLOSED,
    CHAR_BREAK,      /* break condition on the line */
};

/* What a device gives: a constant table. Called only inside host_poll() or a replayed input. */
struct char_frontend {
    size_t (*can_receive)(void *arg); /* bytes taken now, 0 = none; depends on the machine's state only */
    void (*receive)(void *arg, const uint8_t *bytes, size_t n); /* 1 <= n <= can_receive() */
    void (*event)(void *arg, enum char_event event);            /* may be NULL */
    bool live; /* debugger, QMP: its bytes are no input of the machine (see host_add_source) */
};

/* Attach. `name` (copied) is the device's id, unique with this backend. ERR_ARG if there is one and no mux. */
int char_attach(struct char_backend *c, const char *name, const struct char_frontend *fe, void *arg,
                struct char_port **out, struct err *e) MUST_CHECK;
/* `p` NULL = not connected: nothing happens. Never fails for the caller; n may be 0. */
void char_write(struct char_port *p, const void *bytes, size_t n);

/* ---- opening ------------------------------------------------------------- */

enum char_kind {
    CHAR_NULL, CHAR_STDIO, CHAR_FILE, CHAR_PIPE, CHAR_PTY, CHAR_UNIX, CHAR_TCP, CHAR_FD,
    CHAR_TESTDEV,
    CHAR_REFERENCE, /* "chardev:ID": the backend of that id */
    CHAR_NONE,      /* "none": no such device at all */
};

struct char_options {
    enum char_kind kind;
    char id[64];
    char path[1024];    /* file, pipe, unix; id of a reference */
    char host[256], port[32];
    int fd;
    bool server, wait, nodelay, append;
    bool mux, monitor;  /* monitor: "mon:", the user wants the monitor on this backend */
    bool signal;        /* stdio: Ctrl-C ends Orrery instead of going to the guest */
    char logfile[1024]; /* copy of the output; "" = none */
    bool logappend;
};

/* -serial, -monitor, -qmp: "mon:stdio", "unix:/tmp/s,server=on,wait=off". `id` = how it will be known. */
int char_parse_serial(struct char_options *o, const char *id, const char *spec,
                      struct err *e) MUST_CHECK;
/* -chardev: "socket,id=s0,path=/tmp/s,server=on,wait=off", "stdio,id=s0,mux=on,signal=off". */
extern const char *const char_backend_names[]; /* of -chardev; NULL at the end */
int char_parse_chardev(struct char_options *o, const char *spec, struct err *e) MUST_CHECK;

/*
 * Open what was parsed (a reference is looked up, CHAR_NONE gives NULL). With
 * server and wait, blocks until a client connects. ERR_ARG, ERR_IO, ERR_ABSENT.
 */
int char_open(struct char_backend **out, struct host *h, const struct char_options *o,
              struct err *e) MUST_CHECK;
struct char_backend *char_find(struct host *h, const char *id);
/* The escape key of all multiplexed backends: a control code 1..26 (1 = Ctrl-A). */
int char_set_escape(struct host *h, unsigned code, struct err *e) MUST_CHECK;
/* pty: the terminal's name; socket: the address listened on; else "". */
const char *char_address(const struct char_backend *c);
/* Bytes that were dropped because nobody read them. */
uint64_t char_dropped(const struct char_backend *c);

#endif
