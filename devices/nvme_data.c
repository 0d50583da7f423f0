/* SPDX-License-Identifier: Apache-2.0 */
/* PRPs (NVM Express 1.4, 4.3) and SGLs (4.4): where the data of a command lies. */
#include "devices/nvme_impl.h"

enum { DPTR = 24, PRP2 = 32, DESCRIPTOR = 16, PRP = 8 };
enum { SGL_DATA = 0, SGL_BIT_BUCKET = 1, SGL_SEGMENT = 2, SGL_LAST_SEGMENT = 3 };
/* Descriptors read for one command: bit buckets and empty ones take no piece. */
enum { SGL_DESCRIPTORS = 2 * NVME_PIECES, SGL_AT_ONCE = 32 };

uint32_t nvme_page(const struct nvme *n)
{
    return 4096u << (F_GET(n->cc, CC_MPS) & 7);
}

/* Pieces that follow each other are one. False: there are too many. */
static bool add(struct nvme_data *d, uint64_t addr, uint32_t bytes, bool hole)
{
    struct nvme_piece *last = d->n_pieces ? &d->piece[d->n_pieces - 1] : NULL;

    d->bytes += bytes;
    if (bytes == 0)
        return true;
    if (last && last->hole == hole && (hole || last->addr + last->n == addr)) {
        last->n += bytes; /* both together are no more than NVME_MAX_DATA */
        return true;
    }
    if (d->n_pieces == NVME_PIECES)
        return false;
    d->piece[d->n_pieces++] = (struct nvme_piece){ addr, bytes, hole };
    return true;
}

/* ---- PRPs ---- */

/* A list ends with its page; its last entry then points at the next one if there is more. */
static enum nvme_status map_list(struct nvme *n, uint64_t list, uint64_t left, struct nvme_data *d)
{
    uint32_t page = nvme_page(n);
    uint8_t entries[8 * PRP];

    if (list % PRP)
        return NVME_PRP_OFFSET | NVME_DNR;
    while (left) {
        uint64_t wanted = (left + page - 1) / page, there = (page - list % page) / PRP;
        uint32_t count = (uint32_t)MIN(MIN(wanted, there), ARRAY_LEN(entries) / PRP);
        if (dma_read(&n->function.dma, list, entries, count * PRP) != MEM_OK)
            return NVME_DATA_TRANSFER;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t entry = ld_le64(entries + PRP * i);
            bool chain = (list + PRP) % page == 0 && left > page;
            if (entry % page)
                return NVME_PRP_OFFSET | NVME_DNR;
            list += PRP;
            if (chain) {
                list = entry;
                break;
            }
            if (!add(d, entry, (uint32_t)MIN(left, page), false))
                return NVME_INTERNAL | NVME_DNR;
            left -= MIN(left, page);
        }
    }
    return NVME_OK;
}

static enum nvme_status map_prps(struct nvme *n, const struct nvme_command *c, uint64_t bytes,
                                 struct nvme_data *d)
{
    uint32_t page = nvme_page(n);
    uint64_t first = ld_le64(c->bytes + DPTR), second = ld_le64(c->bytes + PRP2);
    uint64_t part = MIN(bytes, page - first % page);

    if (first % 4)
        return NVME_PRP_OFFSET | NVME_DNR;
    (void)add(d, first, (uint32_t)part, false);
    bytes -= part;
    if (bytes > page)
        return map_list(n, second, bytes, d);
    if (bytes && second % page)
        return NVME_PRP_OFFSET | NVME_DNR;
    if (bytes)
        (void)add(d, second, (uint32_t)bytes, false);
    return NVME_OK;
}

/* ---- SGLs ---- */

struct sgl {
    uint64_t next;          /* the segment being read: where and how many descriptors */
    uint64_t left;
    uint64_t wanted;        /* bytes of data still to be described */
    uint32_t read;
    bool last;              /* no segment follows this one */
};

/* One descriptor; `final`: the last of its segment, which alone may point at another. */
static enum nvme_status descriptor(struct sgl *s, const uint8_t *b, bool final, bool to_host,
                                   struct nvme_data *d)
{
    uint64_t addr = ld_le64(b);
    uint32_t bytes = ld_le32(b + 8), type = b[15] >> 4;

    if (b[15] & 15)
        return NVME_SGL_TYPE | NVME_DNR; /* addresses only, no offsets */
    switch (type) {
    case SGL_DATA:
    case SGL_BIT_BUCKET:
        if (type == SGL_BIT_BUCKET && !to_host)
            return NVME_OK; /* 4.4: for data to the controller its length counts as 0 */
        /* It may describe more than the command needs (SGLS, bit 18). */
        bytes = (uint32_t)MIN(bytes, s->wanted);
        s->wanted -= bytes;
        return add(d, addr, bytes, type == SGL_BIT_BUCKET) ? NVME_OK : NVME_SGL_COUNT | NVME_DNR;
    case SGL_SEGMENT:
    case SGL_LAST_SEGMENT:
        if (!final || s->last || bytes == 0 || bytes % DESCRIPTOR)
            return NVME_SGL_SEGMENT | NVME_DNR;
        s->next = addr;
        s->left = bytes / DESCRIPTOR;
        s->last = type == SGL_LAST_SEGMENT;
        return NVME_OK;
    default:
        return NVME_SGL_TYPE | NVME_DNR;
    }
}

static enum nvme_status map_sgl(struct nvme *n, const struct nvme_command *c, uint64_t bytes,
                                bool to_host, struct nvme_data *d)
{
    struct sgl s = { .wanted = bytes };
    uint8_t some[SGL_AT_ONCE * DESCRIPTOR];
    enum nvme_status status = descriptor(&s, c->bytes + DPTR, true, to_host, d);

    while (status == NVME_OK && s.left && s.wanted) {
        uint32_t count = (uint32_t)MIN(s.left, SGL_AT_ONCE);
        if ((s.read += count) > SGL_DESCRIPTORS)
            return NVME_SGL_COUNT | NVME_DNR;
        if (dma_read(&n->function.dma, s.next, some, (uint64_t)count * DESCRIPTOR) != MEM_OK)
            return NVME_DATA_TRANSFER;
        s.next += (uint64_t)count * DESCRIPTOR;
        s.left -= count;
        bool ends = s.left == 0;
        for (uint32_t i = 0; i < count && status == NVME_OK; i++)
            status = descriptor(&s, some + (size_t)i * DESCRIPTOR, ends && i + 1 == count, to_host, d);
    }
    if (status == NVME_OK && s.wanted)
        return NVME_SGL_LENGTH | NVME_DNR;
    return status;
}

/* CDW0 15:14 (PSDT): PRPs, or SGLs with metadata in a buffer or a list; there is no metadata. */
enum nvme_status nvme_map(struct nvme *n, const struct nvme_command *c, uint64_t bytes,
                          struct nvme_data *d)
{
    bool to_host = (nvme_opcode(c) & 3) == 2; /* 4.2: the opcode's low bits say which way */

    d->n_pieces = 0;
    d->bytes = 0;
    if (bytes > NVME_MAX_DATA)
        return NVME_INVALID_FIELD | NVME_DNR;
    switch (c->bytes[1] >> 6) {
    case 0:
        return map_prps(n, c, bytes, d);
    case 1:
    case 2:
        if (c->sqid == 0) /* 4.1: admin commands use PRPs over PCI Express */
            return NVME_INVALID_FIELD | NVME_DNR;
        return map_sgl(n, c, bytes, to_host, d);
    default:
        return NVME_INVALID_FIELD | NVME_DNR;
    }
}

/* ---- small data: structures of admin commands, ranges ---- */

static enum nvme_status copy(struct nvme *n, const struct nvme_command *c, uint8_t *bytes,
                             uint32_t count, bool give)
{
    struct nvme_data d;
    enum nvme_status status = nvme_map(n, c, count, &d);

    for (uint32_t i = 0; status == NVME_OK && i < d.n_pieces; i++) {
        const struct nvme_piece *p = &d.piece[i];
        enum mem_result r = p->hole ? MEM_OK
                            : give ? dma_write(&n->function.dma, p->addr, bytes, p->n)
                                   : dma_read(&n->function.dma, p->addr, bytes, p->n);
        if (r != MEM_OK)
            return NVME_DATA_TRANSFER;
        bytes += p->n;
    }
    return status;
}

enum nvme_status nvme_give(struct nvme *n, const struct nvme_command *c, const void *from,
                           uint32_t bytes)
{
    return copy(n, c, (uint8_t *)(uintptr_t)from, bytes, true);
}

enum nvme_status nvme_take(struct nvme *n, const struct nvme_command *c, void *to, uint32_t bytes)
{
    return copy(n, c, to, bytes, false);
}
