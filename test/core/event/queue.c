/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/queue.h"
#include "core/state/snapshot.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <stdio.h>
#include <string.h>

#define TIMERS 100

struct source {
    struct ev_timer timer;
    uint32_t fired;
    ps_t fired_at;
};
static const struct state_field source_state[] = { STATE_TIMER(source, timer), STATE_END };

static struct ev_queue *queue;
static struct source sources[TIMERS];
static uint32_t order[4 * TIMERS], n_order;

static void fire(void *arg, ps_t when)
{
    struct source *s = arg;
    ck_assert_uint_eq(ev_now(queue), when);
    ck_assert(!ev_is_armed(&s->timer));
    s->fired++;
    s->fired_at = when;
    if (n_order < ARRAY_LEN(order))
        order[n_order++] = (uint32_t)(s - sources);
}

static void setup(void)
{
    queue = ev_create();
    n_order = 0;
    for (uint32_t i = 0; i < TIMERS; i++) {
        sources[i] = (struct source){ 0 };
        uint32_t prio = i % 3 == 0 ? EV_PRIO_CLOCK : EV_PRIO_DEVICE + i % 3;
        ck_assert_int_eq(ev_timer_init(&sources[i].timer, queue, "test", prio, fire, &sources[i]), 0);
    }
}

static void teardown(void)
{
    for (uint32_t i = 0; i < TIMERS; i++)
        ev_timer_release(&sources[i].timer);
    ev_destroy(queue);
}

START_TEST(order_of_equal_times)
{
    /* 0 and 3 have the clock's priority, 1 comes before 2; among equals the first armed runs first. */
    static const uint32_t armed[] = { 2, 1, 3, 4, 0 }, wanted[] = { 3, 0, 1, 4, 2 };
    for (size_t i = 0; i < ARRAY_LEN(armed); i++)
        ev_arm(&sources[armed[i]].timer, 10);
    ev_arm(&sources[7].timer, 9);
    ck_assert_uint_eq(ev_next(queue), 9);
    ck_assert_uint_eq(ev_run(queue, 8), 0);
    ck_assert_uint_eq(ev_now(queue), 8);
    ck_assert_uint_eq(ev_run(queue, 10), 6);
    ck_assert_uint_eq(order[0], 7);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        ck_assert_uint_eq(order[i + 1], wanted[i]);
    ck_assert_uint_eq(ev_next(queue), PS_NEVER);
}
END_TEST

START_TEST(arming)
{
    ev_run(queue, 100);
    ev_arm(&sources[0].timer, 50); /* the past is now */
    ck_assert_uint_eq(ev_next(queue), 100);
    ev_arm(&sources[0].timer, 70);
    ev_arm(&sources[0].timer, 500); /* re-arming moves it */
    ck_assert_uint_eq(ev_next(queue), 500);
    ev_arm(&sources[0].timer, PS_NEVER);
    ck_assert(!ev_is_armed(&sources[0].timer));
    ck_assert_uint_eq(ev_next(queue), PS_NEVER);
    ev_cancel(&sources[0].timer); /* of an idle timer: nothing */
    ev_arm(&sources[1].timer, 200);
    ev_timer_release(&sources[1].timer);
    ck_assert_uint_eq(ev_run(queue, 1000), 0);
}
END_TEST

static void rearm(void *arg, ps_t when)
{
    struct source *s = arg;
    if (++s->fired < 5)
        ev_arm(&s->timer, when + 10);
}

START_TEST(handlers_arm)
{
    ev_timer_release(&sources[0].timer);
    ck_assert_int_eq(ev_timer_init(&sources[0].timer, queue, "periodic", 0, rearm, &sources[0]), 0);
    ev_arm(&sources[0].timer, 0);
    ck_assert_uint_eq(ev_run(queue, 35), 4); /* 0, 10, 20, 30 */
    ck_assert_uint_eq(ev_next(queue), 40);
    ck_assert_uint_eq(ev_run(queue, 1000), 1);
}
END_TEST

static void note_earliest(void *arg, ps_t earliest)
{
    *(ps_t *)arg = earliest;
}

/* In order, up to the first that wants everybody to stand still. */
START_TEST(beside)
{
    for (uint32_t i = 0; i < 6; i++) {
        sources[i].timer.beside = i != 3;
        ev_arm(&sources[i].timer, 10 * i + 10);
    }
    ck_assert_uint_eq(ev_run_beside(queue, 9), 0);
    ck_assert_uint_eq(ev_run_beside(queue, 20), 2);
    ck_assert_uint_eq(ev_next(queue), 30);
    ck_assert_uint_eq(ev_run_beside(queue, 60), 1);
    ck_assert_uint_eq(ev_run_beside(queue, 60), 0);
    ck_assert_uint_eq(ev_next(queue), 40);
    ck_assert_uint_eq(ev_run(queue, 40), 1);
    ck_assert_uint_eq(ev_run_beside(queue, 60), 2);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(order[i], i);
    ck_assert_uint_eq(ev_next(queue), PS_NEVER);
}
END_TEST

START_TEST(listener)
{
    ps_t told = 0;
    ev_set_listener(queue, note_earliest, &told);
    ev_arm(&sources[0].timer, 100);
    ck_assert_uint_eq(told, 100);
    ev_arm(&sources[1].timer, 200); /* later: not told */
    ck_assert_uint_eq(told, 100);
    ev_arm(&sources[1].timer, 50);
    ck_assert_uint_eq(told, 50);
}
END_TEST

/* The reference: every timer's key in an array; the least is found by looking at all. */
struct reference {
    bool armed;
    ps_t when;
    uint64_t prio, seq;
};

static bool is_less(const struct reference *a, const struct reference *b)
{
    if (a->when != b->when)
        return a->when < b->when;
    return a->prio != b->prio ? a->prio < b->prio : a->seq < b->seq;
}

static int least_of(const struct reference *all)
{
    int best = -1;
    for (int i = 0; i < TIMERS; i++)
        if (all[i].armed && (best < 0 || is_less(&all[i], &all[best])))
            best = i;
    return best;
}

START_TEST(random_operations)
{
    struct reference all[TIMERS] = { 0 };
    uint64_t random = 42, seq = 0;
    for (unsigned i = 0; i < 1000000; i++) {
        random = hash_mix(random + 1);
        uint32_t k = (uint32_t)(random >> 40) % TIMERS;
        if (random % 8 < 4) {
            ps_t when = ev_now(queue) + (random >> 8) % 64;
            ev_arm(&sources[k].timer, when);
            all[k] = (struct reference){ true, when, sources[k].timer.prio, seq++ };
        } else if (random % 8 < 6) {
            ev_cancel(&sources[k].timer);
            all[k].armed = false;
        } else {
            int best = least_of(all);
            ck_assert_uint_eq(ev_next(queue), best < 0 ? PS_NEVER : all[best].when);
            if (best < 0)
                continue;
            uint32_t fired = sources[best].fired;
            n_order = 0;
            ev_run(queue, all[best].when);
            ck_assert_uint_eq(sources[best].fired, fired + 1);
            ck_assert_uint_eq(order[0], (uint32_t)best);
            for (uint32_t n = 0; n < n_order; n++) { /* and all others of that time, in order */
                ck_assert_int_eq((int)order[n], least_of(all));
                all[order[n]].armed = false;
            }
        }
    }
}
END_TEST

START_TEST(save_and_restore)
{
    struct err e = { 0 };
    struct state_writer *w = NULL;
    struct state_reader *r = NULL;
    ev_run(queue, 1000);
    for (uint32_t i = 0; i < 50; i++)
        ev_arm(&sources[i].timer, 1000 + hash_mix(i) % 5);
    uint64_t hash = ev_hash(0, queue);
    ck_assert_int_eq(snapshot_create(&w, NULL, "m", &e), 0);
    ck_assert_int_eq(ev_save(queue, w, &e), 0);
    for (uint32_t i = 0; i < TIMERS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%u", i);
        ck_assert_int_eq(state_save(w, name, 0, source_state, &sources[i], &e), 0);
    }
    ck_assert_int_eq(snapshot_finish(w, &e), 0);

    ev_run(queue, 2000);
    ck_assert_uint_eq(n_order, 50);
    uint32_t before[50];
    memcpy(before, order, sizeof(before));
    ev_arm(&sources[60].timer, 3000); /* must be gone after the restore */
    n_order = 0;

    ck_assert_msg(snapshot_open_memory(&r, w, &e) == 0, "%s", e.text);
    ck_assert_msg(ev_load(queue, r, &e) == 0, "%s", e.text);
    ck_assert(!ev_is_armed(&sources[60].timer));
    for (uint32_t i = TIMERS; i-- > 0;) { /* the order of loading does not matter */
        char name[16];
        snprintf(name, sizeof(name), "s%u", i);
        ck_assert_msg(state_load(r, name, 0, source_state, &sources[i], &e) == 0, "%s", e.text);
    }
    ck_assert_uint_eq(ev_now(queue), 1000);
    ck_assert_uint_eq(ev_hash(0, queue), hash);
    ck_assert_uint_eq(ev_run(queue, 2000), 50);
    ck_assert_mem_eq(before, order, sizeof(before));
    snapshot_close(r);
    snapshot_discard(w);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("queue");
    TCase *c = tcase_create("queue");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, order_of_equal_times);
    tcase_add_test(c, arming);
    tcase_add_test(c, handlers_arm);
    tcase_add_test(c, beside);
    tcase_add_test(c, listener);
    tcase_add_test(c, random_operations);
    tcase_add_test(c, save_and_restore);
    suite_add_tcase(s, c);
    return s;
}
