/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/arena.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_CHUNK (64u << 10)
#define LARGE       (4u << 20)
#define KEPT        (1u << 20)
#define CHUNK_MAX   (16u << 20) /* doubling ends here; a larger request gets its own size */

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of `data` */
    _Alignas(ARENA_ALIGNMENT) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){ .limit = limit };
}

static void use_chunk(struct arena *a, struct arena_chunk *c)
{
    a->head = c;
    a->next = c->data;
    a->end = c->data + c->size;
}

void arena_destroy(struct arena *a)
{
    while (a->head) {
        struct arena_chunk *older = a->head->older;
        free(a->head);
        a->head = older;
    }
    arena_init(a, a->limit);
}

void arena_reset(struct arena *a)
{
    a->used = 0;
    if (!a->head)
        return;
    while (a->head->older && a->head->size > KEPT) {
        struct arena_chunk *older = a->head->older;
        free(a->head);
        a->head = older;
    }
    while (a->head->older) {
        struct arena_chunk *older = a->head->older;
        a->head->older = older->older;
        free(older);
    }
    use_chunk(a, a->head);
}

/* What is large is filled from end to end: in large pages, with fewer faults. A host without them says no. */
static void want_large_pages(struct arena_chunk *c)
{
    const uintptr_t page = 4096;
    uintptr_t from = ((uintptr_t)c->data + page - 1) & ~(page - 1);
    if (c->size >= LARGE)
        (void)madvise((void *)from, c->size - page, MADV_HUGEPAGE);
}

/* `bytes` is bounded by arena_alloc. */
static COLD bool add_chunk(struct arena *a, size_t bytes)
{
    size_t size = a->head ? MIN(a->head->size * 2, CHUNK_MAX) : FIRST_CHUNK;
    size = MAX(size, bytes);
    struct arena_chunk *c = malloc(sizeof(*c) + size);
    if (!c)
        return false;
    c->older = a->head;
    c->size = size;
    want_large_pages(c);
    use_chunk(a, c);
    return true;
}

void *arena_alloc_slow(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return NULL;
    bytes = (MAX(bytes, 1) + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (a->limit != 0 && (a->used > a->limit || bytes > a->limit - a->used))
        return NULL;
    if (UNLIKELY((size_t)(a->end - a->next) < bytes) && !add_chunk(a, bytes))
        return NULL;
    void *p = a->next;
    a->next += bytes;
    a->used += bytes;
    return p;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    void *p = arena_alloc_slow(a, bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

char *arena_strdup(struct arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = arena_alloc(a, n);
    return copy ? memcpy(copy, s, n) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return text;
}
