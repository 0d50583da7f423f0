/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/decodegen/decodegen.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void *pool_alloc(struct pool *pool, size_t bytes)
{
    struct pool_block *block = calloc(1, sizeof *block + bytes);
    if (block == NULL) {
        fprintf(stderr, "decodegen: the host has no memory left for %zu bytes\n", bytes);
        exit(EXIT_FAILURE);
    }
    block->next = pool->blocks;
    pool->blocks = block;
    return block + 1;
}

void pool_free(struct pool *pool)
{
    while (pool->blocks != NULL) {
        struct pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
}

char *pool_printf(struct pool *pool, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = pool_alloc(pool, n < 0 ? 1 : (size_t)n + 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void list_push(struct pool *pool, struct list *list, void *item)
{
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 16 : 2 * list->cap;
        void **at = pool_alloc(pool, cap * sizeof *at);
        if (list->n != 0)
            memcpy(at, list->at, list->n * sizeof *at);
        list->at = at;
        list->cap = cap;
    }
    list->at[list->n++] = item;
}

void fault(struct gen *g, struct place at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s:%u: error: ", at.file, at.line);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    g->errors++;
}
