/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/host.h"
#include "core/state/snapshot.h"
#include "devices/backend/rng.h"
#include "test/check_main.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A device that notes each input with its time, and an event that each input causes at once. */
struct part {
    struct ev_timer timer;
    struct host_source *source;
    char story[512];
};
static struct err e;
static struct machine *m;
static struct host *h;
static struct part part;
static char log_path[] = "/tmp/orrery-host-XXXXXX";

static void note(const char *what)
{
    size_t n = strlen(part.story);
    snprintf(part.story + n, sizeof(part.story) - n, "%s@%llu ", what,
             (unsigned long long)ev_now(m->queue));
}

static void part_event(void *arg, ps_t when)
{
    (void)arg;
    (void)when;
    note("event");
}

static void part_input(void *arg, const uint8_t *bytes, size_t n)
{
    char text[32];
    (void)arg;
    snprintf(text, sizeof(text), "%.*s", (int)n, (const char *)bytes);
    note(text);
    ev_arm(&part.timer, ev_now(m->queue));
}

static void build(void)
{
    memset(&part, 0, sizeof(part));
    ck_assert_int_eq(machine_create(&m, stderr, &e), 0);
    ck_assert_int_eq(host_create(&h, m, &e), 0);
    ck_assert_int_eq(host_add_source(h, "part", false, part_input, NULL, &part.source, &e), 0);
    ck_assert_int_eq(ev_timer_init(&part.timer, m->queue, "part", EV_PRIO_DEVICE, part_event, NULL), 0);
}

static void teardown(void)
{
    host_destroy(h);
    ev_timer_release(&part.timer);
    machine_destroy(m);
    unlink(log_path);
}

static void setup(void)
{
    strcpy(log_path + sizeof(log_path) - 7, "XXXXXX");
    int fd = mkstemp(log_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    build();
}

static void put(const char *text)
{
    ck_assert_int_eq(host_deliver(part.source, text, strlen(text), &e), 0);
}

/* What host_deliver's contract promises: order, and events between inputs run between them. */
static const char *const story = "a@100 event@100 b@100 event@100 c@100 event@100 d@250 event@250 ";

static void run_live(void)
{
    ev_run(m->queue, 100);
    put("a");
    put("b");
    ck_assert(host_has_pending(h));
    ck_assert_uint_eq(host_poll(h, -1), 2); /* does not wait: something is pending */
    put("c");                               /* a second poll of the same time */
    host_poll(h, 0);
    ev_run(m->queue, 250);
    put("d");
    host_poll(h, 0);
    ev_run(m->queue, 400);
    host_poll(h, 0);
}

START_TEST(inputs_keep_order_and_time)
{
    run_live();
    ck_assert_str_eq(part.story, story);
}
END_TEST

/* What some CPU has passed already takes no input. */
START_TEST(inputs_wait_for_all_cpus)
{
    ev_run(m->queue, 100);
    m->inputs_from = 130;
    put("a");
    host_poll(h, 0);
    put("b");
    host_poll(h, 0);
    ck_assert_str_eq(part.story, "");
    ev_run(m->queue, 129);
    ck_assert_str_eq(part.story, "");
    ev_run(m->queue, 200);
    ck_assert_str_eq(part.story, "a@130 event@130 b@130 event@130 ");
}
END_TEST

START_TEST(replay_is_the_same_run)
{
    ck_assert_int_eq(host_record(h, log_path, "m", &e), 0);
    run_live();
    ck_assert_int_eq(host_end_record(h, &e), 0);
    host_destroy(h);
    ev_timer_release(&part.timer);
    machine_destroy(m);
    build();
    ck_assert_int_eq(host_replay(h, log_path, "m", &e), 0);
    put("ignored");
    ck_assert(!host_has_pending(h));
    ev_run(m->queue, 399);
    ck_assert_str_eq(part.story, story);
    ck_assert_int_eq(host_replay_status(h, &e), 0);
    ck_assert_int_eq(m->stop, MACHINE_RUNS);
    ev_run(m->queue, 1000);
    ck_assert_int_eq(m->stop, MACHINE_RUNS); /* some time is left for the last turn */
    ev_run(m->queue, 1000000000000);
    ck_assert_int_eq(m->stop, MACHINE_QUIT);
    ck_assert_str_eq(host_quit_reason(h), "end of the recorded inputs");
    ck_assert_str_eq(part.story, story);
}
END_TEST

/* Back to a snapshot while recording: the inputs since then come again, then live ones. */
START_TEST(a_recording_repeats_after_restore)
{
    struct state_writer *w;
    struct state_reader *r;
    ck_assert_int_eq(host_record(h, log_path, "m", &e), 0);
    ev_run(m->queue, 50);
    put("early");
    host_poll(h, 0);
    ck_assert_int_eq(snapshot_create(&w, NULL, "m", &e), 0);
    ck_assert_int_eq(machine_save(m, w, &e), 0);
    ck_assert_int_eq(snapshot_finish(w, &e), 0);
    part.story[0] = 0;
    run_live();
    ck_assert_str_eq(part.story, story);
    ck_assert_int_eq(snapshot_open_memory(&r, w, &e), 0);
    ck_assert_int_eq(machine_load(m, r, &e), 0);
    snapshot_close(r);
    part.story[0] = 0;
    ck_assert(!host_takes_inputs(h));
    ev_run(m->queue, 399);
    ck_assert(!host_takes_inputs(h));
    ck_assert_str_eq(part.story, story);
    ev_run(m->queue, 500);
    ck_assert(host_takes_inputs(h));
    put("late");
    host_poll(h, 0);
    ck_assert_str_eq(part.story + strlen(story), "late@500 event@500 ");
    snapshot_discard(w);
}
END_TEST

START_TEST(replay_names_what_it_lacks)
{
    struct host_source *other;
    ck_assert_int_eq(host_add_source(h, "other", false, part_input, NULL, &other, &e), 0);
    ck_assert_int_eq(host_record(h, log_path, "m", &e), 0);
    ck_assert_int_eq(host_deliver(other, "x", 1, &e), 0);
    host_poll(h, 0);
    host_destroy(h);
    ev_timer_release(&part.timer);
    machine_destroy(m);
    build();
    ck_assert_int_eq(host_replay(h, log_path, "m", &e), 0);
    ev_run(m->queue, 10);
    ck_assert_int_eq(host_replay_status(h, &e), ERR_ABSENT);
    ck_assert_ptr_nonnull(strstr(e.text, "\"other\""));
    ck_assert_int_eq(m->stop, MACHINE_QUIT);
}
END_TEST

START_TEST(signals_end_the_machine)
{
    char text[80];
    ck_assert_int_eq(host_catch_signals(h, &e), 0);
    kill(getpid(), SIGTERM);
    host_poll(h, 1000);
    ck_assert_int_eq(m->stop, MACHINE_QUIT);
    snprintf(text, sizeof(text), "terminating on signal 15 from pid %d", (int)getpid());
    ck_assert_str_eq(host_quit_reason(h), text);
}
END_TEST

START_TEST(what_is_delivered_is_bounded)
{
    ck_assert_int_eq(host_deliver(part.source, "", 0, &e), ERR_LIMIT);
    ck_assert_int_eq(host_deliver(part.source, "", RECORD_MAX_INPUT + 1u, &e), ERR_LIMIT);
    ck_assert_int_eq(host_add_source(h, "part", false, part_input, NULL, &part.source, &e), ERR_ARG);
}
END_TEST

/* ---- random numbers -------------------------------------------------------- */

static uint8_t got[64];
static size_t n_got;

static void take(void *arg, const uint8_t *bytes, size_t n)
{
    (void)arg;
    ck_assert_uint_le(n_got + n, sizeof(got));
    memcpy(got + n_got, bytes, n);
    n_got += n;
}

START_TEST(seeded_numbers_follow_from_the_seed)
{
    uint8_t first[40];
    struct rng *r;
    for (int run = 0; run < 2; run++) {
        ck_assert_int_eq(rng_open(&r, h, "rng-builtin,id=r0", &e), 0);
        ck_assert_int_eq(rng_attach(r, take, NULL, &e), 0);
        n_got = 0;
        rng_request(r, 33);
        rng_request(r, 7);
        ck_assert_uint_eq(n_got, 40);
        if (run == 1)
            ck_assert_mem_eq(first, got, 40);
        memcpy(first, got, 40);
        host_destroy(h);
        ev_timer_release(&part.timer);
        machine_destroy(m);
        build();
    }
}
END_TEST

START_TEST(host_entropy_is_an_input)
{
    uint8_t first[40];
    struct rng *r;
    ck_assert_int_eq(rng_open(&r, h, "rng-random,id=r0,filename=/dev/urandom", &e), 0);
    ck_assert_int_eq(rng_attach(r, take, NULL, &e), 0);
    ck_assert_int_eq(host_record(h, log_path, "m", &e), 0);
    n_got = 0;
    rng_request(r, 33);
    rng_request(r, 7);
    ck_assert_uint_eq(n_got, 0);
    host_poll(h, 10);
    host_poll(h, 10);
    ck_assert_uint_eq(n_got, 40);
    memcpy(first, got, 40);
    host_destroy(h);
    ev_timer_release(&part.timer);
    machine_destroy(m);
    build();
    ck_assert_int_eq(host_replay(h, log_path, "m", &e), 0);
    ck_assert_int_eq(rng_open(&r, h, "rng-random,id=r0", &e), 0);
    ck_assert_int_eq(rng_attach(r, take, NULL, &e), 0);
    n_got = 0;
    rng_request(r, 33);
    rng_request(r, 7);
    ev_run(m->queue, 0);
    ck_assert_uint_eq(n_got, 40);
    ck_assert_mem_eq(first, got, 40);
    ck_assert_int_eq(rng_open(&r, h, "rng-egd,id=r1", &e), ERR_ARG);
    ck_assert_int_eq(rng_open(&r, h, "rng-builtin", &e), ERR_ARG);
}
END_TEST

static short always(void *arg)
{
    (void)arg;
    return POLLIN;
}

static void read_one(void *arg, short revents)
{
    char c;
    (void)revents;
    ck_assert_int_eq(read(*(int *)arg, &c, 1), 1);
}

/* What host_ready's contract promises, with hooks and descriptors there: nothing to do, something, nothing again. */
START_TEST(readiness_is_of_what_is_there_to_do)
{
    static const struct host_fd_ops ops = { always, read_one };
    struct host_fd *f = NULL;
    struct rng *r;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(rng_open(&r, h, "rng-random,id=r0", &e), 0);
    ck_assert_int_eq(rng_attach(r, take, NULL, &e), 0);
    ck_assert_int_eq(host_add_fd(h, ends[0], &ops, &ends[0], &f, &e), 0);
    ck_assert(!host_ready(h));
    n_got = 0;
    rng_request(r, 8);
    ck_assert(host_ready(h)); /* the hook's */
    ck_assert_uint_eq(n_got, 0);
    host_poll(h, 10);
    ck_assert_uint_eq(n_got, 8);
    ck_assert(!host_ready(h));
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert(host_ready(h)); /* the descriptor's */
    host_poll(h, 10);
    ck_assert(!host_ready(h));
    host_remove_fd(h, f);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("host");
    TCase *c = tcase_create("inputs");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, inputs_keep_order_and_time);
    tcase_add_test(c, inputs_wait_for_all_cpus);
    tcase_add_test(c, replay_is_the_same_run);
    tcase_add_test(c, a_recording_repeats_after_restore);
    tcase_add_test(c, replay_names_what_it_lacks);
    tcase_add_test(c, signals_end_the_machine);
    tcase_add_test(c, what_is_delivered_is_bounded);
    tcase_add_test(c, seeded_numbers_follow_from_the_seed);
    tcase_add_test(c, host_entropy_is_an_input);
    tcase_add_test(c, readiness_is_of_what_is_there_to_do);
    suite_add_tcase(s, c);
    return s;
}
