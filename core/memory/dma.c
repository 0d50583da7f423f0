/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory/dma.h"

/* Where one piece of a request ends up. */
struct target {
    struct mem_space *space; /* NULL: the IOMMU has consumed the access */
    pa_t pa;
};

static enum mem_result resolve(struct dma *d, uint64_t addr, uint64_t n, enum dma_kind kind,
                               uint32_t data, struct target *t)
{
    *t = (struct target){ d->space, addr };
    if (!d->enabled)
        return MEM_NOTHING;
    if (!d->iommu)
        return MEM_OK;
    return d->iommu->translate(d->iommu->arg, d->requester, addr, n, kind, data, &t->space, &t->pa);
}

/* How much of a request goes out at once: all of it, or up to the page's end behind an IOMMU. */
static uint64_t piece_of(const struct dma *d, uint64_t addr, uint64_t n)
{
    uint64_t left = MEM_PAGE - addr % MEM_PAGE;
    return d->iommu && left < n ? left : n;
}

enum mem_result dma_read(struct dma *d, uint64_t addr, void *buf, uint64_t n)
{
    uint8_t *to = buf;
    struct mem_attrs attrs = { .requester = d->requester };
    while (n != 0) {
        uint64_t piece = piece_of(d, addr, n);
        struct target t;
        enum mem_result rc = resolve(d, addr, piece, DMA_READ, 0, &t);
        if (rc == MEM_OK)
            rc = t.space ? mem_read(t.space, t.pa, to, piece, &attrs) : MEM_REFUSED;
        if (rc != MEM_OK)
            return rc;
        to += piece;
        n -= piece;
        if (n != 0 && addr + piece < addr)
            return MEM_NOTHING;
        addr += piece;
    }
    return MEM_OK;
}

enum mem_result dma_write(struct dma *d, uint64_t addr, const void *buf, uint64_t n)
{
    const uint8_t *from = buf;
    struct mem_attrs attrs = { .requester = d->requester };
    while (n != 0) {
        uint64_t piece = piece_of(d, addr, n);
        struct target t;
        enum mem_result rc = resolve(d, addr, piece, DMA_WRITE, 0, &t);
        if (rc == MEM_OK)
            rc = t.space ? mem_write(t.space, t.pa, from, piece, &attrs) : MEM_REFUSED;
        if (rc != MEM_OK)
            return rc;
        from += piece;
        n -= piece;
        if (n != 0 && addr + piece < addr)
            return MEM_NOTHING;
        addr += piece;
    }
    return MEM_OK;
}

enum mem_result dma_send_msi(struct dma *d, uint64_t addr, uint32_t data)
{
    /* PCIe 6.0, 6.1.4: the message address is DWORD aligned. */
    if (addr % 4 != 0)
        return MEM_BAD_SIZE;
    struct target t;
    enum mem_result rc = resolve(d, addr, 4, DMA_MSI, data, &t);
    if (rc != MEM_OK || !t.space)
        return rc;
    struct mem_attrs attrs = { .requester = d->requester };
    return mem_store(t.space, t.pa, 4, data, &attrs);
}

uint8_t *dma_map(struct dma *d, uint64_t addr, uint64_t *n, bool write)
{
    uint64_t wanted = piece_of(d, addr, *n), there;
    struct target t;
    *n = 0;
    if (wanted == 0)
        return NULL;
    enum mem_result rc = resolve(d, addr, wanted, write ? DMA_WRITE : DMA_READ, 0, &t);
    if (rc != MEM_OK || !t.space)
        return NULL;
    uint8_t *host = mem_pointer(t.space, t.pa, &there, write);
    if (host)
        *n = MIN(wanted, there);
    return host;
}

void dma_mapped_written(struct dma *d, uint64_t addr, uint64_t n)
{
    while (n != 0) {
        uint64_t piece = piece_of(d, addr, n);
        struct target t;
        if (resolve(d, addr, piece, DMA_WRITE, 0, &t) != MEM_OK || !t.space)
            return;
        const struct mem_range *range = mem_lookup(t.space, t.pa);
        if (!range || range->region->kind != MEM_RAM)
            return;
        piece = MIN(piece, range->size - (t.pa - range->base));
        const struct mem_region *r = range->region;
        mem_ram_written(r->ram, r->ram_offset + (t.pa - r->base), piece);
        addr += piece;
        n -= piece;
    }
}
