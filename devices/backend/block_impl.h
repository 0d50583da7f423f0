/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_BLOCK_IMPL_H
#define ORRERY_DEVICES_BACKEND_BLOCK_IMPL_H
/* What block.c shares with the formats. */
#include "devices/backend/block.h"

struct block_file {
    int fd;             /* -1: closed */
    char *path;
    uint64_t size;      /* bytes, as far as we know: nobody else writes (locked) */
    bool read_only;
    bool no_sync;       /* cache=unsafe */
    bool no_holes;      /* the host's file system cannot punch holes */
};

int block_file_open(struct block_file *f, const char *path, bool read_only, bool lock,
                    struct err *e) MUST_CHECK;
/* A temporary file that nobody else sees and that vanishes with the process. */
int block_file_temporary(struct block_file *f, struct err *e) MUST_CHECK;
void block_file_close(struct block_file *f);
/* What lies behind the end of the file reads as 0. */
int block_file_read(struct block_file *f, uint64_t at, void *buf, size_t n,
                    struct err *e) MUST_CHECK;
int block_file_write(struct block_file *f, uint64_t at, const void *buf, size_t n,
                     struct err *e) MUST_CHECK;
int block_file_sync(struct block_file *f, struct err *e) MUST_CHECK;
/* Give the space back; the range reads as 0. False: the host cannot, nothing changed. */
bool block_file_punch(struct block_file *f, uint64_t at, uint64_t n);

/* Requests have been checked: in range, n != 0, writable. */
struct block_ops {
    const char *name;
    int (*read)(struct block *b, uint64_t at, void *buf, size_t n, struct err *e);
    int (*write)(struct block *b, uint64_t at, const void *buf, size_t n, struct err *e);
    int (*flush)(struct block *b, struct err *e);
    int (*discard)(struct block *b, uint64_t at, uint64_t n, struct err *e);
    int (*write_zeroes)(struct block *b, uint64_t at, uint64_t n, bool unmap, struct err *e);
    void (*close)(struct block *b); /* after the flush; frees what is behind `b`, not `b` */
};

/* First member of each format's struct. */
struct block {
    const struct block_ops *ops;
    struct block_options options;
    struct log *log;
    uint64_t size;
    uint32_t cluster_size;
    bool read_only, probed_raw;
};

enum { BLOCK_MAX_CHAIN = 64, BLOCK_PROBE_BYTES = 2048 };

/* What the first `n` bytes look like; NULL = nothing known, that is raw. "qcow2" is one of the names. */
const char *block_probe(const uint8_t *head, size_t n);

/* Open one format over `f`, which it takes over on success. `depth`: of the backing chain. */
int block_open_raw(struct block **out, struct block_file *f, struct err *e) MUST_CHECK;
int block_open_qcow2(struct block **out, struct block_file *f, const struct block_options *o,
                     unsigned depth, struct log *log, struct err *e) MUST_CHECK;
/* Open a file in the chain; block_open without the overlay. */
int block_open_chain(struct block **out, const struct block_options *o, unsigned depth,
                     struct log *log, struct err *e) MUST_CHECK;
/* Writes go to a temporary file; `below` (taken over; NULL = zeroes) is only read. */
int block_open_overlay(struct block **out, struct block *below, uint64_t size,
                       struct err *e) MUST_CHECK;

/* Plain zeroes written in pieces, for formats without anything better. */
int block_write_literal_zeroes(struct block *b, uint64_t at, uint64_t n, struct err *e) MUST_CHECK;
bool block_is_zero(const void *buf, size_t n);

#endif
