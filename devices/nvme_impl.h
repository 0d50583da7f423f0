/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_NVME_IMPL_H
#define ORRERY_DEVICES_NVME_IMPL_H
/*
 * What the controller's files share: nvme.c registers, reset and construction; nvme_queue.c
 * queues, completions, interrupts, events; nvme_admin.c and nvme_identify.c the admin command
 * set; nvme_io.c the NVM command set; nvme_data.c where a command's data lies.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/disk_dma.h"
#include "devices/nvme.h"

#define NVME_LATENCY (10 * PS_PER_US)

enum { NVME_QUEUES = 65, NVME_VECTORS = 65, NVME_ENTRIES = 2048, NVME_SQE = 64, NVME_CQE = 16,
       NVME_EVENTS = 4,         /* event requests that may wait: AERL + 1 */
       NVME_ERRORS = 4,         /* entries of the error log: ELPE + 1 */
       NVME_MDTS = 7, NVME_MAX_DATA = 4096 << NVME_MDTS, NVME_PAGE_MOST = 65536 };

/* 3.1.5, 3.1.6 */
#define CC_EN 0, 0
#define CC_CSS 6, 4
#define CC_MPS 10, 7
#define CC_AMS 13, 11
#define CC_SHN 15, 14
#define CC_IOSQES 19, 16
#define CC_IOCQES 23, 20
enum { CSTS_RDY = 1, CSTS_CFS = 2, CSTS_SHST = 0xc, CSTS_SHST_DONE = 8 };

/* 4.6.1.2: status code type << 8 | status code; DNR: the same command would fail again. */
enum nvme_status {
    NVME_OK = 0, NVME_INVALID_OPCODE = 0x01, NVME_INVALID_FIELD = 0x02, NVME_DATA_TRANSFER = 0x04,
    NVME_INTERNAL = 0x06, NVME_ABORTED = 0x07, NVME_INVALID_NAMESPACE = 0x0b, NVME_SEQUENCE = 0x0c,
    NVME_SGL_SEGMENT = 0x0d, NVME_SGL_COUNT = 0x0e, NVME_SGL_LENGTH = 0x0f, NVME_SGL_TYPE = 0x11,
    NVME_PRP_OFFSET = 0x13, NVME_WRITE_PROTECTED = 0x20, NVME_LBA_RANGE = 0x80,
    NVME_FORMATTING = 0x84,
    NVME_CQ_INVALID = 0x100, NVME_QID = 0x101, NVME_QUEUE_SIZE = 0x102, NVME_ABORT_LIMIT = 0x103,
    NVME_EVENT_LIMIT = 0x105, NVME_VECTOR = 0x108, NVME_LOG_PAGE = 0x109, NVME_FORMAT = 0x10a,
    NVME_QUEUE_DELETION = 0x10c, NVME_NOT_SAVEABLE = 0x10d, NVME_NOT_CHANGEABLE = 0x10e,
    NVME_WRITE_FAULT = 0x280, NVME_READ_ERROR = 0x281, NVME_COMPARE = 0x285,
    NVME_DNR = 0x4000,
    NVME_LATER = 0xffff, /* no completion now */
};

struct nvme_sq {
    uint64_t base;
    uint32_t head, tail, size; /* entries; size 0: no such queue */
    uint16_t cq, pad;
};
struct nvme_cq {
    uint64_t base;
    uint32_t head, tail, size;
    uint32_t held;             /* completions that software was not yet interrupted for */
    uint16_t vector;
    uint8_t interrupts, phase;
    uint8_t pad[4];
};
/* 5.14.1.1: one entry of the error log. */
struct nvme_error {
    uint64_t count, lba;
    uint32_t nsid;
    uint16_t sqid, cid, status, pad;
};
/* 5.14.1.2: what the SMART log counts. */
struct nvme_counts {
    uint64_t sectors_read, sectors_written, reads, writes, on_since, media_errors, errors;
};
/* A namespace that is being formatted, and the command that is waiting for it. */
struct nvme_format {
    uint64_t at;
    uint32_t nsid;             /* 0: none */
    uint16_t cid;
    uint8_t erase, sector_shift;
};

struct nvme {
    struct device dev;
    struct block *disk[NVME_NAMESPACES];      /* wiring; [nsid - 1], NULL: inactive */
    uint8_t first_shift[NVME_NAMESPACES];     /* as built */
    char serial[20];

    struct pci_function function;             /* its state and what follows is saved */
    struct ev_timer work, coalesce, format_step;
    uint64_t asq, acq;
    struct nvme_sq sq[NVME_QUEUES];
    struct nvme_cq cq[NVME_QUEUES];
    struct nvme_error error[NVME_ERRORS];
    struct nvme_counts counts;
    struct nvme_format format;
    uint64_t timestamp;                       /* ms, at `timestamp_at` */
    uint64_t timestamp_at;                    /* simulated time */
    uint32_t cc, csts, aqa, intm;
    uint32_t arbitration, power, over_temperature, under_temperature, recovery, cache, coalescing,
        atomicity, event_config;
    uint32_t turn;                            /* the I/O queue that is served first */
    uint32_t n_waiting;
    uint16_t waiting[NVME_EVENTS];            /* command ids of event requests */
    uint8_t n_aborted, timestamp_set;         /* of `waiting`, the first ones: to be completed as aborted */
    uint8_t event_pending, event_masked;      /* a bit for each type of event */
    uint32_t event[2];                        /* what is reported: completion DW0, by type */
    uint8_t not_coalesced[NVME_VECTORS];      /* feature 09h */
    uint8_t sector_shift[NVME_NAMESPACES];
    uint8_t pad[7];
};

/* A command as fetched. */
struct nvme_command {
    uint8_t bytes[NVME_SQE];
    uint32_t sqid;
    uint32_t result;           /* DW0 of the completion */
    uint64_t lba;              /* what failed, for the error log */
};
static inline uint8_t nvme_opcode(const struct nvme_command *c) { return c->bytes[0]; }
static inline uint16_t nvme_cid(const struct nvme_command *c) { return ld_le16(c->bytes + 2); }
static inline uint32_t nvme_nsid(const struct nvme_command *c) { return ld_le32(c->bytes + 4); }
static inline uint32_t nvme_dw(const struct nvme_command *c, unsigned n)
{
    return ld_le32(c->bytes + 4 * n);
}

/* ---- nvme_data.c ---- */
/* Pieces of guest memory; with `hole`, bytes that are thrown away (SGL bit buckets). */
#define NVME_PIECES 512
struct nvme_piece {
    uint64_t addr;
    uint32_t n;
    bool hole;
};
struct nvme_data {
    uint32_t n_pieces;
    uint64_t bytes;
    struct nvme_piece piece[NVME_PIECES];
};
/* Where `bytes` bytes of the command's data lie. */
enum nvme_status nvme_map(struct nvme *n, const struct nvme_command *c, uint64_t bytes,
                          struct nvme_data *d);
/* At most `bytes` from `from` to the command's buffer of `room` bytes, and from it. */
enum nvme_status nvme_give(struct nvme *n, const struct nvme_command *c, const void *from,
                           uint32_t bytes);
enum nvme_status nvme_take(struct nvme *n, const struct nvme_command *c, void *to, uint32_t bytes);
uint32_t nvme_page(const struct nvme *n); /* bytes of a memory page */

/* ---- nvme_queue.c ---- */
enum nvme_event { NVME_EVENT_ERROR = 0, NVME_EVENT_HEALTH = 1 };
void nvme_wake(struct nvme *n);                     /* there may be commands */
void nvme_work(void *arg, ps_t when);
void nvme_coalesced(void *arg, ps_t when);
void nvme_update_pin(struct nvme *n);
void nvme_fail(struct nvme *n, const char *what);   /* CSTS.CFS */
/* Complete a command outside its turn. False: its completion queue is full. */
bool nvme_complete(struct nvme *n, uint32_t sqid, uint16_t cid, uint32_t result,
                   enum nvme_status status);
void nvme_raise_event(struct nvme *n, enum nvme_event type, uint8_t information, uint8_t log);
void nvme_post_events(struct nvme *n);
void nvme_flush_interrupts(struct nvme *n);
void nvme_log_error(struct nvme *n, const struct nvme_command *c, enum nvme_status status);
bool nvme_room(const struct nvme_cq *q);

/* ---- nvme_admin.c, nvme_identify.c, nvme_io.c ---- */
enum nvme_status nvme_admin(struct nvme *n, struct nvme_command *c);
void nvme_reset_features(struct nvme *n);
void nvme_format_step(void *arg, ps_t when);
enum nvme_status nvme_features(struct nvme *n, struct nvme_command *c, bool set);
enum nvme_status nvme_identify(struct nvme *n, struct nvme_command *c);
enum nvme_status nvme_log_page(struct nvme *n, struct nvme_command *c);
uint8_t nvme_health(const struct nvme *n);          /* critical warnings of the SMART log */
/* `moved` grows by the bytes that were transferred. */
enum nvme_status nvme_io(struct nvme *n, struct nvme_command *c, uint64_t *moved);
struct block *nvme_disk(const struct nvme *n, uint32_t nsid); /* NULL: inactive or no namespace */
uint64_t nvme_sectors(const struct nvme *n, uint32_t nsid);
enum nvme_status nvme_flush_all(struct nvme *n);
void nvme_host_error(struct nvme *n, const struct err *e);

#endif
