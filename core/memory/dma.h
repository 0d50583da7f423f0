/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_MEMORY_DMA_H
#define ORRERY_CORE_MEMORY_DMA_H
/*
 * How a device reaches memory and sends message-signalled interrupts: through
 * the `struct dma` its bus gave it, never otherwise. An IOMMU puts itself in
 * between by setting `iommu`; then each access is translated page by page, MSIs
 * included, and a fault is recorded by the IOMMU and seen by the device as a
 * failed access.
 *
 * One request of a device handles a bounded amount of data (the device's job).
 */
#include "core/memory/space.h"

enum dma_kind { DMA_READ, DMA_WRITE, DMA_MSI };

struct dma_iommu {
    /*
     * Translate one access that stays inside a 4 KiB page. Returns MEM_OK and
     * the address (and the space it lies in, usually the one given), or the
     * result the device sees. An MSI fully consumed by the IOMMU (MRIF) returns
     * MEM_OK with *space = NULL.
     */
    enum mem_result (*translate)(void *iommu, uint32_t requester, uint64_t iova, uint64_t n,
                                 enum dma_kind kind, uint32_t data, struct mem_space **space,
                                 pa_t *pa);
    void *arg;
};

struct dma {
    struct mem_space *space;
    const struct dma_iommu *iommu; /* NULL: none in the path */
    uint32_t requester;            /* PCI: segment<<16 | bus<<8 | device<<3 | function */
    bool enabled;                  /* PCI bus master; false: nothing is accessed, MEM_NOTHING */
};

enum mem_result dma_read(struct dma *d, uint64_t addr, void *buf, uint64_t n);
enum mem_result dma_write(struct dma *d, uint64_t addr, const void *buf, uint64_t n);

/* A message-signalled interrupt: a 32-bit little-endian store by this requester. */
enum mem_result dma_send_msi(struct dma *d, uint64_t addr, uint32_t data);

/*
 * Host pointer for at most *n contiguous bytes of RAM, shortened in *n; NULL if the
 * address is not RAM. A write must be followed by dma_mapped_written().
 */
uint8_t *dma_map(struct dma *d, uint64_t addr, uint64_t *n, bool write);
void dma_mapped_written(struct dma *d, uint64_t addr, uint64_t n);

#endif
