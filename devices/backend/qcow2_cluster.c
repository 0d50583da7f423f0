/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/qcow2_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <zlib.h>
#include <zstd.h>

/* What an L2 entry says. `host`: of the cluster, 0 = none. */
enum kind { UNALLOCATED, NORMAL, ZEROES, PACKED };
struct mapping {
    enum kind kind;
    uint64_t entry, host;
};

enum { FREED_LIMIT = 4096 }; /* clusters waiting for step 5 before it is forced */

static uint64_t l2_range(const struct qcow2 *q)
{
    return 1ull << (q->cluster_bits + q->l2_bits);
}

static uint64_t l2_index(const struct qcow2 *q, uint64_t at)
{
    return (at >> q->cluster_bits) & ((1ull << q->l2_bits) - 1);
}

static int decode(const struct qcow2 *q, uint64_t entry, uint64_t at, struct mapping *m,
                  struct err *e)
{
    *m = (struct mapping){ .kind = PACKED, .entry = entry };
    if (entry & QCOW2_COMPRESSED)
        return 0;
    m->host = entry & QCOW2_OFFSET;
    m->kind = entry & QCOW2_ZERO ? ZEROES : m->host ? NORMAL : UNALLOCATED;
    if ((m->kind == ZEROES && q->version < 3) || m->host % q->cluster_size != 0)
        return qcow2_damaged(q, e, "L2 entry of guest offset %#llx is %#llx",
                             (unsigned long long)at, (unsigned long long)entry);
    return 0;
}

/* The L2 table of `at`; NULL if there is none. */
static int find_l2(struct qcow2 *q, uint64_t at, struct qcow2_slot **out, struct err *e)
{
    uint64_t i = at / l2_range(q);
    *out = NULL;
    if (i >= q->l1_size)
        return qcow2_damaged(q, e, "no L1 entry for guest offset %#llx", (unsigned long long)at);
    uint64_t offset = q->l1[i] & QCOW2_OFFSET;
    if (offset == 0)
        return 0;
    if (offset % q->cluster_size != 0 || qcow2_is_metadata(q, offset))
        return qcow2_damaged(q, e, "L1 entry %llu is %#llx", (unsigned long long)i,
                             (unsigned long long)q->l1[i]);
    return qcow2_cache_get(q, &q->l2, offset, true, out, e);
}

/* An L2 table for `at` that is ours alone. */
static int own_l2(struct qcow2 *q, uint64_t at, struct qcow2_slot **out, struct err *e)
{
    uint64_t i = at / l2_range(q), offset;
    int rc = find_l2(q, at, out, e);
    if (rc < 0 || (*out && (q->l1[i] & QCOW2_COPIED)))
        return rc;
    uint64_t old = q->l1[i] & QCOW2_OFFSET;
    if (*out)
        memcpy(q->table, (*out)->data, q->cluster_size);
    else
        memset(q->table, 0, q->cluster_size);
    rc = qcow2_allocate(q, &offset, e);
    if (rc < 0)
        return rc;
    rc = qcow2_cache_get(q, &q->l2, offset, false, out, e);
    if (rc == 0 && old)
        rc = qcow2_free(q, old, q->cluster_size, e);
    if (rc < 0) {
        qcow2_unallocate(q, offset);
        return rc;
    }
    memcpy((*out)->data, q->table, q->cluster_size);
    (*out)->dirty = true;
    q->l1[i] = offset | QCOW2_COPIED;
    if (q->l1_dirty_from == q->l1_dirty_to) {
        q->l1_dirty_from = (uint32_t)i;
        q->l1_dirty_to = (uint32_t)i + 1;
    } else {
        q->l1_dirty_from = MIN(q->l1_dirty_from, (uint32_t)i);
        q->l1_dirty_to = MAX(q->l1_dirty_to, (uint32_t)i + 1);
    }
    return 0;
}

static int map(struct qcow2 *q, uint64_t at, struct mapping *m, struct err *e)
{
    struct qcow2_slot *slot;
    int rc = find_l2(q, at, &slot, e);
    *m = (struct mapping){ .kind = UNALLOCATED };
    if (rc < 0 || !slot)
        return rc;
    return decode(q, ld_be64(slot->data + l2_index(q, at) * 8), at, m, e);
}

/* ---- compressed clusters --------------------------------------------------- */

void qcow2_compressed_range(const struct qcow2 *q, uint64_t entry, uint64_t *offset,
                            uint64_t *bytes)
{
    unsigned x = 62 - (q->cluster_bits - 8); /* L2 entry, compressed clusters descriptor */
    *offset = zext(entry, x);
    uint64_t sectors = (zext(entry, 62) >> x) + 1;
    *bytes = sectors * 512 - *offset % 512;
}

static bool inflate_cluster(uint8_t *to, size_t n_to, const uint8_t *from, size_t n_from)
{
    z_stream z = { .next_in = (Bytef *)from, .avail_in = (uInt)n_from, .next_out = to,
                   .avail_out = (uInt)n_to };
    if (inflateInit2(&z, -15) != Z_OK) /* raw deflate; any window size */
        return false;
    int rc = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return (rc == Z_STREAM_END || rc == Z_BUF_ERROR) && z.avail_out == 0;
}

static bool unzstd_cluster(uint8_t *to, size_t n_to, const uint8_t *from, size_t n_from)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    ZSTD_inBuffer in = { from, n_from, 0 };
    ZSTD_outBuffer out = { to, n_to, 0 };
    bool good = ctx != NULL;
    while (good && out.pos < out.size) {
        size_t before_in = in.pos, before_out = out.pos;
        size_t rc = ZSTD_decompressStream(ctx, &out, &in);
        good = !ZSTD_isError(rc) && (in.pos != before_in || out.pos != before_out);
        if (good && rc == 0)
            break;
    }
    ZSTD_freeDCtx(ctx);
    return good && out.pos == out.size;
}

/* The cluster's content into q->unpacked. */
static int unpack(struct qcow2 *q, uint64_t entry, uint64_t at, struct err *e)
{
    uint64_t offset, bytes;
    if (q->unpacked_entry == entry)
        return 0;
    q->unpacked_entry = 0;
    qcow2_compressed_range(q, entry, &offset, &bytes);
    if (offset >= q->file.size)
        return qcow2_damaged(q, e, "compressed cluster of guest offset %#llx at %#llx, the file ends at %#llx",
                             (unsigned long long)at, (unsigned long long)offset,
                             (unsigned long long)q->file.size);
    int rc = block_file_read(&q->file, offset, q->packed, (size_t)bytes, e);
    if (rc < 0)
        return rc;
    bool good = q->zstd ? unzstd_cluster(q->unpacked, q->cluster_size, q->packed, (size_t)bytes)
                        : inflate_cluster(q->unpacked, q->cluster_size, q->packed, (size_t)bytes);
    if (!good)
        return qcow2_damaged(q, e, "the %s data of guest offset %#llx at %#llx does not decompress",
                             q->zstd ? "zstd" : "zlib", (unsigned long long)at,
                             (unsigned long long)offset);
    q->unpacked_entry = entry;
    return 0;
}

/* ---- reading --------------------------------------------------------------- */

static int read_backing(struct qcow2 *q, uint64_t at, uint8_t *p, size_t n, struct err *e)
{
    uint64_t size = q->backing ? q->backing->size : 0;
    size_t there = at >= size ? 0 : (size_t)MIN((uint64_t)n, size - at);
    memset(p + there, 0, n - there);
    return there ? block_read(q->backing, at, p, there, e) : 0;
}

/* Within one cluster. */
static int read_mapping(struct qcow2 *q, const struct mapping *m, uint64_t at, uint8_t *p, size_t n,
                        struct err *e)
{
    uint64_t inside = at % q->cluster_size;
    int rc;
    switch (m->kind) {
    case NORMAL:
        return block_file_read(&q->file, m->host + inside, p, n, e);
    case ZEROES:
        memset(p, 0, n);
        return 0;
    case PACKED:
        rc = unpack(q, m->entry, at, e);
        if (rc == 0)
            memcpy(p, q->unpacked + inside, n);
        return rc;
    default:
        return read_backing(q, at, p, n, e);
    }
}

int qcow2_read(struct block *b, uint64_t at, void *buf, size_t n, struct err *e)
{
    struct qcow2 *q = (struct qcow2 *)b;
    uint8_t *p = buf;
    while (n != 0) {
        size_t part = (size_t)MIN((uint64_t)n, q->cluster_size - at % q->cluster_size);
        struct mapping m;
        int rc = map(q, at, &m, e);
        if (rc == 0)
            rc = read_mapping(q, &m, at, p, part, e);
        if (rc < 0)
            return rc;
        p += part;
        at += part;
        n -= part;
    }
    return 0;
}

/* ---- writing --------------------------------------------------------------- */

/* What the entry held is no longer referenced by it. */
static int drop(struct qcow2 *q, const struct mapping *m, struct err *e)
{
    uint64_t offset = m->host, bytes = q->cluster_size;
    if (m->kind == PACKED)
        qcow2_compressed_range(q, m->entry, &offset, &bytes);
    if (offset == 0 || offset + bytes > align_up(q->file.size, q->cluster_size))
        return 0; /* beyond the file: no refcount can be right, leave it */
    return qcow2_free(q, offset, bytes, e);
}

static void set_entry(struct qcow2 *q, struct qcow2_slot *slot, uint64_t at, uint64_t entry)
{
    st_be64(slot->data + l2_index(q, at) * 8, entry);
    slot->dirty = true;
}

/* A cluster of its own for [at, at + n), the rest of it filled with what was there. */
static int write_new(struct qcow2 *q, struct qcow2_slot *slot, const struct mapping *m, uint64_t at,
                     const uint8_t *p, size_t n, struct err *e)
{
    uint64_t start = align_down(at, q->cluster_size), host;
    const uint8_t *data = p;
    int rc = 0;
    if (n != q->cluster_size) {
        rc = read_mapping(q, m, start, q->cluster, q->cluster_size, e);
        if (rc < 0)
            return rc;
        memcpy(q->cluster + (at - start), p, n);
        data = q->cluster;
    }
    bool reuse = m->kind == ZEROES && m->host != 0 && (m->entry & QCOW2_COPIED) &&
                 m->host < q->file.size && !qcow2_is_metadata(q, m->host);
    if (reuse)
        host = m->host;
    else
        rc = qcow2_allocate(q, &host, e);
    if (rc < 0)
        return rc;
    rc = block_file_write(&q->file, host, data, q->cluster_size, e);
    if (rc == 0 && !reuse)
        rc = drop(q, m, e);
    if (rc < 0) {
        if (!reuse)
            qcow2_unallocate(q, host);
        return rc;
    }
    set_entry(q, slot, at, host | QCOW2_COPIED);
    return 0;
}

static int write_part(struct qcow2 *q, uint64_t at, const uint8_t *p, size_t n, struct err *e)
{
    struct qcow2_slot *slot;
    struct mapping m;
    int rc = own_l2(q, at, &slot, e);
    if (rc == 0)
        rc = decode(q, ld_be64(slot->data + l2_index(q, at) * 8), at, &m, e);
    if (rc < 0)
        return rc;
    if (m.kind != NORMAL || !(m.entry & QCOW2_COPIED))
        return write_new(q, slot, &m, at, p, n, e);
    if (qcow2_is_metadata(q, m.host) || m.host >= q->file.size)
        return qcow2_damaged(q, e, "L2 entry of guest offset %#llx is %#llx: the header, a table or "
                             "beyond the end of the file", (unsigned long long)at,
                             (unsigned long long)m.entry);
    return block_file_write(&q->file, m.host + at % q->cluster_size, p, n, e);
}

static int limit_freed(struct qcow2 *q, struct err *e)
{
    return q->n_freed < FREED_LIMIT ? 0 : qcow2_write_back(q, e);
}

int qcow2_write(struct block *b, uint64_t at, const void *buf, size_t n, struct err *e)
{
    struct qcow2 *q = (struct qcow2 *)b;
    const uint8_t *p = buf;
    q->unpacked_entry = 0; /* its place may be used anew */
    while (n != 0) {
        size_t part = (size_t)MIN((uint64_t)n, q->cluster_size - at % q->cluster_size);
        int rc = write_part(q, at, p, part, e);
        if (rc == 0)
            rc = limit_freed(q, e);
        if (rc < 0)
            return rc;
        p += part;
        at += part;
        n -= part;
    }
    return 0;
}

/*
 * The whole cluster of `at` reads as zeroes and holds nothing. Where a backing
 * image would shine through, only version 3 can say so: `*done` is cleared.
 */
static int clear_cluster(struct qcow2 *q, uint64_t at, bool *done, struct err *e)
{
    struct qcow2_slot *slot;
    struct mapping m;
    bool covered = q->backing && at < q->backing->size;
    int rc = map(q, at, &m, e);
    *done = !covered || q->version >= 3;
    if (rc < 0 || !*done)
        return rc;
    if ((m.kind == UNALLOCATED && !covered) || (m.kind == ZEROES && m.host == 0))
        return 0;
    rc = own_l2(q, at, &slot, e);
    if (rc == 0)
        rc = drop(q, &m, e);
    if (rc == 0)
        set_entry(q, slot, at, covered ? QCOW2_ZERO : 0);
    return rc < 0 ? rc : limit_freed(q, e);
}

/* Nothing in the L2 table of `at` nor below it: go on at the next one. */
static bool is_hole(const struct qcow2 *q, uint64_t at)
{
    uint64_t i = at / l2_range(q);
    bool covered = q->backing && at < q->backing->size;
    return !covered && i < q->l1_size && (q->l1[i] & QCOW2_OFFSET) == 0;
}

static int clear_range(struct qcow2 *q, uint64_t at, uint64_t n, bool must, struct err *e)
{
    q->unpacked_entry = 0;
    while (n != 0) {
        uint64_t part = MIN(n, q->cluster_size - at % q->cluster_size);
        bool done = false;
        int rc = 0;
        if (is_hole(q, at)) {
            part = MIN(n, l2_range(q) - at % l2_range(q));
            done = true;
        } else if (at % q->cluster_size == 0 &&
                   (part == q->cluster_size || at + part == q->block.size)) {
            rc = clear_cluster(q, at, &done, e);
        }
        if (rc == 0 && !done && must)
            rc = block_write_literal_zeroes(&q->block, at, part, e);
        if (rc < 0)
            return rc;
        at += part;
        n -= part;
    }
    return 0;
}

int qcow2_discard(struct block *b, uint64_t at, uint64_t n, struct err *e)
{
    return clear_range((struct qcow2 *)b, at, n, false, e);
}

int qcow2_write_zeroes(struct block *b, uint64_t at, uint64_t n, bool unmap, struct err *e)
{
    (void)unmap; /* a zero cluster needs no space either way */
    return clear_range((struct qcow2 *)b, at, n, true, e);
}
