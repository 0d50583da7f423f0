/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over MMIO: registers, initialization, the legacy interface (virtio 1.2, 4.2). */
#include "devices/virtio/devices.h"
#include "test/devices/virtio/driver.h"

static struct driver d;

/* Three queues of 64; 300 bytes of configuration: more than the slot shows. */
struct plain {
    struct device dev;

    struct virtio v; /* saved */
    uint32_t notified[3], config_writes;
};
static void plain_notify(struct virtio *v, uint32_t queue)
{
    CONTAINER_OF(v, struct plain, v)->notified[queue]++;
}
static void plain_read_config(const struct virtio *v, uint8_t *bytes)
{
    (void)v;
    for (int i = 0; i < 12; i++)
        bytes[i] = (uint8_t)(0x10 + i);
}
static void plain_write_config(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value)
{
    struct plain *p = CONTAINER_OF(v, struct plain, v);
    ck_assert_uint_lt(offset, 12);
    ck_assert_uint_eq(n, 1);
    p->config_writes = p->config_writes << 8 | (uint32_t)value;
}
static const struct virtio_ops plain_ops = {
    .id = 77, .n_queues = 3, .queue_size = 64, .config_size = 12, .features = BIT(3) | BIT(41),
    .notify = plain_notify, .read_config = plain_read_config, .write_config = plain_write_config,
};
static const struct state_field plain_state[] = {
    STATE_SUB(plain, v, virtio_state), STATE(plain, notified), STATE(plain, config_writes), STATE_END
};
static const struct device_ops plain_device = {
    .name = "plain", .spec = "", .size = sizeof(struct plain), .state = plain_state, .version = 1,
};

static struct plain *plain_create(struct machine *m)
{
    struct err e = { 0 };
    struct plain *p = device_create(m, &plain_device, "plain", &e);
    ck_assert(p != NULL);
    virtio_init(&p->v, &p->dev, &plain_ops, m->memory);
    return p;
}

static struct plain *start(bool modern)
{
    driver_create(&d, modern);
    struct plain *p = plain_create(d.m);
    driver_attach(&d, &p->v);
    return p;
}

static void teardown(void)
{
    driver_destroy(&d);
}

/* What sits in the slot. */
enum { PLAIN, BLK, NET, CONSOLE, KINDS };
struct slot {
    bool modern;
    int kind;
    struct block *disk;
};
static struct virtio *make_device(struct machine *m, const struct slot *s, struct err *e)
{
    static const struct virtio_console_options console = { 4, 80, 25, true };
    static const struct virtio_console_port port = { "port", "name", NULL, -1, true };
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
    struct virtio *v;

    switch (s->kind) {
    case BLK:
        return virtio_blk_create(m, "disk", s->disk, NULL, e);
    case NET:
        return virtio_net_create(m, "nic", NULL, mac, e);
    case CONSOLE:
        v = virtio_console_create(m, "console", &console, e);
        ck_assert_int_eq(virtio_console_add_port(v, &port, e), 0);
        return v;
    default:
        return &plain_create(m)->v;
    }
}
static struct device *make_slot(struct machine *m, void *arg)
{
    const struct slot *s = arg;
    struct err e = { 0 };
    struct virtio_mmio *t = virtio_mmio_create(m, "slot", s->modern, &e);
    ck_assert_msg(t != NULL, "%s", e.text);
    struct virtio *v = make_device(m, s, &e);
    ck_assert_msg(v != NULL, "%s", e.text);
    virtio_mmio_attach(t, v);
    return &t->dev;
}

START_TEST(generic)
{
    struct err e;
    struct slot s = { .modern = _i & 1, .kind = _i / 2 };
    driver_create(&d, true);
    ck_assert_int_eq(block_create_memory(&s.disk, 8192, &e), 0);
    device_generic_test(&(struct device_generic){ .make = make_slot, .arg = &s });
    ck_assert_int_eq(block_close(s.disk, &e), 0);
}
END_TEST

/* 4.2.2: an empty slot has magic value and version, and device id 0. */
START_TEST(empty_slot)
{
    driver_create(&d, _i);
    machine_reset(d.m);
    ck_assert_uint_eq(rd(&d, R_MAGIC), 0x74726976);
    ck_assert_uint_eq(rd(&d, R_VERSION), _i ? 2 : 1);
    ck_assert_uint_eq(rd(&d, R_ID), 0);
    for (uint32_t r = 0; r < 0x200; r += 4) {
        uint64_t v;
        (void)mem_store(d.m->memory, SLOT + r, 4, 0xffffffff, NULL);
        (void)mem_load(d.m->memory, SLOT + r, 4, &v, NULL);
    }
    ck_assert_uint_eq(rd(&d, R_STATUS), 0);
}
END_TEST

START_TEST(identification)
{
    start(_i);
    ck_assert_uint_eq(rd(&d, R_ID), 77);
    ck_assert_uint_eq(rd(&d, R_VERSION), _i ? 2 : 1);
    wr(&d, R_QUEUE_SEL, 2);
    ck_assert_uint_eq(rd(&d, R_QUEUE_MAX), 64);
    wr(&d, R_QUEUE_SEL, 3);
    ck_assert_uint_eq(rd(&d, R_QUEUE_MAX), 0);
    ck_assert_uint_eq(rd(&d, R_SHM_LEN), 0xffffffff); /* 4.2.2.1: no such region */
    ck_assert_uint_eq(rd(&d, R_SHM_LEN + 4), 0xffffffff);
}
END_TEST

/* Words 0 and 1 hold the features; there are none above. A legacy driver sees 32. */
START_TEST(feature_words)
{
    start(_i);
    uint64_t rings = BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) | BIT(VIRTIO_F_ANY_LAYOUT);
    uint64_t modern = BIT(VIRTIO_F_VERSION_1) | BIT(41) | BIT(VIRTIO_F_RING_RESET);
    ck_assert_uint_eq(driver_offered(&d), BIT(3) | rings | (_i ? modern : 0));
    wr(&d, R_DEV_FEATURES_SEL, 2);
    ck_assert_uint_eq(rd(&d, R_DEV_FEATURES), 0);
    wr(&d, R_DRV_FEATURES_SEL, 2);
    wr(&d, R_DRV_FEATURES, 0xff);
    ck_assert_uint_eq(d.v->driver_features, 0);
    virtio_offer(d.v, VIRTIO_F_EVENT_IDX, false);
    ck_assert(!(driver_offered(&d) & BIT(VIRTIO_F_EVENT_IDX)));
}
END_TEST

/* 3.1.1, 2.2.2, 6.1 */
START_TEST(negotiation)
{
    start(true);
    ck_assert(!driver_negotiate(&d, BIT(5)));      /* not offered */
    wr(&d, R_STATUS, 0);
    wr(&d, R_STATUS, 3);
    wr(&d, R_DRV_FEATURES_SEL, 0);
    wr(&d, R_DRV_FEATURES, BIT(3));
    wr(&d, R_STATUS, 11);
    ck_assert_uint_eq(rd(&d, R_STATUS), 3);        /* without VERSION_1 */
    wr(&d, R_STATUS, 7);
    ck_assert_uint_eq(rd(&d, R_STATUS), 3);        /* DRIVER_OK without FEATURES_OK */
    ck_assert(driver_negotiate(&d, BIT(3) | BIT(41)));
    ck_assert_uint_eq(rd(&d, R_STATUS), 11);
    wr(&d, R_DRV_FEATURES_SEL, 0);
    wr(&d, R_DRV_FEATURES, 0);                     /* too late */
    ck_assert(virtio_has(d.v, 3));
    driver_ok(&d);
    wr(&d, R_STATUS, 15 | VIRTIO_NEEDS_RESET);     /* the device's bit */
    ck_assert_uint_eq(rd(&d, R_STATUS), 15);
    wr(&d, R_STATUS, 15 | VIRTIO_FAILED);
    ck_assert_uint_eq(rd(&d, R_STATUS), 15 | VIRTIO_FAILED);
    wr(&d, R_STATUS, 0);
    ck_assert_uint_eq(rd(&d, R_STATUS), 0);
    ck_assert(!virtio_has(d.v, 3));
}
END_TEST

/* 4.2.3.2: size and addresses are set, then the queue is made ready and stays as it is. */
START_TEST(queue_configuration)
{
    start(true);
    ck_assert(driver_negotiate(&d, 0));
    wr(&d, R_QUEUE_SEL, 1);
    ck_assert_uint_eq(rd(&d, R_READY), 0);
    static const struct { uint32_t size, is; } sizes[] = {
        { 16, 16 }, { 0, 16 }, { 65, 16 }, { 128, 16 }, { 24, 16 }, { 64, 64 }, { 1, 1 }, { 8, 8 },
    };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        wr(&d, R_QUEUE_NUM, sizes[i].size);
        ck_assert_uint_eq(d.v->queue[1].size, sizes[i].is);
    }
    wr(&d, R_DESC, 0x11111110);
    wr(&d, R_DESC + 4, 1);
    wr(&d, R_DRIVER, 0x22222220);
    wr(&d, R_DRIVER + 4, 2);
    wr(&d, R_DEVICE, 0x33333330);
    wr(&d, R_DEVICE + 4, 3);
    wr(&d, R_READY, 1);
    ck_assert_uint_eq(rd(&d, R_READY), 1);
    wr(&d, R_DESC, 0);
    wr(&d, R_QUEUE_NUM, 4);
    ck_assert_uint_eq(d.v->queue[1].desc, 0x111111110);
    ck_assert_uint_eq(d.v->queue[1].avail, 0x222222220);
    ck_assert_uint_eq(d.v->queue[1].used, 0x333333330);
    ck_assert_uint_eq(d.v->queue[1].size, 8);
    ck_assert_uint_eq(d.v->queue[0].enabled | d.v->queue[2].enabled, 0);
    wr(&d, R_READY, 0);
    ck_assert_uint_eq(rd(&d, R_READY), 0);
    wr(&d, R_QUEUE_RESET, 1); /* not negotiated: without effect */
    ck_assert_uint_eq(d.v->queue[1].size, 8);
    wr(&d, R_PFN, 5);         /* a register of the other version */
    ck_assert_uint_eq(rd(&d, R_PFN), 0);
    ck_assert_uint_eq(d.v->queue[1].enabled, 0);
}
END_TEST

/* A notification reaches its queue if that is there, ready and the driver is. */
START_TEST(notification)
{
    struct plain *p = start(true);

    ck_assert(driver_negotiate(&d, 0));
    driver_queue(&d, 1, 8);
    wr(&d, R_NOTIFY, 1);
    ck_assert_uint_eq(p->notified[1], 0);
    driver_ok(&d);                    /* tells the ready ones */
    ck_assert_uint_eq(p->notified[1], 1);
    wr(&d, R_NOTIFY, 1);
    ck_assert_uint_eq(p->notified[1], 2);
    wr(&d, R_NOTIFY, 0);
    wr(&d, R_NOTIFY, 3);
    wr(&d, R_NOTIFY, 0x10001);
    wr(&d, R_NOTIFY, 0xffffffff);
    ck_assert_uint_eq(p->notified[0] + p->notified[2], 0);
    ck_assert_uint_eq(p->notified[1], 2);
}
END_TEST

/* 2.5, 4.2.2.2: any width, and a generation that moves when the bytes do. */
START_TEST(configuration)
{
    struct plain *p = start(_i);

    ck_assert_uint_eq(io_read(&d, R_CONFIG, 1), 0x10);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 2, 2), 0x1312);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 4, 4), 0x17161514);
    ck_assert_uint_eq(io_read(&d, R_CONFIG, 8), 0x1716151413121110);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 8, 8), 0x1b1a1918); /* 12 bytes, no more */
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 0xfc, 4), 0);
    io_write(&d, R_CONFIG + 4, 4, 0x44332211);
    ck_assert_uint_eq(p->config_writes, 0x11223344);
    io_write(&d, R_CONFIG + 12, 4, ~0u);
    ck_assert_uint_eq(p->config_writes, 0x11223344);
    uint32_t generation = rd(&d, R_GENERATION);
    virtio_config_changed(d.v);
    ck_assert_uint_ne(rd(&d, R_GENERATION), generation);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 0); /* nobody drives it yet */
    wr(&d, R_STATUS, 3);
    if (_i) {
        ck_assert(driver_negotiate(&d, 0));
        driver_ok(&d);
    } else {
        wr(&d, R_STATUS, 7);
    }
    virtio_config_changed(d.v);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 2);
    ck_assert(d.level);
    wr(&d, R_INT_ACK, 1);
    ck_assert(d.level);
    wr(&d, R_INT_ACK, 2);
    ck_assert(!d.level);
}
END_TEST

/* A reset by the driver lets the line go. */
START_TEST(reset_clears_interrupt)
{
    start(true);
    ck_assert(driver_negotiate(&d, 0));
    driver_ok(&d);
    virtio_break(d.v, "test");
    ck_assert(d.level);
    ck_assert_uint_eq(rd(&d, R_STATUS), 15 | VIRTIO_NEEDS_RESET);
    wr(&d, R_STATUS, 15); /* cannot be taken back */
    ck_assert_uint_eq(rd(&d, R_STATUS), 15 | VIRTIO_NEEDS_RESET);
    wr(&d, R_STATUS, 0);
    ck_assert(!d.level);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 0);
}
END_TEST

/* 2.7.2 with 4.2.4: pages of GuestPageSize, used ring at the next multiple of QueueAlign. */
static const struct { uint32_t page, align, size, pfn; uint64_t desc, avail, used; } rings[] = {
    { 4096, 4096, 64, 0x80000, 0x80000000, 0x80000400, 0x80001000 },
    { 4096, 4096, 8, 0x80001, 0x80001000, 0x80001080, 0x80002000 },
    { 4096, 16, 8, 0x80001, 0x80001000, 0x80001080, 0x800010a0 },  /* 0x1080 + 6 + 16 */
    { 65536, 4096, 16, 0x8001, 0x80010000, 0x80010100, 0x80011000 },
};
START_TEST(legacy_rings)
{
    start(false);
    wr(&d, R_STATUS, 3);
    wr(&d, R_PAGE_SIZE, rings[_i].page);
    wr(&d, R_QUEUE_SEL, 2);
    ck_assert_uint_eq(rd(&d, R_PFN), 0);
    wr(&d, R_QUEUE_NUM, rings[_i].size);
    wr(&d, R_QUEUE_ALIGN, rings[_i].align);
    wr(&d, R_PFN, rings[_i].pfn);
    ck_assert_uint_eq(rd(&d, R_PFN), rings[_i].pfn);
    ck_assert_uint_eq(d.v->queue[2].desc, rings[_i].desc);
    ck_assert_uint_eq(d.v->queue[2].avail, rings[_i].avail);
    ck_assert_uint_eq(d.v->queue[2].used, rings[_i].used);
    ck_assert_uint_eq(d.v->queue[2].enabled, 1);
    wr(&d, R_READY, 0);    /* registers of the other version */
    wr(&d, R_DESC, 0);
    ck_assert_uint_eq(d.v->queue[2].enabled, 1);
    ck_assert_uint_eq(rd(&d, R_READY), 0);
    wr(&d, R_PFN, 0);      /* the driver stops using the queue; the others go on */
    ck_assert_uint_eq(d.v->queue[2].enabled, 0);
    ck_assert_uint_eq(rd(&d, R_STATUS), 3);
}
END_TEST

/* 3.1.2, 6.3: no FEATURES_OK; what was not offered, VERSION_1 above all, is not there. */
START_TEST(legacy_negotiation)
{
    struct plain *p = start(false);

    wr(&d, R_STATUS, 1);
    wr(&d, R_STATUS, 3);
    for (uint32_t i = 0; i < 2; i++) {
        wr(&d, R_DRV_FEATURES_SEL, i);
        wr(&d, R_DRV_FEATURES, 0xffffffff);
    }
    wr(&d, R_PAGE_SIZE, 4096);
    wr(&d, R_QUEUE_SEL, 0);
    wr(&d, R_QUEUE_NUM, 8);
    wr(&d, R_QUEUE_ALIGN, 4096);
    wr(&d, R_PFN, RAM_AT >> 12);
    wr(&d, R_STATUS, 7);
    ck_assert_uint_eq(rd(&d, R_STATUS), 7);
    ck_assert(virtio_has(d.v, 3));
    ck_assert(!virtio_has(d.v, 5));
    ck_assert(!virtio_has(d.v, VIRTIO_F_VERSION_1));
    ck_assert(!virtio_has(d.v, VIRTIO_F_RING_PACKED));
    ck_assert_uint_eq(p->notified[0], 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio.mmio");
    TCase *t = tcase_create("registers");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, generic, 0, 2 * KINDS);
    tcase_add_loop_test(t, empty_slot, 0, 2);
    tcase_add_loop_test(t, identification, 0, 2);
    tcase_add_loop_test(t, feature_words, 0, 2);
    tcase_add_test(t, negotiation);
    tcase_add_test(t, queue_configuration);
    tcase_add_test(t, notification);
    tcase_add_loop_test(t, configuration, 0, 2);
    tcase_add_test(t, reset_clears_interrupt);
    tcase_add_loop_test(t, legacy_rings, 0, ARRAY_LEN(rings));
    tcase_add_test(t, legacy_negotiation);
    suite_add_tcase(s, t);
    return s;
}
