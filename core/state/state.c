/* SPDX-License-Identifier: Apache-2.0 */
/* Fields: tables of saved members to bytes and back. */
#include "core/state/state.h"
#include "core/state/state_impl.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include <assert.h>

static const uint8_t *member(const struct state_field *f, const void *object)
{
    return (const uint8_t *)object + f->at;
}

static uint32_t blob_length(const struct state_field *f, const void *object)
{
    return ld_le32((const uint8_t *)object + f->length_at);
}

static const uint8_t *blob_data(const struct state_field *f, const void *object)
{
    const uint8_t *data;
    memcpy(&data, member(f, object), sizeof(data));
    return data;
}

int state_put(struct state_writer *w, const void *data, size_t n, struct err *e)
{
    return state_buffer_put(&w->section, data, n, e);
}

static int save_table(struct state_writer *w, const struct state_field *table, const void *object,
                      struct err *e);

static int save_content(struct state_writer *w, const struct state_field *f, const void *object,
                        struct err *e)
{
    const uint8_t *m = member(f, object);
    int rc = 0;
    switch (f->kind) {
    case STATE_RAW:
        return state_put(w, m, f->size, e);
    case STATE_STRUCT:
        for (uint32_t i = 0; rc == 0 && i < f->count; i++)
            rc = save_table(w, f->table, m + (size_t)i * f->size, e);
        return rc;
    case STATE_BLOB: {
        uint32_t n = blob_length(f, object);
        if (n > f->size)
            return err_set(e, ERR_STATE, "field %s: %u bytes are in use; at most %u can be saved",
                           f->name, n, f->size);
        rc = state_put(w, &n, sizeof(n), e);
        return rc < 0 || n == 0 ? rc : state_put(w, blob_data(f, object), n, e);
    }
    case STATE_CUSTOM:
        return f->custom->save(m, w, e);
    default:
        assert(!"kind of field");
        return ERR_STATE;
    }
}

static int save_field(struct state_writer *w, const struct state_field *f, const void *object,
                      struct err *e)
{
    uint8_t n_name = (uint8_t)strlen(f->name);
    assert(strlen(f->name) <= SNAPSHOT_NAME_MAX);
    uint32_t length = 0;
    int rc = state_put(w, &n_name, 1, e);
    if (rc == 0)
        rc = state_put(w, f->name, n_name, e);
    if (rc == 0)
        rc = state_put(w, &length, sizeof(length), e);
    size_t start = w->section.used;
    if (rc == 0)
        rc = save_content(w, f, object, e);
    if (rc < 0)
        return rc;
    if (w->section.used - start > UINT32_MAX)
        return err_set(e, ERR_LIMIT, "field %s: more than 4 GiB", f->name);
    st_le32(w->section.data + start - sizeof(length), (uint32_t)(w->section.used - start));
    return 0;
}

static int save_table(struct state_writer *w, const struct state_field *table, const void *object,
                      struct err *e)
{
    int rc = 0;
    for (const struct state_field *f = table; rc == 0 && f->kind != STATE_END_KIND; f++)
        rc = save_field(w, f, object, e);
    return rc;
}

int state_save(struct state_writer *w, const char *section, uint32_t version,
               const struct state_field *table, const void *object, struct err *e)
{
    int rc = snapshot_begin_section(w, section, e);
    if (rc == 0)
        rc = save_table(w, table, object, e);
    if (rc == 0)
        rc = snapshot_end_section(w, section, version, e);
    return rc;
}

static int load_table(struct state_reader *r, const struct state_field *table, void *object,
                      struct err *e);

static int load_content(struct state_reader *r, const struct state_field *f, void *object,
                        struct err *e)
{
    uint8_t *m = (uint8_t *)object + f->at;
    uint64_t left = r->limit - r->at;
    int rc = 0;
    switch (f->kind) {
    case STATE_RAW:
        if (left != f->size)
            return err_set(e, ERR_FORMAT, "has %llu bytes, not %u", (unsigned long long)left,
                           f->size);
        return state_get(r, m, f->size, e);
    case STATE_STRUCT:
        for (uint32_t i = 0; rc == 0 && i < f->count; i++) {
            rc = load_table(r, f->table, m + (size_t)i * f->size, e);
            if (rc < 0 && f->count > 1)
                err_context(e, "element %u", i);
        }
        return rc;
    case STATE_BLOB: {
        uint32_t n = 0;
        rc = state_get(r, &n, sizeof(n), e);
        if (rc < 0)
            return rc;
        if (n > f->size)
            return err_set(e, ERR_FORMAT, "has %u bytes; at most %u are accepted", n, f->size);
        if (n > r->limit - r->at)
            return err_set(e, ERR_FORMAT, "says %u bytes but holds %llu", n,
                           (unsigned long long)(r->limit - r->at));
        st_le32((uint8_t *)object + f->length_at, n);
        return n == 0 ? 0 : state_get(r, (void *)(uintptr_t)blob_data(f, object), n, e);
    }
    case STATE_CUSTOM:
        return f->custom->load(m, r, e);
    default:
        assert(!"kind of field");
        return ERR_STATE;
    }
}

/* The header of the next field, which must be `f`'s. */
static int load_header(struct state_reader *r, const struct state_field *f, uint32_t *length,
                       struct err *e)
{
    uint8_t n_name = 0;
    char name[SNAPSHOT_NAME_MAX + 1] = "";
    int rc = state_get(r, &n_name, 1, e);
    if (rc == 0)
        rc = state_get(r, name, n_name, e);
    if (rc == 0)
        rc = state_get(r, length, sizeof(*length), e);
    if (rc < 0)
        return rc;
    name[n_name] = '\0';
    if (strlen(name) != n_name || strcmp(name, f->name) != 0)
        return err_set(e, ERR_FORMAT, "the snapshot has a field '%s' in its place", name);
    if (*length > r->limit - r->at)
        return err_set(e, ERR_FORMAT, "%u bytes do not fit into the %llu left", *length,
                       (unsigned long long)(r->limit - r->at));
    return 0;
}

static int load_field(struct state_reader *r, const struct state_field *f, void *object,
                      struct err *e)
{
    uint32_t length = 0;
    uint64_t outer = r->limit;
    int rc = load_header(r, f, &length, e);
    if (rc == 0) {
        r->limit = r->at + length;
        rc = load_content(r, f, object, e);
        if (rc == 0 && r->at != r->limit)
            rc = err_set(e, ERR_FORMAT, "%llu bytes are left over",
                         (unsigned long long)(r->limit - r->at));
        r->limit = outer;
    }
    if (rc < 0)
        err_context(e, "field %s", f->name);
    return rc;
}

static int load_table(struct state_reader *r, const struct state_field *table, void *object,
                      struct err *e)
{
    int rc = 0;
    for (const struct state_field *f = table; rc == 0 && f->kind != STATE_END_KIND; f++)
        if (f->since <= r->section->version)
            rc = load_field(r, f, object, e);
    return rc;
}

int state_load(struct state_reader *r, const char *section, uint32_t version,
               const struct state_field *table, void *object, struct err *e)
{
    int rc = snapshot_enter_section(r, section, e);
    if (rc < 0)
        return rc;
    if (r->section->version > version)
        return err_set(e, ERR_FORMAT, "snapshot: section %s has version %u; up to %u are known",
                       section, r->section->version, version);
    rc = load_table(r, table, object, e);
    if (rc == 0 && r->at != r->limit)
        rc = err_set(e, ERR_FORMAT, "%llu bytes are left over after the last field",
                     (unsigned long long)(r->limit - r->at));
    if (rc < 0)
        err_context(e, "snapshot: section %s", section);
    return rc;
}

uint64_t state_hash(uint64_t h, const struct state_field *table, const void *object)
{
    for (const struct state_field *f = table; f->kind != STATE_END_KIND; f++) {
        const uint8_t *m = member(f, object);
        if (f->kind == STATE_RAW)
            h = hash_bytes(h, m, f->size);
        else if (f->kind == STATE_BLOB)
            h = hash_bytes(h, blob_data(f, object), MIN(blob_length(f, object), f->size));
        else if (f->kind == STATE_CUSTOM)
            h = f->custom->hash(h, m);
        else
            for (uint32_t i = 0; i < f->count; i++)
                h = state_hash(h, f->table, m + (size_t)i * f->size);
    }
    return h;
}

static bool is_blob_equal(const struct state_field *f, const void *a, const void *b)
{
    uint32_t n = blob_length(f, a);
    if (n != blob_length(f, b))
        return false;
    return n == 0 || memcmp(blob_data(f, a), blob_data(f, b), MIN(n, f->size)) == 0;
}

const char *state_compare(const struct state_field *table, const void *a, const void *b)
{
    for (const struct state_field *f = table; f->kind != STATE_END_KIND; f++) {
        const uint8_t *x = member(f, a), *y = member(f, b);
        if (f->kind == STATE_RAW && memcmp(x, y, f->size) != 0)
            return f->name;
        if (f->kind == STATE_BLOB && !is_blob_equal(f, a, b))
            return f->name;
        if (f->kind == STATE_CUSTOM && f->custom->hash(0, x) != f->custom->hash(0, y))
            return f->name;
        for (uint32_t i = 0; f->kind == STATE_STRUCT && i < f->count; i++) {
            const char *inner =
                state_compare(f->table, x + (size_t)i * f->size, y + (size_t)i * f->size);
            if (inner)
                return inner;
        }
    }
    return NULL;
}

static void cover(uint8_t *covered, size_t size, size_t at, size_t n)
{
    if (at < size)
        memset(covered + at, 1, MIN(n, size - at));
}

/* Bytes that only align the next element are no state: fewer than 8 after the last field. */
static void cover_padding(const struct state_field *table, uint8_t *covered, size_t size)
{
    size_t end = 0;
    for (const struct state_field *f = table; f->kind != STATE_END_KIND; f++)
        end =
            MAX(end, f->at + (f->kind == STATE_BLOB ? sizeof(void *) : (size_t)f->size * f->count));
    if (end < size && size - end < 8)
        memset(covered + end, 1, size - end);
}

void state_coverage(const struct state_field *table, uint8_t *covered, size_t size)
{
    for (const struct state_field *f = table; f->kind != STATE_END_KIND; f++) {
        if (f->kind == STATE_BLOB) {
            cover(covered, size, f->at, sizeof(void *));
            cover(covered, size, f->length_at, sizeof(uint32_t));
        } else if (f->kind != STATE_STRUCT) {
            cover(covered, size, f->at, f->size);
        } else {
            for (uint32_t i = 0; i < f->count; i++) {
                size_t at = f->at + (size_t)i * f->size;
                if (at >= size)
                    break;
                state_coverage(f->table, covered + at, MIN(f->size, size - at));
                if (f->size <= size - at)
                    cover_padding(f->table, covered + at, f->size);
            }
        }
    }
}
