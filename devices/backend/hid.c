/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/hid.h"
#include "core/util/bytes.h"
#include <stdlib.h>

/* As it stands in a recording: kind, down or buttons, key, dx, dy and wheel, 16 bits each. */
enum { AT_KIND, AT_FLAGS, AT_KEY, AT_DX = 2, AT_DY = 4, AT_WHEEL = 6, EVENT_BYTES = 8 };
enum { KIND_KEY = 1, KIND_MOVE = 2 };

struct attached {
    const struct hid_frontend *fe;
    void *arg;
    struct attached *next;
};

struct hid {
    struct host_hook hook;
    struct host_source *source;
    struct attached *first; /* the last that came */
};

static int16_t signed_at(const uint8_t *p)
{
    return (int16_t)ld_le16(p);
}

/* A recording is not trusted: what is not one of our events is nothing. */
static void input(void *arg, const uint8_t *b, size_t n)
{
    struct hid *i = arg;
    bool key = n == EVENT_BYTES && b[AT_KIND] == KIND_KEY && ld_le16(b + AT_KEY) <= HID_MAX_KEY;
    bool move = n == EVENT_BYTES && b[AT_KIND] == KIND_MOVE;

    for (const struct attached *a = i->first; a; a = a->next) {
        if (key && a->fe->key) {
            a->fe->key(a->arg, ld_le16(b + AT_KEY), b[AT_FLAGS] != 0);
            return;
        }
        if (move && a->fe->move) {
            a->fe->move(a->arg, signed_at(b + AT_DX), signed_at(b + AT_DY), signed_at(b + AT_WHEEL),
                        b[AT_FLAGS]);
            return;
        }
    }
}

static void destroy(void *arg)
{
    struct hid *i = arg;

    while (i->first) {
        struct attached *a = i->first;
        i->first = a->next;
        free(a);
    }
    free(i);
}

int hid_create(struct hid **out, struct host *h, struct err *e)
{
    struct hid *i = calloc(1, sizeof(*i));
    int r;

    if (!i)
        return err_set(e, ERR_NOMEM, "no memory for keyboard and pointer");
    i->hook = (struct host_hook){ .destroy = destroy, .arg = i };
    host_add_hook(h, &i->hook); /* from here on the host frees it */
    r = host_add_source(h, "hid", false, input, i, &i->source, e);
    if (r == 0)
        r = host_register(h, "hid", "hid", i, e);
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

int hid_key(struct hid *i, uint16_t code, bool down, struct err *e)
{
    uint8_t b[EVENT_BYTES] = { KIND_KEY, down };

    if (code > HID_MAX_KEY)
        return err_set(e, ERR_ARG, "key %u; 0 to %u are keys", code, HID_MAX_KEY);
    st_le16(b + AT_KEY, code);
    return host_deliver(i->source, b, sizeof(b), e);
}

static uint16_t cut(int v)
{
    return (uint16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

int hid_move(struct hid *i, int dx, int dy, int wheel, uint8_t buttons, struct err *e)
{
    uint8_t b[EVENT_BYTES] = { KIND_MOVE, buttons };

    st_le16(b + AT_DX, cut(dx));
    st_le16(b + AT_DY, cut(dy));
    st_le16(b + AT_WHEEL, cut(wheel));
    return host_deliver(i->source, b, sizeof(b), e);
}
