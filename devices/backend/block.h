/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_BLOCK_H
#define ORRERY_DEVICES_BACKEND_BLOCK_H
/*
 * Block backends: what disks, flash and CD-ROMs read and write. Raw files and
 * qcow2 images (QEMU docs/interop/qcow2.txt, versions 2 and 3):
 *
 *   read and write   all cluster sizes (512 B - 2 MiB), refcount widths 1 - 64,
 *                    backing chains (raw or qcow2), zlib and zstd compressed clusters,
 *                    zero clusters, lazy refcounts, internal snapshots left intact
 *   refused          encryption, external data file, extended L2 entries,
 *                    corrupt bit, unknown incompatible features
 *
 * Calls are synchronous and take no simulated time: the device decides when a
 * request completes. Offsets and lengths are bytes, of any alignment; a request
 * that leaves the image is refused with ERR_ARG and changes nothing. What an image
 * says is never trusted: each offset and length in it is checked when used, and
 * ERR_FORMAT names the table and the offset.
 *
 * Order of writes to a qcow2 file: refcounts, data, then the L2 entry, then L1;
 * each step reaches the file before the next is begun, so that a crash of Orrery
 * leaks clusters at worst. block_flush makes all of it durable (fdatasync).
 *
 * Files are locked (flock-like open file description locks, the same bytes as
 * QEMU's) against a second writer. Ownership: the opener's until block_close.
 * Determinism: an image is part of the machine's description; for a recorded run
 * use snapshot=on or keep a copy.
 */
#include "core/util/err.h"
#include "core/util/log.h"

struct block;

enum block_format { BLOCK_PROBE, BLOCK_RAW, BLOCK_QCOW2 };
enum block_if { BLOCK_IF_NONE, BLOCK_IF_VIRTIO, BLOCK_IF_PFLASH, BLOCK_IF_IDE, BLOCK_IF_SCSI,
                BLOCK_IF_SD, BLOCK_IF_MTD, BLOCK_IF_FLOPPY, BLOCK_IF_DEFAULT };

/* QEMU's -drive, parsed. */
struct block_options {
    char file[1024];          /* "" = no medium */
    char id[64], serial[32];
    enum block_format format;
    enum block_if interface;  /* "if=" */
    int unit, bus, index;     /* -1 = not given */
    bool read_only, snapshot, cdrom;
    bool writethrough;        /* cache=writethrough|directsync: each write is flushed */
    bool no_flush;            /* cache=unsafe: block_flush does not wait for the disk */
    bool discard;             /* discard=unmap: otherwise block_discard does nothing */
    bool detect_zeroes;
    bool no_lock;             /* file.locking=off */
};

/* "file=disk.qcow2,format=qcow2,if=virtio,id=d0,cache=writeback": ",," stands for a comma in a value. */
int block_parse(struct block_options *o, const char *spec, struct err *e) MUST_CHECK;
/* The defaults of -drive for a plain file name (-hda, -cdrom, -pflash). */
int block_options_file(struct block_options *o, const char *file, struct err *e) MUST_CHECK;

/*
 * Open. A format that was probed as raw is logged as a warning when writable, and
 * then writes that would make sector 0 look like another format are refused.
 * `log` may be NULL and must outlive the block. ERR_IO (no such file, locked by another
 * process), ERR_FORMAT, ERR_UNSUPPORTED.
 */
int block_open(struct block **out, const struct block_options *o, struct log *log,
               struct err *e) MUST_CHECK;
/* Flushes. The error of the last flush; the block is gone in any case. NULL is fine. */
int block_close(struct block *b, struct err *e);

/* 0 or ERR_ARG (out of range, read-only), ERR_IO, ERR_FORMAT, ERR_LIMIT (image cannot grow), ERR_NOMEM. */
int block_read(struct block *b, uint64_t offset, void *buf, size_t n, struct err *e) MUST_CHECK;
int block_write(struct block *b, uint64_t offset, const void *buf, size_t n,
                struct err *e) MUST_CHECK;
int block_flush(struct block *b, struct err *e) MUST_CHECK;
/* The range reads as zeroes or as before; whole clusters are given back to the host. */
int block_discard(struct block *b, uint64_t offset, uint64_t n, struct err *e) MUST_CHECK;
/* The range reads as zeroes. `unmap`: space may be given back. */
int block_write_zeroes(struct block *b, uint64_t offset, uint64_t n, bool unmap,
                       struct err *e) MUST_CHECK;

uint64_t block_size(const struct block *b);       /* bytes; a multiple of 512 (raw: rounded up, reads 0) */
bool block_is_read_only(const struct block *b);
bool block_can_discard(const struct block *b);
uint32_t block_cluster_size(const struct block *b); /* best granularity of discard; 512 at least */
const char *block_format_name(const struct block *b); /* "raw", "qcow2" */
const struct block_options *block_get_options(const struct block *b);

/* A block of zeroes of `size` bytes in memory: scratch disks, tests. */
int block_create_memory(struct block **out, uint64_t size, struct err *e) MUST_CHECK;

#endif
