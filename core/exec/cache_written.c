/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that hold code were written: the blocks that have them go, and which granules of their pages are code is found anew. */
#include "core/exec/cache_impl.h"

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
    struct exec_page *p = *exec_page_of(x, page);
    uint32_t first = (s->from - MIN(s->from, p->longest)) / MEM_GRANULE, last = (s->to - 1) / MEM_GRANULE;
    for (uint32_t g = first; g <= last + 1; g++) {
        struct exec_block **list = g <= last ? &p->blocks[g] : &p->regions;
        for (struct exec_block *b = *list; b != NULL;)
            b = fn(x, b, page, s) ? *list : *exec_next_in(b, page);
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
    bool has = *exec_page_of(x, page) != NULL; /* else what is code there was interpreted only */
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
