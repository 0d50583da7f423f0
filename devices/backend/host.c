/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/host_impl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static uint64_t host_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int host_create(struct host **out, struct machine *m, struct err *e)
{
    *out = NULL;
    struct host *h = calloc(1, sizeof(*h));
    if (!h)
        return err_set(e, ERR_NOMEM, "host: no memory");
    h->machine = m;
    h->signal_fd = -1;
    h->log = log_add_category(m->log, "host");
    int rc = host_input_init(h, e);
    if (rc < 0) {
        free(h);
        return rc;
    }
    /* A reader that went away is an error of write(2), not the end of the process. */
    struct sigaction old;
    if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    *out = h;
    return 0;
}

static void sweep(struct host *h)
{
    for (struct host_fd **p = &h->fds; *p;) {
        struct host_fd *f = *p;
        if (f->removed) {
            *p = f->next;
            free(f);
        } else {
            p = &f->next;
        }
    }
}

void host_destroy(struct host *h)
{
    if (!h)
        return;
    while (h->hooks) {
        struct host_hook *hook = h->hooks;
        h->hooks = hook->next;
        if (hook->destroy)
            hook->destroy(hook->arg);
    }
    if (h->signal_fd >= 0) {
        host_remove_fd(h, h->signals);
        close(h->signal_fd);
        pthread_sigmask(SIG_SETMASK, &h->old_mask, NULL);
    }
    host_input_release(h);
    for (struct host_fd *f = h->fds; f; f = f->next)
        f->removed = true;
    sweep(h);
    for (struct host_entry *n = h->entries, *next; n; n = next) {
        next = n->next;
        free(n->kind);
        free(n->id);
        free(n);
    }
    free(h->polled);
    free(h);
}

struct machine *host_machine(const struct host *h)
{
    return h->machine;
}

log_cat_t host_log_category(const struct host *h)
{
    return h->log;
}

int host_poll_add(struct host *h, int fd, short events)
{
    if (h->n_polled == h->polled_room) {
        int room = h->polled_room ? h->polled_room * 2 : 16;
        struct pollfd *p = realloc(h->polled, (size_t)room * sizeof(*p));
        if (!p)
            return -1;
        h->polled = p;
        h->polled_room = room;
    }
    h->polled[h->n_polled] = (struct pollfd){ .fd = fd, .events = events };
    return h->n_polled++;
}

short host_poll_revents(const struct host *h, int index)
{
    return index >= 0 && index < h->n_polled ? h->polled[index].revents : 0;
}

static int collect(struct host *h, int timeout_ms)
{
    h->n_polled = 0;
    for (struct host_fd *f = h->fds; f; f = f->next) {
        short events = f->ops->wanted(f->arg);
        f->index = events ? host_poll_add(h, f->fd, events) : -1;
    }
    for (struct host_hook *hook = h->hooks; hook; hook = hook->next) {
        if (hook->before_poll)
            hook->before_poll(hook->arg, &timeout_ms);
    }
    if (h->pending || h->machine->stop != MACHINE_RUNS)
        return 0;
    return timeout_ms;
}

static void serve(struct host *h)
{
    for (struct host_fd *f = h->fds; f; f = f->next) {
        short revents = f->removed ? 0 : host_poll_revents(h, f->index);
        f->index = -1;
        if (revents)
            f->ops->ready(f->arg, revents);
    }
}

#define READY_MS 1000 /* any time but none: hooks that have something to do shorten it to 0 */

bool host_ready(struct host *h)
{
    if (h->in_poll || h->pending)
        return true;
    h->in_poll = true;
    host_input_note_time(h);
    sweep(h);
    bool ready = collect(h, READY_MS) == 0 || poll(h->polled, (nfds_t)h->n_polled, 0) != 0;
    h->in_poll = false;
    return ready;
}

unsigned host_poll(struct host *h, int timeout_ms)
{
    if (h->in_poll)
        return 0;
    host_input_note_time(h);
    uint64_t now = host_ms();
    if (timeout_ms == 0 && !h->pending && now == h->last_poll_ms)
        return 0;
    h->in_poll = true;
    h->delivered = 0;
    sweep(h);
    timeout_ms = collect(h, timeout_ms);
    int n = poll(h->polled, (nfds_t)h->n_polled, timeout_ms);
    if (n < 0) {
        /* EINTR or a lack of kernel memory: as if nothing had happened; polled again soon. */
        for (int i = 0; i < h->n_polled; i++)
            h->polled[i].revents = 0;
    }
    h->last_poll_ms = timeout_ms == 0 ? now : host_ms();
    serve(h);
    for (struct host_hook *hook = h->hooks; hook; hook = hook->next) {
        if (hook->polled)
            hook->polled(hook->arg);
    }
    host_input_flush(h);
    h->in_poll = false;
    return h->delivered;
}

/* ---- signals -------------------------------------------------------------- */

const char *host_quit_reason(const struct host *h)
{
    return h->quit_reason[0] ? h->quit_reason : NULL;
}

void host_quit(struct host *h, int exit_code, const char *reason)
{
    if (reason && !h->quit_reason[0])
        snprintf(h->quit_reason, sizeof(h->quit_reason), "%s", reason);
    machine_stop(h->machine, MACHINE_QUIT, exit_code);
}

static short signals_wanted(void *arg)
{
    (void)arg;
    return POLLIN;
}

static void signals_ready(void *arg, short revents)
{
    (void)revents;
    struct host *h = arg;
    struct signalfd_siginfo info;
    while (read(h->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGCONT) {
            for (struct host_hook *hook = h->hooks; hook; hook = hook->next) {
                if (hook->continued)
                    hook->continued(hook->arg);
            }
            continue;
        }
        char text[80];
        snprintf(text, sizeof(text), "terminating on signal %u from pid %u", info.ssi_signo,
                 info.ssi_pid);
        log_print(h->machine->log, h->log, LOG_WARN, "%s", text);
        host_quit(h, 0, text);
    }
}

int host_catch_signals(struct host *h, struct err *e)
{
    static const struct host_fd_ops ops = { signals_wanted, signals_ready };
    sigset_t set;
    if (h->signal_fd >= 0)
        return 0;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCONT);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "host: cannot create a signalfd");
    int rc = host_add_fd(h, fd, &ops, h, &h->signals, e);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    int host_errno = pthread_sigmask(SIG_BLOCK, &set, &h->old_mask);
    if (host_errno != 0) {
        host_remove_fd(h, h->signals);
        close(fd);
        return err_set_errno(e, ERR_IO, host_errno, "host: cannot block signals");
    }
    h->signal_fd = fd;
    return 0;
}

/* ---- registration --------------------------------------------------------- */

int host_add_fd(struct host *h, int fd, const struct host_fd_ops *ops, void *arg,
                struct host_fd **out, struct err *e)
{
    struct host_fd *f = calloc(1, sizeof(*f));
    *out = f;
    if (!f)
        return err_set(e, ERR_NOMEM, "host: no memory for a descriptor");
    f->fd = fd;
    f->index = -1;
    f->ops = ops;
    f->arg = arg;
    f->next = h->fds;
    h->fds = f;
    return 0;
}

void host_remove_fd(struct host *h, struct host_fd *f)
{
    (void)h;
    if (f)
        f->removed = true;
}

void host_add_hook(struct host *h, struct host_hook *hook)
{
    hook->next = h->hooks;
    h->hooks = hook;
}

int host_register(struct host *h, const char *kind, const char *id, void *object, struct err *e)
{
    if (host_lookup(h, kind, id))
        return err_set(e, ERR_ARG, "%s \"%s\": this id is taken", kind, id);
    struct host_entry *n = calloc(1, sizeof(*n));
    if (n) {
        n->kind = strdup(kind);
        n->id = strdup(id);
    }
    if (!n || !n->kind || !n->id) {
        if (n) {
            free(n->kind);
            free(n->id);
        }
        free(n);
        return err_set(e, ERR_NOMEM, "%s \"%s\": no memory", kind, id);
    }
    n->object = object;
    n->next = h->entries;
    h->entries = n;
    return 0;
}

void *host_lookup(const struct host *h, const char *kind, const char *id)
{
    for (struct host_entry *n = h->entries; n; n = n->next) {
        if (strcmp(n->kind, kind) == 0 && strcmp(n->id, id) == 0)
            return n->object;
    }
    return NULL;
}
