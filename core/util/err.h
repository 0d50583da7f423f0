/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_ERR_H
#define ORRERY_CORE_UTIL_ERR_H
/*
 * Host errors: what went wrong while building or running a machine on this
 * host. (What a guest does wrong is never one of these: see core/device/device.h.)
 *
 * A function that can fail returns 0 or a negative ERR_* and fills in the last
 * argument, `struct err *`, which may be NULL where the caller does not care.
 * The text says what was wrong, where, and what is accepted; each level that
 * passes an error on may put its context in front: "drive disk.qcow2: L1 table
 * at offset 0x30000 lies beyond the end of the file (196608 bytes)".
 *
 * Owned by the caller, on its stack; needs no release.
 */
#include "core/util/types.h"

enum {
    ERR_ARG    = -1, /* an option or argument has no meaning here */
    ERR_IO     = -2, /* the host's file, socket or terminal failed */
    ERR_FORMAT = -3, /* an image, snapshot, packet or table is malformed */
    ERR_NOMEM  = -4, /* the host has no memory left */
    ERR_LIMIT  = -5, /* well formed, but larger than what is accepted */
    ERR_STATE  = -6, /* right request, wrong moment */
    ERR_ABSENT = -7, /* no such file, part, register, name */
    ERR_UNSUPPORTED = -8, /* well formed and known, but not modelled */
};

struct err {
    int code;       /* 0 or ERR_* */
    char text[1000]; /* one or more lines without trailing newline */
};

/* Set `code` and text. Returns `code`, so that `return err_set(e, ERR_ARG, ...)` reads well. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set, with ": " and the host's description of `host_errno` appended. */
int err_set_errno(struct err *e, int code, int host_errno, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Put "context: " in front of the text. Returns e->code (or ERR_STATE if `e` is NULL). */
int err_context(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * "did you mean" for a misspelt name: the nearest of `n` names to `word` by edit
 * distance, or NULL when none is near. The names stay the caller's.
 */
const char *err_nearest(const char *word, const char *const names[], size_t n);

#endif
