/* SPDX-License-Identifier: Apache-2.0 */
/* isa-debugcon and isa-debug-exit, as QEMU's documents and kvm-unit-tests use them. */
#include "devices/isa_debug.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct device *make_debugcon(struct machine *m, void *arg)
{
    struct err e = { 0 };
    struct isa_debugcon *d = isa_debugcon_create(m, "debugcon", arg, &e);

    ck_assert_msg(d != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&d->dev, m->memory, 0x402, &e), 0);
    return &d->dev;
}

static struct device *make_exit(struct machine *m, void *arg)
{
    struct err e = { 0 };
    struct device *d = isa_debug_exit_create(m, "exit", &e);

    (void)arg;
    ck_assert_msg(d != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(d, m->memory, 0xf4, &e), 0);
    return d;
}

START_TEST(debugcon)
{
    struct machine *m = device_generic_machine();
    struct char_options o;
    struct char_backend *c;
    struct host *h;
    struct err e = { 0 };
    char spec[20], text[8] = "";
    int fds[2];

    ck_assert_int_eq(host_create(&h, m, &e), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    snprintf(spec, sizeof(spec), "fd:%d", fds[0]);
    ck_assert_int_eq(char_parse_serial(&o, "debug0", spec, &e), 0);
    ck_assert_int_eq(char_open(&c, h, &o, &e), 0);
    make_debugcon(m, c);
    machine_reset(m);
    ck_assert_uint_eq(inb(m->memory, 0x402), 0xe9);
    ck_assert_uint_eq(inb(m->memory, 0x403), 0xff);
    outb(m->memory, 0x402, 'O');
    outb(m->memory, 0x402, 'K');
    mem_port_out(m->memory, 0x402, 2, '!' | '?' << 8, NULL); /* the second byte is at 403h */
    (void)host_poll(h, 0);
    host_destroy(h);
    ck_assert_int_eq(read(fds[1], text, sizeof(text)), 3);
    ck_assert_str_eq(text, "OK!");
    close(fds[1]);
    machine_destroy(m);
}
END_TEST

static const struct { unsigned size; uint32_t value; int code; } exits[] = {
    { 1, 0, 1 }, { 4, 0, 1 }, { 1, 1, 3 }, { 2, 0x10, 0x21 }, { 4, 0x1234, 0x2469 }, { 4, 0xffffffff, -1 },
};
START_TEST(debug_exit)
{
    struct machine *m = device_generic_machine();

    make_exit(m, NULL);
    machine_reset(m);
    ck_assert_uint_eq(mem_port_in(m->memory, 0xf4, 4, NULL), 0);
    ck_assert_uint_eq(m->stop, MACHINE_RUNS);
    mem_port_out(m->memory, 0xf4, exits[_i].size, exits[_i].value, NULL);
    ck_assert_uint_eq(m->stop, MACHINE_POWEROFF);
    ck_assert_int_eq(m->exit_code, exits[_i].code);
    machine_destroy(m);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make_debugcon });
    device_generic_test(&(struct device_generic){ .make = make_exit });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.isa_debug");
    TCase *t = tcase_create("ports");

    tcase_add_test(t, debugcon);
    tcase_add_loop_test(t, debug_exit, 0, (int)ARRAY_LEN(exits));
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}
