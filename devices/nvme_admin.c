/* SPDX-License-Identifier: Apache-2.0 */
/* Admin commands (NVM Express 1.4, chapter 5): queues, features, abort, events, Format NVM. */
#include "devices/nvme_impl.h"

enum { ADMIN_DELETE_SQ = 0x00, ADMIN_CREATE_SQ = 0x01, ADMIN_LOG_PAGE = 0x02,
       ADMIN_DELETE_CQ = 0x04, ADMIN_CREATE_CQ = 0x05, ADMIN_IDENTIFY = 0x06, ADMIN_ABORT = 0x08,
       ADMIN_SET_FEATURES = 0x09, ADMIN_GET_FEATURES = 0x0a, ADMIN_EVENT = 0x0c,
       ADMIN_FORMAT = 0x80 };
enum { ALL_NAMESPACES = 0xffffffff };
enum { TEMPERATURE = 323 /* K */, OVER_TEMPERATURE = 343 };
enum { FORMAT_STEP = 64 << 20 };
#define FORMAT_TIME (100 * PS_PER_US)

/* ---- queues (5.3 to 5.6) ---- */

/* CDW10 and CDW11 of both create commands: what is wrong with them, or NVME_OK. */
static enum nvme_status check_queue(const struct nvme *n, const struct nvme_command *c, bool exists)
{
    uint32_t id = nvme_dw(c, 10) & 0xffff, size = nvme_dw(c, 10) >> 16;

    if (id == 0 || id >= NVME_QUEUES || exists)
        return NVME_QID | NVME_DNR;
    if (size == 0 || size >= NVME_ENTRIES)
        return NVME_QUEUE_SIZE | NVME_DNR;
    if (!(nvme_dw(c, 11) & 1)) /* CAP.CQR: contiguous */
        return NVME_INVALID_FIELD | NVME_DNR;
    return ld_le64(c->bytes + 24) % nvme_page(n) ? NVME_PRP_OFFSET | NVME_DNR : NVME_OK;
}

static enum nvme_status create_cq(struct nvme *n, const struct nvme_command *c)
{
    uint32_t id = nvme_dw(c, 10) & 0xffff, vector = nvme_dw(c, 11) >> 16;
    enum nvme_status status = check_queue(n, c, id < NVME_QUEUES && n->cq[id].size);

    if (status != NVME_OK)
        return status;
    if (F_GET(n->cc, CC_IOCQES) != 4)
        return NVME_INVALID_FIELD | NVME_DNR;
    if (vector >= (pci_msix_enabled(&n->function) ? NVME_VECTORS : 1))
        return NVME_VECTOR | NVME_DNR;
    n->cq[id] = (struct nvme_cq){
        .base = ld_le64(c->bytes + 24), .size = (nvme_dw(c, 10) >> 16) + 1, .phase = 1,
        .vector = (uint16_t)vector, .interrupts = nvme_dw(c, 11) >> 1 & 1,
    };
    return NVME_OK;
}

static enum nvme_status create_sq(struct nvme *n, const struct nvme_command *c)
{
    uint32_t id = nvme_dw(c, 10) & 0xffff, cq = nvme_dw(c, 11) >> 16;
    enum nvme_status status = check_queue(n, c, id < NVME_QUEUES && n->sq[id].size);

    if (status != NVME_OK)
        return status;
    if (F_GET(n->cc, CC_IOSQES) != 6)
        return NVME_INVALID_FIELD | NVME_DNR;
    if (cq == 0 || cq >= NVME_QUEUES || n->cq[cq].size == 0)
        return NVME_CQ_INVALID | NVME_DNR;
    n->sq[id] = (struct nvme_sq){ .base = ld_le64(c->bytes + 24), .cq = (uint16_t)cq,
                                  .size = (nvme_dw(c, 10) >> 16) + 1 };
    return NVME_OK;
}

static enum nvme_status delete_sq(struct nvme *n, const struct nvme_command *c)
{
    uint32_t id = nvme_dw(c, 10) & 0xffff;

    if (id == 0 || id >= NVME_QUEUES || n->sq[id].size == 0)
        return NVME_QID | NVME_DNR;
    n->sq[id] = (struct nvme_sq){ 0 };
    return NVME_OK;
}

static enum nvme_status delete_cq(struct nvme *n, const struct nvme_command *c)
{
    uint32_t id = nvme_dw(c, 10) & 0xffff;

    if (id == 0 || id >= NVME_QUEUES || n->cq[id].size == 0)
        return NVME_QID | NVME_DNR;
    for (uint32_t i = 1; i < NVME_QUEUES; i++)
        if (n->sq[i].size && n->sq[i].cq == id)
            return NVME_QUEUE_DELETION | NVME_DNR;
    n->cq[id] = (struct nvme_cq){ 0 };
    return NVME_OK;
}

/* 5.1: only event requests wait long enough to be found. Bit 0 of the result: it was not aborted.
 */
static enum nvme_status abort_command(struct nvme *n, struct nvme_command *c)
{
    uint32_t sqid = nvme_dw(c, 10) & 0xffff;
    uint16_t cid = (uint16_t)(nvme_dw(c, 10) >> 16);

    c->result = 1;
    for (uint32_t i = n->n_aborted; sqid == 0 && i < n->n_waiting; i++) {
        if (n->waiting[i] != cid)
            continue;
        memmove(n->waiting + 1, n->waiting, sizeof(n->waiting[0]) * i);
        n->waiting[0] = cid;
        n->n_aborted++;
        c->result = 0;
        break;
    }
    return NVME_OK;
}

static enum nvme_status wait_for_event(struct nvme *n, const struct nvme_command *c)
{
    if (n->n_waiting == NVME_EVENTS)
        return NVME_EVENT_LIMIT | NVME_DNR;
    n->waiting[n->n_waiting++] = nvme_cid(c);
    return NVME_LATER;
}

/* ---- features (5.9, 5.21) ---- */

enum { F_ARBITRATION = 1, F_POWER = 2, F_TEMPERATURE = 4, F_RECOVERY = 5, F_CACHE = 6, F_QUEUES = 7,
       F_COALESCING = 8, F_VECTOR = 9, F_ATOMICITY = 0xa, F_EVENTS = 0xb, F_TIMESTAMP = 0xe };
/* What of CDW11 may be set, and whether it is one value or one for each namespace. */
static const struct feature {
    uint8_t id;
    bool per_namespace;
    uint32_t bits, first;
    uint32_t at; /* 0: not a plain word */
} features[] = {
    { F_ARBITRATION, false, 0xffffff07, 0x7, offsetof(struct nvme, arbitration) },
    { F_POWER, false, 0xe0, 0,
      offsetof(struct nvme, power) }, /* one power state, any workload hint */
    { F_TEMPERATURE, false, 0x3fffff, OVER_TEMPERATURE, 0 },
    { F_RECOVERY, true, 0xffff, 0, 0 },
    { F_CACHE, false, 1, 1, offsetof(struct nvme, cache) },
    { F_QUEUES, false, 0xffffffff, 0, 0 },
    { F_COALESCING, false, 0xffff, 0, offsetof(struct nvme, coalescing) },
    { F_VECTOR, false, 0x1ffff, 0, 0 },
    { F_ATOMICITY, false, 1, 0, offsetof(struct nvme, atomicity) },
    { F_EVENTS, false, 0x1f, 0, offsetof(struct nvme, event_config) }, /* health only: OAES is 0 */
    { F_TIMESTAMP, false, 0, 0, 0 },
};

void nvme_reset_features(struct nvme *n)
{
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        if (features[i].at)
            st_le32((uint8_t *)n + features[i].at, features[i].first);
    n->over_temperature = OVER_TEMPERATURE;
    n->under_temperature = 0;
    memset(n->recovery, 0, sizeof(n->recovery));
    memset(n->not_coalesced, 0, sizeof(n->not_coalesced));
}

/* 5.14.1.2, Critical Warning: the temperature, as the thresholds say. */
uint8_t nvme_health(const struct nvme *n)
{
    return TEMPERATURE >= n->over_temperature || TEMPERATURE <= n->under_temperature ? 2 : 0;
}

static void check_health(struct nvme *n)
{
    enum { TEMPERATURE_THRESHOLD = 1, LOG_HEALTH = 2 };
    if (nvme_health(n) & n->event_config)
        nvme_raise_event(n, NVME_EVENT_HEALTH, TEMPERATURE_THRESHOLD, LOG_HEALTH);
}

/* 5.21.1.4: bits 19:16 choose the sensor (0: all there is; 15: all, to set), 21:20 over or under.
 */
static enum nvme_status temperature(struct nvme *n, struct nvme_command *c, bool set)
{
    uint32_t w = nvme_dw(c, 11), sensor = w >> 16 & 15, which = w >> 20 & 3;
    uint32_t *threshold = which ? &n->under_temperature : &n->over_temperature;

    if (which > 1 || (sensor != 0 && !(set && sensor == 15)))
        return NVME_INVALID_FIELD | NVME_DNR;
    if (set)
        *threshold = w & 0xffff;
    else
        c->result = *threshold;
    return NVME_OK;
}

static enum nvme_status recovery(struct nvme *n, struct nvme_command *c, bool set)
{
    uint32_t nsid = nvme_nsid(c);
    bool all = set && nsid == ALL_NAMESPACES;

    if (!all && !nvme_disk(n, nsid))
        return NVME_INVALID_NAMESPACE | NVME_DNR;
    for (uint32_t i = 0; set && i < NVME_NAMESPACES; i++)
        if (all || i == nsid - 1)
            n->recovery[i] = nvme_dw(c, 11);
    if (!set)
        c->result = n->recovery[nsid - 1];
    return NVME_OK;
}

/* 5.21.1.7: all there are, whatever is asked for, but not while there are any. */
static enum nvme_status number_of_queues(struct nvme *n, struct nvme_command *c, bool set)
{
    uint32_t w = nvme_dw(c, 11), most = NVME_QUEUES - 2;

    if (set && ((w & 0xffff) == 0xffff || w >> 16 == 0xffff))
        return NVME_INVALID_FIELD | NVME_DNR;
    for (uint32_t i = 1; set && i < NVME_QUEUES; i++)
        if (n->sq[i].size || n->cq[i].size)
            return NVME_SEQUENCE | NVME_DNR;
    c->result = most << 16 | most;
    return NVME_OK;
}

static enum nvme_status vector_config(struct nvme *n, struct nvme_command *c, bool set)
{
    uint32_t w = nvme_dw(c, 11), vector = w & 0xffff;

    if (vector >= NVME_VECTORS)
        return NVME_INVALID_FIELD | NVME_DNR;
    if (set)
        n->not_coalesced[vector] = w >> 16 & 1;
    else
        c->result = vector | (uint32_t)n->not_coalesced[vector] << 16;
    return NVME_OK;
}

/* 5.21.1.14: milliseconds since 1970 in 48 bits, and where they come from. */
static enum nvme_status timestamp(struct nvme *n, struct nvme_command *c, bool set)
{
    uint8_t b[8];
    ps_t now = device_now(&n->dev);
    enum nvme_status status;

    if (set) {
        if ((status = nvme_take(n, c, b, sizeof(b))) != NVME_OK)
            return status;
        n->timestamp = zext(ld_le64(b), 48);
        n->timestamp_at = now;
        n->timestamp_set = 1;
        return NVME_OK;
    }
    uint64_t passed = now > n->timestamp_at ? (now - n->timestamp_at) / PS_PER_MS : 0;
    st_le64(b, zext(n->timestamp + passed, 48) | (uint64_t)(n->timestamp_set ? 2 : 0) << 48);
    return nvme_give(n, c, b, sizeof(b));
}

static enum nvme_status one_feature(struct nvme *n, struct nvme_command *c, const struct feature *f,
                                    bool set)
{
    switch (f->id) {
    case F_TEMPERATURE: return temperature(n, c, set);
    case F_RECOVERY: return recovery(n, c, set);
    case F_QUEUES: return number_of_queues(n, c, set);
    case F_VECTOR: return vector_config(n, c, set);
    case F_TIMESTAMP: return timestamp(n, c, set);
    default: break;
    }
    if (set)
        st_le32((uint8_t *)n + f->at, nvme_dw(c, 11));
    else
        c->result = ld_le32((const uint8_t *)n + f->at);
    return NVME_OK;
}

/* Get Features, CDW10 10:8 (5.9): nothing is saved, so what is saved is the default. */
static enum nvme_status select_feature(struct nvme *n, struct nvme_command *c,
                                       const struct feature *f)
{
    enum { CURRENT, DEFAULT, SAVED, CAPABILITIES, PER_NAMESPACE = 2, CHANGEABLE = 4 };
    uint32_t thsel = nvme_dw(c, 11) >> 20 & 3;

    switch (nvme_dw(c, 10) >> 8 & 7) {
    case CURRENT:
        return one_feature(n, c, f, false);
    case DEFAULT:
    case SAVED:
        if (f->id == F_QUEUES || f->id == F_VECTOR || f->id == F_TIMESTAMP)
            return one_feature(n, c, f, false);
        c->result = f->id == F_TEMPERATURE && thsel ? 0 : f->first;
        return NVME_OK;
    case CAPABILITIES:
        c->result = CHANGEABLE | (f->per_namespace ? PER_NAMESPACE : 0);
        return NVME_OK;
    default:
        return NVME_INVALID_FIELD | NVME_DNR;
    }
}

enum nvme_status nvme_features(struct nvme *n, struct nvme_command *c, bool set)
{
    uint32_t id = nvme_dw(c, 10) & 0xff, nsid = nvme_nsid(c);
    const struct feature *f = NULL;

    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        if (features[i].id == id)
            f = &features[i];
    if (!f)
        return NVME_INVALID_FIELD | NVME_DNR;
    if (!set)
        return select_feature(n, c, f);
    if (nvme_dw(c, 10) >> 31)
        return NVME_NOT_SAVEABLE | NVME_DNR;
    if (!f->per_namespace && nsid != 0 && nsid != ALL_NAMESPACES)
        return NVME_NOT_PER_NAMESPACE | NVME_DNR;
    if (f->id != F_TIMESTAMP && (nvme_dw(c, 11) & ~f->bits))
        return NVME_INVALID_FIELD | NVME_DNR;
    enum nvme_status status = one_feature(n, c, f, true);
    check_health(n);
    return status;
}

/* ---- Format NVM (5.23): everything reads as zeroes afterwards ---- */

static uint32_t next_namespace(const struct nvme *n, uint32_t nsid)
{
    do
        nsid++;
    while (nsid <= NVME_NAMESPACES && !n->disk[nsid - 1]);
    return nsid <= NVME_NAMESPACES ? nsid : 0;
}

static enum nvme_status format(struct nvme *n, const struct nvme_command *c)
{
    enum { ERASE_NONE = 0, ERASE_DATA = 1 };
    uint32_t w = nvme_dw(c, 10), lbaf = w & 15, protection = w >> 4 & 0x1f, erase = w >> 9 & 7;
    bool all = nvme_nsid(c) == ALL_NAMESPACES;
    uint32_t nsid = all ? next_namespace(n, 0) : nvme_nsid(c);

    if (!nvme_disk(n, nsid))
        return NVME_INVALID_NAMESPACE | NVME_DNR;
    if (lbaf > 1 || protection)
        return NVME_FORMAT | NVME_DNR;
    if (erase != ERASE_NONE && erase != ERASE_DATA)
        return NVME_INVALID_FIELD | NVME_DNR;
    for (uint32_t i = nsid; i; i = all ? next_namespace(n, i) : 0)
        if (block_is_read_only(n->disk[i - 1]))
            return NVME_WRITE_PROTECTED | NVME_DNR;
    if (n->format.nsid)
        return NVME_FORMATTING;
    n->format = (struct nvme_format){ .nsid = nsid, .cid = nvme_cid(c), .all = all,
                                      .sector_shift = lbaf ? 12 : 9 };
    ev_arm(&n->format_step, device_now(&n->dev) + FORMAT_TIME);
    return NVME_LATER;
}

static void end_format(struct nvme *n, enum nvme_status status)
{
    if (!nvme_complete(n, 0, n->format.cid, 0, status)) {
        ev_arm(&n->format_step, device_now(&n->dev) + FORMAT_TIME); /* until there is room */
        return;
    }
    n->format = (struct nvme_format){ 0 };
    nvme_flush_interrupts(n);
}

void nvme_format_step(void *arg, ps_t when)
{
    struct nvme *n = arg;
    struct nvme_format *f = &n->format;
    struct block *disk = nvme_disk(n, f->nsid);
    struct err e = { 0 };

    (void)when;
    if (!disk)
        return;
    uint64_t size = block_size(disk), part = MIN(size - MIN(f->at, size), (uint64_t)FORMAT_STEP);
    if (part && block_write_zeroes(disk, f->at, part, true, &e) < 0) {
        nvme_host_error(n, &e);
        end_format(n, NVME_WRITE_FAULT);
        return;
    }
    f->at += part;
    if (f->at >= size) {
        n->sector_shift[f->nsid - 1] = f->sector_shift;
        uint32_t next = f->all ? next_namespace(n, f->nsid) : 0;
        if (!next) {
            end_format(n, NVME_OK);
            return;
        }
        f->nsid = next;
        f->at = 0;
    }
    ev_arm(&n->format_step, device_now(&n->dev) + FORMAT_TIME);
}

enum nvme_status nvme_admin(struct nvme *n, struct nvme_command *c)
{
    switch (nvme_opcode(c)) {
    case ADMIN_DELETE_SQ: return delete_sq(n, c);
    case ADMIN_CREATE_SQ: return create_sq(n, c);
    case ADMIN_LOG_PAGE: return nvme_log_page(n, c);
    case ADMIN_DELETE_CQ: return delete_cq(n, c);
    case ADMIN_CREATE_CQ: return create_cq(n, c);
    case ADMIN_IDENTIFY: return nvme_identify(n, c);
    case ADMIN_ABORT: return abort_command(n, c);
    case ADMIN_SET_FEATURES: return nvme_features(n, c, true);
    case ADMIN_GET_FEATURES: return nvme_features(n, c, false);
    case ADMIN_EVENT: return wait_for_event(n, c);
    case ADMIN_FORMAT: return format(n, c);
    default: return NVME_INVALID_OPCODE | NVME_DNR;
    }
}
