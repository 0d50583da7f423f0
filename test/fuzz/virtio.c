/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile drivers: every virtio device, split and packed rings, legacy and modern slots.
 * usage: test-virtio-fuzz ITERATIONS [SEED]
 *
 * One machine holds all devices. An iteration makes a chain of descriptors available that is
 * half sense and half not (loops, wild indices, lengths and addresses, registers and ROM as
 * buffers, rings within buffers), notifies, lets simulated time pass, and now and then pokes
 * registers, brings input, or initializes the device anew. Nothing may crash; one iteration
 * may not take longer than a few seconds. Built with the sanitizers for this.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "devices/backend/net_impl.h"
#include "devices/virtio/devices.h"
#include "devices/virtio/mmio.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RAM_AT = 0x80000000u, RAM_SIZE = 0x100000, ROM_AT = 0x1000, SLOTS_AT = 0x10001000, DEVICES = 10,
       RINGS = RAM_AT, RING_SPACE = 0x4000, DATA = RAM_AT + 0x80000 };
enum { R_DRV_FEATURES = 0x20, R_DRV_FEATURES_SEL = 0x24, R_PAGE_SIZE = 0x28, R_QUEUE_SEL = 0x30,
       R_QUEUE_NUM = 0x38, R_QUEUE_ALIGN = 0x3c, R_PFN = 0x40, R_READY = 0x44, R_NOTIFY = 0x50,
       R_INT_ACK = 0x64, R_STATUS = 0x70, R_DESC = 0x80, R_DRIVER = 0x90, R_DEVICE = 0xa0,
       R_QUEUE_RESET = 0xc0, R_CONFIG = 0x100 };
enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4, D_AVAIL = 0x80, D_USED = 0x8000 };

struct ring {
    uint64_t desc, avail;
    uint32_t size;
    uint16_t next, idx;
    bool wrap;
};
struct target {
    struct virtio_mmio *slot;
    struct virtio *v;
    bool legacy, packed;
    struct ring ring[8];
    uint32_t n_rings;
};
struct fuzz {
    struct machine *m;
    struct host *h;
    struct mem_ram *ram;
    struct net_backend *net[2];
    struct block *disk[2];
    struct net_kind far[2];     /* their cables end here */
    struct target target[DEVICES];
    uint64_t random, used, broken, started;
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}
static bool one_in(struct fuzz *f, uint32_t n)
{
    return next(f) % n == 0;
}

static void wr(struct fuzz *f, const struct target *t, uint64_t offset, uint64_t v)
{
    uint64_t slot = SLOTS_AT + 0x1000 * (uint64_t)(t - f->target);
    (void)mem_store(f->m->memory, slot + offset, 4, v & 0xffffffff, NULL);
}

static uint8_t *at(struct fuzz *f, uint64_t addr, uint32_t n)
{
    static uint8_t nowhere[4096];
    return addr >= RAM_AT && addr < RAM_AT + RAM_SIZE - n ? f->ram->host + (addr - RAM_AT) : nowhere;
}

/* ---- building ---- */
static void need(bool ok, const struct err *e)
{
    if (!ok) {
        fprintf(stderr, "virtio-fuzz: %s\n", e->text);
        exit(2);
    }
}
static void far_send(struct net_backend *n, const uint8_t *frame, size_t length)
{
    (void)n;
    (void)hash_bytes(0, frame, length); /* every byte is read */
}

static struct virtio *make(struct fuzz *f, uint32_t i, const char *id, struct err *e)
{
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
    const struct virtio_console_options console = { 3, 80, 25, true };
    char spec[40];
    struct char_options o;
    struct char_backend *c;
    struct block *disk;
    struct virtio *v;
    struct rng *r;

    switch (i % 5) {
    case 0:
        need(block_create_memory(&disk, 1 << 19, e) == 0, e);
        f->disk[i / 5] = disk;
        v = virtio_blk_create(f->m, id, disk, id, e);
        need(v && virtio_blk_set_queues(v, 3, e) == 0, e);
        return v;
    case 1:
        need(net_open(&f->net[i / 5], f->h, i / 5 ? "user,id=n1,restrict=on" : "none", e) == 0, e);
        f->far[i / 5] = (struct net_kind){ .name = "far", .send = far_send };
        if (f->net[i / 5]->kind)
            f->far[i / 5].close = f->net[i / 5]->kind->close;
        f->net[i / 5]->kind = &f->far[i / 5];
        f->net[i / 5]->link_up = true;
        v = virtio_net_create(f->m, id, f->net[i / 5], mac, e);
        need(v && virtio_net_set_pairs(v, 3, e) == 0, e);
        return v;
    case 2:
    case 3:
        snprintf(spec, sizeof(spec), "rng-%s,id=r%u", i % 5 == 2 ? "builtin" : "random", i);
        need(rng_open(&r, f->h, spec, e) == 0, e);
        return virtio_rng_create(f->m, id, r, e);
    default:
        v = virtio_console_create(f->m, id, &console, e);
        for (int k = 0; v && k < 3; k++) {
            char name[40];
            snprintf(name, sizeof(name), "%s-%d", id, k);
            need(char_parse_serial(&o, name, "null", e) == 0 && char_open(&c, f->h, &o, e) == 0, e);
            const struct virtio_console_port p = { name, k ? name : NULL, c, -1, k == 0 };
            need(virtio_console_add_port(v, &p, e) == 0, e);
        }
        return v;
    }
}

static void build(struct fuzz *f)
{
    struct err e = { 0 };
    struct mem_ram *rom;

    need(machine_create(&f->m, stderr, &e) == 0, &e);
    need(log_configure(f->m->log, "error,guest=off,unmodelled=off", &e) == 0, &e);
    need(host_create(&f->h, f->m, &e) == 0, &e);
    need(machine_add_ram(f->m, "ram", RAM_SIZE, &f->ram, &e) == 0, &e);
    need(mem_add_ram(f->m->memory, "ram", RAM_AT, f->ram, 0, RAM_SIZE, 0, NULL, &e) == 0, &e);
    need(machine_add_ram(f->m, "rom", MEM_PAGE, &rom, &e) == 0, &e);
    need(mem_add_rom(f->m->memory, "rom", ROM_AT, rom, 0, MEM_PAGE, 0, NULL, NULL, NULL, &e) == 0, &e);
    for (uint32_t i = 0; i < DEVICES; i++) {
        struct target *t = &f->target[i];
        char id[24];
        t->legacy = i >= DEVICES / 2;
        snprintf(id, sizeof(id), "device%u", i);
        t->v = make(f, i, id, &e);
        need(t->v != NULL, &e);
        virtio_offer(t->v, VIRTIO_F_RING_PACKED, true);
        snprintf(id, sizeof(id), "slot%u", i);
        t->slot = virtio_mmio_create(f->m, id, !t->legacy, &e);
        need(t->slot && device_map(&t->slot->dev, f->m->memory, SLOTS_AT + 0x1000 * i, &e) == 0, &e);
        virtio_mmio_attach(t->slot, t->v);
    }
    machine_reset(f->m);
}

/* ---- what a driver says ---- */
static uint64_t any_address(struct fuzz *f)
{
    switch (next(f) % 120) {
    case 0: return SLOTS_AT + 0x1000 * (next(f) % DEVICES) + next(f) % 0x200; /* registers, our own too */
    case 1: return ROM_AT + next(f) % MEM_PAGE;
    case 2: return RAM_AT + RAM_SIZE - next(f) % 600;                          /* over the end */
    case 3: return next(f);
    case 4: return ~0ull - next(f) % 64;
    case 5: return RINGS + next(f) % (8 * RING_SPACE);                         /* the rings themselves */
    default: return DATA + next(f) % (RAM_SIZE / 2 - 0x2000);
    }
}
static uint32_t any_length(struct fuzz *f)
{
    static const uint32_t often[] = { 0, 1, 8, 10, 12, 16, 17, 512, 513, 1024, 1526, 4096,
                                      65536, 0x80000000, ~0u };
    if (one_in(f, 20))
        return (uint32_t)next(f) >> next(f) % 32;
    return often[next(f) % (one_in(f, 20) ? ARRAY_LEN(often) : 12)];
}

struct part {
    uint64_t addr;
    uint32_t length;
    uint16_t flags;
};

/* Readable first and writable behind, for the most part; a block request's header in front. */
static uint32_t make_parts(struct fuzz *f, const struct target *t, struct part *p, uint32_t most)
{
    static const uint32_t types[] = { 0, 0, 0, 1, 1, 1, 4, 8, 11, 13, 2 };
    uint32_t n = one_in(f, 40) ? 1 + (uint32_t)(next(f) % most) : 1 + (uint32_t)(next(f) % MIN(most, 5u));
    uint32_t readable = (uint32_t)(next(f) % (n + 1));

    for (uint32_t i = 0; i < n; i++)
        p[i] = (struct part){ any_address(f), any_length(f), i < readable ? 0 : D_WRITE };
    if (t->v->ops->id == 2 && !one_in(f, 6)) {
        p[0] = (struct part){ DATA + 16 * (next(f) % 64), 16, 0 };
        st_le32(at(f, p[0].addr, 16), types[next(f) % ARRAY_LEN(types)]);
        st_le64(at(f, p[0].addr + 8, 8), one_in(f, 8) ? next(f) : next(f) % 1030);
        p[n - 1].flags = n > 1 ? D_WRITE : 0;
    } else if (t->v->ops->id == 3 && one_in(f, 2)) { /* a control message */
        p[0] = (struct part){ DATA, 8, 0 };
        st_le32(at(f, DATA, 4), (uint32_t)next(f) % 4);
        st_le16(at(f, DATA + 4, 2), (uint16_t)(next(f) % 8));
        st_le16(at(f, DATA + 6, 2), (uint16_t)(next(f) % 2));
    } else if (t->v->ops->id == 1 && one_in(f, 3)) { /* a command of the control queue */
        p[0] = (struct part){ DATA + 64 * (next(f) % 64), one_in(f, 2) ? 2 : 64, 0 };
        st_le64(at(f, p[0].addr, 8), next(f) & 0x0107ull);
        p[n - 1].flags = n > 1 ? D_WRITE : 0;
    }
    for (uint32_t i = 0; i < n; i++)
        if (one_in(f, 200))
            p[i].flags ^= (uint16_t)BIT(next(f) % 3);
    return n;
}

static void put(struct fuzz *f, const struct target *t, uint8_t *d, const struct part *p, uint16_t id,
                uint16_t flags)
{
    st_le64(d, p->addr);
    st_le32(d + 8, p->length);
    st_le16(d + (t->packed ? 12 : 14), one_in(f, 100) ? (uint16_t)next(f) : id);
    st_le16(d + (t->packed ? 14 : 12), p->flags | flags);
}

/* The chain's own table; the ring then has one descriptor for it. */
static struct part make_indirect(struct fuzz *f, const struct target *t, const struct part *p, uint32_t n)
{
    uint64_t table = DATA + 0x1000 + 16 * (next(f) % 256);

    for (uint32_t i = 0; i < n; i++)
        put(f, t, at(f, table + 16 * i, 16), &p[i], (uint16_t)(i + 1), i + 1 < n ? D_NEXT : 0);
    return (struct part){ one_in(f, 30) ? any_address(f) : table,
                          one_in(f, 30) ? any_length(f) : 16 * n, D_INDIRECT };
}

static void add_chain(struct fuzz *f, struct target *t, struct ring *r)
{
    struct part p[300];
    uint32_t n = make_parts(f, t, p, one_in(f, 10) ? ARRAY_LEN(p) : MIN(r->size, 32u));
    uint16_t head = r->next;

    if (one_in(f, 3)) {
        p[0] = make_indirect(f, t, p, n);
        n = 1;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint16_t more = i + 1 < n ? D_NEXT : 0, turn = r->wrap ? D_AVAIL : D_USED;
        uint8_t *d = at(f, r->desc + 16ull * r->next, 16);
        if (t->packed)
            put(f, t, d, &p[i], head, more | turn);
        else
            put(f, t, d, &p[i], (uint16_t)((r->next + 1) % r->size), more);
        if (++r->next >= r->size) {
            r->next = 0;
            r->wrap = !r->wrap;
        }
    }
    if (t->packed)
        return;
    st_le16(at(f, r->avail + 4 + 2 * (r->idx % r->size), 2), one_in(f, 50) ? (uint16_t)next(f) : head);
    r->idx += one_in(f, 200) ? (uint16_t)next(f) : 1;
    st_le16(at(f, r->avail + 2, 2), r->idx);
}

static void set_up_queue(struct fuzz *f, struct target *t, uint32_t q)
{
    static const uint32_t sizes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 3, 7, 0, 512, 65536 };
    uint32_t size = sizes[next(f) % (one_in(f, 10) ? ARRAY_LEN(sizes) : 9)];
    uint64_t base = RINGS + RING_SPACE * q, area[3] = { base, base + 0x1000, base + 0x2000 };
    struct ring *r = &t->ring[q];

    memset(at(f, base, RING_SPACE), one_in(f, 10) ? (int)next(f) : 0, RING_SPACE);
    wr(f, t, R_QUEUE_SEL, q);
    wr(f, t, R_QUEUE_NUM, size);
    if (t->legacy) {
        wr(f, t, R_PAGE_SIZE, 4096);
        wr(f, t, R_QUEUE_ALIGN, one_in(f, 10) ? next(f) : 4096);
        wr(f, t, R_PFN, one_in(f, 30) ? next(f) : base >> 12);
        *r = (struct ring){ base, base + 16ull * MIN(size, 256u), MAX(size, 1u), 0, 0, true };
        return;
    }
    if (one_in(f, 30))
        area[next(f) % 3] = any_address(f);
    for (uint32_t k = 0; k < 3; k++) {
        wr(f, t, R_DESC + 0x10 * k, area[k]);
        wr(f, t, R_DESC + 0x10 * k + 4, area[k] >> 32);
    }
    wr(f, t, R_READY, 1);
    *r = (struct ring){ area[0], area[1], MAX(MIN(size, 256u), 1u), 0, 0, true };
}

static void start(struct fuzz *f, struct target *t)
{
    uint64_t features = virtio_features(t->v) & (next(f) | next(f));

    f->started++;
    t->packed = !t->legacy && one_in(f, 2);
    features = t->packed ? features | BIT(VIRTIO_F_RING_PACKED) : features & ~BIT(VIRTIO_F_RING_PACKED);
    if (!t->legacy && !one_in(f, 50))
        features |= BIT(VIRTIO_F_VERSION_1);
    if (one_in(f, 50))
        features |= BIT(next(f) % 64);
    wr(f, t, R_STATUS, 0);
    wr(f, t, R_STATUS, 3);
    for (uint32_t i = 0; i < 2; i++) {
        wr(f, t, R_DRV_FEATURES_SEL, i);
        wr(f, t, R_DRV_FEATURES, features >> 32 * i);
    }
    wr(f, t, R_STATUS, t->legacy ? 3 : 11);
    t->n_rings = MIN(t->v->ops->n_queues, (uint32_t)ARRAY_LEN(t->ring));
    for (uint32_t q = 0; q < t->n_rings; q++)
        set_up_queue(f, t, q);
    wr(f, t, R_STATUS, t->legacy ? 7 : 15);
}

static void poke(struct fuzz *f, struct target *t, uint32_t q)
{
    uint64_t junk = next(f);
    uint8_t frame[2000];

    switch (next(f) % 12) {
    case 0: wr(f, t, junk & 0x1fc, next(f)); break;
    case 1: wr(f, t, R_QUEUE_SEL, q); wr(f, t, R_QUEUE_RESET, 1); set_up_queue(f, t, q); break;
    case 2: wr(f, t, R_QUEUE_SEL, q); wr(f, t, R_READY, 0); wr(f, t, R_READY, junk & 1); break;
    case 3: wr(f, t, R_CONFIG + (junk & 0x3c), next(f)); break;
    case 4: st_le64(at(f, RINGS + (junk % (8 * RING_SPACE - 8)), 8), next(f)); break;
    case 5: /* event areas */
        st_le32(at(f, t->ring[q].avail, 4), (uint32_t)junk);
        break;
    case 6: wr(f, t, R_INT_ACK, 3); break;
    case 7:
    case 8:
        memset(frame, (int)junk, sizeof(frame));
        if (t->v->ops->id == 1)
            net_arrived(f->net[t->legacy], frame, 14 + junk % (sizeof(frame) - 14));
        (void)host_poll(f->h, 0);
        break;
    default:
        break;
    }
}

static void iterate(struct fuzz *f)
{
    struct target *t = &f->target[next(f) % DEVICES];
    uint16_t before = 0;

    if (t->n_rings == 0 || t->v->broken || one_in(f, 64)) {
        f->broken += t->v->broken;
        start(f, t);
    }
    uint32_t q = (uint32_t)(next(f) % t->n_rings);
    for (uint64_t k = one_in(f, 8) ? next(f) % 20 : 1; k > 0; k--)
        add_chain(f, t, &t->ring[q]);
    if (one_in(f, 4))
        poke(f, t, q);
    before = t->v->queue[q].used_idx;
    wr(f, t, R_NOTIFY, one_in(f, 50) ? next(f) : q);
    (void)ev_run(f->m->queue, ev_now(f->m->queue) + 30 * PS_PER_US);
    f->used += t->v->queue[q].used_idx != before;
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;

    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    build(&f);
    for (uint64_t i = 0; i < n; i++) {
        if (i % 256 == 0)
            alarm(60); /* a hang dies of SIGALRM */
        iterate(&f);
    }
    alarm(0);
    printf("%llu iterations: %llu used buffers, %llu broke the device, %llu started it\n",
           (unsigned long long)n, (unsigned long long)f.used, (unsigned long long)f.broken,
           (unsigned long long)f.started);
    /* A fuzzer that always breaks things at the door, or never, tests nothing. */
    bool sense = n < 10000 || (f.used > n / 10 && f.broken > n / 100);
    host_destroy(f.h);
    machine_destroy(f.m);
    for (int i = 0; i < 2; i++)
        (void)block_close(f.disk[i], NULL);
    return sense ? 0 : 1;
}
