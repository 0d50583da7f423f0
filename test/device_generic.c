/* SPDX-License-Identifier: Apache-2.0 */
#include "test/device_generic.h"
#include "core/state/snapshot.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include <check.h>
#include <stdlib.h>

static const struct mem_attrs cpu_access = { .requester = MEM_REQUESTER_CPU };
static const struct mem_attrs debug_access = { .requester = MEM_REQUESTER_CPU, .debug = 1 };

struct random {
    uint64_t state;
};

static uint64_t next(struct random *r)
{
    return hash_mix(r->state += 0x9e3779b97f4a7c15ull);
}

/* Values that find more than uniform ones: single bits, runs, small numbers. */
static uint64_t next_value(struct random *r)
{
    uint64_t v = next(r);
    switch (next(r) % 6) {
    case 0:
        return BIT(v % 64);
    case 1:
        return ~0ull >> (v % 64);
    case 2:
        return v % 16;
    case 3:
        return v % 4096;
    case 4:
        return 0;
    default:
        return v;
    }
}

struct machine *device_generic_machine(void)
{
    struct err e = { 0 };
    struct machine *m = NULL;
    ck_assert_msg(machine_create(&m, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(log_configure(m->log, "error,guest=off,unmodelled=off", &e) == 0, "%s", e.text);
    m->seed = 1;
    m->trace.hashing = true;
    return m;
}

static uint32_t members(const struct reg_desc *r)
{
    return r->count ? r->count : 1;
}

static uint32_t stride(const struct reg_desc *r)
{
    return r->stride ? r->stride : r->width;
}

static uint64_t offset_of(const struct reg_desc *r, uint32_t index)
{
    return r->offset + (uint64_t)index * stride(r);
}

static uint64_t device_hash(const struct device *dev)
{
    return dev->ops->state ? state_hash(0, dev->ops->state, dev) : 0;
}

/* Timers carry sequence numbers, which go on: two resets then differ in them, rightly. */
static bool has_custom(const struct state_field *table)
{
    for (const struct state_field *f = table; f && f->kind != STATE_END_KIND; f++)
        if (f->kind == STATE_CUSTOM || (f->kind == STATE_STRUCT && has_custom(f->table)))
            return true;
    return false;
}

static void reset(struct device *dev)
{
    reg_reset(dev);
    if (dev->ops->reset)
        dev->ops->reset(dev);
}

static uint8_t *storage(struct device *dev, const struct reg_desc *r, uint32_t index)
{
    return (uint8_t *)dev + r->at + (size_t)index * r->width;
}

/* Stored registers take the table's value; where the part has its own reset, twice is once. */
static void check_reset(struct device *dev)
{
    reset(dev);
    uint64_t before = device_hash(dev);
    for (uint32_t i = 0; i < dev->ops->n_regs; i++) {
        const struct reg_desc *r = &dev->ops->regs[i];
        for (uint32_t k = 0; !dev->ops->reset && r->stored && k < members(r); k++)
            ck_assert_msg(ld_le(storage(dev, r, k), r->width) == r->reset,
                          "%s: %s[%u] is not at its reset value %#llx", dev->ops->name, r->name, k,
                          (unsigned long long)r->reset);
    }
    reset(dev);
    ck_assert_msg(has_custom(dev->ops->state) || device_hash(dev) == before,
                  "%s: a second reset changes the state", dev->ops->name);
}

/* Rows of storage and masks alone: the value after a write follows from the table. */
static void check_masks(struct device *dev, struct random *rnd)
{
    for (uint32_t i = 0; i < dev->ops->n_regs; i++) {
        const struct reg_desc *r = &dev->ops->regs[i];
        if (!r->stored || r->read || r->wrote || !((r->sizes ? r->sizes : r->width) & r->width))
            continue;
        uint32_t last = members(r) - 1;
        for (uint32_t k = 0; k <= last; k += MAX(last, 1)) {
            reset(dev);
            uint64_t old = ld_le(storage(dev, r, k), r->width), v = next(rnd);
            uint64_t wanted = (((old & ~r->rw) | (v & r->rw)) & ~(v & r->w1c)) | (v & r->w1s);
            uint64_t bus = r->big_endian ? __builtin_bswap64(v) >> (64 - 8 * r->width) : v;
            enum mem_result rc = reg_mmio_ops.write(dev, offset_of(r, k), r->width,
                                                    zext(bus, 8 * r->width), &cpu_access);
            uint64_t now = ld_le(storage(dev, r, k), r->width);
            ck_assert_msg(rc == MEM_OK && now == zext(wanted, 8 * r->width),
                          "%s: %s[%u] was %#llx, written %#llx: is %#llx, should be %#llx",
                          dev->ops->name, r->name, k, (unsigned long long)old,
                          (unsigned long long)v, (unsigned long long)now,
                          (unsigned long long)wanted);
        }
    }
    reset(dev);
}

/* A width the row does not list is refused and changes nothing; its own widths are taken. */
static void check_sizes(struct device *dev)
{
    for (uint32_t i = 0; i < dev->ops->n_regs; i++) {
        const struct reg_desc *r = &dev->ops->regs[i];
        uint8_t legal = r->sizes ? r->sizes : r->width;
        for (unsigned size = 1; size <= 8; size *= 2) {
            uint64_t value = 0, before = device_hash(dev);
            if (r->offset % size != 0)
                continue;
            if (legal & size) {
                enum mem_result rc = reg_mmio_ops.read(dev, r->offset, size, &value, &cpu_access);
                ck_assert_msg(size > r->width || rc == MEM_OK, "%s: %s refuses %u bytes",
                              dev->ops->name, r->name, size);
                continue;
            }
            ck_assert_msg(reg_mmio_ops.read(dev, r->offset, size, &value, &cpu_access) ==
                              MEM_BAD_SIZE,
                          "%s: %s can be read with %u bytes", dev->ops->name, r->name, size);
            ck_assert_msg(reg_mmio_ops.write(dev, r->offset, size, ~0ull, &cpu_access) ==
                              MEM_BAD_SIZE,
                          "%s: %s can be written with %u bytes", dev->ops->name, r->name, size);
            ck_assert_msg(device_hash(dev) == before, "%s: a refused access to %s changes state",
                          dev->ops->name, r->name);
        }
    }
    reset(dev);
}

/* What a debugger reads, it leaves. */
static void check_peek(struct device *dev)
{
    for (uint32_t i = 0; i < dev->ops->n_regs; i++) {
        const struct reg_desc *r = &dev->ops->regs[i];
        uint32_t last = members(r) - 1;
        for (uint32_t k = 0; k <= last; k += MAX(last, 1)) {
            uint64_t before = device_hash(dev), value;
            reg_peek(dev, r, k);
            (void)reg_mmio_ops.read(dev, offset_of(r, k), r->width, &value, &debug_access);
            ck_assert_msg(device_hash(dev) == before, "%s: peeking at %s[%u] changes state",
                          dev->ops->name, r->name, k);
        }
    }
}

/* The first saved byte. A struct of another room's has its own wiring in front. */
static size_t first_saved(const struct state_field *table, size_t none)
{
    size_t first = none;
    for (const struct state_field *f = table; f && f->kind != STATE_END_KIND; f++) {
        size_t inside = f->kind == STATE_STRUCT && f->count == 1 ? first_saved(f->table, f->size) : 0;
        if (f->kind != STATE_CUSTOM)
            first = MIN(first, f->at + inside);
    }
    return first;
}

/*
 * From the first saved member on, every byte is saved. A timer or another custom
 * field may stand further up, with the wiring.
 */
static void check_coverage(const struct device *dev)
{
    const struct device_ops *ops = dev->ops;
    size_t first = first_saved(ops->state, ops->size), end = 0;
    for (const struct state_field *f = ops->state; f && f->kind != STATE_END_KIND; f++) {
        size_t n = f->kind == STATE_BLOB ? sizeof(void *) : (size_t)f->size * f->count;
        end = MAX(end, f->at + n);
        if (f->kind == STATE_BLOB)
            end = MAX(end, f->length_at + sizeof(uint32_t));
    }
    if (!ops->state)
        return;
    uint8_t *covered = calloc(1, ops->size);
    ck_assert_ptr_nonnull(covered);
    state_coverage(ops->state, covered, ops->size);
    for (size_t i = first; i < end; i++)
        ck_assert_msg(covered[i], "%s: byte %zu of the struct (first saved: %zu) is in no field of "
                      "the state table", ops->name, i, first);
    ck_assert_msg(first == ops->size || ops->size - end < 8,
                  "%s: the last %zu bytes of the struct are in no field of the state table",
                  ops->name, ops->size - end);
    free(covered);
}

void device_generic_check(struct device *dev)
{
    struct random rnd = { 1 };
    check_coverage(dev);
    check_reset(dev);
    check_masks(dev, &rnd);
    check_sizes(dev);
    check_peek(dev);
}

void device_generic_copy(struct machine *m, struct machine *fresh)
{
    struct err e = { 0 };
    struct state_writer *w = NULL;
    struct state_reader *r = NULL;
    ck_assert_msg(snapshot_create(&w, NULL, "generic", &e) == 0, "%s", e.text);
    ck_assert_msg(machine_save(m, w, &e) == 0, "%s", e.text);
    ck_assert_msg(snapshot_finish(w, &e) == 0, "%s", e.text);
    ck_assert_msg(snapshot_open_memory(&r, w, &e) == 0, "%s", e.text);
    ck_assert_msg(machine_load(fresh, r, &e) == 0, "%s", e.text);
    snapshot_close(r);
    snapshot_discard(w);
    const struct machine_part *a = m->parts, *b = fresh->parts;
    for (; a && b; a = a->next, b = b->next) {
        const char *differs = a->state ? state_compare(a->state, a->object, b->object) : NULL;
        ck_assert_msg(!differs, "%s: field %s differs after restore", a->name, differs);
    }
    ck_assert_msg(machine_hash(m) == machine_hash(fresh), "the restored machine differs");
}

/* One access, or time going by: the same in both machines, and the same seen by software. */
static void poke_both(struct device *a, struct device *b, const struct device_generic *g,
                      struct random *rnd)
{
    uint64_t what = next(rnd), value = next_value(rnd);
    if (what % 8 == 0 || a->ops->n_regs == 0) {
        ps_t until = ev_now(a->machine->queue) + value % (PS_PER_MS * 10);
        ev_run(a->machine->queue, until);
        ev_run(b->machine->queue, until);
        return;
    }
    const struct reg_desc *r = &a->ops->regs[next(rnd) % a->ops->n_regs];
    uint32_t index = (uint32_t)(next(rnd) % members(r));
    if (next(rnd) % 2)
        index %= 8;
    unsigned size = next(rnd) % 4 ? r->width : 1u << next(rnd) % 4;
    uint64_t offset = align_down(offset_of(r, index) + next(rnd) % r->width, size);
    if (g->skip && strcmp(g->skip, r->name) == 0)
        return;
    if (what % 2) {
        uint64_t x = 0, y = 0;
        enum mem_result p = reg_mmio_ops.read(a, offset, size, &x, &cpu_access);
        enum mem_result q = reg_mmio_ops.read(b, offset, size, &y, &cpu_access);
        ck_assert_msg(p == q && x == y, "%s: %s[%u] reads %#llx, after a restore %#llx",
                      a->ops->name, r->name, index, (unsigned long long)x, (unsigned long long)y);
    } else {
        value = zext(value, size * 8);
        enum mem_result p = reg_mmio_ops.write(a, offset, size, value, &cpu_access);
        enum mem_result q = reg_mmio_ops.write(b, offset, size, value, &cpu_access);
        ck_assert_msg(p == q, "%s: %s[%u] takes a write only before or after a restore",
                      a->ops->name, r->name, index);
    }
    const char *differs = a->ops->state ? state_compare(a->ops->state, a, b) : NULL;
    ck_assert_msg(!differs, "%s: after an access to %s[%u] (%s, %u bytes, %#llx) field %s differs "
                  "from a machine never restored", a->ops->name, r->name, index,
                  what % 2 ? "read" : "write", size, (unsigned long long)value, differs);
}

static void check_pokes(const struct device_generic *g)
{
    struct random rnd = { g->seed };
    struct machine *never = device_generic_machine(), *often = device_generic_machine();
    struct device *a = g->make(never, g->arg), *b = g->make(often, g->arg);
    machine_reset(never);
    machine_reset(often);
    uint32_t steps = g->steps ? g->steps : 3000;
    for (uint32_t i = 0; i < steps; i++) {
        poke_both(a, b, g, &rnd);
        if (i % 16 != 0)
            continue;
        struct machine *fresh = device_generic_machine();
        struct device *c = g->make(fresh, g->arg);
        machine_reset(fresh);
        device_generic_copy(often, fresh);
        machine_destroy(often);
        often = fresh;
        b = c;
    }
    ck_assert_msg(machine_hash(never) == machine_hash(often), "%s: the machines went apart",
                  a->ops->name);
    machine_destroy(never);
    machine_destroy(often);
}

/* After anything software may have done, a reset is as good as a new machine. */
static void check_reset_from_anywhere(const struct device_generic *g)
{
    struct random rnd = { g->seed + 1 };
    struct machine *used = device_generic_machine(), *other = device_generic_machine();
    struct device *a = g->make(used, g->arg), *b = g->make(other, g->arg);
    machine_reset(used);
    machine_reset(other);
    uint64_t fresh = device_hash(a);
    for (uint32_t i = 0; i < 200; i++)
        poke_both(a, b, g, &rnd);
    machine_reset(used);
    ck_assert_msg(g->keeps_state || has_custom(a->ops->state) || device_hash(a) == fresh,
                  "%s: a reset does not bring back the reset state", a->ops->name);
    machine_destroy(used);
    machine_destroy(other);
}

void device_generic_test(const struct device_generic *g)
{
    struct machine *m = device_generic_machine();
    struct device *dev = g->make(m, g->arg);
    machine_reset(m);
    device_generic_check(dev);
    machine_destroy(m);
    check_reset_from_anywhere(g);
    check_pokes(g);
}
