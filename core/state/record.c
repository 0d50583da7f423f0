/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/record.h"
#include "core/util/bytes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { RECORD_VERSION = 1, HEADER_FIXED = 24, RECORD_HEAD = 20, RECORD_TAIL = 4 };
enum { KIND_SOURCE = 1, KIND_INPUT = 2, KIND_END = 3 };
enum { MAX_SOURCES = 4096, MAX_NAME = 256, MAX_DESCRIPTION = 1 << 20 };
static const char magic[8] = { 'O', 'R', 'R', 'E', 'R', 'Y', 'I', 'N' };

struct record_log {
    FILE *file;
    char *path;
    bool writing, complete, dirty;
    ps_t start, end;
    uint64_t size;       /* bytes of whole records */
    uint64_t count, room;
    uint64_t *offsets;   /* of input n's record */
    char **sources;
    uint32_t n_sources;
    uint8_t *buffer;     /* one record being read */
    int first_error;     /* sticky: a log with a hole is worthless */
};

/* What stands in front of a record's bytes. */
struct head {
    uint8_t kind;
    uint32_t source, length;
    ps_t when;
};

static void head_put(uint8_t raw[RECORD_HEAD], const struct head *h)
{
    memset(raw, 0, RECORD_HEAD);
    raw[0] = h->kind;
    st_le32(raw + 4, h->source);
    st_le64(raw + 8, h->when);
    st_le32(raw + 16, h->length);
}

static struct head head_get(const uint8_t raw[RECORD_HEAD])
{
    return (struct head){ .kind = raw[0], .source = ld_le32(raw + 4), .when = ld_le64(raw + 8),
                          .length = ld_le32(raw + 16) };
}

static uint32_t checksum(const uint8_t *raw, const void *bytes, size_t n)
{
    uLong crc = crc32(0, raw, RECORD_HEAD);
    return (uint32_t)(n == 0 ? crc : crc32_z(crc, bytes, n));
}

static struct record_log *log_new(const char *path)
{
    struct record_log *log = calloc(1, sizeof(*log));
    if (!log)
        return NULL;
    log->path = strdup(path);
    log->buffer = malloc(RECORD_HEAD + RECORD_MAX_INPUT + RECORD_TAIL);
    if (log->path && log->buffer)
        return log;
    record_close(log);
    return NULL;
}

void record_close(struct record_log *log)
{
    if (!log)
        return;
    if (log->file)
        fclose(log->file);
    for (uint32_t i = 0; i < log->n_sources; i++)
        free(log->sources[i]);
    free(log->sources);
    free(log->offsets);
    free(log->buffer);
    free(log->path);
    free(log);
}

/* The index and the source names grow together with the file. */
static int add_offset(struct record_log *log, uint64_t offset, struct err *e)
{
    if (log->count == log->room) {
        uint64_t room = log->room ? log->room * 2 : 1024;
        uint64_t *p = realloc(log->offsets, room * sizeof(*p));
        if (!p)
            return err_set(e, ERR_NOMEM, "input log %s: no memory for its index", log->path);
        log->offsets = p;
        log->room = room;
    }
    log->offsets[log->count++] = offset;
    return 0;
}

static int add_source(struct record_log *log, const char *name, size_t n, struct err *e)
{
    if (log->n_sources == MAX_SOURCES)
        return err_set(e, ERR_LIMIT, "input log %s: more than %d sources", log->path, MAX_SOURCES);
    char **p = realloc(log->sources, (log->n_sources + 1) * sizeof(*p));
    if (p)
        log->sources = p;
    char *copy = p ? strndup(name, n) : NULL;
    if (!copy)
        return err_set(e, ERR_NOMEM, "input log %s: no memory for a source", log->path);
    log->sources[log->n_sources++] = copy;
    return 0;
}

static int write_record(struct record_log *log, const struct head *h, const void *bytes,
                        struct err *e)
{
    uint8_t raw[RECORD_HEAD], tail[RECORD_TAIL];
    head_put(raw, h);
    st_le32(tail, checksum(raw, bytes, h->length));
    if (fwrite(raw, RECORD_HEAD, 1, log->file) != 1 ||
        (h->length != 0 && fwrite(bytes, h->length, 1, log->file) != 1) ||
        fwrite(tail, RECORD_TAIL, 1, log->file) != 1) {
        log->first_error = ERR_IO;
        return err_set_errno(e, ERR_IO, errno, "input log %s: cannot write", log->path);
    }
    log->size += (uint64_t)RECORD_HEAD + h->length + RECORD_TAIL;
    log->dirty = true;
    return 0;
}

int record_create(struct record_log **out, const char *path, const char *machine, ps_t start,
                  struct err *e)
{
    size_t n = strlen(machine);
    *out = NULL;
    if (n > MAX_DESCRIPTION)
        return err_set(e, ERR_LIMIT, "input log %s: description of %zu bytes, at most %d", path, n,
                       MAX_DESCRIPTION);
    struct record_log *log = log_new(path);
    if (!log)
        return err_set(e, ERR_NOMEM, "input log %s: no memory", path);
    log->writing = true;
    log->start = log->end = start;
    log->file = fopen(path, "w+be");
    if (!log->file) {
        int rc = err_set_errno(e, ERR_IO, errno, "input log %s: cannot create", path);
        record_close(log);
        return rc;
    }
    uint8_t head[HEADER_FIXED];
    memcpy(head, magic, sizeof(magic));
    st_le32(head + 8, RECORD_VERSION);
    st_le64(head + 12, start);
    st_le32(head + 20, (uint32_t)n);
    if (fwrite(head, sizeof(head), 1, log->file) != 1 ||
        (n != 0 && fwrite(machine, n, 1, log->file) != 1) || fflush(log->file) != 0) {
        int rc = err_set_errno(e, ERR_IO, errno, "input log %s: cannot write", path);
        record_close(log);
        return rc;
    }
    log->size = sizeof(head) + n;
    *out = log;
    return 0;
}

/* Exactly `n` bytes at `at`: 1, 0 at the end of the file, negative on error. */
static int read_at(struct record_log *log, uint64_t at, void *buf, size_t n, struct err *e)
{
    uint8_t *p = buf;
    while (n != 0) {
        ssize_t got = pread(fileno(log->file), p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(e, ERR_IO, errno, "input log %s: cannot read at offset %llu",
                                 log->path, (unsigned long long)at);
        if (got == 0)
            return 0;
        p += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return 1;
}

/* One record into log->buffer. 1, 0 if the file ends before it does, negative on error. */
static int read_record(struct record_log *log, uint64_t at, struct head *h, struct err *e)
{
    uint8_t *raw = log->buffer;
    int rc = read_at(log, at, raw, RECORD_HEAD, e);
    if (rc <= 0)
        return rc;
    *h = head_get(raw);
    if (h->kind < KIND_SOURCE || h->kind > KIND_END || raw[1] || raw[2] || raw[3])
        return err_set(e, ERR_FORMAT, "input log %s: record of kind %u at offset %llu, known are 1 to 3",
                       log->path, h->kind, (unsigned long long)at);
    if (h->length > RECORD_MAX_INPUT)
        return err_set(e, ERR_FORMAT, "input log %s: record of %u bytes at offset %llu, at most %u",
                       log->path, h->length, (unsigned long long)at, RECORD_MAX_INPUT);
    rc = read_at(log, at + RECORD_HEAD, raw + RECORD_HEAD, h->length + RECORD_TAIL, e);
    if (rc <= 0)
        return rc;
    if (ld_le32(raw + RECORD_HEAD + h->length) != checksum(raw, raw + RECORD_HEAD, h->length))
        return err_set(e, ERR_FORMAT, "input log %s: wrong checksum of the record at offset %llu",
                       log->path, (unsigned long long)at);
    return 1;
}

static int scan_record(struct record_log *log, const struct head *h, uint64_t at, struct err *e)
{
    const char *name = (const char *)log->buffer + RECORD_HEAD;
    if (h->when < log->end)
        return err_set(e, ERR_FORMAT, "input log %s: time falls at offset %llu", log->path,
                       (unsigned long long)at);
    log->end = h->when;
    switch (h->kind) {
    case KIND_SOURCE:
        if (h->source != log->n_sources || h->length == 0 || h->length > MAX_NAME ||
            memchr(name, 0, h->length))
            return err_set(e, ERR_FORMAT, "input log %s: bad source name at offset %llu",
                           log->path, (unsigned long long)at);
        return add_source(log, name, h->length, e);
    case KIND_INPUT:
        if (h->source >= log->n_sources || h->length == 0)
            return err_set(e, ERR_FORMAT, "input log %s: input of unknown source %u at offset %llu",
                           log->path, h->source, (unsigned long long)at);
        return add_offset(log, at, e);
    default:
        log->complete = true;
        return 0;
    }
}

static int scan(struct record_log *log, const char *machine, struct err *e)
{
    uint8_t head[HEADER_FIXED];
    int rc = read_at(log, 0, head, sizeof(head), e);
    if (rc < 0)
        return rc;
    if (rc == 0 || memcmp(head, magic, sizeof(magic)) != 0)
        return err_set(e, ERR_FORMAT, "input log %s: not an input log (no ORRERYIN at its start)",
                       log->path);
    if (ld_le32(head + 8) != RECORD_VERSION)
        return err_set(e, ERR_FORMAT, "input log %s: version %u, this program reads version %d",
                       log->path, ld_le32(head + 8), RECORD_VERSION);
    log->start = log->end = ld_le64(head + 12);
    uint32_t n = ld_le32(head + 20);
    if (n > MAX_DESCRIPTION)
        return err_set(e, ERR_FORMAT, "input log %s: description of %u bytes, at most %d",
                       log->path, n, MAX_DESCRIPTION);
    char *text = calloc(1, n + 1u);
    if (!text)
        return err_set(e, ERR_NOMEM, "input log %s: no memory", log->path);
    rc = read_at(log, HEADER_FIXED, text, n, e);
    if (rc == 0 && n != 0)
        rc = err_set(e, ERR_FORMAT, "input log %s: ends within its header", log->path);
    else if (rc > 0 && strcmp(text, machine) != 0)
        rc = err_set(e, ERR_ARG, "input log %s: recorded with another machine (%.300s), this one is %.300s",
                     log->path, text, machine);
    free(text);
    if (rc < 0)
        return rc;
    log->size = (uint64_t)HEADER_FIXED + n;
    while (!log->complete) {
        struct head h;
        rc = read_record(log, log->size, &h, e);
        if (rc <= 0)
            return rc;
        rc = scan_record(log, &h, log->size, e);
        if (rc < 0)
            return rc;
        log->size += (uint64_t)RECORD_HEAD + h.length + RECORD_TAIL;
    }
    return 0;
}

int record_open(struct record_log **out, const char *path, const char *machine, struct err *e)
{
    *out = NULL;
    struct record_log *log = log_new(path);
    if (!log)
        return err_set(e, ERR_NOMEM, "input log %s: no memory", path);
    int rc;
    log->file = fopen(path, "rbe");
    if (!log->file)
        rc = err_set_errno(e, ERR_IO, errno, "input log %s: cannot open", path);
    else
        rc = scan(log, machine, e);
    if (rc < 0)
        record_close(log);
    else
        *out = log;
    return rc < 0 ? rc : 0;
}

static int find_source(struct record_log *log, ps_t when, const char *name, uint32_t *id,
                       struct err *e)
{
    for (uint32_t i = 0; i < log->n_sources; i++) {
        if (strcmp(log->sources[i], name) == 0) {
            *id = i;
            return 0;
        }
    }
    size_t n = strlen(name);
    if (n == 0 || n > MAX_NAME)
        return err_set(e, ERR_LIMIT, "input log %s: source name of %zu bytes, 1 to %d are accepted",
                       log->path, n, MAX_NAME);
    *id = log->n_sources;
    int rc = add_source(log, name, n, e);
    struct head h = { .kind = KIND_SOURCE, .source = *id, .length = (uint32_t)n, .when = when };
    return rc < 0 ? rc : write_record(log, &h, name, e);
}

int record_append(struct record_log *log, ps_t when, const char *source, const void *bytes,
                  size_t length, struct err *e)
{
    if (!log->writing || log->complete)
        return err_set(e, ERR_STATE, "input log %s: not open for recording", log->path);
    if (log->first_error)
        return err_set(e, log->first_error, "input log %s: an earlier write failed", log->path);
    if (when < log->end)
        return err_set(e, ERR_STATE, "input log %s: input at %llu ps, after one at %llu ps",
                       log->path, (unsigned long long)when, (unsigned long long)log->end);
    if (length == 0 || length > RECORD_MAX_INPUT)
        return err_set(e, ERR_LIMIT, "input log %s: input of %zu bytes, 1 to %u are accepted",
                       log->path, length, RECORD_MAX_INPUT);
    uint32_t id = 0;
    int rc = find_source(log, when, source, &id, e);
    if (rc < 0)
        return rc;
    uint64_t at = log->size;
    struct head h = { .kind = KIND_INPUT, .source = id, .length = (uint32_t)length, .when = when };
    rc = write_record(log, &h, bytes, e);
    if (rc < 0)
        return rc;
    log->end = when;
    return add_offset(log, at, e);
}

int record_read(struct record_log *log, uint64_t sequence, struct record_entry *out, struct err *e)
{
    if (sequence >= log->count)
        return err_set(e, ERR_ABSENT, "input log %s: input %llu of %llu", log->path,
                       (unsigned long long)sequence, (unsigned long long)log->count);
    if (log->dirty && record_flush(log, e) < 0)
        return ERR_IO;
    struct head h;
    int rc = read_record(log, log->offsets[sequence], &h, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || h.kind != KIND_INPUT || h.source >= log->n_sources)
        return err_set(e, ERR_FORMAT, "input log %s: changed while it was in use", log->path);
    *out = (struct record_entry){ .when = h.when, .sequence = sequence,
                                  .source = log->sources[h.source],
                                  .bytes = log->buffer + RECORD_HEAD, .length = h.length };
    return 0;
}

uint64_t record_count(const struct record_log *log)
{
    return log->count;
}

ps_t record_start(const struct record_log *log)
{
    return log->start;
}

ps_t record_end(const struct record_log *log)
{
    return log->end;
}

bool record_is_complete(const struct record_log *log)
{
    return log->complete;
}

int record_flush(struct record_log *log, struct err *e)
{
    if (!log->writing || !log->dirty)
        return 0;
    if (fflush(log->file) != 0) {
        log->first_error = ERR_IO;
        return err_set_errno(e, ERR_IO, errno, "input log %s: cannot write", log->path);
    }
    log->dirty = false;
    return 0;
}

int record_finish(struct record_log *log, ps_t end, struct err *e)
{
    int rc = 0;
    if (log->first_error)
        rc = err_set(e, log->first_error, "input log %s: an earlier write failed", log->path);
    else if (log->writing) {
        struct head h = { .kind = KIND_END, .when = MAX(end, log->end) };
        rc = write_record(log, &h, NULL, e);
        if (rc == 0)
            rc = record_flush(log, e);
    }
    record_close(log);
    return rc;
}
