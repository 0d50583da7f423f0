/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, stores and copies through a space. */
#include "core/memory/space_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <assert.h>

static const struct mem_attrs no_attrs;

static uint8_t *host_at(const struct mem_region *r, pa_t pa)
{
    return r->ram->host + r->ram_offset + (pa - r->base);
}

/*
 * The widest legal access at `offset` of at most `n` bytes, naturally aligned; 0
 * when the region takes none that small.
 */
static unsigned widest(const struct mmio_ops *ops, uint64_t offset, uint64_t n)
{
    for (unsigned size = 8; size != 0; size /= 2)
        if (size <= n && (ops->sizes & size) && offset % size == 0)
            return size;
    return 0;
}

/* Can [offset, offset + n) be done in legal pieces? Asked first: a refused access has no effect. */
static bool can_split(const struct mmio_ops *ops, uint64_t offset, unsigned n)
{
    while (n != 0) {
        unsigned size = widest(ops, offset, n);
        if (size == 0)
            return false;
        offset += size;
        n -= size;
    }
    return true;
}

/* An access that the region takes neither whole nor in pieces. */
static COLD enum mem_result mmio_refuse(const struct mem_region *r, uint64_t offset, unsigned size,
                                        const struct mem_attrs *attrs)
{
    if (offset % size == 0 || !r->ops->misaligned)
        return MEM_BAD_SIZE;
    return r->ops->misaligned(r->arg, offset, size, attrs ? attrs : &no_attrs);
}

static COLD enum mem_result mmio_load_parts(const struct mem_region *r, uint64_t offset, unsigned size,
                                            uint64_t *value, const struct mem_attrs *attrs)
{
    const struct mmio_ops *ops = r->ops;
    if (!ops->split || !can_split(ops, offset, size))
        return mmio_refuse(r, offset, size, attrs);
    for (unsigned done = 0; done < size;) {
        unsigned piece = widest(ops, offset + done, size - done);
        uint64_t part = 0;
        enum mem_result rc =
            ops->read ? ops->read(r->arg, offset + done, piece, &part, attrs) : MEM_REFUSED;
        if (rc != MEM_OK)
            return rc;
        *value |= zext(part, piece * 8) << (done * 8);
        done += piece;
    }
    return MEM_OK;
}

static inline enum mem_result mmio_load(const struct mem_region *r, uint64_t offset, unsigned size,
                                        uint64_t *value, const struct mem_attrs *attrs)
{
    const struct mmio_ops *ops = r->ops;
    *value = 0;
    if (UNLIKELY(!(ops->sizes & size) || (offset & (size - 1)) != 0)) /* no division */
        return mmio_load_parts(r, offset, size, value, attrs);
    return LIKELY(ops->read) ? ops->read(r->arg, offset, size, value, attrs) : MEM_REFUSED;
}

static COLD enum mem_result mmio_store_parts(const struct mem_region *r, uint64_t offset, unsigned size,
                                             uint64_t value, const struct mem_attrs *attrs)
{
    const struct mmio_ops *ops = r->ops;
    if (!ops->split || !can_split(ops, offset, size))
        return mmio_refuse(r, offset, size, attrs);
    for (unsigned done = 0; done < size;) {
        unsigned piece = widest(ops, offset + done, size - done);
        uint64_t part = zext(value >> (done * 8), piece * 8);
        enum mem_result rc =
            ops->write ? ops->write(r->arg, offset + done, piece, part, attrs) : MEM_REFUSED;
        if (rc != MEM_OK)
            return rc;
        done += piece;
    }
    return MEM_OK;
}

static inline enum mem_result mmio_store(const struct mem_region *r, uint64_t offset, unsigned size,
                                         uint64_t value, const struct mem_attrs *attrs)
{
    const struct mmio_ops *ops = r->ops;
    if (UNLIKELY(!(ops->sizes & size) || (offset & (size - 1)) != 0))
        return mmio_store_parts(r, offset, size, value, attrs);
    return LIKELY(ops->write) ? ops->write(r->arg, offset, size, zext(value, size * 8), attrs) : MEM_REFUSED;
}

/* An access that leaves its range: byte by byte where it starts in memory, else refused. */
static COLD enum mem_result load_across(struct mem_space *s, const struct mem_region *first,
                                        pa_t pa, unsigned size, uint64_t *value,
                                        const struct mem_attrs *attrs)
{
    *value = 0;
    if (first->kind == MEM_MMIO)
        return mmio_refuse(first, pa - first->base, size, attrs);
    for (unsigned i = 0; i < size; i++) {
        uint64_t byte = 0;
        enum mem_result rc = pa + i < pa ? MEM_NOTHING : mem_load(s, pa + i, 1, &byte, attrs);
        if (rc != MEM_OK)
            return rc;
        *value |= byte << (8 * i);
    }
    return MEM_OK;
}

static COLD enum mem_result store_across(struct mem_space *s, const struct mem_region *first,
                                         pa_t pa, unsigned size, uint64_t value,
                                         const struct mem_attrs *attrs)
{
    if (first->kind == MEM_MMIO)
        return mmio_refuse(first, pa - first->base, size, attrs);
    for (unsigned i = 0; i < size; i++) {
        enum mem_result rc =
            pa + i < pa ? MEM_NOTHING : mem_store(s, pa + i, 1, (value >> (8 * i)) & 0xff, attrs);
        if (rc != MEM_OK)
            return rc;
    }
    return MEM_OK;
}

enum mem_result mem_load(struct mem_space *s, pa_t pa, unsigned size, uint64_t *value,
                         const struct mem_attrs *attrs)
{
    const struct mem_range *range = mem_look_up_by(s, pa, attrs);
    *value = 0;
    if (!range || UNLIKELY(!mem_is_open(range->region, attrs)))
        return MEM_NOTHING;
    const struct mem_region *r = range->region;
    if (UNLIKELY(range->size - (pa - range->base) < size))
        return load_across(s, r, pa, size, value, attrs);
    if (r->kind == MEM_MMIO)
        return mmio_load(r, pa - r->base, size, value, attrs ? attrs : &no_attrs);
    *value = ld_le(host_at(r, pa), size);
    return MEM_OK;
}

enum mem_result mem_store(struct mem_space *s, pa_t pa, unsigned size, uint64_t value,
                          const struct mem_attrs *attrs)
{
    const struct mem_range *range = mem_look_up_by(s, pa, attrs);
    if (!range || UNLIKELY(!mem_is_open(range->region, attrs)))
        return MEM_NOTHING;
    const struct mem_region *r = range->region;
    if (UNLIKELY(range->size - (pa - range->base) < size))
        return store_across(s, r, pa, size, value, attrs);
    if (r->kind == MEM_RAM) {
        st_le(host_at(r, pa), value, size);
        mem_ram_written(r->ram, r->ram_offset + (pa - r->base), size);
        return MEM_OK;
    }
    if (!r->ops)
        return MEM_READ_ONLY;
    return mmio_store(r, pa - r->base, size, value, attrs ? attrs : &no_attrs);
}

static bool exchange(uint8_t *host, unsigned size, uint64_t from, uint64_t to)
{
    uint32_t from32 = (uint32_t)from;
    if (size == 8)
        return __atomic_compare_exchange_n((uint64_t *)(void *)host, &from, to, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST);
    return __atomic_compare_exchange_n((uint32_t *)(void *)host, &from32, (uint32_t)to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

bool mem_replace(struct mem_space *s, pa_t pa, unsigned size, uint64_t from, uint64_t to, const struct mem_attrs *attrs,
                 enum mem_result *why)
{
    const struct mem_range *range = s->shared ? mem_look_up_by(s, pa, attrs) : NULL;
    if (range == NULL || range->region->kind != MEM_RAM || !mem_is_open(range->region, attrs) || pa % size != 0) {
        *why = mem_store(s, pa, size, to, attrs);
        return true;
    }
    const struct mem_region *r = range->region;
    *why = MEM_OK;
    if (!exchange(host_at(r, pa), size, from, to))
        return false;
    mem_ram_written(r->ram, r->ram_offset + (pa - r->base), size);
    return true;
}

/* Bytes of the request that `range` answers, from `pa` on. */
static uint64_t piece_of(const struct mem_range *range, pa_t pa, uint64_t n)
{
    return MIN(n, range->size - (pa - range->base));
}

enum mem_result mem_read(struct mem_space *s, pa_t pa, void *buf, uint64_t n,
                         const struct mem_attrs *attrs)
{
    uint8_t *to = buf;
    while (n != 0) {
        const struct mem_range *range = mem_look_up_by(s, pa, attrs);
        if (!range || !mem_is_open(range->region, attrs))
            return MEM_NOTHING;
        const struct mem_region *r = range->region;
        uint64_t piece = piece_of(range, pa, n);
        if (r->kind == MEM_MMIO) {
            piece = widest(r->ops, pa - r->base, piece);
            if (piece == 0)
                return MEM_BAD_SIZE;
            uint64_t value;
            enum mem_result rc =
                mmio_load(r, pa - r->base, (unsigned)piece, &value, attrs ? attrs : &no_attrs);
            if (rc != MEM_OK)
                return rc;
            st_le(to, value, (unsigned)piece);
        } else {
            memcpy(to, host_at(r, pa), piece);
        }
        to += piece;
        n -= piece;
        if (n != 0 && pa + piece < pa)
            return MEM_NOTHING; /* past the last address */
        pa += piece;
    }
    return MEM_OK;
}

enum mem_result mem_write(struct mem_space *s, pa_t pa, const void *buf, uint64_t n,
                          const struct mem_attrs *attrs)
{
    const uint8_t *from = buf;
    while (n != 0) {
        const struct mem_range *range = mem_look_up_by(s, pa, attrs);
        if (!range || !mem_is_open(range->region, attrs))
            return MEM_NOTHING;
        const struct mem_region *r = range->region;
        uint64_t piece = piece_of(range, pa, n);
        if (r->kind == MEM_RAM) {
            memcpy(host_at(r, pa), from, piece);
            mem_ram_written(r->ram, r->ram_offset + (pa - r->base), piece);
        } else if (!r->ops) {
            return MEM_READ_ONLY;
        } else {
            piece = widest(r->ops, pa - r->base, piece);
            if (piece == 0)
                return MEM_BAD_SIZE;
            enum mem_result rc =
                mmio_store(r, pa - r->base, (unsigned)piece, ld_le(from, (unsigned)piece),
                           attrs ? attrs : &no_attrs);
            if (rc != MEM_OK)
                return rc;
        }
        from += piece;
        n -= piece;
        if (n != 0 && pa + piece < pa)
            return MEM_NOTHING;
        pa += piece;
    }
    return MEM_OK;
}

uint8_t *mem_pointer(struct mem_space *s, pa_t pa, uint64_t *n, bool writable)
{
    const struct mem_range *range = mem_lookup(s, pa);
    *n = 0;
    if (!range || range->region->kind == MEM_MMIO)
        return NULL;
    if (writable && range->region->kind != MEM_RAM)
        return NULL;
    *n = range->size - (pa - range->base);
    return host_at(range->region, pa);
}
