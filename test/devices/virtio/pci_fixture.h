/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_VIRTIO_PCI_FIXTURE_H
#define ORRERY_TEST_DEVICES_VIRTIO_PCI_FIXTURE_H
/*
 * A bus with one virtio function in front of RAM, an MSI receiver and recorded INTx lines. The
 * virtio device behind it is an echo: it takes every chain, writes 0xa5 into the writable bytes.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/virtio/pci.h"
#include "test/check_main.h"
#include "test/device_generic.h"

enum { RAM_AT = 0x80000000, RAM_SIZE = 0x100000, MSI_AT = 0x28000000, BAR0_AT = 0x2000,
       BAR1_AT = 0x40000000, BAR4_AT = 0x40100000 };
enum { COMMON = BAR4_AT, ISR = BAR4_AT + 0x1000, DEVICE = BAR4_AT + 0x2000, NOTIFY = BAR4_AT + 0x3000 };

struct echo {
    struct device dev;
    struct virtio_ops ops;          /* wiring */

    struct virtio v;                /* saved from here on */
    uint32_t notified[VIRTIO_QUEUES];
    uint8_t config[12], pad[4];
};

struct fixture {
    struct machine *m;
    struct mem_space *io;
    struct mem_ram *ram;
    struct pci_bus bus;
    struct echo *echo;
    struct virtio *v;
    struct virtio_pci *t;
    struct pci_function *f;
    uint16_t bdf;
    bool intx[4];
    unsigned messages;
    uint64_t message_at, message;   /* the last one */
};

static inline void fixture_intx(void *arg, unsigned line, bool level)
{
    ((struct fixture *)arg)->intx[line] = level;
}

static inline enum mem_result msi_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                       const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0;
    return MEM_OK;
}
static inline enum mem_result msi_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                        const struct mem_attrs *attrs)
{
    struct fixture *x = arg;
    (void)size, (void)attrs;
    x->messages++;
    x->message_at = MSI_AT + offset;
    x->message = value;
    return MEM_OK;
}
static const struct mmio_ops msi_ops = { .read = msi_read, .write = msi_write, .sizes = 4 };

static inline void echo_notify(struct virtio *v, uint32_t queue)
{
    struct echo *d = CONTAINER_OF(v, struct echo, v);
    struct virtio_chain c;
    uint8_t byte = 0xa5;

    d->notified[queue]++;
    for (uint32_t i = 0; i < v->queue[queue].size && virtio_pop(v, queue, &c); i++) {
        uint32_t n = MIN(c.write_bytes, 64u);
        for (uint32_t k = 0; k < n; k++)
            (void)virtio_copy_to(v, &c, k, &byte, 1);
        virtio_push(v, queue, c.head, n);
    }
    virtio_signal(v, queue);
}
static inline void echo_read_config(const struct virtio *v, uint8_t *bytes)
{
    memcpy(bytes, CONTAINER_OF(v, struct echo, v)->config, 12);
}
static inline void echo_write_config(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value)
{
    st_le(CONTAINER_OF(v, struct echo, v)->config + offset, value, n);
}
static inline void echo_reset(void *dev)
{
    struct echo *d = dev;
    virtio_reset(&d->v);
    memset(d->notified, 0, sizeof(d->notified));
    for (unsigned i = 0; i < 12; i++)
        d->config[i] = (uint8_t)(0x10 + i);
}
static const struct state_field echo_state[] = {
    STATE_SUB(echo, v, virtio_state), STATE(echo, notified), STATE(echo, config), STATE(echo, pad),
    STATE_END
};
static const struct device_ops echo_ops = {
    .name = "echo", .size = sizeof(struct echo), .state = echo_state, .version = 1,
    .reset = echo_reset,
};

/* `id`: virtio device type; two queues of 64 entries. NULL options: transitional, vectors by themselves. */
static inline void fixture_build(struct fixture *x, struct machine *m, struct mem_space *io,
                                 uint32_t id, const struct virtio_pci_options *o)
{
    static const struct virtio_pci_options standard = { .vectors = VIRTIO_PCI_VECTORS_AUTO, .devfn = -1 };
    struct err e = { 0 };

    *x = (struct fixture){ .m = m, .io = io };
    ck_assert(machine_add_ram(m, "ram", RAM_SIZE, &x->ram, &e) == 0);
    ck_assert(mem_add_ram(m->memory, "ram", RAM_AT, x->ram, 0, RAM_SIZE, 0, NULL, &e) == 0);
    ck_assert(mem_add_mmio(m->memory, "msi", MSI_AT, 0x1000, 0, &msi_ops, x, NULL, &e) == 0);
    pci_bus_init(&x->bus, m, &(struct pci_windows){ m->memory, x->io }, fixture_intx, x);
    x->echo = device_create(m, &echo_ops, "echo", &e);
    ck_assert_msg(x->echo != NULL, "%s", e.text);
    x->echo->ops = (struct virtio_ops){
        .id = id, .features = BIT(5) | BIT(50), .n_queues = 2, .queue_size = 64, .config_size = 12,
        .notify = echo_notify, .read_config = echo_read_config, .write_config = echo_write_config,
    };
    x->v = &x->echo->v;
    virtio_init(x->v, &x->echo->dev, &x->echo->ops, m->memory);
    x->t = virtio_pci_create(m, "virtio", x->v, &x->bus, o ? o : &standard, &e);
    ck_assert_msg(x->t != NULL, "%s", e.text);
    x->f = virtio_pci_function(x->t);
    x->bdf = x->f->devfn;
}

static inline uint32_t cfg_read(struct fixture *x, uint32_t offset, unsigned size)
{
    return pci_config_read(&x->bus, x->bdf, offset, size);
}
static inline void cfg_write(struct fixture *x, uint32_t offset, unsigned size, uint32_t value)
{
    pci_config_write(&x->bus, x->bdf, offset, size, value);
}

static inline uint64_t load(struct mem_space *s, pa_t at, unsigned size)
{
    uint64_t v = 0;
    ck_assert_msg(mem_load(s, at, size, &v, &(struct mem_attrs){ 0 }) == MEM_OK, "load at %#llx",
                  (unsigned long long)at);
    return v;
}
static inline void store(struct mem_space *s, pa_t at, unsigned size, uint64_t v)
{
    ck_assert_msg(mem_store(s, at, size, v, &(struct mem_attrs){ 0 }) == MEM_OK, "store at %#llx",
                  (unsigned long long)at);
}
static inline uint64_t rd(struct fixture *x, pa_t at, unsigned size)
{
    return load(x->m->memory, at, size);
}
static inline void wr(struct fixture *x, pa_t at, unsigned size, uint64_t v)
{
    store(x->m->memory, at, size, v);
}

/* Reset, place the BARs, switch on I/O, memory and bus mastering. */
static inline void fixture_start(struct fixture *x)
{
    machine_reset(x->m);
    cfg_write(x, 0x10, 4, BAR0_AT);
    cfg_write(x, 0x14, 4, BAR1_AT);
    cfg_write(x, 0x20, 4, BAR4_AT);
    cfg_write(x, 0x24, 4, 0);
    cfg_write(x, 0x04, 2, 7);
}

static inline void fixture_open(struct fixture *x, uint32_t id, const struct virtio_pci_options *o)
{
    fixture_build(x, device_generic_machine(), mem_space_create("io"), id, o);
    fixture_start(x);
}
static inline void fixture_close(struct fixture *x)
{
    machine_destroy(x->m);
    mem_space_destroy(x->io);
}

/* Offset of the `n`-th capability with this id, 0 if there is none. */
static inline uint32_t find_cap(struct fixture *x, uint8_t id, unsigned n)
{
    uint32_t at = cfg_read(x, 0x34, 1);
    for (unsigned steps = 0; at != 0; at = cfg_read(x, at + 1, 1)) {
        ck_assert_msg(at >= 0x40 && at < 0x100 && at % 4 == 0 && ++steps < 48, "capability at %#x", at);
        if (cfg_read(x, at, 1) == id && n-- == 0)
            return at;
    }
    return 0;
}

/* Vector `v` of the table to MSI_AT + 4 * v with data 0x100 + v, not masked; MSI-X on. */
static inline void enable_msix(struct fixture *x)
{
    uint32_t cap = find_cap(x, 0x11, 0);
    ck_assert(cap != 0);
    for (unsigned i = 0; i <= (cfg_read(x, cap + 2, 2) & 0x7ff); i++) {
        wr(x, BAR1_AT + 16 * i, 4, MSI_AT + 4 * i);
        wr(x, BAR1_AT + 16 * i + 4, 4, 0);
        wr(x, BAR1_AT + 16 * i + 8, 4, 0x100 + i);
        wr(x, BAR1_AT + 16 * i + 12, 4, 0);
    }
    cfg_write(x, cap + 2, 2, 0x8000);
}

enum { DESC = RAM_AT, AVAIL = RAM_AT + 0x1000, USED = RAM_AT + 0x2000, BUFFER = RAM_AT + 0x10000 };

/* One writable buffer of 64 bytes on a ring at DESC, AVAIL, USED. */
static inline void offer(struct fixture *x, pa_t desc, pa_t avail)
{
    uint16_t idx = (uint16_t)rd(x, avail + 2, 2);
    wr(x, desc, 8, BUFFER);
    wr(x, desc + 8, 4, 64);
    wr(x, desc + 12, 2, 2);
    wr(x, avail + 4 + 2 * (idx % 64), 2, 0);
    wr(x, avail + 2, 2, (uint16_t)(idx + 1));
}

/* A modern driver up to DRIVER_OK with queue 0 on, `vector` for it, taking features 32 and up. */
static inline void drive_with(struct fixture *x, uint16_t vector, uint32_t features)
{
    wr(x, COMMON + 0x14, 1, 0);
    wr(x, COMMON + 0x14, 1, 1);
    wr(x, COMMON + 0x14, 1, 3);
    wr(x, COMMON + 0x08, 4, 1);
    wr(x, COMMON + 0x0c, 4, features);
    wr(x, COMMON + 0x14, 1, 11);
    ck_assert_uint_eq(rd(x, COMMON + 0x14, 1), 11);
    wr(x, COMMON + 0x16, 2, 0);
    wr(x, COMMON + 0x1a, 2, vector);
    wr(x, COMMON + 0x20, 4, DESC);
    wr(x, COMMON + 0x24, 4, 0);
    wr(x, COMMON + 0x28, 4, AVAIL);
    wr(x, COMMON + 0x2c, 4, 0);
    wr(x, COMMON + 0x30, 4, USED);
    wr(x, COMMON + 0x34, 4, 0);
    wr(x, COMMON + 0x1c, 2, 1);
    wr(x, COMMON + 0x14, 1, 15);
}
static inline void drive(struct fixture *x, uint16_t vector)
{
    drive_with(x, vector, 1); /* VERSION_1 */
}

#endif
