/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/block_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>

bool block_is_zero(const void *buf, size_t n)
{
    const uint8_t *p = buf;
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

int block_write_literal_zeroes(struct block *b, uint64_t at, uint64_t n, struct err *e)
{
    static const uint8_t zeroes[65536];
    while (n != 0) {
        size_t part = (size_t)MIN(n, sizeof(zeroes) - at % sizeof(zeroes));
        int rc = b->ops->write(b, at, zeroes, part, e);
        if (rc < 0)
            return rc;
        at += part;
        n -= part;
    }
    return 0;
}

static int check(const struct block *b, const char *what, uint64_t at, uint64_t n, bool writes,
                 struct err *e)
{
    if (at > b->size || n > b->size - at)
        return err_set(e, ERR_ARG, "%s: %s of %llu bytes at offset %llu of an image of %llu bytes",
                       b->options.file, what, (unsigned long long)n, (unsigned long long)at,
                       (unsigned long long)b->size);
    if (writes && b->read_only)
        return err_set(e, ERR_ARG, "%s: %s to a read-only image", b->options.file, what);
    return 0;
}

/*
 * A guest that writes another format's header to a disk whose format was guessed
 * would choose how the next start reads it, backing file included.
 */
static int guard_probe(struct block *b, uint64_t at, const void *buf, size_t n, struct err *e)
{
    uint8_t head[BLOCK_PROBE_BYTES];
    if (!b->probed_raw || at >= sizeof(head))
        return 0;
    size_t size = (size_t)MIN((uint64_t)sizeof(head), b->size);
    int rc = b->ops->read(b, 0, head, size, e);
    if (rc < 0)
        return rc;
    memcpy(head + at, buf, MIN(n, size - (size_t)at));
    const char *name = block_probe(head, size);
    if (!name)
        return 0;
    return err_set(e, ERR_ARG,
                   "%s: write that would make this raw image look like %s; give format=raw to allow it",
                   b->options.file, name);
}

int block_read(struct block *b, uint64_t offset, void *buf, size_t n, struct err *e)
{
    int rc = check(b, "read", offset, n, false, e);
    return rc < 0 || n == 0 ? rc : b->ops->read(b, offset, buf, n, e);
}

static int after_write(struct block *b, struct err *e)
{
    return b->options.writethrough ? b->ops->flush(b, e) : 0;
}

int block_write(struct block *b, uint64_t offset, const void *buf, size_t n, struct err *e)
{
    int rc = check(b, "write", offset, n, true, e);
    if (rc == 0)
        rc = guard_probe(b, offset, buf, n, e);
    if (rc < 0 || n == 0)
        return rc;
    if (b->options.detect_zeroes && n >= 4096 && block_is_zero(buf, n))
        rc = b->ops->write_zeroes(b, offset, n, b->options.discard, e);
    else
        rc = b->ops->write(b, offset, buf, n, e);
    return rc < 0 ? rc : after_write(b, e);
}

int block_flush(struct block *b, struct err *e)
{
    return b->read_only ? 0 : b->ops->flush(b, e);
}

int block_discard(struct block *b, uint64_t offset, uint64_t n, struct err *e)
{
    int rc = check(b, "discard", offset, n, true, e);
    if (rc < 0 || n == 0 || !b->options.discard)
        return rc;
    rc = b->ops->discard(b, offset, n, e);
    return rc < 0 ? rc : after_write(b, e);
}

int block_write_zeroes(struct block *b, uint64_t offset, uint64_t n, bool unmap, struct err *e)
{
    int rc = check(b, "write of zeroes", offset, n, true, e);
    if (rc < 0 || n == 0)
        return rc;
    rc = b->ops->write_zeroes(b, offset, n, unmap && b->options.discard, e);
    return rc < 0 ? rc : after_write(b, e);
}

int block_close(struct block *b, struct err *e)
{
    if (!b)
        return 0;
    int rc = block_flush(b, e);
    b->ops->close(b);
    free(b);
    return rc;
}

uint64_t block_size(const struct block *b)
{
    return b->size;
}

bool block_is_read_only(const struct block *b)
{
    return b->read_only;
}

bool block_can_discard(const struct block *b)
{
    return b->options.discard && !b->read_only;
}

uint32_t block_cluster_size(const struct block *b)
{
    return b->cluster_size;
}

const char *block_format_name(const struct block *b)
{
    return b->ops->name;
}

const struct block_options *block_get_options(const struct block *b)
{
    return &b->options;
}

static void warn_probed(const struct block *b)
{
    if (!b->log)
        return;
    log_print(b->log, log_add_category(b->log, "block"), LOG_WARN,
              "%s: no format given, taken as raw because nothing else was recognized; writes that "
              "change that are refused. Give format=raw", b->options.file);
}

int block_open_chain(struct block **out, const struct block_options *o, unsigned depth,
                     struct log *log, struct err *e)
{
    struct block_file f;
    uint8_t head[BLOCK_PROBE_BYTES];
    const char *found = NULL;
    *out = NULL;
    int rc = block_file_open(&f, o->file, o->read_only, !o->no_lock, e);
    if (rc < 0)
        return rc;
    f.no_sync = o->no_flush;
    if (o->format == BLOCK_PROBE) {
        size_t n = (size_t)MIN((uint64_t)sizeof(head), f.size);
        rc = block_file_read(&f, 0, head, n, e);
        found = rc < 0 ? NULL : block_probe(head, n);
        if (found && strcmp(found, "qcow2") != 0)
            rc = err_set(e, ERR_UNSUPPORTED,
                         "%s: a %s image; accepted are raw and qcow2 (qemu-img convert -O qcow2, or "
                         "give format=raw to see its bytes)", o->file, found);
    }
    if (rc == 0 && (found || o->format == BLOCK_QCOW2))
        rc = block_open_qcow2(out, &f, o, depth, log, e);
    else if (rc == 0)
        rc = block_open_raw(out, &f, e);
    if (rc < 0) {
        block_file_close(&f);
        return rc;
    }
    struct block *b = *out;
    b->options = *o;
    b->log = log;
    b->probed_raw = o->format == BLOCK_PROBE && !found && !o->read_only;
    return 0;
}

int block_open(struct block **out, const struct block_options *o, struct log *log, struct err *e)
{
    struct block_options below = *o;
    *out = NULL;
    if (!o->file[0])
        return err_set(e, ERR_ARG, "drive %s: no file=...", o->id);
    if (o->snapshot && !o->read_only)
        below.read_only = true;
    int rc = block_open_chain(out, &below, 0, log, e);
    if (rc < 0 || !o->snapshot || o->read_only) {
        if (rc == 0 && (*out)->probed_raw)
            warn_probed(*out);
        return rc;
    }
    struct block *b = *out;
    *out = NULL;
    rc = block_open_overlay(out, b, b->size, e);
    if (rc < 0) {
        block_close(b, NULL);
        return rc;
    }
    (*out)->options = *o;
    (*out)->log = log;
    return 0;
}

int block_create_memory(struct block **out, uint64_t size, struct err *e)
{
    *out = NULL;
    int rc = block_open_overlay(out, NULL, align_up(size, 512), e);
    if (rc == 0)
        (*out)->options = (struct block_options){ .file = "memory", .format = BLOCK_RAW,
                                                  .interface = BLOCK_IF_DEFAULT, .discard = true };
    return rc;
}
