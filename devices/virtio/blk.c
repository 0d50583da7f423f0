/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio block device (5.2). A request completes BLK_LATENCY after the driver's
 * notification, those of one queue in order, the queues in turn; the host's disk is read
 * or written at that moment, straight from and to the guest's memory.
 */
#include "devices/virtio/devices.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

#define BLK_LATENCY   (20 * PS_PER_US)
#define BLK_BATCH     (16u << 20) /* bytes moved at one moment: then others get their turn */
#define SECTOR        512u
#define QUEUE_SIZE    256
#define MAX_SEGMENTS  (QUEUE_SIZE - 2)
#define MAX_DISCARD   0x3fffffu   /* sectors of one request */
#define MAX_ZEROES    0x20000u

enum { F_SEG_MAX = 2, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9, F_CONFIG_WCE = 11, F_MQ = 12,
       F_DISCARD = 13, F_WRITE_ZEROES = 14 };
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };
enum { FLAG_UNMAP = 1 };

struct virtio_blk {
    struct device dev;
    struct block *disk;                 /* wiring */
    struct virtio_ops ops;
    char serial[20];

    struct ev_timer completion;         /* saved from here on */
    struct virtio v;
    uint64_t pending;                   /* queues with requests, one bit each */
    uint32_t turn;                      /* the queue that is served first */
    uint32_t writeback;
};

/* 5.2.5.2, 5.2.6.2: without CONFIG_WCE a driver that knows no flush gets a write-through cache. */
static bool is_writeback(const struct virtio_blk *b)
{
    return virtio_has(&b->v, F_FLUSH) && (b->writeback || !virtio_has(&b->v, F_CONFIG_WCE));
}

static bool in_range(const struct virtio_blk *b, uint64_t sector, uint64_t bytes)
{
    uint64_t size = block_size(b->disk);

    return sector <= size / SECTOR && bytes <= size - sector * SECTOR;
}

static uint8_t transfer(struct virtio_blk *b, const struct virtio_chain *c, uint64_t sector,
                        bool write, uint32_t *written, struct err *e)
{
    uint32_t bytes = write ? c->read_bytes - 16 : c->write_bytes - 1, done = 0;
    struct virtio_cursor at = write ? virtio_readable(c, 16) : virtio_writable(c, 0);
    struct virtio_span s;
    int r;

    if (bytes % SECTOR || !in_range(b, sector, bytes))
        return S_IOERR;
    while (virtio_map(&b->v, &at, bytes - done, &s)) {
        if (write) {
            r = block_write(b->disk, sector * SECTOR + done, s.host, s.length, e);
        } else {
            r = block_read(b->disk, sector * SECTOR + done, s.host, s.length, e);
            virtio_wrote(&b->v, &s, s.length); /* after an error, too: some bytes may have come */
        }
        if (r < 0)
            return S_IOERR;
        done += s.length;
        *written += write ? 0 : s.length;
    }
    if (write && !is_writeback(b) && block_flush(b->disk, e) < 0)
        return S_IOERR;
    return S_OK;
}

/* 5.2.6.2: one range {sector, count, flags}, as the configuration says. */
static uint8_t discard(struct virtio_blk *b, const struct virtio_chain *c, bool zeroes, struct err *e)
{
    uint8_t d[16];
    int r;

    if (!virtio_has(&b->v, zeroes ? F_WRITE_ZEROES : F_DISCARD))
        return S_UNSUPP;
    if (c->read_bytes - 16 != sizeof(d) || virtio_copy_from(&b->v, c, 16, d, sizeof(d)) != sizeof(d))
        return S_IOERR;
    uint64_t sector = ld_le64(d);
    uint32_t count = ld_le32(d + 8), flags = ld_le32(d + 12);
    if ((flags & ~FLAG_UNMAP) || (flags && !zeroes))
        return S_UNSUPP;
    if (count > (zeroes ? MAX_ZEROES : MAX_DISCARD) || !in_range(b, sector, (uint64_t)count * SECTOR))
        return S_IOERR;
    r = zeroes ? block_write_zeroes(b->disk, sector * SECTOR, (uint64_t)count * SECTOR, flags & 1, e)
               : block_discard(b->disk, sector * SECTOR, (uint64_t)count * SECTOR, e);
    if (r == 0 && zeroes && !is_writeback(b))
        r = block_flush(b->disk, e);
    return r < 0 ? S_IOERR : S_OK;
}

/* Returns the bytes moved. */
static uint32_t request(struct virtio_blk *b, uint32_t queue, const struct virtio_chain *c)
{
    struct virtio *v = &b->v;
    uint32_t written = 0;
    uint8_t header[16], status;
    struct err e = { 0 };

    if (c->write_bytes == 0 || c->read_bytes < 16) {
        virtio_break(v, "block request without header or status byte");
        return 0;
    }
    if (virtio_copy_from(v, c, 0, header, 16) != 16)
        return 0;
    uint32_t type = ld_le32(header);
    uint64_t sector = ld_le64(header + 8);

    if ((type == T_OUT || type == T_DISCARD || type == T_WRITE_ZEROES) && block_is_read_only(b->disk))
        status = S_IOERR;
    else if (type == T_IN || type == T_OUT)
        status = transfer(b, c, sector, type == T_OUT, &written, &e);
    else if (type == T_FLUSH)
        status = block_flush(b->disk, &e) < 0 ? S_IOERR : S_OK;
    else if (type == T_GET_ID) {
        uint32_t room = MIN(c->write_bytes - 1, (uint32_t)sizeof(b->serial));
        written = virtio_copy_to(v, c, 0, b->serial, room);
        status = S_OK;
    } else if (type == T_DISCARD || type == T_WRITE_ZEROES)
        status = discard(b, c, type == T_WRITE_ZEROES, &e);
    else
        status = S_UNSUPP;
    if (e.code)
        log_print(b->dev.machine->log, b->dev.log, LOG_WARN, "%s: %s", b->dev.id, e.text);
    /* The status is the last writable byte, however the buffers are cut. */
    if (v->broken || virtio_copy_to(v, c, c->write_bytes - 1, &status, 1) != 1)
        return 0;
    /* 2.7.8.2: bytes written from the start on without a gap. */
    virtio_push(v, queue, c->head, written == c->write_bytes - 1 ? written + 1 : written);
    return type == T_OUT ? c->read_bytes : written;
}

/* false: there is more to do, but enough was done. */
static bool serve(struct virtio_blk *b, uint32_t queue, uint64_t *budget)
{
    struct virtio_chain c;
    uint32_t left = b->v.queue[queue].size;

    while (left && *budget && virtio_pop(&b->v, queue, &c)) {
        uint64_t moved = request(b, queue, &c) + 1ull;
        *budget -= MIN(*budget, moved);
        left--;
    }
    virtio_signal(&b->v, queue);
    return !virtio_has_available(&b->v, queue);
}

static void complete(void *arg, ps_t when)
{
    struct virtio_blk *b = arg;
    uint64_t budget = BLK_BATCH;

    (void)when;
    b->pending &= ~0ull >> (64 - b->ops.n_queues); /* a snapshot may say anything */
    for (uint32_t i = 0; i < b->ops.n_queues; i++) {
        uint32_t queue = (b->turn + i) % b->ops.n_queues;
        if ((b->pending & BIT(queue)) && serve(b, queue, &budget))
            b->pending &= ~BIT(queue);
    }
    b->turn = (b->turn + 1) % b->ops.n_queues;
    if (b->pending)
        ev_arm(&b->completion, device_now(&b->dev) + BLK_LATENCY);
}

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    b->pending |= BIT(queue);
    if (!ev_is_armed(&b->completion))
        ev_arm(&b->completion, device_now(&b->dev) + BLK_LATENCY);
}

/* 5.2.4 */
static void read_config(const struct virtio *v, uint8_t *bytes)
{
    const struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    st_le64(bytes, block_size(b->disk) / SECTOR);
    st_le32(bytes + 12, MAX_SEGMENTS);
    st_le32(bytes + 20, SECTOR);
    /* Driver and device agree on no flush: 5.2.5.2 */
    bytes[32] = b->writeback && (!(v->status & VIRTIO_FEATURES_OK) || virtio_has(v, F_FLUSH));
    st_le16(bytes + 34, (uint16_t)b->ops.n_queues);
    st_le32(bytes + 36, MAX_DISCARD);
    st_le32(bytes + 40, 1);                                           /* max_discard_seg */
    st_le32(bytes + 44, block_cluster_size(b->disk) / SECTOR);        /* discard_sector_alignment */
    st_le32(bytes + 48, MAX_ZEROES);
    st_le32(bytes + 52, 1);                                           /* max_write_zeroes_seg */
    bytes[56] = 1;                                                    /* write_zeroes_may_unmap */
}

static void write_config(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    (void)n;
    if (offset == 32 && virtio_has(v, F_CONFIG_WCE))
        b->writeback = value & 1;
}

static void reset(struct virtio *v)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    ev_cancel(&b->completion);
    b->pending = 0;
    b->turn = 0;
    b->writeback = 1;
}

static void queue_reset(struct virtio *v, uint32_t queue)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    b->pending &= ~BIT(queue);
}

static const struct state_field state[] = {
    STATE_TIMER(virtio_blk, completion), STATE_SUB(virtio_blk, v, virtio_state),
    STATE(virtio_blk, pending), STATE(virtio_blk, turn), STATE(virtio_blk, writeback), STATE_END
};
static void device_reset(void *dev)
{
    virtio_reset(&((struct virtio_blk *)dev)->v);
}
static const struct device_ops device_ops = {
    .name = "virtio-blk", .spec = "OASIS virtio 1.2, 5.2", .size = sizeof(struct virtio_blk),
    .state = state, .version = 1, .reset = device_reset,
};

struct virtio *virtio_blk_create(struct machine *m, const char *id, struct block *disk,
                                 const char *serial, struct err *e)
{
    struct virtio_blk *b = device_create(m, &device_ops, id, e);

    if (!b || device_init_timer(&b->dev, &b->completion, "virtio-blk", complete, e) < 0)
        return NULL;
    b->disk = disk;
    if (serial)
        memcpy(b->serial, serial, MIN(strlen(serial), sizeof(b->serial)));
    b->ops = (struct virtio_ops){
        .id = 2, .n_queues = 1, .queue_size = QUEUE_SIZE, .config_size = 60, .notify = notify,
        .read_config = read_config, .write_config = write_config, .reset = reset,
        .queue_reset = queue_reset,
        .features = BIT(F_SEG_MAX) | BIT(F_BLK_SIZE) | BIT(F_FLUSH) | BIT(F_CONFIG_WCE) |
                    (block_is_read_only(disk) ? BIT(F_RO) : BIT(F_DISCARD) | BIT(F_WRITE_ZEROES)),
    };
    virtio_init(&b->v, &b->dev, &b->ops, m->memory);
    return &b->v;
}

int virtio_blk_set_queues(struct virtio *v, uint32_t n, struct err *e)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    if (n < 1 || n > VIRTIO_QUEUES)
        return err_set(e, ERR_ARG, "%s: num-queues=%u; 1 to %d are accepted", b->dev.id, n,
                       VIRTIO_QUEUES);
    b->ops.n_queues = n;
    virtio_offer(v, F_MQ, n > 1);
    return 0;
}
