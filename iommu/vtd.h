/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IOMMU_VTD_H
#define ORRERY_IOMMU_VTD_H
/*
 * Intel Virtualization Technology for Directed I/O, one remapping unit: specification D51397, revision 4.0,
 * in legacy mode: chapters 3 (DMA remapping), 5 (interrupt remapping), 6 (invalidation), 7 (faults), 9
 * (tables), 11 (registers). What QEMU's `intel-iommu` offers, at the same offsets.
 *
 *   functions -- struct dma_iommu --> root table -> context table -> second-level tables -> memory
 *   MSIs, I/O APIC -- FEEx_xxxxh --> interrupt remapping table -> remapped --> local APICs
 *   software -- invalidation queue, registers --> caches;  faults -> records -> message
 *
 * Not modelled, and absent from CAP and ECAP: scalable mode (PASID, first level, nesting), device TLBs, page
 * requests, posted interrupts, advanced fault logging, protected memory regions, performance monitoring.
 *
 * Caches of context entries, translations and interrupt entries hold what was there when they were filled
 * until software invalidates it, and never that something is absent. They are not saved: a restored machine
 * begins with empty ones, as hardware may at any time.
 *
 * Tables and the queue are read from RAM only; what lies elsewhere answers as an access error. The machine
 * owns it. A reset is the power-on state.
 */
#include "core/device/device.h"
#include "core/memory/dma.h"

#define VTD_SIZE          0x1000u
#define VTD_FAULTS        8u     /* fault recording registers */
#define VTD_CONTEXTS      256u   /* entries of the caches: powers of two */
#define VTD_TRANSLATIONS  1024u
#define VTD_INTERRUPTS    256u
#define VTD_ANY_SOURCE    0x10000u /* of a message whose sender is not told: never verified */

/* An interrupt after remapping (5.1.3). `dest`: 32 bits in extended mode (x2APIC), else 8. */
struct vtd_interrupt {
    uint32_t dest;
    bool logical, extended, level, redirect; /* redirect: RH, one of those that are meant */
    uint8_t mode, vector;                    /* delivery mode as in a local APIC's ICR */
};

struct vtd_config {
    struct mem_space *memory;      /* where the tables are */
    unsigned aw_bits;              /* 39, 48 or 57: widest domain */
    bool intremap, extended;       /* ECAP.IR, ECAP.EIM */
    bool translates;               /* DMA remapping: some SAGAW */
    bool caching_mode, snoop_control, dma_drain, pass_through;
    void (*remapped)(void *arg, const struct vtd_interrupt *interrupt);
    void (*message)(void *arg, uint64_t address, uint32_t data); /* compatibility format, its own events */
    void *arg;
};

/* 9.1, 9.3: what a context entry says; its whole is in the cache. */
struct vtd_context {
    bool valid;
    uint16_t source;
    uint64_t low, high;
};
struct vtd_translation {
    bool valid, read, write;
    uint8_t shift;                 /* of the page it came from */
    uint16_t domain;
    uint64_t page, pa;             /* numbers of 4 KiB pages */
};
struct vtd_entry {
    bool valid;
    uint16_t index;
    uint64_t low, high;
};

struct vtd {
    struct device dev;
    struct vtd_config config;
    struct dma_iommu iommu;        /* for buses */
    struct mem_space *interrupts;  /* where writes to FEEx_xxxxh go while they are remapped */
    bool running;                  /* the queue is being looked at */
    uint64_t cap, ecap;
    struct vtd_context contexts[VTD_CONTEXTS];
    struct vtd_translation translations[VTD_TRANSLATIONS];
    struct vtd_entry entries[VTD_INTERRUPTS];

    uint64_t root_address, root;   /* saved from here on: RTADDR, and what SRTP latched */
    uint64_t remap_address, remap; /* IRTA, and what SIRTP latched */
    uint64_t context_command, iotlb, iva;
    uint64_t queue_address, queue_head, queue_tail, queue_error;
    uint64_t faults[2 * VTD_FAULTS];
    uint32_t status;               /* GSTS */
    uint32_t fault_status;         /* FSTS but for PPF, which follows from the records */
    uint32_t fault_control, fault_data, fault_address, fault_upper;
    uint32_t done, done_control, done_data, done_address, done_upper; /* ICS, IE* */
    uint32_t next_fault;
};

/* Map it with device_map. `config` is copied. */
struct vtd *vtd_create(struct machine *m, const char *id, const struct vtd_config *config, struct err *e);
/* A message on the way to the local APICs (ioapic_deliver_fn's terms) by requester `source`. */
void vtd_message(struct vtd *v, uint32_t source, uint64_t address, uint32_t data);

#endif
