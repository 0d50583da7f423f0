/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/net_impl.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * An input of a NIC is one tag byte and its content:
 *     0 frame        arrived
 *     1 up           link came (1) or went (0)
 */
enum { TAG_FRAME = 0, TAG_LINK = 1 };
enum { MAX_WAITING = 256, MAX_OFFERED = 64 };

static const struct state_field net_state[] = { STATE(net_backend, link_up), STATE_END };

void net_warn(struct net_backend *n, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    log_print(host_machine(n->host)->log, host_log_category(n->host), LOG_WARN, "network %s: %s",
              n->id, text);
}

/* What the network outside knows is not the machine's: nothing of it is in a snapshot. */
static void loaded(void *object)
{
    struct net_backend *n = object;
    if (n->kind)
        net_warn(n, "connections open when the snapshot was taken are gone; the guest has to make new ones");
}

/* ---- queues ---------------------------------------------------------------- */

static void queue_init(struct net_queue *q)
{
    *q = (struct net_queue){ .end = &q->first };
}

static bool queue_put(struct net_queue *q, const uint8_t *bytes, size_t length)
{
    struct net_frame *f = q->n < MAX_WAITING ? malloc(sizeof(*f) + length) : NULL;
    if (!f)
        return false;
    f->next = NULL;
    f->length = length;
    memcpy(f->bytes, bytes, length);
    *q->end = f;
    q->end = &f->next;
    q->n++;
    return true;
}

static struct net_frame *queue_take(struct net_queue *q)
{
    struct net_frame *f = q->first;
    if (!f)
        return NULL;
    q->first = f->next;
    if (!q->first)
        q->end = &q->first;
    q->n--;
    return f;
}

static void queue_clear(struct net_queue *q)
{
    for (struct net_frame *f; (f = queue_take(q));)
        free(f);
}

/* ---- towards the guest ----------------------------------------------------- */

static bool nic_takes(const struct net_backend *n)
{
    return n->fe && (!n->fe->can_receive || n->fe->can_receive(n->arg));
}

static void offer(struct net_backend *n, const uint8_t *frame, size_t length)
{
    uint8_t raw[1 + NET_MAX_FRAME];
    raw[0] = TAG_FRAME;
    memcpy(raw + 1, frame, length);
    if (host_deliver(n->source, raw, length + 1, NULL) < 0)
        n->counters.dropped++;
}

void net_arrived(struct net_backend *n, const void *frame, size_t length)
{
    if (length < NET_MIN_FRAME || length > NET_MAX_FRAME || !n->fe || !n->link_up) {
        n->counters.dropped++;
        return;
    }
    /* Straight to the gate when nobody is before it: the run loop learns of it at once. */
    if (n->waiting.n == 0 && n->refused.n == 0 && host_takes_inputs(n->host))
        offer(n, frame, length);
    else if (!queue_put(&n->waiting, frame, length))
        n->counters.dropped++;
}

/* The gate gives an input, live or recorded. */
static void net_input(void *arg, const uint8_t *bytes, size_t length)
{
    struct net_backend *n = arg;
    if (length < 2 || !n->fe)
        return;
    if (bytes[0] == TAG_LINK) {
        n->link_up = bytes[1] != 0;
        if (n->fe->link_changed)
            n->fe->link_changed(n->arg, n->link_up);
        return;
    }
    if (n->link_up && nic_takes(n)) {
        n->counters.received++;
        n->fe->receive(n->arg, bytes + 1, length - 1);
        return;
    }
    /* It becomes another input later. A recording has that one, too, so replay forgets this. */
    if (host_takes_inputs(n->host) && !queue_put(&n->refused, bytes + 1, length - 1))
        n->counters.dropped++;
}

static void polled(void *arg)
{
    struct net_backend *n = arg;
    if (n->kind && n->kind->polled)
        n->kind->polled(n);
    if (!host_takes_inputs(n->host))
        return;
    for (unsigned i = 0; i < MAX_OFFERED && nic_takes(n); i++) {
        struct net_frame *f = queue_take(n->refused.n ? &n->refused : &n->waiting);
        if (!f)
            break;
        offer(n, f->bytes, f->length);
        free(f);
    }
}

static void before_poll(void *arg, int *timeout_ms)
{
    struct net_backend *n = arg;
    if (n->kind && n->kind->before_poll)
        n->kind->before_poll(n, timeout_ms);
    if ((n->refused.n || n->waiting.n) && nic_takes(n))
        *timeout_ms = 0;
}

/* ---- the NIC's side -------------------------------------------------------- */

void net_send(struct net_backend *n, const void *frame, size_t length)
{
    if (!n)
        return;
    if (length < NET_MIN_FRAME || length > NET_MAX_FRAME || !n->link_up) {
        n->counters.dropped++;
        return;
    }
    n->counters.sent++;
    /* While the past is repeated its answers come from the log. */
    if (n->kind && n->kind->send && host_takes_inputs(n->host))
        n->kind->send(n, frame, length);
}

bool net_link_is_up(const struct net_backend *n)
{
    return n->link_up;
}

int net_set_link(struct net_backend *n, bool up, struct err *e)
{
    const uint8_t raw[2] = { TAG_LINK, up };
    if (!n->fe)
        return err_set(e, ERR_STATE, "network %s: no NIC is attached", n->id);
    return host_deliver(n->source, raw, sizeof(raw), e);
}

struct net_counters net_get_counters(const struct net_backend *n)
{
    return n->counters;
}

const char *net_id(const struct net_backend *n)
{
    return n->id;
}

struct net_backend *net_find(struct host *h, const char *id)
{
    return host_lookup(h, "net", id);
}

int net_attach(struct net_backend *n, const char *name, const struct net_frontend *fe, void *arg,
               struct err *e)
{
    char source[200];
    if (n->fe)
        return err_set(e, ERR_ARG, "network %s has a NIC already; %s needs a -netdev of its own",
                       n->id, name);
    snprintf(source, sizeof(source), "net:%s:%s", n->id, name);
    int rc = host_add_source(n->host, source, false, net_input, n, &n->source, e);
    if (rc < 0)
        return rc;
    n->fe = fe;
    n->arg = arg;
    return 0;
}

static void destroy(void *arg)
{
    struct net_backend *n = arg;
    if (n->kind && n->kind->close)
        n->kind->close(n);
    queue_clear(&n->waiting);
    queue_clear(&n->refused);
    free(n);
}

static int open_kind(struct net_backend *n, const char *spec, struct err *e)
{
    static const struct { const char *name; int (*open)(struct net_backend *, const char *,
                                                        struct err *); } kinds[] = {
        { "user", net_open_user }, { "socket", net_open_socket },
    };
    const char *comma = strchrnul(spec, ',');
    size_t length = (size_t)(comma - spec);
    if (strcmp(spec, "none") == 0) {
        snprintf(n->id, sizeof(n->id), "none");
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strlen(kinds[i].name) == length && strncmp(spec, kinds[i].name, length) == 0)
            return kinds[i].open(n, *comma ? comma + 1 : comma, e);
    }
    return err_set(e, ERR_UNSUPPORTED,
                   "\"%.*s\" is no kind of network; accepted are user, socket and none",
                   (int)MIN(length, 40u), spec);
}

int net_open(struct net_backend **out, struct host *h, const char *spec, struct err *e)
{
    char name[80];
    *out = NULL;
    struct net_backend *n = calloc(1, sizeof(*n));
    if (!n)
        return err_set(e, ERR_NOMEM, "-netdev %.300s: no memory", spec);
    n->host = h;
    n->link_up = true;
    queue_init(&n->waiting);
    queue_init(&n->refused);
    int rc = open_kind(n, spec, e);
    if (rc == 0 && !n->id[0])
        rc = err_set(e, ERR_ARG, "an id=... is wanted");
    if (rc == 0)
        rc = host_register(h, "net", n->id, n, e);
    if (rc < 0) {
        err_context(e, "-netdev %.300s", spec);
        destroy(n);
        return rc;
    }
    n->hook = (struct host_hook){ .before_poll = before_poll, .polled = polled, .destroy = destroy,
                                  .arg = n };
    host_add_hook(h, &n->hook);
    snprintf(name, sizeof(name), "net-%s", n->id);
    const struct machine_part part = { .name = arena_strdup(&host_machine(h)->arena, name),
                                       .version = 1, .state = net_state, .loaded = loaded,
                                       .object = n };
    if (!part.name)
        return err_set(e, ERR_NOMEM, "-netdev %.300s: no memory", spec);
    rc = machine_add_part(host_machine(h), &part, e);
    if (rc == 0)
        *out = n;
    return rc;
}
