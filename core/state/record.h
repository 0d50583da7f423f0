/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_STATE_RECORD_H
#define ORRERY_CORE_STATE_RECORD_H
/*
 * The input log: every byte that reached the machine from outside, with the
 * simulated time at which it did. Same machine, same seed, same log: same run.
 *
 * File, all integers little-endian:
 *     "ORRERYIN", u32 version, u64 start (ps), u32 length, the machine's description
 *     records { u8 kind, u8[3] zero, u32 source, u64 when (ps), u32 length, bytes,
 *               u32 CRC-32 of all that precedes in this record }
 *     kind 1: `source` is from now on the number of the source named by the bytes
 *     kind 2: an input; the n-th of them has sequence number n, counted from 0
 *     kind 3: end of the run at `when`
 * Times never fall. A log that stops in the middle of a record (the host crashed)
 * is good up to there.
 *
 * A log being written can be read at the same time: reverse execution restores
 * an older snapshot and takes the inputs since then from the log.
 *
 * Ownership: the caller's from create or open until close. Reading gives a
 * pointer into the log that the next call on the same log invalidates.
 */
#include "core/util/err.h"

struct record_log;

#define RECORD_MAX_INPUT (1u << 20) /* bytes of one input */

struct record_entry {
    ps_t when;
    uint64_t sequence;
    const char *source;   /* name; lives as long as the log */
    const uint8_t *bytes; /* valid until the next call */
    size_t length;
};

/* A new log at `path` (replaced if it exists) of a run that starts at `start`. ERR_IO, ERR_NOMEM. */
int record_create(struct record_log **out, const char *path, const char *machine, ps_t start,
                  struct err *e) MUST_CHECK;

/*
 * An existing log, read only. ERR_FORMAT if it is none or damaged before its end,
 * ERR_ARG if `machine` is not the description it was recorded with.
 */
int record_open(struct record_log **out, const char *path, const char *machine,
                struct err *e) MUST_CHECK;

/* Append one input of the source called `source`. ERR_LIMIT, ERR_IO, ERR_STATE (read only, time falls). */
int record_append(struct record_log *log, ps_t when, const char *source, const void *bytes,
                  size_t length, struct err *e) MUST_CHECK;

/* Input number `sequence`. ERR_ABSENT when there are not so many. */
int record_read(struct record_log *log, uint64_t sequence, struct record_entry *out,
                struct err *e) MUST_CHECK;

uint64_t record_count(const struct record_log *log);
ps_t record_start(const struct record_log *log);
/* Time of the end record; of the last input if there is none. */
ps_t record_end(const struct record_log *log);
bool record_is_complete(const struct record_log *log); /* has an end record */

/* Everything appended so far is handed to the host's kernel. */
int record_flush(struct record_log *log, struct err *e) MUST_CHECK;

/* Write the end record (of a log being written) and release. The first error since creation, if any. */
int record_finish(struct record_log *log, ps_t end, struct err *e) MUST_CHECK;
void record_close(struct record_log *log); /* without end record; NULL is fine */

#endif
