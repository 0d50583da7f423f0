/* SPDX-License-Identifier: Apache-2.0 */
/* Invalidation by registers (6.5.1) and by the queue (6.5.2). */
#include "iommu/vtd_impl.h"

enum { CONTEXT = 1, IOTLB, DEVICE_TLB, INTERRUPT, WAIT }; /* 6.5.2: descriptor types */
enum { GLOBAL = 1, DOMAIN, SELECTIVE };                   /* granularities; selective: device, or pages */
enum { IQEI_FETCH = 2, IQEI_TYPE, IQEI_RESERVED, IQEI_TAIL = 1 }; /* 11.4.9.9 */
#define MAX_MASK 18u                                      /* CAP.MAMV */

/* FM: which of the function's bits do not count. */
static const uint16_t functions[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };

/* ---- what is invalidated; false: not a granularity ---- */
static bool forget_contexts(struct vtd *v, unsigned granularity, uint16_t domain, uint16_t source, unsigned function_mask)
{
    switch (granularity) {
    case GLOBAL:
        vtd_forget_contexts(v, 0, 0);
        return true;
    case DOMAIN:
        vtd_forget_domain_contexts(v, domain);
        return true;
    case SELECTIVE:
        vtd_forget_contexts(v, source, functions[function_mask]);
        return true;
    default:
        return false;
    }
}

/* `address`: bits 63:12 the first page, 5:0 log2 of how many, to which it is aligned. */
static bool forget_pages(struct vtd *v, unsigned granularity, uint16_t domain, uint64_t address)
{
    uint64_t n = 1ull << MIN(address & 0x3f, 63u);
    switch (granularity) {
    case GLOBAL:
        vtd_forget_all_translations(v);
        return true;
    case DOMAIN:
        vtd_forget_translations(v, domain, 0, UINT64_MAX);
        return true;
    case SELECTIVE:
        if ((address & 0x3f) > MAX_MASK)
            return false;
        vtd_forget_translations(v, domain, (address >> 12) & ~(n - 1), n);
        return true;
    default:
        return false;
    }
}

/* ---- registers ---- */
#define CCMD_ICC  BIT(63)
#define CCMD_CIRG 62, 61
#define CCMD_CAIG 60, 59
#define CCMD_FM   33, 32
#define CCMD_SID  31, 16
#define CCMD_DID  15, 0

void vtd_context_command(struct vtd *v)
{
    uint64_t c = v->context_command, granularity = F_GET(c, CCMD_CIRG);
    bool ok = forget_contexts(v, (unsigned)granularity, (uint16_t)F_GET(c, CCMD_DID), (uint16_t)F_GET(c, CCMD_SID),
                              (unsigned)F_GET(c, CCMD_FM));
    v->context_command = F_PUT(c & ~CCMD_ICC, CCMD_CAIG, ok ? granularity : 0);
}

#define IOTLB_IVT  BIT(63)
#define IOTLB_IIRG 61, 60
#define IOTLB_IAIG 58, 57
#define IOTLB_DID  47, 32

void vtd_iotlb_command(struct vtd *v)
{
    uint64_t c = v->iotlb, granularity = F_GET(c, IOTLB_IIRG);
    bool ok = forget_pages(v, (unsigned)granularity, (uint16_t)F_GET(c, IOTLB_DID), v->iva);
    v->iotlb = F_PUT(c & ~IOTLB_IVT, IOTLB_IAIG, ok ? granularity : 0);
}

/* ---- descriptors ---- */
#define D_GRANULARITY 5, 4
#define D_DOMAIN      31, 16
#define D_SOURCE      47, 32
#define D_FUNCTIONS   49, 48
#define D_IM          31, 27
#define D_INDEX       47, 32
#define D_IF          BIT(4)
#define D_SW          BIT(5)
#define D_PD          BIT(7)
#define D_STATUS      63, 32

static const struct {
    uint64_t reserved[2];
} shapes[] = {
    [CONTEXT] = { { F_MASK(63, 50) | F_MASK(15, 12) | F_MASK(8, 6), ~0ull } },
    [IOTLB] = { { F_MASK(63, 32) | F_MASK(15, 12) | BIT(8), F_MASK(11, 7) } },
    [INTERRUPT] = { { F_MASK(63, 48) | F_MASK(26, 12) | F_MASK(8, 5), ~0ull } },
    [WAIT] = { { F_MASK(31, 12) | BIT(8) | D_PD, F_MASK(1, 0) } },
};

/* 6.5.2.8. Everything before has been done already: FN says nothing new. */
static bool wait(struct vtd *v, const uint64_t d[2])
{
    if ((d[0] & D_SW) && !vtd_write32(v, d[1] & ~3ull, (uint32_t)F_GET(d[0], D_STATUS)))
        guest_error(&v->dev, "wait", "status to %#llx, where there is no RAM", (unsigned long long)d[1]);
    if (d[0] & D_IF)
        vtd_done(v);
    return true;
}

/* 0, or what IQERCD says is wrong. */
static unsigned do_one(struct vtd *v, const uint64_t d[2])
{
    unsigned type = (unsigned)(F_GET(d[0], 3, 0) | F_GET(d[0], 11, 9) << 4);
    unsigned granularity = (unsigned)F_GET(d[0], D_GRANULARITY);
    uint16_t domain = (uint16_t)F_GET(d[0], D_DOMAIN);
    bool ok = false;

    if (type == DEVICE_TLB || type == 0 || type > WAIT || (type == INTERRUPT && !v->config.intremap))
        return IQEI_TYPE;
    if ((d[0] & shapes[type].reserved[0]) || (d[1] & shapes[type].reserved[1]))
        return IQEI_RESERVED;
    switch (type) {
    case CONTEXT:
        ok = forget_contexts(v, granularity, domain, (uint16_t)F_GET(d[0], D_SOURCE), (unsigned)F_GET(d[0], D_FUNCTIONS));
        break;
    case IOTLB:
        ok = forget_pages(v, granularity, domain, d[1]);
        break;
    case INTERRUPT:
        vtd_forget_interrupts(v, (uint16_t)F_GET(d[0], D_INDEX), d[0] & BIT(4) ? (unsigned)F_GET(d[0], D_IM) : 16);
        ok = true;
        break;
    default:
        ok = wait(v, d);
        break;
    }
    return ok ? 0 : IQEI_RESERVED;
}

static void stop(struct vtd *v, unsigned why)
{
    guest_error(&v->dev, "queue", "descriptor at %#llx of the invalidation queue: error %u",
                (unsigned long long)v->queue_head, why);
    v->queue_error = F_PUT(v->queue_error, 3, 0, why);
    vtd_raise(v, (uint32_t)VTD_IQE);
}

/*
 * Up to the tail, or the first that is wrong: the head stays there until software clears IQE. An event sent on
 * the way cannot come back here: it reaches nothing but interrupt controllers.
 */
void vtd_run_queue(struct vtd *v)
{
    uint64_t size = 4096ull << F_GET(v->queue_address, 2, 0), base = F_GET(v->queue_address, VTD_ADDRESS) << 12;

    if (v->running || !(v->status & VTD_QIE) || (v->fault_status & VTD_IQE))
        return;
    if (v->queue_tail >= size || v->queue_head >= size) {
        stop(v, IQEI_TAIL);
        return;
    }
    v->running = true;
    while (v->queue_head != v->queue_tail) {
        uint64_t d[2];
        unsigned why = vtd_read(v, base + v->queue_head, d, 2) ? do_one(v, d) : IQEI_FETCH;
        if (why != 0) {
            stop(v, why);
            break;
        }
        v->queue_head = (v->queue_head + 16) & (size - 1);
    }
    v->running = false;
}
