/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt remapping: chapter 5, entries 9.10. */
#include "iommu/vtd_impl.h"

/* 5.1.2.2: a request in remappable format */
#define ADDRESS_HANDLE_LOW  19, 5
#define ADDRESS_FORMAT      BIT(4)
#define ADDRESS_SHV         BIT(3)
#define ADDRESS_HANDLE_HIGH 2, 2
#define DATA_RESERVED       0xffff0000u

/* 9.10 */
#define ENTRY_P        BIT(0)
#define ENTRY_FPD      BIT(1)
#define ENTRY_DM       BIT(2)
#define ENTRY_RH       BIT(3)
#define ENTRY_TM       BIT(4)
#define ENTRY_DLM      7, 5
#define ENTRY_VECTOR   23, 16
#define ENTRY_DEST     63, 32
#define ENTRY_DEST8    47, 40 /* outside of extended mode */
#define ENTRY_RESERVED_LOW  (F_MASK(31, 24) | F_MASK(15, 12)) /* bit 15: posted interrupts */
#define ENTRY_SID      15, 0
#define ENTRY_SQ       17, 16
#define ENTRY_SVT      19, 18
#define ENTRY_RESERVED_HIGH F_MASK(63, 20)
enum { SVT_NONE, SVT_ID, SVT_BUS, SVT_RESERVED };

#define IRTA_EIME BIT(11)
#define IRTA_SIZE 3, 0

static bool is_extended(const struct vtd *v)
{
    return (v->remap & IRTA_EIME) && v->config.extended;
}

void vtd_forget_interrupts(struct vtd *v, uint16_t index, unsigned mask_bits)
{
    uint32_t mask = mask_bits >= 16 ? 0 : 0xffffu << mask_bits;
    for (unsigned i = 0; i < VTD_INTERRUPTS; i++)
        if (((v->entries[i].index ^ index) & mask & 0xffff) == 0)
            v->entries[i].valid = false;
}

static enum vtd_reason check(const struct vtd *v, const struct vtd_entry *n)
{
    static const bool modes[8] = { true, true, true, false, true, true, false, true };

    if (!(n->low & ENTRY_P))
        return VTD_ENTRY_ABSENT;
    if ((n->low & ENTRY_RESERVED_LOW) || (n->high & ENTRY_RESERVED_HIGH) || F_GET(n->high, ENTRY_SVT) == SVT_RESERVED ||
        !modes[F_GET(n->low, ENTRY_DLM)])
        return VTD_ENTRY_RESERVED;
    if (!is_extended(v) && (F_GET(n->low, ENTRY_DEST) & ~0xff00u))
        return VTD_ENTRY_RESERVED;
    return VTD_OK;
}

/* *n is filled in as far as it was read: its FPD counts then. */
static enum vtd_reason find_entry(struct vtd *v, uint32_t index, struct vtd_entry *n)
{
    *n = (struct vtd_entry){ 0 };
    if (index >> (F_GET(v->remap, IRTA_SIZE) + 1) != 0)
        return VTD_INDEX;
    struct vtd_entry *slot = &v->entries[index % VTD_INTERRUPTS];
    if (slot->valid && slot->index == index) {
        *n = *slot;
        return VTD_OK;
    }
    uint64_t words[2];
    if (!vtd_read(v, (F_GET(v->remap, VTD_ADDRESS) << 12) + ((uint64_t)index << 4), words, 2))
        return VTD_ENTRY_ACCESS;
    *n = (struct vtd_entry){ true, (uint16_t)index, words[0], words[1] };
    enum vtd_reason why = check(v, n);
    if (why == VTD_OK)
        *slot = *n;
    return why;
}

/* 9.10, SVT and SQ */
static bool is_sender(const struct vtd_entry *n, uint32_t source)
{
    static const uint16_t compared[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
    uint16_t id = (uint16_t)F_GET(n->high, ENTRY_SID);

    if (source == VTD_ANY_SOURCE)
        return true;
    switch (F_GET(n->high, ENTRY_SVT)) {
    case SVT_ID:
        return ((id ^ source) & compared[F_GET(n->high, ENTRY_SQ)]) == 0;
    case SVT_BUS:
        return source >> 8 >= id >> 8 && source >> 8 <= (id & 0xffu);
    default:
        return true;
    }
}

static void refuse(struct vtd *v, uint32_t source, enum vtd_reason why, uint32_t index, const struct vtd_entry *n)
{
    bool qualified = why == VTD_ENTRY_ABSENT || why == VTD_ENTRY_RESERVED || why == VTD_SOURCE;
    if (!(qualified && (n->low & ENTRY_FPD)))
        vtd_fault(v, (uint16_t)source, why, (uint64_t)index << 48, true);
}

static void remap(struct vtd *v, uint32_t source, uint64_t address, uint32_t data)
{
    uint32_t index = (uint32_t)(F_GET(address, ADDRESS_HANDLE_LOW) | F_GET(address, ADDRESS_HANDLE_HIGH) << 15);
    struct vtd_entry n = { 0 };
    enum vtd_reason why = VTD_OK;

    if (address & ADDRESS_SHV) {
        if (data & DATA_RESERVED)
            why = VTD_REQUEST_RESERVED;
        index += data & 0xffff;
    }
    if (why == VTD_OK)
        why = find_entry(v, index, &n);
    if (why == VTD_OK && !is_sender(&n, source))
        why = VTD_SOURCE;
    if (why != VTD_OK) {
        refuse(v, source, why, index & 0xffff, &n);
        return;
    }
    bool extended = is_extended(v);
    const struct vtd_interrupt i = {
        .dest = (uint32_t)(extended ? F_GET(n.low, ENTRY_DEST) : F_GET(n.low, ENTRY_DEST8)), .extended = extended,
        .logical = n.low & ENTRY_DM, .level = n.low & ENTRY_TM, .redirect = n.low & ENTRY_RH,
        .mode = (uint8_t)F_GET(n.low, ENTRY_DLM), .vector = (uint8_t)F_GET(n.low, ENTRY_VECTOR),
    };
    v->config.remapped(v->config.arg, &i);
}

void vtd_message(struct vtd *v, uint32_t source, uint64_t address, uint32_t data)
{
    if (!(v->status & VTD_IRE)) {
        v->config.message(v->config.arg, address, data);
        return;
    }
    if (address & ADDRESS_FORMAT) {
        remap(v, source, address, data);
        return;
    }
    /* 5.1.4: compatibility format only where it is let through, and never in extended mode */
    const struct vtd_entry none = { 0 };
    if ((v->status & VTD_CFI) && !is_extended(v))
        v->config.message(v->config.arg, address, data);
    else
        refuse(v, source, VTD_COMPATIBILITY, 0, &none);
}

/* ---- writes to the interrupt range ---- */
static enum mem_result interrupt_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                      const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_NOTHING;
}

static enum mem_result interrupt_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                       const struct mem_attrs *attrs)
{
    (void)size;
    vtd_message(arg, attrs ? attrs->requester & 0xffff : VTD_ANY_SOURCE, VTD_INTERRUPT_RANGE << 20 | offset, (uint32_t)value);
    return MEM_OK;
}

/* Requests are DWORDs (3.14); what has another width is none and gets lost. */
const struct mmio_ops vtd_interrupt_mmio = { .read = interrupt_read, .write = interrupt_write, .sizes = 4 };
