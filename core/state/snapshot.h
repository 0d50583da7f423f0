/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_STATE_SNAPSHOT_H
#define ORRERY_CORE_STATE_SNAPSHOT_H
/*
 * The snapshot file: "ORRERYSS", format version, the machine's description (a
 * string that must match on load: board, CPUs, memory, parts), then sections
 * {name, version, length, CRC-32 of the content}, then "END". RAM is a section
 * of its own: pages of 4 KiB in runs {first, count, kind}; zero pages and pages
 * equal to an earlier one are not stored; the rest is one zstd stream.
 *
 * Files are written beside the target and renamed, so a full disk or a crash
 * never destroys an older snapshot. Every length read is bounded by the file.
 */
#include "core/state/state.h"

/* A writer to, or reader from, a file or (path NULL) memory. */
int snapshot_create(struct state_writer **out, const char *path, const char *machine,
                    struct err *e) MUST_CHECK;
int snapshot_finish(struct state_writer *w, struct err *e) MUST_CHECK; /* releases `w` unless memory */
void snapshot_discard(struct state_writer *w);

int snapshot_open(struct state_reader **out, const char *path, const char *machine,
                  struct err *e) MUST_CHECK;
/* Reads what a memory writer wrote; the writer must outlive the reader. */
int snapshot_open_memory(struct state_reader **out, const struct state_writer *w,
                         struct err *e) MUST_CHECK;
void snapshot_close(struct state_reader *r);

/* `bytes` is a multiple of 4096. The host pages of `ram` that are zero stay untouched on load. */
int snapshot_save_ram(struct state_writer *w, const char *name, const uint8_t *ram, size_t bytes,
                      struct err *e) MUST_CHECK;
int snapshot_load_ram(struct state_reader *r, const char *name, uint8_t *ram, size_t bytes,
                      struct err *e) MUST_CHECK;

#endif
