/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_ARENA_H
#define ORRERY_CORE_UTIL_ARENA_H
/*
 * A bump allocator for data that dies together: one translation, one machine.
 * Chunks grow by doubling up to `limit`; nothing is freed singly.
 */
#include "core/util/types.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *head;
    uint8_t *next, *end;
    size_t used, limit; /* bytes; limit 0 = none */
};

void arena_init(struct arena *a, size_t limit);
void arena_destroy(struct arena *a);

/* Forget everything but keep the first chunk: cheap, called once per translation. */
void arena_reset(struct arena *a);

/* Zeroed and aligned to 16 bytes. NULL when the limit or the host's memory is exhausted. */
void *arena_alloc(struct arena *a, size_t bytes);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, T)         ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n)    ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

#endif
