/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/qcow2_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <stdlib.h>

/*
 * The refcount table points to refcount blocks of one cluster, each with the
 * counts of `per_block` clusters. A range of clusters without a block is free as
 * a whole; when we need it, its block takes its first cluster and counts itself.
 */
#define MAX_CLUSTER_OFFSET (1ull << 55)

static uint64_t per_block(const struct qcow2 *q)
{
    return ((uint64_t)q->cluster_size * 8) >> q->refcount_order;
}

uint64_t qcow2_max_refcount(const struct qcow2 *q)
{
    return zext(~0ull, 1u << q->refcount_order);
}

uint64_t qcow2_block_start(const struct qcow2 *q, uint64_t index)
{
    return index - index % per_block(q);
}

bool qcow2_has_block(const struct qcow2 *q, uint64_t index)
{
    uint64_t i = index / per_block(q);
    return i < q->reftable_size && (q->reftable[i] & QCOW2_TABLE_OFFSET) != 0;
}

/* Widths below a byte are packed from the least significant bit on. */
static uint64_t get_count(const struct qcow2 *q, const uint8_t *block, uint64_t i)
{
    unsigned width = 1u << q->refcount_order;
    switch (q->refcount_order) {
    case 3:
        return block[i];
    case 4:
        return ld_be16(block + i * 2);
    case 5:
        return ld_be32(block + i * 4);
    case 6:
        return ld_be64(block + i * 8);
    default:
        return zext(block[i * width / 8] >> (i * width % 8), width);
    }
}

static void put_count(const struct qcow2 *q, uint8_t *block, uint64_t i, uint64_t value)
{
    unsigned width = 1u << q->refcount_order, shift = (unsigned)(i * width % 8);
    uint8_t *byte = block + i * width / 8;
    switch (q->refcount_order) {
    case 3:
        block[i] = (uint8_t)value;
        break;
    case 4:
        st_be16(block + i * 2, (uint16_t)value);
        break;
    case 5:
        st_be32(block + i * 4, (uint32_t)value);
        break;
    case 6:
        st_be64(block + i * 8, value);
        break;
    default:
        *byte = (uint8_t)((*byte & ~(zext(~0ull, width) << shift)) | (value << shift));
        break;
    }
}

/* The block that counts `index`; NULL if there is none. */
static int find_block(struct qcow2 *q, uint64_t index, struct qcow2_slot **out, struct err *e)
{
    uint64_t i = index / per_block(q);
    *out = NULL;
    if (i >= q->reftable_size)
        return 0;
    uint64_t offset = q->reftable[i] & QCOW2_TABLE_OFFSET;
    if (offset == 0)
        return 0;
    if (offset % q->cluster_size != 0 || offset > MAX_CLUSTER_OFFSET ||
        qcow2_is_metadata(q, offset))
        return qcow2_damaged(q, e, "refcount table entry %llu is %#llx",
                             (unsigned long long)i, (unsigned long long)q->reftable[i]);
    return qcow2_cache_get(q, &q->refblocks, offset, true, out, e);
}

int qcow2_get_refcount(struct qcow2 *q, uint64_t index, uint64_t *out, struct err *e)
{
    struct qcow2_slot *slot;
    int rc = find_block(q, index, &slot, e);
    *out = rc == 0 && slot ? get_count(q, slot->data, index % per_block(q)) : 0;
    return rc;
}

static void set_table_entry(struct qcow2 *q, uint64_t i, uint64_t offset)
{
    q->reftable[i] = offset;
    if (q->reftable_dirty_from == q->reftable_dirty_to) {
        q->reftable_dirty_from = (uint32_t)i;
        q->reftable_dirty_to = (uint32_t)i + 1;
        return;
    }
    q->reftable_dirty_from = MIN(q->reftable_dirty_from, (uint32_t)i);
    q->reftable_dirty_to = MAX(q->reftable_dirty_to, (uint32_t)i + 1);
}

/*
 * A larger table, behind everything that the old one could count: first the
 * blocks that count the new clusters, then the table. Written at once, since the
 * header holds its place and length.
 */
static int grow_table(struct qcow2 *q, uint64_t wanted, struct err *e)
{
    uint64_t start = (uint64_t)q->reftable_size * per_block(q);
    uint64_t entries, bytes, n_clusters, n_blocks = 1;
    for (;;) {
        entries = MAX(wanted, (uint64_t)q->reftable_size + q->reftable_size / 2) + n_blocks;
        bytes = align_up(entries * 8, q->cluster_size);
        n_clusters = bytes / q->cluster_size;
        uint64_t needed = (n_blocks + n_clusters + per_block(q) - 1) / per_block(q);
        if (needed <= n_blocks)
            break;
        n_blocks = needed;
    }
    uint64_t offset = start * q->cluster_size, table_at = offset + n_blocks * q->cluster_size;
    if (bytes > QCOW2_MAX_REFTABLE || table_at + bytes > MAX_CLUSTER_OFFSET)
        return err_set(e, ERR_LIMIT, "%s: the image cannot grow: its refcount table would exceed %u "
                       "bytes; use larger clusters", q->file.path, QCOW2_MAX_REFTABLE);
    int rc = qcow2_write_back(q, e);
    if (rc < 0)
        return rc;
    uint64_t *table = calloc(bytes / 8, 8);
    if (!table)
        return err_set(e, ERR_NOMEM, "%s: no memory for the refcount table", q->file.path);
    memcpy(table, q->reftable, (size_t)q->reftable_size * 8);
    for (uint64_t i = 0; i < n_blocks && rc == 0; i++) {
        uint64_t first = i * per_block(q), end = n_blocks + n_clusters;
        memset(q->table, 0, q->cluster_size);
        for (uint64_t k = 0; k < per_block(q) && first + k < end; k++)
            put_count(q, q->table, k, 1);
        table[q->reftable_size + i] = offset + i * q->cluster_size;
        qcow2_cache_forget(&q->refblocks, offset + i * q->cluster_size);
        rc = block_file_write(&q->file, offset + i * q->cluster_size, q->table, q->cluster_size, e);
    }
    if (rc == 0)
        rc = qcow2_write_be64(q, table_at, table, bytes / 8, e);
    if (rc == 0)
        rc = block_file_sync(&q->file, e);
    uint8_t place[12]; /* refcount_table_offset, refcount_table_clusters */
    st_be64(place, table_at);
    st_be32(place + 8, (uint32_t)n_clusters);
    if (rc == 0)
        rc = block_file_write(&q->file, 48, place, sizeof(place), e);
    if (rc == 0)
        rc = block_file_sync(&q->file, e);
    if (rc < 0) {
        free(table);
        return rc;
    }
    uint64_t old_at = q->reftable_offset, old_bytes = (uint64_t)q->reftable_size * 8;
    free(q->reftable);
    q->reftable = table;
    q->reftable_size = (uint32_t)(bytes / 8);
    q->reftable_offset = table_at;
    return qcow2_free(q, old_at, old_bytes, e);
}

/* The block that counts `index`, made if there is none. */
static int make_block(struct qcow2 *q, uint64_t index, struct qcow2_slot **out, struct err *e)
{
    int rc = find_block(q, index, out, e);
    if (rc < 0 || *out)
        return rc;
    uint64_t i = index / per_block(q), first = i * per_block(q);
    if (i >= q->reftable_size) {
        rc = grow_table(q, i + 1, e);
        if (rc < 0)
            return rc;
        rc = find_block(q, index, out, e);
        if (rc < 0 || *out)
            return rc;
    }
    uint64_t offset = first * q->cluster_size;
    if (offset > MAX_CLUSTER_OFFSET)
        return err_set(e, ERR_LIMIT, "%s: the image cannot grow beyond 2^55 bytes", q->file.path);
    if (qcow2_is_metadata(q, offset))
        return qcow2_damaged(q, e, "no refcount block for the cluster at %#llx, which is in use",
                             (unsigned long long)offset);
    rc = qcow2_cache_get(q, &q->refblocks, offset, false, out, e);
    if (rc < 0)
        return rc;
    put_count(q, (*out)->data, 0, 1);
    (*out)->dirty = true;
    set_table_entry(q, i, offset);
    return 0;
}

int qcow2_set_refcount(struct qcow2 *q, uint64_t index, uint64_t value, struct err *e)
{
    struct qcow2_slot *slot;
    int rc = make_block(q, index, &slot, e);
    if (rc < 0)
        return rc;
    put_count(q, slot->data, index % per_block(q), value);
    slot->dirty = true;
    return 0;
}

int qcow2_allocate(struct qcow2 *q, uint64_t *offset, struct err *e)
{
    uint64_t index = MAX(q->free_hint, 1u);
    /* Behind the end of the file all is free but what a crash lost: no endless search there. */
    uint64_t limit = MAX(qcow2_clusters(q, q->file.size), index) + 64 * per_block(q) + 65536;
    for (;;) {
        struct qcow2_slot *slot;
        if (index > limit)
            return qcow2_damaged(q, e, "all clusters up to %#llx have a refcount, the file ends at %#llx",
                                 (unsigned long long)(index * q->cluster_size),
                                 (unsigned long long)q->file.size);
        int rc = make_block(q, index, &slot, e);
        if (rc < 0)
            return rc;
        uint64_t first = index - index % per_block(q), k = index % per_block(q);
        while (k < per_block(q) && get_count(q, slot->data, k) != 0)
            k++;
        index = first + k;
        if (k == per_block(q))
            continue;
        *offset = index * q->cluster_size;
        if (*offset > MAX_CLUSTER_OFFSET)
            return err_set(e, ERR_LIMIT, "%s: the image cannot grow beyond 2^55 bytes",
                           q->file.path);
        if (qcow2_is_metadata(q, *offset))
            return qcow2_damaged(q, e, "the cluster at %#llx is in use but has refcount 0",
                                 (unsigned long long)*offset);
        put_count(q, slot->data, k, 1);
        slot->dirty = true;
        q->free_hint = index + 1;
        return 0;
    }
}

void qcow2_unallocate(struct qcow2 *q, uint64_t offset)
{
    uint64_t index = offset / q->cluster_size;
    if (qcow2_set_refcount(q, index, 0, NULL) == 0)
        q->free_hint = MIN(q->free_hint, index);
}

int qcow2_free(struct qcow2 *q, uint64_t offset, uint64_t bytes, struct err *e)
{
    uint64_t first = offset / q->cluster_size, last = (offset + bytes - 1) / q->cluster_size;
    for (uint64_t i = first; i <= last; i++) {
        if (q->n_freed == q->freed_room) {
            size_t room = q->freed_room ? q->freed_room * 2 : 64;
            uint64_t *p = realloc(q->freed, room * sizeof(*p));
            if (!p)
                return err_set(e, ERR_NOMEM, "%s: no memory for freed clusters", q->file.path);
            q->freed = p;
            q->freed_room = room;
        }
        q->freed[q->n_freed++] = i * q->cluster_size;
    }
    return 0;
}

int qcow2_apply_freed(struct qcow2 *q, struct err *e)
{
    int result = 0;
    for (size_t i = 0; i < q->n_freed; i++) {
        uint64_t index = q->freed[i] / q->cluster_size, count;
        int rc = qcow2_get_refcount(q, index, &count, e);
        if (rc == 0 && count == 0)
            rc = qcow2_damaged(q, e, "the cluster at %#llx was in use with refcount 0",
                               (unsigned long long)q->freed[i]);
        if (rc == 0)
            rc = qcow2_set_refcount(q, index, count - 1, e);
        if (rc == 0 && count == 1) {
            q->free_hint = MIN(q->free_hint, index);
            qcow2_cache_forget(&q->l2, q->freed[i]);
            if (q->block.options.discard)
                block_file_punch(&q->file, q->freed[i], q->cluster_size);
        }
        if (rc < 0)
            result = rc;
    }
    q->n_freed = 0;
    return result;
}
