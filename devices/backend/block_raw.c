/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/block_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>

struct raw {
    struct block block;
    struct block_file file;
};

static int raw_read(struct block *b, uint64_t at, void *buf, size_t n, struct err *e)
{
    return block_file_read(&((struct raw *)b)->file, at, buf, n, e);
}

static int raw_write(struct block *b, uint64_t at, const void *buf, size_t n, struct err *e)
{
    return block_file_write(&((struct raw *)b)->file, at, buf, n, e);
}

static int raw_flush(struct block *b, struct err *e)
{
    return block_file_sync(&((struct raw *)b)->file, e);
}

static int raw_discard(struct block *b, uint64_t at, uint64_t n, struct err *e)
{
    (void)e;
    block_file_punch(&((struct raw *)b)->file, at, n);
    return 0;
}

static int raw_write_zeroes(struct block *b, uint64_t at, uint64_t n, bool unmap, struct err *e)
{
    if (unmap && block_file_punch(&((struct raw *)b)->file, at, n))
        return 0;
    return block_write_literal_zeroes(b, at, n, e);
}

static void raw_close(struct block *b)
{
    block_file_close(&((struct raw *)b)->file);
}

static const struct block_ops raw_ops = {
    .name = "raw", .read = raw_read, .write = raw_write, .flush = raw_flush,
    .discard = raw_discard, .write_zeroes = raw_write_zeroes, .close = raw_close,
};

int block_open_raw(struct block **out, struct block_file *f, struct err *e)
{
    struct raw *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, ERR_NOMEM, "%s: no memory", f->path);
    r->file = *f;
    r->block = (struct block){ .ops = &raw_ops, .size = align_up(f->size, 512),
                               .cluster_size = 4096, .read_only = f->read_only };
    *out = &r->block;
    return 0;
}
