/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-blk (virtio 1.2, 5.2): every request type, its bounds, and where the answer goes. */
#include "devices/virtio/devices.h"
#include "test/devices/virtio/driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { F_SEG_MAX = 2, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9, F_CONFIG_WCE = 11, F_MQ = 12,
       F_DISCARD = 13, F_WRITE_ZEROES = 14 };
enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, ZEROES = 13 };
enum { OK = 0, IOERR = 1, UNSUPP = 2, NONE = 0xee };
enum { HEADER = DATA, STATUS = DATA + 0x40, BUFFER = DATA + 0x1000, SECTORS = 128 };

static struct driver d;
static struct block *disk;
static struct err e;
static const uint64_t all = BIT(F_SEG_MAX) | BIT(F_BLK_SIZE) | BIT(F_FLUSH) | BIT(F_CONFIG_WCE) |
                            BIT(F_DISCARD) | BIT(F_WRITE_ZEROES);

static void build(struct block *b, uint32_t queues)
{
    driver_create(&d, true);
    disk = b;
    struct virtio *v = virtio_blk_create(d.m, "disk", disk, "a serial number of more than 20", &e);
    ck_assert_msg(v != NULL, "%s", e.text);
    ck_assert_int_eq(virtio_blk_set_queues(v, queues, &e), 0);
    virtio_offer(v, VIRTIO_F_RING_PACKED, true);
    driver_attach(&d, v);
}

/* 64 KiB, sector k filled with k + 1. */
static struct block *memory_disk(void)
{
    struct block *b;
    uint8_t sector[512];
    ck_assert_int_eq(block_create_memory(&b, SECTORS * 512, &e), 0);
    for (uint64_t k = 0; k < SECTORS; k++) {
        memset(sector, (int)k + 1, 512);
        ck_assert_int_eq(block_write(b, k * 512, sector, 512, &e), 0);
    }
    return b;
}

static void start(bool packed, uint64_t features)
{
    build(memory_disk(), 1);
    d.packed = packed;
    ck_assert(driver_negotiate(&d, features));
    driver_queue(&d, 0, 32);
    driver_ok(&d);
}

static void teardown(void)
{
    driver_destroy(&d);
    ck_assert_int_eq(block_close(disk, &e), 0);
}

static void put_header(uint32_t type, uint64_t sector)
{
    st_le32(ram(&d, HEADER), type);
    st_le32(ram(&d, HEADER + 4), 0);
    st_le64(ram(&d, HEADER + 8), sector);
    *ram(&d, STATUS) = NONE;
}

/* One request with one data buffer; the used length must be `used`. Returns the status. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t length, bool from_device, uint32_t used)
{
    const struct buf b[] = { { HEADER, 16, false }, { BUFFER, length, from_device }, { STATUS, 1, true } };
    const struct buf none[] = { { HEADER, 16, false }, { STATUS, 1, true } };
    put_header(type, sector);
    uint16_t head = length ? driver_add(&d, 0, b, 3) : driver_add(&d, 0, none, 2);
    driver_expect(&d, 0, head, used);
    return *ram(&d, STATUS);
}

static void expect_sector(uint64_t sector, uint8_t byte)
{
    uint8_t is[512], wanted[512];
    memset(wanted, byte, 512);
    ck_assert_int_eq(block_read(disk, sector * 512, is, 512, &e), 0);
    ck_assert_mem_eq(is, wanted, 512);
}

START_TEST(read_and_write)
{
    start(_i, all);
    ck_assert_uint_eq(request(IN, 3, 1024, true, 1025), OK);
    ck_assert_uint_eq(*ram(&d, BUFFER), 4);
    ck_assert_uint_eq(*ram(&d, BUFFER + 1023), 5);
    memset(ram(&d, BUFFER), 0xc3, 1536);
    ck_assert_uint_eq(request(OUT, 125, 1536, false, 1), OK);
    expect_sector(124, 125);
    expect_sector(125, 0xc3);
    expect_sector(127, 0xc3);
}
END_TEST

/* It takes its time, and interrupts once. */
START_TEST(completion)
{
    uint32_t id, length;
    start(_i, all);
    put_header(IN, 0);
    const struct buf b[] = { { HEADER, 16, false }, { BUFFER, 512, true }, { STATUS, 1, true } };
    driver_add(&d, 0, b, 3);
    driver_add(&d, 0, b, 3);
    driver_kick(&d, 0);
    ck_assert(!driver_used(&d, 0, &id, &length));
    driver_run(&d, 19 * PS_PER_US);
    ck_assert(!driver_used(&d, 0, &id, &length));
    driver_run(&d, PS_PER_US);
    ck_assert(driver_used(&d, 0, &id, &length) && driver_used(&d, 0, &id, &length));
    ck_assert_uint_eq(d.raised, 1);
}
END_TEST

/* 5.2.6.2: what lies outside, or is no multiple of a sector, is an error and moves nothing. */
static const struct { uint64_t sector; uint32_t length; uint8_t status; } bounds[] = {
    { 127, 512, OK },   { 127, 1024, IOERR }, { 128, 512, IOERR }, { 128, 0, OK }, { 129, 0, IOERR },
    { ~0ull, 512, IOERR }, { 1ull << 55, 512, IOERR }, { (1ull << 55) - 1, 1024, IOERR },
    { 0, 511, IOERR },  { 0, 513, IOERR },    { 0, 65536, OK },    { 0, 66048, IOERR },
};
START_TEST(limits)
{
    start(false, all);
    uint8_t want = bounds[_i].status;
    uint32_t n = bounds[_i].length;
    memset(ram(&d, BUFFER), 0x77, 70000);
    /* An error's used length covers what was written from the start without a gap: nothing. */
    ck_assert_uint_eq(request(IN, bounds[_i].sector, n, true, want == OK || n == 0 ? n + 1 : 0), want);
    if (want != OK)
        ck_assert_uint_eq(*ram(&d, BUFFER), 0x77);
    ck_assert_uint_eq(request(OUT, bounds[_i].sector, n, false, 1), want);
}
END_TEST

/* 2.7.4 with ANY_LAYOUT and VERSION_1: no rule says how the parts are cut into buffers. */
START_TEST(framing)
{
    const struct buf in[] = { { HEADER, 5, false }, { HEADER + 5, 11, false }, { BUFFER, 100, true },
                              { BUFFER + 0x400, 412, true }, { BUFFER + 0x800, 513, true } };
    const struct buf out[] = { { HEADER, 16 + 512, false }, { STATUS, 1, true } };

    start(_i, all);
    put_header(IN, 9);
    driver_expect(&d, 0, driver_add(&d, 0, in, 5), 1025);
    ck_assert_uint_eq(*ram(&d, BUFFER + 99), 10);
    ck_assert_uint_eq(*ram(&d, BUFFER + 100), 0);
    ck_assert_uint_eq(*ram(&d, BUFFER + 0x400), 10);
    ck_assert_uint_eq(*ram(&d, BUFFER + 0x400 + 411), 10);
    ck_assert_uint_eq(*ram(&d, BUFFER + 0x800), 11);
    ck_assert_uint_eq(*ram(&d, BUFFER + 0x800 + 511), 11);
    ck_assert_uint_eq(*ram(&d, BUFFER + 0x800 + 512), OK); /* the last byte is the status */
    put_header(OUT, 20);
    memset(ram(&d, HEADER + 16), 0xab, 512);
    *ram(&d, STATUS) = 0xab; /* lies within the data, as it happens */
    driver_expect(&d, 0, driver_add(&d, 0, out, 2), 1);
    expect_sector(20, 0xab);
}
END_TEST

START_TEST(without_header_or_status)
{
    const struct buf cases[][2] = { { { HEADER, 15, false }, { STATUS, 1, true } },
                                    { { HEADER, 16, false }, { BUFFER, 512, false } },
                                    { { BUFFER, 512, true }, { STATUS, 1, true } } };
    start(_i & 1, all);
    put_header(IN, 0);
    driver_add(&d, 0, cases[_i / 2], 2);
    driver_expect_broken(&d, 0);
}
END_TEST

START_TEST(flush_and_identity)
{
    start(_i, all);
    ck_assert_uint_eq(request(FLUSH, 0, 0, false, 1), OK);
    memset(ram(&d, BUFFER), 0x55, 32);
    ck_assert_uint_eq(request(GET_ID, 0, 20, true, 21), OK);
    ck_assert_mem_eq(ram(&d, BUFFER), "a serial number of m", 20);
    ck_assert_uint_eq(request(GET_ID, 0, 32, true, 20), OK); /* 20 bytes, then a gap */
    ck_assert_uint_eq(request(GET_ID, 0, 4, true, 5), OK);
}
END_TEST

static const uint32_t unknown[] = { 2, 3, 5, 9, 10, 12, 14, 0x80000000, 0xffffffff };
START_TEST(other_types)
{
    start(false, all);
    ck_assert_uint_eq(request(unknown[_i], 0, 512, false, 1), UNSUPP);
}
END_TEST

static uint8_t range(uint32_t type, uint64_t sector, uint32_t count, uint32_t flags, uint32_t length)
{
    st_le64(ram(&d, BUFFER), sector);
    st_le32(ram(&d, BUFFER + 8), count);
    st_le32(ram(&d, BUFFER + 12), flags);
    return request(type, 0, length, false, 1);
}

START_TEST(write_zeroes)
{
    start(_i, all);
    ck_assert_uint_eq(range(ZEROES, 4, 2, 0, 16), OK);
    expect_sector(3, 4);
    expect_sector(4, 0);
    expect_sector(5, 0);
    expect_sector(6, 7);
    ck_assert_uint_eq(range(ZEROES, 6, 1, 1, 16), OK);      /* unmap */
    expect_sector(6, 0);
    ck_assert_uint_eq(range(ZEROES, 7, 1, 2, 16), UNSUPP);  /* a flag nobody knows */
    ck_assert_uint_eq(range(ZEROES, 127, 2, 0, 16), IOERR);
    ck_assert_uint_eq(range(ZEROES, ~0ull, 2, 0, 16), IOERR);
    ck_assert_uint_eq(range(ZEROES, 0, ~0u, 0, 16), IOERR);
    ck_assert_uint_eq(range(ZEROES, 8, 1, 0, 15), IOERR);
    ck_assert_uint_eq(range(ZEROES, 8, 1, 0, 32), IOERR);   /* max_write_zeroes_seg is 1 */
    expect_sector(7, 8);
    expect_sector(8, 9);
    expect_sector(127, 128);
}
END_TEST

START_TEST(discard)
{
    start(_i, all);
    ck_assert_uint_eq(range(DISCARD, 0, 128, 0, 16), OK);
    ck_assert_uint_eq(range(DISCARD, 0, 1, 1, 16), UNSUPP); /* unmap belongs to write zeroes */
    ck_assert_uint_eq(range(DISCARD, 1, 128, 0, 16), IOERR);
    ck_assert_uint_eq(range(DISCARD, 128, 0, 0, 16), OK);
}
END_TEST

START_TEST(what_was_not_negotiated)
{
    start(_i, BIT(F_FLUSH));
    ck_assert_uint_eq(range(DISCARD, 0, 1, 0, 16), UNSUPP);
    ck_assert_uint_eq(range(ZEROES, 0, 1, 0, 16), UNSUPP);
    expect_sector(0, 1);
}
END_TEST

/* 5.2.4 */
START_TEST(configuration)
{
    start(false, all);
    ck_assert_uint_eq(rd(&d, R_CONFIG), SECTORS);
    ck_assert_uint_eq(rd(&d, R_CONFIG + 4), 0);
    ck_assert_uint_eq(rd(&d, R_CONFIG + 12), 254);                /* seg_max: the queue less two */
    ck_assert_uint_eq(rd(&d, R_CONFIG + 20), 512);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 34, 2), 1);          /* num_queues */
    ck_assert_uint_eq(rd(&d, R_CONFIG + 40), 1);
    ck_assert_uint_ge(rd(&d, R_CONFIG + 44), 1);
    ck_assert_uint_eq(rd(&d, R_CONFIG + 52), 1);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 56, 1), 1);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 57, 1), 0);
    ck_assert_uint_eq(driver_offered(&d) & (all | BIT(F_RO) | BIT(F_MQ)), all);
}
END_TEST

/* 5.2.5.2: writeback can be switched if CONFIG_WCE is there; without FLUSH it is off. */
START_TEST(write_cache)
{
    start(false, all);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 32, 1), 1);
    io_write(&d, R_CONFIG + 32, 1, 0);
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 32, 1), 0);
    ck_assert_uint_eq(request(OUT, 1, 512, false, 1), OK);
    ck_assert(driver_negotiate(&d, BIT(F_CONFIG_WCE)));
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 32, 1), 0);
    ck_assert(driver_negotiate(&d, BIT(F_FLUSH)));
    io_write(&d, R_CONFIG + 32, 1, 0); /* not negotiated */
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 32, 1), 1);
}
END_TEST

START_TEST(read_only)
{
    char path[] = "/tmp/orrery-blk-XXXXXX";
    struct block_options o;
    struct block *b;
    int fd = mkstemp(path);
    ck_assert_int_eq(ftruncate(fd, 8192), 0);
    close(fd);
    char spec[100];
    snprintf(spec, sizeof(spec), "file=%s,format=raw,readonly=on", path);
    ck_assert_msg(block_parse(&o, spec, &e) == 0, "%s", e.text);
    ck_assert_msg(block_open(&b, &o, NULL, &e) == 0, "%s", e.text);
    unlink(path);
    build(b, 1);
    ck_assert_uint_eq(driver_offered(&d) & (BIT(F_RO) | BIT(F_DISCARD) | BIT(F_WRITE_ZEROES)), BIT(F_RO));
    ck_assert(driver_negotiate(&d, BIT(F_RO)));
    driver_queue(&d, 0, 32);
    driver_ok(&d);
    ck_assert_uint_eq(request(IN, 0, 512, true, 513), OK);
    ck_assert_uint_eq(request(OUT, 0, 512, false, 1), IOERR);
    ck_assert_uint_eq(range(DISCARD, 0, 1, 0, 16), IOERR);
    ck_assert_uint_eq(range(ZEROES, 0, 1, 0, 16), IOERR);
    ck_assert_uint_eq(request(FLUSH, 0, 0, false, 1), OK);
}
END_TEST

/* 5.2.4 num_queues: each queue answers on its own; one that is reset leaves the others alone. */
START_TEST(many_queues)
{
    const struct buf b[] = { { HEADER, 16, false }, { BUFFER, 512, true }, { STATUS, 1, true } };
    uint32_t id, length;

    build(memory_disk(), 4);
    d.packed = _i;
    ck_assert(driver_offered(&d) & BIT(F_MQ));
    ck_assert_uint_eq(io_read(&d, R_CONFIG + 34, 2), 4);
    ck_assert(driver_negotiate(&d, BIT(F_MQ) | BIT(VIRTIO_F_RING_RESET)));
    for (uint32_t q = 0; q < 4; q++)
        driver_queue(&d, q, 16);
    driver_ok(&d);
    put_header(IN, 2);
    for (uint32_t q = 0; q < 4; q++) {
        driver_add(&d, q, b, 3);
        driver_kick(&d, q);
    }
    wr(&d, R_QUEUE_SEL, 1);
    wr(&d, R_QUEUE_RESET, 1);
    driver_run(&d, 100 * PS_PER_US);
    for (uint32_t q = 0; q < 4; q++)
        ck_assert_int_eq(driver_used(&d, q, &id, &length), q != 1);
    driver_queue(&d, 1, 8);
    driver_expect(&d, 1, driver_add(&d, 1, b, 3), 513);
    ck_assert_int_eq(virtio_blk_set_queues(d.v, 0, &e), ERR_ARG);
    ck_assert_int_eq(virtio_blk_set_queues(d.v, VIRTIO_QUEUES + 1, &e), ERR_ARG);
}
END_TEST

/* A buffer that leaves memory half-way: no answer, and what is on the disk was in memory. */
START_TEST(buffer_leaves_memory)
{
    const struct buf b[] = { { HEADER, 16, false }, { RAM_AT + RAM_SIZE - 256, 512, false },
                             { STATUS, 1, true } };
    start(_i, all);
    put_header(OUT, 0);
    driver_add(&d, 0, b, 3);
    driver_expect_broken(&d, 0);
    ck_assert_uint_eq(*ram(&d, STATUS), NONE);
}
END_TEST

/* A request in flight is carried out by the restored machine. */
START_TEST(snapshot_in_flight)
{
    const struct buf b[] = { { HEADER, 16, false }, { BUFFER, 512, true }, { STATUS, 1, true } };
    struct driver old;
    uint32_t id, length;

    start(_i, all);
    put_header(IN, 2);
    uint16_t head = driver_add(&d, 0, b, 3);
    driver_kick(&d, 0);
    old = d;
    build(disk, 1);
    device_generic_copy(old.m, d.m);
    d.packed = _i;
    memcpy(d.q, old.q, sizeof(d.q));
    driver_run(&d, 100 * PS_PER_US);
    ck_assert(driver_used(&d, 0, &id, &length));
    ck_assert_uint_eq(id, head);
    ck_assert_uint_eq(*ram(&d, BUFFER), 3);
    machine_destroy(old.m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio.blk");
    TCase *t = tcase_create("disk");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, read_and_write, 0, 2);
    tcase_add_loop_test(t, completion, 0, 2);
    tcase_add_loop_test(t, limits, 0, ARRAY_LEN(bounds));
    tcase_add_loop_test(t, framing, 0, 2);
    tcase_add_loop_test(t, without_header_or_status, 0, 6);
    tcase_add_loop_test(t, flush_and_identity, 0, 2);
    tcase_add_loop_test(t, other_types, 0, ARRAY_LEN(unknown));
    tcase_add_loop_test(t, write_zeroes, 0, 2);
    tcase_add_loop_test(t, discard, 0, 2);
    tcase_add_loop_test(t, what_was_not_negotiated, 0, 2);
    tcase_add_test(t, configuration);
    tcase_add_test(t, write_cache);
    tcase_add_test(t, read_only);
    tcase_add_loop_test(t, many_queues, 0, 2);
    tcase_add_loop_test(t, buffer_leaves_memory, 0, 2);
    tcase_add_loop_test(t, snapshot_in_flight, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
