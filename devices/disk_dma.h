/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_DISK_DMA_H
#define ORRERY_DEVICES_DISK_DMA_H
/*
 * Bytes between a disk and guest memory: straight from and to RAM, through a buffer where
 * software points a controller at anything else.
 */
#include "core/memory/dma.h"
#include "devices/backend/block.h"

enum disk_dma_end {
    DISK_DMA_OK,
    DISK_DMA_MEMORY, /* the bus refused: nothing at that address, bus mastering off, IOMMU fault */
    DISK_DMA_DISK,   /* the image failed or the range leaves it; `e` says why */
};

/*
 * `n` bytes at `offset` of the disk from (DMA_READ: memory is read) or to (DMA_WRITE) guest
 * memory at `addr`. After an error part of them may have been moved.
 */
enum disk_dma_end disk_dma(struct block *disk, uint64_t offset, struct dma *d, uint64_t addr,
                           uint64_t n, enum dma_kind kind, struct err *e) MUST_CHECK;

#endif
