/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-net (virtio 1.2, 5.1): headers, buffers and the configuration. */
#include "devices/backend/net_impl.h"
#include "devices/virtio/devices.h"
#include "test/devices/virtio/driver.h"
#include <stdio.h>

enum { F_MAC = 5, F_MRG_RXBUF = 15, F_STATUS = 16, F_CTRL_VQ = 17, F_CTRL_RX = 18, F_CTRL_VLAN = 19,
       F_CTRL_RX_EXTRA = 20, F_CTRL_MAC_ADDR = 23 };
enum { RX, TX, CONTROL };
enum { BUFFER = DATA + 0x10000, COMMAND = DATA + 0x8000, ACK = DATA + 0x7000 };
enum { OK = 0, ERR = 1 };

static struct driver d;
static struct host *h;
static struct net_backend *net;
static struct err e;
static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

/* The far end of the cable keeps the last frame. */
static struct {
    unsigned n;
    size_t length;
    uint8_t frame[NET_MAX_FRAME];
} far;
static void far_send(struct net_backend *n, const uint8_t *frame, size_t length)
{
    (void)n;
    far.n++;
    far.length = length;
    memcpy(far.frame, frame, length);
}
static const struct net_kind far_end = { .name = "far", .send = far_send };

static void build(bool modern)
{
    memset(&far, 0, sizeof(far));
    driver_create(&d, modern);
    ck_assert_int_eq(host_create(&h, d.m, &e), 0);
    ck_assert_msg(net_open(&net, h, "none", &e) == 0, "%s", e.text);
    net->kind = &far_end;
    net->link_up = true;
    struct virtio *v = virtio_net_create(d.m, "nic", net, mac, &e);
    ck_assert_msg(v != NULL, "%s", e.text);
    virtio_offer(v, VIRTIO_F_RING_PACKED, true);
    driver_attach(&d, v);
}

static void start(bool packed, uint64_t features)
{
    build(true);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, features));
    driver_queue(&d, RX, 64);
    driver_queue(&d, TX, 64);
    driver_ok(&d);
}

static void teardown(void)
{
    host_destroy(h);
    driver_destroy(&d);
}

static void frame_arrives(size_t length)
{
    uint8_t frame[NET_MAX_FRAME];
    for (size_t i = 0; i < length; i++)
        frame[i] = (uint8_t)(i * 7 + (i >> 8));
    net_arrived(net, frame, length);
    host_poll(h, 0);
}

static void check_bytes(uint64_t addr, size_t from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(*ram(&d, addr + i), (uint8_t)((from + i) * 7 + ((from + i) >> 8)));
}

/* 5.1.6: the header of a modern driver has num_buffers, mergeable or not. */
START_TEST(receive_into_one_buffer)
{
    bool packed = _i & 1, mergeable = _i & 2;
    const struct buf b = { BUFFER, 1526, true };
    uint32_t id, length;

    start(packed, mergeable ? BIT(F_MRG_RXBUF) : 0);
    memset(ram(&d, BUFFER), 0xff, 12);
    uint16_t head = driver_add(&d, RX, &b, 1);
    frame_arrives(60);
    ck_assert(driver_used(&d, RX, &id, &length));
    ck_assert_uint_eq(id, head);
    ck_assert_uint_eq(length, 72);
    static const uint8_t header[12] = { [10] = 1 };
    ck_assert_mem_eq(ram(&d, BUFFER), header, 12);
    check_bytes(BUFFER + 12, 0, 60);
    ck_assert_uint_eq(d.raised, 1);
}
END_TEST

/* 5.1.6.4: header and data in buffers of their own. */
START_TEST(receive_into_a_chain)
{
    const struct buf b[] = { { BUFFER, 12, true }, { BUFFER + 0x100, 40, true },
                             { BUFFER + 0x200, 500, true } };
    uint32_t id, length;

    start(_i, 0);
    driver_add(&d, RX, b, 3);
    frame_arrives(100);
    ck_assert(driver_used(&d, RX, &id, &length));
    ck_assert_uint_eq(length, 112);
    check_bytes(BUFFER + 0x100, 0, 40);
    check_bytes(BUFFER + 0x200, 40, 60);
}
END_TEST

/* 5.1.6.3.2: 1000 bytes into mergeable buffers of 200: 188 + 4 * 200 + 12. */
START_TEST(mergeable_buffers)
{
    uint32_t id, length, used[6] = { 200, 200, 200, 200, 200, 12 };

    start(_i, BIT(F_MRG_RXBUF));
    for (uint32_t k = 0; k < 8; k++)
        driver_add(&d, RX, &(struct buf){ BUFFER + 0x100 * k, 200, true }, 1);
    frame_arrives(1000);
    for (uint32_t k = 0; k < 6; k++) {
        ck_assert(driver_used(&d, RX, &id, &length));
        ck_assert_uint_eq(length, used[k]);
        check_bytes(BUFFER + 0x100 * k + (k ? 0 : 12), k ? 188 + 200 * (k - 1) : 0, k ? used[k] : 188);
    }
    ck_assert(!driver_used(&d, RX, &id, &length));
    ck_assert_uint_eq(ld_le16(ram(&d, BUFFER + 10)), 6);
    frame_arrives(20); /* the two left serve the next */
    ck_assert(driver_used(&d, RX, &id, &length));
    ck_assert_uint_eq(length, 32);
}
END_TEST

/* What does not fit is lost; the buffers are not. */
START_TEST(frame_does_not_fit)
{
    bool packed = _i & 1, mergeable = _i & 2;
    uint32_t id, length;

    start(packed, mergeable ? BIT(F_MRG_RXBUF) : 0);
    driver_add(&d, RX, &(struct buf){ BUFFER, 100, true }, 1);
    driver_add(&d, RX, &(struct buf){ BUFFER + 0x100, 100, true }, 1);
    frame_arrives(300);
    ck_assert(!driver_used(&d, RX, &id, &length));
    ck_assert_uint_eq(d.raised, 0);
    frame_arrives(88);
    ck_assert(driver_used(&d, RX, &id, &length));
    ck_assert_uint_eq(length, 100);
    check_bytes(BUFFER + 12, 0, 88);
    ck_assert(!driver_used(&d, RX, &id, &length));
}
END_TEST

START_TEST(largest_frame)
{
    uint32_t id, length, sum = 0;

    build(true);
    d.packed = _i;
    ck_assert(driver_negotiate(&d, BIT(F_MRG_RXBUF)));
    driver_queue(&d, RX, 256);
    driver_ok(&d);
    for (uint32_t k = 0; k < 256; k++)
        driver_add(&d, RX, &(struct buf){ BUFFER + 300 * k, 300, true }, 1);
    frame_arrives(NET_MAX_FRAME);
    while (driver_used(&d, RX, &id, &length))
        sum += length;
    ck_assert_uint_eq(sum, NET_MAX_FRAME + 12);
    ck_assert_uint_eq(ld_le16(ram(&d, BUFFER + 10)), 219); /* ceil((65550 + 12) / 300) */
    check_bytes(BUFFER + 12, 0, NET_MAX_FRAME);
}
END_TEST

START_TEST(buffer_smaller_than_header)
{
    start(_i, BIT(F_MRG_RXBUF));
    driver_add(&d, RX, &(struct buf){ BUFFER, 12, true }, 1);
    frame_arrives(60);
    ck_assert(rd(&d, R_STATUS) & VIRTIO_NEEDS_RESET);
}
END_TEST

/* No buffer: the frame waits for one (in the back end). */
START_TEST(frame_waits_for_a_buffer)
{
    uint32_t id, length;
    start(_i, BIT(F_MRG_RXBUF));
    frame_arrives(60);
    host_poll(h, 0);
    driver_add(&d, RX, &(struct buf){ BUFFER, 1526, true }, 1);
    for (int i = 0; i < 20; i++)
        host_poll(h, 2);
    ck_assert(driver_used(&d, RX, &id, &length));
    check_bytes(BUFFER + 12, 0, 60);
}
END_TEST

START_TEST(send_in_one_piece)
{
    start(_i, 0);
    for (uint32_t i = 0; i < 12 + 64; i++)
        *ram(&d, BUFFER + i) = (uint8_t)i;
    driver_expect(&d, TX, driver_add(&d, TX, &(struct buf){ BUFFER, 12 + 64, false }, 1), 0);
    ck_assert_uint_eq(far.n, 1);
    ck_assert_uint_eq(far.length, 64);
    ck_assert_mem_eq(far.frame, ram(&d, BUFFER + 12), 64);
}
END_TEST

START_TEST(send_in_pieces)
{
    const struct buf b[] = { { BUFFER, 7, false }, { BUFFER + 0x100, 35, false },
                             { BUFFER + 0x200, 30, false } };
    start(_i, 0);
    memset(ram(&d, BUFFER + 0x100), 0xee, 5);      /* the rest of the header */
    memset(ram(&d, BUFFER + 0x100) + 5, 0x11, 30);
    memset(ram(&d, BUFFER + 0x200), 0x22, 30);
    driver_expect(&d, TX, driver_add(&d, TX, b, 3), 0);
    ck_assert_uint_eq(far.length, 60);
    for (int i = 0; i < 60; i++)
        ck_assert_uint_eq(far.frame[i], i < 30 ? 0x11 : 0x22);
}
END_TEST

/* Shorter than an Ethernet header: not sent, but given back. Shorter than its own: broken. */
START_TEST(send_too_short)
{
    start(_i, 0);
    driver_expect(&d, TX, driver_add(&d, TX, &(struct buf){ BUFFER, 12 + 13, false }, 1), 0);
    driver_expect(&d, TX, driver_add(&d, TX, &(struct buf){ BUFFER, 12, false }, 1), 0);
    ck_assert_uint_eq(far.n, 0);
    driver_add(&d, TX, &(struct buf){ BUFFER, 11, false }, 1);
    driver_expect_broken(&d, TX);
}
END_TEST

START_TEST(send_too_long)
{
    start(_i, 0);
    driver_expect(&d, TX, driver_add(&d, TX, &(struct buf){ BUFFER, 12 + NET_MAX_FRAME, false }, 1), 0);
    ck_assert_uint_eq(far.length, NET_MAX_FRAME);
    driver_add(&d, TX, &(struct buf){ BUFFER, 13 + NET_MAX_FRAME, false }, 1);
    driver_expect_broken(&d, TX);
}
END_TEST

/* 5.1.6.1: a legacy driver's header has 10 bytes, 12 with mergeable buffers; it may set the MAC. */
START_TEST(legacy)
{
    uint32_t id, length, header = _i ? 12 : 10;
    uint32_t at[] = { RING(0), RING(1) };

    build(false);
    wr(&d, R_STATUS, 3);
    wr(&d, R_DRV_FEATURES_SEL, 0);
    wr(&d, R_DRV_FEATURES, BIT(F_MAC) | (_i ? BIT(F_MRG_RXBUF) : 0));
    wr(&d, R_PAGE_SIZE, 4096);
    for (uint32_t q = 0; q < 2; q++) { /* 16 entries: 0x100 of descriptors, used ring a page on */
        memset(ram(&d, at[q]), 0, 0x4000);
        wr(&d, R_QUEUE_SEL, q);
        wr(&d, R_QUEUE_NUM, 16);
        wr(&d, R_QUEUE_ALIGN, 4096);
        wr(&d, R_PFN, at[q] >> 12);
    }
    wr(&d, R_STATUS, 7);
    put_split(desc(&d, 0, 0), BUFFER, 100, D_WRITE, 0);
    st_le16(ram(&d, at[0] + 0x102), 1);
    frame_arrives(60);
    id = ld_le16(ram(&d, at[0] + 0x1002));
    length = ld_le32(ram(&d, at[0] + 0x1008));
    ck_assert_uint_eq(id, 1);
    ck_assert_uint_eq(length, 60 + header);
    check_bytes(BUFFER + header, 0, 60);
    put_split(desc(&d, 1, 0), BUFFER, header + 20, 0, 0);
    st_le16(ram(&d, at[1] + 0x102), 1);
    wr(&d, R_NOTIFY, 1);
    driver_run(&d, PS_PER_MS);
    ck_assert_uint_eq(far.length, 20);
    io_write(&d, R_CONFIG + 5, 1, 0x99);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 5, 1), 0x99);
    wr(&d, R_STATUS, 0);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 5, 1), 3);
}
END_TEST

START_TEST(configuration)
{
    start(_i, BIT(F_MAC) | BIT(F_STATUS));
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(io_read(&d, R_CONFIG + i, 1), mac[i]);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 6, 2), 1);
    io_write(&d, R_CONFIG + 5, 1, 0x99); /* read-only without a control queue */
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 5, 1), 3);
    uint32_t generation = rd(&d, R_GENERATION);
    ck_assert_int_eq(net_set_link(net, false, &e), 0);
    host_poll(h, 0);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 6, 2), 0);
    ck_assert_uint_ne(rd(&d, R_GENERATION), generation);
    ck_assert_uint_eq(rd(&d, R_INT_STATUS), 2);
}
END_TEST

START_TEST(queue_reset_forgets_transmission)
{
    start(_i, BIT(VIRTIO_F_RING_RESET));
    driver_add(&d, TX, &(struct buf){ BUFFER, 12 + 64, false }, 1);
    driver_kick(&d, TX);
    wr(&d, R_QUEUE_SEL, TX);
    wr(&d, R_QUEUE_RESET, 1);
    driver_run(&d, PS_PER_MS);
    ck_assert_uint_eq(far.n, 0);
    driver_queue(&d, TX, 64);
    driver_expect(&d, TX, driver_add(&d, TX, &(struct buf){ BUFFER, 12 + 64, false }, 1), 0);
    ck_assert_uint_eq(far.n, 1);
}
END_TEST

/* A frame on its way out is sent by the restored machine, once. */
START_TEST(snapshot_while_sending)
{
    uint32_t id, length;
    struct driver old;

    start(_i, 0);
    driver_add(&d, TX, &(struct buf){ BUFFER, 12 + 64, false }, 1);
    driver_kick(&d, TX);
    old = d;
    struct host *old_host = h;
    build(true);
    device_generic_copy(old.m, d.m);
    d.packed = _i;
    memcpy(d.q, old.q, sizeof(d.q));
    driver_run(&d, 100 * PS_PER_US);
    ck_assert_uint_eq(far.n, 1);
    ck_assert_uint_eq(far.length, 64);
    ck_assert(driver_used(&d, TX, &id, &length));
    host_destroy(old_host);
    machine_destroy(old.m);
}
END_TEST

/* ---- control queue (5.1.6.5) ---- */
static const uint64_t all_control = BIT(F_CTRL_VQ) | BIT(F_CTRL_RX) | BIT(F_CTRL_VLAN) |
                                    BIT(F_CTRL_RX_EXTRA) | BIT(F_CTRL_MAC_ADDR);

static void start_control(bool packed, uint64_t features)
{
    build(true);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, features));
    driver_queue(&d, RX, 64);
    driver_queue(&d, TX, 64);
    driver_queue(&d, CONTROL, 64);
    driver_ok(&d);
}

/* Class and command in a buffer of their own, as drivers have it. Returns the answer. */
static uint8_t command(uint8_t class, uint8_t what, const void *data, uint32_t n)
{
    const struct buf b[] = { { COMMAND, 2, false }, { COMMAND + 16, n, false }, { ACK, 1, true } };
    *ram(&d, COMMAND) = class;
    *ram(&d, COMMAND + 1) = what;
    memcpy(ram(&d, COMMAND + 16), data, n);
    *ram(&d, ACK) = 0x77;
    driver_expect(&d, CONTROL, driver_add(&d, CONTROL, b, 3), 1);
    return *ram(&d, ACK);
}

/* Does a frame to this address, in this VLAN (0 = none), arrive? */
static bool arrives(const char *to, uint16_t vlan)
{
    uint8_t frame[64] = { 0 };
    uint32_t id, length;
    memcpy(frame, to, 6);
    st_be16(frame + 12, vlan ? 0x8100 : 0x0800);
    st_be16(frame + 14, 0x6000 | vlan);
    if (!virtio_has_available(d.v, RX))
        driver_add(&d, RX, &(struct buf){ BUFFER, 1526, true }, 1);
    net_arrived(net, frame, sizeof(frame));
    host_poll(h, 0);
    return driver_used(&d, RX, &id, &length);
}

#define OWN   "\x52\x54\x00\x01\x02\x03"
#define OTHER "\x52\x54\x00\x01\x02\x04"
#define MULTI "\x33\x33\x00\x00\x00\x01"
#define BCAST "\xff\xff\xff\xff\xff\xff"

START_TEST(receive_modes)
{
    /* mode that is on, then whether own, other, multicast and broadcast frames come */
    static const struct { int mode; bool own, other, multi, bcast; } rows[] = {
        { -1, true, false, false, true }, { 0, true, true, true, true },  { 1, true, false, true, true },
        { 2, true, true, false, true },   { 3, true, false, false, true }, { 4, false, false, false, true },
        { 5, true, false, false, false },
    };
    start_control(_i, all_control);
    ck_assert(arrives(OTHER, 0) && arrives(MULTI, 0)); /* before the driver says something */
    ck_assert_uint_eq(command(0, 0, "\0", 1), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].mode >= 0)
            ck_assert_uint_eq(command(0, (uint8_t)rows[i].mode, "\1", 1), OK);
        ck_assert_int_eq(arrives(OWN, 0), rows[i].own);
        ck_assert_int_eq(arrives(OTHER, 0), rows[i].other);
        ck_assert_int_eq(arrives(MULTI, 0), rows[i].multi);
        ck_assert_int_eq(arrives(BCAST, 0), rows[i].bcast);
        if (rows[i].mode >= 0)
            ck_assert_uint_eq(command(0, (uint8_t)rows[i].mode, "\0", 1), OK);
    }
}
END_TEST

START_TEST(address_table)
{
    uint8_t large[4 + 65 * 6 + 4 + 6] = { 65 };
    start_control(_i, all_control);
    ck_assert_uint_eq(command(0, 0, "\0", 1), OK);
    ck_assert_uint_eq(command(1, 0, "\1\0\0\0" OTHER "\1\0\0\0" MULTI, 20), OK);
    ck_assert(arrives(OTHER, 0) && arrives(MULTI, 0) && arrives(OWN, 0));
    ck_assert(!arrives("\x52\x54\x00\x01\x02\x05", 0) && !arrives("\x33\x33\x00\x00\x00\x02", 0));
    ck_assert_uint_eq(command(1, 0, "\2\0\0\0" OTHER "\1\0\0\0", 14), ERR); /* cut short: */
    ck_assert(arrives(OTHER, 0) && arrives(MULTI, 0));                       /* nothing changed */
    ck_assert_uint_eq(command(1, 0, "\xff\xff\xff\xff" OTHER, 10), ERR);
    ck_assert_uint_eq(command(1, 0, "\0\0\0\0\0\0\0\0", 8), OK);
    ck_assert(!arrives(OTHER, 0) && !arrives(MULTI, 0));
    ck_assert_uint_eq(command(1, 0, large, 4 + 65 * 6 + 4), OK); /* does not fit: all unicast */
    ck_assert(arrives(OTHER, 0) && !arrives(MULTI, 0));
}
END_TEST

START_TEST(address_and_vlans)
{
    start_control(_i, all_control);
    ck_assert_uint_eq(command(0, 0, "\0", 1), OK);
    ck_assert_uint_eq(command(1, 1, OTHER, 6), OK);
    ck_assert(arrives(OTHER, 0) && !arrives(OWN, 0));
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 5, 1), 4);
    ck_assert(!arrives(OTHER, 5));
    ck_assert_uint_eq(command(2, 0, "\5\0", 2), OK);
    ck_assert_uint_eq(command(2, 0, "\xff\x0f", 2), OK);
    ck_assert(arrives(OTHER, 5) && arrives(OTHER, 4095) && !arrives(OTHER, 6));
    ck_assert_uint_eq(command(2, 1, "\5\0", 2), OK);
    ck_assert(!arrives(OTHER, 5));
    wr(&d, R_STATUS, 0);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 5, 1), 3); /* a reset brings the first address back */
}
END_TEST

START_TEST(refused_commands)
{
    static const struct { uint8_t class, what; uint32_t n; } bad[] = {
        { 0, 6, 1 }, { 0, 0, 0 }, { 1, 1, 5 }, { 1, 2, 6 }, { 1, 0, 3 }, { 2, 2, 2 }, { 2, 0, 1 },
        { 3, 0, 0 }, { 4, 0, 2 }, { 255, 255, 6 },
    };
    start_control(_i & 1, _i & 2 ? all_control : BIT(F_CTRL_VQ));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_uint_eq(command(bad[i].class, bad[i].what, "\1\0\0\0\0\0", bad[i].n), ERR);
    ck_assert_uint_eq(command(2, 0, "\0\x10", 2), ERR); /* VLAN 4096 */
    ck_assert_uint_eq(command(0, 0, "\1", 1), _i & 2 ? OK : ERR);
    driver_add(&d, CONTROL, (const struct buf[]){ { COMMAND, 1, false }, { ACK, 1, true } }, 2);
    driver_expect_broken(&d, CONTROL);
}
END_TEST

/* A UDP frame between the guest, port `guest`, and 10.0.0.9, port 53; out of the guest or into it. */
static void make_udp(uint8_t frame[64], uint16_t guest, bool out)
{
    memset(frame, 0, 64);
    memcpy(frame, OWN, 6);
    st_be16(frame + 12, 0x0800);
    frame[14] = 0x45;
    frame[23] = 17;
    st_be32(frame + (out ? 26 : 30), 0x0a000002);
    st_be32(frame + (out ? 30 : 26), 0x0a000009);
    st_be16(frame + (out ? 34 : 36), guest);
    st_be16(frame + (out ? 36 : 34), 53);
}

/* Which pair receives a frame to guest port `guest`; all have buffers. */
static uint32_t received_by(uint16_t guest)
{
    uint8_t frame[64];
    uint32_t id, length;
    make_udp(frame, guest, false);
    for (uint32_t k = 0; k < 3; k++)
        if (!virtio_has_available(d.v, 2 * k))
            driver_add(&d, 2 * k, &(struct buf){ BUFFER, 1526, true }, 1);
    net_arrived(net, frame, sizeof(frame));
    host_poll(h, 0);
    for (uint32_t k = 0; k < 3; k++)
        if (driver_used(&d, 2 * k, &id, &length))
            return k;
    return 99;
}

/* 5.1.6.5.5: answers come on the pair on which the flow is sent, among those in use. */
START_TEST(steering)
{
    bool other = false;

    build(true);
    ck_assert_int_eq(virtio_net_set_pairs(d.v, 32, &e), ERR_ARG);
    ck_assert_int_eq(virtio_net_set_pairs(d.v, 3, &e), 0);
    d.packed = _i;
    ck_assert(driver_negotiate(&d, all_control | BIT(22)));
    for (uint32_t q = 0; q < 7; q++)
        driver_queue(&d, q, 64);
    driver_ok(&d);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 8, 2), 3);
    for (uint16_t port = 1000; port < 1010; port++)
        ck_assert_uint_eq(received_by(port), 0); /* one pair until told otherwise */
    st_le16(ram(&d, COMMAND), 4);
    for (uint16_t n = 0; n < 5; n++) {
        const struct buf b[] = { { COMMAND, 2, false }, { COMMAND + 16, 2, false }, { ACK, 1, true } };
        st_le16(ram(&d, COMMAND + 16), n);
        driver_expect(&d, 6, driver_add(&d, 6, b, 3), 1);
        ck_assert_uint_eq(*ram(&d, ACK), n >= 1 && n <= 3 ? OK : ERR);
    }
    for (uint32_t k = 0; k < 3; k++) {
        for (uint16_t port = 2000; port < 2003; port++) {
            make_udp(ram(&d, BUFFER + 0x1000 + 12), port, true);
            const struct buf b = { BUFFER + 0x1000, 76, false };
            driver_expect(&d, 2 * k + 1, driver_add(&d, 2 * k + 1, &b, 1), 0);
            ck_assert_uint_eq(received_by(port), k);
        }
    }
    for (uint16_t port = 3000; port < 3020; port++)
        other |= received_by(port) != 0;
    ck_assert(other); /* flows nobody has sent on spread */
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio.net");
    TCase *t = tcase_create("network card");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, receive_into_one_buffer, 0, 4);
    tcase_add_loop_test(t, receive_into_a_chain, 0, 2);
    tcase_add_loop_test(t, mergeable_buffers, 0, 2);
    tcase_add_loop_test(t, frame_does_not_fit, 0, 4);
    tcase_add_loop_test(t, largest_frame, 0, 2);
    tcase_add_loop_test(t, buffer_smaller_than_header, 0, 2);
    tcase_add_loop_test(t, frame_waits_for_a_buffer, 0, 2);
    tcase_add_loop_test(t, send_in_one_piece, 0, 2);
    tcase_add_loop_test(t, send_in_pieces, 0, 2);
    tcase_add_loop_test(t, send_too_short, 0, 2);
    tcase_add_loop_test(t, send_too_long, 0, 2);
    tcase_add_loop_test(t, legacy, 0, 2);
    tcase_add_loop_test(t, configuration, 0, 2);
    tcase_add_loop_test(t, queue_reset_forgets_transmission, 0, 2);
    tcase_add_loop_test(t, snapshot_while_sending, 0, 2);
    tcase_add_loop_test(t, receive_modes, 0, 2);
    tcase_add_loop_test(t, address_table, 0, 2);
    tcase_add_loop_test(t, address_and_vlans, 0, 2);
    tcase_add_loop_test(t, refused_commands, 0, 4);
    tcase_add_loop_test(t, steering, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
