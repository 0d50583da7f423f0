/* SPDX-License-Identifier: Apache-2.0 */
/* The two ring formats (virtio 1.2, 2.7 and 2.8), by a device that answers in capitals. */
#include "test/devices/virtio/driver.h"

static struct driver d;

/* Queue 0 and 1: every chain's readable bytes come back plus 0x20 in its writable ones. */
struct echo {
    struct device dev;

    struct virtio v; /* saved */
    uint32_t limit, resets; /* chains taken at most; queue resets seen */
};
static void echo_notify(struct virtio *v, uint32_t queue)
{
    struct echo *x = CONTAINER_OF(v, struct echo, v);
    struct virtio_chain c;
    uint8_t bytes[8192];

    for (uint32_t i = 0; i < x->limit && virtio_pop(v, queue, &c); i++) {
        uint32_t n = virtio_copy_from(v, &c, 0, bytes, MIN(c.read_bytes, 8192u));
        for (uint32_t k = 0; k < n; k++)
            bytes[k] += 0x20;
        virtio_push(v, queue, c.head, virtio_copy_to(v, &c, 0, bytes, MIN(n, c.write_bytes)));
    }
    virtio_signal(v, queue);
}
static void echo_config(const struct virtio *v, uint8_t *bytes)
{
    (void)v;
    bytes[0] = 0x5a;
}
static void echo_queue_reset(struct virtio *v, uint32_t queue)
{
    (void)queue;
    CONTAINER_OF(v, struct echo, v)->resets++;
}
static const struct virtio_ops echo_ops = {
    .id = 42, .n_queues = 2, .queue_size = 256, .config_size = 1, .notify = echo_notify,
    .read_config = echo_config, .queue_reset = echo_queue_reset,
};
static const struct state_field echo_state[] = {
    STATE_SUB(echo, v, virtio_state), STATE(echo, limit), STATE(echo, resets), STATE_END
};
static const struct device_ops echo_device = {
    .name = "echo", .spec = "", .size = sizeof(struct echo), .state = echo_state, .version = 1,
};

static struct echo *echo_create(struct machine *m)
{
    struct err e = { 0 };
    struct echo *x = device_create(m, &echo_device, "echo", &e);
    ck_assert(x != NULL);
    virtio_init(&x->v, &x->dev, &echo_ops, m->memory);
    virtio_offer(&x->v, VIRTIO_F_RING_PACKED, true);
    x->limit = 1000;
    return x;
}

static struct echo *start(bool packed, uint64_t features, uint32_t size)
{
    driver_create(&d, true);
    struct echo *x = echo_create(d.m);
    driver_attach(&d, &x->v);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, features));
    driver_queue(&d, 0, size);
    driver_ok(&d);
    return x;
}

static void teardown(void)
{
    driver_destroy(&d);
}

/* One chain "abc" -> "ABC"-like; checks id, length and content. */
static void round_trip(uint32_t k)
{
    uint64_t in = DATA + 64 * (k % 64), out = in + 32;
    const struct buf b[] = { { in, 3, false }, { out, 10, true } };
    uint8_t wanted[3] = { (uint8_t)(k + 0x20), 0x22, 0x23 };
    uint16_t head = driver_add(&d, 0, b, 2);

    ram(&d, in)[0] = (uint8_t)k;
    memcpy(ram(&d, in) + 1, "\2\3", 2);
    driver_expect(&d, 0, head, 3);
    ck_assert_mem_eq(ram(&d, out), wanted, 3);
}

/* Sizes that are not a power of two are for packed rings alone. */
START_TEST(ring_goes_round)
{
    start(_i, 0, 4);
    for (uint32_t k = 0; k < 50; k++)
        round_trip(k);
}
END_TEST

/* Both sides stand at 65500, as after as many buffers. */
START_TEST(split_indices_wrap_at_65536)
{
    start(false, BIT(VIRTIO_F_EVENT_IDX), 2);
    struct virtio_queue *q = &d.v->queue[0];
    q->last_avail = q->used_idx = q->signalled = d.q[0].avail = d.q[0].used = 65500;
    q->signalled_valid = 1;
    st_le16(ram(&d, RING(0) + AVAIL_AT + 2), 65500);
    st_le16(ram(&d, RING(0) + USED_AT + 2), 65500);
    for (uint32_t k = 0; k < 36 + 10; k++) {
        /* used_event: interrupt for the next one */
        st_le16(ram(&d, RING(0) + AVAIL_AT + 4 + 2 * 2), d.q[0].used);
        round_trip(k);
        ck_assert_uint_eq(rd(&d, R_INT_STATUS), 1);
        wr(&d, R_INT_ACK, 1);
    }
    ck_assert_uint_eq(d.q[0].used, 10);
}
END_TEST

START_TEST(packed_ring_of_odd_size)
{
    start(true, 0, 5);
    for (uint32_t k = 0; k < 37; k++)
        round_trip(k);
}
END_TEST

/* 2.6: more than one buffer in flight, given back in order with their own ids. */
START_TEST(many_at_once)
{
    uint32_t id, length;
    uint16_t heads[8];

    start(_i, 0, 16);
    for (int round = 0; round < 5; round++) {
        for (uint32_t k = 0; k < 8; k++) {
            const struct buf b[] = { { DATA, 8, false }, { DATA + 0x100, k + 1, true } };
            heads[k] = driver_add(&d, 0, b, 2);
        }
        driver_kick(&d, 0);
        for (uint32_t k = 0; k < 8; k++) {
            ck_assert(driver_used(&d, 0, &id, &length));
            ck_assert_uint_eq(id, heads[k]);
            ck_assert_uint_eq(length, k + 1);
        }
        ck_assert(!driver_used(&d, 0, &id, &length));
    }
}
END_TEST

START_TEST(indirect_tables)
{
    const struct buf b[] = { { DATA, 1, false }, { DATA + 16, 2, false }, { DATA + 32, 2, true },
                             { DATA + 64, 5, true } };
    start(_i, BIT(VIRTIO_F_INDIRECT_DESC), 4);
    for (uint32_t k = 0; k < 11; k++) {
        memcpy(ram(&d, DATA), "a", 1);
        memcpy(ram(&d, DATA + 16), "bc", 2);
        uint16_t head = driver_add_indirect(&d, 0, b, 4, DATA + 0x1000);
        driver_expect(&d, 0, head, 3);
        ck_assert_mem_eq(ram(&d, DATA + 32), "\x81\x82", 2);
        ck_assert_mem_eq(ram(&d, DATA + 64), "\x83", 1);
    }
}
END_TEST

/* 2.7.5.3.2: normal descriptors may come before an indirect one. */
START_TEST(split_direct_then_indirect)
{
    start(false, BIT(VIRTIO_F_INDIRECT_DESC), 4);
    put_split(desc(&d, 0, 2), DATA, 2, D_NEXT, 0);
    put_split(desc(&d, 0, 0), DATA + 0x100, 32, D_INDIRECT | D_WRITE, 9); /* WRITE is ignored */
    put_split(ram(&d, DATA + 0x100), DATA + 2, 1, D_NEXT, 1);
    put_split(ram(&d, DATA + 0x110), DATA + 64, 3, D_WRITE, 0);
    memcpy(ram(&d, DATA), "\1\2\3", 3);
    driver_avail(&d, 0, 2);
    driver_expect(&d, 0, 2, 3);
    ck_assert_mem_eq(ram(&d, DATA + 64), "\x21\x22\x23", 3);
}
END_TEST

/* A chain as long as the queue is legal (2.7.5.3.1); a buffer of length 0 is no end. */
START_TEST(chain_of_queue_length)
{
    struct buf b[256];

    start(_i, 0, 256);
    for (uint32_t k = 0; k < 255; k++) {
        b[k] = (struct buf){ DATA + k, k == 7 ? 0 : 1, false };
        *ram(&d, DATA + k) = (uint8_t)k;
    }
    b[255] = (struct buf){ DATA + 0x1000, 300, true };
    driver_expect(&d, 0, driver_add(&d, 0, b, 256), 254);
    ck_assert_uint_eq(*ram(&d, DATA + 0x1000 + 6), 6 + 0x20);
    ck_assert_uint_eq(*ram(&d, DATA + 0x1000 + 7), 8 + 0x20);
}
END_TEST

/* 2.7.7.1, 2.8.10: without event indices a flag says whether interrupts are wanted. */
START_TEST(interrupts_can_be_switched_off)
{
    start(_i, 0, 8);
    uint8_t *area = ram(&d, RING(0) + AVAIL_AT);
    round_trip(1);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 1);
    ck_assert(d.level);
    wr(&d, R_INT_ACK, 1);
    ck_assert(!d.level);
    st_le16(area + (_i ? 2 : 0), 1); /* NO_INTERRUPT, RING_EVENT_FLAGS_DISABLE */
    round_trip(2);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 0);
    st_le16(area + (_i ? 2 : 0), 0);
    driver_kick(&d, 0); /* nothing there: nothing to tell */
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 0);
    round_trip(3);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 1);
}
END_TEST

static unsigned events(void)
{
    unsigned n = rd(&d, R_INT_STATUS);
    wr(&d, R_INT_ACK, 3);
    return n;
}

/* 2.7.10: used_event = the index whose use is to be told; avail_event the other way. */
START_TEST(split_event_indices)
{
    start(false, BIT(VIRTIO_F_EVENT_IDX), 8);
    uint8_t *used_event = ram(&d, RING(0) + AVAIL_AT + 4 + 2 * 8);
    const uint8_t *avail_event = ram(&d, RING(0) + USED_AT + 4 + 8 * 8);

    st_le16(used_event, 2);
    for (uint32_t k = 0; k < 5; k++) {
        round_trip(k);
        ck_assert_uint_eq(ld_le16(avail_event), k + 1);
        ck_assert_uint_eq(events(), k == 2);
    }
}
END_TEST

/* 2.8.10: off_wrap names a descriptor and a turn; the device asks for the next one itself. */
START_TEST(packed_event_descriptors)
{
    start(true, BIT(VIRTIO_F_EVENT_IDX), 6); /* round_trip takes two slots: 3 a turn */
    uint8_t *area = ram(&d, RING(0) + AVAIL_AT);
    const uint8_t *device = ram(&d, RING(0) + USED_AT);

    st_le16(area + 2, EV_DESC);
    st_le16(area, 4 | 0x8000);         /* third of the first turn */
    for (uint32_t k = 0; k < 3; k++) {
        round_trip(k);
        ck_assert_uint_eq(events(), k == 2);
        ck_assert_uint_eq(ld_le16(device), k == 2 ? 0 : (2 * (k + 1)) | 0x8000);
        ck_assert_uint_eq(ld_le16(device + 2), EV_DESC);
    }
    st_le16(area, 2 | 0x8000);         /* third turn, counter 1 again: not the second turn */
    for (uint32_t k = 0; k < 6; k++) {
        round_trip(k);
        ck_assert_uint_eq(events(), k == 4);
    }
    st_le16(area + 2, EV_DISABLE);
    round_trip(0);
    ck_assert_uint_eq(events(), 0);
    st_le16(area + 2, EV_ENABLE);
    round_trip(0);
    ck_assert_uint_eq(events(), 1);
}
END_TEST

/* ---- a driver that breaks the rules: 2.1.2, 2.7.5, 2.8.6 ---- */
enum broken { OUT_OF_RANGE, LOOP, NOT_RAM, TO_MMIO, TO_ROM, ORDER, TOO_LONG, TOO_MANY, ADDRESS_WRAPS,
              INDIRECT_NOT_NEGOTIATED, INDIRECT_SIZE, INDIRECT_NEXT, INDIRECT_NESTED, INDIRECT_NOT_RAM,
              INDIRECT_LOOP, BROKEN_KINDS };
static void break_split(enum broken kind)
{
    uint8_t *d0 = desc(&d, 0, 0), *d1 = desc(&d, 0, 1), *table = ram(&d, DATA + 0x100);

    put_split(d0, DATA, 16, D_NEXT, 1);
    put_split(d1, DATA, 16, D_WRITE, 0);
    switch (kind) {
    case OUT_OF_RANGE: put_split(d0, DATA, 16, D_NEXT, 8); break;
    case LOOP: put_split(d1, DATA, 16, D_NEXT, 0); break;
    case NOT_RAM: put_split(d0, 0x7ffff000, 16, D_NEXT, 1); break;
    case TO_MMIO: put_split(d1, SLOT, 512, D_WRITE, 0); break;
    case TO_ROM: put_split(d1, ROM_AT, 512, D_WRITE, 0); break;
    case ORDER: put_split(d0, DATA, 16, D_NEXT | D_WRITE, 1); put_split(d1, DATA, 16, 0, 0); break;
    case TOO_LONG: put_split(d0, DATA, ~0u, D_NEXT, 1); put_split(d1, DATA, ~0u, 0, 0); break;
    case TOO_MANY: st_le16(ram(&d, RING(0) + AVAIL_AT + 2), 9); return;
    case ADDRESS_WRAPS: put_split(d0, ~0ull - 7, 16, D_NEXT, 1); break;
    default:
        put_split(d0, DATA + 0x100, 16, D_INDIRECT, 0);
        put_split(table, DATA, 4, 0, 0);
        if (kind == INDIRECT_SIZE)
            st_le32(d0 + 8, 24);
        if (kind == INDIRECT_NEXT)
            st_le16(d0 + 12, D_INDIRECT | D_NEXT);
        if (kind == INDIRECT_NESTED)
            put_split(table, DATA + 0x200, 16, D_INDIRECT, 0);
        if (kind == INDIRECT_NOT_RAM)
            st_le64(d0, 0x40000000);
        if (kind == INDIRECT_LOOP)
            put_split(table, DATA, 4, D_NEXT, 0);
    }
    driver_avail(&d, 0, 0);
}

START_TEST(split_hostile)
{
    struct echo *x = start(false, _i == INDIRECT_NOT_NEGOTIATED ? 0 : BIT(VIRTIO_F_INDIRECT_DESC), 8);
    uint64_t errors = x->dev.guest_errors;

    break_split((enum broken)_i);
    driver_expect_broken(&d, 0);
    ck_assert_uint_gt(x->dev.guest_errors, errors);
    driver_kick(&d, 0);
    /* After a reset it works again. */
    ck_assert(driver_negotiate(&d, 0));
    driver_queue(&d, 0, 8);
    driver_ok(&d);
    round_trip(1);
}
END_TEST

START_TEST(packed_hostile)
{
    start(true, _i == INDIRECT_NOT_NEGOTIATED ? 0 : BIT(VIRTIO_F_INDIRECT_DESC), 8);
    switch (_i) {
    case LOOP: /* NEXT all the way round */
        for (uint16_t k = 0; k < 8; k++)
            driver_put(&d, 0, DATA, 16, k, D_NEXT);
        break;
    case NOT_RAM: driver_put(&d, 0, 0x7ffff000, 16, 0, 0); break;
    case TO_MMIO: driver_put(&d, 0, DATA, 512, 0, D_NEXT); driver_put(&d, 0, SLOT, 512, 0, D_WRITE); break;
    case TO_ROM: driver_put(&d, 0, DATA, 512, 0, D_NEXT); driver_put(&d, 0, ROM_AT, 512, 0, D_WRITE); break;
    case ORDER: driver_put(&d, 0, DATA, 16, 0, D_NEXT | D_WRITE); driver_put(&d, 0, DATA, 16, 0, 0); break;
    case TOO_LONG: driver_put(&d, 0, DATA, ~0u, 0, D_NEXT); driver_put(&d, 0, DATA, ~0u, 0, 0); break;
    case ADDRESS_WRAPS: driver_put(&d, 0, ~0ull - 7, 16, 0, 0); break;
    case INDIRECT_NOT_NEGOTIATED: driver_put(&d, 0, DATA, 16, 0, D_INDIRECT); break;
    case INDIRECT_SIZE: driver_put(&d, 0, DATA, 8, 0, D_INDIRECT); break;
    case INDIRECT_NEXT: driver_put(&d, 0, DATA, 16, 0, D_INDIRECT | D_NEXT); break;
    case INDIRECT_NOT_RAM: driver_put(&d, 0, 0x40000000, 16, 0, D_INDIRECT); break;
    case INDIRECT_LOOP: driver_put(&d, 0, DATA, 16 * 300, 0, D_INDIRECT); break; /* too many buffers */
    default: return; /* there are no indices to be wrong */
    }
    driver_expect_broken(&d, 0);
}
END_TEST

START_TEST(rings_outside_memory)
{
    static const uint32_t areas[] = { R_DESC, R_DRIVER, R_DEVICE };
    bool packed = _i & 1;

    driver_create(&d, true);
    driver_attach(&d, &echo_create(d.m)->v);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, BIT(VIRTIO_F_EVENT_IDX)));
    driver_queue(&d, 0, 8);
    wr(&d, R_READY, 0);
    wr(&d, areas[_i / 2], SLOT);
    wr(&d, R_READY, 1);
    driver_add(&d, 0, (const struct buf[]){ { DATA, 16, false }, { DATA, 16, true } }, 2);
    wr(&d, R_STATUS, 15);
    driver_kick(&d, 0);
    ck_assert_uint_eq(rd(&d, R_STATUS), 15 | VIRTIO_NEEDS_RESET);
}
END_TEST

/* A kick before DRIVER_OK is not served before it (3.1.1), but not lost either. */
START_TEST(driver_ok_comes_late)
{
    uint32_t id, length;

    driver_create(&d, true);
    driver_attach(&d, &echo_create(d.m)->v);
    d.packed = _i;
    ck_assert(driver_negotiate(&d, 0));
    driver_queue(&d, 0, 8);
    driver_add(&d, 0, (const struct buf[]){ { DATA, 2, false }, { DATA, 2, true } }, 2);
    driver_kick(&d, 0);
    ck_assert(!driver_used(&d, 0, &id, &length));
    driver_ok(&d);
    ck_assert(driver_used(&d, 0, &id, &length));
    ck_assert_uint_eq(length, 2);
}
END_TEST

/* 2.6.1: after a reset the queue starts at its beginning, wherever its rings are then. */
START_TEST(queue_reset)
{
    struct echo *x = start(_i, BIT(VIRTIO_F_RING_RESET), 4);

    for (uint32_t k = 0; k < 3; k++)
        round_trip(k);
    driver_add(&d, 0, (const struct buf[]){ { DATA, 2, false } }, 1);
    wr(&d, R_QUEUE_SEL, 0);
    wr(&d, R_QUEUE_RESET, 1);
    ck_assert_uint_eq(x->resets, 1);
    ck_assert_uint_eq(rd(&d, R_QUEUE_RESET), 0);
    ck_assert_uint_eq(rd(&d, R_READY), 0);
    driver_kick(&d, 0);
    driver_queue(&d, 0, 8);
    for (uint32_t k = 0; k < 20; k++)
        round_trip(k);
}
END_TEST

/* Chains taken on trial go back to where they were. */
START_TEST(chains_taken_on_trial)
{
    struct virtio_chain c;
    struct echo *x = start(_i, 0, 4);

    x->limit = 0;
    for (uint32_t k = 0; k < 7; k++) {
        const struct buf b[] = { { DATA, 3, false }, { DATA + 8, 3, true } };
        driver_add(&d, 0, b, 2);
        uint16_t mark = virtio_mark(d.v, 0);
        ck_assert(virtio_pop(d.v, 0, &c));
        ck_assert(!virtio_has_available(d.v, 0));
        ck_assert(!virtio_pop(d.v, 0, &c));
        virtio_rewind(d.v, 0, mark);
        ck_assert(virtio_has_available(d.v, 0));
        ck_assert(virtio_pop(d.v, 0, &c));
        virtio_push(d.v, 0, c.head, 0);
        uint32_t id, length;
        ck_assert(driver_used(&d, 0, &id, &length));
    }
}
END_TEST

/* Buffers that follow each other in memory are one span; the last bytes are told as written. */
START_TEST(spans)
{
    struct virtio_chain c;
    struct virtio_span s;
    struct echo *x = start(_i, 0, 8);

    x->limit = 0;
    const struct buf b[] = { { DATA, 8, false }, { DATA + 8, 8, false }, { DATA + 0x40, 4, false },
                             { DATA + 0x1000, 16, true } };
    driver_add(&d, 0, b, 4);
    ck_assert(virtio_pop(d.v, 0, &c));
    struct virtio_cursor at = virtio_readable(&c, 3);
    ck_assert(virtio_map(d.v, &at, 100, &s));
    ck_assert_ptr_eq(s.host, ram(&d, DATA + 3));
    ck_assert_uint_eq(s.length, 13);
    ck_assert(virtio_map(d.v, &at, 3, &s));
    ck_assert_uint_eq(s.addr, DATA + 0x40);
    ck_assert_uint_eq(s.length, 3);
    ck_assert(virtio_map(d.v, &at, 3, &s));
    ck_assert_uint_eq(s.length, 1);
    ck_assert(!virtio_map(d.v, &at, 3, &s));
    at = virtio_writable(&c, 16);
    ck_assert(!virtio_map(d.v, &at, 3, &s));
    ck_assert_uint_eq(d.v->broken, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio.ring");
    TCase *t = tcase_create("rings");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, ring_goes_round, 0, 2);
    tcase_add_test(t, split_indices_wrap_at_65536);
    tcase_add_test(t, packed_ring_of_odd_size);
    tcase_add_loop_test(t, many_at_once, 0, 2);
    tcase_add_loop_test(t, indirect_tables, 0, 2);
    tcase_add_test(t, split_direct_then_indirect);
    tcase_add_loop_test(t, chain_of_queue_length, 0, 2);
    tcase_add_loop_test(t, interrupts_can_be_switched_off, 0, 2);
    tcase_add_test(t, split_event_indices);
    tcase_add_test(t, packed_event_descriptors);
    tcase_add_loop_test(t, split_hostile, 0, BROKEN_KINDS);
    tcase_add_loop_test(t, packed_hostile, 0, BROKEN_KINDS);
    tcase_add_loop_test(t, rings_outside_memory, 0, 6);
    tcase_add_loop_test(t, driver_ok_comes_late, 0, 2);
    tcase_add_loop_test(t, queue_reset, 0, 2);
    tcase_add_loop_test(t, chains_taken_on_trial, 0, 2);
    tcase_add_loop_test(t, spans, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
