/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/hid.h"
#include "core/util/bytes.h"
#include "devices/backend/host.h"
#include <stdio.h>
#include <stdlib.h>

/* In the log of inputs, little-endian: type (2), code (2), value (4), delay (4). */
enum { RECORD = 12, MOST = 64, MOST_KEYS = 16, MOST_DELAY_US = 60000000 };

struct waiting {
    ps_t due;
    int32_t value;
    uint16_t type, code;
};

struct hid {
    struct host *host;
    struct host_source *source;
    struct host_hook hook;
    struct receiver {
        hid_event_fn *fn;
        void *arg;
    } receivers[HID_KINDS];
    struct ev_timer timer;

    struct waiting queue[HID_QUEUE];    /* saved from here on */
    uint32_t head, count;
};

static const struct state_field waiting_state[] = {
    STATE(waiting, due), STATE(waiting, value), STATE(waiting, type), STATE(waiting, code), STATE_END
};
static const struct state_field hid_state[] = {
    STATE_TIMER(hid, timer), STATE_SUBS(hid, queue, waiting_state), STATE(hid, head), STATE(hid, count),
    STATE_END
};

static struct hid *hid_of(const struct host *h)
{
    return host_lookup(h, "hid", "all");
}

static bool is_button(const struct hid_event *e)
{
    return e->type == HID_KEY && e->code >= HID_BUTTON_FIRST && e->code <= HID_BUTTON_LAST;
}

static enum hid_kind kind_of(const struct hid *d, const struct hid_event *e)
{
    if (e->type == HID_REL)
        return HID_MOUSE;
    if (e->type == HID_ABS)
        return HID_TABLET;
    if (!is_button(e))
        return HID_KEYBOARD;
    return d->receivers[HID_TABLET].fn ? HID_TABLET : HID_MOUSE;
}

/* ---- inside the machine ---- */
static void hand_over(struct hid *d, const struct hid_event *e)
{
    for (int kind = 0; kind < HID_KINDS; kind++) {
        const struct receiver *r = &d->receivers[kind];
        if (r->fn && (e->type == HID_SYN || kind == (int)kind_of(d, e)))
            r->fn(r->arg, e);
    }
}

static void run_queue(void *arg, ps_t when)
{
    struct hid *d = arg;

    while (d->count != 0) {
        const struct waiting w = d->queue[d->head % HID_QUEUE];
        if (w.due > when)
            break;
        d->head = (d->head + 1) % HID_QUEUE;
        d->count--;
        hand_over(d, &(struct hid_event){ .type = w.type, .code = w.code, .value = w.value });
    }
    if (d->count != 0)
        ev_arm(&d->timer, d->queue[d->head % HID_QUEUE].due);
}

/* The gate's: live or replayed, as an event of the present time. */
static void input(void *arg, const uint8_t *bytes, size_t n)
{
    struct hid *d = arg;
    ps_t now = ev_now(host_machine(d->host)->queue), due = now;

    if (d->count != 0)
        due = MAX(now, d->queue[(d->head + d->count - 1) % HID_QUEUE].due);
    for (; n >= RECORD && d->count < HID_QUEUE; bytes += RECORD, n -= RECORD) {
        due += MIN(ld_le32(bytes + 8), (uint32_t)MOST_DELAY_US) * PS_PER_US;
        d->queue[(d->head + d->count++) % HID_QUEUE] = (struct waiting){
            .due = due, .type = ld_le16(bytes), .code = ld_le16(bytes + 2), .value = (int32_t)ld_le32(bytes + 4),
        };
    }
    run_queue(d, now);
}

static void loaded(void *object)
{
    struct hid *d = object;

    d->head %= HID_QUEUE;
    d->count = MIN(d->count, (uint32_t)HID_QUEUE);
}

static void destroy(void *arg)
{
    struct hid *d = arg;

    ev_timer_release(&d->timer);
    free(d);
}

/* Keys that are held stay held: the user does not know of a reset. What waits still comes. */
static struct hid *create(struct host *h, struct err *e)
{
    struct machine *m = host_machine(h);
    struct hid *d = calloc(1, sizeof(*d));

    if (!d) {
        (void)err_set(e, ERR_NOMEM, "no memory for input devices");
        return NULL;
    }
    d->host = h;
    d->hook = (struct host_hook){ .destroy = destroy, .arg = d };
    host_add_hook(h, &d->hook);
    const struct machine_part part = { .name = "hid", .version = 1, .state = hid_state, .object = d,
                                       .loaded = loaded };
    if (host_register(h, "hid", "all", d, e) < 0 ||
        host_add_source(h, "hid", false, input, d, &d->source, e) < 0 ||
        ev_timer_init(&d->timer, m->queue, "hid", EV_PRIO_DEVICE, run_queue, d) < 0 ||
        machine_add_part(m, &part, e) < 0)
        return NULL;
    return d;
}

int hid_attach(struct host *h, enum hid_kind kind, hid_event_fn *fn, void *arg, struct err *e)
{
    struct hid *d = h ? hid_of(h) : NULL;

    if (!h)
        return 0;
    if (!d && !(d = create(h, e)))
        return e && e->code ? e->code : ERR_NOMEM;
    d->receivers[kind] = (struct receiver){ .fn = fn, .arg = arg };
    return 0;
}

/* ---- senders ---- */
bool hid_has(const struct host *h, enum hid_kind kind)
{
    const struct hid *d = hid_of(h);

    return d && d->receivers[kind].fn;
}

int hid_send(struct host *h, const struct hid_event *events, size_t n, struct err *e)
{
    static const char *const names[HID_KINDS] = { "keyboard", "mouse", "tablet" };
    struct hid *d = hid_of(h);
    uint8_t bytes[MOST * RECORD];

    if (n > MOST)
        return err_set(e, ERR_LIMIT, "%zu events at once; up to %d are accepted", n, MOST);
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = bytes + i * RECORD;
        enum hid_kind kind = d ? kind_of(d, &events[i]) : events[i].type == HID_KEY ? HID_KEYBOARD : HID_MOUSE;
        if (events[i].type != HID_SYN && !hid_has(h, kind))
            return err_set(e, ERR_ABSENT, "this machine has no %s", names[kind]);
        st_le16(p, events[i].type);
        st_le16(p + 2, events[i].code);
        st_le32(p + 4, (uint32_t)events[i].value);
        st_le32(p + 8, events[i].delay_us);
    }
    return n && d ? host_deliver(d->source, bytes, n * RECORD, e) : 0;
}

static int no_key(const char *name, struct err *e)
{
    const char *names[160];
    size_t n = 0;

    for (const char *key; n < ARRAY_LEN(names) && (key = hid_key_name(n)) != NULL; n++)
        names[n] = key;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ARG, "there is no key '%s'%s%s%s; keys are such as a, 1, ret, spc, ctrl, alt, shift, f1",
                   name, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

int hid_send_keys(struct host *h, const char *keys, uint32_t hold_ms, struct err *e)
{
    struct hid_event events[4 * MOST_KEYS];
    int codes[MOST_KEYS];
    size_t n = 0, k = 0;

    while (*keys) {
        char name[32];
        size_t length = strcspn(keys, "-");
        snprintf(name, sizeof(name), "%.*s", (int)length, keys);
        if (n == MOST_KEYS)
            return err_set(e, ERR_LIMIT, "more than %d keys at once", MOST_KEYS);
        if ((codes[n++] = hid_key_code(name)) < 0)
            return no_key(name, e);
        keys += length + (keys[length] == '-');
    }
    if (n == 0)
        return err_set(e, ERR_ARG, "no key is named; keys are such as a, ret, ctrl-alt-delete");
    if (hold_ms > MOST_DELAY_US / 1000)
        return err_set(e, ERR_LIMIT, "keys held for %u ms; up to %d are accepted", hold_ms, MOST_DELAY_US / 1000);
    for (size_t i = 0; i < 2 * n; i++) {
        bool press = i < n;
        events[k++] = (struct hid_event){
            .type = HID_KEY, .code = (uint16_t)codes[press ? i : 2 * n - 1 - i], .value = press,
            .delay_us = i == n ? hold_ms * 1000 : 0,
        };
        events[k++] = (struct hid_event){ .type = HID_SYN };
    }
    return hid_send(h, events, k, e);
}

int hid_move(struct host *h, int32_t dx, int32_t dy, int32_t dz, struct err *e)
{
    struct hid_event events[4];
    size_t n = 0;

    if (dx)
        events[n++] = (struct hid_event){ .type = HID_REL, .code = HID_REL_X, .value = dx };
    if (dy)
        events[n++] = (struct hid_event){ .type = HID_REL, .code = HID_REL_Y, .value = dy };
    if (dz)
        events[n++] = (struct hid_event){ .type = HID_REL, .code = HID_REL_WHEEL, .value = -dz };
    if (n)
        events[n++] = (struct hid_event){ .type = HID_SYN };
    return hid_send(h, events, n, e);
}

int hid_buttons(struct host *h, uint32_t pressed, struct err *e)
{
    static const uint16_t codes[3] = { HID_BUTTON_LEFT, HID_BUTTON_MIDDLE, HID_BUTTON_RIGHT };
    struct hid_event events[4];

    if (pressed > 7)
        return err_set(e, ERR_ARG, "buttons %#x; the sum of 1 (left), 2 (middle) and 4 (right) is accepted", pressed);
    for (uint32_t i = 0; i < 3; i++)
        events[i] = (struct hid_event){ .type = HID_KEY, .code = codes[i], .value = pressed >> i & 1 };
    events[3] = (struct hid_event){ .type = HID_SYN };
    return hid_send(h, events, 4, e);
}
