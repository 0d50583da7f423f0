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
#include "core/exec/exec_impl.h"
#include "core/util/bits.h"
#include "core/util/hash.h"
#include <stdlib.h>
#include <string.h>

#define HASH_SIZE (1u << EXEC_HASH_BITS)
#define MAX_DORMANT 8u /* of one key; the oldest is forgotten */

/* Blocks that lie together, and are looked for together, are in buckets side by side: in few lines of the host's caches. */
static uint32_t bucket_of(uint32_t page, int32_t start, uint32_t mode)
{
    uint64_t key = (uint64_t)page ^ (uint64_t)mode << 32;
    return (uint32_t)(hash_mix(key) + ((uint32_t)start >> 3)) & (HASH_SIZE - 1);
}

struct mem_ram *exec_cache_ram(const struct exec *x, uint32_t page, uint64_t *offset)
{
    *offset = (uint64_t)(page & (BIT(26) - 1)) << MEM_PAGE_SHIFT;
    return x->rams[page >> 26];
}

static struct exec_page **page_of(struct exec *x, uint32_t page)
{
    return &x->pages[page >> 26][page & (BIT(26) - 1)];
}

static struct exec_block **next_in(struct exec_block *b, uint32_t page)
{
    return b->page == page ? &b->next_in_page : &b->next_in_page2;
}

/* Where the block hangs in `page`, which has some code. */
static struct exec_block **list_of(struct exec *x, const struct exec_block *b, uint32_t page)
{
    struct exec_page *p = *page_of(x, page);
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
    struct exec_cached *c = x->hash[bucket_of(page, start, mode)];
    for (; c != NULL; c = (struct exec_cached *)c->b.next_hash)
        if (c->b.page == page && c->b.start == start && c->b.mode == mode &&
            (c->b.page2 == page2 || c->b.page2 == EXEC_NO_PAGE))
            return c;
    return NULL;
}

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
    struct exec_page **p = page_of(x, page);
    return *p != NULL || (*p = ARENA_NEW(&x->pages_arena, struct exec_page)) != NULL;
}

static void hang_in(struct exec *x, struct exec_block *b, uint32_t page)
{
    struct exec_page *p = *page_of(x, page);
    struct exec_block **list = list_of(x, b, page);
    p->longest = MAX(p->longest, b->length);
    *next_in(b, page) = *list;
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
    struct exec_cached **bucket = &x->hash[bucket_of(b->page, b->start, b->mode)];
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
    struct exec_cached **bucket = &x->dormant[bucket_of(c->b.page, c->b.start, c->b.mode)];
    struct exec_block *first = *bucket == NULL ? NULL : &(*bucket)->b, **at = &c->b.next_hash;
    uint32_t n = 0;
    c->b.next_hash = first;
    *bucket = c;
    (*page_of(x, c->b.page))->slept = true;
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
    const struct exec_page *page = *page_of(x, p->page);
    if (page == NULL || !page->slept)
        return NULL;
    struct exec_block **at = (struct exec_block **)&x->dormant[bucket_of(p->page, start, p->mode)];
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

/* ---- dropping ---- */

static void unlink_page(struct exec *x, struct exec_block *b, uint32_t page)
{
    struct exec_block **at = list_of(x, b, page);
    while (*at != NULL && *at != b)
        at = next_in(*at, page);
    if (*at == b)
        *at = *next_in(b, page);
}

/* Nothing finds it any more. */
static void hide(struct exec *x, struct exec_block *b)
{
    if (!b->region) {
        exec_cache_forget_front(x, b);
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
}

void exec_cache_supersede(struct exec *x, struct exec_cached *old, struct exec_cached *c)
{
    hide(x, &old->b);
    show(x, c);
    x->ops->supersede(x->be, &old->b, &c->b);
}

void exec_cache_drop(struct exec *x, struct exec_cached *c)
{
    struct exec_block *b = &c->b;
    if (b->retired)
        return;
    hide(x, b);
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
    uint32_t first, last; /* bytes of blocks that were dropped, and those written */
    uint64_t kept;        /* granules of blocks that were not */
    bool dropped;
};

static bool overlaps(void *arg, uint32_t from, uint32_t to)
{
    const struct span *s = arg;
    return from < s->to && s->from < to;
}

static bool mark(void *arg, uint32_t from, uint32_t to)
{
    struct span *s = arg;
    s->kept |= mem_ram_granules(from, to - 1);
    return false;
}

/* Calls `fn` for the blocks of `page` that may have bytes in the span; true: the list has changed. */
static void each_near(struct exec *x, uint32_t page, struct span *s,
                      bool (*fn)(struct exec *x, struct exec_block *b, uint32_t page, struct span *s))
{
    struct exec_page *p = *page_of(x, page);
    uint32_t first = (s->from - MIN(s->from, p->longest)) / MEM_GRANULE, last = (s->to - 1) / MEM_GRANULE;
    for (uint32_t g = first; g <= last + 1; g++) {
        struct exec_block **list = g <= last ? &p->blocks[g] : &p->regions;
        for (struct exec_block *b = *list; b != NULL;)
            b = fn(x, b, page, s) ? *list : *next_in(b, page);
    }
}

static bool drop_overlapping(struct exec *x, struct exec_block *b, uint32_t page, struct span *s)
{
    if (!each_piece((struct exec_cached *)b, page, overlaps, s))
        return false;
    uint32_t end = (uint32_t)b->start + b->length;
    s->dropped = true;
    if (!b->region && b->page == page) {
        s->first = MIN(s->first, (uint32_t)b->start);
        s->last = MAX(s->last, MIN(end, MEM_PAGE) - 1);
    } else if (!b->region) {
        s->first = 0;
        s->last = MAX(s->last, end - MEM_PAGE - 1);
    }
    exec_cache_drop(x, (struct exec_cached *)b);
    return true;
}

static bool mark_again(struct exec *x, struct exec_block *b, uint32_t page, struct span *s)
{
    (void)x;
    (void)each_piece((struct exec_cached *)b, page, mark, s);
    return false;
}

/*
 * The bytes of `page` that the running canonical block has still to do, its instruction included; none: false. They follow
 * from the guest's memory alone, whatever else happens to be translated, since where a block is left is what the guest
 * can see of it. (What crosses into a second page comes last in its block, and nothing follows it.)
 */
static bool ahead_of(const struct cpu *cpu, uint32_t page, uint32_t *from, uint32_t *to)
{
    const struct cpu_site *site = cpu != NULL ? cpu->site : NULL;
    const struct exec_block *b = site != NULL ? ((const struct exec_cpu *)cpu->exec_private)->block : NULL;
    if (b == NULL || b->page != page) /* NULL: it was used once, and all code was reclaimed since */
        return false;
    *from = (uint32_t)site->at;
    *to = MIN(*from + site->rest, MEM_PAGE);
    return true;
}

/* Bytes [offset, offset + n) of one page changed. Which granules of them and of what was dropped hold code still is found anew. */
static void drop_bytes(struct exec *x, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    uint32_t page = mmu_page_id(ram, offset);
    struct span s = { .ram = ram, .page_offset = offset & ~(uint64_t)(MEM_PAGE - 1),
                      .from = (uint32_t)(offset % MEM_PAGE) };
    s.to = s.from + (uint32_t)n;
    s.first = s.from, s.last = s.to - 1;
    uint32_t from = 0, to = 0;
    bool running = ahead_of(x->running, page, &from, &to), ahead = running && from < s.to && s.from < to;
    bool has = *page_of(x, page) != NULL; /* else what is code there was interpreted only */
    if (has)
        each_near(x, page, &s, drop_overlapping);
    s.from = (uint32_t)align_down(s.first, MEM_GRANULE);
    s.to = (uint32_t)align_up((uint64_t)s.last + 1, MEM_GRANULE);
    if (has)
        each_near(x, page, &s, mark_again);
    if (running && from < to) /* that block may be gone, but until it is left its bytes are code: the next store is noticed as well */
        s.kept |= mem_ram_granules(from, to - 1);
    mem_ram_clear_code(ram, s.page_offset + s.from, s.to - s.from, s.kept);
    if (ahead)
        x->running->code_gone = true;
    if ((ahead || s.dropped) && x->running != NULL) /* it may be running what is gone: look up at the next boundary */
        cpu_kick(x->running);
}

void exec_cache_written(void *arg, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    struct exec *x = arg;
    mmu_ram_written(x->machine, ram, offset, n);
    if (ram->flags[offset >> MEM_PAGE_SHIFT] & MEM_PAGE_CODE)
        drop_bytes(x, ram, offset, n);
}

/* ---- room ---- */

/* No CPU leads to code, or names it, but by what is found in the cache. */
static void forget_ways(struct exec *x)
{
    for (uint32_t i = 0; i < EXEC_FRONT; i++)
        x->front[i].code = NULL;
    exec_first_forget(x);
    mmu_flush_jumps(x->machine);
    for (uint32_t i = 0; i < x->n_cpus; i++)
        x->cores[i]->shared.block = NULL, x->cores[i]->shared.edge = NULL;
}

static void empty(struct exec_part *p)
{
    arena_reset(&p->arena);
    p->blocks = NULL;
}

static void wake_up(struct exec *x, struct exec_block *b)
{
    struct exec_block **at = (struct exec_block **)&x->dormant[bucket_of(b->page, b->start, b->mode)];
    while (*at != NULL && *at != b)
        at = &(*at)->next_hash;
    if (*at == b)
        *at = b->next_hash;
}

/* A block whose place others are to have. */
static void forget(struct exec *x, struct exec_cached *c)
{
    struct exec_cached *partner = c->partner;
    c->partner = NULL;
    if (partner != NULL) {
        partner->partner = NULL;
        if (!c->b.region)
            exec_cache_drop(x, partner);
        else
            partner->b.counter = exec_entries(x, &partner->b); /* it is run by itself again */
    }
    if (c->b.retired) {
        wake_up(x, &c->b);
    } else {
        hide(x, &c->b);
        x->ops->retire(x->be, &c->b);
    }
    x->ops->forget(x->be, &c->b);
}

/* The older half goes. */
static void make_room(struct exec *x, unsigned which)
{
    struct exec_backend *be = which == EXEC_ANNEX ? x->annex : x->be;
    exec_background_hold(x); /* first: until then the annex is the thread's */
    exec_background_drop(x);
    uint32_t old = x->ops->old(be);
    for (unsigned p = 0; p < 2; p++)
        for (struct exec_cached *c = x->parts[which][p].blocks; c != NULL && (old >> p & 1); c = c->next_in_part)
            forget(x, c);
    for (unsigned p = 0; p < 2; p++)
        if (old >> p & 1)
            empty(&x->parts[which][p]);
    x->part[which] = x->ops->turn(be);
    for (unsigned k = 0; k < 4 && which == EXEC_FIRST; k++)
        for (struct exec_cached *c = x->parts[k / 2][k % 2].blocks; c != NULL; c = c->next_in_part)
            x->ops->sever(x->be, &c->b);
    forget_ways(x);
    x->count.flushes++;
    exec_background_resume(x);
}

void exec_cache_make_room(struct exec *x)
{
    uint8_t wanted = x->flush_wanted;
    if ((wanted & EXEC_FLUSH_ALL) || x->ops->turn == NULL) {
        exec_cache_flush(x);
        return;
    }
    if (wanted & EXEC_FLUSH_FIRST)
        make_room(x, EXEC_FIRST);
    if (wanted & EXEC_FLUSH_ANNEX)
        make_room(x, EXEC_ANNEX);
    x->flush_wanted = 0;
}

void exec_cache_flush(struct exec *x)
{
    exec_background_hold(x);
    exec_background_drop(x); /* they are of blocks that go */
    for (uint32_t i = 0; i < HASH_SIZE; i++)
        x->hash[i] = x->dormant[i] = NULL;
    for (uint32_t r = 0; r < EXEC_MAX_RAMS; r++) {
        struct mem_ram *ram = x->rams[r];
        for (uint64_t p = 0; ram != NULL && p < ram->size >> MEM_PAGE_SHIFT; p++)
            if (x->pages[r][p] != NULL || ram->code[p] != 0) {
                x->pages[r][p] = NULL;
                mem_ram_clear_code(ram, p << MEM_PAGE_SHIFT, MEM_PAGE, 0);
            }
    }
    x->ops->flush(x->be);
    if (x->annex != NULL)
        x->ops->flush(x->annex);
    forget_ways(x);
    for (unsigned k = 0; k < 4; k++)
        empty(&x->parts[k / 2][k % 2]);
    x->part[EXEC_FIRST] = x->part[EXEC_ANNEX] = 0;
    arena_reset(&x->pages_arena);
    x->flush_wanted = 0;
    x->count.flushes++;
    exec_background_resume(x);
}
