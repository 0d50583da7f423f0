/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEVICE_DEVICE_H
#define ORRERY_CORE_DEVICE_DEVICE_H
/*
 * What every part has. A part is a struct whose first member is `struct device`,
 * a state table, a register table and one ops struct; there is no other way to
 * make one (docs/devices.md walks through an example).
 *
 * Life: device_create() allocates `ops->size` zeroed bytes from the machine's
 * arena, registers the part for reset and state, and gives it its name. The
 * part's own xxx_create(machine, ..., wiring) calls it, wires lines and timers.
 * `reset` gives the architected reset values, after the stored registers took
 * theirs from the table; `loaded` rebuilds what is not saved. `destroy` releases
 * host resources only (files, sockets); memory goes with the arena.
 *
 * A device never calls a CPU: it drives lines and sends MSIs. It reaches memory
 * through the `struct dma` it was given.
 */
#include "core/device/line.h"
#include "core/device/machine.h"
#include "core/device/regs.h"
#include "core/state/state.h"

struct device_ops {
    const char *name;                 /* kind, as the field calls it: "plic", "ns16550" */
    const char *spec;                 /* document and version */
    size_t size;                      /* of the part's struct */
    const struct reg_desc *regs;      /* may be NULL */
    uint32_t n_regs;
    uint64_t mmio_size;               /* bytes the table spans, for device_map */
    const struct state_field *state;
    uint32_t version;
    void (*reset)(void *dev);
    void (*loaded)(void *dev);
    void (*destroy)(void *dev);
    bool holes_refuse;                /* see regs.h */
    bool misaligned_ignored;          /* such accesses end normally, read 0 and change nothing */
};

/* Where an offset was found in the register table: software goes to a few registers again and again. */
struct reg_found {
    const struct reg_desc *row;       /* NULL: empty */
    uint64_t offset;
    uint32_t index;
    uint8_t lane;                     /* first byte of the register that is addressed */
    uint8_t whole;                    /* widths, as a mask, of accesses that are this register's alone, and that it takes */
};
#define DEVICE_FOUND 16u              /* a power of two */

struct device {
    const struct device_ops *ops;
    struct machine *machine;
    const char *id;                   /* unique in the machine: "plic", "virtio-blk0" */
    struct mem_region *region;        /* where device_map put the registers, or NULL */
    uint64_t guest_errors, unmodelled_count;
    uint64_t written;                 /* during a row's `wrote`: the bits the access addressed */
    const struct mem_attrs *access;   /* during an access: whose; else NULL */
    log_cat_t log;
    struct reg_found found[DEVICE_FOUND]; /* derived of the table */
    struct device *next;
};

/*
 * `id` is copied. NULL with `e` filled in when memory runs out or the id is taken
 * or the tables are inconsistent (rows unsorted, overlapping, storage outside the struct).
 */
void *device_create(struct machine *m, const struct device_ops *ops, const char *id, struct err *e);

/* Put the register table at `base` of `space`. */
int device_map(struct device *dev, struct mem_space *space, pa_t base, struct err *e) MUST_CHECK;

/*
 * A piece of it: `n` bytes of the table from `offset` on. A part whose registers lie scattered
 * numbers its table by their addresses and is mapped piece by piece.
 */
int device_map_piece(struct device *dev, struct mem_space *space, pa_t base, uint32_t offset,
                     uint64_t n, struct err *e) MUST_CHECK;

/*
 * The same on a PC's I/O ports: `n` bytes of the table from `offset` on, at `port`. The ISA bus
 * carries bytes, so wider accesses and those at odd ports arrive as several, low address first.
 */
int device_map_ports(struct device *dev, struct mem_space *io, uint16_t port, uint32_t offset,
                     uint32_t n, struct err *e) MUST_CHECK;

/* A timer of the part's, of EV_PRIO_DEVICE: ev_timer_init, `fn` being called with the part. */
int device_init_timer(struct device *dev, struct ev_timer *t, const char *name, ev_fn *fn,
                      struct err *e) MUST_CHECK;

/* The index of the CPU whose access is being served; 0 if it is none. */
static inline uint32_t device_accessing_cpu(const struct device *dev)
{
    return dev->access && dev->access->requester >= MEM_REQUESTER_CPU
               ? dev->access->requester - MEM_REQUESTER_CPU : 0;
}

struct device *device_find(struct machine *m, const char *id);
void device_destroy_all(struct machine *m); /* calls every ops->destroy; machine_destroy does it */

/*
 * Software did what the specification forbids or leaves undefined; `site` is a
 * literal. Counted, traced, printed once per site. Never ends anything.
 */
void guest_error(struct device *dev, const char *site, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Software used what the hardware has and this model has not. */
void unmodelled(struct device *dev, const char *site, const char *fmt, ...) PRINTF_LIKE(3, 4);

static inline ps_t device_now(const struct device *dev)
{
    return ev_now(dev->machine->queue);
}

#endif
