/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_STATE_STATE_IMPL_H
#define ORRERY_CORE_STATE_STATE_IMPL_H
/*
 * Between state.c (fields) and snapshot.c (files).
 *
 * The file, integers little-endian:
 *     "ORRERYSS"  u32 format  u32 n  n bytes: the machine  u32 CRC of all this
 *     sections    "SECT"  u16 n  n bytes: the name  u32 version  u64 length
 *                 u32 CRC of the content  u32 CRC of this header  content
 *     end         "END!"  u32 number of sections  u32 CRC of this
 * A field inside a section: u8 n, n bytes: the name, u32 length, content. The
 * content of STATE_STRUCT is its fields, element by element; that of STATE_BLOB a
 * u32 length and the bytes.
 */
#include "core/state/state.h"
#include <stdio.h>

#define SNAPSHOT_FORMAT      1u
#define SNAPSHOT_NAME_MAX    255u
#define SNAPSHOT_MACHINE_MAX 65536u
#define SNAPSHOT_SECTIONS    4096u

/* A buffer that grows. */
struct state_buffer {
    uint8_t *data;
    size_t used, capacity;
};
int state_buffer_put(struct state_buffer *b, const void *data, size_t n, struct err *e) MUST_CHECK;

struct state_writer {
    FILE *file;                 /* NULL: `out` holds the snapshot */
    char *path, *temporary;
    struct state_buffer out;
    struct state_buffer section; /* content of the section being written */
    char **names;               /* of the sections so far, to refuse a second one of one name */
    uint32_t n_sections;
    bool finished;
};

struct snapshot_section {
    char *name;
    uint32_t version, crc;
    uint64_t offset, length;    /* of the content */
};

#define WINDOW (64u << 10)

struct state_reader {
    int fd;                     /* -1: `memory` holds the snapshot */
    const uint8_t *memory;
    uint64_t size;
    struct snapshot_section *sections;
    uint32_t n_sections, hint;  /* hint: index of the section expected next */

    const struct snapshot_section *section; /* being read */
    uint64_t at, limit;         /* offsets in the file: next byte, end of the innermost field */
    uint8_t *window;            /* WINDOW bytes of the file from window_at */
    uint64_t window_at, window_size;
};

/* Start a section; between them only state_put writes. */
int snapshot_begin_section(struct state_writer *w, const char *name, struct err *e) MUST_CHECK;
int snapshot_end_section(struct state_writer *w, const char *name, uint32_t version,
                         struct err *e) MUST_CHECK;

/* Find the section, check its CRC, and set `at` and `limit` to its content. */
int snapshot_enter_section(struct state_reader *r, const char *name, struct err *e) MUST_CHECK;

#endif
