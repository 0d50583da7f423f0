/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio block device (5.2). A request completes BLK_LATENCY after the driver's
 * notification, in order; the host's disk is read or written at that moment.
 */
#include "devices/virtio/devices.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <stdlib.h>

#define BLK_LATENCY  (20 * PS_PER_US)
#define BLK_CHUNK    65536u
#define SECTOR       512u
#define MAX_SEGMENTS (VIRTIO_SEGMENTS - 2)

enum { F_SEG_MAX = 2, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9, F_CONFIG_WCE = 11, F_DISCARD = 13,
       F_WRITE_ZEROES = 14 };
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

struct virtio_blk {
    struct device dev;
    struct block *disk;                 /* wiring */
    struct virtio_ops ops;
    char serial[20];
    uint8_t *chunk;

    struct ev_timer completion;         /* saved from here on */
    struct virtio v;
    uint64_t writeback;
};

/* Whole transfers in BLK_CHUNK pieces, so that no host buffer grows with the guest's wish. */
static uint8_t transfer(struct virtio_blk *b, const struct virtio_chain *c, uint64_t at, bool write,
                        uint32_t *written)
{
    uint32_t bytes = write ? c->read_bytes - 16 : c->write_bytes - 1, done = 0;
    struct err e = { 0 };

    if (bytes % SECTOR || at > block_size(b->disk) || bytes > block_size(b->disk) - at)
        return S_IOERR;
    while (done < bytes) {
        uint32_t n = MIN(BLK_CHUNK, bytes - done);
        if (write) {
            if (virtio_copy_from(&b->v, c, 16 + done, b->chunk, n) != n ||
                block_write(b->disk, at + done, b->chunk, n, &e) < 0)
                return S_IOERR;
        } else {
            if (block_read(b->disk, at + done, b->chunk, n, &e) < 0 ||
                virtio_copy_to(&b->v, c, done, b->chunk, n) != n)
                return S_IOERR;
            *written += n;
        }
        done += n;
    }
    if (write && !b->writeback && block_flush(b->disk, &e) < 0)
        return S_IOERR;
    return S_OK;
}

/* 5.2.6.2: an array of {sector, count, flags}; every one is checked before it is carried out. */
static uint8_t discard(struct virtio_blk *b, const struct virtio_chain *c, bool zeroes)
{
    uint32_t bytes = c->read_bytes - 16;
    struct err e = { 0 };

    if (bytes == 0 || bytes % 16 || bytes / 16 > 256)
        return S_IOERR;
    for (uint32_t i = 0; i < bytes / 16; i++) {
        uint8_t d[16];
        if (virtio_copy_from(&b->v, c, 16 + 16 * i, d, 16) != 16)
            return S_IOERR;
        uint64_t sector = ld_le64(d), n = (uint64_t)ld_le32(d + 8) * SECTOR;
        uint32_t flags = ld_le32(d + 12);
        if (flags & ~1u || (flags && !zeroes))
            return S_UNSUPP;
        if (sector > block_size(b->disk) / SECTOR || n > block_size(b->disk) - sector * SECTOR)
            return S_IOERR;
        int r = zeroes ? block_write_zeroes(b->disk, sector * SECTOR, n, flags & 1, &e)
                       : block_discard(b->disk, sector * SECTOR, n, &e);
        if (r < 0)
            return S_IOERR;
    }
    return S_OK;
}

static void request(struct virtio_blk *b, const struct virtio_chain *c)
{
    struct virtio *v = &b->v;
    uint32_t written = 0;
    uint8_t header[16], status;
    struct err e = { 0 };

    if (c->write_bytes == 0 || virtio_copy_from(v, c, 0, header, 16) != 16) {
        virtio_break(v, "block request without header or status byte");
        return;
    }
    uint32_t type = ld_le32(header);
    uint64_t sector = ld_le64(header + 8);
    bool writes = type == T_OUT || type == T_DISCARD || type == T_WRITE_ZEROES;

    if (writes && block_is_read_only(b->disk))
        status = S_IOERR;
    else if (type == T_IN || type == T_OUT)
        status = sector > UINT64_MAX / SECTOR ? S_IOERR
                                              : transfer(b, c, sector * SECTOR, type == T_OUT, &written);
    else if (type == T_FLUSH)
        status = block_flush(b->disk, &e) < 0 ? S_IOERR : S_OK;
    else if (type == T_GET_ID) {
        written = virtio_copy_to(v, c, 0, b->serial, MIN(c->write_bytes - 1, (uint32_t)sizeof(b->serial)));
        status = S_OK;
    } else if (type == T_DISCARD || type == T_WRITE_ZEROES)
        status = discard(b, c, type == T_WRITE_ZEROES);
    else
        status = S_UNSUPP;
    if (e.code)
        log_print(b->dev.machine->log, b->dev.log, LOG_WARN, "%s: %s", b->dev.id, e.text);
    /* The status is the last writable byte, however the buffers are cut. */
    if (virtio_copy_to(v, c, c->write_bytes - 1, &status, 1) == 1)
        virtio_push(v, 0, c->head, written + 1);
}

static void complete(void *arg, ps_t when)
{
    struct virtio_blk *b = arg;
    struct virtio_chain c;

    (void)when;
    for (uint32_t i = 0; i < b->v.queue[0].size && virtio_pop(&b->v, 0, &c); i++)
        request(b, &c);
    virtio_signal(&b->v, 0);
    if (virtio_has_available(&b->v, 0))
        ev_arm(&b->completion, device_now(&b->dev) + BLK_LATENCY);
}

static void notify(struct virtio *v, uint32_t queue)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    (void)queue;
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
    bytes[32] = (uint8_t)b->writeback;
    st_le16(bytes + 34, 1);
    st_le32(bytes + 36, 0x3fffff);                                    /* max_discard_sectors */
    st_le32(bytes + 40, 1);
    st_le32(bytes + 44, block_cluster_size(b->disk) / SECTOR);
    st_le32(bytes + 48, 0x3fffff);
    st_le32(bytes + 52, 1);
    bytes[56] = 1;                                                    /* write_zeroes_may_unmap */
}

static void write_config(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    (void)n;
    if (offset == 32)
        b->writeback = value & 1;
}

static void reset(struct virtio *v)
{
    struct virtio_blk *b = CONTAINER_OF(v, struct virtio_blk, v);

    ev_cancel(&b->completion);
    b->writeback = 1;
}

static const struct state_field state[] = {
    STATE_TIMER(virtio_blk, completion), STATE_SUB(virtio_blk, v, virtio_state),
    STATE(virtio_blk, writeback), STATE_END
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

    if (!b)
        return NULL;
    b->chunk = arena_alloc(&m->arena, BLK_CHUNK);
    if (!b->chunk || ev_timer_init(&b->completion, m->queue, "virtio-blk", EV_PRIO_DEVICE, complete, b)) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory", id);
        return NULL;
    }
    b->disk = disk;
    if (serial)
        memcpy(b->serial, serial, MIN(strlen(serial), sizeof(b->serial)));
    b->ops = (struct virtio_ops){
        .id = 2, .n_queues = 1, .queue_size = 256, .config_size = 60, .notify = notify,
        .read_config = read_config, .write_config = write_config, .reset = reset,
        .features = BIT(F_SEG_MAX) | BIT(F_BLK_SIZE) | BIT(F_FLUSH) | BIT(F_CONFIG_WCE) |
                    (block_is_read_only(disk) ? BIT(F_RO) : BIT(F_DISCARD) | BIT(F_WRITE_ZEROES)),
    };
    virtio_init(&b->v, &b->dev, &b->ops, m->memory);
    return &b->v;
}
