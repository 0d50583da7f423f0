/* SPDX-License-Identifier: Apache-2.0 */
/* virtio console (virtio 1.2, 5.3): single port, several ports under control, both directions. */
#include "devices/virtio/devices.h"
#include "test/devices/virtio/driver.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { F_SIZE = 0, F_MULTIPORT = 1, F_EMERG_WRITE = 2 };
enum { DEVICE_READY, DEVICE_ADD, DEVICE_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };
enum { RX0, TX0, CTL_RX, CTL_TX, RX1, TX1, RX2, TX2 };
enum { MESSAGES = DATA + 0x8000, OUT = DATA + 0x10000, IN = DATA + 0x20000 };

static struct driver d;
static struct host *h;
static struct err e;
static int far[3]; /* other ends of the ports' backends */

static struct char_backend *backend(int i)
{
    struct char_options o;
    struct char_backend *c;
    char spec[40], id[8];
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    far[i] = fds[1];
    ck_assert_int_eq(fcntl(far[i], F_SETFL, O_NONBLOCK), 0);
    snprintf(spec, sizeof(spec), "fd:%d", fds[0]);
    snprintf(id, sizeof(id), "c%d", i);
    ck_assert_msg(char_parse_serial(&o, id, spec, &e) == 0, "%s", e.text);
    ck_assert_msg(char_open(&c, h, &o, &e) == 0, "%s", e.text);
    return c;
}

/* Port 0 a console, port 1 a channel called "org.test", port 2 a channel without anybody. */
static void build(uint32_t max_ports)
{
    const struct virtio_console_options o = { max_ports, 132, 43, true };

    driver_create(&d, true);
    ck_assert_int_eq(host_create(&h, d.m, &e), 0);
    struct virtio *v = virtio_console_create(d.m, "con", &o, &e);
    ck_assert_msg(v != NULL, "%s", e.text);
    virtio_offer(v, VIRTIO_F_RING_PACKED, true);
    const struct virtio_console_port ports[] = {
        { "p0", NULL, backend(0), -1, true },
        { "p1", "org.test", max_ports > 1 ? backend(1) : NULL, -1, false },
        { "p2", "", NULL, -1, false },
    };
    for (uint32_t i = 0; i < MIN(max_ports, 3u); i++)
        ck_assert_msg(virtio_console_add_port(v, &ports[i], &e) == 0, "%s", e.text);
    driver_attach(&d, v);
    host_poll(h, 0);
}

static void teardown(void)
{
    host_destroy(h);
    driver_destroy(&d);
}

static void start(bool packed, uint64_t features)
{
    build(features & BIT(F_MULTIPORT) ? 3 : 1);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, features));
    for (uint32_t q = 0; q < d.v->ops->n_queues; q++)
        driver_queue(&d, q, 32);
    driver_ok(&d);
}

static void polls(void)
{
    for (int i = 0; i < 10; i++)
        host_poll(h, 2);
}

static size_t far_reads(int i, char *text, size_t size)
{
    polls();
    ssize_t n = read(far[i], text, size - 1);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

/* ---- control ---- */
static void control(uint32_t id, uint16_t event, uint16_t value)
{
    st_le32(ram(&d, OUT), id);
    st_le16(ram(&d, OUT + 4), event);
    st_le16(ram(&d, OUT + 6), value);
    driver_expect(&d, CTL_TX, driver_add(&d, CTL_TX, &(struct buf){ OUT, 8, false }, 1), 0);
}

static uint32_t control_buffers;
static void give_control_buffers(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        driver_add(&d, CTL_RX, &(struct buf){ MESSAGES + 0x80 * (control_buffers++ % 32), 0x80, true }, 1);
    driver_kick(&d, CTL_RX);
}

static uint32_t messages_seen;
static void expect_message(uint32_t id, uint16_t event, uint16_t value, const void *more, uint32_t n)
{
    uint32_t head, length;
    ck_assert_msg(driver_used(&d, CTL_RX, &head, &length), "no message; event %u of port %u is due", event, id);
    const uint8_t *p = ram(&d, MESSAGES + 0x80 * (messages_seen++ % 32));
    ck_assert_uint_eq(ld_le32(p), id);
    ck_assert_uint_eq(ld_le16(p + 4), event);
    ck_assert_uint_eq(ld_le16(p + 6), value);
    ck_assert_uint_eq(length, 8 + n);
    ck_assert_mem_eq(p + 8, more, n);
}
static void expect_silence(void)
{
    uint32_t head, length;
    ck_assert(!driver_used(&d, CTL_RX, &head, &length));
}

/* 5.3.6.2 and Linux's order: ready, ports, each port ready, each opened. */
static void bring_up(void)
{
    static const uint8_t size[4] = { 132, 0, 43, 0 }; /* cols, rows */
    bool sized = virtio_has(d.v, F_SIZE);

    control_buffers = messages_seen = 0;
    give_control_buffers(16);
    control(0, DEVICE_READY, 1);
    for (uint32_t i = 0; i < 3; i++)
        expect_message(i, DEVICE_ADD, 1, "", 0);
    expect_silence();
    control(0, PORT_READY, 1);
    expect_message(0, CONSOLE_PORT, 1, "", 0);
    if (sized)
        expect_message(0, RESIZE, 1, size, 4);
    expect_message(0, PORT_OPEN, 1, "", 0);
    control(1, PORT_READY, 1);
    expect_message(1, PORT_NAME, 1, "org.test", 8);
    expect_message(1, PORT_OPEN, 1, "", 0);
    control(2, PORT_READY, 1);
    expect_silence(); /* no name, nobody there */
}

START_TEST(ports_are_announced)
{
    start(_i & 1, BIT(F_MULTIPORT) | (_i & 2 ? BIT(F_SIZE) : 0));
    bring_up();
}
END_TEST

/* Without buffers the messages wait, and say what is true when they go. */
START_TEST(messages_wait_for_buffers)
{
    start(_i, BIT(F_MULTIPORT));
    control_buffers = messages_seen = 0;
    control(0, DEVICE_READY, 1);
    control(1, PORT_READY, 1);
    control(1, PORT_OPEN, 1);
    give_control_buffers(1);
    expect_message(0, DEVICE_ADD, 1, "", 0);
    expect_silence();
    close(far[1]);
    polls();
    give_control_buffers(2);
    expect_message(1, DEVICE_ADD, 1, "", 0);
    expect_message(1, PORT_NAME, 1, "org.test", 8);
    give_control_buffers(4);
    expect_message(1, PORT_OPEN, 0, "", 0);
    expect_message(2, DEVICE_ADD, 1, "", 0);
    expect_silence();
}
END_TEST

START_TEST(far_end_closes)
{
    start(_i, BIT(F_MULTIPORT));
    bring_up();
    control(1, PORT_OPEN, 1); /* whoever may not read does not notice */
    close(far[1]);
    polls();
    expect_message(1, PORT_OPEN, 0, "", 0);
    close(far[0]); /* a console stays open */
    polls();
    expect_silence();
}
END_TEST

START_TEST(bad_control_messages)
{
    static const struct { uint32_t id; uint16_t event; } bad[] = {
        { 3, PORT_READY }, { 31, PORT_OPEN }, { ~0u, PORT_OPEN }, { 0, CONSOLE_PORT }, { 1, 999 },
        { 0, DEVICE_ADD },
    };
    start(_i, BIT(F_MULTIPORT));
    give_control_buffers(8);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint64_t errors = d.v->dev->guest_errors;
        control(bad[i].id, bad[i].event, 1);
        ck_assert_uint_eq(d.v->dev->guest_errors, errors + 1);
    }
    driver_expect(&d, CTL_TX, driver_add(&d, CTL_TX, &(struct buf){ OUT, 7, false }, 1), 0);
    expect_silence();
    ck_assert_uint_eq(rd(&d, R_STATUS), 15);
}
END_TEST

/* ---- data ---- */
START_TEST(output_of_one_port)
{
    const struct buf b[] = { { OUT, 6, false }, { OUT + 0x100, 6, false } };
    char text[64];
    start(_i, 0);
    memcpy(ram(&d, OUT), "hello,", 6);
    memcpy(ram(&d, OUT + 0x100), " world", 6);
    driver_expect(&d, TX0, driver_add(&d, TX0, b, 2), 0);
    far_reads(0, text, sizeof(text));
    ck_assert_str_eq(text, "hello, world");
}
END_TEST

START_TEST(output_of_each_port)
{
    char text[64];
    start(_i, BIT(F_MULTIPORT));
    bring_up();
    memcpy(ram(&d, OUT), "012", 3);
    driver_expect(&d, TX0, driver_add(&d, TX0, &(struct buf){ OUT, 1, false }, 1), 0);
    driver_expect(&d, TX1, driver_add(&d, TX1, &(struct buf){ OUT + 1, 1, false }, 1), 0);
    driver_expect(&d, TX2, driver_add(&d, TX2, &(struct buf){ OUT + 2, 1, false }, 1), 0);
    far_reads(0, text, sizeof(text));
    ck_assert_str_eq(text, "0");
    far_reads(1, text, sizeof(text));
    ck_assert_str_eq(text, "1");
}
END_TEST

/* More than one moment's worth in one chain: 600 KiB, the same 100 KiB six times. */
START_TEST(long_output)
{
    static char got[700000];
    size_t n = 0;
    uint32_t id, length;
    struct buf b[6];

    start(_i, 0);
    for (uint32_t i = 0; i < 100 * 1024; i++)
        *ram(&d, OUT + i) = (uint8_t)(i % 251);
    for (int i = 0; i < 6; i++)
        b[i] = (struct buf){ OUT, 100 * 1024, false };
    uint16_t head = driver_add(&d, TX0, b, 6);
    driver_kick(&d, TX0);
    driver_run(&d, 10 * PS_PER_US);
    ck_assert(!driver_used(&d, TX0, &id, &length));
    driver_run(&d, 20 * PS_PER_US);
    ck_assert(driver_used(&d, TX0, &id, &length));
    ck_assert_uint_eq(id, head);
    for (int i = 0; i < 200 && n < 6 * 100 * 1024; i++) {
        ssize_t r = read(far[0], got + n, sizeof(got) - n);
        n += r > 0 ? (size_t)r : 0;
        host_poll(h, 2);
    }
    ck_assert_uint_eq(n, 6 * 100 * 1024);
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq((uint8_t)got[i], i % (100 * 1024) % 251);
}
END_TEST

START_TEST(input)
{
    uint32_t id, length;
    start(_i, 0);
    ck_assert_int_eq(write(far[0], "abcdef", 6), 6);
    polls(); /* no buffer yet: the port keeps them */
    ck_assert(!driver_used(&d, RX0, &id, &length));
    driver_add(&d, RX0, &(struct buf){ IN, 4, true }, 1);
    driver_add(&d, RX0, &(struct buf){ IN + 4, 100, true }, 1);
    driver_kick(&d, RX0);
    ck_assert(driver_used(&d, RX0, &id, &length));
    ck_assert_uint_eq(length, 4);
    ck_assert(driver_used(&d, RX0, &id, &length));
    ck_assert_uint_eq(length, 2);
    ck_assert_mem_eq(ram(&d, IN), "abcdef", 6);
    driver_add(&d, RX0, &(struct buf){ IN, 100, true }, 1);
    ck_assert_int_eq(write(far[0], "xyz", 3), 3);
    polls();
    ck_assert(driver_used(&d, RX0, &id, &length));
    ck_assert_uint_eq(length, 3);
    ck_assert_mem_eq(ram(&d, IN), "xyz", 3);
}
END_TEST

/* Everything arrives once and in order, though the FIFO is smaller by far. */
START_TEST(long_input)
{
    uint8_t sent[5000];
    uint32_t id, length, got = 0;

    start(_i, 0);
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (uint8_t)(i * 3 + i / 256);
    ck_assert_int_eq(write(far[0], sent, sizeof(sent)), sizeof(sent));
    for (int i = 0; i < 200 && got < sizeof(sent); i++) {
        driver_add(&d, RX0, &(struct buf){ IN, 300, true }, 1);
        driver_kick(&d, RX0);
        for (int k = 0; k < 20 && !driver_used(&d, RX0, &id, &length); k++)
            host_poll(h, 2);
        ck_assert_mem_eq(ram(&d, IN), sent + got, length);
        got += length;
    }
    ck_assert_uint_eq(got, sizeof(sent));
}
END_TEST

/* 5.3.6: input of a port under control waits until the guest opens it. */
START_TEST(input_needs_an_open_port)
{
    uint32_t id, length;
    start(_i, BIT(F_MULTIPORT));
    bring_up();
    driver_add(&d, RX1, &(struct buf){ IN, 100, true }, 1);
    driver_kick(&d, RX1);
    ck_assert_int_eq(write(far[1], "data", 4), 4);
    polls();
    ck_assert(!driver_used(&d, RX1, &id, &length));
    control(1, PORT_OPEN, 1);
    polls();
    ck_assert(driver_used(&d, RX1, &id, &length));
    ck_assert_uint_eq(length, 4);
    control(1, PORT_OPEN, 0);
    driver_add(&d, RX1, &(struct buf){ IN, 100, true }, 1);
    driver_kick(&d, RX1);
    ck_assert_int_eq(write(far[1], "more", 4), 4);
    polls();
    ck_assert(!driver_used(&d, RX1, &id, &length));
}
END_TEST

/* 5.3.4, 5.3.5.1: the emergency byte needs no driver. */
START_TEST(configuration)
{
    char text[16];
    build(_i ? 3 : 1);
    ck_assert_uint_eq(rd(&d, R_CONFIG), 132 | 43 << 16);
    ck_assert_uint_eq(rd(&d, R_CONFIG + 4), _i ? 3 : 1);
    ck_assert_uint_eq(driver_offered(&d) & 7, BIT(F_SIZE) | BIT(F_EMERG_WRITE) | (_i ? BIT(F_MULTIPORT) : 0));
    wr(&d, R_CONFIG + 8, 'E');
    wr(&d, R_CONFIG + 8, 0xffffff21);
    far_reads(0, text, sizeof(text));
    ck_assert_str_eq(text, "E!");
    ck_assert_uint_eq(rd(&d, R_CONFIG + 8), 0);
    wr(&d, R_QUEUE_SEL, _i ? 7 : 1);
    ck_assert_uint_eq(rd(&d, R_QUEUE_MAX), 128);
    wr(&d, R_QUEUE_SEL, _i ? 8 : 2);
    ck_assert_uint_eq(rd(&d, R_QUEUE_MAX), 0);
}
END_TEST

/* Waiting input goes with the snapshot. */
START_TEST(snapshot)
{
    struct driver old;
    uint32_t id, length;
    char text[16];

    start(_i, 0);
    ck_assert_int_eq(write(far[0], "abc", 3), 3);
    polls();
    old = d;
    struct host *old_host = h;
    build(1);
    device_generic_copy(old.m, d.m);
    d.packed = _i;
    memcpy(d.q, old.q, sizeof(d.q));
    driver_add(&d, RX0, &(struct buf){ IN, 100, true }, 1);
    driver_kick(&d, RX0);
    ck_assert(driver_used(&d, RX0, &id, &length));
    ck_assert_mem_eq(ram(&d, IN), "abc", 3);
    memcpy(ram(&d, OUT), "out", 3);
    driver_add(&d, TX0, &(struct buf){ OUT, 3, false }, 1);
    driver_kick(&d, TX0);
    driver_run(&d, 100 * PS_PER_US);
    far_reads(0, text, sizeof(text));
    ck_assert_str_eq(text, "out");
    host_destroy(old_host);
    machine_destroy(old.m);
}
END_TEST

static const struct { uint32_t max; int first, second; bool console; int rc; } numbers[] = {
    { 31, -1, -1, false, 0 },  { 31, 0, -1, false, ERR_ARG }, { 31, 5, 5, true, ERR_ARG },
    { 31, 31, -1, true, ERR_ARG }, { 2, 1, -1, false, ERR_LIMIT }, { 31, 30, 29, false, 0 },
    { 1, -1, -1, true, ERR_LIMIT },
};
START_TEST(port_numbers)
{
    struct virtio_console_options o = { .max_ports = numbers[_i].max };
    build(1);
    struct virtio *v = virtio_console_create(d.m, "other", &o, &e);
    struct virtio_console_port p = { "x", NULL, NULL, numbers[_i].first, numbers[_i].console };
    int rc = virtio_console_add_port(v, &p, &e);
    p.number = numbers[_i].second;
    if (rc == 0)
        rc = virtio_console_add_port(v, &p, &e);
    ck_assert_int_eq(rc, numbers[_i].rc);
    o.max_ports = 32;
    ck_assert(virtio_console_create(d.m, "third", &o, &e) == NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio.console");
    TCase *t = tcase_create("ports");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, ports_are_announced, 0, 4);
    tcase_add_loop_test(t, messages_wait_for_buffers, 0, 2);
    tcase_add_loop_test(t, far_end_closes, 0, 2);
    tcase_add_loop_test(t, bad_control_messages, 0, 2);
    tcase_add_loop_test(t, output_of_one_port, 0, 2);
    tcase_add_loop_test(t, output_of_each_port, 0, 2);
    tcase_add_loop_test(t, long_output, 0, 2);
    tcase_add_loop_test(t, input, 0, 2);
    tcase_add_loop_test(t, long_input, 0, 2);
    tcase_add_loop_test(t, input_needs_an_open_port, 0, 2);
    tcase_add_loop_test(t, configuration, 0, 2);
    tcase_add_loop_test(t, snapshot, 0, 2);
    tcase_add_loop_test(t, port_numbers, 0, ARRAY_LEN(numbers));
    suite_add_tcase(s, t);
    return s;
}
