/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_QCOW2_IMPL_H
#define ORRERY_DEVICES_BACKEND_QCOW2_IMPL_H
/*
 * qcow2 (QEMU docs/interop/qcow2.txt), shared by its four files:
 *
 *   qcow2.c            header, opening, the order of writes
 *   qcow2_refcount.c   refcount table and blocks, allocation
 *   qcow2_cluster.c    L1 and L2 tables, guest reads and writes
 *   qcow2_repair.c     counting references anew after a crash with lazy refcounts
 *
 * Order of writes. Metadata waits in memory; qcow2_write_back() writes it so that
 * at any moment what the file says is true, clusters lost at worst:
 *
 *   1  refcount blocks (only increased since step 5)    | sync
 *   2  refcount table entries of new blocks             | sync
 *   3  L2 tables                                        | sync
 *   4  L1 entries                                       | sync
 *   5  freed clusters: refcounts decrease, only now they may be used again
 *
 * Data goes to the file before its L2 entry is changed in memory, so step 1's
 * sync covers it. Steps with nothing to write take their sync with them.
 */
#include "devices/backend/block_impl.h"

enum { QCOW2_INCOMPATIBLE_DIRTY = 1 << 0, QCOW2_INCOMPATIBLE_CORRUPT = 1 << 1,
       QCOW2_INCOMPATIBLE_DATA_FILE = 1 << 2, QCOW2_INCOMPATIBLE_COMPRESSION = 1 << 3,
       QCOW2_INCOMPATIBLE_EXTENDED_L2 = 1 << 4 };

#define QCOW2_COPIED       (1ull << 63) /* refcount is exactly 1: may be written in place */
#define QCOW2_COMPRESSED   (1ull << 62)
#define QCOW2_ZERO         (1ull << 0)  /* version 3 */
#define QCOW2_OFFSET       0x00fffffffffffe00ull
#define QCOW2_TABLE_OFFSET 0xfffffffffffffe00ull /* refcount table entry */
#define QCOW2_MAX_L1       (32u << 20) /* bytes; as QEMU has it */
#define QCOW2_MAX_REFTABLE (8u << 20)  /* bytes */

/* One table of one cluster, as it is in the file (big-endian). */
struct qcow2_slot {
    uint64_t offset; /* in the file; 0 = empty */
    uint64_t used;
    bool dirty;
    uint8_t *data;
};
struct qcow2_cache {
    struct qcow2_slot *slots;
    unsigned n;
    uint64_t clock;
};

struct qcow2 {
    struct block block;
    struct block_file file;
    struct block *backing;

    unsigned version, cluster_bits, l2_bits, refcount_order;
    uint32_t cluster_size, header_length;
    uint64_t incompatible, autoclear;
    bool zstd;
    uint32_t n_snapshots;
    uint64_t snapshots_offset;

    uint64_t *l1;            /* host byte order */
    uint32_t l1_size;        /* entries */
    uint64_t l1_offset;
    uint32_t l1_dirty_from, l1_dirty_to;

    uint64_t *reftable;      /* host byte order */
    uint32_t reftable_size;  /* entries */
    uint64_t reftable_offset;
    uint32_t reftable_dirty_from, reftable_dirty_to;

    struct qcow2_cache l2, refblocks;
    uint64_t free_hint;      /* no free cluster below this index */
    uint64_t *freed;         /* offsets of clusters to be freed in step 5 */
    size_t n_freed, freed_room;

    uint8_t *cluster, *table;         /* one cluster each: copy on write, table copies */
    uint8_t *packed, *unpacked;       /* compressed input; last decompressed cluster */
    uint64_t unpacked_entry;          /* L2 entry of `unpacked`; 0 = none */
};

static inline uint64_t qcow2_clusters(const struct qcow2 *q, uint64_t bytes)
{
    return bytes / q->cluster_size + (bytes % q->cluster_size != 0);
}

/* ---- qcow2.c ---- */
int qcow2_write_back(struct qcow2 *q, struct err *e) MUST_CHECK;
/* The table at `offset`; read from the file if `load`, else zeroed. Evicts in order. */
int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, bool load,
                    struct qcow2_slot **out, struct err *e) MUST_CHECK;
void qcow2_cache_forget(struct qcow2_cache *c, uint64_t offset);
int qcow2_damaged(const struct qcow2 *q, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Does the cluster hold the header, the L1 table or the refcount table? */
bool qcow2_is_metadata(const struct qcow2 *q, uint64_t offset);
int qcow2_write_be64(struct qcow2 *q, uint64_t at, const uint64_t *values, size_t n,
                     struct err *e) MUST_CHECK;

/* ---- qcow2_refcount.c ---- */
int qcow2_get_refcount(struct qcow2 *q, uint64_t index, uint64_t *out, struct err *e) MUST_CHECK;
int qcow2_set_refcount(struct qcow2 *q, uint64_t index, uint64_t value, struct err *e) MUST_CHECK;
uint64_t qcow2_max_refcount(const struct qcow2 *q);
/* Is there a block that counts `index`; the first index it counts or would count. */
bool qcow2_has_block(const struct qcow2 *q, uint64_t index);
uint64_t qcow2_block_start(const struct qcow2 *q, uint64_t index);
/* One cluster with refcount 1 from now on; its content is whatever was there. */
int qcow2_allocate(struct qcow2 *q, uint64_t *offset, struct err *e) MUST_CHECK;
/* Undo an allocation nobody has seen. */
void qcow2_unallocate(struct qcow2 *q, uint64_t offset);
/* One reference less once the tables that held it are written. */
int qcow2_free(struct qcow2 *q, uint64_t offset, uint64_t bytes, struct err *e) MUST_CHECK;
int qcow2_apply_freed(struct qcow2 *q, struct err *e) MUST_CHECK; /* step 5 */

/* ---- qcow2_cluster.c ---- */
int qcow2_read(struct block *b, uint64_t at, void *buf, size_t n, struct err *e);
int qcow2_write(struct block *b, uint64_t at, const void *buf, size_t n, struct err *e);
int qcow2_discard(struct block *b, uint64_t at, uint64_t n, struct err *e);
int qcow2_write_zeroes(struct block *b, uint64_t at, uint64_t n, bool unmap, struct err *e);
/* Where a compressed cluster lies: [*offset, *offset + *bytes). */
void qcow2_compressed_range(const struct qcow2 *q, uint64_t entry, uint64_t *offset,
                            uint64_t *bytes);

/* ---- qcow2_repair.c ---- */
/* Make all refcounts and COPIED flags right; for images with the dirty bit. */
int qcow2_repair(struct qcow2 *q, struct err *e) MUST_CHECK;

#endif
