/* SPDX-License-Identifier: Apache-2.0 */
/* Writing snapshots: sections to a temporary file or to memory. */
#include "core/state/snapshot.h"
#include "core/state/state_impl.h"
#include "core/util/bytes.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

int state_buffer_put(struct state_buffer *b, const void *data, size_t n, struct err *e)
{
    if (n > b->capacity - b->used) {
        size_t wanted = MAX(b->capacity * 2, b->used + n);
        wanted = MAX(wanted, 4096);
        uint8_t *grown = realloc(b->data, wanted);
        if (!grown)
            return err_set(e, ERR_NOMEM, "snapshot: the host has no %zu bytes left", wanted);
        b->data = grown;
        b->capacity = wanted;
    }
    if (n != 0)
        memcpy(b->data + b->used, data, n);
    b->used += n;
    return 0;
}

static int emit(struct state_writer *w, const void *data, size_t n, struct err *e)
{
    if (!w->file)
        return state_buffer_put(&w->out, data, n, e);
    if (n != 0 && fwrite(data, 1, n, w->file) != n)
        return err_set_errno(e, ERR_IO, errno, "snapshot %s: cannot write", w->temporary);
    return 0;
}

static uint32_t crc_of(const void *data, size_t n)
{
    return (uint32_t)crc32_z(0, data, n);
}

static int emit_with_crc(struct state_writer *w, struct state_buffer *b, struct err *e)
{
    uint32_t crc = crc_of(b->data, b->used);
    int rc = state_buffer_put(b, &crc, sizeof(crc), e);
    return rc < 0 ? rc : emit(w, b->data, b->used, e);
}

static int put_prologue(struct state_writer *w, const char *machine, struct err *e)
{
    uint32_t head[2] = { SNAPSHOT_FORMAT, (uint32_t)strlen(machine) };
    struct state_buffer b = { 0 };
    int rc = state_buffer_put(&b, "ORRERYSS", 8, e);
    if (rc == 0)
        rc = state_buffer_put(&b, head, sizeof(head), e);
    if (rc == 0)
        rc = state_buffer_put(&b, machine, head[1], e);
    if (rc == 0)
        rc = emit_with_crc(w, &b, e);
    free(b.data);
    return rc;
}

static int open_temporary(struct state_writer *w, const char *path, struct err *e)
{
    w->path = strdup(path);
    if (!w->path || asprintf(&w->temporary, "%s.XXXXXX", path) < 0) {
        w->temporary = NULL;
        return err_set(e, ERR_NOMEM, "snapshot %s: the host has no memory left", path);
    }
    int fd = mkstemp(w->temporary);
    if (fd >= 0)
        w->file = fdopen(fd, "wb");
    if (!w->file) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
            unlink(w->temporary);
        }
        free(w->temporary);
        w->temporary = NULL;
        return err_set_errno(e, ERR_IO, why, "snapshot %s: cannot create a file beside it", path);
    }
    return 0;
}

int snapshot_create(struct state_writer **out, const char *path, const char *machine, struct err *e)
{
    if (strlen(machine) > SNAPSHOT_MACHINE_MAX)
        return err_set(e, ERR_LIMIT, "snapshot: the machine's description is longer than %u",
                       SNAPSHOT_MACHINE_MAX);
    struct state_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return err_set(e, ERR_NOMEM, "snapshot: the host has no memory left");
    int rc = path ? open_temporary(w, path, e) : 0;
    if (rc == 0)
        rc = put_prologue(w, machine, e);
    if (rc < 0) {
        snapshot_discard(w);
        return rc;
    }
    *out = w;
    return 0;
}

void snapshot_discard(struct state_writer *w)
{
    if (!w)
        return;
    if (w->file)
        fclose(w->file);
    if (w->temporary)
        unlink(w->temporary);
    for (uint32_t i = 0; i < w->n_sections; i++)
        free(w->names[i]);
    free(w->names);
    free(w->section.data);
    free(w->out.data);
    free(w->temporary);
    free(w->path);
    free(w);
}

static int put_end(struct state_writer *w, struct err *e)
{
    struct state_buffer b = { 0 };
    int rc = state_buffer_put(&b, "END!", 4, e);
    if (rc == 0)
        rc = state_buffer_put(&b, &w->n_sections, sizeof(w->n_sections), e);
    if (rc == 0)
        rc = emit_with_crc(w, &b, e);
    free(b.data);
    return rc;
}

/* The old file stays until the new one is complete on the disk. */
static int rename_into_place(struct state_writer *w, struct err *e)
{
    int rc = 0;
    if (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0)
        rc = err_set_errno(e, ERR_IO, errno, "snapshot %s: cannot write", w->temporary);
    if (fclose(w->file) != 0 && rc == 0)
        rc = err_set_errno(e, ERR_IO, errno, "snapshot %s: cannot write", w->temporary);
    w->file = NULL;
    if (rc == 0 && rename(w->temporary, w->path) != 0)
        rc = err_set_errno(e, ERR_IO, errno, "snapshot %s: cannot rename %s to it", w->path,
                           w->temporary);
    if (rc == 0) {
        free(w->temporary);
        w->temporary = NULL;
    }
    return rc;
}

int snapshot_finish(struct state_writer *w, struct err *e)
{
    int rc = w->finished ? err_set(e, ERR_STATE, "snapshot: already finished") : put_end(w, e);
    if (rc < 0)
        goto out;
    w->finished = true;
    if (!w->file) {
        free(w->section.data);
        w->section = (struct state_buffer){ 0 };
        return 0;
    }
    rc = rename_into_place(w, e);
out:
    if (w->path)
        snapshot_discard(w);
    return rc;
}

int snapshot_begin_section(struct state_writer *w, const char *name, struct err *e)
{
    if (w->finished)
        return err_set(e, ERR_STATE, "snapshot: section %s comes after the end", name);
    if (name[0] == '\0' || strlen(name) > SNAPSHOT_NAME_MAX)
        return err_set(e, ERR_ARG, "snapshot: section '%s': a name has 1 to %u bytes", name,
                       SNAPSHOT_NAME_MAX);
    if (w->n_sections == SNAPSHOT_SECTIONS)
        return err_set(e, ERR_LIMIT, "snapshot: more than %u sections", SNAPSHOT_SECTIONS);
    for (uint32_t i = 0; i < w->n_sections; i++)
        if (strcmp(w->names[i], name) == 0)
            return err_set(e, ERR_ARG, "snapshot: two sections are named %s", name);
    w->section.used = 0;
    return 0;
}

static int remember_name(struct state_writer *w, const char *name, struct err *e)
{
    char **names = realloc(w->names, (w->n_sections + 1) * sizeof(*names));
    if (names)
        w->names = names;
    char *copy = names ? strdup(name) : NULL;
    if (!copy)
        return err_set(e, ERR_NOMEM, "snapshot: the host has no memory left");
    w->names[w->n_sections++] = copy;
    return 0;
}

int snapshot_end_section(struct state_writer *w, const char *name, uint32_t version, struct err *e)
{
    uint16_t n_name = (uint16_t)strlen(name);
    uint64_t length = w->section.used;
    uint32_t crc = crc_of(w->section.data, w->section.used);
    struct state_buffer b = { 0 };
    int rc = state_buffer_put(&b, "SECT", 4, e);
    if (rc == 0)
        rc = state_buffer_put(&b, &n_name, sizeof(n_name), e);
    if (rc == 0)
        rc = state_buffer_put(&b, name, n_name, e);
    if (rc == 0)
        rc = state_buffer_put(&b, &version, sizeof(version), e);
    if (rc == 0)
        rc = state_buffer_put(&b, &length, sizeof(length), e);
    if (rc == 0)
        rc = state_buffer_put(&b, &crc, sizeof(crc), e);
    if (rc == 0)
        rc = emit_with_crc(w, &b, e);
    if (rc == 0)
        rc = emit(w, w->section.data, w->section.used, e);
    if (rc == 0)
        rc = remember_name(w, name, e);
    free(b.data);
    return rc;
}
