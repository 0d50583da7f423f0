/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues (NVM Express 1.4, 4.1), interrupts (7.5) and asynchronous events (5.2).
 *
 *   doorbell -> work timer -> fetch, do, complete -> interrupt, at once or held back
 *
 * A command is fetched when there is room for its completion only.
 */
#include "devices/nvme_impl.h"

enum { BATCH = 16 << 20 /* bytes moved at one moment: then others get their turn */ };

static uint32_t after(uint32_t index, uint32_t size)
{
    return index + 1 >= size ? 0 : index + 1; /* our own DMA may have reset the queue */
}

bool nvme_room(const struct nvme_cq *q)
{
    return q->size && after(q->tail, q->size) != q->head;
}

static bool has_command(const struct nvme *n, const struct nvme_sq *q)
{
    return q->size && q->head != q->tail && nvme_room(&n->cq[q->cq]);
}

void nvme_fail(struct nvme *n, const char *what)
{
    guest_error(&n->dev, what, "the controller stops: CSTS.CFS");
    n->csts |= CSTS_CFS;
}

static bool is_running(const struct nvme *n)
{
    return (n->csts & (CSTS_RDY | CSTS_CFS)) == CSTS_RDY;
}

void nvme_wake(struct nvme *n)
{
    bool any = n->n_waiting && (n->n_aborted || n->event_pending); /* their queue was full */

    for (uint32_t i = 0; i < NVME_QUEUES && !any; i++)
        any = has_command(n, &n->sq[i]);
    if (any && is_running(n) && !ev_is_armed(&n->work))
        ev_arm(&n->work, device_now(&n->dev) + NVME_LATENCY);
}

/* ---- interrupts ---- */

/* 7.5.1: the pin follows what waits in the queues and is not masked. */
void nvme_update_pin(struct nvme *n)
{
    bool level = false;

    for (uint32_t i = 0; i < NVME_QUEUES && !level; i++) {
        const struct nvme_cq *q = &n->cq[i];
        level = q->size && q->interrupts && q->head != q->tail && q->vector < 32 &&
                !(n->intm >> q->vector & 1) && q->held == 0;
    }
    pci_set_intx(&n->function, level);
}

static void interrupt(struct nvme *n, struct nvme_cq *q)
{
    q->held = 0;
    if (q->interrupts)
        pci_send_msix(&n->function, q->vector);
}

/* 5.21.1.8: a threshold of completions (from 0) and a time in units of 100 us; 0: none. */
static bool may_hold(const struct nvme *n, uint32_t index)
{
    const struct nvme_cq *q = &n->cq[index];

    return index != 0 && (n->coalescing & 0xff) && (n->coalescing >> 8) &&
           !(q->vector < NVME_VECTORS && n->not_coalesced[q->vector]) &&
           q->held <= (n->coalescing & 0xff);
}

void nvme_flush_interrupts(struct nvme *n)
{
    bool held = false;

    for (uint32_t i = 0; i < NVME_QUEUES; i++) {
        if (n->cq[i].held == 0)
            continue;
        if (may_hold(n, i))
            held = true;
        else
            interrupt(n, &n->cq[i]);
    }
    if (held && !ev_is_armed(&n->coalesce))
        ev_arm(&n->coalesce, device_now(&n->dev) + (ps_t)(n->coalescing >> 8) * 100 * PS_PER_US);
    nvme_update_pin(n);
}

void nvme_coalesced(void *arg, ps_t when)
{
    struct nvme *n = arg;

    (void)when;
    for (uint32_t i = 0; i < NVME_QUEUES; i++)
        if (n->cq[i].held)
            interrupt(n, &n->cq[i]);
    nvme_update_pin(n);
}

/* ---- completions (4.6) ---- */

static void post(struct nvme *n, uint32_t sqid, uint16_t cid, uint32_t result,
                 enum nvme_status status)
{
    struct nvme_cq *q = &n->cq[n->sq[sqid].cq];
    uint8_t e[NVME_CQE] = { 0 };
    uint64_t at = q->base + (uint64_t)q->tail * NVME_CQE;

    st_le32(e, result);
    st_le16(e + 8, (uint16_t)n->sq[sqid].head);
    st_le16(e + 10, (uint16_t)sqid);
    st_le16(e + 12, cid);
    st_le16(e + 14, (uint16_t)(status << 1 | (q->phase & 1)));
    q->tail = after(q->tail, q->size);
    if (q->tail == 0)
        q->phase ^= 1;
    if (q->interrupts)
        q->held++;
    if (dma_write(&n->function.dma, at, e, sizeof(e)) != MEM_OK)
        nvme_fail(n, "completion queue cannot be written");
}

bool nvme_complete(struct nvme *n, uint32_t sqid, uint16_t cid, uint32_t result,
                   enum nvme_status status)
{
    if (!n->sq[sqid].size)
        return true; /* its queue is gone, and the command with it */
    if (!nvme_room(&n->cq[n->sq[sqid].cq]))
        return false;
    post(n, sqid, cid, result, status);
    return true;
}

/* 5.14.1.1: newest first. */
void nvme_log_error(struct nvme *n, const struct nvme_command *c, enum nvme_status status)
{
    memmove(&n->error[1], &n->error[0], sizeof(n->error[0]) * (NVME_ERRORS - 1));
    n->error[0] = (struct nvme_error){
        .count = ++n->counts.errors, .sqid = (uint16_t)(c ? c->sqid : 0xffff),
        .cid = c ? nvme_cid(c) : 0xffff, .status = (uint16_t)(status << 1), .nsid = c ? nvme_nsid(c) : 0,
        .lba = c ? c->lba : 0,
    };
}

/* ---- asynchronous events (5.2) ---- */

/* A type that was reported waits for its log page to be read. */
void nvme_raise_event(struct nvme *n, enum nvme_event type, uint8_t information, uint8_t log)
{
    if ((n->event_masked | n->event_pending) & BIT(type))
        return;
    n->event_pending |= (uint8_t)BIT(type);
    n->event[type] = (uint32_t)type | (uint32_t)information << 8 | (uint32_t)log << 16;
}

static void drop_request(struct nvme *n)
{
    n->n_waiting--;
    memmove(n->waiting, n->waiting + 1, sizeof(n->waiting[0]) * n->n_waiting);
}

void nvme_post_events(struct nvme *n)
{
    if (!is_running(n))
        return;
    while (n->n_aborted && n->n_waiting && nvme_complete(n, 0, n->waiting[0], 0, NVME_ABORTED)) {
        n->n_aborted--;
        drop_request(n);
    }
    for (unsigned type = 0; type < ARRAY_LEN(n->event) && n->n_waiting && !n->n_aborted; type++) {
        if (!(n->event_pending >> type & 1))
            continue;
        if (!nvme_complete(n, 0, n->waiting[0], n->event[type], NVME_OK))
            return;
        drop_request(n);
        n->event_pending &= (uint8_t)~BIT(type);
        n->event_masked |= (uint8_t)BIT(type);
    }
}

/* ---- submission queues ---- */

static bool fetch(struct nvme *n, uint32_t sqid, struct nvme_command *c)
{
    struct nvme_sq *q = &n->sq[sqid];
    uint64_t at = q->base + (uint64_t)q->head * NVME_SQE;

    *c = (struct nvme_command){ .sqid = sqid };
    q->head = after(q->head, q->size);
    if (dma_read(&n->function.dma, at, c->bytes, NVME_SQE) == MEM_OK)
        return true;
    nvme_fail(n, "submission queue cannot be read");
    return false;
}

static void serve(struct nvme *n, uint32_t sqid, uint64_t *budget)
{
    struct nvme_command c;

    /* No more than were there: what our own DMA adds comes next time. */
    for (uint32_t left = n->sq[sqid].size; left && *budget && is_running(n) &&
                                           has_command(n, &n->sq[sqid]); left--) {
        uint64_t moved = 0;
        if (!fetch(n, sqid, &c))
            return;
        /* 4.2: no fused commands (FUSES), reserved bits of CDW0 are 0 */
        enum nvme_status status = c.bytes[1] & 0x3f ? NVME_INVALID_FIELD | NVME_DNR
                                  : sqid == 0       ? nvme_admin(n, &c)
                                                    : nvme_io(n, &c, &moved);
        *budget -= MIN(*budget, moved + NVME_SQE);
        if (!is_running(n))
            return;
        if (status == NVME_LATER)
            continue;
        if (status != NVME_OK) {
            nvme_log_error(n, &c, status);
            status |= 0x2000; /* more: the error log has it */
        }
        (void)nvme_complete(n, sqid, nvme_cid(&c), c.result, status);
    }
}

void nvme_work(void *arg, ps_t when)
{
    struct nvme *n = arg;
    uint64_t budget = BATCH;

    (void)when;
    if (!is_running(n))
        return;
    serve(n, 0, &budget);
    /* 4.13.1: round robin */
    for (uint32_t i = 0; i < NVME_QUEUES - 1; i++)
        serve(n, 1 + (n->turn + i) % (NVME_QUEUES - 1), &budget);
    n->turn = (n->turn + 1) % (NVME_QUEUES - 1);
    nvme_post_events(n);
    nvme_flush_interrupts(n);
    nvme_wake(n);
}
