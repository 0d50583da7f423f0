/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/disk_dma.h"

enum { BUFFER = 4096 };

/* Registers, ROM, nothing at all: what the bus says to each piece is the answer. */
static enum disk_dma_end buffered(struct block *disk, uint64_t offset, struct dma *d, uint64_t addr,
                                  uint64_t n, enum dma_kind kind, struct err *e)
{
    uint8_t bytes[BUFFER];

    if (kind == DMA_WRITE) {
        if (block_read(disk, offset, bytes, n, e) < 0)
            return DISK_DMA_DISK;
        return dma_write(d, addr, bytes, n) == MEM_OK ? DISK_DMA_OK : DISK_DMA_MEMORY;
    }
    if (dma_read(d, addr, bytes, n) != MEM_OK)
        return DISK_DMA_MEMORY;
    return block_write(disk, offset, bytes, n, e) < 0 ? DISK_DMA_DISK : DISK_DMA_OK;
}

enum disk_dma_end disk_dma(struct block *disk, uint64_t offset, struct dma *d, uint64_t addr,
                           uint64_t n, enum dma_kind kind, struct err *e)
{
    while (n != 0) {
        uint64_t piece = n;
        uint8_t *host = dma_map(d, addr, &piece, kind == DMA_WRITE);
        enum disk_dma_end end = DISK_DMA_OK;
        if (!host) {
            piece = MIN(n, BUFFER - addr % BUFFER);
            end = buffered(disk, offset, d, addr, piece, kind, e);
        } else if (kind == DMA_READ) {
            end = block_write(disk, offset, host, piece, e) < 0 ? DISK_DMA_DISK : DISK_DMA_OK;
        } else {
            end = block_read(disk, offset, host, piece, e) < 0 ? DISK_DMA_DISK : DISK_DMA_OK;
            dma_mapped_written(d, addr, piece); /* after an error, too: some bytes may have come */
        }
        if (end != DISK_DMA_OK)
            return end;
        offset += piece;
        addr += piece;
        n -= piece;
    }
    return DISK_DMA_OK;
}
