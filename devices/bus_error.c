/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/bus_error.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ABOVE_ALL = 1000 }; /* priority of the regions */

struct bus_error {
    struct device dev;
    uint64_t base[BUS_ERROR_RANGES], size[BUS_ERROR_RANGES]; /* size 0: free */
    struct mem_region *region[BUS_ERROR_RANGES];
};

static enum mem_result refuse_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0;
    return MEM_REFUSED;
}

static enum mem_result refuse_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_REFUSED;
}

static const struct mmio_ops refusing = { refuse_read, refuse_write, 1 | 2 | 4 | 8, true };

/* Region `i` as base and size say. Regions live as long as the space: one of another size takes its place. */
static int apply(struct bus_error *b, unsigned i, struct err *e)
{
    struct mem_space *s = b->dev.machine->memory;
    struct mem_region *r = b->region[i];

    if (b->size[i] == 0) {
        if (r != NULL)
            mem_enable_region(s, r, false);
        return 0;
    }
    if (r != NULL && r->size == b->size[i]) {
        mem_move_region(s, r, b->base[i]);
        mem_enable_region(s, r, true);
        return 0;
    }
    if (r != NULL)
        mem_enable_region(s, r, false);
    return mem_add_mmio(s, "bus-error", b->base[i], b->size[i], ABOVE_ALL, &refusing, b, &b->region[i], e);
}

static void loaded(void *dev)
{
    struct bus_error *b = dev;

    for (unsigned i = 0; i < BUS_ERROR_RANGES; i++)
        if (apply(b, i, NULL) < 0)
            b->size[i] = 0;
}

static const struct state_field state[] = { STATE(bus_error, base), STATE(bus_error, size), STATE_END };
static const struct device_ops ops = {
    .name = "bus-error", .size = sizeof(struct bus_error), .state = state, .version = 1, .loaded = loaded,
};

struct bus_error *bus_error_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &ops, id, e);
}

int bus_error_add(struct bus_error *b, pa_t base, uint64_t size, struct err *e)
{
    if (size == 0 || base + size - 1 < base)
        return err_set(e, ERR_ARG, "a range of %" PRIu64 " bytes at %#" PRIx64 " is empty or wraps", size, base);
    for (unsigned i = 0; i < BUS_ERROR_RANGES; i++) {
        if (b->size[i] != 0)
            continue;
        b->base[i] = base;
        b->size[i] = size;
        int r = apply(b, i, e);
        if (r < 0)
            b->size[i] = 0;
        return r;
    }
    return err_set(e, ERR_LIMIT, "all %d ranges are in use", BUS_ERROR_RANGES);
}

int bus_error_remove(struct bus_error *b, pa_t base, struct err *e)
{
    for (unsigned i = 0; i < BUS_ERROR_RANGES; i++) {
        if (b->size[i] == 0 || b->base[i] != base)
            continue;
        b->size[i] = 0;
        return apply(b, i, e);
    }
    return err_set(e, ERR_ABSENT, "no range begins at %#" PRIx64, base);
}

int bus_error_parse(const char *text, pa_t *base, uint64_t *size, struct err *e)
{
    char *plus, *end;
    *base = strtoull(text, &plus, 0);
    *size = plus != text && *plus == '+' ? strtoull(plus + 1, &end, 0) : 0;
    if (plus == text || *plus != '+' || end == plus + 1 || *end != '\0')
        return err_set(e, ERR_ARG, "'%s' is no range; BASE+SIZE in bytes is accepted, as in 0x80000000+0x1000", text);
    return 0;
}
