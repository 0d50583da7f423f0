/* SPDX-License-Identifier: Apache-2.0 */
/* The function: registers (NVM Express 1.4, 3.1), enabling, resets and shutdown (7.3, 7.6). */
#include "devices/nvme_impl.h"

enum { BAR_SIZE = 0x4000, DOORBELLS = 0x1000, MSIX_TABLE = 0x2000, MSIX_PBA = 0x3000 };
enum { EVENT_DOORBELL = 0, EVENT_DOORBELL_VALUE = 1, LOG_ERRORS = 1 };

/*
 * 3.1.1: 2048 entries, contiguous queues only, ready within 7.5 s, doorbells 4 bytes apart, the
 * NVM command set, pages of 4 to 64 KiB.
 */
#define CAP ((uint64_t)(NVME_ENTRIES - 1) | BIT(16) | 15ull << 24 | BIT(37) | 4ull << 52)
#define VERSION 0x00010400

#define READ(name)  static uint64_t name(const void *dev, uint32_t index)
#define WROTE(name) static void name(void *dev, uint32_t index, uint64_t old, uint64_t now)
#define UNUSED(...) ((void)(index), (void)(old))

/* ---- enabling and resetting the controller ---- */

static bool can_start(const struct nvme *n)
{
    uint32_t mps = F_GET(n->cc, CC_MPS) & 15;

    if (mps > 4 || F_GET(n->cc, CC_CSS) != 0 || F_GET(n->cc, CC_AMS) != 0)
        return false;
    uint64_t page = 4096ull << mps;
    /* 3.1.9: 0's based sizes, and two entries at least (4.1.3) */
    return F_GET(n->aqa, 11, 0) != 0 && F_GET(n->aqa, 27, 16) != 0 && n->asq % page == 0 &&
           n->acq % page == 0;
}

static void start(struct nvme *n)
{
    if (!can_start(n)) {
        nvme_fail(n, "controller enabled with AQA, ASQ, ACQ or CC that it cannot have");
        return;
    }
    n->sq[0] = (struct nvme_sq){ .base = n->asq, .size = (uint32_t)F_GET(n->aqa, 11, 0) + 1 };
    n->cq[0] = (struct nvme_cq){ .base = n->acq, .size = (uint32_t)F_GET(n->aqa, 27, 16) + 1,
                                 .interrupts = 1, .phase = 1 };
    n->csts = CSTS_RDY;
}

/* 7.3.2: queues and what hangs on them are gone; AQA, ASQ and ACQ stay. */
static void stop(struct nvme *n)
{
    ev_cancel(&n->work);
    ev_cancel(&n->coalesce);
    ev_cancel(&n->format_step);
    memset(n->sq, 0, sizeof(n->sq));
    memset(n->cq, 0, sizeof(n->cq));
    n->format = (struct nvme_format){ 0 };
    n->csts = 0;
    n->turn = 0;
    n->n_waiting = 0;
    n->n_aborted = 0;
    memset(n->waiting, 0, sizeof(n->waiting));
    n->timestamp = n->timestamp_set = 0; /* 5.21.1.14: any reset of the controller, from which it counts */
    n->timestamp_at = device_now(&n->dev);
    n->event_pending = n->event_masked = 0;
    memset(n->event, 0, sizeof(n->event));
    nvme_reset_features(n);
    nvme_update_pin(n);
}

WROTE(wrote_cc)
{
    struct nvme *n = dev;
    UNUSED();
    if (F_GET(now, CC_EN) && !F_GET(old, CC_EN))
        start(n);
    else if (!F_GET(now, CC_EN) && F_GET(old, CC_EN))
        stop(n);
    /* 7.6.2: normal (1) and abrupt (2) are the same to what writes at once */
    if (F_GET(now, CC_SHN) != 0 && F_GET(old, CC_SHN) == 0) {
        (void)nvme_flush_all(n);
        n->csts |= CSTS_SHST_DONE;
    } else if (F_GET(now, CC_SHN) == 0 && F_GET(old, CC_SHN) != 0) {
        n->csts &= ~(uint32_t)CSTS_SHST;
    }
}

READ(read_mask)
{
    (void)index;
    return ((const struct nvme *)dev)->intm;
}
/* 3.1.3, 3.1.4: undefined with MSI-X; here it then changes nothing that can be seen. */
WROTE(wrote_set)
{
    struct nvme *n = dev;
    UNUSED();
    n->intm |= (uint32_t)now;
    nvme_update_pin(n);
}
WROTE(wrote_clear)
{
    struct nvme *n = dev;
    UNUSED();
    n->intm &= ~(uint32_t)now;
    nvme_update_pin(n);
}

/* ---- doorbells (3.1.24, 3.1.25) ---- */

static void bad_doorbell(struct nvme *n, uint8_t information, uint32_t index, uint64_t value)
{
    guest_error(&n->dev, "doorbell", "%s %u: %llu written", index & 1 ? "CQ head" : "SQ tail",
                index / 2, (unsigned long long)value);
    nvme_log_error(n, NULL, NVME_OK);
    nvme_raise_event(n, NVME_EVENT_ERROR, information, LOG_ERRORS);
    if (n->n_waiting && !ev_is_armed(&n->work))
        ev_arm(&n->work, device_now(&n->dev) + NVME_LATENCY);
}

WROTE(wrote_doorbell)
{
    struct nvme *n = dev;
    uint32_t size = index & 1 ? n->cq[index / 2].size : n->sq[index / 2].size;

    (void)old;
    now &= 0xffff;
    if (!(n->csts & CSTS_RDY))
        guest_error(&n->dev, "doorbell while not ready", "doorbell %u", index);
    else if (size == 0)
        bad_doorbell(n, EVENT_DOORBELL, index, now);
    else if (now >= size)
        bad_doorbell(n, EVENT_DOORBELL_VALUE, index, now);
    else if (index & 1) {
        n->cq[index / 2].head = (uint32_t)now;
        nvme_update_pin(n);
        nvme_wake(n); /* there is room again */
    } else {
        n->sq[index / 2].tail = (uint32_t)now;
        nvme_wake(n);
    }
}

#define AT(m) REG_AT(nvme, m)
#define HALVES .sizes = 4 | 8
static const struct reg_desc nvme_regs[] = {
    REG64(0x00, "CAP", HALVES, .reset = CAP),
    REG32(0x08, "VS", .reset = VERSION),
    REG32(0x0c, "INTMS", .read = read_mask, .w1s = UINT32_MAX, .wrote = wrote_set),
    REG32(0x10, "INTMC", .read = read_mask, .w1c = UINT32_MAX, .wrote = wrote_clear),
    REG32(0x14, "CC", AT(cc), .rw = 0x00fffff1, .wrote = wrote_cc),
    REG32(0x1c, "CSTS", AT(csts)),
    REG32(0x20, "NSSR"),
    REG32(0x24, "AQA", AT(aqa), .rw = 0x0fff0fff),
    /* Reserved low bits are kept: a misaligned queue fails the start instead of lying elsewhere. */
    REG64(0x28, "ASQ", HALVES, AT(asq), .rw = ~0ull),
    REG64(0x30, "ACQ", HALVES, AT(acq), .rw = ~0ull),
    REG32(0x38, "CMBLOC"),
    REG32(0x3c, "CMBSZ"),
    REG32(0x40, "BPINFO"),
    REG32(0x44, "BPRSEL"),
    REG64(0x48, "BPMBL", HALVES),
    REG64(0x50, "CMBMSC", HALVES),
    REG32(0x58, "CMBSTS"),
    REG32(0xe00, "PMRCAP"),
    REG32(DOORBELLS, "doorbell", .count = 2 * NVME_QUEUES, .rw = UINT32_MAX,
          .wrote = wrote_doorbell),
};

/* ---- reset, state ---- */

static void reset_controller(struct nvme *n)
{
    stop(n);
    n->intm = 0;
    memset(n->error, 0, sizeof(n->error));
}

static void function_reset(struct pci_function *f)
{
    struct nvme *n = CONTAINER_OF(f, struct nvme, function);

    reg_reset(&n->dev);
    reset_controller(n);
}

static void reset(void *dev)
{
    struct nvme *n = dev;

    pci_reset(&n->function);
    reset_controller(n);
}

/* What a snapshot says is not trusted where it is an index, a size or a shift. */
static void loaded(void *dev)
{
    struct nvme *n = dev;

    for (uint32_t i = 0; i < NVME_QUEUES; i++) {
        struct nvme_sq *s = &n->sq[i];
        struct nvme_cq *c = &n->cq[i];
        if (c->size > (i ? NVME_ENTRIES : 4096) || c->head >= c->size || c->tail >= c->size)
            *c = (struct nvme_cq){ 0 };
        if (s->size > (i ? NVME_ENTRIES : 4096) || s->head >= s->size || s->tail >= s->size ||
            s->cq >= NVME_QUEUES)
            *s = (struct nvme_sq){ 0 };
    }
    for (uint32_t i = 0; i < NVME_NAMESPACES; i++)
        if (n->sector_shift[i] != 9 && n->sector_shift[i] != 12)
            n->sector_shift[i] = n->first_shift[i];
    n->turn %= NVME_QUEUES - 1;
    n->n_waiting = MIN(n->n_waiting, (uint32_t)NVME_EVENTS);
    n->n_aborted = (uint8_t)MIN(n->n_aborted, n->n_waiting);
    if (!nvme_disk(n, n->format.nsid) ||
        (n->format.sector_shift != 9 && n->format.sector_shift != 12))
        n->format = (struct nvme_format){ 0 };
    pci_loaded(&n->function);
}

static const struct state_field sq_state[] = {
    STATE(nvme_sq, base), STATE(nvme_sq, head), STATE(nvme_sq, tail), STATE(nvme_sq, size),
    STATE(nvme_sq, cq), STATE(nvme_sq, pad), STATE_END
};
static const struct state_field cq_state[] = {
    STATE(nvme_cq, base), STATE(nvme_cq, head), STATE(nvme_cq, tail), STATE(nvme_cq, size),
    STATE(nvme_cq, held), STATE(nvme_cq, vector), STATE(nvme_cq, interrupts), STATE(nvme_cq, phase),
    STATE(nvme_cq, pad), STATE_END
};
static const struct state_field error_state[] = {
    STATE(nvme_error, count), STATE(nvme_error, lba), STATE(nvme_error, nsid),
    STATE(nvme_error, sqid), STATE(nvme_error, cid), STATE(nvme_error, status),
    STATE(nvme_error, pad), STATE_END
};
static const struct state_field counts_state[] = {
    STATE(nvme_counts, sectors_read), STATE(nvme_counts, sectors_written),
    STATE(nvme_counts, reads), STATE(nvme_counts, writes), STATE(nvme_counts, on_since),
    STATE(nvme_counts, media_errors), STATE(nvme_counts, errors), STATE_END
};
static const struct state_field format_state[] = {
    STATE(nvme_format, at), STATE(nvme_format, nsid), STATE(nvme_format, cid),
    STATE(nvme_format, all), STATE(nvme_format, sector_shift), STATE_END
};
static const struct state_field state[] = {
    STATE_SUB(nvme, function, pci_function_state), STATE_TIMER(nvme, work),
    STATE_TIMER(nvme, coalesce), STATE_TIMER(nvme, format_step), STATE(nvme, asq), STATE(nvme, acq),
    STATE_SUBS(nvme, sq, sq_state), STATE_SUBS(nvme, cq, cq_state),
    STATE_SUBS(nvme, error, error_state), STATE_SUB(nvme, counts, counts_state),
    STATE_SUB(nvme, format, format_state), STATE(nvme, timestamp), STATE(nvme, timestamp_at),
    STATE(nvme, cc), STATE(nvme, csts), STATE(nvme, aqa), STATE(nvme, intm),
    STATE(nvme, arbitration), STATE(nvme, power), STATE(nvme, over_temperature),
    STATE(nvme, under_temperature), STATE(nvme, cache), STATE(nvme, coalescing),
    STATE(nvme, atomicity), STATE(nvme, event_config), STATE(nvme, recovery), STATE(nvme, turn),
    STATE(nvme, n_waiting), STATE(nvme, waiting), STATE(nvme, n_aborted),
    STATE(nvme, timestamp_set), STATE(nvme, event_pending), STATE(nvme, event_masked),
    STATE(nvme, event), STATE(nvme, not_coalesced), STATE(nvme, sector_shift), STATE(nvme, pad),
    STATE_END
};
static const struct device_ops device_ops = {
    .name = "nvme", .spec = "NVM Express Base 1.4", .size = sizeof(struct nvme), .regs = nvme_regs,
    .n_regs = ARRAY_LEN(nvme_regs), .mmio_size = BAR_SIZE, .state = state, .version = 1,
    .reset = reset, .loaded = loaded,
};

/* ---- construction ---- */

static int make_function(struct nvme *n, struct pci_bus *bus, const struct nvme_options *o,
                         struct err *e)
{
    static const struct pci_ops ops = { .reset = function_reset };
    const struct pci_ids ids = { .vendor = 0x1b36, .device = 0x0010, .subsystem_vendor = 0x1af4,
                                 .subsystem = 0x1100, .class_code = 0x010802, .revision = 2,
                                 .multifunction = o->multifunction };
    int r;

    pci_init(&n->function, &n->dev, &ops, &ids, 1);
    if ((r = pci_add_bar(&n->function, 0, PCI_BAR_MEM64, false, BAR_SIZE, &reg_mmio_ops, n, e)) <
            0 ||
        (r = pci_add_msix(&n->function, NVME_VECTORS, 0, MSIX_TABLE, MSIX_PBA, e)) < 0 ||
        (r = pci_add_power(&n->function, e)) < 0 || (r = pci_add_express(&n->function, e)) < 0 ||
        (o->rom && (r = pci_add_rom(&n->function, o->rom, e)) < 0))
        return r;
    return pci_plug(bus, &n->function, o->devfn, e);
}

static int make_timers(struct nvme *n, struct err *e)
{
    struct ev_queue *q = n->dev.machine->queue;

    if (ev_timer_init(&n->work, q, "nvme", EV_PRIO_DEVICE, nvme_work, n) ||
        ev_timer_init(&n->coalesce, q, "nvme interrupts", EV_PRIO_DEVICE, nvme_coalesced, n) ||
        ev_timer_init(&n->format_step, q, "nvme format", EV_PRIO_DEVICE, nvme_format_step, n))
        return err_set(e, ERR_NOMEM, "%s: no memory", n->dev.id);
    return 0;
}

struct nvme *nvme_create(struct machine *m, const char *id, struct pci_bus *bus,
                         const struct nvme_options *o, struct err *e)
{
    size_t length = o->serial ? strlen(o->serial) : 0;

    if (length < 1 || length > sizeof(((struct nvme *)0)->serial)) {
        (void)err_set(e, ERR_ARG, "%s: serial '%s'; 1 to 20 characters are accepted", id,
                      o->serial ? o->serial : "");
        return NULL;
    }
    struct nvme *n = device_create(m, &device_ops, id, e);
    if (!n || make_timers(n, e) < 0 || make_function(n, bus, o, e) < 0)
        return NULL;
    memset(n->serial, ' ', sizeof(n->serial));
    memcpy(n->serial, o->serial, length);
    for (uint32_t i = 0; i < NVME_NAMESPACES; i++)
        n->sector_shift[i] = n->first_shift[i] = 9;
    return n;
}

int nvme_add_namespace(struct nvme *n, uint32_t nsid, struct block *disk, uint32_t sector,
                       struct err *e)
{
    for (uint32_t i = 1; nsid == 0 && i <= NVME_NAMESPACES; i++)
        if (!n->disk[i - 1])
            nsid = i;
    if (nsid < 1 || nsid > NVME_NAMESPACES)
        return err_set(e, ERR_LIMIT, "%s: namespace %u; 1 to %d are there", n->dev.id, nsid,
                       NVME_NAMESPACES);
    if (n->disk[nsid - 1])
        return err_set(e, ERR_ARG, "%s: namespace %u is there already", n->dev.id, nsid);
    if (sector != 512 && sector != 4096)
        return err_set(e, ERR_ARG, "%s: sectors of %u bytes; 512 and 4096 are accepted", n->dev.id,
                       sector);
    if (block_size(disk) < sector)
        return err_set(e, ERR_ARG, "%s: the image is smaller than a sector", n->dev.id);
    n->disk[nsid - 1] = disk;
    n->sector_shift[nsid - 1] = n->first_shift[nsid - 1] = (uint8_t)log2_floor(sector);
    return 0;
}

struct pci_function *nvme_function(struct nvme *n)
{
    return &n->function;
}
