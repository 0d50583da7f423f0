/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/char.h"
#include "devices/backend/option.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCEPTED "accepted are null, none, stdio, file:PATH, pipe:PATH, pty, fd:N, chardev:ID, "    \
                 "unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,server=on][,wait=off], "         \
                 "and mon: in front of any of them"

/* What the option string is read into. */
struct parsed {
    struct char_options o;
    char backend[32];
    bool telnet;
    bool delay;
};

static const struct option_desc socket_table[] = {
    OPT_BOOL(parsed, "server", o.server),
    OPT_BOOL(parsed, "wait", o.wait),
    OPT_BOOL(parsed, "nodelay", o.nodelay),
    OPT_BOOL(parsed, "delay", delay),
    OPT_BOOL(parsed, "mux", o.mux),
    OPT_TEXT(parsed, "logfile", o.logfile),
    OPT_BOOL(parsed, "logappend", o.logappend),
    OPT_IGNORED("ipv4"),
    OPT_IGNORED("ipv6"),
    OPT_BOOL(parsed, "telnet", telnet),
    OPT_REFUSED("reconnect", "reconnecting is not modelled; use server=on here"),
    OPT_REFUSED("tls-creds", "TLS is not modelled; use a unix socket and a proxy"),
    OPT_REFUSED("websocket", "websockets are not modelled; use tcp or unix"),
    OPT_REFUSED("abstract", "abstract sockets are not modelled; use a path"),
};

static const struct option_desc chardev_table[] = {
    OPT_TEXT(parsed, "backend", backend),
    OPT_TEXT(parsed, "id", o.id),
    OPT_TEXT(parsed, "path", o.path),
    OPT_TEXT(parsed, "host", o.host),
    OPT_TEXT(parsed, "port", o.port),
    OPT_NUMBER(parsed, "fd", o.fd),
    OPT_BOOL(parsed, "server", o.server),
    OPT_BOOL(parsed, "wait", o.wait),
    OPT_BOOL(parsed, "nodelay", o.nodelay),
    OPT_BOOL(parsed, "delay", delay),
    OPT_BOOL(parsed, "mux", o.mux),
    OPT_BOOL(parsed, "signal", o.signal),
    OPT_BOOL(parsed, "append", o.append),
    OPT_TEXT(parsed, "logfile", o.logfile),
    OPT_BOOL(parsed, "logappend", o.logappend),
    OPT_IGNORED("ipv4"),
    OPT_IGNORED("ipv6"),
    OPT_BOOL(parsed, "telnet", telnet),
    OPT_REFUSED("reconnect", "reconnecting is not modelled; use server=on here"),
    OPT_REFUSED("tls-creds", "TLS is not modelled; use a unix socket and a proxy"),
    OPT_REFUSED("websocket", "websockets are not modelled; use tcp or unix"),
    OPT_REFUSED("abstract", "abstract sockets are not modelled; use a path"),
    OPT_REFUSED("input-path", "a file has output only; use pipe or unix"),
};

static void defaults(struct parsed *p)
{
    memset(p, 0, sizeof(*p));
    p->o.fd = -1;
    p->o.wait = true;
    p->o.signal = true;
}

static int finish(struct char_options *o, struct parsed *p, const char *spec, struct err *e)
{
    if (p->telnet)
        return err_set(e, ERR_UNSUPPORTED, "%s: telnet is not modelled; use telnet=off and nc", spec);
    if (p->delay)
        p->o.nodelay = false;
    if (p->o.server == false)
        p->o.wait = false;
    *o = p->o;
    return 0;
}

static int copy(char *to, size_t size, const char *from, size_t n, const char *spec, struct err *e)
{
    if (n == 0)
        return err_set(e, ERR_ARG, "\"%s\": nothing after the colon; " ACCEPTED, spec);
    if (n >= size)
        return err_set(e, ERR_LIMIT, "\"%.60s...\": longer than %zu characters", spec, size - 1);
    memcpy(to, from, n);
    to[n] = 0;
    return 0;
}

/* "HOST:PORT", HOST possibly empty or an IPv6 address in brackets. */
static int parse_host_port(struct char_options *o, const char *address, const char *spec,
                           struct err *e)
{
    const char *host = address, *colon = strrchr(address, ':');
    if (!colon || strlen(colon + 1) >= sizeof(o->port) || colon[1] == 0)
        return err_set(e, ERR_ARG, "\"%s\": tcp:HOST:PORT is accepted", spec);
    size_t n = (size_t)(colon - address);
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (n >= sizeof(o->host))
        return err_set(e, ERR_LIMIT, "\"%.60s...\": host name longer than %zu characters", spec,
                       sizeof(o->host) - 1);
    memcpy(o->host, host, n);
    o->host[n] = 0;
    memcpy(o->port, colon + 1, strlen(colon + 1) + 1);
    return 0;
}

/* unix: and tcp: an address, then options behind commas. */
static int parse_socket(struct char_options *o, struct parsed *p, const char *rest,
                        const char *spec, struct err *e)
{
    char address[1024];
    bool fits, unix_path = p->o.kind == CHAR_UNIX;
    if (!option_next(&rest, address, sizeof(address), &fits) || !fits)
        return err_set(e, ERR_ARG, "\"%.60s\": no address, or a longer one than %zu characters; "
                       ACCEPTED, spec, sizeof(address) - 1);
    int rc = unix_path ? copy(p->o.path, sizeof(p->o.path), address, strlen(address), spec, e)
                       : parse_host_port(&p->o, address, spec, e);
    if (rc == 0)
        rc = option_read(socket_table, ARRAY_LEN(socket_table), p, rest, NULL, e);
    if (rc < 0)
        return rc;
    return finish(o, p, spec, e);
}

static bool starts(const char **s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(*s, prefix, n) != 0)
        return false;
    *s += n;
    return true;
}

int char_parse_serial(struct char_options *o, const char *id, const char *spec, struct err *e)
{
    static const struct { const char *word; enum char_kind kind; } plain[] = {
        { "null", CHAR_NULL }, { "none", CHAR_NONE }, { "stdio", CHAR_STDIO }, { "pty", CHAR_PTY },
    };
    static const struct { const char *prefix; enum char_kind kind; } paths[] = {
        { "file:", CHAR_FILE }, { "pipe:", CHAR_PIPE }, { "chardev:", CHAR_REFERENCE },
    };
    struct parsed p;
    const char *rest = spec;
    defaults(&p);
    int rc = copy(p.o.id, sizeof(p.o.id), id, strlen(id), id, e);
    if (rc < 0)
        return rc;
    if (starts(&rest, "mon:")) {
        p.o.mux = p.o.monitor = true;
        p.o.signal = false;
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (strcmp(rest, plain[i].word) == 0) {
            p.o.kind = plain[i].kind;
            return finish(o, &p, spec, e);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (starts(&rest, paths[i].prefix)) {
            p.o.kind = paths[i].kind;
            rc = copy(p.o.path, sizeof(p.o.path), rest, strlen(rest), spec, e);
            return rc < 0 ? rc : finish(o, &p, spec, e);
        }
    }
    if (starts(&rest, "fd:")) {
        char *end;
        unsigned long n = strtoul(rest, &end, 10);
        if (*rest < '0' || *rest > '9' || *end || n > INT32_MAX)
            return err_set(e, ERR_ARG, "\"%s\": fd:N with the number of an open descriptor", spec);
        p.o.kind = CHAR_FD;
        p.o.fd = (int)n;
        return finish(o, &p, spec, e);
    }
    if (starts(&rest, "unix:")) {
        p.o.kind = CHAR_UNIX;
        return parse_socket(o, &p, rest, spec, e);
    }
    if (starts(&rest, "tcp:")) {
        p.o.kind = CHAR_TCP;
        return parse_socket(o, &p, rest, spec, e);
    }
    if (starts(&rest, "telnet:") || starts(&rest, "vc") || starts(&rest, "udp:"))
        return err_set(e, ERR_UNSUPPORTED, "\"%s\" is not modelled; " ACCEPTED, spec);
    return err_set(e, ERR_ARG, "\"%s\" is no character device; " ACCEPTED, spec);
}

static int check_chardev(struct parsed *p, const char *spec, struct err *e)
{
    struct char_options *o = &p->o;
    if (!o->id[0])
        return err_set(e, ERR_ARG, "-chardev %s: an id=... is wanted", spec);
    if (strcmp(p->backend, "socket") == 0) {
        if ((o->path[0] != 0) == (o->port[0] != 0))
            return err_set(e, ERR_ARG, "-chardev %s: either path=... or host=...,port=... is wanted",
                           spec);
        o->kind = o->path[0] ? CHAR_UNIX : CHAR_TCP;
        return 0;
    }
    bool path = o->kind == CHAR_FILE || o->kind == CHAR_PIPE;
    if (path && !o->path[0])
        return err_set(e, ERR_ARG, "-chardev %s: a path=... is wanted", spec);
    if (o->kind == CHAR_FD && o->fd < 0)
        return err_set(e, ERR_ARG, "-chardev %s: an fd=... is wanted", spec);
    return 0;
}

const char *const char_backend_names[] = { "null", "stdio", "file", "pipe", "pty", "socket", "fd", "testdev",
                                           NULL };

int char_parse_chardev(struct char_options *o, const char *spec, struct err *e)
{
    static const enum char_kind kinds[] = { CHAR_NULL, CHAR_STDIO, CHAR_FILE, CHAR_PIPE, CHAR_PTY,
                                            CHAR_UNIX, CHAR_FD, CHAR_TESTDEV };
    struct parsed p;
    defaults(&p);
    int rc = option_read(chardev_table, ARRAY_LEN(chardev_table), &p, spec, "backend", e);
    if (rc < 0) {
        err_context(e, "-chardev %s", spec);
        return rc;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(p.backend, char_backend_names[i]) == 0) {
            p.o.kind = kinds[i];
            rc = check_chardev(&p, spec, e);
            return rc < 0 ? rc : finish(o, &p, spec, e);
        }
    }
    return err_set(e, ERR_ARG, "-chardev %s: backend \"%s\" is not known; accepted are null, stdio, "
                   "file, pipe, pty, socket, fd, testdev", spec, p.backend);
}
