/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/hid.h"
#include "core/util/bytes.h"
#include <stdio.h>
#include <stdlib.h>

/*
 * As it stands in a recording, little-endian: kind, down or buttons, three times 16 bits (key; dx, dy,
 * wheel; x, y, wheel), and after how many microseconds.
 */
enum { AT_KIND, AT_FLAGS, AT_VALUE, AT_DELAY = AT_VALUE + 6, EVENT_BYTES = AT_DELAY + 4 };
enum kind { KIND_KEY = 1, KIND_MOVE = 2, KIND_POINT = 3 };

struct attached {
    const struct hid_frontend *fe;
    void *arg;
    struct attached *next;
};

struct event {
    ps_t due;
    uint16_t value[3];
    uint8_t kind, flags;
};

struct hid {
    struct host_hook hook;
    struct host *host;
    struct host_source *source;
    struct attached *first; /* the last that came */
    struct ev_timer timer;  /* for the first that waits */

    struct event queue[HID_QUEUE]; /* saved */
    uint32_t head, count;
};

static const struct state_field event_state[] = {
    STATE(event, due), STATE(event, value), STATE(event, kind), STATE(event, flags), STATE_END
};
static const struct state_field hid_state[] = {
    STATE_TIMER(hid, timer), STATE_SUBS(hid, queue, event_state), STATE(hid, head), STATE(hid, count),
    STATE_END
};

/* ---- to the devices ---- */
static bool takes(const struct attached *a, enum kind kind)
{
    if (kind == KIND_KEY)
        return a->fe->key != NULL;
    return kind == KIND_MOVE ? a->fe->move != NULL : a->fe->point != NULL;
}

static const struct attached *taker(const struct hid *i, enum kind kind)
{
    const struct attached *a = i ? i->first : NULL;

    while (a && !takes(a, kind))
        a = a->next;
    return a;
}

static void hand_over(const struct hid *i, const struct event *v)
{
    const struct attached *a = taker(i, v->kind);
    int wheel = (int16_t)v->value[2];

    if (!a)
        return;
    if (v->kind == KIND_KEY)
        a->fe->key(a->arg, v->value[0], v->flags != 0);
    else if (v->kind == KIND_MOVE)
        a->fe->move(a->arg, (int16_t)v->value[0], (int16_t)v->value[1], wheel, v->flags);
    else
        a->fe->point(a->arg, v->value[0], v->value[1], wheel, v->flags);
}

static void run_queue(void *arg, ps_t when)
{
    struct hid *i = arg;

    while (i->count != 0 && i->queue[i->head].due <= when) {
        const struct event v = i->queue[i->head];
        i->head = (i->head + 1) % HID_QUEUE;
        i->count--;
        hand_over(i, &v);
    }
    if (i->count != 0)
        ev_arm(&i->timer, i->queue[i->head].due);
}

/* A recording is not trusted: what is not one of our events is nothing. */
static bool is_event(const struct event *v)
{
    switch (v->kind) {
    case KIND_KEY:
        return v->value[0] <= HID_MAX_KEY;
    case KIND_MOVE:
        return true;
    case KIND_POINT:
        return v->value[0] <= HID_MAX_PLACE && v->value[1] <= HID_MAX_PLACE;
    default:
        return false;
    }
}

static void input(void *arg, const uint8_t *b, size_t n)
{
    struct hid *i = arg;
    ps_t now = ev_now(host_machine(i->host)->queue), due = now;

    if (i->count != 0)
        due = MAX(due, i->queue[(i->head + i->count - 1) % HID_QUEUE].due);
    for (; n >= EVENT_BYTES && i->count < HID_QUEUE; b += EVENT_BYTES, n -= EVENT_BYTES) {
        struct event v = { .kind = b[AT_KIND], .flags = b[AT_FLAGS] };
        for (int k = 0; k < 3; k++)
            v.value[k] = ld_le16(b + AT_VALUE + 2 * k);
        due += MIN(ld_le32(b + AT_DELAY), HID_MAX_HOLD_MS * 1000u) * PS_PER_US;
        v.due = due;
        if (is_event(&v))
            i->queue[(i->head + i->count++) % HID_QUEUE] = v;
    }
    run_queue(i, now);
}

/* ---- life ---- */
static void destroy(void *arg)
{
    struct hid *i = arg;

    while (i->first) {
        struct attached *a = i->first;
        i->first = a->next;
        free(a);
    }
    ev_timer_release(&i->timer);
    free(i);
}

static void loaded(void *object)
{
    struct hid *i = object;

    i->head %= HID_QUEUE;
    i->count = MIN(i->count, (uint32_t)HID_QUEUE);
}

int hid_create(struct hid **out, struct host *h, struct err *e)
{
    struct hid *i = calloc(1, sizeof(*i));
    int r;

    if (!i)
        return err_set(e, ERR_NOMEM, "no memory for keyboard and pointer");
    r = ev_timer_init(&i->timer, host_machine(h)->queue, "hid", EV_PRIO_DEVICE, run_queue, i);
    if (r < 0) {
        free(i);
        return err_set(e, r, "no memory for keyboard and pointer");
    }
    i->host = h;
    i->hook = (struct host_hook){ .destroy = destroy, .arg = i };
    host_add_hook(h, &i->hook); /* from here on the host frees it */
    /* No reset: the user does not know of one, and what he holds he holds. */
    const struct machine_part part = { .name = "hid", .version = 1, .state = hid_state, .object = i,
                                       .loaded = loaded };
    r = host_add_source(h, "hid", false, input, i, &i->source, e);
    if (r == 0)
        r = host_register(h, "hid", "hid", i, e);
    if (r == 0)
        r = machine_add_part(host_machine(h), &part, e);
    if (r == 0)
        *out = i;
    return r;
}

struct hid *hid_find(const struct host *h)
{
    return host_lookup(h, "hid", "hid");
}

int hid_attach(struct hid *i, const struct hid_frontend *fe, void *arg, struct err *e)
{
    struct attached *a = malloc(sizeof(*a));

    if (!a)
        return err_set(e, ERR_NOMEM, "no memory for a keyboard or pointer");
    *a = (struct attached){ fe, arg, i->first };
    i->first = a;
    return 0;
}

bool hid_takes_keys(const struct hid *i)
{
    return taker(i, KIND_KEY) != NULL;
}

bool hid_takes_moves(const struct hid *i)
{
    return taker(i, KIND_MOVE) != NULL;
}

bool hid_takes_points(const struct hid *i)
{
    return taker(i, KIND_POINT) != NULL;
}

/* ---- from the user ---- */
static void put(uint8_t *b, enum kind kind, uint8_t flags, const uint16_t value[3], uint32_t delay_us)
{
    b[AT_KIND] = (uint8_t)kind;
    b[AT_FLAGS] = flags;
    for (int k = 0; k < 3; k++)
        st_le16(b + AT_VALUE + 2 * k, value[k]);
    st_le32(b + AT_DELAY, delay_us);
}

static int send(struct hid *i, enum kind kind, uint8_t flags, const uint16_t value[3], struct err *e)
{
    uint8_t b[EVENT_BYTES];

    put(b, kind, flags, value, 0);
    return host_deliver(i->source, b, sizeof(b), e);
}

int hid_key(struct hid *i, uint16_t code, bool down, struct err *e)
{
    if (code > HID_MAX_KEY)
        return err_set(e, ERR_ARG, "key %u; 0 to %u are keys", code, HID_MAX_KEY);
    return send(i, KIND_KEY, down, (const uint16_t[3]){ code }, e);
}

static uint16_t cut(int v, int least, int most)
{
    return (uint16_t)(v < least ? least : v > most ? most : v);
}

static uint16_t distance(int v)
{
    return cut(v, INT16_MIN, INT16_MAX);
}

int hid_move(struct hid *i, int dx, int dy, int wheel, uint8_t buttons, struct err *e)
{
    const uint16_t value[3] = { distance(dx), distance(dy), distance(wheel) };

    return send(i, KIND_MOVE, buttons, value, e);
}

int hid_point(struct hid *i, int x, int y, int wheel, uint8_t buttons, struct err *e)
{
    const uint16_t value[3] = { cut(x, 0, HID_MAX_PLACE), cut(y, 0, HID_MAX_PLACE), distance(wheel) };

    return send(i, KIND_POINT, buttons, value, e);
}

static int no_key(const char *name, struct err *e)
{
    const char *names[160];
    size_t n = 0;

    for (const char *key; n < ARRAY_LEN(names) && (key = hid_key_name(n)) != NULL; n++)
        names[n] = key;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ARG, "there is no key '%s'%s%s%s; keys are such as a, 1, ret, spc, ctrl, "
                   "alt, shift, f1", name, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

int hid_send_keys(struct hid *i, const char *keys, uint32_t hold_ms, struct err *e)
{
    uint8_t b[2 * HID_HELD_KEYS * EVENT_BYTES];
    uint16_t codes[HID_HELD_KEYS];
    size_t n = 0;

    while (*keys) {
        char name[32];
        size_t length = strcspn(keys, "-");
        snprintf(name, sizeof(name), "%.*s", (int)length, keys);
        int code = hid_key_code(name);
        if (code < 0)
            return no_key(name, e);
        if (n == HID_HELD_KEYS)
            return err_set(e, ERR_LIMIT, "more than %d keys at once", HID_HELD_KEYS);
        codes[n++] = (uint16_t)code;
        keys += length + (keys[length] == '-');
    }
    if (n == 0)
        return err_set(e, ERR_ARG, "no key is named; keys are such as a, ret, ctrl-alt-delete");
    if (hold_ms > HID_MAX_HOLD_MS)
        return err_set(e, ERR_LIMIT, "keys held for %u ms; up to %u are accepted", hold_ms, HID_MAX_HOLD_MS);
    for (size_t k = 0; k < 2 * n; k++) {
        const uint16_t value[3] = { codes[k < n ? k : 2 * n - 1 - k] };
        put(b + k * EVENT_BYTES, KIND_KEY, k < n, value, k == n ? hold_ms * 1000 : 0);
    }
    return host_deliver(i->source, b, 2 * n * EVENT_BYTES, e);
}
