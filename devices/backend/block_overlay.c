/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/block_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Writes into a temporary sparse file, at their own offsets. One byte per cluster
 * says where its content is; the map is host memory touched only where written.
 */
enum { CLUSTER = 65536 };
enum where { BELOW = 0, HERE = 1, ZERO = 2 };
#define MAX_OVERLAY (1ull << 46) /* bytes: a map of 1 GiB of address space */

struct overlay {
    struct block block;
    struct block *below; /* NULL: zeroes */
    struct block_file file;
    uint8_t *map;
    size_t n_clusters;
};

static int read_below(struct overlay *o, uint64_t at, void *buf, size_t n, struct err *e)
{
    if (o->below)
        return block_read(o->below, at, buf, n, e);
    memset(buf, 0, n);
    return 0;
}

static int overlay_read(struct block *b, uint64_t at, void *buf, size_t n, struct err *e)
{
    struct overlay *o = (struct overlay *)b;
    uint8_t *p = buf;
    while (n != 0) {
        size_t part = MIN(n, (size_t)(CLUSTER - at % CLUSTER));
        int rc = 0;
        switch (o->map[at / CLUSTER]) {
        case HERE:
            rc = block_file_read(&o->file, at, p, part, e);
            break;
        case ZERO:
            memset(p, 0, part);
            break;
        default:
            rc = read_below(o, at, p, part, e);
            break;
        }
        if (rc < 0)
            return rc;
        p += part;
        at += part;
        n -= part;
    }
    return 0;
}

/* Make the whole cluster of `at` the file's own. */
static int bring_here(struct overlay *o, uint64_t at, struct err *e)
{
    uint8_t *data = malloc(CLUSTER);
    uint64_t start = align_down(at, CLUSTER);
    size_t n = (size_t)MIN((uint64_t)CLUSTER, o->block.size - start);
    if (!data)
        return err_set(e, ERR_NOMEM, "temporary overlay: no memory");
    int rc = overlay_read(&o->block, start, data, n, e);
    if (rc == 0)
        rc = block_file_write(&o->file, start, data, n, e);
    if (rc == 0)
        o->map[at / CLUSTER] = HERE;
    free(data);
    return rc;
}

static bool is_whole(const struct overlay *o, uint64_t at, uint64_t n)
{
    return at % CLUSTER == 0 && n == MIN((uint64_t)CLUSTER, o->block.size - at);
}

static int overlay_write(struct block *b, uint64_t at, const void *buf, size_t n, struct err *e)
{
    struct overlay *o = (struct overlay *)b;
    const uint8_t *p = buf;
    while (n != 0) {
        size_t part = MIN(n, (size_t)(CLUSTER - at % CLUSTER));
        int rc = 0;
        if (o->map[at / CLUSTER] != HERE && !is_whole(o, at, part))
            rc = bring_here(o, at, e);
        if (rc == 0)
            rc = block_file_write(&o->file, at, p, part, e);
        if (rc < 0)
            return rc;
        o->map[at / CLUSTER] = HERE;
        p += part;
        at += part;
        n -= part;
    }
    return 0;
}

static int overlay_zeroes(struct block *b, uint64_t at, uint64_t n, bool unmap, struct err *e)
{
    struct overlay *o = (struct overlay *)b;
    (void)unmap;
    while (n != 0) {
        uint64_t part = MIN(n, CLUSTER - at % CLUSTER);
        if (is_whole(o, at, part)) {
            if (o->map[at / CLUSTER] == HERE)
                block_file_punch(&o->file, at, part);
            o->map[at / CLUSTER] = ZERO;
        } else if (o->map[at / CLUSTER] != ZERO) {
            int rc = block_write_literal_zeroes(b, at, part, e);
            if (rc < 0)
                return rc;
        }
        at += part;
        n -= part;
    }
    return 0;
}

static int overlay_discard(struct block *b, uint64_t at, uint64_t n, struct err *e)
{
    return overlay_zeroes(b, at, n, true, e);
}

static int overlay_flush(struct block *b, struct err *e)
{
    (void)b;
    (void)e;
    return 0;
}

static void overlay_close(struct block *b)
{
    struct overlay *o = (struct overlay *)b;
    block_file_close(&o->file);
    munmap(o->map, o->n_clusters);
    block_close(o->below, NULL);
}

static const struct block_ops overlay_ops = {
    .name = "overlay", .read = overlay_read, .write = overlay_write, .flush = overlay_flush,
    .discard = overlay_discard, .write_zeroes = overlay_zeroes, .close = overlay_close,
};

int block_open_overlay(struct block **out, struct block *below, uint64_t size, struct err *e)
{
    if (size > MAX_OVERLAY)
        return err_set(e, ERR_LIMIT, "temporary overlay: image of %llu bytes, at most %llu",
                       (unsigned long long)size, MAX_OVERLAY);
    struct overlay *o = calloc(1, sizeof(*o));
    if (!o)
        return err_set(e, ERR_NOMEM, "temporary overlay: no memory");
    o->n_clusters = (size_t)(size / CLUSTER + 1);
    o->map = mmap(NULL, o->n_clusters, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int rc = 0;
    if (o->map == MAP_FAILED)
        rc = err_set(e, ERR_NOMEM, "temporary overlay: no memory for its map");
    if (rc == 0)
        rc = block_file_temporary(&o->file, e);
    if (rc < 0) {
        if (o->map != MAP_FAILED)
            munmap(o->map, o->n_clusters);
        free(o);
        return rc;
    }
    o->below = below;
    o->block = (struct block){ .ops = &overlay_ops, .size = size, .cluster_size = CLUSTER };
    *out = &o->block;
    return 0;
}
