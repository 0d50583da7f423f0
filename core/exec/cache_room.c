/* SPDX-License-Identifier: Apache-2.0 */
/* Room in the code buffers: everything in the cache goes, or the half that was filled first. */
#include "core/exec/cache_impl.h"

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
        exec_cache_wake(x, &c->b);
    } else {
        exec_cache_hide(x, &c->b);
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
