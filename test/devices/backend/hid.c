/* SPDX-License-Identifier: Apache-2.0 */
/* Keyboard and pointer events: who gets them and when, saved and replayed (devices/backend/hid.h). */
#include "devices/backend/hid.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct world {
    struct machine *m;
    struct host *h;
    struct hid *hid;
    char log[2000];
};
static struct world w;
static struct err e;

PRINTF_LIKE(2, 3) static void note(struct world *world, const char *fmt, ...)
{
    size_t n = strlen(world->log);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(world->log + n, sizeof(world->log) - n, fmt, ap);
    va_end(ap);
    n = strlen(world->log);
    snprintf(world->log + n, sizeof(world->log) - n, "@%llu ",
             (unsigned long long)(ev_now(world->m->queue) / PS_PER_MS));
}
static void key(void *arg, uint16_t code, bool down)
{
    note(arg, "%u%c", code, down ? '+' : '-');
}
static void move(void *arg, int dx, int dy, int wheel, uint8_t buttons)
{
    note(arg, "m%d,%d,%d,%u", dx, dy, wheel, buttons);
}
static void point(void *arg, uint16_t x, uint16_t y, int wheel, uint8_t buttons)
{
    note(arg, "p%u,%u,%d,%u", x, y, wheel, buttons);
}
static const struct hid_frontend keyboard = { .key = key }, mouse = { .move = move }, tablet = { .point = point };

static void open_world(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->m = device_generic_machine();
    ck_assert_int_eq(host_create(&world->h, world->m, &e), 0);
    ck_assert_int_eq(hid_create(&world->hid, world->h, &e), 0);
    ck_assert_ptr_eq(hid_find(world->h), world->hid);
    ck_assert_int_eq(hid_attach(world->hid, &keyboard, world, &e), 0);
    ck_assert_int_eq(hid_attach(world->hid, &mouse, world, &e), 0);
}

static void close_world(struct world *world)
{
    host_destroy(world->h);
    machine_destroy(world->m);
}

static void setup(void)
{
    open_world(&w);
}
static void teardown(void)
{
    close_world(&w);
}

static void run_to(struct world *world, unsigned ms)
{
    (void)host_poll(world->h, 0);
    ev_run(world->m->queue, ms * PS_PER_MS);
}

/* ctrl 29, alt 56, delete 111: pressed in order, held for 100 ms, released backwards. */
START_TEST(keys_are_pressed_held_and_released)
{
    ck_assert_int_eq(hid_send_keys(w.hid, "ctrl-alt-delete", 100, &e), 0);
    ck_assert_str_eq(w.log, ""); /* not before the gate opens */
    run_to(&w, 99);
    ck_assert_str_eq(w.log, "29+@0 56+@0 111+@0 ");
    run_to(&w, 200);
    ck_assert_str_eq(w.log, "29+@0 56+@0 111+@0 111-@100 56-@100 29-@100 ");
}
END_TEST

/* What is typed while a key is held comes behind its release. */
START_TEST(events_take_their_turn)
{
    ck_assert_int_eq(hid_send_keys(w.hid, "a", 50, &e), 0);
    run_to(&w, 10);
    ck_assert_int_eq(hid_send_keys(w.hid, "b", 50, &e), 0);
    ck_assert_int_eq(hid_key(w.hid, 30, true, &e), 0);
    run_to(&w, 500);
    ck_assert_str_eq(w.log, "30+@0 30-@50 48+@50 48-@100 30+@100 ");
}
END_TEST

/* Each kind goes to the device that takes it and came last. */
START_TEST(pointers)
{
    ck_assert(hid_takes_moves(w.hid) && hid_takes_keys(w.hid) && !hid_takes_points(w.hid));
    ck_assert_int_eq(hid_move(w.hid, 5, -3, 1, HID_LEFT | HID_MIDDLE, &e), 0);
    ck_assert_int_eq(hid_move(w.hid, 100000, -100000, 0, 0, &e), 0);
    ck_assert_int_eq(hid_point(w.hid, 1, 2, 0, 0, &e), 0); /* lost */
    run_to(&w, 1);
    ck_assert_str_eq(w.log, "m5,-3,1,5@0 m32767,-32768,0,0@0 ");
    struct world other = { .m = w.m };
    ck_assert_int_eq(hid_attach(w.hid, &tablet, &w, &e), 0);
    ck_assert_int_eq(hid_attach(w.hid, &mouse, &other, &e), 0);
    ck_assert(hid_takes_points(w.hid));
    w.log[0] = 0;
    ck_assert_int_eq(hid_point(w.hid, -4, 40000, -1, HID_RIGHT, &e), 0);
    ck_assert_int_eq(hid_move(w.hid, 1, 1, 0, 0, &e), 0);
    run_to(&w, 1);
    ck_assert_str_eq(w.log, "p0,32767,-1,2@1 ");
    ck_assert_str_eq(other.log, "m1,1,0,0@1 ");
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    ck_assert_int_eq(hid_key(w.hid, 0x300, true, &e), ERR_ARG);
    ck_assert_int_eq(hid_send_keys(w.hid, "ctrl-altt", 1, &e), ERR_ARG);
    ck_assert_ptr_nonnull(strstr(e.text, "'alt'"));
    ck_assert_int_eq(hid_send_keys(w.hid, "", 1, &e), ERR_ARG);
    ck_assert_int_eq(hid_send_keys(w.hid, "-a", 1, &e), ERR_ARG);
    ck_assert_int_eq(hid_send_keys(w.hid, "a", 100000000, &e), ERR_LIMIT);
    ck_assert_int_eq(hid_send_keys(w.hid, "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q", 1, &e), ERR_LIMIT);
    ck_assert(!hid_takes_keys(NULL));
}
END_TEST

START_TEST(a_full_queue_loses_the_rest)
{
    for (int i = 0; i < 400; i++) {
        ck_assert_int_eq(hid_send_keys(w.hid, "a", 1000, &e), 0);
        (void)host_poll(w.h, 0);
    }
    ev_run(w.m->queue, 1000 * PS_PER_SEC);
    ck_assert_int_eq(hid_send_keys(w.hid, "b", 1, &e), 0);
    w.log[0] = 0;
    run_to(&w, 2000000);
    ck_assert_ptr_nonnull(strstr(w.log, "48+"));
}
END_TEST

START_TEST(what_waits_is_saved)
{
    struct world fresh;

    ck_assert_int_eq(hid_send_keys(w.hid, "f1", 100, &e), 0);
    run_to(&w, 40);
    open_world(&fresh);
    device_generic_copy(w.m, fresh.m);
    run_to(&fresh, 200);
    ck_assert_str_eq(fresh.log, "59-@100 ");
    close_world(&fresh);
}
END_TEST

/* A replay types the same keys at the same times. */
START_TEST(recorded_and_replayed)
{
    char path[64], before[sizeof(w.log)];

    snprintf(path, sizeof(path), "/tmp/orrery-hid-%d", (int)getpid());
    ck_assert_int_eq(host_record(w.h, path, "test", &e), 0);
    ev_run(w.m->queue, 7 * PS_PER_MS);
    ck_assert_int_eq(hid_send_keys(w.hid, "shift-x", 20, &e), 0);
    ck_assert_int_eq(hid_move(w.hid, 1, 2, 0, 0, &e), 0);
    run_to(&w, 60);
    ck_assert_int_eq(host_end_record(w.h, &e), 0);
    strcpy(before, w.log);
    ck_assert_str_eq(before, "42+@7 45+@7 45-@27 42-@27 m1,2,0,0@27 ");
    close_world(&w);
    open_world(&w);
    ck_assert_int_eq(host_replay(w.h, path, "test", &e), 0);
    run_to(&w, 60);
    unlink(path);
    ck_assert_str_eq(w.log, before);
}
END_TEST

START_TEST(every_key_has_its_code)
{
    static const struct { const char *name; int code; } rows[] = {
        { "esc", 1 }, { "q", 16 }, { "ret", 28 }, { "spc", 57 }, { "f10", 68 }, { "f12", 88 },
        { "kp_5", 76 }, { "pgdn", 109 }, { "delete", 111 }, { "meta_l", 125 }, { "ctrl_r", 97 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_int_eq(hid_key_code(rows[i].name), rows[i].code);
    for (size_t i = 0; hid_key_name(i); i++)
        ck_assert_int_gt(hid_key_code(hid_key_name(i)), 0);
    ck_assert_int_eq(hid_key_code("Q"), -1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.backend.hid");
    TCase *t = tcase_create("hid");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, keys_are_pressed_held_and_released);
    tcase_add_test(t, events_take_their_turn);
    tcase_add_test(t, pointers);
    tcase_add_test(t, what_cannot_be_sent);
    tcase_add_test(t, a_full_queue_loses_the_rest);
    tcase_add_test(t, what_waits_is_saved);
    tcase_add_test(t, recorded_and_replayed);
    tcase_add_test(t, every_key_has_its_code);
    suite_add_tcase(s, t);
    return s;
}
