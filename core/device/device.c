/* SPDX-License-Identifier: Apache-2.0 */
#include "core/device/device.h"
#include "core/device/regs_impl.h"
#include "core/util/hash.h"
#include <assert.h>
#include <stdarg.h>
#include <string.h>

static void part_reset(void *object)
{
    struct device *dev = object;
    reg_reset(dev);
    if (dev->ops->reset)
        dev->ops->reset(dev);
}

static int check_state(const struct device_ops *ops, struct err *e)
{
    for (const struct state_field *f = ops->state; f && f->kind != STATE_END_KIND; f++) {
        uint64_t end =
            f->at + (f->kind == STATE_BLOB ? sizeof(void *) : (uint64_t)f->size * f->count);
        if (f->at < sizeof(struct device) || end > ops->size)
            return err_set(e, ERR_ARG, "%s: saved field %s lies outside the part's struct",
                           ops->name, f->name);
    }
    return 0;
}

static int init_device(struct machine *m, struct device *dev, const char *id, struct err *e)
{
    dev->id = arena_strdup(&m->arena, id);
    if (!dev->id)
        return err_set(e, ERR_NOMEM, "part %s: the host has no memory left", id);
    struct machine_part part = { .name = dev->id,
                                 .version = dev->ops->version,
                                 .state = dev->ops->state,
                                 .object = dev,
                                 .reset = part_reset,
                                 .loaded = dev->ops->loaded };
    return machine_add_part(m, &part, e);
}

void *device_create(struct machine *m, const struct device_ops *ops, const char *id, struct err *e)
{
    assert(ops->size >= sizeof(struct device));
    if (reg_check_table(ops, e) < 0 || check_state(ops, e) < 0)
        return NULL;
    struct device *dev = arena_alloc(&m->arena, ops->size);
    if (!dev) {
        err_set(e, ERR_NOMEM, "part %s: the host has no memory left", id);
        return NULL;
    }
    dev->ops = ops;
    dev->machine = m;
    dev->log = log_add_category(m->log, ops->name);
    if (init_device(m, dev, id, e) < 0)
        return NULL;
    struct device **end = &m->devices;
    while (*end)
        end = &(*end)->next;
    *end = dev;
    return dev;
}

int device_map(struct device *dev, struct mem_space *space, pa_t base, struct err *e)
{
    return mem_add_mmio(space, dev->id, base, dev->ops->mmio_size, 0, &reg_mmio_ops, dev,
                        &dev->region, e);
}

struct window {
    struct device *dev;
    uint32_t offset;
};

static enum mem_result window_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    const struct window *w = arg;
    return reg_mmio_ops.read(w->dev, w->offset + offset, size, value, attrs);
}

static enum mem_result window_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    const struct window *w = arg;
    return reg_mmio_ops.write(w->dev, w->offset + offset, size, value, attrs);
}

static enum mem_result window_misaligned(void *arg, uint64_t offset, unsigned size,
                                         const struct mem_attrs *attrs)
{
    const struct window *w = arg;
    return reg_mmio_ops.misaligned(w->dev, w->offset + offset, size, attrs);
}

static const struct mmio_ops window_ops = {
    .read = window_read, .write = window_write, .misaligned = window_misaligned,
    .sizes = 1 | 2 | 4 | 8,
};

static const struct mmio_ops port_ops = {
    .read = window_read, .write = window_write, .sizes = 1, .split = true,
};

static int map_window(struct device *dev, struct mem_space *space, pa_t base, const struct window *w,
                      uint64_t n, const struct mmio_ops *ops, struct err *e)
{
    struct window *kept = ARENA_NEW(&dev->machine->arena, struct window);
    struct mem_region *region = NULL;
    if (!kept)
        return err_set(e, ERR_NOMEM, "part %s: the host has no memory left", dev->id);
    *kept = *w;
    int rc = mem_add_mmio(space, dev->id, base, n, 0, ops, kept, &region, e);
    if (rc == 0 && w->offset == 0) /* else the table's offsets are the addresses */
        dev->region = region;
    return rc;
}

int device_map_piece(struct device *dev, struct mem_space *space, pa_t base, uint32_t offset,
                     uint64_t n, struct err *e)
{
    return map_window(dev, space, base, &(struct window){ dev, offset }, n, &window_ops, e);
}

int device_map_ports(struct device *dev, struct mem_space *io, uint16_t port, uint32_t offset,
                     uint32_t n, struct err *e)
{
    return map_window(dev, io, port, &(struct window){ dev, offset }, n, &port_ops, e);
}

int device_init_timer(struct device *dev, struct ev_timer *t, const char *name, ev_fn *fn,
                      struct err *e)
{
    if (ev_timer_init(t, dev->machine->queue, name, EV_PRIO_DEVICE, fn, dev) < 0)
        return err_set(e, ERR_NOMEM, "%s: no memory for a timer", dev->id);
    return 0;
}

struct device *device_find(struct machine *m, const char *id)
{
    struct device *dev = m->devices;
    while (dev && strcmp(dev->id, id) != 0)
        dev = dev->next;
    return dev;
}

void device_destroy_all(struct machine *m)
{
    for (struct device *dev = m->devices; dev; dev = dev->next)
        if (dev->ops->destroy)
            dev->ops->destroy(dev);
    m->devices = NULL;
}

static void trace_site(struct device *dev, bool guest, const char *site)
{
    uint64_t who = hash_bytes(0, dev->id, strlen(dev->id));
    uint64_t what = hash_bytes(0, site, strlen(site));
    if (guest)
        trace(&dev->machine->trace, guest_error, device_now(dev), who, what);
    else
        trace(&dev->machine->trace, unmodelled, device_now(dev), who, what);
}

void guest_error(struct device *dev, const char *site, const char *fmt, ...)
{
    va_list ap;
    dev->guest_errors++;
    trace_site(dev, true, site);
    va_start(ap, fmt);
    log_channel(dev->machine->log, LOG_GUEST, dev->log, site, fmt, ap);
    va_end(ap);
}

void unmodelled(struct device *dev, const char *site, const char *fmt, ...)
{
    va_list ap;
    dev->unmodelled_count++;
    trace_site(dev, false, site);
    va_start(ap, fmt);
    log_channel(dev->machine->log, LOG_UNMODELLED, dev->log, site, fmt, ap);
    va_end(ap);
}
