/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_VIRTIO_DRIVER_H
#define ORRERY_TEST_DEVICES_VIRTIO_DRIVER_H
/*
 * The other side of a virtqueue: a small driver for tests, on a machine with 1 MiB of RAM and
 * one MMIO slot. It lays out split (2.7) and packed (2.8) rings by itself. Queue q's rings lie
 * at RING(q); tests put their buffers at DATA and above.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/virtio/mmio.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

enum { RAM_AT = 0x80000000u, RAM_SIZE = 0x100000, ROM_AT = 0x1000, SLOT = 0x10001000, DATA = 0x80040000u };
#define RING(q) (RAM_AT + 0x4000u * (q))
enum { AVAIL_AT = 0x1000, USED_AT = 0x2000, MAX_QUEUES = 12 };

enum { /* 4.2.2, 4.2.4 */
    R_MAGIC = 0x00, R_VERSION = 0x04, R_ID = 0x08, R_DEV_FEATURES = 0x10, R_DEV_FEATURES_SEL = 0x14,
    R_DRV_FEATURES = 0x20, R_DRV_FEATURES_SEL = 0x24, R_PAGE_SIZE = 0x28, R_QUEUE_SEL = 0x30,
    R_QUEUE_MAX = 0x34, R_QUEUE_NUM = 0x38, R_QUEUE_ALIGN = 0x3c, R_PFN = 0x40, R_READY = 0x44,
    R_NOTIFY = 0x50, R_INT_STATUS = 0x60, R_INT_ACK = 0x64, R_STATUS = 0x70, R_DESC = 0x80,
    R_DRIVER = 0x90, R_DEVICE = 0xa0, R_SHM_LEN = 0xb0, R_QUEUE_RESET = 0xc0, R_GENERATION = 0xfc,
    R_CONFIG = 0x100,
};
enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4, D_AVAIL = 0x80, D_USED = 0x8000 };
enum { EV_ENABLE, EV_DISABLE, EV_DESC };

struct driver_queue {
    uint32_t size, free;        /* next descriptor slot */
    uint16_t avail, used;       /* split: running indices; packed: offsets */
    bool avail_wrap, used_wrap; /* packed: wrap counters */
    uint16_t slots[256];        /* packed: by buffer id, how many ring slots it took */
};
struct driver {
    struct machine *m;
    struct mem_ram *ram;
    struct virtio_mmio *t;
    struct virtio *v;
    bool packed, level;
    unsigned raised;            /* rising edges of the line */
    struct driver_queue q[MAX_QUEUES];
};
struct buf {
    uint64_t addr;
    uint32_t length;
    bool write;
};

static inline void driver_line(void *arg, uint32_t number, bool level)
{
    struct driver *d = arg;
    (void)number;
    d->raised += level && !d->level;
    d->level = level;
}

/* A machine and an empty slot; the caller makes his device and attaches it. */
static inline void driver_create(struct driver *d, bool modern)
{
    struct err e = { 0 };
    struct mem_ram *rom;

    memset(d, 0, sizeof(*d));
    d->m = device_generic_machine();
    ck_assert_int_eq(machine_add_ram(d->m, "ram", RAM_SIZE, &d->ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(d->m->memory, "ram", RAM_AT, d->ram, 0, RAM_SIZE, 0, NULL, &e), 0);
    ck_assert_int_eq(machine_add_ram(d->m, "rom", MEM_PAGE, &rom, &e), 0);
    ck_assert_int_eq(mem_add_rom(d->m->memory, "rom", ROM_AT, rom, 0, MEM_PAGE, 0, NULL, NULL, NULL, &e), 0);
    d->t = virtio_mmio_create(d->m, "slot", modern, &e);
    ck_assert_msg(d->t != NULL, "%s", e.text);
    irq_connect(&d->t->irq, driver_line, d, 0);
    ck_assert_int_eq(device_map(&d->t->dev, d->m->memory, SLOT, &e), 0);
}

static inline void driver_attach(struct driver *d, struct virtio *v)
{
    d->v = v;
    virtio_mmio_attach(d->t, v);
    machine_reset(d->m);
}

static inline void driver_destroy(struct driver *d)
{
    machine_destroy(d->m);
}

static inline uint64_t io_read(struct driver *d, uint64_t offset, unsigned size)
{
    uint64_t v;
    ck_assert_int_eq(mem_load(d->m->memory, SLOT + offset, size, &v, NULL), MEM_OK);
    return v;
}
static inline void io_write(struct driver *d, uint64_t offset, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(d->m->memory, SLOT + offset, size, v, NULL), MEM_OK);
}
static inline uint32_t rd(struct driver *d, uint64_t offset)
{
    return (uint32_t)io_read(d, offset, 4);
}
static inline void wr(struct driver *d, uint64_t offset, uint32_t v)
{
    io_write(d, offset, 4, v);
}
static inline uint8_t *ram(struct driver *d, uint64_t addr)
{
    ck_assert(addr >= RAM_AT && addr < RAM_AT + RAM_SIZE);
    return d->ram->host + (addr - RAM_AT);
}

static inline uint64_t driver_offered(struct driver *d)
{
    uint64_t low;
    wr(d, R_DEV_FEATURES_SEL, 0);
    low = rd(d, R_DEV_FEATURES);
    wr(d, R_DEV_FEATURES_SEL, 1);
    return low | (uint64_t)rd(d, R_DEV_FEATURES) << 32;
}

/* 3.1.1 up to FEATURES_OK; true if it was kept. VERSION_1 and the ring format are added. */
static inline bool driver_negotiate(struct driver *d, uint64_t features)
{
    features |= BIT(VIRTIO_F_VERSION_1) | (d->packed ? BIT(VIRTIO_F_RING_PACKED) : 0);
    wr(d, R_STATUS, 0);
    wr(d, R_STATUS, VIRTIO_ACKNOWLEDGE);
    wr(d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    for (uint32_t i = 0; i < 2; i++) {
        wr(d, R_DRV_FEATURES_SEL, i);
        wr(d, R_DRV_FEATURES, (uint32_t)(features >> 32 * i));
    }
    wr(d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
    memset(d->q, 0, sizeof(d->q));
    return rd(d, R_STATUS) & VIRTIO_FEATURES_OK;
}

static inline void driver_queue(struct driver *d, uint32_t q, uint32_t size)
{
    const uint32_t areas[] = { R_DESC, R_DRIVER, R_DEVICE }, at[] = { 0, AVAIL_AT, USED_AT };

    memset(ram(d, RING(q)), 0, 0x4000);
    d->q[q] = (struct driver_queue){ .size = size, .avail_wrap = true, .used_wrap = true };
    wr(d, R_QUEUE_SEL, q);
    wr(d, R_QUEUE_NUM, size);
    for (int i = 0; i < 3; i++) {
        wr(d, areas[i], RING(q) + at[i]);
        wr(d, areas[i] + 4, 0);
    }
    wr(d, R_READY, 1);
    ck_assert_uint_eq(rd(d, R_READY), 1);
}

static inline void driver_ok(struct driver *d)
{
    wr(d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK | VIRTIO_DRIVER_OK);
    ck_assert_uint_eq(rd(d, R_STATUS), 15);
}

/* ---- rings ---- */
static inline uint8_t *desc(struct driver *d, uint32_t q, uint32_t i)
{
    return ram(d, RING(q) + 16 * i);
}
static inline void put_split(uint8_t *p, uint64_t addr, uint32_t length, uint16_t flags, uint16_t next)
{
    st_le64(p, addr);
    st_le32(p + 8, length);
    st_le16(p + 12, flags);
    st_le16(p + 14, next);
}
static inline void put_packed(uint8_t *p, uint64_t addr, uint32_t length, uint16_t id, uint16_t flags)
{
    st_le64(p, addr);
    st_le32(p + 8, length);
    st_le16(p + 12, id);
    st_le16(p + 14, flags);
}

/* A split ring's descriptor table has `head`: make it available. */
static inline void driver_avail(struct driver *d, uint32_t q, uint16_t head)
{
    uint8_t *a = ram(d, RING(q) + AVAIL_AT);
    st_le16(a + 4 + 2 * (d->q[q].avail % d->q[q].size), head);
    st_le16(a + 2, ++d->q[q].avail);
}

/* One descriptor at the packed ring's next place. */
static inline void driver_put(struct driver *d, uint32_t q, uint64_t addr, uint32_t length, uint16_t id,
                              uint16_t flags)
{
    struct driver_queue *r = &d->q[q];
    put_packed(desc(d, q, r->avail), addr, length, id, flags | (r->avail_wrap ? D_AVAIL : D_USED));
    if (++r->avail == r->size) {
        r->avail = 0;
        r->avail_wrap = !r->avail_wrap;
    }
}

/* A chain of `n` buffers. Returns its head index or buffer id. */
static inline uint16_t driver_add(struct driver *d, uint32_t q, const struct buf *b, uint32_t n)
{
    struct driver_queue *r = &d->q[q];
    uint16_t head = (uint16_t)(r->free % r->size);

    for (uint32_t i = 0; i < n; i++) {
        uint16_t flags = (b[i].write ? D_WRITE : 0) | (i + 1 < n ? D_NEXT : 0);
        uint32_t at = r->free++ % r->size;
        if (d->packed)
            driver_put(d, q, b[i].addr, b[i].length, head, flags);
        else
            put_split(desc(d, q, at), b[i].addr, b[i].length, flags, (uint16_t)((at + 1) % r->size));
    }
    r->slots[head] = (uint16_t)n;
    if (!d->packed)
        driver_avail(d, q, head);
    return head;
}

/* The same through an indirect table at `table`. */
static inline uint16_t driver_add_indirect(struct driver *d, uint32_t q, const struct buf *b, uint32_t n,
                                           uint64_t table)
{
    struct driver_queue *r = &d->q[q];
    uint16_t head = (uint16_t)(r->free++ % r->size);

    for (uint32_t i = 0; i < n; i++) {
        uint16_t write = b[i].write ? D_WRITE : 0;
        if (d->packed)
            put_packed(ram(d, table + 16 * i), b[i].addr, b[i].length, 0, write);
        else
            put_split(ram(d, table + 16 * i), b[i].addr, b[i].length, write | (i + 1 < n ? D_NEXT : 0),
                      (uint16_t)(i + 1));
    }
    r->slots[head] = 1;
    if (d->packed) {
        driver_put(d, q, table, 16 * n, head, D_INDIRECT);
    } else {
        put_split(desc(d, q, head), table, 16 * n, D_INDIRECT, 0);
        driver_avail(d, q, head);
    }
    return head;
}

static inline void driver_kick(struct driver *d, uint32_t q)
{
    wr(d, R_NOTIFY, q);
}

/* The next used buffer; false if there is none. */
static inline bool driver_used(struct driver *d, uint32_t q, uint32_t *id, uint32_t *length)
{
    struct driver_queue *r = &d->q[q];

    if (!d->packed) {
        const uint8_t *u = ram(d, RING(q) + USED_AT);
        if (ld_le16(u + 2) == r->used)
            return false;
        u += 4 + 8 * (r->used++ % r->size);
        *id = ld_le32(u);
        *length = ld_le32(u + 4);
        return true;
    }
    const uint8_t *p = desc(d, q, r->used);
    uint16_t flags = ld_le16(p + 14);
    if (!!(flags & D_AVAIL) != r->used_wrap || !!(flags & D_USED) != r->used_wrap)
        return false;
    *id = ld_le16(p + 12);
    *length = flags & D_WRITE ? ld_le32(p + 8) : 0; /* 2.8.5: without WRITE it means nothing */
    r->used += r->slots[*id % 256];
    if (r->used >= r->size) {
        r->used -= (uint16_t)r->size;
        r->used_wrap = !r->used_wrap;
    }
    return true;
}

static inline void driver_run(struct driver *d, ps_t time)
{
    ev_run(d->m->queue, ev_now(d->m->queue) + time);
}

/* Kick, let 100 us pass, and expect the chain `id` used with `length` bytes. */
static inline void driver_expect(struct driver *d, uint32_t q, uint32_t id, uint32_t length)
{
    uint32_t got_id = ~0u, got_length = ~0u;
    driver_kick(d, q);
    driver_run(d, 100 * PS_PER_US);
    ck_assert_msg(driver_used(d, q, &got_id, &got_length), "nothing used; status %#x", rd(d, R_STATUS));
    ck_assert_uint_eq(got_id, id);
    ck_assert_uint_eq(got_length, length);
}

static inline void driver_expect_broken(struct driver *d, uint32_t q)
{
    uint32_t id, length;
    driver_kick(d, q);
    driver_run(d, 100 * PS_PER_US);
    ck_assert(!driver_used(d, q, &id, &length));
    ck_assert_msg(rd(d, R_STATUS) & VIRTIO_NEEDS_RESET, "the device took it");
    ck_assert_uint_eq(rd(d, R_INT_STATUS) & 2, 2);
}

#endif
