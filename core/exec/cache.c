/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block cache. A block hangs in the hash by its key and in the list of each page
 * its bytes lie in; a page's list is linked through next_in_page by blocks that start
 * there and through next_in_page2 by blocks that end there.
 */
#include "core/exec/exec_impl.h"
#include "core/util/bits.h"
#include "core/util/hash.h"
#include <stdlib.h>

#define HASH_SIZE (1u << EXEC_HASH_BITS)

static uint32_t bucket_of(uint32_t page, int32_t start, uint32_t mode)
{
    uint64_t key = ((uint64_t)page << 12 | (uint32_t)start) ^ (uint64_t)mode << 44;
    return (uint32_t)(hash_mix(key) & (HASH_SIZE - 1));
}

struct mem_ram *exec_cache_ram(const struct exec *x, uint32_t page, uint64_t *offset)
{
    *offset = (uint64_t)(page & (BIT(26) - 1)) << MEM_PAGE_SHIFT;
    return x->rams[page >> 26];
}

static struct exec_block **page_list(struct exec *x, uint32_t page)
{
    return &x->pages[page >> 26][page & (BIT(26) - 1)];
}

static struct exec_block **next_in(struct exec_block *b, uint32_t page)
{
    return b->page == page ? &b->next_in_page : &b->next_in_page2;
}

int exec_cache_adopt_rams(struct exec *x, struct err *e)
{
    struct machine *m = x->machine;
    if (x->hash == NULL && (x->hash = calloc(HASH_SIZE, sizeof(*x->hash))) == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the block cache");
    for (; x->n_rams < m->n_rams; x->n_rams++) {
        struct mem_ram *ram = m->rams[x->n_rams];
        if (ram->id >= EXEC_MAX_RAMS)
            return err_set(e, ERR_LIMIT, "memory %s: more than %u blocks of memory", ram->name,
                           EXEC_MAX_RAMS);
        struct exec_block **list = calloc(ram->size >> MEM_PAGE_SHIFT, sizeof(struct exec_block *));
        if (list == NULL)
            return err_set(e, ERR_NOMEM, "memory %s: no memory for its list of code", ram->name);
        x->pages[ram->id] = list;
        x->rams[ram->id] = ram;
        ram->written = exec_cache_written;
        ram->written_arg = x;
    }
    return 0;
}

struct exec_cached *exec_cache_find(struct exec *x, uint32_t page, uint32_t page2, int32_t start,
                                    uint32_t mode)
{
    struct exec_cached *c = x->hash[bucket_of(page, start, mode)];
    for (; c != NULL; c = (struct exec_cached *)c->b.next_hash)
        if (c->b.page == page && c->b.start == start && c->b.mode == mode &&
            (c->b.page2 == page2 || c->b.page2 == EXEC_NO_PAGE))
            return c;
    return NULL;
}

void exec_cache_add(struct exec *x, struct exec_cached *c)
{
    struct exec_block *b = &c->b;
    if (!b->region) { /* a region is reached through the block it replaces */
        struct exec_cached **bucket = &x->hash[bucket_of(b->page, b->start, b->mode)];
        b->next_hash = *bucket == NULL ? NULL : &(*bucket)->b;
        *bucket = c;
    }
    struct exec_block **list = page_list(x, b->page);
    b->next_in_page = *list;
    *list = b;
    if (b->page2 != EXEC_NO_PAGE && b->page2 != b->page) {
        list = page_list(x, b->page2);
        b->next_in_page2 = *list;
        *list = b;
    }
}

static void unlink_page(struct exec *x, struct exec_block *b, uint32_t page)
{
    struct exec_block **at = page_list(x, page);
    while (*at != NULL && *at != b)
        at = next_in(*at, page);
    if (*at == b)
        *at = *next_in(b, page);
}

void exec_cache_drop(struct exec *x, struct exec_cached *c)
{
    struct exec_block *b = &c->b;
    if (b->retired)
        return;
    if (!b->region) {
        struct exec_block **at =
            (struct exec_block **)&x->hash[bucket_of(b->page, b->start, b->mode)];
        while (*at != NULL && *at != b)
            at = &(*at)->next_hash;
        if (*at == b)
            *at = b->next_hash;
    }
    unlink_page(x, b, b->page);
    if (b->page2 != EXEC_NO_PAGE && b->page2 != b->page)
        unlink_page(x, b, b->page2);
    x->ops->retire(x->be, b);
    b->retired = true;
    x->count.dropped++;
    if (c->partner != NULL) /* a region's entry leads here */
        exec_cache_drop(x, c->partner);
}

/* Calls `fn` for each piece of `c` that lies in `page`: bytes [from, to) of it. True when one did. */
static bool each_piece(const struct exec_cached *c, uint32_t page,
                       bool (*fn)(void *arg, uint32_t from, uint32_t to), void *arg)
{
    const struct exec_piece whole = { c->b.start, c->b.length };
    const struct exec_piece *p = c->pieces != NULL ? c->pieces : &whole;
    uint32_t n = c->b.n_edges > 2 ? c->b.n_edges / 2u : 1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = (uint32_t)p[i].start, to = from + p[i].length;
        if (c->b.page == page && from < MEM_PAGE && fn(arg, from, MIN(to, MEM_PAGE)))
            return true;
        if (c->b.page2 == page && to > MEM_PAGE && fn(arg, 0, to - MEM_PAGE))
            return true;
    }
    return false;
}

struct span {
    struct mem_ram *ram;
    uint64_t page_offset;
    uint32_t from, to;
};

static bool overlaps(void *arg, uint32_t from, uint32_t to)
{
    const struct span *s = arg;
    return from < s->to && s->from < to;
}

static bool mark(void *arg, uint32_t from, uint32_t to)
{
    struct span *s = arg;
    (void)mem_ram_mark_code(s->ram, s->page_offset + from, to - from);
    return false;
}

/* Bytes [offset, offset + n) of one page changed. */
static void drop_bytes(struct exec *x, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    uint32_t page = mmu_page_id(ram, offset);
    struct span s = { .ram = ram, .page_offset = offset & ~(uint64_t)(MEM_PAGE - 1),
                      .from = (uint32_t)(offset % MEM_PAGE) };
    s.to = s.from + (uint32_t)n;
    bool dropped = false;
    for (struct exec_block *b = *page_list(x, page); b != NULL;) {
        if (each_piece((struct exec_cached *)b, page, overlaps, &s)) {
            exec_cache_drop(x, (struct exec_cached *)b);
            dropped = true;
            b = *page_list(x, page); /* others may have gone with it */
        } else {
            b = *next_in(b, page);
        }
    }
    if (!dropped)
        return;
    mem_ram_clear_code(ram, s.page_offset);
    for (struct exec_block *b = *page_list(x, page); b != NULL; b = *next_in(b, page))
        (void)each_piece((struct exec_cached *)b, page, mark, &s);
    if (x->running != NULL) { /* it may be running what is gone: look up at the next boundary */
        x->running->code_gone = true;
        cpu_kick(x->running);
    }
}

void exec_cache_written(void *arg, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    struct exec *x = arg;
    mmu_ram_written(x->machine, ram, offset, n);
    if (ram->flags[offset >> MEM_PAGE_SHIFT] & MEM_PAGE_CODE)
        drop_bytes(x, ram, offset, n);
}

void exec_cache_flush(struct exec *x)
{
    for (uint32_t i = 0; i < HASH_SIZE; i++)
        x->hash[i] = NULL;
    for (uint32_t r = 0; r < EXEC_MAX_RAMS; r++) {
        struct mem_ram *ram = x->rams[r];
        for (uint64_t p = 0; ram != NULL && p < ram->size >> MEM_PAGE_SHIFT; p++)
            if (x->pages[r][p] != NULL) {
                x->pages[r][p] = NULL;
                mem_ram_clear_code(ram, p << MEM_PAGE_SHIFT);
            }
    }
    x->ops->flush(x->be);
    mmu_flush_jumps(x->machine);
    for (uint32_t i = 0; i < x->n_cpus; i++)
        x->cores[i]->shared.block = NULL, x->cores[i]->shared.edge = NULL;
    arena_reset(&x->arena);
    x->flush_wanted = false;
    x->count.flushes++;
}
