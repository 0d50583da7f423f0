/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block cache. A block hangs in the hash by its key and in a list of each page
 * its bytes lie in: that of the granule in which it begins, or, a region, that of the page's regions. Lists are
 * linked through next_in_page by blocks that start in the page and through next_in_page2 by blocks that end there.
 *
 * A block whose bytes were overwritten is *dormant*: it hangs in a second hash by the same key until
 * memory holds its bytes again when its place is looked up. So code that patches its own
 * operands, as boot loaders do around each call of a BIOS, is translated once for each value.
 */
#include "core/exec/cache_impl.h"
#include <stdlib.h>
#include <string.h>

#define MAX_DORMANT 8u /* of one key; the oldest is forgotten */

struct mem_ram *exec_cache_ram(const struct exec *x, uint32_t page, uint64_t *offset)
{
    *offset = (uint64_t)(page & (BIT(26) - 1)) << MEM_PAGE_SHIFT;
    return x->rams[page >> 26];
}

/* Where the block hangs in `page`, which has some code. */
static struct exec_block **list_of(struct exec *x, const struct exec_block *b, uint32_t page)
{
    struct exec_page *p = *exec_page_of(x, page);
    return b->region ? &p->regions : &p->blocks[b->page == page ? (uint32_t)b->start / MEM_GRANULE : 0];
}

int exec_cache_adopt_rams(struct exec *x, struct err *e)
{
    struct machine *m = x->machine;
    if (x->hash == NULL)
        x->hash = calloc(HASH_SIZE, sizeof(*x->hash));
    if (x->dormant == NULL)
        x->dormant = calloc(HASH_SIZE, sizeof(*x->dormant));
    if (x->front == NULL)
        x->front = calloc(EXEC_FRONT, sizeof(*x->front));
    if (x->hash == NULL || x->dormant == NULL || x->front == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the block cache");
    for (; x->n_rams < m->n_rams; x->n_rams++) {
        struct mem_ram *ram = m->rams[x->n_rams];
        if (ram->id >= EXEC_MAX_RAMS)
            return err_set(e, ERR_LIMIT, "memory %s: more than %u blocks of memory", ram->name,
                           EXEC_MAX_RAMS);
        struct exec_page **pages = calloc(ram->size >> MEM_PAGE_SHIFT, sizeof(*pages));
        if (pages == NULL)
            return err_set(e, ERR_NOMEM, "memory %s: no memory for its list of code", ram->name);
        x->pages[ram->id] = pages;
        x->rams[ram->id] = ram;
        ram->written = exec_cache_written;
        ram->written_arg = x;
    }
    return 0;
}

struct exec_cached *exec_cache_find(struct exec *x, uint32_t page, uint32_t page2, int32_t start,
                                    uint32_t mode)
{
    struct exec_cached *c = x->hash[exec_bucket_of(page, start, mode)];
    for (; c != NULL; c = (struct exec_cached *)c->b.next_hash)
        if (c->b.page == page && c->b.start == start && c->b.mode == mode &&
            (c->b.page2 == page2 || c->b.page2 == EXEC_NO_PAGE))
            return c;
    return NULL;
}

/* ---- in front of the hash ---- */

static struct exec_front *front_of(struct exec *x, uint64_t at, uint32_t mode)
{
    return &x->front[hash_mix(at ^ (uint64_t)mode << 44) & (EXEC_FRONT - 1)];
}

/*
 * Also without the machine's lock, while its holder changes entries. Code is of one place and mode as long as it exists, so
 * what was there before and after the place was compared is of that place: it is cleared before the place changes.
 */
const void *exec_cache_front(struct exec *x, uint32_t page, uint32_t start, uint32_t mode)
{
    uint64_t at = (uint64_t)page << 12 | start;
    struct exec_front *f = front_of(x, at, mode);
    const void *code = __atomic_load_n(&f->code, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&f->at, __ATOMIC_ACQUIRE) != at || __atomic_load_n(&f->mode, __ATOMIC_ACQUIRE) != mode)
        return NULL;
    return __atomic_load_n(&f->code, __ATOMIC_RELAXED) == code ? code : NULL;
}

const void *exec_cache_code(struct exec *x, uint32_t page, uint32_t start, uint32_t mode)
{
    uint64_t at = (uint64_t)page << 12 | start;
    struct exec_front *f = front_of(x, at, mode);
    if (LIKELY(f->at == at && f->mode == mode && f->code != NULL))
        return f->code;
    const struct exec_cached *c = exec_cache_find(x, page, EXEC_NO_PAGE, (int32_t)start, mode);
    if (c == NULL)
        return NULL;
    __atomic_store_n(&f->code, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&f->at, at, __ATOMIC_RELEASE);
    __atomic_store_n(&f->mode, mode, __ATOMIC_RELEASE);
    const void *code = exec_code_of(c);
    __atomic_store_n(&f->code, code, __ATOMIC_RELEASE);
    return code;
}

void exec_cache_forget_front(struct exec *x, const struct exec_block *b)
{
    uint64_t at = (uint64_t)b->page << 12 | (uint32_t)b->start;
    struct exec_front *f = front_of(x, at, b->mode);
    if (f->at == at && f->mode == b->mode) /* what it leads to may be an earlier translation's code */
        __atomic_store_n(&f->code, NULL, __ATOMIC_RELEASE);
}

/* ---- adding ---- */

/* The block's bytes that lie in its first page. */
static uint32_t first_part(const struct exec_block *b)
{
    return MIN(b->length, MEM_PAGE - (uint32_t)b->start);
}

static void become_code(struct exec *x, uint32_t page, uint32_t at, uint32_t n)
{
    uint64_t offset;
    struct mem_ram *ram = exec_cache_ram(x, page, &offset);
    (void)mem_ram_mark_code(ram, offset + at, n);
    mmu_protect_page(x->machine, ram, offset);
}

void exec_cache_mark(struct exec *x, const struct exec_block *b)
{
    uint32_t first = first_part(b);
    become_code(x, b->page, (uint32_t)b->start, first);
    if (b->length > first && b->page2 != EXEC_NO_PAGE)
        become_code(x, b->page2, 0, b->length - first);
}

static bool have_lists(struct exec *x, uint32_t page)
{
    struct exec_page **p = exec_page_of(x, page);
    return *p != NULL || (*p = ARENA_NEW(&x->pages_arena, struct exec_page)) != NULL;
}

static void hang_in(struct exec *x, struct exec_block *b, uint32_t page)
{
    struct exec_page *p = *exec_page_of(x, page);
    struct exec_block **list = list_of(x, b, page);
    p->longest = MAX(p->longest, b->length);
    *exec_next_in(b, page) = *list;
    *list = b;
}

/* In pages that have lists. */
static void show(struct exec *x, struct exec_cached *c)
{
    struct exec_block *b = &c->b;
    hang_in(x, b, b->page);
    if (b->page2 != EXEC_NO_PAGE && b->page2 != b->page)
        hang_in(x, b, b->page2);
    if (b->region) /* it is reached through the block it replaces */
        return;
    struct exec_cached **bucket = &x->hash[exec_bucket_of(b->page, b->start, b->mode)];
    b->next_hash = *bucket == NULL ? NULL : &(*bucket)->b;
    *bucket = c;
}

bool exec_cache_add(struct exec *x, struct exec_cached *c)
{
    struct exec_block *b = &c->b;
    bool two = b->page2 != EXEC_NO_PAGE && b->page2 != b->page;
    if (!have_lists(x, b->page) || (two && !have_lists(x, b->page2)))
        return false;
    if (!b->region) /* which has no bytes of its own */
        exec_cache_mark(x, b);
    show(x, c);
    return true;
}

/* ---- dormant blocks ---- */

static bool same_place(const struct exec_block *b, const struct exec_block *of)
{
    return b->page == of->page && b->start == of->start && b->mode == of->mode;
}

static void let_sleep(struct exec *x, struct exec_cached *c)
{
    struct exec_cached **bucket = &x->dormant[exec_bucket_of(c->b.page, c->b.start, c->b.mode)];
    struct exec_block *first = *bucket == NULL ? NULL : &(*bucket)->b, **at = &c->b.next_hash;
    uint32_t n = 0;
    c->b.next_hash = first;
    *bucket = c;
    (*exec_page_of(x, c->b.page))->slept = true;
    while (*at != NULL) {
        if (same_place(*at, &c->b) && ++n == MAX_DORMANT)
            *at = (*at)->next_hash;
        else
            at = &(*at)->next_hash;
    }
}

static bool holds_bytes(const struct exec *x, const struct exec_cached *c, const struct exec_place *p)
{
    uint32_t first = first_part(&c->b);
    uint64_t offset;
    if (memcmp(p->ram->host + p->offset, c->bytes, first) != 0)
        return false;
    if (c->b.length == first)
        return true;
    const struct mem_ram *ram = exec_cache_ram(x, c->b.page2, &offset);
    return memcmp(ram->host + offset, c->bytes + first, c->b.length - first) == 0;
}

struct exec_cached *exec_cache_revive(struct exec *x, const struct exec_place *p)
{
    int32_t start = (int32_t)(p->offset % MEM_PAGE);
    const struct exec_page *page = *exec_page_of(x, p->page);
    if (page == NULL || !page->slept)
        return NULL;
    struct exec_block **at = (struct exec_block **)&x->dormant[exec_bucket_of(p->page, start, p->mode)];
    for (; *at != NULL; at = &(*at)->next_hash) {
        struct exec_cached *c = (struct exec_cached *)*at;
        if (c->b.page != p->page || c->b.start != start || c->b.mode != p->mode ||
            (c->b.page2 != p->page2 && c->b.page2 != EXEC_NO_PAGE) || !holds_bytes(x, c, p))
            continue;
        *at = c->b.next_hash;
        c->partner = NULL;
        c->b.counter = exec_entries(x, &c->b);
        if (!exec_cache_add(x, c))
            return NULL; /* no memory: as if it had never been */
        x->ops->revive(x->be, &c->b);
        x->count.revived++;
        return c;
    }
    return NULL;
}

void exec_cache_wake(struct exec *x, struct exec_block *b)
{
    struct exec_block **at = (struct exec_block **)&x->dormant[exec_bucket_of(b->page, b->start, b->mode)];
    while (*at != NULL && *at != b)
        at = &(*at)->next_hash;
    if (*at == b)
        *at = b->next_hash;
}

/* ---- dropping ---- */

static void unlink_page(struct exec *x, struct exec_block *b, uint32_t page)
{
    struct exec_block **at = list_of(x, b, page);
    while (*at != NULL && *at != b)
        at = exec_next_in(*at, page);
    if (*at == b)
        *at = *exec_next_in(b, page);
}

void exec_cache_hide(struct exec *x, struct exec_block *b)
{
    if (!b->region) {
        exec_cache_forget_front(x, b);
        struct exec_block **at =
            (struct exec_block **)&x->hash[exec_bucket_of(b->page, b->start, b->mode)];
        while (*at != NULL && *at != b)
            at = &(*at)->next_hash;
        if (*at == b)
            *at = b->next_hash;
    }
    unlink_page(x, b, b->page);
    if (b->page2 != EXEC_NO_PAGE && b->page2 != b->page)
        unlink_page(x, b, b->page2);
}

void exec_cache_supersede(struct exec *x, struct exec_cached *old, struct exec_cached *c)
{
    exec_cache_hide(x, &old->b);
    show(x, c);
    x->ops->supersede(x->be, &old->b, &c->b);
}

void exec_cache_drop(struct exec *x, struct exec_cached *c)
{
    struct exec_block *b = &c->b;
    if (b->retired)
        return;
    exec_cache_hide(x, b);
    x->ops->retire(x->be, b);
    b->retired = true;
    x->count.dropped++;
    struct exec_cached *partner = c->partner;
    c->partner = NULL;
    if (partner != NULL) { /* a region's entry leads here */
        partner->partner = NULL;
        exec_cache_drop(x, partner);
    }
    if (c->bytes != NULL)
        let_sleep(x, c);
}
