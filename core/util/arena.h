/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_ARENA_H
#define ORRERY_CORE_UTIL_ARENA_H
/*
 * A bump allocator for data that dies together: one translation, one machine.
 * Chunks grow by doubling up to `limit`; nothing is freed singly.
 */
#include "core/util/types.h"

#define ARENA_ALIGNMENT 16u

struct arena_chunk;
struct arena {
    struct arena_chunk *head;
    uint8_t *next, *end;
    size_t used, limit; /* bytes; limit 0 = none */
};

void arena_init(struct arena *a, size_t limit);
void arena_destroy(struct arena *a);

/* Forget everything but keep a chunk of some size for the next time: cheap, called once per translation. */
void arena_reset(struct arena *a);

/* Zeroed and aligned to 16 bytes. NULL when the limit or the host's memory is exhausted. */
void *arena_alloc(struct arena *a, size_t bytes);
/* Likewise, but holding anything: for what is filled at once, on paths where clearing it twice shows. */
void *arena_alloc_slow(struct arena *a, size_t bytes);
static inline void *arena_take(struct arena *a, size_t bytes)
{
    size_t n = (bytes + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (UNLIKELY(n - 1 >= (size_t)(a->end - a->next) || a->limit != 0)) /* 0 bytes, too: a place of its own */
        return arena_alloc_slow(a, bytes);
    void *p = a->next;
    a->next += n;
    a->used += n;
    return p;
}
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, T)         ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_TAKE(a, T, n)     ((T *)arena_take((a), sizeof(T) * (size_t)(n)))
#define ARENA_ARRAY(a, T, n)    ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

#endif
