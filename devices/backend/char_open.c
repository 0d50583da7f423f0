/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/char_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static bool is_regular(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int open_stdio(struct char_backend *c, struct err *e)
{
    int rc = host_register(c->host, "stdio", "", c, NULL);
    if (rc < 0)
        return err_set(e, ERR_ARG, "standard input is used by another character device already; "
                       "share it with mon:stdio or mux=on");
    c->in_fd = STDIN_FILENO;
    c->out_fd = STDOUT_FILENO;
    c->is_regular = is_regular(c->out_fd);
    c->connected = true;
    return terminal_enter_raw(c->options.signal, e);
}

static int open_file(struct char_backend *c, struct err *e)
{
    const struct char_options *o = &c->options;
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (o->append ? O_APPEND : O_TRUNC);
    c->out_fd = open(o->path, flags, 0666);
    if (c->out_fd < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot open %s", o->path);
    c->is_regular = is_regular(c->out_fd);
    c->connected = true;
    return 0;
}

static int open_pipe(struct char_backend *c, struct err *e)
{
    char in[1100], out[1100];
    snprintf(in, sizeof(in), "%s.in", c->options.path);
    snprintf(out, sizeof(out), "%s.out", c->options.path);
    /* Read and write, so that opening a FIFO never waits and reading one never ends. */
    c->in_fd = open(in, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    c->out_fd = c->in_fd < 0 ? -1 : open(out, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (c->in_fd >= 0 && c->out_fd < 0) {
        close(c->in_fd);
        c->in_fd = -1;
    }
    if (c->in_fd < 0)
        c->in_fd = c->out_fd = open(c->options.path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (c->in_fd < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot open the pipe %s (nor %s and %s)",
                             c->options.path, in, out);
    c->connected = true;
    return 0;
}

static int open_pty(struct char_backend *c, struct err *e)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    c->in_fd = c->out_fd = fd;
    if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0 ||
        ptsname_r(fd, c->address, sizeof(c->address)) != 0)
        return err_set_errno(e, ERR_IO, errno, "cannot create a pseudo terminal");
    int other = open(c->address, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios t;
    if (other < 0 || tcgetattr(other, &t) < 0) {
        int rc = err_set_errno(e, ERR_IO, errno, "cannot open the pseudo terminal %s", c->address);
        if (other >= 0)
            close(other);
        return rc;
    }
    cfmakeraw(&t);
    tcsetattr(other, TCSANOW, &t);
    close(other); /* from here on the master reports a hang-up until somebody opens it */
    log_print(host_machine(c->host)->log, host_log_category(c->host), LOG_WARN,
              "character device %s is %s", c->options.id, c->address);
    return 0;
}

void char_check_pty(struct char_backend *c)
{
    struct pollfd p = { .fd = c->in_fd, .events = POLLOUT };
    if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP) && char_start(c, NULL) == 0)
        char_set_connected(c, true);
}

static int open_fd(struct char_backend *c, struct err *e)
{
    struct stat st;
    int fd = c->options.fd, flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &st) < 0)
        return err_set_errno(e, ERR_IO, errno, "descriptor %d", fd);
    int mode = flags & O_ACCMODE;
    c->in_fd = mode == O_WRONLY || S_ISREG(st.st_mode) ? -1 : fd;
    c->out_fd = mode == O_RDONLY ? -1 : fd;
    c->is_socket = S_ISSOCK(st.st_mode);
    c->is_regular = S_ISREG(st.st_mode);
    c->connected = true;
    return 0;
}

/* ---- sockets -------------------------------------------------------------- */

static int open_unix(struct char_backend *c, int *fd, struct err *e)
{
    const struct char_options *o = &c->options;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (strlen(o->path) >= sizeof(a.sun_path))
        return err_set(e, ERR_LIMIT, "socket path %s: longer than %zu characters", o->path,
                       sizeof(a.sun_path) - 1);
    memcpy(a.sun_path, o->path, strlen(o->path) + 1);
    snprintf(c->address, sizeof(c->address), "unix:%s", o->path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot create a socket");
    if (!o->server) {
        if (connect(*fd, (struct sockaddr *)&a, sizeof(a)) < 0)
            return err_set_errno(e, ERR_IO, errno, "cannot connect to %s", c->address);
        return 0;
    }
    struct stat st;
    if (lstat(o->path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(o->path);
    if (bind(*fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(*fd, 1) < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot listen on %s", c->address);
    return 0;
}

static void name_address(struct char_backend *c, int fd)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    char host[256], port[32];
    if (getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
        getnameinfo((struct sockaddr *)&a, n, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        snprintf(c->address, sizeof(c->address), "tcp:%s:%s", host, port);
}

static int open_tcp(struct char_backend *c, int *fd, struct err *e)
{
    const struct char_options *o = &c->options;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = o->server ? AI_PASSIVE : 0 };
    struct addrinfo *list, *a;
    int one = 1, last = 0;
    int rc = getaddrinfo(o->host[0] ? o->host : NULL, o->port, &hints, &list);
    if (rc != 0)
        return err_set(e, ERR_ARG, "tcp:%s:%s: %s", o->host, o->port, gai_strerror(rc));
    for (a = list; a; a = a->ai_next) {
        *fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (*fd >= 0 && o->server) {
            setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
            if (bind(*fd, a->ai_addr, a->ai_addrlen) == 0 && listen(*fd, 1) == 0)
                break;
        } else if (*fd >= 0 && connect(*fd, a->ai_addr, a->ai_addrlen) == 0) {
            break;
        }
        last = errno;
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
    freeaddrinfo(list);
    if (!a)
        return err_set_errno(e, ERR_IO, last, "cannot %s tcp:%s:%s",
                             o->server ? "listen on" : "connect to", o->host, o->port);
    name_address(c, *fd);
    return 0;
}

static int use_connection(struct char_backend *c, int fd, struct err *e)
{
    int one = 1;
    if (c->options.kind == CHAR_TCP && c->options.nodelay)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->in_fd = c->out_fd = fd;
    int rc = char_start(c, e);
    if (rc == 0)
        char_set_connected(c, true);
    return rc;
}

void char_accept(struct char_backend *c)
{
    int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    struct err e;
    if (fd >= 0 && use_connection(c, fd, &e) < 0)
        log_print(host_machine(c->host)->log, host_log_category(c->host), LOG_ERROR, "%s", e.text);
}

static int open_socket(struct char_backend *c, struct err *e)
{
    int fd = -1;
    int rc = c->options.kind == CHAR_UNIX ? open_unix(c, &fd, e) : open_tcp(c, &fd, e);
    if (rc < 0) {
        if (fd >= 0)
            close(fd);
        return rc;
    }
    c->is_socket = true;
    if (!c->options.server)
        return use_connection(c, fd, e);
    c->listen_fd = fd;
    if (!c->options.wait)
        return 0;
    log_print(host_machine(c->host)->log, host_log_category(c->host), LOG_WARN,
              "character device %s waits for a connection on %s", c->options.id, c->address);
    do {
        fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot accept a connection on %s", c->address);
    return use_connection(c, fd, e);
}

/* ---- life ----------------------------------------------------------------- */

void char_release(struct char_backend *c)
{
    if (c->options.kind == CHAR_STDIO)
        terminal_leave();
    bool ours = c->options.kind != CHAR_STDIO && c->options.kind != CHAR_FD;
    if (ours && c->in_fd >= 0)
        close(c->in_fd);
    if (ours && c->out_fd >= 0 && c->out_fd != c->in_fd)
        close(c->out_fd);
    if (c->listen_fd >= 0) {
        close(c->listen_fd);
        if (c->options.kind == CHAR_UNIX)
            unlink(c->options.path);
    }
}

struct char_settings {
    struct host_hook hook;
    unsigned escape;
};

unsigned char_escape(struct host *h)
{
    const struct char_settings *s = host_lookup(h, "char-settings", "");
    return s ? s->escape : 1;
}

int char_set_escape(struct host *h, unsigned code, struct err *e)
{
    struct char_settings *s = host_lookup(h, "char-settings", "");
    if (code < 1 || code > 26)
        return err_set(e, ERR_ARG, "escape key %u: 1 (Ctrl-A) to 26 (Ctrl-Z) are accepted", code);
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s)
            return err_set(e, ERR_NOMEM, "no memory for the escape key");
        int rc = host_register(h, "char-settings", "", s, e);
        if (rc < 0) {
            free(s);
            return rc;
        }
        s->hook = (struct host_hook){ .destroy = free, .arg = s };
        host_add_hook(h, &s->hook);
    }
    s->escape = code;
    return 0;
}

static int open_kind(struct char_backend *c, struct err *e)
{
    switch (c->options.kind) {
    case CHAR_STDIO:
        return open_stdio(c, e);
    case CHAR_FILE:
        return open_file(c, e);
    case CHAR_PIPE:
        return open_pipe(c, e);
    case CHAR_PTY:
        return open_pty(c, e);
    case CHAR_FD:
        return open_fd(c, e);
    case CHAR_UNIX:
    case CHAR_TCP:
        return open_socket(c, e);
    default:
        c->connected = true;
        return 0;
    }
}

int char_open(struct char_backend **out, struct host *h, const struct char_options *o,
              struct err *e)
{
    *out = NULL;
    if (o->kind == CHAR_NONE)
        return 0;
    if (o->kind == CHAR_REFERENCE) {
        *out = char_find(h, o->path);
        if (*out)
            return 0;
        return err_set(e, ERR_ABSENT, "chardev:%s: there is no character device of this id", o->path);
    }
    if (char_find(h, o->id))
        return err_set(e, ERR_ARG, "character device %s: this id is taken", o->id);
    struct char_backend *c = calloc(1, sizeof(*c));
    if (!c)
        return err_set(e, ERR_NOMEM, "character device %s: no memory", o->id);
    c->host = h;
    c->options = *o;
    c->in_fd = c->out_fd = c->listen_fd = -1;
    char_add_hook(c); /* on any error below the host releases what there is */
    int rc = 0;
    if (o->logfile[0]) {
        c->log = fopen(o->logfile, o->logappend ? "ae" : "we");
        if (!c->log)
            rc = err_set_errno(e, ERR_IO, errno, "cannot open the log %s", o->logfile);
    }
    if (rc == 0)
        rc = open_kind(c, e);
    if (rc == 0 && o->kind != CHAR_PTY)
        rc = char_start(c, e);
    if (rc == 0)
        rc = host_register(h, "char", o->id, c, e);
    if (rc < 0) {
        err_context(e, "character device %s", o->id);
        return rc;
    }
    *out = c;
    return 0;
}

struct char_backend *char_find(struct host *h, const char *id)
{
    return host_lookup(h, "char", id);
}
