/* SPDX-License-Identifier: Apache-2.0 */
/* HTIF: exit and console commands, in one store or two halves. */
#include "devices/htif.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOHOST = 0x1000 };

static struct machine *m;
static struct host *h;
static struct htif *htif;
static struct char_port *port;
static int far;
static struct err e;

static size_t nothing(void *arg)
{
    (void)arg;
    return 0;
}
static const struct char_frontend line = { .can_receive = nothing };

static void setup(void)
{
    struct char_options o;
    struct char_backend *c;
    char spec[20];
    int fds[2];

    m = device_generic_machine();
    ck_assert_int_eq(host_create(&h, m, &e), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    far = fds[1];
    ck_assert_int_eq(fcntl(far, F_SETFL, O_NONBLOCK), 0);
    snprintf(spec, sizeof(spec), "fd:%d", fds[0]);
    ck_assert_int_eq(char_parse_serial(&o, "serial0", spec, &e), 0);
    ck_assert_int_eq(char_open(&c, h, &o, &e), 0);
    ck_assert_int_eq(char_attach(c, "uart", &line, NULL, &port, &e), 0);
    htif = htif_create(m, "htif", TOHOST, port, &e);
    ck_assert_msg(htif != NULL, "%s", e.text);
    machine_reset(m);
}

static void teardown(void)
{
    host_destroy(h);
    machine_destroy(m);
}

static void store(uint64_t offset, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(m->memory, TOHOST + offset, size, v, NULL), MEM_OK);
}

START_TEST(prints)
{
    char text[8] = "";
    uint64_t v;

    store(0, 8, 0x0101000000000041);
    store(0, 4, 0x42); /* low half alone: no command of any device the model has */
    store(4, 4, 0x01010000);
    store(0, 4, 0x43);
    store(0, 8, 0);
    for (int i = 0; i < 5; i++)
        host_poll(h, 2);
    ck_assert_int_eq(read(far, text, sizeof(text) - 1), 2);
    ck_assert_str_eq(text, "AC");
    ck_assert_int_eq(mem_load(m->memory, TOHOST, 8, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0); /* taken at once */
    ck_assert_uint_eq(htif->dev.unmodelled_count, 1);
}
END_TEST

/* riscv-test-env: value 1 is success, else code << 1 | 1. */
static const struct { uint64_t value; unsigned stop, code; } ends[] = {
    { 1, MACHINE_POWEROFF, 0 }, { 7, MACHINE_POWEROFF, 3 }, { 2, MACHINE_RUNS, 0 }, { 0, MACHINE_RUNS, 0 },
};
START_TEST(exits)
{
    store(0, 8, ends[_i].value);
    ck_assert_uint_eq(m->stop, ends[_i].stop);
    ck_assert_int_eq(m->exit_code, (int)ends[_i].code);
}
END_TEST

/* Stores of which nothing becomes a command, and what they leave behind. */
START_TEST(widths)
{
    uint64_t v = 1;

    store(0, 1, 1);
    store(0, 2, 1);
    store(4, 2, 0x0101);
    ck_assert_uint_eq(m->stop, MACHINE_RUNS);
    ck_assert_uint_eq(htif->dev.guest_errors, 3);
    for (unsigned size = 1; size <= 8; size *= 2) {
        ck_assert_int_eq(mem_load(m->memory, TOHOST, size, &v, NULL), MEM_OK);
        ck_assert_uint_eq(v, 0);
    }
    store(4, 4, 0x01010000); /* half a command... */
    store(0, 8, 0);          /* ...is overwritten by a whole one */
    store(0, 4, 3);
    ck_assert_uint_eq(m->stop, MACHINE_POWEROFF);
    ck_assert_int_eq(m->exit_code, 1);
}
END_TEST

/* The upper half is state; a reset forgets it. */
START_TEST(halves_are_saved)
{
    struct machine *fresh = device_generic_machine();
    struct host *other;

    ck_assert_int_eq(host_create(&other, fresh, &e), 0);
    struct htif *copy = htif_create(fresh, "htif", TOHOST, NULL, &e);
    ck_assert_ptr_nonnull(copy);
    machine_reset(fresh);
    store(4, 4, 0x00010000); /* device 0, command 1: neither exit nor a character */
    device_generic_copy(m, fresh);
    ck_assert_int_eq(mem_store(fresh->memory, TOHOST, 4, 1, NULL), MEM_OK);
    ck_assert_uint_eq(fresh->stop, MACHINE_RUNS);
    ck_assert_uint_eq(copy->dev.unmodelled_count, 1);
    device_generic_copy(m, fresh);
    machine_reset(fresh);
    ck_assert_int_eq(mem_store(fresh->memory, TOHOST, 4, 1, NULL), MEM_OK);
    ck_assert_uint_eq(fresh->stop, MACHINE_POWEROFF);
    host_destroy(other);
    machine_destroy(fresh);
}
END_TEST

static struct device *make(struct machine *machine, void *arg)
{
    (void)arg;
    struct htif *made = htif_create(machine, "htif", TOHOST, NULL, &e);
    ck_assert_ptr_nonnull(made);
    return &made->dev;
}
START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .steps = 50 });
}
END_TEST

START_TEST(creation)
{
    ck_assert(htif_create(m, "odd", TOHOST + 4, NULL, &e) == NULL);
    struct htif *other = htif_create(m, "other", TOHOST + 64, NULL, &e);
    ck_assert(other != NULL);
    store(64, 8, 0x0101000000000041); /* nobody listens */
    htif_enable(other, false);
    ck_assert_int_eq(mem_store(m->memory, TOHOST + 64, 8, 1, NULL), MEM_NOTHING);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("htif");
    TCase *t = tcase_create("commands");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, prints);
    tcase_add_loop_test(t, exits, 0, ARRAY_LEN(ends));
    tcase_add_test(t, widths);
    tcase_add_test(t, halves_are_saved);
    tcase_add_test(t, generic);
    tcase_add_test(t, creation);
    suite_add_tcase(s, t);
    return s;
}
