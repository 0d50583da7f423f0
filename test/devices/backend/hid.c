/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and movements of the user: through the host's gate, in order, to the last that attached. */
#include "devices/backend/hid.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"

struct seen {
    unsigned keys, moves;
    uint16_t code;
    bool down;
    int dx, dy, wheel;
    uint8_t buttons;
};

static struct machine *m;
static struct host *host;
static struct hid *hid;
static struct err e;

static void key(void *arg, uint16_t code, bool down)
{
    struct seen *s = arg;

    s->keys++;
    s->code = code;
    s->down = down;
}

static void move(void *arg, int dx, int dy, int wheel, uint8_t buttons)
{
    struct seen *s = arg;

    s->moves++;
    s->dx = dx;
    s->dy = dy;
    s->wheel = wheel;
    s->buttons = buttons;
}

static const struct hid_frontend both = { key, move }, keys_only = { key, NULL };

static void setup(void)
{
    m = device_generic_machine();
    ck_assert_msg(host_create(&host, m, &e) == 0, "%s", e.text);
    ck_assert_msg(hid_create(&hid, host, &e) == 0, "%s", e.text);
}

static void teardown(void)
{
    host_destroy(host);
    machine_destroy(m);
}

START_TEST(delivered_inside_poll)
{
    struct seen s = { 0 };

    ck_assert_ptr_eq(hid_find(host), hid);
    ck_assert_int_eq(hid_key(hid, 30, true, &e), 0); /* nobody there */
    (void)host_poll(host, 0);
    ck_assert_int_eq(hid_attach(hid, &both, &s, &e), 0);
    ck_assert_int_eq(hid_key(hid, 30, true, &e), 0);
    ck_assert_uint_eq(s.keys, 0);
    (void)host_poll(host, 0);
    ck_assert_uint_eq(s.keys, 1);
    ck_assert_uint_eq(s.code, 30);
    ck_assert(s.down);
    ck_assert_int_eq(hid_key(hid, HID_MAX_KEY, false, &e), 0);
    ck_assert_int_eq(hid_move(hid, -3, 4, -1, HID_LEFT | HID_EXTRA, &e), 0);
    (void)host_poll(host, 0);
    ck_assert_uint_eq(s.code, HID_MAX_KEY);
    ck_assert(!s.down);
    ck_assert_int_eq(s.dx, -3);
    ck_assert_int_eq(s.dy, 4);
    ck_assert_int_eq(s.wheel, -1);
    ck_assert_uint_eq(s.buttons, HID_LEFT | HID_EXTRA);
    ck_assert_int_eq(hid_move(hid, 100000, -100000, 0, 0, &e), 0);
    (void)host_poll(host, 0);
    ck_assert_int_eq(s.dx, 32767);
    ck_assert_int_eq(s.dy, -32768);
    ck_assert_int_eq(hid_key(hid, HID_MAX_KEY + 1, true, &e), ERR_ARG);
}
END_TEST

START_TEST(the_last_that_takes_it)
{
    struct seen a = { 0 }, b = { 0 };

    ck_assert_int_eq(hid_attach(hid, &both, &a, &e), 0);
    ck_assert_int_eq(hid_attach(hid, &keys_only, &b, &e), 0);
    ck_assert_int_eq(hid_key(hid, 1, true, &e), 0);
    ck_assert_int_eq(hid_move(hid, 1, 1, 0, 0, &e), 0);
    (void)host_poll(host, 0);
    ck_assert_uint_eq(a.keys, 0);
    ck_assert_uint_eq(b.keys, 1);
    ck_assert_uint_eq(a.moves, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.backend.hid");
    TCase *t = tcase_create("hid");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, delivered_inside_poll);
    tcase_add_test(t, the_last_that_takes_it);
    suite_add_tcase(s, t);
    return s;
}
