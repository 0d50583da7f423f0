/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-input (virtio 1.2, 5.8); codes of Linux's input-event-codes.h. */
#include "devices/backend/host.h"
#include "devices/virtio/devices.h"
#include "test/devices/virtio/driver.h"

enum { EVENTS, STATUS, BUFFERS = 8 };

static struct driver d;
static struct host *h;
static struct hid *hid;
static struct err e;

static void start(enum virtio_input_kind kind)
{
    driver_create(&d, true);
    ck_assert_int_eq(host_create(&h, d.m, &e), 0);
    ck_assert_int_eq(hid_create(&hid, h, &e), 0);
    struct virtio *v = virtio_input_create(d.m, "input0", kind, hid, &e);
    ck_assert_msg(v != NULL, "%s", e.text);
    driver_attach(&d, v);
    ck_assert(driver_negotiate(&d, 0));
    driver_queue(&d, EVENTS, 16);
    driver_queue(&d, STATUS, 16);
    driver_ok(&d);
}

static void teardown(void)
{
    host_destroy(h);
    driver_destroy(&d);
}

static void give_buffers(unsigned n)
{
    for (uint32_t i = 0; i < n; i++)
        driver_add(&d, EVENTS, &(struct buf){ DATA + 8 * i, 8, true }, 1);
    driver_kick(&d, EVENTS);
}

/* The next event the driver gets. */
static void expect(uint32_t type, uint32_t code, uint32_t value)
{
    uint32_t id, length;

    ck_assert_msg(driver_used(&d, EVENTS, &id, &length), "no event %u,%u,%u", type, code, value);
    ck_assert_uint_eq(length, 8);
    const uint8_t *p = ram(&d, ld_le64(desc(&d, EVENTS, id)));
    ck_assert_msg(ld_le16(p) == type && ld_le16(p + 2) == code && ld_le32(p + 4) == value,
                  "event %u,%u,%u, not %u,%u,%u", ld_le16(p), ld_le16(p + 2), ld_le32(p + 4), type, code, value);
}

static bool none(void)
{
    uint32_t id, length;
    return !driver_used(&d, EVENTS, &id, &length);
}

static void wait_ms(unsigned ms)
{
    (void)host_poll(h, 0);
    ev_run(d.m->queue, ev_now(d.m->queue) + ms * PS_PER_MS);
}

START_TEST(keys)
{
    start(VIRTIO_KEYBOARD);
    give_buffers(BUFFERS);
    ck_assert_int_eq(hid_send_keys(hid, "ctrl-c", 10, &e), 0);
    wait_ms(5);
    expect(1, 29, 1);
    expect(0, 0, 0);
    expect(1, 46, 1);
    expect(0, 0, 0);
    ck_assert(none());
    ck_assert(d.level);
    wait_ms(10);
    expect(1, 46, 0);
    expect(0, 0, 0);
    expect(1, 29, 0);
    expect(0, 0, 0);
}
END_TEST

START_TEST(pointers)
{
    start(VIRTIO_MOUSE);
    give_buffers(BUFFERS);
    ck_assert_int_eq(hid_move(hid, -2, 7, -3, HID_RIGHT, &e), 0);
    wait_ms(1);
    expect(2, 0, (uint32_t)-2);
    expect(2, 1, 7);
    expect(2, 8, 3);
    expect(1, 0x111, 1);
    expect(0, 0, 0);
    ck_assert(none());
    ck_assert_int_eq(hid_move(hid, 0, 0, 0, HID_RIGHT, &e), 0); /* nothing new */
    ck_assert_int_eq(hid_move(hid, 0, 0, 0, HID_LEFT, &e), 0);
    wait_ms(1);
    expect(1, 0x110, 1);
    expect(1, 0x111, 0);
    expect(0, 0, 0);
    ck_assert(none());
    teardown();
    start(VIRTIO_TABLET);
    give_buffers(BUFFERS);
    ck_assert_int_eq(hid_point(hid, 0x4000, 0x7fff, 0, 0, &e), 0);
    wait_ms(1);
    expect(3, 0, 0x4000);
    expect(3, 1, 0x7fff);
    expect(0, 0, 0);
    ck_assert(none());
}
END_TEST

/* Five buffers: the report of four fits, the next one of two does not and is lost whole. */
START_TEST(reports_are_whole)
{
    start(VIRTIO_MOUSE);
    give_buffers(5);
    ck_assert_int_eq(hid_move(hid, 1, 2, 0, HID_LEFT, &e), 0);
    ck_assert_int_eq(hid_move(hid, 9, 0, 0, HID_LEFT, &e), 0);
    wait_ms(1);
    expect(2, 0, 1);
    expect(2, 1, 2);
    expect(1, 0x110, 1);
    expect(0, 0, 0);
    ck_assert(none());
    give_buffers(1);
    ck_assert_int_eq(hid_move(hid, 3, 0, 0, HID_LEFT, &e), 0);
    wait_ms(1);
    expect(2, 0, 3);
    expect(0, 0, 0);
}
END_TEST

START_TEST(nothing_without_a_driver)
{
    start(VIRTIO_KEYBOARD);
    give_buffers(BUFFERS);
    wr(&d, R_STATUS, 0);
    ck_assert_int_eq(hid_send_keys(hid, "a", 1, &e), 0);
    wait_ms(5);
    ck_assert(!d.level);
}
END_TEST

static uint32_t ask(uint8_t select, uint8_t subsel, uint8_t data[128])
{
    io_write(&d, R_CONFIG, 1, select);
    io_write(&d, R_CONFIG + 1, 1, subsel);
    uint32_t n = (uint32_t)io_read(&d, R_CONFIG + 2, 1);
    for (uint32_t i = 0; i < 128; i++)
        data[i] = (uint8_t)io_read(&d, R_CONFIG + 8 + i, 1);
    return n;
}

START_TEST(configuration)
{
    uint8_t data[128];

    start(VIRTIO_KEYBOARD);
    ck_assert_uint_eq(rd(&d, R_ID), 18);
    ck_assert_uint_eq(ask(1, 0, data), strlen("Orrery virtio keyboard"));
    ck_assert_mem_eq(data, "Orrery virtio keyboard", 22);
    ck_assert_uint_eq(ask(2, 0, data), 6);
    ck_assert_mem_eq(data, "input0", 6);
    ck_assert_uint_eq(ask(3, 0, data), 8);
    ck_assert_uint_eq(ld_le16(data), 6);
    ck_assert_uint_eq(ask(0x11, 1, data), 143 / 8 + 1);
    ck_assert(data[30 / 8] >> 30 % 8 & 1);
    ck_assert(!(data[84 / 8] >> 84 % 8 & 1));
    ck_assert_uint_eq(ask(0x11, 0x11, data), 1);
    ck_assert_uint_eq(data[0], 7);
    ck_assert_uint_eq(ask(0x11, 2, data), 0);
    ck_assert_uint_eq(ask(0x12, 0, data), 0);
    ck_assert_uint_eq(ask(1, 1, data), 0);
    ck_assert_uint_eq(ask(0, 0, data), 0);
    teardown();
    start(VIRTIO_TABLET);
    ck_assert_uint_eq(ask(0x11, 3, data), 1);
    ck_assert_uint_eq(data[0], 3);
    ck_assert_uint_eq(ask(0x12, 1, data), 20);
    ck_assert_uint_eq(ld_le32(data), 0);
    ck_assert_uint_eq(ld_le32(data + 4), 0x7fff);
    ck_assert_uint_eq(ask(0x11, 1, data), 0x114 / 8 + 1);
    ck_assert_uint_eq(data[0x110 / 8], 0x1f);
    ck_assert_uint_eq(ask(0x11, 2, data), 2); /* the wheel alone */
    ck_assert_uint_eq(ld_le16(data), 0x100);
}
END_TEST

START_TEST(status_buffers_come_back)
{
    start(VIRTIO_KEYBOARD);
    driver_expect(&d, STATUS, driver_add(&d, STATUS, &(struct buf){ DATA, 8, false }, 1), 0);
}
END_TEST

static struct device *make(struct machine *m, void *arg)
{
    (void)arg;
    return virtio_input_create(m, "input0", VIRTIO_KEYBOARD, NULL, &e)->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .steps = 50 });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.virtio.input");
    TCase *t = tcase_create("input");

    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, keys);
    tcase_add_test(t, pointers);
    tcase_add_test(t, reports_are_whole);
    tcase_add_test(t, nothing_without_a_driver);
    tcase_add_test(t, configuration);
    tcase_add_test(t, status_buffers_come_back);
    suite_add_tcase(s, t);
    t = tcase_create("generic");
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}
