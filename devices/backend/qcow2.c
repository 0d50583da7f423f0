/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/qcow2_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_V2 = 72, HEADER_V3 = 104, HEADER_COMPRESSION = 104 };
enum { MAX_BACKING_NAME = 1023 };
#define EXTENSION_BACKING_FORMAT 0xe2792acau

int qcow2_damaged(const struct qcow2 *q, struct err *e, const char *fmt, ...)
{
    char text[500];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return err_set(e, ERR_FORMAT, "%s: damaged qcow2 image: %s (see qemu-img check)", q->file.path,
                   text);
}

bool qcow2_is_metadata(const struct qcow2 *q, uint64_t offset)
{
    uint64_t end = offset + q->cluster_size;
    return offset < q->cluster_size ||
           (offset < q->l1_offset + (uint64_t)q->l1_size * 8 && end > q->l1_offset) ||
           (offset < q->reftable_offset + (uint64_t)q->reftable_size * 8 && end > q->reftable_offset);
}

int qcow2_write_be64(struct qcow2 *q, uint64_t at, const uint64_t *values, size_t n, struct err *e)
{
    uint8_t raw[4096];
    while (n != 0) {
        size_t part = MIN(n, sizeof(raw) / 8);
        for (size_t i = 0; i < part; i++)
            st_be64(raw + i * 8, values[i]);
        int rc = block_file_write(&q->file, at, raw, part * 8, e);
        if (rc < 0)
            return rc;
        values += part;
        at += part * 8;
        n -= part;
    }
    return 0;
}

/* ---- table cache ----------------------------------------------------------- */

static int cache_init(struct qcow2_cache *c, unsigned n)
{
    c->n = n;
    c->slots = calloc(n, sizeof(*c->slots));
    return c->slots ? 0 : ERR_NOMEM;
}

static void cache_release(struct qcow2_cache *c)
{
    for (unsigned i = 0; c->slots && i < c->n; i++)
        free(c->slots[i].data);
    free(c->slots);
}

void qcow2_cache_forget(struct qcow2_cache *c, uint64_t offset)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (c->slots[i].offset == offset) {
            c->slots[i].offset = 0;
            c->slots[i].dirty = false;
        }
    }
}

static int write_slot(struct qcow2 *q, struct qcow2_slot *s, struct err *e)
{
    /* A damaged image may have freed the very table that is being changed: forgotten meanwhile. */
    if (s->offset == 0) {
        s->dirty = false;
        return 0;
    }
    int rc = block_file_write(&q->file, s->offset, s->data, q->cluster_size, e);
    if (rc == 0)
        s->dirty = false;
    return rc;
}

static int write_cache(struct qcow2 *q, struct qcow2_cache *c, bool *wrote, struct err *e)
{
    *wrote = false;
    for (unsigned i = 0; i < c->n; i++) {
        if (!c->slots[i].dirty)
            continue;
        int rc = write_slot(q, &c->slots[i], e);
        if (rc < 0)
            return rc;
        *wrote = true;
    }
    return 0;
}

int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, bool load,
                    struct qcow2_slot **out, struct err *e)
{
    struct qcow2_slot *oldest = &c->slots[0];
    *out = NULL;
    for (unsigned i = 0; i < c->n; i++) {
        struct qcow2_slot *s = &c->slots[i];
        if (s->offset == offset) {
            if (!load)
                memset(s->data, 0, q->cluster_size);
            s->used = ++c->clock;
            *out = s;
            return 0;
        }
        if (s->used < oldest->used || s->offset == 0)
            oldest = oldest->offset == 0 ? oldest : s;
    }
    /* Refcount blocks may go to the file at any time, L2 tables only in their turn. */
    int rc = 0;
    if (oldest->dirty)
        rc = c == &q->refblocks ? write_slot(q, oldest, e) : qcow2_write_back(q, e);
    if (rc < 0)
        return rc;
    oldest->offset = 0;
    if (!oldest->data)
        oldest->data = malloc(q->cluster_size);
    if (!oldest->data)
        return err_set(e, ERR_NOMEM, "%s: no memory for a table", q->file.path);
    if (load && offset >= q->file.size)
        return qcow2_damaged(q, e, "table at %#llx, the file ends at %#llx",
                             (unsigned long long)offset, (unsigned long long)q->file.size);
    if (load)
        rc = block_file_read(&q->file, offset, oldest->data, q->cluster_size, e);
    else
        memset(oldest->data, 0, q->cluster_size);
    if (rc < 0)
        return rc;
    oldest->offset = offset;
    oldest->used = ++c->clock;
    *out = oldest;
    return 0;
}

/* ---- order of writes ------------------------------------------------------- */

static bool has_dirty(const struct qcow2_cache *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (c->slots[i].dirty)
            return true;
    }
    return false;
}

int qcow2_write_back(struct qcow2 *q, struct err *e)
{
    bool wrote, table = q->reftable_dirty_from != q->reftable_dirty_to;
    bool l1 = q->l1_dirty_from != q->l1_dirty_to, l2 = has_dirty(&q->l2);
    int rc = write_cache(q, &q->refblocks, &wrote, e);                      /* 1 */
    if (rc == 0 && (table || l2 || l1))
        rc = block_file_sync(&q->file, e);
    if (rc == 0 && table) {                                                 /* 2 */
        rc = qcow2_write_be64(q, q->reftable_offset + (uint64_t)q->reftable_dirty_from * 8,
                              q->reftable + q->reftable_dirty_from,
                              q->reftable_dirty_to - q->reftable_dirty_from, e);
        if (rc == 0 && (l2 || l1))
            rc = block_file_sync(&q->file, e);
        if (rc == 0)
            q->reftable_dirty_from = q->reftable_dirty_to = 0;
    }
    if (rc == 0 && l2) {                                                    /* 3 */
        rc = write_cache(q, &q->l2, &wrote, e);
        if (rc == 0 && l1)
            rc = block_file_sync(&q->file, e);
    }
    if (rc == 0 && l1) {                                                    /* 4 */
        rc = qcow2_write_be64(q, q->l1_offset + (uint64_t)q->l1_dirty_from * 8,
                              q->l1 + q->l1_dirty_from, q->l1_dirty_to - q->l1_dirty_from, e);
        if (rc == 0)
            q->l1_dirty_from = q->l1_dirty_to = 0;
    }
    if (rc == 0 && q->n_freed != 0) {                                       /* 5 */
        rc = block_file_sync(&q->file, e);
        if (rc == 0)
            rc = qcow2_apply_freed(q, e);
        if (rc == 0)
            rc = write_cache(q, &q->refblocks, &wrote, e);
    }
    return rc;
}

static int qcow2_flush(struct block *b, struct err *e)
{
    struct qcow2 *q = (struct qcow2 *)b;
    int rc = qcow2_write_back(q, e);
    return rc < 0 ? rc : block_file_sync(&q->file, e);
}

static void release(struct qcow2 *q)
{
    cache_release(&q->l2);
    cache_release(&q->refblocks);
    free(q->l1);
    free(q->reftable);
    free(q->freed);
    free(q->cluster);
    free(q->table);
    free(q->packed);
    free(q->unpacked);
    block_close(q->backing, NULL);
}

static void qcow2_close(struct block *b)
{
    struct qcow2 *q = (struct qcow2 *)b;
    release(q);
    block_file_close(&q->file);
}

static const struct block_ops qcow2_ops = {
    .name = "qcow2", .read = qcow2_read, .write = qcow2_write, .flush = qcow2_flush,
    .discard = qcow2_discard, .write_zeroes = qcow2_write_zeroes, .close = qcow2_close,
};

/* ---- opening --------------------------------------------------------------- */

static int check_features(struct qcow2 *q, struct err *e)
{
    const uint64_t known = QCOW2_INCOMPATIBLE_DIRTY | QCOW2_INCOMPATIBLE_CORRUPT |
                           QCOW2_INCOMPATIBLE_COMPRESSION;
    const char *path = q->file.path;
    if (q->incompatible & QCOW2_INCOMPATIBLE_DATA_FILE)
        return err_set(e, ERR_UNSUPPORTED, "%s: qcow2 with an external data file is not modelled; "
                       "qemu-img convert it", path);
    if (q->incompatible & QCOW2_INCOMPATIBLE_EXTENDED_L2)
        return err_set(e, ERR_UNSUPPORTED, "%s: qcow2 with extended L2 entries (subclusters) is not "
                       "modelled; qemu-img convert -o extended_l2=off", path);
    if (q->incompatible & ~known)
        return err_set(e, ERR_UNSUPPORTED, "%s: qcow2 with unknown incompatible features %#llx",
                       path, (unsigned long long)(q->incompatible & ~known));
    if ((q->incompatible & QCOW2_INCOMPATIBLE_CORRUPT) && !q->file.read_only)
        return err_set(e, ERR_FORMAT, "%s: the image is marked corrupt; repair it with qemu-img "
                       "check -r all, or open it with readonly=on", path);
    return 0;
}

/* qcow2.txt, "Header" and "Additional fields" */
static int read_header(struct qcow2 *q, const uint8_t *h, size_t n, struct err *e)
{
    const char *path = q->file.path;
    if (n < HEADER_V2 || memcmp(h, "QFI\xfb", 4) != 0)
        return err_set(e, ERR_FORMAT, "%s: not a qcow2 image (no QFI\\xfb at its start)", path);
    q->version = ld_be32(h + 4);
    q->cluster_bits = ld_be32(h + 20);
    if (q->version < 2 || q->version > 3)
        return err_set(e, ERR_UNSUPPORTED, "%s: qcow version %u; 2 and 3 are accepted", path,
                       q->version);
    if (q->cluster_bits < 9 || q->cluster_bits > 21)
        return err_set(e, ERR_FORMAT, "%s: clusters of 2^%u bytes; 2^9 to 2^21 are accepted", path,
                       q->cluster_bits);
    if (ld_be32(h + 32) != 0)
        return err_set(e, ERR_UNSUPPORTED, "%s: encrypted qcow2 is not modelled; qemu-img convert it",
                       path);
    q->cluster_size = 1u << q->cluster_bits;
    q->l2_bits = q->cluster_bits - 3;
    q->block.size = ld_be64(h + 24);
    q->l1_size = ld_be32(h + 36);
    q->l1_offset = ld_be64(h + 40);
    q->reftable_offset = ld_be64(h + 48);
    uint64_t reftable_bytes = (uint64_t)ld_be32(h + 56) << q->cluster_bits;
    q->n_snapshots = ld_be32(h + 60);
    q->snapshots_offset = ld_be64(h + 64);
    q->refcount_order = 4;
    q->header_length = HEADER_V2;
    if (q->version == 3) {
        if (n < HEADER_V3)
            return err_set(e, ERR_FORMAT, "%s: the file ends within its header", path);
        q->incompatible = ld_be64(h + 72);
        q->autoclear = ld_be64(h + 88);
        q->refcount_order = ld_be32(h + 96);
        q->header_length = ld_be32(h + 100);
        if (q->header_length < HEADER_V3 || q->header_length > q->cluster_size)
            return err_set(e, ERR_FORMAT, "%s: header of %u bytes; %d to %u are accepted", path,
                           q->header_length, HEADER_V3, q->cluster_size);
    }
    if (q->refcount_order > 6)
        return err_set(e, ERR_FORMAT, "%s: refcounts of 2^%u bits; 2^0 to 2^6 are accepted", path,
                       q->refcount_order);
    if (reftable_bytes > QCOW2_MAX_REFTABLE)
        return err_set(e, ERR_LIMIT, "%s: refcount table of %llu bytes, at most %u", path,
                       (unsigned long long)reftable_bytes, QCOW2_MAX_REFTABLE);
    q->reftable_size = (uint32_t)(reftable_bytes / 8);
    int rc = check_features(q, e);
    if (rc < 0)
        return rc;
    unsigned type = q->header_length > HEADER_COMPRESSION && n > HEADER_COMPRESSION
                        ? h[HEADER_COMPRESSION] : 0;
    if (type > 1 || (type != 0) != ((q->incompatible & QCOW2_INCOMPATIBLE_COMPRESSION) != 0))
        return err_set(e, ERR_UNSUPPORTED, "%s: compression type %u with feature bits %#llx; zlib (0) "
                       "and zstd (1) are accepted", path, type, (unsigned long long)q->incompatible);
    q->zstd = type == 1;
    return 0;
}

/* A table of 8-byte entries at `at`, within the file. */
static int read_table(struct qcow2 *q, const char *what, uint64_t at, uint32_t entries,
                      uint64_t **out, struct err *e)
{
    uint64_t bytes = (uint64_t)entries * 8;
    if (at % q->cluster_size != 0)
        return qcow2_damaged(q, e, "%s at %#llx is not at the start of a cluster", what,
                             (unsigned long long)at);
    if (bytes > q->file.size || at > q->file.size - bytes)
        return qcow2_damaged(q, e, "%s at %#llx with %llu bytes, the file ends at %#llx", what,
                             (unsigned long long)at, (unsigned long long)bytes,
                             (unsigned long long)q->file.size);
    *out = malloc(MAX(bytes, 8));
    if (!*out)
        return err_set(e, ERR_NOMEM, "%s: no memory for the %s", q->file.path, what);
    int rc = block_file_read(&q->file, at, *out, (size_t)bytes, e);
    for (uint32_t i = 0; rc == 0 && i < entries; i++)
        (*out)[i] = ld_be64(&(*out)[i]);
    return rc;
}

static int read_tables(struct qcow2 *q, struct err *e)
{
    uint64_t range = 1ull << (q->cluster_bits + q->l2_bits);
    if (q->block.size > INT64_MAX - 512)
        return err_set(e, ERR_LIMIT, "%s: %llu bytes; at most 2^63 - 512", q->file.path,
                       (unsigned long long)q->block.size);
    q->block.size = align_up(q->block.size, 512);
    uint64_t needed = q->block.size / range + (q->block.size % range != 0);
    if (q->l1_size > QCOW2_MAX_L1 / 8)
        return err_set(e, ERR_LIMIT, "%s: L1 table of %u entries, at most %u", q->file.path,
                       q->l1_size, QCOW2_MAX_L1 / 8);
    if (q->l1_size < needed)
        return qcow2_damaged(q, e, "L1 table of %u entries, %llu bytes need %llu", q->l1_size,
                             (unsigned long long)q->block.size, (unsigned long long)needed);
    int rc = read_table(q, "L1 table", q->l1_offset, q->l1_size, &q->l1, e);
    if (rc == 0)
        rc = read_table(q, "refcount table", q->reftable_offset, q->reftable_size, &q->reftable, e);
    if (rc == 0 && q->reftable_size == 0 && !q->file.read_only)
        rc = qcow2_damaged(q, e, "no refcount table");
    return rc;
}

/* The name relative to the directory of the image that gives it. */
static int backing_path(const struct qcow2 *q, const char *name, char *out, size_t size,
                        struct err *e)
{
    const char *slash = strrchr(q->file.path, '/');
    const char *colon = strchr(name, ':'), *first_slash = strchr(name, '/');
    int dir = name[0] == '/' || !slash ? 0 : (int)(slash - q->file.path + 1);
    if (strncmp(name, "file:", 5) == 0) {
        name += 5;
    } else if (colon && (!first_slash || colon < first_slash)) {
        return err_set(e, ERR_UNSUPPORTED, "%s: backing file \"%.300s\": only file names are accepted",
                       q->file.path, name);
    }
    int n = snprintf(out, size, "%.*s%s", dir, q->file.path, name);
    if (n < 0 || (size_t)n >= size)
        return err_set(e, ERR_LIMIT, "%s: path of its backing file is longer than %zu characters",
                       q->file.path, size - 1);
    return 0;
}

/* Header extensions: of those the backing format matters to us. */
static int find_backing_format(const struct qcow2 *q, const uint8_t *h, size_t end,
                               enum block_format *format, struct err *e)
{
    size_t at = q->header_length;
    *format = BLOCK_PROBE;
    while (at + 8 <= end) {
        uint32_t type = ld_be32(h + at), length = ld_be32(h + at + 4);
        at += 8;
        if (type == 0)
            break;
        if (length > end - at)
            return qcow2_damaged(q, e, "header extension %#x of %u bytes does not fit", type, length);
        if (type == EXTENSION_BACKING_FORMAT) {
            bool raw = length == 3 && memcmp(h + at, "raw", 3) == 0;
            bool qcow2 = length == 5 && memcmp(h + at, "qcow2", 5) == 0;
            if (!raw && !qcow2)
                return err_set(e, ERR_UNSUPPORTED, "%s: backing file of format \"%.*s\"; raw and qcow2 "
                               "are accepted", q->file.path, (int)MIN(length, 40u), h + at);
            *format = raw ? BLOCK_RAW : BLOCK_QCOW2;
        }
        at += align_up(length, 8);
    }
    return 0;
}

static int open_backing(struct qcow2 *q, const uint8_t *h, size_t n, const struct block_options *o,
                        unsigned depth, struct log *log, struct err *e)
{
    uint64_t at = ld_be64(h + 8);
    uint32_t length = ld_be32(h + 16);
    char name[MAX_BACKING_NAME + 1];
    struct block_options below = { .read_only = true, .no_lock = o->no_lock, .unit = -1, .bus = -1,
                                   .index = -1 };
    int rc = find_backing_format(q, h, at && at <= n ? (size_t)at : n, &below.format, e);
    if (rc < 0 || at == 0 || length == 0)
        return rc;
    if (length > MAX_BACKING_NAME || at > n || length > n - at || memchr(h + at, 0, length))
        return qcow2_damaged(q, e, "name of the backing file at %#llx with %u bytes",
                             (unsigned long long)at, length);
    memcpy(name, h + at, length);
    name[length] = 0;
    if (depth + 1 >= BLOCK_MAX_CHAIN)
        return err_set(e, ERR_LIMIT, "%s: more than %d images in the backing chain", q->file.path,
                       BLOCK_MAX_CHAIN);
    rc = backing_path(q, name, below.file, sizeof(below.file), e);
    if (rc == 0)
        rc = block_open_chain(&q->backing, &below, depth + 1, log, e);
    if (rc < 0)
        err_context(e, "backing file of %s", q->file.path);
    return rc;
}

static int make_buffers(struct qcow2 *q, struct err *e)
{
    unsigned n = q->cluster_size < 4096 ? 256 : 64;
    q->cluster = malloc(q->cluster_size);
    q->table = malloc(q->cluster_size);
    q->packed = malloc(2 * (size_t)q->cluster_size + 512);
    q->unpacked = malloc(q->cluster_size);
    if (!q->cluster || !q->table || !q->packed || !q->unpacked || cache_init(&q->l2, n) < 0 ||
        cache_init(&q->refblocks, n / 2) < 0)
        return err_set(e, ERR_NOMEM, "%s: no memory", q->file.path);
    return 0;
}

/* What a writer has to do first: qcow2.txt, autoclear and dirty bits. */
static int begin_writing(struct qcow2 *q, struct err *e)
{
    static const uint64_t none = 0;
    int rc = 0;
    if (q->file.read_only)
        return 0;
    if (q->autoclear)
        rc = qcow2_write_be64(q, 88, &none, 1, e);
    if (rc == 0 && (q->incompatible & QCOW2_INCOMPATIBLE_DIRTY)) {
        rc = qcow2_repair(q, e);
        uint64_t clean = q->incompatible & ~(uint64_t)QCOW2_INCOMPATIBLE_DIRTY;
        if (rc == 0)
            rc = qcow2_write_be64(q, 72, &clean, 1, e);
        if (rc == 0)
            rc = block_file_sync(&q->file, e);
    }
    return rc;
}

int block_open_qcow2(struct block **out, struct block_file *f, const struct block_options *o,
                     unsigned depth, struct log *log, struct err *e)
{
    struct qcow2 *q = calloc(1, sizeof(*q));
    if (!q)
        return err_set(e, ERR_NOMEM, "%s: no memory", f->path);
    q->file = *f;
    uint8_t first[HEADER_COMPRESSION + 8] = { 0 };
    uint8_t *h = NULL;
    size_t n = (size_t)MIN((uint64_t)sizeof(first), f->size);
    int rc = block_file_read(f, 0, first, n, e);
    if (rc == 0)
        rc = read_header(q, first, n, e);
    if (rc == 0)
        rc = read_tables(q, e);
    if (rc == 0)
        rc = make_buffers(q, e);
    if (rc == 0) {
        h = malloc(q->cluster_size);
        if (!h)
            rc = err_set(e, ERR_NOMEM, "%s: no memory", f->path);
    }
    if (rc == 0)
        rc = block_file_read(f, 0, h, q->cluster_size, e);
    if (rc == 0)
        rc = open_backing(q, h, q->cluster_size, o, depth, log, e);
    free(h);
    if (rc == 0) {
        q->block.options = *o;
        q->block.ops = &qcow2_ops;
        q->block.cluster_size = q->cluster_size;
        q->block.read_only = f->read_only;
        rc = begin_writing(q, e);
    }
    if (rc < 0) {
        release(q);
        free(q);
        return rc;
    }
    *out = &q->block;
    return 0;
}
