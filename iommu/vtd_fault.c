/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of requests, their records, and the two events: chapter 7, 6.5.2.8 and 11.4.7, 11.4.9. */
#include "iommu/vtd_impl.h"

/* 11.4.7.6, the record's upper half */
#define RECORD_F      BIT(63)
#define RECORD_READ   BIT(62)
#define RECORD_REASON 39, 32
#define RECORD_SOURCE 15, 0
#define FSTS_INDEX    15, 8

static bool is_pending(const struct vtd *v, uint32_t i)
{
    return v->faults[2 * i + 1] & RECORD_F;
}

static bool any_pending(const struct vtd *v)
{
    for (uint32_t i = 0; i < VTD_FAULTS; i++)
        if (is_pending(v, i))
            return true;
    return false;
}

uint32_t vtd_read_status(const struct vtd *v)
{
    return v->fault_status | (any_pending(v) ? (uint32_t)VTD_PPF : 0);
}

/*
 * An event is a write like that of an MSI, and never remapped (5.1.6); in extended mode the upper address
 * is that of the destination. Anything but the interrupt range would be a store by the guest's choice into
 * whatever lies there: no software does it.
 */
static void send(struct vtd *v, uint32_t address, uint32_t upper, uint32_t data)
{
    if (!vtd_is_interrupt(address)) {
        guest_error(&v->dev, "event", "a message to %#x: FEExxxxxh is meant", address);
        return;
    }
    if (upper >> 8 == 0) {
        v->config.message(v->config.arg, address, data);
        return;
    }
    const struct vtd_interrupt i = { .dest = (upper & 0xffffff00u) | (address >> 12 & 0xff), .logical = address & 4,
                                     .extended = true, .mode = data >> 8 & 7, .vector = (uint8_t)data };
    v->config.remapped(v->config.arg, &i);
}

/* 7.3: only the first of several conditions makes an event; a masked one waits. */
static void fault_event(struct vtd *v)
{
    if (v->fault_control & VTD_EVENT_MASK)
        v->fault_control |= VTD_EVENT_PENDING;
    else
        send(v, v->fault_address, v->fault_upper, v->fault_data);
}

#define CONDITIONS ((uint32_t)(VTD_PFO | VTD_PPF | VTD_IQE | VTD_ICE | VTD_ITE))

void vtd_raise(struct vtd *v, uint32_t bit)
{
    bool first = (vtd_read_status(v) & CONDITIONS) == 0;
    v->fault_status |= bit;
    if (first)
        fault_event(v);
}

/* 7.2.1 */
void vtd_fault(struct vtd *v, uint16_t source, enum vtd_reason reason, uint64_t info, bool write)
{
    uint32_t at = v->next_fault, before = vtd_read_status(v);

    guest_error(&v->dev, "fault", "requester %02x:%02x.%x, address %#llx: fault reason %#x", source >> 8,
                source >> 3 & 31, source & 7, (unsigned long long)info, reason);
    if (v->fault_status & VTD_PFO)
        return;
    if (is_pending(v, at)) { /* all are taken: this one is lost */
        vtd_raise(v, (uint32_t)VTD_PFO);
        return;
    }
    uint64_t high = RECORD_F | (write ? 0 : RECORD_READ);
    high = F_PUT(high, RECORD_REASON, reason);
    v->faults[2 * at] = info & ~0xfffull;
    v->faults[2 * at + 1] = F_PUT(high, RECORD_SOURCE, source);
    v->next_fault = (at + 1) % VTD_FAULTS;
    if (!(before & VTD_PPF)) /* FRI: the first since there was none */
        v->fault_status = (uint32_t)F_PUT(v->fault_status, FSTS_INDEX, at);
    if ((before & CONDITIONS) == 0)
        fault_event(v);
}

void vtd_status_cleared(struct vtd *v)
{
    if ((vtd_read_status(v) & CONDITIONS) == 0)
        v->fault_control &= ~(uint32_t)VTD_EVENT_PENDING;
}

/* 11.4.7.2: unmasking sends what waited. */
void vtd_control_written(struct vtd *v)
{
    if ((v->fault_control & VTD_EVENT_MASK) || !(v->fault_control & VTD_EVENT_PENDING))
        return;
    v->fault_control &= ~(uint32_t)VTD_EVENT_PENDING;
    send(v, v->fault_address, v->fault_upper, v->fault_data);
}

/* 6.5.2.8: no event while the last one's bit is set. */
void vtd_done(struct vtd *v)
{
    if (v->done & VTD_IWC)
        return;
    v->done |= VTD_IWC;
    if (v->done_control & VTD_EVENT_MASK)
        v->done_control |= VTD_EVENT_PENDING;
    else
        send(v, v->done_address, v->done_upper, v->done_data);
}

void vtd_done_control_written(struct vtd *v)
{
    if (!(v->done & VTD_IWC))
        v->done_control &= ~(uint32_t)VTD_EVENT_PENDING;
    if ((v->done_control & VTD_EVENT_MASK) || !(v->done_control & VTD_EVENT_PENDING))
        return;
    v->done_control &= ~(uint32_t)VTD_EVENT_PENDING;
    send(v, v->done_address, v->done_upper, v->done_data);
}
