/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_STATE_STATE_H
#define ORRERY_CORE_STATE_STATE_H
/*
 * Declarative saved state. A stateful part declares a table of its fields next
 * to its struct; saving, loading, comparing (lockstep), hashing and printing all
 * work from that table.
 *
 * Values are written little-endian in the width they have in memory. A section
 * carries its name, a version and for each field its name and size, so that a
 * loader can say exactly which field does not fit. Loading is all or nothing per
 * machine: on error the machine must be discarded.
 *
 * A pointer, a host handle or anything rebuilt from other fields is never saved.
 */
#include "core/util/err.h"

enum state_kind {
    STATE_END_KIND = 0,
    STATE_RAW,     /* `size` bytes as they are: integers and arrays of integers */
    STATE_STRUCT,  /* embedded struct (or `count` of them, `size` each) with its own table */
    STATE_BLOB,    /* *(void **)at points to *(uint32_t *)(base + length_at) bytes, at most `size` */
    STATE_CUSTOM,  /* `custom` writes, reads and hashes the member at `at` (or the owner) */
};

struct state_writer;
struct state_reader;
struct state_custom {
    int (*save)(const void *object, struct state_writer *w, struct err *e);
    int (*load)(void *object, struct state_reader *r, struct err *e);
    uint64_t (*hash)(uint64_t h, const void *object);
};

struct state_field {
    const char *name;
    enum state_kind kind;
    uint32_t at;        /* offset in the owner */
    uint32_t size;      /* bytes (of one element for STATE_STRUCT) */
    uint32_t count;     /* elements of STATE_STRUCT, else 1 */
    uint32_t length_at; /* STATE_BLOB */
    uint32_t since;     /* first version of the table that has this field; older snapshots keep reset */
    const struct state_field *table;   /* STATE_STRUCT */
    const struct state_custom *custom; /* STATE_CUSTOM */
};

#define STATE_SIZEOF_(T, m) sizeof(((T *)0)->m)
#define STATE(tag, m)                                                                              \
    { .name = #m, .kind = STATE_RAW, .at = offsetof(struct tag, m),                                \
      .size = STATE_SIZEOF_(struct tag, m), .count = 1 }
#define STATE_SUB(tag, m, tbl)                                                                     \
    { .name = #m, .kind = STATE_STRUCT, .at = offsetof(struct tag, m),                             \
      .size = STATE_SIZEOF_(struct tag, m), .count = 1, .table = (tbl) }
#define STATE_SUBS(tag, m, tbl)                                                                    \
    { .name = #m, .kind = STATE_STRUCT, .at = offsetof(struct tag, m),                             \
      .size = STATE_SIZEOF_(struct tag, m[0]),                                                     \
      .count = STATE_SIZEOF_(struct tag, m) / STATE_SIZEOF_(struct tag, m[0]), .table = (tbl) }
/* `m` is a pointer to at most `max` bytes allocated by the owner, `len` a uint32_t member. */
#define STATE_PTR(tag, m, len, max)                                                                \
    { .name = #m, .kind = STATE_BLOB, .at = offsetof(struct tag, m), .size = (max), .count = 1,    \
      .length_at = offsetof(struct tag, len) }
/* `ops` sees the member's address. An ev_timer is declared with STATE_TIMER of core/event/queue.h. */
#define STATE_FN(tag, m, ops)                                                                      \
    { .name = #m, .kind = STATE_CUSTOM, .at = offsetof(struct tag, m),                             \
      .size = STATE_SIZEOF_(struct tag, m), .count = 1, .custom = (ops) }
#define STATE_END { .kind = STATE_END_KIND }

/* Save or load one section. `version` counts up when a table grows. */
int state_save(struct state_writer *w, const char *section, uint32_t version,
               const struct state_field *table, const void *object, struct err *e) MUST_CHECK;
int state_load(struct state_reader *r, const char *section, uint32_t version,
               const struct state_field *table, void *object, struct err *e) MUST_CHECK;

/* Raw parts of a STATE_CUSTOM field. Reading past the section's end is ERR_FORMAT. */
int state_put(struct state_writer *w, const void *data, size_t n, struct err *e) MUST_CHECK;
int state_get(struct state_reader *r, void *data, size_t n, struct err *e) MUST_CHECK;

/* Hash of all declared fields, and the name of the first field in which two objects differ. */
uint64_t state_hash(uint64_t h, const struct state_field *table, const void *object);
const char *state_compare(const struct state_field *table, const void *a, const void *b);

/*
 * Which of the `size` bytes of the owner the table covers: for the generic coverage
 * test. Alignment padding at the end of an embedded struct counts as covered.
 */
void state_coverage(const struct state_field *table, uint8_t *covered, size_t size);

#endif
