/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_TRACE_H
#define ORRERY_CORE_UTIL_TRACE_H
/*
 * Tracepoints and the determinism hash.
 *
 * A room lists its tracepoints in its `trace.def`, one a line:
 *     TRACE_POINT(uart_tx, "uart_tx", "chan=%u byte=%#x", 2)
 * All trace.def files are joined by core/util/trace_points.h into one enum.
 * Every argument is a uint64_t; a pointer never is one. `core/util/trace.c`
 * needs no knowledge of the rooms: the joined list only holds names.
 *
 * The hash runs over (point, simulated time, arguments) of all points whose
 * `hashed` bit is on. Two runs of one machine with the same inputs give the same
 * hash, whatever executor, code cache size or region threshold they used. So a
 * tracepoint may only report what the architecture or the clock decides.
 *
 * Cost: off and unhashed = one untaken branch.
 */
#include "core/util/types.h"
#include <stdio.h>

#define TRACE_POINT(id, name, format, n_args) TRACE_##id,
enum trace_id {
#include "core/util/trace_points.def"
    TRACE_COUNT
};
#undef TRACE_POINT

struct trace {
    uint64_t hash;                 /* saved in snapshots */
    uint64_t count;                /* points hashed so far; saved */
    FILE *out;                     /* NULL: print nothing */
    bool hashing;
    uint8_t printing[TRACE_COUNT]; /* by point */
};

void trace_init(struct trace *t);

/* Switch printing on by name or "room*" glob. 0 or ERR_ARG. */
struct err;
int trace_enable(struct trace *t, const char *glob, FILE *out, struct err *e) MUST_CHECK;

/* Called through trace() only. */
void trace_emit(struct trace *t, enum trace_id id, ps_t now, const uint64_t *args, unsigned n);

#define trace(t, id, now, ...)                                                                     \
    do {                                                                                           \
        if (UNLIKELY((t)->hashing || (t)->printing[TRACE_##id])) {                                 \
            const uint64_t trace_args_[] = { __VA_ARGS__ };                                        \
            trace_emit((t), TRACE_##id, (now), trace_args_, (unsigned)ARRAY_LEN(trace_args_));     \
        }                                                                                          \
    } while (0)

#endif
