/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading snapshots. The chain of headers is walked when the file is opened, so a
 * truncated one is refused before anything is loaded; a section's content is
 * checked against its CRC when the section is entered. Nothing read decides about
 * an allocation before it was bounded by the file's size.
 */
#include "core/state/snapshot.h"
#include "core/state/state_impl.h"
#include "core/util/bytes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Bytes of the file at `at`: at most n, at least one; they stay until the next call. */
static int look(struct state_reader *r, uint64_t at, uint64_t n, const uint8_t **data,
                uint64_t *got, struct err *e)
{
    if (at >= r->size)
        return err_set(e, ERR_FORMAT, "snapshot: the file ends at byte %llu, too early",
                       (unsigned long long)r->size);
    n = MIN(n, r->size - at);
    if (r->memory) {
        *data = r->memory + at;
        *got = n;
        return 0;
    }
    if (at < r->window_at || at >= r->window_at + r->window_size) {
        ssize_t rc = pread(r->fd, r->window, MIN(WINDOW, r->size - at), (off_t)at);
        r->window_size = 0;
        if (rc < 0)
            return err_set_errno(e, ERR_IO, errno, "snapshot: cannot read");
        if (rc == 0)
            return err_set(e, ERR_FORMAT, "snapshot: the file became shorter while being read");
        r->window_at = at;
        r->window_size = (uint64_t)rc;
    }
    *data = r->window + (at - r->window_at);
    *got = MIN(n, r->window_at + r->window_size - at);
    return 0;
}

static int read_at(struct state_reader *r, uint64_t at, void *buf, uint64_t n, struct err *e)
{
    uint8_t *to = buf;
    while (n != 0) {
        const uint8_t *data;
        uint64_t got = 0;
        int rc = look(r, at, n, &data, &got, e);
        if (rc < 0)
            return rc;
        memcpy(to, data, got);
        to += got;
        at += got;
        n -= got;
    }
    return 0;
}

int state_get(struct state_reader *r, void *data, size_t n, struct err *e)
{
    if (n > r->limit - r->at)
        return err_set(e, ERR_FORMAT, "%zu bytes are wanted where %llu are left", n,
                       (unsigned long long)(r->limit - r->at));
    int rc = read_at(r, r->at, data, n, e);
    if (rc == 0)
        r->at += n;
    return rc;
}

static int crc_at(struct state_reader *r, uint64_t at, uint64_t n, uint32_t *crc, struct err *e)
{
    uLong sum = 0;
    while (n != 0) {
        const uint8_t *data;
        uint64_t got = 0;
        int rc = look(r, at, n, &data, &got, e);
        if (rc < 0)
            return rc;
        sum = crc32_z(sum, data, got);
        at += got;
        n -= got;
    }
    *crc = (uint32_t)sum;
    return 0;
}

/* Compare the CRC stored at `end` with that of [start, end). */
static int check_crc(struct state_reader *r, uint64_t start, uint64_t end, const char *what,
                     struct err *e)
{
    uint32_t stored = 0, crc = 0;
    int rc = crc_at(r, start, end - start, &crc, e);
    if (rc == 0)
        rc = read_at(r, end, &stored, sizeof(stored), e);
    if (rc == 0 && stored != crc)
        rc = err_set(e, ERR_FORMAT, "snapshot: the CRC of %s is %08x, not the stored %08x", what,
                     crc, stored);
    return rc;
}

static int read_prologue(struct state_reader *r, const char *machine, struct err *e)
{
    char magic[8];
    uint32_t head[2];
    if (read_at(r, 0, magic, sizeof(magic), e) < 0 || memcmp(magic, "ORRERYSS", 8) != 0)
        return err_set(e, ERR_FORMAT, "snapshot: the file does not begin with ORRERYSS");
    int rc = read_at(r, 8, head, sizeof(head), e);
    if (rc < 0)
        return rc;
    if (head[0] != SNAPSHOT_FORMAT)
        return err_set(e, ERR_FORMAT, "snapshot: format %u; only %u is known", head[0],
                       SNAPSHOT_FORMAT);
    if (head[1] > SNAPSHOT_MACHINE_MAX || head[1] > r->size - 16)
        return err_set(e, ERR_FORMAT, "snapshot: the machine's description has %u bytes", head[1]);
    rc = check_crc(r, 0, 16 + (uint64_t)head[1], "the file's header", e);
    if (rc < 0)
        return rc;
    r->at = 16 + (uint64_t)head[1] + 4;
    if (!machine)
        return 0;
    char *text = calloc(1, (size_t)head[1] + 1);
    if (!text)
        return err_set(e, ERR_NOMEM, "snapshot: the host has no memory left");
    rc = read_at(r, 16, text, head[1], e);
    if (rc == 0 && strcmp(text, machine) != 0)
        rc = err_set(e, ERR_FORMAT,
                     "snapshot: it was taken of the machine '%.400s'; this one is "
                     "'%.400s'",
                     text, machine);
    free(text);
    return rc;
}

static int add_section(struct state_reader *r, const struct snapshot_section *s, struct err *e)
{
    for (uint32_t i = 0; i < r->n_sections; i++)
        if (strcmp(r->sections[i].name, s->name) == 0)
            return err_set(e, ERR_FORMAT, "snapshot: two sections are named %s", s->name);
    if (r->n_sections == SNAPSHOT_SECTIONS)
        return err_set(e, ERR_FORMAT, "snapshot: more than %u sections", SNAPSHOT_SECTIONS);
    struct snapshot_section *grown = realloc(r->sections, (r->n_sections + 1) * sizeof(*grown));
    if (!grown)
        return err_set(e, ERR_NOMEM, "snapshot: the host has no memory left");
    r->sections = grown;
    r->sections[r->n_sections++] = *s;
    return 0;
}

/* A section's header at r->at, its tag read already. */
static int read_section(struct state_reader *r, struct err *e)
{
    uint64_t start = r->at;
    uint16_t n_name = 0;
    uint8_t rest[16];
    char name[SNAPSHOT_NAME_MAX + 1] = "";
    int rc = read_at(r, start + 4, &n_name, sizeof(n_name), e);
    if (rc < 0)
        return rc;
    if (n_name == 0 || n_name > SNAPSHOT_NAME_MAX)
        return err_set(e, ERR_FORMAT, "snapshot: at byte %llu: a section's name of %u bytes",
                       (unsigned long long)start, n_name);
    rc = read_at(r, start + 6, name, n_name, e);
    if (rc == 0)
        rc = read_at(r, start + 6 + n_name, rest, sizeof(rest), e);
    if (rc == 0)
        rc = check_crc(r, start, start + 22 + n_name, "a section's header", e);
    if (rc < 0)
        return rc;
    struct snapshot_section s = { .version = ld_le32(rest),
                                  .length = ld_le64(rest + 4),
                                  .crc = ld_le32(rest + 12),
                                  .offset = start + 26 + n_name };
    if (strlen(name) != n_name || s.length > r->size - s.offset)
        return err_set(e, ERR_FORMAT, "snapshot: section %s: %llu bytes do not fit into the file",
                       name, (unsigned long long)s.length);
    s.name = strdup(name);
    if (!s.name)
        return err_set(e, ERR_NOMEM, "snapshot: the host has no memory left");
    rc = add_section(r, &s, e);
    if (rc < 0)
        free(s.name);
    r->at = s.offset + s.length;
    return rc;
}

static int read_end(struct state_reader *r, struct err *e)
{
    uint32_t n = 0;
    int rc = check_crc(r, r->at, r->at + 8, "the file's end", e);
    if (rc == 0)
        rc = read_at(r, r->at + 4, &n, sizeof(n), e);
    if (rc < 0)
        return rc;
    if (n != r->n_sections || r->at + 12 != r->size)
        return err_set(e, ERR_FORMAT,
                       "snapshot: %u sections and %llu bytes where its end says %u "
                       "and %llu",
                       r->n_sections, (unsigned long long)r->size, n,
                       (unsigned long long)(r->at + 12));
    return 0;
}

static int read_chain(struct state_reader *r, const char *machine, struct err *e)
{
    int rc = read_prologue(r, machine, e);
    while (rc == 0) {
        char tag[4];
        rc = read_at(r, r->at, tag, sizeof(tag), e);
        if (rc < 0)
            break;
        if (memcmp(tag, "END!", 4) == 0)
            return read_end(r, e);
        if (memcmp(tag, "SECT", 4) != 0)
            return err_set(e, ERR_FORMAT, "snapshot: at byte %llu: neither a section nor the end",
                           (unsigned long long)r->at);
        rc = read_section(r, e);
    }
    return rc;
}

static int open_file(struct state_reader *r, const char *path, struct err *e)
{
    struct stat st;
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0)
        return err_set_errno(e, errno == ENOENT ? ERR_ABSENT : ERR_IO, errno, "cannot open");
    if (fstat(r->fd, &st) != 0)
        return err_set_errno(e, ERR_IO, errno, "cannot find its size");
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_ARG, "it is not a regular file");
    r->size = (uint64_t)st.st_size;
    r->window = malloc(WINDOW);
    return r->window ? 0 : err_set(e, ERR_NOMEM, "the host has no memory left");
}

int snapshot_open(struct state_reader **out, const char *path, const char *machine, struct err *e)
{
    struct state_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, ERR_NOMEM, "snapshot %s: the host has no memory left", path);
    r->fd = -1;
    int rc = open_file(r, path, e);
    if (rc == 0)
        rc = read_chain(r, machine, e);
    if (rc < 0) {
        err_context(e, "%s", path);
        snapshot_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

int snapshot_open_memory(struct state_reader **out, const struct state_writer *w, struct err *e)
{
    if (!w->finished || w->file)
        return err_set(e, ERR_STATE, "snapshot: it is not finished, or not in memory");
    struct state_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, ERR_NOMEM, "snapshot: the host has no memory left");
    r->fd = -1;
    r->memory = w->out.data;
    r->size = w->out.used;
    int rc = read_chain(r, NULL, e);
    if (rc < 0) {
        snapshot_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

void snapshot_close(struct state_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    for (uint32_t i = 0; i < r->n_sections; i++)
        free(r->sections[i].name);
    free(r->sections);
    free(r->window);
    free(r);
}

int snapshot_enter_section(struct state_reader *r, const char *name, struct err *e)
{
    for (uint32_t i = 0; i < r->n_sections; i++) { /* usually the one after the last */
        uint32_t k = (r->hint + i) % r->n_sections;
        const struct snapshot_section *s = &r->sections[k];
        if (strcmp(s->name, name) != 0)
            continue;
        uint32_t crc = 0;
        int rc = crc_at(r, s->offset, s->length, &crc, e);
        if (rc < 0)
            return rc;
        if (crc != s->crc)
            return err_set(e, ERR_FORMAT,
                           "snapshot: the CRC of section %s is %08x, not the stored %08x", name,
                           crc, s->crc);
        r->hint = k + 1;
        r->section = s;
        r->at = s->offset;
        r->limit = s->offset + s->length;
        return 0;
    }
    return err_set(e, ERR_FORMAT, "snapshot: it has no section %s", name);
}
