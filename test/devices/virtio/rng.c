/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-rng (virtio 1.2, 5.4). */
#include "devices/virtio/devices.h"
#include "test/devices/virtio/driver.h"

static struct driver d;
static struct host *h;
static struct err e;

static void start(bool packed, const char *source)
{
    struct rng *r;

    driver_create(&d, true);
    ck_assert_int_eq(host_create(&h, d.m, &e), 0);
    ck_assert_msg(rng_open(&r, h, source, &e) == 0, "%s", e.text);
    struct virtio *v = virtio_rng_create(d.m, "rng", r, &e);
    ck_assert_msg(v != NULL, "%s", e.text);
    virtio_offer(v, VIRTIO_F_RING_PACKED, true);
    driver_attach(&d, v);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, BIT(VIRTIO_F_RING_RESET)));
    driver_queue(&d, 0, 64);
    driver_ok(&d);
}

static void teardown(void)
{
    host_destroy(h);
    driver_destroy(&d);
}

static bool is_filled(uint64_t addr, uint32_t n)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < n; i++)
        any |= *ram(&d, addr + i);
    return any != 0;
}

START_TEST(fills_a_chain)
{
    const struct buf b[] = { { DATA, 20, true }, { DATA + 0x100, 13, true } };
    start(_i, "rng-builtin,id=r0");
    for (int k = 0; k < 100; k++) {
        memset(ram(&d, DATA), 0, 0x200);
        driver_expect(&d, 0, driver_add(&d, 0, b, 2), 33);
        ck_assert(is_filled(DATA, 20) && is_filled(DATA + 0x100, 13));
        ck_assert(!is_filled(DATA + 20, 0x100 - 20));
    }
}
END_TEST

/* As much as the source gives at once, told by the used length. */
START_TEST(large_buffer)
{
    start(_i, "rng-builtin,id=r0");
    driver_expect(&d, 0, driver_add(&d, 0, &(struct buf){ DATA, 65536, true }, 1), RNG_MAX_REQUEST);
    ck_assert(!is_filled(DATA + RNG_MAX_REQUEST, 100));
}
END_TEST

/* An empty or unwritable buffer comes back empty and holds nobody up. */
START_TEST(nothing_to_fill)
{
    uint32_t id, length;
    start(_i, "rng-builtin,id=r0");
    driver_add(&d, 0, &(struct buf){ DATA, 16, false }, 1);
    driver_add(&d, 0, &(struct buf){ DATA, 0, true }, 1);
    uint16_t head = driver_add(&d, 0, &(struct buf){ DATA, 16, true }, 1);
    driver_kick(&d, 0);
    for (uint32_t k = 0; k < 3; k++) {
        ck_assert(driver_used(&d, 0, &id, &length));
        ck_assert_uint_eq(length, k == 2 ? 16 : 0);
    }
    ck_assert_uint_eq(id, head);
}
END_TEST

/* Host entropy takes a poll each; all buffers get some from one notification. */
START_TEST(slow_source)
{
    uint32_t id, length;
    start(_i, "rng-random,id=r0");
    for (uint32_t k = 0; k < 5; k++)
        driver_add(&d, 0, &(struct buf){ DATA + 0x100 * k, 64, true }, 1);
    driver_kick(&d, 0);
    ck_assert(!driver_used(&d, 0, &id, &length));
    for (uint32_t k = 0; k < 5; k++) {
        host_poll(h, -1);
        ck_assert(driver_used(&d, 0, &id, &length));
        ck_assert_uint_eq(length, 64);
        ck_assert(is_filled(DATA + 0x100 * k, 64));
    }
    ck_assert(!driver_used(&d, 0, &id, &length));
}
END_TEST

/* 2.6.1: an answer that comes after its queue was reset goes nowhere. */
START_TEST(reset_while_waiting)
{
    uint32_t id, length;
    start(_i & 1, "rng-random,id=r0");
    driver_add(&d, 0, &(struct buf){ DATA, 64, true }, 1);
    driver_kick(&d, 0);
    if (_i & 2) {
        wr(&d, R_QUEUE_SEL, 0);
        wr(&d, R_QUEUE_RESET, 1);
    } else {
        ck_assert(driver_negotiate(&d, 0));
    }
    driver_queue(&d, 0, 64);
    driver_ok(&d);
    host_poll(h, 0);
    ck_assert(!is_filled(DATA, 64));
    driver_add(&d, 0, &(struct buf){ DATA, 10, true }, 1);
    driver_kick(&d, 0);
    host_poll(h, -1);
    ck_assert(driver_used(&d, 0, &id, &length));
    ck_assert_uint_eq(length, 10);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio.rng");
    TCase *t = tcase_create("entropy");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, fills_a_chain, 0, 2);
    tcase_add_loop_test(t, large_buffer, 0, 2);
    tcase_add_loop_test(t, nothing_to_fill, 0, 2);
    tcase_add_loop_test(t, slow_source, 0, 2);
    tcase_add_loop_test(t, reset_while_waiting, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
