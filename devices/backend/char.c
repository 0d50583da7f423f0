/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/char_impl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * An input of a port is one tag byte and its content:
 *     0 bytes...     received, at most CHAR_HELD
 *     1 event        enum char_event
 */
enum { TAG_BYTES = 0, TAG_EVENT = 1 };
enum { WRITE_CHUNK = 4096, PATIENCE_MS = 1000 };

static int64_t monotonic_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- output --------------------------------------------------------------- */

/* One write that does not block: bytes written, 0 = not now, -1 = the other end is gone. */
static ssize_t write_some(struct char_backend *c, const uint8_t *p, size_t n)
{
    ssize_t done;
    if (c->is_socket) {
        done = send(c->out_fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        /* Inherited descriptors stay blocking for those who share them: ask first, write little. */
        struct pollfd ready = { .fd = c->out_fd, .events = POLLOUT };
        if (!c->is_regular && poll(&ready, 1, 0) <= 0)
            return 0;
        if (!c->is_regular && !(ready.revents & POLLOUT))
            return -1;
        done = write(c->out_fd, p, MIN(n, (size_t)WRITE_CHUNK));
    }
    if (done >= 0)
        return done;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static void forget_output(struct char_backend *c)
{
    c->dropped += c->length;
    c->head = c->length = 0;
}

void char_drain(struct char_backend *c)
{
    while (c->length != 0) {
        if (!c->connected || c->out_fd < 0) {
            forget_output(c);
            return;
        }
        ssize_t done = write_some(c, c->buffer + c->head, c->length);
        if (done < 0) {
            forget_output(c);
            if (c->in_fd == c->out_fd)
                char_hang_up(c);
            else
                c->connected = false;
            return;
        }
        if (done == 0)
            return;
        c->stuck = false;
        c->head += (size_t)done;
        c->length -= (size_t)done;
    }
    c->head = 0;
}

/* Until the buffer holds at most `limit` bytes or the deadline passed. */
static void drain_until(struct char_backend *c, size_t limit, int64_t deadline)
{
    for (;;) {
        char_drain(c);
        int64_t left = deadline - monotonic_ms();
        if (c->length <= limit || left <= 0)
            return;
        struct pollfd ready = { .fd = c->out_fd, .events = POLLOUT };
        if (poll(&ready, 1, (int)left) < 0 && errno != EINTR)
            return;
    }
}

/* Room for `n` more bytes behind the last one; false: they have to be dropped. */
static bool make_room(struct char_backend *c, size_t n)
{
    if (c->length + n > CHAR_OUT_MAX && !c->stuck) {
        drain_until(c, CHAR_OUT_MAX / 2, monotonic_ms() + PATIENCE_MS);
        c->stuck = c->length + n > CHAR_OUT_MAX;
        if (c->stuck)
            log_print(host_machine(c->host)->log, host_log_category(c->host), LOG_WARN,
                      "character device %s: nobody reads its output, bytes are dropped",
                      c->options.id);
    }
    if (c->length + n > CHAR_OUT_MAX)
        return false;
    if (c->head + c->length + n <= c->room)
        return true;
    if (c->head != 0) {
        memmove(c->buffer, c->buffer + c->head, c->length);
        c->head = 0;
    }
    size_t room = MAX(c->room, (size_t)WRITE_CHUNK);
    while (room < c->length + n)
        room *= 2;
    if (room == c->room)
        return true;
    uint8_t *p = realloc(c->buffer, room);
    if (!p)
        return false;
    c->buffer = p;
    c->room = room;
    return true;
}

/* QEMU's chardev testdev: decimal digits, then a command; q is the only one. */
static void test_command(struct char_backend *c, const uint8_t *p, size_t n)
{
    for (; n != 0; n--, p++) {
        if (*p >= '0' && *p <= '9') {
            c->test_code = c->test_code * 10 + (*p - '0');
            continue;
        }
        if (*p == 'q')
            machine_stop(host_machine(c->host), MACHINE_POWEROFF, (int)((c->test_code << 1 | 1) & 0xff));
        c->test_code = 0;
    }
}

static void output(struct char_backend *c, const uint8_t *p, size_t n)
{
    if (c->log && (fwrite(p, 1, n, c->log) != n || fflush(c->log) != 0)) {
        log_print(host_machine(c->host)->log, host_log_category(c->host), LOG_WARN,
                  "character device %s: cannot write %s: %s", c->options.id, c->options.logfile,
                  strerror(errno));
        fclose(c->log);
        c->log = NULL;
    }
    if (c->options.kind == CHAR_NULL)
        return;
    if (c->options.kind == CHAR_TESTDEV) {
        test_command(c, p, n);
        return;
    }
    while (n != 0) {
        size_t part = MIN(n, (size_t)WRITE_CHUNK);
        if (!c->connected || c->out_fd < 0 || !make_room(c, part)) {
            c->dropped += n;
            return;
        }
        memcpy(c->buffer + c->head + c->length, p, part);
        c->length += part;
        p += part;
        n -= part;
    }
}

void char_write(struct char_port *p, const void *bytes, size_t n)
{
    if (!p || n == 0)
        return;
    struct char_backend *c = p->backend;
    output(c, bytes, n);
    /* Whole lines go out at once; the rest at the next host_poll. */
    if (!c->stuck && (c->length >= WRITE_CHUNK || memchr(bytes, '\n', n)))
        char_drain(c);
}

static void say(struct char_backend *c, const char *text)
{
    output(c, (const uint8_t *)text, strlen(text));
    char_drain(c);
}

/* ---- input ---------------------------------------------------------------- */

static void tell(struct char_port *p, enum char_event event)
{
    if (!p->fe->event)
        return;
    if (p->n_events == ARRAY_LEN(p->events)) {
        memmove(p->events, p->events + 1, sizeof(p->events) - 1);
        p->n_events--;
    }
    p->events[p->n_events++] = (uint8_t)event;
}

void char_set_connected(struct char_backend *c, bool connected)
{
    if (c->connected == connected)
        return;
    c->connected = connected;
    for (unsigned i = 0; i < c->n_ports; i++)
        tell(c->ports[i], connected ? CHAR_OPENED : CHAR_CLOSED);
}

/* The gate gives an input, live or recorded. Only what the machine's state decides happens here. */
static void port_input(void *arg, const uint8_t *bytes, size_t n)
{
    struct char_port *p = arg;
    if (n < 2)
        return;
    if (bytes[0] == TAG_EVENT) {
        if (p->fe->event)
            p->fe->event(p->arg, bytes[1]);
        return;
    }
    n--;
    size_t take = MIN(n, p->fe->can_receive(p->arg));
    if (take != 0)
        p->fe->receive(p->arg, bytes + 1, take);
    /* An event before it may have used the space up; the rest becomes a later input. */
    if (take < n && (p->fe->live || host_takes_inputs(p->backend->host))) {
        size_t rest = MIN(n - take, CHAR_HELD - p->n_held);
        memmove(p->held + rest, p->held, p->n_held);
        memcpy(p->held, bytes + 1 + take, rest);
        p->n_held += rest;
    }
}

/* Hand what is held to the gate, as much as the front end takes now. */
static void port_offer(struct char_port *p)
{
    struct host *h = p->backend->host;
    uint8_t raw[1 + CHAR_HELD];
    bool fails = false;
    if (!p->fe->live && !host_takes_inputs(h)) {
        if (host_is_replaying(h))
            p->n_events = p->n_held = 0;
        return;
    }
    unsigned n_events = p->n_events;
    p->n_events = 0;
    for (unsigned i = 0; i < n_events; i++) {
        const uint8_t event[2] = { TAG_EVENT, p->events[i] };
        fails |= host_deliver(p->source, event, sizeof(event), NULL) < 0;
    }
    size_t n = p->n_held ? MIN(p->n_held, p->fe->can_receive(p->arg)) : 0;
    if (n != 0) {
        raw[0] = TAG_BYTES;
        memcpy(raw + 1, p->held, n);
        p->n_held -= n;
        memmove(p->held, p->held + n, p->n_held);
        fails |= host_deliver(p->source, raw, n + 1, NULL) < 0;
    }
    if (fails)
        log_print(host_machine(h)->log, host_log_category(h), LOG_ERROR,
                  "character device %s: no memory for its input", p->backend->options.id);
}

static void hold(struct char_port *p, uint8_t byte)
{
    if (p->n_held < CHAR_HELD)
        p->held[p->n_held++] = byte;
}

static void help(struct char_backend *c)
{
    char text[300];
    char key = (char)('A' + char_escape(c->host) - 1);
    snprintf(text, sizeof(text),
             "\r\nC-%c h    this help\r\nC-%c x    quit\r\nC-%c c    next of console and monitor\r\n"
             "C-%c b    send a break\r\nC-%c C-%c  send C-%c\r\n",
             key | 32, key | 32, key | 32, key | 32, key | 32, key | 32, key | 32);
    say(c, text);
}

/* The key after the escape key. */
static void command(struct char_backend *c, uint8_t key)
{
    struct char_port *p = c->n_ports ? c->ports[c->focus] : NULL;
    if (key == char_escape(c->host) && p) {
        hold(p, key);
        return;
    }
    switch (key) {
    case 'h':
    case '?':
        help(c);
        break;
    case 'x':
        say(c, "\r\nterminated\r\n");
        host_quit(c->host, 0, "terminated by the user");
        break;
    case 'b':
        if (p)
            tell(p, CHAR_BREAK);
        break;
    case 'c':
        if (c->n_ports > 1)
            c->focus = (c->focus + 1) % c->n_ports;
        break;
    default:
        break;
    }
}

static void sort_input(struct char_backend *c, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c->escaped) {
            c->escaped = false;
            command(c, p[i]);
        } else if (c->options.mux && p[i] == char_escape(c->host)) {
            c->escaped = true;
        } else if (c->n_ports) {
            hold(c->ports[c->focus], p[i]);
        }
    }
}

static short in_wanted(void *arg)
{
    struct char_backend *c = arg;
    short out = c->out_fd == c->in_fd && c->length != 0 ? POLLOUT : 0;
    /* A multiplexer reads always: its user must be able to leave a guest that does not. */
    if (c->options.mux)
        return (short)(POLLIN | out);
    struct char_port *p = c->n_ports ? c->ports[0] : NULL;
    if (!p || p->n_held || (!p->fe->live && !host_takes_inputs(c->host)) ||
        p->fe->can_receive(p->arg) == 0)
        return out;
    return (short)(POLLIN | out);
}

static void in_ready(void *arg, short revents)
{
    struct char_backend *c = arg;
    uint8_t raw[CHAR_HELD];
    if (revents & POLLOUT)
        char_drain(c);
    if (!(revents & (POLLIN | POLLHUP | POLLERR)) || c->in_fd < 0)
        return;
    ssize_t n = read(c->in_fd, raw, sizeof(raw));
    if (n > 0) {
        sort_input(c, raw, (size_t)n);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    char_hang_up(c);
}

static short out_wanted(void *arg)
{
    struct char_backend *c = arg;
    return c->length != 0 && c->connected ? POLLOUT : 0;
}

static void out_ready(void *arg, short revents)
{
    (void)revents;
    char_drain(arg);
}

static short listen_wanted(void *arg)
{
    struct char_backend *c = arg;
    return c->connected ? 0 : POLLIN;
}

static void listen_ready(void *arg, short revents)
{
    (void)revents;
    char_accept(arg);
}

/* ---- life ----------------------------------------------------------------- */

static void stop_polling(struct char_backend *c)
{
    host_remove_fd(c->host, c->in);
    host_remove_fd(c->host, c->out);
    c->in = c->out = NULL;
}

void char_hang_up(struct char_backend *c)
{
    if (c->options.kind == CHAR_PTY) {
        stop_polling(c);    /* char_check_pty looks for the next one to open it */
        forget_output(c);
        char_set_connected(c, false);
        return;
    }
    if (!c->is_socket) {    /* end of file on input: output goes on */
        host_remove_fd(c->host, c->in);
        c->in = NULL;
        return;
    }
    stop_polling(c);
    forget_output(c);
    close(c->in_fd);
    c->in_fd = c->out_fd = -1;
    char_set_connected(c, false);
}

int char_start(struct char_backend *c, struct err *e)
{
    static const struct host_fd_ops in_ops = { in_wanted, in_ready };
    static const struct host_fd_ops out_ops = { out_wanted, out_ready };
    static const struct host_fd_ops listen_ops = { listen_wanted, listen_ready };
    int rc = 0;
    if (c->listen_fd >= 0 && !c->listen)
        rc = host_add_fd(c->host, c->listen_fd, &listen_ops, c, &c->listen, e);
    if (rc == 0 && c->in_fd >= 0 && !c->in)
        rc = host_add_fd(c->host, c->in_fd, &in_ops, c, &c->in, e);
    if (rc == 0 && c->out_fd >= 0 && c->out_fd != c->in_fd && !c->is_regular && !c->out)
        rc = host_add_fd(c->host, c->out_fd, &out_ops, c, &c->out, e);
    return rc;
}

static void before_poll(void *arg, int *timeout_ms)
{
    struct char_backend *c = arg;
    char_drain(c);
    if (c->options.kind == CHAR_PTY && !c->connected) {
        char_check_pty(c);
        if (*timeout_ms < 0 || *timeout_ms > 100)
            *timeout_ms = 100;
    }
    for (unsigned i = 0; i < c->n_ports; i++) {
        struct char_port *p = c->ports[i];
        if (p->n_events || (p->n_held && p->fe->can_receive(p->arg) != 0))
            *timeout_ms = 0;
    }
}

static void polled(void *arg)
{
    struct char_backend *c = arg;
    for (unsigned i = 0; i < c->n_ports; i++)
        port_offer(c->ports[i]);
}

static void continued(void *arg)
{
    struct char_backend *c = arg;
    if (c->options.kind == CHAR_STDIO)
        terminal_again();
}

static void destroy(void *arg)
{
    struct char_backend *c = arg;
    if (c->length != 0)
        drain_until(c, 0, monotonic_ms() + PATIENCE_MS);
    stop_polling(c);
    host_remove_fd(c->host, c->listen);
    char_release(c);
    if (c->log)
        fclose(c->log);
    for (unsigned i = 0; i < c->n_ports; i++)
        free(c->ports[i]);
    free(c->buffer);
    free(c);
}

void char_add_hook(struct char_backend *c)
{
    c->hook = (struct host_hook){ .before_poll = before_poll, .polled = polled,
                                  .continued = continued, .destroy = destroy, .arg = c };
    host_add_hook(c->host, &c->hook);
}

int char_attach(struct char_backend *c, const char *name, const struct char_frontend *fe, void *arg,
                struct char_port **out, struct err *e)
{
    char source[400];
    *out = NULL;
    if (c->n_ports == CHAR_MAX_PORTS || (c->n_ports != 0 && !c->options.mux))
        return err_set(e, ERR_ARG,
                       "character device %s is in use; %s cannot have it, too (with mux=on up to %d can)",
                       c->options.id, name, CHAR_MAX_PORTS);
    struct char_port *p = calloc(1, sizeof(*p));
    if (!p)
        return err_set(e, ERR_NOMEM, "character device %s: no memory", c->options.id);
    snprintf(source, sizeof(source), "char:%s:%s", c->options.id, name);
    p->backend = c;
    p->fe = fe;
    p->arg = arg;
    int rc = host_add_source(c->host, source, fe->live, port_input, p, &p->source, e);
    if (rc < 0) {
        free(p);
        return rc;
    }
    c->ports[c->n_ports++] = p;
    if (c->connected)
        tell(p, CHAR_OPENED);
    *out = p;
    return 0;
}

const char *char_address(const struct char_backend *c)
{
    return c->address;
}

uint64_t char_dropped(const struct char_backend *c)
{
    return c->dropped;
}
