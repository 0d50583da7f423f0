/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/qcow2_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <stdlib.h>

/*
 * An image with the dirty bit has refcounts that may be too low or too high
 * (lazy refcounts: they were to be written at a clean end that did not come).
 * All that refers to clusters is walked and counted, then the counts are stored
 * and the COPIED flags of the active tables set by them.
 */
enum { SNAPSHOT_HEAD = 40, MAX_SNAPSHOTS = 65536 };

struct count {
    struct qcow2 *q;
    uint32_t *refs;        /* by cluster */
    uint64_t n;            /* clusters of the file */
    struct err *e;
};

static int refer(struct count *c, const char *what, uint64_t offset, uint64_t bytes)
{
    uint64_t size = c->q->cluster_size;
    if (bytes == 0)
        return 0;
    if (offset >= c->n * size || bytes > c->n * size - offset)
        return qcow2_damaged(c->q, c->e, "%s at %#llx lies beyond the end of the file", what,
                             (unsigned long long)offset);
    for (uint64_t i = offset / size; i <= (offset + bytes - 1) / size; i++) {
        if (c->refs[i] == UINT32_MAX || c->refs[i] == qcow2_max_refcount(c->q))
            return qcow2_damaged(c->q, c->e, "too many references to the cluster at %#llx",
                                 (unsigned long long)(i * size));
        c->refs[i]++;
    }
    return 0;
}

static int refer_data(struct count *c, uint64_t entry)
{
    uint64_t offset = entry & QCOW2_OFFSET, bytes = c->q->cluster_size;
    if (entry & QCOW2_COMPRESSED) {
        qcow2_compressed_range(c->q, entry, &offset, &bytes);
        uint64_t end = c->n * c->q->cluster_size;
        if (offset < end) /* the last sector may be cut off by the end of the file */
            bytes = MIN(bytes, end - offset);
    } else if (offset % c->q->cluster_size != 0) {
        return qcow2_damaged(c->q, c->e, "L2 entry %#llx", (unsigned long long)entry);
    } else if (offset == 0) {
        return 0;
    }
    return refer(c, "data", offset, bytes);
}

/* One L1 table, active or of a snapshot, and all below it. */
static int refer_l1(struct count *c, const uint64_t *l1, uint32_t n)
{
    struct qcow2 *q = c->q;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET;
        if (offset == 0)
            continue;
        if (offset % q->cluster_size != 0)
            return qcow2_damaged(q, c->e, "L1 entry %u is %#llx", i, (unsigned long long)l1[i]);
        int rc = refer(c, "L2 table", offset, q->cluster_size);
        /* At most one entry of each L1 table leads to it. */
        if (rc == 0 && c->refs[offset / q->cluster_size] > q->n_snapshots + 1)
            rc = qcow2_damaged(q, c->e, "several L1 entries with the L2 table at %#llx",
                               (unsigned long long)offset);
        if (rc == 0)
            rc = block_file_read(&q->file, offset, q->table, q->cluster_size, c->e);
        for (uint64_t k = 0; rc == 0 && k < 1ull << q->l2_bits; k++)
            rc = refer_data(c, ld_be64(q->table + k * 8));
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int refer_snapshot(struct count *c, uint64_t offset, uint32_t n)
{
    struct qcow2 *q = c->q;
    uint64_t bytes = (uint64_t)n * 8;
    if (bytes > QCOW2_MAX_L1 || offset % q->cluster_size != 0)
        return qcow2_damaged(q, c->e, "L1 table of a snapshot at %#llx with %u entries",
                             (unsigned long long)offset, n);
    int rc = refer(c, "L1 table of a snapshot", offset, bytes);
    if (rc < 0 || n == 0)
        return rc;
    uint64_t *l1 = malloc(bytes);
    if (!l1)
        return err_set(c->e, ERR_NOMEM, "%s: no memory", q->file.path);
    rc = block_file_read(&q->file, offset, l1, bytes, c->e);
    for (uint32_t i = 0; i < n; i++)
        l1[i] = ld_be64(&l1[i]);
    if (rc == 0)
        rc = refer_l1(c, l1, n);
    free(l1);
    return rc;
}

/* qcow2.txt, "Snapshots": entries of variable length, aligned to 8 bytes */
static int refer_snapshots(struct count *c)
{
    struct qcow2 *q = c->q;
    uint64_t at = q->snapshots_offset;
    if (q->n_snapshots == 0)
        return 0;
    if (q->n_snapshots > MAX_SNAPSHOTS || at % q->cluster_size != 0)
        return qcow2_damaged(q, c->e, "%u snapshots at %#llx", q->n_snapshots,
                             (unsigned long long)at);
    for (uint32_t i = 0; i < q->n_snapshots; i++) {
        uint8_t h[SNAPSHOT_HEAD];
        if (at > q->file.size || q->file.size - at < sizeof(h))
            return qcow2_damaged(q, c->e, "the snapshot table leaves the file");
        int rc = block_file_read(&q->file, at, h, sizeof(h), c->e);
        if (rc == 0)
            rc = refer_snapshot(c, ld_be64(h), ld_be32(h + 8));
        if (rc < 0)
            return rc;
        at += align_up(SNAPSHOT_HEAD + (uint64_t)ld_be32(h + 36) + ld_be16(h + 12) + ld_be16(h + 14),
                       8);
    }
    return refer(c, "snapshot table", q->snapshots_offset, at - q->snapshots_offset);
}

static int count_all(struct count *c)
{
    struct qcow2 *q = c->q;
    int rc = refer(c, "header", 0, q->cluster_size);
    if (rc == 0)
        rc = refer(c, "L1 table", q->l1_offset, (uint64_t)q->l1_size * 8);
    if (rc == 0)
        rc = refer(c, "refcount table", q->reftable_offset, (uint64_t)q->reftable_size * 8);
    for (uint32_t i = 0; rc == 0 && i < q->reftable_size; i++) {
        uint64_t offset = q->reftable[i] & QCOW2_TABLE_OFFSET;
        if (offset != 0)
            rc = refer(c, "refcount block", offset, q->cluster_size);
    }
    if (rc == 0)
        rc = refer_l1(c, q->l1, q->l1_size);
    return rc < 0 ? rc : refer_snapshots(c);
}

/*
 * A missing block takes the first cluster of its range (qcow2_refcount.c). Where
 * that one is in use the table has lost a block, which is no work for lazy refcounts.
 */
static int store_counts(struct count *c)
{
    struct qcow2 *q = c->q;
    for (uint64_t i = 0; i < c->n; i++) {
        uint64_t now, first = qcow2_block_start(q, i);
        int rc = qcow2_get_refcount(q, i, &now, c->e);
        if (rc == 0 && now != c->refs[i]) {
            if (!qcow2_has_block(q, i) && c->refs[first] != 0)
                return qcow2_damaged(q, c->e, "no refcount block for the cluster at %#llx",
                                     (unsigned long long)(i * q->cluster_size));
            rc = qcow2_set_refcount(q, i, c->refs[i], c->e);
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

static uint64_t with_flag(const struct count *c, uint64_t entry)
{
    uint64_t i = (entry & QCOW2_OFFSET) / c->q->cluster_size;
    if ((entry & QCOW2_COMPRESSED) || i == 0 || i >= c->n)
        return entry & ~QCOW2_COPIED;
    return c->refs[i] == 1 ? entry | QCOW2_COPIED : entry & ~QCOW2_COPIED;
}

static int set_flags(struct count *c)
{
    struct qcow2 *q = c->q;
    for (uint32_t i = 0; i < q->l1_size; i++) {
        uint64_t offset = q->l1[i] & QCOW2_OFFSET;
        if (offset == 0)
            continue;
        bool changed = false;
        int rc = block_file_read(&q->file, offset, q->table, q->cluster_size, c->e);
        for (uint64_t k = 0; rc == 0 && k < 1ull << q->l2_bits; k++) {
            uint64_t old = ld_be64(q->table + k * 8), entry = with_flag(c, old);
            changed |= entry != old;
            st_be64(q->table + k * 8, entry);
        }
        if (rc == 0 && changed)
            rc = block_file_write(&q->file, offset, q->table, q->cluster_size, c->e);
        if (rc < 0)
            return rc;
        q->l1[i] = with_flag(c, q->l1[i]);
    }
    return qcow2_write_be64(q, q->l1_offset, q->l1, q->l1_size, c->e);
}

int qcow2_repair(struct qcow2 *q, struct err *e)
{
    struct count c = { .q = q, .n = qcow2_clusters(q, q->file.size), .e = e };
    if (c.n > 1ull << 28)
        return err_set(e, ERR_LIMIT, "%s: too large to be repaired here; use qemu-img check -r all",
                       q->file.path);
    c.refs = calloc(c.n + 1, sizeof(*c.refs));
    if (!c.refs)
        return err_set(e, ERR_NOMEM, "%s: no memory to count references", q->file.path);
    int rc = count_all(&c);
    if (rc == 0)
        rc = store_counts(&c);
    if (rc == 0)
        rc = qcow2_write_back(q, e);
    if (rc == 0)
        rc = block_file_sync(&q->file, e);
    if (rc == 0)
        rc = set_flags(&c);
    if (rc == 0)
        rc = block_file_sync(&q->file, e);
    free(c.refs);
    if (rc < 0)
        err_context(e, "the image was not closed cleanly and cannot be repaired");
    q->free_hint = 0;
    return rc;
}
