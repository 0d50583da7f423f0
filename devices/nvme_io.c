/* SPDX-License-Identifier: Apache-2.0 */
/* The NVM command set (NVM Express 1.4, chapter 6). */
#include "devices/nvme_impl.h"

enum { IO_FLUSH = 0, IO_WRITE = 1, IO_READ = 2, IO_COMPARE = 5, IO_WRITE_ZEROES = 8,
       IO_DATASET = 9 };
enum { ALL_NAMESPACES = 0xffffffff, FUA = 1 << 30, DEALLOCATE = 1 << 25 };

struct block *nvme_disk(const struct nvme *n, uint32_t nsid)
{
    return nsid >= 1 && nsid <= NVME_NAMESPACES ? n->disk[nsid - 1] : NULL;
}

uint64_t nvme_sectors(const struct nvme *n, uint32_t nsid)
{
    return block_size(n->disk[nsid - 1]) >> n->sector_shift[nsid - 1];
}

void nvme_host_error(struct nvme *n, const struct err *e)
{
    n->counts.media_errors++;
    log_print(n->dev.machine->log, n->dev.log, LOG_WARN, "%s: %s", n->dev.id, e->text);
}

/* CDW10 to CDW12: the range in bytes. */
struct range {
    struct block *disk;
    uint64_t at, bytes;
};

static enum nvme_status range_of(const struct nvme *n, const struct nvme_command *c, uint64_t lba,
                                 uint64_t count, struct range *r)
{
    uint32_t nsid = nvme_nsid(c);
    uint64_t sectors = nvme_sectors(n, nsid);
    unsigned shift = n->sector_shift[nsid - 1];

    if (lba > sectors || count > sectors - lba)
        return NVME_LBA_RANGE | NVME_DNR;
    *r = (struct range){ nvme_disk(n, nsid), lba << shift, count << shift };
    return NVME_OK;
}

static enum nvme_status flush(struct nvme *n, struct block *disk)
{
    struct err e = { 0 };

    if (block_flush(disk, &e) == 0)
        return NVME_OK;
    nvme_host_error(n, &e);
    return NVME_INTERNAL;
}

enum nvme_status nvme_flush_all(struct nvme *n)
{
    enum nvme_status status = NVME_OK, one;

    for (uint32_t i = 0; i < NVME_NAMESPACES; i++)
        if (n->disk[i] && (one = flush(n, n->disk[i])) != NVME_OK)
            status = one;
    return status;
}

/* 6.9, 6.15 */
static enum nvme_status transfer(struct nvme *n, struct nvme_command *c, const struct range *r,
                                 bool write)
{
    struct nvme_data d;
    enum nvme_status status = nvme_map(n, c, r->bytes, &d);
    uint64_t at = r->at;
    struct err e = { 0 };

    for (uint32_t i = 0; status == NVME_OK && i < d.n_pieces; i++) {
        const struct nvme_piece *p = &d.piece[i];
        enum disk_dma_end end = p->hole ? DISK_DMA_OK
                                        : disk_dma(r->disk, at, &n->function.dma, p->addr, p->n,
                                                   write ? DMA_READ : DMA_WRITE, &e);
        if (end == DISK_DMA_MEMORY)
            status = NVME_DATA_TRANSFER;
        else if (end == DISK_DMA_DISK)
            status = write ? NVME_WRITE_FAULT : NVME_READ_ERROR;
        at += p->n;
    }
    if (e.code)
        nvme_host_error(n, &e);
    if (status != NVME_OK)
        return status;
    if (write) {
        n->counts.writes++;
        n->counts.sectors_written += r->bytes / 512;
    } else {
        n->counts.reads++;
        n->counts.sectors_read += r->bytes / 512;
    }
    return NVME_OK;
}

/* 6.6 */
static enum nvme_status compare(struct nvme *n, struct nvme_command *c, const struct range *r)
{
    struct nvme_data d;
    enum nvme_status status = nvme_map(n, c, r->bytes, &d);
    uint64_t at = r->at;
    uint8_t ours[4096], theirs[4096];
    struct err e = { 0 };

    for (uint32_t i = 0; status == NVME_OK && i < d.n_pieces; i++)
        for (uint32_t done = 0, part; status == NVME_OK && done < d.piece[i].n; done += part) {
            part = (uint32_t)MIN(d.piece[i].n - done, sizeof(ours));
            if (dma_read(&n->function.dma, d.piece[i].addr + done, theirs, part) != MEM_OK)
                status = NVME_DATA_TRANSFER;
            else if (block_read(r->disk, at, ours, part, &e) < 0)
                status = NVME_READ_ERROR;
            else if (memcmp(ours, theirs, part) != 0)
                status = NVME_COMPARE;
            at += part;
        }
    if (e.code)
        nvme_host_error(n, &e);
    return status;
}

/* 6.16; bit 25 asks for space to be given back, and what was reads as zeroes (DLFEAT). */
static enum nvme_status write_zeroes(struct nvme *n, const struct nvme_command *c,
                                     const struct range *r)
{
    struct err e = { 0 };

    if (block_write_zeroes(r->disk, r->at, r->bytes, (nvme_dw(c, 12) & DEALLOCATE) != 0, &e) == 0)
        return NVME_OK;
    nvme_host_error(n, &e);
    return NVME_WRITE_FAULT;
}

/* 6.7: hints need no answer; deallocation is done. */
static enum nvme_status dataset(struct nvme *n, struct nvme_command *c)
{
    enum { RANGE = 16, AD = 4 };
    uint8_t ranges[256 * RANGE];
    uint32_t count = (nvme_dw(c, 10) & 0xff) + 1;
    struct err e = { 0 };
    struct range r;
    enum nvme_status status = nvme_take(n, c, ranges, count * RANGE);

    /* All ranges are checked before any is touched. */
    for (uint32_t i = 0; status == NVME_OK && i < count; i++)
        status = range_of(n, c, ld_le64(ranges + i * RANGE + 8), ld_le32(ranges + i * RANGE + 4), &r);
    if (!(nvme_dw(c, 11) & AD))
        return status;
    for (uint32_t i = 0; status == NVME_OK && i < count; i++) {
        status =
            range_of(n, c, ld_le64(ranges + i * RANGE + 8), ld_le32(ranges + i * RANGE + 4), &r);
        if (status == NVME_OK && r.bytes && block_discard(r.disk, r.at, r.bytes, &e) < 0) {
            nvme_host_error(n, &e);
            status = NVME_WRITE_FAULT;
        }
    }
    return status;
}

static bool writes(uint8_t opcode)
{
    return opcode == IO_WRITE || opcode == IO_WRITE_ZEROES || opcode == IO_DATASET;
}

enum nvme_status nvme_io(struct nvme *n, struct nvme_command *c, uint64_t *moved)
{
    uint8_t opcode = nvme_opcode(c);
    uint64_t lba = (uint64_t)nvme_dw(c, 11) << 32 | nvme_dw(c, 10);
    struct block *disk = nvme_disk(n, nvme_nsid(c));
    struct range r;
    enum nvme_status status;

    if (opcode != IO_FLUSH && opcode != IO_WRITE && opcode != IO_READ && opcode != IO_COMPARE &&
        opcode != IO_WRITE_ZEROES && opcode != IO_DATASET)
        return NVME_INVALID_OPCODE | NVME_DNR;
    if (opcode == IO_FLUSH && nvme_nsid(c) == ALL_NAMESPACES)
        return nvme_flush_all(n);
    if (!disk)
        return NVME_INVALID_NAMESPACE | NVME_DNR;
    if (nvme_nsid(c) == n->format.nsid || (n->format.all && n->format.nsid))
        return NVME_FORMATTING;
    if (opcode == IO_FLUSH)
        return flush(n, disk);
    if (writes(opcode) && block_is_read_only(disk))
        return NVME_WRITE_PROTECTED | NVME_DNR;
    if (opcode == IO_DATASET)
        return dataset(n, c);
    c->lba = lba;
    if ((status = range_of(n, c, lba, (nvme_dw(c, 12) & 0xffff) + 1ull, &r)) != NVME_OK)
        return status;
    *moved = r.bytes;
    if (opcode == IO_COMPARE)
        status = compare(n, c, &r);
    else if (opcode == IO_WRITE_ZEROES)
        status = write_zeroes(n, c, &r);
    else
        status = transfer(n, c, &r, opcode == IO_WRITE);
    if (status == NVME_OK && writes(opcode) && ((nvme_dw(c, 12) & FUA) || !(n->cache & 1)))
        status = flush(n, disk);
    return status;
}
