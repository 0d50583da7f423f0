/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of buffers, and the driver's memory behind them. */
#include "devices/virtio/virtio_impl.h"
#include <string.h>

#define OUTSIDE_RING   "virtqueue lies outside memory"
#define OUTSIDE_BUFFER "buffer lies outside memory"

static bool access_ring(struct virtio *v, uint64_t addr, uint8_t *buf, uint32_t n, bool write)
{
    while (n != 0) {
        uint64_t there = n;
        uint8_t *host = dma_map(&v->dma, addr, &there, write);
        if (!host || addr + there < addr)
            return false;
        if (write) {
            memcpy(host, buf, there);
            dma_mapped_written(&v->dma, addr, there);
        } else {
            memcpy(buf, host, there);
        }
        addr += there;
        buf += there;
        n -= (uint32_t)there;
    }
    return true;
}

bool virtio_ring_peek(struct virtio *v, uint64_t addr, void *buf, uint32_t n)
{
    return access_ring(v, addr, buf, n, false);
}

bool virtio_ring_read(struct virtio *v, uint64_t addr, void *buf, uint32_t n)
{
    if (access_ring(v, addr, buf, n, false))
        return true;
    virtio_break(v, OUTSIDE_RING);
    return false;
}

bool virtio_ring_write(struct virtio *v, uint64_t addr, const void *buf, uint32_t n)
{
    if (access_ring(v, addr, (uint8_t *)(uintptr_t)buf, n, true))
        return true;
    virtio_break(v, OUTSIDE_RING);
    return false;
}

bool virtio_add_descriptor(struct virtio *v, struct virtio_chain *c, uint64_t addr,
                           uint32_t length, bool write)
{
    uint32_t *bytes = write ? &c->write_bytes : &c->read_bytes;
    const char *why = NULL;

    if (c->n_read + c->n_write == VIRTIO_SEGMENTS)
        why = "descriptor chain is too long";
    else if (!write && c->n_write)
        why = "readable descriptor behind a writable one"; /* 2.7.4.2 */
    else if (length > UINT32_MAX - *bytes)
        why = "descriptor chain describes more than 4 GiB";
    else if (addr + length < addr)
        why = "buffer wraps around the end of the address space";
    if (why) {
        virtio_break(v, why);
        return false;
    }
    *bytes += length;
    c->seg[c->n_read + c->n_write] = (struct virtio_segment){ addr, length };
    *(write ? &c->n_write : &c->n_read) += 1;
    return true;
}

bool virtio_check_indirect(struct virtio *v, uint32_t length, uint16_t flags)
{
    if (length != 0 && length % 16 == 0 && !(flags & VIRTIO_DESC_NEXT) &&
        virtio_has(v, VIRTIO_F_INDIRECT_DESC))
        return true;
    virtio_break(v, "indirect descriptor is malformed");
    return false;
}

/* ---- buffers ---- */
static struct virtio_cursor cursor(const struct virtio_segment *s, uint32_t n, uint32_t offset,
                                   bool write)
{
    while (n != 0 && offset >= s->length) {
        offset -= s->length;
        s++;
        n--;
    }
    return (struct virtio_cursor){ s, n, offset, write };
}

struct virtio_cursor virtio_readable(const struct virtio_chain *c, uint32_t offset)
{
    return cursor(c->seg, c->n_read, offset, false);
}

struct virtio_cursor virtio_writable(const struct virtio_chain *c, uint32_t offset)
{
    return cursor(c->seg + c->n_read, c->n_write, offset, true);
}

bool virtio_map(struct virtio *v, struct virtio_cursor *at, uint32_t most, struct virtio_span *s)
{
    uint64_t n, end;

    *at = cursor(at->seg, at->left, at->skip, at->write);
    if (at->left == 0 || most == 0)
        return false;
    s->addr = at->seg->addr + at->skip;
    n = at->seg->length - at->skip;
    end = s->addr + n;
    for (uint32_t i = 1; i < at->left && n < most && at->seg[i].addr == end; i++) {
        n += at->seg[i].length;
        end += at->seg[i].length;
    }
    n = MIN(n, most);
    s->host = dma_map(&v->dma, s->addr, &n, at->write);
    if (!s->host) {
        virtio_break(v, OUTSIDE_BUFFER);
        return false;
    }
    s->length = (uint32_t)n;
    *at = cursor(at->seg, at->left, at->skip + (uint32_t)n, at->write);
    return true;
}

void virtio_wrote(struct virtio *v, const struct virtio_span *s, uint32_t n)
{
    dma_mapped_written(&v->dma, s->addr, n);
}

uint32_t virtio_copy_from(struct virtio *v, const struct virtio_chain *c, uint32_t offset,
                          void *buf, uint32_t n)
{
    struct virtio_cursor at = virtio_readable(c, offset);
    struct virtio_span s;
    uint32_t done = 0;

    while (virtio_map(v, &at, n - done, &s)) {
        memcpy((uint8_t *)buf + done, s.host, s.length);
        done += s.length;
    }
    return done;
}

uint32_t virtio_copy_to(struct virtio *v, const struct virtio_chain *c, uint32_t offset,
                        const void *buf, uint32_t n)
{
    struct virtio_cursor at = virtio_writable(c, offset);
    struct virtio_span s;
    uint32_t done = 0;

    while (virtio_map(v, &at, n - done, &s)) {
        memcpy(s.host, (const uint8_t *)buf + done, s.length);
        virtio_wrote(v, &s, s.length);
        done += s.length;
    }
    return done;
}
