/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IOMMU_VTD_IMPL_H
#define ORRERY_IOMMU_VTD_IMPL_H
/* What vtd.c (registers), vtd_translate.c, vtd_interrupt.c, vtd_queue.c and vtd_fault.c share. Sections: revision 4.0. */
#include "core/util/bits.h"
#include "iommu/vtd.h"

/* 11.4.4.1, 11.4.4.2: GCMD and GSTS have the same places. */
#define VTD_TE   BIT(31)
#define VTD_RTP  BIT(30)
#define VTD_QIE  BIT(26)
#define VTD_IRE  BIT(25)
#define VTD_IRTP BIT(24)
#define VTD_CFI  BIT(23)

/* 11.4.7.1 FSTS */
#define VTD_PFO BIT(0)
#define VTD_PPF BIT(1)
#define VTD_IQE BIT(4)
#define VTD_ICE BIT(5)
#define VTD_ITE BIT(6)

#define VTD_EVENT_MASK    BIT(31) /* FECTL, IECTL */
#define VTD_EVENT_PENDING BIT(30)
#define VTD_IWC           BIT(0)  /* ICS */

#define VTD_INTERRUPT_RANGE 0xfeeull
static inline bool vtd_is_interrupt(uint64_t address)
{
    return address >> 20 == VTD_INTERRUPT_RANGE;
}

#define VTD_ADDRESS 51, 12 /* of a table or page in any entry */

/* 7.1.3: fault reasons in legacy mode, and of interrupts */
enum vtd_reason {
    VTD_OK,
    VTD_ROOT_ABSENT,
    VTD_CONTEXT_ABSENT,
    VTD_CONTEXT_INVALID,
    VTD_BEYOND_WIDTH,
    VTD_NO_WRITE,
    VTD_NO_READ,
    VTD_TABLE_ACCESS,
    VTD_ROOT_ACCESS,
    VTD_CONTEXT_ACCESS,
    VTD_ROOT_RESERVED,
    VTD_CONTEXT_RESERVED,
    VTD_TABLE_RESERVED,
    VTD_REQUEST_RESERVED = 0x20,
    VTD_INDEX,
    VTD_ENTRY_ABSENT,
    VTD_ENTRY_ACCESS,
    VTD_ENTRY_RESERVED,
    VTD_COMPATIBILITY,
    VTD_SOURCE,
};

/* Bytes of RAM. False: there is no RAM. */
bool vtd_read(const struct vtd *v, pa_t pa, uint64_t *words, unsigned n);
bool vtd_write32(struct vtd *v, pa_t pa, uint32_t value);

/* vtd_fault.c. `info`: bits 63:12 of the record. */
void vtd_fault(struct vtd *v, uint16_t source, enum vtd_reason reason, uint64_t info, bool write);
void vtd_raise(struct vtd *v, uint32_t bit);      /* IQE, ICE, ITE */
uint32_t vtd_read_status(const struct vtd *v);    /* FSTS */
void vtd_status_cleared(struct vtd *v);           /* bits of FSTS or F of a record */
void vtd_control_written(struct vtd *v);          /* FECTL */
void vtd_done(struct vtd *v);                     /* a wait descriptor with IF */
void vtd_done_control_written(struct vtd *v);     /* IECTL, or ICS was cleared */

/* vtd_translate.c */
enum mem_result vtd_translate(void *vtd, uint32_t requester, uint64_t iova, uint64_t n, enum dma_kind kind,
                              uint32_t data, struct mem_space **space, pa_t *pa);
void vtd_forget_contexts(struct vtd *v, uint16_t source, uint16_t mask); /* all whose bits of `mask` are those of `source` */
void vtd_forget_domain_contexts(struct vtd *v, uint16_t domain);
void vtd_forget_all_translations(struct vtd *v);
void vtd_forget_translations(struct vtd *v, uint16_t domain, uint64_t page, uint64_t n); /* numbers of 4 KiB pages */

/* vtd_interrupt.c */
void vtd_forget_interrupts(struct vtd *v, uint16_t index, unsigned mask_bits); /* an aligned group of 2^mask_bits */
extern const struct mmio_ops vtd_interrupt_mmio;

/* vtd_queue.c */
void vtd_run_queue(struct vtd *v);
void vtd_context_command(struct vtd *v);          /* CCMD with ICC */
void vtd_iotlb_command(struct vtd *v);            /* IOTLB with IVT */

#endif
