/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/host_impl.h"
#include "core/util/hash.h"
#include <stdlib.h>
#include <string.h>

/*
 * Live and replayed inputs take the same way: one event (EV_PRIO_INPUT) per
 * input. Were a live one handed over directly, an event that it causes at the
 * same time would run before the next input in one run and after it in the other.
 */

static const struct state_field host_state[] = { STATE(host, sequence), STATE_END };

static void replay_stop(struct host *h, const char *why)
{
    h->replay_over = true;
    if (h->replay_error.code == 0)
        err_set(&h->replay_error, ERR_STATE, "%s", why);
    host_quit(h, h->replay_error.code == ERR_STATE ? 0 : 1, h->replay_error.text);
}

bool host_takes_inputs(const struct host *h)
{
    if (h->replaying)
        return false;
    if (!h->record)
        return true;
    return h->sequence >= h->base && h->sequence - h->base == record_count(h->record) &&
           ev_now(h->machine->queue) >= h->furthest;
}

bool host_is_replaying(const struct host *h)
{
    return h->replaying;
}

static bool repeats(const struct host *h)
{
    return h->record && !h->replay_over &&
           (h->replaying || h->sequence - h->base < record_count(h->record));
}

/*
 * A replay goes on this long after the recording's end: longer than a turn, so that the last
 * one is not cut and a machine that switched itself off ends in the very state it had.
 */
#define END_MARGIN 1000000000ull /* 1 ms */

/* Derived state: when the next input takes effect. */
static void host_input_arm(struct host *h)
{
    ps_t now = ev_now(h->machine->queue);
    if (!repeats(h)) {
        if (h->pending)
            ev_arm(&h->timer, MAX(now, h->machine->inputs_from));
        else
            ev_cancel(&h->timer);
        return;
    }
    if (h->sequence - h->base == record_count(h->record)) {
        ev_arm(&h->timer, record_end(h->record) + END_MARGIN);
        return;
    }
    struct record_entry entry;
    if (record_read(h->record, h->sequence - h->base, &entry, &h->replay_error) < 0) {
        replay_stop(h, "");
        return;
    }
    if (entry.when < now) {
        err_set(&h->replay_error, ERR_FORMAT,
                "replay: input %llu belongs to %llu ps, but the machine is at %llu ps already: "
                "it is not in the state in which the recording was begun",
                (unsigned long long)entry.sequence, (unsigned long long)entry.when,
                (unsigned long long)now);
        replay_stop(h, "");
        return;
    }
    ev_arm(&h->timer, entry.when);
}

static void hand_over(struct host *h, struct host_source *s, const uint8_t *bytes, size_t n)
{
    trace(&h->machine->trace, input, ev_now(h->machine->queue), h->sequence, n,
          hash_bytes(0, bytes, n));
    h->sequence++;
    s->fn(s->arg, bytes, n);
}

static void replay_one(struct host *h)
{
    struct record_entry entry;
    if (h->sequence - h->base == record_count(h->record)) {
        if (h->replaying)
            replay_stop(h, "end of the recorded inputs");
        return;
    }
    if (record_read(h->record, h->sequence - h->base, &entry, &h->replay_error) < 0) {
        replay_stop(h, "");
        return;
    }
    for (struct host_source *s = h->sources; s; s = s->next) {
        if (!s->live && strcmp(s->name, entry.source) == 0) {
            hand_over(h, s, entry.bytes, entry.length);
            return;
        }
    }
    err_set(&h->replay_error, ERR_ABSENT,
            "replay: input %llu is for \"%s\", which this machine has not",
            (unsigned long long)entry.sequence, entry.source);
    replay_stop(h, "");
}

static struct host_input *take_pending(struct host *h)
{
    struct host_input *in = h->pending;
    if (in) {
        h->pending = in->next;
        if (!h->pending)
            h->pending_end = &h->pending;
    }
    return in;
}

static void deliver_one(struct host *h, ps_t now)
{
    struct host_input *in = take_pending(h);
    if (!in)
        return;
    struct err e;
    if (h->record && record_append(h->record, now, in->source->name, in->bytes, in->length, &e) < 0) {
        log_print(h->machine->log, h->log, LOG_ERROR, "%s", e.text);
        host_quit(h, 1, e.text);
    }
    h->delivered++;
    hand_over(h, in->source, in->bytes, in->length);
    free(in);
}

static void input_event(void *arg, ps_t when)
{
    struct host *h = arg;
    if (repeats(h))
        replay_one(h);
    else
        deliver_one(h, when);
    host_input_arm(h);
}

/* After a restore: what was pending belongs to another future. */
static void host_loaded(void *object)
{
    struct host *h = object;
    for (struct host_input *in; (in = take_pending(h));)
        free(in);
    if (h->record && (h->sequence < h->base ||
                      h->sequence - h->base > record_count(h->record))) {
        err_set(&h->replay_error, ERR_FORMAT,
                "replay: the snapshot has seen %llu inputs, the log holds %llu to %llu",
                (unsigned long long)h->sequence, (unsigned long long)h->base,
                (unsigned long long)(h->base + record_count(h->record)));
        replay_stop(h, "");
        return;
    }
    h->replay_over = false;
    memset(&h->replay_error, 0, sizeof(h->replay_error));
    host_input_arm(h);
}

int host_input_init(struct host *h, struct err *e)
{
    h->pending_end = &h->pending;
    int rc = ev_timer_init(&h->timer, h->machine->queue, "input", EV_PRIO_INPUT, input_event, h);
    if (rc < 0)
        return err_set(e, rc, "host: no memory for the input timer");
    const struct machine_part part = { .name = "host-input", .version = 1, .state = host_state,
                                       .object = h, .loaded = host_loaded };
    rc = machine_add_part(h->machine, &part, e);
    if (rc < 0)
        ev_timer_release(&h->timer);
    return rc;
}

void host_input_release(struct host *h)
{
    struct err e;
    if (h->record && h->replaying)
        record_close(h->record);
    else if (h->record && host_end_record(h, &e) < 0)
        log_print(h->machine->log, h->log, LOG_ERROR, "%s", e.text);
    for (struct host_input *in; (in = take_pending(h));)
        free(in);
    for (struct host_source *s = h->sources, *next; s; s = next) {
        next = s->next;
        free(s->name);
        free(s);
    }
    ev_timer_release(&h->timer);
}

void host_input_note_time(struct host *h)
{
    h->furthest = MAX(h->furthest, ev_now(h->machine->queue));
}

void host_input_flush(struct host *h)
{
    ps_t now = ev_now(h->machine->queue);
    if (h->record && !h->replaying) {
        struct err e;
        if (record_flush(h->record, &e) < 0)
            host_quit(h, 1, e.text);
    }
    if (!h->pending || repeats(h))
        return;
    host_input_arm(h);
    ev_run(h->machine->queue, now);
}

bool host_has_pending(const struct host *h)
{
    return h->pending != NULL;
}

int host_add_source(struct host *h, const char *name, bool live, host_input_fn *fn, void *arg,
                    struct host_source **out, struct err *e)
{
    *out = NULL;
    for (struct host_source *s = h->sources; s; s = s->next) {
        if (strcmp(s->name, name) == 0)
            return err_set(e, ERR_ARG, "input source \"%s\" exists already", name);
    }
    struct host_source *s = calloc(1, sizeof(*s));
    if (s)
        s->name = strdup(name);
    if (!s || !s->name) {
        free(s);
        return err_set(e, ERR_NOMEM, "input source \"%s\": no memory", name);
    }
    s->host = h;
    s->number = h->n_sources++;
    s->live = live;
    s->fn = fn;
    s->arg = arg;
    s->next = h->sources;
    h->sources = s;
    *out = s;
    return 0;
}

int host_deliver(struct host_source *s, const void *bytes, size_t n, struct err *e)
{
    struct host *h = s->host;
    if (n == 0 || n > RECORD_MAX_INPUT)
        return err_set(e, ERR_LIMIT, "%s: input of %zu bytes, 1 to %u are accepted", s->name, n,
                       RECORD_MAX_INPUT);
    if (s->live) {
        s->fn(s->arg, bytes, n);
        return 0;
    }
    if (!host_takes_inputs(h))
        return 0;
    struct host_input *in = malloc(sizeof(*in) + n);
    if (!in)
        return err_set(e, ERR_NOMEM, "%s: no memory for an input of %zu bytes", s->name, n);
    in->next = NULL;
    in->source = s;
    in->length = n;
    memcpy(in->bytes, bytes, n);
    *h->pending_end = in;
    h->pending_end = &in->next;
    return 0;
}

int host_record(struct host *h, const char *path, const char *machine, struct err *e)
{
    if (h->record)
        return err_set(e, ERR_STATE, "record %s: this machine records or replays already", path);
    ps_t now = ev_now(h->machine->queue);
    int rc = record_create(&h->record, path, machine, now, e);
    if (rc == 0) {
        h->base = h->sequence;
        h->furthest = now;
    }
    return rc;
}

int host_replay(struct host *h, const char *path, const char *machine, struct err *e)
{
    if (h->record)
        return err_set(e, ERR_STATE, "replay %s: this machine records or replays already", path);
    int rc = record_open(&h->record, path, machine, e);
    if (rc < 0)
        return rc;
    ps_t now = ev_now(h->machine->queue);
    if (record_start(h->record) != now) {
        rc = err_set(e, ERR_ARG, "replay %s: recorded from %llu ps on, the machine is at %llu ps",
                     path, (unsigned long long)record_start(h->record), (unsigned long long)now);
        record_close(h->record);
        h->record = NULL;
        return rc;
    }
    h->base = h->sequence;
    h->replaying = true;
    host_input_arm(h);
    return 0;
}

int host_end_record(struct host *h, struct err *e)
{
    if (!h->record || h->replaying)
        return err_set(e, ERR_STATE, "nothing is being recorded");
    struct record_log *log = h->record;
    h->record = NULL;
    return record_finish(log, MAX(h->furthest, ev_now(h->machine->queue)), e);
}

int host_replay_status(const struct host *h, struct err *e)
{
    if (!h->replay_over)
        return 0;
    return err_set(e, h->replay_error.code, "%s", h->replay_error.text);
}
