/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_VIRTIO_VIRTIO_H
#define ORRERY_DEVICES_VIRTIO_VIRTIO_H
/*
 * virtio (OASIS virtio 1.2): what every virtio device has, whatever carries it.
 *
 *   transport (mmio.c, pci.c)  <->  struct virtio  <->  device (blk.c, net.c, ...)
 *
 * The transport owns the registers and the interrupt; the core owns status, features
 * and the virtqueues, split (2.7) and packed (2.8), both with indirect descriptors and
 * event suppression; the device gets chains of buffers and gives them back, and does
 * not see the format. Packed rings are offered when virtio_offer() says so. Not
 * offered: IN_ORDER, NOTIFICATION_DATA. ACCESS_PLATFORM is the transport's to offer.
 *
 * The driver's tables are never trusted: loops, indices out of range, rings and buffers
 * that are not RAM and oversized chains set DEVICE_NEEDS_RESET (2.1.2), count a guest
 * error, and stop the device until it is reset. One notification handles at most a
 * queue's length of chains. Buffers are reached through host pointers, never through
 * MMIO, so that no descriptor makes a device access itself.
 *
 * Embedded by the device after its struct device; nothing to free.
 */
#include "core/device/device.h"
#include "core/memory/dma.h"

#define VIRTIO_QUEUES    64
#define VIRTIO_QUEUE_MAX 1024
#define VIRTIO_SEGMENTS  256        /* buffers in one chain at most: any chain of a queue of 256 */

enum virtio_status {
    VIRTIO_ACKNOWLEDGE = 1, VIRTIO_DRIVER = 2, VIRTIO_DRIVER_OK = 4, VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 0x40, VIRTIO_FAILED = 0x80,
};
enum virtio_feature { /* device-independent bits, chapter 6 */
    VIRTIO_F_ANY_LAYOUT = 27, VIRTIO_F_INDIRECT_DESC = 28, VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32, VIRTIO_F_ACCESS_PLATFORM = 33, VIRTIO_F_RING_PACKED = 34,
    VIRTIO_F_RING_RESET = 40,
};

struct virtio;

/* One buffer of a chain, in the guest's memory. */
struct virtio_segment {
    uint64_t addr;
    uint32_t length;
};

/* A chain as the driver made it: first what the device reads, then what it writes. */
struct virtio_chain {
    uint32_t head;                  /* for virtio_push: head index or buffer id, ring slots << 16 */
    uint16_t n_read, n_write;
    uint32_t read_bytes, write_bytes;
    struct virtio_segment seg[VIRTIO_SEGMENTS]; /* n_read, then n_write */
};

struct virtio_queue {
    /* Saved. Packed: descriptor ring, driver's and device's event suppression area. */
    uint64_t desc, avail, used;
    uint32_t size;                  /* as set by the driver; 0 = not there */
    /* Split: running indices. Packed: place in the ring, bit 15 = the wrap counter is 0. */
    uint16_t last_avail, used_idx, signalled;
    uint16_t vector;                /* transport's: MSI-X */
    uint8_t enabled, signalled_valid; /* signalled means something */
};

struct virtio_ops {
    uint32_t id;                    /* virtio device id, chapter 5 */
    uint64_t features;
    uint32_t n_queues;
    uint32_t queue_size;
    uint32_t config_size;
    void (*notify)(struct virtio *v, uint32_t queue);  /* the driver made buffers available */
    /* Little-endian configuration bytes as they are now. */
    void (*read_config)(const struct virtio *v, uint8_t *bytes);
    /* The driver writes; may be NULL. */
    void (*write_config)(struct virtio *v, uint32_t offset, uint32_t n, uint64_t value);
    void (*reset)(struct virtio *v);                   /* drop requests in flight; may be NULL */
    void (*queue_reset)(struct virtio *v, uint32_t queue); /* of one queue; may be NULL */
};

struct virtio_transport {
    void (*interrupt)(void *arg, uint32_t queue);      /* used buffers */
    void (*config_changed)(void *arg);
    void *arg;
    uint64_t features;              /* what the transport adds, such as VIRTIO_F_RING_RESET */
};

struct virtio {
    struct device *dev;             /* wiring */
    const struct virtio_ops *ops;
    struct virtio_transport transport;
    struct dma dma;                 /* the machine's memory, or what the transport puts here */
    uint64_t offered;               /* by the device; see virtio_features */

    uint64_t driver_features;       /* saved from here on */
    struct virtio_queue queue[VIRTIO_QUEUES];
    uint32_t generation;
    uint8_t status, legacy, broken, pad;
};
extern const struct state_field virtio_state[];

void virtio_init(struct virtio *v, struct device *dev, const struct virtio_ops *ops,
                 struct mem_space *memory);
/* Construction: offer a feature (RING_PACKED) or not (INDIRECT_DESC, EVENT_IDX). */
void virtio_offer(struct virtio *v, unsigned feature, bool on);
void virtio_reset(struct virtio *v);
/*
 * 0 resets. FEATURES_OK is not kept when the driver took what was not offered. A driver that
 * goes without FEATURES_OK is a legacy one: it has of the first 32 features what was offered.
 */
void virtio_set_status(struct virtio *v, uint8_t status);
uint64_t virtio_features(const struct virtio *v);         /* offered */
static inline bool virtio_has(const struct virtio *v, unsigned feature)
{
    return v->driver_features >> feature & 1;
}
void virtio_notify(struct virtio *v, uint32_t queue);
/* The driver may choose `size` for a queue: a power of two, any number for packed rings (2.8). */
bool virtio_size_accepted(const struct virtio *v, uint64_t size);
/* Size and addresses are set: start at the ring's beginning. Nothing happens if it is enabled. */
void virtio_enable_queue(struct virtio *v, uint32_t queue);
/* Stop and forget the queue (2.6.1): afterwards it is as after a device reset. */
void virtio_reset_queue(struct virtio *v, uint32_t queue);
/* Legacy layout (2.7.2): one block at `base`, used ring at the next multiple of `align`. */
void virtio_set_legacy_ring(struct virtio *v, uint32_t queue, uint64_t base, uint32_t align);

/* ---- for devices ---- */
/* Take the next available chain. false: none, or the queue is broken. */
bool virtio_pop(struct virtio *v, uint32_t queue, struct virtio_chain *c);
/* Give it back with `written` bytes; virtio_signal then interrupts if the driver wants it. */
void virtio_push(struct virtio *v, uint32_t queue, uint32_t head, uint32_t written);
void virtio_signal(struct virtio *v, uint32_t queue);
/* Changes nothing, not even for a broken ring: may be asked at any moment of host time. */
bool virtio_has_available(struct virtio *v, uint32_t queue);
/* Take chains again: from where the queue was at virtio_mark. None of them may have been pushed. */
static inline uint16_t virtio_mark(const struct virtio *v, uint32_t queue)
{
    return v->queue[queue].last_avail;
}
void virtio_rewind(struct virtio *v, uint32_t queue, uint16_t mark);

/*
 * Walk a chain's readable or writable bytes through host pointers. Adjacent buffers come as
 * one span. false: the end, `most` = 0, or not RAM (then the device is broken).
 * After writing, virtio_wrote() for the first `n` bytes of the span.
 */
struct virtio_cursor {
    const struct virtio_segment *seg;
    uint32_t left, skip;            /* segments; bytes of the first one that are done */
    bool write;
};
struct virtio_span {
    uint8_t *host;
    uint64_t addr;
    uint32_t length;
};
struct virtio_cursor virtio_readable(const struct virtio_chain *c, uint32_t offset);
struct virtio_cursor virtio_writable(const struct virtio_chain *c, uint32_t offset);
bool virtio_map(struct virtio *v, struct virtio_cursor *at, uint32_t most, struct virtio_span *s);
void virtio_wrote(struct virtio *v, const struct virtio_span *s, uint32_t n);

/* Copy from the chain's readable bytes at `offset`, or into its writable ones. Short at its end. */
uint32_t virtio_copy_from(struct virtio *v, const struct virtio_chain *c, uint32_t offset,
                          void *buf, uint32_t n);
uint32_t virtio_copy_to(struct virtio *v, const struct virtio_chain *c, uint32_t offset,
                        const void *buf, uint32_t n);
/* The configuration bytes changed by themselves. */
void virtio_config_changed(struct virtio *v);
/* The driver broke a rule: `why` is a literal. */
void virtio_break(struct virtio *v, const char *why);

#endif
