/* SPDX-License-Identifier: Apache-2.0 */
/* Keyboard and pointer events: who gets them and when, saved and replayed (devices/backend/hid.h). */
#include "devices/backend/hid.h"
#include "devices/backend/host.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <stdio.h>
#include <unistd.h>

struct world {
    struct machine *m;
    struct host *h;
    char log[2000];
};
static struct world w;
static struct err e;

static void note(struct world *world, char who, const struct hid_event *event)
{
    size_t n = strlen(world->log);

    snprintf(world->log + n, sizeof(world->log) - n, "%c%u,%u,%d@%llu ", who, event->type, event->code, event->value,
             (unsigned long long)(ev_now(world->m->queue) / PS_PER_MS));
}
static void keyboard(void *arg, const struct hid_event *event)
{
    if (event->type != HID_SYN)
        note(arg, 'k', event);
}
static void mouse(void *arg, const struct hid_event *event)
{
    note(arg, 'm', event);
}
static void tablet(void *arg, const struct hid_event *event)
{
    if (event->type != HID_SYN)
        note(arg, 't', event);
}

static void open_world(struct world *world, bool with_tablet)
{
    memset(world, 0, sizeof(*world));
    world->m = device_generic_machine();
    ck_assert_int_eq(host_create(&world->h, world->m, &e), 0);
    ck_assert_int_eq(hid_attach(world->h, HID_KEYBOARD, keyboard, world, &e), 0);
    ck_assert_int_eq(hid_attach(world->h, HID_MOUSE, mouse, world, &e), 0);
    if (with_tablet)
        ck_assert_int_eq(hid_attach(world->h, HID_TABLET, tablet, world, &e), 0);
}

static void close_world(struct world *world)
{
    host_destroy(world->h);
    machine_destroy(world->m);
}

static void setup(void)
{
    open_world(&w, false);
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
    ck_assert_int_eq(hid_send_keys(w.h, "ctrl-alt-delete", 100, &e), 0);
    ck_assert_str_eq(w.log, ""); /* not before the gate opens */
    run_to(&w, 99);
    ck_assert_str_eq(strstr(w.log, "k"), "k1,29,1@0 m0,0,0@0 k1,56,1@0 m0,0,0@0 k1,111,1@0 m0,0,0@0 ");
    w.log[0] = 0;
    run_to(&w, 200);
    ck_assert_str_eq(w.log, "k1,111,0@100 m0,0,0@100 k1,56,0@100 m0,0,0@100 k1,29,0@100 m0,0,0@100 ");
}
END_TEST

/* What is typed while a key is held comes behind its release. */
START_TEST(events_take_their_turn)
{
    ck_assert_int_eq(hid_send_keys(w.h, "a", 50, &e), 0);
    run_to(&w, 10);
    ck_assert_int_eq(hid_send_keys(w.h, "b", 50, &e), 0);
    run_to(&w, 500);
    ck_assert_str_eq(w.log, "k1,30,1@0 m0,0,0@0 k1,30,0@50 m0,0,0@50 k1,48,1@50 m0,0,0@50 k1,48,0@100 m0,0,0@100 ");
}
END_TEST

START_TEST(mouse_and_tablet)
{
    ck_assert_int_eq(hid_move(w.h, 5, -3, 1, &e), 0);
    ck_assert_int_eq(hid_buttons(w.h, 5, &e), 0);
    run_to(&w, 1);
    ck_assert_str_eq(w.log, "m2,0,5@0 m2,1,-3@0 m2,8,-1@0 m0,0,0@0 m1,272,1@0 m1,274,0@0 m1,273,1@0 m0,0,0@0 ");
    ck_assert_int_eq(hid_buttons(w.h, 8, &e), ERR_ARG);
    close_world(&w);
    open_world(&w, true);
    const struct hid_event at[] = { { .type = HID_ABS, .code = HID_ABS_X, .value = 100 },
                                    { .type = HID_KEY, .code = HID_BUTTON_LEFT, .value = 1 } };
    ck_assert_int_eq(hid_send(w.h, at, 2, &e), 0);
    run_to(&w, 1);
    ck_assert_str_eq(w.log, "t3,0,100@0 t1,272,1@0 ");
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    const struct hid_event at = { .type = HID_ABS, .code = HID_ABS_X, .value = 100 };

    ck_assert_int_eq(hid_send(w.h, &at, 1, &e), ERR_ABSENT);
    ck_assert_ptr_nonnull(strstr(e.text, "tablet"));
    ck_assert_int_eq(hid_send_keys(w.h, "ctrl-altt", 1, &e), ERR_ARG);
    ck_assert_ptr_nonnull(strstr(e.text, "'alt'"));
    ck_assert_int_eq(hid_send_keys(w.h, "", 1, &e), ERR_ARG);
    ck_assert_int_eq(hid_send_keys(w.h, "-a", 1, &e), ERR_ARG);
    ck_assert_int_eq(hid_send_keys(w.h, "a", 100000000, &e), ERR_LIMIT);
    ck_assert_int_eq(hid_send_keys(w.h, "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q", 1, &e), ERR_LIMIT);
    struct world empty = { .m = device_generic_machine() };
    ck_assert_int_eq(host_create(&empty.h, empty.m, &e), 0);
    ck_assert_int_eq(hid_send_keys(empty.h, "a", 1, &e), ERR_ABSENT);
    ck_assert_int_eq(hid_move(empty.h, 1, 1, 0, &e), ERR_ABSENT);
    close_world(&empty);
}
END_TEST

START_TEST(a_full_queue_loses_the_rest)
{
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(hid_send_keys(w.h, "a", 1000, &e), 0);
        (void)host_poll(w.h, 0);
    }
    ev_run(w.m->queue, 1000 * PS_PER_SEC);
    ck_assert_int_eq(hid_send_keys(w.h, "b", 1, &e), 0);
    w.log[0] = 0;
    run_to(&w, 2000000);
    ck_assert_ptr_nonnull(strstr(w.log, "k1,48,1"));
}
END_TEST

START_TEST(what_waits_is_saved)
{
    struct world fresh;

    ck_assert_int_eq(hid_send_keys(w.h, "f1", 100, &e), 0);
    run_to(&w, 40);
    open_world(&fresh, false);
    device_generic_copy(w.m, fresh.m);
    run_to(&fresh, 200);
    ck_assert_str_eq(fresh.log, "k1,59,0@100 m0,0,0@100 ");
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
    ck_assert_int_eq(hid_send_keys(w.h, "shift-x", 20, &e), 0);
    run_to(&w, 60);
    ck_assert_int_eq(host_end_record(w.h, &e), 0);
    strcpy(before, w.log);
    ck_assert_ptr_nonnull(strstr(before, "k1,42,0@27"));
    close_world(&w);
    open_world(&w, false);
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
    tcase_add_test(t, mouse_and_tablet);
    tcase_add_test(t, what_cannot_be_sent);
    tcase_add_test(t, a_full_queue_loses_the_rest);
    tcase_add_test(t, what_waits_is_saved);
    tcase_add_test(t, recorded_and_replayed);
    tcase_add_test(t, every_key_has_its_code);
    suite_add_tcase(s, t);
    return s;
}
