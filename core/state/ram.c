/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAM in snapshots. The section: u64 bytes, u64 number of runs, the runs {u64 first
 * page, u64 pages, u64 source page, u8 kind}, u64 length of the zstd stream, the
 * stream. The runs cover the memory without gaps, in order. A run of copies takes
 * page `source + i` for page `first + i`; the source lies below, so one pass restores.
 */
#include "core/state/snapshot.h"
#include "core/state/state_impl.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include <stdlib.h>
#include <zstd.h>

#define PAGE       4096u
#define VERSION    1u
#define ZSTD_LEVEL 1
#define CHUNK      (128u << 10)

enum run_kind { RUN_ZERO, RUN_COPY, RUN_DATA };

struct run {
    uint64_t first, count, source;
    enum run_kind kind;
};
#define RUN_BYTES 25u

static const uint8_t zero_page[PAGE];

struct runs {
    struct state_buffer out; /* as written */
    uint64_t n;
    struct run last;
};

static int put_run(struct runs *runs, struct err *e)
{
    uint8_t b[RUN_BYTES];
    if (runs->last.count == 0)
        return 0;
    st_le64(b, runs->last.first);
    st_le64(b + 8, runs->last.count);
    st_le64(b + 16, runs->last.source);
    b[24] = (uint8_t)runs->last.kind;
    runs->n++;
    return state_buffer_put(&runs->out, b, sizeof(b), e);
}

static int add_page(struct runs *runs, uint64_t page, enum run_kind kind, uint64_t source,
                    struct err *e)
{
    struct run *last = &runs->last;
    if (last->count != 0 && last->kind == kind &&
        (kind != RUN_COPY || source == last->source + last->count)) {
        last->count++;
        return 0;
    }
    int rc = put_run(runs, e);
    *last = (struct run){ .first = page, .count = 1, .source = source, .kind = kind };
    return rc;
}

/* Which page first had this content: open addressing, page + 1, 0 = free. */
struct seen {
    uint64_t *slots;
    uint64_t mask;
};

/* The earlier page equal to `page`, or `page` itself, which is then remembered. */
static uint64_t first_equal(struct seen *seen, const uint8_t *ram, uint64_t page)
{
    const uint8_t *p = ram + page * PAGE;
    uint64_t i = hash_bytes(0, p, PAGE) & seen->mask;
    for (unsigned tries = 0; tries < 64; tries++, i = (i + 1) & seen->mask) {
        if (seen->slots[i] == 0) {
            seen->slots[i] = page + 1;
            return page;
        }
        uint64_t other = seen->slots[i] - 1;
        if (memcmp(ram + other * PAGE, p, PAGE) == 0)
            return other;
    }
    return page; /* crowded: stored once more */
}

static int classify(struct runs *runs, const uint8_t *ram, uint64_t pages, struct err *e)
{
    struct seen seen = { .mask = 1023 };
    while (seen.mask < pages * 2)
        seen.mask = seen.mask * 2 + 1;
    seen.slots = calloc(seen.mask + 1, sizeof(*seen.slots));
    if (!seen.slots)
        return err_set(e, ERR_NOMEM, "the host has no memory left");
    int rc = 0;
    for (uint64_t page = 0; rc == 0 && page < pages; page++) {
        if (memcmp(ram + page * PAGE, zero_page, PAGE) == 0) {
            rc = add_page(runs, page, RUN_ZERO, 0, e);
            continue;
        }
        uint64_t source = first_equal(&seen, ram, page);
        if (source == page)
            rc = add_page(runs, page, RUN_DATA, 0, e);
        else
            rc = add_page(runs, page, RUN_COPY, source, e);
    }
    free(seen.slots);
    return rc < 0 ? rc : put_run(runs, e);
}

static struct run get_run(const uint8_t *b)
{
    return (struct run){ ld_le64(b), ld_le64(b + 8), ld_le64(b + 16), b[24] };
}

static int compress_input(struct state_writer *w, ZSTD_CCtx *z, const void *data, size_t n,
                          ZSTD_EndDirective end, uint8_t *chunk, struct err *e)
{
    ZSTD_inBuffer in = { data, n, 0 };
    size_t left;
    do {
        ZSTD_outBuffer out = { chunk, CHUNK, 0 };
        left = ZSTD_compressStream2(z, &out, &in, end);
        if (ZSTD_isError(left))
            return err_set(e, ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(left));
        int rc = state_put(w, chunk, out.pos, e);
        if (rc < 0)
            return rc;
    } while (in.pos < in.size || (end == ZSTD_e_end && left != 0));
    return 0;
}

static int put_stream(struct state_writer *w, const struct runs *runs, const uint8_t *ram,
                      struct err *e)
{
    uint64_t length = 0;
    size_t start = w->section.used;
    int rc = state_put(w, &length, sizeof(length), e);
    if (rc < 0)
        return rc;
    ZSTD_CCtx *z = ZSTD_createCCtx();
    uint8_t *chunk = malloc(CHUNK);
    if (!z || !chunk) {
        rc = err_set(e, ERR_NOMEM, "the host has no memory left");
        goto out;
    }
    ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    for (uint64_t i = 0; rc == 0 && i < runs->n; i++) {
        struct run run = get_run(runs->out.data + i * RUN_BYTES);
        if (run.kind == RUN_DATA)
            rc = compress_input(w, z, ram + run.first * PAGE, run.count * PAGE, ZSTD_e_continue,
                                chunk, e);
    }
    if (rc == 0)
        rc = compress_input(w, z, NULL, 0, ZSTD_e_end, chunk, e);
    if (rc == 0)
        st_le64(w->section.data + start, w->section.used - start - sizeof(length));
out:
    ZSTD_freeCCtx(z);
    free(chunk);
    return rc;
}

int snapshot_save_ram(struct state_writer *w, const char *name, const uint8_t *ram, size_t bytes,
                      struct err *e)
{
    if (bytes == 0 || bytes % PAGE != 0)
        return err_set(e, ERR_ARG, "snapshot: memory %s: %zu bytes is not a multiple of %u", name,
                       bytes, PAGE);
    struct runs runs = { 0 };
    uint64_t head[2] = { bytes, 0 };
    int rc = snapshot_begin_section(w, name, e);
    if (rc == 0)
        rc = classify(&runs, ram, bytes / PAGE, e);
    head[1] = runs.n;
    if (rc == 0)
        rc = state_put(w, head, sizeof(head), e);
    if (rc == 0)
        rc = state_put(w, runs.out.data, runs.out.used, e);
    if (rc == 0)
        rc = put_stream(w, &runs, ram, e);
    if (rc == 0)
        rc = snapshot_end_section(w, name, VERSION, e);
    if (rc < 0)
        err_context(e, "snapshot: memory %s", name);
    free(runs.out.data);
    return rc;
}

/* The zstd stream of a section, read in chunks. */
struct inflow {
    struct state_reader *r;
    ZSTD_DCtx *z;
    uint8_t *chunk;
    ZSTD_inBuffer in;
    uint64_t left; /* bytes of the stream not yet in the chunk */
};

static int inflate_into(struct inflow *f, uint8_t *to, uint64_t n, struct err *e)
{
    ZSTD_outBuffer out = { to, n, 0 };
    while (out.pos < out.size) {
        if (f->in.pos == f->in.size && f->left != 0) {
            size_t piece = MIN(f->left, CHUNK);
            int rc = state_get(f->r, f->chunk, piece, e);
            if (rc < 0)
                return rc;
            f->left -= piece;
            f->in = (ZSTD_inBuffer){ f->chunk, piece, 0 };
        }
        size_t in_before = f->in.pos, out_before = out.pos;
        size_t rc = ZSTD_decompressStream(f->z, &out, &f->in);
        if (ZSTD_isError(rc))
            return err_set(e, ERR_FORMAT, "zstd: %s", ZSTD_getErrorName(rc));
        if (in_before == f->in.pos && out_before == out.pos && f->left == 0)
            return err_set(e, ERR_FORMAT, "the stream ends too early");
    }
    return 0;
}

static int load_run(struct inflow *f, const struct run *run, uint8_t *ram, struct err *e)
{
    for (uint64_t i = 0; i < run->count; i++) {
        uint8_t *page = ram + (run->first + i) * PAGE;
        if (run->kind == RUN_DATA)
            return inflate_into(f, page, run->count * PAGE, e);
        const uint8_t *from = run->kind == RUN_ZERO ? zero_page : ram + (run->source + i) * PAGE;
        if (memcmp(page, from, PAGE) != 0)
            memcpy(page, from, PAGE);
    }
    return 0;
}

static int load_runs(struct inflow *f, const uint8_t *runs, uint64_t n, uint64_t pages,
                     uint8_t *ram, struct err *e)
{
    uint64_t next = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct run run = get_run(runs + i * RUN_BYTES);
        if (run.first != next || run.count == 0 || run.count > pages - next ||
            run.kind > RUN_DATA || (run.kind == RUN_COPY && run.source >= run.first))
            return err_set(e, ERR_FORMAT, "run %llu is malformed", (unsigned long long)i);
        int rc = load_run(f, &run, ram, e);
        if (rc < 0)
            return rc;
        next += run.count;
    }
    if (next != pages)
        return err_set(e, ERR_FORMAT, "the runs end at page %llu of %llu", (unsigned long long)next,
                       (unsigned long long)pages);
    return 0;
}

static int load_content(struct state_reader *r, uint8_t *ram, size_t bytes, struct err *e)
{
    uint64_t head[2];
    struct inflow f = { .r = r };
    uint8_t *runs = NULL;
    int rc = state_get(r, head, sizeof(head), e);
    if (rc < 0)
        return rc;
    if (head[0] != bytes)
        return err_set(e, ERR_FORMAT, "it has %llu bytes there, %zu here",
                       (unsigned long long)head[0], bytes);
    if (head[1] > bytes / PAGE || head[1] > (r->limit - r->at) / RUN_BYTES)
        return err_set(e, ERR_FORMAT, "%llu runs do not fit", (unsigned long long)head[1]);
    runs = malloc(head[1] * RUN_BYTES + 1);
    f.chunk = malloc(CHUNK);
    f.z = ZSTD_createDCtx();
    if (!runs || !f.chunk || !f.z) {
        rc = err_set(e, ERR_NOMEM, "the host has no memory left");
        goto out;
    }
    rc = state_get(r, runs, head[1] * RUN_BYTES, e);
    if (rc == 0)
        rc = state_get(r, &f.left, sizeof(f.left), e);
    if (rc == 0 && f.left != r->limit - r->at)
        rc = err_set(e, ERR_FORMAT, "the stream's length is wrong");
    if (rc == 0)
        rc = load_runs(&f, runs, head[1], bytes / PAGE, ram, e);
out:
    ZSTD_freeDCtx(f.z);
    free(f.chunk);
    free(runs);
    return rc;
}

int snapshot_load_ram(struct state_reader *r, const char *name, uint8_t *ram, size_t bytes,
                      struct err *e)
{
    int rc = snapshot_enter_section(r, name, e);
    if (rc < 0)
        return rc;
    if (r->section->version != VERSION)
        rc = err_set(e, ERR_FORMAT, "version %u; only %u is known", r->section->version, VERSION);
    else
        rc = load_content(r, ram, bytes, e);
    if (rc < 0)
        err_context(e, "snapshot: memory %s", name);
    return rc;
}
