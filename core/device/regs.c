/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access to register tables. Inside, a register's value is its `width` bytes; on
 * the bus the bytes of a big-endian register are swapped. Lane masks say which
 * bits an access addresses.
 */
#include "core/device/regs.h"
#include "core/device/device.h"
#include "core/device/regs_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

#define ABSENT "access where no register is"
#define WIDTH  "access of a width the register does not take"
#define MISALIGNED "access that is not aligned to its width"

/* All bits of 1 to 8 bytes. */
static inline uint64_t ones(unsigned size)
{
    return ~0ull >> (64 - size * 8);
}

uint32_t reg_count(const struct reg_desc *r)
{
    return r->count ? r->count : 1;
}

uint32_t reg_stride(const struct reg_desc *r)
{
    return r->stride ? r->stride : r->width;
}

const struct reg_desc *reg_find(const struct device *dev, uint64_t offset, uint32_t *index)
{
    const struct reg_desc *rows = dev->ops->regs;
    uint32_t low = 0, high = dev->ops->n_regs;
    while (low < high) { /* first row that starts above `offset` */
        uint32_t mid = low + (high - low) / 2;
        if (rows[mid].offset <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    /* Banks may interleave, so an earlier row may be the one. */
    for (; low > 0; low--) {
        const struct reg_desc *r = &rows[low - 1];
        uint64_t from = offset - r->offset;
        if (LIKELY(reg_count(r) == 1)) { /* no division */
            *index = 0;
            if (from < r->width)
                return r;
            continue;
        }
        uint64_t i = from / reg_stride(r);
        if (i < reg_count(r) && from % reg_stride(r) < r->width) {
            *index = (uint32_t)i;
            return r;
        }
    }
    return NULL;
}

static uint8_t *storage(const struct device *dev, const struct reg_desc *r, uint32_t index)
{
    return (uint8_t *)dev + r->at + (size_t)index * r->width;
}

uint64_t reg_peek(const struct device *dev, const struct reg_desc *r, uint32_t index)
{
    uint64_t v = r->reset;
    if (r->read)
        v = r->read(dev, index);
    else if (r->stored)
        v = ld_le(storage(dev, r, index), r->width);
    return v & ones(r->width);
}

static uint64_t bus_order(const struct reg_desc *r, uint64_t v)
{
    return r->big_endian ? __builtin_bswap64(v) >> (64 - r->width * 8) : v;
}

static uint64_t read_lanes(struct device *dev, const struct reg_desc *r, uint32_t index,
                           unsigned lane, unsigned size, bool debug)
{
    uint64_t v = reg_peek(dev, r, index);
    if (r->after_read && !debug)
        r->after_read(dev, index, v);
    return bus_order(r, v) >> (lane * 8) & ones(size);
}

static void write_lanes(struct device *dev, const struct reg_desc *r, uint32_t index, unsigned lane,
                        unsigned size, uint64_t value)
{
    uint64_t mask = bus_order(r, ones(size) << (lane * 8));
    uint64_t v = bus_order(r, (value & ones(size)) << (lane * 8));
    uint64_t old = 0, now;
    if (r->stored) {
        old = ld_le(storage(dev, r, index), r->width);
        now = (old & ~(r->rw & mask)) | (v & r->rw & mask);
        now &= ~(v & r->w1c & mask);
        now |= v & r->w1s & mask;
        st_le(storage(dev, r, index), now, r->width);
    } else {
        bool narrow = size < r->width && r->read;
        uint64_t kept = narrow ? reg_peek(dev, r, index) & ~mask : 0;
        now = ((kept | v) & r->rw) | (v & (r->w1c | r->w1s));
    }
    dev->written = mask;
    if (r->wrote)
        r->wrote(dev, index, old, now);
}

/* A register that the access at `offset` addresses, with what of it is addressed. */
struct hit {
    const struct reg_desc *row;
    uint32_t index;
    unsigned lane, size;
};

static bool takes(const struct reg_desc *r, unsigned size)
{
    return (r->sizes ? r->sizes : r->width) & size;
}

static struct reg_found *place_of(struct device *dev, uint64_t offset)
{
    return &dev->found[(uint32_t)offset * 0x9e3779b1u >> 28 & (DEVICE_FOUND - 1)];
}

/* Looked up and kept; NULL: no register is there. */
static const struct reg_found *keep(struct device *dev, uint64_t offset)
{
    uint32_t index;
    const struct reg_desc *row = reg_find(dev, offset, &index);
    if (!row)
        return NULL;
    uint64_t lane = offset - row->offset - (uint64_t)index * reg_stride(row);
    struct reg_found *f = place_of(dev, offset);
    *f = (struct reg_found){ .row = row, .offset = offset, .index = index, .lane = (uint8_t)lane };
    for (unsigned size = 1; size <= row->width - lane; size *= 2)
        f->whole |= takes(row, size) ? (uint8_t)size : 0;
    return f;
}

static bool find(struct device *dev, uint64_t offset, unsigned size, struct hit *h)
{
    const struct reg_found *f = place_of(dev, offset);
    if (UNLIKELY(f->row == NULL || f->offset != offset))
        f = keep(dev, offset);
    if (!f)
        return false;
    *h = (struct hit){ f->row, f->index, f->lane, MIN(size, (unsigned)f->row->width - f->lane) };
    return true;
}

static enum mem_result hole(struct device *dev, uint64_t offset, unsigned size, bool debug)
{
    if (!debug)
        guest_error(dev, ABSENT, "offset %#llx, %u bytes", (unsigned long long)offset, size);
    return dev->ops->holes_refuse ? MEM_REFUSED : MEM_OK;
}

/* Most accesses are one register's alone, which takes their width; NULL: not this one. The next look-up may overwrite it. */
static const struct reg_found *find_whole(struct device *dev, uint64_t offset, unsigned size)
{
    const struct reg_found *f = place_of(dev, offset);
    if (LIKELY(f->offset == offset && (f->whole & size)))
        return f;
    if (f->row == NULL || f->offset != offset)
        f = keep(dev, offset);
    return f && (f->whole & size) ? f : NULL;
}

/* Every register under the access must take its width; the first one's verdict is reported. */
static enum mem_result check_width(struct device *dev, uint64_t offset, unsigned size, bool debug)
{
    for (unsigned at = 0; at < size;) {
        struct hit h;
        if (!find(dev, offset + at, size - at, &h)) {
            at++;
            continue;
        }
        if (!takes(h.row, size) || (h.lane != 0 && h.size < size - at)) {
            if (!debug)
                guest_error(dev, WIDTH, "%s, offset %#llx, %u bytes", h.row->name,
                            (unsigned long long)offset, size);
            return MEM_BAD_SIZE;
        }
        at += h.size;
    }
    return MEM_OK;
}

static uint64_t traced_address(const struct device *dev, uint64_t offset)
{
    return (dev->region ? dev->region->base : 0) + offset;
}

/* An access of several registers, of none, or one that is refused. */
static enum mem_result read_parts(struct device *dev, uint64_t offset, unsigned size,
                                  uint64_t *value, const struct mem_attrs *attrs)
{
    struct hit h;
    enum mem_result rc = check_width(dev, offset, size, attrs->debug);
    if (rc != MEM_OK)
        return rc;
    if (!find(dev, offset, size, &h)) {
        rc = hole(dev, offset, size, attrs->debug);
    } else {
        *value = read_lanes(dev, h.row, h.index, h.lane, h.size, attrs->debug);
        for (unsigned at = h.size; at < size;) { /* wider than the register: its neighbours too */
            if (!find(dev, offset + at, size - at, &h)) {
                at++;
                continue;
            }
            uint64_t part = read_lanes(dev, h.row, h.index, h.lane, h.size, attrs->debug);
            *value |= part << (at * 8);
            at += h.size;
        }
    }
    if (!attrs->debug)
        trace(&dev->machine->trace, mmio_read, device_now(dev), traced_address(dev, offset), size, *value);
    return rc;
}

static enum mem_result write_parts(struct device *dev, uint64_t offset, unsigned size,
                                   uint64_t value, const struct mem_attrs *attrs)
{
    struct hit h;
    enum mem_result rc = check_width(dev, offset, size, attrs->debug);
    if (rc != MEM_OK)
        return rc;
    if (!attrs->debug)
        trace(&dev->machine->trace, mmio_write, device_now(dev), traced_address(dev, offset), size, value);
    if (!find(dev, offset, size, &h))
        return hole(dev, offset, size, attrs->debug);
    for (unsigned at = 0; at < size;) {
        if (!find(dev, offset + at, size - at, &h)) {
            at++;
            continue;
        }
        write_lanes(dev, h.row, h.index, h.lane, h.size, value >> (at * 8));
        at += h.size;
    }
    return MEM_OK;
}

/* What a register does may come back as an access to this part, by somebody else. */
static enum mem_result table_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    struct device *dev = arg;
    const struct mem_attrs *outer = dev->access;
    const struct reg_found *f = find_whole(dev, offset, size);
    enum mem_result rc = MEM_OK;
    *value = 0;
    dev->access = attrs;
    if (LIKELY(f)) {
        *value = read_lanes(dev, f->row, f->index, f->lane, size, attrs->debug);
        if (!attrs->debug)
            trace(&dev->machine->trace, mmio_read, device_now(dev), traced_address(dev, offset), size, *value);
    } else {
        rc = read_parts(dev, offset, size, value, attrs);
    }
    dev->access = outer;
    return rc;
}

static enum mem_result table_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    struct device *dev = arg;
    const struct mem_attrs *outer = dev->access;
    const struct reg_found *f = find_whole(dev, offset, size);
    enum mem_result rc = MEM_OK;
    dev->access = attrs;
    if (LIKELY(f)) {
        if (!attrs->debug)
            trace(&dev->machine->trace, mmio_write, device_now(dev), traced_address(dev, offset), size, value);
        write_lanes(dev, f->row, f->index, f->lane, size, value);
    } else {
        rc = write_parts(dev, offset, size, value, attrs);
    }
    dev->access = outer;
    return rc;
}

static enum mem_result table_misaligned(void *arg, uint64_t offset, unsigned size,
                                        const struct mem_attrs *attrs)
{
    struct device *dev = arg;
    if (!dev->ops->misaligned_ignored)
        return MEM_BAD_SIZE;
    if (!attrs->debug)
        guest_error(dev, MISALIGNED, "offset %#llx, %u bytes", (unsigned long long)offset, size);
    return MEM_OK;
}

const struct mmio_ops reg_mmio_ops = {
    .read = table_read,
    .write = table_write,
    .misaligned = table_misaligned,
    .sizes = 1 | 2 | 4 | 8,
};

void reg_reset(struct device *dev)
{
    for (uint32_t i = 0; i < dev->ops->n_regs; i++) {
        const struct reg_desc *r = &dev->ops->regs[i];
        for (uint32_t k = 0; r->stored && k < reg_count(r); k++)
            st_le(storage(dev, r, k), r->reset, r->width);
    }
}
